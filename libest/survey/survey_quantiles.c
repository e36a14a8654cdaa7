/* Quantiles of a survey: what is asked for, and rows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "survey/survey.h"

static est_status add_request(est_i_survey *run, const char *item, est_error *error)
{
    const char *sign = strrchr(item, '@');
    double probability = NAN;
    est_i_text name = {0};
    bool good = sign && sign > item && est_i_number_parse(sign + 1, strlen(sign + 1), &probability) && probability > 0 && probability < 1;
    if (!good)
        return est_i_fail(error, EST_EOPTION, "option --quantile: found '%s', expected COLUMN@P with P between 0 and 1, as in age@0.5", item);
    est_i_quantile_request *grown = realloc(run->quantiles, (run->n_quantiles + 1) * sizeof *grown);
    if (grown)
        run->quantiles = grown;
    const char **names = realloc(run->quantile_names, (run->n_quantiles + 1) * sizeof *names);
    if (names)
        run->quantile_names = names;
    est_i_text_append_bytes(&name, item, (size_t)(sign - item));
    size_t variable = name.failed ? SIZE_MAX : est_i_survey_request_variable(&run->request, name.data, EST_I_VARIABLE_NUMBER, NULL);
    name.length = 0;
    est_i_text_printf(&name, "quantile(%.*s,", (int)(sign - item), item);
    est_i_text_number(&name, probability);
    est_i_text_append(&name, ")");
    const char *kept = name.failed ? NULL : est_i_survey_keep(run, name.data);
    est_i_text_free(&name);
    size_t group = variable == SIZE_MAX ? SIZE_MAX : est_i_survey_request_group(&run->request, 1, &variable);
    if (!grown || !names || group == SIZE_MAX || !kept)
        return est_i_no_memory(error);
    for (size_t i = 0; i < run->n_quantiles; i++)
        if (grown[i].variable == variable && !(grown[i].probability < probability) && !(grown[i].probability > probability))
            return EST_OK; /* asked for twice: once is enough */
    grown[run->n_quantiles] = (est_i_quantile_request){variable, probability};
    names[run->n_quantiles++] = kept;
    return EST_OK;
}

est_status est_i_survey_quantile_variables(est_i_survey *run, est_error *error)
{
    const char *list = run->options->quantile;
    est_i_text item = {0};
    bool whole = true;
    est_status status = EST_OK;
    for (const char *at = list && *list ? list : NULL; at && status == EST_OK;) {
        at = est_i_name_take(at, &item, &whole);
        status = whole && !item.failed ? add_request(run, item.length ? item.data : "", error)
                                       : est_i_fail(error, EST_EOPTION, "option --quantile: found '%s', expected COLUMN@P parted by commas", list);
    }
    est_i_text_free(&item);
    return status;
}

static void add_row(est_i_survey *run, const est_i_quantile_estimate *quantile, est_label *labels)
{
    est_row row = est_i_row_empty(run->quantile_names[quantile->request]);
    row.n_domain = est_i_survey_labels(run, quantile->domain, labels);
    row.domain = labels;
    row.n = quantile->n;
    row.n_weighted = quantile->weight;
    row.estimate = quantile->estimate;
    row.fewest = floor(quantile->n * fmin(run->quantiles[quantile->request].probability,
                                          1 - run->quantiles[quantile->request].probability));
    if (isfinite(quantile->estimate)) {
        row.se = quantile->se;
        row.lower = quantile->lower;
        row.upper = quantile->upper;
        row.level = run->options->level;
        row.df = quantile->df;
        row.interval = quantile->method;
        row.cv = row.estimate != 0 ? row.se / fabs(row.estimate) : NAN;
        row.flags = est_i_survey_error_flags(quantile->df, quantile->lonely);
        run->lonely = quantile->lonely > run->lonely ? quantile->lonely : run->lonely;
    } else {
        row.flags = EST_FLAG_BIT(EST_FLAG_NOT_ESTIMABLE);
    }
    est_i_result_add_row(run->builder, &row);
}

static void note_dropped(est_i_survey *run, const est_i_quantile_estimate *quantiles, size_t count)
{
    const est_i_quantile_estimate *worst = NULL;
    for (size_t i = 0; i < count; i++)
        if (quantiles[i].dropped > (worst ? worst->dropped : 0))
            worst = &quantiles[i];
    if (worst)
        est_i_result_note(run->builder, run->context, EST_WARNING, "replicates_dropped", "%s: %zu of %zu replicates have no value in the whole "
                          "or in a domain, and are left out: the standard error is too small there.", run->quantile_names[worst->request],
                          worst->dropped, est_i_replicates_count(run->replicates));
}

est_status est_i_survey_quantile_rows(est_i_survey *run, est_error *error)
{
    const est_survey_options *o = run->options;
    static const est_i_survey_ci kinds[] = {EST_I_CI_BETA, EST_I_CI_BETA_UNCAPPED, EST_I_CI_T, EST_I_CI_LOGIT, EST_I_CI_WILSON,
                                            EST_I_CI_ARCSINE};
    est_i_quantile_options wanted = {.rule = (est_i_quantile_rule)o->quantile_rule, .ci = kinds[o->quantile_ci], .level = o->level,
                                     .design_df = o->df == 1, .taylor = run->taylor, .replicates = run->replicates,
                                     .over_replicates = o->quantile_over_replicates, .calibration = run->calibration};
    est_i_quantile_estimate *quantiles = NULL;
    size_t count = 0;
    if (run->n_quantiles == 0)
        return EST_OK;
    if (run->calibration && est_i_calibration_describe(run->calibration).smallest_g < 0)
        return est_i_fail(error, EST_EDEFINITION, "quantiles need weights of 0 or more, and calibration made some negative; expected "
                          "--calibrate bounded, logit, exponential or rake");
    est_status status = est_i_quantiles(run->sample, run->n_quantiles, run->quantiles, &wanted, &quantiles, &count, error);
    est_label *labels = malloc((run->n_by + 1) * sizeof *labels);
    if (status == EST_OK && !labels)
        status = est_i_no_memory(error);
    for (size_t i = 0; i < count && status == EST_OK; i++)
        add_row(run, &quantiles[i], labels);
    if (status == EST_OK)
        note_dropped(run, quantiles, count);
    free(labels);
    free(quantiles);
    return status;
}
