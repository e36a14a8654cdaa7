/* Results of surveys: marks, and what is withheld with them.
 *
 * Every row gets the flags and the mark of the profile. Where the profile only says how precise an estimate is (public data and no
 * profile named, or internal use) it keeps its numbers. Where it withholds:
 * 1. A row that the profile does not show loses its estimate and what goes with it, and keeps its n, as agencies print it.
 * 2. Private data: domains with few cases are a matter of confidentiality, not of precision. The total of the whole less those of
 * the other domains is the total of the one with few cases, and a total is a mean times the sum of the weights. So n and the
 * weighted n of such a domain are withheld in every row, against the habit of agencies, and those of more domains until it
 * follows from no sum that could be known: every crossing of labels adds up to the whole, to each value of each label, and to the
 * rows of fewer labels.
 * 3. A domain whose n is withheld for that reason keeps its means and proportions and loses what gives n back: totals, numerator,
 * design effects (n follows from p, SE and DEFF), effective n, an exact interval at 0 or 1. Where it weighs a case as much as
 * another domain does on average, n and with it the weighted n follow from a proportion printed to many digits: its estimates go
 * as well, and so they do where the weights were calibrated, for the known totals may be looked up. Comparisons that speak of a
 * domain with few cases go.
 * 4. Lines of frames and points of charts go with the row that they are about (est_frame.about), their counts and measures of fit
 * with its n. Counts that are about no row are withheld below the threshold, with a second one beside them. The writers leave
 * out frames of single records (EST_ROLE_PRIVATE).
 * What is withheld for lack of precision alone is not protected in this way: it is nobody's secret.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/reliability.h"
#include "core/result.h"
#include "core/suppress_parts.h"
#include "core/text.h"

#define BESIDE "x" /* the mark of what is withheld for confidentiality alone */

typedef struct survey {
    est_result *result;
    const est_i_reliability *profile;
    double least; /* cases below which a count is small */
    bool withhold, protect;
    bool *withheld;    /* per row: its estimate */
    bool *unsaid;      /* per row: a comparison whose n is withheld */
    size_t *domain;    /* per row */
    size_t *first;     /* per domain: its first row */
    double *n;         /* per domain: its most cases */
    bool *starred;     /* per domain: few cases */
    bool *hidden;      /* per domain: n is withheld */
    size_t n_domains;
    bool any;          /* something is withheld */
    bool failed;       /* no memory */
} survey;

/* Domains */

static bool has_label(const est_row *row, const est_label *label)
{
    bool has = false;
    for (size_t i = 0; i < row->n_domain && !has; i++)
        has = strcmp(row->domain[i].name, label->name) == 0 && strcmp(row->domain[i].value, label->value) == 0;
    return has;
}

static bool has_labels_of(const est_row *row, const est_row *other)
{
    bool all = true;
    for (size_t i = 0; i < other->n_domain && all; i++)
        all = has_label(row, &other->domain[i]);
    return all;
}

static bool same_domain(const est_row *a, const est_row *b)
{
    return a->n_domain == b->n_domain && has_labels_of(a, b);
}

/* Are both divided by the same labels? */
static bool same_names(const est_row *a, const est_row *b)
{
    bool same = a->n_domain == b->n_domain;
    for (size_t i = 0; i < a->n_domain && same; i++)
        same = strcmp(a->domain[i].name, b->domain[i].name) == 0;
    return same;
}

static bool is_contrast(const est_row *row)
{
    return est_i_kind_of(row) == EST_I_KIND_CONTRAST;
}

static void find_domains(survey *s)
{
    const est_result *result = s->result;
    for (size_t i = 0; i < result->n_rows; i++) {
        const est_row *row = &result->rows[i];
        size_t d = 0;
        while (d < s->n_domains && !same_domain(&result->rows[s->first[d]], row))
            d++;
        if (d == s->n_domains) {
            s->first[s->n_domains++] = i;
            s->n[d] = NAN;
        }
        s->domain[i] = d;
        if (!is_contrast(row)) {
            s->n[d] = isnan(s->n[d]) ? row->n : fmax(s->n[d], row->n);
            s->starred[d] = s->starred[d] || (s->protect && row->n < s->least);
        }
    }
}

/* Do both belong to one division: of the whole by these labels or, by a label, of those with the same value of it? */
static bool same_division(const est_row *a, const est_row *b, size_t label)
{
    return same_names(a, b) && (label == a->n_domain || strcmp(a->domain[label].value, b->domain[label].value) == 0);
}

