/* Python: SWIG makes the extension module libest._low and libest/low.py; everything that crosses is built by
 * hand below. Never a leading underscore in the module name: Python would mangle it. */
%module(package="libest", threads="1") low
%nothread; /* the GIL is released by hand, around the run alone */

%typemap(in) PyObject * "$1 = $input;"
%typemap(out) PyObject * "$result = $1;"

%{
#include <stdlib.h>
#include <string.h>

#include "shim.h"

/* The exception stays set: it is raised when the library has unwound. */
static int py_poll(void *user)
{
    (void)user;
    PyGILState_STATE state = PyGILState_Ensure();
    int stop = PyErr_Occurred() != NULL || PyErr_CheckSignals() != 0;
    PyGILState_Release(state);
    return stop;
}

/* `user` is called with (stage, fraction); true = stop. None: nothing is called. */
static int py_tick(void *user, const char *stage, double fraction)
{
    PyObject *tick = user;
    PyGILState_STATE state = PyGILState_Ensure();
    int stop = 0;
    if (tick != Py_None) {
        PyObject *answer = PyObject_CallFunction(tick, "sd", stage, fraction);
        stop = answer ? PyObject_IsTrue(answer) : -1;
        Py_XDECREF(answer);
    }
    PyGILState_Release(state);
    return stop != 0;
}

static PyObject *text_value(const char *text)
{
    return PyUnicode_DecodeUTF8(text ? text : "", text ? (Py_ssize_t)strlen(text) : 0, "replace");
}

/* Puts a new value into a list; 0 = done. The value is taken over; NULL means its making failed. */
static int add(PyObject *list, PyObject *value)
{
    int failed = !value || PyList_Append(list, value) != 0;
    Py_XDECREF(value);
    return failed;
}

/* The same for a dictionary. */
static int put(PyObject *dict, const char *name, PyObject *value)
{
    int failed = !value || PyDict_SetItemString(dict, name, value) != 0;
    Py_XDECREF(value);
    return failed;
}

/* `value` if nothing failed, else NULL and the value is dropped. */
static PyObject *unless(int failed, PyObject *value)
{
    if (failed)
        Py_CLEAR(value);
    return value;
}

static PyObject *error_value(const est_error *error)
{
    PyObject *fields =
        Py_BuildValue("{s:s, s:N, s:N, s:N, s:L, s:L}", "code", est_status_name(error->code), "message",
                      text_value(error->message), "where", text_value(error->where), "column",
                      text_value(error->column), "record", error->record, "line", error->line);
    return fields ? Py_BuildValue("{s:N}", "error", fields) : NULL;
}

static PyObject *domain_value(const est_row *row)
{
    PyObject *domain = PyDict_New();
    int failed = !domain;
    for (size_t i = 0; i < row->n_domain && !failed; i++)
        failed = put(domain, row->domain[i].name, text_value(row->domain[i].value));
    return unless(failed, domain);
}

static PyObject *flags_value(uint32_t flags)
{
    PyObject *words = PyList_New(0);
    int failed = !words;
    for (int flag = 0; flag < EST_FLAG_END && !failed; flag++)
        if (flags & EST_FLAG_BIT(flag))
            failed = add(words, text_value(est_flag_name((est_flag)flag)));
    return unless(failed, words);
}

static PyObject *row_value(const est_row *row)
{
    return Py_BuildValue("{s:N,s:N,s:N,s:d,s:d,s:d,s:d,s:d,s:d,s:N,s:d,s:N,s:N,s:N,s:N,s:d,s:d,s:d,s:d,s:d,s:d,s:N,"
                         "s:N,s:N,s:N,s:N,s:N}", "estimand",
                         text_value(row->estimand), "domain", domain_value(row), "model",
                         text_value(row->model), "estimate", row->estimate, "se", row->se, "lower",
                         row->lower, "upper", row->upper, "level", row->level, "df", row->df, "interval",
                         text_value(row->interval), "n", row->n, "flags", flags_value(row->flags),
                         "population", text_value(row->population), "period", text_value(row->period),
                         "definition", text_value(row->definition), "n_weighted", row->n_weighted, "numerator",
                         row->numerator, "cv", row->cv, "deff", row->deff, "deft", row->deft, "effective_n",
                         row->effective_n, "mark", text_value(row->mark), "geography", text_value(row->geography),
                         "ages", text_value(row->ages), "reference_period", text_value(row->reference_period), "unit",
                         text_value(row->unit), "table", text_value(row->table));
}

static PyObject *rows_value(const est_result *result)
{
    PyObject *rows = PyList_New(0);
    int failed = !rows;
    for (size_t i = 0; i < est_result_rows(result) && !failed; i++)
        failed = add(rows, row_value(est_result_row(result, i)));
    return unless(failed, rows);
}

static PyObject *stats_value(const est_result *result)
{
    PyObject *stats = PyDict_New();
    int failed = !stats;
    for (size_t i = 0; i < est_result_stats(result) && !failed; i++) {
        const est_stat *stat = est_result_stat(result, i);
        failed =
            put(stats, stat->name, stat->text ? text_value(stat->text) : PyFloat_FromDouble(stat->value));
    }
    return unless(failed, stats);
}

static PyObject *names_value(size_t count, const char *const *names)
{
    PyObject *list = PyList_New(0);
    int failed = !list;
    for (size_t i = 0; i < count && !failed; i++)
        failed = add(list, text_value(names[i]));
    return unless(failed, list);
}

static PyObject *frame_row_value(const est_cell *cells, size_t count)
{
    PyObject *row = PyList_New(0);
    int failed = !row;
    for (size_t i = 0; i < count && !failed; i++)
        failed = add(row, cells[i].text ? text_value(cells[i].text) : PyFloat_FromDouble(cells[i].number));
    return unless(failed, row);
}

static PyObject *frame_value(const est_frame *frame)
{
    PyObject *rows = PyList_New(0);
    int failed = !rows;
    for (size_t i = 0; i < frame->n_rows && !failed; i++)
        failed = add(rows, frame_row_value(frame->cells + i * frame->n_columns, frame->n_columns));
    rows = unless(failed, rows);
    return rows ? Py_BuildValue("{s:N,s:N,s:N,s:N}", "name", text_value(frame->name), "title",
                                text_value(frame->title), "columns",
                                names_value(frame->n_columns, frame->columns), "rows", rows)
                : NULL;
}

static PyObject *frames_value(const est_result *result)
{
    PyObject *frames = PyList_New(0);
    int failed = !frames;
    for (size_t i = 0; i < est_result_frames(result) && !failed; i++)
        failed = add(frames, frame_value(est_result_frame(result, i)));
    return unless(failed, frames);
}

static PyObject *notes_value(const est_result *result)
{
    PyObject *notes = PyList_New(0);
    int failed = !notes;
    for (size_t i = 0; i < est_result_notes(result) && !failed; i++) {
        const est_note *note = est_result_note(result, i);
        failed = add(notes, Py_BuildValue("{s:s,s:N,s:N}", "severity",
                                          note->severity == EST_WARNING ? "warning" : "note", "code",
                                          text_value(note->code), "message", text_value(note->message)));
    }
    return unless(failed, notes);
}

/* (group, name, value) of each. */
static PyObject *facts_value(const est_result *result)
{
    PyObject *facts = PyList_New(0);
    int failed = !facts;
    for (size_t i = 0; i < est_result_facts(result) && !failed; i++) {
        const est_fact *fact = est_result_fact(result, i);
        failed = add(facts, Py_BuildValue("(NNN)", text_value(fact->group), text_value(fact->name), text_value(fact->value)));
    }
    return unless(failed, facts);
}

static PyObject *provenance_value(const est_result *result)
{
    PyObject *entries = PyDict_New();
    int failed = !entries;
    for (size_t i = 0; i < est_result_provenances(result) && !failed; i++) {
        const est_provenance *entry = est_result_provenance(result, i);
        if (est_shim_may_show(result, entry))
            failed = put(entries, entry->name, text_value(entry->value));
    }
    return unless(failed, entries);
}

static PyObject *numbers_value(const double *numbers, size_t count)
{
    PyObject *list = PyList_New(0);
    int failed = !list;
    for (size_t i = 0; i < count && !failed; i++)
        failed = add(list, PyFloat_FromDouble(numbers ? numbers[i] : Py_NAN));
    return unless(failed, list);
}

static PyObject *series_value(const est_chart *chart)
{
    PyObject *list = PyList_New(0);
    int failed = !list;
    for (size_t i = 0; i < chart->n_series && !failed; i++) {
        const est_series *series = &chart->series[i];
        failed = add(list, Py_BuildValue("{s:N,s:s,s:N,s:N,s:N}", "name", text_value(series->name), "kind",
                                         series->kind == EST_SERIES_BAND ? "band" : "line", "value",
                                         numbers_value(series->value, chart->n_categories), "lower",
                                         numbers_value(series->lower, chart->n_categories), "upper",
                                         numbers_value(series->upper, chart->n_categories)));
    }
    return unless(failed, list);
}

/* A list of true and false for each combination. */
static PyObject *membership_value(const est_chart *chart)
{
    PyObject *list = PyList_New(0);
    int failed = !list;
    for (size_t i = 0; i < chart->n_categories && chart->n_sets && !failed; i++) {
        PyObject *members = PyList_New(0);
        failed = !members;
        for (size_t set = 0; set < chart->n_sets && !failed; set++)
            failed = add(members, PyBool_FromLong(chart->membership[i * chart->n_sets + set]));
        failed = add(list, unless(failed, members));
    }
    return unless(failed, list);
}

static PyObject *chart_value(est_shim *request, const est_chart *chart)
{
    static const char *const kinds[] = {"along", "forest", "upset"};
    const char *svg = NULL;
    size_t length;
    if (est_shim_chart(request, chart->name, &svg, &length) != EST_OK)
        svg = NULL;
    return Py_BuildValue("{s:N,s:N,s:N,s:N,s:N,s:N,s:N,s:N,s:N,s:s,s:d,s:N,s:N,s:N}", "name", text_value(chart->name),
                         "title", text_value(chart->title), "subtitle", text_value(chart->subtitle), "x_title",
                         text_value(chart->x_title), "y_title", text_value(chart->y_title), "alternative",
                         text_value(chart->alternative), "svg", text_value(svg), "categories",
                         names_value(chart->n_categories, chart->categories), "series", series_value(chart), "kind",
                         kinds[chart->kind], "reference", chart->kind == EST_CHART_FOREST ? chart->reference : Py_NAN,
                         "sets", names_value(chart->n_sets, chart->sets), "set_totals",
                         numbers_value(chart->set_totals, chart->n_sets), "membership", membership_value(chart));
}

static PyObject *charts_value(est_shim *request)
{
    const est_result *result = est_shim_result(request);
    PyObject *charts = PyList_New(0);
    int failed = !charts;
    for (size_t i = 0; i < est_result_charts(result) && !failed; i++)
        failed = add(charts, chart_value(request, est_result_chart(result, i)));
    return unless(failed, charts);
}

/* NULL without an exception if a writer failed: the fault is in the request. */
static PyObject *reports_value(est_shim *request)
{
    PyObject *reports = PyDict_New();
    int failed = !reports;
    for (size_t i = 0; est_report_format(i) && !failed; i++) {
        const char *text;
        size_t length;
        failed =
            est_shim_report(request, est_report_format(i), &text, &length) != EST_OK ||
            put(reports, est_report_format(i), PyUnicode_DecodeUTF8(text, (Py_ssize_t)length, "replace"));
    }
    return unless(failed, reports);
}

static PyObject *result_value(est_shim *request)
{
    const est_result *result = est_shim_result(request);
    PyObject *value, *reports = reports_value(request);
    if (!reports)
        return PyErr_Occurred() ? NULL : error_value(est_shim_error(request));
    value = PyDict_New();
    int failed = !value || put(value, "method", text_value(est_result_method(result))) ||
                 put(value, "title", text_value(est_result_title(result))) ||
                 put(value, "rows", rows_value(result)) || put(value, "stats", stats_value(result)) ||
                 put(value, "frames", frames_value(result)) || put(value, "notes", notes_value(result)) ||
                 put(value, "provenance", provenance_value(result)) ||
                 put(value, "charts", charts_value(request)) || put(value, "facts", facts_value(result)) ||
                 put(value, "is_public", PyBool_FromLong(est_result_is_public(result))) ||
                 put(value, "is_synthetic", PyBool_FromLong(est_result_is_synthetic(result))) ||
                 put(value, "is_internal", PyBool_FromLong(est_result_is_internal(result))) ||
                 PyDict_SetItemString(value, "reports", reports) != 0;
    Py_DECREF(reports);
    return unless(failed, value);
}

/* EST_EINTERNAL with a Python exception set = the arguments are not what this layer hands over. */
static est_status add_numbers(est_shim *request, const char *name, size_t rows, PyObject *column)
{
    Py_buffer view;
    if (PyObject_GetBuffer(column, &view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) != 0)
        return EST_EINTERNAL;
    est_status status = EST_EINTERNAL;
    if (!view.format || strcmp(view.format, "d") != 0 || view.len != (Py_ssize_t)(rows * sizeof(double)))
        PyErr_Format(PyExc_TypeError, "column '%s' is not %zu doubles", name, rows);
    else
        status = est_shim_add_numbers(request, name, view.buf);
    PyBuffer_Release(&view);
    return status;
}

static est_status add_text(est_shim *request, const char *name, size_t rows, PyObject *column)
{
    const char **values = calloc(rows + 1, sizeof *values);
    int failed = !values || PyList_Size(column) != (Py_ssize_t)rows;
    for (size_t i = 0; i < rows && !failed; i++) {
        PyObject *cell = PyList_GetItem(column, (Py_ssize_t)i);
        if (cell != Py_None)
            failed = (values[i] = PyUnicode_AsUTF8(cell)) == NULL;
    }
    if (failed && !PyErr_Occurred())
        PyErr_Format(PyExc_TypeError, "column '%s' is not %zu texts", name, rows);
    est_status status = failed ? EST_EINTERNAL : est_shim_add_text(request, name, values);
    free(values);
    return status;
}

/* (option, path): a file. (option, name, rows, public, synthetic, ((column, values), ...)): doubles in a buffer, or a
 * list of str and None. */
static est_status add_table(est_shim *request, PyObject *table)
{
    const char *option, *name, *column;
    Py_ssize_t rows;
    int is_public, is_synthetic;
    PyObject *columns, *values;
    if (PyTuple_Size(table) == 2)
        return PyArg_ParseTuple(table, "ss", &option, &name) ? est_shim_source(request, option, name) : EST_EINTERNAL;
    if (!PyArg_ParseTuple(table, "ssnppO!", &option, &name, &rows, &is_public, &is_synthetic, &PyTuple_Type,
                          &columns))
        return EST_EINTERNAL;
    est_status status = est_shim_table(request, option, name, (size_t)rows, is_public, is_synthetic);
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(columns) && status == EST_OK; i++) {
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(columns, i), "sO", &column, &values))
            status = EST_EINTERNAL;
        else if (PyList_Check(values))
            status = add_text(request, column, (size_t)rows, values);
        else
            status = add_numbers(request, column, (size_t)rows, values);
    }
    return status;
}

