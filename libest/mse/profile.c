/* The profile: each point is one warm fit of the completed table; the derivative comes free by the envelope theorem,
 * dl/dN = psi(N + 1) - psi(N - n + 1) - log N + log mu_0. */
#include "mse/profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "numerics/special.h"

typedef struct profile_curve {
    est_i_fit_data *data;
    est_i_fit_space *space;
    const est_i_terms *terms;
    double *keep, *warm;
    size_t block, unseen_cell;
    double n;          /* persons of the block */
    double log_gamma_n;
    bool failed;
    est_i_monitor *monitor;
} profile_curve;

typedef struct profile_point {
    double value, slope; /* slope with respect to log(N - n) */
} profile_point;

static est_i_fit_data *copy_data(const est_i_fit_data *from, est_i_monitor *monitor)
{
    est_i_fit_data *to = est_i_fit_data_new(1, from->n_lists, from->n_blocks);
    if (to) {
        memcpy(to->counts, from->counts, from->n_blocks * from->n_cells * sizeof *to->counts);
        memcpy(to->keep, from->keep, from->n_blocks * from->n_cells * sizeof *to->keep);
        est_i_fit_data_prepare_asking(to, monitor);
    }
    return to;
}

/* The unseen cell joins the kept cells of the face; it counts in the margin of the intercept alone. */
static void set_unseen(profile_curve *c, double unseen)
{
    est_i_fit_data *d = c->data;
    d->margins[c->unseen_cell] += unseen - d->counts[c->unseen_cell];
    d->counts[c->unseen_cell] = unseen;
    d->start[c->unseen_cell] = unseen + 0.1;
    d->start_log[c->unseen_cell] = (unseen + 0.1) * log(unseen + 0.1);
}

static profile_point evaluate(profile_curve *c, double log_unseen)
{
    profile_point point = {-INFINITY, 0};
    double unseen = exp(log_unseen), total = c->n + unseen;
    set_unseen(c, unseen);
    est_i_fit_request request = {.terms = *c->terms, .keep = c->keep, .warm = c->warm, .no_face_jump = true,
                                 .monitor = c->monitor};
    est_i_fit(c->data, &request, c->space);
    if (c->space->state[0] == EST_I_FIT_FAILED) {
        request.warm = NULL;
        est_i_fit(c->data, &request, c->space);
    }
    c->failed = c->failed || c->space->state[0] == EST_I_FIT_FAILED;
    if (!c->failed) {
        size_t n_beta = c->data->n_blocks * c->terms->n_local + c->terms->n_shared;
        memcpy(c->warm, c->space->beta, n_beta * sizeof *c->warm);
        double log_fitted = c->space->beta[c->block * c->terms->n_local];
        point.value = est_i_log_gamma(total + 1) - est_i_log_gamma(unseen + 1) - total * log(total) + total +
                      c->space->loglik[0];
        point.slope = unseen * (est_i_digamma(total + 1) - est_i_digamma(unseen + 1) - log(total) + log_fitted);
    }
    return point;
}

/* Maximum by the root of the slope: bracketed from `start`, then bisected with secants (Illinois). */
static double find_maximum(profile_curve *c, double start, profile_point *top)
{
    double low = start, high = start, step = 0.1;
    profile_point at_low = evaluate(c, low), at_high = at_low;
    while (at_low.slope < 0 && low > start - 60 && !c->failed) {
        high = low;
        at_high = at_low;
        at_low = evaluate(c, low -= step *= 2);
    }
    step = 0.1;
    while (at_high.slope > 0 && high < start + 60 && !c->failed) {
        low = high;
        at_low = at_high;
        at_high = evaluate(c, high += step *= 2);
    }
    double f_low = at_low.slope, f_high = at_high.slope, middle = low;
    *top = at_low;
    for (int i = 0; i < 100 && high - low > 1e-12 * (1 + fabs(low)) && !c->failed; i++) {
        middle = f_low == f_high ? (low + high) / 2 : (low * f_high - high * f_low) / (f_high - f_low);
        if (!(middle > low && middle < high))
            middle = (low + high) / 2;
        *top = evaluate(c, middle);
        if (fabs(top->slope) < 1e-11)
            break;
        if (top->slope > 0) {
            low = middle;
            f_low = top->slope;
            f_high /= 2;
        } else {
            high = middle;
            f_high = top->slope;
            f_low /= 2;
        }
    }
    return middle;
}

