/* SPDX-License-Identifier: Apache-2.0 */
/* Clients that must show that they hear what is sent to their address (DT-15 to DT-17). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dtls_pair.h"

static const char home[] = "192.0.2.7:5000";
static const char abroad[] = "192.0.2.8:5000";

typedef struct visit {
    dtls_pair *p;
    svms_dtls_target target;
    svms_dtls_fingerprint print;
    uint8_t hello[SVMS_DTLS_MTU_MAX];
    size_t hello_size;
    uint8_t answer[256];
    size_t answer_size;
    svms_dtls *dtls;
} visit;

static svms_status knock(visit *v, const char *address)
{
    return svms_dtls_accept(&v->dtls, v->p->server.context, &v->target, address, strlen(address),
                            v->hello, v->hello_size, v->answer, sizeof v->answer, &v->answer_size,
                            NULL);
}

/* The last one: on a slow machine the one before may have been sent again. */
static void take_hello(visit *v)
{
    size_t size = 0;
    v->hello_size = 0;
    while (svms_dtls_drain(v->p->client.dtls, v->hello, sizeof v->hello, &size, NULL) == SVMS_OK) {
        v->hello_size = size;
    }
    assert_true(v->hello_size > 0);
}

static void begin(visit *v)
{
    memset(v, 0, sizeof *v);
    v->p = dtls_pair_make(NULL, NULL);
    v->target = (svms_dtls_target)SVMS_DTLS_TARGET_INIT;
    v->print = print_of(w->client, SVMS_DTLS_SHA_256);
    v->target.fingerprints = &v->print;
    v->target.fingerprint_count = 1;
    take_hello(v);
}

/* The client's first message with the cookie that it was given. */
static void answer_cookie(visit *v)
{
    assert_int_equal(svms_dtls_feed(v->p->client.dtls, v->answer, v->answer_size, NULL), SVMS_OK);
    take_hello(v);
}

static void finish(visit *v)
{
    svms_dtls_free(&v->dtls);
    dtls_pair_free(&v->p);
}

static void whoever_brings_the_cookie_back_is_heard(void **state)
{
    (void)state;
    visit v;
    begin(&v);
    size_t before = w->live;
    assert_int_equal(knock(&v, home), SVMS_AGAIN);
    assert_null(v.dtls);
    assert_int_equal(w->live, before);
    assert_true(v.answer_size > 0 && v.answer_size <= v.hello_size);
    answer_cookie(&v);
    assert_int_equal(knock(&v, home), SVMS_OK);
    assert_int_equal(v.answer_size, 0);
    svms_dtls_free(&v.p->server.dtls);
    v.p->server.dtls = v.dtls;
    v.dtls = NULL;
    dtls_pair_shake(v.p);
    assert_dtls_stands(v.p, SVMS_SRTP_AEAD_AES_256_GCM);
    finish(&v);
}

static void a_cookie_is_good_for_its_address_alone(void **state)
{
    (void)state;
    visit v;
    begin(&v);
    assert_int_equal(knock(&v, home), SVMS_AGAIN);
    answer_cookie(&v);
    assert_int_equal(knock(&v, abroad), SVMS_AGAIN);
    assert_int_equal(knock(&v, home), SVMS_OK);
    finish(&v);
}

static void a_cookie_is_good_for_one_to_two_minutes(void **state)
{
    (void)state;
    static const struct {
        int64_t later; /* seconds */
        svms_status status;
    } cases[] = { { 0, SVMS_OK }, { 60, SVMS_OK }, { 120, SVMS_AGAIN }, { -60, SVMS_AGAIN } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        visit v;
        begin(&v);
        assert_int_equal(knock(&v, home), SVMS_AGAIN);
        answer_cookie(&v);
        w->now += cases[i].later;
        assert_int_equal(knock(&v, home), cases[i].status);
        w->now -= cases[i].later;
        finish(&v);
    }
}

static void a_cookie_of_another_context_is_none(void **state)
{
    (void)state;
    visit v;
    visit other;
    begin(&v);
    begin(&other);
    assert_int_equal(knock(&v, home), SVMS_AGAIN);
    answer_cookie(&v);
    memcpy(other.hello, v.hello, v.hello_size);
    other.hello_size = v.hello_size;
    assert_int_equal(knock(&other, home), SVMS_AGAIN);
    finish(&other);
    finish(&v);
}

