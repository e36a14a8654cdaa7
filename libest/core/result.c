/* Results: building, copying, reading, freeing. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/options.h"
#include "core/result.h"
#include "core/result_parts.h"
#include "core/text.h"

/* Memory that is freed all at once, with the result. */
typedef struct est_i_arena_block {
    struct est_i_arena_block *next;
    size_t used, size;
    max_align_t memory[];
} arena_block;

#define BLOCK_SIZE 8192u

static void *arena_take(arena_block **arena, size_t size)
{
    size_t rounded = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    arena_block *block = *arena;
    if (size > SIZE_MAX / 2)
        return NULL;
    if (!block || block->size - block->used < rounded) {
        size_t room = rounded > BLOCK_SIZE ? rounded : BLOCK_SIZE;
        block = malloc(sizeof *block + room);
        if (!block)
            return NULL;
        block->next = *arena;
        block->used = 0;
        block->size = room;
        *arena = block;
    }
    void *memory = (char *)block->memory + block->used;
    block->used += rounded;
    return memory;
}

static void *arena_copy(est_result *result, const void *source, size_t count, size_t size)
{
    void *copy = count <= SIZE_MAX / 4 / size ? arena_take(&result->arena, count * size + 1) : NULL;
    if (copy && count)
        memcpy(copy, source, count * size);
    return copy;
}

const char *est_i_result_text(est_result *result, const char *text)
{
    const char *source = text ? text : "";
    return arena_copy(result, source, strlen(source) + 1, 1);
}

/* Texts of a list, each copied; NULL without memory. */
static const char *const *copy_texts(est_result *result, const char *const *texts, size_t count)
{
    const char **copies = arena_copy(result, texts, count, sizeof *copies);
    for (size_t i = 0; i < count && copies; i++) {
        copies[i] = est_i_result_text(result, texts[i]);
        if (!copies[i])
            copies = NULL;
    }
    return copies;
}

/* Makes room for one more element; NULL without memory. */
static void *grow(void *list, size_t count, size_t *room, size_t size)
{
    void *grown = list;
    if (count == *room || !list) {
        size_t wanted = *room ? *room * 2 : 8;
        grown = wanted <= SIZE_MAX / 2 / size ? realloc(list, wanted * size) : NULL;
        if (grown)
            *room = wanted;
    }
    return grown;
}

/* Appending: each takes a struct whose texts are the caller's. false = no memory. */

static bool copy_labels(est_result *result, est_row *row)
{
    est_label *labels = arena_copy(result, row->domain, row->n_domain, sizeof *labels);
    bool fine = labels != NULL;
    for (size_t i = 0; i < row->n_domain && fine; i++) {
        labels[i].name = est_i_result_text(result, row->domain[i].name);
        labels[i].value = est_i_result_text(result, row->domain[i].value);
        fine = labels[i].name && labels[i].value;
    }
    row->domain = labels;
    return fine;
}

static bool append_row(est_result *result, const est_row *source)
{
    est_row row = *source;
    est_row *list = grow(result->rows, result->n_rows, &result->row_room, sizeof *list);
    if (!list)
        return false;
    result->rows = list;
    const char **texts[] = {&row.estimand,  &row.model, &row.interval,         &row.population, &row.period, &row.definition,
                            &row.geography, &row.ages,  &row.reference_period, &row.unit,       &row.table,  &row.mark};
    bool fine = copy_labels(result, &row);
    for (size_t i = 0; i < sizeof texts / sizeof *texts && fine; i++) {
        *texts[i] = est_i_result_text(result, *texts[i]);
        fine = *texts[i] != NULL;
    }
    if (fine)
        list[result->n_rows++] = row;
    return fine;
}

static bool append_stat(est_result *result, const est_stat *source)
{
    est_stat stat = *source;
    est_stat *list = grow(result->stats, result->n_stats, &result->stat_room, sizeof *list);
    if (!list)
        return false;
    result->stats = list;
    stat.name = est_i_result_text(result, source->name);
    stat.text = source->text ? est_i_result_text(result, source->text) : NULL;
    if (!stat.name || (source->text && !stat.text))
        return false;
    list[result->n_stats++] = stat;
    return true;
}

