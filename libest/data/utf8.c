#include "data/utf8.h"

#include <stdint.h>
#include <string.h>

/* How many bytes from here are ASCII without NUL, in words of eight. */
static size_t skip_plain(const char *bytes, size_t length)
{
    size_t skipped = 0;
    while (length - skipped >= 8) {
        uint64_t word;
        memcpy(&word, bytes + skipped, sizeof word);
        /* A zero byte or a high bit anywhere in the word sets a high bit here. */
        if (((word - 0x0101010101010101u) | word) & 0x8080808080808080u)
            break;
        skipped += 8;
    }
    return skipped;
}

/* Unicode 15, table 3-7: what may follow a first byte. */
static bool begin_character(est_i_utf8 *state, unsigned char byte)
{
    state->low = 0x80;
    state->high = 0xbf;
    if (byte >= 0xc2 && byte <= 0xdf) {
        state->need = 1;
    } else if (byte >= 0xe0 && byte <= 0xef) {
        state->need = 2;
        if (byte == 0xe0)
            state->low = 0xa0;
        if (byte == 0xed)
            state->high = 0x9f;
    } else if (byte >= 0xf0 && byte <= 0xf4) {
        state->need = 3;
        if (byte == 0xf0)
            state->low = 0x90;
        if (byte == 0xf4)
            state->high = 0x8f;
    } else {
        return false;
    }
    return true;
}

size_t est_i_utf8_check(est_i_utf8 *state, const char *bytes, size_t length)
{
    size_t i = 0;
    while (i < length) {
        if (state->need == 0)
            i += skip_plain(bytes + i, length - i);
        if (i == length)
            break;
        unsigned char byte = (unsigned char)bytes[i];
        if (state->need > 0) {
            if (byte < state->low || byte > state->high)
                break;
            state->need--;
            state->low = 0x80;
            state->high = 0xbf;
        } else if (byte == 0 || (byte >= 0x80 && !begin_character(state, byte))) {
            break;
        }
        i++;
    }
    return i;
}

bool est_i_utf8_valid(const char *string)
{
    est_i_utf8 state = {0};
    size_t length = strlen(string);
    return est_i_utf8_check(&state, string, length) == length && state.need == 0;
}

size_t est_i_utf8_count(const char *string)
{
    size_t count = 0;
    for (; *string; string++)
        count += ((unsigned char)*string & 0xc0) != 0x80;
    return count;
}
