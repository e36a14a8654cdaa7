#include "mse/heterogeneity_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <est.h>

#include "core/result.h"
#include "core/text.h"
#include "mse/chao.h"
#include "mse/describe.h"
#include "mse/search.h"


typedef struct report {
    const est_i_closed_answer *answer;
    est_i_result_builder *builder;
    est_i_chao bound;
    bool side_by_side;
} report;

static bool has_estimate(const est_i_closed_answer *answer, size_t model)
{
    return answer->fitted[model] && answer->fits[model].state == EST_I_CLOSED_FITTED;
}

/* Models that could be asked of the data, with or without an estimate. */
static bool was_tried(const est_i_closed_answer *answer, size_t model)
{
    return answer->fitted[model] && answer->fits[model].state != EST_I_CLOSED_UNFIT;
}

static est_i_chao find_bound(const est_i_closed_answer *answer)
{
    const est_i_closed_data *data = answer->data;
    double twice = data->n_counts > 1 ? data->frequency[2] : 0, times = data->occasions ? (double)data->occasions : INFINITY;
    est_i_chao_form form = twice > 0 && !answer->options->corrected ? EST_I_CHAO_PLAIN : EST_I_CHAO_CORRECTED;
    return est_i_chao_counts(data->observed, data->frequency[1], twice, times, form, answer->options->level);
}

static uint32_t flags_of_data(const report *r)
{
    uint32_t flags = 0;
    if (r->answer->captures && __builtin_popcount(est_i_lists_that_count(r->answer->captures, 0)) < 3)
        flags |= EST_FLAG_BIT(EST_FLAG_FEW_LISTS);
    if (r->answer->data->observed < 100)
        flags |= EST_FLAG_BIT(EST_FLAG_FEW_DATA);
    if (est_table_is_synthetic(r->answer->table))
        flags |= EST_FLAG_BIT(EST_FLAG_SYNTHETIC);
    return flags;
}

static uint32_t flags_of(const report *r, const est_i_closed_fit *fit)
{
    uint32_t flags = flags_of_data(r);
    if (fit->state != EST_I_CLOSED_FITTED)
        flags |= EST_FLAG_BIT(EST_FLAG_NOT_ESTIMABLE);
    if (isinf(fit->upper))
        flags |= EST_FLAG_BIT(EST_FLAG_UPPER_UNBOUNDED);
    if (fit->empty_lists > 0)
        flags |= EST_FLAG_BIT(EST_FLAG_BOUNDARY);
    if (strcmp(fit->interval, "none") != 0)
        flags |= EST_FLAG_BIT(EST_FLAG_MODEL_KNOWN);
    return flags;
}

static void add_model_rows(report *r, size_t model)
{
    const est_i_closed_fit *fit = &r->answer->fits[model];
    double n = r->answer->data->observed;
    est_row row = est_i_row_empty("population");
    row.model = r->side_by_side ? est_i_closed_models[model].name : "";
    row.n = n;
    row.flags = flags_of(r, fit);
    row.interval = fit->interval;
    row.level = strcmp(fit->interval, "none") == 0 ? NAN : r->answer->options->level;
    row.estimate = n + fit->unseen;
    row.se = fit->se;
    row.lower = fit->lower;
    row.upper = fit->upper;
    row.detail = r->side_by_side; /* pages show the frame and the chart */
    est_i_result_add_row(r->builder, &row);
    if (r->side_by_side)
        return;
    row.estimand = "unobserved";
    row.estimate = fit->unseen;
    row.lower = fit->lower - n;
    row.upper = fit->upper - n;
    est_i_result_add_row(r->builder, &row);
}

static void add_rows(report *r)
{
    double n = r->answer->data->observed;
    for (size_t i = 0; i < EST_I_CLOSED_MODELS; i++)
        if (was_tried(r->answer, i))
            add_model_rows(r, i);
    est_row row = est_i_row_empty("observed");
    row.estimate = row.n = n;
    row.interval = "none";
    row.flags = flags_of_data(r) & EST_FLAG_BIT(EST_FLAG_SYNTHETIC);
    est_i_result_add_row(r->builder, &row);
    row = est_i_row_empty("lower_bound");
    row.n = n;
    row.estimate = r->bound.population;
    row.se = r->bound.se;
    row.lower = r->bound.lower;
    row.upper = r->bound.upper;
    row.interval = isnan(r->bound.lower) ? "none" : "log-normal";
    row.level = isnan(r->bound.lower) ? NAN : r->answer->options->level;
    row.flags = flags_of_data(r);
    est_i_result_add_row(r->builder, &row);
}

