/* The engine of scans: which chunk is read by whom, and settling in the order of the chunks.
 *
 * Every chunk in work has a lane: a writer, a reader and the consumer's part. The calling thread prepares lanes and settles them in
 * order; between that it reads chunks as the other threads do. There are threads + 1 lanes, so that nobody runs further ahead. */
#include "data/scan.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "data/scan_csv.h"
#include "data/scan_writer.h"
#include "data/source_parts.h"
#include "data/table.h"
#include "data/view_parts.h"

#define THREADS_MAX 256
#define ROW_BATCH ((size_t)4096) /* rows of a batch of a source that is not CSV */
#define PAUSE_NANOSECONDS 1000000

typedef enum lane_state { LANE_FREE = 0, LANE_READY, LANE_READING, LANE_DONE } lane_state;

typedef struct scan_lane {
    lane_state state;
    size_t chunk;
    void *part;
    est_i_row_writer *writer;
    est_i_csv_reader *reader; /* CSV */
    est_i_chunk_start start, end;
    bool start_known; /* its place, record and line are those in the whole source */
    est_status status;
    est_error error;
} scan_lane;

typedef struct scan_run {
    est_source *source;
    size_t n_fields;
    const est_i_field *fields;
    const est_i_scan_consumer *consumer;
    void *user;
    est_i_monitor *monitor;
    size_t first, last; /* chunks; last is SIZE_MAX in a pipe */
    long long n_records;

    scan_lane *lanes;
    size_t n_lanes;
    size_t n_prepared, n_begun, n_settled; /* chunks from `first` on */
    est_i_chunk_start next;                /* where the chunk to be settled next begins */
    bool next_known; /* with record and line; otherwise only the offset is right */

    size_t n_starts; /* starts of the source that were known when the threads were started */
    bool no_parity;  /* somebody has failed to count */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    atomic_bool stop;
} scan_run;

static bool is_csv(const est_source *source)
{
    return source->kind == NULL;
}

/* Lanes */

static bool start_lane(scan_run *scan, scan_lane *lane)
{
    size_t rows = is_csv(scan->source) ? est_i_csv_reader_rows(est_source_columns(scan->source)) : ROW_BATCH;
    lane->writer = est_i_row_writer_new(scan->source, scan->n_fields, scan->fields, rows);
    if (!lane->writer)
        return false;
    lane->writer->consumer = scan->consumer;
    lane->writer->user = scan->user;
    lane->writer->monitor = scan->monitor;
    lane->writer->stop = &scan->stop;
    if (is_csv(scan->source))
        lane->reader = est_i_csv_reader_new(scan->source, lane->writer, scan->monitor);
    return !is_csv(scan->source) || lane->reader;
}

static void drop_part(scan_run *scan, scan_lane *lane)
{
    if (lane->part)
        scan->consumer->part_free(scan->user, lane->part);
    lane->part = NULL;
}

static void end_lane(scan_run *scan, scan_lane *lane)
{
    drop_part(scan, lane);
    est_i_csv_reader_free(lane->reader);
    est_i_row_writer_free(lane->writer);
}

static est_status prepare_lane(scan_run *scan, scan_lane *lane, size_t chunk, est_error *error)
{
    drop_part(scan, lane);
    if (!lane->writer && !start_lane(scan, lane))
        return est_i_no_memory(error);
    lane->chunk = chunk;
    lane->part = scan->consumer->part_new(scan->user, chunk);
    return lane->part ? EST_OK : est_i_no_memory(error);
}

/* Reading a chunk */

static est_status read_rows(const scan_run *scan, scan_lane *lane, est_error *error)
{
    const est_source *source = scan->source;
    long long size = (long long)source->chunk_rows, first = (long long)lane->chunk * size;
    long long last = source->n_rows - first < size ? source->n_rows : first + size;
    est_i_row_writer_begin(lane->writer, lane->part, first + 1);
    est_status status = source->kind->read_rows(source, first, last, lane->writer, error);
    return status == EST_OK ? est_i_row_writer_flush(lane->writer, error) : status;
}

