/* SPDX-License-Identifier: Apache-2.0 */
/* A session description that was read. All texts are parts of one copy of it. */
#ifndef SVMS_SDP_INTERNAL_H
#define SVMS_SDP_INTERNAL_H

#include <stdbool.h>

#include "context_internal.h"

#include <svms/sdp.h>

enum {
    SVMS_SDP_LINES_MAX = 512,
    SVMS_SDP_LINE_MAX = 16384,
    SVMS_SDP_FORMATS_MAX = 32,
    SVMS_SDP_KEY_MGMT_MAX = 4096
};

/* A payload type of a medium. */
typedef struct svms_sdp_form {
    uint32_t payload_type;
    const char *rtpmap;
    const char *fmtp;
} svms_sdp_form;

/* What a=key-mgmt:mikey held. */
typedef struct svms_sdp_key_mgmt {
    uint8_t *data;
    size_t size;
} svms_sdp_key_mgmt;

/* What may stand before the media as well as in one. */
typedef struct svms_sdp_shared {
    const char *control;
    const char *range;
    const char *fingerprint;
    const char *setup;
    svms_sdp_key_mgmt key_mgmt;
    bool has_direction;
    svms_sdp_direction direction;
} svms_sdp_shared;

typedef struct svms_sdp_section {
    const char *kind;
    const char *protocol;
    uint32_t port;
    bool rtp;
    bool secure;
    svms_sdp_form forms[SVMS_SDP_FORMATS_MAX];
    uint32_t form_count;
    uint32_t chosen; /* of forms */
    bool has_ssrc;
    uint32_t ssrc;
    bool rtcp_mux;
    uint32_t width;
    uint32_t height;
    uint32_t framerate_num;
    uint32_t framerate_den;
    svms_sdp_shared own;
} svms_sdp_section;

struct svms_sdp {
    svms_ctx *ctx;
    char *text;
    size_t text_size;
    const char *name;
    svms_sdp_shared session;
    svms_sdp_section *sections;
    size_t section_count;
};

/* Cuts the first word off and ends it with NUL; what is left begins with no blank. The empty word
 * at the end. */
char *svms_sdp_cut_word(char **rest);
/* Takes up an attribute of a medium, or, with section NULL, of the session; both texts end with
 * NUL. offset: where the line begins, for messages. */
SVMS_MUST_CHECK svms_status svms_sdp_take_attribute(svms_sdp *sdp, svms_sdp_section *section,
                                                    char *name, char *value, uint64_t offset,
                                                    svms_error *err);

#endif
