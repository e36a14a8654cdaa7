/* Codebooks: reading, faults, presets, roles on a file, proposals, reports. */
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

#include <est/codebook.h>
#include <est/table.h>

#include "data/bundled_text.h"
#include "data/codebook_columns.h"
#include "data/codebook_parts.h"
#include "data/scan.h"
#include "data/source_parts.h"

/* Files of this test, gone at its end */

static char folder[64];

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "est-codebook-%ld", (long)getpid());
    for (char *c = folder; *c; c++) /* its name stands in texts that must not hold certain numbers */
        if (*c >= '0' && *c <= '9')
            *c = (char)(*c - '0' + 'a');
    return mkdir(folder, 0700);
}

static int tear_down(void **state)
{
    static const char *const names[] = {"a.ini", "b.ini", "c.ini", "base.ini"};
    char path[128];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

static const char *write_bytes(const char *name, const char *bytes, size_t length)
{
    static char path[4][128];
    static int next;
    char *own = path[next++ % 4];
    snprintf(own, 128, "%s/%s", folder, name);
    FILE *file = fopen(own, "wb");
    assert_true(file && fwrite(bytes, 1, length, file) == length);
    assert_int_equal(fclose(file), 0);
    return own;
}

static const char *write_text(const char *name, const char *text)
{
    return write_bytes(name, text, strlen(text));
}

static void expect_words(const char *found, const char *words)
{
    if (!strstr(found, words))
        fail_msg("'%s' is not in '%s'", words, found);
}

static void expect_open_fault(const char *name, est_status code, const char *words)
{
    est_error error;
    est_i_codebook *codebook = NULL;
    est_status status = est_i_codebook_open(name, &codebook, &error);
    if (status != code)
        fail_msg("%s instead of %s: %s", est_status_name(status), est_status_name(code), error.message);
    assert_null(codebook);
    expect_words(error.message, words);
}

static est_source *open_csv(const char *csv)
{
    est_source *source = NULL;
    est_error error;
    if (est_i_source_of_bytes("data.csv", csv, strlen(csv), NULL, &source, &error) != EST_OK)
        fail_msg("%s", error.message);
    return source;
}

/* A row of the file mapped by a codebook, as a table. */
typedef struct mapped {
    est_source *base, *view;
    est_table *table;
} mapped;

static mapped map(const char *csv, const char *codebook)
{
    mapped m = {open_csv(csv), NULL, NULL};
    est_error error;
    if (est_source_map(m.base, write_text("a.ini", codebook), NULL, &m.view, &error) != EST_OK ||
        est_source_table(m.view, NULL, &m.table, &error) != EST_OK)
        fail_msg("%s", error.message);
    return m;
}

static void unmap(mapped *m)
{
    est_table_free(m->table);
    est_source_free(m->view);
    est_source_free(m->base);
}

static double cell(const mapped *m, const char *column, size_t row)
{
    long found = est_table_find(m->table, column);
    if (found < 0)
        fail_msg("no column %s", column);
    return est_table_number(m->table, (size_t)found, row);
}

/* The codebook does not fit, or its cells do not. */
static void expect_map_fault(const char *csv, const char *codebook, est_status code, const char *words)
{
    est_source *base = open_csv(csv), *view = NULL;
    est_table *table = NULL;
    est_error error;
    est_status status = est_source_map(base, write_text("a.ini", codebook), NULL, &view, &error);
    if (status == EST_OK)
        status = est_source_table(view, NULL, &table, &error);
    if (status != code)
        fail_msg("%s instead of %s: %s", est_status_name(status), est_status_name(code), status == EST_OK ? "" : error.message);
    expect_words(error.message, words);
    est_table_free(table);
    est_source_free(view);
    est_source_free(base);
}

/* What is built in */

static void test_bundled(void **state)
{
    static const char *const keys[] = {"kind", "title", "unit", "minimum", "maximum", "labels"};
    est_i_codebook_shelf *shelf = est_i_codebook_shelf_new();
    (void)state;
    assert_non_null(shelf);
    assert_true(est_i_role_find(shelf, "weight") && est_i_role_find(shelf, "hours_economic") && !est_i_role_find(shelf, "hours"));
    assert_string_equal(est_i_role_title(shelf, "age"), "age in completed years");
    assert_string_equal(est_i_role_title(shelf, "nothing"), "");
    for (size_t r = 0; r < shelf->n_roles; r++) {
        assert_true(*shelf->roles[r].title);
        for (size_t s = 0; s < r; s++)
            assert_string_not_equal(shelf->roles[r].name, shelf->roles[s].name);
    }
    for (size_t f = 0; f < shelf->n_files; f++)
        for (size_t s = 0; s < shelf->files[f].n_sections; s++)
            for (size_t k = 0; k < shelf->files[f].sections[s].n_keys; k++) {
                const char *key = shelf->files[f].sections[s].keys[k].name;
                bool known = strncmp(key, "note", 4) == 0;
                for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
                    known = known || strcmp(keys[i], key) == 0;
                if (!known)
                    fail_msg("role %s has the key %s", shelf->files[f].sections[s].name, key);
            }
    for (size_t p = 0; p < est_codebook_preset_count(); p++) {
        const est_codebook_preset *preset = est_codebook_preset_get(p);
        est_i_codebook *codebook = NULL;
        est_error error;
        if (est_i_codebook_open(preset->id, &codebook, &error) != EST_OK)
            fail_msg("%s", error.message);
        assert_true(*preset->title && *preset->source && *preset->text);
        assert_string_equal(est_i_codebook_fact(codebook, "title"), preset->title);
        assert_ptr_equal(est_codebook_preset_find(preset->id), preset);
        assert_int_equal(est_i_codebook_role(codebook, "weight"), EST_I_ROLE_MAPPED);
        est_i_codebook_free(codebook);
    }
    assert_null(est_codebook_preset_get(est_codebook_preset_count()));
    assert_null(est_codebook_preset_find("no-such-survey"));
    assert_null(est_codebook_preset_find(NULL));
    est_i_codebook_shelf_free(shelf);
}

/* Values */

static void test_values(void **state)
{
    static const est_i_value_place place = {"k.ini", 3, "role", "sex", "codes"};
    est_i_codes codes = {0}, texts = {0};
    est_i_numbers numbers = {0};
    double scale, divisor;
    bool yes;
    (void)state;
    assert_int_equal(est_i_value_codes("male:1,\"a, \"\"b\"\":c\" : -2.5 , 12:30:3, no answer:4", &place, &codes, NULL), EST_OK);
    assert_int_equal(codes.n, 4);
    assert_string_equal(codes.list[1].text, "a, \"b\":c");
    assert_true(codes.list[1].number == -2.5 && codes.list[0].number == 1);
    assert_string_equal(codes.list[2].text, "12:30");
    assert_string_equal(codes.list[3].text, "no answer");
    est_i_codes_free(&codes);
    assert_int_equal(est_i_value_labels("1:Mombasa, 2 : Tana River ,3:\"Nairobi, east\"", &place, &codes, NULL), EST_OK);
    assert_int_equal(codes.n, 3);
    assert_string_equal(codes.list[1].text, "Tana River");
    assert_string_equal(codes.list[2].text, "Nairobi, east");
    est_i_codes_free(&codes);
    assert_int_equal(est_i_value_numbers("98, -1,9.5, \"99\", dk", &place, &numbers, &texts, NULL), EST_OK);
    assert_true(numbers.n == 3 && numbers.list[1] == -1 && texts.n == 2 && isnan(texts.list[0].number));
    assert_string_equal(texts.list[0].text, "99");
    est_i_codes_free(&texts);
    free(numbers.list);
    assert_int_equal(est_i_value_scale("1 / 1000000", &place, &scale, &divisor, NULL), EST_OK);
    assert_true(scale == 1e-6 && divisor == 1e6);
    assert_int_equal(est_i_value_scale("1e-6", &place, &scale, &divisor, NULL), EST_OK);
    assert_true(scale == 1e-6);
    assert_int_equal(est_i_value_scale("0", &place, &scale, &divisor, NULL), EST_EDEFINITION);
    assert_int_equal(est_i_value_scale("-1", &place, &scale, &divisor, NULL), EST_EDEFINITION);
    assert_int_equal(est_i_value_scale("1/0", &place, &scale, &divisor, NULL), EST_EDEFINITION);
    assert_int_equal(est_i_value_scale("nan", &place, &scale, &divisor, NULL), EST_EDEFINITION);
    assert_int_equal(est_i_value_yes("yes", &place, &yes, NULL), EST_OK);
    assert_true(yes);
    assert_int_equal(est_i_value_yes("true", &place, &yes, NULL), EST_EDEFINITION);
}

static void test_written_items(void **state)
{
    static const char *const items[] = {"plain", "a, b", "say \"no\"", " blank", "x:y", ""};
    static const est_i_value_place place = {"k.ini", 1, "role", "sex", "codes"};
    (void)state;
    for (size_t i = 0; i + 1 < sizeof items / sizeof items[0]; i++) {
        est_i_text text = {0};
        est_i_codes codes = {0};
        est_i_codebook_write_item(&text, items[i]);
        est_i_text_append(&text, ":7");
        assert_int_equal(est_i_value_codes(text.data, &place, &codes, NULL), EST_OK);
        assert_string_equal(codes.list[0].text, items[i]);
        est_i_codes_free(&codes);
        est_i_text_free(&text);
    }
}

#define DESIGN "[role weight]\ncolumn=w\n[role strata]\ncolumn=h\n[role psu]\ncolumn=c\n"

/* Reading */

static void test_open_faults(void **state)
{
    static const struct {
        const char *text, *words;
        est_status code;
    } faults[] = {
        {"", "found no section", EST_EFORMAT},
        {"; only a comment\n\n", "found no section", EST_EFORMAT},
        {"column = x\n", "before the first section", EST_EFORMAT},
        {"[role age]\ncolumn x\n", "line 2", EST_EFORMAT},
        {"[role age\ncolumn = x\n", "closing bracket", EST_EFORMAT},
        {"[role age]\ncolumn = x\n[role age]\ncolumn = y\n", "line 3", EST_EFORMAT},
        {"[role age]\ncolumn = x\ncolumn = y\n", "line 3", EST_EFORMAT},
        {"[roles age]\ncolumn = x\n", "no such section as 'roles'; did you mean 'role'?", EST_EDEFINITION},
        {"[role]\ncolumn = x\n", "expected [role NAME]", EST_EDEFINITION},
        {"[codebook mine]\ntitle = x\n", "expected [codebook]", EST_EDEFINITION},
        {"[role ages]\ncolumn = x\n", "no such role as 'ages'; did you mean 'age'?", EST_EDEFINITION},
        {"[role age]\ncolum = x\n", "no such key as 'colum'; did you mean 'column'?", EST_EDEFINITION},
        {"[codebook]\nperiods = x\n", "no such key as 'periods'; did you mean 'period'?", EST_EDEFINITION},
        {"[role age]\ncolumn =\n", "line 2: [role age], column: found nothing", EST_EDEFINITION},
        {"[role age]\nspecial = 98\n", "found none, expected one of: column", EST_EDEFINITION},
        {"[role age]\ncolumn = x\nabsent = yes\n", "found more than one", EST_EDEFINITION},
        {"[role age]\nabsent = maybe\n", "found 'maybe', expected yes or no", EST_EDEFINITION},
        {"[role age]\nabsent = no\n", "found none", EST_EDEFINITION},
        {"[role age]\ncolumn = x\nspecial = 98 99\n", "line 3: [role age], special: found '98 99'", EST_EDEFINITION},
        {"[role age]\ncolumn = x\nspecial = 98,\n", "expected numbers parted by commas", EST_EDEFINITION},
        {"[role age]\ncolumn = x\nspecial = 98, 98\n", "found 98 twice", EST_EDEFINITION},
        {"[role age]\ncolumn = x\nspecial = dk\n", "texts can be special only beside codes", EST_EDEFINITION},
        {"[role age]\ncolumn = x\nspecial = 98\ngenuine = 98\n", "both special and genuine", EST_EDEFINITION},
        {"[role age]\ncolumn = x\ngenuine = \"98\n", "found '\"98'", EST_EDEFINITION},
        {"[role age]\ncolumn = x\nminimum = low\n", "found 'low', expected a number", EST_EDEFINITION},
        {"[role age]\ncolumn = x\nminimum = 9\nmaximum = 8\n", "is below minimum", EST_EDEFINITION},
        {"[role age]\ncolumn = x\nscale = 1/x\n", "a number above 0", EST_EDEFINITION},
        {"[role sex]\ncolumn = x\ncodes = male\n", "found 'male', expected TEXT:NUMBER", EST_EDEFINITION},
        {"[role sex]\ncolumn = x\ncodes = male:one\n", "found 'male:one'", EST_EDEFINITION},
        {"[role sex]\ncolumn = x\ncodes = m:1, m:2\n", "found 'm' twice", EST_EDEFINITION},
        {"[role sex]\ncolumn = x\ncodes = m:1, d:3\n", "'d' leads to a number that role sex does not have", EST_EDEFINITION},
        {"[role sex]\ncolumn = x\ncodes = 1:1, 9:2\nspecial = 9\n", "'9' is in codes too", EST_EDEFINITION},
        {"[role chores]\ncolumn = x\ncodes = 1:1, 2:2\n", "expected 1 (yes) or 0 (no)", EST_EDEFINITION},
        {"[role county]\ncolumn = x\nlabels = Mombasa:1\n", "expected NUMBER:WORD", EST_EDEFINITION},
        {"[role county]\ncolumn = x\nlabels = 1:A, 1:B\n", "found 'A' twice", EST_EDEFINITION},
        {"[role psu]\ncolumn = x\nspecial = 9\n", "has no meaning for a role of kind id", EST_EDEFINITION},
        {"[role weight]\ncolumn = x\ncodes = 1:1\n", "has no meaning for a role of kind weight", EST_EDEFINITION},
        {"[role chores]\ncolumn = x\nmaximum = 2\n", "has no meaning for a role of kind yes-no", EST_EDEFINITION},
        {"[role age]\nvalue = x\nspecial = 98\n", "has no meaning for a role of kind age that is an expression", EST_EDEFINITION},
        {"[column x]\nlabels = 1:a\n", "has no meaning for a section of kind column", EST_EDEFINITION},
        {"[role age]\nvalue = x +\n", "[role age], value", EST_EDEFINITION},
        {"[codebook]\nsample = a ==\n", "[codebook], sample", EST_EDEFINITION},
        {"[codebook]\nweights = expanded\n", "expected population", EST_EDEFINITION},
        {"[codebook]\nstrata-expected = 92.5\n", "expected how many strata", EST_EDEFINITION},
        {"[codebook]\nsynthetic = 1\n", "expected yes or no", EST_EDEFINITION},
        {"[role age]\ncolumn = x\n  special = 98\n", "the line 'special = ...' below it begins with a blank", EST_EDEFINITION},
        {"[column x]\nspecial = 98\n[role age]\ncolumn = x\n", "role age reads this column by its own rules", EST_EDEFINITION},
    };
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        expect_open_fault(write_text("a.ini", faults[i].text), faults[i].code, faults[i].words);
}

static void test_garbage(void **state)
{
    size_t length = (size_t)1 << 20;
    char *line = malloc(length + 1);
    est_error error;
    est_i_codebook *codebook = NULL;
    (void)state;
    assert_non_null(line);
    memset(line, 'x', length);
    memcpy(line, "[role age]\ncolumn = ", 20);
    expect_open_fault(write_bytes("a.ini", line, length), EST_EFORMAT, "longer than 190 bytes");
    for (size_t i = 0; i < 4096; i++)
        line[i] = (char)(i * 37);
    expect_open_fault(write_bytes("a.ini", line, 4096), EST_EFORMAT, "NUL byte");
    expect_open_fault(write_bytes("a.ini", "[role age]\ncolumn = \xff\n", 22), EST_EFORMAT, "no UTF-8");
    free(line);
    expect_open_fault(write_text("a.ini", "[column a234567890123456789012345678901234567890123456789]\nspecial = 1\n"), EST_EFORMAT,
                      "longer than 48");
    expect_open_fault("/", EST_EFILE, "found a folder");
    expect_open_fault("no-such.ini", EST_EFILE, "cannot be opened");
    expect_open_fault("no-such-survey", EST_EFILE, "neither a codebook of this path nor a preset");
    expect_open_fault("", EST_EFILE, "found no name of the codebook");
    /* A mark at the beginning, as some editors write it, and ends of lines of another system. */
    assert_int_equal(est_i_codebook_open(write_text("a.ini", "\xEF\xBB\xBF[role age]\r\ncolumn = x\r\nspecial = 98,\r\n  99\r\n"),
                                         &codebook, &error),
                     EST_OK);
    assert_string_equal(est_i_codebook_find(codebook, "role", "age")->column, "x");
    assert_int_equal(est_i_codebook_find(codebook, "role", "age")->special.n, 2);
    est_i_codebook_free(codebook);
    est_i_codebook_free(NULL);
}

static void test_inheritance(void **state)
{
    est_error error;
    est_i_codebook *codebook = NULL;
    char both[128];
    (void)state;
    write_text("base.ini",
               "[codebook]\ntitle = base\nperiod = 2020\n[role age]\ncolumn = x\nspecial = 98\n[role sex]\ncolumn = s\n");
    const char *own =
        write_text("a.ini", "[codebook]\npreset = base.ini\nperiod = 2022\n[role age]\ncolumn = y\n[role psu]\nabsent = yes\n");
    assert_int_equal(est_i_codebook_open(own, &codebook, &error), EST_OK);
    assert_string_equal(est_i_codebook_name(codebook), own);
    assert_string_equal(est_i_codebook_fact(codebook, "title"), "base");
    assert_string_equal(est_i_codebook_fact(codebook, "period"), "2022");
    assert_string_equal(est_i_codebook_fact(codebook, "geography"), "");
    assert_true(est_i_codebook_set_fact(codebook, "reference-period", "7 days") &&
                est_i_codebook_set_fact(codebook, "period", "2023"));
    assert_string_equal(est_i_codebook_fact(codebook, "reference-period"), "7 days");
    assert_string_equal(est_i_codebook_fact(codebook, "period"), "2023");
    /* The whole section is replaced. */
    assert_string_equal(est_i_codebook_find(codebook, "role", "age")->column, "y");
    assert_int_equal(est_i_codebook_find(codebook, "role", "age")->special.n, 0);
    assert_int_equal(est_i_codebook_role(codebook, "age"), EST_I_ROLE_MAPPED);
    assert_int_equal(est_i_codebook_role(codebook, "sex"), EST_I_ROLE_MAPPED);
    assert_int_equal(est_i_codebook_role(codebook, "psu"), EST_I_ROLE_ABSENT);
    assert_int_equal(est_i_codebook_role(codebook, "weight"), EST_I_ROLE_UNMAPPED);
    est_i_codebook_free(codebook);
    write_text("b.ini", "[codebook]\npreset = a.ini\n");
    write_text("a.ini", "[codebook]\npreset = b.ini\n");
    snprintf(both, sizeof both, "%s/a.ini", folder);
    expect_open_fault(both, EST_EDEFINITION, "presets name each other");
    expect_open_fault(write_text("a.ini", "[codebook]\npreset = a.ini\n"), EST_EDEFINITION, "presets name each other");
    expect_open_fault(write_text("a.ini", "[codebook]\npreset = ./a.ini\n"), EST_EDEFINITION, "presets name each other");
    expect_open_fault(write_text("a.ini", "[codebook]\npreset = gone.ini\n"), EST_EFILE, "gone.ini");
    expect_open_fault(write_text("a.ini", "[codebook]\npreset = kdhs-wumen-2022\n"), EST_EFILE, "kdhs-wumen-2022");
}

/* On a file */

static void test_kinds(void **state)
{
    mapped m = map("w,h,c,age,sex,res,hrs,works,cty,dk\n"
                   "1500000,1,11,7,male,1,10,1,1,97\n"
                   "500000,2,12,98,female,2,98,2,2,1\n"
                   "1000000,1,11,,f,1,168,8,9,2\n"
                   "0,2,12,0,,2,0,1,,\n",
                   "[codebook]\nsample = works == 1\n"
                   "[role weight]\ncolumn = w\nscale = 1/1000000\n[role strata]\ncolumn=h\n[role psu]\ncolumn=c\n"
                   "[role age]\ncolumn = age\nspecial = 98\n"
                   "[role sex]\ncolumn = sex\ncodes = male:1, female:2, f:2\n"
                   "[role residence]\ncolumn = res\n"
                   "[role hours_economic]\ncolumn = hrs\nspecial = 98\n"
                   "[role economic_activity]\ncolumn = works\ncodes = 1:1, 2:0\nspecial = 8\n"
                   "[role county]\ncolumn = cty\nlabels = 1:Mombasa, 2:Kwale\n"
                   "[role region]\ncolumn = cty\nspecial = 9\nlabels = 1:Coast, 2:Coast\n"
                   "[role chores]\nvalue = any(dk == 1, hours_chores > 0)\n"
                   "[role hours_chores]\nvalue = hours_economic / 2\n"
                   "[column dk]\nspecial = 97\n"
                   "[role injury]\nabsent = yes\n");
    (void)state;
    assert_string_equal(est_table_column_name(m.table, 0), "weight");
    assert_true(cell(&m, "weight", 0) == 1.5 && cell(&m, "weight", 3) == 0);
    assert_true(cell(&m, "age", 0) == 7 && isnan(cell(&m, "age", 1)) && isnan(cell(&m, "age", 2)) && cell(&m, "age", 3) == 0);
    assert_true(cell(&m, "sex", 0) == 1 && cell(&m, "sex", 1) == 2 && cell(&m, "sex", 2) == 2 && isnan(cell(&m, "sex", 3)));
    assert_true(cell(&m, "hours_economic", 0) == 10 && isnan(cell(&m, "hours_economic", 1)) &&
                cell(&m, "hours_economic", 2) == 168);
    assert_true(cell(&m, "economic_activity", 0) == 1 && cell(&m, "economic_activity", 1) == 0 &&
                isnan(cell(&m, "economic_activity", 2)));
    assert_true(cell(&m, "hours_chores", 0) == 5 && isnan(cell(&m, "hours_chores", 1)));
    assert_true(cell(&m, "chores", 0) == 1 && cell(&m, "chores", 1) == 1 && cell(&m, "chores", 3) == 0);
    assert_true(isnan(cell(&m, "injury", 0)) && isnan(cell(&m, "injury", 3)));
    assert_true(isnan(cell(&m, "region", 2)) && cell(&m, "region", 1) == 2);
    assert_true(cell(&m, "in_sample", 0) == 1 && cell(&m, "in_sample", 1) == 0 && cell(&m, "in_sample", 3) == 1);
    /* The file's columns whose names are not taken follow. */
    assert_true(est_table_find(m.table, "hrs") >= 0 && cell(&m, "psu", 1) == 12);
    size_t county = (size_t)est_source_find(m.view, "county"), sex = (size_t)est_source_find(m.view, "sex");
    assert_string_equal(est_i_source_value_label(m.view, county, "2"), "Kwale");
    assert_string_equal(est_i_source_value_label(m.view, sex, "2"), "female");
    assert_string_equal(est_i_source_value_label(m.view, (size_t)est_source_find(m.view, "economic_activity"), "0"), "no");
    unmap(&m);
}

/* Columns and roles may have each other's names. */
static void test_names(void **state)
{
    mapped m = map("W,h,c,sex,age,Alter\n1,1,1,12,2,3\n",
                   "[role weight]\ncolumn = w\n[role strata]\ncolumn=h\n[role psu]\ncolumn=c\n"
                   "[role age]\ncolumn = sex\n[role sex]\ncolumn = age\n[role hours_chores]\nvalue = ALTER + 1\n");
    (void)state;
    assert_true(cell(&m, "weight", 0) == 1 && cell(&m, "age", 0) == 12 && cell(&m, "sex", 0) == 2);
    assert_true(cell(&m, "hours_chores", 0) == 4);
    unmap(&m);
}

static void test_cell_faults(void **state)
{
    static const struct {
        const char *csv, *codebook, *words;
    } faults[] = {
        {"w,h,c,x\n1,1,1,5\n1,1,2,98\n", DESIGN "[role age]\ncolumn = x\n", "record 2"},
        {"w,h,c,x\n1,1,1,121\n", DESIGN "[role age]\ncolumn = x\n", "an age from 0 to 120"},
        {"w,h,c,x\n1,1,1,-1\n", DESIGN "[role age]\ncolumn = x\n", "record 1"},
        {"w,h,c,x\n1,1,1,168\n1,1,1,168.5\n", DESIGN "[role hours_chores]\ncolumn = x\n", "record 2"},
        {"w,h,c,x\n1,1,1,97\n", DESIGN "[role hours_chores]\ncolumn = x\nspecial = 98, 99\n", "record 1"},
        {"w,h,c,x\n1,1,1,97\n", DESIGN "[role hours_chores]\nvalue = x\n", "record 1"},
        {"w,h,c,x\n1,1,1,100\n1,1,1,30\n", DESIGN "[role hours_chores]\nvalue = x * 2\n", "hours_chores is outside its limits"},
        {"w,h,c,x\n1,1,1,3\n", DESIGN "[role chores]\nvalue = x + 1\n", "chores is neither 1 nor 0"},
        {"w,h,c,x\n1,1,1,3\n", DESIGN "[role sex]\nvalue = x\n", "sex is outside its limits"},
        {"w,h,c,x\n1,1,1,2\n", DESIGN "[role chores]\ncolumn = x\n", "one of 1, 0"},
        {"w,h,c,x\n1,1,1,3\n", DESIGN "[role residence]\ncolumn = x\n", "one of 1, 2"},
        {"w,h,c,x\n1,1,1,m\n", DESIGN "[role sex]\ncolumn = x\ncodes = male:1, female:2\n", "one of male, female"},
        {"w,h,c,x\n1,1,1,97\n", DESIGN "[role all_women_factor]\ncolumn = x\n", "record 1"},
        {"w,h,c,x\n1,1,1,9998\n", DESIGN "[role all_women_factor]\ncolumn = x\n", "record 1"},
        {"w,h,c,x\n-1,1,1,5\n", DESIGN, "column 'w'"},
        {"w,h,c,x\n1,1,1,7\n", DESIGN "[role chores]\nvalue = x == 1\n[column x]\nmaximum = 2\n", "column 'x'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        expect_map_fault(faults[i].csv, faults[i].codebook, EST_EVALUE, faults[i].words);
}

static void test_declared(void **state)
{
    mapped m = map("w,h,c,x,y\n1,1,1,98,997\n1,1,1,97,10080\n", DESIGN
                   "[role age]\ncolumn = x\ngenuine = 97, 98\n[role hours_chores]\ncolumn = y\nscale = 1/60\ngenuine = 997\n");
    (void)state;
    assert_true(cell(&m, "age", 0) == 98 && cell(&m, "age", 1) == 97);
    assert_true(fabs(cell(&m, "hours_chores", 0) - 997.0 / 60) < 1e-12 && cell(&m, "hours_chores", 1) == 168);
    unmap(&m);
    /* Codes with texts that are missing; limits of the codebook are of the file's own numbers. */
    m = map("w,h,c,x\n1,1,1,refused\n1,1,1,01\n1,1,1,2\n",
            DESIGN "[role chores]\ncolumn = x\ncodes = 1:1, 2:0\nspecial = 9, refused\n");
    assert_true(isnan(cell(&m, "chores", 0)) && cell(&m, "chores", 1) == 1 && cell(&m, "chores", 2) == 0);
    unmap(&m);
    expect_map_fault("w,h,c,x\n1,1,1,10081\n", DESIGN "[role hours_chores]\ncolumn = x\nscale = 1/60\n", EST_EVALUE, "record 1");
    expect_map_fault("w,h,c,x\n1,1,1,81\n", DESIGN "[role hours_chores]\ncolumn = x\nmaximum = 80\n", EST_EVALUE,
                     "hours from 0 to 80");
}

static void expect_suspects(est_i_role_kind kind, bool of_expression, double maximum, size_t n, double lowest, double highest)
{
    est_i_numbers found = {0};
    assert_int_equal(est_i_codebook_suspects(kind, of_expression, maximum, NULL, NULL, &found, NULL), EST_OK);
    assert_int_equal(found.n, n);
    if (n > 0)
        assert_true(found.list[0] == lowest && found.list[n - 1] == highest);
    free(found.list);
}

static void test_suspects(void **state)
{
    (void)state;
    expect_suspects(EST_I_KIND_HOURS, false, 168, 21, 97, 99999999);
    expect_suspects(EST_I_KIND_AGE, false, 49, 21, 97, 99999999);
    expect_suspects(EST_I_KIND_NUMBER, false, NAN, 21, 97, 99999999);
    expect_suspects(EST_I_KIND_NUMBER, false, 1500, 3, 9997, 9999);
    expect_suspects(EST_I_KIND_NUMBER, false, 999, 3, 997, 999);
    expect_suspects(EST_I_KIND_NUMBER, false, 7, 3, 97, 99);
    expect_suspects(EST_I_KIND_COLUMN, false, NAN, 3, 97, 99);
    expect_suspects(EST_I_KIND_COLUMN, false, 5000, 3, 9997, 9999);
    expect_suspects(EST_I_KIND_COLUMN, true, NAN, 3, 97, 99);
    expect_suspects(EST_I_KIND_YES_NO, false, NAN, 0, 0, 0);
    expect_suspects(EST_I_KIND_WEIGHT, false, NAN, 0, 0, 0);
}

static void test_lacking(void **state)
{
    static const char csv[] = "w,h,c,x\n1,1,1,5\n";
    est_error error;
    est_i_codebook *codebook = NULL;
    (void)state;
    expect_map_fault(csv, DESIGN "[role age]\ncolumn = xx\n", EST_ECOLUMN, "line 7, [role age]");
    expect_map_fault(csv, DESIGN "[role chores]\nvalue = gone == 1\n", EST_ECOLUMN, "'gone'");
    expect_map_fault(csv, DESIGN "[column gone]\nspecial = 1\n", EST_ECOLUMN, "'gone'");
    expect_map_fault(csv, DESIGN "[codebook]\nsample = gone == 1\n", EST_ECOLUMN, "'gone'");
    expect_map_fault(csv, DESIGN "[role chores]\nvalue = hours_chores > 1\n", EST_EDEFINITION,
                     "names the role hours_chores, which is not mapped");
    expect_map_fault(csv, DESIGN "[role chores]\nvalue = firewood\n[role firewood]\nvalue = chores\n", EST_EDEFINITION,
                     "rests on a role that rests on this one");
    expect_map_fault(csv, DESIGN "[role age]\ncolumn = x\n[role hours_chores]\ncolumn = x\n", EST_EDEFINITION,
                     "is read by role age too");
    /* Of a preset they are unmapped, and so is what rests on them, unless they are required. */
    write_text("base.ini",
               DESIGN "[role hours_chores]\ncolumn = gone\n[role chores]\nvalue = hours_chores > 0\n[role age]\ncolumn = x\n");
    est_source *source = open_csv(csv), *view = NULL;
    const char *own = write_text("a.ini", "[codebook]\npreset = base.ini\n");
    est_i_view_plan *plan = est_i_view_plan_new(source);
    assert_int_equal(est_i_codebook_open(own, &codebook, &error), EST_OK);
    assert_int_equal(est_i_codebook_role(codebook, "chores"), EST_I_ROLE_MAPPED);
    assert_int_equal(est_i_codebook_apply(codebook, source, plan, NULL, &error), EST_OK);
    assert_int_equal(est_i_codebook_role(codebook, "chores"), EST_I_ROLE_UNMAPPED);
    assert_int_equal(est_i_codebook_role(codebook, "hours_chores"), EST_I_ROLE_UNMAPPED);
    assert_int_equal(est_i_codebook_role(codebook, "age"), EST_I_ROLE_MAPPED);
    assert_false(est_i_view_plan_has(plan, "chores"));
    assert_true(est_i_view_plan_has(plan, "in_sample"));
    est_i_view_plan_free(plan);
    est_i_codebook_free(codebook);
    write_text("base.ini", DESIGN "[role hours_chores]\ncolumn = gone\nrequired = yes\n");
    assert_int_equal(est_source_map(source, own, NULL, &view, &error), EST_ECOLUMN);
    assert_null(view);
    /* A preset's rules of a column yield to the user's role. */
    write_text("base.ini", DESIGN "[column x]\nspecial = 5\n");
    assert_int_equal(
        est_source_map(source, write_text("a.ini", "[codebook]\npreset = base.ini\n[role age]\ncolumn = x\n"), NULL, &view, &error),
        EST_OK);
    est_source_free(view);
    est_source_free(source);
}

static void test_strata(void **state)
{
    static const char csv[] = "w,v022,v023,c\n1,1,1,1\n1,2,1,2\n1,3,2,3\n";
    (void)state;
    expect_map_fault(
        csv, "[codebook]\nstrata-expected = 3\n[role weight]\ncolumn=w\n[role psu]\ncolumn=c\n", EST_EDEFINITION,
        "strata are never guessed; different values of likely columns: v022 3, v023 2; the survey has 3 strata. Write [role "
        "strata]");
    mapped m = map(csv, "[role weight]\ncolumn=w\n[role strata]\nabsent = yes\n");
    assert_true(isnan(cell(&m, "strata", 0)));
    unmap(&m);
    m = map(csv, "[role weight]\ncolumn=w\n[role strata]\nvalue = v022 * 10 + v023\n");
    assert_true(cell(&m, "strata", 2) == 32);
    unmap(&m);
}

static void test_marks(void **state)
{
    mapped m = map("w,h,c\n1,1,1\n", "[codebook]\nsynthetic = yes\n" DESIGN);
    (void)state;
    assert_true(est_source_is_synthetic(m.view) && !est_source_is_public(m.view));
    assert_false(est_source_is_public(m.base) || est_source_is_synthetic(m.base));
    unmap(&m);
}

/* Proposals */

static void propose(est_source *source, const char *preset, char **text)
{
    est_error error;
    *text = NULL;
    if (est_codebook_propose(source, preset, NULL, text, &error) != EST_OK)
        fail_msg("%s", error.message);
    assert_non_null(*text);
}

static const char survey_csv[] = "W,v022,v023,c,age,hrs,sex,cty\n"
                                 "1,1,1,1,7,10,male,1\n1,2,1,2,8,98,female,2\n1,3,2,3,9,200,male,1\n";
static const char survey_preset[] =
    "[codebook]\ntitle = A survey\nstrata-expected = 3\nsample = age >= 5\n"
    "[role weight]\ncolumn = w\nrequired = yes\n[role psu]\ncolumn = c\n[role age]\ncolumn = AGE\nspecial = 99\n"
    "[role sex]\ncolumn = sex\ncodes = male:1, female:2\n[role hours_economic]\ncolumn = hrs\n[role county]\ncolumn = cty\n"
    "labels = 1:\"Mombasa, the island and all of the mainland that belongs to it\", 2:\"Kwale with everything that lies to its\n"
    "  south\", 3:Kilifi\n"
    "[role household]\ncolumn = hh\n[role economic_activity]\nvalue = HRS > 0\n[column gone]\nspecial = 9\n";

static void test_propose(void **state)
{
    est_source *source = open_csv(survey_csv), *view = NULL;
    est_table *table = NULL;
    est_error error;
    (void)state;
    char *text;
    propose(source, write_text("base.ini", survey_preset), &text);
    expect_words(text, "v022 is the only candidate with the 3 values");
    expect_words(text, "\ncolumn = v022\n");
    expect_words(text, "\ncolumn = W\n");
    expect_words(text, "\ncolumn = age\nspecial = 99\n");
    expect_words(text, "1 row holds 98, which looks like a code");
    expect_words(text, "\n;special = 98\n;genuine = 98\n");
    expect_words(text, "1 row holds other numbers (not shown)");
    expect_words(text, "\n;[role household]\n");
    expect_words(text, "\nvalue = `hrs` > 0\n");
    expect_words(text, "\n;[column gone]\n");
    expect_words(text, "\nsample = age >= 5\n");
    assert_null(strstr(text, "200"));
    for (const char *at = text; *at; at += strcspn(at, "\n") + 1)
        assert_true(strcspn(at, "\n") <= 150);
    /* It opens, and stops at what is not decided. */
    assert_int_equal(est_source_map(source, write_text("a.ini", text), NULL, &view, &error), EST_OK);
    assert_int_equal(est_source_table(view, NULL, &table, &error), EST_EVALUE);
    expect_words(error.message, "record 2");
    assert_string_equal(est_i_source_value_label(view, (size_t)est_source_find(view, "county"), "2"),
                        "Kwale with everything that lies to its south");
    est_source_free(view);
    /* Decided, it stops only at what is wrong in the file. */
    size_t line = (size_t)(strstr(text, ";special = 98") - text);
    memmove(text + line, text + line + 1, strlen(text + line));
    assert_int_equal(est_source_map(source, write_text("a.ini", text), NULL, &view, &error), EST_OK);
    assert_int_equal(est_source_table(view, NULL, &table, &error), EST_EVALUE);
    expect_words(error.message, "record 3");
    est_source_free(view);
    free(text);
    est_source_free(source);
}

static void test_propose_open(void **state)
{
    est_source *source = open_csv("a,v022,v023,c\n1,1,1,1\n1,2,2,2\n");
    est_error error;
    char *text;
    propose(source, write_text("base.ini", "[codebook]\nstrata-expected = 2\n[role weight]\ncolumn = w\nrequired = yes\n"
                                               "[role psu]\ncolumn = c\n"), &text);
    (void)state;
    expect_words(text, "more than one candidate has them");
    expect_words(text, "DECIDE: the file has no w, which the preset reads. Write the column that holds it.\ncolumn =\n");
    expect_open_fault(write_text("a.ini", text), EST_EDEFINITION, "column: found nothing");
    free(text);
    propose(source, write_text("base.ini", "[codebook]\nstrata-expected = 5\n[role psu]\ncolumn = c\n"), &text);
    expect_words(text, "no candidate has them");
    free(text);
    /* Without a preset. */
    propose(source, NULL, &text);
    expect_words(text, "candidate v022");
    expect_words(text, "\n;[role sex]\n;column =\n");
    expect_open_fault(write_text("a.ini", text), EST_EDEFINITION, "[role weight], column: found nothing");
    free(text);
    assert_int_equal(est_codebook_propose(source, "no-such-survey", NULL, &text, &error), EST_EOPTION);
    assert_null(text);
    assert_int_equal(est_codebook_propose(source, "gone.ini", NULL, &text, &error), EST_EFILE);
    est_source_free(source);
}

static void test_choose(void **state)
{
    est_source *source = open_csv("a,b\n1,2\n");
    est_error error;
    char *id = NULL, *why = NULL;
    (void)state;
    assert_int_equal(est_codebook_preset_choose(source, "mine.ini", NULL, &id, &why, &error), EST_OK);
    assert_string_equal(id, "mine.ini");
    assert_string_equal(why, "");
    free(id);
    free(why);
    assert_int_equal(est_codebook_preset_choose(source, "kdh", NULL, &id, &why, &error), EST_EOPTION);
    assert_true(!id && !why);
    expect_words(error.message, "found 'kdh', expected a preset");
    est_source_free(source);
}

/* Reports */

static char *check(est_source *source, const char *codebook, size_t *faults)
{
    char *text = NULL;
    est_error error;
    if (est_codebook_check(source, codebook, NULL, faults, &text, &error) != EST_OK)
        fail_msg("%s", error.message);
    return text;
}

static void test_check(void **state)
{
    est_source *source = open_csv(survey_csv);
    est_error error;
    size_t faults = 0;
    char *text = NULL;
    (void)state;
    write_text("base.ini", survey_preset);
    text = check(source,
                 write_text("a.ini", "[codebook]\npreset = base.ini\n[role strata]\ncolumn = v023\n[role injury]\nabsent = yes\n"),
                 &faults);
    assert_int_equal(faults, 3);
    expect_words(text, "data.csv: 3 rows");
    expect_words(text, "Roles mapped: 8\n");
    expect_words(text, "Roles declared absent: 1: injury\n");
    expect_words(text, "household                no hh");
    expect_words(text, "Strata: 2, expected 3: another column");
    expect_words(text, "hrs ([role hours_economic]): looks like a code for a missing answer: 98; 1 row, record 2");
    expect_words(text, "hrs ([role hours_economic]): outside the limits; 1 row, record 3");
    free(text);
    text = check(source,
                 write_text("a.ini",
                            "[codebook]\npreset = base.ini\n[role strata]\ncolumn = v022\n[role hours_economic]\nabsent = yes\n"
                            "[role economic_activity]\nvalue = hrs > 0\n[column hrs]\ngenuine = 98\n"),
                 &faults);
    assert_int_equal(faults, 0);
    expect_words(text, "Strata: 3, expected 3\n");
    expect_words(text, "Rows in the sample (age >= 5): 3 of 3\n");
    expect_words(text, "No fault was found.");
    free(text);
    /* A fault of an expression. */
    text = check(
        source,
        write_text("a.ini", "[role strata]\nabsent = yes\n[role hours_chores]\nvalue = hrs * 2\n[column hrs]\ngenuine = 98\n"),
        &faults);
    assert_int_equal(faults, 1);
    expect_words(text, "hours_chores is outside its limits");
    free(text);
    assert_int_equal(
        est_codebook_check(source, write_text("a.ini", "[codebook]\npreset = base.ini\n"), NULL, &faults, &text, &error),
        EST_EDEFINITION);
    expect_words(error.message, "v022 3, v023 2");
    assert_null(text);
    est_source_free(source);
}

/* The same whatever the chunks and threads; records are counted in the whole file. */
static void test_chunks(void **state)
{
    est_i_text csv = {0};
    est_i_column_seen seen[2];
    double suspect[] = {98};
    est_i_view_input rule = {.column = "b", .n_suspect = 1, .suspect = suspect, .minimum = NAN, .maximum = 50, .scale = 1};
    (void)state;
    est_i_text_append(&csv, "a,b\n");
    for (int i = 1; i <= 1000; i++)
        est_i_text_printf(&csv, "%d,%d\n", i % 7, i % 100 == 0 ? 98 : i == 555 ? 51 : i % 50);
    for (int threads = 1; threads <= 4; threads += 3) {
        long long rows = 0;
        est_error error;
        est_source *source = open_csv(csv.data);
        est_i_source_set_chunks(source, 256, 16);
        memset(seen, 0, sizeof seen);
        seen[1].column = 1;
        seen[1].rule = &rule;
        assert_int_equal(est_i_columns_see(source, 2, seen, threads, NULL, &rows, &error), EST_OK);
        assert_true(rows == 1000 && seen[0].distinct.count == 7 && seen[0].missing == 0 && seen[0].present == 1000);
        assert_true(seen[1].faults[EST_I_CELL_SUSPECT].rows == 10 && seen[1].faults[EST_I_CELL_OUTSIDE].rows == 1);
        assert_true(seen[1].faults[EST_I_CELL_SUSPECT].records[9] == 1000 && seen[1].faults[EST_I_CELL_OUTSIDE].records[0] == 555);
        assert_true(seen[1].faults[EST_I_CELL_SUSPECT].value_rows[0] == 10 && seen[1].faults[EST_I_CELL_SUSPECT].values[0] == 98);
        est_i_columns_clear(2, seen);
        est_source_free(source);
    }
    est_i_text_free(&csv);
}

static void test_labels_of_missing(void **state)
{
    (void)state;
    assert_true(est_i_label_says_missing("Don't know") && est_i_label_says_missing("98 DK/Refused"));
    assert_false(est_i_label_says_missing("Dkar") || est_i_label_says_missing("Yes") || est_i_label_says_missing(""));
    assert_non_null(est_i_codebook_candidate("weight", "V005", ""));
    assert_non_null(est_i_codebook_candidate("strata", "x", "Stratification used in sample design"));
    assert_non_null(est_i_codebook_candidate("psu", "clusterno", ""));
    assert_null(est_i_codebook_candidate("psu", "age", "age in years"));
    assert_null(est_i_codebook_candidate("age", "age", "age in years"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bundled),       cmocka_unit_test(test_values),
        cmocka_unit_test(test_written_items), cmocka_unit_test(test_open_faults),
        cmocka_unit_test(test_garbage),       cmocka_unit_test(test_inheritance),
        cmocka_unit_test(test_kinds),         cmocka_unit_test(test_names),
        cmocka_unit_test(test_cell_faults),   cmocka_unit_test(test_declared),
        cmocka_unit_test(test_suspects),      cmocka_unit_test(test_lacking),
        cmocka_unit_test(test_strata),        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_propose),       cmocka_unit_test(test_propose_open),
        cmocka_unit_test(test_choose),        cmocka_unit_test(test_check),
        cmocka_unit_test(test_chunks),        cmocka_unit_test(test_labels_of_missing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
