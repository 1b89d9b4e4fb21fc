/* SPDX-License-Identifier: Apache-2.0 */
/* Attachments: what the exporter added (E-VER-10). */
#include <string.h>

#include "evidence_internal.h"
#include "failure.h"
#include "options.h"
#include "stream.h"

/* Opened piece by piece: hashed, and handed on. */
static svms_status copy(svms_evidence *evidence, const svms_evidence_frame *frame,
                        svms_hasher *hasher, const svms_sink *sink, svms_error *err)
{
    svms_status status = SVMS_OK;
    uint8_t *buffer = svms_alloc(evidence->ctx, SVMS_FRAME_CHUNK);
    if (buffer == NULL) {
        return svms_fail_memory(err);
    }
    for (uint64_t at = 0; at < frame->body_size && status == SVMS_OK;) {
        uint64_t left = frame->body_size - at;
        size_t size = left < SVMS_FRAME_CHUNK ? (size_t)left : SVMS_FRAME_CHUNK;
        svms_iovec run = { buffer, size };
        status = svms_evidence_read_body(evidence, frame, at, buffer, size, err);
        if (status == SVMS_OK && !svms_hasher_update(hasher, buffer, size)) {
            status = svms_fail_crypto(err, "hashing an attachment");
        }
        if (status == SVMS_OK && sink != NULL) {
            status = svms_sink_write(sink, &run, 1, err);
        }
        if (status == SVMS_OK && !svms_evidence_tick(evidence)) {
            status = svms_fail(err, SVMS_E_CANCELLED, "cancelled");
        }
        at += size;
    }
    svms_release_secret(evidence->ctx, buffer, SVMS_FRAME_CHUNK);
    return status;
}

svms_status svms_evidence_take_attachment(svms_evidence *evidence, uint32_t number,
                                          const svms_sink *sink, uint8_t digest[SVMS_DIGEST_SIZE],
                                          svms_error *err)
{
    const svms_evidence_frame *found = NULL;
    svms_hasher *hasher = NULL;
    svms_status status =
        svms_evidence_need_frame(evidence, evidence->attachments[number], &found, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_evidence_frame frame = *found;
    if (!svms_evidence_can_read(evidence, &frame.frame)) {
        return svms_fail(err, SVMS_E_WRONG_KEY,
                         "the package is sealed, and nothing that was given opens it");
    }
    status = svms_hasher_new(&hasher, evidence->ctx, err);
    if (status == SVMS_OK && !svms_hasher_start(hasher)) {
        status = svms_fail_crypto(err, "hashing an attachment");
    }
    if (status == SVMS_OK) {
        status = copy(evidence, &frame, hasher, sink, err);
    }
    if (status == SVMS_OK && !svms_hasher_finish(hasher, digest)) {
        status = svms_fail_crypto(err, "hashing an attachment");
    }
    svms_hasher_free(&hasher);
    return status;
}

svms_status svms_export_get_attachment(svms_evidence *evidence, uint32_t number,
                                       const svms_sink *sink, svms_error *err)
{
    svms_sink given = SVMS_SINK_INIT;
    const svms_case *document = NULL;
    uint8_t digest[SVMS_DIGEST_SIZE];
    svms_error found = SVMS_ERROR_INIT;
    if (evidence == NULL || sink == NULL || number >= evidence->first.attachments) {
        return svms_fail(err, SVMS_E_USAGE, "there is no such attachment, or no sink");
    }
    if (!svms_sink_usable(sink)) {
        return svms_fail(err, SVMS_E_USAGE, "the sink lacks a callback");
    }
    svms_status status = svms_options_read(&given, sizeof(given), sink, "svms_sink", err);
    if (status == SVMS_OK) {
        status = svms_evidence_take_attachment(evidence, number, &given, digest, &found);
        if (status == SVMS_OK) {
            status = svms_evidence_case(evidence, &document, &found);
            status = status == SVMS_E_MALFORMED ? SVMS_E_NOT_AUTHENTIC : status;
        }
        if (status != SVMS_OK) {
            return svms_fail_as(err, status, &found);
        }
    }
    if (status != SVMS_OK) {
        return status;
    }
    const svms_case_attachment *stated = svms_case_attachment_at(document, number);
    if (stated == NULL || memcmp(stated->digest, digest, sizeof(digest)) != 0) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "attachment %u is not what the case says (E-CAS-1)", number);
    }
    return SVMS_OK;
}