static est_status read_chunk(const scan_run *scan, scan_lane *lane, est_error *error)
{
    if (!is_csv(scan->source))
        return read_rows(scan, lane, error);
    est_i_row_writer_begin(lane->writer, lane->part, lane->start.record);
    return est_i_csv_reader_chunk(lane->reader, lane->chunk, &lane->start, &lane->end, error);
}

/* The same chunk once more from its true beginning. */
static est_status read_again(scan_run *scan, scan_lane *lane, est_error *error)
{
    est_status status = prepare_lane(scan, lane, lane->chunk, error);
    lane->start_known = true;
    return status == EST_OK ? read_chunk(scan, lane, error) : status;
}

/* Parities of the quotation marks before each chunk, in the order of the chunks */

static bool make_room(est_source *source)
{
    size_t n = source->n_bytes / source->chunk_bytes + 2;
    if (!source->parity)
        source->parity = calloc(n, sizeof *source->parity);
    if (!source->starts)
        source->starts = calloc(n, sizeof *source->starts);
    if (source->parity && source->n_parity == 0)
        source->n_parity = 1; /* nothing stands before chunk 0 */
    if (source->starts && source->n_starts == 0) {
        source->starts[0] = (est_i_chunk_start){source->head.offset, source->head.record, source->head.line};
        source->n_starts = 1;
    }
    return source->parity && source->starts;
}

/* Parities up to chunk `chunk` are known, by those who count the chunks before it. */
static est_status wait_for_parity(scan_run *scan, size_t chunk, est_error *error)
{
    static const struct timespec pause = {0, PAUSE_NANOSECONDS};
    est_status status = EST_OK;
    for (bool ready = false; status == EST_OK && !ready;) {
        pthread_mutex_lock(&scan->lock);
        ready = scan->source->n_parity > chunk;
        bool never = scan->no_parity;
        pthread_mutex_unlock(&scan->lock);
        if (!ready && (never || atomic_load(&scan->stop) || est_i_monitor_cancelled(scan->monitor)))
            status = est_i_cancelled(error);
        else if (!ready)
            nanosleep(&pause, NULL);
    }
    return status;
}

/* Counts the marks of chunk `chunk`, waits for those before it and adds its own. */
static est_status count_quotes(scan_run *scan, scan_lane *lane, size_t chunk, est_error *error)
{
    est_source *source = scan->source;
    bool odd = false;
    pthread_mutex_lock(&scan->lock);
    bool known = source->n_parity > chunk + 1;
    pthread_mutex_unlock(&scan->lock);
    if (known)
        return EST_OK;
    est_status status = est_i_csv_reader_quotes(lane->reader, chunk, &odd, error);
    if (status == EST_OK)
        status = wait_for_parity(scan, chunk, error);
    pthread_mutex_lock(&scan->lock);
    scan->no_parity = scan->no_parity || status != EST_OK;
    if (status == EST_OK && source->n_parity == chunk + 1)
        source->parity[source->n_parity++] = (uint8_t)(source->parity[chunk] ^ odd);
    pthread_mutex_unlock(&scan->lock);
    return status;
}

/* Where the chunk of a lane begins when its forerunner is not done. Records and lines count within the chunk then. */
static est_status guess_start(scan_run *scan, scan_lane *lane, est_error *error)
{
    est_source *source = scan->source;
    est_status status = EST_OK;
    size_t chunk = lane->chunk;
    lane->start_known = chunk < scan->n_starts;
    if (lane->start_known) {
        lane->start = source->starts[chunk];
        return EST_OK;
    }
    status = count_quotes(scan, lane, chunk, error);
    lane->start = (est_i_chunk_start){0, 1, 1};
    if (status == EST_OK)
        status = est_i_csv_reader_guess(lane->reader, chunk, source->parity[chunk], &lane->start.offset, error);
    return status;
}

static void read_lane(scan_run *scan, scan_lane *lane)
{
    est_status status = EST_OK;
    lane->start_known = !is_csv(scan->source);
    if (is_csv(scan->source))
        status = guess_start(scan, lane, &lane->error);
    lane->status = status == EST_OK ? read_chunk(scan, lane, &lane->error) : status;
}

/* Settling */

/* The first record of the scan in the whole source, once a fault has to be told: the chunks before are read without a field. */
static void *count_part(void *user, size_t chunk)
{
    (void)chunk;
    return user;
}

