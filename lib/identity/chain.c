/* SPDX-License-Identifier: Apache-2.0 */
#include "chain_internal.h"

#include <openssl/err.h>

#include "certificate.h"
#include "failure.h"
#include "key_internal.h"
#include "known_answer.h"

#define PEM_MAX ((size_t)256 * 1024)
#define SUBJECT_MAX ((size_t)SVMS_CHAIN_MAX_SIZE * 4)

static svms_status chain_new(svms_chain **out, svms_ctx *ctx, svms_error *err)
{
    svms_chain *chain = svms_alloc(ctx, sizeof *chain);
    if (!chain) {
        return svms_fail_memory(err);
    }
    chain->ctx = ctx;
    atomic_init(&chain->users, 1);
    chain->wire = svms_builder_new(ctx, SVMS_CHAIN_MAX_SIZE);
    chain->subject = svms_builder_new(ctx, SUBJECT_MAX);
    chain->certificates = sk_X509_new_reserve(NULL, SVMS_CHAIN_MAX_CERTIFICATES);
    if (!chain->certificates) {
        svms_chain_free(&chain);
        return svms_fail_crypto(err, "cannot make a chain");
    }
    *out = chain;
    return SVMS_OK;
}

/* An svms_certificate_found. */
static svms_status chain_add(void *user, const uint8_t *der, size_t size, uint64_t offset,
                             svms_error *err)
{
    svms_chain *chain = user;
    if (sk_X509_num(chain->certificates) == SVMS_CHAIN_MAX_CERTIFICATES) {
        return svms_fail_at(err, SVMS_E_LIMIT, offset, "a chain of more than %d certificates",
                            SVMS_CHAIN_MAX_CERTIFICATES);
    }
    X509 *certificate = NULL;
    svms_status status = svms_certificate_parse(&certificate, chain->ctx, der, size, offset, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (sk_X509_push(chain->certificates, certificate) <= 0) {
        X509_free(certificate);
        return svms_fail_crypto(err, "cannot add to a chain");
    }
    svms_put_u32(&chain->wire, (uint32_t)size);
    svms_put_bytes(&chain->wire, der, size);
    return svms_builder_check(&chain->wire, "a certificate chain", err);
}

static svms_status read_leaf_key(svms_chain *chain, const X509 *leaf, svms_error *err)
{
    EVP_PKEY *key = X509_get0_pubkey(leaf);
    ERR_clear_error();
    bool can_sign = key && EVP_PKEY_can_sign(key) == 1;
    if (key && !can_sign &&
        (EVP_PKEY_can_sign(key) == 1 || !svms_known_key_is_taken(chain->ctx, SVMS_KEY_P256))) {
        return svms_fail_crypto(err, "cannot tell what the certificate's key is for");
    }
    ERR_clear_error();
    if (!can_sign) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "the certificate's key is of a kind that cannot sign here");
    }
    return svms_public_key_from_evp(&chain->leaf_key, chain->ctx, key, err);
}

/* What callers ask of the leaf again and again is found out once. */
static svms_status chain_finish(svms_chain *chain, bool any_key, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(chain->wire.data, chain->wire.size, 0);
    size_t size = svms_read_u32(&cursor);
    svms_iovec der = { svms_read_bytes(&cursor, size), size };
    svms_status status = svms_sha256(chain->ctx, &der, 1, chain->leaf_digest, err);
    if (status != SVMS_OK) {
        return status;
    }
    X509 *leaf = sk_X509_value(chain->certificates, 0);
    status = read_leaf_key(chain, leaf, err);
    if (status == SVMS_E_UNSUPPORTED && any_key) {
        status = SVMS_OK;
    }
    if (status == SVMS_OK) {
        status = svms_certificate_roles(&chain->leaf_roles, leaf, err);
    }
    if (status == SVMS_OK) {
        status = svms_name_text(&chain->subject, X509_get_subject_name(leaf), err);
    }
    return status;
}

static svms_status read_pem(svms_chain **out, svms_ctx *ctx, const char *pem, size_t size,
                            bool any_key, svms_error *err)
{
    if (!out || !ctx || !pem) {
        return svms_fail(err, SVMS_E_USAGE, "a chain needs an out pointer, a context and text");
    }
    if (size > PEM_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "more than %zu bytes of PEM text", PEM_MAX);
    }
    svms_chain *chain = NULL;
    svms_status status = chain_new(&chain, ctx, err);
    if (status == SVMS_OK) {
        status = svms_certificates_in_pem(pem, size, chain_add, chain, err);
    }
    if (status == SVMS_OK) {
        status = chain_finish(chain, any_key, err);
    }
    if (status != SVMS_OK) {
        svms_chain_free(&chain);
        return status;
    }
    *out = chain;
    return SVMS_OK;
}

