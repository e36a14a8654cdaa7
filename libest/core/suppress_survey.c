/* Results of surveys: marks, and what is withheld with them.
 *
 * Every row gets the flags and the mark of the profile. Where the profile only says how precise an estimate is (public data and no
 * profile named, or internal use) it keeps its numbers. Where it withholds:
 * 1. A row that the profile does not show loses its estimate and what goes with it, and keeps its n, as agencies print it.
 * 2. Private data: domains with few cases are a matter of confidentiality, not of precision. The total of the whole less those of
 * the other domains is the total of the one with few cases, and a total is a mean times the sum of the weights. So such a domain
 * is withheld in every row, its n too, against the habit of agencies, and so are more domains until it follows from no sum that
 * could be known (suppress_divisions.c, suppress_groups.c): a domain is a population, an age group and labels; every division of
 * the same whole is looked at together with all others. A share of ages goes with the domain that its numerator counts.
 *    Numbers of cases with the attribute are shown only if none of them, nor of those without it, is small. Rows of almost the
 * same cases as another row, all but fewer than the threshold, lose their number of cases, the difference being a small count.
 * 3. What stands on few cases without being of a domain goes as well: comparisons that speak of a domain that is withheld, a
 * regression of which a coefficient may be the mean of a few (est_row.fewest), quantiles with few cases beyond them, tests of a
 * table with a small cell.
 * 4. Lines of frames and points of charts go with the row that they are about (est_frame.about), their counts and measures of fit
 * with its n; another small count in such a line takes those of the lines of the same name with it (age groups overlap). Counts
 * that are about no row are withheld below the threshold, with a second one beside them. The writers leave out frames of single
 * records (EST_ROLE_PRIVATE).
 * 5. Model-based rows stand on a fit, not on their own domain. They are shown unless a domain that is withheld is in the fit.
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
    double least;     /* cases below which a domain or a count is small: what the profile withholds, at least the threshold */
    double threshold; /* the same where no profile says anything */
    bool withhold, protect;
    bool *withheld;    /* per row: its estimate */
    bool *unsaid;      /* per row: a comparison with a domain that is withheld, or a model that it is in */
    bool *near;        /* per row: its number of cases would tell a small one */
    est_i_divisions divisions;
    bool numerators;   /* numbers of cases with the attribute are shown */
    bool one_mark;     /* few cases and beside few cases get the same mark */
    bool lacking;      /* some row is near */
    bool exposed;      /* the areas of a model are withheld that are in its fit */
    bool any;          /* something is withheld */
    bool levels;       /* and rare levels of a regression or a table are why */
    bool failed;       /* no memory */
} survey;

/* Domains */

static bool is_contrast(const est_row *row)
{
    return est_i_kind_of(row) == EST_I_KIND_CONTRAST;
}

static bool is_model_based(const est_row *row)
{
    return (row->flags & EST_FLAG_BIT(EST_FLAG_MODEL_BASED)) != 0;
}

/* The estimate that a model starts from, beside the model's. */
static bool is_direct(const est_row *row)
{
    size_t length = strlen(row->estimand);
    return length >= 6 && strcmp(row->estimand + length - 6, "direct") == 0;
}

static bool is_hidden(const survey *s, size_t row)
{
    return s->divisions.list[s->divisions.domain[row]].hidden;
}

/* Are the row's number of cases and all that goes with it withheld? */
static bool hides_row(const survey *s, size_t row)
{
    const est_row *of = &s->result->rows[row];
    return s->protect && (is_contrast(of) || is_model_based(of) ? s->unsaid[row] : is_hidden(s, row));
}

static bool hides_n(const survey *s, size_t row)
{
    return hides_row(s, row) || (s->protect && s->near[row]);
}

