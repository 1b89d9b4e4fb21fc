/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate chains in both forms, trust stores, and the path between what could be read. */
#include <stdint.h>
#include <stdlib.h>

#include <openssl/pem.h>

#include "chain_internal.h"
#include "cursor.h"
#include "purpose.h"

/* Names that are asked for one by one, each from the first on. */
#define NAMES_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read must read back from its own wire form. */
static void read_again(svms_ctx *ctx, const svms_chain *chain)
{
    size_t size = 0;
    const uint8_t *wire = svms_chain_wire(chain, &size);
    svms_chain *again = NULL;
    if (svms_chain_from_wire(&again, ctx, wire, size, 0, NULL) != SVMS_OK) {
        abort();
    }
    svms_chain_free(&again);
}

static void check(const svms_trust *trust, const svms_chain *chain)
{
    static const int64_t then = INT64_C(1798761600000000000); /* 2027-01-01 */
    svms_error err = SVMS_ERROR_INIT;
    svms_identity_question question = SVMS_IDENTITY_QUESTION_INIT;
    question.from_utc_ns = then;
    question.to_utc_ns = then;
    question.now_utc_ns = then;
    for (svms_role role = SVMS_ROLE_CAMERA; role <= SVMS_ROLE_TIME_STAMPER; role++) {
        if (!svms_role_oid(role)) {
            continue;
        }
        svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
        question.role = role;
        svms_status status = svms_identity_check(trust, chain, &question, &result, &err);
        if ((status == SVMS_OK) != (result.verdict == SVMS_IDENTITY_TRUSTED)) {
            abort();
        }
        if (status == SVMS_OK && !svms_chain_allows(chain, role)) {
            abort();
        }
    }
}

/* Everything that a chain says about itself, and the host it might be for. */
static void look_at(const svms_chain *chain)
{
    for (size_t i = 0; i < svms_chain_count(chain); i++) {
        svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
        char name[SVMS_CERTIFICATE_NAME_SIZE];
        svms_status status = svms_chain_certificate(chain, i, &info, NULL);
        if (status != SVMS_OK && status != SVMS_E_MALFORMED) {
            abort();
        }
        for (size_t k = 0; k < info.name_count && k < NAMES_MAX; k++) {
            if (svms_chain_certificate_name(chain, i, k, name, NULL) != SVMS_OK) {
                abort();
            }
        }
        if (status == SVMS_OK && i == 0 && info.name_count > 0 &&
            svms_chain_certificate_name(chain, 0, 0, name, NULL) == SVMS_OK) {
            status = svms_chain_matches_host(chain, name, NULL);
            if (status != SVMS_OK && status != SVMS_E_UNTRUSTED && status != SVMS_E_USAGE) {
                abort();
            }
        }
    }
}

/* A pin makes the leaf trusted at most where all but the path is right. */
static void check_pinned(svms_ctx *ctx, const svms_chain *chain)
{
    svms_trust_options options = SVMS_TRUST_OPTIONS_INIT;
    svms_trust *trust = NULL;
    options.pins = svms_chain_leaf_digest(chain);
    options.pin_count = 1;
    if (svms_trust_new(&trust, ctx, &options, NULL) != SVMS_OK) {
        abort();
    }
    check(trust, chain);
    svms_purpose_question question = { .purpose = SVMS_PURPOSE_TLS_SERVER,
                                       .now_utc_ns = INT64_C(1798761600000000000) };
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_status status = svms_purpose_check(trust, chain, &question, &result, NULL);
    if ((status == SVMS_OK) != (result.verdict == SVMS_IDENTITY_TRUSTED)) {
        abort();
    }
    svms_trust_free(&trust);
}

/* Trusts the last certificate of the chain, so that there is a path to check. */
static void check_under_its_last(svms_ctx *ctx, const svms_chain *chain)
{
    size_t size = 0;
    const uint8_t *wire = svms_chain_wire(chain, &size);
    svms_cursor cursor = svms_cursor_over(wire, size, 0);
    const uint8_t *der = wire;
    uint32_t der_size = 0;
    while (!svms_cursor_at_end(&cursor)) {
        der_size = svms_read_u32(&cursor);
        der = svms_read_bytes(&cursor, der_size);
    }
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    if (!bio || !der || PEM_write_bio(bio, PEM_STRING_X509, "", der, (long)der_size) <= 0) {
        abort();
    }
    long text_size = BIO_get_mem_data(bio, &text);
    svms_trust *trust = NULL;
    if (svms_trust_from_pem(&trust, ctx, text, (size_t)text_size, NULL) != SVMS_OK) {
        abort();
    }
    check(trust, chain);
    svms_trust_free(&trust);
    BIO_free(bio);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    svms_ctx *ctx = NULL;
    svms_chain *from_wire = NULL;
    svms_chain *from_pem = NULL;
    svms_trust *trust = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK) {
        return 0;
    }
    const char *text = size > 0 ? (const char *)data : "";
    if (svms_chain_from_wire(&from_wire, ctx, data, size, 0, &err) == SVMS_OK) {
        read_again(ctx, from_wire);
        check_under_its_last(ctx, from_wire);
        check_pinned(ctx, from_wire);
        look_at(from_wire);
    }
    if (svms_chain_from_pem(&from_pem, ctx, text, size, &err) == SVMS_OK) {
        read_again(ctx, from_pem);
        look_at(from_pem);
    }
    if (svms_trust_from_pem(&trust, ctx, text, size, &err) == SVMS_OK && from_pem) {
        check(trust, from_pem);
    }
    svms_trust_free(&trust);
    svms_chain_free(&from_pem);
    svms_chain_free(&from_wire);
    svms_ctx_free(&ctx);
    return 0;
}
