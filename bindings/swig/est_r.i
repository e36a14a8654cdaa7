/* R: SWIG makes the registration (R_init_libest); everything that crosses is built by hand below.
 * The .R file that SWIG writes is thrown away. Module, shared object and package bear one name. */
%module libest

%typemap(in) SEXP "$1 = $input;"
%typemap(out) SEXP "$result = $1;"
%typemap(rtype) SEXP "ANY"
%typemap(scoercein) SEXP ""
%typemap(scoerceout) SEXP ""

%{
#include <stdio.h>
#include <string.h>

#include "shim.h"

/* What poll and tick share with the caller. An R jump must never cross the library: each runs under
 * R_ToplevelExec. */
typedef struct r_watch {
    SEXP tick; /* function(stage, fraction), TRUE = stop; or R_NilValue */
    int interrupted, stopped;
    const char *stage;
    double fraction;
} r_watch;

static void check_interrupt(void *unused)
{
    (void)unused;
    R_CheckUserInterrupt();
}

static int r_poll(void *user)
{
    r_watch *watch = user;
    if (!R_ToplevelExec(check_interrupt, NULL))
        watch->interrupted = 1;
    return watch->interrupted;
}

static void call_tick(void *user)
{
    r_watch *watch = user;
    SEXP stage = PROTECT(Rf_mkString(watch->stage));
    SEXP fraction = PROTECT(Rf_ScalarReal(watch->fraction));
    SEXP call = PROTECT(Rf_lang3(watch->tick, stage, fraction));
    SEXP answer = PROTECT(Rf_eval(call, R_GlobalEnv));
    watch->stopped = TYPEOF(answer) == LGLSXP && XLENGTH(answer) == 1 && LOGICAL(answer)[0] == 1;
    UNPROTECT(4);
}

static int r_tick(void *user, const char *stage, double fraction)
{
    r_watch *watch = user;
    watch->stage = stage;
    watch->fraction = fraction;
    if (watch->tick != R_NilValue && !R_ToplevelExec(call_tick, watch))
        watch->interrupted = 1;
    return watch->interrupted || watch->stopped;
}

/* C objects live in external pointers while R may jump; they are emptied before the call ends, R users never
 * see one. */
static void close_request(SEXP handle)
{
    est_shim_close(R_ExternalPtrAddr(handle));
    R_ClearExternalPtr(handle);
}

static void close_table(SEXP handle)
{
    est_table_free(R_ExternalPtrAddr(handle));
    R_ClearExternalPtr(handle);
}

static SEXP new_handle(R_CFinalizer_t finalizer)
{
    SEXP handle = PROTECT(R_MakeExternalPtr(NULL, R_NilValue, R_NilValue));
    R_RegisterCFinalizerEx(handle, finalizer, TRUE);
    UNPROTECT(1);
    return handle;
}

static SEXP utf8(const char *text)
{
    return Rf_mkCharCE(text ? text : "", CE_UTF8);
}

static SEXP text_value(const char *text)
{
    SEXP one = PROTECT(utf8(text));
    SEXP value = Rf_ScalarString(one);
    UNPROTECT(1);
    return value;
}

static SEXP named_list(SEXP list, R_xlen_t index, const char *name)
{
    SEXP names = Rf_getAttrib(list, R_NamesSymbol);
    if (names == R_NilValue) {
        names = PROTECT(Rf_allocVector(STRSXP, XLENGTH(list)));
        Rf_setAttrib(list, R_NamesSymbol, names);
        UNPROTECT(1);
        names = Rf_getAttrib(list, R_NamesSymbol);
    }
    SET_STRING_ELT(names, index, utf8(name));
    return list;
}

/* A new vector put into a list at once, so that it is protected by it. */
static SEXP put(SEXP list, R_xlen_t index, SEXPTYPE type, R_xlen_t length)
{
    SEXP vector = Rf_allocVector(type, length);
    SET_VECTOR_ELT(list, index, vector);
    return vector;
}

static void set_text(SEXP vector, R_xlen_t index, const char *text)
{
    SET_STRING_ELT(vector, index, utf8(text));
}

static SEXP error_value(const est_error *error)
{
    const char *names[] = {"code", "message", "where", "column", "record", "line", ""};
    const char *outer[] = {"error", ""};
    SEXP value = PROTECT(Rf_mkNamed(VECSXP, outer));
    SEXP fields = PROTECT(Rf_mkNamed(VECSXP, names));
    SET_VECTOR_ELT(value, 0, fields);
    SET_VECTOR_ELT(fields, 0, text_value(est_status_name(error->code)));
    SET_VECTOR_ELT(fields, 1, text_value(error->message));
    SET_VECTOR_ELT(fields, 2, text_value(error->where));
    SET_VECTOR_ELT(fields, 3, text_value(error->column));
    SET_VECTOR_ELT(fields, 4, Rf_ScalarReal((double)error->record));
    SET_VECTOR_ELT(fields, 5, Rf_ScalarReal((double)error->line));
    UNPROTECT(2);
    return value;
}

static void row_domain(SEXP list, R_xlen_t index, const est_row *row)
{
    SEXP labels = put(list, index, STRSXP, (R_xlen_t)row->n_domain);
    SEXP names = PROTECT(Rf_allocVector(STRSXP, (R_xlen_t)row->n_domain));
    for (size_t i = 0; i < row->n_domain; i++) {
        set_text(names, (R_xlen_t)i, row->domain[i].name);
        set_text(labels, (R_xlen_t)i, row->domain[i].value);
    }
    Rf_setAttrib(labels, R_NamesSymbol, names);
    UNPROTECT(1);
}

static void row_flags(SEXP list, R_xlen_t index, uint32_t flags)
{
    R_xlen_t count = 0;
    for (int flag = 0; flag < EST_FLAG_END; flag++)
        count += (flags & EST_FLAG_BIT(flag)) != 0;
    SEXP words = put(list, index, STRSXP, count);
    count = 0;
    for (int flag = 0; flag < EST_FLAG_END; flag++)
        if (flags & EST_FLAG_BIT(flag))
            set_text(words, count++, est_flag_name((est_flag)flag));
}

static SEXP rows_value(const est_result *result)
{
    enum { TEXTS = 12, NUMBERS = 13 };
    const char *names[] = {"estimand",  "model", "interval", "population",       "period", "definition", "mark",
                           "geography", "ages",  "reference_period", "unit",     "table",  "estimate",   "se",
                           "lower",     "upper", "level",    "df",               "n",      "n_weighted", "numerator",
                           "cv",        "deff",  "deft",     "effective_n",      "domain", "flags",      ""};
    R_xlen_t count = (R_xlen_t)est_result_rows(result);
    SEXP rows = PROTECT(Rf_mkNamed(VECSXP, names));
    for (int column = 0; column < TEXTS + NUMBERS + 2; column++)
        put(rows, column, column < TEXTS ? STRSXP : column < TEXTS + NUMBERS ? REALSXP : VECSXP, count);
    for (R_xlen_t i = 0; i < count; i++) {
        const est_row *row = est_result_row(result, (size_t)i);
        const char *texts[TEXTS] = {row->estimand,   row->model, row->interval,  row->population, row->period,
                                    row->definition, row->mark,  row->geography, row->ages,       row->reference_period,
                                    row->unit,       row->table};
        double numbers[NUMBERS] = {row->estimate, row->se, row->lower, row->upper, row->level, row->df, row->n, row->n_weighted,
                                   row->numerator, row->cv, row->deff, row->deft, row->effective_n};
        for (int column = 0; column < TEXTS; column++)
            set_text(VECTOR_ELT(rows, column), i, texts[column]);
        for (int column = 0; column < NUMBERS; column++)
            REAL(VECTOR_ELT(rows, TEXTS + column))[i] = numbers[column];
        row_domain(VECTOR_ELT(rows, TEXTS + NUMBERS), i, row);
        row_flags(VECTOR_ELT(rows, TEXTS + NUMBERS + 1), i, row->flags);
    }
    UNPROTECT(1);
    return rows;
}

static SEXP stats_value(const est_result *result)
{
    R_xlen_t count = (R_xlen_t)est_result_stats(result);
    SEXP stats = PROTECT(Rf_allocVector(VECSXP, count));
    for (R_xlen_t i = 0; i < count; i++) {
        const est_stat *stat = est_result_stat(result, (size_t)i);
        SET_VECTOR_ELT(stats, i, stat->text ? text_value(stat->text) : Rf_ScalarReal(stat->value));
        named_list(stats, i, stat->name);
    }
    UNPROTECT(1);
    return stats;
}

static int column_is_text(const est_frame *frame, size_t column)
{
    int text = 0;
    for (size_t row = 0; row < frame->n_rows && !text; row++)
        text = frame->cells[row * frame->n_columns + column].text != NULL;
    return text;
}

/* A column is text if one of its cells is; its numbers are then printed (R keeps LC_NUMERIC at C). */
static void frame_column(SEXP columns, const est_frame *frame, size_t column)
{
    int text = column_is_text(frame, column);
    SEXP values = put(columns, (R_xlen_t)column, text ? STRSXP : REALSXP, (R_xlen_t)frame->n_rows);
    for (size_t row = 0; row < frame->n_rows; row++) {
        const est_cell *cell = &frame->cells[row * frame->n_columns + column];
        char number[32];
        if (!text) {
            REAL(values)[row] = cell->number;
        } else if (cell->text) {
            set_text(values, (R_xlen_t)row, cell->text);
        } else if (ISNAN(cell->number)) {
            SET_STRING_ELT(values, (R_xlen_t)row, NA_STRING);
        } else {
            snprintf(number, sizeof number, "%.15g", cell->number);
            set_text(values, (R_xlen_t)row, number);
        }
    }
    named_list(columns, (R_xlen_t)column, frame->columns[column]);
}

static SEXP frames_value(const est_result *result)
{
    const char *names[] = {"title", "columns", ""};
    R_xlen_t count = (R_xlen_t)est_result_frames(result);
    SEXP frames = PROTECT(Rf_allocVector(VECSXP, count));
    for (R_xlen_t i = 0; i < count; i++) {
        const est_frame *frame = est_result_frame(result, (size_t)i);
        SEXP value = Rf_mkNamed(VECSXP, names);
        SET_VECTOR_ELT(frames, i, value);
        named_list(frames, i, frame->name);
        SET_VECTOR_ELT(value, 0, text_value(frame->title));
        SEXP columns = put(value, 1, VECSXP, (R_xlen_t)frame->n_columns);
        for (size_t column = 0; column < frame->n_columns; column++)
            frame_column(columns, frame, column);
    }
    UNPROTECT(1);
    return frames;
}

static SEXP notes_value(const est_result *result)
{
    const char *names[] = {"severity", "code", "message", ""};
    R_xlen_t count = (R_xlen_t)est_result_notes(result);
    SEXP notes = PROTECT(Rf_mkNamed(VECSXP, names));
    for (int column = 0; column < 3; column++)
        put(notes, column, STRSXP, count);
    for (R_xlen_t i = 0; i < count; i++) {
        const est_note *note = est_result_note(result, (size_t)i);
        set_text(VECTOR_ELT(notes, 0), i, note->severity == EST_WARNING ? "warning" : "note");
        set_text(VECTOR_ELT(notes, 1), i, note->code);
        set_text(VECTOR_ELT(notes, 2), i, note->message);
    }
    UNPROTECT(1);
    return notes;
}

static SEXP facts_value(const est_result *result)
{
    const char *names[] = {"group", "name", "value", ""};
    R_xlen_t count = (R_xlen_t)est_result_facts(result);
    SEXP facts = PROTECT(Rf_mkNamed(VECSXP, names));
    for (int column = 0; column < 3; column++)
        put(facts, column, STRSXP, count);
    for (R_xlen_t i = 0; i < count; i++) {
        const est_fact *fact = est_result_fact(result, (size_t)i);
        const char *texts[] = {fact->group, fact->name, fact->value};
        for (int column = 0; column < 3; column++)
            set_text(VECTOR_ELT(facts, column), i, texts[column]);
    }
    UNPROTECT(1);
    return facts;
}

static SEXP provenance_value(const est_result *result)
{
    R_xlen_t count = 0;
    for (size_t i = 0; i < est_result_provenances(result); i++)
        count += est_shim_may_show(result, est_result_provenance(result, i));
    SEXP entries = PROTECT(Rf_allocVector(STRSXP, count));
    count = 0;
    for (size_t i = 0; i < est_result_provenances(result); i++) {
        const est_provenance *entry = est_result_provenance(result, i);
        if (est_shim_may_show(result, entry)) {
            named_list(entries, count, entry->name);
            set_text(entries, count++, entry->value);
        }
    }
    UNPROTECT(1);
    return entries;
}

static void series_value(SEXP list, R_xlen_t index, const est_series *series, R_xlen_t count)
{
    const char *names[] = {"name", "kind", "value", "lower", "upper", ""};
    const double *numbers[] = {series->value, series->lower, series->upper};
    SEXP value = Rf_mkNamed(VECSXP, names);
    SET_VECTOR_ELT(list, index, value);
    SET_VECTOR_ELT(value, 0, text_value(series->name));
    SET_VECTOR_ELT(value, 1, text_value(series->kind == EST_SERIES_BAND ? "band" : "line"));
    for (int i = 0; i < 3; i++) {
        SEXP vector = put(value, 2 + i, REALSXP, count);
        for (R_xlen_t category = 0; category < count; category++)
            REAL(vector)[category] = numbers[i] ? numbers[i][category] : R_NaN;
    }
}

/* Elements `at` and after: what only some kinds of chart have; membership has a row a combination, a column a set. */
static void chart_kind_into(SEXP value, R_xlen_t at, const est_chart *chart)
{
    static const char *const kinds[] = {"along", "forest", "upset"};
    R_xlen_t n_sets = (R_xlen_t)chart->n_sets, count = (R_xlen_t)chart->n_categories;
    SET_VECTOR_ELT(value, at, text_value(kinds[chart->kind]));
    SET_VECTOR_ELT(value, at + 1, Rf_ScalarReal(chart->kind == EST_CHART_FOREST ? chart->reference : R_NaN));
    SEXP sets = put(value, at + 2, STRSXP, n_sets), totals = put(value, at + 3, REALSXP, n_sets);
    SEXP members = Rf_allocMatrix(LGLSXP, n_sets ? (int)count : 0, (int)n_sets);
    SET_VECTOR_ELT(value, at + 4, members);
    for (R_xlen_t set = 0; set < n_sets; set++) {
        set_text(sets, set, chart->sets[set]);
        REAL(totals)[set] = chart->set_totals[set];
        for (R_xlen_t i = 0; i < count; i++)
            LOGICAL(members)[set * count + i] = chart->membership[i * n_sets + set];
    }
}

static void chart_value(SEXP list, R_xlen_t index, const est_chart *chart, est_shim *request)
{
    const char *names[] = {"title",  "subtitle", "x_title",   "y_title", "alternative", "svg",        "categories",
                           "series", "kind",     "reference", "sets",    "set_totals",  "membership", ""};
    const char *svg = NULL;
    size_t length;
    if (est_shim_chart(request, chart->name, &svg, &length) != EST_OK)
        svg = NULL;
    const char *texts[] = {chart->title,   chart->subtitle,    chart->x_title,
                           chart->y_title, chart->alternative, svg};
    R_xlen_t count = (R_xlen_t)chart->n_categories;
    SEXP value = Rf_mkNamed(VECSXP, names);
    SET_VECTOR_ELT(list, index, value);
    named_list(list, index, chart->name);
    for (int i = 0; i < 6; i++)
        SET_VECTOR_ELT(value, i, text_value(texts[i]));
    SEXP categories = put(value, 6, STRSXP, count);
    for (R_xlen_t i = 0; i < count; i++)
        set_text(categories, i, chart->categories[i]);
    SEXP series = put(value, 7, VECSXP, (R_xlen_t)chart->n_series);
    for (size_t i = 0; i < chart->n_series; i++)
        series_value(series, (R_xlen_t)i, &chart->series[i], count);
    chart_kind_into(value, 8, chart);
}

static SEXP charts_value(est_shim *request)
{
    const est_result *result = est_shim_result(request);
    R_xlen_t count = (R_xlen_t)est_result_charts(result);
    SEXP charts = PROTECT(Rf_allocVector(VECSXP, count));
    for (R_xlen_t i = 0; i < count; i++)
        chart_value(charts, i, est_result_chart(result, (size_t)i), request);
    UNPROTECT(1);
    return charts;
}

static est_status reports_into(SEXP list, R_xlen_t index, est_shim *request)
{
    est_status status = EST_OK;
    R_xlen_t count = 0;
    while (est_report_format((size_t)count))
        count++;
    SEXP reports = put(list, index, STRSXP, count);
    for (R_xlen_t i = 0; i < count && status == EST_OK; i++) {
        const char *text;
        size_t length;
        status = est_shim_report(request, est_report_format((size_t)i), &text, &length);
        if (status == EST_OK) {
            named_list(reports, i, est_report_format((size_t)i));
            set_text(reports, i, text);
        }
    }
    return status;
}

static SEXP result_value(est_shim *request)
{
    const char *names[] = {"method",  "title",     "rows",         "stats",       "frames", "notes", "provenance", "charts",
                           "reports", "is_public", "is_synthetic", "is_internal", "facts",  ""};
    const est_result *result = est_shim_result(request);
    SEXP value = PROTECT(Rf_mkNamed(VECSXP, names));
    SET_VECTOR_ELT(value, 0, text_value(est_result_method(result)));
    SET_VECTOR_ELT(value, 1, text_value(est_result_title(result)));
    SET_VECTOR_ELT(value, 2, rows_value(result));
    SET_VECTOR_ELT(value, 3, stats_value(result));
    SET_VECTOR_ELT(value, 4, frames_value(result));
    SET_VECTOR_ELT(value, 5, notes_value(result));
    SET_VECTOR_ELT(value, 6, provenance_value(result));
    SET_VECTOR_ELT(value, 7, charts_value(request));
    est_status status = reports_into(value, 8, request);
    SET_VECTOR_ELT(value, 9, Rf_ScalarLogical(est_result_is_public(result)));
    SET_VECTOR_ELT(value, 10, Rf_ScalarLogical(est_result_is_synthetic(result)));
    SET_VECTOR_ELT(value, 11, Rf_ScalarLogical(est_result_is_internal(result)));
    SET_VECTOR_ELT(value, 12, facts_value(result));
    if (status != EST_OK)
        value = error_value(est_shim_error(request));
    UNPROTECT(1);
    return value;
}

/* The element of a list by name; R_NilValue if there is none. */
static SEXP element(SEXP list, const char *name)
{
    SEXP names = Rf_getAttrib(list, R_NamesSymbol), found = R_NilValue;
    for (R_xlen_t i = 0; i < XLENGTH(list) && names != R_NilValue; i++)
        if (strcmp(CHAR(STRING_ELT(names, i)), name) == 0)
            found = VECTOR_ELT(list, i);
    return found;
}

static const char *string_at(SEXP vector, R_xlen_t index)
{
    return Rf_translateCharUTF8(STRING_ELT(vector, index));
}

static est_status add_column(est_shim *request, const char *name, SEXP column)
{
    if (TYPEOF(column) == REALSXP)
        return est_shim_add_numbers(request, name, REAL(column));
    R_xlen_t rows = XLENGTH(column);
    const char **values = (const char **)R_alloc((size_t)rows + 1, sizeof *values);
    for (R_xlen_t i = 0; i < rows; i++)
        values[i] = STRING_ELT(column, i) == NA_STRING ? NULL : string_at(column, i);
    return est_shim_add_text(request, name, values);
}

/* list(option, name, rows, public, synthetic, columns): each column a double or a character vector of `rows`. Or list(option,
 * path): a file. */
static est_status add_table(est_shim *request, SEXP table)
{
    SEXP path = element(table, "path");
    if (path != R_NilValue)
        return est_shim_source(request, string_at(element(table, "option"), 0), string_at(path, 0));
    SEXP columns = element(table, "columns"), names = Rf_getAttrib(columns, R_NamesSymbol);
    const void *memory = vmaxget();
    est_status status =
        est_shim_table(request, string_at(element(table, "option"), 0), string_at(element(table, "name"), 0),
                       (size_t)Rf_asReal(element(table, "rows")), Rf_asLogical(element(table, "public")) == 1,
                       Rf_asLogical(element(table, "synthetic")) == 1);
    for (R_xlen_t i = 0; i < XLENGTH(columns) && status == EST_OK; i++) {
        status = add_column(request, string_at(names, i), VECTOR_ELT(columns, i));
        vmaxset(memory);
    }
    return status;
}

static est_status set_control(est_shim *request, SEXP control)
{
    SEXP profile = element(control, "suppress"), threshold = element(control, "threshold");
    est_shim_context(request, (uint64_t)Rf_asReal(element(control, "seed")),
                     Rf_asInteger(element(control, "threads")));
    return est_shim_suppress(request, profile == R_NilValue ? NULL : string_at(profile, 0),
                             threshold == R_NilValue ? -1 : (long)Rf_asReal(threshold),
                             Rf_asLogical(element(control, "internal")) == 1);
}

static est_status fill_request(est_shim *request, SEXP tables, SEXP options, SEXP control)
{
    SEXP names = Rf_getAttrib(options, R_NamesSymbol);
    est_status status = set_control(request, control);
    for (R_xlen_t i = 0; i < XLENGTH(options) && status == EST_OK; i++)
        status = est_shim_set(request, string_at(names, i), string_at(options, i));
    for (R_xlen_t i = 0; i < XLENGTH(tables) && status == EST_OK; i++)
        status = add_table(request, VECTOR_ELT(tables, i));
    return status;
}

/* A list of columns of text; `texts` gives those of element i. */
static SEXP texts_value(const char **names, int columns, size_t count, void (*texts)(size_t i, const char **texts))
{
    SEXP value = PROTECT(Rf_mkNamed(VECSXP, names));
    const char *row[8];
    for (int column = 0; column < columns; column++)
        put(value, column, STRSXP, (R_xlen_t)count);
    for (size_t i = 0; i < count; i++) {
        texts(i, row);
        for (int column = 0; column < columns; column++)
            set_text(VECTOR_ELT(value, column), (R_xlen_t)i, row[column]);
    }
    UNPROTECT(1);
    return value;
}

static void definition_texts(size_t i, const char **texts)
{
    const est_definition *d = est_definition_get(i);
    const char *all[] = {d->id, d->method, d->title, d->status, d->version, d->source, d->text};
    memcpy(texts, all, sizeof all);
}

static void preset_texts(size_t i, const char **texts)
{
    const est_codebook_preset *preset = est_codebook_preset_get(i);
    const char *all[] = {preset->id, preset->title, preset->source, preset->text};
    memcpy(texts, all, sizeof all);
}

/* list(text, faults); the request's error if it failed. */
static SEXP codebook_value(est_shim *request, SEXP table, const char *codebook, int check)
{
    const char *names[] = {"text", "faults", ""}, *text = NULL;
    size_t n_faults = 0;
    est_status status = add_table(request, table);
    if (status == EST_OK)
        status = check ? est_shim_codebook_check(request, codebook, &n_faults, &text)
                       : est_shim_codebook_propose(request, codebook, &text);
    if (status != EST_OK)
        return error_value(est_shim_error(request));
    SEXP value = PROTECT(Rf_mkNamed(VECSXP, names));
    SET_VECTOR_ELT(value, 0, text_value(text));
    SET_VECTOR_ELT(value, 1, Rf_ScalarReal((double)n_faults));
    UNPROTECT(1);
    return value;
}

static SEXP no_memory_value(void)
{
    est_error error = {0};
    error.code = EST_ENOMEM;
    strcpy(error.message, "memory ran out");
    return error_value(&error);
}

static SEXP flag_value(const char *name)
{
    const char *names[] = {name, ""};
    SEXP value = PROTECT(Rf_mkNamed(VECSXP, names));
    SET_VECTOR_ELT(value, 0, Rf_ScalarLogical(1));
    UNPROTECT(1);
    return value;
}

static SEXP options_value(const est_method *method)
{
    const char *names[] = {"name", "kind", "default", "choices", "doc", "minimum", "maximum", "further", ""};
    R_xlen_t count = (R_xlen_t)method->n_options;
    SEXP value = PROTECT(Rf_mkNamed(VECSXP, names));
    for (int column = 0; column < 8; column++)
        put(value, column, column < 5 ? STRSXP : column < 7 ? REALSXP : LGLSXP, count);
    for (R_xlen_t i = 0; i < count; i++) {
        const est_option_spec *spec = &method->options[i];
        const char *texts[] = {spec->name, est_option_kind_name(spec->kind), spec->initial, spec->choices,
                               spec->doc};
        for (int column = 0; column < 5; column++)
            set_text(VECTOR_ELT(value, column), i, texts[column]);
        REAL(VECTOR_ELT(value, 5))[i] = spec->minimum;
        REAL(VECTOR_ELT(value, 6))[i] = spec->maximum;
        LOGICAL(VECTOR_ELT(value, 7))[i] = spec->further != 0;
    }
    UNPROTECT(1);
    return value;
}

static void table_column(SEXP columns, const est_table *table, size_t column)
{
    int text = est_table_column_kind(table, column) == EST_COLUMN_TEXT;
    SEXP values = put(columns, (R_xlen_t)column, text ? STRSXP : REALSXP, (R_xlen_t)est_table_rows(table));
    for (size_t row = 0; row < est_table_rows(table); row++) {
        char buffer[32];
        if (!text)
            REAL(values)
            [row] = est_table_is_missing(table, column, row) ? NA_REAL : est_table_number(table, column, row);
        else if (est_table_is_missing(table, column, row))
            SET_STRING_ELT(values, (R_xlen_t)row, NA_STRING);
        else
            set_text(values, (R_xlen_t)row, est_table_text(table, column, row, buffer));
    }
    named_list(columns, (R_xlen_t)column, est_table_column_name(table, column));
}
%}

