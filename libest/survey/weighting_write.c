/* The result of a weighting. */
#include <math.h>
#include <string.h>

#include <est.h>

#include "core/error.h"
#include "core/text.h"
#include "survey/calibrate_parts.h"
#include "survey/weighting.h"

/* ---- stats ---- */

static void add_stats(est_i_weighting *run)
{
    const est_i_calibration_report *r = &run->report;
    est_i_result_add_stat(run->builder, "rows", (double)run->data.n, true);
    if (run->n_response)
        est_i_result_add_stat(run->builder, "nonrespondents", (double)run->nonrespondents, true);
    if (run->calibrated) {
        est_i_result_add_stat(run->builder, "iterations", r->iterations, false);
        est_i_result_add_stat(run->builder, "factors_at_lower_bound", (double)r->at_lower, false);
        est_i_result_add_stat(run->builder, "factors_at_upper_bound", (double)r->at_upper, false);
    }
    if (run->least > 0)
        est_i_result_add_stat(run->builder, "lower_limit", run->least, false);
    if (run->most < INFINITY)
        est_i_result_add_stat(run->builder, "upper_limit", run->most, false);
    if (run->least > 0 || run->most < INFINITY) {
        est_i_result_add_stat(run->builder, "weights_at_lower_limit", (double)run->at_least, false);
        est_i_result_add_stat(run->builder, "weights_at_upper_limit", (double)run->at_most, false);
    }
}

/* ---- frames ---- */

/* Lines of a frame are about rows from number `first` on: what is withheld there is withheld here. */
static void begin_line(est_i_weighting *run, size_t first, size_t line)
{
    if (first != SIZE_MAX)
        est_i_result_frame_about(run->builder, first + line);
}

static void add_steps(est_i_weighting *run)
{
    static const char *const columns[] = {"step", "rows", "sum", "mean", "smallest", "largest", "cv", "design_effect",
                                          "effective_n"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_COUNT, EST_ROLE_PLAIN, EST_ROLE_FIT, EST_ROLE_FIT,
                                            EST_ROLE_FIT, EST_ROLE_FIT, EST_ROLE_FIT, EST_ROLE_FIT};
    est_i_result_frame(run->builder, "steps", "Weights after each step (design effect: Kish's 1 + CV squared)", 9, columns, roles,
                       SIZE_MAX);
    for (size_t s = 0; s < run->n_steps; s++) {
        const est_i_weighting_step *step = &run->step[s];
        begin_line(run, 0, s * EST_I_WEIGHTING_STEP_ROWS);
        est_i_result_cell_text(run->builder, step->name);
        est_i_result_cell(run->builder, (double)step->rows);
        est_i_result_cell(run->builder, step->sum);
        est_i_result_cell(run->builder, step->mean);
        est_i_result_cell(run->builder, step->smallest);
        est_i_result_cell(run->builder, step->largest);
        est_i_result_cell(run->builder, step->cv);
        est_i_result_cell(run->builder, step->kish);
        est_i_result_cell(run->builder, (double)step->rows / step->kish);
    }
}

static const char *flag_of(const est_i_weighting_cell *cell)
{
    if (cell->few && cell->large)
        return "few respondents, large factor";
    return cell->few ? "few respondents" : cell->large ? "large factor" : "";
}

static void add_response(est_i_weighting *run)
{
    static const char *const columns[] = {"cell", "rows", "respondents", "weight", "responding", "factor", "flag"};
    est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_COUNT, EST_ROLE_COUNT, EST_ROLE_ESTIMATE, EST_ROLE_ESTIMATE, EST_ROLE_FIT,
                               EST_ROLE_PLAIN};
    bool each = run->formula && run->options->propensity_classes == 0;
    if (!run->n_response)
        return;
    roles[5] = run->first_cell_row == SIZE_MAX ? EST_ROLE_PRIVATE : EST_ROLE_FIT;
    est_i_result_frame(run->builder, "response", each ? "Adjustment for nonresponse (factor: the largest)"
                                                      : "Adjustment for nonresponse", 7, columns, roles, 40);
    for (size_t k = 0; k < run->n_response; k++) {
        const est_i_weighting_cell *cell = &run->cells[k];
        begin_line(run, run->first_cell_row, k);
        est_i_result_cell_text(run->builder, cell->name);
        est_i_result_cell(run->builder, (double)cell->rows);
        est_i_result_cell(run->builder, (double)cell->respondents);
        est_i_result_cell(run->builder, cell->weight);
        est_i_result_cell(run->builder, cell->responding);
        est_i_result_cell(run->builder, cell->factor);
        est_i_result_cell_text(run->builder, flag_of(cell));
    }
}

