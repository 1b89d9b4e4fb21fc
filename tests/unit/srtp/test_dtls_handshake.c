/* SPDX-License-Identifier: Apache-2.0 */
/* Associations between two ends of ours: what they agree on, and whom they accept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dtls_pair.h"

static const svms_srtp_suite sha1_only[] = { SVMS_SRTP_AES_CM_128_HMAC_SHA1_80 };
static const svms_srtp_suite small_first[] = { SVMS_SRTP_AEAD_AES_128_GCM,
                                               SVMS_SRTP_AEAD_AES_256_GCM };
static const svms_srtp_suite all[] = { SVMS_SRTP_AEAD_AES_256_GCM, SVMS_SRTP_AEAD_AES_128_GCM,
                                       SVMS_SRTP_AES_CM_128_HMAC_SHA1_80 };

static void the_best_suite_of_both_gives_each_end_the_others_keys(void **state)
{
    (void)state;
    static const struct {
        const svms_srtp_suite *client;
        size_t client_count;
        const svms_srtp_suite *server;
        size_t server_count;
        svms_srtp_suite agreed;
    } cases[] = {
        { NULL, 0, NULL, 0, SVMS_SRTP_AEAD_AES_256_GCM },
        { small_first, 1, NULL, 0, SVMS_SRTP_AEAD_AES_128_GCM },
        { small_first, 2, NULL, 0, SVMS_SRTP_AEAD_AES_256_GCM },
        { NULL, 0, small_first, 2, SVMS_SRTP_AEAD_AES_128_GCM },
        { all, 3, all, 3, SVMS_SRTP_AEAD_AES_256_GCM },
        { sha1_only, 1, all, 3, SVMS_SRTP_AES_CM_128_HMAC_SHA1_80 },
        { all, 3, sha1_only, 1, SVMS_SRTP_AES_CM_128_HMAC_SHA1_80 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dtls_order client = dtls_order_for(SVMS_TLS_CLIENT, NULL);
        dtls_order server = dtls_order_for(SVMS_TLS_SERVER, NULL);
        client.options.flags = SVMS_DTLS_ALLOW_SHA1;
        server.options.flags = SVMS_DTLS_ALLOW_SHA1;
        client.options.suites = cases[i].client;
        client.options.suite_count = cases[i].client_count;
        server.options.suites = cases[i].server;
        server.options.suite_count = cases[i].server_count;
        dtls_pair *p = dtls_pair_make(&client, &server);
        dtls_pair_shake(p);
        assert_dtls_stands(p, cases[i].agreed);
        dtls_pair_free(&p);
    }
}

static void without_a_common_suite_nobody_gets_keys(void **state)
{
    (void)state;
    dtls_order server = dtls_order_for(SVMS_TLS_SERVER, NULL);
    server.options.flags = SVMS_DTLS_ALLOW_SHA1;
    server.options.suites = sha1_only;
    server.options.suite_count = 1;
    dtls_pair *p = dtls_pair_make(NULL, &server);
    dtls_pair_shake(p);
    assert_dtls_fails(&p->server, SVMS_E_POLICY, "no protection profile of SRTP");
    assert_dtls_fails(&p->client, SVMS_E_POLICY, "the peer refused");
    dtls_pair_free(&p);
}

static void there_are_no_keys_before_the_association_stands_nor_after(void **state)
{
    (void)state;
    svms_srtp_key keys[2] = { SVMS_SRTP_KEY_INIT, SVMS_SRTP_KEY_INIT };
    svms_dtls_peer peer = SVMS_DTLS_PEER_INIT;
    dtls_pair *p = dtls_pair_make(NULL, NULL);
    assert_int_equal(svms_dtls_phase_of(p->client.dtls), SVMS_DTLS_HANDSHAKE);
    assert_int_equal(svms_dtls_keys(p->client.dtls, &keys[0], &keys[1], NULL), SVMS_E_STATE);
    assert_int_equal(svms_dtls_peer_info(p->client.dtls, &peer, NULL), SVMS_E_STATE);
    assert_null(svms_dtls_peer_chain(p->client.dtls));
    assert_int_equal(svms_dtls_close(p->client.dtls, NULL), SVMS_E_STATE);
    dtls_pair_shake(p);
    assert_dtls_stands(p, SVMS_SRTP_AEAD_AES_256_GCM);
    assert_int_equal(svms_dtls_close(p->client.dtls, NULL), SVMS_OK);
    assert_int_equal(svms_dtls_close(p->client.dtls, NULL), SVMS_OK);
    dtls_pair_carry(p);
    dtls_end *ends[] = { &p->client, &p->server };
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(svms_dtls_phase_of(ends[i]->dtls), SVMS_DTLS_CLOSED);
        assert_int_equal(svms_dtls_keys(ends[i]->dtls, &keys[0], &keys[1], NULL), SVMS_E_STATE);
        assert_int_equal(svms_dtls_peer_info(ends[i]->dtls, &peer, NULL), SVMS_OK);
        assert_int_equal(svms_dtls_wait(ends[i]->dtls), UINT64_MAX);
        assert_int_equal(svms_dtls_tick(ends[i]->dtls, NULL), SVMS_OK);
        assert_int_equal(svms_dtls_feed(ends[i]->dtls, "\x16", 1, NULL), SVMS_OK);
    }
    dtls_pair_free(&p);
}

static void what_is_known_of_the_peer_by_fingerprint_is_no_role(void **state)
{
    (void)state;
    svms_dtls_peer peer = SVMS_DTLS_PEER_INIT;
    dtls_pair *p = dtls_pair_make(NULL, NULL);
    dtls_pair_shake(p);
    assert_int_equal(svms_dtls_peer_info(p->server.dtls, &peer, NULL), SVMS_OK);
    svms_dtls_fingerprint print = print_of(w->client, SVMS_DTLS_SHA_256);
    assert_memory_equal(&peer.fingerprint, &print, sizeof print);
    assert_int_equal(peer.by_fingerprint, 1);
    assert_int_equal(peer.roles, 0);
    assert_int_equal(peer.suite, SVMS_SRTP_AEAD_AES_256_GCM);
    assert_non_null(strstr(peer.certificate.subject, "client"));
    assert_string_equal(peer.cipher, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
    assert_non_null(svms_dtls_peer_chain(p->server.dtls));
    dtls_pair_free(&p);
}

/* Of two certificates that are made alike for nothing but their keys. */
static void a_wrong_fingerprint_ends_it_on_either_side(void **state)
{
    (void)state;
    for (int on_client = 0; on_client < 2; on_client++) {
        svms_dtls_fingerprint print = print_of(w->root, SVMS_DTLS_SHA_256);
        svms_dtls_target target = SVMS_DTLS_TARGET_INIT;
        target.fingerprints = &print;
        target.fingerprint_count = 1;
        dtls_pair *p =
            dtls_pair_make_for(NULL, NULL, on_client ? &target : NULL, on_client ? NULL : &target);
        dtls_pair_shake(p);
        assert_dtls_fails(on_client ? &p->client : &p->server, SVMS_E_UNTRUSTED,
                          "does not have the fingerprint that was named");
        assert_dtls_fails(on_client ? &p->server : &p->client, SVMS_E_POLICY,
                          "does not accept our certificate");
        dtls_pair_free(&p);
    }
}

