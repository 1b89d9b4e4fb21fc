/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that answer later, in another order, wrongly or never (CS-SGN-3, CS-SGN-5). */
#include "../base/cmocka_all.h"

#include "../crypto/key_material.h"
#include "../crypto/key_owner.h"
#include "camera_desk.h"

/* A desk whose key is with somebody else. The first request is that of the certificate SEI. */
typedef struct late_desk {
    desk desk;
    owner who;
    svms_private_key *outside;
} late_desk;

static void open_with(late_desk *l, const char *kind)
{
    memset(l, 0, sizeof *l);
    desk *d = &l->desk;
    desk_open(d, kind, NULL);
    owner_start(&l->who, svms_private_key_evp(d->key));
    svms_public_key *half = take_public(d->ctx, svms_private_key_evp(d->key));
    svms_signer signer = signer_of(&l->who);
    assert_int_equal(svms_private_key_from_signer(&l->outside, d->ctx, half, &signer, NULL),
                     SVMS_OK);
    svms_public_key_free(&half);
    d->options.key = l->outside;
}

static void start(late_desk *l)
{
    l->who.time = AT_ONCE;
    desk_start(&l->desk);
    l->who.time = WHEN_TOLD;
}

static void answer(late_desk *l, int request)
{
    assert_true(request < l->who.request_count);
    assert_int_equal(
        owner_answers_sign(&l->who, l->who.sign_requests[request], l->who.sign_messages[request]),
        SVMS_OK);
}

static void end_answers(late_desk *l)
{
    l->who.time = AT_ONCE;
}

static void close_all(late_desk *l)
{
    desk_stop(&l->desk);
    svms_private_key_free(&l->outside);
    owner_ends(&l->who);
    assert_int_equal(l->who.release_count, 1);
    desk_close(&l->desk);
}

static uint32_t waiting(const late_desk *l)
{
    return svms_camera_signer_waiting(l->desk.signer);
}

static void the_stream_goes_on_until_the_signature_comes(void **state)
{
    (void)state;
    static const char *const kinds[] = { "P-256", "P-384", "RSA" };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        late_desk l;
        open_with(&l, kinds[i]);
        desk *d = &l.desk;
        start(&l);
        desk_feed(d, "I", "cI");
        assert_int_equal(waiting(&l), 0);
        desk_feed(d, "I", "I");
        assert_int_equal(waiting(&l), 1);
        desk_feed(d, "P", "P");
        answer(&l, 1);
        desk_feed(d, "st", "..");
        assert_int_equal(waiting(&l), 0);
        desk_feed(d, "DP", ".SP");
        end_answers(&l);
        desk_end(d, "S");
        signed_summary sum = desk_check(d);
        assert_int_equal(sum.signatures, 2);
        assert_int_equal(sum.gaps, 0);
        assert_int_equal(sum.tail, 0);
        close_all(&l);
    }
}

static void answers_in_the_wrong_order_become_seis_in_the_right_one(void **state)
{
    (void)state;
    late_desk l;
    open_with(&l, "P-256");
    desk *d = &l.desk;
    d->options.copies = 2;
    start(&l);
    desk_feed(d, "I", "ccI");
    for (int i = 0; i < 3; i++) {
        desk_feed(d, "I", "I");
    }
    assert_int_equal(waiting(&l), 3);
    answer(&l, 3);
    desk_feed(d, "P", "P");
    answer(&l, 2);
    desk_feed(d, "P", "P");
    assert_int_equal(waiting(&l), 3);
    answer(&l, 1);
    desk_feed(d, "P", "SSSSSSP");
    assert_int_equal(waiting(&l), 0);
    end_answers(&l);
    desk_end(d, "SS");
    assert_int_equal(desk_check(d).signatures, 4);
    assert_int_equal(desk_check(d).gaps, 0);
    close_all(&l);
}

