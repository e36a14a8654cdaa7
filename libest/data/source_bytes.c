/* The bytes of a source: by place from files and datasets, one after the other from pipes. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/source_parts.h"

#define POLL_MILLISECONDS 10

static est_status fail_read(const est_source *source, int code, est_error *error)
{
    return est_i_fail_at(error, EST_EFILE, (est_i_place){source->name, 0, 0, NULL}, "cannot be read: %s",
                         code == EISDIR ? "it is a folder, expected a file" : strerror(code));
}

est_status est_i_source_check_unchanged(const est_source *source, est_error *error)
{
    struct stat now;
    est_status status = EST_OK;
    if (source->descriptor < 0 || source->is_pipe)
        return EST_OK;
    if (fstat(source->descriptor, &now) != 0)
        status = fail_read(source, errno, error);
    else if (now.st_size != source->about.st_size || now.st_mtim.tv_sec != source->about.st_mtim.tv_sec ||
             now.st_mtim.tv_nsec != source->about.st_mtim.tv_nsec)
        status = est_i_fail_at(error, EST_EFILE, (est_i_place){source->name, 0, 0, NULL},
                               "the file has changed while it was being read; run the estimate again once it is complete");
    return status;
}

est_status est_i_source_read_at(const est_source *source, size_t offset, char *buffer, size_t size, size_t *got, est_error *error)
{
    size_t left = offset < source->n_bytes ? source->n_bytes - offset : 0;
    size_t wanted = left < size ? left : size;
    *got = 0;
    if (source->memory && wanted > 0) {
        memcpy(buffer, source->memory + offset, wanted);
        *got = wanted;
    }
    while (*got < wanted) {
        ssize_t count = pread(source->descriptor, buffer + *got, wanted - *got, (off_t)(offset + *got));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fail_read(source, errno, error);
        if (count == 0)
            return est_i_fail_at(error, EST_EFILE, (est_i_place){source->name, 0, 0, NULL},
                                 "the file has become shorter while it was being read; run the estimate again once it is complete");
        *got += (size_t)count;
    }
    return EST_OK;
}

/* Pipes */

/* Waits for bytes in short steps, so that a pipe that stays silent can be cancelled. */
static est_status wait_for_bytes(const est_source *source, est_i_monitor *monitor, est_error *error)
{
    struct pollfd ready = {.fd = source->descriptor, .events = POLLIN};
    int outcome = 0;
    while (outcome == 0 || (outcome < 0 && errno == EINTR)) {
        if (est_i_monitor_cancelled(monitor))
            return est_i_cancelled(error);
        outcome = poll(&ready, 1, POLL_MILLISECONDS);
    }
    return EST_OK;
}

static est_status read_descriptor(est_source *source, char *buffer, size_t size, size_t *got, est_i_monitor *monitor,
                                  est_error *error)
{
    ssize_t count = 0;
    *got = 0;
    do {
        est_status status = wait_for_bytes(source, monitor, error);
        if (status != EST_OK)
            return status;
        count = read(source->descriptor, buffer, size);
    } while (count < 0 && (errno == EINTR || errno == EAGAIN));
    if (count < 0)
        return fail_read(source, errno, error);
    source->pipe_ended = count == 0 && size > 0;
    sha256_update(&source->pipe_hash, (size_t)count, (const uint8_t *)buffer);
    *got = (size_t)count;
    return EST_OK;
}

static est_status keep_bytes(est_i_replay *replay, const char *bytes, size_t length, est_error *error)
{
    if (replay->capacity - replay->length < length) {
        size_t capacity = (replay->length + length) * 2;
        char *grown = realloc(replay->bytes, capacity);
        if (!grown)
            return est_i_no_memory(error);
        replay->bytes = grown;
        replay->capacity = capacity;
    }
    memcpy(replay->bytes + replay->length, bytes, length);
    replay->length += length;
    return EST_OK;
}

static void take_kept(est_i_replay *replay, char *buffer, size_t size, size_t *got)
{
    size_t left = replay->length - replay->used;
    *got = left < size ? left : size;
    memcpy(buffer, replay->bytes + replay->used, *got);
    replay->used += *got;
    if (replay->used == replay->length) {
        free(replay->bytes);
        *replay = (est_i_replay){0};
    }
}

est_status est_i_source_read_pipe(est_source *source, bool keep, char *buffer, size_t size, size_t *got, est_i_monitor *monitor,
                                  est_error *error)
{
    est_status status = EST_OK;
    *got = 0;
    if (!keep && source->replay.length > 0) {
        take_kept(&source->replay, buffer, size, got);
    } else if (!source->pipe_ended) {
        status = read_descriptor(source, buffer, size, got, monitor, error);
        if (status == EST_OK && keep && *got > 0)
            status = keep_bytes(&source->replay, buffer, *got, error);
    }
    return status;
}

est_status est_i_source_use(est_source *source, est_error *error)
{
    est_status status = EST_OK;
    if (source->is_pipe && source->pipe_used)
        status =
            est_i_fail_at(error, EST_EOPTION, (est_i_place){source->name, 0, 0, NULL},
                          "can be read only once, and this needs the data more than once; save the data in a file and name it");
    source->pipe_used = true;
    return status;
}
