/* A scan of a view is a scan of its base: a consumer between the two computes the columns of each batch and hands on the view's. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "data/scan_writer.h"
#include "data/source_parts.h"
#include "data/view_parts.h"

#define NO_FIELD EST_I_NO_FIELD

typedef struct view_run {
    est_i_view_plan *plan;
    size_t n_fields;
    const est_i_field *fields;
    const est_i_scan_consumer *consumer;
    void *user;
    est_i_view_tally *tallies; /* NULL: the first fault ends the scan; otherwise faults are only counted */
    bool *needed;              /* variables */
    bool refuses;              /* a computed column is read */
    est_i_field *base;         /* fields of the base */
    size_t n_base;
    size_t *base_of_reading; /* each variable that is a reading: its field of the base */
    size_t *base_of_field;   /* each field that is passed through */
} view_run;

/* Which code a number has in its dictionary: a direct-mapped memory of its bits. Code 0 = an empty place. */
typedef struct number_code {
    uint64_t bits;
    uint32_t code;
} number_code;

typedef struct view_part {
    const view_run *run;
    void *user_part;
    size_t capacity;         /* rows */
    double **storage;        /* each variable that needs some */
    const double **variable; /* each variable: its rows */
    double *refused, *scratch;
    est_i_reading_memory *memory; /* each variable that is a reading of texts */
    const double **number;        /* each field of the view */
    const uint32_t **label;
    uint32_t **own_label; /* computed columns read as labels */
    number_code **codes;
    est_i_dictionary *dictionary; /* of those the part's own, else as the base's scan has it */
} view_part;

/* Parts */

static void *zeroed(size_t count, size_t size)
{
    return calloc(count ? count : 1, size);
}

/* Where faults are counted, a text that is no number is one of them and must not end the scan of the base. */
static bool by_text(const view_run *run, const est_i_reading *reading)
{
    return reading->as_text || (run->tallies && run->plan->base->column_kinds[reading->column] == EST_COLUMN_TEXT);
}

static bool stands_as_is(const view_run *run, const est_i_reading *reading)
{
    return reading->as_is && !by_text(run, reading);
}

static bool is_computed(const view_run *run, size_t field)
{
    return run->base_of_field[field] == NO_FIELD;
}

static void free_part(view_part *part)
{
    const view_run *run = part->run;
    for (size_t v = 0; v < run->plan->n_variables; v++) {
        if (part->storage)
            free(part->storage[v]);
        if (part->memory)
            est_i_reading_memory_free(&part->memory[v]);
    }
    for (size_t f = 0; f < run->n_fields; f++) {
        if (part->own_label)
            free(part->own_label[f]);
        if (part->codes)
            free(part->codes[f]);
        if (part->dictionary && is_computed(run, f))
            est_i_dictionary_free(&part->dictionary[f]);
    }
    free(part->storage);
    free(part->variable);
    free(part->refused);
    free(part->scratch);
    free(part->memory);
    free(part->number);
    free(part->label);
    free(part->own_label);
    free(part->codes);
    free(part->dictionary);
    free(part);
}

static void part_free(void *user, void *part)
{
    view_run *run = user;
    view_part *own = part;
    if (own->user_part)
        run->consumer->part_free(run->user, own->user_part);
    free_part(own);
}

static void *part_new(void *user, size_t chunk)
{
    view_run *run = user;
    size_t n_variables = run->plan->n_variables, n = run->n_fields;
    view_part *part = calloc(1, sizeof *part);
    if (!part)
        return NULL;
    part->run = run;
    part->storage = zeroed(n_variables, sizeof *part->storage);
    part->variable = zeroed(n_variables, sizeof *part->variable);
    part->memory = zeroed(n_variables, sizeof *part->memory);
    part->number = zeroed(n, sizeof *part->number);
    part->label = zeroed(n, sizeof *part->label);
    part->own_label = zeroed(n, sizeof *part->own_label);
    part->codes = zeroed(n, sizeof *part->codes);
    part->dictionary = zeroed(n, sizeof *part->dictionary);
    bool good = part->storage && part->variable && part->memory && part->number && part->label && part->own_label && part->codes &&
                part->dictionary;
    if (good)
        part->user_part = run->consumer->part_new(run->user, chunk);
    if (!part->user_part) {
        free_part(part);
        part = NULL;
    }
    return part;
}

