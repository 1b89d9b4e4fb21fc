/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_pipeline.h"

#include <stdlib.h>
#include <string.h>

#include "camera_failure.h"
#include "encoder.h"
#include "picture_window.h"

#define SERIAL_SIZE 64
#define BIT_RATE_HEADROOM 2u

struct camera_pipeline {
    camera_pipeline_options options;
    camera_encoding encoding;
    lens_format lens;
    svms_privacy *privacy; /* NULL: nothing may pass */
    picture_window *window;
    video_encoder *encoder;
    svms_camera_signer *signer; /* NULL: video goes out unsigned, and that is told */
    uint64_t papers;            /* number of those that the signer has */
    bool is_signed;
    uint32_t due; /* parts of pictures that are due, in lens's rate */
    int64_t last_pts;
    bool has_seen;
    svms_picture seen;
};

svms_status camera_pipeline_new(camera_pipeline **out, const camera_pipeline_options *options,
                                svms_error *err)
{
    camera_pipeline *self = calloc(1, sizeof *self);
    picture_window *window = picture_window_new();
    if (!self || !window) {
        free(self);
        picture_window_free(&window);
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for pictures");
    }
    self->options = *options;
    self->window = window;
    self->last_pts = INT64_MIN;
    *out = self;
    return SVMS_OK;
}

static svms_status set_masks(camera_pipeline *self, const camera_settings *settings,
                             svms_error *err)
{
    svms_mask masks[CAMERA_MASKS];
    size_t count = 0;
    for (uint32_t i = 0; i < settings->mask_count; i++) {
        const camera_mask *from = &settings->masks[i];
        if (!from->is_on) {
            continue;
        }
        svms_mask *mask = &masks[count++];
        *mask = (svms_mask)SVMS_MASK_INIT;
        mask->kind = from->kind;
        mask->strength = from->strength;
        mask->luma = from->luma;
        mask->chroma_u = from->chroma_u;
        mask->chroma_v = from->chroma_v;
        mask->points = from->points;
        mask->point_count = from->point_count;
    }
    svms_privacy_free(&self->privacy);
    self->has_seen = false; /* no snapshot of what is masked now */
    return svms_privacy_new(&self->privacy, self->options.ctx, masks, count, err);
}

static void tell_signing(camera_pipeline *self, bool is_signed, const svms_error *err)
{
    self->is_signed = is_signed;
    camera_events_tell(self->options.events, CAMERA_SIGNING_FAILED, !is_signed, SVMS_NO_TIME,
                       "camera", "%s", is_signed ? "signed again" : err->message);
}

/* Video is worth more without a signature than not at all: it goes on, and that is told. */
static void begin_signing(camera_pipeline *self)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_camera_signer_options options = SVMS_CAMERA_SIGNER_OPTIONS_INIT;
    svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
    const camera_papers *papers = camera_identity_take(self->options.identity);
    svms_camera_signer_free(&self->signer);
    options.chain = papers->chain;
    options.key = papers->key;
    options.firmware = "svms-camera " SVMS_VERSION_TEXT;
    options.manufacturer = "libsvms";
    svms_status status = svms_chain_certificate(papers->chain, 0, &info, &err);
    if (status == SVMS_OK) {
        options.serial = info.serial;
        status = svms_camera_signer_new(&self->signer, self->options.ctx, &options, &err);
    }
    self->papers = papers->number;
    camera_identity_give(self->options.identity, &papers);
    tell_signing(self, status == SVMS_OK, &err);
}

static svms_status open_encoder(camera_pipeline *self, const camera_encoding *encoding,
                                svms_error *err)
{
    video_encoder_options options;
    video_encoder *encoder = NULL;
    memset(&options, 0, sizeof options);
    options.layout = SVMS_PICTURE_I420;
    options.width = encoding->width;
    options.height = encoding->height;
    options.rate_num = encoding->rate;
    options.rate_den = 1;
    options.gop = encoding->gop;
    options.bit_rate = encoding->bit_rate;
    options.bit_rate_max =
        encoding->bit_rate * (encoding->bit_rate <= 50000000 ? BIT_RATE_HEADROOM : 1);
    options.preset = self->options.preset;
    svms_status status = video_encoder_open(&encoder, &options, err);
    if (status == SVMS_OK) {
        video_encoder_close(&self->encoder);
        self->encoder = encoder;
    }
    return status;
}

static bool needs_encoder(const camera_pipeline *self, const camera_encoding *wanted)
{
    const camera_encoding *is = &self->encoding;
    return !self->encoder || is->width != wanted->width || is->height != wanted->height ||
           is->rate != wanted->rate || wanted->bit_rate > is->bit_rate * BIT_RATE_HEADROOM;
}

