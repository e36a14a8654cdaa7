/* Years, months and days as spans on a line counted in months, so that whole years and months are exact. */
#ifndef EST_I_DATA_DATES_H
#define EST_I_DATA_DATES_H

#include <stdbool.h>

/* From the start to the instant after the end: 2010 is [24120, 24132). NaN = not known. */
typedef struct est_i_span {
    double start, end;
} est_i_span;

/* "YYYY", "YYYY-MM" or "YYYY-MM-DD". */
bool est_i_date_read(const char *text, est_i_span *span);
/* A label of a period: "YYYY", "YYYY-MM", "YYYY-YYYY" or "YYYY/YYYY". */
bool est_i_label_read(const char *text, est_i_span *span);

#endif
