/* Taking the withheld values out, and rounding what is left. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/suppress_parts.h"
#include "core/text.h"

#define DIGITS_LINKED 2
#define DIGITS_OTHERS 3

static void hide(est_i_suppressor *state, double *value)
{
    if (!isnan(*value))
        state->withheld++;
    *value = NAN;
}

/* Rounded or round before: that it was would be one digit more. */
static void set_rounded(est_i_suppressor *state, double *value, double rounded)
{
    state->rounded++;
    *value = rounded;
}

/* The power of ten of the last of `digits` significant digits. */
static double digit_step(double value, int digits)
{
    return pow(10, floor(log10(fabs(value))) - (digits - 1));
}

/* Below one the step is no exact double, but its inverse is. */
static double round_to(double value, double step)
{
    return step < 1 ? round(value * round(1 / step)) / round(1 / step) : round(value / step) * step;
}

/* People: a multiple of the base, and about `digits` digits. */
static void round_people(est_i_suppressor *state, double *value, int digits)
{
    if (isfinite(*value) && *value != 0) {
        double step = state->base * ceil(digit_step(*value, digits) / state->base);
        set_rounded(state, value, round_to(*value, step));
    }
}

/* People detected, to the base. */
static void round_count(est_i_suppressor *state, double *value)
{
    if (isfinite(*value) && *value != 0) {
        set_rounded(state, value, round_to(*value, state->base));
        if (*value == 0)
            hide(state, value);
    }
}

/* People estimated, to the base and so many digits, and not below the n they stand on, as that is rounded; 0
 * would say that hardly anybody is there. */
static void publish_people(est_i_suppressor *state, double *value, int digits, double n)
{
    double least = round_to(n, state->base);
    bool above = *value >= n - state->base / 2;
    round_people(state, value, digits);
    if (above && *value < least)
        *value = least;
    if (*value == 0)
        hide(state, value);
}

/* A count over a number that anybody can look up is the count: it follows the rounded one. Ten digits, for the last ones of a quotient
 * would tell what was divided. */
static void publish_count_rate(est_i_suppressor *state, double *rate, double n)
{
    double rounded = n;
    round_count(state, &rounded);
    if (!(rounded > 0))
        hide(state, rate);
    else if (*rate > 0 && isfinite(*rate))
        set_rounded(state, rate, round_to(*rate * (rounded / n), digit_step(*rate * (rounded / n), 10)));
}

static bool is_in(const char *name, const char *const *names, size_t count)
{
    bool found = false;
    for (size_t i = 0; i < count && !found; i++)
        found = strcmp(name, names[i]) == 0;
    return found;
}

/* Measures of fit, and what else is a function of the exact table: with n and the list totals they leave one table only. Which
 * models or replicates have no estimate hangs on who shares nobody; a share exp(-m) of them gives an overlap m. */
static bool measures_fit(const char *name)
{
    static const char *const names[] = {"loglik", "deviance", "pearson", "p_value", "aic", "aicc", "bic", "multinomial_mle",
                                        "bca_bias", "bca_acceleration", "averaged_models", "effective_models",
                                        "heaviest_weight", "models_without_estimate", "models_on_the_boundary", "models_fitted",
                                        "replicates_without_estimate", "sample_coverage", "seen_without_one_list",
                                        "sensitivity_ratio_that_explains", "posterior_mean", "posterior_sd", "mass_near_most",
                                        "complete_graph", "median_without_complete"};
    return is_in(name, names, sizeof names / sizeof names[0]);
}

/* Frames about models hold fits to the last digit; their sizes are known from the terms alone. Two kinds of residuals
 * give the count they stand on, and Lincoln-Petersen with two list totals gives the overlap. */
static bool gives_fits(const est_frame *frame, size_t column)
{
    static const char *const frames[] = {"coefficients", "models", "models_without_part", "goodness_of_fit", "pair_dependence",
                                         "replicates_without_estimate"};
    static const char *const residuals[] = {"pearson", "deviance", "adjusted"};
    static const char *const sizes[] = {"n_parameters", "df"};
    const char *name = frame->columns[column];
    return (is_in(frame->name, frames, sizeof frames / sizeof frames[0]) && !is_in(name, sizes, sizeof sizes / sizeof sizes[0])) ||
           is_in(name, residuals, sizeof residuals / sizeof residuals[0]);
}