static void add_stats(report *r)
{
    const est_i_closed_answer *a = r->answer;
    est_i_result_add_stat(r->builder, "occasions", a->data->occasions ? (double)a->data->occasions : INFINITY, false);
    for (size_t i = 0; i < EST_I_CLOSED_MODELS && !r->side_by_side; i++) {
        const est_i_closed_fit *fit = &a->fits[i];
        if (!a->fitted[i])
            continue;
        est_i_result_add_stat_text(r->builder, "model", est_i_closed_models[i].name);
        est_i_result_add_stat(r->builder, "n_parameters", fit->n_parameters, false);
        est_i_result_add_stat(r->builder, "loglik", fit->loglik, false);
        est_i_result_add_stat(r->builder, "deviance", fit->deviance, false);
        est_i_result_add_stat(r->builder, "df", fit->df, false);
        est_i_result_add_stat(r->builder, "aic", fit->aic, false);
        est_i_result_add_stat(r->builder, "bic", fit->bic, false);
        est_i_result_add_stat(r->builder, "multinomial_mle", fit->maximum, false);
    }
}

static void add_models(report *r)
{
    static const char *const columns[] = {"model", "population", "se", "lower", "upper", "n_parameters", "deviance", "df", "aic",
                                          "bic", "bias", "sigma", "etas_at_zero", "status"};
    static const est_column_role roles[] = {
        EST_ROLE_PLAIN, EST_ROLE_ESTIMATE, EST_ROLE_ESTIMATE, EST_ROLE_ESTIMATE, EST_ROLE_ESTIMATE, EST_ROLE_PLAIN, EST_ROLE_PLAIN,
        EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_ESTIMATE, EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_PLAIN};
    est_i_result_frame(r->builder, "models", "Models", sizeof columns / sizeof columns[0], columns, roles, SIZE_MAX);
    for (size_t i = 0; i < EST_I_CLOSED_MODELS; i++) {
        const est_i_closed_fit *fit = &r->answer->fits[i];
        bool chao = est_i_closed_models[i].form == EST_I_FORM_CHAO && fit->state == EST_I_CLOSED_FITTED;
        if (!was_tried(r->answer, i))
            continue;
        double numbers[] = {r->answer->data->observed + fit->unseen, fit->se, fit->lower, fit->upper, fit->n_parameters,
                            fit->deviance, fit->df, fit->aic, fit->bic, fit->bias, fit->sigma, chao ? (double)fit->etas_out : NAN};
        est_i_result_cell_text(r->builder, est_i_closed_models[i].name);
        for (size_t j = 0; j < sizeof numbers / sizeof numbers[0]; j++)
            est_i_result_cell(r->builder, numbers[j]);
        est_i_result_cell_text(r->builder, fit->reason ? fit->reason : "estimated");
    }
}

static void add_frequencies(report *r)
{
    static const char *const columns[] = {"captures", "persons"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_COUNT};
    est_i_result_frame(r->builder, "capture_frequencies", "Persons by number of captures", 2, columns, roles, SIZE_MAX);
    for (size_t k = 1; k <= r->answer->data->n_counts; k++) {
        est_i_result_cell(r->builder, (double)k);
        est_i_result_cell(r->builder, r->answer->data->frequency[k]);
    }
}

static void add_chart(report *r)
{
    const char *names[EST_I_CLOSED_MODELS];
    double value[EST_I_CLOSED_MODELS], lower[EST_I_CLOSED_MODELS], upper[EST_I_CLOSED_MODELS];
    size_t n = 0;
    for (size_t i = 0; i < EST_I_CLOSED_MODELS; i++) {
        const est_i_closed_fit *fit = &r->answer->fits[i];
        if (!has_estimate(r->answer, i))
            continue;
        names[n] = est_i_closed_models[i].name;
        value[n] = r->answer->data->observed + fit->unseen;
        lower[n] = fit->lower;
        upper[n++] = fit->upper;
    }
    est_series series = {"population", EST_SERIES_LINE, EST_ROLE_ESTIMATE, value, lower, upper};
    est_chart chart = {.name = "models", .title = "Population under each model", .subtitle = "the line is Chao's lower bound",
                       .x_title = "population", .y_title = "model",
                       .alternative = "The estimated population with its interval under each model of how captures come about, and "
                                      "Chao's lower bound.",
                       .n_categories = n, .categories = names, .n_series = 1, .series = &series, .kind = EST_CHART_FOREST,
                       .reference = r->bound.population};
    est_i_result_add_chart(r->builder, &chart);
}

