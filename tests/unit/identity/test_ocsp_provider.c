/* SPDX-License-Identifier: Apache-2.0 */
/* The n-th call into the cryptographic provider fails, for every n, while OCSP responses are read
 * and used: nobody who is revoked becomes trusted by it, and nobody who is not becomes revoked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/err.h>

#include "../container/failing_provider.h"
#include "fixture.h"
#include "ocsp_case.h"
#include "purpose.h"

#define TEXT_ROOM 16384

static svms_ctx *ctx;
static party root;
static party server;
static party responder;
static party stranger;
static svms_chain *chain;
static char anchors[TEXT_ROOM];
static size_t anchors_size;

static int set_up(void **state)
{
    (void)state;
    char text[TEXT_ROOM];
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    party_plan plan = { .name = "root", .from = "20250101000000Z", .to = "20280101000000Z" };
    root = party_make(&plan);
    plan.issuer = &root;
    plan.name = "server";
    plan.usage = "serverAuth";
    server = party_make(&plan);
    plan.name = "responder";
    plan.usage = "OCSPSigning";
    responder = party_make(&plan);
    plan.name = "stranger";
    plan.usage = "clientAuth";
    stranger = party_make(&plan);
    anchors_size = party_pem(&root, anchors, 0, sizeof anchors);
    size_t size = party_pem(&server, text, 0, sizeof text);
    options.ossl_context = failing_provider_load();
    assert_non_null(options.ossl_context);
    assert_int_equal(svms_ctx_new(&ctx, &options, NULL), SVMS_OK);
    return svms_chain_from_pem(&chain, ctx, text, size, NULL) != SVMS_OK;
}

static int tear_down(void **state)
{
    (void)state;
    svms_chain_free(&chain);
    svms_ctx_free(&ctx);
    failing_provider_unload();
    party_free(&root);
    party_free(&server);
    party_free(&responder);
    party_free(&stranger);
    return 0;
}

/* A response about the server, and what follows from it when nothing fails. */
typedef struct answer_case {
    const party *signer; /* NULL: the issuer */
    const char *revoked;
    svms_status truth;
    svms_revocation known;
} answer_case;

static svms_status attempt(const made *answer, svms_revocation *revocation, svms_error *err)
{
    const void *responses[] = { answer->data };
    svms_trust_options options = SVMS_TRUST_OPTIONS_INIT;
    svms_trust *trust = NULL;
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_purpose_question question = { .purpose = SVMS_PURPOSE_TLS_SERVER,
                                       .now_utc_ns = fixture_time("2026-06-01T00:00:00Z") };
    options.anchors = anchors;
    options.anchors_size = anchors_size;
    options.ocsp = responses;
    options.ocsp_sizes = &answer->size;
    options.ocsp_count = 1;
    svms_status status = svms_trust_new(&trust, ctx, &options, err);
    if (status == SVMS_OK) {
        status = svms_purpose_check(trust, chain, &question, &result, err);
    }
    *revocation = result.revocation;
    svms_trust_free(&trust);
    return status;
}

/* Returns whether there was such a call. */
static bool fail_once(const made *answer, const answer_case *what, const failing_plan *plan)
{
    svms_revocation revocation = SVMS_REVOCATION_NOT_CHECKED;
    svms_error err = SVMS_ERROR_INIT;
    failing_provider_arm(plan);
    svms_status status = attempt(answer, &revocation, &err);
    failing_provider_disarm();
    const char *victim = failing_provider_victim();
    assert_int_equal(ERR_peek_error(), 0);
    bool is_true = status == what->truth && revocation == what->known;
    bool is_ours = victim && (status == SVMS_E_CRYPTO || status == SVMS_E_NO_MEMORY);
    if (!is_true && !is_ours) {
        fail_msg("call %llu, %s, fails (manner %d%s): %s, %s, revocation %d",
                 (unsigned long long)plan->at, victim ? victim : "none", (int)plan->manner,
                 plan->lasting ? ", and all after it" : "", svms_status_name(status), err.message,
                 (int)revocation);
    }
    return victim != NULL;
}

static void answers_are_true_or_not_judged(void **state)
{
    (void)state;
    static const failing_manner manners[] = { FAILS_SILENTLY, FAILS_WITH_REASON, FAILS_NEGATIVELY };
    static const char may[] = "20260515000000Z";
    const answer_case cases[] = {
        { NULL, NULL, SVMS_OK, SVMS_REVOCATION_GOOD },
        { NULL, may, SVMS_E_UNTRUSTED, SVMS_REVOCATION_REVOKED },
        { &responder, NULL, SVMS_OK, SVMS_REVOCATION_GOOD },
        { &responder, may, SVMS_E_UNTRUSTED, SVMS_REVOCATION_REVOKED },
        { &stranger, may, SVMS_OK, SVMS_REVOCATION_BAD_LIST },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ocsp_plan plan = { .about = &server,
                           .issuer = &root,
                           .signer = cases[i].signer,
                           .revoked = cases[i].revoked,
                           .from = "20260501000000Z",
                           .to = "20260701000000Z" };
        made answer = ocsp_response(&plan);
        for (size_t j = 0; j < 6; j++) {
            failing_plan failing = { 1, manners[j % 3], j >= 3 };
            while (fail_once(&answer, &cases[i], &failing)) {
                failing.at++;
            }
            assert_true(failing.at > 10);
        }
        free(answer.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_true_or_not_judged),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
