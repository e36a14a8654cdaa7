#include "mse/linkage_fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "mse/joint.h"
#include "numerics/parallel.h"
#include "numerics/rng.h"
#include "numerics/special.h"

/* The model */

est_status est_i_linkage_model_new(const est_i_captures *captures, const uint32_t *dependence, size_t n_dependence,
                                   est_i_linkage_model **model, est_error *error)
{
    est_i_linkage_model *made = calloc(1, sizeof *made);
    bool common = captures->n_blocks > 1;
    *model = NULL;
    if (!made)
        return est_i_no_memory(error);
    made->captures = captures;
    made->n_blocks = captures->n_blocks;
    made->n_cells = captures->n_cells;
    made->local = calloc(captures->n_lists + 1 + n_dependence, sizeof *made->local);
    made->shared = calloc(n_dependence + 1, sizeof *made->shared);
    if (!made->local || !made->shared) {
        est_i_linkage_model_free(made);
        return est_i_no_memory(error);
    }
    size_t main = est_i_main_terms(captures->n_lists, made->local);
    if (n_dependence)
        memcpy(common ? made->shared : made->local + main, dependence, n_dependence * sizeof *dependence);
    made->terms = (est_i_terms){.n_local = main + (common ? 0 : n_dependence), .local = made->local,
                                .n_shared = common ? n_dependence : 0, .shared = made->shared};
    *model = made;
    return EST_OK;
}

void est_i_linkage_model_free(est_i_linkage_model *model)
{
    if (model) {
        free(model->local);
        free(model->shared);
        free(model);
    }
}

est_status est_i_linkage_population(const est_i_linkage_model *model, const double *counts, est_i_monitor *monitor,
                                    double *population, est_error *error)
{
    const est_i_captures *captures = model->captures;
    est_i_joint *joint = NULL;
    est_i_fit_data *data = est_i_fit_data_new(1, captures->n_lists, model->n_blocks);
    if (!data)
        return est_i_no_memory(error);
    for (size_t k = 0; k < model->n_blocks; k++)
        for (size_t w = 1; w < model->n_cells; w++) {
            data->counts[k * model->n_cells + w] = counts[k * model->n_cells + w];
            data->keep[k * model->n_cells + w] = (w & ~(size_t)captures->active[k]) ? 0 : 1;
        }
    est_i_fit_data_prepare(data);
    est_status status = est_i_joint_fit(data, &model->terms, monitor, &joint, error);
    for (size_t k = 0; k < model->n_blocks && status == EST_OK; k++)
        population[k] = joint->verdict->estimable[k] ? data->margins[k * model->n_cells] + exp(joint->log_unseen[k]) : NAN;
    est_i_joint_free(joint);
    est_i_fit_data_free(data);
    return status;
}

/* Assumptions */

est_status est_i_linkage_point_of(size_t n_lists, size_t n_blocks, const est_i_keep *missed, const est_i_keep *wrong,
                                  est_i_linkage_point **point, est_error *error)
{
    est_i_linkage_point *made = calloc(1, sizeof *made);
    bool good = made != NULL;
    *point = NULL;
    if (made) {
        made->n_blocks = n_blocks;
        made->missed = calloc(n_blocks, sizeof *made->missed);
        made->wrong = calloc(n_blocks, sizeof *made->wrong);
        made->missed_matches = calloc(n_blocks, sizeof(est_i_splitting *));
        made->wrong_links = calloc(n_blocks, sizeof(est_i_splitting *));
        good = made->missed && made->wrong && made->missed_matches && made->wrong_links;
    }
    for (size_t k = 0; good && k < n_blocks; k++) {
        made->missed[k] = missed[k];
        made->wrong[k] = wrong[k];
        made->missed_matches[k] = est_i_splitting_new(n_lists, &missed[k]);
        made->wrong_links[k] = est_i_splitting_new(n_lists, &wrong[k]);
        good = made->missed_matches[k] && made->wrong_links[k];
    }
    if (!good) {
        est_i_linkage_point_free(made);
        return est_i_no_memory(error);
    }
    *point = made;
    return EST_OK;
}

