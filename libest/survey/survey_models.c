/* Regressions and tests of association in a survey's result. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "survey/association.h"
#include "survey/regression.h"
#include "survey/survey.h"

static est_status add_formula(est_i_survey *run, const char *text, est_i_formula **formula, est_error *error)
{
    est_status status = EST_OK;
    if (!text || !*text)
        return EST_OK;
    status = est_i_formula_parse(text, run->source, run->request.n_variables, formula, error);
    for (size_t v = 0; status == EST_OK && v < (*formula)->n_variables; v++)
        if (!est_i_survey_request_append(&run->request, &(*formula)->variables[v]))
            status = est_i_no_memory(error);
    return status;
}

static est_status add_pair(est_i_survey *run, est_error *error)
{
    const char *pair = run->options->association, *colon = pair ? strchr(pair, ':') : NULL;
    est_i_text name = {0};
    est_status status = EST_OK;
    if (!pair || !*pair)
        return EST_OK;
    if (!colon || colon == pair || !colon[1] || strchr(colon + 1, ':') || strchr(pair, ','))
        return est_i_fail(error, EST_EOPTION, "option --association: found '%s', expected two columns, A:B", pair);
    est_i_text_append_bytes(&name, pair, (size_t)(colon - pair));
    if (!name.failed) {
        run->associated[0] = est_i_survey_request_variable(&run->request, name.data, EST_I_VARIABLE_LEVELS, NULL);
        run->associated[1] = est_i_survey_request_variable(&run->request, colon + 1, EST_I_VARIABLE_LEVELS, NULL);
    }
    if (name.failed || run->associated[0] == SIZE_MAX || run->associated[1] == SIZE_MAX)
        status = est_i_no_memory(error);
    else if (run->associated[0] == run->associated[1])
        status = est_i_fail(error, EST_EOPTION, "option --association: found '%s', expected two different columns", pair);
    est_i_text_free(&name);
    return status;
}

est_status est_i_survey_model_variables(est_i_survey *run, est_error *error)
{
    est_status status = add_formula(run, run->options->linear, &run->linear, error);
    if (status == EST_OK)
        status = add_formula(run, run->options->logistic, &run->logistic, error);
    return status == EST_OK ? add_pair(run, error) : status;
}

static est_status check_missing(const est_i_survey *run, const char *what, double missing, est_error *error)
{
    if (run->options->missing != 1 || missing == 0)
        return EST_OK;
    return est_i_fail_at(error, EST_EVALUE, (est_i_place){est_source_name(run->source), 0, 0, NULL}, "%s: found %.0f rows that miss a value, "
                         "expected none (option --missing fail); --missing omit leaves them out and says how many", what, missing);
}

static void add_coefficient(est_i_survey *run, const est_i_regression *fit, size_t i, const char *model)
{
    est_i_text name = {0};
    est_i_text_printf(&name, "coefficient(%s)", fit->name[i]);
    est_row row = est_i_row_empty(name.failed ? "coefficient" : name.data);
    double se = sqrt(fit->covariance[i * fit->p + i]);
    row.model = model;
    row.n = fit->n;
    row.n_weighted = fit->weight;
    row.fewest = fit->fewest;
    if (fit->aliased[i] || fit->separated) {
        row.flags = EST_FLAG_BIT(EST_FLAG_NOT_ESTIMABLE);
    } else {
        est_i_interval interval = est_i_t_interval(EST_I_CI_T, &(est_i_interval_input){.estimate = fit->coefficient[i], .se = se, .df = fit->df,
                                                                                      .level = run->options->level});
        row.estimate = fit->coefficient[i];
        row.se = se;
        row.lower = interval.lower;
        row.upper = interval.upper;
        row.level = run->options->level;
        row.df = fit->df;
        row.interval = interval.method;
        row.flags = est_i_survey_error_flags(fit->df, fit->lonely);
    }
    est_i_result_add_row(run->builder, &row);
    est_i_text_free(&name);
}

/* Each term as a whole: Wald tests that all its coefficients are 0. first: the row of the first coefficient. */
static void add_terms(est_i_survey *run, const est_i_regression *fit, size_t first, const char *name, const char *title)
{
    static const char *const columns[] = {"term", "F", "df1", "df2", "p"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_FIT, EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_FIT};
    est_i_result_frame(run->builder, name, title, 5, columns, roles, SIZE_MAX);
    for (size_t t = 0; t < fit->n_terms; t++) {
        double f, df1, df2, p;
        size_t from = fit->term_first[t], to = fit->term_first[t + 1];
        est_i_text term = {0};
        if (from == to)
            continue;
        est_i_regression_test(fit, from, to, &f, &df1, &df2, &p);
        est_i_result_frame_about(run->builder, first + from);
        est_i_text_printf(&term, "%s%s%s", fit->name[from], to - from > 1 ? " ... " : "", to - from > 1 ? fit->name[to - 1] : "");
        est_i_result_cell_text(run->builder, term.failed ? "" : term.data);
        est_i_result_cell(run->builder, f);
        est_i_result_cell(run->builder, df1);
        est_i_result_cell(run->builder, df2);
        est_i_result_cell(run->builder, p);
        est_i_text_free(&term);
    }
}

