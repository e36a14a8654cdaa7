/* Each pair of lists: their overlap, what the two alone would say, and how strongly they depend on one another.
 *
 * The odds ratio of two lists over the whole population needs the persons on neither, among them the unseen: it cannot be observed
 * (that is why two lists cannot test their independence). Among the persons on other lists all four cells are seen. Their odds
 * ratios are taken within each history on the other lists and combined by Mantel and Haenszel (1959): if lists depend on a third
 * one, a table that mixes the histories shows a dependence that is not theirs. In a log-linear model without larger terms of the
 * pair the common odds ratio is exp of its term. Interval: Robins, Breslow and Greenland (1986) Biometrics 42:311-323. Where the
 * estimate is 0 or infinite: the exact conditional limit on the other side. */
#include <math.h>

#include "mse/diagnose_parts.h"
#include "numerics/special.h"

/* The whole interval beyond this factor, or below its inverse, is called strong. */
#define STRONG 2.0

typedef struct four_cells {
    double both, first, second, neither;
} four_cells;

/* Sums over the tables of one pair. */
typedef struct pair_sums {
    double overlap, lincoln, chapman; /* over blocks where both are at work */
    double agree, differ;             /* R and S of Mantel and Haenszel */
    double pr, ps_qr, qs;             /* Robins, Breslow and Greenland */
} pair_sums;

typedef struct odds {
    double ratio, lower, upper;
} odds;

typedef struct pair_walk {
    const est_i_diagnostics *all;
    size_t i, j;
} pair_walk;

static four_cells cells_at(const pair_walk *p, size_t block, uint32_t history)
{
    const est_i_fit_data *data = p->all->of->data;
    const double *counts = data->counts + block * data->n_cells;
    uint32_t first = (uint32_t)1 << p->i, second = (uint32_t)1 << p->j;
    return (four_cells){counts[history | first | second], counts[history | first], counts[history | second], counts[history]};
}

/* Is this a history on lists at work other than the pair? */
static bool is_other_history(const pair_walk *p, size_t block, uint32_t history)
{
    uint32_t pair = (uint32_t)1 << p->i | (uint32_t)1 << p->j;
    return (p->all->active[block] & pair) == pair && !(history & pair) && !(history & ~p->all->active[block]);
}

static void add_table(four_cells t, pair_sums *sums)
{
    double n = t.both + t.first + t.second + t.neither;
    if (!(n > 0))
        return;
    double p = (t.both + t.neither) / n, q = (t.first + t.second) / n;
    double r = t.both * t.neither / n, s = t.first * t.second / n;
    sums->agree += r;
    sums->differ += s;
    sums->pr += p * r;
    sums->ps_qr += p * s + q * r;
    sums->qs += q * s;
}

static pair_sums sum_tables(const pair_walk *p)
{
    pair_sums sums = {0};
    const est_i_diagnostics *all = p->all;
    uint32_t first = (uint32_t)1 << p->i, second = (uint32_t)1 << p->j;
    for (size_t k = 0; k < all->of->data->n_blocks; k++) {
        if (!is_other_history(p, k, 0))
            continue;
        double n_first = est_i_diagnose_margin(all, k, first), n_second = est_i_diagnose_margin(all, k, second);
        double both = est_i_diagnose_margin(all, k, first | second);
        sums.overlap += both;
        sums.lincoln += both > 0 ? n_first * n_second / both : NAN;
        sums.chapman += (n_first + 1) * (n_second + 1) / (both + 1) - 1;
        for (uint32_t history = 1; history < all->of->data->n_cells; history++)
            if (is_other_history(p, k, history))
                add_table(cells_at(p, k, history), &sums);
    }
    return sums;
}

/* Log of 1 / P(the overlap of one table is as small as it can be | odds ratio): the sum over overlaps of their weight against the
 * least one's, w_{t+1} / w_t = (r - t)(m - t) / ((t + 1)(n - r - m + t + 1)) psi. `upper` turns the table over. */
static double log_least(four_cells t, bool upper, double psi)
{
    double row = upper ? t.second + t.neither : t.both + t.first, column = t.both + t.second;
    double n = t.both + t.first + t.second + t.neither, least = fmax(0, row + column - n), term = 1, sum = 1;
    for (double x = least; x < fmin(row, column) && sum < 1e300; x++) {
        term *= (row - x) * (column - x) / ((x + 1) * (n - row - column + x + 1)) * psi;
        sum += term;
    }
    return log(sum);
}

/* Where P(every table at its least overlap) = alpha / 2. +Inf: no odds ratio makes it rare. */
static double exact_limit(const pair_walk *p, bool upper)
{
    const est_i_diagnostics *all = p->all;
    double target = -log((1 - EST_I_DIAGNOSE_LEVEL) / 2), low = -40, high = 40;
    for (int step = 0; step < 60; step++) {
        double middle = (low + high) / 2, sum = 0;
        for (size_t k = 0; k < all->of->data->n_blocks; k++)
            for (uint32_t history = 1; history < all->of->data->n_cells && sum <= target; history++)
                if (is_other_history(p, k, history))
                    sum += log_least(cells_at(p, k, history), upper, exp(middle));
        *(sum > target ? &high : &low) = middle;
    }
    return high < 40 ? exp(high) : INFINITY;
}

