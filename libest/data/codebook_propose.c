/* A codebook written for a file: what a preset says, what the file holds, and what somebody has to decide. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "data/codebook_columns.h"
#include "data/codebook_parts.h"
#include "data/scan.h"

#define LINE_WIDTH 110  /* of what is written; the reader takes more */
#define VALUES_SHOWN 60 /* different values that are listed */
#define DECIDE "DECIDE: "

typedef struct proposal {
    est_source *source;
    const char *preset; /* "" = none */
    est_i_codebook *codebook;
    est_i_codebook_resolved resolved;
    size_t n_seen;
    est_i_column_seen *seen; /* one for each column of the file that is looked at */
    long long rows;
    est_i_text text;
} proposal;

/* Lines */

/* Wraps at blanks; the first line begins with `first`, the others with `next`. Control characters of foreign text become blanks. */
static void write_wrapped(est_i_text *out, const char *first, const char *next, const char *words)
{
    size_t width = strlen(first);
    bool begun = false;
    est_i_text_append(out, first);
    while (*words) {
        size_t blanks = 0, length = 0;
        while (words[blanks] && (unsigned char)words[blanks] <= ' ')
            blanks++;
        words += blanks;
        while ((unsigned char)words[length] > ' ')
            length++;
        if (length == 0)
            break;
        /* A line that begins with these would be read as something else. */
        bool may_begin = !strchr(";#[", words[0]) && words[length + strspn(words + length, " ")] != '=';
        if (begun && width + 1 + length > LINE_WIDTH && may_begin) {
            est_i_text_printf(out, "\n%s", next);
            width = strlen(next);
        } else if (begun) {
            est_i_text_append(out, " ");
            width++;
        }
        est_i_text_append_bytes(out, words, length);
        width += length;
        words += length;
        begun = true;
    }
    est_i_text_append(out, "\n");
}

static void write_comment(proposal *p, const char *words)
{
    write_wrapped(&p->text, "; ", ";   ", words);
}

static void write_key(proposal *p, const char *before, const char *key, const char *value)
{
    est_i_text first = {0};
    est_i_text_printf(&first, "%s%s =%s", before, key, *value ? " " : "");
    write_wrapped(&p->text, first.failed ? "" : first.data, *before ? ";     " : "    ", value);
    p->text.failed = p->text.failed || first.failed;
    est_i_text_free(&first);
}

/* Appends words to a text that is then a comment, and empties it. */
static void end_comment(proposal *p, est_i_text *words)
{
    p->text.failed = p->text.failed || words->failed;
    if (!words->failed && words->length > 0)
        write_comment(p, words->data);
    words->length = 0;
}

/* What a column holds */

static const est_i_column_seen *seen_of(const proposal *p, size_t column)
{
    const est_i_column_seen *found = NULL;
    for (size_t i = 0; i < p->n_seen && !found; i++)
        if (p->seen[i].column == column)
            found = &p->seen[i];
    return found;
}

typedef struct value {
    const char *text;
    long long rows;
    double number;
} value;

static int compare_values(const void *a, const void *b)
{
    const value *x = a, *y = b;
    if (!isnan(x->number) && !isnan(y->number) && x->number != y->number)
        return x->number < y->number ? -1 : 1;
    if (isnan(x->number) != isnan(y->number))
        return isnan(x->number) ? 1 : -1;
    return strcmp(x->text, y->text);
}

static void write_value(const proposal *p, size_t column, const value *v, est_i_text *words)
{
    const char *label = est_i_source_value_label(p->source, column, v->text);
    est_i_codebook_write_item(words, v->text);
    if (label)
        est_i_text_printf(words, " '%s'", label);
}

/* A text that few rows hold may be a name, and so may a long number. */
static bool shows_value(const proposal *p, size_t column, const value *v)
{
    if (isnan(v->number))
        return v->rows >= EST_I_CELL_SHARED || est_source_is_public(p->source);
    return est_i_column_shows(p->source, column, v->number, v->rows);
}

