/* Closed-population capture models with heterogeneity and behaviour: the method `heterogeneity`. */
#include <est/heterogeneity.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/options.h"
#include "core/text.h"
#include "data/captures.h"
#include "mse/capture_options.h"
#include "mse/heterogeneity_parts.h"
#include "mse/heterogeneity_report.h"
#include "numerics/quadrature.h"

#define PI 3.14159265358979323846

#define MODEL_CHOICES                                                                                                          \
    "all|M0|Mt|Mh-Chao|Mh-Poisson|Mh-Darroch|Mh-Gamma|Mh-Normal|Mth-Chao|Mth-Poisson|Mth-Darroch|Mth-Gamma|Mth-Normal|Mb|Mbh|Mtb"

static const est_option_spec heterogeneity_specs[] = {
    EST_I_CAPTURE_OPTIONS(est_heterogeneity_options),
    {"frequencies", EST_OPTION_COLUMN, offsetof(est_heterogeneity_options, frequencies), "", 0, 0, NULL,
     "column of how often persons were captured, beside their count; default: the data are capture histories", 0},
    {"occasions", EST_OPTION_INTEGER, offsetof(est_heterogeneity_options, occasions), "0", 0, EST_I_CLOSED_COUNTS_MAX, NULL,
     "with frequencies: how often a person could be captured; 0: no limit", 0},
    {"model", EST_OPTION_CHOICE, offsetof(est_heterogeneity_options, model), "all", 0, 0, MODEL_CHOICES,
     "one model, or all side by side", 0},
    {"ci", EST_OPTION_CHOICE, offsetof(est_heterogeneity_options, ci), "auto", 0, 0, "auto|profile|log-normal|none",
     "interval; auto: profile, or log-normal with corrected", 0},
    EST_I_LEVEL_OPTION(est_heterogeneity_options),
    {"corrected", EST_OPTION_FLAG, offsetof(est_heterogeneity_options, corrected), "0", 0, 1, NULL,
     "correct for bias by changed frequencies (Rivest and Levesque 2001)", 0},
    {"cells", EST_OPTION_CHOICE, offsetof(est_heterogeneity_options, cells), "histories", 0, 0, "histories|counts",
     "what the fit of M0 and Mh is measured on: histories, or numbers of captures; the estimate is the same", 1},
    {"up-to", EST_OPTION_INTEGER, offsetof(est_heterogeneity_options, up_to), "0", 0, EST_I_CLOSED_COUNTS_MAX, NULL,
     "M0 and Mh: fit only persons captured up to so often; 0: all", 1},
    {"poisson-base", EST_OPTION_NUMBER, offsetof(est_heterogeneity_options, poisson_base), "2", 0.01, 100, NULL,
     "a of the form a^k - 1", 1},
    {"gamma-shape", EST_OPTION_NUMBER, offsetof(est_heterogeneity_options, gamma_shape), "3.5", 0.001, 1000, NULL,
     "a of the form -log(a + k)", 1},
    {"nodes", EST_OPTION_INTEGER, offsetof(est_heterogeneity_options, nodes), "0", 0, EST_I_HERMITE_MAX, NULL,
     "Normal: 0: a trapezoid rule as fine as it takes; else Gauss-Hermite with so many nodes, as other programs do", 1},
};

#define HETEROGENEITY_SPECS (sizeof heterogeneity_specs / sizeof heterogeneity_specs[0])

est_heterogeneity_options est_heterogeneity_options_default(void)
{
    est_heterogeneity_options options;
    memset(&options, 0, sizeof options);
    est_i_options_default(heterogeneity_specs, HETEROGENEITY_SPECS, &options);
    return options;
}

static bool moved(double value, double initial)
{
    return value < initial || value > initial;
}

/* An option that the chosen model does not look at: nobody should read an answer for one to another question. */
static const char *idle_option(const est_heterogeneity_options *o)
{
    est_heterogeneity_options initial = est_heterogeneity_options_default();
    const est_i_closed_model *model = &est_i_closed_models[o->model > 0 ? o->model - 1 : 0];
    bool counts = est_i_closed_needs_histories(model);
    const char *message = NULL;
    if (o->model != EST_CLOSED_ALL && moved(o->poisson_base, initial.poisson_base) && model->form != EST_I_FORM_POISSON)
        message = "option --poisson-base: the chosen model has no Poisson form; leave it out, or take Mh-Poisson, Mth-Poisson or "
                  "all";
    else if (o->model != EST_CLOSED_ALL && moved(o->gamma_shape, initial.gamma_shape) && model->form != EST_I_FORM_GAMMA)
        message = "option --gamma-shape: the chosen model has no Gamma form; leave it out, or take Mh-Gamma, Mth-Gamma or all";
    else if (o->model != EST_CLOSED_ALL && o->nodes && model->form != EST_I_FORM_NORMAL)
        message = "option --nodes: the chosen model has no Normal form; leave it out, or take Mh-Normal, Mth-Normal or all";
    else if (o->cells == EST_CLOSED_COUNTS && *o->frequencies)
        message = "option --cells: with --frequencies the data are numbers of captures anyway; leave it out";
    else if (o->cells == EST_CLOSED_COUNTS && o->model != EST_CLOSED_ALL && counts)
        message = "option --cells: the chosen model is fitted to histories; leave it out, or take M0, a model Mh or all";
    return message;
}

