/* SPDX-License-Identifier: Apache-2.0 */
/* What an application in C sees of an installed libsvms: makes a key and a CA, issues a recorder's
 * certificate, and checks it. */
#include <svms/svms.h>

#include <stdio.h>
#include <string.h>

#define PEM_SIZE 4096

static int failed(const char *what, const svms_error *err)
{
    fprintf(stderr, "%s: %s: %s\n", what, svms_status_name(err->status), err->message);
    return 1;
}

static int make_chain(svms_chain **out, svms_ctx *ctx, svms_role role, const svms_private_key *key,
                      const svms_chain *issuer, svms_trust **trust)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    char pem[PEM_SIZE];
    size_t size = sizeof pem;
    options.role = role;
    options.common_name = svms_role_name(role);
    if (svms_time_parse(&options.not_before_utc_ns, "2026-01-01T00:00:00Z", &err) != SVMS_OK ||
        svms_time_parse(&options.not_after_utc_ns, "2036-01-01T00:00:00+00:00", &err) != SVMS_OK ||
        svms_certificate_issue(ctx, &options, key, issuer, issuer ? key : NULL, pem, &size, &err) !=
            SVMS_OK ||
        svms_chain_from_pem(out, ctx, pem, size, &err) != SVMS_OK)
        return failed("issuing", &err);
    if (trust && svms_trust_from_pem(trust, ctx, pem, size, &err) != SVMS_OK)
        return failed("trusting", &err);
    return 0;
}

static int run(svms_ctx *ctx)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_private_key *key = NULL;
    svms_chain *ca = NULL;
    svms_chain *recorder = NULL;
    svms_trust *trust = NULL;
    svms_identity_question question = SVMS_IDENTITY_QUESTION_INIT;
    svms_identity_result found = SVMS_IDENTITY_RESULT_INIT;
    int64_t then = 0;
    int result = 1;
    if (svms_private_key_generate(&key, ctx, &err) != SVMS_OK)
        return failed("generating", &err);
    if (make_chain(&ca, ctx, SVMS_ROLE_NONE, key, NULL, &trust) == 0 &&
        make_chain(&recorder, ctx, SVMS_ROLE_RECORDER, key, ca, NULL) == 0) {
        svms_status status = svms_time_parse(&then, "2027-01-01T00:00:00Z", &err);
        question.role = SVMS_ROLE_RECORDER;
        question.from_utc_ns = question.to_utc_ns = question.now_utc_ns = then;
        if (status != SVMS_OK ||
            svms_identity_check(trust, recorder, &question, &found, &err) != SVMS_OK)
            failed("checking", &err);
        else
            result = strcmp(svms_chain_subject(recorder), "CN=recorder") != 0;
    }
    svms_trust_free(&trust);
    svms_chain_free(&recorder);
    svms_chain_free(&ca);
    svms_private_key_free(&key);
    return result;
}

int main(void)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_ctx *ctx = NULL;
    if (strcmp(svms_version(), SVMS_VERSION_TEXT) != 0)
        return 1;
    if (svms_ctx_new(&ctx, NULL, &err) != SVMS_OK)
        return failed("context", &err);
    int result = run(ctx);
    svms_ctx_free(&ctx);
    puts(result == 0 ? "C: works" : "C: failed");
    return result;
}