/* A ratio to a count that is withheld in its row gives it back. */
static bool is_ratio_to_withheld(const est_i_suppressor *state, const est_frame *frame, size_t row, size_t column, size_t index)
{
    bool withheld = false;
    for (size_t j = 0; j < frame->n_columns && !withheld; j++)
        withheld = frame->roles[j] == EST_ROLE_COUNT && state->cells[index][row * frame->n_columns + j];
    return withheld && est_i_meaning_of(frame->columns[column]) == EST_I_MEANS_RELATIVE;
}

/* N and U are whole people; their ratios, rates and shares are not. */
static bool is_fraction(est_i_meaning means)
{
    return means == EST_I_MEANS_RATE || means == EST_I_MEANS_COUNT_RATE || means == EST_I_MEANS_RELATIVE ||
           means == EST_I_MEANS_COVERAGE;
}

static bool gives_back(est_i_meaning means)
{
    return means == EST_I_MEANS_UNOBSERVED || means == EST_I_MEANS_COVERAGE || means == EST_I_MEANS_RATE ||
           means == EST_I_MEANS_COUNT_RATE;
}

/* Anything else: so many digits, but whole numbers, halves and labels such as 2012.5 stay. */
static void round_digits(est_i_suppressor *state, double *value, int digits)
{
    if (isfinite(*value) && *value != 0 && fabs(*value) > 1e-300) {
        double step = digit_step(*value, digits);
        set_rounded(state, value, round_to(*value, step < 0.5 ? step : 0.5));
    }
}

/* A rate is N over a number that anybody can look up: to two digits, where N has them. */
static int rate_digits(const est_i_suppressor *state, const est_row *rate)
{
    int digits = DIGITS_LINKED;
    for (size_t i = 0; i < state->result->n_rows; i++) {
        const est_row *row = &state->result->rows[i];
        bool behind = est_i_meaning_of(row->estimand) == EST_I_MEANS_PEOPLE &&
                      strcmp(row->model, rate->model) == 0 && est_i_domains_agree(row, rate);
        if (behind && !(fmin(row->lower, row->estimate) >= 10 * state->base))
            digits = 1;
    }
    return digits;
}

static void publish_number_of_row(est_i_suppressor *state, est_i_meaning means, double *number, double n,
                                  int digits)
{
    if (means == EST_I_MEANS_COUNT)
        round_count(state, number);
    else if (means == EST_I_MEANS_COUNT_RATE)
        publish_count_rate(state, number, n);
    else if (means == EST_I_MEANS_PEOPLE)
        publish_people(state, number, digits, n);
    else if (means == EST_I_MEANS_UNOBSERVED)
        publish_people(state, number, digits, NAN);
    else
        round_digits(state, number, digits);
}

/* Nothing is left but n: not even whether there is an estimate, or which limits it has. */
static void withhold_row(est_i_suppressor *state, est_row *row)
{
    const uint32_t kept = EST_FLAG_BIT(EST_FLAG_FEW_LISTS) | EST_FLAG_BIT(EST_FLAG_TRUNCATED) | EST_FLAG_BIT(EST_FLAG_SYNTHETIC) |
                          EST_FLAG_BIT(EST_FLAG_NOT_ANNUAL);
    row->estimate = row->se = row->lower = row->upper = row->level = row->df = NAN;
    row->interval = "none";
    row->flags = (row->flags & kept) | EST_FLAG_BIT(EST_FLAG_SUPPRESSED);
    state->withheld++;
}

static void publish_n(est_i_suppressor *state, size_t index)
{
    est_row *row = &state->result->rows[index];
    if (state->ns[index])
        hide(state, &row->n);
    else
        round_count(state, &row->n);
}

