/* How the estimate depends on errors of the linkage: the method `linkage`. */
#include <string.h>

#include "core/error.h"
#include "core/options.h"
#include "mse/capture_options.h"
#include "mse/linkage_run.h"
#include "mse/linked_options.h"

static const est_option_spec linkage_specs[] = {
    {.name = "lists", .kind = EST_OPTION_COLUMNS, .offset = offsetof(est_linkage_options, capture.lists), .initial = "",
     .doc = "list columns, or values of the list column; default: all"},
    {.name = "count", .kind = EST_OPTION_COLUMN, .offset = offsetof(est_linkage_options, capture.count), .initial = "",
     .doc = "column of counts; default 'count' if there is one"},
    {.name = "shape", .kind = EST_OPTION_CHOICE, .offset = offsetof(est_linkage_options, shape), .initial = "auto",
     .choices = "auto|counts|persons|long|linked",
     .doc = "as for mse; linked: records with list, id and cluster, which auto takes if there are such columns"},
    {.name = "person", .kind = EST_OPTION_COLUMN, .offset = offsetof(est_linkage_options, capture.person), .initial = "",
     .doc = "long shape: column that names the person; default 'person'", .further = 1},
    {.name = "list", .kind = EST_OPTION_COLUMN, .offset = offsetof(est_linkage_options, capture.list), .initial = "",
     .doc = "long shape and linked file: column that names the list; default 'list'", .further = 1},
    EST_I_LINKED_OPTIONS(est_linkage_options),
    {.name = "period", .kind = EST_OPTION_COLUMN, .offset = offsetof(est_linkage_options, period), .initial = "",
     .doc = "column of periods; default 'period' if there is one"},
    {.name = "sensitivity", .kind = EST_OPTION_TEXT, .offset = offsetof(est_linkage_options, sensitivity),
     .initial = "1,0.99,0.98,0.95,0.9,0.8",
     .doc = "values tried; the probability that two records of one person are linked"},
    {.name = "false-match", .kind = EST_OPTION_TEXT, .offset = offsetof(est_linkage_options, false_match),
     .initial = "0,0.01,0.02,0.05", .doc = "shares of wrong links tried; links that join two persons"},
    {.name = "rates", .kind = EST_OPTION_TABLE, .offset = offsetof(est_linkage_options, rates), .initial = "",
     .doc = "table of known rates; sensitivity and false_match by period, or by list and other, or by both"},
    {.name = "model", .kind = EST_OPTION_TEXT, .offset = offsetof(est_linkage_options, model), .initial = "",
     .doc = "dependence terms as for mse; default: selected on the data as linked, and kept"},
    {.name = "select", .kind = EST_OPTION_CHOICE, .offset = offsetof(est_linkage_options, select), .initial = "bic",
     .choices = "bic|aic", .doc = "criterion of that selection"},
    {.name = "max-order", .kind = EST_OPTION_INTEGER, .offset = offsetof(est_linkage_options, max_order), .initial = "0",
     .minimum = 0, .maximum = 5, .doc = "most lists in a term; 0: one less than the lists, at most 3",
     .further = 1},
    {.name = "replicates", .kind = EST_OPTION_INTEGER, .offset = offsetof(est_linkage_options, replicates), .initial = "500",
     .minimum = 0, .maximum = 1000000, .doc = "bootstrap replicates; for three lists or more; 0: no interval"},
    {.name = "simulations", .kind = EST_OPTION_INTEGER, .offset = offsetof(est_linkage_options, simulations), .initial = "100",
     .minimum = 0, .maximum = 100000, .doc = "runs with errors put in; for each pair of rates; 0: none"},
    EST_I_LEVEL_OPTION(est_linkage_options),
};

#define LINKAGE_SPECS (sizeof linkage_specs / sizeof linkage_specs[0])

est_linkage_options est_linkage_options_default(void)
{
    est_linkage_options options;
    memset(&options, 0, sizeof options);
    est_i_options_default(linkage_specs, LINKAGE_SPECS, &options);
    return options;
}

static est_status validate(const void *options, est_error *error)
{
    const est_linkage_options *o = options;
    est_i_linkage_grid grid;
    est_status status = est_i_linkage_grid_read(o->sensitivity, "sensitivity", 0.1, 1, &grid, error);
    if (status == EST_OK)
        status = est_i_linkage_grid_read(o->false_match, "false-match", 0, 0.9, &grid, error);
    if (status == EST_OK && o->replicates != 0 && o->replicates < 100)
        status = est_i_fail(error, EST_EOPTION,
                            "option --replicates: found %ld, expected at least 100 for percentile limits, or 0 for none",
                            o->replicates);
    if (status == EST_OK && o->simulations != 0 && o->simulations < 10)
        status = est_i_fail(error, EST_EOPTION, "option --simulations: found %ld, expected at least 10 for a mean, or 0 for none",
                            o->simulations);
    return status;
}

static est_status fit(const est_table *data, const void *options, const est_context *context, est_result **result,
                      est_error *error)
{
    return est_linkage(data, options, context, result, error);
}

const est_method est_i_method_linkage = {
    .id = "linkage",
    .title = "Sensitivity to errors of the linkage",
    .summary = "Shows what the population would be if some records of one person were not recognised as such (missed "
               "matches), or if some links joined two persons (false matches). Missed matches make the overlap of the lists "
               "look smaller and the population larger, with two lists by one over the share that is found. The capture "
               "table is corrected for each pair of rates and the same model fitted again; and the errors are put into the "
               "records once more, to see where they lead. It takes for granted that errors strike all persons and lists "
               "alike, or as the table of rates says.",
    .reference = "Ding and Fienberg (1994) Survey Methodology 20:149-158; Di Consiglio and Tuoto (2015) Journal of Official "
                 "Statistics 31:415-429; Blakely and Salmond (2002) International Journal of Epidemiology 31:1246-1252; Cook "
                 "and Stefanski (1994) JASA 89:1314-1328",
    .data = "as for mse, or a linked file: one row a record with the columns list, id and cluster; a period column if there is one",
    .options = linkage_specs,
    .n_options = LINKAGE_SPECS,
    .options_size = sizeof(est_linkage_options),
    .validate = validate,
    .fit = fit,
    .family = "lists",
};

est_status est_linkage(const est_table *data, const est_linkage_options *options, const est_context *context,
                       est_result **result, est_error *error)
{
    est_linkage_options resolved = options ? *options : est_linkage_options_default();
    *result = NULL;
    est_error_clear(error);
    est_status status = est_i_options_check(linkage_specs, LINKAGE_SPECS, &resolved, error);
    if (status == EST_OK)
        status = validate(&resolved, error);
    if (status == EST_OK)
        status = est_i_linkage_run_all(data, &resolved, context, result, error);
    return status;
}
