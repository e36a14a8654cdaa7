/* Multiple systems estimation: a population that no list covers, from the overlap of several lists. */
#ifndef EST_MSE_H
#define EST_MSE_H

#include <est/context.h>
#include <est/error.h>
#include <est/method.h>
#include <est/result.h>
#include <est/table.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum est_shape { EST_SHAPE_AUTO = 0, EST_SHAPE_COUNTS, EST_SHAPE_PERSONS, EST_SHAPE_LONG } est_shape;
typedef enum est_criterion { EST_SELECT_BIC = 0, EST_SELECT_AIC, EST_SELECT_NONE } est_criterion;
typedef enum est_interval {
    EST_CI_AUTO = 0, /* profile for a given model, bootstrap with reselection for a selected one */
    EST_CI_NONE,
    EST_CI_PROFILE,
    EST_CI_BOOTSTRAP
} est_interval;
typedef enum est_boundary { EST_BOUNDARY_REJECT = 0, EST_BOUNDARY_ACCEPT } est_boundary;
typedef enum est_bic_n { EST_BIC_N_PERSONS = 0, EST_BIC_N_CELLS } est_bic_n;

/* Where the capture histories stand in the data. Shared by every method that reads lists. */
typedef struct est_capture_options {
    const char *lists;  /* list columns, separated by commas; "" = every column that has no other role */
    const char *count;  /* column of counts; "" = "count" if there is one */
    const char *person; /* long shape: column that names the person; "" = "person" */
    const char *list;   /* long shape: column that names the list; "" = "list" */
    int shape;          /* est_shape */
} est_capture_options;

/* The option table (est_method_find("mse")) documents each field, its range and its default. */
typedef struct est_mse_options {
    est_capture_options capture;
    const char *model;
    int select;       /* est_criterion */
    long max_order;   /* 0 = the default for the number of lists */
    int boundary;     /* est_boundary */
    int bic_n;        /* est_bic_n */
    int ci;           /* est_interval */
    long replicates;
    double level;
} est_mse_options;

est_mse_options est_mse_options_default(void);

/* Fits or selects a hierarchical log-linear model. Rows: population, unobserved, observed. The caller frees *result.
 * Errors: EST_EOPTION, EST_ECOLUMN, EST_EVALUE, EST_EDEFINITION, EST_EIDENTIFY, EST_ENOMEM, EST_ECANCELLED. */
est_status est_mse(const est_table *data, const est_mse_options *options, const est_context *context, est_result **result,
                   est_error *error) EST_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
