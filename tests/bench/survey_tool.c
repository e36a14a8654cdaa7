/* What survey.sh needs: files of synthetic rows, bare libcsv over the same bytes, time and memory of a command.
 * It links nothing large, so that a command's peak memory is the command's own. */
#include <csv.h>
#include <fcntl.h>
#include <readstat.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "survey_rows.h"

static int usage(void)
{
    fputs("usage: survey_tool rows ROWS FILE      FILE.csv, FILE.dta or FILE.sav of synthetic rows\n"
          "       survey_tool margins             totals of 47 counties and 10 age groups, as CSV\n"
          "       survey_tool count FILE          libcsv with callbacks that count\n"
          "       survey_tool run OUT COMMAND...  CPU and wall seconds, peak KiB; the command's output goes to OUT\n", stderr);
    return 2;
}

static int fail(const char *what)
{
    fprintf(stderr, "survey_tool: %s\n", what);
    return 1;
}

/* ---- CSV ---- */

static void print_note(FILE *file, const char *note)
{
    if (*note)
        putc('"', file);
    for (const char *at = note; *at; at++) {
        if (*at == '"')
            putc('"', file);
        putc(*at, file);
    }
    fputs(*note ? "\"\n" : "\n", file);
}

static int write_csv(const char *path, long rows)
{
    FILE *file = fopen(path, "w");
    if (!file)
        return fail("the file cannot be written");
    fputs("id,stratum,psu,county,sex,agegroup,weight,age,work,school,married,hours,note\n", file);
    for (long i = 0; i < rows; i++) {
        survey_row r = survey_make_row(i, rows, survey_psus(rows));
        fprintf(file, "%ld,%d,%d,%d,%s,%d,%.6f,%d,%d,%d,%d,%.1f,", i + 1, r.stratum, r.psu, r.county, r.sex ? "female" : "male",
                r.age_group, r.weight, r.age, r.work, r.school, r.married, r.hours);
        print_note(file, r.note);
    }
    bool failed = ferror(file) != 0;
    return (fclose(file) != 0 || failed) ? fail("the file cannot be written") : 0;
}

/* ---- .dta and .sav ---- */

static const struct {
    const char *name;
    readstat_type_t type;
    size_t width;
} columns[] = {
    {"id", READSTAT_TYPE_INT32, 0},     {"stratum", READSTAT_TYPE_INT16, 0}, {"psu", READSTAT_TYPE_INT16, 0},
    {"county", READSTAT_TYPE_INT8, 0},  {"sex", READSTAT_TYPE_STRING, 6},    {"agegroup", READSTAT_TYPE_INT8, 0},
    {"weight", READSTAT_TYPE_DOUBLE, 0}, {"age", READSTAT_TYPE_INT8, 0},     {"work", READSTAT_TYPE_INT8, 0},
    {"school", READSTAT_TYPE_INT8, 0},  {"married", READSTAT_TYPE_INT8, 0},  {"hours", READSTAT_TYPE_DOUBLE, 0},
    {"note", READSTAT_TYPE_STRING, 20},
};
#define COLUMNS (sizeof columns / sizeof *columns)

static ssize_t write_bytes(const void *data, size_t length, void *user)
{
    return (ssize_t)fwrite(data, 1, length, user);
}

static void insert_row(readstat_writer_t *writer, readstat_variable_t **variable, long index, long rows)
{
    survey_row r = survey_make_row(index, rows, survey_psus(rows));
    readstat_begin_row(writer);
    readstat_insert_int32_value(writer, variable[0], (int32_t)(index + 1));
    readstat_insert_int16_value(writer, variable[1], (int16_t)r.stratum);
    readstat_insert_int16_value(writer, variable[2], (int16_t)r.psu);
    readstat_insert_int8_value(writer, variable[3], (int8_t)r.county);
    readstat_insert_string_value(writer, variable[4], r.sex ? "female" : "male");
    readstat_insert_int8_value(writer, variable[5], (int8_t)r.age_group);
    readstat_insert_double_value(writer, variable[6], r.weight);
    readstat_insert_int8_value(writer, variable[7], (int8_t)r.age);
    readstat_insert_int8_value(writer, variable[8], (int8_t)r.work);
    readstat_insert_int8_value(writer, variable[9], (int8_t)r.school);
    readstat_insert_int8_value(writer, variable[10], (int8_t)r.married);
    readstat_insert_double_value(writer, variable[11], r.hours);
    readstat_insert_string_value(writer, variable[12], r.note);
    readstat_end_row(writer);
}

