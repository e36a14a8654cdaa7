/* The watch over a call: asks often enough, tells rarely enough, and worker threads hear of it. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/monitor.h"

typedef struct hearer {
    pthread_t owner;
    int polls, ticks, strangers;
    int stop_at_poll, stop_at_tick;
    double fraction;
    const char *stage;
} hearer;

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int on_poll(void *user)
{
    hearer *self = user;
    self->polls++;
    self->strangers += !pthread_equal(pthread_self(), self->owner);
    return self->stop_at_poll && self->polls >= self->stop_at_poll;
}

static int on_tick(void *user, const char *stage, double fraction)
{
    hearer *self = user;
    self->ticks++;
    self->strangers += !pthread_equal(pthread_self(), self->owner);
    self->stage = stage;
    self->fraction = fraction;
    return self->stop_at_tick && self->ticks >= self->stop_at_tick;
}

static est_context context_of(hearer *self)
{
    est_context context = est_context_default();
    memset(self, 0, sizeof *self);
    self->owner = pthread_self();
    context.poll = on_poll;
    context.tick = on_tick;
    context.user = self;
    return context;
}

static void test_defaults(void **state)
{
    est_context context = est_context_default();
    est_i_monitor monitor;
    (void)state;
    assert_int_equal(context.seed, 1);
    assert_int_equal(context.threads, 1);
    assert_null(context.poll);
    assert_null(context.tick);
    assert_null(context.note);
    est_i_monitor_start(&monitor, NULL);
    assert_int_equal(monitor.context.seed, 1);
    assert_false(est_i_monitor_cancelled(&monitor));
    assert_false(est_i_monitor_cancelled(NULL));
    est_i_monitor_stage(NULL, "none", 0, 1);
    est_i_monitor_progress(NULL, 0.5);
}

static void test_rates(void **state)
{
    hearer self;
    est_context context = context_of(&self);
    est_i_monitor monitor;
    double from, lasted;
    (void)state;
    est_i_monitor_start(&monitor, &context);
    from = seconds();
    while (seconds() - from < 0.55)
        assert_false(est_i_monitor_cancelled(&monitor));
    lasted = seconds() - from;
    assert_true(self.ticks >= 1 && self.ticks <= 1 + lasted / 0.1);
    assert_true(self.polls <= 1 + lasted / 0.01);
    /* Fifty a second are promised; a machine that stops this process for half the time must not fail the
     * test. */
    assert_true(self.polls >= 10);
    assert_int_equal(self.strangers, 0);
}

static void test_poll_cancels(void **state)
{
    hearer self;
    est_context context = context_of(&self);
    est_i_monitor monitor;
    double from = seconds();
    bool stopped = false;
    est_error error;
    (void)state;
    self.stop_at_poll = 2;
    est_i_monitor_start(&monitor, &context);
    while (!stopped && seconds() - from < 5)
        stopped = est_i_monitor_cancelled(&monitor);
    assert_true(stopped);
    assert_int_equal(self.polls, 2);
    for (int i = 0; i < 1000; i++)
        assert_true(est_i_monitor_cancelled(&monitor)); /* it stays cancelled, and nobody is asked again */
    assert_int_equal(self.polls, 2);
    assert_int_equal(est_i_cancelled(&error), EST_ECANCELLED);
    assert_int_equal(error.code, EST_ECANCELLED);
    assert_true(error.message[0] != '\0');
}

static void test_tick_cancels(void **state)
{
    hearer self;
    est_context context = context_of(&self);
    est_i_monitor monitor;
    (void)state;
    self.stop_at_tick = 1;
    est_i_monitor_start(&monitor, &context);
    assert_true(est_i_monitor_cancelled(&monitor));
    assert_int_equal(self.ticks, 1);
}

static void test_fractions(void **state)
{
    hearer self;
    est_context context = context_of(&self);
    est_i_monitor monitor;
    (void)state;
    est_i_monitor_start(&monitor, &context);
    est_i_monitor_stage(&monitor, "bootstrap", 0.5, 0.25);
    est_i_monitor_progress(&monitor, 0.4);
    est_i_monitor_progress(&monitor, -1);
    est_i_monitor_progress(&monitor, 2);
    est_i_monitor_progress(&monitor, 0.0 / 0.0);
    est_i_monitor_cancelled(&monitor);
    assert_string_equal(self.stage, "bootstrap");
    assert_true(self.fraction > 0.5999 && self.fraction < 0.6001);
    est_i_monitor_stage(&monitor, "report", 0.75, 0.5);
    est_i_monitor_progress(&monitor, 1);
    monitor.ticked_at -= 200000000;
    est_i_monitor_cancelled(&monitor);
    assert_string_equal(self.stage, "report");
    assert_true(self.fraction == 1); /* never more than all of it */
}

static void *work(void *argument)
{
    est_i_monitor *monitor = argument;
    double from = seconds();
    bool stopped = false;
    while (!stopped && seconds() - from < 5)
        stopped = est_i_monitor_cancelled(monitor);
    est_i_monitor_progress(monitor, 0.75);
    return stopped ? argument : NULL;
}

static void test_worker_sees_it(void **state)
{
    hearer self;
    est_context context = context_of(&self);
    est_i_monitor monitor;
    pthread_t threads[2];
    void *seen = NULL;
    double from = seconds();
    (void)state;
    self.stop_at_poll = 5;
    est_i_monitor_start(&monitor, &context);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &monitor), 0);
    while (!est_i_monitor_cancelled(&monitor) && seconds() - from < 5)
        ;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], &seen), 0);
        assert_ptr_equal(seen, &monitor);
    }
    assert_int_equal(self.polls, 5);
    assert_int_equal(self.strangers, 0);
    assert_true(atomic_load(&monitor.fraction) == 0.75);
}

/* What an item of a parallel loop says of itself is not the progress of the call. */
static void test_items(void **state)
{
    est_i_monitor monitor;
    (void)state;
    est_i_monitor_start(&monitor, NULL);
    assert_false(est_i_monitor_count_items(&monitor, true));
    est_i_monitor_items(&monitor, 0.25);
    est_i_monitor_progress(&monitor, 0.9);
    assert_true(atomic_load(&monitor.fraction) == 0.25);
    assert_true(est_i_monitor_count_items(&monitor, true));
    assert_true(est_i_monitor_count_items(&monitor, false));
    est_i_monitor_progress(&monitor, 0.9);
    assert_true(atomic_load(&monitor.fraction) == 0.9);
    assert_false(est_i_monitor_count_items(NULL, true));
    est_i_monitor_items(NULL, 0.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),     cmocka_unit_test(test_rates),
        cmocka_unit_test(test_poll_cancels), cmocka_unit_test(test_tick_cancels),
        cmocka_unit_test(test_fractions),    cmocka_unit_test(test_worker_sees_it),
        cmocka_unit_test(test_items),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
