/* Key files: made once, read by their owner alone. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <est/pseudonym.h>

#include "core/error.h"

static est_status fail_key(est_error *error, est_status code, const char *path, const char *what)
{
    return est_i_fail_at(error, code, (est_i_place){.where = path}, "%s", what);
}

/* Requests of up to 256 bytes are given whole once the system has gathered enough randomness. */
static bool fill_random(unsigned char *bytes, size_t length)
{
    size_t done = 0;
    while (done < length) {
        ssize_t got = getrandom(bytes + done, length - done, 0);
        if (got < 0 && errno != EINTR)
            return false;
        done += got > 0 ? (size_t)got : 0;
    }
    return true;
}

static bool write_all(int descriptor, const unsigned char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(descriptor, bytes, length);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            bytes += written;
            length -= (size_t)written;
        }
    }
    return true;
}

est_status est_key_make(const char *path, est_error *error)
{
    unsigned char key[EST_KEY_MADE];
    est_status status = EST_OK;
    est_error_clear(error);
    if (!path || !*path)
        return est_i_fail(error, EST_EOPTION, "found no name of the key file, expected a path");
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0 && errno == EEXIST)
        return fail_key(error, EST_EIO, path, "found a file of this name, expected none: a key is never overwritten, for what was "
                        "made with it could not be matched again");
    if (descriptor < 0)
        return fail_key(error, EST_EIO, path, strerror(errno));
    bool done = fill_random(key, sizeof key) && fchmod(descriptor, 0600) == 0 && write_all(descriptor, key, sizeof key) &&
                fsync(descriptor) == 0;
    int reason = errno;
    if (close(descriptor) != 0 && done) {
        reason = errno;
        done = false;
    }
    est_key_clear(key, sizeof key);
    if (!done) {
        unlink(path);
        status = fail_key(error, EST_EIO, path, strerror(reason));
    }
    return status;
}

static est_status check_key_file(int descriptor, const char *path, est_error *error)
{
    struct stat about;
    est_status status = EST_OK;
    if (fstat(descriptor, &about) != 0)
        status = fail_key(error, EST_EFILE, path, strerror(errno));
    else if (!S_ISREG(about.st_mode))
        status = fail_key(error, EST_EFILE, path, "found no ordinary file, expected a key file");
    else if (about.st_mode & (S_IRWXG | S_IRWXO))
        status = est_i_fail_at(error, EST_EFILE, (est_i_place){.where = path},
                               "others than its owner may read or change this key file (mode %03o); take their rights away first: "
                               "chmod 600 %.120s", (unsigned)(about.st_mode & 0777), path);
    else if (about.st_size < EST_KEY_LEAST || about.st_size > EST_KEY_MOST)
        status =
            est_i_fail_at(error, EST_EFORMAT, (est_i_place){.where = path}, "found %lld bytes, expected a key of %d to %d bytes",
                          (long long)about.st_size, EST_KEY_LEAST, EST_KEY_MOST);
    return status;
}

est_status est_key_read(const char *path, unsigned char key[EST_KEY_MOST], size_t *key_length, est_error *error)
{
    est_error_clear(error);
    *key_length = 0;
    if (!path || !*path)
        return est_i_fail(error, EST_EFILE, "found no name of the key file, expected a path");
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return fail_key(error, EST_EFILE, path, strerror(errno));
    est_status status = check_key_file(descriptor, path, error);
    ssize_t got = 1;
    while (status == EST_OK && got != 0 && *key_length < EST_KEY_MOST) {
        got = read(descriptor, key + *key_length, EST_KEY_MOST - *key_length);
        if (got < 0 && errno != EINTR)
            status = fail_key(error, EST_EFILE, path, strerror(errno));
        *key_length += got > 0 ? (size_t)got : 0;
    }
    close(descriptor);
    if (status == EST_OK && *key_length < EST_KEY_LEAST)
        status = fail_key(error, EST_EFILE, path, "the file grew shorter while it was read");
    if (status != EST_OK)
        est_key_clear(key, EST_KEY_MOST);
    return status;
}
