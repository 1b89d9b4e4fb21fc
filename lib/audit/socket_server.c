/* SPDX-License-Identifier: Apache-2.0 */
/* Who holds a log serves other processes (audit.md, section 11): one thread, a bounded number of
 * clients, one frame of each. What is complete goes into the log together. */
#include <svms/audit_socket.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "options.h"
#include "platform_folder.h"
#include "platform_local.h"
#include "platform_thread.h"
#include "socket_frame.h"

#define CLIENTS_MOST 1024u
#define PATIENCE_MOST 3600000u
#define NS_PER_MS UINT64_C(1000000)
/* After a failure that lies with the system, such as too many open files. */
#define REST_NS (100 * NS_PER_MS)
#define PATH_SIZE 108u
#define LOCK_SUFFIX ".lock"
#define CHUNK 65536u
/* Of one append; one more frame still fits a group. */
#define GROUP_BYTES 2097152u
#define NEVER UINT64_MAX

typedef struct client {
    int handle; /* -1: nobody */
    svms_builder in;
    size_t frame_size; /* with its length; 0 until that is known */
    bool is_complete;
    uint8_t out[SVMS_SOCKET_ANSWER_MAX];
    size_t out_size;
    size_t out_done;
    bool ends;       /* once it has its answer */
    bool is_in;      /* its records are being appended */
    uint64_t offset; /* among those */
    uint64_t until;  /* it must have done what it is at */
} client;

struct svms_audit_server {
    svms_ctx *ctx;
    svms_audit_log *log;
    char path[PATH_SIZE];
    int lock;
    int listening;
    int bell[2];
    bool has_thread;
    svms_platform_thread thread;
    uint64_t patience_ns;

    /* The thread's. */
    client *clients;
    size_t most;
    size_t turn;         /* whose frame is looked at first */
    uint64_t resting;    /* nobody is let in until then */
    svms_iovec *records; /* twice as many as one append takes */
    svms_platform_wait *waits;
};

static void hang_up(client *at)
{
    if (at->handle >= 0) {
        svms_platform_close(at->handle);
    }
    at->handle = -1;
    svms_builder_clear(&at->in);
    at->frame_size = 0;
    at->is_complete = false;
    at->out_size = 0;
    at->out_done = 0;
    at->ends = false;
    at->until = NEVER;
}

/* As much as goes now. */
static void send_some(client *at)
{
    while (at->out_done < at->out_size) {
        size_t sent = 0;
        int os_error = svms_platform_send(at->handle, at->out + at->out_done,
                                          at->out_size - at->out_done, &sent);
        if (os_error == EAGAIN) {
            return;
        }
        if (os_error != 0) {
            hang_up(at);
            return;
        }
        at->out_done += sent;
    }
    at->out_size = 0;
    at->out_done = 0;
    at->until = NEVER;
    if (at->ends) {
        hang_up(at);
    }
}

static void send_built(svms_audit_server *server, client *at, const svms_builder *built)
{
    if (built->status != SVMS_OK || built->size > sizeof at->out) {
        hang_up(at);
        return;
    }
    memcpy(at->out, built->data, built->size);
    at->out_size = built->size;
    at->out_done = 0;
    at->until = svms_platform_monotonic_now() + server->patience_ns;
    send_some(at);
}

static void greet(svms_audit_server *server, client *at, svms_socket_state state)
{
    svms_builder built = svms_builder_new(server->ctx, SVMS_SOCKET_GREETING_SIZE);
    svms_put_socket_greeting(&built, state);
    at->ends = state != SVMS_SOCKET_SERVES;
    send_built(server, at, &built);
    svms_builder_clear(&built);
}

static void answer(svms_audit_server *server, client *at, const svms_socket_answer *said)
{
    svms_builder built =
        svms_builder_new(server->ctx, SVMS_SOCKET_LENGTH_SIZE + SVMS_SOCKET_ANSWER_MAX);
    svms_put_socket_answer(&built, said);
    at->is_complete = false;
    at->frame_size = 0;
    if (at->in.capacity > CHUNK) {
        svms_builder_clear(&at->in);
    }
    svms_builder_reset(&at->in);
    send_built(server, at, &built);
    svms_builder_clear(&built);
}

