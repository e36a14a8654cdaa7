/* Replicate weights that follow from the design: jackknife, half samples, successive differences, supplied; degrees of freedom;
 * refusals; the covariance over replicates. */
#include "survey_replicate_support.h"

#include "survey/replicate_parts.h"

static void jackknife_is_taylor_for_totals(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 12; seed++) {
        bool corrected = seed % 2 == 0, one = seed % 3 == 0;
        est_i_design design = random_design((design_wish){seed, 1 + seed % 4 / 3, one ? 1 : 9, 2, 11, corrected ? 4 : INFINITY});
        double *z = random_totals(&design, seed), mean, total = 0, taylor = naive_taylor(&design, 0, 0, 0, z);
        for (size_t leaf = 0; leaf < est_i_design_leaves(&design); leaf++)
            total += z[leaf];
        for (int mse = 0; mse < 2; mse++) {
            est_i_replicates *jkn = make_replicates(&design, (est_i_replicate_options){.kind = EST_I_REPLICATE_JKN, .mse = mse});
            REQUIRE_CLOSE(replicate_variance(jkn, &design, z, &mean), taylor, 1e-11);
            REQUIRE_CLOSE(mean, total, 1e-13);
            assert_int_equal(est_i_replicates_omits(jkn),
                             corrected && design.n_stages > 1 ? EST_I_REPLICATE_OMITS_STAGES : 0);
            est_i_replicates_free(jkn);
            est_i_replicates *jk1 = make_replicates(&design, (est_i_replicate_options){.kind = EST_I_REPLICATE_JK1, .mse = mse});
            assert_int_equal(est_i_replicates_count(jk1), design.stage[0].n_units);
            if (one)
                REQUIRE_CLOSE(replicate_variance(jk1, &design, z, NULL), taylor, 1e-11);
            est_i_replicates_free(jk1);
        }
        free(z);
        est_i_design_clear(&design);
    }
}

/* Strata ignored: n / (n - 1) SS around the mean of all. */
static void jk1_ignores_strata(void **state)
{
    (void)state;
    uint32_t units[] = {3, 1, 4}, all = 8;
    double population[] = {30, 10, 40};
    est_i_design design = plain_design(3, units, population), flat = plain_design(1, &all, NULL);
    double *z = random_totals(&design, 4);
    est_i_replicates *jk1 = make_replicates(&design, (est_i_replicate_options){.kind = EST_I_REPLICATE_JK1});
    REQUIRE_CLOSE(replicate_variance(jk1, &design, z, NULL), naive_taylor(&flat, 0, 0, 0, z), 1e-12);
    assert_true(est_i_replicates_df(jk1) == 7);
    assert_int_equal(est_i_replicates_omits(jk1), EST_I_REPLICATE_OMITS_FPC);
    est_i_replicates_free(jk1);
    free(z);
    est_i_design_clear(&design);
    est_i_design_clear(&flat);
}

static void half_samples_are_taylor_for_totals(void **state)
{
    (void)state;
    const double rho[] = {0, 0.3, 0.5, 0.9};
    for (uint32_t n_strata = 1; n_strata <= 60; n_strata++) {
        est_i_design design = random_design((design_wish){n_strata, 1 + n_strata % 5 / 4, n_strata, 2, 2, INFINITY});
        double *z = random_totals(&design, n_strata), mean, total = 0, taylor = naive_taylor(&design, 0, 0, 0, z);
        for (size_t leaf = 0; leaf < est_i_design_leaves(&design); leaf++)
            total += z[leaf];
        for (int i = 0; i < 8; i++) {
            est_i_replicate_options options = {.kind = i % 4 == 0 ? EST_I_REPLICATE_BRR : EST_I_REPLICATE_FAY,
                                               .fay = rho[i % 4],
                                               .mse = i >= 4};
            est_i_replicates *made = make_replicates(&design, options);
            assert_true(est_i_replicates_count(made) > n_strata && est_i_replicates_count(made) <= n_strata + 4);
            REQUIRE_CLOSE(replicate_variance(made, &design, z, &mean), taylor, 1e-11);
            REQUIRE_CLOSE(mean, total, 1e-13);
            est_i_replicates_free(made);
        }
        free(z);
        est_i_design_clear(&design);
    }
}

