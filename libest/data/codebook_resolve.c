/* A codebook on a file: which column is which, in which order roles are computed, and the rules by which columns are read. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "data/codebook_parts.h"
#include "data/expression.h"
#include "data/scan.h"
#include "data/table.h"

#define LABELS_TRIED 1000 /* values of a file from 0 on that are asked for their labels */

typedef struct resolver {
    est_i_codebook *codebook;
    const est_source *source;
    bool tolerant;
    est_i_codebook_resolved *out;
    bool *done; /* by entry: it has been placed, or is unmapped */
    est_error *error;
} resolver;

/* Columns */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_but_case(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == '\0' && *b == '\0';
}

long est_i_codebook_column(const est_source *source, const char *name)
{
    long found = est_source_find(source, name), near = -1;
    size_t n_near = 0;
    for (size_t c = 0; c < est_source_columns(source) && found < 0; c++)
        if (same_but_case(est_source_column_name(source, c), name)) {
            near = (long)c;
            n_near++;
        }
    return found >= 0 ? found : n_near == 1 ? near : -1;
}

static const char *column_name(const void *user, size_t index)
{
    return est_source_column_name(user, index);
}

static est_status fail_lacks(const resolver *r, const est_i_codebook_entry *entry, const char *name)
{
    est_i_text what = {0};
    est_i_text_printf(&what, "%s, line %d, [%s %s]", entry->file, entry->section->line, entry->section->kind, entry->section->name);
    est_status status = what.failed ? est_i_no_memory(r->error)
                                    : est_i_fail_column(est_source_name(r->source), name, what.data, est_source_columns(r->source),
                                                        column_name, r->source, r->error);
    est_i_text_free(&what);
    return status;
}

/* What the file lacks is a fault if the user's own codebook says it is there, or if the role is required. */
static est_status lacks(const resolver *r, est_i_codebook_use *use, const char *name)
{
    est_i_codebook_entry *entry = use->entry;
    use->lacks = est_i_string_copy(name);
    entry->state = EST_I_ROLE_UNMAPPED;
    if (!use->lacks)
        return est_i_no_memory(r->error);
    return (entry->own || entry->required) && !r->tolerant ? fail_lacks(r, entry, name) : EST_OK;
}

static est_status quoted(const resolver *r, size_t column, est_i_text *text)
{
    const char *name = est_source_column_name(r->source, column);
    est_i_place place = {est_source_name(r->source), 0, 0, name};
    if (strchr(name, '`'))
        return est_i_fail_at(r->error, EST_ECOLUMN, place, "the name holds a backquote; rename the column");
    est_i_text_printf(text, "`%s`", name);
    return EST_OK;
}

/* Expressions */

typedef struct name_set {
    size_t n;
    char **names;
    bool failed;
} name_set;

static bool collect_name(void *user, const char *name)
{
    name_set *set = user;
    char **grown = realloc(set->names, (set->n + 1) * sizeof *grown), *copy = grown ? est_i_string_copy(name) : NULL;
    set->names = grown ? grown : set->names;
    set->failed = !copy;
    if (copy)
        set->names[set->n++] = copy;
    return copy != NULL;
}

static void free_names(name_set *set)
{
    for (size_t i = 0; i < set->n; i++)
        free(set->names[i]);
    free(set->names);
}

