/* SPDX-License-Identifier: Apache-2.0 */
/* Two ends of ours shake hands in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tls_internal.h"
#include "workshop.h"

static void both_ends_know_each_other(void **state)
{
    (void)state;
    pair p;
    pair_make(&p, NULL, NULL);
    assert_talks(&p);
    assert_int_equal(p.client.peer.version, SVMS_TLS_1_3);
    assert_string_equal(p.client.peer.cipher, "TLS_AES_256_GCM_SHA384");
    assert_int_equal(p.client.peer.verdict, SVMS_IDENTITY_TRUSTED);
    assert_int_equal(p.client.peer.name_matches, 1);
    assert_string_equal(p.client.peer.certificate.subject, "CN=server");
    assert_int_equal(p.client.peer.roles, 0);
    assert_int_equal(p.client.peer.resumed, 0);
    assert_string_equal(p.client.peer.alpn, "");
    assert_string_equal(p.client.peer.reason, "");
    assert_true(strlen(p.client.peer.group) > 0);
    assert_int_equal(p.server.peer.verdict, SVMS_IDENTITY_TRUSTED);
    assert_string_equal(p.server.peer.certificate.subject, "CN=client");
    assert_int_equal(p.server.peer.roles, 1u << SVMS_ROLE_USER);
    assert_int_equal(svms_chain_count(svms_tls_peer_chain(p.server.tls)), 1);
    pair_free(&p);
}

/* A handshake that one end, or both, refuse. */
typedef struct refusal {
    const char *name;
    svms_status client;
    const char *client_says;
    svms_status server;
    const char *server_says;
} refusal;

static void assert_refused(pair *p, const refusal *expected)
{
    if (p->client.status != expected->client || p->server.status != expected->server) {
        fail_msg("%s: client %d: %s; server %d: %s", expected->name, (int)p->client.status,
                 p->client.err.message, (int)p->server.status, p->server.err.message);
    }
    assert_int_equal(p->client.err.status, expected->client);
    assert_says(&p->client.err, expected->client_says);
    assert_says(&p->server.err, expected->server_says);
    /* And so do all later calls. */
    uint8_t byte = 0;
    size_t size = 0;
    svms_error err = SVMS_ERROR_INIT;
    svms_tls_peer peer = SVMS_TLS_PEER_INIT;
    assert_int_equal(svms_tls_handshake(p->client.tls, &err), expected->client);
    assert_string_equal(err.message, p->client.err.message);
    assert_int_equal(svms_tls_read(p->client.tls, &byte, 1, &size, &err), expected->client);
    assert_int_equal(svms_tls_write(p->client.tls, &byte, 1, &size, &err), expected->client);
    assert_int_equal(svms_tls_feed(p->client.tls, &byte, 1, &size, &err), expected->client);
    assert_int_equal(svms_tls_feed_end(p->client.tls, &err), expected->client);
    assert_int_equal(svms_tls_close(p->client.tls, &err), expected->client);
    /* But who the peer was is known, if there ever was one. */
    assert_int_equal(svms_tls_peer_info(p->client.tls, &peer, &err),
                     svms_tls_peer_chain(p->client.tls) ? SVMS_OK : expected->client);
    assert_int_equal(svms_tls_export_key(p->client.tls, "l", NULL, 0, &byte, 1, &err),
                     expected->client);
    assert_string_equal(err.message, p->client.err.message);
    assert_int_equal(svms_tls_wants(p->client.tls), SVMS_TLS_WANTS_NOTHING);
}

typedef struct card_case {
    refusal expected;
    card_order card; /* issuer NULL: the root, unless it is self-signed */
    bool is_self_signed;
    bool is_of_strangers;
} card_case;

/* What is wrong with a server's certificate, as its clients say it and as the server hears it. The
 * server's clock stands where it finds its certificate fine. */