static bool renew(void *array, size_t count, size_t size)
{
    void *old, *made = malloc((count ? count : 1) * size);
    memcpy(&old, array, sizeof old);
    free(old);
    memcpy(array, &made, sizeof made);
    return made != NULL;
}

/* A variable that is another one's rows, or the base's, needs none of its own. */
static bool needs_storage(const view_run *run, size_t v)
{
    const est_i_view_variable *variable = &run->plan->variables[v];
    if (!run->needed[v])
        return false;
    return variable->is_column ? !est_i_expression_is_variable(run->plan->columns[variable->index].expression)
                               : !stands_as_is(run, &run->plan->readings[variable->index]);
}

static size_t most_scratch(const view_run *run, size_t n_rows)
{
    const est_i_view_plan *plan = run->plan;
    size_t most = 0;
    for (size_t v = 0; v < plan->n_variables; v++) {
        bool is_column = run->needed[v] && plan->variables[v].is_column;
        size_t wanted = is_column ? est_i_expression_scratch(plan->columns[plan->variables[v].index].expression, n_rows) : 0;
        most = wanted > most ? wanted : most;
    }
    for (size_t i = 0; run->refuses && i < plan->n_refusals; i++) {
        size_t wanted = est_i_expression_scratch(plan->refusals[i].expression, n_rows);
        most = wanted > most ? wanted : most;
    }
    return most;
}

static bool make_room(view_part *part, size_t n_rows)
{
    const view_run *run = part->run;
    bool good = true;
    if (n_rows <= part->capacity)
        return true;
    part->capacity = 0;
    for (size_t v = 0; good && v < run->plan->n_variables; v++)
        if (needs_storage(run, v))
            good = renew(&part->storage[v], n_rows, sizeof **part->storage);
    for (size_t f = 0; good && f < run->n_fields; f++) {
        if (!is_computed(run, f) || run->fields[f].kind != EST_I_FIELD_LABEL)
            continue;
        good = renew(&part->own_label[f], n_rows, sizeof **part->own_label);
        if (good && !part->codes[f])
            good = (part->codes[f] = calloc(EST_I_LABEL_CACHE, sizeof **part->codes)) != NULL;
    }
    if (good && run->refuses && run->plan->n_refusals > 0)
        good = renew(&part->refused, n_rows, sizeof *part->refused);
    good = good && renew(&part->scratch, most_scratch(run, n_rows), sizeof *part->scratch);
    part->capacity = good ? n_rows : 0;
    return good;
}

/* Rows */

/* The first fault of a batch. */
typedef struct row_fault {
    size_t row;
    const est_i_reading *reading; /* NULL: the row is refused */
    size_t field;                 /* of the base */
    const est_i_view_refusal *refusal;
} row_fault;

static void note(est_i_view_tally *tally, long long record)
{
    if (tally->count < EST_I_TALLY_RECORDS)
        tally->first[tally->count] = record;
    tally->count++;
}

/* The first row from `first` on that is a fault, `end` if none is. */
static size_t read_from(view_part *part, size_t v, const est_i_scan_batch *batch, size_t first, size_t end)
{
    const view_run *run = part->run;
    const est_i_reading *reading = &run->plan->readings[run->plan->variables[v].index];
    size_t field = run->base_of_reading[v];
    double *out = part->storage[v] + first;
    if (by_text(run, reading))
        return first + est_i_reading_labels(&part->memory[v], batch->label[field] + first, end - first, out);
    return first + est_i_reading_numbers(reading, batch->number[field] + first, end - first, out);
}

