/* SPDX-License-Identifier: Apache-2.0 */
/* A film is taken apart and compared with its proof, sample by sample (E-PRF-8, E-PRF-9). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "proof_internal.h"

#define READ_SIZE 65536u
#define PROGRESS_STEP (UINT64_C(1) << 20)

#define TYPE(a, b, c, d) SVMS_ISO_TYPE(a, b, c, d)
#define ESDS TYPE('e', 's', 'd', 's')

/* How a codec of recordings stands in a film. */
static const struct codec_rule {
    uint32_t codec;
    uint32_t type;
    uint32_t config_type; /* 0: there is none */
    uint8_t object;       /* in 'esds' */
} codec_rules[] = {
    { SVMS_CODEC_H264, TYPE('a', 'v', 'c', '1'), TYPE('a', 'v', 'c', 'C'), 0 },
    { SVMS_CODEC_H265, TYPE('h', 'v', 'c', '1'), TYPE('h', 'v', 'c', 'C'), 0 },
    { SVMS_FOURCC('a', 'v', '0', '1'), TYPE('a', 'v', '0', '1'), TYPE('a', 'v', '1', 'C'), 0 },
    { SVMS_CODEC_MJPEG, TYPE('m', 'p', '4', 'v'), ESDS, 0x6C },
    { SVMS_CODEC_MJPEG, TYPE('j', 'p', 'e', 'g'), 0, 0 },
    { SVMS_FOURCC('m', 'p', '4', 'v'), TYPE('m', 'p', '4', 'v'), ESDS, 0x20 },
    { SVMS_CODEC_AAC, TYPE('m', 'p', '4', 'a'), ESDS, 0x40 },
    { SVMS_CODEC_PCMU, TYPE('u', 'l', 'a', 'w'), 0, 0 },
    { SVMS_CODEC_PCMA, TYPE('a', 'l', 'a', 'w'), 0, 0 },
    { SVMS_FOURCC('s', 'o', 'w', 't'), TYPE('s', 'o', 'w', 't'), 0, 0 },
    { SVMS_FOURCC('t', 'w', 'o', 's'), TYPE('t', 'w', 'o', 's'), 0, 0 },
};

typedef struct film_comparison {
    svms_proof *proof;
    svms_film film;
    uint64_t done;
    uint64_t told;
    uint8_t buffer[READ_SIZE];
} film_comparison;

/* The film is none: nothing of it is worth anything. */
static void refuse(svms_proof *proof, const char *why)
{
    if (proof->film != SVMS_FILM_REFUSED) {
        (void)snprintf(proof->refusal, sizeof(proof->refusal), "%.199s", why);
    }
    proof->film = SVMS_FILM_REFUSED;
}

static svms_status go_on(film_comparison *self, uint64_t bytes, svms_error *err)
{
    const svms_proof *proof = self->proof;
    self->done += bytes;
    if (proof->progress == NULL || self->done - self->told < PROGRESS_STEP) {
        return SVMS_OK;
    }
    self->told = self->done;
    uint64_t shown = self->done < self->film.size ? self->done : self->film.size;
    return proof->progress(proof->user, shown, self->film.size) == 0
               ? SVMS_OK
               : svms_fail(err, SVMS_E_CANCELLED, "the comparison was cancelled");
}

/* Every table, and every byte of media, before anything is compared. */
static svms_status survey(film_comparison *self, svms_error *err)
{
    svms_film_track *track = NULL;
    svms_film_sample sample;
    svms_status status = SVMS_OK;
    while ((status = svms_film_next(&self->film, &track, &sample, err)) == SVMS_OK) {
    }
    svms_film_rewind(&self->film);
    return status == SVMS_END ? SVMS_OK : status;
}

static svms_proof_lane *lane_of(const svms_proof *proof, uint32_t presentation_track)
{
    for (uint32_t i = 0; i < proof->lane_count; i++) {
        if (proof->lanes[i]->counts.presentation_track == presentation_track) {
            return proof->lanes[i];
        }
    }
    return NULL;
}