est_status est_i_linkage_point_new(size_t n_lists, size_t n_blocks, double sensitivity, double wrong, est_i_linkage_point **point,
                                   est_error *error)
{
    est_i_keep *keep = calloc(2 * n_blocks, sizeof *keep);
    est_status status = keep ? EST_OK : est_i_no_memory(error);
    *point = NULL;
    for (size_t k = 0; keep && k < n_blocks; k++) {
        keep[k] = est_i_keep_all(sensitivity);
        keep[n_blocks + k] = est_i_keep_all(1 - wrong);
    }
    if (status == EST_OK)
        status = est_i_linkage_point_of(n_lists, n_blocks, keep, keep + n_blocks, point, error);
    free(keep);
    return status;
}

void est_i_linkage_point_free(est_i_linkage_point *point)
{
    if (point) {
        for (size_t k = 0; point->missed_matches && k < point->n_blocks; k++)
            est_i_splitting_free(point->missed_matches[k]);
        for (size_t k = 0; point->wrong_links && k < point->n_blocks; k++)
            est_i_splitting_free(point->wrong_links[k]);
        free(point->missed_matches);
        free(point->wrong_links);
        free(point->missed);
        free(point->wrong);
        free(point);
    }
}

/* Answers */

est_status est_i_linkage_answer_new(const est_i_linkage_model *model, est_i_linkage_answer **answer, est_error *error)
{
    size_t n = model->n_blocks;
    est_i_linkage_answer *made = calloc(1, sizeof *made);
    *answer = NULL;
    if (made) {
        made->n_blocks = n;
        made->corrected = calloc(n * model->n_cells, sizeof *made->corrected);
        made->exact = calloc(n, sizeof *made->exact);
        made->population = calloc(4 * n, sizeof *made->population);
    }
    if (!made || !made->corrected || !made->exact || !made->population) {
        est_i_linkage_answer_free(made);
        return est_i_no_memory(error);
    }
    made->lower = made->population + n;
    made->upper = made->population + 2 * n;
    made->without = made->population + 3 * n;
    for (size_t k = 0; k < 3 * n; k++)
        made->population[k] = NAN;
    *answer = made;
    return EST_OK;
}

void est_i_linkage_answer_free(est_i_linkage_answer *answer)
{
    if (answer) {
        free(answer->corrected);
        free(answer->exact);
        free(answer->population);
        free(answer);
    }
}

/* Takes the errors of one block out of `counts`. `work`: 3 * n_cells numbers. */
static bool correct_block(const est_i_linkage_point *point, size_t block, size_t n_cells, const double *counts, double *corrected,
                          double *work)
{
    est_i_splitting_apply(point->wrong_links[block], counts, work);
    return est_i_splitting_undo(point->missed_matches[block], work, corrected, work + n_cells);
}

/* With two lists a table that is not exact has more matches than the shorter list has records: no population. */
static void refuse_impossible(const est_i_linkage_model *model, const bool *exact, double *population)
{
    for (size_t k = 0; k < model->n_blocks; k++)
        if (model->captures->n_lists == 2 && !exact[k])
            population[k] = NAN;
}

est_status est_i_linkage_solve(const est_i_linkage_model *model, const est_i_linkage_point *point, est_i_monitor *monitor,
                               est_i_linkage_answer *answer, est_error *error)
{
    size_t n = model->n_cells;
    double *work = calloc(3 * n, sizeof *work);
    if (!work)
        return est_i_no_memory(error);
    for (size_t k = 0; k < model->n_blocks; k++)
        answer->exact[k] = correct_block(point, k, n, model->captures->counts[k], answer->corrected + k * n, work);
    est_status status = est_i_linkage_population(model, answer->corrected, monitor, answer->population, error);
    if (status == EST_OK)
        refuse_impossible(model, answer->exact, answer->population);
    free(work);
    return status;
}

/* Intervals */

typedef struct replication {
    const est_i_linkage_model *model;
    est_i_linkage_point *const *points;
    est_i_linkage_answer *const *answers;
    size_t n_points, replicates;
    est_i_monitor *monitor;
    double *draws; /* [point][block][replicate] */
} replication;

