/* The inside of a sample, shared by the files sample*.c. */
#ifndef EST_I_SURVEY_SAMPLE_PARTS_H
#define EST_I_SURVEY_SAMPLE_PARTS_H

#include "core/text.h"
#include "data/condition.h"
#include "numerics/double_double.h"
#include "survey/registry.h"
#include "survey/replicate_rank.h"
#include "survey/sample.h"
#include "survey/sample_tree.h"
#include "survey/tuples.h"

#define EST_I_SLICE 4096u /* rows handed on at once: their arrays stay in the processor's cache */
#define EST_I_NO_FIELD SIZE_MAX

/* Where each column that is read stands among the fields of the scan. */
typedef struct est_i_sample_fields {
    size_t count;
    est_i_field *list;
    size_t weight, wave, stratum[EST_I_STAGES_MAX], unit[EST_I_STAGES_MAX], fpc[EST_I_STAGES_MAX];
    size_t *by, *variable, *replicate, condition;
    size_t *by_column; /* columns of the source, for value labels */
} est_i_sample_fields;

struct est_i_sample {
    est_source *source;
    est_i_sample_plan plan; /* with copies of all texts */
    int threads;
    est_i_monitor *monitor;
    est_i_condition *condition; /* NULL = all rows */
    est_i_sample_fields fields;
    est_i_registry registry;
    bool known;                /* the first pass is done */
    est_i_design design;
    uint32_t *position;        /* of each leaf in order of appearance, in the design */
    size_t *chunk_leaves;      /* rows that are units: leaves before each chunk, in order of appearance */
    size_t n_chunks;
    double *leaf_weight;       /* without a weight column: N/n along the stages, by leaf of the design; NULL = 1 */
    est_i_dictionary *by_values; /* one a `by` column */
    est_i_tuples domains;        /* of value number + 1, 0 = missing */
    est_i_dictionary *levels;    /* one a variable */
    est_i_sample_counts counts;
    bool counted;              /* the counts are final */
    est_i_replicate_rank *rank; /* of the replicate weights, as far as they are counted; NULL: none, or too many */
    est_i_weight_adjust *adjust;
    void *adjust_user;
};

/* What a sample keeps for one chunk: the chunk's own numbers and the arrays of a slice. */
typedef struct est_i_sample_part {
    const est_i_sample *sample;
    size_t chunk;
    void *consumer_part;
    est_i_condition_memory *memory;
    uint8_t *truth; /* of a batch */
    est_i_tuples paths;        /* of the codes of wave, strata and units */
    double *path_fpc;          /* path_fpc[path * n_stages + stage] */
    uint32_t path_capacity;
    uint32_t *path_leaf;       /* known sample: the final leaf of each path */
    uint32_t n_row_leaves, row_capacity;
    uint32_t *row_path;        /* rows that are units: the path of each */
    double *row_fpc;           /* and with PPS the probability of each */
    est_i_tuples domains;      /* of the codes of the `by` columns */
    uint32_t *domain_final;    /* known sample */
    uint32_t domain_capacity;
    uint8_t **indicator;       /* indicator[variable][code]: 2 = not looked at yet */
    size_t *indicator_capacity;
    uint32_t **level_final;    /* known sample: [variable][own level] */
    size_t *level_capacity;
    double *weight, *base, **value, **replicate; /* arrays of a slice */
    uint32_t *leaf, *domain, **level;
    est_i_sample_counts counts;
    est_i_dd weight_sum, weight_square_sum;
    est_i_replicate_rank *rank; /* NULL: they are counted already */
} est_i_sample_part;

est_i_sample_part *est_i_sample_part_new(const est_i_sample *sample, size_t chunk);
void est_i_sample_part_free(est_i_sample_part *part);

/* Understands rows first to first + n - 1 of a batch (n <= EST_I_SLICE). */
est_status est_i_sample_decode(est_i_sample_part *part, const est_i_scan_batch *batch, size_t first, size_t n, est_i_rows *rows,
                               est_error *error);

/* The names behind the part's own numbers; texts are the dictionaries'. */
void est_i_sample_path(const est_i_sample_part *part, uint32_t path, const est_i_dictionary *dictionary, est_i_text *scratch,
                       est_i_leaf_path *names);
/* Adds what a part has found to the sample, and numbers it. The arrays of *final are freed by _unsettle. */
est_status est_i_sample_settle(est_i_sample *sample, est_i_sample_part *part, const est_i_dictionary *dictionary,
                               est_i_renumbering *final, est_error *error);
void est_i_sample_unsettle(est_i_renumbering *final, size_t n_variables);

/* Chunks first to last - 1 into a tree, which the caller folds or clears, whatever the outcome. */
est_status est_i_sample_scan(est_i_sample *sample, const est_i_rows_consumer *consumer, void *user, const char *stage, size_t first_chunk,
                             size_t last_chunk, est_i_tree *tree, est_error *error);
/* What follows once all chunks of a first pass are joined. */
est_status est_i_sample_settle_whole(est_i_sample *sample, const est_i_rows_consumer *consumer, void *user, const est_i_tree_node *whole,
                                     est_error *error);

#endif
