/* SPDX-License-Identifier: Apache-2.0 */
#include "srtp_suite.h"

#include <string.h>

#include "context_internal.h"
#include "failure.h"
#include "options.h"

typedef struct suite_row {
    const char *name;
    uint8_t key;
    uint8_t salt;
    uint8_t tag;
    bool aead;
} suite_row;

static const suite_row *row_of(uint32_t suite)
{
    static const suite_row rows[] = {
        [SVMS_SRTP_AEAD_AES_256_GCM] = { "AEAD_AES_256_GCM", 32, 12, 16, true },
        [SVMS_SRTP_AEAD_AES_128_GCM] = { "AEAD_AES_128_GCM", 16, 12, 16, true },
        [SVMS_SRTP_AES_CM_128_HMAC_SHA1_80] = { "AES_CM_128_HMAC_SHA1_80", 16, 14, 10, false },
    };
    return suite < sizeof rows / sizeof rows[0] && rows[suite].name ? &rows[suite] : NULL;
}

const char *svms_srtp_suite_name(svms_srtp_suite suite)
{
    const suite_row *row = row_of((uint32_t)suite);
    return row ? row->name : NULL;
}

size_t svms_srtp_key_size(svms_srtp_suite suite)
{
    const suite_row *row = row_of((uint32_t)suite);
    return row ? row->key : 0;
}

size_t svms_srtp_salt_size(svms_srtp_suite suite)
{
    const suite_row *row = row_of((uint32_t)suite);
    return row ? row->salt : 0;
}

size_t svms_srtp_tag_size(svms_srtp_suite suite)
{
    const suite_row *row = row_of((uint32_t)suite);
    return row ? row->tag : 0;
}

bool svms_srtp_is_aead(svms_srtp_suite suite)
{
    const suite_row *row = row_of((uint32_t)suite);
    return row && row->aead;
}

static bool is_zero(const uint8_t *data, size_t size)
{
    uint8_t all = 0;
    for (size_t i = 0; i < size; i++) {
        all = (uint8_t)(all | data[i]);
    }
    return all == 0;
}

/* A zero MKI would be taken for "not set" by peers that treat it as a number. */
static svms_status draw_mki(svms_srtp_key *key, svms_ctx *ctx, svms_error *err)
{
    while (key->mki_size > 0 && is_zero(key->mki, key->mki_size)) {
        svms_status status = svms_random(ctx, key->mki, key->mki_size, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    return SVMS_OK;
}

svms_status svms_srtp_key_random(svms_srtp_key *out, svms_ctx *ctx, svms_srtp_suite suite,
                                 uint32_t mki_size, svms_error *err)
{
    const suite_row *row = row_of((uint32_t)suite);
    if (!out || !ctx || !row || mki_size > SVMS_SRTP_MKI_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL, no suite, or an MKI too long");
    }
    svms_srtp_key key = SVMS_SRTP_KEY_INIT;
    key.suite = (uint32_t)suite;
    key.mki_size = mki_size;
    svms_status status = svms_random(ctx, key.key, row->key, err);
    if (status == SVMS_OK) {
        status = svms_random(ctx, key.salt, row->salt, err);
    }
    if (status == SVMS_OK) {
        status = draw_mki(&key, ctx, err);
    }
    if (status == SVMS_OK) {
        status = svms_result_write(out, &key, sizeof key, "svms_srtp_key", err);
    }
    svms_srtp_key_wipe(&key);
    return status;
}

svms_status svms_srtp_key_read(svms_srtp_key *out, const svms_srtp_key *key, svms_error *err)
{
    *out = (svms_srtp_key)SVMS_SRTP_KEY_INIT;
    if (!key) {
        return svms_fail(err, SVMS_E_USAGE, "the key is NULL");
    }
    svms_status status = svms_options_read(out, sizeof *out, key, "svms_srtp_key", err);
    if (status != SVMS_OK) {
        return status;
    }
    const suite_row *row = row_of(out->suite);
    if (!row) {
        return svms_fail(err, SVMS_E_USAGE, "%u is no SRTP suite", (unsigned)out->suite);
    }
    if (out->mki_size > SVMS_SRTP_MKI_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "an MKI of %u bytes, and %u is the most",
                         (unsigned)out->mki_size, SVMS_SRTP_MKI_MAX);
    }
    svms_wipe(out->key + row->key, sizeof out->key - row->key);
    svms_wipe(out->salt + row->salt, sizeof out->salt - row->salt);
    svms_wipe(out->mki + out->mki_size, sizeof out->mki - out->mki_size);
    return SVMS_OK;
}

void svms_srtp_key_wipe(svms_srtp_key *key)
{
    if (!key) {
        return;
    }
    svms_wipe(key, sizeof *key);
    *key = (svms_srtp_key)SVMS_SRTP_KEY_INIT;
}
