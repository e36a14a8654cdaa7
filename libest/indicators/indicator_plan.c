/* What a definition says, as columns of a view: parameters, age groups, universe, variables, and one column for each indicator in each age
 * group. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "indicators/indicator.h"

#define UNIVERSE "_universe"
#define MISSING "0/0"

/* Parameters */

static est_status parameter_value(const est_i_definition *definition, const est_i_ini_section *parameter, double *value, est_error *error)
{
    const char *text = est_i_ini_value(parameter, "value");
    if (!est_i_number_parse(text, strlen(text), value))
        return est_i_fail(error, EST_EDEFINITION, "definition %s, [parameter %s]: found '%s', expected a number", definition->about->id,
                          parameter->name, text);
    return EST_OK;
}

static double limit_of(const est_i_ini_section *parameter, const char *key, double none)
{
    const char *text = est_i_ini_value(parameter, key);
    double value = none;
    return *text && est_i_number_parse(text, strlen(text), &value) ? value : none;
}

/* The value that --set gives a parameter, NULL if it gives none; *times: how often it does. */
static const char *value_set(const est_i_indicator_run *run, const char *name, size_t *times)
{
    const char *found = NULL;
    size_t length = strlen(name);
    *times = 0;
    for (const char *at = run->options->set; *at; at += strcspn(at, ","), at += *at == ',') {
        at += strspn(at, " ");
        if (strncmp(at, name, length) == 0 && at[length] == '=') {
            found = at + length + 1;
            ++*times;
        }
    }
    return found;
}

/* "light_work_hours=12" of --set. */
static est_status set_parameter(est_i_indicator_run *run, const char *word, est_error *error)
{
    const char *sign = strchr(word, '=');
    char *name = est_i_string_copy(word);
    double value = NAN;
    if (!name)
        return est_i_no_memory(error);
    name[strcspn(name, "=")] = '\0';
    const est_i_ini_section *parameter = est_i_ini_find(&run->definition.rules, "parameter", name);
    est_status status = EST_OK;
    size_t times = 0;
    value_set(run, name, &times);
    if (!sign || !est_i_number_parse(sign + 1, strlen(sign + 1), &value))
        status = est_i_fail(error, EST_EOPTION, "option --set: found '%s', expected NAME=NUMBER", word);
    else if (!parameter)
        status = est_i_fail(error, EST_EOPTION, "option --set: definition %s has no parameter '%s'; est methods %s shows what it has",
                            run->definition.about->id, name, run->definition.about->id);
    else if (times > 1)
        status = est_i_fail(error, EST_EOPTION, "option --set: found %s %zu times, expected one value", name, times);
    else if (!(value >= limit_of(parameter, "minimum", -INFINITY) && value <= limit_of(parameter, "maximum", INFINITY)))
        status = est_i_fail(error, EST_EOPTION, "option --set: found %s, expected %s from %s to %s", word, name,
                            est_i_ini_value(parameter, "minimum"), est_i_ini_value(parameter, "maximum"));
    else
        status = est_i_view_plan_constant(run->plan, name, value, error);
    free(name);
    return status;
}

/* In the definition's order, so that the same values make the same text. */
static est_status list_changed(est_i_indicator_run *run, est_error *error)
{
    size_t index = 0, times = 0;
    const est_i_ini_section *parameter;
    est_status status = EST_OK;
    while (status == EST_OK && (parameter = est_i_ini_next(&run->definition.rules, "parameter", &index)) != NULL) {
        const char *text = value_set(run, parameter->name, &times);
        double usual = NAN, value = NAN;
        status = parameter_value(&run->definition, parameter, &usual, error);
        if (status == EST_OK && text && est_i_number_parse(text, strcspn(text, ","), &value) && value != usual) {
            est_i_text_printf(&run->changed, "%s%s = ", run->changed.length ? ", " : "", parameter->name);
            est_i_text_number(&run->changed, value);
        }
    }
    return run->changed.failed ? est_i_no_memory(error) : status;
}