static void publish_row(est_i_suppressor *state, size_t index)
{
    est_row *row = &state->result->rows[index];
    bool linked = est_i_row_is_linked(state, row), interval;
    est_i_meaning means = est_i_meaning_of(row->estimand);
    double *numbers[] = {&row->estimate, &row->lower, &row->upper, &row->se};
    double n = state->ns[index] ? NAN : row->n;
    bool withhold = means == EST_I_MEANS_COUNT
                        ? state->counts[index]
                        : linked && means != EST_I_MEANS_PEOPLE && means != EST_I_MEANS_RELATIVE;
    size_t withheld = state->withheld, rounded = state->rounded;
    bool few = est_i_is_method(state, "heterogeneity"); /* Chao's bound is a function of two frequencies */
    int digits = linked || few || means == EST_I_MEANS_COVERAGE ? DIGITS_LINKED : DIGITS_OTHERS;
    if (means == EST_I_MEANS_RATE)
        digits = rate_digits(state, row);
    interval = !isnan(row->lower) && !isnan(row->upper);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (!withhold)
            publish_number_of_row(state, means, numbers[i], i < 3 ? n : NAN, digits);
        withhold = withhold || (i == 0 && isnan(row->estimate) && state->withheld != withheld);
        if (withhold)
            hide(state, numbers[i]);
    }
    if (interval && isnan(row->lower))
        hide(state, &row->upper);
    publish_n(state, index);
    row->flags &= ~EST_FLAG_BIT(EST_FLAG_BOUNDARY); /* some count is zero, as the named model says */
    if (state->withheld != withheld)
        row->flags |= EST_FLAG_BIT(EST_FLAG_SUPPRESSED);
    if (state->rounded != rounded)
        row->flags |= EST_FLAG_BIT(EST_FLAG_ROUNDED);
}

/* Sizes and settings, known without the table. */
static bool is_known(const char *name)
{
    static const char *const names[] = {"lists", "strata", "periods", "occasions", "n_parameters", "df", "max_order",
                                        "models_considered", "limit"};
    return is_in(name, names, sizeof names / sizeof names[0]);
}

static void publish_stat(est_i_suppressor *state, size_t index)
{
    est_stat *stat = &state->result->stats[index];
    bool linked = est_i_everything_is_linked(state);
    bool no_fit = est_i_no_whole(state) && !stat->is_count && !is_known(stat->name);
    est_i_meaning means = est_i_meaning_of(stat->name);
    if (state->stats[index] || (linked && gives_back(means)) || measures_fit(stat->name) || no_fit)
        hide(state, &stat->value);
    else if (stat->is_count)
        round_count(state, &stat->value);
    else if (means == EST_I_MEANS_PEOPLE || means == EST_I_MEANS_UNOBSERVED)
        publish_people(state, &stat->value, linked ? DIGITS_LINKED : DIGITS_OTHERS, NAN);
    else
        round_digits(state, &stat->value, linked || is_fraction(means) ? DIGITS_LINKED : DIGITS_OTHERS);
}

static size_t number_length(const char *at)
{
    size_t length = strspn(at, "0123456789.,");
    while (length > 0 && (at[length - 1] == '.' || at[length - 1] == ','))
        length--;
    return length;
}

static bool speaks_of_people(const char *after)
{
    static const char *const nouns[] = {" person", " people", " case", " victim", " record"};
    bool found = false;
    for (size_t i = 0; i < sizeof nouns / sizeof nouns[0] && !found; i++)
        found = strncmp(after, nouns[i], strlen(nouns[i])) == 0;
    return found;
}

/* A label of digits alone could be a count as well. It counts as a label where it has four of them, as a year, or begins the text,
 * and no people follow. */
static bool is_surely_label(const char *text, const char *at, size_t size)
{
    bool digits = strspn(at, "0123456789.") >= size;
    return !digits || ((size == 4 || at == text) && !speaks_of_people(at + size));
}

/* Length of a label at this place: the joined name of a domain, or a value of one that is withheld; 0 = none. */
static size_t label_length(const est_i_suppressor *state, const char *text, const char *at)
{
    size_t length = est_i_joined_name_length(state, text, at);
    if (speaks_of_people(at + length))
        length = 0;
    for (size_t i = 0; i < state->n_domains; i++) {
        for (size_t j = 0; j < state->domains[i]->n_domain; j++) {
            const char *value = state->domains[i]->domain[j].value;
            size_t size = strlen(value);
            bool here = size && strncmp(at, value, size) == 0 &&
                        (at == text || !est_i_is_word_byte(at[-1])) && !est_i_is_word_byte(at[size]);
            if (here && size > length && is_surely_label(text, at, size))
                length = size;
        }
    }
    return length;
}

/* A whole number in a text, "46,331" or "157"; NaN for any other. Its digits. */
static size_t whole_number(const char *at, size_t length, double *value)
{
    char plain[16];
    size_t n = 0;
    *value = NAN;
    for (size_t i = 0; i < length && n < sizeof plain; i++)
        if (at[i] != ',')
            plain[n++] = at[i];
    if (n == sizeof plain || memchr(at, '.', length) || !est_i_number_parse(plain, n, value))
        *value = NAN;
    return n;
}