static int write_binary(const char *path, long rows, bool dta)
{
    readstat_variable_t *variable[COLUMNS];
    FILE *file = fopen(path, "wb");
    readstat_writer_t *writer = readstat_writer_init();
    if (!file || !writer)
        return fail("the file cannot be written");
    readstat_set_data_writer(writer, write_bytes);
    for (size_t i = 0; i < COLUMNS; i++)
        variable[i] = readstat_add_variable(writer, columns[i].name, columns[i].type, columns[i].width);
    readstat_error_t error = READSTAT_OK;
    if (dta)
        error = readstat_begin_writing_dta(writer, file, rows);
    else if ((error = readstat_writer_set_compression(writer, READSTAT_COMPRESS_ROWS)) == READSTAT_OK)
        error = readstat_begin_writing_sav(writer, file, rows);
    for (long i = 0; i < rows && error == READSTAT_OK; i++)
        insert_row(writer, variable, i, rows);
    if (error == READSTAT_OK)
        error = readstat_end_writing(writer);
    readstat_writer_free(writer);
    return (fclose(file) != 0 || error != READSTAT_OK) ? fail("the file cannot be written") : 0;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), n = strlen(end);
    return length > n && strcmp(text + length - n, end) == 0;
}

static int write_rows(const char *path, long rows)
{
    if (rows < 1)
        return usage();
    return ends_with(path, ".dta") || ends_with(path, ".sav") ? write_binary(path, rows, ends_with(path, ".dta"))
                                                              : write_csv(path, rows);
}

/* Not those of the sample: raking has something to do. */
static int print_margins(void)
{
    puts("variable,level,total");
    for (int i = 1; i <= SURVEY_COUNTIES; i++)
        printf("county,%d,%d\n", i, 90000 + 10 * SURVEY_AGE_GROUPS * (i * 37 % 47));
    long all = 0;
    for (int i = 1; i <= SURVEY_COUNTIES; i++)
        all += 90000 + 10 * SURVEY_AGE_GROUPS * (i * 37 % 47);
    for (int i = 1; i <= SURVEY_AGE_GROUPS; i++)
        printf("agegroup,%d,%ld\n", i, all / SURVEY_AGE_GROUPS + 1000 * (2 * i - SURVEY_AGE_GROUPS - 1));
    return 0;
}

/* ---- libcsv alone ---- */

static void count_field(void *data, size_t length, void *user)
{
    (void)data, (void)length;
    ((long *)user)[0]++;
}

static void count_record(int end, void *user)
{
    (void)end;
    ((long *)user)[1]++;
}

static int count(const char *path)
{
    static char bytes[1 << 16];
    struct csv_parser parser;
    long counts[2] = {0, 0};
    FILE *file = fopen(path, "rb");
    if (!file || csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_EMPTY_IS_NULL) != 0)
        return fail("the file cannot be read");
    setvbuf(file, NULL, _IONBF, 0);
    bool good = true;
    for (size_t got; good && (got = fread(bytes, 1, sizeof bytes, file)) > 0;)
        good = csv_parse(&parser, bytes, got, count_field, count_record, counts) == got;
    good = good && csv_fini(&parser, count_field, count_record, counts) == 0;
    csv_free(&parser);
    fclose(file);
    printf("%ld fields, %ld records\n", counts[0], counts[1]);
    return good ? 0 : fail("the file is not CSV");
}

/* ---- time and memory of a command ---- */

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + 1e-6 * (double)time.tv_usec;
}

static int run(const char *out, char **command)
{
    struct timespec start, end;
    struct rusage usage;
    int status = 0;
    clock_gettime(CLOCK_MONOTONIC, &start);
    pid_t child = fork();
    if (child == 0) {
        int file = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (file < 0 || dup2(file, STDOUT_FILENO) < 0)
            _exit(127);
        execvp(command[0], command);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return fail("the command cannot be run");
    clock_gettime(CLOCK_MONOTONIC, &end);
    getrusage(RUSAGE_CHILDREN, &usage);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return fail("the command failed");
    printf("%.4f %.4f %ld\n", seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime),
           (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec), usage.ru_maxrss);
    return 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "rows") == 0 && argc == 4)
        return write_rows(argv[3], strtol(argv[2], NULL, 10));
    if (strcmp(what, "margins") == 0 && argc == 2)
        return print_margins();
    if (strcmp(what, "count") == 0 && argc == 3)
        return count(argv[2]);
    if (strcmp(what, "run") == 0 && argc > 3)
        return run(argv[2], argv + 3);
    return usage();
}
