/* The canonical bytes: "est-captures/1", the number of lists, each list, the number of blocks, then for each
 * block its label and its counts of the histories 1, 2, ..., 2^lists - 1. Every item ends with a line feed; a
 * name stands after its length in bytes and a blank, so that no name can pass for two. With strata follow
 * "strata", the number of stratum columns, each of them, and for each block its values. */
#include <stdio.h>
#include <string.h>

#include <nettle/sha2.h>

#include "core/text.h"
#include "data/captures.h"

static void add_bytes(struct sha256_ctx *hash, const char *bytes, size_t length)
{
    sha256_update(hash, length, (const uint8_t *)bytes);
}

static void add_number(struct sha256_ctx *hash, double number, char end)
{
    char buffer[33];
    size_t length = est_i_number_print(number, buffer);
    buffer[length] = end;
    add_bytes(hash, buffer, length + 1);
}

/* Most histories of many lists hold nobody: their lines go in by the hundred. */
static void add_zeros(struct sha256_ctx *hash, size_t count)
{
    char lines[512];
    for (size_t i = 0; i < sizeof lines; i += 2)
        memcpy(lines + i, "0\n", 2);
    for (size_t part; count > 0; count -= part) {
        part = count < sizeof lines / 2 ? count : sizeof lines / 2;
        add_bytes(hash, lines, 2 * part);
    }
}

static void add_counts(struct sha256_ctx *hash, const est_i_captures *captures, size_t block)
{
    size_t zeros = 0;
    for (size_t w = 1; w < captures->n_cells; w++) {
        if (captures->counts[block][w] == 0) {
            zeros++;
            continue;
        }
        add_zeros(hash, zeros);
        add_number(hash, captures->counts[block][w], '\n');
        zeros = 0;
    }
    add_zeros(hash, zeros);
}

static void add_name(struct sha256_ctx *hash, const char *name)
{
    add_number(hash, (double)strlen(name), ' ');
    add_bytes(hash, name, strlen(name));
    add_bytes(hash, "\n", 1);
}

static void add_strata(struct sha256_ctx *hash, const est_i_captures *captures)
{
    add_bytes(hash, "strata\n", strlen("strata\n"));
    add_number(hash, (double)captures->n_strata_columns, '\n');
    for (size_t c = 0; c < captures->n_strata_columns; c++)
        add_name(hash, captures->strata_names[c]);
    for (size_t b = 0; b < captures->n_blocks; b++)
        for (size_t c = 0; c < captures->n_strata_columns; c++)
            add_name(hash, captures->strata_values[b][c]);
}

void est_i_captures_digest(const est_i_captures *captures, char hex[65])
{
    struct sha256_ctx hash;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&hash);
    add_bytes(&hash, "est-captures/1\n", strlen("est-captures/1\n"));
    add_number(&hash, (double)captures->n_lists, '\n');
    for (size_t j = 0; j < captures->n_lists; j++)
        add_name(&hash, captures->list_names[j]);
    add_number(&hash, (double)captures->n_blocks, '\n');
    for (size_t b = 0; b < captures->n_blocks; b++) {
        add_name(&hash, captures->block_names[b]);
        add_counts(&hash, captures, b);
    }
    if (captures->n_strata_columns)
        add_strata(&hash, captures);
    sha256_digest(&hash, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(hex + 2 * i, 3, "%02x", (unsigned)digest[i]);
}
