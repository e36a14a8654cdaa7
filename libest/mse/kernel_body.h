/* The kernel for LANES data sets; included once for each width, with LANES and SUFFIX defined. Arithmetic is the same for every
 * width, and lanes never mix, so that a data set gives the same bytes in any of them (contraction is off). */
#include <math.h>
#include <string.h>

#include "mse/kernel_internal.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define NAME(name) JOIN(name, SUFFIX)

#if LANES == 1
typedef double NAME(lane_);
typedef int64_t NAME(mask_);
#else
typedef double NAME(lane_) __attribute__((vector_size(8 * LANES), may_alias));
typedef int64_t NAME(mask_) __attribute__((vector_size(8 * LANES), may_alias));
#endif
#define lane NAME(lane_)
#define mask NAME(mask_)
#define ALL(number) ((lane){0} + (number))

/* Work over cells or columns, where each element stands by itself, runs in chunks: a vector of lanes, or PER_CHUNK elements of the
 * one lane. A table's cells are a power of two, so only rows of the system leave a rest. */
#if LANES == 1
#define PER_CHUNK 2
typedef double NAME(chunk_) __attribute__((vector_size(16), aligned(8), may_alias));
typedef int64_t NAME(chunk_mask_) __attribute__((vector_size(16), aligned(8), may_alias));
typedef uint64_t NAME(chunk_word_) __attribute__((vector_size(16), aligned(8), may_alias));
#define LESS(a, b) (-(mask)((a) < (b)))
#define SELECT(when, yes, no) ((when) ? (yes) : (no))
#define CHUNK_OF(value) ((chunk){value, value})
#else
#define PER_CHUNK 1
typedef lane NAME(chunk_);
typedef mask NAME(chunk_mask_);
typedef uint64_t NAME(chunk_word_) __attribute__((vector_size(8 * LANES), may_alias));
#define LESS(a, b) ((mask)((a) < (b)))
#define SELECT(when, yes, no) CHUNK_SELECT(when, yes, no)
#define CHUNK_OF(value) (value)
#endif
#define chunk NAME(chunk_)
#define chunk_mask NAME(chunk_mask_)
#define CHUNK_LESS(a, b) ((chunk_mask)((a) < (b)))
#define CHUNK_SELECT(when, yes, no) ((chunk)(((chunk_mask)(yes) & (when)) | ((chunk_mask)(no) & ~(when))))
#define CHUNK_ALL(number) ((chunk){0} + (number))

/* exp by Cody and Waite's reduction to |r| <= log(2)/2 and the Taylor polynomial of degree 13 (truncation below 1e-17). Own code,
 * so that the bytes do not depend on the machine's library. Arguments are held within +-700. */
static inline chunk NAME(exp_)(chunk x)
{
    const double magic = 6755399441055744.0; /* 1.5 * 2^52: adding it rounds to a whole number */
    x = CHUNK_SELECT(CHUNK_LESS(x, CHUNK_ALL(-700.0)), CHUNK_ALL(-700.0), x);
    x = CHUNK_SELECT(CHUNK_LESS(CHUNK_ALL(700.0), x), CHUNK_ALL(700.0), x);
    chunk shifted = x * 1.44269504088896340736 + magic;
    chunk whole = shifted - magic;
    chunk r = x - whole * 6.93147180369123816490e-01;
    r = r - whole * 1.90821492927058770002e-10;
    chunk sum = r * (1.0 / 6227020800.0) + 1.0 / 479001600.0;
    sum = sum * r + 1.0 / 39916800.0;
    sum = sum * r + 1.0 / 3628800.0;
    sum = sum * r + 1.0 / 362880.0;
    sum = sum * r + 1.0 / 40320.0;
    sum = sum * r + 1.0 / 5040.0;
    sum = sum * r + 1.0 / 720.0;
    sum = sum * r + 1.0 / 120.0;
    sum = sum * r + 1.0 / 24.0;
    sum = sum * r + 1.0 / 6.0;
    sum = sum * r + 0.5;
    sum = sum * r + 1.0;
    sum = sum * r + 1.0;
    NAME(chunk_word_) exponent = ((NAME(chunk_word_))shifted - (NAME(chunk_word_))CHUNK_ALL(magic)) << 52;
    return (chunk)((NAME(chunk_word_))sum + exponent);
}

