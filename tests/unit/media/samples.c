/* SPDX-License-Identifier: Apache-2.0 */
#include "samples.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void put_bits(bit_writer *writer, uint32_t value, unsigned count)
{
    for (unsigned i = count; i > 0; i--) {
        assert(writer->bits / 8 < sizeof writer->data);
        if ((value >> (i - 1) & 1) != 0) {
            writer->data[writer->bits / 8] |= (uint8_t)(0x80u >> (writer->bits % 8));
        }
        writer->bits++;
    }
}

void put_ue(bit_writer *writer, uint32_t value)
{
    unsigned length = 0;
    while (((uint64_t)value + 1) >> (length + 1) != 0) {
        length++;
    }
    put_bits(writer, 0, length);
    if (length == 32) {
        put_bits(writer, 1, 1);
    }
    put_bits(writer, value + 1, length == 32 ? 32 : length + 1);
}

void put_se(bit_writer *writer, int32_t value)
{
    put_ue(writer, value > 0 ? 2 * (uint32_t)value - 1 : 2 * (uint32_t)-value);
}

void put_stop(bit_writer *writer)
{
    put_bits(writer, 1, 1);
    while (writer->bits % 8 != 0) {
        put_bits(writer, 0, 1);
    }
}

void put_ones(bit_writer *writer)
{
    while (writer->bits % 8 != 0) {
        put_bits(writer, 1, 1);
    }
}

sample_bytes new_sample(void)
{
    sample_bytes sample = { calloc(1, SAMPLE_CAPACITY), 0 };
    assert(sample.data);
    return sample;
}

void free_sample(sample_bytes *sample)
{
    free(sample->data);
    sample->data = NULL;
}

static void put_length(uint8_t *at, size_t size)
{
    for (unsigned i = 0; i < 4; i++) {
        at[i] = (uint8_t)(size >> (24 - 8 * i));
    }
}

void append_nal(sample_bytes *sample, const uint8_t *nal, size_t size)
{
    assert(sample->size + 4 + size <= SAMPLE_CAPACITY);
    put_length(sample->data + sample->size, size);
    memcpy(sample->data + sample->size + 4, nal, size);
    sample->size += 4 + size;
}

void append_payload(sample_bytes *sample, const uint8_t *header, size_t header_size,
                    const bit_writer *payload, size_t size)
{
    uint8_t *length = sample->data + sample->size;
    uint8_t *at = length + 4;
    assert(sample->size + 4 + 2 * sizeof payload->data + size <= SAMPLE_CAPACITY);
    memcpy(at, header, header_size);
    at += header_size;
    unsigned zeros = 0;
    for (size_t i = 0; i < (payload->bits + 7) / 8; i++) {
        if (zeros >= 2 && payload->data[i] <= 3) {
            *at++ = 3;
            zeros = 0;
        }
        *at++ = payload->data[i];
        zeros = payload->data[i] == 0 ? zeros + 1 : 0;
    }
    while ((size_t)(at - length) < 4 + size) {
        *at++ = 0xA5;
    }
    put_length(length, (size_t)(at - length) - 4);
    sample->size += (size_t)(at - length);
}

/* Main profile, or High 4:4:4 Predictive when lossless; 1280x720, picture order count type 2. */
void append_h264_sps(sample_bytes *sample, h264_options options)
{
    static const uint8_t header[] = { 0x67 };
    bit_writer w = { { 0 }, 0 };
    put_bits(&w, options.lossless ? 244 : 77, 8);
    put_bits(&w, 0x001F, 16);
    put_ue(&w, options.sps);
    if (options.lossless) {
        put_ue(&w, 1);
        put_ue(&w, 0);
        put_ue(&w, 0);
        put_bits(&w, 1, 1);
        put_bits(&w, 0, 1);
    }
    put_ue(&w, 0);
    put_ue(&w, 2);
    put_ue(&w, 1);
    put_bits(&w, 0, 1);
    put_ue(&w, 79);
    put_ue(&w, 44);
    put_bits(&w, 1, 1);
    put_bits(&w, 0, 3);
    put_stop(&w);
    append_payload(sample, header, sizeof header, &w, 0);
}

