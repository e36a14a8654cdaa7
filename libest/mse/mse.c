/* Multiple systems estimation with a given or a selected log-linear model: the method `mse`. */
#include <est/mse.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/options.h"
#include "mse/capture_options.h"
#include "mse/mse_run.h"

static const est_option_spec mse_specs[] = {
    EST_I_CAPTURE_OPTIONS(est_mse_options),
    {"model", EST_OPTION_TEXT, offsetof(est_mse_options, model), "", 0, 0, NULL,
     "terms by list names, 'LA:NG PF GO', or main, all-pairs, all-triples; default: selected"},
    {"select", EST_OPTION_CHOICE, offsetof(est_mse_options, select), "bic", 0, 0, "bic|aic|none",
     "criterion of the search over all hierarchical models"},
    {"max-order", EST_OPTION_INTEGER, offsetof(est_mse_options, max_order), "0", 0, 5, NULL,
     "most lists in a term of the search; 0: one less than the lists, at most 3 (2 for six lists)"},
    {"boundary", EST_OPTION_CHOICE, offsetof(est_mse_options, boundary), "reject", 0, 0, "reject|accept",
     "fits on a face of the cone in a search; a given model is always fitted on its face"},
    {"bic-n", EST_OPTION_CHOICE, offsetof(est_mse_options, bic_n), "persons", 0, 0, "persons|cells",
     "the n in BIC = -2 log L + p ln n"},
    {"ci", EST_OPTION_CHOICE, offsetof(est_mse_options, ci), "auto", 0, 0, "auto|none|profile|bootstrap",
     "interval; auto: profile for a given model, bootstrap with reselection for a selected one"},
    {"replicates", EST_OPTION_INTEGER, offsetof(est_mse_options, replicates), "1000", 0, 1000000, NULL,
     "bootstrap replicates; 0: no bootstrap"},
    EST_I_LEVEL_OPTION(est_mse_options),
};

#define MSE_SPECS (sizeof mse_specs / sizeof mse_specs[0])

est_mse_options est_mse_options_default(void)
{
    est_mse_options options;
    memset(&options, 0, sizeof options);
    est_i_options_default(mse_specs, MSE_SPECS, &options);
    return options;
}

static est_status validate(const void *options, est_error *error)
{
    const est_mse_options *o = options;
    est_status status = EST_OK;
    if (o->select == EST_SELECT_NONE && !*o->model)
        status = est_i_fail(error, EST_EOPTION, "option --select: 'none' needs a model; give --model (for example all-pairs)");
    else if ((o->ci == EST_CI_BOOTSTRAP || (o->ci == EST_CI_AUTO && !*o->model)) && o->replicates < 100 && o->replicates != 0)
        status = est_i_fail(error, EST_EOPTION,
                            "option --replicates: found %ld, expected at least 100 for percentile limits, or 0 for none",
                            o->replicates);
    return status;
}

static est_status fit(const est_table *data, const void *options, const est_context *context, est_result **result,
                      est_error *error)
{
    return est_mse(data, options, context, result, error);
}

const est_method est_i_method_mse = {
    .id = "mse",
    .title = "Multiple systems estimation",
    .summary = "Estimates how many people there are in a population of which several incomplete lists each know a part, from "
               "the people that the lists share. Hierarchical Poisson log-linear models with extended maximum likelihood; the "
               "population always includes those observed. It takes for granted that the population is closed over the period, "
               "that the same person is recognised on every list, that everybody can appear on a list, and that the highest-order "
               "dependence between the lists is absent. None of this can be tested by the lists themselves.",
    .reference = "Fienberg (1972) Biometrika 59:591-603; Fienberg and Rinaldo (2012) Annals of Statistics 40:996-1023; Chan, "
                 "Silverman and Vincent (2021) JASA 116:1297-1306; Silverman, Chan and Vincent (2024) Statistics and Computing 34",
    .data = "counts per capture history (0/1 list columns and a count), one row per person (0/1 list columns), or long rows "
            "(person, list)",
    .options = mse_specs,
    .n_options = MSE_SPECS,
    .options_size = sizeof(est_mse_options),
    .validate = validate,
    .fit = fit,
};

est_status est_mse(const est_table *data, const est_mse_options *options, const est_context *context, est_result **result,
                   est_error *error)
{
    est_mse_options resolved = options ? *options : est_mse_options_default();
    est_i_captures *captures = NULL;
    *result = NULL;
    est_error_clear(error);
    est_status status = est_i_options_check(mse_specs, MSE_SPECS, &resolved, error);
    if (status == EST_OK)
        status = validate(&resolved, error);
    if (status == EST_OK)
        status = est_i_captures_read(data, &resolved.capture, NULL, context, &captures, error);
    if (status == EST_OK)
        status = est_i_mse_run(data, captures, &resolved, context, result, error);
    est_i_captures_free(captures);
    return status;
}