svms_status svms_chain_from_pem(svms_chain **out, svms_ctx *ctx, const char *pem, size_t size,
                                svms_error *err)
{
    return read_pem(out, ctx, pem, size, false, err);
}

svms_status svms_chain_from_pem_any_key(svms_chain **out, svms_ctx *ctx, const char *pem,
                                        size_t size, svms_error *err)
{
    return read_pem(out, ctx, pem, size, true, err);
}

static svms_status read_wire(svms_chain *chain, svms_cursor *cursor, svms_error *err)
{
    if (svms_cursor_at_end(cursor)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, svms_cursor_offset(cursor),
                            "a chain without a certificate");
    }
    while (!svms_cursor_at_end(cursor)) {
        uint64_t offset = svms_cursor_offset(cursor);
        uint32_t size = svms_read_u32(cursor);
        const uint8_t *der = svms_read_bytes(cursor, size);
        if (cursor->failed) {
            return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                                "a certificate reaches beyond the end of the chain");
        }
        svms_status status = chain_add(chain, der, size, offset + sizeof size, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    return SVMS_OK;
}

svms_status svms_chain_from_wire(svms_chain **out, svms_ctx *ctx, const uint8_t *data, size_t size,
                                 uint64_t origin, svms_error *err)
{
    if (size > SVMS_CHAIN_MAX_SIZE) {
        return svms_fail_at(err, SVMS_E_LIMIT, origin, "a chain of more than %d bytes",
                            SVMS_CHAIN_MAX_SIZE);
    }
    svms_cursor cursor = svms_cursor_over(data, size, origin);
    svms_chain *chain = NULL;
    svms_status status = chain_new(&chain, ctx, err);
    if (status == SVMS_OK) {
        status = read_wire(chain, &cursor, err);
    }
    if (status == SVMS_OK) {
        status = chain_finish(chain, false, err);
    }
    if (status != SVMS_OK) {
        svms_chain_free(&chain);
        return status;
    }
    *out = chain;
    return SVMS_OK;
}

void svms_chain_free(svms_chain **chain)
{
    if (!chain || !*chain) {
        return;
    }
    svms_chain *gone = *chain;
    *chain = NULL;
    if (atomic_fetch_sub(&gone->users, 1) != 1) {
        return;
    }
    sk_X509_pop_free(gone->certificates, X509_free);
    svms_builder_clear(&gone->wire);
    svms_builder_clear(&gone->subject);
    svms_public_key_free(&gone->leaf_key);
    svms_release(gone->ctx, gone);
}

svms_chain *svms_chain_retain(const svms_chain *chain)
{
    /* It is const for those who share it; who keeps it only counts. */
    svms_chain *kept = (svms_chain *)(uintptr_t)chain;
    (void)atomic_fetch_add(&kept->users, 1);
    return kept;
}

const char *svms_chain_subject(const svms_chain *chain)
{
    return (const char *)chain->subject.data;
}

const uint8_t *svms_chain_wire(const svms_chain *chain, size_t *size)
{
    *size = chain->wire.size;
    return chain->wire.data;
}

const uint8_t *svms_chain_der(const svms_chain *chain, size_t index, size_t *size)
{
    svms_cursor cursor = svms_cursor_over(chain->wire.data, chain->wire.size, 0);
    for (;; index--) {
        *size = svms_read_u32(&cursor);
        const uint8_t *der = svms_read_bytes(&cursor, *size);
        if (cursor.failed) {
            return NULL;
        }
        if (index == 0) {
            return der;
        }
    }
}

const uint8_t *svms_chain_leaf_digest(const svms_chain *chain)
{
    return chain->leaf_digest;
}

const svms_public_key *svms_chain_leaf_key(const svms_chain *chain)
{
    return chain->leaf_key;
}

bool svms_chain_allows(const svms_chain *chain, svms_role role)
{
    return svms_role_oid(role) && (chain->leaf_roles & (1u << role)) != 0;
}
