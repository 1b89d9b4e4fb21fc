/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions that are resumed, and those that must not be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "raw.h"

#define HOUR UINT64_C(3600000000000)

static context_order resuming(context_order order)
{
    order.options.tickets = SVMS_TLS_TICKETS_ROTATED;
    return order;
}

static void make_resuming(pair *p)
{
    context_order client = resuming(client_order());
    context_order server = resuming(server_order());
    pair_make(p, &client, &server);
    assert_talks(p);
    assert_int_equal(p->client.peer.resumed, 0);
}

static void by_default_nothing_is_resumed(void **state)
{
    (void)state;
    context_order client = resuming(client_order());
    pair p;
    pair_make(&p, &client, NULL);
    assert_talks(&p);
    pair_again(&p, NULL);
    assert_talks(&p);
    assert_int_equal(p.client.peer.resumed, 0);
    assert_int_equal(p.server.peer.resumed, 0);
    pair_free(&p);
}

static void a_resumed_peer_keeps_its_identity(void **state)
{
    (void)state;
    pair p;
    make_resuming(&p);
    for (int i = 0; i < 3; i++) {
        pair_again(&p, NULL);
        assert_talks(&p);
        assert_int_equal(p.client.peer.resumed, 1);
        assert_int_equal(p.server.peer.resumed, 1);
        assert_int_equal(p.client.peer.verdict, SVMS_IDENTITY_TRUSTED);
        assert_int_equal(p.client.peer.name_matches, 1);
        assert_string_equal(p.client.peer.certificate.subject, "CN=server");
        assert_string_equal(p.server.peer.certificate.subject, "CN=client");
        assert_int_equal(p.server.peer.roles, 1u << SVMS_ROLE_USER);
        assert_int_equal(svms_chain_count(svms_tls_peer_chain(p.server.tls)), 1);
    }
    pair_free(&p);
}

static void sessions_belong_to_their_target(void **state)
{
    (void)state;
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    pair p;
    make_resuming(&p);
    target.host = "127.0.0.1";
    pair_again(&p, &target);
    assert_talks(&p);
    assert_int_equal(p.client.peer.resumed, 0);
    pair_again(&p, &target);
    assert_talks(&p);
    assert_int_equal(p.client.peer.resumed, 1);
    pair_free(&p);
}

static void a_ticket_lives_through_one_change_of_keys(void **state)
{
    (void)state;
    pair p;
    make_resuming(&p);
    w->monotonic += HOUR + 1;
    pair_again(&p, NULL);
    assert_talks(&p);
    assert_int_equal(p.server.peer.resumed, 1);
    w->monotonic += 2 * HOUR + 1;
    pair_again(&p, NULL);
    assert_talks(&p);
    assert_int_equal(p.server.peer.resumed, 0);
    assert_int_equal(p.client.peer.resumed, 0);
    pair_free(&p);
}

static void a_key_that_was_previous_is_gone_after_the_next_change(void **state)
{
    (void)state;
    context_order client = resuming(client_order());
    pair p;
    pair visitor;
    make_resuming(&p);
    /* Somebody else makes the keys change while the first client sleeps. */
    memset(&visitor, 0, sizeof visitor);
    assert_int_equal(context_make(&visitor.client.context, &client, NULL), SVMS_OK);
    visitor.server.context = p.server.context;
    for (int i = 0; i < 2; i++) {
        w->monotonic += HOUR + 1;
        pair_again(&visitor, NULL);
        assert_talks(&visitor);
    }
    visitor.server.context = NULL;
    pair_free(&visitor);
    pair_again(&p, NULL);
    assert_talks(&p);
    assert_int_equal(p.server.peer.resumed, 0);
    pair_free(&p);
}

static void a_key_reads_for_two_hours_and_no_longer(void **state)
{
    (void)state;
    context_order client = resuming(client_order());
    pair p;
    pair visitor;
    make_resuming(&p);
    memset(&visitor, 0, sizeof visitor);
    assert_int_equal(context_make(&visitor.client.context, &client, NULL), SVMS_OK);
    visitor.server.context = p.server.context;
    /* The key retires late, which must not make it live longer. */
    w->monotonic += 2 * HOUR - 2;
    pair_again(&visitor, NULL);
    assert_talks(&visitor);
    visitor.server.context = NULL;
    pair_free(&visitor);
    w->monotonic += HOUR - 1;
    pair_again(&p, NULL);
    assert_talks(&p);
    assert_int_equal(p.server.peer.resumed, 0);
    pair_free(&p);
}

