#define _XOPEN_SOURCE 700

#include "data/csv_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/error.h"
#include "core/text.h"

#define ATTEMPTS 100
#define FLUSH_BYTES ((size_t)1 << 20)

struct est_i_csv_file {
    char *target, *temporary;
    int descriptor; /* -1 = none */
    bool begun;     /* the record has a field */
    est_i_text text;
};

static est_status fail_io(const est_i_csv_file *file, int reason, est_error *error)
{
    char text[128];
    if (strerror_r(reason, text, sizeof text) != 0)
        snprintf(text, sizeof text, "error %d", reason);
    return est_i_fail_at(error, EST_EIO, (est_i_place){.where = file->target},
                         "could not be written: %s; expected a folder that exists, may be written to and has room", text);
}

/* ---- the file ---- */

static est_status find_target(est_i_csv_file *file, const char *path, est_error *error)
{
    struct stat old;
    bool exists = stat(path, &old) == 0;
    if (exists && !S_ISREG(old.st_mode))
        return est_i_fail_at(error, EST_EIO, (est_i_place){.where = path},
                             "found a folder or a device, expected the name of a file");
    file->target = exists ? realpath(path, NULL) : est_i_string_copy(path);
    return file->target ? EST_OK : est_i_no_memory(error);
}

static est_status create_temporary(est_i_csv_file *file, est_error *error)
{
    struct timespec now = {0, 0};
    const char *slash = strrchr(file->target, '/');
    errno = EEXIST;
    clock_gettime(CLOCK_MONOTONIC, &now);
    for (unsigned long i = 0; i < ATTEMPTS && file->descriptor < 0 && errno == EEXIST; i++) {
        est_i_text name = {0};
        est_i_text_append_bytes(&name, file->target, slash ? (size_t)(slash - file->target) + 1 : 0);
        est_i_text_printf(&name, ".est-%lx-%lx", (unsigned long)getpid(), (unsigned long)now.tv_nsec + i);
        free(file->temporary);
        file->temporary = est_i_text_take(&name);
        if (!file->temporary)
            return est_i_no_memory(error);
        file->descriptor = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    }
    return file->descriptor >= 0 ? EST_OK : fail_io(file, errno, error);
}

est_status est_i_csv_file_open(const char *path, est_i_csv_file **file, est_error *error)
{
    est_i_csv_file *made = calloc(1, sizeof *made);
    *file = NULL;
    if (!made)
        return est_i_no_memory(error);
    made->descriptor = -1;
    est_status status = find_target(made, path, error);
    if (status == EST_OK)
        status = create_temporary(made, error);
    if (status == EST_OK)
        *file = made;
    else
        est_i_csv_file_free(made);
    return status;
}

static est_status flush(est_i_csv_file *file, est_error *error)
{
    const char *at = file->text.data;
    size_t left = file->text.length;
    if (file->text.failed)
        return est_i_no_memory(error);
    while (left > 0) {
        ssize_t written = write(file->descriptor, at, left);
        if (written < 0 && errno != EINTR)
            return fail_io(file, errno, error);
        if (written > 0) {
            at += written;
            left -= (size_t)written;
        }
    }
    file->text.length = 0;
    return EST_OK;
}

est_status est_i_csv_file_finish(est_i_csv_file *file, est_error *error)
{
    est_status status = flush(file, error);
    if (status == EST_OK && fsync(file->descriptor) != 0)
        status = fail_io(file, errno, error);
    if (close(file->descriptor) != 0 && status == EST_OK)
        status = fail_io(file, errno, error);
    file->descriptor = -1;
    if (status == EST_OK && rename(file->temporary, file->target) != 0)
        status = fail_io(file, errno, error);
    if (status != EST_OK)
        unlink(file->temporary);
    return status;
}

void est_i_csv_file_free(est_i_csv_file *file)
{
    if (!file)
        return;
    if (file->descriptor >= 0) {
        close(file->descriptor);
        unlink(file->temporary);
    }
    est_i_text_free(&file->text);
    free(file->temporary);
    free(file->target);
    free(file);
}

/* ---- records ---- */

static void begin_field(est_i_csv_file *file)
{
    if (file->begun)
        est_i_text_append_bytes(&file->text, ",", 1);
    file->begun = true;
}

/* The reader takes blanks around a field away, and an empty field for a missing one, where no quotation marks stand. */
static bool needs_quotes(const char *text)
{
    size_t length = strlen(text);
    return length == 0 || strchr(" \t", text[0]) || strchr(" \t", text[length - 1]) || strpbrk(text, ",;\t\"\r\n");
}

void est_i_csv_file_text(est_i_csv_file *file, const char *text)
{
    bool quotes = needs_quotes(text);
    begin_field(file);
    if (quotes)
        est_i_text_append_bytes(&file->text, "\"", 1);
    while (quotes && *text) {
        size_t plain = strcspn(text, "\"");
        est_i_text_append_bytes(&file->text, text, plain);
        text += plain;
        if (*text)
            est_i_text_append_bytes(&file->text, "\"\"", 2);
        text += *text != '\0';
    }
    est_i_text_append(&file->text, quotes ? "\"" : text);
}

void est_i_csv_file_missing(est_i_csv_file *file, bool is_na)
{
    begin_field(file);
    est_i_text_append(&file->text, is_na ? "NA" : "");
}

void est_i_csv_file_number(est_i_csv_file *file, double value)
{
    begin_field(file);
    est_i_text_number(&file->text, value);
}

est_status est_i_csv_file_end_record(est_i_csv_file *file, est_error *error)
{
    est_i_text_append_bytes(&file->text, "\n", 1);
    file->begun = false;
    return file->text.length >= FLUSH_BYTES || file->text.failed ? flush(file, error) : EST_OK;
}