/* A frame without its cells. */
static bool append_frame(est_result *result, const est_frame *source)
{
    est_frame frame = *source;
    est_frame *list = grow(result->frames, result->n_frames, &result->frame_room, sizeof *list);
    if (!list)
        return false;
    result->frames = list;
    frame.name = est_i_result_text(result, source->name);
    frame.title = est_i_result_text(result, source->title);
    frame.columns = copy_texts(result, source->columns, source->n_columns);
    est_column_role *roles =
        arena_copy(result, source->roles, source->roles ? source->n_columns : 0, sizeof *roles);
    if (!frame.name || !frame.title || !frame.columns || !roles)
        return false;
    if (!source->roles) {
        roles = arena_take(&result->arena, source->n_columns * sizeof *roles + 1);
        for (size_t i = 0; i < source->n_columns && roles; i++)
            roles[i] = EST_ROLE_PLAIN;
    }
    frame.roles = roles;
    frame.decimals = source->decimals ? arena_copy(result, source->decimals, source->n_columns, sizeof *source->decimals) : NULL;
    if (source->decimals && !frame.decimals)
        return false;
    frame.n_rows = 0;
    frame.cells = NULL;
    frame.about = NULL;
    if (!roles)
        return false;
    list[result->n_frames++] = frame;
    return true;
}

/* Gives the last frame its cells, and what its lines are about (NULL: nothing). */
static bool fill_frame(est_result *result, const est_cell *cells, size_t count, const size_t *about)
{
    est_frame *frame = &result->frames[result->n_frames - 1];
    est_cell *copies = arena_copy(result, cells, count, sizeof *copies);
    bool fine = copies != NULL;
    for (size_t i = 0; i < count && fine; i++) {
        if (cells[i].text)
            copies[i].text = est_i_result_text(result, cells[i].text);
        fine = !cells[i].text || copies[i].text;
    }
    if (fine) {
        frame->cells = copies;
        frame->n_rows = frame->n_columns ? count / frame->n_columns : 0;
    }
    if (fine && about) {
        frame->about = arena_copy(result, about, frame->n_rows, sizeof *about);
        fine = frame->about != NULL;
    }
    return fine;
}

static bool append_note(est_result *result, const est_note *source)
{
    est_note note = *source;
    est_note *list = grow(result->notes, result->n_notes, &result->note_room, sizeof *list);
    if (!list)
        return false;
    result->notes = list;
    note.code = est_i_result_text(result, source->code);
    note.message = est_i_result_text(result, source->message);
    note.public_message = source->public_message ? est_i_result_text(result, source->public_message) : NULL;
    if (!note.code || !note.message || (source->public_message && !note.public_message))
        return false;
    list[result->n_notes++] = note;
    return true;
}

/* A series' numbers; without an array all are undefined. */
static const double *copy_numbers(est_result *result, const double *source, size_t count)
{
    double *copy = source ? arena_copy(result, source, count, sizeof *copy)
                          : arena_take(&result->arena, count * sizeof *copy + 1);
    for (size_t i = 0; i < count && copy && !source; i++)
        copy[i] = NAN;
    return copy;
}

static bool copy_series(est_result *result, est_chart *chart)
{
    est_series *series = arena_copy(result, chart->series, chart->n_series, sizeof *series);
    bool fine = series != NULL;
    for (size_t i = 0; i < chart->n_series && fine; i++) {
        est_series *one = &series[i];
        one->name = est_i_result_text(result, one->name);
        one->value = copy_numbers(result, one->value, chart->n_categories);
        one->lower = copy_numbers(result, one->lower, chart->n_categories);
        one->upper = copy_numbers(result, one->upper, chart->n_categories);
        fine = one->name && one->value && one->lower && one->upper;
    }
    chart->series = series;
    return fine;
}

/* The sets of an UpSet chart; without an array of members no combination holds any. */
static bool copy_sets(est_result *result, est_chart *chart)
{
    const est_chart source = *chart;
    size_t n_categories = source.n_categories, n_sets = source.kind == EST_CHART_UPSET && source.sets ? source.n_sets : 0;
    chart->n_sets = n_sets;
    chart->sets = NULL;
    chart->set_totals = NULL;
    chart->membership = NULL;
    if (n_sets == 0)
        return true;
    if (n_categories > SIZE_MAX / 4 / n_sets)
        return false;
    unsigned char *members = arena_take(&result->arena, n_categories * n_sets + 1);
    for (size_t i = 0; members && i < n_categories * n_sets; i++)
        members[i] = source.membership && source.membership[i] != 0;
    chart->membership = members;
    chart->sets = copy_texts(result, source.sets, n_sets);
    chart->set_totals = copy_numbers(result, source.set_totals, n_sets);
    return members && chart->sets && chart->set_totals;
}

