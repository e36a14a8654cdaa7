/* Tables with a known face. Each answer below is derived by hand beside it; tests/conformance/naive_faces.py found the same
 * ones from the definition, with fits that need no theory, and 2,000 more on random sparse tables. z is a direction of the
 * parameters, e_w = (Xz)_w its value on the cell w: where the counts are positive e_w = 0, elsewhere e_w <= 0, and a cell
 * with e_w < 0 for some z is off the face. */
#include "mse_support.h"

#include "mse/verdict.h"

#define TOLERANCE 1e-9

typedef struct known {
    const char *name;      /* row of faces_reference.csv, where counts and model stand */
    int status;            /* 0 the estimate exists, 1 it does not, 2 the model is not identified, 3 both */
    const char *face;      /* cells by list numbers; of two blocks "/" stands between */
    size_t rank, live;
    const char *unseen;    /* a letter a block: e estimable, u unbounded, z zero, n neither can be told */
    double population;     /* NAN: none */
    const double *fitted;  /* in the order of `face`; NULL: as many cells as the rank, hence fitted exactly */
} known;

/* On list 1 the lists 2 and 3 are independent: 66 and 18 of 77. */
static const double korea_two_pairs[] = {11 * 59 / 77.0, 5, 66 * 59 / 77.0, 41, 11 * 18 / 77.0, 66 * 18 / 77.0};

static const known by_hand[] = {
    /* z0 = a: e_1 = e_2 = e_3 = e_12 = 0 make z1 = z2 = z3 = -a and z12 = a, so e_13 = e_23 = e_123 = -a: a >= 0. */
    {"artificial one pair", 1, "1 2 12 3", 4, 5, "u", NAN, NULL},
    /* n*_13 = 0 takes 13 and 123 out; 23 stays with e_23 = -a. */
    {"artificial two pairs", 1, "1 2 12 3", 4, 5, "u", NAN, NULL},
    /* Three cells go with the empty pairs; on the other four 1 and 2 are independent: 40 * 30 / 6 unseen. */
    {"artificial empty pairs", 0, "1 2 12 3", 4, 4, "e", 96 + 200, NULL},
    /* The same four cells for five columns; the pair 12 can make up for any unseen count. */
    {"artificial all pairs", 2, "1 2 12 3", 4, 5, "n", NAN, NULL},
    /* Off list 1 the unseen are n2 n3 / n23, and n23 = 0. */
    {"korea two pairs", 1, "1 2 12 3 13 123", 5, 6, "u", NAN, korea_two_pairs},
    /* Seven parameters, seven cells: z0 = e_1 + e_2 + e_3 + e_123 - e_12 - e_13 - e_23 = -e_23. */
    {"korea all pairs", 1, "1 2 12 3 13 123", 6, 7, "u", NAN, NULL},
    /* As before, z0 = e_1 - e_23 with both free to fall. */
    {"opposite cells", 1, "2 12 3 13 123", 5, 7, "n", NAN, NULL},
    /* z0 = e_1 + e_2. */
    {"two single cells", 1, "12 3 13 23 123", 5, 7, "z", NAN, NULL},
    /* z0 = -e_12 - e_13. */
    {"two pair cells", 1, "1 2 3 23 123", 5, 7, "u", NAN, NULL},
    /* Nobody is on list 2 alone: e_2 = z0 + z2 with z1 = -z0 and e_12 = z2 = 0. */
    {"included list", 1, "1 12", 2, 3, "z", NAN, NULL},
    /* z0 = a, z1 = -a, z2 = z3 = 0: e_2 = e_3 = e_23 = a <= 0. On list 1 the others are independent: 30 people as 18:12 and
     * 20:10. */
    {"everybody on list 1", 1, "1 12 13 123", 3, 4, "z", NAN, (const double[]){12, 8, 6, 4}},
    /* Each group {1,2}, {3,4} adds -z0 to every history it takes part in, so that histories of both have z0 - 2 z0 <= 0. */
    {"two groups", 1, "1 2 12 3 4 34", 6, 7, "u", NAN, NULL},
    /* The same, after the empty pair has taken four of the nine mixed histories. */
    {"two groups and an empty pair", 1, "1 2 12 3 4 34", 6, 7, "u", NAN, NULL},
    /* 1 and 3 are independent given 2: off list 2 the unseen are n1 n3 / n13, z0 = e_1 + e_3 - e_13. On it 24:12:6:3 is a
     * product. */
    {"chain unbounded", 1, "1 2 12 3 23 123", 5, 6, "u", NAN, (const double[]){40, 24, 12, 30, 6, 3}},
    {"chain zero", 1, "2 12 3 13 23 123", 5, 6, "z", NAN, (const double[]){24, 12, 30, 8, 6, 3}},
    {"chain neither", 1, "2 12 3 23 123", 4, 6, "n", NAN, (const double[]){24, 12, 30, 6, 3}},
    /* Everybody on list 2 is on list 1, which empties 2 and 23 and leaves the other side alone: 40 * 30 / 8 unseen. */
    {"chain finite", 1, "1 12 3 13 123", 5, 6, "e", 93 + 150, NULL},
    /* Zero margins alone: the table is one of two lists, 12 * 8 / 4 unseen. */
    {"empty list", 0, "1 2 12", 3, 3, "e", 24 + 24, NULL},
    /* On list 4 a full 2 x 2 x 2 table without the three-way term, empty at two opposite corners: both vanish (Haberman
     * 1974). Off it seven cells for seven parameters: 60 * 50 * 40 * 4 / (9 * 8 * 6) unseen. */
    {"slice finite", 1, "1 2 12 3 13 23 123 14 24 124 34 134 234", 13, 14, "e", 195 + 480000 / 432.0, NULL},
    /* Off list 4 z0 = e_1; on it the counts are a product. */
    {"slice zero", 1, "2 12 3 13 23 123 4 14 24 124 34 134 234 1234", 13, 14, "z", NAN,
     (const double[]){50, 9, 40, 8, 6, 4, 8, 4, 4, 2, 4, 2, 2, 1}},
    /* z0 = -e_12. */
    {"slice unbounded", 1, "1 2 3 13 23 123 4 14 24 124 34 134 234 1234", 13, 14, "u", NAN,
     (const double[]){60, 50, 40, 8, 6, 4, 8, 4, 4, 2, 4, 2, 2, 1}},
    /* d_ij = 1 where a history has one of i, j. Around the cycle d12 + d23 + d34 - d14 <= 2; eight histories reach 2, and
     * the unseen one, at 0, lies below: with e_w = d12 + d23 + d34 - d14 - 2 it falls too. */
    {"cycle zero", 1, "2 3 13 23 14 24 124 134", 8, 9, "z", NAN, NULL},
    /* d12 <= d23 + d34 + d14: seven histories reach equality, and the unseen one does. Nothing holds it in either direction. */
    {"cycle neither", 1, "1 2 23 14 134 234 1234", 7, 9, "n", NAN, NULL},
    /* z0 = a in block 1 and b in block 2 make z12 = b, and e_12 = b - a in block 1. With a = b no cell moves: not identified. */
    {"blocks of two lists", 3, "1 2/1 2 12", 5, 7, "nn", NAN, NULL},
};

