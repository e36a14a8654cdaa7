/* Linearised variances: worked out by hand, and the values of R survey 4.5 (4.1 where it says so) on small designs. */
#include "taylor_support.h"

static const est_i_taylor_options FAIL = {.lonely = EST_I_LONELY_FAIL};
static const est_i_lonely POLICIES[4] = {EST_I_LONELY_REMOVE, EST_I_LONELY_CERTAINTY, EST_I_LONELY_ADJUST, EST_I_LONELY_AVERAGE};

static void one_stratum_by_hand(void **state)
{
    (void)state;
    const double z[2][3] = {{1, 2, 4}, {0, 3, 3}}, *both[2] = {z[0], z[1]}, population = 6;
    const uint32_t size = 3;
    double covariance[4];
    est_error error;
    est_i_design drawn_again = {0}, finite = {0};
    add_stage(&drawn_again, 1, &size, NULL, NULL);
    add_stage(&finite, 1, &size, NULL, &population);
    REQUIRE_OK(est_i_taylor_covariance(&drawn_again, &FAIL, 2, both, NULL, covariance, NULL, &error), error);
    const double expected[4] = {7, 6, 6, 9}; /* 3/2 times 14/3, 4, 6 */
    for (size_t i = 0; i < 4; i++)
        REQUIRE_CLOSE(covariance[i], expected[i], 1e-15);
    REQUIRE_CLOSE(variance_of(&finite, &FAIL, z[0], NULL), 3.5, 1e-15);
    est_i_design_clear(&drawn_again);
    est_i_design_clear(&finite);
}

static void small_differences_of_large_sums(void **state)
{
    (void)state;
    enum { N = 3000 };
    const uint32_t size = N;
    double *z = room(N, sizeof *z);
    for (size_t i = 0; i < N; i++)
        z[i] = 1e13 + (double)(i % 3);
    est_i_design design = {0};
    add_stage(&design, 1, &size, NULL, NULL);
    REQUIRE_CLOSE(variance_of(&design, &FAIL, z, NULL), 2000.0 * N / (N - 1), 1e-14);
    free(z);
    est_i_design_clear(&design);
}

/* The 14 rows of the case L1: stratum, PSU, weight, y, group; strata 1 to 4 have 2, 2, 1 and 3 PSUs. */
enum { L1_ROWS = 14, L1_PSUS = 8 };
static const double l1[L1_ROWS][5] = {{1, 1, 10, 3, 1}, {1, 1, 11, 4, 0}, {1, 2, 9, 7, 1}, {1, 2, 10, 1, 0}, {2, 3, 20, 2, 1},
                                      {2, 4, 22, 9, 1}, {2, 4, 19, 5, 0}, {3, 5, 5, 12, 1}, {3, 5, 6, 10, 0}, {4, 6, 8, 4, 1},
                                      {4, 6, 8, 4, 0}, {4, 7, 9, 6, 0}, {4, 8, 7, 8, 0}, {4, 8, 7, 3, 0}};

static void l1_design(est_i_design *design, bool finite)
{
    static const uint32_t sizes[4] = {2, 2, 1, 3};
    static const double population[4] = {20, 30, 10, 40};
    static const char *const names[4] = {"coast", "east", "lone", "west"};
    add_stage(design, 4, sizes, NULL, finite ? population : NULL);
    name_strata(design, names);
}

/* Sums of weight times influence of the total, or of the mean, of y in group 1 or in all rows. */
static void l1_influence(bool mean, bool in_group, double *z, bool *present)
{
    double weight = 0, sum = 0;
    for (size_t i = 0; i < L1_ROWS; i++)
        if (!in_group || l1[i][4] > 0) {
            weight += l1[i][2];
            sum += l1[i][2] * l1[i][3];
        }
    memset(z, 0, L1_PSUS * sizeof *z);
    memset(present, 0, L1_PSUS * sizeof *present);
    for (size_t i = 0; i < L1_ROWS; i++)
        if (!in_group || l1[i][4] > 0) {
            size_t psu = (size_t)l1[i][1] - 1;
            z[psu] += l1[i][2] * (mean ? (l1[i][3] - sum / weight) / weight : l1[i][3]);
            present[psu] = true;
        }
}

