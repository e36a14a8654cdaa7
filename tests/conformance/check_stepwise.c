/* The stepwise procedure, the downhill search, Wald limits and verdicts against MultipleSystemsEstimation 1.2.0 and
 * SparseMSE 2.0.1: every row of expected.csv with one of the methods below. The reference tables lie beside the project, in
 * the folder LIBEST_ORACLES (default: ../shared/oracles); without it the test is skipped.
 *
 * Tolerances, relative. Estimates and BIC: 1e-7, as the peers' fits stop at a relative change of deviance of 1e-8. Limits:
 * 3e-5, as the peers' standard errors stem from the weights of the last step but one (R's iteration repeated on Artificial_3
 * without dependence: 278.654157 to 1170.885092 with those weights, which is the row; 278.649889 to 1170.910210 with those
 * of the fit). Models, verdicts and counts: equal.
 *
 * No row of these methods is left out. What the peers get wrong here, a start that nobody checks (two lists without overlap
 * give them 4e13 people), has no row; test_mse_stepwise asks for it. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <est.h>

#include "data/captures.h"
#include "mse/describe.h"
#include "mse/downhill.h"
#include "mse/joint.h"
#include "mse/stepwise.h"
#include "mse/verdict.h"
#include "numerics/special.h"

#define SKIPPED 77
#define TERMS_MAX 600
#define FIT_TOLERANCE 1e-7
#define LIMIT_TOLERANCE 3e-5

typedef struct expectation {
    char dataset[64], method[64], settings[64], quantity[64], value[128];
} expectation;

typedef struct check {
    const char *folder;
    const expectation *row;
    const est_i_fit_data *data;
    size_t faults;
    double worst_fit, worst_limit;
} check;

typedef struct term_list {
    size_t count;
    uint32_t terms[TERMS_MAX]; /* intercept and lists first */
} term_list;

static void complain(check *c, double found)
{
    c->faults++;
    printf("%s, %s, %s, %s: found %.12g, expected %s\n", c->row->dataset, c->row->method, c->row->settings, c->row->quantity,
           found, c->row->value);
}

static void compare(check *c, double found, double tolerance, double *worst)
{
    double off = fabs(found / strtod(c->row->value, NULL) - 1);
    *worst = off > *worst ? off : *worst;
    if (!(off <= tolerance))
        complain(c, found);
}

static void compare_count(check *c, size_t found)
{
    if ((double)found != strtod(c->row->value, NULL))
        complain(c, (double)found);
}

static bool holds(const term_list *list, uint32_t term)
{
    bool found = false;
    for (size_t i = 0; i < list->count && !found; i++)
        found = list->terms[i] == term;
    return found;
}

static void add_below(term_list *list, uint32_t generator)
{
    for (uint32_t term = generator; term; term = (term - 1) & generator)
        if (!holds(list, term) && list->count < TERMS_MAX)
            list->terms[list->count++] = term;
}

/* "[123,14]": generators in list numbers (a digit is a list), closed downwards, with the intercept and every list. */
static void read_model(const char *text, size_t n_lists, term_list *list)
{
    uint32_t term = 0;
    list->count = est_i_main_terms(n_lists, list->terms);
    for (const char *p = text; *p; p++) {
        if (*p >= '1' && *p <= '9')
            term |= (uint32_t)1 << (*p - '1');
        else {
            add_below(list, term);
            term = 0;
        }
    }
    add_below(list, term);
}

static void list_model(const est_i_model *model, size_t n_lists, term_list *list)
{
    list->count = est_i_main_terms(n_lists, list->terms);
    for (size_t i = 0; i < model->n_terms; i++)
        list->terms[list->count++] = model->terms[i];
}

static void compare_model(check *c, const term_list *found)
{
    term_list expected;
    bool same = true;
    read_model(c->row->value, c->data->n_lists, &expected);
    for (size_t i = 0; i < found->count && same; i++)
        same = holds(&expected, found->terms[i]);
    if (!same || found->count != expected.count)
        complain(c, (double)(found->count - c->data->n_lists - 1));
}

