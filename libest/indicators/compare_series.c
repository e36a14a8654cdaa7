/* Which estimates are compared with which, in which order, and whether they may be. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "data/table.h"
#include "indicators/compare.h"

#define MOST_TAKEN 5000

/* ---- selection ---- */

typedef struct selection {
    est_i_compare_run *run;
    const char *option;
    /* What a row must have: the text that `of` takes from it is among the names. */
    const char *(*of)(const est_i_estimate *e, const char *name);
    const char *name; /* of the column, for --domain */
} selection;

static const char *id_of(const est_i_estimate *e, const char *name)
{
    (void)name;
    return e->text[EST_I_TEXT_ID];
}

static const char *estimand_of(const est_i_estimate *e, const char *name)
{
    (void)name;
    return e->keys.value[EST_I_KEY_INDICATOR];
}

/* A key, a label or a text by the name of its column; NULL if the row has nothing of that name. */
static const char *value_of(const est_i_estimate *e, const char *name)
{
    static const char *const texts[] = {[EST_I_TEXT_ID] = "id",
                                        [EST_I_TEXT_PERIOD] = "period",
                                        [EST_I_TEXT_QUALIFIER] = "qualifier",
                                        [EST_I_TEXT_INTERVAL] = "interval",
                                        [EST_I_TEXT_SOURCE] = "source",
                                        [EST_I_TEXT_NOTE] = "note",
                                        [EST_I_TEXT_TABLE] = "table"};
    const char *value = strcmp(name, "estimand") == 0 ? e->keys.value[EST_I_KEY_INDICATOR] : NULL;
    for (int key = 0; key < EST_I_KEYS && !value; key++)
        if (strcmp(name, est_i_key_name((est_i_key)key)) == 0)
            value = e->keys.value[key];
    for (size_t i = 0; i < EST_I_TEXTS && !value; i++)
        if (strcmp(name, texts[i]) == 0)
            value = e->text[i];
    for (size_t i = 0; i < e->n_labels && !value; i++)
        if (strcmp(name, e->labels[i].name) == 0)
            value = e->labels[i].value;
    return value;
}

typedef struct candidates {
    const selection *chosen;
} candidates;

static const char *candidate(const void *user, size_t index)
{
    const selection *s = ((const candidates *)user)->chosen;
    const char *text = s->of(&s->run->estimates[index], s->name);
    return text ? text : "";
}

static est_status fail_selection(const selection *s, const char *found, est_error *error)
{
    candidates all = {s};
    const char *nearest = est_i_nearest_name(found, s->run->n_estimates, candidate, &all);
    return est_i_fail(error, EST_EOPTION, "option --%s: found '%.100s'%s%.100s, which no row has%s%.100s%s", s->option,
                      s->name ? s->name : found, s->name ? "=" : "", s->name ? found : "",
                      nearest && *nearest ? "; did you mean '" : "", nearest && *nearest ? nearest : "",
                      nearest && *nearest ? "'?" : "");
}

/* Marks the rows that have the value: wanted[i] becomes true. */
static est_status mark_value(const selection *s, const char *value, bool *wanted, est_error *error)
{
    size_t found = 0;
    for (size_t i = 0; i < s->run->n_estimates; i++) {
        const char *text = s->of(&s->run->estimates[i], s->name);
        bool has = text ? est_i_key_same(EST_I_KEY_AGES, text, value) : !*value;
        wanted[i] = wanted[i] || has;
        found += has;
    }
    return found ? EST_OK : fail_selection(s, value, error);
}

static void keep(est_i_compare_run *run, const bool *wanted)
{
    for (size_t i = 0; i < run->n_estimates; i++)
        run->estimates[i].taken = run->estimates[i].taken && wanted[i];
}

static est_status fail_list(const char *option, const char *list, est_error *error)
{
    return est_i_fail(error, EST_EOPTION,
                      "option --%s: found '%.200s', expected names parted by commas; a name with a comma stands between "
                      "double quotes",
                      option, list);
}

/* --id and --estimand: rows that have one of the names. */
static est_status select_names(est_i_compare_run *run, const selection *s, const char *list)
{
    est_i_text name = {0};
    bool *wanted = calloc(run->n_estimates + 1, sizeof *wanted), whole = true;
    est_status status = wanted ? EST_OK : est_i_no_memory(run->error);
    for (const char *at = list; *list && at && status == EST_OK;) {
        at = est_i_name_take(at, &name, &whole);
        if (name.failed)
            status = est_i_no_memory(run->error);
        else if (!whole || !name.length)
            status = fail_list(s->option, list, run->error);
        else
            status = mark_value(s, name.data, wanted, run->error);
    }
    if (*list && status == EST_OK)
        keep(run, wanted);
    est_i_text_free(&name);
    free(wanted);
    return status;
}

