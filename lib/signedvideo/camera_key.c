/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_key.h"

#include <string.h>

#include <openssl/x509v3.h>

#include "camera_verifier.h"
#include "certificate.h"
#include "failure.h"
#include "key_internal.h"
#include "path.h"

#define PEM_MAX ((size_t)64 * 1024)

struct svms_camera_key {
    svms_ctx *ctx;
    size_t users;
    svms_chain *chain;      /* NULL: a key that is known by itself alone */
    svms_public_key *alone; /* NULL: the leaf's */
    svms_camera_verifier verifier;
    uint8_t digest[SVMS_DIGEST_SIZE];
    uint8_t *text; /* what it was made of */
    size_t text_size;
};

/* What cameras put behind the text is no part of it. */
static size_t trimmed_size(const svms_camera_text *pem)
{
    size_t size = pem->size;
    while (size > 0 && strchr(" \t\r\n", pem->data[size - 1]) != NULL) {
        size--; /* strchr finds NUL, too */
    }
    return size;
}

static svms_status keep_text(svms_camera_key *key, const svms_camera_text *pem, svms_error *err)
{
    key->text = svms_alloc(key->ctx, pem->size);
    if (!key->text) {
        return svms_fail_memory(err);
    }
    memcpy(key->text, pem->data, pem->size);
    key->text_size = pem->size;
    return SVMS_OK;
}

svms_status svms_camera_chain_read(svms_chain **out, svms_ctx *ctx, const svms_camera_text *pem,
                                   svms_error *err)
{
    if (pem->size > PEM_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "a camera's certificates have more than %zu bytes",
                         PEM_MAX);
    }
    size_t size = trimmed_size(pem);
    if (size == 0) {
        return svms_fail(err, SVMS_E_MALFORMED, "a camera's certificates are empty");
    }
    return svms_chain_from_pem_any_key(out, ctx, (const char *)pem->data, size, err);
}

/* Chain, or key, are there. */
static svms_status make_ready(svms_camera_key *key, svms_error *err)
{
    EVP_PKEY *pkey = svms_public_key_evp(key->alone);
    svms_status status = SVMS_OK;
    if (!key->alone) {
        pkey = X509_get0_pubkey(sk_X509_value(key->chain->certificates, 0));
    }
    if (key->chain) {
        memcpy(key->digest, svms_chain_leaf_digest(key->chain), sizeof key->digest);
    } else {
        status = svms_public_key_id(key->alone, key->digest, err);
    }
    return status == SVMS_OK ? svms_camera_verifier_open(&key->verifier, key->ctx, pkey, err)
                             : status;
}

svms_status svms_camera_key_of(svms_camera_key **out, svms_ctx *ctx, svms_chain **chain,
                               svms_public_key **key, const svms_camera_text *text, svms_error *err)
{
    svms_camera_key *made = svms_alloc(ctx, sizeof *made);
    if (!made) {
        return svms_fail_memory(err);
    }
    made->ctx = ctx;
    made->users = 1;
    made->chain = *chain;
    made->alone = *key;
    *chain = NULL;
    *key = NULL;
    svms_status status = keep_text(made, text, err);
    if (status == SVMS_OK) {
        status = make_ready(made, err);
    }
    if (status != SVMS_OK) {
        svms_camera_key_free(&made);
        return status;
    }
    *out = made;
    return SVMS_OK;
}

svms_status svms_camera_key_new(svms_camera_key **out, svms_ctx *ctx, const svms_camera_text *pem,
                                svms_error *err)
{
    svms_chain *chain = NULL;
    svms_public_key *none = NULL;
    svms_status status = svms_camera_chain_read(&chain, ctx, pem, err);
    if (status == SVMS_OK) {
        status = svms_camera_key_of(out, ctx, &chain, &none, pem, err);
    }
    svms_chain_free(&chain);
    return status;
}

/* A chain of another context may live as short as that. */
svms_status svms_camera_key_of_chain(svms_camera_key **out, svms_ctx *ctx, const svms_chain *chain,
                                     const svms_camera_text *pem, svms_error *err)
{
    if (chain->ctx != ctx) {
        return svms_camera_key_new(out, ctx, pem, err);
    }
    svms_chain *shared = svms_chain_retain(chain);
    svms_public_key *none = NULL;
    svms_status status = svms_camera_key_of(out, ctx, &shared, &none, pem, err);
    svms_chain_free(&shared);
    return status;
}

