/* Keyed pseudonyms.
 *
 * Normal form of text: ASCII letters in lower case; letters of Latin-1 and Latin Extended-A without their marks (0xE9 is e, 0xDF is
 * ss); combining marks, blanks, punctuation and symbols left out; digits and letters of other scripts as they are. Of a date:
 * YYYY-MM-DD, or YYYY-MM or YYYY where no more is known.
 *
 * The message is "est-pseudonym/1", a line feed, the number of parts, a line feed, and for each part its length in bytes, a
 * blank, its normal form and a line feed; a missing part is "-" and a line feed. So no two lists of parts have the same message. */
#include "data/pseudonym.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <nettle/hmac.h>

#include "core/error.h"
#include "data/dates.h"
#include "data/utf8.h"

#define PARTS_MOST 1000

void est_i_hmac_sha256(const unsigned char *key, size_t key_length, const void *message, size_t length, unsigned char digest[32])
{
    struct hmac_sha256_ctx context;
    hmac_sha256_set_key(&context, key_length, key);
    hmac_sha256_update(&context, length, message);
    hmac_sha256_digest(&context, SHA256_DIGEST_SIZE, digest);
    est_key_clear((unsigned char *)&context, sizeof context);
}

/* Through a volatile pointer: a plain memset before the end of a variable's life may be left out by the compiler. */
void est_key_clear(unsigned char *key, size_t key_length)
{
    volatile unsigned char *at = key;
    for (size_t i = 0; i < key_length; i++)
        at[i] = 0;
}

/* Text */

typedef struct letters {
    uint32_t first, last;
    const char *plain;
} letters;

/* In ascending order; what is not in it stays as it is. */
static const letters folds[] = {
    {0x80, 0xBF, ""},     {0xC0, 0xC5, "a"},    {0xC6, 0xC6, "ae"},   {0xC7, 0xC7, "c"},    {0xC8, 0xCB, "e"},
    {0xCC, 0xCF, "i"},    {0xD0, 0xD0, "d"},    {0xD1, 0xD1, "n"},    {0xD2, 0xD6, "o"},    {0xD7, 0xD7, ""},
    {0xD8, 0xD8, "o"},    {0xD9, 0xDC, "u"},    {0xDD, 0xDD, "y"},    {0xDE, 0xDE, "th"},   {0xDF, 0xDF, "ss"},
    {0xE0, 0xE5, "a"},    {0xE6, 0xE6, "ae"},   {0xE7, 0xE7, "c"},    {0xE8, 0xEB, "e"},    {0xEC, 0xEF, "i"},
    {0xF0, 0xF0, "d"},    {0xF1, 0xF1, "n"},    {0xF2, 0xF6, "o"},    {0xF7, 0xF7, ""},     {0xF8, 0xF8, "o"},
    {0xF9, 0xFC, "u"},    {0xFD, 0xFD, "y"},    {0xFE, 0xFE, "th"},   {0xFF, 0xFF, "y"},    {0x100, 0x105, "a"},
    {0x106, 0x10D, "c"},  {0x10E, 0x111, "d"},  {0x112, 0x11B, "e"},  {0x11C, 0x123, "g"},  {0x124, 0x127, "h"},
    {0x128, 0x131, "i"},  {0x132, 0x133, "ij"}, {0x134, 0x135, "j"},  {0x136, 0x138, "k"},  {0x139, 0x142, "l"},
    {0x143, 0x149, "n"},  {0x14A, 0x14B, "ng"}, {0x14C, 0x151, "o"},  {0x152, 0x153, "oe"}, {0x154, 0x159, "r"},
    {0x15A, 0x161, "s"},  {0x162, 0x167, "t"},  {0x168, 0x173, "u"},  {0x174, 0x175, "w"},  {0x176, 0x178, "y"},
    {0x179, 0x17E, "z"},  {0x17F, 0x17F, "s"},  {0x2B0, 0x36F, ""}, /* modifiers and combining marks */
    {0x2000, 0x206F, ""}, {0x3000, 0x303F, ""}, {0xFEFF, 0xFEFF, ""},
};

