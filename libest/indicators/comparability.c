#include "indicators/comparability.h"

#include <stddef.h>
#include <string.h>

static const char *const names[EST_I_KEYS][2] = {
    [EST_I_KEY_INDICATOR] = {"indicator", "indicator"},
    [EST_I_KEY_CONCEPT] = {"concept", "concept"},
    [EST_I_KEY_GEOGRAPHY] = {"geography", "geography"},
    [EST_I_KEY_AGES] = {"ages", "ages"},
    [EST_I_KEY_SEX] = {"sex", "sex"},
    [EST_I_KEY_POPULATION] = {"population", "population"},
    [EST_I_KEY_DEFINITION] = {"definition", "definition"},
    [EST_I_KEY_REFERENCE_PERIOD] = {"reference_period", "reference period"},
    [EST_I_KEY_UNIT] = {"unit", "unit"},
};

const char *est_i_key_name(est_i_key key)
{
    return names[key][0];
}

const char *est_i_key_words(est_i_key key)
{
    return names[key][1];
}

/* ---- what follows from the rest ---- */

/* By the beginning of the indicator's name. */
static const char *const known[][3] = {
    {"children_in_employment", "employment", "proportion"}, {"census_working", "employment", "proportion"},
    {"child_labour", "child labour", "proportion"},         {"hazardous_work", "child labour", "proportion"},
    {"married_by_", "child marriage", "proportion"},        {"median_age_first_union", "age at marriage", "years"},
    {"forced_marriage", "forced marriage", "proportion"},   {"forced_labour", "forced labour", "proportion"},
    {"victims_detected", "detected trafficking", ""},       {"victims_estimated", "estimated trafficking", ""},
};

static const char *known_of(const char *indicator, size_t which)
{
    const char *found = "";
    for (size_t i = 0; i < sizeof known / sizeof known[0] && !*found; i++)
        if (strncmp(indicator, known[i][0], strlen(known[i][0])) == 0)
            found = known[i][which];
    return found;
}

static bool ends(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

const char *est_i_concept_of(const char *indicator)
{
    return known_of(indicator, 1);
}

const char *est_i_unit_of(const char *indicator)
{
    const char *unit = known_of(indicator, 2);
    if (ends(indicator, "_number") || strcmp(indicator, "population") == 0 || strcmp(indicator, "observed") == 0 ||
        strcmp(indicator, "unobserved") == 0)
        unit = "people";
    else if (ends(indicator, "_rate") || strncmp(indicator, "rate_per_100000", 15) == 0)
        unit = "per 100,000";
    return unit;
}

static const char *sex_of(const char *population)
{
    static const char *const sexes[][2] = {{"women", "female"}, {"girls", "female"}, {"men", "male"}, {"boys", "male"}};
    const char *found = "";
    for (size_t i = 0; i < sizeof sexes / sizeof sexes[0] && !*found; i++)
        if (est_i_key_same(EST_I_KEY_POPULATION, population, sexes[i][0]))
            found = sexes[i][1];
    return found;
}

void est_i_keys_complete(est_i_keys *keys)
{
    const char **value = keys->value;
    if (!*value[EST_I_KEY_CONCEPT])
        value[EST_I_KEY_CONCEPT] = est_i_concept_of(value[EST_I_KEY_INDICATOR]);
    if (!*value[EST_I_KEY_UNIT])
        value[EST_I_KEY_UNIT] = est_i_unit_of(value[EST_I_KEY_INDICATOR]);
    if (!*value[EST_I_KEY_SEX])
        value[EST_I_KEY_SEX] = sex_of(value[EST_I_KEY_POPULATION]);
}

/* ---- rows of a result ---- */

static const char *label_of(const est_row *row, const char *name)
{
    const char *value = "";
    for (size_t i = 0; i < row->n_domain; i++)
        if (strcmp(row->domain[i].name, name) == 0)
            value = row->domain[i].value;
    return value;
}

static bool is_key_label(const char *name)
{
    static const char *const keys[] = {"sex", "county", "residence", "ages", "age", "period", "year"};
    bool is = false;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && !is; i++)
        is = strcmp(name, keys[i]) == 0;
    return is;
}