/* Groups of domains whose numbers of cases add up to what is known; each is collected for its first domain that is withheld. */
static void collect_divisions(const survey *s, size_t seed, est_i_groups *groups)
{
    const est_row *rows = s->result->rows, *row = &rows[s->first[seed]];
    for (size_t label = row->n_domain > 1 ? 0 : row->n_domain; label <= row->n_domain; label++) {
        bool first = true;
        for (size_t d = 0; d < seed && first; d++)
            first = !s->hidden[d] || !same_division(row, &rows[s->first[d]], label);
        for (size_t d = 0; d < s->n_domains && first; d++)
            if (same_division(row, &rows[s->first[d]], label) && !isnan(s->n[d]))
                est_i_groups_add(groups, d);
        est_i_groups_end(groups);
    }
}

/* Is the whole divided by these labels and more? */
static bool has_more_names(const est_row *finer, const est_row *row)
{
    bool all = finer->n_domain > row->n_domain;
    for (size_t i = 0; i < row->n_domain && all; i++) {
        bool has = false;
        for (size_t j = 0; j < finer->n_domain && !has; j++)
            has = strcmp(finer->domain[j].name, row->domain[i].name) == 0;
        all = has;
    }
    return all;
}

/* A domain of few labels and those of more labels, divided as `like`, that add up to it. */
static void collect_margin(const survey *s, size_t margin, const est_row *like, est_i_groups *groups)
{
    const est_row *rows = s->result->rows, *row = &rows[s->first[margin]];
    est_i_groups_add(groups, margin);
    for (size_t d = 0; d < s->n_domains; d++)
        if (same_names(&rows[s->first[d]], like) && has_labels_of(&rows[s->first[d]], row) && !isnan(s->n[d]))
            est_i_groups_add(groups, d);
    est_i_groups_end(groups);
}

/* Is it the first domain divided by these labels? */
static bool is_first_of_names(const survey *s, size_t domain)
{
    const est_row *rows = s->result->rows;
    bool first = true;
    for (size_t d = 0; d < domain && first; d++)
        first = !same_names(&rows[s->first[d]], &rows[s->first[domain]]);
    return first;
}

/* The steps of a weighting are the same people over again: their numbers add up to nothing. */
static bool is_step(const est_row *row)
{
    return row->n_domain == 1 && strcmp(row->domain[0].name, "step") == 0;
}

static void collect_groups(const survey *s, est_i_groups *groups)
{
    const est_row *rows = s->result->rows;
    for (size_t d = 0; d < s->n_domains; d++) {
        const est_row *row = &rows[s->first[d]];
        if (row->n_domain == 0 || isnan(s->n[d]) || is_contrast(row) || is_step(row))
            continue;
        if (s->hidden[d])
            collect_divisions(s, d, groups);
        for (size_t finer = 0; finer < s->n_domains; finer++) {
            const est_row *like = &rows[s->first[finer]];
            if (has_more_names(like, row) && is_first_of_names(s, finer))
                collect_margin(s, d, like, groups);
        }
    }
}

/* Withholds n of more domains until no starred one follows. A domain is starred by the fewest cases of any of its rows. */
static void hide_domains(survey *s)
{
    double *values = calloc(s->n_domains + 1, sizeof *values);
    bool changed = values != NULL;
    s->failed = s->failed || !values;
    for (size_t d = 0; d < s->n_domains && values; d++) {
        s->hidden[d] = s->starred[d];
        values[d] = s->starred[d] ? fmin(s->n[d], s->least - 1) : s->n[d];
    }
    while (changed && !s->failed) {
        est_i_groups groups = {0};
        collect_groups(s, &groups);
        changed = est_i_groups_close(&groups, values, s->hidden, s->n_domains, s->least);
        s->failed = s->failed || groups.failed;
        est_i_groups_free(&groups);
    }
    free(values);
}

/* Weighted cases per case, NaN where it is not known. */
static double mean_weight(const survey *s, size_t domain)
{
    double mean = NAN;
    for (size_t i = 0; i < s->result->n_rows && isnan(mean); i++)
        if (s->domain[i] == domain && s->result->rows[i].n > 0)
            mean = s->result->rows[i].n_weighted / s->result->rows[i].n;
    return mean;
}

