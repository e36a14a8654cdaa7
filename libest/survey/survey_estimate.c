/* Estimates of the totals family with their variances. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "survey/survey.h"

static est_i_replicate_kind kind_of(const est_survey_options *o)
{
    static const est_i_replicate_kind kinds[] = {EST_I_REPLICATE_JK1, EST_I_REPLICATE_JK1, EST_I_REPLICATE_JKN, EST_I_REPLICATE_BRR,
                                                 EST_I_REPLICATE_FAY, EST_I_REPLICATE_RAO_WU, EST_I_REPLICATE_CANTY_DAVISON,
                                                 EST_I_REPLICATE_PRESTON, EST_I_REPLICATE_SDR, EST_I_REPLICATE_SUPPLIED};
    return kinds[o->variance];
}

/* Scale of supplied replicates by what they are said to be (methods/survey.md B10); NaN: not known. */
static double scale_of_type(const est_survey_options *o, double count)
{
    enum { type_bootstrap, type_jk1, type_jkn, type_brr, type_fay, type_sdr };
    int type = o->replicate_type;
    double scale = NAN;
    if (o->scale > 0)
        scale = o->scale;
    else if (type == type_bootstrap)
        scale = 1 / (count - 1);
    else if (type == type_jk1)
        scale = (count - 1) / count;
    else if (type == type_jkn)
        scale = o->rscales && *o->rscales ? 1 : NAN;
    else if (type == type_brr)
        scale = 1 / count;
    else if (type == type_fay)
        scale = 1 / (count * (1 - o->fay) * (1 - o->fay));
    else if (type == type_sdr)
        scale = 4 / count;
    return scale;
}

static est_status make_replicates(est_i_survey *run, est_error *error)
{
    const est_survey_options *o = run->options;
    bool supplied = o->variance == EST_I_SURVEY_SUPPLIED;
    est_i_replicate_options wanted = {.kind = kind_of(o), .count = supplied ? run->n_replicates : (size_t)o->draws, .fay = o->fay,
                                      .resample = o->resample, .mse = o->mse, .rscales = run->rscales,
                                      .seed = run->context ? run->context->seed : est_context_default().seed,
                                      .lonely_certainty = o->lonely == EST_I_LONELY_CERTAINTY || o->lonely == EST_I_LONELY_REMOVE};
    if (o->variance == EST_I_SURVEY_TAYLOR)
        return EST_OK;
    wanted.scale = supplied ? scale_of_type(o, (double)run->n_replicates) : NAN;
    if (supplied && isnan(wanted.scale))
        return est_i_fail(error, EST_EOPTION, "option --replicate-type: the scale of these replicates does not follow from their number; "
                          "give --scale, or --rscales with (n_h - 1) / n_h for each replicate of jkn");
    est_status status = supplied ? est_i_sample_replicate_rank(run->sample, &wanted.rank, error) : EST_OK;
    if (supplied && o->replicate_df > 0)
        wanted.rank = (size_t)o->replicate_df + 1;
    run->rank_unknown = supplied && wanted.rank == 0;
    return status == EST_OK ? est_i_replicates_make(est_i_sample_design(run->sample), &wanted, &run->replicates, error) : status;
}

/* Estimand by estimand: the whole, then every domain. */
static est_status list_estimates(est_i_survey *run, est_error *error)
{
    size_t n_domains = est_i_sample_domains(run->sample);
    run->order = malloc((n_domains + 1) * sizeof *run->order);
    if (!run->order)
        return est_i_no_memory(error);
    run->n_order = run->n_by ? est_i_sample_domain_order(run->sample, run->order) : 0;
    run->n_estimates = run->request.n_estimands * (run->n_order + 1);
    run->estimates = calloc(run->n_estimates + 1, sizeof *run->estimates);
    if (!run->estimates)
        return est_i_no_memory(error);
    for (size_t e = 0; e < run->request.n_estimands; e++) {
        const est_i_estimand *estimand = &run->request.estimands[e];
        for (size_t d = 0; d <= run->n_order; d++) {
            est_i_survey_estimate *to = &run->estimates[e * (run->n_order + 1) + d];
            to->estimand = estimand;
            to->statistic = (est_i_statistic){estimand->group, d ? run->order[d - 1] : EST_I_WHOLE, estimand->a, estimand->b};
        }
    }
    return EST_OK;
}

