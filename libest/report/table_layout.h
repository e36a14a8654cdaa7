/* Tables for people: which rows belong together, and how a number is written. Shared by text, Markdown and
 * HTML. */
#ifndef EST_I_REPORT_TABLE_LAYOUT_H
#define EST_I_REPORT_TABLE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include <est/result.h>

#include "core/text.h"
#include "report/shown_chart.h"

/* A line of a grid: plain; a heading over the lines below it, in the first cell alone; a line below such a heading. */
typedef enum est_i_line { EST_I_LINE_PLAIN = ' ', EST_I_LINE_HEADING = 'h', EST_I_LINE_ITEM = 'i' } est_i_line;

/* A table of texts: columns are named first, then cells follow row by row. All zero is an empty grid. In a
 * column set to the right a line feed begins the next line of a cell. */
typedef struct est_i_grid {
    est_i_text caption, remark; /* remark: what holds for every row */
    est_i_text letters;         /* what the letters in brackets mean, a line each; stands under the table */
    est_i_text texts;           /* headings and cells one after another, each with its NUL */
    est_i_text sides;           /* 'l' or 'r' for each column */
    est_i_text kinds;           /* an est_i_line for each row, where any row is not plain */
    size_t *starts;
    size_t n_cells, capacity, n_columns;
    size_t n_labels; /* so many leading columns name the row; 0 = one */
    bool repeats;    /* labels that are those of the line above need not be read again */
    bool failed;
} est_i_grid;

/* Frees a scratch text and passes its failure on, so that no word is lost unnoticed. */
void est_i_drop(est_i_text *scratch, bool *failed);

void est_i_grid_free(est_i_grid *grid);
bool est_i_grid_failed(const est_i_grid *grid);
void est_i_grid_column(est_i_grid *grid, const char *heading, bool right);
void est_i_grid_cell(est_i_grid *grid, const char *text);
/* A cell in pieces: append to the text returned by _open, then _close. */
est_i_text *est_i_grid_open(est_i_grid *grid);
void est_i_grid_close(est_i_grid *grid);
/* The first column and those from one to before another, with all that is said of the table. */
void est_i_grid_piece(const est_i_grid *grid, size_t from, size_t to, est_i_grid *piece);
size_t est_i_grid_rows(const est_i_grid *grid);
const char *est_i_grid_heading(const est_i_grid *grid, size_t column);
const char *est_i_grid_at(const est_i_grid *grid, size_t row, size_t column);
bool est_i_grid_right(const est_i_grid *grid, size_t column);
/* The kind of the row that begins now. */
void est_i_grid_line(est_i_grid *grid, est_i_line kind);
est_i_line est_i_grid_kind(const est_i_grid *grid, size_t row);
/* Is this label, and every one before it, that of the line above? */
bool est_i_grid_repeats(const est_i_grid *grid, size_t row, size_t column);

/* Rounded, thousands set off by commas; "-" for NaN, never "-0". */
void est_i_show_number(est_i_text *output, double value, int decimals);
/* The same, but a value that would round to 0 is written as 1.23e-05. */
void est_i_show_precise(est_i_text *output, double value, int decimals);
/* Whole numbers whole, otherwise 2 decimals from 100 on and 4 significant digits below. */
void est_i_show_scalar(est_i_text *output, double value);
/* A statistic or the column of a frame by what it is: p-value, criterion, share, people; else a scalar. */
void est_i_show_statistic(est_i_text *output, const char *name, double value);
bool est_i_has_own_form(const char *name);
/* Its name in plain words; an unknown one as est_i_show_name. */
void est_i_show_statistic_name(est_i_text *output, const char *name);
/* ---- units.c: numbers in the unit of their row, and the rule of decimals ---- */

typedef struct est_i_unit {
    const char *name; /* of est_row.unit */
    const char *heading, *remark, *words, *after; /* over a column; under a caption; in one; behind a number */
    double scale;
    int decimals, most, most_of_error; /* of an estimate at least and at most; of its error at most */
} est_i_unit;

typedef struct est_i_digits {
    int estimate, error;
} est_i_digits;

const est_i_unit *est_i_row_unit(const est_row *row); /* NULL: none, or one that needs no form of its own */
double est_i_row_scale(const est_row *row);          /* 100 where a proportion is printed as a percentage, else 1 */
const char *est_i_unit_after(const est_row *row);    /* " %", "" */
/* For a column whose standard errors (not scaled) run from `smallest` to `largest`; `whole`: the smallest of those that are of no
 * domain. 0 = none. */
est_i_digits est_i_unit_digits(const est_i_unit *unit, double smallest, double largest, double whole);
est_i_digits est_i_row_digits(const est_row *row);

/* Decimals by unit, else by estimand: people 0, ratios 3, percent 1, rates 2, else 4 significant digits below 100. */
int est_i_row_decimals(const est_row *row);
/* Has it anything that only surveys have: a weighted n, a design effect, a mark? */
bool est_i_is_of_survey(const est_row *row);
bool est_i_is_proportion(const est_row *row);
/* With so many decimals; -1 = est_i_row_decimals. In its agency's way: "(0.1234)", "*", "0.1234 E"; else "withheld", "not
 * estimable". */
