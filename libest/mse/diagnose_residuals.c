/* Residuals of every capture history, and goodness of fit.
 *
 * Pearson r = (y - mu) / sqrt(mu); deviance sign(y - mu) sqrt(2 (y log(y / mu) - y + mu)); adjusted r / sqrt(1 - h) with the
 * leverage h = mu x'(X'WX)^-1 x (Haberman 1973 Biometrics 29:205-220). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "mse/diagnose_parts.h"
#include "numerics/linear.h"
#include "numerics/special.h"

#define LARGE 3.0
#define ROWS_MOST 1024 /* beyond, only the largest residuals are listed */
#define ROWS_THEN 100

typedef struct residual {
    size_t block;
    uint32_t history;
    double count, fitted, pearson, deviance, adjusted;
} residual;

typedef struct residual_table {
    est_i_diagnostics *all;
    size_t size, n_rows; /* parameters; cells on the face */
    double *mu;          /* [block][cell] */
    double *factor, *x, *sums;
    bool *alive;
    residual *rows;
} residual_table;

static size_t parameter_of(const residual_table *t, size_t block, size_t index)
{
    size_t q = t->all->of->terms->n_local;
    return index < q ? block * q + index : t->all->of->data->n_blocks * q + index - q;
}

static uint32_t term_of(const residual_table *t, size_t index)
{
    const est_i_terms *terms = t->all->of->terms;
    return index < terms->n_local ? terms->local[index] : terms->shared[index - terms->n_local];
}

/* Of the terms of a block: does this one act in it? */
static bool acts(const residual_table *t, size_t block, size_t index)
{
    const est_i_terms *terms = t->all->of->terms;
    return index < terms->n_local || est_i_acts(terms, index - terms->n_local, block, t->all->of->data->n_blocks);
}

/* X'WX: the entry of terms a and b is the sum of mu over the histories that hold both. */
static void add_information(residual_table *t, size_t block)
{
    size_t n = t->all->of->data->n_cells, used = t->all->of->terms->n_local + t->all->of->terms->n_shared;
    memcpy(t->sums, t->mu + block * n, n * sizeof *t->sums);
    for (size_t bit = 1; bit < n; bit <<= 1)
        for (size_t w = 0; w < n; w++)
            if (!(w & bit))
                t->sums[w] += t->sums[w | bit];
    for (size_t i = 0; i < used; i++)
        for (size_t j = 0; j < used; j++) {
            size_t row = parameter_of(t, block, i), column = parameter_of(t, block, j);
            bool both = acts(t, block, i) && acts(t, block, j);
            t->factor[row * t->size + column] += both ? t->sums[term_of(t, i) | term_of(t, j)] : 0;
        }
}

/* x'(U'U)^- x by one forward substitution. */
static double quadratic_form(residual_table *t)
{
    double sum = 0;
    for (size_t i = 0; i < t->size; i++) {
        if (!t->alive[i])
            continue;
        double value = t->x[i] / t->factor[i * t->size + i];
        sum += value * value;
        for (size_t j = i + 1; j < t->size && value != 0; j++)
            t->x[j] -= t->factor[i * t->size + j] * value;
    }
    return sum;
}

static double leverage(residual_table *t, size_t block, uint32_t history, double mu)
{
    size_t used = t->all->of->terms->n_local + t->all->of->terms->n_shared;
    memset(t->x, 0, t->size * sizeof *t->x);
    for (size_t i = 0; i < used; i++)
        if (acts(t, block, i) && !(term_of(t, i) & ~history))
            t->x[parameter_of(t, block, i)] = 1;
    return mu * quadratic_form(t);
}

