/* Pairs of lists that share nobody, parameters at minus infinity, fitted counts at zero. */
#include <math.h>

#include "mse/diagnose_parts.h"

typedef struct empty_rows {
    size_t n_rows, n_infinite, n_pairs; /* pairs: without overlap by more than chance */
    est_i_text infinite, pairs;         /* their names */
} empty_rows;

static bool has_term(const est_i_diagnostics *all, uint32_t term)
{
    bool found = false;
    for (size_t i = 0; i < all->of->n_dependence && !found; i++)
        found = all->of->dependence[i] == term;
    return found;
}

static void add_row(est_i_diagnostics *all, empty_rows *rows, const char *what, const char *lists, const char *stratum,
                    double expected,
                    const char *meaning)
{
    est_i_result_cell_text(all->builder, what);
    est_i_result_cell_text(all->builder, lists);
    if (all->of->data->n_blocks > 1)
        est_i_result_cell_text(all->builder, stratum);
    est_i_result_cell(all->builder, expected);
    est_i_result_cell_text(all->builder, meaning);
    rows->n_rows++;
}

/* Persons on both lists if they were independent in a population of the estimated size. */
static double expected_overlap(const est_i_diagnostics *all, size_t block, size_t i, size_t j)
{
    double population = est_i_diagnose_margin(all, block, 0) + exp(all->of->joint->log_unseen[block]);
    return est_i_diagnose_margin(all, block, (uint32_t)1 << i) * est_i_diagnose_margin(all, block, (uint32_t)1 << j) / population;
}

/* The blocks in which a term stands: one, or those in which a shared term acts. */
typedef struct term_place {
    bool common;
    size_t block, shared;
} term_place;

static bool stands_in(const est_i_diagnostics *all, term_place place, size_t block)
{
    return place.common ? est_i_acts(all->of->terms, place.shared, block, all->of->data->n_blocks) : place.block == block;
}

/* A term without a margin on cells that could hold it. */
static bool is_dead(const est_i_diagnostics *all, term_place place, uint32_t term)
{
    bool possible = false;
    double margin = 0;
    for (size_t k = 0; k < all->of->data->n_blocks; k++)
        if (stands_in(all, place, k)) {
            possible = possible || (all->active[k] & term) == term;
            margin += est_i_diagnose_margin(all, k, term);
        }
    return possible && !(margin > 0);
}

/* Does the model take the pair to be impossible in the block? */
static bool is_impossible(const est_i_diagnostics *all, size_t block, uint32_t pair)
{
    const est_i_terms *terms = all->of->terms;
    bool found = false;
    for (size_t i = 0; i < terms->n_local && !found; i++)
        found = terms->local[i] == pair;
    for (size_t i = 0; i < terms->n_shared && !found; i++) {
        term_place place = {.common = true, .shared = i};
        found = terms->shared[i] == pair && stands_in(all, place, block) && is_dead(all, place, pair);
    }
    return found;
}

/* P(no overlap) is about exp(-expected); one pair among all pairs. */
static void add_pair(est_i_diagnostics *all, empty_rows *rows, size_t block, size_t i, size_t j)
{
    uint32_t pair = (uint32_t)1 << i | (uint32_t)1 << j;
    est_i_text lists = {0};
    double n_pairs = (double)(all->of->data->n_lists * (all->of->data->n_lists - 1) / 2) * (double)all->of->data->n_blocks;
    double expected = expected_overlap(all, block, i, j);
    bool modelled = has_term(all, pair), excludes = exp(-expected) < EST_I_DIAGNOSE_ALPHA / n_pairs;
    const char *meaning = "chance explains it";
    if (is_impossible(all, block, pair))
        meaning = "the model holds the pair: persons on both are taken to be impossible";
    else if (modelled)
        meaning = "the model holds the pair, and takes its dependence from the other strata";
    else if (excludes)
        meaning = "more than chance: the lists may exclude one another, and the model does not hold the pair";
    est_i_diagnose_term(all, pair, &lists);
    add_row(all, rows, "pair without overlap", lists.data ? lists.data : "", est_i_diagnose_block(all, block), expected, meaning);
    if (excludes && !modelled)
        est_i_diagnose_name_pair(all, &rows->pairs, &rows->n_pairs, i, j);
    est_i_text_free(&lists);
}

static void add_pairs(est_i_diagnostics *all, empty_rows *rows)
{
    size_t n = all->of->data->n_lists;
    for (size_t k = 0; k < all->of->data->n_blocks; k++)
        for (size_t i = 0; i < n; i++)
            for (size_t j = i + 1; j < n; j++) {
                uint32_t pair = (uint32_t)1 << i | (uint32_t)1 << j;
                if ((all->active[k] & pair) == pair && !(est_i_diagnose_margin(all, k, pair) > 0))
                    add_pair(all, rows, k, i, j);
            }
}

