/* Growing text, nearest names, and numbers: exact both ways, under a comma locale too. */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/text.h"

static uint64_t next_random(uint64_t *state)
{
    /* xorshift64*, Vigna 2016 */
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static double from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t to_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void check_round_trip(double value)
{
    char text[32];
    double back = 0;
    size_t length = est_i_number_print(value, text);
    assert_int_equal(length, strlen(text));
    assert_null(strchr(text, ','));
    assert_true(est_i_number_parse(text, length, &back));
    if (to_bits(back) != to_bits(value))
        fail_msg("%s does not read back", text);
}

static void check_many_round_trips(void)
{
    uint64_t state = UINT64_C(20240607);
    int tried = 0;
    while (tried < 100000) {
        double value = from_bits(next_random(&state));
        if (isfinite(value)) {
            check_round_trip(value);
            tried++;
        }
    }
    for (int i = 0; i < 10000; i++) /* denormals of every size */
        check_round_trip(from_bits(next_random(&state) >> (12 + i % 52)));
    for (int exponent = -1074; exponent <= 1023; exponent++) {
        check_round_trip(ldexp(1, exponent));
        check_round_trip(nextafter(ldexp(1, exponent), 0));
        check_round_trip(-nextafter(ldexp(1, exponent), INFINITY));
    }
    for (int i = 0; i < 20000; i++) {
        check_round_trip(i / 100.0);
        check_round_trip((double)(next_random(&state) >> 11));
    }
}

typedef struct printed {
    double value;
    const char *text;
} printed;

static void check_known_prints(void)
{
    /* 5e-324, 2^-44 and 9007199254740993 as in Steele and White 1990 and the test tables of later printers.
     */
    static const printed known[] = {
        {0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {-12.5, "-12.5"},
        {0.1, "0.1"},
        {1.0 / 3, "0.3333333333333333"},
        {100, "100"},
        {14402.488952, "14402.488952"},
        {0.0001, "0.0001"},
        {0.00001, "1e-05"},
        {0.000123, "0.000123"},
        {999999999999999, "999999999999999"},
        {1e15, "1e+15"},
        {1e22, "1e+22"},
        {1e-7, "1e-07"},
        {123456789012345680, "1.2345678901234568e+17"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {5e-324, "5e-324"},
        {-1e-323, "-1e-323"},
        {5.684341886080802e-14, "5.684341886080802e-14"},
        {9007199254740992, "9.007199254740992e+15"},
        {NAN, "NaN"},
        {INFINITY, "Inf"},
        {-INFINITY, "-Inf"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        char text[32];
        est_i_number_print(known[i].value, text);
        assert_string_equal(text, known[i].text);
    }
}

typedef struct fixed_case {
    double value;
    int decimals;
    const char *separator;
    const char *text;
} fixed_case;

static void check_fixed_prints(void)
{
    static const fixed_case cases[] = {
        {0.125, 2, "", "0.12"},
        {0.375, 2, "", "0.38"},
        {2.675, 2, "", "2.67"},
        {1234567.891, 1, ",", "1,234,567.9"},
        {999.5, 0, ",", "1,000"},
        {-1234, 0, " ", "-1 234"},
        {123, 0, ",", "123"},
        {-0.3, 0, "", "0"},
        {-0.0, 2, "", "0.00"},
        {0, 3, ",", "0.000"},
        {1e15, 0, ",", "1,000,000,000,000,000"},
        {NAN, 2, ",", "NaN"},
        {-INFINITY, 2, ",", "-Inf"},
        {1e300, 2, ",", "1e+300"},
        {1234, -3, ",", "1,234"},
        {1000000, 0, "\xe2\x80\x89",
         "1\xe2\x80\x89"
         "000\xe2\x80\x89"
         "000"},
    };
    char text[64];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t length = est_i_number_print_grouped(cases[i].value, cases[i].decimals, cases[i].separator,
                                                   text, sizeof text);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(length, strlen(text));
    }
    assert_int_equal(est_i_number_print_fixed(1234.5, 2, text, sizeof text), 7);
    assert_string_equal(text, "1234.50");
}

typedef struct parse_case {
    const char *text;
    double value;
} parse_case;

static void check_valid_parses(void)
{
    static const parse_case cases[] = {
        {"0", 0},
        {"-0", -0.0},
        {"+5", 5},
        {"12.5", 12.5},
        {".5", 0.5},
        {"5.", 5},
        {"1e3", 1000},
        {"1E+3", 1000},
        {"25e-1", 2.5},
        {"000123.4500", 123.45},
        {"0.1", 0.1},
        {"1e-400", 0},
        {"4.9406564584124654e-324", 5e-324},
        {"2.4703282292062328e-324", 5e-324},
        {"2.4703282292062327e-324", 0},
        {"1.7976931348623158e308", 1.7976931348623157e308},
        {"9007199254740993", 9007199254740992.0},
        {"9007199254740993.000000000000000000000000000000000000000000000000000000000000001",
         9007199254740994.0},
        {"0e999999999999999999999", 0},
        {"1e-999999999999999999999", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double value = NAN;
        if (!est_i_number_parse(cases[i].text, strlen(cases[i].text), &value))
            fail_msg("'%s' was refused", cases[i].text);
        if (to_bits(value) != to_bits(cases[i].value))
            fail_msg("'%s' was read as another number", cases[i].text);
    }
}

static void check_refused_parses(void)
{
    static const char *const refused[] = {"",      "+",     "-",   ".",        "-.",
                                          "e5",    "1e",    "1e+", " 1",       "1 ",
                                          "0x10",  "inf",   "nan", "Inf",      "NaN",
                                          "1,5",   "1.2.3", "--1", "1e5.0",    "1e400",
                                          "1_000", "1'000", "12a", "\xc2\xa0", "1e999999999999"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        double value = 77;
        if (est_i_number_parse(refused[i], strlen(refused[i]), &value))
            fail_msg("'%s' was accepted", refused[i]);
        assert_true(value == 77);
    }
}

/* Digits beyond any buffer: the halfway case is decided by a digit two thousand places away. */
static void check_long_parses(void)
{
    static const char half[] = "9007199254740993.";
    char text[2100];
    double value = 0;
    memset(text, '0', sizeof text);
    memcpy(text, half, sizeof half - 1);
    assert_true(est_i_number_parse(text, sizeof text, &value));
    assert_true(value == 9007199254740992.0);
    text[sizeof text - 1] = '1';
    assert_true(est_i_number_parse(text, sizeof text, &value));
    assert_true(value == 9007199254740994.0);
    memset(text, '0', sizeof text);
    text[0] = '1';
    memcpy(text + sizeof text - 6, "e-2093", 6);
    assert_true(est_i_number_parse(text, sizeof text, &value));
    assert_true(value == 1);
    memset(text, '0', sizeof text);
    text[1] = '.';
    memcpy(text + sizeof text - 6, "7e2093", 6);
    assert_true(est_i_number_parse(text, sizeof text, &value));
    assert_true(value == 7);
}

static void check_all_numbers(void)
{
    check_known_prints();
    check_fixed_prints();
    check_valid_parses();
    check_refused_parses();
    check_long_parses();
    check_many_round_trips();
}

static void test_numbers(void **state)
{
    (void)state;
    setlocale(LC_ALL, "C");
    check_all_numbers();
}

/* Only one digit fewer, correctly rounded, must not read back, or the print was not the shortest. */
static void test_prints_are_shortest(void **state)
{
    uint64_t random = UINT64_C(99);
    (void)state;
    setlocale(LC_ALL, "C");
    for (int i = 0; i < 20000; i++) {
        double value = fabs(from_bits(next_random(&random) >> (i % 4 == 0 ? 12 : 1)));
        char text[32], shorter[40];
        int digits = 0;
        if (!isfinite(value) || value == 0)
            continue;
        est_i_number_print(value, text);
        for (const char *at = text; *at && *at != 'e'; at++)
            digits += *at >= '0' && *at <= '9' && (digits || *at != '0');
        if (digits > 1 && strchr(text, 'e')) {
            snprintf(shorter, sizeof shorter, "%.*e", digits - 2, value);
            assert_true(strtod(shorter, NULL) != value);
        }
    }
}

static bool comma_now(void)
{
    return strcmp(localeconv()->decimal_point, ",") == 0;
}

/* A comma locale that is installed, else one made in a folder of its own; NULL if there can be none. */
static const char *find_comma_locale(char *folder)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "es_ES.UTF-8",
                                        "nl_NL.UTF-8"};
    char command[256];
    const char *found = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !found; i++)
        if (setlocale(LC_ALL, names[i]) && comma_now())
            found = names[i];
    if (!found && mkdtemp(folder)) {
        snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 '%s/de_DE.UTF-8' >'%s/log' 2>&1",
                 folder, folder);
        if (system(command) >= 0) {
            setenv("LOCPATH", folder, 1);
            if (setlocale(LC_ALL, "de_DE.UTF-8") && comma_now())
                found = "de_DE.UTF-8";
            unsetenv("LOCPATH");
        }
        snprintf(command, sizeof command, "rm -rf '%s'", folder);
        if (system(command) != 0)
            print_message("the folder of the test's locale could not be removed\n");
    }
    return found;
}