static odds odds_of(const pair_walk *p, const pair_sums *s)
{
    odds o = {NAN, NAN, NAN};
    double z = est_i_normal_quantile((1 + EST_I_DIAGNOSE_LEVEL) / 2);
    if (s->agree > 0 && s->differ > 0) {
        double r = s->agree, d = s->differ;
        double se = sqrt(s->pr / (2 * r * r) + s->ps_qr / (2 * r * d) + s->qs / (2 * d * d));
        o = (odds){r / d, r / d * exp(-z * se), r / d * exp(z * se)};
    } else if (s->differ > 0)
        o = (odds){0, 0, exact_limit(p, false)};
    else if (s->agree > 0)
        o = (odds){INFINITY, 1 / exact_limit(p, true), INFINITY};
    return o;
}

static bool is_modelled(const pair_walk *p)
{
    uint32_t pair = (uint32_t)1 << p->i | (uint32_t)1 << p->j;
    bool found = false;
    for (size_t m = 0; m < p->all->of->n_dependence && !found; m++)
        found = (p->all->of->dependence[m] & pair) == pair;
    return found;
}

static void add_row(const pair_walk *p, const pair_sums *sums, odds o)
{
    est_i_result_builder *builder = p->all->builder;
    const char *says = "not strong";
    if (isnan(o.ratio))
        says = "no other list can tell";
    else if (o.lower > STRONG)
        says = "strong, positive";
    else if (o.upper < 1 / STRONG)
        says = "strong, negative";
    est_i_result_cell_text(builder, p->all->of->captures->list_names[p->i]);
    est_i_result_cell_text(builder, p->all->of->captures->list_names[p->j]);
    est_i_result_cell(builder, sums->overlap);
    est_i_result_cell(builder, sums->lincoln);
    est_i_result_cell(builder, sums->chapman);
    est_i_result_cell(builder, o.ratio);
    est_i_result_cell(builder, o.lower);
    est_i_result_cell(builder, o.upper);
    est_i_result_cell_text(builder, is_modelled(p) ? "yes" : "no");
    est_i_result_cell_text(builder, says);
}

/* Where persons are sent from list to list (Jones et al. 2014, American Journal of Epidemiology 179:1383-1393). */
static void note_referral(est_i_diagnostics *all, est_i_text *strong, size_t n_strong, est_i_text *missed, size_t n_missed)
{
    est_i_diagnose_name_end(strong, n_strong);
    est_i_diagnose_name_end(missed, n_missed);
    if (n_strong && strong->data)
        est_i_result_note(all->builder, all->context, EST_NOTE, "referral", "strongly dependent lists: %s. Ask whether one sends "
                          "persons to the other (they then share more than chance, and an estimate that takes them as independent "
                          "is too low) or whether a person goes to the one or to the other (they share fewer, and it is too "
                          "high)", strong->data);
    if (n_missed && missed->data) {
        est_i_result_note(all->builder, all->context, EST_WARNING, "pair_dependence", "strongly dependent lists whose dependence "
                          "the model does not hold: %s", missed->data);
        est_i_diagnose_alarm(all, "the model leaves out a strong dependence between lists (%s)", missed->data);
    }
}

void est_i_diagnose_pairs(est_i_diagnostics *all)
{
    static const char *const columns[] = {"list", "other", "both", "population_lincoln", "population_chapman", "odds_ratio",
                                          "lower_odds_ratio", "upper_odds_ratio", "in_model", "dependence"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_COUNT, EST_ROLE_ESTIMATE, EST_ROLE_ESTIMATE,
                                            EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_PLAIN, EST_ROLE_PLAIN,    EST_ROLE_PLAIN};
    est_i_text strong = {0}, missed = {0};
    size_t n = all->of->data->n_lists, n_strong = 0, n_missed = 0;
    est_i_result_frame(all->builder, "pair_dependence", "Pairs of lists: overlap, Lincoln-Petersen and Chapman, and the odds "
                       "ratio among persons on other lists (95 % limits)", 10, columns, roles, n <= 6 ? SIZE_MAX : 15);
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            pair_walk pair = {all, i, j};
            pair_sums sums = sum_tables(&pair);
            odds o = odds_of(&pair, &sums);
            add_row(&pair, &sums, o);
            if (!(o.lower > STRONG || o.upper < 1 / STRONG))
                continue;
            est_i_diagnose_name_pair(all, &strong, &n_strong, i, j);
            if (!is_modelled(&pair))
                est_i_diagnose_name_pair(all, &missed, &n_missed, i, j);
        }
    note_referral(all, &strong, n_strong, &missed, n_missed);
    est_i_text_free(&strong);
    est_i_text_free(&missed);
}