static const card_case server_cases[] = {
    { { "another host", SVMS_E_UNTRUSTED, "server.example", SVMS_E_POLICY, "bad certificate" },
      { .name = "s", .hosts = "DNS:other.example", .usages = "serverAuth" },
      false,
      false },
    { { "no host", SVMS_E_UNTRUSTED, "it is for no host", SVMS_E_POLICY, "bad certificate" },
      { .name = "server.example", .usages = "serverAuth" },
      false,
      false },
    { { "expired", SVMS_E_UNTRUSTED, "expired", SVMS_E_POLICY, "has expired" },
      { .name = "s",
        .hosts = "DNS:server.example",
        .usages = "serverAuth",
        .from = -20,
        .until = -2 },
      false,
      false },
    { { "not yet valid", SVMS_E_UNTRUSTED, "becomes valid at", SVMS_E_POLICY, "bad certificate" },
      { .name = "s", .hosts = "DNS:server.example", .usages = "serverAuth", .from = 2 },
      false,
      false },
    { { "unknown CA", SVMS_E_UNTRUSTED, "issuer", SVMS_E_POLICY, "unknown CA" },
      { .name = "s", .hosts = "DNS:server.example", .usages = "serverAuth" },
      false,
      true },
    { { "self-signed", SVMS_E_UNTRUSTED, "self-signed", SVMS_E_POLICY, "unknown CA" },
      { .name = "s", .hosts = "DNS:server.example", .usages = "serverAuth" },
      true,
      false },
};

/* Makes both ends of a case with a version of TLS and shakes hands. */
static void try_server(pair *p, const card_case *c, svms_tls_version version,
                       svms_tls_peer_rule rule)
{
    identity_card *strangers = card_make(&(card_order){ .name = "Strangers", .is_ca = true });
    card_order ordered = c->card;
    ordered.issuer = c->is_self_signed ? NULL : c->is_of_strangers ? strangers : w->root;
    identity_card *card = card_make(&ordered);
    context_order server = server_order();
    context_order client = client_order();
    svms_error err = SVMS_ERROR_INIT;
    server.card = card;
    server.options.min_version = version;
    client.options.min_version = version;
    client.options.peer = rule;
    memset(p, 0, sizeof *p);
    int64_t now = w->now;
    w->now += ordered.until < 0 ? -3 * DAY : ordered.from > 0 ? 3 * DAY : 0;
    if (context_make(&p->server.context, &server, &err) != SVMS_OK) {
        fail_msg("%s: %s", c->expected.name, err.message);
    }
    w->now = now;
    assert_int_equal(context_make(&p->client.context, &client, NULL), SVMS_OK);
    pair_again(p, NULL);
    card_free(&card);
    card_free(&strangers);
}

static void bad_servers_are_refused_in_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof server_cases / sizeof server_cases[0]; i++) {
        pair p;
        try_server(&p, &server_cases[i], SVMS_TLS_1_3, SVMS_TLS_PEER_REQUIRED);
        assert_refused(&p, &server_cases[i].expected);
        pair_free(&p);
    }
}

static void whoever_inspects_meets_any_server(void **state)
{
    (void)state;
    static const svms_identity_verdict verdicts[] = {
        SVMS_IDENTITY_TRUSTED,       SVMS_IDENTITY_TRUSTED,        SVMS_IDENTITY_EXPIRED_NOW,
        SVMS_IDENTITY_NOT_YET_VALID, SVMS_IDENTITY_UNKNOWN_ISSUER, SVMS_IDENTITY_UNKNOWN_ISSUER,
    };
    for (size_t i = 0; i < sizeof server_cases / sizeof server_cases[0]; i++) {
        pair p;
        try_server(&p, &server_cases[i], SVMS_TLS_1_3, SVMS_TLS_PEER_INSPECTED);
        assert_shaken(&p);
        assert_int_equal(p.client.peer.name_matches, i >= 2);
        assert_int_equal(p.client.peer.asked_certificate, 1);
        assert_non_null(strstr(p.client.peer.reason, server_cases[i].expected.client_says));
        assert_non_null(svms_tls_peer_chain(p.client.tls));
        if (p.client.peer.verdict != verdicts[i] &&
            !(verdicts[i] == SVMS_IDENTITY_EXPIRED_NOW &&
              p.client.peer.verdict == SVMS_IDENTITY_EXPIRED_THEN)) {
            fail_msg("%s: verdict %d", server_cases[i].expected.name, (int)p.client.peer.verdict);
        }
        assert_int_equal(p.client.peer.roles, 0);
        pair_free(&p);
    }
}

