/* What a partial first pass has found, as bytes: the design and the domains by their names, and the parts of the tree. Parts of other
 * machines are added in the order of their chunks, and give the same bytes as one pass. */
#include "survey/sample_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"

static void put_leaves(const est_i_sample *sample, est_i_text *out)
{
    const est_i_registry *registry = &sample->registry;
    uint32_t count = registry->stage[registry->n_stages - 1].n_units;
    est_i_state_put_count(out, count);
    for (uint32_t leaf = 0; leaf < count; leaf++) {
        est_i_leaf_path path;
        est_i_registry_path(registry, leaf, &path);
        for (size_t s = 0; s < registry->n_stages; s++) {
            est_i_state_put_text(out, path.stratum[s], path.stratum_length[s]);
            est_i_state_put_text(out, path.unit[s], path.unit_length[s]);
            est_i_state_put_number(out, path.fpc[s]);
        }
    }
}

static void put_domains(const est_i_sample *sample, est_i_text *out)
{
    est_i_state_put_count(out, sample->domains.count);
    for (uint32_t d = 0; d < sample->domains.count; d++)
        for (size_t b = 0; b < sample->plan.n_by; b++) {
            const char *value = est_i_sample_domain_code(sample, d, b);
            est_i_state_put_count(out, value != NULL);
            est_i_state_put_text(out, value ? value : "", value ? strlen(value) : 0);
        }
}

static void put_node(const est_i_tree_node *node, est_i_text *out)
{
    est_i_state_put_count(out, node->start);
    est_i_state_put_count(out, node->size);
    est_i_state_put_count(out, (uint64_t)node->counts.rows);
    est_i_state_put_count(out, (uint64_t)node->counts.zero_weights);
    est_i_state_put_count(out, (uint64_t)node->counts.outside);
    est_i_state_put_count(out, (uint64_t)node->counts.missing_by);
    est_i_state_put_count(out, (uint64_t)node->counts.unknown_condition);
    est_i_state_put_number(out, node->weight_sum.high);
    est_i_state_put_number(out, node->weight_sum.low);
    est_i_state_put_number(out, node->weight_square_sum.high);
    est_i_state_put_number(out, node->weight_square_sum.low);
}

void est_i_sample_state_write(const est_i_sample *sample, const est_i_tree *tree, est_i_part_write *write, est_i_text *out)
{
    put_leaves(sample, out);
    put_domains(sample, out);
    est_i_state_put_count(out, tree->count);
    for (size_t i = 0; i < tree->count; i++) {
        put_node(&tree->node[i], out);
        write(tree->user, tree->node[i].part, out);
    }
    if (sample->rank)
        est_i_replicate_rank_write(sample->rank, out);
}

static est_status read_leaves(est_i_sample *sample, est_i_state_reader *reader, est_i_renumbering *final, est_error *error)
{
    est_i_registry *registry = &sample->registry;
    size_t count = est_i_state_length(reader, registry->n_stages * 26);
    uint32_t *leaf = malloc((count + 1) * sizeof *leaf);
    est_status status = leaf ? EST_OK : est_i_no_memory(error);
    final->n_leaves = count;
    final->leaf = leaf;
    for (size_t i = 0; i < count && status == EST_OK && !reader->bad; i++) {
        est_i_leaf_path path;
        for (size_t s = 0; s < registry->n_stages; s++) {
            path.stratum[s] = est_i_state_text(reader, &path.stratum_length[s]);
            path.unit[s] = est_i_state_text(reader, &path.unit_length[s]);
            path.fpc[s] = est_i_state_number(reader);
        }
        if (!reader->bad)
            status = est_i_registry_add(registry, &path, &leaf[i], error);
    }
    return status;
}

static est_status read_domains(est_i_sample *sample, est_i_state_reader *reader, est_i_renumbering *final, est_error *error)
{
    size_t n_by = sample->plan.n_by, count = n_by ? est_i_state_length(reader, n_by * 17) : (size_t)est_i_state_count(reader);
    uint32_t *domain = !reader->bad && count < UINT32_MAX / 8 ? malloc((count + 1) * sizeof *domain) : NULL, key[64] = {0};
    final->n_domains = domain ? count : 0;
    final->domain = domain;
    reader->bad = reader->bad || (n_by == 0 && count > 1);
    for (size_t d = 0; domain && d < count && !reader->bad; d++) {
        for (size_t b = 0; b < n_by; b++) {
            size_t length;
            bool there = est_i_state_count(reader) != 0;
            const char *text = est_i_state_text(reader, &length);
            key[b] = there ? est_i_dictionary_add(&sample->by_values[b], text, length) + 1 : 0;
        }
        domain[d] = est_i_tuples_add(&sample->domains, key);
        if (domain[d] == EST_I_TUPLE_NONE)
            return est_i_no_memory(error);
    }
    return domain || reader->bad ? EST_OK : est_i_no_memory(error);
}

static void read_node(est_i_state_reader *reader, est_i_tree_node *node)
{
    memset(node, 0, sizeof *node);
    node->start = (size_t)est_i_state_count(reader);
    node->size = (size_t)est_i_state_count(reader);
    node->counts.rows = (long long)est_i_state_count(reader);
    node->counts.zero_weights = (long long)est_i_state_count(reader);
    node->counts.outside = (long long)est_i_state_count(reader);
    node->counts.missing_by = (long long)est_i_state_count(reader);
    node->counts.unknown_condition = (long long)est_i_state_count(reader);
    node->weight_sum.high = est_i_state_number(reader);
    node->weight_sum.low = est_i_state_number(reader);
    node->weight_square_sum.high = est_i_state_number(reader);
    node->weight_square_sum.low = est_i_state_number(reader);
}

est_status est_i_sample_state_read(est_i_sample *sample, est_i_state_reader *reader, est_i_part_read *read, est_i_tree *tree,
                                   est_error *error)
{
    est_i_renumbering final = {0};
    est_status status = read_leaves(sample, reader, &final, error);
    if (status == EST_OK && !reader->bad)
        status = read_domains(sample, reader, &final, error);
    size_t count = status == EST_OK ? est_i_state_length(reader, 88) : 0;
    for (size_t i = 0; i < count && status == EST_OK && !reader->bad; i++) {
        est_i_tree_node node;
        read_node(reader, &node);
        node.part = reader->bad ? NULL : read(tree->user, reader, final.n_leaves, final.n_domains);
        reader->bad = reader->bad || !node.part;
        if (node.part) {
            status = tree->consumer->settle(tree->user, node.part, &final, error);
            if (status == EST_OK)
                status = est_i_tree_push(tree, &node, error);
            else
                tree->consumer->part_free(tree->user, node.part);
        }
    }
    if (status == EST_OK && sample->rank)
        status = est_i_replicate_rank_read(sample->rank, reader, error);
    free((uint32_t *)final.leaf);
    free((uint32_t *)final.domain);
    return status;
}
