/* The rules of Hyndman and Fan (1996, The American Statistician 50:361-365) with weights.
 *
 * hf1 to hf3 are steps of the cumulative weight. hf4 to hf9 join knots by lines: a row of weight w after a cumulative weight C has
 * its knot at (C + a w) / (S + b w_n), w_n the weight of the last row. The rows of one value make a level stretch from the knot of
 * the first to that of the last, so that no more than those two weights is needed. */
#include "survey/quantile_rule.h"

#include <math.h>

#define TIE 1e-9 /* of the total weight */

typedef struct knots {
    double within, last; /* a and b */
} knots;

static bool is_line(est_i_quantile_rule rule)
{
    return rule >= EST_I_QUANTILE_HF4 && rule <= EST_I_QUANTILE_HF9;
}

static knots knots_of(est_i_quantile_rule rule)
{
    static const knots all[] = {{1, 0}, {0.5, 0}, {1, 1}, {0, -1}, {2.0 / 3, 1.0 / 3}, {5.0 / 8, 1.0 / 4}};
    return is_line(rule) ? all[rule - EST_I_QUANTILE_HF4] : (knots){1, 0};
}

static bool is_dhs(est_i_quantile_rule rule)
{
    return rule == EST_I_QUANTILE_DHS || rule == EST_I_QUANTILE_DHS_PRINTED;
}

static est_i_quantile_answer answer_at(double value)
{
    return (est_i_quantile_answer){value, value, 1};
}

static double less(est_i_dd a, est_i_dd b)
{
    return est_i_dd_value(est_i_dd_add(a, est_i_dd_negate(b)));
}

static double knot(const est_i_quantile_walk *walk, est_i_dd cumulative, double part, double weight)
{
    return less(est_i_dd_add(cumulative, est_i_dd_two_product(part, weight)), walk->target);
}

void est_i_quantile_walk_start(est_i_quantile_walk *walk, est_i_quantile_rule rule, est_i_dd total, double last,
                               double probability)
{
    est_i_dd scale = est_i_dd_add(total, est_i_dd_two_product(knots_of(rule).last, last));
    *walk = (est_i_quantile_walk){.rule = rule, .probability = probability, .total = total, .rank_known = true};
    walk->target = est_i_dd_multiply((est_i_dd){probability, 0}, scale);
    walk->tolerance = is_line(rule) ? 0 : TIE * total.high;
    walk->answer = answer_at(NAN);
}

void est_i_quantile_walk_resume(est_i_quantile_walk *walk, est_i_dd before, double value, double last)
{
    walk->before = before;
    walk->rank_known = false;
    walk->has_previous = true;
    walk->previous_value = value;
    walk->previous_knot = knot(walk, before, -(1 - knots_of(walk->rule).within), last);
}

bool est_i_quantile_walk_reached(const est_i_quantile_walk *walk, est_i_dd cumulative)
{
    if (walk->rule == EST_I_QUANTILE_DHS_PRINTED)
        return floor(1e4 * est_i_dd_value(est_i_dd_divide(cumulative, walk->total)) + 0.5) >= 1e4 * walk->probability * (1 - TIE);
    return less(cumulative, walk->target) >= -walk->tolerance;
}

static bool finish(est_i_quantile_walk *walk, est_i_quantile_answer answer)
{
    walk->answer = answer;
    walk->done = true;
    return true;
}

static bool push_line(est_i_quantile_walk *walk, const est_i_quantile_group *group, est_i_dd after)
{
    double within = knots_of(walk->rule).within, value = group->value;
    double first = knot(walk, walk->before, within, group->first), last = knot(walk, after, -(1 - within), group->last);
    if (first >= 0 && walk->has_previous) {
        double part = -walk->previous_knot / (first - walk->previous_knot);
        return finish(walk, answer_at(walk->previous_value + part * (value - walk->previous_value)));
    }
    if (first >= 0 || last >= 0)
        return finish(walk, answer_at(value));
    walk->has_previous = true;
    walk->previous_value = value;
    walk->previous_knot = last;
    return false;
}