/* "values: 1 'urban', 2 'rural'" */
static void write_values(proposal *p, const est_i_column_seen *seen)
{
    value values[VALUES_SHOWN];
    uint32_t n = seen->distinct.count, hidden = 0;
    size_t said = 0;
    est_i_text words = {0};
    if (n == 0 || n > VALUES_SHOWN)
        return;
    for (uint32_t i = 0; i < n; i++) {
        values[i] = (value){est_i_dictionary_text(&seen->distinct, i), seen->rows[i], NAN};
        if (!est_i_number_parse(values[i].text, strlen(values[i].text), &values[i].number))
            values[i].number = NAN;
    }
    qsort(values, n, sizeof *values, compare_values);
    est_i_text_append(&words, "values: ");
    for (uint32_t i = 0; i < n; i++) {
        if (!shows_value(p, seen->column, &values[i])) {
            hidden++;
            continue;
        }
        est_i_text_append(&words, said++ ? ", " : "");
        write_value(p, seen->column, &values[i], &words);
    }
    if (hidden)
        est_i_text_printf(&words, "%s%u that few rows hold (not shown)", said ? ", " : "", (unsigned)hidden);
    end_comment(p, &words);
    est_i_text_free(&words);
}

/* "v024 'region': 47 different values, missing in 0 of 12,345 rows" */
static void describe_column(proposal *p, const est_i_column_seen *seen, est_i_text *words)
{
    const char *label = est_i_source_variable_label(p->source, seen->column);
    est_i_text_printf(words, "%s", est_source_column_name(p->source, seen->column));
    if (*label)
        est_i_text_printf(words, " '%s'", label);
    est_i_text_printf(words, ": %s%u different value%s, missing in %lld of %lld rows", seen->many ? "more than " : "",
                      (unsigned)seen->distinct.count, seen->distinct.count == 1 ? "" : "s", seen->missing, p->rows);
}

/* What has to be decided about a column */

static size_t write_numbers(est_i_text *words, const est_i_numbers *known, size_t n, const double *more)
{
    size_t said = 0;
    words->length = 0;
    for (size_t i = 0; i < known->n; i++) {
        est_i_text_append(words, said++ ? ", " : "");
        est_i_text_number(words, known->list[i]);
    }
    for (size_t i = 0; i < n; i++) {
        est_i_text_append(words, said++ ? ", " : "");
        est_i_text_number(words, more[i]);
    }
    return said;
}

static void write_tally(const proposal *p, const est_i_column_seen *seen, const est_i_cell_tally *tally, est_i_text *words)
{
    size_t said = 0;
    est_i_text_printf(words, "%lld %s ", tally->rows, tally->rows == 1 ? "row holds" : "rows hold");
    for (size_t i = 0; i < tally->n_values; i++) {
        char number[32];
        est_i_number_print(tally->values[i], number);
        const char *label = est_i_source_value_label(p->source, seen->column, number);
        if (!est_i_column_shows(p->source, seen->column, tally->values[i], tally->value_rows[i]))
            continue;
        est_i_text_printf(words, "%s%s", said++ ? ", " : "", number);
        if (label)
            est_i_text_printf(words, " '%s'", label);
    }
    if (said < tally->n_values || tally->n_values == EST_I_CELL_VALUES || said == 0)
        est_i_text_printf(words, "%s%s (not shown)", said ? " and " : "", tally->n_values ? "other numbers" : "texts");
}

