/* Findings of the columns: special codes, texts among numbers, empty columns, repeated rows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "data/table.h"
#include "survey/check.h"

#define NAMED 8      /* columns that a finding names */
#define KEY_ROWS 30  /* from so many rows on, whole numbers that never repeat are taken for a key */

bool est_i_check_is_listed(const est_i_check_list *list, size_t column)
{
    bool is = false;
    for (size_t i = 0; i < list->n && !is; i++)
        is = list->column[i] == column;
    return is;
}

bool est_i_check_is_design(const est_i_check *run, size_t column)
{
    const est_i_check_plan *plan = &run->plan;
    return est_i_check_is_listed(&plan->weight, column) || est_i_check_is_listed(&plan->strata, column) ||
           est_i_check_is_listed(&plan->psu, column) || est_i_check_is_listed(&plan->fpc, column);
}

long long est_i_check_shared(const est_i_check *run)
{
    return est_source_is_public(run->source) || run->options->extremes ? 1 : EST_I_CHECK_SHARED;
}

/* Special codes */

bool est_i_check_holds_answers(const est_i_check *run, size_t index)
{
    const est_i_check_column *column = &run->columns[index];
    size_t place = run->plan.described.column[index];
    bool key =
        !column->many && !column->fractions && column->numbers > KEY_ROWS && (long long)column->distinct.count == column->numbers;
    return column->numbers > 0 && column->numbers >= 4 * column->texts && !key && !est_i_check_is_listed(&run->plan.id, place);
}

const char *est_i_check_rule_words(est_i_check_rule rule)
{
    static const char *const words[] = {"", "negative, and all other numbers are not", "beyond all other numbers, with a gap",
                                        "above all other numbers, and more often than those near it", "there is no other number",
                                        "the value label says so"};
    return words[rule];
}

static const char *label_of(const est_i_check *run, size_t index, const char *text)
{
    return est_i_source_value_label(run->source, run->plan.described.column[index], text);
}

/* Codes that the labels of the file call missing: of the column's distinct values, where they were kept. */
static long long labelled(const est_i_check *run, size_t index, est_i_text *list, bool *categorical)
{
    const est_i_check_column *column = &run->columns[index];
    long long rows = 0;
    *categorical = column->distinct.count > 0;
    for (uint32_t i = 0; i < column->distinct.count && !column->many; i++) {
        const char *text = est_i_dictionary_text(&column->distinct, i), *label = label_of(run, index, text);
        *categorical = *categorical && label;
        if (!label || !est_i_check_label_says_missing(label))
            continue;
        est_i_text_printf(list, "%s%s '%s' (%lld)", rows ? ", " : "", text, label, column->distinct_rows[i]);
        rows += column->distinct_rows[i];
    }
    return rows;
}

static bool has_missing_label(const est_i_check *run, size_t index, double code)
{
    char text[32];
    est_i_number_print(code, text);
    const char *label = run->columns[index].many ? NULL : label_of(run, index, text);
    return label && est_i_check_label_says_missing(label);
}

static long long by_rule(const est_i_check *run, size_t index, est_i_check_rule rule, est_i_text *list, double *first)
{
    const est_i_check_column *column = &run->columns[index];
    long long rows = 0;
    for (size_t c = 0; c < run->plan.n_codes; c++) {
        if (est_i_check_code_rule(column, c, run->plan.codes) != rule || has_missing_label(run, index, run->plan.codes[c]))
            continue;
        *first = rows ? *first : run->plan.codes[c];
        est_i_text_append(list, rows ? ", " : "");
        est_i_text_number(list, run->plan.codes[c]);
        est_i_text_printf(list, " (%lld)", column->code_rows[c]);
        rows += column->code_rows[c];
    }
    return rows;
}

static bool is_plain(const char *name)
{
    return name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")] == '\0' &&
           !(*name >= '0' && *name <= '9');
}