static bool any_has(const est_i_compare_run *run, const char *name)
{
    bool has = false;
    for (size_t i = 0; i < run->n_estimates && !has; i++)
        has = value_of(&run->estimates[i], name) != NULL;
    return has;
}

/* One COLUMN=VALUE of --domain. The rows must meet all of them. */
static est_status select_value(est_i_compare_run *run, char *item)
{
    char *equals = strchr(item, '=');
    bool *wanted = calloc(run->n_estimates + 1, sizeof *wanted);
    est_status status = wanted ? EST_OK : est_i_no_memory(run->error);
    if (status == EST_OK && (!equals || equals == item))
        status = est_i_fail(run->error, EST_EOPTION,
                            "option --domain: found '%.100s', expected COLUMN=VALUE parted by commas, such as "
                            "county=Busia,sex=female",
                            item);
    if (status == EST_OK) {
        *equals = '\0';
        selection s = {run, "domain", value_of, item};
        if (!any_has(run, item))
            status = est_i_fail(run->error, EST_EOPTION,
                                "option --domain: found '%.100s', which is neither a label nor a key of any row", item);
        else
            status = mark_value(&s, equals + 1, wanted, run->error);
    }
    if (status == EST_OK)
        keep(run, wanted);
    free(wanted);
    return status;
}

static est_status select_domain(est_i_compare_run *run)
{
    est_i_text item = {0};
    bool whole = true;
    est_status status = EST_OK;
    const char *list = run->options->domain;
    for (const char *at = list; *list && at && status == EST_OK;) {
        at = est_i_name_take(at, &item, &whole);
        if (item.failed)
            status = est_i_no_memory(run->error);
        else if (!whole || !item.length)
            status = fail_list("domain", list, run->error);
        else
            status = select_value(run, item.data);
    }
    est_i_text_free(&item);
    return status;
}

/* ---- what stands twice ---- */

bool est_i_labels_same(const est_i_estimate *a, const est_i_estimate *b)
{
    bool same = a->n_labels == b->n_labels;
    for (size_t i = 0; i < a->n_labels && same; i++) {
        const char *other = value_of(b, a->labels[i].name);
        same = other && est_i_key_same(EST_I_KEY_INDICATOR, a->labels[i].value, other);
    }
    return same;
}

static bool equal_numbers(double a, double b)
{
    return (isnan(a) && isnan(b)) || (a <= b && a >= b);
}

/* A result gives an estimate once more as a cell of a standard table. */
static bool is_repeated(const est_i_estimate *a, const est_i_estimate *b)
{
    return a->from == b->from && equal_numbers(a->estimate, b->estimate) && equal_numbers(a->se, b->se) &&
           equal_numbers(a->lower, b->lower) && equal_numbers(a->upper, b->upper) && equal_numbers(a->n, b->n) &&
           strcmp(a->text[EST_I_TEXT_PERIOD], b->text[EST_I_TEXT_PERIOD]) == 0 &&
           strcmp(a->text[EST_I_TEXT_ID], b->text[EST_I_TEXT_ID]) == 0 && !est_i_keys_differ(&a->keys, &b->keys) &&
           est_i_labels_same(a, b);
}

static est_status drop_repeated(est_i_compare_run *run)
{
    for (size_t i = 0; i < run->n_estimates; i++) {
        if (est_i_monitor_cancelled(&run->monitor))
            return est_i_cancelled(run->error);
        for (size_t j = 0; j < i && run->estimates[i].taken; j++)
            run->estimates[i].taken = !(run->estimates[j].taken && is_repeated(&run->estimates[j], &run->estimates[i]));
    }
    return EST_OK;
}

static est_status take_estimates(est_i_compare_run *run)
{
    const est_compare_options *o = run->options;
    size_t taken = 0;
    selection ids = {run, "id", id_of, NULL}, estimands = {run, "estimand", estimand_of, NULL};
    for (size_t i = 0; i < run->n_estimates; i++) /* cells of standard tables only where they are asked for */
        run->estimates[i].taken = !*run->estimates[i].text[EST_I_TEXT_TABLE] || strstr(o->domain, "table=");
    est_status status = select_names(run, &ids, o->id);
    if (status == EST_OK)
        status = select_names(run, &estimands, o->estimand);
    if (status == EST_OK)
        status = select_domain(run);
    for (size_t i = 0; i < run->n_estimates; i++)
        taken += run->estimates[i].taken;
    if (status == EST_OK && taken > MOST_TAKEN)
        status = est_i_fail(run->error, EST_EDEFINITION,
                            "found %zu estimates to compare, expected at most %d; take fewer by --estimand, --domain "
                            "or --id",
                            taken, MOST_TAKEN);
    return status == EST_OK ? drop_repeated(run) : status;
}

/* ---- series ---- */

