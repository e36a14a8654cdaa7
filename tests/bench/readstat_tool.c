/* What readstat.sh needs: survey files of 40 variables, and eight of them read through a codebook. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <readstat.h>

#include <est/codebook.h>
#include <est/source.h>

#include "core/text.h"
#include "data/scan.h"

static int usage(void)
{
    fputs("usage: readstat_tool make ROWS FILE               FILE.dta or FILE.sav of 40 variables\n"
          "       readstat_tool read FILE CODEBOOK THREADS   columns of the codebook: name, rows, sum or count of texts\n", stderr);
    return 2;
}

static int fail(const char *what)
{
    fprintf(stderr, "readstat_tool: %s\n", what);
    return 1;
}

/* ---- files ---- */

/* The finaliser of splitmix64 (Steele, Lea and Flood 2014). */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* A number below `below` from the bits of x that begin at `shift`. */
static int digit(uint64_t x, int shift, uint64_t below)
{
    return (int)((x >> shift & 0xffff) * below >> 16);
}

enum { VARIABLES = 40, ATTENDS = 14, FIRST_QUESTION = 19, STRATA = 94, PSUS = 2256 };

static const struct {
    const char *name;
    readstat_type_t type;
    size_t width;
    const char *labels; /* the set of value labels */
    const char *label;
} columns[FIRST_QUESTION] = {
    {"caseid", READSTAT_TYPE_STRING, 15, NULL, "case identification"},
    {"v001", READSTAT_TYPE_INT32, 0, NULL, "cluster number"},
    {"v002", READSTAT_TYPE_INT16, 0, NULL, "household number"},
    {"v003", READSTAT_TYPE_INT8, 0, NULL, "line number"},
    {"v005", READSTAT_TYPE_INT32, 0, NULL, "sample weight (6 decimals)"},
    {"v008", READSTAT_TYPE_INT16, 0, NULL, "date of interview (CMC)"},
    {"v011", READSTAT_TYPE_INT16, 0, NULL, "date of birth (CMC)"},
    {"v021", READSTAT_TYPE_INT16, 0, NULL, "primary sampling unit"},
    {"v023", READSTAT_TYPE_INT8, 0, "v023", "stratification used in sample design"},
    {"v024", READSTAT_TYPE_INT8, 0, "v024", "county"},
    {"v025", READSTAT_TYPE_INT8, 0, "v025", "type of place of residence"},
    {"hl4", READSTAT_TYPE_INT8, 0, "hl4", "sex"},
    {"hl6", READSTAT_TYPE_INT8, 0, NULL, "age in years"},
    {"hours", READSTAT_TYPE_DOUBLE, 0, "hours", "hours worked in the last 7 days"},
    {"attends", READSTAT_TYPE_INT8, 0, "question", "attends school"},
    {"wealth", READSTAT_TYPE_DOUBLE, 0, NULL, "wealth index"},
    {"height", READSTAT_TYPE_FLOAT, 0, NULL, "height in centimetres"},
    {"region", READSTAT_TYPE_STRING, 12, NULL, "region"},
    {"note", READSTAT_TYPE_STRING, 24, NULL, "note of the interviewer"},
};