void append_h264_pps(sample_bytes *sample, h264_options options)
{
    static const uint8_t header[] = { 0x68 };
    bit_writer w = { { 0 }, 0 };
    put_ue(&w, options.pps);
    put_ue(&w, options.sps);
    put_bits(&w, !options.cavlc, 1);
    put_bits(&w, 0, 1);
    put_ue(&w, 0);
    put_ue(&w, 0);
    put_ue(&w, 0);
    put_bits(&w, 0, 3);
    put_se(&w, 0);
    put_se(&w, 0);
    put_se(&w, 0);
    put_bits(&w, 0, 3);
    put_stop(&w);
    append_payload(sample, header, sizeof header, &w, 0);
}

void append_h264_slice(sample_bytes *sample, uint32_t nal_type, uint32_t type, h264_options options,
                       int32_t qp_delta, size_t size)
{
    uint8_t header[4] = { (uint8_t)(0x20 | nal_type), 0x40, 0x00, 0x07 };
    bit_writer w = { { 0 }, 0 };
    put_ue(&w, 0);
    put_ue(&w, type);
    put_ue(&w, options.pps);
    put_bits(&w, 5, 4);
    if (nal_type == 5) {
        put_ue(&w, 0);
    }
    if (type % 5 == B_SLICE) {
        put_bits(&w, 1, 1);
    }
    if (type % 5 != I_SLICE && type % 5 != SI_SLICE) {
        put_bits(&w, 0, 2);
    }
    if (type % 5 == B_SLICE) {
        put_bits(&w, 0, 1);
    }
    put_bits(&w, 0, nal_type == 5 ? 2 : 1);
    if (!options.cavlc && type % 5 != I_SLICE && type % 5 != SI_SLICE) {
        put_ue(&w, 0);
    }
    put_se(&w, qp_delta);
    if (!options.cavlc) {
        put_ones(&w);
    }
    bool extended = nal_type == 14 || nal_type == 20 || nal_type == 21;
    append_payload(sample, header, extended ? 4 : 1, &w, size);
}

void append_sei(sample_bytes *sample, uint32_t codec, uint32_t type, size_t size)
{
    static const uint8_t header264[] = { 0x06 };
    static const uint8_t header265[] = { 39 << 1, 0x01 };
    bit_writer w = { { 0 }, 0 };
    put_bits(&w, type, 8);
    for (size_t left = size; left >= 255; left -= 255) {
        put_bits(&w, 255, 8);
    }
    put_bits(&w, (uint32_t)(size % 255), 8);
    for (size_t i = 0; i < size; i++) {
        put_bits(&w, 0x55, 8);
    }
    put_stop(&w);
    bool h265 = codec == SVMS_CODEC_H265;
    append_payload(sample, h265 ? header265 : header264, h265 ? 2 : 1, &w, 0);
}

/* H.265 E.2.1 with everything in it. */
static void put_vui(bit_writer *w)
{
    put_bits(w, 1, 1);
    put_bits(w, 255, 8);
    put_bits(w, 0x00010001, 32);
    put_bits(w, 3, 2);
    put_bits(w, 1, 1);
    put_bits(w, 0xB, 4);
    put_bits(w, 1, 1);
    put_bits(w, 0x010101, 24);
    put_bits(w, 1, 1);
    put_ue(w, 0);
    put_ue(w, 0);
    put_bits(w, 0, 3);
    put_bits(w, 1, 1);
    for (unsigned i = 0; i < 4; i++) {
        put_ue(w, i);
    }
    put_bits(w, 1, 1);
    put_bits(w, 1001, 32);
    put_bits(w, 30000, 32);
    put_bits(w, 1, 1);
    put_ue(w, 5);
    put_bits(w, 1, 1);
    put_bits(w, 7, 3); /* both kinds of HRD, with sub-pictures */
    put_bits(w, 0, 19);
    put_bits(w, 0, 8 + 4 + 15);
    put_bits(w, 0, 2); /* no fixed rate, not even within the sequence */
    put_bits(w, 0, 1); /* no low delay either */
    put_ue(w, 1);
    for (unsigned i = 0; i < 2 * 2; i++) {
        for (unsigned j = 0; j < 4; j++) {
            put_ue(w, 100 + j);
        }
        put_bits(w, 1, 1);
    }
    put_bits(w, 1, 1);
    put_bits(w, 0, 3);
    for (unsigned i = 0; i < 5; i++) {
        put_ue(w, i);
    }
}