typedef struct l1_case {
    size_t policy; /* of POLICIES */
    bool in_group, lonely_domain, finite;
    double total, mean; /* standard errors */
} l1_case;

static void single_psu_strata_as_r(void **state)
{
    (void)state;
    static const l1_case cases[] = {
        {0, false, false, false, 253.789282673639, 0.960197973984746}, {0, false, true, false, 253.789282673639, 0.960197973984746},
        {0, true, false, false, 164.55090397807, 2.05696374367894},    {0, true, true, false, 164.55090397807, 2.05696374367894},
        {0, false, false, true, 245.176891923634, 0.927441135569182}, {1, false, false, false, 253.789282673639, 0.960197973984746},
        {1, true, true, false, 164.55090397807, 2.05696374367894},     {1, false, false, true, 245.176891923634, 0.927441135569182},
        {2, false, false, false, 254.62598183414, 1.04452753639582},   {2, true, false, false, 164.705086821871, 2.10032569064993},
        {2, true, true, false, 187.469226641334, 2.10441915388853},    {2, false, false, true, 245.956418692079, 1.00613066869373},
        {3, false, false, false, 293.050621338134, 1.10874111751085},  {3, true, false, false, 190.00701741427, 2.37517714225267},
        {3, true, true, false, 228.267387070514, 2.89712820079196},    {3, false, false, true, 283.105889102372, 1.0709167785568}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        est_i_design design = {0};
        double z[L1_PSUS];
        bool present[L1_PSUS];
        l1_design(&design, cases[i].finite);
        est_i_taylor_options options = {.lonely = POLICIES[cases[i].policy], .lonely_domain = cases[i].lonely_domain};
        l1_influence(false, cases[i].in_group, z, present);
        REQUIRE_CLOSE(sqrt(variance_of(&design, &options, z, present)), cases[i].total, 1e-13);
        l1_influence(true, cases[i].in_group, z, present);
        REQUIRE_CLOSE(sqrt(variance_of(&design, &options, z, present)), cases[i].mean, 1e-13);
        assert_true(est_i_design_df(&design, present) == (cases[i].in_group ? 2 : 4));
        est_i_design_clear(&design);
    }
}

static void single_psu_strata_are_refused_and_counted(void **state)
{
    (void)state;
    est_i_design design = {0};
    est_error error = {0};
    double z[L1_PSUS], variance;
    const double *statistic = z;
    bool present[L1_PSUS];
    size_t lonely = 99;
    l1_design(&design, false);
    l1_influence(false, false, z, present);
    assert_int_equal(est_i_taylor_covariance(&design, &FAIL, 1, &statistic, present, &variance, NULL, &error), EST_EDEFINITION);
    assert_non_null(strstr(error.message, "stratum 'lone'"));
    assert_non_null(strstr(error.message, "certainty, adjust or average"));
    est_i_taylor_options options = {.lonely = EST_I_LONELY_REMOVE};
    REQUIRE_OK(est_i_taylor_covariance(&design, &options, 1, &statistic, present, &variance, &lonely, &error), error);
    assert_int_equal(lonely, 1);
    l1_influence(false, true, z, present); /* group 1 has one PSU in stratum 'west' */
    options.lonely_domain = true;
    REQUIRE_OK(est_i_taylor_covariance(&design, &options, 1, &statistic, present, &variance, &lonely, &error), error);
    assert_int_equal(lonely, 2);
    present[4] = false; /* without a case in it, the stratum of one PSU is not met */
    z[4] = 0;
    REQUIRE_OK(est_i_taylor_covariance(&design, &FAIL, 1, &statistic, present, &variance, &lonely, &error), error);
    assert_int_equal(lonely, 0);
    est_i_design_clear(&design);
}

