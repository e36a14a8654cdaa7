/* The models of one estimand beside each other, a domain a row; and the answer in a sentence. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/table_layout.h"

#define MOST_MODELS 12

typedef struct beside {
    const est_result *result;
    const est_i_grouping *grouping;
    size_t first; /* the group's first row */
    const char *models[MOST_MODELS];
    uint32_t of_model[MOST_MODELS]; /* remarks that hold for the whole column */
    size_t n_models;                /* 0 = one row a domain, whatever its model */
    const est_row **domains;        /* the first row of each domain */
    size_t n_domains, n_rows;
    bool observed, seen, folded;
    est_i_look look;
} beside;

bool est_i_same_domain(const est_row *a, const est_row *b)
{
    if (a->n_domain != b->n_domain)
        return false;
    for (size_t i = 0; i < a->n_domain; i++)
        if (strcmp(est_i_row_label(b, a->domain[i].name), a->domain[i].value) != 0)
            return false;
    return true;
}

/* ---- which rows ---- */

/* The group's row in the domain of another row; model NULL = any. */
static const est_row *row_of(const beside *table, const est_row *domain, const char *model)
{
    for (size_t i = table->first; i < table->grouping->n_rows; i++) {
        const est_row *row = est_result_row(table->result, i);
        if (table->grouping->group[i] == table->first && (!model || strcmp(row->model, model) == 0) &&
            est_i_same_domain(row, domain))
            return row;
    }
    return NULL;
}

static bool is_count_of(const est_row *count, const est_row *row)
{
    return est_i_same_domain(count, row) &&
           (!count->population[0] || strcmp(count->population, row->population) == 0) &&
           (!count->definition[0] || strcmp(count->definition, row->definition) == 0);
}

/* "observed" or "seen" in the domain of a population; NULL if there is none. */
static const est_row *count_of(const est_result *result, const char *estimand, const est_row *population)
{
    if (strcmp(population->estimand, "population") != 0)
        return NULL;
    for (size_t i = 0; i < est_result_rows(result); i++) {
        const est_row *row = est_result_row(result, i);
        if (strcmp(row->estimand, estimand) == 0 && is_count_of(row, population))
            return row;
    }
    return NULL;
}

static void meet_model(beside *table, const char *model)
{
    size_t known = table->n_models < MOST_MODELS ? table->n_models : MOST_MODELS;
    if (est_i_is_listed(table->models, known, model))
        return;
    if (table->n_models < MOST_MODELS)
        table->models[table->n_models] = model;
    table->n_models++;
}

/* False if two rows would need the same cell, or are not the same thing. */
static bool collect(beside *table)
{
    bool fits = true;
    table->look = (est_i_look){.level = NAN, .method = ""};
    table->domains = calloc(table->grouping->n_rows + 1, sizeof *table->domains);
    for (size_t i = table->first; table->domains && fits && i < table->grouping->n_rows; i++) {
        const est_row *row = est_result_row(table->result, i);
        if (table->grouping->group[i] != table->first)
            continue;
        est_i_look_at(&table->look, row);
        table->n_rows++;
        fits = row_of(table, row, row->model) == row &&
               ((table->grouping->boxed && row->unit[0]) || (strcmp(row->population, table->look.first->population) == 0 &&
                                           strcmp(row->definition, table->look.first->definition) == 0));
        if (row_of(table, row, NULL) == row)
            table->domains[table->n_domains++] = row;
        meet_model(table, row->model);
        table->observed |= count_of(table->result, "observed", row) != NULL;
        table->seen |= count_of(table->result, "seen", row) != NULL;
    }
    if (table->n_rows == table->n_domains)
        table->n_models = 0;
    return fits && table->domains && table->n_models <= MOST_MODELS;
}

static bool has_labels(const beside *table)
{
    for (size_t i = 0; i < table->n_domains; i++)
        if (table->domains[i]->n_domain)
            return true;
    return false;
}

bool est_i_models_beside(const est_result *result, const est_i_grouping *grouping, size_t first, bool *apart,
                         bool *failed)
{
    beside table = {.result = result, .grouping = grouping, .first = first};
    bool collected = collect(&table), fits = collected && table.n_models > 1 && has_labels(&table);
    *apart = collected && table.n_rows == table.n_domains;
    *failed |= !table.domains;
    free(table.domains);
    return fits;
}