/* Element by element; `count` is a power of two. */
static inline void NAME(add_)(lane *target, const lane *source, size_t count)
{
    if (count < PER_CHUNK)
        *target += *source;
    for (size_t i = 0; i + PER_CHUNK <= count; i += PER_CHUNK)
        *(chunk *)(void *)(target + i) += *(const chunk *)(const void *)(source + i);
}

static inline void NAME(subset_sums_)(lane *v, size_t n, est_i_monitor *watch)
{
    for (size_t bit = 1; bit < n && !est_i_fit_is_stopped(watch); bit <<= 1)
        for (size_t high = 0; high < n; high += bit << 1)
            NAME(add_)(v + high + bit, v + high, bit);
}

static inline void NAME(superset_sums_)(lane *v, size_t n, est_i_monitor *watch)
{
    for (size_t bit = 1; bit < n && !est_i_fit_is_stopped(watch); bit <<= 1)
        for (size_t high = 0; high < n; high += bit << 1)
            NAME(add_)(v + high, v + high + bit, bit);
}

static inline double NAME(pairs_of_)(size_t w)
{
    int size = __builtin_popcountll(w);
    return 0.5 * size * (size - 1);
}

/* Linear predictor (or relative step) of one block: subset sums of its coefficients. */
static void NAME(predict_)(const est_i_terms *terms, size_t block, size_t n_blocks, const lane *local, const lane *shared, lane *out,
                           size_t n, est_i_monitor *watch)
{
    lane exchangeable = ALL(0.0);
    bool has_exchangeable = false;
    memset(out, 0, n * sizeof *out);
    for (size_t i = 0; i < terms->n_local + terms->n_shared; i++) {
        bool is_local = i < terms->n_local;
        if (!is_local && !est_i_acts(terms, i - terms->n_local, block, n_blocks))
            continue;
        uint32_t term = is_local ? terms->local[i] : terms->shared[i - terms->n_local];
        lane value = is_local ? local[i] : shared[i - terms->n_local];
        if (term == EST_I_EXCHANGEABLE) {
            exchangeable += value;
            has_exchangeable = true;
        } else
            out[term] += value;
    }
    NAME(subset_sums_)(out, n, watch);
    for (size_t w = 0; has_exchangeable && w < n; w++)
        out[w] += exchangeable * NAME(pairs_of_)(w);
}

/* Fitted sums S of one block from its linear predictor; with an exchangeable column also those of mu C(|w|,2). */
static void NAME(fit_sums_)(const lane *eta, const lane *keep, lane *sums, lane *pair_sums, size_t n, est_i_monitor *watch)
{
    for (size_t w = 0; w < n; w += PER_CHUNK)
        *(chunk *)(void *)(sums + w) =
            *(const chunk *)(const void *)(keep + w) * NAME(exp_)(*(const chunk *)(const void *)(eta + w));
    if (pair_sums) {
        for (size_t w = 0; w < n; w++)
            pair_sums[w] = sums[w] * NAME(pairs_of_)(w);
        lane squares = ALL(0.0);
        for (size_t w = 0; w < n; w++)
            squares += pair_sums[w] * NAME(pairs_of_)(w);
        NAME(superset_sums_)(pair_sums, n, watch);
        pair_sums[n] = squares;
    }
    NAME(superset_sums_)(sums, n, watch);
}

/* Information between two terms of a block. */
static inline lane NAME(information_)(uint32_t a, uint32_t b, const lane *sums, const lane *pair_sums, size_t n)
{
    lane value;
    if (a != EST_I_EXCHANGEABLE && b != EST_I_EXCHANGEABLE)
        value = sums[a | b];
    else if (a == b)
        value = pair_sums[n];
    else
        value = pair_sums[a == EST_I_EXCHANGEABLE ? b : a];
    return value;
}

static inline lane NAME(margin_)(uint32_t term, const lane *margins, const lane *moment)
{
    return *(term == EST_I_EXCHANGEABLE ? moment : margins + term);
}

static inline lane NAME(fitted_margin_)(uint32_t term, const lane *sums, const lane *pair_sums)
{
    return *(term == EST_I_EXCHANGEABLE ? pair_sums : sums + term);
}

