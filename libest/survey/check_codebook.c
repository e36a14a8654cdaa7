/* What `check` says towards a codebook: codes for missing answers of each column, and which columns may be weight, strata and psu.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/codebook.h"
#include "survey/check.h"

#define CANDIDATES_SAID 6 /* of each role */
#define CODES_SHOWN 60

/* Codes */

/* The file's own label of the value, NULL if it has none. */
static const char *label_of(const est_i_check *run, size_t index, const char *text)
{
    return est_i_source_value_label(run->source, run->plan.described.column[index], text);
}

/* A code of a column, in what form it stands in the file. */
typedef struct code_found {
    const char *text, *label;
    double number; /* NaN = it is none */
    const char *why;
    long long rows;
} code_found;

/* Codes among the cells of a column that are missing, or among those that are not. */
typedef struct codes_found {
    code_found *list;
    size_t n, room;
    long long cells;
    bool failed;
} codes_found;

static void add_code(codes_found *codes, const code_found *code)
{
    if (codes->n == codes->room) {
        size_t room = codes->room ? codes->room * 2 : 32;
        code_found *grown = realloc(codes->list, room * sizeof *grown);
        if (!grown) {
            codes->failed = true;
            return;
        }
        codes->list = grown;
        codes->room = room;
    }
    codes->list[codes->n++] = *code;
}

static int compare_codes(const void *a, const void *b)
{
    const code_found *first = a, *second = b;
    if (!isnan(first->number) && !isnan(second->number) && first->number != second->number)
        return first->number < second->number ? -1 : 1;
    if (isnan(first->number) != isnan(second->number))
        return isnan(first->number) ? 1 : -1;
    return strcmp(first->text, second->text);
}

/* A count that is small, or the number of the other cells, could be worked out from the rest: then none is given. */
static bool counts_codes(const est_i_check *run, const codes_found *codes)
{
    long long least = est_i_check_shared(run) > 1 ? EST_I_CHECK_COUNTED : 1, rest = codes->cells;
    bool counts = true;
    for (size_t i = 0; i < codes->n; i++) {
        rest -= codes->list[i].rows;
        counts = counts && codes->list[i].rows >= least;
    }
    return counts && (rest == 0 || rest >= least);
}

static void write_codes(est_i_check *run, size_t index, codes_found *codes, bool *begun)
{
    static const char *const columns[] = {"column", "code", "label", "why", "rows"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_COUNT};
    bool counted = counts_codes(run, codes);
    if (codes->n > 0 && !*begun)
        est_i_result_frame(run->builder, "missing_codes",
                           "Codes for missing answers: what the file declares is missing, a codebook declares the others", 5,
                           columns, roles, CODES_SHOWN);
    *begun = *begun || codes->n > 0;
    for (size_t i = 0; i < codes->n; i++) {
        const code_found *code = &codes->list[i];
        est_i_result_cell_text(run->builder, est_i_check_column_name(run, &run->plan.described, index));
        if (isnan(code->number))
            est_i_result_cell_text(run->builder, code->text);
        else
            est_i_result_cell(run->builder, code->number);
        est_i_result_cell_text(run->builder, code->label ? code->label : "");
        est_i_result_cell_text(run->builder, code->why);
        est_i_result_cell(run->builder, counted ? (double)code->rows : NAN);
    }
    run->failed = run->failed || codes->failed;
    free(codes->list);
}

/* A range that is declared missing may hold any numbers, of a few persons too. */
static bool shows_reason(const est_i_check *run, const code_found *code)
{
    return code->text[0] == '.' || code->label || code->rows >= est_i_check_shared(run);
}

static void declared_codes(est_i_check *run, size_t index, bool *begun)
{
    const est_i_check_column *column = &run->columns[index];
    codes_found codes = {.cells = column->missing};
    long long others = column->other_reasons;
    for (uint32_t i = 0; i < column->reasons.count; i++) {
        const char *text = est_i_dictionary_text(&column->reasons, i);
        code_found code = {text, label_of(run, index, text), NAN, "the file declares it missing", column->reason_rows[i]};
        if (!est_i_number_parse(text, strlen(text), &code.number))
            code.number = NAN;
        if (shows_reason(run, &code))
            add_code(&codes, &code);
        else
            others += code.rows;
    }
    if (codes.n > 1)
        qsort(codes.list, codes.n, sizeof *codes.list, compare_codes);
    if (others > 0)
        add_code(&codes, &(code_found){"others", NULL, NAN, "the file declares them missing", others});
    write_codes(run, index, &codes, begun);
}