static void test_numbers_under_a_comma_locale(void **state)
{
    char folder[] = "/tmp/est_locale_XXXXXX";
    char shown[32];
    (void)state;
    if (!find_comma_locale(folder)) {
        setlocale(LC_ALL, "C");
        print_message("SKIPPED: no locale with a decimal comma here, and localedef could not make one\n");
        skip();
    }
    snprintf(shown, sizeof shown, "%.1f", 0.5);
    assert_string_equal(shown, "0,5"); /* the locale is at work, so what follows means something */
    check_all_numbers();
    setlocale(LC_ALL, "C");
}

static void test_growing_text(void **state)
{
    est_i_text text = {NULL, 0, 0, false};
    char *taken;
    (void)state;
    est_i_text_append(&text, "a");
    est_i_text_append(&text, "");
    est_i_text_append_bytes(&text, "bcd", 2);
    est_i_text_printf(&text, " %s %d", "x", -7);
    est_i_text_append(&text, " ");
    est_i_text_number(&text, 0.1);
    assert_string_equal(text.data, "abc x -7 0.1");
    assert_int_equal(text.length, 12);
    for (int i = 0; i < 10000; i++)
        est_i_text_append(&text, "0123456789");
    assert_int_equal(text.length, 100012);
    taken = est_i_text_take(&text);
    assert_int_equal(strlen(taken), 100012);
    assert_null(text.data);
    assert_int_equal(text.length, 0);
    free(taken);
    taken = est_i_text_take(&text);
    assert_string_equal(taken, "");
    free(taken);
    est_i_text_free(&text);
    est_i_text_free(NULL);
}