static svms_status compare_config(film_comparison *self, const svms_film_entry *entry,
                                  const svms_track *format, bool *same, svms_error *err)
{
    *same = entry->config_size == format->config_size;
    for (uint32_t at = 0; *same && at < entry->config_size;) {
        uint32_t left = entry->config_size - at;
        size_t step = left < READ_SIZE ? left : READ_SIZE;
        svms_status status =
            svms_source_read(self->film.source, entry->config_offset + at, self->buffer, step, err);
        if (status != SVMS_OK) {
            return status;
        }
        *same = memcmp(self->buffer, &format->config[at], step) == 0;
        at += (uint32_t)step;
    }
    return SVMS_OK;
}

static bool codec_fits(const svms_film_entry *entry, const svms_track *format)
{
    for (size_t i = 0; i < sizeof(codec_rules) / sizeof(codec_rules[0]); i++) {
        const struct codec_rule *rule = &codec_rules[i];
        bool plain = entry->config_type == 0 && format->config_size == 0;
        if (rule->codec == format->codec && rule->type == entry->type &&
            rule->object == entry->object && (rule->config_type == entry->config_type || plain)) {
            return true;
        }
    }
    return false;
}

/* Sound without configuration: what the samples are follows from the description alone. */
static bool sound_fits(const svms_film_entry *entry, const svms_track *format)
{
    return entry->config_type != 0 || format->kind != SVMS_TRACK_AUDIO ||
           ((format->channels == 0 || format->channels == entry->channels) &&
            (format->sample_rate == 0 || format->sample_rate == entry->sample_rate));
}

/* What the header says of the size, when it says it. */
static bool size_fits(const svms_film_entry *entry, const svms_track *format)
{
    return format->kind != SVMS_TRACK_VIDEO ||
           ((format->width == 0 || format->width == entry->width) &&
            (format->height == 0 || format->height == entry->height));
}

/* A track of the film against the description of its track in one source. */
static svms_status compare_track(film_comparison *self, const svms_film_track *track,
                                 const svms_track *format, svms_error *err)
{
    bool pictures = track->handler == TYPE('v', 'i', 'd', 'e');
    const char *why = NULL;
    bool same = false;
    if ((format->kind == SVMS_TRACK_VIDEO) != pictures || !codec_fits(&track->entry, format)) {
        why = "its codec is not the one that was recorded";
    } else if (!sound_fits(&track->entry, format)) {
        why = "its sample rate or channels are not those that were recorded";
    } else if (!size_fits(&track->entry, format)) {
        why = "its pictures have not the size that was recorded";
    } else {
        svms_status status = compare_config(self, &track->entry, format, &same, err);
        if (status != SVMS_OK) {
            return status;
        }
        why = same ? NULL : "its codec configuration is not the one that was recorded";
    }
    if (why == NULL) {
        return SVMS_OK;
    }
    return svms_fail(err, SVMS_E_MALFORMED, "track %" PRIu32 ", box 'stsd': %s", track->id, why);
}

static svms_status compare_source(film_comparison *self, uint32_t source, svms_error *err)
{
    svms_evidence *evidence = self->proof->evidence;
    const svms_header *header = NULL;
    svms_error found = SVMS_ERROR_INIT;
    svms_status status = svms_evidence_header_of(evidence, source, &header, &found);
    if (status != SVMS_OK) { /* a header that does not hold is a failure of its source */
        return svms_is_grave(status) ? svms_fail_as(err, status, &found) : SVMS_OK;
    }
    for (uint32_t i = 0; i < self->film.track_count && status == SVMS_OK; i++) {
        const svms_film_track *track = &self->film.tracks[i];
        const svms_proof_lane *lane = lane_of(self->proof, track->id);
        if (lane != NULL && lane->counts.track < header->track_count) {
            status = compare_track(self, track, &header->tracks[lane->counts.track], err);
        }
    }
    return status;
}

/* All that can be said of the film without its samples. */
static svms_status examine(film_comparison *self, const svms_source *source, svms_error *err)
{
    svms_status status = svms_film_open(&self->film, source, err);
    if (status == SVMS_OK) {
        status = survey(self, err);
    }
    for (uint32_t s = 0; s < self->proof->evidence->first.sources && status == SVMS_OK; s++) {
        status = compare_source(self, s, err);
    }
    return status;
}

