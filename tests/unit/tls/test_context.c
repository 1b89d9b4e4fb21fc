/* SPDX-License-Identifier: Apache-2.0 */
/* What contexts refuse to be made of, and what a reload changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/pem.h>

#include <svms/external_key.h>

#include "workshop.h"

static void assert_order_refused(const context_order *order, svms_status expected,
                                 const char *words)
{
    svms_tls_context *context = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = context_make(&context, order, &err);
    if (status != expected) {
        fail_msg("%d, not %d (%s): %s", (int)status, (int)expected, words, err.message);
    }
    assert_null(context);
    assert_says(&err, words);
}

static void options_out_of_range_are_refused(void **state)
{
    (void)state;
    static const char *const empty[] = { "" };
    static const char *const some[] = { "h2" };
    context_order o = server_order();
    o.options.side = (svms_tls_side)0;
    assert_order_refused(&o, SVMS_E_USAGE, "no side");
    o = server_order();
    o.options.min_version = (svms_tls_version)2;
    assert_order_refused(&o, SVMS_E_USAGE, "out of range");
    o = server_order();
    o.options.tickets = (svms_tls_ticket_rule)2;
    assert_order_refused(&o, SVMS_E_USAGE, "out of range");
    o = server_order();
    o.options.peer_roles = 1;
    assert_order_refused(&o, SVMS_E_USAGE, "out of range");
    o = server_order();
    o.options.peer_roles = 1u << 30;
    assert_order_refused(&o, SVMS_E_USAGE, "out of range");
    o = server_order();
    o.options.require_revocation = 2;
    assert_order_refused(&o, SVMS_E_USAGE, "out of range");
    o = server_order();
    o.options.require_staple = 1;
    assert_order_refused(&o, SVMS_E_USAGE, "only servers staple");
    o = server_order();
    o.options.alpn = some;
    assert_order_refused(&o, SVMS_E_USAGE, "do not agree");
    o.options.alpn_count = 17;
    assert_order_refused(&o, SVMS_E_LIMIT, "more than 16");
    o.options.alpn = empty;
    o.options.alpn_count = 1;
    assert_order_refused(&o, SVMS_E_USAGE, "1 to 255");
    o = server_order();
    o.options.struct_size = 3;
    assert_order_refused(&o, SVMS_E_USAGE, "struct_size");
}

static void only_clients_inspect_and_only_servers_ask_less(void **state)
{
    (void)state;
    context_order o = server_order();
    o.options.peer = SVMS_TLS_PEER_INSPECTED;
    assert_order_refused(&o, SVMS_E_USAGE, "does not fit this side");
    o.options.peer = (svms_tls_peer_rule)9;
    assert_order_refused(&o, SVMS_E_USAGE, "does not fit this side");
    o = client_order();
    o.options.peer = SVMS_TLS_PEER_OPTIONAL;
    assert_order_refused(&o, SVMS_E_USAGE, "does not fit this side");
    o.options.peer = SVMS_TLS_PEER_NOT_ASKED;
    assert_order_refused(&o, SVMS_E_USAGE, "does not fit this side");
}

static void credentials_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    identity_card mixed = { w->server->certificate, w->client->key, w->root };
    context_order o = server_order();
    o.card = NULL;
    assert_order_refused(&o, SVMS_E_USAGE, "needs a certificate chain and its key");
    o = server_order();
    o.trust = NULL;
    assert_order_refused(&o, SVMS_E_USAGE, "needs a trust store");
    o = server_order();
    o.card = &mixed;
    assert_order_refused(&o, SVMS_E_USAGE, "does not belong to the certificate of CN=server");
    o = server_order();
    o.card = w->client;
    assert_order_refused(&o, SVMS_E_UNTRUSTED, "one's own certificate would be refused");
    o = client_order();
    o.card = w->server;
    assert_order_refused(&o, SVMS_E_UNTRUSTED, "one's own certificate would be refused");
    o = client_order();
    o.staple = (const uint8_t *)"x";
    o.staple_size = 1;
    assert_order_refused(&o, SVMS_E_USAGE, "only TLS servers staple");
    w->now += 366 * DAY;
    o = server_order();
    assert_order_refused(&o, SVMS_E_UNTRUSTED, "expired");
    w->now = WORKSHOP_NOW - 2 * DAY;
    assert_order_refused(&o, SVMS_E_UNTRUSTED, "becomes valid");
}

static svms_status never_sign(void *user, svms_sign_request *request,
                              const svms_sign_message *message)
{
    (void)user;
    (void)request;
    (void)message;
    return SVMS_E_CANCELLED;
}

static void a_key_behind_callbacks_is_not_supported(void **state)
{
    (void)state;
    svms_tls_options options = SVMS_TLS_OPTIONS_INIT;
    svms_signer signer = SVMS_SIGNER_INIT;
    svms_public_key *half = NULL;
    svms_private_key *key = NULL;
    svms_tls_context *context = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_chain *chain = card_chain(w->ctx, w->client);
    signer.begin = never_sign;
    BIO *text = BIO_new(BIO_s_mem());
    char *pem = NULL;
    assert_int_equal(PEM_write_bio_PUBKEY(text, w->client->key), 1);
    long size = BIO_get_mem_data(text, &pem);
    assert_int_equal(svms_public_key_from_pem(&half, w->ctx, pem, (size_t)size, NULL), SVMS_OK);
    BIO_free(text);
    assert_int_equal(svms_private_key_from_signer(&key, w->ctx, half, &signer, NULL), SVMS_OK);
    options.side = SVMS_TLS_CLIENT;
    options.credentials.chain = chain;
    options.credentials.key = key;
    assert_int_equal(svms_tls_context_new(&context, w->ctx, &options, &err), SVMS_E_UNSUPPORTED);
    assert_says(&err, "behind callbacks");
    options.credentials.key = NULL;
    assert_int_equal(svms_tls_context_new(&context, w->ctx, &options, &err), SVMS_E_USAGE);
    assert_says(&err, "belong together");
    svms_private_key_free(&key);
    svms_public_key_free(&half);
    svms_chain_free(&chain);
}

static void a_client_needs_whom_to_trust(void **state)
{
    (void)state;
    context_order o = client_order();
    svms_tls_context *context = NULL;
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    svms_tls *tls = NULL;
    svms_error err = SVMS_ERROR_INIT;
    o.trust = NULL;
    target.host = "server.example";
    assert_int_equal(context_make(&context, &o, NULL), SVMS_OK);
    assert_int_equal(svms_tls_open(&tls, context, &target, &err), SVMS_E_USAGE);
    assert_says(&err, "without a pin needs a trust store");
    svms_tls_context_free(&context);
    o.options.peer = SVMS_TLS_PEER_INSPECTED;
    assert_int_equal(context_make(&context, &o, NULL), SVMS_OK);
    assert_int_equal(svms_tls_open(&tls, context, &target, NULL), SVMS_OK);
    svms_tls_free(&tls);
    svms_tls_context_free(&context);
}

static void a_reload_is_for_those_who_come_later(void **state)
{
    (void)state;
    identity_card *fresh = card_make(&(card_order){ .name = "fresh",
                                                    .issuer = w->root,
                                                    .hosts = "DNS:server.example",
                                                    .usages = "serverAuth" });
    context_order server = server_order();
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    pair p;
    pair later;
    pair_make(&p, NULL, NULL);
    assert_talks(&p);
    server.card = fresh;
    assert_int_equal(context_reload(p.server.context, &server, NULL), SVMS_OK);
    assert_talks(&p);
    memset(&later, 0, sizeof later);
    later.client.context = p.client.context;
    later.server.context = p.server.context;
    pair_again(&later, NULL);
    assert_talks(&later);
    assert_string_equal(later.client.peer.certificate.subject, "CN=fresh");
    assert_talks(&p);
    svms_tls_free(&later.client.tls);
    svms_tls_free(&later.server.tls);
    /* A connection that began before goes on with what it began with. */
    target.host = "server.example";
    assert_int_equal(svms_tls_open(&later.server.tls, p.server.context, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_tls_open(&later.client.tls, p.client.context, &target, NULL), SVMS_OK);
    server.card = w->server;
    assert_int_equal(context_reload(p.server.context, &server, NULL), SVMS_OK);
    later.client.status = SVMS_AGAIN;
    later.server.status = SVMS_AGAIN;
    pair_shake(&later);
    assert_talks(&later);
    assert_string_equal(later.client.peer.certificate.subject, "CN=fresh");
    /* And outlives its context. */
    svms_tls_context_free(&p.server.context);
    svms_tls_context_free(&p.client.context);
    assert_talks(&later);
    assert_talks(&p);
    svms_tls_free(&later.client.tls);
    svms_tls_free(&later.server.tls);
    pair_free(&p);
    card_free(&fresh);
}