void est_i_show_estimate_to(est_i_text *output, const est_row *row, int decimals);
void est_i_show_interval_to(est_i_text *output, const est_row *row, int decimals);
void est_i_show_estimate(est_i_text *output, const est_row *row); /* or "withheld", "not estimable" */
bool est_i_is_withheld(const est_row *row); /* its estimate, and with it error and interval */
void est_i_show_interval(est_i_text *output,
                         const est_row *row);              /* "lower to upper", "no upper limit", "-" */
void est_i_show_level(est_i_text *output, double level);   /* "95 %" */
void est_i_show_flags(est_i_text *output, uint32_t flags); /* titles, joined by "; " */
uint32_t est_i_remarks(const est_row *row); /* flags that neither the interval's words nor the mark say already */
/* Letters for those of `flags` among the remarks of a table: "[a, c]"; and what they mean, a line each. */
void est_i_show_letters(est_i_text *output, uint32_t others, uint32_t flags);
void est_i_explain_letters(est_i_text *letters, uint32_t others);
void est_i_show_estimand(est_i_text *output, const char *estimand); /* in plain words */
/* The same, by the title that the result's facts give it, if they do. */
void est_i_show_estimand_of(est_i_text *output, const est_result *result, const char *estimand);
/* The same without saying of a number that it is one, where the unit says so already. */
void est_i_show_base_of(est_i_text *output, const est_result *result, const char *estimand);
/* The facts of a group, such as "definition": how many; the index-th of them (NULL past the end). */
size_t est_i_facts(const est_result *result, const char *group);
#define EST_I_BENCHMARKS "Published figures of others, for comparison"
const est_fact *est_i_fact(const est_result *result, const char *group, size_t index);
void est_i_show_name(est_i_text *output, const char *name);         /* "from_period" as "From period" */

/* Rows that have a unit are parted on a page: the whole and its age groups, domains, age groups of domains. */
typedef enum est_i_part { EST_I_PLAIN = 0, EST_I_AGES, EST_I_DOMAINS, EST_I_FEW_DOMAIN_AGES, EST_I_DOMAIN_AGES } est_i_part;

/* base: the age group of the whole. */
est_i_part est_i_part_of(const est_row *row, const char *base);

/* Rows by estimand, definition and part, and by model unless several models have the same domains: these stand
 * beside each other. Rows that stand alone and have no domain share one group. group[row] is the index of the
 * first row of its group, SIZE_MAX = on no page for people: details, and counts that stand in the
 * population's table. beside[first]: the models are columns. */
typedef struct est_i_grouping {
    size_t n_rows;
    size_t *group;
    bool *beside;
    bool boxed; /* the result tells what was measured: est_fact "definition" */
    est_i_part *part;
    const char **base; /* of each row: the age group of the whole of its estimand */
    size_t *number;    /* of each row: the row with its number of people, SIZE_MAX = none */
    bool *has_share;   /* of each row: it is the number of another */
} est_i_grouping;

/* False without memory. Free with est_i_grouping_free. */
bool est_i_grouping_make(const est_result *result, est_i_grouping *grouping);
void est_i_grouping_free(est_i_grouping *grouping);

/* What the rows of a group have in common, and which columns are needed. */
typedef struct est_i_look {
    const est_row *first;
    size_t n_rows;
    bool estimands, models, se, n, level_differs, method_differs, has_interval;
    bool survey, n_weighted, deft, cv;
    bool units_differ, contrasts;
    bool numbers, number_intervals; /* a number of people stands beside a proportion */
    double largest_se, smallest_se, whole_se; /* whole: the smallest without a domain but an age group; 0 = none */
    double level;
    const char *method, *method_at_bound; /* of intervals; at 0 or 1, NULL = the same */
    uint32_t common, others;
} est_i_look;

void est_i_look_at(est_i_look *look, const est_row *row); /* start from {.level = NAN, .method = ""} */
void est_i_look_finish(est_i_look *look);
void est_i_say(est_i_text *remark, const char *lead,
               const char *text); /* a sentence, if the text is not empty */
void est_i_say_interval(est_i_text *remark, const char *lead, const est_i_look *look);
void est_i_say_flags(est_i_text *remark, const char *lead, uint32_t flags);
bool est_i_is_listed(const char *const *names, size_t count, const char *name);

/* Where one way of making intervals holds for all lines but those at 0 or 1, it is said with the title. */
void est_i_settle_method(est_i_look *look, const est_row *const *rows, size_t n_rows);
/* Decimals of a column that holds all of its rows; -1 = row by row. */
est_i_digits est_i_look_digits(const est_i_look *look);
/* What the marks of the rows mean, as the notes of code "mark" say it ("(*): based on ..."). */
void est_i_explain_marks(const est_result *result, const est_row *const *rows, size_t n_rows, est_i_text *letters);
/* A note that a table of the page tells already. */
bool est_i_note_is_told(const est_result *result, const est_note *note);
/* " by county and sex": the names of labels that the rows have, without the age where it is one and the same. */
void est_i_show_by(est_i_text *output, const char *const *names, size_t n_names);