/* The first track of pictures, or the first one, is played from its first sample on. */
static void set_clocks(film_comparison *self)
{
    const svms_film *film = &self->film;
    uint32_t leading = 0;
    for (uint32_t i = film->track_count; i > 0; i--) {
        leading = film->tracks[i - 1].handler == TYPE('v', 'i', 'd', 'e') ? i - 1 : leading;
    }
    for (uint32_t i = 0; i < film->track_count; i++) {
        svms_proof_lane *lane = lane_of(self->proof, film->tracks[i].id);
        if (lane != NULL) {
            lane->clock.track = &film->tracks[i];
            lane->clock.timescale = film->timescale;
            lane->clock.leads = i == leading;
        }
    }
}

static void clear_clocks(svms_proof *proof)
{
    for (uint32_t i = 0; i < proof->lane_count; i++) {
        proof->lanes[i]->clock.track = NULL;
    }
}

static svms_status feed_sample(film_comparison *self, svms_proof_lane *lane,
                               const svms_film_sample *sample, svms_error *err)
{
    lane->clock.sample = *sample;
    svms_status status = svms_proof_lane_begin_sample(lane, err);
    for (uint32_t at = 0; at < sample->size && status == SVMS_OK;) {
        uint32_t left = sample->size - at;
        size_t step = left < READ_SIZE ? left : READ_SIZE;
        status = svms_source_read(self->film.source, sample->offset + at, self->buffer, step, err);
        if (status == SVMS_OK) {
            status = svms_proof_lane_feed(lane, self->buffer, step, err);
        }
        if (status == SVMS_OK) {
            status = go_on(self, step, err);
        }
        at += (uint32_t)step;
    }
    if (status == SVMS_OK) {
        svms_proof_lane_end_sample(lane);
    }
    return status;
}

static svms_status feed(film_comparison *self, svms_error *err)
{
    svms_film_track *track = NULL;
    svms_film_sample sample;
    svms_status status = SVMS_OK;
    while ((status = svms_film_next(&self->film, &track, &sample, err)) == SVMS_OK) {
        svms_proof_lane *lane = lane_of(self->proof, track->id);
        if (lane == NULL) {
            svms_proof_feed_stray(self->proof, track->id, sample.size);
            continue;
        }
        status = feed_sample(self, lane, &sample, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    return status == SVMS_END ? SVMS_OK : status;
}

/* A track of the film without samples, of which the proof knows nothing, is one too many. */
static void note_strange_tracks(film_comparison *self)
{
    for (uint32_t i = 0; i < self->film.track_count; i++) {
        uint32_t id = self->film.tracks[i].id;
        if (lane_of(self->proof, id) == NULL && self->film.tracks[i].samples == 0) {
            svms_proof_feed_stray(self->proof, id, 0);
        }
    }
}

static svms_status compare(film_comparison *self, const svms_source *source, svms_error *err)
{
    svms_error found = SVMS_ERROR_INIT;
    svms_status status = examine(self, source, &found);
    if (status == SVMS_OK) {
        self->proof->film = SVMS_FILM_PLAIN;
        note_strange_tracks(self);
        set_clocks(self);
        status = feed(self, &found);
        clear_clocks(self->proof);
    }
    if (status == SVMS_OK) {
        return SVMS_OK;
    }
    if (svms_is_grave(status) || status == SVMS_E_CANCELLED) {
        return svms_fail_as(err, status, &found);
    }
    refuse(self->proof, found.message);
    return SVMS_OK;
}

static svms_status check_state(const svms_proof *proof, svms_error *err)
{
    if (proof->ended) {
        return svms_fail(err, SVMS_E_STATE,
                         "the comparison is finished, or an earlier call failed");
    }
    if (proof->fed || proof->film != SVMS_FILM_NOT_CHECKED) {
        return svms_fail(err, SVMS_E_STATE, "samples have been compared already");
    }
    return SVMS_OK;
}

svms_status svms_proof_check_film(svms_proof *proof, const svms_source *film, svms_error *err)
{
    if (proof == NULL || film == NULL || !svms_source_usable(film)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a proof and a source with its callbacks must be given");
    }
    if (svms_proof_is_picture(proof)) {
        return svms_fail(err, SVMS_E_USAGE, "the presentation is a picture, not a film");
    }
    svms_status status = check_state(proof, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_ctx *ctx = proof->evidence->ctx;
    film_comparison *self = svms_alloc(ctx, sizeof(*self));
    if (self == NULL) {
        return svms_fail_memory(err);
    }
    self->proof = proof;
    status = compare(self, film, err);
    svms_release_secret(ctx, self, sizeof(*self));
    proof->ended = status != SVMS_OK;
    return status;
}
