/* The first pass of a calibration: rows with the same values become one cell. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "survey/calibrate_parts.h"

/* ---- the table of cells ---- */

est_i_x_cells *est_i_x_cells_new(size_t words)
{
    est_i_x_cells *cells = calloc(1, sizeof *cells);
    if (cells)
        cells->words = words ? words : 1;
    return cells;
}

static void empty(est_i_x_cells *cells)
{
    free(cells->key);
    free(cells->sum);
    free(cells->rows);
    free(cells->slots);
    cells->key = NULL;
    cells->sum = NULL;
    cells->rows = NULL;
    cells->slots = NULL;
    cells->count = cells->capacity = cells->n_slots = 0;
}

void est_i_x_cells_free(est_i_x_cells *cells)
{
    if (cells) {
        empty(cells);
        free(cells);
    }
}

static size_t hash(const uint64_t *key, size_t words)
{
    uint64_t h = 0;
    for (size_t w = 0; w < words; w++) {
        h = (h ^ key[w]) * UINT64_C(0x9E3779B97F4A7C15);
        h ^= h >> 29;
    }
    return (size_t)(h ^ (h >> 32));
}

static bool same_key(const uint64_t *a, const uint64_t *b, size_t words)
{
    size_t w = 0;
    while (w < words && a[w] == b[w])
        w++;
    return w == words;
}

/* The slot that holds the key, or the free one where it belongs. */
static size_t slot_of(const est_i_x_cells *cells, const uint64_t *key)
{
    size_t mask = cells->n_slots - 1, slot = hash(key, cells->words) & mask;
    while (cells->slots[slot] && !same_key(cells->key + (cells->slots[slot] - 1) * cells->words, key, cells->words))
        slot = (slot + 1) & mask;
    return slot;
}

static bool grow(est_i_x_cells *cells)
{
    size_t capacity = cells->capacity ? 2 * cells->capacity : 64, n_slots = 4 * capacity;
    uint64_t *key = realloc(cells->key, capacity * cells->words * sizeof *key);
    cells->key = key ? key : cells->key;
    est_i_dd *sum = realloc(cells->sum, capacity * 3 * sizeof *sum);
    cells->sum = sum ? sum : cells->sum;
    size_t *rows = realloc(cells->rows, capacity * sizeof *rows);
    cells->rows = rows ? rows : cells->rows;
    uint32_t *slots = calloc(n_slots, sizeof *slots);
    if (!key || !sum || !rows || !slots) {
        free(slots);
        return false;
    }
    free(cells->slots);
    cells->slots = slots;
    cells->n_slots = n_slots;
    cells->capacity = capacity;
    for (size_t c = 0; c < cells->count; c++)
        cells->slots[slot_of(cells, cells->key + c * cells->words)] = (uint32_t)(c + 1);
    return true;
}

size_t est_i_x_cells_look_up(const est_i_x_cells *cells, const uint64_t *key)
{
    uint32_t found = cells->n_slots ? cells->slots[slot_of(cells, key)] : 0;
    return found ? found - 1 : SIZE_MAX;
}

size_t est_i_x_cells_find(est_i_x_cells *cells, const uint64_t *key, bool make, est_status *status)
{
    size_t cell = est_i_x_cells_look_up(cells, key);
    if (cell != SIZE_MAX || !make || cells->overflow)
        return cell;
    if (cells->count == EST_I_CALIBRATION_CELLS_MAX) {
        empty(cells);
        cells->overflow = true;
        return SIZE_MAX;
    }
    if (cells->count == cells->capacity && !grow(cells)) {
        *status = EST_ENOMEM;
        return SIZE_MAX;
    }
    cell = cells->count++;
    memcpy(cells->key + cell * cells->words, key, cells->words * sizeof *key);
    cells->sum[3 * cell] = cells->sum[3 * cell + 1] = cells->sum[3 * cell + 2] = (est_i_dd){0, 0};
    cells->rows[cell] = 0;
    cells->slots[slot_of(cells, key)] = (uint32_t)(cell + 1);
    return cell;
}