static void strata_without_a_case_do_not_count(void **state)
{
    (void)state;
    /* Cases in strata 1 (z 1 and 3) and 3 (a single PSU, z 5); stratum 2 is drawn but has none. */
    const uint32_t sizes[3] = {2, 2, 1};
    const double z[5] = {1, 3, 0, 0, 5};
    const bool present[5] = {true, true, false, false, true};
    est_i_design design = {0};
    est_i_taylor_options options = {.lonely = EST_I_LONELY_AVERAGE};
    add_stage(&design, 3, sizes, NULL, NULL);
    REQUIRE_CLOSE(variance_of(&design, &options, z, present), 8, 1e-15); /* 4 * 2/1, not 4 * 3/2 */
    REQUIRE_CLOSE(variance_of(&design, &options, z, NULL), 6, 1e-15);    /* all have: 4 * 3/2 */
    options.lonely = EST_I_LONELY_ADJUST;
    REQUIRE_CLOSE(variance_of(&design, &options, z, present), 8, 1e-15); /* 4 + (5 - 9/3)^2, not around 9/5 */
    REQUIRE_CLOSE(variance_of(&design, &options, z, NULL), 4 + 3.2 * 3.2, 1e-15);
    /* Nothing to average over. */
    const bool only_single[5] = {false, false, false, false, true};
    options.lonely = EST_I_LONELY_AVERAGE;
    assert_true(isnan(variance_of(&design, &options, z, only_single)));
    assert_true(est_i_design_df(&design, only_single) == 0);
    est_i_design_clear(&design);
}

static void a_psu_without_a_case_is_a_zero(void **state)
{
    (void)state;
    const uint32_t size = 3;
    const double z[3] = {6, 0, 0};
    const bool present[3] = {true, false, false};
    est_i_design design = {0};
    add_stage(&design, 1, &size, NULL, NULL);
    REQUIRE_CLOSE(variance_of(&design, &FAIL, z, present), 36, 1e-15); /* 3/2 (16 + 4 + 4) */
    assert_true(est_i_design_df(&design, present) == 0);
    assert_true(est_i_design_df(&design, NULL) == 2);
    est_i_design_clear(&design);
}

/* fpc: mean and total of x in eight PSUs of two strata; scd: ratio and mean, two PSUs in each of three strata. */
static void small_designs_of_r_survey(void **state)
{
    (void)state;
    static const uint32_t sizes[2] = {5, 3};
    static const double population[2] = {15, 12}, weight[8] = {3, 3, 3, 3, 3, 4, 4, 4};
    static const double x[8] = {2.79999995231628, 4.09999990463257, 6.80000019073486, 6.80000019073486,
                                9.19999980926514, 3.70000004768372, 6.59999990463257, 4.19999980926514};
    est_i_design finite = {0}, drawn_again = {0};
    add_stage(&finite, 2, sizes, NULL, population);
    add_stage(&drawn_again, 2, sizes, NULL, NULL);
    double z[8], residual[8], total = 0;
    for (size_t i = 0; i < 8; i++)
        total += z[i] = weight[i] * x[i];
    for (size_t i = 0; i < 8; i++)
        residual[i] = weight[i] * (x[i] - total / 27) / 27;
    REQUIRE_CLOSE(sqrt(variance_of(&finite, &FAIL, z, NULL)), 16.6330994348606, 1e-13);
    REQUIRE_CLOSE(sqrt(variance_of(&finite, &FAIL, residual, NULL)), 0.616040719809653, 1e-13);
    REQUIRE_CLOSE(sqrt(variance_of(&drawn_again, &FAIL, residual, NULL)), 0.741268326768812, 1e-13);

    static const uint32_t pairs[3] = {2, 2, 2};
    static const double arrests[6] = {120, 78, 185, 228, 670, 530}, alive[6] = {25, 24, 30, 49, 80, 70};
    est_i_design scd = {0};
    add_stage(&scd, 3, pairs, NULL, NULL);
    for (size_t i = 0; i < 6; i++) {
        z[i] = arrests[i] / 6;
        residual[i] = (alive[i] - 278.0 / 1811 * arrests[i]) / 1811;
    }
    REQUIRE_CLOSE(sqrt(variance_of(&scd, &FAIL, z, NULL)), 25.3930217885851, 1e-13);
    REQUIRE_CLOSE(sqrt(variance_of(&scd, &FAIL, residual, NULL)), 0.00980730359997476, 1e-13);
    assert_true(est_i_design_df(&scd, NULL) == 3);
    est_i_design_clear(&finite);
    est_i_design_clear(&drawn_again);
    est_i_design_clear(&scd);
}

