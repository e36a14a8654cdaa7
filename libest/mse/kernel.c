/* The kernel's memory, the course of its lanes, and the choice of width. */
#include "mse/kernel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mse/kernel_internal.h"
#include "numerics/special.h"

#define ITERATIONS_MOST 100
#define LONG_TABLE 16384     /* cells, lanes counted, or parameters of a block, from which an iteration may take a millisecond */
#define LONG_PARAMETERS 100

#define ALIGNMENT 64

/* Zeros on a vector's limit, with the address that calloc gave before them. calloc need not touch a large piece, so
 * that its pages are first met where the monitor is asked. */
static double *aligned_doubles(size_t count)
{
    char *memory = count > SIZE_MAX / 16 ? NULL : calloc(1, count * sizeof(double) + 2 * ALIGNMENT);
    if (!memory)
        return NULL;
    char *aligned = memory + 2 * ALIGNMENT - (uintptr_t)memory % ALIGNMENT;
    memcpy(aligned - sizeof memory, &memory, sizeof memory);
    return (double *)(void *)aligned;
}

static void free_aligned(double *values)
{
    char *memory = NULL;
    if (values)
        memcpy(&memory, (char *)values - sizeof memory, sizeof memory);
    free(memory);
}

est_i_fit_space *est_i_fit_space_new(size_t lanes, size_t n_lists, size_t n_blocks, size_t most_local, size_t most_shared)
{
    est_i_fit_space *space = calloc(1, sizeof *space);
    size_t n = (size_t)1 << n_lists, cells = n * n_blocks, parameters = most_local * n_blocks + most_shared;
    size_t width = most_local + most_shared + 1;
    size_t per_parameter = parameters > n_blocks ? parameters : n_blocks;
    size_t sizes[] = {per_parameter, per_parameter, per_parameter, per_parameter, cells, cells, cells, n, cells + n_blocks,
                      most_local * n_blocks * width, most_shared * (most_shared + 1)};
    double **parts[] = {&space->beta, &space->previous, &space->delta, &space->next, &space->fitted_sums, &space->keep,
                        &space->change, &space->coefficient, &space->pair_sums, &space->rows, &space->schur};
    size_t count = sizeof sizes / sizeof sizes[0], total = 0;
    if (!space)
        return NULL;
    for (size_t i = 0; i < count; i++)
        total += (sizes[i] * lanes + 7) / 8 * 8;
    space->memory = aligned_doubles(total);
    if (!space->memory) {
        free(space);
        return NULL;
    }
    *space = (est_i_fit_space){.lanes = lanes, .n_lists = n_lists, .n_cells = n, .n_blocks = n_blocks,
                               .most_local = most_local, .most_shared = most_shared, .memory = space->memory};
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        *parts[i] = space->memory + used;
        used += (sizes[i] * lanes + 7) / 8 * 8;
    }
    return space;
}

void est_i_fit_space_free(est_i_fit_space *space)
{
    if (space)
        free_aligned(space->memory);
    free(space);
}

est_i_fit_data *est_i_fit_data_new(size_t lanes, size_t n_lists, size_t n_blocks)
{
    est_i_fit_data *data = calloc(1, sizeof *data);
    size_t n = (size_t)1 << n_lists, size = n * n_blocks * lanes;
    if (!data)
        return NULL;
    *data = (est_i_fit_data){.lanes = lanes, .n_lists = n_lists, .n_cells = n, .n_blocks = n_blocks,
                             .counts = aligned_doubles(size), .margins = aligned_doubles(size), .keep = aligned_doubles(size),
                             .start = aligned_doubles(size), .start_log = aligned_doubles(size),
                             .moment = aligned_doubles(n_blocks * lanes)};
    if (!data->counts || !data->margins || !data->keep || !data->start || !data->start_log || !data->moment) {
        est_i_fit_data_free(data);
        return NULL;
    }
    for (size_t i = 0; i < size; i++)
        data->keep[i] = 1;
    for (size_t i = 0; i < n_blocks * lanes; i++)
        data->keep[i / lanes * n * lanes + i % lanes] = 0;
    return data;
}

void est_i_fit_data_free(est_i_fit_data *data)
{
    if (!data)
        return;
    free_aligned(data->counts);
    free_aligned(data->margins);
    free_aligned(data->keep);
    free_aligned(data->start);
    free_aligned(data->start_log);
    free_aligned(data->moment);
    free(data);
}

static void add_values(double *target, const double *source, size_t count)
{
    for (size_t i = 0; i < count; i++)
        target[i] += source[i];
}