/* tables: a tuple of tables; options: a tuple of (name, value) pairs of str. */
static est_status fill_request(est_shim *request, PyObject *tables, PyObject *options)
{
    est_status status = EST_OK;
    for (Py_ssize_t i = 0; i < PyTuple_Size(options) && status == EST_OK; i++) {
        const char *name, *value;
        if (PyArg_ParseTuple(PyTuple_GET_ITEM(options, i), "ss", &name, &value))
            status = est_shim_set(request, name, value);
        else
            status = EST_EINTERNAL;
    }
    for (Py_ssize_t i = 0; i < PyTuple_Size(tables) && status == EST_OK; i++)
        status = add_table(request, PyTuple_GET_ITEM(tables, i));
    return PyErr_Occurred() ? EST_EINTERNAL : status;
}

static est_status run_unlocked(est_shim *request)
{
    est_status status;
    Py_BEGIN_ALLOW_THREADS status = est_shim_run(request);
    Py_END_ALLOW_THREADS return status;
}

static est_status codebook_unlocked(est_shim *request, const char *codebook, int check, size_t *n_faults, const char **text)
{
    est_status status;
    Py_BEGIN_ALLOW_THREADS status = check ? est_shim_codebook_check(request, codebook, n_faults, text)
                                          : est_shim_codebook_propose(request, codebook, text);
    Py_END_ALLOW_THREADS return status;
}

