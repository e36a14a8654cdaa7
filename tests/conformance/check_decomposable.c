/* Decomposable graphs against dga 2.0.2: every row of the method `dga` of expected.csv, in the folder LIBEST_ORACLES (default:
 * ../shared/oracles); without it the test is skipped. Quantiles agree exactly, all other values to 1e-9. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <est.h>
#include <est/decomposable.h>

#define SKIPPED 77
#define CLOSE 1e-9

typedef struct line {
    char dataset[64], settings[128], quantity[128];
    double value;
} line;

typedef struct tally {
    size_t compared, faults;
    double worst;
} tally;

/* One field of a record, quoted or not; *at moves behind the comma. */
static void read_field(const char **at, char *field, size_t size)
{
    bool quoted = **at == '"';
    size_t length = 0;
    *at += quoted;
    while (**at && **at != '\n' && **at != '\r' && (quoted ? **at != '"' : **at != ',')) {
        if (length + 1 < size)
            field[length++] = **at;
        (*at)++;
    }
    field[length] = '\0';
    *at += quoted && **at == '"';
    *at += **at == ',';
}

static bool read_line(FILE *file, line *at)
{
    char text[1024], method[64], value[64];
    bool found = false;
    while (!found && fgets(text, sizeof text, file)) {
        const char *rest = text;
        read_field(&rest, at->dataset, sizeof at->dataset);
        read_field(&rest, method, sizeof method);
        read_field(&rest, at->settings, sizeof at->settings);
        read_field(&rest, at->quantity, sizeof at->quantity);
        read_field(&rest, value, sizeof value);
        at->value = strtod(value, NULL);
        found = strcmp(method, "dga") == 0;
    }
    return found;
}

/* "delta=2^-3 Nmissing=0:3000 default prior" or "delta=1 Nmissing=1:300 prior NegBin(a=13.14,b=55.17)" */
static bool options_of(const char *settings, est_decomposable_options *options)
{
    char delta[32];
    int power = 0;
    bool fine = sscanf(settings, "delta=%31s Nmissing=%ld:%ld", delta, &options->least, &options->most) == 3;
    options->delta = sscanf(delta, "2^%d", &power) == 1 ? ldexp(1, power) : strtod(delta, NULL);
    const char *prior = strstr(settings, "NegBin(");
    if (prior) {
        options->prior = EST_PRIOR_NEGATIVE_BINOMIAL;
        fine = fine && sscanf(prior, "NegBin(a=%lf,b=%lf)", &options->prior_shape, &options->prior_scale) == 2;
    }
    return fine && (prior || strstr(settings, "default prior"));
}

static est_result *answer(const char *folder, const line *at, double level)
{
    char path[5000];
    est_error error = {0};
    est_table *table = NULL;
    est_result *result = NULL;
    est_decomposable_options options = est_decomposable_options_default();
    snprintf(path, sizeof path, "%.4000s/mse/%s.csv", folder, at->dataset);
    options.level = level;
    bool fine = options_of(at->settings, &options) && est_table_open(path, NULL, &table, &error) == EST_OK &&
                est_decomposable(table, &options, NULL, &result, &error) == EST_OK;
    if (!fine)
        printf("%s %s: %s\n", at->dataset, at->settings, error.message);
    est_table_free(table);
    return result;
}

/* How many decomposable graphs there are, from a table of so many lists. */
static double count_graphs(int lists)
{
    char csv[256] = "";
    est_error error;
    est_table *table = NULL;
    est_result *result = NULL;
    double count = NAN;
    for (int j = 0; j < lists; j++)
        snprintf(csv + strlen(csv), sizeof csv - strlen(csv), "list%d,", j);
    strcat(csv, "count\n");
    for (int j = 0; j < lists; j++)
        strcat(csv, "1,");
    strcat(csv, "5\n");
    if (est_table_parse_csv("small.csv", csv, strlen(csv), NULL, &table, &error) == EST_OK &&
        est_decomposable(table, NULL, NULL, &result, &error) == EST_OK)
        count = est_result_stat_value(result, "graphs");
    est_result_free(result);
    est_table_free(table);
    return count;
}

