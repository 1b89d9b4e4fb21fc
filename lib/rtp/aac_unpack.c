/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3640 sections 3.2 and 3.3 (P-AAC). */
#include "cursor.h"
#include "unpacker.h"

/* One AU header; false when it does not fit, or is of an interleaved stream. */
static bool read_au_header(const svms_rtp_format *format, svms_bits *bits, bool first,
                           uint32_t *size)
{
    *size = svms_bits_read(bits, format->size_bits);
    uint32_t index = svms_bits_read(bits, first ? format->index_bits : format->delta_bits);
    return !bits->failed && index == 0;
}

static void end(svms_unpacker *u)
{
    if (u->fragment_size != 0) {
        svms_unpacker_incoherent(u);
        u->fragment_size = 0;
    }
    svms_unpacker_finish(u);
}

static void take_fragment(svms_unpacker *u, const svms_unpack_packet *p, uint32_t size,
                          const uint8_t *data, size_t part)
{
    bool goes_on = u->sample.open && u->sample.time == p->time && u->fragment_size == size;
    if (u->sample.open && !goes_on) {
        end(u);
    }
    svms_unpacker_begin(u, p, false);
    u->sample.sync = true;
    u->sample.duration = u->format->frame_ticks;
    u->fragment_size = size;
    svms_unpacker_append(u, data, part);
    size_t so_far = u->sample.bytes.size;
    if (so_far >= size || p->rtp->marker) {
        u->fragment_size = 0;
        if (so_far != size) {
            svms_unpacker_incoherent(u);
        }
        svms_unpacker_finish(u);
    }
}

static void take_frame(svms_unpacker *u, const svms_unpack_packet *p, const uint8_t *data,
                       uint32_t size, uint32_t index)
{
    svms_unpack_packet later = *p;
    later.time += (int64_t)index * u->format->frame_ticks;
    svms_unpacker_begin(u, &later, true);
    u->sample.packets = index == 0 ? 1 : 0;
    u->sample.has_replay = u->sample.has_replay && index == 0;
    u->sample.sync = true;
    u->sample.duration = u->format->frame_ticks;
    svms_unpacker_append(u, data, size);
    svms_unpacker_finish(u);
}

/* Counts the packet, too. */
static void malformed(svms_unpacker *u, const svms_unpack_packet *p, bool counted)
{
    svms_unpacker_begin(u, p, true);
    u->sample.packets = counted ? 0 : 1;
    svms_unpacker_damage(u, SVMS_RTP_GAP_MALFORMED);
    svms_unpacker_finish(u);
}

static void take_frames(svms_unpacker *u, const svms_unpack_packet *p, svms_bits *headers,
                        svms_cursor *data)
{
    uint32_t taken = 0;
    while (headers->position < headers->size_bits) {
        uint32_t size = 0;
        bool sound = read_au_header(u->format, headers, taken == 0, &size) && size > 0;
        bool alone = taken == 0 && headers->position == headers->size_bits;
        size_t left = svms_cursor_left(data);
        bool fragment = sound && alone && left > 0 &&
                        (size > left || (u->fragment_size == size && u->sample.open));
        if (fragment) {
            take_fragment(u, p, size, svms_read_bytes(data, left), left);
            return;
        }
        if (u->sample.open) {
            end(u);
        }
        const uint8_t *bytes = sound ? svms_read_bytes(data, size) : NULL;
        if (!bytes) {
            malformed(u, p, taken > 0);
            return;
        }
        take_frame(u, p, bytes, size, taken++);
    }
}

static void unpack(svms_unpacker *u, const svms_unpack_packet *p)
{
    svms_cursor data = svms_cursor_over(p->rtp->payload, p->rtp->payload_size, 0);
    uint32_t header_bits = svms_read_u16(&data);
    const uint8_t *headers = svms_read_bytes(&data, ((size_t)header_bits + 7) / 8);
    if (!headers || header_bits < u->format->size_bits + u->format->index_bits) {
        if (u->sample.open) {
            end(u);
        }
        malformed(u, p, false);
        return;
    }
    svms_bits bits = svms_bits_over(headers, ((size_t)header_bits + 7) / 8);
    bits.size_bits = header_bits;
    take_frames(u, p, &bits, &data);
}

const svms_unpacker_kind svms_unpack_aac = { unpack, end };
