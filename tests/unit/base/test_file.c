/* SPDX-License-Identifier: Apache-2.0 */
/* The file source, the file sink and the system calls below them, in a folder of their own. */
#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "failing_allocator.h"
#include "platform.h"
#include "stream.h"

static svms_ctx *ctx;
static char folder[] = "/tmp/svms-test-file-XXXXXX";

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

static void write_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void assert_file_holds(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    uint8_t *found = malloc(size + 1);
    assert_int_equal(fread(found, 1, size + 1, file), size);
    if (size > 0) {
        assert_memory_equal(found, data, size);
    }
    free(found);
    fclose(file);
}

static void a_file_is_read_at_any_offset(void **state)
{
    (void)state;
    write_file("data", "0123456789", 10);
    svms_source source;
    assert_int_equal(svms_source_open_file(&source, ctx, "data", NULL), SVMS_OK);
    assert_true(svms_source_usable(&source));
    assert_null(source.view);
    uint64_t size = 0;
    assert_int_equal(svms_source_size(&source, &size, NULL), SVMS_OK);
    assert_true(size == 10);
    char out[16];
    assert_int_equal(svms_source_read(&source, 4, out, 6, NULL), SVMS_OK);
    assert_memory_equal(out, "456789", 6);
    size_t got = 9;
    assert_int_equal(svms_source_read_some(&source, 7, out, 16, &got, NULL), SVMS_OK);
    assert_int_equal(got, 3);
    static const uint64_t beyond[] = { 10, 11, INT64_MAX, UINT64_C(1) << 63, UINT64_MAX };
    for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++) {
        assert_int_equal(svms_source_read_some(&source, beyond[i], out, 16, &got, NULL), SVMS_OK);
        assert_int_equal(got, 0);
    }
    svms_source_close(&source);
    assert_null(source.user);
    unlink("data");
}

static void a_file_may_grow_and_shrink_while_it_is_open(void **state)
{
    (void)state;
    write_file("live", "abc", 3);
    svms_source source;
    assert_int_equal(svms_source_open_file(&source, ctx, "live", NULL), SVMS_OK);
    uint64_t size = 0;
    write_file("live", "abcdef", 6);
    assert_int_equal(svms_source_size(&source, &size, NULL), SVMS_OK);
    assert_true(size == 6);
    assert_int_equal(truncate("live", 2), 0);
    char out[6];
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_source_read(&source, 0, out, 6, &err), SVMS_E_TRUNCATED);
    assert_true(err.offset == 2);
    svms_source_close(&source);
    unlink("live");
}

static void offsets_above_4_gib_are_reached(void **state)
{
    (void)state;
    const off_t far = (off_t)5 << 30;
    int fd = open("sparse", O_RDWR | O_CREAT, 0600);
    assert_true(fd >= 0);
    if (pwrite(fd, "end", 3, far) == 3) {
        svms_source source;
        assert_int_equal(svms_source_open_file(&source, ctx, "sparse", NULL), SVMS_OK);
        uint64_t size = 0;
        assert_int_equal(svms_source_size(&source, &size, NULL), SVMS_OK);
        assert_true(size == (uint64_t)far + 3);
        char out[3];
        assert_int_equal(svms_source_read(&source, (uint64_t)far, out, 3, NULL), SVMS_OK);
        assert_memory_equal(out, "end", 3);
        svms_source_close(&source);
    }
    close(fd);
    unlink("sparse");
}

static void make_socket(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    close(fd);
}

static void what_is_no_file_is_named_and_never_waited_for(void **state)
{
    (void)state;
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(symlink("fifo", "link"), 0);
    assert_int_equal(symlink("loop", "loop"), 0);
    make_socket("socket");
    static const struct {
        const char *path;
        int os_error;
        const char *message;
    } table[] = {
        { ".", EISDIR, "cannot open .: is a directory" },
        { "fifo", ESPIPE, "cannot open fifo: is a FIFO" },
        { "link", ESPIPE, "cannot open link: is a FIFO" },
        { "socket", ENXIO, "cannot open socket: is a socket" },
        { "/dev/null", ENODEV, "cannot open /dev/null: is a character device" },
        { "absent", ENOENT, "cannot open absent: No such file or directory" },
        { "", ENOENT, "cannot open : No such file or directory" },
        { "loop", ELOOP, "cannot open loop: Too many levels of symbolic links" },
    };
    alarm(10);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        svms_source source = SVMS_SOURCE_INIT;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_source_open_file(&source, ctx, table[i].path, &err), SVMS_E_IO);
        assert_int_equal(err.os_error, table[i].os_error);
        assert_string_equal(err.message, table[i].message);
        assert_null(source.user);
    }
    alarm(0);
    unlink("fifo");
    unlink("link");
    unlink("loop");
    unlink("socket");
}

