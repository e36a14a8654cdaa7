/* How many cases each coefficient may stand on: of every level, and of both values of a column that has two. A coefficient of a few
 * cases is their mean in other words, and suppression must know. */
#include <math.h>
#include <stdlib.h>

#include "survey/regression_parts.h"

#define GROUPS_MAX 1000000 /* the crossings of 2,000 columns and their reference levels are far fewer */

/* The level numbers of a term's factors as the key of a group; the first is 0, for a tuple has a width. */
static size_t group_key(const est_i_term *term, const est_i_sample_plan *plan, const est_i_rows *rows, size_t row, uint32_t *key)
{
    size_t width = 0;
    key[width++] = 0;
    for (size_t f = 0; f < term->n_factors; f++)
        if (plan->variables[term->variable[f]].kind == EST_I_VARIABLE_LEVELS)
            key[width++] = rows->level[term->variable[f]][row];
    return width;
}

static est_i_fewest_group *group_at(est_i_fewest *fewest, const uint32_t *key)
{
    uint32_t group = est_i_tuples_add(&fewest->groups, key);
    if (group == EST_I_TUPLE_NONE)
        return NULL;
    if (group >= fewest->room) {
        uint32_t room = fewest->room ? 2 * fewest->room : 16;
        est_i_fewest_group *grown = realloc(fewest->group, room * sizeof *grown);
        if (!grown)
            return NULL;
        for (uint32_t g = fewest->room; g < room; g++)
            grown[g] = (est_i_fewest_group){{NAN, NAN}, {0, 0}, 0};
        fewest->group = grown;
        fewest->room = room;
    }
    return &fewest->group[group];
}

static void add_value(est_i_fewest_group *group, double value, double cases)
{
    for (int i = 0; i < 2; i++) {
        if (group->cases[i] == 0 || group->value[i] == value) {
            group->value[i] = value;
            group->cases[i] += cases;
            return;
        }
    }
    group->others += cases;
}

bool est_i_fewest_add(est_i_fewest *fewest, const est_i_term *term, const est_i_sample_plan *plan, const est_i_rows *rows, size_t row)
{
    uint32_t key[EST_I_FACTORS_MAX + 1];
    double value = 1;
    if (term->n_factors > EST_I_FACTORS_MAX || fewest->groups.count >= GROUPS_MAX) /* refused by the model, once the pass is over */
        return true;
    fewest->groups.width = group_key(term, plan, rows, row, key);
    for (size_t f = 0; f < term->n_factors; f++)
        if (plan->variables[term->variable[f]].kind != EST_I_VARIABLE_LEVELS)
            value *= rows->value[term->variable[f]][row];
    est_i_fewest_group *group = group_at(fewest, key);
    if (group)
        add_value(group, value, 1);
    return group != NULL;
}

/* The two values that came first keep their places; those of `from` that are neither are others. */
static void join_group(est_i_fewest_group *into, const est_i_fewest_group *from)
{
    for (int i = 0; i < 2; i++)
        if (from->cases[i] > 0)
            add_value(into, from->value[i], from->cases[i]);
    into->others += from->others;
}

bool est_i_fewest_join(est_i_fewest *into, const est_i_fewest *from)
{
    bool good = true;
    if (from->groups.count > 0)
        into->groups.width = from->groups.width;
    for (uint32_t g = 0; g < from->groups.count && good; g++) {
        est_i_fewest_group *group = group_at(into, est_i_tuples_key(&from->groups, g));
        good = group != NULL;
        if (good)
            join_group(group, &from->group[g]);
    }
    return good;
}

bool est_i_fewest_settle(est_i_fewest *fewest, const est_i_term *term, const est_i_sample_plan *plan, const uint32_t *const *level)
{
    est_i_fewest made = {.groups.width = fewest->groups.width};
    bool good = true;
    for (uint32_t g = 0; g < fewest->groups.count && good; g++) {
        const uint32_t *own = est_i_tuples_key(&fewest->groups, g);
        uint32_t key[EST_I_FACTORS_MAX + 1];
        size_t at = 1;
        key[0] = 0;
        for (size_t f = 0; f < term->n_factors; f++)
            if (plan->variables[term->variable[f]].kind == EST_I_VARIABLE_LEVELS) {
                key[at] = level[term->variable[f]][own[at]];
                at++;
            }
        est_i_fewest_group *group = group_at(&made, key);
        good = group != NULL;
        if (good)
            join_group(group, &fewest->group[g]);
    }
    est_i_fewest_free(good ? fewest : &made);
    if (good)
        *fewest = made;
    return good;
}

double est_i_fewest_cases(const est_i_fewest *fewest)
{
    double least = INFINITY;
    for (uint32_t g = 0; g < fewest->groups.count; g++) {
        const est_i_fewest_group *group = &fewest->group[g];
        bool two = group->cases[1] > 0 && group->others == 0;
        least = fmin(least, two ? fmin(group->cases[0], group->cases[1]) : group->cases[0] + group->cases[1] + group->others);
    }
    return least;
}

void est_i_fewest_free(est_i_fewest *fewest)
{
    est_i_tuples_free(&fewest->groups);
    free(fewest->group);
    *fewest = (est_i_fewest){0};
}