static void a_reload_that_fails_changes_nothing(void **state)
{
    (void)state;
    identity_card mixed = { w->server->certificate, w->client->key, w->root };
    context_order server = server_order();
    pair p;
    svms_error err = SVMS_ERROR_INIT;
    pair_make(&p, NULL, NULL);
    server.card = &mixed;
    assert_int_equal(context_reload(p.server.context, &server, &err), SVMS_E_USAGE);
    server.card = w->client;
    assert_int_equal(context_reload(p.server.context, &server, &err), SVMS_E_UNTRUSTED);
    assert_int_equal(svms_tls_context_reload(p.server.context, NULL, &err), SVMS_E_USAGE);
    assert_int_equal(svms_tls_context_reload(NULL, NULL, &err), SVMS_E_USAGE);
    pair_again(&p, NULL);
    assert_talks(&p);
    pair_free(&p);
}

static void a_reloaded_list_refuses_who_is_revoked(void **state)
{
    (void)state;
    char *list = card_list(w->root, w->client);
    context_order server = server_order();
    pair p;
    pair_make(&p, NULL, NULL);
    assert_talks(&p);
    server.lists = list;
    assert_int_equal(context_reload(p.server.context, &server, NULL), SVMS_OK);
    assert_talks(&p);
    pair_again(&p, NULL);
    assert_int_equal(p.server.status, SVMS_E_UNTRUSTED);
    assert_says(&p.server.err, "revoked");
    pair_free(&p);
    free(list);
}