static PyObject *options_value(const est_method *method)
{
    PyObject *options = PyList_New(0);
    int failed = !options;
    for (size_t i = 0; i < method->n_options && !failed; i++) {
        const est_option_spec *spec = &method->options[i];
        failed = add(options,
                     Py_BuildValue("{s:N,s:s,s:N,s:d,s:d,s:N,s:N,s:N}", "name", text_value(spec->name), "kind",
                                   est_option_kind_name(spec->kind), "default", text_value(spec->initial),
                                   "minimum", spec->minimum, "maximum", spec->maximum, "choices",
                                   text_value(spec->choices), "doc", text_value(spec->doc), "further",
                                   PyBool_FromLong(spec->further)));
    }
    return unless(failed, options);
}

static PyObject *column_value(const est_table *table, size_t column)
{
    PyObject *values = PyList_New(0);
    int failed = !values, text = est_table_column_kind(table, column) == EST_COLUMN_TEXT;
    for (size_t row = 0; row < est_table_rows(table) && !failed; row++) {
        char buffer[32];
        const char *cell = est_table_text(table, column, row, buffer);
        if (!text)
            failed = add(values, PyFloat_FromDouble(est_table_number(table, column, row)));
        else if (cell)
            failed = add(values, text_value(cell));
        else
            failed = PyList_Append(values, Py_None) != 0;
    }
    return unless(failed, values);
}

