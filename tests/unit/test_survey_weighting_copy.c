/* The copy of the data with the weights: its bytes, what it refuses, that nothing is left of a failure; and what is published of
 * weights of private data. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/result.h"
#include "data/source_parts.h"
#include "survey/weighting.h"
#include "weighting_support.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "weighting_copy_XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static const char *in_folder(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static size_t count_files(void)
{
    char command[128], line[32] = "";
    snprintf(command, sizeof command, "ls -A %s | wc -l", folder);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(line, sizeof line, pipe));
    pclose(pipe);
    return (size_t)strtoul(line, NULL, 10);
}

static int remove_folder(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) == 0 ? 0 : -1;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(in_folder(name), "wb");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void assert_file(const char *name, const char *expected)
{
    char found[4096];
    FILE *file = fopen(in_folder(name), "rb");
    assert_non_null(file);
    size_t n = fread(found, 1, sizeof found - 1, file);
    fclose(file);
    found[n] = '\0';
    assert_string_equal(found, expected);
}

static est_source *open_source(const char *name)
{
    est_error error;
    est_source *source = NULL;
    REQUIRE_OK(est_source_open(in_folder(name), NULL, &source, &error), error);
    return source;
}

static est_result *weigh(est_source *source, est_weight_options options)
{
    est_error error;
    est_result *result = NULL;
    REQUIRE_OK(est_weight(source, &options, NULL, &result, &error), error);
    return result;
}

/* Cells that a careless writer would change: blanks, marks, empty and missing fields, numbers of many digits. */
static const char odd_data[] = "id,w,\"na,me\",x\n"
                               "007,2,\"a, b\",1.50\n"
                               "008,1e0,\"say \"\"so\"\"\",-0\n"
                               "009,3,\" blank \",\n"
                               "010,0,\"\",NA\n"
                               "011,0.1,\"two\nlines\",0.1000000000000000055511151231257827\n";

static void test_bytes(void **state)
{
    (void)state;
    est_error error;
    write_file("odd.csv", odd_data);
    est_source *source = open_source("odd.csv");
    est_weight_options options = est_weight_options_default();
    options.weight = "w";
    est_result *result = weigh(source, options);
    char path[128];
    strcpy(path, in_folder("copy.csv"));
    REQUIRE_OK(est_weight_copy(source, result, NULL, path, NULL, &error), error);
    assert_file("copy.csv", "id,w,\"na,me\",x,weight_final\n"
                            "007,2,\"a, b\",1.50,2\n"
                            "008,1e0,\"say \"\"so\"\"\",-0,1\n"
                            "009,3,\" blank \",,3\n"
                            "010,0,\"\",NA,0\n"
                            "011,0.1,\"two\nlines\",0.1000000000000000055511151231257827,0.1\n");
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_file("odd.csv", odd_data);
    est_source *again = open_source("copy.csv"); /* a copy is data: its weights are what they were */
    options.weight = "weight_final";
    est_result *second = weigh(again, options);
    REQUIRE_NEAR(est_result_find(second, "weight_sum", "step", "base")->estimate, 6.1, 1e-15);
    est_result_free(second);
    est_source_free(again);
    est_result_free(result);
    est_source_free(source);
}

/* Chunks of a few bytes, an old file that was open to others, a link to it. */
static void test_chunks_and_links(void **state)
{
    (void)state;
    est_error error;
    char path[128];
    write_file("small.csv", "w,t\n1,a\n2,b\n3,c\n4,\n5,NA\n");
    write_file("old.csv", "old\n");
    assert_int_equal(chmod(in_folder("old.csv"), 0644), 0);
    assert_int_equal(symlink("old.csv", in_folder("link.csv")), 0);
    est_source *source = open_source("small.csv");
    est_i_source_set_chunks(source, 5, 2);
    est_weight_options options = est_weight_options_default();
    options.weight = "w";
    est_result *result = weigh(source, options);
    strcpy(path, in_folder("link.csv"));
    REQUIRE_OK(est_weight_copy(source, result, "the \"new\" one", path, NULL, &error), error);
    assert_file("old.csv", "w,t,\"the \"\"new\"\" one\"\n1,a,1\n2,b,2\n3,c,3\n4,,4\n5,NA,5\n");
    struct stat about;
    assert_int_equal(lstat(path, &about), 0);
    assert_true(S_ISLNK(about.st_mode));
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    est_result_free(result);
    est_source_free(source);
}

