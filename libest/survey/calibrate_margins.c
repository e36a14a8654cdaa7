/* The table of known totals: what its rows name, and which total a row of the sample counts for. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "data/scan.h"
#include "data/table.h"
#include "survey/calibrate_parts.h"

#define COMBINATIONS_MAX ((size_t)1 << 22)

/* ---- variables ---- */

/* The variable of a column, made if it is new. SIZE_MAX without memory. */
static size_t add_variable(est_i_calibration *c, const char *column, est_i_variable_kind kind)
{
    for (size_t v = 0; v < c->n_variables; v++)
        if (c->variables[v].kind == kind && strcmp(c->variables[v].column, column) == 0 && v != c->weight_variable)
            return v;
    est_i_variable *variables = realloc(c->variables, (c->n_variables + 1) * sizeof *variables);
    c->variables = variables ? variables : c->variables;
    char *name = variables ? est_i_string_copy(column) : NULL;
    if (!name)
        return SIZE_MAX;
    c->variables[c->n_variables] = (est_i_variable){.column = name, .kind = kind};
    return c->n_variables++;
}

/* Where each variable stands in a key: numbers fill a word, two levels share one. */
static est_status lay_out_key(est_i_calibration *c, est_error *error)
{
    bool half = false;
    c->word = calloc(c->n_variables + 1, sizeof *c->word);
    c->shift = calloc(c->n_variables + 1, sizeof *c->shift);
    c->n_levels = calloc(c->n_variables + 1, sizeof *c->n_levels);
    if (!c->word || !c->shift || !c->n_levels)
        return est_i_no_memory(error);
    for (size_t v = 0; v < c->n_variables; v++)
        if (c->variables[v].kind == EST_I_VARIABLE_LEVELS) {
            c->word[v] = half ? c->words - 1 : c->words++;
            c->shift[v] = half ? 32 : 0;
            half = !half;
        }
    for (size_t v = 0; v < c->n_variables; v++)
        if (c->variables[v].kind == EST_I_VARIABLE_NUMBER && v != c->weight_variable)
            c->word[v] = c->words++;
    return EST_OK;
}

/* ---- names ---- */

static size_t count_parts(const char *text)
{
    size_t count = 1;
    for (; *text; text++)
        count += *text == ':' ? 1 : 0;
    return count;
}

/* The part-th of a text whose parts are joined by ":". */
static const char *part_of(const char *text, size_t part, size_t *length)
{
    for (; part > 0; part--)
        text = strchr(text, ':') + 1;
    *length = strcspn(text, ":");
    return text;
}

static bool is_whole_population(const char *name)
{
    return !*name || strcmp(name, "(all)") == 0;
}

/* How many columns a margin's name crosses: none for the population, one where a column has that very name. */
static size_t count_factors(const est_i_calibration *c, const char *name)
{
    if (is_whole_population(name))
        return 0;
    return est_source_find(c->source, name) >= 0 ? 1 : count_parts(name);
}

/* Column number `factor` of a margin's name, as new text. */
static est_status factor_column(const est_i_calibration *c, const char *name, size_t n_factors, size_t factor, char **column,
                                est_error *error)
{
    est_i_text text = {0};
    size_t length = strlen(name), found;
    const char *part = n_factors == 1 ? name : part_of(name, factor, &length);
    est_i_text_append_bytes(&text, part, length);
    *column = est_i_text_take(&text);
    if (!*column)
        return est_i_no_memory(error);
    return est_i_source_require(c->source, *column, "the calibration", &found, error);
}

static est_i_margin *add_margin(est_i_calibration *c, const char *name)
{
    est_i_margin *margins = realloc(c->margins, (c->n_margins + 1) * sizeof *margins);
    c->margins = margins ? margins : c->margins;
    if (!margins)
        return NULL;
    est_i_margin *margin = &c->margins[c->n_margins];
    memset(margin, 0, sizeof *margin);
    margin->name = est_i_string_copy(is_whole_population(name) ? "(all)" : name);
    margin->n_factors = count_factors(c, name);
    margin->variable = calloc(margin->n_factors + 1, sizeof *margin->variable);
    c->n_margins += 1;
    return margin->name && margin->variable ? margin : NULL;
}

