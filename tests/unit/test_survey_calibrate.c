/* Calibration: published weights, a plain raking and a plain regression beside them, replicates, residuals, and every refusal. */
#include "numerics/rng.h"
#include "survey/calibrate_parts.h"
#include "weighting_support.h"

/* ---- a calibrated sample and its weights ---- */

typedef struct run {
    est_table *margins;
    est_source *source;
    est_i_calibration *calibration;
    est_i_sample *sample;
    est_i_monitor monitor;
    est_i_variable variable[16];
} run;

static est_i_calibration_options options_of(est_i_calibration_kind kind)
{
    return (est_i_calibration_options){.kind = kind, .lower = -INFINITY, .upper = INFINITY, .tolerance = 1e-10, .iterations = 50};
}

/* Opens and solves. `margins` is CSV, or NULL. */
static est_status start_in(const est_context *context, run *r, const est_table *data, const char *weight, const char *psu,
                           est_i_calibration_options options, const char *margins, est_error *error)
{
    memset(r, 0, sizeof *r);
    est_status status = est_source_of_table(data, &r->source, error);
    r->margins = margins ? table_of(margins) : NULL;
    options.margins = r->margins;
    if (status == EST_OK)
        status = est_i_calibration_new(r->source, &options, &r->calibration, error);
    if (status != EST_OK)
        return status;
    size_t n = est_i_calibration_variables(r->calibration);
    assert_true(n <= 16);
    for (size_t v = 0; v < n; v++)
        r->variable[v] = est_i_calibration_variable(r->calibration, v);
    est_i_sample_plan plan = {.design = {.n_stages = 1, .unit = {psu}, .weight = weight, .weight_scale = 1}, .n_variables = n,
                              .variables = r->variable};
    est_i_monitor_start(&r->monitor, context);
    status = est_i_sample_new(r->source, &plan, context ? context->threads : 1, &r->monitor, &r->sample, error);
    if (status == EST_OK)
        status = est_i_calibration_solve(r->calibration, r->sample, 0, error);
    return status;
}

static est_status start(run *r, const est_table *data, const char *weight, const char *psu, est_i_calibration_options options,
                        const char *margins, est_error *error)
{
    return start_in(NULL, r, data, weight, psu, options, margins, error);
}

static void finish(run *r)
{
    est_i_sample_free(r->sample);
    est_i_calibration_free(r->calibration);
    est_source_free(r->source);
    est_table_free(r->margins);
}

typedef struct row_list {
    size_t n;
    double weight[200000], base[200000];
    size_t cell[200000];
    double x[200000][8];
} row_list;

static void *part_new(void *user)
{
    (void)user;
    return calloc(1, sizeof(row_list));
}

static est_status take(void *user, void *part, const est_i_rows *rows, est_error *error)
{
    const run *r = user;
    row_list *list = part;
    (void)error;
    for (size_t i = 0; i < rows->n; i++) {
        assert_true(list->n < 200000);
        list->weight[list->n] = rows->weight[i];
        list->base[list->n] = rows->base_weight[i];
        list->cell[list->n] = est_i_calibration_cell(r->calibration, rows, i);
        if (est_i_calibration_size(r->calibration) <= 8)
            est_i_calibration_x(r->calibration, rows, i, list->x[list->n]);
        list->n++;
    }
    return EST_OK;
}

static est_status settle(void *user, void *part, const est_i_renumbering *final, est_error *error)
{
    (void)user, (void)part, (void)final, (void)error;
    return EST_OK;
}

static est_status join(void *user, void *into, void *from, est_error *error)
{
    row_list *a = into;
    const row_list *b = from;
    (void)user, (void)error;
    for (size_t i = 0; i < b->n; i++, a->n++) {
        a->weight[a->n] = b->weight[i];
        a->base[a->n] = b->base[i];
        a->cell[a->n] = b->cell[i];
        memcpy(a->x[a->n], b->x[i], sizeof a->x[0]);
    }
    return EST_OK;
}

static void part_free(void *user, void *part)
{
    (void)user;
    free(part);
}

static row_list *rows_of(run *r)
{
    static const est_i_rows_consumer consumer = {part_new, take, settle, join, part_free};
    est_error error;
    void *part = NULL;
    REQUIRE_OK(est_i_sample_pass(r->sample, &consumer, r, "looking", &part, &error), error);
    return part;
}

/* ---- published weights ---- */

typedef struct published {
    est_i_calibration_kind kind;
    const char *margins;
    double lower, upper;
    bool by_cluster;
    double tolerance, weight[4], smallest, largest, squares; /* weights of schools 1, 2, 101 and 183 */
} published;

