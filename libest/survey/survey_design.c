/* Options of a survey as design columns, policies and lists of names. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "data/scan.h"
#include "survey/survey.h"

const char *est_i_survey_keep(est_i_survey *run, const char *text)
{
    char **grown = realloc(run->names, (run->n_names + 1) * sizeof *grown);
    if (!grown)
        return NULL;
    run->names = grown;
    grown[run->n_names] = est_i_string_copy(text);
    return grown[run->n_names] ? grown[run->n_names++] : NULL;
}

/* Appends a kept name to a list. */
static est_status append(est_i_survey *run, const char *text, const char ***list, size_t *count, est_error *error)
{
    const char **grown = realloc(*list, (*count + 1) * sizeof *grown);
    const char *kept = grown ? est_i_survey_keep(run, text) : NULL;
    if (grown)
        *list = grown;
    if (!kept)
        return est_i_no_memory(error);
    grown[(*count)++] = kept;
    return EST_OK;
}

static est_status split(est_i_survey *run, const char *option, const char *list, const char ***names, size_t *count, est_error *error)
{
    est_i_text name = {0};
    bool whole = true;
    est_status status = EST_OK;
    *count = 0;
    for (const char *at = list && *list ? list : NULL; at && status == EST_OK;) {
        at = est_i_name_take(at, &name, &whole);
        if (!whole || name.failed || name.length == 0)
            status = est_i_fail(error, EST_EOPTION, "option --%s: found '%s', expected names of columns parted by commas", option, list);
        else
            status = append(run, name.data, names, count, error);
    }
    est_i_text_free(&name);
    return status;
}

static est_status stages(est_i_survey *run, const char *option, const char *list, const char *columns[EST_I_STAGES_MAX], size_t *count,
                         est_error *error)
{
    const char **names = NULL;
    est_status status = split(run, option, list, &names, count, error);
    if (status == EST_OK && *count > EST_I_STAGES_MAX)
        status = est_i_fail(error, EST_EOPTION, "option --%s: found %zu stages, expected at most %d", option, *count, EST_I_STAGES_MAX);
    for (size_t s = 0; status == EST_OK && s < *count; s++)
        columns[s] = names[s];
    free(names);
    return status;
}

static const char *or_null(const char *text)
{
    return text && *text ? text : NULL;
}

/* Columns that are not read must be there all the same: a name that is wrong is a mistake. */
static est_status require_unused(est_i_survey *run, est_error *error)
{
    const est_i_design_columns *design = &run->columns;
    est_status status = EST_OK;
    size_t column;
    for (size_t s = design->n_stages; s < EST_I_STAGES_MAX && status == EST_OK; s++) {
        if (design->unit[s])
            status = est_i_source_require(run->source, design->unit[s], "a sampling unit", &column, error);
        if (status == EST_OK && design->stratum[s])
            status = est_i_source_require(run->source, design->stratum[s], "a stratum", &column, error);
    }
    return status;
}

static est_status design_columns(est_i_survey *run, est_error *error)
{
    const est_survey_options *o = run->options;
    est_i_design_columns *design = &run->columns;
    size_t n_psu = 0, n_strata = 0, n_fpc = 0, shared_wave;
    est_status status = stages(run, "psu", o->psu, design->unit, &n_psu, error);
    if (status == EST_OK)
        status = stages(run, "strata", o->strata, design->stratum, &n_strata, error);
    if (status == EST_OK)
        status = stages(run, "fpc", o->fpc, design->fpc, &n_fpc, error);
    if (status != EST_OK)
        return status;
    design->n_stages = n_psu ? n_psu : 1;
    if (n_strata > design->n_stages || n_fpc > design->n_stages)
        return est_i_fail(error, EST_EOPTION, "option --%s names %zu stages, but --psu names %zu; expected at most as many",
                          n_strata > design->n_stages ? "strata" : "fpc", n_strata > design->n_stages ? n_strata : n_fpc, n_psu);
    if (design->n_stages > n_fpc + 1) { /* below a stage drawn with replacement nothing adds to the variance */
        run->unused_stages = design->n_stages - n_fpc - 1;
        design->n_stages = n_fpc + 1;
        status = require_unused(run, error);
    }
    design->weight = or_null(o->weight);
    design->weight_scale = o->weight_scale;
    design->nest = o->nest;
    design->pps = o->pps != EST_I_PPS_NONE;
    design->wave = o->shared_psu ? NULL : or_null(o->wave);
    if (status == EST_OK && o->shared_psu)
        status = est_i_source_require(run->source, o->wave, "the wave", &shared_wave, error);
    return status;
}

