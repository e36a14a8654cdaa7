/* Standard errors by the delta method over the multinomial of "met once", "met twice" and the rest, N cells in all with the unseen:
 * with g the derivatives of the unseen by the counts x and h = sum of x g,
 * var = unseen + sum of x g^2 - (h - unseen)^2 / N, where h = unseen for the plain forms (they are of degree one). */
#include "mse/chao.h"

#include <math.h>

#include "numerics/special.h"

void est_i_log_normal_limits(double seen, double population, double se, double level, double *lower, double *upper)
{
    double unseen = population - seen, z = est_i_normal_quantile((1 + level) / 2);
    double factor = exp(z * sqrt(log1p(se / unseen * (se / unseen))));
    *lower = *upper = NAN;
    if (unseen > 0 && se >= 0) {
        *lower = seen + unseen / factor;
        *upper = seen + unseen * factor;
    }
}

/* `by_squares` = sum of x g^2, `by_counts` = h. */
static est_i_chao finish(double seen, double unseen, double by_squares, double by_counts, double level)
{
    est_i_chao bound = {.population = seen + unseen, .unseen = unseen};
    double off = by_counts - unseen;
    bound.se = sqrt(fmax(0, unseen + by_squares - off * off / bound.population));
    est_i_log_normal_limits(seen, bound.population, bound.se, level, &bound.lower, &bound.upper);
    return bound;
}

static est_i_chao none(void)
{
    return (est_i_chao){NAN, NAN, NAN, NAN, NAN};
}

est_i_chao est_i_chao_counts(double seen, double once, double twice, double times, est_i_chao_form form, double level)
{
    double share = isinf(times) ? 1 : (times - 1) / times;
    double less = form == EST_I_CHAO_CORRECTED ? 1 : 0, pairs = once * (once - less), below = 2 * (twice + less);
    if (!(below > 0) || !(seen > 0) || !(share > 0))
        return none();
    double by_once = share * (2 * once - less) / below, by_twice = -share * 2 * pairs / (below * below);
    return finish(seen, share * pairs / below, once * by_once * by_once + twice * by_twice * by_twice,
                  once * by_once + twice * by_twice, level);
}

est_i_chao est_i_chao_lists(double seen, size_t n_lists, const double *single, double twice, est_i_chao_form form,
                            double level)
{
    double once = 0, squares = 0, below = twice + (form == EST_I_CHAO_CORRECTED ? 1 : 0);
    for (size_t j = 0; j < n_lists; j++) {
        once += single[j];
        squares += single[j] * single[j];
    }
    double unseen = (once * once - squares) / 2 / below, by_twice = -unseen / below;
    double by_squares = twice * by_twice * by_twice, by_counts = twice * by_twice;
    if (!(below > 0) || !(seen > 0) || n_lists < 2)
        return none();
    for (size_t j = 0; j < n_lists; j++) {
        double by_single = (once - single[j]) / below;
        by_squares += single[j] * by_single * by_single;
        by_counts += single[j] * by_single;
    }
    return finish(seen, unseen, by_squares, by_counts, level);
}