/* With rows enough: half the sum of squared differences of neighbours within the stratum, the last and the first as well. */
static void differences_are_successive(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 8; seed++) {
        est_i_design design = random_design((design_wish){seed, 1, 1 + seed % 4, 2, 9, seed == 5 ? 6 : INFINITY});
        const est_i_stage *stage = &design.stage[0];
        double *z = random_totals(&design, seed), expected = 0;
        for (size_t h = 0; h < stage->n_strata; h++) {
            size_t before = stage->stratum_first[h + 1] - 1;
            for (size_t u = stage->stratum_first[h]; u < stage->stratum_first[h + 1]; before = u++)
                expected += pow(z[u] - z[before], 2) / 2;
        }
        for (int mse = 0; mse < 2; mse++) {
            est_i_replicates *sdr = make_replicates(&design, (est_i_replicate_options){.kind = EST_I_REPLICATE_SDR,
                                                                                       .count = stage->n_units + 1, .mse = mse});
            REQUIRE_CLOSE(replicate_variance(sdr, &design, z, NULL), expected, 1e-11);
            assert_int_equal(est_i_replicates_omits(sdr), seed == 5 ? EST_I_REPLICATE_OMITS_FPC : 0);
            est_i_replicates_free(sdr);
        }
        free(z);
        est_i_design_clear(&design);
    }
}

/* More units than rows: the ACS's 80 replicates. */
static void differences_with_few_rows(void **state)
{
    (void)state;
    const size_t counts[] = {4, 8, 16, 80};
    double factor[600];
    for (size_t i = 0; i < 4; i++) {
        uint32_t units[] = {(uint32_t)counts[i], 300, 5, 2, (uint32_t)counts[i] - 1, (uint32_t)counts[i] + 1};
        est_i_design design = plain_design(6, units, NULL);
        size_t n = design.stage[0].n_units;
        double square[600] = {0};
        est_i_replicate_options options = {.kind = EST_I_REPLICATE_SDR, .count = counts[i]};
        est_i_replicates *sdr = make_replicates(&design, options);
        assert_int_equal(est_i_replicates_count(sdr), counts[i]);
        REQUIRE_CLOSE(est_i_replicates_scale(sdr), 4.0 / (double)counts[i], 1e-15);
        for (size_t r = 0; r < counts[i]; r++) {
            double sum[6] = {0};
            est_i_replicates_factors(sdr, r, factor);
            for (size_t u = 0; u < n; u++) {
                assert_true(factor[u] == 1 || fabs(fabs(factor[u] - 1) - sqrt(0.5)) < 1e-15);
                sum[design.stage[0].unit_stratum[u]] += factor[u];
                square[u] += pow(factor[u] - 1, 2);
            }
            for (size_t h = 0; h < 6; h++)
                REQUIRE_CLOSE(sum[h], units[h], 1e-12);
        }
        for (size_t u = 0; u < n; u++) /* two different rows: they differ in half of the columns */
            REQUIRE_CLOSE(square[u], (double)counts[i] / 4, 1e-12);
        est_i_replicates_free(sdr);
        est_i_design_clear(&design);
    }
}

static void count_row(void *user, size_t unit, size_t row, size_t next)
{
    size_t *uses = user;
    assert_true(row != next && unit < 105);
    uses[row]++;
}

/* Orders 16 and 76 leave 15 and 75 rows: steps of 3 and 5 take them in several loops. */
static void rows_come_equally_often(void **state)
{
    (void)state;
    const uint32_t orders[] = {16, 76};
    for (size_t i = 0; i < 2; i++) {
        est_i_hadamard matrix = {.order = orders[i]};
        est_i_resampled stratum = {.n = orders[i] - 1};
        est_i_row_walk walk;
        size_t uses[76] = {0};
        est_i_row_walk_start(&walk, &matrix);
        for (int pass = 0; pass < 20; pass++)
            est_i_row_walk_stratum(&walk, &stratum, count_row, uses);
        for (size_t row = 0; row < orders[i]; row++)
            assert_int_equal(uses[row], row == 0 ? 0 : 20);
    }
}