/* With as many captures as there can be nothing is cut off, and with more the number is a mistake. */
static est_status check_up_to(long up_to, size_t occasions, est_error *error)
{
    if (up_to == 0 || occasions == 0 || (size_t)up_to <= occasions)
        return EST_OK;
    return est_i_fail(error, EST_EOPTION, "option --up-to: found %ld, expected at most the %zu occasions, or 0 for "
                                          "all", up_to, occasions);
}

static est_status validate(const void *options, est_error *error)
{
    const est_heterogeneity_options *o = options;
    est_status status = EST_OK;
    if (*o->frequencies && (*o->capture.lists || *o->capture.person || *o->capture.list || o->capture.shape != EST_SHAPE_AUTO))
        status = est_i_fail(error, EST_EOPTION, "option --frequencies: the data are numbers of captures and have no lists; leave "
                            "out --lists, --person, --list and --shape");
    else if (!*o->frequencies && o->occasions)
        status = est_i_fail(error, EST_EOPTION, "option --occasions: found %ld, expected it only with --frequencies; capture "
                            "histories have as many occasions as lists", o->occasions);
    else if (o->occasions == 1)
        status = est_i_fail(error, EST_EOPTION, "option --occasions: found 1, expected two or more, or 0 for no limit");
    else if (o->up_to == 1)
        status = est_i_fail(error, EST_EOPTION, "option --up-to: found 1, expected two or more, or 0 for all");
    else if (o->nodes == 1)
        status = est_i_fail(error, EST_EOPTION, "option --nodes: found 1, expected two or more, or 0 for as many as it takes: "
                            "one node stands at the mean, and shows nothing of how persons differ");
    else if (o->corrected && o->ci == EST_CLOSED_CI_PROFILE)
        status = est_i_fail(error, EST_EOPTION, "option --ci: found profile, expected auto, log-normal or none with --corrected: changed "
                            "frequencies have no likelihood of the data");
    else if (idle_option(o))
        status = est_i_fail(error, EST_EOPTION, "%s", idle_option(o));
    else if (*o->frequencies && check_up_to(o->up_to, (size_t)o->occasions, error) != EST_OK)
        status = EST_EOPTION;
    else if (!(fabs(o->poisson_base - 1) > 1e-6))
        status = est_i_fail(error, EST_EOPTION, "option --poisson-base: found 1, expected another number: 1^k - 1 is 0");
    return status;
}

static est_status fit(const est_table *data, const void *options, const est_context *context, est_result **result,
                      est_error *error)
{
    return est_heterogeneity(data, options, context, result, error);
}

const est_method est_i_method_heterogeneity = {
    .id = "heterogeneity",
    .title = "Capture models with heterogeneity and behaviour",
    .summary = "Estimates a closed population from how often, or when, persons were captured, under the models of Otis and others: "
               "capture probabilities that vary with time (t), with behaviour after the first capture (b) and between persons (h), "
               "in Chao's, Poisson, Darroch, Gamma and Normal form. Shows them side by side, for forms of heterogeneity that fit "
               "alike can give very different populations: the data alone give no more than Chao's lower bound. It takes for "
               "granted that the population is closed, that persons are recognised, and that occasions are independent given the "
               "person. Mb, Mbh and Mtb also take the lists for occasions in the order of time; for other lists they mean nothing.",
    .reference = "Otis, Burnham, White and Anderson (1978) Wildlife Monographs 62; Rivest and Baillargeon (2007) Biometrics "
                 "63:1021-1028; Coull and Agresti (1999) Biometrics 55:294-301; Rivest and Levesque (2001) Canadian Journal of "
                 "Statistics 29:555-572; Chao (1987) Biometrics 43:783-791; Link (2003) Biometrics 59:1123-1130",
    .data = "capture histories as for mse (lists are the occasions, in order), or a column of numbers of captures and a count",
    .options = heterogeneity_specs,
    .n_options = HETEROGENEITY_SPECS,
    .options_size = sizeof(est_heterogeneity_options),
    .validate = validate,
    .fit = fit,
    .family = "lists",
};

static est_status fit_models(est_i_closed_answer *answer, const est_i_closed_setting *setting, est_error *error)
{
    const est_heterogeneity_options *options = setting->options;
    est_status status = EST_OK;
    for (size_t i = 0; i < EST_I_CLOSED_MODELS && status == EST_OK; i++) {
        if (options->model != EST_CLOSED_ALL && (size_t)options->model != i + 1)
            continue;
        answer->fitted[i] = true;
        status = (options->corrected ? est_i_closed_fit_corrected : est_i_closed_fit_model)(
            answer->data, &est_i_closed_models[i], setting, &answer->fits[i], error);
        est_i_monitor_progress(setting->monitor, (double)(i + 1) / EST_I_CLOSED_MODELS);
    }
    return status;
}

