/* The result of `check`: counts, frames, notes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <est.h>

#include "core/error.h"
#include "survey/check.h"

#define DIGEST_ROWS_MAX 1000000 /* hashing a larger file costs as much as reading it */
#define STRATA_MAX 1000         /* lines of the frames of strata and domains */
#define STRATA_SHOWN 15
#define LEVELS_SHOWN 60
#define COLUMNS_SHOWN 200
#define ERRORS_SAID 3

void est_i_check_number(est_i_text *text, double value)
{
    char digits[512];
    int decimals = value == floor(value) || fabs(value) >= 1000 ? 0 : fabs(value) >= 1 ? 2 : 4;
    est_i_number_print_grouped(value, decimals, ",", digits, sizeof digits);
    est_i_text_append(text, digits);
}

/* Rows of the smallest and the largest stratum. */
static void stratum_stats(est_i_check *run)
{
    double smallest = INFINITY, largest = 0;
    for (size_t h = 0; h < run->strata.n_strata; h++) {
        smallest = fmin(smallest, (double)run->strata.rows[h]);
        largest = fmax(largest, (double)run->strata.rows[h]);
    }
    if (run->plan.strata.n && run->strata.n_strata > 0) {
        est_i_result_add_stat(run->builder, "smallest_stratum", smallest, true);
        est_i_result_add_stat(run->builder, "largest_stratum", largest, true);
    }
}

static void add_stats(est_i_check *run)
{
    static const char *const names[] = {"errors", "warnings", "remarks"};
    est_i_check_repeats ids = est_i_check_keys_repeats(&run->ids), records = est_i_check_keys_repeats(&run->records);
    est_i_result_builder *b = run->builder;
    est_i_result_add_stat(b, "rows", (double)run->rows, false);
    est_i_result_add_stat(b, "columns", (double)est_source_columns(run->source), false);
    if (run->plan.n_stages > 0) {
        est_i_result_add_stat(b, "strata", (double)run->strata.n_strata, false);
        est_i_result_add_stat(b, "psus", (double)run->strata.n_psus, false);
        est_i_result_add_stat(b, "design_df", (double)run->strata.n_psus - (double)run->strata.n_strata, false);
    }
    stratum_stats(run);
    if (run->plan.weight.n)
        est_i_result_add_stat(b, "weight_sum", est_i_dd_value(run->weights.sum), false);
    if (run->weights.positive > 0)
        est_i_result_add_stat(b, "weight_design_effect", est_i_check_weights_kish(&run->weights), false);
    if (run->plan.id.n)
        est_i_result_add_stat(b, "repeated_ids", ids.rows, false);
    if (run->plan.whole_records)
        est_i_result_add_stat(b, "repeated_rows", records.rows, false);
    for (int s = 0; s < EST_I_CHECK_SEVERITIES; s++)
        est_i_result_add_stat(b, names[s], (double)est_i_check_count(run, (est_i_check_severity)s), false);
}

static const char *const severities[] = {"error", "warning", "note"};

static void findings_frame(est_i_check *run)
{
    static const char *const columns[] = {"severity", "where", "finding", "count", "advice"};
    static const est_column_role roles[5] = {EST_ROLE_PLAIN};
    static const int decimals[] = {-1, -1, -1, 0, -1};
    est_i_result_frame(run->builder, "findings", "Findings, errors first", 5, columns, roles, run->n_findings ? SIZE_MAX : 0);
    est_i_result_frame_decimals(run->builder, decimals);
    for (size_t i = 0; i < run->n_findings; i++) {
        const est_i_check_finding *finding = &run->findings[i];
        est_i_result_cell_text(run->builder, severities[finding->severity]);
        est_i_result_cell_text(run->builder, finding->where);
        est_i_result_cell_text(run->builder, finding->what);
        est_i_result_cell(run->builder, finding->count);
        est_i_result_cell_text(run->builder, finding->advice);
    }
}

