/* Results that est has written as JSON (schema est-result/1) as sources: one row an estimate.
 *
 * Columns, in this order: estimand; one for each name of a label that any row has, in the order of appearance; model, estimate, se,
 * lower, upper, level, df, interval, n, n_weighted, flags (names parted by a blank), population, period, definition, geography,
 * ages, reference_period, unit; and of the file as a whole, the same in every row: method, title, data_public, synthetic, internal
 * (0 or 1). A label's column has the label's name. Where that name is taken, "domain:" stands before it: the label "period" of a
 * trend is in "domain:period", while "period" is the period that the row tells of itself.
 *
 * null is a missing number: undefined and infinite are told apart by the flags, as in the file. A row that was withheld stays, with
 * its estimate missing. An empty text is an empty field, a label that a row does not have is NA.
 * data_public is 1 where the file shows that its data were public: writers give the name of the data of no other file that is not
 * for internal use. A result for internal use is never public, whatever its data. Both marks of the file, synthetic and internal,
 * are found from its banners; a banner that is not known is refused. */
#ifndef EST_I_DATA_JSON_RESULT_H
#define EST_I_DATA_JSON_RESULT_H

#include <stdbool.h>

#include "data/source_parts.h"

extern const est_i_source_kind est_i_json_kind;

/* Is it the name of a column that every such source has? All others are labels. */
bool est_i_json_is_fixed(const char *column);

/* The name of the label in such a column: without "domain:". */
const char *est_i_json_label_name(const char *column);

#endif
