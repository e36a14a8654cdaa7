/* The watch over a call. */
#include <stddef.h>
#include <time.h>

#include "core/error.h"
#include "core/monitor.h"

#define POLL_EVERY 10000000 /* nanoseconds: a hundred times a second at most, fifty at least */
#define TICK_EVERY 100000000

static int64_t monotonic_now(void)
{
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void est_i_monitor_start(est_i_monitor *monitor, const est_context *context)
{
    monitor->context = context ? *context : est_context_default();
    monitor->owner = pthread_self();
    atomic_init(&monitor->cancelled, false);
    monitor->polled_at = monitor->ticked_at = monotonic_now() - TICK_EVERY;
    monitor->stage = "preparing";
    atomic_init(&monitor->fraction, 0.0);
    atomic_init(&monitor->counts_items, false);
    monitor->base = 0;
    monitor->span = 1;
}

void est_i_monitor_stage(est_i_monitor *monitor, const char *stage, double base, double span)
{
    if (monitor) {
        monitor->stage = stage;
        monitor->base = base;
        monitor->span = span;
        atomic_store_explicit(&monitor->fraction, 0.0, memory_order_relaxed);
    }
}

static double whole_fraction(est_i_monitor *monitor)
{
    double fraction =
        monitor->base + monitor->span * atomic_load_explicit(&monitor->fraction, memory_order_relaxed);
    return !(fraction > 0) ? 0 : fraction > 1 ? 1 : fraction;
}

/* On the owner: asks and tells, each when its time has come. */
static bool consult(est_i_monitor *monitor)
{
    est_context *context = &monitor->context;
    int64_t now = monotonic_now();
    bool stop = false;
    if (context->poll && now - monitor->polled_at >= POLL_EVERY) {
        monitor->polled_at = now;
        stop = context->poll(context->user) != 0;
    }
    if (!stop && context->tick && now - monitor->ticked_at >= TICK_EVERY) {
        monitor->ticked_at = now;
        stop = context->tick(context->user, monitor->stage, whole_fraction(monitor)) != 0;
    }
    if (stop)
        atomic_store_explicit(&monitor->cancelled, true, memory_order_relaxed);
    return stop;
}

bool est_i_monitor_cancelled(est_i_monitor *monitor)
{
    bool stop = monitor && atomic_load_explicit(&monitor->cancelled, memory_order_relaxed);
    if (monitor && !stop && (monitor->context.poll || monitor->context.tick) &&
        pthread_equal(pthread_self(), monitor->owner))
        stop = consult(monitor);
    return stop;
}

void est_i_monitor_items(est_i_monitor *monitor, double fraction)
{
    if (monitor && fraction >= 0 && fraction <= 1)
        atomic_store_explicit(&monitor->fraction, fraction, memory_order_relaxed);
}

void est_i_monitor_progress(est_i_monitor *monitor, double fraction)
{
    if (monitor && !atomic_load_explicit(&monitor->counts_items, memory_order_relaxed))
        est_i_monitor_items(monitor, fraction);
}

bool est_i_monitor_count_items(est_i_monitor *monitor, bool on)
{
    return monitor && atomic_exchange_explicit(&monitor->counts_items, on, memory_order_relaxed);
}

est_status est_i_cancelled(est_error *error)
{
    return est_i_fail(error, EST_ECANCELLED,
                      "stopped by the caller before the answer was complete; run it again to get one");
}