static void note_regression(est_i_survey *run, const est_i_regression *fit, const char *text)
{
    est_i_text names = {0}, aliased = {0};
    for (size_t i = 0; i < fit->p; i++) {
        if (fit->separated && fit->unbounded[i])
            est_i_text_printf(&names, "%s%s", names.length ? ", " : "", fit->name[i]);
        if (fit->aliased[i])
            est_i_text_printf(&aliased, "%s%s", aliased.length ? ", " : "", fit->name[i]);
    }
    if (aliased.length)
        est_i_result_note(run->builder, run->context, EST_WARNING, "dependent_columns", "%s: left out, since the columns before them tell all "
                          "of them, or all but less than a ten-thousand-millionth: %s. For powers, take the number from its middle first.",
                          text, aliased.failed ? "some" : aliased.data);
    if (fit->separated) /* of a small group it would be told that all in it answered alike */
        est_i_result_note_public(run->builder, run->context, EST_WARNING, "separated", "", "%s: the terms foretell the response without fail, so that "
                          "these coefficients have no finite estimate: %s. Drop the term, or join rare levels.", text,
                          names.length && !names.failed ? names.data : "some of them");
    if (fit->missing > 0)
        est_i_result_note_public(run->builder, run->context, EST_NOTE, "missing", "Some rows miss a value and are left out of the regression.",
                                 "%s: %.0f rows miss a value and are left out.", text, fit->missing);
    if (fit->dropped > 0)
        est_i_result_note_public(run->builder, run->context, EST_WARNING, "replicates_dropped", "Some replicates have no estimate of the "
                                 "regression and are left out: the standard errors are too small.", "%s: %zu replicates have no estimate and are left "
                          "out: the standard errors are too small.", text, fit->dropped);
    run->lonely = fit->lonely > run->lonely ? fit->lonely : run->lonely;
    est_i_text_free(&names);
    est_i_text_free(&aliased);
}

static void add_covariance(est_i_survey *run, const est_i_regression *fit, size_t first, const char *name, const char *title)
{
    const char **columns = malloc((fit->p + 1) * sizeof *columns);
    est_column_role *roles = calloc(fit->p + 1, sizeof *roles);
    if (!columns || !roles) {
        est_i_result_no_memory(run->builder);
    } else {
        columns[0] = "coefficient";
        for (size_t i = 0; i < fit->p; i++) {
            columns[i + 1] = fit->name[i];
            roles[i + 1] = EST_ROLE_FIT;
        }
        est_i_result_frame(run->builder, name, title, fit->p + 1, columns, roles, 0);
        for (size_t i = 0; i < fit->p; i++) {
            est_i_result_frame_about(run->builder, first + i);
            est_i_result_cell_text(run->builder, fit->name[i]);
            for (size_t j = 0; j < fit->p; j++)
                est_i_result_cell(run->builder, fit->covariance[i * fit->p + j]);
        }
    }
    free(columns);
    free(roles);
}

static est_status add_regression(est_i_survey *run, const est_i_formula *formula, est_i_family family, const char *text, est_error *error)
{
    est_i_regression_options wanted = {.family = family, .no_intercept = formula->no_intercept, .level = run->options->level,
                                       .design_df = run->options->df == 1, .taylor = run->taylor, .replicates = run->replicates,
                                       .calibration = run->calibration, .response = formula->response, .n_terms = formula->n_terms,
                                       .terms = formula->terms};
    est_i_regression *fit = NULL;
    bool logistic = family == EST_I_FAMILY_LOGISTIC;
    est_status status = est_i_regression_fit(run->sample, &wanted, &fit, error);
    if (status == EST_OK)
        status = check_missing(run, text, fit->missing, error);
    if (status != EST_OK) {
        est_i_regression_free(fit);
        return status;
    }
    size_t first = est_i_result_row_count(run->builder);
    for (size_t i = 0; i < fit->p; i++)
        add_coefficient(run, fit, i, text);
    add_covariance(run, fit, first, logistic ? "logistic_vcov" : "linear_vcov", logistic ? "Covariance of the logistic coefficients"
                                                                              : "Covariance of the linear coefficients");
    add_terms(run, fit, first, logistic ? "logistic_terms" : "linear_terms", "Wald tests of the terms");
    note_regression(run, fit, text);
    est_i_regression_free(fit);
    return EST_OK;
}