/* A domain has few cases if one of its rows has few, or if the numerator of a share counts few. */
static void star_domains(survey *s)
{
    est_i_divisions *d = &s->divisions;
    for (size_t i = 0; i < s->result->n_rows; i++)
        if (!is_contrast(&s->result->rows[i]) && s->result->rows[i].n < s->least)
            d->list[d->domain[i]].starred = true;
    for (size_t i = 0; i < d->n_domains; i++) {
        d->list[i].starred = d->list[i].starred || (d->list[i].source == EST_I_OF_ROWS && d->list[i].n < s->least);
        d->list[i].hidden = d->list[i].starred;
    }
}

/* Withholds more domains until no starred one follows. */
static void hide_domains(survey *s)
{
    star_domains(s);
    bool good = est_i_divisions_relate(&s->divisions, s->least) &&
                est_i_divisions_protect(&s->divisions, s->least, &s->one_mark);
    s->failed = s->failed || !good;
}

/* The text before the condition of a sub-population: "children; those with ..." */
static size_t stem_length(const char *population)
{
    return strcspn(population, ";");
}

/* Is b all of a, or those of it who meet a condition? */
static bool is_within(const est_row *a, const est_row *b)
{
    size_t stem = stem_length(a->population);
    bool same = strcmp(a->population, b->population) == 0;
    return same || (a->population[stem] == '\0' && stem_length(b->population) == stem && memcmp(a->population, b->population, stem) == 0);
}

static bool same_cells(const est_row *a, const est_row *b)
{
    bool same = a->n_domain == b->n_domain && strcmp(a->ages, b->ages) == 0;
    for (size_t i = 0; i < a->n_domain && same; i++)
        same = strcmp(a->domain[i].name, b->domain[i].name) == 0 && strcmp(a->domain[i].value, b->domain[i].value) == 0;
    return same;
}

/* Does the row have a few cases less than another of the same labels? */
static bool lacks_few(const survey *s, const est_row *row)
{
    bool lacks = false;
    for (size_t i = 0; i < s->result->n_rows && !lacks; i++) {
        const est_row *other = &s->result->rows[i];
        double more = other->n - row->n;
        lacks = more >= 1 && more < s->threshold && !is_contrast(other) && same_cells(other, row) && is_within(other, row);
    }
    return lacks;
}

/* A row of few cases less says so everywhere: of the other domains it would tell that there are none less, or the rest. */
static void find_near(survey *s)
{
    const est_row *rows = s->result->rows;
    for (size_t i = 0; i < s->result->n_rows; i++) {
        bool lacks = !s->near[i] && !is_contrast(&rows[i]) && lacks_few(s, &rows[i]);
        s->lacking = s->lacking || lacks;
        for (size_t j = 0; j < s->result->n_rows && lacks; j++)
            if (strcmp(rows[j].estimand, rows[i].estimand) == 0 && strcmp(rows[j].population, rows[i].population) == 0)
                s->near[j] = true;
    }
    for (size_t i = 0; i < s->result->n_rows; i++) /* tables of a model print the cases of the direct estimate */
        for (size_t j = 0; j < s->result->n_rows && is_model_based(&rows[i]) && !s->near[i]; j++)
            s->near[i] = s->near[j] && is_direct(&rows[j]) && s->divisions.domain[i] == s->divisions.domain[j];
}

/* Numbers of cases with the attribute, and without it: all, or none if one is small. */
static void judge_numerators(survey *s)
{
    s->numerators = true;
    for (size_t i = 0; i < s->result->n_rows; i++) {
        const est_row *row = &s->result->rows[i];
        bool few = row->numerator < s->least || row->n - row->numerator < s->least;
        s->numerators = s->numerators && !(few && !isnan(row->numerator));
    }
}

/* Rows */

/* Few cases, or a few of them told apart. Beyond a quantile few are always: there the profile's limit would be too much. */
static bool stands_on_few(const survey *s, const est_row *row)
{
    bool quantile = strncmp(row->estimand, "quantile(", 9) == 0 || strncmp(row->estimand, "median", 6) == 0;
    return s->protect && (row->n < s->least || row->fewest < (quantile ? s->threshold : s->least));
}