static const card_case client_cases[] = {
    { { "expired", SVMS_E_POLICY, "our certificate has expired", SVMS_E_UNTRUSTED, "expired" },
      { .name = "c", .usages = "clientAuth", .from = -20, .until = -2 },
      false,
      false },
    { { "unknown CA", SVMS_E_POLICY, "does not know the authority", SVMS_E_UNTRUSTED, "issuer" },
      { .name = "c", .usages = "clientAuth" },
      false,
      true },
    { { "self-signed", SVMS_E_POLICY, "does not know the authority", SVMS_E_UNTRUSTED,
        "self-signed" },
      { .name = "c", .usages = "clientAuth" },
      true,
      false },
    { { "another role", SVMS_E_POLICY, "not for this use", SVMS_E_UNTRUSTED, "needed is camera" },
      { .name = "c", .usages = "clientAuth,2.25.132330503438125610743018859333830030049.18" },
      false,
      false },
};

static void bad_clients_are_refused_in_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof client_cases / sizeof client_cases[0]; i++) {
        for (int version = SVMS_TLS_1_3; version <= SVMS_TLS_1_2; version++) {
            const card_case *c = &client_cases[i];
            identity_card *strangers = card_make(&(card_order){ .name = "S", .is_ca = true });
            card_order ordered = c->card;
            ordered.issuer = c->is_self_signed ? NULL : c->is_of_strangers ? strangers : w->root;
            identity_card *card = card_make(&ordered);
            context_order client = client_order();
            context_order server = server_order();
            pair p;
            memset(&p, 0, sizeof p);
            client.card = card;
            client.options.min_version = (svms_tls_version)version;
            if (strcmp(c->expected.name, "another role") == 0) {
                server.options.peer_roles = 1u << SVMS_ROLE_CAMERA;
            }
            w->now -= ordered.until < 0 ? 3 * DAY : 0;
            assert_int_equal(context_make(&p.client.context, &client, NULL), SVMS_OK);
            w->now = WORKSHOP_NOW;
            assert_int_equal(context_make(&p.server.context, &server, NULL), SVMS_OK);
            pair_again(&p, NULL);
            assert_refused(&p, &c->expected);
            pair_free(&p);
            card_free(&card);
            card_free(&strangers);
        }
    }
}

static void a_role_that_is_asked_for_is_enough(void **state)
{
    (void)state;
    pair p;
    context_order server = server_order();
    server.options.peer_roles = 1u << SVMS_ROLE_USER | 1u << SVMS_ROLE_CAMERA;
    pair_make(&p, NULL, &server);
    assert_talks(&p);
    assert_int_equal(p.server.peer.roles, 1u << SVMS_ROLE_USER);
    pair_free(&p);
}

static void a_missing_client_certificate_is_said_on_both_ends(void **state)
{
    (void)state;
    static const refusal expected = { "none", SVMS_E_POLICY, "wants a certificate of ours",
                                      SVMS_E_UNTRUSTED, "the client has no certificate" };
    context_order client = client_order();
    pair p;
    client.card = NULL;
    pair_make(&p, &client, NULL);
    assert_refused(&p, &expected);
    pair_free(&p);
}

static void a_client_without_certificate_is_fine_where_it_is_optional(void **state)
{
    (void)state;
    context_order client = client_order();
    context_order server = server_order();
    pair p;
    client.card = NULL;
    server.options.peer = SVMS_TLS_PEER_OPTIONAL;
    pair_make(&p, &client, &server);
    assert_talks(&p);
    assert_int_equal(p.server.peer.verdict, SVMS_IDENTITY_UNSIGNED);
    assert_int_equal(p.server.peer.roles, 0);
    assert_string_equal(p.server.peer.certificate.subject, "");
    assert_null(svms_tls_peer_chain(p.server.tls));
    pair_free(&p);
    client.card = w->client;
    pair_make(&p, &client, &server);
    assert_talks(&p);
    assert_int_equal(p.server.peer.verdict, SVMS_IDENTITY_TRUSTED);
    assert_int_equal(p.server.peer.roles, 1u << SVMS_ROLE_USER);
    pair_free(&p);
}

