/* Views: what they read and compute, against the same by hand; faults on their records; every use of a source; all the same for
 * every number of threads and cut. */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <readstat.h>

#include <est/check.h>
#include <est/source.h>
#include <est/survey.h>
#include <est/table.h>

#include "core/text.h"
#include "data/scan.h"
#include "data/source_parts.h"
#include "data/view.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const int thread_counts[] = {1, 2, 3, 7};

/* A consumer that writes down every chunk, row and cell. */

typedef struct listing {
    est_i_text text;
    size_t n_fields;
    bool same; /* fields 0 and 1 are the same memory */
} listing;

typedef struct listing_part {
    est_i_text text;
    bool same;
} listing_part;

static void *part_new(void *user, size_t chunk)
{
    (void)user, (void)chunk;
    listing_part *part = calloc(1, sizeof *part);
    if (part)
        part->same = true;
    return part;
}

static void part_free(void *user, void *part)
{
    (void)user;
    if (part)
        est_i_text_free(&((listing_part *)part)->text);
    free(part);
}

static est_status take(void *user, void *part, const est_i_scan_batch *batch, est_error *error)
{
    const listing *all = user;
    listing_part *own = part;
    (void)error;
    for (size_t row = 0; row < batch->n_rows; row++) {
        for (size_t f = 0; f < all->n_fields; f++) {
            if (batch->number[f]) {
                assert_null(batch->label[f]);
                est_i_text_number(&own->text, batch->number[f][row]);
            } else {
                uint32_t code = batch->label[f][row];
                if (code < EST_I_CODE_FIRST)
                    est_i_text_append(&own->text, code == EST_I_CODE_NA ? "<NA>" : "<empty>");
                else
                    est_i_text_printf(&own->text, "'%s'", est_i_dictionary_text(&batch->dictionary[f], code - EST_I_CODE_FIRST));
            }
            est_i_text_append(&own->text, " ");
        }
        est_i_text_append(&own->text, "\n");
    }
    own->same = own->same && all->n_fields > 1 && batch->number[0] == batch->number[1];
    return EST_OK;
}

/* Chunks begin anywhere: their rows are listed one after the other. */
static est_status settle(void *user, void *part, size_t chunk, const est_i_dictionary *dictionary, est_error *error)
{
    listing *all = user;
    listing_part *own = part;
    (void)chunk, (void)error;
    for (size_t f = 0; f < all->n_fields; f++)
        for (uint32_t i = 0; i < dictionary[f].count; i++)
            assert_non_null(est_i_dictionary_text(&dictionary[f], i));
    if (own->text.data)
        est_i_text_append(&all->text, own->text.data);
    all->same = all->same && own->same;
    part_free(user, part);
    return EST_OK;
}

static const est_i_scan_consumer list_rows = {part_new, take, settle, part_free};

/* Fields by name; a name with # is read as a label. */
static est_status list_fields(est_source *source, const char *const *names, size_t first, size_t last, int threads, listing *all,
                              est_error *error)
{
    est_i_field fields[16];
    size_t n = 0;
    long long records;
    for (; names[n]; n++) {
        bool is_label = names[n][0] == '#';
        long column = est_source_find(source, names[n] + is_label);
        assert_true(column >= 0 && n < COUNT(fields));
        fields[n] = (est_i_field){(size_t)column, is_label ? EST_I_FIELD_LABEL : EST_I_FIELD_NUMBER};
    }
    *all = (listing){.n_fields = n, .same = true};
    est_i_text_append(&all->text, "");
    est_error_clear(error);
    return est_i_scan(source, n, fields, first, last, &list_rows, all, threads, NULL, &records, error);
}

static void expect_rows(est_source *source, const char *const *names, int threads, const char *expected)
{
    listing all;
    est_error error;
    if (list_fields(source, names, 0, SIZE_MAX, threads, &all, &error) != EST_OK)
        fail_msg("%s", error.message);
    assert_string_equal(all.text.data, expected);
    est_i_text_free(&all.text);
}

/* Making */

static est_source *open_bytes(const char *bytes, size_t chunk_bytes)
{
    est_error error;
    est_source *source = NULL;
    if (est_i_source_of_bytes("x.csv", bytes, strlen(bytes), NULL, &source, &error) != EST_OK)
        fail_msg("%s", error.message);
    if (chunk_bytes)
        est_i_source_set_chunks(source, chunk_bytes, 3);
    return source;
}

static est_i_view_input input_of(const char *column)
{
    return (est_i_view_input){.column = column, .minimum = NAN, .maximum = NAN, .scale = 1};
}

static void add_input(est_i_view_plan *plan, const est_i_view_input *input)
{
    est_error error;
    if (est_i_view_plan_input(plan, input, &error) != EST_OK)
        fail_msg("%s", error.message);
}

static void add_column(est_i_view_plan *plan, const char *name, const char *expression, bool of_file)
{
    est_error error;
    if (est_i_view_plan_column(plan, name, expression, of_file, 0, NULL, name, &error) != EST_OK)
        fail_msg("%s", error.message);
}

static est_source *open_view(est_i_view_plan *plan)
{
    est_source *view = NULL;
    est_error error;
    if (est_i_view_open(plan, &view, &error) != EST_OK)
        fail_msg("%s", error.message);
    return view;
}

static const est_i_view_code sexes[] = {{"M", 1}, {"F", 2}, {"unknown", NAN}};
static const est_i_view_code sex_labels[] = {{"male", 1}, {"female", 2}};
static const est_i_view_code answers[] = {{"1", 1}, {"2", 0}, {"8", NAN}};
static const double special_hours[] = {97, 98}, suspect_hours[] = {99, 999};
static const double one_to_three[] = {3, 1, 2}, nine[] = {9};

/* The codebook of a small file: sex, work, hours, band, weight. */
static est_i_view_plan *plan_small(est_source *base)
{
    est_error error;
    est_i_view_plan *plan = est_i_view_plan_new(base);
    assert_non_null(plan);
    est_i_view_input sex = input_of("q1"), work = input_of("q2"), hours = input_of("q3"), band = input_of("q4"),
                     weight = input_of("wt");
    sex.n_codes = COUNT(sexes);
    sex.codes = sexes;
    sex.expected = "M, F or unknown";
    work.n_codes = COUNT(answers);
    work.codes = answers;
    work.n_special = 1;
    work.special = nine;
    hours.n_special = COUNT(special_hours);
    hours.special = special_hours;
    hours.n_suspect = COUNT(suspect_hours);
    hours.suspect = suspect_hours;
    hours.minimum = 0;
    hours.maximum = 168;
    hours.expected = "hours from 0 to 168 or a special code that the codebook declares (97, 98)";
    band.n_allowed = COUNT(one_to_three);
    band.allowed = one_to_three;
    weight.scale = 0.001;
    weight.minimum = 0;
    add_input(plan, &sex);
    add_input(plan, &work);
    add_input(plan, &hours);
    add_input(plan, &band);
    add_input(plan, &weight);
    assert_int_equal(est_i_view_plan_column(plan, "sex", "q1", true, COUNT(sex_labels), sex_labels, "role sex", &error), EST_OK);
    add_column(plan, "works", "q2", true);
    add_column(plan, "hours", "q3", true);
    add_column(plan, "band", "q4", true);
    add_column(plan, "weight", "wt", true);
    assert_int_equal(est_i_view_plan_constant(plan, "threshold", 3, &error), EST_OK);
    assert_int_equal(est_i_view_plan_constant(plan, "threshold", 14, &error), EST_OK);
    add_column(plan, "long_hours", "works == 1 and hours >= threshold", false);
    assert_int_equal(est_i_view_plan_alias(plan, "psu", "cluster", 0, NULL, &error), EST_OK);
    add_column(plan, "both", "any(long_hours, sex == 2) + psu * 0", false);
    assert_int_equal(est_i_view_plan_refuse(plan, "works == 0 and hours > 100",
                                            "found over 100 hours of somebody who does not work, "
                                            "expected none",
                                            "refusal", &error),
                     EST_OK);
    return plan;
}

