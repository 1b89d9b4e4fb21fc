/* SPDX-License-Identifier: Apache-2.0 */
/* SEIs of media signing and of Axis: what they hold, the keys in them, and their signatures. The
 * first byte chooses the codec, the rest is one NAL unit. Whatever verifies with the camera's key
 * must be a document that was signed with it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <svms/time.h>

#include "axis_elements.h"
#include "axis_key.h"
#include "camera_key.h"
#include "fuzz_camera_signed.h"
#include "nal_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW INT64_C(1798761600000000000) /* 2027-01-01 */

/* Made once, because keys are decoded once. */
typedef struct world {
    svms_ctx *ctx;
    svms_camera_hasher *hasher;
    svms_camera_key *camera;
    svms_trust *trust;
} world;

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static const world *the_world(void)
{
    static world w;
    if (!w.ctx) {
        svms_camera_text pem = { (const uint8_t *)camera_pem, sizeof camera_pem - 1 };
        require(svms_ctx_new(&w.ctx, NULL, NULL) == SVMS_OK);
        require(svms_camera_hasher_new(&w.hasher, w.ctx, NULL) == SVMS_OK);
        require(svms_camera_key_new(&w.camera, w.ctx, &pem, NULL) == SVMS_OK);
        require(svms_trust_from_pem(&w.trust, w.ctx, maker_pem, sizeof maker_pem - 1, NULL) ==
                SVMS_OK);
    }
    return &w;
}

typedef struct extent {
    const uint8_t *data;
    size_t size;
} extent;

/* A piece that is there lies in the NAL unit, or in the document's own bytes, which are no more. */
static void check_piece(const svms_camera_document *document, const svms_camera_nal *nal,
                        const uint8_t *piece, size_t size)
{
    const uint8_t *base = document->bytes ? document->bytes : nal->data;
    require(piece >= base && size <= nal->size && (size_t)(piece - base) <= nal->size - size);
}

static void check_document(const svms_camera_document *document, const svms_camera_nal *nal)
{
    const extent pieces[] = {
        { document->list_hash, document->hash_size },
        { document->predecessor, document->hash_size },
        { document->list, document->list_count * document->hash_size },
        { document->signature, document->signature_size },
        { document->firmware.data, document->firmware.size },
        { document->serial.data, document->serial.size },
        { document->manufacturer.data, document->manufacturer.size },
        { document->maker_pem.data, document->maker_pem.size },
        { document->user_pem.data, document->user_pem.size },
        { document->public_pem.data, document->public_pem.size },
        { document->attestation.data, document->attestation.size },
        { document->list, document->list_size },
        { document->successor, document->hash_size },
    };
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        if (pieces[i].data) {
            check_piece(document, nal, pieces[i].data, pieces[i].size);
        }
    }
    require(document->hashed != NULL && document->hashed_size < nal->size);
    if (document->hashed != nal->data) {
        check_piece(document, nal, document->hashed, document->hashed_size);
    }
    require(document->hash_size <= SVMS_CAMERA_HASH_MAX);
    require(!document->has_list || document->has_general);
}

static void check_times(const svms_camera_document *document)
{
    svms_camera_times little = svms_camera_document_times(document, SVMS_CAMERA_LITTLE_ENDIAN);
    svms_camera_times big = svms_camera_document_times(document, SVMS_CAMERA_BIG_ENDIAN);
    /* Where both orders do, each is taken; else what was before does not matter. */
    require(little.order == big.order
                ? little.counter == big.counter && little.from_utc_ns == big.from_utc_ns
                : little.order == SVMS_CAMERA_LITTLE_ENDIAN);
    require(little.from_utc_ns == SVMS_NO_TIME || little.from_utc_ns >= 0);
}

static bool was_signed(const world *w, const svms_camera_document *document)
{
    uint8_t digest[SVMS_CAMERA_HASH_MAX];
    require(svms_camera_hash_once(w->hasher, SVMS_CAMERA_SHA256, document->hashed,
                                  document->hashed_size, digest));
    for (size_t i = 0; i < sizeof signed_documents / sizeof signed_documents[0]; i++) {
        if (memcmp(signed_documents[i], digest, sizeof signed_documents[i]) == 0) {
            return true;
        }
    }
    return false;
}

static svms_status verify(const world *w, svms_camera_key *key,
                          const svms_camera_document *document)
{
    static const svms_camera_algorithms usual = { SVMS_CAMERA_SHA256, SVMS_CAMERA_SCHEME_BY_KEY,
                                                  SVMS_CAMERA_HASHES };
    svms_status status = svms_camera_key_verify(
        key, w->hasher, document->has_cryptography ? &document->algorithms : &usual, document,
        NULL);
    require(status == SVMS_OK || status == SVMS_E_NOT_AUTHENTIC || status == SVMS_E_UNSUPPORTED ||
            status == SVMS_E_MALFORMED);
    return status;
}

