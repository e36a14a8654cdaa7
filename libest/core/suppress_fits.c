/* Estimates from which few recaptures could be read.
 *
 * With two lists N = n1 n2 / m: whoever knows the totals of the lists to ten or so reads a small overlap m from N, however it is
 * rounded; a second estimator, a standard error or a table of multiples of N says it again. With more lists and a model without
 * dependence N is a function of n and the list totals alone, and gives R = (sum of the totals) - n: how often persons are on a
 * further list. With two lists R is the overlap.
 *
 * So the estimates of a domain are withheld, not rounded, where R is small; with two lists also where few are on one list alone.
 * A model of three lists with one or two dependent pairs is a table of two lists inside: two lists as one against the third, or
 * the persons not on the list that the other two depend on. The estimates of everybody go with those of a single domain, which
 * their sum would give back. The same holds for every fit of `mse --diagnose` to fewer lists, or to lists as one: these tables
 * are looked at in the chart of capture histories, and with three lists none of them is shown beside a small count.
 *
 * `heterogeneity` puts up to fifteen functions of a few frequencies side by side, and `sample-coverage` three: with a small count
 * anywhere Chao's lower bound alone stays of the one, if f1 and f2 are not small, and of the other the estimator that answers. A
 * posterior printed point by point (`decomposable`) is a fit to the last digit. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/suppress_parts.h"
#include "core/text.h"

bool est_i_is_method(const est_i_suppressor *state, const char *id)
{
    return strcmp(state->result->method, id) == 0;
}

/* Two lists, by the persons on both, and on one alone. */
static bool few_on_two(const est_i_suppressor *state, double both, double first, double second)
{
    return est_i_is_small(state, both) || est_i_is_small(state, first) || est_i_is_small(state, second);
}

/* A count column of the frame "lists": one domain. */
typedef struct fit_column {
    const est_i_suppressor *state;
    const est_frame *lists, *overlaps;
    size_t column;
    double n;
} fit_column;

static const char *list_name(const est_frame *lists, size_t row)
{
    const char *name = lists->cells[row * lists->n_columns].text;
    return name ? name : "";
}

static double total_of(const fit_column *c, size_t row)
{
    const est_cell *cell = &c->lists->cells[row * c->lists->n_columns + c->column];
    return cell->text ? NAN : cell->number;
}

/* NaN if the pair is not given. */
static double on_both(const fit_column *c, size_t list, size_t other)
{
    size_t row = c->overlaps ? est_i_overlap_of(c->overlaps, list_name(c->lists, list), list_name(c->lists, other)) : SIZE_MAX;
    return row == SIZE_MAX ? NAN : est_i_number_in(c->overlaps, row, c->lists->columns[c->column]);
}

/* The model of the domain in words: its own, or that of everybody; NULL if there are several. */
static const char *model_of(const fit_column *c)
{
    const est_result *result = c->state->result;
    const est_frame *chosen = est_result_frame_find(result, "chosen");
    const char *model = NULL;
    for (size_t i = 0; i < result->n_stats; i++)
        if (strcmp(result->stats[i].name, "model") == 0)
            model = result->stats[i].text;
    for (size_t i = 0; chosen && chosen->n_columns == 2 && i < chosen->n_rows; i++) {
        const char *stratum = chosen->cells[2 * i].text;
        if (stratum && strcmp(stratum, c->lists->columns[c->column]) == 0)
            model = chosen->cells[2 * i + 1].text;
    }
    return model;
}

static bool are_dependent(const fit_column *c, const char *model, size_t list, size_t other)
{
    size_t row = est_i_overlap_of(c->overlaps, list_name(c->lists, list), list_name(c->lists, other));
    const est_cell *names = row == SIZE_MAX ? NULL : c->overlaps->cells + row * c->overlaps->n_columns;
    est_i_text term = {0};
    bool dependent = true; /* without names or memory the worst is not known, and nothing more is said */
    if (names) {
        est_i_text_printf(&term, "%s:%s", names[0].text, names[1].text);
        dependent = !term.data || est_i_find_words(model, term.data) != NULL;
    }
    est_i_text_free(&term);
    return dependent;
}