static void a_reload_ends_all_sessions(void **state)
{
    (void)state;
    for (int is_server = 0; is_server < 2; is_server++) {
        context_order client = resuming(client_order());
        context_order server = resuming(server_order());
        pair p;
        make_resuming(&p);
        if (is_server) {
            assert_int_equal(context_reload(p.server.context, &server, NULL), SVMS_OK);
        } else {
            assert_int_equal(context_reload(p.client.context, &client, NULL), SVMS_OK);
        }
        pair_again(&p, NULL);
        assert_talks(&p);
        assert_int_equal(p.client.peer.resumed, 0);
        pair_again(&p, NULL);
        assert_talks(&p);
        assert_int_equal(p.client.peer.resumed, 1);
        pair_free(&p);
    }
}

static void who_expired_since_is_refused(void **state)
{
    (void)state;
    identity_card *shorter = card_make(
        &(card_order){ .name = "short", .issuer = w->root, .usages = "clientAuth", .until = 3 });
    context_order client = resuming(client_order());
    context_order server = resuming(server_order());
    pair p;
    client.card = shorter;
    pair_make(&p, &client, &server);
    assert_talks(&p);
    pair_again(&p, NULL);
    assert_talks(&p);
    assert_int_equal(p.server.peer.resumed, 1);
    w->now += 4 * DAY;
    pair_again(&p, NULL);
    assert_int_equal(p.server.status, SVMS_E_UNTRUSTED);
    assert_says(&p.server.err, "expired");
    assert_int_equal(p.client.status, SVMS_E_POLICY);
    pair_free(&p);
    card_free(&shorter);
}

static void a_server_that_expired_since_is_not_resumed(void **state)
{
    (void)state;
    identity_card *shorter = card_make(&(card_order){ .name = "short",
                                                      .issuer = w->root,
                                                      .hosts = "DNS:server.example",
                                                      .usages = "serverAuth",
                                                      .until = 3 });
    context_order client = resuming(client_order());
    context_order server = resuming(server_order());
    pair p;
    server.card = shorter;
    pair_make(&p, &client, &server);
    assert_talks(&p);
    w->now += 4 * DAY;
    pair_again(&p, NULL);
    assert_int_equal(p.client.status, SVMS_E_UNTRUSTED);
    assert_says(&p.client.err, "expired");
    pair_free(&p);
    card_free(&shorter);
}

/* A list that goes out of date makes unknown what had to be known. */
static void what_must_be_known_is_asked_again(void **state)
{
    (void)state;
    char *list = card_list(w->root, NULL);
    context_order client = resuming(client_order());
    context_order server = resuming(server_order());
    pair p;
    server.lists = list;
    server.options.require_revocation = 1;
    pair_make(&p, &client, &server);
    assert_talks(&p);
    pair_again(&p, NULL);
    assert_talks(&p);
    assert_int_equal(p.server.peer.resumed, 1);
    w->now += 8 * DAY;
    pair_again(&p, NULL);
    assert_int_equal(p.server.status, SVMS_E_UNTRUSTED);
    assert_says(&p.server.err, "whether the certificate");
    pair_free(&p);
    free(list);
}

static void a_client_without_certificate_resumes_where_it_is_optional(void **state)
{
    (void)state;
    context_order client = resuming(client_order());
    context_order server = resuming(server_order());
    pair p;
    client.card = NULL;
    server.options.peer = SVMS_TLS_PEER_OPTIONAL;
    pair_make(&p, &client, &server);
    assert_talks(&p);
    pair_again(&p, NULL);
    assert_talks(&p);
    assert_int_equal(p.server.peer.resumed, 1);
    assert_int_equal(p.server.peer.verdict, SVMS_IDENTITY_UNSIGNED);
    assert_null(svms_tls_peer_chain(p.server.tls));
    pair_free(&p);
}

