/* Woodruff intervals of medians: of numbers without ties, and of completed years by the rule of DHS. */
#include "survey.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "numerics/parallel.h"
#include "survey/quantile.h"

#define BLOCK 16
#define PART 3
#define SHARE 5
#define YEARS_AT 18.0 /* completed years: 18 + 4 x, rounded down */
#define YEARS_BY 4.0

typedef struct method {
    const char *name;
    est_i_survey_ci ci;
} method;

static const method methods[] = {{"t", EST_I_CI_T}, {"logit", EST_I_CI_LOGIT}, {"korn-graubard", EST_I_CI_BETA}};
#define METHODS (sizeof methods / sizeof methods[0])

enum { CONTINUOUS, YEARS, VARIABLES };
static const char *const names[VARIABLES] = {"continuous", "completed years"};

typedef struct outcome {
    est_i_quantile_estimate found[VARIABLES][METHODS];
} outcome;

typedef struct cell {
    size_t samples, of_case, icc;
    sim_design design;
    sim_truth truth; /* only for the number of persons of the domain */
    double median[VARIABLES];
    outcome *outcomes;
} cell;

/* ---- the truth: normal with variance 1 in each stratum, of which the cluster's share is the intra-cluster correlation ---- */

static double share_below(const sim_design *design, double x)
{
    double sum = 0;
    for (size_t h = 0; h < design->design.stage[0].n_strata; h++)
        sum += design->share[h] * sim_normal_lower(x - design->shift[h]);
    return sum;
}

static void set_medians(cell *c)
{
    double low = -20, high = 20;
    for (int i = 0; i < 200; i++) {
        double middle = (low + high) / 2;
        *(share_below(&c->design, middle) < 0.5 ? &low : &high) = middle;
    }
    c->median[CONTINUOUS] = (low + high) / 2;
    double year = floor(YEARS_AT + YEARS_BY * c->median[CONTINUOUS]);
    double before = share_below(&c->design, (year - YEARS_AT) / YEARS_BY);
    double after = share_below(&c->design, (year + 1 - YEARS_AT) / YEARS_BY);
    c->median[YEARS] = year + (0.5 - before) / (after - before);
}

/* ---- samples: rows in a table ---- */

typedef struct rows {
    size_t n;
    double *x, *years, *weight;
    const char **psu, **stratum;
} rows;

static char labels[1000][4]; /* set once, before any thread starts */

static void draw_rows(const cell *c, est_i_rng *rng, rows *to)
{
    const sim_design *design = &c->design;
    double icc = sim_icc[c->icc];
    to->n = 0;
    for (size_t k = 0; k < design->n_clusters; k++) {
        size_t h = design->stratum[k], persons = sim_persons(&c->truth, rng);
        double weight = design->weight[h] * sim_growth(rng), own = sim_normal(rng);
        /* A cluster without a person of the domain keeps its place in the design, by a row outside it. */
        for (size_t i = 0; i < (persons ? persons : 1); i++, to->n++) {
            double x = design->shift[h] + sqrt(icc) * own + sqrt(1 - icc) * sim_normal(rng);
            to->x[to->n] = persons ? x : NAN;
            to->years[to->n] = floor(YEARS_AT + YEARS_BY * to->x[to->n]);
            to->weight[to->n] = weight;
            to->psu[to->n] = labels[k];
            to->stratum[to->n] = labels[h];
        }
    }
}

static est_status ask(est_i_sample *sample, est_i_quantile_estimate to[VARIABLES][METHODS], est_error *error)
{
    static const est_i_quantile_rule rules[VARIABLES] = {EST_I_QUANTILE_MATH, EST_I_QUANTILE_DHS};
    est_status status = EST_OK;
    for (size_t v = 0; v < VARIABLES; v++)
        for (size_t m = 0; m < METHODS && status == EST_OK; m++) {
            const est_i_quantile_request request = {v, 0.5};
            const est_i_quantile_options options = {.rule = rules[v], .ci = methods[m].ci, .level = SIM_LEVEL};
            est_i_quantile_estimate *found = NULL;
            size_t count = 0;
            status = est_i_quantiles(sample, 1, &request, &options, &found, &count, error);
            if (status == EST_OK)
                to[v][m] = found[0];
            free(found);
        }
    return status;
}