static est_status count_take(void *user, void *part, const est_i_scan_batch *batch, est_error *error)
{
    (void)user, (void)part, (void)batch, (void)error;
    return EST_OK;
}

static est_status count_settle(void *user, void *part, size_t chunk, const est_i_dictionary *dictionary, est_error *error)
{
    (void)user, (void)part, (void)chunk, (void)dictionary, (void)error;
    return EST_OK;
}

static void count_free(void *user, void *part)
{
    (void)user, (void)part;
}

static est_status find_start(scan_run *scan, size_t chunk, est_error *error)
{
    static const est_i_scan_consumer counter = {count_part, count_take, count_settle, count_free};
    long long records;
    est_status status = EST_OK;
    if (scan->source->n_starts <= chunk)
        status = est_i_scan(scan->source, 0, NULL, 0, chunk, &counter, &records, 1, scan->monitor, &records, error);
    if (status == EST_OK && scan->source->n_starts > chunk) {
        scan->next = scan->source->starts[chunk];
        scan->next_known = true;
    }
    return status;
}

/* A fault that came from a chunk read alone, or whose beginning was guessed wrong: again, with the right numbers. */
static est_status check_lane(scan_run *scan, scan_lane *lane, est_error *error)
{
    est_status status = lane->status;
    bool wrong = is_csv(scan->source) && lane->start.offset != scan->next.offset;
    bool fault = status != EST_OK && status != EST_ENOMEM && status != EST_ECANCELLED && status != EST_EFILE;
    if (!wrong && !(fault && !lane->start_known)) {
        if (status != EST_OK && error)
            *error = lane->error;
        return status;
    }
    if (!scan->next_known) {
        status = find_start(scan, lane->chunk, error);
        if (status != EST_OK)
            return status;
    }
    lane->start = scan->next;
    return read_again(scan, lane, error);
}

/* The place where the next chunk begins is kept once every chunk before it has been read. */
static void keep_start(scan_run *scan, const scan_lane *lane)
{
    est_source *source = scan->source;
    long long rows = lane->writer->n_taken;
    long long lines = lane->end.line - lane->start.line;
    scan->next.offset = lane->end.offset;
    if (scan->next_known) {
        scan->next.record += rows;
        scan->next.line += lines;
    }
    if (scan->next_known && !source->is_pipe && source->n_starts == lane->chunk + 1)
        source->starts[source->n_starts++] = scan->next;
}

static est_status settle_lane(scan_run *scan, scan_lane *lane, est_error *error)
{
    est_status status = check_lane(scan, lane, error);
    if (status != EST_OK)
        return status;
    void *part = lane->part;
    lane->part = NULL;
    if (is_csv(scan->source))
        keep_start(scan, lane);
    scan->n_records += lane->writer->n_taken;
    return scan->consumer->settle(scan->user, part, lane->chunk, lane->writer->dictionaries, error);
}

/* One chunk after the other */

static est_status scan_in_order(scan_run *scan, est_error *error)
{
    scan_lane *lane = &scan->lanes[0];
    est_status status = EST_OK;
    bool more = true;
    for (size_t chunk = scan->first; status == EST_OK && more; chunk++) {
        status = prepare_lane(scan, lane, chunk, error);
        if (status != EST_OK)
            break;
        lane->start = scan->next;
        lane->start_known = scan->next_known;
        lane->status = read_chunk(scan, lane, &lane->error);
        status = settle_lane(scan, lane, error);
        more = chunk + 1 < scan->last;
        if (status == EST_OK && scan->source->is_pipe)
            status = est_i_csv_reader_more(lane->reader, (chunk + 1) * scan->source->chunk_bytes, &more, error);
    }
    return status;
}

/* One call of read_rows for all chunks: the writer tells where each ends */

typedef struct row_pass {
    scan_run *scan;
    scan_lane *lane;
} row_pass;

static est_status begin_row_chunk(row_pass *pass, size_t chunk, est_error *error)
{
    long long size = (long long)pass->scan->source->chunk_rows, first = (long long)chunk * size;
    est_status status = prepare_lane(pass->scan, pass->lane, chunk, error);
    if (status == EST_OK) {
        est_i_row_writer_begin(pass->lane->writer, pass->lane->part, first + 1);
        pass->lane->writer->rows_to_go = pass->scan->source->n_rows - first < size ? pass->scan->source->n_rows - first : size;
    }
    return status;
}