/* mu284: five of 50 PSUs, three units in each. */
static void two_stages_of_mu284(void **state)
{
    (void)state;
    static const uint32_t psus = 5, sizes[5] = {3, 3, 3, 3, 3}, parent[5] = {0, 1, 2, 3, 4};
    static const double n1 = 50, n2[5] = {5, 8, 5, 9, 7};
    static const double y[15] = {41, 49, 49, 49, 49, 45, 31, 31, 35, 39, 41, 61, 49, 51, 33};
    est_i_design design = {0};
    double z[15], residual[15], total = 0, weights = 0;
    add_stage(&design, 1, &psus, NULL, &n1);
    add_stage(&design, 5, sizes, parent, n2);
    for (size_t i = 0; i < 15; i++) {
        total += z[i] = 10 * n2[i / 3] / 3 * y[i];
        weights += 10 * n2[i / 3] / 3;
    }
    for (size_t i = 0; i < 15; i++)
        residual[i] = 10 * n2[i / 3] / 3 * (y[i] - total / weights) / weights;
    est_i_taylor_options ultimate = {.ultimate_cluster = true};
    REQUIRE_CLOSE(sqrt(variance_of(&design, &FAIL, z, NULL)), 2274.25470087333, 1e-13);
    REQUIRE_CLOSE(sqrt(variance_of(&design, &FAIL, residual, NULL)), 2.27365272781592, 1e-13);
    REQUIRE_CLOSE(sqrt(variance_of(&design, &ultimate, z, NULL)), 2266.03398032774, 1e-13);
    assert_true(est_i_design_df(&design, NULL) == 4);
    uint32_t psu[15];
    est_i_design_psu(&design, psu);
    for (size_t i = 0; i < 15; i++)
        assert_int_equal(psu[i], i / 3);
    est_i_design_clear(&design);
}

/* apiclus2: 40 of 757 districts; all schools of most were taken, of some a single one: certain, not lonely. R survey 4.1. */
static void two_stages_of_apiclus2(void **state)
{
    (void)state;
    enum { PSUS = 40, ROWS = 126 };
    static const uint32_t psus = PSUS, sizes[PSUS] = {1, 1, 3, 1, 3, 3, 4, 1, 4, 5, 2, 1, 5, 4, 5, 4, 1, 5, 2, 5,
                                                      5, 2, 5, 1, 5, 5, 5, 5, 5, 2, 4, 3, 2, 2, 1, 5, 1, 2, 5, 1};
    static const double n1 = 757, n2[PSUS] = {1, 1, 3, 1, 3, 3, 4, 1, 4, 11, 2, 1, 5, 4, 5, 4, 1, 5, 2, 5,
                                              5, 2, 36, 1, 28, 7, 72, 14, 7, 2, 4, 3, 2, 2, 1, 9, 1, 2, 6, 1};
    static const double y[ROWS] = {
        821, 773, 600, 740, 716, 811, 472, 520, 568, 591, 544, 612, 926, 890, 903, 901, 453, 569, 545, 584, 601, 622, 610, 622, 783,
        612, 536, 524, 636, 666, 698, 713, 614, 701, 927, 934, 933, 903, 911, 889, 874, 861, 842, 652, 554, 553, 601, 607, 717, 646,
        644, 631, 690, 622, 566, 615, 596, 547, 541, 621, 912, 929, 909, 951, 912, 759, 803, 660, 502, 479, 545, 478, 710, 769, 865,
        808, 840, 840, 818, 821, 868, 892, 824, 580, 807, 537, 690, 489, 641, 542, 645, 543, 486, 756, 795, 773, 772, 743, 794, 751,
        631, 555, 608, 627, 772, 738, 670, 673, 711, 730, 711, 468, 766, 742, 776, 742, 626, 747, 620, 602, 895, 844, 869, 851, 861,
        653};
    uint32_t parent[PSUS];
    double weight[ROWS], z[ROWS], residual[ROWS], total = 0, weights = 0;
    est_i_design design = {0};
    for (uint32_t i = 0; i < PSUS; i++)
        parent[i] = i;
    add_stage(&design, 1, &psus, NULL, &n1);
    add_stage(&design, PSUS, sizes, parent, n2);
    for (size_t i = 0; i < ROWS; i++) {
        size_t district = design.stage[1].unit_stratum[i];
        weight[i] = 757.0 / 40 * n2[district] / sizes[district];
        total += z[i] = weight[i] * y[i];
        weights += weight[i];
    }
    for (size_t i = 0; i < ROWS; i++)
        residual[i] = weight[i] * (y[i] - total / weights) / weights;
    REQUIRE_CLOSE(total / weights, 670.811808118081, 1e-13);
    REQUIRE_CLOSE(sqrt(variance_of(&design, &FAIL, residual, NULL)), 30.0990273768366, 1e-13);
    REQUIRE_CLOSE(sqrt(variance_of(&design, &FAIL, z, NULL)), 926665.58609027, 1e-13);
    /* The high schools: not in every district. */
    static const size_t high[20] = {9, 16, 28, 30, 51, 53, 54, 57, 60, 67, 69, 89, 90, 97, 100, 101, 102, 103, 106, 111};
    bool present[ROWS] = {false};
    double of_high[ROWS] = {0};
    for (size_t i = 0; i < 20; i++) {
        present[high[i]] = true;
        of_high[high[i]] = z[high[i]];
    }
    REQUIRE_CLOSE(sqrt(variance_of(&design, &FAIL, of_high, present)), 166661.899350694, 1e-13);
    assert_true(est_i_design_df(&design, present) == 13);
    est_i_design_clear(&design);
}

