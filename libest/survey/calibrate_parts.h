/* What the files of the calibration share. */
#ifndef EST_I_SURVEY_CALIBRATE_PARTS_H
#define EST_I_SURVEY_CALIBRATE_PARTS_H

#include "numerics/double_double.h"
#include "survey/calibrate.h"

#define EST_I_NO_COLUMN UINT32_MAX
#define EST_I_CALIBRATION_SIZE_MAX 2048 /* totals that are solved for together */

/* ---- distances and the solver ---- */

/* g = F(u). The logit kind lies between lower and upper; every kind is cut at `least` and `most`. */
typedef struct est_i_distance {
    est_i_calibration_kind kind;
    double lower, upper, least, most;
} est_i_distance;

est_i_distance est_i_distance_of(const est_i_calibration_options *options);

/* F(u), its slope F'(u), and its integral from 0 to u. Deville and Sarndal (1992), Journal of the American Statistical Association
 * 87:376-382; the integral makes the dual function sum d G(x'lambda) - lambda't, whose minimum is the solution. */
void est_i_distance_at(const est_i_distance *distance, double u, double *g, double *slope, double *integral);

/* Units that share one factor: x of unit c is value[k] at index[k], k from start[c] to start[c + 1] - 1. */
typedef struct est_i_units {
    size_t n;
    size_t *start;
    uint32_t *index;
    double *value;
    double *weight;         /* before calibration */
    double *lower, *upper;  /* least and most of each; NULL: those of the distance */
} est_i_units;

void est_i_units_clear(est_i_units *units);

/* At one lambda: sum d F(x'lambda) x, the upper triangle of sum d F'(x'lambda) x x', and sum d G(x'lambda). */
typedef struct est_i_evaluation {
    double *total, *hessian;
    double integral;
} est_i_evaluation;

/* The problem and how it is evaluated: over units in memory, or by a pass over the rows. */
typedef struct est_i_calibration_problem {
    est_i_distance distance;
    size_t size;
    const double *known;
    const double *gram;    /* sum d x x', upper triangle: holds a step together where the slopes of F are 0 */
    double tolerance;
    int iterations;
    est_status (*evaluate)(void *user, const double *lambda, est_i_evaluation *evaluation, est_error *error);
    void *user;
} est_i_calibration_problem;

typedef struct est_i_calibration_solution {
    double *lambda;  /* in: where to begin */
    double *reached; /* the totals at lambda */
    double misfit;   /* largest |misfit| / (1 + |total|) */
    int iterations;
    bool converged;
} est_i_calibration_solution;

/* Newton's method with a line search. That no solution was found is no error: `converged` says so. */
est_status est_i_calibration_newton(const est_i_calibration_problem *problem, est_i_calibration_solution *solution,
                                    est_error *error);

/* evaluate over units: user is a const est_i_units_problem *. */
typedef struct est_i_units_problem {
    const est_i_units *units;
    const double *weight; /* instead of units->weight, or NULL */
    est_i_distance distance;
    size_t size;
    est_i_monitor *monitor;
} est_i_units_problem;
est_status est_i_units_evaluate(void *user, const double *lambda, est_i_evaluation *evaluation, est_error *error);
double est_i_units_dot(const est_i_units *units, size_t unit, const double *lambda);
est_i_distance est_i_units_distance(const est_i_units *units, size_t unit, est_i_distance distance);
/* Upper triangle of sum weight x x'. */
void est_i_units_gram(const est_i_units *units, const double *weight, size_t size, double *gram);

/* Raking by iterative proportional fitting, for units whose x are all 1: g in place. False if it does not settle in `sweeps`. */
bool est_i_units_rake(const est_i_units *units, const double *weight, size_t size, const double *known, double tolerance,
                      int sweeps,
                      double *work, double *g);

/* Solves factor'factor b = b in place (numerics/linear.h). */
void est_i_factor_solve(const double *factor, size_t size, const bool *alive, double *b);

/* ---- margins ---- */

/* One variable of the table of totals, or several crossed. */
typedef struct est_i_margin {
    char *name;
    size_t n_factors;     /* 0: the whole population */
    size_t *variable;     /* of the calibration */
    bool numbers;         /* some factor is a number: x is no indicator */
    size_t n_rows;        /* of the table; known after it was read */
    size_t n_combinations; /* of levels, once they are known */
    uint32_t *column;     /* [n_combinations]: the total it counts for */
} est_i_margin;

/* A row of the table of totals. */
typedef struct est_i_known {
    size_t margin, record;
    char *level;
    double total;
} est_i_known;

/* Cells of rows with the same values of the calibration's variables, in the order of first appearance. */
typedef struct est_i_x_cells {
    size_t words, count, capacity, n_slots;
    uint64_t *key;        /* count x words */
    est_i_dd *sum;        /* count x 3: of the weights, of their squares, of the declared weights */
    size_t *rows;
    uint32_t *slots;      /* cell + 1 */
    bool overflow;        /* more than EST_I_CALIBRATION_CELLS_MAX: the cells are given up */
} est_i_x_cells;

struct est_i_calibration {
    est_i_calibration_options options;
    const est_source *source;
    size_t n_variables;
    est_i_variable *variables;
    size_t *word;         /* [variable]: its place in a key */
    unsigned *shift;
    size_t words;
    size_t weight_variable; /* DECLARED: the calibrated weight; not in the key */
    size_t n_margins;
    est_i_margin *margins;
    size_t n_knowns;
    est_i_known *knowns;
    est_i_distance distance;