double est_i_survey_df(const est_i_survey *run, const bool *present)
{
    double replicated = run->replicates ? est_i_replicates_df(run->replicates) : INFINITY;
    bool has_design = run->columns.unit[0] || run->columns.stratum[0] || !run->n_replicates;
    double df = has_design ? est_i_design_df(est_i_sample_design(run->sample), run->options->df == 1 ? NULL : present) : INFINITY;
    return fmin(df, replicated);
}

/* V0 of a design effect: s^2 W^2 / (n X^2), X the denominator. */
static double simple_variance(const est_i_survey *run, const est_i_survey_estimate *estimate)
{
    const est_i_statistic *s = &estimate->statistic;
    double spread = est_i_totals_spread(run->totals, s), n = estimate->n, weight = estimate->weight;
    est_i_statistic denominator = {s->group, s->domain, s->b, -1};
    double below = s->b < 0 ? 1 : s->b == 0 ? weight : est_i_totals_value(run->totals, &denominator);
    return spread * weight * weight / (n * below * below);
}

/* Without replacement V0 is (W - n) / W of that; weights that add up to about n tell no population. */
static void set_design_effect(const est_i_survey *run, est_i_survey_estimate *estimate)
{
    double weight = estimate->weight, n = estimate->n;
    estimate->deff_replace = estimate->variance / simple_variance(run, estimate);
    if (run->options->deff == 1)
        estimate->deff = estimate->deff_replace;
    else if (run->options->deff == 2 && weight > 1.05 * n)
        estimate->deff = estimate->deff_replace * weight / (weight - n);
}

static void set_numbers(est_i_survey *run, est_i_survey_estimate *estimate)
{
    const est_i_statistic *s = &estimate->statistic;
    estimate->estimate = est_i_totals_value(run->totals, s);
    estimate->n = est_i_totals_cases(run->totals, s->group, s->domain);
    estimate->weight = est_i_totals_weight(run->totals, s->group, s->domain);
    estimate->numerator = est_i_totals_nonzero(run->totals, s->group, s->a, s->domain);
}

static est_status replicated_covariance(est_i_survey *run, size_t k, const size_t *chosen, double *covariance, est_error *error)
{
    size_t count = est_i_replicates_count(run->replicates), dropped = 0;
    double *theta = malloc((k * count + 1) * sizeof *theta), *estimate = malloc((k + 1) * sizeof *estimate);
    est_status status = theta && estimate ? EST_OK : est_i_no_memory(error);
    for (size_t i = 0; i < k && status == EST_OK; i++) {
        estimate[i] = run->estimates[chosen[i]].estimate;
        for (size_t r = 0; r < count; r++)
            theta[r * k + i] = run->theta[r * run->n_estimates + chosen[i]];
    }
    if (status == EST_OK)
        est_i_replicates_covariance(run->replicates, k, theta, estimate, covariance, &dropped);
    free(theta);
    free(estimate);
    return status;
}

/* Residuals of a calibration are not zero outside the domain: there every unit is present. */
static est_status linearised_covariance(const est_i_survey *run, size_t k, const size_t *chosen, const bool *present, double *covariance,
                                        size_t *lonely, est_error *error)
{
    const est_i_design *design = est_i_sample_design(run->sample);
    size_t leaves = est_i_design_leaves(design);
    double *room = malloc((k * leaves + 1) * sizeof *room);
    const double **z = malloc((k + 1) * sizeof *z);
    est_status status = room && z ? EST_OK : est_i_no_memory(error);
    for (size_t i = 0; i < k && status == EST_OK; i++) {
        z[i] = room + i * leaves;
        est_i_totals_influence(run->totals, &run->estimates[chosen[i]].statistic, room + i * leaves);
    }
    if (status == EST_OK)
        status = est_i_taylor_covariance(design, &run->taylor, k, z, run->calibration ? NULL : present, covariance, lonely, error);
    free(room);
    free(z);
    return status;
}