static const char small_file[] = "cluster,q1,q2,q3,q4,wt,name\n"
                                 "001,M,1,14,1,1500,a\n"
                                 "001,F,2,,2,250,b\n"
                                 "2,F,01,97,3,1000,\"c\nd\"\n"
                                 "NA,unknown,9,0,1,,e\n"
                                 "3,,8,20.5,2,0,f\n"
                                 "3,M,1.0,98,NA,3,NA\n"
                                 "4,M,2,100,3,1,g\n";

static const char *const small_names[] = {"#psu",   "sex",        "#sex", "works", "hours", "band",
                                          "weight", "long_hours", "both", "#name", NULL};
static const char small_rows[] = "'001' 1 '1' 1 14 1 1.5 1 1 'a' \n"
                                 "'001' 2 '2' 0 NaN 2 0.25 0 1 'b' \n"
                                 "'2' 2 '2' 1 NaN 3 1 NaN 1 'c\nd' \n"
                                 "<NA> NaN <NA> NaN 0 1 NaN 0 NaN 'e' \n"
                                 "'3' NaN <NA> NaN 20.5 2 0 NaN 0 'f' \n"
                                 "'3' 1 '1' 1 NaN NaN 0.003 NaN 0 <NA> \n"
                                 "'4' 1 '1' 0 100 3 0.001 0 0 'g' \n";

/* Every cut and number of threads gives the same. */
static void test_small_file(void **state)
{
    (void)state;
    for (size_t cut = 1; cut < sizeof small_file + 2; cut += cut < 40 ? 1 : 13)
        for (size_t t = 0; t < COUNT(thread_counts); t++) {
            est_source *base = open_bytes(small_file, cut), *view = open_view(plan_small(base));
            for (int pass = 0; pass < 2; pass++)
                expect_rows(view, small_names, thread_counts[t], small_rows);
            est_source_free(view);
            est_source_free(base);
        }
}

static void test_columns(void **state)
{
    static const char *const names[] = {"sex",     "works", "hours", "band", "weight", "long_hours", "psu", "both",
                                        "cluster", "q1",    "q2",    "q3",   "q4",     "wt",         "name"};
    est_source *base = open_bytes(small_file, 0);
    est_i_view_plan *plan = plan_small(base);
    const char *origins[3] = {"", "", "kept"};
    size_t column, count;
    char hex[65], base_hex[65];
    est_error error;
    (void)state;
    assert_true(est_i_view_plan_has(plan, "both"));
    assert_true(est_i_view_plan_has(plan, "psu"));
    assert_false(est_i_view_plan_has(plan, "cluster"));
    assert_false(est_i_view_plan_has(plan, "threshold"));
    assert_int_equal(est_i_view_plan_origins(plan, "both", 2, origins), 4);
    assert_string_equal(origins[0], "q1");
    assert_string_equal(origins[1], "q2");
    assert_string_equal(origins[2], "kept");
    assert_int_equal(est_i_view_plan_origins(plan, "psu", 1, origins), 1);
    assert_string_equal(origins[0], "cluster");
    assert_int_equal(est_i_view_plan_origins(plan, "nobody", 3, origins), 0);
    est_source *view = open_view(plan);
    assert_int_equal(est_source_columns(view), COUNT(names));
    for (size_t c = 0; c < COUNT(names); c++) {
        assert_string_equal(est_source_column_name(view, c), names[c]);
        assert_int_equal(est_source_find(view, names[c]), c);
    }
    assert_null(est_source_column_name(view, COUNT(names)));
    assert_string_equal(est_source_name(view), "x.csv");
    assert_true(est_source_is_repeatable(view));
    assert_int_equal(est_i_source_require(view, "hour", "it", &column, &error), EST_ECOLUMN);
    assert_non_null(strstr(error.message, "did you mean 'hours'"));
    assert_string_equal(est_i_source_value_label(view, 0, "2"), "female");
    assert_string_equal(est_i_source_value_label(view, 0, "1.0"), "male");
    assert_null(est_i_source_value_label(view, 0, "3"));
    assert_null(est_i_source_value_label(view, 0, "male"));
    assert_null(est_i_source_value_label(view, 6, "001"));
    assert_string_equal(est_i_source_variable_label(view, 0), "");
    assert_int_equal(est_i_source_digest(view, NULL, hex, &error), EST_OK);
    assert_int_equal(est_i_source_digest(base, NULL, base_hex, &error), EST_OK);
    assert_string_equal(hex, base_hex);
    est_i_source_set_chunks(view, 50, 3);
    assert_int_equal(est_i_scan_chunks(view, &count, &error), EST_OK);
    assert_int_equal(count, (sizeof small_file - 1 + 49) / 50);
    est_source_free(view);
    est_source_free(base);
}

/* A column that only renames, and a column that is passed through, are the memory of the base's scan; parts of a file. */
static void test_nothing_is_copied(void **state)
{
    static const char bytes[] = "a,b\n1,2\n3,4\n5,6\n7,8\n";
    static const char *const names[] = {"a", "same", "again", "#b", "alias", NULL};
    est_error error;
    est_source *base = open_bytes(bytes, 8);
    est_i_view_plan *plan = est_i_view_plan_new(base);
    listing all, part;
    (void)state;
    add_column(plan, "same", "a", true);
    add_column(plan, "again", "same", false);
    assert_int_equal(est_i_view_plan_alias(plan, "alias", "b", 0, NULL, &error), EST_OK);
    est_source *view = open_view(plan);
    assert_int_equal(list_fields(view, names, 0, SIZE_MAX, 1, &all, &error), EST_OK);
    assert_true(all.same);
    assert_string_equal(all.text.data, "1 1 1 '2' 2 \n3 3 3 '4' 4 \n5 5 5 '6' 6 \n7 7 7 '8' 8 \n");
    for (size_t cut = 0; cut <= 3; cut++) {
        est_i_text joined = {0};
        assert_int_equal(list_fields(view, names, 0, cut, 2, &part, &error), EST_OK);
        est_i_text_append(&joined, part.text.data);
        est_i_text_free(&part.text);
        assert_int_equal(list_fields(view, names, cut, SIZE_MAX, 2, &part, &error), EST_OK);
        est_i_text_append(&joined, part.text.data);
        est_i_text_free(&part.text);
        assert_string_equal(joined.data, all.text.data);
        est_i_text_free(&joined);
    }
    est_i_text_free(&all.text);
    est_source_free(view);
    est_source_free(base);
}

/* Only what a scan asks for is read: a fault elsewhere is none. */
static void test_only_what_is_needed(void **state)
{
    static const char bytes[] = "cluster,q1,q2,q3,q4,wt,name\n1,X,1,500,9,much,n\n";
    static const char *const aliases[] = {"#psu", "#q1", "q3", "#wt", NULL}, *const works[] = {"works", NULL};
    static const char *const weight[] = {"weight", NULL}, *const none[] = {NULL};
    est_error error;
    listing all;
    est_source *base = open_bytes(bytes, 0), *view = open_view(plan_small(base));
    (void)state;
    expect_rows(view, aliases, 1, "'1' 'X' 500 'much' \n");
    expect_rows(view, none, 1, "\n");
    /* The refusal needs works and hours. */
    assert_int_equal(list_fields(view, works, 0, SIZE_MAX, 1, &all, &error), EST_EVALUE);
    assert_string_equal(error.column, "q3");
    est_i_text_free(&all.text);
    assert_int_equal(list_fields(view, weight, 0, SIZE_MAX, 1, &all, &error), EST_EVALUE);
    est_i_text_free(&all.text);
    est_source_free(view);
    est_source_free(base);
}

/* Faults: the first in the order of the rows, whatever the cut and the threads. */

typedef struct fault_case {
    const char *rows; /* after three sound ones; of columns q1, q2, q3, q4, wt */
    long long record, line;
    const char *column;
    const char *message; /* after the place */
} fault_case;

