/* Writers: a result as text, JSON, CSV, Markdown or one self-contained HTML page. */
#ifndef EST_REPORT_H
#define EST_REPORT_H

#include <stddef.h>

#include <est/error.h>
#include <est/result.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Formats by index from 0: "text", "json", "csv", "md", "html"; NULL past the end. */
const char *est_report_format(size_t index);

/* The format that a path's extension stands for (.txt .json .csv .md .html), NULL if none. */
const char *est_report_format_of(const char *path);

/* The whole report in a new string that ends in NUL; free it with est_string_free. EST_EOPTION: unknown format. */
est_status est_report_string(const est_result *result, const char *format, char **text, size_t *length, est_error *error)
    EST_MUST_CHECK;

/* The same into a file, whole or not at all (written beside it and renamed). format NULL: by the extension.
 * A folder (exists, or the path ends in "/"): every format and every chart as SVG, in files named after the method.
 * Errors: EST_EOPTION (no format known for the path), EST_EIO. */
est_status est_report_save(const est_result *result, const char *path, const char *format, est_error *error) EST_MUST_CHECK;

/* One chart as an SVG document in a new string. EST_EOPTION: there is no such chart. */
est_status est_report_chart(const est_result *result, const char *name, char **svg, size_t *length, est_error *error)
    EST_MUST_CHECK;

/* Frees a string made by this library. NULL is allowed. */
void est_string_free(char *string);

#ifdef __cplusplus
}
#endif

#endif