/* Population, BIC and Wald limits of a model, as far as the row asks for them. */
static void compare_fit(check *c, const term_list *list)
{
    est_error error;
    est_i_joint *joint = NULL;
    est_i_terms terms = {.n_local = list->count, .local = list->terms};
    double n = c->data->total[0], z = est_i_normal_quantile(0.975);
    if (est_i_joint_fit(c->data, &terms, NULL, &joint, &error) != EST_OK) {
        printf("%s\n", error.message);
        complain(c, NAN);
        return;
    }
    double log_unseen = joint->log_unseen[0], se = joint->se_log_unseen[0];
    if (strcmp(c->row->quantity, "N") == 0)
        compare(c, n + exp(log_unseen), FIT_TOLERANCE, &c->worst_fit);
    else if (strcmp(c->row->quantity, "BIC") == 0)
        compare(c, log(n) * (double)joint->n_parameters - 2 * joint->loglik, FIT_TOLERANCE, &c->worst_fit);
    else if (strcmp(c->row->quantity, "q0.025") == 0)
        compare(c, n + exp(log_unseen - z * se), LIMIT_TOLERANCE, &c->worst_limit);
    else if (strcmp(c->row->quantity, "q0.975") == 0)
        compare(c, n + exp(log_unseen + z * se), LIMIT_TOLERANCE, &c->worst_limit);
    else
        complain(c, NAN);
    est_i_joint_free(joint);
}

/* Threshold 0.02 where the settings name none: the limits stand beside such an estimate. */
static void check_stepwise(check *c)
{
    static const char mark[] = "pthresh=";
    const char *at = strstr(c->row->settings, mark);
    double threshold = at ? strtod(at + strlen(mark), NULL) : 0.02;
    est_error error;
    est_i_model model;
    term_list list;
    bool found;
    if (est_i_stepwise_select(c->data, threshold, 2, NULL, &model, &found, &error) != EST_OK || !found) {
        complain(c, NAN);
        return;
    }
    list_model(&model, c->data->n_lists, &list);
    if (strcmp(c->row->quantity, "model") == 0)
        compare_model(c, &list);
    else
        compare_fit(c, &list);
    est_i_model_free(&model);
}

/* BIC, terms of up to three lists, as the peer's default for four and five lists. */
static void check_downhill(check *c)
{
    est_error error;
    est_i_model model;
    term_list list;
    bool found;
    size_t n_fitted;
    if (est_i_downhill_select(c->data, log(c->data->total[0]), 3, false, NULL, &model, &found, &n_fitted, &error) != EST_OK ||
        !found) {
        complain(c, NAN);
        return;
    }
    list_model(&model, c->data->n_lists, &list);
    if (strcmp(c->row->quantity, "model") == 0)
        compare_model(c, &list);
    else if (strcmp(c->row->quantity, "n_models_visited") == 0)
        compare_count(c, n_fitted);
    else
        compare_fit(c, &list);
    est_i_model_free(&model);
}

static void check_main(check *c)
{
    term_list list;
    read_model("", c->data->n_lists, &list);
    compare_fit(c, &list);
}

/* Triples of lists of which every two share somebody. */
static void check_triples(check *c)
{
    size_t count = 0;
    const double *overlap = c->data->margins;
    for (size_t w = 1; w < c->data->n_cells; w++) {
        if (__builtin_popcountll(w) != 3)
            continue;
        size_t low = w & -w, high = w & (w - 1) & -(w & (w - 1)), top = w ^ low ^ high;
        count += overlap[low | high] > 0 && overlap[low | top] > 0 && overlap[high | top] > 0;
    }
    compare_count(c, count);
}

/* 0 the estimate exists, 1 it does not, 2 the model is not identified, 3 both; -1 no verdict. */
static int status_of(const est_i_fit_data *data, const uint32_t *terms, size_t count)
{
    est_error error;
    est_i_verdict *verdict = NULL;
    est_i_terms all = {.n_local = count, .local = terms};
    int status = -1;
    if (est_i_verdict_find(data, 0, &all, NULL, &verdict, &error) == EST_OK)
        status = (verdict->exists ? 0 : 1) + (verdict->identified ? 0 : 2);
    est_i_verdict_free(verdict);
    return status;
}

static void check_existence(check *c)
{
    term_list list;
    if (strcmp(c->row->settings, "all pairs") == 0) {
        read_model("", c->data->n_lists, &list);
        for (uint32_t w = 1; w < c->data->n_cells; w++)
            if (__builtin_popcount(w) == 2)
                list.terms[list.count++] = w;
    } else
        read_model(c->row->settings, c->data->n_lists, &list);
    compare_count(c, (size_t)status_of(c->data, list.terms, list.count));
}

typedef struct tally {
    const est_i_fit_data *data;
    size_t n_terms, of_status[4];
    uint32_t terms[64];
} tally;

/* Every hierarchical model once: those that hold `list` and any of the terms from `next` on. */
static void count_models(tally *t, term_list *list, size_t next)
{
    int status = status_of(t->data, list->terms, list->count);
    if (status >= 0)
        t->of_status[status]++;
    for (size_t i = next; i < t->n_terms; i++) {
        bool fits = true;
        for (uint32_t part = (t->terms[i] - 1) & t->terms[i]; part && fits; part = (part - 1) & t->terms[i])
            fits = holds(list, part);
        if (!fits)
            continue;
        list->terms[list->count++] = t->terms[i];
        count_models(t, list, i + 1);
        list->count--;
    }
}