/* ---- rows as keys ---- */

static bool is_keyed(const est_i_calibration *calibration, size_t variable)
{
    return variable != calibration->weight_variable;
}

/* Variable by variable: the inner loops are short. */
void est_i_x_keys(const est_i_calibration *calibration, const est_i_rows *rows, size_t first, size_t n, uint64_t *key,
                  uint32_t *missing)
{
    size_t words = calibration->words;
    memset(key, 0, n * words * sizeof *key);
    memset(missing, 0, n * sizeof *missing);
    for (size_t v = 0; v < calibration->n_variables; v++) {
        uint64_t *at = key + calibration->word[v];
        if (!is_keyed(calibration, v))
            continue;
        if (calibration->variables[v].kind == EST_I_VARIABLE_LEVELS) {
            const uint32_t *level = rows->level[calibration->first + v] + first;
            for (size_t i = 0; i < n; i++, at += words) {
                missing[i] = level[i] == EST_I_NO_LEVEL_NUMBER ? (uint32_t)v + 1 : missing[i];
                *at |= (uint64_t)level[i] << calibration->shift[v];
            }
        } else {
            const double *value = rows->value[calibration->first + v] + first;
            for (size_t i = 0; i < n; i++, at += words) {
                double number = value[i] + 0.0; /* -0 becomes 0 */
                missing[i] = isnan(number) ? (uint32_t)v + 1 : missing[i];
                memcpy(at, &number, sizeof number);
            }
        }
    }
}

void est_i_x_unpack(const est_i_calibration *calibration, const uint64_t *key, uint32_t *level, double *number)
{
    for (size_t v = 0; v < calibration->n_variables; v++) {
        if (!is_keyed(calibration, v))
            continue;
        if (calibration->variables[v].kind == EST_I_VARIABLE_LEVELS)
            level[v] = (uint32_t)(key[calibration->word[v]] >> calibration->shift[v]);
        else
            memcpy(&number[v], &key[calibration->word[v]], sizeof number[v]);
    }
}

bool est_i_x_row_of(const est_i_calibration *calibration, const est_i_rows *rows, size_t row, uint32_t *level, double *number)
{
    bool complete = true;
    for (size_t v = 0; v < calibration->n_variables; v++) {
        size_t at = calibration->first + v;
        if (!is_keyed(calibration, v))
            continue;
        if (calibration->variables[v].kind == EST_I_VARIABLE_LEVELS)
            complete = (level[v] = rows->level[at][row]) != EST_I_NO_LEVEL_NUMBER && complete;
        else
            complete = !isnan(number[v] = rows->value[at][row]) && complete;
    }
    return complete;
}

double est_i_x_declared(const est_i_calibration *calibration, const est_i_rows *rows, size_t row)
{
    return rows->value[calibration->first + calibration->weight_variable][row] * calibration->scale;
}

bool est_i_x_counts(const est_i_calibration *calibration, const est_i_rows *rows, size_t row)
{
    bool declared = calibration->options.kind == EST_I_CALIBRATE_DECLARED;
    return rows->base_weight[row] > 0 && (!declared || est_i_x_declared(calibration, rows, row) != 0);
}

/* ---- the pass ---- */

static void *part_new(void *user)
{
    const est_i_calibration *calibration = user;
    est_i_x_pass *pass = calloc(1, sizeof *pass);
    if (!pass)
        return NULL;
    pass->cells = est_i_x_cells_new(calibration->words);
    pass->quick = calloc(1 << 16, sizeof *pass->quick);
    pass->missing = calloc(calibration->n_variables + 1, sizeof *pass->missing);
    pass->smallest = INFINITY;
    pass->largest = -INFINITY;
    if (pass->cells && pass->missing && pass->quick)
        return pass;
    est_i_x_pass_free(pass);
    return NULL;
}