static void expect_fault(const fault_case *one, const char *bytes, size_t cut, int threads)
{
    static const char *const names[] = {"both", "band", "weight", NULL};
    est_error error;
    listing all;
    char place[200];
    est_source *base = open_bytes(bytes, cut), *view = open_view(plan_small(base));
    if (one->column)
        snprintf(place, sizeof place, "x.csv, record %lld (line %lld), column '%s': ", one->record, one->line, one->column);
    else
        snprintf(place, sizeof place, "x.csv, record %lld (line %lld): ", one->record, one->line);
    assert_int_equal(list_fields(view, names, 0, SIZE_MAX, threads, &all, &error), EST_EVALUE);
    if (strncmp(error.message, place, strlen(place)) != 0 || strcmp(error.message + strlen(place), one->message) != 0)
        fail_msg("cut %zu, %d threads: '%s', expected '%s%s'", cut, threads, error.message, place, one->message);
    assert_int_equal(error.record, one->record);
    assert_int_equal(error.line, one->line);
    assert_string_equal(error.column, one->column ? one->column : "");
    assert_string_equal(error.where, "x.csv");
    est_i_text_free(&all.text);
    est_source_free(view);
    est_source_free(base);
}

static void test_faults(void **state)
{
    static const char hours[] = "expected hours from 0 to 168 or a special code that the codebook declares (97, 98)";
    char words[3][200];
    const fault_case cases[] = {
        {"1,F,1,1,1,1,x\n1,Male,1,1,1,1,x\n", 5, 6, "q1",
         "found text of 4 characters (not shown: it may name a person), expected M, F or unknown"},
        {"1,m,1,1,1,1,x\n", 4, 5, "q1", "found text of 1 character (not shown: it may name a person), expected M, F or unknown"},
        {"1,F,3,1,1,1,x\n", 4, 5, "q2", "found 3, expected one of the codes that are declared for it"},
        {"1,F,yes,1,1,1,x\n", 4, 5, "q2", "found 'yes', expected one of the codes that are declared for it"},
        {"1,F,1,-1,1,1,x\n", 4, 5, "q3", words[0]},
        {"1,F,1,200,1,1,x\n", 4, 5, "q3", words[1]},
        {"1,F,1,99,1,1,x\n", 4, 5, "q3", words[2]},
        {"1,F,1,999,1,1,x\n", 4, 5, "q3",
         "found 999, expected hours from 0 to 168 or a special code that the codebook declares (97, 98)"},
        {"1,F,1,no,1,1,x\n", 4, 5, "q3",
         "found 'no', expected hours from 0 to 168 or a special code that the codebook declares (97, 98)"},
        {"1,F,1,1,4,1,x\n", 4, 5, "q4", "found 4, expected one of the numbers that are declared for it"},
        {"1,F,1,1,1.5,1,x\n", 4, 5, "q4", "found 1.5, expected one of the numbers that are declared for it"},
        {"1,F,1,1,1,-2,x\n", 4, 5, "wt", "found -2, expected a number of at least 0"},
        {"1,F,1,1,1,no,x\n", 4, 5, "wt", "found 'no', expected a number; write an empty field or NA for a missing value"},
        {"1,F,2,101,1,1,x\n", 4, 5, NULL, "found over 100 hours of somebody who does not work, expected none"},
        /* Several in a row, and the later column in the earlier row. */
        {"1,F,1,1,7,1,x\n1,bad,1,1,1,1,x\n", 4, 5, "q4", "found 7, expected one of the numbers that are declared for it"},
        {"1,F,2,120,1,1,x\n1,F,1,1,no,1,x\n", 4, 5, NULL, "found over 100 hours of somebody who does not work, expected none"},
        {"1,F,1,1,\"n\",1,x\n1,F,2,120,1,1,x\n", 4, 5, "q4",
         "found 'n', expected a number; write an empty field or NA for a missing value"},
    };
    (void)state;
    snprintf(words[0], sizeof words[0], "found -1, %s", hours);
    snprintf(words[1], sizeof words[1], "found a number of 3 digits (not shown: it may identify a person), %s", hours);
    snprintf(words[2], sizeof words[2], "found 99, %s", hours);
    for (size_t i = 0; i < COUNT(cases); i++) {
        est_i_text file = {0};
        est_i_text_printf(
            &file, "cluster,q1,q2,q3,q4,wt,name\n1,F,1,1,1,1,x\n1,M,2,1,2,1,y\n1,F,,,,,\n%s1,F,1,1,1,1,x\n1,zz,7,777,77,y,x\n",
            cases[i].rows);
        for (size_t cut = 10; cut < 160; cut += 7)
            for (size_t t = 0; t < COUNT(thread_counts); t++)
                expect_fault(&cases[i], file.data, cut, thread_counts[t]);
        est_i_text_free(&file);
    }
}

/* A fault of the consumer in an earlier row is told first; the place of a computed column is that of the file's. */

typedef struct refuser {
    const est_source *source;
    size_t column;
    double refused;
} refuser;

static void *refuse_part(void *user, size_t chunk)
{
    (void)chunk;
    return user;
}

static est_status refuse_take(void *user, void *part, const est_i_scan_batch *batch, est_error *error)
{
    const refuser *own = user;
    (void)part;
    for (size_t row = 0; row < batch->n_rows; row++)
        if (batch->number[0][row] == own->refused)
            return est_i_fail_at(error, EST_EVALUE, est_i_scan_place(own->source, batch, row, own->column), "refused");
    return EST_OK;
}

static est_status refuse_settle(void *user, void *part, size_t chunk, const est_i_dictionary *dictionary, est_error *error)
{
    (void)user, (void)part, (void)chunk, (void)dictionary, (void)error;
    return EST_OK;
}

static void refuse_free(void *user, void *part)
{
    (void)user, (void)part;
}

static void test_fault_of_the_consumer(void **state)
{
    static const char bytes[] = "cluster,q1,q2,q3,q4,wt,name\n1,F,1,1,1,1,x\n1,F,1,50,2,1,y\n\n1,F,1,300,2,1,y\n";
    static const est_i_scan_consumer consumer = {refuse_part, refuse_take, refuse_settle, refuse_free};
    static const struct {
        const char *column, *file_column;
        double refused;
        long long record, line;
    } cases[] = {{"hours", "q3", 50, 2, 3},    {"hours", "q3", 51, 3, 5},   {"q3", "q3", 50, 2, 3},
                 {"q3", "q3", 300, 3, 5},      {"psu", "cluster", 1, 1, 2}, {"long_hours", "long_hours", 1, 2, 3},
                 {"weight", "wt", 0.001, 1, 2}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t cut = 10; cut < 90; cut += 10)
            for (size_t t = 0; t < COUNT(thread_counts); t++) {
                est_error error;
                long long records;
                est_source *base = open_bytes(bytes, cut), *view = open_view(plan_small(base));
                est_i_field field = {(size_t)est_source_find(view, cases[i].column), EST_I_FIELD_NUMBER};
                refuser own = {view, field.column, cases[i].refused};
                assert_int_equal(
                    est_i_scan(view, 1, &field, 0, SIZE_MAX, &consumer, &own, thread_counts[t], NULL, &records, &error),
                    EST_EVALUE);
                assert_int_equal(error.record, cases[i].record);
                assert_int_equal(error.line, cases[i].line);
                assert_string_equal(error.column, cases[i].file_column);
                assert_int_equal(strstr(error.message, "refused") != NULL, i != 1);
                est_source_free(view);
                est_source_free(base);
            }
}

/* Explaining */