/* The next character of valid UTF-8 and its length. */
static size_t next_character(const unsigned char *at, uint32_t *character)
{
    size_t length = *at < 0x80 ? 1 : *at < 0xE0 ? 2 : *at < 0xF0 ? 3 : 4;
    *character = length == 1 ? *at : *at & (0xFFu >> (length + 1));
    for (size_t i = 1; i < length; i++)
        *character = *character << 6 | (at[i] & 0x3Fu);
    return length;
}

/* NULL if the character stays as it is. */
static const char *find_fold(uint32_t character)
{
    const char *plain = NULL;
    for (size_t i = 0; i < sizeof folds / sizeof folds[0] && !plain && folds[i].first <= character; i++)
        if (character <= folds[i].last)
            plain = folds[i].plain;
    return plain;
}

static void append_plain(unsigned char byte, est_i_text *normal)
{
    char letter = (char)(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte);
    if ((letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9'))
        est_i_text_append_bytes(normal, &letter, 1);
}

static void normalise_text(const char *text, est_i_text *normal)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at) {
        uint32_t character;
        size_t length = next_character(at, &character);
        const char *plain = length > 1 ? find_fold(character) : NULL;
        if (length == 1)
            append_plain(*at, normal);
        else if (plain)
            est_i_text_append(normal, plain);
        else
            est_i_text_append_bytes(normal, (const char *)at, length);
        at += length;
    }
}

/* Dates */

typedef struct number {
    int value;
    size_t digits;
} number;

/* Up to three numbers, parted by one and the same of - / and . ; false if there is anything else. */
static bool read_numbers(const char *text, size_t length, number numbers[3], size_t *count)
{
    size_t at = 0;
    char mark = '\0';
    for (*count = 0; *count < 3; ++*count) {
        number *found = &numbers[*count];
        *found = (number){0, 0};
        while (at < length && found->digits < 8 && text[at] >= '0' && text[at] <= '9') {
            found->value = found->value * 10 + (text[at++] - '0');
            found->digits++;
        }
        if (found->digits == 0)
            return false;
        if (at == length) {
            ++*count;
            return true;
        }
        if (!strchr("-/.", text[at]) || (mark && text[at] != mark))
            return false;
        mark = text[at++];
    }
    return false;
}

static bool is_day(number n)
{
    return n.digits <= 2;
}

/* Year, month and day in this order; month and day are 0 where they are not given. */
static bool order_numbers(number n[3], size_t count, int kind, int ordered[3])
{
    bool year_first = n[0].digits == 4, eight = count == 1 && n[0].digits == 8;
    ordered[0] = n[0].value;
    ordered[1] = count > 1 ? n[1].value : 0;
    ordered[2] = count > 2 ? n[2].value : 0;
    if (eight) {
        ordered[0] = n[0].value / 10000;
        ordered[1] = n[0].value / 100 % 100;
        ordered[2] = n[0].value % 100;
    } else if (!year_first && count == 3 && kind != EST_PART_DATE_YMD && n[2].digits == 4 && is_day(n[0]) && is_day(n[1])) {
        ordered[0] = n[2].value;
        ordered[1] = n[kind == EST_PART_DATE_DMY].value;
        ordered[2] = n[kind != EST_PART_DATE_DMY].value;
    } else {
        return year_first && (count < 2 || is_day(n[1])) && (count < 3 || is_day(n[2]));
    }
    return true;
}

static bool normalise_date(const char *text, int kind, est_i_text *normal)
{
    number numbers[3];
    int date[3];
    size_t count = 0, length = 0;
    char iso[32];
    est_i_span span;
    text = est_i_label_trim(text, &length);
    if (!read_numbers(text, length, numbers, &count) || !order_numbers(numbers, count, kind, date))
        return false;
    bool has_day = count == 3 || numbers[0].digits == 8;
    if (has_day)
        snprintf(iso, sizeof iso, "%04d-%02d-%02d", date[0], date[1], date[2]);
    else if (count == 2)
        snprintf(iso, sizeof iso, "%04d-%02d", date[0], date[1]);
    else
        snprintf(iso, sizeof iso, "%04d", date[0]);
    if (!est_i_date_read(iso, &span))
        return false;
    est_i_text_append(normal, iso);
    return true;
}