/* Persons seen, from the corrected table: Binomial(N, n / N), then the histories (decisions.md 4). Where N is not known n stays. */
static void draw_persons(const est_i_linkage_answer *answer, size_t block, size_t n_cells, est_i_rng *rng, double *drawn)
{
    const double *table = answer->corrected + block * n_cells;
    double seen = 0, population = answer->population[block];
    for (size_t w = 1; w < n_cells; w++)
        seen += table[w];
    double persons = isfinite(population) ? est_i_rng_binomial(rng, seen / population, round(population)) : round(seen);
    est_i_rng_multinomial(rng, persons, n_cells, table, drawn);
}

/* One block of one replicate into `corrected`. `work`: n_cells * (n_lists + 5) + 1 numbers. */
static bool replicate_block(const replication *r, size_t index, size_t replicate, size_t block, double *corrected, double *work)
{
    const est_i_linkage_point *point = r->points[index];
    size_t n = r->model->n_cells, n_lists = r->model->captures->n_lists;
    double *persons = work, *linked = work + n, *rest = work + 2 * n;
    est_i_rng rng;
    est_i_rng_start(&rng, r->monitor->context.seed, EST_I_PURPOSE_BOOTSTRAP, (uint32_t)replicate, (uint32_t)block);
    draw_persons(r->answers[index], block, n, &rng, persons);
    est_i_split_persons(&point->missed[block], n_lists, persons, &rng, linked);
    est_i_join_falsely(&point->wrong[block], n_lists, linked, &rng, rest);
    return correct_block(point, block, n, linked, corrected, rest);
}

static est_status replicate_one(void *user, size_t item, int worker)
{
    const replication *r = user;
    size_t index = item / r->replicates, replicate = item % r->replicates, n = r->model->n_cells, blocks = r->model->n_blocks;
    double *corrected = calloc(blocks * n, sizeof *corrected), *population = calloc(blocks, sizeof *population);
    double *work = calloc(n * (r->model->captures->n_lists + 5) + 1, sizeof *work);
    bool *exact = calloc(blocks, sizeof *exact);
    est_status status = corrected && population && work && exact ? EST_OK : EST_ENOMEM;
    (void)worker;
    for (size_t k = 0; k < blocks && status == EST_OK; k++)
        exact[k] = replicate_block(r, index, replicate, k, corrected + k * n, work);
    if (status == EST_OK)
        status = est_i_linkage_population(r->model, corrected, r->monitor, population, NULL);
    if (status == EST_OK)
        refuse_impossible(r->model, exact, population);
    for (size_t k = 0; k < blocks && status == EST_OK; k++)
        r->draws[(index * blocks + k) * r->replicates + replicate] = isfinite(population[k]) ? population[k] : INFINITY;
    free(corrected);
    free(population);
    free(work);
    free(exact);
    return status;
}

static void take_percentiles(const replication *r, double level)
{
    for (size_t i = 0; i < r->n_points; i++)
        for (size_t k = 0; k < r->model->n_blocks; k++) {
            double *draws = r->draws + (i * r->model->n_blocks + k) * r->replicates;
            est_i_linkage_answer *answer = r->answers[i];
            double without = 0;
            for (size_t d = 0; d < r->replicates; d++)
                without += isinf(draws[d]) ? 1 : 0;
            answer->without[k] = without / (double)r->replicates;
            if (isnan(answer->population[k]))
                continue;
            est_i_sort(draws, r->replicates);
            answer->lower[k] = est_i_quantile(draws, r->replicates, (1 - level) / 2);
            answer->upper[k] = est_i_quantile(draws, r->replicates, (1 + level) / 2);
        }
}

static void take_closed_forms(const est_i_linkage_model *model, est_i_linkage_point *const *points,
                              est_i_linkage_answer *const *answers, size_t n_points, double level)
{
    for (size_t i = 0; i < n_points; i++)
        for (size_t k = 0; k < model->n_blocks; k++) {
            const double *n = model->captures->counts[k];
            est_i_two_lists closed = est_i_linkage_two_lists(n[1] + n[3], n[2] + n[3], n[3], points[i]->missed[k].keep[0][1],
                                                             1 - points[i]->wrong[k].keep[0][1], level);
            if (!isnan(answers[i]->population[k])) {
                answers[i]->lower[k] = closed.lower;
                answers[i]->upper[k] = closed.upper;
            }
        }
}