static void intermediates_of_a_resumed_client_are_known(void **state)
{
    (void)state;
    identity_card *middle =
        card_make(&(card_order){ .name = "Middle", .issuer = w->root, .is_ca = true });
    identity_card *card =
        card_make(&(card_order){ .name = "c", .issuer = middle, .usages = "clientAuth" });
    context_order client = resuming(client_order());
    context_order server = resuming(server_order());
    pair p;
    client.card = card;
    pair_make(&p, &client, &server);
    assert_talks(&p);
    pair_again(&p, NULL);
    assert_talks(&p);
    assert_int_equal(p.server.peer.resumed, 1);
    assert_int_equal(svms_chain_count(svms_tls_peer_chain(p.server.tls)), 2);
    pair_free(&p);
    card_free(&card);
    card_free(&middle);
}

static void tls_1_2_resumes_too_and_knows_its_peer(void **state)
{
    (void)state;
    context_order server = resuming(server_order());
    raw other;
    end ours;
    svms_tls_peer peer = SVMS_TLS_PEER_INIT;
    memset(&ours, 0, sizeof ours);
    server.options.min_version = SVMS_TLS_1_2;
    assert_int_equal(context_make(&ours.context, &server, NULL), SVMS_OK);
    raw_make(&other, false, w->client);
    SSL_CTX_set_max_proto_version(other.context, TLS1_2_VERSION);
    raw_again(&other, NULL);
    end_open(&ours, NULL);
    raw_shake(&other, &ours);
    assert_int_equal(ours.status, SVMS_OK);
    SSL_SESSION *session = SSL_get1_session(other.ssl);
    SSL_shutdown(other.ssl);
    raw_again(&other, session);
    end_open(&ours, NULL);
    raw_shake(&other, &ours);
    assert_int_equal(ours.status, SVMS_OK);
    assert_int_equal(svms_tls_peer_info(ours.tls, &peer, NULL), SVMS_OK);
    assert_int_equal(peer.resumed, 1);
    assert_int_equal(peer.version, SVMS_TLS_1_2);
    assert_int_equal(peer.roles, 1u << SVMS_ROLE_USER);
    assert_string_equal(peer.certificate.subject, "CN=client");
    SSL_SESSION_free(session);
    svms_tls_free(&ours.tls);
    svms_tls_context_free(&ours.context);
    raw_free(&other);
}

static void a_changed_ticket_is_no_ticket(void **state)
{
    (void)state;
    context_order server = resuming(server_order());
    raw other;
    end ours;
    memset(&ours, 0, sizeof ours);
    server.options.min_version = SVMS_TLS_1_2;
    assert_int_equal(context_make(&ours.context, &server, NULL), SVMS_OK);
    raw_make(&other, false, w->client);
    SSL_CTX_set_max_proto_version(other.context, TLS1_2_VERSION);
    raw_again(&other, NULL);
    end_open(&ours, NULL);
    raw_shake(&other, &ours);
    SSL_SESSION *session = SSL_get1_session(other.ssl);
    SSL_shutdown(other.ssl);
    const unsigned char *ticket = NULL;
    size_t size = 0;
    SSL_SESSION_get0_ticket(session, &ticket, &size);
    assert_true(size > 64);
    for (size_t i = 0; i < size; i += 7) {
        ((unsigned char *)(uintptr_t)ticket)[i] ^= 1;
        raw_again(&other, session);
        end_open(&ours, NULL);
        raw_shake(&other, &ours);
        assert_int_equal(ours.status, SVMS_OK);
        assert_int_equal(SSL_session_reused(other.ssl), 0);
        SSL_shutdown(other.ssl);
        ((unsigned char *)(uintptr_t)ticket)[i] ^= 1;
    }
    SSL_SESSION_free(session);
    svms_tls_free(&ours.tls);
    svms_tls_context_free(&ours.context);
    raw_free(&other);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, workshop_set_up, workshop_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(by_default_nothing_is_resumed),
        CASE(a_resumed_peer_keeps_its_identity),
        CASE(sessions_belong_to_their_target),
        CASE(a_ticket_lives_through_one_change_of_keys),
        CASE(a_key_that_was_previous_is_gone_after_the_next_change),
        CASE(a_key_reads_for_two_hours_and_no_longer),
        CASE(a_reload_ends_all_sessions),
        CASE(who_expired_since_is_refused),
        CASE(a_server_that_expired_since_is_not_resumed),
        CASE(what_must_be_known_is_asked_again),
        CASE(a_client_without_certificate_resumes_where_it_is_optional),
        CASE(intermediates_of_a_resumed_client_are_known),
        CASE(tls_1_2_resumes_too_and_knows_its_peer),
        CASE(a_changed_ticket_is_no_ticket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