/* Weights of R's package survey 4.5 (calibrate, postStratify; epsilon 1e-12), of the sample of schools. */
static const published schools_published[] = {
    {EST_I_CALIBRATE_POSTSTRATIFY, SCHOOL_TYPES, -INFINITY, INFINITY, false, 1e-12,
     {53.9285714285714, 30.7013888888889, 53.9285714285714, 30.7013888888889}, 30.7013888888889, 53.9285714285714,
      217899.871706349},
    {EST_I_CALIBRATE_LINEAR, SCHOOL_TYPES_API99, -INFINITY, INFINITY, false, 1e-12,
     {51.6327425948848, 27.0383583150848, 57.4890517384414, 39.2276529278364}, 14.1680975228498, 62.0515251409797,
      228638.909647161},
    {EST_I_CALIBRATE_EXPONENTIAL, SCHOOL_TYPES_API99, -INFINITY, INFINITY, false, 1e-7,
     {49.2163861373721, 26.7212671664729, 58.7875869824709, 38.680371452301}, 18.0821271625537, 67.5166763493535, 229112.774234712},
    {EST_I_CALIBRATE_LOGIT, SCHOOL_TYPES_API99, 0.4, 2.5, false, 1e-7,
     {51.0814971346131, 26.346761670015, 58.8198995080333, 39.0688047078163}, 18.9136090542089, 64.2614442387447, 228976.824660025},
    {EST_I_CALIBRATE_BOUNDED, SCHOOL_TYPES_API99, 0.6, 1.8, false, 1e-7,
     {51.7843909844591, 26.426440357891, 58.0359060973508, 39.4383148370493}, 20.3081977844238, 60.9245933532715, 228787.741771422},
    {EST_I_CALIBRATE_LINEAR, SCHOOL_TYPES_API99, -INFINITY, INFINITY, true, 1e-12,
     {40.6853901082186, 40.6853901082186, 37.3079321791596, 54.1732308794099}, -7.56734576493368, 95.750099624212,
      290564.803896502},
    {EST_I_CALIBRATE_RAKE, SCHOOL_MARGINS, -INFINITY, INFINITY, false, 1e-7,
     {50.3294011160379, 29.8706754926851, 50.3294011160379, 29.8706754926851}, 29.8706754926851, 67.1255292411943,
      220478.021751362},
};

static void check_published(const published *p)
{
    est_error error;
    run r;
    est_table *data = schools(NULL);
    est_i_calibration_options options = options_of(p->kind);
    options.lower = p->lower;
    options.upper = p->upper;
    options.by_cluster = p->by_cluster;
    REQUIRE_OK(start(&r, data, "pw", "dnum", options, p->margins, &error), error);
    row_list *rows = rows_of(&r);
    est_i_calibration_report report = est_i_calibration_describe(r.calibration);
    assert_int_equal(rows->n, SCHOOLS);
    REQUIRE_NEAR(rows->weight[0], p->weight[0], p->tolerance);
    REQUIRE_NEAR(rows->weight[1], p->weight[1], p->tolerance);
    REQUIRE_NEAR(rows->weight[100], p->weight[2], p->tolerance);
    REQUIRE_NEAR(rows->weight[182], p->weight[3], p->tolerance);
    REQUIRE_NEAR(report.smallest_g * SCHOOL_WEIGHT, p->smallest, p->tolerance);
    REQUIRE_NEAR(report.largest_g * SCHOOL_WEIGHT, p->largest, p->tolerance);
    REQUIRE_NEAR(report.sum_before, SCHOOLS * SCHOOL_WEIGHT, 1e-13);
    REQUIRE_NEAR(report.square_before, SCHOOLS * SCHOOL_WEIGHT * SCHOOL_WEIGHT, 1e-13);
    REQUIRE_NEAR(report.sum_after, 6194, 1e-10);
    REQUIRE_NEAR(report.square_after, p->squares, p->tolerance);
    for (size_t j = 0; j < report.n_totals; j++)
        REQUIRE_NEAR(report.after[j], report.known[j], 1e-10);
    assert_string_equal(report.name[1], "stype=H");
    assert_int_equal(report.at_lower, p->kind == EST_I_CALIBRATE_BOUNDED ? 21 : 0);
    assert_int_equal(report.at_upper, p->kind == EST_I_CALIBRATE_BOUNDED ? 4 : 0);
    free(rows);
    finish(&r);
    est_table_free(data);
}

static void test_published(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof schools_published / sizeof schools_published[0]; i++)
        check_published(&schools_published[i]);
}

/* ---- a random population with three margins ---- */

#define MADE 3000

typedef struct made {
    int a[MADE], b[MADE], c[MADE];
    double weight[MADE], y[MADE];
    est_table *table;
    char margins[2000];
} made;

static double uniform(est_i_rng *rng)
{
    return est_i_rng_uniform(rng);
}

static void make(made *m)
{
    est_i_rng rng;
    est_error error;
    double a[MADE], b[MADE], c[MADE], total[3][8] = {{0}};
    est_i_rng_start(&rng, 4, EST_I_PURPOSE_TEST, 1, 1);
    for (size_t i = 0; i < MADE; i++) {
        a[i] = m->a[i] = (int)(7 * uniform(&rng) * uniform(&rng));
        b[i] = m->b[i] = (int)(4 * uniform(&rng));
        c[i] = m->c[i] = (int)(3 * sqrt(uniform(&rng)));
        m->weight[i] = 5 + 40 * uniform(&rng) * uniform(&rng);
        m->y[i] = 10 + m->a[i] + 5 * uniform(&rng);
        total[0][m->a[i]] += m->weight[i] * (0.6 + 0.1 * m->b[i]);
        total[1][m->b[i]] += m->weight[i] * (0.6 + 0.1 * m->b[i]);
        total[2][m->c[i]] += m->weight[i] * (0.6 + 0.1 * m->b[i]);
    }
    REQUIRE_OK(est_table_new("made", MADE, &m->table, &error), error);
    REQUIRE_OK(est_table_add_numbers(m->table, "a", a, &error), error);
    REQUIRE_OK(est_table_add_numbers(m->table, "b", b, &error), error);
    REQUIRE_OK(est_table_add_numbers(m->table, "c", c, &error), error);
    REQUIRE_OK(est_table_add_numbers(m->table, "w", m->weight, &error), error);
    REQUIRE_OK(est_table_add_numbers(m->table, "y", m->y, &error), error);
    int at = snprintf(m->margins, sizeof m->margins, "variable,level,total\n");
    for (int k = 0; k < 3; k++)
        for (int l = 0; l < 7; l++)
            if (total[k][l] > 0)
                at += snprintf(m->margins + at, sizeof m->margins - (size_t)at, "%c,%d,%.15g\n", "abc"[k], l, total[k][l]);
}