static void test_explain(void **state)
{
    static const char *const names[] = {"long_hours", NULL}, *const rows[] = {"#name", "q3", NULL};
    est_i_text file = {0};
    est_error error, kept;
    listing all;
    (void)state;
    est_i_text_append(&file, "cluster,q1,q2,q3,q4,wt,name\n");
    for (int i = 1; i <= 400; i++)
        est_i_text_printf(&file, "1,%s,%d,%s,%d,%s,secret%d\n", i == 7 ? "never" : "F",
                          i == 200   ? 5
                          : i == 300 ? 2
                                     : 1,
                          i % 20 == 0            ? "200"
                          : i == 300 || i == 301 ? "120"
                          : i == 55              ? "oops"
                                                 : "10",
                          i == 9 ? 9 : 1, "1", i);
    est_source *base = open_bytes(file.data, 0), *view = open_view(plan_small(base));
    est_i_source_set_chunks(view, 1000, 1);
    assert_int_equal(list_fields(view, names, 0, SIZE_MAX, 3, &all, &error), EST_EVALUE);
    est_i_text_free(&all.text);
    assert_int_equal(error.record, 20);
    est_i_view_explain(view, NULL, &error);
    assert_string_equal(error.message,
                        "x.csv, record 20 (line 21), column 'q3': found a number of 3 digits (not shown: it may identify a "
                        "person), expected hours from 0 to 168 or a special code that the codebook declares (97, 98)\n"
                        "Faults of the columns that are needed:\n"
                        "  q2: 1 record (200)\n"
                        "  q3: 21 records (20, 40, 55, 60, 80, 100, 120, 140, 160, 180, ...)");
    assert_int_equal(error.record, 20);
    /* What is no fault of a value stays as it is; so does one of a source that is no view. */
    kept = error;
    est_i_view_explain(base, NULL, &error);
    assert_memory_equal(&kept, &error, sizeof error);
    error.code = EST_EFORMAT;
    kept = error;
    est_i_view_explain(view, NULL, &error);
    assert_memory_equal(&kept, &error, sizeof error);
    /* A scan of the file's columns alone has nothing to explain. */
    assert_int_equal(list_fields(view, rows, 0, SIZE_MAX, 1, &all, &error), EST_EVALUE);
    est_i_text_free(&all.text);
    kept = error;
    est_i_view_explain(view, NULL, &error);
    assert_memory_equal(&kept, &error, sizeof error);
    est_source_free(view);
    est_source_free(base);
    est_i_text_free(&file);
}

static void test_explain_refusals_and_room(void **state)
{
    static const char *const names[] = {"works", NULL};
    static const char bytes[] = "cluster,q1,q2,q3,q4,wt,name\n1,F,2,120,1,1,x\n1,F,1,120,1,1,x\n1,F,2,101,1,1,x\n";
    static const char wide[] = "cluster,q1,q2,q3,q4,wt,name\n1,F,2,120,1,1,x\n1,F,1,120,1,1,x\n1,F,2,1,1,1,x\n1,x,2,1,1,1,x\n";
    est_error error;
    listing all;
    est_source *base = open_bytes(bytes, 20), *view = open_view(plan_small(base));
    (void)state;
    assert_int_equal(list_fields(view, names, 0, SIZE_MAX, 2, &all, &error), EST_EVALUE);
    est_i_text_free(&all.text);
    est_i_view_explain(view, NULL, &error);
    assert_non_null(
        strstr(error.message, "\n  found over 100 hours of somebody who does not work, expected none: 2 records (1, 3)"));
    est_source_free(view);
    est_source_free(base);
    /* A message that is nearly full keeps whole lines. */
    static const char *const both[] = {"both", NULL};
    static const char untouched[] = "0123456789abcdef";
    for (size_t filled = 560; filled < 768; filled++) {
        struct {
            est_error error;
            char after[sizeof untouched];
        } full;
        memcpy(full.after, untouched, sizeof untouched);
        base = open_bytes(wide, 20);
        view = open_view(plan_small(base));
        assert_int_equal(list_fields(view, both, 0, SIZE_MAX, 1, &all, &full.error), EST_EVALUE);
        est_i_text_free(&all.text);
        memset(full.error.message, 'm', filled);
        full.error.message[filled] = '\0';
        est_i_view_explain(view, NULL, &full.error);
        const char *added = full.error.message + filled;
        assert_memory_equal(full.after, untouched, sizeof untouched);
        assert_non_null(memchr(added, '\0', sizeof full.error.message - filled));
        if (filled < 600)
            assert_non_null(strstr(added, "q1: 1 record (4)\n  found over 100"));
        if (*added)
            assert_true(strcmp(added + strlen(added) - 1, ")") == 0 || strcmp(added + strlen(added) - 6, "\n  ...") == 0);
        est_source_free(view);
        est_source_free(base);
    }
}

/* The refusal of the earlier row is told, of one row the one that came first. */
static void test_two_refusals(void **state)
{
    static const struct {
        const char *rows;
        long long record;
        const char *message;
    } cases[] = {{"7\n-1\n5\n", 2, "below"}, {"7\n5\n-1\n", 2, "five"}, {"5\n-5\n", 1, "five"}, {"7\n-5\n5\n", 2, "five"}};
    static const char *const names[] = {"x", NULL};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t t = 0; t < COUNT(thread_counts); t++) {
            est_error error;
            listing all;
            est_i_text text = {0};
            est_i_text_append(&text, "a\n");
            est_i_text_append(&text, cases[i].rows);
            est_source *base = open_bytes(text.data, i + 4);
            est_i_view_plan *plan = est_i_view_plan_new(base);
            add_column(plan, "x", "a", true);
            assert_int_equal(est_i_view_plan_refuse(plan, "x in (5, -5)", "five", "refusal", &error), EST_OK);
            assert_int_equal(est_i_view_plan_refuse(plan, "x < 0", "below", "refusal", &error), EST_OK);
            est_source *view = open_view(plan);
            assert_int_equal(list_fields(view, names, 0, SIZE_MAX, thread_counts[t], &all, &error), EST_EVALUE);
            assert_int_equal(error.record, cases[i].record);
            assert_string_equal(error.column, "a");
            assert_non_null(strstr(error.message, cases[i].message));
            est_i_text_free(&all.text);
            est_i_text_free(&text);
            est_source_free(view);
            est_source_free(base);
        }
}

/* A special code is missing also where it is a code; -0 is called 0; a number stands for a code whatever its form. */
static void test_codes(void **state)
{
    static const est_i_view_code codes[] = {{"1", 10}, {"9", 90}, {"none", 0}, {"n/a", NAN}, {"2.5", 25}};
    static const double tens[] = {1, 2.5, 9, 1, NAN};
    static const char *const names[] = {"t", "n", "#zero", NULL};
    est_error error;
    est_table *table = NULL;
    est_source *base = NULL;
    const char *const texts[] = {"1.0", "02.50", "9", "none", "n/a"};
    (void)state;
    assert_int_equal(est_table_new("t", 5, &table, &error), EST_OK);
    assert_int_equal(est_table_add_text(table, "a", texts, &error), EST_OK);
    assert_int_equal(est_table_add_numbers(table, "b", tens, &error), EST_OK);
    assert_int_equal(est_source_of_table(table, &base, &error), EST_OK);
    est_i_view_plan *plan = est_i_view_plan_new(base);
    est_i_view_input a = input_of("a"), b = input_of("b");
    a.n_codes = b.n_codes = COUNT(codes);
    a.codes = b.codes = codes;
    a.n_special = b.n_special = 1;
    a.special = b.special = nine;
    add_input(plan, &a);
    add_input(plan, &b);
    add_column(plan, "t", "a", true);
    add_column(plan, "n", "b", true);
    add_column(plan, "zero", "-(nonmissing(t, 4) * 0)", false);
    est_source *view = open_view(plan);
    expect_rows(view, names, 1, "10 10 '0' \n25 25 '0' \nNaN NaN '0' \n0 10 '0' \nNaN NaN '0' \n");
    est_source_free(view);
    est_source_free(base);
    est_table_free(table);
}

/* Plans that are refused */

