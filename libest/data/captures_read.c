/* From a table to counts per capture history.
 *
 * Shapes. counts: list columns of 0 and 1 and a column of counts; a history given twice is summed. persons:
 * list columns, one record per person (per period). long: one record per person, list (and period); a record
 * given twice counts once, other columns are ignored, and records of lists that are not named in `lists` are
 * left out. auto: a person and a list column make it long, a count column counts, else persons.
 *
 * Lists. The named ones in that order; else every column without another role in column order, and in the
 * long shape the values of the list column in the order of their bytes. Roles: count, period, seen_any_list;
 * in the long shape person and list. A column that is named as a list has no role by its usual name. A
 * column SYNTHETIC marks made-up data and is never a list.
 *
 * Periods. Blocks in time order: by their labels if all read as YYYY, YYYY-YYYY, YYYY/YYYY or YYYY-MM; else
 * in the order of the period file; else of first appearance. Length: from the file; else from dates or label;
 * else one year, unless a period of another length shows that this would be a guess. Midpoint: of the dates,
 * else of the label; if one period has neither, all are spaced by their lengths. Blanks around a label do not
 * belong to it. Periods with dates must not overlap. Records of the period file that no period of the data
 * needs are ignored; a population is never below the persons of its period.
 *
 * Strata, in place of periods. A block for each combination of values of the stratum columns, which are no
 * lists, in the order of the values (strata.c). A record without a value is refused; so is, in the long shape, a
 * person whose records disagree. Combinations with nobody on the lists are left out. The coverage table says
 * where a list was at work; a person on a list that was not is an error, of the record. Periods are no strata.
 *
 * Without periods, a column "period" that is not named as a list is refused unless the lists are named and it
 * holds one period only: windows are never summed. In the long shape it is ignored: each person counts once.
 *
 * Nobody on no list can be in the data. Identifiers of persons never reach a message. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/monitor.h"
#include "core/text.h"
#include "data/captures.h"
#include "data/captures_parts.h"
#include "data/captures_plan.h"
#include "data/dictionary.h"
#include "data/levels.h"
#include "data/map.h"
#include "data/periods.h"
#include "data/strata.h"
#include "data/table.h"

#define CELLS_MAX ((size_t)1 << 26)
#define COUNT_MAX 1e12 /* more than there are people; sums of cells stay whole and exact */

typedef struct capture_reader {
    const est_table *data;
    const est_i_period_options *options;       /* NULL = no periods */
    const est_i_strata_options *strata_options; /* NULL = no strata */
    est_i_monitor monitor;
    est_i_capture_plan plan;
    est_i_levels period_levels;
    est_i_periods periods;
    est_i_strata strata;
    est_i_captures *captures;
    est_error *error;
} capture_reader;

static est_status stop_asked(capture_reader *reader, size_t row)
{
    return row % 4096 == 0 && est_i_monitor_cancelled(&reader->monitor) ? est_i_cancelled(reader->error)
                                                                        : EST_OK;
}

static est_status fail_cell(const capture_reader *reader, size_t column, size_t row, const char *expected)
{
    char found[128] = "a value that is not shown, as it may identify a person";
    const est_i_capture_plan *plan = &reader->plan;
    bool is_role = (long)column == plan->count || (long)column == plan->seen;
    bool hide = !plan->lists_named && !is_role;
    if (strcmp(est_table_column_name(reader->data, column), "person") != 0)
        est_i_table_describe(reader->data, column, row, hide, found);
    return est_i_fail_at(reader->error, EST_EVALUE, est_i_table_place(reader->data, (long)column, row),
                         "found %s, expected %s%s", found, expected,
                         hide && plan->shape != EST_SHAPE_LONG
                             ? "; if this column is no list, name the lists (--lists)"
                             : "");
}

/* A fault of a cell that may name a person: the cell is not shown. */
static est_status fail_missing(const capture_reader *reader, long column, size_t row, const char *expected)
{
    return est_i_fail_at(reader->error, EST_EVALUE, est_i_table_place(reader->data, column, row),
                         "found a missing value, expected %s", expected);
}

/* Blocks */

static est_status read_periods(capture_reader *reader)
{
    est_status status = EST_OK;
    size_t column = (size_t)reader->plan.period;
    const est_i_levels *levels = &reader->period_levels;
    if (!reader->options)
        return status;
    status = est_i_levels_read(reader->data, column, &reader->monitor, &reader->period_levels, reader->error);
    for (size_t row = 0; status == EST_OK && row < est_table_rows(reader->data); row++)
        if (levels->level[row] == EST_I_NO_LEVEL)
            status = fail_missing(reader, reader->plan.period, row, "the label of a period");
    if (status == EST_OK)
        status = est_i_periods_read(reader->data, column, levels, reader->options->population,
                                    &reader->periods, reader->error);
    return status;
}