void est_i_x_pass_free(est_i_x_pass *pass)
{
    if (pass) {
        est_i_x_cells_free(pass->cells);
        free(pass->missing);
        free(pass->quick);
        free(pass);
    }
}

static void part_free(void *user, void *part)
{
    (void)user;
    est_i_x_pass_free(part);
}

/* A calibrated weight is a number, and it is nothing where the weight before it is. */
static bool take_declared(est_i_x_pass *pass, double weight, double declared)
{
    if (!(declared > -INFINITY && declared < INFINITY) || (!(weight > 0) && declared != 0)) {
        pass->bad_weights++;
        return false;
    }
    pass->without += weight > 0 && declared == 0;
    if (declared != 0) {
        pass->smallest = fmin(pass->smallest, declared / weight);
        pass->largest = fmax(pass->largest, declared / weight);
    }
    pass->sum_after += declared;
    pass->square_after += declared * declared;
    return true;
}

/* The place of a key in `quick`: two levels below 256 in one word; SIZE_MAX for others. */
static size_t quick_place(const est_i_x_pass *pass, const uint64_t *key)
{
    return pass->cells->words == 1 && !(*key & UINT64_C(0xFFFFFF00FFFFFF00)) ? (size_t)(*key | *key >> 24) & 0xFFFF : SIZE_MAX;
}

static size_t find_cell(est_i_x_pass *pass, const uint64_t *key, est_status *status)
{
    size_t place = quick_place(pass, key), cell;
    if (place != SIZE_MAX && pass->quick[place] && !pass->cells->overflow)
        return pass->quick[place] - 1;
    cell = est_i_x_cells_find(pass->cells, key, true, status);
    if (place != SIZE_MAX && cell != SIZE_MAX)
        pass->quick[place] = (uint32_t)cell + 1;
    return cell;
}

/* The cell of each row of a block; SIZE_MAX for rows that count for none. */
static est_status find_cells(const est_i_calibration *calibration, est_i_x_pass *pass, const est_i_rows *rows, size_t first,
                             size_t n,
                             size_t *cell)
{
    uint64_t key[EST_I_X_BLOCK * calibration->words + 1];
    uint32_t missing[EST_I_X_BLOCK];
    est_status status = EST_OK;
    est_i_x_keys(calibration, rows, first, n, key, missing);
    for (size_t i = 0; i < n && status == EST_OK; i++) {
        bool counts = est_i_x_counts(calibration, rows, first + i);
        pass->rows += counts ? 1 : 0;
        cell[i] = SIZE_MAX;
        if (counts && missing[i])
            pass->missing[missing[i] - 1]++;
        else if (counts)
            cell[i] = find_cell(pass, key + i * calibration->words, &status);
    }
    return status;
}

static void add_weights(est_i_x_cells *cells, const double *weight, size_t n, const size_t *cell)
{
    for (size_t i = 0; i < n; i++)
        if (cell[i] != SIZE_MAX && !cells->overflow) {
            est_i_dd *sum = cells->sum + 3 * cell[i];
            sum[0] = est_i_dd_add_double(sum[0], weight[i]);
            sum[1].high += weight[i] * weight[i];
            cells->rows[cell[i]]++;
        }
}

static void add_declared(const est_i_calibration *calibration, est_i_x_pass *pass, const est_i_rows *rows, size_t first, size_t n,
                         const size_t *cell)
{
    for (size_t i = 0; i < n; i++) {
        double declared = est_i_x_declared(calibration, rows, first + i);
        if (take_declared(pass, rows->base_weight[first + i], declared) && cell[i] != SIZE_MAX && !pass->cells->overflow) {
            est_i_dd *sum = pass->cells->sum + 3 * cell[i];
            sum[2] = est_i_dd_add_double(sum[2], declared);
        }
    }
}

