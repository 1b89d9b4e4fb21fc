/* SPDX-License-Identifier: Apache-2.0 */
/* ONVIF Streaming, "RTP for Metadata stream" (P-MET): the marker ends a document. */
#include "cursor.h"
#include "unpacker.h"

/* White space and a byte order mark may stand before it. */
static bool begins_document(const svms_rtp_packet *packet)
{
    svms_cursor cursor = svms_cursor_over(packet->payload, packet->payload_size, 0);
    uint8_t c = svms_read_u8(&cursor);
    if (c == 0xEF) {
        (void)svms_skip(&cursor, 2);
        c = svms_read_u8(&cursor);
    }
    while ((c == ' ' || c == '\t' || c == '\r' || c == '\n') && !cursor.failed) {
        c = svms_read_u8(&cursor);
    }
    return c == '<';
}

static void unpack(svms_unpacker *u, const svms_unpack_packet *p)
{
    bool first = !u->sample.open;
    svms_unpacker_begin(u, p, false);
    if (first && !begins_document(p->rtp)) {
        svms_unpacker_incoherent(u);
    }
    u->sample.sync = true;
    svms_unpacker_append(u, p->rtp->payload, p->rtp->payload_size);
    if (p->rtp->marker) {
        svms_unpacker_finish(u);
    }
}

const svms_unpacker_kind svms_unpack_metadata = { unpack, svms_unpacker_finish };