static bool begins(const char *text, const char *pattern)
{
    size_t length = strlen(pattern) - 1;
    return strncmp(text, pattern, length) == 0;
}

/* "rw*" stands for all columns that begin with rw, in the order of the file. */
static est_status expand_replicates(est_i_survey *run, est_error *error)
{
    const char **patterns = NULL;
    size_t n = 0;
    est_status status = split(run, "replicates", run->options->replicates, &patterns, &n, error);
    for (size_t i = 0; i < n && status == EST_OK; i++) {
        size_t before = run->n_replicates, length = strlen(patterns[i]);
        bool pattern = length > 0 && patterns[i][length - 1] == '*' && est_source_find(run->source, patterns[i]) < 0;
        for (size_t c = 0; pattern && c < est_source_columns(run->source) && status == EST_OK; c++)
            if (begins(est_source_column_name(run->source, c), patterns[i]))
                status = append(run, est_source_column_name(run->source, c), &run->replicate_columns, &run->n_replicates, error);
        if (!pattern && status == EST_OK)
            status = append(run, patterns[i], &run->replicate_columns, &run->n_replicates, error);
        if (status == EST_OK && run->n_replicates == before)
            status = est_i_fail_at(error, EST_ECOLUMN, (est_i_place){est_source_name(run->source), 0, 0, NULL},
                                   "found no column that begins with '%.*s' (option --replicates)", (int)length - 1, patterns[i]);
    }
    free(patterns);
    if (status == EST_OK && n > 0 && run->n_replicates < 2)
        status = est_i_fail(error, EST_EOPTION, "option --replicates: found 1 column, expected at least 2");
    return status;
}

static est_status read_rscales(est_i_survey *run, est_error *error)
{
    const char *at = run->options->rscales;
    est_status status = EST_OK;
    size_t count = 0;
    if (!at || !*at)
        return EST_OK;
    run->rscales = malloc((run->n_replicates + 1) * sizeof *run->rscales);
    if (!run->rscales)
        return est_i_no_memory(error);
    for (bool more = true; more && status == EST_OK;) {
        size_t length = strcspn(at, ",");
        double value = NAN;
        if (count == run->n_replicates || !est_i_number_parse(at, length, &value) || !(value >= 0))
            status = est_i_fail(error, EST_EOPTION, "option --rscales: expected %zu numbers of 0 or more parted by commas, one a replicate",
                                run->n_replicates);
        else
            run->rscales[count++] = value;
        more = at[length] == ',';
        at += length + more;
    }
    if (status == EST_OK && count == 1)
        for (; count < run->n_replicates; count++)
            run->rscales[count] = run->rscales[0];
    if (status == EST_OK && count != run->n_replicates)
        status = est_i_fail(error, EST_EOPTION, "option --rscales: found %zu numbers, expected %zu, one a replicate, or one for all", count,
                            run->n_replicates);
    return status;
}

est_status est_i_survey_design(est_i_survey *run, est_error *error)
{
    const est_survey_options *o = run->options;
    run->taylor = (est_i_taylor_options){.lonely = (est_i_lonely)o->lonely, .lonely_domain = o->lonely_domain,
                                         .ultimate_cluster = o->ultimate_cluster, .pps = (est_i_pps)o->pps,
                                         .yates_grundy = o->pps_form == 1};
    est_status status = design_columns(run, error);
    if (status == EST_OK)
        status = split(run, "by", o->by, &run->by, &run->n_by, error);
    if (status == EST_OK)
        status = expand_replicates(run, error);
    if (status == EST_OK)
        status = read_rscales(run, error);
    return status;
}
