/* What a column holds: counted from the texts of a chunk and how often each occurs. */
#ifndef EST_I_SURVEY_CHECK_COLUMNS_H
#define EST_I_SURVEY_CHECK_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/codebook.h"
#include "data/dictionary.h"
#include "numerics/double_double.h"

#define EST_I_CHECK_DISTINCT 1000 /* distinct texts kept of a column */
#define EST_I_CHECK_ENDS 10       /* smallest and largest distinct numbers kept */
#define EST_I_CHECK_NEAR 10       /* how far below a special code its neighbours lie */

typedef struct est_i_check_value {
    double value;
    long long rows;
} est_i_check_value;

/* Words that stand for a missing number; they say nothing of a person. */
size_t est_i_check_words(void);
const char *est_i_check_word(size_t index);

typedef struct est_i_check_column {
    long long missing, numbers, texts;
    est_i_dd sum;
    bool fractions; /* some number is not whole */
    est_i_check_value lowest[EST_I_CHECK_ENDS], highest[EST_I_CHECK_ENDS]; /* from the end inwards */
    size_t n_lowest, n_highest;
    /* Special codes, by their index among the codes that are looked for: rows, and rows of other numbers up to EST_I_CHECK_NEAR
     * below. Other numbers: those that are no code. */
    long long *code_rows, *near_rows;
    long long others;
    double lowest_other, highest_other;
    /* Texts that are no numbers */
    long long *word_rows;                /* of each harmless word */
    long long comma_rows, padded_rows; /* numbers with a decimal comma; numbers with blanks around them */
    est_i_dictionary distinct;
    long long *distinct_rows;
    size_t distinct_capacity;
    bool many; /* more than EST_I_CHECK_DISTINCT; then distinct is empty */
    /* Missing cells for which the file gives a reason, by the reason; rows of those beyond EST_I_CHECK_DISTINCT reasons. */
    est_i_dictionary reasons;
    long long *reason_rows;
    long long other_reasons;
} est_i_check_column;

/* false without memory. */
bool est_i_check_column_start(est_i_check_column *column, size_t n_codes);
/* Texts of a dictionary, how often each occurs and which number each is (NaN = none). */
bool est_i_check_column_add(est_i_check_column *column, const est_i_dictionary *texts, const uint32_t *rows, const double *numbers,
                            size_t n_codes, const double *codes);
bool est_i_check_column_reasons(est_i_check_column *column, const est_i_dictionary *reasons, const uint32_t *rows);
void est_i_check_column_free(est_i_check_column *column);

/* The rule by which a code of a column of numbers looks like a special one; 0 = by none. */
typedef enum est_i_check_rule {
    EST_I_CHECK_NO_RULE = 0,
    EST_I_CHECK_BELOW,  /* negative, and every other number is 0 or more */
    EST_I_CHECK_BEYOND, /* above every other number, with a gap of more than a tenth of their range */
    EST_I_CHECK_HEAP,   /* above every other number, and more rows than those up to 10 below have together */
    EST_I_CHECK_ALONE,  /* there is no other number */
    EST_I_CHECK_LABEL   /* the file's own label of the value says so */
} est_i_check_rule;
est_i_check_rule est_i_check_code_rule(const est_i_check_column *column, size_t code, const double *codes);
/* Does a value label say that the answer is missing? */
static inline bool est_i_check_label_says_missing(const char *label)
{
    return est_i_label_says_missing(label);
}

/* The smallest (or largest) number as it may be shown: itself if `shared` rows have it, else the number that so many rows reach,
 * rounded to two digits; NaN if there are not so many rows. */
double est_i_check_column_end(const est_i_check_column *column, bool largest, long long shared);

#endif
