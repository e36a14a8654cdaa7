/* Bayesian model averaging over decomposable graphs: the method `decomposable`. */
#include "mse/decomposable.h"

#include <string.h>

#include "core/error.h"
#include "core/options.h"
#include "mse/capture_options.h"

static const est_option_spec decomposable_specs[] = {
    EST_I_CAPTURE_OPTIONS(est_decomposable_options),
    {.name = "delta", .kind = EST_OPTION_NUMBER, .offset = offsetof(est_decomposable_options, delta), .initial = "0",
     .minimum = 0, .maximum = 1000,
     .doc = "persons that the prior adds to each cell of the full table; 0: 2^-lists, one person in all"},
    {.name = "prior", .kind = EST_OPTION_CHOICE, .offset = offsetof(est_decomposable_options, prior), .initial = "one-over-n",
     .choices = "one-over-n|uniform|negative-binomial", .doc = "prior on the population, cut off at least and most"},
    {.name = "prior-shape", .kind = EST_OPTION_NUMBER, .offset = offsetof(est_decomposable_options, prior_shape), .initial = "0",
     .minimum = 0, .maximum = 1e9, .doc = "negative binomial: its mean is shape x scale", .further = 1},
    {.name = "prior-scale", .kind = EST_OPTION_NUMBER, .offset = offsetof(est_decomposable_options, prior_scale), .initial = "0",
     .minimum = 0, .maximum = 1e12, .doc = "negative binomial: its variance is mean x (1 + scale)", .further = 1},
    {.name = "least", .kind = EST_OPTION_INTEGER, .offset = offsetof(est_decomposable_options, least), .initial = "0",
     .minimum = 0, .maximum = EST_I_UNSEEN_MAX, .doc = "the fewest unseen persons thought possible", .further = 1},
    {.name = "most", .kind = EST_OPTION_INTEGER, .offset = offsetof(est_decomposable_options, most), .initial = "0",
     .minimum = 0, .maximum = EST_I_UNSEEN_MAX,
     .doc = "the most unseen persons thought possible; 0: 20 times the persons seen, rounded up to 1, 2 or 5 and zeros"},
    {.name = "complete", .kind = EST_OPTION_CHOICE, .offset = offsetof(est_decomposable_options, complete), .initial = "yes",
     .choices = "yes|no", .doc = "whether the graph that joins every pair takes part, under which only the prior tells the unseen"},
    {.name = "top", .kind = EST_OPTION_INTEGER, .offset = offsetof(est_decomposable_options, top), .initial = "20", .minimum = 1,
     .maximum = 1000, .doc = "graphs listed, the most probable first", .further = 1},
    {.name = "level", .kind = EST_OPTION_NUMBER, .offset = offsetof(est_decomposable_options, level), .initial = "0.95",
     .minimum = 0.5, .maximum = 0.9999, .doc = "probability of the posterior interval"},
};

#define DECOMPOSABLE_SPECS (sizeof decomposable_specs / sizeof decomposable_specs[0])

est_decomposable_options est_decomposable_options_default(void)
{
    est_decomposable_options options;
    memset(&options, 0, sizeof options);
    est_i_options_default(decomposable_specs, DECOMPOSABLE_SPECS, &options);
    return options;
}

static est_status validate(const void *options, est_error *error)
{
    const est_decomposable_options *o = options;
    bool shaped = o->prior == EST_PRIOR_NEGATIVE_BINOMIAL;
    est_status status = EST_OK;
    if (shaped && !(o->prior_shape > 0 && o->prior_scale > 0))
        status = est_i_fail(error, EST_EOPTION, "option --prior: negative-binomial needs --prior-shape and --prior-scale, both "
                            "above 0; its mean is their product");
    else if (!shaped && (o->prior_shape > 0 || o->prior_scale > 0))
        status = est_i_fail(error, EST_EOPTION, "option --prior: found --prior-shape or --prior-scale, expected them only with "
                            "--prior negative-binomial");
    else if (o->delta > 0 && o->delta < 1e-6)
        status = est_i_fail(error, EST_EOPTION, "option --delta: found less than 0.000001, expected more, or 0 for 2^-lists");
    else if (o->most > 0 && o->least > o->most)
        status = est_i_fail(error, EST_EOPTION, "option --least: found %ld, expected no more than --most %ld", o->least, o->most);
    return status;
}

static est_status fit(const est_table *data, const void *options, const est_context *context, est_result **result,
                      est_error *error)
{
    return est_decomposable(data, options, context, result, error);
}

const est_method est_i_method_decomposable = {
    .id = "decomposable",
    .title = "Bayesian average over decomposable graphs",
    .summary = "Estimates a population from three to six incomplete lists by Bayes' theorem. The dependence between lists is a "
               "decomposable graph; every such graph takes part, weighed by its posterior probability, and the probability of each "
               "population is worked out exactly, without simulation. The answer rests on priors: on the cells (delta), on the "
               "population and on the most that can be unseen; how far it moves with delta is shown. It takes for granted that "
               "the population is closed over the period, that the same person is recognised on every list, and that within each "
               "graph persons are alike.",
    .reference = "Madigan and York (1997) Biometrika 84:19-31; Dawid and Lauritzen (1993) Annals of Statistics 21:1272-1317",
    .data = "counts per capture history (0/1 list columns and a count), one row per person (0/1 list columns), or long rows "
            "(person, list); three to six lists",
    .options = decomposable_specs,
    .n_options = DECOMPOSABLE_SPECS,
    .options_size = sizeof(est_decomposable_options),
    .validate = validate,
    .fit = fit,
    .family = "lists",
};

est_status est_decomposable(const est_table *data, const est_decomposable_options *options, const est_context *context,
                            est_result **result, est_error *error)
{
    est_decomposable_options resolved = options ? *options : est_decomposable_options_default();
    est_i_captures *captures = NULL;
    *result = NULL;
    est_error_clear(error);
    est_status status = est_i_options_check(decomposable_specs, DECOMPOSABLE_SPECS, &resolved, error);
    if (status == EST_OK)
        status = validate(&resolved, error);
    if (status == EST_OK)
        status = est_i_captures_read(data, &resolved.capture, NULL, context, &captures, error);
    if (status == EST_OK)
        status = est_i_decomposable_run(data, captures, &resolved, context, result, error);
    est_i_captures_free(captures);
    return status;
}