/* The keys that would settle it, as comments. */
static void write_choices(proposal *p, const est_i_codebook_entry *entry, const est_i_column_seen *seen,
                          const est_i_cell_tally *tally, bool genuine)
{
    static const est_i_numbers none = {0, NULL};
    double shown[EST_I_CELL_VALUES];
    size_t n = 0;
    est_i_text words = {0};
    for (size_t i = 0; i < tally->n_values; i++)
        if (est_i_column_shows(p->source, seen->column, tally->values[i], tally->value_rows[i]))
            shown[n++] = tally->values[i];
    if (n > 0 && write_numbers(&words, entry ? &entry->special : &none, n, shown) > 0 && !words.failed)
        write_key(p, ";", "special", words.data);
    if (n > 0 && genuine && write_numbers(&words, entry ? &entry->genuine : &none, n, shown) > 0 && !words.failed)
        write_key(p, ";", "genuine", words.data);
    p->text.failed = p->text.failed || words.failed;
    est_i_text_free(&words);
}

static void write_faults(proposal *p, const est_i_codebook_input *input, const est_i_column_seen *seen)
{
    const est_i_cell_tally *suspect = &seen->faults[EST_I_CELL_SUSPECT], *outside = &seen->faults[EST_I_CELL_OUTSIDE];
    const est_i_cell_tally *no_code = &seen->faults[EST_I_CELL_NO_CODE], *texts = &seen->faults[EST_I_CELL_TEXT];
    est_i_text words = {0};
    if (suspect->rows > 0) {
        est_i_text_append(&words, DECIDE);
        write_tally(p, seen, suspect, &words);
        est_i_text_append(
            &words, ", which looks like a code for a missing answer. special makes it missing, genuine keeps it as a number:");
        end_comment(p, &words);
        write_choices(p, input->entry, seen, suspect, true);
    }
    if (outside->rows > 0) {
        est_i_text_append(&words, DECIDE);
        write_tally(p, seen, outside, &words);
        est_i_text_printf(&words,
                          ", expected %s. Mend the file; only a code for a missing answer may be declared:", input->expected);
        end_comment(p, &words);
        write_choices(p, input->entry, seen, outside, false);
    }
    if (no_code->rows > 0) {
        est_i_text_append(&words, DECIDE);
        write_tally(p, seen, no_code, &words);
        est_i_text_append(
            &words,
            input->rule.n_codes > 0 ? ", which codes does not have. Add it there as TEXT:NUMBER, or declare it:"
            : input->kind == EST_I_KIND_YES_NO
                ? ", which is neither 1 (yes) nor 0 (no). Write codes = TEXT:NUMBER (often codes = 1:1, 2:0), or declare it:"
                : ", which is none of this role's numbers. Write codes = TEXT:NUMBER, or declare it:");
        end_comment(p, &words);
        write_choices(p, input->entry, seen, no_code, false);
    }
    if (texts->rows > 0) {
        est_i_text_append(&words, DECIDE);
        write_tally(p, seen, texts, &words);
        est_i_text_append(&words, ", expected numbers. Write codes = TEXT:NUMBER for each text.");
        end_comment(p, &words);
    }
    p->text.failed = p->text.failed || words.failed;
    est_i_text_free(&words);
}

/* Values that the file itself calls missing, in a column that is taken as it stands. */
static void write_labelled(proposal *p, const est_i_codebook_entry *entry, const est_i_column_seen *seen)
{
    est_i_numbers found = {0};
    est_i_text words = {0};
    for (uint32_t i = 0; i < seen->distinct.count && seen->distinct.count <= VALUES_SHOWN; i++) {
        const char *text = est_i_dictionary_text(&seen->distinct, i),
                   *label = est_i_source_value_label(p->source, seen->column, text);
        double number;
        if (label && est_i_label_says_missing(label) && est_i_number_parse(text, strlen(text), &number) &&
            !est_i_numbers_has(&entry->special, number) && !est_i_numbers_add(&found, number))
            p->text.failed = true;
    }
    if (found.n > 0) {
        est_i_text_append(&words, "The labels call these values missing; declared, they are:");
        end_comment(p, &words);
        if (write_numbers(&words, &entry->special, found.n, found.list) > 0 && !words.failed)
            write_key(p, ";", "special", words.data);
    }
    free(found.list);
    est_i_text_free(&words);
}