/* Arrests, alive of the ambulances in the data scd of R's survey (Levy and Lemeshow). */
static const double scd[6][2] = {{120, 25}, {78, 24}, {185, 30}, {228, 49}, {670, 80}, {530, 70}};

typedef struct scd_case {
    est_i_replicate_options options;
    bool corrected;
    double total, mean, ratio;
} scd_case;

/* as.svrepdesign of R survey 4.1-1, 15 digits. With four replicates R takes the same half samples. */
static void small_design_equals_r(void **state)
{
    (void)state;
    const scd_case cases[] = {
        {{.kind = EST_I_REPLICATE_JKN}, false, 152.35813073151, 3.58236421003411, 0.00984645720399716},
        {{.kind = EST_I_REPLICATE_JKN, .mse = true}, false, 152.35813073151, 3.58236421003411, 0.0098491731306354},
        {{.kind = EST_I_REPLICATE_JKN}, true, 118.016100596486, 2.77488738510232, 0.00762703295404501},
        {{.kind = EST_I_REPLICATE_JKN, .mse = true}, true, 118.016100596486, 2.77488738510232, 0.00762913670177289},
        {{.kind = EST_I_REPLICATE_BRR}, false, 152.35813073151, 3.58236421003411, 0.00941840066991849},
        {{.kind = EST_I_REPLICATE_BRR, .mse = true}, false, 152.35813073151, 3.58236421003411, 0.00942663573267296},
        {{.kind = EST_I_REPLICATE_FAY, .fay = 0.3}, false, 152.35813073151, 3.58236421003411, 0.00952518747770524},
        {{.kind = EST_I_REPLICATE_FAY, .fay = 0.3, .mse = true}, false, 152.35813073151, 3.58236421003411, 0.0095291891428917}};
    const uint32_t units[] = {2, 2, 2};
    const double population[] = {5, 5, 5};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        est_i_design design = plain_design(3, units, cases[i].corrected ? population : NULL);
        est_i_replicates *made = make_replicates(&design, cases[i].options);
        double theta[6 * 3], factor[6], covariance[9], estimate[3] = {1811, 278.0 / 6, 278.0 / 1811};
        assert_true(est_i_replicates_df(made) == 3);
        for (size_t r = 0; r < est_i_replicates_count(made); r++) {
            double sums[3] = {0};
            est_i_replicates_factors(made, r, factor);
            for (size_t u = 0; u < 6; u++) {
                sums[0] += factor[u];
                sums[1] += factor[u] * scd[u][0];
                sums[2] += factor[u] * scd[u][1];
            }
            theta[r * 3] = sums[1];
            theta[r * 3 + 1] = sums[2] / sums[0];
            theta[r * 3 + 2] = sums[2] / sums[1];
        }
        est_i_replicates_covariance(made, 3, theta, estimate, covariance, NULL);
        REQUIRE_CLOSE(sqrt(covariance[0]), cases[i].total, 1e-13);
        REQUIRE_CLOSE(sqrt(covariance[4]), cases[i].mean, 1e-13);
        REQUIRE_CLOSE(sqrt(covariance[8]), cases[i].ratio, 1e-12);
        est_i_replicates_free(made);
        est_i_design_clear(&design);
    }
}

/* Schools, sum of api00, sum of enroll of the 15 districts of apiclus1 (R's survey). */
static const double districts[15][3] = {{11, 7359, 6081}, {4, 1888, 1436}, {2, 905, 680}, {13, 8593, 6958}, {2, 1116, 683},
                                        {4, 2493, 1641}, {4, 2077, 1668}, {16, 11369, 9025}, {9, 6386, 2180}, {34, 22508, 15038},
                                        {21, 13761, 14968}, {37, 20394, 25814}, {13, 9372, 6777}, {1, 551, 274}, {12, 9111, 7375}};

