/* SPDX-License-Identifier: Apache-2.0 */
/* The local socket: records of other processes are in the log when they are acknowledged, whatever
 * else connects. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <svms/audit_socket.h>

#include "failing_allocator.h"
#include "gated_folder.h"
#include "published.h"
#include "socket_frame.h"

#define ORIGIN "vms.example/audit"
/* Records of the log's own when it is opened. */
#define OPENING 2u

typedef struct fixture {
    svms_ctx *ctx;
    gated_folder folder;
    svms_audit_log *log;
    svms_audit_server *server;
    char place[64];
    char path[80];
} fixture;

static int set_up(void **state)
{
    char key[SVMS_AUDIT_KEY_SIZE];
    svms_audit_log_options options = SVMS_AUDIT_LOG_OPTIONS_INIT;
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    options.server = "vms";
    snprintf(f->place, sizeof f->place, "/tmp/svms-test-socket-XXXXXX");
    assert_non_null(mkdtemp(f->place));
    snprintf(f->path, sizeof f->path, "%s/audit", f->place);
    assert_int_equal(svms_ctx_new(&f->ctx, NULL, NULL), SVMS_OK);
    gated_folder_init(&f->folder);
    assert_int_equal(svms_audit_log_create(f->ctx, &f->folder.view, ORIGIN, key, NULL), SVMS_OK);
    assert_int_equal(svms_audit_log_open(&f->log, f->ctx, &f->folder.view, &options, NULL),
                     SVMS_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    char lock[96];
    svms_audit_server_close(&f->server);
    assert_int_equal(svms_audit_log_close(&f->log, NULL), SVMS_OK);
    snprintf(lock, sizeof lock, "%s.lock", f->path);
    unlink(lock);
    assert_int_equal(access(f->path, F_OK), -1);
    assert_int_equal(rmdir(f->place), 0);
    gated_folder_clear(&f->folder);
    svms_ctx_free(&f->ctx);
    free(f);
    return 0;
}

static svms_status start_with(fixture *f, uint32_t clients, uint32_t patience_ms)
{
    svms_audit_server_options options = SVMS_AUDIT_SERVER_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    options.clients = clients;
    options.patience_ms = patience_ms;
    svms_status status =
        svms_audit_server_start(&f->server, f->ctx, f->log, f->path, &options, &err);
    if (status != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return status;
}

static void start(fixture *f)
{
    assert_int_equal(start_with(f, 32, 60000), SVMS_OK);
}

static svms_status try_connect(const fixture *f, uint32_t patience_ms, svms_audit_client **out,
                               svms_error *err)
{
    svms_audit_client_options options = SVMS_AUDIT_CLIENT_OPTIONS_INIT;
    options.patience_ms = patience_ms;
    *out = NULL;
    return svms_audit_client_connect(out, f->ctx, f->path, &options, err);
}

static svms_audit_client *connect_client(const fixture *f)
{
    svms_audit_client *client = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (try_connect(f, 60000, &client, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return client;
}

static svms_status append_text(svms_audit_client *client, const char *text, uint64_t *first,
                               svms_error *err)
{
    svms_iovec run = { text, strlen(text) };
    return svms_audit_client_append(client, &run, 1, first, err);
}

/* The log as it is now; it stays open. */
static uint64_t saying(fixture *f, const char *words)
{
    assert_int_equal(svms_audit_log_tend(f->log, NULL), SVMS_OK);
    return published_saying(f->ctx, &f->folder.view, words);
}

static void what_is_acknowledged_is_in_the_log(void **state)
{
    fixture *f = *state;
    svms_iovec runs[] = { { "first", 5 }, { "second", 6 }, { "third", 5 } };
    uint64_t number = 0;
    start(f);
    svms_audit_client *client = connect_client(f);
    assert_int_equal(svms_audit_client_append(client, runs, 3, &number, NULL), SVMS_OK);
    assert_int_equal(number, OPENING);
    assert_int_equal(append_text(client, "fourth", &number, NULL), SVMS_OK);
    assert_int_equal(number, OPENING + 3);
    assert_int_equal(saying(f, "third"), 1);
    assert_int_equal(saying(f, "fourth"), 1);
    svms_audit_client_close(&client);
    assert_null(client);
    svms_audit_client_close(&client);
    svms_audit_client_close(NULL);
}

static void the_largest_append_goes_through_and_larger_ones_are_refused(void **state)
{
    fixture *f = *state;
    static char bytes[SVMS_AUDIT_RECORD_MAX + 1];
    static svms_iovec runs[SVMS_AUDIT_APPEND_MAX + 1];
    uint64_t number;
    memset(bytes, 'x', sizeof bytes);
    start(f);
    svms_audit_client *client = connect_client(f);
    for (size_t i = 0; i <= SVMS_AUDIT_APPEND_MAX; i++) {
        runs[i] = (svms_iovec){ bytes, 260 - 2 };
    }
    /* 4,000 records, and nearly a whole frame. */
    assert_int_equal(svms_audit_client_append(client, runs, SVMS_AUDIT_APPEND_MAX, &number, NULL),
                     SVMS_OK);
    assert_int_equal(number, OPENING);
    assert_int_equal(
        svms_audit_client_append(client, runs, SVMS_AUDIT_APPEND_MAX + 1, &number, NULL),
        SVMS_E_USAGE);
    for (size_t i = 0; i < 65; i++) {
        runs[i] = (svms_iovec){ bytes, SVMS_AUDIT_RECORD_MAX };
    }
    assert_int_equal(svms_audit_client_append(client, runs, 63, &number, NULL), SVMS_OK);
    assert_int_equal(number, OPENING + SVMS_AUDIT_APPEND_MAX);
    assert_int_equal(svms_audit_client_append(client, runs, 64, &number, NULL), SVMS_E_LIMIT);
    runs[0].size = 0;
    assert_int_equal(svms_audit_client_append(client, runs, 1, &number, NULL), SVMS_E_USAGE);
    runs[0].size = sizeof bytes;
    assert_int_equal(svms_audit_client_append(client, runs, 1, &number, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_audit_client_append(client, runs, 0, &number, NULL), SVMS_E_USAGE);
    /* None of this has cost the connection. */
    assert_int_equal(append_text(client, "last", &number, NULL), SVMS_OK);
    svms_audit_client_close(&client);
}

#define CLIENTS 8u
#define EACH 60u

typedef struct appender {
    const fixture *f;
    unsigned number;
    uint64_t index[EACH];
} appender;

static void name_record(const appender *at, unsigned i, char out[32])
{
    snprintf(out, 32, "client %u record %u;", at->number, i);
}

static void *append_each(void *user)
{
    appender *at = user;
    char text[32];
    svms_audit_client *client = NULL;
    if (try_connect(at->f, 60000, &client, NULL) != SVMS_OK) {
        return NULL;
    }
    for (unsigned i = 0; i < EACH; i++) {
        name_record(at, i, text);
        if (append_text(client, text, &at->index[i], NULL) != SVMS_OK) {
            at->index[i] = 0;
        }
    }
    svms_audit_client_close(&client);
    return NULL;
}

static void must_be_where_it_was_said(void *user, uint64_t index, const svms_bundle_entry *entry)
{
    appender *at = user;
    char text[32];
    for (unsigned c = 0; c < CLIENTS; c++) {
        for (unsigned i = 0; i < EACH; i++) {
            if (at[c].index[i] == index) {
                name_record(&at[c], i, text);
                assert_true(entry_says(entry, text));
                at[c].index[i] = UINT64_MAX;
            }
        }
    }
}

static void several_clients_share_the_log(void **state)
{
    fixture *f = *state;
    static appender who[CLIENTS];
    pthread_t thread[CLIENTS];
    start(f);
    for (unsigned i = 0; i < CLIENTS; i++) {
        who[i] = (appender){ .f = f, .number = i };
        assert_int_equal(pthread_create(&thread[i], NULL, append_each, &who[i]), 0);
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        pthread_join(thread[i], NULL);
    }
    assert_int_equal(saying(f, "client "), CLIENTS * EACH);
    (void)published_each(f->ctx, &f->folder.view, must_be_where_it_was_said, who);
    for (unsigned c = 0; c < CLIENTS; c++) {
        for (unsigned i = 0; i < EACH; i++) {
            assert_true(who[c].index[i] == UINT64_MAX);
        }
    }
}

static void a_full_disk_is_told_to_the_client(void **state)
{
    fixture *f = *state;
    uint64_t number;
    start(f);
    svms_audit_client *client = connect_client(f);
    gated_folder_fill(&f->folder, true);
    for (unsigned i = 0; i < 2; i++) {
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(append_text(client, "refused", &number, &err), SVMS_E_IO);
        assert_int_equal(err.os_error, ENOSPC);
        assert_string_equal(err.message, "the log cannot be written: No space left on device");
    }
    gated_folder_fill(&f->folder, false);
    assert_int_equal(append_text(client, "taken", &number, NULL), SVMS_OK);
    assert_int_equal(number, OPENING + 1);
    assert_int_equal(saying(f, "refused\""), 0);
    assert_int_equal(published_gaps(f->ctx, &f->folder.view, "storage"), 2);
    svms_audit_client_close(&client);
}

/* A socket of our own, which breaks the rules. */
static int connect_raw(const fixture *f)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct timeval most = { 60, 0 };
    uint8_t greeting[SVMS_SOCKET_GREETING_SIZE];
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    memcpy(address.sun_path, f->path, strlen(f->path) + 1);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(recv(fd, greeting, sizeof greeting, MSG_WAITALL), sizeof greeting);
    return fd;
}

static void send_raw(int fd, const void *bytes, size_t size)
{
    assert_int_equal(send(fd, bytes, size, MSG_NOSIGNAL), size);
}

/* True once the server has hung up. */
static bool is_hung_up(int fd)
{
    uint8_t byte;
    ssize_t got = recv(fd, &byte, 1, 0);
    return got == 0 || (got < 0 && errno == ECONNRESET);
}

static void what_is_no_frame_is_answered_and_ends_the_connection(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *words;
    } cases[] = {
        { "\0\0\0\0", 4, "no frame has 0 bytes" },
        { "\0\0\0\1", 4, "no frame has 1 bytes" },
        { "\0\20\0\1", 4, "a frame has at most 1048576 bytes" },
        { "\377\377\377\377", 4, "a frame has at most 1048576 bytes" },
        { "\0\0\0\2\0\1", 6, "the frame does not append" },
        { "\0\0\0\4\0\1\0\0", 8, "the frame does not append" },
        { "\0\0\0\7\0\1\17\241\0\1a", 11, "the frame does not append" },
        { "\0\0\0\7\0\2\0\1\0\1a", 11, "the frame does not append" },
        { "\0\0\0\6\0\1\0\1\0\0", 10, "record 1 of the frame is none" },
        { "\0\0\0\7\0\1\0\1\0\2a", 11, "record 1 of the frame is none" },
        { "\0\0\0\7\0\1\0\2\0\1a", 11, "record 2 of the frame is none" },
        { "\0\0\0\10\0\1\0\1\0\1ab", 12, "does not end with its last record" },
    };
    start(f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[SVMS_SOCKET_ANSWER_MAX];
        svms_socket_answer answer;
        size_t size = 0;
        int fd = connect_raw(f);
        send_raw(fd, cases[i].bytes, cases[i].size);
        assert_int_equal(recv(fd, bytes, 4, MSG_WAITALL), 4);
        assert_int_equal(svms_socket_length_parse(&size, bytes, sizeof bytes, NULL), SVMS_OK);
        assert_int_equal(recv(fd, bytes, size, MSG_WAITALL), size);
        assert_int_equal(svms_socket_answer_parse(&answer, bytes, size, NULL), SVMS_OK);
        assert_int_equal(answer.status, SVMS_E_MALFORMED);
        assert_non_null(strstr(answer.words, cases[i].words));
        assert_true(is_hung_up(fd));
        close(fd);
    }
    svms_audit_head head = SVMS_AUDIT_HEAD_INIT;
    assert_int_equal(svms_audit_log_head(f->log, &head, NULL), SVMS_OK);
    assert_int_equal(head.size, OPENING);
}

static void a_client_that_dies_within_a_frame_leaves_nothing(void **state)
{
    fixture *f = *state;
    static const char frame[] = "\0\0\0\20\0\1\0\1\0\12half a one";
    uint64_t number;
    start(f);
    svms_audit_client *client = connect_client(f);
    for (size_t cut = 0; cut < sizeof frame - 1; cut++) {
        int fd = connect_raw(f);
        send_raw(fd, frame, cut);
        close(fd);
        assert_int_equal(append_text(client, "whole", &number, NULL), SVMS_OK);
        assert_int_equal(number, OPENING + cut);
    }
    assert_int_equal(saying(f, "half"), 0);
    svms_audit_client_close(&client);
}

static void a_client_that_dies_before_its_answer_harms_nobody(void **state)
{
    fixture *f = *state;
    static const char frame[] = "\0\0\0\20\0\1\0\1\0\12unanswered";
    uint64_t number;
    start(f);
    gated_folder_shut(&f->folder);
    int fd = connect_raw(f);
    send_raw(fd, frame, sizeof frame - 1);
    gated_folder_await(&f->folder);
    close(fd);
    gated_folder_open(&f->folder);
    svms_audit_client *client = connect_client(f);
    assert_int_equal(append_text(client, "answered", &number, NULL), SVMS_OK);
    assert_int_equal(number, OPENING + 1);
    assert_int_equal(saying(f, "unanswered"), 1);
    svms_audit_client_close(&client);
}

static void a_client_that_is_too_slow_loses_its_place(void **state)
{
    fixture *f = *state;
    const struct timespec a_while = { 0, 200000000 };
    uint64_t number;
    assert_int_equal(start_with(f, 1, 50), SVMS_OK);
    int fd = connect_raw(f);
    send_raw(fd, "\0\0", 2);
    assert_true(is_hung_up(fd));
    close(fd);
    /* Its place is free; and who only is silent between frames keeps it. */
    svms_audit_client *client = connect_client(f);
    (void)nanosleep(&a_while, NULL);
    assert_int_equal(append_text(client, "still here", &number, NULL), SVMS_OK);
    svms_audit_client_close(&client);
}

static void a_client_that_takes_no_answers_is_not_waited_for(void **state)
{
    fixture *f = *state;
    static const char frame[] = "\0\0\0\7\0\1\0\1\0\1a";
    uint64_t number;
    start(f);
    int fd = connect_raw(f);
    ssize_t sent = 0;
    /* Frames until nothing goes any more: the server reads none behind an answer that is stuck. */
    while (sent >= 0) {
        sent = send(fd, frame, sizeof frame - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        svms_audit_client *client = connect_client(f);
        assert_int_equal(append_text(client, "beside it", &number, NULL), SVMS_OK);
        svms_audit_client_close(&client);
        if (number > 300) {
            break;
        }
    }
    close(fd);
    assert_true(saying(f, "beside it") > 100);
}

static void more_clients_than_places_are_told(void **state)
{
    fixture *f = *state;
    svms_audit_client *client[3] = { NULL, NULL, NULL };
    svms_error err = SVMS_ERROR_INIT;
    uint64_t number;
    assert_int_equal(start_with(f, 2, 60000), SVMS_OK);
    client[0] = connect_client(f);
    client[1] = connect_client(f);
    assert_int_equal(try_connect(f, 60000, &client[2], &err), SVMS_E_STATE);
    assert_non_null(strstr(err.message, "as many clients as it can"));
    assert_null(client[2]);
    assert_int_equal(append_text(client[1], "in", &number, NULL), SVMS_OK);
    svms_audit_client_close(&client[0]);
    /* The server sees that sooner or later. */
    while (try_connect(f, 60000, &client[2], NULL) != SVMS_OK) {
    }
    assert_int_equal(append_text(client[2], "in", &number, NULL), SVMS_OK);
    svms_audit_client_close(&client[1]);
    svms_audit_client_close(&client[2]);
}

static void a_second_server_is_told(void **state)
{
    fixture *f = *state;
    svms_audit_server *second = NULL;
    svms_error err = SVMS_ERROR_INIT;
    uint64_t number;
    struct stat info;
    start(f);
    assert_int_equal(stat(f->path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(svms_audit_server_start(&second, f->ctx, f->log, f->path, NULL, &err),
                     SVMS_E_STATE);
    assert_non_null(strstr(err.message, "another server does"));
    assert_null(second);
    svms_audit_client *client = connect_client(f);
    assert_int_equal(append_text(client, "to the first", &number, NULL), SVMS_OK);
    svms_audit_client_close(&client);
    svms_audit_server_close(&f->server);
    assert_int_equal(access(f->path, F_OK), -1);
    assert_int_equal(svms_audit_server_start(&second, f->ctx, f->log, f->path, NULL, &err),
                     SVMS_OK);
    svms_audit_server_close(&second);
    svms_audit_server_close(&second);
    svms_audit_server_close(NULL);
}

static int listen_raw(const fixture *f)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    memcpy(address.sun_path, f->path, strlen(f->path) + 1);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

static void a_dead_servers_socket_is_replaced_and_nothing_else_is(void **state)
{
    fixture *f = *state;
    svms_audit_client *client = NULL;
    svms_error err = SVMS_ERROR_INIT;
    close(listen_raw(f));
    assert_int_equal(try_connect(f, 1000, &client, &err), SVMS_E_IO);
    assert_int_equal(err.os_error, ECONNREFUSED);
    start(f);
    client = connect_client(f);
    svms_audit_client_close(&client);
    svms_audit_server_close(&f->server);
    assert_int_equal(try_connect(f, 1000, &client, &err), SVMS_E_IO);
    assert_int_equal(err.os_error, ENOENT);
    FILE *file = fopen(f->path, "w");
    assert_non_null(file);
    assert_int_equal(fputs("mine", file) >= 0, 1);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(svms_audit_server_start(&f->server, f->ctx, f->log, f->path, NULL, &err),
                     SVMS_E_EXISTS);
    struct stat info;
    assert_int_equal(stat(f->path, &info), 0);
    assert_int_equal(info.st_size, 4);
    assert_int_equal(unlink(f->path), 0);
}

static void a_folder_that_others_may_enter_is_refused(void **state)
{
    fixture *f = *state;
    static const mode_t modes[] = { 0755, 0710, 0701, 0740, 0702 };
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(chmod(f->place, modes[i]), 0);
        assert_int_equal(svms_audit_server_start(&f->server, f->ctx, f->log, f->path, NULL, &err),
                         SVMS_E_STATE);
        assert_non_null(strstr(err.message, "with mode 0700"));
    }
    assert_int_equal(chmod(f->place, 0700), 0);
}

static void arguments_that_are_none_are_refused(void **state)
{
    fixture *f = *state;
    static const struct {
        uint32_t clients;
        uint32_t patience_ms;
    } cases[] = { { 0, 1 }, { 1025, 1 }, { 1, 0 }, { 1, 3600001 } };
    char path[200];
    svms_audit_client *client = NULL;
    svms_error err = SVMS_ERROR_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_audit_server_options options = SVMS_AUDIT_SERVER_OPTIONS_INIT;
        options.clients = cases[i].clients;
        options.patience_ms = cases[i].patience_ms;
        assert_int_equal(
            svms_audit_server_start(&f->server, f->ctx, f->log, f->path, &options, NULL),
            SVMS_E_USAGE);
    }
    memset(path, 'p', sizeof path);
    path[108] = '\0';
    assert_int_equal(svms_audit_server_start(&f->server, f->ctx, f->log, path, NULL, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_audit_server_start(&f->server, f->ctx, f->log, "", NULL, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_audit_server_start(&f->server, f->ctx, NULL, f->path, NULL, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_audit_client_connect(&client, f->ctx, path, NULL, &err), SVMS_E_IO);
    assert_int_equal(err.os_error, ENAMETOOLONG);
    assert_int_equal(svms_audit_client_connect(&client, f->ctx, NULL, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(try_connect(f, 0, &client, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_audit_client_append(NULL, NULL, 1, NULL, NULL), SVMS_E_USAGE);
    assert_null(f->server);
}

static void a_server_that_ends_is_noticed(void **state)
{
    fixture *f = *state;
    svms_error err = SVMS_ERROR_INIT;
    uint64_t number;
    start(f);
    svms_audit_client *client = connect_client(f);
    svms_audit_server_close(&f->server);
    svms_status status = append_text(client, "too late", &number, &err);
    assert_true(status == SVMS_E_IO || status == SVMS_E_TRUNCATED);
    assert_int_equal(append_text(client, "too late", &number, &err), SVMS_E_STATE);
    assert_non_null(strstr(err.message, "was lost"));
    svms_audit_client_close(&client);
}

/* Who says what to the client, and what that makes of it. */
typedef struct false_holder {
    const char *said;
    size_t size;
    const char *answer;
    size_t answer_size;
    svms_status connected;
    svms_status appended;
} false_holder;

#define GREETING "SVMSAUDS\0\1\0\0\0\0\0\0"

static const false_holder holders[] = {
    { "", 0, NULL, 0, SVMS_E_TRUNCATED, SVMS_OK },
    { "SVMSAUDS\0\1", 10, NULL, 0, SVMS_E_TRUNCATED, SVMS_OK },
    { "HTTP/1.1 400 Bad", 16, NULL, 0, SVMS_E_MALFORMED, SVMS_OK },
    { "SVMSAUDS\0\2\0\0\0\0\0\0", 16, NULL, 0, SVMS_E_UNSUPPORTED, SVMS_OK },
    { "SVMSAUDS\0\1\0\0\0\0\0\1", 16, NULL, 0, SVMS_E_STATE, SVMS_OK },
    { "SVMSAUDS\0\1\0\0\0\0\0\2", 16, NULL, 0, SVMS_E_UNTRUSTED, SVMS_OK },
    { "SVMSAUDS\0\1\0\0\0\0\0\3", 16, NULL, 0, SVMS_E_MALFORMED, SVMS_OK },
    { GREETING, 16, "", 0, SVMS_OK, SVMS_E_TRUNCATED },
    { GREETING, 16, "\0\0\0\12\0\2\0\0", 8, SVMS_OK, SVMS_E_TRUNCATED },
    { GREETING, 16, "\0\0\0\12\0\2\0\0\0\0\0\0\0\7", 14, SVMS_OK, SVMS_OK },
    { GREETING, 16, "\0\0\0\12\0\2\377\0\0\0\0\0\0\7", 14, SVMS_OK, SVMS_E_MALFORMED },
    { GREETING, 16, "\0\0\0\12\0\1\0\0\0\0\0\0\0\7", 14, SVMS_OK, SVMS_E_MALFORMED },
    { GREETING, 16, "\0\1\0\0\0\2", 6, SVMS_OK, SVMS_E_MALFORMED },
    { GREETING, 16, "\0\0\0\0", 4, SVMS_OK, SVMS_E_MALFORMED },
    { GREETING, 16, "\0\0\0\11\0\3\0\4\0\0\0\0\0", 13, SVMS_OK, SVMS_E_NO_MEMORY },
    { GREETING, 16, "\0\0\0\13\0\3\0\6\0\0\0\0\2no", 15, SVMS_OK, SVMS_E_INTERNAL },
    { GREETING, 16, "\0\0\0\13\0\3\0\7\0\0\0\0\2no", 15, SVMS_OK, SVMS_E_MALFORMED },
    { GREETING, 16, "\0\0\0\13\0\3\0\6\0\0\0\0\2\33c", 15, SVMS_OK, SVMS_E_MALFORMED },
    { GREETING, 16, "\0\0\0\13\0\3\0\6\0\0\0\0\2\303(", 15, SVMS_OK, SVMS_E_MALFORMED },
    { GREETING, 16, "\0\0\0\13\0\3\0\6\0\0\0\0\1no", 15, SVMS_OK, SVMS_E_MALFORMED },
};
#define HOLDERS (sizeof holders / sizeof holders[0])

static void *hold_falsely(void *user)
{
    int listening = *(int *)user;
    for (size_t i = 0; i < HOLDERS; i++) {
        char frame[11];
        int fd = accept(listening, NULL, NULL);
        if (holders[i].size > 0) {
            (void)!send(fd, holders[i].said, holders[i].size, MSG_NOSIGNAL);
        }
        if (holders[i].connected == SVMS_OK) {
            (void)!recv(fd, frame, sizeof frame, MSG_WAITALL);
            (void)!send(fd, holders[i].answer, holders[i].answer_size, MSG_NOSIGNAL);
        }
        close(fd);
    }
    return NULL;
}

static void a_holder_that_breaks_the_rules_is_found_out(void **state)
{
    fixture *f = *state;
    pthread_t thread;
    int listening = listen_raw(f);
    assert_int_equal(pthread_create(&thread, NULL, hold_falsely, &listening), 0);
    for (size_t i = 0; i < HOLDERS; i++) {
        svms_audit_client *client = NULL;
        svms_error err = SVMS_ERROR_INIT;
        uint64_t number = 99;
        assert_int_equal(try_connect(f, 60000, &client, &err), holders[i].connected);
        if (holders[i].connected == SVMS_OK) {
            svms_status status = append_text(client, "a", &number, &err);
            assert_int_equal(status, holders[i].appended);
            assert_int_equal(number, status == SVMS_OK ? 7 : 99);
        }
        assert_true(err.message[0] != '\0' || holders[i].appended == SVMS_OK);
        svms_audit_client_close(&client);
    }
    pthread_join(thread, NULL);
    close(listening);
    unlink(f->path);
}

static void a_holder_that_says_nothing_is_not_waited_for(void **state)
{
    fixture *f = *state;
    svms_audit_client *client = NULL;
    svms_error err = SVMS_ERROR_INIT;
    int listening = listen_raw(f);
    assert_int_equal(try_connect(f, 30, &client, &err), SVMS_E_IO);
    assert_int_equal(err.os_error, ETIMEDOUT);
    assert_non_null(strstr(err.message, "waited for"));
    close(listening);
    unlink(f->path);
}

/* As nobody: exit status 0 when the client says so. */
static int connect_as_nobody(const fixture *f, svms_status expected)
{
    pid_t child = fork();
    if (child == 0) {
        svms_audit_client *client = NULL;
        bool is_nobody = setgid(65534) == 0 && setuid(65534) == 0;
        svms_status status = try_connect(f, 60000, &client, NULL);
        svms_audit_client_close(&client);
        _exit(is_nobody && status == expected ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void another_user_is_not_served(void **state)
{
    fixture *f = *state;
    if (geteuid() != 0) {
        print_message(
            "SKIPPED: ONLY ROOT CAN BE ANOTHER USER: what others are told is not tested\n");
        skip();
    }
    start(f);
    assert_int_equal(connect_as_nobody(f, SVMS_E_IO), 0);
    /* Even where somebody has opened the door. */
    assert_int_equal(chmod(f->place, 0755), 0);
    assert_int_equal(chmod(f->path, 0666), 0);
    assert_int_equal(connect_as_nobody(f, SVMS_E_UNTRUSTED), 0);
    assert_int_equal(chmod(f->place, 0700), 0);
}

static void another_users_holder_gets_nothing(void **state)
{
    fixture *f = *state;
    int ready[2];
    char byte;
    if (geteuid() != 0) {
        print_message("SKIPPED: ONLY ROOT CAN BE ANOTHER USER: a holder of others is not tested\n");
        skip();
    }
    assert_int_equal(chmod(f->place, 0777), 0);
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        (void)!setuid(65534);
        int listening = listen_raw(f);
        (void)!write(ready[1], "r", 1);
        int fd = accept(listening, NULL, NULL);
        (void)!send(fd, GREETING, 16, MSG_NOSIGNAL);
        /* The client hangs up without a word, and may not even have read the greeting. */
        ssize_t got = recv(fd, &byte, 1, 0);
        _exit(got == 0 || (got == -1 && errno == ECONNRESET) ? 0 : 1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    svms_audit_client *client = NULL;
    svms_error err = SVMS_ERROR_INIT;
    int status = -1;
    assert_int_equal(try_connect(f, 60000, &client, &err), SVMS_E_UNTRUSTED);
    assert_non_null(strstr(err.message, "another user's process"));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(ready[0]);
    close(ready[1]);
    assert_int_equal(chmod(f->place, 0700), 0);
    unlink(f->path);
}

static const fixture *for_allocation;

static svms_status start_and_close(svms_ctx *ctx, svms_error *err)
{
    svms_audit_server *server = NULL;
    svms_status status =
        svms_audit_server_start(&server, ctx, for_allocation->log, for_allocation->path, NULL, err);
    assert_int_equal(status == SVMS_OK, server != NULL);
    svms_audit_server_close(&server);
    return status;
}

static svms_status connect_and_append(svms_ctx *ctx, svms_error *err)
{
    svms_audit_client *client = NULL;
    uint64_t number;
    svms_status status = svms_audit_client_connect(&client, ctx, for_allocation->path, NULL, err);
    if (status == SVMS_OK) {
        status = append_text(client, "a", &number, err);
    }
    svms_audit_client_close(&client);
    return status;
}

static void each_allocation_may_fail(void **state)
{
    fixture *f = *state;
    for_allocation = f;
    each_allocation_fails_cleanly(start_and_close);
    start(f);
    each_allocation_fails_cleanly(connect_and_append);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_is_acknowledged_is_in_the_log),
        CASE(the_largest_append_goes_through_and_larger_ones_are_refused),
        CASE(several_clients_share_the_log),
        CASE(a_full_disk_is_told_to_the_client),
        CASE(what_is_no_frame_is_answered_and_ends_the_connection),
        CASE(a_client_that_dies_within_a_frame_leaves_nothing),
        CASE(a_client_that_dies_before_its_answer_harms_nobody),
        CASE(a_client_that_is_too_slow_loses_its_place),
        CASE(a_client_that_takes_no_answers_is_not_waited_for),
        CASE(more_clients_than_places_are_told),
        CASE(a_second_server_is_told),
        CASE(a_dead_servers_socket_is_replaced_and_nothing_else_is),
        CASE(a_folder_that_others_may_enter_is_refused),
        CASE(arguments_that_are_none_are_refused),
        CASE(a_server_that_ends_is_noticed),
        CASE(a_holder_that_breaks_the_rules_is_found_out),
        CASE(a_holder_that_says_nothing_is_not_waited_for),
        CASE(another_user_is_not_served),
        CASE(another_users_holder_gets_nothing),
        CASE(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
