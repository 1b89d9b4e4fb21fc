/* SPDX-License-Identifier: Apache-2.0 */
/* Peers that do what ours never would: old versions, weak ciphers, renegotiation, other protocols,
 * damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/err.h>

#include "raw.h"

static raw other;
static end ours;

static void make_ours(context_order order, svms_tls_version version)
{
    order.options.min_version = version;
    memset(&ours, 0, sizeof ours);
    assert_int_equal(context_make(&ours.context, &order, NULL), SVMS_OK);
}

static void reopen(bool is_server)
{
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    target.host = "server.example";
    end_open(&ours, is_server ? NULL : &target);
}

static void clear(void)
{
    svms_tls_free(&ours.tls);
    svms_tls_context_free(&ours.context);
    raw_free(&other);
}

typedef struct weak_case {
    const char *name;
    int max_version;
    const char *ciphers; /* NULL: all */
    svms_tls_version oldest;
    const char *words; /* ours */
} weak_case;

static const weak_case weak_cases[] = {
    { "TLS 1.0", TLS1_VERSION, NULL, SVMS_TLS_1_3, "only TLS 1.0; at least version TLS 1.3" },
    { "TLS 1.1", TLS1_1_VERSION, NULL, SVMS_TLS_1_3, "only TLS 1.1; at least version TLS 1.3" },
    { "TLS 1.1 for 1.2", TLS1_1_VERSION, NULL, SVMS_TLS_1_2, "only TLS 1.1; at least" },
    { "TLS 1.2 for 1.3", TLS1_2_VERSION, NULL, SVMS_TLS_1_3, "only TLS 1.2; at least" },
    { "CBC", TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256", SVMS_TLS_1_2, "no cipher suite" },
    { "no encryption", TLS1_2_VERSION, "eNULL", SVMS_TLS_1_2, "no cipher suite" },
    { "anonymous", TLS1_2_VERSION, "ADH-AES128-GCM-SHA256", SVMS_TLS_1_2, "no cipher suite" },
    { "static RSA", TLS1_2_VERSION, "AES128-GCM-SHA256", SVMS_TLS_1_2, "no cipher suite" },
    { "finite field", TLS1_2_VERSION, "DHE-RSA-AES256-GCM-SHA384", SVMS_TLS_1_2,
      "no cipher suite" },
    { "short tags", TLS1_2_VERSION, "ECDHE-ECDSA-AES256-CCM8", SVMS_TLS_1_2, "no cipher suite" },
};

static void set_weakness(const weak_case *c)
{
    SSL_CTX_set_max_proto_version(other.context, c->max_version);
    if (c->ciphers) {
        char list[80];
        snprintf(list, sizeof list, "%s:@SECLEVEL=0", c->ciphers);
        assert_int_equal(SSL_CTX_set_cipher_list(other.context, list), 1);
    }
    raw_again(&other, NULL);
}

static void weak_clients_are_refused_in_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof weak_cases / sizeof weak_cases[0]; i++) {
        const weak_case *c = &weak_cases[i];
        raw_make(&other, false, w->client);
        set_weakness(c);
        make_ours(server_order(), c->oldest);
        reopen(true);
        raw_shake(&other, &ours);
        if (ours.status != SVMS_E_POLICY || !other.failed) {
            fail_msg("%s: %d: %s", c->name, (int)ours.status, ours.err.message);
        }
        assert_says(&ours.err, c->words);
        clear();
    }
}

static void weak_servers_are_refused_in_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof weak_cases / sizeof weak_cases[0]; i++) {
        const weak_case *c = &weak_cases[i];
        raw_make(&other, true, w->server);
        set_weakness(c);
        make_ours(client_order(), c->oldest);
        reopen(false);
        raw_shake(&other, &ours);
        if (ours.status != SVMS_E_POLICY) {
            fail_msg("%s: %d: %s", c->name, (int)ours.status, ours.err.message);
        }
        assert_says(&ours.err, "the peer refused: ");
        clear();
    }
}