/* Weights times each margin's ratio, in turn, until nothing moves: raking as Deming and Stephan wrote it. */
static void rake_plainly(const made *m, double *weight)
{
    const int *const level[3] = {m->a, m->b, m->c};
    double known[3][8] = {{0}};
    for (size_t i = 0; i < MADE; i++) {
        weight[i] = m->weight[i];
        for (int k = 0; k < 3; k++)
            known[k][level[k][i]] += m->weight[i] * (0.6 + 0.1 * m->b[i]);
    }
    for (int sweep = 0; sweep < 200; sweep++)
        for (int k = 0; k < 3; k++) {
            double sum[8] = {0};
            for (size_t i = 0; i < MADE; i++)
                sum[level[k][i]] += weight[i];
            for (size_t i = 0; i < MADE; i++)
                weight[i] *= known[k][level[k][i]] / sum[level[k][i]];
        }
}

static void test_rake_as_ipf(void **state)
{
    (void)state;
    est_error error;
    run r;
    made *m = calloc(1, sizeof *m);
    double *plain = malloc(MADE * sizeof *plain);
    make(m);
    rake_plainly(m, plain);
    REQUIRE_OK(start(&r, m->table, "w", NULL, options_of(EST_I_CALIBRATE_RAKE), m->margins, &error), error);
    row_list *rows = rows_of(&r);
    for (size_t i = 0; i < MADE; i++)
        REQUIRE_NEAR(rows->weight[i], plain[i], 1e-9);
    free(rows);
    finish(&r);
    est_table_free(m->table);
    free(plain);
    free(m);
}

/* Weights that add up to the sample reach totals of a population two million times as large. */
static void test_rake_from_far(void **state)
{
    (void)state;
    est_error error;
    run near, far;
    double tiny[SCHOOLS];
    for (size_t i = 0; i < SCHOOLS; i++)
        tiny[i] = 1e-6;
    est_table *a = schools(NULL), *b = schools(tiny);
    REQUIRE_OK(start(&near, a, "pw", NULL, options_of(EST_I_CALIBRATE_RAKE), SCHOOL_MARGINS, &error), error);
    REQUIRE_OK(start(&far, b, "pw", NULL, options_of(EST_I_CALIBRATE_RAKE), SCHOOL_MARGINS, &error), error);
    row_list *x = rows_of(&near), *y = rows_of(&far);
    for (size_t i = 0; i < SCHOOLS; i++)
        REQUIRE_NEAR(y->weight[i], x->weight[i], 1e-10);
    free(x);
    free(y);
    finish(&near);
    finish(&far);
    est_table_free(a);
    est_table_free(b);
}

/* ---- residuals ---- */

/* Solves A b = r (size n) by Gauss-Jordan with pivots; rows without a pivot are left out. */
static void solve_plainly(size_t n, double a[8][8], double *r)
{
    for (size_t p = 0; p < n; p++) {
        for (size_t i = 0; i < n && a[p][p] > 1e-8; i++) {
            double f = i == p ? 0 : a[i][p] / a[p][p];
            for (size_t j = 0; j < n; j++)
                a[i][j] -= f * a[p][j];
            r[i] -= f * r[p];
        }
    }
    for (size_t p = 0; p < n; p++)
        r[p] = a[p][p] > 1e-8 ? r[p] / a[p][p] : 0;
}

static void check_coefficients(est_i_calibration_kind kind, const char *margins, bool g_weighted, bool by_cluster)
{
    est_error error;
    run r;
    est_table *data = schools(NULL);
    est_i_calibration_options options = options_of(kind);
    options.g_weighted = g_weighted;
    options.by_cluster = by_cluster;
    REQUIRE_OK(start(&r, data, "pw", "dnum", options, margins, &error), error);
    row_list *rows = rows_of(&r);
    size_t size = est_i_calibration_size(r.calibration);
    double a[8][8] = {{0}}, right[16] = {0}, found[16], plain[16];
    assert_int_equal(est_i_calibration_uses_g(r.calibration), g_weighted);
    for (size_t i = 0; i < rows->n; i++) {
        double w = g_weighted ? rows->weight[i] : rows->base[i], e = sin((double)i);
        for (size_t j = 0; j < size; j++) {
            for (size_t k = 0; k < size; k++)
                a[j][k] += w * rows->x[i][j] * rows->x[i][k];
            right[j] += w * rows->x[i][j] * e;
            right[size + j] += w * rows->x[i][j] * e * e;
        }
    }
    memcpy(plain, right, sizeof plain);
    solve_plainly(size, a, plain);
    est_i_calibration_coefficients(r.calibration, 2, right, found);
    for (size_t i = 0; i < rows->n; i++) { /* the fitted values are the same whichever of collinear columns is left out */
        double x = 0, y = 0;
        for (size_t j = 0; j < size; j++) {
            x += rows->x[i][j] * found[j];
            y += rows->x[i][j] * plain[j];
        }
        REQUIRE_NEAR(x, y, 1e-10);
    }
    free(rows);
    finish(&r);
    est_table_free(data);
}

