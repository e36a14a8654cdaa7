/* Linked records.
 *
 * A record is a row with a list, an id within that list and a cluster: the person that the linkage found. A person's capture
 * history is the set of lists that hold a record of the cluster, in each period anew where there is a period column.
 *
 * Rules. List, id and cluster are never missing. An id stands in one cluster of its list, whatever the period. A row with the list,
 * id and period of an earlier one counts once. A cluster with several records of one list (in one period) is a person whom the list
 * has twice, or a false match: counted once, and said. Dates are YYYY, YYYY-MM or YYYY-MM-DD, not after `until`, and within the
 * period of the record where its label can be read. Rows of lists that are not named are left out; their ids are not checked.
 *
 * Ids and clusters identify persons: they never reach a message. */
#include "data/linked.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/monitor.h"
#include "data/dates.h"
#include "data/levels.h"
#include "data/map.h"
#include "data/table.h"

#define NO_LIST UINT32_MAX

typedef struct linked_reader {
    const est_table *data;
    const est_patterns_options *options;
    est_i_monitor monitor;
    size_t list, id, cluster; /* columns */
    long date, period;        /* -1 = none */
    est_i_levels lists, ids, clusters, periods;
    uint32_t *list_of_level, *block_of_level;
    size_t *unit_of_row;      /* SIZE_MAX = the row is no record of its own */
    size_t *size, *list_bits; /* per unit */
    est_i_linked *linked;
    est_error *error;
} linked_reader;

static const char *named(const char *option, const char *usual)
{
    return option && *option ? option : usual;
}

bool est_i_linked_is(const est_table *data, const est_linked_options *options)
{
    return est_table_find(data, named(options->id, "id")) >= 0 && est_table_find(data, named(options->cluster, "cluster")) >= 0;
}

est_status est_i_linked_period(const est_table *data, const char *option, long *column, est_error *error)
{
    size_t found = 0;
    est_status status = EST_OK;
    *column = est_table_find(data, "period");
    if (option && *option) {
        status = est_i_table_require(data, option, "the period of each record", &found, error);
        *column = (long)found;
    }
    return status;
}

static est_status find_columns(linked_reader *reader)
{
    const est_patterns_options *options = reader->options;
    const est_table *data = reader->data;
    size_t date = 0;
    est_status status = est_i_table_require(data, named(options->list, "list"), "the list of each record", &reader->list,
                                            reader->error);
    if (status == EST_OK)
        status = est_i_table_require(data, named(options->linked.id, "id"), "the id of each record within its list", &reader->id,
                                     reader->error);
    if (status == EST_OK)
        status = est_i_table_require(data, named(options->linked.cluster, "cluster"),
                                     "the person that the linkage found for each record", &reader->cluster, reader->error);
    reader->date = est_table_find(data, "date");
    if (status == EST_OK && options->linked.date && *options->linked.date) {
        status = est_i_table_require(data, options->linked.date, "the date of each record", &date, reader->error);
        reader->date = (long)date;
    }
    if (status == EST_OK)
        status = est_i_linked_period(data, options->period, &reader->period, reader->error);
    return status;
}

/* Levels of a column that must not have gaps. */
static est_status read_levels(linked_reader *reader, size_t column, const char *expected, est_i_levels *levels)
{
    est_status status = est_i_levels_read(reader->data, column, &reader->monitor, levels, reader->error);
    for (size_t row = 0; status == EST_OK && row < est_table_rows(reader->data); row++)
        if (levels->level[row] == EST_I_NO_LEVEL)
            status = est_i_fail_at(reader->error, EST_EVALUE, est_i_table_place(reader->data, (long)column, row),
                                   "found a missing value, expected %s", expected);
    return status;
}

