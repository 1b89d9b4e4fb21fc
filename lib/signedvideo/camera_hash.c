/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_hash.h"

#include <string.h>

#include <openssl/evp.h>

#include "failure.h"

/* Per algorithm one state for what is hashed at once, and one for what comes in pieces, so that the
 * two do not disturb each other. */
struct svms_camera_hasher {
    svms_ctx *ctx;
    EVP_MD_CTX *once[SVMS_CAMERA_HASHES];
    EVP_MD_CTX *pieces[SVMS_CAMERA_HASHES];
    EVP_MD_CTX *running; /* one of pieces, or NULL */
};

/* 2.16.840.1.101.3.4.2.n, tag and length included. */
#define OID_SIZE 11
static const struct {
    size_t size;
    const char *name;
    uint8_t oid[OID_SIZE];
} algorithms[SVMS_CAMERA_HASHES] = {
    [SVMS_CAMERA_SHA256] = { 32,
                             "SHA2-256",
                             { 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01 } },
    [SVMS_CAMERA_SHA384] = { 48,
                             "SHA2-384",
                             { 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02 } },
    [SVMS_CAMERA_SHA512] = { 64,
                             "SHA2-512",
                             { 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03 } },
};

static bool is_known(svms_camera_hash hash)
{
    return (unsigned)hash < SVMS_CAMERA_HASHES;
}

size_t svms_camera_hash_size(svms_camera_hash hash)
{
    return is_known(hash) ? algorithms[hash].size : 0;
}

const char *svms_camera_hash_name(svms_camera_hash hash)
{
    return is_known(hash) ? algorithms[hash].name : NULL;
}

const uint8_t *svms_camera_hash_oid(svms_camera_hash hash, size_t *size)
{
    *size = is_known(hash) ? OID_SIZE : 0;
    return is_known(hash) ? algorithms[hash].oid : NULL;
}

svms_camera_hash svms_camera_hash_of_oid(const uint8_t *oid, size_t size)
{
    svms_camera_hash hash = SVMS_CAMERA_SHA256;
    while (hash < SVMS_CAMERA_HASHES &&
           (size != OID_SIZE || memcmp(algorithms[hash].oid, oid, OID_SIZE) != 0)) {
        hash++;
    }
    return hash;
}

static bool prepare(svms_camera_hasher *hasher, svms_camera_hash hash)
{
    EVP_MD *algorithm = EVP_MD_fetch(svms_ossl_context(hasher->ctx), algorithms[hash].name,
                                     svms_ossl_properties(hasher->ctx));
    hasher->once[hash] = EVP_MD_CTX_new();
    hasher->pieces[hash] = EVP_MD_CTX_new();
    bool ready = algorithm && hasher->once[hash] && hasher->pieces[hash] &&
                 EVP_DigestInit_ex2(hasher->once[hash], algorithm, NULL) == 1 &&
                 EVP_DigestInit_ex2(hasher->pieces[hash], algorithm, NULL) == 1;
    /* The states have references of their own. */
    EVP_MD_free(algorithm);
    return ready;
}

svms_status svms_camera_hasher_new(svms_camera_hasher **out, svms_ctx *ctx, svms_error *err)
{
    svms_camera_hasher *hasher = svms_alloc(ctx, sizeof *hasher);
    if (!hasher) {
        return svms_fail_memory(err);
    }
    hasher->ctx = ctx;
    for (svms_camera_hash hash = SVMS_CAMERA_SHA256; hash < SVMS_CAMERA_HASHES; hash++) {
        if (!prepare(hasher, hash)) {
            svms_camera_hasher_free(&hasher);
            return svms_fail_crypto(err, "cannot prepare the hashes of camera-signed video");
        }
    }
    *out = hasher;
    return SVMS_OK;
}

void svms_camera_hasher_free(svms_camera_hasher **hasher)
{
    if (!hasher || !*hasher) {
        return;
    }
    for (size_t i = 0; i < SVMS_CAMERA_HASHES; i++) {
        EVP_MD_CTX_free((*hasher)->once[i]);
        EVP_MD_CTX_free((*hasher)->pieces[i]);
    }
    svms_release((*hasher)->ctx, *hasher);
    *hasher = NULL;
}

/* Without an algorithm a state is reset in place; anything else would allocate. */
static bool restart(EVP_MD_CTX *state)
{
    return EVP_DigestInit_ex2(state, NULL, NULL) == 1;
}

static bool add(EVP_MD_CTX *state, const void *data, size_t size)
{
    return size == 0 || EVP_DigestUpdate(state, data, size) == 1;
}

bool svms_camera_hash_once(svms_camera_hasher *hasher, svms_camera_hash hash, const void *data,
                           size_t size, uint8_t *out)
{
    EVP_MD_CTX *state = is_known(hash) ? hasher->once[hash] : NULL;
    return state && restart(state) && add(state, data, size) &&
           EVP_DigestFinal_ex(state, out, NULL) == 1;
}

bool svms_camera_hash_link(svms_camera_hasher *hasher, svms_camera_hash hash, const uint8_t *anchor,
                           const uint8_t *one, uint8_t *out)
{
    uint8_t both[2 * SVMS_CAMERA_HASH_MAX];
    size_t size = svms_camera_hash_size(hash);
    memcpy(both, anchor, size);
    memcpy(both + size, one, size);
    return svms_camera_hash_once(hasher, hash, both, 2 * size, out);
}

bool svms_camera_hash_start(svms_camera_hasher *hasher, svms_camera_hash hash)
{
    hasher->running = is_known(hash) ? hasher->pieces[hash] : NULL;
    if (hasher->running && !restart(hasher->running)) {
        hasher->running = NULL;
    }
    return hasher->running != NULL;
}

bool svms_camera_hash_update(svms_camera_hasher *hasher, const void *data, size_t size)
{
    if (hasher->running && !add(hasher->running, data, size)) {
        hasher->running = NULL;
    }
    return hasher->running != NULL;
}

bool svms_camera_hash_finish(svms_camera_hasher *hasher, uint8_t *out)
{
    bool done = hasher->running && EVP_DigestFinal_ex(hasher->running, out, NULL) == 1;
    hasher->running = NULL;
    return done;
}

bool svms_camera_hash_list(svms_camera_hasher *hasher, svms_camera_hash hash, bool is_salted,
                           const uint8_t *list, size_t size, uint8_t *out)
{
    static const uint8_t salt[] = { 0x01 };
    if (!is_salted) {
        return svms_camera_hash_once(hasher, hash, list, size, out);
    }
    return svms_camera_hash_start(hasher, hash) &&
           svms_camera_hash_update(hasher, salt, sizeof salt) &&
           svms_camera_hash_update(hasher, list, size) && svms_camera_hash_finish(hasher, out);
}