static void test_coefficients(void **state)
{
    (void)state;
    check_coefficients(EST_I_CALIBRATE_LINEAR, SCHOOL_TYPES_API99, false, false);
    check_coefficients(EST_I_CALIBRATE_EXPONENTIAL, SCHOOL_TYPES_API99, true, false);
    check_coefficients(EST_I_CALIBRATE_RAKE, SCHOOL_MARGINS, false, false);
    check_coefficients(EST_I_CALIBRATE_RAKE, SCHOOL_MARGINS, true, false);
    check_coefficients(EST_I_CALIBRATE_POSTSTRATIFY, SCHOOL_TYPES, false, false);
    check_coefficients(EST_I_CALIBRATE_POSTSTRATIFY, SCHOOL_TYPES, true, false);
    check_coefficients(EST_I_CALIBRATE_LINEAR, SCHOOL_TYPES_API99, false, true);
}

/* ---- replicates ---- */

/* A replicate that doubles the weight of the first district and halves the others' comes to what a sample of those weights gives.
 * */
static void check_replicate(est_i_calibration_kind kind, const char *margins, double lower, double upper)
{
    est_error error;
    run whole, alone;
    double weight[SCHOOLS];
    est_table *data = schools(NULL);
    est_i_calibration_options options = options_of(kind);
    options.lower = lower;
    options.upper = upper;
    for (size_t i = 0; i < SCHOOLS; i++)
        weight[i] = SCHOOL_WEIGHT * (school_district[i] == school_district[0] ? 1.5 : 0.9);
    est_table *doubled = schools(weight);
    REQUIRE_OK(start(&whole, data, "pw", "dnum", options, margins, &error), error);
    REQUIRE_OK(start(&alone, doubled, "pw", "dnum", options, margins, &error), error);
    row_list *a = rows_of(&whole), *b = rows_of(&alone);
    size_t cells = est_i_calibration_cells(whole.calibration);
    double *sum = calloc(cells, sizeof *sum), *g = calloc(cells, sizeof *g);
    for (size_t i = 0; i < SCHOOLS; i++)
        sum[a->cell[i]] += weight[i];
    assert_true(est_i_calibration_replicate(whole.calibration, sum, g));
    for (size_t i = 0; i < SCHOOLS; i++)
        REQUIRE_NEAR(weight[i] * g[a->cell[i]], b->weight[i], 1e-9);
    memset(sum, 0, cells * sizeof *sum); /* nobody of type H is left */
    for (size_t i = 0; i < SCHOOLS; i++)
        sum[a->cell[i]] += school_type[i] == 'H' ? 0 : weight[i];
    assert_false(est_i_calibration_replicate(whole.calibration, sum, g));
    free(sum);
    free(g);
    free(a);
    free(b);
    finish(&whole);
    finish(&alone);
    est_table_free(data);
    est_table_free(doubled);
}

static void test_replicates(void **state)
{
    (void)state;
    check_replicate(EST_I_CALIBRATE_POSTSTRATIFY, SCHOOL_TYPES, -INFINITY, INFINITY);
    check_replicate(EST_I_CALIBRATE_RAKE, SCHOOL_MARGINS, -INFINITY, INFINITY);
    check_replicate(EST_I_CALIBRATE_RAKE, SCHOOL_MARGINS, 0.5, 2.3);
    check_replicate(EST_I_CALIBRATE_EXPONENTIAL, SCHOOL_MARGINS, -INFINITY, INFINITY);
    check_replicate(EST_I_CALIBRATE_LINEAR, SCHOOL_TYPES_API99, -INFINITY, INFINITY);
    check_replicate(EST_I_CALIBRATE_BOUNDED, SCHOOL_TYPES_API99, 0.5, 2.2);
    check_replicate(EST_I_CALIBRATE_LOGIT, SCHOOL_TYPES_API99, 0.3, 2.8);
}

/* ---- margins in other forms ---- */