static est_status estimate(const rows *data, outcome *to)
{
    static const est_i_variable variables[] = {{"x", EST_I_VARIABLE_NUMBER, NULL}, {"years", EST_I_VARIABLE_NUMBER, NULL}};
    const est_i_sample_plan plan = {.n_variables = VARIABLES, .variables = variables,
                                    .design = {.n_stages = 1, .unit = {"psu"}, .stratum = {"stratum"}, .weight = "weight",
                                               .weight_scale = 1}};
    est_table *table = NULL;
    est_source *source = NULL;
    est_i_sample *sample = NULL;
    est_i_monitor monitor;
    est_error error;
    est_i_monitor_start(&monitor, NULL);
    est_status status = est_table_new("rows", data->n, &table, &error);
    if (status == EST_OK)
        status = est_table_add_numbers(table, "x", data->x, &error);
    if (status == EST_OK)
        status = est_table_add_numbers(table, "years", data->years, &error);
    if (status == EST_OK)
        status = est_table_add_numbers(table, "weight", data->weight, &error);
    if (status == EST_OK)
        status = est_table_add_text(table, "psu", data->psu, &error);
    if (status == EST_OK)
        status = est_table_add_text(table, "stratum", data->stratum, &error);
    if (status == EST_OK)
        status = est_source_of_table(table, &source, &error);
    if (status == EST_OK)
        status = est_i_sample_new(source, &plan, 1, &monitor, &sample, &error);
    if (status == EST_OK)
        status = ask(sample, to->found, &error);
    est_i_sample_free(sample);
    est_source_free(source);
    est_table_free(table);
    return status;
}

static est_status run_block(void *user, size_t item, int worker)
{
    cell *c = user;
    size_t most = c->design.n_clusters * SIM_HOUSEHOLDS;
    rows data = {0, malloc(most * sizeof *data.x), malloc(most * sizeof *data.years), malloc(most * sizeof *data.weight),
                 malloc(most * sizeof *data.psu), malloc(most * sizeof *data.stratum)};
    est_status status = data.x && data.years && data.weight && data.psu && data.stratum ? EST_OK : EST_ENOMEM;
    (void)worker;
    for (size_t i = item * BLOCK; i < (item + 1) * BLOCK && i < c->samples && status == EST_OK; i++) {
        est_i_rng rng;
        sim_start(&rng, PART, c->of_case, c->icc, 0, i);
        draw_rows(c, &rng, &data);
        status = estimate(&data, &c->outcomes[i]);
    }
    free(data.x);
    free(data.years);
    free(data.weight);
    free((void *)data.psu);
    free((void *)data.stratum);
    return status;
}

/* Open: an end that reaches beyond the data; it counts as holding what lies on its side. */
static void write_method(const cell *c, size_t v, size_t m, FILE *file)
{
    double n = 0, below = 0, above = 0, open = 0, closed = 0, width = 0, sum = 0, squares = 0, se = 0, truth = c->median[v];
    for (size_t i = 0; i < c->samples; i++) {
        const est_i_quantile_estimate *q = &c->outcomes[i].found[v][m];
        if (isnan(q->estimate))
            continue;
        bool is_open = isnan(q->lower) || isnan(q->upper);
        n++;
        below += q->upper < truth;
        above += q->lower > truth;
        open += is_open;
        sum += q->estimate - truth;
        squares += (q->estimate - truth) * (q->estimate - truth);
        if (is_open)
            continue;
        closed++;
        width += q->upper - q->lower;
        se += q->se;
    }
    double sd = sqrt((squares - sum * sum / n) / (n - 1));
    fprintf(file, "%s,%s,%.0f,%.6f,%.6f,%.6f,%.6f,%.6g,%.6g,%.6g,%.6f\n", names[v], methods[m].name, n, 1 - (below + above) / n,
            below / n, above / n, open / n, sim_ratio(width, closed), sum / n, sd, sim_ratio(se, closed) / sd);
}

static bool fill(const sim_study *study, size_t of_case, size_t icc, void *file)
{
    cell c = {.samples = study->samples / SHARE, .of_case = of_case, .icc = icc};
    est_i_monitor monitor;
    c.outcomes = calloc(c.samples, sizeof *c.outcomes);
    bool good = c.outcomes && sim_design_new(&sim_cases[of_case], &c.design) &&
                sim_truth_new(&c.design, 0.5, sim_icc[icc], &c.truth);
    est_i_monitor_start(&monitor, NULL);
    if (good) {
        set_medians(&c);
        good = est_i_parallel_for((c.samples + BLOCK - 1) / BLOCK, study->threads, run_block, &c, &monitor) == EST_OK;
    }
    for (size_t v = 0; v < VARIABLES && good; v++)
        for (size_t m = 0; m < METHODS; m++)
            write_method(&c, v, m, file);
    sim_truth_free(&c.truth);
    sim_design_free(&c.design);
    free(c.outcomes);
    return good;
}

/* Counties and their domains: at the size of the country every interval is a large-sample one. */
bool sim_run_medians(const sim_study *study)
{
    static const char heading[] = "variable,interval,samples,covers,below,above,open,width,bias,sd,mean_se_by_sd";
    bool good = true;
    for (int i = 0; i < 1000; i++)
        snprintf(labels[i], sizeof labels[i], "%d", i);
    for (size_t i = 0; i < sim_n_cases && good; i++)
        for (size_t r = 0; r < sim_n_icc && good && sim_cases[i].county != SIM_WHOLE; r++)
            good = sim_write(study, "medians", i, r, study->samples / SHARE, heading, fill);
    return good;
}
