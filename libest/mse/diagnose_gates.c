/* Minimum-data gates (decisions.md 10), each with its number, for every stratum and for the whole. */
#include <math.h>

#include "mse/diagnose_parts.h"
#include "mse/interval.h"

typedef enum gate_kind { GATE_COUNT = 0, GATE_COVERAGE, GATE_RATIO, GATE_LISTS } gate_kind;

typedef struct gate_book {
    est_i_diagnostics *all;
    bool overridden;
    size_t first, n_blocks; /* the blocks at hand */
    const char *stratum;
    size_t n_failed;
    est_i_text failed;
} gate_book;

static void add_gate(gate_book *book, const char *gate, gate_kind kind, double value, bool passed)
{
    est_i_result_builder *builder = book->all->builder;
    if (book->all->of->data->n_blocks > 1)
        est_i_result_cell_text(builder, book->stratum);
    est_i_result_cell_text(builder, gate);
    est_i_result_cell(builder, kind == GATE_COUNT ? value : NAN);
    est_i_result_cell(builder, kind == GATE_LISTS ? value : NAN);
    est_i_result_cell(builder, kind == GATE_COVERAGE ? value : NAN);
    est_i_result_cell(builder, kind == GATE_RATIO ? value : NAN);
    est_i_result_cell_text(builder, passed ? "pass" : book->overridden ? "override" : "fail");
    if (!passed) {
        est_i_text name = {0};
        bool whole = book->n_blocks == book->all->of->data->n_blocks;
        est_i_text_printf(&name, "%s%s%s", gate, whole ? "" : " in ", whole ? "" : book->stratum);
        est_i_diagnose_name(&book->failed, &book->n_failed, name.data ? name.data : "");
        est_i_text_free(&name);
    }
}

/* Persons on the smallest list, and the least that a list shares with all others together. */
static void add_list_gates(gate_book *book)
{
    const est_i_diagnostics *all = book->all;
    double least = INFINITY, least_shared = INFINITY, at_work = 0;
    for (size_t j = 0; j < all->of->data->n_lists; j++) {
        double on = 0, alone = 0;
        bool works = false;
        for (size_t k = book->first; k < book->first + book->n_blocks; k++) {
            on += est_i_diagnose_margin(all, k, (uint32_t)1 << j);
            alone += all->of->data->counts[k * all->of->data->n_cells + ((size_t)1 << j)];
            works = works || (all->active[k] >> j & 1);
        }
        at_work += works;
        least = works ? fmin(least, on) : least;
        least_shared = works ? fmin(least_shared, on - alone) : least_shared;
    }
    add_gate(book, "at least 3 lists", GATE_LISTS, at_work, at_work >= 3);
    add_gate(book, "at least 10 persons on each list", GATE_COUNT, least, least >= 10);
    add_gate(book, "each list shares persons with another", GATE_COUNT, least_shared, least_shared > 0);
}

static void add_set(gate_book *book, double n, double population, double lower, double upper)
{
    add_gate(book, "at least 100 persons", GATE_COUNT, n, n >= 100);
    add_list_gates(book);
    if (isnan(population))
        add_gate(book, "there is an estimate", GATE_COVERAGE, NAN, false);
    else
        add_gate(book, "the lists hold at least 5 % of the estimate", GATE_COVERAGE, n / population, n >= 0.05 * population);
    if (!isnan(lower) && !isnan(upper))
        add_gate(book, "the upper limit is at most 10 times the lower", GATE_RATIO, upper / lower, upper <= 10 * lower);
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
    add_set(book, n, n + exp(joint->log_unseen[block]), limits.lower, limits.upper);
}

/* The gates of the whole stand last, and sum the strata. */
void est_i_diagnose_gates(est_i_diagnostics *all, bool overridden)
{
    gate_book book = {.all = all, .overridden = overridden, .stratum = ""};
    size_t n = all->of->data->n_blocks;
    start_frame(all);
    for (size_t k = 0; n > 1 && k < n; k++)
        add_stratum(&book, k);
    book.stratum = "all";
    book.first = 0;
    book.n_blocks = n;
    add_set(&book, all->n, all->population, all->of->lower, all->of->upper);
    est_i_diagnose_name_end(&book.failed, book.n_failed);
    if (book.n_failed && book.failed.data)
        est_i_diagnose_alarm(all, overridden ? "minimum-data gates that are not met were overridden (%s)"
                                             : "minimum-data gates are not met (%s)", book.failed.data);
    est_i_text_free(&book.failed);
}