static est_status make_factor(est_i_calibration *c, est_i_margin *margin, size_t factor, bool number, est_error *error)
{
    char *column = NULL;
    est_status status = factor_column(c, margin->name, margin->n_factors, factor, &column, error);
    if (status == EST_OK) {
        margin->variable[factor] = add_variable(c, column, number ? EST_I_VARIABLE_NUMBER : EST_I_VARIABLE_LEVELS);
        margin->numbers = margin->numbers || number;
        status = margin->variable[factor] == SIZE_MAX ? est_i_no_memory(error) : EST_OK;
    }
    free(column);
    return status;
}

/* ---- the table of totals ---- */

typedef struct totals_table {
    const est_table *table;
    size_t variable, total;
    long level;
} totals_table;

static est_status find_columns(const est_i_calibration *c, totals_table *t, est_error *error)
{
    t->table = c->options.margins;
    if (!t->table || est_table_rows(t->table) == 0)
        return est_i_fail(error, EST_EDEFINITION, "calibration: found no known totals, expected a table with the columns variable, "
                          "level and total (option --margins)");
    t->level = est_table_find(t->table, "level");
    est_status status = est_i_table_require(t->table, "variable", "the names of the margins", &t->variable, error);
    if (status == EST_OK)
        status = est_i_table_require(t->table, "total", "the known totals", &t->total, error);
    return status;
}

static const char *cell_text(const est_table *table, long column, size_t row, char buffer[32])
{
    const char *text = column < 0 ? NULL : est_table_text(table, (size_t)column, row, buffer);
    return text ? text : "";
}

static est_status read_total(const totals_table *t, size_t row, double *total, est_error *error)
{
    char found[128];
    *total = est_table_number(t->table, t->total, row);
    if (*total > -INFINITY && *total < INFINITY)
        return EST_OK;
    est_i_table_describe(t->table, t->total, row, false, found);
    return est_i_fail_at(error, EST_EVALUE, est_i_table_place(t->table, (long)t->total, row), "found %s, expected a known total",
                         found);
}

static est_status read_row(est_i_calibration *c, const totals_table *t, size_t row, est_error *error)
{
    char buffer[32], level[32];
    const char *name = cell_text(t->table, (long)t->variable, row, buffer);
    est_i_known *known = &c->knowns[c->n_knowns];
    double total;
    est_status status = read_total(t, row, &total, error);
    size_t m = 0;
    if (status != EST_OK)
        return status;
    while (m < c->n_margins && strcmp(c->margins[m].name, is_whole_population(name) ? "(all)" : name) != 0)
        m++;
    if (m == c->n_margins && !add_margin(c, name))
        return est_i_no_memory(error);
    known->margin = m;
    known->record = row;
    known->total = total;
    known->level = est_i_string_copy(cell_text(t->table, t->level, row, level));
    c->n_knowns++;
    c->margins[m].n_rows++;
    return known->level ? EST_OK : est_i_no_memory(error);
}

/* A factor is a number where its part of every level is empty. */
static bool is_number_factor(const est_i_calibration *c, size_t m, size_t factor)
{
    const est_i_margin *margin = &c->margins[m];
    for (size_t k = 0; k < c->n_knowns; k++) {
        const char *level = c->knowns[k].level;
        size_t length = strlen(level);
        if (c->knowns[k].margin != m)
            continue;
        if (margin->n_factors > 1 && *level) {
            if (count_parts(level) != margin->n_factors)
                return false;
            part_of(level, factor, &length);
        }
        if (length > 0)
            return false;
    }
    return true;
}

