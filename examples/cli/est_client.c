/* SPDX-License-Identifier: Apache-2.0 */
#include "est_client.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <openssl/crypto.h>

#include "est_body.h"
#include "http_message.h"
#include "message.h"
#include "tls_link.h"

#define TOTAL_SECONDS 30
#define ANSWER_HEAD_MAX 8192
#define ANSWER_MAX ((size_t)80 * 1024)
#define HEAD_TEXT_SIZE 2048
#define WORDS_MAX 200

/* How far one question has come at one address. */
typedef struct exchange {
    const est_url *url;
    est_call *call;
    svms_tls_context *context;
    struct event_base *base;
    tls_link *link;
    bool is_ready;
    bool answered;
    bool late;
    bool broken; /* an answer that is none, or out of memory */
    svms_error why;
    bool words; /* the answer is for a person */
    int status;
} exchange;

static void stop(exchange *self)
{
    event_base_loopbreak(self->base);
}

static bool put_login(const est_call *call, char *out, size_t capacity)
{
    char plain[2 * EST_NAME_MAX + 2];
    char text[sizeof plain * 2];
    int size = snprintf(plain, sizeof plain, "%s:%s", call->name, call->code);
    bool fits = size > 0 && (size_t)size < sizeof plain;
    if (fits) {
        size_t used = 0;
        est_base64_encode(plain, (size_t)size, text);
        /* In one line. */
        for (const char *place = text; *place; place++) {
            if (*place != '\n') {
                text[used++] = *place;
            }
        }
        text[used] = '\0';
        size = snprintf(out, capacity, "Authorization: Basic %s\r\n", text);
        fits = size > 0 && (size_t)size < capacity;
    }
    OPENSSL_cleanse(plain, sizeof plain);
    OPENSSL_cleanse(text, sizeof text);
    return fits;
}

static bool send_question(exchange *self)
{
    const est_call *call = self->call;
    char login[HEAD_TEXT_SIZE] = "";
    char head[2 * HEAD_TEXT_SIZE];
    size_t body_size = call->request ? strlen(call->request) : 0;
    bool is_ipv6 = strchr(self->url->host, ':') != NULL;
    if (call->name && !put_login(call, login, sizeof login)) {
        return false;
    }
    int size = snprintf(head, sizeof head,
                        "%s %s HTTP/1.1\r\nHost: %s%s%s:%s\r\nAccept: */*\r\n%s"
                        "Connection: close\r\n",
                        call->request ? "POST" : "GET", call->path, is_ipv6 ? "[" : "",
                        self->url->host, is_ipv6 ? "]" : "", self->url->port, login);
    bool sent =
        size > 0 && (size_t)size < sizeof head && tls_link_write(self->link, head, (size_t)size);
    if (sent && call->request) {
        size = snprintf(head, sizeof head,
                        "Content-Type: application/pkcs10\r\n"
                        "Content-Transfer-Encoding: base64\r\nContent-Length: %zu\r\n",
                        body_size);
        sent = tls_link_write(self->link, head, (size_t)size);
    }
    sent = sent && tls_link_write(self->link, "\r\n", 2) &&
           (!call->request || tls_link_write(self->link, call->request, body_size));
    OPENSSL_cleanse(login, sizeof login);
    OPENSSL_cleanse(head, sizeof head);
    return sent;
}

static void on_ready(void *user)
{
    exchange *self = user;
    self->is_ready = true;
    if (!send_question(self)) {
        self->broken = true;
        stop(self);
    }
}

static void keep_answer(exchange *self, const http_head *head, const char *body)
{
    const http_slice *type = http_find(head, "content-type");
    self->call->answer = malloc(head->length + 1);
    self->broken = !self->call->answer;
    if (self->call->answer) {
        memcpy(self->call->answer, body, head->length);
        self->call->answer[head->length] = '\0';
        self->call->answer_size = head->length;
    }
    self->words = type && http_type_is(*type, "text/plain");
    self->status = head->status;
    self->answered = !self->broken;
    stop(self);
}

static void on_readable(void *user)
{
    exchange *self = user;
    http_head head;
    size_t size = 0;
    const char *bytes = tls_link_peek(self->link, &size);
    size_t head_size = http_head_size(bytes, size < ANSWER_HEAD_MAX ? size : ANSWER_HEAD_MAX);
    if (self->answered || self->broken) {
        return;
    }
    if (head_size == 0) {
        self->broken = size >= ANSWER_HEAD_MAX;
    } else if (!http_parse_response(&head, bytes, head_size) || head.length > ANSWER_MAX ||
               (!head.has_length && head.status == HTTP_OK)) {
        self->broken = true;
    } else if (size - head_size >= head.length) {
        keep_answer(self, &head, bytes + head_size);
        return;
    }
    if (self->broken) {
        stop(self);
    }
}

static void on_closed(void *user, const svms_error *err)
{
    exchange *self = user;
    self->why = *err;
    stop(self);
}

static void on_late(evutil_socket_t socket, short what, void *user)
{
    exchange *self = user;
    (void)socket;
    (void)what;
    self->late = true;
    stop(self);
}

static const tls_link_events events = {
    .ready = on_ready,
    .readable = on_readable,
    .closed = on_closed,
};

