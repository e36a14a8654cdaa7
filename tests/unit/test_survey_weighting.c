/* Weights step by step: base weights, nonresponse in cells and by propensity, calibration, trimming, and every refusal. */
#include "numerics/rng.h"
#include "survey/weighting.h"
#include "weighting_support.h"

static est_result *weigh(const est_table *data, est_weight_options options)
{
    est_error error;
    est_result *result = NULL;
    REQUIRE_OK(est_weight_table(data, &options, NULL, &result, &error), error);
    return result;
}

static double *weights_of(const est_result *result, size_t expected)
{
    size_t n;
    double *weights = est_i_weighting_weights(result, &n);
    assert_non_null(weights);
    assert_int_equal(n, expected);
    return weights;
}

static double cell_of(const est_result *result, const char *frame, size_t row, const char *column)
{
    const est_frame *f = est_result_frame_find(result, frame);
    assert_non_null(f);
    for (size_t j = 0; j < f->n_columns; j++)
        if (strcmp(f->columns[j], column) == 0)
            return f->cells[row * f->n_columns + j].number;
    fail_msg("no column %s in frame %s", column, frame);
    return NAN;
}

static bool has_note(const est_result *result, const char *code)
{
    bool has = false;
    for (size_t i = 0; i < est_result_notes(result); i++)
        has = has || strcmp(est_result_note(result, i)->code, code) == 0;
    return has;
}

static double row_of(const est_result *result, const char *estimand, const char *step)
{
    const est_row *row = est_result_find(result, estimand, "step", step);
    assert_non_null(row);
    return row->estimate;
}

/* ---- base weights ---- */

static void test_base(void **state)
{
    (void)state;
    est_table *data = table_of("p,q,w\n0.5,0.1,20\n0.25,0.2,20\n1,0.04,25\n");
    est_weight_options options = est_weight_options_default();
    options.probability = "p,q";
    est_result *result = weigh(data, options);
    double *weights = weights_of(result, 3);
    REQUIRE_NEAR(weights[0], 20, 1e-15);
    REQUIRE_NEAR(weights[2], 25, 1e-15);
    REQUIRE_NEAR(row_of(result, "weight_sum", "base"), 65, 1e-15);
    REQUIRE_NEAR(row_of(result, "weight_smallest", "base"), 20, 1e-15);
    REQUIRE_NEAR(row_of(result, "weight_largest", "base"), 25, 1e-15);
    REQUIRE_NEAR(row_of(result, "weight_design_effect", "base"), 3.0 * (400 + 400 + 625) / (65.0 * 65.0), 1e-14);
    REQUIRE_NEAR(cell_of(result, "steps", 0, "effective_n"), 65.0 * 65.0 / 1425, 1e-14);
    assert_int_equal(est_result_frame_find(result, "weights")->print_rows, 0);
    free(weights);
    est_result_free(result);
    options = est_weight_options_default();
    options.weight = "w";
    result = weigh(data, options);
    weights = weights_of(result, 3);
    assert_true(weights[0] == 20 && weights[2] == 25);
    free(weights);
    est_result_free(result);
    est_table_free(data);
}

/* ---- nonresponse ---- */

static const char households[] = "region,sex,r,w\n"
                                 "n,f,1,2\nn,f,0,3\nn,f,1,5\nn,m,1,4\nn,m,1,1\n"
                                 "s,f,1,6\ns,f,0,6\ns,m,0,1\ns,m,1,3\ns,m,0,0\n";