/* Models that fit about as well as the best and do not agree are said beside the number. */
static void note_near_ties(report *r)
{
    const est_i_closed_answer *a = r->answer;
    double best = INFINITY, least = INFINITY, most = 0;
    size_t count = 0;
    for (size_t i = 0; i < EST_I_CLOSED_MODELS; i++)
        if (has_estimate(a, i) && a->fits[i].bic < best)
            best = a->fits[i].bic;
    for (size_t i = 0; i < EST_I_CLOSED_MODELS; i++)
        if (has_estimate(a, i) && a->fits[i].bic <= best + EST_I_NEAR_TIED) {
            least = fmin(least, a->data->observed + a->fits[i].unseen);
            most = fmax(most, a->data->observed + a->fits[i].unseen);
            count++;
        }
    if (count < 2)
        return;
    char low[64], high[64];
    est_i_number_print_grouped(least, 0, ",", low, sizeof low);
    est_i_number_print_grouped(most, 0, ",", high, sizeof high);
    est_i_result_note(r->builder, a->context, most > 1.2 * least ? EST_WARNING : EST_NOTE, "near_ties",
                      "%zu models lie within 10 of the best by BIC; their populations run from %s to %s", count, low, high);
}

/* Names of the models that `holds`, separated by commas, into text. */
static void name_models(const report *r, bool (*holds)(const report *r, size_t model), est_i_text *text)
{
    for (size_t i = 0; i < EST_I_CLOSED_MODELS; i++)
        if (r->answer->fitted[i] && holds(r, i)) {
            est_i_text_append(text, text->length ? ", " : "");
            est_i_text_append(text, est_i_closed_models[i].name);
        }
}

static bool stands_on_order(const report *r, size_t model)
{
    return has_estimate(r->answer, model) && est_i_closed_models[model].base >= EST_I_BASE_MB;
}

static bool dropped_etas(const report *r, size_t model)
{
    return has_estimate(r->answer, model) && r->answer->fits[model].etas_out > 0;
}

static bool lacks_heterogeneity(const report *r, size_t model)
{
    return has_estimate(r->answer, model) && r->answer->fits[model].sigma < 1e-3;
}

static bool is_normal(const report *r, size_t model)
{
    return has_estimate(r->answer, model) && est_i_closed_models[model].form == EST_I_FORM_NORMAL;
}

static bool is_biased(const report *r, size_t model)
{
    const est_i_closed_fit *fit = &r->answer->fits[model];
    return has_estimate(r->answer, model) && fabs(fit->bias) > 0.1 * (r->answer->data->observed + fit->unseen);
}

static bool is_heterogeneous(const report *r, size_t model)
{
    return has_estimate(r->answer, model) && est_i_closed_models[model].form != EST_I_FORM_NONE;
}

static bool is_open_upwards(const report *r, size_t model)
{
    return has_estimate(r->answer, model) && isinf(r->answer->fits[model].upper);
}

typedef struct remark {
    bool (*holds)(const report *r, size_t model);
    est_severity severity;
    const char *code, *message;
} remark;

static const remark remarks[] = {
    {stands_on_order, EST_WARNING, "order_matters",
     "these stand on the order of the occasions: the lists must be occasions in time, in the order of their columns. For lists "
     "that are not (police, hospital, charity) these numbers mean nothing"},
    {is_heterogeneous, EST_WARNING, "tail",
     "forms of heterogeneity that fit the persons seen alike give different populations: how many are hardly ever captured is not "
     "told by the data, but by the form (Link 2003, Biometrics 59:1123-1130). In Chao's form the estimate is a lower bound"},
    {dropped_etas, EST_NOTE, "negative_etas",
     "coefficients of Chao's form that came out negative are held at zero, as the bound requires"},
    {is_normal, EST_NOTE, "normal_error",
     "the standard error is by the inverse of the information. Rcapture 1.4-4 inverts twice the information: its standard errors "
     "and intervals of this form are too narrow by almost a third"},
    {lacks_heterogeneity, EST_NOTE, "sigma_zero",
     "the variance of the normal form comes out as zero: the estimate is that without heterogeneity"},
    {is_biased, EST_WARNING, "large_bias", "the asymptotic bias is more than a tenth of the estimate: the data are too few for it"},
    {is_open_upwards, EST_WARNING, "no_upper_limit", "the likelihood never falls far enough: the data set no upper limit"},
};

static void add_remarks(report *r)
{
    for (size_t i = 0; i < sizeof remarks / sizeof remarks[0]; i++) {
        est_i_text names = {0};
        name_models(r, remarks[i].holds, &names);
        if (names.length && !names.failed)
            est_i_result_note(r->builder, r->answer->context, remarks[i].severity, remarks[i].code, "%s: %s", names.data,
                              remarks[i].message);
        est_i_text_free(&names);
    }
}