/* Sections */

static const est_i_codebook_input *input_of(const proposal *p, size_t column)
{
    const est_i_codebook_input *found = NULL;
    for (size_t i = 0; i < p->resolved.n_inputs && !found; i++)
        if (p->resolved.inputs[i].column == column)
            found = &p->resolved.inputs[i];
    return found;
}

static bool shows_values(est_i_role_kind kind)
{
    return kind == EST_I_KIND_YES_NO || kind == EST_I_KIND_CATEGORY || kind == EST_I_KIND_LABEL || kind == EST_I_KIND_COLUMN;
}

static void write_column(proposal *p, size_t column, const est_i_codebook_entry *entry, est_i_role_kind kind)
{
    const est_i_column_seen *seen = seen_of(p, column);
    const est_i_codebook_input *input = input_of(p, column);
    est_i_text words = {0};
    if (!seen)
        return;
    describe_column(p, seen, &words);
    if (seen->special > 0)
        est_i_text_printf(&words, "; declared special: %lld", seen->special);
    end_comment(p, &words);
    if (shows_values(kind))
        write_values(p, seen);
    if (input && input->rule.column)
        write_faults(p, input, seen);
    else if (entry && (kind == EST_I_KIND_LABEL))
        write_labelled(p, entry, seen);
    est_i_text_free(&words);
}

/* The keys of a section as its preset has them, but for where it is read from. */
static void write_keys(proposal *p, const char *before, const est_i_codebook_entry *entry)
{
    static const char *const left_out[] = {"column", "value", "required"};
    for (size_t k = 0; k < entry->section->n_keys; k++) {
        const est_i_ini_key *key = &entry->section->keys[k];
        bool out = false;
        for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++)
            out = out || strcmp(left_out[i], key->name) == 0;
        if (!out)
            write_key(p, before, key->name, key->value);
    }
}

static void write_heading(proposal *p, const char *before, const est_i_codebook_entry *entry)
{
    est_i_text words = {0};
    est_i_text_printf(&p->text, "\n%s[%s %s]\n", before, entry->section->kind, entry->section->name);
    if (entry->role) {
        est_i_text_printf(&words, "%s (%s)", entry->role->title, est_i_role_kind_word(entry->role->kind));
        if (*entry->role->note)
            est_i_text_printf(&words, ": %s", entry->role->note);
        end_comment(p, &words);
    }
    est_i_text_free(&words);
}

static void write_role(proposal *p, const est_i_codebook_use *use)
{
    const est_i_codebook_entry *entry = use->entry;
    write_heading(p, "", entry);
    if (use->has_column) {
        write_column(p, use->column, entry, entry->kind);
        write_key(p, "", "column", est_source_column_name(p->source, use->column));
    } else if (*entry->value) {
        for (size_t i = 0; i < p->resolved.n_inputs; i++)
            if (p->resolved.inputs[i].named_by == entry)
                write_column(p, p->resolved.inputs[i].column, NULL, EST_I_KIND_COLUMN);
        write_key(p, "", "value", use->expression);
    }
    write_keys(p, "", entry);
}

/* A role whose column the file lacks: left to be filled in if nothing can be done without it, else a comment. */
static void write_lacking(proposal *p, const est_i_codebook_use *use)
{
    const est_i_codebook_entry *entry = use->entry;
    const char *before = entry->required ? "" : ";";
    est_i_text words = {0};
    write_heading(p, before, entry);
    est_i_text_printf(&words, "%sthe file has no %s, which the preset reads.%s", entry->required ? DECIDE : "", use->lacks,
                      entry->required ? " Write the column that holds it." : "");
    end_comment(p, &words);
    if (*entry->value && !entry->required)
        write_key(p, before, "value", entry->value);
    else
        write_key(p, before, "column", entry->required ? "" : entry->column);
    write_keys(p, before, entry);
    est_i_text_free(&words);
}

