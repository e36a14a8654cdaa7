#include "data/dates.h"

#include <string.h>

/* Reads exactly `count` digits; -1 if there are others. */
static int read_digits(const char *text, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool read_year(const char *text, int *year)
{
    *year = read_digits(text, 4);
    return *year >= 1000;
}

static bool read_month(const char *text, int *year, int *month)
{
    if (!read_year(text, year) || text[4] != '-')
        return false;
    *month = read_digits(text + 5, 2);
    return *month >= 1 && *month <= 12;
}

bool est_i_date_read(const char *text, est_i_span *span)
{
    size_t length = strlen(text);
    int year = 0, month = 0;
    bool good = false;
    if (length == 4 && read_year(text, &year)) {
        *span = (est_i_span){12.0 * year, 12.0 * year + 12};
        good = true;
    } else if (length == 7 && read_month(text, &year, &month)) {
        double start = 12.0 * year + month - 1;
        *span = (est_i_span){start, start + 1};
        good = true;
    } else if (length == 10 && read_month(text, &year, &month) && text[7] == '-') {
        int day = read_digits(text + 8, 2), days = days_in_month(year, month);
        double start = 12.0 * year + month - 1;
        *span = (est_i_span){start + (day - 1) / (double)days, start + day / (double)days};
        good = day >= 1 && day <= days;
    }
    return good;
}

const char *est_i_label_trim(const char *text, size_t *length)
{
    text += strspn(text, " \t");
    *length = strlen(text);
    while (*length > 0 && strchr(" \t", text[*length - 1]))
        (*length)--;
    return text;
}

bool est_i_label_same(const char *left, const char *right)
{
    size_t n_left = 0, n_right = 0;
    left = est_i_label_trim(left, &n_left);
    right = est_i_label_trim(right, &n_right);
    return n_left == n_right && memcmp(left, right, n_left) == 0;
}

bool est_i_label_reversed(const char *text)
{
    int first = 0, last = 0;
    return strlen(text) == 9 && (text[4] == '-' || text[4] == '/') && read_year(text, &first) &&
           read_year(text + 5, &last) && last < first;
}

bool est_i_label_read(const char *text, est_i_span *span)
{
    size_t length = strlen(text);
    int first = 0, last = 0;
    bool good = false;
    if (length == 9 && (text[4] == '-' || text[4] == '/') && read_year(text, &first) &&
        read_year(text + 5, &last)) {
        *span = (est_i_span){12.0 * first, 12.0 * last + 12};
        good = last >= first;
    } else if (length == 4 || length == 7) {
        good = est_i_date_read(text, span);
    }
    return good;
}