static est_status check_known(const est_i_calibration *c, const est_i_known *known, est_error *error)
{
    const est_i_margin *margin = &c->margins[known->margin];
    est_i_place place = est_i_table_place(c->options.margins, -1, known->record);
    char digits[32];
    est_i_number_print(known->total, digits);
    for (const est_i_known *before = c->knowns; before < known; before++)
        if (before->margin == known->margin && strcmp(before->level, known->level) == 0)
            return est_i_fail_at(error, EST_EVALUE, place, "margin '%.100s', level '%.100s' stands here and in record %zu, "
                                 "expected one known total for each", margin->name, known->level, before->record + 1);
    if (margin->numbers)
        return EST_OK;
    if (margin->n_factors > 0 && !*known->level)
        return est_i_fail_at(error, EST_EVALUE, place, "margin '%.100s' has an empty level beside others; give the level, or one "
                             "row with an empty level alone for the total of a number", margin->name);
    if (!(known->total >= 0))
        return est_i_fail_at(error, EST_EVALUE, place, "margin '%.100s', level '%.100s': found the total %s, expected a count of "
                             "the population, 0 or more", margin->name, known->level, digits);
    return EST_OK;
}

static est_status read_table(est_i_calibration *c, est_error *error)
{
    totals_table t = {0};
    est_status status = find_columns(c, &t, error);
    size_t n = status == EST_OK ? est_table_rows(t.table) : 0;
    if (status != EST_OK)
        return status;
    c->knowns = calloc(n, sizeof *c->knowns);
    if (!c->knowns)
        return est_i_no_memory(error);
    for (size_t row = 0; row < n && status == EST_OK; row++)
        status = read_row(c, &t, row, error);
    for (size_t m = 0; m < c->n_margins && status == EST_OK; m++)
        for (size_t f = 0; f < c->margins[m].n_factors && status == EST_OK; f++)
            status = make_factor(c, &c->margins[m], f, is_number_factor(c, m, f), error);
    for (size_t k = 0; k < c->n_knowns && status == EST_OK; k++)
        status = check_known(c, &c->knowns[k], error);
    return status;
}

/* ---- declared ---- */

/* "number(x)" names the total of a number. */
static bool strip_number(est_i_text *name)
{
    bool number = name->length > 8 && strncmp(name->data, "number(", 7) == 0 && name->data[name->length - 1] == ')';
    if (number) {
        memmove(name->data, name->data + 7, name->length - 8);
        name->data[name->length - 8] = '\0';
    }
    return number;
}

static est_status declare(est_i_calibration *c, est_i_text *name, est_error *error)
{
    bool number = strip_number(name);
    est_i_margin *margin = add_margin(c, name->data);
    est_status status = margin ? EST_OK : est_i_no_memory(error);
    for (size_t f = 0; status == EST_OK && f < margin->n_factors; f++)
        status = make_factor(c, margin, f, number, error);
    return status;
}

static est_status read_declared(est_i_calibration *c, est_error *error)
{
    size_t found;
    est_i_text name = {0};
    const char *weight = c->options.calibrated_weight ? c->options.calibrated_weight : "";
    est_status status = est_i_source_require(c->source, weight, "the calibrated weight", &found, error);
    bool whole = true;
    if (status == EST_OK) {
        c->weight_variable = add_variable(c, weight, EST_I_VARIABLE_NUMBER);
        status = c->weight_variable == SIZE_MAX ? est_i_no_memory(error) : EST_OK;
    }
    for (const char *rest = c->options.declared; rest && status == EST_OK;) {
        rest = est_i_name_take(rest, &name, &whole);
        if (name.failed)
            status = est_i_no_memory(error);
        else if (!whole || !name.length)
            status = est_i_fail(error, EST_EOPTION, "columns that the weights are calibrated on: found '%.200s', expected names "
                                "parted by commas, 'a:b' for crossed columns, 'number(x)' for the total of a number",
                                c->options.declared);
        else
            status = declare(c, &name, error);
    }
    if (status == EST_OK && c->n_margins == 0)
        status = est_i_fail(error, EST_EOPTION, "found no columns that the weights are calibrated on, expected their names");
    est_i_text_free(&name);
    return status;
}

