/* Years, months and days as spans on a line counted in months, so that whole years and months are exact. */
#ifndef EST_I_DATA_DATES_H
#define EST_I_DATA_DATES_H

#include <stdbool.h>
#include <stddef.h>

/* From the start to the instant after the end: 2010 is [24120, 24132). NaN = not known. */
typedef struct est_i_span {
    double start, end;
} est_i_span;

/* "YYYY", "YYYY-MM" or "YYYY-MM-DD". */
bool est_i_date_read(const char *text, est_i_span *span);
/* A label of a period: "YYYY", "YYYY-MM", "YYYY-YYYY" or "YYYY/YYYY". */
bool est_i_label_read(const char *text, est_i_span *span);
/* "2014-2010" */
bool est_i_label_reversed(const char *text);
/* Where the label begins and how long it is without the blanks around it, which do not belong to it. */
const char *est_i_label_trim(const char *text, size_t *length);
/* One period, whatever the blanks around the labels. */
bool est_i_label_same(const char *left, const char *right);

#endif
