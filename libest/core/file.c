/* Files written whole or not at all. */
#define _XOPEN_SOURCE 700

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

#define ATTEMPTS 100

static est_status fail_io(est_error *error, const char *path, const char *what, int reason)
{
    char text[128];
    if (strerror_r(reason, text, sizeof text) != 0)
        snprintf(text, sizeof text, "error %d", reason);
    return est_i_fail_at(error, EST_EIO, (est_i_place){.where = path},
                         "%s: %s; expected a folder that exists, may be written to and has room", what, text);
}

/* 0 or the errno of what went wrong. */
static int write_all(int descriptor, const char *bytes, size_t length)
{
    int reason = 0;
    while (length > 0 && reason == 0) {
        ssize_t written = write(descriptor, bytes, length);
        if (written >= 0) {
            bytes += written;
            length -= (size_t)written;
        } else if (errno != EINTR) {
            reason = errno;
        }
    }
    return reason;
}

/* Devices and pipes (/dev/stdout) cannot be replaced, only written to. */
static est_status write_through(const char *path, const char *bytes, size_t length, est_error *error)
{
    int descriptor = open(path, O_WRONLY | O_CLOEXEC);
    int reason = descriptor < 0 ? errno : write_all(descriptor, bytes, length);
    if (descriptor >= 0 && close(descriptor) != 0 && reason == 0)
        reason = errno;
    return reason == 0 ? EST_OK : fail_io(error, path, "could not be written", reason);
}

/* ".est-" and a number, in the folder of `path`; NULL without memory. */
static char *temporary_name(const char *path, unsigned long number)
{
    est_i_text name = {NULL, 0, 0, false};
    const char *slash = strrchr(path, '/');
    if (slash)
        est_i_text_append_bytes(&name, path, (size_t)(slash - path) + 1);
    est_i_text_printf(&name, ".est-%lx-%lx", (unsigned long)getpid(), number);
    return est_i_text_take(&name);
}

/* Not mkstemp: its 0600 could only be turned into 0666 & ~umask by asking umask(), which sets it for every
 * thread. */
static int create_temporary(const char *path, mode_t mode, char **name)
{
    struct timespec now = {0, 0};
    int descriptor = -1;
    errno = EEXIST;
    clock_gettime(CLOCK_MONOTONIC, &now);
    for (unsigned long i = 0; i < ATTEMPTS && descriptor < 0 && errno == EEXIST; i++) {
        free(*name);
        *name = temporary_name(path, (unsigned long)now.tv_nsec + i);
        if (*name)
            descriptor = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        else
            errno = ENOMEM;
    }
    return descriptor;
}

static est_status replace(const char *path, const struct stat *old, mode_t mode, const char *bytes, size_t length,
                          est_error *error)
{
    char *name = NULL;
    int reason = 0;
    int descriptor = create_temporary(path, mode, &name);
    if (descriptor < 0)
        reason = errno;
    /* A file that was closed to others stays so. */
    if (reason == 0 && old && fchmod(descriptor, old->st_mode & 0777) != 0)
        reason = errno;
    if (reason == 0)
        reason = write_all(descriptor, bytes, length);
    if (descriptor >= 0 && close(descriptor) != 0 && reason == 0)
        reason = errno;
    if (reason == 0 && rename(name, path) != 0)
        reason = errno;
    if (reason != 0 && descriptor >= 0)
        unlink(name);
    free(name);
    return reason == 0 ? EST_OK : fail_io(error, path, "could not be written", reason);
}

static est_status write_whole(const char *path, mode_t mode, const char *bytes, size_t length, est_error *error)
{
    struct stat old;
    est_status status;
    if (stat(path, &old) != 0) {
        status = replace(path, NULL, mode, bytes, length, error);
    } else if (S_ISREG(old.st_mode)) {
        /* A link stays a link: the file it leads to is replaced. */
        char *target = realpath(path, NULL);
        status = target ? replace(target, &old, mode, bytes, length, error)
                        : fail_io(error, path, "could not be followed", errno);
        free(target);
    } else if (S_ISDIR(old.st_mode)) {
        status = est_i_fail_at(error, EST_EIO, (est_i_place){.where = path},
                               "found a folder, expected a file name");
    } else {
        status = write_through(path, bytes, length, error);
    }
    return status;
}

est_status est_i_file_write(const char *path, const char *bytes, size_t length, est_error *error)
{
    return write_whole(path, 0666, bytes, length, error);
}

est_status est_i_file_write_private(const char *path, const char *bytes, size_t length, est_error *error)
{
    return write_whole(path, 0600, bytes, length, error);
}
