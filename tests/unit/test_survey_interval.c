/* Confidence intervals against R survey 4.5 (svyciprop on the api data), by their defining equations, and at the edges. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "numerics/distribution.h"
#include "survey/interval.h"

#define NEAR(found, expected, tolerance) assert_true(fabs((found) - (expected)) <= (tolerance))

/* Estimate, standard error, df and n of the api surveys with the limits that R survey 4.5 gives; {0, 0}: not known. The standard
 * error is half the t interval over t, or half the logit interval where R was not asked for the t interval. */
typedef struct oracle {
    const char *name;
    double estimate, se, df, n;
    double limits[6][2]; /* beta, t, logit, wilson, arcsine, likelihood */
} oracle;

static const oracle oracles[] = {
    {"srs_fpc, sch.wide=Yes", 0.815, 0.0270776455620267, 199, 200,
     {{0.755071745623518, 0.86560434140683}, {0.761604059631032, 0.868395940368968},
      {0.755596894577608, 0.862590610440254}, {0.755933764282336, 0.862374151150409},
      {0.758798580475119, 0.865254210281836}, {0.757685270591496, 0.864385117845728}}},
    {"srs_wr, sch.wide=Yes", 0.815, 0.0275256846705565, 199, 200,
     {{0.753966305511007, 0.866392410671726}, {0.760720545978886, 0.869279454021114},
      {0.754513141061435, 0.863283688341249}, {0.754867899580294, 0.863057366829296},
      {0.757824487988823, 0.866030187253479}, {0.756675733581143, 0.865131522444016}}},
    {"strat_fpc, sch.wide=Yes", 0.827948011415823, 0.0243447801130747, 197, 200,
     {{0.774171328597313, 0.873431592620735}, {0.779938180972881, 0.875957841858766},
      {0.774539654746768, 0.870814854943599}, {0.774814586361996, 0.870637562287005},
      {0.77741790823432, 0.873178834149903}, {0.776411853428492, 0.872415866051527}}},
    {"strat_wr, sch.wide=Yes", 0.827948011415823, 0.0247568028754562, 197, 200,
     {{0.773157461316037, 0.874156694039711}, {0.779125639521749, 0.876770383309898},
      {0.773542009725692, 0.87145518275853}, {0.773831913675252, 0.871269596406696},
      {0.776521722877386, 0.873894378755823}, {0.775484369647554, 0.87310405521987}}},
    {"clus1_fpc, sch.wide=Yes", 0.87431693989071, 0.0203594772446275, 14, 183,
     {{0.823702210847501, 0.914704492126865}, {0.830650204123468, 0.917983675657953},
      {0.823798892383002, 0.911900077024393}, {0.824171513661327, 0.911693452638918},
      {0.827533453321086, 0.914614571848907}, {0.826288241963576, 0.913694491892495}}},
    {"clus1_wr, sch.wide=Yes", 0.87431693989071, 0.0205642374474379, 14, 183,
     {{0.823118604941657, 0.915076523703784}, {0.830211037166265, 0.918422842615156},
      {0.823218026793314, 0.912220624148284}, {0.823602854998564, 0.912008469851656},
      {0.827032668373962, 0.914984434619257}, {0.825763952674619, 0.914046060720166}}},
    {"srs_fpc, ell=0(rare)", 0.06, 0.0165609704625754, 199, 200,
     {{0.0317155251216819, 0.101738250908348}, {0, 0},
      {0.0345372439207399, 0.10224719687187}, {0.0347982231588318, 0.10153357750654},
      {0, 0}, {0, 0}}},
    {"srs_wr, ell=0(rare)", 0.06, 0.0168349958546813, 199, 200,
     {{0.0313239017566388, 0.102593754892144}, {0, 0},
      {0.0342191931339781, 0.103130016710504}, {0.0344906352400689, 0.102375659298917},
      {0, 0}, {0, 0}}},
    {"strat_fpc, ell=0(rare)", 0.0530384247147795, 0.01589330756254, 197, 200,
     {{0.0263095487336827, 0.0939867335718545}, {0, 0},
      {0.0291338898949765, 0.0946447267376706}, {0.0294096958967665, 0.0938162763294062},
      {0, 0}, {0, 0}}},
    {"strat_wr, ell=0(rare)", 0.0530384247147795, 0.0161466550726366, 197, 200,
     {{0.0259611613674711, 0.0948081985613565}, {0, 0},
      {0.0288538352663478, 0.0955005509986356}, {0.0291400315032732, 0.0946261248449191},
      {0, 0}, {0, 0}}},
    {"clus1_fpc, ell=0(rare)", 0.0218579234972678, 0.022622450861134, 14, 183,
     {{0.000216146832743157, 0.137507763914981}, {0, 0},
      {0.0023046912841355, 0.177747766822699}, {0.00317877723778657, 0.135391285147164},
      {0, 0}, {0, 0}}},
    {"clus1_wr, ell=0(rare)", 0.0218579234972678, 0.0228499703387089, 14, 183,
     {{0.000198643678806945, 0.139396111630852}, {0, 0},
      {0.00225280191654704, 0.18110814491907}, {0.00313144986346296, 0.137162492468273},
      {0, 0}, {0, 0}}},
};

