/* SPDX-License-Identifier: Apache-2.0 */
#include "dtls_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "dtls_internal.h"

#define ROUNDS_MAX 40
#define FIRST_WAIT_MS 20

dtls_order dtls_order_for(svms_tls_side side, const identity_card *trust)
{
    dtls_order order = { .options = SVMS_DTLS_OPTIONS_INIT,
                         .card = side == SVMS_TLS_SERVER ? w->server : w->client,
                         .trust = trust };
    order.options.side = side;
    return order;
}

svms_status dtls_context_make(svms_dtls_context **out, const dtls_order *order, svms_error *err)
{
    svms_dtls_options options = order->options;
    svms_chain *chain = order->card ? card_chain(w->ctx, order->card) : NULL;
    svms_private_key *key = order->card ? card_key(w->ctx, order->card) : NULL;
    svms_trust *trust = order->trust ? trust_in(order->trust, order->lists) : NULL;
    options.chain = chain;
    options.key = key;
    options.trust = trust;
    svms_status status = svms_dtls_context_new(out, w->ctx, &options, err);
    svms_chain_free(&chain);
    svms_private_key_free(&key);
    svms_trust_free(&trust);
    return status;
}

svms_dtls_fingerprint print_of(const identity_card *card, svms_dtls_hash hash)
{
    svms_dtls_fingerprint print = SVMS_DTLS_FINGERPRINT_INIT;
    svms_chain *chain = card_chain(w->ctx, card);
    assert_int_equal(svms_dtls_fingerprint_of(&print, w->ctx, chain, hash, NULL), SVMS_OK);
    svms_chain_free(&chain);
    return print;
}

void dtls_hurry(svms_dtls *dtls)
{
    dtls->tls.state->rules.last_wait_ms = FIRST_WAIT_MS;
}

static void open_end(dtls_end *e, const dtls_order *order, const identity_card *peer,
                     const svms_dtls_target *target)
{
    svms_dtls_target usual = SVMS_DTLS_TARGET_INIT;
    svms_dtls_fingerprint print = print_of(peer, SVMS_DTLS_SHA_256);
    if (order->trust) {
        usual.host = order->options.side == SVMS_TLS_CLIENT ? "server.example" : NULL;
    } else {
        usual.fingerprints = &print;
        usual.fingerprint_count = 1;
    }
    e->status = dtls_context_make(&e->context, order, &e->err);
    if (e->status == SVMS_OK) {
        e->context->state->rules.first_wait_ms = FIRST_WAIT_MS;
        e->status = svms_dtls_open(&e->dtls, e->context, target ? target : &usual, &e->err);
    }
    if (e->status != SVMS_OK) {
        fail_msg("no association: %s", e->err.message);
    }
}

dtls_pair *dtls_pair_make_for(const dtls_order *client, const dtls_order *server,
                              const svms_dtls_target *of_client, const svms_dtls_target *of_server)
{
    dtls_order usual_client = dtls_order_for(SVMS_TLS_CLIENT, NULL);
    dtls_order usual_server = dtls_order_for(SVMS_TLS_SERVER, NULL);
    dtls_pair *p = calloc(1, sizeof *p);
    assert_non_null(p);
    client = client ? client : &usual_client;
    server = server ? server : &usual_server;
    open_end(&p->client, client, server->card, of_client);
    open_end(&p->server, server, client->card, of_server);
    return p;
}

dtls_pair *dtls_pair_make(const dtls_order *client, const dtls_order *server)
{
    return dtls_pair_make_for(client, server, NULL, NULL);
}

void dtls_pair_free(dtls_pair **p)
{
    dtls_end *ends[] = { &(*p)->client, &(*p)->server };
    for (size_t i = 0; i < 2; i++) {
        svms_dtls_free(&ends[i]->dtls);
        svms_dtls_context_free(&ends[i]->context);
    }
    free(*p);
    *p = NULL;
}

static void hand_in(dtls_end *to, const dtls_datagram *datagram)
{
    svms_error err = SVMS_ERROR_INIT;
    /* Nothing that OpenSSL keeps may point into what a caller handed in. */
    uint8_t *copy = malloc(datagram->size > 0 ? datagram->size : 1);
    assert_non_null(copy);
    memcpy(copy, datagram->bytes, datagram->size);
    to->status = svms_dtls_feed(to->dtls, copy, datagram->size, &err);
    to->err = err;
    memset(copy, 0xA5, datagram->size);
    free(copy);
}

static void deliver(dtls_pair *p, bool by_server, dtls_datagram *datagram)
{
    dtls_end *to = by_server ? &p->client : &p->server;
    dtls_fate fate = p->weather
                         ? p->weather(p->user, by_server, p->sent, datagram->bytes, &datagram->size)
                         : DTLS_ARRIVES;
    p->sent++;
    if (fate == DTLS_LATE && !p->has_late[by_server]) {
        p->late[by_server] = *datagram;
        p->has_late[by_server] = true;
        return;
    }
    for (int copies = fate == DTLS_TWICE ? 2 : 1; fate != DTLS_LOST && copies > 0; copies--) {
        hand_in(to, datagram);
    }
    if (p->has_late[by_server]) {
        p->has_late[by_server] = false;
        hand_in(to, &p->late[by_server]);
    }
}