static est_status report_failure(est_status status, est_error *error)
{
    if (status == EST_ENOMEM)
        status = est_i_no_memory(error);
    else if (status == EST_ECANCELLED)
        status = est_i_cancelled(error);
    else if (status != EST_OK)
        status = est_i_fail(error, status, "a fit within the replicates failed");
    return status;
}

est_status est_i_linkage_intervals(const est_i_linkage_model *model, est_i_linkage_point *const *points,
                                   est_i_linkage_answer *const *answers, size_t n_points, size_t replicates, double level,
                                   est_i_monitor *monitor, est_error *error)
{
    replication r = {model, points, answers, n_points, replicates, monitor, NULL};
    if (model->captures->n_lists == 2) {
        take_closed_forms(model, points, answers, n_points, level);
        return EST_OK;
    }
    if (replicates == 0 || n_points == 0)
        return EST_OK;
    r.draws = calloc(n_points * model->n_blocks * replicates, sizeof *r.draws);
    if (!r.draws)
        return est_i_no_memory(error);
    est_status status = est_i_parallel_for(n_points * replicates, monitor->context.threads, replicate_one, &r, monitor);
    if (status == EST_OK)
        take_percentiles(&r, level);
    free(r.draws);
    return report_failure(status, error);
}

/* Simulation on records. SIMEX: Cook and Stefanski (1994) JASA 89:1314-1328; for misclassification, with powers of its matrix,
 * Kuechenhoff, Mwalili and Lesaffre (2006) Biometrics 62:85-96. On the log of N the two-list estimate is linear in lambda:
 * N(lambda) = n1 n2 / (m a^lambda). */

#define N_LAMBDA 4
static const double lambdas[N_LAMBDA] = {0.5, 1, 1.5, 2};

typedef struct simulation {
    const est_i_linkage_model *model;
    const est_i_linked *linked;
    const double *sensitivity, *wrong;
    size_t n_pairs, simulations;
    est_i_monitor *monitor;
    double *draws; /* [pair][lambda][block][simulation] */
} simulation;

/* Splits every unit at random and counts the histories of what comes out. */
static void split_units(const est_i_linked *linked, double keep, est_i_rng *rng, double *counts)
{
    size_t n_cells = linked->captures->n_cells;
    for (size_t unit = 0; unit < linked->n_units; unit++) {
        size_t first = linked->first[unit], size = linked->first[unit + 1] - first, history = 0;
        double *block = counts + linked->block[unit] * n_cells;
        size_t anchor = size > 1 ? (size_t)(est_i_rng_uniform(rng) * (double)size) : 0;
        for (size_t i = 0; i < size; i++) {
            size_t bit = (size_t)1 << linked->list[first + i];
            if (i == anchor || est_i_rng_uniform(rng) < keep)
                history |= bit;
            else
                block[bit] += 1;
        }
        block[history] += 1;
    }
}

static est_status simulate_one(void *user, size_t item, int worker)
{
    const simulation *s = user;
    size_t run = item % s->simulations, step = item / s->simulations % N_LAMBDA, pair = item / s->simulations / N_LAMBDA;
    size_t n = s->model->n_cells, blocks = s->model->n_blocks, n_lists = s->model->captures->n_lists;
    double *counts = calloc(blocks * n, sizeof *counts), *population = calloc(blocks, sizeof *population);
    double *weights = calloc(n * n_lists + 1, sizeof *weights);
    est_i_keep links = est_i_keep_all(pow(1 - s->wrong[pair], lambdas[step]));
    est_i_rng rng;
    est_status status = counts && population && weights ? EST_OK : EST_ENOMEM;
    (void)worker;
    est_i_rng_start(&rng, s->monitor->context.seed, EST_I_PURPOSE_LINKAGE, (uint32_t)run, (uint32_t)(pair * N_LAMBDA + step));
    if (status == EST_OK)
        split_units(s->linked, pow(s->sensitivity[pair], lambdas[step]), &rng, counts);
    for (size_t k = 0; k < blocks && status == EST_OK; k++)
        est_i_join_falsely(&links, n_lists, counts + k * n, &rng, weights);
    if (status == EST_OK)
        status = est_i_linkage_population(s->model, counts, s->monitor, population, NULL);
    for (size_t k = 0; k < blocks && status == EST_OK; k++)
        s->draws[((pair * N_LAMBDA + step) * blocks + k) * s->simulations + run] = population[k];
    free(counts);
    free(population);
    free(weights);
    return status;
}

