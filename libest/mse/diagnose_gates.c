/* Minimum-data gates (decisions.md 10), each with its number, for every stratum and for the whole. */
#include <math.h>

#include "mse/diagnose_parts.h"
#include "mse/gates.h"
#include "mse/interval.h"

typedef struct gate_book {
    est_i_diagnostics *all;
    size_t first, n_blocks; /* the blocks at hand */
    const char *stratum;
    size_t n_failed;
    est_i_text failed;
} gate_book;

static void name_failed(gate_book *book, const char *gate)
{
    est_i_text name = {0};
    bool whole = book->n_blocks == book->all->of->data->n_blocks;
    est_i_text_printf(&name, "%s%s%s", gate, whole ? "" : " in ", whole ? "" : book->stratum);
    est_i_diagnose_name(&book->failed, &book->n_failed, name.data ? name.data : "");
    est_i_text_free(&name);
}

static void add_gate(gate_book *book, const est_i_gate *gate)
{
    static const est_i_gate_kind columns[] = {EST_I_GATE_COUNT, EST_I_GATE_NUMBER, EST_I_GATE_SHARE, EST_I_GATE_QUOTIENT};
    est_i_result_builder *builder = book->all->builder;
    if (book->all->of->data->n_blocks > 1)
        est_i_result_cell_text(builder, book->stratum);
    est_i_result_cell_text(builder, gate->name);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        est_i_result_cell(builder, gate->kind == columns[i] ? gate->value : NAN);
    est_i_result_cell_text(builder, gate->passed ? "pass" : "fail");
    if (!gate->passed)
        name_failed(book, gate->name);
}

static void add_set(gate_book *book, double population, double lower, double upper)
{
    est_i_gate gates[EST_I_GATES_MOST];
    size_t n = est_i_gates_judge(book->all->of->captures, book->first, book->n_blocks, population, lower, upper, gates);
    for (size_t i = 0; i < n; i++)
        add_gate(book, &gates[i]);
}

static void start_frame(est_i_diagnostics *all)
{
    static const char *const columns[] = {"stratum", "gate", "persons", "lists", "coverage", "upper_lower_ratio", "result"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_COUNT, EST_ROLE_PLAIN,
                                            EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_PLAIN};
    bool strata = all->of->data->n_blocks > 1;
    est_i_result_frame(all->builder, "gates", "Minimum-data gates (of the lists: the one with the fewest)", strata ? 7 : 6,
                       strata ? columns : columns + 1, strata ? roles : roles + 1, SIZE_MAX);
}

static void add_stratum(gate_book *book, size_t block)
{
    const est_i_joint *joint = book->all->of->joint;
    double n = est_i_diagnose_margin(book->all, block, 0);
    est_i_limits limits = est_i_limits_log_normal(n, exp(joint->log_unseen[block]), joint->se_log_unseen[block],
                                                  EST_I_DIAGNOSE_LEVEL);
    book->stratum = est_i_diagnose_block(book->all, block);
    book->first = block;
    book->n_blocks = 1;
    add_set(book, n + exp(joint->log_unseen[block]), limits.lower, limits.upper);
}

/* The gates of the whole stand last, and sum the strata. */
void est_i_diagnose_gates(est_i_diagnostics *all)
{
    gate_book book = {.all = all, .stratum = ""};
    size_t n = all->of->data->n_blocks;
    start_frame(all);
    for (size_t k = 0; n > 1 && k < n; k++)
        add_stratum(&book, k);
    book.stratum = "all";
    book.first = 0;
    book.n_blocks = n;
    add_set(&book, all->population, all->of->lower, all->of->upper);
    est_i_diagnose_name_end(&book.failed, book.n_failed);
    if (book.n_failed && book.failed.data)
        est_i_diagnose_alarm(all, "minimum-data gates are not met (%s)", book.failed.data);
    est_i_text_free(&book.failed);
}