/* The first tier takes for one series what is of the same thing by name: indicator, labels, place, ages and sex. Only where that
 * leaves every estimate alone, the user must have meant those of one indicator, or all of them; they then differ, and the guard
 * speaks. */
typedef enum tier { BY_THING = 0, BY_INDICATOR, ALL_TOGETHER, TIERS } tier;

static bool belong_together(const est_i_estimate *a, const est_i_estimate *b, tier level)
{
    static const est_i_key thing[] = {EST_I_KEY_INDICATOR, EST_I_KEY_GEOGRAPHY, EST_I_KEY_AGES, EST_I_KEY_SEX};
    const size_t asked[TIERS] = {sizeof thing / sizeof thing[0], 1, 0};
    bool together = true;
    for (size_t i = 0; i < asked[level] && together; i++)
        together = est_i_key_same(thing[i], a->keys.value[thing[i]], b->keys.value[thing[i]]);
    return together && (level != BY_THING || est_i_labels_same(a, b));
}

/* Numbers the series by their first estimates; run->series[s] = {first estimate, how many}. */
static est_status part(est_i_compare_run *run, tier level)
{
    run->n_series = 0;
    for (size_t i = 0; i < run->n_estimates; i++) {
        est_i_estimate *e = &run->estimates[i];
        size_t s = 0;
        if (est_i_monitor_cancelled(&run->monitor))
            return est_i_cancelled(run->error);
        if (!e->taken)
            continue;
        while (s < run->n_series && !belong_together(&run->estimates[run->series[s].first], e, level))
            s++;
        if (s == run->n_series)
            run->series[run->n_series++] = (est_i_estimate_series){i, 0};
        run->series[s].count++;
        e->series = s;
    }
    return EST_OK;
}

static bool has_company(const est_i_compare_run *run)
{
    bool has = false;
    for (size_t s = 0; s < run->n_series && !has; s++)
        has = run->series[s].count > 1;
    return has;
}

/* Lays the series of two estimates or more one after the other into run->order. */
static void lay_out(est_i_compare_run *run)
{
    size_t kept = 0, used = 0;
    for (size_t s = 0; s < run->n_series; s++) {
        size_t first = used;
        for (size_t i = 0; i < run->n_estimates; i++) {
            est_i_estimate *e = &run->estimates[i];
            if (!e->taken || e->series != s)
                continue;
            if (run->series[s].count < 2) {
                e->series = SIZE_MAX;
                continue;
            }
            e->series = kept;
            run->order[used++] = i;
        }
        if (used > first)
            run->series[kept++] = (est_i_estimate_series){first, used - first};
    }
    run->n_series = kept;
}

/* By period where all are known; by insertion, which keeps the order of equals. */
static void sort_series(est_i_compare_run *run, size_t series)
{
    size_t count = run->series[series].count, *order = run->order + run->series[series].first;
    bool known = run->options->order == EST_COMPARE_BY_PERIOD;
    for (size_t i = 0; i < count && known; i++)
        known = !isnan(run->estimates[order[i]].middle);
    for (size_t i = 1; i < count && known; i++) {
        size_t moved = order[i], at = i;
        for (; at > 0 && run->estimates[order[at - 1]].middle > run->estimates[moved].middle; at--)
            order[at] = order[at - 1];
        order[at] = moved;
    }
}

static bool is_only_of_table(const est_i_compare_run *run, size_t series, const est_i_estimate *e)
{
    size_t same = 0;
    for (size_t i = 0; i < run->series[series].count; i++)
        same += est_i_compare_at(run, series, i)->from == e->from;
    return same == 1;
}

static void append_place(const est_i_compare_run *run, size_t series, const est_i_estimate *e, est_i_text *name)
{
    const char *table = e->from == run->data ? "first table" : "second table";
    if (run->options->with && is_only_of_table(run, series, e))
        est_i_text_append(name, table);
    else
        est_i_text_printf(name, "row %zu%s%s", e->record + 1, run->options->with ? " of the " : "",
                          run->options->with ? table : "");
}

static bool is_only_of_period(const est_i_compare_run *run, size_t series, const est_i_estimate *e)
{
    size_t same = 0;
    for (size_t i = 0; i < run->series[series].count; i++)
        same += strcmp(est_i_compare_at(run, series, i)->text[EST_I_TEXT_PERIOD], e->text[EST_I_TEXT_PERIOD]) == 0;
    return same == 1;
}

