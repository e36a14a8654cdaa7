/* The killings in Kosovo from March to June 1999, from four lists: how many were there, counting those on no list?
 * Build it with: cc first_estimate.c $(pkg-config --cflags --libs libest) -o first_estimate */
#include <stdio.h>

#include <est.h>

int main(void)
{
    est_table *data = NULL;
    est_result *result = NULL;
    est_error error;
    est_error_clear(&error);

    est_mse_options options = est_mse_options_default();
    options.model = "all-pairs";

    est_status status = est_table_open("dataset:kosovo_1999", NULL, &data, &error);
    if (status == EST_OK)
        status = est_mse(data, &options, NULL, &result, &error);
    if (status == EST_OK) {
        const est_row *row = est_result_find(result, "population", NULL, NULL);
        printf("N = %.0f, %.0f %% interval %.0f to %.0f\n", row->estimate, 100 * row->level, row->lower, row->upper);
    } else {
        fprintf(stderr, "%s (%s)\n", error.message, est_status_name(status));
    }

    est_result_free(result);
    est_table_free(data);
    return est_status_exit(status);
}
