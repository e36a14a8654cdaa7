/* The settled fit. */
#include "mse/joint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "numerics/exact.h"
#include "numerics/linear.h"

size_t est_i_main_terms(size_t n_lists, uint32_t *local)
{
    local[0] = 0;
    for (size_t j = 0; j < n_lists; j++)
        local[j + 1] = (uint32_t)1 << j;
    return n_lists + 1;
}

/* Rank of the 0/1 pattern of blocks by parts of one shared term. Without memory, and out of range, which such patterns never were
 * seen to be, every part counts: a model that costs too much rather than too little. */
static size_t rank_of_parts(const est_i_fit_data *data, const est_i_terms *terms, const size_t *part, size_t n_parts)
{
    int64_t *rows = calloc(data->n_blocks * n_parts, sizeof *rows);
    size_t *pivots = calloc(data->n_blocks + n_parts, sizeof *pivots), rank = n_parts;
    for (size_t k = 0; rows && k < data->n_blocks; k++)
        for (size_t c = 0; c < n_parts && est_i_is_observable(data, k, terms->shared[part[0]]); c++)
            rows[k * n_parts + c] = est_i_acts(terms, part[c], k, data->n_blocks);
    if (rows && pivots && !est_i_exact_echelon(rows, data->n_blocks, n_parts, pivots, &rank, NULL))
        rank = n_parts;
    free(pivots);
    free(rows);
    return rank;
}

/* Parameters of a shared term and of those after it that are the same term in other blocks. */
static size_t count_shared(const est_i_fit_data *data, const est_i_terms *terms, size_t first)
{
    size_t *part = calloc(terms->n_shared, sizeof *part), n_parts = 0;
    for (size_t i = first; i < terms->n_shared; i++) {
        bool shows = false;
        for (size_t k = 0; k < data->n_blocks && !shows && terms->shared[i] == terms->shared[first]; k++)
            shows = est_i_acts(terms, i, k, data->n_blocks) && est_i_is_observable(data, k, terms->shared[i]);
        if (shows && part)
            part[n_parts] = i;
        n_parts += shows;
    }
    size_t count = n_parts > 1 && part ? rank_of_parts(data, terms, part, n_parts) : n_parts;
    free(part);
    return count;
}

size_t est_i_count_parameters(const est_i_fit_data *data, const est_i_terms *terms)
{
    size_t count = 0;
    for (size_t k = 0; k < data->n_blocks; k++)
        for (size_t i = 0; i < terms->n_local; i++)
            count += est_i_is_observable(data, k, terms->local[i]);
    for (size_t i = 0; i < terms->n_shared; i++) {
        bool is_first = true;
        for (size_t j = 0; j < i && is_first; j++)
            is_first = terms->shared[j] != terms->shared[i];
        count += is_first ? count_shared(data, terms, i) : 0;
    }
    return count;
}

static double pairs_of(size_t w)
{
    double size = (double)__builtin_popcountll(w);
    return size * (size - 1) / 2;
}

/* Fitted values of one block on the face. */
static void predict_block(const est_i_fit_data *data, const est_i_terms *terms, const est_i_joint *joint, size_t block,
                          double *mu, est_i_monitor *monitor)
{
    size_t n = data->n_cells, q = terms->n_local;
    double exchangeable = 0;
    memset(mu, 0, n * sizeof *mu);
    for (size_t i = 0; i < q + terms->n_shared; i++) {
        if (i >= q && !est_i_acts(terms, i - q, block, data->n_blocks))
            continue;
        uint32_t term = i < q ? terms->local[i] : terms->shared[i - q];
        double value = joint->beta[i < q ? block * q + i : data->n_blocks * q + i - q];
        if (term == EST_I_EXCHANGEABLE)
            exchangeable += value;
        else
            mu[term] += value;
    }
    est_i_sum_subsets(mu, n, monitor);
    for (size_t w = 0; w < n; w++)
        mu[w] = joint->verdict->keep[block * n + w] > 0 ? exp(mu[w] + exchangeable * pairs_of(w)) : 0;
}

static void add_fit_tests(const double *counts, const double *keep, const double *mu, size_t n, est_i_joint *joint)
{
    for (size_t w = 0; w < n; w++) {
        if (!(keep[w] > 0))
            continue;
        double count = counts[w], part = count > 0 ? count * log(count / mu[w]) : 0;
        joint->deviance += 2 * (part - (count - mu[w]));
        joint->pearson += mu[w] > 0 ? (count - mu[w]) * (count - mu[w]) / mu[w] : 0;
    }
}

