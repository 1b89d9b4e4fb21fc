/* SPDX-License-Identifier: Apache-2.0 */
/* The n-th call into the cryptographic provider fails, for every n: a good time stamp is not called
 * false, a bad one is not believed, and nobody is revoked or cleared by a hiccup. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/err.h>

#include "../container/failing_provider.h"
#include "authority.h"
#include "fixture.h"
#include "timestamp.h"

static const uint8_t digest[32] = { 1, 2, 3 };

static svms_ctx *ctx;
static party root;
static party authority;
static char anchors[8192];
static size_t anchors_size;
static made good_list;
static made forged_list;

static int set_up(void **state)
{
    (void)state;
    const party_plan ca = { .name = "CA", .from = "20200101000000Z", .to = "20600101000000Z" };
    party_plan stamper = ca;
    revocation_plan list = {
        .issuer = &root, .made = "20260501000000Z", .next = "20260701000000Z", .reason = -1
    };
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    root = party_make(&ca);
    stamper.name = "Time";
    stamper.issuer = &root;
    stamper.usage = "critical,timeStamping";
    authority = party_make(&stamper);
    anchors_size = party_pem(&root, anchors, 0, sizeof anchors);
    good_list = revocation_list(&list);
    list.forged = true;
    forged_list = revocation_list(&list);
    options.ossl_context = failing_provider_load();
    assert_non_null(options.ossl_context);
    return svms_ctx_new(&ctx, &options, NULL) != SVMS_OK;
}

static int tear_down(void **state)
{
    (void)state;
    svms_ctx_free(&ctx);
    failing_provider_unload();
    free(forged_list.data);
    free(good_list.data);
    party_free(&authority);
    party_free(&root);
    return 0;
}

typedef struct attempt {
    made token;
    const made *list;
    svms_status expected;
    svms_revocation revocation; /* when the stamp is believed */
} attempt;

static svms_status check(const attempt *what, svms_timestamp_info *info, svms_error *err)
{
    svms_trust *trust = NULL;
    svms_timestamp_question question = SVMS_TIMESTAMP_QUESTION_INIT;
    question.now_utc_ns = fixture_time("2026-06-01T00:00:00Z");
    *info = (svms_timestamp_info)SVMS_TIMESTAMP_INFO_INIT;
    svms_status status = svms_trust_from_pem_and_crls(&trust, ctx, anchors, anchors_size,
                                                      what->list ? what->list->data : NULL,
                                                      what->list ? what->list->size : 0, err);
    if (status == SVMS_OK) {
        status = svms_timestamp_check(trust, what->token.data, what->token.size, digest, &question,
                                      info, err);
    }
    svms_trust_free(&trust);
    return status;
}

/* Returns whether there was such a call. */
static bool fail_once(const attempt *what, const failing_plan *plan)
{
    svms_timestamp_info info;
    svms_error err = SVMS_ERROR_INIT;
    failing_provider_arm(plan);
    svms_status status = check(what, &info, &err);
    failing_provider_disarm();
    const char *victim = failing_provider_victim();
    assert_int_equal(ERR_peek_error(), 0);
    bool right = status == what->expected ||
                 (victim && (status == SVMS_E_CRYPTO || status == SVMS_E_NO_MEMORY));
    if (!right || (status == SVMS_OK && info.revocation != what->revocation)) {
        fail_msg("call %llu, %s, fails (manner %d%s): %s, %s, revocation %d",
                 (unsigned long long)plan->at, victim ? victim : "none", (int)plan->manner,
                 plan->lasting ? ", and all after it" : "", svms_status_name(status), err.message,
                 (int)info.revocation);
    }
    return victim != NULL;
}

static void fail_every_call(const attempt *what)
{
    static const failing_manner manners[] = { FAILS_SILENTLY, FAILS_WITH_REASON, FAILS_NEGATIVELY };
    for (size_t i = 0; i < 6; i++) {
        failing_plan plan = { 1, manners[i % 3], i >= 3 };
        while (fail_once(what, &plan)) {
            plan.at++;
        }
        assert_true(plan.at > 10);
    }
}

static made token(void)
{
    const stamp_plan plan = { .authority = &authority,
                              .when = "2026-03-04T05:06:07Z",
                              .digest = digest };
    return stamp_token(&plan);
}

static void a_good_stamp_is_believed_or_not_judged(void **state)
{
    (void)state;
    attempt what = { token(), NULL, SVMS_OK, SVMS_REVOCATION_NOT_CHECKED };
    fail_every_call(&what);
    what.list = &good_list;
    what.revocation = SVMS_REVOCATION_GOOD;
    fail_every_call(&what);
    what.list = &forged_list;
    what.revocation = SVMS_REVOCATION_BAD_LIST;
    fail_every_call(&what);
    free(what.token.data);
}

static void a_bad_stamp_is_never_believed(void **state)
{
    (void)state;
    attempt what = { token(), NULL, SVMS_E_NOT_AUTHENTIC, SVMS_REVOCATION_NOT_CHECKED };
    what.token.data[what.token.size - 1] ^= 1;
    fail_every_call(&what);
    free(what.token.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_stamp_is_believed_or_not_judged),
        cmocka_unit_test(a_bad_stamp_is_never_believed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
