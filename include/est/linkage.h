/* Linked records: capture patterns from them, and how the answer depends on errors of the linkage. */
#ifndef EST_LINKAGE_H
#define EST_LINKAGE_H

#include <est/context.h>
#include <est/error.h>
#include <est/method.h>
#include <est/mse.h>
#include <est/result.h>
#include <est/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is done about records that should not be. */
typedef enum est_finding {
    EST_FINDING_WARN = 0, /* counted, said, and gone on with */
    EST_FINDING_ALLOW,    /* counted and noted */
    EST_FINDING_REFUSE    /* an error that names the record */
} est_finding;

/* A linked file: one row a record, with its list, its id within the list, and the cluster (the person) that the linkage put it
 * in. */
typedef struct est_linked_options {
    const char *id;       /* column; "" = "id" */
    const char *cluster;  /* column; "" = "cluster" */
    const char *date;     /* column; "" = "date" if there is one */
    const char *until;    /* no date may lie after this one; "" = any */
    int repeats;          /* est_finding: a cluster with several records of one list */
    long largest_cluster; /* records of one person in one period; 0 = any number */
    int larger;           /* est_finding: clusters with more */
} est_linked_options;

typedef struct est_patterns_options {
    const char *lists;  /* values of the list column, separated by commas; "" = all, in the order of their bytes */
    const char *list;   /* column; "" = "list" */
    est_linked_options linked;
    const char *period; /* column; "" = "period" if there is one */
} est_patterns_options;

est_patterns_options est_patterns_options_default(void);

/* Checks a linked file and counts its capture histories. Rows: observed. Frames: patterns, checks. The caller frees *result.
 * Errors: EST_EOPTION, EST_ECOLUMN, EST_EVALUE, EST_EDEFINITION, EST_EFORMAT (empty), EST_ENOMEM, EST_ECANCELLED. */
est_status est_patterns(const est_table *data, const est_patterns_options *options, const est_context *context,
                        est_result **result, est_error *error) EST_MUST_CHECK;

typedef enum est_linkage_shape {
    EST_LINKAGE_AUTO = 0, /* linked if there is an id and a cluster column, else as est_shape */
    EST_LINKAGE_COUNTS,
    EST_LINKAGE_PERSONS,
    EST_LINKAGE_LONG,
    EST_LINKAGE_LINKED
} est_linkage_shape;

/* The option table (est_method_find("linkage")) documents each field, its range and its default. */
typedef struct est_linkage_options {
    est_capture_options capture; /* its shape is not read: see `shape` */
    int shape;                   /* est_linkage_shape */
    est_linked_options linked;
    const char *period;
    const char *sensitivity;     /* grid: probabilities that two records of one person are linked, separated by commas */
    const char *false_match;     /* grid: shares of the links that are wrong */
    const est_table *rates;      /* sensitivity and false_match by period, by pair of lists, or by both; NULL = none */
    const char *model;
    int select;                  /* EST_SELECT_BIC or EST_SELECT_AIC */
    long max_order;
    long replicates;             /* bootstrap, for three lists or more */
    long simulations;            /* of linkage errors put into the records; 0 = none */
    double level;
} est_linkage_options;

est_linkage_options est_linkage_options_default(void);

/* The population as a function of missed and false matches. Rows: population, observed, and with rates population_corrected; with
 * periods ratio and ratio_corrected. Frames: sensitivity, pairs, simulation, rates. The caller frees *result.
 * Errors: as est_mse. */
est_status est_linkage(const est_table *data, const est_linkage_options *options, const est_context *context,
                       est_result **result, est_error *error) EST_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