/* Could its weighted n be looked up, or be worked out from n, and n from its proportions? */
static bool weighs_like_another(const survey *s, size_t domain)
{
    double own = mean_weight(s, domain);
    bool like = isnan(own) || s->result->knows_weights;
    for (size_t d = 0; d < s->n_domains && !like; d++)
        like = d != domain && fabs(mean_weight(s, d) - own) <= 1e-9 * own;
    return like;
}

/* Rows */

static void judge_rows(survey *s)
{
    for (size_t i = 0; i < s->result->n_rows; i++) {
        est_row *row = &s->result->rows[i];
        est_i_verdict verdict = est_i_reliability_judge(s->profile, row);
        bool few = s->protect && row->n < s->least;
        if (few && !verdict.withhold)
            verdict.mark = BESIDE;
        row->flags |= verdict.flags | (few ? EST_FLAG_BIT(EST_FLAG_FEW_CASES) : 0);
        row->mark = est_i_result_text(s->result, verdict.mark);
        s->failed = s->failed || !row->mark;
        s->withheld[i] = s->withhold && (few || verdict.withhold);
    }
}

static void withhold_row(survey *s, size_t index, const char *mark)
{
    est_row *row = &s->result->rows[index];
    s->withheld[index] = true;
    if (mark) {
        row->mark = est_i_result_text(s->result, mark);
        s->failed = s->failed || !row->mark;
    }
}

/* Does a comparison speak of the domain: by its labels, whatever their names ("F" in "F - M"), or without any by its words? */
static bool compares(const est_row *row, const est_row *domain)
{
    bool words = domain->n_domain > 0 && row->n_domain == 0, labels = domain->n_domain > 0 && row->n_domain > 0;
    for (size_t i = 0; i < domain->n_domain; i++) {
        bool has = false;
        for (size_t j = 0; j < row->n_domain && !has; j++)
            has = strcmp(row->domain[j].value, domain->domain[i].value) == 0 ||
                  est_i_find_words(row->domain[j].value, domain->domain[i].value);
        labels = labels && has;
        words = words && (est_i_find_words(row->estimand, domain->domain[i].value) ||
                          est_i_find_words(row->model, domain->domain[i].value));
    }
    return labels || words;
}

/* A comparison with a domain whose n is withheld keeps no n, for it is the sum of both; one of totals goes whole. */
static void withhold_comparisons(survey *s)
{
    for (size_t i = 0; i < s->result->n_rows; i++) {
        const est_row *row = &s->result->rows[i];
        bool starred = false, hidden = false, totals = strstr(row->estimand, "total(") || strstr(row->estimand, "_number");
        for (size_t d = 0; d < s->n_domains && is_contrast(row); d++) {
            bool speaks = s->hidden[d] && compares(row, &s->result->rows[s->first[d]]);
            hidden = hidden || speaks;
            starred = starred || (speaks && s->starred[d]);
        }
        s->unsaid[i] = hidden;
        if ((starred || (hidden && totals)) && !s->withheld[i])
            withhold_row(s, i, BESIDE);
    }
}

/* Of the domains whose n is withheld: totals, and everything where n follows from it. */
static void withhold_beside(survey *s)
{
    for (size_t d = 0; d < s->n_domains; d++) {
        bool all = s->hidden[d] && !s->starred[d] && weighs_like_another(s, d);
        for (size_t i = 0; i < s->result->n_rows && s->hidden[d]; i++) {
            const est_row *row = &s->result->rows[i];
            bool gives = s->domain[i] == d && !is_contrast(row) && (all || est_i_kind_of(row) == EST_I_KIND_TOTAL);
            if (gives && !s->withheld[i])
                withhold_row(s, i, BESIDE);
        }
    }
}

