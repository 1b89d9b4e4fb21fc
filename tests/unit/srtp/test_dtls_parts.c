/* SPDX-License-Identifier: Apache-2.0 */
/* What needs no peer: options, fingerprints as text, what a datagram is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dtls_pair.h"

static void a_fingerprint_is_written_as_it_is_read(void **state)
{
    (void)state;
    static const svms_dtls_hash hashes[] = { SVMS_DTLS_SHA_256, SVMS_DTLS_SHA_384,
                                             SVMS_DTLS_SHA_512 };
    for (size_t i = 0; i < 3; i++) {
        char text[SVMS_DTLS_FINGERPRINT_TEXT_SIZE];
        svms_dtls_fingerprint print = print_of(w->server, hashes[i]);
        svms_dtls_fingerprint read = SVMS_DTLS_FINGERPRINT_INIT;
        assert_int_equal(svms_dtls_fingerprint_write(text, sizeof text, &print, NULL), SVMS_OK);
        assert_int_equal(svms_dtls_fingerprint_read(&read, text, NULL), SVMS_OK);
        assert_memory_equal(&read, &print, sizeof print);
        assert_int_equal(svms_dtls_fingerprint_write(text, strlen(text), &print, NULL),
                         SVMS_E_LIMIT);
    }
}

#define PAIRS_31                                                                                   \
    "4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB:4A:AD:B9:B1:3F:82:18:3B:54:02:12"

static void fingerprints_that_are_none_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        svms_status status;
    } cases[] = {
        { "sha-256 " PAIRS_31 ":AB", SVMS_OK },
        { "SHA-256 " PAIRS_31 ":aB", SVMS_OK },
        { "sha-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB", SVMS_E_POLICY },
        { "SHA-1 00", SVMS_E_POLICY },
        { "md5 4A:AD", SVMS_E_POLICY },
        { "md2 4A:AD", SVMS_E_POLICY },
        { "sha-224 4A:AD", SVMS_E_UNSUPPORTED },
        { " " PAIRS_31, SVMS_E_UNSUPPORTED },
        { "sha-256 " PAIRS_31, SVMS_E_MALFORMED },
        { "sha-256 " PAIRS_31 ":", SVMS_E_MALFORMED },
        { "sha-256 " PAIRS_31 ":A", SVMS_E_MALFORMED },
        { "sha-256 " PAIRS_31 ":AG", SVMS_E_MALFORMED },
        { "sha-256 " PAIRS_31 ":AB ", SVMS_E_MALFORMED },
        { "sha-256 " PAIRS_31 ":AB:CD", SVMS_E_MALFORMED },
        { "sha-256  " PAIRS_31 ":AB", SVMS_E_MALFORMED },
        { "sha-256 " PAIRS_31 "-AB", SVMS_E_MALFORMED },
        { "sha-512 " PAIRS_31 ":AB", SVMS_E_MALFORMED },
        { "sha-256", SVMS_E_MALFORMED },
        { "", SVMS_E_MALFORMED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_dtls_fingerprint read = SVMS_DTLS_FINGERPRINT_INIT;
        svms_status status = svms_dtls_fingerprint_read(&read, cases[i].text, NULL);
        if (status != cases[i].status) {
            fail_msg("%s: %d", cases[i].text, (int)status);
        }
        assert_int_equal(read.hash, status == SVMS_OK ? SVMS_DTLS_SHA_256 : 0);
        assert_int_equal(read.digest[0], status == SVMS_OK ? 0x4A : 0);
        assert_int_equal(read.digest[31], status == SVMS_OK ? 0xAB : 0);
    }
    char *endless = malloc(1000);
    assert_non_null(endless);
    memset(endless, 'A', 999);
    endless[999] = '\0';
    memcpy(endless, "sha-256 ", 8);
    svms_dtls_fingerprint read = SVMS_DTLS_FINGERPRINT_INIT;
    assert_int_equal(svms_dtls_fingerprint_read(&read, endless, NULL), SVMS_E_MALFORMED);
    free(endless);
}

/* RFC 7983 section 7 and RFC 5761 section 4, byte by byte. */
static void every_first_byte_says_what_a_datagram_is(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        for (unsigned second = 0; second < 256; second++) {
            uint8_t bytes[2] = { (uint8_t)first, (uint8_t)second };
            svms_dtls_packet_kind expected = SVMS_DTLS_PACKET_UNKNOWN;
            if (first <= 3) {
                expected = SVMS_DTLS_PACKET_STUN;
            } else if (first >= 16 && first <= 19) {
                expected = SVMS_DTLS_PACKET_ZRTP;
            } else if (first >= 20 && first <= 63) {
                expected = SVMS_DTLS_PACKET_DTLS;
            } else if (first >= 64 && first <= 79) {
                expected = SVMS_DTLS_PACKET_TURN;
            } else if (first >= 128 && first <= 191) {
                expected =
                    second >= 192 && second <= 223 ? SVMS_DTLS_PACKET_RTCP : SVMS_DTLS_PACKET_RTP;
            }
            assert_int_equal(svms_dtls_packet_kind_of(bytes, 2), expected);
        }
    }
    assert_int_equal(svms_dtls_packet_kind_of("\x80", 1), SVMS_DTLS_PACKET_RTP);
    assert_int_equal(svms_dtls_packet_kind_of(NULL, 5), SVMS_DTLS_PACKET_UNKNOWN);
    assert_int_equal(svms_dtls_packet_kind_of("\x80", 0), SVMS_DTLS_PACKET_UNKNOWN);
}

