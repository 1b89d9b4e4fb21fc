/* SPDX-License-Identifier: Apache-2.0 */
/* Access units through the signer. */
#include "camera_document.h"
#include "failure.h"
#include "signer_internal.h"

enum { H264_PREFIX_NAL = 14 };

/* What an access unit has; offsets count from its start, and are its size when there is no picture,
 * or not the beginning of one. */
typedef struct survey {
    size_t slice;   /* where the first slice begins */
    size_t picture; /* where that begins which must stand before no other NAL unit */
    size_t covered;
    bool has_slice;
} survey;

/* CS-SGN-6: only data that the encoder wants signed may be there. */
static svms_status check_sei(svms_camera_signer *signer, const svms_camera_nal *nal,
                             svms_error *err)
{
    svms_camera_document document;
    svms_error cause = SVMS_ERROR_INIT;
    svms_status status =
        svms_camera_document_read(&document, signer->ctx, signer->codec, nal, &cause);
    bool is_data = status == SVMS_OK && document.is_arbitrary;
    svms_camera_document_clear(&document);
    if (is_data) {
        return SVMS_OK;
    }
    if (status == SVMS_E_NO_MEMORY) {
        return svms_fail_memory(err);
    }
    return svms_fail(err, SVMS_E_UNSUPPORTED,
                     "the stream has SEIs of media signing already: it is not signed twice");
}

static void note_slice(survey *out, const svms_nal *nal, const svms_camera_nal *what,
                       const svms_nal *before)
{
    if (what->is_first_slice && !out->has_slice) {
        /* A prefix NAL unit belongs to the slice behind it (H.264 7.4.1.2.3). */
        bool is_prefixed = before->data && before->type == H264_PREFIX_NAL;
        out->slice = nal->framed_offset;
        out->picture = is_prefixed ? before->framed_offset : nal->framed_offset;
    }
    out->has_slice = true;
}

static svms_status look_over(survey *out, svms_camera_signer *signer, const uint8_t *data,
                             size_t size, svms_error *err)
{
    *out = (survey){ .slice = size, .picture = size };
    svms_nal_iterator it = SVMS_NAL_ITERATOR_INIT;
    svms_nal nal = SVMS_NAL_INIT;
    svms_nal before = SVMS_NAL_INIT;
    svms_status status = svms_nal_begin(&it, signer->codec, signer->framing, data, size);
    while (status == SVMS_OK && (status = svms_nal_next(&it, &nal, err)) == SVMS_OK) {
        svms_camera_nal what = svms_camera_nal_of(signer->codec, &nal);
        if (what.kind == SVMS_CAMERA_NAL_SEI) {
            status = check_sei(signer, &what, err);
        } else if (what.kind != SVMS_CAMERA_NAL_IGNORED) {
            note_slice(out, &nal, &what, &before);
        }
        out->covered += what.kind != SVMS_CAMERA_NAL_IGNORED;
        before = nal;
    }
    if (status == SVMS_END && out->covered > SVMS_SIGNER_UNIT_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "an access unit of more than %d NAL units",
                         SVMS_SIGNER_UNIT_MAX);
    }
    return status == SVMS_END ? SVMS_OK : status;
}

/* CS-SGN-3: what is ready comes first, and belongs to the list that may end here. */
static void begin_picture(svms_camera_signer *signer, svms_signer_output *output,
                          const svms_camera_nal *first, int64_t utc_ns)
{
    static const svms_signer_closing gop_goes_on = { .is_partial = true };
    svms_signer_take_time(signer, utc_ns);
    svms_signer_put_certificate(signer, output);
    svms_signer_put_waiting(signer, output, false);
    if (first->kind != SVMS_CAMERA_NAL_ANCHOR && svms_signer_is_part_due(signer)) {
        svms_signer_close_list(signer, &gop_goes_on);
    }
    svms_signer_cover(signer, first);
    /* Keys in the process have signed already. */
    svms_signer_settle(signer, false);
    svms_signer_put_waiting(signer, output, true);
}