static void publish_row(survey *s, size_t index)
{
    est_row *row = &s->result->rows[index];
    bool hidden = s->protect && (is_contrast(row) ? s->unsaid[index] : s->hidden[s->domain[index]]);
    if (s->withheld[index])
        row->estimate = row->se = row->lower = row->upper = row->df = row->cv = NAN;
    if (s->withheld[index] || hidden)
        row->deff = row->deft = row->effective_n = row->numerator = NAN;
    if (hidden)
        row->n = row->n_weighted = NAN;
    if (hidden && row->flags & EST_FLAG_BIT(EST_FLAG_AT_BOUND))
        row->lower = row->upper = NAN;
    if (s->withheld[index]) {
        row->flags &= ~(EST_FLAG_BIT(EST_FLAG_UPPER_UNBOUNDED) | EST_FLAG_BIT(EST_FLAG_NOT_ESTIMABLE) |
                        EST_FLAG_BIT(EST_FLAG_AT_BOUND) | EST_FLAG_BIT(EST_FLAG_FEW_DF) | EST_FLAG_BIT(EST_FLAG_NO_DF));
        row->flags |= EST_FLAG_BIT(EST_FLAG_SUPPRESSED);
    }
    if (hidden)
        row->flags |= EST_FLAG_BIT(EST_FLAG_SUPPRESSED);
    s->any = s->any || s->withheld[index] || hidden;
}

/* Frames, charts, stats */

static void withhold_cell(survey *s, est_cell *cell, const char *mark)
{
    if (!cell->text) {
        cell->number = NAN;
        cell->text = est_i_result_text(s->result, mark);
        s->failed = s->failed || !cell->text;
    }
}

/* Square frames (covariances) have a column for each line, of its name. */
static bool is_column_of_withheld(const survey *s, const est_frame *frame, size_t column)
{
    bool is = false;
    for (size_t i = 0; i < frame->n_rows && !is; i++) {
        const char *name = frame->cells[i * frame->n_columns].text;
        is = frame->about[i] < s->result->n_rows && s->withheld[frame->about[i]] && name &&
             strcmp(name, frame->columns[column]) == 0;
    }
    return is;
}

/* Whatever its column is called: is it one of the numbers that the row will not show with its n? */
static bool repeats_hidden(const est_row *row, double number)
{
    return number == row->n || number == row->n_weighted || number == row->numerator || number == row->deff ||
           number == row->deft || number == row->effective_n;
}

/* The rows still have all their numbers. */
static void publish_line(survey *s, const est_frame *frame, size_t line)
{
    size_t row = frame->about[line];
    est_cell *cells = (est_cell *)frame->cells + line * frame->n_columns; /* the copy's own memory */
    bool hidden = s->protect && (s->hidden[s->domain[row]] || s->unsaid[row]);
    const char *mark = s->withheld[row] ? s->result->rows[row].mark : BESIDE;
    for (size_t j = 0; j < frame->n_columns; j++) {
        bool count = frame->roles[j] == EST_ROLE_COUNT || frame->roles[j] == EST_ROLE_ESTIMATE;
        bool repeats = frame->roles[j] == EST_ROLE_FIT || repeats_hidden(&s->result->rows[row], cells[j].number);
        if (count ? hidden : s->withheld[row] || (hidden && repeats))
            withhold_cell(s, &cells[j], mark);
    }
}

/* Small counts of a column that are about no row, and a second one beside them. */
static void publish_column(survey *s, const est_frame *frame, size_t column)
{
    double *values = calloc(frame->n_rows + 1, sizeof *values);
    bool *hidden = calloc(frame->n_rows + 1, sizeof *hidden);
    est_i_groups groups = {0};
    s->failed = s->failed || !values || !hidden;
    for (size_t i = 0; i < frame->n_rows && !s->failed; i++) {
        const est_cell *cell = &frame->cells[i * frame->n_columns + column];
        values[i] = cell->text || (frame->about && frame->about[i] < s->result->n_rows) ? NAN : cell->number;
        hidden[i] = values[i] >= 0 && values[i] < s->least;
        if (!isnan(values[i]))
            est_i_groups_add(&groups, i);
    }
    est_i_groups_end(&groups);
    if (!s->failed)
        est_i_groups_close(&groups, values, hidden, frame->n_rows, s->least);
    s->failed = s->failed || groups.failed;
    for (size_t i = 0; i < frame->n_rows && !s->failed; i++) {
        if (hidden[i])
            withhold_cell(s, (est_cell *)&frame->cells[i * frame->n_columns + column], EST_I_WITHHELD);
        s->any = s->any || hidden[i];
    }
    est_i_groups_free(&groups);
    free(values);
    free(hidden);
}