/* What a solve works on, for all blocks. `right` gives the right-hand side of a term: score or start. */
typedef struct NAME(system_) {
    const est_i_terms *terms;
    size_t n, n_blocks, width; /* width = local + shared + 1 */
    const lane *sums, *pair_sums, *right_sums, *right_moment;
    bool has_pairs, is_score;
    const lane *beta;
    lane *rows, *schur, *step;
    lane decrement;
    mask vanished; /* lanes where a live pivot vanished */
    est_i_monitor *watch;
} NAME(system_);
#define system_t NAME(system_)

static inline lane NAME(right_side_)(const system_t *s, size_t block, uint32_t term)
{
    size_t stride = s->n + (s->has_pairs ? 1 : 0);
    const lane *pair_sums = s->has_pairs ? s->pair_sums + block * stride : NULL;
    const lane *right = s->right_sums + block * s->n;
    lane margin = NAME(margin_)(term, right, s->right_moment + block);
    if (s->is_score)
        margin -= NAME(fitted_margin_)(term, s->sums + block * s->n, pair_sums);
    return margin;
}

static inline void NAME(gather_row_)(lane *row, uint32_t term, const uint32_t *others, size_t count, const lane *sums,
                                     const lane *pair_sums, size_t n)
{
    if (pair_sums)
        for (size_t j = 0; j < count; j++)
            row[j] = NAME(information_)(term, others[j], sums, pair_sums, n);
    else
        for (size_t j = 0; j < count; j++)
            row[j] = sums[term | others[j]];
}

/* Rows [A | B | r] of one block, and its share of the shared corner. */
static void NAME(gather_)(system_t *s, size_t block)
{
    size_t q = s->terms->n_local, d = s->terms->n_shared, n = s->n;
    const lane *sums = s->sums + block * n;
    const lane *pair_sums = s->has_pairs ? s->pair_sums + block * (n + 1) : NULL;
    lane *rows = s->rows + block * q * s->width;
    for (size_t i = 0; i < q; i++) {
        uint32_t a = s->terms->local[i];
        double penalty = s->terms->penalty ? s->terms->penalty[i] : 0;
        lane *row = rows + i * s->width;
        NAME(gather_row_)(row + i, a, s->terms->local + i, q - i, sums, pair_sums, n);
        NAME(gather_row_)(row + q, a, s->terms->shared, d, sums, pair_sums, n);
        for (size_t j = 0; s->terms->acts && j < d; j++)
            if (!est_i_acts(s->terms, j, block, s->n_blocks))
                row[q + j] = ALL(0.0);
        row[q + d] = NAME(right_side_)(s, block, a);
        row[i] += penalty;
        if (s->is_score)
            row[q + d] -= penalty * s->beta[block * q + i];
    }
    for (size_t i = 0; i < d; i++) {
        lane *row = s->schur + i * (d + 1);
        if (!est_i_acts(s->terms, i, block, s->n_blocks))
            continue;
        for (size_t j = i; j < d; j++)
            if (est_i_acts(s->terms, j, block, s->n_blocks))
                row[j] += NAME(information_)(s->terms->shared[i], s->terms->shared[j], sums, pair_sums, n);
        row[d] += NAME(right_side_)(s, block, s->terms->shared[i]);
    }
}

/* 1/pivot, or 0 where the pivot has vanished beside its diagonal: a generalised inverse. */
static inline lane NAME(invert_pivot_)(lane pivot, lane diagonal, mask *vanished)
{
    mask live = LESS(ALL(0.0), diagonal), alive = LESS(diagonal * 1e-10, pivot) & live;
    lane safe = SELECT(alive, pivot, ALL(1.0));
    *vanished |= live & ~alive;
    return SELECT(alive, 1.0 / safe, ALL(0.0));
}

