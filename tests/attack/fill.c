/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds a decoder what is clear, with hidden bytes replaced in several ways. */
#include <stdlib.h>
#include <string.h>

#include "attack.h"
#include "nal_internal.h"

typedef struct {
    const attack_clip *clip;
    attack_fill fill;
    uint32_t noise;
    attack_sets *sets;
    const attack_sample *sample;
    size_t slice; /* of the sample, counted while it is rebuilt; the first is 1 */
} rebuilder;

static uint8_t noise_byte(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (uint8_t)(*state >> 24);
}

static size_t count_hidden(const uint8_t *hidden, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++) {
        count += hidden[i];
    }
    return count;
}

/* Where the clear tail of the current slice probably shows, by its share of the bytes. */
static uint32_t guess_macroblock(const rebuilder *r, size_t hidden, size_t size)
{
    attack_slice slice = { 0, 0 };
    if (r->slice <= r->sample->slice_count) {
        slice = r->sample->slices[r->slice - 1];
    }
    return slice.first + (uint32_t)((uint64_t)(slice.last - slice.first) * hidden / (size + 1));
}

/* The true slice header, but first_mb_in_slice replaced (H.264), then the clear tail. */
static size_t cut_payload(const rebuilder *r, const uint8_t *payload, const uint8_t *hidden,
                          size_t size, size_t bits, uint8_t *out)
{
    size_t tail = size;
    while (tail > bits / 8 && !hidden[tail - 1]) {
        tail--;
    }
    attack_bits writer = { out, 0, size + 16 };
    if (r->clip->codec == SVMS_CODEC_H264) {
        svms_bits reader = svms_bits_over(payload, size);
        (void)svms_bits_ue(&reader);
        attack_put_ue(&writer, guess_macroblock(r, tail, size));
        attack_copy_bits(&writer, payload, reader.position, bits - reader.position);
        while (writer.bits % 8 != 0) {
            attack_put(&writer, 1, 1);
        }
    } else {
        attack_copy_bits(&writer, payload, 0, bits);
    }
    attack_copy_bits(&writer, payload, tail * 8, (size - tail) * 8);
    return (writer.bits + 7) / 8;
}

static size_t fill_payload(rebuilder *r, const uint8_t *payload, const uint8_t *hidden, size_t size,
                           size_t bits, uint8_t *out)
{
    if (r->fill == FILL_CUT) {
        return cut_payload(r, payload, hidden, size, bits, out);
    }
    memcpy(out, payload, size);
    for (size_t i = bits / 8; i < size; i++) {
        uint8_t keep = i == bits / 8 ? (uint8_t)(0xFF00u >> (bits % 8)) : 0;
        uint8_t filler = r->fill == FILL_NOISE ? noise_byte(&r->noise) : 0;
        if (hidden[i]) {
            out[i] = (uint8_t)((payload[i] & keep) | (filler & ~keep));
        }
    }
    return size;
}

static size_t rebuild_nal(rebuilder *r, const svms_nal *nal, const uint8_t *hidden, uint8_t *out)
{
    size_t header = svms_nal_header_size(r->clip->codec);
    uint32_t first = 0;
    size_t bits = 0;
    bool slice = attack_next_slice(r->sets, nal, &first, &bits);
    r->slice += slice;
    bool touched = count_hidden(hidden, nal->size) > 0;
    if (touched && slice && r->fill == FILL_DROP) {
        return 0;
    }
    uint8_t *payload = attack_alloc(4 * nal->size + 64);
    uint8_t *payload_hidden = payload + nal->size;
    uint8_t *filled = payload_hidden + nal->size;
    size_t size = attack_read_nal(nal->data, hidden, nal->size, header, payload, payload_hidden);
    size_t written;
    if (touched && slice) {
        size_t filled_size = fill_payload(r, payload, payload_hidden, size, bits, filled);
        written = attack_write_nal(out, nal->data, header, filled, filled_size);
    } else {
        written = attack_write_nal(out, nal->data, header, payload, size);
    }
    free(payload);
    return written;
}

static void rebuild_nals(rebuilder *r, const attack_sample *sample, attack_packet *packet)
{
    svms_nal_iterator it = SVMS_NAL_ITERATOR_INIT;
    svms_nal nal = SVMS_NAL_INIT;
    packet->data = attack_alloc(2 * sample->size + 4096);
    r->sample = sample;
    r->slice = 0;
    if (svms_nal_begin(&it, r->clip->codec, SVMS_NAL_LENGTH4, sample->data, sample->size) !=
        SVMS_OK) {
        return;
    }
    while (svms_nal_next(&it, &nal, NULL) == SVMS_OK) {
        const uint8_t *hidden = sample->hidden + (nal.framed_offset + 4);
        packet->size += rebuild_nal(r, &nal, hidden, packet->data + packet->size);
    }
}

/* Entropy-coded data must not look like markers. */
static uint8_t fill_scan_byte(rebuilder *r)
{
    return r->fill == FILL_NOISE ? noise_byte(&r->noise) & 0x7F : 0;
}

static void rebuild_jpeg(rebuilder *r, const attack_sample *sample, attack_packet *packet)
{
    if (r->fill == FILL_DROP && count_hidden(sample->hidden, sample->size) > 0) {
        return;
    }
    svms_jpeg_iterator it = SVMS_JPEG_ITERATOR_INIT;
    svms_jpeg_segment segment = SVMS_JPEG_SEGMENT_INIT;
    size_t scan = 0;
    if (svms_jpeg_begin(&it, sample->data, sample->size) != SVMS_OK) {
        return;
    }
    while (scan == 0 && svms_jpeg_next(&it, &segment, NULL) == SVMS_OK) {
        scan = segment.scan_offset;
    }
    packet->data = attack_alloc(sample->size);
    for (size_t i = 0; i < sample->size; i++) {
        if (i < scan || !sample->hidden[i]) {
            packet->data[packet->size++] = sample->data[i];
        } else if (r->fill != FILL_CUT) {
            packet->data[packet->size++] = fill_scan_byte(r);
        }
    }
}

bool attack_with_fill(const attack_clip *clip, attack_fill fill, bool conceal, attack_score *score)
{
    rebuilder r = { clip, fill, 1, attack_sets_new(clip), NULL, 0 };
    if (!r.sets) {
        return false;
    }
    attack_packet *packets = attack_alloc(clip->count * sizeof *packets);
    for (size_t i = 0; i < clip->count; i++) {
        if (clip->codec == SVMS_CODEC_MJPEG) {
            rebuild_jpeg(&r, &clip->samples[i], &packets[i]);
        } else {
            rebuild_nals(&r, &clip->samples[i], &packets[i]);
        }
    }
    bool done = attack_decode(clip, packets, conceal, score);
    for (size_t i = 0; i < clip->count; i++) {
        free(packets[i].data);
    }
    free(packets);
    attack_sets_free(&r.sets);
    return done;
}
