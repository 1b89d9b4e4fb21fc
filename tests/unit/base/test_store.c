/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are changed in place. */
#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failing_allocator.h"
#include "platform.h"
#include "stream.h"

static svms_ctx *ctx;
static char folder[] = "/tmp/svms-test-store-XXXXXX";

static int enter_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) && chdir(folder) == 0 && svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK ? 0
                                                                                              : -1;
}

static int leave_folder(void **state)
{
    (void)state;
    svms_ctx_free(&ctx);
    return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void assert_file_holds(const char *path, const char *text)
{
    char found[64] = "";
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(found, 1, sizeof found - 1, file);
    fclose(file);
    assert_int_equal(size, strlen(text));
    assert_string_equal(found, text);
}

static svms_store open_store(const char *path)
{
    svms_store store;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_store_open_file(&store, ctx, path, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    assert_true(svms_store_usable(&store));
    return store;
}

static void bytes_are_changed_in_place(void **state)
{
    (void)state;
    write_file("data", "0123456789");
    svms_store store = open_store("data");
    assert_int_equal(svms_store_write(&store, 3, "abc", 3, NULL), SVMS_OK);
    assert_int_equal(svms_store_write(&store, 0, NULL, 0, NULL), SVMS_OK);
    assert_int_equal(svms_store_sync(&store, NULL), SVMS_OK);
    svms_source source = svms_store_source(&store);
    char out[4] = "";
    assert_int_equal(svms_source_read(&source, 2, out, 3, NULL), SVMS_OK);
    assert_string_equal(out, "2ab");
    assert_file_holds("data", "012abc6789");
    /* At the end it grows, as a trailer does. */
    assert_int_equal(svms_store_write(&store, 10, "xy", 2, NULL), SVMS_OK);
    uint64_t size = 0;
    assert_int_equal(svms_source_size(&source, &size, NULL), SVMS_OK);
    assert_true(size == 12);
    svms_store_close(&store);
    assert_null(store.user);
    assert_null(store.write_at);
    svms_store_close(&store);
    svms_store_close(NULL);
    assert_file_holds("data", "012abc6789xy");
    unlink("data");
}

static void nothing_is_written_behind_the_end(void **state)
{
    (void)state;
    static const uint64_t beyond[] = { 11, INT64_MAX, UINT64_C(1) << 63, UINT64_MAX };
    write_file("data", "0123456789");
    svms_store store = open_store("data");
    for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++) {
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_store_write(&store, beyond[i], "a", 1, &err), SVMS_E_IO);
        assert_int_equal(err.os_error, EINVAL);
        assert_true(err.offset == beyond[i]);
    }
    svms_store_close(&store);
    assert_file_holds("data", "0123456789");
    unlink("data");
}

static void what_cannot_be_changed_is_named_and_never_waited_for(void **state)
{
    (void)state;
    assert_int_equal(mkdir("folder", 0700), 0);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    static const struct {
        const char *path;
        int os_error;
        const char *words;
    } cases[] = {
        { "missing", ENOENT, "No such file" },
        { "", ENOENT, "No such file" },
        { "folder", EINVAL, "is no regular file" },
        { "pipe", EINVAL, "is no regular file" },
        { "/dev/full", EINVAL, "is no regular file" },
        { "folder/missing/deep", ENOENT, "No such file" },
    };
    alarm(10);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_store store = SVMS_STORE_INIT;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_store_open_file(&store, ctx, cases[i].path, &err), SVMS_E_IO);
        assert_int_equal(err.os_error, cases[i].os_error);
        assert_non_null(strstr(err.message, cases[i].words));
        assert_null(store.user);
    }
    alarm(0);
    unlink("pipe");
    rmdir("folder");
    assert_int_equal(access("missing", F_OK), -1);
}