static void test_cells(void **state)
{
    (void)state;
    static const double expected[] = {2 * 10.0 / 7, 0, 5 * 10.0 / 7, 4, 1, 12, 0, 0, 4, 0};
    est_table *data = table_of(households);
    est_weight_options options = est_weight_options_default();
    options.weight = "w";
    options.response = "r";
    options.response_cells = "region,sex";
    est_result *result = weigh(data, options);
    double *weights = weights_of(result, 10);
    for (size_t i = 0; i < 10; i++)
        REQUIRE_NEAR(weights[i], expected[i], 1e-14);
    REQUIRE_NEAR(row_of(result, "weight_sum", "base"), 31, 1e-15);
    REQUIRE_NEAR(row_of(result, "weight_sum", "response"), 31, 1e-14);
    REQUIRE_NEAR(cell_of(result, "response", 0, "factor"), 10.0 / 7, 1e-15);
    REQUIRE_NEAR(cell_of(result, "response", 2, "respondents"), 1, 0);
    assert_string_equal(est_result_frame_find(result, "response")->cells[14].text, "region=s, sex=f");
    assert_string_equal(est_result_frame_find(result, "response")->cells[20].text, "few respondents");
    assert_true(has_note(result, "response_cells") && has_note(result, "nonresponse"));
    REQUIRE_NEAR(est_result_stat_value(result, "nonrespondents"), 3, 0);
    free(weights);
    est_result_free(result);
    options.response_minimum = 1;
    options.response_factor = 1.9;
    result = weigh(data, options);
    assert_string_equal(est_result_frame_find(result, "response")->cells[20].text, "large factor");
    assert_string_equal(est_result_frame_find(result, "response")->cells[6].text, "");
    est_result_free(result);
    est_table_free(data);
}

/* A weighted model with a parameter for each cell has the cells' response rates as propensities. */
static void test_propensity_of_cells(void **state)
{
    (void)state;
    est_table *data = table_of("region,sex,r,w\n"
                               "n,f,1,2\nn,f,0,3\nn,f,1,5\nn,m,1,4\nn,m,0,1\ns,f,1,6\ns,f,0,6\ns,m,0,1\ns,m,1,3\ns,m,0,0\n");
    est_weight_options options = est_weight_options_default();
    options.weight = "w";
    options.response = "r";
    options.response_cells = "sex,region";
    est_result *result = weigh(data, options);
    double *cells = weights_of(result, 10);
    est_result_free(result);
    options.response_cells = "";
    options.propensity = "factor(region) * factor(sex)";
    result = weigh(data, options);
    double *model = weights_of(result, 10);
    for (size_t i = 0; i < 10; i++)
        REQUIRE_NEAR(model[i], cells[i], 1e-9);
    REQUIRE_NEAR(cell_of(result, "response", 0, "factor"), 4.0 / 3 > 2 ? 4.0 / 3 : 2, 1e-9);
    free(model);
    est_result_free(result);
    options.propensity_weights = 1; /* unweighted: rates of rows, 2 of 3 in n, f */
    result = weigh(data, options);
    model = weights_of(result, 10);
    REQUIRE_NEAR(model[0], 2 * 3.0 / 2, 1e-9);
    REQUIRE_NEAR(model[8], 3 * 2.0, 1e-9);
    free(model);
    free(cells);
    est_result_free(result);
    est_table_free(data);
}

#define PEOPLE 400
#define COLUMNS 4 /* 1, age / 50, male, age / 50 x male */

typedef struct people {
    double age[PEOPLE], r[PEOPLE], w[PEOPLE], beta[COLUMNS];
    const char *sex[PEOPLE];
    est_table *table;
} people;

static void make_people(people *p)
{
    est_i_rng rng;
    est_error error;
    est_i_rng_start(&rng, 5, EST_I_PURPOSE_TEST, 1, 1);
    for (size_t i = 0; i < PEOPLE; i++) {
        p->age[i] = 15 + floor(50 * est_i_rng_uniform(&rng));
        p->sex[i] = est_i_rng_uniform(&rng) < 0.5 ? "m" : "f";
        p->r[i] = est_i_rng_uniform(&rng) < 0.3 + 0.008 * (p->age[i] - 15) + (*p->sex[i] == 'm' ? 0.1 : 0) ? 1 : 0;
        p->w[i] = 1 + 9 * est_i_rng_uniform(&rng);
    }
    REQUIRE_OK(est_table_new("people", PEOPLE, &p->table, &error), error);
    REQUIRE_OK(est_table_add_numbers(p->table, "age", p->age, &error), error);
    REQUIRE_OK(est_table_add_text(p->table, "sex", p->sex, &error), error);
    REQUIRE_OK(est_table_add_numbers(p->table, "r", p->r, &error), error);
    REQUIRE_OK(est_table_add_numbers(p->table, "w", p->w, &error), error);
}

