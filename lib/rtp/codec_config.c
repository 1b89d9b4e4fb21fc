/* SPDX-License-Identifier: Apache-2.0 */
/* avcC and hvcC (ISO/IEC 14496-15, 5.3.3.1 and 8.3.3.1). */
#include "parameter_sets.h"

#include "cursor.h"
#include "failure.h"
#include "h264_syntax.h"
#include "h265_syntax.h"

enum { LENGTH_4 = 3, GENERAL_PROFILE = 12, SPS_PREFIX = 512 };

typedef struct sps_facts {
    uint8_t profile[GENERAL_PROFILE]; /* H.264: the first three bytes */
    uint32_t chroma_format;
    uint32_t luma_depth;   /* minus 8 */
    uint32_t chroma_depth; /* minus 8 */
    unsigned sub_layers;
    bool nesting;
    bool high; /* H.264: the profile has chroma format and depths */
} sps_facts;

static bool is_high(uint32_t profile)
{
    return profile == 100 || profile == 110 || profile == 122 || profile == 144 || profile == 244;
}

static bool read_h264_sps(svms_bits *bits, sps_facts *facts)
{
    for (int i = 0; i < 3; i++) {
        facts->profile[i] = (uint8_t)svms_bits_read(bits, 8);
    }
    facts->high = is_high(facts->profile[0]);
    svms_bits_skip_ue(bits, 1);
    if (facts->high) {
        facts->chroma_format = svms_bits_ue(bits);
        svms_bits_skip(bits, facts->chroma_format == 3 ? 1 : 0);
        facts->luma_depth = svms_bits_ue(bits);
        facts->chroma_depth = svms_bits_ue(bits);
    }
    return !bits->failed;
}

static void skip_sub_layers(svms_bits *bits, unsigned count)
{
    uint32_t present = count > 0 ? svms_bits_read(bits, 16) : 0;
    for (unsigned i = 0; i < count; i++) {
        bool profile = (present >> (15 - 2 * i) & 1) != 0;
        bool level = (present >> (14 - 2 * i) & 1) != 0;
        svms_bits_skip(bits, (profile ? 88u : 0u) + (level ? 8u : 0u));
    }
}

static bool read_h265_sps(svms_bits *bits, sps_facts *facts)
{
    svms_bits_skip(bits, 4);
    facts->sub_layers = svms_bits_read(bits, 3);
    facts->nesting = svms_bits_flag(bits);
    for (int i = 0; i < GENERAL_PROFILE; i++) {
        facts->profile[i] = (uint8_t)svms_bits_read(bits, 8);
    }
    skip_sub_layers(bits, facts->sub_layers);
    svms_bits_skip_ue(bits, 1);
    facts->chroma_format = svms_bits_ue(bits);
    svms_bits_skip(bits, facts->chroma_format == 3 ? 1 : 0);
    svms_bits_skip_ue(bits, 2);
    svms_bits_skip_ue(bits, svms_bits_flag(bits) ? 4 : 0);
    facts->luma_depth = svms_bits_ue(bits);
    facts->chroma_depth = svms_bits_ue(bits);
    return !bits->failed;
}

static bool read_sps(const svms_parameter_sets *sets, sps_facts *facts)
{
    bool h265 = sets->codec == SVMS_CODEC_H265;
    uint32_t wanted = h265 ? SVMS_H265_SPS : SVMS_H264_SPS;
    for (uint32_t i = 0; i < sets->count; i++) {
        const svms_parameter_set *set = &sets->items[i];
        if (set->type != wanted) {
            continue;
        }
        svms_nal nal;
        uint8_t payload[SPS_PREFIX];
        if (!svms_nal_over(&nal, sets->codec, set->data, set->size)) {
            return false;
        }
        size_t size = svms_nal_payload(&nal, sets->codec, payload, sizeof payload);
        svms_bits bits = svms_bits_over(payload, size);
        bool read = h265 ? read_h265_sps(&bits, facts) : read_h264_sps(&bits, facts);
        return read && facts->chroma_format <= 3 && facts->luma_depth <= 8 &&
               facts->chroma_depth <= 8;
    }
    return false;
}

static uint32_t count_of(const svms_parameter_sets *sets, uint32_t type)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < sets->count; i++) {
        count += sets->items[i].type == type;
    }
    return count;
}

static void put_sets(const svms_parameter_sets *sets, uint32_t type, svms_builder *out)
{
    for (uint32_t i = 0; i < sets->count; i++) {
        if (sets->items[i].type == type) {
            svms_put_u16(out, (uint16_t)sets->items[i].size);
            svms_put_bytes(out, sets->items[i].data, sets->items[i].size);
        }
    }
}

/* Where a PPS is there, at most 31 sets are SPS: their number fits. */
static void put_avcc(const svms_parameter_sets *sets, const sps_facts *facts, svms_builder *out)
{
    svms_put_u8(out, 1);
    svms_put_bytes(out, facts->profile, 3);
    svms_put_u8(out, 0xFC | LENGTH_4);
    svms_put_u8(out, (uint8_t)(0xE0 | count_of(sets, SVMS_H264_SPS)));
    put_sets(sets, SVMS_H264_SPS, out);
    svms_put_u8(out, (uint8_t)count_of(sets, SVMS_H264_PPS));
    put_sets(sets, SVMS_H264_PPS, out);
    if (facts->high) {
        svms_put_u8(out, (uint8_t)(0xFC | facts->chroma_format));
        svms_put_u8(out, (uint8_t)(0xF8 | facts->luma_depth));
        svms_put_u8(out, (uint8_t)(0xF8 | facts->chroma_depth));
        svms_put_u8(out, 0);
    }
}

static void put_hvcc(const svms_parameter_sets *sets, const sps_facts *facts, svms_builder *out)
{
    svms_put_u8(out, 1);
    svms_put_bytes(out, facts->profile, GENERAL_PROFILE);
    svms_put_u16(out, 0xF000); /* spatial segmentation: not said */
    svms_put_u8(out, 0xFC);    /* parallelism: not said */
    svms_put_u8(out, (uint8_t)(0xFC | facts->chroma_format));
    svms_put_u8(out, (uint8_t)(0xF8 | facts->luma_depth));
    svms_put_u8(out, (uint8_t)(0xF8 | facts->chroma_depth));
    svms_put_u16(out, 0); /* frame rate: not said */
    svms_put_u8(out, (uint8_t)((facts->sub_layers + 1) << 3 | (facts->nesting ? 4u : 0u) |
                               (unsigned)LENGTH_4));
    svms_put_u8(out, 3);
    for (uint32_t type = SVMS_H265_VPS; type <= SVMS_H265_PPS; type++) {
        /* Not array_completeness: more may come in band. */
        svms_put_u8(out, (uint8_t)type);
        svms_put_u16(out, (uint16_t)count_of(sets, type));
        put_sets(sets, type, out);
    }
}

svms_status svms_parameter_sets_put_config(const svms_parameter_sets *sets, svms_builder *out,
                                           svms_error *err)
{
    sps_facts facts = { { 0 }, 1, 0, 0, 0, false, false };
    if (!read_sps(sets, &facts)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the sequence parameter set cannot be read");
    }
    if (sets->codec == SVMS_CODEC_H265) {
        put_hvcc(sets, &facts, out);
    } else {
        put_avcc(sets, &facts, out);
    }
    return svms_builder_check(out, "the codec configuration", err);
}