/* What a number in a text becomes: nothing special (0), "*" or rounded as it is in the rows. Its length.
 * Populations are told from years by a comma or by having three digits. */
static size_t publish_number(est_i_suppressor *state, const char *at, size_t length, bool linked,
                             bool population, char out[64])
{
    double value;
    size_t digits = whole_number(at, length, &value), withheld = state->withheld, printed = 0;
    bool people = !isnan(value) && speaks_of_people(at + length);
    bool grouped = memchr(at, ',', length) != NULL;
    if (linked || (people && est_i_is_small(state, value)))
        state->withheld++;
    else if (people && state->any)
        round_count(state, &value);
    else if (population && !isnan(value) && (grouped || digits == 3))
        publish_people(state, &value, DIGITS_OTHERS, NAN);
    else
        return 0;
    if (state->withheld != withheld) {
        strcpy(out, EST_I_WITHHELD);
        printed = strlen(out);
    } else {
        printed = est_i_number_print_grouped(value, 0, grouped ? "," : "", out, 64);
    }
    return printed;
}

/* The name of a domain stays. A text that names a withheld domain keeps the name and loses its numbers ("M3" is a
 * name); any text loses a small number of people, and populations are rounded where the rows are. */
const char *est_i_suppress_text(est_i_suppressor *state, const char *text, bool all_numbers)
{
    est_i_text out = {NULL, 0, 0, false};
    const char *kept = text;
    bool linked = all_numbers, changed = false, population = state->any && strstr(text, "population");
    size_t named = 0;
    est_i_domains_named(state, text, &named);
    if (named || !strpbrk(text, "0123456789"))
        return text;
    for (size_t i = 0; i < state->n_domains && !linked; i++)
        linked = state->domains[i]->n_domain > 0 && est_i_text_involves(state, text, state->domains[i]);
    for (const char *at = text; *at;) {
        char number[64];
        size_t label = label_length(state, text, at);
        size_t digits = label || (at > text && est_i_is_word_byte(at[-1])) ? 0 : number_length(at);
        size_t length = label + digits ? label + digits : 1;
        size_t printed = digits ? publish_number(state, at, digits, linked, population, number) : 0;
        est_i_text_append_bytes(&out, printed ? number : at, printed ? printed : length);
        at += length;
        changed = changed || printed;
    }
    if (changed)
        kept = out.failed ? NULL : est_i_result_text(state->result, out.data);
    state->failed = state->failed || !kept || out.failed;
    est_i_text_free(&out);
    return kept ? kept : "";
}

/* A pair without overlap has no Lincoln-Petersen value: that it has none is withheld as well. */
static bool hides_undefined(const est_i_suppressor *state, const est_frame *frame, size_t index, size_t frame_index)
{
    return state->cells[frame_index][index] || strcmp(frame->name, "pair_dependence") == 0 ||
           est_i_cell_has_no_fit(state, frame, index / frame->n_columns, index % frame->n_columns);
}

/* Are the numbers of the row withheld that are no counts? */
static bool row_has_no_fit(const est_i_suppressor *state, const est_frame *frame, size_t row, size_t frame_index)
{
    bool none = false;
    for (size_t j = 0; j < frame->n_columns && !none; j++)
        none = frame->roles[j] == EST_ROLE_ESTIMATE && (state->cells[frame_index][row * frame->n_columns + j] ||
                                                        est_i_cell_has_no_fit(state, frame, row, j));
    return none;
}

/* What a table of diagnostics concludes: not where the estimate is withheld, not why none exists, not that lists share nobody. */
static const char *publish_conclusion(est_i_suppressor *state, const est_frame *frame, size_t index, size_t frame_index)
{
    static const char *const chosen[] = {"model", "interval", "status"};
    static const char none[] = "not estimable", gate[] = "each list shares persons with another";
    size_t row = index / frame->n_columns, column = index % frame->n_columns;
    const char *text = frame->cells[index].text;
    bool result = strcmp(frame->columns[column], "result") == 0, no_fit = row_has_no_fit(state, frame, row, frame_index);
    bool gates = strcmp(frame->name, "gates") == 0, shares = false;
    for (size_t j = 0; j < column && gates; j++)
        shares = shares || (frame->cells[row * frame->n_columns + j].text &&
                            strcmp(frame->cells[row * frame->n_columns + j].text, gate) == 0);
    if (no_fit && is_in(frame->columns[column], chosen, sizeof chosen / sizeof chosen[0]))
        text = EST_I_WITHHELD;
    else if (result && (shares || no_fit))
        text = "withheld: a small overlap could be read from it";
    else if (result && strncmp(text, none, strlen(none)) == 0)
        text = none;
    else if (strcmp(frame->name, "pair_dependence") == 0 && strcmp(text, "no other list can tell") == 0)
        text = "not strong";
    return est_i_suppress_text(state, text, false);
}

