/* Times of the estimators beside what the project holds itself to. Process CPU time, best of several repetitions; rows on two
 * threads are wall time. A busy machine moves every figure: compare ratios, and counts of fits and iterations. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    void (*run)(const bench_settings *set);
} topics[] = {
    {"fits", bench_fits},       {"searches", bench_searches}, {"bootstraps", bench_bootstraps},
    {"periods", bench_periods}, {"methods", bench_methods},   {"memory", bench_memory},
    {"surveys", bench_surveys},
};
#define TOPICS (sizeof topics / sizeof *topics)

static int usage(void)
{
    fputs("usage: bench [--quick | --full] [--markdown] [--only TOPIC]\n"
          "       TOPIC: fits, searches, bootstraps, periods, methods, memory or surveys\n"
          "       bench --one-fit FITS [LISTS]    only that many fits, for an instruction counter; LISTS 3 to 6, default 5\n"
          "       bench --peak DATASET ORDER REPLICATES    one bootstrap, and the peak memory in KiB\n"
          "       bench --peer-jobs [--quick]     what other programs do as well: name, tab, seconds\n", stderr);
    return 2;
}

static int run_one_fit(int argc, char **argv)
{
    long fits = argc > 2 ? strtol(argv[2], NULL, 10) : 0, lists = argc > 3 ? strtol(argv[3], NULL, 10) : 5;
    if (argc > 4 || fits < 1 || lists < 3 || lists > 6)
        return usage();
    bench_repeat_fit((size_t)fits, (size_t)lists);
    return 0;
}

static int run_peak(int argc, char **argv)
{
    long order = argc == 5 ? strtol(argv[3], NULL, 10) : 0, replicates = argc == 5 ? strtol(argv[4], NULL, 10) : 0;
    if (order < 1 || order > 5 || replicates < 1)
        return usage();
    bench_report_peak(argv[2], (unsigned)order, (size_t)replicates);
    return 0;
}

static bool find_topic(const char *name, size_t *topic)
{
    *topic = 0;
    while (name && *topic < TOPICS && strcmp(topics[*topic].name, name) != 0)
        (*topic)++;
    return name && *topic < TOPICS;
}

/* SIZE_MAX in *only: all topics. */
static bool read_settings(int argc, char **argv, bench_settings *set, size_t *only, bool *peer_jobs)
{
    bool good = true;
    for (int i = 1; i < argc && good; i++) {
        if (strcmp(argv[i], "--quick") == 0)
            set->quick = true;
        else if (strcmp(argv[i], "--full") == 0)
            set->full = true;
        else if (strcmp(argv[i], "--markdown") == 0)
            set->markdown = true;
        else if (strcmp(argv[i], "--peer-jobs") == 0)
            *peer_jobs = true;
        else if (strcmp(argv[i], "--only") == 0)
            good = find_topic(i + 1 < argc ? argv[++i] : NULL, only);
        else
            good = false;
    }
    if (set->quick) {
        set->repetitions = 2;
        set->least = 1e-3;
    }
    return good && !(set->quick && set->full);
}

static void print_machine(const bench_settings *set)
{
    printf(set->markdown ? "\nPeak memory of the whole run: %.1f MiB, on lanes of %zu.\n" : "\npeak memory %.1f MiB, lanes %zu\n",
           (double)bench_peak_memory() / 1024, est_i_kernel_lanes());
}

int main(int argc, char **argv)
{
    bench_settings set = {.repetitions = 7, .least = 20e-3, .program = argv[0]};
    size_t only = SIZE_MAX;
    bool peer_jobs = false;
    if (argc > 1 && strcmp(argv[1], "--one-fit") == 0)
        return run_one_fit(argc, argv);
    if (argc > 1 && strcmp(argv[1], "--peak") == 0)
        return run_peak(argc, argv);
    if (!read_settings(argc, argv, &set, &only, &peer_jobs))
        return usage();
    if (peer_jobs) {
        bench_peer_jobs(&set);
        return 0;
    }
    for (size_t i = 0; i < TOPICS; i++)
        if (only == SIZE_MAX || only == i)
            topics[i].run(&set);
    bench_print_meanings(&set);
    print_machine(&set);
    return 0;
}