bool est_i_is_shown_beside(const est_result *result, const est_i_grouping *grouping, size_t first,
                           const est_row *count)
{
    for (size_t i = first; i < grouping->n_rows; i++) {
        const est_row *row = est_result_row(result, i);
        if (grouping->group[i] == first && is_count_of(count, row) &&
            count_of(result, count->estimand, row) == count)
            return true;
    }
    return false;
}

/* ---- remarks ---- */

/* M1 needs a word before it; Chapman is one. */
static const char *before_model(const char *model)
{
    const char *before = "Model ";
    if (!model[0])
        before = "Estimate";
    else if (islower((unsigned char)model[1]))
        before = "";
    return before;
}

/* Words of the cell say this one already. */
static uint32_t remarks_of(const est_row *row)
{
    return est_i_remarks(row) & ~EST_FLAG_BIT(EST_FLAG_NOT_ESTIMABLE);
}

static void find_remarks(beside *table)
{
    uint32_t all = 0;
    est_i_look_finish(&table->look);
    for (size_t i = 0; i < table->n_domains; i++) {
        const est_row *observed = count_of(table->result, "observed", table->domains[i]),
                      *seen = count_of(table->result, "seen", table->domains[i]);
        all |= (observed ? remarks_of(observed) : 0) | (seen ? remarks_of(seen) : 0);
    }
    table->look.others |= all & ~table->look.common;
    table->look.others &= ~EST_FLAG_BIT(EST_FLAG_NOT_ESTIMABLE);
    for (size_t model = 0; model < table->n_models; model++) {
        size_t count = 0;
        uint32_t bits = table->look.others;
        for (size_t i = 0; i < table->n_domains; i++) {
            const est_row *row = row_of(table, table->domains[i], table->models[model]);
            bits &= row ? remarks_of(row) : bits;
            count += row != NULL;
        }
        table->of_model[model] = count > 1 ? bits : 0;
    }
}

/* Remarks that every estimate of a line shares: they stand at the line's name. */
static uint32_t remarks_of_line(const beside *table, const est_row *domain)
{
    size_t count = 0;
    uint32_t bits = table->look.others;
    for (size_t model = 0; model < table->n_models; model++) {
        const est_row *row = row_of(table, domain, table->models[model]);
        bits &= row ? remarks_of(row) : bits;
        count += row != NULL;
    }
    return count > 1 ? bits : 0;
}

void est_i_show_letters(est_i_text *output, uint32_t others, uint32_t flags)
{
    char letter = 'a';
    const char *joint = "[";
    for (int flag = 0; flag < EST_FLAG_END; flag++) {
        if (!(others & EST_FLAG_BIT(flag)))
            continue;
        if (flags & EST_FLAG_BIT(flag)) {
            est_i_text_printf(output, "%s%c", joint, letter);
            joint = ", ";
        }
        letter++;
    }
    est_i_text_append(output, joint[0] == ',' ? "]" : "");
}

static void flag_letters(est_i_text *cell, uint32_t others, uint32_t flags)
{
    est_i_text_append(cell, others & flags ? " " : "");
    est_i_show_letters(cell, others, flags);
}

void est_i_explain_letters(est_i_text *letters, uint32_t others)
{
    char letter = 'a';
    for (int flag = 0; flag < EST_FLAG_END; flag++) {
        if (!(others & EST_FLAG_BIT(flag)))
            continue;
        est_i_text_printf(letters, "%s[%c] %s.", letters->length ? "\n" : "", letter++,
                          est_flag_title((est_flag)flag));
    }
}

/* ---- cells ---- */

/* The limits under each other, for a narrow page. */
static void append_folded(est_i_text *cell, const char *text)
{
    while (*text) {
        bool after = strncmp(text, " to ", 4) == 0,
             before = strncmp(text, " limit", 6) == 0 || strncmp(text, " estimable", 10) == 0;
        if (after)
            est_i_text_append(cell, " to\n");
        else if (before)
            est_i_text_append(cell, "\n");
        else
            est_i_text_append_bytes(cell, text, 1);
        text += after ? 4 : 1;
    }
}

