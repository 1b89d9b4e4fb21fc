/* SPDX-License-Identifier: Apache-2.0 */
/* Values of RTSP headers: text to types and back (docs/spec/rtsp.md, R-TRN to R-KEY; challenges and
 * credentials: auth_fields.h). Readers that give bool are false for what is malformed; out is then
 * not to be used. */
#ifndef SVMS_RTSP_HEADER_VALUES_H
#define SVMS_RTSP_HEADER_VALUES_H

#include <svms/rtsp.h>

#include "message.h"

/* What stands before the first separator outside of quotes, trimmed; rest goes on behind it. False
 * at the end, and for a quote that does not end (*rest is then not empty). */
bool svms_rtsp_cut(svms_text_piece *rest, char separator, svms_text_piece *piece);
/* Without the quotes around it, if any; what is escaped within stays so. False for a quote that
 * does not end or with something behind it. */
bool svms_rtsp_unquote(svms_text_piece *text);
/* "name=value" taken apart: both trimmed, the value without quotes. Without "=" the value is
 * empty. */
bool svms_rtsp_parameter(svms_text_piece text, svms_text_piece *name, svms_text_piece *value);
/* Cuts a list at its commas, but not within quotes: the next element, trimmed. False at the end and
 * for a quote that does not end (*rest is then not empty). Empty elements are passed over. */
bool svms_rtsp_list_next(svms_text_piece *rest, svms_text_piece *element);
/* True when a list names it, by any case. */
bool svms_rtsp_list_has(svms_text_piece list, const char *name);

/* One element of Transport. SVMS_E_MALFORMED; SVMS_E_UNSUPPORTED for another profile or lower
 * layer, which a server passes over. */
SVMS_MUST_CHECK svms_status svms_rtsp_transport_read(svms_rtsp_transport *out, svms_text_piece text,
                                                     svms_error *err);
#define SVMS_RTSP_TRANSPORTS_MAX 8
/* All elements that are known, best first as written. *count 0: none is known. SVMS_E_MALFORMED,
 * SVMS_E_LIMIT for more than fit. */
SVMS_MUST_CHECK svms_status
svms_rtsp_transports_read(svms_rtsp_transport out[SVMS_RTSP_TRANSPORTS_MAX], size_t *count,
                          svms_text_piece text, svms_error *err);
/* The value alone, without the header's name. */
void svms_rtsp_put_transport(svms_builder *out, const svms_rtsp_transport *transport);

/* "12345678;timeout=60". id: 1 to 128 visible characters; timeout 0: not said. */
typedef struct svms_rtsp_session {
    svms_text_piece id;
    uint32_t timeout_s;
} svms_rtsp_session;
bool svms_rtsp_session_read(svms_rtsp_session *out, svms_text_piece text);

SVMS_MUST_CHECK svms_status svms_rtsp_range_read_piece(svms_rtsp_range *out, svms_text_piece text,
                                                       svms_error *err);
/* True for one that can be written. */
bool svms_rtsp_range_is_sound(const svms_rtsp_range *range);
/* The value alone; nothing for SVMS_RTSP_RANGE_NONE. */
void svms_rtsp_put_range(svms_builder *out, const svms_rtsp_range *range);

/* Scale and Speed in thousandths: "-1.0" is -1000; up to a million either way, digits behind the
 * third are cut off. */
bool svms_rtsp_decimal_read(int32_t *milli, svms_text_piece text);
void svms_rtsp_put_decimal(svms_builder *out, int32_t milli);
/* "yes", "no". */
bool svms_rtsp_choice_read(svms_rtsp_choice *out, svms_text_piece text);
/* "all", "intra", "intra/4000", "predicted". */
bool svms_rtsp_frames_read(svms_rtsp_frames *out, uint32_t *interval_ms, svms_text_piece text);
/* Writes the headers of a PLAY request (or of its response) that play says something about. */
void svms_rtsp_put_play(svms_builder *out, const svms_rtsp_play *play);
/* True for what can be written. */
bool svms_rtsp_play_is_sound(const svms_rtsp_play *play);
/* Reads them from a message. SVMS_E_MALFORMED, SVMS_E_UNSUPPORTED (another kind of range). */
SVMS_MUST_CHECK svms_status svms_rtsp_play_read(svms_rtsp_play *out,
                                                const svms_rtsp_message *message, svms_error *err);

/* One entry of RTP-Info; url without its quotes, if any. */
typedef struct svms_rtsp_track_info {
    svms_text_piece url;
    bool has_sequence;
    uint32_t sequence;
    bool has_rtp_time;
    uint32_t rtp_time;
} svms_rtsp_track_info;
/* SVMS_END: no more. Commas within a URL are told from those between entries. */
SVMS_MUST_CHECK svms_status svms_rtsp_track_info_next(svms_text_piece *rest,
                                                      svms_rtsp_track_info *out, svms_error *err);
/* One entry, with ", " before it unless it is the first. */
void svms_rtsp_put_track_info(svms_builder *out, bool first, const svms_rtsp_rtp_info *info);

/* Public and Allow: bits 1 << svms_rtsp_method; names that are not known are passed over. */
uint32_t svms_rtsp_methods_read(svms_text_piece text);
void svms_rtsp_put_methods(svms_builder *out, uint32_t methods);

/* KeyMgmt: prot=mikey;uri="...";data="..." (RFC 4567 section 3.1). Several entries: the first of
 * prot mikey. uri is a piece of text. *size is the room in mikey (SVMS_RTSP_MIKEY_MAX), then the
 * number of bytes. SVMS_E_MALFORMED; SVMS_E_UNSUPPORTED: no entry of that protocol; SVMS_E_LIMIT.
 */
#define SVMS_RTSP_MIKEY_MAX 4096
SVMS_MUST_CHECK svms_status svms_rtsp_key_mgmt_read(uint8_t *mikey, size_t *size,
                                                    svms_text_piece *uri, svms_text_piece text,
                                                    svms_error *err);
/* The value alone. uri must be fit for quotes. */
void svms_rtsp_put_key_mgmt(svms_builder *out, const char *uri, const uint8_t *mikey, size_t size);

#endif