static est_status read_all_levels(linked_reader *reader)
{
    est_status status = read_levels(reader, reader->list, "the name of a list", &reader->lists);
    if (status == EST_OK)
        status = read_levels(reader, reader->id, "the id of the record within its list", &reader->ids);
    if (status == EST_OK)
        status = read_levels(reader, reader->cluster,
                             "a cluster: give a record that was linked to no other one a cluster of its own", &reader->clusters);
    if (status == EST_OK && reader->period >= 0)
        status = read_levels(reader, (size_t)reader->period, "the label of a period", &reader->periods);
    return status;
}

/* Dates */

static est_status fail_date(const linked_reader *reader, size_t row, const char *expected)
{
    char found[128];
    est_i_table_describe(reader->data, (size_t)reader->date, row, true, found);
    return est_i_fail_at(reader->error, EST_EVALUE, est_i_table_place(reader->data, reader->date, row),
                         "found %s, expected %s", found, expected);
}

static bool within(const est_i_span *date, const est_i_span *period)
{
    return date->start < period->end && date->end > period->start;
}

static est_status check_date(const linked_reader *reader, size_t row, const est_i_span *until)
{
    char buffer[32], label_buffer[32];
    const char *text = est_table_text(reader->data, (size_t)reader->date, row, buffer);
    est_i_span date, period;
    est_status status = EST_OK;
    if (!text) {
        reader->linked->checks.without_date++;
    } else if (!est_i_date_read(text, &date)) {
        status = fail_date(reader, row, "a date: YYYY, YYYY-MM or YYYY-MM-DD");
    } else if (until && !(date.start < until->end)) {
        status = fail_date(reader, row, "a date that does not lie after the one of --until");
    } else if (reader->period >= 0) {
        const char *label = est_table_text(reader->data, (size_t)reader->period, row, label_buffer);
        if (label && est_i_label_read(label, &period) && !within(&date, &period))
            status = fail_date(reader, row, "a date within the period of the record");
    }
    return status;
}

static est_status check_dates(linked_reader *reader)
{
    const char *last = reader->options->linked.until;
    bool limited = last && *last;
    est_i_span until = {0, 0};
    est_status status = EST_OK;
    if (limited && !est_i_date_read(last, &until))
        return est_i_fail(reader->error, EST_EOPTION, "option --until: found '%s', expected a date: YYYY, YYYY-MM or YYYY-MM-DD",
                          last);
    if (limited && reader->date < 0)
        return est_i_fail(reader->error, EST_EOPTION,
                          "option --until: found no date column to compare with; name it with --date");
    reader->linked->checks.has_date = reader->date >= 0;
    for (size_t row = 0; status == EST_OK && reader->date >= 0 && row < est_table_rows(reader->data); row++)
        status = check_date(reader, row, limited ? &until : NULL);
    return status;
}

/* Lists and blocks of the rows */

static est_status read_captures(linked_reader *reader)
{
    const est_context *context = &reader->monitor.context;
    est_capture_options capture = {.lists = reader->options->lists,
                                   .person = est_table_column_name(reader->data, reader->cluster),
                                   .list = est_table_column_name(reader->data, reader->list),
                                   .count = "",
                                   .shape = EST_SHAPE_LONG};
    est_i_period_options periods = {0};
    if (reader->period >= 0)
        periods.period = est_table_column_name(reader->data, (size_t)reader->period);
    est_status status = est_i_captures_read(reader->data, &capture, reader->period >= 0 ? &periods : NULL, context,
                                            &reader->linked->captures, reader->error);
    if (status == EST_OK)
        reader->linked->captures->n_repeated = 0; /* the checks of this file say it better */
    return status;
}

/* Which of the names is the level's text; NO_LIST if none. */
static uint32_t find_name(const linked_reader *reader, size_t column, size_t row, char *const *names, size_t n_names, bool trim)
{
    char buffer[32];
    const char *text = est_table_text(reader->data, column, row, buffer);
    uint32_t found = NO_LIST;
    for (size_t i = 0; text && i < n_names && found == NO_LIST; i++)
        if (trim ? est_i_label_same(text, names[i]) : strcmp(text, names[i]) == 0)
            found = (uint32_t)i;
    return found;
}

