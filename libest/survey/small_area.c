/* Small areas: the method `small-area`. */
#include "survey/small_area.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/options.h"
#include "survey/small_area_run.h"

#define AT(field) offsetof(est_small_area_options, field)

static const est_option_spec small_area_specs[] = {
    {"area", EST_OPTION_COLUMN, AT(area), "", 0, 0, NULL, "column that names the area; default 'area'", 0},
    {"estimate", EST_OPTION_COLUMN, AT(estimate), "", 0, 0, NULL,
     "the direct estimate; default 'estimate'. Empty: an area without a sample", 0},
    {"se", EST_OPTION_COLUMN, AT(se), "", 0, 0, NULL, "its standard error; default 'se'", 0},
    {"variance", EST_OPTION_COLUMN, AT(variance), "", 0, 0, NULL, "its variance, instead of --se", 0},
    {"covariates", EST_OPTION_COLUMNS, AT(covariates), "", 0, 0, NULL,
     "what foretells the areas: numbers; texts and factor(NAME) by their levels; default: the mean alone", 0},
    {"n", EST_OPTION_COLUMN, AT(n), "", 0, 0, NULL, "unweighted cases behind the direct estimate", 0},
    {"fit", EST_OPTION_CHOICE, AT(fit), "reml", 0, 0, "reml|ml|moment", "estimate of the variance between areas", 0},
    {"share", EST_OPTION_COLUMN, AT(share), "", 0, 0, NULL,
     "the area's share of the population: the estimates are made to meet the national figure", 0},
    {"national", EST_OPTION_TEXT, AT(national), "", 0, 0, NULL,
     "the national figure; default: the direct estimates weighted by --share", 0},
    {"benchmark", EST_OPTION_CHOICE, AT(benchmark), "ratio", 0, 0, "ratio|difference|optimal",
     "how they meet it: one factor, one difference, or more where the error is larger", 0},
    {"unit", EST_OPTION_TEXT, AT(unit), "", 0, 0, NULL,
     "what the estimates are, 'people', 'years', ...; 'proportion': limits end at 0 and 1", 0},
    {"level", EST_OPTION_NUMBER, AT(level), "0.95", 0.5, 0.9999, NULL, "confidence level of the intervals", 0},
    {"total", EST_OPTION_FLAG, AT(total), "no", 0, 1, NULL, "the estimates add up to the national figure; instead of --share", 1},
    {"least-n", EST_OPTION_INTEGER, AT(least_n), "25", 0, 1000000, NULL,
     "areas with fewer cases (--n) do not enter the fit, nor do they show if the data are private", 1},
    {"sampling-variance", EST_OPTION_CHOICE, AT(sampling_variance), "own", 0, 0, "own|pooled",
     "each area's own, or that of one case in all areas, over the area's cases (--n)", 1},
    {"zero-variance", EST_OPTION_CHOICE, AT(zero_variance), "synthetic", 0, 0, "synthetic|pooled|refuse",
     "areas with a direct estimate but no variance: out of the fit, with the variance of a case in all areas, or not at all", 1},
    {"zero-model-variance", EST_OPTION_CHOICE, AT(zero_model_variance), "keep", 0, 0, "keep|adjust",
     "where the variance between areas is estimated as 0: as it is, or by adjusted REML, which is never 0", 1},
    {"no-intercept", EST_OPTION_FLAG, AT(no_intercept), "no", 0, 1, NULL, "no constant among the coefficients", 1},
};

#define SMALL_AREA_SPECS (sizeof small_area_specs / sizeof small_area_specs[0])

est_small_area_options est_small_area_options_default(void)
{
    est_small_area_options options;
    memset(&options, 0, sizeof options);
    est_i_options_default(small_area_specs, SMALL_AREA_SPECS, &options);
    return options;
}

static est_status validate(const void *options, est_error *error)
{
    const est_small_area_options *o = options;
    double national;
    if (*o->se && *o->variance)
        return est_i_fail(error, EST_EOPTION, "options --se and --variance are two ways to say the same; give one of them");
    if (!est_i_small_area_national(o->national, &national))
        return est_i_fail(error, EST_EOPTION, "option --national: found '%.60s', expected a number", o->national);
    if (*o->share && o->total)
        return est_i_fail(error, EST_EOPTION, "options --share and --total: estimates that add up have no shares; give one of "
                                              "them");
    if (*o->national && !*o->share && !o->total)
        return est_i_fail(error, EST_EOPTION, "option --national needs --share, the column of the areas' shares, or --total");
    if (o->no_intercept && !*o->covariates)
        return est_i_fail(error, EST_EOPTION, "option --no-intercept needs --covariates: nothing is left of the model");
    if ((o->zero_variance == EST_I_ZERO_VARIANCE_POOLED || o->sampling_variance == 1) && !*o->n)
        return est_i_fail(error, EST_EOPTION, "option --%s pooled needs --n, the column of cases",
                          o->sampling_variance == 1 ? "sampling-variance" : "zero-variance");
    return EST_OK;
}

