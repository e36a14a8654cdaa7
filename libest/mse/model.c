/* Model strings and term sets. */
#include "mse/model.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"

static int size_of(uint32_t term)
{
    return __builtin_popcount(term);
}

/* Smaller terms first; equal sizes by mask. */
static int by_size(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    int order = size_of(a) - size_of(b);
    return order ? order : (a > b) - (a < b);
}

/* Larger terms first; equal sizes by column order: the term that has the first differing list comes first. */
static int by_generator(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right, differ = a ^ b;
    int order = size_of(b) - size_of(a);
    if (!order && differ)
        order = (a & (differ & -differ)) ? -1 : 1;
    return order;
}

static bool holds(const est_i_model *model, uint32_t term)
{
    bool found = false;
    for (size_t i = 0; i < model->n_terms && !found; i++)
        found = model->terms[i] == term;
    return found;
}

/* Adds the generator and all it contains. */
static est_status add_generator(est_i_model *model, uint32_t generator, est_error *error)
{
    for (uint32_t term = generator; term; term = (term - 1) & generator) {
        if (size_of(term) < 2 || holds(model, term))
            continue;
        if (model->n_terms == EST_I_MODEL_TERMS_MAX)
            return est_i_fail(error, EST_EOPTION, "option --model: more than %d dependence terms; use smaller terms",
                              EST_I_MODEL_TERMS_MAX);
        model->terms[model->n_terms++] = term;
    }
    return EST_OK;
}

static est_status add_all_of_size(est_i_model *model, size_t n_lists, int size, est_error *error)
{
    est_status status = EST_OK;
    for (uint32_t term = 1; term < (uint32_t)1 << n_lists && status == EST_OK; term++)
        if (size_of(term) == size)
            status = add_generator(model, term, error);
    return status;
}

typedef struct name_list {
    char *const *names;
} name_list;

static const char *candidate(const void *user, size_t index)
{
    return ((const name_list *)user)->names[index];
}

