#include "data/side_table.h"

#include <stdbool.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "data/table.h"

const char *est_i_name_at(const void *user, size_t index)
{
    return ((const est_i_names *)user)->names[index];
}

est_status est_i_side_columns(const est_table *table, est_i_names allowed, const char *what, est_error *error)
{
    est_status status = EST_OK;
    for (size_t c = 0; status == EST_OK && c < est_table_columns(table); c++) {
        const char *name = est_table_column_name(table, c);
        bool known = false;
        for (size_t i = 0; i < allowed.count && !known; i++)
            known = strcmp(name, allowed.names[i]) == 0;
        if (!known) {
            const char *nearest = est_i_nearest_name(name, allowed.count, est_i_name_at, &allowed);
            est_i_place place = est_i_table_place_column(table, (long)c);
            status = est_i_fail_at(error, EST_ECOLUMN, place, "a %s has no such column; %s%s%s", what,
                                   nearest ? "did you mean '" : "remove it", nearest ? nearest : "",
                                   nearest ? "'?" : "");
        }
    }
    return status;
}

est_status est_i_side_list(const est_table *table, size_t column, size_t row, est_i_names lists, size_t *list, est_error *error)
{
    char buffer[32];
    const char *name = est_table_text(table, column, row, buffer);
    est_i_place place = est_i_table_place(table, (long)column, row);
    est_status status = EST_OK;
    *list = 0;
    if (!name)
        return est_i_fail_at(error, EST_EVALUE, place,
                             "found no list, expected the name of a list of the data");
    while (*list < lists.count && strcmp(lists.names[*list], name) != 0)
        (*list)++;
    if (*list == lists.count) {
        const char *nearest = est_i_nearest_name(name, lists.count, est_i_name_at, &lists);
        status = est_i_fail_at(error, EST_ECOLUMN, place, "'%s' is no list of the data; %s%s%s", name,
                               nearest ? "did you mean '" : "remove it, or name it as a list",
                               nearest ? nearest : "", nearest ? "'?" : "");
    }
    return status;
}
