/* The methods on microdata: options, and the steps of a run. */
#include "indicators/indicator.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/options.h"
#include "core/text.h"

#define AT(field) offsetof(est_indicator_options, field)

const est_option_spec est_i_indicator_specs[EST_I_INDICATOR_SPECS] = {
    {"codebook", EST_OPTION_TEXT, AT(codebook), "", 0, 0, NULL, "codebook of the file (.ini), or a preset: est codebook", 0},
    {"preset", EST_OPTION_TEXT, AT(preset), "", 0, 0, NULL, "definition: est methods METHOD lists them [the method's default]", 0},
    {"by", EST_OPTION_COLUMNS, AT(by), "", 0, 0, NULL, "domains: every crossing of these roles or columns", 0},
    {"where", EST_OPTION_TEXT, AT(where), "", 0, 0, NULL, "condition, as in 'sex == 2'", 0},
    {"ages", EST_OPTION_TEXT, AT(ages), "", 0, 0, NULL, "age groups instead of the definition's: 20-24,25-49", 0},
    {"indicators", EST_OPTION_TEXT, AT(indicators), "", 0, 0, NULL, "which of the definition's [all]", 0},
    {"tables", EST_OPTION_TEXT, AT(tables), "", 0, 0, NULL, "standard tables: all, or T2,T3", 0},
    {"population", EST_OPTION_NUMBER, AT(population), "0", 0, 1e12, NULL, "people of the first age group, for numbers of people", 0},
    {"numbers", EST_OPTION_CHOICE, AT(numbers), "auto", 0, 0, "auto|yes|no", "numbers of people: yes refuses where they cannot be had", 0},
    {"benchmarks", EST_OPTION_FLAG, AT(benchmarks), "no", 0, 1, NULL, "published figures beside the estimates", 0},
    {"small-area", EST_OPTION_COLUMN, AT(small_area), "", 0, 0, NULL, "model-based estimates of these areas, beside the direct ones", 0},
    {"covariates", EST_OPTION_TABLE, AT(covariates), "", 0, 0, NULL, "of the areas: a line an area, first column the area", 0},
    {"sampling-errors", EST_OPTION_FLAG, AT(sampling_errors), "no", 0, 1, NULL, "the table R, SE, N, WN, DEFT, SE/R, R-2SE, R+2SE", 0},
    {"level", EST_OPTION_NUMBER, AT(level), "0.95", 0.5, 0.9999, NULL, "confidence level of the intervals", 0},
    {"set", EST_OPTION_TEXT, AT(set), "", 0, 0, NULL, "parameters of the definition: NAME=NUMBER,...", 1},
    {"reference-period", EST_OPTION_TEXT, AT(reference_period), "", 0, 0, NULL, "over how long people were asked, where the codebook does not "
     "say", 1},
    {"small-area-fit", EST_OPTION_CHOICE, AT(small_area_fit), "reml", 0, 0, "reml|ml|moment", "variance of the small-area model", 1},
    {"small-area-variance", EST_OPTION_CHOICE, AT(small_area_variance), "pooled", 0, 0, "pooled|own", "sampling variances that the model takes as "
     "known: one a case for all areas, since those of few PSUs are themselves little known, or each area's own", 1},
    {"margins", EST_OPTION_TABLE, AT(margins), "", 0, 0, NULL, "known totals for --calibrate: columns variable, level, total", 1},
    {"calibrate", EST_OPTION_CHOICE, AT(calibrate), "none", 0, 0, "none|poststratify|rake|linear|bounded|logit|exponential",
     "weights to the totals of --margins", 1},
    {"bounds", EST_OPTION_TEXT, AT(bounds), "", 0, 0, NULL, "L,U: bounds of the factors of calibration", 1},
    {"weight", EST_OPTION_COLUMN, AT(weight), "", 0, 0, NULL, "instead of the codebook's role", 1},
    {"strata", EST_OPTION_COLUMNS, AT(strata), "", 0, 0, NULL, "instead of the codebook's role", 1},
    {"psu", EST_OPTION_COLUMNS, AT(psu), "", 0, 0, NULL, "instead of the codebook's role", 1},
    {"nest", EST_OPTION_FLAG, AT(nest), "no", 0, 1, NULL, "PSU ids are numbered within strata", 1},
    {"lonely", EST_OPTION_CHOICE, AT(lonely), "fail", 0, 0, "fail|remove|certainty|adjust|average", "strata with a single PSU", 1},
    {"variance", EST_OPTION_CHOICE, AT(variance), "taylor", 0, 0, "taylor|jk1|jkn|brr|fay|rao-wu", "standard errors from", 1},
    {"draws", EST_OPTION_INTEGER, AT(draws), "1000", 2, 1000000, NULL, "replicates of --variance rao-wu", 1},
    {"ci", EST_OPTION_CHOICE, AT(ci), "korn-graubard", 0, 0, "korn-graubard|beta|t|logit|wilson|arcsine|likelihood|two-se",
     "intervals of proportions (others: t, or two-se)", 1},
    {"df", EST_OPTION_CHOICE, AT(df), "domain", 0, 0, "domain|design", "degrees of freedom: PSUs less strata, of the domain or of all", 1},
};

