/* Building a result. Every text and array is copied; a failed allocation is remembered and reported by _finish. */
#ifndef EST_I_CORE_RESULT_H
#define EST_I_CORE_RESULT_H

#include <stdbool.h>
#include <stddef.h>

#include <est/context.h>
#include <est/error.h>
#include <est/method.h>
#include <est/result.h>

typedef struct est_i_result_builder est_i_result_builder;

/* NULL without memory; all functions below accept NULL (and then do nothing), so one check at the end is enough. */
est_i_result_builder *est_i_result_begin(const char *method_id, const char *title);

/* A row with all numbers NaN and all texts "". Set fields, then add it. */
est_row est_i_row_empty(const char *estimand);
void est_i_result_add_row(est_i_result_builder *builder, const est_row *row);

void est_i_result_add_stat(est_i_result_builder *builder, const char *name, double value, bool is_count);
void est_i_result_add_stat_text(est_i_result_builder *builder, const char *name, const char *text);

/* Starts a frame; then cells are added row by row, left to right. print_rows as in est_frame. */
void est_i_result_frame(est_i_result_builder *builder, const char *name, const char *title, size_t n_columns,
                        const char *const *columns, const est_column_role *roles, size_t print_rows);
/* Digits behind the point of each column of the frame just started, on pages for people: -1 = by the size of the number. */
void est_i_result_frame_decimals(est_i_result_builder *builder, const int *decimals);
/* Cases of the smallest group behind the measures of fit of the frame just started (est_frame.fewest). */
void est_i_result_frame_fewest(est_i_result_builder *builder, double fewest);
/* The line of the frame that begins now tells of that row of the result (its index): suppression withholds it with the row. */
void est_i_result_frame_about(est_i_result_builder *builder, size_t row);
void est_i_result_cell(est_i_result_builder *builder, double number);
void est_i_result_cell_text(est_i_result_builder *builder, const char *text);

/* Also told to the context's note callback at once (context may be NULL). */
void est_i_result_note(est_i_result_builder *builder, const est_context *context, est_severity severity, const char *code,
                       const char *format, ...) EST_PRINTF(5, 6);

/* The same, with what may be published of it where something is withheld from the result ("" = nothing): for notes with numbers or
 * names of small groups. It holds for results whose profile is one of surveys. */
void est_i_result_note_public(est_i_result_builder *builder, const est_context *context, est_severity severity, const char *code,
                              const char *public_message, const char *format, ...) EST_PRINTF(6, 7);

/* A column of EST_ROLE_PRIVATE. */
bool est_i_frame_is_private(const est_frame *frame);

/* How many rows there are so far: the index of the next. */
size_t est_i_result_row_count(const est_i_result_builder *builder);
/* The result as far as it is built, to read; NULL after a failure. */
const est_result *est_i_result_so_far(const est_i_result_builder *builder);

/* The frame "sampling_errors" of the rows so far that have a weighted n, as DHS reports print it (core/sampling_errors.c). */
void est_i_result_sampling_errors(est_i_result_builder *builder);

void est_i_result_add_chart(est_i_result_builder *builder, const est_chart *chart);
void est_i_result_add_provenance(est_i_result_builder *builder, const char *name, const char *value, bool is_private);
/* A line of the box "Definition", the title of a table, a benchmark: est_fact. An empty value adds nothing, nor does
 * one that is there already. */
void est_i_result_add_fact(est_i_result_builder *builder, const char *group, const char *name, const char *value);
/* One provenance entry for each option of the method, resolved ("option:max-order" = "3"). */
void est_i_result_add_options(est_i_result_builder *builder, const est_method *method, const void *options);
void est_i_result_mark(est_i_result_builder *builder, bool is_public, bool is_synthetic, bool is_internal);

/* The profile of est_suppression by which the result is made ready unless another is asked for. Not called: "counts". Surveys
 * say "dhs". */
void est_i_result_profile(est_i_result_builder *builder, const char *profile);

/* The smallest count of people in any cell of the data behind the result, zeros of possible cells included. It is never written
 * out; suppression asks it whether exact numbers could give a small count back. */
void est_i_result_smallest_count(est_i_result_builder *builder, double count);

/* For suppression. The rows whose `ages` are this name are about people of these ages, in completed years, both among them (infinite =
 * open): so it knows which age groups overlap and which add up. Such rows may have a label "age" of the same value or none; it is
 * then no label like others. */
void est_i_result_add_ages(est_i_result_builder *builder, const char *name, double youngest, double oldest);
/* The estimand (and ESTIMAND_number) is the share of the cases who are of these ages: its numerator is a number of cases of a domain. */
void est_i_result_add_age_share(est_i_result_builder *builder, const char *estimand, double youngest, double oldest);

/* Memory ran out on the caller's side: _finish will say so. */
void est_i_result_no_memory(est_i_result_builder *builder);

/* Hands the result over and frees the builder, whatever the outcome. EST_ENOMEM if anything failed. */
est_status est_i_result_finish(est_i_result_builder *builder, est_result **result, est_error *error);
/* Drops an unfinished result. NULL is allowed. */
void est_i_result_abandon(est_i_result_builder *builder);

#endif