static void an_own_certificate_that_grew_old_does_not_stop_a_reload(void **state)
{
    (void)state;
    char *list = card_list(w->root, w->client);
    identity_card *other = card_make(&(card_order){ .name = "other",
                                                    .issuer = w->root,
                                                    .hosts = "DNS:server.example",
                                                    .usages = "serverAuth" });
    identity_card *brief = card_make(&(card_order){ .name = "brief",
                                                    .issuer = w->root,
                                                    .hosts = "DNS:server.example",
                                                    .usages = "serverAuth",
                                                    .until = 1 });
    context_order client = client_order();
    context_order server = server_order();
    svms_error err = SVMS_ERROR_INIT;
    svms_tls_context *context = NULL;
    pair p;
    /* A client that looks at nothing is one that accepts the expired one. */
    client.options.peer = SVMS_TLS_PEER_INSPECTED;
    server.card = brief;
    pair_make(&p, &client, &server);
    assert_talks(&p);
    w->now += 2 * DAY;
    server.lists = list;
    assert_int_equal(context_reload(p.server.context, &server, &err), SVMS_OK);
    assert_says_logged("peers refuse one's own certificate");
    assert_says_logged("expired");
    pair_again(&p, NULL);
    assert_int_equal(p.server.status, SVMS_E_UNTRUSTED);
    assert_says(&p.server.err, "revoked");
    /* A second one like the first, and then others. */
    assert_int_equal(context_reload(p.server.context, &server, &err), SVMS_OK);
    server.card = other;
    assert_int_equal(context_reload(p.server.context, &server, &err), SVMS_OK);
    server.card = brief;
    assert_int_equal(context_reload(p.server.context, &server, &err), SVMS_E_UNTRUSTED);
    assert_says(&err, "expired");
    assert_int_equal(context_make(&context, &server, &err), SVMS_E_UNTRUSTED);
    assert_says(&err, "expired");
    pair_free(&p);
    card_free(&brief);
    card_free(&other);
    free(list);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, workshop_set_up, workshop_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(options_out_of_range_are_refused),
        CASE(only_clients_inspect_and_only_servers_ask_less),
        CASE(credentials_that_do_not_fit_are_refused),
        CASE(a_key_behind_callbacks_is_not_supported),
        CASE(a_client_needs_whom_to_trust),
        CASE(a_reload_is_for_those_who_come_later),
        CASE(a_reload_that_fails_changes_nothing),
        CASE(a_reloaded_list_refuses_who_is_revoked),
        CASE(an_own_certificate_that_grew_old_does_not_stop_a_reload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
