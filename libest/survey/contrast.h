/* Contrasts of domains: "sex=f - sex=m", "0.5 * r=1 + 0.5 * r=2 - r=3", "v190=1 / v190=5"; "all" is the whole. */
#ifndef EST_I_SURVEY_CONTRAST_H
#define EST_I_SURVEY_CONTRAST_H

#include "core/text.h"
#include "survey/sample.h"

#define EST_I_CONTRAST_MAX 64

typedef struct est_i_contrast {
    bool is_ratio; /* of two domains; otherwise the sum of coefficient times domain */
    size_t count;
    size_t domain[EST_I_CONTRAST_MAX]; /* EST_I_WHOLE: all */
    double coefficient[EST_I_CONTRAST_MAX];
} est_i_contrast;

/* One contrast of `length` bytes, over the domains of a sample that is known. A domain names every `by` column once, parted by
 * commas; values as in the file or by their labels, in quotes if they hold blanks or signs. EST_EOPTION: what was found and where. */
est_status est_i_contrast_parse(const char *text, size_t length, const est_i_sample *sample, est_i_contrast *contrast, est_error *error);

/* The contrast in one form, whatever it was asked by (a code, "01" for 1): with the values of the page. Suppression finds domains in
 * it. */
void est_i_contrast_text(const est_i_contrast *contrast, const est_i_sample *sample, est_i_text *text);

#endif
