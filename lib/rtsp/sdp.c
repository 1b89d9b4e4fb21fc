/* SPDX-License-Identifier: Apache-2.0 */
/* What a session description that was read says. */
#include <string.h>

#include "failure.h"
#include "options.h"
#include "sdp_internal.h"
#include "text_piece.h"

size_t svms_sdp_media_count(const svms_sdp *sdp)
{
    return sdp ? sdp->section_count : 0;
}

const char *svms_sdp_name(const svms_sdp *sdp)
{
    return sdp ? sdp->name : NULL;
}

const char *svms_sdp_control(const svms_sdp *sdp)
{
    return sdp ? sdp->session.control : NULL;
}

const char *svms_sdp_range(const svms_sdp *sdp)
{
    return sdp ? sdp->session.range : NULL;
}

static const char *either(const char *own, const char *of_session)
{
    return own ? own : of_session;
}

static const svms_sdp_form *chosen_form(const svms_sdp_section *section)
{
    return section->form_count > 0 ? &section->forms[section->chosen] : NULL;
}

static svms_sdp_direction direction_of(const svms_sdp *sdp, const svms_sdp_section *section)
{
    return section->own.has_direction ? section->own.direction : sdp->session.direction;
}

static bool is_audio(const svms_sdp_section *section)
{
    return svms_text_piece_is((svms_text_piece){ section->kind, strlen(section->kind) }, "audio");
}

svms_status svms_sdp_media_at(const svms_sdp *sdp, size_t index, svms_sdp_media *out,
                              svms_error *err)
{
    if (!sdp || !out || index >= sdp->section_count) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL or out of range");
    }
    const svms_sdp_section *section = &sdp->sections[index];
    const svms_sdp_form *form = chosen_form(section);
    const svms_sdp_key_mgmt *key_mgmt =
        section->own.key_mgmt.data ? &section->own.key_mgmt : &sdp->session.key_mgmt;
    svms_sdp_media media = SVMS_SDP_MEDIA_INIT;
    media.port = section->port;
    media.kind = section->kind;
    media.protocol = section->protocol;
    media.rtp = section->rtp;
    media.secure = section->secure;
    media.payload_type = form ? form->payload_type : 0;
    media.rtpmap = form ? form->rtpmap : NULL;
    media.fmtp = form ? form->fmtp : NULL;
    media.direction = direction_of(sdp, section);
    media.control = section->own.control;
    media.range = section->own.range;
    media.key_mgmt = key_mgmt->data;
    media.key_mgmt_size = key_mgmt->size;
    media.fingerprint = either(section->own.fingerprint, sdp->session.fingerprint);
    media.setup = either(section->own.setup, sdp->session.setup);
    media.has_ssrc = section->has_ssrc;
    media.ssrc = section->ssrc;
    media.rtcp_mux = section->rtcp_mux;
    media.backchannel = media.direction == SVMS_SDP_SENDONLY && is_audio(section);
    media.width = section->width;
    media.height = section->height;
    media.framerate_num = section->framerate_num;
    media.framerate_den = section->framerate_den;
    return svms_result_write(out, &media, sizeof media, "svms_sdp_media", err);
}

svms_status svms_sdp_format(svms_rtp_format **out, const svms_sdp *sdp, size_t index,
                            svms_error *err)
{
    if (!out || !sdp || index >= sdp->section_count) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL or out of range");
    }
    const svms_sdp_section *section = &sdp->sections[index];
    const svms_sdp_form *form = chosen_form(section);
    if (!section->rtp || !form) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "SDP: medium %zu is no RTP that can be read",
                         index + 1);
    }
    return svms_rtp_format_read(out, sdp->ctx, form->payload_type, form->rtpmap, form->fmtp, err);
}

static void release_key_mgmt(svms_ctx *ctx, const svms_sdp_key_mgmt *key_mgmt)
{
    svms_release_secret(ctx, key_mgmt->data, key_mgmt->size);
}

void svms_sdp_free(svms_sdp **sdp)
{
    if (!sdp || !*sdp) {
        return;
    }
    svms_sdp *old = *sdp;
    *sdp = NULL;
    for (size_t i = 0; i < old->section_count; i++) {
        release_key_mgmt(old->ctx, &old->sections[i].own.key_mgmt);
    }
    release_key_mgmt(old->ctx, &old->session.key_mgmt);
    svms_release(old->ctx, old->sections);
    /* The text holds the MIKEY messages, too. */
    svms_release_secret(old->ctx, old->text, old->text_size);
    svms_release(old->ctx, old);
}
