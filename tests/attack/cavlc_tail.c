/* SPDX-License-Identifier: Apache-2.0 */
/* Starts CAVLC decoding in the clear tail of an intra picture. The hidden macroblocks are replaced
 * by gray ones (Intra_16x16 DC without residual, eight bits each), so that the tail has neighbours
 * to predict from; bit position and number of macroblocks are searched. */
#include <stdlib.h>
#include <string.h>

#include "attack.h"
#include "nal_internal.h"

enum {
    SEARCH_BITS = 400, /* how far into the tail a macroblock is looked for */
    CANDIDATES = 12,   /* bit positions that are tried with every macroblock number */
    PICTURES = 2,      /* of the clip that are attacked */
    GRAY_MACROBLOCK = 0x27,
    UNTOUCHED = 1 /* level of a buffer nothing was decoded into */
};

typedef struct {
    const attack_clip *clip;
    attack_decoder *decoder;
    const uint8_t *header; /* NAL unit header */
    const uint8_t *payload;
    size_t header_bits;
    size_t tail; /* first bit known to be clear */
    size_t end;
    uint8_t *scratch;
    size_t capacity;
    uint32_t macroblocks;
} search;

typedef struct {
    size_t start;
    uint32_t skipped;
    uint32_t rating;
} guess;

static const AVFrame *try_guess(search *s, size_t start, uint32_t skipped)
{
    uint8_t *packet = s->scratch + s->capacity;
    attack_bits writer = { s->scratch, 0, s->capacity };
    attack_copy_bits(&writer, s->payload, 0, s->header_bits);
    for (uint32_t i = 0; i < skipped; i++) {
        attack_put(&writer, GRAY_MACROBLOCK, 8);
    }
    attack_copy_bits(&writer, s->payload, start, s->end - start);
    size_t size = attack_write_nal(packet, s->header, 1, s->scratch, (writer.bits + 7) / 8);
    return attack_decoder_run(s->decoder, packet, size);
}

static bool is_untouched(const AVFrame *frame, uint32_t x, uint32_t y)
{
    for (uint32_t row = 0; row < MACROBLOCK; row++) {
        const uint8_t *at = frame->data[0] + (ptrdiff_t)(y + row) * frame->linesize[0] + x;
        for (uint32_t column = 0; column < MACROBLOCK; column++) {
            if (at[column] != UNTOUCHED) {
                return false;
            }
        }
    }
    return true;
}

/* How many macroblocks of the tail decode in a row. One that goes on to the very end of the picture
 * is most likely right, so all macroblocks count then. */
static uint32_t rate(search *s, size_t start, uint32_t skipped)
{
    const AVFrame *frame = try_guess(s, start, skipped);
    uint32_t across = (uint32_t)(s->clip->width + 15) / 16;
    uint32_t count = 0;
    while (frame && count < s->macroblocks &&
           !is_untouched(frame, count % across * 16, count / across * 16)) {
        count++;
    }
    if (count == s->macroblocks) {
        return count;
    }
    return count > skipped ? count - skipped : 0;
}

static void keep_best(guess *best, size_t size, guess one)
{
    for (size_t i = 0; i < size; i++) {
        if (one.rating > best[i].rating) {
            guess pushed = best[i];
            best[i] = one;
            one = pushed;
        }
    }
}

/* First where macroblocks begin, with a fixed number in front; then which number fits. */
static guess find_start(search *s)
{
    guess candidates[CANDIDATES] = { { 0, 0, 0 } };
    guess best = { 0, 0, 0 };
    uint32_t across = (uint32_t)(s->clip->width + 15) / 16;
    for (size_t i = 0; i < SEARCH_BITS && s->tail + i < s->end; i++) {
        guess one = { s->tail + i, across, rate(s, s->tail + i, across) };
        keep_best(candidates, CANDIDATES, one);
    }
    for (size_t i = 0; i < CANDIDATES && candidates[i].rating > 0; i++) {
        for (uint32_t skipped = 1; skipped < s->macroblocks / 2; skipped++) {
            size_t start = candidates[i].start;
            guess one = { start, skipped, rate(s, start, skipped) };
            keep_best(&best, 1, one);
        }
    }
    return best;
}

/* Prepares the search in the sample's first intra slice; false when nothing of it is clear. */
static bool prepare(search *s, attack_sets *sets, const attack_sample *sample, uint8_t *payload)
{
    svms_nal_iterator it = SVMS_NAL_ITERATOR_INIT;
    svms_nal nal = SVMS_NAL_INIT;
    if (svms_nal_begin(&it, s->clip->codec, SVMS_NAL_LENGTH4, sample->data, sample->size) !=
        SVMS_OK) {
        return false;
    }
    while (svms_nal_next(&it, &nal, NULL) == SVMS_OK) {
        uint32_t first = 0;
        size_t bits = 0;
        if (!attack_next_slice(sets, &nal, &first, &bits) || first != 0) {
            continue;
        }
        uint8_t *hidden = payload + nal.size;
        size_t size = attack_read_nal(nal.data, sample->hidden + (nal.framed_offset + 4), nal.size,
                                      1, payload, hidden);
        size_t tail = size;
        while (tail > 0 && !hidden[tail - 1]) {
            tail--;
        }
        s->header = nal.data;
        s->payload = payload;
        s->header_bits = bits;
        s->tail = tail * 8;
        s->end = size * 8;
        return tail < size;
    }
    return false;
}

static bool attack_picture(search *s, attack_sets *sets, size_t index, attack_score *score)
{
    const attack_sample *sample = &s->clip->samples[index];
    uint8_t *payload = attack_alloc(2 * sample->size);
    s->capacity = sample->size + s->macroblocks + 64;
    s->scratch = attack_alloc(3 * s->capacity);
    bool clear = prepare(s, sets, sample, payload);
    guess best = { 0, 0, 0 };
    if (clear) {
        best = find_start(s);
    }
    const AVFrame *frame = best.rating > 0 ? try_guess(s, best.start, best.skipped) : NULL;
    if (frame) {
        attack_score_frame(score, s->clip, index, frame->data[0], (size_t)frame->linesize[0]);
    } else {
        attack_score_gray(score, s->clip, index);
    }
    free(s->scratch);
    free(payload);
    return clear;
}

bool attack_cavlc_tail(const attack_clip *clip, attack_score *score)
{
    if (clip->codec != SVMS_CODEC_H264) {
        return false;
    }
    search s = { 0 };
    s.clip = clip;
    s.macroblocks = (uint32_t)((clip->width + 15) / 16) * (uint32_t)((clip->height + 15) / 16);
    s.decoder = attack_decoder_open(clip, false, UNTOUCHED);
    attack_sets *sets = attack_sets_new(clip);
    size_t attacked = 0;
    for (size_t i = 0; s.decoder && sets && i < clip->count && attacked < PICTURES; i++) {
        if (!clip->samples[i].sync) {
            continue;
        }
        (void)attack_picture(&s, sets, i, score);
        attacked++;
    }
    attack_sets_free(&sets);
    attack_decoder_close(&s.decoder);
    return attacked > 0;
}