    est_i_sample *sample;
    double scale;
    size_t first;
    size_t *n_levels;     /* [variable] */
    size_t size;
    char **name;
    double *known, *before, *after;
    double population;    /* rows with a weight: the sum of their weights before calibration */
    bool *occurs;         /* [size]: a row counts for it */
    bool diagonal;        /* the x of different totals never meet: gram is their diagonal */
    double *gram, *factor;
    bool *alive;
    double *lambda;
    est_i_x_cells *cells; /* NULL: passes over the rows, or clusters */
    est_i_units units;
    double *g;            /* [units.n] */
    uint32_t *psu;        /* by cluster: [leaf] */
    bool solved;
    est_i_calibration_report report;
};

/* The table of totals, or the names of DECLARED, as margins and variables. */
est_status est_i_margins_read(est_i_calibration *calibration, est_error *error);
void est_i_margins_clear(est_i_calibration *calibration);
/* After the first pass: the total of every combination of levels; size, names and known totals. */
est_status est_i_margins_resolve(est_i_calibration *calibration, est_error *error);
/* The values of one row, by the calibration's variables. */
typedef struct est_i_x_row {
    const uint32_t *level;
    const double *number;
} est_i_x_row;
/* Nonzero x of a row: at most one a margin. Returns how many; SIZE_MAX where a level has no total, *margin says in which. */
size_t est_i_margins_x(const est_i_calibration *calibration, const est_i_x_row *row, uint32_t *index, double *value,
                       size_t *margin);
/* The combination of levels of a row in a margin as text. */
char *est_i_margins_level(const est_i_calibration *calibration, size_t margin, const est_i_x_row *row);
est_status est_i_margins_fail_level(const est_i_calibration *calibration, size_t margin, const est_i_x_row *row, est_error *error);

/* ---- cells ---- */

est_i_x_cells *est_i_x_cells_new(size_t words);
void est_i_x_cells_free(est_i_x_cells *cells);
/* The cell of a key; made if `make`. SIZE_MAX: there is none, memory ran out (*status) or too many (cells->overflow). */
size_t est_i_x_cells_find(est_i_x_cells *cells, const uint64_t *key, bool make, est_status *status);
size_t est_i_x_cells_look_up(const est_i_x_cells *cells, const uint64_t *key);
/* Keys of rows first to first + n - 1, n at most EST_I_X_BLOCK; missing[i]: the number of a variable without a value + 1, or 0. */
#define EST_I_X_BLOCK 256u
void est_i_x_keys(const est_i_calibration *calibration, const est_i_rows *rows, size_t first, size_t n, uint64_t *key,
                  uint32_t *missing);
void est_i_x_unpack(const est_i_calibration *calibration, const uint64_t *key, uint32_t *level, double *number);
bool est_i_x_row_of(const est_i_calibration *calibration, const est_i_rows *rows, size_t row, uint32_t *level, double *number);
/* DECLARED: the calibrated weight of a row. */
double est_i_x_declared(const est_i_calibration *calibration, const est_i_rows *rows, size_t row);
/* Is the row in the sample that is calibrated? DECLARED: a weight of 0 says that it did not respond, whatever it had before. */
bool est_i_x_counts(const est_i_calibration *calibration, const est_i_rows *rows, size_t row);

/* What the first pass finds beside the cells. */
typedef struct est_i_x_pass {
    est_i_x_cells *cells;
    uint32_t *quick;     /* while rows come in: cell + 1 of small keys */
    long long *missing;  /* [variable]: rows with a weight */
    long long rows, bad_weights;
    long long without; /* DECLARED: rows with a weight before calibration and none after it */
    double smallest, largest, sum_after, square_after; /* of the declared weights */
} est_i_x_pass;
void est_i_x_pass_free(est_i_x_pass *pass);
est_status est_i_x_collect(est_i_calibration *calibration, est_i_sample *sample, est_i_x_pass **pass, est_error *error);

/* ---- passes over the rows ---- */

/* x of each PSU, averaged with the base weights (Lemaitre and Dufour 1987, Survey Methodology 13:199-207), as units. */
est_status est_i_calibration_clusters(est_i_calibration *calibration, est_error *error);
/* evaluate by a pass: user is the calibration. Without a lambda g is 1, of DECLARED the factor that each row has. `report` and
 * `after`
 * are brought up to date. */
est_status est_i_calibration_evaluate_rows(void *user, const double *lambda, est_i_evaluation *evaluation, est_error *error);
/* The same, with g in place of its slope in the hessian. */
est_status est_i_calibration_gram_rows(est_i_calibration *calibration, const double *lambda, double *gram, est_error *error);
est_status est_i_calibration_adjust(void *user, const est_i_rows *rows, double *weight, est_error *error);

/* ---- what went wrong ---- */

est_status est_i_calibration_check_margins(const est_i_calibration *calibration, est_error *error);
est_status est_i_calibration_check_ranks(est_i_calibration *calibration, est_error *error);
est_status est_i_calibration_check_reach(const est_i_calibration *calibration, est_error *error);
est_status est_i_calibration_fail_unmet(est_i_calibration *calibration, const est_i_calibration_solution *solution,
                                        est_error *error);
/* A number for a message: six significant digits. Buffer of 32 bytes. */
const char *est_i_calibration_show(double value, char buffer[32]);

#endif