static void print_name(const char *name, est_i_text *text)
{
    bool quote = strpbrk(name, ": \"") != NULL;
    if (quote)
        est_i_text_append(text, "\"");
    for (const char *p = name; *p; p++)
        est_i_text_append_bytes(text, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
    if (quote)
        est_i_text_append(text, "\"");
}

static est_status find_list(const char *name, size_t n_lists, char *const *names, uint32_t *list, est_error *error)
{
    name_list all = {names};
    for (size_t j = 0; j < n_lists; j++)
        if (strcmp(names[j], name) == 0) {
            *list = (uint32_t)1 << j;
            return EST_OK;
        }
    const char *nearest = est_i_nearest_name(name, n_lists, candidate, &all);
    est_i_text lists = {0};
    for (size_t j = 0; j < n_lists; j++) {
        est_i_text_append(&lists, j ? ", " : "");
        print_name(names[j], &lists);
    }
    est_status status = est_i_fail(error, EST_EOPTION, "option --model: '%s' is no list%s%s%s; the lists are %s. Terms are list "
                                                       "names joined by "
                                   "':'; a name with a blank or a colon stands in double quotes", name,
                                   nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "",
                                   lists.data ? lists.data : "");
    est_i_text_free(&lists);
    return status;
}

/* Copies the next name, plain or quoted, and moves on. */
static est_status read_name(const char **at, char *name, size_t size, est_error *error)
{
    const char *p = *at;
    bool quoted = *p == '"';
    size_t length = 0;
    p += quoted;
    while (*p && (quoted || (*p != ':' && *p != ' '))) {
        if (quoted && *p == '"') {
            if (p[1] != '"')
                break;
            p++;
        }
        if (length + 1 < size)
            name[length++] = *p;
        p++;
    }
    name[length] = '\0';
    if (quoted && *p != '"')
        return est_i_fail(error, EST_EOPTION, "option --model: a quote is not closed in '%s'", *at);
    p += quoted;
    if (*p && *p != ':' && *p != ' ')
        return est_i_fail(error, EST_EOPTION, "option --model: after a quoted name found '%s', expected ':' or a blank", p);
    *at = p;
    return length ? EST_OK : est_i_fail(error, EST_EOPTION, "option --model: a list name is missing before '%s'", p);
}

static est_status read_generator(const char **at, size_t n_lists, char *const *names, uint32_t *generator, est_error *error)
{
    est_status status = EST_OK;
    *generator = 0;
    for (;;) {
        char name[256];
        uint32_t list = 0;
        status = read_name(at, name, sizeof name, error);
        if (status == EST_OK)
            status = find_list(name, n_lists, names, &list, error);
        if (status == EST_OK && (*generator & list))
            status = est_i_fail(error, EST_EOPTION, "option --model: the list '%s' stands twice in one term; expected different "
                                                    "lists", name);
        *generator |= list;
        if (status != EST_OK || **at != ':')
            break;
        (*at)++;
    }
    return status;
}

static est_status read_generators(const char *text, size_t n_lists, char *const *names, est_i_model *model, est_error *error)
{
    est_status status = EST_OK;
    const char *at = text;
    if (*text && text[strspn(text, " ")] == '\0')
        status = est_i_fail(error, EST_EOPTION, "option --model: found blanks alone, expected terms by list names (LA:NG PF), "
                                                "main, all-pairs "
                            "or all-triples");
    while (status == EST_OK) {
        uint32_t generator = 0;
        while (*at == ' ')
            at++;
        if (!*at)
            break;
        status = read_generator(&at, n_lists, names, &generator, error);
        if (status == EST_OK)
            status = add_generator(model, generator, error);
    }
    return status;
}

est_status est_i_model_parse(const char *text, size_t n_lists, char *const *names, est_i_model *model, est_error *error)
{
    est_status status = EST_OK;
    *model = (est_i_model){0, calloc(EST_I_MODEL_TERMS_MAX, sizeof *model->terms)};
    if (!model->terms)
        return est_i_no_memory(error);
    if (strcmp(text, "all-pairs") == 0)
        status = add_all_of_size(model, n_lists, 2, error);
    else if (strcmp(text, "all-triples") == 0)
        status = add_all_of_size(model, n_lists, 3, error);
    else if (strcmp(text, "main") != 0)
        status = read_generators(text, n_lists, names, model, error);
    if (status != EST_OK)
        est_i_model_free(model);
    else if (model->n_terms > 1)
        qsort(model->terms, model->n_terms, sizeof *model->terms, by_size);
    return status;
}

void est_i_model_free(est_i_model *model)
{
    free(model->terms);
    *model = (est_i_model){0, NULL};
}

static bool is_covered(uint32_t term, const uint32_t *terms, size_t n_terms)
{
    bool covered = false;
    for (size_t i = 0; i < n_terms && !covered; i++)
        covered = terms[i] != term && (terms[i] & term) == term;
    return covered;
}

void est_i_model_print(const uint32_t *terms, size_t n_terms, size_t n_lists, char *const *names, est_i_text *text)
{
    uint32_t *generators = calloc(n_terms + n_lists + 1, sizeof *generators);
    size_t count = 0;
    if (!generators) {
        text->failed = true;
        return;
    }
    for (size_t i = 0; i < n_terms; i++)
        if (!is_covered(terms[i], terms, n_terms))
            generators[count++] = terms[i];
    for (size_t j = 0; j < n_lists; j++)
        if (!is_covered((uint32_t)1 << j, terms, n_terms))
            generators[count++] = (uint32_t)1 << j;
    qsort(generators, count, sizeof *generators, by_generator);
    for (size_t i = 0; i < count; i++) {
        const char *before = i ? " " : "";
        for (size_t j = 0; j < n_lists; j++)
            if (generators[i] >> j & 1) {
                est_i_text_append(text, before);
                print_name(names[j], text);
                before = ":";
            }
    }
    free(generators);
}

est_i_set est_i_set_of(const uint32_t *terms, size_t n_terms)
{
    est_i_set set = 0;
    for (size_t i = 0; i < n_terms; i++)
        set |= (est_i_set)1 << terms[i];
    return set;
}

size_t est_i_set_terms(est_i_set set, size_t n_lists, uint32_t *terms)
{
    /* The masks of each number of lists. */
    static const est_i_set of_size[EST_I_SET_LISTS_MAX + 1] = {
        0x0000000000000001, 0x0000000100010116, 0x0001011601161668, 0x0116166816686880,
        0x1668688068808000, 0x6880800080000000, 0x8000000000000000};
    size_t count = 0;
    for (size_t size = 2; size <= n_lists; size++)
        for (est_i_set rest = set & of_size[size]; rest; rest &= rest - 1)
            terms[count++] = (uint32_t)__builtin_ctzll(rest);
    return count;
}

size_t est_i_set_size(est_i_set set)
{
    return (size_t)__builtin_popcountll(set);
}

est_i_set est_i_set_all(size_t n_lists, unsigned order)
{
    est_i_set set = 0;
    for (uint32_t term = 1; term < (uint32_t)1 << n_lists; term++)
        if (size_of(term) >= 2 && size_of(term) <= (int)order)
            set |= (est_i_set)1 << term;
    return set;
}

est_i_set est_i_set_above(uint32_t term, size_t n_lists)
{
    est_i_set set = 0;
    for (uint32_t other = term; other < (uint32_t)1 << n_lists; other++)
        if ((other & term) == term)
            set |= (est_i_set)1 << other;
    return set;
}

est_i_set est_i_set_below(uint32_t term)
{
    est_i_set set = 0;
    for (uint32_t other = term; other; other = (other - 1) & term)
        if (size_of(other) >= 2)
            set |= (est_i_set)1 << other;
    return set;
}