static est_status read_cells(view_part *part, size_t v, const est_i_scan_batch *batch, row_fault *fault, est_error *error)
{
    const view_run *run = part->run;
    const est_i_reading *reading = &run->plan->readings[run->plan->variables[v].index];
    size_t field = run->base_of_reading[v], row;
    if (stands_as_is(run, reading)) {
        part->variable[v] = batch->number[field];
        return EST_OK;
    }
    if (by_text(run, reading) && !est_i_reading_learn(reading, &batch->dictionary[field], &part->memory[v]))
        return est_i_no_memory(error);
    part->variable[v] = part->storage[v];
    row = read_from(part, v, batch, 0, fault->row);
    if (!run->tallies && row < fault->row)
        *fault = (row_fault){.row = row, .reading = reading, .field = field};
    for (; run->tallies && row < fault->row; row = read_from(part, v, batch, row + 1, fault->row)) {
        note(&run->tallies[v], batch->first_record + (long long)row);
        part->storage[v][row] = NAN;
    }
    return EST_OK;
}

static void compute_column(view_part *part, size_t v, size_t n_rows)
{
    const est_i_view_plan *plan = part->run->plan;
    const est_i_expression *expression = plan->columns[plan->variables[v].index].expression;
    if (est_i_expression_is_variable(expression)) {
        part->variable[v] = part->variable[est_i_expression_variable(expression, 0)];
    } else {
        est_i_expression_evaluate(expression, n_rows, part->variable, part->scratch, part->storage[v]);
        part->variable[v] = part->storage[v];
    }
}

static void refuse_rows(view_part *part, const est_i_scan_batch *batch, row_fault *fault)
{
    const view_run *run = part->run;
    const est_i_view_plan *plan = run->plan;
    for (size_t i = 0; i < plan->n_refusals; i++) {
        est_i_expression_evaluate(plan->refusals[i].expression, fault->row, part->variable, part->scratch, part->refused);
        for (size_t row = 0; row < fault->row; row++) {
            if (!(part->refused[row] < 0 || part->refused[row] > 0))
                continue;
            if (run->tallies)
                note(&run->tallies[plan->n_variables + i], batch->first_record + (long long)row);
            else
                *fault = (row_fault){.row = row, .refusal = &plan->refusals[i]};
        }
    }
}

/* Every needed variable of the rows before the first fault. */
static est_status compute(view_part *part, const est_i_scan_batch *batch, row_fault *fault, est_error *error)
{
    const view_run *run = part->run;
    est_status status = EST_OK;
    *fault = (row_fault){.row = batch->n_rows};
    for (size_t v = 0; status == EST_OK && v < run->plan->n_variables; v++) {
        if (!run->needed[v])
            continue;
        if (run->plan->variables[v].is_column)
            compute_column(part, v, fault->row);
        else
            status = read_cells(part, v, batch, fault, error);
    }
    if (status == EST_OK && run->refuses)
        refuse_rows(part, batch, fault);
    return status;
}

/* Labels of computed columns */

static bool number_label(est_i_dictionary *dictionary, number_code *codes, double value, uint32_t *label)
{
    char text[32];
    uint64_t bits;
    value += 0.0; /* -0 is 0 */
    memcpy(&bits, &value, sizeof bits);
    number_code *known = &codes[(bits * 0x9e3779b97f4a7c15u >> 32) & (EST_I_LABEL_CACHE - 1)];
    if (known->code == EST_I_CODE_EMPTY || known->bits != bits) {
        uint32_t index = est_i_dictionary_add(dictionary, text, est_i_number_print(value, text));
        if (index == EST_I_DICTIONARY_NONE)
            return false;
        *known = (number_code){bits, index + EST_I_CODE_FIRST};
    }
    *label = known->code;
    return true;
}