/* The same for programs: line by line, a word for the kind of finding. */
static void codes_frame(est_i_check *run)
{
    static const char *const columns[] = {"code", "severity", "where", "count"};
    static const est_column_role roles[4] = {EST_ROLE_PLAIN};
    est_i_result_frame(run->builder, "finding_codes", "Findings by kind", 4, columns, roles, 0);
    for (size_t i = 0; i < run->n_findings; i++) {
        est_i_result_cell_text(run->builder, run->findings[i].code);
        est_i_result_cell_text(run->builder, severities[run->findings[i].severity]);
        est_i_result_cell_text(run->builder, run->findings[i].where);
        est_i_result_cell(run->builder, run->findings[i].count);
    }
}

/* Sizes */

static int compare_numbers(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

/* A line of the frame "design": how many there are, and the smallest, median and largest; `sizes` is sorted. */
static void size_line(est_i_check *run, const char *what, double count, size_t n, double *sizes)
{
    qsort(sizes, n, sizeof *sizes, compare_numbers);
    est_i_result_cell_text(run->builder, what);
    est_i_result_cell(run->builder, count);
    est_i_result_cell(run->builder, n ? sizes[0] : NAN);
    est_i_result_cell(run->builder, n ? (sizes[(n - 1) / 2] + sizes[n / 2]) / 2 : NAN);
    est_i_result_cell(run->builder, n ? sizes[n - 1] : NAN);
}

/* Units of the later stages in each unit of the first. */
static void further_stage(est_i_check *run, size_t s, double *sizes)
{
    const est_i_registry *registry = &run->design.registry;
    const est_i_registry_stage *stage = &registry->stage[s], *before = &registry->stage[s - 1];
    est_i_text name = {0};
    for (size_t u = 0; u < before->n_units; u++)
        sizes[u] = 0;
    for (size_t u = 0; u < stage->n_units; u++)
        sizes[stage->stratum_parent[stage->unit_stratum[u]]]++;
    est_i_text_printf(&name, "units of stage %zu in each of stage %zu", s + 1, s);
    run->failed = run->failed || name.failed;
    size_line(run, name.failed ? "" : name.data, stage->n_units, before->n_units, sizes);
    est_i_text_free(&name);
}

static void design_frame(est_i_check *run)
{
    static const char *const columns[] = {"sizes", "number", "smallest", "median", "largest"};
    static const est_column_role roles[5] = {EST_ROLE_PLAIN};
    static const int decimals[] = {-1, 0, 0, 1, 0};
    const est_i_check_strata *strata = &run->strata;
    size_t n_units = run->plan.n_stages ? run->design.registry.stage[run->plan.n_stages - 1].n_units : 0;
    double *sizes = run->design.has_units ? malloc((strata->n_strata + n_units + 1) * sizeof *sizes) : NULL;
    if (run->plan.n_stages == 0 || !run->design.has_units)
        return;
    if (!sizes) {
        run->failed = true;
        return;
    }
    est_i_result_frame(run->builder, "design", "The design", 5, columns, roles, SIZE_MAX);
    est_i_result_frame_decimals(run->builder, decimals);
    for (size_t h = 0; h < strata->n_strata; h++)
        sizes[h] = (double)strata->psus[h];
    size_line(run, "PSUs in each stratum", (double)strata->n_psus, strata->n_strata, sizes);
    for (size_t p = 0; p < strata->n_psus; p++)
        sizes[p] = (double)strata->psu_rows[p];
    size_line(run, "rows in each PSU", (double)run->rows, strata->n_psus, sizes);
    for (size_t s = 1; s < run->plan.n_stages; s++)
        further_stage(run, s, sizes);
    free(sizes);
}

static void weights_frame(est_i_check *run)
{
    static const char *const columns[] = {"smallest", "median", "mean", "largest", "largest / median", "CV", "design effect (Kish)",
                                          "share of the largest 1 %", "weights above 0"};
    static const est_column_role roles[9] = {EST_ROLE_PLAIN};
    static const int decimals[] = {-1, -1, -1, -1, 2, 3, 3, 4, 0};
    const est_i_check_weights *w = &run->weights;
    if (w->positive == 0)
        return;
    double median = est_i_check_weights_median(w), kish = est_i_check_weights_kish(w);
    est_i_result_frame(run->builder, "weights", "The weights", 9, columns, roles, SIZE_MAX);
    est_i_result_frame_decimals(run->builder, decimals);
    est_i_result_cell(run->builder, w->low);
    est_i_result_cell(run->builder, median);
    est_i_result_cell(run->builder, est_i_dd_value(w->sum) / (double)w->positive);
    est_i_result_cell(run->builder, w->high);
    est_i_result_cell(run->builder, w->high / median);
    est_i_result_cell(run->builder, sqrt(fmax(0, kish - 1)));
    est_i_result_cell(run->builder, kish);
    est_i_result_cell(run->builder, est_i_check_weights_top(w, 0.01));
    est_i_result_cell(run->builder, (double)w->positive);
}

static void stratum_line(est_i_check *run, size_t h)
{
    const est_i_check_strata *strata = &run->strata;
    est_i_result_cell_text(run->builder, est_i_check_stratum_name(&run->design, strata, h));
    est_i_result_cell(run->builder, (double)strata->psus[h]);
    est_i_result_cell(run->builder, (double)strata->rows[h]);
    est_i_result_cell_text(run->builder, strata->psus[h] == 1 ? "a single PSU" : "");
}

/* Those with a single PSU first. Without units a PSU is a row, and its number is a number of cases. */
static void strata_frame(est_i_check *run)
{
    static const char *const columns[] = {"stratum", "PSUs", "rows", "remark"};
    const est_i_check_strata *strata = &run->strata;
    est_column_role roles[] = {EST_ROLE_PLAIN, run->design.has_units ? EST_ROLE_PLAIN : EST_ROLE_COUNT, EST_ROLE_COUNT,
                               EST_ROLE_PLAIN};
    if (!run->plan.strata.n)
        return;
    est_i_result_frame(run->builder, "strata", strata->n_strata > STRATA_MAX ? "Strata (the first 1,000)" : "Strata", 4, columns,
                       roles, STRATA_SHOWN);
    for (int lonely = 1, lines = 0; lonely >= 0; lonely--)
        for (size_t h = 0; h < strata->n_strata && lines < STRATA_MAX; h++)
            if ((strata->psus[h] == 1) == lonely) {
                stratum_line(run, h);
                lines++;
            }
}

/* Domains */

static const char *domain_remark(long long rows, bool few_df)
{
    if (rows < EST_I_CHECK_FEW_CASES)
        return few_df ? "fewer than 25 cases, few df" : "fewer than 25 cases";
    if (rows < EST_I_CHECK_SOME_CASES)
        return few_df ? "25 to 49 cases, few df" : "25 to 49 cases";
    return few_df ? "few df" : "";
}

/* "v024 = 2, v025 = urban" */
static void domain_name(const est_i_check *run, uint32_t d, est_i_text *name)
{
    const est_i_check_design *design = &run->design;
    const uint32_t *key = est_i_tuples_key(&design->domains, d);
    name->length = 0;
    for (size_t k = 0; k < design->n_by; k++) {
        const char *text = key[k] ? est_i_dictionary_text(&design->by_values[k], key[k] - 1) : "(missing)";
        const char *label = key[k] ? est_i_source_value_label(run->source, run->plan.by.column[k], text) : NULL;
        est_i_text_printf(name, "%s%s = %s", k ? ", " : "", est_i_check_column_name(run, &run->plan.by, k), label ? label : text);
    }
}

static void domain_line(est_i_check *run, uint32_t d, const size_t *psus, const size_t *strata, est_i_text *name)
{
    long long rows = run->design.domain_rows[d];
    bool staged = run->plan.n_stages > 0;
    double df = staged ? (double)psus[d] - (double)strata[d] : NAN;
    domain_name(run, d, name);
    est_i_result_cell_text(run->builder, name->failed ? "" : name->data);
    est_i_result_cell(run->builder, (double)rows);
    est_i_result_cell(run->builder, staged ? (double)psus[d] : NAN);
    est_i_result_cell(run->builder, staged ? (double)strata[d] : NAN);
    est_i_result_cell(run->builder, df);
    est_i_result_cell_text(run->builder, domain_remark(rows, df < EST_I_CHECK_FEW_DF));
}

/* Those with a remark first. */
static void domain_lines(est_i_check *run, const size_t *psus, const size_t *strata)
{
    const est_i_check_design *design = &run->design;
    bool staged = run->plan.n_stages > 0;
    est_i_text name = {0};
    for (int remarked = 1, lines = 0; remarked >= 0; remarked--)
        for (uint32_t d = 0; d < design->domains.count && lines < STRATA_MAX; d++) {
            bool few_df = staged && psus[d] < strata[d] + EST_I_CHECK_FEW_DF;
            if ((*domain_remark(design->domain_rows[d], few_df) != '\0') == remarked) {
                domain_line(run, d, psus, strata, &name);
                lines++;
            }
        }
    run->failed = run->failed || name.failed;
    est_i_text_free(&name);
}

static void domains_frame(est_i_check *run)
{
    static const char *const columns[] = {"domain", "cases", "PSUs", "strata", "df", "remark"};
    const est_i_check_design *design = &run->design;
    size_t n = design->domains.count;
    est_column_role of_units = design->has_units ? EST_ROLE_PLAIN : EST_ROLE_COUNT;
    est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_COUNT, of_units, EST_ROLE_PLAIN, of_units, EST_ROLE_PLAIN};
    size_t *psus = malloc((n + 1) * sizeof *psus), *strata = malloc((n + 1) * sizeof *strata);
    bool good = psus && strata;
    if (good && n > 0 && run->plan.n_stages > 0)
        good = est_i_check_domains_count(design, &run->strata, psus, strata);
    run->failed = run->failed || !good;
    if (good && n > 0) {
        double smallest = INFINITY;
        est_i_result_frame(run->builder, "domains", n > STRATA_MAX ? "Domains (the first 1,000)" : "Domains", 6, columns, roles,
                           STRATA_SHOWN);
        domain_lines(run, psus, strata);
        for (size_t d = 0; d < n; d++)
            smallest = fmin(smallest, (double)design->domain_rows[d]);
        est_i_result_add_stat(run->builder, "domains", (double)n, false);
        est_i_result_add_stat(run->builder, "smallest_domain", smallest, true);
    }
    free(psus);
    free(strata);
}

