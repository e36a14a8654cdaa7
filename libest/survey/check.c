/* The audit of a survey file: the method `check`. */
#include "survey/check.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/options.h"

#define AT(field) offsetof(est_check_options, field)

static const est_option_spec check_specs[] = {
    {"weight", EST_OPTION_COLUMN, AT(weight), "", 0, 0, NULL, "sampling weight", 0},
    {"strata", EST_OPTION_COLUMNS, AT(strata), "", 0, 0, NULL, "strata, one column a stage", 0},
    {"psu", EST_OPTION_COLUMNS, AT(psu), "", 0, 0, NULL, "sampling units, one column a stage", 0},
    {"fpc", EST_OPTION_COLUMNS, AT(fpc), "", 0, 0, NULL, "units in each stratum, or share drawn, one column a stage", 0},
    {"nest", EST_OPTION_FLAG, AT(nest), "no", 0, 1, NULL, "PSU ids are numbered within strata", 0},
    {"by", EST_OPTION_COLUMNS, AT(by), "", 0, 0, NULL, "domains to be tried: every crossing of these columns", 0},
    {"id", EST_OPTION_COLUMNS, AT(id), "", 0, 0, NULL, "columns that together should differ in every row", 0},
    {"columns", EST_OPTION_COLUMNS, AT(columns), "", 0, 0, NULL, "columns to describe; default: all", 0},
    {"codes", EST_OPTION_TEXT, AT(codes), "usual", 0, 0, NULL,
     "special codes to look for, numbers parted by commas; usual: 97 to 99, 997 to 999 and so on, -1 to -9, -97 to -99 and their "
     "like; none",
     1},
    {"extremes", EST_OPTION_FLAG, AT(extremes), "no", 0, 1, NULL,
     "exact lowest and highest values, also of few rows; marks the pages as internal", 0},
    {"strict", EST_OPTION_FLAG, AT(strict), "no", 0, 1, NULL, "fail (status 3) if there is an error among the findings", 0},
};

#define CHECK_SPECS (sizeof check_specs / sizeof check_specs[0])

est_check_options est_check_options_default(void)
{
    est_check_options options;
    memset(&options, 0, sizeof options);
    est_i_options_default(check_specs, CHECK_SPECS, &options);
    return options;
}

static est_status fit(const est_table *data, const void *options, const est_context *context, est_result **result, est_error *error)
{
    return est_check_table(data, options, context, result, error);
}

static est_status read_source(est_source *source, const void *options, const est_context *context, est_result **result,
                              est_error *error)
{
    return est_check(source, options, context, result, error);
}

const est_method est_i_method_check = {
    .id = "check",
    .title = "Audit of a survey file",
    .summary = "Looks at a file and at the design that its columns are said to describe, and lists at once everything that is "
               "wrong or doubtful: strata with a single PSU, PSU ids in several strata, weights that are missing, negative or of "
               "an unexpected scale, corrections smaller than the sample, ids and rows that repeat, special codes such as 98 "
               "left in columns of numbers, texts among numbers, small domains. Then it names the options for est survey. Texts "
               "are shown only where few different ones stand in many rows each.",
    .reference = "Kish (1992) Journal of Official Statistics 8:183-200 (unequal weights); Flajolet (1990) On adaptive sampling, "
                 "Computing (repeated ids in bounded "
                 "memory)",
    .data = "any table, from CSV, Stata (.dta) or SPSS (.sav)",
    .options = check_specs,
    .n_options = CHECK_SPECS,
    .options_size = sizeof(est_check_options),
    .fit = fit,
    .read = read_source,
};

/* Findings */