static void test_failed_text_stays_failed(void **state)
{
    est_i_text text = {NULL, 0, 0, false};
    (void)state;
    est_i_text_append(&text, "kept");
    est_i_text_append_bytes(&text, "x", SIZE_MAX - 2);
    assert_true(text.failed);
    est_i_text_append(&text, "more");
    assert_string_equal(text.data, "kept");
    assert_null(est_i_text_take(&text));
    assert_null(text.data);
    assert_false(text.failed);
}

static const char *const option_names[] = {"max-order", "model", "select", "level", "replicates"};

static const char *option_name(const void *user, size_t index)
{
    const char *const *names = user;
    return names[index];
}

static const char *nearest(const char *name)
{
    return est_i_nearest_name(name, sizeof option_names / sizeof option_names[0], option_name, option_names);
}

static void test_nearest_name(void **state)
{
    (void)state;
    assert_string_equal(nearest("max_ordr"), "max-order");
    assert_string_equal(nearest("MODEL"), "model");
    assert_string_equal(nearest("modle"), "model");
    assert_string_equal(nearest("replicate"), "replicates");
    assert_string_equal(nearest("lvel"), "level");
    assert_null(nearest("colour"));
    assert_null(nearest(""));
    assert_null(nearest("a name that is much longer than any option could be, so that it is near to none"));
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *list, *names[4]; /* names after the last are NULL */
        bool whole;
    } cases[] = {{"A", {"A"}, true},
                 {" A , B\t,C ", {"A", "B", "C"}, true},
                 {"", {""}, true},
                 {"A,", {"A", ""}, true},
                 {"\"A, B\",C", {"A, B", "C"}, true},
                 {" \" A\" , \"\"\"\" ", {" A", "\""}, true},
                 {"a\"b,c", {"a\"b", "c"}, true},
                 {"\"a\"\"b\"", {"a\"b"}, true},
                 {"\"\"", {""}, true},
                 {"\"a", {"a"}, false},
                 {"\"a\"\"", {"a\""}, false},
                 {"\"a\"b,c", {"a"}, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        est_i_text name = {0};
        const char *rest = cases[i].list;
        bool whole = true;
        for (size_t j = 0; j < 4 && cases[i].names[j]; j++) {
            assert_non_null(rest);
            rest = est_i_name_take(rest, &name, &whole);
            assert_string_equal(name.data, cases[i].names[j]);
        }
        assert_true(whole == cases[i].whole);
        assert_true(!whole || !rest);
        est_i_text_free(&name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_prints_are_shortest),
        cmocka_unit_test(test_numbers_under_a_comma_locale),
        cmocka_unit_test(test_growing_text),
        cmocka_unit_test(test_failed_text_stays_failed),
        cmocka_unit_test(test_nearest_name),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
