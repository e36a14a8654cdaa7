/* Parts of the totals family as bytes, and back. */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "survey/totals_parts.h"

static void put_sums(est_i_text *out, const est_i_dd *sums, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        est_i_state_put_number(out, sums[i].high);
        est_i_state_put_number(out, sums[i].low);
    }
}

static void read_sums(est_i_state_reader *reader, est_i_dd *sums, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        sums[i].high = est_i_state_number(reader);
        sums[i].low = est_i_state_number(reader);
    }
}

void est_i_totals_part_write(const est_i_totals_frame *frame, const est_i_totals_part *part, est_i_text *out)
{
    const est_i_cells *cells = part->cells;
    const est_i_totals_domains *domains = &part->domains;
    est_i_state_put_count(out, cells->width);
    est_i_state_put_count(out, cells->count);
    est_i_state_put_counts(out, cells->leaf, cells->count);
    est_i_state_put_counts(out, cells->domain, cells->count);
    put_sums(out, cells->sum, cells->count * cells->width);
    est_i_state_put_count(out, domains->count);
    est_i_state_put_numbers(out, domains->cases, domains->count * frame->n_groups);
    est_i_state_put_numbers(out, domains->missing, domains->count * frame->n_groups);
    est_i_state_put_numbers(out, domains->nonzero, domains->count * frame->width);
    put_sums(out, domains->moments, domains->count * frame->n_moments);
    est_i_state_put_count(out, part->fine.keys.count);
    est_i_state_put_counts(out, part->fine.keys.keys, (size_t)part->fine.keys.count * 3);
    est_i_state_put_numbers(out, part->fine.sum, part->fine.keys.count * part->fine.stride);
}

static bool read_cells(est_i_state_reader *reader, est_i_cells *cells)
{
    size_t width = (size_t)est_i_state_count(reader), count = est_i_state_length(reader, 16);
    uint32_t *leaf = malloc((count + 1) * sizeof *leaf), *domain = malloc((count + 1) * sizeof *domain);
    bool good = leaf && domain && width == cells->width;
    if (good) {
        est_i_state_counts(reader, leaf, count);
        est_i_state_counts(reader, domain, count);
    }
    for (size_t c = 0; c < count && good; c++) {
        est_i_dd *sum = reader->bad ? NULL : est_i_cells_at(cells, leaf[c], domain[c]);
        good = sum != NULL;
        if (good)
            read_sums(reader, sum, width);
    }
    free(leaf);
    free(domain);
    return good && !reader->bad;
}

static bool read_domains(const est_i_totals_frame *frame, est_i_state_reader *reader, est_i_totals_part *part)
{
    est_i_totals_domains *domains = &part->domains;
    size_t count = est_i_state_length(reader, 8);
    if (reader->bad || (count > 0 && !est_i_totals_domains_need(frame, domains, count)))
        return false;
    est_i_state_numbers(reader, domains->cases, count * frame->n_groups);
    est_i_state_numbers(reader, domains->missing, count * frame->n_groups);
    est_i_state_numbers(reader, domains->nonzero, count * frame->width);
    read_sums(reader, domains->moments, count * frame->n_moments);
    return !reader->bad;
}

static bool read_fine(est_i_state_reader *reader, est_i_totals_fine *fine)
{
    size_t count = est_i_state_length(reader, 24);
    uint32_t *keys = malloc((count * 3 + 1) * sizeof *keys);
    bool good = keys != NULL;
    if (good)
        est_i_state_counts(reader, keys, count * 3);
    for (size_t k = 0; k < count && good; k++) {
        double *sum = reader->bad ? NULL : est_i_totals_fine_at(fine, keys[3 * k], keys[3 * k + 1], keys[3 * k + 2]);
        good = sum != NULL;
        if (good)
            est_i_state_numbers(reader, sum, fine->stride);
    }
    free(keys);
    return good && !reader->bad;
}

/* No number of a leaf or a domain may point outside of what the state names. */
static bool in_range(const est_i_totals_part *part, size_t n_leaves, size_t n_domains)
{
    bool good = part->domains.count <= n_domains;
    for (size_t c = 0; c < part->cells->count && good; c++)
        good = part->cells->leaf[c] < n_leaves && part->cells->domain[c] < n_domains;
    for (uint32_t k = 0; k < part->fine.keys.count && good; k++) {
        const uint32_t *key = est_i_tuples_key(&part->fine.keys, k);
        good = key[0] == 0 && (key[1] < n_domains || key[1] == EST_I_NO_DOMAIN) && key[2] == 0;
    }
    return good;
}

est_i_totals_part *est_i_totals_part_read(est_i_totals_frame *frame, est_i_state_reader *reader, size_t n_leaves, size_t n_domains)
{
    est_i_totals_part *part = est_i_totals_consumer.part_new(frame);
    bool good = part && read_cells(reader, part->cells) && read_domains(frame, reader, part) && read_fine(reader, &part->fine) &&
                in_range(part, n_leaves, n_domains);
    if (!good) {
        est_i_totals_consumer.part_free(frame, part);
        part = NULL;
    }
    return part;
}
