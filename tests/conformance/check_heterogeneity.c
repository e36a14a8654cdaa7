/* Closed-population models against Rcapture 1.4-4: rows closedp.t, closedp.0, closedp.bc, profileCI(closedpCI.t), closedpCI.t and
 * closedp.Mtb of mse/expected.csv in the folder LIBEST_ORACLES (default: ../shared/oracles). Skipped without it.
 *
 * Tolerances, relative unless said otherwise:
 *   closedp.t, closedp.0  population, deviance, AIC, BIC 1e-7 (deviance also 1e-6 absolute); df exact; se 1e-4, bias 2e-3: R's glm
 *                         leaves the covariance of the last iteration but one (with epsilon 1e-15 the peer gives our digits: Ned_5
 *                         Mh Darroch 20092.6856 and 132.3880)
 *   closedp.bc            population 2e-6, se 1e-4 (Mt: root found to 1.2e-4 absolute)
 *   profileCI             2e-4 for the maximum and both limits: from 100 persons on the peer's factorials are Stirling's without
 *                         1 / (12 n), which with 38 unseen moves a limit by 0.02; its roots are found to 1e-4 absolute
 *   closedpCI.t Normal    with nodes 20, as the peer: population 1e-3, deviance, AIC, BIC 1e-6 (its optimiser stops at 1e-8 of the
 *                         deviance, which on UKdat_5 is 7e-6 above ours); se and limits 2e-3 after the correction below
 *   closedp.Mtb           population and se 1e-4, deviance, AIC, BIC 1e-5
 *
 * Rows left out, and why. [t] = tests/unit/test_mse_heterogeneity.c proves it by another computation.
 *   rows                                        why
 *   closedp.t, closedp.bc Mb on UKdat_5       9 a population of -3763 (bc: -3788): first captures rise from list to list, so that
 *                                               the removal estimate does not exist. Checked instead: there is no estimate, and the
 *                                               peer's infoFit is not 0
 *   closedp.t Mbh stderr                      5 the peer's derivative of N by its last coefficient lacks the factor
 *                                               1 + exp(eta + b1) / D, so that 14.59 stands for 4.65 on the hares [t]
 *   closedp.t Mb, Mbh bias                    9 (beside the one above) the peer's formula is that of n + exp(b0), which is not the
 *                                               population of these models [t]
 *   closedp.Mtb on dga_MadiganYork5           5 the peer's optimiser stopped short of the top: its AIC is above ours. Checked
 *   profileCI of [..] models                  9 log-linear models, compared elsewhere
 *   closedpCI.t Normal stderr, infCL, supCL  15 compared, but not as they stand: the peer's covariance is the inverse Hessian of
 *                                               the deviance, half of what it must be [t]; ours is halved for the comparison */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <est.h>
#include <est/heterogeneity.h>

#define SKIPPED 77
#define LINE 512
#define ANSWERS 400
#define COMPARED 942 /* rows of expected.csv that must be met */

typedef struct record {
    char field[6][128]; /* dataset, method, settings, quantity, value, peer */
    double value;
} record;

typedef struct tally {
    const char *method;
    size_t compared, left_out, faults;
    double worst;
} tally;

/* One call of the method, kept for the rows that it answers. */
typedef struct answer {
    char key[256];
    est_result *result;
} answer;

typedef struct check {
    const char *folder;
    answer answers[ANSWERS];
    size_t n_answers;
    tally tallies[8];
    size_t n_tallies;
    bool broken;
} check;

/* Fields of a CSV record, which may stand in quotation marks. */
static bool split(const char *line, record *r)
{
    size_t field = 0, length = 0;
    bool quoted = false;
    memset(r, 0, sizeof *r);
    for (const char *p = line; *p && *p != '\n' && *p != '\r'; p++) {
        if (*p == '"')
            quoted = !quoted;
        else if (*p == ',' && !quoted) {
            field++;
            length = 0;
        } else if (field < 6 && length < sizeof r->field[0] - 1)
            r->field[field][length++] = *p;
        if (field > 5)
            return false;
    }
    r->value = strtod(r->field[4], NULL);
    return field == 5;
}