/* One address; afterwards self says how it went. */
static void try_address(exchange *self, const struct addrinfo *address, struct event *limit)
{
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    svms_tls *tls = NULL;
    target.host = self->url->host;
    self->why = (svms_error)SVMS_ERROR_INIT;
    if (svms_tls_open(&tls, self->context, &target, &self->why) != SVMS_OK) {
        return;
    }
    self->link = tls_link_new(self->base, -1, tls, &events, self);
    if (!self->link) {
        svms_tls_free(&tls);
        self->broken = true;
        return;
    }
    if (tls_link_connect(self->link, address->ai_addr, (int)address->ai_addrlen)) {
        const struct timeval seconds = { TOTAL_SECONDS, 0 };
        event_add(limit, &seconds);
        event_base_dispatch(self->base);
        event_del(limit);
    } else {
        self->why.status = SVMS_E_IO;
        (void)snprintf(self->why.message, sizeof self->why.message, "no connection can be begun");
    }
    tls_link_free(self->link);
    self->link = NULL;
}

static exit_status try_addresses(exchange *self)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *list = NULL;
    int failed = getaddrinfo(self->url->host, self->url->port, &hints, &list);
    if (failed != 0) {
        complain("cannot find %s: %s", self->url->text, gai_strerror(failed));
        return EXIT_ENVIRONMENT;
    }
    self->base = event_base_new();
    struct event *limit = self->base ? evtimer_new(self->base, on_late, self) : NULL;
    self->broken = !limit;
    /* Another address only where nobody was there: who was asked once is not asked twice. */
    for (const struct addrinfo *address = list; address && limit; address = address->ai_next) {
        self->late = false;
        try_address(self, address, limit);
        bool was_there = self->is_ready || (self->why.status != SVMS_E_IO && !self->late);
        if (self->answered || self->broken || was_there) {
            break;
        }
    }
    if (limit) {
        event_free(limit);
    }
    if (self->base) {
        event_base_free(self->base);
    }
    freeaddrinfo(list);
    return EXIT_GOOD;
}

static exit_status say_unanswered(const exchange *self)
{
    const char *url = self->url->text;
    if (self->late) {
        complain("%s does not answer within %d seconds", url, TOTAL_SECONDS);
        return EXIT_ENVIRONMENT;
    }
    if (self->broken) {
        complain("%s answers with what is no answer of an enrolment server", url);
        return EXIT_ENVIRONMENT;
    }
    if (self->why.status == SVMS_E_UNTRUSTED) {
        return complain_error(&self->why, "%s is not trusted", url);
    }
    if (self->why.status == SVMS_E_POLICY) {
        return complain_error(&self->why, "%s does not let us connect", url);
    }
    (void)complain_error(
        &self->why,
        self->is_ready ? "%s ends the connection without an answer" : "cannot connect to %s", url);
    return EXIT_ENVIRONMENT;
}

/* The first line of what the server says, if it is meant for people. */
static exit_status say_refused(const exchange *self)
{
    const char *url = self->url->text;
    char words[WORDS_MAX + 1] = "";
    if (self->words) {
        size_t size = strcspn(self->call->answer, "\r\n");
        (void)snprintf(words, sizeof words, "%.*s", (int)(size < WORDS_MAX ? size : WORDS_MAX),
                       self->call->answer);
    }
    if (self->status == HTTP_UNAUTHORIZED) {
        complain("%s refuses the code: it is for another name, or was used, or has expired, or was "
                 "taken back",
                 url);
        return EXIT_POLICY;
    }
    if (self->status >= 300 && self->status < 400) {
        complain("%s sends us elsewhere (status %d), where we do not go", url, self->status);
        return EXIT_ENVIRONMENT;
    }
    complain("%s refuses with status %d%s%s", url, self->status, words[0] ? ": " : "", words);
    return self->status == HTTP_FORBIDDEN || self->status == HTTP_BAD_REQUEST ? EXIT_POLICY
                                                                              : EXIT_ENVIRONMENT;
}

exit_status est_ask(const est_url *url, svms_tls_context *context, est_call *call)
{
    exchange self = { .url = url, .call = call, .context = context };
    call->answer = NULL;
    call->answer_size = 0;
    exit_status status = try_addresses(&self);
    if (status != EXIT_GOOD) {
        return status;
    }
    call->status = self.status;
    if (!self.answered) {
        status = say_unanswered(&self);
    } else if (self.status != HTTP_OK) {
        status = say_refused(&self);
    }
    if (status != EXIT_GOOD) {
        free(call->answer);
        call->answer = NULL;
    }
    return status;
}

exit_status est_ask_chain(const est_url *url, svms_tls_context *context, est_call *call,
                          svms_ctx *ctx, const svms_private_key *key, svms_chain **out)
{
    svms_error err = SVMS_ERROR_INIT;
    size_t size = 0;
    exit_status status = est_ask(url, context, call);
    if (status != EXIT_GOOD) {
        return status;
    }
    unsigned char *der = malloc(call->answer_size / 4 * 3 + 3);
    if (!der) {
        complain("out of memory");
        status = EXIT_ENVIRONMENT;
    } else if (!est_base64_decode(call->answer, call->answer_size, der, &size) || size == 0) {
        complain("%s answers with certificates that are not in base64", url->text);
        status = EXIT_ENVIRONMENT;
    } else if (svms_chain_from_pkcs7(out, ctx, key, der, size, &err) != SVMS_OK) {
        (void)complain_error(&err, "%s answers with certificates that cannot be used", url->text);
        status = EXIT_ENVIRONMENT;
    }
    free(der);
    free(call->answer);
    call->answer = NULL;
    return status;
}