/* The checks of linked records count records: small numbers, and none, are one thing. */
static void publish_check(est_i_suppressor *state, est_cell *cell)
{
    static const char *const small[] = {"none", "1 to 9"};
    char digits[32], text[64] = "fewer than ";
    if (!cell->text && !est_i_is_small(state, cell->number)) {
        round_count(state, &cell->number);
    } else if (!cell->text || is_in(cell->text, small, 2)) {
        est_i_number_print(state->threshold > 10 || !cell->text ? state->threshold : 10, digits);
        strcat(text, digits);
        cell->text = est_i_result_text(state->result, text);
        state->failed = state->failed || !cell->text;
        state->withheld++;
    }
}

static void publish_cell(est_i_suppressor *state, const est_frame *frame, size_t index, size_t frame_index)
{
    size_t row = index / frame->n_columns, column = index % frame->n_columns;
    est_column_role role = frame->roles[column];
    est_cell *cell = (est_cell *)&frame->cells[index]; /* the copy's own memory */
    bool linked = est_i_cell_is_linked(state, frame, row, column), defined = !isnan(cell->number);
    est_i_meaning means = est_i_meaning_of(frame->columns[column]);
    int digits = linked || means == EST_I_MEANS_COVERAGE ? DIGITS_LINKED : DIGITS_OTHERS;
    if (strcmp(frame->name, "checks") == 0 && column == 1)
        publish_check(state, cell);
    else if (cell->text)
        cell->text = publish_conclusion(state, frame, index, frame_index);
    else if (state->cells[frame_index][index] || gives_fits(frame, column) || est_i_cell_has_no_fit(state, frame, row, column) ||
             (role != EST_ROLE_COUNT && linked && gives_back(means)) ||
             is_ratio_to_withheld(state, frame, row, column, frame_index))
        hide(state, &cell->number);
    else if (role == EST_ROLE_COUNT)
        round_count(state, &cell->number);
    else if (role == EST_ROLE_ESTIMATE && !is_fraction(means))
        publish_people(state, &cell->number, digits, NAN);
    else
        round_digits(state, &cell->number, digits);
    if (!cell->text && (defined || hides_undefined(state, frame, index, frame_index)) && isnan(cell->number)) {
        cell->text = est_i_result_text(state->result, EST_I_WITHHELD);
        state->failed = state->failed || !cell->text;
    }
}

/* Tables of multiples of an estimate, worked out from what is published: rounded one by one they would say it more exactly. */

static est_cell *cell_in(const est_frame *frame, size_t row, const char *column)
{
    est_cell *found = NULL;
    for (size_t j = 0; j < frame->n_columns && !found; j++)
        if (strcmp(frame->columns[j], column) == 0)
            found = (est_cell *)&frame->cells[row * frame->n_columns + j]; /* the copy's own memory */
    return found;
}

static void hide_cell(est_i_suppressor *state, est_cell *cell)
{
    if (!cell->text) {
        hide(state, &cell->number);
        cell->text = est_i_result_text(state->result, EST_I_WITHHELD);
        state->failed = state->failed || !cell->text;
    }
}

/* N(theta) = n + theta (N - n). */
static void publish_multiples(est_i_suppressor *state, const est_frame *frame, const char *column)
{
    double n = est_i_all_observed(state->result), once = NAN;
    for (size_t i = 0; i < frame->n_rows; i++)
        if (est_i_number_in(frame, i, "theta") == 1)
            once = est_i_number_in(frame, i, column);
    for (size_t i = 0; i < frame->n_rows; i++) {
        est_cell *cell = cell_in(frame, i, column);
        if (cell && !cell->text && isnan(once - n))
            hide_cell(state, cell);
        else if (cell && !cell->text)
            cell->number = round_to(n + est_i_number_in(frame, i, "theta") * (once - n), state->base);
    }
}

