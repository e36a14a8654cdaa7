/* Charts of the diagnostics: who is on which lists, and the population under every choice. */
#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "mse/diagnose_parts.h"

/* More than these are not drawn: the tables hold them all. */
#define HISTORIES_MOST 4096
#define MERGED_MOST 15

typedef struct drawn_history {
    uint32_t history;
    double persons;
} drawn_history;

/* Largest first; equal ones by history. */
static int by_persons(const void *left, const void *right)
{
    const drawn_history *a = left, *b = right;
    int order = (b->persons > a->persons) - (b->persons < a->persons);
    return order ? order : (a->history > b->history) - (a->history < b->history);
}

static size_t list_histories(const est_i_diagnostics *all, drawn_history *drawn)
{
    size_t count = 0, n = all->of->data->n_cells;
    for (uint32_t w = 1; w < n; w++) {
        double sum = 0;
        for (size_t k = 0; k < all->of->data->n_blocks; k++)
            sum += all->of->data->counts[k * n + w];
        if (sum > 0)
            drawn[count++] = (drawn_history){w, sum};
    }
    if (count > 1)
        qsort(drawn, count, sizeof *drawn, by_persons);
    return count;
}

typedef struct upset {
    char *names[HISTORIES_MOST];
    double persons[HISTORIES_MOST], none[HISTORIES_MOST], totals[EST_I_LISTS_MAX];
    unsigned char membership[HISTORIES_MOST * EST_I_LISTS_MAX];
} upset;

static bool fill_upset(const est_i_diagnostics *all, const drawn_history *drawn, size_t n, upset *u)
{
    size_t n_lists = all->of->data->n_lists;
    bool fine = true;
    for (size_t c = 0; c < n; c++) {
        est_i_text name = {0};
        est_i_diagnose_term(all, drawn[c].history, &name);
        u->names[c] = est_i_text_take(&name);
        fine = fine && u->names[c];
        u->persons[c] = drawn[c].persons;
        u->none[c] = NAN;
        for (size_t j = 0; j < n_lists; j++)
            u->membership[c * n_lists + j] = drawn[c].history >> j & 1;
    }
    for (size_t j = 0; j < n_lists; j++)
        for (size_t k = 0; k < all->of->data->n_blocks; k++)
            u->totals[j] += est_i_diagnose_margin(all, k, (uint32_t)1 << j);
    return fine;
}

static void draw_upset(est_i_diagnostics *all, const upset *u, size_t n, size_t n_histories)
{
    est_i_text subtitle = {0}, words = {0};
    est_series series = {.name = "persons", .kind = EST_SERIES_LINE, .role = EST_ROLE_COUNT, .value = u->persons, .lower = u->none,
                         .upper = u->none};
    if (n < n_histories)
        est_i_text_printf(&subtitle, "the %zu largest of %zu capture histories", n, n_histories);
    est_i_text_printf(&words, "Capture histories by the persons that have them, largest first: %zu of %zu drawn, on %zu lists. "
                      "The largest is %s.", n, n_histories, all->of->data->n_lists, n ? u->names[0] : "none");
    if (words.data && !subtitle.failed) {
        est_chart chart = {.name = "capture_histories", .title = "Who is on which lists",
        .subtitle = subtitle.data ? subtitle.data : "",
                           .x_title = "capture history", .y_title = "persons", .alternative = words.data, .n_categories = n,
                           .categories = (const char *const *)u->names, .n_series = 1, .series = &series, .kind = EST_CHART_UPSET,
                           .reference = NAN, .n_sets = all->of->data->n_lists,
                           .sets = (const char *const *)all->of->captures->list_names, .set_totals = u->totals,
                           .membership = u->membership};
        est_i_result_add_chart(all->builder, &chart);
    }
    est_i_text_free(&subtitle);
    est_i_text_free(&words);
}

static est_status chart_histories(est_i_diagnostics *all)
{
    est_status status = EST_OK;
    drawn_history *drawn = calloc(all->of->data->n_cells, sizeof *drawn);
    upset *u = calloc(1, sizeof *u);
    if (!drawn || !u) {
        status = est_i_no_memory(all->error);
        goto cleanup;
    }
    size_t found = list_histories(all, drawn), n = found < HISTORIES_MOST ? found : HISTORIES_MOST;
    if (fill_upset(all, drawn, n, u))
        draw_upset(all, u, n, found);
    else
        status = est_i_no_memory(all->error);
cleanup:
    for (size_t c = 0; u && c < HISTORIES_MOST; c++)
        free(u->names[c]);
    free(u);
    free(drawn);
    return status;
}