static void mark_present(const est_i_survey *run, size_t k, const size_t *chosen, bool *present, bool *scratch)
{
    size_t leaves = est_i_design_leaves(est_i_sample_design(run->sample));
    memset(present, 0, leaves * sizeof *present);
    for (size_t i = 0; i < k; i++) {
        const est_i_statistic *s = &run->estimates[chosen[i]].statistic;
        est_i_totals_present(run->totals, s->group, s->domain, scratch);
        for (size_t leaf = 0; leaf < leaves; leaf++)
            present[leaf] = present[leaf] || scratch[leaf];
    }
}

est_status est_i_survey_covariance(est_i_survey *run, size_t k, const size_t *chosen, bool *present, double *covariance,
                                   size_t *lonely, est_error *error)
{
    size_t leaves = est_i_design_leaves(est_i_sample_design(run->sample));
    bool *scratch = malloc((leaves + 1) * sizeof *scratch);
    if (!scratch)
        return est_i_no_memory(error);
    mark_present(run, k, chosen, present, scratch);
    free(scratch);
    *lonely = 0;
    return run->replicates ? replicated_covariance(run, k, chosen, covariance, error)
                           : linearised_covariance(run, k, chosen, present, covariance, lonely, error);
}

/* Of the estimates one by one, over all replicates at once. */
static est_status replicated_variances(est_i_survey *run, est_error *error)
{
    size_t n = run->n_estimates;
    double *estimate = malloc((n + 1) * sizeof *estimate), *variance = malloc((n + 1) * sizeof *variance);
    size_t *dropped = malloc((n + 1) * sizeof *dropped);
    bool good = estimate && variance && dropped;
    for (size_t i = 0; i < n && good; i++)
        estimate[i] = run->estimates[i].estimate;
    if (good)
        est_i_replicates_variance(run->replicates, n, run->theta, estimate, variance, dropped);
    for (size_t i = 0; i < n && good; i++) {
        if (run->estimates[i].n == 0)
            continue;
        run->estimates[i].variance = variance[i];
        run->estimates[i].dropped = dropped[i];
    }
    free(estimate);
    free(variance);
    free(dropped);
    return good ? EST_OK : est_i_no_memory(error);
}

/* Strata of one unit that replicates, made stratum by stratum, take as certain. */
static size_t still_strata(const est_i_survey *run, const bool *present)
{
    const est_i_design *design = est_i_sample_design(run->sample);
    const est_i_stage *top = &design->stage[0];
    size_t leaves = est_i_design_leaves(design), n = 0, last = SIZE_MAX;
    if (run->options->variance == EST_I_SURVEY_JK1 || run->options->variance == EST_I_SURVEY_SUPPLIED)
        return 0;
    for (size_t leaf = 0; leaf < leaves; leaf++) {
        uint32_t unit = (uint32_t)leaf;
        for (size_t s = design->n_stages - 1; s > 0; s--)
            unit = design->stage[s].unit_parent[unit];
        uint32_t h = top->unit_stratum[unit];
        bool whole = isfinite(top->stratum_population[h]) && 1 - 1 / top->stratum_population[h] < 1e-7;
        if (present[leaf] && h != last && top->stratum_first[h + 1] - top->stratum_first[h] == 1 && !whole) {
            last = h;
            n++;
        }
    }
    return n;
}