static est_status read_blocks(capture_reader *reader)
{
    if (reader->plan.n_strata)
        return est_i_strata_read(reader->data, reader->plan.strata, reader->plan.n_strata, &reader->monitor, &reader->strata,
                                 reader->error);
    return read_periods(reader);
}

static size_t block_of_row(const capture_reader *reader, size_t row)
{
    return reader->options           ? reader->periods.of_level[reader->period_levels.level[row]]
           : reader->plan.n_strata ? reader->strata.of_row[row]
                                   : 0;
}

static size_t count_blocks(const capture_reader *reader)
{
    return reader->options ? reader->periods.count : reader->plan.n_strata ? reader->strata.count : 1;
}

static const char *block_word(const capture_reader *reader)
{
    return reader->plan.n_strata ? "stratum" : "period";
}

static void take_periods(capture_reader *reader)
{
    est_i_captures *captures = reader->captures;
    for (size_t b = 0; b < captures->n_blocks; b++) {
        est_i_period *period = &reader->periods.period[b];
        captures->block_names[b] = period->label;
        period->label = NULL;
        captures->years[b] = period->years;
        captures->midpoint[b] = period->midpoint;
        captures->population[b] = period->population;
        captures->truncated[b] = period->truncated;
    }
    captures->labels_read = reader->periods.labels_read;
    captures->has_population = reader->periods.has_population;
}

/* Which lists were at work must be known before persons are counted: a fault names their record. */
static est_status take_strata(capture_reader *reader)
{
    est_i_captures *captures = reader->captures;
    est_i_strata *strata = &reader->strata;
    const est_table *coverage = reader->strata_options->coverage;
    est_status status = EST_OK;
    captures->strata_names = calloc(strata->n_columns, sizeof *captures->strata_names);
    captures->strata_values = calloc(captures->n_blocks, sizeof *captures->strata_values);
    if (!captures->strata_names || !captures->strata_values)
        return est_i_no_memory(reader->error);
    captures->n_strata_columns = strata->n_columns;
    for (size_t c = 0; c < strata->n_columns; c++) {
        captures->strata_names[c] = reader->plan.strata_names[c];
        reader->plan.strata_names[c] = NULL;
    }
    if (coverage)
        status = est_i_strata_active(strata, (const char *const *)captures->strata_names, coverage, captures->n_lists,
                                     captures->list_names, captures->active, reader->error);
    for (size_t b = 0; b < captures->n_blocks; b++) {
        captures->block_names[b] = strata->labels[b];
        captures->strata_values[b] = strata->values[b];
        strata->labels[b] = NULL;
        strata->values[b] = NULL;
    }
    return status;
}

/* The names of the plan, and the periods or strata, move into the new capture table. */
static est_status start_captures(capture_reader *reader)
{
    size_t n_lists = reader->plan.n_lists, n_blocks = count_blocks(reader);
    if (n_blocks > CELLS_MAX >> n_lists)
        return est_i_fail_at(
            reader->error, EST_EDEFINITION, est_i_table_place_column(reader->data, reader->plan.period),
            "found %zu %s of %zu lists, a table too large to estimate from; use %s or name fewer lists (--lists)", n_blocks,
            reader->plan.n_strata ? "strata" : "periods", n_lists, reader->plan.n_strata ? "fewer strata" : "longer periods");
    est_status status = est_i_captures_allocate(n_lists, n_blocks, &reader->captures, reader->error);
    if (status != EST_OK)
        return status;
    est_i_captures *captures = reader->captures;
    for (size_t j = 0; j < n_lists; j++) {
        captures->list_names[j] = reader->plan.names[j];
        reader->plan.names[j] = NULL;
    }
    if (reader->plan.n_strata)
        status = take_strata(reader);
    else if (reader->options)
        take_periods(reader);
    else
        captures->block_names[0] = est_i_string_copy("");
    return status != EST_OK || captures->block_names[0] ? status : est_i_no_memory(reader->error);
}