static double predictor(const people *p, size_t i, double *x)
{
    double eta = 0;
    x[0] = 1;
    x[1] = p->age[i] / 50;
    x[2] = *p->sex[i] == 'm';
    x[3] = x[1] * x[2];
    for (size_t j = 0; j < COLUMNS; j++)
        eta += x[j] * p->beta[j];
    return eta;
}

static void fit_plainly(people *p)
{
    memset(p->beta, 0, sizeof p->beta);
    for (int step = 0; step < 30; step++) {
        double a[COLUMNS][COLUMNS + 1] = {{0}}, x[COLUMNS];
        for (size_t i = 0; i < PEOPLE; i++) {
            double share = 1 / (1 + exp(-predictor(p, i, x)));
            for (size_t j = 0; j < COLUMNS; j++) {
                for (size_t k = 0; k < COLUMNS; k++)
                    a[j][k] += p->w[i] * share * (1 - share) * x[j] * x[k];
                a[j][COLUMNS] += p->w[i] * (p->r[i] - share) * x[j];
            }
        }
        for (size_t j = 0; j < COLUMNS; j++)
            for (size_t i = 0; i < COLUMNS; i++) {
                double f = i == j ? 0 : a[i][j] / a[j][j];
                for (size_t k = 0; k <= COLUMNS; k++)
                    a[i][k] -= f * a[j][k];
            }
        for (size_t j = 0; j < COLUMNS; j++)
            p->beta[j] += a[j][COLUMNS] / a[j][j];
    }
}

/* Numbers, levels and products; against propensities that a plain Newton's method finds. */
static void test_propensity_of_numbers(void **state)
{
    (void)state;
    people *p = calloc(1, sizeof *p);
    double x[COLUMNS];
    make_people(p);
    fit_plainly(p);
    est_weight_options options = est_weight_options_default();
    options.weight = "w";
    options.response = "r";
    options.propensity = "age * factor(sex)";
    est_result *result = weigh(p->table, options);
    double *weights = weights_of(result, PEOPLE);
    for (size_t i = 0; i < PEOPLE; i++)
        REQUIRE_NEAR(weights[i], p->r[i] == 1 ? p->w[i] * (1 + exp(-predictor(p, i, x))) : 0, 1e-9);
    free(weights);
    est_result_free(result);
    est_table_free(p->table);
    free(p);
}

static void test_propensity_classes(void **state)
{
    (void)state;
    people *p = calloc(1, sizeof *p);
    double rows = 0, before = INFINITY;
    make_people(p);
    est_weight_options options = est_weight_options_default();
    options.weight = "w";
    options.response = "r";
    options.propensity = "age * factor(sex)";
    options.propensity_classes = 4;
    est_result *result = weigh(p->table, options);
    assert_int_equal(est_result_frame_find(result, "response")->n_rows, 4);
    for (size_t k = 0; k < 4; k++) {
        double size = cell_of(result, "response", k, "rows"), factor = cell_of(result, "response", k, "factor");
        assert_true(size >= 85 && size <= 115); /* a quarter of 400, but for ties */
        REQUIRE_NEAR(factor, cell_of(result, "response", k, "weight") / cell_of(result, "response", k, "responding"), 1e-14);
        assert_true(factor < before); /* the larger the propensity, the smaller the factor */
        before = factor;
        rows += size;
    }
    REQUIRE_NEAR(rows, PEOPLE, 0);
    REQUIRE_NEAR(row_of(result, "weight_sum", "response"), row_of(result, "weight_sum", "base"), 1e-13);
    est_result_free(result);
    est_table_free(p->table);
    free(p);
}

/* ---- calibration ---- */

static est_weight_options calibrate(int kind, const est_table *margins)
{
    est_weight_options options = est_weight_options_default();
    options.weight = "pw";
    options.calibrate = kind;
    options.margins = margins;
    return options;
}