static void append_words(const beside *table, est_i_text *cell, void (*show)(est_i_text *, const est_row *),
                         const est_row *row)
{
    est_i_text words = {0};
    show(&words, row);
    if (table->folded)
        append_folded(cell, words.length ? words.data : "");
    else
        est_i_text_append(cell, words.length ? words.data : "");
    est_i_drop(&words, &cell->failed);
}

/* said: remarks that stand at the line or the column already. */
static void model_cell(const beside *table, const est_row *row, uint32_t said, est_i_grid *grid)
{
    est_i_text *cell = est_i_grid_open(grid);
    if (!row) {
        est_i_text_append(cell, "-");
    } else {
        append_words(table, cell, est_i_show_estimate, row);
        flag_letters(cell, table->look.others, remarks_of(row) & ~said);
        if (!isnan(row->lower) || !isnan(row->upper)) {
            est_i_text_append(cell, "\n");
            append_words(table, cell, est_i_show_interval, row);
        }
    }
    est_i_grid_close(grid);
}

static void count_cell(const beside *table, const char *estimand, const est_row *domain, uint32_t said,
                       est_i_grid *grid)
{
    const est_row *row = count_of(table->result, estimand, domain);
    est_i_text *cell = est_i_grid_open(grid);
    if (row) {
        est_i_show_estimate(cell, row);
        flag_letters(cell, table->look.others, remarks_of(row) & ~said);
    } else {
        est_i_text_append(cell, "-");
    }
    est_i_grid_close(grid);
}

static void columns(const beside *table, const char *const *names, size_t n_names, est_i_grid *grid)
{
    for (size_t i = 0; i < n_names; i++) {
        est_i_text heading = {0};
        est_i_show_name(&heading, names[i]);
        est_i_grid_column(grid, heading.length ? heading.data : "", false);
        est_i_drop(&heading, &grid->failed);
    }
    grid->n_labels = n_names;
    if (table->observed)
        est_i_grid_column(grid, "Detected", true);
    if (table->seen)
        est_i_grid_column(grid, "Already known", true);
    for (size_t i = 0; i < table->n_models; i++) {
        est_i_text heading = {0};
        est_i_text_append(&heading, before_model(table->models[i]));
        est_i_text_append(&heading, table->models[i]);
        flag_letters(&heading, table->look.others, table->of_model[i]);
        est_i_grid_column(grid, heading.length ? heading.data : "", true);
        est_i_drop(&heading, &grid->failed);
    }
    if (table->n_models == 0)
        est_i_grid_column(grid, "Estimate", true);
}

static void line(const beside *table, const est_row *domain, const char *const *names, size_t n_names,
                 est_i_grid *grid)
{
    uint32_t said = remarks_of_line(table, domain);
    for (size_t label = 0; label < n_names; label++) {
        est_i_text *cell = est_i_grid_open(grid);
        est_i_text_append(cell, domain->n_domain ? est_i_row_label(domain, names[label]) : "All");
        flag_letters(cell, table->look.others, label ? 0 : said);
        est_i_grid_close(grid);
    }
    if (table->observed)
        count_cell(table, "observed", domain, said, grid);
    if (table->seen)
        count_cell(table, "seen", domain, said, grid);
    for (size_t model = 0; model < table->n_models; model++)
        model_cell(table, row_of(table, domain, table->models[model]), said | table->of_model[model], grid);
    if (table->n_models == 0)
        model_cell(table, domain, said, grid);
}

static void explain_marks(const beside *table, est_i_text *letters)
{
    const est_row **rows = calloc(table->grouping->n_rows + 1, sizeof *rows);
    size_t n_rows = 0;
    letters->failed |= !rows;
    for (size_t i = table->first; rows && table->look.survey && i < table->grouping->n_rows; i++)
        if (table->grouping->group[i] == table->first)
            rows[n_rows++] = est_result_row(table->result, i);
    if (rows)
        est_i_explain_marks(table->result, rows, n_rows, letters);
    free(rows);
}

