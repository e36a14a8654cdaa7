/* What must be said beside model-based estimates. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "survey/calibrate_parts.h"
#include "survey/small_area_run.h"

typedef est_i_small_area_run run_t;

#define NAMED_MOST 8
#define FEW_FREE 10     /* areas less coefficients: below, the expansions in 1 / m say little */
#define FAR_OUT 3       /* standardised residuals */
#define ENOUGH_FOR_JB 20

/* ---- lists of areas ---- */

static bool has_no_direct(const run_t *run, size_t i)
{
    return run->model->area[i].state == EST_I_AREA_NO_DIRECT;
}

static bool has_no_variance(const run_t *run, size_t i)
{
    return run->model->area[i].state == EST_I_AREA_NO_VARIANCE;
}

static bool is_pooled(const run_t *run, size_t i)
{
    return run->pooled[i] && !(run->own_variance[i] > 0) && run->model->area[i].state == EST_I_AREA_FITTED;
}

static bool is_left_out(const run_t *run, size_t i)
{
    return run->left_out[i];
}

static bool is_far_out(const run_t *run, size_t i)
{
    return fabs(run->model->area[i].standardised) > FAR_OUT;
}

static bool fixes_a_term(const run_t *run, size_t i)
{
    return run->model->area[i].state == EST_I_AREA_FITTED && isnan(run->model->area[i].standardised);
}

static bool gains_nothing(const run_t *run, size_t i)
{
    return run->model->area[i].state == EST_I_AREA_FITTED && run->model->area[i].mse >= run->own_variance[i];
}

static double published(const run_t *run, size_t i)
{
    return run->benchmarked.estimate ? run->benchmarked.estimate[i] : run->model->area[i].estimate;
}

static bool is_outside(const run_t *run, size_t i)
{
    return run->proportion && !(published(run, i) >= 0 && published(run, i) <= 1);
}

static bool is_cut(const run_t *run, size_t i)
{
    const double mse = run->benchmarked.mse ? run->benchmarked.mse[i] : run->model->area[i].mse;
    return est_i_small_area_interval(run, published(run, i), mse).cut;
}

/* "3 areas (Kwale, Lamu, Wajir)"; false if there are none. */
static bool name_areas(const run_t *run, bool (*holds)(const run_t *, size_t), est_i_text *text)
{
    size_t count = 0;
    est_i_text names = {0};
    for (size_t i = 0; i < run->n; i++)
        if (holds(run, i) && count++ < NAMED_MOST)
            est_i_text_printf(&names, "%s%s", names.length ? ", " : "", run->names[i]);
    if (count)
        est_i_text_printf(text, "%zu area%s (%s%s)", count, count == 1 ? "" : "s", names.failed ? "" : names.data,
                          count > NAMED_MOST ? " and others" : "");
    est_i_text_free(&names);
    return count > 0;
}

static void note_areas(run_t *run, bool (*holds)(const run_t *, size_t), est_severity severity, const char *code,
                       const char *message)
{
    est_i_text text = {0};
    if (name_areas(run, holds, &text)) {
        if (text.failed)
            est_i_result_no_memory(run->builder);
        else
            est_i_result_note(run->builder, run->context, severity, code, "%s: %s", text.data, message);
    }
    est_i_text_free(&text);
}

/* ---- notes ---- */

static void note_model(run_t *run)
{
    static const char *const fits[] = {"REML", "maximum likelihood", "the equation of moments"};
    static const char *const errors[] = {"g1 + g2 + 2 g3 (Prasad, Rao 1990; Datta, Lahiri 2000)",
                                         "g1 + g2 + 2 g3 less the bias of the variance (Datta, Lahiri 2000)",
                                         "g1 + g2 + 2 g3 less the bias of the variance (Datta, Rao, Smith 2005)"};
    int fit = run->options->fit, formula = run->model->adjusted ? EST_SMALL_AREA_REML : fit;
    est_i_result_note(run->builder, run->context, EST_NOTE, "model_based",
                      "the estimates 'small_area' rest on a model: one linear relation in all areas, effects of areas that are "
                      "independent and alike in spread, sampling variances taken as known. The direct estimates beside them rest "
                      "on the survey alone");
    est_i_result_note(run->builder, run->context, EST_NOTE, "mean_squared_error",
                      "variance between areas by %s; mean squared errors: %s. They are averages over areas like each, right to "
                      "the order 1 / areas; the limits are the estimate plus and minus a normal quantile times the root of it",
                      fits[fit], errors[formula]);
    if (run->model->n_fitted < run->n_terms + FEW_FREE)
        est_i_result_note(run->builder, run->context, EST_WARNING, "few_areas",
                          "%zu areas in the fit, coefficients %zu: the mean squared errors hold for many areas, and are a rough "
                          "guide here", run->model->n_fitted, run->n_terms);
}

static void note_variance(run_t *run)
{
    const est_i_small_area *m = run->model;
    bool asked = run->options->zero_model_variance == 1;
    if (m->at_zero && m->adjusted)
        est_i_result_note(run->builder, run->context, EST_WARNING, "zero_model_variance",
                          "the variance between areas was estimated as 0 and replaced by adjusted REML (Li, Lahiri 2010), which "
                          "is never 0 and on the large side: all that follows stands on it, and the limits are wide rather than "
                          "narrow");
    else if (m->at_zero)
        est_i_result_note(run->builder, run->context, EST_WARNING, "zero_model_variance",
                          "the variance between areas is estimated as 0: every estimate is the foretold one, whatever its own "
                          "direct estimate, and g1, the largest part of a mean squared error as a rule, is 0. Where the areas do "
                          "differ, limits are then far too narrow (docs/small-areas.md); %s",
                          asked ? "adjusted REML needs three areas more than coefficients"
                                : "--zero-model-variance adjust has an estimate that is never 0");
    if (m->n_optima > 1)
        est_i_result_note(run->builder, run->context, EST_WARNING, "several_optima",
                          "the likelihood of the variance between areas has %zu maxima; the highest is taken, the frame 'optima' "
                          "shows them. The data do not settle how much the areas differ", m->n_optima);
}

