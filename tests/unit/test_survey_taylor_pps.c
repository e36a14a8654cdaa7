/* Sampling without replacement with unequal probabilities: R survey 4.1 on its election data, and the double loop over pairs. */
#include "taylor_support.h"

enum { COUNTIES = 40 };

static const double probability[COUNTIES] = {
    0.903657562594824,   0.287091367872412,   0.0603660415456728,  0.0760140106070524,   0.0909428691382778,  0.063902041242056,
    0.0179636495479031,  0.00366405576015409, 0.679318485284375,   0.00472361641683901,  0.00049535665528577, 0.0154593273330289,
    0.0996155693281803,  0.0273144960970224,  0.295042203638315,   0.0154851450878215,   0.000382447007659827, 0.115427050836579,
    0.0017129219713009,  0.0209770978872858,  0.0287819772794291,  0.01633437710213,     0.0936289483468913,  0.0579477785134404,
    0.116679728299112,   0.108656258583059,   0.00691674862728074, 0.0610238779377862,   0.128951079270361,   0.234546729081949,
    0.0362168021862131,  0.362437559222164,   0.00724308504785816, 0.0433962034389163,   0.0239251412478607,  0.000142858243185264,
    0.264688097210387,   0.0151395314103323,  0.0348140375091529,  0.00553119578674896};
static const double bush[COUNTIES] = {954764, 439242, 55541,  114703, 152838, 108126, 37322, 7745,   583774, 9432,
                                      1182,   32329,  171157, 42739,  257267, 26428,  764,   172563, 4080,   42263,
                                      36279,  31629,  174707, 69289,  93219,  153424, 11785, 110653, 157591, 345482,
                                      61290,  580553, 13964,  83079,  49538,  145,    264757, 23025, 52449,  10638};
static const double kerry[COUNTIES] = {1670341, 394752, 119821, 105008, 110153, 76938,  14862, 2899,   1389631, 4290,
                                       245,     12391,  116814, 36174,  596208, 18556,  326,   162750, 871,     18361,
                                       45402,   15822,  97283,  99048,  245733, 162220, 8238,  65921,  215810,  335871,
                                       43919,   472320, 7077,   42986,  19079,  263,    498782, 20655, 48226,   5201};
static const double square_sum = 4.1284109064939942; /* of the probabilities of all counties */

/* One stratum, or two: every other county. `unit` gets the county of each unit. */
static void counties_design(est_i_design *design, bool stratified, size_t *unit)
{
    const uint32_t all = COUNTIES, halves[2] = {COUNTIES / 2, COUNTIES / 2};
    add_stage(design, stratified ? 2 : 1, stratified ? halves : &all, NULL, NULL);
    design->stage[0].unit_probability = room(COUNTIES, sizeof(double));
    for (size_t i = 0; i < COUNTIES; i++) {
        unit[i] = !stratified ? i : i < COUNTIES / 2 ? 2 * i : 2 * i - COUNTIES + 1;
        design->stage[0].unit_probability[i] = probability[unit[i]];
    }
}

typedef struct election_case {
    est_i_pps pps;
    bool yates_grundy, known_sum, stratified;
    double bush, both, kerry, ratio; /* variances, covariance, variance of the ratio */
} election_case;

