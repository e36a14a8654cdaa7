/* The box "Definition": what was measured, in words, with every threshold; and the titles of estimands. */
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "indicators/indicator.h"

static void fact(est_i_indicator_run *run, const char *name, const char *value)
{
    est_i_result_add_fact(run->builder, "definition", name, value);
}

/* A key of [definition] in one line. */
static void line_fact(est_i_indicator_run *run, const char *name, const char *key)
{
    char *line = est_i_definition_line(est_i_ini_find(&run->definition.rules, "definition", ""), key);
    if (line)
        fact(run, name, line);
    else
        est_i_result_no_memory(run->builder);
    free(line);
}

static bool is_shown(const est_i_indicator_run *run, const est_i_ini_section *section)
{
    bool shown = false;
    for (size_t i = 0; i < run->n_items && !shown; i++)
        shown = run->items[i].section == section;
    return shown;
}

/* "Child labour in economic activities: works and over_hours"; those of a group share a where and have rules of one role. */
static void add_rules(est_i_indicator_run *run)
{
    size_t index = 0;
    const est_i_ini_section *section;
    while ((section = est_i_ini_next(&run->definition.rules, "indicator", &index)) != NULL) {
        char *value = est_i_definition_line(section, "value"), *where = est_i_definition_line(section, "where");
        est_i_text text = {0}, name = {0};
        est_i_text_printf(&name, "Rule: %s", section->name);
        est_i_text_printf(&text, "%s%s%s", value ? value : "", where && *where ? "; among those with " : "", where ? where : "");
        bool shown = is_shown(run, section) && !*est_i_ini_value(section, "group");
        if (!value || !where || name.failed || text.failed)
            est_i_result_no_memory(run->builder);
        else if (shown)
            fact(run, name.data, text.data);
        est_i_text_free(&text);
        est_i_text_free(&name);
        free(value);
        free(where);
    }
}

/* "Rule: hours_over": "5-11: hours_economic >= 1; 12-14: ...". */
static void add_cases(est_i_indicator_run *run)
{
    size_t index = 0;
    const est_i_ini_section *cases;
    while ((cases = est_i_ini_next(&run->definition.rules, "cases", &index)) != NULL) {
        est_i_text text = {0}, name = {0};
        est_i_text_printf(&name, "Rule: %s", cases->name);
        for (size_t i = 0; i < cases->n_keys; i++)
            if (strcmp(cases->keys[i].name, "title") != 0)
                est_i_text_printf(&text, "%sage %s: %s", text.length ? "; " : "", cases->keys[i].name, cases->keys[i].value);
        for (char *c = text.data; c && *c; c++)
            if (*c == '\n')
                *c = ' ';
        if (name.failed || text.failed || !text.data)
            est_i_result_no_memory(run->builder);
        else
            fact(run, name.data, text.data);
        est_i_text_free(&text);
        est_i_text_free(&name);
    }
}

/* The value in use: that of --set, else the definition's. */
static void append_parameter(const est_i_indicator_run *run, const est_i_ini_section *parameter, est_i_text *text)
{
    const char *value = est_i_ini_value(parameter, "value"), *title = est_i_ini_value(parameter, "title");
    char *word = NULL, *set = NULL;
    size_t length = strlen(parameter->name);
    for (const char *at = run->options->set; !set && est_i_definition_word(&at, ",", &word);) {
        if (word && strncmp(word, parameter->name, length) == 0 && word[length] == '=')
            set = est_i_string_copy(word + length + 1);
        free(word);
    }
    est_i_text_printf(text, "%s%s = %s (%s)", text->length ? "; " : "", parameter->name, set ? set : value, title);
    free(set);
}

