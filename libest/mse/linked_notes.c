#include "mse/linked_notes.h"

#include <stdbool.h>

typedef struct finding {
    const char *check;
    size_t found;
    bool made; /* the check was made */
} finding;

/* Small numbers of faulty records say something about few persons; the notes have them, for internal use. */
static void add_frame(est_i_result_builder *builder, const est_i_linked_checks *checks, const est_linked_options *options)
{
    static const char *const columns[] = {"check", "found"};
    static const est_column_role roles[] = {EST_ROLE_PLAIN, EST_ROLE_PLAIN};
    const finding findings[] = {
        {"ids in two clusters of one list", 0, true},
        {"records without a list, an id or a cluster", 0, true},
        {"impossible dates", 0, checks->has_date != 0},
        {"records without a date", checks->without_date, checks->has_date != 0},
        {"records that repeat list and id", checks->repeated_rows, true},
        {"further records of a person on one list", checks->repeated_persons, true},
        {"clusters above the largest allowed", checks->larger_clusters, options->largest_cluster > 0},
        {"records of lists left out", checks->left_out, true},
    };
    est_i_result_frame(builder, "checks", "Checks of the linked records", 2, columns, roles, SIZE_MAX);
    for (size_t i = 0; i < sizeof findings / sizeof findings[0]; i++) {
        est_i_result_cell_text(builder, findings[i].check);
        if (!findings[i].made)
            est_i_result_cell_text(builder, "not checked");
        else if (findings[i].found < 10)
            est_i_result_cell_text(builder, findings[i].found ? "1 to 9" : "none");
        else
            est_i_result_cell(builder, (double)findings[i].found);
    }
}

static est_severity severity_of(int wanted)
{
    return wanted == EST_FINDING_ALLOW ? EST_NOTE : EST_WARNING;
}

void est_i_linked_describe(est_i_result_builder *builder, const est_context *context, const est_i_linked_checks *checks,
                           const est_linked_options *options)
{
    add_frame(builder, checks, options);
    if (checks->repeated_rows)
        est_i_result_note(builder, context, EST_WARNING, "repeated",
                          "records that repeat the list and the id of an earlier one: %zu. They count once", checks->repeated_rows);
    if (checks->repeated_persons)
        est_i_result_note(builder, context, severity_of(options->repeats), "repeated",
                          "further records of a person on one and the same list: %zu. They are duplicates within the list, "
                          "or false matches, and count once",
                          checks->repeated_persons);
    if (checks->larger_clusters)
        est_i_result_note(builder, context, severity_of(options->larger), "repeated",
                          "clusters of more than %ld records: %zu. Look for false matches", options->largest_cluster,
                          checks->larger_clusters);
    if (checks->without_date)
        est_i_result_note(builder, context, EST_NOTE, "repeated", "records without a date: %zu", checks->without_date);
    if (checks->left_out)
        est_i_result_note(builder, context, EST_NOTE, "repeated", "records on lists that were not named: %zu. They are left out",
                          checks->left_out);
}