static est_status set_variances(est_i_survey *run, est_error *error)
{
    size_t leaves = est_i_design_leaves(est_i_sample_design(run->sample));
    bool *present = malloc((leaves + 1) * sizeof *present);
    est_status status = present ? EST_OK : est_i_no_memory(error);
    for (size_t i = 0; i < run->n_estimates; i++)
        run->estimates[i].variance = run->estimates[i].deff = run->estimates[i].deff_replace = run->estimates[i].df = NAN;
    if (status == EST_OK && run->replicates)
        status = replicated_variances(run, error);
    for (size_t i = 0; i < run->n_estimates && status == EST_OK; i++) {
        est_i_survey_estimate *estimate = &run->estimates[i];
        const est_i_statistic *s = &estimate->statistic;
        if (estimate->n == 0)
            continue;
        est_i_totals_present(run->totals, s->group, s->domain, present);
        if (!run->replicates)
            status = linearised_covariance(run, 1, &i, present, &estimate->variance, &estimate->lonely, error);
        else
            estimate->lonely = still_strata(run, present);
        estimate->df = est_i_survey_df(run, present);
        run->lonely = estimate->lonely > run->lonely ? estimate->lonely : run->lonely;
        set_design_effect(run, estimate);
        if (status == EST_OK && est_i_monitor_cancelled(&run->monitor))
            status = est_i_cancelled(error);
    }
    free(present);
    return status;
}

void est_i_survey_group_name(const est_i_survey *run, size_t group, est_i_text *text)
{
    const est_i_group *g = &run->request.groups[group];
    for (size_t i = 0; i < g->n; i++)
        est_i_text_printf(text, "%s%s", i ? "/" : "", run->request.variables[g->variable[i]].column);
}

static est_status check_missing(const est_i_survey *run, est_error *error)
{
    est_status status = EST_OK;
    for (size_t g = 0; run->options->missing == 1 && g < run->request.n_groups && status == EST_OK; g++) {
        double missing = est_i_totals_missing(run->totals, g, EST_I_WHOLE);
        est_i_text name = {0};
        est_i_survey_group_name(run, g, &name);
        if (missing > 0)
            status = est_i_fail_at(error, EST_EVALUE, (est_i_place){est_source_name(run->source), 0, 0, name.failed ? NULL : name.data},
                                   "found %.0f rows without a value, expected none (option --missing fail); --missing omit leaves them "
                                   "out and says how many", missing);
        est_i_text_free(&name);
    }
    return status;
}

static est_status check_any(const est_i_survey *run, est_error *error)
{
    est_i_sample_counts counts = est_i_sample_count(run->sample);
    est_i_place place = {est_source_name(run->source), 0, 0, NULL};
    bool any = false;
    for (size_t g = 0; g < run->request.n_groups; g++)
        any = any || est_i_totals_cases(run->totals, g, EST_I_WHOLE) > 0;
    if (counts.positive_weights == 0)
        return est_i_fail_at(error, EST_EIDENTIFY, place, "every weight is 0: nothing can be estimated; check the column of weights");
    if (counts.outside + counts.unknown_condition == counts.rows)
        return est_i_fail_at(error, EST_EIDENTIFY, place, "no row meets the condition '%s': the domain is empty; check the condition "
                             "against the values in the file", run->options->where);
    if (!any)
        return est_i_fail_at(error, EST_EIDENTIFY, place, "no row has a value of what is asked for: nothing can be estimated; check the "
                             "columns and their missing values");
    return EST_OK;
}

/* The spread of zeros and ones follows from their mean. */
static est_status check_shares(const est_i_survey *run, est_error *error)
{
    for (size_t e = 0; e < run->request.n_estimands; e++) {
        const est_i_estimand *estimand = &run->request.estimands[e];
        const est_i_group *group = &run->request.groups[estimand->group];
        const est_i_variable *variable = &run->request.variables[group->variable[0]];
        est_i_statistic whole = {estimand->group, EST_I_WHOLE, estimand->a, estimand->b};
        double n = est_i_totals_cases(run->totals, estimand->group, EST_I_WHOLE), p = est_i_totals_value(run->totals, &whole);
        if (estimand->kind != EST_I_ESTIMAND_PROPORTION || variable->kind != EST_I_VARIABLE_NUMBER || !(n > 1))
            continue;
        if (!(fabs(est_i_totals_spread(run->totals, &whole) - p * (1 - p) * n / (n - 1)) <= 1e-9))
            return est_i_fail_at(error, EST_EVALUE, (est_i_place){est_source_name(run->source), 0, 0, variable->column},
                                 "holds numbers other than 0 and 1, and --share needs those; --mean takes any, --proportion COLUMN=LEVEL texts");
    }
    return EST_OK;
}