static void refuse(svms_audit_server *server, client *at, const svms_error *why)
{
    svms_socket_answer said = { .status = why->status, .os_error = why->os_error };
    snprintf(said.words, sizeof said.words, "%s", why->message);
    answer(server, at, &said);
}

/* What is no frame is answered, and nothing more is read. */
static void refuse_for_good(svms_audit_server *server, client *at, const svms_error *why)
{
    at->ends = true;
    refuse(server, at, why);
}

/* How many bytes are missing, as far as is known. */
static size_t missing(const client *at)
{
    size_t size = at->frame_size > 0 ? at->frame_size : SVMS_SOCKET_LENGTH_SIZE;
    return size - at->in.size;
}

/* False where there is nothing more to read now. */
static bool receive_some(svms_audit_server *server, client *at)
{
    uint8_t bytes[CHUNK];
    size_t got = 0;
    size_t ask = missing(at) < sizeof bytes ? missing(at) : sizeof bytes;
    int os_error = svms_platform_receive(at->handle, bytes, ask, &got);
    if (os_error == EAGAIN) {
        return false;
    }
    svms_put_bytes(&at->in, bytes, got);
    if (os_error != 0 || got == 0 || at->in.status != SVMS_OK) {
        hang_up(at);
        return false;
    }
    if (at->until == NEVER) {
        at->until = svms_platform_monotonic_now() + server->patience_ns;
    }
    return true;
}

/* Until the frame is complete, or nothing more is there. */
static void read_frame(svms_audit_server *server, client *at)
{
    while (receive_some(server, at)) {
        svms_error err = SVMS_ERROR_INIT;
        size_t length = 0;
        if (missing(at) > 0) {
            continue;
        }
        if (at->frame_size > 0) {
            at->is_complete = true;
            at->until = NEVER;
            return;
        }
        if (svms_socket_length_parse(&length, at->in.data, SVMS_SOCKET_FRAME_MAX, &err) !=
            SVMS_OK) {
            err.status = SVMS_E_MALFORMED;
            refuse_for_good(server, at, &err);
            return;
        }
        at->frame_size = SVMS_SOCKET_LENGTH_SIZE + length;
    }
}

/* Its records behind those that are there already; 0 where it must wait for its turn. */
static size_t take_frame(svms_audit_server *server, client *at, size_t used)
{
    size_t count = 0;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_socket_append_parse(server->records + used, &count,
                                                  at->in.data + SVMS_SOCKET_LENGTH_SIZE,
                                                  at->in.size - SVMS_SOCKET_LENGTH_SIZE, &err);
    if (status != SVMS_OK) {
        refuse_for_good(server, at, &err);
        return 0;
    }
    if (used + count > SVMS_AUDIT_APPEND_MAX) {
        return 0;
    }
    at->is_in = true;
    at->offset = used;
    return count;
}

/* What is complete, as far as one append takes it; who comes first changes. */
static size_t gather(svms_audit_server *server)
{
    size_t used = 0;
    size_t bytes = 0;
    for (size_t i = 0; i < server->most && bytes < GROUP_BYTES; i++) {
        client *at = &server->clients[(server->turn + i) % server->most];
        if (at->handle < 0 || !at->is_complete) {
            continue;
        }
        size_t count = take_frame(server, at, used);
        used += count;
        bytes += count > 0 ? at->in.size : 0;
    }
    server->turn = (server->turn + 1) % server->most;
    return used;
}

static void append_complete(svms_audit_server *server)
{
    svms_error err = SVMS_ERROR_INIT;
    uint64_t first = 0;
    size_t count = gather(server);
    if (count == 0) {
        return;
    }
    svms_status status = svms_audit_log_append(server->log, server->records, count, &first, &err);
    for (size_t i = 0; i < server->most; i++) {
        client *at = &server->clients[i];
        if (!at->is_in) {
            continue;
        }
        at->is_in = false;
        if (status == SVMS_OK) {
            svms_socket_answer said = { .first = first + at->offset };
            answer(server, at, &said);
        } else {
            refuse(server, at, &err);
        }
    }
}

static client *find_free(svms_audit_server *server)
{
    for (size_t i = 0; i < server->most; i++) {
        if (server->clients[i].handle < 0) {
            return &server->clients[i];
        }
    }
    return NULL;
}

