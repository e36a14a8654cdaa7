/* Peak memory of bootstraps, each in a process of its own: it holds the estimates, and for the rest does not grow. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <est/mse.h>

#include "bench_jobs.h"

void bench_report_peak(const char *dataset, unsigned order, size_t replicates)
{
    bench_settings once = {.repetitions = 1};
    est_i_fit_data *data = bench_table(dataset);
    bench_bootstrap_job job = {.data = data, .by_block = true, .how = {.select = EST_SELECT_BIC, .max_order = order},
                               .replicates = replicates, .threads = 1};
    bench_time_replicates(&once, &job);
    est_i_fit_data_free(data);
    printf("%ld\n", bench_peak_memory());
}

/* This program once more, its output read from a pipe. KiB; 0 where that failed. */
static long peak_of(const bench_settings *set, const char *dataset, unsigned order, size_t replicates)
{
    char order_text[16], replicates_text[32], answer[32] = "";
    int ends[2], status = 0;
    snprintf(order_text, sizeof order_text, "%u", order);
    snprintf(replicates_text, sizeof replicates_text, "%zu", replicates);
    if (pipe(ends) != 0)
        return 0;
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl(set->program, set->program, "--peak", dataset, order_text, replicates_text, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    ssize_t got = read(ends[0], answer, sizeof answer - 1);
    close(ends[0]);
    bool ended = child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return ended && got > 0 ? strtol(answer, NULL, 10) : 0;
}

static void print_growth(const bench_settings *set, const char *dataset, unsigned order, const size_t *replicates, size_t count)
{
    long first = 0;
    for (size_t i = 0; i < count; i++) {
        long peak = peak_of(set, dataset, order, replicates[i]);
        first = i ? first : peak;
        double stored = 8.0 * (double)replicates[i] / 1024;
        printf(set->markdown ? "| %s, order %u | %zu | %ld KiB | %ld KiB | %.0f KiB |\n"
                             : "%-34s order %u %10zu %9ld KiB %9ld KiB %9.0f KiB\n",
               dataset, order, replicates[i], peak, peak - first, stored);
        fflush(stdout);
    }
}

void bench_memory(const bench_settings *set)
{
    static const size_t few[] = {104, 1000}, five[] = {1000, 10000}, four[] = {1000, 10000, 100000}, six[] = {104, 400};
    if (set->markdown)
        printf("\n### Peak memory of a bootstrap\n\n| dataset | replicates | peak | above the first | estimates stored |\n"
               "|---|---:|---:|---:|---:|\n");
    else
        printf("\nPeak memory of a bootstrap\n%-42s %10s %13s %13s %13s\n", "dataset", "replicates", "peak", "above first",
               "estimates");
    if (set->quick) {
        print_growth(set, "kosovo_1999", 3, few, 2);
    } else {
        print_growth(set, "kosovo_1999", 3, four, 3);
        print_growth(set, "uk_2013_five", 4, five, 2);
        print_growth(set, "uk_2013", 5, six, 2);
    }
}
