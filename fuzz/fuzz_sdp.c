/* SPDX-License-Identifier: Apache-2.0 */
/* Session descriptions. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <svms/sdp.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* Texts that go on into requests hold no control characters. */
static void check_text(const char *text)
{
    for (; text && *text != '\0'; text++) {
        require((unsigned char)*text >= 0x20 || *text == '\t');
    }
}

static void check_medium(svms_ctx *ctx, const svms_sdp *sdp, size_t index)
{
    svms_sdp_media media = SVMS_SDP_MEDIA_INIT;
    require(svms_sdp_media_at(sdp, index, &media, NULL) == SVMS_OK);
    require(media.port <= 65535 && media.payload_type <= 127 && media.secure <= media.rtp);
    require((media.key_mgmt != NULL) == (media.key_mgmt_size > 0));
    require((media.framerate_num == 0) == (media.framerate_den == 0));
    require((media.width == 0) == (media.height == 0));
    const char *const texts[] = { media.kind,  media.protocol,    media.rtpmap, media.fmtp,
                                  media.range, media.fingerprint, media.setup,  media.control };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        check_text(texts[i]);
    }
    svms_rtp_format *format = NULL;
    if (svms_sdp_format(&format, sdp, index, NULL) != SVMS_OK) {
        return;
    }
    /* What we can receive we can describe again, and read that again. */
    svms_sdp_track track = SVMS_SDP_TRACK_INIT;
    track.format = format;
    track.secure = 1;
    track.key_mgmt = media.key_mgmt;
    track.key_mgmt_size = media.key_mgmt_size;
    track.control = media.control && *media.control ? media.control : NULL;
    svms_sdp_session session = SVMS_SDP_SESSION_INIT;
    session.tracks = &track;
    session.track_count = 1;
    static char text[SVMS_SDP_SIZE_MAX + 1];
    size_t size = sizeof text;
    svms_status status = svms_sdp_write(&session, ctx, text, &size, NULL);
    if (status == SVMS_OK) {
        svms_sdp *again = NULL;
        require(svms_sdp_read(&again, ctx, text, size, NULL) == SVMS_OK);
        require(svms_sdp_media_count(again) == 1);
        svms_sdp_free(&again);
    } else {
        require(status == SVMS_E_LIMIT);
    }
    svms_rtp_format_free(&format);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_ctx *ctx;
    if (!ctx) {
        require(svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK);
    }
    svms_sdp *sdp = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_sdp_read(&sdp, ctx, (const char *)data, size, &err);
    require((status == SVMS_OK) == (sdp != NULL));
    require(status == SVMS_OK || (err.status == status && err.message[0] != '\0'));
    check_text(svms_sdp_control(sdp));
    check_text(svms_sdp_range(sdp));
    check_text(svms_sdp_name(sdp));
    for (size_t i = 0; i < svms_sdp_media_count(sdp); i++) {
        check_medium(ctx, sdp, i);
    }
    svms_sdp_free(&sdp);
    return 0;
}