static tally *tally_of(check *c, const char *method)
{
    for (size_t i = 0; i < c->n_tallies; i++)
        if (strcmp(c->tallies[i].method, method) == 0)
            return &c->tallies[i];
    c->tallies[c->n_tallies] = (tally){.method = method};
    return &c->tallies[c->n_tallies++];
}

/* The result of the method with these options on a dataset; NULL if there is no estimate. */
static const est_result *answer_of(check *c, const char *dataset, est_heterogeneity_options options)
{
    char path[5000], key[256];
    est_error error;
    est_table *table = NULL;
    snprintf(key, sizeof key, "%s %d %d %d %d %ld %g", dataset, options.model, options.ci, options.cells, options.corrected,
             options.nodes, options.level);
    for (size_t i = 0; i < c->n_answers; i++)
        if (strcmp(c->answers[i].key, key) == 0)
            return c->answers[i].result;
    if (c->n_answers == ANSWERS) {
        c->broken = true;
        return NULL;
    }
    answer *a = &c->answers[c->n_answers++];
    strcpy(a->key, key);
    snprintf(path, sizeof path, "%.4000s/mse/%s.csv", c->folder, dataset);
    if (est_table_open(path, NULL, &table, &error) != EST_OK) {
        printf("%s\n", error.message);
        c->broken = true;
    } else if (est_heterogeneity(table, &options, NULL, &a->result, &error) != EST_OK && error.code != EST_EIDENTIFY) {
        printf("%s: %s\n", dataset, error.message);
        c->broken = true;
    }
    est_table_free(table);
    return a->result;
}

/* The peer's names of models: "Mth Darroch", "MthD", "Mh Chao (LB)", "Mt  alpha=0.05". */
static int model_of(const char *settings)
{
    static const struct { const char *name; int model; } names[] = {
        {"Mth Chao", EST_CLOSED_MTH_CHAO}, {"Mth Poisson", EST_CLOSED_MTH_POISSON}, {"Mth Darroch", EST_CLOSED_MTH_DARROCH},
        {"Mth Gamma", EST_CLOSED_MTH_GAMMA}, {"Mth Normal", EST_CLOSED_MTH_NORMAL}, {"Mh Chao", EST_CLOSED_MH_CHAO},
        {"Mh Poisson", EST_CLOSED_MH_POISSON}, {"Mh Darroch", EST_CLOSED_MH_DARROCH}, {"Mh Gamma", EST_CLOSED_MH_GAMMA},
        {"MthC", EST_CLOSED_MTH_CHAO}, {"MthP", EST_CLOSED_MTH_POISSON}, {"MthD", EST_CLOSED_MTH_DARROCH},
        {"MthG", EST_CLOSED_MTH_GAMMA},
        {"MhC", EST_CLOSED_MH_CHAO}, {"MhP", EST_CLOSED_MH_POISSON}, {"MhD", EST_CLOSED_MH_DARROCH}, {"MhG", EST_CLOSED_MH_GAMMA},
        {"Mtb", EST_CLOSED_MTB}, {"Mbh", EST_CLOSED_MBH}, {"Mb", EST_CLOSED_MB}, {"Mt", EST_CLOSED_MT}, {"M0", EST_CLOSED_M0}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strncmp(settings, names[i].name, strlen(names[i].name)) == 0)
            return names[i].model;
    return EST_CLOSED_ALL;
}

/* A number of the frame "models" (one model was asked for). */
static double number_of(const est_result *result, const char *column)
{
    const est_frame *frame = result ? est_result_frame_find(result, "models") : NULL;
    for (size_t j = 0; frame && j < frame->n_columns; j++)
        if (strcmp(frame->columns[j], column) == 0)
            return frame->cells[j].number;
    return NAN;
}

static void compare(check *c, const record *r, double found, double expected, double relative, double absolute)
{
    tally *t = tally_of(c, r->field[1]);
    double off = fabs(found - expected), allowed = fmax(absolute, relative * fabs(expected));
    t->compared++;
    if (off / allowed > t->worst)
        t->worst = off / allowed;
    if (!(off <= allowed)) {
        t->faults++;
        printf("%s %s %s %s: %.12g, expected %.12g\n", r->field[0], r->field[1], r->field[2], r->field[3], found, expected);
    }
}