static est_status check_kind(const est_i_calibration *c, est_error *error)
{
    est_i_calibration_kind kind = c->options.kind;
    if (kind == EST_I_CALIBRATE_POSTSTRATIFY && (c->n_margins > 1 || c->margins[0].n_factors == 0))
        return est_i_fail(error, EST_EDEFINITION, "post-stratification: found %zu margins in the known totals, expected one, of a "
                          "column or of columns crossed ('sex:county'); use rake for several", c->n_margins);
    for (size_t m = 0; m < c->n_margins; m++)
        if (c->margins[m].numbers && (kind == EST_I_CALIBRATE_POSTSTRATIFY || kind == EST_I_CALIBRATE_RAKE))
            return est_i_fail(error, EST_EDEFINITION, "margin '%.100s' is the total of a number (its level is empty), expected "
                              "totals of levels; use linear, bounded, logit or exponential for numbers", c->margins[m].name);
    return EST_OK;
}

est_status est_i_margins_read(est_i_calibration *calibration, est_error *error)
{
    est_status status;
    calibration->weight_variable = SIZE_MAX;
    status = calibration->options.kind == EST_I_CALIBRATE_DECLARED ? read_declared(calibration, error)
                                                                   : read_table(calibration, error);
    if (status == EST_OK)
        status = check_kind(calibration, error);
    if (status == EST_OK)
        status = lay_out_key(calibration, error);
    return status;
}

void est_i_margins_clear(est_i_calibration *calibration)
{
    for (size_t m = 0; m < calibration->n_margins; m++) {
        free(calibration->margins[m].name);
        free(calibration->margins[m].variable);
        free(calibration->margins[m].column);
    }
    for (size_t k = 0; k < calibration->n_knowns; k++)
        free(calibration->knowns[k].level);
    for (size_t v = 0; v < calibration->n_variables; v++)
        free((char *)calibration->variables[v].column);
    free(calibration->margins);
    free(calibration->knowns);
    free(calibration->variables);
    free(calibration->word);
    free(calibration->shift);
    free(calibration->n_levels);
}

/* ---- after the first pass: levels have numbers ---- */

static bool is_levels(const est_i_calibration *c, size_t variable)
{
    return c->variables[variable].kind == EST_I_VARIABLE_LEVELS;
}

static const char *level_text(const est_i_calibration *c, size_t variable, size_t level)
{
    return est_i_sample_level(c->sample, c->first + variable, level);
}

/* A level is meant by its text, by its label in a .dta or .sav file, or by a number of the same size ("01" and 1). */
static bool is_meant(const est_i_calibration *c, size_t variable, size_t level, const char *part, size_t length)
{
    const char *text = level_text(c, variable, level), *label;
    long column = est_source_find(c->source, c->variables[variable].column);
    double wanted, found;
    if (strlen(text) == length && memcmp(text, part, length) == 0)
        return true;
    label = column >= 0 ? est_i_source_value_label(c->source, (size_t)column, text) : NULL;
    if (label && strlen(label) == length && memcmp(label, part, length) == 0)
        return true;
    return est_i_number_parse(part, length, &wanted) && est_i_number_parse(text, strlen(text), &found) && wanted == found;
}

/* Puts `total` down for every combination of levels whose number in the factors before is `base` and that the level's text means.
 * */
static void mark(const est_i_calibration *c, const est_i_margin *margin, const char *level, size_t factor, size_t base,
                 uint32_t total)
{
    size_t length = strlen(level), variable;
    const char *part = level;
    if (factor == margin->n_factors) {
        margin->column[base] = total;
        return;
    }
    variable = margin->variable[factor];
    if (!is_levels(c, variable)) {
        mark(c, margin, level, factor + 1, base, total);
        return;
    }
    if (margin->n_factors > 1)
        part = part_of(level, factor, &length);
    for (size_t l = 0; l < c->n_levels[variable]; l++)
        if (is_meant(c, variable, l, part, length))
            mark(c, margin, level, factor + 1, base * c->n_levels[variable] + l, total);
}

