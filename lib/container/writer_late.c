/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests whose signatures come later (C-SIG-4, C-SIG-5), from a slow signer or from a batch. */
#include <string.h>

#include "failure.h"
#include "writer_internal.h"

static bool is_due(const svms_writer *writer, uint64_t number)
{
    return writer->sign_now || (number + 1) % writer->header.signature_interval == 0;
}

/* Appends the record of the oldest signature, if it has come; with wait, when it has come. */
static svms_status put_signature(svms_writer *writer, svms_outstanding *one, bool wait,
                                 uint32_t record_number, svms_builder *out, bool *done,
                                 svms_error *err)
{
    uint8_t signature[SVMS_SIGNATURE_LONGEST];
    size_t size = sizeof(signature);
    svms_batch_proof proof;
    svms_status status = SVMS_OK;
    *done = true;
    if (one->member != NULL) {
        status = svms_batch_collect(one->member, wait, done, signature, &size, &proof, err);
    } else if (wait) {
        status = svms_sign_wait(one->ticket, signature, &size, err);
    } else {
        status = svms_sign_poll(one->ticket, done, signature, &size, err);
    }
    if (status != SVMS_OK || !*done) {
        return status;
    }
    svms_signature_put(out, writer->header.signer.algorithm, one->number, record_number, signature,
                       size, one->member != NULL ? &proof : NULL);
    return svms_builder_check(out, "a signature", err);
}

static void forget(svms_outstanding *one)
{
    svms_sign_ticket_free(&one->ticket);
    svms_batch_member_free(&one->member);
}

/* Begins to sign the manifest in scratch. A signature that is there at once follows its manifest.
 */
static svms_status begin_late(svms_writer *writer, size_t size, uint64_t number, svms_error *err)
{
    svms_builder *out = &writer->scratch;
    const uint8_t *object = out->data + SVMS_RECORD_HEADER_SIZE;
    svms_outstanding one = { number, NULL, NULL };
    bool done = false;
    if (writer->batch != NULL) {
        svms_status status = svms_batch_submit(writer->batch, object, size, &one.member, err);
        if (status != SVMS_OK) {
            return status;
        }
    } else {
        svms_status status = svms_sign_start(writer->signer, object, size, &one.ticket, err);
        if (status == SVMS_OK) {
            status = put_signature(writer, &one, false, 0, out, &done, err);
        }
        if (status != SVMS_OK || done) {
            forget(&one);
            return status;
        }
    }
    writer->outstanding[writer->outstanding_count++] = one;
    return SVMS_OK;
}

svms_status svms_writer_sign_manifest(svms_writer *writer, size_t size, uint64_t number,
                                      svms_error *err)
{
    svms_builder *out = &writer->scratch;
    const uint8_t *object = out->data + SVMS_RECORD_HEADER_SIZE;
    if (writer->signer == NULL || !is_due(writer, number)) {
        return SVMS_OK;
    }
    if (!writer->late || writer->sign_now) {
        return svms_writer_put_signature(writer, out, object, size, number, err);
    }
    return begin_late(writer, size, number, err);
}

bool svms_writer_late_is_due(const svms_writer *writer, uint64_t segment)
{
    return writer->outstanding_count != 0 &&
           (writer->outstanding_count == SVMS_MAX_OUTSTANDING ||
            segment - writer->outstanding[0].number >= SVMS_MAX_OUTSTANDING);
}

static void drop_oldest(svms_writer *writer)
{
    forget(&writer->outstanding[0]);
    writer->outstanding_count--;
    memmove(&writer->outstanding[0], &writer->outstanding[1],
            writer->outstanding_count * sizeof(writer->outstanding[0]));
}

static svms_status put_oldest(svms_writer *writer, bool wait, uint32_t record_number,
                              svms_builder *out, bool *done, svms_error *err)
{
    svms_builder_reset(out);
    svms_status status =
        put_signature(writer, &writer->outstanding[0], wait, record_number, out, done, err);
    if (status == SVMS_OK && *done) {
        drop_oldest(writer);
    }
    return status;
}

svms_status svms_writer_wait_late(svms_writer *writer, uint32_t record_number, svms_builder *out,
                                  svms_error *err)
{
    bool done = false;
    return put_oldest(writer, true, record_number, out, &done, err);
}

svms_status svms_writer_take_late(svms_writer *writer, svms_error *err)
{
    while (writer->outstanding_count != 0) {
        bool done = false;
        svms_status status =
            put_oldest(writer, false, writer->segment.records, &writer->scratch, &done, err);
        if (status != SVMS_OK || !done) {
            return status;
        }
        status = svms_writer_put_auxiliary(writer, writer->scratch.data, writer->scratch.size, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    return SVMS_OK;
}

void svms_writer_forget_late(svms_writer *writer)
{
    while (writer->outstanding_count != 0) {
        drop_oldest(writer);
    }
}
