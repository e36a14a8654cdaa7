/* What may be wrong with known totals, told with the margin that it is about. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "numerics/linear.h"
#include "survey/calibrate_parts.h"

const char *est_i_calibration_show(double value, char buffer[32])
{
    double size = fabs(value);
    int decimals = 0;
    for (double limit = 100000; size < limit && decimals < 9 && size > 0; limit /= 10)
        decimals++;
    est_i_number_print_fixed(value, decimals, buffer, 32);
    if (decimals > 0) {
        size_t length = strlen(buffer);
        while (buffer[length - 1] == '0')
            length--;
        buffer[buffer[length - 1] == '.' ? length - 1 : length] = '\0';
    }
    if (!(size < 1e15))
        est_i_number_print(value, buffer);
    return buffer;
}

/* ---- margins ---- */

static est_status check_levels(const est_i_calibration *c, est_error *error)
{
    char digits[32];
    for (size_t j = 0; j < c->size; j++) {
        if (!c->occurs[j] && c->known[j] != 0)
            return est_i_fail(error, EST_EDEFINITION, "known total '%.150s' is %s, but the sample has no case of it with a weight "
                              "above zero; is the level spelled as in the data? If it is, join it with another level in both",
                              c->name[j],
                              est_i_calibration_show(c->known[j], digits));
    }
    return EST_OK;
}

/* Column of the first total of a margin; totals of a margin stand together. */
static size_t first_of(const est_i_calibration *c, size_t margin)
{
    size_t first = 0;
    for (size_t m = 0; m < margin; m++)
        first += c->margins[m].n_rows;
    return first;
}

static double margin_sum(const est_i_calibration *c, size_t margin)
{
    est_i_dd sum = {0, 0};
    size_t first = first_of(c, margin);
    for (size_t j = first; j < first + c->margins[margin].n_rows; j++)
        sum = est_i_dd_add_double(sum, c->known[j]);
    return est_i_dd_value(sum);
}

static est_status check_zeros(const est_i_calibration *c, est_error *error)
{
    for (size_t m = 0; m < c->n_margins; m++)
        for (size_t j = first_of(c, m); j < first_of(c, m) + c->margins[m].n_rows && !c->margins[m].numbers; j++)
            if (c->occurs[j] && c->known[j] == 0)
                return est_i_fail(error, EST_EDEFINITION, "known total '%.150s' is 0, but the sample has cases of it; correct the "
                                  "total, or join the level with another one", c->name[j]);
    return EST_OK;
}

static est_status check_sums(const est_i_calibration *c, est_error *error)
{
    size_t first = SIZE_MAX;
    char a[32], b[32];
    for (size_t m = 0; m < c->n_margins; m++) {
        if (c->margins[m].numbers)
            continue;
        if (first == SIZE_MAX)
            first = m;
        double one = margin_sum(c, first), other = margin_sum(c, m);
        if (!(fabs(one - other) <= 1e-9 * fmax(1, fabs(one))))
            return est_i_fail(error, EST_EDEFINITION, "the known totals contradict each other: margin '%.100s' adds up to %s, "
                              "margin '%.100s' to %s; both must add up to the same population, so scale or correct one of them",
                              c->margins[first].name, est_i_calibration_show(one, a), c->margins[m].name,
                              est_i_calibration_show(other, b));
    }
    return EST_OK;
}

est_status est_i_calibration_check_margins(const est_i_calibration *calibration, est_error *error)
{
    est_status status = check_levels(calibration, error);
    if (status == EST_OK)
        status = check_zeros(calibration, error);
    if (status == EST_OK)
        status = check_sums(calibration, error);
    return status;
}

/* ---- ranks ---- */

/* What the totals before it make of a dependent one: x_j = sum c_k x_k over the sample, with U_kk c = U_kj of the factor. */
static double implied_total(const est_i_calibration *c, size_t j, double *work, double *scale)
{
    double implied = 0;
    *scale = 1 + fabs(c->known[j]);
    for (size_t i = j; i-- > 0;) {
        work[i] = c->alive[i] ? c->factor[i * c->size + j] : 0;
        for (size_t k = i + 1; k < j && c->alive[i]; k++)
            work[i] -= c->factor[i * c->size + k] * work[k];
        work[i] = c->alive[i] ? work[i] / c->factor[i * c->size + i] : 0;
        implied += work[i] * c->known[i];
        *scale += fabs(work[i] * c->known[i]);
    }
    return implied;
}

static est_status fail_rank(const est_i_calibration *c, size_t j, double implied, est_error *error)
{
    char known[32], other[32];
    return est_i_fail(error, EST_EDEFINITION, "the known totals contradict each other in this sample: '%.150s' is known to be %s, "
                      "but its cases are told by the other totals, which make it %s; correct the totals, or leave out its margin",
                          c->name[j],
                      est_i_calibration_show(c->known[j], known), est_i_calibration_show(implied, other));
}

est_status est_i_calibration_check_ranks(est_i_calibration *calibration, est_error *error)
{
    est_i_calibration *c = calibration;
    double *work = c->diagonal ? NULL : calloc(c->size + 1, sizeof *work);
    est_status status = EST_OK;
    if (c->diagonal)
        return EST_OK;
    if (!work)
        return est_i_no_memory(error);
    memcpy(c->factor, c->gram, c->size * c->size * sizeof *c->factor);
    est_i_factor(c->factor, c->size, c->alive);
    for (size_t j = 0; j < c->size && status == EST_OK && c->options.kind != EST_I_CALIBRATE_DECLARED; j++) {
        double scale, implied;
        if (c->alive[j] || !c->occurs[j])
            continue;
        implied = implied_total(c, j, work, &scale);
        if (!(fabs(implied - c->known[j]) <= 1e-7 * scale))
            status = fail_rank(c, j, implied, error);
    }
    free(work);
    return status;
}

