/* CSV: the rows as one tidy table, or one frame. Records end in a line feed; undefined numbers are empty
 * fields. */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "report/encode.h"
#include "report/table_layout.h"
#include "report/writer.h"

static const char *const columns_after[] = {"model", "estimate", "se",       "lower", "upper",
                                            "level", "df",       "interval", "n",     "flags"};
static const size_t n_columns_after = sizeof columns_after / sizeof columns_after[0];

/* Of surveys, before the flags; there if any row has one of them. */
static const char *const survey_columns[] = {"n_weighted", "numerator", "cv", "deff", "deft", "effective_n", "mark"};
static const size_t n_survey_columns = sizeof survey_columns / sizeof survey_columns[0];

/* Of indicators, before the flags; each is there if any row has it. */
typedef struct csv_text {
    const char *name;
    size_t offset; /* of the text in the row */
} csv_text;

static const csv_text text_columns[] = {
    {"geography", offsetof(est_row, geography)},
    {"ages", offsetof(est_row, ages)},
    {"reference_period", offsetof(est_row, reference_period)},
    {"unit", offsetof(est_row, unit)},
    {"table", offsetof(est_row, table)},
};
#define N_TEXT_COLUMNS (sizeof text_columns / sizeof text_columns[0])

/* What the records of one table have in common. */
typedef struct csv_shape {
    const char **names; /* of domain labels */
    size_t n_names;
    bool survey, texts[N_TEXT_COLUMNS];
    const char *marks; /* of the result; NULL = none */
} csv_shape;

static const char *text_of(const est_row *row, size_t column)
{
    return *(const char *const *)(const void *)((const char *)row + text_columns[column].offset);
}

static void number_field(est_i_text *output, double value)
{
    est_i_text_append(output, ",");
    if (isfinite(value))
        est_i_text_number(output, value);
}

static void text_field(est_i_text *output, const char *value)
{
    est_i_text_append(output, ",");
    est_i_encode_csv(output, value);
}

/* A domain named like one of our own columns is told apart by its prefix. */
static void domain_heading(est_i_text *output, const char *name, const csv_shape *shape)
{
    bool survey = shape->survey, taken = strcmp(name, "estimand") == 0 || strcmp(name, "marks") == 0 ||
                 est_i_is_listed(columns_after, n_columns_after, name) ||
                 (survey && est_i_is_listed(survey_columns, n_survey_columns, name));
    est_i_text heading = {0};
    for (size_t i = 0; i < N_TEXT_COLUMNS; i++)
        taken |= shape->texts[i] && strcmp(name, text_columns[i].name) == 0;
    est_i_text_append(&heading, taken ? "domain_" : "");
    est_i_text_append(&heading, name);
    text_field(output, heading.length ? heading.data : "");
    est_i_drop(&heading, &output->failed);
}

static void flags_field(est_i_text *output, uint32_t bits)
{
    const char *joint = ",";
    if (!bits)
        est_i_text_append(output, joint);
    for (int flag = 0; flag < EST_FLAG_END; flag++) {
        if (!(bits & EST_FLAG_BIT(flag)))
            continue;
        est_i_text_append(output, joint);
        est_i_text_append(output, est_flag_name((est_flag)flag));
        joint = " ";
    }
}

/* The last field of a record: a file that is cut or joined keeps its marks. None for a result without any. */
static void end_record(est_i_text *output, const char *marks)
{
    if (marks)
        text_field(output, marks);
    est_i_text_append(output, "\n");
}

static void row_record(est_i_text *output, const est_row *row, const csv_shape *shape)
{
    const double survey[] = {row->n_weighted, row->numerator, row->cv, row->deff, row->deft, row->effective_n};
    est_i_encode_csv(output, row->estimand);
    for (size_t i = 0; i < shape->n_names; i++)
        text_field(output, est_i_row_label(row, shape->names[i]));
    text_field(output, row->model);
    number_field(output, row->estimate);
    number_field(output, row->se);
    number_field(output, row->lower);
    number_field(output, row->upper);
    number_field(output, row->level);
    number_field(output, row->df);
    text_field(output, row->interval);
    number_field(output, row->n);
    for (size_t i = 0; shape->survey && i < sizeof survey / sizeof survey[0]; i++)
        number_field(output, survey[i]);
    if (shape->survey)
        text_field(output, row->mark);
    for (size_t i = 0; i < N_TEXT_COLUMNS; i++)
        if (shape->texts[i])
            text_field(output, text_of(row, i));
    flags_field(output, row->flags);
    end_record(output, shape->marks);
}

static void headings(est_i_text *output, const csv_shape *shape)
{
    est_i_text_append(output, "estimand");
    for (size_t i = 0; i < shape->n_names; i++)
        domain_heading(output, shape->names[i], shape);
    for (size_t i = 0; i < n_columns_after; i++) {
        for (size_t j = 0; j < n_survey_columns && shape->survey && i + 1 == n_columns_after; j++)
            text_field(output, survey_columns[j]);
        for (size_t j = 0; j < N_TEXT_COLUMNS && i + 1 == n_columns_after; j++)
            if (shape->texts[j])
                text_field(output, text_columns[j].name);
        text_field(output, columns_after[i]);
    }
    end_record(output, shape->marks ? "marks" : NULL);
}

static void write_csv(const est_result *result, est_i_text *output)
{
    csv_shape shape = {0};
    est_i_text marks = {0};
    shape.n_names = est_i_label_names(result, NULL, 0, &shape.names, &output->failed);
    est_i_short_marks(result, &marks);
    shape.marks = marks.length ? marks.data : NULL;
    for (size_t i = 0; i < est_result_rows(result); i++) {
        const est_row *row = est_result_row(result, i);
        shape.survey = shape.survey || est_i_is_of_survey(row);
        for (size_t j = 0; j < N_TEXT_COLUMNS; j++)
            shape.texts[j] = shape.texts[j] || text_of(row, j)[0];
    }
    headings(output, &shape);
    for (size_t i = 0; i < est_result_rows(result); i++)
        row_record(output, est_result_row(result, i), &shape);
    est_i_drop(&marks, &output->failed);
    free(shape.names);
}

static void cell_field(est_i_text *output, const est_cell *cell)
{
    if (cell->text)
        est_i_encode_csv(output, cell->text);
    else if (isfinite(cell->number))
        est_i_text_number(output, cell->number);
}

void est_i_write_frame_csv(const est_result *result, const est_frame *frame, est_i_text *output)
{
    est_i_text marks = {0};
    est_i_short_marks(result, &marks);
    for (size_t column = 0; column < frame->n_columns; column++) {
        est_i_text_append(output, column ? "," : "");
        est_i_encode_csv(output, frame->columns[column]);
    }
    end_record(output, marks.length ? "marks" : NULL);
    for (size_t row = 0; row < frame->n_rows; row++) {
        for (size_t column = 0; column < frame->n_columns; column++) {
            est_i_text_append(output, column ? "," : "");
            cell_field(output, &frame->cells[row * frame->n_columns + column]);
        }
        end_record(output, marks.data);
    }
    est_i_drop(&marks, &output->failed);
}

const est_i_writer est_i_writer_csv = {"csv", ".csv", write_csv};
