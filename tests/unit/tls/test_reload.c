/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates are replaced under load: no connection notices. Over TCP, with threads. */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "workshop.h"

#define CLIENTS 8
#define ROUNDS 12
#define TEXT "is anybody there?"

static svms_tls_context *client_context;
static svms_tls_context *server_context;
static svms_tls_credentials first;
static svms_tls_credentials second;
static atomic_uint served;
static atomic_uint failures;
static atomic_uint reloads;
static atomic_bool over;

static void *take(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void give_back(void *user, void *pointer)
{
    (void)user;
    free(pointer);
}

static int64_t tell_time(void *user)
{
    (void)user;
    return WORKSHOP_NOW * 1000000000;
}

static void note_failure(const char *who, const svms_error *err)
{
    atomic_fetch_add(&failures, 1);
    print_message("%s: %s\n", who, err->message);
}

/* Until everything is there; false when it fails. */
static bool read_all(svms_tls *tls, char *out, size_t size, svms_error *err)
{
    size_t done = 0;
    while (done < size) {
        size_t got = 0;
        if (svms_tls_read(tls, out + done, size - done, &got, err) != SVMS_OK) {
            return false;
        }
        done += got;
    }
    return true;
}

static void serve(int socket)
{
    char text[sizeof TEXT];
    size_t size = 0;
    svms_tls *tls = NULL;
    svms_error err = SVMS_ERROR_INIT;
    bool done = svms_tls_open_socket(&tls, server_context, NULL, socket, &err) == SVMS_OK &&
                read_all(tls, text, sizeof text, &err) &&
                svms_tls_write(tls, text, sizeof text, &size, &err) == SVMS_OK &&
                svms_tls_read(tls, text, 1, &size, &err) == SVMS_END &&
                svms_tls_close(tls, &err) == SVMS_OK;
    if (done) {
        atomic_fetch_add(&served, 1);
    } else {
        note_failure("server", &err);
    }
    svms_tls_free(&tls);
    close(socket);
}

static void *run_server(void *argument)
{
    int listener = *(int *)argument;
    for (;;) {
        int socket = accept(listener, NULL, NULL);
        if (socket < 0) {
            return NULL;
        }
        serve(socket);
    }
}

static void visit(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    svms_tls *tls = NULL;
    char text[sizeof TEXT];
    size_t size = 0;
    svms_error err = SVMS_ERROR_INIT;
    int socket_ = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    target.host = "127.0.0.1";
    bool done = connect(socket_, (const struct sockaddr *)&address, sizeof address) == 0 &&
                svms_tls_open_socket(&tls, client_context, &target, socket_, &err) == SVMS_OK &&
                svms_tls_write(tls, TEXT, sizeof text, &size, &err) == SVMS_OK &&
                read_all(tls, text, sizeof text, &err) && strcmp(text, TEXT) == 0 &&
                svms_tls_close(tls, &err) == SVMS_OK &&
                svms_tls_read(tls, text, 1, &size, &err) == SVMS_END;
    if (!done) {
        note_failure("client", &err);
    }
    svms_tls_free(&tls);
    close(socket_);
}

static void *run_client(void *argument)
{
    for (int i = 0; i < ROUNDS; i++) {
        visit(*(uint16_t *)argument);
    }
    return NULL;
}

static void *run_reloads(void *unused)
{
    svms_error err = SVMS_ERROR_INIT;
    (void)unused;
    while (!atomic_load(&over)) {
        const svms_tls_credentials *next = atomic_load(&reloads) % 2 ? &first : &second;
        if (svms_tls_context_reload(server_context, next, &err) != SVMS_OK) {
            note_failure("reload", &err);
        }
        atomic_fetch_add(&reloads, 1);
    }
    return NULL;
}

static int listen_somewhere(uint16_t *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 64), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return listener;
}

static svms_tls_credentials credentials_of(svms_ctx *ctx, const identity_card *card,
                                           const svms_trust *trust)
{
    svms_tls_credentials given = SVMS_TLS_CREDENTIALS_INIT;
    given.chain = card_chain(ctx, card);
    given.key = card_key(ctx, card);
    given.trust = trust;
    return given;
}

static void drop(svms_tls_credentials *given)
{
    svms_chain *chain = (svms_chain *)(uintptr_t)given->chain;
    svms_private_key *key = (svms_private_key *)(uintptr_t)given->key;
    svms_chain_free(&chain);
    svms_private_key_free(&key);
}

static void run_everybody(void)
{
    pthread_t servers[CLIENTS];
    pthread_t clients[CLIENTS];
    pthread_t reloader;
    uint16_t port = 0;
    int listener = listen_somewhere(&port);
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(pthread_create(&servers[i], NULL, run_server, &listener), 0);
    }
    assert_int_equal(pthread_create(&reloader, NULL, run_reloads, NULL), 0);
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(pthread_create(&clients[i], NULL, run_client, &port), 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i], NULL);
    }
    atomic_store(&over, true);
    shutdown(listener, SHUT_RDWR);
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(servers[i], NULL);
    }
    pthread_join(reloader, NULL);
    close(listener);
}

static void a_reload_under_load_drops_nobody(void **state)
{
    (void)state;
    svms_ctx_options plain = SVMS_CTX_OPTIONS_INIT;
    svms_ctx *ctx = NULL;
    svms_trust *trust = NULL;
    char *anchor = card_pem(w->root);
    identity_card *other = card_make(&(card_order){
        .name = "other", .issuer = w->root, .hosts = "IP:127.0.0.1", .usages = "serverAuth" });
    plain.allocate = take;
    plain.release = give_back;
    plain.utc_now = tell_time;
    assert_int_equal(svms_ctx_new(&ctx, &plain, NULL), SVMS_OK);
    assert_int_equal(svms_trust_from_pem(&trust, ctx, anchor, strlen(anchor), NULL), SVMS_OK);
    svms_tls_options options = SVMS_TLS_OPTIONS_INIT;
    first = credentials_of(ctx, w->server, trust);
    second = credentials_of(ctx, other, trust);
    svms_tls_credentials client = credentials_of(ctx, w->client, trust);
    options.tickets = SVMS_TLS_TICKETS_ROTATED;
    options.side = SVMS_TLS_SERVER;
    options.credentials = first;
    assert_int_equal(svms_tls_context_new(&server_context, ctx, &options, NULL), SVMS_OK);
    options.side = SVMS_TLS_CLIENT;
    options.credentials = client;
    assert_int_equal(svms_tls_context_new(&client_context, ctx, &options, NULL), SVMS_OK);
    run_everybody();
    assert_int_equal(atomic_load(&failures), 0);
    assert_int_equal(atomic_load(&served), CLIENTS * ROUNDS);
    assert_true(atomic_load(&reloads) > 1);
    svms_tls_context_free(&server_context);
    svms_tls_context_free(&client_context);
    drop(&first);
    drop(&second);
    drop(&client);
    svms_trust_free(&trust);
    svms_ctx_free(&ctx);
    card_free(&other);
    free(anchor);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, workshop_set_up, workshop_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_reload_under_load_drops_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