/* Crossed columns, the whole population, levels as numbers of another form, totals that follow from others. */
static void test_forms_of_margins(void **state)
{
    (void)state;
    static const char data_csv[] = "sex,county,income,w\nf,01,10,1\nf,01,20,2\nm,01,30,1\nf,02,5,1\nm,02,10,3\nm,02,20,1\n";
    est_error error;
    run crossed, linear, whole;
    est_table *data = table_of(data_csv);
    REQUIRE_OK(start(&crossed, data, "w", NULL, options_of(EST_I_CALIBRATE_POSTSTRATIFY),
                     "variable,level,total\nsex:county,f:1,6\nsex:county,m:1,5\nsex:county,f:2,4\nsex:county,m:2,8\n", &error),
                         error);
    row_list *rows = rows_of(&crossed);
    static const double expected[] = {2, 4, 5, 4, 6, 2};
    for (size_t i = 0; i < 6; i++)
        REQUIRE_NEAR(rows->weight[i], expected[i], 1e-15);
    assert_string_equal(est_i_calibration_describe(crossed.calibration).name[1], "sex:county=m:1");
    free(rows);
    /* the margins of sex and the whole follow from those of the crossing */
    REQUIRE_OK(start(&linear, data, "w", NULL, options_of(EST_I_CALIBRATE_LINEAR),
                     "variable,level,total\n(all),,23\nsex,f,10\nsex,m,13\nsex:county,f:01,6\nsex:county,m:01,5\n"
                     "sex:county,f:02,4\n"
                     "sex:county,m:02,8\n", &error), error);
    rows = rows_of(&linear);
    for (size_t i = 0; i < 6; i++)
        REQUIRE_NEAR(rows->weight[i], expected[i], 1e-12);
    free(rows);
    /* income by sex, with the population: 3 totals */
    REQUIRE_OK(start(&whole, data, "w", NULL, options_of(EST_I_CALIBRATE_EXPONENTIAL),
                     "variable,level,total\n,,20\nsex:income,f:,110\nsex:income,m:,200\n", &error), error);
    est_i_calibration_report report = est_i_calibration_describe(whole.calibration);
    assert_int_equal(report.n_totals, 3);
    assert_string_equal(report.name[0], "(all)");
    REQUIRE_NEAR(report.before[1], 55, 1e-14);
    REQUIRE_NEAR(report.after[1], 110, 1e-9);
    REQUIRE_NEAR(report.after[2], 200, 1e-9);
    REQUIRE_NEAR(report.after[0], 20, 1e-9);
    finish(&crossed);
    finish(&linear);
    finish(&whole);
    est_table_free(data);
}

/* Rows without a weight have no say: their values may be missing, their levels without a total. */
static void test_rows_without_weight(void **state)
{
    (void)state;
    est_error error;
    run r;
    est_table *data = table_of("sex,w\nf,2\nm,3\n,0\nother,0\n");
    REQUIRE_OK(start(&r, data, "w", NULL, options_of(EST_I_CALIBRATE_RAKE), "variable,level,total\nsex,f,8\nsex,m,9\n", &error),
               error);
    row_list *rows = rows_of(&r);
    REQUIRE_NEAR(rows->weight[0], 8, 1e-9);
    REQUIRE_NEAR(rows->weight[1], 9, 1e-9);
    assert_true(rows->weight[2] == 0 && rows->weight[3] == 0);
    free(rows);
    finish(&r);
    est_table_free(data);
}

/* Weights that the file holds already: x'B stands on the weights before, and the sample uses those after. */
static void test_declared(void **state)
{
    (void)state;
    est_error error;
    run r, d;
    est_table *data = schools(NULL);
    REQUIRE_OK(start(&r, data, "pw", NULL, options_of(EST_I_CALIBRATE_LINEAR), SCHOOL_TYPES_API99, &error), error);
    row_list *solved = rows_of(&r);
    REQUIRE_OK(est_table_add_numbers(data, "final", solved->weight, &error), error);
    est_i_calibration_options options = options_of(EST_I_CALIBRATE_DECLARED);
    options.declared = "stype, number(api99)";
    options.calibrated_weight = "final";
    REQUIRE_OK(start(&d, data, "pw", NULL, options, NULL, &error), error);
    row_list *rows = rows_of(&d);
    double right[4] = {1, 2, 3, 4000}, a[4], b[4];
    for (size_t i = 0; i < SCHOOLS; i++) {
        assert_true(rows->weight[i] == solved->weight[i] && rows->base[i] == SCHOOL_WEIGHT);
        assert_memory_equal(rows->x[i] + 3, solved->x[i] + 3, sizeof(double));
    }
    est_i_calibration_coefficients(r.calibration, 1, right, a);
    double permuted[4]; /* levels of the table come in another order than those of the data */
    est_i_calibration_report named = est_i_calibration_describe(r.calibration), report = est_i_calibration_describe(d.calibration);
    for (size_t j = 0; j < 4; j++)
        for (size_t k = 0; k < 4; k++)
            if (strcmp(named.name[k], report.name[j]) == 0)
                permuted[j] = right[k];
    est_i_calibration_coefficients(d.calibration, 1, permuted, b);
    for (size_t j = 0; j < 4; j++)
        for (size_t k = 0; k < 4; k++)
            if (strcmp(named.name[k], report.name[j]) == 0)
                REQUIRE_NEAR(b[j], a[k], 1e-12);
    REQUIRE_NEAR(report.smallest_g, named.smallest_g, 1e-14);
    REQUIRE_NEAR(report.square_after, named.square_after, 1e-12);
    assert_int_equal(est_i_calibration_cells(d.calibration), 0);
    free(solved);
    free(rows);
    finish(&r);
    finish(&d);
    est_table_free(data);
}

/* ---- more values than cells: passes over the rows ---- */

