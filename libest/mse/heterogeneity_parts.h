/* Closed-population models of who is captured how often: what is known of the captures, the models, and one fit of one model.
 * Otis, Burnham, White and Anderson (1978) Wildlife Monographs 62 name them: capture probabilities vary with time (t), with
 * behaviour after the first capture (b), between persons (h). */
#ifndef EST_I_MSE_HETEROGENEITY_PARTS_H
#define EST_I_MSE_HETEROGENEITY_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include <est/error.h>
#include <est/heterogeneity.h>

#include "core/monitor.h"
#include "data/captures.h"

#define EST_I_CLOSED_COUNTS_MAX 1000 /* occasions, and captures of one person */
#define EST_I_CLOSED_CHAO_MAX 60     /* counts for Chao's form, which has a coefficient for nearly each */

/* A likelihood: loglik = (sum of y log mu without log of ways) - (sum of mu) + constant; `saturated` is its greatest value. */
typedef struct est_i_measure {
    double constant, saturated, n_cells;
} est_i_measure;

/* Sufficient statistics. */
typedef struct est_i_closed_data {
    double observed;      /* everybody */
    double persons;       /* those captured up to n_counts times: they alone are fitted */
    size_t occasions;     /* 0 = no limit */
    size_t n_counts;      /* captures 1 to n_counts have a cell */
    bool has_histories;
    double *frequency;    /* [k]: persons captured k times, k from 0 to n_counts; [0] = 0 */
    double *log_ways;     /* [k]: log of C(occasions, k); without a limit -log k! */
    double *on;           /* [occasion]: persons captured */
    double *first;        /* [occasion]: persons captured for the first time */
    est_i_measure by_history, by_count;
} est_i_closed_data;

/* From capture histories (block 0); `up_to` 0 = all counts. EST_ENOMEM. */
est_status est_i_closed_of_captures(const est_i_captures *captures, size_t up_to, est_i_closed_data **data, est_error *error);
/* From the column of numbers of captures and that of counts of a table. EST_ECOLUMN, EST_EVALUE, EST_EDEFINITION, EST_ENOMEM. */
est_status est_i_closed_of_frequencies(const est_table *table, const est_heterogeneity_options *options, est_i_closed_data **data,
                                       est_error *error);
void est_i_closed_data_free(est_i_closed_data *data);

typedef enum est_i_base { EST_I_BASE_M0 = 0, EST_I_BASE_MT, EST_I_BASE_MB, EST_I_BASE_MBH, EST_I_BASE_MTB } est_i_base;
typedef enum est_i_form {
    EST_I_FORM_NONE = 0, EST_I_FORM_CHAO, EST_I_FORM_POISSON, EST_I_FORM_DARROCH, EST_I_FORM_GAMMA, EST_I_FORM_NORMAL
} est_i_form;

typedef struct est_i_closed_model {
    const char *name; /* as in the option `model` */
    est_i_base base;
    est_i_form form;
    size_t least;     /* occasions, or counts that have a cell */
} est_i_closed_model;

#define EST_I_CLOSED_MODELS 15
extern const est_i_closed_model est_i_closed_models[EST_I_CLOSED_MODELS];

typedef enum est_i_closed_state {
    EST_I_CLOSED_FITTED = 0,
    EST_I_CLOSED_UNFIT,      /* the model cannot be asked of these data */
    EST_I_CLOSED_DEPENDENT,  /* the data do not tell its parameters apart */
    EST_I_CLOSED_UNBOUNDED,  /* the likelihood rises as the unseen grow without bound */
    EST_I_CLOSED_VANISHING,  /* the likelihood has no maximum, and the unseen do not grow */
    EST_I_CLOSED_LOST,       /* there is a maximum, and Newton did not find it */
    EST_I_CLOSED_STOPPED
} est_i_closed_state;

