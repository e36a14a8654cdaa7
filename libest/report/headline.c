/* The table a reader looks at first: domains down, models across. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/table_layout.h"

#define MOST_MODELS 6

typedef struct headline {
    const est_result *result;
    const char *estimand;
    const char *models[MOST_MODELS];
    size_t n_models;         /* 0 = one row a domain, whatever its model */
    const est_row **domains; /* the first row of each domain */
    size_t n_domains, n_rows;
    bool observed, seen;
    est_i_look look;
} headline;

bool est_i_same_domain(const est_row *a, const est_row *b)
{
    if (a->n_domain != b->n_domain)
        return false;
    for (size_t i = 0; i < a->n_domain; i++)
        if (strcmp(est_i_row_label(b, a->domain[i].name), a->domain[i].value) != 0)
            return false;
    return true;
}

const char *est_i_headline_estimand(const est_result *result)
{
    if (est_result_rows(result) == 0)
        return NULL;
    return est_result_find(result, "population", NULL, NULL) ? "population"
                                                             : est_result_row(result, 0)->estimand;
}

/* The row of an estimand in the domain of another row; model NULL = any. */
static const est_row *row_of(const est_result *result, const char *estimand, const est_row *domain,
                             const char *model)
{
    for (size_t i = 0; i < est_result_rows(result); i++) {
        const est_row *row = est_result_row(result, i);
        if (strcmp(row->estimand, estimand) == 0 && est_i_same_domain(row, domain) &&
            (!model || strcmp(row->model, model) == 0))
            return row;
    }
    return NULL;
}

static bool headline_collect(headline *head)
{
    bool fits = true;
    for (size_t i = 0; i < est_result_rows(head->result) && fits; i++) {
        const est_row *row = est_result_row(head->result, i);
        if (strcmp(row->estimand, head->estimand) != 0)
            continue;
        est_i_look_at(&head->look, row);
        head->n_rows++;
        fits = row_of(head->result, head->estimand, row, row->model) == row &&
               strcmp(row->population, head->look.first->population) == 0 &&
               strcmp(row->definition, head->look.first->definition) == 0;
        if (row_of(head->result, head->estimand, row, NULL) == row)
            head->domains[head->n_domains++] = row;
        if (!est_i_is_listed(head->models, head->n_models < MOST_MODELS ? head->n_models : MOST_MODELS,
                             row->model)) {
            if (head->n_models < MOST_MODELS)
                head->models[head->n_models] = row->model;
            head->n_models++;
        }
        head->observed |= row_of(head->result, "observed", row, NULL) != NULL;
        head->seen |= row_of(head->result, "seen", row, NULL) != NULL;
    }
    if (head->n_rows == head->n_domains)
        head->n_models = 0;
    return fits && head->n_domains > 1 && head->n_models <= MOST_MODELS;
}

static void flag_letters(est_i_text *cell, uint32_t others, uint32_t flags)
{
    char letter = 'a';
    const char *joint = " [";
    for (int flag = 0; flag < EST_FLAG_END; flag++) {
        if (!(others & EST_FLAG_BIT(flag)))
            continue;
        if (flags & EST_FLAG_BIT(flag)) {
            est_i_text_printf(cell, "%s%c", joint, letter);
            joint = ", ";
        }
        letter++;
    }
    est_i_text_append(cell, joint[0] == ',' ? "]" : "");
}

static void explain_letters(est_i_text *remark, uint32_t others)
{
    char letter = 'a';
    for (int flag = 0; flag < EST_FLAG_END; flag++) {
        if (!(others & EST_FLAG_BIT(flag)))
            continue;
        est_i_text_printf(remark, "%s[%c] %s.", remark->length ? "\n" : "", letter++,
                          est_flag_title((est_flag)flag));
    }
}

static void headline_cell(const headline *head, const est_row *row, est_i_grid *grid)
{
    est_i_text *cell = est_i_grid_open(grid);
    if (!row) {
        est_i_text_append(cell, "-");
    } else {
        est_i_show_estimate(cell, row);
        flag_letters(cell, head->look.others, est_i_remarks(row));
        if (!isnan(row->lower) || !isnan(row->upper)) {
            est_i_text_append(cell, "\n");
            est_i_show_interval(cell, row);
        }
    }
    est_i_grid_close(grid);
}