static est_status name_estimates(est_i_compare_run *run, size_t series)
{
    for (size_t i = 0; i < run->series[series].count; i++) {
        est_i_estimate *e = est_i_compare_at(run, series, i);
        const char *period = e->text[EST_I_TEXT_PERIOD], *id = e->text[EST_I_TEXT_ID];
        bool more = !*period || !is_only_of_period(run, series, e), beside = more && *period;
        est_i_text name = {0};
        est_i_text_append(&name, period);
        est_i_text_append(&name, beside ? " (" : "");
        if (more && *id)
            est_i_text_append(&name, id);
        else if (more)
            append_place(run, series, e, &name);
        est_i_text_append(&name, beside ? ")" : "");
        if (*e->text[EST_I_TEXT_QUALIFIER])
            est_i_text_printf(&name, ", %s", e->text[EST_I_TEXT_QUALIFIER]);
        e->name = est_i_text_take(&name);
        if (!e->name)
            return est_i_no_memory(run->error);
    }
    return EST_OK;
}

/* ---- the guard ---- */

/* Labels of a that b has not, or otherwise; `both`: also those that both have. */
static bool labels_differ(const est_i_estimate *a, const est_i_estimate *b, bool both, bool swapped, size_t longest,
                          est_i_text *text)
{
    bool differ = false;
    for (size_t i = 0; i < a->n_labels; i++) {
        const char *mine = a->labels[i].value, *other = value_of(b, a->labels[i].name);
        if (other ? !both || est_i_key_same(EST_I_KEY_INDICATOR, mine, other) : false)
            continue;
        differ = true;
        if (text)
            est_i_difference_explain(a->labels[i].name, swapped ? other ? other : "" : mine,
                                     swapped ? mine
                                     : other ? other
                                             : "",
                                     longest, text);
    }
    return differ;
}

bool est_i_estimates_differ(const est_i_estimate *a, const est_i_estimate *b, size_t longest, est_i_text *text)
{
    uint32_t keys = est_i_keys_differ(&a->keys, &b->keys);
    if (text)
        est_i_keys_explain(&a->keys, &b->keys, keys, longest, text);
    bool labels = labels_differ(a, b, true, false, longest, text);
    labels = labels_differ(b, a, false, true, longest, text) || labels;
    return keys || labels;
}

/* How much of each value fits into the message, if so many differ. */
static size_t longest_shown(const est_i_estimate *a, const est_i_estimate *b)
{
    size_t count = (size_t)__builtin_popcount(est_i_keys_differ(&a->keys, &b->keys)) + (est_i_labels_same(a, b) ? 0 : 2);
    return count ? 260 / (2 * count) : 120;
}

static est_status refuse(const est_i_compare_run *run, const est_i_estimate *a, const est_i_estimate *b)
{
    est_i_text text = {0};
    est_i_estimates_differ(a, b, longest_shown(a, b), &text);
    est_status status = text.failed
                            ? est_i_no_memory(run->error)
                            : est_i_fail_at(
                                  run->error, EST_EDEFINITION, est_i_table_place(b->from, -1, b->record),
                                  "the estimates '%.60s' of %.40s and '%.60s' of %.40s are not of the same thing and can be "
                                  "neither subtracted nor put in one series: %s. Compare estimates of one thing (choose by "
                                  "--id, --estimand or --domain), or mark the break with --allow-break",
                                  a->keys.value[EST_I_KEY_INDICATOR], a->name, b->keys.value[EST_I_KEY_INDICATOR], b->name,
                                  text.data);
    est_i_text_free(&text);
    return status;
}

/* The same as the one before each: then they are all the same. */
static est_status guard(const est_i_compare_run *run, size_t series)
{
    est_status status = EST_OK;
    for (size_t i = 1; i < run->series[series].count && status == EST_OK && !run->options->allow_break; i++) {
        const est_i_estimate *a = est_i_compare_at(run, series, i - 1), *b = est_i_compare_at(run, series, i);
        if (est_i_estimates_differ(a, b, 0, NULL))
            status = refuse(run, a, b);
    }
    return status;
}

static est_status find_series(est_i_compare_run *run)
{
    est_status status = part(run, BY_THING);
    for (tier level = BY_INDICATOR; level < TIERS && status == EST_OK && !has_company(run); level++)
        status = part(run, level);
    size_t taken = 0;
    for (size_t i = 0; i < run->n_estimates; i++)
        taken += run->estimates[i].taken;
    if (status == EST_OK && !has_company(run))
        status = est_i_fail(run->error, EST_EDEFINITION, "found %zu estimate%s to compare, expected at least two", taken,
                            taken == 1 ? "" : "s");
    return status;
}

est_status est_i_compare_series(est_i_compare_run *run)
{
    run->series = calloc(run->n_estimates + 1, sizeof *run->series);
    run->order = calloc(run->n_estimates + 1, sizeof *run->order);
    est_status status = run->series && run->order ? take_estimates(run) : est_i_no_memory(run->error);
    if (status == EST_OK)
        status = find_series(run);
    if (status == EST_OK)
        lay_out(run);
    for (size_t s = 0; s < run->n_series && status == EST_OK; s++) {
        sort_series(run, s);
        status = name_estimates(run, s);
        if (status == EST_OK)
            status = guard(run, s);
    }
    return status;
}
