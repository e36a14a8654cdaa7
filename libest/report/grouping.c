/* Which rows make a table. Rows with a unit part by what their labels are: the whole and its age groups are one table, each kind of
 * domain (by county, by county and sex) another, and the age groups of domains a third, where the ages are columns. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "report/table_layout.h"

#define AGE "age"
#define FEW_LINES 30 /* of age groups of domains: more are columns */

/* ---- rows with a unit ---- */

/* Labels that make a row a domain: its age group and its period do not. */
static size_t domain_labels(const est_row *row)
{
    return row->n_domain - (est_i_row_label(row, AGE)[0] != '\0') - (est_i_row_label(row, "period")[0] != '\0');
}

est_i_part est_i_part_of(const est_row *row, const char *base)
{
    const char *age = est_i_row_label(row, AGE);
    if (!row->unit[0])
        return EST_I_PLAIN;
    if (domain_labels(row) == 0)
        return EST_I_AGES;
    return !age[0] || strcmp(age, base) == 0 ? EST_I_DOMAINS : EST_I_DOMAIN_AGES;
}

static bool same_thing(const est_row *a, const est_row *b)
{
    return strcmp(a->estimand, b->estimand) == 0 && strcmp(a->model, b->model) == 0 && strcmp(a->unit, b->unit) == 0;
}

/* The age group of the whole: that of the first line without another label; else of the first line. */
static const char *find_base(const est_result *result, size_t first)
{
    const est_row *head = est_result_row(result, first);
    const char *any = "";
    for (size_t i = first; i < est_result_rows(result); i++) {
        const est_row *row = est_result_row(result, i);
        if (row->detail || !same_thing(head, row))
            continue;
        any = any[0] ? any : est_i_row_label(row, AGE);
        if (domain_labels(row) == 0)
            return est_i_row_label(row, AGE);
    }
    return any;
}

/* Rows of one estimand stand together, as a rule, so that the search ends at once. */
static void find_bases(const est_result *result, est_i_grouping *grouping)
{
    for (size_t row = 0; row < grouping->n_rows; row++) {
        const est_row *here = est_result_row(result, row);
        size_t before = row;
        grouping->base[row] = "";
        if (here->detail || !here->unit[0])
            continue;
        while (before > 0 && (est_result_row(result, before - 1)->detail || !same_thing(est_result_row(result, before - 1), here)))
            before--;
        grouping->base[row] = before > 0 ? grouping->base[before - 1] : find_base(result, row);
    }
}

/* The same kinds of domain. */
static bool same_labels(const est_row *a, const est_row *b)
{
    if (domain_labels(a) != domain_labels(b) || !est_i_row_label(a, "period")[0] != !est_i_row_label(b, "period")[0])
        return false;
    for (size_t i = 0; i < a->n_domain; i++)
        if (strcmp(a->domain[i].name, AGE) != 0 && !est_i_row_label(b, a->domain[i].name)[0])
            return false;
    return true;
}

/* ---- which rows belong together ---- */

/* Where the box tells what was measured, rows with a unit may differ in it: their labels or remarks say how. */
static bool same_table(const est_i_grouping *grouping, const est_row *a, const est_row *b)
{
    bool told = grouping->boxed && a->unit[0] && b->unit[0];
    return strcmp(a->estimand, b->estimand) == 0 &&
           (told || (strcmp(a->population, b->population) == 0 && strcmp(a->definition, b->definition) == 0));
}

static bool same_group(const est_i_grouping *grouping, const est_row *a, const est_row *b)
{
    return same_table(grouping, a, b) && strcmp(a->model, b->model) == 0;
}

/* Of two rows of one table: do they stand in the same part of it? */
static bool same_part(const est_result *result, const est_i_grouping *grouping, size_t a, size_t b)
{
    const est_row *one = est_result_row(result, a), *other = est_result_row(result, b);
    est_i_part part = est_i_part_of(one, grouping->base[a]);
    return part == est_i_part_of(other, grouping->base[b]) && strcmp(one->unit, other->unit) == 0 &&
           (part == EST_I_PLAIN || same_labels(one, other) || part == EST_I_AGES);
}

static bool is_count(const char *estimand)
{
    return strcmp(estimand, "observed") == 0 || strcmp(estimand, "seen") == 0;
}

static bool stands_alone(const est_result *result, const est_i_grouping *grouping, size_t row)
{
    const est_row *alone = est_result_row(result, row);
    bool whole = !alone->n_domain || est_i_part_of(alone, grouping->base[row]) == EST_I_AGES;
    if (grouping->group[row] != row || !whole)
        return false;
    for (size_t later = row + 1; later < grouping->n_rows; later++)
        if (grouping->group[later] == row)
            return false;
    return true;
}

