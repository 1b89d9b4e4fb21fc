/* SPDX-License-Identifier: Apache-2.0 */
/* Streams for the tests: as encoders write them, and hand-made ones bit by bit. */
#ifndef SVMS_TEST_SAMPLES_H
#define SVMS_TEST_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <svms/media.h>

enum { SAMPLE_CAPACITY = 1 << 20, SLICE_PREFIX_BYTES = 64 };

/* From encoder_streams.h, which include after this header. */
typedef struct encoder_slice {
    uint32_t type;
    uint32_t first;
    size_t header_bits;
    int32_t qp_delta;
    uint8_t bytes[SLICE_PREFIX_BYTES];
} encoder_slice;

typedef struct encoder_stream {
    const char *name;
    uint32_t codec;
    const uint8_t *config;
    size_t config_size;
    const encoder_slice *slices;
    size_t slice_count;
} encoder_stream;

/* A payload under construction. */
typedef struct bit_writer {
    uint8_t data[8192];
    size_t bits;
} bit_writer;

void put_bits(bit_writer *writer, uint32_t value, unsigned count);
void put_ue(bit_writer *writer, uint32_t value);
void put_se(bit_writer *writer, int32_t value);
/* A one, then zeros up to the next byte. */
void put_stop(bit_writer *writer);
/* Ones up to the next byte. */
void put_ones(bit_writer *writer);

/* A sample under construction: NAL units with 4-byte lengths. */
typedef struct sample_bytes {
    uint8_t *data;
    size_t size;
} sample_bytes;

sample_bytes new_sample(void);
void free_sample(sample_bytes *sample);
void append_nal(sample_bytes *sample, const uint8_t *nal, size_t size);
/* Header bytes, payload with emulation prevention, then filler up to size bytes in all. */
void append_payload(sample_bytes *sample, const uint8_t *header, size_t header_size,
                    const bit_writer *payload, size_t size);

typedef struct h264_options {
    bool cavlc;
    bool lossless;
    uint32_t pps;
    uint32_t sps;
} h264_options;

enum { P_SLICE = 0, B_SLICE = 1, I_SLICE = 2, SP_SLICE = 3, SI_SLICE = 4 };

void append_h264_sps(sample_bytes *sample, h264_options options);
void append_h264_pps(sample_bytes *sample, h264_options options);
/* size counts the NAL unit without its length field. */
void append_h264_slice(sample_bytes *sample, uint32_t nal_type, uint32_t type, h264_options options,
                       int32_t qp_delta, size_t size);
/* One message of payload type and size, filled with 0x55. */
void append_sei(sample_bytes *sample, uint32_t codec, uint32_t type, size_t size);

typedef struct h265_options {
    bool pcm;
    bool sps_extension;
    bool pps_extension;
    bool lossless;
    bool tiles;
    bool wavefront;
    bool dependent_slices;
    bool all_parts; /* sets and slices have every optional part that is not named above */
    uint32_t pps;
    uint32_t sps;
} h265_options;

enum { H265_B_SLICE = 0, H265_P_SLICE = 1, H265_I_SLICE = 2, H265_DEPENDENT = 3 };

void append_h265_sps(sample_bytes *sample, h265_options options);
void append_h265_pps(sample_bytes *sample, h265_options options);
/* address 0 is the first slice segment of the picture. */
void append_h265_slice(sample_bytes *sample, uint32_t nal_type, uint32_t type, uint32_t address,
                       h265_options options, size_t size);
/* Its slice header alone, without NAL unit header. */
void put_h265_slice(bit_writer *writer, uint32_t nal_type, uint32_t type, uint32_t address,
                    h265_options options);

#endif