/* Least squares of y on 1, x (, x^2); the value at -1. */
static double extrapolate(const double *x, const double *y, size_t n, size_t degree)
{
    double a[3][4] = {{0}};
    for (size_t i = 0; i < n; i++)
        for (size_t p = 0; p <= degree; p++) {
            for (size_t q = 0; q <= degree; q++)
                a[p][q] += pow(x[i], (double)(p + q));
            a[p][3] += y[i] * pow(x[i], (double)p);
        }
    for (size_t p = 0; p <= degree; p++)
        for (size_t row = 0; row <= degree; row++) {
            double factor = a[row][p] / a[p][p];
            for (size_t q = 0; q < 4 && row != p; q++)
                a[row][q] -= factor * a[p][q];
        }
    double value = 0;
    for (size_t p = 0; p <= degree; p++)
        value += a[p][3] / a[p][p] * (p % 2 ? -1 : 1);
    return value;
}

static est_i_linkage_simulated summarise(const simulation *s, size_t pair, size_t block, double as_linked)
{
    double x[N_LAMBDA + 1] = {0}, y[N_LAMBDA + 1] = {log(as_linked)}, without = 0;
    est_i_linkage_simulated answer = {NAN, NAN, NAN, NAN, NAN};
    bool complete = isfinite(as_linked);
    for (size_t step = 0; step < N_LAMBDA; step++) {
        const double *draws = s->draws + ((pair * N_LAMBDA + step) * s->model->n_blocks + block) * s->simulations;
        double sum = 0, squares = 0, logs = 0, count = 0;
        for (size_t d = 0; d < s->simulations; d++)
            if (isfinite(draws[d])) {
                sum += draws[d];
                logs += log(draws[d]);
                count++;
            }
        for (size_t d = 0; d < s->simulations; d++)
            squares += isfinite(draws[d]) ? (draws[d] - sum / count) * (draws[d] - sum / count) : 0;
        without += (double)s->simulations - count;
        complete = complete && count > 0;
        x[step + 1] = lambdas[step];
        y[step + 1] = logs / count;
        if (lambdas[step] == 1 && count > 0) {
            answer.mean = sum / count;
            answer.sd = count > 1 ? sqrt(squares / (count - 1)) : NAN;
        }
    }
    answer.without = without / (double)(N_LAMBDA * s->simulations);
    if (complete) {
        answer.linear = exp(extrapolate(x, y, N_LAMBDA + 1, 1));
        answer.quadratic = exp(extrapolate(x, y, N_LAMBDA + 1, 2));
    }
    return answer;
}

est_status est_i_linkage_simulate(const est_i_linkage_model *model, const est_i_linked *linked, const double *as_linked,
                                  const double *sensitivity, const double *wrong, size_t n_pairs, size_t simulations,
                                  est_i_monitor *monitor, est_i_linkage_simulated *answers, est_error *error)
{
    simulation s = {model, linked, sensitivity, wrong, n_pairs, simulations, monitor, NULL};
    if (n_pairs == 0 || simulations == 0)
        return EST_OK;
    s.draws = calloc(n_pairs * N_LAMBDA * model->n_blocks * simulations, sizeof *s.draws);
    if (!s.draws)
        return est_i_no_memory(error);
    est_status status = est_i_parallel_for(n_pairs * N_LAMBDA * simulations, monitor->context.threads, simulate_one, &s, monitor);
    for (size_t pair = 0; pair < n_pairs && status == EST_OK; pair++)
        for (size_t k = 0; k < model->n_blocks; k++)
            answers[pair * model->n_blocks + k] = summarise(&s, pair, k, as_linked[k]);
    free(s.draws);
    return report_failure(status, error);
}