/* Superset sums of mu, and of mu C(|w|,2), whose sum of squares stands at [n]. */
static void sum_fitted(const double *mu, size_t n, double *sums, double *pair_sums, est_i_monitor *monitor)
{
    pair_sums[n] = 0;
    for (size_t w = 0; w < n; w++) {
        sums[w] = mu[w];
        pair_sums[w] = mu[w] * pairs_of(w);
        pair_sums[n] += pair_sums[w] * pairs_of(w);
    }
    est_i_sum_supersets(sums, n, monitor);
    est_i_sum_supersets(pair_sums, n, monitor);
}

static double information(uint32_t a, uint32_t b, const double *sums, const double *pair_sums, size_t n)
{
    double value = pair_sums[n];
    if (a != EST_I_EXCHANGEABLE && b != EST_I_EXCHANGEABLE)
        value = sums[a | b];
    else if (a != b)
        value = pair_sums[a == EST_I_EXCHANGEABLE ? b : a];
    return value;
}

/* X'WX of one block added into the full matrix; rows and columns in the order of beta. */
static void add_information(const est_i_terms *terms, size_t block, size_t n_blocks, const double *sums,
                            const double *pair_sums, size_t n_cells, double *matrix, size_t size)
{
    size_t q = terms->n_local, used = q + terms->n_shared;
    for (size_t i = 0; i < used; i++) {
        if (i >= q && !est_i_acts(terms, i - q, block, n_blocks))
            continue;
        uint32_t a = i < q ? terms->local[i] : terms->shared[i - q];
        size_t row = i < q ? block * q + i : n_blocks * q + i - q;
        for (size_t j = 0; j < used; j++) {
            if (j >= q && !est_i_acts(terms, j - q, block, n_blocks))
                continue;
            uint32_t b = j < q ? terms->local[j] : terms->shared[j - q];
            size_t column = j < q ? block * q + j : n_blocks * q + j - q;
            matrix[row * size + column] += information(a, b, sums, pair_sums, n_cells);
        }
        if (terms->penalty && i < q)
            matrix[row * size + row] += terms->penalty[i];
    }
}

static void read_covariance(est_i_joint *joint, const double *matrix, const bool *alive, size_t n_local, double *work)
{
    size_t blocks = joint->n_blocks;
    for (size_t k = 0; k < blocks; k++) {
        double variance = est_i_inverse_entry(matrix, joint->n_beta, alive, k * n_local, work);
        if (joint->verdict->estimable[k])
            joint->se_log_unseen[k] = sqrt(variance);
        est_i_inverse_column(matrix, joint->n_beta, alive, k * n_local, work);
        for (size_t i = 0; i < blocks; i++) {
            bool stands = joint->verdict->estimable[k] && joint->verdict->estimable[i];
            joint->covariance[k * blocks + i] = !stands ? NAN : i == k ? variance : work[i * n_local];
        }
    }
}

/* var log U = sum of u_k u_l cov(log u_k, log u_l) / U^2. */
double est_i_joint_total_se(const est_i_joint *joint)
{
    double sum = 0, variance = 0;
    for (size_t k = 0; k < joint->n_blocks; k++) {
        sum += exp(joint->log_unseen[k]);
        for (size_t i = 0; i < joint->n_blocks; i++)
            variance += exp(joint->log_unseen[k] + joint->log_unseen[i]) * joint->covariance[k * joint->n_blocks + i];
    }
    return sqrt(variance) / sum;
}

