/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "digest.h"
#include "failure.h"
#include "srtp_internal.h"
#include "srtp_suite.h"

enum { FIRST_ROOM = 4 };

svms_status svms_srtp_mark_of(svms_ctx *ctx, const svms_srtp_key *key,
                              uint8_t out[SVMS_SRTP_MARK_SIZE], svms_error *err)
{
    uint8_t suite = (uint8_t)key->suite;
    uint8_t digest[SVMS_DIGEST_SIZE];
    svms_iovec runs[] = {
        { &suite, sizeof suite },
        { key->key, svms_srtp_key_size((svms_srtp_suite)key->suite) },
        { key->salt, svms_srtp_salt_size((svms_srtp_suite)key->suite) },
    };
    svms_status status = svms_sha256(ctx, runs, sizeof runs / sizeof runs[0], digest, err);
    if (status == SVMS_OK) {
        memcpy(out, digest, SVMS_SRTP_MARK_SIZE);
    }
    svms_wipe(digest, sizeof digest);
    return status;
}

bool svms_srtp_is_marked(const svms_srtp_marks *marks, const uint8_t mark[SVMS_SRTP_MARK_SIZE])
{
    for (uint32_t i = 0; i < marks->count; i++) {
        if (svms_equal_secret(marks->rows[i], mark, SVMS_SRTP_MARK_SIZE)) {
            return true;
        }
    }
    return false;
}

svms_status svms_srtp_grow_marks(svms_ctx *ctx, svms_srtp_marks *marks, svms_error *err)
{
    if (marks->count < marks->room) {
        return SVMS_OK;
    }
    if (marks->count >= SVMS_SRTP_MARKS_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "the key was changed more than %d times",
                         SVMS_SRTP_MARKS_MAX);
    }
    uint32_t room = marks->room == 0 ? FIRST_ROOM : marks->room * 2;
    size_t row = sizeof *marks->rows;
    void *grown = svms_grow(ctx, marks->rows, marks->count * row, room * row);
    if (!grown) {
        return svms_fail_memory(err);
    }
    marks->rows = grown;
    marks->room = room;
    return SVMS_OK;
}

void svms_srtp_add_mark(svms_srtp_marks *marks, const uint8_t mark[SVMS_SRTP_MARK_SIZE])
{
    memcpy(marks->rows[marks->count], mark, SVMS_SRTP_MARK_SIZE);
    marks->count++;
}
