/* JSON, schema est-result/1. Written by hand: numbers are the shortest that read back the same, undefined
 * ones null. */
#include <math.h>

#include "report/encode.h"
#include "report/writer.h"

static void key(est_i_text *output, const char *name)
{
    est_i_encode_json(output, name);
    est_i_text_append(output, ": ");
}

static void number(est_i_text *output, double value)
{
    if (isfinite(value))
        est_i_text_number(output, value);
    else
        est_i_text_append(output, "null");
}

static void text_member(est_i_text *output, const char *name, const char *value)
{
    key(output, name);
    est_i_encode_json(output, value);
}

/* Before item `index` of a list: the comma, and a line feed or a blank. */
static void next(est_i_text *output, size_t index, const char *separator)
{
    if (index)
        est_i_text_append(output, ",");
    if (index || separator[0] == '\n')
        est_i_text_append(output, separator);
}

static void number_member(est_i_text *output, const char *name, double value)
{
    est_i_text_append(output, ", ");
    key(output, name);
    number(output, value);
}

/* Keys that only some methods have are there where they have a number. */
static void optional_number(est_i_text *output, const char *name, double value)
{
    if (isfinite(value))
        number_member(output, name, value);
}

static void optional_text(est_i_text *output, const char *name, const char *value)
{
    if (!value[0])
        return;
    est_i_text_append(output, ", ");
    text_member(output, name, value);
}

static void flags(est_i_text *output, uint32_t bits)
{
    size_t count = 0;
    est_i_text_append(output, ", \"flags\": [");
    for (int flag = 0; flag < EST_FLAG_END; flag++) {
        if (!(bits & EST_FLAG_BIT(flag)))
            continue;
        next(output, count++, " ");
        est_i_encode_json(output, est_flag_name((est_flag)flag));
    }
    est_i_text_append(output, "]");
}

static void row_object(est_i_text *output, const est_row *row)
{
    est_i_text_append(output, "{");
    text_member(output, "estimand", row->estimand);
    est_i_text_append(output, ", \"domain\": {");
    for (size_t i = 0; i < row->n_domain; i++) {
        next(output, i, " ");
        text_member(output, row->domain[i].name, row->domain[i].value);
    }
    est_i_text_append(output, "}");
    optional_text(output, "model", row->model);
    number_member(output, "estimate", row->estimate);
    number_member(output, "se", row->se);
    number_member(output, "lower", row->lower);
    number_member(output, "upper", row->upper);
    number_member(output, "level", row->level);
    number_member(output, "df", row->df);
    est_i_text_append(output, ", ");
    text_member(output, "interval", row->interval);
    number_member(output, "n", row->n);
    optional_number(output, "n_weighted", row->n_weighted);
    optional_number(output, "numerator", row->numerator);
    optional_number(output, "cv", row->cv);
    optional_number(output, "deff", row->deff);
    optional_number(output, "deft", row->deft);
    optional_number(output, "effective_n", row->effective_n);
    optional_text(output, "mark", row->mark);
    flags(output, row->flags);
    optional_text(output, "population", row->population);
    optional_text(output, "period", row->period);
    optional_text(output, "definition", row->definition);
    optional_text(output, "geography", row->geography);
    optional_text(output, "ages", row->ages);
    optional_text(output, "reference_period", row->reference_period);
    optional_text(output, "unit", row->unit);
    optional_text(output, "table", row->table);
    est_i_text_append(output, "}");
}

static void rows(est_i_text *output, const est_result *result)
{
    est_i_text_append(output, ",\n  \"rows\": [");
    for (size_t i = 0; i < est_result_rows(result); i++) {
        next(output, i, "\n    ");
        row_object(output, est_result_row(result, i));
    }
    est_i_text_append(output, "\n  ]");
}

static void facts(est_i_text *output, const est_result *result)
{
    if (est_result_facts(result) == 0)
        return;
    est_i_text_append(output, ",\n  \"facts\": [");
    for (size_t i = 0; i < est_result_facts(result); i++) {
        const est_fact *fact = est_result_fact(result, i);
        next(output, i, "\n    ");
        est_i_text_append(output, "{");
        text_member(output, "group", fact->group);
        est_i_text_append(output, ", ");
        text_member(output, "name", fact->name);
        est_i_text_append(output, ", ");
        text_member(output, "value", fact->value);
        est_i_text_append(output, "}");
    }
    est_i_text_append(output, "\n  ]");
}

