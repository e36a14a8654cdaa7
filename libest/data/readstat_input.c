/* The bytes of a Stata or SPSS file on their way to ReadStat, in blocks, by place and without moving the descriptor, so that
 * several readers share it. No reading ever returns -1 to ReadStat 1.1.8, which compares the count with a size_t and takes -1 for
 * plenty: a reading that fails gives no bytes, and why stands in `status`.
 *
 * Three things that ReadStat 1.1.8 cannot do well are done to the bytes:
 * - The creation date of an SPSS file is replaced: ReadStat refuses the whole file for a date it cannot read, and nobody needs it.
 * - A long string (strL) of a Stata file must end in NUL, as the format says: ReadStat hands it on without its length.
 * - The section of long strings is passed over when none is wanted: ReadStat would keep all of them in memory. */
#include <stdlib.h>
#include <string.h>

#include "data/readstat_parts.h"

#define BLOCK_SIZE ((size_t)65536)

/* Header of an SPSS file: nine bytes of date from byte 92 on, eight of time after them. */
#define SPSS_DATE_START ((size_t)92)
static const char spss_date[] = "01 Jan 7000:00:00";

/* The section of long strings: <strls>, for each string GSO, a header and the bytes, then </strls>. */
enum { OUTSIDE, PASS_OVER_NAME, PASS_OVER_REST, STRING_HEADER, STRING_BYTES };
#define STRING_IS_TEXT 130
#define HEADER_LENGTH_117 ((size_t)13) /* the type stands in byte 8 */
#define HEADER_LENGTH_118 ((size_t)17) /* the type stands in byte 12 */

static size_t copy_bytes(est_i_readstat_input *input, char *buffer, size_t size)
{
    size_t copied = 0;
    while (copied < size && input->status == EST_OK) {
        size_t place = input->offset + copied;
        if (place < input->block_start || place >= input->block_start + input->block_length) {
            input->block_start = place;
            input->block_length = 0;
            input->status =
                est_i_source_read_at(input->source, place, input->block, BLOCK_SIZE, &input->block_length, &input->error);
            if (input->block_length == 0)
                break;
        }
        size_t from = place - input->block_start;
        size_t part = input->block_length - from < size - copied ? input->block_length - from : size - copied;
        memcpy(buffer + copied, input->block + from, part);
        copied += part;
    }
    return copied;
}

static void replace_date(size_t start, char *bytes, size_t length)
{
    for (size_t i = 0; i < sizeof spss_date - 1; i++)
        if (SPSS_DATE_START + i >= start && SPSS_DATE_START + i < start + length)
            bytes[SPSS_DATE_START + i - start] = spss_date[i];
}

static bool is_bytes(const char *bytes, size_t length, const char *expected)
{
    return length == strlen(expected) && memcmp(bytes, expected, length) == 0;
}

/* Follows the section of long strings by what is read. */
static void watch_long_strings(est_i_readstat_input *input, const char *bytes, size_t length)
{
    int next = OUTSIDE;
    if (input->long_string == STRING_HEADER && (length == HEADER_LENGTH_117 || length == HEADER_LENGTH_118)) {
        unsigned char type = (unsigned char)bytes[length - 5];
        next = type == STRING_IS_TEXT ? STRING_BYTES : OUTSIDE;
    } else if (input->long_string == STRING_BYTES) {
        input->is_damaged = input->is_damaged || length == 0 || bytes[length - 1] != '\0';
    } else if (is_bytes(bytes, length, "GSO")) {
        next = STRING_HEADER;
    } else if (is_bytes(bytes, length, "<strls>") && input->skip_long_strings) {
        next = PASS_OVER_NAME;
    }
    input->long_string = next;
}

/* The end of the section, right after its beginning. ReadStat goes on from elsewhere by a place of its own. */
static bool pass_over(est_i_readstat_input *input, char *buffer, size_t size)
{
    const char *end = input->long_string == PASS_OVER_NAME ? "</s" : input->long_string == PASS_OVER_REST ? "trls>" : "";
    bool passes = size > 0 && size == strlen(end);
    if (passes) {
        memcpy(buffer, end, size);
        input->long_string = input->long_string == PASS_OVER_NAME ? PASS_OVER_REST : OUTSIDE;
    }
    return passes;
}

static ssize_t read_bytes(void *buffer, size_t size, void *user)
{
    est_i_readstat_input *input = user;
    if (input->status != EST_OK || input->is_damaged)
        return 0;
    if (!input->is_spss && pass_over(input, buffer, size))
        return (ssize_t)size;
    size_t start = input->offset, got = copy_bytes(input, buffer, size);
    input->offset += got;
    if (input->is_spss) {
        replace_date(start, buffer, got);
        input->is_cut = input->is_cut || (got > 0 && got < size && !input->ends_short);
    } else {
        if (got == size)
            watch_long_strings(input, buffer, got);
        /* The value labels of an old Stata file end where the file ends: the length of the next set, 2 or 4 bytes, is not there. */
        input->is_cut = input->is_cut || (got < size && !(got == 0 && (size == 2 || size == 4)));
    }
    return input->is_damaged || input->status != EST_OK ? 0 : (ssize_t)got;
}

static readstat_off_t seek_place(readstat_off_t offset, readstat_io_flags_t whence, void *user)
{
    est_i_readstat_input *input = user;
    size_t size = input->source->n_bytes;
    size_t base = whence == READSTAT_SEEK_SET ? 0 : whence == READSTAT_SEEK_CUR ? input->offset : size;
    /* A place beyond the end is one, and there are no bytes; far beyond it is none. */
    bool backward = offset < 0;
    uint64_t distance = backward ? (uint64_t)0 - (uint64_t)offset : (uint64_t)offset;
    if (backward ? distance > base : distance > INT64_MAX / 2 - (uint64_t)base)
        return -1;
    input->offset = backward ? base - (size_t)distance : base + (size_t)distance;
    return (readstat_off_t)input->offset;
}

static int open_file(const char *path, void *user)
{
    (void)path;
    (void)user;
    return 0;
}

static int close_file(void *user)
{
    (void)user;
    return 0;
}

static readstat_error_t update(long size, readstat_progress_handler handler, void *user, void *io)
{
    (void)size;
    (void)handler;
    (void)user;
    (void)io;
    return READSTAT_OK;
}

bool est_i_readstat_input_open(est_i_readstat_input *input, const est_source *source, bool is_spss, readstat_parser_t *parser)
{
    *input = (est_i_readstat_input){.source = source, .is_spss = is_spss, .skip_long_strings = true};
    input->block = malloc(BLOCK_SIZE);
    readstat_set_open_handler(parser, open_file);
    readstat_set_close_handler(parser, close_file);
    readstat_set_seek_handler(parser, seek_place);
    readstat_set_read_handler(parser, read_bytes);
    readstat_set_update_handler(parser, update);
    readstat_set_io_ctx(parser, input);
    return input->block != NULL;
}

void est_i_readstat_input_close(est_i_readstat_input *input)
{
    free(input->block);
    input->block = NULL;
}
