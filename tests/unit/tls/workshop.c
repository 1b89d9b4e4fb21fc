/* SPDX-License-Identifier: Apache-2.0 */
#include "workshop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

workshop *w;

static void *take(void *user, size_t size)
{
    workshop *shop = user;
    if (++shop->count == shop->failing) {
        return NULL;
    }
    shop->live++;
    return malloc(size);
}

static void give_back(void *user, void *pointer)
{
    workshop *shop = user;
    shop->live -= pointer ? 1 : 0;
    free(pointer);
}

static int64_t tell_time(void *user)
{
    const workshop *shop = user;
    return shop->now * 1000000000;
}

static uint64_t tell_monotonic(void *user)
{
    const workshop *shop = user;
    return shop->monotonic;
}

static void note_line(void *user, svms_log_level level, const char *line)
{
    workshop *shop = user;
    (void)level;
    snprintf(shop->logged, sizeof shop->logged, "%s", line);
}

int workshop_set_up(void **state)
{
    static workshop fresh;
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    (void)state;
    memset(&fresh, 0, sizeof fresh);
    w = &fresh;
    w->now = WORKSHOP_NOW;
    w->monotonic = 1;
    options.user = w;
    options.allocate = take;
    options.release = give_back;
    options.utc_now = tell_time;
    options.monotonic_now = tell_monotonic;
    options.log = note_line;
    assert_int_equal(svms_ctx_new(&w->ctx, &options, NULL), SVMS_OK);
    w->root = card_make(&(card_order){ .name = "Root", .is_ca = true });
    w->server = card_make(&(card_order){ .name = "server",
                                         .issuer = w->root,
                                         .hosts = "DNS:server.example,IP:127.0.0.1",
                                         .usages = "serverAuth" });
    w->client = card_make(
        &(card_order){ .name = "client",
                       .issuer = w->root,
                       .usages = "clientAuth,2.25.132330503438125610743018859333830030049.18" });
    return 0;
}

int workshop_tear_down(void **state)
{
    (void)state;
    card_free(&w->client);
    card_free(&w->server);
    card_free(&w->root);
    svms_ctx_free(&w->ctx);
    assert_int_equal(w->live, 0);
    return 0;
}

svms_trust *trust_in(const identity_card *anchor, const char *lists)
{
    svms_trust *trust = NULL;
    char *pem = card_pem(anchor);
    assert_int_equal(svms_trust_from_pem_and_crls(&trust, w->ctx, pem, strlen(pem), lists,
                                                  lists ? strlen(lists) : 0, NULL),
                     SVMS_OK);
    free(pem);
    return trust;
}

context_order server_order(void)
{
    context_order order = { .options = SVMS_TLS_OPTIONS_INIT, .card = w->server, .trust = w->root };
    order.options.side = SVMS_TLS_SERVER;
    return order;
}

context_order client_order(void)
{
    context_order order = { .options = SVMS_TLS_OPTIONS_INIT, .card = w->client, .trust = w->root };
    order.options.side = SVMS_TLS_CLIENT;
    return order;
}

/* What order names, made; given back by drop(). */
static svms_tls_credentials collect(const context_order *order)
{
    svms_tls_credentials given = SVMS_TLS_CREDENTIALS_INIT;
    if (order->card) {
        given.chain = card_chain(w->ctx, order->card);
        given.key = card_key(w->ctx, order->card);
    }
    if (order->trust) {
        given.trust = trust_in(order->trust, order->lists);
    }
    given.ocsp = order->staple;
    given.ocsp_size = order->staple_size;
    return given;
}

static void drop(svms_tls_credentials *given)
{
    svms_chain *chain = (svms_chain *)(uintptr_t)given->chain;
    svms_private_key *key = (svms_private_key *)(uintptr_t)given->key;
    svms_trust *trust = (svms_trust *)(uintptr_t)given->trust;
    svms_chain_free(&chain);
    svms_private_key_free(&key);
    svms_trust_free(&trust);
}

svms_status context_make(svms_tls_context **out, const context_order *order, svms_error *err)
{
    svms_tls_options options = order->options;
    options.credentials = collect(order);
    svms_status status = svms_tls_context_new(out, w->ctx, &options, err);
    drop(&options.credentials);
    return status;
}

svms_status context_reload(svms_tls_context *context, const context_order *order, svms_error *err)
{
    svms_tls_credentials given = collect(order);
    svms_status status = svms_tls_context_reload(context, &given, err);
    drop(&given);
    return status;
}

bool carry(svms_tls *from, svms_tls *to, size_t at_most)
{
    uint8_t bytes[4096];
    size_t room = at_most < sizeof bytes ? at_most : sizeof bytes;
    size_t size = 0;
    size_t taken = 0;
    assert_int_equal(svms_tls_drain(from, bytes, room, &size, NULL), SVMS_OK);
    if (size > 0 && svms_tls_feed(to, bytes, size, &taken, NULL) == SVMS_OK) {
        assert_int_equal(taken, size);
    }
    return size > 0;
}