/* 1280x720, coding tree blocks of 64: 20 x 12 of them, 8-bit addresses. */
void append_h265_sps(sample_bytes *sample, h265_options options)
{
    static const uint8_t header[] = { 33 << 1, 0x01 };
    bit_writer w = { { 0 }, 0 };
    put_bits(&w, 0, 4);
    put_bits(&w, 0, 3);
    put_bits(&w, 1, 1);
    for (unsigned i = 0; i < 12; i++) {
        put_bits(&w, 0x21, 8);
    }
    put_ue(&w, options.sps);
    put_ue(&w, 1);
    put_ue(&w, 1280);
    put_ue(&w, 720);
    put_bits(&w, 0, 1);
    put_ue(&w, 0);
    put_ue(&w, 0);
    put_ue(&w, 4);
    put_bits(&w, 1, 1);
    for (unsigned i = 0; i < 3; i++) {
        put_ue(&w, 1);
    }
    put_ue(&w, 0);
    put_ue(&w, 3);
    for (unsigned i = 0; i < 4; i++) {
        put_ue(&w, 1);
    }
    put_bits(&w, 0, 2);
    put_bits(&w, options.all_parts, 1);
    put_bits(&w, options.pcm, 1);
    if (options.pcm) {
        put_bits(&w, 0x77, 8);
        put_ue(&w, 0);
        put_ue(&w, 0);
        put_bits(&w, 1, 1);
    }
    put_ue(&w, 1);
    put_ue(&w, 1);
    put_ue(&w, 0);
    put_ue(&w, 0);
    put_bits(&w, 1, 1);
    put_bits(&w, options.all_parts, 1);
    if (options.all_parts) {
        put_ue(&w, 3);
        put_bits(&w, 0x0A1, 9);
        put_bits(&w, 0x0B0, 9);
        put_bits(&w, 0x0C1, 9);
    }
    put_bits(&w, options.all_parts, 1);
    put_bits(&w, 0, 1);
    put_bits(&w, options.all_parts, 1);
    if (options.all_parts) {
        put_vui(&w);
    }
    put_bits(&w, options.sps_extension, 1);
    if (options.sps_extension) {
        put_bits(&w, 0x80, 8);
    }
    put_stop(&w);
    append_payload(sample, header, sizeof header, &w, 0);
}

/* H.265 7.3.4: predicted lists, and explicit ones, by turns. */
static void put_scaling_lists(bit_writer *w)
{
    for (unsigned size = 0; size < 4; size++) {
        for (unsigned matrix = 0; matrix < 6; matrix += size == 3 ? 3 : 1) {
            bool explicit_list = matrix % 2 != 0;
            put_bits(w, explicit_list, 1);
            if (!explicit_list) {
                put_ue(w, 0);
            }
            for (unsigned i = 0; explicit_list && i < (size == 0 ? 16u : 64u) + (size > 1); i++) {
                put_se(w, 1);
            }
        }
    }
}

void append_h265_pps(sample_bytes *sample, h265_options options)
{
    static const uint8_t header[] = { 34 << 1, 0x01 };
    bool all = options.all_parts;
    bit_writer w = { { 0 }, 0 };
    put_ue(&w, options.pps);
    put_ue(&w, options.sps);
    put_bits(&w, options.dependent_slices, 1);
    put_bits(&w, all, 1);
    put_bits(&w, all ? 2 : 0, 3);
    put_bits(&w, 0, 1);
    put_bits(&w, all, 1);
    put_ue(&w, 0);
    put_ue(&w, 0);
    put_se(&w, 0);
    put_bits(&w, 0, 2);
    put_bits(&w, all, 1);
    if (all) {
        put_ue(&w, 1);
    }
    put_se(&w, 0);
    put_se(&w, 0);
    put_bits(&w, all ? 7 : 0, 3);
    put_bits(&w, options.lossless, 1);
    put_bits(&w, options.tiles, 1);
    put_bits(&w, options.wavefront, 1);
    if (options.tiles) {
        put_ue(&w, 1);
        put_ue(&w, 1);
        put_bits(&w, !all, 1);
        if (all) {
            put_ue(&w, 4);
            put_ue(&w, 4);
        }
        put_bits(&w, 1, 1);
    }
    put_bits(&w, all, 1);
    put_bits(&w, all, 1);
    if (all) {
        put_bits(&w, 2, 2);
        put_se(&w, -1);
        put_se(&w, 1);
    }
    put_bits(&w, all, 1);
    if (all) {
        put_scaling_lists(&w);
    }
    put_bits(&w, all, 1);
    put_ue(&w, 0);
    put_bits(&w, all, 1);
    put_bits(&w, options.pps_extension, 1);
    if (options.pps_extension) {
        put_bits(&w, 0x80, 8);
    }
    put_stop(&w);
    append_payload(sample, header, sizeof header, &w, 0);
}