est_indicator_options est_indicator_options_default(void)
{
    est_indicator_options options;
    memset(&options, 0, sizeof options);
    est_i_options_default(est_i_indicator_specs, EST_I_INDICATOR_SPECS, &options);
    return options;
}

est_status est_i_indicator_validate(const void *options, est_error *error)
{
    const est_indicator_options *o = options;
    est_status status = EST_OK;
    if (o->margins && o->calibrate == 0)
        status = est_i_fail(error, EST_EOPTION, "option --margins gives known totals; say with --calibrate how the weights get to them");
    else if (o->calibrate != 0 && !o->margins)
        status = est_i_fail(error, EST_EOPTION, "option --calibrate needs --margins, a table of known totals (columns variable, level, total)");
    else if (o->margins && o->population > 0)
        status = est_i_fail(error, EST_EOPTION, "option --population is one known total and --margins are several; give one of the two");
    else if (*o->bounds && o->calibrate == 0)
        status = est_i_fail(error, EST_EOPTION, "option --bounds belongs to --calibrate");
    else if (o->covariates && !*o->small_area)
        status = est_i_fail(error, EST_EOPTION, "option --covariates describes areas; name their column with --small-area");
    else if (o->small_area_fit != 0 && !*o->small_area)
        status = est_i_fail(error, EST_EOPTION, "option --small-area-fit belongs to --small-area");
    else if (o->small_area_variance != 0 && !*o->small_area)
        status = est_i_fail(error, EST_EOPTION, "option --small-area-variance belongs to --small-area");
    else if (o->numbers == 2 && o->population > 0)
        status = est_i_fail(error, EST_EOPTION, "option --population is for numbers of people, and --numbers no asks for none");
    else if (o->ci == 7 && o->level != 0.95)
        status = est_i_fail(error, EST_EOPTION, "option --level would change nothing: --ci two-se is two standard errors at any level");
    else if (o->draws != 1000 && o->variance != 5)
        status = est_i_fail(error, EST_EOPTION, "option --draws belongs to --variance rao-wu");
    return status;
}

/* Steps */

static est_status open_codebook(est_i_indicator_run *run, est_error *error)
{
    if (!*run->options->codebook)
        return est_i_fail(error, EST_EOPTION, "option --codebook is missing: it says which columns of the file mean what; est codebook lists the "
                          "presets, est codebook init writes one for a file");
    est_status status = est_i_codebook_open(run->options->codebook, &run->codebook, error);
    if (status == EST_OK && *run->options->reference_period &&
        !est_i_codebook_set_fact(run->codebook, "reference-period", run->options->reference_period))
        status = est_i_no_memory(error);
    return status;
}

static est_status check_reference_period(const est_i_indicator_run *run, est_error *error)
{
    bool declared = strcmp(est_i_definition_fact(&run->definition, "reference-period"), "declared") == 0;
    if (declared && !*est_i_codebook_fact(run->codebook, "reference-period"))
        return est_i_fail(error, EST_EDEFINITION, "definition %s has no reference period of its own: estimates over different periods are not "
                          "comparable; say over how long people were asked with --reference-period, or in the codebook (reference-period = ...)",
                          run->definition.about->id);
    return EST_OK;
}