static void a_bad_client_is_refused_where_it_is_optional(void **state)
{
    (void)state;
    static const refusal expected = { "self-signed", SVMS_E_POLICY, "does not know the authority",
                                      SVMS_E_UNTRUSTED, "self-signed" };
    identity_card *card = card_make(&(card_order){ .name = "c", .usages = "clientAuth" });
    context_order client = client_order();
    context_order server = server_order();
    pair p;
    client.card = card;
    server.options.peer = SVMS_TLS_PEER_OPTIONAL;
    pair_make(&p, &client, &server);
    assert_refused(&p, &expected);
    pair_free(&p);
    card_free(&card);
}

static void a_server_that_asks_nothing_knows_nobody(void **state)
{
    (void)state;
    context_order server = server_order();
    pair p;
    server.trust = NULL;
    server.options.peer = SVMS_TLS_PEER_NOT_ASKED;
    pair_make(&p, NULL, &server);
    assert_talks(&p);
    assert_int_equal(p.client.peer.asked_certificate, 0);
    assert_int_equal(p.server.peer.verdict, SVMS_IDENTITY_UNSIGNED);
    pair_free(&p);
}

static void tls_1_2_is_spoken_only_where_both_ask_for_it(void **state)
{
    (void)state;
    context_order server = server_order();
    pair p;
    server.options.min_version = SVMS_TLS_1_2;
    pair_make(&p, NULL, &server);
    assert_talks(&p);
    assert_int_equal(p.server.peer.version, SVMS_TLS_1_3);
    pair_free(&p);
}

static void revoked_clients_are_refused(void **state)
{
    (void)state;
    static const refusal expected = { "revoked", SVMS_E_POLICY, "our certificate is revoked",
                                      SVMS_E_UNTRUSTED, "revoked" };
    char *list = card_list(w->root, w->client);
    context_order server = server_order();
    pair p;
    server.lists = list;
    pair_make(&p, NULL, &server);
    assert_refused(&p, &expected);
    pair_free(&p);
    free(list);
}

static void an_unknown_revocation_state_is_refused_where_it_must_be_known(void **state)
{
    (void)state;
    static const refusal expected = { "unknown", SVMS_E_POLICY, "does not accept our certificate",
                                      SVMS_E_UNTRUSTED, "whether the certificate of CN=client" };
    char *list = card_list(w->root, NULL);
    context_order server = server_order();
    pair p;
    server.options.require_revocation = 1;
    pair_make(&p, NULL, &server);
    assert_refused(&p, &expected);
    assert_says(&p.server.err, "is revoked: no list and no response speaks");
    pair_free(&p);
    server.lists = list;
    pair_make(&p, NULL, &server);
    assert_talks(&p);
    assert_int_equal(p.server.peer.revocation, SVMS_REVOCATION_GOOD);
    w->now += 8 * DAY;
    pair_again(&p, NULL);
    assert_refused(&p, &expected);
    assert_says(&p.server.err, "is revoked: what says so is out of date");
    pair_free(&p);
    free(list);
}

static void intermediate_authorities_are_sent_along(void **state)
{
    (void)state;
    identity_card *middle =
        card_make(&(card_order){ .name = "Middle", .issuer = w->root, .is_ca = true });
    identity_card *card = card_make(&(card_order){
        .name = "s", .issuer = middle, .hosts = "DNS:server.example", .usages = "serverAuth" });
    context_order server = server_order();
    pair p;
    server.card = card;
    pair_make(&p, NULL, &server);
    assert_talks(&p);
    assert_int_equal(svms_chain_count(svms_tls_peer_chain(p.client.tls)), 2);
    pair_free(&p);
    card_free(&card);
    card_free(&middle);
}