/* target -= factor[0] * row 0 + factor[1] * row 1 + ..., in this order, with the chunk's sum in a register. */
static inline void NAME(reduce_row_)(lane *target, const lane *rows, size_t stride, const lane *factor, size_t count,
                                     size_t size)
{
    size_t j = 0;
    for (; j + 4 * PER_CHUNK <= size; j += 4 * PER_CHUNK) {
        chunk *at = (chunk *)(void *)(target + j);
        chunk a = at[0], b = at[1], c = at[2], e = at[3];
        for (size_t k = 0; k < count; k++) {
            const chunk *row = (const chunk *)(const void *)(rows + k * stride + j);
            chunk by = CHUNK_OF(factor[k]);
            a -= by * row[0];
            b -= by * row[1];
            c -= by * row[2];
            e -= by * row[3];
        }
        at[0] = a;
        at[1] = b;
        at[2] = c;
        at[3] = e;
    }
    for (; j + PER_CHUNK <= size; j += PER_CHUNK) {
        chunk a = *(chunk *)(void *)(target + j);
        for (size_t k = 0; k < count; k++)
            a -= CHUNK_OF(factor[k]) * *(const chunk *)(const void *)(rows + k * stride + j);
        *(chunk *)(void *)(target + j) = a;
    }
    for (; j < size; j++) {
        lane a = target[j];
        for (size_t k = 0; k < count; k++)
            a -= factor[k] * rows[k * stride + j];
        target[j] = a;
    }
}

/* Eliminates the local rows of one block, row by row from those above; what they take from the shared corner is subtracted there.
 * The diagonal becomes its inverse. */
static void NAME(eliminate_)(system_t *s, size_t block)
{
    size_t q = s->terms->n_local, d = s->terms->n_shared, width = s->width;
    lane *rows = s->rows + block * q * width;
    lane factor[q + 1], inverse[q + 1];
    for (size_t i = 0; i < q && !est_i_fit_is_stopped(s->watch); i++) {
        lane *row = rows + i * width, diagonal = row[i];
        for (size_t k = 0; k < i; k++)
            factor[k] = rows[k * width + i] * inverse[k];
        NAME(reduce_row_)(row + i, rows + i, width, factor, i, width - i);
        row[i] = inverse[i] = NAME(invert_pivot_)(row[i], diagonal, &s->vanished);
        s->decrement += row[q + d] * row[q + d] * inverse[i];
    }
    for (size_t i = 0; i < d && !est_i_fit_is_stopped(s->watch); i++) {
        for (size_t k = 0; k < q; k++)
            factor[k] = rows[k * width + q + i] * inverse[k];
        NAME(reduce_row_)(s->schur + i * (d + 1) + i, rows + q + i, width, factor, q, d + 1 - i);
    }
}

static void NAME(solve_shared_)(system_t *s, lane *diagonal)
{
    size_t d = s->terms->n_shared;
    lane *step = s->step + s->n_blocks * s->terms->n_local, factor[d + 1], inverse[d + 1];
    for (size_t i = 0; i < d && !est_i_fit_is_stopped(s->watch); i++) {
        lane *row = s->schur + i * (d + 1);
        for (size_t k = 0; k < i; k++)
            factor[k] = s->schur[k * (d + 1) + i] * inverse[k];
        NAME(reduce_row_)(row + i, s->schur + i, d + 1, factor, i, d + 1 - i);
        row[i] = inverse[i] = NAME(invert_pivot_)(row[i], diagonal[i], &s->vanished);
        s->decrement += row[d] * row[d] * inverse[i];
    }
    for (size_t i = d; i-- > 0;) {
        lane *row = s->schur + i * (d + 1), rest = row[d];
        for (size_t j = d; --j > i;)
            rest -= row[j] * step[j];
        step[i] = rest * row[i];
    }
}

static void NAME(substitute_)(system_t *s, size_t block)
{
    size_t q = s->terms->n_local, d = s->terms->n_shared;
    lane *step = s->step + block * q;
    const lane *shared = s->step + s->n_blocks * q;
    for (size_t i = q; i-- > 0;) {
        lane *row = s->rows + (block * q + i) * s->width, rest = row[q + d];
        for (size_t j = 0; j < d; j++)
            rest -= row[q + j] * shared[j];
        for (size_t j = q; --j > i;)
            rest -= row[j] * step[j];
        step[i] = rest * row[i];
    }
}