static void election_as_r(void **state)
{
    (void)state;
    static const election_case cases[] = {
        {EST_I_PPS_BREWER, false, false, false, 5990887176584.1562, -5993375965224.9668, 6006354660147.5293, 0.011684186433417874},
        {EST_I_PPS_OVERTON, false, false, false, 8641294311425.1338, -6294113238225.6367, 3859777436652.3076, 0.011684186433417868},
        {EST_I_PPS_OVERTON, true, false, false, 6168893543508.3506, -6177163692903.8037, 6195609566424.3633, 0.012043377671173838},
        {EST_I_PPS_HARTLEY_RAO, false, false, false, 6114507214980.2373, -5999223442490.8516, 5889563053659.0957,
         0.011666226871530072},
        {EST_I_PPS_HARTLEY_RAO, true, false, false, 5990887176584.1348, -5993375965224.9473, 6006354660147.5127,
         0.011684186433417836},
        {EST_I_PPS_HARTLEY_RAO, false, true, false, 6888848747383.4941, -5382314909917.541, 6376748452992.6309,
         0.01166362817620612},
        {EST_I_PPS_HARTLEY_RAO, true, true, false, 5937692844861.5918, -5940063865662.5557, 5952842141664.8809,
         0.011580238620459734},
        {EST_I_PPS_BREWER, false, false, true, 6156080443102.0244, -6162495150945.7471, 6179351183771.6768, 0.012014542878788486},
        {EST_I_PPS_OVERTON, false, false, true, 8653024983447.9326, -6382068033600.2266, 4010852482155.6035, 0.011864707905770332},
        {EST_I_PPS_HARTLEY_RAO, true, false, true, 6156080443102.0332, -6162495150945.7549, 6179351183771.6895,
         0.012014542878788507}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        est_i_design design = {0};
        est_error error;
        size_t unit[COUNTIES];
        double z[3][COUNTIES], top = 0, bottom = 0, covariance[9];
        const double *statistics[3] = {z[0], z[1], z[2]};
        counties_design(&design, cases[c].stratified, unit);
        REQUIRE_OK(est_i_design_check(&design, &error), error);
        for (size_t i = 0; i < COUNTIES; i++) {
            top += z[0][i] = bush[unit[i]] / probability[unit[i]];
            bottom += z[1][i] = kerry[unit[i]] / probability[unit[i]];
        }
        for (size_t i = 0; i < COUNTIES; i++)
            z[2][i] = (z[0][i] - top / bottom * z[1][i]) / bottom;
        est_i_taylor_options options = {.pps = cases[c].pps, .yates_grundy = cases[c].yates_grundy,
                                        .pps_square_sum = cases[c].known_sum ? &square_sum : NULL};
        REQUIRE_OK(est_i_taylor_covariance(&design, &options, 3, statistics, NULL, covariance, NULL, &error), error);
        REQUIRE_CLOSE(covariance[0], cases[c].bush, 1e-12);
        REQUIRE_CLOSE(covariance[1], cases[c].both, 1e-12);
        REQUIRE_CLOSE(covariance[3], cases[c].both, 1e-12);
        REQUIRE_CLOSE(covariance[4], cases[c].kerry, 1e-12);
        REQUIRE_CLOSE(covariance[8], cases[c].ratio, 1e-12);
        est_i_design_clear(&design);
    }
}

static double joint_probability(est_i_pps pps, double n, double pi, double pj, double square)
{
    double below = pps == EST_I_PPS_OVERTON ? n - (pi + pj) / 2 : n - pi - pj + square / n;
    return pi * pj * (n - 1) / below;
}

/* The estimators as they are written, over all pairs. */
static double by_pairs(est_i_pps pps, bool yates_grundy, size_t n, const double *p, double square, const double *z)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (!yates_grundy)
            sum += (1 - p[i]) * z[i] * z[i];
        for (size_t j = 0; j < n; j++) {
            double both = joint_probability(pps, (double)n, p[i], p[j], square);
            if (j != i && yates_grundy)
                sum += (p[i] * p[j] - both) / both * (z[i] - z[j]) * (z[i] - z[j]) / 2;
            else if (j != i)
                sum += (both - p[i] * p[j]) / both * z[i] * z[j];
        }
    }
    return sum;
}

static void sums_over_pairs_without_the_double_loop(void **state)
{
    (void)state;
    static const double p[5] = {0.1, 0.35, 0.8, 1, 0.45}, z[5] = {3, -2, 7, 1.5, 4};
    const uint32_t size = 5;
    const double known = 2.75;
    est_i_design design = {0};
    add_stage(&design, 1, &size, NULL, NULL);
    design.stage[0].unit_probability = room(5, sizeof(double));
    memcpy(design.stage[0].unit_probability, p, sizeof p);
    for (int k = 0; k < 8; k++) {
        est_i_taylor_options options = {.pps = k & 1 ? EST_I_PPS_OVERTON : EST_I_PPS_HARTLEY_RAO, .yates_grundy = k & 2,
                                        .pps_square_sum = k & 4 ? &known : NULL};
        double square = k & 4 ? known : 0.1 + 0.35 + 0.8 + 1 + 0.45;
        double expected = by_pairs(options.pps, options.yates_grundy, 5, p, square, z);
        REQUIRE_CLOSE(variance_of(&design, &options, z, NULL), expected, 1e-13);
    }
    /* Horvitz-Thompson may fall below zero, and says so. */
    static const double uneven[5] = {1, 0, 0, 10, 0};
    est_i_taylor_options options = {.pps = EST_I_PPS_OVERTON};
    double expected = by_pairs(EST_I_PPS_OVERTON, false, 5, p, 0, uneven);
    REQUIRE_CLOSE(expected, 0.9 - 2 * 0.1125 * 10, 1e-14);
    REQUIRE_CLOSE(variance_of(&design, &options, uneven, NULL), expected, 1e-13);
    est_i_design_clear(&design);
}