static est_status plan_parameters(est_i_indicator_run *run, est_error *error)
{
    est_status status = EST_OK;
    size_t index = 0;
    const est_i_ini_section *parameter;
    while (status == EST_OK && (parameter = est_i_ini_next(&run->definition.rules, "parameter", &index)) != NULL) {
        double value = NAN;
        status = parameter_value(&run->definition, parameter, &value, error);
        if (status == EST_OK)
            status = est_i_view_plan_constant(run->plan, parameter->name, value, error);
    }
    char *word = NULL;
    for (const char *at = run->options->set; status == EST_OK && est_i_definition_word(&at, ",", &word);) {
        status = word ? set_parameter(run, word, error) : est_i_no_memory(error);
        free(word);
    }
    return status == EST_OK ? list_changed(run, error) : status;
}

/* Age groups */

static est_status add_band(est_i_indicator_run *run, const char *name, const char *where, est_error *error)
{
    est_i_band *grown = realloc(run->bands, (run->n_bands + 1) * sizeof *grown);
    if (!grown)
        return est_i_no_memory(error);
    run->bands = grown;
    size_t digits = strspn(name, "0123456789");
    const char *dash = strchr(name, '-');
    double lowest = NAN, highest = NAN;
    if (digits == 0 || !est_i_number_parse(name, digits, &lowest))
        lowest = NAN;
    if (digits > 0 && strcmp(name + digits, "+") == 0)
        highest = INFINITY;
    else if (digits == 0 || !dash || !est_i_number_parse(dash + 1, strlen(dash + 1), &highest))
        highest = NAN;
    grown[run->n_bands] = (est_i_band){est_i_string_copy(name), est_i_string_copy(where), lowest, highest};
    est_i_band *made = &grown[run->n_bands++];
    for (char *c = made->where; c && *c; c++)
        if (*c == '\n')
            *c = ' ';
    return made->name && made->where ? EST_OK : est_i_no_memory(error);
}

/* "20-24" or "20+" of --ages. */
static est_status add_age_group(est_i_indicator_run *run, const char *word, est_error *error)
{
    char *end = NULL;
    size_t first_digits = strspn(word, "0123456789"), second_digits = 0;
    est_i_text where = {0};
    long first = strtol(word, &end, 10), last = 0;
    bool open = first_digits > 0 && strcmp(end, "+") == 0;
    if (first_digits > 0 && *end == '-') {
        second_digits = strspn(end + 1, "0123456789");
        last = strtol(end + 1, &end, 10);
    }
    if (first_digits == 0 || first_digits > 3 || !(open || (second_digits > 0 && second_digits <= 3 && !*end && last >= first)))
        return est_i_fail(error, EST_EOPTION, "option --ages: found '%s', expected age groups such as 20-24 or 20-24,25-49,50+", word);
    const est_i_ini_section *universe = est_i_ini_find(&run->definition.rules, "universe", "");
    double youngest = universe ? limit_of(universe, "youngest", 0) : 0, oldest = universe ? limit_of(universe, "oldest", INFINITY) : INFINITY;
    if ((double)first < youngest || (open ? INFINITY : (double)last) > oldest)
        return est_i_fail(error, EST_EOPTION, "option --ages: found '%s', but definition %s is of %s: the row would claim ages that are not in it",
                          word, run->definition.about->id, est_i_definition_fact(&run->definition, "population"));
    if (open)
        est_i_text_printf(&where, "age >= %ld", first);
    else
        est_i_text_printf(&where, "age in (%ld..%ld)", first, last);
    est_status status = where.failed ? est_i_no_memory(error) : add_band(run, word, where.data, error);
    est_i_text_free(&where);
    return status;
}

static est_status plan_bands(est_i_indicator_run *run, est_error *error)
{
    est_status status = EST_OK;
    size_t index = 0;
    const est_i_ini_section *band;
    char *word = NULL;
    for (const char *at = run->options->ages; status == EST_OK && est_i_definition_word(&at, ",", &word);) {
        status = word ? add_age_group(run, word, error) : est_i_no_memory(error);
        free(word);
    }
    while (status == EST_OK && !*run->options->ages && (band = est_i_ini_next(&run->definition.rules, "band", &index)) != NULL)
        status = add_band(run, band->name, est_i_ini_value(band, "where"), error);
    if (status == EST_OK && run->n_bands == 0)
        status = add_band(run, "all", "1 == 1", error);
    return status;
}