/* step = H^- r for the bordered block-diagonal H; the decrement r' H^- r comes free. */
static void NAME(solve_)(system_t *s)
{
    size_t d = s->terms->n_shared;
    lane diagonal[d + 1];
    memset(s->schur, 0, d * (d + 1) * sizeof(lane));
    s->vanished = (mask){0};
    s->decrement = ALL(0.0);
    for (size_t k = 0; k < s->n_blocks; k++)
        NAME(gather_)(s, k);
    for (size_t i = 0; i < d; i++)
        diagonal[i] = s->schur[i * (d + 1) + i];
    for (size_t k = 0; k < s->n_blocks; k++)
        NAME(eliminate_)(s, k);
    NAME(solve_shared_)(s, diagonal);
    for (size_t k = 0; k < s->n_blocks; k++)
        NAME(substitute_)(s, k);
}

/* Cells that contain a term without a margin leave: unpenalised local terms block by block, shared terms over all blocks. */
static void NAME(drop_dead_cells_)(const est_i_fit_data *data, const est_i_terms *terms, est_i_fit_space *space)
{
    size_t n = data->n_cells, q = terms->n_local;
    lane *dead = (lane *)(void *)space->coefficient, *keep = (lane *)(void *)space->keep;
    const lane *margins = (const lane *)(const void *)data->margins;
    for (size_t k = 0; k < data->n_blocks; k++) {
        const lane *own = margins + k * n;
        lane any = ALL(0.0);
        memset(dead, 0, n * sizeof *dead);
        for (size_t i = 0; i < q; i++) {
            if (terms->local[i] == EST_I_EXCHANGEABLE || (terms->penalty && terms->penalty[i] > 0))
                continue;
            lane empty = SELECT(LESS(ALL(0.0), own[terms->local[i]]), ALL(0.0), ALL(1.0));
            dead[terms->local[i]] = empty;
            any += empty;
        }
        for (size_t i = 0; i < terms->n_shared; i++) {
            lane total = ALL(0.0);
            if (terms->shared[i] == EST_I_EXCHANGEABLE || !est_i_acts(terms, i, k, data->n_blocks))
                continue;
            for (size_t b = 0; b < data->n_blocks; b++)
                if (est_i_acts(terms, i, b, data->n_blocks))
                    total += margins[b * n + terms->shared[i]];
            lane empty = SELECT(LESS(ALL(0.0), total), ALL(0.0), ALL(1.0));
            dead[terms->shared[i]] += empty;
            any += empty;
        }
        if (!est_i_any_nonzero((const double *)&any, LANES))
            continue;
        NAME(subset_sums_)(dead, n, space->watch);
        for (size_t w = 0; w < n; w++)
            keep[k * n + w] = SELECT(LESS(ALL(0.0), dead[w]), ALL(0.0), keep[k * n + w]);
    }
}

/* Log likelihood up to the constant: sum of beta n* minus the fitted total minus the penalty. */
static lane NAME(evaluate_)(const est_i_fit_data *data, const est_i_terms *terms, bool has_pairs, est_i_fit_space *space)
{
    size_t n = data->n_cells, q = terms->n_local;
    const lane *beta = (const lane *)(const void *)space->beta, *shared = beta + data->n_blocks * q;
    const lane *margins = (const lane *)(const void *)data->margins, *moment = (const lane *)(const void *)data->moment;
    lane *eta = (lane *)(void *)space->coefficient, *sums = (lane *)(void *)space->fitted_sums;
    lane *pair_sums = (lane *)(void *)space->pair_sums;
    lane loglik = ALL(0.0);
    for (size_t k = 0; k < data->n_blocks; k++) {
        const lane *local = beta + k * q;
        NAME(predict_)(terms, k, data->n_blocks, local, shared, eta, n, space->watch);
        NAME(fit_sums_)(eta, (lane *)(void *)space->keep + k * n, sums + k * n, has_pairs ? pair_sums + k * (n + 1) : NULL, n,
                        space->watch);
        for (size_t i = 0; i < q; i++) {
            loglik += local[i] * NAME(margin_)(terms->local[i], margins + k * n, moment + k);
            if (terms->penalty)
                loglik -= 0.5 * terms->penalty[i] * local[i] * local[i];
        }
        for (size_t i = 0; i < terms->n_shared; i++)
            if (est_i_acts(terms, i, k, data->n_blocks))
                loglik += shared[i] * NAME(margin_)(terms->shared[i], margins + k * n, moment + k);
        loglik -= sums[k * n];
    }
    return loglik;
}