static void test_table(void **state)
{
    (void)state;
    est_error error;
    est_table *data = table_of("w,t\n0.25,a\n4,b\n");
    est_source *source = NULL;
    REQUIRE_OK(est_source_of_table(data, &source, &error), error);
    est_weight_options options = est_weight_options_default();
    options.probability = "w";
    est_error ignored;
    est_result *none = NULL;
    assert_int_equal(est_weight(source, &options, NULL, &none, &ignored), EST_EVALUE);
    options = est_weight_options_default();
    options.weight = "w";
    est_result *result = weigh(source, options);
    char path[128];
    strcpy(path, in_folder("table.csv"));
    REQUIRE_OK(est_weight_copy(source, result, "v", path, NULL, &error), error);
    assert_file("table.csv", "w,t,v\n0.25,a,0.25\n4,b,4\n");
    est_result_free(result);
    est_source_free(source);
    est_table_free(data);
}

/* ---- refusals ---- */

static int cancel(void *user)
{
    (void)user;
    return 1;
}

static void test_refusals(void **state)
{
    (void)state;
    est_error error;
    char path[128];
    write_file("three.csv", "w\n1\n2\n3\n");
    write_file("two.csv", "w\n1\n2\n");
    size_t files = count_files();
    est_source *three = open_source("three.csv"), *two = open_source("two.csv");
    est_weight_options options = est_weight_options_default();
    options.weight = "w";
    est_result *of_three = weigh(three, options), *of_two = weigh(two, options), *other = NULL;
    strcpy(path, in_folder("out.csv"));
    REQUIRE_FAIL(est_weight_copy(three, of_three, "w", path, NULL, &error), EST_ECOLUMN, "already", error);
    REQUIRE_FAIL(est_weight_copy(three, of_three, "", path, NULL, &error), EST_EOPTION, "no name", error);
    REQUIRE_FAIL(est_weight_copy(three, of_three, "\xff", path, NULL, &error), EST_EOPTION, "UTF-8", error);
    REQUIRE_FAIL(est_weight_copy(three, of_three, NULL, "", NULL, &error), EST_EOPTION, "no path", error);
    REQUIRE_FAIL(est_weight_copy(three, of_two, NULL, path, NULL, &error), EST_EDEFINITION, "more rows", error);
    REQUIRE_FAIL(est_weight_copy(two, of_three, NULL, path, NULL, &error), EST_EDEFINITION, "fewer rows", error);
    REQUIRE_FAIL(est_weight_copy(three, of_three, NULL, folder, NULL, &error), EST_EIO, "folder", error);
    REQUIRE_FAIL(est_weight_copy(three, of_three, NULL, "/dev/null", NULL, &error), EST_EIO, "device", error);
    REQUIRE_FAIL(est_weight_copy(three, of_three, NULL, "absent_folder/out.csv", NULL, &error), EST_EIO, "written", error);
    REQUIRE_FAIL(est_weight_copy(three, of_three, NULL, in_folder("three.csv"), NULL, &error), EST_EOPTION, "never changed", error);
    assert_int_equal(link(in_folder("three.csv"), path), 0);
    REQUIRE_FAIL(est_weight_copy(three, of_three, NULL, path, NULL, &error), EST_EOPTION, "never changed", error);
    unlink(path);
    assert_file("three.csv", "w\n1\n2\n3\n");
    REQUIRE_FAIL(est_weight_copy(three, NULL, NULL, path, NULL, &error), EST_EOPTION, "no weights", error);
    est_survey_options survey = est_survey_options_default();
    survey.mean = "w";
    REQUIRE_OK(est_survey(three, &survey, NULL, &other, &error), error);
    REQUIRE_FAIL(est_weight_copy(three, other, NULL, path, NULL, &error), EST_EOPTION, "no weights", error);
    est_context context = est_context_default();
    context.poll = cancel;
    assert_int_equal(est_weight_copy(three, of_three, NULL, path, &context, &error), EST_ECANCELLED);
    assert_int_equal(count_files(), files);
    est_result_free(other);
    est_result_free(of_three);
    est_result_free(of_two);
    est_source_free(three);
    est_source_free(two);
}