static void count_cell(const headline *head, const char *estimand, const est_row *domain, est_i_grid *grid)
{
    const est_row *row = row_of(head->result, estimand, domain, NULL);
    est_i_text *cell = est_i_grid_open(grid);
    if (row)
        est_i_show_estimate(cell, row);
    else
        est_i_text_append(cell, "-");
    est_i_grid_close(grid);
}

static void headline_columns(const headline *head, const char *const *names, size_t n_names, est_i_grid *grid)
{
    for (size_t i = 0; i < n_names; i++) {
        est_i_text heading = {0};
        est_i_show_name(&heading, names[i]);
        est_i_grid_column(grid, heading.length ? heading.data : "", false);
        est_i_drop(&heading, &grid->failed);
    }
    if (head->observed)
        est_i_grid_column(grid, "Detected", true);
    if (head->seen)
        est_i_grid_column(grid, "Already known", true);
    for (size_t i = 0; i < head->n_models; i++) {
        est_i_text heading = {0};
        est_i_text_append(&heading, head->models[i][0] ? "Model " : "Estimate");
        est_i_text_append(&heading, head->models[i]);
        est_i_grid_column(grid, heading.length ? heading.data : "", true);
        est_i_drop(&heading, &grid->failed);
    }
    if (head->n_models == 0)
        est_i_grid_column(grid, "Estimate", true);
}

static void headline_fill(headline *head, const char *const *names, size_t n_names, est_i_grid *grid)
{
    est_i_look_finish(&head->look);
    est_i_show_estimand(&grid->caption, head->estimand);
    headline_columns(head, names, n_names, grid);
    for (size_t i = 0; i < head->n_domains; i++) {
        const est_row *domain = head->domains[i];
        for (size_t label = 0; label < n_names; label++)
            est_i_grid_cell(grid, domain->n_domain ? est_i_row_label(domain, names[label]) : "All");
        if (head->observed)
            count_cell(head, "observed", domain, grid);
        if (head->seen)
            count_cell(head, "seen", domain, grid);
        for (size_t model = 0; model < head->n_models; model++)
            headline_cell(head, row_of(head->result, head->estimand, domain, head->models[model]), grid);
        if (head->n_models == 0)
            headline_cell(head, domain, grid);
    }
    est_i_say_interval(&grid->remark, &head->look);
    est_i_say_flags(&grid->remark, "Every estimate: ", head->look.common);
    est_i_say(&grid->remark, "Population: ", head->look.first->population);
    est_i_say(&grid->remark, "Definition: ", head->look.first->definition);
    explain_letters(&grid->remark, head->look.others);
}

/* Marks the rows of the headline's estimand as one group, so that their labels can be listed. */
static bool mark_rows(const headline *head, est_i_grouping *marked)
{
    *marked = (est_i_grouping){.n_rows = est_result_rows(head->result)};
    marked->group = calloc(marked->n_rows, sizeof *marked->group);
    for (size_t i = 0; marked->group && i < marked->n_rows; i++)
        marked->group[i] = strcmp(est_result_row(head->result, i)->estimand, head->estimand) != 0;
    return marked->group != NULL;
}

bool est_i_headline_grid(const est_result *result, est_i_grid *grid)
{
    headline head = {
        .result = result, .estimand = est_i_headline_estimand(result), .look = {.level = NAN, .method = ""}};
    est_i_grouping marked = {0};
    const char **names = NULL;
    size_t n_names = 0;
    bool fits = false;
    if (!head.estimand)
        return false;
    head.domains = calloc(est_result_rows(result), sizeof *head.domains);
    grid->failed |= !head.domains || !mark_rows(&head, &marked);
    if (!grid->failed)
        n_names = est_i_label_names(result, &marked, 0, &names, &grid->failed);
    fits = !grid->failed && n_names && headline_collect(&head);
    if (fits)
        headline_fill(&head, names, n_names, grid);
    est_i_grouping_free(&marked);
    free(head.domains);
    free(names);
    return fits;
}