static bool label_rows(view_part *part, size_t field, const double *values, size_t n_rows)
{
    bool good = true;
    for (size_t row = 0; good && row < n_rows; row++) {
        if (isnan(values[row]))
            part->own_label[field][row] = EST_I_CODE_NA;
        else
            good = number_label(&part->dictionary[field], part->codes[field], values[row], &part->own_label[field][row]);
    }
    part->label[field] = part->own_label[field];
    return good;
}

/* The batch of the view */

static bool fill_fields(view_part *part, const est_i_scan_batch *batch, size_t n_rows)
{
    const view_run *run = part->run;
    bool good = true;
    for (size_t f = 0; good && f < run->n_fields; f++) {
        size_t from = run->base_of_field[f];
        if (from != NO_FIELD) {
            part->number[f] = batch->number[from];
            part->label[f] = batch->label[from];
            part->dictionary[f] = batch->dictionary[from];
            continue;
        }
        const double *values = part->variable[run->plan->columns[run->fields[f].column].variable];
        if (run->fields[f].kind == EST_I_FIELD_NUMBER)
            part->number[f] = values;
        else
            good = label_rows(part, f, values, n_rows);
    }
    return good;
}

static est_status take(void *user, void *part, const est_i_scan_batch *batch, est_error *error)
{
    view_run *run = user;
    view_part *own = part;
    row_fault fault;
    if (!make_room(own, batch->n_rows))
        return est_i_no_memory(error);
    est_status status = compute(own, batch, &fault, error);
    if (status == EST_OK && !fill_fields(own, batch, fault.row))
        status = est_i_no_memory(error);
    if (status == EST_OK && fault.row > 0) {
        est_i_scan_batch handed = {fault.row, batch->first_record, own->number, own->label, own->dictionary, batch->lines};
        status = run->consumer->take(run->user, own->user_part, &handed, error);
    }
    if (status == EST_OK && fault.row < batch->n_rows)
        status = fault.reading ? est_i_view_fail_cell(run->plan, fault.reading, batch, fault.field, fault.row, error)
                               : est_i_view_fail_row(run->plan, fault.refusal, batch, fault.row, error);
    return status;
}

static est_status settle(void *user, void *part, size_t chunk, const est_i_dictionary *dictionary, est_error *error)
{
    view_run *run = user;
    view_part *own = part;
    void *user_part = own->user_part;
    own->user_part = NULL;
    for (size_t f = 0; f < run->n_fields; f++)
        if (run->base_of_field[f] != NO_FIELD)
            own->dictionary[f] = dictionary[run->base_of_field[f]];
    est_status status = run->consumer->settle(run->user, user_part, chunk, own->dictionary, error);
    free_part(own);
    return status;
}

/* The plan of a scan */

static size_t base_field(view_run *run, size_t column, est_i_field_kind kind)
{
    size_t index = 0;
    while (index < run->n_base && (run->base[index].column != column || run->base[index].kind != kind))
        index++;
    if (index == run->n_base)
        run->base[run->n_base++] = (est_i_field){column, kind};
    return index;
}

static void find_needed(view_run *run)
{
    est_i_view_plan *plan = run->plan;
    memset(run->needed, 0, plan->n_variables * sizeof *run->needed);
    for (size_t f = 0; f < run->n_fields; f++)
        if (est_i_view_base_column(plan, run->fields[f].column) == EST_I_NO_VARIABLE) {
            run->needed[plan->columns[run->fields[f].column].variable] = true;
            run->refuses = true;
        }
    for (size_t i = 0; run->refuses && i < plan->n_refusals; i++)
        est_i_view_mark(plan->refusals[i].expression, run->needed);
    est_i_view_mark_needed(plan, run->needed);
    plan->watched_refusals = run->refuses;
}

