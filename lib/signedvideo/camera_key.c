/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_key.h"

#include <string.h>

#include <openssl/x509v3.h>

#include "camera_verifier.h"
#include "certificate.h"
#include "failure.h"
#include "path.h"

#define PEM_MAX ((size_t)64 * 1024)

struct svms_camera_key {
    svms_ctx *ctx;
    size_t users;
    svms_chain *chain;
    svms_camera_verifier verifier;
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

static svms_status read_text(svms_camera_key *key, svms_error *err)
{
    svms_camera_text given = { key->text, key->text_size };
    svms_status status = svms_chain_from_pem_any_key(
        &key->chain, key->ctx, (const char *)given.data, trimmed_size(&given), err);
    if (status != SVMS_OK) {
        return status;
    }
    X509 *leaf = sk_X509_value(key->chain->certificates, 0);
    return svms_camera_verifier_open(&key->verifier, key->ctx, X509_get0_pubkey(leaf), err);
}

svms_status svms_camera_key_new(svms_camera_key **out, svms_ctx *ctx, const svms_camera_text *pem,
                                svms_error *err)
{
    if (pem->size > PEM_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "a camera's certificates have more than %zu bytes",
                         PEM_MAX);
    }
    if (trimmed_size(pem) == 0) {
        return svms_fail(err, SVMS_E_MALFORMED, "a camera's certificates are empty");
    }
    svms_camera_key *key = svms_alloc(ctx, sizeof *key);
    if (!key) {
        return svms_fail_memory(err);
    }
    key->ctx = ctx;
    key->users = 1;
    svms_status status = keep_text(key, pem, err);
    if (status == SVMS_OK) {
        status = read_text(key, err);
    }
    if (status != SVMS_OK) {
        svms_camera_key_free(&key);
        return status;
    }
    *out = key;
    return SVMS_OK;
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
    svms_release(gone->ctx, gone->text);
    svms_release(gone->ctx, gone);
}

bool svms_camera_key_is_of(const svms_camera_key *key, const svms_camera_text *pem)
{
    return key->text_size == pem->size && memcmp(key->text, pem->data, pem->size) == 0;
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
    asked.role = SVMS_ROLE_CAMERA;
    return svms_identity_check_with(trust, key->chain, &asked, allows_camera, result, err);
}
