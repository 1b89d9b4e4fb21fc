/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of session descriptions (RFC 8866 section 5; SD-RD). */
#include <string.h>

#include "failure.h"
#include "sdp_internal.h"
#include "text_piece.h"

enum { PORT_MAX = 65535, PAYLOAD_TYPE_MAX = 127 };

/* A line in the copy of the text, which ends with NUL. */
typedef struct line {
    char type;
    char *value;
    uint64_t offset;
} line;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Ends the line that begins at *place with NUL and steps behind it. False at the end. */
static bool next_line(svms_sdp *sdp, size_t *place, svms_text_piece *out)
{
    if (*place >= sdp->text_size - 1) {
        return false;
    }
    char *start = sdp->text + *place;
    char *end = memchr(start, '\n', sdp->text_size - 1 - *place);
    if (!end) {
        end = sdp->text + sdp->text_size - 1;
    }
    *place = (size_t)(end - sdp->text) + 1;
    while (end > start && is_blank(end[-1])) {
        end--;
    }
    *end = '\0';
    out->data = start;
    out->size = (size_t)(end - start);
    return true;
}

static svms_status check_characters(svms_text_piece text, uint64_t offset, svms_error *err)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c < 0x20 && c != '\t') || c == 0x7F) {
            return svms_fail_at(err, SVMS_E_MALFORMED, offset + i, "SDP: a control character");
        }
    }
    return SVMS_OK;
}

/* type=value; an empty line has type 0. */
static svms_status split_line(const svms_sdp *sdp, svms_text_piece text, line *out, svms_error *err)
{
    out->offset = (uint64_t)(text.data - sdp->text);
    out->value = sdp->text + out->offset + text.size;
    out->type = '\0';
    if (text.size > SVMS_SDP_LINE_MAX) {
        return svms_fail_at(err, SVMS_E_LIMIT, out->offset, "SDP: a line of more than %d bytes",
                            SVMS_SDP_LINE_MAX);
    }
    if (text.size == 0) {
        return SVMS_OK;
    }
    if (text.size < 2 || text.data[0] < 'a' || text.data[0] > 'z' || text.data[1] != '=') {
        return svms_fail_at(err, SVMS_E_MALFORMED, out->offset,
                            "SDP: a line that is no type=value");
    }
    out->type = text.data[0];
    out->value = sdp->text + out->offset + 2;
    /* Of other lines nothing is handed on. */
    bool matters = strchr("sma", out->type) != NULL;
    return matters ? check_characters(text, out->offset, err) : SVMS_OK;
}

/* RTP/AVP and its kin, also UDP/TLS/RTP/SAVPF and RTP/AVP/TCP (SD-RD-4). */
static void classify_protocol(svms_sdp_section *section)
{
    svms_text_piece rest = { section->protocol, strlen(section->protocol) };
    bool rtp = false;
    while (rest.size > 0) {
        svms_text_piece part = svms_text_piece_cut(&rest, '/');
        bool secure = svms_text_piece_is(part, "SAVP") || svms_text_piece_is(part, "SAVPF");
        bool plain = svms_text_piece_is(part, "AVP") || svms_text_piece_is(part, "AVPF");
        if (rtp && (secure || plain)) {
            section->rtp = true;
            section->secure = secure;
            return;
        }
        rtp = svms_text_piece_is(part, "RTP");
    }
}

/* What is no payload type is passed over: some cameras have media of their own making (SD-RD-4). */
static svms_status take_payload_types(svms_sdp_section *section, char *rest, uint64_t offset,
                                      svms_error *err)
{
    for (char *word = svms_sdp_cut_word(&rest); *word != '\0'; word = svms_sdp_cut_word(&rest)) {
        uint32_t type = 0;
        if (!svms_text_piece_number((svms_text_piece){ word, strlen(word) }, PAYLOAD_TYPE_MAX,
                                    &type)) {
            continue;
        }
        if (section->form_count == SVMS_SDP_FORMATS_MAX) {
            return svms_fail_at(err, SVMS_E_LIMIT, offset, "SDP: more than %d payload types",
                                SVMS_SDP_FORMATS_MAX);
        }
        section->forms[section->form_count++].payload_type = type;
    }
    if (section->form_count == 0) {
        section->rtp = false;
        section->secure = false;
    }
    return SVMS_OK;
}

/* "video 0 RTP/AVP 96", "audio 49170/2 ...". */
static svms_status take_medium(svms_sdp_section *section, const line *from, svms_error *err)
{
    char *rest = from->value;
    section->kind = svms_sdp_cut_word(&rest);
    char *port = svms_sdp_cut_word(&rest);
    section->protocol = svms_sdp_cut_word(&rest);
    if (*section->protocol == '\0') {
        return svms_fail_at(err, SVMS_E_MALFORMED, from->offset,
                            "SDP: m= is no kind, port and protocol");
    }
    svms_text_piece count = { port, strlen(port) };
    if (!svms_text_piece_number(svms_text_piece_cut(&count, '/'), PORT_MAX, &section->port)) {
        section->port = 0; /* SETUP says where packets go */
    }
    classify_protocol(section);
    return section->rtp ? take_payload_types(section, rest, from->offset, err) : SVMS_OK;
}

