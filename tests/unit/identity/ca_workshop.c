/* SPDX-License-Identifier: Apache-2.0 */
#include "ca_workshop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <svms/external_key.h>

#include "fixture.h"
#include "key_internal.h"

#define RSA_BITS ((size_t)2048)

static svms_private_key *make_key(svms_ctx *ctx, const char *type)
{
    EVP_PKEY *pkey = NULL;
    svms_private_key *key = NULL;
    OSSL_LIB_CTX *library = svms_ossl_context(ctx);
    if (strcmp(type, "RSA") == 0) {
        pkey = EVP_PKEY_Q_keygen(library, NULL, "RSA", RSA_BITS);
    } else if (strcmp(type, "ED25519") == 0) {
        pkey = EVP_PKEY_Q_keygen(library, NULL, "ED25519");
    } else {
        pkey = EVP_PKEY_Q_keygen(library, NULL, "EC", type);
    }
    assert_non_null(pkey);
    assert_int_equal(svms_private_key_from_evp(&key, ctx, pkey, NULL), SVMS_OK);
    EVP_PKEY_free(pkey);
    return key;
}

/* Who has the private half. */
typedef struct holder {
    svms_ctx *ctx;
    svms_private_key *key;
} holder;

static svms_status sign_at_once(void *user, svms_sign_request *request,
                                const svms_sign_message *message)
{
    const holder *with = user;
    svms_signing signing;
    uint8_t signature[SVMS_SIGNATURE_MAX];
    size_t size = sizeof signature;
    assert_int_equal(svms_signing_open(&signing, with->ctx, with->key, NULL), SVMS_OK);
    svms_status status =
        svms_sign(signing.engine, message->data, message->size, signature, &size, NULL);
    svms_signing_close(&signing);
    svms_sign_request_complete(request, status, signature, size);
    return SVMS_OK;
}

static void let_go(void *user)
{
    holder *with = user;
    svms_private_key_free(&with->key);
    free(with);
}

static svms_private_key *put_behind_callbacks(svms_ctx *ctx, svms_private_key *inside)
{
    svms_private_key *outside = NULL;
    svms_public_key *half = NULL;
    svms_signer signer = SVMS_SIGNER_INIT;
    holder *with = malloc(sizeof *with);
    assert_non_null(with);
    *with = (holder){ ctx, inside };
    signer.user = with;
    signer.begin = sign_at_once;
    signer.release = let_go;
    assert_int_equal(
        svms_public_key_from_evp(&half, ctx, svms_private_key_public_evp(inside), NULL), SVMS_OK);
    assert_int_equal(svms_private_key_from_signer(&outside, ctx, half, &signer, NULL), SVMS_OK);
    svms_public_key_free(&half);
    return outside;
}

svms_private_key *workshop_key(svms_ctx *ctx, const char *kind)
{
    char type[16] = { 0 };
    size_t length = strcspn(kind, "/");
    assert_true(length < sizeof type);
    memcpy(type, kind, length);
    svms_private_key *key = make_key(ctx, type);
    return kind[length] == '/' ? put_behind_callbacks(ctx, key) : key;
}

EVP_PKEY *workshop_public(const svms_private_key *key)
{
    return svms_private_key_public_evp(key);
}

svms_ca_options workshop_ca_options(const char *name, int32_t path_length)
{
    svms_ca_options options = SVMS_CA_OPTIONS_INIT;
    options.common_name = name;
    options.path_length = path_length;
    options.not_before_utc_ns = fixture_time(WORKSHOP_FROM);
    options.not_after_utc_ns = fixture_time(WORKSHOP_TO);
    return options;
}

static void join(workshop_text *to, const workshop_text *more)
{
    assert_true(to->size + more->size < sizeof to->data);
    memcpy(to->data + to->size, more->data, more->size);
    to->size += more->size;
}

void workshop_open(workshop_ca *out, svms_ctx *ctx, const char *kind,
                   const svms_ca_options *options, const workshop_ca *issuer)
{
    svms_ca_options usual = workshop_ca_options("Root", 1);
    svms_error err = SVMS_ERROR_INIT;
    memset(out, 0, sizeof *out);
    out->key = workshop_key(ctx, kind);
    out->certificate.size = sizeof out->certificate.data;
    if (svms_ca_create(ctx, options ? options : &usual, out->key, issuer ? issuer->ca : NULL,
                       out->certificate.data, &out->certificate.size, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    join(&out->pem, &out->certificate);
    if (issuer) {
        join(&out->pem, &issuer->pem);
    }
    assert_int_equal(svms_chain_from_pem(&out->chain, ctx, out->pem.data, out->pem.size, NULL),
                     SVMS_OK);
    if (svms_ca_open(&out->ca, ctx, out->chain, out->key, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
}

void workshop_close(workshop_ca *ca)
{
    svms_ca_free(&ca->ca);
    svms_chain_free(&ca->chain);
    svms_private_key_free(&ca->key);
}

svms_request *workshop_request(svms_ctx *ctx, const svms_private_key *key, const char *name)
{
    svms_request_options options = SVMS_REQUEST_OPTIONS_INIT;
    svms_request *request = NULL;
    workshop_text text = { .size = sizeof text.data };
    options.common_name = name;
    assert_int_equal(svms_request_create(ctx, &options, key, text.data, &text.size, NULL), SVMS_OK);
    assert_int_equal(svms_request_parse(&request, ctx, text.data, text.size, NULL), SVMS_OK);
    return request;
}

svms_issue_options workshop_issue_options(svms_role role)
{
    svms_issue_options options = SVMS_ISSUE_OPTIONS_INIT;
    options.role = role;
    options.not_before_utc_ns = fixture_time(WORKSHOP_FROM);
    options.not_after_utc_ns = fixture_time(WORKSHOP_TO);
    return options;
}

void workshop_issue_pem(const workshop_ca *by, const svms_issue_options *options,
                        const svms_request *request, workshop_text *out)
{
    svms_error err = SVMS_ERROR_INIT;
    out->size = sizeof out->data;
    if (svms_ca_issue(by->ca, options, request, out->data, &out->size, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
}

svms_chain *workshop_issue(svms_ctx *ctx, const workshop_ca *by, const svms_issue_options *options,
                           const svms_request *request)
{
    workshop_text text;
    svms_chain *chain = NULL;
    workshop_issue_pem(by, options, request, &text);
    join(&text, &by->pem);
    assert_int_equal(svms_chain_from_pem(&chain, ctx, text.data, text.size, NULL), SVMS_OK);
    return chain;
}

svms_builder workshop_sign(svms_ctx *ctx, const svms_private_key *key, const svms_builder *tbs)
{
    svms_signing signing;
    svms_builder out = svms_builder_new(ctx, (size_t)4 * SVMS_REQUEST_MAX);
    assert_int_equal(svms_signing_open(&signing, ctx, key, NULL), SVMS_OK);
    assert_int_equal(svms_put_signed(&out, &signing, tbs, NULL, NULL), SVMS_OK);
    svms_signing_close(&signing);
    return out;
}