static est_table *open_reference(const char *name)
{
    const char *source = getenv("srcdir");
    char path[5000];
    est_table *table = NULL;
    est_error error;
    snprintf(path, sizeof path, "%.4000s/tests/conformance/%s", source ? source : ".", name);
    REQUIRE_OK(est_table_open(path, NULL, &table, &error), error);
    return table;
}

static void read_text(const est_table *table, const char *column, size_t row, char text[256])
{
    char buffer[32];
    long at = est_table_find(table, column);
    assert_true(at >= 0);
    const char *found = est_table_text(table, (size_t)at, row, buffer);
    assert_true(strlen(found) < 256);
    strcpy(text, found);
}

static size_t read_count(const est_table *table, const char *column, size_t row)
{
    long at = est_table_find(table, column);
    assert_true(at >= 0);
    return (size_t)est_table_number(table, (size_t)at, row);
}

static uint64_t read_bits(const est_table *table, const char *column, size_t row)
{
    char text[256];
    read_text(table, column, row, text);
    return strtoull(text, NULL, 16);
}

/* Numbers with blanks between; "none" is NAN. Returns how many. */
static size_t read_numbers(const char *text, double *numbers)
{
    size_t count = 0;
    while (*text) {
        char *end = NULL;
        numbers[count] = strncmp(text, "none", 4) == 0 ? NAN : strtod(text, &end);
        text = isnan(numbers[count++]) ? text + 4 : end;
        text += *text == ' ';
    }
    return count;
}

typedef struct subject {
    est_i_fit_data *data;
    uint32_t local[64], shared[64];
    est_i_terms terms;
} subject;

/* One block carries the terms locally, several share them. */
static void list_subject_terms(subject *s, est_i_set set)
{
    bool shares = s->data->n_blocks > 1;
    s->terms = (est_i_terms){.n_local = local_terms(shares ? 0 : set, s->data->n_lists, s->local), .local = s->local,
                             .shared = s->shared};
    s->terms.n_shared = shares ? est_i_set_terms(set, s->data->n_lists, s->shared) : 0;
}

