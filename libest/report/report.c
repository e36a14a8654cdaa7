/* The public functions: which format, into which file. */
#include <est/report.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "core/error.h"
#include "core/file.h"
#include "core/result.h"
#include "core/text.h"
#include "report/chart.h"
#include "report/table_layout.h"
#include "report/writer.h"

static const est_i_writer *const writers[] = {
    &est_i_writer_text, &est_i_writer_json, &est_i_writer_csv, &est_i_writer_markdown, &est_i_writer_html,
};
static const size_t n_writers = sizeof writers / sizeof writers[0];

const char *est_report_format(size_t index)
{
    return index < n_writers ? writers[index]->name : NULL;
}

static const est_i_writer *writer_of_path(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash ? slash : path, '.');
    for (size_t i = 0; dot && i < n_writers; i++)
        if (strcasecmp(dot, writers[i]->extension) == 0)
            return writers[i];
    return NULL;
}

const char *est_report_format_of(const char *path)
{
    const est_i_writer *writer = path ? writer_of_path(path) : NULL;
    return writer ? writer->name : NULL;
}

static const est_i_writer *writer_find(const char *format)
{
    for (size_t i = 0; format && i < n_writers; i++)
        if (strcmp(format, writers[i]->name) == 0)
            return writers[i];
    return NULL;
}

static est_status unknown_format(const char *format, est_error *error)
{
    return est_i_fail(error, EST_EOPTION, "unknown format '%s': expected text, json, csv, md or html",
                      format ? format : "");
}

const char *est_i_banner(const est_result *result, int index)
{
    const char *banners[3] = {NULL, NULL, NULL};
    int count = 0;
    if (est_result_is_synthetic(result))
        banners[count++] = "SYNTHETIC DATA: made up for testing and teaching; no statement about real people";
    if (est_result_is_internal(result))
        banners[count++] = "FOR INTERNAL USE: NOTHING WITHHELD; small counts may identify people";
    return index >= 0 && index < count ? banners[index] : NULL;
}

void est_i_short_marks(const est_result *result, est_i_text *output)
{
    const char *banner = NULL;
    for (int i = 0; (banner = est_i_banner(result, i)) != NULL; i++) {
        est_i_text_append(output, i ? "; " : "");
        est_i_text_append_bytes(output, banner, strcspn(banner, ":"));
    }
}

bool est_i_provenance_shown(const est_result *result, const est_provenance *entry)
{
    return !entry->is_private || est_result_is_public(result) || est_result_is_internal(result);
}

bool est_i_frame_shown(const est_result *result, const est_frame *frame)
{
    return !est_i_frame_is_private(frame) || est_result_is_public(result) || est_result_is_internal(result);
}

const char *est_i_data_name(const est_result *result, bool in_every_face)
{
    for (size_t i = 0; i < est_result_provenances(result); i++) {
        const est_provenance *entry = est_result_provenance(result, i);
        bool bundled = strncmp(entry->value, "dataset:", strlen("dataset:")) == 0;
        if (strcmp(entry->name, "data") == 0 && entry->value[0] &&
            (bundled || (!in_every_face && est_i_provenance_shown(result, entry))))
            return entry->value;
    }
    return NULL;
}

/* Hands the text over, or reports that memory ran out. */
static est_status finish_text(est_i_text *output, char **text, size_t *length, est_error *error)
{
    size_t written = output->length;
    *text = est_i_text_take(output);
    if (length)
        *length = *text ? written : 0;
    return *text ? EST_OK : est_i_no_memory(error);
}

est_status est_report_string(const est_result *result, const char *format, char **text, size_t *length,
                             est_error *error)
{
    const est_i_writer *writer = writer_find(format);
    est_i_text output = {0};
    *text = NULL;
    if (length)
        *length = 0;
    if (!result)
        return est_i_fail(error, EST_EOPTION, "there is no result to write: found NULL, expected a result");
    if (!writer)
        return unknown_format(format, error);
    writer->write(result, &output);
    return finish_text(&output, text, length, error);
}

static void write_chart(const est_result *result, const est_chart *chart, est_i_text *output)
{
    est_i_shown_chart shown;
    if (est_i_shown_chart_make(result, chart, &shown))
        est_i_chart_svg(&shown, EST_I_SVG_DOCUMENT, chart->name, output);
    else
        output->failed = true;
    est_i_shown_chart_free(&shown);
}

est_status est_report_chart(const est_result *result, const char *name, char **svg, size_t *length,
                            est_error *error)
{
    const est_chart *chart = NULL;
    est_i_text output = {0};
    *svg = NULL;
    if (length)
        *length = 0;
    for (size_t i = 0; result && name && i < est_result_charts(result) && !chart; i++)
        if (strcmp(est_result_chart(result, i)->name, name) == 0)
            chart = est_result_chart(result, i);
    if (!chart)
        return est_i_fail(error, EST_EOPTION, "there is no chart named '%s' in this result",
                          name ? name : "");
    write_chart(result, chart, &output);
    return finish_text(&output, svg, length, error);
}

void est_string_free(char *string)
{
    free(string);
}

/* ---- files ---- */

static est_status write_text(const char *path, est_i_text *output, est_error *error)
{
    est_status status = EST_OK;
    if (output->failed)
        status = est_i_no_memory(error);
    else
        status = est_i_file_write(path, output->length ? output->data : "", output->length, error);
    est_i_text_free(output);
    return status;
}

