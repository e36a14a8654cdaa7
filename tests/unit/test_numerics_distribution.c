/* Tails and quantiles of beta, t and F: against R 4.2.2 (TOMS 708), against closed forms, and against themselves. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "numerics/distribution.h"

#define NEAR(found, expected, tolerance) assert_true(fabs((found) - (expected)) <= (tolerance))
#define CLOSE(found, expected) NEAR(found, expected, 1e-12 * fabs(expected))

static void test_beta_quantile(void **state)
{
    (void)state;
    static const double known[][4] = { /* p, a, b, qbeta(p, a, b) */
        {0.29999999999999999, 2.7000000000000002, 0.10000000000000001, 0.99234561317788772},
        {0.0050000000000000001, 33.299999999999997, 0.10000000000000001, 0.93823558623218428},
        {0.99990000000000001, 0.02, 1, 0.99501223042300935}, {9.9999999999999995e-07, 1, 1, 9.9999999999999995e-07},
        {0.0050000000000000001, 1, 1, 0.0050000000000000001}, {0.97499999999999998, 1, 1, 0.97499999999999998},
        {0.97499999999999998, 2.7000000000000002, 1, 0.99066686073084531},
        {0.025000000000000001, 33.299999999999997, 1, 0.89513819859980803},
        {0.29999999999999999, 33.299999999999997, 1, 0.96449045840987047}, {0.0050000000000000001, 812.5, 1, 0.99350020962918573},
        {0.99990000000000001, 0.02, 10, 0.32910878266391552}, {0.97499999999999998, 1, 10, 0.30849710781876083},
        {0.99990000000000001, 33.299999999999997, 10, 0.94332924718462774},
        {0.0050000000000000001, 812.5, 10, 0.97581886355057135}, {0.29999999999999999, 812.5, 10, 0.98615860000051336},
        {9.9999999999999995e-07, 100000, 10, 0.99967296480095214}, {0.99990000000000001, 0.02, 100, 0.037506372798312038},
        {0.0050000000000000001, 0.5, 100, 1.9684358406015047e-07}, {0.0050000000000000001, 1, 100, 5.0124161977656395e-05},
        {0.99990000000000001, 1, 100, 0.087989160644091235}, {0.29999999999999999, 33.299999999999997, 100, 0.22925324179859397},
        {0.0050000000000000001, 812.5, 100, 0.8622126000390401}, {0.99990000000000001, 812.5, 100, 0.92514219770346484},
        {0.99990000000000001, 100000, 100, 0.99933047832520128}, {0.97499999999999998, 0.02, 10000, 1.9276398807762205e-05},
        {0.0050000000000000001, 0.5, 10000, 1.9635701977393436e-09}, {0.29999999999999999, 0.5, 10000, 7.423751127482776e-06},
        {0.97499999999999998, 0.5, 10000, 0.00025116904094420916}, {0.99990000000000001, 100000, 10000, 0.91228263349525551},
        {9.9999999999999995e-07, 5000000000, 10000, 0.99999790349206108},
        {0.97499999999999998, 0.02, 100000000, 1.9275640132699419e-09},
        {0.99990000000000001, 0.02, 100000000, 3.8041273713456712e-08},
        {0.29999999999999999, 0.5, 100000000, 7.4235931074307437e-10},
        {0.0050000000000000001, 1, 100000000, 5.0125418234186454e-11},
        {0.025000000000000001, 1, 100000000, 2.5317807981084874e-10},
        {9.9999999999999995e-07, 2.7000000000000002, 100000000, 1.0201876147359293e-10},
        {0.99990000000000001, 2.7000000000000002, 100000000, 1.3300940014473902e-07},
        {0.97499999999999998, 812.5, 100000000, 8.6930130134047929e-06},
        {0.025000000000000001, 100000, 100000000, 0.00099282178260857003},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        CLOSE(est_i_beta_quantile(known[i][0], known[i][1], known[i][2]), known[i][3]);
}