static void missing_arguments_are_the_callers_mistake(void **state)
{
    (void)state;
    svms_source source;
    svms_sink sink;
    assert_int_equal(svms_source_open_file(NULL, ctx, "x", NULL), SVMS_E_USAGE);
    assert_int_equal(svms_source_open_file(&source, NULL, "x", NULL), SVMS_E_USAGE);
    assert_int_equal(svms_source_open_file(&source, ctx, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_sink_create_file(NULL, ctx, "x", NULL), SVMS_E_USAGE);
    assert_int_equal(svms_sink_create_file(&sink, NULL, "x", NULL), SVMS_E_USAGE);
    assert_int_equal(svms_sink_create_file(&sink, ctx, NULL, NULL), SVMS_E_USAGE);
    svms_sink_close(NULL);
}

static svms_status open_source(svms_ctx *failing, svms_error *err)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_status status = svms_source_open_file(&source, failing, "data", err);
    svms_source_close(&source);
    return status;
}

static svms_status create_sink(svms_ctx *failing, svms_error *err)
{
    svms_sink sink = SVMS_SINK_INIT;
    svms_status status = svms_sink_create_file(&sink, failing, "new", err);
    svms_sink_close(&sink);
    if (status == SVMS_OK) {
        assert_int_equal(unlink("new"), 0);
    }
    return status;
}

static void files_survive_want_of_memory(void **state)
{
    (void)state;
    write_file("data", "x", 1);
    each_allocation_fails_cleanly(open_source);
    each_allocation_fails_cleanly(create_sink);
    assert_int_equal(access("new", F_OK), -1);
    unlink("data");
}

static void a_new_file_is_private_locked_and_holds_what_was_written(void **state)
{
    (void)state;
    svms_sink sink;
    assert_int_equal(svms_sink_create_file(&sink, ctx, "out", NULL), SVMS_OK);
    assert_true(svms_sink_usable(&sink));
    struct stat info;
    assert_int_equal(stat("out", &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    int other = open("out", O_RDWR);
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
    assert_int_equal(errno, EWOULDBLOCK);

    const svms_iovec runs[] = { { "abc", 3 }, { NULL, 0 }, { "defg", 4 }, { "", 0 } };
    assert_int_equal(svms_sink_write(&sink, runs, 4, NULL), SVMS_OK);
    assert_int_equal(svms_sink_sync(&sink, NULL), SVMS_OK);
    assert_int_equal(svms_sink_write(&sink, runs + 1, 1, NULL), SVMS_OK);
    assert_int_equal(svms_sink_write(&sink, runs, 1, NULL), SVMS_OK);
    assert_int_equal(svms_sink_sync(&sink, NULL), SVMS_OK);
    svms_sink_close(&sink);
    assert_null(sink.user);
    svms_sink_close(&sink);
    assert_file_holds("out", "abcdefgabc", 10);
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
    close(other);
    unlink("out");
}

static void the_name_is_made_durable_wherever_the_process_goes(void **state)
{
    (void)state;
    svms_sink sink;
    assert_int_equal(svms_sink_create_file(&sink, ctx, "here", NULL), SVMS_OK);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(svms_sink_sync(&sink, NULL), SVMS_OK);
    svms_sink_close(&sink);
    assert_int_equal(chdir(folder), 0);
    unlink("here");
}

static void what_exists_is_not_touched(void **state)
{
    (void)state;
    write_file("old", "precious", 8);
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    static const char *const names[] = { "old", "dangling" };
    for (size_t i = 0; i < 2; i++) {
        svms_sink sink;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_sink_create_file(&sink, ctx, names[i], &err), SVMS_E_EXISTS);
        assert_int_equal(err.os_error, EEXIST);
        assert_non_null(strstr(err.message, ": File exists"));
    }
    assert_file_holds("old", "precious", 8);
    assert_int_equal(access("nowhere", F_OK), -1);
    unlink("old");
    unlink("dangling");
}

static void a_file_that_cannot_be_created_says_why(void **state)
{
    (void)state;
    char long_folder[5000];
    memset(long_folder, 'a', sizeof long_folder);
    memcpy(long_folder + sizeof long_folder - 3, "/x", 3);
    char long_name[400];
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    const struct {
        const char *path;
        int os_error;
        const char *message;
    } table[] = {
        { "absent/x", ENOENT, "cannot open the folder of absent/x: No such file or directory" },
        { "/dev/null/x", ENOTDIR, "cannot open the folder of /dev/null/x: Not a directory" },
        { "", ENOENT, "cannot create : No such file or directory" },
        { long_name, ENAMETOOLONG, ": File name too long" },
        { long_folder, ENAMETOOLONG, ": File name too long" },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        svms_sink sink = SVMS_SINK_INIT;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_sink_create_file(&sink, ctx, table[i].path, &err), SVMS_E_IO);
        assert_int_equal(err.os_error, table[i].os_error);
        assert_non_null(strstr(err.message, table[i].message));
        assert_null(sink.user);
    }
}

