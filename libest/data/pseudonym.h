/* The inside of pseudonyms: HMAC and normalisation, for the tests. */
#ifndef EST_I_DATA_PSEUDONYM_H
#define EST_I_DATA_PSEUDONYM_H

#include <stdbool.h>
#include <stddef.h>

#include <est/pseudonym.h>

#include "core/text.h"

/* RFC 2104 and RFC 4231, for keys and messages of any length. */
void est_i_hmac_sha256(const unsigned char *key, size_t key_length, const void *message, size_t length, unsigned char digest[32]);

/* Appends the normal form of a part. false: no date. The text is valid UTF-8. */
bool est_i_part_normal(const char *text, int kind, est_i_text *normal);

#endif