static est_status open_view(est_i_indicator_run *run, est_error *error)
{
    est_status status = EST_OK;
    run->plan = est_i_view_plan_new(run->source);
    if (!run->plan)
        return est_i_no_memory(error);
    status = est_i_codebook_apply(run->codebook, run->source, run->plan, run->context, error);
    if (status == EST_OK)
        status = est_i_indicator_plan(run, error);
    if (status == EST_OK) {
        est_i_view_plan *plan = run->plan;
        run->plan = NULL;
        status = est_i_view_open(plan, &run->view, error);
    }
    return status;
}

static est_status run_steps(est_i_indicator_run *run, est_result **result, est_error *error)
{
    est_status status = est_i_definition_open(run->options->preset, run->method->id, &run->definition, error);
    if (status == EST_OK)
        status = open_codebook(run, error);
    if (status == EST_OK)
        status = check_reference_period(run, error);
    if (status == EST_OK)
        status = open_view(run, error);
    if (status == EST_OK)
        status = est_i_indicator_numbers(run, error);
    if (status == EST_OK)
        status = est_i_indicator_estimate(run, error);
    if (status == EST_OK)
        status = est_i_indicator_write(run, error);
    if (status == EST_OK) {
        status = est_i_result_finish(run->builder, result, error);
        run->builder = NULL;
    }
    if (status == EST_EVALUE && run->view)
        est_i_view_explain(run->view, &run->monitor, error);
    return status;
}

static void clear(est_i_indicator_run *run)
{
    est_i_result_abandon(run->builder);
    est_result_free(run->estimates);
    est_result_free(run->medians);
    est_result_free(run->printed);
    est_table_free(run->totals);
    est_source_free(run->view);
    est_i_view_plan_free(run->plan);
    est_i_codebook_free(run->codebook);
    est_i_definition_clear(&run->definition);
    est_i_indicator_free_tables(run);
    for (size_t i = 0; i < run->n_bands; i++) {
        free(run->bands[i].name);
        free(run->bands[i].where);
    }
    for (size_t i = 0; i < run->n_items; i++) {
        free(run->items[i].column);
        free(run->items[i].denominator);
        free(run->items[i].estimate);
        free(run->items[i].total);
    }
    for (size_t i = 0; i < run->n_gone; i++)
        free(run->gone[i]);
    for (size_t i = 0; i < sizeof run->lists / sizeof *run->lists; i++)
        est_i_text_free(&run->lists[i]);
    est_i_text_free(&run->median_list);
    est_i_text_free(&run->left_out);
    est_i_text_free(&run->changed);
    free(run->bands);
    free(run->items);
    free(run->gone);
}

static const est_method *find_method(const char *id)
{
    static const est_method *const methods[] = {&est_i_method_child_labour, &est_i_method_child_marriage, &est_i_method_forced_marriage,
                                                &est_i_method_forced_labour};
    const est_method *found = NULL;
    for (size_t i = 0; id && i < sizeof methods / sizeof *methods && !found; i++)
        if (strcmp(methods[i]->id, id) == 0)
            found = methods[i];
    return found;
}

est_status est_indicator(const char *method, est_source *source, const est_indicator_options *options, const est_context *context,
                         est_result **result, est_error *error)
{
    est_indicator_options resolved = options ? *options : est_indicator_options_default();
    est_i_indicator_run run;
    memset(&run, 0, sizeof run);
    *result = NULL;
    est_error_clear(error);
    run.method = find_method(method);
    if (!run.method)
        return est_i_fail(error, EST_EOPTION, "found '%s', expected child-labour, child-marriage, forced-marriage or forced-labour",
                          method ? method : "no method");
    est_status status = est_i_options_check(est_i_indicator_specs, EST_I_INDICATOR_SPECS, &resolved, error);
    if (status == EST_OK)
        status = est_i_indicator_validate(&resolved, error);
    if (status != EST_OK)
        return status;
    run.source = source;
    run.options = &resolved;
    run.context = context;
    est_i_monitor_start(&run.monitor, context);
    status = run_steps(&run, result, error);
    clear(&run);
    return status;
}

est_status est_i_indicator_fit_table(const char *method, const est_table *data, const est_indicator_options *options,
                                     const est_context *context, est_result **result, est_error *error)
{
    est_source *source = NULL;
    *result = NULL;
    est_error_clear(error);
    est_status status = est_source_of_table(data, &source, error);
    if (status == EST_OK)
        status = est_indicator(method, source, options, context, result, error);
    est_source_free(source);
    return status;
}