static est_status write_report(const est_result *result, const est_i_writer *writer, const char *path,
                               est_error *error)
{
    est_i_text output = {0};
    writer->write(result, &output);
    return write_text(path, &output, error);
}

/* Letters, digits, "-" and "_" stay; a name of ours never needs more. */
static void append_file_name(est_i_text *path, const char *name)
{
    for (const char *letter = name; *letter; letter++) {
        bool plain =
            strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", *letter) != NULL;
        est_i_text_append_bytes(path, plain ? letter : "-", 1);
    }
}

/* FOLDER/METHOD[_NAME]EXTENSION; `path` is reused from call to call. */
static const char *file_in(est_i_text *path, const char *folder, const est_result *result, const char *name,
                           const char *extension)
{
    size_t length = strlen(folder);
    est_i_text_free(path);
    *path = (est_i_text){0};
    est_i_text_append(path, folder);
    if (length && folder[length - 1] != '/')
        est_i_text_append(path, "/");
    append_file_name(path, est_result_method(result));
    if (name) {
        est_i_text_append(path, "_");
        append_file_name(path, name);
    }
    est_i_text_append(path, extension);
    return path->failed ? NULL : path->data;
}

static est_status save_frames(const est_result *result, const char *folder, est_i_text *path,
                              est_error *error)
{
    est_status status = EST_OK;
    for (size_t i = 0; i < est_result_frames(result) && status == EST_OK; i++) {
        const est_frame *frame = est_result_frame(result, i);
        est_i_text output = {0};
        if (!est_i_frame_shown(result, frame))
            continue;
        est_i_write_frame_csv(result, frame, &output);
        const char *file = file_in(path, folder, result, frame->name, ".csv");
        output.failed |= !file;
        status = write_text(file, &output, error);
    }
    return status;
}

static est_status save_tables(const est_result *result, const char *folder, est_i_text *path, est_error *error)
{
    est_status status = EST_OK;
    for (size_t i = 0; i < est_i_standard_tables(result) && status == EST_OK; i++) {
        const char *name = est_i_standard_table(result, i);
        est_i_text output = {0}, part = {0};
        est_i_text_append(&part, "table_");
        est_i_text_append(&part, name);
        est_i_write_standard_csv(result, name, &output);
        const char *file = part.length ? file_in(path, folder, result, part.data, ".csv") : NULL;
        output.failed |= !file;
        status = write_text(file, &output, error);
        est_i_text_free(&part);
    }
    return status;
}

static est_status save_charts(const est_result *result, const char *folder, est_i_text *path,
                              est_error *error)
{
    est_status status = EST_OK;
    for (size_t i = 0; i < est_result_charts(result) && status == EST_OK; i++) {
        const est_chart *chart = est_result_chart(result, i);
        est_i_text output = {0};
        write_chart(result, chart, &output);
        const char *file = file_in(path, folder, result, chart->name, "_chart.svg");
        output.failed |= !file;
        status = write_text(file, &output, error);
    }
    return status;
}

static est_status make_folder(const char *folder, est_error *error)
{
    struct stat found;
    if (mkdir(folder, 0777) == 0 || (errno == EEXIST && stat(folder, &found) == 0 && S_ISDIR(found.st_mode)))
        return EST_OK;
    return est_i_fail_at(error, EST_EIO, (est_i_place){.where = folder}, "this folder cannot be made: %s",
                         strerror(errno));
}

static est_status save_folder(const est_result *result, const char *folder, const est_i_writer *only,
                              est_error *error)
{
    est_i_text path = {0};
    est_status status = make_folder(folder, error);
    for (size_t i = 0; i < n_writers && status == EST_OK; i++) {
        if (only && writers[i] != only)
            continue;
        const char *file = file_in(&path, folder, result, NULL, writers[i]->extension);
        status = file ? write_report(result, writers[i], file, error) : est_i_no_memory(error);
    }
    if (status == EST_OK && !only)
        status = save_frames(result, folder, &path, error);
    if (status == EST_OK && !only)
        status = save_tables(result, folder, &path, error);
    if (status == EST_OK && !only)
        status = save_charts(result, folder, &path, error);
    est_i_text_free(&path);
    return status;
}

static bool is_folder(const char *path)
{
    struct stat found;
    size_t length = strlen(path);
    return (length && path[length - 1] == '/') || (stat(path, &found) == 0 && S_ISDIR(found.st_mode));
}

est_status est_report_save(const est_result *result, const char *path, const char *format, est_error *error)
{
    const est_i_writer *writer = writer_find(format);
    if (!result || !path || !*path)
        return est_i_fail(error, EST_EOPTION, "found no %s: expected a result and a path",
                          result ? "path" : "result");
    if (format && !writer)
        return unknown_format(format, error);
    if (is_folder(path))
        return save_folder(result, path, writer, error);
    if (!writer)
        writer = writer_of_path(path);
    if (!writer)
        return est_i_fail_at(
            error, EST_EOPTION, (est_i_place){.where = path},
            "no format is known for this file name: expected .txt, .json, .csv, .md or .html, or a "
            "format to be named");
    return write_report(result, writer, path, error);
}