/* Whether rules can be computed */

static bool is_gone(const est_i_indicator_run *run, const char *name)
{
    bool gone = false;
    for (size_t i = 0; i < run->n_gone && !gone; i++)
        gone = strcmp(run->gone[i], name) == 0;
    return gone;
}

typedef struct need {
    const est_i_indicator_run *run;
    est_i_text lacking; /* roles that are not mapped */
} need;

static void lack(need *n, const char *role)
{
    est_i_text_printf(&n->lacking, "%s%s", n->lacking.length ? ", " : "", role);
}

static bool look_at_name(void *user, const char *name)
{
    need *n = user;
    bool role = est_i_codebook_knows(n->run->codebook, name) && !est_i_view_plan_has(n->run->plan, name);
    if (is_gone(n->run, name) || (role && est_i_codebook_role(n->run->codebook, name) == EST_I_ROLE_UNMAPPED))
        lack(n, name);
    return true;
}

static est_status look_at_text(need *n, const est_i_ini_section *section, const char *key, est_error *error)
{
    char *text = est_i_definition_line(section, key), *what = est_i_definition_place(&n->run->definition, section, key);
    est_status status = text && what ? EST_OK : est_i_no_memory(error);
    if (status == EST_OK && *text)
        status = est_i_expression_each_name(text, what, look_at_name, n, error);
    free(text);
    free(what);
    return status;
}

static void append_choice(est_i_text *text, const char *list)
{
    est_i_text_append(text, text->length ? ", one of " : "one of ");
    for (const char *c = list; *c; c++)
        est_i_text_append_bytes(text, *c == '\n' ? " " : c, 1);
}

/* requires: all of them; requires-any: one of them. */
static est_status look_at_roles(need *n, const est_i_ini_section *section, bool any, est_error *error)
{
    const char *list = est_i_ini_value(section, any ? "requires-any" : "requires");
    bool one = !*list;
    char *word = NULL;
    est_status status = EST_OK;
    for (const char *at = list; status == EST_OK && est_i_definition_word(&at, ",", &word);) {
        bool mapped = word && est_i_codebook_role(n->run->codebook, word) == EST_I_ROLE_MAPPED;
        one = one || mapped;
        if (!word)
            status = est_i_no_memory(error);
        else if (!any && !mapped)
            lack(n, word);
        free(word);
    }
    if (any && !one)
        append_choice(&n->lacking, list);
    return status;
}

static est_status look_at_section(need *n, const est_i_ini_section *section, est_error *error)
{
    static const char *const keys[] = {"value", "where", "denominator"};
    est_status status = EST_OK;
    for (size_t i = 0; i < sizeof keys / sizeof *keys && status == EST_OK; i++)
        status = look_at_text(n, section, keys[i], error);
    if (status == EST_OK)
        status = look_at_roles(n, section, false, error);
    if (status == EST_OK)
        status = look_at_roles(n, section, true, error);
    return status;
}

/* Once for each indicator, though several tables may want it. */
static void leave_out(est_i_indicator_run *run, const char *name, const char *why)
{
    est_i_text text = {0};
    est_i_text_printf(&text, "%s (%s)", name, why);
    if (!text.failed && !(run->left_out.data && strstr(run->left_out.data, text.data)))
        est_i_text_printf(&run->left_out, "%s%s", run->left_out.length ? "; " : "", text.data);
    run->left_out.failed = run->left_out.failed || text.failed;
    est_i_text_free(&text);
}

est_status est_i_indicator_available(est_i_indicator_run *run, const est_i_ini_section *section, bool *available, est_error *error)
{
    need n = {.run = run};
    est_status status = look_at_section(&n, section, error);
    *available = status == EST_OK && n.lacking.length == 0;
    if (status == EST_OK && !*available) {
        est_i_text why = {0};
        est_i_text_printf(&why, "needs %s", n.lacking.failed ? "" : n.lacking.data);
        leave_out(run, section->name, why.failed ? "" : why.data);
        est_i_text_free(&why);
    }
    if (n.lacking.failed || run->left_out.failed)
        status = est_i_no_memory(error);
    est_i_text_free(&n.lacking);
    return status;
}