static void a_file_that_may_only_be_read_is_not_opened(void **state)
{
    (void)state;
    bool root = geteuid() == 0;
    write_file("data", "0123456789");
    assert_int_equal(chmod("data", 0444), 0);
    assert_int_equal(chmod(".", 0755), 0);
    if (root) {
        assert_int_equal(seteuid(65534), 0); /* root may write everything */
    }
    svms_store store;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_store_open_file(&store, ctx, "data", &err);
    if (root) {
        assert_int_equal(seteuid(0), 0);
    }
    assert_int_equal(status, SVMS_E_IO);
    assert_int_equal(err.os_error, EACCES);
    unlink("data");
}

static void missing_arguments_are_the_callers_mistake(void **state)
{
    (void)state;
    svms_store store;
    write_file("data", "x");
    assert_int_equal(svms_store_open_file(NULL, ctx, "data", NULL), SVMS_E_USAGE);
    assert_int_equal(svms_store_open_file(&store, NULL, "data", NULL), SVMS_E_USAGE);
    assert_int_equal(svms_store_open_file(&store, ctx, NULL, NULL), SVMS_E_USAGE);
    unlink("data");
}

static svms_status open_and_close(svms_ctx *with, svms_error *err)
{
    svms_store store;
    svms_status status = svms_store_open_file(&store, with, "data", err);
    if (status == SVMS_OK) {
        svms_store_close(&store);
    }
    return status;
}

static void want_of_memory_leaves_nothing_locked(void **state)
{
    (void)state;
    write_file("data", "x");
    each_allocation_fails_cleanly(open_and_close);
    unlink("data");
}

static void only_one_changes_a_file_and_none_while_it_is_recorded(void **state)
{
    (void)state;
    svms_store second;
    svms_sink sink;
    svms_error err = SVMS_ERROR_INIT;
    write_file("data", "0123456789");
    svms_store first = open_store("data");
    assert_int_equal(svms_store_open_file(&second, ctx, "data", &err), SVMS_E_IO);
    assert_int_equal(err.os_error, EWOULDBLOCK);
    assert_non_null(strstr(err.message, "is being written by somebody else"));
    svms_source reader;
    assert_int_equal(svms_source_open_file(&reader, ctx, "data", NULL), SVMS_OK);
    svms_source_close(&reader);
    svms_store_close(&first);
    second = open_store("data");
    svms_store_close(&second);
    unlink("data");

    assert_int_equal(svms_sink_create_file(&sink, ctx, "live", NULL), SVMS_OK);
    assert_int_equal(svms_store_open_file(&second, ctx, "live", &err), SVMS_E_IO);
    assert_int_equal(err.os_error, EWOULDBLOCK);
    svms_sink_close(&sink);
    second = open_store("live");
    svms_store_close(&second);
    unlink("live");
}

/* A write that ends early is continued, and then the system says why it cannot go on. */
static void a_write_that_ends_early_is_a_failure(void **state)
{
    (void)state;
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit limit = { 12, before.rlim_max };
    svms_error err = SVMS_ERROR_INIT;
    write_file("data", "0123456789");
    svms_store store = open_store("data");
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    svms_status status = svms_store_write(&store, 8, "abcdef", 6, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, SVMS_E_IO);
    assert_int_equal(err.os_error, EFBIG);
    assert_true(err.offset == 8);
    svms_store_close(&store);
    assert_file_holds("data", "01234567abcd");
    unlink("data");
}

static void system_failures_give_their_number(void **state)
{
    (void)state;
    uint64_t size = 0;
    size_t got = 0;
    char out[1];
    write_file("data", "0123456789");
    int reading = open("data", O_RDONLY);
    assert_int_equal(svms_platform_write_at(reading, 0, "x", 1), EBADF);
    close(reading);
    assert_int_equal(svms_platform_write_at(reading, 0, "x", 1), EBADF);
    assert_int_equal(svms_platform_read_at(reading, 0, out, 1, &got), EBADF);
    assert_int_equal(svms_platform_size(reading, &size), EBADF);
    assert_int_equal(svms_platform_sync(reading), EBADF);
    /* Every write to this device fails. */
    int full = open("/dev/full", O_RDWR);
    assert_int_equal(svms_platform_write_at(full, 0, "x", 1), ENOSPC);
    close(full);
    unlink("data");
}

