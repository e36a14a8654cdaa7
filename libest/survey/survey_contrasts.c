/* Rows of contrasts between domains. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "survey/contrast.h"
#include "survey/survey.h"

typedef struct contrast_values {
    double estimate, variance; /* of the sum, or of the logarithm of the ratio */
    double df, n;
    double fewest; /* cases of its smallest domain */
    size_t lonely, dropped;
} contrast_values;

static size_t index_of(const est_i_survey *run, size_t estimand, size_t domain)
{
    size_t at = 0;
    while (domain != EST_I_WHOLE && at < run->n_order && run->order[at] != domain)
        at++;
    return estimand * (run->n_order + 1) + (domain == EST_I_WHOLE ? 0 : at + 1);
}

/* A ratio by its logarithm: gradient 1/a, -1/b. */
static void gradient_of(const est_i_survey *run, const est_i_contrast *contrast, const size_t *chosen, double *gradient, double *value)
{
    *value = 0;
    for (size_t i = 0; i < contrast->count; i++) {
        double estimate = run->estimates[chosen[i]].estimate, sign = i ? -1 : 1;
        gradient[i] = contrast->is_ratio ? sign / estimate : contrast->coefficient[i];
        *value += contrast->is_ratio ? sign * log(estimate) : contrast->coefficient[i] * estimate;
    }
}

/* The contrast itself in every replicate; one that lacks a domain has none. */
static est_status replicated_variance(est_i_survey *run, const est_i_contrast *contrast, const size_t *chosen, contrast_values *values,
                                      est_error *error)
{
    size_t count = est_i_replicates_count(run->replicates);
    double *theta = calloc(count + 1, sizeof *theta);
    if (!theta)
        return est_i_no_memory(error);
    for (size_t r = 0; r < count; r++)
        for (size_t i = 0; i < contrast->count; i++) {
            double part = run->theta[r * run->n_estimates + chosen[i]];
            theta[r] += contrast->is_ratio ? (i ? -log(part) : log(part)) : contrast->coefficient[i] * part;
        }
    est_i_replicates_variance(run->replicates, 1, theta, &values->estimate, &values->variance, &values->dropped);
    free(theta);
    return EST_OK;
}

/* Gradient times covariance times gradient. */
static double quadratic(size_t k, const double *gradient, const double *covariance)
{
    double sum = 0;
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++)
            sum += gradient[i] * gradient[j] * covariance[i * k + j];
    return sum;
}

static est_status evaluate(est_i_survey *run, const est_i_contrast *contrast, size_t estimand, contrast_values *values, est_error *error)
{
    size_t k = contrast->count, chosen[EST_I_CONTRAST_MAX], leaves = est_i_design_leaves(est_i_sample_design(run->sample));
    double gradient[EST_I_CONTRAST_MAX], *covariance = malloc(k * k * sizeof *covariance);
    bool *present = malloc((leaves + 1) * sizeof *present);
    *values = (contrast_values){NAN, NAN, NAN, 0, INFINITY, 0, 0};
    est_status status = covariance && present ? EST_OK : est_i_no_memory(error);
    for (size_t i = 0; i < k && status == EST_OK; i++) {
        chosen[i] = index_of(run, estimand, contrast->domain[i]);
        values->n += run->estimates[chosen[i]].n;
        values->fewest = fmin(values->fewest, run->estimates[chosen[i]].n);
    }
    if (status == EST_OK)
        status = est_i_survey_covariance(run, k, chosen, present, covariance, &values->lonely, error);
    if (status == EST_OK) {
        gradient_of(run, contrast, chosen, gradient, &values->estimate);
        values->df = est_i_survey_df(run, present);
        values->variance = run->replicates ? NAN : quadratic(k, gradient, covariance);
    }
    if (status == EST_OK && run->replicates)
        status = replicated_variance(run, contrast, chosen, values, error);
    for (size_t i = 0; i < k && status == EST_OK && run->replicates; i++)
        values->lonely = run->estimates[chosen[i]].lonely > values->lonely ? run->estimates[chosen[i]].lonely : values->lonely;
    free(covariance);
    free(present);
    return status;
}

