/* A parallel for over independent items, joined within the call. */
#ifndef EST_I_NUMERICS_PARALLEL_H
#define EST_I_NUMERICS_PARALLEL_H

#include <stddef.h>

#include "core/monitor.h"

/* One item, on worker `worker` (0 to threads-1, for private workspaces). Returns EST_OK or what went wrong. */
typedef est_status est_i_item(void *user, size_t item, int worker);

/* Runs items 0 to count-1; which worker gets which item is not fixed, so an item must depend on its number alone. The calling
 * thread is worker 0. The first failure by item number is returned; a cancelled monitor gives EST_ECANCELLED. The monitor hears
 * the share of finished items. Threads that cannot be started are done without. */
est_status est_i_parallel_for(size_t count, int threads, est_i_item *item, void *user, est_i_monitor *monitor);

#endif