static est_status end_row_chunk(void *user, est_error *error)
{
    row_pass *pass = user;
    pass->lane->status = EST_OK;
    est_status status = settle_lane(pass->scan, pass->lane, error);
    if (status == EST_OK && pass->lane->chunk + 1 < pass->scan->last)
        status = begin_row_chunk(pass, pass->lane->chunk + 1, error);
    return status;
}

static est_status scan_rows_through(scan_run *scan, est_error *error)
{
    const est_source *source = scan->source;
    row_pass pass = {scan, &scan->lanes[0]};
    long long size = (long long)source->chunk_rows, first = (long long)scan->first * size;
    long long last = (long long)scan->last * size < source->n_rows ? (long long)scan->last * size : source->n_rows;
    est_status status = begin_row_chunk(&pass, scan->first, error);
    if (status != EST_OK)
        return status;
    pass.lane->writer->chunk_end = end_row_chunk;
    pass.lane->writer->chunk_user = &pass;
    return source->kind->read_rows(source, first, last, pass.lane->writer, error);
}

/* Side by side */

/* Takes the next chunk that is ready; NULL if there is none now. */
static scan_lane *take_lane(scan_run *scan)
{
    scan_lane *taken = NULL;
    if (scan->n_begun < scan->n_prepared) {
        taken = &scan->lanes[scan->n_begun % scan->n_lanes];
        taken->state = LANE_READING;
        scan->n_begun++;
    }
    return taken;
}

static void finish_lane(scan_run *scan, scan_lane *lane)
{
    read_lane(scan, lane);
    pthread_mutex_lock(&scan->lock);
    lane->state = LANE_DONE;
    pthread_cond_broadcast(&scan->changed);
    pthread_mutex_unlock(&scan->lock);
}

static void *thread_main(void *argument)
{
    scan_run *scan = argument;
    for (;;) {
        pthread_mutex_lock(&scan->lock);
        scan_lane *lane = take_lane(scan);
        while (!lane && !atomic_load(&scan->stop)) {
            pthread_cond_wait(&scan->changed, &scan->lock);
            lane = take_lane(scan);
        }
        pthread_mutex_unlock(&scan->lock);
        if (!lane || atomic_load(&scan->stop))
            break;
        finish_lane(scan, lane);
    }
    return NULL;
}

/* Every free lane gets the next chunk. */
static est_status prepare_lanes(scan_run *scan, est_error *error)
{
    est_status status = EST_OK;
    size_t count = scan->last - scan->first;
    while (status == EST_OK && scan->n_prepared < count && scan->n_prepared < scan->n_settled + scan->n_lanes) {
        scan_lane *lane = &scan->lanes[scan->n_prepared % scan->n_lanes];
        status = prepare_lane(scan, lane, scan->first + scan->n_prepared, error);
        if (status != EST_OK)
            break;
        pthread_mutex_lock(&scan->lock);
        lane->state = LANE_READY;
        scan->n_prepared++;
        pthread_cond_broadcast(&scan->changed);
        pthread_mutex_unlock(&scan->lock);
    }
    return status;
}

/* What the calling thread does next: settle, read, or look again soon. */
static est_status work_once(scan_run *scan, est_error *error)
{
    static const struct timespec pause = {0, PAUSE_NANOSECONDS};
    scan_lane *oldest = &scan->lanes[scan->n_settled % scan->n_lanes];
    scan_lane *mine = NULL;
    est_status status = EST_OK;
    pthread_mutex_lock(&scan->lock);
    bool done = oldest->state == LANE_DONE;
    if (!done)
        mine = take_lane(scan);
    pthread_mutex_unlock(&scan->lock);
    if (done) {
        oldest->state = LANE_FREE;
        status = settle_lane(scan, oldest, error);
        scan->n_settled++;
        est_i_monitor_items(scan->monitor, (double)scan->n_settled / (double)(scan->last - scan->first));
    } else if (mine) {
        finish_lane(scan, mine);
    } else {
        nanosleep(&pause, NULL);
    }
    return status == EST_OK && est_i_monitor_cancelled(scan->monitor) ? est_i_cancelled(error) : status;
}