static void test_plans(void **state)
{
    est_source *base = open_bytes("a,b,weight\n1,2,3\n", 0);
    est_i_view_plan *plan = est_i_view_plan_new(base);
    est_error error;
    est_i_view_input a = input_of("a"), b = input_of("b"), gone = input_of("c");
    static const est_i_view_code twice[] = {{"x", 1}, {"x", 2}}, numbers[] = {{"1", 1}, {"01", 2}},
                                 same[] = {{"1", 1}, {"01", 1}, {"x", 1}, {"x", 1}};
    (void)state;
    assert_int_equal(est_i_view_plan_input(plan, &gone, &error), EST_ECOLUMN);
    b.n_codes = 2;
    b.codes = twice;
    assert_int_equal(est_i_view_plan_input(plan, &b, &error), EST_EDEFINITION);
    assert_string_equal(error.message, "x.csv, column 'b': found the code 'x' twice with different numbers, expected it once");
    b.codes = numbers;
    assert_int_equal(est_i_view_plan_input(plan, &b, &error), EST_EDEFINITION);
    assert_non_null(strstr(error.message, "found two codes that are the same number"));
    b.scale = 0;
    assert_int_equal(est_i_view_plan_input(plan, &b, &error), EST_EDEFINITION);
    b.scale = NAN;
    assert_int_equal(est_i_view_plan_input(plan, &b, &error), EST_EDEFINITION);
    b.scale = 1;
    b.minimum = 2;
    b.maximum = 1;
    assert_int_equal(est_i_view_plan_input(plan, &b, &error), EST_EDEFINITION);
    b.minimum = b.maximum = NAN;
    b.n_codes = COUNT(same);
    b.codes = same;
    add_input(plan, &b);
    assert_int_equal(est_i_view_plan_input(plan, &b, &error), EST_EDEFINITION);
    assert_non_null(strstr(error.message, "twice"));
    add_input(plan, &a);
    add_column(plan, "age", "a", true);
    assert_int_equal(est_i_view_plan_column(plan, "age", "a", true, 0, NULL, "role age", &error), EST_EDEFINITION);
    assert_string_equal(error.message, "role age: the name age is taken, expected another one");
    assert_int_equal(est_i_view_plan_alias(plan, "age", "a", 0, NULL, &error), EST_EDEFINITION);
    assert_int_equal(est_i_view_plan_alias(plan, "psu", "bb", 0, NULL, &error), EST_ECOLUMN);
    assert_int_equal(est_i_view_plan_constant(plan, "age", 1, &error), EST_EDEFINITION);
    assert_int_equal(est_i_view_plan_constant(plan, "limit", 1, &error), EST_OK);
    assert_int_equal(est_i_view_plan_column(plan, "limit", "1", true, 0, NULL, "x", &error), EST_EDEFINITION);
    assert_int_equal(est_i_view_plan_column(plan, "", "1", true, 0, NULL, "x", &error), EST_EDEFINITION);
    assert_int_equal(est_i_view_plan_column(plan, "z", "a + 1", false, 0, NULL, "variable z", &error), EST_EDEFINITION);
    assert_int_equal(est_i_view_plan_column(plan, "z", "agee + 1", false, 0, NULL, "variable z", &error), EST_EDEFINITION);
    assert_string_equal(error.message,
                        "variable z, character 1: found the name agee, expected one that is known here; did you mean age?\n"
                        "  agee + 1\n  ^");
    assert_int_equal(est_i_view_plan_column(plan, "z", "weigth + 1", true, 0, NULL, "z", &error), EST_EDEFINITION);
    assert_non_null(strstr(error.message, "did you mean weight?"));
    assert_int_equal(est_i_view_plan_column(plan, "z", "limits", false, 0, NULL, "z", &error), EST_EDEFINITION);
    assert_non_null(strstr(error.message, "did you mean limit?"));
    assert_int_equal(est_i_view_plan_column(plan, "z", "1 +", true, 0, NULL, "z", &error), EST_EDEFINITION);
    assert_int_equal(est_i_view_plan_refuse(plan, "z", "m", "refusal", &error), EST_EDEFINITION);
    est_i_view_plan_free(plan);
    est_i_view_plan_free(NULL);
    est_source_free(base);
}

/* Columns of the plan before those of the file, but for a name alone; inputs that come after the expression; shadowed names. */
static void test_names(void **state)
{
    static const char *const names[] = {"weight", "x", "double", "sum", "age", "late", "#age", NULL};
    est_source *base = open_bytes("a,weight,age\n1,30,7\n9,40,8\n", 0);
    est_i_view_plan *plan = est_i_view_plan_new(base);
    est_i_view_input a = input_of("a");
    (void)state;
    a.n_special = 1;
    a.special = nine;
    add_column(plan, "weight", "a", true);          /* the role weight is column a */
    add_column(plan, "x", "weight", true);          /* the role x is the file's column weight */
    add_column(plan, "double", "weight * 2", true); /* of the role weight */
    add_column(plan, "sum", "weight + x", false);
    add_column(plan, "age", "floor(age / 2)", true);
    add_column(plan, "late", "age + a", true);
    add_input(plan, &a);
    est_source *view = open_view(plan);
    assert_int_equal(est_source_columns(view), 7);
    expect_rows(view, names, 1, "1 30 2 31 3 4 '3' \nNaN 40 NaN NaN 4 NaN '4' \n");
    est_source_free(view);
    est_source_free(base);
}

/* Views over views */

static void test_view_over_view(void **state)
{
    static const char *const names[] = {"years", "#sex", "#psu", "twice", "#cluster", NULL};
    static const char *const twice[] = {"twice", NULL};
    static const char faulty[] = "cluster,q1,q2,q3,q4,wt,name\n1,F,1,1,1,1,x\n1,M,1,1,2,1,x\n1,M,1,500,1,1,x\n";
    est_error error;
    listing all;
    (void)state;
    for (size_t t = 0; t < COUNT(thread_counts); t++) {
        est_source *base = open_bytes(small_file, 30), *inner = open_view(plan_small(base));
        est_i_view_plan *plan = est_i_view_plan_new(inner);
        est_i_view_input band = input_of("band");
        band.scale = 10;
        add_input(plan, &band);
        add_column(plan, "years", "band", true);
        add_column(plan, "twice", "years * 2 + nonmissing(hours, 0) + weight * 0", true);
        assert_int_equal(est_i_view_plan_alias(plan, "who", "sex", 0, NULL, &error), EST_OK);
        est_source *outer = open_view(plan);
        expect_rows(outer, names, thread_counts[t],
                    "10 '1' '001' 34 '001' \n20 '2' '001' 40 '001' \n30 '2' '2' 60 '2' \n"
                    "10 <NA> <NA> NaN <NA> \n20 <NA> '3' 60.5 '3' \nNaN '1' '3' NaN '3' \n"
                    "30 '1' '4' 160 '4' \n");
        assert_string_equal(est_i_source_value_label(outer, (size_t)est_source_find(outer, "who"), "1"), "male");
        est_source_free(outer);
        est_source_free(inner);
        est_source_free(base);
        /* The file's column, and the inner view's explanation. */
        base = open_bytes(faulty, 30);
        inner = open_view(plan_small(base));
        plan = est_i_view_plan_new(inner);
        add_column(plan, "twice", "hours * 2", true);
        outer = open_view(plan);
        assert_int_equal(list_fields(outer, twice, 0, SIZE_MAX, thread_counts[t], &all, &error), EST_EVALUE);
        est_i_text_free(&all.text);
        assert_string_equal(error.column, "q3");
        assert_int_equal(error.record, 3);
        est_i_view_explain(outer, NULL, &error);
        assert_non_null(strstr(error.message, "\n  q3: 1 record (3)"));
        est_source_free(outer);
        est_source_free(inner);
        est_source_free(base);
    }
}

/* Tables */