/* NaN = not defined. */
typedef struct est_i_closed_fit {
    est_i_closed_state state;
    const char *reason;          /* NULL, or why there is no estimate, in words */
    double unseen, se, log_se;   /* log_se: of the log of the unseen */
    double bias;                 /* asymptotic, of order 1 */
    double loglik, deviance, df, aic, bic, n_parameters;
    double sigma;                /* Normal */
    size_t etas_out, empty_lists;
    double maximum, lower, upper; /* of the population: the multinomial estimate, and limits */
    const char *interval;
} est_i_closed_fit;

typedef struct est_i_closed_setting {
    const est_heterogeneity_options *options;
    size_t n_nodes;
    const double *nodes, *weights; /* of expectations over a standard normal variable */
    est_i_monitor *monitor;
} est_i_closed_setting;

/* Fits a model and finds its limits. EST_ENOMEM, EST_ECANCELLED; a model without an estimate is no error but a state. */
est_status est_i_closed_fit_model(const est_i_closed_data *data, const est_i_closed_model *model,
                                  const est_i_closed_setting *setting, est_i_closed_fit *fit, est_error *error);

/* The same corrected for bias (Rivest and Levesque 2001): limits by the log-normal only. */
est_status est_i_closed_fit_corrected(const est_i_closed_data *data, const est_i_closed_model *model,
                                      const est_i_closed_setting *setting, est_i_closed_fit *fit, est_error *error);

/* loglik, deviance, criteria and df from the part of the log likelihood that depends on the parameters. Coefficients at minus
 * infinity (fit->empty_lists) count as parameters, but not in df (decisions.md 1). */
void est_i_closed_measure(const est_i_measure *measure, const est_i_closed_data *data, double part, double n_cells, size_t n_finite,
                          est_i_closed_fit *fit);

/* A multinomial profile: at `unseen`, the log likelihood maximised over all but the population, up to a constant, and the log
 * of the probability of being unseen. false = no value. */
typedef bool est_i_closed_point(void *user, double unseen, double *loglik, double *log_share);

/* Maximum and limits of lgamma(N + 1) - lgamma(unseen + 1) + loglik into fit->maximum, lower, upper. */
void est_i_closed_profile(const est_i_closed_data *data, const est_i_closed_setting *setting, est_i_closed_point *point, void *user,
                          est_i_closed_fit *fit);

/* Families; each fills the fit and, where the options ask for it, the profile. */
est_status est_i_closed_loglinear(const est_i_closed_data *data, const est_i_closed_model *model,
                                  const est_i_closed_setting *setting, bool profile, est_i_closed_fit *fit, est_error *error);
est_status est_i_closed_removal(const est_i_closed_data *data, const est_i_closed_model *model, const est_i_closed_setting *setting,
                                bool profile, est_i_closed_fit *fit, est_error *error);
est_status est_i_closed_normal(const est_i_closed_data *data, const est_i_closed_model *model, const est_i_closed_setting *setting,
                               bool profile, est_i_closed_fit *fit, est_error *error);
est_status est_i_closed_time_behaviour(const est_i_closed_data *data, const est_i_closed_model *model,
                                       const est_i_closed_setting *setting, bool profile, est_i_closed_fit *fit, est_error *error);

/* The family of fits corrected for bias: unseen and se alone. */
est_status est_i_closed_correct(const est_i_closed_data *data, const est_i_closed_model *model, const est_i_closed_setting *setting,
                                est_i_closed_fit *fit, est_error *error);

/* Does the model need to know when each person was captured? */
bool est_i_closed_needs_histories(const est_i_closed_model *model);

/* The form as a convex function h of the number of captures, h(0) = 0, less its chord k h(1), which is in the other columns anyway:
 * Poisson a^k - 1, Darroch k^2 / 2, Gamma log a - log(a + k). */
double est_i_closed_height(const est_heterogeneity_options *options, est_i_form form, double k);

/* A population to start from. */
double est_i_closed_start(const est_i_closed_data *data);

#endif