static void seis_without_signature_wait_behind_those_that_get_one(void **state)
{
    (void)state;
    late_desk l;
    open_with(&l, "P-256");
    desk *d = &l.desk;
    d->options.sign_every = 2;
    start(&l);
    desk_feed(d, "I", "cI");
    desk_feed(d, "I", "I");  /* U 0 */
    desk_feed(d, "P", "UP"); /* and goes out */
    desk_feed(d, "I", "I");  /* S 1 */
    desk_feed(d, "I", "I");  /* U 2 behind it */
    desk_feed(d, "P", "P");
    assert_int_equal(waiting(&l), 2);
    desk_feed(d, "I", "I"); /* S 3 */
    desk_feed(d, "I", "I"); /* U 4 */
    assert_int_equal(waiting(&l), 4);
    answer(&l, 1);
    desk_feed(d, "I", "SUI"); /* S 5 */
    assert_int_equal(waiting(&l), 3);
    answer(&l, 2);
    desk_feed(d, "P", "SUP");
    answer(&l, 3);
    desk_feed(d, "P", "SP");
    end_answers(&l);
    desk_end(d, "S");
    signed_summary sum = desk_check(d);
    assert_int_equal(sum.gops, 7);
    assert_int_equal(sum.signatures, 4);
    assert_int_equal(sum.gaps, 0);
    assert_int_equal(sum.tail, 0);
    close_all(&l);
}

/* An answer that comes when its access unit closes another list: what waited without a signature,
 * and closed there, stays until the next. */
static void what_closed_just_now_without_signature_waits_for_the_next_access_unit(void **state)
{
    (void)state;
    late_desk l;
    open_with(&l, "P-256");
    desk *d = &l.desk;
    d->options.sign_every = 2;
    start(&l);
    desk_feed(d, "I", "cI");
    desk_feed(d, "I", "I");
    desk_feed(d, "I", "UI");
    answer(&l, 1);
    desk_feed(d, "I", "SI");
    desk_feed(d, "P", "UP");
    end_answers(&l);
    desk_end(d, "S");
    assert_int_equal(desk_check(d).gops, 4);
    assert_int_equal(desk_check(d).tail, 0);
    close_all(&l);
}

static void a_late_failure_costs_its_own_gop_alone(void **state)
{
    (void)state;
    static const svms_status failures[] = { SVMS_E_CANCELLED, SVMS_E_IO, SVMS_E_CRYPTO };
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        late_desk l;
        open_with(&l, "P-256");
        desk *d = &l.desk;
        start(&l);
        desk_feed(d, "I", "cI");
        desk_feed(d, "I", "I");
        desk_feed(d, "I", "I");
        desk_feed(d, "I", "I");
        answer(&l, 2);
        l.who.failure = failures[i];
        answer(&l, 1);
        l.who.failure = SVMS_OK;
        assert_int_equal(desk_try(d, "P"), failures[i]);
        assert_int_equal(d->err.status, failures[i]);
        /* What waited behind it goes out at once. */
        assert_string_equal(d->text, "SP");
        answer(&l, 3);
        desk_feed(d, "P", "SP");
        end_answers(&l);
        desk_end(d, "S");
        signed_summary sum = desk_check(d);
        assert_int_equal(sum.signatures, 3);
        assert_int_equal(sum.gaps, 1);
        assert_int_equal(sum.covered, 5);
        assert_int_equal(sum.tail, 0);
        close_all(&l);
    }
}

static void a_key_that_refuses_costs_its_gop_alone(void **state)
{
    (void)state;
    late_desk l;
    open_with(&l, "P-256");
    desk *d = &l.desk;
    start(&l);
    desk_feed(d, "I", "cI");
    desk_feed(d, "I", "I");
    l.who.refusal = SVMS_E_IO;
    assert_int_equal(desk_try(d, "I"), SVMS_E_IO);
    assert_string_equal(d->text, "I");
    assert_int_equal(waiting(&l), 1);
    l.who.refusal = SVMS_OK;
    answer(&l, 1);
    desk_feed(d, "I", "SI");
    answer(&l, 3);
    end_answers(&l);
    desk_end(d, "SS");
    signed_summary sum = desk_check(d);
    assert_int_equal(sum.signatures, 3);
    assert_int_equal(sum.gaps, 1);
    close_all(&l);
}

static void a_signature_that_does_not_verify_is_not_sent(void **state)
{
    (void)state;
    late_desk l;
    open_with(&l, "P-256");
    desk *d = &l.desk;
    start(&l);
    desk_feed(d, "I", "cI");
    desk_feed(d, "I", "I");
    uint8_t zeros[64] = { 1 };
    assert_int_equal(
        svms_sign_request_complete(l.who.sign_requests[1], SVMS_OK, zeros, sizeof zeros), SVMS_OK);
    assert_int_equal(desk_try(d, "P"), SVMS_E_CRYPTO);
    assert_string_equal(d->text, "P");
    end_answers(&l);
    desk_end(d, "S");
    assert_int_equal(desk_check(d).gaps, 1);
    close_all(&l);
}