static void test_table(void **state)
{
    est_error error;
    est_table *table = NULL;
    char buffer[32];
    est_source *base = open_bytes(small_file, 30), *view = open_view(plan_small(base));
    (void)state;
    assert_int_equal(est_source_table(view, NULL, &table, &error), EST_OK);
    assert_int_equal(est_table_rows(table), 7);
    assert_int_equal(est_table_columns(table), est_source_columns(view));
    assert_int_equal(est_table_column_kind(table, 0), EST_COLUMN_NUMBER);
    assert_true(est_table_number(table, 0, 1) == 2);
    assert_true(isnan(est_table_number(table, 0, 4)));
    assert_true(est_table_number(table, 4, 5) == 0.003);
    assert_string_equal(est_table_text(table, 6, 0, buffer), "001");
    assert_null(est_table_text(table, 6, 3, buffer));
    assert_string_equal(est_table_text(table, 14, 2, buffer), "c\nd");
    est_table_free(table);
    est_source_free(view);
    est_source_free(base);
}

/* Pipes */

typedef struct feeder {
    int descriptor;
} feeder;

static void *feed(void *argument)
{
    const feeder *own = argument;
    for (size_t at = 0; at < sizeof small_file - 1; at += 5)
        if (write(own->descriptor, small_file + at, sizeof small_file - 1 - at < 5 ? sizeof small_file - 1 - at : 5) < 0)
            break;
    close(own->descriptor);
    return NULL;
}

static void test_pipe(void **state)
{
    int ends[2], saved = dup(STDIN_FILENO);
    pthread_t thread;
    est_error error, kept;
    listing all;
    size_t count;
    char hex[65], expected[65];
    est_source *base = NULL, *file = open_bytes(small_file, 0);
    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    close(ends[0]);
    feeder own = {ends[1]};
    assert_int_equal(pthread_create(&thread, NULL, feed, &own), 0);
    assert_int_equal(est_source_open("-", NULL, &base, &error), EST_OK);
    est_source *view = open_view(plan_small(base));
    assert_false(est_source_is_repeatable(view));
    est_i_source_set_chunks(view, 40, 1);
    assert_int_equal(est_i_scan_chunks(view, &count, &error), EST_EOPTION);
    assert_int_equal(est_i_source_digest(view, NULL, hex, &error), EST_EOPTION);
    expect_rows(view, small_names, 3, small_rows);
    assert_int_equal(list_fields(view, small_names, 0, SIZE_MAX, 1, &all, &error), EST_EOPTION);
    est_i_text_free(&all.text);
    assert_int_equal(est_i_source_digest(view, NULL, hex, &error), EST_OK);
    assert_int_equal(est_i_source_digest(file, NULL, expected, &error), EST_OK);
    assert_string_equal(hex, expected);
    error = (est_error){.code = EST_EVALUE, .message = "as it was"};
    kept = error;
    est_i_view_explain(view, NULL, &error);
    assert_memory_equal(&kept, &error, sizeof error);
    est_source_free(view);
    est_source_free(base);
    est_source_free(file);
    assert_int_equal(pthread_join(thread, NULL), 0);
    dup2(saved, STDIN_FILENO);
    close(saved);
}

/* Stata files: codes of numbers and texts, missing values, the file's labels. */

typedef struct written {
    FILE *file;
} written;

static ssize_t write_bytes(const void *data, size_t length, void *user)
{
    const written *own = user;
    return fwrite(data, 1, length, own->file) == length ? (ssize_t)length : -1;
}

#define STATA_ROWS 50

static void write_stata(const char *path)
{
    readstat_writer_t *writer = readstat_writer_init();
    written own = {fopen(path, "wb")};
    assert_non_null(own.file);
    readstat_set_data_writer(writer, write_bytes);
    readstat_writer_set_file_format_version(writer, 118);
    readstat_label_set_t *labels = readstat_add_label_set(writer, READSTAT_TYPE_INT32, "sexes");
    readstat_label_int32_value(labels, 1, "Man");
    readstat_label_int32_value(labels, 2, "Woman");
    readstat_variable_t *sex = readstat_add_variable(writer, "b4", READSTAT_TYPE_INT8, 0);
    readstat_variable_set_label_set(sex, labels);
    readstat_variable_set_label(sex, "Sex of the child");
    readstat_variable_t *tenth = readstat_add_variable(writer, "f", READSTAT_TYPE_FLOAT, 0);
    readstat_variable_t *text = readstat_add_variable(writer, "s", READSTAT_TYPE_STRING, 4);
    assert_int_equal(readstat_begin_writing_dta(writer, &own, STATA_ROWS), READSTAT_OK);
    for (int row = 0; row < STATA_ROWS; row++) {
        readstat_begin_row(writer);
        if (row % 5 == 4)
            readstat_insert_tagged_missing_value(writer, sex, 'a');
        else
            readstat_insert_int8_value(writer, sex, (int8_t)(row % 5 == 3 ? 9 : 1 + row % 2));
        if (row % 7 == 6)
            readstat_insert_missing_value(writer, tenth);
        else
            readstat_insert_float_value(writer, tenth, row % 2 ? 0.1f : 2.0f);
        readstat_insert_string_value(writer, text, row % 3 == 0 ? "yes" : row % 3 == 1 ? "no" : "");
        readstat_end_row(writer);
    }
    assert_int_equal(readstat_end_writing(writer), READSTAT_OK);
    readstat_writer_free(writer);
    assert_int_equal(fclose(own.file), 0);
}

static void test_stata(void **state)
{
    static const est_i_view_code recoded[] = {{"01", 10}, {"2", 20}}, tenths[] = {{"0.1", 1}, {"2", 2}},
                                 words[] = {{"yes", 1}, {"no", 0}};
    static const char *const names[] = {"sex", "tenth", "said", "#b4", "copy", NULL};
    char path[300], folder[280];
    const char *top = getenv("TMPDIR");
    est_error error;
    est_source *base = NULL;
    est_i_text expected = {0};
    (void)state;
    snprintf(folder, sizeof folder, "%s/est-view-XXXXXX", top && strlen(top) < 200 ? top : "/tmp");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/small.dta", folder);
    write_stata(path);
    assert_int_equal(est_source_open(path, NULL, &base, &error), EST_OK);
    est_i_view_plan *plan = est_i_view_plan_new(base);
    est_i_view_input sex = input_of("b4"), tenth = input_of("f"), said = input_of("s");
    sex.n_codes = COUNT(recoded);
    sex.codes = recoded;
    sex.n_special = 1;
    sex.special = nine;
    tenth.n_codes = COUNT(tenths);
    tenth.codes = tenths;
    said.n_codes = COUNT(words);
    said.codes = words;
    add_input(plan, &sex);
    add_input(plan, &tenth);
    add_input(plan, &said);
    add_column(plan, "sex", "b4", true);
    add_column(plan, "tenth", "f", true);
    add_column(plan, "said", "s", true);
    add_column(plan, "copy", "sex", false);
    add_column(plan, "made", "sex + 1", false);
    assert_int_equal(est_i_view_plan_alias(plan, "own", "b4", COUNT(sex_labels), sex_labels, &error), EST_OK);
    assert_int_equal(est_i_view_plan_alias(plan, "theirs", "b4", 0, NULL, &error), EST_OK);
    est_source *view = open_view(plan);
    for (int row = 0; row < STATA_ROWS; row++) {
        char sex_text[8], text[8];
        snprintf(text, sizeof text, row % 5 == 4 ? "<NA>" : row % 5 == 3 ? "'9'" : "'%d'", 1 + row % 2);
        snprintf(sex_text, sizeof sex_text, row % 5 >= 3 ? "NaN" : "%d", 10 + row % 2 * 10);
        est_i_text_printf(&expected, "%s %s %s %s %s \n", sex_text,
                          row % 7 == 6 ? "NaN"
                          : row % 2    ? "1"
                                       : "2",
                          row % 3 == 0   ? "1"
                          : row % 3 == 1 ? "0"
                                         : "NaN",
                          text, sex_text);
    }
    est_i_source_set_chunks(view, 1, 7);
    for (size_t t = 0; t < COUNT(thread_counts); t++)
        expect_rows(view, names, thread_counts[t], expected.data);
    assert_string_equal(est_i_source_value_label(view, (size_t)est_source_find(view, "own"), "1"), "male");
    assert_string_equal(est_i_source_value_label(view, (size_t)est_source_find(view, "theirs"), "1"), "Man");
    assert_string_equal(est_i_source_value_label(view, (size_t)est_source_find(view, "b4"), "2"), "Woman");
    assert_null(est_i_source_value_label(view, (size_t)est_source_find(view, "sex"), "10"));
    assert_string_equal(est_i_source_variable_label(view, (size_t)est_source_find(view, "own")), "Sex of the child");
    assert_string_equal(est_i_source_variable_label(view, (size_t)est_source_find(view, "copy")), "Sex of the child");
    assert_string_equal(est_i_source_variable_label(view, (size_t)est_source_find(view, "made")), "");
    est_source_free(view);
    est_source_free(base);
    est_i_text_free(&expected);
    unlink(path);
    rmdir(folder);
}