static bool append_chart(est_result *result, const est_chart *source)
{
    est_chart chart = *source;
    est_chart *list = grow(result->charts, result->n_charts, &result->chart_room, sizeof *list);
    if (!list)
        return false;
    result->charts = list;
    if (chart.kind != EST_CHART_FOREST && chart.kind != EST_CHART_UPSET)
        chart.kind = EST_CHART_ALONG;
    chart.name = est_i_result_text(result, source->name);
    chart.title = est_i_result_text(result, source->title);
    chart.subtitle = est_i_result_text(result, source->subtitle);
    chart.x_title = est_i_result_text(result, source->x_title);
    chart.y_title = est_i_result_text(result, source->y_title);
    chart.alternative = est_i_result_text(result, source->alternative);
    chart.categories = copy_texts(result, source->categories, source->n_categories);
    if (source->about)
        chart.about = arena_copy(result, source->about, source->n_series * source->n_categories, sizeof *chart.about);
    if (source->about && !chart.about)
        return false;
    if (!chart.name || !chart.title || !chart.subtitle || !chart.x_title || !chart.y_title ||
        !chart.alternative || !chart.categories || !copy_series(result, &chart) || !copy_sets(result, &chart))
        return false;
    list[result->n_charts++] = chart;
    return true;
}

static bool append_provenance(est_result *result, const est_provenance *source)
{
    est_provenance entry = *source;
    est_provenance *list =
        grow(result->provenances, result->n_provenances, &result->provenance_room, sizeof *list);
    if (!list)
        return false;
    result->provenances = list;
    entry.name = est_i_result_text(result, source->name);
    entry.value = est_i_result_text(result, source->value);
    if (!entry.name || !entry.value)
        return false;
    list[result->n_provenances++] = entry;
    return true;
}

static bool append_ages(est_result *result, est_i_ages **list, size_t *count, size_t *room, const est_i_ages *source)
{
    est_i_ages *grown = grow(*list, *count, room, sizeof *grown);
    if (grown)
        *list = grown;
    const char *name = grown ? est_i_result_text(result, source->name) : NULL;
    if (name)
        grown[(*count)++] = (est_i_ages){name, source->youngest, source->oldest};
    return name != NULL;
}

static bool append_fact(est_result *result, const est_fact *source)
{
    est_fact fact = *source;
    est_fact *list = grow(result->facts, result->n_facts, &result->fact_room, sizeof *list);
    if (!list)
        return false;
    result->facts = list;
    fact.group = est_i_result_text(result, source->group);
    fact.name = est_i_result_text(result, source->name);
    fact.value = est_i_result_text(result, source->value);
    if (!fact.group || !fact.name || !fact.value)
        return false;
    list[result->n_facts++] = fact;
    return true;
}

static est_result *result_new(const char *method_id, const char *title)
{
    est_result *result = calloc(1, sizeof *result);
    if (result) {
        result->smallest_count = NAN;
        result->method = est_i_result_text(result, method_id);
        result->title = est_i_result_text(result, title);
        result->profile = est_i_result_text(result, "counts");
        if (!result->method || !result->title || !result->profile) {
            est_result_free(result);
            result = NULL;
        }
    }
    return result;
}

void est_result_free(est_result *result)
{
    if (result) {
        for (arena_block *block = result->arena, *next; block; block = next) {
            next = block->next;
            free(block);
        }
        free(result->rows);
        free(result->stats);
        free(result->frames);
        free(result->notes);
        free(result->charts);
        free(result->provenances);
        free(result->facts);
        free(result->ages);
        free(result->age_shares);
        free(result);
    }
}

