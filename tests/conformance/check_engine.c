/* Every hierarchical model of four tables against MultipleSystemsEstimation 1.2.0: verdict, population and
 * BIC. The reference tables lie beside the project, in the folder LIBEST_ORACLES (default:
 * ../shared/oracles); without it the test is skipped. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <est.h>

#include "data/captures.h"
#include "mse/describe.h"
#include "mse/ranking.h"

#define SKIPPED 77
#define TOLERANCE 1e-7

typedef struct expectation {
    const char *name;
    size_t models, estimated; /* in existence_NAME.txt, and in bicall_NAME.csv */
} expectation;

typedef struct comparison {
    const char *name;
    const est_i_ranking *ranking;
    double n;
    size_t compared, faults;
    double worst; /* relative difference met */
} comparison;

/* "[123,14]": generators in list numbers, to the closed set. */
static est_i_set read_model(const char *text)
{
    est_i_set set = 0;
    uint32_t term = 0;
    for (const char *p = text; *p; p++) {
        if (*p >= '1' && *p <= '9')
            term |= (uint32_t)1 << (*p - '1');
        else if (term) {
            set |= est_i_set_below(term);
            term = 0;
        }
    }
    return set;
}

static const est_i_ranked *find_model(const est_i_ranking *ranking, est_i_set set)
{
    const est_i_ranked *found = NULL;
    for (size_t i = 0; i < ranking->n_models && !found; i++)
        if (ranking->models[i].set == set)
            found = &ranking->models[i];
    return found;
}

static void complain(comparison *c, const char *model, const char *what, double found, double expected)
{
    if (c->faults++ < 10)
        printf("%s %s: %s %.12g, expected %.12g\n", c->name, model, what, found, expected);
}

static void compare_number(comparison *c, const char *model, const char *what, double found, double expected)
{
    double off = fabs(found / expected - 1);
    c->worst = off > c->worst ? off : c->worst;
    if (!(off <= TOLERANCE))
        complain(c, model, what, found, expected);
}

/* Status 0 the estimate exists, 1 it does not, 2 the model is not identified, 3 both. */
static void compare_verdicts(comparison *c, FILE *file)
{
    char line[256];
    while (fgets(line, sizeof line, file)) {
        char *mark = strchr(line, ';');
        const est_i_ranked *model = mark ? find_model(c->ranking, read_model(line)) : NULL;
        if (mark)
            *mark = '\0';
        if (!model) {
            complain(c, line, "models with that name", 0, 1);
            continue;
        }
        int verdict = (model->exists ? 0 : 1) + (model->identified ? 0 : 2), expected = atoi(mark + 1);
        if (verdict != expected)
            complain(c, line, "verdict", verdict, expected);
        if (model->acceptable != (expected == 0))
            complain(c, line, "acceptable", model->acceptable, expected == 0);
        c->compared++;
    }
}

/* Lines "model","N","BIC" and perhaps more; the model holds commas. */
static void compare_estimates(comparison *c, FILE *file)
{
    char line[256];
    while (fgets(line, sizeof line, file)) {
        char text[128];
        double population, bic;
        if (sscanf(line, "\"%127[^\"]\",\"%lf\",\"%lf\"", text, &population, &bic) != 3)
            continue;
        const est_i_ranked *model = find_model(c->ranking, read_model(text));
        if (!model || !model->acceptable) {
            complain(c, text, "acceptable models with that name", 0, 1);
            continue;
        }
        compare_number(c, text, "population", c->n + model->unseen, population);
        compare_number(c, text, "BIC", model->criterion, bic);
        c->compared++;
    }
}

static FILE *open_file(const char *folder, const char *before, const char *name, const char *after)
{
    char path[5000];
    snprintf(path, sizeof path, "%.4000s/mse/%s%s%s", folder, before, name, after);
    return fopen(path, "r");
}

static est_i_fit_data *read_data(const char *folder, const char *name, size_t *n_lists)
{
    char path[5000];
    static const size_t only[] = {0};
    const est_capture_options options = {.shape = EST_SHAPE_COUNTS};
    est_error error;
    est_table *table = NULL;
    est_i_captures *captures = NULL;
    est_i_fit_data *data = NULL;
    snprintf(path, sizeof path, "%.4000s/mse/%s.csv", folder, name);
    if (est_table_open(path, NULL, &table, &error) != EST_OK ||
        est_i_captures_read(table, &options, NULL, NULL, &captures, &error) != EST_OK)
        printf("%s\n", error.message);
    else {
        data = est_i_fit_data_of(captures, only, 1);
        *n_lists = captures->n_lists;
    }
    est_i_captures_free(captures);
    est_table_free(table);
    return data;
}

static size_t compare_with(comparison *c, const char *folder, const char *before, const char *after,
                           void (*compare)(comparison *c, FILE *file), size_t expected)
{
    FILE *file = open_file(folder, before, c->name, after);
    c->compared = 0;
    if (file) {
        compare(c, file);
        fclose(file);
    }
    if (c->compared != expected)
        complain(c, before, "lines compared", (double)c->compared, (double)expected);
    return c->compared;
}

static size_t check_table(const char *folder, const expectation *expected)
{
    est_error error;
    est_i_ranking *ranking = NULL;
    size_t n_lists = 0, faults = 1;
    est_i_fit_data *data = read_data(folder, expected->name, &n_lists);
    if (!data)
        return faults;
    est_i_set candidates = est_i_set_all(n_lists, n_lists > 3 ? 3 : (unsigned)n_lists - 1);
    est_i_cost cost = est_i_cost_make(EST_SELECT_BIC, data->total[0]);
    if (est_i_rank_models(data, candidates, &cost, false, NULL, &ranking, &error) != EST_OK) {
        printf("%s: %s\n", expected->name, error.message);
    } else {
        comparison c = {.name = expected->name, .ranking = ranking, .n = data->total[0]};
        if (ranking->n_models != expected->models || ranking->n_acceptable != expected->estimated)
            complain(&c, "all", "models with an estimate", (double)ranking->n_acceptable,
                     (double)expected->estimated);
        size_t verdicts =
            compare_with(&c, folder, "existence_", ".txt", compare_verdicts, expected->models);
        size_t estimates =
            compare_with(&c, folder, "bicall_", ".csv", compare_estimates, expected->estimated);
        printf("%s: %zu verdicts, %zu estimates, largest relative difference %.2g, %zu faults\n", c.name,
               verdicts, estimates, c.worst, c.faults);
        faults = c.faults;
    }
    est_i_ranking_free(ranking);
    est_i_fit_data_free(data);
    return faults;
}

int main(void)
{
    static const expectation tables[] = {
        {"Artificial_3", 8, 4}, {"Kosovo", 113, 113}, {"UKdat_5", 6212, 6084}, {"Ned_5", 6212, 6083}};
    const char *folder = getenv("LIBEST_ORACLES"), *source = getenv("srcdir");
    char beside[4096];
    size_t faults = 0;
    snprintf(beside, sizeof beside, "%.4000s/../shared/oracles", source ? source : ".");
    folder = folder && *folder ? folder : beside;
    FILE *there = open_file(folder, "existence_", "Kosovo", ".txt");
    if (!there) {
        printf("skipped: no reference tables (set LIBEST_ORACLES to their folder)\n");
        return SKIPPED;
    }
    fclose(there);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        faults += check_table(folder, &tables[i]);
    return faults ? 1 : 0;
}