static void labelled_codes(const est_i_check *run, size_t index, codes_found *codes)
{
    const est_i_check_column *column = &run->columns[index];
    for (uint32_t i = 0; i < column->distinct.count; i++) {
        const char *text = est_i_dictionary_text(&column->distinct, i), *label = label_of(run, index, text);
        double number;
        if (label && est_i_label_says_missing(label) && est_i_number_parse(text, strlen(text), &number))
            add_code(codes, &(code_found){text, label, number, "its label says so", column->distinct_rows[i]});
    }
}

static void looked_codes(const est_i_check *run, size_t index, codes_found *codes)
{
    for (size_t c = 0; c < run->plan.n_codes && est_i_check_holds_answers(run, index); c++) {
        est_i_check_rule rule = est_i_check_code_rule(&run->columns[index], c, run->plan.codes);
        char text[32];
        est_i_number_print(run->plan.codes[c], text);
        const char *label = label_of(run, index, text);
        bool looks = rule == EST_I_CHECK_BELOW || rule == EST_I_CHECK_BEYOND || rule == EST_I_CHECK_HEAP;
        if (looks && !(label && est_i_label_says_missing(label)))
            add_code(codes, &(code_found){"", label, run->plan.codes[c], est_i_check_rule_words(rule),
                                          run->columns[index].code_rows[c]});
    }
}

void est_i_check_missing_frame(est_i_check *run)
{
    bool begun = false;
    for (size_t c = 0; c < run->plan.described.n; c++) {
        codes_found codes = {.cells = run->columns[c].numbers + run->columns[c].texts};
        declared_codes(run, c, &begun);
        if (est_i_check_is_design(run, run->plan.described.column[c]))
            continue;
        labelled_codes(run, c, &codes);
        looked_codes(run, c, &codes);
        write_codes(run, c, &codes, &begun);
    }
}

/* Candidates */

/* What the mean of weights says of their scale. */
static const char *scale_words(const est_i_check_column *column)
{
    double mean = column->numbers > 0 ? est_i_dd_value(column->sum) / (double)column->numbers : NAN;
    return mean >= 0.95e6 && mean <= 1.05e6 ? "; on average a million, as in DHS files: scale = 0.000001"
           : mean >= 0.95 && mean <= 1.05   ? "; on average 1: normalised"
                                            : "";
}

static void add_candidate(const est_i_check *run, size_t index, const char *role, const char *why, est_i_text *words)
{
    const est_i_check_column *column = &run->columns[index];
    est_i_text_printf(words, "%s (%s", est_i_check_column_name(run, &run->plan.described, index), why);
    if (strcmp(role, "weight") == 0)
        est_i_text_append(words, scale_words(column));
    else if (column->many)
        est_i_text_printf(words, "; more than %d different values", EST_I_CHECK_DISTINCT);
    else
        est_i_text_printf(words, "; %u different values", (unsigned)column->distinct.count);
    est_i_text_append(words, ")");
}

static void add_role(const est_i_check *run, const char *role, est_i_text *words)
{
    size_t said = 0;
    est_i_text_printf(words, " %s: ", role);
    for (size_t c = 0; c < run->plan.described.n; c++) {
        size_t column = run->plan.described.column[c];
        const char *why = est_i_codebook_candidate(role, est_source_column_name(run->source, column),
                                                   est_i_source_variable_label(run->source, column));
        if (!why || said++ >= CANDIDATES_SAID)
            continue;
        est_i_text_append(words, said > 1 ? ", " : "");
        add_candidate(run, c, role, why, words);
    }
    est_i_text_append(words, said == 0 ? "none by name or label." : said > CANDIDATES_SAID ? ", ..." : ".");
}

void est_i_check_note_codebook(est_i_check *run)
{
    est_i_text words = {0};
    if (run->plan.n_stages > 0 && run->plan.weight.n > 0)
        return;
    add_role(run, "weight", &words);
    add_role(run, "strata", &words);
    add_role(run, "psu", &words);
    run->failed = run->failed || words.failed;
    if (!words.failed)
        est_i_result_note(
            run->builder, run->context, EST_NOTE, "codebook",
            "Candidates of the design, by name and label.%s Strata are the column with as many different values as the survey's "
            "report says there are strata. A codebook says once what each column means: est codebook init DATA "
            "--preset PRESET --output FILE.ini (est codebook lists the presets).",
            words.data);
    est_i_text_free(&words);
}