/* Whoever cannot be served is told, once, as far as that goes without waiting. */
static void let_in(svms_audit_server *server, int handle)
{
    bool is_known = false;
    client turned_away = { .handle = handle, .in = svms_builder_new(server->ctx, 0) };
    client *place = find_free(server);
    if (svms_platform_local_peer(handle, &is_known) != 0 || !is_known) {
        greet(server, &turned_away, SVMS_SOCKET_NOT_YOU);
        hang_up(&turned_away);
    } else if (!place) {
        greet(server, &turned_away, SVMS_SOCKET_IS_BUSY);
        hang_up(&turned_away);
    } else {
        place->handle = handle;
        greet(server, place, SVMS_SOCKET_SERVES);
    }
}

static void let_all_in(svms_audit_server *server)
{
    int os_error = 0;
    while (os_error == 0) {
        int handle = -1;
        os_error = svms_platform_local_accept(server->listening, &handle);
        if (os_error == 0) {
            let_in(server, handle);
        }
    }
    if (os_error != EAGAIN) {
        server->resting = svms_platform_monotonic_now() + REST_NS;
        svms_log(server->ctx, SVMS_LOG_WARNING, "audit socket: no client can be let in, error %d",
                 os_error);
    }
}

/* The bell, the door, the clients; how long to wait at most. */
static uint64_t prepare_waits(svms_audit_server *server, uint64_t now)
{
    uint64_t until = server->resting > now ? server->resting : NEVER;
    server->waits[0] = (svms_platform_wait){ server->bell[0], true, false, false };
    server->waits[1] =
        (svms_platform_wait){ server->listening, server->resting <= now, false, false };
    for (size_t i = 0; i < server->most; i++) {
        const client *at = &server->clients[i];
        bool is_sending = at->out_size > 0;
        server->waits[2 + i] =
            (svms_platform_wait){ at->handle, !is_sending && !at->is_complete, is_sending, false };
        until = at->handle >= 0 && at->until < until ? at->until : until;
        if (at->handle >= 0 && at->is_complete) {
            until = now;
        }
    }
    return until > now ? until - now : 0;
}

static void serve_clients(svms_audit_server *server)
{
    uint64_t now = svms_platform_monotonic_now();
    for (size_t i = 0; i < server->most; i++) {
        client *at = &server->clients[i];
        bool is_ready = server->waits[2 + i].is_ready;
        if (at->handle < 0) {
            continue;
        }
        if (is_ready && at->out_size > 0) {
            send_some(at);
        } else if (is_ready && !at->is_complete) {
            read_frame(server, at);
        }
        if (at->handle >= 0 && at->until <= now) {
            hang_up(at);
        }
    }
}

static void run(void *user)
{
    svms_audit_server *server = user;
    for (;;) {
        uint64_t most_ns = prepare_waits(server, svms_platform_monotonic_now());
        int os_error = svms_platform_wait_for(server->waits, 2 + server->most, most_ns);
        if (os_error != 0) {
            svms_log(server->ctx, SVMS_LOG_ERROR, "audit socket: waiting failed, error %d",
                     os_error);
            break;
        }
        if (server->waits[0].is_ready) {
            break;
        }
        serve_clients(server);
        append_complete(server);
        if (server->waits[1].is_ready) {
            let_all_in(server);
        }
    }
}

static svms_status take_path(svms_audit_server *server, svms_error *err)
{
    char lock[PATH_SIZE + sizeof LOCK_SUFFIX];
    int os_error = svms_platform_own_folder(server->path);
    if (os_error == EPERM || os_error == EACCES) {
        return svms_fail_path(err, SVMS_E_STATE, 0, "listen at", server->path,
                              "its folder must be this user's, with mode 0700");
    }
    snprintf(lock, sizeof lock, "%s" LOCK_SUFFIX, server->path);
    if (os_error == 0) {
        os_error = svms_platform_take(lock, &server->lock);
    }
    if (os_error == EWOULDBLOCK) {
        return svms_fail_path(err, SVMS_E_STATE, 0, "listen at", server->path,
                              "another server does");
    }
    if (os_error == 0) {
        os_error = svms_platform_local_remove(server->path);
    }
    if (os_error == EEXIST) {
        return svms_fail_path(err, SVMS_E_EXISTS, 0, "listen at", server->path,
                              "something else is there");
    }
    if (os_error == 0) {
        os_error = svms_platform_local_listen(server->path, (int)server->most, &server->listening);
    }
    if (os_error == 0) {
        os_error = svms_platform_bell(server->bell);
    }
    return os_error == 0
               ? SVMS_OK
               : svms_fail_path(err, SVMS_E_IO, os_error, "listen at", server->path, NULL);
}

