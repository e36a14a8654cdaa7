/* Brewer (2002, Combined Survey Sampling Inference, ch. 9), Overton (Stehman and Overton 1994, Environmental and Ecological
 * Statistics 1:159-175) and Hartley and Rao (1962, Annals of Mathematical Statistics 33:350-374).
 *
 * With z already divided by the probability p, both joint forms are sums over pairs i != j of d_ij = (p_ij - p_i p_j) / p_ij:
 *   Horvitz-Thompson: sum_i (1 - p_i) za_i zb_i + sum d_ij za_i zb_j
 *   Yates-Grundy:     sum d_ij za_i zb_j - sum_i (sum_j d_ij) za_i zb_i
 * Overton's      p_ij = p_i p_j (n - 1) / (n - (p_i + p_j) / 2)    gives d_ij = ((p_i + p_j) / 2 - 1) / (n - 1), and
 * Hartley-Rao's  p_ij = p_i p_j (n - 1) / (n - p_i - p_j + S / n)  gives d_ij = (p_i + p_j - 1 - S / n) / (n - 1),
 * S the sum of p^2 over the population. Both are of the shape (slope (p_i + p_j) + level) / (n - 1), so that the sums over pairs
 * are products of sums over units: no double loop. The products cancel, hence the sums in twice the precision. */
#include "survey/taylor_pps.h"

#include <math.h>

#include "numerics/double_double.h"

double est_i_pps_brewer(size_t n, const double *probability, const double *za, double ca, const double *zb, double cb)
{
    est_i_dd sum = {0, 0};
    for (size_t i = 0; i < n; i++)
        sum = est_i_dd_add_double(sum, (1 - probability[i]) * (za[i] - ca) * (zb[i] - cb));
    return est_i_dd_value(sum);
}

/* Sums over units; `pa` is the sum of p za, `pab` that of p za zb. */
typedef struct unit_sums {
    est_i_dd p, a, b, pa, pb, ab, pab;
} unit_sums;

static unit_sums sums_of(size_t n, const double *probability, const double *za, const double *zb)
{
    unit_sums s = {0};
    for (size_t i = 0; i < n; i++) {
        est_i_dd ab = est_i_dd_two_product(za[i], zb[i]);
        s.p = est_i_dd_add_double(s.p, probability[i]);
        s.a = est_i_dd_add_double(s.a, za[i]);
        s.b = est_i_dd_add_double(s.b, zb[i]);
        s.pa = est_i_dd_add(s.pa, est_i_dd_two_product(probability[i], za[i]));
        s.pb = est_i_dd_add(s.pb, est_i_dd_two_product(probability[i], zb[i]));
        s.ab = est_i_dd_add(s.ab, ab);
        s.pab = est_i_dd_add(s.pab, est_i_dd_multiply(ab, (est_i_dd){probability[i], 0}));
    }
    return s;
}

static est_i_dd times(double factor, est_i_dd a)
{
    return est_i_dd_multiply((est_i_dd){factor, 0}, a);
}

double est_i_pps_joint(const est_i_taylor_options *options, size_t n, const double *probability, double square_sum,
                       const double *za, const double *zb)
{
    unit_sums s = sums_of(n, probability, za, zb);
    bool overton = options->pps == EST_I_PPS_OVERTON;
    double slope = overton ? 0.5 : 1, units = (double)n;
    est_i_dd square = isnan(square_sum) ? s.p : (est_i_dd){square_sum, 0};
    est_i_dd level = overton ? (est_i_dd){-1, 0}
                             : est_i_dd_add_double(est_i_dd_negate(est_i_dd_divide(square, (est_i_dd){units, 0})), -1);
    est_i_dd cross = est_i_dd_add(est_i_dd_multiply(s.pa, s.b), est_i_dd_multiply(s.a, s.pb));
    est_i_dd all = est_i_dd_add(times(slope, cross), est_i_dd_multiply(level, est_i_dd_multiply(s.a, s.b)));
    est_i_dd same = est_i_dd_add(times(2 * slope, s.pab), est_i_dd_multiply(level, s.ab));
    est_i_dd pairs = est_i_dd_add(all, est_i_dd_negate(same)); /* (n - 1) sum d_ij za_i zb_j */
    if (!options->yates_grundy) {
        est_i_dd own = est_i_dd_add(s.ab, est_i_dd_negate(s.pab));
        return est_i_dd_value(est_i_dd_add(own, est_i_dd_divide(pairs, (est_i_dd){units - 1, 0})));
    }
    /* (n - 1) sum_j d_ij = slope ((n - 2) p_i + sum p) + (n - 1) level */
    est_i_dd constant = est_i_dd_add(times(slope, s.p), times(units - 1, level));
    est_i_dd rows = est_i_dd_add(times(slope * (units - 2), s.pab), est_i_dd_multiply(constant, s.ab));
    return est_i_dd_value(est_i_dd_divide(est_i_dd_add(pairs, est_i_dd_negate(rows)), (est_i_dd){units - 1, 0}));
}
