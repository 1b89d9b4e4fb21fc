/* SPDX-License-Identifier: Apache-2.0 */
/* A web server for tests with other people's clients:
 * web_peer FILE [CHAIN.pem KEY.pem CA.pem]
 * Plain HTTP, or TLS for clients that may show a certificate. Serves FILE, what it is sent, an
 * upload, a stream, and what needs a login. Prints its port first; ends when its input does. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <svms/svms.h>

#include "web.h"
#include "web_digest.h"
#include "web_lockout.h"
#include "web_login.h"

#define NAME "ann"
#define PASSWORD "correct horse"

typedef struct peer {
    const char *file;
    struct event_base *base;
    web_server *server;
    web_digest *digest;
    web_lockout *lockout;
    uint64_t taken;
    uint64_t streamed;
} peer;

static void give_file(void *user, web_exchange *exchange, const web_request *request)
{
    const peer *self = user;
    int file = open(self->file, O_RDONLY | O_CLOEXEC);
    (void)request;
    if (file < 0) {
        web_answer_words(exchange, HTTP_NOT_FOUND, "it is not there");
    } else {
        web_answer_file(exchange, file, "application/octet-stream", NULL);
    }
}

static void echo(void *user, web_exchange *exchange, const web_request *request)
{
    (void)user;
    web_answer(exchange, HTTP_OK, "application/octet-stream", request->body, request->body_size,
               NULL);
}

static void say_who(void *user, web_exchange *exchange, const web_request *request)
{
    svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
    svms_error err = SVMS_ERROR_INIT;
    (void)user;
    if (!request->peer || svms_chain_certificate(request->peer, 0, &info, &err) != SVMS_OK) {
        web_answer_words(exchange, HTTP_OK, "nobody");
    } else {
        web_answer_words(exchange, HTTP_OK, info.subject);
    }
}

static void take(void *user, web_exchange *exchange, const void *data, size_t size)
{
    peer *self = user;
    (void)exchange;
    (void)data;
    self->taken += size;
}

static void end_upload(void *user, web_exchange *exchange, const web_request *request)
{
    peer *self = user;
    char words[32];
    (void)request;
    (void)snprintf(words, sizeof words, "%llu", (unsigned long long)self->taken);
    self->taken = 0;
    web_answer_words(exchange, HTTP_CREATED, words);
}

static const web_upload upload = { NULL, take };

#define STREAM_SIZE 5000000

static void write_more(void *user, web_exchange *exchange)
{
    static const char piece[5000];
    peer *self = user;
    while (self->streamed < STREAM_SIZE && web_stream_write(exchange, piece, sizeof piece)) {
        self->streamed += sizeof piece;
    }
    if (self->streamed == STREAM_SIZE) {
        web_stream_end(exchange);
    }
}

static void on_ended(void *user, web_exchange *exchange, bool was_sent)
{
    (void)user;
    (void)exchange;
    (void)was_sent;
}

static const web_events stream_events = { on_ended, write_more, NULL };

static void stream(void *user, web_exchange *exchange, const web_request *request)
{
    peer *self = user;
    (void)request;
    self->streamed = 0;
    web_listen(exchange, &stream_events, user);
    web_stream_begin(exchange, HTTP_OK, "application/octet-stream", WEB_LENGTH_UNKNOWN, NULL);
    write_more(user, exchange);
}

static void ask_for_login(peer *self, web_exchange *exchange, const web_request *request,
                          bool is_stale)
{
    char challenge[WEB_DIGEST_CHALLENGE_SIZE] = "";
    char old[WEB_DIGEST_CHALLENGE_SIZE] = "";
    const web_pair fields[] = { { "WWW-Authenticate", challenge },
                                { "WWW-Authenticate", old },
                                { NULL, NULL } };
    if (!web_digest_challenge(self->digest, WEB_DIGEST_SHA_256, is_stale, request->now_ms,
                              challenge) ||
        !web_digest_challenge(self->digest, WEB_DIGEST_MD5, is_stale, request->now_ms, old)) {
        web_answer_words(exchange, HTTP_INTERNAL, "no challenge can be made");
        return;
    }
    static const char words[] = "who are you?\n";
    web_answer(exchange, HTTP_UNAUTHORIZED, "text/plain", words, sizeof words - 1, fields);
}

static void ask_digest(void *user, web_exchange *exchange, const web_request *request)
{
    peer *self = user;
    web_digest_claim claim;
    uint8_t secret[WEB_DIGEST_SECRET_SIZE];
    if (!web_digest_parse(&claim, self->digest, web_field(request, "authorization")) ||
        web_lockout_ask(self->lockout, claim.name, request->peer_key, request->now_ms) !=
            WEB_LOCKOUT_OPEN ||
        !web_digest_secret(claim.algorithm, NAME, "peer", PASSWORD, secret)) {
        ask_for_login(self, exchange, request, false);
        return;
    }
    web_digest_verdict verdict = web_digest_check(self->digest, &claim, request->method,
                                                  request->target, secret, request->now_ms);
    if (verdict == WEB_DIGEST_GOOD && strcmp(claim.name, NAME) == 0) {
        web_lockout_succeed(self->lockout, claim.name, request->peer_key);
        web_answer_words(exchange, HTTP_OK, "welcome");
        return;
    }
    if (verdict == WEB_DIGEST_WRONG) {
        (void)web_lockout_fail(self->lockout, claim.name, request->peer_key, request->now_ms);
    }
    ask_for_login(self, exchange, request, verdict == WEB_DIGEST_STALE);
}

static void ask_basic(void *user, web_exchange *exchange, const web_request *request)
{
    web_basic basic;
    (void)user;
    bool is_ann = web_basic_parse(&basic, web_field(request, "authorization")) &&
                  strcmp(basic.name, NAME) == 0 && strcmp(basic.password, PASSWORD) == 0;
    web_basic_wipe(&basic);
    web_answer_words(exchange, is_ann ? HTTP_OK : HTTP_FORBIDDEN, is_ann ? "welcome" : "no");
}

static svms_tls_context *open_context(svms_ctx *ctx, char **paths)
{
    static char pem[3][16384];
    size_t sizes[3];
    svms_error err = SVMS_ERROR_INIT;
    svms_chain *chain = NULL;
    svms_private_key *key = NULL;
    svms_trust *trust = NULL;
    svms_tls_context *context = NULL;
    svms_tls_options options = SVMS_TLS_OPTIONS_INIT;
    for (int i = 0; i < 3; i++) {
        FILE *file = fopen(paths[i], "r");
        sizes[i] = file ? fread(pem[i], 1, sizeof pem[i], file) : 0;
        if (file) {
            fclose(file);
        }
    }
    if (svms_chain_from_pem(&chain, ctx, pem[0], sizes[0], &err) != SVMS_OK ||
        svms_private_key_from_pem(&key, ctx, pem[1], sizes[1], &err) != SVMS_OK ||
        svms_trust_from_pem(&trust, ctx, pem[2], sizes[2], &err) != SVMS_OK) {
        fprintf(stderr, "web_peer: %s\n", err.message);
        exit(1);
    }
    options.side = SVMS_TLS_SERVER;
    options.peer = SVMS_TLS_PEER_OPTIONAL;
    options.credentials.chain = chain;
    options.credentials.key = key;
    options.credentials.trust = trust;
    if (svms_tls_context_new(&context, ctx, &options, &err) != SVMS_OK) {
        fprintf(stderr, "web_peer: %s\n", err.message);
        exit(1);
    }
    svms_chain_free(&chain);
    svms_private_key_free(&key);
    svms_trust_free(&trust);
    return context;
}

static void on_input(evutil_socket_t input, short what, void *user)
{
    peer *self = user;
    char byte = 0;
    (void)what;
    if (read(input, &byte, 1) <= 0) {
        event_base_loopbreak(self->base);
    }
}

static void on_log(void *user, web_trouble trouble, const char *address, const char *words)
{
    (void)user;
    fprintf(stderr, "%s %s: %s\n", trouble == WEB_REFUSED ? "refused" : "failed",
            address ? address : "-", words);
}

static bool serve(peer *self, svms_tls_context *context, svms_error *err)
{
    const web_route routes[] = {
        { "GET", "/file", give_file, self, 0, NULL },
        { "POST", "/echo", echo, self, 1000000, NULL },
        { "PUT", "/upload", end_upload, self, UINT64_C(1) << 40, &upload },
        { "GET", "/stream", stream, self, 0, NULL },
        { "GET", "/who", say_who, self, 0, NULL },
        { "GET", "/digest", ask_digest, self, 0, NULL },
        { "GET", "/basic", ask_basic, self, 0, NULL },
    };
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const web_options options = {
        .base = self->base,
        .context = context,
        .listen = (const struct sockaddr *)&address,
        .listen_size = sizeof address,
        .routes = routes,
        .route_count = sizeof routes / sizeof routes[0],
        .limits = { .accepts_per_second = 2000 },
        .log = on_log,
    };
    if (web_open(&self->server, &options, err) != SVMS_OK) {
        return false;
    }
    printf("%s\n", strrchr(web_address(self->server), ':') + 1);
    fflush(stdout);
    return event_base_dispatch(self->base) == 0;
}

int main(int argc, char **argv)
{
    svms_ctx *ctx = NULL;
    svms_tls_context *context = NULL;
    svms_error err = SVMS_ERROR_INIT;
    peer self = { .file = argc > 1 ? argv[1] : "" };
    const web_digest_options digest = { .realm = "peer", .allow_md5 = true };
    const web_lockout_options lockout = { 0 };
    if (svms_ctx_new(&ctx, NULL, &err) == SVMS_OK && argc == 5) {
        context = open_context(ctx, argv + 2);
    }
    self.base = event_base_new();
    self.lockout = web_lockout_new(&lockout);
    struct event *input =
        self.base ? event_new(self.base, STDIN_FILENO, EV_READ | EV_PERSIST, on_input, &self)
                  : NULL;
    bool good = input && event_add(input, NULL) == 0 && self.lockout &&
                web_digest_open(&self.digest, &digest, &err) == SVMS_OK &&
                serve(&self, context, &err);
    if (!good) {
        fprintf(stderr, "web_peer: %s\n", err.message);
    }
    web_close(&self.server);
    web_digest_close(&self.digest);
    web_lockout_free(&self.lockout);
    if (input) {
        event_free(input);
    }
    if (self.base) {
        event_base_free(self.base);
    }
    svms_tls_context_free(&context);
    svms_ctx_free(&ctx);
    return good ? 0 : 1;
}