static void every_kind_of_key_shakes_hands(void **state)
{
    (void)state;
    static const char *const kinds[] = { "P-256", "P-384", "RSA-2048", "Ed25519" };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        for (int version = SVMS_TLS_1_3; version <= SVMS_TLS_1_2; version++) {
            identity_card *card = card_make(&(card_order){ .name = "s",
                                                           .issuer = w->root,
                                                           .key = kinds[i],
                                                           .hosts = "DNS:server.example",
                                                           .usages = "serverAuth" });
            context_order server = server_order();
            pair p;
            server.card = card;
            server.options.min_version = (svms_tls_version)version;
            pair_make(&p, NULL, &server);
            assert_talks(&p);
            pair_free(&p);
            card_free(&card);
        }
    }
}

static void addresses_are_hosts_too(void **state)
{
    (void)state;
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    pair p;
    target.host = "127.0.0.1";
    pair_make_for(&p, NULL, NULL, &target);
    assert_talks(&p);
    assert_null(SSL_get_servername(p.server.tls->ssl, TLSEXT_NAMETYPE_host_name));
    target.host = "127.0.0.2";
    pair_again(&p, &target);
    assert_int_equal(p.client.status, SVMS_E_UNTRUSTED);
    assert_says(&p.client.err, "127.0.0.2");
    target.host = "server.example.";
    pair_again(&p, &target);
    assert_talks(&p);
    assert_string_equal(SSL_get_servername(p.server.tls->ssl, TLSEXT_NAMETYPE_host_name),
                        "server.example");
    pair_free(&p);
}

static void a_pin_needs_neither_path_nor_name(void **state)
{
    (void)state;
    identity_card *card = card_make(&(card_order){ .name = "alone", .usages = "serverAuth" });
    svms_chain *chain = card_chain(w->ctx, card);
    svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    context_order server = server_order();
    context_order client = client_order();
    pair p;
    assert_int_equal(svms_chain_certificate(chain, 0, &info, NULL), SVMS_OK);
    server.card = card;
    client.trust = NULL;
    target.pin = info.sha256;
    pair_make_for(&p, &client, &server, &target);
    assert_talks(&p);
    assert_int_equal(p.client.peer.verdict, SVMS_IDENTITY_TRUSTED);
    assert_int_equal(p.client.peer.name_matches, 0);
    target.host = "server.example";
    pair_again(&p, &target);
    assert_talks(&p);
    assert_int_equal(p.client.peer.name_matches, 0);
    info.sha256[31] ^= 1;
    pair_again(&p, &target);
    assert_int_equal(p.client.status, SVMS_E_UNTRUSTED);
    assert_says(&p.client.err, "not the pinned one");
    pair_free(&p);
    svms_chain_free(&chain);
    card_free(&card);
}

static void a_pin_helps_nobody_who_is_revoked_or_expired(void **state)
{
    (void)state;
    svms_chain *chain = card_chain(w->ctx, w->server);
    svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    context_order client = client_order();
    char *list = card_list(w->root, w->server);
    pair p;
    assert_int_equal(svms_chain_certificate(chain, 0, &info, NULL), SVMS_OK);
    target.pin = info.sha256;
    client.lists = list;
    pair_make_for(&p, &client, NULL, &target);
    assert_int_equal(p.client.status, SVMS_E_UNTRUSTED);
    assert_says(&p.client.err, "revoked");
    w->now += 400 * DAY;
    pair_again(&p, &target);
    assert_int_equal(p.client.status, SVMS_E_UNTRUSTED);
    assert_says(&p.client.err, "expired");
    pair_free(&p);
    svms_chain_free(&chain);
    free(list);
}