static bool copy_lists(est_result *copy, const est_result *source)
{
    bool fine = true;
    for (size_t i = 0; i < source->n_rows && fine; i++)
        fine = append_row(copy, &source->rows[i]);
    for (size_t i = 0; i < source->n_stats && fine; i++)
        fine = append_stat(copy, &source->stats[i]);
    for (size_t i = 0; i < source->n_frames && fine; i++) {
        const est_frame *frame = &source->frames[i];
        fine = append_frame(copy, frame) && fill_frame(copy, frame->cells, frame->n_rows * frame->n_columns, frame->about);
    }
    for (size_t i = 0; i < source->n_notes && fine; i++)
        fine = append_note(copy, &source->notes[i]);
    for (size_t i = 0; i < source->n_charts && fine; i++)
        fine = append_chart(copy, &source->charts[i]);
    for (size_t i = 0; i < source->n_provenances && fine; i++)
        fine = append_provenance(copy, &source->provenances[i]);
    for (size_t i = 0; i < source->n_facts && fine; i++)
        fine = append_fact(copy, &source->facts[i]);
    for (size_t i = 0; i < source->n_ages && fine; i++)
        fine = append_ages(copy, &copy->ages, &copy->n_ages, &copy->ages_room, &source->ages[i]);
    for (size_t i = 0; i < source->n_age_shares && fine; i++)
        fine = append_ages(copy, &copy->age_shares, &copy->n_age_shares, &copy->age_share_room, &source->age_shares[i]);
    return fine;
}

est_status est_i_result_copy(const est_result *source, est_result **copy, est_error *error)
{
    est_result *made = result_new(source->method, source->title);
    *copy = NULL;
    if (!made || !copy_lists(made, source)) {
        est_result_free(made);
        return est_i_no_memory(error);
    }
    made->is_public = source->is_public;
    made->is_synthetic = source->is_synthetic;
    made->is_internal = source->is_internal;
    made->smallest_count = source->smallest_count;
    made->profile = est_i_result_text(made, source->profile);
    if (!made->profile) {
        est_result_free(made);
        return est_i_no_memory(error);
    }
    *copy = made;
    return EST_OK;
}

est_status est_i_result_append_note(est_result *result, est_severity severity, const char *code,
                                    const char *message, est_error *error)
{
    return append_note(result, &(est_note){severity, code, message, NULL}) ? EST_OK : est_i_no_memory(error);
}

/* The builder */

struct est_i_result_builder {
    est_result *result;
    est_cell *cells; /* of the frame that is being filled; their texts lie in the result */
    size_t n_cells, cell_room;
    size_t *about; /* of the lines of that frame, as far as it was told */
    size_t n_about, about_room;
    bool in_frame, failed, ragged;
};

est_i_result_builder *est_i_result_begin(const char *method_id, const char *title)
{
    est_i_result_builder *builder = calloc(1, sizeof *builder);
    if (builder) {
        builder->result = result_new(method_id, title);
        builder->failed = !builder->result;
    }
    return builder;
}

static bool usable(const est_i_result_builder *builder)
{
    return builder && !builder->failed;
}

est_row est_i_row_empty(const char *estimand)
{
    return (est_row){.estimand = estimand,
                     .n_domain = 0,
                     .domain = NULL,
                     .model = "",
                     .estimate = NAN,
                     .se = NAN,
                     .lower = NAN,
                     .upper = NAN,
                     .level = NAN,
                     .df = NAN,
                     .interval = "",
                     .n = NAN,
                     .flags = 0,
                     .population = "",
                     .period = "",
                     .definition = "",
                     .geography = "",
                     .ages = "",
                     .reference_period = "",
                     .unit = "",
                     .table = "",
                     .n_weighted = NAN,
                     .cv = NAN,
                     .deff = NAN,
                     .deft = NAN,
                     .effective_n = NAN,
                     .fewest = NAN,
                     .numerator = NAN,
                     .mark = ""};
}

void est_i_result_add_row(est_i_result_builder *builder, const est_row *row)
{
    if (usable(builder))
        builder->failed = !append_row(builder->result, row);
}

void est_i_result_add_stat(est_i_result_builder *builder, const char *name, double value, bool is_count)
{
    if (usable(builder))
        builder->failed = !append_stat(builder->result, &(est_stat){name, value, NULL, is_count});
}

void est_i_result_add_stat_text(est_i_result_builder *builder, const char *name, const char *text)
{
    if (usable(builder))
        builder->failed = !append_stat(builder->result, &(est_stat){name, NAN, text ? text : "", 0});
}