static void judge_rule(est_i_check *run, size_t index, est_i_check_rule rule)
{
    const char *name = est_i_check_column_name(run, &run->plan.described, index);
    est_i_text list = {0}, advice = {0};
    double first = NAN;
    long long rows = by_rule(run, index, rule, &list, &first);
    est_i_text_append(&advice, "Make them missing before you estimate");
    if (is_plain(name) && (rule == EST_I_CHECK_BEYOND || rule == EST_I_CHECK_HEAP || rule == EST_I_CHECK_BELOW)) {
        est_i_text_printf(&advice, ", or leave them out: --where '%s %s ", name, rule == EST_I_CHECK_BELOW ? ">=" : "<");
        est_i_text_number(&advice, rule == EST_I_CHECK_BELOW ? 0 : first);
        est_i_text_append(&advice, "'");
    }
    est_i_text_append(&advice, ".");
    run->failed = run->failed || list.failed || advice.failed;
    if (rows > 0 && !run->failed)
        est_i_check_find(run, rule == EST_I_CHECK_ALONE ? EST_I_CHECK_NOTE : EST_I_CHECK_WARNING, "special_codes", name,
                         (double)rows, advice.data, "special code%s, with rows: %s; %s", strchr(list.data, ',') ? "s" : "",
                         list.data, est_i_check_rule_words(rule));
    est_i_text_free(&list);
    est_i_text_free(&advice);
}

static void judge_labels(est_i_check *run, size_t index)
{
    est_i_text list = {0};
    bool categorical = false;
    long long rows = labelled(run, index, &list, &categorical);
    run->failed = run->failed || list.failed;
    if (rows > 0 && !run->failed)
        est_i_check_find(run, categorical ? EST_I_CHECK_NOTE : EST_I_CHECK_WARNING, "special_codes",
                         est_i_check_column_name(run, &run->plan.described, index), (double)rows,
                         categorical ? "Leave them out of proportions, or say that they count."
                                     : "Make them missing before you estimate.",
                         "labelled as missing, with rows: %s", list.data);
    est_i_text_free(&list);
}

/* Texts among numbers */

static void judge_texts(est_i_check *run, size_t index)
{
    const est_i_check_column *column = &run->columns[index];
    const char *name = est_i_check_column_name(run, &run->plan.described, index);
    long long known = 0, all = column->numbers + column->texts;
    est_i_text list = {0};
    for (size_t w = 0; w < est_i_check_words(); w++) {
        if (column->word_rows[w] == 0)
            continue;
        est_i_text_printf(&list, "%s'%s' (%lld)", known ? ", " : "", est_i_check_word(w), column->word_rows[w]);
        known += column->word_rows[w];
    }
    long long commas = column->comma_rows, padded = column->padded_rows, others = column->texts - known - commas - padded;
    if (padded > 0)
        est_i_text_printf(&list, "%snumbers with blanks around them (%lld)", list.length ? ", " : "", padded);
    if (commas > 0)
        est_i_text_printf(&list, "%snumbers with a decimal comma (%lld)", list.length ? ", " : "", commas);
    if (others > 0)
        est_i_text_printf(&list, "%sother texts, not shown (%lld)", list.length ? ", " : "", others);
    run->failed = run->failed || list.failed;
    bool nearly = column->texts > 0 && column->numbers + commas + padded > 0 && 5 * (all - others) >= 4 * all;
    if (nearly && !run->failed)
        est_i_check_find(run, EST_I_CHECK_WARNING, "texts_among_numbers", name, (double)column->texts,
                         commas > 0 ? "Write numbers with a point, and leave a missing number empty."
                                    : "Leave a missing number empty; est survey stops at a text in a column of numbers.",
                         "a column of numbers with texts: %s", list.data);
    est_i_text_free(&list);
}

/* Columns that tell nothing */

static void judge_kind(est_i_check *run, const char *code, const char *what, bool (*is)(const est_i_check_column *column))
{
    est_i_text names = {0};
    size_t n = 0;
    for (size_t c = 0; c < run->plan.described.n; c++) {
        bool mark = strcmp(est_i_check_column_name(run, &run->plan.described, c), EST_I_SYNTHETIC_COLUMN) == 0;
        if (mark || !is(&run->columns[c]) || n++ >= NAMED)
            continue;
        est_i_text_printf(&names, "%s%s", n > 1 ? ", " : "", est_i_check_column_name(run, &run->plan.described, c));
    }
    if (n > NAMED)
        est_i_text_append(&names, ", ...");
    run->failed = run->failed || names.failed;
    if (n > 0 && !run->failed)
        est_i_check_find(run, EST_I_CHECK_NOTE, code, "", (double)n, "", "%zu column%s %s: %s", n, n == 1 ? "" : "s", what,
                         names.data);
    est_i_text_free(&names);
}

