#include "survey/state.h"

#include <string.h>

void est_i_state_put_count(est_i_text *out, uint64_t value)
{
    char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (char)(value >> (8 * i) & 0xff);
    est_i_text_append_bytes(out, bytes, sizeof bytes);
}

void est_i_state_put_number(est_i_text *out, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    est_i_state_put_count(out, bits);
}

/* With a NUL at its end, so that it can be read in place. */
void est_i_state_put_text(est_i_text *out, const char *text, size_t length)
{
    est_i_state_put_count(out, length);
    est_i_text_append_bytes(out, text, length);
    est_i_text_append_bytes(out, "", 1);
}

void est_i_state_put_counts(est_i_text *out, const uint32_t *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        est_i_state_put_count(out, values[i]);
}

void est_i_state_put_numbers(est_i_text *out, const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        est_i_state_put_number(out, values[i]);
}

uint64_t est_i_state_count(est_i_state_reader *reader)
{
    uint64_t value = 0;
    if (reader->end - reader->at < 8)
        reader->bad = true;
    for (int i = 0; i < 8 && !reader->bad; i++)
        value |= (uint64_t)(unsigned char)*reader->at++ << (8 * i);
    return value;
}

size_t est_i_state_length(est_i_state_reader *reader, size_t bytes)
{
    uint64_t count = est_i_state_count(reader);
    if (count > (uint64_t)(reader->end - reader->at) / bytes)
        reader->bad = true;
    return reader->bad ? 0 : (size_t)count;
}

double est_i_state_number(est_i_state_reader *reader)
{
    uint64_t bits = est_i_state_count(reader);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

const char *est_i_state_text(est_i_state_reader *reader, size_t *length)
{
    const char *text = "";
    *length = est_i_state_length(reader, 1);
    if (!reader->bad && (size_t)(reader->end - reader->at) > *length && reader->at[*length] == '\0') {
        text = reader->at;
        reader->at += *length + 1;
    } else {
        reader->bad = true;
        *length = 0;
    }
    return text;
}

void est_i_state_counts(est_i_state_reader *reader, uint32_t *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t value = est_i_state_count(reader);
        reader->bad = reader->bad || value > UINT32_MAX;
        values[i] = (uint32_t)value;
    }
}

void est_i_state_numbers(est_i_state_reader *reader, double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = est_i_state_number(reader);
}

uint64_t est_i_state_checksum(const char *bytes, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3u;
    return hash;
}