/* Three lists at work, i the one that stands apart: alone against the other two as one, or the one that both depend on. */
static bool few_on_three(const fit_column *c, const size_t lists[3])
{
    const char *model = model_of(c);
    double both[3], on_all = c->n, sum = 0; /* both[i]: on the two lists other than i */
    bool dependent[3], few = false;
    size_t pairs = 0;
    for (size_t i = 0; i < 3; i++) {
        both[i] = on_both(c, lists[(i + 1) % 3], lists[(i + 2) % 3]);
        on_all += both[i] - total_of(c, lists[i]);
        sum += both[i];
        dependent[i] = model && !isnan(both[i]) && are_dependent(c, model, lists[(i + 1) % 3], lists[(i + 2) % 3]);
        pairs += dependent[i];
    }
    for (size_t i = 0; i < 3 && model && !isnan(sum); i++) {
        size_t j = (i + 1) % 3, k = (i + 2) % 3;
        double on = total_of(c, lists[i]), shared = both[j] + both[k] - on_all;
        double alone_j = total_of(c, lists[j]) - both[i] - both[k] + on_all;
        double alone_k = total_of(c, lists[k]) - both[i] - both[j] + on_all;
        if (pairs == 1 && dependent[i])
            few = few_on_two(c->state, shared, on - shared, c->n - on);
        if (pairs == 2 && !dependent[i])
            few = few_on_two(c->state, both[i] - on_all, alone_j, alone_k);
    }
    return few;
}

static bool stands_on_few(const fit_column *c)
{
    double again = -c->n;
    size_t at_work = 0, lists[3] = {0, 0, 0};
    for (size_t i = 0; i < c->lists->n_rows; i++) {
        double total = total_of(c, i);
        if (isnan(total))
            continue;
        again += total;
        lists[at_work < 3 ? at_work : 2] = i;
        at_work++;
    }
    bool few = at_work > 1 && est_i_is_small(c->state, again);
    if (at_work == 2)
        few = few || few_on_two(c->state, again, total_of(c, lists[0]) - again, total_of(c, lists[1]) - again);
    else if (at_work == 3)
        few = few || few_on_three(c, lists);
    return few;
}

/* A pair of `two-list`: n of its row are the persons on either list. A pair that is not found stands on few. */
static bool pair_stands_on_few(const fit_column *c, const est_row *row)
{
    double first = NAN, second = NAN;
    for (size_t i = 0; c->lists && i < c->lists->n_rows; i++)
        for (size_t j = i + 1; j < c->lists->n_rows; j++) {
            est_i_text label = {0};
            est_i_text_printf(&label, "%s:%s", list_name(c->lists, i), list_name(c->lists, j));
            if (label.data && strcmp(label.data, row->domain[0].value) == 0) {
                first = total_of(c, i);
                second = total_of(c, j);
            }
            est_i_text_free(&label);
        }
    double both = first + second - row->n;
    return isnan(both) || few_on_two(c->state, both, first - both, second - both);
}

static void withhold_fits(est_i_suppressor *state, const est_row *row)
{
    bool known = false;
    for (size_t i = 0; i < state->n_fits && !known; i++)
        known = est_i_domains_agree(state->fits[i], row);
    if (!known)
        state->fits[state->n_fits++] = row;
}

static void look_at_column(est_i_suppressor *state, const fit_column *c)
{
    size_t count = 0;
    const est_i_domain_name *names = est_i_domains_named(state, c->lists->columns[c->column], &count);
    if (isnan(c->n) || !stands_on_few(c))
        return;
    for (size_t i = 0; i < count; i++)
        withhold_fits(state, names[i].row);
    for (size_t i = 0; i < state->result->n_rows && count == 0; i++)
        if (state->result->rows[i].n_domain == 0)
            withhold_fits(state, &state->result->rows[i]);
}

