/* Periods of the data in time order, whatever their number and length, and how long a window is by its label. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "data/dates.h"
#include "data/table.h"
#include "indicators/trafficking.h"

bool est_i_window_same(const char *a, const char *b)
{
    est_i_span left, right;
    if (est_i_label_same(a, b))
        return true;
    return est_i_label_read(a, &left) && est_i_label_read(b, &right) && left.start == right.start && left.end == right.end;
}

/* "2019/2020": two years, or a year from one summer to the next. */
static bool may_be_fiscal(const char *label, const est_i_span *span)
{
    return strchr(label, '/') && span->end - span->start == 24;
}

est_i_window est_i_window_of(const char *label, double declared)
{
    est_i_span span;
    double years = declared > 0 ? declared : NAN;
    if (est_i_label_read(label, &span) && !(declared > 0 && may_be_fiscal(label, &span)))
        years = (span.end - span.start) / 12;
    if (isnan(years))
        return EST_I_WINDOW_UNKNOWN;
    return years > 1 ? EST_I_WINDOW_LONGER : years < 1 ? EST_I_WINDOW_SHORTER : EST_I_WINDOW_YEAR;
}

typedef struct window {
    const char *label;
    est_i_span span;
    size_t number; /* in the order of the data */
} window;

/* Labels that do not read as dates stand after the others, as they come. */
static int by_time(const void *left, const void *right)
{
    const window *a = left, *b = right;
    int order = (a->span.start > b->span.start) - (a->span.start < b->span.start);
    if (order == 0)
        order = (a->span.end > b->span.end) - (a->span.end < b->span.end);
    return order ? order : (a->number > b->number) - (a->number < b->number);
}

/* A level's label, its blanks left out; levels of one window are one. */
static est_status take_level(est_i_trafficking *run, size_t column, size_t row, window *windows, size_t *count, size_t *number)
{
    char buffer[32];
    size_t length = 0, i = 0;
    const char *text = est_table_text(run->data, column, row, buffer), *label = est_i_label_trim(text ? text : "", &length);
    est_i_text trimmed = {0};
    est_i_text_append_bytes(&trimmed, label, length);
    const char *kept = trimmed.failed ? NULL : est_i_trafficking_keep(run, length ? trimmed.data : "");
    est_i_text_free(&trimmed);
    if (!kept)
        return est_i_no_memory(run->error);
    if (!length || est_i_label_reversed(kept))
        return est_i_fail_at(run->error, EST_EVALUE, est_i_table_place(run->data, (long)column, row),
                             "found %s, expected the label of a "
                             "period, for example 2019",
                             length ? "a period that ends before it begins" : "blanks only");
    while (i < *count && !est_i_window_same(windows[i].label, kept))
        i++;
    *number = i;
    if (i < *count)
        return EST_OK;
    windows[i] = (window){.label = kept, .span = {INFINITY, INFINITY}, .number = i};
    if (!est_i_label_read(kept, &windows[i].span))
        windows[i].span = (est_i_span){INFINITY, INFINITY};
    (*count)++;
    return EST_OK;
}

#define PERIODS_MAX 1000

static est_status order_periods(est_i_trafficking *run, const est_i_levels *levels, window *windows, size_t count, size_t *of_level)
{
    size_t *place = calloc(count + 1, sizeof *place);
    run->periods = calloc(count + 2, sizeof *run->periods);
    if (!place || !run->periods) {
        free(place);
        return est_i_no_memory(run->error);
    }
    qsort(windows, count, sizeof *windows, by_time);
    for (size_t i = 0; i < count; i++) {
        place[windows[i].number] = i;
        run->periods[i] = windows[i].label;
    }
    run->n_periods = count;
    for (size_t level = 0; level < levels->count; level++)
        of_level[level] = place[of_level[level]];
    free(place);
    return EST_OK;
}

est_status est_i_trafficking_periods(est_i_trafficking *run, size_t column, const est_i_levels *levels, size_t **of_level)
{
    window *windows = NULL;
    size_t count = 0;
    est_status status = EST_OK;
    *of_level = calloc(levels->count + 1, sizeof **of_level);
    if (levels->count > PERIODS_MAX)
        return est_i_fail_at(run->error, EST_EDEFINITION, est_i_table_place_column(run->data, (long)column),
                             "found more than %d different values, expected periods", PERIODS_MAX);
    windows = calloc(levels->count + 1, sizeof *windows);
    if (!*of_level || !windows)
        status = est_i_no_memory(run->error);
    for (size_t level = 0; status == EST_OK && level < levels->count; level++)
        status = take_level(run, column, levels->first[level], windows, &count, &(*of_level)[level]);
    if (status == EST_OK)
        status = order_periods(run, levels, windows, count, *of_level);
    free(windows);
    return status;
}