/* The reference pictures of a slice with all parts: one of a set of its own, and of the long-term
 * ones one of the SPS that is used, one that is not, and one of the slice: three in all. */
static void put_all_pictures(bit_writer *w)
{
    put_bits(w, 0, 1);
    put_bits(w, 0, 1); /* the set is not predicted */
    put_ue(w, 1);
    put_ue(w, 0);
    put_ue(w, 0);
    put_bits(w, 1, 1);
    put_ue(w, 2);
    put_ue(w, 1);
    put_bits(w, 0, 2);
    put_bits(w, 1, 1);
    put_ue(w, 3);
    put_bits(w, 1, 2);
    put_bits(w, 0, 1);
    put_bits(w, 0x0D1, 9);
    put_bits(w, 0, 1);
    put_bits(w, 1, 1); /* slice_temporal_mvp_enabled_flag */
}

/* What a P or B slice with all parts has between SAO and the quantiser: two references in each
 * list, all reordered, all weighted. */
static void put_all_inter(bit_writer *w, bool both)
{
    put_bits(w, 1, 1);
    put_ue(w, 1);
    if (both) {
        put_ue(w, 1);
    }
    for (unsigned list = 0; list < (both ? 2u : 1u); list++) {
        put_bits(w, 1, 1);
        put_bits(w, 0x6, 4);
    }
    if (both) {
        put_bits(w, 0, 1);
    }
    put_bits(w, 1, 1);
    if (both) {
        put_bits(w, 0, 1);
    }
    put_ue(w, 1);
    put_ue(w, 6);
    put_se(w, 0);
    for (unsigned list = 0; list < (both ? 2u : 1u); list++) {
        put_bits(w, 0xD, 4); /* both luma flags, the second chroma flag */
        for (unsigned i = 0; i < 2 + 2 + 4; i++) {
            put_se(w, -(int32_t)i);
        }
    }
    put_ue(w, 2);
}

static void put_independent(bit_writer *w, uint32_t nal_type, uint32_t type, h265_options options)
{
    bool all = options.all_parts, inter = type != H265_I_SLICE;
    put_bits(w, 0, all ? 2 : 0);
    put_ue(w, type);
    put_bits(w, 1, all ? 1 : 0);
    if (nal_type != 19 && nal_type != 20) {
        put_bits(w, 7, 8);
        if (all) {
            put_all_pictures(w);
        } else {
            put_bits(w, 1, 1);
        }
    }
    put_bits(w, 0, all ? 2 : 0);
    if (inter && all) {
        put_all_inter(w, type == H265_B_SLICE);
    } else if (inter) {
        put_bits(w, 0, type == H265_B_SLICE ? 2 : 1);
        put_ue(w, 0);
    }
    put_se(w, 0);
    if (!all) {
        return;
    }
    put_se(w, 1);
    put_se(w, -1);
    put_bits(w, 2, 2);
    put_se(w, 3);
    put_se(w, -3);
    put_bits(w, 1, 1);
}

void put_h265_slice(bit_writer *writer, uint32_t nal_type, uint32_t type, uint32_t address,
                    h265_options options)
{
    bool dependent = type == H265_DEPENDENT;
    put_bits(writer, address == 0, 1);
    if (nal_type >= 16 && nal_type <= 23) {
        put_bits(writer, 0, 1);
    }
    put_ue(writer, options.pps);
    if (address > 0) {
        if (options.dependent_slices) {
            put_bits(writer, dependent, 1);
        }
        put_bits(writer, address, 8);
    }
    if (!dependent) {
        put_independent(writer, nal_type, type, options);
    }
    if (options.tiles || options.wavefront) {
        put_ue(writer, options.all_parts ? 3 : 0);
        if (options.all_parts) {
            put_ue(writer, 9);
            for (unsigned i = 0; i < 3; i++) {
                put_bits(writer, 500 + i, 10);
            }
        }
    }
    if (options.all_parts) {
        put_ue(writer, 3);
        put_bits(writer, 0xABCDEF, 24);
    }
    put_stop(writer);
}

void append_h265_slice(sample_bytes *sample, uint32_t nal_type, uint32_t type, uint32_t address,
                       h265_options options, size_t size)
{
    uint8_t header[2] = { (uint8_t)(nal_type << 1), 0x01 };
    bit_writer w = { { 0 }, 0 };
    put_h265_slice(&w, nal_type, type, address, options);
    append_payload(sample, header, sizeof header, &w, size);
}