/* Cells of several lanes: each a row of values. */
static void sum_lane_supersets(double *v, size_t n, size_t lanes, est_i_monitor *watch)
{
    for (size_t bit = 1; bit < n && !est_i_fit_is_stopped(watch); bit <<= 1)
        for (size_t high = 0; high < n; high += bit << 1)
            add_values(v + high * lanes, v + (high + bit) * lanes, bit * lanes);
}

void est_i_sum_supersets(double *v, size_t n, est_i_monitor *monitor)
{
    sum_lane_supersets(v, n, 1, n >= LONG_TABLE ? monitor : NULL);
}

void est_i_sum_subsets(double *v, size_t n, est_i_monitor *monitor)
{
    for (size_t bit = 1; bit < n && !(n >= LONG_TABLE && est_i_monitor_cancelled(monitor)); bit <<= 1)
        for (size_t high = 0; high < n; high += bit << 1)
            add_values(v + high + bit, v + high, bit);
}

/* Most cells of a large table are empty, and their logarithm is the same. */
static void prepare_cell(est_i_fit_data *data, size_t block, size_t w, size_t lane, double empty_log)
{
    size_t i = (block * data->n_cells + w) * data->lanes + lane;
    double size = (double)__builtin_popcountll(w), count = data->keep[i] > 0 ? data->counts[i] : 0;
    data->margins[i] = count;
    data->start[i] = count + 0.1;
    data->start_log[i] = data->start[i] * (count > 0 ? log(data->start[i]) : empty_log);
    data->moment[block * data->lanes + lane] += count * size * (size - 1) / 2;
    data->total[lane] += count;
    if (count > 1 || (count > 0 && count != 1))
        data->constant[lane] += est_i_log_gamma(count + 1);
}

void est_i_fit_data_prepare(est_i_fit_data *data)
{
    est_i_fit_data_prepare_asking(data, NULL);
}

void est_i_fit_data_prepare_asking(est_i_fit_data *data, est_i_monitor *monitor)
{
    est_i_monitor *watch = data->n_cells >= LONG_TABLE ? monitor : NULL;
    double empty_log = log(0.1);
    memset(data->constant, 0, sizeof data->constant);
    memset(data->total, 0, sizeof data->total);
    memset(data->moment, 0, data->n_blocks * data->lanes * sizeof *data->moment);
    for (size_t k = 0; k < data->n_blocks; k++)
        for (size_t w = 0; w < data->n_cells && !(w % 4096 == 0 && est_i_fit_is_stopped(watch)); w++)
            for (size_t l = 0; l < data->lanes; l++)
                prepare_cell(data, k, w, l, empty_log);
    for (size_t k = 0; k < data->n_blocks; k++)
        sum_lane_supersets(data->margins + k * data->n_cells * data->lanes, data->n_cells, data->lanes, watch);
}

est_i_monitor *est_i_fit_watch(const est_i_fit_data *data, const est_i_fit_request *request)
{
    bool is_long = data->n_blocks * data->n_cells * data->lanes >= LONG_TABLE ||
                   request->terms.n_local + request->terms.n_shared >= LONG_PARAMETERS;
    return is_long ? request->monitor : NULL;
}

void est_i_fit_end(const est_i_fit_request *request, est_i_fit_space *space)
{
    bool stopped = est_i_fit_is_stopped(space->watch);
    for (size_t l = 0; stopped && l < space->lanes; l++)
        if (!request->wanted || request->wanted[l])
            space->state[l] = EST_I_FIT_FAILED;
    space->watch = NULL;
}

void est_i_course_start(est_i_lane_course *course, const est_i_fit_data *data, const est_i_fit_request *request,
                        est_i_fit_space *space)
{
    *course = (est_i_lane_course){.lanes = data->lanes};
    for (size_t l = 0; l < data->lanes; l++) {
        for (size_t k = 0; k < data->n_blocks; k++)
            course->has_empty_block[l] |= !(data->margins[k * data->n_cells * data->lanes + l] > 0);
        course->running[l] = !request->wanted || request->wanted[l];
        course->reference[l] = course->loglik_final[l] = -INFINITY;
        space->state[l] = EST_I_FIT_IDLE;
        space->iterations[l] = 0;
        space->decrement[l] = 0;
    }
}

bool est_i_course_running(est_i_lane_course *course, const est_i_fit_request *request, est_i_fit_space *space)
{
    bool any = false, cancelled = est_i_monitor_cancelled(request->monitor);
    for (size_t l = 0; l < course->lanes; l++) {
        if (cancelled && course->running[l])
            est_i_lane_stop(course, space, l, EST_I_FIT_FAILED);
        any = any || course->running[l];
    }
    return any;
}