/* R survey 4.5. */
static void districts_equal_r(void **state)
{
    (void)state;
    const double expected[4][2] = {{26.5941613577106, 941610.74091198}, {26.5997137220988, 941610.74091198},
                                   {26.3293605895276, 932235.027041215}, {26.3348576684592, 932235.027041215}};
    const uint32_t units = 15;
    const double population = 757, weight = 33.846996307373047;
    for (int i = 0; i < 4; i++) {
        est_i_design design = plain_design(1, &units, i >= 2 ? &population : NULL);
        est_i_replicates *jk1 = make_replicates(&design, (est_i_replicate_options){.kind = EST_I_REPLICATE_JK1, .mse = i % 2});
        double theta[15 * 2], factor[15], covariance[4], estimate[2] = {0}, schools = 0;
        for (size_t u = 0; u < 15; u++) {
            schools += districts[u][0];
            estimate[0] += districts[u][1];
            estimate[1] += districts[u][2] * weight;
        }
        estimate[0] /= schools;
        for (size_t r = 0; r < 15; r++) {
            double sums[3] = {0};
            est_i_replicates_factors(jk1, r, factor);
            for (size_t u = 0; u < 15; u++)
                for (size_t j = 0; j < 3; j++)
                    sums[j] += factor[u] * districts[u][j] * weight;
            theta[r * 2] = sums[1] / sums[0];
            theta[r * 2 + 1] = sums[2];
        }
        est_i_replicates_covariance(jk1, 2, theta, estimate, covariance, NULL);
        REQUIRE_CLOSE(sqrt(covariance[0]), expected[i][0], 1e-12);
        REQUIRE_CLOSE(sqrt(covariance[3]), expected[i][1], 1e-13);
        assert_true(est_i_replicates_df(jk1) == 14);
        est_i_replicates_free(jk1);
        est_i_design_clear(&design);
    }
}

/* The replicate weights that R survey's help page of scd supplies; expected values of R survey 4.5. */
static void supplied_replicates_equal_r(void **state)
{
    (void)state;
    const double factor[4][6] = {{2, 0, 2, 0, 2, 0}, {2, 0, 0, 2, 0, 2}, {0, 2, 2, 0, 0, 2}, {0, 2, 0, 2, 2, 0}};
    const double expected[2] = {0.00941840066991849, 0.00942663573267296}, estimate = 278.0 / 1811, rscales[] = {1, 1, 1, 1};
    for (int mse = 0; mse < 2; mse++) {
        est_i_replicate_options options = {.kind = EST_I_REPLICATE_SUPPLIED, .count = 4, .scale = 0.25, .mse = mse,
                                           .rscales = mse ? rscales : NULL};
        est_i_replicates *made = make_replicates(NULL, options);
        double theta[4], variance;
        for (size_t r = 0; r < 4; r++) {
            double arrests = 0, alive = 0;
            for (size_t u = 0; u < 6; u++) {
                arrests += factor[r][u] * scd[u][0];
                alive += factor[r][u] * scd[u][1];
            }
            theta[r] = alive / arrests;
        }
        est_i_replicates_covariance(made, 1, theta, &estimate, &variance, NULL);
        REQUIRE_CLOSE(sqrt(variance), expected[mse], 1e-12);
        assert_true(est_i_replicates_df(made) == 3 && est_i_replicates_count(made) == 4);
        est_i_replicates_free(made);
    }
}

/* The number that R computes numerically, from the structure. */
static void df_is_rank_less_one(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 30; seed++) {
        bool pairs = seed % 3 == 0, few = seed % 4 == 0; /* few replicates for the degrees of freedom of the design */
        double largest = seed % 5 ? INFINITY : 1.6;
        est_i_design design = random_design((design_wish){seed, 1 + seed % 2, few ? 14 : 1 + seed % 7, 2, pairs ? 2 : 6, largest});
        size_t leaves = est_i_design_leaves(&design);
        for (int kind = EST_I_REPLICATE_JK1; kind < EST_I_REPLICATE_SUPPLIED; kind++) {
            est_i_replicate_options options = {.kind = (est_i_replicate_kind)kind, .count = few ? 6 : 60, .fay = 0.3, .seed = seed};
            bool halves = kind == EST_I_REPLICATE_BRR || kind == EST_I_REPLICATE_FAY;
            if (kind == EST_I_REPLICATE_PRESTON || (halves && !pairs))
                continue;
            est_i_replicates *made = NULL;
            est_error error;
            est_status status = est_i_replicates_make(&design, &options, &made, &error);
            if (status == EST_EDEFINITION && strstr(error.message, "no stratum that can vary"))
                continue;
            assert_int_equal(status, EST_OK);
            if (est_i_replicates_df(made) + 1 != (double)factor_rank(made, leaves))
                fail_msg("seed %u kind %d: df %g, rank %zu", seed, kind, est_i_replicates_df(made), factor_rank(made, leaves));
            est_i_replicates_free(made);
        }
        est_i_design_clear(&design);
    }
}