/* What the lines before line `count` are about where nothing was said: nothing. Only if anything was said at all. */
static bool tell_about(est_i_result_builder *builder, size_t count, size_t said)
{
    while (builder->n_about < count && (builder->n_about > 0 || said != SIZE_MAX)) {
        size_t *grown = grow(builder->about, builder->n_about, &builder->about_room, sizeof *grown);
        if (!grown)
            return false;
        builder->about = grown;
        builder->about[builder->n_about++] = SIZE_MAX;
    }
    return true;
}

static void close_frame(est_i_result_builder *builder)
{
    if (usable(builder) && builder->in_frame) {
        size_t columns = builder->result->frames[builder->result->n_frames - 1].n_columns;
        if (columns ? builder->n_cells % columns != 0 : builder->n_cells != 0)
            builder->ragged = true;
        else
            builder->failed = !tell_about(builder, columns ? builder->n_cells / columns : 0, SIZE_MAX) ||
                              !fill_frame(builder->result, builder->cells, builder->n_cells,
                                          builder->n_about ? builder->about : NULL);
        builder->n_cells = builder->n_about = 0;
        builder->in_frame = false;
    }
}

void est_i_result_frame(est_i_result_builder *builder, const char *name, const char *title, size_t n_columns,
                        const char *const *columns, const est_column_role *roles, size_t print_rows)
{
    close_frame(builder);
    if (usable(builder)) {
        est_frame frame = {.name = name,
                           .title = title,
                           .n_columns = n_columns,
                           .n_rows = 0,
                           .columns = columns,
                           .roles = roles,
                           .cells = NULL,
                           .print_rows = print_rows,
                           .decimals = NULL,
                           .fewest = NAN};
        builder->failed = !append_frame(builder->result, &frame);
        builder->in_frame = !builder->failed;
    }
}

void est_i_result_frame_decimals(est_i_result_builder *builder, const int *decimals)
{
    if (usable(builder) && builder->in_frame) {
        est_frame *frame = &builder->result->frames[builder->result->n_frames - 1];
        frame->decimals = arena_copy(builder->result, decimals, frame->n_columns, sizeof *decimals);
        builder->failed = !frame->decimals;
    }
}

void est_i_result_frame_fewest(est_i_result_builder *builder, double fewest)
{
    if (usable(builder) && builder->in_frame)
        builder->result->frames[builder->result->n_frames - 1].fewest = fewest;
}

void est_i_result_frame_about(est_i_result_builder *builder, size_t row)
{
    if (usable(builder) && builder->in_frame && row != SIZE_MAX) {
        size_t columns = builder->result->frames[builder->result->n_frames - 1].n_columns;
        size_t line = columns ? builder->n_cells / columns : 0;
        builder->failed = !tell_about(builder, line + 1, row);
        if (!builder->failed)
            builder->about[line] = row;
    }
}

size_t est_i_result_row_count(const est_i_result_builder *builder)
{
    return usable(builder) ? builder->result->n_rows : 0;
}

const est_result *est_i_result_so_far(const est_i_result_builder *builder)
{
    return usable(builder) ? builder->result : NULL;
}

static void add_cell(est_i_result_builder *builder, est_cell cell)
{
    est_cell *grown = grow(builder->cells, builder->n_cells, &builder->cell_room, sizeof *grown);
    builder->failed = !grown;
    if (grown) {
        builder->cells = grown;
        builder->cells[builder->n_cells++] = cell;
    }
    if (!builder->in_frame)
        builder->ragged = true;
}

void est_i_result_cell(est_i_result_builder *builder, double number)
{
    if (usable(builder))
        add_cell(builder, (est_cell){number, NULL});
}

void est_i_result_no_memory(est_i_result_builder *builder)
{
    if (builder)
        builder->failed = true;
}

void est_i_result_cell_text(est_i_result_builder *builder, const char *text)
{
    if (usable(builder)) {
        const char *copy = est_i_result_text(builder->result, text);
        if (copy)
            add_cell(builder, (est_cell){NAN, copy});
        else
            builder->failed = true;
    }
}

