/* Keyed pseudonyms in place of names: HMAC-SHA-256 of normalised identifiers.
 *
 * Whoever holds the key can find out whether a person they can name is in the data. Equal persons get equal pseudonyms, so how
 * often one comes shows, and a person may be known again by what else stands in the record. Spelling that differs gives another
 * pseudonym. */
#ifndef EST_PSEUDONYM_H
#define EST_PSEUDONYM_H

#include <stddef.h>

#include <est/context.h>
#include <est/error.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EST_KEY_LEAST 16    /* bytes; a shorter key is refused */
#define EST_KEY_MADE 32     /* bytes of est_key_make */
#define EST_KEY_MOST 1024   /* bytes; a longer file is no key */
#define EST_PSEUDONYM_SIZE 65 /* 64 hex digits and NUL */

/* How a part is read. Text: letter case, accents of Latin letters, blanks and punctuation do not count. Dates become YYYY-MM-DD. */
typedef enum est_part_kind {
    EST_PART_TEXT = 0,
    EST_PART_DATE_YMD, /* 1999-04-03, 1999/4/3, 19990403 */
    EST_PART_DATE_DMY, /* 03/04/1999 is the third of April; 1999-04-03 is read too */
    EST_PART_DATE_MDY  /* 03/04/1999 is the fourth of March */
} est_part_kind;

/* One identifier of a person; text NULL = missing. */
typedef struct est_pseudonym_part {
    const char *text; /* UTF-8 */
    int kind;         /* est_part_kind */
} est_pseudonym_part;

/* The pseudonym of the parts, in order. A part of which nothing is left is missing; if all are, `out` is "". There is no form
 * without a key: a bare hash of a name is undone by hashing all names.
 * EST_EOPTION: key shorter than EST_KEY_LEAST, no part, or no such kind. EST_EVALUE: not UTF-8, or no date, with the number of the
 * part in `record`, never its text. EST_ENOMEM. */
est_status est_pseudonym(const unsigned char *key, size_t key_length, const est_pseudonym_part *parts, size_t n_parts,
                         char out[EST_PSEUDONYM_SIZE], est_error *error) EST_MUST_CHECK;

/* Writes a new file with EST_KEY_MADE random bytes, for its owner alone. Never overwrites. EST_EIO. */
est_status est_key_make(const char *path, est_error *error) EST_MUST_CHECK;

/* Reads a key file. EST_EFILE if it cannot be read, or if others than its owner can; EST_EFORMAT for a length that is none of a
 * key. */
est_status est_key_read(const char *path, unsigned char key[EST_KEY_MOST], size_t *key_length, est_error *error) EST_MUST_CHECK;

/* Writes zeros over a key that is no longer needed. */
void est_key_clear(unsigned char *key, size_t key_length);

/* A CSV file with pseudonyms in it. */
typedef struct est_pseudonyms_options {
    const char *columns; /* identifying columns, in order, separated by commas: a column `pseudonym` takes their place */
    const char *dates;   /* those of them that hold dates */
    int date_order;      /* est_part_kind, a date */
    const char *drop;    /* further columns that are left out */
} est_pseudonyms_options;

typedef struct est_pseudonyms_counts {
    size_t records;
    size_t without; /* records of which every identifier is missing: no pseudonym */
    size_t partial; /* records of which some are missing */
} est_pseudonyms_counts;

/* Reads the CSV file `input` ("-" = standard input) and writes `output`, for its owner alone, batch by batch, whole or not at all.
 * No message holds an identifier. `counts` may be NULL. EST_EOPTION (output is the input, columns), EST_EFILE, EST_EFORMAT,
 * EST_ECOLUMN, EST_EVALUE (a date that is none: record and column), EST_EIO, EST_ENOMEM, EST_ECANCELLED. */
est_status est_pseudonyms_write(const char *input, const char *output, const est_pseudonyms_options *options,
                                const unsigned char *key, size_t key_length, const est_context *context,
                                est_pseudonyms_counts *counts, est_error *error) EST_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