static void test_t_quantile(void **state)
{
    (void)state;
    static const double known[][3] = { /* p, df, qt(p, df) */
        {0.025000000000000001, 0.5, -164.55767348049446}, {0.29999999999999999, 0.5, -1.0095258786071923},
        {0.025000000000000001, 1, -12.706204736174707}, {0.97499999999999998, 1, 12.706204736174694},
        {0.99990000000000001, 1, 3183.0987571185015}, {9.9999999999999995e-07, 2, -707.10572052593386},
        {0.025000000000000001, 2, -4.3026527297494637}, {0.29999999999999999, 2, -0.61721339984836765},
        {0.97499999999999998, 2, 4.3026527297494619}, {0.99990000000000001, 2, 70.700071074968179},
        {9.9999999999999995e-07, 5, -24.771029720515955}, {0.29999999999999999, 5, -0.55942964446936105},
        {0.97499999999999998, 5, 2.5705818356363137}, {9.9999999999999995e-07, 14, -7.7425094263511332},
        {0.025000000000000001, 14, -2.1447866879178044}, {0.29999999999999999, 14, -0.53655217980745562},
        {9.9999999999999995e-07, 197, -4.8995511646778969}, {0.025000000000000001, 197, -1.972079033778501},
        {0.29999999999999999, 197, -0.52525009386190213}, {0.99990000000000001, 197, 3.7902064982644355},
        {0.025000000000000001, 1000000, -1.9599663568141066}, {0.29999999999999999, 1000000, -0.52440067986020866},
        {9.9999999999999995e-07, 100000000, -4.7534245892160367}, {0.025000000000000001, 100000000, -1.9599640082627663},
        {0.29999999999999999, 100000000, -0.52440051437956192}, {0.99990000000000001, 100000000, 3.7190166233483248},
        {0.99990000000000001, 10000000000, 3.7190164868346347}, {9.9999999999999995e-07, INFINITY, -4.7534243088228987},
        {0.025000000000000001, INFINITY, -1.9599639845400538}, {0.29999999999999999, INFINITY, -0.52440051270804067},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        CLOSE(est_i_t_quantile(known[i][0], known[i][1]), known[i][2]);
}

static void test_t_tail(void **state)
{
    (void)state;
    static const double known[][3] = { /* t, df, pt(t, df, lower.tail = FALSE) */
        {0.01, 0.5, 0.49730337181805229}, {1.96, 0.5, 0.22486148886918958}, {10, 0.5, 0.10133867638566559},
        {100, 0.5, 0.032069857021536662}, {0.01, 2, 0.49646455447910048}, {100, 2, 4.9992501249781291e-05},
        {1.96, 14, 0.03510513597416981}, {10, 14, 4.6706971129027295e-08}, {0.01, 197, 0.49601570342466494},
        {1.96, 197, 0.025703016698197217}, {0.01, 1000000, 0.49601064468277384}, {1.96, 1000000, 0.024998033792634898},
        {10, 1000000, 7.6393053840891504e-24}, {0.01, 10000000000, 0.4960106436854681}, {10, 10000000000, 7.6198549670469112e-24},
        {100, 10000000000, 0},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        CLOSE(est_i_t_upper(known[i][0], known[i][1]), known[i][2]);
        CLOSE(est_i_t_two_sided(-known[i][0], known[i][1]), 2 * known[i][2]);
        CLOSE(est_i_t_upper(-known[i][0], known[i][1]), 1 - known[i][2]);
    }
}

static void test_f_tail(void **state)
{
    (void)state;
    static const double known[][4] = { /* f, df1, df2, pf(f, df1, df2, lower.tail = FALSE) */
        {100, 1, 2, 0.0098524570233256923}, {1, 3.7000000000000002, 2, 0.55042235656820748},
        {100, 3.7000000000000002, 2, 0.0099235038245756961}, {3.8399999999999999, 10, 2, 0.22420085562224631},
        {100, 10, 2, 0.0099402788840186052}, {3.8399999999999999, 10000, 2, 0.22926439208209476},
        {100, 10000, 2, 0.0099501563503467706}, {100, 1, 29.5, 5.4877919832907555e-11},
        {0.01, 3.7000000000000002, 29.5, 0.999630177991922}, {1, 3.7000000000000002, 29.5, 0.41888387289576201},
        {3.8399999999999999, 10000, 29.5, 1.8053878235046245e-05}, {100, 3.7000000000000002, 1000, 3.0029970645318671e-67},
        {1, 10, 1000, 0.44136583209978919}, {3.8399999999999999, 10000, 1000, 2.877737749223851e-128},
        {3.8399999999999999, 1, 100000000, 0.050043524022316661}, {3.8399999999999999, 10, 100000000, 3.2323552897352273e-05},
        {1, 1, INFINITY, 0.31731050786291415}, {3.8399999999999999, 1, INFINITY, 0.050043521248705224},
        {1, 3.7000000000000002, INFINITY, 0.40229910392525936}, {0.01, 10, INFINITY, 0.99999999750204871},
        {1, 10, INFINITY, 0.44049328506521246}, {100, 10, INFINITY, 1.8702907209159495e-208}, {0.01, 10000, INFINITY, 1},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        CLOSE(est_i_f_upper(known[i][0], known[i][1], known[i][2]), known[i][3]);
        NEAR(est_i_f_lower(known[i][0], known[i][1], known[i][2]), 1 - known[i][3], 1e-14);
    }
}

/* Beta(1, b) and Beta(a, 1) are powers; F(2, 2) is p / (1 - p); t with 1 and 2 degrees of freedom are elementary. */
static void test_closed_forms(void **state)
{
    (void)state;
    static const double probabilities[] = {1e-12, 1e-5, 0.025, 0.3, 0.5, 0.8, 0.975, 0.999999};
    static const double sizes[] = {0.05, 0.7, 1, 3, 50, 1e4, 1e9};
    for (size_t i = 0; i < 8; i++) {
        double p = probabilities[i];
        for (size_t j = 0; j < 7; j++) {
            double n = sizes[j], upper = -expm1(log1p(-p) / n), lower = pow(p, 1 / n);
            CLOSE(est_i_beta_quantile(p, 1, n), upper);
            CLOSE(est_i_beta_quantile(p, n, 1), lower);
            CLOSE(est_i_beta_upper(upper, 1, n), exp(n * log1p(-upper)));
            NEAR(est_i_beta_lower(lower, n, 1), pow(lower, n), 1e-13);
        }
        CLOSE(est_i_f_quantile(p, 2, 2), p / (1 - p));
        double tail = fmin(p, 1 - p), cotangent = tail < 0.5 ? 1 / tan(3.14159265358979323846 * tail) : 0;
        CLOSE(est_i_t_quantile(p, 1), p < 0.5 ? -cotangent : cotangent);
        NEAR(est_i_t_quantile(p, 2), (2 * p - 1) / sqrt(2 * p * (1 - p)), 1e-11 * (1 + fabs(est_i_t_quantile(p, 2))));
    }
    CLOSE(est_i_t_quantile(0.975, INFINITY), 1.9599639845400545);
    CLOSE(est_i_f_quantile(0.95, 1, INFINITY), 3.8414588206941254);
}

/* There and back, and the symmetries, over a wide grid. */
static void test_round_trip(void **state)
{
    (void)state;
    static const double sizes[] = {0.01, 0.3, 1.5, 20, 999, 3e5, 2e7, 1e10};
    static const double probabilities[] = {1e-9, 0.0125, 0.4, 0.5, 0.75, 0.9875};
    for (size_t i = 0; i < 8; i++)
        for (size_t j = 0; j < 8; j++)
            for (size_t k = 0; k < 6; k++) {
                double a = sizes[i], b = sizes[j], p = probabilities[k], x = est_i_beta_quantile(p, a, b);
                double f = est_i_f_quantile(p, 2 * a, 2 * b);
                if (x > 0 && x < 1 - 1e-4 && fmin(a, b) >= 1.5 && fmax(a, b) < 1e6)
                    NEAR(est_i_beta_lower(x, a, b), p, (1e-12 + 1e-15 * (a + b)) * p); /* x is rounded */
                assert_true(x >= 0 && x <= 1 && f >= 0);
                if (f > 0 && isfinite(f)) {
                    double tolerance = fmax(a, b) > 1e6 ? 1e-9 : 1e-11;
                    NEAR(est_i_f_lower(f, 2 * a, 2 * b), p, tolerance * p);
                    NEAR(est_i_f_upper(f, 2 * a, 2 * b) + est_i_f_lower(f, 2 * a, 2 * b), 1, 1e-13);
                }
                if (k > 0)
                    NEAR(est_i_t_quantile(p, a), -est_i_t_quantile(1 - p, a), 1e-10 * fabs(est_i_t_quantile(p, a)));
            }
}

static void test_edges(void **state)
{
    (void)state;
    NEAR(est_i_beta_quantile(0.3, 0, 5), 0, 0);
    NEAR(est_i_beta_quantile(0.3, 5, 0), 1, 0);
    NEAR(est_i_beta_quantile(0, 2, 3), 0, 0);
    NEAR(est_i_beta_quantile(1, 2, 3), 1, 0);
    NEAR(est_i_beta_lower(0, 2, 3), 0, 0);
    NEAR(est_i_beta_lower(1, 2, 3), 1, 0);
    NEAR(est_i_beta_upper(0, 2, 3), 1, 0);
    NEAR(est_i_t_quantile(0.5, 3), 0, 0);
    NEAR(est_i_t_upper(0, 3), 0.5, 0);
    NEAR(est_i_t_upper(INFINITY, 3), 0, 0);
    NEAR(est_i_f_upper(0, 3, 4), 1, 0);
    NEAR(est_i_f_upper(INFINITY, 3, 4), 0, 0);
    static const double bad[] = {NAN, -1, 2};
    for (int i = 0; i < 3; i++) {
        assert_true(isnan(est_i_beta_quantile(bad[i], 2, 3)));
        assert_true(isnan(est_i_t_quantile(bad[i], 3)));
        assert_true(isnan(est_i_f_quantile(bad[i], 3, 4)));
        if (i < 2) {
            assert_true(isnan(est_i_beta_lower(0.5, bad[i], 3)));
            assert_true(isnan(est_i_t_upper(1, bad[i])));
            assert_true(isnan(est_i_t_quantile(0.9, bad[i])));
            assert_true(isnan(est_i_f_upper(1, 2, bad[i])));
        }
    }
    assert_true(isnan(est_i_t_upper(NAN, 3)) && isnan(est_i_t_quantile(0.9, 0)) && isnan(est_i_f_upper(1, INFINITY, 3)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beta_quantile), cmocka_unit_test(test_t_quantile),   cmocka_unit_test(test_t_tail),
        cmocka_unit_test(test_f_tail),        cmocka_unit_test(test_closed_forms), cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