static PyObject *columns_value(const est_table *table)
{
    PyObject *columns = PyDict_New();
    int failed = !columns;
    for (size_t column = 0; column < est_table_columns(table) && !failed; column++)
        failed = put(columns, est_table_column_name(table, column), column_value(table, column));
    return unless(failed, columns);
}
%}

%inline %{
/* One run: {"error": {...}} or the result by value. An exception of tick or of a signal comes through. */
PyObject *run(const char *method, PyObject *tables, PyObject *options, unsigned long long seed, int threads,
              PyObject *suppress, long threshold, int internal, PyObject *tick)
{
    est_shim *request;
    PyObject *value = NULL;
    est_status status = est_shim_open(method, &request);
    if (!request)
        return PyErr_NoMemory();
    est_shim_context(request, seed, threads);
    est_shim_callbacks(request, py_poll, py_tick, tick);
    if (status == EST_OK && suppress != Py_None) {
        const char *profile = PyUnicode_AsUTF8(suppress);
        status = profile ? est_shim_suppress(request, profile, threshold, internal) : EST_EINTERNAL;
    } else if (status == EST_OK) {
        status = est_shim_suppress(request, NULL, threshold, internal);
    }
    if (status == EST_OK)
        status = fill_request(request, tables, options);
    if (status == EST_OK)
        status = run_unlocked(request);
    if (!PyErr_Occurred())
        value = status == EST_OK ? result_value(request) : error_value(est_shim_error(request));
    est_shim_close(request);
    return value;
}

/* A codebook for the data, or one tried on them: {"error": {...}} or {"text", "faults"}. */
PyObject *codebook(PyObject *table, const char *name, int check)
{
    est_shim *request;
    PyObject *value = NULL;
    const char *text = NULL;
    size_t n_faults = 0;
    if (est_shim_open(NULL, &request) != EST_OK)
        return PyErr_NoMemory();
    est_shim_callbacks(request, py_poll, NULL, NULL);
    est_status status = add_table(request, table);
    if (status == EST_OK)
        status = codebook_unlocked(request, name, check, &n_faults, &text);
    if (!PyErr_Occurred())
        value = status == EST_OK ? Py_BuildValue("{s:N,s:n}", "text", text_value(text), "faults", (Py_ssize_t)n_faults)
                                 : error_value(est_shim_error(request));
    est_shim_close(request);
    return value;
}

/* The rules of the indicators. */
PyObject *definitions(void)
{
    PyObject *list = PyList_New(0);
    int failed = !list;
    for (size_t i = 0; i < est_definition_count() && !failed; i++) {
        const est_definition *d = est_definition_get(i);
        failed = add(list, Py_BuildValue("{s:N,s:N,s:N,s:N,s:N,s:N,s:N}", "id", text_value(d->id), "method", text_value(d->method),
                                         "title", text_value(d->title), "status", text_value(d->status), "version",
                                         text_value(d->version), "source", text_value(d->source), "text", text_value(d->text)));
    }
    return unless(failed, list);
}

/* The bundled codebooks. */
PyObject *codebooks(void)
{
    PyObject *list = PyList_New(0);
    int failed = !list;
    for (size_t i = 0; i < est_codebook_preset_count() && !failed; i++) {
        const est_codebook_preset *preset = est_codebook_preset_get(i);
        failed = add(list, Py_BuildValue("{s:N,s:N,s:N,s:N}", "id", text_value(preset->id), "title", text_value(preset->title),
                                         "source", text_value(preset->source), "text", text_value(preset->text)));
    }
    return unless(failed, list);
}

/* Every method of the registry with its options. */
PyObject *methods(void)
{
    PyObject *list = PyList_New(0);
    int failed = !list;
    for (size_t i = 0; i < est_method_count() && !failed; i++) {
        const est_method *method = est_method_get(i);
        failed = add(list, Py_BuildValue("{s:N,s:N,s:N,s:N,s:N,s:N}", "id", text_value(method->id), "title",
                                         text_value(method->title), "summary", text_value(method->summary),
                                         "reference", text_value(method->reference), "data",
                                         text_value(method->data), "options", options_value(method)));
    }
    return unless(failed, list);
}

/* The bundled datasets, without their rows. */
PyObject *datasets(void)
{
    PyObject *list = PyList_New(0);
    int failed = !list;
    for (size_t i = 0; i < est_dataset_count() && !failed; i++) {
        const est_dataset *dataset = est_dataset_get(i);
        failed =
            add(list, Py_BuildValue("{s:N,s:N,s:N,s:N,s:O,s:O}", "name", text_value(dataset->name), "title",
                                    text_value(dataset->title), "companion", text_value(dataset->companion),
                                    "description", text_value(dataset->description), "is_public",
                                    dataset->is_public ? Py_True : Py_False, "is_synthetic",
                                    dataset->is_synthetic ? Py_True : Py_False));
    }
    return unless(failed, list);
}

/* {"error": {...}} or columns and flags of a bundled dataset; `data` is "dataset:NAME". */
PyObject *dataset(const char *data)
{
    est_error error = {0};
    est_table *table = NULL;
    PyObject *value;
    if (est_table_open(data, NULL, &table, &error) != EST_OK)
        return error_value(&error);
    value = Py_BuildValue("{s:N,s:O,s:O}", "columns", columns_value(table), "is_public",
                          est_table_is_public(table) ? Py_True : Py_False, "is_synthetic",
                          est_table_is_synthetic(table) ? Py_True : Py_False);
    est_table_free(table);
    return value;
}

const char *version(void)
{
    return est_version();
}
%}
