/* SPDX-License-Identifier: Apache-2.0 */
#include "http_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS_MAX 256
#define CONNECTIONS_PER_PEER 128
#define HEAD_MAX 8192
#define MS_PER_SECOND 1000
#define CHALLENGE_SIZE 128

void http_answer_words(http_answer *out, http_status status, const char *words)
{
    size_t size = strlen(words);
    out->status = status;
    out->type = "text/plain; charset=utf-8";
    out->base64 = false;
    out->body = malloc(size + 2);
    out->body_size = 0;
    if (out->body) {
        (void)snprintf(out->body, size + 2, "%s\n", words);
        out->body_size = size + 1;
    }
}

static void send_answer(web_exchange *exchange, const http_answer *answer)
{
    char challenge[CHALLENGE_SIZE];
    web_pair fields[4];
    size_t count = 0;
    if (answer->base64) {
        fields[count++] = (web_pair){ "Content-Transfer-Encoding", "base64" };
    }
    if (answer->challenge) {
        (void)snprintf(challenge, sizeof challenge, "Basic realm=\"%s\", charset=\"UTF-8\"",
                       answer->challenge);
        fields[count++] = (web_pair){ "WWW-Authenticate", challenge };
    }
    if (answer->allow) {
        fields[count++] = (web_pair){ "Allow", answer->allow };
    }
    fields[count] = (web_pair){ NULL, NULL };
    web_delay(exchange, answer->delay_ms);
    web_answer(exchange, answer->status, answer->type, answer->body, answer->body_size, fields);
}

static void handle(void *user, web_exchange *exchange, const web_request *request)
{
    const http_service *service = user;
    const http_question question = {
        .head = request->head,
        .body = request->body ? request->body : "",
        .body_size = request->body_size,
        .peer = request->peer,
        .address = request->address,
        .address_key = request->peer_key,
        .now_ms = request->now_ms,
    };
    http_answer answer = { 0 };
    service->answer(service->user, &question, &answer);
    if (answer.body) {
        send_answer(exchange, &answer);
    } else {
        web_answer_words(exchange, HTTP_UNAVAILABLE, "there is no memory left");
    }
    free(answer.body);
}

static void pass_log(void *user, web_trouble trouble, const char *address, const char *words)
{
    const http_service *service = user;
    service->log(service->user, trouble == WEB_REFUSED ? "refused" : "failed", address, words);
}

static void pass_stopped(void *user)
{
    const http_service *service = user;
    service->stopped(service->owner);
}

svms_status http_service_open(web_server **out, const http_service *service,
                              const http_place *place, svms_error *err)
{
    uint32_t patience_ms = place->patience_secs * MS_PER_SECOND;
    const web_route all = {
        .handle = handle,
        .user = (void *)(uintptr_t)service,
        .body_max = service->body_max,
    };
    const web_options options = {
        .base = place->base,
        .context = place->context,
        .listen = place->listen,
        .listen_size = place->listen_size,
        .routes = &all,
        .route_count = 1,
        .limits = { .connections = CONNECTIONS_MAX,
                    .connections_per_peer = CONNECTIONS_PER_PEER,
                    .head_bytes = HEAD_MAX,
                    .head_ms = patience_ms,
                    .idle_ms = patience_ms,
                    .body_ms = patience_ms,
                    .rate = UINT32_MAX, /* no more time for more bytes */
                    .answer_ms = patience_ms,
                    .stall_ms = patience_ms },
        .refuse_chunks = true,
        .log = pass_log,
        .stopped = pass_stopped,
        .user = (void *)(uintptr_t)service,
    };
    return web_open(out, &options, err);
}
