/* SPDX-License-Identifier: Apache-2.0 */
/* H.264 and H.265 as recordings hold them: NAL units with 4-byte lengths, and avcC or hvcC. */
#ifndef SVMS_CLI_NAL_FRAMING_H
#define SVMS_CLI_NAL_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libavcodec/codec_par.h>
#include <svms/media.h>

#include "exit_status.h"

/* Bytes that grow as needed; zeros are an empty one. */
typedef struct byte_buffer {
    uint8_t *bytes;
    size_t size;
    size_t capacity;
} byte_buffer;

void byte_buffer_free(byte_buffer *buffer);

/* Finds out how the samples of a stream are framed and makes the configuration for 4-byte lengths.
 * Complains. */
exit_status nal_configure(const AVCodecParameters *parameters, uint32_t codec,
                          svms_nal_framing *framing, byte_buffer *configuration);

/* Rewrites a sample to 4-byte lengths; false when it is not made of NAL units, or out of memory. */
bool nal_reframe(uint32_t codec, svms_nal_framing framing, const uint8_t *data, size_t size,
                 byte_buffer *out);

#endif
