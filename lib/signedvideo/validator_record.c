/* SPDX-License-Identifier: Apache-2.0 */
/* The report that was given last, as a record of a recorder. */
#include "camera_record.h"
#include "failure.h"
#include "validator.h"

svms_status svms_camera_validator_record(const svms_camera_validator *validator, uint32_t track,
                                         char *out, size_t *size, svms_error *err)
{
    const svms_camera_remark *remarks = NULL;
    svms_ctx *ctx = NULL;
    if (validator == NULL || size == NULL || (out == NULL && *size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    const svms_camera_gop *gop = svms_camera_validator_last(validator, &remarks, &ctx);
    if (gop == NULL) {
        return svms_fail(err, SVMS_E_STATE, "there was no report yet");
    }
    svms_builder text = svms_builder_new(ctx, SVMS_CAMERA_RECORD_MAX);
    svms_camera_record_put(&text, gop, remarks, track);
    svms_status status = svms_builder_hand_out(&text, "the record", out, size, err);
    svms_builder_clear(&text);
    return status;
}