static bool is_word(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

/* The expression with another name in place of one: the file may write its columns in capitals. */
static void rename_in(est_i_text *text, const char *expression, const char *from, const char *to)
{
    size_t length = strlen(from);
    for (const char *at = expression; *at;) {
        size_t size = 0;
        bool tick = *at == '`';
        if (tick)
            size = 1 + strcspn(at + 1, "`") + 1;
        else
            while (is_word(at[size]))
                size++;
        size = size ? size : 1;
        const char *after = at + size + strspn(at + size, " \t");
        bool is = tick ? size == length + 2 && strncmp(at + 1, from, length) == 0
                       : size == length && strncmp(at, from, length) == 0 && *after != '(';
        if (is)
            est_i_text_printf(text, "`%s`", to);
        else
            est_i_text_append_bytes(text, at, strnlen(at, size));
        at += strnlen(at, size);
    }
}

static est_status rename_column(char **expression, const char *from, const char *to, est_error *error)
{
    est_i_text text = {0};
    rename_in(&text, *expression, from, to);
    char *renamed = est_i_text_take(&text);
    if (!renamed)
        return est_i_no_memory(error);
    free(*expression);
    *expression = renamed;
    return EST_OK;
}

/* Placing roles */

static size_t entry_number(const resolver *r, const est_i_codebook_entry *entry)
{
    return (size_t)(entry - r->codebook->entries);
}

static est_i_codebook_use *new_use(resolver *r, est_i_codebook_entry *entry)
{
    est_i_codebook_use *use = &r->out->uses[r->out->n_uses++];
    *use = (est_i_codebook_use){.entry = entry};
    r->done[entry_number(r, entry)] = true;
    return use;
}

/* Labels and ids stand as they are in the file, unless something is to be done to them. */
static bool is_computed(const est_i_codebook_entry *entry)
{
    bool as_it_is = entry->kind == EST_I_KIND_ID || entry->kind == EST_I_KIND_LABEL;
    return !as_it_is || entry->codes.n > 0 || entry->special.n > 0;
}

static est_status place_column(resolver *r, est_i_codebook_entry *entry)
{
    est_i_codebook_use *use = new_use(r, entry);
    long found = est_i_codebook_column(r->source, entry->column);
    est_i_text text = {0};
    est_status status = EST_OK;
    if (found < 0)
        return lacks(r, use, entry->column);
    use->has_column = true;
    use->column = (size_t)found;
    use->computed = is_computed(entry);
    if (!use->computed)
        return EST_OK;
    status = quoted(r, use->column, &text);
    if (status == EST_OK && !(use->expression = est_i_text_take(&text)))
        status = est_i_no_memory(r->error);
    est_i_text_free(&text);
    return status;
}

typedef enum name_meaning { NAME_READY, NAME_WAITS, NAME_LACKS } name_meaning;

static name_meaning meaning_of(const resolver *r, const est_i_codebook_entry *entry, const char *name, long *column)
{
    const est_i_codebook_entry *role = est_i_codebook_find(r->codebook, "role", name);
    *column = -1;
    if (role && role != entry && !r->done[entry_number(r, role)])
        return NAME_WAITS;
    if (role && role != entry && role->state != EST_I_ROLE_UNMAPPED)
        return NAME_READY;
    *column = est_i_codebook_column(r->source, name);
    return *column < 0 ? NAME_LACKS : NAME_READY;
}

/* Puts the file's own names into an expression. *waits: a role it names has not been placed. *lacking: a name that means nothing,
 * to be freed; NULL if all do. */
static est_status read_names(const resolver *r, const est_i_codebook_entry *entry, char **expression, bool *waits, char **lacking)
{
    name_set set = {0};
    est_status status = est_i_expression_each_name(*expression, "", collect_name, &set, r->error);
    *waits = false;
    *lacking = NULL;
    if (status == EST_OK && set.failed)
        status = est_i_no_memory(r->error);
    for (size_t i = 0; i < set.n && status == EST_OK; i++) {
        long column = -1;
        name_meaning meaning = meaning_of(r, entry, set.names[i], &column);
        const char *name = column >= 0 ? est_source_column_name(r->source, (size_t)column) : NULL;
        *waits = *waits || meaning == NAME_WAITS;
        if (meaning == NAME_LACKS && !*lacking && !(*lacking = est_i_string_copy(set.names[i])))
            status = est_i_no_memory(r->error);
        if (name && strcmp(name, set.names[i]) != 0)
            status = rename_column(expression, set.names[i], name, r->error);
    }
    free_names(&set);
    return status;
}

static est_status fail_value(const resolver *r, const est_i_codebook_entry *entry, const char *name)
{
    est_i_value_place place = est_i_entry_place(entry, "value");
    if (!est_i_codebook_knows(r->codebook, name))
        return fail_lacks(r, entry, name);
    return est_i_value_fail(&place, r->error, "names the role %s, which is not mapped, and the file has no such column", name);
}

static est_status place_value(resolver *r, est_i_codebook_entry *entry, bool *placed)
{
    char *expression = est_i_string_copy(entry->value), *lacking = NULL;
    bool waits = false;
    est_status status = expression ? read_names(r, entry, &expression, &waits, &lacking) : est_i_no_memory(r->error);
    if (status == EST_OK && !waits) {
        est_i_codebook_use *use = new_use(r, entry);
        *placed = true;
        use->computed = true;
        use->expression = expression;
        expression = NULL;
        if (lacking) {
            use->lacks = lacking;
            lacking = NULL;
            entry->state = EST_I_ROLE_UNMAPPED;
            if ((entry->own || entry->required) && !r->tolerant)
                status = fail_value(r, entry, use->lacks);
        }
    }
    free(lacking);
    free(expression);
    return status;
}

static est_status place_absent(resolver *r, est_i_codebook_entry *entry)
{
    est_i_codebook_use *use = new_use(r, entry);
    use->computed = true;
    use->expression = est_i_string_copy("0 / 0");
    return use->expression ? EST_OK : est_i_no_memory(r->error);
}

static est_status place_values(resolver *r)
{
    est_status status = EST_OK;
    for (bool placed = true; placed && status == EST_OK;) {
        placed = false;
        for (size_t i = 0; i < r->codebook->n_entries && status == EST_OK; i++)
            if (!r->done[i] && r->codebook->entries[i].role)
                status = place_value(r, &r->codebook->entries[i], &placed);
    }
    for (size_t i = 0; i < r->codebook->n_entries && status == EST_OK; i++)
        if (!r->done[i] && r->codebook->entries[i].role) {
            est_i_value_place place = est_i_entry_place(&r->codebook->entries[i], "value");
            status = est_i_value_fail(&place, r->error, "rests on a role that rests on this one; expected columns and other roles");
        }
    return status;
}

static est_status place_roles(resolver *r)
{
    est_i_codebook *codebook = r->codebook;
    est_status status = EST_OK;
    for (size_t i = 0; i < codebook->n_entries; i++)
        codebook->entries[i].state = codebook->entries[i].absent ? EST_I_ROLE_ABSENT : EST_I_ROLE_MAPPED;
    for (size_t i = 0; i < codebook->n_entries && status == EST_OK; i++)
        if (codebook->entries[i].role && *codebook->entries[i].column)
            status = place_column(r, &codebook->entries[i]);
    for (size_t i = 0; i < codebook->n_entries && status == EST_OK; i++)
        if (codebook->entries[i].absent)
            status = place_absent(r, &codebook->entries[i]);
    return status == EST_OK ? place_values(r) : status;
}

/* Labels */

static bool add_all(est_i_codes *to, size_t n, const est_i_view_code *labels)
{
    bool good = true;
    for (size_t i = 0; i < n && good; i++)
        good = est_i_codes_add(to, labels[i].text, labels[i].number);
    return good;
}

static size_t codes_of(const est_i_codebook_entry *entry, double number, const char **text)
{
    size_t n = 0;
    for (size_t i = 0; i < entry->codes.n; i++)
        if (entry->codes.list[i].number == number) {
            *text = entry->codes.list[i].text;
            n++;
        }
    return n;
}

/* What the file calls the values; a number that several of them become has no name of theirs. */
static bool labels_of_file(const est_source *source, const est_i_codebook_use *use, est_i_codes *labels)
{
    const est_i_codebook_entry *entry = use->entry;
    bool good = true;
    for (size_t i = 0; i < entry->codes.n && good; i++) {
        const char *text = NULL, *label = NULL;
        if (codes_of(entry, entry->codes.list[i].number, &text) == 1)
            label = est_i_source_value_label(source, use->column, text);
        good = !label || est_i_codes_add(labels, label, entry->codes.list[i].number);
    }
    for (size_t i = 0; i < LABELS_TRIED && good && entry->codes.n == 0; i++) {
        char text[32];
        est_i_number_print((double)i, text);
        const char *label = est_i_source_value_label(source, use->column, text);
        bool special = est_i_numbers_has(&entry->special, (double)i);
        good = !label || special || est_i_codes_add(labels, label, (double)i);
    }
    return good;
}

static bool file_labels_column(const est_source *source, size_t column)
{
    bool has = false;
    for (size_t i = 0; i < LABELS_TRIED && !has; i++) {
        char text[32];
        est_i_number_print((double)i, text);
        has = est_i_source_value_label(source, column, text) != NULL;
    }
    return has;
}

/* From the codebook, else from the file, else from data/roles. */
static est_status add_labels(const resolver *r, est_i_codebook_use *use)
{
    const est_i_codebook_entry *entry = use->entry;
    const est_i_role_definition *role = entry->role;
    bool good = true;
    if (entry->kind == EST_I_KIND_YES_NO)
        good = est_i_codes_add(&use->labels, "yes", 1) && est_i_codes_add(&use->labels, "no", 0);
    if (entry->kind != EST_I_KIND_CATEGORY && entry->kind != EST_I_KIND_LABEL)
        return good ? EST_OK : est_i_no_memory(r->error);
    good = add_all(&use->labels, entry->labels.n, entry->labels.list);
    if (good && use->labels.n == 0 && use->has_column && use->computed)
        good = labels_of_file(r->source, use, &use->labels);
    if (good && use->labels.n == 0 && !(use->has_column && !use->computed && file_labels_column(r->source, use->column)))
        good = add_all(&use->labels, role->n_labels, role->labels);
    return good ? EST_OK : est_i_no_memory(r->error);
}

/* Rules of reading */

static int digits_of(double number)
{
    int digits = 1;
    for (double power = 10; number >= power && digits < 9; power *= 10)
        digits++;
    return digits;
}

est_status est_i_codebook_suspects(est_i_role_kind kind, bool of_expression, double maximum, const est_i_numbers *special,
                                   const est_i_numbers *genuine, est_i_numbers *suspects, est_error *error)
{
    int width = maximum >= 0 ? digits_of(maximum) : 0, first = 2, last = 8;
    if (kind != EST_I_KIND_NUMBER && kind != EST_I_KIND_HOURS && kind != EST_I_KIND_AGE && kind != EST_I_KIND_COLUMN &&
        !of_expression)
        return EST_OK;
    if (of_expression || (kind == EST_I_KIND_COLUMN && width == 0))
        last = 2;
    else if (width > 0 && (kind == EST_I_KIND_NUMBER || kind == EST_I_KIND_COLUMN))
        first = last = width < 2 ? 2 : width;
    for (int digits = first; digits <= last; digits++)
        for (int below = 3; below >= 1; below--) {
            double code = pow(10, digits) - below;
            if ((!special || !est_i_numbers_has(special, code)) && (!genuine || !est_i_numbers_has(genuine, code)) &&
                !est_i_numbers_add(suspects, code))
                return est_i_no_memory(error);
        }
    return EST_OK;
}

/* The role's limits hold for its own numbers: the file's times the scale. */
static void set_limits(est_i_codebook_input *input)
{
    const est_i_codebook_entry *entry = input->entry;
    const est_i_role_definition *role = entry ? entry->role : NULL;
    est_i_view_input *rule = &input->rule;
    double scale = entry ? entry->scale : 1, slack = scale == 1 ? 0 : 1e-9;
    bool of_weight = input->kind == EST_I_KIND_WEIGHT;
    rule->scale = scale;
    rule->minimum = of_weight ? 0 : role ? role->minimum : NAN;
    rule->maximum = role ? role->maximum : NAN;
    if (scale != 1) {
        rule->minimum = rule->minimum / scale - fabs(rule->minimum / scale) * slack;
        rule->maximum = rule->maximum / scale + fabs(rule->maximum / scale) * slack;
    }
    if (entry) {
        rule->minimum = fmax(rule->minimum, entry->minimum);
        rule->maximum = fmin(rule->maximum, entry->maximum);
    }
}

static void write_range(est_i_text *text, const est_i_view_input *rule)
{
    if (!isnan(rule->minimum) && !isnan(rule->maximum)) {
        est_i_text_append(text, " from ");
        est_i_text_number(text, rule->minimum);
        est_i_text_append(text, " to ");
        est_i_text_number(text, rule->maximum);
    } else if (!isnan(rule->minimum)) {
        est_i_text_append(text, " of at least ");
        est_i_text_number(text, rule->minimum);
    } else if (!isnan(rule->maximum)) {
        est_i_text_append(text, " of at most ");
        est_i_text_number(text, rule->maximum);
    }
}

static void write_list(est_i_text *text, size_t n, const est_i_view_code *codes, const double *numbers)
{
    for (size_t i = 0; i < n && i < 12; i++) {
        est_i_text_append(text, i ? ", " : "");
        if (codes)
            est_i_codebook_write_item(text, codes[i].text);
        else
            est_i_text_number(text, numbers[i]);
    }
    est_i_text_append(text, n > 12 ? ", ..." : "");
}

/* What a cell must be, for messages. */
static bool set_expected(est_i_codebook_input *input)
{
    const est_i_view_input *rule = &input->rule;
    const char *word = input->kind == EST_I_KIND_HOURS ? "hours" : input->kind == EST_I_KIND_AGE ? "an age" : "a number";
    est_i_text text = {0};
    if (rule->n_codes > 0 || rule->n_allowed > 0) {
        est_i_text_append(&text, "one of ");
        write_list(&text, rule->n_codes ? rule->n_codes : rule->n_allowed, rule->n_codes ? rule->codes : NULL, rule->allowed);
    } else {
        est_i_text_append(&text, word);
        write_range(&text, rule);
    }
    est_i_text_append(&text, ", or a code that the codebook declares (special = CODE");
    est_i_text_append(&text, rule->n_suspect ? ", or genuine = CODE if it is a number after all)" : ")");
    input->expected = est_i_text_take(&text);
    input->rule.expected = input->expected;
    return input->expected != NULL;
}

/* yes-no without codes is 1 and 0; a category whose numbers are known has no others. */
static bool set_allowed(est_i_codebook_input *input)
{
    const est_i_codebook_entry *entry = input->entry;
    const est_i_role_definition *role = entry ? entry->role : NULL;
    est_i_numbers allowed = {0};
    bool good = true;
    if (!entry || entry->codes.n > 0)
        return true;
    if (input->kind == EST_I_KIND_YES_NO)
        good = est_i_numbers_add(&allowed, 1) && est_i_numbers_add(&allowed, 0);
    const est_i_view_code *labels = entry->labels.n ? entry->labels.list : role ? role->labels : NULL;
    size_t n = entry->labels.n ? entry->labels.n : role ? role->n_labels : 0;
    for (size_t i = 0; i < n && good && input->kind == EST_I_KIND_CATEGORY; i++)
        good = est_i_numbers_add(&allowed, labels[i].number);
    input->rule.allowed = allowed.list;
    input->rule.n_allowed = allowed.n;
    return good;
}

/* Codes and special texts, which become missing. */
static bool set_codes(est_i_codebook_input *input)
{
    const est_i_codebook_entry *entry = input->entry;
    size_t n = entry ? entry->codes.n : 0, n_texts = n ? entry->special_texts.n : 0;
    est_i_view_code *codes = n ? malloc((n + n_texts) * sizeof *codes) : NULL;
    if (n == 0)
        return true;
    if (!codes)
        return false;
    memcpy(codes, entry->codes.list, n * sizeof *codes);
    if (n_texts)
        memcpy(codes + n, entry->special_texts.list, n_texts * sizeof *codes);
    input->rule.codes = codes;
    input->rule.n_codes = n + n_texts;
    return true;
}

static est_status set_rule(resolver *r, est_i_codebook_input *input)
{
    const est_i_codebook_entry *entry = input->entry;
    est_i_numbers suspects = {0};
    est_status status = EST_OK;
    input->rule.column = est_source_column_name(r->source, input->column);
    input->rule.special = entry ? entry->special.list : NULL;
    input->rule.n_special = entry ? entry->special.n : 0;
    set_limits(input);
    if (!entry || entry->codes.n == 0)
        status = est_i_codebook_suspects(input->kind, !entry, input->rule.maximum, entry ? &entry->special : NULL,
                                         entry ? &entry->genuine : NULL, &suspects, r->error);
    input->rule.suspect = suspects.list;
    input->rule.n_suspect = suspects.n;
    if (status == EST_OK && (!set_allowed(input) || !set_codes(input) || !set_expected(input)))
        status = est_i_no_memory(r->error);
    return status;
}

/* Inputs */

static est_i_codebook_input *find_input(const resolver *r, size_t column)
{
    est_i_codebook_input *found = NULL;
    for (size_t i = 0; i < r->out->n_inputs && !found; i++)
        if (r->out->inputs[i].column == column)
            found = &r->out->inputs[i];
    return found;
}

static bool same_codes(const est_i_codes *a, const est_i_codes *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; i < a->n && same; i++)
        same = strcmp(a->list[i].text, b->list[i].text) == 0 &&
               (a->list[i].number == b->list[i].number || (isnan(a->list[i].number) && isnan(b->list[i].number)));
    return same;
}

