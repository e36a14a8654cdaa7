/* DATA as a name: a file, standard input or a bundled dataset. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <est/table.h>

#include "core/error.h"
#include "core/monitor.h"
#include "core/text.h"
#include "data/csv.h"
#include "data/table.h"

#define POLL_MILLISECONDS 10

typedef struct file_bytes {
    const char *name;
    int descriptor;
    est_i_monitor *monitor;
} file_bytes;

/* Waits for bytes in short steps, so that a pipe that stays silent can be cancelled. */
static est_status wait_for_bytes(const file_bytes *file, est_error *error)
{
    struct pollfd ready = {.fd = file->descriptor, .events = POLLIN};
    int outcome = 0;
    while (outcome == 0 || (outcome < 0 && errno == EINTR)) {
        if (est_i_monitor_cancelled(file->monitor))
            return est_i_cancelled(error);
        outcome = poll(&ready, 1, POLL_MILLISECONDS);
    }
    return EST_OK;
}

static est_status read_file(void *state, char *buffer, size_t size, size_t *got, est_error *error)
{
    file_bytes *file = state;
    ssize_t count = -1;
    est_status status = EST_OK;
    do {
        status = wait_for_bytes(file, error);
        if (status != EST_OK)
            return status;
        count = read(file->descriptor, buffer, size);
    } while (count < 0 && errno == EINTR);
    if (count < 0)
        status = est_i_fail_at(error, EST_EFILE, (est_i_place){file->name, 0, 0, NULL}, "cannot be read: %s",
                               errno == EISDIR ? "it is a folder, expected a CSV file" : strerror(errno));
    *got = count < 0 ? 0 : (size_t)count;
    return status;
}

typedef struct memory_bytes {
    const char *bytes;
    size_t left;
} memory_bytes;

static est_status read_memory(void *state, char *buffer, size_t size, size_t *got, est_error *error)
{
    memory_bytes *memory = state;
    (void)error;
    *got = memory->left < size ? memory->left : size;
    if (*got > 0) {
        memcpy(buffer, memory->bytes, *got);
        memory->bytes += *got;
        memory->left -= *got;
    }
    return EST_OK;
}

static est_status read_csv(const est_i_bytes *bytes, est_i_monitor *monitor, est_table **table,
                           est_error *error)
{
    est_i_csv *csv = est_i_csv_new(bytes, monitor);
    est_status status =
        csv ? est_i_batch_run(&est_i_csv_source, csv, &est_i_table_consumer, table, monitor, error)
            : est_i_no_memory(error);
    est_i_csv_free(csv);
    if (status != EST_OK) {
        est_table_free(*table);
        *table = NULL;
    }
    return status;
}

est_status est_table_parse_csv(const char *name, const char *bytes, size_t length, const est_context *context,
                               est_table **table, est_error *error)
{
    est_i_monitor monitor;
    memory_bytes memory = {bytes, length};
    est_i_bytes source = {name ? name : "", read_memory, &memory, (double)length};
    *table = NULL;
    est_error_clear(error);
    est_i_monitor_start(&monitor, context);
    est_i_monitor_stage(&monitor, "reading", 0, 1);
    return read_csv(&source, &monitor, table, error);
}

static const char *dataset_name(const void *user, size_t index)
{
    (void)user;
    return est_dataset_get(index)->name;
}

/* The nearest names: the nearest in letters, else those that begin so, else all. */
static est_status fail_dataset(const char *data, const char *name, est_error *error)
{
    est_i_text names = {0};
    const char *nearest = est_i_nearest_name(name, est_dataset_count(), dataset_name, NULL);
    est_i_place place = {data, 0, 0, NULL};
    if (nearest)
        est_i_text_printf(&names, "dataset:%s", nearest);
    for (int all = *name == '\0'; all < 2 && names.length == 0; all++)
        for (size_t i = 0; i < est_dataset_count(); i++)
            if (all || strncmp(dataset_name(NULL, i), name, strlen(name)) == 0)
                est_i_text_printf(&names, "%sdataset:%s", names.length ? ", " : "", dataset_name(NULL, i));
    est_status status = est_i_fail_at(error, EST_EFILE, place, "found no such bundled dataset; near it: %s",
                                      names.data && !names.failed ? names.data : "none");
    est_i_text_free(&names);
    return status;
}

static est_status open_dataset(const char *data, const est_context *context, est_table **table,
                               est_error *error)
{
    const char *name = data + strlen("dataset:");
    const est_dataset *dataset = est_dataset_find(name);
    est_status status =
        dataset ? est_table_parse_csv(data, dataset->csv, dataset->csv_length, context, table, error)
                : fail_dataset(data, name, error);
    if (status == EST_OK) {
        est_table_set_public(*table, dataset->is_public);
        if (dataset->is_synthetic)
            est_table_set_synthetic(*table, 1);
    }
    return status;
}

static est_status open_file(const char *path, const est_context *context, est_table **table, est_error *error)
{
    est_i_monitor monitor;
    bool standard_input = strcmp(path, "-") == 0;
    file_bytes file = {standard_input ? "standard input" : path, STDIN_FILENO, &monitor};
    est_i_bytes source = {file.name, read_file, &file, 0};
    est_i_place place = {file.name, 0, 0, NULL};
    est_status status = EST_OK;
    struct stat about;

    est_i_monitor_start(&monitor, context);
    est_i_monitor_stage(&monitor, "reading", 0, 1);
    if (!standard_input)
        file.descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (file.descriptor < 0) {
        const char *advice =
            errno == ENOENT ? "; check the path, or use dataset:NAME for a bundled dataset" : "";
        return est_i_fail_at(error, EST_EFILE, place, "cannot be opened: %s%s", strerror(errno), advice);
    }
    if (fstat(file.descriptor, &about) != 0)
        status = est_i_fail_at(error, EST_EFILE, place, "cannot be examined: %s", strerror(errno));
    else if (S_ISDIR(about.st_mode))
        status = est_i_fail_at(error, EST_EFILE, place,
                               "found a folder, expected a CSV file; name one file in it");
    else if (S_ISREG(about.st_mode))
        source.expected = (double)about.st_size;
    if (status == EST_OK)
        status = read_csv(&source, &monitor, table, error);
    if (!standard_input)
        close(file.descriptor);
    return status;
}

est_status est_table_open(const char *data, const est_context *context, est_table **table, est_error *error)
{
    est_status status;
    *table = NULL;
    est_error_clear(error);
    if (!data || !*data)
        status =
            est_i_fail(error, EST_EFILE, "found no name of the data, expected a CSV file, - or dataset:NAME");
    else if (strncmp(data, "dataset:", strlen("dataset:")) == 0)
        status = open_dataset(data, context, table, error);
    else
        status = open_file(data, context, table, error);
    return status;
}