/* At a tie hf1 takes this value, hf2 the middle of it and the next, hf3 the one of even rank. */
static bool push_step(est_i_quantile_walk *walk, const est_i_quantile_group *group, est_i_dd after)
{
    double beyond = less(after, walk->target), value = group->value;
    bool second = walk->rule == EST_I_QUANTILE_HF2 || walk->rule == EST_I_QUANTILE_SCHOOL, third = walk->rule == EST_I_QUANTILE_HF3;
    if (walk->tied)
        return finish(walk, answer_at(second ? (walk->previous_value + value) / 2 : value));
    if (!(beyond >= -walk->tolerance))
        return false;
    bool even = (walk->rank + 1) % 2 == 0;
    walk->rank_missed = third && beyond <= walk->tolerance && !walk->rank_known;
    if (!(beyond <= walk->tolerance) || !(second || (third && !even)) || walk->rank_missed)
        return finish(walk, answer_at(value));
    walk->tied = true;
    walk->previous_value = value;
    return false;
}

static double rounded_share(const est_i_quantile_walk *walk, est_i_dd cumulative)
{
    return floor(1e4 * est_i_dd_value(est_i_dd_divide(cumulative, walk->total)) + 0.5) / 1e4;
}

/* Completed years: the share below year a is reached on the birthday a, and grows evenly over the year. */
static bool push_years(est_i_quantile_walk *walk, const est_i_quantile_group *group, est_i_dd after)
{
    double part = -less(walk->before, walk->target) / est_i_dd_value(group->weight);
    if (!est_i_quantile_walk_reached(walk, after))
        return false;
    if (walk->rule == EST_I_QUANTILE_DHS_PRINTED) {
        double below = rounded_share(walk, walk->before);
        part = (walk->probability - below) / (rounded_share(walk, after) - below);
    }
    part = fmin(fmax(part, 0), 1);
    return finish(walk, (est_i_quantile_answer){group->value + part, group->value, part});
}

bool est_i_quantile_walk_push(est_i_quantile_walk *walk, const est_i_quantile_group *group)
{
    est_i_dd after = est_i_dd_add(walk->before, group->weight);
    if (walk->done)
        return true;
    bool found = is_line(walk->rule) ? push_line(walk, group, after)
                 : is_dhs(walk->rule) ? push_years(walk, group, after) : push_step(walk, group, after);
    walk->before = after;
    walk->rank++;
    walk->answer = found ? walk->answer : answer_at(group->value);
    return found;
}

est_i_quantile_answer est_i_quantile_walk_end(est_i_quantile_walk *walk)
{
    walk->done = true;
    return walk->answer;
}

double est_i_weighted_quantile(est_i_quantile_rule rule, size_t n, const double *value, const double *weight, double probability)
{
    est_i_quantile_walk walk;
    est_i_dd total = {0, 0};
    double last = 0;
    for (size_t i = 0; i < n; i++)
        if (weight[i] > 0) {
            total = est_i_dd_add_double(total, weight[i]);
            last = weight[i];
        }
    if (!(total.high > 0) || !(probability >= 0 && probability <= 1))
        return NAN;
    est_i_quantile_walk_start(&walk, rule, total, last, probability);
    for (size_t i = 0; i < n && !walk.done;) {
        est_i_quantile_group group = {value[i], {0, 0}, 0, 0};
        for (; i < n && !(value[i] > group.value); i++) {
            if (!(weight[i] > 0))
                continue;
            group.first = group.weight.high > 0 ? group.first : weight[i];
            group.last = weight[i];
            group.weight = est_i_dd_add_double(group.weight, weight[i]);
        }
        if (group.weight.high > 0)
            est_i_quantile_walk_push(&walk, &group);
    }
    return est_i_quantile_walk_end(&walk).value;
}