/* Where the curve crosses `target`, from `inside` (above it) in direction `sign`; bracketed, then Illinois. NaN: it does not before
 * `limit`, past which counts make no sense. */
static double find_crossing(profile_curve *c, double inside, double target, int sign, double limit)
{
    double outside = inside, step = 0.1, above = 1, below, at;
    do {
        inside = outside;
        if (sign * (outside - limit) >= 0 || c->failed)
            return NAN;
        outside += sign * step;
        step = fmin(1.6 * step, 2);
        if (sign * (outside - limit) > 0)
            outside = limit;
        below = evaluate(c, outside).value - target;
        if (below > 0)
            above = below;
    } while (below > 0);
    for (int i = 0; i < 100 && fabs(outside - inside) > 1e-13 * (1 + fabs(inside)) && !c->failed; i++) {
        at = outside - below * (outside - inside) / (below - above);
        double value = evaluate(c, at).value - target;
        if (fabs(value) < 1e-11)
            return at;
        if (value > 0) {
            inside = at;
            above = value;
            below /= 2;
        } else {
            outside = at;
            below = value;
            above /= 2;
        }
    }
    c->failed = c->failed || !(fabs(outside - inside) <= 1e-9 * (1 + fabs(inside)));
    return outside;
}

static est_status start_curve(const est_i_fit_data *data, const est_i_terms *terms, const est_i_joint *joint, size_t block,
                              est_i_monitor *monitor, profile_curve *c, est_error *error)
{
    size_t cells = data->n_blocks * data->n_cells;
    *c = (profile_curve){.terms = terms, .block = block, .unseen_cell = block * data->n_cells,
                         .monitor = monitor};
    c->data = copy_data(data, monitor);
    c->space = est_i_fit_space_new(1, data->n_lists, data->n_blocks, terms->n_local, terms->n_shared);
    c->keep = calloc(cells, sizeof *c->keep);
    c->warm = calloc(joint->n_beta + 1, sizeof *c->warm);
    if (!c->data || !c->space || !c->keep || !c->warm)
        return est_i_no_memory(error);
    memcpy(c->keep, joint->verdict->keep, cells * sizeof *c->keep);
    memcpy(c->warm, joint->beta, joint->n_beta * sizeof *c->warm);
    c->keep[c->unseen_cell] = 1;
    c->n = c->data->margins[c->unseen_cell];
    return EST_OK;
}

static void end_curve(profile_curve *c)
{
    est_i_fit_data_free(c->data);
    est_i_fit_space_free(c->space);
    free(c->keep);
    free(c->warm);
}

est_status est_i_profile_find(const est_i_fit_data *data, const est_i_terms *terms, const est_i_joint *joint, size_t block,
                              double level, est_i_monitor *monitor, est_i_profile *profile, est_error *error)
{
    profile_curve c;
    profile_point top;
    est_status status = start_curve(data, terms, joint, block, monitor, &c, error);
    if (status == EST_OK) {
        double at = find_maximum(&c, joint->log_unseen[block], &top);
        double target = top.value - est_i_chi_squared_quantile(level, 1) / 2;
        double lower = find_crossing(&c, at, target, -1, log(1e-6));
        double upper = find_crossing(&c, fmax(at, log(1e-6)), target, 1, log(c.n + 1) + 28);
        profile->maximum = c.n + exp(at);
        profile->lower = isnan(lower) ? c.n : c.n + exp(lower);
        profile->upper = isnan(upper) ? INFINITY : c.n + exp(upper);
        if (est_i_monitor_cancelled(monitor))
            status = est_i_cancelled(error);
        else if (c.failed)
            status = est_i_fail(error, EST_EINTERNAL, "a fit of the likelihood profile did not converge");
    }
    end_curve(&c);
    return status;
}