static est_status number_combinations(est_i_calibration *c, est_i_margin *margin, est_error *error)
{
    margin->n_combinations = 1;
    for (size_t f = 0; f < margin->n_factors; f++)
        if (is_levels(c, margin->variable[f])) {
            margin->n_combinations *= c->n_levels[margin->variable[f]];
            if (margin->n_combinations > COMBINATIONS_MAX)
                return est_i_fail(error, EST_EDEFINITION, "margin '%.100s' has more than %zu combinations of levels; is a number "
                                  "taken for a category?", margin->name, COMBINATIONS_MAX);
        }
    free(margin->column);
    margin->column = malloc((margin->n_combinations + 1) * sizeof *margin->column);
    if (!margin->column)
        return est_i_no_memory(error);
    for (size_t i = 0; i <= margin->n_combinations; i++)
        margin->column[i] = EST_I_NO_COLUMN;
    return EST_OK;
}

/* "sex=female", "sex:county=f:01", "income", "(all)". */
static char *total_name(const est_i_margin *margin, const char *level)
{
    est_i_text text = {0};
    est_i_text_append(&text, margin->name);
    if (*level)
        est_i_text_printf(&text, "=%s", level);
    return est_i_text_take(&text);
}

static est_status make_totals(est_i_calibration *c, size_t size, est_error *error)
{
    size_t n = size ? size : 1, most = c->diagonal ? EST_I_CALIBRATION_CELLS_MAX : EST_I_CALIBRATION_SIZE_MAX;
    if (size > most)
        return est_i_fail(error, EST_EDEFINITION, "calibration: found %zu known totals, expected at most %zu; is a number taken "
                          "for a category?", size, most);
    c->size = size;
    c->name = calloc(n, sizeof *c->name);
    c->known = calloc(n, sizeof *c->known);
    c->before = calloc(n, sizeof *c->before);
    c->after = calloc(n, sizeof *c->after);
    c->occurs = calloc(n, sizeof *c->occurs);
    c->lambda = calloc(n, sizeof *c->lambda);
    c->alive = calloc(n, sizeof *c->alive);
    c->gram = calloc(c->diagonal ? n : n * n, sizeof *c->gram);
    c->factor = calloc(c->diagonal ? n : n * n, sizeof *c->factor);
    return c->name && c->known && c->before && c->after && c->occurs && c->lambda && c->alive && c->gram && c->factor
               ? EST_OK
               : est_i_no_memory(error);
}

/* A row of the sample that stands for combination `combination` of a margin. */
static void levels_of(const est_i_calibration *c, const est_i_margin *margin, size_t combination, uint32_t *level)
{
    for (size_t f = margin->n_factors; f-- > 0;)
        if (is_levels(c, margin->variable[f])) {
            level[margin->variable[f]] = (uint32_t)(combination % c->n_levels[margin->variable[f]]);
            combination /= c->n_levels[margin->variable[f]];
        }
}

/* DECLARED: every combination of levels has a total, which is what the weights give. */
static est_status resolve_declared(est_i_calibration *c, est_error *error)
{
    size_t size = 0;
    uint32_t level[c->n_variables + 1];
    est_status status = EST_OK;
    memset(level, 0, sizeof level);
    for (size_t m = 0; m < c->n_margins; m++)
        for (size_t i = 0; i < c->margins[m].n_combinations; i++)
            c->margins[m].column[i] = (uint32_t)size++;
    status = make_totals(c, size, error);
    for (size_t m = 0; m < c->n_margins && status == EST_OK; m++)
        for (size_t i = 0; i < c->margins[m].n_combinations && status == EST_OK; i++) {
            levels_of(c, &c->margins[m], i, level);
            char *text = est_i_margins_level(c, m, &(est_i_x_row){level, NULL});
            size_t column = c->margins[m].column[i];
            c->name[column] = text ? total_name(&c->margins[m], text) : NULL;
            status = c->name[column] ? EST_OK : est_i_no_memory(error);
            free(text);
        }
    return status;
}