/* R survey 4.5: calibrate(apiclus1, ~stype + api99), linear. */
static void test_calibration(void **state)
{
    (void)state;
    est_table *data = schools(NULL), *margins = table_of(SCHOOL_TYPES_API99);
    est_result *result = weigh(data, calibrate(EST_WEIGHT_LINEAR, margins));
    double *weights = weights_of(result, SCHOOLS), squares = 0;
    for (size_t i = 0; i < SCHOOLS; i++)
        squares += weights[i] * weights[i];
    REQUIRE_NEAR(squares, 228638.909647161, 1e-13);
    REQUIRE_NEAR(weights[182], 39.2276529278364, 1e-13);
    REQUIRE_NEAR(row_of(result, "weight_smallest", "calibration"), 14.1680975228498, 1e-13);
    REQUIRE_NEAR(row_of(result, "weight_design_effect", "calibration"), SCHOOLS * squares / (6194.0 * 6194.0), 1e-13);
    REQUIRE_NEAR(cell_of(result, "margins", 3, "known"), 3914069, 0);
    REQUIRE_NEAR(cell_of(result, "margins", 3, "after"), 3914069, 1e-12);
    REQUIRE_NEAR(cell_of(result, "margins", 1, "before"), 14 * SCHOOL_WEIGHT, 1e-13);
    free(weights);
    est_result_free(result);
    est_table_free(margins);
    est_table_free(data);
}

/* By cluster the weights of a district are the same, and some below zero, which is said. Nonrespondents have no say. */
static void test_by_cluster(void **state)
{
    (void)state;
    est_table *data = schools(NULL), *margins = table_of(SCHOOL_TYPES_API99);
    est_weight_options options = calibrate(EST_WEIGHT_LINEAR, margins);
    options.by_cluster = 1;
    options.psu = "dnum";
    est_result *result = weigh(data, options);
    double *weights = weights_of(result, SCHOOLS);
    REQUIRE_NEAR(weights[182], 54.1732308794099, 1e-12);
    for (size_t i = 1; i < SCHOOLS; i++)
        assert_true(school_district[i] != school_district[i - 1] || weights[i] == weights[i - 1]);
    assert_true(has_note(result, "negative_weights"));
    free(weights);
    est_result_free(result);
    est_table_free(margins);
    est_table_free(data);
}

static void test_response_then_calibration(void **state)
{
    (void)state;
    est_table *data = table_of(households),
        *margins = table_of("variable,level,total\nregion,n,100\nregion,s,60\nsex,f,90\nsex,m,70\n");
    est_weight_options options = est_weight_options_default();
    options.weight = "w";
    options.response = "r";
    options.response_cells = "region";
    options.calibrate = EST_WEIGHT_RAKE;
    options.margins = margins;
    est_result *result = weigh(data, options);
    double *weights = weights_of(result, 10);
    REQUIRE_NEAR(weights[0] + weights[2] + weights[3] + weights[4], 100, 1e-9);
    REQUIRE_NEAR(weights[0] + weights[2] + weights[5], 90, 1e-9);
    REQUIRE_NEAR(weights[8], 160 - weights[0] - weights[2] - weights[3] - weights[4] - weights[5], 1e-9);
    assert_true(weights[1] == 0 && weights[6] == 0 && weights[7] == 0 && weights[9] == 0);
    REQUIRE_NEAR(weights[2] / weights[0], 2.5, 1e-12);
    REQUIRE_NEAR(cell_of(result, "margins", 1, "before"), 16, 1e-14);
    free(weights);
    est_result_free(result);
    est_table_free(margins);
    est_table_free(data);
}

/* ---- trimming ---- */