/* Columns */

static const char *kind_of(const est_i_check_column *column)
{
    return column->numbers + column->texts == 0 ? "empty" : column->texts == 0 ? "number" : column->numbers == 0 ? "text" : "mixed";
}

static bool has_labels(const est_i_check *run)
{
    bool has = false;
    for (size_t c = 0; c < run->plan.described.n && !has; c++)
        has = *est_i_source_variable_label(run->source, run->plan.described.column[c]) != '\0';
    return has;
}

static long long fewest_rows(const est_i_check_column *column)
{
    long long fewest = INT64_MAX;
    for (uint32_t i = 0; i < column->distinct.count; i++)
        fewest = column->distinct_rows[i] < fewest ? column->distinct_rows[i] : fewest;
    return fewest;
}

/* The mean of a column of few values, times its rows, is how many have the rare one. */
static bool mean_counts(const est_i_check *run, const est_i_check_column *column)
{
    return !column->many && column->distinct.count <= EST_I_CHECK_LEVELS && fewest_rows(column) < est_i_check_shared(run);
}

static void column_line(est_i_check *run, size_t c, bool labels)
{
    const est_i_check_column *column = &run->columns[c];
    size_t place = run->plan.described.column[c];
    long long shared = est_i_check_shared(run);
    bool hidden = shared > 1 && (est_i_check_is_listed(&run->plan.id, place) || column->numbers < 2 * shared);
    est_i_text many = {0};
    est_i_text_append(&many, "more than ");
    est_i_check_number(&many, EST_I_CHECK_DISTINCT);
    est_i_result_cell_text(run->builder, est_i_check_column_name(run, &run->plan.described, c));
    est_i_result_cell_text(run->builder, kind_of(column));
    est_i_result_cell(run->builder, (double)column->missing);
    if (column->many)
        est_i_result_cell_text(run->builder, many.failed ? "" : many.data);
    else
        est_i_result_cell(run->builder, column->distinct.count);
    est_i_result_cell(run->builder, hidden ? NAN : est_i_check_column_end(column, false, shared));
    est_i_result_cell(run->builder, hidden ? NAN : est_i_check_column_end(column, true, shared));
    est_i_result_cell(run->builder, hidden || column->numbers == 0 || mean_counts(run, column) ? NAN : est_i_dd_value(column->sum) / (double)column->numbers);
    if (labels)
        est_i_result_cell_text(run->builder, est_i_source_variable_label(run->source, place));
    run->failed = run->failed || many.failed;
    est_i_text_free(&many);
}

