#include "data/codebook_columns.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "data/scan.h"
#include "data/view_parts.h"

/* A pass */

typedef struct pass {
    size_t n;
    est_i_column_seen *seen;
    est_i_reading *readings; /* of columns with a rule */
    long long rows;
} pass;

/* Of a chunk: what is known of each text of a column, by its number. */
typedef struct part_column {
    long long missing;
    uint32_t known, capacity;
    uint32_t *rows;
    unsigned char *fault;
    est_i_cell_tally faults[EST_I_CELL_FAULTS];
} part_column;

typedef struct part {
    size_t n;
    long long rows;
    part_column *columns;
} part;

static void part_free(void *user, void *own)
{
    part *p = own;
    (void)user;
    for (size_t c = 0; p && p->columns && c < p->n; c++) {
        free(p->columns[c].rows);
        free(p->columns[c].fault);
    }
    if (p)
        free(p->columns);
    free(p);
}

static void *part_new(void *user, size_t chunk)
{
    const pass *all = user;
    part *p = calloc(1, sizeof *p);
    (void)chunk;
    if (!p)
        return NULL;
    p->n = all->n;
    p->columns = calloc(p->n + 1, sizeof *p->columns);
    if (!p->columns) {
        free(p);
        p = NULL;
    }
    return p;
}

/* Why a cell that the rule refuses is refused. */
static est_i_cell_fault reason(const est_i_view_input *rule, const char *text, size_t length)
{
    double number = NAN;
    bool is_number = est_i_number_parse(text, length, &number), suspect = false;
    for (size_t i = 0; i < rule->n_suspect && !suspect; i++)
        suspect = is_number && rule->suspect[i] == number;
    return rule->n_codes > 0                                  ? EST_I_CELL_NO_CODE
           : !is_number                                       ? EST_I_CELL_TEXT
           : suspect                                          ? EST_I_CELL_SUSPECT
           : number < rule->minimum || number > rule->maximum ? EST_I_CELL_OUTSIDE
                                                              : EST_I_CELL_NO_CODE;
}

static bool learn(const pass *all, size_t c, part_column *own, const est_i_dictionary *texts)
{
    const est_i_view_input *rule = all->seen[c].rule;
    if (texts->count > own->capacity) {
        uint32_t capacity = own->capacity ? own->capacity : 64;
        while (capacity < texts->count)
            capacity = capacity > UINT32_MAX / 2 ? texts->count : capacity * 2;
        uint32_t *rows = realloc(own->rows, capacity * sizeof *rows);
        if (rows)
            own->rows = rows;
        unsigned char *fault = rows ? realloc(own->fault, capacity) : NULL;
        if (!fault)
            return false;
        own->fault = fault;
        own->capacity = capacity;
    }
    for (; own->known < texts->count; own->known++) {
        const char *text = est_i_dictionary_text(texts, own->known);
        size_t length = est_i_dictionary_length(texts, own->known);
        double value;
        own->rows[own->known] = 0;
        own->fault[own->known] = rule && !est_i_reading_text(&all->readings[c], text, length, &value)
                                     ? (unsigned char)reason(rule, text, length)
                                     : (unsigned char)EST_I_CELL_GOOD;
    }
    return true;
}

static void add_record(est_i_cell_tally *tally, long long record)
{
    if (tally->n_records < EST_I_CELL_RECORDS)
        tally->records[tally->n_records++] = record;
    tally->rows++;
}

static est_status take(void *user, void *own, const est_i_scan_batch *batch, est_error *error)
{
    const pass *all = user;
    part *p = own;
    for (size_t c = 0; c < p->n; c++) {
        part_column *column = &p->columns[c];
        const uint32_t *label = batch->label[c];
        if (!learn(all, c, column, &batch->dictionary[c]))
            return est_i_no_memory(error);
        for (size_t row = 0; row < batch->n_rows; row++) {
            if (label[row] < EST_I_CODE_FIRST) {
                column->missing++;
                continue;
            }
            uint32_t text = label[row] - EST_I_CODE_FIRST;
            column->rows[text]++;
            if (column->fault[text])
                add_record(&column->faults[column->fault[text]], p->rows + (long long)row + 1);
        }
    }
    p->rows += (long long)batch->n_rows;
    return EST_OK;
}

/* Joining */

static void add_value(est_i_cell_tally *tally, double value, long long rows)
{
    size_t at = 0;
    while (at < tally->n_values && tally->values[at] < value)
        at++;
    if (at < tally->n_values && tally->values[at] == value) {
        tally->value_rows[at] += rows;
        return;
    }
    if (tally->n_values == EST_I_CELL_VALUES)
        return;
    memmove(&tally->values[at + 1], &tally->values[at], (tally->n_values - at) * sizeof *tally->values);
    memmove(&tally->value_rows[at + 1], &tally->value_rows[at], (tally->n_values - at) * sizeof *tally->value_rows);
    tally->values[at] = value;
    tally->value_rows[at] = rows;
    tally->n_values++;
}