/* R survey 4.5: trimWeights(calibrated, lower = 20, upper = 45, strict = TRUE). */
static void test_trim_alone(void **state)
{
    (void)state;
    est_table *data = schools(NULL), *margins = table_of(SCHOOL_TYPES_API99);
    est_result *result = weigh(data, calibrate(EST_WEIGHT_LINEAR, margins));
    double *calibrated = weights_of(result, SCHOOLS), squares = 0;
    est_table *again = schools(calibrated);
    est_result_free(result);
    est_weight_options options = est_weight_options_default();
    options.weight = "pw";
    options.trim = "20,45";
    result = weigh(again, options);
    double *weights = weights_of(result, SCHOOLS);
    for (size_t i = 0; i < SCHOOLS; i++)
        squares += weights[i] * weights[i];
    REQUIRE_NEAR(squares, 221871.244937682, 1e-12);
    REQUIRE_NEAR(row_of(result, "weight_sum", "trimming"), 6194, 1e-12);
    REQUIRE_NEAR(row_of(result, "weight_largest", "trimming"), 45, 0);
    REQUIRE_NEAR(row_of(result, "weight_smallest", "trimming"), 20, 0);
    assert_true(est_result_stat_value(result, "weights_at_upper_limit") > 5);
    free(weights);
    free(calibrated);
    est_result_free(result);
    est_table_free(again);
    est_table_free(margins);
    est_table_free(data);
}

/* Within limits the weights are the distance's: of rows that are not at a limit g is 1 + x'lambda, or exp(x'lambda), for one
 * lambda. */
static void check_trim(int kind, const char *bounds, const char *trim, double least, double most)
{
    est_table *data = schools(NULL), *margins = table_of(SCHOOL_TYPES_API99);
    est_weight_options options = calibrate(kind, margins);
    options.bounds = bounds;
    options.trim = trim;
    est_result *result = weigh(data, options);
    double *weights = weights_of(result, SCHOOLS), sum[3] = {0}, api99 = 0, slope = NAN;
    size_t cut = 0;
    for (size_t i = 0; i < SCHOOLS; i++) {
        sum[school_type[i] == 'E' ? 0 : school_type[i] == 'H' ? 1 : 2] += weights[i];
        api99 += weights[i] * school_api99[i];
        assert_true(weights[i] >= least && weights[i] <= most);
        cut += weights[i] == least || weights[i] == most ? 1 : 0;
    }
    REQUIRE_NEAR(sum[0], 4421, 1e-9);
    REQUIRE_NEAR(sum[1], 755, 1e-9);
    REQUIRE_NEAR(sum[2], 1018, 1e-9);
    REQUIRE_NEAR(api99, 3914069, 1e-9);
    assert_true(cut >= 20);
    assert_int_equal(cut, (int)(est_result_stat_value(result, "weights_at_lower_limit") +
                                est_result_stat_value(result, "weights_at_upper_limit")));
    for (size_t i = 0; i < SCHOOLS; i++) /* u changes by the same amount for each point of api99 within a type */
        for (size_t j = 0; j < i; j++) {
            double a = weights[i] / SCHOOL_WEIGHT, b = weights[j] / SCHOOL_WEIGHT;
            bool free_rows = weights[i] > least && weights[i] < most && weights[j] > least && weights[j] < most;
            if (!free_rows || school_type[i] != school_type[j] || abs(school_api99[i] - school_api99[j]) < 100)
                continue;
            double found = (kind == EST_WEIGHT_LINEAR ? a - b : log(a) - log(b)) / (school_api99[i] - school_api99[j]);
            slope = isnan(slope) ? found : slope;
            REQUIRE_NEAR(1000 * found, 1000 * slope, 1e-8);
        }
    assert_true(fabs(slope) < INFINITY);
    REQUIRE_NEAR(cell_of(result, "margins", 3, "after"), 3914069, 1e-9);
    free(weights);
    est_result_free(result);
    est_table_free(margins);
    est_table_free(data);
}

static void test_trim_keeps_totals(void **state)
{
    (void)state;
    check_trim(EST_WEIGHT_LINEAR, "", "20,58", 20, 58);
    check_trim(EST_WEIGHT_EXPONENTIAL, "", "22,60", 22, 60);
}