/* Version, random and session stand before the cookie in a first message. */
#define COOKIE_AT (13 + 12 + 2 + 32 + 1 + 1)

static void a_cookie_with_any_bit_changed_is_none(void **state)
{
    (void)state;
    visit v;
    begin(&v);
    assert_int_equal(knock(&v, home), SVMS_AGAIN);
    answer_cookie(&v);
    assert_int_equal(v.hello[COOKIE_AT - 1], 32);
    for (size_t i = 0; i < 32; i++) {
        v.hello[COOKIE_AT + i] ^= 1;
        assert_int_equal(knock(&v, home), SVMS_AGAIN);
        v.hello[COOKIE_AT + i] ^= 1;
    }
    assert_int_equal(knock(&v, home), SVMS_OK);
    finish(&v);
}

static void what_is_no_first_message_gets_no_answer(void **state)
{
    (void)state;
    visit v;
    svms_dtls *dtls = NULL;
    uint8_t answer[256];
    size_t size = 1;
    begin(&v);
    /* Every shorter one, and each with one byte of its headers changed to what it must not be. */
    size_t whole = v.hello_size;
    for (v.hello_size = 0; v.hello_size < whole; v.hello_size++) {
        assert_int_equal(knock(&v, home), SVMS_E_MALFORMED);
        assert_int_equal(v.answer_size, 0);
    }
    v.hello_size = whole;
    static const uint8_t places[] = { 0, 1, 3, 4, 11, 13, 17, 18, 19 };
    for (size_t i = 0; i < sizeof places; i++) {
        uint8_t before = v.hello[places[i]];
        v.hello[places[i]] = (uint8_t)(before ^ 0x81);
        assert_int_equal(knock(&v, home), SVMS_E_MALFORMED);
        v.hello[places[i]] = before;
    }
    assert_int_equal(svms_dtls_accept(&dtls, v.p->server.context, &v.target, home, sizeof home,
                                      v.hello, v.hello_size, answer, 10, &size, NULL),
                     SVMS_E_LIMIT);
    assert_int_equal(size, 0);
    finish(&v);
}

static void only_servers_accept_and_only_from_somewhere(void **state)
{
    (void)state;
    visit v;
    svms_error err = SVMS_ERROR_INIT;
    begin(&v);
    size_t size = 0;
    svms_dtls_context *client = v.p->client.context;
    svms_dtls_context *server = v.p->server.context;
    assert_int_equal(svms_dtls_accept(&v.dtls, client, &v.target, home, 5, v.hello, v.hello_size,
                                      v.answer, sizeof v.answer, &size, &err),
                     SVMS_E_USAGE);
    assert_says(&err, "only servers");
    assert_int_equal(svms_dtls_accept(&v.dtls, server, &v.target, home, 0, v.hello, v.hello_size,
                                      v.answer, sizeof v.answer, &size, &err),
                     SVMS_E_USAGE);
    assert_int_equal(svms_dtls_accept(&v.dtls, server, &v.target, v.hello, 65, v.hello,
                                      v.hello_size, v.answer, sizeof v.answer, &size, &err),
                     SVMS_E_USAGE);
    assert_says(&err, "1 to 64 bytes");
    assert_int_equal(svms_dtls_accept(&v.dtls, server, NULL, home, 5, v.hello, v.hello_size,
                                      v.answer, sizeof v.answer, &size, &err),
                     SVMS_E_USAGE);
    assert_says(&err, "fingerprint is needed");
    finish(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whoever_brings_the_cookie_back_is_heard, workshop_set_up,
                                        workshop_tear_down),
        cmocka_unit_test_setup_teardown(a_cookie_is_good_for_its_address_alone, workshop_set_up,
                                        workshop_tear_down),
        cmocka_unit_test_setup_teardown(a_cookie_is_good_for_one_to_two_minutes, workshop_set_up,
                                        workshop_tear_down),
        cmocka_unit_test_setup_teardown(a_cookie_of_another_context_is_none, workshop_set_up,
                                        workshop_tear_down),
        cmocka_unit_test_setup_teardown(a_cookie_with_any_bit_changed_is_none, workshop_set_up,
                                        workshop_tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_first_message_gets_no_answer, workshop_set_up,
                                        workshop_tear_down),
        cmocka_unit_test_setup_teardown(only_servers_accept_and_only_from_somewhere,
                                        workshop_set_up, workshop_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