svms_status camera_pipeline_set(camera_pipeline *self, const camera_settings *settings,
                                const lens_format *format, bool *is_other_track, svms_error *err)
{
    *is_other_track = false;
    self->lens = *format;
    svms_status status = set_masks(self, settings, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (needs_encoder(self, &settings->encoding)) {
        status = open_encoder(self, &settings->encoding, err);
        if (status == SVMS_OK) {
            self->encoding = settings->encoding;
            *is_other_track = true;
            begin_signing(self);
        }
    } else if (self->encoding.gop != settings->encoding.gop ||
               self->encoding.bit_rate != settings->encoding.bit_rate) {
        status = video_encoder_change(self->encoder, settings->encoding.gop,
                                      settings->encoding.bit_rate, err);
    }
    if (status != SVMS_OK) {
        svms_privacy_free(&self->privacy);
    }
    return status;
}

const svms_track *camera_pipeline_track(const camera_pipeline *self)
{
    return video_encoder_track(self->encoder);
}

/* The wanted part of the lens's pictures, evenly. */
static bool is_due(camera_pipeline *self)
{
    uint32_t rate = self->lens.rate_num;
    self->due += self->encoding.rate * self->lens.rate_den;
    if (self->due < rate) {
        return false;
    }
    self->due -= rate;
    self->due = self->due < rate ? self->due : 0; /* the lens is slower than what is wanted */
    return true;
}

static void sign(camera_pipeline *self, svms_sample *sample)
{
    svms_error err = SVMS_ERROR_INIT;
    const void *data = NULL;
    size_t size = 0;
    if (!self->signer) {
        return;
    }
    svms_status status = svms_camera_signer_add(self->signer, sample->data, sample->size,
                                                sample->utc_ns, &data, &size, &err);
    if (data) {
        sample->data = data;
        sample->size = size;
    }
    if ((status == SVMS_OK) != self->is_signed) {
        tell_signing(self, status == SVMS_OK, &err);
    }
}

static bool has_new_papers(camera_pipeline *self)
{
    const camera_papers *papers = camera_identity_take(self->options.identity);
    bool is_new = papers->number != self->papers;
    camera_identity_give(self->options.identity, &papers);
    return is_new;
}

svms_status camera_pipeline_picture(camera_pipeline *self, const lens_shot *shot, uint64_t begin,
                                    bool is_idr_wanted, svms_sample *out, svms_error *err)
{
    if (!self->privacy || !self->encoder) {
        return camera_fail(err, SVMS_E_STATE, 0, "there are no masks and no encoder");
    }
    if (!is_due(self) && !is_idr_wanted) {
        return SVMS_AGAIN;
    }
    svms_status status = svms_privacy_apply(self->privacy, &shot->picture, err);
    if (status != SVMS_OK) {
        self->has_seen = false;
        return status;
    }
    uint32_t width = self->encoding.width;
    uint32_t height = self->encoding.height;
    camera_window window = camera_ptz_window(self->options.ptz, shot->picture.width,
                                             shot->picture.height, shot->monotonic_ns);
    status =
        picture_window_take(self->window, &shot->picture, &window, width, height, &self->seen, err);
    self->has_seen = status == SVMS_OK;
    bool is_anew = is_idr_wanted || has_new_papers(self);
    int64_t pts = (int64_t)(shot->monotonic_ns > begin ? shot->monotonic_ns - begin : 0);
    pts = pts / 100000 * 9 + pts % 100000 * 9 / 100000;
    pts = pts > self->last_pts ? pts : self->last_pts + 1;
    if (status == SVMS_OK) {
        status = video_encoder_encode(self->encoder, &self->seen, pts, is_anew, out, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    self->last_pts = pts;
    out->utc_ns = shot->utc_ns;
    if ((out->flags & SVMS_SAMPLE_SYNC) != 0 && has_new_papers(self)) {
        begin_signing(self);
    }
    sign(self, out);
    return SVMS_OK;
}

bool camera_pipeline_seen(const camera_pipeline *self, svms_picture *out)
{
    if (self->has_seen) {
        *out = self->seen;
    }
    return self->has_seen;
}

bool camera_pipeline_is_signed(const camera_pipeline *self)
{
    return self->is_signed;
}

void camera_pipeline_announce(camera_pipeline *self)
{
    svms_camera_signer_announce(self->signer);
}

void camera_pipeline_free(camera_pipeline **self)
{
    if (self && *self) {
        svms_privacy_free(&(*self)->privacy);
        svms_camera_signer_free(&(*self)->signer);
        video_encoder_close(&(*self)->encoder);
        picture_window_free(&(*self)->window);
        free(*self);
        *self = NULL;
    }
}
