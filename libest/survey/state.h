/* Numbers and texts as bytes, the same on every machine, and back with every length checked. */
#ifndef EST_I_SURVEY_STATE_H
#define EST_I_SURVEY_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/text.h"

void est_i_state_put_count(est_i_text *out, uint64_t value);
void est_i_state_put_number(est_i_text *out, double value);
void est_i_state_put_text(est_i_text *out, const char *text, size_t length);
void est_i_state_put_counts(est_i_text *out, const uint32_t *values, size_t n);
void est_i_state_put_numbers(est_i_text *out, const double *values, size_t n);

/* Reads on while all is well; once `bad`, everything read is 0 or "". */
typedef struct est_i_state_reader {
    const char *at, *end;
    bool bad;
} est_i_state_reader;

uint64_t est_i_state_count(est_i_state_reader *reader);
/* A count of things that take at least `bytes` bytes each: more than could follow is bad. */
size_t est_i_state_length(est_i_state_reader *reader, size_t bytes);
double est_i_state_number(est_i_state_reader *reader);
const char *est_i_state_text(est_i_state_reader *reader, size_t *length); /* ended by NUL; borrowed */
void est_i_state_counts(est_i_state_reader *reader, uint32_t *values, size_t n);
void est_i_state_numbers(est_i_state_reader *reader, double *values, size_t n);

/* FNV-1a: a damaged file is told from a whole one; no protection against forgery. */
uint64_t est_i_state_checksum(const char *bytes, size_t length);

#endif