/* N(a, b) = ratio N, with the ratio to a hundredth. The limits stay where nothing is corrected. */
static void publish_corrections(est_i_suppressor *state, const est_frame *frame)
{
    double once = NAN;
    for (size_t i = 0; i < frame->n_rows; i++) {
        est_cell *population = cell_in(frame, i, "population"), *ratio = cell_in(frame, i, "ratio"),
                 *lower = cell_in(frame, i, "population_lower"), *upper = cell_in(frame, i, "population_upper"),
                 *status = cell_in(frame, i, "status");
        if (!population || !ratio || !lower || !upper || !status || population->text)
            continue;
        if (status->text && strcmp(status->text, "as linked") == 0) {
            once = population->number;
            continue;
        }
        ratio->number = round_to(ratio->number, 0.01);
        population->number = round_to(ratio->number * once, state->base);
        hide_cell(state, lower);
        hide_cell(state, upper);
    }
}

static void publish_multiples_of(est_i_suppressor *state, const est_frame *frame)
{
    if (strcmp(frame->name, "dependence_sensitivity") == 0)
        for (size_t j = 0; j < frame->n_columns; j++)
            if (frame->roles[j] == EST_ROLE_ESTIMATE)
                publish_multiples(state, frame, frame->columns[j]);
    if (est_i_is_method(state, "linkage") && strcmp(frame->name, "sensitivity") == 0)
        publish_corrections(state, frame);
    for (size_t i = 0; i < frame->n_rows && strcmp(frame->name, "dependence_tipping") == 0; i++) {
        est_cell *theta = cell_in(frame, i, "theta");
        if (theta && !theta->text)
            round_digits(state, &theta->number, DIGITS_LINKED);
    }
}

/* n under the points of a category; where the chart has none, a forest stands on everybody; else NaN. */
static double charted_n(const est_i_suppressor *state, const est_chart *chart, size_t category)
{
    double n = chart->kind == EST_CHART_FOREST ? est_i_all_observed(state->result) : NAN;
    for (size_t s = 0; s < chart->n_series; s++)
        if (chart->series[s].role == EST_ROLE_COUNT && strcmp(chart->series[s].name, "observed") == 0)
            n = chart->series[s].value[category];
    return n;
}

static bool charts_people(const est_chart *chart, const est_series *series)
{
    return series->role == EST_ROLE_ESTIMATE && !is_fraction(est_i_meaning_of(series->name)) &&
           !is_fraction(est_i_meaning_of(chart->name));
}

/* A point that is about a row shows what is published of it. */
static void publish_point_of_row(est_i_suppressor *state, const est_series *series, size_t category, const est_row *row)
{
    const double *numbers[] = {series->value, series->lower, series->upper};
    const double published[] = {row->estimate, row->lower, row->upper};
    for (size_t i = 0; i < 3; i++) {
        double *number = (double *)&numbers[i][category]; /* the copy's own memory */
        if (isnan(published[i]))
            hide(state, number);
        else
            set_rounded(state, number, published[i]);
    }
}

static void publish_point(est_i_suppressor *state, const est_chart *chart, size_t index, bool hidden)
{
    size_t s = index / chart->n_categories, c = index % chart->n_categories;
    const est_series *series = &chart->series[s];
    if (chart->about && chart->about[index] < state->result->n_rows) {
        publish_point_of_row(state, series, c, &state->result->rows[chart->about[index]]);
        return;
    }
    bool people = charts_people(chart, series), linked = est_i_point_is_linked(state, chart, s, c);
    const double *numbers[] = {series->value, series->lower, series->upper};
    int digits = linked ? DIGITS_LINKED : DIGITS_OTHERS;
    double n = charted_n(state, chart, c);
    hidden = hidden || est_i_point_has_no_fit(state, chart, s, c) || (linked && series->role != EST_ROLE_COUNT &&
                        (gives_back(est_i_meaning_of(series->name)) || gives_back(est_i_meaning_of(chart->name))));
    bool interval = !isnan(series->lower[c]) && !isnan(series->upper[c]);
    bool limits_alone = chart->kind == EST_CHART_FOREST && isnan(series->value[c]); /* as rows may have them */
    for (size_t i = 0; i < 3; i++) {
        double *number = (double *)&numbers[i][c]; /* the copy's own memory */
        bool defined = !isnan(series->value[c]) || i == 0 || limits_alone;
        if (hidden || !defined)
            hide(state, number);
        else if (series->role == EST_ROLE_COUNT)
            round_count(state, number);
        else if (people)
            publish_people(state, number, digits, n);
        else
            round_digits(state, number, digits);
    }
    if (interval && isnan(series->lower[c]))
        hide(state, (double *)&series->upper[c]);
}