static bool keep_text(est_i_column_seen *seen, const char *text, size_t length, long long rows)
{
    uint32_t before = seen->distinct.count, index = est_i_dictionary_find(&seen->distinct, text, length);
    if (index == EST_I_DICTIONARY_NONE && before >= EST_I_COLUMN_DISTINCT) {
        seen->many = true;
        return true;
    }
    if (index == EST_I_DICTIONARY_NONE)
        index = est_i_dictionary_add(&seen->distinct, text, length);
    if (index == EST_I_DICTIONARY_NONE)
        return false;
    if (index >= seen->capacity) {
        size_t capacity = seen->capacity ? seen->capacity * 2 : 64;
        long long *grown = realloc(seen->rows, capacity * sizeof *grown);
        if (!grown)
            return false;
        seen->rows = grown;
        seen->capacity = capacity;
    }
    seen->rows[index] = index == before ? rows : seen->rows[index] + rows;
    return true;
}

static bool is_special(const est_i_view_input *rule, const char *text, size_t length)
{
    double number;
    bool is = false;
    if (rule && est_i_number_parse(text, length, &number))
        for (size_t i = 0; i < rule->n_special && !is; i++)
            is = rule->special[i] == number;
    for (size_t i = 0; rule && i < rule->n_codes && !is; i++)
        is = isnan(rule->codes[i].number) && strcmp(rule->codes[i].text, text) == 0;
    return is;
}

static bool join_column(est_i_column_seen *seen, const part_column *own, const est_i_dictionary *texts, long long before)
{
    bool good = true;
    seen->missing += own->missing;
    for (size_t f = 0; f < EST_I_CELL_FAULTS; f++) {
        est_i_cell_tally *tally = &seen->faults[f];
        for (size_t r = 0; r < own->faults[f].n_records && tally->n_records < EST_I_CELL_RECORDS; r++)
            tally->records[tally->n_records++] = own->faults[f].records[r] + before;
        tally->rows += own->faults[f].rows;
    }
    for (uint32_t i = 0; i < own->known && good; i++) {
        const char *text = est_i_dictionary_text(texts, i);
        size_t length = est_i_dictionary_length(texts, i);
        double number;
        if (own->rows[i] == 0)
            continue;
        seen->present += own->rows[i];
        seen->special += is_special(seen->rule, text, length) ? own->rows[i] : 0;
        if (own->fault[i] && est_i_number_parse(text, length, &number))
            add_value(&seen->faults[own->fault[i]], number, own->rows[i]);
        good = keep_text(seen, text, length, own->rows[i]);
    }
    return good;
}

static est_status settle(void *user, void *own, size_t chunk, const est_i_dictionary *dictionary, est_error *error)
{
    pass *all = user;
    part *p = own;
    bool good = true;
    (void)chunk;
    for (size_t c = 0; c < all->n && good; c++)
        good = join_column(&all->seen[c], &p->columns[c], &dictionary[c], all->rows);
    all->rows += p->rows;
    part_free(user, own);
    return good ? EST_OK : est_i_no_memory(error);
}

est_status est_i_columns_see(est_source *source, size_t n, est_i_column_seen *seen, int threads, est_i_monitor *monitor,
                             long long *n_rows, est_error *error)
{
    static const est_i_scan_consumer consumer = {part_new, take, settle, part_free};
    pass all = {n, seen, calloc(n + 1, sizeof(est_i_reading)), 0};
    est_i_field *fields = calloc(n + 1, sizeof *fields);
    est_status status = all.readings && fields ? EST_OK : est_i_no_memory(error);
    for (size_t c = 0; c < n && status == EST_OK; c++) {
        fields[c] = (est_i_field){seen[c].column, EST_I_FIELD_LABEL};
        if (seen[c].rule)
            status = est_i_reading_declare(&all.readings[c], seen[c].rule, est_source_name(source),
                                           est_source_column_name(source, seen[c].column), error);
    }
    if (status == EST_OK)
        status = est_i_scan(source, n, fields, 0, SIZE_MAX, &consumer, &all, threads, monitor, n_rows, error);
    for (size_t c = 0; all.readings && c < n; c++)
        est_i_reading_clear(&all.readings[c]);
    free(all.readings);
    free(fields);
    return status;
}

bool est_i_column_shows(const est_source *source, size_t column, double number, long long rows)
{
    char text[32];
    bool shows = est_source_is_public(source) || rows >= EST_I_CELL_SHARED || est_i_number_print(number, text) <= 2;
    for (double power = 1000; power <= 1e8 && !shows; power *= 10)
        shows = number >= power - 3 && number < power && number == floor(number);
    if (!shows)
        shows = est_i_source_value_label(source, column, text) != NULL;
    return shows;
}

void est_i_columns_clear(size_t n, est_i_column_seen *seen)
{
    for (size_t c = 0; seen && c < n; c++) {
        est_i_dictionary_free(&seen[c].distinct);
        free(seen[c].rows);
        seen[c].rows = NULL;
    }
}