static int by_number(const void *left, const void *right)
{
    const unsigned *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* Sets of lists of "12|3", sorted. */
static size_t sets_of_numbers(const char *text, unsigned *sets)
{
    size_t count = 1;
    sets[0] = 0;
    for (; *text; text++) {
        if (*text == '|')
            sets[count++] = 0;
        else
            sets[count - 1] |= 1u << (*text - '1');
    }
    qsort(sets, count, sizeof *sets, by_number);
    return count;
}

/* Which list of the result a name is. */
static unsigned list_of(const est_frame *lists, const char *name, size_t length)
{
    unsigned found = 31;
    for (size_t j = 0; j < lists->n_rows; j++) {
        const char *other = lists->cells[j * lists->n_columns].text;
        if (strlen(other) == length && strncmp(other, name, length) == 0)
            found = (unsigned)j;
    }
    return found;
}

/* The same of "L1:L2 L3". */
static size_t sets_of_names(const est_frame *lists, const char *text, unsigned *sets)
{
    size_t count = 1;
    sets[0] = 0;
    while (*text) {
        size_t length = strcspn(text, ": ");
        sets[count - 1] |= 1u << list_of(lists, text, length);
        text += length;
        if (*text == ' ')
            sets[count++] = 0;
        text += *text != '\0';
    }
    qsort(sets, count, sizeof *sets, by_number);
    return count;
}

/* "model_prob_rank1 graphidx=2 C=12|3": the graph must stand there, with these cliques. */
static double probability(const est_result *result, const char *quantity)
{
    const est_frame *graphs = est_result_frame_find(result, "graphs"), *lists = est_result_frame_find(result, "lists");
    unsigned expected[16], found[16];
    size_t rank = (size_t)strtol(quantity + strlen("model_prob_rank"), NULL, 10) - 1;
    const char *cliques = strstr(quantity, "C=");
    if (!cliques || rank >= graphs->n_rows)
        return NAN;
    size_t n = sets_of_numbers(cliques + 2, expected);
    bool same = sets_of_names(lists, graphs->cells[rank * graphs->n_columns].text, found) == n &&
                memcmp(expected, found, n * sizeof *found) == 0;
    return same ? graphs->cells[rank * graphs->n_columns + 1].number : NAN;
}

static double level_for(const char *quantity)
{
    double share = *quantity == 'q' ? strtod(quantity + 1, NULL) : 0.5;
    return share == 0.5 ? 0.95 : 2 * fabs(share - 0.5);
}

static double value_of(const est_result *result, const char *quantity)
{
    const est_row *row = est_result_find(result, "population", NULL, NULL);
    double value = NAN;
    if (strcmp(quantity, "posterior_mean_N") == 0)
        value = est_result_stat_value(result, "posterior_mean");
    else if (strcmp(quantity, "posterior_sd_N") == 0)
        value = row->se;
    else if (*quantity == 'q') {
        double share = strtod(quantity + 1, NULL);
        value = share < 0.5 ? row->lower : share > 0.5 ? row->upper : row->estimate;
    } else if (strncmp(quantity, "model_prob_rank", 15) == 0)
        value = probability(result, quantity);
    return value;
}

static void compare(const char *folder, const line *at, tally *t)
{
    est_result *result = NULL;
    double found = NAN;
    int lists = 0;
    if (sscanf(at->quantity, "n_graphs_%d", &lists) == 1)
        found = count_graphs(lists);
    else {
        result = answer(folder, at, level_for(at->quantity));
        if (result)
            found = value_of(result, at->quantity);
    }
    double off = fabs(found / at->value - 1);
    t->compared++;
    t->worst = fmax(t->worst, off);
    if (!(off <= (*at->quantity == 'q' ? 0 : CLOSE))) {
        t->faults++;
        printf("%s %s %s: %.12g, expected %.12g\n", at->dataset, at->settings, at->quantity, found, at->value);
    }
    est_result_free(result);
}

int main(void)
{
    const char *folder = getenv("LIBEST_ORACLES"), *source = getenv("srcdir");
    char beside[4096], path[5000];
    tally t = {0};
    line at;
    snprintf(beside, sizeof beside, "%.4000s/../shared/oracles", source ? source : ".");
    folder = folder && *folder ? folder : beside;
    snprintf(path, sizeof path, "%.4000s/mse/expected.csv", folder);
    FILE *file = fopen(path, "r");
    if (!file) {
        printf("skipped: no reference tables (set LIBEST_ORACLES to their folder)\n");
        return SKIPPED;
    }
    while (read_line(file, &at))
        compare(folder, &at, &t);
    fclose(file);
    printf("%zu values, largest relative difference %.2g; %zu faults\n", t.compared, t.worst, t.faults);
    return t.faults || t.compared == 0 ? 1 : 0;
}