/* public_message NULL: the whole message. */
static void add_note(est_i_result_builder *builder, const est_context *context, const est_note *kind, const char *format,
                     va_list arguments)
{
    va_list again;
    char *message = NULL;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length >= 0)
        message = malloc((size_t)length + 1);
    if (message) {
        vsnprintf(message, (size_t)length + 1, format, again);
        if (usable(builder))
            builder->failed =
                !append_note(builder->result, &(est_note){kind->severity, kind->code, message, kind->public_message});
        if (context && context->note)
            context->note(context->user, kind->severity, kind->code, message);
    } else if (builder) {
        builder->failed = true;
    }
    va_end(again);
    free(message);
}

void est_i_result_note(est_i_result_builder *builder, const est_context *context, est_severity severity,
                       const char *code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_note(builder, context, &(est_note){severity, code, NULL, NULL}, format, arguments);
    va_end(arguments);
}

void est_i_result_note_public(est_i_result_builder *builder, const est_context *context, est_severity severity,
                              const char *code, const char *public_message, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_note(builder, context, &(est_note){severity, code, NULL, public_message}, format, arguments);
    va_end(arguments);
}

void est_i_result_add_chart(est_i_result_builder *builder, const est_chart *chart)
{
    if (usable(builder))
        builder->failed = !append_chart(builder->result, chart);
}

void est_i_result_add_provenance(est_i_result_builder *builder, const char *name, const char *value,
                                 bool is_private)
{
    if (usable(builder))
        builder->failed = !append_provenance(builder->result, &(est_provenance){name, value, is_private});
}

void est_i_result_add_ages(est_i_result_builder *builder, const char *name, double youngest, double oldest)
{
    est_i_ages ages = {name, youngest, oldest};
    if (usable(builder)) {
        est_result *result = builder->result;
        builder->failed = !append_ages(result, &result->ages, &result->n_ages, &result->ages_room, &ages);
    }
}

void est_i_result_add_age_share(est_i_result_builder *builder, const char *estimand, double youngest, double oldest)
{
    est_i_ages ages = {estimand, youngest, oldest};
    if (usable(builder)) {
        est_result *result = builder->result;
        builder->failed = !append_ages(result, &result->age_shares, &result->n_age_shares, &result->age_share_room, &ages);
    }
}

void est_i_result_add_fact(est_i_result_builder *builder, const char *group, const char *name, const char *value)
{
    bool known = false;
    for (size_t i = 0; usable(builder) && i < builder->result->n_facts && !known; i++) {
        const est_fact *fact = &builder->result->facts[i];
        known = strcmp(fact->name, name) == 0 && strcmp(fact->value, value) == 0 && strcmp(fact->group, group) == 0;
    }
    if (usable(builder) && *value && !known)
        builder->failed = !append_fact(builder->result, &(est_fact){group, name, value});
}

void est_i_result_add_options(est_i_result_builder *builder, const est_method *method, const void *options)
{
    for (size_t i = 0; i < method->n_options && usable(builder); i++) {
        const est_option_spec *spec = &method->options[i];
        est_i_text name = {NULL, 0, 0, false};
        char *value = est_i_option_text(spec, options);
        est_i_text_append(&name, "option:");
        est_i_text_append(&name, spec->name);
        if (value && !name.failed) /* a table's name may be that of a file */
            est_i_result_add_provenance(builder, name.data, value, spec->kind == EST_OPTION_TABLE);
        else
            builder->failed = true;
        est_i_text_free(&name);
        free(value);
    }
}

void est_i_result_mark(est_i_result_builder *builder, bool is_public, bool is_synthetic, bool is_internal)
{
    if (usable(builder)) {
        builder->result->is_public = is_public;
        builder->result->is_synthetic = is_synthetic;
        builder->result->is_internal = is_internal;
    }
}

void est_i_result_profile(est_i_result_builder *builder, const char *profile)
{
    if (usable(builder)) {
        builder->result->profile = est_i_result_text(builder->result, profile);
        builder->failed = !builder->result->profile;
    }
}

void est_i_result_smallest_count(est_i_result_builder *builder, double count)
{
    if (usable(builder))
        builder->result->smallest_count = count;
}

