/* Women of 20 to 24 who were in union before 18, in all and by residence, from an invented survey in the shape of Kenya's.
 * Build it with: cc first_survey.c $(pkg-config --cflags --libs libest) -o first_survey */
#include <stdio.h>

#include <est.h>

int main(void)
{
    est_source *women = NULL;
    est_result *result = NULL;
    est_error error;
    est_error_clear(&error);

    est_survey_options options = est_survey_options_default();
    options.weight = "weight";
    options.strata = "stratum";
    options.psu = "cluster";
    options.proportion = "married_by_18=1";
    options.by = "residence";

    est_status status = est_source_open("dataset:kenya_women_synthetic", NULL, &women, &error);
    if (status == EST_OK)
        status = est_survey(women, &options, NULL, &result, &error);
    for (size_t i = 0; status == EST_OK && i < est_result_rows(result); i++) {
        const est_row *row = est_result_row(result, i);
        printf("%s: %.4f, %.0f %% interval %.4f to %.4f\n", row->n_domain ? row->domain[0].value : "all", row->estimate,
               100 * row->level, row->lower, row->upper);
    }
    if (status != EST_OK)
        fprintf(stderr, "%s (%s)\n", error.message, est_status_name(status));

    est_result_free(result);
    est_source_free(women);
    return est_status_exit(status);
}
