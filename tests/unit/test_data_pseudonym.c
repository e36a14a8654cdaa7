/* Pseudonyms: the HMAC against RFC 4231, the normal form, and the files. The expected pseudonyms are HMAC-SHA-256 of the message
 * that pseudonym.c describes, computed with Python's hmac module. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <est/pseudonym.h>

#include "data/pseudonym.h"

#define KEY ((const unsigned char *)"0123456789abcdef")
#define WHOLE "e65fa02c6b12341a265cae74d6373a10f67987300512d4953e12d0f3a7f4b20d"
#define PARTIAL "c6cac236cdd8ee56ef9cb1e4e5bc8341efcb3b97431526eedcdfa9f4603a3e35"

static void expect_hmac(const void *key, size_t key_length, const void *message, size_t length, const char *expected)
{
    unsigned char digest[32];
    char hex[65];
    est_i_hmac_sha256(key, key_length, message, length, digest);
    for (size_t i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", (unsigned)digest[i]);
    assert_string_equal(hex, expected);
}

/* RFC 4231, test cases 1 to 4, 6 and 7. */
static void test_rfc_4231(void **state)
{
    (void)state;
    unsigned char bytes[131], key[25], data[50];
    memset(bytes, 0x0b, 20);
    expect_hmac(bytes, 20, "Hi There", 8, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    expect_hmac("Jefe", 4, "what do ya want for nothing?", 28,
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(bytes, 0xaa, sizeof bytes);
    memset(data, 0xdd, sizeof data);
    expect_hmac(bytes, 20, data, 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (unsigned char)(i + 1);
    memset(data, 0xcd, sizeof data);
    expect_hmac(key, 25, data, 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
    const char *long_key = "Test Using Larger Than Block-Size Key - Hash Key First";
    const char *long_data = "This is a test using a larger than block-size key and a larger than block-size data. The key needs to "
                            "be hashed before being used by the HMAC algorithm.";
    expect_hmac(bytes, 131, long_key, strlen(long_key), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    expect_hmac(bytes, 131, long_data, strlen(long_data), "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

/* Normal form */

static void expect_normal(const char *text, int kind, const char *expected)
{
    est_i_text normal = {0};
    bool good = est_i_part_normal(text, kind, &normal);
    assert_int_equal(good, expected != NULL);
    if (expected)
        assert_string_equal(normal.length ? normal.data : "", expected);
    est_i_text_free(&normal);
}

static void test_normal_text(void **state)
{
    (void)state;
    expect_normal("  O'Brien-Smith, Jr. ", EST_PART_TEXT, "obriensmithjr");
    expect_normal("WANJIK\xC5\xA8", EST_PART_TEXT, "wanjiku");                     /* U with tilde */
    expect_normal("wanjiku\xCC\x83", EST_PART_TEXT, "wanjiku");                    /* u and a combining tilde */
    expect_normal("Stra\xC3\x9F" "e \xC3\x86r\xC3\xB8", EST_PART_TEXT, "strasseaero");
    expect_normal("\xC5\x81\xC3\xB3" "d\xC5\xBA", EST_PART_TEXT, "lodz");
    expect_normal("Ng\xE2\x80\x99" "ang\xE2\x80\x99" "a", EST_PART_TEXT, "nganga"); /* typographic apostrophes */
    expect_normal("N\xC2\xA0" "A\xE3\x80\x80" "B", EST_PART_TEXT, "nab");          /* blanks of other kinds */
    expect_normal("\xD0\x98\xD0\xB2", EST_PART_TEXT, "\xD0\x98\xD0\xB2");         /* other scripts stay */
    expect_normal("12-34 AB", EST_PART_TEXT, "1234ab");
    expect_normal(" - ", EST_PART_TEXT, "");
}

static void test_normal_dates(void **state)
{
    (void)state;
    const char *day = "1999-04-03";
    expect_normal("1999-04-03", EST_PART_DATE_YMD, day);
    expect_normal(" 1999/4/3 ", EST_PART_DATE_YMD, day);
    expect_normal("1999.04.3", EST_PART_DATE_YMD, day);
    expect_normal("19990403", EST_PART_DATE_YMD, day);
    expect_normal("03/04/1999", EST_PART_DATE_DMY, day);
    expect_normal("3.4.1999", EST_PART_DATE_DMY, day);
    expect_normal("4-3-1999", EST_PART_DATE_MDY, day);
    expect_normal("1999-04-03", EST_PART_DATE_DMY, day);
    expect_normal("1999-04", EST_PART_DATE_YMD, "1999-04");
    expect_normal("1999", EST_PART_DATE_YMD, "1999");
    expect_normal("", EST_PART_DATE_YMD, "");
    expect_normal("03/04/1999", EST_PART_DATE_YMD, NULL);
    expect_normal("13/14/1999", EST_PART_DATE_DMY, NULL);
    expect_normal("1999-02-29", EST_PART_DATE_YMD, NULL);
    expect_normal("1999-4/3", EST_PART_DATE_YMD, NULL);
    expect_normal("3/4/99", EST_PART_DATE_DMY, NULL);
    expect_normal("1999-04-03T00:00", EST_PART_DATE_YMD, NULL);
    expect_normal("Wanjiku", EST_PART_DATE_YMD, NULL);
    expect_normal("999999999999", EST_PART_DATE_YMD, NULL);
}

/* Pseudonyms */

static void expect_pseudonym(const char *name, const char *born, int kind, const char *expected)
{
    est_error error;
    char out[EST_PSEUDONYM_SIZE];
    const est_pseudonym_part parts[] = {{name, EST_PART_TEXT}, {born, kind}};
    assert_int_equal(est_pseudonym(KEY, 16, parts, 2, out, &error), EST_OK);
    assert_string_equal(out, expected);
}

static void test_known_answers(void **state)
{
    (void)state;
    const char *whole = WHOLE, *partial = PARTIAL;
    expect_pseudonym("Wanjiku Kamau", "1999-04-03", EST_PART_DATE_YMD, whole);
    expect_pseudonym("WANJIK\xC5\xA8, KAMAU", "3/4/1999", EST_PART_DATE_DMY, whole);
    expect_pseudonym("Wanjiku Kamau", NULL, EST_PART_DATE_YMD, partial);
    expect_pseudonym("Wanjiku Kamau", " - ", EST_PART_DATE_YMD, partial);
    expect_pseudonym(NULL, NULL, EST_PART_DATE_YMD, "");
    expect_pseudonym("--", "", EST_PART_TEXT, "");
}

/* Parts that would be equal if they were only put side by side. */
static void test_joining_is_unambiguous(void **state)
{
    (void)state;
    est_error error;
    char first[EST_PSEUDONYM_SIZE], second[EST_PSEUDONYM_SIZE];
    const est_pseudonym_part one[] = {{"ab", 0}, {"c", 0}}, other[] = {{"a", 0}, {"bc", 0}}, alone[] = {{"abc", 0}},
                             before[] = {{NULL, 0}, {"abc", 0}}, after[] = {{"abc", 0}, {NULL, 0}};
    assert_int_equal(est_pseudonym(KEY, 16, one, 2, first, &error), EST_OK);
    assert_int_equal(est_pseudonym(KEY, 16, other, 2, second, &error), EST_OK);
    assert_string_not_equal(first, second);
    assert_int_equal(est_pseudonym(KEY, 16, alone, 1, second, &error), EST_OK);
    assert_string_not_equal(first, second);
    assert_int_equal(est_pseudonym(KEY, 16, before, 2, first, &error), EST_OK);
    assert_int_equal(est_pseudonym(KEY, 16, after, 2, second, &error), EST_OK);
    assert_string_not_equal(first, second);
    assert_int_equal(est_pseudonym((const unsigned char *)"0123456789abcdeg", 16, before, 2, second, &error), EST_OK);
    assert_string_not_equal(first, second);
}

static void test_faults(void **state)
{
    (void)state;
    est_error error;
    char out[EST_PSEUDONYM_SIZE];
    const est_pseudonym_part good[] = {{"a", EST_PART_TEXT}}, kind[] = {{"a", 4}}, bytes[] = {{"a", 0}, {"\xFF", 0}},
                             date[] = {{"Wanjiku", EST_PART_TEXT}, {"Njeri", EST_PART_DATE_YMD}};
    assert_int_equal(est_pseudonym(KEY, 15, good, 1, out, &error), EST_EOPTION);
    assert_int_equal(est_pseudonym(NULL, 32, good, 1, out, &error), EST_EOPTION);
    assert_int_equal(est_pseudonym(KEY, 16, good, 0, out, &error), EST_EOPTION);
    assert_int_equal(est_pseudonym(KEY, 16, kind, 1, out, &error), EST_EOPTION);
    assert_int_equal(est_pseudonym(KEY, 16, bytes, 2, out, &error), EST_EVALUE);
    assert_int_equal(error.record, 2);
    assert_int_equal(est_pseudonym(KEY, 16, date, 2, out, &error), EST_EVALUE);
    assert_int_equal(error.record, 2);
    assert_null(strstr(error.message, "Njeri"));
    assert_string_equal(out, "");
}

/* Files, in a folder of their own */

static char folder[64];

static int enter_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/est-pseudonym-XXXXXX");
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
    static const char *const names[] = {"key", "short", "in.csv", "out.csv"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        remove(names[i]);
    return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void read_text(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
}

static void test_key_files(void **state)
{
    (void)state;
    est_error error;
    unsigned char key[EST_KEY_MOST], again[EST_KEY_MOST];
    size_t length = 0;
    struct stat about;
    assert_int_equal(est_key_make("key", &error), EST_OK);
    assert_int_equal(stat("key", &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(about.st_size, EST_KEY_MADE);
    assert_int_equal(est_key_read("key", key, &length, &error), EST_OK);
    assert_int_equal(length, EST_KEY_MADE);
    assert_int_equal(est_key_make("key", &error), EST_EIO);
    assert_int_equal(est_key_read("key", again, &length, &error), EST_OK);
    assert_memory_equal(key, again, EST_KEY_MADE);
    assert_int_equal(chmod("key", 0640), 0);
    assert_int_equal(est_key_read("key", again, &length, &error), EST_EFILE);
    assert_non_null(strstr(error.message, "chmod 600 key"));
    assert_int_equal(remove("key"), 0);
    assert_int_equal(est_key_make("key", &error), EST_OK);
    assert_int_equal(est_key_read("key", again, &length, &error), EST_OK);
    assert_memory_not_equal(key, again, EST_KEY_MADE);
    write_text("short", "0123456789abcde");
    assert_int_equal(chmod("short", 0600), 0);
    assert_int_equal(est_key_read("short", key, &length, &error), EST_EFORMAT);
    assert_int_equal(est_key_read("absent", key, &length, &error), EST_EFILE);
    assert_int_equal(est_key_make("absent/key", &error), EST_EIO);
}

static est_status convert(const char *input, const char *output, est_pseudonyms_options options, est_pseudonyms_counts *counts,
                          est_error *error)
{
    options.dates = options.dates ? options.dates : "";
    options.drop = options.drop ? options.drop : "";
    options.date_order = options.date_order ? options.date_order : EST_PART_DATE_YMD;
    return est_pseudonyms_write(input, output, &options, KEY, 16, NULL, counts, error);
}

#define PEOPLE                                                                                  \
    "sex,name,born,county\nf,Wanjiku Kamau,1999-04-03,\"Nairobi, \"\"east\"\"\"\n"              \
    "m,WANJIK\xC5\xA8 KAMAU,1999/4/3,\"\"\nf,Wanjiku  Kamau,,NA\n,,,Kisumu\n"

static void test_file(void **state)
{
    (void)state;
    char text[2048];
    est_error error;
    est_pseudonyms_counts counts;
    struct stat about;
    write_text("in.csv", PEOPLE);
    est_pseudonyms_options options = {.columns = "name, born", .dates = "born", .drop = "sex"};
    assert_int_equal(convert("in.csv", "out.csv", options, &counts, &error), EST_OK);
    read_text("out.csv", text, sizeof text);
    assert_string_equal(text, "pseudonym,county\n" WHOLE ",\"Nairobi, \"\"east\"\"\"\n" WHOLE ",\"\"\n" PARTIAL ",NA\nNA,Kisumu\n");
    assert_int_equal(counts.records, 4);
    assert_int_equal(counts.without, 1);
    assert_int_equal(counts.partial, 1);
    assert_int_equal(stat("out.csv", &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    read_text("in.csv", text, sizeof text);
    assert_string_equal(text, PEOPLE);
}

static void expect_file_fault(est_pseudonyms_options options, est_status code, long long record, const char *column)
{
    est_error error;
    char text[64];
    write_text("out.csv", "as it was");
    assert_int_equal(convert("in.csv", "out.csv", options, NULL, &error), code);
    assert_int_equal(error.record, record);
    assert_string_equal(error.column, column);
    assert_null(strstr(error.message, "Wanjiku"));
    assert_null(strstr(error.message, "Kamau"));
    read_text("out.csv", text, sizeof text);
    assert_string_equal(text, "as it was");
}

static void test_file_faults(void **state)
{
    (void)state;
    est_error error;
    write_text("in.csv", PEOPLE);
    expect_file_fault((est_pseudonyms_options){.columns = ""}, EST_EOPTION, 0, "");
    expect_file_fault((est_pseudonyms_options){.columns = "name,,born"}, EST_EOPTION, 0, "");
    expect_file_fault((est_pseudonyms_options){.columns = "name,nme"}, EST_ECOLUMN, 0, "nme");
    expect_file_fault((est_pseudonyms_options){.columns = "name,name"}, EST_EOPTION, 0, "name");
    expect_file_fault((est_pseudonyms_options){.columns = "name", .drop = "name"}, EST_EOPTION, 0, "name");
    expect_file_fault((est_pseudonyms_options){.columns = "name", .dates = "born"}, EST_EOPTION, 0, "born");
    expect_file_fault((est_pseudonyms_options){.columns = "name", .dates = "name"}, EST_EVALUE, 1, "name");
    assert_int_equal(convert("in.csv", "in.csv", (est_pseudonyms_options){.columns = "name"}, NULL, &error), EST_EOPTION);
    assert_int_equal(convert("in.csv", ".", (est_pseudonyms_options){.columns = "name"}, NULL, &error), EST_EIO);
    assert_int_equal(convert("absent.csv", "out.csv", (est_pseudonyms_options){.columns = "name"}, NULL, &error), EST_EFILE);
    write_text("in.csv", "name,pseudonym\na,b\n");
    expect_file_fault((est_pseudonyms_options){.columns = "name"}, EST_ECOLUMN, 0, "pseudonym");
    write_text("in.csv", "name,county\nWanjiku Kamau,x\nWanjiku Kamau\n"); /* ragged below good records: nothing is written */
    expect_file_fault((est_pseudonyms_options){.columns = "name"}, EST_EFORMAT, 2, "");
}

/* Several batches and buffers: every record has the pseudonym that it has alone. */
static void test_long_file(void **state)
{
    (void)state;
    est_error error;
    est_pseudonyms_counts counts;
    FILE *file = fopen("in.csv", "wb");
    assert_non_null(file);
    fprintf(file, "name,n\n");
    for (int i = 0; i < 70000; i++)
        fprintf(file, "Person %d,%d\n", i % 1000, i);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(convert("in.csv", "out.csv", (est_pseudonyms_options){.columns = "name"}, &counts, &error), EST_OK);
    assert_int_equal(counts.records, 70000);
    file = fopen("out.csv", "rb");
    assert_non_null(file);
    char line[128], expected[128], name[32], out[EST_PSEUDONYM_SIZE];
    assert_non_null(fgets(line, sizeof line, file));
    assert_string_equal(line, "pseudonym,n\n");
    for (int i = 0; i < 70000; i++) {
        snprintf(name, sizeof name, "person%d", i % 1000);
        const est_pseudonym_part part = {name, EST_PART_TEXT};
        assert_non_null(fgets(line, sizeof line, file));
        assert_int_equal(est_pseudonym(KEY, 16, &part, 1, out, &error), EST_OK);
        snprintf(expected, sizeof expected, "%s,%d\n", out, i);
        assert_string_equal(line, expected);
    }
    fclose(file);
}

static long peak_kilobytes(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

/* Half a million people of names of their own pass through; 64 Ki of them are held at a time. */
static void test_memory(void **state)
{
    (void)state;
    est_error error;
    est_pseudonyms_counts counts;
    FILE *file = fopen("many.csv", "wb");
    assert_non_null(file);
    fprintf(file, "name,n\n");
    for (int i = 0; i < 500000; i++)
        fprintf(file, "A person of a rather long name whose number in the file is %d,%d\n", i, i);
    assert_int_equal(fclose(file), 0);
    long before = peak_kilobytes();
    assert_int_equal(convert("many.csv", "out.csv", (est_pseudonyms_options){.columns = "name"}, &counts, &error), EST_OK);
    assert_int_equal(counts.records, 500000);
#ifndef __SANITIZE_ADDRESS__ /* which holds freed memory back */
    assert_true(peak_kilobytes() - before < 32768);
#endif
    (void)before;
    assert_int_equal(remove("many.csv"), 0);
}

static void test_quoted_columns(void **state)
{
    (void)state;
    char text[512];
    est_error error;
    write_text("quoted.csv", "\"name, whole\",born,county\nWanjiku Kamau,1999-04-03,\"Nairobi, \"\"east\"\"\"\n");
    est_pseudonyms_options options = {.columns = "\"name, whole\", born", .dates = "born"};
    assert_int_equal(convert("quoted.csv", "out.csv", options, NULL, &error), EST_OK);
    read_text("out.csv", text, sizeof text);
    assert_string_equal(text, "pseudonym,county\n" WHOLE ",\"Nairobi, \"\"east\"\"\"\n");
    options.columns = "\"name, whole";
    assert_int_equal(convert("quoted.csv", "out.csv", options, NULL, &error), EST_EOPTION);
    assert_non_null(strstr(error.message, "not closed"));
    assert_int_equal(remove("quoted.csv"), 0);
}

static int stop_now(void *user)
{
    (void)user;
    return 1;
}

static void test_cancelled(void **state)
{
    (void)state;
    est_error error;
    est_context context = est_context_default();
    est_pseudonyms_options options = {.columns = "name", .dates = "", .date_order = EST_PART_DATE_YMD, .drop = ""};
    context.poll = stop_now;
    write_text("in.csv", PEOPLE);
    write_text("out.csv", "as it was");
    assert_int_equal(est_pseudonyms_write("in.csv", "out.csv", &options, KEY, 16, &context, NULL, &error), EST_ECANCELLED);
    char text[64];
    read_text("out.csv", text, sizeof text);
    assert_string_equal(text, "as it was");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc_4231),
        cmocka_unit_test(test_normal_text),
        cmocka_unit_test(test_normal_dates),
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_joining_is_unambiguous),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_key_files),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_file_faults),
        cmocka_unit_test(test_long_file),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_quoted_columns),
        cmocka_unit_test(test_cancelled),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