%inline %{
/* One run. list(error = ) or list(interrupted = TRUE) or the result by value. */
SEXP libest_run(SEXP method, SEXP tables, SEXP options, SEXP control, SEXP tick)
{
    r_watch watch = {tick, 0, 0, "", 0.0};
    est_shim *request;
    SEXP handle = PROTECT(new_handle(close_request));
    est_status status = est_shim_open(string_at(method, 0), &request);
    SEXP value;
    if (!request) {
        value = PROTECT(no_memory_value());
    } else {
        R_SetExternalPtrAddr(handle, request);
        if (status == EST_OK)
            status = fill_request(request, tables, options, control);
        est_shim_callbacks(request, r_poll, r_tick, &watch);
        if (status == EST_OK)
            status = est_shim_run(request);
        if (status == EST_ECANCELLED && watch.interrupted)
            value = PROTECT(flag_value("interrupted"));
        else
            value = PROTECT(status == EST_OK ? result_value(request) : error_value(est_shim_error(request)));
    }
    close_request(handle);
    UNPROTECT(2);
    return value;
}

/* A codebook for the data, or one tried on them: list(error = ) or list(interrupted = TRUE) or list(text, faults). */
SEXP libest_codebook(SEXP table, SEXP codebook, SEXP check)
{
    r_watch watch = {R_NilValue, 0, 0, "", 0.0};
    est_shim *request;
    SEXP handle = PROTECT(new_handle(close_request));
    SEXP value;
    if (est_shim_open(NULL, &request) != EST_OK) {
        value = PROTECT(no_memory_value());
    } else {
        R_SetExternalPtrAddr(handle, request);
        est_shim_callbacks(request, r_poll, r_tick, &watch);
        value = PROTECT(codebook_value(request, table, string_at(codebook, 0), Rf_asLogical(check) == 1));
        if (watch.interrupted) {
            UNPROTECT(1);
            value = PROTECT(flag_value("interrupted"));
        }
    }
    close_request(handle);
    UNPROTECT(2);
    return value;
}

/* Columns of text: a definition, a bundled codebook each. */
SEXP libest_definitions(void)
{
    const char *names[] = {"id", "method", "title", "status", "version", "source", "text", ""};
    return texts_value(names, 7, est_definition_count(), definition_texts);
}

SEXP libest_codebooks(void)
{
    const char *names[] = {"id", "title", "source", "text", ""};
    return texts_value(names, 4, est_codebook_preset_count(), preset_texts);
}

/* Every method of the registry with its options. */
SEXP libest_methods(void)
{
    const char *names[] = {"id", "title", "summary", "reference", "data", "options", ""};
    R_xlen_t count = (R_xlen_t)est_method_count();
    SEXP methods = PROTECT(Rf_allocVector(VECSXP, count));
    for (R_xlen_t i = 0; i < count; i++) {
        const est_method *method = est_method_get((size_t)i);
        const char *texts[] = {method->id, method->title, method->summary, method->reference, method->data};
        SEXP value = Rf_mkNamed(VECSXP, names);
        SET_VECTOR_ELT(methods, i, value);
        named_list(methods, i, method->id);
        for (int field = 0; field < 5; field++)
            SET_VECTOR_ELT(value, field, text_value(texts[field]));
        SET_VECTOR_ELT(value, 5, options_value(method));
    }
    UNPROTECT(1);
    return methods;
}

/* Columns of text and of logical values, one element a bundled dataset. */
SEXP libest_datasets(void)
{
    const char *names[] = {"name", "title", "companion", "description", "public", "synthetic", ""};
    R_xlen_t count = (R_xlen_t)est_dataset_count();
    SEXP value = PROTECT(Rf_mkNamed(VECSXP, names));
    for (int column = 0; column < 6; column++)
        put(value, column, column < 4 ? STRSXP : LGLSXP, count);
    for (R_xlen_t i = 0; i < count; i++) {
        const est_dataset *dataset = est_dataset_get((size_t)i);
        const char *texts[] = {dataset->name, dataset->title, dataset->companion, dataset->description};
        for (int column = 0; column < 4; column++)
            set_text(VECTOR_ELT(value, column), i, texts[column]);
        LOGICAL(VECTOR_ELT(value, 4))[i] = dataset->is_public != 0;
        LOGICAL(VECTOR_ELT(value, 5))[i] = dataset->is_synthetic != 0;
    }
    UNPROTECT(1);
    return value;
}

/* list(error = ) or list(columns, public, synthetic) of a bundled dataset; `data` is "dataset:NAME". */
SEXP libest_dataset(SEXP data)
{
    const char *names[] = {"columns", "public", "synthetic", ""};
    est_error error = {0};
    est_table *table = NULL;
    SEXP handle = PROTECT(new_handle(close_table));
    SEXP value;
    if (est_table_open(string_at(data, 0), NULL, &table, &error) != EST_OK) {
        value = PROTECT(error_value(&error));
    } else {
        R_SetExternalPtrAddr(handle, table);
        value = PROTECT(Rf_mkNamed(VECSXP, names));
        SEXP columns = put(value, 0, VECSXP, (R_xlen_t)est_table_columns(table));
        for (size_t column = 0; column < est_table_columns(table); column++)
            table_column(columns, table, column);
        SET_VECTOR_ELT(value, 1, Rf_ScalarLogical(est_table_is_public(table)));
        SET_VECTOR_ELT(value, 2, Rf_ScalarLogical(est_table_is_synthetic(table)));
    }
    close_table(handle);
    UNPROTECT(2);
    return value;
}

SEXP libest_version(void)
{
    return text_value(est_version());
}
%}