static const est_i_survey_ci kinds[6] = {EST_I_CI_BETA_UNCAPPED, EST_I_CI_T, EST_I_CI_LOGIT, EST_I_CI_WILSON, EST_I_CI_ARCSINE,
                                         EST_I_CI_LIKELIHOOD};

static est_i_interval_input input_of(double estimate, double se, double df, double n)
{
    return (est_i_interval_input){.estimate = estimate, .se = se, .df = df, .level = 0.95, .n = n, .n_beta = n, .df_beta = df,
                                  .design_effect = NAN};
}

static void test_r_survey(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof oracles / sizeof *oracles; i++) {
        const oracle *o = &oracles[i];
        est_i_interval_input input = input_of(o->estimate, o->se, o->df, o->n);
        for (int k = 0; k < 6; k++) {
            if (!(o->limits[k][1] > 0))
                continue;
            est_i_interval found = est_i_proportion_interval(kinds[k], &input);
            double tolerance = kinds[k] == EST_I_CI_LIKELIHOOD ? 1e-5 : 1e-11;
            assert_false(found.at_bound);
            NEAR(found.lower, o->limits[k][0], tolerance * o->limits[k][0]);
            NEAR(found.upper, o->limits[k][1], tolerance * o->limits[k][1]);
        }
    }
}

/* The limits of the likelihood interval satisfy its equation. */
static void test_likelihood_equation(void **state)
{
    (void)state;
    static const double proportions[] = {0.002, 0.01, 0.05, 0.5, 0.83, 0.99};
    static const double effects[] = {1e-6, 0.3, 1, 8};
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < 4; j++) {
            double p = proportions[i], n = 500, se = sqrt(p * (1 - p) / n * effects[j]), t = est_i_t_quantile(0.975, 30);
            est_i_interval_input input = input_of(p, se, 30, n);
            est_i_interval found = est_i_proportion_interval(EST_I_CI_LIKELIHOOD, &input);
            assert_true(found.lower < p && p < found.upper && found.lower >= 0 && found.upper <= 1);
            for (int side = 0; side < 2; side++) {
                long double q = side ? found.upper : found.lower, r = p;
                long double twice = 2 * (r * logl(r / q) + (1 - r) * logl((1 - r) / (1 - q)));
                long double bound = t * t * se * se / (p * (1 - p)) * n / (n - 1);
                assert_true(fabsl(twice / bound - 1) < (effects[j] < 1e-3 ? 1e-6L : 1e-8L));
            }
        }
}

/* The cap: an effective size above n counts as n, so that the limits are those of Clopper and Pearson for 163 of 200
 * (binom.test(163, 200) of R 4.2). */
static void test_cap(void **state)
{
    (void)state;
    est_i_interval_input input = input_of(0.815, 0.0270776455620267, 199, 200);
    est_i_interval found = est_i_proportion_interval(EST_I_CI_BETA, &input);
    assert_string_equal(found.method, "korn-graubard");
    NEAR(found.effective_n, 200, 0);
    NEAR(found.lower, 0.754136537551322, 1e-12);
    NEAR(found.upper, 0.866271339820238, 1e-12);
    input.se = 0.04; /* below the cap BETA is the uncapped form with its own n and df */
    est_i_interval capped = est_i_proportion_interval(EST_I_CI_BETA, &input);
    input.n_beta = 200;
    est_i_interval uncapped = est_i_proportion_interval(EST_I_CI_BETA_UNCAPPED, &input);
    NEAR(capped.effective_n, 0.815 * 0.185 / 0.0016, 1e-10);
    NEAR(capped.lower, uncapped.lower, 0);
    NEAR(capped.upper, uncapped.upper, 0);
    input.n_beta = 400;
    input.df_beta = 10;
    est_i_interval other = est_i_proportion_interval(EST_I_CI_BETA_UNCAPPED, &input);
    double ratio = est_i_t_quantile(0.975, 399) / est_i_t_quantile(0.975, 10);
    NEAR(other.effective_n, 0.815 * 0.185 / 0.0016 * ratio * ratio, 1e-10);
    assert_true(other.upper > uncapped.upper);
}