static readstat_label_set_t *add_set(readstat_writer_t *writer, const char *name, bool is_spss)
{
    static const struct {
        const char *set;
        int value;
        const char *label;
    } labels[] = {
        {"v025", 1, "urban"},    {"v025", 2, "rural"},       {"hl4", 1, "male"},           {"hl4", 2, "female"},
        {"question", 1, "yes"},  {"question", 2, "no"},      {"question", 8, "don't know"}, {"question", 9, "not stated"},
        {"hours", 98, "don't know"}, {"hours", 99, "not stated"},
    };
    readstat_label_set_t *set = readstat_add_label_set(writer, is_spss ? READSTAT_TYPE_DOUBLE : READSTAT_TYPE_INT32, name);
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (strcmp(labels[i].set, name) == 0) {
            if (is_spss)
                readstat_label_double_value(set, labels[i].value, labels[i].label);
            else
                readstat_label_int32_value(set, labels[i].value, labels[i].label);
        }
    int most = strcmp(name, "v023") == 0 ? STRATA : strcmp(name, "v024") == 0 ? STRATA / 2 : 0;
    for (int i = 1; i <= most; i++) {
        char label[32];
        snprintf(label, sizeof label, "area %d", i);
        if (is_spss)
            readstat_label_double_value(set, i, label);
        else
            readstat_label_int32_value(set, i, label);
    }
    if (!is_spss && strcmp(name, "question") == 0)
        readstat_label_tagged_value(set, 'r', "refused");
    return set;
}

static void add_variables(readstat_writer_t *writer, bool is_spss, readstat_variable_t **variable)
{
    static const char *const names[] = {"v023", "v024", "v025", "hl4", "hours", "question"};
    readstat_label_set_t *sets[sizeof names / sizeof *names];
    for (size_t s = 0; s < sizeof names / sizeof *names; s++)
        sets[s] = add_set(writer, names[s], is_spss);
    for (size_t i = 0; i < VARIABLES; i++) {
        bool question = i >= FIRST_QUESTION;
        char name[16];
        const char *labels = question ? "question" : columns[i].labels;
        snprintf(name, sizeof name, "q%d", (int)i - FIRST_QUESTION + 1);
        variable[i] = readstat_add_variable(writer, question ? name : columns[i].name,
                                            question ? READSTAT_TYPE_INT8 : columns[i].type, question ? 0 : columns[i].width);
        readstat_variable_set_label(variable[i], question ? "a question" : columns[i].label);
        for (size_t s = 0; labels && s < sizeof names / sizeof *names; s++)
            if (strcmp(names[s], labels) == 0)
                readstat_variable_set_label_set(variable[i], sets[s]);
        if (is_spss && (question || i == ATTENDS))
            readstat_variable_add_missing_double_value(variable[i], 9);
    }
}

static void insert_number(readstat_writer_t *writer, readstat_variable_t *variable, double value)
{
    readstat_type_t type = readstat_variable_get_type(variable);
    if (type == READSTAT_TYPE_INT8)
        readstat_insert_int8_value(writer, variable, (int8_t)value);
    else if (type == READSTAT_TYPE_INT16)
        readstat_insert_int16_value(writer, variable, (int16_t)value);
    else if (type == READSTAT_TYPE_INT32)
        readstat_insert_int32_value(writer, variable, (int32_t)value);
    else if (type == READSTAT_TYPE_FLOAT)
        readstat_insert_float_value(writer, variable, (float)value);
    else
        readstat_insert_double_value(writer, variable, value);
}

/* One in ten does not know, one in twenty was not asked, one in a hundred refuses. */
static void insert_question(readstat_writer_t *writer, readstat_variable_t *variable, bool is_spss, uint64_t x)
{
    int kind = digit(x, 0, 100);
    if (kind < 5)
        readstat_insert_missing_value(writer, variable);
    else if (kind < 6 && !is_spss)
        readstat_insert_tagged_missing_value(writer, variable, 'r');
    else
        insert_number(writer, variable, kind < 6 ? 9 : kind < 16 ? 8 : 1 + digit(x, 16, 2));
}