svms_camera_key *svms_camera_key_retain(svms_camera_key *key)
{
    key->users++;
    return key;
}

void svms_camera_key_free(svms_camera_key **key)
{
    if (!key || !*key) {
        return;
    }
    svms_camera_key *gone = *key;
    *key = NULL;
    if (--gone->users > 0) {
        return;
    }
    svms_camera_verifier_close(&gone->verifier);
    svms_chain_free(&gone->chain);
    svms_public_key_free(&gone->alone);
    svms_release(gone->ctx, gone->text);
    svms_release(gone->ctx, gone);
}

bool svms_camera_key_is_of(const svms_camera_key *key, const svms_camera_text *pem)
{
    return key->text_size == pem->size && memcmp(key->text, pem->data, pem->size) == 0;
}

const uint8_t *svms_camera_key_digest(const svms_camera_key *key)
{
    return key->digest;
}

const svms_chain *svms_camera_key_chain(const svms_camera_key *key)
{
    return key->chain;
}

svms_status svms_camera_key_verify(svms_camera_key *key, svms_camera_hasher *hasher,
                                   const svms_camera_algorithms *algorithms,
                                   const svms_camera_document *document, svms_error *err)
{
    svms_camera_hash hash = algorithms->hash;
    uint8_t digest[SVMS_CAMERA_HASH_MAX];
    if (!document->has_signature) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "a SEI has no signature");
    }
    svms_status status = svms_camera_verifier_takes(&key->verifier, algorithms, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!svms_camera_document_fits(document, hash)) {
        return svms_fail(err, SVMS_E_MALFORMED,
                         "the hashes of a SEI are of another size than those of its algorithm");
    }
    if (!svms_camera_hash_once(hasher, hash, document->hashed, document->hashed_size, digest)) {
        return svms_fail_crypto(err, "cannot hash a SEI");
    }
    return svms_camera_verifier_verify(&key->verifier, algorithms, document, digest, err);
}

/* An svms_path_allows (CS-VER-10): makers of cameras know our roles as little as we know theirs. */
static svms_status allows_camera(svms_path_query *query)
{
    const svms_chain *chain = query->user;
    X509 *leaf = sk_X509_value(query->given, 0);
    bool may_sign = (X509_get_key_usage(leaf) & X509v3_KU_DIGITAL_SIGNATURE) != 0;
    if (may_sign && (chain->leaf_roles == 0 || svms_chain_allows(chain, SVMS_ROLE_CAMERA))) {
        return SVMS_OK;
    }
    char subject[SVMS_NAME_WORDS_SIZE];
    char roles[SVMS_ROLES_WORDS_SIZE];
    svms_status status = svms_path_name(subject, query, leaf);
    if (status != SVMS_OK) {
        return status;
    }
    query->verdict = SVMS_IDENTITY_WRONG_ROLE;
    if (!may_sign) {
        return svms_fail(query->err, SVMS_E_UNTRUSTED,
                         "the certificate of %s does not allow digital signatures (key usage)",
                         subject);
    }
    svms_roles_words(roles, chain->leaf_roles);
    return svms_fail(query->err, SVMS_E_UNTRUSTED,
                     "the certificate of %s is for other roles than camera: %s", subject, roles);
}

svms_status svms_camera_key_check(const svms_camera_key *key, const svms_trust *trust,
                                  const svms_identity_question *question,
                                  svms_identity_result *result, svms_error *err)
{
    svms_identity_question asked = *question;
    if (!key->chain) {
        /* Nobody vouches for it, whatever the caller trusts. */
        result->verdict = trust ? SVMS_IDENTITY_UNKNOWN_ISSUER : SVMS_IDENTITY_NO_ANCHOR;
        return svms_fail(err, SVMS_E_UNTRUSTED, "the camera's key came without a certificate");
    }
    asked.role = SVMS_ROLE_CAMERA;
    return svms_identity_check_with(trust, key->chain, &asked, allows_camera, result, err);
}