static est_status resolve_table(est_i_calibration *c, est_error *error)
{
    uint32_t column = 0;
    est_status status = make_totals(c, c->n_knowns, error);
    for (size_t m = 0; m < c->n_margins && status == EST_OK; m++) /* totals of one margin stand together, as their numbers must */
        for (size_t k = 0; k < c->n_knowns && status == EST_OK; k++) {
            const est_i_known *known = &c->knowns[k];
            const est_i_margin *margin = &c->margins[m];
            bool parts = margin->n_factors < 2 || !*known->level || count_parts(known->level) == margin->n_factors;
            if (known->margin != m)
                continue;
            if (!parts)
                return est_i_fail_at(error, EST_EVALUE, est_i_table_place(c->options.margins, -1, known->record),
                                     "margin '%.100s' crosses %zu columns: found the level '%.100s', expected %zu levels joined by "
                                     "':'",
                                     margin->name, margin->n_factors, known->level, margin->n_factors);
            mark(c, margin, known->level, 0, 0, column);
            c->known[column] = known->total;
            c->name[column] = total_name(margin, known->level);
            status = c->name[column] ? EST_OK : est_i_no_memory(error);
            column++;
        }
    return status;
}

est_status est_i_margins_resolve(est_i_calibration *calibration, est_error *error)
{
    est_status status = EST_OK;
    for (size_t v = 0; v < calibration->n_variables; v++)
        if (is_levels(calibration, v))
            calibration->n_levels[v] = est_i_sample_levels(calibration->sample, calibration->first + v);
    calibration->diagonal = calibration->options.kind == EST_I_CALIBRATE_POSTSTRATIFY;
    for (size_t m = 0; m < calibration->n_margins && status == EST_OK; m++)
        status = number_combinations(calibration, &calibration->margins[m], error);
    if (status == EST_OK)
        status = calibration->options.kind == EST_I_CALIBRATE_DECLARED ? resolve_declared(calibration, error)
                                                                       : resolve_table(calibration, error);
    return status;
}

/* ---- x of a row ---- */

size_t est_i_margins_x(const est_i_calibration *calibration, const est_i_x_row *row, uint32_t *index, double *value, size_t *margin)
{
    size_t count = 0;
    for (size_t m = 0; m < calibration->n_margins; m++) {
        const est_i_margin *at = &calibration->margins[m];
        size_t combination = 0;
        double product = 1;
        for (size_t f = 0; f < at->n_factors; f++) {
            size_t variable = at->variable[f];
            if (is_levels(calibration, variable))
                combination = combination * calibration->n_levels[variable] + row->level[variable];
            else
                product *= row->number[variable];
        }
        *margin = m;
        if (combination >= at->n_combinations || at->column[combination] == EST_I_NO_COLUMN)
            return SIZE_MAX;
        index[count] = at->column[combination];
        value[count++] = product;
    }
    return count;
}

char *est_i_margins_level(const est_i_calibration *calibration, size_t margin, const est_i_x_row *row)
{
    const est_i_margin *at = &calibration->margins[margin];
    est_i_text text = {0};
    est_i_text_append(&text, "");
    for (size_t f = 0; f < at->n_factors; f++) {
        if (f)
            est_i_text_append(&text, ":");
        if (is_levels(calibration, at->variable[f]))
            est_i_text_append(&text, level_text(calibration, at->variable[f], row->level[at->variable[f]]));
    }
    return est_i_text_take(&text);
}

est_status est_i_margins_fail_level(const est_i_calibration *calibration, size_t margin, const est_i_x_row *row, est_error *error)
{
    char *level = est_i_margins_level(calibration, margin, row);
    est_status status;
    if (!level)
        return est_i_no_memory(error);
    status = est_i_fail(error, EST_EDEFINITION, "margin '%.100s': the sample has cases at level '%.100s', for which no total is "
                        "known; add its total to the table of margins, or join the level with another one in the data",
                        calibration->margins[margin].name, level);
    free(level);
    return status;
}
