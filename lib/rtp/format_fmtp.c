/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a=fmtp (RFC 6184 section 8.1, RFC 7798 section 7.1, RFC 3640 section 4.1). */
#include <string.h>

#include "base64.h"
#include "failure.h"
#include "format_internal.h"
#include "text_piece.h"

enum { HBR_SIZE_BITS = 13, HBR_INDEX_BITS = 3, LBR_SIZE_BITS = 6, LBR_INDEX_BITS = 2 };
enum { FIELD_BITS_MAX = 16, FRAME_TICKS_MAX = 65536 };

static svms_status bad_parameter(svms_error *err, svms_text_piece name)
{
    return svms_fail(err, SVMS_E_MALFORMED, "a=fmtp: parameter %.*s has no value that it may have",
                     (int)(name.size < 40 ? name.size : 40), name.data);
}

static svms_status unsupported(svms_error *err, const char *what)
{
    return svms_fail(err, SVMS_E_UNSUPPORTED, "a=fmtp: %s is not supported", what);
}

/* Some cameras leave the padding out. */
static bool decode(svms_text_piece text, uint8_t *out, size_t *size)
{
    if (text.size % 4 == 0) {
        return svms_base64_padded_decode(text.data, text.size, out, size);
    }
    size_t needed = svms_base64url_decoded_size(text.size);
    if (needed > *size || !svms_base64_decode(text.data, text.size, out)) {
        return false;
    }
    *size = needed;
    return true;
}