/* Of residuals and variances of the fitted areas. */
static double correlation(const run_t *run)
{
    const est_i_area *area = run->model->area;
    double n = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
    for (size_t i = 0; i < run->n; i++)
        if (area[i].state == EST_I_AREA_FITTED) {
            x += run->variance[i];
            y += area[i].residual;
            n++;
        }
    x /= n;
    y /= n;
    for (size_t i = 0; i < run->n; i++)
        if (area[i].state == EST_I_AREA_FITTED) {
            double u = run->variance[i] - x, v = area[i].residual - y;
            xx += u * u;
            yy += v * v;
            xy += u * v;
        }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
}

/* The standard error of a correlation of 0 is 1 / sqrt(n - 1); at 1 %. */
static void note_variances(run_t *run)
{
    double r = correlation(run);
    char digits[64];
    est_i_number_print_fixed(r, 2, digits, sizeof digits);
    if (run->options->sampling_variance == 1)
        est_i_result_note(run->builder, run->context, EST_NOTE, "variances_pooled",
                          "in the fit every area has the variance of one case, pooled over all areas, over its cases; the direct "
                          "estimates show their own");
    if (fabs(r) * sqrt((double)run->model->n_fitted - 1) > 2.58)
        est_i_result_note(run->builder, run->context, EST_WARNING, "variances_follow",
                          "where the direct estimate is %s than foretold its variance is larger (correlation %s), as with "
                          "proportions whose variance is estimated from few cases. The others then have too much weight, and all "
                          "estimates are drawn to them; --sampling-variance pooled takes the estimate out of the variance",
                          r > 0 ? "higher" : "lower", digits);
}

static void note_use(run_t *run)
{
    note_areas(run, has_no_direct, EST_NOTE, "no_direct", "no direct estimate; the model-based one is the foretold one");
    note_areas(run, has_no_variance, EST_WARNING, "no_variance",
               "the direct estimate has a variance of 0, or none. It is not known without error (nobody in a sample has an "
               "attribute, or all have), so it does not enter the fit, and the estimate is the foretold one; --zero-variance "
               "pooled gives it the variance of as many cases of all areas");
    note_areas(run, is_pooled, EST_WARNING, "pooled_variance",
               "the direct estimate has a variance of 0, or none; in the fit it has that of as many cases of all areas");
    note_areas(run, is_left_out, EST_NOTE, "few_cases",
               est_table_is_public(run->table)
                   ? "too few cases (--least-n): the direct estimate does not enter the fit, and the model-based one is the "
                     "foretold one"
                   : "too few cases (--least-n), or next to few: the direct estimate neither enters the fit nor shows, so that "
                     "nothing printed is a function of it; the model-based one is the foretold one");
    if (!run->has_cases && !est_table_is_public(run->table))
        est_i_result_note(run->builder, run->context, EST_NOTE, "cases_unknown",
                          "without --n the cases behind the direct estimates are not known, so that disclosure control judges "
                          "nothing: the table is taken to be published already");
}

static void note_residuals(run_t *run)
{
    char p[32];
    note_areas(run, is_far_out, EST_WARNING, "far_out",
               "the direct estimate is more than three standard deviations off what is foretold; the model may not hold there, "
               "and pulls the estimate away from it");
    note_areas(run, gains_nothing, EST_NOTE, "no_gain",
               "the mean squared error of the model-based estimate is not below the variance of the direct one");
    note_areas(run, fixes_a_term, EST_NOTE, "own_term", "it alone fixes a coefficient, so that its residual says nothing");
    if (run->model->n_fitted >= ENOUGH_FOR_JB && run->model->normality_p < 0.05)
        est_i_result_note(run->builder, run->context, EST_NOTE, "residuals",
                          "the standardised residuals are not like normal ones (Jarque-Bera p %s). They mix effects of areas with "
                          "sampling errors: the test cannot tell which of the two it is, and with few areas it finds little",
                          est_i_calibration_show(run->model->normality_p, p));
}

static void note_bounds(run_t *run)
{
    note_areas(run, is_outside, EST_WARNING, "outside",
               "the model-based estimate lies outside 0 to 1, of which the linear model knows nothing. It is shown as it is, and "
               "so are its limits");
    note_areas(run, is_cut, EST_NOTE, "limits_cut", "a limit of the model-based estimate was outside 0 to 1 and is cut to it");
}

static void note_benchmark(run_t *run)
{
    static const char *const kinds[] = {"one factor", "one difference", "a change that grows with share and mean squared error"};
    char before[32], national[32];
    if (!run->benchmarked.estimate)
        return;
    est_i_result_note(run->builder, run->context, EST_NOTE, "benchmark",
                      "the model-based estimates give %s for all areas together; by %s they are made to give %s, %s. %s",
                      est_i_calibration_show(run->benchmarked.before, before), kinds[run->options->benchmark],
                      est_i_calibration_show(run->benchmarked.national, national),
                      isnan(run->national) ? "as the direct estimates do" : "the national figure",
                      isnan(run->national) ? "To their mean squared errors the model's variance of the change is added"
                                           : "To their mean squared errors the square of the change is added, for how well the "
                                             "national figure is known is not told");
}

void est_i_small_area_notes(run_t *run)
{
    note_model(run);
    note_variance(run);
    note_variances(run);
    note_use(run);
    note_residuals(run);
    note_bounds(run);
    note_benchmark(run);
}