static bool carry_from(dtls_pair *p, bool by_server)
{
    dtls_end *from = by_server ? &p->server : &p->client;
    bool moved = false;
    dtls_datagram datagram;
    while (svms_dtls_drain(from->dtls, datagram.bytes, sizeof datagram.bytes, &datagram.size,
                           NULL) == SVMS_OK) {
        moved = true;
        p->largest = datagram.size > p->largest ? datagram.size : p->largest;
        if (p->kept_count < DTLS_LINK_MAX) {
            p->kept_by_server[p->kept_count] = by_server;
            p->kept[p->kept_count++] = datagram;
        }
        deliver(p, by_server, &datagram);
    }
    return moved;
}

void dtls_pair_carry(dtls_pair *p)
{
    bool moved = true;
    while (moved) {
        moved = carry_from(p, false);
        moved = carry_from(p, true) || moved;
    }
}

static bool is_settled(const dtls_pair *p)
{
    return svms_dtls_phase_of(p->client.dtls) != SVMS_DTLS_HANDSHAKE &&
           svms_dtls_phase_of(p->server.dtls) != SVMS_DTLS_HANDSHAKE;
}

void dtls_pair_wait(const dtls_pair *p)
{
    uint64_t client = svms_dtls_wait(p->client.dtls);
    uint64_t server = svms_dtls_wait(p->server.dtls);
    uint64_t ns = client < server ? client : server;
    if (ns != UINT64_MAX) {
        struct timespec pause = { .tv_sec = (time_t)(ns / 1000000000u),
                                  .tv_nsec = (long)(ns % 1000000000u) };
        nanosleep(&pause, NULL);
    }
}

static void send_again(dtls_end *e)
{
    if (svms_dtls_phase_of(e->dtls) != SVMS_DTLS_FAILED) {
        e->status = svms_dtls_tick(e->dtls, &e->err);
    }
}

void dtls_pair_shake(dtls_pair *p)
{
    dtls_pair_carry(p);
    for (int i = 0; i < (p->rounds > 0 ? p->rounds : ROUNDS_MAX) && !is_settled(p); i++) {
        dtls_pair_wait(p);
        send_again(&p->client);
        send_again(&p->server);
        dtls_pair_carry(p);
    }
}

static void assert_stands(const dtls_end *e)
{
    if (svms_dtls_phase_of(e->dtls) != SVMS_DTLS_READY) {
        fail_msg("phase %d: %d: %s", (int)svms_dtls_phase_of(e->dtls), (int)e->status,
                 e->err.message);
    }
}

void assert_dtls_stands(dtls_pair *p, svms_srtp_suite suite)
{
    svms_srtp_key keys[4];
    const svms_srtp_key fresh = SVMS_SRTP_KEY_INIT;
    for (size_t i = 0; i < 4; i++) {
        keys[i] = fresh;
    }
    assert_stands(&p->client);
    assert_stands(&p->server);
    assert_int_equal(svms_dtls_keys(p->client.dtls, &keys[0], &keys[1], NULL), SVMS_OK);
    assert_int_equal(svms_dtls_keys(p->server.dtls, &keys[2], &keys[3], NULL), SVMS_OK);
    assert_memory_equal(&keys[0], &keys[3], sizeof keys[0]);
    assert_memory_equal(&keys[1], &keys[2], sizeof keys[0]);
    assert_memory_not_equal(keys[0].key, keys[1].key, svms_srtp_key_size(suite));
    assert_memory_not_equal(keys[0].salt, keys[1].salt, svms_srtp_salt_size(suite));
    assert_int_equal(keys[0].suite, suite);
    assert_int_equal(keys[0].mki_size, 0);
}

void assert_dtls_fails(dtls_end *e, svms_status status, const char *words)
{
    svms_srtp_key keys[2] = { SVMS_SRTP_KEY_INIT, SVMS_SRTP_KEY_INIT };
    svms_error err = SVMS_ERROR_INIT;
    if (svms_dtls_phase_of(e->dtls) != SVMS_DTLS_FAILED) {
        fail_msg("phase %d instead of \"%s\"", (int)svms_dtls_phase_of(e->dtls), words);
    }
    svms_status given = svms_dtls_keys(e->dtls, &keys[0], &keys[1], &err);
    if (given != status) {
        fail_msg("%d: %s", (int)given, err.message);
    }
    assert_says(&err, words);
    assert_int_equal(svms_dtls_feed(e->dtls, "\x16", 1, &err), status);
    assert_int_equal(svms_dtls_tick(e->dtls, &err), status);
    assert_int_equal(svms_dtls_wait(e->dtls), UINT64_MAX);
    for (size_t i = 0; i < sizeof keys[0].key; i++) {
        assert_int_equal(keys[0].key[i] | keys[1].key[i], 0);
    }
}