static svms_status make(svms_audit_server **out, svms_ctx *ctx, svms_audit_log *log,
                        const char *path, const svms_audit_server_options *options, svms_error *err)
{
    svms_audit_server *server = svms_alloc(ctx, sizeof *server);
    if (!server) {
        return svms_fail_memory(err);
    }
    *out = server;
    server->ctx = ctx;
    server->log = log;
    server->lock = server->listening = server->bell[0] = server->bell[1] = -1;
    server->patience_ns = options->patience_ms * NS_PER_MS;
    memcpy(server->path, path, strlen(path) + 1);
    server->clients = svms_alloc_array(ctx, options->clients, sizeof *server->clients);
    server->waits = svms_alloc_array(ctx, options->clients + (size_t)2, sizeof *server->waits);
    server->records =
        svms_alloc_array(ctx, 2 * (size_t)SVMS_AUDIT_APPEND_MAX, sizeof *server->records);
    if (!server->clients || !server->waits || !server->records) {
        return svms_fail_memory(err);
    }
    for (; server->most < options->clients; server->most++) {
        client *at = &server->clients[server->most];
        at->handle = -1;
        at->until = NEVER;
        at->in = svms_builder_new(ctx, SVMS_SOCKET_LENGTH_SIZE + SVMS_SOCKET_FRAME_MAX);
    }
    svms_status status = take_path(server, err);
    if (status != SVMS_OK) {
        return status;
    }
    int os_error = svms_platform_thread_start(&server->thread, run, server);
    server->has_thread = os_error == 0;
    return os_error == 0 ? SVMS_OK : svms_fail_io(err, os_error, "no thread can be started");
}

static void close_handle(int handle)
{
    if (handle >= 0) {
        svms_platform_close(handle);
    }
}

svms_status svms_audit_server_start(svms_audit_server **out, svms_ctx *ctx, svms_audit_log *log,
                                    const char *path, const svms_audit_server_options *options,
                                    svms_error *err)
{
    svms_audit_server_options known = SVMS_AUDIT_SERVER_OPTIONS_INIT;
    svms_audit_server *server = NULL;
    if (!out || !ctx || !log || !path || path[0] == '\0' || strlen(path) >= PATH_SIZE) {
        return svms_fail(err, SVMS_E_USAGE, "a server needs a log, and a path of 1 to %u bytes",
                         PATH_SIZE - 1);
    }
    svms_status status = svms_options_read(&known, sizeof known, options, "the options", err);
    if (status == SVMS_OK && (known.clients == 0 || known.clients > CLIENTS_MOST ||
                              known.patience_ms == 0 || known.patience_ms > PATIENCE_MOST)) {
        status =
            svms_fail(err, SVMS_E_USAGE, "a server has 1 to %u clients, and 1 to %u ms of patience",
                      CLIENTS_MOST, PATIENCE_MOST);
    }
    if (status == SVMS_OK) {
        status = make(&server, ctx, log, path, &known, err);
    }
    if (status != SVMS_OK) {
        svms_audit_server_close(&server);
        return status;
    }
    *out = server;
    return SVMS_OK;
}

void svms_audit_server_close(svms_audit_server **server)
{
    if (!server || !*server) {
        return;
    }
    svms_audit_server *gone = *server;
    if (gone->has_thread) {
        svms_platform_ring(gone->bell);
        svms_platform_thread_join(&gone->thread);
    }
    for (size_t i = 0; i < gone->most; i++) {
        hang_up(&gone->clients[i]);
    }
    if (gone->listening >= 0) {
        (void)svms_platform_local_remove(gone->path);
    }
    close_handle(gone->listening);
    close_handle(gone->bell[0]);
    close_handle(gone->bell[1]);
    close_handle(gone->lock);
    svms_release(gone->ctx, gone->clients);
    svms_release(gone->ctx, gone->waits);
    svms_release(gone->ctx, gone->records);
    svms_release(gone->ctx, gone);
    *server = NULL;
}