/* The published total of a list in the frame "lists"; NaN if it is withheld there or is not the only count of the list. */
static double published_total(const est_result *result, const char *set)
{
    const est_frame *lists = est_result_frame_find(result, "lists");
    double total = NAN;
    size_t n_counts = 0;
    for (size_t j = 0; lists && j < lists->n_columns; j++)
        n_counts += lists->roles[j] == EST_ROLE_COUNT;
    for (size_t i = 0; n_counts == 1 && i < lists->n_rows; i++) {
        const est_cell *row = &lists->cells[i * lists->n_columns];
        for (size_t j = 1; j < lists->n_columns && row->text && strcmp(row->text, set) == 0; j++)
            if (lists->roles[j] == EST_ROLE_COUNT && !row[j].text)
                total = row[j].number;
    }
    return total;
}

/* As soon as anything is withheld, no combination is shown, not even which there are and in which order: a combination that is
 * missing holds nobody. A set's total is what the frame "lists" says, or nothing. */
static void publish_upset(est_i_suppressor *state, est_chart *chart)
{
    for (size_t s = 0; s < chart->n_series; s++)
        for (size_t c = 0; c < chart->n_categories; c++)
            hide(state, (double *)&chart->series[s].value[c]); /* the copy's own memory */
    chart->n_categories = 0;
    for (size_t i = 0; i < chart->n_sets; i++) {
        double *total = (double *)&chart->set_totals[i];
        round_count(state, total);
        if (!(*total == published_total(state->result, chart->sets[i])))
            hide(state, total);
    }
}

/* A line through an estimate is one; with everybody linked it may be n. */
static void publish_reference(est_i_suppressor *state, est_chart *chart)
{
    if (est_i_everything_is_linked(state))
        hide(state, &chart->reference);
    else if (chart->n_series && charts_people(chart, &chart->series[0]))
        publish_people(state, &chart->reference, DIGITS_OTHERS, est_i_all_observed(state->result));
    else
        round_digits(state, &chart->reference, DIGITS_OTHERS);
}

/* The chart in words would quote every number. */
static const char *chart_in_words(est_i_suppressor *state, const est_chart *chart)
{
    est_i_text words = {NULL, 0, 0, false};
    const char *kept = NULL;
    est_i_text_append(&words, chart->title);
    est_i_text_append(&words, chart->kind == EST_CHART_UPSET
                                  ? ". How many are in each combination is withheld: a small count could be read from it."
                                  : ". Small counts are withheld and estimates rounded.");
    if (!words.failed)
        kept = est_i_result_text(state->result, words.data);
    state->failed = state->failed || !kept;
    est_i_text_free(&words);
    return kept ? kept : "";
}

/* "without GO: not estimable" is said by the missing point, as what is withheld. */
static const char *without_reason(est_i_suppressor *state, const char *name)
{
    const char *reason = strstr(name, ": not estimable"), *kept = name;
    est_i_text text = {NULL, 0, 0, false};
    if (reason) {
        est_i_text_append_bytes(&text, name, (size_t)(reason - name));
        kept = text.failed ? NULL : est_i_result_text(state->result, text.data ? text.data : "");
    }
    state->failed = state->failed || !kept;
    est_i_text_free(&text);
    return kept ? kept : "";
}

static void publish_chart(est_i_suppressor *state, size_t index)
{
    est_chart *chart = &state->result->charts[index];
    size_t n = chart->kind == EST_CHART_UPSET ? 0 : chart->n_series * chart->n_categories;
    if (chart->kind == EST_CHART_UPSET)
        publish_upset(state, chart);
    for (size_t i = 0; i < n; i++)
        publish_point(state, chart, i, state->points[index][i]);
    if (chart->kind == EST_CHART_FOREST) {
        const char **names = (const char **)chart->categories; /* the copy's own memory */
        for (size_t i = 0; i < chart->n_categories; i++)
            names[i] = without_reason(state, est_i_suppress_text(state, names[i], false));
        publish_reference(state, chart);
    }
    chart->alternative = chart_in_words(state, chart);
    chart->subtitle = est_i_suppress_text(state, chart->subtitle, est_i_everything_is_linked(state));
}