static est_status take(void *user, void *part, const est_i_rows *rows, est_error *error)
{
    const est_i_calibration *calibration = user;
    est_i_x_pass *pass = part;
    size_t cell[EST_I_X_BLOCK];
    est_status status = EST_OK;
    for (size_t first = 0; first < rows->n && status == EST_OK; first += EST_I_X_BLOCK) {
        size_t n = rows->n - first < EST_I_X_BLOCK ? rows->n - first : EST_I_X_BLOCK;
        status = find_cells(calibration, pass, rows, first, n, cell);
        if (status != EST_OK)
            break;
        add_weights(pass->cells, rows->base_weight + first, n, cell);
        if (calibration->options.kind == EST_I_CALIBRATE_DECLARED)
            add_declared(calibration, pass, rows, first, n, cell);
    }
    return status == EST_OK ? EST_OK : est_i_no_memory(error);
}

/* Level numbers in the keys become the final ones. */
static est_status settle(void *user, void *part, const est_i_renumbering *final, est_error *error)
{
    const est_i_calibration *calibration = user;
    est_i_x_pass *pass = part;
    est_i_x_cells *cells = pass->cells;
    free(pass->quick);
    pass->quick = NULL;
    for (size_t c = 0; c < cells->count; c++)
        for (size_t v = 0; v < calibration->n_variables; v++) {
            if (!is_keyed(calibration, v) || calibration->variables[v].kind != EST_I_VARIABLE_LEVELS)
                continue;
            uint64_t *word = &cells->key[c * cells->words + calibration->word[v]];
            uint64_t own = *word >> calibration->shift[v] & UINT32_MAX;
            uint64_t settled = final->level[calibration->first + v][own];
            *word = (*word & ~((uint64_t)UINT32_MAX << calibration->shift[v])) | settled << calibration->shift[v];
        }
    if (cells->n_slots)
        memset(cells->slots, 0, cells->n_slots * sizeof *cells->slots);
    for (size_t c = 0; c < cells->count; c++)
        cells->slots[slot_of(cells, cells->key + c * cells->words)] = (uint32_t)(c + 1);
    (void)error;
    return EST_OK;
}

static est_status join_cells(est_i_x_cells *into, const est_i_x_cells *from, est_error *error)
{
    est_status status = EST_OK;
    if (from->overflow && !into->overflow) {
        empty(into);
        into->overflow = true;
    }
    for (size_t c = 0; c < from->count && !into->overflow && status == EST_OK; c++) {
        size_t cell = est_i_x_cells_find(into, from->key + c * from->words, true, &status);
        if (cell == SIZE_MAX)
            continue;
        for (size_t k = 0; k < 3; k++)
            into->sum[3 * cell + k] = est_i_dd_add(into->sum[3 * cell + k], from->sum[3 * c + k]);
        into->rows[cell] += from->rows[c];
    }
    return status == EST_OK ? EST_OK : est_i_no_memory(error);
}

static est_status join(void *user, void *into, void *from, est_error *error)
{
    const est_i_calibration *calibration = user;
    est_i_x_pass *a = into;
    const est_i_x_pass *b = from;
    for (size_t v = 0; v < calibration->n_variables; v++)
        a->missing[v] += b->missing[v];
    a->rows += b->rows;
    a->bad_weights += b->bad_weights;
    a->without += b->without;
    a->smallest = fmin(a->smallest, b->smallest);
    a->largest = fmax(a->largest, b->largest);
    a->sum_after += b->sum_after;
    a->square_after += b->square_after;
    return join_cells(a->cells, b->cells, error);
}

est_status est_i_x_collect(est_i_calibration *calibration, est_i_sample *sample, est_i_x_pass **pass, est_error *error)
{
    static const est_i_rows_consumer consumer = {part_new, take, settle, join, part_free};
    void *part = NULL;
    est_status status = est_i_sample_pass(sample, &consumer, calibration, "calibrating", &part, error);
    *pass = part;
    return status;
}