est_status est_i_result_finish(est_i_result_builder *builder, est_result **result, est_error *error)
{
    est_status status = EST_OK;
    *result = NULL;
    close_frame(builder);
    if (!usable(builder)) {
        status = est_i_no_memory(error);
    } else if (builder->ragged) {
        status = est_i_fail(error, EST_EINTERNAL,
                            "a frame of method '%s' has a row that is not full, expected full rows; "
                            "please report this as a defect",
                            builder->result->method);
    } else {
        *result = builder->result;
        builder->result = NULL;
    }
    est_i_result_abandon(builder);
    return status;
}

void est_i_result_abandon(est_i_result_builder *builder)
{
    if (builder) {
        est_result_free(builder->result);
        free(builder->cells);
        free(builder->about);
        free(builder);
    }
}

/* Accessors */

const char *est_result_method(const est_result *result)
{
    return result ? result->method : "";
}

const char *est_result_title(const est_result *result)
{
    return result ? result->title : "";
}

size_t est_result_rows(const est_result *result)
{
    return result ? result->n_rows : 0;
}

const est_row *est_result_row(const est_result *result, size_t index)
{
    return index < est_result_rows(result) ? &result->rows[index] : NULL;
}

static bool row_has_label(const est_row *row, const char *name, const char *value)
{
    bool found = !name;
    for (size_t i = 0; i < row->n_domain && !found; i++)
        found = strcmp(row->domain[i].name, name) == 0 && value && strcmp(row->domain[i].value, value) == 0;
    return found;
}

const est_row *est_result_find(const est_result *result, const char *estimand, const char *name,
                               const char *value)
{
    const est_row *found = NULL;
    for (size_t i = 0; i < est_result_rows(result) && !found; i++)
        if (strcmp(result->rows[i].estimand, estimand) == 0 && row_has_label(&result->rows[i], name, value))
            found = &result->rows[i];
    return found;
}

size_t est_result_stats(const est_result *result)
{
    return result ? result->n_stats : 0;
}

const est_stat *est_result_stat(const est_result *result, size_t index)
{
    return index < est_result_stats(result) ? &result->stats[index] : NULL;
}

double est_result_stat_value(const est_result *result, const char *name)
{
    double value = NAN;
    for (size_t i = est_result_stats(result); i > 0; i--)
        if (strcmp(result->stats[i - 1].name, name) == 0)
            value = result->stats[i - 1].value;
    return value;
}

bool est_i_frame_is_private(const est_frame *frame)
{
    bool is_private = false;
    for (size_t j = 0; j < frame->n_columns && !is_private; j++)
        is_private = frame->roles[j] == EST_ROLE_PRIVATE;
    return is_private;
}

size_t est_result_frames(const est_result *result)
{
    return result ? result->n_frames : 0;
}

const est_frame *est_result_frame(const est_result *result, size_t index)
{
    return index < est_result_frames(result) ? &result->frames[index] : NULL;
}

const est_frame *est_result_frame_find(const est_result *result, const char *name)
{
    const est_frame *found = NULL;
    for (size_t i = 0; i < est_result_frames(result) && !found; i++)
        if (strcmp(result->frames[i].name, name) == 0)
            found = &result->frames[i];
    return found;
}

size_t est_result_notes(const est_result *result)
{
    return result ? result->n_notes : 0;
}

const est_note *est_result_note(const est_result *result, size_t index)
{
    return index < est_result_notes(result) ? &result->notes[index] : NULL;
}

size_t est_result_charts(const est_result *result)
{
    return result ? result->n_charts : 0;
}

const est_chart *est_result_chart(const est_result *result, size_t index)
{
    return index < est_result_charts(result) ? &result->charts[index] : NULL;
}

size_t est_result_provenances(const est_result *result)
{
    return result ? result->n_provenances : 0;
}

const est_provenance *est_result_provenance(const est_result *result, size_t index)
{
    return index < est_result_provenances(result) ? &result->provenances[index] : NULL;
}

size_t est_result_facts(const est_result *result)
{
    return result ? result->n_facts : 0;
}

const est_fact *est_result_fact(const est_result *result, size_t index)
{
    return index < est_result_facts(result) ? &result->facts[index] : NULL;
}

int est_result_is_public(const est_result *result)
{
    return result && result->is_public;
}

int est_result_is_synthetic(const est_result *result)
{
    return result && result->is_synthetic;
}

int est_result_is_internal(const est_result *result)
{
    return result && result->is_internal;
}