/* Cold start: one weighted least squares step from fitted values n + 0.1. */
static void NAME(cold_start_)(const est_i_fit_data *data, system_t *s, est_i_fit_space *space)
{
    size_t n = data->n_cells, cells = n * data->n_blocks;
    lane *sums = (lane *)(void *)space->fitted_sums, *right = (lane *)(void *)space->change;
    lane *pair_sums = (lane *)(void *)space->pair_sums, *moment = (lane *)(void *)space->next;
    const lane *keep = (const lane *)(const void *)space->keep;
    const lane *start = (const lane *)(const void *)data->start, *start_log = (const lane *)(const void *)data->start_log;
    for (size_t w = 0; w < cells; w++) {
        sums[w] = keep[w] * start[w];
        right[w] = keep[w] * start_log[w];
    }
    for (size_t k = 0; k < data->n_blocks; k++) {
        if (s->has_pairs) {
            lane squares = ALL(0.0), *block_pairs = pair_sums + k * (n + 1);
            moment[k] = ALL(0.0);
            for (size_t w = 0; w < n; w++) {
                double pairs = NAME(pairs_of_)(w);
                block_pairs[w] = sums[k * n + w] * pairs;
                squares += block_pairs[w] * pairs;
                moment[k] += right[k * n + w] * pairs;
            }
            NAME(superset_sums_)(block_pairs, n, space->watch);
            block_pairs[n] = squares;
        }
        NAME(superset_sums_)(sums + k * n, n, space->watch);
        NAME(superset_sums_)(right + k * n, n, space->watch);
    }
    s->is_score = false;
    s->right_sums = right;
    s->right_moment = moment;
    s->step = (lane *)(void *)space->beta;
    NAME(solve_)(s);
}

/* Relative Newton step of every fitted value, and its minimum over kept cells. */
static lane NAME(relative_step_)(const est_i_fit_data *data, const est_i_terms *terms, const lane *step, est_i_fit_space *space)
{
    size_t n = data->n_cells;
    lane *change = (lane *)(void *)space->change, least = ALL(INFINITY);
    const lane *keep = (const lane *)(const void *)space->keep;
    for (size_t k = 0; k < data->n_blocks; k++) {
        lane *own = change + k * n;
        NAME(predict_)(terms, k, data->n_blocks, step + k * terms->n_local, step + data->n_blocks * terms->n_local, own, n,
                       space->watch);
        for (size_t w = 0; w < n; w++) {
            lane value = SELECT(LESS(ALL(0.0), keep[k * n + w]), own[w], ALL(INFINITY));
            least = SELECT(LESS(value, least), value, least);
        }
    }
    return least;
}

/* Moves lane `l` on: what its last evaluation and solve say. */
static void NAME(advance_lane_)(NAME(system_) *s, const est_i_fit_data *data, const est_i_fit_request *request,
                                est_i_lane_course *course, est_i_fit_space *space, size_t l)
{
    const double *least = (const double *)(const void *)course->least;
    int64_t vanished[LANES];
    memcpy(vanished, &s->vanished, sizeof vanished);
    course->step[l] = 1;
    course->reference[l] = course->loglik[l];
    space->decrement[l] = course->decrement[l];
    double reach = course->loglik[l] + course->decrement[l] - data->constant[l];
    if (!(course->decrement[l] >= 0) || !isfinite(course->loglik[l]))
        est_i_lane_stop(course, space, l, EST_I_FIT_FAILED);
    else if (request->need && least[l] >= -1 && reach < request->need[l])
        est_i_lane_stop(course, space, l, EST_I_FIT_DISCARDED);
    else if (course->decrement[l] < 1e-10) {
        est_i_fit_state state = EST_I_FIT_UNCERTAIN;
        if (course->jumped[l])
            state = EST_I_FIT_FACE;
        else if (vanished[l])
            state = EST_I_FIT_RANK;
        else if (least[l] > -0.99 && !course->has_empty_block[l])
            state = EST_I_FIT_INTERIOR;
        course->loglik[l] += course->decrement[l] / 2;
        est_i_lane_stop(course, space, l, state);
    } else if (!request->no_face_jump && course->iterations[l] >= 4 && course->decrement[l] < 2 &&
               least[l] < -0.75 && est_i_drop_vanishing_cells(data, space, l)) {
        course->jumped[l] = true;
        course->reference[l] = -INFINITY;
    }
}

