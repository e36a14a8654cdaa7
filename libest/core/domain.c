#include "core/domain.h"

#include <stddef.h>
#include <string.h>

#define MOST_BARS 62

uint64_t est_i_separators_in(const char *value)
{
    uint64_t found = 0;
    for (const char *at = value; *at; at++) {
        size_t bars = strspn(at, "|");
        bool begins = at == value || at[-1] == ' ';
        if (*at == ',' && (at[1] == ' ' || at[1] == '\0'))
            found |= 1;
        if (bars && bars <= MOST_BARS && begins && (at[bars] == ' ' || at[bars] == '\0'))
            found |= (uint64_t)1 << bars;
    }
    return found;
}

void est_i_separator_append(est_i_text *text, uint64_t taken)
{
    size_t number = 0;
    while (number < MOST_BARS && taken >> number & 1)
        number++;
    est_i_text_append(text, number ? " " : ", ");
    for (size_t i = 0; i < number; i++)
        est_i_text_append(text, "|");
    est_i_text_append(text, number ? " " : "");
}
