/* Columns that may be the weight, the strata or the sampling units, and values that may be missing answers, by name and label.
 * Nothing is decided here. */
#include <string.h>

#include "data/codebook_parts.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool holds(const char *text, const char *word)
{
    size_t length = strlen(word);
    bool found = false;
    for (; *text && !found; text++) {
        size_t i = 0;
        while (i < length && lower(text[i]) == word[i])
            i++;
        found = i == length;
    }
    return found;
}

static bool is_word(const char *text, const char *word)
{
    return strlen(text) == strlen(word) && holds(text, word);
}

typedef struct hint {
    const char *role;
    const char *words[8];  /* names of standard recodes, whole */
    const char *parts[8];  /* of names */
    const char *labels[6]; /* of labels */
} hint;

/* DHS recodes (v, hv, mv, d), MICS, and words that files of statistical offices use. */
static const hint hints[] = {
    {"weight",
     {"v005", "hv005", "mv005", "d005", "wt", "wgt", "pw"},
     {"weight", "wgt", "pweight", "expansion"},
     {"sample weight", "sampling weight", "survey weight", "weight", "expansion factor"}},
    {"strata", {"v022", "v023", "hv022", "hv023", "mv022", "mv023"}, {"strat"}, {"strat"}},
    {"psu",
     {"v001", "v021", "hv001", "hv021", "mv001", "mv021", "hh1", "ea"},
     {"psu", "clust", "enumeration"},
     {"primary sampling unit", "cluster", "enumeration area"}},
};

const char *est_i_codebook_candidate(const char *role, const char *name, const char *label)
{
    const char *why = NULL;
    for (size_t h = 0; h < sizeof hints / sizeof hints[0] && !why; h++) {
        if (strcmp(hints[h].role, role) != 0)
            continue;
        for (size_t i = 0; i < 8 && hints[h].words[i] && !why; i++)
            why = is_word(name, hints[h].words[i]) ? "its name is a usual one" : NULL;
        for (size_t i = 0; i < 8 && hints[h].parts[i] && !why; i++)
            why = holds(name, hints[h].parts[i]) ? "its name says so" : NULL;
        for (size_t i = 0; i < 6 && hints[h].labels[i] && !why; i++)
            why = holds(label, hints[h].labels[i]) ? "its label says so" : NULL;
    }
    return why;
}

static bool is_letter(char c)
{
    return lower(c) >= 'a' && lower(c) <= 'z';
}

/* `word` stands in the text between letters that are none, whatever the case. */
static bool has_word(const char *text, const char *word)
{
    size_t length = strlen(word);
    bool found = false;
    for (const char *at = text; *at && !found; at++) {
        size_t i = 0;
        bool begins = at == text || !is_letter(at[-1]);
        while (begins && i < length && lower(at[i]) == word[i])
            i++;
        found = begins && i == length && !is_letter(at[i]);
    }
    return found;
}

bool est_i_label_says_missing(const char *label)
{
    static const char *const says[] = {
        "don't know",  "dont know",  "do not know",  "doesn't know", "missing", "refused",      "refusal",      "no answer",
        "no response", "not stated", "inconsistent", "unknown",      "dk",      "not answered", "not reported", "nr"};
    bool found = false;
    for (size_t i = 0; i < sizeof says / sizeof says[0] && !found; i++)
        found = has_word(label, says[i]);
    return found;
}