static est_table *many_values(size_t n)
{
    est_i_rng rng;
    est_error error;
    est_table *table = NULL;
    double *x = malloc(n * sizeof *x), *a = malloc(n * sizeof *a), *w = malloc(n * sizeof *w);
    est_i_rng_start(&rng, 9, EST_I_PURPOSE_TEST, 1, 2);
    for (size_t i = 0; i < n; i++) {
        a[i] = (int)(3 * uniform(&rng));
        x[i] = 20 + a[i] + 10 * uniform(&rng);
        w[i] = 1 + uniform(&rng);
    }
    REQUIRE_OK(est_table_new("many", n, &table, &error), error);
    REQUIRE_OK(est_table_add_numbers(table, "a", a, &error), error);
    REQUIRE_OK(est_table_add_numbers(table, "x", x, &error), error);
    REQUIRE_OK(est_table_add_numbers(table, "w", w, &error), error);
    free(x);
    free(a);
    free(w);
    return table;
}

#define MANY_MARGINS "variable,level,total\na,0,40000\na,1,39000\na,2,41000\nx,,3200000\n"

static void test_many_values(void **state)
{
    (void)state;
    static const est_i_calibration_kind kinds[] = {EST_I_CALIBRATE_LINEAR, EST_I_CALIBRATE_EXPONENTIAL, EST_I_CALIBRATE_BOUNDED};
    est_error error;
    est_table *data = many_values(70000);
    for (size_t k = 0; k < 3; k++) {
        run r;
        double a[8][8] = {{0}}, lambda[4] = {40000, 39000, 41000, 3200000}, after[4] = {0};
        est_i_calibration_options options = options_of(kinds[k]);
        if (kinds[k] == EST_I_CALIBRATE_BOUNDED) {
            options.lower = 0.8;
            options.upper = 1.55;
        }
        REQUIRE_OK(start(&r, data, "w", NULL, options, MANY_MARGINS, &error), error);
        assert_int_equal(est_i_calibration_cells(r.calibration), 0);
        row_list *rows = rows_of(&r);
        size_t at_lower = 0;
        for (size_t i = 0; i < rows->n; i++)
            for (size_t j = 0; j < 4; j++) {
                for (size_t l = 0; l < 4; l++)
                    a[j][l] += rows->base[i] * rows->x[i][j] * rows->x[i][l];
                lambda[j] -= rows->base[i] * rows->x[i][j];
                after[j] += rows->weight[i] * rows->x[i][j];
            }
        REQUIRE_NEAR(after[0], 40000, 1e-9);
        REQUIRE_NEAR(after[3], 3200000, 1e-9);
        solve_plainly(4, a, lambda);
        for (size_t i = 0; i < rows->n; i++) {
            double u = 0;
            for (size_t j = 0; j < 4; j++)
                u += rows->x[i][j] * lambda[j];
            if (kinds[k] == EST_I_CALIBRATE_LINEAR)
                REQUIRE_NEAR(rows->weight[i], rows->base[i] * (1 + u), 1e-10);
            at_lower += rows->weight[i] <= 0.8 * rows->base[i] ? 1 : 0;
        }
        est_i_calibration_report report = est_i_calibration_describe(r.calibration);
        if (kinds[k] == EST_I_CALIBRATE_BOUNDED)
            assert_int_equal(report.at_lower, at_lower);
        free(rows);
        finish(&r);
    }
    est_table_free(data);
}

/* The bytes of the solution are the same however many threads read the rows: cells, passes over the rows, clusters. */
static void test_threads(void **state)
{
    (void)state;
    static const char *const margins[] = {"variable,level,total\na,0,400000\na,1,390000\na,2,410000\n",
                                          "variable,level,total\na,0,400000\na,1,390000\na,2,410000\nx,,31500000\n",
                                          "variable,level,total\na,0,300000\na,1,301000\na,2,302000\n"};
    est_table *data = many_values(530000);
    for (size_t k = 0; k < 3; k++) {
        double after[3][4] = {{0}};
        est_i_calibration_report report[3];
        for (size_t t = 0; t < 3; t++) {
            run r;
            est_error error;
            est_context context = est_context_default();
            est_i_calibration_options options = options_of(EST_I_CALIBRATE_LINEAR);
            context.threads = t == 0 ? 1 : t == 1 ? 2 : 7;
            options.by_cluster = k == 2;
            REQUIRE_OK(start_in(&context, &r, data, "w", k == 2 ? "a" : NULL, options, margins[k], &error), error);
            report[t] = est_i_calibration_describe(r.calibration);
            memcpy(after[t], report[t].after, report[t].n_totals * sizeof(double));
            finish(&r);
            assert_memory_equal(after[t], after[0], sizeof after[0]);
            assert_true(report[t].smallest_g == report[0].smallest_g && report[t].square_after == report[0].square_after);
        }
        REQUIRE_NEAR(after[0][2], k == 2 ? 302000 : 410000, 1e-10);
    }
    est_table_free(data);
}

static int stop(void *user)
{
    (void)user;
    return 1;
}

static void test_cancelled(void **state)
{
    (void)state;
    run r;
    est_error error;
    est_context context = est_context_default();
    est_table *data = many_values(300000);
    context.poll = stop;
    REQUIRE_FAIL(start_in(&context, &r, data, "w", NULL, options_of(EST_I_CALIBRATE_LINEAR), MANY_MARGINS, &error), EST_ECANCELLED,
                 "",
                 error);
    finish(&r);
    est_table_free(data);
}