typedef struct forest {
    size_t n, room;
    char **names;
    double *value, *lower, *upper;
    bool failed;
} forest;

static void add_point(forest *f, double value, double lower, double upper, const char *before, const char *name, const char *middle,
                      const char *other)
{
    est_i_text text = {0};
    est_i_text_printf(&text, "%s%s%s%s", before, name, middle, other);
    f->names[f->n] = est_i_text_take(&text);
    f->failed = f->failed || !f->names[f->n];
    f->value[f->n] = value;
    f->lower[f->n] = lower;
    f->upper[f->n++] = upper;
}

static void add_models(const est_i_diagnostics *all, forest *f)
{
    const est_i_diagnosis *of = all->of;
    double least = INFINITY, most = 0;
    add_point(f, all->population, of->lower, of->upper, "estimate", "", "", "");
    for (size_t i = 0; i < of->n_near_tied; i++) {
        least = fmin(least, of->near_tied[i]);
        most = fmax(most, of->near_tied[i]);
    }
    if (!of->near_tied || of->n_near_tied < 2)
        return;
    if (!isnan(of->best_gap_population))
        add_point(f, of->best_gap_population, NAN, NAN, "second-best model", "", "", "");
    add_point(f, least, NAN, NAN, "near-tied models: least", "", "", "");
    add_point(f, most, NAN, NAN, "near-tied models: most", "", "", "");
}

/* Of many merged pairs those that move the estimate most are drawn, in their order. */
static double moves(const est_i_diagnostics *all, const est_i_variant *v)
{
    return v->reason ? INFINITY : fabs(log(v->population / all->population));
}

static bool is_drawn(const est_i_diagnostics *all, size_t index)
{
    size_t ahead = 0;
    double own = moves(all, &all->merged[index]);
    for (size_t i = 0; i < all->n_merged; i++) {
        double other = moves(all, &all->merged[i]);
        ahead += other > own || (other == own && i < index);
    }
    return ahead < MERGED_MOST;
}

static void add_variants(const est_i_diagnostics *all, forest *f)
{
    char *const *names = all->of->captures->list_names;
    for (size_t j = 0; j < all->n_left_out; j++) {
        const est_i_variant *v = &all->left_out[j];
        add_point(f, v->population, v->lower, v->upper, "without ", names[v->list], v->reason ? ": not estimable" : "", "");
    }
    for (size_t i = 0; i < all->n_merged; i++) {
        const est_i_variant *v = &all->merged[i];
        if (is_drawn(all, i))
            add_point(f, v->population, v->lower, v->upper, names[v->list], "+", names[v->other],
                      v->reason ? " as one: not estimable" : " as one");
    }
}

static void draw_forest(est_i_diagnostics *all, const forest *f)
{
    est_series series = {.name = "population", .kind = EST_SERIES_LINE, .role = EST_ROLE_ESTIMATE, .value = f->value,
    .lower = f->lower,
                         .upper = f->upper};
    est_chart chart = {.name = "population_by_choice", .title = "The population under every choice of model and lists",
                       .subtitle = "the line: persons already seen; a list held out is refuted where its upper limit lies left of "
                       "it",
                       .x_title = "population", .y_title = "",
                       .alternative = "Points with limits: the estimate, near-tied models, the estimate without each list, and "
                       "with two lists as one. The numbers stand in the tables.",
                       .n_categories = f->n, .categories = (const char *const *)f->names, .n_series = 1, .series = &series,
                       .kind = EST_CHART_FOREST, .reference = all->seen_total};
    est_i_result_add_chart(all->builder, &chart);
}

static est_status chart_population(est_i_diagnostics *all)
{
    est_status status = EST_OK;
    forest f = {.room = 4 + all->n_left_out + all->n_merged};
    f.names = calloc(f.room, sizeof *f.names);
    f.value = calloc(f.room, sizeof *f.value);
    f.lower = calloc(f.room, sizeof *f.lower);
    f.upper = calloc(f.room, sizeof *f.upper);
    if (f.names && f.value && f.lower && f.upper) {
        add_models(all, &f);
        add_variants(all, &f);
    } else
        f.failed = true;
    if (f.failed)
        status = est_i_no_memory(all->error);
    else
        draw_forest(all, &f);
    for (size_t i = 0; i < f.n; i++)
        free(f.names[i]);
    free(f.names);
    free(f.value);
    free(f.lower);
    free(f.upper);
    return status;
}

est_status est_i_diagnose_charts(est_i_diagnostics *all)
{
    est_status status = chart_histories(all);
    return status == EST_OK ? chart_population(all) : status;
}
