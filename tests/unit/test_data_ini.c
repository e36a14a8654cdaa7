/* INI files as sections and keys, and every fault of their form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"
#include "data/ini.h"

static void test_sections(void **state)
{
    static const char text[] = "; a comment\n[codebook]\ntitle = A title\n  that goes on\n\n[role age]\ncolumn = CB3 ; inline\nby = sex; county\r\n"
                               "[role sex]\n";
    est_i_ini ini;
    size_t index = 0;
    (void)state;
    assert_int_equal(est_i_ini_parse("x.ini", text, strlen(text), &ini, NULL), EST_OK);
    assert_int_equal(ini.n_sections, 3);
    assert_string_equal(est_i_ini_value(est_i_ini_find(&ini, "codebook", ""), "title"), "A title\nthat goes on");
    const est_i_ini_section *age = est_i_ini_next(&ini, "role", &index);
    assert_string_equal(age->name, "age");
    assert_int_equal(age->line, 6);
    assert_string_equal(est_i_ini_value(age, "column"), "CB3");
    assert_string_equal(est_i_ini_value(age, "by"), "sex; county");
    assert_string_equal(est_i_ini_value(age, "none"), "");
    assert_string_equal(est_i_ini_next(&ini, "role", &index)->name, "sex");
    assert_null(est_i_ini_next(&ini, "role", &index));
    est_i_ini_clear(&ini);
}

static void check_fault(const char *text, size_t length, const char *message)
{
    est_error error = {0};
    est_i_ini ini;
    assert_int_equal(est_i_ini_parse("x.ini", text, length, &ini, &error), EST_EFORMAT);
    if (!strstr(error.message, message))
        fail_msg("'%s' is not in '%s'", message, error.message);
    est_i_ini_clear(&ini);
}

static void test_faults(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"a = 1\n", "before the first section"},
        {"[a\nb = 1\n", "closing bracket"},
        {"[]\nb = 1\n", "empty or longer"},
        {"[a]\nb = 1\nb = 2\n", "this key"},
        {"[a]\nb = 1\n[a]\nc = 1\n", "this section"},
        {"[a]\nnothing\n", "neither a section"},
        {"[role aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\nb = 1\n", "longer than 48"},
        {"[a]\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa = 1\n", "longer than 48"},
        {"[a]\nb = \xff\n", "UTF-8"},
    };
    char line[400];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_fault(cases[i].text, strlen(cases[i].text), cases[i].message);
    check_fault("[a]\nb = 1\0c", 11, "NUL");
    memset(line, 'x', sizeof line);
    memcpy(line, "[a]\nb = ", 8);
    line[sizeof line - 1] = '\0';
    check_fault(line, strlen(line), "190 bytes");
}

static void test_files(void **state)
{
    est_i_ini ini;
    (void)state;
    assert_int_equal(est_i_ini_read("no/such/file.ini", &ini, NULL), EST_EFILE);
    est_i_ini_clear(&ini);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sections), cmocka_unit_test(test_faults), cmocka_unit_test(test_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