/* A dead term within this one says it already. */
static bool is_implied(const est_i_diagnostics *all, term_place place, uint32_t term)
{
    bool implied = false;
    for (uint32_t part = (term - 1) & term; part && !implied; part = (part - 1) & term)
        implied = is_dead(all, place, part);
    return implied;
}

static void add_term(est_i_diagnostics *all, empty_rows *rows, term_place place, uint32_t term)
{
    est_i_text name = {0};
    if (!term || !is_dead(all, place, term) || is_implied(all, place, term))
        return;
    est_i_diagnose_term(all, term, &name);
    add_row(all, rows, "parameter at minus infinity", name.data ? name.data : "",
            place.common ? "all" : est_i_diagnose_block(all, place.block), NAN,
            __builtin_popcount(term) == 1 ? "nobody is on the list" : "nobody has the combination: its fitted counts are zero");
    est_i_diagnose_name(&rows->infinite, &rows->n_infinite, name.data ? name.data : "");
    est_i_text_free(&name);
}

static void add_terms(est_i_diagnostics *all, empty_rows *rows)
{
    const est_i_terms *terms = all->of->terms;
    size_t n_blocks = all->of->data->n_blocks;
    for (size_t k = 0; k < n_blocks; k++)
        for (size_t i = 0; i < terms->n_local; i++)
            add_term(all, rows, (term_place){.block = k}, terms->local[i]);
    for (size_t i = 0; i < terms->n_shared; i++)
        add_term(all, rows, (term_place){.common = true, .shared = i}, terms->shared[i]);
}

static bool add_face(est_i_diagnostics *all, empty_rows *rows)
{
    const est_i_verdict *verdict = all->of->joint->verdict;
    est_i_text text = {0};
    size_t off = verdict->kept_cells - verdict->face_cells;
    if (off == 0)
        return false;
    est_i_text_printf(&text, "%zu capture histories", off);
    add_row(all, rows, "fitted counts at zero", text.data ? text.data : "", "all", NAN, "no ordinary maximum: the estimate stands "
            "on the face of the model that is left");
    est_i_text_free(&text);
    return true;
}

static void judge(est_i_diagnostics *all, empty_rows *rows, bool face)
{
    est_i_diagnose_name_end(&rows->infinite, rows->n_infinite);
    est_i_diagnose_name_end(&rows->pairs, rows->n_pairs);
    if (rows->n_infinite && rows->infinite.data) {
        est_i_result_note(all->builder, all->context, EST_WARNING, "minus_infinity", "parameters at minus infinity: %s. The model "
                          "takes these combinations to be impossible because the table holds none", rows->infinite.data);
        est_i_diagnose_alarm(all, "the model takes combinations that nobody has to be impossible (%s)", rows->infinite.data);
    }
    if (face)
        est_i_diagnose_alarm(all, "the fit lies on the boundary");
    if (rows->n_pairs && rows->pairs.data) {
        est_i_result_note(all->builder, all->context, EST_WARNING, "empty_overlaps", "lists that share nobody though chance would "
                          "have given them common persons, and whose dependence the model does not hold: %s. If they exclude one "
                          "another by their task or place, the estimate is too high", rows->pairs.data);
        est_i_diagnose_alarm(all, "lists share nobody by more than chance (%s)", rows->pairs.data);
    }
}

void est_i_diagnose_empty(est_i_diagnostics *all)
{
    static const char *const columns[] = {"what", "lists", "stratum", "expected", "meaning"};
    static const char *const plain_columns[] = {"what", "lists", "expected", "meaning"};
    static const est_column_role roles[5] = {EST_ROLE_PLAIN};
    bool strata = all->of->data->n_blocks > 1;
    empty_rows rows = {0};
    est_i_result_frame(all->builder, "empty_overlaps", "Pairs of lists without overlap (persons expected if they were "
                       "independent), and parameters at minus infinity", strata ? 5 : 4, strata ? columns : plain_columns, roles,
                       20);
    add_pairs(all, &rows);
    add_terms(all, &rows);
    bool face = add_face(all, &rows);
    if (rows.n_rows == 0)
        add_row(all, &rows, "none", "", "all", NAN, "every two lists share persons, and every parameter is finite");
    judge(all, &rows, face);
    est_i_text_free(&rows.infinite);
    est_i_text_free(&rows.pairs);
}