static est_status plan_run(view_run *run, est_error *error)
{
    const est_i_view_plan *plan = run->plan;
    run->base = zeroed(run->n_fields + plan->n_readings, sizeof *run->base);
    run->base_of_reading = zeroed(plan->n_variables, sizeof *run->base_of_reading);
    run->base_of_field = zeroed(run->n_fields, sizeof *run->base_of_field);
    if (!run->base || !run->base_of_reading || !run->base_of_field)
        return est_i_no_memory(error);
    for (size_t f = 0; f < run->n_fields; f++) {
        size_t column = est_i_view_base_column(plan, run->fields[f].column);
        run->base_of_field[f] = column == EST_I_NO_VARIABLE ? NO_FIELD : base_field(run, column, run->fields[f].kind);
    }
    for (size_t v = 0; v < plan->n_variables; v++) {
        if (!run->needed[v] || plan->variables[v].is_column)
            continue;
        const est_i_reading *reading = &plan->readings[plan->variables[v].index];
        run->base_of_reading[v] = base_field(run, reading->column, by_text(run, reading) ? EST_I_FIELD_LABEL : EST_I_FIELD_NUMBER);
    }
    return EST_OK;
}

static est_status scan_base(view_run *run, size_t first_chunk, size_t last_chunk, int threads, est_i_monitor *monitor,
                            long long *n_records, est_error *error)
{
    static const est_i_scan_consumer between = {part_new, take, settle, part_free};
    est_status status = plan_run(run, error);
    if (status == EST_OK)
        status = est_i_scan(run->plan->base, run->n_base, run->base, first_chunk, last_chunk, &between, run, threads, monitor,
                            n_records, error);
    free(run->base);
    free(run->base_of_reading);
    free(run->base_of_field);
    return status;
}

/* A text that is no number in a column whose reading says what is expected. */
static void tell_expected(const est_i_view_plan *plan, est_error *error)
{
    long column = error && error->record > 0 ? est_source_find(plan->base, error->column) : -1;
    size_t v = column >= 0 ? plan->reading_of[column] : EST_I_NO_VARIABLE;
    const char *expected = v != EST_I_NO_VARIABLE ? plan->readings[plan->variables[v].index].expected : NULL;
    if (expected && *expected && plan->watched[v])
        est_i_expect_of_number(error, expected);
}

est_status est_i_view_scan(est_source *view, size_t n_fields, const est_i_field *fields, size_t first_chunk, size_t last_chunk,
                           const est_i_scan_consumer *consumer, void *user, int threads, est_i_monitor *monitor,
                           long long *n_records, est_error *error)
{
    view_run run = {.plan = view->view, .n_fields = n_fields, .fields = fields, .consumer = consumer, .user = user};
    *n_records = 0;
    run.needed = run.plan->watched;
    find_needed(&run);
    est_status status = scan_base(&run, first_chunk, last_chunk, threads, monitor, n_records, error);
    if (status == EST_EVALUE)
        tell_expected(run.plan, error);
    return status;
}

/* Counting */

static void *no_part_new(void *user, size_t chunk)
{
    (void)chunk;
    return user;
}

static est_status no_take(void *user, void *part, const est_i_scan_batch *batch, est_error *error)
{
    (void)user, (void)part, (void)batch, (void)error;
    return EST_OK;
}

static est_status no_settle(void *user, void *part, size_t chunk, const est_i_dictionary *dictionary, est_error *error)
{
    (void)user, (void)part, (void)chunk, (void)dictionary, (void)error;
    return EST_OK;
}

static void no_part_free(void *user, void *part)
{
    (void)user, (void)part;
}

est_status est_i_view_count(est_i_view_plan *plan, est_i_view_tally *tallies, est_i_monitor *monitor, est_error *error)
{
    static const est_i_scan_consumer nobody = {no_part_new, no_take, no_settle, no_part_free};
    long long n_records = 0;
    view_run run = {.plan = plan,
                    .consumer = &nobody,
                    .user = &run,
                    .tallies = tallies,
                    .needed = plan->watched,
                    .refuses = plan->watched_refusals};
    /* One thread: records count within the whole file. */
    return scan_base(&run, 0, SIZE_MAX, 1, monitor, &n_records, error);
}