/* Post-strata: rows that are not at a limit keep their ratios within the stratum; 1 is the factor of the others where all fits. */
static void test_trim_poststrata(void **state)
{
    (void)state;
    est_table *data = table_of("h,w\na,1\na,2\na,4\na,20\nb,3\nb,3\n"),
        *margins = table_of("variable,level,total\nh,a,54\nh,b,12\n");
    est_weight_options options = est_weight_options_default();
    options.weight = "w";
    options.calibrate = EST_WEIGHT_POSTSTRATIFY;
    options.margins = margins;
    options.trim = "4,25";
    est_result *result = weigh(data, options); /* 2, 4, 8, 40 -> 25 is cut; 29 over 1, 2, 4: 4.14, 8.29, 16.57 */
    double *weights = weights_of(result, 6);
    static const double expected[] = {29.0 / 7, 58.0 / 7, 116.0 / 7, 25, 6, 6};
    for (size_t i = 0; i < 6; i++)
        REQUIRE_NEAR(weights[i], expected[i], 1e-14);
    assert_true(has_note(result, "trimmed"));
    free(weights);
    est_result_free(result);
    est_table_free(margins);
    est_table_free(data);
}

static void test_trim_clusters_and_median(void **state)
{
    (void)state;
    est_table *data = schools(NULL), *margins = table_of(SCHOOL_TYPES_API99);
    est_weight_options options = calibrate(EST_WEIGHT_LINEAR, margins);
    options.by_cluster = 1;
    options.psu = "dnum";
    options.trim = "2,80";
    est_result *result = weigh(data, options);
    double *weights = weights_of(result, SCHOOLS), api99 = 0, most = 0;
    for (size_t i = 0; i < SCHOOLS; i++) {
        assert_true(weights[i] >= 2 && weights[i] <= 80);
        assert_true(i == 0 || school_district[i] != school_district[i - 1] || weights[i] == weights[i - 1]);
        api99 += weights[i] * school_api99[i];
    }
    REQUIRE_NEAR(api99, 3914069, 1e-9);
    free(weights);
    est_result_free(result);
    options = calibrate(EST_WEIGHT_EXPONENTIAL, margins);
    options.trim_median = 1.9;
    result = weigh(data, options);
    weights = weights_of(result, SCHOOLS);
    for (size_t i = 0; i < SCHOOLS; i++)
        most = fmax(most, weights[i]);
    REQUIRE_NEAR(most, est_result_stat_value(result, "upper_limit"), 0);
    assert_true(row_of(result, "weight_largest", "calibration") > most);
    free(weights);
    est_result_free(result);
    est_table_free(margins);
    est_table_free(data);
}

/* What is cut off goes to the rows that were never cut. */
static void test_cut(void **state)
{
    (void)state;
    double a[] = {1, 2, 3, 10, 0}, b[] = {1, 1, 10};
    assert_true(est_i_weighting_cut(5, a, 0, 6)); /* 4 over three: 2.33, 3.33, 4.33, 6 */
    REQUIRE_NEAR(a[0], 1 + 4.0 / 3, 1e-15);
    REQUIRE_NEAR(a[2], 3 + 4.0 / 3, 1e-15);
    assert_true(a[3] == 6 && a[4] == 0);
    assert_false(est_i_weighting_cut(3, b, 0, 2));
}

/* ---- refusals ---- */

static void refuse(const char *csv, est_weight_options options, const char *margins, est_status status, const char *words)
{
    est_error error;
    est_result *result = NULL;
    est_table *data = table_of(csv), *table = margins ? table_of(margins) : NULL;
    options.margins = table;
    REQUIRE_FAIL(est_weight_table(data, &options, NULL, &result, &error), status, words, error);
    assert_null(result);
    est_table_free(table);
    est_table_free(data);
}