static void columns_frame(est_i_check *run)
{
    static const char *const columns[] = {"column", "kind", "missing", "distinct", "lowest", "highest", "mean", "label"};
    static const est_column_role roles[8] = {EST_ROLE_PLAIN};
    static const int decimals[] = {-1, -1, 0, 0, -1, -1, -1, -1};
    bool labels = has_labels(run);
    est_i_result_frame(run->builder, "columns",
                       est_i_check_shared(run) > 1 ? "Columns (lowest and highest: of numbers that fewer than 10 rows have, what "
                                                     "10 rows reach, rounded)"
                                                   : "Columns",
                       labels ? 8 : 7, columns, roles, COLUMNS_SHOWN);
    est_i_result_frame_decimals(run->builder, decimals);
    for (size_t c = 0; c < run->plan.described.n; c++)
        column_line(run, c, labels);
}

/* Levels */

/* Few values that many rows share name nobody. */
static bool shows_levels(const est_i_check *run, size_t c, long long *fewest)
{
    const est_i_check_column *column = &run->columns[c];
    size_t place = run->plan.described.column[c];
    bool shows = !column->many && column->distinct.count > 0 && column->distinct.count <= EST_I_CHECK_LEVELS &&
                 column->numbers + column->texts >= 2 * (long long)column->distinct.count &&
                 !est_i_check_is_listed(&run->plan.id, place) && !est_i_check_is_design(run, place);
    *fewest = shows ? fewest_rows(column) : 0;
    return shows && *fewest >= est_i_check_shared(run);
}