static void strata_that_stand_still(void **state)
{
    (void)state;
    const uint32_t units[] = {2, 1, 2, 2};
    const double population[] = {INFINITY, 40, 2, 9}; /* the third is taken whole */
    est_i_design design = plain_design(4, units, population);
    double *z = random_totals(&design, 3), factor[7];
    for (int kind = EST_I_REPLICATE_JKN; kind < EST_I_REPLICATE_SUPPLIED; kind++) {
        est_i_replicate_options options = {.kind = (est_i_replicate_kind)kind, .count = 40, .seed = 2, .lonely_certainty = true};
        est_i_replicates *made = make_replicates(&design, options);
        bool corrected = kind != EST_I_REPLICATE_BRR && kind != EST_I_REPLICATE_FAY && kind != EST_I_REPLICATE_SDR;
        double seen[7] = {0};
        for (size_t r = 0; r < est_i_replicates_count(made); r++) {
            est_i_replicates_factors(made, r, factor);
            for (size_t u = 0; u < 7; u++)
                seen[u] += fabs(factor[u] - 1);
        }
        for (size_t u = 0; u < 7; u++) /* the single unit, and the whole stratum where corrections are used */
            assert_int_equal(seen[u] > 0, u != 2 && !(corrected && (u == 3 || u == 4)));
        if (kind == EST_I_REPLICATE_JKN) {
            assert_int_equal(est_i_replicates_count(made), 4);
            REQUIRE_CLOSE(replicate_variance(made, &design, z, NULL), naive_taylor(&design, 0, 0, 0, z), 1e-12);
        }
        assert_int_equal(est_i_replicates_omits(made), corrected ? 0 : EST_I_REPLICATE_OMITS_FPC);
        est_i_replicates_free(made);
    }
    free(z);
    est_i_design_clear(&design);
}

static void refuse(const est_i_design *design, est_i_replicate_options options, est_status code, const char *text)
{
    est_i_replicates *made = (est_i_replicates *)&made;
    est_error error;
    assert_int_equal(est_i_replicates_make(design, &options, &made, &error), code);
    assert_null(made);
    assert_int_equal(error.code, code);
    if (!strstr(error.message, text))
        fail_msg("found \"%s\", expected \"%s\" in it", error.message, text);
}

static void refusals_of_designs(void **state)
{
    (void)state;
    const uint32_t lonely[] = {2, 1}, uneven[] = {2, 3}, pair[] = {2, 2}, one = 1;
    const double whole[] = {2, 2}, single = 20;
    est_i_design with_lonely = plain_design(2, lonely, NULL), with_three = plain_design(2, uneven, NULL);
    est_i_design all = plain_design(2, pair, whole), nothing = plain_design(1, &one, NULL);
    est_i_design staged = plain_design(2, pair, (double[]){20, 20});
    for (int kind = EST_I_REPLICATE_JKN; kind < EST_I_REPLICATE_SUPPLIED; kind++) {
        est_i_replicate_options options = {.kind = (est_i_replicate_kind)kind, .count = 10};
        refuse(&with_lonely, options, EST_EDEFINITION, "found a single unit in stratum 'south'");
        if (kind == EST_I_REPLICATE_BRR || kind == EST_I_REPLICATE_FAY)
            refuse(&with_three, options, EST_EDEFINITION, "found 3 units in stratum 'south', expected two");
        else if (kind != EST_I_REPLICATE_SDR)
            refuse(&all, options, EST_EDEFINITION, "no stratum that can vary");
        options.lonely_certainty = true;
        refuse(&nothing, options, EST_EDEFINITION, "no stratum that can vary");
    }
    refuse(&nothing, (est_i_replicate_options){.kind = EST_I_REPLICATE_JK1}, EST_EDEFINITION, "found a single unit");
    for (uint32_t u = 0; u < 4; u++)
        add_stratum(&staged.stage[1], u == 3 ? 1 : 2, u, single);
    staged.n_stages = 2;
    est_i_replicate_options preston = {.kind = EST_I_REPLICATE_PRESTON, .count = 10};
    refuse(&staged, preston, EST_EDEFINITION, "found a single unit in a stratum of stage 2, in stratum 'south' of the first");
    preston.lonely_certainty = true;
    est_i_replicates_free(make_replicates(&staged, preston));
    preston.lonely_certainty = false;
    staged.stage[0].stratum_population[1] = INFINITY; /* the second stage is of no account where the first has no correction */
    est_i_replicates_free(make_replicates(&staged, preston));
    staged.stage[1].unit_parent[0] = 1;
    refuse(&staged, preston, EST_EINTERNAL, "stage 2");
    est_i_design_clear(&with_lonely);
    est_i_design_clear(&with_three);
    est_i_design_clear(&all);
    est_i_design_clear(&nothing);
    est_i_design_clear(&staged);
}

