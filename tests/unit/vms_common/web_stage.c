/* SPDX-License-Identifier: Apache-2.0 */
#include "web_stage.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define FILE_SIZE 100000
#define PATIENCE_SECONDS 60

static void add(web_stage *self, int *counter)
{
    pthread_mutex_lock(&self->mutex);
    (*counter)++;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->mutex);
}

void web_stage_wait(web_stage *stage, const int *counter, int least)
{
    pthread_mutex_lock(&stage->mutex);
    while (*counter < least) {
        pthread_cond_wait(&stage->changed, &stage->mutex);
    }
    pthread_mutex_unlock(&stage->mutex);
}

static void on_ended(void *user, web_exchange *exchange, bool was_sent)
{
    web_stage *self = user;
    assert_int_not_equal(web_exchange_id(exchange), 0);
    assert_null(web_find(web_exchange_server(exchange), web_exchange_id(exchange)));
    add(self, was_sent ? &self->ended_sent : &self->ended_unsent);
}

static const web_events plain_events = { .ended = on_ended };

/* Says what it was asked. */
static void echo(void *user, web_exchange *exchange, const web_request *request)
{
    char text[4096];
    size_t used = (size_t)snprintf(text, sizeof text, "%s %s\n", request->method, request->path);
    for (size_t i = 0; i < request->part_count; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "part %s=%s\n",
                                 request->parts[i].name, request->parts[i].value);
    }
    for (size_t i = 0; i < request->query_count; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "query %s=%s\n",
                                 request->query[i].name, request->query[i].value);
    }
    (void)snprintf(text + used, sizeof text - used, "body %zu %s\n", request->body_size,
                   request->body ? request->body : "");
    web_listen(exchange, &plain_events, user);
    add(user, &((web_stage *)user)->handled);
    web_answer(exchange, HTTP_OK, "text/html", text, strlen(text), NULL);
}

static void split_answer(void *user, web_exchange *exchange, const web_request *request)
{
    const web_pair fields[] = { { "X-One", "a\r\nX-Two: b" }, { NULL, NULL } };
    (void)user;
    (void)request;
    web_answer(exchange, HTTP_OK, "text/plain", "x", 1, fields);
}

static void forget(void *user, web_exchange *exchange, const web_request *request)
{
    (void)user;
    (void)exchange;
    (void)request;
}

/* Answered by web_stage_release() from another thread, if somebody still waits. */
static void wait_for_thread(void *user, web_exchange *exchange, const web_request *request)
{
    web_stage *self = user;
    const char *time = web_query(request, "time");
    web_listen(exchange, &plain_events, user);
    if (time) {
        web_take_time(exchange, (uint32_t)atoi(time));
    }
    pthread_mutex_lock(&self->mutex);
    self->waiting = web_exchange_id(exchange);
    pthread_mutex_unlock(&self->mutex);
    add(self, &self->handled);
}

static void release_waiting(void *user)
{
    web_stage *self = user;
    web_exchange *exchange = web_find(self->server, self->waiting);
    if (exchange) {
        web_answer_words(exchange, HTTP_OK, "at last");
    } else {
        add(self, &self->abandoned_seen);
    }
    add(self, &self->posted);
}

static void *release_thread(void *user)
{
    web_stage *self = user;
    assert_true(web_post(self->server, release_waiting, self));
    return NULL;
}

/* "/release" makes another thread answer "/wait". */
static void release(void *user, web_exchange *exchange, const web_request *request)
{
    pthread_t thread;
    (void)request;
    assert_int_equal(pthread_create(&thread, NULL, release_thread, user), 0);
    pthread_detach(thread);
    web_answer(exchange, HTTP_NO_CONTENT, NULL, NULL, 0, NULL);
}

/* Writes for as long as there is room. */
static void on_writable(void *user, web_exchange *exchange)
{
    static const char piece[10000];
    web_stage *self = user;
    while (web_stream_write(exchange, piece, sizeof piece)) {
    }
    pthread_mutex_lock(&self->mutex);
    size_t queued = web_stream_queued(exchange);
    self->queued_most = queued > self->queued_most ? queued : self->queued_most;
    pthread_mutex_unlock(&self->mutex);
    add(self, &self->writable);
}

