/* SPDX-License-Identifier: Apache-2.0 */
#include "lens_file.h"

#include <stdlib.h>
#include <string.h>

#include "camera_failure.h"
#include "file_decoder.h"
#include "lens_internal.h"

#define SIDE_MIN 2u
#define SIDE_MAX 4096u
#define SAMPLE_RATE_MIN 8000u
#define SAMPLE_RATE_MAX 96000u
/* Times of a file that jump further than this are not believed. */
#define JUMP_MAX (10 * LENS_SECOND)
/* One who comes later than this made the file pause. */
#define PATIENCE (LENS_SECOND / 2)

/* Where one kind of piece has come to, since the opening. */
typedef struct progress {
    bool has_begun;
    uint64_t last;
    uint64_t span; /* of the last piece */
} progress;

typedef struct file_lens {
    lens base;
    file_decoder *decoder;
    bool is_once;
    bool is_hurried;
    bool is_over;
    uint64_t begun;
    int64_t begun_utc; /* only where it is hurried */
    uint64_t round;    /* when the file began this time, since the opening */
    uint64_t pieces;   /* of this round */
    bool is_cut;
    progress pictures;
    progress sounds;
    bool is_waiting; /* piece is decoded, and its time has not come */
    file_piece piece;
    uint64_t time; /* of piece, since the opening */
} file_lens;

static uint64_t end_of(const progress *kind)
{
    return kind->has_begun ? kind->last + kind->span : 0;
}

/* The file's own time, unless it goes back or far ahead: then what follows from the piece before.
 */
static void place(file_lens *self)
{
    const lens_format *format = &self->base.format;
    const file_piece *piece = &self->piece;
    bool is_picture = piece->kind == LENS_PICTURE;
    progress *kind = is_picture ? &self->pictures : &self->sounds;
    uint64_t expected = end_of(kind) > self->round ? end_of(kind) : self->round;
    uint64_t told = self->round + piece->time_ns;
    bool is_believed = piece->has_time && piece->time_ns < UINT64_MAX / 4 &&
                       told + kind->span >= expected && told < expected + JUMP_MAX &&
                       (!kind->has_begun || told > kind->last || !is_picture);
    self->time = is_believed ? told : expected;
    kind->has_begun = true;
    kind->last = self->time;
    kind->span = is_picture ? lens_span(1, format->rate_num, format->rate_den)
                            : lens_span(piece->sound_count, format->sample_rate, 1);
}

static svms_status begin_again(file_lens *self, svms_error *err)
{
    if (self->pieces == 0) {
        return camera_fail(err, SVMS_E_MALFORMED, 0, "the file shows nothing");
    }
    if (self->is_once) {
        self->is_over = true;
        return SVMS_END;
    }
    uint64_t pictures = end_of(&self->pictures);
    uint64_t sounds = end_of(&self->sounds);
    self->round = pictures > sounds ? pictures : sounds;
    self->pieces = 0;
    self->is_cut = true;
    return file_decoder_restart(self->decoder, err);
}

static svms_status decode(file_lens *self, svms_error *err)
{
    svms_status status = file_decoder_next(self->decoder, &self->piece, err);
    if (status == SVMS_END) {
        status = begin_again(self, err);
        if (status == SVMS_OK) {
            status = file_decoder_next(self->decoder, &self->piece, err);
        }
        if (status == SVMS_END && !self->is_over) {
            return camera_fail(err, SVMS_E_MALFORMED, 0, "the file shows nothing");
        }
    }
    if (status == SVMS_OK) {
        place(self);
        self->pieces++;
        self->is_waiting = true;
    }
    return status;
}

static void hand_out(file_lens *self, lens_shot *out)
{
    const file_piece *piece = &self->piece;
    out->kind = piece->kind;
    out->picture = piece->picture;
    out->sound = piece->sound;
    out->sound_count = piece->sound_count;
    out->monotonic_ns = self->begun + self->time;
    out->utc_ns = self->is_hurried ? self->begun_utc + (int64_t)self->time
                                   : lens_utc_of(&self->base, out->monotonic_ns);
    if (out->kind == LENS_PICTURE) {
        out->is_cut = self->is_cut;
        self->is_cut = false;
    }
    self->is_waiting = false;
}

static svms_status file_next(lens *base, lens_shot *out, svms_error *err)
{
    file_lens *self = (file_lens *)base;
    memset(out, 0, sizeof *out);
    if (self->is_over) {
        return SVMS_END;
    }
    if (!self->is_waiting) {
        svms_status status = decode(self, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    if (!self->is_hurried) {
        uint64_t now = lens_now(base);
        uint64_t due = self->begun + self->time;
        if (now < due) {
            return SVMS_AGAIN;
        }
        if (now - due > PATIENCE) {
            self->begun += now - due;
        }
    }
    hand_out(self, out);
    return SVMS_OK;
}

static uint64_t file_due(const lens *base)
{
    const file_lens *self = (const file_lens *)base;
    return self->is_hurried || !self->is_waiting ? 0 : self->begun + self->time;
}

static int file_handle(const lens *base)
{
    (void)base;
    return -1;
}

static void file_close(lens *base)
{
    file_lens *self = (file_lens *)base;
    file_decoder_close(&self->decoder);
    free(self);
}

static const lens_way way = { file_next, file_due, file_handle, file_close };

static bool side_fits(uint32_t side)
{
    return side == 0 || (side >= SIDE_MIN && side <= SIDE_MAX && side % 2 == 0);
}

svms_status lens_open_file(lens **out, const lens_file_options *options, svms_error *err)
{
    uint32_t rate = options->sample_rate;
    if (!options->path || !side_fits(options->width) || !side_fits(options->height) ||
        (rate != 0 && (rate < SAMPLE_RATE_MIN || rate > SAMPLE_RATE_MAX))) {
        return camera_fail(err, SVMS_E_USAGE, 0,
                           "a file has a path, an even size up to %u and %u to %u samples in a "
                           "second",
                           SIDE_MAX, SAMPLE_RATE_MIN, SAMPLE_RATE_MAX);
    }
    file_lens *self = calloc(1, sizeof *self);
    if (!self) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for a file");
    }
    lens_begin(&self->base, &way, &options->clock);
    self->is_once = options->is_once;
    self->is_hurried = options->is_hurried;
    svms_status status = file_decoder_open(&self->decoder, options, &self->base.format, err);
    if (status != SVMS_OK) {
        file_close(&self->base);
        return status;
    }
    self->begun = lens_now(&self->base);
    self->begun_utc = self->base.clock.utc(self->base.clock.user);
    *out = &self->base;
    return SVMS_OK;
}