/* Variables */

static est_status mark_gone(est_i_indicator_run *run, const char *name, est_error *error)
{
    char **grown = realloc(run->gone, (run->n_gone + 1) * sizeof *grown);
    if (!grown)
        return est_i_no_memory(error);
    run->gone = grown;
    grown[run->n_gone] = est_i_string_copy(name);
    return grown[run->n_gone] && ++run->n_gone ? EST_OK : est_i_no_memory(error);
}

static est_status plan_column(est_i_indicator_run *run, const char *name, const char *text, const est_i_ini_section *section, const char *key,
                              est_error *error)
{
    char *what = est_i_definition_place(&run->definition, section, key);
    est_status status = what ? est_i_view_plan_column(run->plan, name, text, false, 0, NULL, what, error) : est_i_no_memory(error);
    free(what);
    return status;
}

static est_status plan_variable(est_i_indicator_run *run, const est_i_ini_section *variable, est_error *error)
{
    need n = {.run = run};
    char *text = est_i_definition_line(variable, "value");
    est_status status = text ? look_at_section(&n, variable, error) : est_i_no_memory(error);
    if (status == EST_OK && n.lacking.length)
        status = mark_gone(run, variable->name, error);
    else if (status == EST_OK)
        status = plan_column(run, variable->name, text, variable, "value", error);
    est_i_text_free(&n.lacking);
    free(text);
    return status;
}

/* [cases]: the first age group that a person is in decides. */
static est_status plan_cases(est_i_indicator_run *run, const est_i_ini_section *cases, est_error *error)
{
    need n = {.run = run};
    est_i_text text = {0}, tail = {0};
    est_status status = EST_OK;
    for (size_t i = 0; i < cases->n_keys && status == EST_OK; i++) {
        const est_i_ini_section *band = est_i_ini_find(&run->definition.rules, "band", cases->keys[i].name);
        if (strcmp(cases->keys[i].name, "title") == 0)
            continue;
        if (!band)
            return est_i_fail(error, EST_EDEFINITION, "definition %s, [cases %s]: there is no [band %s]", run->definition.about->id, cases->name,
                              cases->keys[i].name);
        status = look_at_text(&n, cases, cases->keys[i].name, error);
        est_i_text_printf(&text, "if(is(%s), (%s), ", est_i_ini_value(band, "where"), cases->keys[i].value);
        est_i_text_append(&tail, ")");
    }
    est_i_text_printf(&text, "0%s", tail.length ? tail.data : "");
    for (char *c = text.data; c && *c; c++)
        if (*c == '\n')
            *c = ' ';
    if (status == EST_OK && (text.failed || tail.failed))
        status = est_i_no_memory(error);
    if (status == EST_OK && n.lacking.length)
        status = mark_gone(run, cases->name, error);
    else if (status == EST_OK)
        status = plan_column(run, cases->name, text.data, cases, "value", error);
    est_i_text_free(&n.lacking);
    est_i_text_free(&text);
    est_i_text_free(&tail);
    return status;
}

static est_status plan_refusal(est_i_indicator_run *run, const est_i_ini_section *refuse, est_error *error)
{
    need n = {.run = run};
    char *text = est_i_definition_line(refuse, "when"), *what = est_i_definition_place(&run->definition, refuse, "when");
    char *message = est_i_definition_line(refuse, "message");
    est_status status = text && what && message ? look_at_text(&n, refuse, "when", error) : est_i_no_memory(error);
    if (status == EST_OK && n.lacking.length == 0)
        status = est_i_view_plan_refuse(run->plan, text, message, what, error);
    est_i_text_free(&n.lacking);
    free(text);
    free(what);
    free(message);
    return status;
}