static int compare_rows(const est_frame *frame, size_t left, size_t right)
{
    int order = 0;
    for (size_t j = 0; j < frame->n_columns && order == 0; j++) {
        const char *a = frame->cells[left * frame->n_columns + j].text, *b = frame->cells[right * frame->n_columns + j].text;
        if (frame->roles[j] == EST_ROLE_PLAIN && a && b && strcmp(a, EST_I_WITHHELD) != 0)
            order = strcmp(a, b);
    }
    return order;
}

/* The last number of captures that somebody has: the small ones at the end go without a star. */
static void publish_frequencies(est_i_suppressor *state, size_t index)
{
    est_frame *frame = &state->result->frames[index];
    const char *title = est_i_result_text(state->result, "Persons by number of captures; small numbers at the end are left out");
    size_t persons = frame->n_columns - 1;
    state->failed = state->failed || !title;
    frame->title = title ? title : "";
    while (frame->n_rows > 0 && state->cells[index][(frame->n_rows - 1) * frame->n_columns + persons])
        frame->n_rows--;
}

/* The order of the residuals says what they are: by name instead. */
static void publish_order(est_i_suppressor *state, est_frame *frame)
{
    const char *title = est_i_result_text(state->result, "Capture histories: persons and fitted counts");
    est_cell *cells = (est_cell *)frame->cells; /* the copy's own memory */
    state->failed = state->failed || !title;
    frame->title = title ? title : "";
    for (size_t i = 1; i < frame->n_rows; i++)
        for (size_t k = i; k > 0 && compare_rows(frame, k - 1, k) > 0; k--)
            for (size_t j = 0; j < frame->n_columns; j++) {
                est_cell spare = cells[k * frame->n_columns + j];
                cells[k * frame->n_columns + j] = cells[(k - 1) * frame->n_columns + j];
                cells[(k - 1) * frame->n_columns + j] = spare;
            }
}

static void publish_frame(est_i_suppressor *state, size_t index)
{
    est_frame *frame = &state->result->frames[index];
    for (size_t i = 0; i < frame->n_rows * frame->n_columns; i++)
        publish_cell(state, frame, i, index);
    publish_multiples_of(state, frame);
    if (strcmp(frame->name, "capture_frequencies") == 0 && frame->n_columns > 1)
        publish_frequencies(state, index);
    if (est_i_is_method(state, "mse") && strcmp(frame->name, "residuals") == 0)
        publish_order(state, frame);
    /* The order of the models says as much as their criteria: the first is the one that answers. */
    if (est_i_is_method(state, "mse") && strcmp(frame->name, "models") == 0 && frame->n_rows > 1) {
        frame->n_rows = 1;
        state->withheld++;
    }
}

void est_i_suppress_leave_out(est_i_suppressor *state)
{
    est_result *result = state->result;
    size_t frames = 0, charts = 0;
    for (size_t i = 0; i < result->n_frames; i++)
        if (!est_i_frame_has_no_fit(state, &result->frames[i]))
            result->frames[frames++] = result->frames[i];
    for (size_t i = 0; i < result->n_charts; i++)
        if (!est_i_chart_has_no_fit(state, &result->charts[i]))
            result->charts[charts++] = result->charts[i];
    state->withheld += result->n_frames - frames + result->n_charts - charts;
    result->n_frames = frames;
    result->n_charts = charts;
}

void est_i_suppress_publish(est_i_suppressor *state)
{
    est_result *result = state->result;
    for (size_t i = 0; i < result->n_rows; i++)
        if (est_i_row_has_no_fit(state, &result->rows[i])) {
            withhold_row(state, &result->rows[i]);
            publish_n(state, i);
        } else {
            publish_row(state, i);
        }
    for (size_t i = 0; i < result->n_stats; i++) {
        publish_stat(state, i);
        if (result->stats[i].text)
            result->stats[i].text = est_i_suppress_text(state, result->stats[i].text, false);
    }
    for (size_t i = 0; i < result->n_frames; i++)
        publish_frame(state, i);
    for (size_t i = 0; i < result->n_charts; i++)
        publish_chart(state, i);
}