/* "-" and blanks are what people write into a date that they do not know. */
static bool is_blank(const char *text)
{
    est_i_text letters_left = {0};
    normalise_text(text, &letters_left);
    bool blank = letters_left.length == 0 && !letters_left.failed;
    est_i_text_free(&letters_left);
    return blank;
}

bool est_i_part_normal(const char *text, int kind, est_i_text *normal)
{
    bool good = true;
    if (kind == EST_PART_TEXT)
        normalise_text(text, normal);
    else if (!is_blank(text))
        good = normalise_date(text, kind, normal);
    return good;
}

/* The message */

static est_status append_part(const est_pseudonym_part *part, size_t index, est_i_text *message, bool *any, est_error *error)
{
    est_i_text normal = {0};
    est_i_place place = {.where = "part", .record = (long long)index + 1};
    est_status status = EST_OK;
    if (part->kind < EST_PART_TEXT || part->kind > EST_PART_DATE_MDY)
        status = est_i_fail_at(error, EST_EOPTION, place, "found kind %d, expected text or a kind of date", part->kind);
    else if (part->text && !est_i_utf8_valid(part->text))
        status = est_i_fail_at(error, EST_EVALUE, place, "found bytes that are no UTF-8, expected UTF-8 (not shown)");
    else if (part->text && !est_i_part_normal(part->text, part->kind, &normal))
        status = est_i_fail_at(error, EST_EVALUE, place, "found no date of the expected order (not shown), expected %s",
                               part->kind == EST_PART_DATE_DMY   ? "day/month/year or year-month-day"
                               : part->kind == EST_PART_DATE_MDY ? "month/day/year or year-month-day"
                                                                 : "year-month-day");
    if (normal.length > 0) {
        *any = true;
        est_i_text_printf(message, "%zu ", normal.length);
        est_i_text_append_bytes(message, normal.data, normal.length);
        est_i_text_append(message, "\n");
    } else {
        est_i_text_append(message, "-\n");
    }
    if (status == EST_OK && normal.failed)
        status = est_i_no_memory(error);
    if (normal.data)
        est_key_clear((unsigned char *)normal.data, normal.length);
    est_i_text_free(&normal);
    return status;
}

static est_status check_request(const unsigned char *key, size_t key_length, size_t n_parts, est_error *error)
{
    est_status status = EST_OK;
    if (!key || key_length < EST_KEY_LEAST)
        status = est_i_fail(error, EST_EOPTION, "found a key of %zu bytes, expected at least %d: a short key can be guessed", key ?
                            key_length : 0, EST_KEY_LEAST);
    else if (n_parts < 1 || n_parts > PARTS_MOST)
        status = est_i_fail(error, EST_EOPTION, "found %zu parts, expected 1 to %d", n_parts, PARTS_MOST);
    return status;
}

est_status est_pseudonym(const unsigned char *key, size_t key_length, const est_pseudonym_part *parts, size_t n_parts,
                         char out[EST_PSEUDONYM_SIZE], est_error *error)
{
    est_i_text message = {0};
    unsigned char digest[SHA256_DIGEST_SIZE];
    bool any = false;
    est_error_clear(error);
    out[0] = '\0';
    est_status status = check_request(key, key_length, n_parts, error);
    est_i_text_printf(&message, "est-pseudonym/1\n%zu\n", n_parts);
    for (size_t i = 0; status == EST_OK && i < n_parts; i++)
        status = append_part(&parts[i], i, &message, &any, error);
    if (status == EST_OK && message.failed)
        status = est_i_no_memory(error);
    if (status == EST_OK && any) {
        est_i_hmac_sha256(key, key_length, message.data, message.length, digest);
        for (size_t i = 0; i < sizeof digest; i++)
            snprintf(out + 2 * i, 3, "%02x", (unsigned)digest[i]);
    }
    if (message.data)
        est_key_clear((unsigned char *)message.data, message.length);
    est_i_text_free(&message);
    return status;
}