/* Whoever has a key of his own may sign what he likes, but is not trusted for it. */
static void try_own_key(const world *w, const svms_camera_document *document,
                        const svms_camera_text *pem)
{
    svms_camera_key *key = NULL;
    svms_identity_question question = SVMS_IDENTITY_QUESTION_INIT;
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    if (!pem->data) {
        return;
    }
    svms_status status = svms_camera_key_new(&key, w->ctx, pem, NULL);
    require(status == SVMS_OK || status == SVMS_E_MALFORMED || status == SVMS_E_LIMIT ||
            status == SVMS_E_UNSUPPORTED);
    if (status != SVMS_OK) {
        return;
    }
    require(svms_camera_key_is_of(key, pem));
    (void)verify(w, key, document);
    question.from_utc_ns = NOW;
    question.to_utc_ns = NOW;
    question.now_utc_ns = NOW;
    status = svms_camera_key_check(key, w->trust, &question, &result, NULL);
    require((status == SVMS_OK) == (result.verdict == SVMS_IDENTITY_TRUSTED));
    require(status == SVMS_OK || status == SVMS_E_UNTRUSTED);
    svms_camera_key_free(&key);
}

/* The same with what a SEI of Axis brings. */
static void try_axis_key(const world *w, const svms_camera_document *document)
{
    svms_camera_key *key = NULL;
    svms_builder text;
    svms_identity_question question = SVMS_IDENTITY_QUESTION_INIT;
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    require(svms_axis_key_text(&text, w->ctx, document, NULL) == SVMS_OK);
    svms_camera_text whole = { text.data, text.size };
    svms_status status = svms_axis_key_new(&key, w->ctx, w->hasher, document, &whole, NULL);
    require(status == SVMS_OK || status == SVMS_E_MALFORMED || status == SVMS_E_LIMIT ||
            status == SVMS_E_UNSUPPORTED);
    if (status == SVMS_OK) {
        require(svms_camera_key_is_of(key, &whole));
        (void)verify(w, key, document);
        question.from_utc_ns = NOW;
        question.to_utc_ns = NOW;
        question.now_utc_ns = NOW;
        status = svms_camera_key_check(key, w->trust, &question, &result, NULL);
        require((status == SVMS_OK) == (result.verdict == SVMS_IDENTITY_TRUSTED));
        /* Nobody is trusted without certificates. */
        require(status != SVMS_OK || svms_camera_key_chain(key) != NULL);
    }
    svms_camera_key_free(&key);
    svms_builder_clear(&text);
}

static void try_axis(const world *w, svms_camera_document *document, const svms_camera_nal *nal)
{
    for (unsigned hash = 0; hash < SVMS_CAMERA_HASHES; hash++) {
        size_t before = document->hash_size;
        if (svms_axis_list_settle(document, (svms_camera_hash)hash, NULL) == SVMS_OK) {
            check_document(document, nal);
        }
        document->hash_size = before;
    }
    if (document->public_pem.data || document->maker_pem.data) {
        try_axis_key(w, document);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const world *w = the_world();
    svms_camera_document document;
    svms_nal nal = SVMS_NAL_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (size == 0) {
        return 0;
    }
    uint32_t codec = (data[0] & 1) != 0 ? SVMS_CODEC_H265 : SVMS_CODEC_H264;
    if (!svms_nal_over(&nal, codec, data + 1, size - 1)) {
        return 0;
    }
    svms_camera_nal found = svms_camera_nal_of(codec, &nal);
    require(found.data == nal.data && found.size <= nal.size);
    if (found.kind != SVMS_CAMERA_NAL_SEI) {
        return 0;
    }
    svms_status status = svms_camera_document_read(&document, w->ctx, codec, &found, &err);
    require(status == SVMS_OK || status == SVMS_E_MALFORMED || status == SVMS_E_LIMIT ||
            (status == SVMS_E_UNSUPPORTED && found.is_axis));
    if (status == SVMS_OK) {
        check_document(&document, &found);
        if (found.is_axis) {
            try_axis(w, &document, &found);
        }
        check_times(&document);
        require(verify(w, w->camera, &document) != SVMS_OK || was_signed(w, &document));
        try_own_key(w, &document, &document.maker_pem);
        try_own_key(w, &document, &document.user_pem);
    }
    svms_camera_document_clear(&document);
    return 0;
}
