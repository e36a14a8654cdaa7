/* Sums in twice the precision: a value is high + low, exact to about 32 digits (Dekker 1971, Numerische Mathematik 18:224-242;
 * Knuth, The Art of Computer Programming 2, 4.2.2). No fused multiply-add is used, so the bytes are the same on every machine. */
#ifndef EST_I_NUMERICS_DOUBLE_DOUBLE_H
#define EST_I_NUMERICS_DOUBLE_DOUBLE_H

typedef struct est_i_dd {
    double high, low;
} est_i_dd;

static inline est_i_dd est_i_dd_two_sum(double a, double b)
{
    double sum = a + b, part = sum - a;
    return (est_i_dd){sum, (a - (sum - part)) + (b - part)};
}

static inline est_i_dd est_i_dd_two_product(double a, double b)
{
    double product = a * b;
    double ta = 134217729.0 * a, tb = 134217729.0 * b;
    double ah = ta - (ta - a), bh = tb - (tb - b), al = a - ah, bl = b - bh;
    return (est_i_dd){product, ((ah * bh - product) + ah * bl + al * bh) + al * bl};
}

static inline est_i_dd est_i_dd_add(est_i_dd a, est_i_dd b)
{
    est_i_dd sum = est_i_dd_two_sum(a.high, b.high);
    double low = sum.low + a.low + b.low, high = sum.high + low;
    return (est_i_dd){high, low - (high - sum.high)};
}

static inline est_i_dd est_i_dd_add_double(est_i_dd a, double b)
{
    est_i_dd sum = est_i_dd_two_sum(a.high, b);
    double low = sum.low + a.low, high = sum.high + low;
    return (est_i_dd){high, low - (high - sum.high)};
}

static inline est_i_dd est_i_dd_negate(est_i_dd a)
{
    return (est_i_dd){-a.high, -a.low};
}

static inline est_i_dd est_i_dd_multiply(est_i_dd a, est_i_dd b)
{
    est_i_dd product = est_i_dd_two_product(a.high, b.high);
    double low = product.low + (a.high * b.low + a.low * b.high), high = product.high + low;
    return (est_i_dd){high, low - (high - product.high)};
}

static inline est_i_dd est_i_dd_divide(est_i_dd a, est_i_dd b)
{
    double first = a.high / b.high;
    est_i_dd rest = est_i_dd_add(a, est_i_dd_negate(est_i_dd_multiply(b, (est_i_dd){first, 0})));
    double second = rest.high / b.high;
    rest = est_i_dd_add(rest, est_i_dd_negate(est_i_dd_multiply(b, (est_i_dd){second, 0})));
    return est_i_dd_add_double(est_i_dd_two_sum(first, second), rest.high / b.high);
}

static inline double est_i_dd_value(est_i_dd a)
{
    return a.high + a.low;
}

#endif
