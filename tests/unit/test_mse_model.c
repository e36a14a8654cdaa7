/* Model strings: what is read, what is refused, what is printed; sets of terms. */
#include "mse_support.h"

static char *abcd[] = {"A", "B", "C", "D"};
static char *odd_names[] = {"police: north", "say \"yes\"", "N G O", "plain"};

static est_i_model parse(const char *text, size_t n_lists, char *const *names)
{
    est_error error;
    est_i_model model;
    REQUIRE_OK(est_i_model_parse(text, n_lists, names, &model, &error), error);
    return model;
}

static void expect_terms(const char *text, const uint32_t *terms, size_t n_terms)
{
    est_i_model model = parse(text, 4, abcd);
    assert_int_equal(model.n_terms, n_terms);
    if (n_terms)
        assert_memory_equal(model.terms, terms, n_terms * sizeof *terms);
    est_i_model_free(&model);
    assert_true(model.n_terms == 0 && !model.terms);
}

#define EXPECT_TERMS(text, ...)                         \
    expect_terms(text, (const uint32_t[]){__VA_ARGS__}, \
                 sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

/* Closed downwards; by size, then by mask; each term once. */
static void test_parse(void **state)
{
    (void)state;
    EXPECT_TERMS("A:B", 3);
    EXPECT_TERMS("B:A", 3);
    EXPECT_TERMS("A:B:C", 3, 5, 6, 7);
    EXPECT_TERMS("C:D A:B", 3, 12);
    EXPECT_TERMS("  A:B   B:A A ", 3);
    EXPECT_TERMS("A:B:C B:C:D", 3, 5, 6, 10, 12, 7, 14);
    EXPECT_TERMS("all-pairs", 3, 5, 6, 9, 10, 12);
    EXPECT_TERMS("all-triples", 3, 5, 6, 9, 10, 12, 7, 11, 13, 14);
    EXPECT_TERMS("A:B:C:D", 3, 5, 6, 9, 10, 12, 7, 11, 13, 14, 15);
    expect_terms("main", NULL, 0);
    expect_terms("A B C D", NULL, 0);
    expect_terms("", NULL, 0);
}

static void test_parse_quoted(void **state)
{
    (void)state;
    est_i_model model = parse("\"police: north\":\"say \"\"yes\"\"\" \"N G O\":plain", 4, odd_names);
    assert_int_equal(model.n_terms, 2);
    assert_int_equal(model.terms[0], 3);
    assert_int_equal(model.terms[1], 12);
    est_i_model_free(&model);
    model = parse("\"plain\":\"N G O\"", 4, odd_names);
    assert_int_equal(model.n_terms, 1);
    assert_int_equal(model.terms[0], 12);
    est_i_model_free(&model);
}

static void expect_refusal(const char *text, size_t n_lists, char *const *names, const char *words)
{
    est_error error;
    est_i_model model;
    memset(&error, 0, sizeof error);
    assert_int_equal(est_i_model_parse(text, n_lists, names, &model, &error), EST_EOPTION);
    assert_int_equal(error.code, EST_EOPTION);
    assert_true(!model.terms && model.n_terms == 0);
    if (!strstr(error.message, words))
        fail_msg("'%s' is not in '%s'", words, error.message);
}

static void test_refusals(void **state)
{
    (void)state;
    static char *uk[] = {"LA", "NG", "PFNCA", "GO", "GP"};
    expect_refusal("LA:PFNCB", 5, uk, "'PFNCB'");
    expect_refusal("LA:PFNCB", 5, uk, "did you mean 'PFNCA'");
    expect_refusal("LA:la", 5, uk, "'la'");
    expect_refusal("LA:XX", 5, uk, "'XX' is no list; the lists are LA, NG, PFNCA, GO, GP");
    expect_refusal("LA:LA", 5, uk, "'LA' stands twice");
    expect_refusal("NG:LA:NG", 5, uk, "'NG' stands twice");
    expect_refusal(" ", 5, uk, "blanks alone");
    expect_refusal("N", 4, odd_names, "\"police: north\"");
    expect_refusal("all_pairs", 5, uk, "'all_pairs'");
    expect_refusal("LA::NG", 5, uk, "missing");
    expect_refusal("LA:", 5, uk, "missing");
    expect_refusal(":LA", 5, uk, "missing");
    expect_refusal("LA:NG NG:", 5, uk, "missing");
    expect_refusal("\"\":LA", 5, uk, "missing");
    expect_refusal("\"LA:NG", 5, uk, "not closed");
    expect_refusal("N:G:O", 4, odd_names, "'N'");
}

/* A closed quote ends a name: what follows it must not be read as a name of its own. */
static void test_quote_inside(void **state)
{
    (void)state;
    expect_refusal("\"A\"B", 4, abcd, "B");
}

/* A term of eleven lists contains 2,036 dependence terms, more than make sense. */
static void test_too_many(void **state)
{
    (void)state;
    char names[11][2], *pointers[11], text[64] = "";
    for (int j = 0; j < 11; j++) {
        names[j][0] = (char)('a' + j);
        names[j][1] = '\0';
        pointers[j] = names[j];
        strcat(text, j ? ":" : "");
        strcat(text, names[j]);
    }
    expect_refusal(text, 11, pointers, "1000");
    est_i_model model = parse("all-triples", 11, pointers);
    assert_int_equal(model.n_terms, 55 + 165);
    est_i_model_free(&model);
}

static void expect_printed(const char *text, char *const *names, const char *expected)
{
    est_i_model model = parse(text, 4, names), again;
    est_i_text printed = {0};
    est_i_model_print(model.terms, model.n_terms, 4, names, &printed);
    assert_false(printed.failed);
    assert_string_equal(printed.data, expected);
    again = parse(printed.data, 4, names);
    assert_int_equal(again.n_terms, model.n_terms);
    if (model.n_terms)
        assert_memory_equal(again.terms, model.terms, model.n_terms * sizeof *model.terms);
    est_i_text_free(&printed);
    est_i_model_free(&again);
    est_i_model_free(&model);
}

/* Larger terms first, then by column; lists without a term stand alone; what is printed reads back the same.
 */
static void test_print(void **state)
{
    (void)state;
    expect_printed("main", abcd, "A B C D");
    expect_printed("C:D", abcd, "C:D A B");
    expect_printed("B:C A:D A:C A:B", abcd, "A:B A:C A:D B:C");
    expect_printed("C:D A:B:C B:C", abcd, "A:B:C C:D");
    expect_printed("B:C:D A:C:D", abcd, "A:C:D B:C:D");
    expect_printed("all-triples", abcd, "A:B:C A:B:D A:C:D B:C:D");
    expect_printed("\"police: north\":\"N G O\"", odd_names,
                   "\"police: north\":\"N G O\" \"say \"\"yes\"\"\" plain");
}

static void test_sets(void **state)
{
    (void)state;
    uint32_t terms[64];
    assert_int_equal(est_i_set_size(est_i_set_all(5, 2)), 10);
    assert_int_equal(est_i_set_size(est_i_set_all(5, 3)), 20);
    assert_int_equal(est_i_set_size(est_i_set_all(6, 6)), 57);
    assert_int_equal(est_i_set_size(est_i_set_all(6, 1)), 0);
    est_i_set set = est_i_set_below(7) | est_i_set_below(24);
    assert_int_equal(est_i_set_terms(set, 5, terms), 5);
    assert_int_equal(terms[0], 3);
    assert_int_equal(terms[3], 24);
    assert_int_equal(terms[4], 7);
    assert_true(est_i_set_of(terms, 5) == set);
    assert_true(est_i_set_above(3, 3) == (UINT64_C(1) << 3 | UINT64_C(1) << 7));
    assert_int_equal(est_i_set_size(est_i_set_above(3, 6)), 16);
    assert_int_equal(est_i_set_terms(est_i_set_all(6, 6), 6, terms), 57);
    assert_int_equal(terms[56], 63);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),    cmocka_unit_test(test_parse_quoted),
        cmocka_unit_test(test_refusals), cmocka_unit_test(test_quote_inside),
        cmocka_unit_test(test_too_many), cmocka_unit_test(test_print),
        cmocka_unit_test(test_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