static void fill(beside *table, est_i_grid *grid)
{
    const char **names = NULL;
    size_t n_names = est_i_label_names(table->result, table->grouping, table->first, &names, &grid->failed);
    const est_row *first = table->look.first;
    find_remarks(table);
    est_i_show_estimand_of(&grid->caption, table->result, first->estimand);
    if (first->unit[0])
        est_i_show_by(&grid->caption, names, n_names);
    columns(table, names, n_names, grid);
    for (size_t i = 0; i < table->n_domains; i++)
        line(table, table->domains[i], names, n_names, grid);
    if (first->unit[0])
        est_i_say(&grid->remark, "", est_i_row_unit(first) ? est_i_row_unit(first)->remark : first->unit);
    est_i_say_interval(&grid->remark, "Below each estimate its interval: ", &table->look);
    est_i_say_flags(&grid->remark, "Every estimate: ", table->look.common);
    if (!first->unit[0] || !est_i_facts(table->result, "definition")) {
        est_i_say(&grid->remark, "Population: ", first->population);
        est_i_say(&grid->remark, "Definition: ", first->definition);
    }
    est_i_explain_letters(&grid->letters, table->look.others);
    explain_marks(table, &grid->letters);
    free(names);
}

void est_i_beside_grid(const est_result *result, const est_i_grouping *grouping, size_t first, bool folded,
                       est_i_grid *grid)
{
    beside table = {.result = result, .grouping = grouping, .first = first, .folded = folded};
    if (collect(&table))
        fill(&table, grid);
    grid->failed |= !table.domains;
    free(table.domains);
}

/* ---- the headline ---- */

const char *est_i_headline_estimand(const est_result *result)
{
    if (est_result_rows(result) == 0)
        return NULL;
    return est_result_find(result, "population", NULL, NULL) ? "population"
                                                             : est_result_row(result, 0)->estimand;
}

/* Marks the rows of the headline's estimand as one group. */
static bool mark_rows(const est_result *result, est_i_grouping *marked, size_t *first)
{
    *marked = (est_i_grouping){.n_rows = est_result_rows(result)};
    marked->group = calloc(marked->n_rows + 1, sizeof *marked->group);
    const char *estimand = est_i_headline_estimand(result);
    *first = SIZE_MAX;
    for (size_t i = 0; marked->group && i < marked->n_rows; i++) {
        const est_row *row = est_result_row(result, i);
        bool is_headline = !row->detail && strcmp(row->estimand, estimand) == 0;
        if (is_headline && *first == SIZE_MAX)
            *first = i;
        marked->group[i] = is_headline ? *first : SIZE_MAX;
    }
    return marked->group != NULL;
}

bool est_i_headline_grid(const est_result *result, est_i_grid *grid)
{
    est_i_grouping marked = {0};
    size_t first = SIZE_MAX;
    beside table = {.result = result, .grouping = &marked};
    bool fits = false;
    if (!est_i_headline_estimand(result) || est_i_has_units(result))
        return false;
    grid->failed |= !mark_rows(result, &marked, &first);
    if (first != SIZE_MAX) {
        table.first = first;
        fits = collect(&table) && !table.look.survey && has_labels(&table) && (table.n_domains > 1 || table.n_models > 1);
        grid->failed |= !table.domains;
    }
    if (fits)
        fill(&table, grid);
    est_i_grouping_free(&marked);
    free(table.domains);
    return fits;
}

/* ---- the answer in a sentence ---- */

static const est_row *only_row(const est_result *result, const char *estimand)
{
    const est_row *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < est_result_rows(result); i++) {
        const est_row *row = est_result_row(result, i);
        if (row->n_domain == 0 && strcmp(row->estimand, estimand) == 0) {
            found = row;
            count++;
        }
    }
    return count == 1 ? found : NULL;
}

/* Populations of all the data under several models side by side, none of which is the answer: the first of them, and the least and
 * the most; NULL if the result is not of that kind. */
static const est_row *side_by_side(const est_result *result, const est_row **least, const est_row **most)
{
    const est_row *first = NULL;
    size_t count = 0;
    bool fits = true;
    *least = *most = NULL;
    for (size_t i = 0; i < est_result_rows(result) && fits; i++) {
        const est_row *row = est_result_row(result, i);
        if (strcmp(row->estimand, "population") != 0)
            continue;
        fits = row->detail && row->n_domain == 0 && row->model[0] != '\0';
        first = first ? first : row;
        if (isnan(row->estimate))
            continue;
        count++;
        *least = !*least || row->estimate < (*least)->estimate ? row : *least;
        *most = !*most || row->estimate > (*most)->estimate ? row : *most;
    }
    return fits && count > 1 ? first : NULL;
}