static void many_runs_arrive_in_order(void **state)
{
    (void)state;
    enum { COUNT = 3001 };
    static uint8_t content[COUNT * 7];
    static svms_iovec runs[COUNT];
    size_t total = 0;
    for (size_t i = 0; i < COUNT; i++) {
        runs[i].data = content + total;
        runs[i].size = i % 7;
        for (size_t n = 0; n < runs[i].size; n++) {
            content[total + n] = (uint8_t)(i + n);
        }
        total += runs[i].size;
    }
    svms_sink sink;
    assert_int_equal(svms_sink_create_file(&sink, ctx, "many", NULL), SVMS_OK);
    assert_int_equal(svms_sink_write(&sink, runs, COUNT, NULL), SVMS_OK);
    svms_sink_close(&sink);
    assert_file_holds("many", content, total);
    unlink("many");
}

static void limit_file_size(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void after_one_failed_write_nothing_more_is_written(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    svms_sink sink;
    assert_int_equal(svms_sink_create_file(&sink, ctx, "full", NULL), SVMS_OK);
    limit_file_size(10);
    const svms_iovec runs[] = { { "abcdef", 6 }, { "ghijkl", 6 } };
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_sink_write(&sink, runs, 2, &err), SVMS_E_IO);
    limit_file_size(RLIM_INFINITY);
    assert_int_equal(err.os_error, EFBIG);
    assert_string_equal(err.message, "cannot write to the sink: File too large");
    svms_error again = SVMS_ERROR_INIT;
    assert_int_equal(svms_sink_write(&sink, runs, 1, &again), SVMS_E_IO);
    assert_int_equal(again.os_error, EFBIG);
    assert_int_equal(svms_sink_sync(&sink, &again), SVMS_E_IO);
    assert_int_equal(again.os_error, EFBIG);
    svms_sink_close(&sink);
    assert_file_holds("full", "abcdefghij", 10);
    unlink("full");
}

static void system_failures_give_their_number(void **state)
{
    (void)state;
    uint64_t size = 7;
    size_t got = 7;
    uint8_t byte;
    svms_iovec run = { "x", 1 };
    assert_int_equal(svms_platform_size(-1, &size), EBADF);
    assert_int_equal(svms_platform_read_at(-1, 0, &byte, 1, &got), EBADF);
    assert_int_equal(svms_platform_append(-1, &run, 1), EBADF);
    assert_int_equal(svms_platform_sync(-1), EBADF);
    assert_int_equal(svms_platform_sync_folder(-1), EBADF);
    assert_true(size == 7 && got == 7);
    assert_int_equal(svms_platform_append(-1, NULL, 0), 0);
}

#define PIPED (2u << 20)

typedef struct drain {
    int fd;
    pthread_t writer;
    size_t size;
    uint8_t *data;
} drain;

/* Reads in odd pieces and interrupts the writer again and again. */
static void *drain_rudely(void *user)
{
    drain *d = user;
    for (unsigned round = 0;; round++) {
        ssize_t count = read(d->fd, d->data + d->size, 4093);
        if (count <= 0) {
            return NULL;
        }
        d->size += (size_t)count;
        if (round % 8 == 0) {
            pthread_kill(d->writer, SIGUSR1);
        }
    }
}

static void on_signal(int number)
{
    (void)number;
}

static void partial_and_interrupted_writes_are_continued(void **state)
{
    (void)state;
    uint8_t *content = malloc(PIPED);
    for (size_t i = 0; i < PIPED; i++) {
        content[i] = (uint8_t)(i * 31 + (i >> 9));
    }
    svms_iovec runs[400];
    size_t at = 0;
    for (size_t i = 0; i < 400; i++) {
        runs[i].data = content + at;
        runs[i].size = i == 399 ? PIPED - at : (i * 37) % 9000;
        at += runs[i].size;
    }
    struct sigaction action = { .sa_handler = on_signal };
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    drain d = { ends[0], pthread_self(), 0, malloc(PIPED + 4096) };
    pthread_t reader;
    assert_int_equal(pthread_create(&reader, NULL, drain_rudely, &d), 0);
    int result = svms_platform_append(ends[1], runs, 400);
    close(ends[1]);
    pthread_join(reader, NULL);
    close(ends[0]);
    assert_int_equal(result, 0);
    assert_int_equal(d.size, PIPED);
    assert_memory_equal(d.data, content, PIPED);
    free(d.data);
    free(content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_at_any_offset),
        cmocka_unit_test(a_file_may_grow_and_shrink_while_it_is_open),
        cmocka_unit_test(offsets_above_4_gib_are_reached),
        cmocka_unit_test(what_is_no_file_is_named_and_never_waited_for),
        cmocka_unit_test(missing_arguments_are_the_callers_mistake),
        cmocka_unit_test(files_survive_want_of_memory),
        cmocka_unit_test(a_new_file_is_private_locked_and_holds_what_was_written),
        cmocka_unit_test(the_name_is_made_durable_wherever_the_process_goes),
        cmocka_unit_test(what_exists_is_not_touched),
        cmocka_unit_test(a_file_that_cannot_be_created_says_why),
        cmocka_unit_test(many_runs_arrive_in_order),
        cmocka_unit_test(after_one_failed_write_nothing_more_is_written),
        cmocka_unit_test(system_failures_give_their_number),
        cmocka_unit_test(partial_and_interrupted_writes_are_continued),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
