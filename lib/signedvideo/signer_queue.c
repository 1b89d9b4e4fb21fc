/* SPDX-License-Identifier: Apache-2.0 */
/* SEIs that wait: for signatures, for those before them, for the next access unit (CS-SGN-3). */
#include <string.h>

#include "failure.h"
#include "signer_internal.h"

static void forget(svms_camera_signer *signer, size_t index)
{
    svms_signer_sei_clear(&signer->waiting[index]);
    signer->waiting_count--;
    memmove(&signer->waiting[index], &signer->waiting[index + 1],
            (signer->waiting_count - index) * sizeof signer->waiting[0]);
}

void svms_signer_settle(svms_camera_signer *signer, bool wait)
{
    for (size_t i = 0; i < signer->waiting_count;) {
        svms_error err = SVMS_ERROR_INIT;
        svms_status status =
            svms_signer_sei_settle(signer, &signer->waiting[i], &signer->key, wait, &err);
        if (status != SVMS_OK) {
            svms_signer_tell(signer, status, &err);
            forget(signer, i);
        } else {
            i++;
        }
    }
}

/* Room for size more bytes, so that appending them cannot fail. */
static bool reserve(svms_builder *builder, size_t size)
{
    size_t at = builder->size;
    svms_put_zeros(builder, size);
    bool there = builder->status == SVMS_OK;
    builder->size = at;
    builder->status = SVMS_OK;
    return there;
}

/* One SEI, as often as it is sent; nothing when there is no memory, which is told. */
static bool put_sei(svms_camera_signer *signer, svms_signer_output *output,
                    const svms_builder *framed)
{
    size_t front = output->is_written ? 0 : output->picture;
    size_t rest = output->size - output->picture;
    if (!reserve(&signer->out, front + framed->size * signer->copies + rest)) {
        svms_error err = SVMS_ERROR_INIT;
        svms_signer_tell(signer, svms_fail_memory(&err), &err);
        return false;
    }
    svms_put_bytes(&signer->out, output->data, front);
    for (uint32_t i = 0; i < signer->copies; i++) {
        svms_put_bytes(&signer->out, framed->data, framed->size);
    }
    output->is_written = true;
    return true;
}

void svms_signer_put_certificate(svms_camera_signer *signer, svms_signer_output *output)
{
    if (signer->is_announced) {
        signer->is_announced = !put_sei(signer, output, &signer->certificate);
    }
}

static bool may_go(const svms_camera_signer *signer, const svms_signer_sei *sei, bool only_signed)
{
    bool is_behind_its_list = sei->unit < signer->unit;
    return sei->is_ready && (sei->is_signed || (!only_signed && is_behind_its_list));
}

void svms_signer_put_waiting(svms_camera_signer *signer, svms_signer_output *output,
                             bool only_signed)
{
    while (signer->waiting_count > 0 && may_go(signer, &signer->waiting[0], only_signed) &&
           put_sei(signer, output, &signer->waiting[0].framed)) {
        if (!signer->waiting[0].is_signed) {
            svms_signer_cover_sei(signer, &signer->waiting[0]);
        }
        forget(signer, 0);
    }
}