/* Two of four PSUs; the first holds the units 1 and 3 (of four), the second a stratum of the single unit 6 (of three) and, if asked
 * for, a stratum of the units 1 and 2 (of four). */
static void lonely_design(est_i_design *design, bool company)
{
    static const uint32_t two = 2, sizes[3] = {2, 1, 2}, parent[3] = {0, 1, 1};
    static const double n1 = 4, n2[3] = {4, 3, 4};
    static const char *const name = "north";
    add_stage(design, 1, &two, NULL, &n1);
    add_stage(design, company ? 3 : 2, sizes, parent, n2);
    name_strata(design, &name);
}

static void single_units_at_the_second_stage(void **state)
{
    (void)state;
    const double z[5] = {1, 3, 6, 1, 2};
    /* First stage 2 (12.5 with company); the first PSU's own 1/2 * 2 = 1; the company 1/2 * 1/2 = 1/4.
     * Alone: the mean term of the stage is 1; the mean of its units 10/3. With company: 2/1; the PSU's own mean 3. */
    static const double alone[4] = {3, 3, 3 + 64.0 / 27, 4}, company[4] = {13.75, 13.75, 16.75, 14};
    for (size_t i = 0; i < 4; i++) {
        est_i_taylor_options options = {.lonely = POLICIES[i]};
        est_i_design by_itself = {0}, with_others = {0};
        lonely_design(&by_itself, false);
        lonely_design(&with_others, true);
        REQUIRE_CLOSE(variance_of(&by_itself, &options, z, NULL), alone[i], 1e-14);
        REQUIRE_CLOSE(variance_of(&with_others, &options, z, NULL), company[i], 1e-14);
        est_i_design_clear(&by_itself);
        est_i_design_clear(&with_others);
    }
}

/* Five of ten PSUs; three of them hold a single unit (of three): nothing within them to compare it with. */
static void many_single_units_at_the_second_stage(void **state)
{
    (void)state;
    const uint32_t psus = 5, sizes[5] = {2, 1, 1, 2, 1}, parent[5] = {0, 1, 2, 3, 4};
    const double n1 = 10, n2[5] = {4, 3, 3, 4, 3}, z[7] = {1, 3, 6, 2, 0, 4, 4};
    est_i_design design = {0};
    est_i_taylor_options options = {.lonely = EST_I_LONELY_AVERAGE};
    add_stage(&design, 1, &psus, NULL, &n1);
    add_stage(&design, 5, sizes, parent, n2);
    /* 5 of the first stage, 1 and 4 of two PSUs, their mean for the other three. */
    REQUIRE_CLOSE(variance_of(&design, &options, z, NULL), 5 + 5 + 7.5, 1e-15);
    options.lonely = EST_I_LONELY_ADJUST; /* around the mean of the stage's seven units, 20/7 */
    REQUIRE_CLOSE(variance_of(&design, &options, z, NULL), 10 + 584.0 / 147, 1e-14);
    est_i_design_clear(&design);
}

