/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of covered pixels, as they come, and with their packed bytes packed anew so that what is
 * behind them is reached: layout, width, height and number of runs, then what is to be packed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include <svms/svms.h>

#include "covered.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIDE_MAX 64u
#define PACKED_MAX 65536u

static void lift(svms_ctx *ctx, const uint8_t *sample, size_t size)
{
    static uint8_t bytes[3][SIDE_MAX * SIDE_MAX];
    svms_picture picture = SVMS_PICTURE_INIT;
    if (size < SVMS_COVERED_HEAD_SIZE) {
        picture.width = picture.height = 1;
    } else {
        picture.layout = sample[1] == 2 ? SVMS_PICTURE_NV12 : SVMS_PICTURE_I420;
        picture.width = (uint32_t)(sample[2] << 8 | sample[3]) % SIDE_MAX + 1;
        picture.height = (uint32_t)(sample[4] << 8 | sample[5]) % SIDE_MAX + 1;
    }
    for (size_t i = 0; i < 3; i++) {
        picture.planes[i] = bytes[i];
        picture.strides[i] = SIDE_MAX;
    }
    svms_status status = svms_privacy_lift(ctx, &picture, size > 0 ? sample : bytes[0], size, NULL);
    if (status == SVMS_OK && size <= SVMS_COVERED_HEAD_SIZE) {
        abort();
    }
}

static void pack_and_lift(svms_ctx *ctx, const uint8_t *data, size_t size)
{
    static uint8_t sample[SVMS_COVERED_HEAD_SIZE + PACKED_MAX];
    uLongf packed = PACKED_MAX;
    if (size < 4 || size > PACKED_MAX / 2) {
        return;
    }
    size_t left = size - 4;
    uint8_t head[SVMS_COVERED_HEAD_SIZE] = { 1,
                                             data[0] % 3,
                                             0,
                                             (uint8_t)(data[1] % SIDE_MAX),
                                             0,
                                             (uint8_t)(data[2] % SIDE_MAX),
                                             0,
                                             0,
                                             0,
                                             data[3],
                                             0,
                                             0,
                                             (uint8_t)(left >> 8),
                                             (uint8_t)left };
    memcpy(sample, head, sizeof head);
    if (compress2(sample + sizeof head, &packed, data + 4, left, 1) == Z_OK) {
        lift(ctx, sample, sizeof head + packed);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    svms_ctx *ctx = NULL;
    if (svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK) {
        return 0;
    }
    lift(ctx, data, size);
    pack_and_lift(ctx, data, size);
    svms_ctx_free(&ctx);
    return 0;
}