static void a_key_that_never_answers_costs_bounded_memory(void **state)
{
    (void)state;
    late_desk l;
    open_with(&l, "P-256");
    desk *d = &l.desk;
    start(&l);
    desk_feed(d, "I", "cI");
    for (uint32_t i = 1; i <= SVMS_CAMERA_WAITING_MAX; i++) {
        desk_feed(d, "I", "I");
        assert_int_equal(waiting(&l), i);
    }
    size_t live = d->allocator.live;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(desk_try(d, "I"), SVMS_E_LIMIT);
        assert_string_equal(d->text, "I");
    }
    assert_int_equal(waiting(&l), SVMS_CAMERA_WAITING_MAX);
    assert_int_equal(d->allocator.live, live);
    /* When it comes back, so does the stream. */
    answer(&l, 1);
    desk_feed(d, "P", "SP");
    desk_feed(d, "I", "I");
    assert_int_equal(waiting(&l), SVMS_CAMERA_WAITING_MAX);
    assert_int_equal(l.who.request_count, 2 + SVMS_CAMERA_WAITING_MAX);
    /* Nobody wants these any more. */
    svms_camera_signer_free(&d->signer);
    for (int i = 2; i < l.who.request_count; i++) {
        answer(&l, i);
    }
    close_all(&l);
}

static void the_end_waits_for_what_is_under_way(void **state)
{
    (void)state;
    late_desk l;
    open_with(&l, "P-256");
    desk *d = &l.desk;
    d->options.sign_every = 2;
    l.who.time = ON_THREAD;
    desk_start(d);
    l.who.time = WHEN_TOLD;
    desk_feed(d, "I", "cI");
    desk_feed(d, "I", "I");
    desk_feed(d, "I", "UI");
    desk_feed(d, "I", "I");
    desk_feed(d, "P", "P");
    assert_int_equal(waiting(&l), 2);
    /* The request that waits, and the last one. */
    answer(&l, 1);
    l.who.time = ON_THREAD;
    desk_end(d, "SUS");
    signed_summary sum = desk_check(d);
    assert_int_equal(sum.gops, 4);
    assert_int_equal(sum.tail, 0);
    close_all(&l);
}

static void at_the_end_a_failure_leaves_the_other_seis(void **state)
{
    (void)state;
    late_desk l;
    open_with(&l, "P-256");
    desk *d = &l.desk;
    start(&l);
    desk_feed(d, "I", "cI");
    desk_feed(d, "I", "I");
    desk_feed(d, "I", "I");
    answer(&l, 2);
    l.who.failure = SVMS_E_CANCELLED;
    answer(&l, 1);
    l.who.failure = SVMS_OK;
    end_answers(&l);
    assert_int_equal(desk_try_end(d), SVMS_E_CANCELLED);
    assert_string_equal(d->text, "SS");
    assert_int_equal(desk_check(d).gaps, 1);
    assert_int_equal(desk_try_end(d), SVMS_E_STATE);
    close_all(&l);
}

static void without_a_certificate_sei_there_is_no_signer(void **state)
{
    (void)state;
    late_desk l;
    open_with(&l, "P-256");
    l.who.failure = SVMS_E_CANCELLED;
    assert_int_equal(desk_try_start(&l.desk), SVMS_E_CANCELLED);
    assert_null(l.desk.signer);
    l.who.refusal = SVMS_E_IO;
    assert_int_equal(desk_try_start(&l.desk), SVMS_E_IO);
    assert_null(l.desk.signer);
    close_all(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_stream_goes_on_until_the_signature_comes),
        cmocka_unit_test(answers_in_the_wrong_order_become_seis_in_the_right_one),
        cmocka_unit_test(seis_without_signature_wait_behind_those_that_get_one),
        cmocka_unit_test(what_closed_just_now_without_signature_waits_for_the_next_access_unit),
        cmocka_unit_test(a_late_failure_costs_its_own_gop_alone),
        cmocka_unit_test(a_key_that_refuses_costs_its_gop_alone),
        cmocka_unit_test(a_signature_that_does_not_verify_is_not_sent),
        cmocka_unit_test(a_key_that_never_answers_costs_bounded_memory),
        cmocka_unit_test(the_end_waits_for_what_is_under_way),
        cmocka_unit_test(at_the_end_a_failure_leaves_the_other_seis),
        cmocka_unit_test(without_a_certificate_sei_there_is_no_signer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