/* A person on a list that was not at work in the stratum; `column` is that of the list, -1 = the columns of the lists. */
static est_status check_at_work(const capture_reader *reader, long column, size_t row, size_t block, uint32_t history)
{
    const est_i_captures *captures = reader->captures;
    uint32_t resting = history & ~captures->active[block];
    size_t j = 0;
    if (!resting)
        return EST_OK;
    while (!(resting >> j & 1))
        j++;
    return est_i_fail_at(reader->error, EST_EDEFINITION,
                         est_i_table_place(reader->data, column < 0 ? (long)reader->plan.columns[j] : column, row),
                         "found persons on list '%s' in stratum '%s', where it was not at work by %s; correct that table or the "
                         "data",
                         captures->list_names[j], captures->block_names[block], est_table_name(reader->strata_options->coverage));
}

/* Histories in columns */

static est_status fail_zeros(const capture_reader *reader, size_t row)
{
    long unnamed = est_i_capture_plan_unnamed(reader->data, &reader->plan, row);
    est_i_place place = est_i_table_place(reader->data, -1, row);
    if (unnamed >= 0)
        return est_i_fail_at(
            reader->error, EST_EVALUE, place,
            "found zeros only on the named lists: the record holds people only on lists that were not named "
            "(such as '%s'); name all lists, or remove such records first",
            est_table_column_name(reader->data, (size_t)unnamed));
    return est_i_fail_at(
        reader->error, EST_EVALUE, place,
        "found a history of zeros only, expected at least one list: whoever is on no list is not in the "
        "data; remove the record");
}

static est_status read_history(const capture_reader *reader, size_t row, uint32_t *history)
{
    const est_i_capture_plan *plan = &reader->plan;
    *history = 0;
    for (size_t j = 0; j < reader->captures->n_lists; j++) {
        double value = est_table_number(reader->data, plan->columns[j], row);
        if (!(value == 0 || value == 1))
            return fail_cell(reader, plan->columns[j], row, "0 or 1");
        *history |= (uint32_t)(value == 1) << j;
    }
    return *history ? EST_OK : fail_zeros(reader, row);
}

static est_status read_count(const capture_reader *reader, size_t row, double *count)
{
    est_status status = EST_OK;
    *count = 1;
    if (reader->plan.count >= 0) {
        *count = est_table_number(reader->data, (size_t)reader->plan.count, row);
        if (!(*count >= 0 && *count <= COUNT_MAX && *count == floor(*count)))
            status =
                fail_cell(reader, (size_t)reader->plan.count, row, "a whole number from 0 to 1000000000000");
    }
    return status;
}

static est_status read_columns(capture_reader *reader)
{
    est_i_captures *captures = reader->captures;
    size_t n_cells = captures->n_cells;
    bool is_counts = reader->plan.shape == EST_SHAPE_COUNTS;
    unsigned char *came = is_counts ? calloc(captures->n_blocks * n_cells, 1) : NULL;
    est_status status = is_counts && !came ? est_i_no_memory(reader->error) : EST_OK;
    for (size_t row = 0; status == EST_OK && row < est_table_rows(reader->data); row++) {
        uint32_t history = 0;
        double count = 0;
        status = stop_asked(reader, row);
        if (status == EST_OK)
            status = read_history(reader, row, &history);
        if (status == EST_OK)
            status = read_count(reader, row, &count);
        if (status == EST_OK && reader->plan.n_strata && count > 0)
            status = check_at_work(reader, -1, row, block_of_row(reader, row), history);
        if (status == EST_OK) {
            size_t block = block_of_row(reader, row);
            captures->counts[block][history] += count;
            if (captures->counts[block][history] > COUNT_MAX)
                status = est_i_fail_at(reader->error, EST_EVALUE,
                                       est_i_table_place(reader->data, reader->plan.count, row),
                                       "found more than 1000000000000 persons of one history in all records, "
                                       "expected at most so many");
            if (came) {
                captures->n_repeated += came[block * n_cells + history];
                came[block * n_cells + history] = 1;
            }
        }
    }
    free(came);
    return status;
}

/* Histories in records */

static int compare_names(const void *left, const void *right)
{
    const char *const *a = left, *const *b = right;
    return strcmp(*a, *b);
}

/* Without names the lists are the values of the list column, in the order of their bytes: it must not depend
 * on the rows. */