/* A survey on a view, and on a table that holds the same columns, computed by hand: the same bytes. */

#define ROWS 6000

typedef struct household {
    double stratum[ROWS], psu[ROWS], raw_weight[ROWS], age[ROWS], hours[ROWS], county[ROWS]; /* as in the file */
    const char *sex[ROWS], *work[ROWS];
    double weight[ROWS], is_female[ROWS], works[ROWS], clean_hours[ROWS], child[ROWS], labour[ROWS]; /* by hand */
} household;

static void make_household(household *h)
{
    uint64_t seed = 7;
    for (size_t row = 0; row < ROWS; row++) {
        unsigned drawn[6];
        for (size_t i = 0; i < COUNT(drawn); i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            drawn[i] = (unsigned)(seed >> 33);
        }
        h->stratum[row] = (double)(row / 1500);
        h->psu[row] = (double)(row / 100);
        h->raw_weight[row] = 500000 + drawn[0] % 1000000;
        h->age[row] = drawn[1] % 23 == 0 ? NAN : (double)(drawn[1] % 80);
        h->hours[row] = drawn[2] % 11 == 0 ? 98 : drawn[2] % 13 == 0 ? NAN : (double)(drawn[2] % 60);
        h->county[row] = 1 + drawn[3] % 5;
        h->sex[row] = drawn[4] % 2 ? "M" : "F";
        h->work[row] = drawn[5] % 17 == 0 ? NULL : drawn[5] % 19 == 0 ? "9" : drawn[5] % 3 ? "2" : "1";
        h->weight[row] = h->raw_weight[row] * 1e-6;
        h->is_female[row] = h->sex[row][0] == 'F';
        h->works[row] = !h->work[row] || h->work[row][0] == '9' ? NAN : h->work[row][0] == '1';
        h->clean_hours[row] = h->hours[row] == 98 ? NAN : h->hours[row];
        h->child[row] = isnan(h->age[row]) ? NAN : h->age[row] >= 5 && h->age[row] <= 17;
        h->labour[row] = NAN;
        if (h->child[row] == 1) {
            double threshold = h->age[row] <= 11 ? 1 : h->age[row] <= 14 ? 14 : 43, long_hours = NAN;
            if (!isnan(h->clean_hours[row]))
                long_hours = h->clean_hours[row] >= threshold;
            h->labour[row] = h->works[row] == 1 && long_hours == 1;
        }
    }
}

static est_table *table_of(household *h, bool by_hand)
{
    est_error error;
    est_table *table = NULL;
    assert_int_equal(est_table_new("children", ROWS, &table, &error), EST_OK);
    const struct {
        const char *name;
        const double *numbers;
        const char *const *texts;
    } file[] = {{"v1", h->stratum, NULL}, {"v2", h->psu, NULL},    {"v3", h->raw_weight, NULL}, {"v4", h->age, NULL},
                {"v5", h->hours, NULL},   {"v6", h->county, NULL}, {"v7", NULL, h->sex},        {"v8", NULL, h->work}},
      hand[] = {{"stratum", h->stratum, NULL},  {"psu", h->psu, NULL},           {"weight", h->weight, NULL},
                {"age", h->age, NULL},          {"hours", h->clean_hours, NULL}, {"county", h->county, NULL},
                {"female", h->is_female, NULL}, {"works", h->works, NULL},       {"child", h->child, NULL},
                {"labour", h->labour, NULL}};
    size_t n = by_hand ? COUNT(hand) : COUNT(file);
    for (size_t c = 0; c < n; c++) {
        const char *name = by_hand ? hand[c].name : file[c].name;
        const double *numbers = by_hand ? hand[c].numbers : file[c].numbers;
        est_status status =
            numbers ? est_table_add_numbers(table, name, numbers, &error) : est_table_add_text(table, name, file[c].texts, &error);
        assert_int_equal(status, EST_OK);
    }
    return table;
}

static est_source *view_of(est_source *base)
{
    static const est_i_view_code counties[] = {{"Mombasa", 1}, {"Kwale", 2}, {"Kilifi", 3}, {"Tana River", 4}, {"Lamu", 5}};
    static const double ninety_eight[] = {98};
    est_error error;
    est_i_view_plan *plan = est_i_view_plan_new(base);
    est_i_view_input weight = input_of("v3"), hours = input_of("v5"), sex = input_of("v7"), work = input_of("v8");
    weight.scale = 1e-6;
    hours.n_special = 1;
    hours.special = ninety_eight;
    hours.minimum = 0;
    hours.maximum = 112;
    sex.n_codes = COUNT(sexes);
    sex.codes = sexes;
    work.n_codes = COUNT(answers);
    work.codes = answers;
    work.n_special = 1;
    work.special = nine;
    add_input(plan, &weight);
    add_input(plan, &hours);
    add_input(plan, &sex);
    add_input(plan, &work);
    assert_int_equal(est_i_view_plan_alias(plan, "stratum", "v1", 0, NULL, &error), EST_OK);
    assert_int_equal(est_i_view_plan_alias(plan, "psu", "v2", 0, NULL, &error), EST_OK);
    add_column(plan, "weight", "v3", true);
    add_column(plan, "age", "v4", true);
    add_column(plan, "hours", "v5", true);
    add_column(plan, "county", "v6", true);
    add_column(plan, "female", "v7 == 2", true);
    add_column(plan, "works", "v8", true);
    add_column(plan, "child", "age in (5..17)", false);
    add_column(plan, "long_hours", "hours >= if(age <= 11, 1, if(age <= 14, 14, 43))", false);
    add_column(plan, "labour", "if(child == 1, is(works == 1 and long_hours), 0 / 0)", false);
    assert_int_equal(est_i_view_plan_column(plan, "named", "v6", true, COUNT(counties), counties, "named", &error), EST_OK);
    return open_view(plan);
}

static void write_number(est_i_text *text, double number)
{
    est_i_text_number(text, number);
    est_i_text_append(text, " ");
}

/* Rows and frames of a result, without its provenance. */
static char *print_result(const est_result *result)
{
    est_i_text text = {0};
    for (size_t i = 0; i < est_result_rows(result); i++) {
        const est_row *row = est_result_row(result, i);
        est_i_text_printf(&text, "%s %s ", row->estimand, row->interval);
        for (size_t d = 0; d < row->n_domain; d++)
            est_i_text_printf(&text, "%s=%s ", row->domain[d].name, row->domain[d].value);
        const double numbers[] = {row->estimate, row->se, row->lower, row->upper, row->df, row->n, row->n_weighted, row->deff};
        for (size_t k = 0; k < COUNT(numbers); k++)
            write_number(&text, numbers[k]);
        est_i_text_append(&text, "\n");
    }
    for (size_t f = 0; f < est_result_frames(result); f++) {
        const est_frame *frame = est_result_frame(result, f);
        est_i_text_printf(&text, "[%s]\n", frame->name);
        for (size_t c = 0; c < frame->n_rows * frame->n_columns; c++) {
            if (frame->cells[c].text)
                est_i_text_printf(&text, "'%s' ", frame->cells[c].text);
            else
                write_number(&text, frame->cells[c].number);
        }
    }
    return est_i_text_take(&text);
}

