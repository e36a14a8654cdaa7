/* The survey engine on the view: known totals, one pass for everything that is a sum, one more for each kind of median. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "indicators/indicator.h"

/* Numbers of --quantile-rule. */
enum { RULE_DHS = 11, RULE_DHS_PRINTED = 12 };

/* A role of the design: the option's column, else the codebook's. */
static const char *design_column(const est_i_indicator_run *run, const char *option, const char *role)
{
    return *option ? option : est_i_codebook_role(run->codebook, role) == EST_I_ROLE_MAPPED ? role : "";
}

est_survey_options est_i_indicator_survey_options(const est_i_indicator_run *run)
{
    const est_indicator_options *o = run->options;
    est_survey_options survey = est_survey_options_default();
    survey.weight = design_column(run, o->weight, "weight");
    if (!*o->weight && est_source_find(run->view, "_weight") >= 0)
        survey.weight = "_weight";
    survey.strata = design_column(run, o->strata, "strata");
    survey.psu = design_column(run, o->psu, "psu");
    survey.nest = o->nest && *survey.psu && *survey.strata;
    survey.lonely = o->lonely;
    survey.variance = o->variance;
    survey.draws = o->draws;
    survey.df = o->df;
    survey.by = o->by;
    survey.where = o->where;
    if (run->totals || o->margins) {
        survey.margins = run->totals ? run->totals : o->margins;
        survey.calibrate = run->totals ? 1 : o->calibrate;
        survey.bounds = o->bounds;
    }
    return survey;
}

/* Known totals */

/* Weighted sums of those who are counted and of the rest, who keep their proportion to them: the rest is not benchmarked. */
static est_status make_totals(est_i_indicator_run *run, est_error *error)
{
    est_survey_options survey = est_i_indicator_survey_options(run);
    est_result *result = NULL;
    survey.by = survey.where = "";
    survey.lonely = 2;
    survey.variance = 0;
    survey.total = "_counted,_outside";
    est_status status = est_survey(run->view, &survey, run->context, &result, error);
    double inside = status == EST_OK ? est_result_row(result, 0)->estimate : NAN, outside = NAN;
    if (status == EST_OK) {
        outside = est_result_row(result, 1)->estimate;
        if (!(inside > 0))
            status = est_i_fail(error, EST_EIDENTIFY, "no row with a weight belongs to the population of the definition");
    }
    if (status == EST_OK) {
        const char *variable[] = {"_counted", "_counted"}, *level[] = {"1", "0"};
        double total[] = {run->options->population, outside * (run->options->population / inside)}; /* no proportion moves */
        status = est_table_new("the population", outside > 0 ? 2 : 1, &run->totals, error);
        if (status == EST_OK)
            status = est_table_add_text(run->totals, "variable", variable, error);
        if (status == EST_OK)
            status = est_table_add_text(run->totals, "level", level, error);
        if (status == EST_OK)
            status = est_table_add_numbers(run->totals, "total", total, error);
    }
    est_result_free(result);
    return status;
}

est_status est_i_indicator_numbers(est_i_indicator_run *run, est_error *error)
{
    const char *weights = est_i_codebook_fact(run->codebook, "weights");
    est_status status = EST_OK;
    run->numbers = EST_I_NUMBERS_NONE;
    if (run->options->numbers == 2) {
        run->why = "";
    } else if (run->options->population > 0) {
        run->numbers = EST_I_NUMBERS_POPULATION;
        status = make_totals(run, error);
    } else if (run->options->margins) {
        run->numbers = EST_I_NUMBERS_MARGINS;
    } else if (strcmp(weights, "population") == 0) {
        run->numbers = EST_I_NUMBERS_WEIGHTS;
    } else if (strcmp(weights, "normalised") == 0) {
        run->why = "the weights are normalised to the sample (codebook: weights = normalised), so that they add up to no population";
    } else {
        run->why = "the codebook does not say that the weights add up to the population (weights = population)";
    }
    if (status == EST_OK && run->numbers == EST_I_NUMBERS_NONE && run->options->numbers == 1)
        status = est_i_fail(error, EST_EDEFINITION, "no number of people can be estimated: %s; give the people of the first age group with "
                            "--population, or known totals with --margins and --calibrate", run->why);
    return status;
}

/* Lists of columns for the engine */

static void append(est_i_text *list, const char *column, const char *below)
{
    est_i_text_printf(list, "%s%s%s%s", list->length ? "," : "", column, below ? "/" : "", below ? below : "");
}

static void list_items(est_i_indicator_run *run)
{
    for (size_t i = 0; i < run->n_items; i++) {
        const est_i_item *item = &run->items[i];
        if (item->kind == EST_I_ITEM_MEDIAN)
            est_i_text_printf(&run->median_list, "%s%s@0.5", run->median_list.length ? "," : "", item->column);
        else
            append(&run->lists[item->kind], item->column, item->denominator);
        if (item->number && run->numbers != EST_I_NUMBERS_NONE)
            append(&run->lists[3], item->column, NULL);
    }
}

static const char *text_of(const est_i_text *text)
{
    return text->data ? text->data : "";
}

static est_status estimate_sums(est_i_indicator_run *run, est_error *error)
{
    est_survey_options survey = est_i_indicator_survey_options(run);
    survey.share = text_of(&run->lists[EST_I_ITEM_PROPORTION]);
    survey.ratio = text_of(&run->lists[EST_I_ITEM_RATIO]);
    survey.mean = text_of(&run->lists[EST_I_ITEM_MEAN]);
    survey.total = text_of(&run->lists[3]);
    survey.ci = *survey.share ? run->options->ci : survey.ci;
    survey.level = run->options->ci == 7 ? survey.level : run->options->level;
    return est_survey(run->view, &survey, run->context, &run->estimates, error);
}

static est_status estimate_medians(est_i_indicator_run *run, int rule, est_result **result, est_error *error)
{
    est_survey_options survey = est_i_indicator_survey_options(run);
    survey.quantile = text_of(&run->median_list);
    survey.quantile_rule = rule;
    survey.level = run->options->level;
    return est_survey(run->view, &survey, run->context, result, error);
}

/* Weights that the codebook takes for the population's, but that add up to the sample. */
static est_status check_weights(const est_i_indicator_run *run, est_error *error)
{
    bool normalised = false;
    for (size_t i = 0; i < est_result_rows(run->estimates); i++)
        normalised = normalised || est_result_row(run->estimates, i)->flags & EST_FLAG_BIT(EST_FLAG_NORMALISED_WEIGHTS);
    if (run->numbers == EST_I_NUMBERS_WEIGHTS && normalised)
        return est_i_fail(error, EST_EDEFINITION, "codebook %s says weights = population, but the weights look as if they were scaled to the "
                          "sample; write weights = normalised, and give the population with --population",
                          est_i_codebook_name(run->codebook));
    return EST_OK;
}

est_status est_i_indicator_estimate(est_i_indicator_run *run, est_error *error)
{
    est_status status = EST_OK;
    list_items(run);
    for (size_t i = 0; i < 4; i++)
        if (run->lists[i].failed || run->median_list.failed)
            return est_i_no_memory(error);
    bool sums = run->lists[0].length || run->lists[1].length || run->lists[2].length || run->lists[3].length;
    if (sums)
        status = estimate_sums(run, error);
    if (status == EST_OK && sums)
        status = check_weights(run, error);
    if (status == EST_OK && run->median_list.length)
        status = estimate_medians(run, RULE_DHS, &run->medians, error);
    if (status == EST_OK && run->median_list.length)
        status = estimate_medians(run, RULE_DHS_PRINTED, &run->printed, error);
    return status;
}