static void test_refusals_of_options(void **state)
{
    (void)state;
    const est_weight_options none = est_weight_options_default();
    est_weight_options o = none;
    refuse(households, o, NULL, EST_EOPTION, "--probability");
    o.weight = "w";
    o.probability = "w";
    refuse(households, o, NULL, EST_EOPTION, "expected one of");
    o.probability = "";
    o.response = "r";
    refuse(households, o, NULL, EST_EOPTION, "needs --response-cells or --propensity");
    o.response_cells = "sex";
    o.propensity = "sex";
    refuse(households, o, NULL, EST_EOPTION, "two ways");
    o.propensity = "";
    o.propensity_classes = 5;
    refuse(households, o, NULL, EST_EOPTION, "--propensity-classes");
    o.propensity_classes = 0;
    o.response = "";
    refuse(households, o, NULL, EST_EOPTION, "need --response");
    o = none;
    o.weight = "w";
    o.calibrate = EST_WEIGHT_RAKE;
    refuse(households, o, NULL, EST_EOPTION, "needs --margins");
    o.bounds = "2,3";
    refuse(households, o, "variable,level,total\nsex,f,1\n", EST_EOPTION, "--bounds");
    o.bounds = "";
    o.by_cluster = 1;
    refuse(households, o, "variable,level,total\nsex,f,1\n", EST_EOPTION, "needs --psu");
    o.by_cluster = 0;
    o.calibrate = EST_WEIGHT_CALIBRATE_NONE;
    refuse(households, o, "variable,level,total\nsex,f,1\n", EST_EOPTION, "none was chosen");
    o.trim = "5";
    refuse(households, o, NULL, EST_EOPTION, "--trim");
    o.trim = "5,4";
    refuse(households, o, NULL, EST_EOPTION, "--trim");
    o.trim = "1,4";
    o.trim_median = 3;
    refuse(households, o, NULL, EST_EOPTION, "one of them");
    o.trim = "";
    o.trim_median = 0.5;
    refuse(households, o, NULL, EST_EOPTION, "above 1");
    o.trim_median = (double)NAN;
    refuse(households, o, NULL, EST_EOPTION, "--trim-median");
    o.trim_median = 0;
    o.strata = "region";
    refuse(households, o, NULL, EST_EOPTION, "--strata");
}

static void test_refusals_of_data(void **state)
{
    (void)state;
    const est_weight_options none = est_weight_options_default();
    est_weight_options o = none;
    o.probability = "p";
    refuse("p\n0.5\n0\n", o, NULL, EST_EVALUE, "record 2");
    refuse("p\n0.5\n1.2\n", o, NULL, EST_EVALUE, "found 1.2");
    refuse("p,q\n0.5,1\n,1\n", o, NULL, EST_EVALUE, "found no value");
    o.probability = "p,";
    refuse("p\n0.5\n", o, NULL, EST_EOPTION, "--probability");
    o = none;
    o.weight = "v";
    refuse(households, o, NULL, EST_ECOLUMN, "'v'");
    o.weight = "w";
    refuse("w\n1\n-2\n", o, NULL, EST_EVALUE, "record 2");
    refuse("w\n0\n0\n", o, NULL, EST_EDEFINITION, "no row with a weight above zero");
    o.response = "r";
    o.response_cells = "sex";
    refuse("sex,r,w\nf,1,1\nf,2,1\n", o, NULL, EST_EVALUE, "record 2");
    refuse("sex,r,w\nf,1,1\nf,,1\n", o, NULL, EST_EVALUE, "expected 1 for a row that responded");
    refuse("sex,r,w\nf,1,1\n,1,1\n", o, NULL, EST_EDEFINITION, "'sex' is missing in 1 of 2 rows");
    refuse("sex,r,w\nf,1,1\nm,0,1\nm,0,1\n", o, NULL, EST_EDEFINITION, "nobody responded in 'sex=m' (2 rows)");
    refuse("sex,r,w\nf,0,1\nm,0,1\n", o, NULL, EST_EDEFINITION, "nobody responded");
    o.response_cells = "";
    o.propensity = "age +";
    refuse("age,r,w\n1,1,1\n2,0,1\n", o, NULL, EST_EOPTION, "formula");
    o.propensity = "age";
    refuse("age,r,w\n1,1,1\n2,0,1\n3,1,1\n,1,1\n", o, NULL, EST_EDEFINITION, "'age' is missing in 1 of 4 rows");
    refuse("age,r,w\n1,0,1\n2,0,1\n3,1,1\n4,1,1\n", o, NULL, EST_EIDENTIFY, "propensity");
}