const est_row *est_i_overall_row(const est_result *result)
{
    const est_row *least, *most;
    const est_row *only = est_result_rows(result) ? only_row(result, est_i_headline_estimand(result)) : NULL;
    return only ? only : side_by_side(result, &least, &most);
}

static void answer_interval(est_i_text *output, const est_row *row)
{
    if (isnan(row->lower) && isnan(row->upper))
        return;
    est_i_text_append(output, "; ");
    if (!isnan(row->level))
        est_i_show_level(output, row->level);
    est_i_text_append(output, isnan(row->level) ? "interval: " : " interval: ");
    est_i_show_interval(output, row);
}

/* ---- results with units: a sentence for the whole of each estimand ---- */

bool est_i_has_units(const est_result *result)
{
    bool any = false;
    for (size_t i = 0; i < est_result_rows(result) && !any; i++)
        any = !est_result_row(result, i)->detail && est_result_row(result, i)->unit[0];
    return any;
}

static bool is_number_of(const est_row *number, const est_row *row)
{
    static const char end[] = "_number";
    size_t length = strlen(row->estimand);
    return number->unit[0] && strncmp(number->estimand, row->estimand, length) == 0 &&
           strcmp(number->estimand + length, end) == 0;
}

const char *est_i_row_age(const est_row *row)
{
    const char *age = est_i_row_label(row, "age"), *told = strcmp(row->ages, "all") == 0 ? "" : row->ages;
    return age[0] ? age : told;
}

bool est_i_is_pair(const est_row *number, const est_row *row)
{
    return !number->detail && !row->detail && number->n_domain == row->n_domain && row->unit[0] && is_number_of(number, row) &&
           strcmp(number->model, row->model) == 0 && est_i_same_domain(number, row);
}

static const est_row *number_of(const est_result *result, const est_row *row)
{
    for (size_t i = 0; row->unit[0] && i < est_result_rows(result); i++)
        if (est_i_is_pair(est_result_row(result, i), row))
            return est_result_row(result, i);
    return NULL;
}

static bool has_no_domain(const est_row *row)
{
    return !row->detail && row->unit[0] && row->n_domain <= 2 &&
           row->n_domain == (size_t)(est_i_row_label(row, "age")[0] != '\0') + (est_i_row_label(row, "period")[0] != '\0');
}

/* The whole: of an estimand's rows without another label than an age group and a period, the first of the last period. A number of
 * people is told with its proportion. */
static bool is_whole(const est_result *result, size_t index)
{
    const est_row *row = est_result_row(result, index);
    bool whole = has_no_domain(row);
    const char *period = est_i_row_label(row, "period");
    for (size_t i = 0; i < est_result_rows(result) && whole; i++) {
        const est_row *other = est_result_row(result, i);
        if (other->detail || other->n_domain > 2 || !has_no_domain(other))
            continue;
        bool same = strcmp(other->estimand, row->estimand) == 0,
             same_period = strcmp(est_i_row_label(other, "period"), period) == 0;
        whole = !(same && i < index && same_period) && !(same && i > index && !same_period) && !is_number_of(row, other);
    }
    return whole;
}

/* A breakdown, "Debt bondage (Means of coercion)": its title names a group, and the table holds it. */
static bool is_breakdown(const est_result *result, const est_row *row)
{
    est_i_text title = {0};
    est_i_show_estimand_of(&title, result, row->estimand);
    bool grouped = title.length > 0 && title.data[title.length - 1] == ')' && est_i_fact(result, "definition", 0);
    est_i_text_free(&title);
    return grouped;
}

/* Where there are more sentences than a reader takes in, breakdowns are left to the tables. */
static bool is_told(const est_result *result, size_t index, bool many)
{
    return is_whole(result, index) && !(many && is_breakdown(result, est_result_row(result, index)));
}

#define MOST_SENTENCES 8

const est_row *est_i_headline(const est_result *result, size_t index)
{
    size_t count = 0;
    if (!est_i_has_units(result))
        return index == 0 ? est_i_overall_row(result) : NULL;
    for (size_t i = 0; i < est_result_rows(result) && count <= MOST_SENTENCES; i++)
        count += is_whole(result, i);
    for (size_t i = 0; i < est_result_rows(result); i++)
        if (is_told(result, i, count > MOST_SENTENCES) && index-- == 0)
            return est_result_row(result, i);
    return NULL;
}

