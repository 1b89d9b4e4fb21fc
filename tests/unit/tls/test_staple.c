/* SPDX-License-Identifier: Apache-2.0 */
/* OCSP responses that a server staples, and what clients make of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/ocsp.h>

#include "raw.h"

static int give(SSL *ssl, void *argument)
{
    const context_order *from = argument;
    unsigned char *copy = OPENSSL_memdup(from->staple, from->staple_size);
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)from->staple_size);
    return SSL_TLSEXT_ERR_OK;
}

static void a_good_staple_is_told(void **state)
{
    (void)state;
    context_order server = server_order();
    context_order client = client_order();
    pair p;
    uint8_t *staple = card_ocsp(w->server, V_OCSP_CERTSTATUS_GOOD, 3, &server.staple_size);
    server.staple = staple;
    client.options.require_staple = 1;
    client.options.require_revocation = 1;
    pair_make(&p, &client, &server);
    assert_talks(&p);
    assert_int_equal(p.client.peer.stapled, 1);
    assert_int_equal(p.client.peer.revocation, SVMS_REVOCATION_GOOD);
    pair_free(&p);
    free(staple);
}

static void a_staple_that_is_required_must_be_there(void **state)
{
    (void)state;
    context_order client = client_order();
    pair p;
    pair_make(&p, NULL, NULL);
    assert_int_equal(p.client.peer.stapled, 0);
    pair_free(&p);
    client.options.require_staple = 1;
    pair_make(&p, &client, NULL);
    assert_int_equal(p.client.status, SVMS_E_UNTRUSTED);
    assert_says(&p.client.err, "no OCSP response was stapled");
    assert_int_equal(p.server.status, SVMS_E_POLICY);
    pair_free(&p);
}

static void stapling_stops_when_the_response_is_out_of_date(void **state)
{
    (void)state;
    context_order server = server_order();
    pair p;
    uint8_t *staple = card_ocsp(w->server, V_OCSP_CERTSTATUS_GOOD, 3, &server.staple_size);
    server.staple = staple;
    pair_make(&p, NULL, &server);
    assert_int_equal(p.client.peer.stapled, 1);
    w->now += 3 * DAY;
    pair_again(&p, NULL);
    assert_talks(&p);
    assert_int_equal(p.client.peer.stapled, 0);
    pair_free(&p);
    free(staple);
}

static void what_no_client_would_take_is_not_stapled(void **state)
{
    (void)state;
    context_order server = server_order();
    svms_tls_context *context = NULL;
    svms_error err = SVMS_ERROR_INIT;
    uint8_t *staple = card_ocsp(w->server, V_OCSP_CERTSTATUS_REVOKED, 3, &server.staple_size);
    server.staple = staple;
    assert_int_equal(context_make(&context, &server, &err), SVMS_E_UNTRUSTED);
    assert_says(&err, "revoked");
    free(staple);
    staple = card_ocsp(w->client, V_OCSP_CERTSTATUS_GOOD, 3, &server.staple_size);
    server.staple = staple;
    assert_int_equal(context_make(&context, &server, &err), SVMS_E_UNTRUSTED);
    assert_says(&err, "says nothing");
    w->now += 4 * DAY;
    free(staple);
    staple = card_ocsp(w->server, V_OCSP_CERTSTATUS_GOOD, 3, &server.staple_size);
    server.staple = staple;
    assert_int_equal(context_make(&context, &server, &err), SVMS_E_UNTRUSTED);
    assert_says(&err, "out of date");
    server.staple = (const uint8_t *)"garbage";
    server.staple_size = 7;
    assert_int_equal(context_make(&context, &server, &err), SVMS_E_UNTRUSTED);
    free(staple);
    assert_null(context);
}

static void a_staple_that_says_revoked_is_believed(void **state)
{
    (void)state;
    for (int version = SVMS_TLS_1_3; version <= SVMS_TLS_1_2; version++) {
        context_order from = server_order();
        context_order client = client_order();
        svms_tls_target target = SVMS_TLS_TARGET_INIT;
        raw other;
        end ours;
        uint8_t *staple = card_ocsp(w->server, V_OCSP_CERTSTATUS_REVOKED, 3, &from.staple_size);
        memset(&ours, 0, sizeof ours);
        from.staple = staple;
        target.host = "server.example";
        client.options.min_version = (svms_tls_version)version;
        assert_int_equal(context_make(&ours.context, &client, NULL), SVMS_OK);
        raw_make(&other, true, w->server);
        SSL_CTX_set_max_proto_version(other.context,
                                      version == SVMS_TLS_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION);
        SSL_CTX_set_tlsext_status_cb(other.context, give);
        SSL_CTX_set_tlsext_status_arg(other.context, &from);
        raw_again(&other, NULL);
        end_open(&ours, &target);
        raw_shake(&other, &ours);
        assert_int_equal(ours.status, SVMS_E_UNTRUSTED);
        assert_says(&ours.err, "revoked");
        svms_tls_free(&ours.tls);
        svms_tls_context_free(&ours.context);
        raw_free(&other);
        free(staple);
    }
}

static void a_staple_counts_in_tls_1_2_too(void **state)
{
    (void)state;
    context_order from = server_order();
    context_order client = client_order();
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    svms_tls_peer peer = SVMS_TLS_PEER_INIT;
    raw other;
    end ours;
    uint8_t *staple = card_ocsp(w->server, V_OCSP_CERTSTATUS_GOOD, 3, &from.staple_size);
    memset(&ours, 0, sizeof ours);
    from.staple = staple;
    target.host = "server.example";
    client.options.min_version = SVMS_TLS_1_2;
    client.options.require_staple = 1;
    client.options.require_revocation = 1;
    assert_int_equal(context_make(&ours.context, &client, NULL), SVMS_OK);
    raw_make(&other, true, w->server);
    SSL_CTX_set_max_proto_version(other.context, TLS1_2_VERSION);
    SSL_CTX_set_tlsext_status_cb(other.context, give);
    SSL_CTX_set_tlsext_status_arg(other.context, &from);
    raw_again(&other, NULL);
    end_open(&ours, &target);
    raw_shake(&other, &ours);
    if (ours.status != SVMS_OK) {
        fail_msg("%s", ours.err.message);
    }
    assert_int_equal(svms_tls_peer_info(ours.tls, &peer, NULL), SVMS_OK);
    assert_int_equal(peer.stapled, 1);
    assert_int_equal(peer.revocation, SVMS_REVOCATION_GOOD);
    svms_tls_free(&ours.tls);
    svms_tls_context_free(&ours.context);
    raw_free(&other);
    free(staple);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, workshop_set_up, workshop_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_good_staple_is_told),
        CASE(a_staple_that_is_required_must_be_there),
        CASE(stapling_stops_when_the_response_is_out_of_date),
        CASE(what_no_client_would_take_is_not_stapled),
        CASE(a_staple_that_says_revoked_is_believed),
        CASE(a_staple_counts_in_tls_1_2_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