static void insert_row(readstat_writer_t *writer, readstat_variable_t **variable, bool is_spss, long row, long rows)
{
    int psu = (int)((double)row * PSUS / (double)rows), stratum = psu / (PSUS / STRATA) + 1;
    uint64_t of_psu = mix((uint64_t)psu), a = mix(~(uint64_t)row), b = mix(a);
    int month = 1470 + digit(of_psu, 0, 6), age = digit(a, 0, 95), hours = digit(b, 0, 130);
    char text[32];
    double numbers[FIRST_QUESTION] = {
        [1] = psu + 1,
        [2] = digit(a, 16, 300) + 1,
        [3] = digit(a, 32, 12) + 1,
        [4] = 500000 + digit(of_psu, 16, 1000) * 1000 + digit(b, 16, 1000),
        [5] = month,
        [6] = month - 12 * age - digit(b, 32, 12),
        [7] = psu + 1,
        [8] = stratum,
        [9] = (stratum + 1) / 2,
        [10] = stratum % 2 + 1,
        [11] = 1 + (double)(a >> 63),
        [12] = age,
        [13] = hours > 126 ? hours - 30 : hours > 90 ? 0 : hours / 2.0,
        [15] = digit(b, 48, 40000) / 1e4 - 2,
        [16] = 50 + digit(a, 48, 1400) / 10.0,
    };
    readstat_begin_row(writer);
    for (size_t i = 0; i < VARIABLES; i++) {
        if (i == 0)
            snprintf(text, sizeof text, "%6d%4d%3d", (int)numbers[1], (int)numbers[2], (int)numbers[3]);
        else if (i == 17)
            snprintf(text, sizeof text, "region %d", stratum % 8 + 1);
        else if (i == 18)
            snprintf(text, sizeof text, "%s %d", digit(b, 8, 4) ? "visited on day" : "", digit(a, 8, 300));
        if (i == 0 || i == 17 || i == 18)
            readstat_insert_string_value(writer, variable[i], text);
        else if (i == ATTENDS || i >= FIRST_QUESTION)
            insert_question(writer, variable[i], is_spss, mix(b + i));
        else
            insert_number(writer, variable[i], numbers[i]);
    }
    readstat_end_row(writer);
}

static ssize_t write_bytes(const void *data, size_t length, void *user)
{
    return (ssize_t)fwrite(data, 1, length, user);
}

static int make(long rows, const char *path)
{
    readstat_variable_t *variable[VARIABLES];
    size_t length = strlen(path);
    bool is_spss = length > 4 && strcmp(path + length - 4, ".sav") == 0;
    FILE *file = fopen(path, "wb");
    readstat_writer_t *writer = readstat_writer_init();
    readstat_error_t code = READSTAT_OK;
    if (!file || !writer)
        return fail("the file cannot be written");
    readstat_set_data_writer(writer, write_bytes);
    readstat_writer_set_file_timestamp(writer, 1700000000);
    add_variables(writer, is_spss, variable);
    if (is_spss) /* as SPSS itself saves */
        code = readstat_writer_set_compression(writer, READSTAT_COMPRESS_ROWS);
    if (code == READSTAT_OK)
        code = is_spss ? readstat_begin_writing_sav(writer, file, rows) : readstat_begin_writing_dta(writer, file, rows);
    for (long row = 0; row < rows && code == READSTAT_OK; row++)
        insert_row(writer, variable, is_spss, row, rows);
    if (code == READSTAT_OK)
        code = readstat_end_writing(writer);
    readstat_writer_free(writer);
    return fclose(file) != 0 || code != READSTAT_OK ? fail("the file cannot be written") : 0;
}

/* ---- reading ---- */

/* The roles of readstat.ini, numbers first; the others are read as texts, whose numbers are added up. */
static const char *const roles[] = {"weight", "sex", "age", "hours_economic", "strata", "psu", "county", "region"};
enum { ROLES = sizeof roles / sizeof *roles, NUMBERS = 4 };

typedef struct sums {
    long long rows[ROLES];
    double sum[ROLES];
    uint32_t *times[ROLES]; /* how often each text occurs */
    uint32_t known[ROLES], capacity[ROLES];
} sums;

static void *part_new(void *user, size_t chunk)
{
    (void)user, (void)chunk;
    return calloc(1, sizeof(sums));
}

static void part_free(void *user, void *part)
{
    sums *own = part;
    (void)user;
    for (size_t f = 0; own && f < ROLES; f++)
        free(own->times[f]);
    free(own);
}