static void test_refusals_of_limits(void **state)
{
    (void)state;
    static const char margins[] = "variable,level,total\nsex,f,40\nsex,m,20\n";
    const est_weight_options none = est_weight_options_default();
    est_weight_options o = none;
    o.weight = "w";
    o.trim = "4,5";
    refuse("sex,w\nf,1\nm,2\n", o, NULL, EST_EDEFINITION, "cannot add up to 3 over 2 rows");
    o.calibrate = EST_WEIGHT_RAKE;
    o.trim = "0,7";
    refuse(households, o, margins, EST_EDEFINITION, "trimming: 'sex=f' is known to be 40, but weights within the limits give at "
                                                    "most");
    o.calibrate = EST_WEIGHT_POSTSTRATIFY;
    o.trim = "9,30";
    refuse(households, o, margins, EST_EDEFINITION, "give at least");
    o.calibrate = EST_WEIGHT_BOUNDED;
    o.bounds = "0.5,4";
    o.trim = "30,50";
    refuse(households, o, margins, EST_EDEFINITION, "together with the bounds of the factors");
}

/* Replicates cannot be calibrated again to totals that nobody told; too many cells is another matter. */
static void test_declared_replicates(void **state)
{
    (void)state;
    est_error error;
    est_table *data = table_of(households);
    est_source *source = NULL;
    est_i_calibration *calibration = NULL;
    est_i_calibration_options options = {.kind = EST_I_CALIBRATE_DECLARED, .lower = -INFINITY, .upper = INFINITY, .tolerance = 1e-10,
                                         .iterations = 50, .declared = "sex", .calibrated_weight = "w"};
    REQUIRE_OK(est_source_of_table(data, &source, &error), error);
    REQUIRE_OK(est_i_calibration_new(source, &options, &calibration, &error), error);
    REQUIRE_FAIL(est_i_calibration_check_replicates(calibration, &error), EST_EOPTION, "declared", error);
    assert_null(strstr(error.message, "combinations"));
    REQUIRE_OK(est_i_calibration_check_replicates(NULL, &error), error);
    est_i_calibration_free(calibration);
    est_source_free(source);
    est_table_free(data);
}

/* The options table: names, ranges and defaults hold together, and a run by names gives what a run by fields gives. */
static void test_method(void **state)
{
    (void)state;
    est_error error;
    est_options *options = NULL;
    est_result *result = NULL;
    est_table *data = table_of(households), *margins = table_of("variable,level,total\nsex,f,40\nsex,m,20\n");
    REQUIRE_OK(est_options_new(&est_i_method_weight, &options, &error), error);
    REQUIRE_OK(est_options_set(options, "weight", "w", &error), error);
    REQUIRE_OK(est_options_set(options, "calibrate", "linear", &error), error);
    REQUIRE_OK(est_options_set_table(options, "margins", margins, &error), error);
    REQUIRE_OK(est_method_run(&est_i_method_weight, data, options, NULL, &result, &error), error);
    REQUIRE_NEAR(row_of(result, "weight_sum", "calibration"), 60, 1e-13);
    assert_string_equal(est_result_method(result), "weight");
    est_result_free(result);
    est_options_free(options);
    est_table_free(margins);
    est_table_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base),
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_propensity_of_cells),
        cmocka_unit_test(test_propensity_of_numbers),
        cmocka_unit_test(test_propensity_classes),
        cmocka_unit_test(test_calibration),
        cmocka_unit_test(test_by_cluster),
        cmocka_unit_test(test_response_then_calibration),
        cmocka_unit_test(test_trim_alone),
        cmocka_unit_test(test_trim_keeps_totals),
        cmocka_unit_test(test_trim_poststrata),
        cmocka_unit_test(test_trim_clusters_and_median),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_refusals_of_options),
        cmocka_unit_test(test_refusals_of_data),
        cmocka_unit_test(test_refusals_of_limits),
        cmocka_unit_test(test_declared_replicates),
        cmocka_unit_test(test_method),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
