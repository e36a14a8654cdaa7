/* Indicators of child labour, child and forced marriage and forced labour from the microdata of a survey. */
#ifndef EST_INDICATOR_H
#define EST_INDICATOR_H

#include <stddef.h>

#include <est/context.h>
#include <est/error.h>
#include <est/result.h>
#include <est/source.h>
#include <est/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A definition: the rules of an indicator as data, every threshold and comparison in its text. All texts are borrowed. */
typedef struct est_definition {
    const char *id;      /* "sdg-8.7.1" */
    const char *method;  /* "child-labour" */
    const char *title;
    const char *status;  /* "default", "variant", "superseded", "analyst's choice" */
    const char *version;
    const char *source;
    const char *text;    /* the file (INI) */
} est_definition;

size_t est_definition_count(void);
const est_definition *est_definition_get(size_t index);    /* NULL past the end */
const est_definition *est_definition_find(const char *id); /* NULL if there is none */

/* Options of the methods child-labour, child-marriage, forced-marriage and forced-labour. Texts are borrowed; "" = not given. Lists are
 * parted by commas. Meaning and default of each: `est methods child-labour`. */
typedef struct est_indicator_options {
    const char *codebook;         /* path of a codebook or id of a preset */
    const char *preset;           /* id of a definition; "" = the method's default */
    const char *set;              /* NAME=VALUE,... parameters of the definition */
    const char *ages;             /* "20-24", "20-24,25-49": age groups instead of the definition's */
    const char *indicators;       /* which of the definition's; "" = all that the codebook's roles allow */
    const char *by, *where;
    const char *tables;           /* "all", "T2,T3"; "" = none */
    const char *reference_period; /* of forced labour, where the codebook does not tell it */
    int numbers;                  /* 0 auto: numbers of people where they can be had, else a note; 1 yes: refuse where they cannot; 2 no */
    double population;            /* people of the first age group, for numbers; 0 = the weights add up to them */
    const est_table *margins;     /* known totals for calibration: columns variable, level, total; NULL = none */
    int calibrate;                /* 0 none, 1 poststratify, 2 rake, 3 linear, 4 bounded, 5 logit, 6 exponential (with margins) */
    const char *bounds;
    const char *small_area;       /* a role or column: model-based estimates of these areas beside the direct ones */
    const est_table *covariates;  /* a line an area, first column the area; NULL = intercept only */
    int small_area_fit;           /* 0 reml, 1 ml, 2 moment */
    int small_area_variance;      /* 0 pooled, 1 own */
    const char *weight, *strata, *psu; /* columns or roles instead of the codebook's */
    int nest;
    int lonely;                   /* as est_survey_options */
    int variance;                 /* 0 taylor, 1 jk1, 2 jkn, 3 brr, 4 fay, 5 rao-wu */
    long draws;
    int ci, df;                   /* as est_survey_options */
    int sampling_errors;          /* the table R, SE, N, WN, DEFT, SE/R, R-2SE, R+2SE */
    int benchmarks;               /* published figures beside the estimate */
    double level;
} est_indicator_options;

est_indicator_options est_indicator_options_default(void);

/* Estimates every indicator of a definition. method: "child-labour", "child-marriage", "forced-marriage", "forced-labour". options NULL =
 * defaults. Rows: an indicator, by age group and domain; proportions in [0, 1], numbers of people, ages in years. Missing values: as the
 * definition says, shown in the frame "missing". Errors: EST_EOPTION; EST_EFILE, EST_EFORMAT, EST_ECOLUMN of file and codebook; EST_EVALUE with record and
 * column (a special code that nobody declared, an age or hours out of range); EST_EDEFINITION (roles that the definition needs and the
 * codebook does not map, strata not chosen, no reference period); EST_EIDENTIFY; EST_ENOMEM; EST_ECANCELLED. The caller frees
 * *result. Sources: each definition's own. */
est_status est_indicator(const char *method, est_source *source, const est_indicator_options *options, const est_context *context,
                         est_result **result, est_error *error) EST_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