static est_status replicate_all(est_i_survey *run, est_error *error)
{
    size_t count = est_i_replicates_count(run->replicates);
    run->theta = malloc((count * run->n_estimates + 1) * sizeof *run->theta);
    est_i_statistic *statistics = malloc((run->n_estimates + 1) * sizeof *statistics);
    est_status status = run->theta && statistics ? EST_OK : est_i_no_memory(error);
    for (size_t i = 0; i < run->n_estimates && status == EST_OK; i++)
        statistics[i] = run->estimates[i].statistic;
    if (status == EST_OK) {
        est_i_monitor_stage(&run->monitor, "replicates", 0, 1);
        status = est_i_totals_replicate(run->totals, run->replicates, run->n_estimates, statistics,
                                        run->context ? run->context->threads : 1, &run->monitor, run->theta, error);
    }
    free(statistics);
    return status;
}

/* Units of the first stage in the population for one in the sample, as --fpc has it; NaN without it. */
static double expansion_of(const est_i_survey *run)
{
    const est_i_stage *stage = &est_i_sample_design(run->sample)->stage[0];
    double population = 0;
    for (size_t h = 0; h < stage->n_strata; h++)
        population += stage->unit_probability ? 0 : stage->stratum_population[h];
    for (size_t u = 0; u < stage->n_units && stage->unit_probability; u++)
        population += 1 / stage->unit_probability[u];
    return isfinite(population) && run->columns.fpc[0] ? population / (double)stage->n_units : NAN;
}

/* Weights scaled to the sample: their mean is 1, or 1,000,000 where six decimals are implied (DHS), about so where rows were left out.
 * Honest weights have means of 1,000 or 10,000 too: there only a mean that is met as exactly as scaling meets it tells, and equal weights
 * tell nothing. Weights that --fpc confirms are never accused: a sample may be nearly the population. */
static bool look_normalised(const est_i_survey *run)
{
    est_i_sample_counts counts = est_i_sample_count(run->sample);
    double mean = counts.weight_sum / (double)counts.positive_weights, power = pow(10, round(log10(mean)));
    bool constant = counts.weight_sum * counts.weight_sum >= counts.weight_square_sum * (double)counts.positive_weights * (1 - 1e-9);
    bool usual = power >= 10 && power < 1e5;
    double off = fabs(mean / power - 1), confirmed = fabs(expansion_of(run) / mean - 1);
    bool exact = off <= 1e-5 && !constant && power >= 1000;
    return !run->calibration && mean > 0 && power >= 1 && (usual ? exact : off <= 0.05) && !(confirmed <= 0.1);
}

est_status est_i_survey_estimate_all(est_i_survey *run, est_error *error)
{
    est_i_totals_options options = {run->calibration, run->options->variance != EST_I_SURVEY_TAYLOR};
    est_status status = EST_OK;
    if (run->request.n_groups > 0) {
        if (!run->totals)
            status = est_i_totals_take(run->sample, run->request.n_groups, run->request.groups, &options, &run->totals, error);
        if (status == EST_OK)
            status = check_any(run, error);
        if (status == EST_OK)
            status = check_missing(run, error);
        if (status == EST_OK)
            status = check_shares(run, error);
    } else {
        status = est_i_sample_learn(run->sample, error);
    }
    if (status == EST_OK)
        status = make_replicates(run, error);
    if (status == EST_OK)
        status = list_estimates(run, error);
    for (size_t i = 0; i < run->n_estimates && status == EST_OK; i++)
        set_numbers(run, &run->estimates[i]);
    if (status == EST_OK && run->replicates && run->n_estimates > 0)
        status = replicate_all(run, error);
    if (status == EST_OK)
        status = set_variances(run, error);
    if (status == EST_OK)
        run->normalised = look_normalised(run);
    return status;
}