/* The likelihood may fall by rounding alone. */
static bool has_fallen(double now, double before)
{
    return !(now >= before - 1e-12 * fabs(before) - 1e-7);
}

bool est_i_course_judge(est_i_lane_course *course, est_i_fit_space *space)
{
    bool any = false;
    for (size_t l = 0; l < course->lanes; l++) {
        course->accepted[l] = course->moving[l] = 0;
        if (!course->running[l])
            continue;
        course->moving[l] = -1;
        if (course->iterations[l] > 0 && has_fallen(course->loglik[l], course->reference[l])) {
            course->step[l] /= 2;
            course->iterations[l]++;
            if (course->step[l] < 1e-9 || course->iterations[l] > ITERATIONS_MOST)
                est_i_lane_stop(course, space, l, EST_I_FIT_FAILED);
            continue;
        }
        course->iterations[l]++;
        course->accepted[l] = -1;
        any = true;
        if (course->iterations[l] > ITERATIONS_MOST) {
            course->accepted[l] = course->moving[l] = 0;
            est_i_lane_stop(course, space, l, EST_I_FIT_FAILED);
        }
    }
    return any;
}

void est_i_lane_stop(est_i_lane_course *course, est_i_fit_space *space, size_t lane, est_i_fit_state state)
{
    course->running[lane] = false;
    course->loglik_final[lane] = course->loglik[lane];
    space->state[lane] = state;
    space->iterations[lane] = course->iterations[lane];
    if (state == EST_I_FIT_FAILED)
        course->moving[lane] = 0;
}

bool est_i_drop_vanishing_cells(const est_i_fit_data *data, est_i_fit_space *space, size_t lane)
{
    size_t cells = data->n_blocks * data->n_cells, lanes = data->lanes;
    bool any = false;
    for (size_t w = 0; w < cells; w++) {
        size_t i = w * lanes + lane;
        if (space->keep[i] > 0 && data->counts[i] <= 0 && space->change[i] < -0.75) {
            space->keep[i] = 0;
            any = true;
        }
    }
    return any;
}

bool est_i_any_nonzero(const double *values, size_t n)
{
    bool any = false;
    for (size_t i = 0; i < n; i++)
        any = any || values[i] != 0;
    return any;
}

bool est_i_has_exchangeable(const est_i_terms *terms)
{
    return (terms->n_local && terms->local[terms->n_local - 1] == EST_I_EXCHANGEABLE) ||
           (terms->n_shared && terms->shared[terms->n_shared - 1] == EST_I_EXCHANGEABLE);
}

#if defined(__x86_64__)
size_t est_i_kernel_lanes(void)
{
    size_t lanes = 2;
    if (__builtin_cpu_supports("avx512f"))
        lanes = 8;
    else if (__builtin_cpu_supports("avx2"))
        lanes = 4;
    return lanes;
}
#else
size_t est_i_kernel_lanes(void)
{
    return 2;
}
#endif

void est_i_fit(const est_i_fit_data *data, const est_i_fit_request *request, est_i_fit_space *space)
{
    switch (data->lanes) {
    case 8:
        est_i_fit_8(data, request, space);
        break;
    case 4:
        est_i_fit_4(data, request, space);
        break;
    case 2:
        est_i_fit_2(data, request, space);
        break;
    default:
        est_i_fit_1(data, request, space);
    }
}

void est_i_fit_data_take_lane(const est_i_fit_data *from, size_t lane, est_i_fit_data *to, est_i_monitor *monitor)
{
    size_t cells = from->n_blocks * from->n_cells;
    for (size_t w = 0; w < cells; w++) {
        to->counts[w] = from->counts[w * from->lanes + lane];
        to->keep[w] = from->keep[w * from->lanes + lane];
    }
    est_i_fit_data_prepare_asking(to, monitor);
    to->constant[0] = from->constant[lane];
}

bool est_i_is_observable(const est_i_fit_data *data, size_t block, uint32_t term)
{
    bool found = false;
    uint32_t with = term == EST_I_EXCHANGEABLE ? 0 : term;
    for (uint32_t w = with; w < data->n_cells && !found; w = (w + 1) | with) {
        bool holds = w > 0 && (term != EST_I_EXCHANGEABLE || __builtin_popcount(w) >= 2);
        found = holds && data->keep[(block * data->n_cells + w) * data->lanes] > 0;
    }
    return found;
}
