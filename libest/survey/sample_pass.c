/* A pass over the rows: parts of chunks, joined along a binary tree. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "survey/sample_parts.h"

typedef struct pass_state {
    est_i_sample *sample;
    const est_i_rows_consumer *consumer;
    void *user;
    est_i_tree tree;
} pass_state;

static void *part_new(void *user, size_t chunk)
{
    pass_state *pass = user;
    est_i_sample_part *part = est_i_sample_part_new(pass->sample, chunk);
    if (part) {
        part->consumer_part = pass->consumer->part_new(pass->user);
        if (!part->consumer_part) {
            est_i_sample_part_free(part);
            part = NULL;
        }
    }
    return part;
}

static void part_free(void *user, void *part)
{
    pass_state *pass = user;
    est_i_sample_part *own = part;
    if (own && own->consumer_part)
        pass->consumer->part_free(pass->user, own->consumer_part);
    est_i_sample_part_free(own);
}

static est_status take(void *user, void *part, const est_i_scan_batch *batch, est_error *error)
{
    pass_state *pass = user;
    est_i_sample_part *own = part;
    est_i_rows rows;
    est_status status = EST_OK;
    if (own->memory)
        status = est_i_condition_evaluate(pass->sample->condition, own->memory, batch, pass->sample->fields.condition, own->truth, error);
    for (size_t first = 0; first < batch->n_rows && status == EST_OK; first += EST_I_SLICE) {
        size_t n = batch->n_rows - first < EST_I_SLICE ? batch->n_rows - first : EST_I_SLICE;
        status = est_i_sample_decode(own, batch, first, n, &rows, error);
        if (status == EST_OK)
            status = pass->consumer->take(pass->user, own->consumer_part, &rows, error);
    }
    return status;
}

static est_status settle(void *user, void *part, size_t chunk, const est_i_dictionary *dictionary, est_error *error)
{
    pass_state *pass = user;
    est_i_sample_part *own = part;
    est_i_renumbering final;
    est_i_tree_node node = {.start = chunk, .size = 1, .counts = own->counts, .weight_sum = own->weight_sum,
                            .weight_square_sum = own->weight_square_sum};
    est_status status = est_i_sample_settle(pass->sample, own, dictionary, &final, error);
    if (status == EST_OK)
        status = pass->consumer->settle(pass->user, own->consumer_part, &final, error);
    est_i_sample_unsettle(&final, pass->sample->plan.n_variables);
    if (status == EST_OK && own->rank)
        est_i_replicate_rank_add(pass->sample->rank, own->rank);
    if (status == EST_OK) {
        node.part = own->consumer_part;
        own->consumer_part = NULL;
        status = est_i_tree_push(&pass->tree, &node, error);
    }
    part_free(pass, own);
    return status;
}

static est_status check_rows(const est_i_sample *sample, const est_i_tree_node *whole, est_error *error)
{
    if (whole->counts.rows > 0)
        return EST_OK;
    return est_i_fail_at(error, EST_EDEFINITION, (est_i_place){est_source_name(sample->source), 0, 0, NULL},
                         "found no rows, expected at least one");
}

static bool derives_weights(const est_i_sample *sample)
{
    return !sample->plan.design.weight && sample->plan.design.fpc[0];
}

/* Rows and weights are counted in the first pass that knows the weights. */
static void set_counts(est_i_sample *sample, const est_i_tree_node *whole, bool had_weights)
{
    est_i_sample_counts *counts = &sample->counts;
    *counts = whole->counts;
    counts->weight_sum = est_i_dd_value(whole->weight_sum);
    counts->weight_square_sum = est_i_dd_value(whole->weight_square_sum);
    counts->positive_weights = counts->rows - counts->zero_weights;
    counts->psus = sample->design.stage[0].n_units;
    counts->strata = sample->design.stage[0].n_strata;
    sample->counted = had_weights;
}

/* Without a weight column a row stands for N/n units of each stage. */
static est_status derive_weights(est_i_sample *sample, est_error *error)
{
    const est_i_design *design = &sample->design;
    size_t leaves = est_i_design_leaves(design);
    if (!derives_weights(sample))
        return EST_OK;
    sample->leaf_weight = malloc((leaves + 1) * sizeof *sample->leaf_weight);
    if (!sample->leaf_weight)
        return est_i_no_memory(error);
    for (size_t leaf = 0; leaf < leaves; leaf++) {
        uint32_t unit = (uint32_t)leaf;
        double weight = sample->plan.design.weight_scale;
        for (size_t s = design->n_stages; s-- > 0;) {
            const est_i_stage *stage = &design->stage[s];
            uint32_t h = stage->unit_stratum[unit];
            double drawn = stage->stratum_first[h + 1] - stage->stratum_first[h];
            if (stage->unit_probability)
                weight /= stage->unit_probability[unit];
            else if (isfinite(stage->stratum_population[h]))
                weight *= stage->stratum_population[h] / drawn;
            unit = s ? stage->unit_parent[unit] : 0;
        }
        sample->leaf_weight[leaf] = weight;
    }
    return EST_OK;
}

