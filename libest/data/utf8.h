/* UTF-8 checked piece by piece. */
#ifndef EST_I_DATA_UTF8_H
#define EST_I_DATA_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* All zero = between two characters. */
typedef struct est_i_utf8 {
    unsigned char need;      /* continuation bytes still to come */
    unsigned char low, high; /* what the next of them may be */
} est_i_utf8;

/* How many leading bytes are well-formed UTF-8 without NUL; `length` if all are. A character may go on in the
 * next piece. */
size_t est_i_utf8_check(est_i_utf8 *state, const char *bytes, size_t length);

/* The same for a whole string. */
bool est_i_utf8_valid(const char *string);

/* Characters of valid UTF-8. */
size_t est_i_utf8_count(const char *string);

#endif