/* The estimates of everybody less those of all domains but one give that one. */
static bool total_gives_back(const est_i_suppressor *state)
{
    bool total = false;
    for (size_t i = 0; i < state->result->n_rows && state->n_fits == 1; i++) {
        const est_row *row = &state->result->rows[i];
        total = total || (row->n_domain == 0 && est_i_meaning_of(row->estimand) == EST_I_MEANS_PEOPLE);
    }
    return total && state->fits[0]->n_domain > 0;
}

/* Frequencies of capture: f1 and f2 give Chao's bound, n + (t-1)/t f1^2 / (2 f2), and R is the sum of (k-1) f_k. */
static void look_at_frequencies(est_i_suppressor *state)
{
    const est_frame *frame = est_result_frame_find(state->result, "capture_frequencies");
    double again = 0;
    if (!frame)
        return;
    for (size_t i = 0; i < frame->n_rows; i++)
        again += (est_i_number_in(frame, i, "captures") - 1) * est_i_number_in(frame, i, "persons");
    for (size_t i = 0; i < 2; i++)
        state->no_bound = state->no_bound || !(est_i_number_in(frame, i, "persons") >= state->threshold);
    for (size_t i = 0; i < state->result->n_rows && est_i_is_small(state, again); i++)
        if (state->result->rows[i].n_domain == 0)
            withhold_fits(state, &state->result->rows[i]);
}

/* Tables of `mse --diagnose` with altered lists, from the chart of capture histories */

typedef enum alteration { WITHOUT_LIST, WITHIN_LIST, LISTS_AS_ONE } alteration;

static size_t set_named(const est_chart *chart, const char *name)
{
    size_t found = SIZE_MAX;
    for (size_t i = 0; i < chart->n_sets && name; i++)
        if (strcmp(chart->sets[i], name) == 0)
            found = i;
    return found;
}

/* On how many of the lists left over is who has this combination? */
static size_t lists_left(const est_chart *chart, size_t category, alteration how, const size_t sets[2])
{
    const unsigned char *members = chart->membership + category * chart->n_sets;
    size_t count = 0;
    bool one = how == LISTS_AS_ONE;
    for (size_t i = 0; i < chart->n_sets; i++)
        if (i != (one ? sets[1] : sets[0]))
            count += members[i] || (one && i == sets[0] && members[sets[1]]);
    return count;
}

/* Of three lists two are left, in up to six ways: their overlaps together give every capture history. */
static bool altered_stands_on_few(const est_i_suppressor *state, const est_chart *chart, alteration how, const size_t sets[2])
{
    double again = 0;
    if (!chart || chart->n_sets <= 3 || sets[0] == SIZE_MAX || (how == LISTS_AS_ONE && sets[1] == SIZE_MAX))
        return true;
    for (size_t c = 0; c < chart->n_categories; c++) {
        size_t count = lists_left(chart, c, how, sets);
        bool outside = how == WITHIN_LIST && !chart->membership[c * chart->n_sets + sets[0]];
        again += count > 1 && !outside ? (double)(count - 1) * chart->series[0].value[c] : 0;
    }
    return est_i_is_small(state, again);
}

/* Withholds the numbers of a row that are no counts. */
static void withhold_row(est_i_suppressor *state, size_t index, size_t row)
{
    const est_frame *frame = &state->result->frames[index];
    for (size_t j = 0; j < frame->n_columns; j++)
        if (frame->roles[j] != EST_ROLE_COUNT && !frame->cells[row * frame->n_columns + j].text)
            state->cells[index][row * frame->n_columns + j] = true;
}

