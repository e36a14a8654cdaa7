/* What the widths of the kernel share: the course of each lane, kept in plain arrays. */
#ifndef EST_I_MSE_KERNEL_INTERNAL_H
#define EST_I_MSE_KERNEL_INTERNAL_H

#include "mse/kernel.h"

typedef struct est_i_lane_course {
    size_t lanes;
    double loglik[EST_I_LANES_MOST], reference[EST_I_LANES_MOST], step[EST_I_LANES_MOST];
    double decrement[EST_I_LANES_MOST], least[EST_I_LANES_MOST], loglik_final[EST_I_LANES_MOST];
    int64_t accepted[EST_I_LANES_MOST]; /* -1 = the last move stands, a new step is taken from it */
    int64_t moving[EST_I_LANES_MOST];   /* -1 = beta changes at the end of this round */
    bool running[EST_I_LANES_MOST], jumped[EST_I_LANES_MOST];
    bool has_empty_block[EST_I_LANES_MOST]; /* nobody in some block: its intercept is dead, and no certificate speaks for it */
    int iterations[EST_I_LANES_MOST];
} est_i_lane_course;

void est_i_course_start(est_i_lane_course *course, const est_i_fit_data *data, const est_i_fit_request *request,
                        est_i_fit_space *space);
/* Any lane still running? Stops them all when the request's monitor is cancelled. */
bool est_i_course_running(est_i_lane_course *course, const est_i_fit_request *request, est_i_fit_space *space);
/* After an evaluation: accepts or halves each running lane. true = at least one was accepted. */
bool est_i_course_judge(est_i_lane_course *course, est_i_fit_space *space);
/* The lane takes its last step (FAILED and DISCARDED too: harmless) and stops. */
void est_i_lane_stop(est_i_lane_course *course, est_i_fit_space *space, size_t lane, est_i_fit_state state);
/* The face jump: cells of lane l with no count that the Newton step would nearly empty leave. true = some left. */
bool est_i_drop_vanishing_cells(const est_i_fit_data *data, est_i_fit_space *space, size_t lane);
/* The monitor of a fit whose iterations are long, so that it is asked within them; NULL where asking between them is enough. */
est_i_monitor *est_i_fit_watch(const est_i_fit_data *data, const est_i_fit_request *request);
/* Sums and eliminations end at once: what they leave is never used, since the fit has FAILED. */
static inline bool est_i_fit_is_stopped(est_i_monitor *watch)
{
    return watch && est_i_monitor_cancelled(watch);
}
/* Every lane of a fit that was stopped has FAILED, whatever it made of its last sums. */
void est_i_fit_end(const est_i_fit_request *request, est_i_fit_space *space);
bool est_i_any_nonzero(const double *values, size_t n);
bool est_i_has_exchangeable(const est_i_terms *terms);

void est_i_fit_1(const est_i_fit_data *data, const est_i_fit_request *request, est_i_fit_space *space);
void est_i_fit_2(const est_i_fit_data *data, const est_i_fit_request *request, est_i_fit_space *space);
void est_i_fit_4(const est_i_fit_data *data, const est_i_fit_request *request, est_i_fit_space *space);
void est_i_fit_8(const est_i_fit_data *data, const est_i_fit_request *request, est_i_fit_space *space);

#endif
