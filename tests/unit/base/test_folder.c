/* SPDX-License-Identifier: Apache-2.0 */
/* Folders of the file system. */
#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <svms/folder.h>

#include "failing_allocator.h"

static svms_ctx *ctx;
static char place[64];

static int enter(void **state)
{
    (void)state;
    snprintf(place, sizeof place, "/tmp/svms-test-folder-XXXXXX");
    return mkdtemp(place) && chdir(place) == 0 && svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK ? 0
                                                                                            : -1;
}

static int leave(void **state)
{
    (void)state;
    char command[96];
    svms_ctx_free(&ctx);
    snprintf(command, sizeof command, "rm -r '%s'", place);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static svms_folder open_folder(const char *path, uint32_t create)
{
    svms_folder folder = SVMS_FOLDER_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_folder_open(&folder, ctx, path, create, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return folder;
}

static svms_status put(const svms_folder *folder, const char *name, const char *text, int *os_error)
{
    return folder->put(folder->user, name, text, strlen(text), 1, os_error);
}

static void must_put(const svms_folder *folder, const char *name, const char *text)
{
    int os_error = -1;
    assert_int_equal(put(folder, name, text, &os_error), SVMS_OK);
    assert_int_equal(os_error, 0);
}

static void must_hold(const svms_folder *folder, const char *name, const char *text)
{
    svms_store store = SVMS_STORE_INIT;
    char found[64] = "";
    size_t got = 0;
    int os_error;
    assert_int_equal(folder->open(folder->user, name, &store, &os_error), SVMS_OK);
    assert_int_equal(store.read_at(store.user, 0, found, sizeof found - 1, &got, &os_error),
                     SVMS_OK);
    assert_string_equal(found, text);
    svms_store_close(&store);
}

static mode_t mode_of(const char *path)
{
    struct stat info;
    assert_int_equal(lstat(path, &info), 0);
    return info.st_mode & 07777;
}

static void files_are_made_read_changed_and_removed(void **state)
{
    (void)state;
    svms_folder folder = open_folder("log", 1);
    svms_store store = SVMS_STORE_INIT;
    int os_error;
    assert_int_equal(folder.create(folder.user, "journal/0001", &store, &os_error), SVMS_OK);
    assert_int_equal(store.write_at(store.user, 0, "abcdef", 6, &os_error), SVMS_OK);
    assert_int_equal(store.cut(store.user, 4, &os_error), SVMS_OK);
    assert_int_equal(store.sync(store.user, &os_error), SVMS_OK);
    svms_store_close(&store);
    must_hold(&folder, "journal/0001", "abcd");
    assert_int_equal(folder.create(folder.user, "journal/0001", &store, &os_error), SVMS_E_IO);
    assert_int_equal(os_error, EEXIST);
    must_put(&folder, "tile/x001/002", "old");
    must_put(&folder, "tile/x001/002", "new");
    must_hold(&folder, "tile/x001/002", "new");
    assert_int_equal(folder.sync(folder.user, &os_error), SVMS_OK);
    assert_int_equal(folder.remove(folder.user, "tile/x001", &os_error), SVMS_E_IO);
    assert_int_equal(os_error, ENOTEMPTY);
    assert_int_equal(folder.remove(folder.user, "tile/x001/002", &os_error), SVMS_OK);
    assert_int_equal(folder.remove(folder.user, "tile/x001", &os_error), SVMS_OK);
    assert_int_equal(folder.remove(folder.user, "tile/x001", &os_error), SVMS_E_IO);
    assert_int_equal(os_error, ENOENT);
    assert_int_equal(folder.open(folder.user, "tile/x001/002", &store, &os_error), SVMS_E_IO);
    assert_int_equal(os_error, ENOENT);
    svms_folder_close(&folder);
    assert_null(folder.user);
    svms_folder_close(&folder);
    svms_folder_close(NULL);
}

static void nobody_else_may_read_what_is_made(void **state)
{
    (void)state;
    mode_t before = umask(0);
    svms_folder folder = open_folder("log", 1);
    svms_store store = SVMS_STORE_INIT;
    int os_error;
    must_put(&folder, "keys/one", "secret");
    assert_int_equal(folder.create(folder.user, "journal/0001", &store, &os_error), SVMS_OK);
    svms_store_close(&store);
    assert_int_equal(folder.lock(folder.user, &os_error), SVMS_OK);
    umask(before);
    assert_int_equal(mode_of("log"), 0700);
    assert_int_equal(mode_of("log/keys"), 0700);
    assert_int_equal(mode_of("log/keys/one"), 0600);
    assert_int_equal(mode_of("log/journal"), 0700);
    assert_int_equal(mode_of("log/journal/0001"), 0600);
    assert_int_equal(mode_of("log/lock"), 0600);
    svms_folder_close(&folder);
}

static void no_name_leads_out(void **state)
{
    (void)state;
    static const char *const names[] = {
        "/etc/passwd", "..", "../out", "a/../../out", "a/..", "a/.", ".",        "a//b",
        "a/",          "/",  "A",      "a b",         "a\\b", "a:b", "\xc3\xa4", "a\n",
    };
    svms_folder folder = open_folder("log", 1);
    char longest[SVMS_FOLDER_NAME_SIZE + 1];
    svms_store store;
    int os_error;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(put(&folder, names[i], "x", &os_error), SVMS_E_IO);
        assert_int_equal(os_error, EINVAL);
        assert_int_equal(folder.open(folder.user, names[i], &store, &os_error), SVMS_E_IO);
        assert_int_equal(os_error, EINVAL);
        assert_int_equal(folder.create(folder.user, names[i], &store, &os_error), SVMS_E_IO);
        assert_int_equal(os_error, EINVAL);
        assert_int_equal(folder.remove(folder.user, names[i], &os_error), SVMS_E_IO);
        assert_int_equal(os_error, EINVAL);
    }
    memset(longest, 'a', sizeof longest);
    longest[SVMS_FOLDER_NAME_SIZE] = '\0';
    assert_int_equal(put(&folder, longest, "x", &os_error), SVMS_E_IO);
    assert_int_equal(os_error, EINVAL);
    longest[SVMS_FOLDER_NAME_SIZE - 1] = '\0';
    must_put(&folder, longest, "x");
    must_put(&folder, "...", "three dots are a name");
    svms_folder_close(&folder);
}

static svms_status count_names(void *user, const char *name)
{
    unsigned *count = user;
    assert_true(strcmp(name, "one") == 0 || strcmp(name, "two") == 0);
    (*count)++;
    return SVMS_OK;
}

static svms_status stop_at_once(void *user, const char *name)
{
    unsigned *count = user;
    (void)name;
    (*count)++;
    return SVMS_E_CANCELLED;
}

static void names_are_listed(void **state)
{
    (void)state;
    svms_folder folder = open_folder("log", 1);
    unsigned count = 0;
    int os_error;
    must_put(&folder, "below/one", "1");
    must_put(&folder, "below/two", "2");
    assert_int_equal(folder.list(folder.user, "below", count_names, &count, &os_error), SVMS_OK);
    assert_int_equal(count, 2);
    count = 0;
    assert_int_equal(folder.list(folder.user, "below", stop_at_once, &count, &os_error),
                     SVMS_E_CANCELLED);
    assert_int_equal(count, 1);
    count = 0;
    assert_int_equal(folder.list(folder.user, "nothing", count_names, &count, &os_error), SVMS_OK);
    assert_int_equal(count, 0);
    assert_int_equal(folder.list(folder.user, "below/one", count_names, &count, &os_error),
                     SVMS_E_IO);
    assert_int_equal(os_error, ENOTDIR);
    svms_folder_close(&folder);
}

/* 0: another process can lock the folder. */
static int lock_elsewhere(void)
{
    pid_t child = fork();
    if (child == 0) {
        svms_folder folder = SVMS_FOLDER_INIT;
        int os_error = 0;
        svms_status status = svms_folder_open(&folder, ctx, "log", 0, NULL);
        status = status == SVMS_OK ? folder.lock(folder.user, &os_error) : status;
        svms_folder_close(&folder);
        _exit(status == SVMS_OK ? 0 : os_error);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void one_process_at_a_time_has_the_lock(void **state)
{
    (void)state;
    svms_folder folder = open_folder("log", 1);
    svms_folder again = open_folder("log", 0);
    int os_error;
    assert_int_equal(lock_elsewhere(), 0);
    assert_int_equal(folder.lock(folder.user, &os_error), SVMS_OK);
    assert_int_equal(lock_elsewhere(), EWOULDBLOCK);
    assert_int_equal(again.lock(again.user, &os_error), SVMS_E_IO);
    assert_int_equal(os_error, EWOULDBLOCK);
    svms_folder_close(&folder);
    assert_int_equal(lock_elsewhere(), 0);
    svms_folder_close(&again);
}

/* Readers beside the one that appends. */
static void a_file_may_be_open_several_times(void **state)
{
    (void)state;
    svms_folder writer = open_folder("log", 1);
    svms_folder reader = open_folder("log", 0);
    svms_store store = SVMS_STORE_INIT;
    int os_error;
    assert_int_equal(writer.create(writer.user, "journal/0001", &store, &os_error), SVMS_OK);
    assert_int_equal(store.write_at(store.user, 0, "so far", 6, &os_error), SVMS_OK);
    must_hold(&reader, "journal/0001", "so far");
    must_hold(&writer, "journal/0001", "so far");
    svms_store_close(&store);
    svms_folder_close(&reader);
    svms_folder_close(&writer);
}

static void symbolic_links_are_not_followed(void **state)
{
    (void)state;
    svms_folder folder = open_folder("log", 1);
    svms_store store = SVMS_STORE_INIT;
    int os_error;
    FILE *outside = fopen("outside", "w");
    assert_non_null(outside);
    assert_int_equal(fclose(outside), 0);
    assert_int_equal(symlink("../outside", "log/name"), 0);
    assert_int_equal(symlink("../outside", "log/lock"), 0);
    assert_int_equal(folder.open(folder.user, "name", &store, &os_error), SVMS_E_IO);
    assert_int_equal(folder.create(folder.user, "name", &store, &os_error), SVMS_E_IO);
    assert_int_equal(os_error, EEXIST);
    assert_int_equal(folder.lock(folder.user, &os_error), SVMS_E_IO);
    assert_int_equal(os_error, ELOOP);
    /* What replaces a name replaces the link, and what removes one removes the link. */
    must_put(&folder, "name", "inside");
    must_hold(&folder, "name", "inside");
    assert_int_equal(folder.remove(folder.user, "lock", &os_error), SVMS_OK);
    struct stat info;
    assert_int_equal(stat("outside", &info), 0);
    assert_int_equal(info.st_size, 0);
    /* The folder itself may be behind one. */
    assert_int_equal(symlink("log", "link"), 0);
    svms_folder behind = open_folder("link", 0);
    must_hold(&behind, "name", "inside");
    svms_folder_close(&behind);
    svms_folder_close(&folder);
}

static void the_working_folder_may_change(void **state)
{
    (void)state;
    svms_folder folder = open_folder("log", 1);
    must_put(&folder, "name", "here");
    assert_int_equal(chdir("/"), 0);
    must_hold(&folder, "name", "here");
    must_put(&folder, "name", "still here");
    assert_int_equal(chdir(place), 0);
    must_hold(&folder, "name", "still here");
    svms_folder_close(&folder);
}

static void what_is_no_folder_is_not_opened(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        uint32_t create;
        int os_error;
    } cases[] = {
        { "missing", 0, ENOENT },      { "", 0, ENOENT },      { "", 1, ENOENT },
        { "missing/deep", 1, ENOENT }, { "file", 0, ENOTDIR }, { "file", 1, ENOTDIR },
    };
    FILE *file = fopen("file", "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_folder folder = SVMS_FOLDER_INIT;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_folder_open(&folder, ctx, cases[i].path, cases[i].create, &err),
                         SVMS_E_IO);
        assert_int_equal(err.os_error, cases[i].os_error);
        assert_null(folder.user);
    }
    assert_int_equal(svms_folder_open(NULL, ctx, "log", 1, NULL), SVMS_E_USAGE);
}

static void a_full_disk_leaves_the_old_file(void **state)
{
    (void)state;
    static char much[40000];
    svms_folder folder = open_folder("log", 1);
    struct rlimit before;
    struct rlimit small;
    int os_error = 0;
    memset(much, 'm', sizeof much);
    must_put(&folder, "name", "old");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 20000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    svms_status status = folder.put(folder.user, "name", much, sizeof much, 1, &os_error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(status, SVMS_E_IO);
    assert_int_equal(os_error, EFBIG);
    must_hold(&folder, "name", "old");
    /* Nothing of the new one stays. */
    assert_int_equal(access("log/name.new", F_OK), -1);
    svms_folder_close(&folder);
}

static void what_a_crash_left_of_a_file_is_overwritten(void **state)
{
    (void)state;
    svms_folder folder = open_folder("log", 1);
    FILE *left = fopen("log/name.new", "w");
    assert_non_null(left);
    assert_true(fputs("half of a file that was never whole", left) >= 0);
    assert_int_equal(fclose(left), 0);
    must_put(&folder, "name", "whole");
    must_hold(&folder, "name", "whole");
    assert_int_equal(access("log/name.new", F_OK), -1);
    svms_folder_close(&folder);
}

static void a_folder_that_may_only_be_read_can_be_read(void **state)
{
    (void)state;
    bool root = geteuid() == 0;
    svms_folder folder = open_folder("log", 1);
    svms_store store = SVMS_STORE_INIT;
    int os_error;
    must_put(&folder, "name", "to be read");
    assert_int_equal(chmod("log/name", 0444), 0);
    assert_int_equal(chmod("log", 0555), 0);
    assert_int_equal(chmod(".", 0755), 0);
    if (root) {
        assert_int_equal(seteuid(65534), 0); /* root may write everything */
    }
    must_hold(&folder, "name", "to be read");
    assert_int_equal(folder.open(folder.user, "name", &store, &os_error), SVMS_OK);
    assert_int_equal(store.write_at(store.user, 0, "X", 1, &os_error), SVMS_E_IO);
    assert_int_equal(os_error, EBADF);
    svms_store_close(&store);
    assert_int_equal(put(&folder, "name", "new", &os_error), SVMS_E_IO);
    assert_int_equal(os_error, EACCES);
    assert_int_equal(folder.remove(folder.user, "name", &os_error), SVMS_E_IO);
    assert_int_equal(os_error, EACCES);
    assert_int_equal(folder.lock(folder.user, &os_error), SVMS_E_IO);
    assert_int_equal(os_error, EACCES);
    if (root) {
        assert_int_equal(seteuid(0), 0);
    }
    assert_int_equal(chmod("log", 0700), 0);
    must_hold(&folder, "name", "to be read");
    svms_folder_close(&folder);
}

static svms_status open_and_close(svms_ctx *failing, svms_error *err)
{
    svms_folder folder = SVMS_FOLDER_INIT;
    svms_status status = svms_folder_open(&folder, failing, "log", 1, err);
    svms_folder_close(&folder);
    return status;
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(open_and_close);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(files_are_made_read_changed_and_removed),
        CASE(nobody_else_may_read_what_is_made),
        CASE(no_name_leads_out),
        CASE(names_are_listed),
        CASE(one_process_at_a_time_has_the_lock),
        CASE(a_file_may_be_open_several_times),
        CASE(symbolic_links_are_not_followed),
        CASE(the_working_folder_may_change),
        CASE(what_is_no_folder_is_not_opened),
        CASE(a_full_disk_leaves_the_old_file),
        CASE(what_a_crash_left_of_a_file_is_overwritten),
        CASE(a_folder_that_may_only_be_read_can_be_read),
        CASE(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