static bool count_texts(sums *own, size_t f, const uint32_t *label, size_t n_rows, uint32_t n_texts)
{
    if (n_texts > own->capacity[f]) {
        uint32_t *grown = realloc(own->times[f], 2 * n_texts * sizeof *grown);
        if (!grown)
            return false;
        own->times[f] = grown;
        own->capacity[f] = 2 * n_texts;
    }
    for (; own->known[f] < n_texts; own->known[f]++)
        own->times[f][own->known[f]] = 0;
    for (size_t row = 0; row < n_rows; row++)
        if (label[row] >= EST_I_CODE_FIRST)
            own->times[f][label[row] - EST_I_CODE_FIRST]++;
    return true;
}

static est_status take(void *user, void *part, const est_i_scan_batch *batch, est_error *error)
{
    sums *own = part;
    bool good = true;
    (void)user;
    for (size_t f = 0; f < NUMBERS; f++)
        for (size_t row = 0; row < batch->n_rows; row++)
            if (!isnan(batch->number[f][row])) {
                own->rows[f]++;
                own->sum[f] += batch->number[f][row];
            }
    for (size_t f = NUMBERS; good && f < ROLES; f++)
        good = count_texts(own, f, batch->label[f], batch->n_rows, batch->dictionary[f].count);
    return good ? EST_OK : est_i_no_memory(error);
}

static est_status settle(void *user, void *part, size_t chunk, const est_i_dictionary *dictionary, est_error *error)
{
    sums *all = user, *own = part;
    (void)chunk, (void)error;
    for (size_t f = 0; f < ROLES; f++) {
        all->rows[f] += own->rows[f];
        all->sum[f] += own->sum[f];
        for (uint32_t i = 0; i < own->known[f]; i++) {
            const char *text = est_i_dictionary_text(&dictionary[f], i);
            double number = (double)strlen(text);
            if (f + 1 < ROLES)
                est_i_number_parse(text, strlen(text), &number);
            all->rows[f] += own->times[f][i];
            all->sum[f] += number * own->times[f][i];
        }
    }
    part_free(user, part);
    return EST_OK;
}

static int read_columns(const char *path, const char *codebook, int threads)
{
    static const est_i_scan_consumer consumer = {part_new, take, settle, part_free};
    est_i_field fields[ROLES];
    est_source *source = NULL, *view = NULL;
    est_error error;
    est_i_monitor monitor;
    sums all = {0};
    long long n_records = 0;
    est_i_monitor_start(&monitor, NULL);
    est_status status = est_source_open(path, NULL, &source, &error);
    if (status == EST_OK)
        status = est_source_map(source, codebook, NULL, &view, &error);
    for (size_t f = 0; f < ROLES && status == EST_OK; f++) {
        fields[f].kind = f < NUMBERS ? EST_I_FIELD_NUMBER : EST_I_FIELD_LABEL;
        status = est_i_source_require(view, roles[f], "the bench", &fields[f].column, &error);
    }
    if (status == EST_OK)
        status = est_i_scan(view, ROLES, fields, 0, SIZE_MAX, &consumer, &all, threads, &monitor, &n_records, &error);
    for (size_t f = 0; f < ROLES && status == EST_OK; f++)
        printf("%s\t%lld\t%.17g\n", roles[f], all.rows[f], all.sum[f]);
    est_source_free(view);
    est_source_free(source);
    return status == EST_OK ? 0 : fail(error.message);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    long number = argc > 2 ? strtol(argv[argc == 5 ? 4 : 2], NULL, 10) : 0;
    if (strcmp(what, "make") == 0 && argc == 4 && number > 0)
        return make(number, argv[3]);
    if (strcmp(what, "read") == 0 && argc == 5 && number > 0)
        return read_columns(argv[2], argv[3], (int)number);
    return usage();
}