static bool same_numbers(const est_i_numbers *a, const est_i_numbers *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; i < a->n && same; i++)
        same = est_i_numbers_has(b, a->list[i]);
    return same;
}

static bool same_limit(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* Two roles of one column can only be read by the same rules. */
static bool same_rules(const est_i_codebook_entry *a, const est_i_codebook_entry *b)
{
    return a->kind == b->kind && a->role->n_labels == b->role->n_labels && same_limit(a->role->minimum, b->role->minimum) &&
           same_limit(a->role->maximum, b->role->maximum) && a->scale == b->scale && same_limit(a->minimum, b->minimum) &&
           same_limit(a->maximum, b->maximum) && same_codes(&a->codes, &b->codes) &&
           same_codes(&a->special_texts, &b->special_texts) && same_numbers(&a->special, &b->special) &&
           same_numbers(&a->genuine, &b->genuine);
}

static est_status add_input(resolver *r, size_t column, const est_i_codebook_entry *entry, const est_i_codebook_entry *named_by,
                            est_i_role_kind kind)
{
    const est_i_codebook_input *there = find_input(r, column);
    if (there && entry && there->entry && entry->role && there->entry->role && !same_rules(entry, there->entry)) {
        est_i_value_place place = est_i_entry_place(entry, "column");
        return est_i_value_fail(
            &place, r->error,
            "column %s is read by role %s too, by other rules; keep the column for one of them and write the other as "
            "value = EXPRESSION",
            entry->column, there->entry->section->name);
    }
    if (there)
        return EST_OK;
    est_i_codebook_input *grown = realloc(r->out->inputs, (r->out->n_inputs + 1) * sizeof *grown);
    if (!grown)
        return est_i_no_memory(r->error);
    r->out->inputs = grown;
    grown[r->out->n_inputs] = (est_i_codebook_input){.column = column, .entry = entry, .named_by = named_by, .kind = kind};
    return set_rule(r, &grown[r->out->n_inputs++]);
}

/* Columns that an expression names and no section speaks of: 97, 98 and 99 in them are asked about. */
static est_status add_named(resolver *r, const est_i_codebook_use *use)
{
    name_set set = {0};
    est_i_role_kind kind = use->entry->kind;
    bool answers = kind != EST_I_KIND_ID && kind != EST_I_KIND_LABEL && kind != EST_I_KIND_WEIGHT;
    est_status status = EST_OK;
    if (!answers || !*use->entry->value)
        return EST_OK;
    status = est_i_expression_each_name(use->expression, "", collect_name, &set, r->error);
    if (status == EST_OK && set.failed)
        status = est_i_no_memory(r->error);
    for (size_t i = 0; i < set.n && status == EST_OK; i++) {
        const est_i_codebook_entry *role = est_i_codebook_find(r->codebook, "role", set.names[i]);
        bool is_role = role && role != use->entry && role->state != EST_I_ROLE_UNMAPPED;
        long column = is_role ? -1 : est_source_find(r->source, set.names[i]);
        if (column >= 0)
            status = add_input(r, (size_t)column, NULL, use->entry, EST_I_KIND_COLUMN);
    }
    free_names(&set);
    return status;
}

static est_status add_inputs(resolver *r)
{
    est_i_codebook_resolved *out = r->out;
    est_status status = EST_OK;
    for (size_t i = 0; i < out->n_uses && status == EST_OK; i++) {
        const est_i_codebook_use *use = &out->uses[i];
        if (use->has_column && use->computed && use->entry->state == EST_I_ROLE_MAPPED)
            status = add_input(r, use->column, use->entry, NULL, use->entry->kind);
    }
    for (size_t i = 0; i < r->codebook->n_entries && status == EST_OK; i++) {
        const est_i_codebook_entry *entry = &r->codebook->entries[i];
        long column = entry->role ? -1 : est_i_codebook_column(r->source, entry->column);
        if (!entry->role && column < 0 && entry->own && !r->tolerant)
            status = fail_lacks(r, entry, entry->column);
        else if (column >= 0)
            status = add_input(r, (size_t)column, entry, NULL, EST_I_KIND_COLUMN);
    }
    for (size_t i = 0; i < out->n_uses && status == EST_OK; i++)
        if (out->uses[i].entry->state == EST_I_ROLE_MAPPED)
            status = add_named(r, &out->uses[i]);
    return status;
}

static est_status read_sample(resolver *r)
{
    const char *sample = est_i_codebook_fact(r->codebook, "sample");
    char *lacking = NULL;
    bool waits = false;
    est_status status = EST_OK;
    if (!*sample)
        return EST_OK;
    r->out->sample = est_i_string_copy(sample);
    status = r->out->sample ? read_names(r, NULL, &r->out->sample, &waits, &lacking) : est_i_no_memory(r->error);
    if (status == EST_OK && lacking && !r->tolerant) {
        est_i_text what = {0};
        est_i_text_printf(&what, "codebook %s, [codebook], sample", r->codebook->name);
        status = what.failed ? est_i_no_memory(r->error)
                             : est_i_fail_column(est_source_name(r->source), lacking, what.data, est_source_columns(r->source),
                                                 column_name, r->source, r->error);
        est_i_text_free(&what);
    }
    free(lacking);
    return status;
}

est_status est_i_codebook_resolve(est_i_codebook *codebook, const est_source *source, bool tolerant,
                                  est_i_codebook_resolved *resolved, est_error *error)
{
    resolver r = {codebook, source, tolerant, resolved, NULL, error};
    *resolved = (est_i_codebook_resolved){0};
    r.done = calloc(codebook->n_entries + 1, sizeof *r.done);
    resolved->uses = calloc(codebook->n_entries + 1, sizeof *resolved->uses);
    est_status status = r.done && resolved->uses ? place_roles(&r) : est_i_no_memory(error);
    for (size_t i = 0; i < resolved->n_uses && status == EST_OK; i++)
        if (resolved->uses[i].entry->state == EST_I_ROLE_MAPPED)
            status = add_labels(&r, &resolved->uses[i]);
    if (status == EST_OK)
        status = add_inputs(&r);
    if (status == EST_OK)
        status = read_sample(&r);
    free(r.done);
    return status;
}

void est_i_codebook_resolved_clear(est_i_codebook_resolved *resolved)
{
    for (size_t i = 0; i < resolved->n_uses; i++) {
        free(resolved->uses[i].expression);
        free(resolved->uses[i].lacks);
        est_i_codes_free(&resolved->uses[i].labels);
    }
    for (size_t i = 0; i < resolved->n_inputs; i++) {
        est_i_view_input *rule = &resolved->inputs[i].rule;
        free((est_i_view_code *)rule->codes);
        free((double *)rule->allowed);
        free((double *)rule->suspect);
        free(resolved->inputs[i].expected);
    }
    free(resolved->uses);
    free(resolved->inputs);
    free(resolved->sample);
    *resolved = (est_i_codebook_resolved){0};
}
