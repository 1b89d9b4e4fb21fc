/* SPDX-License-Identifier: Apache-2.0 */
#include "lens_scene.h"

#include <stdlib.h>
#include <string.h>

#include "camera_failure.h"
#include "lens_internal.h"
#include "scene_draw.h"

#define BLACK 16
#define DAYLIGHT 100u
#define LIGHT_MAX 200u
#define NOISE_MAX 32u
#define SIZE_MIN 64u
#define SIZE_MAX_SCENE 4096u
/* Pieces of sound in a second. */
#define PIECES 50u
#define SAMPLES_MAX (96000u / PIECES)
/* One who is further behind than this gets what is now, as from a device. */
#define PATIENCE (LENS_SECOND / 2)
/* Random numbers of a bell curve are made once; each row begins somewhere else in them. */
#define GRAINS 8192u

typedef struct scene {
    lens base;
    lens_scene_options options;
    uint64_t begun;     /* on the monotonic clock */
    int64_t begun_utc;  /* only where it is hurried */
    uint64_t pictures;  /* made so far, and skipped ones */
    uint64_t pieces;    /* of sound */
    svms_picture still; /* what does not move */
    svms_picture shown;
    uint8_t shade[256]; /* luma by daylight -> now */
    int8_t grains[GRAINS];
    int16_t sound[SAMPLES_MAX];
} scene;

static uint64_t picture_time(const scene *self)
{
    return lens_span(self->pictures, self->options.rate_num, self->options.rate_den);
}

/* A piece is complete when its last sample was taken. */
static uint64_t sound_time(const scene *self)
{
    return self->options.sample_rate ? lens_span(self->pieces + 1, PIECES, 1) : LENS_NEVER;
}

static void set_light(scene *self, uint32_t light)
{
    self->options.light = light > LIGHT_MAX ? LIGHT_MAX : light;
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t above = i > BLACK ? (i - BLACK) * light / DAYLIGHT : 0;
        self->shade[i] = (uint8_t)(above > 235 - BLACK ? 235 : above + BLACK);
    }
}

/* The sum of twelve even numbers comes close to a bell curve. */
static void make_grains(scene *self)
{
    for (uint32_t i = 0; i < GRAINS; i++) {
        int32_t sum = 0;
        for (uint32_t k = 0; k < 12; k++) {
            sum += (int32_t)(scene_hash(self->options.seed, i, 1000 + k) & 255);
        }
        /* The deviation of the sum is 256. */
        sum = (sum - 12 * 255 / 2) * (int32_t)self->options.noise / 256;
        self->grains[i] = (int8_t)(sum > 127 ? 127 : sum < -127 ? -127 : sum);
    }
}

static void put_light(scene *self)
{
    const svms_picture *picture = &self->shown;
    for (size_t i = 0; i < (size_t)picture->width * picture->height; i++) {
        picture->planes[0][i] = self->shade[picture->planes[0][i]];
    }
    uint32_t light = self->options.light > DAYLIGHT ? DAYLIGHT : self->options.light;
    for (size_t i = 0; i < (size_t)picture->width * picture->height / 2; i++) {
        int32_t hue = picture->planes[1][i] - 128;
        picture->planes[1][i] = (uint8_t)(128 + hue * (int32_t)light / (int32_t)DAYLIGHT);
    }
}

static void put_noise(scene *self)
{
    const svms_picture *picture = &self->shown;
    for (uint32_t y = 0; y < picture->height; y++) {
        uint8_t *row = picture->planes[0] + y * picture->strides[0];
        uint32_t at = scene_hash(self->options.seed, (uint32_t)self->pictures, y);
        for (uint32_t x = 0; x < picture->width; x++) {
            int32_t luma = row[x] + self->grains[(at + x) % GRAINS];
            row[x] = (uint8_t)(luma < 0 ? 0 : luma > 255 ? 255 : luma);
        }
    }
}

static void draw(scene *self, int64_t utc_ns)
{
    size_t size = (size_t)self->shown.width * self->shown.height * 3 / 2;
    memcpy(self->shown.planes[0], self->still.planes[0], size);
    scene_draw_walkers(&self->shown, self->options.seed, picture_time(self));
    if (self->options.light != DAYLIGHT) {
        put_light(self);
    }
    if (self->options.noise > 0) {
        put_noise(self);
    }
    scene_draw_clock(&self->shown, utc_ns);
}

/* A wave of straight lines: 200 Hz all the time, 1 kHz in the first tenth of each second. */
static int16_t wave(const scene *self, uint64_t sample)
{
    uint64_t rate = self->options.sample_rate;
    uint64_t within = sample % rate;
    uint64_t pitch = within < rate / 10 ? 1000 : 200;
    int32_t height = within < rate / 10 ? 8000 : 500;
    int32_t phase = (int32_t)(within * pitch % rate * 4000 / rate);
    int32_t up = phase < 2000 ? phase - 1000 : 3000 - phase;
    int32_t hiss = (int32_t)(scene_hash(self->options.seed, (uint32_t)sample, 3) & 31) - 16;
    return (int16_t)(up * height / 1000 + hiss);
}

static void stamp(const scene *self, lens_shot *out, uint64_t elapsed)
{
    out->monotonic_ns = self->begun + elapsed;
    out->utc_ns = self->options.is_hurried ? self->begun_utc + (int64_t)elapsed
                                           : lens_utc_of(&self->base, out->monotonic_ns);
}