static void answer_in_unit(const est_result *result, const est_row *row, est_i_text *before, est_i_text *number, est_i_text *after)
{
    const est_row *people = number_of(result, row);
    const char *ages = est_i_row_age(row), *period = est_i_row_label(row, "period");
    bool known = !isnan(row->estimate), limits = !isnan(row->lower) || !isnan(row->upper);
    est_i_show_estimand_of(before, result, row->estimand);
    if (ages[0] && before->length && !strstr(before->data, ages)) {
        est_i_text_append(before, ages[0] >= '0' && ages[0] <= '9' ? ", ages " : ", ages: ");
        est_i_text_append(before, ages);
    }
    est_i_text_append(before, period[0] ? ", " : "");
    est_i_text_append(before, period);
    est_i_text_append(before, row->model[0] ? ", model " : "");
    est_i_text_append(before, row->model);
    est_i_text_append(before, ": ");
    est_i_text_append(number, est_i_is_withheld(row) && *row->mark ? "withheld " : "");
    est_row unmarked = *row;
    bool marked = known && *row->mark && strcmp(row->mark, "()") != 0;
    unmarked.mark = marked ? "" : row->mark;
    est_i_show_estimate(number, &unmarked);
    est_i_text_append(number, known ? est_i_unit_after(row) : "");
    est_i_text_printf(number, "%s%s", marked ? " " : "", marked ? row->mark : "");
    if (known)
        answer_interval(after, row);
    est_i_text_append(after, known && limits ? est_i_unit_after(row) : "");
    est_i_text_append(after, ".");
    if (people) {
        est_i_text_append(after, " Number of people: ");
        est_i_show_estimate(after, people);
        if (!isnan(people->estimate))
            answer_interval(after, people);
        est_i_text_append(after, ".");
    }
    est_i_say_flags(after, "Remarks: ", remarks_of(row));
}

/* How many of the population are known, and how many are not. */
static void answer_parts(est_i_text *output, const est_result *result)
{
    const est_row *observed = only_row(result, "observed"), *unobserved = only_row(result, "unobserved");
    if (!observed || isnan(observed->estimate))
        return;
    est_i_text_append(output, " Detected on a list: ");
    est_i_show_estimate(output, observed);
    if (unobserved && !isnan(unobserved->estimate)) {
        est_i_text_append(output, "; never detected: an estimated ");
        est_i_show_estimate(output, unobserved);
        if (!isnan(unobserved->lower)) {
            est_i_text_append(output, " (");
            est_i_show_interval(output, unobserved);
            est_i_text_append(output, ")");
        }
    }
    est_i_text_append(output, ".");
}

static void show_range(const est_result *result, const est_row *least, const est_row *most, est_i_text *before, est_i_text *number,
                       est_i_text *after)
{
    est_i_text_append(before, "The estimated population, detected and undetected together, runs over the models ");
    est_i_text_append(number, "from ");
    est_i_show_estimate(number, least);
    est_i_text_append(number, " to ");
    est_i_show_estimate(number, most);
    est_i_text_printf(after, " (%s and %s), and no one of them is the answer.", least->model, most->model);
    answer_parts(after, result);
}

void est_i_show_answer(const est_result *result, const est_row *row, est_i_text *before, est_i_text *number,
                       est_i_text *after)
{
    bool population = strcmp(row->estimand, "population") == 0;
    uint32_t remarks = remarks_of(row);
    const est_row *least, *most;
    if (row->unit[0]) {
        answer_in_unit(result, row, before, number, after);
        return;
    }
    if (row->detail && side_by_side(result, &least, &most)) {
        show_range(result, least, most, before, number, after);
        return;
    }
    if (population)
        est_i_text_append(before, "The estimated population, detected and undetected together, is");
    else
        est_i_show_estimand_of(before, result, row->estimand);
    est_i_text_append(before, population ? " " : ": ");
    est_i_show_estimate(number, row);
    answer_interval(after, row);
    est_i_text_append(after, ".");
    if (population)
        answer_parts(after, result);
    est_i_say_flags(after, "Remarks: ", remarks);
}