/* Candidates of a role by name and label, with what they hold; the number of them. */
static size_t write_candidates(proposal *p, const char *role)
{
    size_t n = 0;
    est_i_text words = {0};
    for (size_t i = 0; i < p->n_seen; i++) {
        const est_i_column_seen *seen = &p->seen[i];
        const char *why = est_i_codebook_candidate(role, est_source_column_name(p->source, seen->column),
                                                   est_i_source_variable_label(p->source, seen->column));
        if (!why)
            continue;
        est_i_text_append(&words, "candidate ");
        describe_column(p, seen, &words);
        est_i_text_printf(&words, " (%s)", why);
        end_comment(p, &words);
        n++;
    }
    est_i_text_free(&words);
    return n;
}

/* The one candidate that has as many values as the survey has strata; NULL if there is none, or more. */
static const char *counted_strata(const proposal *p, const char *expected, size_t *fitting)
{
    const char *name = NULL;
    double wanted = NAN;
    *fitting = 0;
    if (!est_i_number_parse(expected, strlen(expected), &wanted))
        return NULL;
    for (size_t i = 0; i < p->n_seen; i++) {
        const char *column = est_source_column_name(p->source, p->seen[i].column);
        bool likely = est_i_codebook_candidate("strata", column, est_i_source_variable_label(p->source, p->seen[i].column)) != NULL;
        if (likely && !p->seen[i].many && (double)p->seen[i].distinct.count == wanted) {
            name = column;
            (*fitting)++;
        }
    }
    return *fitting == 1 ? name : NULL;
}

static void write_strata(proposal *p)
{
    const char *expected = est_i_codebook_fact(p->codebook, "strata-expected");
    size_t fitting = 0;
    const char *name = counted_strata(p, expected, &fitting);
    est_i_text words = {0};
    est_i_text_append(&p->text, "\n[role strata]\n");
    write_comment(p, "strata of the sample design. They are never guessed from a name: the column must have as many different "
                     "values as the survey's report says there are strata.");
    size_t candidates = write_candidates(p, "strata");
    if (name) {
        est_i_text_printf(&words, "%s is the only candidate with the %s values that are expected.", name, expected);
    } else {
        est_i_text_printf(&words,
                          DECIDE
                          "%s%s%s Write the column, or in its place: absent = yes, if the sample had no strata. Strata that are "
                          "crossings can be an expression: value = v024 * 10 + v025",
                          *expected ? "expected are " : "the number of strata stands in the survey's report.", expected,
                          !*expected    ? ""
                          : fitting > 1 ? " values, and more than one candidate has them."
                          : candidates  ? " values, and no candidate has them."
                                        : " values, and no column looks like strata by its name or label.");
    }
    end_comment(p, &words);
    write_key(p, "", "column", name ? name : "");
    est_i_text_free(&words);
}

/* Without a preset: the roles that every survey may have. */
static void write_bare(proposal *p)
{
    static const char *const design[] = {"weight", "psu"};
    const est_i_codebook_shelf *shelf = p->codebook->shelf;
    for (size_t d = 0; d < 2; d++) {
        est_i_text_printf(&p->text, "\n[role %s]\n", design[d]);
        write_comment(p, est_i_role_title(shelf, design[d]));
        write_candidates(p, design[d]);
        write_comment(p, DECIDE "write the column.");
        write_key(p, "", "column", "");
    }
    write_strata(p);
    est_i_text_append(&p->text, "\n");
    write_comment(p, "Further roles. Take the semicolons of those that the file has away, and write their columns. More roles, of "
                     "single subjects, stand in the presets (est codebook show PRESET).");
    for (size_t r = 0; r < shelf->n_roles; r++) {
        const est_i_role_definition *role = &shelf->roles[r];
        bool written = strcmp(role->name, "strata") == 0 || strcmp(role->name, "weight") == 0 || strcmp(role->name, "psu") == 0;
        if (role->is_common && !written)
            est_i_text_printf(&p->text, "\n; %s (%s)\n;[role %s]\n;column =\n", role->title, est_i_role_kind_word(role->kind),
                              role->name);
    }
}

