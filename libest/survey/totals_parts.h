/* The inside of the totals family. */
#ifndef EST_I_SURVEY_TOTALS_PARTS_H
#define EST_I_SURVEY_TOTALS_PARTS_H

#include "survey/state.h"
#include "survey/totals.h"
#include "survey/tuples.h"

/* What every part needs to know. The measures of group g begin at offset[g] in a cell, its products at moment[g] in a domain. */
typedef struct est_i_totals_frame {
    const est_i_sample *sample;
    size_t n_groups;
    est_i_group *groups;
    size_t *offset, *moment;
    size_t width, n_moments;
    est_i_totals_options options;
    size_t p;          /* auxiliary numbers of the calibration; 0 = none */
    size_t n_supplied; /* supplied replicate weights */
} est_i_totals_frame;

/* Sums of a domain: per group the cases and the missing, products of the group's numbers, and with a calibration each auxiliary number
 * times each measure. */
typedef struct est_i_totals_domains {
    size_t count, capacity;
    double *cases, *missing;  /* [domain * n_groups + group] */
    double *nonzero;          /* [domain * width + measure]: cases whose number is not 0 */
    est_i_dd *moments;        /* [domain * n_moments + i] */
    est_i_dd *crossed;        /* [(domain * p + j) * width + measure] */
} est_i_totals_domains;

/* Sums under replicates: keyed by leaf (or by nothing, for supplied weights), domain and calibration cell. */
typedef struct est_i_totals_fine {
    est_i_tuples keys;  /* (leaf, domain, cell) */
    size_t capacity, stride;
    double *sum;        /* [key * stride + i]: the weight of all rows, then the measures; for supplied weights each n_supplied times */
} est_i_totals_fine;

typedef struct est_i_totals_part {
    est_i_cells *cells;
    est_i_cells *auxiliary;      /* by leaf: the weighted sums of the calibration's numbers */
    est_i_totals_domains domains;
    est_i_totals_fine fine;
    double *x;      /* of a row: the calibration's numbers */
    size_t *filled; /* and the places of those that are not 0, n_filled of them */
    size_t n_filled;
} est_i_totals_part;

struct est_i_totals {
    est_i_totals_frame frame;
    est_i_totals_part *part;
    size_t n_domains, n_leaves;
    size_t *domain_first;
    est_i_dd *total;       /* [(domain or n_domains for the whole) * width + measure] */
};

extern const est_i_rows_consumer est_i_totals_consumer; /* user: the frame */

/* Room for so many domains; false without memory. */
bool est_i_totals_domains_need(const est_i_totals_frame *frame, est_i_totals_domains *domains, size_t count);
/* The sums of a key, made zero if it is new; NULL without memory. */
double *est_i_totals_fine_at(est_i_totals_fine *fine, uint32_t leaf, uint32_t domain, uint32_t cell);

/* A part without a calibration as bytes, and back (NULL: damaged, or no memory). */
void est_i_totals_part_write(const est_i_totals_frame *frame, const est_i_totals_part *part, est_i_text *out);
est_i_totals_part *est_i_totals_part_read(est_i_totals_frame *frame, est_i_state_reader *reader, size_t n_leaves, size_t n_domains);

#endif