/* ---- what is published ---- */

/* 4 cells of 60, 60, 60 and `few` rows with the same base weight; two thirds respond. */
static est_table *cells_of(size_t few)
{
    est_error error;
    size_t n = 180 + few;
    const char *region[400], *sex[400];
    double response[400], weight[400];
    for (size_t i = 0; i < n; i++) {
        region[i] = i < 120 ? "n" : "s";
        sex[i] = i / 60 % 2 ? "m" : "f";
        response[i] = i % 3 != 0;
        weight[i] = 10;
    }
    est_table *table = NULL;
    REQUIRE_OK(est_table_new("people", n, &table, &error), error);
    REQUIRE_OK(est_table_add_text(table, "region", region, &error), error);
    REQUIRE_OK(est_table_add_text(table, "sex", sex, &error), error);
    REQUIRE_OK(est_table_add_numbers(table, "r", response, &error), error);
    REQUIRE_OK(est_table_add_numbers(table, "w", weight, &error), error);
    return table;
}

static est_result *publish(const est_table *table, int internal)
{
    est_error error;
    est_result *result = NULL, *published = NULL;
    est_table *margins = table_of("variable,level,total\n"
                                  "region:sex,n:f,700\nregion:sex,n:m,650\nregion:sex,s:f,610\nregion:sex,s:m,90\n");
    est_weight_options options = est_weight_options_default();
    options.weight = "w";
    options.response = "r";
    options.response_cells = "region,sex";
    options.calibrate = EST_WEIGHT_POSTSTRATIFY;
    options.margins = margins;
    REQUIRE_OK(est_weight_table(table, &options, NULL, &result, &error), error);
    est_suppression suppression = est_suppression_default();
    suppression.internal = internal;
    REQUIRE_OK(est_result_suppress(result, &suppression, &published, &error), error);
    est_result_free(result);
    est_table_free(margins);
    return published;
}

static const est_cell *cell_at(const est_result *result, const char *frame, size_t row, const char *column)
{
    const est_frame *f = est_result_frame_find(result, frame);
    assert_non_null(f);
    for (size_t j = 0; j < f->n_columns; j++)
        if (strcmp(f->columns[j], column) == 0)
            return &f->cells[row * f->n_columns + j];
    fail_msg("no column %s in frame %s", column, frame);
    return NULL;
}

static bool json_has(const est_result *result, const char *words)
{
    est_error error;
    char *json = NULL;
    REQUIRE_OK(est_report_string(result, "json", &json, NULL, &error), error);
    bool has = strstr(json, words) != NULL;
    est_string_free(json);
    return has;
}

/* A cell of 12 rows, 8 of whom responded: neither number follows from what is written, by its weights, its factor, its share of a
 * total, the extremes of all weights, or those of the other cells. */
static void test_small_cell(void **state)
{
    (void)state;
    est_table *table = cells_of(12);
    est_result *result = publish(table, 0);
    static const char *const response[] = {"rows", "respondents", "weight", "responding", "factor"};
    for (size_t j = 0; j < 5; j++)
        assert_non_null(cell_at(result, "response", 3, response[j])->text);
    assert_non_null(cell_at(result, "margins", 3, "rows")->text);
    assert_non_null(cell_at(result, "margins", 3, "before")->text);
    size_t hidden = 0;
    for (size_t k = 0; k < 3; k++)
        hidden += cell_at(result, "response", k, "respondents")->text != NULL;
    assert_true(hidden >= 1);
    static const char *const steps[] = {"rows", "mean", "smallest", "largest", "cv", "design_effect", "effective_n"};
    for (size_t j = 0; j < 7; j++) {
        assert_null(cell_at(result, "steps", 0, steps[j])->text);
        assert_non_null(cell_at(result, "steps", 1, steps[j])->text);
        assert_non_null(cell_at(result, "steps", 2, steps[j])->text);
    }
    assert_true(isnan(est_result_find(result, "weight_largest", "step", "calibration")->estimate));
    assert_true(isnan(est_result_find(result, "factor_largest", "step", "calibration")->estimate));
    assert_true(isnan(est_result_find(result, "weight_sum", "step", "calibration")->n));
    for (size_t i = 0; i < est_result_rows(result); i++) {
        const est_row *row = est_result_row(result, i);
        assert_true(isnan(row->n) || row->n >= 25);
    }
    for (size_t i = 0; i < est_result_notes(result); i++)
        assert_null(strstr(est_result_note(result, i)->message, "region=s"));
    assert_false(json_has(result, "\"weights\": {"));
    assert_true(json_has(result, "'weights'")); /* said to be left out */
    est_result_free(result);
    result = publish(table, 1);
    assert_null(cell_at(result, "response", 3, "rows")->text);
    REQUIRE_NEAR(cell_at(result, "response", 3, "respondents")->number, 8, 0);
    REQUIRE_NEAR(cell_at(result, "margins", 3, "rows")->number, 8, 0);
    REQUIRE_NEAR(est_result_find(result, "factor_smallest", "step", "calibration")->estimate, 90.0 / 120, 1e-14);
    REQUIRE_NEAR(est_result_find(result, "factor_smallest", "step", "calibration")->n, 8, 0);
    assert_true(json_has(result, "\"weights\": {"));
    est_result_free(result);
    est_table_free(table);
}

