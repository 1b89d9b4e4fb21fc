/* SPDX-License-Identifier: Apache-2.0 */
/* Stands for the validator of libsvms until that is linked. */
#include <svms/svms.h>

svms_status svms_camera_validator_new(svms_camera_validator **out, svms_ctx *ctx,
                                      const svms_camera_validator_options *options, svms_error *err)
{
    (void)out;
    (void)ctx;
    (void)options;
    (void)err;
    return SVMS_E_UNSUPPORTED;
}

void svms_camera_validator_free(svms_camera_validator **validator)
{
    (void)validator;
}

svms_status svms_camera_validator_add(svms_camera_validator *validator, const void *data,
                                      size_t size, int64_t utc_ns, svms_error *err)
{
    (void)validator;
    (void)data;
    (void)size;
    (void)utc_ns;
    (void)err;
    return SVMS_E_UNSUPPORTED;
}

svms_status svms_camera_validator_end(svms_camera_validator *validator, svms_error *err)
{
    (void)validator;
    (void)err;
    return SVMS_E_UNSUPPORTED;
}

svms_status svms_camera_validator_next(svms_camera_validator *validator, svms_camera_gop *gop,
                                       svms_error *err)
{
    (void)validator;
    (void)gop;
    (void)err;
    return SVMS_E_UNSUPPORTED;
}

svms_status svms_camera_validator_remark(const svms_camera_validator *validator, uint32_t index,
                                         svms_camera_remark *remark, svms_error *err)
{
    (void)validator;
    (void)index;
    (void)remark;
    (void)err;
    return SVMS_E_UNSUPPORTED;
}

svms_status svms_camera_validator_summary(const svms_camera_validator *validator,
                                          svms_camera_summary *summary, svms_error *err)
{
    (void)validator;
    (void)summary;
    (void)err;
    return SVMS_E_UNSUPPORTED;
}

svms_status svms_camera_validator_record(const svms_camera_validator *validator, uint32_t track,
                                         char *out, size_t *size, svms_error *err)
{
    (void)validator;
    (void)track;
    (void)out;
    (void)size;
    (void)err;
    return SVMS_E_UNSUPPORTED;
}
