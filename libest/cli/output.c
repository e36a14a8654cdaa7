#include "output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"

void cli_streams_prepare(void)
{
    struct sigaction ignore;
    memset(&ignore, 0, sizeof ignore);
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, NULL);
    /* Opened the wrong way round, so that reading or writing fails as on the closed stream. */
    for (int stream = 0; stream <= 2; stream++)
        if (fcntl(stream, F_GETFD) == -1 && errno == EBADF
            && open("/dev/null", stream == 0 ? O_WRONLY : O_RDONLY) == -1)
            break;
}

static est_status stdout_failed(int reason, est_error *error)
{
    if (reason == EPIPE) {
        est_error_clear(error);
        error->code = EST_EIO;
        return EST_EIO;
    }
    return cli_fail(error, EST_EIO, "standard output cannot be written: %s", strerror(reason));
}

est_status cli_stdout_finish(est_error *error)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EST_OK;
    return stdout_failed(errno ? errno : EIO, error);
}

est_status cli_stdout_write(const char *bytes, size_t length, est_error *error)
{
    errno = 0;
    if (fwrite(bytes, 1, length, stdout) != length)
        return stdout_failed(errno ? errno : EIO, error);
    return cli_stdout_finish(error);
}

bool cli_is_folder(const char *path)
{
    struct stat status;
    size_t length = strlen(path);
    return (length > 0 && path[length - 1] == '/') || (stat(path, &status) == 0 && S_ISDIR(status.st_mode));
}

/* The folder that holds `path`, in a new string; NULL without memory. */
static char *parent_folder(const char *path)
{
    size_t length = strlen(path);
    char *parent = NULL;
    while (length > 1 && path[length - 1] == '/')
        length--;
    while (length > 0 && path[length - 1] != '/')
        length--;
    parent = malloc(length + 2);
    if (!parent)
        return NULL;
    memcpy(parent, length > 0 ? path : ".", length > 0 ? length : 1);
    parent[length > 0 ? length : 1] = '\0';
    return parent;
}

est_status cli_output_check(const char *path, est_error *error)
{
    est_status status = EST_OK;
    struct stat found;
    bool exists = stat(path, &found) == 0;
    char *folder = exists && S_ISDIR(found.st_mode) ? strdup(path) : parent_folder(path);
    if (!folder)
        status = cli_fail(error, EST_ENOMEM, "memory ran out");
    /* A device or pipe would be replaced by a file when that is renamed. */
    else if (exists && !S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode))
        status = cli_fail(error, EST_EIO, "%s is neither a file nor a folder; leave out --output to write to"
                          " standard output", path);
    else if (access(folder, W_OK | X_OK) != 0)
        status = cli_fail(error, EST_EIO, "%s cannot be written: folder %s: %s", path, folder,
                          strerror(errno));
    free(folder);
    return status;
}

static bool is_same_file(const char *path, const struct stat *input)
{
    struct stat found;
    return stat(path, &found) == 0 && found.st_dev == input->st_dev && found.st_ino == input->st_ino;
}

/* Files of a result in a folder begin with the name of its method. */
static bool is_of_result(const char *name, const char *method)
{
    size_t length = strlen(method);
    return strncmp(name, method, length) == 0 && (name[length] == '.' || name[length] == '_');
}

static bool folder_replaces(const char *folder, const char *method, const struct stat *input)
{
    size_t size = strlen(folder) + 258;
    char *path = malloc(size);
    DIR *entries = path ? opendir(folder) : NULL;
    bool replaces = false;
    struct dirent *entry = NULL;
    while (entries && !replaces && (entry = readdir(entries)) != NULL) {
        snprintf(path, size, "%s/%s", folder, entry->d_name);
        replaces = is_of_result(entry->d_name, method) && is_same_file(path, input);
    }
    if (entries)
        closedir(entries);
    free(path);
    return replaces;
}

bool cli_output_replaces(const char *output, const char *method, const char *input)
{
    struct stat found;
    bool exists = strcmp(input, "-") == 0 ? fstat(STDIN_FILENO, &found) == 0 : stat(input, &found) == 0;
    if (!exists || !S_ISREG(found.st_mode))
        return false;
    return cli_is_folder(output) ? folder_replaces(output, method, &found) : is_same_file(output, &found);
}

static const char *last_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool cli_output_meets(const char *output, const char *method, const char *path)
{
    struct stat found, folder;
    bool is_folder = cli_is_folder(output);
    char *of_output = is_folder ? strdup(output) : parent_folder(output), *of_path = parent_folder(path);
    bool same = of_output && of_path && stat(of_output, &folder) == 0 && is_same_file(of_path, &folder);
    same = same && (is_folder ? is_of_result(last_name(path), method) : strcmp(last_name(path), last_name(output)) == 0);
    free(of_output);
    free(of_path);
    return same || (stat(path, &found) == 0 && S_ISREG(found.st_mode) && cli_output_replaces(output, method, path));
}

static bool write_all(int file, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(file, bytes, length);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            bytes += written;
            length -= (size_t)written;
        }
    }
    return true;
}

/* mkstemp makes files private; a result is an ordinary file. */
static bool ordinary_mode(int file)
{
    mode_t mask = umask(0);
    umask(mask);
    return fchmod(file, (mode_t)0666 & ~mask) == 0;
}

est_status cli_file_write(const char *path, const char *bytes, size_t length, est_error *error)
{
    est_status status = EST_OK;
    size_t size = strlen(path) + sizeof ".XXXXXX";
    char *temporary = malloc(size);
    int file = -1;
    bool done = false;

    if (!temporary)
        return cli_fail(error, EST_ENOMEM, "memory ran out");
    snprintf(temporary, size, "%s.XXXXXX", path);
    file = mkstemp(temporary);
    if (file < 0) {
        status = cli_fail(error, EST_EIO, "%s cannot be written: %s", path, strerror(errno));
        goto cleanup;
    }
    done = ordinary_mode(file) && write_all(file, bytes, length) && fsync(file) == 0;
    done = close(file) == 0 && done;
    if (!done || rename(temporary, path) != 0) {
        status = cli_fail(error, EST_EIO, "%s cannot be written: %s", path, strerror(errno));
        unlink(temporary);
    }

cleanup:
    free(temporary);
    return status;
}