/* ---- refusals ---- */

typedef struct refusal {
    est_i_calibration_kind kind;
    double lower, upper;
    bool by_cluster;
    const char *margins;
    est_status status;
    const char *words;
} refusal;

#define NONE -INFINITY, INFINITY, false

static const refusal refusals[] = {
    {EST_I_CALIBRATE_LINEAR, NONE, NULL, EST_EDEFINITION, "no known totals"},
    {EST_I_CALIBRATE_LINEAR, NONE, "level,total\nE,1\n", EST_ECOLUMN, "variable"},
    {EST_I_CALIBRATE_LINEAR, NONE, "variable,level,total\nstype,E,many\n", EST_EVALUE, "many"},
    {EST_I_CALIBRATE_LINEAR, NONE, "variable,level,total\nstype,E,\n", EST_EVALUE, "expected a known total"},
    {EST_I_CALIBRATE_LINEAR, NONE, "variable,level,total\nstype,E,-3\n", EST_EVALUE, "0 or more"},
    {EST_I_CALIBRATE_LINEAR, NONE, "variable,level,total\nstipe,E,3\n", EST_ECOLUMN, "stype"},
    {EST_I_CALIBRATE_LINEAR, NONE, SCHOOL_TYPES "stype,H,755\n", EST_EVALUE, "record 2"},
    {EST_I_CALIBRATE_LINEAR, NONE, SCHOOL_TYPES "stype,,755\n", EST_EVALUE, "empty level"},
    {EST_I_CALIBRATE_LINEAR, NONE, SCHOOL_TYPES "stype:sch.wide,E:No:x,755\n", EST_EVALUE, "crosses 2 columns"},
    {EST_I_CALIBRATE_RAKE, NONE, SCHOOL_TYPES_API99, EST_EDEFINITION, "use linear, bounded, logit or exponential"},
    {EST_I_CALIBRATE_POSTSTRATIFY, NONE, SCHOOL_MARGINS, EST_EDEFINITION, "found 2 margins"},
    {EST_I_CALIBRATE_RAKE, NONE, "variable,level,total\nstype,E,4421\nstype,H,755\n", EST_EDEFINITION, "level 'M'"},
    {EST_I_CALIBRATE_POSTSTRATIFY, NONE, "variable,level,total\nstype,E,4421\nstype,H,755\n", EST_EDEFINITION, "level 'M'"},
    {EST_I_CALIBRATE_RAKE, NONE, SCHOOL_TYPES "stype,X,12\n", EST_EDEFINITION, "no case"},
    {EST_I_CALIBRATE_RAKE, NONE, "variable,level,total\nstype,E,4421\nstype,H,0\nstype,M,1\n", EST_EDEFINITION, "'stype=H' is 0"},
    {EST_I_CALIBRATE_RAKE, NONE, SCHOOL_TYPES "sch.wide,No,1072\nsch.wide,Yes,5000\n", EST_EDEFINITION, "adds up to 6194"},
    {EST_I_CALIBRATE_RAKE, NONE, SCHOOL_TYPES "sch.wide,No,1072\nsch.wide,Yes,5000\n", EST_EDEFINITION, "to 6072"},
    {EST_I_CALIBRATE_LINEAR, NONE, SCHOOL_TYPES_API99 "stype:api99,E:,3000000\nstype:api99,H:,500000\nstype:api99,M:,600000\n",
     EST_EDEFINITION, "contradict each other in this sample"},
    {EST_I_CALIBRATE_BOUNDED, NONE, SCHOOL_TYPES, EST_EOPTION, "found no bounds"},
    {EST_I_CALIBRATE_LOGIT, 0.5, INFINITY, false, SCHOOL_TYPES, EST_EOPTION, "both bounds"},
    {EST_I_CALIBRATE_LINEAR, 0.5, 2, false, SCHOOL_TYPES, EST_EOPTION, "use bounded"},
    {EST_I_CALIBRATE_BOUNDED, 1.5, 2, false, SCHOOL_TYPES, EST_EOPTION, "below 1"},
    {EST_I_CALIBRATE_BOUNDED, (double)NAN, 2, false, SCHOOL_TYPES, EST_EOPTION, "below 1"},
    {EST_I_CALIBRATE_POSTSTRATIFY, -INFINITY, INFINITY, true, SCHOOL_TYPES, EST_EOPTION, "by cluster"},
    {EST_I_CALIBRATE_BOUNDED, 0.6, 1.5, false, SCHOOL_TYPES, EST_EDEFINITION, "mean factor is 1.5933"},
    {EST_I_CALIBRATE_BOUNDED, 0.88, 1.61, false, SCHOOL_TYPES_API99, EST_EDEFINITION, "factors from 0.418592 to 1.83329"},
    {EST_I_CALIBRATE_LOGIT, 0.88, 1.61, false, SCHOOL_TYPES_API99, EST_EDEFINITION, "cannot be met"},
    {EST_I_CALIBRATE_EXPONENTIAL, NONE, SCHOOL_TYPES "api99,,9914069\n", EST_EDEFINITION, "no weights above zero"},
};