est_i_keys est_i_keys_of_row(const est_row *row, est_i_text *place, bool *others)
{
    const char *county = label_of(row, "county"), *residence = label_of(row, "residence"), *ages = label_of(row, "ages");
    est_i_keys keys = {{[EST_I_KEY_INDICATOR] = row->estimand,
                        [EST_I_KEY_CONCEPT] = "",
                        [EST_I_KEY_GEOGRAPHY] = row->geography,
                        [EST_I_KEY_AGES] = *row->ages ? row->ages : ages,
                        [EST_I_KEY_SEX] = label_of(row, "sex"),
                        [EST_I_KEY_POPULATION] = row->population,
                        [EST_I_KEY_DEFINITION] = row->definition,
                        [EST_I_KEY_REFERENCE_PERIOD] = row->reference_period,
                        [EST_I_KEY_UNIT] = row->unit}};
    *others = false;
    for (size_t i = 0; i < row->n_domain; i++)
        *others = *others || !is_key_label(row->domain[i].name);
    if (*county || *residence) {
        est_i_text_append(place, *county ? county : row->geography);
        if (*residence)
            est_i_text_printf(place, "%s(%s)", place->length ? " " : "", residence);
        keys.value[EST_I_KEY_GEOGRAPHY] = place->data && !place->failed ? place->data : "";
    }
    est_i_keys_complete(&keys);
    return keys;
}

/* ---- the same? ---- */

static char folded(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter == '\t' || letter == '_' ? ' ' : letter;
}

/* The next letter that counts: blanks in a row are one, those at the ends none; an en dash and " to " between ages are a dash. */
static char next_letter(est_i_key key, const char **at, const char *start)
{
    static const char en_dash[] = "\xe2\x80\x93";
    const char *from = *at, *past = from + strspn(from, " \t");
    bool blank = past > from, dash = false;
    if (key == EST_I_KEY_AGES && strncmp(past, en_dash, 3) == 0) {
        dash = true;
        past += 3;
    } else if (key == EST_I_KEY_AGES && blank && strncmp(past, "to ", 3) == 0) {
        dash = true;
        past += 2;
    } else if (key == EST_I_KEY_AGES && *past == '-') {
        dash = true;
        past++;
    }
    if (dash) {
        *at = past + strspn(past, " \t");
        return '-';
    }
    bool inside = blank && *past && from > start;
    *at = inside || !*past ? past : past + 1;
    return inside ? ' ' : folded(*past);
}

/* What names a definition: an id before a colon, if it is one word. */
static size_t id_length(est_i_key key, const char *text)
{
    size_t length = strcspn(text, ": ");
    return key == EST_I_KEY_DEFINITION && text[length] == ':' ? length : strlen(text);
}

bool est_i_key_same(est_i_key key, const char *a, const char *b)
{
    a += strspn(a, " \t");
    b += strspn(b, " \t");
    const char *start_a = a, *start_b = b, *end_a = a + id_length(key, a), *end_b = b + id_length(key, b);
    bool same = true, more = true;
    while (same && more) {
        char left = a < end_a ? next_letter(key, &a, start_a) : '\0', right = b < end_b ? next_letter(key, &b, start_b) : '\0';
        same = left == right;
        more = left != '\0';
    }
    return same;
}

uint32_t est_i_keys_differ(const est_i_keys *a, const est_i_keys *b)
{
    uint32_t differ = 0;
    for (int key = 0; key < EST_I_KEYS; key++)
        if (!est_i_key_same((est_i_key)key, a->value[key], b->value[key]))
            differ |= EST_I_KEY_BIT(key);
    return differ;
}

uint32_t est_i_keys_untold(const est_i_keys *a, const est_i_keys *b)
{
    uint32_t untold = 0;
    for (int key = 0; key < EST_I_KEYS; key++)
        if (!*a->value[key] && !*b->value[key])
            untold |= EST_I_KEY_BIT(key);
    return untold;
}

/* ---- in words ---- */

static void append_value(const char *value, size_t longest, est_i_text *text)
{
    size_t length = strlen(value), shown = longest && length > longest ? longest : length;
    while (shown < length && shown > 0 && ((unsigned char)value[shown] & 0xc0) == 0x80) /* within a letter of UTF-8 */
        shown--;
    if (!length) {
        est_i_text_append(text, "not told");
        return;
    }
    est_i_text_append(text, "'");
    est_i_text_append_bytes(text, value, shown);
    est_i_text_append(text, shown < length ? "...'" : "'");
}

void est_i_difference_explain(const char *name, const char *a, const char *b, size_t longest, est_i_text *text)
{
    est_i_text_printf(text, "%s%s ", text->length ? "; " : "", name);
    append_value(a, longest, text);
    est_i_text_append(text, " and ");
    append_value(b, longest, text);
}

void est_i_keys_explain(const est_i_keys *a, const est_i_keys *b, uint32_t differ, size_t longest, est_i_text *text)
{
    for (int key = 0; key < EST_I_KEYS; key++)
        if (differ & EST_I_KEY_BIT(key))
            est_i_difference_explain(names[key][1], a->value[key], b->value[key], longest, text);
}

void est_i_keys_list(uint32_t keys, est_i_text *text)
{
    const char *joint = "";
    for (int key = 0; key < EST_I_KEYS; key++) {
        if (!(keys & EST_I_KEY_BIT(key)))
            continue;
        est_i_text_printf(text, "%s%s", joint, names[key][1]);
        joint = ", ";
    }
}
