#include "survey/contrast.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "survey/totals.h"

typedef struct reading {
    const char *text, *at, *end;
    const est_i_sample *sample;
    est_error *error;
    est_i_text name, value;
    const char *open_quote; /* a quotation mark without another */
} reading;

#define SHOWN_MAX 80 /* bytes of a text in a message */

/* How much of a text is shown: never part of a character. */
static int shown(const char *from, const char *end)
{
    size_t length = (size_t)(end - from);
    if (length > SHOWN_MAX) {
        length = SHOWN_MAX;
        while (length > 0 && ((unsigned char)from[length] & 0xC0u) == 0x80u)
            length--;
    }
    return (int)length;
}

/* from: where the fault begins; end: where it ends. */
static est_status fail(const reading *r, const char *from, const char *end, const char *expected)
{
    while (from < end && *from == ' ')
        from++;
    int whole = shown(r->text, r->end), part = shown(from, end);
    const char *more = whole < r->end - r->text ? "..." : "", *rest = part < end - from ? "..." : "";
    return from == end ? est_i_fail(r->error, EST_EOPTION, "option --contrast: '%.*s%s': found the end, expected %s", whole, r->text, more,
                                    expected)
                       : est_i_fail(r->error, EST_EOPTION, "option --contrast: '%.*s%s': found '%.*s%s', expected %s", whole, r->text, more,
                                    part, from, rest, expected);
}

static void skip(reading *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
        r->at++;
}

static bool take(reading *r, char sign)
{
    skip(r);
    bool there = r->at < r->end && *r->at == sign;
    r->at += there;
    return there;
}

/* A word up to a sign that ends it, or a text in quotes. A minus ends a word only after a blank: "2005-09" is a value. */
static bool word(reading *r, const char *ends, est_i_text *out)
{
    skip(r);
    out->length = 0;
    est_i_text_append(out, "");
    char quote = r->at < r->end && (*r->at == '"' || *r->at == '\'') ? *r->at : '\0';
    const char *from = r->at + (quote != '\0');
    const char *at = from;
    while (at < r->end && (quote ? *at != quote : !strchr(ends, *at) && !(*at == ' ' && at + 1 < r->end && strchr("+-/* ", at[1]))))
        at++;
    size_t length = (size_t)(at - from);
    if (quote && at == r->end)
        r->open_quote = from - 1;
    while (!quote && length > 0 && from[length - 1] == ' ')
        length--;
    est_i_text_append_bytes(out, from, length);
    r->at = at + (quote && at < r->end);
    return out->length > 0 && !out->failed;
}

static bool same_value(const est_i_sample *sample, size_t domain, size_t by, const char *value)
{
    const char *shown = est_i_sample_domain_value(sample, domain, by), *plain = est_i_sample_domain_code(sample, domain, by);
    double a, b;
    return shown && (strcmp(shown, value) == 0 || strcmp(plain, value) == 0 ||
                     (est_i_number_parse(plain, strlen(plain), &a) && est_i_number_parse(value, strlen(value), &b) && a == b));
}

/* Narrows the candidates to those with the value; false if the column is no `by` column or was named already. */
static bool narrow(const reading *r, bool *named, bool *candidate)
{
    const est_i_sample_plan *plan = est_i_sample_get_plan(r->sample);
    size_t by = 0;
    while (by < plan->n_by && strcmp(plan->by[by], r->name.data) != 0)
        by++;
    if (by == plan->n_by || named[by])
        return false;
    named[by] = true;
    for (size_t d = 0; d < est_i_sample_domains(r->sample); d++)
        candidate[d] = candidate[d] && same_value(r->sample, d, by, r->value.data);
    return true;
}

static est_status choose(const reading *r, const char *from, const bool *named, const bool *candidate, size_t *domain)
{
    const est_i_sample_plan *plan = est_i_sample_get_plan(r->sample);
    size_t found = 0;
    for (size_t by = 0; by < plan->n_by; by++)
        if (!named[by])
            return fail(r, from, r->at, "every column of --by in each domain, as in 'county=1,sex=f'");
    for (size_t d = 0; d < est_i_sample_domains(r->sample); d++) {
        if (candidate[d] && !est_i_sample_domain_is_missing(r->sample, d)) {
            *domain = d;
            found++;
        }
    }
    return found == 1 ? EST_OK
                      : fail(r, from, r->at, found ? "one domain: two have this value"
                                                   : "a domain that has rows, its value as the table shows it; before a minus stands a "
                                                     "blank, for it may be part of a value");
}