/* One chosen model must have an estimate, and of all models one at least. */
static est_status refuse(const est_i_closed_answer *answer, est_error *error)
{
    size_t estimated = 0, last = 0;
    for (size_t i = 0; i < EST_I_CLOSED_MODELS; i++) {
        estimated += answer->fitted[i] && answer->fits[i].state == EST_I_CLOSED_FITTED ? 1 : 0;
        if (answer->fitted[i] && (answer->options->model != EST_CLOSED_ALL || i == 0))
            last = i;
    }
    const est_i_closed_fit *found = &answer->fits[last];
    const char *name = est_i_closed_models[last].name;
    if (estimated > 0)
        return EST_OK;
    if (answer->options->model == EST_CLOSED_ALL)
        return est_i_fail(error, EST_EIDENTIFY, "no estimate exists under any of the models; under %s, for one: %s", name,
                          found->reason);
    if (found->state == EST_I_CLOSED_UNFIT)
        return est_i_fail(error, EST_EOPTION, "option --model: '%s' cannot be asked of these data: %s", name, found->reason);
    return est_i_fail(error, EST_EIDENTIFY, "no estimate exists under the model '%s': %s; --model all shows which models have one",
                      name, found->reason);
}

/* Nodes and weights of expectations over a standard normal variable, in *rule: 2 n numbers, which the caller frees. The
 * trapezoid rule is as fine as the narrowest integrand asks for: with t occasions the likelihood of a logit is about 2 /
 * sqrt(t) wide, or 1 / sqrt(k) with k captures where there is no limit. */
static est_status set_quadrature(const est_i_closed_answer *answer, double **rule, est_i_closed_setting *setting, est_error *error)
{
    size_t given = (size_t)answer->options->nodes;
    double times = answer->data->occasions ? (double)answer->data->occasions : 4 * (double)answer->data->n_counts;
    double step = 0.1 * fmin(1, sqrt(50 / times));
    size_t n = given ? given : est_i_normal_trapezoid_size(step);
    *rule = calloc(2 * n, sizeof **rule);
    if (!*rule)
        return est_i_no_memory(error);
    double *nodes = *rule, *weights = *rule + n;
    if (!given)
        est_i_normal_trapezoid(step, nodes, weights);
    else if (!est_i_gauss_hermite(n, nodes, weights))
        return est_i_fail(error, EST_EINTERNAL, "no quadrature of %zu nodes", n);
    for (size_t i = 0; i < n && given; i++) {
        nodes[i] *= sqrt(2);
        weights[i] /= sqrt(PI);
    }
    setting->n_nodes = n;
    setting->nodes = nodes;
    setting->weights = weights;
    return EST_OK;
}

static est_status run(est_i_closed_answer *answer, est_result **result, est_error *error)
{
    double *rule = NULL;
    est_i_monitor monitor;
    est_i_closed_setting setting = {.options = answer->options, .monitor = &monitor};
    est_i_monitor_start(&monitor, answer->context);
    est_i_monitor_stage(&monitor, "fitting the models", 0, 1);
    est_status status = set_quadrature(answer, &rule, &setting, error);
    if (status == EST_OK)
        status = fit_models(answer, &setting, error);
    if (status == EST_OK)
        status = refuse(answer, error);
    if (status == EST_OK)
        status = est_i_closed_report(answer, result, error);
    free(rule);
    return status;
}

est_status est_heterogeneity(const est_table *data, const est_heterogeneity_options *options, const est_context *context,
                             est_result **result, est_error *error)
{
    est_heterogeneity_options resolved = options ? *options : est_heterogeneity_options_default();
    est_i_captures *captures = NULL;
    est_i_closed_data *known = NULL;
    *result = NULL;
    est_error_clear(error);
    est_status status = est_i_options_check(heterogeneity_specs, HETEROGENEITY_SPECS, &resolved, error);
    if (status == EST_OK)
        status = validate(&resolved, error);
    if (status == EST_OK && *resolved.frequencies)
        status = est_i_closed_of_frequencies(data, &resolved, &known, error);
    else if (status == EST_OK) {
        status = est_i_captures_read(data, &resolved.capture, NULL, context, &captures, error);
        if (status == EST_OK)
            status = check_up_to(resolved.up_to, captures->n_lists, error);
        if (status == EST_OK)
            status = est_i_closed_of_captures(captures, (size_t)resolved.up_to, &known, error);
    }
    if (status == EST_OK) {
        est_i_closed_answer answer = {.table = data, .captures = captures, .data = known, .options = &resolved, .context = context};
        status = run(&answer, result, error);
    }
    est_i_closed_data_free(known);
    est_i_captures_free(captures);
    return status;
}
