/* Dependence that no list can show: N(theta) = n + theta exp(a), and the theta that moves the answer over a limit.
 *
 * With K lists the interaction u of all K at once is not identified: only the unseen cell and the cell of all lists together tell
 * it from the rest. Setting u = 0 is what gives the estimate; otherwise exp(a) becomes theta exp(a) with theta = exp((-1)^K u)
 * (Bishop, Fienberg and Holland 1975, chapter 6). K = 2: theta is the odds ratio of the lists. K = 3: the odds ratio of two lists
 * among persons who are not on the third, over that among those who are. */
#include <math.h>

#include "mse/diagnose_parts.h"

#define THETA_LEAST 0.25
#define THETA_MOST 4.0

static void add_grid(est_i_diagnostics *all)
{
    static const char *const columns[] = {"theta", "population", "lower", "upper"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_ESTIMATE, EST_ROLE_ESTIMATE, EST_ROLE_ESTIMATE};
    static const double grid[] = {THETA_LEAST, 1.0 / 3, 0.5, 2.0 / 3, 1, 1.5, 2, 3, THETA_MOST};
    double n = all->n;
    est_i_result_frame(all->builder, "dependence_sensitivity", "The population if the dependence of all lists at once, which the "
                       "model takes to be absent, is there (theta: its odds ratio; limits scaled alike)", 4, columns, roles,
                       SIZE_MAX);
    for (size_t i = 0; i < sizeof grid / sizeof grid[0]; i++) {
        est_i_result_cell(all->builder, grid[i]);
        est_i_result_cell(all->builder, n + grid[i] * (all->population - n));
        est_i_result_cell(all->builder, n + grid[i] * (all->of->lower - n));
        est_i_result_cell(all->builder, n + grid[i] * (all->of->upper - n));
    }
}

/* theta at which n + theta * (from - n) reaches `to`; NaN where none does. */
static double tipping(double n, double from, double to)
{
    double theta = (to - n) / (from - n);
    return from > n && to >= n && isfinite(theta) ? theta : NAN;
}

static void add_tipping_row(est_i_diagnostics *all, const char *what, double from, double to)
{
    double theta = tipping(all->n, from, to);
    const char *says = "within a quarter to four";
    if (isnan(theta))
        says = to < all->n ? "none: the lists already hold more" : "none is defined";
    else if (theta < THETA_LEAST || theta > THETA_MOST)
        says = "beyond a quarter or four";
    est_i_result_cell_text(all->builder, what);
    est_i_result_cell(all->builder, to);
    est_i_result_cell(all->builder, theta);
    est_i_result_cell_text(all->builder, says);
}

static void add_tipping(est_i_diagnostics *all)
{
    static const char *const columns[] = {"what", "population", "theta", "reach"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_ESTIMATE, EST_ROLE_PLAIN, EST_ROLE_PLAIN};
    double lower = all->of->lower, upper = all->of->upper, limit = all->of->limit;
    bool has_interval = !isnan(lower) && !isnan(upper);
    if (!has_interval && !(limit > 0))
        return;
    est_i_result_frame(all->builder, "dependence_tipping", "The dependence of all lists at once that moves the answer so far", 4,
                       columns,
                       roles, SIZE_MAX);
    if (has_interval) {
        add_tipping_row(all, "the estimate to the lower limit", all->population, lower);
        add_tipping_row(all, "the estimate to the upper limit", all->population, upper);
    }
    if (limit > 0)
        add_tipping_row(all, "the estimate to the policy threshold", all->population, limit);
    if (limit > 0 && has_interval) {
        add_tipping_row(all, "the lower limit to the policy threshold", lower, limit);
        add_tipping_row(all, "the upper limit to the policy threshold", upper, limit);
    }
}

/* The end of the interval that lies on the threshold's side decides; without an interval the estimate itself. */
static void judge(est_i_diagnostics *all)
{
    double lower = all->of->lower, upper = all->of->upper, limit = all->of->limit;
    bool above = all->population >= limit;
    double near = above ? lower : upper;
    if (isnan(near))
        near = all->population;
    double theta = tipping(all->n, near, limit);
    char threshold[64];
    est_i_number_print_grouped(limit, 0, ",", threshold, sizeof threshold);
    if (above ? near < limit : near > limit) {
        est_i_result_note(all->builder, all->context, EST_WARNING, "dependence_sensitivity", "the interval holds the policy "
                          "threshold of %s: whether the population lies above it cannot be told, with or without "
                          "dependence", threshold);
        est_i_diagnose_alarm(all, "the interval holds the policy threshold of %s", threshold);
    } else if (theta >= THETA_LEAST && theta <= THETA_MOST) {
        char text[64];
        est_i_number_print_fixed(theta, 2, text, sizeof text);
        est_i_result_note(all->builder, all->context, EST_WARNING, "dependence_sensitivity", "a dependence of all lists at once "
                          "with an odds ratio of %s, which no list can show, moves the interval to the policy threshold of "
                          "%s", text,
                          threshold);
        est_i_diagnose_alarm(all, "a dependence of all lists at once between a quarter and four carries the answer over the "
                             "policy threshold of %s", threshold);
    }
}

void est_i_diagnose_sensitivity(est_i_diagnostics *all)
{
    add_grid(all);
    add_tipping(all);
    if (all->of->limit > 0 && all->of->limit >= all->n)
        judge(all);
}