/* A ServerHello of TLS 1.1, which no server of OpenSSL gives to a client that did not offer it. */
static void a_server_that_answers_with_an_old_version_is_refused(void **state)
{
    (void)state;
    static const uint8_t hello[] = { 0x16, 0x03, 0x02, 0x00, 0x2A, 0x02, 0x00, 0x00, 0x26, 0x03,
                                     0x02, 1,    2,    3,    4,    5,    6,    7,    8,    9,
                                     10,   11,   12,   13,   14,   15,   16,   1,    2,    3,
                                     4,    5,    6,    7,    8,    9,    10,   11,   12,   13,
                                     14,   15,   16,   0,    0xC0, 0x09, 0x00 };
    size_t taken = 0;
    make_ours(client_order(), SVMS_TLS_1_2);
    reopen(false);
    assert_int_equal(svms_tls_handshake(ours.tls, &ours.err), SVMS_AGAIN);
    assert_int_equal(svms_tls_feed(ours.tls, hello, sizeof hello, &taken, NULL), SVMS_OK);
    assert_int_equal(svms_tls_handshake(ours.tls, &ours.err), SVMS_E_POLICY);
    assert_says(&ours.err, "the peer speaks only TLS 1.1; at least version TLS 1.2 is needed");
    clear();
}

static void tls_1_2_has_aead_forward_secrecy_and_extended_master_secret(void **state)
{
    (void)state;
    raw_make(&other, false, w->client);
    SSL_CTX_set_max_proto_version(other.context, TLS1_2_VERSION);
    raw_again(&other, NULL);
    make_ours(server_order(), SVMS_TLS_1_2);
    reopen(true);
    raw_shake(&other, &ours);
    assert_int_equal(ours.status, SVMS_OK);
    svms_tls_peer peer = SVMS_TLS_PEER_INIT;
    assert_int_equal(svms_tls_peer_info(ours.tls, &peer, NULL), SVMS_OK);
    assert_int_equal(peer.version, SVMS_TLS_1_2);
    assert_string_equal(peer.cipher, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
    assert_int_equal(SSL_get_extms_support(other.ssl), 1);
    clear();
}

static void a_peer_without_extended_master_secret_is_refused(void **state)
{
    (void)state;
    for (int is_server = 0; is_server < 2; is_server++) {
        raw_make(&other, is_server, is_server ? w->server : w->client);
        SSL_CTX_set_max_proto_version(other.context, TLS1_2_VERSION);
        SSL_CTX_set_options(other.context, SSL_OP_NO_EXTENDED_MASTER_SECRET);
        raw_again(&other, NULL);
        make_ours(is_server ? client_order() : server_order(), SVMS_TLS_1_2);
        reopen(!is_server);
        raw_shake(&other, &ours);
        assert_int_equal(ours.status, SVMS_E_POLICY);
        assert_says(&ours.err, "extended master secret");
        clear();
    }
}

static void renegotiation_is_refused(void **state)
{
    (void)state;
    uint8_t byte;
    size_t size = 0;
    raw_make(&other, false, w->client);
    SSL_CTX_set_max_proto_version(other.context, TLS1_2_VERSION);
    raw_again(&other, NULL);
    make_ours(server_order(), SVMS_TLS_1_2);
    reopen(true);
    raw_shake(&other, &ours);
    assert_int_equal(ours.status, SVMS_OK);
    assert_int_equal(SSL_renegotiate(other.ssl), 1);
    raw_step(&other);
    raw_carry(&other, ours.tls);
    assert_int_equal(svms_tls_read(ours.tls, &byte, 1, &size, &ours.err), SVMS_AGAIN);
    raw_carry(&other, ours.tls);
    raw_step(&other);
    assert_true(other.failed);
    assert_int_equal(other.reason, SSL_R_NO_RENEGOTIATION);
    clear();
}

static void key_updates_of_the_peer_are_followed(void **state)
{
    (void)state;
    char text[16] = { 0 };
    size_t size = 0;
    raw_make(&other, false, w->client);
    make_ours(server_order(), SVMS_TLS_1_3);
    reopen(true);
    raw_shake(&other, &ours);
    assert_int_equal(ours.status, SVMS_OK);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(SSL_key_update(other.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        assert_int_equal(SSL_write(other.ssl, "up", 2), 2);
        raw_carry(&other, ours.tls);
        assert_int_equal(svms_tls_read(ours.tls, text, sizeof text, &size, NULL), SVMS_OK);
        assert_int_equal(size, 2);
        assert_int_equal(svms_tls_write(ours.tls, "down", 4, &size, NULL), SVMS_OK);
        raw_carry(&other, ours.tls);
        assert_int_equal(SSL_read(other.ssl, text, sizeof text), 4);
    }
    clear();
}

static void messages_without_end_end_the_connection(void **state)
{
    (void)state;
    char text[16] = { 0 };
    size_t size = 0;
    raw_make(&other, false, w->client);
    make_ours(server_order(), SVMS_TLS_1_3);
    reopen(true);
    raw_shake(&other, &ours);
    assert_int_equal(ours.status, SVMS_OK);
    for (int i = 0; i < 70; i++) {
        assert_int_equal(SSL_key_update(other.ssl, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
        assert_int_equal(SSL_do_handshake(other.ssl), 1);
    }
    while (raw_carry(&other, ours.tls)) {
    }
    assert_int_equal(svms_tls_read(ours.tls, text, sizeof text, &size, &ours.err), SVMS_E_LIMIT);
    assert_says(&ours.err, "without end");
    clear();
}

static void exported_keys_are_those_of_the_peer(void **state)
{
    (void)state;
    for (int version = SVMS_TLS_1_3; version <= SVMS_TLS_1_2; version++) {
        uint8_t mine[48];
        uint8_t theirs[48];
        raw_make(&other, false, w->client);
        SSL_CTX_set_max_proto_version(other.context,
                                      version == SVMS_TLS_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION);
        raw_again(&other, NULL);
        make_ours(server_order(), (svms_tls_version)version);
        reopen(true);
        assert_int_equal(
            svms_tls_export_key(ours.tls, "EXPORTER-test", NULL, 0, mine, sizeof mine, NULL),
            SVMS_E_STATE);
        raw_shake(&other, &ours);
        assert_int_equal(ours.status, SVMS_OK);
        static const char *const contexts[] = { NULL, "", "some context" };
        for (size_t i = 0; i < 3; i++) {
            const char *c = contexts[i];
            size_t size = c ? strlen(c) : 0;
            assert_int_equal(
                svms_tls_export_key(ours.tls, "EXPORTER-test", c, size, mine, sizeof mine, NULL),
                SVMS_OK);
            assert_int_equal(SSL_export_keying_material(other.ssl, theirs, sizeof theirs,
                                                        "EXPORTER-test", 13, (const uint8_t *)c,
                                                        size, c != NULL),
                             1);
            assert_memory_equal(mine, theirs, sizeof mine);
        }
        assert_int_equal(svms_tls_export_key(ours.tls, "", NULL, 0, mine, 8, NULL), SVMS_E_USAGE);
        assert_int_equal(svms_tls_export_key(ours.tls, "l", NULL, 0, mine, 0, NULL), SVMS_E_USAGE);
        assert_int_equal(svms_tls_export_key(ours.tls, "l", NULL, 1, mine, 8, NULL), SVMS_E_USAGE);
        clear();
    }
}

typedef struct start_case {
    const char *bytes;
    const char *words;
} start_case;

static void other_protocols_are_named(void **state)
{
    (void)state;
    static const start_case starts[] = {
        { "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP without TLS" },
        { "POST /a HTTP/1.1\r\n\r\n", "HTTP without TLS" },
        { "HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP without TLS" },
        { "SSH-2.0-OpenSSH_9.2\r\n", "SSH" },
        { "RTSP/1.0 200 OK\r\n\r\n", "RTSP without TLS" },
        { "220 mail.example ESMTP\r\n", "mail" },
        { "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C", "is not TLS" },
    };
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        for (int is_server = 0; is_server < 2; is_server++) {
            size_t taken = 0;
            make_ours(is_server ? server_order() : client_order(), SVMS_TLS_1_3);
            reopen(is_server);
            (void)!svms_tls_handshake(ours.tls, NULL);
            assert_int_equal(
                svms_tls_feed(ours.tls, starts[i].bytes, strlen(starts[i].bytes), &taken, NULL),
                SVMS_OK);
            assert_int_equal(svms_tls_feed_end(ours.tls, NULL), SVMS_OK);
            svms_status status = svms_tls_handshake(ours.tls, &ours.err);
            if (status != SVMS_E_MALFORMED) {
                fail_msg("%s: %d: %s", starts[i].bytes, (int)status, ours.err.message);
            }
            assert_says(&ours.err, starts[i].words);
            clear();
        }
    }
}

/* All bytes of one side of a good handshake, and of a message behind it. */
typedef struct recording {
    uint8_t bytes[16384];
    size_t size;
} recording;

static void record_client(recording *r)
{
    bool moved = true;
    r->size = 0;
    raw_make(&other, false, w->client);
    make_ours(server_order(), SVMS_TLS_1_3);
    reopen(true);
    while (moved) {
        uint8_t bytes[4096];
        size_t size = 0;
        size_t taken = 0;
        raw_step(&other);
        int got = BIO_read(other.out, bytes, sizeof bytes);
        moved = got > 0;
        if (got > 0) {
            memcpy(r->bytes + r->size, bytes, (size_t)got);
            r->size += (size_t)got;
            assert_int_equal(svms_tls_feed(ours.tls, bytes, (size_t)got, &taken, NULL), SVMS_OK);
        }
        (void)!svms_tls_handshake(ours.tls, NULL);
        while (svms_tls_drain(ours.tls, bytes, sizeof bytes, &size, NULL) == SVMS_OK && size > 0) {
            BIO_write(other.in, bytes, (int)size);
            moved = true;
        }
    }
    assert_int_equal(svms_tls_handshake(ours.tls, NULL), SVMS_OK);
    raw_free(&other);
    svms_tls_free(&ours.tls);
}

/* The hello is all that another server understands of it. */
static void a_handshake_that_ends_anywhere_is_truncated(void **state)
{
    (void)state;
    recording r;
    record_client(&r);
    size_t hello = 5 + (size_t)(r.bytes[3] << 8 | r.bytes[4]);
    for (size_t size = 0; size <= hello; size++) {
        size_t taken = 0;
        reopen(true);
        assert_int_equal(svms_tls_feed(ours.tls, r.bytes, size, &taken, NULL), SVMS_OK);
        assert_int_equal(svms_tls_handshake(ours.tls, &ours.err), SVMS_AGAIN);
        assert_int_equal(svms_tls_wants(ours.tls), SVMS_TLS_WANTS_READ);
        assert_int_equal(svms_tls_feed_end(ours.tls, NULL), SVMS_OK);
        assert_int_equal(svms_tls_handshake(ours.tls, &ours.err), SVMS_E_TRUNCATED);
        assert_says(&ours.err, "went away before the connection stood");
    }
    clear();
}

/* What comes of it must be a clean failure, or a wait for more. */
static void damaged_handshakes_fail_cleanly(void **state)
{
    (void)state;
    recording r;
    uint32_t random = 1;
    record_client(&r);
    for (size_t round = 0; round < 4000; round++) {
        recording damaged = r;
        size_t taken = 0;
        reopen(true);
        for (int i = 0; i < 3; i++) {
            random = random * 1664525u + 1013904223u;
            size_t place = round < r.size ? round : (random >> 8) % r.size;
            damaged.bytes[place] ^= (uint8_t)(1u << (random >> 29));
        }
        assert_int_equal(svms_tls_feed(ours.tls, damaged.bytes, damaged.size, &taken, NULL),
                         SVMS_OK);
        svms_status status = svms_tls_handshake(ours.tls, &ours.err);
        bool clean = status == SVMS_AGAIN || status == SVMS_E_MALFORMED ||
                     status == SVMS_E_POLICY || status == SVMS_E_LIMIT ||
                     status == SVMS_E_UNTRUSTED || status == SVMS_E_TRUNCATED;
        if (!clean) {
            fail_msg("round %zu: %d: %s", round, (int)status, ours.err.message);
        }
    }
    clear();
}

static void a_changed_record_ends_the_connection(void **state)
{
    (void)state;
    char text[16];
    uint8_t bytes[256];
    size_t size = 0;
    svms_tls_peer peer = SVMS_TLS_PEER_INIT;
    raw_make(&other, false, w->client);
    make_ours(server_order(), SVMS_TLS_1_3);
    reopen(true);
    raw_shake(&other, &ours);
    assert_int_equal(ours.status, SVMS_OK);
    assert_int_equal(SSL_write(other.ssl, "hello", 5), 5);
    int got = BIO_read(other.out, bytes, sizeof bytes);
    assert_true(got > 10);
    bytes[got - 1] ^= 1;
    assert_int_equal(svms_tls_feed(ours.tls, bytes, (size_t)got, &size, NULL), SVMS_OK);
    assert_int_equal(svms_tls_read(ours.tls, text, sizeof text, &size, &ours.err),
                     SVMS_E_MALFORMED);
    assert_says(&ours.err, "changed on its way");
    assert_int_equal(svms_tls_write(ours.tls, "x", 1, &size, &ours.err), SVMS_E_MALFORMED);
    /* Who it was is still known, and the alert goes out. */
    assert_int_equal(svms_tls_peer_info(ours.tls, &peer, NULL), SVMS_OK);
    assert_string_equal(peer.certificate.subject, "CN=client");
    assert_int_equal(svms_tls_export_key(ours.tls, "label", NULL, 0, text, 8, NULL),
                     SVMS_E_MALFORMED);
    assert_int_equal(svms_tls_drain(ours.tls, bytes, sizeof bytes, &size, NULL), SVMS_OK);
    assert_true(size > 0);
    assert_int_equal(BIO_write(other.in, bytes, (int)size), size);
    assert_true(SSL_read(other.ssl, text, sizeof text) <= 0);
    assert_int_equal(ERR_GET_REASON(ERR_peek_error()), SSL_R_SSLV3_ALERT_BAD_RECORD_MAC);
    ERR_clear_error();
    clear();
}

typedef struct odd_key {
    const char *key;
    svms_tls_version version;
    const char *reason;
} odd_key;

static void inspect_weak(const odd_key *known)
{
    svms_tls_peer peer = SVMS_TLS_PEER_INIT;
    size_t size = 0;
    identity_card *card = card_make(&(card_order){ .name = "weak",
                                                   .issuer = w->root,
                                                   .key = known->key,
                                                   .hosts = "DNS:server.example",
                                                   .usages = "serverAuth" });
    unsigned char *der = NULL;
    int der_size = i2d_X509(card->certificate, &der);
    context_order client = client_order();
    client.options.peer = SVMS_TLS_PEER_INSPECTED;
    raw_make(&other, true, card);
    SSL_CTX_set_max_proto_version(other.context,
                                  known->version == SVMS_TLS_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION);
    raw_again(&other, NULL);
    make_ours(client, known->version);
    reopen(false);
    assert_null(svms_tls_peer_der(ours.tls, 0, &size));
    raw_shake(&other, &ours);
    if (ours.status != SVMS_OK) {
        fail_msg("%s: %s", known->key, ours.err.message);
    }
    assert_int_equal(svms_tls_peer_info(ours.tls, &peer, NULL), SVMS_OK);
    assert_int_equal(peer.verdict, SVMS_IDENTITY_BAD_CHAIN);
    assert_non_null(strstr(peer.reason, known->reason));
    assert_null(svms_tls_peer_chain(ours.tls));
    assert_string_equal(peer.certificate.subject, "CN=weak");
    assert_string_equal(peer.certificate.key, known->key);
    assert_int_equal(peer.roles, 0);
    const uint8_t *shown = svms_tls_peer_der(ours.tls, 0, &size);
    assert_int_equal(size, der_size);
    assert_memory_equal(shown, der, size);
    assert_null(svms_tls_peer_der(ours.tls, 1, &size));
    assert_int_equal(size, 0);
    OPENSSL_free(der);
    clear();
    card_free(&card);
}

/* Certificates that no chain can be made of come through to whoever inspects, with their names. */
static void weak_certificates_can_be_inspected(void **state)
{
    (void)state;
    static const odd_key cases[] = {
        { "RSA-1024", SVMS_TLS_1_3, "RSA keys of 1024 bits" },
        { "RSA-1024", SVMS_TLS_1_2, "RSA keys of 1024 bits" },
        { "P-521", SVMS_TLS_1_3, "keys on secp521r1" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        inspect_weak(&cases[i]);
    }
}

/* Bytes of no meaning, as many as a response may have. */
static int staple_much(SSL *ssl, void *unused)
{
    size_t size = 65000;
    unsigned char *bytes = OPENSSL_zalloc(size);
    (void)unused;
    assert_int_equal(SSL_set_tlsext_status_ocsp_resp(ssl, bytes, (long)size), 1);
    return SSL_TLSEXT_ERR_OK;
}

static void chain_and_staple_have_room_in_one_message(void **state)
{
    (void)state;
    raw_make(&other, true, w->server);
    SSL_CTX_set_tlsext_status_cb(other.context, staple_much);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(SSL_CTX_add1_chain_cert(other.context, w->root->certificate), 1);
    }
    raw_again(&other, NULL);
    make_ours(client_order(), SVMS_TLS_1_3);
    reopen(false);
    raw_shake(&other, &ours);
    assert_int_equal(ours.status, SVMS_E_UNTRUSTED);
    assert_says(&ours.err, "stapled: ");
    clear();
}

static void too_many_certificates_are_refused(void **state)
{
    (void)state;
    raw_make(&other, true, w->server);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(SSL_CTX_add1_chain_cert(other.context, w->root->certificate), 1);
    }
    raw_again(&other, NULL);
    make_ours(client_order(), SVMS_TLS_1_3);
    reopen(false);
    raw_shake(&other, &ours);
    assert_int_equal(ours.status, SVMS_E_UNTRUSTED);
    assert_says(&ours.err, "more than 8 certificates");
    clear();
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, workshop_set_up, workshop_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(weak_clients_are_refused_in_words),
        CASE(weak_servers_are_refused_in_words),
        CASE(a_server_that_answers_with_an_old_version_is_refused),
        CASE(tls_1_2_has_aead_forward_secrecy_and_extended_master_secret),
        CASE(a_peer_without_extended_master_secret_is_refused),
        CASE(renegotiation_is_refused),
        CASE(key_updates_of_the_peer_are_followed),
        CASE(messages_without_end_end_the_connection),
        CASE(exported_keys_are_those_of_the_peer),
        CASE(other_protocols_are_named),
        CASE(a_handshake_that_ends_anywhere_is_truncated),
        CASE(damaged_handshakes_fail_cleanly),
        CASE(a_changed_record_ends_the_connection),
        CASE(weak_certificates_can_be_inspected),
        CASE(chain_and_staple_have_room_in_one_message),
        CASE(too_many_certificates_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
