/* What `check` says towards a codebook: codes for missing answers of each column, and which columns may be weight, strata and psu.
 */
#include <math.h>
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

static void code_line(est_i_check *run, size_t index, double code, const char *label, const char *why, bool *begun)
{
    static const char *const columns[] = {"column", "code", "label", "why"};
    static const est_column_role roles[4] = {EST_ROLE_PLAIN};
    if (!*begun)
        est_i_result_frame(run->builder, "missing_codes", "Codes that look like missing answers (a codebook declares them)", 4,
                           columns, roles, CODES_SHOWN);
    *begun = true;
    est_i_result_cell_text(run->builder, est_i_check_column_name(run, &run->plan.described, index));
    est_i_result_cell(run->builder, code);
    est_i_result_cell_text(run->builder, label ? label : "");
    est_i_result_cell_text(run->builder, why);
}

static void labelled_codes(est_i_check *run, size_t index, bool *begun)
{
    const est_i_check_column *column = &run->columns[index];
    for (uint32_t i = 0; i < column->distinct.count; i++) {
        const char *text = est_i_dictionary_text(&column->distinct, i), *label = label_of(run, index, text);
        double number;
        if (label && est_i_label_says_missing(label) && est_i_number_parse(text, strlen(text), &number))
            code_line(run, index, number, label, "its label says so", begun);
    }
}

static void looked_codes(est_i_check *run, size_t index, bool *begun)
{
    for (size_t c = 0; c < run->plan.n_codes && est_i_check_holds_answers(run, index); c++) {
        est_i_check_rule rule = est_i_check_code_rule(&run->columns[index], c, run->plan.codes);
        char text[32];
        est_i_number_print(run->plan.codes[c], text);
        const char *label = label_of(run, index, text);
        bool looks = rule == EST_I_CHECK_BELOW || rule == EST_I_CHECK_BEYOND || rule == EST_I_CHECK_HEAP;
        if (looks && !(label && est_i_label_says_missing(label)))
            code_line(run, index, run->plan.codes[c], label, est_i_check_rule_words(rule), begun);
    }
}

void est_i_check_missing_frame(est_i_check *run)
{
    bool begun = false;
    for (size_t c = 0; c < run->plan.described.n; c++) {
        if (est_i_check_is_design(run, run->plan.described.column[c]))
            continue;
        labelled_codes(run, c, &begun);
        looked_codes(run, c, &begun);
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