static void stop_threads(scan_run *scan, pthread_t *threads, size_t count)
{
    pthread_mutex_lock(&scan->lock);
    atomic_store(&scan->stop, true);
    pthread_cond_broadcast(&scan->changed);
    pthread_mutex_unlock(&scan->lock);
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

static est_status scan_side_by_side(scan_run *scan, size_t extra, est_error *error)
{
    est_status status = EST_OK;
    pthread_t *threads = calloc(extra, sizeof *threads);
    size_t started = 0, count = scan->last - scan->first;
    if (!threads)
        return est_i_no_memory(error);
    bool items = est_i_monitor_count_items(scan->monitor, true);
    while (started < extra && pthread_create(&threads[started], NULL, thread_main, scan) == 0)
        started++;
    while (status == EST_OK && scan->n_settled < count) {
        status = prepare_lanes(scan, error);
        if (status == EST_OK)
            status = work_once(scan, error);
    }
    stop_threads(scan, threads, started);
    est_i_monitor_count_items(scan->monitor, items);
    free(threads);
    return status;
}

/* The whole */

static size_t count_chunks(const est_source *source)
{
    size_t items = is_csv(source) ? source->n_bytes : (size_t)source->n_rows;
    size_t size = is_csv(source) ? source->chunk_bytes : source->chunk_rows;
    return items / size + (items % size != 0);
}

est_status est_i_scan_chunks(est_source *source, size_t *count, est_error *error)
{
    if (source->view)
        return est_i_scan_chunks(source->view->base, count, error);
    if (source->is_pipe)
        return est_i_fail_at(error, EST_EOPTION, (est_i_place){source->name, 0, 0, NULL},
                             "how many chunks it has is known only once it has been read; save the data in a file and name it");
    *count = count_chunks(source);
    return EST_OK;
}

/* Where the first chunk begins. Parities are counted up to the first chunk whose beginning has to be guessed. */
static est_status go_to_first(scan_run *scan, bool side_by_side, est_error *error)
{
    est_source *source = scan->source;
    est_status status = EST_OK;
    scan->next_known = source->is_pipe || scan->first < source->n_starts;
    size_t guessed = scan->next_known ? source->n_starts : scan->first;
    if (source->is_pipe)
        scan->next = (est_i_chunk_start){source->head.offset, source->head.record, source->head.line};
    else if (scan->next_known)
        scan->next = source->starts[scan->first];
    if (scan->next_known && (!side_by_side || guessed >= scan->last))
        return EST_OK;
    scan_lane *lane = &scan->lanes[0];
    if (!start_lane(scan, lane))
        return est_i_no_memory(error);
    for (size_t k = source->n_parity - 1; status == EST_OK && k < guessed; k++)
        status = count_quotes(scan, lane, k, error);
    if (status == EST_OK && !scan->next_known) {
        scan->next = (est_i_chunk_start){0, 1, 1};
        status = est_i_csv_reader_guess(lane->reader, guessed, source->parity[guessed], &scan->next.offset, error);
    }
    return status;
}

static est_status run_scan(scan_run *scan, size_t threads, est_error *error)
{
    const est_source *source = scan->source;
    size_t count = scan->last - scan->first;
    bool seeks = is_csv(source) ? !source->is_pipe : source->kind->seeks;
    bool side_by_side = seeks && threads > 1 && count > 1;
    est_status status = EST_OK;
    if (is_csv(source))
        status = go_to_first(scan, side_by_side, error);
    scan->n_starts = source->n_starts;
    if (status != EST_OK)
        return status;
    if (side_by_side)
        status = scan_side_by_side(scan, threads - 1 < count ? threads - 1 : count - 1, error);
    else if (is_csv(source) || seeks)
        status = scan_in_order(scan, error);
    else
        status = scan_rows_through(scan, error);
    return status;
}

static est_status check_whole(const scan_run *scan, est_error *error)
{
    bool all = scan->first == 0 && (scan->source->is_pipe || scan->last == count_chunks(scan->source));
    est_status status = est_i_source_check_unchanged(scan->source, error);
    if (status == EST_OK && all && scan->n_records == 0 && is_csv(scan->source))
        status = est_i_fail_at(error, EST_EFORMAT, (est_i_place){scan->source->name, 0, 0, NULL},
                               "found a header only, expected data records below it");
    return status;
}

est_status est_i_scan(est_source *source, size_t n_fields, const est_i_field *fields, size_t first_chunk, size_t last_chunk,
                      const est_i_scan_consumer *consumer, void *user, int threads, est_i_monitor *monitor, long long *n_records,
                      est_error *error)
{
    if (source->view)
        return est_i_view_scan(source, n_fields, fields, first_chunk, last_chunk, consumer, user, threads, monitor, n_records,
                               error);
    size_t n_threads = threads < 1 ? 1 : threads > THREADS_MAX ? THREADS_MAX : (size_t)threads;
    size_t n_chunks = source->is_pipe ? SIZE_MAX : count_chunks(source);
    scan_run scan = {
        .source = source, .n_fields = n_fields, .fields = fields, .consumer = consumer, .user = user, .monitor = monitor};
    scan.first = first_chunk;
    scan.last = last_chunk < n_chunks ? last_chunk : n_chunks;
    scan.n_lanes = n_threads > 1 ? n_threads + 1 : 1;
    *n_records = 0;
    est_status status = est_i_source_use(source, error);
    if (status == EST_OK)
        status = est_i_source_check_unchanged(source, error);
    if (status == EST_OK && source->is_pipe && first_chunk > 0)
        status =
            est_i_fail_at(error, EST_EOPTION, (est_i_place){source->name, 0, 0, NULL},
                          "can be read from its beginning only, and a part of it is wanted; save the data in a file and name it");
    if (status != EST_OK)
        return status;
    pthread_mutex_init(&scan.lock, NULL);
    pthread_cond_init(&scan.changed, NULL);
    atomic_init(&scan.stop, false);
    scan.lanes = calloc(scan.n_lanes, sizeof *scan.lanes);
    if (!scan.lanes || (is_csv(source) && !make_room(source)))
        status = est_i_no_memory(error);
    if (status == EST_OK && scan.first < scan.last)
        status = run_scan(&scan, n_threads, error);
    if (status == EST_OK)
        status = check_whole(&scan, error);
    for (size_t i = 0; scan.lanes && i < scan.n_lanes; i++)
        end_lane(&scan, &scan.lanes[i]);
    free(scan.lanes);
    pthread_cond_destroy(&scan.changed);
    pthread_mutex_destroy(&scan.lock);
    *n_records = scan.n_records;
    return status;
}

/* Places */

static bool is_blank(const char *bytes, size_t length, char delimiter)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != ' ' && bytes[i] != '\r' && (bytes[i] != '\t' || delimiter == '\t'))
            return false;
    return true;
}