/* A difference of totals is a total; their ratio has no unit. */
static uint32_t flags_of(const est_i_survey *run, const est_i_contrast *contrast, const est_i_estimand *of, const contrast_values *values)
{
    uint32_t flags = est_i_survey_error_flags(values->df, values->lonely);
    if (!isfinite(values->estimate))
        return EST_FLAG_BIT(EST_FLAG_NOT_ESTIMABLE);
    if (run->normalised && of->kind == EST_I_ESTIMAND_TOTAL && !contrast->is_ratio)
        flags |= EST_FLAG_BIT(EST_FLAG_NORMALISED_WEIGHTS);
    return flags;
}

static void add_row(est_i_survey *run, const est_i_contrast *contrast, const est_i_estimand *of, const char *estimand, const char *text,
                    const contrast_values *values)
{
    est_label label = {"contrast", text};
    est_row row = est_i_row_empty(estimand);
    bool two_se = run->options->ci == EST_I_CI_TWO_SE;
    est_i_interval_input input = {.estimate = values->estimate, .se = sqrt(values->variance), .df = values->df, .level = run->options->level};
    est_i_interval interval = est_i_t_interval(two_se ? EST_I_CI_TWO_SE : EST_I_CI_T, &input);
    bool log_scale = contrast->is_ratio;
    row.n_domain = 1;
    row.domain = &label;
    row.n = values->n;
    row.fewest = values->fewest;
    row.estimate = log_scale ? exp(values->estimate) : values->estimate;
    row.se = log_scale ? row.estimate * input.se : input.se;
    row.lower = log_scale ? exp(interval.lower) : interval.lower;
    row.upper = log_scale ? exp(interval.upper) : interval.upper;
    row.level = two_se ? NAN : run->options->level;
    row.df = values->df;
    row.interval = !log_scale ? interval.method : two_se ? "two-se on the log scale" : "t on the log scale";
    row.flags = flags_of(run, contrast, of, values);
    est_i_result_add_row(run->builder, &row);
}

static est_status add_contrast(est_i_survey *run, const char *text, size_t length, est_error *error)
{
    est_i_contrast contrast;
    est_i_text label = {0}, name = {0};
    est_status status = est_i_contrast_parse(text, length, run->sample, &contrast, error);
    if (status == EST_OK)
        est_i_contrast_text(&contrast, run->sample, &label);
    for (size_t e = 0; e < run->request.n_estimands && status == EST_OK; e++) {
        contrast_values values;
        status = evaluate(run, &contrast, e, &values, error);
        name.length = 0;
        est_i_text_printf(&name, "contrast(%s)", run->request.estimands[e].name);
        if (status == EST_OK && (label.failed || name.failed))
            status = est_i_no_memory(error);
        if (status == EST_OK && values.dropped > 0)
            est_i_result_note_public(run->builder, run->context, EST_WARNING, "replicates_dropped", "Some replicates have no value of a "
                              "contrast and are left out: its standard error is too small.", "%s: %zu of %zu replicates have no value and are "
                              "left out: its standard error is too small.", name.data, values.dropped, est_i_replicates_count(run->replicates));
        if (status == EST_OK)
            add_row(run, &contrast, &run->request.estimands[e], name.data, label.data, &values);
    }
    est_i_text_free(&label);
    est_i_text_free(&name);
    return status;
}

est_status est_i_survey_contrast_rows(est_i_survey *run, est_error *error)
{
    const char *at = run->options->contrast;
    est_status status = EST_OK;
    bool any = false;
    while (at && *at && status == EST_OK) {
        size_t before = strspn(at, " "), length = strcspn(at, ";"), end = length;
        while (end > before && at[end - 1] == ' ')
            end--;
        if (end > before)
            status = add_contrast(run, at + before, end - before, error);
        any = any || end > before;
        at += length + (at[length] == ';');
    }
    if (status == EST_OK && !any && run->options->contrast && *run->options->contrast)
        status = est_i_fail(error, EST_EOPTION, "option --contrast: found no contrast, expected one such as 'sex=f - sex=m'");
    return status;
}