static void leave_out(check *c, const record *r, bool as_it_should_be, const char *what)
{
    tally *t = tally_of(c, r->field[1]);
    t->left_out++;
    if (!as_it_should_be) {
        t->faults++;
        printf("%s %s %s %s is left out, but %s\n", r->field[0], r->field[1], r->field[2], r->field[3], what);
    }
}

static const char *column_of(const char *quantity)
{
    static const char *const pairs[][2] = {{"abundance", "population"}, {"stderr", "se"}, {"deviance", "deviance"}, {"df", "df"},
                                           {"AIC", "aic"}, {"BIC", "bic"}, {"bias", "bias"}, {"infCL", "lower"},
                                           {"supCL", "upper"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (strcmp(quantity, pairs[i][0]) == 0)
            return pairs[i][1];
    return "";
}

static est_heterogeneity_options options_of(const record *r)
{
    est_heterogeneity_options options = est_heterogeneity_options_default();
    options.model = model_of(r->field[2]);
    options.ci = EST_CLOSED_CI_NONE;
    return options;
}

/* closedp.t and closedp.0 */
static void check_models(check *c, const record *r, int cells)
{
    est_heterogeneity_options options = options_of(r);
    options.cells = cells;
    const char *quantity = r->field[3];
    const est_result *result = answer_of(c, r->field[0], options);
    bool behaviour = options.model == EST_CLOSED_MB || options.model == EST_CLOSED_MBH;
    double found = number_of(result, column_of(quantity));
    if (options.model == EST_CLOSED_MB && strcmp(r->field[0], "UKdat_5") == 0 && strcmp(quantity, "infoFit") != 0)
        leave_out(c, r, !result, "there is an estimate");
    else if (strcmp(quantity, "infoFit") == 0)
        compare(c, r, result ? 0 : 1, r->value, 0, 0.5);
    else if (behaviour && strcmp(quantity, "bias") == 0)
        leave_out(c, r, isfinite(found) && !(fabs(found / r->value - 1) < 1e-3), "the peer agrees with us");
    else if (options.model == EST_CLOSED_MBH && strcmp(quantity, "stderr") == 0)
        leave_out(c, r, found > 0 && found < r->value, "the peer's error is not the larger one");
    else if (strcmp(quantity, "stderr") == 0)
        compare(c, r, found, r->value, 1e-4, 0);
    else if (strcmp(quantity, "bias") == 0)
        compare(c, r, found, r->value, 2e-3, 0);
    else if (strcmp(quantity, "df") == 0)
        compare(c, r, found, r->value, 0, 1e-9);
    else
        compare(c, r, found, r->value, 1e-7, strcmp(quantity, "deviance") == 0 ? 1e-6 : 0);
}

static void check_corrected(check *c, const record *r)
{
    est_heterogeneity_options options = options_of(r);
    options.corrected = 1;
    const est_result *result = answer_of(c, r->field[0], options);
    double found = number_of(result, column_of(r->field[3]));
    if (options.model == EST_CLOSED_MB && strcmp(r->field[0], "UKdat_5") == 0)
        leave_out(c, r, !result, "there is an estimate");
    else
        compare(c, r, found, r->value, strcmp(r->field[3], "stderr") == 0 ? 1e-4 : 2e-6, 0);
}

static void check_profile(check *c, const record *r)
{
    est_heterogeneity_options options = options_of(r);
    const char *alpha = strstr(r->field[2], "alpha=");
    if (r->field[2][0] == '[') {
        leave_out(c, r, true, "");
        return;
    }
    options.ci = EST_CLOSED_CI_PROFILE;
    options.level = alpha ? 1 - strtod(alpha + strlen("alpha="), NULL) : NAN;
    const est_result *result = answer_of(c, r->field[0], options);
    bool maximum = strcmp(r->field[3], "abundance") == 0;
    double found = maximum && result ? est_result_stat_value(result, "multinomial_mle") : number_of(result, column_of(r->field[3]));
    compare(c, r, found, r->value, 2e-4, 0);
}

/* Ours with the peer's covariance: var N = u + u^2 V / 2. */
static void check_normal(check *c, const record *r)
{
    est_heterogeneity_options options = options_of(r);
    options.nodes = 20;
    const est_result *result = answer_of(c, r->field[0], options);
    const est_row *row = result ? est_result_find(result, "unobserved", NULL, NULL) : NULL;
    double found = number_of(result, column_of(r->field[3])), unseen = row ? row->estimate : NAN, n = row ? row->n : NAN;
    double se = number_of(result, "se"), halved = sqrt(unseen + (se * se - unseen) / 2);
    double factor = exp(1.959963984540054 * sqrt(log(1 + halved * halved / (unseen * unseen))));
    if (strcmp(r->field[3], "stderr") == 0)
        compare(c, r, halved, r->value, 2e-3, 0);
    else if (strcmp(r->field[3], "infCL") == 0)
        compare(c, r, n + unseen / factor, r->value, 2e-3, 0);
    else if (strcmp(r->field[3], "supCL") == 0)
        compare(c, r, n + unseen * factor, r->value, 2e-3, 0);
    else
        compare(c, r, found, r->value, strcmp(r->field[3], "abundance") == 0 ? 1e-3 : 1e-6, 0);
}

static void check_mtb(check *c, const record *r)
{
    const est_result *result = answer_of(c, r->field[0], options_of(r));
    double found = number_of(result, column_of(r->field[3])), aic = number_of(result, "aic");
    bool likelihood = strcmp(r->field[3], "abundance") != 0 && strcmp(r->field[3], "stderr") != 0;
    if (strcmp(r->field[0], "dga_MadiganYork5") == 0)
        leave_out(c, r, aic < 198.836329131, "our AIC is not below the peer's 198.836329131");
    else
        compare(c, r, found, r->value, likelihood ? 1e-5 : 1e-4, 0);
}

static void check_record(check *c, const record *r)
{
    if (strcmp(r->field[1], "closedp.t") == 0)
        check_models(c, r, EST_CLOSED_HISTORIES);
    else if (strcmp(r->field[1], "closedp.0") == 0)
        check_models(c, r, EST_CLOSED_COUNTS);
    else if (strcmp(r->field[1], "closedp.bc") == 0)
        check_corrected(c, r);
    else if (strcmp(r->field[1], "profileCI(closedpCI.t)") == 0)
        check_profile(c, r);
    else if (strcmp(r->field[1], "closedpCI.t") == 0)
        check_normal(c, r);
    else if (strcmp(r->field[1], "closedp.Mtb") == 0)
        check_mtb(c, r);
}

static int finish(check *c)
{
    size_t faults = 0, compared = 0;
    for (size_t i = 0; i < c->n_tallies; i++) {
        const tally *t = &c->tallies[i];
        printf("%s: %zu compared, %zu left out, %zu faults, worst %.3g of the tolerance\n", t->method, t->compared, t->left_out,
               t->faults, t->worst);
        faults += t->faults;
        compared += t->compared;
    }
    for (size_t i = 0; i < c->n_answers; i++)
        est_result_free(c->answers[i].result);
    printf("%zu compared, %zu faults\n", compared, faults);
    return faults > 0 || c->broken || compared != COMPARED;
}

int main(void)
{
    static check c;
    static char methods[6][64] = {"closedp.t", "closedp.0", "closedp.bc", "profileCI(closedpCI.t)", "closedpCI.t", "closedp.Mtb"};
    const char *folder = getenv("LIBEST_ORACLES"), *source = getenv("srcdir");
    char beside[4096], path[5000], line[LINE];
    record r;
    snprintf(beside, sizeof beside, "%.4000s/../shared/oracles", source ? source : ".");
    c.folder = folder && *folder ? folder : beside;
    snprintf(path, sizeof path, "%.4000s/mse/expected.csv", c.folder);
    FILE *file = fopen(path, "r");
    if (!file) {
        printf("skipped: no reference tables (set LIBEST_ORACLES to their folder)\n");
        return SKIPPED;
    }
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        tally_of(&c, methods[i]);
    while (fgets(line, sizeof line, file))
        if (split(line, &r))
            check_record(&c, &r);
    fclose(file);
    return finish(&c);
}