static svms_status take_line(svms_sdp *sdp, line *one, svms_error *err)
{
    svms_sdp_section *section =
        sdp->section_count > 0 ? &sdp->sections[sdp->section_count - 1] : NULL;
    if (one->type == 'm') {
        return take_medium(&sdp->sections[sdp->section_count++], one, err);
    }
    if (one->type == 's' && !section && !sdp->name) {
        sdp->name = one->value;
    }
    if (one->type != 'a') {
        return SVMS_OK;
    }
    char *colon = strchr(one->value, ':');
    char *value = one->value + strlen(one->value);
    if (colon) {
        *colon = '\0';
        value = colon + 1 + strspn(colon + 1, " \t");
    }
    return svms_sdp_take_attribute(sdp, section, one->value, value, one->offset, err);
}

static svms_status read_lines(svms_sdp *sdp, svms_error *err)
{
    size_t place = 0;
    size_t count = 0;
    svms_text_piece text = { NULL, 0 };
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && next_line(sdp, &place, &text)) {
        line one = { '\0', NULL, 0 };
        status = split_line(sdp, text, &one, err);
        if (status != SVMS_OK || one.type == '\0') {
            continue;
        }
        if (count == SVMS_SDP_LINES_MAX) {
            return svms_fail_at(err, SVMS_E_LIMIT, one.offset, "SDP: more than %d lines",
                                SVMS_SDP_LINES_MAX);
        }
        if (count == 0 && (one.type != 'v' || strcmp(one.value, "0") != 0)) {
            return svms_fail_at(err, SVMS_E_MALFORMED, one.offset, "SDP: does not begin with v=0");
        }
        count++;
        status = take_line(sdp, &one, err);
    }
    if (status == SVMS_OK && count == 0) {
        status = svms_fail(err, SVMS_E_MALFORMED, "SDP: an empty description");
    }
    return status;
}

/* The first payload type that we can read (SD-RD-6). */
static svms_status choose_form(svms_sdp *sdp, svms_sdp_section *section, svms_error *err)
{
    for (uint32_t i = 0; section->rtp && i < section->form_count; i++) {
        const svms_sdp_form *form = &section->forms[i];
        svms_rtp_format *format = NULL;
        svms_error why = SVMS_ERROR_INIT;
        svms_status status = svms_rtp_format_read(&format, sdp->ctx, form->payload_type,
                                                  form->rtpmap, form->fmtp, &why);
        svms_rtp_format_free(&format);
        if (status == SVMS_OK) {
            section->chosen = i;
            return SVMS_OK;
        }
        if (svms_status_class(status) == SVMS_CLASS_ENVIRONMENT) {
            return svms_fail_as(err, status, &why);
        }
    }
    return SVMS_OK;
}

/* Lines that begin with m=: at least as many as there are media. */
static size_t count_media(const char *text, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i + 1 < size; i++) {
        count += text[i] == 'm' && text[i + 1] == '=' && (i == 0 || text[i - 1] == '\n');
    }
    return count;
}

static svms_status read_description(svms_sdp *sdp, const char *text, size_t size, svms_error *err)
{
    size_t media = count_media(text, size);
    if (media > SVMS_SDP_MEDIA_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "SDP: more than %u media", SVMS_SDP_MEDIA_MAX);
    }
    sdp->text = svms_alloc(sdp->ctx, size + 1);
    sdp->text_size = size + 1;
    sdp->sections = media > 0 ? svms_alloc_array(sdp->ctx, media, sizeof *sdp->sections) : NULL;
    if (!sdp->text || (media > 0 && !sdp->sections)) {
        return svms_fail_memory(err);
    }
    memcpy(sdp->text, text, size);
    svms_status status = read_lines(sdp, err);
    for (size_t i = 0; status == SVMS_OK && i < sdp->section_count; i++) {
        status = choose_form(sdp, &sdp->sections[i], err);
    }
    return status;
}

svms_status svms_sdp_read(svms_sdp **out, svms_ctx *ctx, const char *text, size_t size,
                          svms_error *err)
{
    if (!out || !ctx || !text) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    if (size > SVMS_SDP_SIZE_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "SDP: more than %u bytes", SVMS_SDP_SIZE_MAX);
    }
    /* Some devices count the end of their string. */
    while (size > 0 && text[size - 1] == '\0') {
        size--;
    }
    svms_sdp *sdp = svms_alloc(ctx, sizeof *sdp);
    if (!sdp) {
        return svms_fail_memory(err);
    }
    sdp->ctx = ctx;
    svms_status status = read_description(sdp, text, size, err);
    if (status != SVMS_OK) {
        svms_sdp_free(&sdp);
        return status;
    }
    *out = sdp;
    return SVMS_OK;
}