static void add_margins(est_i_weighting *run)
{
    static const char *const columns[] = {"total", "rows", "known", "before", "after"};
    est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_COUNT, EST_ROLE_PLAIN, EST_ROLE_ESTIMATE, EST_ROLE_PLAIN};
    if (!run->calibrated)
        return;
    roles[3] = run->first_total_row == SIZE_MAX ? EST_ROLE_PRIVATE : EST_ROLE_ESTIMATE;
    est_i_result_frame(run->builder, "margins", "Known totals, before calibration and after the last step", 5, columns, roles, 60);
    for (size_t j = 0; j < run->report.n_totals; j++) {
        begin_line(run, run->first_total_row, j);
        est_i_result_cell_text(run->builder, run->report.name[j]);
        est_i_result_cell(run->builder, (double)run->counts[j]);
        est_i_result_cell(run->builder, run->report.known[j]);
        est_i_result_cell(run->builder, run->report.before[j]);
        est_i_result_cell(run->builder, run->after[j]);
    }
}

static void add_weights(est_i_weighting *run)
{
    static const char *const columns[] = {"record", "base", "final"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PRIVATE, EST_ROLE_PRIVATE};
    est_i_result_frame(run->builder, "weights", "Weights of the records", 3, columns, roles, 0);
    for (size_t i = 0; i < run->data.n; i++) {
        est_i_result_cell(run->builder, (double)(i + 1));
        est_i_result_cell(run->builder, run->base[i]);
        est_i_result_cell(run->builder, run->weight[i]);
    }
}

/* ---- notes ---- */

static void note_cells(est_i_weighting *run)
{
    static const char in_public[] = "some cells of the nonresponse adjustment have few respondents or a large factor; join them "
                                    "with others";
    size_t few = 0, large = 0, named = 0;
    est_i_text names = {0};
    for (size_t k = 0; k < run->n_response; k++) {
        bool flagged = run->cells[k].few || run->cells[k].large;
        if (flagged && named++ < 5)
            est_i_text_printf(&names, "%s%s", names.length ? "; " : "", run->cells[k].name);
        few += run->cells[k].few ? 1 : 0;
        large += run->cells[k].large ? 1 : 0;
    }
    if (names.failed)
        est_i_result_no_memory(run->builder);
    else if (named && run->first_cell_row == SIZE_MAX)
        est_i_result_note(run->builder, run->context, EST_WARNING, "response_cells", "%s", in_public);
    else if (named)
        est_i_result_note_public(run->builder, run->context, EST_WARNING, "response_cells", in_public,
                                 "%zu of %zu cells of the nonresponse adjustment have few respondents, %zu a large factor (%s%s); "
                                 "join them with others, for few respondents stand for many there",
                                 few, run->n_response, large, names.data, named > 5 ? "; ..." : "");
    est_i_text_free(&names);
}

static void note_response(est_i_weighting *run)
{
    if (run->n_response == 0)
        return;
    note_cells(run);
    est_i_result_note(run->builder, run->context, EST_NOTE, "nonresponse",
                      "rows that did not respond have the weight 0. The adjustment takes them to be like the respondents of their "
                      "%s; the data cannot test that", run->formula ? "propensity" : "cell");
}

static void note_calibration(est_i_weighting *run)
{
    const est_i_calibration_report *r = &run->report;
    char a[32], b[32];
    bool far = r->smallest_g < 0.2 || r->largest_g > 5;
    if (!run->calibrated)
        return;
    if (r->at_lower + r->at_upper > 0)
        est_i_result_note(run->builder, run->context, EST_NOTE, "bounds",
                          "the factors of %zu rows are at the lower bound, of %zu at the upper", r->at_lower, r->at_upper);
    est_i_result_note_public(run->builder, run->context, far ? EST_WARNING : EST_NOTE, "factors",
                             far ? "calibration changes some weights much: sample and totals differ much, or a level has few cases"
                                 : "",
                             "calibration multiplies the weights by %s to %s%s", est_i_calibration_show(r->smallest_g, a),
                             est_i_calibration_show(r->largest_g, b),
                             far ? "; so far from 1 they mean that sample and totals differ much, or that a level has few cases"
                                 : "");
}