static est_status make_table(residual_table *t)
{
    const est_i_fit_data *data = t->all->of->data;
    size_t cells = data->n_blocks * data->n_cells, n_beta = t->all->of->joint->n_beta;
    t->size = n_beta;
    t->mu = calloc(cells, sizeof *t->mu);
    t->factor = calloc(n_beta * n_beta, sizeof *t->factor);
    t->x = calloc(n_beta, sizeof *t->x);
    t->sums = calloc(data->n_cells, sizeof *t->sums);
    t->alive = calloc(n_beta, sizeof *t->alive);
    t->rows = calloc(t->all->of->joint->verdict->face_cells + 1, sizeof *t->rows);
    if (!t->mu || !t->factor || !t->x || !t->sums || !t->alive || !t->rows)
        return est_i_no_memory(t->all->error);
    for (size_t k = 0; k < data->n_blocks; k++) {
        est_i_diagnose_fitted(t->all, k, t->mu + k * data->n_cells);
        t->mu[k * data->n_cells] = 0;
        add_information(t, k);
    }
    est_i_factor(t->factor, t->size, t->alive);
    return EST_OK;
}

static void end_table(residual_table *t)
{
    free(t->mu);
    free(t->factor);
    free(t->x);
    free(t->sums);
    free(t->alive);
    free(t->rows);
}

static residual residual_of(residual_table *t, size_t block, uint32_t history)
{
    size_t at = block * t->all->of->data->n_cells + history;
    double y = t->all->of->data->counts[at], mu = t->mu[at], rest = 1 - leverage(t, block, history, mu);
    double part = y > 0 ? y * log(y / mu) : 0, square = 2 * (part - y + mu);
    residual r = {.block = block, .history = history, .count = y, .fitted = mu, .pearson = (y - mu) / sqrt(mu)};
    r.deviance = copysign(sqrt(fmax(0, square)), y - mu);
    r.adjusted = rest > 1e-8 ? r.pearson / sqrt(rest) : NAN;
    return r;
}

static est_status find_residuals(residual_table *t)
{
    const est_i_fit_data *data = t->all->of->data;
    for (size_t k = 0; k < data->n_blocks; k++)
        for (uint32_t w = 1; w < data->n_cells; w++) {
            if (t->all->of->joint->verdict->keep[k * data->n_cells + w] > 0)
                t->rows[t->n_rows++] = residual_of(t, k, w);
            if (est_i_monitor_cancelled(t->all->monitor))
                return est_i_cancelled(t->all->error);
        }
    return EST_OK;
}

static double size_of(const residual *r)
{
    return isnan(r->adjusted) ? -1 : fabs(r->adjusted);
}

/* Largest first; equal ones in the order of blocks and histories. */
static int by_size(const void *left, const void *right)
{
    const residual *a = left, *b = right;
    double difference = size_of(b) - size_of(a);
    int order = (difference > 0) - (difference < 0);
    if (!order)
        order = (a->block > b->block) - (a->block < b->block);
    return order ? order : (a->history > b->history) - (a->history < b->history);
}

static void add_residuals(residual_table *t)
{
    static const char *const columns[] = {"stratum", "history", "persons", "fitted", "pearson", "deviance", "adjusted"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_COUNT, EST_ROLE_ESTIMATE,
                                            EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_PLAIN};
    bool strata = t->all->of->data->n_blocks > 1;
    size_t shown = t->n_rows <= ROWS_MOST ? t->n_rows : ROWS_THEN;
    est_i_result_builder *builder = t->all->builder;
    est_i_result_frame(builder, "residuals", "Residuals of the capture histories, largest first", strata ? 7 : 6,
                       strata ? columns : columns + 1, strata ? roles : roles + 1, 10);
    for (size_t i = 0; i < shown; i++) {
        const residual *r = &t->rows[i];
        est_i_text history = {0};
        est_i_diagnose_term(t->all, r->history, &history);
        if (strata)
            est_i_result_cell_text(builder, est_i_diagnose_block(t->all, r->block));
        est_i_diagnose_cell(t->all, &history);
        est_i_result_cell(builder, r->count);
        est_i_result_cell(builder, r->fitted);
        est_i_result_cell(builder, r->pearson);
        est_i_result_cell(builder, r->deviance);
        est_i_result_cell(builder, r->adjusted);
    }
}

/* The chi-squared distribution is trusted where few expected counts are small (Cochran 1954): none below 1,
                                                                                at most a fifth below 5. */
static bool is_sparse(const residual_table *t)
{
    size_t below_one = 0, below_five = 0;
    for (size_t i = 0; i < t->n_rows; i++) {
        below_one += t->rows[i].fitted < 1;
        below_five += t->rows[i].fitted < 5;
    }
    return below_one > 0 || 5 * below_five > t->n_rows;
}