static void a_long_name_is_cut_between_characters(void **state)
{
    (void)state;
    char name[121] = { 0 };
    context_order client = client_order();
    context_order server = server_order();
    pair p;
    client.options.require_revocation = 1;
    /* Characters of two bytes, at both kinds of place. */
    for (size_t odd = 0; odd < 2; odd++) {
        memset(name, 0, sizeof name);
        memset(name, 'a', odd);
        for (size_t i = odd; i + 2 < sizeof name; i += 2) {
            memcpy(name + i, "\xC3\xA9", 2);
        }
        identity_card *card = card_make(&(card_order){ .name = name,
                                                       .issuer = w->root,
                                                       .hosts = "DNS:server.example",
                                                       .usages = "serverAuth" });
        server.card = card;
        pair_make(&p, &client, &server);
        assert_int_equal(p.client.status, SVMS_E_UNTRUSTED);
        assert_says(&p.client.err, "\xC3\xA9... is revoked");
        pair_free(&p);
        card_free(&card);
    }
}

static void protocols_are_agreed_on_or_refused(void **state)
{
    (void)state;
    static const char *const ours[] = { "h2", "http/1.1" };
    static const char *const theirs[] = { "http/1.1", "h2" };
    static const char *const other[] = { "rtsp" };
    static const refusal expected = { "alpn", SVMS_E_POLICY, "none of our protocols", SVMS_E_POLICY,
                                      "none of our protocols" };
    context_order client = client_order();
    context_order server = server_order();
    pair p;
    server.options.alpn = ours;
    server.options.alpn_count = 2;
    client.options.alpn = theirs;
    client.options.alpn_count = 2;
    pair_make(&p, &client, &server);
    assert_talks(&p);
    assert_string_equal(p.client.peer.alpn, "h2");
    assert_string_equal(p.server.peer.alpn, "h2");
    pair_free(&p);
    client.options.alpn = other;
    client.options.alpn_count = 1;
    pair_make(&p, &client, &server);
    assert_refused(&p, &expected);
    pair_free(&p);
}

static void a_peer_that_names_no_protocol_is_refused_by_whoever_wants_one(void **state)
{
    (void)state;
    static const char *const wanted[] = { "svms/1" };
    static const refusal by_server = { "server", SVMS_E_POLICY, "none of our protocols",
                                       SVMS_E_POLICY, "none of our protocols" };
    for (int version = SVMS_TLS_1_3; version <= SVMS_TLS_1_2; version++) {
        context_order client = client_order();
        context_order server = server_order();
        pair p;
        client.options.min_version = SVMS_TLS_1_2;
        server.options.min_version = (svms_tls_version)version;
        server.options.alpn = wanted;
        server.options.alpn_count = 1;
        pair_make(&p, &client, &server);
        assert_refused(&p, &by_server);
        pair_free(&p);
        client.options.alpn = wanted;
        client.options.alpn_count = 1;
        server.options.alpn = NULL;
        server.options.alpn_count = 0;
        pair_make(&p, &client, &server);
        assert_int_equal(p.client.status, SVMS_E_POLICY);
        assert_says(&p.client.err, "agreed to none of our protocols");
        pair_free(&p);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, workshop_set_up, workshop_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(both_ends_know_each_other),
        CASE(bad_servers_are_refused_in_words),
        CASE(whoever_inspects_meets_any_server),
        CASE(bad_clients_are_refused_in_words),
        CASE(a_role_that_is_asked_for_is_enough),
        CASE(a_missing_client_certificate_is_said_on_both_ends),
        CASE(a_client_without_certificate_is_fine_where_it_is_optional),
        CASE(a_bad_client_is_refused_where_it_is_optional),
        CASE(a_server_that_asks_nothing_knows_nobody),
        CASE(tls_1_2_is_spoken_only_where_both_ask_for_it),
        CASE(revoked_clients_are_refused),
        CASE(an_unknown_revocation_state_is_refused_where_it_must_be_known),
        CASE(intermediate_authorities_are_sent_along),
        CASE(every_kind_of_key_shakes_hands),
        CASE(addresses_are_hosts_too),
        CASE(a_pin_needs_neither_path_nor_name),
        CASE(a_pin_helps_nobody_who_is_revoked_or_expired),
        CASE(protocols_are_agreed_on_or_refused),
        CASE(a_peer_that_names_no_protocol_is_refused_by_whoever_wants_one),
        CASE(a_long_name_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