typedef struct level {
    double number;
    const char *text;
    long long rows;
} level;

static int compare_levels(const void *a, const void *b)
{
    const level *first = a, *second = b;
    if (!isnan(first->number) && !isnan(second->number) && first->number != second->number)
        return first->number < second->number ? -1 : 1;
    if (isnan(first->number) != isnan(second->number))
        return isnan(first->number) ? 1 : -1;
    return strcmp(first->text, second->text);
}

/* A count that is small against the number of rows and of missing ones could be worked out: then none of the column's is given. */
static void levels_of(est_i_check *run, size_t c, bool counted)
{
    const est_i_check_column *column = &run->columns[c];
    level levels[EST_I_CHECK_LEVELS];
    uint32_t n = column->distinct.count;
    for (uint32_t i = 0; i < n; i++) {
        levels[i] = (level){NAN, est_i_dictionary_text(&column->distinct, i), column->distinct_rows[i]};
        if (!est_i_number_parse(levels[i].text, strlen(levels[i].text), &levels[i].number))
            levels[i].number = NAN;
    }
    qsort(levels, n, sizeof *levels, compare_levels);
    for (uint32_t i = 0; i < n; i++) {
        const char *label = est_i_source_value_label(run->source, run->plan.described.column[c], levels[i].text);
        est_i_result_cell_text(run->builder, est_i_check_column_name(run, &run->plan.described, c));
        est_i_result_cell_text(run->builder, levels[i].text);
        est_i_result_cell_text(run->builder, label ? label : "");
        est_i_result_cell(run->builder, counted ? (double)levels[i].rows : NAN);
    }
}

