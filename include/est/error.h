/* Status codes and the error record. */
#ifndef EST_ERROR_H
#define EST_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define EST_MUST_CHECK __attribute__((warn_unused_result))
#define EST_PRINTF(pattern, first) __attribute__((format(printf, pattern, first)))
#else
#define EST_MUST_CHECK
#define EST_PRINTF(pattern, first)
#endif

typedef enum est_status {
    EST_OK = 0,
    EST_ENOMEM,       /* memory ran out */
    EST_EOPTION,      /* an option or a request that is impossible */
    EST_EFILE,        /* a file cannot be found or read */
    EST_EFORMAT,      /* a file is malformed: ragged record, stray quote, NUL byte */
    EST_ECOLUMN,      /* a column is missing or of the wrong kind */
    EST_EVALUE,       /* one value is not what its column must hold */
    EST_EDEFINITION,  /* the data do not fit the definition: too few lists, one period, a list at work when closed */
    EST_EIDENTIFY,    /* the data are valid, but nothing is identified by them */
    EST_EIO,          /* output could not be written */
    EST_EINTERNAL,    /* a defect of libest */
    EST_ECANCELLED,   /* the caller's poll or tick asked to stop */
    EST_STATUS_END
} est_status;

/* Filled when a call fails. All texts end in NUL and are empty when they do not apply. */
typedef struct est_error {
    est_status code;
    long long record;  /* data record, 1 = the first below the header; 0 = does not apply */
    long long line;    /* physical line of the file, 1 = the header; 0 = not known */
    char where[256];   /* file, dataset or argument */
    char column[128];
    char message[768]; /* what was found, what was expected, what to do; names file, record and column too */
} est_error;

/* The greppable name, for example "EST_EVALUE". Total: any other number gives "EST_UNKNOWN". Borrowed. */
const char *est_status_name(est_status status);

/* The exit status that `est` uses: 0, 2 (option), 3 (file, column, definition), 4 (not identified), 5 (I/O, internal), 130. */
int est_status_exit(est_status status);

/* Empties the record. NULL is allowed. */
void est_error_clear(est_error *error);

#ifdef __cplusplus
}
#endif

#endif