/* What a page has room for: `detailed` adds the standard error, `folded` puts the limits of an interval under each other where
 * models stand beside each other. Of a survey the standard error is always there; `narrow` of its columns are left out, first CV,
 * then the weighted n, then DEFT. */
typedef struct est_i_room {
    bool detailed, folded;
    int narrow;
} est_i_room;
#define EST_I_NARROWEST 3
#define EST_I_NARROWEST_PAIR 4 /* where numbers of people stand beside: CV, DEFT, the interval of the number, the weighted n */

/* The grid of the group whose first row is `first`. */
void est_i_group_grid(const est_result *result, const est_i_grouping *grouping, size_t first,
                      est_i_room room, est_i_grid *grid);

/* The age group of a row: its label, else what the row tells; "" if it tells none, or all. */
const char *est_i_row_age(const est_row *row);
/* The value of a row's domain label, "" if it has none of that name. */
const char *est_i_row_label(const est_row *row, const char *name);

bool est_i_same_domain(const est_row *a, const est_row *b);

/* Every domain label name met in the rows of one group (all rows if `grouping` is NULL), "period" first.
 * Returns the number of names; NULL array when there are none or without memory (then *failed). The caller
 * frees the array. */
size_t est_i_label_names(const est_result *result, const est_i_grouping *grouping, size_t first,
                         const char ***names, bool *failed);

/* Has the group several models, one row for each of them and each domain? *apart: no domain has two. */
bool est_i_models_beside(const est_result *result, const est_i_grouping *grouping, size_t first, bool *apart,
                         bool *failed);
/* Is this count a cell of the group's table? */
bool est_i_is_shown_beside(const est_result *result, const est_i_grouping *grouping, size_t first,
                           const est_row *count);
/* Domains down, models across; beside a population what was detected. The second line of a cell is its
 * interval. */
void est_i_beside_grid(const est_result *result, const est_i_grouping *grouping, size_t first, bool folded,
                       est_i_grid *grid);

/* ---- pivot.c, standard_tables.c: rows as the cells of a table ---- */

/* Estimates of several things for the whole and its age groups: a line an age group, a column an estimand. False: there is no such
 * table for that unit, or fewer than two columns. `unit` counts the units of the result, from 0. */
bool est_i_overview_grid(const est_result *result, const est_i_grouping *grouping, size_t unit, est_i_grid *grid);
size_t est_i_overviews(const est_result *result, const est_i_grouping *grouping);
/* Age groups of domains: a line a domain, a column an age group. */
void est_i_domain_ages_grid(const est_result *result, const est_i_grouping *grouping, size_t first, est_i_grid *grid);

/* Standard tables (est_row.table): how many, the name of each, and the table. */
size_t est_i_standard_tables(const est_result *result);
const char *est_i_standard_table(const est_result *result, size_t index);
void est_i_standard_grid(const est_result *result, const char *name, est_i_grid *grid);
/* The same as CSV: numbers as they are, a column an estimand, and one for its mark where any has one. */
void est_i_write_standard_csv(const est_result *result, const char *name, est_i_text *output);

/* The estimand a reader looks for first: "population" if there is one, else that of the first row; NULL
 * without rows. */
const char *est_i_headline_estimand(const est_result *result);
/* The table of that estimand, as est_i_beside_grid, also for one model. False when the result has no such
 * shape. */
bool est_i_headline_grid(const est_result *result, est_i_grid *grid);
/* The one row of that estimand that has no domain; NULL if there is none or more than one. */
const est_row *est_i_overall_row(const est_result *result);
/* The rows that a page begins with, in words: of results with units the whole of each estimand, else est_i_overall_row. NULL past
 * the end. */
bool est_i_has_units(const est_result *result);
/* Is it the number of people that goes with a row (its estimand and "_number", its domain)? Their table is one. */
bool est_i_is_pair(const est_row *number, const est_row *row);
const est_row *est_i_headline(const est_result *result, size_t index);
/* That row as sentences: what comes before the number, the number, and the rest. */
void est_i_show_answer(const est_result *result, const est_row *row, est_i_text *before, est_i_text *number,
                       est_i_text *after);

void est_i_stats_grid(const est_result *result, est_i_grid *grid);
/* "Statistics of the fit"; of a survey there is none. */
const char *est_i_stats_title(const est_result *result);
/* The first `limit` rows of a frame. */
void est_i_frame_grid(const est_result *result, const est_frame *frame, size_t limit, est_i_grid *grid);
/* Every value of a chart; for an UpSet chart the totals of the sets too. */
void est_i_chart_grid(const est_i_shown_chart *shown, est_i_grid *grid);

#endif