static est_status match_names(linked_reader *reader)
{
    const est_i_captures *captures = reader->linked->captures;
    reader->list_of_level = malloc((reader->lists.count + 1) * sizeof *reader->list_of_level);
    reader->block_of_level = malloc((reader->periods.count + 1) * sizeof *reader->block_of_level);
    if (!reader->list_of_level || !reader->block_of_level)
        return est_i_no_memory(reader->error);
    for (size_t level = 0; level < reader->lists.count; level++)
        reader->list_of_level[level] = find_name(reader, reader->list, reader->lists.first[level], captures->list_names,
                                                 captures->n_lists, false);
    for (size_t level = 0; level < reader->periods.count; level++)
        reader->block_of_level[level] = find_name(reader, (size_t)reader->period, reader->periods.first[level],
                                                  captures->block_names, captures->n_blocks, true);
    return EST_OK;
}

static uint32_t list_of(const linked_reader *reader, size_t row)
{
    return reader->list_of_level[reader->lists.level[row]];
}

static uint32_t block_of(const linked_reader *reader, size_t row)
{
    return reader->period >= 0 ? reader->block_of_level[reader->periods.level[row]] : 0;
}

/* Records and clusters */

static est_status fail_cluster(const linked_reader *reader, size_t row, const char *found, const char *expected)
{
    return est_i_fail_at(reader->error, EST_EVALUE, est_i_table_place(reader->data, (long)reader->cluster, row),
                         "found %s, expected %s", found, expected);
}

/* `by_id`: list and id -> first row + 1. */
static est_status check_one_cluster(const linked_reader *reader, size_t row, est_i_map *by_id)
{
    uint64_t key = (uint64_t)reader->ids.level[row] * reader->linked->captures->n_lists + list_of(reader, row);
    uint32_t *first = est_i_map_at(by_id, key);
    est_status status = EST_OK;
    if (!first) {
        status = est_i_no_memory(reader->error);
    } else if (*first == 0) {
        *first = (uint32_t)row + 1;
    } else if (reader->clusters.level[*first - 1] != reader->clusters.level[row]) {
        status = est_i_fail_at(reader->error, EST_EVALUE, est_i_table_place(reader->data, (long)reader->cluster, row),
                               "found another cluster than in record %lu, which has the same id on the same list; expected one "
                               "cluster for each id of a list", (unsigned long)*first);
    }
    return status;
}

/* `seen`: list, id and block -> 1. True if the row repeats an earlier one. */
static est_status is_repeated(const linked_reader *reader, size_t row, est_i_map *seen, bool *repeated)
{
    const est_i_captures *captures = reader->linked->captures;
    uint64_t key = ((uint64_t)reader->ids.level[row] * captures->n_lists + list_of(reader, row)) * captures->n_blocks +
                   block_of(reader, row);
    uint32_t *mark = est_i_map_at(seen, key);
    if (!mark)
        return est_i_no_memory(reader->error);
    *repeated = *mark != 0;
    *mark = 1;
    return EST_OK;
}