void est_i_check_find(est_i_check *run, est_i_check_severity severity, const char *code, const char *where, double count,
                      const char *advice, const char *format, ...)
{
    char what[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (run->n_findings == run->room) {
        size_t room = run->room ? run->room * 2 : 32;
        est_i_check_finding *grown = realloc(run->findings, room * sizeof *grown);
        if (!grown) {
            run->failed = true;
            return;
        }
        run->findings = grown;
        run->room = room;
    }
    est_i_check_finding *finding = &run->findings[run->n_findings++];
    *finding = (est_i_check_finding){severity, code, est_i_string_copy(where ? where : ""), est_i_string_copy(what),
                                     est_i_string_copy(advice ? advice : ""), count};
    run->failed = run->failed || !finding->where || !finding->what || !finding->advice;
}

size_t est_i_check_count(const est_i_check *run, est_i_check_severity severity)
{
    size_t count = 0;
    for (size_t i = 0; i < run->n_findings; i++)
        count += run->findings[i].severity == severity;
    return count;
}

static est_status refuse(const est_i_check *run, est_error *error)
{
    size_t errors = est_i_check_count(run, EST_I_CHECK_ERROR), said = 0;
    est_i_text text = {0};
    for (size_t i = 0; i < run->n_findings; i++)
        if (run->findings[i].severity == EST_I_CHECK_ERROR)
            est_i_text_printf(&text, "%s%s%s%s", said++ ? "; " : "", run->findings[i].where, *run->findings[i].where ? ": " : "",
                              run->findings[i].what);
    est_status status = errors == 0 ? EST_OK
                        : text.failed
                            ? est_i_no_memory(error)
                            : est_i_fail_at(error, EST_EDEFINITION, (est_i_place){est_source_name(run->source), 0, 0, NULL},
                                            "found %zu error%s, expected none (without --strict all findings are listed): %s",
                                            errors, errors == 1 ? "" : "s", text.data);
    est_i_text_free(&text);
    return status;
}

/* Errors first, otherwise in the order in which they were found. */
static void order_findings(est_i_check *run)
{
    for (size_t i = 1; i < run->n_findings; i++) {
        est_i_check_finding finding = run->findings[i];
        size_t at = i;
        for (; at > 0 && run->findings[at - 1].severity > finding.severity; at--)
            run->findings[at] = run->findings[at - 1];
        run->findings[at] = finding;
    }
}

/* Runs */

static est_status judge(est_i_check *run, est_error *error)
{
    if (!est_i_check_strata_make(&run->design, &run->strata))
        return est_i_no_memory(error);
    if (run->design.has_units && !est_i_check_ids_count(&run->design, &run->strata, &run->psu_ids))
        return est_i_no_memory(error);
    if (run->rows == 0)
        est_i_check_find(run, EST_I_CHECK_ERROR, "no_rows", "", 0, "", "the file has no rows");
    est_i_check_judge_design(run);
    est_i_check_judge_fpc(run);
    est_i_check_judge_weights(run);
    est_i_check_judge_domains(run);
    est_i_check_judge_columns(run);
    order_findings(run);
    return run->failed ? est_i_no_memory(error) : EST_OK;
}

void est_i_check_clear(est_i_check *run)
{
    est_i_check_list *lists[] = {&run->plan.described, &run->plan.id,  &run->plan.by,    &run->plan.psu,
                                 &run->plan.strata,    &run->plan.fpc, &run->plan.weight};
    for (size_t c = 0; run->columns && c < run->plan.described.n; c++)
        est_i_check_column_free(&run->columns[c]);
    free(run->columns);
    for (size_t l = 0; l < sizeof lists / sizeof lists[0]; l++) {
        free(lists[l]->column);
        free(lists[l]->field);
    }
    free(run->plan.codes);
    free(run->plan.reason_field);
    free(run->plan.fields);
    est_i_check_strata_free(&run->strata);
    est_i_check_design_free(&run->design);
    est_i_check_weights_free(&run->weights);
    est_i_check_keys_free(&run->ids);
    est_i_check_keys_free(&run->records);
    for (size_t i = 0; i < run->n_findings; i++) {
        free(run->findings[i].where);
        free(run->findings[i].what);
        free(run->findings[i].advice);
    }
    free(run->findings);
    est_i_result_abandon(run->builder);
}

static est_status run_steps(est_i_check *run, est_result **result, est_error *error)
{
    est_status status = est_i_check_plan_make(run, error);
    if (status == EST_OK)
        status = est_i_check_read(run, error);
    if (status == EST_OK)
        status = judge(run, error);
    if (status == EST_OK && run->options->strict)
        status = refuse(run, error);
    if (status == EST_OK)
        status = est_i_check_write(run, error);
    if (status == EST_OK) {
        status = est_i_result_finish(run->builder, result, error);
        run->builder = NULL;
    }
    return status;
}

est_status est_check(est_source *source, const est_check_options *options, const est_context *context, est_result **result,
                     est_error *error)
{
    est_check_options resolved = options ? *options : est_check_options_default();
    est_i_check run;
    memset(&run, 0, sizeof run);
    *result = NULL;
    est_error_clear(error);
    est_status status = est_i_options_check(check_specs, CHECK_SPECS, &resolved, error);
    if (status != EST_OK)
        return status;
    run.source = source;
    run.options = &resolved;
    run.context = context;
    est_i_monitor_start(&run.monitor, context);
    status = run_steps(&run, result, error);
    est_i_check_clear(&run);
    return status;
}

est_status est_check_table(const est_table *table, const est_check_options *options, const est_context *context,
                           est_result **result, est_error *error)
{
    est_source *source = NULL;
    *result = NULL;
    est_error_clear(error);
    est_status status = est_source_of_table(table, &source, error);
    if (status == EST_OK)
        status = est_check(source, options, context, result, error);
    est_source_free(source);
    return status;
}