static void add_tests(est_i_survey *run, const est_i_association *table)
{
    static const char *const columns[] = {"test", "statistic", "df1", "df2", "p"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_FIT, EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_FIT};
    double fewest = table->n;
    for (size_t i = 0; i < table->n_rows * table->n_columns; i++)
        fewest = fmin(fewest, table->cases[i]);
    est_i_result_frame(run->builder, "association_tests", "Tests of independence", 5, columns, roles, SIZE_MAX);
    est_i_result_frame_fewest(run->builder, fewest);
    for (size_t i = 0; i < table->n_tests; i++) {
        est_i_result_cell_text(run->builder, table->tests[i].name);
        est_i_result_cell(run->builder, table->tests[i].statistic);
        est_i_result_cell(run->builder, table->tests[i].df1);
        est_i_result_cell(run->builder, table->tests[i].df2);
        est_i_result_cell(run->builder, table->tests[i].p);
    }
}

static void add_table(est_i_survey *run, const est_i_association *table)
{
    static const char *const columns[] = {"row", "column", "proportion", "cases"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_FIT, EST_ROLE_COUNT};
    est_i_result_frame(run->builder, "association_table", "Shares of the cells", 4, columns, roles, SIZE_MAX);
    for (size_t r = 0; r < table->n_rows; r++)
        for (size_t c = 0; c < table->n_columns; c++) {
            est_i_result_cell_text(run->builder, est_i_sample_level(run->sample, run->associated[0], table->row_level[r]));
            est_i_result_cell_text(run->builder, est_i_sample_level(run->sample, run->associated[1], table->column_level[c]));
            est_i_result_cell(run->builder, table->proportion[r * table->n_columns + c]);
            est_i_result_cell(run->builder, table->cases[r * table->n_columns + c]);
        }
}

static void note_association(est_i_survey *run, const est_i_association *table)
{
    const char *pair = run->options->association;
    run->lonely = table->lonely > run->lonely ? table->lonely : run->lonely;
    if (table->missing > 0)
        est_i_result_note_public(run->builder, run->context, EST_NOTE, "missing", "Some rows miss a value and are left out of the tests.",
                                 "%s: %.0f rows miss a value and are left out of the tests.", pair, table->missing);
    if (table->dropped > 0)
        est_i_result_note_public(run->builder, run->context, EST_WARNING, "replicates_dropped", "Some replicates have no estimate of the "
                                 "table and are left out: the tests reject too easily.", "%s: %zu replicates have no estimate and are left out: "
                          "the tests reject too easily.", pair, table->dropped);
    if (!(table->df > 0))
        est_i_result_note(run->builder, run->context, EST_WARNING, "no_df", "%s: no degrees of freedom (as many strata as PSUs with cases): "
                          "only the first-order test, which takes the design effects as known, has a p.", pair);
    else if (table->df < 8)
        est_i_result_note(run->builder, run->context, EST_NOTE, "few_df", "%s: %.0f degrees of freedom: the design effects behind the tests are "
                          "themselves uncertain.", pair, table->df);
}

static est_status add_association(est_i_survey *run, est_error *error)
{
    est_i_association_options wanted = {.row = run->associated[0], .column = run->associated[1], .design_df = run->options->df == 1,
                                        .taylor = run->taylor, .replicates = run->replicates, .calibration = run->calibration};
    est_i_association *table = NULL;
    est_status status = est_i_association_fit(run->sample, &wanted, &table, error);
    if (status == EST_OK)
        status = check_missing(run, run->options->association, table->missing, error);
    if (status != EST_OK) {
        est_i_association_free(table);
        return status;
    }
    add_tests(run, table);
    add_table(run, table);
    note_association(run, table);
    est_i_association_free(table);
    return EST_OK;
}

est_status est_i_survey_model_rows(est_i_survey *run, est_error *error)
{
    est_status status = EST_OK;
    if (run->linear)
        status = add_regression(run, run->linear, EST_I_FAMILY_LINEAR, run->options->linear, error);
    if (status == EST_OK && run->logistic)
        status = add_regression(run, run->logistic, EST_I_FAMILY_LOGISTIC, run->options->logistic, error);
    if (status == EST_OK && run->options->association && *run->options->association)
        status = add_association(run, error);
    return status;
}
