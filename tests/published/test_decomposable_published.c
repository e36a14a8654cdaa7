/* Decomposable graphs: the example of Madigan and York (1997), through the public API. Values of the R package dga 2.0.2. */
#include "published_support.h"

#include <est/decomposable.h>

static est_result *run(const char *dataset, est_decomposable_options options)
{
    est_error error;
    est_result *result = NULL;
    est_table *data = open_table(dataset);
    if (est_decomposable(data, &options, NULL, &result, &error) != EST_OK)
        fail_msg("%s", error.message);
    est_table_free(data);
    return result;
}

static void require_row(const est_result *result, double n, double median, double lower, double upper, double sd)
{
    const est_row *row = est_result_find(result, "population", NULL, NULL);
    const est_row *unobserved = est_result_find(result, "unobserved", NULL, NULL);
    REQUIRE_CLOSE(row->estimate, median, 0);
    REQUIRE_CLOSE(row->lower, lower, 0);
    REQUIRE_CLOSE(row->upper, upper, 0);
    REQUIRE_CLOSE(row->se, sd, 1e-9);
    REQUIRE_CLOSE(row->n, n, 0);
    assert_string_equal(row->interval, "posterior");
    REQUIRE_CLOSE(unobserved->estimate, median - n, 0);
    REQUIRE_CLOSE(unobserved->upper, upper - n, 0);
    REQUIRE_CLOSE(est_result_find(result, "observed", NULL, NULL)->estimate, n, 0);
    assert_true(has_note(result, "posterior") && has_note(result, "complete_graph") && has_note(result, "prior_sensitivity"));
}

static void require_graph(const est_result *result, size_t row, const char *graph, double probability)
{
    const est_frame *frame = est_result_frame_find(result, "graphs");
    assert_string_equal(cell_of(frame, row, "graph")->text, graph);
    REQUIRE_CLOSE(cell_of(frame, row, "probability")->number, probability, 1e-9);
}

/* The prior of the paper: negative binomial, 1 to 300 unseen. */
static void test_spina_bifida(void **state)
{
    (void)state;
    est_decomposable_options options = est_decomposable_options_default();
    options.delta = 1;
    options.prior = EST_PRIOR_NEGATIVE_BINOMIAL;
    options.prior_shape = 13.14;
    options.prior_scale = 55.17;
    options.least = 1;
    options.most = 300;
    est_result *result = run("dataset:spina_bifida_new_york", options);
    REQUIRE_CLOSE(est_result_stat_value(result, "posterior_mean"), 733.452369112, 1e-11);
    require_row(result, 626, 731, 682, 797, 29.5946354257);
    require_graph(result, 0, "rehabilitation:death birth", 0.37376739764);
    require_graph(result, 1, "rehabilitation:death death:birth", 0.309895301755);
    require_graph(result, 2, "rehabilitation:death rehabilitation:birth", 0.281809922123);
    est_result_free(result);
}

static void test_spina_bifida_without_knowledge(void **state)
{
    (void)state;
    est_decomposable_options options = est_decomposable_options_default();
    options.most = 3000;
    est_result *result = run("dataset:spina_bifida_new_york", options);
    REQUIRE_CLOSE(est_result_stat_value(result, "delta"), 0.125, 0);
    REQUIRE_CLOSE(est_result_stat_value(result, "graphs"), 8, 0);
    REQUIRE_CLOSE(est_result_stat_value(result, "posterior_mean"), 733.630383707, 1e-11);
    require_row(result, 626, 731, 694, 787, 29.991589487);
    require_graph(result, 0, "rehabilitation:death birth", 0.722501819283);
    est_result_free(result);
}

/* A delta 16 times larger gives the complete graph nearly everything, and the prior decides: 12,595 becomes 4,616. */
static void test_kosovo(void **state)
{
    (void)state;
    est_decomposable_options options = est_decomposable_options_default();
    options.most = 20000;
    est_result *result = run("dataset:kosovo_1999", options);
    const est_frame *frame = est_result_frame_find(result, "prior_sensitivity");
    REQUIRE_CLOSE(est_result_stat_value(result, "posterior_mean"), 12749.1693217, 1e-11);
    require_row(result, 4400, 12595, 9827, 16543, 1714.56203602);
    require_graph(result, 0, "EXH:ABA:OSCE EXH:OSCE:HRW", 0.985512987982);
    REQUIRE_CLOSE(cell_of(frame, 2, "delta")->number, 1, 0);
    REQUIRE_CLOSE(cell_of(frame, 2, "population")->number, 4616, 0);
    REQUIRE_CLOSE(cell_of(frame, 2, "lower")->number, 4407, 0);
    REQUIRE_CLOSE(cell_of(frame, 2, "upper")->number, 6844, 0);
    REQUIRE_CLOSE(cell_of(frame, 2, "complete_graph")->number, 0.976022441369, 1e-9);
    est_result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spina_bifida),
        cmocka_unit_test(test_spina_bifida_without_knowledge),
        cmocka_unit_test(test_kosovo),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