/* The same estimate in a chart: "without GO", "GO+NG as one". */
static void withhold_points(est_i_suppressor *state, const char *name)
{
    for (size_t i = 0; i < state->result->n_charts; i++) {
        const est_chart *chart = &state->result->charts[i];
        for (size_t c = 0; c < chart->n_categories && chart->kind == EST_CHART_FOREST; c++)
            for (size_t s = 0; s < chart->n_series && strncmp(chart->categories[c], name, strlen(name)) == 0; s++)
                state->points[i][s * chart->n_categories + c] = true;
    }
}

static const est_chart *histories_chart(const est_result *result)
{
    const est_chart *found = NULL;
    for (size_t i = 0; i < result->n_charts; i++)
        if (result->charts[i].kind == EST_CHART_UPSET && result->charts[i].n_series == 1)
            found = &result->charts[i];
    return found;
}

static void look_at_altered(est_i_suppressor *state, const char *name, alteration how)
{
    const est_frame *frame = est_result_frame_find(state->result, name);
    const est_chart *chart = histories_chart(state->result);
    for (size_t i = 0; frame && frame->n_columns > 1 && i < frame->n_rows; i++) {
        const est_cell *row = frame->cells + i * frame->n_columns;
        size_t sets[2] = {SIZE_MAX, SIZE_MAX};
        est_i_text label = {0};
        if (chart)
            sets[0] = set_named(chart, row[0].text);
        if (chart && how == LISTS_AS_ONE)
            sets[1] = set_named(chart, row[1].text);
        if (altered_stands_on_few(state, chart, how, sets)) {
            withhold_row(state, (size_t)(frame - state->result->frames), i);
            if (how == LISTS_AS_ONE)
                est_i_text_printf(&label, "%s+%s as one", row[0].text ? row[0].text : "", row[1].text ? row[1].text : "");
            else if (how == WITHOUT_LIST)
                est_i_text_printf(&label, "without %s", row[0].text ? row[0].text : "");
            state->failed = state->failed || label.failed;
            if (label.length && label.data)
                withhold_points(state, label.data);
        }
        est_i_text_free(&label);
    }
}

void est_i_suppress_fits(est_i_suppressor *state)
{
    fit_column c = {.state = state,
                    .lists = est_result_frame_find(state->result, "lists"),
                    .overlaps = est_result_frame_find(state->result, "overlaps"),
                    .column = 1};
    for (size_t j = 1; c.lists && j < c.lists->n_columns; j++) {
        c.column = j;
        c.n = est_i_observed_of(state, c.lists->columns[j]);
        if (c.lists->roles[j] == EST_ROLE_COUNT)
            look_at_column(state, &c);
    }
    state->no_total = total_gives_back(state);
    c.column = 1;
    for (size_t i = 0; i < state->result->n_rows && est_i_is_method(state, "two-list"); i++) {
        const est_row *row = &state->result->rows[i];
        if (row->n_domain == 1 && strcmp(row->domain[0].name, "pair") == 0 && pair_stands_on_few(&c, row))
            withhold_fits(state, row);
    }
    look_at_frequencies(state);
    look_at_altered(state, "held_out", WITHOUT_LIST);
    look_at_altered(state, "leave_one_out", WITHOUT_LIST);
    look_at_altered(state, "merged_lists", LISTS_AS_ONE);
    look_at_altered(state, "internal_consistency", WITHIN_LIST);
}

/* What is withheld with them */

bool est_i_no_whole(const est_i_suppressor *state)
{
    bool whole = state->no_total;
    for (size_t i = 0; i < state->n_fits && !whole; i++)
        whole = state->fits[i]->n_domain == 0;
    return whole;
}

bool est_i_text_has_no_fit(const est_i_suppressor *state, const char *text)
{
    bool none = est_i_no_whole(state);
    for (size_t i = 0; i < state->n_fits && !none; i++)
        none = est_i_text_involves(state, text, state->fits[i]);
    return none;
}