static void stats(est_i_text *output, const est_result *result)
{
    est_i_text_append(output, ",\n  \"stats\": {");
    for (size_t i = 0; i < est_result_stats(result); i++) {
        const est_stat *stat = est_result_stat(result, i);
        next(output, i, "\n    ");
        key(output, stat->name);
        if (stat->text)
            est_i_encode_json(output, stat->text);
        else
            number(output, stat->value);
    }
    est_i_text_append(output, "\n  }");
}

static void frame_row(est_i_text *output, const est_frame *frame, size_t row)
{
    est_i_text_append(output, "[");
    for (size_t column = 0; column < frame->n_columns; column++) {
        const est_cell *cell = &frame->cells[row * frame->n_columns + column];
        next(output, column, " ");
        if (cell->text)
            est_i_encode_json(output, cell->text);
        else
            number(output, cell->number);
    }
    est_i_text_append(output, "]");
}

static void frame_object(est_i_text *output, const est_frame *frame)
{
    est_i_text_append(output, "{");
    text_member(output, "title", frame->title);
    est_i_text_append(output, ", \"columns\": [");
    for (size_t column = 0; column < frame->n_columns; column++) {
        next(output, column, " ");
        est_i_encode_json(output, frame->columns[column]);
    }
    est_i_text_append(output, "], \"rows\": [");
    for (size_t row = 0; row < frame->n_rows; row++) {
        next(output, row, "\n      ");
        frame_row(output, frame, row);
    }
    est_i_text_append(output, "]}");
}

static void frames(est_i_text *output, const est_result *result)
{
    size_t shown = 0;
    est_i_text_append(output, ",\n  \"frames\": {");
    for (size_t i = 0; i < est_result_frames(result); i++) {
        const est_frame *frame = est_result_frame(result, i);
        if (!est_i_frame_shown(result, frame))
            continue;
        next(output, shown++, "\n    ");
        key(output, frame->name);
        frame_object(output, frame);
    }
    est_i_text_append(output, "\n  }");
}

static void number_list(est_i_text *output, const char *name, const double *values, size_t count)
{
    est_i_text_append(output, ", ");
    key(output, name);
    est_i_text_append(output, "[");
    for (size_t i = 0; i < count; i++) {
        next(output, i, " ");
        number(output, values ? values[i] : NAN);
    }
    est_i_text_append(output, "]");
}

static void series_object(est_i_text *output, const est_chart *chart, const est_series *series)
{
    est_i_text_append(output, "{");
    text_member(output, "name", series->name);
    est_i_text_append(output, ", ");
    text_member(output, "kind", series->kind == EST_SERIES_LINE ? "line" : "band");
    number_list(output, "value", series->value, chart->n_categories);
    number_list(output, "lower", series->lower, chart->n_categories);
    number_list(output, "upper", series->upper, chart->n_categories);
    est_i_text_append(output, "}");
}

/* Words and numbers that only one kind of chart has; without a kind the categories lie along x. */
static void chart_kind(est_i_text *output, const est_chart *chart)
{
    if (chart->kind != EST_CHART_FOREST && chart->kind != EST_CHART_UPSET)
        return;
    est_i_text_append(output, ", ");
    text_member(output, "kind", chart->kind == EST_CHART_FOREST ? "forest" : "upset");
    if (chart->kind == EST_CHART_FOREST) {
        est_i_text_append(output, ", ");
        key(output, "reference");
        number(output, chart->reference);
        return;
    }
    est_i_text_append(output, ", \"sets\": [");
    for (size_t i = 0; i < chart->n_sets; i++) {
        next(output, i, " ");
        est_i_encode_json(output, chart->sets[i]);
    }
    est_i_text_append(output, "]");
    number_list(output, "set_totals", chart->set_totals, chart->n_sets);
    est_i_text_append(output, ", \"membership\": [");
    for (size_t i = 0; i < chart->n_categories; i++) {
        next(output, i, " ");
        est_i_text_append(output, "[");
        for (size_t set = 0; set < chart->n_sets; set++) {
            est_i_text_append(output, set ? ", " : "");
            est_i_text_append(output, chart->membership[i * chart->n_sets + set] ? "1" : "0");
        }
        est_i_text_append(output, "]");
    }
    est_i_text_append(output, "]");
}

