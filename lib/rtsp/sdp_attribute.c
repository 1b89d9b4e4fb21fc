/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of session descriptions (SD-RD-5 to SD-RD-9). */
#include <string.h>

#include "base64.h"
#include "failure.h"
#include "sdp_internal.h"
#include "text_piece.h"

enum { PAYLOAD_TYPE_MAX = 127, PIXELS_MAX = 65535, RATE_MAX = 1000, FRACTION_DIGITS_MAX = 6 };

static svms_text_piece piece_of(const char *text)
{
    return (svms_text_piece){ text, strlen(text) };
}

static bool is_named(const char *text, const char *name)
{
    return svms_text_piece_is(piece_of(text), name);
}

char *svms_sdp_cut_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t");
    char *end = word + strcspn(word, " \t");
    *rest = end;
    if (*end != '\0') {
        *end = '\0';
        *rest = end + 1 + strspn(end + 1, " \t");
    }
    return word;
}

static void keep_first(const char **place, const char *text)
{
    if (!*place && *text != '\0') {
        *place = text;
    }
}

/* "96 H264/90000": to the payload types of that number, of which there may be none. */
static void take_form(svms_sdp_section *section, char *value, bool rtpmap)
{
    uint32_t type = 0;
    char *rest = value;
    if (!svms_text_piece_number(piece_of(svms_sdp_cut_word(&rest)), PAYLOAD_TYPE_MAX, &type)) {
        return;
    }
    for (uint32_t i = 0; i < section->form_count; i++) {
        svms_sdp_form *form = &section->forms[i];
        if (form->payload_type == type) {
            keep_first(rtpmap ? &form->rtpmap : &form->fmtp, rest);
        }
    }
}

static svms_status take_key_mgmt(svms_ctx *ctx, svms_sdp_key_mgmt *out, char *value,
                                 uint64_t offset, svms_error *err)
{
    char *rest = value;
    if (!is_named(svms_sdp_cut_word(&rest), "mikey") || out->data) {
        return SVMS_OK;
    }
    size_t length = strlen(rest);
    size_t size = svms_base64_padded_size(rest, length);
    if (size == 0 || size == SIZE_MAX) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset, "SDP: a=key-mgmt is no base64");
    }
    if (size > SVMS_SDP_KEY_MGMT_MAX) {
        return svms_fail_at(err, SVMS_E_LIMIT, offset, "SDP: a=key-mgmt of more than %d bytes",
                            SVMS_SDP_KEY_MGMT_MAX);
    }
    uint8_t *data = svms_alloc(ctx, size);
    if (!data) {
        return svms_fail_memory(err);
    }
    if (!svms_base64_padded_decode(rest, length, data, &size)) {
        svms_release(ctx, data);
        return svms_fail_at(err, SVMS_E_MALFORMED, offset, "SDP: a=key-mgmt is no base64");
    }
    out->data = data;
    out->size = size;
    return SVMS_OK;
}

static bool take_direction(svms_sdp_shared *shared, const char *name)
{
    static const char *const names[] = { "sendrecv", "sendonly", "recvonly", "inactive" };
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (is_named(name, names[i])) {
            shared->direction = shared->has_direction ? shared->direction : (svms_sdp_direction)i;
            shared->has_direction = true;
            return true;
        }
    }
    return false;
}

/* "1920,1080" or "1920-1080"; nonsense is passed over. */
static void take_dimensions(svms_sdp_section *section, const char *text, char separator)
{
    svms_text_piece rest = piece_of(text);
    svms_text_piece first = svms_text_piece_cut(&rest, separator);
    uint32_t width = 0;
    uint32_t height = 0;
    if (section->width == 0 && svms_text_piece_number(first, PIXELS_MAX, &width) &&
        svms_text_piece_number(svms_text_piece_trim(rest), PIXELS_MAX, &height) && width > 0 &&
        height > 0) {
        section->width = width;
        section->height = height;
    }
}

/* "25" or "29.97"; nonsense is passed over. */
static void take_framerate(svms_sdp_section *section, const char *text)
{
    svms_text_piece rest = svms_text_piece_trim(piece_of(text));
    svms_text_piece whole = svms_text_piece_cut(&rest, '.');
    uint32_t number = 0;
    uint32_t denominator = 1;
    if (section->framerate_den != 0 || !svms_text_piece_number(whole, RATE_MAX, &number)) {
        return;
    }
    for (size_t i = 0; i < rest.size; i++) {
        if (rest.data[i] < '0' || rest.data[i] > '9') {
            return;
        }
        if (i < FRACTION_DIGITS_MAX) {
            number = number * 10 + (uint32_t)(rest.data[i] - '0');
            denominator *= 10;
        }
    }
    if (number > 0) {
        section->framerate_num = number;
        section->framerate_den = denominator;
    }
}

static void take_ssrc(svms_sdp_section *section, char *value)
{
    char *rest = value;
    uint32_t ssrc = 0;
    if (!section->has_ssrc &&
        svms_text_piece_number(piece_of(svms_sdp_cut_word(&rest)), UINT32_MAX, &ssrc)) {
        section->has_ssrc = true;
        section->ssrc = ssrc;
    }
}

static void take_other(svms_sdp_section *section, const char *name, char *value)
{
    if (is_named(name, "ssrc")) {
        take_ssrc(section, value);
    } else if (is_named(name, "rtcp-mux")) {
        section->rtcp_mux = true;
    } else if (is_named(name, "framerate") || is_named(name, "x-framerate")) {
        take_framerate(section, value);
    } else if (is_named(name, "x-dimensions")) {
        take_dimensions(section, value, ',');
    } else if (is_named(name, "framesize")) {
        char *rest = value;
        (void)svms_sdp_cut_word(&rest); /* the payload type */
        take_dimensions(section, rest, '-');
    }
}

svms_status svms_sdp_take_attribute(svms_sdp *sdp, svms_sdp_section *section, char *name,
                                    char *value, uint64_t offset, svms_error *err)
{
    svms_sdp_shared *shared = section ? &section->own : &sdp->session;
    const struct {
        const char *name;
        const char **place;
    } texts[] = {
        { "control", &shared->control },
        { "range", &shared->range },
        { "fingerprint", &shared->fingerprint },
        { "setup", &shared->setup },
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (is_named(name, texts[i].name)) {
            keep_first(texts[i].place, value);
            return SVMS_OK;
        }
    }
    if (is_named(name, "key-mgmt")) {
        return take_key_mgmt(sdp->ctx, &shared->key_mgmt, value, offset, err);
    }
    if (take_direction(shared, name) || !section) {
        return SVMS_OK;
    }
    bool rtpmap = is_named(name, "rtpmap");
    if (rtpmap || is_named(name, "fmtp")) {
        take_form(section, value, rtpmap);
        return SVMS_OK;
    }
    take_other(section, name, value);
    return SVMS_OK;
}
