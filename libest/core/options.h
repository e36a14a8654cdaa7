/* Option tables: one row an option, its default in it. */
#ifndef EST_I_CORE_OPTIONS_H
#define EST_I_CORE_OPTIONS_H

#include <stddef.h>

#include <est/method.h>

/* Fills an options struct from the defaults of its table. Texts point to the table. The table must be right: asserted by a
 * test over every registered method. */
void est_i_options_default(const est_option_spec *specs, size_t count, void *options);

/* Parses one value as its spec says and stores it in the struct (texts are borrowed). EST_EOPTION names option, found, expected. */
est_status est_i_option_store(const est_option_spec *spec, const char *value, void *options, est_error *error);

/* Every option of a struct that a C program filled by hand: ranges, choices, NaN, NULL texts. */
est_status est_i_options_check(const est_option_spec *specs, size_t count, const void *options, est_error *error);

/* The options struct of a run, every option and the whole checked. `options` NULL = defaults, made into *made, which the caller frees. */
est_status est_i_method_values(const est_method *method, const est_options *options, est_options **made, const void **values,
                               est_error *error);

/* The value of one option as text, in a new string (NULL without memory). Tables give their name. */
char *est_i_option_text(const est_option_spec *spec, const void *options);

/* Name of the chosen word of a choice; "" if out of range. Written into buffer. */
const char *est_i_choice_word(const char *choices, int index, char buffer[32]);

#endif