/* The head */

static void write_facts(proposal *p)
{
    static const char *const asked[][2] = {
        {"title", "what the survey is called on every page"},
        {"source", "where it comes from"},
        {"population", "who is in it, for example children aged 5 to 17 in households"},
        {"geography", "where, for example Kenya"},
        {"period", "when, for example 2022"},
        {"reference-period", "what the questions ask about, for example 7 days"},
        {"weights", "population if they add up to the people, normalised if they add up to the interviews"},
        {"strata-expected", "how many strata the survey's report says there are"},
        {"sample", "which rows of the file are interviews, as a condition: FS17 == 1"},
    };
    est_i_text_append(&p->text, "\n[codebook]\n");
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        bool is_sample = strcmp(asked[i][0], "sample") == 0;
        const char *fact = is_sample && p->resolved.sample ? p->resolved.sample : est_i_codebook_fact(p->codebook, asked[i][0]);
        if (*fact) {
            write_key(p, "", asked[i][0], fact);
        } else {
            est_i_text_printf(&p->text, "; %s: %s\n;%s =\n", asked[i][0], asked[i][1], asked[i][0]);
        }
    }
    for (size_t i = 0; i < est_i_codebook_facts(); i++) {
        const char *key = est_i_codebook_fact_name(i);
        bool others = strcmp(key, "definition") == 0 || strcmp(key, "synthetic") == 0;
        if (others && *est_i_codebook_fact(p->codebook, key))
            write_key(p, "", key, est_i_codebook_fact(p->codebook, key));
    }
}

static void write_head(proposal *p)
{
    est_i_text words = {0};
    est_i_text_printf(&words, "Codebook: which columns of %s mean what.", est_source_name(p->source));
    if (*p->preset)
        est_i_text_printf(&words, " Proposed from the preset %s and from what the file holds (%lld rows).", p->preset, p->rows);
    end_comment(p, &words);
    write_comment(p, "Lines that begin with a semicolon are comments, for you. A section [role NAME] says where that role is: "
                     "column = NAME (a column of the file), value = EXPRESSION (computed from columns), or absent = yes "
                     "(was not asked).");
    write_comment(p, "codes = TEXT:NUMBER says what a value of the file stands for; special = 97, 98, 99 makes those values "
                     "missing; genuine = 98 says that 98 is a number after all; scale = 0.000001 multiplies.");
    write_comment(p, "Look at each line against the questionnaire. Lines below the word DECIDE are left to you: a value that "
                     "nobody has declared stops every estimate, with the records named. Then: est codebook check THIS-FILE DATA");
    est_i_text_free(&words);
}

/* Reading */

static est_status watch(proposal *p, size_t column, const est_i_view_input *rule, est_error *error)
{
    for (size_t i = 0; i < p->n_seen; i++)
        if (p->seen[i].column == column) {
            p->seen[i].rule = rule ? rule : p->seen[i].rule;
            return EST_OK;
        }
    est_i_column_seen *grown = realloc(p->seen, (p->n_seen + 1) * sizeof *grown);
    if (!grown)
        return est_i_no_memory(error);
    p->seen = grown;
    grown[p->n_seen] = (est_i_column_seen){.column = column, .rule = rule};
    p->n_seen++;
    return EST_OK;
}