static void join_lone_rows(const est_result *result, est_i_grouping *grouping)
{
    size_t first = grouping->n_rows;
    for (size_t row = 0; row < grouping->n_rows; row++) {
        if (!stands_alone(result, grouping, row))
            continue;
        if (first == grouping->n_rows)
            first = row;
        else
            grouping->group[row] = first;
    }
}

/* Does the row belong to the group of which `first` is the first row? */
static bool stands_with(const est_result *result, const est_i_grouping *grouping, size_t first, size_t row)
{
    return same_group(grouping, est_result_row(result, first), est_result_row(result, row)) &&
           same_part(result, grouping, first, row);
}

/* A row for each of thousands of domains is usual, a table is not: only the first rows of tables are searched. */
static bool group_rows(const est_result *result, est_i_grouping *grouping)
{
    size_t *heads = calloc(grouping->n_rows + 1, sizeof *heads), n_heads = 0;
    for (size_t row = 0; heads && row < grouping->n_rows; row++) {
        size_t k = 0;
        if (est_result_row(result, row)->detail) {
            grouping->group[row] = SIZE_MAX;
            continue;
        }
        while (k < n_heads && !stands_with(result, grouping, heads[k], row))
            k++;
        if (k == n_heads)
            heads[n_heads++] = row;
        grouping->group[row] = heads[k];
        grouping->part[row] = est_i_part_of(est_result_row(result, row), grouping->base[row]);
    }
    free(heads);
    return heads != NULL;
}

/* Gives `first` the groups of the other models of its estimand. Returns how many. */
static size_t take_models(const est_result *result, const est_i_grouping *grouping, size_t first, size_t *joined)
{
    const size_t *group = grouping->group;
    const est_row *head = est_result_row(result, first);
    size_t count = 0;
    for (size_t row = 0; row < grouping->n_rows; row++) {
        bool taken = false;
        if (row > first && group[row] != SIZE_MAX && group[row] != first) {
            const est_row *other = est_result_row(result, group[row]);
            taken = same_table(grouping, head, other) && strcmp(head->model, other->model) != 0 &&
                    same_part(result, grouping, first, group[row]);
        }
        joined[row] = taken ? first : group[row];
        count += taken;
    }
    return count;
}

static bool join_models(const est_result *result, est_i_grouping *grouping)
{
    bool failed = false;
    est_i_grouping joined = {.n_rows = grouping->n_rows};
    joined.group = calloc(grouping->n_rows + 1, sizeof *joined.group);
    failed = !joined.group;
    for (size_t first = 0; first < grouping->n_rows && !failed; first++) {
        if (grouping->group[first] != first || grouping->part[first] == EST_I_DOMAIN_AGES ||
            take_models(result, grouping, first, joined.group) == 0)
            continue;
        bool apart = false;
        grouping->beside[first] = est_i_models_beside(result, &joined, first, &apart, &failed);
        if (grouping->beside[first] || (apart && est_result_row(result, first)->unit[0]))
            memcpy(grouping->group, joined.group, grouping->n_rows * sizeof *joined.group);
    }
    free(joined.group);
    return !failed;
}

/* Leaves out groups of counts whose every row stands in the table of the population already. */
static void leave_out_counts(const est_result *result, est_i_grouping *grouping, size_t population)
{
    for (size_t first = 0; first < grouping->n_rows; first++) {
        bool stands = grouping->group[first] == first && is_count(est_result_row(result, first)->estimand);
        for (size_t row = first; row < grouping->n_rows && stands; row++)
            stands = grouping->group[row] != first ||
                     est_i_is_shown_beside(result, grouping, population, est_result_row(result, row));
        for (size_t row = grouping->n_rows; row-- > first && stands;)
            if (grouping->group[row] == first)
                grouping->group[row] = SIZE_MAX;
    }
}

/* Age groups of a few domains are lines as others are. */
static void keep_small_groups(est_i_grouping *grouping)
{
    for (size_t first = 0; first < grouping->n_rows; first++) {
        size_t count = 0;
        if (grouping->group[first] != first || grouping->part[first] != EST_I_DOMAIN_AGES)
            continue;
        for (size_t row = first; row < grouping->n_rows; row++)
            count += grouping->group[row] == first;
        for (size_t row = first; row < grouping->n_rows && count <= FEW_LINES; row++)
            if (grouping->group[row] == first)
                grouping->part[row] = EST_I_FEW_DOMAIN_AGES;
    }
}

static bool is_number(const est_row *row)
{
    size_t length = strlen(row->estimand), end = strlen("_number");
    return !row->detail && row->unit[0] && length > end && strcmp(row->estimand + length - end, "_number") == 0;
}

