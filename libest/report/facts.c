/* What is told about the numbers: facts by group, and the options that are not at their default. */
#include <stdlib.h>
#include <string.h>

#include <est/method.h>

#include "core/options.h"
#include "report/table_layout.h"
#include "report/writer.h"

const est_fact *est_i_fact(const est_result *result, const char *group, size_t index)
{
    for (size_t i = 0; i < est_result_facts(result); i++) {
        const est_fact *fact = est_result_fact(result, i);
        if (strcmp(fact->group, group) == 0 && index-- == 0)
            return fact;
    }
    return NULL;
}

size_t est_i_facts(const est_result *result, const char *group)
{
    size_t count = 0;
    while (est_i_fact(result, group, count))
        count++;
    return count;
}

#define OPTION "option:"

const char *est_i_option_name(const est_provenance *entry)
{
    return strncmp(entry->name, OPTION, sizeof OPTION - 1) == 0 ? entry->name + sizeof OPTION - 1 : NULL;
}

bool est_i_option_is_default(const est_result *result, const est_provenance *entry)
{
    const est_method *method = est_method_find(est_result_method(result));
    const char *name = est_i_option_name(entry);
    bool same = false;
    void *values = method && name ? calloc(1, method->options_size ? method->options_size : 1) : NULL;
    if (values) {
        est_i_options_default(method->options, method->n_options, values);
        for (size_t i = 0; i < method->n_options && !same; i++) {
            char *text = strcmp(method->options[i].name, name) == 0 ? est_i_option_text(&method->options[i], values) : NULL;
            same = text && strcmp(text, entry->value) == 0;
            free(text);
        }
    }
    free(values);
    return same;
}

void est_i_say_other_options(const est_result *result, est_i_text *output)
{
    size_t count = 0;
    for (size_t i = 0; i < est_result_provenances(result); i++) {
        const est_provenance *entry = est_result_provenance(result, i);
        count += est_i_option_name(entry) && est_i_provenance_shown(result, entry) && est_i_option_is_default(result, entry);
    }
    if (count)
        est_i_text_printf(output, "%zu at their defaults (est methods %s)", count, est_result_method(result));
}