static void three_stages_by_hand(void **state)
{
    (void)state;
    const uint32_t two = 2, pairs[4] = {2, 2, 2, 2}, parent[4] = {0, 1, 2, 3};
    const double n1 = 4, n2[2] = {8, 8}, n3[4] = {4, 4, 4, 4}, z[8] = {1, 3, 2, 6, 0, 4, 5, 5};
    est_i_design design = {0};
    est_error error;
    add_stage(&design, 1, &two, NULL, &n1);
    add_stage(&design, 2, pairs, parent, n2);
    add_stage(&design, 4, pairs, parent, n3);
    REQUIRE_OK(est_i_design_check(&design, &error), error);
    /* 1/2 * 2 * 2, then 1/2 of 3/4 * 2 * (8 + 18), then 1/8 of 1/2 * 2 * (2 + 8 + 8 + 0) */
    REQUIRE_CLOSE(variance_of(&design, &FAIL, z, NULL), 2 + 19.5 + 2.25, 1e-15);
    est_i_design_clear(&design);
}

static void strata_with_and_without_replacement(void **state)
{
    (void)state;
    /* The first stratum is drawn with replacement: the single unit of its first PSU is of no matter. */
    const uint32_t psus[2] = {2, 2}, sizes[4] = {1, 2, 2, 2}, parent[4] = {0, 1, 2, 3};
    const double n1[2] = {INFINITY, 4}, n2[4] = {5, 5, 4, 4}, z[7] = {1, 3, 5, 1, 3, 2, 6}, *statistic = z;
    est_i_design design = {0};
    est_error error;
    double variance;
    size_t lonely = 99;
    add_stage(&design, 2, psus, NULL, n1);
    add_stage(&design, 4, sizes, parent, n2);
    REQUIRE_OK(est_i_taylor_covariance(&design, &FAIL, 1, &statistic, NULL, &variance, &lonely, &error), error);
    REQUIRE_CLOSE(variance, 49 + 8 + 5, 1e-15);
    assert_int_equal(lonely, 0);
    est_i_design_clear(&design);
}

static void single_units_at_the_second_stage_are_refused_where_they_count(void **state)
{
    (void)state;
    const double z[3] = {1, 3, 6}, *statistic = z;
    double variance;
    est_error error = {0};
    est_i_design design = {0};
    lonely_design(&design, false);
    assert_int_equal(est_i_taylor_covariance(&design, &FAIL, 1, &statistic, NULL, &variance, NULL, &error), EST_EDEFINITION);
    assert_non_null(strstr(error.message, "stratum 'north'"));
    assert_non_null(strstr(error.message, "stage 2"));
    design.stage[0].stratum_population[0] = INFINITY; /* drawn with replacement: only the first stage counts */
    REQUIRE_CLOSE(variance_of(&design, &FAIL, z, NULL), 4, 1e-15);
    est_i_design_clear(&design);
}

static void certain_strata_leave_the_later_stages(void **state)
{
    (void)state;
    /* All two PSUs and the only PSU of two strata: no variance at the first stage, nobody lonely, the second stage in full. */
    const uint32_t psus[2] = {2, 1}, sizes[3] = {2, 2, 2}, parent[3] = {0, 1, 2};
    const double n1[2] = {2, 1}, n2[3] = {4, 2, 8}, z[6] = {1, 3, 7, 50, 4, 10};
    est_i_design design = {0};
    add_stage(&design, 2, psus, NULL, n1);
    add_stage(&design, 3, sizes, parent, n2);
    REQUIRE_CLOSE(variance_of(&design, &FAIL, z, NULL), 0.5 * 2 * 2 + 0 + 0.75 * 2 * 18, 1e-15);
    est_i_design_clear(&design);
}

