/* The parts of disclosure control; suppress.c says how they work together. */
#ifndef EST_I_CORE_SUPPRESS_PARTS_H
#define EST_I_CORE_SUPPRESS_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/result_parts.h"

#define EST_I_WITHHELD "*"

/* The name that a row's domain has in frames and notes: its value, or its values joined (core/domain.h). */
typedef struct est_i_domain_name {
    const char *text;
    const est_row *row;
} est_i_domain_name;

/* What is decided about a result. */
typedef struct est_i_suppressor {
    est_result *result; /* the copy that becomes publishable */
    double threshold, base;
    bool *counts, *ns;       /* per row: its count, its n is withheld */
    bool *stats;             /* per stat */
    bool **cells;            /* per frame: per cell */
    bool **points;           /* per chart: series by series, per category */
    const est_row **domains; /* rows whose domain is withheld */
    size_t n_domains;
    est_i_domain_name *names; /* of all domains, in the order of their bytes */
    size_t n_names;
    const est_row **fits; /* domains of which the estimates are withheld (suppress_fits.c); as many places as rows */
    size_t n_fits;
    bool no_total;      /* the estimates of all domains together are withheld with that of one */
    bool no_bound;      /* Chao's lower bound stands on a small frequency */
    size_t withheld, rounded; /* values, for the summary */
    bool any;                 /* something is withheld or would follow: all that is left is rounded */
    bool failed;              /* no memory */
} est_i_suppressor;

/* What a name of an estimand, a stat or a column stands for. */
typedef enum est_i_meaning {
    EST_I_MEANS_COUNT,      /* people seen: n */
    EST_I_MEANS_PEOPLE,     /* N */
    EST_I_MEANS_UNOBSERVED, /* U: N - U = n */
    EST_I_MEANS_COVERAGE,   /* C: N C = n */
    EST_I_MEANS_RATE,       /* N per so many people */
    EST_I_MEANS_COUNT_RATE, /* people seen per so many people: n itself, to who knows how many there are */
    EST_I_MEANS_RELATIVE,   /* ratios and changes of N */
    EST_I_MEANS_OTHER
} est_i_meaning;

est_i_meaning est_i_meaning_of(const char *name);
/* Is it the count of a domain's people, with which all of it is withheld? "seen" is of more people than were detected. */
bool est_i_is_observed(const char *estimand);
/* Does the row speak of the domain, alone or against another? The empty domain is everything. */
bool est_i_row_involves(const est_row *row, const est_row *domain);
bool est_i_domains_agree(const est_row *a, const est_row *b);

bool est_i_is_small(const est_i_suppressor *state, double value);
bool est_i_is_word_byte(char letter);
/* Where `value` next stands in `text` as words of its own; NULL if nowhere. */
const char *est_i_find_words(const char *text, const char *value);

/* Fills `names` from the rows; false without memory. */
bool est_i_domains_name(est_i_suppressor *state);
/* The names that are this text; *count = 0 if it is no name of a domain. */
const est_i_domain_name *est_i_domains_named(const est_i_suppressor *state, const char *text, size_t *count);
/* Length of the longest name of a domain of several labels that stands here as words of its own; 0 = none. */
size_t est_i_joined_name_length(const est_i_suppressor *state, const char *text, const char *at);

/* Does the text, cell or chart point speak of the domain of a row, alone or against another? The empty domain
 * is everything. A text that is the name of a domain speaks of that one; in any other, the words decide, and what
 * names nothing clearly is taken to speak of too much. */
bool est_i_text_involves(const est_i_suppressor *state, const char *text, const est_row *domain);
bool est_i_cell_involves(const est_i_suppressor *state, const est_frame *frame, size_t row, size_t column, const est_row *domain);
bool est_i_point_involves(const est_i_suppressor *state, const est_chart *chart, size_t series, size_t category,
                          const est_row *domain);

/* Does it speak of any withheld domain? */
bool est_i_row_is_linked(const est_i_suppressor *state, const est_row *row);
bool est_i_cell_is_linked(const est_i_suppressor *state, const est_frame *frame, size_t row, size_t column);
bool est_i_point_is_linked(const est_i_suppressor *state, const est_chart *chart, size_t series,
                           size_t category);
bool est_i_everything_is_linked(const est_i_suppressor *state);
/* Adds the row's domain to those withheld, once. */
void est_i_withhold_domain(est_i_suppressor *state, const est_row *row);

/* Groups of counts whose total is taken as known. A member is an index into the caller's values. */
typedef struct est_i_groups {
    size_t *members, *ends; /* group g ends before members[ends[g]] */
    size_t n_members, member_room, n_groups, group_room;
    bool failed; /* no memory */
} est_i_groups;

void est_i_groups_add(est_i_groups *groups, size_t member);
/* The group is complete; fewer than two members make none: that is a count, not a total. */
void est_i_groups_end(est_i_groups *groups);
void est_i_groups_free(est_i_groups *groups);
/* Complementary suppression over all groups at once: in each, two or more are withheld or none, and they add
 * up to the threshold; and no withheld count below it can be solved from all groups together. true if it
 * withheld more. */
bool est_i_groups_close(est_i_groups *groups, const double *values, bool *hidden, size_t count,
                        double threshold);

/* Withholds list totals and overlaps from which a small capture history follows. true if it withheld
 * more. */
bool est_i_suppress_margins(est_i_suppressor *state);

/* Does an UpSet chart show a small count, or leave out a combination, which is to say that nobody is in it? */
bool est_i_combinations_give_small(const est_i_suppressor *state, const est_chart *chart);