static const web_events endless_events = { .ended = on_ended, .writable = on_writable };

static void stream_without_end(void *user, web_exchange *exchange, const web_request *request)
{
    (void)request;
    web_listen(exchange, &endless_events, user);
    web_stream_begin(exchange, HTTP_OK, "application/octet-stream", WEB_LENGTH_UNKNOWN, NULL);
    on_writable(user, exchange);
}

static void stream_three(void *user, web_exchange *exchange, const web_request *request)
{
    bool known = web_query(request, "length") != NULL;
    web_listen(exchange, &plain_events, user);
    web_stream_begin(exchange, HTTP_OK, "text/plain", known ? 9 : WEB_LENGTH_UNKNOWN, NULL);
    for (int i = 0; i < 3 && web_stream_write(exchange, "abc", 3); i++) {
        if (web_query(request, "cut")) {
            web_stream_abort(exchange);
        }
    }
    web_stream_end(exchange);
}

static void give_file(void *user, web_exchange *exchange, const web_request *request)
{
    web_stage *self = user;
    (void)request;
    FILE *file = fopen(self->file, "rb");
    assert_non_null(file);
    web_listen(exchange, &plain_events, user);
    web_answer_file(exchange, dup(fileno(file)), "application/octet-stream", NULL);
    fclose(file);
}

static void begin_upload(void *user, web_exchange *exchange, const web_request *request)
{
    const char *who = web_field(request, "x-who");
    web_listen(exchange, &plain_events, user);
    if (who && strcmp(who, "stranger") == 0) {
        web_answer_words(exchange, HTTP_FORBIDDEN, "not you");
    }
}

static void take_upload(void *user, web_exchange *exchange, const void *data, size_t size)
{
    web_stage *self = user;
    assert_non_null(data);
    pthread_mutex_lock(&self->mutex);
    self->taken += size;
    pthread_mutex_unlock(&self->mutex);
    if (self->taken > 900000) {
        web_answer_words(exchange, HTTP_NO_ROOM, "the disk is full");
    }
}

static void end_upload(void *user, web_exchange *exchange, const web_request *request)
{
    char text[64];
    web_stage *self = user;
    assert_null(request->body);
    (void)snprintf(text, sizeof text, "%zu taken", self->taken);
    web_answer_words(exchange, HTTP_CREATED, text);
}

static void delay(void *user, web_exchange *exchange, const web_request *request)
{
    (void)user;
    (void)request;
    web_delay(exchange, 20);
    web_answer_words(exchange, HTTP_UNAUTHORIZED, "wait");
}

static const web_upload upload = { begin_upload, take_upload };

static void on_log(void *user, web_trouble trouble, const char *address, const char *words)
{
    web_stage *self = user;
    (void)trouble;
    (void)address;
    pthread_mutex_lock(&self->mutex);
    (void)snprintf(self->last_log, sizeof self->last_log, "%s", words);
    pthread_mutex_unlock(&self->mutex);
    add(self, &self->logged);
}

static void on_stopped(void *user)
{
    web_stage *self = user;
    add(self, &self->stopped);
    event_base_loopbreak(self->base);
}

static void *run(void *user)
{
    web_stage *self = user;
    event_base_loop(self->base, EVLOOP_NO_EXIT_ON_EMPTY);
    return NULL;
}