static void the_order_of_later_units_does_not_matter(void **state)
{
    (void)state;
    const uint32_t psus[2] = {2, 2}, sizes[4] = {2, 3, 2, 2}, parent[4] = {2, 0, 3, 1};
    const uint32_t sizes_in_order[4] = {3, 2, 2, 2}, parent_in_order[4] = {0, 1, 2, 3};
    const double n1[2] = {6, 9}, n2[4] = {5, 7, 4, 3}, n2_in_order[4] = {7, 3, 5, 4};
    const double z[9] = {1, 2, /**/ 4, 8, 5, /**/ 3, 9, /**/ 6, 7}, z_in_order[9] = {4, 8, 5, 6, 7, 1, 2, 3, 9};
    const bool present[9] = {true, false, true, true, false, true, true, false, false};
    est_i_design mixed = {0}, ordered = {0};
    est_error error;
    add_stage(&mixed, 2, psus, NULL, n1);
    add_stage(&mixed, 4, sizes, parent, n2);
    add_stage(&ordered, 2, psus, NULL, n1);
    add_stage(&ordered, 4, sizes_in_order, parent_in_order, n2_in_order);
    REQUIRE_OK(est_i_design_check(&mixed, &error), error);
    REQUIRE_CLOSE(variance_of(&mixed, &FAIL, z, NULL), variance_of(&ordered, &FAIL, z_in_order, NULL), 1e-14);
    assert_true(est_i_design_df(&mixed, present) == 1); /* PSUs 2, 0 and 3 of both strata */
    est_i_design_clear(&mixed);
    est_i_design_clear(&ordered);
}

static void require_fault(est_i_design *design, const char *what)
{
    est_error error = {0};
    assert_int_equal(est_i_design_check(design, &error), EST_EINTERNAL);
    if (!strstr(error.message, what))
        fail_msg("expected '%s' in: %s", what, error.message);
}

static void the_check_finds_faults(void **state)
{
    (void)state;
    est_i_design design = {0};
    est_error error;
    require_fault(&design, "number of stages");
    lonely_design(&design, true);
    REQUIRE_OK(est_i_design_check(&design, &error), error);
    design.stage[1].unit_stratum[4] = 1;
    require_fault(&design, "another stratum");
    design.stage[1].unit_stratum[4] = 2;
    design.stage[1].unit_parent[4] = 0;
    require_fault(&design, "apart");
    design.stage[1].unit_parent[4] = 7;
    require_fault(&design, "lies in none");
    design.stage[1].unit_parent[4] = 1;
    design.stage[1].unit_parent[0] = 1;
    require_fault(&design, "crosses units");
    design.stage[1].unit_parent[1] = 1;
    require_fault(&design, "without parts");
    design.stage[1].unit_parent[0] = design.stage[1].unit_parent[1] = 0;
    design.stage[0].stratum_population[0] = 1;
    require_fault(&design, "more units in the sample");
    design.stage[0].stratum_population[0] = NAN;
    require_fault(&design, "more units in the sample");
    design.stage[0].stratum_population[0] = 4;
    design.stage[0].unit_probability = room(2, sizeof(double));
    design.stage[0].unit_probability[0] = 0.5;
    require_fault(&design, "outside (0, 1]");
    design.stage[0].unit_probability[1] = 1;
    design.stage[1].stratum_first[1] = 0;
    require_fault(&design, "without a unit");
    design.stage[1].stratum_first[1] = 2;
    REQUIRE_OK(est_i_design_check(&design, &error), error);
    est_i_design_clear(&design);
    assert_null(design.stage[1].unit_parent);
    est_i_design_clear(&design);
    est_i_design_clear(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_stratum_by_hand),
        cmocka_unit_test(small_differences_of_large_sums),
        cmocka_unit_test(single_psu_strata_as_r),
        cmocka_unit_test(single_psu_strata_are_refused_and_counted),
        cmocka_unit_test(strata_without_a_case_do_not_count),
        cmocka_unit_test(a_psu_without_a_case_is_a_zero),
        cmocka_unit_test(small_designs_of_r_survey),
        cmocka_unit_test(two_stages_of_mu284),
        cmocka_unit_test(two_stages_of_apiclus2),
        cmocka_unit_test(single_units_at_the_second_stage),
        cmocka_unit_test(many_single_units_at_the_second_stage),
        cmocka_unit_test(three_stages_by_hand),
        cmocka_unit_test(strata_with_and_without_replacement),
        cmocka_unit_test(single_units_at_the_second_stage_are_refused_where_they_count),
        cmocka_unit_test(certain_strata_leave_the_later_stages),
        cmocka_unit_test(the_order_of_later_units_does_not_matter),
        cmocka_unit_test(the_check_finds_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