static const svms_srtp_suite twice[] = { SVMS_SRTP_AEAD_AES_256_GCM, SVMS_SRTP_AEAD_AES_256_GCM };
static const svms_srtp_suite weak[] = { SVMS_SRTP_AES_CM_128_HMAC_SHA1_80 };
static const svms_srtp_suite unknown[] = { (svms_srtp_suite)9 };

static void set_no_side(dtls_order *order)
{
    order->options.side = (svms_tls_side)0;
}
static void set_no_card(dtls_order *order)
{
    order->card = NULL;
}
static void set_small(dtls_order *order)
{
    order->options.mtu = SVMS_DTLS_MTU_MIN - 1;
}
static void set_large(dtls_order *order)
{
    order->options.mtu = SVMS_DTLS_MTU_MAX + 1;
}
static void set_hasty(dtls_order *order)
{
    order->options.first_wait_ms = 49;
}
static void set_lazy(dtls_order *order)
{
    order->options.first_wait_ms = 60001;
}
static void set_flag(dtls_order *order)
{
    order->options.flags = 0x80;
}
static void set_role_without_path(dtls_order *order)
{
    order->options.peer_roles = 1u << SVMS_ROLE_CAMERA;
}
static void set_revocation_without_path(dtls_order *order)
{
    order->options.flags = SVMS_DTLS_REQUIRE_REVOCATION;
}
static void set_twice(dtls_order *order)
{
    order->options.suites = twice;
    order->options.suite_count = 2;
}
static void set_weak(dtls_order *order)
{
    order->options.suites = weak;
    order->options.suite_count = 1;
}
static void set_unknown(dtls_order *order)
{
    order->options.suites = unknown;
    order->options.suite_count = 1;
}
static void set_no_suites(dtls_order *order)
{
    order->options.suites = weak;
}
static void set_purpose(dtls_order *order)
{
    order->trust = w->root;
    order->card = w->client;
}

static void options_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const struct {
        void (*set)(dtls_order *order);
        svms_status status;
        const char *words;
    } cases[] = {
        { set_no_side, SVMS_E_USAGE, "no side" },
        { set_no_card, SVMS_E_USAGE, "certificate chain and its key" },
        { set_small, SVMS_E_USAGE, "out of range" },
        { set_large, SVMS_E_USAGE, "out of range" },
        { set_hasty, SVMS_E_USAGE, "out of range" },
        { set_lazy, SVMS_E_USAGE, "out of range" },
        { set_flag, SVMS_E_USAGE, "out of range" },
        { set_role_without_path, SVMS_E_USAGE, "trust store" },
        { set_revocation_without_path, SVMS_E_USAGE, "trust store" },
        { set_twice, SVMS_E_USAGE, "named twice" },
        { set_weak, SVMS_E_POLICY, "only where it is allowed" },
        { set_unknown, SVMS_E_USAGE, "not known" },
        { set_no_suites, SVMS_E_USAGE, "do not agree" },
        { set_purpose, SVMS_E_UNTRUSTED, "would be refused" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_error err = SVMS_ERROR_INIT;
        svms_dtls_context *context = NULL;
        dtls_order order = dtls_order_for(SVMS_TLS_SERVER, NULL);
        cases[i].set(&order);
        svms_status status = dtls_context_make(&context, &order, &err);
        if (status != cases[i].status) {
            fail_msg("%zu: %d: %s", i, (int)status, err.message);
        }
        assert_says(&err, cases[i].words);
        assert_null(context);
    }
}

static void a_server_with_an_ed25519_key_is_refused_when_it_is_made(void **state)
{
    (void)state;
    svms_error err = SVMS_ERROR_INIT;
    svms_dtls_context *context = NULL;
    identity_card *card = card_make(&(card_order){ .name = "e", .key = "Ed25519" });
    dtls_order order = dtls_order_for(SVMS_TLS_SERVER, NULL);
    order.card = card;
    assert_int_equal(dtls_context_make(&context, &order, &err), SVMS_E_UNSUPPORTED);
    assert_says(&err, "Ed25519");
    card_free(&card);
}

static svms_status open_with(svms_tls_side side, const identity_card *trust,
                             const svms_dtls_target *target, svms_error *err)
{
    svms_dtls_context *context = NULL;
    svms_dtls *dtls = NULL;
    dtls_order order = dtls_order_for(side, trust);
    assert_int_equal(dtls_context_make(&context, &order, NULL), SVMS_OK);
    svms_status status = svms_dtls_open(&dtls, context, target, err);
    svms_dtls_free(&dtls);
    svms_dtls_context_free(&context);
    return status;
}