static void add_test(est_i_diagnostics *all, const char *name, double value, bool sparse)
{
    double df = all->of->joint->df, p = est_i_chi_squared_upper(value, df);
    est_i_result_cell_text(all->builder, name);
    est_i_result_cell(all->builder, value);
    est_i_result_cell(all->builder, df);
    est_i_result_cell(all->builder, p);
    est_i_result_cell_text(all->builder, !(df > 0)  ? "nothing left to test"
                                         : sparse   ? "read with care: small expected counts"
                                         : p < 0.01 ? "does not fit"
                                                    : "no contradiction");
}

static void judge_fit(est_i_diagnostics *all, bool sparse)
{
    const est_i_joint *joint = all->of->joint;
    bool deviance = est_i_chi_squared_upper(joint->deviance, joint->df) < 0.01;
    bool pearson = est_i_chi_squared_upper(joint->pearson, joint->df) < 0.01;
    if (sparse && joint->df > 0)
        est_i_result_note(all->builder, all->context, EST_NOTE, "sparse_fit_test", "many expected counts are small: the p values "
                          "of the fit tests are rough, too small or too large, and a bootstrap of the test would be needed for "
                          "exact ones");
    if (!(sparse ? deviance && pearson : deviance || pearson))
        return;
    est_i_result_note(all->builder, all->context, EST_WARNING, "goodness_of_fit", "the model does not fit the table: the capture "
                      "histories differ from the fitted ones by more than chance");
    est_i_diagnose_alarm(all, "the model does not fit the capture histories");
}

/* Beyond 3, and beyond what the largest of so many reaches once in a hundred sound tables: by the normal distribution where 5
 * persons or more are expected, else by the Poisson, where only too many can be told. */
static bool is_far(const residual *r, size_t n_rows)
{
    double chance = 0.005 / (double)(n_rows + 1);
    return size_of(r) > LARGE && (r->fitted >= 5 ? size_of(r) > -est_i_normal_quantile(chance)
                                                 : est_i_poisson_upper(r->count, r->fitted) < chance);
}

static void judge_residuals(residual_table *t)
{
    est_i_text names = {0};
    size_t count = 0;
    for (size_t i = 0; i < t->n_rows && size_of(&t->rows[i]) > LARGE; i++) {
        est_i_text name = {0};
        const char *block = est_i_diagnose_block(t->all, t->rows[i].block);
        est_i_diagnose_term(t->all, t->rows[i].history, &name);
        if (*block)
            est_i_text_printf(&name, " in %s", block);
        if (is_far(&t->rows[i], t->n_rows))
            est_i_diagnose_name(&names, &count, name.data ? name.data : "");
        est_i_text_free(&name);
    }
    est_i_diagnose_name_end(&names, count);
    if (count && names.data) {
        est_i_result_note(t->all->builder, t->all->context, EST_WARNING, "residuals", "capture histories far from their fitted "
                          "counts, by more than the largest of so many residuals reaches by chance: %s", names.data);
        est_i_diagnose_alarm(t->all, "single capture histories lie far from the model (%s)", names.data);
    }
    est_i_text_free(&names);
}

est_status est_i_diagnose_residuals(est_i_diagnostics *all)
{
    static const char *const columns[] = {"measure", "value", "df", "p_value", "meaning"};
    static const est_column_role roles[5] = {EST_ROLE_PLAIN};
    residual_table t = {.all = all};
    est_status status = make_table(&t);
    if (status == EST_OK)
        status = find_residuals(&t);
    if (status == EST_OK) {
        bool sparse = is_sparse(&t);
        if (t.n_rows > 1)
            qsort(t.rows, t.n_rows, sizeof *t.rows, by_size);
        est_i_result_frame(all->builder, "goodness_of_fit", "Goodness of fit (chi-squared)", 5, columns, roles, SIZE_MAX);
        add_test(all, "deviance", all->of->joint->deviance, sparse);
        add_test(all, "pearson", all->of->joint->pearson, sparse);
        judge_fit(all, sparse);
        add_residuals(&t);
        judge_residuals(&t);
    }
    end_table(&t);
    return status;
}