static void open_subject(const est_table *table, size_t row, subject *s)
{
    char text[256];
    double counts[64];
    size_t lists = read_count(table, "lists", row), blocks = read_count(table, "blocks", row);
    read_text(table, "counts", row, text);
    assert_int_equal(read_numbers(text, counts), blocks << lists);
    s->data = data_of_counts(lists, blocks, counts);
    read_text(table, "model", row, text);
    list_subject_terms(s, set_of_numbers(text));
}

static est_i_joint *settle(const subject *s)
{
    est_error error;
    est_i_joint *joint = NULL;
    REQUIRE_OK(est_i_joint_fit(s->data, &s->terms, NULL, &joint, &error), error);
    return joint;
}

static int status_of(const est_i_verdict *v)
{
    return (v->exists ? 0 : 1) + (v->identified ? 0 : 2);
}

static char letter_of(const est_i_verdict *v, size_t block)
{
    return v->estimable[block] ? 'e' : v->direction[block] > 0 ? 'u' : v->direction[block] < 0 ? 'z' : 'n';
}

static uint64_t face_bits(const est_i_verdict *v)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < v->n_blocks * v->n_cells; i++)
        bits |= (uint64_t)(v->keep[i] > 0) << i;
    return bits;
}

/* Blocks with a cell off the face that no empty margin has taken are marked. */
static bool marks_reduced_blocks(const est_i_verdict *v)
{
    bool any = false;
    for (size_t k = 0; k < v->n_blocks; k++)
        any = any || v->reduced[k];
    return any == !v->exists;
}

/* "1 2 12/3" to the places of the cells, in that order. */
static size_t read_cells(const char *text, size_t n_cells, size_t *places)
{
    size_t count = 0, block = 0, cell = 0;
    for (const char *p = text;; p++) {
        if (*p >= '1' && *p <= '9')
            cell |= (size_t)1 << (*p - '1');
        else {
            places[count++] = block * n_cells + cell;
            cell = 0;
            block += *p == '/';
        }
        if (!*p)
            return count;
    }
}

/* Poisson log likelihood of the fitted values; the cells off the face add nothing. */
static double likelihood_of(const known *k, const est_i_fit_data *data, const size_t *places, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        double y = data->counts[places[i]], mu = k->fitted ? k->fitted[i] : y;
        sum += y * log(mu) - mu - lgamma(y + 1);
    }
    return sum;
}

static void compare_known(const known *k, const subject *s, const est_i_joint *joint)
{
    const est_i_verdict *v = joint->verdict;
    size_t places[64], count = read_cells(k->face, s->data->n_cells, places);
    uint64_t face = 0;
    for (size_t i = 0; i < count; i++)
        face |= (uint64_t)1 << places[i];
    assert_int_equal(status_of(v), k->status);
    assert_int_equal(face_bits(v), face);
    assert_int_equal(v->face_cells, count);
    assert_int_equal(v->rank, k->rank);
    assert_int_equal(v->n_live, k->live);
    assert_true(k->fitted || count == k->rank);
    assert_true(marks_reduced_blocks(v));
    for (size_t b = 0; b < v->n_blocks; b++) {
        assert_int_equal(letter_of(v, b), k->unseen[b]);
        assert_int_equal(isnan(joint->log_unseen[b]), isnan(k->population));
    }
    if (!isnan(k->population))
        REQUIRE_NEAR(s->data->total[0] + exp(joint->log_unseen[0]), k->population, TOLERANCE);
    REQUIRE_NEAR(joint->loglik, likelihood_of(k, s->data, places, count), TOLERANCE);
}

static void test_by_hand(void **state)
{
    (void)state;
    est_table *table = open_reference("faces_reference.csv");
    for (size_t i = 0; i < sizeof by_hand / sizeof by_hand[0]; i++) {
        char name[256] = "";
        size_t row = 0;
        subject s;
        while (row < est_table_rows(table) && strcmp(name, by_hand[i].name) != 0)
            read_text(table, "name", row++, name);
        assert_string_equal(name, by_hand[i].name);
        print_message("%s\n", name);
        open_subject(table, row - 1, &s);
        est_i_joint *joint = settle(&s);
        compare_known(&by_hand[i], &s, joint);
        est_i_joint_free(joint);
        est_i_fit_data_free(s.data);
    }
    est_table_free(table);
}