static void publish_frame(survey *s, const est_frame *frame)
{
    for (size_t j = 1; j < frame->n_columns && frame->about; j++)
        if (is_column_of_withheld(s, frame, j))
            for (size_t i = 0; i < frame->n_rows; i++)
                withhold_cell(s, (est_cell *)&frame->cells[i * frame->n_columns + j], EST_I_WITHHELD);
    for (size_t i = 0; i < frame->n_rows && frame->about; i++)
        if (frame->about[i] < s->result->n_rows)
            publish_line(s, frame, i);
    for (size_t j = 0; j < frame->n_columns && s->protect; j++)
        if (frame->roles[j] == EST_ROLE_COUNT)
            publish_column(s, frame, j);
}

/* Who has the result in hand has the data too; the writers leave these frames out. */
static void note_records(survey *s, est_error *error)
{
    est_i_text names = {NULL, 0, 0, false};
    for (size_t i = 0; i < s->result->n_frames; i++)
        if (est_i_frame_is_private(&s->result->frames[i]))
            est_i_text_printf(&names, "%s'%s'", names.length ? ", " : "", s->result->frames[i].name);
    if (names.length) {
        est_i_text message = {NULL, 0, 0, false};
        est_i_text_printf(&message, "Left out of every page and file, for the data are private: %s.", names.data);
        s->failed = s->failed || message.failed ||
                    est_i_result_append_note(s->result, EST_NOTE, "records", message.failed ? "" : message.data, error) != EST_OK;
        est_i_text_free(&message);
    }
    s->failed = s->failed || names.failed;
    est_i_text_free(&names);
}

static void publish_chart(survey *s, est_chart *chart)
{
    bool any = false;
    for (size_t i = 0; i < chart->n_series * chart->n_categories; i++) {
        const est_series *series = &chart->series[i / chart->n_categories];
        size_t category = i % chart->n_categories, row = chart->about ? chart->about[i] : SIZE_MAX;
        bool count = series->role == EST_ROLE_COUNT, known = row < s->result->n_rows;
        bool hide = known && (count ? s->protect && s->hidden[s->domain[row]] : s->withheld[row]);
        hide = hide || (s->protect && !known && count && series->value[category] >= 0 && series->value[category] < s->least);
        double *numbers[] = {(double *)series->value, (double *)series->lower, (double *)series->upper}; /* the copy's own */
        for (size_t j = 0; j < 3 && hide; j++)
            numbers[j][category] = NAN;
        any = any || hide;
    }
    for (size_t i = 0; i < s->result->n_rows; i++) /* a line through a withheld estimate */
        if (s->withheld[i] && s->result->rows[i].estimate == chart->reference)
            chart->reference = NAN;
    s->any = s->any || any;
    if (any) {
        est_i_text words = {NULL, 0, 0, false};
        est_i_text_append(&words, chart->title);
        est_i_text_append(&words, ". Some of the estimates are withheld.");
        chart->alternative = words.failed ? "" : est_i_result_text(s->result, words.data);
        s->failed = s->failed || words.failed || !chart->alternative;
        est_i_text_free(&words);
    }
}

static void publish_stats(survey *s)
{
    for (size_t i = 0; i < s->result->n_stats && s->protect; i++) {
        est_stat *stat = &s->result->stats[i];
        if (stat->is_count && stat->value >= 0 && stat->value < s->least) {
            stat->value = NAN;
            s->any = true;
        }
    }
}

/* Notes */

static void publish_notes(survey *s)
{
    est_result *result = s->result;
    size_t kept = 0;
    for (size_t i = 0; i < result->n_notes; i++) {
        est_note note = result->notes[i];
        if (s->any && s->protect && note.public_message)
            note.message = note.public_message;
        note.public_message = NULL;
        if (*note.message)
            result->notes[kept++] = note;
    }
    result->n_notes = kept;
}

static void drop_private_provenances(est_result *result)
{
    size_t kept = 0;
    for (size_t i = 0; i < result->n_provenances; i++)
        if (!result->provenances[i].is_private)
            result->provenances[kept++] = result->provenances[i];
    result->n_provenances = kept;
}

