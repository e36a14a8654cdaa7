/* Multiple systems estimation with a given or a selected log-linear model: the method `mse`. */
#include <est/mse.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/options.h"
#include "mse/capture_options.h"
#include "mse/mse_run.h"

static const est_option_spec mse_specs[] = {
    EST_I_CAPTURE_OPTIONS(est_mse_options),
    {"model", EST_OPTION_TEXT, offsetof(est_mse_options, model), "", 0, 0, NULL,
     "terms by list names, 'LA:NG PF GO', or main, all-pairs, all-triples; default: selected", 0},
    {"select", EST_OPTION_CHOICE, offsetof(est_mse_options, select), "bic", 0, 0, "bic|aic|none|aicc|stepwise|downhill",
     "the model: exactly the best of its class by a criterion, or a path by p values or by BIC", 0},
    {"class", EST_OPTION_CHOICE, offsetof(est_mse_options, model_class), "hierarchical", 0, 0,
     "hierarchical|pairwise|graphical|decomposable", "models that a search looks at; more than six lists need a smaller class", 1},
    {"max-order", EST_OPTION_INTEGER, offsetof(est_mse_options, max_order), "0", 0, 8, NULL,
     "most lists in a term of the search; 0: one less than the lists, at most 3", 0},
    {"threshold", EST_OPTION_NUMBER, offsetof(est_mse_options, threshold), "0.02", 0, 1, NULL,
     "stepwise: terms enter while their p value is below it", 1},
    {"boundary", EST_OPTION_CHOICE, offsetof(est_mse_options, boundary), "reject", 0, 0, "reject|accept",
     "fits on a face of the cone in a search; a given model is always fitted on its face", 1},
    {"bic-n", EST_OPTION_CHOICE, offsetof(est_mse_options, bic_n), "persons", 0, 0, "persons|cells",
     "the n in BIC = -2 log L + p ln n, and in AICc", 1},
    {"top", EST_OPTION_INTEGER, offsetof(est_mse_options, top), "0", 0, 100000, NULL,
     "best models listed; 0: of one table of up to five lists all, else 100 and all within 10 of the best", 1},
    {"average", EST_OPTION_FLAG, offsetof(est_mse_options, average), "0", 0, 0, NULL,
     "also the average over models, by their criterion, on the log of the unseen", 0},
    {"by", EST_OPTION_COLUMNS, offsetof(est_mse_options, by), "", 0, 0, NULL,
     "columns of strata: one joint model, a row for each stratum and their total", 0},
    {"dependence", EST_OPTION_CHOICE, offsetof(est_mse_options, dependence), "common", 0, 0, "common|by-stratum",
     "with --by: dependence between lists common to all strata, or each stratum's own", 1},
    {"effects", EST_OPTION_CHOICE, offsetof(est_mse_options, effects), "full", 0, 0, "full|additive",
     "with --by: activity of a list its own in each stratum, or the sum of an effect of each column", 1},
    {"coverage", EST_OPTION_TABLE, offsetof(est_mse_options, coverage), "", 0, 0, NULL,
     "with --by: table of list and strata where it was at work; a list not named was at work everywhere", 1},
    {"ci", EST_OPTION_CHOICE, offsetof(est_mse_options, ci), "auto", 0, 0, "auto|none|profile|bootstrap|wald|bca|studentised|log-normal",
     "interval; auto: profile for a given model, bootstrap with reselection for a selected one", 0},
    {"resample", EST_OPTION_CHOICE, offsetof(est_mse_options, resample), "population", 0, 0, "population|scv2024",
     "bootstrap: persons seen vary as in the population, or stay as many (too narrow; for comparison)", 1},
    {"reselect-top", EST_OPTION_INTEGER, offsetof(est_mse_options, reselect_top), "0", 0, 100000, NULL,
     "replicates choose among so many best models of the data; 0: among all, exactly", 1},
    {"replicates", EST_OPTION_INTEGER, offsetof(est_mse_options, replicates), "1000", 0, 1000000, NULL,
     "bootstrap replicates; 0: no bootstrap", 0},
    {"diagnose", EST_OPTION_FLAG, offsetof(est_mse_options, diagnose), "0", 0, 0, NULL,
     "every diagnostic as a table, and a verdict in words", 0},
    {"limit", EST_OPTION_NUMBER, offsetof(est_mse_options, limit), "0", 0, 1e12, NULL,
     "diagnose: a population that matters; the dependence that would lead there is given", 1},
    {"gates", EST_OPTION_CHOICE, offsetof(est_mse_options, gates), "warn", 0, 0, "warn|enforce",
     "minimum-data gates that fail: said beside the number, or no number at all", 1},
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

/* What cannot go together, and an option that could not act, with what to do: nobody should read an answer for one to another
 * question. An option counts as given where it differs from its default. */
typedef struct clash {
    bool holds;
    const char *message;
} clash;

static est_status refuse_first(const clash *clashes, size_t count, est_error *error)
{
    est_status status = EST_OK;
    for (size_t i = 0; i < count && status == EST_OK; i++)
        if (clashes[i].holds)
            status = est_i_fail(error, EST_EOPTION, "%s", clashes[i].message);
    return status;
}

static bool is_criterion(const est_mse_options *o)
{
    return o->select != EST_SELECT_STEPWISE && o->select != EST_SELECT_DOWNHILL;
}

static bool asks_for_bootstrap(const est_mse_options *o)
{
    return o->ci == EST_CI_BOOTSTRAP || o->ci == EST_CI_BCA || o->ci == EST_CI_STUDENTISED;
}

/* Options of a search. */
static est_status check_beside_model(const est_mse_options *o, est_error *error)
{
    double threshold = est_mse_options_default().threshold;
    bool moved = o->threshold < threshold || o->threshold > threshold;
    const clash clashes[] = {
        {o->select != EST_SELECT_BIC && o->select != EST_SELECT_NONE,
         "option --select: with --model nothing is selected; leave out one of the two"},
        {o->model_class != EST_CLASS_HIERARCHICAL, "option --class: with --model nothing is searched; leave out one of the two"},
        {o->max_order != 0, "option --max-order: with --model nothing is searched; leave out one of the two"},
        {moved, "option --threshold: with --model nothing is selected; leave out one of the two"},
        {o->boundary != EST_BOUNDARY_REJECT,
         "option --boundary: it is about searches, and a given model is always fitted on its face; leave it out, or leave out "
         "--model"},
        {o->top != 0, "option --top: with --model there is one model to list; leave out one of the two"},
        {o->average, "option --average: needs a search by bic, aic or aicc; leave out --model and take --select bic, aic or aicc"},
        {o->reselect_top != 0, "option --reselect-top: with --model nothing is selected; leave out one of the two"},
    };
    return *o->model ? refuse_first(clashes, sizeof clashes / sizeof clashes[0], error) : EST_OK;
}

static est_status check_search(const est_mse_options *o, est_error *error)
{
    double threshold = est_mse_options_default().threshold;
    bool moved = o->threshold < threshold || o->threshold > threshold, criterion = is_criterion(o);
    const clash clashes[] = {
        {o->select == EST_SELECT_NONE, "option --select: 'none' needs a model; give --model (for example all-pairs)"},
        {o->average && !criterion, "option --average: needs a search by bic, aic or aicc; leave out --model and take --select bic, "
                                   "aic "
                                   "or aicc"},
        {o->model_class > EST_CLASS_PAIRWISE && !criterion,
         "option --class: graphical and decomposable models are searched for by bic, aic or aicc, not stepwise or downhill"},
        {o->reselect_top && !criterion, "option --reselect-top: needs --select bic, aic or aicc"},
        {o->top && !criterion, "option --top: a path lists no models; needs --select bic, aic or aicc"},
        {moved && o->select != EST_SELECT_STEPWISE, "option --threshold: needs --select stepwise"},
        {o->boundary != EST_BOUNDARY_REJECT && o->select == EST_SELECT_STEPWISE,
         "option --boundary: stepwise asks for interior fits; needs another --select"},
    };
    return *o->model ? EST_OK : refuse_first(clashes, sizeof clashes / sizeof clashes[0], error);
}

static est_status check_strata(const est_mse_options *o, est_error *error)
{
    bool own = o->dependence != EST_STRATA_COMMON;
    const clash clashes[] = {
        {o->coverage && !*o->by, "option --coverage: needs --by; a list that was nowhere at work is left out with --lists"},
        {o->effects != EST_EFFECTS_FULL && (!*o->by || (!*o->model && !is_criterion(o)) || o->diagnose || own),
         "option --effects: additive effects need --by with --dependence common, and go neither with --select stepwise or downhill "
         "nor "
         "with --diagnose"},
        {own && !*o->by, "option --dependence: by-stratum needs --by, which names the columns of the strata"},
        {own && (o->diagnose || o->average),
         "option --dependence: --diagnose and --average are made for a common dependence; run each stratum by itself"},
    };
    return refuse_first(clashes, sizeof clashes / sizeof clashes[0], error);
}

static est_status check_intervals(const est_mse_options *o, est_error *error)
{
    bool bootstraps = asks_for_bootstrap(o) || (o->ci == EST_CI_AUTO && !*o->model && o->replicates != 0);
    const clash clashes[] = {
        {asks_for_bootstrap(o) && o->replicates == 0,
         "option --replicates: found 0, expected at least 100 for the interval that --ci asks for; take --ci none, profile or wald "
         "for "
         "none"},
        {o->resample != EST_RESAMPLE_POPULATION && !bootstraps,
         "option --resample: no bootstrap is made; needs --ci bootstrap, bca or studentised"},
        {o->reselect_top && !bootstraps, "option --reselect-top: no bootstrap is made; needs --ci bootstrap, bca or studentised"},
        {o->limit > 0 && !o->diagnose, "option --limit: needs --diagnose"},
    };
    if (bootstraps && o->replicates != 0 && o->replicates < 100)
        return est_i_fail(error, EST_EOPTION, "option --replicates: found %ld, expected at least 100 for percentile limits, or 0 "
                                              "for none",
                          o->replicates);
    return refuse_first(clashes, sizeof clashes / sizeof clashes[0], error);
}

static est_status validate(const void *options, est_error *error)
{
    est_status status = check_beside_model(options, error);
    if (status == EST_OK)
        status = check_search(options, error);
    if (status == EST_OK)
        status = check_strata(options, error);
    if (status == EST_OK)
        status = check_intervals(options, error);
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
    if (status == EST_OK && *resolved.by) {
        est_i_strata_options strata = {.columns = resolved.by, .coverage = resolved.coverage};
        status = est_i_captures_read_strata(data, &resolved.capture, &strata, context, &captures, error);
    } else if (status == EST_OK)
        status = est_i_captures_read(data, &resolved.capture, NULL, context, &captures, error);
    if (status == EST_OK)
        status = est_i_mse_run(data, captures, &resolved, context, result, error);
    est_i_captures_free(captures);
    return status;
}