typedef char *runner(est_source *source, int threads);

static char *finish(est_status status, est_result *result, const est_error *error)
{
    if (status != EST_OK)
        fail_msg("%s", error->message);
    char *text = print_result(result);
    est_result_free(result);
    return text;
}

static char *run_survey(est_source *source, int threads)
{
    est_error error;
    est_result *result = NULL;
    est_context context = {.threads = threads};
    est_survey_options options = est_survey_options_default();
    options.weight = "weight";
    options.strata = "stratum";
    options.psu = "psu";
    options.mean = "labour,hours";
    options.total = "labour,works";
    options.proportion = "county";
    options.by = "female";
    options.where = "age >= 3 and (county in (1, 2, 5) or works == 1) and not missing(hours)";
    est_status status = est_survey(source, &options, &context, &result, &error);
    return finish(status, result, &error);
}

static char *run_quantile(est_source *source, int threads)
{
    est_error error;
    est_result *result = NULL;
    est_context context = {.threads = threads};
    est_survey_options options = est_survey_options_default();
    options.weight = "weight";
    options.strata = "stratum";
    options.psu = "psu";
    options.quantile = "hours@0.25,hours@0.5,age@0.5";
    options.by = "county";
    options.where = "works == 1";
    est_status status = est_survey(source, &options, &context, &result, &error);
    return finish(status, result, &error);
}

static char *run_regression(est_source *source, int threads)
{
    est_error error;
    est_result *result = NULL;
    est_context context = {.threads = threads};
    est_survey_options options = est_survey_options_default();
    options.weight = "weight";
    options.strata = "stratum";
    options.psu = "psu";
    options.logistic = "labour ~ female + age + factor(county)";
    est_status status = est_survey(source, &options, &context, &result, &error);
    return finish(status, result, &error);
}

static char *run_check(est_source *source, int threads)
{
    est_error error;
    est_result *result = NULL;
    est_context context = {.threads = threads};
    est_check_options options = est_check_options_default();
    options.weight = "weight";
    options.strata = "stratum";
    options.psu = "psu";
    options.by = "county";
    options.columns = "labour,hours,female,county,age";
    est_status status = est_check(source, &options, &context, &result, &error);
    return finish(status, result, &error);
}

static void test_methods(void **state)
{
    static household h;
    static runner *const runners[] = {run_survey, run_quantile, run_regression, run_check};
    static const size_t chunks[] = {97, 1000, ROWS * 2};
    est_error error;
    (void)state;
    make_household(&h);
    est_table *file = table_of(&h, false), *hand = table_of(&h, true);
    for (size_t r = 0; r < COUNT(runners); r++)
        for (size_t k = 0; k < COUNT(chunks); k++) {
            est_source *of_file = NULL, *by_hand = NULL;
            assert_int_equal(est_source_of_table(file, &of_file, &error), EST_OK);
            assert_int_equal(est_source_of_table(hand, &by_hand, &error), EST_OK);
            est_source *view = view_of(of_file);
            est_i_source_set_chunks(view, 1, chunks[k]);
            est_i_source_set_chunks(by_hand, 1, chunks[k]);
            char *expected = runners[r](by_hand, 1);
            assert_true(strlen(expected) > 500);
            for (int threads = 1; threads <= 3; threads += 2) {
                char *found = runners[r](view, threads);
                assert_string_equal(found, expected);
                free(found);
            }
            free(expected);
            est_source_free(view);
            est_source_free(of_file);
            est_source_free(by_hand);
        }
    est_table_free(file);
    est_table_free(hand);
}

/* Domains stand in the order of the codes, under their labels; levels and contrasts know both. */
static void test_labels_in_a_survey(void **state)
{
    static household h;
    static const char *const expected[] = {"Mombasa", "Kwale", "Kilifi", "Tana River", "Lamu"};
    est_error error;
    est_source *base = NULL;
    est_result *result = NULL;
    est_survey_options options = est_survey_options_default();
    size_t found = 0;
    (void)state;
    make_household(&h);
    est_table *file = table_of(&h, false);
    assert_int_equal(est_source_of_table(file, &base, &error), EST_OK);
    est_source *view = view_of(base);
    options.weight = "weight";
    options.strata = "stratum";
    options.psu = "psu";
    options.mean = "labour";
    options.by = "named";
    options.where = "named != 6";
    assert_int_equal(est_survey(view, &options, NULL, &result, &error), EST_OK);
    for (size_t i = 0; i < est_result_rows(result); i++) {
        const est_row *row = est_result_row(result, i);
        if (row->n_domain == 1)
            assert_string_equal(row->domain[0].value, expected[found++]);
    }
    assert_int_equal(found, COUNT(expected));
    est_result_free(result);
    est_source_free(view);
    est_source_free(base);
    est_table_free(file);
}

/* A large file, many chunks, every thread: the same rows as one pass. */
static void test_large_file(void **state)
{
    static const char *const names[] = {"sex", "hours", "#hours", "both", "#sex", "weight", "#name", NULL};
    est_i_text file = {0};
    listing first, other;
    est_error error;
    (void)state;
    est_i_text_append(&file, "cluster,q1,q2,q3,q4,wt,name\n");
    for (unsigned i = 0; i < 40000; i++)
        est_i_text_printf(&file, "%u,%s,%u,%u.%u,%u,%u,\"n\n%u\"\n", i / 100, i % 3 ? "M" : "F", 1 + i % 2, i % 97, i % 10,
                          1 + i % 3, i, i);
    est_source *base = open_bytes(file.data, 0), *view = open_view(plan_small(base));
    assert_int_equal(list_fields(view, names, 0, SIZE_MAX, 1, &first, &error), EST_OK);
    est_source_free(view);
    est_source_free(base);
    for (size_t cut = 50000; cut < 700000; cut = cut * 3 + 1)
        for (size_t t = 0; t < COUNT(thread_counts); t++) {
            base = open_bytes(file.data, cut);
            view = open_view(plan_small(base));
            assert_int_equal(list_fields(view, names, 0, SIZE_MAX, thread_counts[t], &other, &error), EST_OK);
            assert_string_equal(other.text.data, first.text.data);
            est_i_text_free(&other.text);
            est_source_free(view);
            est_source_free(base);
        }
    est_i_text_free(&first.text);
    est_i_text_free(&file);
}

static void test_cancel(void **state)
{
    est_error error;
    est_i_monitor monitor;
    est_source *base = open_bytes(small_file, 30), *view = open_view(plan_small(base));
    est_i_field field = {0, EST_I_FIELD_NUMBER};
    (void)state;
    est_i_monitor_start(&monitor, NULL);
    atomic_store(&monitor.cancelled, true);
    for (size_t t = 0; t < COUNT(thread_counts); t++) {
        listing all = {.n_fields = 1};
        long long records;
        assert_int_equal(est_i_scan(view, 1, &field, 0, SIZE_MAX, &list_rows, &all, thread_counts[t], &monitor, &records, &error),
                         EST_ECANCELLED);
        est_i_text_free(&all.text);
    }
    est_source_free(view);
    est_source_free(base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_file),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_nothing_is_copied),
        cmocka_unit_test(test_only_what_is_needed),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_fault_of_the_consumer),
        cmocka_unit_test(test_explain),
        cmocka_unit_test(test_explain_refusals_and_room),
        cmocka_unit_test(test_two_refusals),
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_plans),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_view_over_view),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_pipe),
        cmocka_unit_test(test_stata),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_labels_in_a_survey),
        cmocka_unit_test(test_large_file),
        cmocka_unit_test(test_cancel),
    };
    return cmocka_run_group_tests_name("data/view", tests, NULL, NULL);
}