static est_status read_domain(reading *r, bool *candidate, size_t *domain)
{
    bool named[64] = {false}, more = true;
    est_status status = EST_OK;
    skip(r);
    const char *from = r->at;
    if (r->end - r->at >= 3 && memcmp(r->at, "all", 3) == 0 && (r->end - r->at == 3 || strchr(" +-/", r->at[3]))) {
        r->at += 3;
        *domain = EST_I_WHOLE;
        return EST_OK;
    }
    for (size_t d = 0; d < est_i_sample_domains(r->sample); d++)
        candidate[d] = true;
    while (more && status == EST_OK) {
        bool good = word(r, "=,+/*", &r->name) && take(r, '=') && word(r, ",+/*", &r->value);
        if (r->open_quote)
            status = fail(r, r->open_quote, r->end, "a text in quotes with its closing mark");
        else if (!good)
            status = fail(r, from, r->end, "a domain, column=value, with a column of --by");
        else if (!narrow(r, named, candidate))
            status = fail(r, from, r->at, "a column of --by, each once");
        more = status == EST_OK && take(r, ',');
    }
    return status == EST_OK ? choose(r, from, named, candidate, domain) : status;
}

/* "0.5 *" before a domain. */
static double read_coefficient(reading *r)
{
    const char *before;
    double value = 1;
    skip(r);
    before = r->at;
    while (r->at < r->end && strchr("0123456789.eE", *r->at))
        r->at++;
    const char *after = r->at;
    if (after == before || !take(r, '*') || !est_i_number_parse(before, (size_t)(after - before), &value)) {
        r->at = before;
        value = 1;
    }
    return value;
}

static est_status read_terms(reading *r, bool *candidate, est_i_contrast *contrast)
{
    double sign = take(r, '-') ? -1 : 1;
    est_status status = EST_OK;
    for (bool more = true; more && status == EST_OK;) {
        double coefficient = sign * read_coefficient(r);
        if (contrast->count == EST_I_CONTRAST_MAX)
            return fail(r, r->at, r->end, "at most 64 domains");
        status = read_domain(r, candidate, &contrast->domain[contrast->count]);
        contrast->coefficient[contrast->count++] = coefficient;
        skip(r);
        more = status == EST_OK && r->at < r->end;
        if (more && take(r, '/'))
            contrast->is_ratio = true;
        else if (more && take(r, '-'))
            sign = -1;
        else if (more && take(r, '+'))
            sign = 1;
        else if (more)
            status = fail(r, r->at, r->end, "'-', '+' or '/' between domains");
    }
    return status;
}

est_status est_i_contrast_parse(const char *text, size_t length, const est_i_sample *sample, est_i_contrast *contrast, est_error *error)
{
    reading r = {.text = text, .at = text, .end = text + length, .sample = sample, .error = error};
    bool *candidate = malloc((est_i_sample_domains(sample) + 1) * sizeof *candidate);
    est_status status = EST_OK;
    memset(contrast, 0, sizeof *contrast);
    status = candidate ? read_terms(&r, candidate, contrast) : est_i_no_memory(error);
    if (status == EST_OK && contrast->is_ratio &&
        (contrast->count != 2 || contrast->coefficient[0] != 1 || contrast->coefficient[1] != 1))
        status = fail(&r, r.text, r.end, "a ratio of two domains, without coefficients");
    if (status == EST_OK && contrast->count < 2)
        status = fail(&r, r.text, r.end, "at least two domains");
    free(candidate);
    est_i_text_free(&r.name);
    est_i_text_free(&r.value);
    return status;
}

/* Signs and blanks that would end a value put it in quotes. */
static void append_value(est_i_text *text, const char *value)
{
    bool quoted = !*value || strpbrk(value, ",+/*;\"'") || strstr(value, " -") || strstr(value, "  ") || *value == ' ';
    const char *quote = !quoted ? "" : strchr(value, '\'') ? "\"" : "'";
    est_i_text_printf(text, "%s%s%s", quote, value, quote);
}

void est_i_contrast_text(const est_i_contrast *contrast, const est_i_sample *sample, est_i_text *text)
{
    const est_i_sample_plan *plan = est_i_sample_get_plan(sample);
    for (size_t i = 0; i < contrast->count; i++) {
        double coefficient = contrast->coefficient[i];
        est_i_text_append(text, i && contrast->is_ratio ? " / " : i && coefficient < 0 ? " - " : i ? " + " : coefficient < 0 ? "-" : "");
        if (fabs(coefficient) != 1) {
            est_i_text_number(text, fabs(coefficient));
            est_i_text_append(text, " * ");
        }
        if (contrast->domain[i] == EST_I_WHOLE)
            est_i_text_append(text, "all");
        for (size_t by = 0; by < plan->n_by && contrast->domain[i] != EST_I_WHOLE; by++) {
            est_i_text_printf(text, "%s%s=", by ? "," : "", plan->by[by]);
            append_value(text, est_i_sample_domain_value(sample, contrast->domain[i], by));
        }
    }
}