static svms_status take_sets(svms_rtp_format *format, svms_text_piece list, svms_text_piece name,
                             svms_error *err)
{
    while (list.size > 0) {
        svms_text_piece one = svms_text_piece_cut(&list, ',');
        uint8_t set[SVMS_PARAMETER_SET_BYTES_MAX];
        size_t size = sizeof set;
        bool changed = false;
        if (one.size == 0) {
            continue; /* "Z0IAKQ==," is seen in the wild */
        }
        if (one.size > (sizeof set / 3 + 1) * 4) {
            return svms_fail(err, SVMS_E_LIMIT, "a parameter set of more than %d bytes",
                             SVMS_PARAMETER_SET_BYTES_MAX);
        }
        if (!decode(one, set, &size)) {
            return bad_parameter(err, name);
        }
        svms_status status = svms_parameter_sets_take(&format->sets, set, size, &changed, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    return SVMS_OK;
}

static svms_status take_h264(svms_rtp_format *format, svms_text_piece name, svms_text_piece value,
                             svms_error *err)
{
    if (svms_text_piece_is(name, "packetization-mode")) {
        uint32_t mode = 0;
        if (!svms_text_piece_number(value, 2, &mode)) {
            return bad_parameter(err, name);
        }
        format->single_only = mode == 0;
        return mode == 2 ? unsupported(err, "interleaved H.264") : SVMS_OK;
    }
    if (svms_text_piece_is(name, "sprop-parameter-sets")) {
        return take_sets(format, value, name, err);
    }
    return SVMS_OK;
}

static svms_status take_h265(svms_rtp_format *format, svms_text_piece name, svms_text_piece value,
                             svms_error *err)
{
    if (svms_text_piece_is(name, "sprop-max-don-diff")) {
        uint32_t most = 0;
        if (!svms_text_piece_number(value, 32767, &most)) {
            return bad_parameter(err, name);
        }
        return most != 0 ? unsupported(err, "H.265 in another order") : SVMS_OK;
    }
    bool sets = svms_text_piece_is(name, "sprop-vps") || svms_text_piece_is(name, "sprop-sps") ||
                svms_text_piece_is(name, "sprop-pps");
    return sets ? take_sets(format, value, name, err) : SVMS_OK;
}

static svms_status take_aac_mode(svms_rtp_format *format, svms_text_piece value, svms_error *err)
{
    bool high = svms_text_piece_is(value, "AAC-hbr");
    if (!high && !svms_text_piece_is(value, "AAC-lbr") && !svms_text_piece_is(value, "generic")) {
        return unsupported(err, "this mode of MPEG-4");
    }
    if (svms_text_piece_is(value, "generic")) {
        return SVMS_OK;
    }
    format->size_bits = high ? HBR_SIZE_BITS : LBR_SIZE_BITS;
    format->index_bits = high ? HBR_INDEX_BITS : LBR_INDEX_BITS;
    format->delta_bits = format->index_bits;
    return SVMS_OK;
}

static svms_status take_aac_config(svms_rtp_format *format, svms_text_piece name,
                                   svms_text_piece value, svms_error *err)
{
    uint8_t config[SVMS_AAC_CONFIG_MAX];
    size_t size = sizeof config;
    if (!svms_text_piece_hex(value, config, &size)) {
        return bad_parameter(err, name);
    }
    svms_builder_reset(&format->config);
    svms_put_bytes(&format->config, config, size);
    return svms_builder_check(&format->config, "the codec configuration", err);
}

static svms_status take_number(svms_text_piece name, svms_text_piece value, uint32_t most,
                               uint32_t *out, svms_error *err)
{
    uint32_t number = 0;
    if (!svms_text_piece_number(value, most, &number)) {
        return bad_parameter(err, name);
    }
    *out = number;
    return SVMS_OK;
}

static svms_status take_aac(svms_rtp_format *format, svms_text_piece name, svms_text_piece value,
                            svms_error *err)
{
    const struct {
        const char *name;
        uint32_t most;
        uint32_t *place; /* NULL: only 0 is supported */
    } numbers[] = {
        { "sizeLength", FIELD_BITS_MAX, &format->size_bits },
        { "indexLength", FIELD_BITS_MAX, &format->index_bits },
        { "indexDeltaLength", FIELD_BITS_MAX, &format->delta_bits },
        { "constantDuration", FRAME_TICKS_MAX, &format->frame_ticks },
        { "CTSDeltaLength", 32, NULL },
        { "DTSDeltaLength", 32, NULL },
        { "randomAccessIndication", 1, NULL },
        { "streamStateIndication", 32, NULL },
        { "auxiliaryDataSizeLength", 32, NULL },
        { "constantSize", UINT32_MAX, NULL },
    };
    if (svms_text_piece_is(name, "mode")) {
        return take_aac_mode(format, value, err);
    }
    if (svms_text_piece_is(name, "config")) {
        return take_aac_config(format, name, value, err);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (svms_text_piece_is(name, numbers[i].name)) {
            uint32_t number = 0;
            svms_status status = take_number(name, value, numbers[i].most, &number, err);
            if (status == SVMS_OK && numbers[i].place) {
                *numbers[i].place = number;
            } else if (status == SVMS_OK && number != 0) {
                status = unsupported(err, numbers[i].name);
            }
            return status;
        }
    }
    return SVMS_OK;
}

static svms_status take_parameter(svms_rtp_format *format, svms_text_piece name,
                                  svms_text_piece value, svms_error *err)
{
    switch (format->codec) {
    case SVMS_CODEC_H264:
        return take_h264(format, name, value, err);
    case SVMS_CODEC_H265:
        return take_h265(format, name, value, err);
    case SVMS_CODEC_AAC:
        return take_aac(format, name, value, err);
    default:
        return SVMS_OK;
    }
}

svms_status svms_rtp_format_take_fmtp(svms_rtp_format *format, const char *fmtp, svms_error *err)
{
    svms_text_piece rest = { fmtp, strlen(fmtp) };
    format->single_only = format->codec == SVMS_CODEC_H264;
    while (rest.size > 0) {
        svms_text_piece value = svms_text_piece_cut(&rest, ';');
        /* Values may hold '=' themselves (base64). */
        svms_text_piece name = svms_text_piece_cut(&value, '=');
        svms_status status = take_parameter(format, name, svms_text_piece_trim(value), err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    if (format->codec == SVMS_CODEC_AAC && (format->size_bits == 0 || format->frame_ticks == 0)) {
        return svms_fail(err, SVMS_E_MALFORMED, "a=fmtp does not say how AAC is packed");
    }
    return svms_rtp_format_settle(format, err);
}