static est_status find_standard_errors(const est_i_fit_data *data, const est_i_terms *terms, est_i_joint *joint,
                                       est_i_monitor *monitor, est_error *error)
{
    est_status status = EST_OK;
    size_t size = joint->n_beta, n = data->n_cells;
    double *matrix = calloc(size * size + 1, sizeof *matrix), *mu = calloc(n, sizeof *mu);
    double *sums = calloc(n, sizeof *sums), *pair_sums = calloc(n + 1, sizeof *pair_sums);
    double *work = calloc(size + 1, sizeof *work);
    bool *alive = calloc(size + 1, sizeof *alive);
    if (!matrix || !mu || !sums || !pair_sums || !work || !alive) {
        status = est_i_no_memory(error);
        goto cleanup;
    }
    for (size_t k = 0; k < data->n_blocks && !est_i_monitor_cancelled(monitor); k++) {
        predict_block(data, terms, joint, k, mu, monitor);
        add_fit_tests(data->counts + k * n, joint->verdict->keep + k * n, mu, n, joint);
        sum_fitted(mu, n, sums, pair_sums, monitor);
        add_information(terms, k, data->n_blocks, sums, pair_sums, n, matrix, size);
    }
    if (est_i_monitor_cancelled(monitor)) {
        status = est_i_cancelled(error);
        goto cleanup;
    }
    est_i_factor(matrix, size, alive);
    read_covariance(joint, matrix, alive, terms->n_local, work);
cleanup:
    free(alive);
    free(work);
    free(pair_sums);
    free(sums);
    free(mu);
    free(matrix);
    return status;
}

static est_i_joint *new_joint(size_t n_blocks, size_t n_beta)
{
    est_i_joint *joint = calloc(1, sizeof *joint);
    if (!joint)
        return NULL;
    *joint = (est_i_joint){.n_blocks = n_blocks, .n_beta = n_beta, .beta = calloc(n_beta + 1, sizeof *joint->beta),
                           .log_unseen = calloc(n_blocks, sizeof *joint->log_unseen),
                           .se_log_unseen = calloc(n_blocks, sizeof *joint->se_log_unseen),
                           .covariance = calloc(n_blocks * n_blocks, sizeof *joint->covariance)};
    if (!joint->beta || !joint->log_unseen || !joint->se_log_unseen || !joint->covariance) {
        est_i_joint_free(joint);
        joint = NULL;
    }
    return joint;
}

void est_i_joint_free(est_i_joint *joint)
{
    if (!joint)
        return;
    est_i_verdict_free(joint->verdict);
    free(joint->beta);
    free(joint->log_unseen);
    free(joint->se_log_unseen);
    free(joint->covariance);
    free(joint);
}

static void read_fit(const est_i_fit_data *data, const est_i_terms *terms, const est_i_fit_space *space, est_i_joint *joint)
{
    joint->loglik = space->loglik[0];
    joint->iterations = space->iterations[0];
    joint->n_parameters = est_i_count_parameters(data, terms);
    joint->df = (double)joint->verdict->face_cells - (double)joint->verdict->rank;
    memcpy(joint->beta, space->beta, joint->n_beta * sizeof *joint->beta);
    for (size_t k = 0; k < data->n_blocks; k++) {
        joint->log_unseen[k] = joint->verdict->estimable[k] ? joint->beta[k * terms->n_local] : NAN;
        joint->se_log_unseen[k] = NAN;
    }
}

est_status est_i_joint_fit(const est_i_fit_data *data, const est_i_terms *terms, est_i_monitor *monitor, est_i_joint **joint,
                           est_error *error)
{
    est_status status = EST_OK;
    est_i_joint *j = new_joint(data->n_blocks, data->n_blocks * terms->n_local + terms->n_shared);
    est_i_fit_space *space = est_i_fit_space_new(1, data->n_lists, data->n_blocks, terms->n_local, terms->n_shared);
    *joint = NULL;
    if (!j || !space) {
        status = est_i_no_memory(error);
        goto cleanup;
    }
    status = est_i_verdict_explain(data, 0, terms, monitor, &j->verdict, error);
    if (status != EST_OK)
        goto cleanup;
    est_i_fit_request request = {.terms = *terms, .keep = j->verdict->keep, .no_face_jump = true, .monitor = monitor};
    est_i_fit(data, &request, space);
    if (est_i_monitor_cancelled(monitor)) {
        status = est_i_cancelled(error);
        goto cleanup;
    }
    if (space->state[0] == EST_I_FIT_FAILED) {
        status = est_i_fail(error, EST_EINTERNAL, "the log-linear model did not converge in %d iterations",
                            space->iterations[0]);
        goto cleanup;
    }
    read_fit(data, terms, space, j);
    status = find_standard_errors(data, terms, j, monitor, error);
    if (status == EST_OK) {
        *joint = j;
        j = NULL;
    }
cleanup:
    est_i_fit_space_free(space);
    est_i_joint_free(j);
    return status;
}