/* At 0 and 1: 1 - (alpha / 2)^(1 / n) at n over the design effect, for every method but TWO_SE. */
static void test_at_bound(void **state)
{
    (void)state;
    for (int k = EST_I_CI_BETA; k <= EST_I_CI_LIKELIHOOD; k++) {
        est_i_interval_input input = input_of(0, 0, 20, 50);
        est_i_interval found = est_i_proportion_interval((est_i_survey_ci)k, &input);
        assert_true(found.at_bound);
        assert_string_equal(found.method, "clopper-pearson");
        NEAR(found.lower, 0, 0);
        NEAR(found.upper, 1 - pow(0.025, 1.0 / 50), 1e-13);
        input.estimate = 1;
        input.design_effect = 2.5;
        found = est_i_proportion_interval((est_i_survey_ci)k, &input);
        NEAR(found.lower, pow(0.025, 1.0 / 20), 1e-13);
        NEAR(found.upper, 1, 0);
        NEAR(found.effective_n, 20, 0);
        input.design_effect = 0.4; /* never more than n */
        NEAR(est_i_proportion_interval((est_i_survey_ci)k, &input).lower, pow(0.025, 1.0 / 50), 1e-13);
        input.df = 0;
        assert_true(isnan(est_i_proportion_interval((est_i_survey_ci)k, &input).lower));
    }
    est_i_interval_input input = input_of(0, 0, 20, 50);
    est_i_interval printed = est_i_proportion_interval(EST_I_CI_TWO_SE, &input);
    assert_true(printed.at_bound);
    NEAR(printed.upper, 0, 0);
}

/* Without degrees of freedom there is no interval: never 1.96. */
static void test_no_df(void **state)
{
    (void)state;
    static const double without[] = {0, -1, NAN};
    for (int k = EST_I_CI_BETA; k <= EST_I_CI_LIKELIHOOD; k++)
        for (int i = 0; i < 3; i++) {
            est_i_interval_input input = input_of(0.3, 0.05, without[i], 80);
            est_i_interval found = est_i_proportion_interval((est_i_survey_ci)k, &input);
            assert_true(isnan(found.lower) && isnan(found.upper));
        }
    est_i_interval_input input = input_of(0.3, 0.05, 0, 80);
    NEAR(est_i_proportion_interval(EST_I_CI_TWO_SE, &input).upper, 0.4, 1e-15);
    assert_true(isnan(est_i_t_interval(EST_I_CI_T, &input).lower));
    NEAR(est_i_t_interval(EST_I_CI_TWO_SE, &input).lower, 0.2, 1e-15);
    input.df = INFINITY;
    NEAR(est_i_t_interval(EST_I_CI_T, &input).upper, 0.3 + 0.05 * 1.959963984540054, 1e-15);
}

/* A standard error of 0 between 0 and 1: n for BETA, the estimate for the others; NaN gives nothing. */
static void test_no_variance(void **state)
{
    (void)state;
    est_i_interval_input input = input_of(0.25, 0, 12, 40);
    for (int k = EST_I_CI_BETA_UNCAPPED; k <= EST_I_CI_TWO_SE; k++) {
        est_i_interval found = est_i_proportion_interval((est_i_survey_ci)k, &input);
        NEAR(found.lower, 0.25, 0);
        NEAR(found.upper, 0.25, 0);
    }
    est_i_interval found = est_i_proportion_interval(EST_I_CI_BETA, &input);
    NEAR(found.effective_n, 40, 0);
    NEAR(found.lower, est_i_beta_quantile(0.025, 10, 31), 1e-14);
    NEAR(found.upper, est_i_beta_quantile(0.975, 11, 30), 1e-14);
    input.se = NAN;
    for (int k = EST_I_CI_BETA; k <= EST_I_CI_TWO_SE; k++)
        assert_true(isnan(est_i_proportion_interval((est_i_survey_ci)k, &input).upper));
}

/* The arcsine interval stops at 0 and 1; an estimate that is no proportion has no interval but t and two-se. */
static void test_range(void **state)
{
    (void)state;
    est_i_interval_input input = input_of(0.01, 0.02, 10, 60);
    est_i_interval found = est_i_proportion_interval(EST_I_CI_ARCSINE, &input);
    NEAR(found.lower, 0, 0);
    assert_true(found.upper > 0.01 && found.upper < 0.2);
    input.estimate = 0.99;
    NEAR(est_i_proportion_interval(EST_I_CI_ARCSINE, &input).upper, 1, 0);
    assert_true(est_i_proportion_interval(EST_I_CI_T, &input).upper > 1);
    input.estimate = 1.01;
    for (int k = EST_I_CI_BETA; k <= EST_I_CI_LIKELIHOOD; k++)
        assert_true((k == EST_I_CI_T) != isnan(est_i_proportion_interval((est_i_survey_ci)k, &input).lower));
    input.level = 1;
    assert_true(isnan(est_i_t_interval(EST_I_CI_T, &input).lower));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_r_survey),  cmocka_unit_test(test_likelihood_equation), cmocka_unit_test(test_cap),
        cmocka_unit_test(test_at_bound),  cmocka_unit_test(test_no_df),               cmocka_unit_test(test_no_variance),
        cmocka_unit_test(test_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
