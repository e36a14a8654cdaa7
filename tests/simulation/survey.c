/* Do the intervals of a survey hold the truth?
 *
 * Usage: survey FOLDER [SAMPLES [THREADS [ONLY]]]        (default 10000 samples of each truth, 1 thread, all files)
 *
 * The design is that of a national household survey: 92 strata, 25 households a cluster. Each truth is one proportion and one
 * intra-cluster correlation in one domain. One domain with one correlation is one file in FOLDER, written when it is complete; a
 * second run takes up where the first one ended. The same seed gives the same bytes, whatever the threads. survey-tables.py makes
 * the tables of docs/simulation.md from the files. */
#include "survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_there(const char *path, size_t samples)
{
    char line[200];
    unsigned long found = 0;
    FILE *file = fopen(path, "r");
    bool there = file && fgets(line, sizeof line, file) && sscanf(line, "# %lu samples", &found) == 1 && found == samples;
    if (file)
        fclose(file);
    return there;
}

bool sim_write(const sim_study *study, const char *kind, size_t of_case, size_t icc, size_t samples, const char *heading,
               sim_fill *fill)
{
    char name[200], path[3300], part[3310];
    snprintf(name, sizeof name, "%s-%s-%g", kind, sim_cases[of_case].name, sim_icc[icc]);
    if (study->only && strncmp(name, study->only, strlen(study->only)) != 0)
        return true;
    snprintf(path, sizeof path, "%.3000s/%s.csv", study->folder, name);
    snprintf(part, sizeof part, "%s.part", path);
    if (is_there(path, samples))
        return true;
    FILE *file = fopen(part, "w");
    if (!file) {
        fprintf(stderr, "%s: cannot be written\n", part);
        return false;
    }
    fprintf(file, "# %lu samples of each truth; %s\n%s\n", (unsigned long)samples, sim_cases[of_case].text, heading);
    bool good = fill(study, of_case, icc, file) && !ferror(file);
    good = fclose(file) == 0 && good && rename(part, path) == 0;
    printf("%s: %s\n", name, good ? "done" : "failed");
    fflush(stdout);
    return good;
}

static bool read_count(const char *text, size_t least, size_t most, size_t *count)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    *count = value;
    return *text >= '0' && *text <= '9' && !*end && value >= least && value <= most;
}

int main(int argc, char **argv)
{
    sim_study study = {.samples = 10000, .threads = 1};
    size_t threads = 1;
    if (argc < 2 || argc > 5 || (argc > 2 && !read_count(argv[2], 20, 10000000, &study.samples)) ||
        (argc > 3 && !read_count(argv[3], 1, 64, &threads))) {
        fprintf(stderr, "usage: %s FOLDER [SAMPLES [THREADS [ONLY]]]\n", argv[0]);
        return 2;
    }
    study.folder = argv[1];
    study.threads = (int)threads;
    study.only = argc > 4 ? argv[4] : NULL;
    return sim_run_proportions(&study) && sim_run_errors(&study) && sim_run_medians(&study) ? 0 : 1;
}
