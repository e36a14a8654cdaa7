/* One watch over a call: asks poll often enough, tells tick rarely enough, lets worker threads stop. */
#ifndef EST_I_CORE_MONITOR_H
#define EST_I_CORE_MONITOR_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <est/context.h>
#include <est/error.h>

/* Lives on the calling thread's stack for the length of one call. */
typedef struct est_i_monitor {
    est_context context;
    pthread_t owner;
    atomic_bool cancelled;
    int64_t polled_at, ticked_at; /* nanoseconds of the monotonic clock; owner only */
    const char *stage;
    _Atomic double fraction;
    atomic_bool counts_items;
    double base, span; /* the stage covers [base, base + span] of the whole */
} est_i_monitor;

/* `context` NULL = defaults. The first stage is "preparing". */
void est_i_monitor_start(est_i_monitor *monitor, const est_context *context);
/* From here on the work is `stage` and covers [base, base + span] of the whole (0 to 1). */
void est_i_monitor_stage(est_i_monitor *monitor, const char *stage, double base, double span);
/* Cheap, from any thread, as often as once a microsecond: on the owner it polls when 10 ms have gone by and ticks when
 * 100 ms have; elsewhere it only reads the flag. true = stop now. NULL monitor: false. */
bool est_i_monitor_cancelled(est_i_monitor *monitor);
/* The part of the stage that is done, 0 to 1; any thread. */
void est_i_monitor_progress(est_i_monitor *monitor, double fraction);
/* While a parallel loop counts its items only _items is heard: what an item says of its own progress is not the call's.
 * Returns what it was before. */
bool est_i_monitor_count_items(est_i_monitor *monitor, bool on);
void est_i_monitor_items(est_i_monitor *monitor, double fraction);
/* EST_ECANCELLED with its message. */
est_status est_i_cancelled(est_error *error);

#endif
