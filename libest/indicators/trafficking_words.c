/* Words for sex, age and form of exploitation. */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "data/dates.h"
#include "indicators/trafficking.h"

#define MOST_BYTES 63 /* of a word that may be known */
#define AGE_MAX 96    /* 97, 98 and 99 are codes for what is not known */

/* Without the blanks around it and in lower case (ASCII); false if it is longer than any known word. */
static bool fold(const char *text, char word[MOST_BYTES + 1])
{
    size_t length = 0;
    text = est_i_label_trim(text, &length);
    if (length > MOST_BYTES)
        return false;
    for (size_t i = 0; i < length; i++)
        word[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
    word[length] = '\0';
    return true;
}

bool est_i_words_equal(const char *a, const char *b)
{
    char left[MOST_BYTES + 1], right[MOST_BYTES + 1];
    if (!fold(a, left) || !fold(b, right))
        return est_i_label_same(a, b);
    return strcmp(left, right) == 0;
}

typedef struct synonym {
    const char *word, *label;
} synonym;

static const char *find_label(const synonym *words, size_t count, const char *text)
{
    char word[MOST_BYTES + 1];
    const char *label = NULL;
    bool known = fold(text, word);
    for (size_t i = 0; i < count && known && !label; i++)
        if (strcmp(words[i].word, word) == 0)
            label = words[i].label;
    return label;
}

#define FIND(words, text) find_label(words, sizeof(words) / sizeof *(words), text)

bool est_i_word_is_not_stated(const char *text)
{
    static const synonym words[] = {{"", ""},        {"not stated", ""},  {"not known", ""},
                                    {"unknown", ""}, {"unspecified", ""}, {"not specified", ""}};
    return FIND(words, text) != NULL;
}

const char *est_i_word_sex(const char *text)
{
    static const synonym words[] = {
        {"female", "female"},   {"f", "female"}, {"woman", "female"}, {"women", "female"},      {"male", "male"},
        {"m", "male"},          {"man", "male"}, {"men", "male"},     {"intersex", "intersex"}, {"both", "both"},
        {"both sexes", "both"}, {"all", "both"}, {"total", "both"},
    };
    return FIND(words, text);
}

const char *est_i_word_age(const char *text)
{
    static const synonym words[] = {
        {"child", "child"}, {"children", "child"}, {"minor", "child"},  {"0-17", "child"}, {"under 18", "child"},
        {"<18", "child"},   {"adult", "adult"},    {"adults", "adult"}, {"18+", "adult"},  {"18 and over", "adult"},
        {">=18", "adult"},  {"all", "all"},        {"all ages", "all"}, {"total", "all"},
    };
    return FIND(words, text);
}

const char *est_i_word_years(const char *text)
{
    double years;
    size_t length = 0;
    text = est_i_label_trim(text, &length);
    if (!est_i_number_parse(text, length, &years) || !(years >= 0 && years < AGE_MAX + 1))
        return NULL;
    return years < 18 ? "child" : "adult";
}

const char *est_i_word_ages(const char *label)
{
    if (strcmp(label, "child") == 0)
        return "0-17";
    return strcmp(label, "adult") == 0 ? "18+" : label;
}

/* UN SDG series of indicator 16.2.2, by form. */
const est_i_form est_i_forms[EST_I_FORMS] = {
    {"sexual", "sexual exploitation", "VC_HTF_DETVSX"},
    {"labour", "forced labour", "VC_HTF_DETVFL"},
    {"organ", "organ removal", "VC_HTF_DETVOG"},
    {"other", "other purposes", "VC_HTF_DETVOP"},
    {"unspecified", EST_I_NOT_STATED, ""},
};

const char *est_i_word_form(const char *text)
{
    static const synonym words[] = {
        {"sexual", "sexual exploitation"},  {"sexual exploitation", "sexual exploitation"},
        {"labour", "forced labour"},        {"labor", "forced labour"},
        {"forced labour", "forced labour"}, {"forced labor", "forced labour"},
        {"servitude", "forced labour"},     {"domestic servitude", "forced labour"},
        {"slavery", "forced labour"},       {"organ", "organ removal"},
        {"organ removal", "organ removal"}, {"removal of organs", "organ removal"},
        {"other", "other purposes"},        {"other purposes", "other purposes"},
    };
    return est_i_word_is_not_stated(text) ? EST_I_NOT_STATED : FIND(words, text);
}

/* --forms */

static est_status fail_forms(const char *item, est_error *error)
{
    return est_i_fail(
        error, EST_EOPTION,
        "option --forms: found '%.100s', expected VALUE=CATEGORY,... with the categories sexual, labour, organ, other and "
        "unspecified, each value once",
        item);
}

static const char *category_label(const char *word)
{
    const char *label = NULL;
    for (size_t i = 0; i < EST_I_FORMS && !label; i++)
        if (est_i_words_equal(est_i_forms[i].category, word))
            label = est_i_forms[i].label;
    return label;
}

static est_status add_form(est_i_form_map *map, char *item, est_error *error)
{
    char *equals = strrchr(item, '='), value[MOST_BYTES + 1];
    const char *label = equals ? category_label(equals + 1) : NULL;
    if (!label)
        return fail_forms(item, error);
    *equals = '\0';
    bool known = fold(item, value) && *value;
    *equals = '=';
    if (!known)
        return fail_forms(item, error);
    if (map->values.count == map->capacity) {
        size_t capacity = map->capacity ? 2 * map->capacity : 8;
        const char **grown = realloc(map->labels, capacity * sizeof *grown);
        if (!grown)
            return est_i_no_memory(error);
        map->labels = grown;
        map->capacity = capacity;
    }
    uint32_t before = map->values.count, index = est_i_dictionary_add(&map->values, value, strlen(value));
    if (index == EST_I_DICTIONARY_NONE)
        return est_i_no_memory(error);
    if (index < before)
        return fail_forms(item, error);
    map->labels[index] = label;
    return EST_OK;
}

est_status est_i_form_map_parse(const char *text, est_i_form_map *map, est_error *error)
{
    est_i_text item = {0};
    est_status status = EST_OK;
    bool whole = true;
    *map = (est_i_form_map){0};
    for (const char *rest = *text ? text : NULL; rest && status == EST_OK;) {
        rest = est_i_name_take(rest, &item, &whole);
        if (item.failed)
            status = est_i_no_memory(error);
        else
            status = whole && item.length ? add_form(map, item.data, error) : fail_forms(text, error);
    }
    est_i_text_free(&item);
    return status;
}

void est_i_form_map_free(est_i_form_map *map)
{
    est_i_dictionary_free(&map->values);
    free(map->labels);
    *map = (est_i_form_map){0};
}

const char *est_i_form_map_find(const est_i_form_map *map, const char *value)
{
    char word[MOST_BYTES + 1];
    uint32_t index = fold(value, word) ? est_i_dictionary_find(&map->values, word, strlen(word)) : EST_I_DICTIONARY_NONE;
    return index != EST_I_DICTIONARY_NONE ? map->labels[index] : est_i_word_form(value);
}