/* In the order of the file: a rule may name what stands above it. */
static est_status plan_variables(est_i_indicator_run *run, est_error *error)
{
    est_status status = EST_OK;
    for (size_t i = 0; i < run->definition.rules.n_sections && status == EST_OK; i++) {
        const est_i_ini_section *section = &run->definition.rules.sections[i];
        if (strcmp(section->kind, "variable") == 0)
            status = plan_variable(run, section, error);
        else if (strcmp(section->kind, "cases") == 0)
            status = plan_cases(run, section, error);
        else if (strcmp(section->kind, "refuse") == 0)
            status = plan_refusal(run, section, error);
    }
    return status;
}

/* The people whom --population counts: those of the first age group. And the others. */
static est_status plan_benchmarked(est_i_indicator_run *run, est_error *error)
{
    est_i_text text = {0};
    est_i_text_printf(&text, "is(" UNIVERSE " and (%s))", run->bands[0].where);
    est_status status = text.failed ? est_i_no_memory(error)
                                    : est_i_view_plan_column(run->plan, "_counted", text.data, false, 0, NULL, "[universe]", error);
    if (status == EST_OK)
        status = est_i_view_plan_column(run->plan, "_outside", "1 - _counted", false, 0, NULL, "[universe]", error);
    est_i_text_free(&text);
    return status;
}

/* The people in the denominators: 1 or 0. Weights of rows outside the sample may be missing: nobody was asked there. */
static est_status plan_universe(est_i_indicator_run *run, est_error *error)
{
    const est_i_ini_section *universe = est_i_ini_find(&run->definition.rules, "universe", "");
    need n = {.run = run};
    est_i_text text = {0};
    char *where = universe ? est_i_definition_line(universe, "where") : est_i_string_copy("");
    est_status status = where ? EST_OK : est_i_no_memory(error);
    if (status == EST_OK && universe)
        status = look_at_section(&n, universe, error);
    if (status == EST_OK && n.lacking.length)
        status = est_i_fail(error, EST_EDEFINITION, "codebook %s: definition %s needs %s; map it (in [role ...], column = ...), or write a codebook "
                            "for the file with est codebook init", est_i_codebook_name(run->codebook), run->definition.about->id,
                            n.lacking.data);
    est_i_text_printf(&text, "is((%s)%s)", where && *where ? where : "1 == 1",
                      est_i_view_plan_has(run->plan, "in_sample") ? " and in_sample" : "");
    if (status == EST_OK)
        status = text.failed ? est_i_no_memory(error)
                             : est_i_view_plan_column(run->plan, UNIVERSE, text.data, false, 0, NULL, "[universe]", error);
    if (status == EST_OK)
        status = plan_benchmarked(run, error);
    if (status == EST_OK && est_i_view_plan_has(run->plan, "in_sample") && est_i_codebook_role(run->codebook, "weight") == EST_I_ROLE_MAPPED)
        status = est_i_view_plan_column(run->plan, "_weight", "if(is(in_sample), weight, nonmissing(weight, 0))", false, 0, NULL, "[universe]",
                                        error);
    est_i_text_free(&n.lacking);
    est_i_text_free(&text);
    free(where);
    return status;
}

/* Items */

est_status est_i_indicator_column(est_i_indicator_run *run, const est_i_ini_section *section, const char *key, const char *band_where,
                                  const char *extra, char **column, est_error *error)
{
    est_i_text text = {0}, name = {0};
    char *value = est_i_definition_line(section, key), *where = est_i_definition_line(section, "where");
    est_status status = value && where ? EST_OK : est_i_no_memory(error);
    if (status == EST_OK) {
        est_i_text_printf(&text, "if(is(" UNIVERSE " and (%s)%s%s%s%s%s%s), (%s), " MISSING ")", band_where, *where ? " and (" : "", where,
                          *where ? ")" : "", extra ? " and (" : "", extra ? extra : "", extra ? ")" : "", value);
        est_i_text_printf(&name, "_v%zu", ++run->n_columns);
        status = text.failed || name.failed ? est_i_no_memory(error) : plan_column(run, name.data, text.data, section, key, error);
    }
    *column = status == EST_OK ? est_i_text_take(&name) : NULL;
    est_i_text_free(&text);
    est_i_text_free(&name);
    free(value);
    free(where);
    return status;
}