/* ---- bounds ---- */

static bool has_bounds(const est_i_calibration *c)
{
    return c->distance.lower > -INFINITY || c->distance.upper < INFINITY;
}

static void append_bounds(const est_i_calibration *c, est_i_text *text)
{
    char digits[32];
    if (c->distance.lower > -INFINITY)
        est_i_text_printf(text, "%s", est_i_calibration_show(c->distance.lower, digits));
    est_i_text_append(text, c->distance.lower > -INFINITY && c->distance.upper < INFINITY ? " to " : "");
    if (c->distance.upper < INFINITY)
        est_i_text_printf(text, "%s%s", c->distance.lower > -INFINITY ? "" : "at most ",
                          est_i_calibration_show(c->distance.upper, digits));
    else
        est_i_text_append(text, " and above");
}

/* A share of the population can be reached only if its mean factor lies within the bounds. */
est_status est_i_calibration_check_reach(const est_i_calibration *calibration, est_error *error)
{
    const est_i_calibration *c = calibration;
    est_i_text bounds = {0};
    char known[32], before[32], mean[32];
    est_status status = EST_OK;
    append_bounds(c, &bounds);
    for (size_t m = 0; m < c->n_margins && has_bounds(c) && status == EST_OK; m++)
        for (size_t j = first_of(c, m); j < first_of(c, m) + c->margins[m].n_rows && status == EST_OK; j++) {
            double factor = c->known[j] / c->before[j];
            if (c->margins[m].numbers || !c->occurs[j] ||
                (factor >= c->distance.lower * (1 - 1e-12) && factor <= c->distance.upper * (1 + 1e-12)))
                continue;
            status = est_i_fail(error, EST_EDEFINITION, "the bounds %s cannot be met: '%.150s' is known to be %s and weighs %s "
                                "before calibration, so its mean factor is %s; widen the bounds beyond it%s",
                                bounds.failed ? "" : bounds.data, c->name[j], est_i_calibration_show(c->known[j], known),
                                est_i_calibration_show(c->before[j], before), est_i_calibration_show(factor, mean),
                                factor > 20 || factor < 0.05 ? ", or scale the weights first: they do not add up to the population"
                                    : "");
        }
    est_i_text_free(&bounds);
    return status;
}

/* The range of the factors of linear calibration without bounds. */
static bool linear_range(const est_i_calibration *c, double *smallest, double *largest)
{
    double *lambda = c->units.n ? malloc((c->size + 1) * sizeof *lambda) : NULL;
    *smallest = INFINITY;
    *largest = -INFINITY;
    if (!lambda)
        return false;
    for (size_t j = 0; j < c->size; j++)
        lambda[j] = c->known[j] - c->before[j];
    est_i_factor_solve(c->factor, c->size, c->alive, lambda);
    for (size_t u = 0; u < c->units.n; u++)
        if (c->units.weight[u] > 0) {
            double g = 1 + est_i_units_dot(&c->units, u, lambda);
            *smallest = fmin(*smallest, g);
            *largest = fmax(*largest, g);
        }
    free(lambda);
    return *smallest <= *largest;
}

est_status est_i_calibration_fail_unmet(est_i_calibration *calibration, const est_i_calibration_solution *solution,
                                        est_error *error)
{
    const est_i_calibration *c = calibration;
    size_t worst = 0;
    double most = -1, smallest, largest;
    est_i_text text = {0};
    char a[32], b[32], d[32];
    est_status status;
    for (size_t j = 0; j < c->size; j++) {
        double off = fabs(c->known[j] - solution->reached[j]) / (1 + fabs(c->known[j]));
        if (off > most) {
            most = off;
            worst = j;
        }
    }
    est_i_text_append(&text, has_bounds(c) ? "the bounds " : "no weights above zero reach every known total");
    if (has_bounds(c)) {
        append_bounds(c, &text);
        est_i_text_append(&text, " cannot be met");
    }
    est_i_text_printf(&text, ": after %d steps '%.150s' comes to %s and is known to be %s", solution->iterations, c->name[worst],
                      est_i_calibration_show(solution->reached[worst], a), est_i_calibration_show(c->known[worst], b));
    est_i_text_printf(&text, ", off by %s %%; ", est_i_calibration_show(
        100 * fabs(solution->reached[worst] - c->known[worst]) / fmax(fabs(c->known[worst]), 1e-300), d));
    if (has_bounds(c) && linear_range(c, &smallest, &largest))
        est_i_text_printf(&text, "without bounds linear calibration needs factors from %s to %s: widen the bounds, or join small "
                                 "levels",
                          est_i_calibration_show(smallest, a), est_i_calibration_show(largest, b));
    else
        est_i_text_append(&text, has_bounds(c) ? "widen the bounds, or join small levels"
                                               : "join small levels, leave out a margin, or use linear calibration");
    status = text.failed ? est_i_no_memory(error) : est_i_fail(error, EST_EDEFINITION, "%s", text.data);
    est_i_text_free(&text);
    return status;
}
