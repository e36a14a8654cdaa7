/* Conditions on rows: --where "age >= 5 and age <= 17 and (sex == 'f' or county in (1, 2, 'Nairobi')) and not missing(hours)".
 *
 * Operators: == != < <= > >= (also = and <>), in (...), not in (...), missing(x), and or not (also && || !, and AND OR NOT IN),
 * parentheses. `not` binds tightest, then `and`, then `or`. A column name that is no plain word (letters, digits, _ and .) or is
 * one of the words above stands in backquotes. Texts in single or double quotes, the quotation mark itself twice; numbers without.
 *
 * A column compared with a number is read as a number (text that is no number is then a fault of the scan), one compared with a
 * text as text, in the form it stands in the file; a column used both ways is two fields. Texts are ordered by their bytes, for
 * UTF-8 the order of the code points; an order with a text that is a number ('9') is refused, because '10' stands before it.
 * A list with numbers and texts reads the column as text, and its numbers equal every text that is the same number.
 * Three-valued: a comparison with a missing value is unknown, unknown rows are outside, and are counted.
 */
#ifndef EST_I_DATA_CONDITION_H
#define EST_I_DATA_CONDITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <est/source.h>

#include "data/scan.h"

typedef struct est_i_condition est_i_condition;

/* Parentheses and nots within each other. */
#define EST_I_CONDITION_DEPTH_MAX 200

/* EST_EOPTION with the place in the text (a caret line) for bad syntax, EST_ECOLUMN for an unknown column. */
est_status est_i_condition_parse(const char *text, const est_source *source, est_i_condition **condition, est_error *error);
void est_i_condition_free(est_i_condition *condition);

/* The fields a scan must deliver for it. */
size_t est_i_condition_fields(const est_i_condition *condition);
est_i_field est_i_condition_field(const est_i_condition *condition, size_t index);

typedef enum est_i_truth { EST_I_FALSE = 0, EST_I_TRUE = 1, EST_I_UNKNOWN = 2 } est_i_truth;

/* What remembers, for one chunk, which of the chunk's texts meet which comparison. NULL without memory. The condition must outlive
 * it. */
typedef struct est_i_condition_memory est_i_condition_memory;
est_i_condition_memory *est_i_condition_memory_new(const est_i_condition *condition);
void est_i_condition_memory_free(est_i_condition_memory *memory);

/* truth[row] for a batch; the condition's fields are number first_field and on of the scan. EST_ENOMEM. */
est_status est_i_condition_evaluate(const est_i_condition *condition, est_i_condition_memory *memory, const est_i_scan_batch *batch,
                                    size_t first_field, uint8_t *truth, est_error *error);

#endif