static bool lists(const char *list, const char *name)
{
    bool found = !*list;
    char *word = NULL;
    for (const char *at = list; !found && est_i_definition_word(&at, ",", &word);) {
        found = word && strcmp(word, name) == 0;
        free(word);
    }
    return found;
}

static char *wrap(const char *function, const char *a, const char *b, const char *end)
{
    est_i_text text = {0};
    est_i_text_printf(&text, "%s(%s%s%s%s)", function, a, b ? "/" : "", b ? b : "", end);
    return est_i_text_take(&text);
}

/* What the survey engine calls the estimates of the item. */
static bool name_estimates(est_i_item *item)
{
    static const char *const functions[] = {"share", "ratio", "mean", "quantile"};
    item->estimate = wrap(functions[item->kind], item->column, item->denominator, item->kind == EST_I_ITEM_MEDIAN ? ",0.5" : "");
    item->total = item->number ? wrap("total", item->column, NULL, "") : NULL;
    return item->estimate && (item->total || !item->number);
}

static est_i_item_kind kind_of(const est_i_ini_section *section)
{
    const char *kind = est_i_ini_value(section, "kind");
    est_i_item_kind found = *est_i_ini_value(section, "denominator") ? EST_I_ITEM_RATIO : EST_I_ITEM_PROPORTION;
    if (strcmp(kind, "mean") == 0)
        found = EST_I_ITEM_MEAN;
    else if (strcmp(kind, "median") == 0)
        found = EST_I_ITEM_MEDIAN;
    return found;
}

bool est_i_indicator_has_numbers(const est_i_indicator_run *run, size_t band_number)
{
    const est_i_band *band = &run->bands[band_number], *first = &run->bands[0];
    return !(run->options->population > 0) || band == first || isnan(first->lowest) || (band->lowest >= first->lowest && band->highest <= first->highest);
}

static est_status add_item(est_i_indicator_run *run, const est_i_ini_section *section, est_i_item_use use, size_t band, est_error *error)
{
    est_i_item *grown = realloc(run->items, (run->n_items + 1) * sizeof *grown);
    if (!grown)
        return est_i_no_memory(error);
    run->items = grown;
    est_i_item *item = &grown[run->n_items++];
    *item = (est_i_item){.section = section, .use = use, .kind = kind_of(section), .band = band};
    bool share = item->kind == EST_I_ITEM_PROPORTION || item->kind == EST_I_ITEM_RATIO;
    item->number = share && use == EST_I_USE_INDICATOR && strcmp(est_i_ini_value(section, "number"), "no") != 0 &&
                   est_i_indicator_has_numbers(run, band);
    est_status status = est_i_indicator_column(run, section, "value", run->bands[band].where, NULL, &item->column, error);
    if (status == EST_OK && item->kind == EST_I_ITEM_RATIO)
        status = est_i_indicator_column(run, section, "denominator", run->bands[band].where, NULL, &item->denominator, error);
    if (status == EST_OK && !name_estimates(item))
        status = est_i_no_memory(error);
    return status;
}

/* "youngest = 18", "oldest = 17": of a group that goes beyond, part could not be judged. */
bool est_i_indicator_fits_ages(est_i_indicator_run *run, const est_i_ini_section *section, const est_i_band *band)
{
    const char *texts[] = {est_i_ini_value(section, "youngest"), est_i_ini_value(section, "oldest")};
    double limit = 0;
    bool young = *texts[0] && est_i_number_parse(texts[0], strlen(texts[0]), &limit) && band->lowest < limit;
    bool old = *texts[1] && est_i_number_parse(texts[1], strlen(texts[1]), &limit) && band->highest > limit;
    if (young || old) {
        est_i_text why = {0};
        est_i_text_printf(&why, "ages %s: it is of ages %s %s", band->name, young ? "from" : "up to", texts[young ? 0 : 1]);
        leave_out(run, section->name, why.failed ? "" : why.data);
        est_i_text_free(&why);
    }
    return !young && !old;
}