static void open_server(web_stage *self, const web_limits *limits)
{
    const web_route routes[] = {
        { "GET", "/echo", echo, self, 0, NULL },
        { "POST", "/echo", echo, self, 1000, NULL },
        { "GET", "/one/{id}/two/{other}", echo, self, 0, NULL },
        { "GET", "/rest/{path...}", echo, self, 0, NULL },
        { "GET", "/split", split_answer, self, 0, NULL },
        { "GET", "/forget", forget, self, 0, NULL },
        { "GET", "/wait", wait_for_thread, self, 0, NULL },
        { "GET", "/release", release, self, 0, NULL },
        { "GET", "/endless", stream_without_end, self, 0, NULL },
        { "GET", "/three", stream_three, self, 0, NULL },
        { "GET", "/file", give_file, self, 0, NULL },
        { "PUT", "/upload", end_upload, self, 1000000, &upload },
        { "GET", "/delay", delay, self, 0, NULL },
    };
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    svms_error err = SVMS_ERROR_INIT;
    const web_options options = {
        .base = self->base,
        .listen = (const struct sockaddr *)&address,
        .listen_size = sizeof address,
        .routes = routes,
        .route_count = sizeof routes / sizeof routes[0],
        .limits = limits ? *limits : (web_limits){ .accepts_per_second = 10000 },
        .log = on_log,
        .stopped = on_stopped,
        .user = self,
    };
    assert_int_equal(web_open(&self->server, &options, &err), SVMS_OK);
}

static void make_file(web_stage *self)
{
    (void)snprintf(self->file, sizeof self->file, "/tmp/web_stage.XXXXXX");
    int file = mkstemp(self->file);
    assert_true(file >= 0);
    static uint8_t bytes[FILE_SIZE];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i % 251);
    }
    assert_int_equal(write(file, bytes, sizeof bytes), sizeof bytes);
    close(file);
}

web_stage *web_stage_open(const web_limits *limits)
{
    web_stage *self = calloc(1, sizeof *self);
    assert_non_null(self);
    pthread_mutex_init(&self->mutex, NULL);
    pthread_cond_init(&self->changed, NULL);
    make_file(self);
    self->base = event_base_new();
    assert_non_null(self->base);
    open_server(self, limits);
    assert_int_equal(pthread_create(&self->thread, NULL, run, self), 0);
    return self;
}

static void stop(void *user)
{
    web_stage *self = user;
    event_base_loopbreak(self->base);
}

void web_stage_close(web_stage *stage)
{
    assert_true(web_post(stage->server, stop, stage));
    pthread_join(stage->thread, NULL);
    web_close(&stage->server);
    event_base_free(stage->base);
    unlink(stage->file);
    pthread_mutex_destroy(&stage->mutex);
    pthread_cond_destroy(&stage->changed);
    free(stage);
}

int web_stage_connect(const web_stage *stage)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const struct timeval patience = { PATIENCE_SECONDS, 0 };
    address.sin_port = htons((uint16_t)atoi(strrchr(web_address(stage->server), ':') + 1));
    int client = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(client >= 0);
    assert_int_equal(connect(client, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    return client;
}

void web_stage_send(int client, const void *data, size_t size)
{
    const char *bytes = data;
    while (size > 0) {
        ssize_t sent = send(client, bytes, size, MSG_NOSIGNAL);
        /* A server that has had enough may close before all is sent. */
        if (sent <= 0) {
            return;
        }
        bytes += sent;
        size -= (size_t)sent;
    }
}

char *web_stage_drain(int client, size_t *size)
{
    size_t used = 0;
    size_t room = 65536;
    char *bytes = malloc(room);
    ssize_t got = 0;
    assert_non_null(bytes);
    while ((got = recv(client, bytes + used, room - used - 1, 0)) > 0) {
        used += (size_t)got;
        if (used > room / 2) {
            room *= 2;
            char *larger = realloc(bytes, room);
            assert_non_null(larger);
            bytes = larger;
        }
    }
    bytes[used] = '\0';
    if (size) {
        *size = used;
    }
    return bytes;
}

char *web_stage_ask(const web_stage *stage, const char *request)
{
    int client = web_stage_connect(stage);
    web_stage_send(client, request, strlen(request));
    char *answer = web_stage_drain(client, NULL);
    close(client);
    return answer;
}

int web_stage_status(const char *answer)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? atoi(answer + 9) : 0;
}
