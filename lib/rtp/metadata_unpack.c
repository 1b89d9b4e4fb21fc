/* SPDX-License-Identifier: Apache-2.0 */
/* ONVIF Streaming, "RTP for Metadata stream" (P-MET): the marker ends a document. */
#include "cursor.h"
#include "gzip.h"
#include "unpacker.h"

/* White space and a byte order mark may stand before it; gzip has a magic number (RFC 1952). */
static bool begins_document(const svms_rtp_packet *packet, bool is_gzip)
{
    svms_cursor cursor = svms_cursor_over(packet->payload, packet->payload_size, 0);
    uint8_t c = svms_read_u8(&cursor);
    if (is_gzip) {
        return c == 0x1F && svms_read_u8(&cursor) == 0x8B && svms_read_u8(&cursor) == 8;
    }
    if (c == 0xEF) {
        (void)svms_skip(&cursor, 2);
        c = svms_read_u8(&cursor);
    }
    while ((c == ' ' || c == '\t' || c == '\r' || c == '\n') && !cursor.failed) {
        c = svms_read_u8(&cursor);
    }
    return c == '<';
}

/* What came in gzip becomes what was packed; the same bound holds for both. */
static void inflate_document(svms_unpacker *u)
{
    svms_assembly *sample = &u->sample;
    if (sample->damage != 0 || sample->bytes.status != SVMS_OK) {
        return;
    }
    svms_builder document = svms_builder_new(u->ctx, sample->bytes.maximum);
    svms_status status = svms_gzip_read(&document, sample->bytes.data, sample->bytes.size, NULL);
    if (status == SVMS_OK) {
        svms_builder_clear(&sample->bytes);
        sample->bytes = document;
        return;
    }
    svms_builder_clear(&document);
    u->starved = u->starved || status == SVMS_E_NO_MEMORY;
    svms_unpacker_damage(u, status == SVMS_E_NO_MEMORY ? SVMS_RTP_GAP_MEMORY
                            : status == SVMS_E_LIMIT   ? SVMS_RTP_GAP_LIMIT
                                                       : SVMS_RTP_GAP_MALFORMED);
}

static void unpack(svms_unpacker *u, const svms_unpack_packet *p)
{
    bool first = !u->sample.open;
    svms_unpacker_begin(u, p, false);
    if (first && !begins_document(p->rtp, u->format->is_gzip)) {
        svms_unpacker_incoherent(u);
    }
    u->sample.sync = true;
    svms_unpacker_append(u, p->rtp->payload, p->rtp->payload_size);
    if (p->rtp->marker) {
        if (u->format->is_gzip) {
            inflate_document(u);
        }
        svms_unpacker_finish(u);
    }
}

const svms_unpacker_kind svms_unpack_metadata = { unpack, svms_unpacker_finish };
