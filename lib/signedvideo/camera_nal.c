/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_nal.h"

#include <string.h>

#include "nal_internal.h"

enum {
    H264_SLICE = 1,
    H264_PARTITION_A = 2,
    H264_IDR = 5,
    H264_SEI = 6,
    H265_VCL_LAST = 31,
    H265_ANCHOR_FIRST = 16, /* BLA_W_LP */
    H265_ANCHOR_LAST = 21,  /* CRA_NUT */
    H265_PREFIX_SEI = 39,
    USER_DATA_UNREGISTERED = 5,
    /* The first bit of a slice: first_mb_in_slice is 0, or first_slice_segment_in_pic_flag is 1. */
    FIRST_BIT = 0x80
};

static const uint8_t media_signing[SVMS_CAMERA_UUID_SIZE] = { 0x00, 0x5B, 0xC9, 0x3F, 0x2D, 0x71,
                                                              0x5E, 0x95, 0xAD, 0xA4, 0x79, 0x6F,
                                                              0x90, 0x87, 0x7A, 0x6F };
static const uint8_t axis_signed_video[SVMS_CAMERA_UUID_SIZE] = {
    0x53, 0x69, 0x67, 0x6E, 0x65, 0x64, 0x20, 0x56, 0x69, 0x64, 0x65, 0x6F, 0x2E, 0x2E, 0x2E, 0x30
};

static svms_camera_nal_kind kind_of_h264(uint32_t type, bool begins)
{
    if (type == H264_SEI) {
        return SVMS_CAMERA_NAL_SEI;
    }
    if (type < H264_SLICE || type > H264_IDR) {
        return SVMS_CAMERA_NAL_IGNORED;
    }
    return type == H264_IDR && begins ? SVMS_CAMERA_NAL_ANCHOR : SVMS_CAMERA_NAL_SLICE;
}

static svms_camera_nal_kind kind_of_h265(uint32_t type, bool begins)
{
    if (type == H265_PREFIX_SEI) {
        return SVMS_CAMERA_NAL_SEI;
    }
    if (type > H265_VCL_LAST) {
        return SVMS_CAMERA_NAL_IGNORED;
    }
    bool may_lead = type >= H265_ANCHOR_FIRST && type <= H265_ANCHOR_LAST;
    return may_lead && begins ? SVMS_CAMERA_NAL_ANCHOR : SVMS_CAMERA_NAL_SLICE;
}

/* Data partitions B and C do not begin with first_mb_in_slice. */
static bool has_first_bit(uint32_t codec, uint32_t type)
{
    return codec == SVMS_CODEC_H265 || type <= H264_PARTITION_A || type == H264_IDR;
}

/* The UUID of the message the SEI begins with; false when it has none. */
static bool read_uuid(uint32_t codec, const svms_nal *nal, uint8_t uuid[SVMS_CAMERA_UUID_SIZE])
{
    svms_rbsp rbsp = svms_rbsp_over(nal, codec);
    if (svms_rbsp_u8(&rbsp) != USER_DATA_UNREGISTERED) {
        return false;
    }
    while (svms_rbsp_u8(&rbsp) == UINT8_MAX) {
    }
    for (size_t i = 0; i < SVMS_CAMERA_UUID_SIZE; i++) {
        uuid[i] = svms_rbsp_u8(&rbsp);
    }
    return !rbsp.cursor.failed;
}

static void tell_sei(svms_camera_nal *out, uint32_t codec, const svms_nal *nal)
{
    uint8_t uuid[SVMS_CAMERA_UUID_SIZE];
    bool has_uuid = read_uuid(codec, nal, uuid);
    out->is_axis = has_uuid && memcmp(uuid, axis_signed_video, sizeof uuid) == 0;
    if (!has_uuid || (!out->is_axis && memcmp(uuid, media_signing, sizeof uuid) != 0)) {
        out->kind = SVMS_CAMERA_NAL_IGNORED;
    }
}

svms_camera_nal svms_camera_nal_of(uint32_t codec, const svms_nal *nal)
{
    svms_camera_nal out = { .data = nal->data, .size = nal->size };
    while (out.size > 0 && out.data[out.size - 1] == 0) {
        out.size--;
    }
    svms_cursor cursor = svms_cursor_over(out.data, out.size, 0);
    (void)svms_skip(&cursor, svms_nal_header_size(codec));
    bool begins = (svms_read_u8(&cursor) & FIRST_BIT) != 0 && has_first_bit(codec, nal->type);
    out.kind = codec == SVMS_CODEC_H265 ? kind_of_h265(nal->type, begins)
                                        : kind_of_h264(nal->type, begins);
    if (out.kind == SVMS_CAMERA_NAL_SEI) {
        tell_sei(&out, codec, nal);
    } else {
        out.is_first_slice = begins && out.kind != SVMS_CAMERA_NAL_IGNORED;
    }
    return out;
}

const uint8_t *svms_camera_uuid(void)
{
    return media_signing;
}