/* Puts the record of the row into its unit. `units`: cluster and block -> unit + 1. */
static est_status add_record(linked_reader *reader, size_t row, est_i_map *units)
{
    est_i_linked *linked = reader->linked;
    const est_linked_options *options = &reader->options->linked;
    size_t most = options->largest_cluster > 0 ? (size_t)options->largest_cluster : SIZE_MAX;
    size_t bit = (size_t)1 << list_of(reader, row);
    uint32_t *slot =
        est_i_map_at(units, (uint64_t)reader->clusters.level[row] * linked->captures->n_blocks + block_of(reader, row));
    est_status status = EST_OK;
    if (!slot)
        return est_i_no_memory(reader->error);
    if (*slot == 0) {
        linked->block[linked->n_units++] = block_of(reader, row);
        *slot = (uint32_t)linked->n_units;
    }
    size_t unit = *slot - 1;
    bool twice = (reader->list_bits[unit] & bit) != 0;
    reader->unit_of_row[row] = unit;
    reader->list_bits[unit] |= bit;
    reader->size[unit]++;
    linked->n_records++;
    linked->checks.repeated_persons += twice;
    linked->checks.larger_clusters += reader->size[unit] - 1 == most;
    if (reader->size[unit] > linked->checks.largest)
        linked->checks.largest = reader->size[unit];
    if (twice && options->repeats == EST_FINDING_REFUSE)
        status = fail_cluster(reader, row, "a cluster that has a record of this list already",
                              "at most one record of each list in a cluster (option --repeats)");
    else if (reader->size[unit] > most && options->larger == EST_FINDING_REFUSE)
        status = fail_cluster(reader, row, "a cluster of more records than --largest-cluster allows", "smaller clusters");
    return status;
}

static est_status take_rows(linked_reader *reader, est_i_map *by_id, est_i_map *seen, est_i_map *units)
{
    est_status status = EST_OK;
    for (size_t row = 0; status == EST_OK && row < est_table_rows(reader->data); row++) {
        bool repeated = false;
        reader->unit_of_row[row] = SIZE_MAX;
        if (row % 4096 == 0 && est_i_monitor_cancelled(&reader->monitor))
            return est_i_cancelled(reader->error);
        if (list_of(reader, row) == NO_LIST) {
            reader->linked->checks.left_out++;
            continue;
        }
        status = check_one_cluster(reader, row, by_id);
        if (status == EST_OK)
            status = is_repeated(reader, row, seen, &repeated);
        reader->linked->checks.repeated_rows += repeated;
        if (status == EST_OK && !repeated)
            status = add_record(reader, row, units);
    }
    return status;
}

static est_status find_units(linked_reader *reader)
{
    est_i_map by_id = {0}, seen = {0}, units = {0};
    size_t rows = est_table_rows(reader->data);
    est_status status = EST_OK;
    if (rows >= UINT32_MAX)
        return est_i_fail_at(reader->error, EST_EDEFINITION, est_i_table_place_column(reader->data, -1),
                             "found more than 4294967294 records, expected fewer");
    reader->unit_of_row = malloc((rows + 1) * sizeof *reader->unit_of_row);
    reader->size = calloc(rows + 1, sizeof *reader->size);
    reader->list_bits = calloc(rows + 1, sizeof *reader->list_bits);
    reader->linked->block = malloc((rows + 1) * sizeof *reader->linked->block);
    if (!reader->unit_of_row || !reader->size || !reader->list_bits || !reader->linked->block)
        status = est_i_no_memory(reader->error);
    if (status == EST_OK)
        status = take_rows(reader, &by_id, &seen, &units);
    est_i_map_free(&by_id);
    est_i_map_free(&seen);
    est_i_map_free(&units);
    return status;
}

/* The records sorted by unit. */
static est_status sort_records(linked_reader *reader)
{
    est_i_linked *linked = reader->linked;
    size_t *next = calloc(linked->n_units + 1, sizeof *next);
    linked->first = calloc(linked->n_units + 1, sizeof *linked->first);
    linked->list = malloc(linked->n_records + 1);
    est_status status = next && linked->first && linked->list ? EST_OK : est_i_no_memory(reader->error);
    for (size_t unit = 0; status == EST_OK && unit < linked->n_units; unit++) {
        next[unit] = linked->first[unit];
        linked->first[unit + 1] = linked->first[unit] + reader->size[unit];
    }
    for (size_t row = 0; status == EST_OK && row < est_table_rows(reader->data); row++)
        if (reader->unit_of_row[row] != SIZE_MAX)
            linked->list[next[reader->unit_of_row[row]]++] = (unsigned char)list_of(reader, row);
    free(next);
    return status;
}