static void step(end *e)
{
    if (e->status == SVMS_AGAIN) {
        e->err = (svms_error)SVMS_ERROR_INIT;
        e->status = svms_tls_handshake(e->tls, &e->err);
    }
}

/* The client of TLS 1.3 is done before the server has judged it. */
static void hear(end *e)
{
    uint8_t byte;
    size_t size = 0;
    if (e->status == SVMS_OK) {
        e->status = svms_tls_read(e->tls, &byte, 1, &size, &e->err);
        e->status = e->status == SVMS_AGAIN ? SVMS_OK : e->status;
    }
}

void pair_shake(pair *p)
{
    bool moved = true;
    while (moved) {
        step(&p->client);
        step(&p->server);
        moved = carry(p->client.tls, p->server.tls, SIZE_MAX);
        moved = carry(p->server.tls, p->client.tls, SIZE_MAX) || moved;
    }
    hear(&p->client);
    if (p->client.status == SVMS_OK) {
        p->client.peer = (svms_tls_peer)SVMS_TLS_PEER_INIT;
        assert_int_equal(svms_tls_peer_info(p->client.tls, &p->client.peer, NULL), SVMS_OK);
    }
    if (p->server.status == SVMS_OK) {
        p->server.peer = (svms_tls_peer)SVMS_TLS_PEER_INIT;
        assert_int_equal(svms_tls_peer_info(p->server.tls, &p->server.peer, NULL), SVMS_OK);
    }
}

static void open_ends(pair *p, const svms_tls_target *target)
{
    svms_tls_target usual = SVMS_TLS_TARGET_INIT;
    usual.host = "server.example";
    assert_int_equal(
        svms_tls_open(&p->client.tls, p->client.context, target ? target : &usual, NULL), SVMS_OK);
    assert_int_equal(svms_tls_open(&p->server.tls, p->server.context, NULL, NULL), SVMS_OK);
    p->client.status = SVMS_AGAIN;
    p->server.status = SVMS_AGAIN;
}

void pair_again(pair *p, const svms_tls_target *target)
{
    svms_tls_free(&p->client.tls);
    svms_tls_free(&p->server.tls);
    open_ends(p, target);
    pair_shake(p);
}

void pair_make_for(pair *p, const context_order *client, const context_order *server,
                   const svms_tls_target *target)
{
    context_order usual_client = client_order();
    context_order usual_server = server_order();
    svms_error err = SVMS_ERROR_INIT;
    memset(p, 0, sizeof *p);
    svms_status made = context_make(&p->client.context, client ? client : &usual_client, &err);
    if (made == SVMS_OK) {
        made = context_make(&p->server.context, server ? server : &usual_server, &err);
    }
    if (made != SVMS_OK) {
        fail_msg("no context: %s", err.message);
    }
    pair_again(p, target);
}

void pair_make(pair *p, const context_order *client, const context_order *server)
{
    pair_make_for(p, client, server, NULL);
}

void pair_free(pair *p)
{
    svms_tls_free(&p->client.tls);
    svms_tls_free(&p->server.tls);
    svms_tls_context_free(&p->client.context);
    svms_tls_context_free(&p->server.context);
}

void assert_shaken(pair *p)
{
    if (p->client.status != SVMS_OK || p->server.status != SVMS_OK) {
        fail_msg("client %d: %s; server %d: %s", (int)p->client.status, p->client.err.message,
                 (int)p->server.status, p->server.err.message);
    }
}

static void assert_hears(svms_tls *from, svms_tls *to, const char *text)
{
    char heard[64] = { 0 };
    size_t size = 0;
    assert_int_equal(svms_tls_write(from, text, strlen(text), &size, NULL), SVMS_OK);
    assert_int_equal(size, strlen(text));
    while (carry(from, to, SIZE_MAX)) {
    }
    assert_int_equal(svms_tls_read(to, heard, sizeof heard, &size, NULL), SVMS_OK);
    assert_string_equal(heard, text);
}

void assert_talks(pair *p)
{
    assert_shaken(p);
    assert_hears(p->client.tls, p->server.tls, "hello");
    assert_hears(p->server.tls, p->client.tls, "good day");
}

void assert_says_logged(const char *words)
{
    if (!strstr(w->logged, words)) {
        fail_msg("\"%s\" was logged, not \"%s\"", w->logged, words);
    }
}

void assert_says(const svms_error *err, const char *words)
{
    if (!strstr(err->message, words)) {
        fail_msg("\"%s\" does not say \"%s\"", err->message, words);
    }
}