/* n of the domain that a count column is named after, or of everybody; NaN if it is not known whose column it is. */
double est_i_observed_of(const est_i_suppressor *state, const char *column);
/* Where the pair of lists stands in the frame "overlaps", in either order; SIZE_MAX if nowhere. */
size_t est_i_overlap_of(const est_frame *overlaps, const char *list, const char *other);
/* The number in the column of this name; NaN if there is no such column or number. */
double est_i_number_in(const est_frame *frame, size_t row, const char *column);
/* n of everybody; NaN if there is no such row. */
double est_i_all_observed(const est_result *result);

/* Which estimates stand on so few recaptures that these could be read from them. Looks at the numbers before they are rounded. */
void est_i_suppress_fits(est_i_suppressor *state);
/* Is the method this one? */
bool est_i_is_method(const est_i_suppressor *state, const char *id);
/* Are the estimates of everybody withheld? */
bool est_i_no_whole(const est_i_suppressor *state);
/* The domain of a text whose estimates are withheld; with those of everybody, any text. */
bool est_i_text_has_no_fit(const est_i_suppressor *state, const char *text);
bool est_i_row_has_no_fit(const est_i_suppressor *state, const est_row *row);
bool est_i_cell_has_no_fit(const est_i_suppressor *state, const est_frame *frame, size_t row, size_t column);
bool est_i_point_has_no_fit(const est_i_suppressor *state, const est_chart *chart, size_t series, size_t category);
/* Is the whole frame or chart left out? */
bool est_i_frame_has_no_fit(const est_i_suppressor *state, const est_frame *frame);
bool est_i_chart_has_no_fit(const est_i_suppressor *state, const est_chart *chart);

/* Leaves out or rewrites the notes that would tell a small number. */
void est_i_suppress_notes(est_i_suppressor *state);

/* Would small counts that are in no group follow from exact numbers: persons seen but not detected, or the
 * capture histories of lists whose overlaps are not known? */
bool est_i_small_counts_follow(const est_i_suppressor *state);

#define EST_I_MOST_LABELS 16

/* Where a domain comes from. */
typedef enum est_i_source {
    EST_I_OF_ROWS = 0, /* rows of the result are of it, or say how many cases it has */
    EST_I_OF_SUMS,     /* a sum of what rows are of */
    EST_I_OF_AGES,     /* ages by which groups differ */
    EST_I_OF_NOBODY    /* cases without a value of a label */
} est_i_source;

/* A set of cases of a survey. */
typedef struct est_i_domain {
    size_t first;            /* its first row, SIZE_MAX = none */
    size_t population, ages; /* numbers */
    size_t at, n_labels;     /* its labels are est_i_divisions.labels[at ...], numbers in the order of their names */
    double n, n_weighted;    /* the most cases of its rows; NaN = not known */
    est_i_source source;
    bool adds_up; /* with the other divisions of the same */
    bool starred; /* few cases */
    bool hidden;  /* nothing of it is shown */
    size_t mark;
} est_i_domain;

/* The domains of a survey's rows and their equations (suppress_divisions.c): in each of `sums` the first is the sum of the others. */
typedef struct est_i_divisions {
    const est_result *result;
    est_i_domain *list;
    size_t n_domains, room;
    size_t *domain, *share; /* of each row: its domain; the domain whose cases its numerator counts, SIZE_MAX = none is known */
    est_i_groups sums;
    size_t n_by_labels; /* of the equations: these come first, those of ages after them */
    size_t *labels, n_labels, label_room;
    const char **populations, **name_texts;
    size_t n_populations, n_names;
    const est_label **pairs; /* distinct labels, and the number of each one's name */
    size_t *names, n_pairs, *label_slots, n_label_slots;
    size_t *slots, n_slots;
    est_i_ages *ages;
    size_t n_ages, ages_room, n_cuts;
    double *cuts; /* where age groups begin or end */
    bool failed;  /* no memory */
} est_i_divisions;

/* The domains, their numbers of cases, none starred. false: no memory; free all the same. */
bool est_i_divisions_make(est_i_divisions *divisions, const est_result *result);
void est_i_divisions_free(est_i_divisions *divisions);
/* The equations. Of cases without a value of a label fewer than `least` are to be protected. */
bool est_i_divisions_relate(est_i_divisions *divisions, double least);
/* Hides more domains until no starred one, nor any other of fewer than `least` cases, follows from those shown (suppress_groups.c).
 * *marks_tell: whoever knows which of the hidden domains have few cases knows more of one of these than that. */
bool est_i_divisions_protect(est_i_divisions *divisions, double least, bool *marks_tell);

/* Results of surveys (suppress_survey.c): every row gets the flags and the mark of the profile. `withhold`: what it does not show
 * is taken out. `protect` (private data): so is what has fewer than `threshold` cases, and what would give a withheld estimate
 * back. */
struct est_i_reliability;
typedef struct est_i_survey_request {
    const struct est_i_reliability *profile;
    long threshold;
    bool withhold, protect;
} est_i_survey_request;

est_status est_i_suppress_survey(est_result *result, const est_i_survey_request *request, est_error *error);

/* Steps 1 to 3 of suppress.c. */
void est_i_suppress_decide(est_i_suppressor *state);
bool est_i_anything_withheld(const est_i_suppressor *state);

/* Takes the withheld values out and rounds the others. */
void est_i_suppress_publish(est_i_suppressor *state);
/* Takes out the frames and charts that have no number left, after everything else. */
void est_i_suppress_leave_out(est_i_suppressor *state);
/* The text without the numbers that a withheld domain may not show; the text itself if nothing is lost. */
const char *est_i_suppress_text(est_i_suppressor *state, const char *text, bool all_numbers);

#endif