static void take_sound(scene *self, lens_shot *out)
{
    uint64_t first = self->pieces * self->options.sample_rate / PIECES;
    uint64_t end = (self->pieces + 1) * self->options.sample_rate / PIECES;
    for (uint64_t i = first; i < end; i++) {
        self->sound[i - first] = wave(self, i);
    }
    out->kind = LENS_SOUND;
    out->sound = self->sound;
    out->sound_count = (size_t)(end - first);
    stamp(self, out, lens_span(self->pieces, PIECES, 1));
    self->pieces++;
}

static void take_picture(scene *self, lens_shot *out, uint64_t lost)
{
    out->kind = LENS_PICTURE;
    out->lost = lost;
    stamp(self, out, picture_time(self));
    draw(self, out->utc_ns);
    out->picture = self->shown;
    self->pictures++;
}

static uint64_t next_time(const scene *self)
{
    uint64_t picture = picture_time(self);
    uint64_t sound = sound_time(self);
    return picture < sound ? picture : sound;
}

/* Skips what one who was too slow has missed; returns how many pictures. Sound is short, and never
 * skipped while the pictures are not. */
static uint64_t skip(scene *self, uint64_t now)
{
    uint64_t before = self->pictures;
    if (now < self->begun + picture_time(self) + PATIENCE) {
        return 0;
    }
    while (self->begun + picture_time(self) + PATIENCE / 8 < now) {
        self->pictures++;
    }
    while (sound_time(self) < picture_time(self)) {
        self->pieces++;
    }
    return self->pictures - before;
}

static svms_status scene_next(lens *base, lens_shot *out, svms_error *err)
{
    scene *self = (scene *)base;
    uint64_t lost = 0;
    (void)err;
    memset(out, 0, sizeof *out);
    if (!self->options.is_hurried) {
        uint64_t now = lens_now(base);
        if (now < self->begun + next_time(self)) {
            return SVMS_AGAIN;
        }
        lost = skip(self, now);
    }
    if (lost == 0 && sound_time(self) < picture_time(self)) {
        take_sound(self, out);
    } else {
        take_picture(self, out, lost);
    }
    return SVMS_OK;
}

static uint64_t scene_due(const lens *base)
{
    const scene *self = (const scene *)base;
    return self->options.is_hurried ? 0 : self->begun + next_time(self);
}

static int scene_handle(const lens *base)
{
    (void)base;
    return -1;
}

static void scene_close(lens *base)
{
    scene *self = (scene *)base;
    free(self->still.planes[0]);
    free(self->shown.planes[0]);
    free(self);
}

static const lens_way way = { scene_next, scene_due, scene_handle, scene_close };

static bool side_fits(uint32_t side)
{
    return side >= SIZE_MIN && side <= SIZE_MAX_SCENE && side % 2 == 0;
}

static svms_status check(const lens_scene_options *options, svms_error *err)
{
    if (!side_fits(options->width) || !side_fits(options->height)) {
        return camera_fail(err, SVMS_E_USAGE, 0, "a scene has an even width and height of %u to %u",
                           SIZE_MIN, SIZE_MAX_SCENE);
    }
    if (!lens_rate_fits(options->rate_num, options->rate_den)) {
        return camera_fail(err, SVMS_E_USAGE, 0, "no pictures come at a rate of %u/%u",
                           options->rate_num, options->rate_den);
    }
    uint32_t sound = options->sample_rate;
    if (sound != 0 && (sound < 8000 || sound > SAMPLES_MAX * PIECES)) {
        return camera_fail(err, SVMS_E_USAGE, 0, "sound has 8000 to %u samples in a second",
                           SAMPLES_MAX * PIECES);
    }
    if (options->light > LIGHT_MAX || options->noise > NOISE_MAX) {
        return camera_fail(err, SVMS_E_USAGE, 0, "light goes up to %u, noise up to %u", LIGHT_MAX,
                           NOISE_MAX);
    }
    return SVMS_OK;
}

svms_status lens_open_scene(lens **out, const lens_scene_options *options, svms_error *err)
{
    svms_status status = check(options, err);
    if (status != SVMS_OK) {
        return status;
    }
    scene *self = calloc(1, sizeof *self);
    if (!self || !lens_picture_new(&self->still, options->width, options->height) ||
        !lens_picture_new(&self->shown, options->width, options->height)) {
        if (self) {
            scene_close(&self->base);
        }
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for a scene");
    }
    lens_begin(&self->base, &way, &options->clock);
    self->options = *options;
    self->base.format = (lens_format){ SVMS_PICTURE_I420, options->width,    options->height,
                                       options->rate_num, options->rate_den, options->sample_rate };
    set_light(self, options->light ? options->light : DAYLIGHT);
    make_grains(self);
    scene_draw_still(&self->still, options->seed);
    self->begun = lens_now(&self->base);
    self->begun_utc = self->base.clock.utc(self->base.clock.user);
    *out = &self->base;
    return SVMS_OK;
}

void lens_scene_light(lens *base, uint32_t light)
{
    if (base->way == &way) {
        set_light((scene *)base, light ? light : DAYLIGHT);
    }
}