/* The age groups of a section in its own order; without a list all. */
static est_status add_bands(est_i_indicator_run *run, const est_i_ini_section *section, est_i_item_use use, est_error *error)
{
    const char *list = *run->options->ages ? "" : est_i_ini_value(section, "bands");
    size_t first = run->n_items;
    est_status status = EST_OK;
    char *word = NULL;
    for (const char *at = list; status == EST_OK && est_i_definition_word(&at, ",", &word);) {
        size_t b = 0;
        while (word && b < run->n_bands && strcmp(run->bands[b].name, word) != 0)
            b++;
        if (!word)
            status = est_i_no_memory(error);
        else if (b == run->n_bands)
            status = est_i_fail(error, EST_EDEFINITION, "definition %s, [%s %s]: there is no [band %s]", run->definition.about->id, section->kind,
                                section->name, word);
        else if (est_i_indicator_fits_ages(run, section, &run->bands[b]))
            status = add_item(run, section, use, b, error);
        free(word);
    }
    for (size_t b = 0; b < run->n_bands && !*list && status == EST_OK; b++)
        if (est_i_indicator_fits_ages(run, section, &run->bands[b]))
            status = add_item(run, section, use, b, error);
    if (status == EST_OK && run->n_items > first)
        run->items[first].whole = true;
    return status;
}

static est_status add_items(est_i_indicator_run *run, const char *kind, est_i_item_use use, est_error *error)
{
    est_status status = EST_OK;
    size_t index = 0;
    const est_i_ini_section *section;
    while (status == EST_OK && (section = est_i_ini_next(&run->definition.rules, kind, &index)) != NULL) {
        bool available = false, detail = strcmp(est_i_ini_value(section, "detail"), "yes") == 0;
        bool asked = !detail && (use != EST_I_USE_INDICATOR || lists(run->options->indicators, section->name));
        if (asked)
            status = est_i_indicator_available(run, section, &available, error);
        if (status == EST_OK && available)
            status = add_bands(run, section, use, error);
    }
    return status;
}

/* Every name of --indicators is one of the definition's. */
static est_status check_asked(const est_i_indicator_run *run, est_error *error)
{
    est_status status = EST_OK;
    char *word = NULL;
    for (const char *at = run->options->indicators; status == EST_OK && est_i_definition_word(&at, ",", &word);) {
        if (!word)
            status = est_i_no_memory(error);
        else if (!est_i_ini_find(&run->definition.rules, "indicator", word))
            status = est_i_fail(error, EST_EOPTION, "option --indicators: definition %s has no indicator '%s'; est methods %s shows what it has",
                                run->definition.about->id, word, run->definition.about->id);
        free(word);
    }
    return status;
}

static est_status check_any(const est_i_indicator_run *run, est_error *error)
{
    for (size_t i = 0; i < run->n_items; i++)
        if (run->items[i].use == EST_I_USE_INDICATOR)
            return EST_OK;
    return est_i_fail(error, EST_EDEFINITION, "codebook %s maps too few roles for definition %s: %s", est_i_codebook_name(run->codebook),
                      run->definition.about->id, run->left_out.length ? run->left_out.data : "it has no indicator");
}

est_status est_i_indicator_plan(est_i_indicator_run *run, est_error *error)
{
    est_status status = plan_parameters(run, error);
    if (status == EST_OK)
        status = plan_bands(run, error);
    if (status == EST_OK)
        status = plan_universe(run, error);
    if (status == EST_OK)
        status = plan_variables(run, error);
    if (status == EST_OK)
        status = check_asked(run, error);
    if (status == EST_OK)
        status = add_items(run, "indicator", EST_I_USE_INDICATOR, error);
    if (status == EST_OK)
        status = check_any(run, error);
    if (status == EST_OK)
        status = add_items(run, "bound", EST_I_USE_BOUND, error);
    if (status == EST_OK)
        status = add_items(run, "count", EST_I_USE_COUNT, error);
    if (status == EST_OK)
        status = add_items(run, "missing", EST_I_USE_MISSING, error);
    return status == EST_OK ? est_i_indicator_plan_tables(run, error) : status;
}
