/* SPDX-License-Identifier: Apache-2.0 */
#include "nal_unpack.h"

#include "cursor.h"
#include "failure.h"
#include "h264_syntax.h"
#include "h265_syntax.h"

enum { LENGTH_SIZE = 4, CRA = 21 };

static void learn(svms_unpacker *u, const svms_nal *nal)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_status status =
        svms_parameter_sets_take(&u->sets, nal->data, nal->size, &u->sets_changed, &err);
    /* One that is not understood, or one too many, is the decoder's affair. */
    u->starved = u->starved || status == SVMS_E_NO_MEMORY;
}

static void look_at(svms_unpacker *u, const uint8_t *data, size_t size)
{
    svms_nal nal;
    uint32_t codec = u->format->codec;
    if (!svms_nal_over(&nal, codec, data, size)) {
        svms_unpacker_damage(u, SVMS_RTP_GAP_MALFORMED);
        return;
    }
    bool sync = codec == SVMS_CODEC_H265 ? nal.type >= SVMS_H265_IRAP_FIRST && nal.type <= CRA
                                         : nal.type == SVMS_H264_IDR;
    u->sample.sync = u->sample.sync || sync;
    if (svms_parameter_sets_wants(codec, nal.type)) {
        learn(u, &nal);
    }
}

void svms_nal_unpack_unit(svms_unpacker *u, const uint8_t *data, size_t size)
{
    look_at(u, data, size);
    svms_put_u32(&u->sample.bytes, (uint32_t)size);
    svms_unpacker_append(u, data, size);
}

void svms_nal_unpack_aggregate(svms_unpacker *u, const uint8_t *data, size_t size)
{
    svms_cursor cursor = svms_cursor_over(data, size, 0);
    do {
        size_t unit = svms_read_u16(&cursor);
        const uint8_t *bytes = svms_read_bytes(&cursor, unit);
        if (!bytes || unit == 0) {
            svms_unpacker_damage(u, SVMS_RTP_GAP_MALFORMED);
            return;
        }
        svms_nal_unpack_unit(u, bytes, unit);
    } while (!svms_cursor_at_end(&cursor));
}

/* The unit that fragments made is as long as it is, whether or not all of them came. */
static void close_fragments(svms_unpacker *u)
{
    svms_builder *bytes = &u->sample.bytes;
    u->fragments.open = false;
    if (bytes->status != SVMS_OK) {
        return;
    }
    size_t start = u->fragments.start + LENGTH_SIZE;
    svms_patch_u32(bytes, u->fragments.start, (uint32_t)(bytes->size - start));
    look_at(u, bytes->data + start, bytes->size - start);
}

void svms_nal_unpack_no_fragment(svms_unpacker *u)
{
    if (u->fragments.open) {
        close_fragments(u);
        svms_unpacker_incoherent(u);
    }
}

void svms_nal_unpack_fragment(svms_unpacker *u, bool first, bool last, const uint8_t *header,
                              size_t header_size, const uint8_t *data, size_t size)
{
    if (first) {
        svms_nal_unpack_no_fragment(u);
        u->fragments = (svms_fragments){ true, u->sample.bytes.size };
        svms_put_u32(&u->sample.bytes, 0);
        svms_unpacker_append(u, header, header_size);
    }
    if (!u->fragments.open) {
        svms_unpacker_incoherent(u);
        return;
    }
    if ((first && last) || size == 0) {
        svms_unpacker_damage(u, SVMS_RTP_GAP_MALFORMED);
    }
    svms_unpacker_append(u, data, size);
    if (last) {
        close_fragments(u);
    }
}

void svms_nal_unpack_end(svms_unpacker *u)
{
    svms_nal_unpack_no_fragment(u);
    svms_unpacker_finish(u);
}

void svms_nal_unpack_begin(svms_unpacker *u, const svms_unpack_packet *p, bool whole)
{
    if (u->sample.open && u->sample.time != p->time) {
        svms_nal_unpack_end(u);
    }
    if (u->missing != 0 && u->fragments.open) {
        svms_nal_unpack_no_fragment(u);
    }
    svms_unpacker_begin(u, p, whole);
}
