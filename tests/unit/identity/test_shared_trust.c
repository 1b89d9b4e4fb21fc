/* SPDX-License-Identifier: Apache-2.0 */
/* Threads share a store and a chain. Under ThreadSanitizer this shows that they may. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chain_internal.h"
#include "fixture.h"
#include "ocsp_case.h"
#include "purpose.h"

#define THREADS 4
#define ROUNDS 40
#define TEXT_ROOM 16384

typedef struct shared {
    const svms_trust *trust;
    const svms_chain *chain;
    int64_t now_utc_ns;
    const made *staple;
} shared;

/* Number of rounds that went as they should. */
static size_t ask(const shared *of)
{
    size_t right = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
        svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
        svms_purpose_question question = { .purpose = SVMS_PURPOSE_TLS_SERVER,
                                           .now_utc_ns = of->now_utc_ns };
        if (i % 2 == 0) {
            question.staple = of->staple->data;
            question.staple_size = of->staple->size;
        }
        svms_trust *trust = svms_trust_retain(of->trust);
        svms_chain *chain = svms_chain_retain(of->chain);
        right += svms_purpose_check(trust, chain, &question, &result, NULL) == SVMS_OK &&
                 result.revocation == SVMS_REVOCATION_GOOD &&
                 svms_chain_certificate(chain, 0, &info, NULL) == SVMS_OK &&
                 svms_chain_matches_host(chain, "a.example", NULL) == SVMS_E_UNTRUSTED;
        svms_chain_free(&chain);
        svms_trust_free(&trust);
    }
    return right;
}

static void *run(void *user)
{
    /* Assertions belong to the first thread. */
    return ask(user) == ROUNDS ? user : NULL;
}

static party make_party(const char *name, const party *issuer, const char *usage)
{
    party_plan plan = { .name = name,
                        .issuer = issuer,
                        .from = "20250101000000Z",
                        .to = "20280101000000Z",
                        .usage = usage };
    return party_make(&plan);
}

static void threads_share_a_store_and_a_chain(void **state)
{
    (void)state;
    static char anchors[TEXT_ROOM];
    static char text[TEXT_ROOM];
    svms_ctx *ctx = fixture_context(NULL);
    party root = make_party("root", NULL, NULL);
    party server = make_party("server", &root, "serverAuth");
    party responder = make_party("responder", &root, "OCSPSigning");
    ocsp_plan plan = { .about = &server,
                       .issuer = &root,
                       .signer = &responder,
                       .from = "20260501000000Z",
                       .to = "20260701000000Z" };
    revocation_plan list_plan = {
        .issuer = &root, .made = "20260501000000Z", .next = "20260701000000Z", .reason = -1
    };
    made answer = ocsp_response(&plan);
    made list = revocation_list(&list_plan);
    const void *responses[] = { answer.data };
    svms_trust_options options = SVMS_TRUST_OPTIONS_INIT;
    options.anchors = anchors;
    options.anchors_size = party_pem(&root, anchors, 0, sizeof anchors);
    options.crls = list.data;
    options.crls_size = list.size;
    options.ocsp = responses;
    options.ocsp_sizes = &answer.size;
    options.ocsp_count = 1;
    svms_trust *trust = NULL;
    svms_chain *chain = NULL;
    assert_int_equal(svms_trust_new(&trust, ctx, &options, NULL), SVMS_OK);
    size_t size = party_pem(&server, text, 0, sizeof text);
    assert_int_equal(svms_chain_from_pem(&chain, ctx, text, size, NULL), SVMS_OK);
    shared of = { trust, chain, fixture_time("2026-06-01T00:00:00Z"), &answer };
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, run, &of), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *went_well = NULL;
        assert_int_equal(pthread_join(threads[i], &went_well), 0);
        assert_ptr_equal(went_well, &of);
    }
    svms_chain_free(&chain);
    svms_trust_free(&trust);
    svms_ctx_free(&ctx);
    free(answer.data);
    free(list.data);
    party_free(&root);
    party_free(&server);
    party_free(&responder);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(threads_share_a_store_and_a_chain) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