static est_status read_linked(linked_reader *reader)
{
    est_status status = find_columns(reader);
    if (status == EST_OK)
        status = read_all_levels(reader);
    if (status == EST_OK)
        status = check_dates(reader);
    if (status == EST_OK)
        status = read_captures(reader);
    if (status == EST_OK)
        status = match_names(reader);
    if (status == EST_OK)
        status = find_units(reader);
    if (status == EST_OK)
        status = sort_records(reader);
    return status;
}

est_status est_i_linked_read(const est_table *data, const est_patterns_options *options, const est_context *context,
                             est_i_linked **linked, est_error *error)
{
    linked_reader reader = {.data = data, .options = options, .date = -1, .period = -1, .error = error};
    est_status status = EST_OK;
    *linked = NULL;
    est_i_monitor_start(&reader.monitor, context);
    est_i_monitor_stage(&reader.monitor, "checking records", 0, 0);
    reader.linked = calloc(1, sizeof *reader.linked);
    if (!reader.linked)
        return est_i_no_memory(error);
    reader.linked->checks.rows = est_table_rows(data);
    if (est_table_rows(data) == 0)
        status = est_i_fail_at(error, EST_EFORMAT, est_i_table_place_column(data, -1),
                               "found a table without records, expected linked records");
    if (status == EST_OK)
        status = read_linked(&reader);
    est_i_levels_free(&reader.lists);
    est_i_levels_free(&reader.ids);
    est_i_levels_free(&reader.clusters);
    est_i_levels_free(&reader.periods);
    free(reader.list_of_level);
    free(reader.block_of_level);
    free(reader.unit_of_row);
    free(reader.size);
    free(reader.list_bits);
    if (status == EST_OK)
        *linked = reader.linked;
    else
        est_i_linked_free(reader.linked);
    return status;
}

/* Units of a capture table */

static void add_persons(est_i_linked *linked, size_t block, size_t history, double persons)
{
    for (double person = 0; person < persons; person++) {
        linked->block[linked->n_units] = (uint32_t)block;
        for (size_t j = 0; j < linked->captures->n_lists; j++)
            if (history >> j & 1)
                linked->list[linked->n_records++] = (unsigned char)j;
        linked->first[++linked->n_units] = linked->n_records;
    }
}

est_status est_i_linked_of_captures(est_i_captures *captures, est_i_linked **linked, est_error *error)
{
    double records = 0;
    est_status status = EST_OK;
    *linked = NULL;
    for (size_t b = 0; b < captures->n_blocks; b++)
        for (size_t w = 1; w < captures->n_cells; w++)
            records += captures->counts[b][w] * __builtin_popcountl((unsigned long)w);
    if (!(captures->total <= EST_I_LINKED_UNITS_MAX))
        return est_i_fail(error, EST_EDEFINITION, "found more persons than a simulation on records can hold (%.0f); expected "
                          "--simulations 0", EST_I_LINKED_UNITS_MAX);
    est_i_linked *made = calloc(1, sizeof *made);
    if (made) {
        made->block = malloc(((size_t)captures->total + 1) * sizeof *made->block);
        made->first = calloc((size_t)captures->total + 1, sizeof *made->first);
        made->list = malloc((size_t)records + 1);
    }
    if (!made || !made->block || !made->first || !made->list) {
        est_i_linked_free(made);
        return est_i_no_memory(error);
    }
    made->captures = captures;
    for (size_t b = 0; b < captures->n_blocks; b++)
        for (size_t w = 1; w < captures->n_cells; w++)
            add_persons(made, b, w, captures->counts[b][w]);
    *linked = made;
    return status;
}

void est_i_linked_free(est_i_linked *linked)
{
    if (linked) {
        est_i_captures_free(linked->captures);
        free(linked->block);
        free(linked->first);
        free(linked->list);
        free(linked);
    }
}
