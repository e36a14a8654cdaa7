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
typedef enum est_criterion {
    EST_SELECT_BIC = 0, /* exact: the best of all models of the class */
    EST_SELECT_AIC,
    EST_SELECT_NONE,
    EST_SELECT_AICC,
    EST_SELECT_STEPWISE, /* p values, Chan, Silverman and Vincent (2021) */
    EST_SELECT_DOWNHILL  /* local search by BIC from the model without dependence */
} est_criterion;
typedef enum est_interval {
    EST_CI_AUTO = 0, /* profile for a given model, bootstrap with reselection for a selected one */
    EST_CI_NONE,
    EST_CI_PROFILE,
    EST_CI_BOOTSTRAP,  /* percentiles */
    EST_CI_WALD,       /* on the log of the unobserved, as published; about the expected number */
    EST_CI_BCA,        /* bootstrap, corrected for bias and acceleration */
    EST_CI_STUDENTISED, /* bootstrap of the studentised log of the unobserved */
    EST_CI_LOG_NORMAL   /* Chao's, with the variance of the population */
} est_interval;
typedef enum est_model_class {
    EST_CLASS_HIERARCHICAL = 0,
    EST_CLASS_PAIRWISE,   /* terms of two lists */
    EST_CLASS_GRAPHICAL,  /* a term for every clique of a graph of lists */
    EST_CLASS_DECOMPOSABLE /* graphical, and the graph is chordal */
} est_model_class;
/* How bootstrap samples are drawn (decisions.md 4). */
typedef enum est_resample {
    EST_RESAMPLE_POPULATION = 0, /* n* ~ Binomial(N, n/N), then the histories */
    EST_RESAMPLE_SCV2024         /* n stays: Silverman, Chan and Vincent (2024); too narrow, for comparison */
} est_resample;
/* Activity of the lists over strata. */
typedef enum est_effects {
    EST_EFFECTS_FULL = 0, /* list:stratum: a list's own in each stratum */
    EST_EFFECTS_ADDITIVE  /* list:column for each stratum column, and nothing above */
} est_effects;
typedef enum est_gates { EST_GATES_WARN = 0, EST_GATES_ENFORCE } est_gates;
typedef enum est_strata_dependence { EST_STRATA_COMMON = 0, EST_STRATA_BY_STRATUM } est_strata_dependence;
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
    const char *by;                  /* stratum columns, separated by commas; "" = one population */
    int dependence;                  /* est_strata_dependence */
    int effects;                     /* est_effects */
    const est_table *coverage;       /* list, and a column for each stratum column: where a list was at work; NULL = everywhere */
    const char *model;
    int select;       /* est_criterion */
    int model_class;  /* est_model_class */
    long max_order;   /* 0 = the default for the number of lists */
    double threshold; /* p value of the stepwise procedure */
    int boundary;     /* est_boundary */
    int bic_n;        /* est_bic_n */
    long top;         /* models listed; 0 = all of one table of up to five lists, else 100 and all within 10 of the best */
    int average;      /* 1 = also average over models */
    int ci;           /* est_interval */
    int resample;     /* est_resample */
    long reselect_top; /* models that a replicate chooses from; 0 = all of the class, exactly */
    long replicates;
    double level;
    int diagnose;     /* 1 = every diagnostic */
    double limit;     /* a population that matters for policy: its tipping dependence is given; 0 = none */
    int gates;        /* est_gates */
} est_mse_options;

est_mse_options est_mse_options_default(void);

/* Fits or selects a hierarchical log-linear model. Rows: population, unobserved, observed, of all and then of each stratum;
 * population_averaged on request. The caller frees *result.
 * Errors: EST_EOPTION, EST_ECOLUMN, EST_EVALUE, EST_EDEFINITION, EST_EIDENTIFY, EST_ENOMEM, EST_ECANCELLED. */
est_status est_mse(const est_table *data, const est_mse_options *options, const est_context *context, est_result **result,
                   est_error *error) EST_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
