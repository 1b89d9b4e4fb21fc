/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's own allocations fail one by one while OCSP responses and lists are read and used: what
 * is revoked never becomes trusted by it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/crypto.h>

#include "fixture.h"
#include "ocsp_case.h"
#include "purpose.h"

#define ATTEMPTS_MAX 20000
/* Not every allocation, for the sake of time; a prime number meets those of each kind. */
#define STEP 11
#define TEXT_ROOM 16384

static size_t count;
static size_t failing;

static bool must_fail(void)
{
    count++;
    return count == failing;
}

static void *provider_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return must_fail() ? NULL : malloc(size);
}

static void *provider_realloc(void *pointer, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return must_fail() ? NULL : realloc(pointer, size);
}

static void provider_free(void *pointer, const char *file, int line)
{
    (void)file;
    (void)line;
    free(pointer);
}

static svms_ctx *ctx;
static party root;
static party server;
static party responder;
static svms_chain *chain;
static char anchors[TEXT_ROOM];
static size_t anchors_size;

static int set_up(void **state)
{
    (void)state;
    char text[TEXT_ROOM];
    party_plan plan = { .name = "root", .from = "20250101000000Z", .to = "20280101000000Z" };
    ctx = fixture_context(NULL);
    root = party_make(&plan);
    plan.issuer = &root;
    plan.name = "server";
    plan.usage = "serverAuth";
    server = party_make(&plan);
    plan.name = "responder";
    plan.usage = "OCSPSigning";
    responder = party_make(&plan);
    anchors_size = party_pem(&root, anchors, 0, sizeof anchors);
    size_t size = party_pem(&server, text, 0, sizeof text);
    return svms_chain_from_pem(&chain, ctx, text, size, NULL) != SVMS_OK;
}

static int tear_down(void **state)
{
    (void)state;
    svms_chain_free(&chain);
    svms_ctx_free(&ctx);
    party_free(&root);
    party_free(&server);
    party_free(&responder);
    return 0;
}

static made answer_of(bool revoked, bool delegated)
{
    ocsp_plan plan = { .about = &server,
                       .issuer = &root,
                       .signer = delegated ? &responder : NULL,
                       .revoked = revoked ? "20260515000000Z" : NULL,
                       .from = "20260501000000Z",
                       .to = "20260701000000Z" };
    return ocsp_response(&plan);
}

/* Reads the store anew and asks; what is known of the revocation goes to *revocation. */
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

/* OpenSSL does not always say why it could not read PEM text. */
static bool blames_text(const svms_error *err)
{
    return strcmp(err->message, "a PEM block is damaged") == 0;
}

/* Every failing allocation gives the true answer or says that something failed. */
static void fail_each(const made *answer, svms_status truth, svms_revocation known)
{
    svms_revocation revocation = SVMS_REVOCATION_NOT_CHECKED;
    size_t true_answers = 0;
    for (failing = 1; failing < ATTEMPTS_MAX; failing += STEP) {
        count = 0;
        svms_error err = SVMS_ERROR_INIT;
        svms_status status = attempt(answer, &revocation, &err);
        if (status == truth) {
            assert_int_equal(revocation, known);
            true_answers++;
        } else if (status != SVMS_E_NO_MEMORY && status != SVMS_E_CRYPTO && !blames_text(&err)) {
            fail_msg("allocation %zu: %d %s", failing, (int)status, err.message);
        }
        if (count < failing) {
            failing = 0;
            assert_true(true_answers > 0);
            return;
        }
    }
    fail_msg("it never came to an end");
}

static void the_revoked_stays_revoked_without_memory(void **state)
{
    (void)state;
    for (unsigned delegated = 0; delegated < 2; delegated++) {
        made answer = answer_of(true, delegated == 1);
        fail_each(&answer, SVMS_E_UNTRUSTED, SVMS_REVOCATION_REVOKED);
        free(answer.data);
    }
}

static void the_good_stays_good_without_memory(void **state)
{
    (void)state;
    made answer = answer_of(false, true);
    fail_each(&answer, SVMS_OK, SVMS_REVOCATION_GOOD);
    free(answer.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_revoked_stays_revoked_without_memory),
        cmocka_unit_test(the_good_stays_good_without_memory),
    };
    /* Only possible before OpenSSL has allocated anything. */
    if (CRYPTO_set_mem_functions(provider_malloc, provider_realloc, provider_free) != 1) {
        return 1;
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