/* One of several functions of a few frequencies or cells. */
static bool is_side_by_side(const est_i_suppressor *state, const est_row *row)
{
    bool bound = strcmp(row->estimand, "lower_bound") == 0;
    return (est_i_is_method(state, "heterogeneity") && (state->no_bound || !bound)) ||
           (est_i_is_method(state, "sample-coverage") && *row->model);
}

bool est_i_row_has_no_fit(const est_i_suppressor *state, const est_row *row)
{
    bool none = (row->n_domain == 0 && est_i_no_whole(state)) || is_side_by_side(state, row);
    for (size_t i = 0; i < state->n_fits && !none; i++)
        none = est_i_row_involves(row, state->fits[i]);
    return none && est_i_meaning_of(row->estimand) != EST_I_MEANS_COUNT;
}

bool est_i_cell_has_no_fit(const est_i_suppressor *state, const est_frame *frame, size_t row, size_t column)
{
    est_i_meaning means = est_i_meaning_of(frame->columns[column]);
    bool fit = frame->roles[column] == EST_ROLE_ESTIMATE, given = strcmp(frame->name, "dependence") == 0, none = false;
    fit = fit || (frame->roles[column] == EST_ROLE_PLAIN && !given &&
                  (means == EST_I_MEANS_RELATIVE || means == EST_I_MEANS_COVERAGE || means == EST_I_MEANS_RATE));
    for (size_t i = 0; i < state->n_fits && fit && !none; i++)
        none = est_i_cell_involves(state, frame, row, column, state->fits[i]);
    return none;
}

bool est_i_point_has_no_fit(const est_i_suppressor *state, const est_chart *chart, size_t series, size_t category)
{
    bool none = false;
    for (size_t i = 0; i < state->n_fits && !none; i++)
        none = est_i_point_involves(state, chart, series, category, state->fits[i]);
    return none && chart->series[series].role != EST_ROLE_COUNT;
}

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
    bool found = false;
    for (size_t i = 0; i < count && !found; i++)
        found = strcmp(name, names[i]) == 0;
    return found;
}

/* Which frames have no number that could be shown: with the estimates of everybody, or of a stratum, all frames about fits; and
 * always those that say which lists share nobody, by name or by which models have no estimate. */
bool est_i_frame_has_no_fit(const est_i_suppressor *state, const est_frame *frame)
{
    static const char *const fits[] = {"coefficients", "limit", "goodness_of_fit", "models", "gates"};
    static const char *const zeros[] = {"empty_overlaps", "models_without_part"};
    static const char *const several[][2] = {{"heterogeneity", "models"},      {"sample-coverage", "estimators"},
                                             {"sample-coverage", "covariation"}, {"linkage", "pairs"}, {"linkage", "simulation"},
                                             {"decomposable", "graphs"}, {"decomposable", "posterior"},
                                             {"decomposable", "prior_sensitivity"}};
    bool none = is_one_of(frame->name, zeros, 2), estimates = false;
    bool all = est_i_no_whole(state) || (est_i_is_method(state, "mse") && state->n_fits > 0);
    for (size_t i = 0; i < sizeof several / sizeof several[0] && !none; i++)
        none = est_i_is_method(state, several[i][0]) && strcmp(frame->name, several[i][1]) == 0;
    for (size_t j = 0; j < frame->n_columns; j++)
        estimates = estimates || frame->roles[j] == EST_ROLE_ESTIMATE;
    return none || (all && (estimates || is_one_of(frame->name, fits, sizeof fits / sizeof fits[0])));
}

bool est_i_chart_has_no_fit(const est_i_suppressor *state, const est_chart *chart)
{
    bool counts = false;
    for (size_t s = 0; s < chart->n_series; s++)
        counts = counts || chart->series[s].role == EST_ROLE_COUNT;
    return !counts && (est_i_no_whole(state) || est_i_is_method(state, "heterogeneity") || est_i_is_method(state, "linkage") ||
                       est_i_is_method(state, "decomposable") ||
                       (est_i_is_method(state, "mse") && state->n_fits > 0));
}
