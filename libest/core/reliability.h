/* Reliability profiles: what agencies ask of an estimate before they print it. The rules are data (reliability_rules.c); what is
 * done with a verdict is the matter of suppress_survey.c. */
#ifndef EST_I_CORE_RELIABILITY_H
#define EST_I_CORE_RELIABILITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <est/error.h>
#include <est/result.h>

/* What an estimand is, by its name; bits, for a rule may hold for several. */
typedef enum est_i_kind {
    EST_I_KIND_PROPORTION = 1, /* "proportion(x=level)", or any other with a numerator */
    EST_I_KIND_TOTAL = 2,      /* "total(x)", "count(x)", "..._number" */
    EST_I_KIND_RATE = 4,       /* "ratio(a/b)", "..._rate" */
    EST_I_KIND_CONTRAST = 8,   /* "difference...", "contrast...", "change...": between domains */
    EST_I_KIND_OTHER = 16,     /* means, quantiles, coefficients */
    EST_I_KIND_ANY = 31
} est_i_kind;

est_i_kind est_i_kind_of(const est_row *row);

typedef enum est_i_measure {
    EST_I_BY_N,              /* unweighted cases */
    EST_I_BY_EFFECTIVE_N,    /* at most n; n itself where all or none have the attribute */
    EST_I_BY_NUMERATOR,      /* unweighted cases with the attribute */
    EST_I_BY_CV,
    EST_I_BY_WIDTH,          /* of the interval; 0 where all or none have the attribute */
    EST_I_BY_RELATIVE_WIDTH, /* width / estimate */
    EST_I_BY_OTHERS_WIDTH,   /* width / (1 - estimate) */
    EST_I_BY_DF,
    EST_I_BY_EXTREME         /* 1 where all or none have the attribute, else 0 */
} est_i_measure;

/* NaN = does not apply. An error or interval that is not known where there is an estimate is infinite. */
double est_i_measure_of(const est_row *row, est_i_measure measure);

typedef enum est_i_comparison { EST_I_BELOW, EST_I_AT_MOST, EST_I_ABOVE, EST_I_AT_LEAST } est_i_comparison;

typedef enum est_i_action {
    EST_I_SHOW,     /* settled: plainly */
    EST_I_WITHHOLD, /* settled: not shown */
    EST_I_CAUTION,  /* settled: shown with the mark */
    EST_I_REVIEW    /* the flags are set, and the rules go on */
} est_i_action;

/* The rules of a profile are asked in order; the first that settles ends it, and what none settles is shown. */
typedef struct est_i_reliability_rule {
    unsigned kinds;
    est_i_measure measure;
    est_i_comparison comparison;
    double threshold;
    est_i_action action;
    const char *mark;
    uint32_t flags;
} est_i_reliability_rule;

typedef struct est_i_reliability_mark {
    const char *mark, *meaning;
} est_i_reliability_mark;

#define EST_I_MOST_OWN_RULES 16

typedef struct est_i_reliability {
    const char *name;
    const est_i_reliability_rule *rules;
    size_t n_rules;
    est_i_reliability_mark marks[4]; /* the first is that of what is withheld; the list ends with a mark NULL */
    est_i_reliability_rule own[EST_I_MOST_OWN_RULES]; /* of "custom:..."; `rules` points here then */
} est_i_reliability;

typedef struct est_i_verdict {
    bool withhold;
    const char *mark; /* "" = none */
    uint32_t flags;
} est_i_verdict;

/* "dhs", "mics", "nchs", "statcan", "counts" (fewer than `threshold` cases are withheld), or "custom:KEY=NUMBER,...".
 * EST_EOPTION. */
est_status est_i_reliability_find(const char *name, long threshold, est_i_reliability *profile, est_error *error);

est_i_verdict est_i_reliability_judge(const est_i_reliability *profile, const est_row *row);

/* The rules built in; NULL for an unknown name. */
const est_i_reliability *est_i_reliability_built_in(const char *name);

/* KEY=NUMBER,... into `own`. EST_EOPTION: unknown key, a number that is none, a key given twice. */
est_status est_i_reliability_custom(const char *text, est_i_reliability *profile, est_error *error);

#endif