/* The end of the first pass: the design, and leaves in its order. */
est_status est_i_sample_settle_whole(est_i_sample *sample, const est_i_rows_consumer *consumer, void *user, const est_i_tree_node *whole,
                                     est_error *error)
{
    est_i_renumbering final;
    est_status status = check_rows(sample, whole, error);
    if (status == EST_OK)
        status = est_i_registry_finish(&sample->registry, &sample->design, &sample->position, error);
    if (status != EST_OK)
        return status;
    sample->known = true;
    status = est_i_sample_settle(sample, NULL, NULL, &final, error);
    if (status == EST_OK) {
        const uint32_t *same = final.leaf;
        final.leaf = sample->position;
        status = consumer->settle(user, whole->part, &final, error);
        final.leaf = same;
    }
    est_i_sample_unsettle(&final, sample->plan.n_variables);
    if (status == EST_OK)
        set_counts(sample, whole, !derives_weights(sample));
    return status == EST_OK ? derive_weights(sample, error) : status;
}

static est_status finish(pass_state *pass, bool had_weights, void **part, est_error *error)
{
    est_i_sample *sample = pass->sample;
    est_i_tree_node whole = {0};
    est_status status = est_i_tree_fold(&pass->tree, &whole, error);
    if (status == EST_OK && !sample->known)
        status = est_i_sample_settle_whole(sample, pass->consumer, pass->user, &whole, error);
    else if (status == EST_OK && !sample->counted)
        set_counts(sample, &whole, had_weights);
    if (status == EST_OK)
        *part = whole.part;
    else if (whole.part)
        pass->consumer->part_free(pass->user, whole.part);
    return status;
}

est_status est_i_sample_scan(est_i_sample *sample, const est_i_rows_consumer *consumer, void *user, const char *stage, size_t first_chunk,
                             size_t last_chunk, est_i_tree *tree, est_error *error)
{
    static const est_i_scan_consumer scan = {part_new, take, settle, part_free};
    pass_state pass = {.sample = sample, .consumer = consumer, .user = user, .tree = {.consumer = consumer, .user = user}};
    long long records = 0;
    est_i_monitor_stage(sample->monitor, stage, 0, 1);
    est_status status = est_i_scan(sample->source, sample->fields.count, sample->fields.list, first_chunk, last_chunk, &scan, &pass,
                                   sample->threads, sample->monitor, &records, error);
    *tree = pass.tree;
    return status;
}

static est_status run(est_i_sample *sample, const est_i_rows_consumer *consumer, void *user, const char *stage, void **part,
                      est_error *error)
{
    pass_state pass = {.sample = sample, .consumer = consumer, .user = user};
    bool had_weights = !derives_weights(sample) || sample->leaf_weight;
    if (sample->rank && !sample->counted)
        est_i_replicate_rank_clear(sample->rank);
    est_status status = est_i_sample_scan(sample, consumer, user, stage, 0, SIZE_MAX, &pass.tree, error);
    if (status == EST_OK)
        status = finish(&pass, had_weights, part, error);
    est_i_tree_clear(&pass.tree);
    return status;
}

/* The pass that only learns the design. */

static void *nothing_new(void *user)
{
    return user;
}

static est_status nothing_take(void *user, void *part, const est_i_rows *rows, est_error *error)
{
    (void)user, (void)part, (void)rows, (void)error;
    return EST_OK;
}

static est_status nothing_settle(void *user, void *part, const est_i_renumbering *final, est_error *error)
{
    (void)user, (void)part, (void)final, (void)error;
    return EST_OK;
}

static est_status nothing_join(void *user, void *into, void *from, est_error *error)
{
    (void)user, (void)into, (void)from, (void)error;
    return EST_OK;
}

static void nothing_free(void *user, void *part)
{
    (void)user, (void)part;
}

est_status est_i_sample_learn(est_i_sample *sample, est_error *error)
{
    static const est_i_rows_consumer nothing = {nothing_new, nothing_take, nothing_settle, nothing_join, nothing_free};
    void *part = NULL;
    return sample->known ? EST_OK : run(sample, &nothing, sample, "reading the design", &part, error);
}

est_status est_i_sample_pass(est_i_sample *sample, const est_i_rows_consumer *consumer, void *user, const char *stage, void **part,
                             est_error *error)
{
    est_status status = derives_weights(sample) ? est_i_sample_learn(sample, error) : EST_OK;
    *part = NULL;
    return status == EST_OK ? run(sample, consumer, user, stage, part, error) : status;
}