static void refusals_of_options(void **state)
{
    (void)state;
    const uint32_t units[] = {4, 3};
    est_i_design design = plain_design(2, units, (double[]){INFINITY, 6});
    const double bad_fay[] = {-0.1, 1, NAN}, bad_m[] = {-1, 1.5, NAN, 1e10}, bad_scale[] = {0, -1, NAN, INFINITY};
    double rscales[] = {1, NAN, 1}, zeros[] = {0, 0, 0};
    for (size_t i = 0; i < 3; i++)
        refuse(&design, (est_i_replicate_options){.kind = EST_I_REPLICATE_FAY, .fay = bad_fay[i]}, EST_EOPTION,
               "rho of Fay's method");
    for (size_t i = 0; i < 4; i++) {
        refuse(&design, (est_i_replicate_options){.kind = EST_I_REPLICATE_RAO_WU, .count = 9, .resample = bad_m[i]}, EST_EOPTION,
               "expected a whole number");
        refuse(NULL, (est_i_replicate_options){.kind = EST_I_REPLICATE_SUPPLIED, .count = 3, .scale = bad_scale[i]}, EST_EOPTION,
               "as the scale of the replicates");
    }
    refuse(&design, (est_i_replicate_options){.kind = EST_I_REPLICATE_RAO_WU, .count = 1}, EST_EOPTION, "found 1 replicates");
    refuse(&design, (est_i_replicate_options){.kind = EST_I_REPLICATE_SDR}, EST_EOPTION, "found 0 replicates");
    /* (n - 1) / (1 - f) is 3 in the first stratum and 4 in the second */
    est_i_replicate_options rao_wu = {.kind = EST_I_REPLICATE_RAO_WU, .count = 9, .resample = 3};
    est_i_replicates_free(make_replicates(&design, rao_wu));
    rao_wu.resample = 4;
    refuse(&design, rao_wu, EST_EOPTION, "found 4 units to draw in a stratum, expected 3 or fewer: stratum 'north' has 4");
    est_i_replicate_options supplied = {.kind = EST_I_REPLICATE_SUPPLIED, .count = 3, .scale = 1, .rscales = rscales};
    refuse(NULL, supplied, EST_EOPTION, "as the scale of replicate 2");
    supplied.rscales = zeros;
    refuse(NULL, supplied, EST_EOPTION, "no replicate with a scale");
    est_i_replicates_free(NULL);
    est_i_design_clear(&design);
}