static void of_several_fingerprints_only_those_of_the_strongest_function_count(void **state)
{
    (void)state;
    svms_dtls_fingerprint right[] = { print_of(w->client, SVMS_DTLS_SHA_256),
                                      print_of(w->client, SVMS_DTLS_SHA_384),
                                      print_of(w->client, SVMS_DTLS_SHA_512) };
    svms_dtls_fingerprint wrong[] = { print_of(w->root, SVMS_DTLS_SHA_256),
                                      print_of(w->root, SVMS_DTLS_SHA_384),
                                      print_of(w->root, SVMS_DTLS_SHA_512) };
    const struct {
        svms_dtls_fingerprint named[3];
        uint32_t count;
        bool good;
    } cases[] = {
        { { right[1] }, 1, true },
        { { right[2] }, 1, true },
        { { wrong[2], right[2], wrong[0] }, 3, true },
        { { wrong[0], wrong[0], right[0] }, 3, true },
        { { wrong[0], right[1], wrong[0] }, 3, true },
        { { right[0], wrong[1] }, 2, false },
        { { right[0], right[1], wrong[2] }, 3, false },
        { { wrong[0], wrong[1], wrong[2] }, 3, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_dtls_target target = SVMS_DTLS_TARGET_INIT;
        target.fingerprints = cases[i].named;
        target.fingerprint_count = cases[i].count;
        dtls_pair *p = dtls_pair_make_for(NULL, NULL, NULL, &target);
        dtls_pair_shake(p);
        if (cases[i].good) {
            assert_dtls_stands(p, SVMS_SRTP_AEAD_AES_256_GCM);
        } else {
            assert_dtls_fails(&p->server, SVMS_E_UNTRUSTED, "fingerprint");
        }
        dtls_pair_free(&p);
    }
}

/* WebRTC's certificates are self-signed, say nothing, and may be out of their period. */
static void a_fingerprint_needs_nothing_else_of_the_certificate(void **state)
{
    (void)state;
    static const char *const kinds[] = { "P-256", "P-384", "RSA-2048", "Ed25519" };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        identity_card *alone = card_make(
            &(card_order){ .name = "WebRTC", .key = kinds[i], .from = -90, .until = -60 });
        dtls_order client = dtls_order_for(SVMS_TLS_CLIENT, NULL);
        dtls_order server = dtls_order_for(SVMS_TLS_SERVER, NULL);
        client.card = alone;
        dtls_pair *p = dtls_pair_make(&client, &server);
        dtls_pair_shake(p);
        assert_dtls_stands(p, SVMS_SRTP_AEAD_AES_256_GCM);
        dtls_pair_free(&p);
        /* OpenSSL's DTLS has no servers with such a key. */
        if (strcmp(kinds[i], "Ed25519") == 0) {
            card_free(&alone);
            continue;
        }
        server.card = alone;
        p = dtls_pair_make(NULL, &server);
        dtls_pair_shake(p);
        assert_dtls_stands(p, SVMS_SRTP_AEAD_AES_256_GCM);
        dtls_pair_free(&p);
        card_free(&alone);
    }
}