/* The bytes were looked over, so they parse. */
static void take(svms_camera_signer *signer, svms_signer_output *output, const survey *found,
                 int64_t utc_ns)
{
    svms_nal_iterator it = SVMS_NAL_ITERATOR_INIT;
    svms_nal nal = SVMS_NAL_INIT;
    svms_status status =
        svms_nal_begin(&it, signer->codec, signer->framing, output->data, output->size);
    while (status == SVMS_OK && (status = svms_nal_next(&it, &nal, NULL)) == SVMS_OK) {
        svms_camera_nal what = svms_camera_nal_of(signer->codec, &nal);
        if (nal.framed_offset == found->slice) {
            begin_picture(signer, output, &what, utc_ns);
        } else {
            svms_signer_cover(signer, &what);
        }
    }
}

/* Room was made when the first SEI went in. */
static void hand_out(svms_camera_signer *signer, const svms_signer_output *output, const void **out,
                     size_t *out_size)
{
    if (!output->is_written) {
        *out = output->data;
        *out_size = output->size;
        return;
    }
    /* At the end of the stream there is no access unit. */
    if (output->data) {
        svms_put_bytes(&signer->out, output->data + output->picture,
                       output->size - output->picture);
    }
    *out = signer->out.data;
    *out_size = signer->out.size;
}

static svms_status tell(const svms_camera_signer *signer, svms_error *err)
{
    svms_status status = signer->trouble.status;
    return status == SVMS_OK ? SVMS_OK : svms_fail_as(err, status, &signer->trouble);
}

static svms_status check_call(const svms_camera_signer *signer, int64_t utc_ns, svms_error *err)
{
    if (signer->is_ended) {
        return svms_fail(err, SVMS_E_STATE, "the stream that is signed has ended");
    }
    if (utc_ns < 0) {
        return svms_fail(err, SVMS_E_USAGE, "what is signed needs a time from 1970 on");
    }
    return SVMS_OK;
}

static void begin_call(svms_camera_signer *signer)
{
    signer->trouble = (svms_error)SVMS_ERROR_INIT;
    signer->unit++;
    svms_builder_reset(&signer->out);
    svms_signer_settle(signer, false);
}

svms_status svms_camera_signer_add(svms_camera_signer *signer, const void *data, size_t size,
                                   int64_t utc_ns, const void **out, size_t *out_size,
                                   svms_error *err)
{
    if (!signer || !data || !out || !out_size) {
        return svms_fail(err, SVMS_E_USAGE,
                         "signing needs a signer, an access unit, and places for the result");
    }
    *out = NULL;
    *out_size = 0;
    survey found;
    svms_status status = check_call(signer, utc_ns, err);
    if (status == SVMS_OK) {
        status = look_over(&found, signer, data, size, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    begin_call(signer);
    svms_signer_output output = { .data = data, .size = size, .picture = found.picture };
    take(signer, &output, &found, utc_ns);
    hand_out(signer, &output, out, out_size);
    return tell(signer, err);
}

svms_status svms_camera_signer_end(svms_camera_signer *signer, int64_t utc_ns, const void **out,
                                   size_t *out_size, svms_error *err)
{
    static const svms_signer_closing stream_ends = { .is_last = true };
    if (!signer || !out || !out_size) {
        return svms_fail(err, SVMS_E_USAGE,
                         "the end of signing needs a signer, and places for the result");
    }
    *out = NULL;
    *out_size = 0;
    svms_status status = check_call(signer, utc_ns, err);
    if (status != SVMS_OK) {
        return status;
    }
    begin_call(signer);
    signer->is_ended = true;
    svms_signer_output output = { .data = NULL };
    svms_signer_take_time(signer, utc_ns);
    svms_signer_settle(signer, true);
    svms_signer_put_waiting(signer, &output, false);
    if (signer->list.has_anchor) {
        svms_signer_close_list(signer, &stream_ends);
    }
    svms_signer_settle(signer, true);
    svms_signer_put_waiting(signer, &output, true);
    if (output.is_written) {
        hand_out(signer, &output, out, out_size);
    }
    return tell(signer, err);
}