/* beta = previous + step * delta, lane by lane; stopped lanes take their last full step once and then stand still. */
static void NAME(move_)(est_i_fit_space *space, const est_i_lane_course *course, const lane *found, size_t n_parameters)
{
    lane *beta = (lane *)(void *)space->beta, *previous = (lane *)(void *)space->previous;
    lane *delta = (lane *)(void *)space->delta, step;
    mask accepted, moving;
    memcpy(&step, course->step, sizeof step);
    memcpy(&accepted, course->accepted, sizeof accepted);
    memcpy(&moving, course->moving, sizeof moving);
    for (size_t i = 0; i < n_parameters; i++) {
        previous[i] = SELECT(accepted, beta[i], previous[i]);
        delta[i] = SELECT(accepted, found[i], delta[i]);
        beta[i] = SELECT(moving, previous[i] + step * delta[i], beta[i]);
    }
}

static void NAME(iterate_)(const est_i_fit_data *data, const est_i_fit_request *request, system_t *s, est_i_lane_course *course,
                           est_i_fit_space *space)
{
    const est_i_terms *terms = &request->terms;
    size_t n_parameters = data->n_blocks * terms->n_local + terms->n_shared;
    lane *found = (lane *)(void *)space->next;
    s->is_score = true;
    s->right_sums = (const lane *)(const void *)data->margins;
    s->right_moment = (const lane *)(const void *)data->moment;
    s->step = found;
    while (est_i_course_running(course, request, space)) {
        lane loglik = NAME(evaluate_)(data, terms, s->has_pairs, space);
        memcpy(course->loglik, &loglik, sizeof loglik);
        if (est_i_course_judge(course, space)) {
            NAME(solve_)(s);
            lane least = NAME(relative_step_)(data, terms, found, space);
            memcpy(course->decrement, &s->decrement, sizeof s->decrement);
            memcpy(course->least, &least, sizeof least);
            for (size_t l = 0; l < LANES; l++)
                if (course->accepted[l])
                    NAME(advance_lane_)(s, data, request, course, space, l);
        }
        NAME(move_)(space, course, found, n_parameters);
    }
}

void NAME(est_i_fit_)(const est_i_fit_data *data, const est_i_fit_request *request, est_i_fit_space *space)
{
    const est_i_terms *terms = &request->terms;
    size_t n_parameters = data->n_blocks * terms->n_local + terms->n_shared;
    est_i_lane_course course;
    system_t s = {.terms = terms, .n = data->n_cells, .n_blocks = data->n_blocks, .width = terms->n_local + terms->n_shared + 1,
                  .sums = (lane *)(void *)space->fitted_sums, .pair_sums = (lane *)(void *)space->pair_sums,
                  .has_pairs = est_i_has_exchangeable(terms), .beta = (lane *)(void *)space->beta,
                  .rows = (lane *)(void *)space->rows, .schur = (lane *)(void *)space->schur,
                  .watch = est_i_fit_watch(data, request)};
    space->watch = s.watch;
    memcpy(space->keep, request->keep ? request->keep : data->keep, data->n_blocks * data->n_cells * sizeof(lane));
    NAME(drop_dead_cells_)(data, terms, space);
    if (request->warm)
        memcpy(space->beta, request->warm, n_parameters * sizeof(lane));
    else
        NAME(cold_start_)(data, &s, space);
    memset(space->previous, 0, n_parameters * sizeof(lane));
    memset(space->delta, 0, n_parameters * sizeof(lane));
    est_i_course_start(&course, data, request, space);
    NAME(iterate_)(data, request, &s, &course, space);
    for (size_t l = 0; l < LANES; l++)
        space->loglik[l] = course.loglik_final[l] - data->constant[l];
    est_i_fit_end(request, space);
    space->fits++;
}

#undef lane
#undef mask
#undef LESS
#undef SELECT
#undef PER_CHUNK
#undef chunk
#undef chunk_mask
#undef CHUNK_LESS
#undef CHUNK_SELECT
#undef CHUNK_ALL
#undef CHUNK_OF
#undef ALL
#undef system_t
#undef NAME
#undef JOIN
#undef JOIN_