static est_status name_lists(capture_reader *reader, const est_i_levels *lists)
{
    est_i_capture_plan *plan = &reader->plan;
    est_status status = EST_OK;
    if (plan->lists_named)
        return status;
    status = est_i_capture_plan_check(reader->data, lists->count, reader->error);
    for (size_t level = 0; status == EST_OK && level < lists->count; level++) {
        char buffer[32];
        const char *name = est_table_text(reader->data, (size_t)plan->list, lists->first[level], buffer);
        plan->names[level] = est_i_string_copy(name ? name : "");
        plan->n_lists = level + 1;
        if (!plan->names[level])
            status = est_i_no_memory(reader->error);
    }
    if (status == EST_OK)
        qsort(plan->names, plan->n_lists, sizeof *plan->names, compare_names);
    return status;
}

static const char *name_in_dictionary(const void *user, size_t index)
{
    return est_i_dictionary_text(user, (uint32_t)index);
}

static est_status fail_list(const capture_reader *reader, const char *name, const est_i_dictionary *known)
{
    /* A column of very many values is no column of lists: its values stay unsaid. */
    size_t candidates = known->count <= 2 * EST_I_LISTS_MAX ? known->count : 0;
    const char *nearest = est_i_nearest_name(name, candidates, name_in_dictionary, known);
    return est_i_fail_at(reader->error, EST_ECOLUMN,
                         est_i_table_place_column(reader->data, reader->plan.list),
                         "list '%s' is not in this column; %s%s%s", name,
                         nearest ? "did you mean '" : "check the names of the lists", nearest ? nearest : "",
                         nearest ? "'?" : "");
}

/* of_level[level] = the list, n_lists = left out. */
static est_status match_lists(capture_reader *reader, const est_i_levels *lists, size_t *of_level)
{
    est_i_dictionary known = {0};
    size_t n_lists = reader->plan.n_lists;
    est_status status = EST_OK;
    for (size_t level = 0; status == EST_OK && level < lists->count; level++) {
        char buffer[32];
        const char *name =
            est_table_text(reader->data, (size_t)reader->plan.list, lists->first[level], buffer);
        of_level[level] = n_lists;
        if (est_i_dictionary_add(&known, name ? name : "", name ? strlen(name) : 0) == EST_I_DICTIONARY_NONE)
            status = est_i_no_memory(reader->error);
    }
    for (size_t j = 0; status == EST_OK && j < n_lists; j++) {
        const char *name = reader->plan.names[j];
        uint32_t level = est_i_dictionary_find(&known, name, strlen(name));
        if (level == EST_I_DICTIONARY_NONE)
            status = fail_list(reader, name, &known);
        else
            of_level[level] = j;
    }
    est_i_dictionary_free(&known);
    return status;
}

/* A person is in one stratum. */
static est_status check_persons(capture_reader *reader, const est_i_levels *persons)
{
    size_t *first = reader->plan.n_strata ? calloc(persons->count + 1, sizeof *first) : NULL; /* row + 1 */
    est_status status = first || !reader->plan.n_strata ? EST_OK : est_i_no_memory(reader->error);
    for (size_t row = 0; status == EST_OK && first && row < est_table_rows(reader->data); row++) {
        size_t *known = persons->level[row] == EST_I_NO_LEVEL ? NULL : &first[persons->level[row]];
        status = stop_asked(reader, row);
        if (status == EST_OK && known && *known == 0)
            *known = row + 1;
        else if (status == EST_OK && known && block_of_row(reader, *known - 1) != block_of_row(reader, row))
            status = est_i_fail_at(reader->error, EST_EVALUE, est_i_table_place(reader->data, -1, row),
                                   "found another stratum than in record %zu of the same person, expected each person in one "
                                   "stratum",
                                   *known);
    }
    free(first);
    return status;
}

/* Person and block -> history. */
static est_status join_records(capture_reader *reader, const est_i_levels *persons, const est_i_levels *lists,
                               const size_t *of_level, est_i_map *histories)
{
    const est_i_capture_plan *plan = &reader->plan;
    size_t n_blocks = count_blocks(reader);
    est_status status = check_persons(reader, persons);
    for (size_t row = 0; status == EST_OK && row < est_table_rows(reader->data); row++) {
        status = stop_asked(reader, row);
        if (status != EST_OK)
            break;
        if (persons->level[row] == EST_I_NO_LEVEL) {
            status = fail_missing(reader, plan->person, row, "what tells one person from another");
        } else if (lists->level[row] == EST_I_NO_LEVEL) {
            status = fail_missing(reader, plan->list, row, "the name of a list");
        } else if (of_level[lists->level[row]] < plan->n_lists) {
            size_t block = block_of_row(reader, row);
            uint32_t bit = (uint32_t)1 << of_level[lists->level[row]];
            uint32_t *history = est_i_map_at(histories, (uint64_t)persons->level[row] * n_blocks + block);
            if (!history) {
                status = est_i_no_memory(reader->error);
            } else {
                reader->captures->n_repeated += (*history & bit) != 0;
                *history |= bit;
                if (plan->n_strata)
                    status = check_at_work(reader, plan->list, row, block, bit);
            }
        }
    }
    return status;
}