static void compare_row(const est_table *table, size_t row, const subject *s, const est_i_joint *joint)
{
    char text[256];
    double numbers[64];
    const est_i_verdict *v = joint->verdict;
    uint64_t face = 0;
    assert_int_equal(status_of(v), read_count(table, "status", row));
    assert_int_equal(v->n_live, read_count(table, "live", row));
    assert_int_equal(v->kept_cells, read_count(table, "kept", row));
    assert_int_equal(v->rank, read_count(table, "rank", row));
    read_text(table, "face", row, text);
    size_t count = read_numbers(text, numbers);
    for (size_t i = 0; i < count; i++)
        face |= (uint64_t)1 << (size_t)numbers[i];
    assert_int_equal(face_bits(v), face);
    assert_true((double)count - (double)v->rank == joint->df);
    read_text(table, "unseen", row, text);
    for (size_t b = 0; b < v->n_blocks; b++)
        assert_int_equal(letter_of(v, b), text[b]);
    read_text(table, "n_hat", row, text);
    assert_int_equal(read_numbers(text, numbers), v->n_blocks);
    for (size_t b = 0; b < v->n_blocks; b++) {
        assert_int_equal(isnan(joint->log_unseen[b]), isnan(numbers[b]));
        if (!isnan(numbers[b]))
            REQUIRE_NEAR(s->data->margins[b * s->data->n_cells] + exp(joint->log_unseen[b]), numbers[b], TOLERANCE);
    }
    read_text(table, "loglik", row, text);
    REQUIRE_NEAR(joint->loglik, strtod(text, NULL), TOLERANCE);
}

static void test_reference(void **state)
{
    (void)state;
    est_table *table = open_reference("faces_reference.csv");
    assert_int_equal(est_table_rows(table), 28);
    for (size_t row = 0; row < est_table_rows(table); row++) {
        subject s;
        open_subject(table, row, &s);
        est_i_joint *joint = settle(&s);
        compare_row(table, row, &s, joint);
        est_i_joint_free(joint);
        est_i_fit_data_free(s.data);
    }
    est_table_free(table);
}

/* The bundled tables are the ones meant: Korea, and the first period of the Colombian table, whose face has 23 cells of rank
 * 15. */
static void test_datasets(void **state)
{
    (void)state;
    est_i_captures *captures = open_captures("dataset:colombia_child_recruitment", true);
    subject s = {.data = blocks_of(captures, 0, 1)};
    list_subject_terms(&s, est_i_set_all(5, 2));
    est_i_joint *joint = settle(&s);
    assert_true(!joint->verdict->exists && joint->verdict->estimable[0]);
    assert_int_equal(joint->verdict->face_cells, 23);
    assert_int_equal(joint->verdict->rank, 15);
    assert_int_equal(joint->n_parameters, 16);
    REQUIRE_NEAR(s.data->total[0] + exp(joint->log_unseen[0]), 1471.289251, 1e-9);
    est_i_joint_free(joint);
    est_i_fit_data_free(s.data);
    est_i_captures_free(captures);
    s.data = open_data("dataset:korea");
    list_subject_terms(&s, est_i_set_all(3, 2));
    joint = settle(&s);
    assert_int_equal(letter_of(joint->verdict, 0), 'u');
    assert_int_equal(joint->verdict->face_cells, 6);
    est_i_joint_free(joint);
    est_i_fit_data_free(s.data);
}

static void compare_random(const est_table *table, size_t row, size_t *of_status)
{
    est_error error;
    est_i_verdict *v = NULL;
    char unseen[256];
    size_t lists = read_count(table, "lists", row), blocks = read_count(table, "blocks", row);
    size_t status = read_count(table, "status", row);
    uint64_t support = read_bits(table, "support", row);
    subject s = {.data = est_i_fit_data_new(1, lists, blocks)};
    assert_non_null(s.data);
    for (size_t i = 0; i < blocks << lists; i++)
        s.data->counts[i] = support >> i & 1 ? 1 + (double)(i % 5) : 0;
    est_i_fit_data_prepare(s.data);
    list_subject_terms(&s, read_bits(table, "terms", row));
    REQUIRE_OK(est_i_verdict_explain(s.data, 0, &s.terms, NULL, &v, &error), error);
    assert_int_equal(status_of(v), status);
    assert_int_equal(face_bits(v), read_bits(table, "face", row));
    assert_int_equal(v->rank, read_count(table, "rank", row));
    assert_true(marks_reduced_blocks(v));
    read_text(table, "unseen", row, unseen);
    for (size_t b = 0; b < blocks; b++)
        assert_int_equal(letter_of(v, b), unseen[b]);
    of_status[status]++;
    est_i_verdict_free(v);
    est_i_fit_data_free(s.data);
}

static void test_random(void **state)
{
    (void)state;
    size_t of_status[4] = {0};
    est_table *table = open_reference("faces_random.csv");
    assert_int_equal(est_table_rows(table), 2000);
    for (size_t row = 0; row < est_table_rows(table); row++)
        compare_random(table, row, of_status);
    assert_true(of_status[0] > 500 && of_status[1] > 500 && of_status[2] > 50 && of_status[3] > 50);
    est_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_reference),
        cmocka_unit_test(test_datasets),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
