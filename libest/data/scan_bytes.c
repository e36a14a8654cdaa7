#include "data/scan_bytes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Counting, sixteen bytes at a time: a comparison gives 255 in every byte that is equal, and taking that away adds one. */

#define LANES 16u
typedef uint8_t lanes __attribute__((vector_size(LANES)));

static lanes every(unsigned char byte)
{
    lanes filled;
    memset(&filled, byte, sizeof filled);
    return filled;
}

static size_t sum_lanes(lanes counted)
{
    size_t sum = 0;
    for (size_t i = 0; i < LANES; i++)
        sum += counted[i];
    return sum;
}

static void count_rest(const char *bytes, size_t length, est_i_byte_count *count)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        count->quotes += byte == '"';
        count->feeds += byte == '\n';
        count->returns += byte == '\r';
        count->plain = count->plain && byte > 0 && byte < 0x80;
    }
}

est_i_byte_count est_i_count_bytes(const char *bytes, size_t length)
{
    const lanes quote = every('"'), feed = every('\n'), back = every('\r'), zero = every(0);
    est_i_byte_count count = {0, 0, 0, true};
    lanes strange = zero;
    size_t i = 0;
    while (length - i >= LANES) {
        lanes quotes = zero, feeds = zero, returns = zero;
        size_t turns = (length - i) / LANES < 255 ? (length - i) / LANES : 255;
        for (size_t turn = 0; turn < turns; turn++, i += LANES) {
            lanes part;
            memcpy(&part, bytes + i, sizeof part);
            quotes -= (lanes)(part == quote);
            feeds -= (lanes)(part == feed);
            returns -= (lanes)(part == back);
            strange |= (part & every(0x80)) | (lanes)(part == zero);
        }
        count.quotes += sum_lanes(quotes);
        count.feeds += sum_lanes(feeds);
        count.returns += sum_lanes(returns);
    }
    for (size_t lane = 0; lane < LANES; lane++)
        count.plain = count.plain && strange[lane] == 0;
    count_rest(bytes + i, length - i, &count);
    return count;
}

size_t est_i_find_feed(const char *bytes, size_t from, size_t length, bool *quoted)
{
    size_t i = from;
    for (; i < length && (*quoted || bytes[i] != '\n'); i++)
        *quoted ^= bytes[i] == '"';
    return i;
}

/* The window */

bool est_i_window_start(est_i_window *window, est_source *source, est_i_monitor *monitor)
{
    *window = (est_i_window){.source = source, .monitor = monitor, .bytes = malloc(EST_I_WINDOW_BYTES)};
    return window->bytes != NULL;
}

void est_i_window_end(est_i_window *window)
{
    free(window->bytes);
    window->bytes = NULL;
}

est_status est_i_window_seek(est_i_window *window, size_t offset, est_error *error)
{
    est_status status = EST_OK;
    if (!window->source->is_pipe) {
        window->used = window->filled = 0;
        window->offset = offset;
        window->at_end = false;
    }
    while (status == EST_OK && window->offset < offset && !window->at_end) {
        status = est_i_window_fill(window, error);
        size_t here = window->filled - window->used, wanted = offset - window->offset;
        est_i_window_use(window, here < wanted ? here : wanted);
    }
    return status;
}

est_status est_i_window_fill(est_i_window *window, est_error *error)
{
    est_status status = EST_OK;
    size_t got = 0, kept = window->filled - window->used;
    if (window->used > 0 && kept > 0)
        memmove(window->bytes, window->bytes + window->used, kept);
    window->used = 0;
    window->filled = kept;
    while (status == EST_OK && !window->at_end && window->filled < EST_I_WINDOW_BYTES) {
        char *free_part = window->bytes + window->filled;
        size_t room = EST_I_WINDOW_BYTES - window->filled;
        status = window->source->is_pipe
                     ? est_i_source_read_pipe(window->source, false, free_part, room, &got, window->monitor, error)
                     : est_i_source_read_at(window->source, window->offset + window->filled, free_part, room, &got, error);
        window->at_end = status == EST_OK && got == 0;
        window->filled += got;
    }
    return status;
}

void est_i_window_use(est_i_window *window, size_t count)
{
    window->used += count;
    window->offset += count;
}