/* "all hierarchical, maxorder=3", or all models of pairs. */
static void check_counts(check *c)
{
    static const char *const names[] = {"n_status_0", "n_status_1", "n_status_2", "n_status_3"};
    const char *at = strstr(c->row->settings, "maxorder=");
    tally t = {.data = c->data};
    term_list list;
    for (int size = 2; size <= (at ? atoi(at + 9) : 2); size++)
        for (uint32_t w = 1; w < c->data->n_cells; w++)
            if (__builtin_popcount(w) == size)
                t.terms[t.n_terms++] = w;
    read_model("", c->data->n_lists, &list);
    count_models(&t, &list, 0);
    if (strcmp(c->row->quantity, "n_models_MLE_not_exist") == 0)
        compare_count(c, t.of_status[1] + t.of_status[3]);
    else
        for (size_t i = 0; i < 4; i++)
            if (strcmp(c->row->quantity, names[i]) == 0)
                compare_count(c, t.of_status[i]);
}

static const struct method {
    const char *name;
    size_t rows;
    void (*compare)(check *c);
} methods[] = {{"stepwise", 162, check_stepwise},          {"downhill", 8, check_downhill},
               {"SparseMSE stepwise", 9, check_stepwise},  {"SparseMSE main", 9, check_main},
               {"SparseMSE", 3, check_triples},            {"existence", 21, check_existence},
               {"existence-counts", 17, check_counts}};
#define N_METHODS (sizeof methods / sizeof methods[0])

static est_i_fit_data *read_data(const char *folder, const char *name)
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
    else
        data = est_i_fit_data_of(captures, only, 1);
    est_i_captures_free(captures);
    est_table_free(table);
    return data;
}

static void copy_text(const est_table *table, const char *column, size_t row, char *text, size_t size)
{
    char buffer[32];
    long at = est_table_find(table, column);
    snprintf(text, size, "%s", at >= 0 ? est_table_text(table, (size_t)at, row, buffer) : "");
}

static size_t find_method(const char *name)
{
    size_t i = 0;
    while (i < N_METHODS && strcmp(methods[i].name, name) != 0)
        i++;
    return i;
}

static size_t check_table(const est_table *table, check *c)
{
    size_t compared[N_METHODS] = {0};
    est_i_fit_data *data = NULL;
    char open[64] = "";
    for (size_t i = 0; i < est_table_rows(table); i++) {
        expectation row;
        copy_text(table, "method", i, row.method, sizeof row.method);
        size_t method = find_method(row.method);
        if (method == N_METHODS)
            continue;
        copy_text(table, "dataset", i, row.dataset, sizeof row.dataset);
        copy_text(table, "settings", i, row.settings, sizeof row.settings);
        copy_text(table, "quantity", i, row.quantity, sizeof row.quantity);
        copy_text(table, "value", i, row.value, sizeof row.value);
        if (strcmp(open, row.dataset) != 0) {
            est_i_fit_data_free(data);
            data = read_data(c->folder, row.dataset);
            memcpy(open, row.dataset, sizeof open);
        }
        c->row = &row;
        c->data = data;
        compared[method]++;
        if (data)
            methods[method].compare(c);
        else
            complain(c, NAN);
    }
    est_i_fit_data_free(data);
    for (size_t i = 0; i < N_METHODS; i++) {
        printf("%s: %zu rows compared\n", methods[i].name, compared[i]);
        c->faults += compared[i] != methods[i].rows;
    }
    printf("largest relative difference: %.2g of estimates and BIC, %.2g of limits; %zu faults\n", c->worst_fit, c->worst_limit,
           c->faults);
    return c->faults;
}

int main(void)
{
    const char *folder = getenv("LIBEST_ORACLES"), *source = getenv("srcdir");
    char beside[4096], path[5000];
    est_error error;
    est_table *table = NULL;
    snprintf(beside, sizeof beside, "%.4000s/../shared/oracles", source ? source : ".");
    check c = {.folder = folder && *folder ? folder : beside};
    snprintf(path, sizeof path, "%.4000s/mse/expected.csv", c.folder);
    FILE *there = fopen(path, "r");
    if (!there) {
        printf("skipped: no reference tables (set LIBEST_ORACLES to their folder)\n");
        return SKIPPED;
    }
    fclose(there);
    if (est_table_open(path, NULL, &table, &error) != EST_OK) {
        printf("%s\n", error.message);
        return 1;
    }
    size_t faults = check_table(table, &c);
    est_table_free(table);
    return faults ? 1 : 0;
}
