/* SPDX-License-Identifier: Apache-2.0 */
/* The client of web_case.h. */
#include "web_case.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_S 30
#define REQUEST_MAX 400000

web_client *web_connect(web_case *c, int certificate)
{
    const struct timeval patience = { PATIENCE_S, 0 };
    struct sockaddr_in there = { .sin_family = AF_INET };
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    svms_error err = SVMS_ERROR_INIT;
    web_client *self = calloc(1, sizeof *self);
    assert_non_null(self);
    const char *port = strrchr(recorder_web_address(c->web), ':');
    assert_non_null(port);
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    there.sin_port = htons((uint16_t)atoi(port + 1));
    self->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(self->socket >= 0);
    assert_int_equal(setsockopt(self->socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience),
                     0);
    assert_int_equal(connect(self->socket, (struct sockaddr *)&there, sizeof there), 0);
    target.host = "127.0.0.1";
    if (svms_tls_open_socket(&self->tls, c->clients[certificate], &target, self->socket, &err) !=
            SVMS_OK ||
        svms_tls_handshake(self->tls, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return self;
}

void web_leave(web_client **client)
{
    web_client *self = *client;
    if (!self) {
        return;
    }
    svms_tls_free(&self->tls);
    assert_int_equal(close(self->socket), 0);
    free(self->raw);
    free(self->plain);
    free(self);
    *client = NULL;
}

void web_send(web_client *self, const char *method, const char *target, const char *token,
              const char *body, const char *more)
{
    static char text[REQUEST_MAX];
    char type[96] = "";
    svms_error err = SVMS_ERROR_INIT;
    if (body) {
        snprintf(type, sizeof type, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                 strlen(body));
    }
    int size = snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s%s%s%s%s\r\n%s",
                        method, target, token ? "Authorization: Bearer " : "", token ? token : "",
                        token ? "\r\n" : "", type, more, body ? body : "");
    assert_true(size > 0 && (size_t)size < sizeof text);
    for (size_t sent = 0; sent < (size_t)size;) {
        size_t now = 0;
        svms_status status =
            svms_tls_write(self->tls, text + sent, (size_t)size - sent, &now, &err);
        if (status != SVMS_OK) {
            /* It was answered, and closed, before all of it came. */
            return;
        }
        sent += now;
    }
}

static void grow(char **bytes, size_t *room, size_t needed)
{
    if (needed + 1 > *room) {
        *room = 2 * needed + 65536;
        *bytes = realloc(*bytes, *room);
        assert_non_null(*bytes);
    }
}

/* false: nothing more comes. */
static bool read_more(web_client *self)
{
    svms_error err = SVMS_ERROR_INIT;
    size_t size = 0;
    grow(&self->raw, &self->raw_room, self->raw_size + 32768);
    svms_status status =
        self->is_over ? SVMS_END
                      : svms_tls_read(self->tls, self->raw + self->raw_size, 32768, &size, &err);
    self->is_over = status != SVMS_OK;
    self->raw_size += size;
    self->raw[self->raw_size] = '\0';
    return !self->is_over;
}

static void drop_raw(web_client *self, size_t size)
{
    memmove(self->raw, self->raw + size, self->raw_size - size + 1);
    self->raw_size -= size;
}

int web_read_head(web_client *self, char *head, size_t room)
{
    char *stop = NULL;
    while (!self->raw || !(stop = strstr(self->raw, "\r\n\r\n"))) {
        if (!read_more(self)) {
            return 0;
        }
    }
    size_t size = (size_t)(stop - self->raw) + 4;
    assert_true(size < room);
    memcpy(head, self->raw, size);
    head[size] = '\0';
    drop_raw(self, size);
    self->is_chunked = strstr(head, "Transfer-Encoding: chunked") != NULL ||
                       strstr(head, "transfer-encoding: chunked") != NULL;
    return atoi(head + strlen("HTTP/1.1 "));
}

/* Moves whole chunks over; false: more is to be read. */
static bool take_chunk(web_client *self)
{
    char *line = self->raw_size > 0 ? strstr(self->raw, "\r\n") : NULL;
    if (!line) {
        return false;
    }
    size_t size = strtoul(self->raw, NULL, 16);
    size_t front = (size_t)(line - self->raw) + 2;
    if (self->raw_size < front + size + 2) {
        return false;
    }
    grow(&self->plain, &self->plain_room, self->plain_size + size);
    memcpy(self->plain + self->plain_size, self->raw + front, size);
    self->plain_size += size;
    self->plain[self->plain_size] = '\0';
    drop_raw(self, front + size + 2);
    self->is_whole = size == 0;
    return true;
}

/* false: that was all. */
static bool more_plain(web_client *self)
{
    while (!self->is_whole && !take_chunk(self)) {
        if (!read_more(self)) {
            return false;
        }
    }
    return !self->is_whole;
}

static size_t length_of(const char *head)
{
    const char *field = strstr(head, "Content-Length: ");
    return field ? strtoul(field + strlen("Content-Length: "), NULL, 10) : 0;
}

web_reply web_read(web_client *self)
{
    static char head[20000];
    web_reply reply = { .status = web_read_head(self, head, sizeof head) };
    reply.head = strdup(head);
    if (self->is_chunked) {
        while (more_plain(self)) {
        }
        reply.is_whole = self->is_whole;
        reply.size = self->plain_size;
        reply.body = calloc(1, self->plain_size + 1);
        memcpy(reply.body, self->plain ? self->plain : "", self->plain_size);
    } else if (reply.status != 0) {
        size_t length = length_of(head);
        while (self->raw_size < length && read_more(self)) {
        }
        reply.is_whole = self->raw_size >= length;
        reply.size = self->raw_size < length ? self->raw_size : length;
        reply.body = calloc(1, reply.size + 1);
        memcpy(reply.body, self->raw, reply.size);
        drop_raw(self, reply.size);
    }
    reply.json = reply.body && strstr(head, "application/json")
                     ? json_loadb(reply.body, reply.size, 0, NULL)
                     : NULL;
    return reply;
}

void web_reply_free(web_reply *reply)
{
    json_decref(reply->json);
    free(reply->head);
    free(reply->body);
    memset(reply, 0, sizeof *reply);
}

web_reply web_ask_as(web_case *c, const web_ticket *ticket, int certificate, const char *method,
                     const char *target, const char *body)
{
    char token[WEB_TOKEN_SIZE] = "";
    web_client *client = web_connect(c, certificate);
    if (ticket) {
        web_case_issue(c, ticket, token);
    }
    web_send(client, method, target, ticket ? token : NULL, body, "Connection: close\r\n");
    web_reply reply = web_read(client);
    web_leave(&client);
    return reply;
}

web_reply web_ask(web_case *c, const char *method, const char *target, const char *body)
{
    static const web_ticket annas = { .subject = "anna" };
    return web_ask_as(c, &annas, 0, method, target, body);
}

int web_begin_stream(web_case *c, web_client **out, const char *target)
{
    static const web_ticket annas = { .subject = "anna" };
    static char head[20000];
    char token[WEB_TOKEN_SIZE];
    web_case_issue(c, &annas, token);
    *out = web_connect(c, 0);
    web_send(*out, "GET", target, token, NULL, "");
    return web_read_head(*out, head, sizeof head);
}

static const char *field_of(const char *head, const char *name)
{
    const char *field = strstr(head, name);
    return field ? field + strlen(name) : NULL;
}

/* Whole parts; NULL: that was all. */
static char *next_head(web_client *self, size_t *size)
{
    char *stop = NULL;
    for (;;) {
        char *from = self->plain ? self->plain + self->taken : NULL;
        stop = from ? strstr(from, "\r\n\r\n") : NULL;
        size_t length = stop ? length_of(from) : 0;
        *size = stop ? (size_t)(stop - from) + 4 : 0;
        if (stop && self->plain_size - self->taken >= *size + length + 2) {
            return from;
        }
        if (from && strncmp(from, "--svms-part-of-a-stream--\r\n", 27) == 0) {
            while (more_plain(self)) {
            }
            return NULL;
        }
        if (!more_plain(self)) {
            return NULL;
        }
    }
}

bool web_next_part(web_client *self, web_piece *out)
{
    static const char opening[] = "--svms-part-of-a-stream\r\n";
    char head[1024];
    char moment[64] = "";
    size_t size = 0;
    /* What was given is gone. */
    if (self->taken > 1000000) {
        memmove(self->plain, self->plain + self->taken, self->plain_size - self->taken + 1);
        self->plain_size -= self->taken;
        self->taken = 0;
    }
    const char *from = next_head(self, &size);
    memset(out, 0, sizeof *out);
    if (!from) {
        return false;
    }
    assert_true(size < sizeof head);
    memcpy(head, from, size);
    head[size] = '\0';
    assert_memory_equal(head, opening, sizeof opening - 1);
    out->data = from + size;
    out->size = length_of(head);
    assert_memory_equal(from + size + out->size, "\r\n", 2);
    self->taken += size + out->size + 2;
    if (strstr(head, "application/json")) {
        out->json = json_loadb(out->data, out->size, 0, NULL);
        assert_non_null(out->json);
        return true;
    }
    assert_non_null(strstr(head, "application/octet-stream"));
    out->track = (unsigned)atoi(field_of(head, "Svms-Track: "));
    assert_int_equal(sscanf(field_of(head, "Svms-Time: "), "%63[^\r]", moment), 1);
    assert_int_equal(svms_time_parse(&out->utc_ns, moment, NULL), SVMS_OK);
    out->is_sync = strstr(head, "Svms-Sync: 1") != NULL;
    out->is_after_gap = strstr(head, "Svms-Gap: 1") != NULL;
    return true;
}