static void chart_object(est_i_text *output, const est_chart *chart)
{
    const char *const members[][2] = {{"title", chart->title},
                                      {"subtitle", chart->subtitle},
                                      {"x_title", chart->x_title},
                                      {"y_title", chart->y_title},
                                      {"alternative", chart->alternative}};
    est_i_text_append(output, "{");
    text_member(output, "name", chart->name);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        est_i_text_append(output, ", ");
        text_member(output, members[i][0], members[i][1]);
    }
    chart_kind(output, chart);
    est_i_text_append(output, ", \"categories\": [");
    for (size_t i = 0; i < chart->n_categories; i++) {
        next(output, i, " ");
        est_i_encode_json(output, chart->categories[i]);
    }
    est_i_text_append(output, "], \"series\": [");
    for (size_t i = 0; i < chart->n_series; i++) {
        next(output, i, "\n      ");
        series_object(output, chart, &chart->series[i]);
    }
    est_i_text_append(output, "]}");
}

static void charts(est_i_text *output, const est_result *result)
{
    if (est_result_charts(result) == 0)
        return;
    est_i_text_append(output, ",\n  \"charts\": [");
    for (size_t i = 0; i < est_result_charts(result); i++) {
        next(output, i, "\n    ");
        chart_object(output, est_result_chart(result, i));
    }
    est_i_text_append(output, "\n  ]");
}

static void notes(est_i_text *output, const est_result *result)
{
    est_i_text_append(output, ",\n  \"notes\": [");
    for (size_t i = 0; i < est_result_notes(result); i++) {
        const est_note *note = est_result_note(result, i);
        next(output, i, "\n    ");
        est_i_text_append(output, "{");
        text_member(output, "severity", note->severity == EST_WARNING ? "warning" : "note");
        est_i_text_append(output, ", ");
        text_member(output, "code", note->code);
        est_i_text_append(output, ", ");
        text_member(output, "message", note->message);
        est_i_text_append(output, "}");
    }
    est_i_text_append(output, "\n  ]");
}

/* Present only when there is something to warn of; every other format shows it as a banner. */
static void marks(est_i_text *output, const est_result *result)
{
    size_t count = 0;
    if (!est_i_banner(result, 0))
        return;
    est_i_text_append(output, ",\n  \"marks\": [");
    for (int i = 0; est_i_banner(result, i); i++) {
        next(output, count++, " ");
        est_i_encode_json(output, est_i_banner(result, i));
    }
    est_i_text_append(output, "]");
}

static void provenance(est_i_text *output, const est_result *result)
{
    size_t count = 0;
    est_i_text_append(output, ",\n  \"provenance\": {");
    for (size_t i = 0; i < est_result_provenances(result); i++) {
        const est_provenance *entry = est_result_provenance(result, i);
        if (!est_i_provenance_shown(result, entry))
            continue;
        next(output, count++, "\n    ");
        text_member(output, entry->name, entry->value);
    }
    est_i_text_append(output, "\n  }");
}

static void write_json(const est_result *result, est_i_text *output)
{
    est_i_text_append(output, "{\n  \"schema\": \"est-result/1\",\n  \"method\": {");
    text_member(output, "id", est_result_method(result));
    est_i_text_append(output, ", ");
    text_member(output, "title", est_result_title(result));
    est_i_text_append(output, "}");
    facts(output, result);
    rows(output, result);
    stats(output, result);
    frames(output, result);
    charts(output, result);
    notes(output, result);
    marks(output, result);
    provenance(output, result);
    est_i_text_append(output, "\n}\n");
}

const est_i_writer est_i_writer_json = {"json", ".json", write_json};