static void levels_frame(est_i_check *run)
{
    static const char *const columns[] = {"column", "value", "label", "rows"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_COUNT};
    long long least = est_i_check_shared(run) > 1 ? EST_I_CHECK_COUNTED : 1, fewest;
    bool begun = false;
    for (size_t c = 0; c < run->plan.described.n; c++) {
        if (!shows_levels(run, c, &fewest))
            continue;
        if (!begun)
            est_i_result_frame(run->builder, "levels", "Values of columns that have few", 4, columns, roles, LEVELS_SHOWN);
        begun = true;
        levels_of(run, c, fewest >= least);
    }
}

/* Notes */

static void add_notes(est_i_check *run)
{
    size_t errors = est_i_check_count(run, EST_I_CHECK_ERROR), said = 0;
    est_i_text text = {0};
    for (; said < errors && said < ERRORS_SAID; said++)
        est_i_text_printf(&text, "%s%s%s%s", said ? "; " : "", run->findings[said].where, *run->findings[said].where ? ": " : "",
                          run->findings[said].what);
    if (errors > 0 && !text.failed)
        est_i_result_note(run->builder, run->context, EST_WARNING, "errors", "%zu error%s: %s%s.", errors, errors == 1 ? "" : "s",
                          text.data, errors > said ? "; and so on (frame findings)" : "");
    text.length = 0;
    est_i_check_suggest(run, &text);
    if (run->plan.n_stages == 0 && !run->plan.weight.n)
        est_i_result_note(run->builder, run->context, EST_NOTE, "no_design",
                          "The columns alone were looked at. Give --weight, --strata and --psu to "
                          "have the design checked, --id for rows that repeat, --by for domains.");
    else if (!text.failed)
        est_i_result_note(run->builder, run->context, EST_NOTE, "suggestion", "%s: %s ...",
                          errors ? "Once the errors are mended" : "To estimate", text.data);
    est_i_check_note_codebook(run);
    if (run->n_findings == 0)
        est_i_result_note(run->builder, run->context, EST_NOTE, "no_findings", "Nothing was found that is wrong or doubtful.");
    run->failed = run->failed || text.failed;
    est_i_text_free(&text);
}

static est_status add_provenance(est_i_check *run, est_error *error)
{
    char digest[65];
    est_i_text number = {0};
    est_status status = EST_OK;
    est_i_result_add_provenance(run->builder, "version", est_version(), false);
    est_i_result_add_options(run->builder, &est_i_method_check, run->options);
    est_i_text_printf(&number, "%lld", run->rows);
    est_i_result_add_provenance(run->builder, "rows", number.failed ? "" : number.data, false);
    est_i_text_free(&number);
    if (est_source_is_repeatable(run->source) && run->rows <= DIGEST_ROWS_MAX) {
        status = est_i_source_digest(run->source, &run->monitor, digest, error);
        if (status == EST_OK)
            est_i_result_add_provenance(run->builder, "data-sha256", digest, !est_source_is_public(run->source));
    }
    est_i_result_add_provenance(run->builder, "data", est_source_name(run->source), true);
    return status;
}

est_status est_i_check_write(est_i_check *run, est_error *error)
{
    run->builder = est_i_result_begin(est_i_method_check.id, est_i_method_check.title);
    if (!run->builder)
        return est_i_no_memory(error);
    est_i_result_profile(run->builder, "dhs");
    est_i_result_mark(run->builder, est_source_is_public(run->source), est_source_is_synthetic(run->source),
                      run->options->extremes);
    add_stats(run);
    findings_frame(run);
    codes_frame(run);
    design_frame(run);
    weights_frame(run);
    strata_frame(run);
    domains_frame(run);
    columns_frame(run);
    est_i_check_missing_frame(run);
    levels_frame(run);
    add_notes(run);
    if (run->failed)
        return est_i_no_memory(error);
    return add_provenance(run, error);
}