static void a_target_must_fit_its_context(void **state)
{
    (void)state;
    svms_error err = SVMS_ERROR_INIT;
    svms_dtls_fingerprint prints[9];
    svms_dtls_target none = SVMS_DTLS_TARGET_INIT;
    svms_dtls_target host = SVMS_DTLS_TARGET_INIT;
    svms_dtls_target print = SVMS_DTLS_TARGET_INIT;
    for (size_t i = 0; i < 9; i++) {
        prints[i] = print_of(w->server, SVMS_DTLS_SHA_256);
    }
    host.host = "server.example";
    print.fingerprints = prints;
    print.fingerprint_count = 8;
    assert_int_equal(open_with(SVMS_TLS_CLIENT, NULL, &print, NULL), SVMS_OK);
    assert_int_equal(open_with(SVMS_TLS_SERVER, NULL, &print, NULL), SVMS_OK);
    assert_int_equal(open_with(SVMS_TLS_CLIENT, w->root, &host, NULL), SVMS_OK);
    assert_int_equal(open_with(SVMS_TLS_SERVER, w->root, NULL, NULL), SVMS_OK);
    assert_int_equal(open_with(SVMS_TLS_CLIENT, NULL, &none, NULL), SVMS_E_USAGE);
    assert_int_equal(open_with(SVMS_TLS_SERVER, NULL, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(open_with(SVMS_TLS_CLIENT, w->root, &none, NULL), SVMS_E_USAGE);
    assert_int_equal(open_with(SVMS_TLS_CLIENT, w->root, &print, NULL), SVMS_E_USAGE);
    assert_int_equal(open_with(SVMS_TLS_SERVER, w->root, &host, NULL), SVMS_E_USAGE);
    host.host = "not a name";
    assert_int_equal(open_with(SVMS_TLS_CLIENT, w->root, &host, NULL), SVMS_E_USAGE);
    print.fingerprint_count = 9;
    assert_int_equal(open_with(SVMS_TLS_CLIENT, NULL, &print, &err), SVMS_E_LIMIT);
    assert_says(&err, "more than 8");
    print.fingerprint_count = 2;
    prints[1].hash = 0;
    assert_int_equal(open_with(SVMS_TLS_CLIENT, NULL, &print, &err), SVMS_E_USAGE);
    assert_says(&err, "without a hash function");
    print.host = "server.example";
    assert_int_equal(open_with(SVMS_TLS_CLIENT, NULL, &print, &err), SVMS_E_USAGE);
}

static void without_arguments_every_call_says_so(void **state)
{
    (void)state;
    size_t size = 0;
    svms_srtp_key key = SVMS_SRTP_KEY_INIT;
    svms_dtls *dtls = NULL;
    svms_dtls_context *context = NULL;
    assert_int_equal(svms_dtls_context_new(NULL, w->ctx, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_dtls_open(&dtls, NULL, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(
        svms_dtls_accept(&dtls, NULL, NULL, "a", 1, "a", 1, &size, sizeof size, &size, NULL),
        SVMS_E_USAGE);
    assert_int_equal(svms_dtls_feed(NULL, "a", 1, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_dtls_drain(NULL, &size, 1, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_dtls_tick(NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_dtls_keys(NULL, &key, &key, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_dtls_close(NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_dtls_peer_info(NULL, NULL, NULL), SVMS_E_USAGE);
    assert_null(svms_dtls_peer_chain(NULL));
    assert_int_equal(svms_dtls_wait(NULL), UINT64_MAX);
    assert_int_equal(svms_dtls_phase_of(NULL), SVMS_DTLS_FAILED);
    assert_int_equal(svms_dtls_fingerprint_of(NULL, w->ctx, NULL, SVMS_DTLS_SHA_256, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_dtls_fingerprint_read(NULL, "a", NULL), SVMS_E_USAGE);
    assert_int_equal(svms_dtls_fingerprint_write(NULL, 1, NULL, NULL), SVMS_E_USAGE);
    svms_dtls_free(&dtls);
    svms_dtls_free(NULL);
    svms_dtls_context_free(&context);
    svms_dtls_context_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_fingerprint_is_written_as_it_is_read, workshop_set_up,
                                        workshop_tear_down),
        cmocka_unit_test(fingerprints_that_are_none_are_refused),
        cmocka_unit_test(every_first_byte_says_what_a_datagram_is),
        cmocka_unit_test_setup_teardown(options_that_cannot_be_are_refused, workshop_set_up,
                                        workshop_tear_down),
        cmocka_unit_test_setup_teardown(a_server_with_an_ed25519_key_is_refused_when_it_is_made,
                                        workshop_set_up, workshop_tear_down),
        cmocka_unit_test_setup_teardown(a_target_must_fit_its_context, workshop_set_up,
                                        workshop_tear_down),
        cmocka_unit_test_setup_teardown(without_arguments_every_call_says_so, workshop_set_up,
                                        workshop_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
