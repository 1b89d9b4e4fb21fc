/* SPDX-License-Identifier: Apache-2.0 */
/* RTP-Info, whose URLs stand without quotes and may hold the very commas and semicolons that
 * separate entries and parameters: what follows a separator tells which it is. */
#include "header_values.h"

#include <string.h>

#include "failure.h"

enum { SEQUENCE_MOST = 65535 };

/* "name" and "=" come next, with blanks around the name. */
static bool begins_parameter(svms_text_piece text, const char *name)
{
    const char *equals = text.size > 0 ? memchr(text.data, '=', text.size) : NULL;
    if (!equals) {
        return false;
    }
    svms_text_piece before = { text.data, (size_t)(equals - text.data) };
    return svms_text_piece_is(svms_text_piece_trim(before), name);
}

static bool begins_known(svms_text_piece text)
{
    return begins_parameter(text, "seq") || begins_parameter(text, "rtptime") ||
           begins_parameter(text, "ssrc");
}

static svms_text_piece behind(svms_text_piece text, size_t position)
{
    return (svms_text_piece){ text.data + position, text.size - position };
}

/* Where the entry ends: at a comma with "url=" behind it, or with nothing but blanks and commas. */
static size_t entry_size(svms_text_piece text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == ',') {
            svms_text_piece next = behind(text, i + 1);
            if (begins_parameter(next, "url") || svms_text_piece_trim(next).size == 0) {
                return i;
            }
        }
    }
    return text.size;
}

/* The URL ends at a semicolon with a known parameter behind it. */
static size_t url_size(svms_text_piece text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == ';') {
            svms_text_piece next = behind(text, i + 1);
            if (begins_known(next) || svms_text_piece_trim(next).size == 0) {
                return i;
            }
        }
    }
    return text.size;
}

static bool read_parameter(svms_rtsp_track_info *out, svms_text_piece text)
{
    svms_text_piece name;
    svms_text_piece value;
    if (!svms_rtsp_parameter(text, &name, &value)) {
        return false;
    }
    if (svms_text_piece_is(name, "seq")) {
        out->has_sequence = true;
        return svms_text_piece_number(value, SEQUENCE_MOST, &out->sequence);
    }
    if (svms_text_piece_is(name, "rtptime")) {
        out->has_rtp_time = true;
        return svms_text_piece_number(value, UINT32_MAX, &out->rtp_time);
    }
    return true;
}

static bool read_entry(svms_rtsp_track_info *out, svms_text_piece entry)
{
    if (!begins_parameter(entry, "url")) {
        return false;
    }
    (void)svms_text_piece_cut(&entry, '=');
    size_t size = url_size(entry);
    out->url = svms_text_piece_trim((svms_text_piece){ entry.data, size });
    svms_text_piece rest = behind(entry, size);
    svms_text_piece parameter;
    bool holds = svms_rtsp_unquote(&out->url) && out->url.size > 0;
    while (holds && svms_rtsp_cut(&rest, ';', &parameter)) {
        holds = read_parameter(out, parameter);
    }
    return holds && rest.size == 0;
}

svms_status svms_rtsp_track_info_next(svms_text_piece *rest, svms_rtsp_track_info *out,
                                      svms_error *err)
{
    memset(out, 0, sizeof *out);
    while (rest->size > 0 &&
           (rest->data[0] == ',' || rest->data[0] == ' ' || rest->data[0] == '\t')) {
        *rest = behind(*rest, 1);
    }
    if (rest->size == 0) {
        return SVMS_END;
    }
    size_t size = entry_size(*rest);
    svms_text_piece entry = { rest->data, size };
    *rest = behind(*rest, size);
    if (!read_entry(out, entry)) {
        return svms_fail(err, SVMS_E_MALFORMED, "an RTP-Info header that cannot be read");
    }
    return SVMS_OK;
}

void svms_rtsp_put_track_info(svms_builder *out, bool first, const svms_rtsp_rtp_info *info)
{
    svms_rtsp_put_text(out, first ? "url=" : ", url=");
    svms_rtsp_put_text(out, info->url);
    if (info->has_sequence) {
        svms_rtsp_put_text(out, ";seq=");
        svms_rtsp_put_number(out, info->sequence);
    }
    if (info->has_rtp_time) {
        svms_rtsp_put_text(out, ";rtptime=");
        svms_rtsp_put_number(out, info->rtp_time);
    }
}