static void a_path_is_judged_like_that_of_tls(void **state)
{
    (void)state;
    identity_card *stranger_root = card_make(&(card_order){ .name = "Stranger", .is_ca = true });
    identity_card *stranger =
        card_make(&(card_order){ .name = "s", .issuer = stranger_root, .usages = "clientAuth" });
    identity_card *no_role =
        card_make(&(card_order){ .name = "no role", .issuer = w->root, .usages = "clientAuth" });
    identity_card *elsewhere = card_make(&(card_order){ .name = "elsewhere",
                                                        .issuer = w->root,
                                                        .hosts = "DNS:other.example",
                                                        .usages = "serverAuth" });
    char *revoked = card_list(w->root, w->client);
    const struct {
        const identity_card *client;
        const identity_card *server;
        const char *lists;
        bool by_server;    /* who refuses */
        const char *words; /* NULL: it stands */
    } cases[] = {
        { w->client, w->server, NULL, false, NULL },
        { stranger, w->server, NULL, true, "issuer" },
        { no_role, w->server, NULL, true, "needed is" },
        { w->client, elsewhere, NULL, false, "server.example" },
        { w->client, w->server, revoked, true, "revoked" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dtls_order client = dtls_order_for(SVMS_TLS_CLIENT, w->root);
        dtls_order server = dtls_order_for(SVMS_TLS_SERVER, w->root);
        client.card = cases[i].client;
        if (client.card == stranger) {
            client.trust = NULL;
        }
        server.card = cases[i].server;
        server.lists = cases[i].lists;
        server.options.peer_roles = 1u << SVMS_ROLE_USER;
        dtls_pair *p = dtls_pair_make(&client, &server);
        dtls_pair_shake(p);
        if (cases[i].words) {
            assert_dtls_fails(cases[i].by_server ? &p->server : &p->client, SVMS_E_UNTRUSTED,
                              cases[i].words);
            assert_dtls_fails(cases[i].by_server ? &p->client : &p->server, SVMS_E_POLICY,
                              "the peer refused");
        } else {
            svms_dtls_peer peer = SVMS_DTLS_PEER_INIT;
            assert_dtls_stands(p, SVMS_SRTP_AEAD_AES_256_GCM);
            assert_int_equal(svms_dtls_peer_info(p->server.dtls, &peer, NULL), SVMS_OK);
            assert_int_equal(peer.roles, 1u << SVMS_ROLE_USER);
            assert_int_equal(peer.by_fingerprint, 0);
        }
        dtls_pair_free(&p);
    }
    free(revoked);
    card_free(&elsewhere);
    card_free(&no_role);
    card_free(&stranger);
    card_free(&stranger_root);
}

static void revocation_that_must_be_known_and_is_not_ends_it(void **state)
{
    (void)state;
    dtls_order client = dtls_order_for(SVMS_TLS_CLIENT, w->root);
    dtls_order server = dtls_order_for(SVMS_TLS_SERVER, w->root);
    server.options.flags = SVMS_DTLS_REQUIRE_REVOCATION;
    dtls_pair *p = dtls_pair_make(&client, &server);
    dtls_pair_shake(p);
    assert_dtls_fails(&p->server, SVMS_E_UNTRUSTED, "not known whether");
    dtls_pair_free(&p);
    char *nobody = card_list(w->root, NULL);
    server.lists = nobody;
    p = dtls_pair_make(&client, &server);
    dtls_pair_shake(p);
    assert_dtls_stands(p, SVMS_SRTP_AEAD_AES_256_GCM);
    dtls_pair_free(&p);
    free(nobody);
}

static void two_associations_have_different_keys(void **state)
{
    (void)state;
    svms_srtp_key keys[4];
    const svms_srtp_key fresh = SVMS_SRTP_KEY_INIT;
    for (size_t i = 0; i < 4; i++) {
        keys[i] = fresh;
    }
    for (size_t i = 0; i < 2; i++) {
        dtls_pair *p = dtls_pair_make(NULL, NULL);
        dtls_pair_shake(p);
        assert_int_equal(svms_dtls_keys(p->client.dtls, &keys[2 * i], &keys[2 * i + 1], NULL),
                         SVMS_OK);
        dtls_pair_free(&p);
    }
    assert_memory_not_equal(keys[0].key, keys[2].key, 32);
    assert_memory_not_equal(keys[1].key, keys[3].key, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_best_suite_of_both_gives_each_end_the_others_keys,
                                        workshop_set_up, workshop_tear_down),
        cmocka_unit_test_setup_teardown(without_a_common_suite_nobody_gets_keys, workshop_set_up,
                                        workshop_tear_down),
        cmocka_unit_test_setup_teardown(there_are_no_keys_before_the_association_stands_nor_after,
                                        workshop_set_up, workshop_tear_down),
        cmocka_unit_test_setup_teardown(what_is_known_of_the_peer_by_fingerprint_is_no_role,
                                        workshop_set_up, workshop_tear_down),
        cmocka_unit_test_setup_teardown(a_wrong_fingerprint_ends_it_on_either_side, workshop_set_up,
                                        workshop_tear_down),
        cmocka_unit_test_setup_teardown(
            of_several_fingerprints_only_those_of_the_strongest_function_count, workshop_set_up,
            workshop_tear_down),
        cmocka_unit_test_setup_teardown(a_fingerprint_needs_nothing_else_of_the_certificate,
                                        workshop_set_up, workshop_tear_down),
        cmocka_unit_test_setup_teardown(a_path_is_judged_like_that_of_tls, workshop_set_up,
                                        workshop_tear_down),
        cmocka_unit_test_setup_teardown(revocation_that_must_be_known_and_is_not_ends_it,
                                        workshop_set_up, workshop_tear_down),
        cmocka_unit_test_setup_teardown(two_associations_have_different_keys, workshop_set_up,
                                        workshop_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