static void count_histories(est_i_captures *captures, const est_i_map *histories)
{
    for (size_t i = 0; i < histories->capacity; i++)
        if (histories->entries[i].used)
            captures->counts[histories->entries[i].key % captures->n_blocks][histories->entries[i].value] +=
                1;
}

static est_status read_long(capture_reader *reader)
{
    est_i_levels persons = {0}, lists = {0};
    est_i_map histories = {0};
    size_t *of_level = NULL;
    est_status status =
        est_i_levels_read(reader->data, (size_t)reader->plan.list, &reader->monitor, &lists, reader->error);
    if (status == EST_OK)
        status = name_lists(reader, &lists);
    if (status == EST_OK)
        status = est_i_levels_read(reader->data, (size_t)reader->plan.person, &reader->monitor, &persons,
                                   reader->error);
    if (status == EST_OK && !(of_level = malloc((lists.count + 1) * sizeof *of_level)))
        status = est_i_no_memory(reader->error);
    if (status == EST_OK)
        status = match_lists(reader, &lists, of_level);
    if (status == EST_OK)
        status = start_captures(reader);
    if (status == EST_OK)
        status = join_records(reader, &persons, &lists, of_level, &histories);
    if (status == EST_OK)
        count_histories(reader->captures, &histories);
    free(of_level);
    est_i_map_free(&histories);
    est_i_levels_free(&persons);
    est_i_levels_free(&lists);
    return status;
}

/* Persons seen on any list */

static est_status check_seen(const capture_reader *reader, size_t row, double value)
{
    bool missing = est_table_is_missing(reader->data, (size_t)reader->plan.seen, row);
    est_status status = EST_OK;
    if (!missing && !(value >= 0 && value <= COUNT_MAX && value == floor(value)))
        status = fail_cell(reader, (size_t)reader->plan.seen, row, "a whole number from 0 to 1000000000000");
    return status;
}

static est_status read_seen(capture_reader *reader)
{
    est_i_captures *captures = reader->captures;
    size_t *first = calloc(captures->n_blocks, sizeof *first); /* row + 1 */
    est_status status = first ? EST_OK : est_i_no_memory(reader->error);
    for (size_t row = 0; status == EST_OK && row < est_table_rows(reader->data); row++) {
        size_t block = block_of_row(reader, row);
        double value = est_table_number(reader->data, (size_t)reader->plan.seen, row);
        double before = captures->seen[block];
        status = check_seen(reader, row, value);
        if (status == EST_OK && first[block] == 0) {
            first[block] = row + 1;
            captures->seen[block] = value;
            captures->has_seen = captures->has_seen || !isnan(value);
        } else if (status == EST_OK && !(value == before || (isnan(value) && isnan(before)))) {
            status = est_i_fail_at(
                reader->error, EST_EVALUE, est_i_table_place(reader->data, reader->plan.seen, row),
                "found another value than in record %zu, expected the same in every record of the %s",
                first[block], block_word(reader));
        }
    }
    for (size_t b = 0; status == EST_OK && b < captures->n_blocks; b++)
        if (captures->seen[b] < captures->totals[b])
            status = est_i_fail_at(
                reader->error, EST_EVALUE, est_i_table_place(reader->data, reader->plan.seen, first[b] - 1),
                "found fewer persons seen on any list than there are on the lists of this table%s%s%s%s; "
                "expected at least as many",
                *captures->block_names[b] ? " in " : "", *captures->block_names[b] ? block_word(reader) : "",
                *captures->block_names[b] ? " " : "", captures->block_names[b]);
    free(first);
    return status;
}

/* A rate of more persons than there are people is a slip in one of the two. */
static est_status check_population(const capture_reader *reader)
{
    const est_i_captures *captures = reader->captures;
    est_status status = EST_OK;
    for (size_t b = 0; status == EST_OK && captures->has_population && b < captures->n_blocks; b++)
        if (captures->population[b] < captures->totals[b]) {
            const est_table *file = reader->options->population;
            status = est_i_fail_at(
                reader->error, EST_EVALUE,
                est_i_table_place(file, est_table_find(file, "population"),
                                  reader->periods.period[b].file_row),
                "found a population of period '%s' below the number of persons on the lists in that period, "
                "expected at least as many",
                captures->block_names[b]);
        }
    return status;
}