static void judge_rows(survey *s)
{
    for (size_t i = 0; i < s->result->n_rows; i++) {
        est_row *row = &s->result->rows[i];
        est_i_verdict verdict = est_i_reliability_judge(s->profile, row);
        bool few = stands_on_few(s, row);
        s->levels = s->levels || (few && !(row->n < s->least) && strncmp(row->estimand, "coefficient(", 12) == 0);
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

/* A comparison with a domain that is withheld would give it back from the other, and so would its n, the sum of both. */
static void withhold_comparisons(survey *s)
{
    for (size_t i = 0; i < s->result->n_rows; i++) {
        const est_row *row = &s->result->rows[i];
        for (size_t d = 0; d < s->divisions.n_domains && is_contrast(row) && !s->unsaid[i]; d++) {
            const est_i_domain *domain = &s->divisions.list[d];
            s->unsaid[i] = domain->hidden && domain->first < s->result->n_rows && compares(row, &s->result->rows[domain->first]);
        }
        if (s->unsaid[i] && !s->withheld[i])
            withhold_row(s, i, BESIDE);
    }
}

/* Is an estimate of the same people withheld, whatever it is of? */
static bool is_partly_withheld(const survey *s, size_t row)
{
    bool partly = is_hidden(s, row);
    for (size_t i = 0; i < s->result->n_rows && !partly; i++)
        partly = s->withheld[i] && s->divisions.domain[i] == s->divisions.domain[row] && !is_contrast(&s->result->rows[i]) &&
                 !is_model_based(&s->result->rows[i]);
    return partly;
}

/* An area that is in the fit could be worked out from the coefficients and the other areas. */
static void withhold_models(survey *s)
{
    for (size_t i = 0; i < s->result->n_rows && !s->exposed; i++)
        s->exposed = is_direct(&s->result->rows[i]) && !isnan(s->result->rows[i].n) && is_partly_withheld(s, i);
    for (size_t i = 0; i < s->result->n_rows && s->exposed; i++)
        if (is_model_based(&s->result->rows[i])) {
            s->unsaid[i] = true;
            withhold_row(s, i, BESIDE);
        }
}

/* The mean of the whole, those of all domains but the one with few cases and their sums of weights are as good as its own: levels
 * that nobody in it has tell its sum of weights. So a domain beside it goes with all its estimates. Where its mark would say too
 * much, the one of few cases gets the same. */
static void withhold_beside(survey *s)
{
    for (size_t i = 0; i < s->result->n_rows; i++) {
        size_t share = s->divisions.share[i];
        bool beside = hides_row(s, i) || (share < s->divisions.n_domains && s->divisions.list[share].hidden);
        if (beside && !is_contrast(&s->result->rows[i]) && (!s->withheld[i] || s->one_mark))
            withhold_row(s, i, BESIDE);
    }
}

/* How precise it would be, or how many cases it has: said of what is withheld beside others, it would tell which is which. */
#define PRECISION_FLAGS                                                                                                    \
    (EST_FLAG_BIT(EST_FLAG_FEW_CASES) | EST_FLAG_BIT(EST_FLAG_USE_WITH_CAUTION) | EST_FLAG_BIT(EST_FLAG_UNRELIABLE) |         \
     EST_FLAG_BIT(EST_FLAG_UPPER_UNBOUNDED) | EST_FLAG_BIT(EST_FLAG_NOT_ESTIMABLE) | EST_FLAG_BIT(EST_FLAG_AT_BOUND))

static void publish_row(survey *s, size_t index)
{
    est_row *row = &s->result->rows[index];
    bool hidden = hides_row(s, index), without_n = hides_n(s, index);
    if (s->withheld[index])
        row->estimate = row->se = row->lower = row->upper = row->df = row->cv = NAN;
    if (s->withheld[index] || without_n)
        row->deff = row->deft = row->effective_n = row->numerator = NAN;
    if (s->protect && !s->numerators)
        row->numerator = NAN;
    if (without_n)
        row->n = row->n_weighted = NAN;
    if (without_n && row->flags & EST_FLAG_BIT(EST_FLAG_AT_BOUND))
        row->lower = row->upper = NAN;
    if (s->withheld[index]) {
        row->flags &= ~(EST_FLAG_BIT(EST_FLAG_UPPER_UNBOUNDED) | EST_FLAG_BIT(EST_FLAG_NOT_ESTIMABLE) |
                        EST_FLAG_BIT(EST_FLAG_AT_BOUND) | EST_FLAG_BIT(EST_FLAG_FEW_DF) | EST_FLAG_BIT(EST_FLAG_NO_DF));
        row->flags |= EST_FLAG_BIT(EST_FLAG_SUPPRESSED);
    }
    if (hidden && strcmp(row->mark, BESIDE) == 0)
        row->flags &= ~PRECISION_FLAGS;
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

/* Square frames (covariances) have a column for each line, in their order. */
static bool is_square(const est_frame *frame)
{
    bool square = frame->about && frame->n_columns == frame->n_rows + 1;
    for (size_t j = 1; j < frame->n_columns && square; j++)
        square = frame->roles[j] == EST_ROLE_FIT;
    return square;
}

/* Whatever its column is called: is it one of the numbers that the row will not show with its n? */
static bool repeats_hidden(const est_row *row, double number)
{
    return number == row->n || number == row->n_weighted || number == row->numerator || number == row->deff ||
           number == row->deft || number == row->effective_n;
}

/* Is it the number of cases of the row that the line is about? */
static bool repeats_n(const survey *s, const est_frame *frame, size_t line, double number)
{
    size_t row = frame->about[line];
    return row < s->result->n_rows && (number == s->result->rows[row].n || number == s->divisions.list[s->divisions.domain[row]].n);
}

/* The rows still have all their numbers. */
static void publish_line(survey *s, const est_frame *frame, size_t line)
{
    size_t row = frame->about[line];
    est_cell *cells = (est_cell *)frame->cells + line * frame->n_columns; /* the copy's own memory */
    bool hidden = hides_row(s, row), without_n = hides_n(s, row);
    const char *mark = s->withheld[row] ? s->result->rows[row].mark : BESIDE;
    for (size_t j = 0; j < frame->n_columns; j++) {
        bool count = frame->roles[j] == EST_ROLE_COUNT || frame->roles[j] == EST_ROLE_ESTIMATE;
        bool fit = hidden && frame->roles[j] == EST_ROLE_FIT;
        bool repeats = without_n && repeats_hidden(&s->result->rows[row], cells[j].number);
        if (count ? without_n : s->withheld[row] || fit || repeats)
            withhold_cell(s, &cells[j], mark);
    }
}

/* Does a line that is about a row count few people of a kind among its cases? In the frame "bounds" that is what lies between its two
 * shares: people without an answer. */
static bool counts_few(const survey *s, const est_frame *frame, size_t line)
{
    const est_cell *cells = &frame->cells[line * frame->n_columns];
    size_t about = frame->about[line], shares[2] = {0, 0}, n_shares = 0;
    bool few = false;
    for (size_t j = 0; j < frame->n_columns && about < s->result->n_rows; j++) {
        if (frame->roles[j] == EST_ROLE_COUNT && !repeats_n(s, frame, line, cells[j].number))
            few = few || (!cells[j].text && cells[j].number >= 0 && cells[j].number < s->least);
        if (frame->roles[j] == EST_ROLE_FIT && !cells[j].text && n_shares < 2)
            shares[n_shares++] = j;
    }
    if (strcmp(frame->name, "bounds") == 0 && n_shares == 2)
        few = few || (cells[shares[1]].number - cells[shares[0]].number) / 100 * s->result->rows[about].n < s->least;
    return few;
}

/* Small counts in lines that are about a row. Age groups overlap, so that all lines of that name go, with the shares beside them; of the
 * bounds the second share, for the first is the estimate. */
static void publish_kinds(survey *s, const est_frame *frame)
{
    est_cell *cells = (est_cell *)frame->cells; /* the copy's own memory */
    bool bounds = strcmp(frame->name, "bounds") == 0;
    for (size_t i = 0; i < frame->n_rows && frame->about; i++) {
        const char *kind = cells[i * frame->n_columns].text;
        bool few = kind && counts_few(s, frame, i);
        for (size_t k = 0; k < frame->n_rows && few; k++) {
            est_cell *line = cells + k * frame->n_columns;
            size_t n_shares = 0;
            for (size_t j = 0; j < frame->n_columns && line->text && strcmp(line->text, kind) == 0; j++) {
                bool count = frame->roles[j] == EST_ROLE_COUNT && !repeats_n(s, frame, k, line[j].number);
                n_shares += frame->roles[j] == EST_ROLE_FIT;
                if (count || (frame->roles[j] == EST_ROLE_FIT && !(bounds && n_shares == 1)))
                    withhold_cell(s, &line[j], EST_I_WITHHELD);
            }
        }
        s->any = s->any || few;
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

/* A share beside a count that is withheld is that count in other words. */
static void publish_shares(survey *s, const est_frame *frame, size_t line)
{
    est_cell *cells = (est_cell *)frame->cells + line * frame->n_columns; /* the copy's own memory */
    bool withheld = frame->fewest < s->least || (s->exposed && !isnan(frame->fewest)), known = frame->about && frame->about[line] < s->result->n_rows;
    for (size_t j = 0; j < frame->n_columns && !known; j++)
        withheld = withheld || (frame->roles[j] == EST_ROLE_COUNT && cells[j].text && strcmp(cells[j].text, EST_I_WITHHELD) == 0);
    for (size_t j = 0; j < frame->n_columns && withheld && !known; j++)
        if (frame->roles[j] == EST_ROLE_FIT)
            withhold_cell(s, &cells[j], EST_I_WITHHELD);
    s->any = s->any || (withheld && !known);
    s->levels = s->levels || (withheld && !known);
}

/* A line about no row that names a domain which is withheld, "county=6": its estimates of people. */
static void publish_named(survey *s, const est_frame *frame, size_t line)
{
    est_cell *cells = (est_cell *)frame->cells + line * frame->n_columns; /* the copy's own memory */
    bool known = frame->about && frame->about[line] < s->result->n_rows, named = false;
    for (size_t d = 0; d < s->divisions.n_domains && !known && cells[0].text && !named; d++) {
        const est_i_domain *domain = &s->divisions.list[d];
        if (!domain->hidden || domain->first >= s->result->n_rows)
            continue;
        const est_row *row = &s->result->rows[domain->first];
        named = row->n_domain > 0;
        for (size_t i = 0; i < row->n_domain && named; i++)
            named = est_i_find_words(cells[0].text, row->domain[i].value) != NULL;
    }
    for (size_t j = 0; j < frame->n_columns && named; j++)
        if (frame->roles[j] == EST_ROLE_ESTIMATE)
            withhold_cell(s, &cells[j], BESIDE);
}

static bool holds_estimates(const est_frame *frame)
{
    bool holds = false;
    for (size_t j = 0; j < frame->n_columns && !holds; j++)
        holds = frame->roles[j] == EST_ROLE_ESTIMATE;
    return holds;
}

static void publish_frame(survey *s, const est_frame *frame)
{
    for (size_t j = 1; j < frame->n_columns && is_square(frame); j++)
        if (frame->about[j - 1] < s->result->n_rows && s->withheld[frame->about[j - 1]])
            for (size_t i = 0; i < frame->n_rows; i++)
                withhold_cell(s, (est_cell *)&frame->cells[i * frame->n_columns + j], EST_I_WITHHELD);
    if (s->protect)
        publish_kinds(s, frame);
    for (size_t i = 0; i < frame->n_rows && frame->about; i++)
        if (frame->about[i] < s->result->n_rows)
            publish_line(s, frame, i);
    for (size_t j = 0; j < frame->n_columns && s->protect; j++)
        if (frame->roles[j] == EST_ROLE_COUNT)
            publish_column(s, frame, j);
    for (size_t i = 0; i < frame->n_rows && s->protect; i++)
        publish_shares(s, frame, i);
    for (size_t i = 0; i < frame->n_rows && s->protect && holds_estimates(frame); i++)
        publish_named(s, frame, i);
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
        bool hide = known && (count ? hides_n(s, row) : s->withheld[row]);
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

static bool hides_domain(const survey *s)
{
    bool hides = false;
    for (size_t d = 0; d < s->divisions.n_domains && !hides; d++)
        hides = s->divisions.list[d].hidden;
    return hides;
}

static void publish_stats(survey *s)
{
    for (size_t i = 0; i < s->result->n_stats && s->protect; i++) {
        est_stat *stat = &s->result->stats[i];
        bool factor = strstr(stat->name, "est_factor") && hides_domain(s); /* of the known total over the withheld one, perhaps */
        if (factor || (stat->is_count && stat->value >= 0 && stat->value < s->least)) {
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
        used = used || has || (beside && hides_row(s, i));
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
    if (s->any && s->protect && s->result->n_rows == 0 && !s->levels)
        est_i_text_printf(&message, "Counts below %.0f are withheld, and those from which they could be worked out. Inside the office "
                          "the option 'internal' shows every number, and marks every page.", s->least);
    else if (s->any && s->protect)
        est_i_text_printf(&message, "Estimates are withheld by the profile '%s', and so are the numbers of cases, totals and "
                          "comparisons from which they could be worked out.%s Inside the office the option 'internal' shows every "
                          "number, and marks every page.", s->profile->name,
                          s->levels ? " Joining rare levels of a regression or a table helps." : "");
    else if (s->any)
        est_i_text_printf(&message, "Estimates are withheld by the profile '%s'.", s->profile->name);
    else if (s->protect)
        est_i_text_printf(&message, "Nothing is withheld by the profile '%s'.", s->profile->name);
    if (!s->numerators)
        est_i_text_append(&message, " Numbers of cases with an attribute are left out, for some of them are small.");
    if (s->lacking)
        est_i_text_append(&message, " Left out are the numbers of cases of rows that have all cases of another row but a few.");
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
                  .threshold = (double)request->threshold, .withhold = request->withhold,
                  .protect = request->withhold && request->protect};
    for (size_t i = 0; i < request->profile->n_rules; i++) {
        const est_i_reliability_rule *rule = &request->profile->rules[i];
        if (rule->measure == EST_I_BY_N && rule->comparison == EST_I_BELOW && rule->action == EST_I_WITHHOLD)
            s->least = fmax(s->least, rule->threshold);
    }
    s->withheld = calloc(n, sizeof *s->withheld);
    s->unsaid = calloc(n, sizeof *s->unsaid);
    s->near = calloc(n, sizeof *s->near);
    bool good = s->withheld && s->unsaid && s->near;
    return est_i_divisions_make(&s->divisions, result) && good;
}

static void survey_end(survey *s)
{
    free(s->withheld);
    free(s->unsaid);
    est_i_divisions_free(&s->divisions);
    free(s->near);
}

est_status est_i_suppress_survey(est_result *result, const est_i_survey_request *request, est_error *error)
{
    survey s;
    est_status status;
    s.failed = !survey_start(&s, result, request);
    if (!s.failed) {
        judge_rows(&s);
        s.numerators = true;
    }
    if (s.protect && !s.failed)
        hide_domains(&s);
    if (s.protect && !s.failed) {
        find_near(&s);
        judge_numerators(&s);
        withhold_comparisons(&s);
        withhold_beside(&s);
        withhold_models(&s);
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