static void test_refusals(void **state)
{
    (void)state;
    est_table *data = schools(NULL);
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        est_error error;
        run r;
        est_i_calibration_options options = options_of(refusals[i].kind);
        options.lower = refusals[i].lower;
        options.upper = refusals[i].upper;
        options.by_cluster = refusals[i].by_cluster;
        REQUIRE_FAIL(start(&r, data, "pw", "dnum", options, refusals[i].margins, &error), refusals[i].status, refusals[i].words,
                     error);
        finish(&r);
    }
    est_table_free(data);
}

static void test_missing_values(void **state)
{
    (void)state;
    est_error error;
    run r;
    est_table *data = table_of("sex,age,w\nf,3,1\n,4,1\nm,,1\n,5,1\n");
    est_i_calibration_options options = options_of(EST_I_CALIBRATE_DECLARED);
    REQUIRE_FAIL(start(&r, data, "w", NULL, options_of(EST_I_CALIBRATE_RAKE), "variable,level,total\nsex,f,1\nsex,m,1\n", &error),
                 EST_EDEFINITION, "'sex' is missing in 2 of 4 rows", error);
    finish(&r);
    REQUIRE_FAIL(start(&r, data, "w", NULL, options_of(EST_I_CALIBRATE_LINEAR), "variable,level,total\nage,,10\n", &error),
                 EST_EDEFINITION, "'age' is missing in 1 of 4 rows", error);
    finish(&r);
    options.declared = "sex";
    options.calibrated_weight = "age";
    REQUIRE_FAIL(start(&r, data, "w", NULL, options, NULL, &error), EST_EDEFINITION, "missing in 1 rows", error);
    finish(&r);
    options.declared = "\"sex";
    REQUIRE_FAIL(start(&r, data, "w", NULL, options, NULL, &error), EST_EOPTION, "expected names", error);
    finish(&r);
    options.calibrated_weight = "";
    REQUIRE_FAIL(start(&r, data, "w", NULL, options, NULL, &error), EST_ECOLUMN, "calibrated weight", error);
    finish(&r);
    est_table_free(data);
}

/* ---- the distances ---- */

/* F is the derivative of its integral, and the slope that of F, within and beyond the bounds. */
static void test_distances(void **state)
{
    (void)state;
    static const est_i_calibration_kind kinds[] = {EST_I_CALIBRATE_LINEAR, EST_I_CALIBRATE_RAKE, EST_I_CALIBRATE_LOGIT};
    for (size_t k = 0; k < 3; k++)
        for (int cut = 0; cut < 2; cut++)
            for (double u = -2.03; u < 2; u += 0.1) {
                est_i_distance d = {kinds[k], 0.4, 2.5, cut ? 0.6 : -INFINITY, cut ? 1.7 : INFINITY};
                double g, slope, integral, above[3], below[3], h = 1e-5;
                est_i_distance_at(&d, u, &g, &slope, &integral);
                est_i_distance_at(&d, u + h, &above[0], &above[1], &above[2]);
                est_i_distance_at(&d, u - h, &below[0], &below[1], &below[2]);
                REQUIRE_NEAR(g, (above[2] - below[2]) / (2 * h), 1e-8);
                REQUIRE_NEAR(slope, (above[0] - below[0]) / (2 * h), 1e-8);
                assert_true(!cut || (g >= 0.6 && g <= 1.7));
            }
    est_i_distance logit = {EST_I_CALIBRATE_LOGIT, 0.4, 2.5, -INFINITY, INFINITY};
    double g, slope, integral;
    est_i_distance_at(&logit, 0, &g, &slope, &integral);
    REQUIRE_NEAR(g, 1, 1e-15);
    REQUIRE_NEAR(slope, 1, 1e-15);
    est_i_distance_at(&logit, 800, &g, &slope, &integral);
    REQUIRE_NEAR(g, 2.5, 1e-15);
    est_i_distance_at(&logit, -800, &g, &slope, &integral);
    REQUIRE_NEAR(g, 0.4, 1e-15);
    assert_true(isfinite(integral));
}

static void test_show(void **state)
{
    (void)state;
    char text[32];
    assert_string_equal(est_i_calibration_show(6194, text), "6194");
    assert_string_equal(est_i_calibration_show(1.59330012, text), "1.5933");
    assert_string_equal(est_i_calibration_show(0.418592345, text), "0.418592");
    assert_string_equal(est_i_calibration_show(123456789.4, text), "123456789");
    assert_string_equal(est_i_calibration_show(0, text), "0");
    assert_string_equal(est_i_calibration_show(-2.5, text), "-2.5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published),        cmocka_unit_test(test_rake_as_ipf),  cmocka_unit_test(test_rake_from_far),
        cmocka_unit_test(test_coefficients),     cmocka_unit_test(test_replicates),   cmocka_unit_test(test_forms_of_margins),
        cmocka_unit_test(test_rows_without_weight), cmocka_unit_test(test_declared),  cmocka_unit_test(test_many_values),
        cmocka_unit_test(test_refusals),         cmocka_unit_test(test_missing_values), cmocka_unit_test(test_distances),
        cmocka_unit_test(test_show),             cmocka_unit_test(test_threads),      cmocka_unit_test(test_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
