/* Child labour by SDG 8.7.1, in all and by residence, from an invented survey in the shape of Kenya's. The codebook says what the
 * columns of the file mean. Build it with: cc first_indicator.c $(pkg-config --cflags --libs libest) -o first_indicator */
#include <stdio.h>
#include <string.h>

#include <est.h>

int main(void)
{
    est_source *children = NULL;
    est_result *result = NULL;
    est_error error;
    est_error_clear(&error);

    est_indicator_options options = est_indicator_options_default();
    options.codebook = "kenya-child-labour-synthetic";
    options.by = "residence";

    est_status status = est_source_open("dataset:kenya_child_labour_synthetic", NULL, &children, &error);
    if (status == EST_OK)
        status = est_indicator("child-labour", children, &options, NULL, &result, &error);
    for (size_t i = 0; status == EST_OK && i < est_result_rows(result); i++) {
        const est_row *row = est_result_row(result, i);
        int decimals = strcmp(row->unit, "proportion") == 0 ? 4 : 0;
        if (strncmp(row->estimand, "child_labour_economic", 21) == 0 && strcmp(row->ages, "5-17") == 0)
            printf("%s, %s: %.*f, %.0f %% interval %.*f to %.*f\n", row->estimand, row->n_domain ? row->domain[0].value : "all", decimals,
                   row->estimate, 100 * row->level, decimals, row->lower, decimals, row->upper);
    }
    if (status != EST_OK)
        fprintf(stderr, "%s (%s)\n", error.message, est_status_name(status));

    est_result_free(result);
    est_source_free(children);
    return est_status_exit(status);
}