/* Numbers that no source gives are told as the analyst's choice. */
static void add_parameters(est_i_indicator_run *run)
{
    est_i_text choices = {0}, others = {0};
    size_t index = 0;
    const est_i_ini_section *parameter;
    while ((parameter = est_i_ini_next(&run->definition.rules, "parameter", &index)) != NULL)
        append_parameter(run, parameter, strcmp(est_i_ini_value(parameter, "choice"), "yes") == 0 ? &choices : &others);
    if (choices.failed || others.failed)
        est_i_result_no_memory(run->builder);
    if (choices.length)
        fact(run, "Analyst's choice, not in the source", choices.data);
    if (others.length)
        fact(run, "Parameters", others.data);
    est_i_text_free(&choices);
    est_i_text_free(&others);
}

static void add_definition_notes(est_i_indicator_run *run)
{
    const est_i_ini_section *definition = est_i_ini_find(&run->definition.rules, "definition", "");
    for (size_t i = 0; definition && i < definition->n_keys; i++)
        if (strncmp(definition->keys[i].name, "note", 4) == 0)
            line_fact(run, "Note", definition->keys[i].name);
}

static void add_reference_period(est_i_indicator_run *run)
{
    bool declared = strcmp(est_i_definition_fact(&run->definition, "reference-period"), "declared") == 0;
    if (declared)
        fact(run, "Reference period", est_i_codebook_fact(run->codebook, "reference-period"));
    else
        line_fact(run, "Reference period", "reference-period");
}

/* "title" and "title, number of people", by the names that rows carry. */
static void add_titles(est_i_indicator_run *run)
{
    const est_i_ini_section *last = NULL;
    for (size_t i = 0; i < run->n_items; i++) {
        const est_i_item *item = &run->items[i];
        char *title = est_i_definition_line(item->section, "title");
        const char *group = est_i_ini_value(item->section, "group");
        est_i_text name = {0}, value = {0};
        bool median = item->kind == EST_I_ITEM_MEDIAN, share = !median && item->kind != EST_I_ITEM_MEAN;
        if (item->use == EST_I_USE_INDICATOR && item->section != last) {
            bool shown = *group && !strchr(group, '(');
            est_i_text_printf(&value, "%s%s%s%s", title ? title : "", shown ? " (" : "", shown ? group : "", shown ? ")" : "");
            est_i_text_printf(&name, "%s%s", item->section->name, median ? "_as_printed" : "_number");
            bool good = title && !name.failed && !value.failed;
            if (good)
                est_i_result_add_fact(run->builder, "estimand", item->section->name, value.data);
            else
                est_i_result_no_memory(run->builder);
            est_i_text_append(&value, median ? ", as the DHS prints it" : ", number of people");
            if (good && !value.failed && (median || (share && item->number)))
                est_i_result_add_fact(run->builder, "estimand", name.data, value.data);
        }
        last = item->use == EST_I_USE_INDICATOR ? item->section : last;
        est_i_text_free(&name);
        est_i_text_free(&value);
        free(title);
    }
}

const char *est_i_indicator_file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

void est_i_indicator_facts(est_i_indicator_run *run)
{
    const est_definition *about = run->definition.about;
    est_i_text text = {0};
    line_fact(run, "What counts", "definition");
    est_i_text_printf(&text, "%s (%s)%s%s", about->title, about->id, run->changed.length ? ", changed: " : "",
                      run->changed.length ? run->changed.data : "");
    if (!text.failed)
        fact(run, "Definition", text.data);
    est_i_text_free(&text);
    if (strcmp(about->status, "default") != 0)
        fact(run, "Status", about->status);
    fact(run, "Version", about->version);
    line_fact(run, "Population", "population");
    if (*run->options->where)
        fact(run, "Condition", run->options->where);
    if (*run->options->ages)
        fact(run, "Ages", run->options->ages);
    else
        line_fact(run, "Ages", "ages");
    fact(run, "Geography", est_i_codebook_fact(run->codebook, "geography"));
    fact(run, "Period", est_i_codebook_fact(run->codebook, "period"));
    add_reference_period(run);
    add_rules(run);
    add_cases(run);
    add_parameters(run);
    add_definition_notes(run);
    fact(run, "Source", about->source);
    fact(run, "Codebook", est_i_indicator_file_name(est_i_codebook_name(run->codebook)));
    add_titles(run);
}
