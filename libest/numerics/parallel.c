/* Pthreads joined within the call: nothing of ours is alive when a host forks. */
#include "numerics/parallel.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

typedef struct shared_state {
    size_t count;
    est_i_item *item;
    void *user;
    est_i_monitor *monitor;
    atomic_size_t next, done;
    atomic_int running;
    bool is_inner; /* itself an item of a loop */
    pthread_mutex_t lock;
    size_t failed_item;
    est_status status;
} shared_state;

typedef struct worker_start {
    shared_state *state;
    int worker;
} worker_start;

static void remember_failure(shared_state *state, size_t item, est_status status)
{
    pthread_mutex_lock(&state->lock);
    if (state->status == EST_OK || item < state->failed_item) {
        state->status = status;
        state->failed_item = item;
    }
    pthread_mutex_unlock(&state->lock);
    atomic_store(&state->next, state->count);
}

static void work(shared_state *state, int worker)
{
    for (;;) {
        size_t item = atomic_fetch_add(&state->next, 1);
        if (item >= state->count || est_i_monitor_cancelled(state->monitor))
            break;
        est_status status = state->item(state->user, item, worker);
        if (status != EST_OK)
            remember_failure(state, item, status);
        size_t done = atomic_fetch_add(&state->done, 1) + 1;
        if (!state->is_inner)
            est_i_monitor_items(state->monitor, (double)done / (double)state->count);
    }
}

static void *thread_main(void *argument)
{
    worker_start *start = argument;
    work(start->state, start->worker);
    atomic_fetch_sub(&start->state->running, 1);
    return NULL;
}

/* The owner has run out of items: it goes on polling until the others are done. */
static void wait_for_workers(shared_state *state)
{
    while (atomic_load(&state->running) > 0) {
        struct timespec pause = {0, 2000000};
        est_i_monitor_cancelled(state->monitor);
        nanosleep(&pause, NULL);
    }
}

est_status est_i_parallel_for(size_t count, int threads, est_i_item *item, void *user, est_i_monitor *monitor)
{
    shared_state state = {.count = count, .item = item, .user = user, .monitor = monitor, .status = EST_OK};
    size_t extra = threads > 1 ? (size_t)threads - 1 : 0, started = 0;
    if (extra > count)
        extra = count;
    pthread_t *handles = extra ? calloc(extra, sizeof *handles) : NULL;
    worker_start *starts = extra ? calloc(extra, sizeof *starts) : NULL;
    pthread_mutex_init(&state.lock, NULL);
    state.is_inner = est_i_monitor_count_items(monitor, true);
    while (handles && starts && started < extra) {
        starts[started] = (worker_start){&state, (int)started + 1};
        atomic_fetch_add(&state.running, 1);
        if (pthread_create(&handles[started], NULL, thread_main, &starts[started]) != 0) {
            atomic_fetch_sub(&state.running, 1);
            break;
        }
        started++;
    }
    work(&state, 0);
    wait_for_workers(&state);
    for (size_t i = 0; i < started; i++)
        pthread_join(handles[i], NULL);
    est_i_monitor_count_items(monitor, state.is_inner);
    pthread_mutex_destroy(&state.lock);
    free(starts);
    free(handles);
    return est_i_monitor_cancelled(monitor) ? EST_ECANCELLED : state.status;
}