static void single_and_certain_units(void **state)
{
    (void)state;
    /* Strata: two units, a single one at probability 1/2, a single one taken for certain. */
    const uint32_t sizes[3] = {2, 1, 1};
    const double p[4] = {0.25, 0.5, 0.5, 1}, z[4] = {2, 6, 10, 70};
    est_i_design design = {0};
    add_stage(&design, 3, sizes, NULL, NULL);
    design.stage[0].unit_probability = room(4, sizeof(double));
    memcpy(design.stage[0].unit_probability, p, sizeof p);
    est_i_taylor_options options = {.pps = EST_I_PPS_BREWER, .lonely = EST_I_LONELY_REMOVE};
    double own = 2 * (0.75 * 4 + 0.5 * 4); /* 2/1 sum (1 - p) (z - 4)^2 */
    REQUIRE_CLOSE(variance_of(&design, &options, z, NULL), own, 1e-15);
    options.lonely = EST_I_LONELY_AVERAGE; /* three strata, two of them usable */
    REQUIRE_CLOSE(variance_of(&design, &options, z, NULL), own * 1.5, 1e-15);
    options.lonely = EST_I_LONELY_ADJUST; /* mean of all units 22 */
    REQUIRE_CLOSE(variance_of(&design, &options, z, NULL), own + 0.5 * 144, 1e-15);
    options.pps = EST_I_PPS_OVERTON;
    options.yates_grundy = true;
    const double pair[2] = {2, 6};
    REQUIRE_CLOSE(variance_of(&design, &options, z, NULL), by_pairs(EST_I_PPS_OVERTON, true, 2, p, 0, pair) + 0.5 * 144, 1e-14);
    est_error error = {0};
    double variance;
    const double *statistic = z;
    options.lonely = EST_I_LONELY_FAIL;
    assert_int_equal(est_i_taylor_covariance(&design, &options, 1, &statistic, NULL, &variance, NULL, &error), EST_EDEFINITION);
    assert_non_null(strstr(error.message, "stratum '2'"));
    est_i_design_clear(&design);
}

static void later_stages_by_each_units_probability(void **state)
{
    (void)state;
    const uint32_t psus = 2, sizes[2] = {2, 2}, parent[2] = {0, 1};
    const double n2[2] = {4, 4}, p[2] = {0.25, 0.5}, z[4] = {1, 3, 2, 8};
    est_i_design design = {0};
    add_stage(&design, 1, &psus, NULL, NULL);
    add_stage(&design, 2, sizes, parent, n2);
    design.stage[0].unit_probability = room(2, sizeof(double));
    memcpy(design.stage[0].unit_probability, p, sizeof p);
    est_i_taylor_options options = {.pps = EST_I_PPS_BREWER};
    /* 2 (0.75 + 0.5) 9, then each PSU's 1/2 * 2 * sum of squares by its probability. */
    REQUIRE_CLOSE(variance_of(&design, &options, z, NULL), 22.5 + 0.25 * 2 + 0.5 * 18, 1e-15);
    /* Without the method the probabilities are not used: drawn with replacement. */
    options.pps = EST_I_PPS_NONE;
    REQUIRE_CLOSE(variance_of(&design, &options, z, NULL), 36, 1e-15);
    est_i_design_clear(&design);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(election_as_r),
        cmocka_unit_test(sums_over_pairs_without_the_double_loop),
        cmocka_unit_test(single_and_certain_units),
        cmocka_unit_test(later_stages_by_each_units_probability),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
