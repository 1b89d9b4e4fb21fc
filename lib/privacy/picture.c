/* SPDX-License-Identifier: Apache-2.0 */
#include "picture.h"

#include "failure.h"
#include "options.h"

uint32_t svms_picture_planes(const svms_picture *picture)
{
    return picture->layout == SVMS_PICTURE_NV12 ? 2 : 3;
}

svms_plane svms_picture_plane(const svms_picture *picture, uint32_t index)
{
    bool chroma = index > 0;
    svms_plane plane = { picture->planes[index], picture->strides[index],
                         chroma ? (picture->width + 1) / 2 : picture->width,
                         chroma ? (picture->height + 1) / 2 : picture->height,
                         chroma && picture->layout == SVMS_PICTURE_NV12 ? 2u : 1u };
    return plane;
}

svms_status svms_picture_read(svms_picture *out, const svms_picture *picture, svms_error *err)
{
    *out = (svms_picture)SVMS_PICTURE_INIT;
    svms_status status = svms_options_read(out, sizeof *out, picture, "svms_picture", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (out->layout != SVMS_PICTURE_I420 && out->layout != SVMS_PICTURE_NV12) {
        return svms_fail(err, SVMS_E_USAGE, "a picture's layout is unknown");
    }
    if (out->width == 0 || out->height == 0 || out->width > SVMS_PICTURE_SIZE_MAX ||
        out->height > SVMS_PICTURE_SIZE_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "a picture has 1 to %u pixels in each direction",
                         SVMS_PICTURE_SIZE_MAX);
    }
    for (uint32_t i = 0; i < svms_picture_planes(out); i++) {
        svms_plane plane = svms_picture_plane(out, i);
        if (!plane.data || plane.stride < (size_t)plane.width * plane.unit) {
            return svms_fail(err, SVMS_E_USAGE, "plane %u of a picture is missing or too narrow",
                             i);
        }
    }
    return SVMS_OK;
}