/* Lists at work */

static est_status read_activity(capture_reader *reader)
{
    est_i_captures *captures = reader->captures;
    est_status status = EST_OK;
    if (!reader->options || !reader->options->list_dates)
        return status;
    captures->has_dates = true;
    for (size_t b = 0; b < captures->n_blocks; b++)
        reader->periods.period[b].label = captures->block_names[b];
    status = est_i_periods_active(&reader->periods, reader->options->list_dates, captures->n_lists,
                                  captures->list_names, captures->active, reader->error);
    for (size_t b = 0; b < captures->n_blocks; b++)
        reader->periods.period[b].label = NULL;
    for (size_t b = 0; status == EST_OK && b < captures->n_blocks; b++)
        for (size_t w = 1; status == EST_OK && w < captures->n_cells; w++)
            if (captures->counts[b][w] > 0 && (w & ~(size_t)captures->active[b]) != 0) {
                size_t j = 0, closed = w & ~(size_t)captures->active[b];
                while (!(closed >> j & 1))
                    j++;
                status = est_i_fail_at(
                    reader->error, EST_EDEFINITION, est_i_table_place_column(reader->data, -1),
                    "list '%s' has persons in period '%s', but its dates in %s say that it was not at work "
                    "then; correct the dates or the data",
                    captures->list_names[j], captures->block_names[b],
                    est_table_name(reader->options->list_dates));
            }
    return status;
}

static est_status read_all(capture_reader *reader)
{
    est_status status = read_blocks(reader);
    if (status == EST_OK && reader->plan.shape == EST_SHAPE_LONG) {
        status = read_long(reader);
    } else if (status == EST_OK) {
        status = start_captures(reader);
        if (status == EST_OK)
            status = read_columns(reader);
    }
    if (status == EST_OK) {
        est_i_captures_total(reader->captures);
        if (!(reader->captures->total > 0))
            status = est_i_fail_at(reader->error, EST_EDEFINITION, est_i_table_place_column(reader->data, -1),
                                   "found no person on any list, expected at least one");
    }
    if (status == EST_OK)
        status = check_population(reader);
    if (status == EST_OK && reader->plan.seen >= 0)
        status = read_seen(reader);
    if (status == EST_OK)
        status = read_activity(reader);
    if (status == EST_OK && reader->plan.n_strata)
        est_i_captures_finish_strata(reader->captures);
    return status;
}

static est_status read_table(capture_reader reader, const est_capture_options *options, const est_context *context,
                             est_i_captures **captures)
{
    const est_table *data = reader.data;
    est_error *error = reader.error;
    est_status status = EST_OK;
    *captures = NULL;
    est_i_monitor_start(&reader.monitor, context);
    est_i_monitor_stage(&reader.monitor, "counting histories", 0, 0);
    if (est_table_rows(data) == 0 || est_table_columns(data) == 0)
        status = est_i_fail_at(error, EST_EFORMAT, est_i_table_place_column(data, -1),
                               "found a table without records, expected capture histories");
    if (status == EST_OK)
        status = est_i_capture_plan_make(data, options, reader.options, reader.strata_options, &reader.plan, error);
    if (status == EST_OK)
        status = read_all(&reader);
    est_i_capture_plan_free(&reader.plan);
    est_i_levels_free(&reader.period_levels);
    est_i_periods_free(&reader.periods);
    est_i_strata_free(&reader.strata);
    if (status == EST_OK)
        *captures = reader.captures;
    else
        est_i_captures_free(reader.captures);
    return status;
}

est_status est_i_captures_read(const est_table *data, const est_capture_options *options,
                               const est_i_period_options *periods, const est_context *context,
                               est_i_captures **captures, est_error *error)
{
    return read_table((capture_reader){.data = data, .options = periods, .error = error}, options, context, captures);
}

est_status est_i_captures_read_strata(const est_table *data, const est_capture_options *options,
                                      const est_i_strata_options *strata, const est_context *context,
                                      est_i_captures **captures, est_error *error)
{
    *captures = NULL;
    if (strata->coverage && !(strata->columns && *strata->columns))
        return est_i_fail(error, EST_EOPTION, "found a coverage table, but no stratum columns; name them (--by)");
    return read_table((capture_reader){.data = data, .strata_options = strata, .error = error}, options, context, captures);
}