/* The line on which record `row` of well-formed bytes begins. */
static long long line_of_record(const est_i_scan_lines *lines, size_t row)
{
    long long line = lines->first;
    size_t at = 0;
    while (at < lines->length) {
        bool quoted = false;
        size_t feed = est_i_find_feed(lines->bytes, at, lines->length, &quoted);
        bool blank = is_blank(lines->bytes + at, feed - at, lines->delimiter);
        if (!blank && row-- == 0)
            break;
        size_t next = feed < lines->length ? feed + 1 : feed;
        line += (long long)est_i_count_bytes(lines->bytes + at, next - at).feeds;
        at = next;
    }
    return line;
}

est_i_place est_i_scan_place(const est_source *source, const est_i_scan_batch *batch, size_t row, size_t column)
{
    if (source->view)
        return est_i_view_place(source, batch, row, column);
    const est_i_scan_lines *lines = batch->lines;
    est_i_place place = {source->name, batch->first_record + (long long)row, 0, est_source_column_name(source, column)};
    if (source->table)
        place.line = est_i_table_place(source->table, (long)column, (size_t)place.record - 1).line;
    else if (lines && lines->line)
        place.line = lines->line[row];
    else if (lines && lines->bytes)
        place.line = line_of_record(lines, row);
    return place;
}
