/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3551 sections 4.5.14 (P-711): every packet is a sample. */
#include "unpacker.h"

static void unpack(svms_unpacker *u, const svms_unpack_packet *p)
{
    size_t size = p->rtp->payload_size;
    svms_unpacker_begin(u, p, true);
    u->sample.sync = true;
    u->sample.duration = (uint32_t)size / u->format->channels;
    if (size == 0 || size % u->format->channels != 0) {
        svms_unpacker_damage(u, SVMS_RTP_GAP_MALFORMED);
    }
    svms_unpacker_append(u, p->rtp->payload, size);
    svms_unpacker_finish(u);
}

const svms_unpacker_kind svms_unpack_g711 = { unpack, svms_unpacker_finish };