static void test_large_cells(void **state)
{
    (void)state;
    est_table *table = cells_of(60);
    est_result *result = publish(table, 0);
    REQUIRE_NEAR(cell_at(result, "response", 3, "respondents")->number, 40, 0);
    REQUIRE_NEAR(est_result_find(result, "response_rate", "region", "s")->estimate, 2.0 / 3, 1e-14);
    REQUIRE_NEAR(est_result_find(result, "weighted_number", "region:sex", "s:m")->estimate, 600, 1e-12);
    REQUIRE_NEAR(est_result_find(result, "weight_largest", "step", "calibration")->n, 40, 0);
    assert_false(json_has(result, "\"weights\": {")); /* single records all the same */
    est_result_free(result);
    est_table_set_public(table, 1);
    result = publish(table, 0);
    assert_true(json_has(result, "\"weights\": {"));
    est_result_free(result);
    est_table_free(table);
}

/* So many totals that disclosure control does not compare them: the table is for the office alone. */
static void test_many_totals(void **state)
{
    (void)state;
    enum { LEVELS = 501, ROWS = 30 * LEVELS };
    est_error error;
    double *level = malloc(ROWS * sizeof *level), *weight = malloc(ROWS * sizeof *weight), total[LEVELS];
    const char *variable[LEVELS];
    double number[LEVELS];
    assert_true(level && weight);
    for (size_t i = 0; i < ROWS; i++) {
        level[i] = (double)(i % LEVELS);
        weight[i] = 2;
    }
    for (size_t j = 0; j < LEVELS; j++) {
        variable[j] = "level";
        number[j] = (double)j;
        total[j] = 61;
    }
    est_table *data = NULL, *margins = NULL;
    est_result *result = NULL;
    REQUIRE_OK(est_table_new("many", ROWS, &data, &error), error);
    REQUIRE_OK(est_table_add_numbers(data, "level", level, &error), error);
    REQUIRE_OK(est_table_add_numbers(data, "w", weight, &error), error);
    REQUIRE_OK(est_table_new("margins", LEVELS, &margins, &error), error);
    REQUIRE_OK(est_table_add_text(margins, "variable", variable, &error), error);
    REQUIRE_OK(est_table_add_numbers(margins, "level", number, &error), error);
    REQUIRE_OK(est_table_add_numbers(margins, "total", total, &error), error);
    est_weight_options options = est_weight_options_default();
    options.weight = "w";
    options.calibrate = EST_WEIGHT_POSTSTRATIFY;
    options.margins = margins;
    REQUIRE_OK(est_weight_table(data, &options, NULL, &result, &error), error);
    assert_null(est_result_find(result, "weighted_number", NULL, NULL));
    assert_int_equal(est_result_frame_find(result, "margins")->n_rows, LEVELS);
    assert_false(json_has(result, "\"margins\": {"));
    est_result_free(result);
    est_table_free(margins);
    est_table_free(data);
    free(level);
    free(weight);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),      cmocka_unit_test(test_chunks_and_links), cmocka_unit_test(test_table),
        cmocka_unit_test(test_refusals),   cmocka_unit_test(test_small_cell),       cmocka_unit_test(test_large_cells),
        cmocka_unit_test(test_many_totals),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