static void note_weights(est_i_weighting *run)
{
    const est_i_weighting_step *last = &run->step[run->n_steps - 1];
    char digits[32];
    for (size_t i = 0; i < run->data.n; i++)
        run->negative += run->weight[i] < 0 ? 1 : 0;
    if (run->negative)
        est_i_result_note(run->builder, run->context, EST_WARNING, "negative_weights",
                          "%zu weights are below zero, which linear calibration does not exclude; use --calibrate bounded, logit "
                          "or rake", run->negative);
    if (run->at_least + run->at_most > 0)
        est_i_result_note(run->builder, run->context, EST_NOTE, "trimmed", "%zu weights are at the lower limit and %zu at the "
                          "upper; %s", run->at_least, run->at_most,
                          run->calibrated ? "the known totals still hold" : "their sum is kept");
    if (last->kish > 1.5)
        est_i_result_note_public(run->builder, run->context, last->kish > 3 ? EST_WARNING : EST_NOTE, "variation",
                                 "the weights vary much, which multiplies the variance of a mean (Kish) where they are not related "
                                 "to what is measured",
                                 "the weights vary so much that they multiply the variance of a mean by about %s (Kish), where "
                                 "they are not related to what is measured", est_i_calibration_show(last->kish, digits));
}

/* What standard errors of est survey see of it; the figures behind the words: docs/weighting.md. */
static void note_variance(est_i_weighting *run)
{
    bool response = run->n_response > 0, trimmed = run->at_least + run->at_most > 0;
    if (run->calibrated)
        est_i_result_note(run->builder, run->context, EST_NOTE, "variance",
                          "standard errors must take the calibration into account: give est survey the weights before it and the "
                          "same totals (--calibrate, --margins), or both weights (--calibrate declared, --calibrated, "
                          "--base-weight)%s",
                          response ? ". The weights before it are those after the adjustment for nonresponse, which a run of its "
                                     "own makes; with the base weights, declared needs --g-weighted" : "");
    if (response && run->calibrated)
        est_i_result_note(run->builder, run->context, EST_NOTE, "variance_response",
                          "that leaves out the adjustment for nonresponse: standard errors are too large as a rule, but not where "
                          "the calibration has totals of the %s too", run->formula ? "model's columns" : "response cells");
    else if (response)
        est_i_result_note(run->builder, run->context, EST_NOTE, "variance_response",
                          "est survey takes these weights for those of the design: standard errors are a little too large as a "
                          "rule. Do not declare the %s as calibrated: their totals are the sample's, not known, and standard "
                          "errors would be far too small. Calibration to known totals of them takes the adjustment into account",
                          run->formula ? "model's columns" : "response cells");
    if (trimmed)
        est_i_result_note(run->builder, run->context, EST_NOTE, "variance_trimming",
                          "standard errors do not tell the bias of trimming");
}

/* ---- the result ---- */

static est_status add_provenance(est_i_weighting *run)
{
    char digest[65];
    est_i_text rows = {0};
    est_status status = EST_OK;
    est_i_result_add_provenance(run->builder, "version", est_version(), false);
    est_i_result_add_provenance(run->builder, "reference", est_i_method_weight.reference, false);
    est_i_result_add_options(run->builder, &est_i_method_weight, run->options);
    est_i_text_printf(&rows, "%zu", run->data.n);
    est_i_result_add_provenance(run->builder, "rows", rows.failed ? "" : rows.data, true);
    est_i_text_free(&rows);
    if (est_source_is_repeatable(run->source))
        status = est_i_source_digest(run->source, &run->monitor, digest, run->error);
    if (est_source_is_repeatable(run->source) && status == EST_OK)
        est_i_result_add_provenance(run->builder, "data-sha256", digest, !est_source_is_public(run->source));
    est_i_result_add_provenance(run->builder, "data", est_source_name(run->source), true);
    return status;
}

est_status est_i_weighting_write(est_i_weighting *run)
{
    run->builder = est_i_result_begin(est_i_method_weight.id, est_i_method_weight.title);
    if (!run->builder)
        return est_i_no_memory(run->error);
    est_i_result_profile(run->builder, "dhs");
    est_i_result_mark(run->builder, est_source_is_public(run->source), est_source_is_synthetic(run->source), false);
    est_i_weighting_rows(run);
    add_stats(run);
    add_steps(run);
    add_response(run);
    add_margins(run);
    add_weights(run);
    note_response(run);
    note_calibration(run);
    note_weights(run);
    note_variance(run);
    return add_provenance(run);
}
