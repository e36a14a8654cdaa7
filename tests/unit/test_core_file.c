/* Files written whole or not at all. */
#define _XOPEN_SOURCE 700

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
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

#include "core/file.h"

/* Each test works in a folder of its own, which is its current folder. */
static int set_up(void **state)
{
    char *folder = malloc(64);
    if (!folder)
        return -1;
    strcpy(folder, "/tmp/est_file_XXXXXX");
    *state = folder;
    return !mkdtemp(folder) || chdir(folder) != 0;
}

static int tear_down(void **state)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", (char *)*state);
    free(*state);
    return chdir("/") != 0 || system(command) != 0;
}

static int entries(const char *folder)
{
    DIR *directory = opendir(folder);
    int count = -2; /* "." and ".." */
    assert_non_null(directory);
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

static void assert_content(const char *path, const char *expected)
{
    char content[256] = "";
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t length = fread(content, 1, sizeof content - 1, file);
    fclose(file);
    assert_int_equal(length, strlen(expected));
    assert_string_equal(content, expected);
}

static void write_text(const char *path, const char *text)
{
    est_error error;
    if (est_i_file_write(path, text, strlen(text), &error) != EST_OK)
        fail_msg("%s", error.message);
}

static unsigned mode_of(const char *path)
{
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    return (unsigned)about.st_mode & 0777u;
}

static void test_new_file(void **state)
{
    char path[128];
    mode_t mask = umask(027);
    write_text("page.html", "first");
    umask(mask);
    assert_content("page.html", "first");
    assert_int_equal(mode_of("page.html"), 0640);
    write_text("empty.txt", "");
    assert_content("empty.txt", "");
    snprintf(path, sizeof path, "%s/absolute.txt", (char *)*state);
    write_text(path, "x");
    assert_content("absolute.txt", "x");
    assert_int_equal(entries("."), 3);
}

static void test_replaced_file(void **state)
{
    (void)state;
    write_text("page.html", "first, and longer");
    assert_int_equal(chmod("page.html", 0600), 0);
    write_text("page.html", "second");
    assert_content("page.html", "second");
    assert_int_equal(mode_of("page.html"), 0600); /* what was closed to others stays so */
    assert_int_equal(entries("."), 1);
}

static void test_link_stays_a_link(void **state)
{
    struct stat about;
    (void)state;
    write_text("target.txt", "old");
    assert_int_equal(symlink("target.txt", "link.txt"), 0);
    write_text("link.txt", "new");
    assert_int_equal(lstat("link.txt", &about), 0);
    assert_true(S_ISLNK(about.st_mode));
    assert_content("target.txt", "new");
    assert_int_equal(entries("."), 2);
}

static void expect_failure(const char *path)
{
    est_error error;
    assert_int_equal(est_i_file_write(path, "text", 4, &error), EST_EIO);
    assert_int_equal(error.code, EST_EIO);
    assert_string_equal(error.where, path);
    assert_non_null(strstr(error.message, path));
    assert_non_null(strstr(error.message, "expected"));
}

static void test_impossible_paths(void **state)
{
    (void)state;
    assert_int_equal(mkdir("folder", 0777), 0);
    write_text("file", "old");
    expect_failure("missing/page.html");
    expect_failure("folder");
    expect_failure("file/page.html");
    expect_failure("");
    assert_int_equal(entries("folder"), 0);
    assert_content("file", "old");
    assert_int_equal(entries("."), 2);
}

/* The disk is "full" after 100 bytes: the old file stands, and nothing else is left. */
static void test_old_file_is_kept(void **state)
{
    char big[4096];
    struct rlimit old, small;
    est_error error;
    est_status status;
    (void)state;
    memset(big, 'x', sizeof big);
    write_text("page.html", "old");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 100;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    status = est_i_file_write("page.html", big, sizeof big, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(status, EST_EIO);
    assert_content("page.html", "old");
    assert_int_equal(entries("."), 1);
}

/* A pipe or device is written to, not replaced by a file. */
static void test_devices(void **state)
{
    struct stat about;
    (void)state;
    write_text("/dev/null", "gone");
    assert_int_equal(stat("/dev/null", &about), 0);
    assert_true(S_ISCHR(about.st_mode));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_new_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_replaced_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_link_stays_a_link, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_impossible_paths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_old_file_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_devices, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
