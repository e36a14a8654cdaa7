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

static void set_rounded(est_i_suppressor *state, double *value, double rounded)
{
    if (rounded != *value)
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

static bool is_in(const char *name, const char *const *names, size_t count)
{
    bool found = false;
    for (size_t i = 0; i < count && !found; i++)
        found = strcmp(name, names[i]) == 0;
    return found;
}

/* Measures of fit: with n and the list totals they leave one table only. */
static bool measures_fit(const char *name)
{
    static const char *const names[] = {"loglik", "deviance", "pearson", "p_value", "aic", "aicc", "bic", "multinomial_mle"};
    return is_in(name, names, sizeof names / sizeof names[0]);
}

/* Frames about models hold fits to the last digit; their sizes are known from the terms alone. Two kinds of residuals
 * give the count they stand on, and Lincoln-Petersen with two list totals gives the overlap. */
static bool gives_fits(const est_frame *frame, size_t column)
{
    static const char *const frames[] = {"coefficients", "models", "models_without_part", "goodness_of_fit", "pair_dependence"};
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
    return means == EST_I_MEANS_RATE || means == EST_I_MEANS_RELATIVE || means == EST_I_MEANS_COVERAGE;
}

static bool gives_back(est_i_meaning means)
{
    return means == EST_I_MEANS_UNOBSERVED || means == EST_I_MEANS_COVERAGE || means == EST_I_MEANS_RATE;
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
    else if (means == EST_I_MEANS_PEOPLE)
        publish_people(state, number, digits, n);
    else if (means == EST_I_MEANS_UNOBSERVED)
        publish_people(state, number, digits, NAN);
    else
        round_digits(state, number, digits);
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
    int digits = linked || means == EST_I_MEANS_COVERAGE ? DIGITS_LINKED : DIGITS_OTHERS;
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
    if (state->ns[index])
        hide(state, &row->n);
    else
        round_count(state, &row->n);
    if (state->withheld != withheld)
        row->flags |= EST_FLAG_BIT(EST_FLAG_SUPPRESSED);
    if (state->rounded != rounded)
        row->flags |= EST_FLAG_BIT(EST_FLAG_ROUNDED);
}

static void publish_stat(est_i_suppressor *state, size_t index)
{
    est_stat *stat = &state->result->stats[index];
    bool linked = est_i_everything_is_linked(state);
    est_i_meaning means = est_i_meaning_of(stat->name);
    if (state->stats[index] || (linked && gives_back(means)) || measures_fit(stat->name))
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

static void publish_cell(est_i_suppressor *state, const est_frame *frame, size_t index, size_t frame_index)
{
    size_t row = index / frame->n_columns, column = index % frame->n_columns;
    est_column_role role = frame->roles[column];
    est_cell *cell = (est_cell *)&frame->cells[index]; /* the copy's own memory */
    bool linked = est_i_cell_is_linked(state, frame, row, column), defined = !isnan(cell->number);
    est_i_meaning means = est_i_meaning_of(frame->columns[column]);
    int digits = linked ? DIGITS_LINKED : DIGITS_OTHERS;
    if (cell->text)
        cell->text = est_i_suppress_text(state, cell->text, false);
    else if (state->cells[frame_index][index] || gives_fits(frame, column) ||
             (role != EST_ROLE_COUNT && linked && gives_back(means)) ||
             is_ratio_to_withheld(state, frame, row, column, frame_index))
        hide(state, &cell->number);
    else if (role == EST_ROLE_COUNT)
        round_count(state, &cell->number);
    else if (role == EST_ROLE_ESTIMATE && !is_fraction(means))
        publish_people(state, &cell->number, digits, NAN);
    else
        round_digits(state, &cell->number, digits);
    if (!cell->text && defined && isnan(cell->number)) {
        cell->text = est_i_result_text(state->result, EST_I_WITHHELD);
        state->failed = state->failed || !cell->text;
    }
}

/* Everybody observed, as it is published; NaN if it is not. */
static double all_observed(const est_result *result)
{
    double n = NAN;
    for (size_t i = 0; i < result->n_rows; i++)
        if (strcmp(result->rows[i].estimand, "observed") == 0 && result->rows[i].n_domain == 0)
            n = result->rows[i].estimate;
    return n;
}

/* n under the points of a category; where the chart has none, a forest stands on everybody; else NaN. */
static double charted_n(const est_i_suppressor *state, const est_chart *chart, size_t category)
{
    double n = chart->kind == EST_CHART_FOREST ? all_observed(state->result) : NAN;
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

static void publish_point(est_i_suppressor *state, const est_chart *chart, size_t index, bool hidden)
{
    size_t s = index / chart->n_categories, c = index % chart->n_categories;
    const est_series *series = &chart->series[s];
    bool people = charts_people(chart, series), linked = est_i_point_is_linked(state, chart, s, c);
    const double *numbers[] = {series->value, series->lower, series->upper};
    int digits = linked ? DIGITS_LINKED : DIGITS_OTHERS;
    double n = charted_n(state, chart, c);
    hidden = hidden || (linked && series->role != EST_ROLE_COUNT &&
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
        publish_people(state, &chart->reference, DIGITS_OTHERS, all_observed(state->result));
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
            names[i] = est_i_suppress_text(state, names[i], false);
        publish_reference(state, chart);
    }
    chart->alternative = chart_in_words(state, chart);
    chart->subtitle = est_i_suppress_text(state, chart->subtitle, est_i_everything_is_linked(state));
}

void est_i_suppress_publish(est_i_suppressor *state)
{
    est_result *result = state->result;
    for (size_t i = 0; i < result->n_rows; i++)
        publish_row(state, i);
    for (size_t i = 0; i < result->n_stats; i++) {
        publish_stat(state, i);
        if (result->stats[i].text)
            result->stats[i].text = est_i_suppress_text(state, result->stats[i].text, false);
    }
    for (size_t i = 0; i < result->n_frames; i++)
        for (size_t j = 0; j < result->frames[i].n_rows * result->frames[i].n_columns; j++)
            publish_cell(state, &result->frames[i], j, i);
    for (size_t i = 0; i < result->n_charts; i++)
        publish_chart(state, i);
}