/* "(*): based on ...": pages for people print it under every table that has the mark, or an x for n. */
static void explain_mark(survey *s, const char *mark, const char *meaning, est_error *error)
{
    est_i_text message = {NULL, 0, 0, false};
    bool used = false, taken = false;
    for (size_t i = 0; i < s->result->n_rows; i++) {
        bool has = strcmp(s->result->rows[i].mark, mark) == 0, beside = strcmp(mark, BESIDE) == 0;
        used = used || has || (beside && s->protect && s->hidden[s->domain[i]]);
        taken = taken || (has && s->withheld[i]);
    }
    est_i_text_printf(&message, "%s: %s%s.", strcmp(mark, "()") == 0 ? "( )" : mark, meaning,
                      taken && strcmp(mark, BESIDE) != 0 ? "; withheld" : "");
    s->failed = s->failed || message.failed;
    if (used && !s->failed)
        s->failed = est_i_result_append_note(s->result, EST_NOTE, "mark", message.data, error) != EST_OK;
    est_i_text_free(&message);
}

static void explain_marks(survey *s, est_error *error)
{
    for (size_t i = 0; i < sizeof s->profile->marks / sizeof *s->profile->marks && s->profile->marks[i].mark; i++)
        explain_mark(s, s->profile->marks[i].mark, s->profile->marks[i].meaning, error);
    explain_mark(s, BESIDE, "withheld for confidentiality: too few cases, or a withheld figure could be worked out from it", error);
}

static void add_summary(survey *s, est_error *error)
{
    est_i_text message = {NULL, 0, 0, false};
    if (s->any && s->protect)
        est_i_text_printf(&message, "Estimates are withheld by the profile '%s', and so are the numbers of cases, totals and "
                          "comparisons from which they could be worked out. Inside the office the option 'internal' shows every "
                          "number, and marks every page.", s->profile->name);
    else if (s->any)
        est_i_text_printf(&message, "Estimates are withheld by the profile '%s'.", s->profile->name);
    else if (s->protect)
        est_i_text_printf(&message, "Nothing is withheld by the profile '%s'.", s->profile->name);
    s->failed = s->failed || message.failed;
    if (message.length && !s->failed)
        s->failed =
            est_i_result_append_note(s->result, EST_NOTE, s->any ? "suppressed" : "published", message.data, error) != EST_OK;
    est_i_text_free(&message);
}

static bool survey_start(survey *s, est_result *result, const est_i_survey_request *request)
{
    size_t n = result->n_rows + 1;
    *s = (survey){.result = result, .profile = request->profile, .least = (double)request->threshold,
                  .withhold = request->withhold, .protect = request->withhold && request->protect};
    for (size_t i = 0; i < request->profile->n_rules; i++) {
        const est_i_reliability_rule *rule = &request->profile->rules[i];
        if (rule->measure == EST_I_BY_N && rule->comparison == EST_I_BELOW && rule->action == EST_I_WITHHOLD)
            s->least = fmax(s->least, rule->threshold);
    }
    s->withheld = calloc(n, sizeof *s->withheld);
    s->unsaid = calloc(n, sizeof *s->unsaid);
    s->domain = calloc(n, sizeof *s->domain);
    s->first = calloc(n, sizeof *s->first);
    s->n = calloc(n, sizeof *s->n);
    s->starred = calloc(n, sizeof *s->starred);
    s->hidden = calloc(n, sizeof *s->hidden);
    return s->withheld && s->unsaid && s->domain && s->first && s->n && s->starred && s->hidden;
}

static void survey_end(survey *s)
{
    free(s->withheld);
    free(s->unsaid);
    free(s->domain);
    free(s->first);
    free(s->n);
    free(s->starred);
    free(s->hidden);
}

est_status est_i_suppress_survey(est_result *result, const est_i_survey_request *request, est_error *error)
{
    survey s;
    est_status status;
    s.failed = !survey_start(&s, result, request);
    if (!s.failed) {
        judge_rows(&s);
        find_domains(&s);
    }
    if (s.protect && !s.failed) {
        hide_domains(&s);
        withhold_comparisons(&s);
        withhold_beside(&s);
    }
    for (size_t i = 0; i < result->n_frames && !s.failed; i++)
        publish_frame(&s, &result->frames[i]);
    for (size_t i = 0; i < result->n_charts && !s.failed; i++)
        publish_chart(&s, &result->charts[i]);
    for (size_t i = 0; i < result->n_rows && !s.failed; i++)
        publish_row(&s, i);
    if (!s.failed) {
        publish_stats(&s);
        publish_notes(&s);
        explain_marks(&s, error);
        if (s.protect)
            note_records(&s, error);
        add_summary(&s, error);
    }
    if (request->protect)
        drop_private_provenances(result);
    status = s.failed ? est_i_no_memory(error) : EST_OK;
    survey_end(&s);
    return status;
}