static est_status see_columns(proposal *p, const est_context *context, est_error *error)
{
    static const char *const design[] = {"strata", "weight", "psu"};
    est_i_monitor monitor;
    est_status status = EST_OK;
    for (size_t i = 0; i < p->resolved.n_uses && status == EST_OK; i++)
        if (p->resolved.uses[i].has_column)
            status = watch(p, p->resolved.uses[i].column, NULL, error);
    for (size_t i = 0; i < p->resolved.n_inputs && status == EST_OK; i++)
        status = watch(p, p->resolved.inputs[i].column, &p->resolved.inputs[i].rule, error);
    for (size_t c = 0; c < est_source_columns(p->source) && status == EST_OK; c++) {
        const char *name = est_source_column_name(p->source, c), *label = est_i_source_variable_label(p->source, c);
        for (size_t d = 0; d < (*p->preset ? 1 : 3) && status == EST_OK; d++)
            if (est_i_codebook_candidate(design[d], name, label))
                status = watch(p, c, NULL, error);
    }
    est_i_monitor_start(&monitor, context);
    est_i_monitor_stage(&monitor, "reading", 0, 1);
    if (status == EST_OK)
        status = est_i_columns_see(p->source, p->n_seen, p->seen, context ? context->threads : 1, &monitor, &p->rows, error);
    return status;
}

static void write_sections(proposal *p)
{
    bool strata = est_i_codebook_find(p->codebook, "role", "strata") != NULL;
    for (size_t i = 0; i < p->codebook->n_entries; i++) {
        const est_i_codebook_entry *entry = &p->codebook->entries[i];
        const est_i_codebook_use *use = NULL;
        for (size_t u = 0; u < p->resolved.n_uses && entry->role && !use; u++)
            use = p->resolved.uses[u].entry == entry ? &p->resolved.uses[u] : NULL;
        if (use && entry->state == EST_I_ROLE_UNMAPPED)
            write_lacking(p, use);
        else if (use)
            write_role(p, use);
        else if (!entry->role) {
            long column = est_i_codebook_column(p->source, entry->column);
            const char *before = column < 0 ? ";" : "";
            est_i_text_printf(&p->text, "\n%s[column %s]\n", before,
                              column < 0 ? entry->column : est_source_column_name(p->source, (size_t)column));
            if (column >= 0)
                write_column(p, (size_t)column, entry, EST_I_KIND_COLUMN);
            write_keys(p, before, entry);
        }
        /* The design stands together. */
        if (use && strcmp(entry->section->name, "weight") == 0 && !strata)
            write_strata(p);
        strata = strata || (use && strcmp(entry->section->name, "weight") == 0);
    }
    if (!strata)
        write_strata(p);
}

static est_status write_proposal(proposal *p, char **text, est_error *error)
{
    write_head(p);
    write_facts(p);
    if (*p->preset)
        write_sections(p);
    else
        write_bare(p);
    *text = p->text.failed ? NULL : est_i_text_take(&p->text);
    return *text ? EST_OK : est_i_no_memory(error);
}

est_status est_codebook_propose(est_source *source, const char *preset, const est_context *context, char **text, est_error *error)
{
    est_i_codebook bare = {.name = (char *)""};
    proposal p = {.source = source, .preset = preset ? preset : "", .codebook = &bare};
    est_i_codebook *opened = NULL;
    *text = NULL;
    est_error_clear(error);
    est_status status = *p.preset ? est_i_codebook_open(p.preset, &opened, error) : EST_OK;
    if (status == EST_EFILE && !strchr(p.preset, '/') && !strstr(p.preset, ".ini")) {
        status = EST_EOPTION;
        if (error)
            error->code = status;
    }
    bare.shelf = est_i_codebook_shelf_new();
    if (status == EST_OK && !bare.shelf)
        status = est_i_no_memory(error);
    if (opened)
        p.codebook = opened;
    if (status == EST_OK)
        status = est_i_codebook_resolve(p.codebook, source, true, &p.resolved, error);
    if (status == EST_OK)
        status = see_columns(&p, context, error);
    if (status == EST_OK)
        status = write_proposal(&p, text, error);
    est_i_columns_clear(p.n_seen, p.seen);
    free(p.seen);
    est_i_text_free(&p.text);
    est_i_codebook_resolved_clear(&p.resolved);
    est_i_codebook_shelf_free(bare.shelf);
    est_i_codebook_free(opened);
    return status;
}
