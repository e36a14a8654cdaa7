/* Lanes are gathered, fitted in the narrowest kernel that holds them, and their answers put back. */
#include "mse/packing.h"

#include <stdlib.h>
#include <string.h>

#define WIDTHS 4 /* 1, 2, 4 and 8 lanes */

struct est_i_packing {
    est_i_fit_data *data[WIDTHS];
    est_i_fit_space *fit[WIDTHS];
    double *start;
    size_t held[EST_I_LANES_MOST]; /* the lanes that stand in data[of width] now */
    size_t held_width;             /* 0 = none */
};

est_i_packing *est_i_packing_new(size_t n_lists, size_t n_blocks, size_t most_local, size_t most_shared)
{
    est_i_packing *p = calloc(1, sizeof *p);
    void *start = NULL;
    size_t bytes = ((most_local * n_blocks + most_shared) * EST_I_LANES_MOST + 1) * sizeof(double);
    if (!p)
        return NULL;
    bool whole = posix_memalign(&start, 64, bytes) == 0;
    p->start = whole ? start : NULL;
    for (size_t i = 0; whole && i < WIDTHS; i++) {
        p->data[i] = est_i_fit_data_new((size_t)1 << i, n_lists, n_blocks);
        p->fit[i] = est_i_fit_space_new((size_t)1 << i, n_lists, n_blocks, most_local, most_shared);
        whole = p->data[i] && p->fit[i];
    }
    if (!whole) {
        est_i_packing_free(p);
        p = NULL;
    }
    return p;
}

void est_i_packing_free(est_i_packing *packing)
{
    if (!packing)
        return;
    for (size_t i = 0; i < WIDTHS; i++) {
        est_i_fit_data_free(packing->data[i]);
        est_i_fit_space_free(packing->fit[i]);
    }
    free(packing->start);
    free(packing);
}

void est_i_packing_forget(est_i_packing *packing)
{
    packing->held_width = 0;
}

/* Rows of `lanes` numbers to rows of `width`. */
static void gather(const double *from, size_t lanes, const size_t *lane, size_t width, size_t rows, double *to)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < width; j++)
            to[i * width + j] = from[i * lanes + lane[j]];
}

static void pack(est_i_packing *p, const est_i_fit_data *data, const size_t *lane, size_t width, est_i_fit_data *to)
{
    size_t cells = data->n_blocks * data->n_cells;
    if (p->held_width == width && memcmp(p->held, lane, width * sizeof *lane) == 0)
        return;
    gather(data->counts, data->lanes, lane, width, cells, to->counts);
    gather(data->margins, data->lanes, lane, width, cells, to->margins);
    gather(data->keep, data->lanes, lane, width, cells, to->keep);
    gather(data->start, data->lanes, lane, width, cells, to->start);
    gather(data->start_log, data->lanes, lane, width, cells, to->start_log);
    gather(data->moment, data->lanes, lane, width, data->n_blocks, to->moment);
    gather(data->constant, data->lanes, lane, width, 1, to->constant);
    gather(data->total, data->lanes, lane, width, 1, to->total);
    memcpy(p->held, lane, width * sizeof *lane);
    p->held_width = width;
}

static void give_back(const est_i_fit_space *fit, const size_t *lane, size_t count, size_t n_parameters, est_i_fit_space *space)
{
    for (size_t j = 0; j < count; j++) {
        space->state[lane[j]] = fit->state[j];
        space->loglik[lane[j]] = fit->loglik[j];
        space->iterations[lane[j]] = fit->iterations[j];
    }
    for (size_t i = 0; i < n_parameters; i++)
        for (size_t j = 0; j < count; j++)
            space->beta[i * space->lanes + lane[j]] = fit->beta[i * fit->lanes + j];
}

/* The first `count` of `lane`; those up to the width repeat the first and are not fitted. */
static void fit_lanes(est_i_packing *p, const est_i_fit_data *data, const est_i_fit_request *request, size_t *lane, size_t count,
                      est_i_fit_space *space)
{
    size_t width = 1, place = 0, n_parameters = data->n_blocks * request->terms.n_local + request->terms.n_shared;
    bool wanted[EST_I_LANES_MOST];
    double need[EST_I_LANES_MOST];
    est_i_fit_request own = *request;
    for (; width < count; width *= 2)
        place++;
    for (size_t j = 0; j < width; j++) {
        lane[j] = j < count ? lane[j] : lane[0];
        wanted[j] = j < count;
        need[j] = request->need ? request->need[lane[j]] : 0;
    }
    pack(p, data, lane, width, p->data[place]);
    own.wanted = wanted;
    own.need = request->need ? need : NULL;
    if (request->warm) {
        gather(request->warm, data->lanes, lane, width, n_parameters, p->start);
        own.warm = p->start;
    }
    est_i_fit(p->data[place], &own, p->fit[place]);
    give_back(p->fit[place], lane, count, n_parameters, space);
    space->fits++;
}

void est_i_packing_fit(est_i_packing *packing, const est_i_fit_data *data, const est_i_fit_request *request, est_i_fit_space *space)
{
    size_t lane[EST_I_LANES_MOST], count = 0;
    for (size_t l = 0; l < data->lanes; l++)
        if (!request->wanted || request->wanted[l])
            lane[count++] = l;
    if (2 * count > data->lanes) {
        est_i_fit(data, request, space);
        return;
    }
    for (size_t l = 0; l < data->lanes; l++)
        space->state[l] = EST_I_FIT_IDLE;
    if (count)
        fit_lanes(packing, data, request, lane, count, space);
}