static est_status fit(const est_table *data, const void *options, const est_context *context, est_result **result, est_error *error)
{
    return est_small_area(data, options, context, result, error);
}

const est_method est_i_method_small_area = {
    .id = "small-area",
    .title = "Small areas",
    .summary = "Model-based estimates of areas beside their direct ones, from the model of Fay and Herriot: each direct estimate "
               "is what covariates foretell, plus an effect of the area, plus a sampling error whose variance is known. The "
               "estimate of an area is its direct one and the foretold one, weighted by how well each is known; areas without a "
               "sample get the foretold one. Each has its mean squared error. It takes for granted that the sampling variances "
               "are right, that one linear relation holds in all areas, and that nothing but it ties the areas together.",
    .reference = "Fay, Herriot (1979) JASA 74:269-277; Prasad, Rao (1990) JASA 85:163-171; Datta, Lahiri (2000) Statistica Sinica "
                 "10:613-627; Datta, Rao, Smith (2005) Biometrika 92:183-196; Li, Lahiri (2010) Journal of Multivariate Analysis "
                 "101:882-892; Rao, Molina (2015) Small Area Estimation",
    .data = "one row an area: its name, direct estimate, standard error or variance, covariates",
    .options = small_area_specs,
    .n_options = SMALL_AREA_SPECS,
    .options_size = sizeof(est_small_area_options),
    .validate = validate,
    .fit = fit,
};

/* ---- the run ---- */

static est_status fit_model(est_i_small_area_run *run)
{
    size_t dependent;
    est_status status;
    run->data = (est_i_small_area_data){.n_areas = run->n, .n_terms = run->n_terms, .direct = run->direct,
                                        .variance = run->variance, .terms = run->x, .left_out = run->left_out,
                                        .fit = (est_small_area_fit)run->options->fit,
                                        .adjust_zero = run->options->zero_model_variance == 1};
    status = est_i_small_area_fit(&run->data, &run->model, &dependent, run->error);
    if (status == EST_EIDENTIFY && dependent < run->n_terms)
        status = est_i_fail(run->error, EST_EIDENTIFY, "covariate '%.100s' is 0 in every area of the fit, or a combination of "
                                                       "those before it%s; leave it out of --covariates", run->terms[dependent],
                            run->options->no_intercept ? "" : " and the constant");
    return status;
}

static est_status benchmark(est_i_small_area_run *run)
{
    est_i_small_area_target target = {.share = run->share, .national = run->national,
                                      .kind = (est_small_area_benchmark)run->options->benchmark};
    bool unsampled = false;
    if (!*run->options->share && !run->options->total)
        return EST_OK;
    for (size_t i = 0; i < run->n; i++)
        unsampled = unsampled || (run->share[i] > 0 && run->model->area[i].state != EST_I_AREA_FITTED);
    if (unsampled && isnan(run->national))
        return est_i_fail(run->error, EST_EDEFINITION, "some areas have no direct estimate in the fit, so that the direct "
                                                       "estimates give no national figure; expected --national, the national "
                                                       "figure");
    run->benchmarked.estimate = calloc(run->n, sizeof *run->benchmarked.estimate);
    run->benchmarked.mse = calloc(run->n, sizeof *run->benchmarked.mse);
    if (!run->benchmarked.estimate || !run->benchmarked.mse)
        return est_i_no_memory(run->error);
    return est_i_small_area_benchmark(&run->data, run->model, &target, &run->benchmarked, run->error);
}

static est_status answer(est_i_small_area_run *run, est_result **result)
{
    run->builder = est_i_result_begin(est_i_method_small_area.id, est_i_method_small_area.title);
    if (!run->builder)
        return est_i_no_memory(run->error);
    est_i_result_profile(run->builder, "dhs");
    est_i_result_mark(run->builder, est_table_is_public(run->table), est_table_is_synthetic(run->table), false);
    est_i_small_area_rows(run);
    est_i_small_area_frames(run);
    est_i_small_area_chart(run);
    est_i_small_area_notes(run);
    est_status status = est_i_small_area_provenance(run);
    if (status == EST_OK) {
        status = est_i_result_finish(run->builder, result, run->error);
        run->builder = NULL;
    }
    return status;
}

est_status est_small_area(const est_table *data, const est_small_area_options *options, const est_context *context,
                          est_result **result, est_error *error)
{
    est_small_area_options resolved = options ? *options : est_small_area_options_default();
    est_i_small_area_run run = {.table = data, .options = &resolved, .context = context, .error = error};
    *result = NULL;
    est_error_clear(error);
    est_status status = est_i_options_check(small_area_specs, SMALL_AREA_SPECS, &resolved, error);
    if (status == EST_OK)
        status = validate(&resolved, error);
    if (status == EST_OK)
        status = est_i_small_area_read(&run);
    if (status == EST_OK)
        status = fit_model(&run);
    if (status == EST_OK)
        status = benchmark(&run);
    if (status == EST_OK)
        status = answer(&run, result);
    est_i_result_abandon(run.builder);
    est_i_small_area_clear(&run);
    return status;
}