/* Numbers come in the order of their proportions, as a rule, so that each search ends at once. */
static bool find_numbers(const est_result *result, est_i_grouping *grouping)
{
    size_t n = grouping->n_rows, last = 0;
    bool *shares = calloc(n + 1, sizeof *shares);
    for (size_t row = 0; shares && row < n; row++)
        grouping->number[row] = SIZE_MAX;
    for (size_t number = 0; shares && number < n; number++) {
        size_t step = 1;
        if (!is_number(est_result_row(result, number)))
            continue;
        while (step <= n && !est_i_is_pair(est_result_row(result, number), est_result_row(result, (last + step) % n)))
            step++;
        if (step <= n) {
            last = (last + step) % n;
            grouping->number[last] = number;
            shares[number] = true;
        }
    }
    grouping->has_share = shares;
    return shares != NULL;
}

/* Numbers of people whose every row stands in the table of its proportion. */
static void leave_out_numbers(est_i_grouping *grouping)
{
    for (size_t first = 0; first < grouping->n_rows; first++) {
        bool stands = grouping->group[first] == first && !grouping->beside[first] &&
                      grouping->part[first] != EST_I_PLAIN && grouping->part[first] != EST_I_DOMAIN_AGES;
        for (size_t row = first; row < grouping->n_rows && stands; row++)
            stands = grouping->group[row] != first || grouping->has_share[row];
        for (size_t row = grouping->n_rows; row-- > first && stands;)
            if (grouping->group[row] == first)
                grouping->group[row] = SIZE_MAX;
    }
}

bool est_i_grouping_make(const est_result *result, est_i_grouping *grouping)
{
    size_t count = est_result_rows(result);
    *grouping = (est_i_grouping){.n_rows = count, .boxed = est_i_fact(result, "definition", 0) != NULL};
    grouping->group = calloc(count + 1, sizeof *grouping->group);
    grouping->beside = calloc(count + 1, sizeof *grouping->beside);
    grouping->part = calloc(count + 1, sizeof *grouping->part);
    grouping->base = calloc(count + 1, sizeof *grouping->base);
    grouping->number = calloc(count + 1, sizeof *grouping->number);
    bool made = grouping->group && grouping->beside && grouping->part && grouping->base && grouping->number &&
                find_numbers(result, grouping);
    if (made) {
        find_bases(result, grouping);
        made = group_rows(result, grouping) && join_models(result, grouping);
    }
    for (size_t first = 0; first < count && made; first++)
        if (grouping->beside[first] && strcmp(est_result_row(result, first)->estimand, "population") == 0)
            leave_out_counts(result, grouping, first);
    if (made) {
        keep_small_groups(grouping);
        leave_out_numbers(grouping);
        join_lone_rows(result, grouping);
    } else {
        est_i_grouping_free(grouping);
    }
    return made;
}

void est_i_grouping_free(est_i_grouping *grouping)
{
    free(grouping->group);
    free(grouping->beside);
    free(grouping->part);
    free(grouping->base);
    free(grouping->number);
    free(grouping->has_share);
    *grouping = (est_i_grouping){0};
}

const char *est_i_row_label(const est_row *row, const char *name)
{
    for (size_t i = 0; i < row->n_domain; i++)
        if (strcmp(row->domain[i].name, name) == 0)
            return row->domain[i].value;
    return "";
}

static bool in_group(const est_i_grouping *grouping, size_t first, size_t row)
{
    return !grouping || grouping->group[row] == first;
}

bool est_i_is_listed(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static void period_first(const char **names, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (strcmp(names[i], "period") == 0) {
            memmove(names + 1, names, i * sizeof *names);
            names[0] = "period";
        }
    }
}

size_t est_i_label_names(const est_result *result, const est_i_grouping *grouping, size_t first,
                         const char ***names, bool *failed)
{
    size_t count = 0, capacity = 0;
    *names = NULL;
    for (size_t row = 0; row < est_result_rows(result); row++)
        capacity += in_group(grouping, first, row) ? est_result_row(result, row)->n_domain : 0;
    if (capacity == 0)
        return 0;
    *names = calloc(capacity, sizeof **names);
    if (!*names) {
        *failed = true;
        return 0;
    }
    for (size_t row = 0; row < est_result_rows(result); row++) {
        const est_row *met = est_result_row(result, row);
        for (size_t i = 0; in_group(grouping, first, row) && i < met->n_domain; i++)
            if (!est_i_is_listed(*names, count, met->domain[i].name))
                (*names)[count++] = met->domain[i].name;
    }
    period_first(*names, count);
    return count;
}

