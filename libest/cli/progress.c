#include "progress.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)
#define BAR_WIDTH 24
#define LINE_MAX_WIDTH 79

static volatile sig_atomic_t interrupted; /* the signal, 0 = none */

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
#define N_SIGNALS (sizeof signals / sizeof signals[0])

static void on_interrupt(int signal_number)
{
    interrupted = signal_number;
}

void cli_interrupt_install(void)
{
    struct sigaction action, before;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_interrupt;
    sigemptyset(&action.sa_mask);
    /* Reset: the second one kills. No restart: a read that waits for input ends. */
    action.sa_flags = (int)SA_RESETHAND;
    for (size_t i = 0; i < N_SIGNALS; i++) {
        /* nohup asks for a hang-up to be ignored. */
        bool ignored = signals[i] == SIGHUP && sigaction(SIGHUP, NULL, &before) == 0
                       && before.sa_handler == SIG_IGN;
        if (!ignored)
            sigaction(signals[i], &action, NULL);
    }
}

void cli_interrupt_hold(bool hold)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < N_SIGNALS; i++)
        sigaddset(&set, signals[i]);
    sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

int cli_interrupted(void)
{
    return interrupted;
}

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * SECOND + time.tv_nsec;
}

void cli_progress_start(cli_progress *progress, bool quiet)
{
    const char *terminal = getenv("TERM");
    memset(progress, 0, sizeof *progress);
    progress->visible = !quiet && isatty(STDERR_FILENO) && !(terminal && strcmp(terminal, "dumb") == 0);
    progress->started_at = now();
    progress->drawn_at = progress->started_at;
}

static int line_width(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 && size.ws_col <= LINE_MAX_WIDTH)
        return size.ws_col - 1;
    return LINE_MAX_WIDTH;
}

static void print_left(double seconds, char *buffer, size_t size)
{
    if (seconds < 90)
        snprintf(buffer, size, "  %.0f s left", seconds);
    else if (seconds < 5400)
        snprintf(buffer, size, "  %.0f min left", seconds / 60);
    else if (seconds < 360000)
        snprintf(buffer, size, "  %.1f h left", seconds / 3600);
}

static void draw(cli_progress *progress, const char *stage, int64_t time)
{
    char line[160], bar[BAR_WIDTH + 1], left[32] = "";
    double elapsed = (double)(time - progress->started_at) / (double)SECOND, fraction = progress->fraction;
    int width = 0, limit = line_width();
    for (int i = 0; i < BAR_WIDTH; i++)
        bar[i] = (double)(i + 1) <= fraction * BAR_WIDTH ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    if (elapsed >= 2 && fraction > 0)
        print_left(elapsed * (1 - fraction) / fraction, left, sizeof left);
    width = snprintf(line, sizeof line, "[%s] %3.0f %%%s  %.40s", bar, 100 * fraction, left, stage);
    if (width > limit)
        width = limit;
    fprintf(stderr, "\r%.*s%*s\r", width, line,
            progress->drawn_width > width ? progress->drawn_width - width : 0, "");
    progress->drawn_width = width;
    progress->drawn_at = time;
}

void cli_progress_end(cli_progress *progress)
{
    if (progress->drawn_width > 0)
        fprintf(stderr, "\r%*s\r", progress->drawn_width, "");
    progress->drawn_width = 0;
}

static int poll_interrupt(void *user)
{
    (void)user;
    return interrupted != 0;
}

static int tick(void *user, const char *stage, double fraction)
{
    cli_progress *progress = user;
    int64_t time = now();
    if (!(fraction >= 0))
        fraction = 0;
    /* A new call counts from zero again, and so does the time left. */
    if (fraction < progress->fraction)
        progress->started_at = time;
    progress->fraction = fraction > 1 ? 1 : fraction;
    if (progress->visible && time - progress->drawn_at >= SECOND / 10)
        draw(progress, stage ? stage : "", time);
    return interrupted != 0;
}

void cli_progress_attach(cli_progress *progress, est_context *context)
{
    context->poll = poll_interrupt;
    context->tick = tick;
    context->user = progress;
}