/* Models without an estimate, those with the same reason together. */
static void note_failures(report *r)
{
    const est_i_closed_answer *a = r->answer;
    bool said[EST_I_CLOSED_MODELS] = {false};
    for (size_t i = 0; i < EST_I_CLOSED_MODELS; i++) {
        est_i_text names = {0};
        for (size_t j = i; j < EST_I_CLOSED_MODELS && a->fitted[i] && a->fits[i].reason && !said[i]; j++)
            if (a->fitted[j] && a->fits[j].reason && strcmp(a->fits[j].reason, a->fits[i].reason) == 0) {
                est_i_text_append(&names, names.length ? ", " : "");
                est_i_text_append(&names, est_i_closed_models[j].name);
                said[j] = j > i;
            }
        bool tried = names.length && was_tried(a, i);
        if (names.length && !names.failed)
            est_i_result_note(r->builder, a->context, tried ? EST_WARNING : EST_NOTE, tried ? "no_estimate" : "not_asked",
                              "%s: %s%s", names.data, tried ? "no estimate exists: " : "", a->fits[i].reason);
        est_i_text_free(&names);
    }
}

static void note_bound(report *r)
{
    const est_i_closed_data *data = r->answer->data;
    bool repeated = data->n_counts > 1 && data->frequency[2] > 0;
    est_i_result_note(r->builder, r->answer->context, EST_NOTE, "lower_bound",
                      "the lower bound holds however persons differ; it does not hold where being captured once makes another "
                      "capture less likely (Chao 1987)%s", repeated ? "" : ". Nobody was captured exactly twice: it is the form "
                      "corrected for that, and no more than an order of magnitude");
}

static void add_notes(report *r)
{
    const est_i_closed_answer *a = r->answer;
    if (a->captures)
        est_i_describe_data(r->builder, a->context, a->captures);
    else if (a->data->observed < 100)
        est_i_result_note(r->builder, a->context, EST_WARNING, "few_persons",
                          "the table holds fewer than 100 persons: too few for more than an order of magnitude");
    if (r->side_by_side)
        note_near_ties(r);
    add_remarks(r);
    note_failures(r);
    note_bound(r);
    if (a->data->persons < a->data->observed)
        est_i_result_note(r->builder, a->context, EST_NOTE, "up_to",
                          "persons captured more than %zu times are counted, but not fitted", a->data->n_counts);
    if (a->options->ci != EST_CLOSED_CI_NONE)
        est_i_result_note(r->builder, a->context, EST_NOTE, "model_known",
                          "each interval takes its model as known: it holds nothing of the doubt about the model");
}

/* The canonical table of numbers of captures is hashed as one list with a cell for each number. */
static void digest(const est_i_closed_answer *answer, char hex[65])
{
    char name[] = "number of captures", nothing[] = "", *names[] = {name}, *blocks[] = {nothing};
    double *counts[] = {answer->data->frequency};
    est_i_captures table = {.n_lists = 1, .n_cells = answer->data->n_counts + 1, .list_names = names, .n_blocks = 1,
                            .block_names = blocks, .counts = counts};
    est_i_captures_digest(&table, hex);
}

static void add_provenance(report *r)
{
    const est_i_closed_answer *a = r->answer;
    char text[80];
    double smallest = INFINITY;
    est_i_result_add_provenance(r->builder, "version", est_version(), false);
    est_i_result_add_provenance(r->builder, "reference", est_i_method_heterogeneity.reference, false);
    est_i_result_add_options(r->builder, &est_i_method_heterogeneity, a->options);
    snprintf(text, sizeof text, "%" PRIu64, a->context ? a->context->seed : est_context_default().seed);
    est_i_result_add_provenance(r->builder, "seed", text, false);
    digest(a, text);
    est_i_result_add_provenance(r->builder, "capture-table-sha256", text, !est_table_is_public(a->table));
    snprintf(text, sizeof text, "%zu", est_table_rows(a->table));
    est_i_result_add_provenance(r->builder, "rows", text, true);
    est_i_result_add_provenance(r->builder, "data", est_table_name(a->table), true);
    for (size_t k = 1; k <= a->data->n_counts; k++)
        smallest = fmin(smallest, a->data->frequency[k]);
    est_i_result_smallest_count(r->builder, smallest);
    est_i_result_mark(r->builder, est_table_is_public(a->table), est_table_is_synthetic(a->table), false);
}

est_status est_i_closed_report(const est_i_closed_answer *answer, est_result **result, est_error *error)
{
    report r = {.answer = answer, .side_by_side = answer->options->model == EST_CLOSED_ALL};
    r.builder = est_i_result_begin("heterogeneity", est_i_method_heterogeneity.title);
    r.bound = find_bound(answer);
    add_rows(&r);
    add_stats(&r);
    add_models(&r);
    add_frequencies(&r);
    if (r.side_by_side)
        add_chart(&r);
    if (answer->captures)
        est_i_describe_lists(r.builder, answer->captures);
    add_notes(&r);
    if (answer->captures)
        est_i_describe_provenance(r.builder, &est_i_method_heterogeneity, answer->options, answer->context, answer->table,
                                  answer->captures);
    else
        add_provenance(&r);
    return est_i_result_finish(r.builder, result, error);
}