static bool is_empty(const est_i_check_column *column)
{
    return column->numbers + column->texts == 0;
}

static bool is_constant(const est_i_check_column *column)
{
    return !column->many && column->distinct.count == 1 && column->numbers + column->texts > 1;
}

/* Repeated rows */

/* Does some column hold a value of its own for most rows? Then equal rows are no chance. */
static bool tells_rows_apart(const est_i_check *run)
{
    bool tells = false;
    for (size_t c = 0; c < run->plan.described.n && !tells; c++) {
        const est_i_check_column *column = &run->columns[c];
        tells = column->many || (double)column->distinct.count + (double)column->missing > 0.8 * (double)run->rows;
    }
    return tells;
}

static void judge_repeats(est_i_check *run)
{
    est_i_check_repeats ids = est_i_check_keys_repeats(&run->ids), records = est_i_check_keys_repeats(&run->records);
    est_i_text keys = {0}, rows = {0};
    bool tells = tells_rows_apart(run);
    est_i_check_number(&keys, ids.keys);
    est_i_check_number(&rows, ids.rows);
    if (run->no_id.rows > 0)
        est_i_check_find(run, EST_I_CHECK_ERROR, "missing_id", run->options->id, (double)run->no_id.rows, "",
                         "%lld %s an id, first record %lld", run->no_id.rows, run->no_id.rows == 1 ? "row misses" : "rows miss",
                         run->no_id.first);
    if (ids.rows > 0 && !keys.failed && !rows.failed)
        est_i_check_find(run, EST_I_CHECK_ERROR, "repeated_ids", run->options->id, ids.rows,
                         "Rows that were entered twice count twice. If the id needs one more column, add it to --id.",
                         "%s%s id%s occur%s more than once, in %s further row%s, first record %lld", ids.exact ? "" : "about ",
                         keys.data, ids.keys == 1 ? "" : "s", ids.keys == 1 ? "s" : "", rows.data, ids.rows == 1 ? "" : "s",
                         run->ids.first);
    if (run->plan.id.n && ids.rows == 0 && run->no_id.rows == 0 && run->rows > 0)
        est_i_check_find(run, EST_I_CHECK_NOTE, "unique_rows", run->options->id, 0, "", "no id occurs twice%s",
                         ids.exact ? "" : " among those looked at");
    rows.length = 0;
    est_i_check_number(&rows, records.rows);
    if (records.rows > 0 && !rows.failed)
        est_i_check_find(run, tells ? EST_I_CHECK_WARNING : EST_I_CHECK_NOTE, "repeated_rows", "", records.rows,
                         tells ? "Look whether they were entered twice." : "No column tells all rows apart, so this may be chance.",
                         "%s%s row%s the same as an earlier one in every column, first record %lld", records.exact ? "" : "about ",
                         rows.data, records.rows == 1 ? " is" : "s are", run->records.first);
    run->failed = run->failed || keys.failed || rows.failed;
    est_i_text_free(&keys);
    est_i_text_free(&rows);
}

void est_i_check_judge_columns(est_i_check *run)
{
    judge_repeats(run);
    for (size_t c = 0; c < run->plan.described.n; c++) {
        if (est_i_check_is_design(run, run->plan.described.column[c]))
            continue;
        judge_texts(run, c);
        if (!est_i_check_holds_answers(run, c))
            continue;
        judge_labels(run, c);
        for (int rule = EST_I_CHECK_BELOW; rule <= EST_I_CHECK_ALONE; rule++)
            judge_rule(run, c, (est_i_check_rule)rule);
    }
    judge_kind(run, "empty_columns", run->plan.described.n == 1 ? "is empty" : "hold nothing", is_empty);
    judge_kind(run, "constant_columns", "with a single value", is_constant);
}