/* Against the definition, over more statistics than a tile; every eleventh replicate has rscale 0, some values are missing. */
static void covariance_against_its_definition(void **state)
{
    (void)state;
    enum { K = 70, R = 55 };
    static double theta[R * K], covariance[K * K];
    double rscales[R], estimate[K], centre[K], variance[K];
    size_t missing[K];
    est_i_rng rng;
    est_i_rng_start(&rng, 5, EST_I_PURPOSE_TEST, 0, 0);
    for (size_t i = 0; i < R * K; i++)
        theta[i] = 1e6 + est_i_rng_uniform(&rng) + (double)(i % K);
    for (size_t a = 0; a < K; a++)
        estimate[a] = 1e6 + 0.4 + (double)a;
    for (size_t r = 0; r < R; r++)
        rscales[r] = r % 11 == 3 ? 0 : 0.5 + 0.01 * (double)r;
    theta[7 * K + 2] = NAN;
    theta[7 * K + 40] = INFINITY;
    theta[9 * K + 40] = -INFINITY;
    theta[14 * K] = NAN; /* of rscale 0: not missed */
    for (int mse = 0; mse < 2; mse++) {
        est_i_replicate_options options = {.kind = EST_I_REPLICATE_SUPPLIED, .count = R, .scale = 0.7, .mse = mse,
                                           .rscales = rscales};
        est_i_replicates *made = make_replicates(NULL, options);
        size_t dropped = 99;
        est_i_replicates_covariance(made, K, theta, estimate, covariance, &dropped);
        assert_int_equal(dropped, 2);
        est_i_replicates_variance(made, K, theta, estimate, variance, missing);
        for (size_t a = 0; a < K; a++) {
            assert_true(variance[a] == covariance[a * K + a]);
            assert_int_equal(missing[a], a == 2 ? 1 : a == 40 ? 2 : 0);
        }
        est_i_replicates_variance(made, K, theta, estimate, variance, NULL);
        for (size_t a = 0; a < K; a++) {
            double sum = 0, n = 0;
            for (size_t r = 0; r < R; r++)
                if (rscales[r] > 0 && isfinite(theta[r * K + a])) {
                    sum += theta[r * K + a];
                    n++;
                }
            centre[a] = mse ? estimate[a] : sum / n;
        }
        for (size_t a = 0; a < K; a++)
            for (size_t b = 0; b < K; b++) {
                double sum = 0;
                for (size_t r = 0; r < R; r++)
                    if (isfinite(theta[r * K + a]) && isfinite(theta[r * K + b]))
                        sum += 0.7 * rscales[r] * (theta[r * K + a] - centre[a]) * (theta[r * K + b] - centre[b]);
                assert_true(fabs(covariance[a * K + b] - sum) < 1e-9);
                assert_true(covariance[a * K + b] == covariance[b * K + a]);
            }
        est_i_replicates_free(made);
    }
}

static void covariance_without_replicates(void **state)
{
    (void)state;
    est_i_replicate_options options = {.kind = EST_I_REPLICATE_SUPPLIED, .count = 3, .scale = 1};
    const double theta[] = {1, NAN, 5, 3, NAN, NAN, 8, NAN, NAN}, estimate[] = {2, 2, 4};
    double covariance[9], variance[3];
    size_t dropped, missing[3];
    for (int mse = 0; mse < 2; mse++) {
        options.mse = mse;
        est_i_replicates *made = make_replicates(NULL, options);
        est_i_replicates_covariance(made, 3, theta, estimate, covariance, &dropped);
        assert_int_equal(dropped, 3);
        REQUIRE_CLOSE(covariance[0], mse ? 1 + 1 + 36 : 26, 1e-14);
        est_i_replicates_variance(made, 3, theta, estimate, variance, missing);
        assert_true(variance[0] == covariance[0] && isnan(variance[1]) && isnan(variance[2]) == !mse);
        assert_true(missing[0] == 0 && missing[1] == 3 && missing[2] == 2);
        assert_true(isnan(covariance[4]) && isnan(covariance[1]) && isnan(covariance[3]));
        assert_int_equal(isnan(covariance[8]), !mse); /* one replicate has no mean to differ from */
        est_i_replicates_free(made);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jackknife_is_taylor_for_totals), cmocka_unit_test(jk1_ignores_strata),
        cmocka_unit_test(half_samples_are_taylor_for_totals), cmocka_unit_test(differences_are_successive),
        cmocka_unit_test(differences_with_few_rows), cmocka_unit_test(rows_come_equally_often),
        cmocka_unit_test(small_design_equals_r), cmocka_unit_test(districts_equal_r), cmocka_unit_test(supplied_replicates_equal_r),
        cmocka_unit_test(df_is_rank_less_one),
        cmocka_unit_test(strata_that_stand_still), cmocka_unit_test(refusals_of_designs), cmocka_unit_test(refusals_of_options),
        cmocka_unit_test(covariance_against_its_definition), cmocka_unit_test(covariance_without_replicates)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