static svms_status fail_with(svms_status status, int *os_error)
{
    *os_error = ENOSPC;
    return status;
}

static svms_status write_fails(void *user, uint64_t offset, const void *data, size_t size,
                               int *os_error)
{
    (void)offset;
    (void)data;
    (void)size;
    return fail_with(*(const svms_status *)user, os_error);
}

static svms_status sync_fails(void *user, int *os_error)
{
    return fail_with(*(const svms_status *)user, os_error);
}

static void a_callback_that_fails_decides_the_status(void **state)
{
    (void)state;
    static const struct {
        svms_status given;
        svms_status expected;
        int os_error;
    } cases[] = {
        { SVMS_E_IO, SVMS_E_IO, ENOSPC },
        { SVMS_E_CANCELLED, SVMS_E_CANCELLED, 0 },
        { (svms_status)7, SVMS_E_IO, ENOSPC },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_status given = cases[i].given;
        svms_error err = SVMS_ERROR_INIT;
        svms_store store = SVMS_STORE_INIT;
        store.user = &given;
        store.write_at = write_fails;
        store.sync = sync_fails;
        assert_false(svms_store_usable(&store));
        assert_int_equal(svms_store_write(&store, 5, "x", 1, &err), cases[i].expected);
        assert_int_equal(err.os_error, cases[i].os_error);
        assert_true(err.offset == 5);
        assert_int_equal(svms_store_sync(&store, &err), cases[i].expected);
    }
}

/* Whatever is asked to be written out early, whole pages or not, there or not: it stays what it is.
 */
static void what_is_hastened_is_not_changed(void **state)
{
    static const struct {
        uint64_t offset;
        size_t size;
    } parts[] = { { 0, 20000 }, { 1, 20000 }, { 5, 10 },      { 4096, 4096 },
                  { 8192, 0 },  { 19999, 1 }, { 40000, 9000 } };
    (void)state;
    uint8_t bytes[20000];
    uint8_t found[sizeof bytes];
    memset(bytes, 0x5a, sizeof bytes);
    write_file("data", "");
    svms_store store = open_store("data");
    svms_source source = svms_store_source(&store);
    assert_non_null(store.hasten);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        uint64_t size = 0;
        bytes[i] = (uint8_t)i;
        assert_int_equal(svms_store_write(&store, 0, bytes, sizeof bytes, NULL), SVMS_OK);
        store.hasten(store.user, parts[i].offset, parts[i].size);
        assert_int_equal(svms_store_sync(&store, NULL), SVMS_OK);
        assert_int_equal(svms_source_read(&source, 0, found, sizeof found, NULL), SVMS_OK);
        assert_memory_equal(found, bytes, sizeof bytes);
        assert_int_equal(source.get_size(source.user, &size, &(int){ 0 }), SVMS_OK);
        assert_true(size == sizeof bytes);
    }
    svms_store_close(&store);
    assert_int_equal(unlink("data"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_changed_in_place),
        cmocka_unit_test(nothing_is_written_behind_the_end),
        cmocka_unit_test(what_cannot_be_changed_is_named_and_never_waited_for),
        cmocka_unit_test(a_file_that_may_only_be_read_is_not_opened),
        cmocka_unit_test(missing_arguments_are_the_callers_mistake),
        cmocka_unit_test(want_of_memory_leaves_nothing_locked),
        cmocka_unit_test(only_one_changes_a_file_and_none_while_it_is_recorded),
        cmocka_unit_test(a_write_that_ends_early_is_a_failure),
        cmocka_unit_test(system_failures_give_their_number),
        cmocka_unit_test(a_callback_that_fails_decides_the_status),
        cmocka_unit_test(what_is_hastened_is_not_changed),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
