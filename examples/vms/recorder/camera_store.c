/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "camera_store_internal.h"
#include "recorder_failure.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MINUTE (60 * NS_PER_SECOND)
/* A pause that is shorter is no gap, as for who reads it (svms_playlist_options). */
#define SHORTEST_GAP_NS NS_PER_SECOND
/* A pause after which a new container begins, so that the headers alone say what is missing. */
#define LONG_GAP_NS NS_PER_MINUTE
/* What comes so much late is not a clock that was set back; what is said of pictures may come long
 * after them. */
#define LATE_NS NS_PER_SECOND
#define LATE_WORDS_NS NS_PER_MINUTE
#define SHORTEST_PATIENCE_NS NS_PER_SECOND
#define LONGEST_PATIENCE_NS (30 * NS_PER_SECOND)
/* On a disk with less than that nothing new is begun. */
#define LEAST_ROOM (UINT64_C(16) << 20)

static bool is_same_track(const svms_track *one, const svms_track *other)
{
    return one->codec == other->codec && one->kind == other->kind &&
           one->timebase_num == other->timebase_num && one->timebase_den == other->timebase_den &&
           one->default_duration == other->default_duration && one->width == other->width &&
           one->height == other->height && one->sample_rate == other->sample_rate &&
           one->channels == other->channels && one->config_size == other->config_size &&
           (one->config_size == 0 || memcmp(one->config, other->config, one->config_size) == 0);
}

static bool are_same(const camera_store *self, const svms_track *tracks, uint32_t count,
                     int64_t start_utc_ns, svms_capture_clock clock)
{
    bool same = self->track_count == count && self->writer.start_utc_ns == start_utc_ns &&
                self->writer.capture_clock == clock;
    for (uint32_t i = 0; same && i < count; i++) {
        same = is_same_track(&self->tracks[i], &tracks[i]);
    }
    return same;
}

static void free_tracks(camera_store *self)
{
    for (uint32_t i = 0; i < SVMS_MAX_TRACKS; i++) {
        free(self->configs[i]);
        self->configs[i] = NULL;
    }
    self->track_count = 0;
}

static svms_status copy_tracks(camera_store *self, const svms_track *tracks, uint32_t count,
                               svms_error *err)
{
    free_tracks(self);
    self->reference = 0;
    for (uint32_t i = count; i-- > 0;) {
        self->tracks[i] = tracks[i];
        self->tracks[i].protection = self->options.camera->storage->mode;
        if (tracks[i].kind == SVMS_TRACK_VIDEO) {
            self->reference = i;
        }
        if (tracks[i].config_size > 0) {
            self->configs[i] = malloc(tracks[i].config_size);
            if (!self->configs[i]) {
                return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
            }
            memcpy(self->configs[i], tracks[i].config, tracks[i].config_size);
        }
        self->tracks[i].config = self->configs[i];
    }
    self->track_count = count;
    return SVMS_OK;
}

static void prepare_writer(camera_store *self, int64_t start_utc_ns, svms_capture_clock clock)
{
    const storage_keys *keys = self->options.keys;
    svms_writer_options *writer = &self->writer;
    *writer = (svms_writer_options)SVMS_WRITER_OPTIONS_INIT;
    writer->tracks = self->tracks;
    writer->track_count = self->track_count;
    writer->signer_chain = keys->chain;
    writer->signer_key = keys->key;
    writer->recipients = (const svms_public_key *const *)keys->recipients;
    writer->recipient_count = keys->recipient_count;
    writer->capture_clock = clock;
    writer->start_utc_ns = start_utc_ns;
    writer->device_name = self->options.camera->name;
    memcpy(writer->device_id, self->device_id, 16);
}

/* Ends the container and all that svms_recording knows; the next sample goes on with another. */
static svms_status end_recording(camera_store *self, svms_error *err)
{
    svms_head head = SVMS_HEAD_INIT;
    svms_recording_stats stats = SVMS_RECORDING_STATS_INIT;
    if (!self->recording) {
        return SVMS_OK;
    }
    svms_status status = svms_recording_flush(self->recording, err);
    bool has_head = status == SVMS_OK &&
                    svms_recording_get_head(self->recording, &head) == SVMS_OK &&
                    head.segment != SVMS_NO_SEGMENT &&
                    svms_recording_get_stats(self->recording, &stats) == SVMS_OK;
    svms_status closed = svms_recording_close(&self->recording, status == SVMS_OK ? err : NULL);
    if (!has_head || closed != SVMS_OK || stats.failures > 0) {
        self->must_look = true;
    }
    if (!self->must_look) {
        self->end.newest = head;
        self->end.is_found = true;
        self->end.is_pruned = false;
        /* It was written here, and nobody else may write. */
        self->end.holds = SVMS_LINK_VERIFIED;
    }
    return status == SVMS_OK ? closed : status;
}

/* Whether a later sample can go well where this one failed. */
static bool may_pass(svms_status status)
{
    return svms_status_class(status) == SVMS_CLASS_ENVIRONMENT || status == SVMS_E_USAGE ||
           status == SVMS_E_STATE;
}

static void call_for_help(camera_store *self, const svms_error *why)
{
    if (self->options.trouble && why->status == SVMS_E_IO) {
        self->options.trouble(self->options.user, self->options.camera->storage, why);
    }
}

/* What the disk does is its failure; anything else is refused. */
static void tell_why(camera_store *self, bool is_full, const svms_error *why)
{
    if (svms_status_class(why->status) == SVMS_CLASS_ENVIRONMENT) {
        store_tell_failure(self, self->folder, is_full, why);
    } else {
        recorder_event(self->options.parts, SERVICE_WARNING, self->options.camera->id,
                       "recording.refused", NULL, why->message);
    }
}

static void be_failing(camera_store *self, int64_t utc_ns, const svms_error *why)
{
    bool is_full = why->os_error == ENOSPC || why->os_error == EDQUOT;
    if (!self->state.is_failing || (is_full && !self->was_full)) {
        tell_why(self, is_full, why);
    }
    if (!self->state.is_failing) {
        self->state.is_failing = true;
        self->failing_since = self->state.left_out;
        self->patience_ns = SHORTEST_PATIENCE_NS;
    } else if (self->patience_ns < LONGEST_PATIENCE_NS) {
        self->patience_ns *= 2;
    }
    self->was_full = is_full;
    self->tried_utc_ns = utc_ns;
    if (svms_status_class(why->status) == SVMS_CLASS_ENVIRONMENT) {
        /* Of a segment that was not completed nothing counts as stored. */
        self->until_utc_ns = self->state.last_utc_ns;
    }
    self->gap = SVMS_GAP_OVERLOAD;
    call_for_help(self, why);
}

svms_status camera_store_begin(camera_store *self, const svms_track *tracks, uint32_t count,
                               int64_t start_utc_ns, svms_capture_clock clock, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    if (count == 0 || count > SVMS_MAX_TRACKS) {
        return recorder_fail(err, SVMS_E_USAGE, 0, "%u tracks are not 1 to %d", (unsigned)count,
                             SVMS_MAX_TRACKS);
    }
    if (are_same(self, tracks, count, start_utc_ns, clock)) {
        return SVMS_OK;
    }
    if (self->recording && self->gap == SVMS_GAP_NONE) {
        self->gap = SVMS_GAP_UNSPECIFIED; /* instead of a restart, which it is not */
    }
    svms_status status = end_recording(self, &why);
    if (status != SVMS_OK) {
        be_failing(self, SVMS_NO_TIME, &why);
    }
    status = copy_tracks(self, tracks, count, err);
    if (status != SVMS_OK) {
        free_tracks(self);
        return status;
    }
    prepare_writer(self, start_utc_ns, clock);
    return SVMS_OK;
}

static svms_status say_gap(camera_store *self, svms_error *err)
{
    return self->gap == SVMS_GAP_NONE ? SVMS_OK
                                      : svms_recording_gap(self->recording, self->gap, err);
}

static svms_status open_recording(camera_store *self, int64_t utc_ns, svms_error *err)
{
    svms_recording_stats stats = SVMS_RECORDING_STATS_INIT;
    svms_recording_options options = SVMS_RECORDING_OPTIONS_INIT;
    svms_status status = self->must_look ? store_find_recording(self, err) : SVMS_OK;
    if (status != SVMS_OK) {
        return status;
    }
    self->opening_utc_ns = utc_ns;
    options.writer = &self->writer;
    options.rotate_ns = self->options.camera->storage->rotate_minutes * (uint64_t)NS_PER_MINUTE;
    /* Of what was pruned the link says that it was not looked at. */
    bool can_compare = self->has_remembered && !self->end.is_pruned;
    options.remembered = can_compare ? &self->remembered : NULL;
    options.found = self->end.is_found ? &self->end.newest : NULL;
    options.remembered_state = self->end.holds;
    options.user = self;
    options.open_sink = store_open_sink;
    options.close_sink = store_close_sink;
    options.keep_head = store_keep_head;
    status = svms_recording_open(&self->recording, self->options.parts->ctx, &options, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!self->has_told_link && svms_recording_get_stats(self->recording, &stats) == SVMS_OK) {
        if (!self->end.is_pruned) {
            store_tell_link(self, stats.link_state);
        }
        self->has_told_link = true;
        if (self->gap == SVMS_GAP_NONE && self->end.is_found) {
            self->gap = SVMS_GAP_RESTART;
        }
    }
    return say_gap(self, err);
}

static void tell_start(camera_store *self)
{
    svms_head head = SVMS_HEAD_INIT;
    if (!self->has_begun && svms_recording_get_head(self->recording, &head) == SVMS_OK) {
        store_audit(self, "recording.start", &head, NULL, NULL);
        recorder_event(self->options.parts, SERVICE_INFO, self->options.camera->id,
                       "recording.start", NULL, "its media are recorded");
        self->has_begun = true;
    }
}

/* When a sample was captured, also where its camera says nothing of that one (yet). */
static int64_t moment_of(const camera_store *self, const svms_sample *sample)
{
    const svms_track *track =
        sample->track < self->track_count ? &self->tracks[sample->track] : NULL;
    int64_t ns = 0;
    if (sample->utc_ns != SVMS_NO_TIME || !track || track->timebase_den == 0 ||
        __builtin_mul_overflow(sample->dts / track->timebase_den, NS_PER_SECOND, &ns)) {
        return sample->utc_ns;
    }
    ns += sample->dts % track->timebase_den * NS_PER_SECOND / track->timebase_den;
    return __builtin_mul_overflow(ns, (int64_t)track->timebase_num, &ns) ||
                   __builtin_add_overflow(ns, self->writer.start_utc_ns, &ns)
               ? SVMS_NO_TIME
               : ns;
}

/* Length of the pause before a sample; 0 where it is none. */
static uint64_t pause_before(const camera_store *self, const svms_sample *sample)
{
    int64_t utc_ns = moment_of(self, sample);
    if (self->until_utc_ns == SVMS_NO_TIME || utc_ns == SVMS_NO_TIME ||
        utc_ns <= self->until_utc_ns) {
        return 0;
    }
    uint64_t pause = (uint64_t)utc_ns - (uint64_t)self->until_utc_ns;
    return pause >= SHORTEST_GAP_NS ? pause : 0;
}

/* Whether what comes from here on can be shown without what came before. */
static bool is_sync(const camera_store *self, const svms_sample *sample)
{
    bool has_pictures = self->tracks[self->reference].kind == SVMS_TRACK_VIDEO;
    return sample->track == self->reference &&
           (!has_pictures || (sample->flags & SVMS_SAMPLE_SYNC) != 0);
}

/* A segment may not begin before the one before it (C-MAN-6). Sound that comes a little behind its
 * pictures, and words about them, would do so where that one was ended early: they get its time,
 * instead of a container of their own. */
static void keep_in_order(const camera_store *self, svms_sample *sample)
{
    bool begins = self->in_segment == 0 && sample->track != self->reference;
    if (!begins || self->previous_utc_ns == SVMS_NO_TIME || sample->utc_ns == SVMS_NO_TIME ||
        sample->utc_ns >= self->previous_utc_ns) {
        return;
    }
    uint64_t late = (uint64_t)self->previous_utc_ns - (uint64_t)sample->utc_ns;
    bool is_words = sample->track < self->track_count &&
                    self->tracks[sample->track].kind == SVMS_TRACK_METADATA;
    if (late <= (uint64_t)(is_words ? LATE_WORDS_NS : LATE_NS)) {
        sample->utc_ns = self->previous_utc_ns;
    }
}

static void count_in_segment(camera_store *self, const svms_sample *sample)
{
    bool is_reference = sample->track == self->reference;
    if (self->in_segment == 0 || (is_reference && !self->has_reference)) {
        self->segment_utc_ns = sample->utc_ns;
    }
    self->has_reference = self->has_reference || is_reference;
    self->in_segment++;
}

static svms_status store_sample(camera_store *self, const svms_sample *sample, svms_error *err)
{
    svms_status status = SVMS_OK;
    /* Without a gap that was told it is the clock that was set, which svms_recording sees itself.
     */
    if (self->recording && self->gap != SVMS_GAP_NONE &&
        pause_before(self, sample) >= LONG_GAP_NS) {
        status = end_recording(self, err);
    }
    if (status == SVMS_OK && !self->recording) {
        status = open_recording(self, sample->utc_ns, err);
        if (status == SVMS_OK) {
            tell_start(self);
        }
    } else if (status == SVMS_OK && self->state.is_failing) {
        status = say_gap(self, err);
    }
    return status == SVMS_OK ? svms_recording_append(self->recording, sample, err) : status;
}

static void note_stored(camera_store *self, const svms_sample *sample)
{
    svms_recording_stats stats = SVMS_RECORDING_STATS_INIT;
    if (pause_before(self, sample) > 0) {
        store_tell_gap(self, self->until_utc_ns, moment_of(self, sample),
                       self->gap == SVMS_GAP_NONE ? SVMS_GAP_UNSPECIFIED : self->gap);
    }
    if (self->state.is_failing) {
        self->state.is_failing = false;
        store_tell_over(self, self->state.left_out - self->failing_since);
    }
    self->gap = SVMS_GAP_NONE;
    self->state.samples++;
    count_in_segment(self, sample);
    if (svms_recording_get_stats(self->recording, &stats) == SVMS_OK) {
        self->until_utc_ns = stats.last_utc_ns;
    }
}

/* A disk that is full stays so for a while, and each attempt would leave a file there. */
static bool has_room(const camera_store *self)
{
    struct statvfs space;
    return !self->was_full || statvfs(self->folder, &space) != 0 ||
           (uint64_t)space.f_bavail * space.f_frsize >= LEAST_ROOM;
}

static bool may_try(camera_store *self, const svms_sample *sample)
{
    int64_t utc_ns = sample->utc_ns;
    if (!self->state.is_failing) {
        return true;
    }
    if (!is_sync(self, sample)) {
        return false;
    }
    /* Where the clock was set back nobody knows how long it was. */
    bool is_early = utc_ns != SVMS_NO_TIME && self->tried_utc_ns != SVMS_NO_TIME &&
                    utc_ns >= self->tried_utc_ns &&
                    (uint64_t)utc_ns - (uint64_t)self->tried_utc_ns < (uint64_t)self->patience_ns;
    if (is_early) {
        return false;
    }
    if (!has_room(self)) {
        svms_error why = SVMS_ERROR_INIT;
        (void)recorder_fail(&why, SVMS_E_IO, ENOSPC, "there is still no room on the disk");
        be_failing(self, utc_ns, &why);
        return false;
    }
    return true;
}

svms_status camera_store_put(camera_store *self, const svms_sample *given, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    svms_sample in_order = *given;
    const svms_sample *sample = &in_order;
    if (self->track_count == 0) {
        return recorder_fail(err, SVMS_E_STATE, 0, "a sample came before the tracks are known");
    }
    if (!may_try(self, sample)) {
        self->state.left_out++;
        return SVMS_OK;
    }
    keep_in_order(self, &in_order);
    svms_status status = store_sample(self, sample, &why);
    if (status != SVMS_OK && !self->state.is_failing && is_sync(self, sample) &&
        svms_status_class(status) == SVMS_CLASS_ENVIRONMENT) {
        /* What failed in one container may go well in the next. */
        be_failing(self, sample->utc_ns, &why);
        status = has_room(self) ? store_sample(self, sample, &why) : status;
    }
    if (status == SVMS_OK) {
        note_stored(self, sample);
        return SVMS_OK;
    }
    be_failing(self, sample->utc_ns, &why);
    self->state.left_out++;
    return may_pass(status) ? SVMS_OK : recorder_fail(err, status, why.os_error, "%s", why.message);
}

svms_status camera_store_gap(camera_store *self, svms_gap_reason reason, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    if (reason < SVMS_GAP_UNSPECIFIED || reason > SVMS_GAP_OVERLOAD) {
        return recorder_fail(err, SVMS_E_USAGE, 0, "%d is no reason of a gap", (int)reason);
    }
    if (self->state.is_failing) {
        return SVMS_OK;
    }
    self->gap = reason;
    svms_status status =
        self->recording ? svms_recording_gap(self->recording, reason, &why) : SVMS_OK;
    if (status != SVMS_OK) {
        be_failing(self, SVMS_NO_TIME, &why);
    }
    return SVMS_OK;
}

svms_status camera_store_flush(camera_store *self, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = self->recording && !self->state.is_failing
                             ? svms_recording_flush(self->recording, &why)
                             : SVMS_OK;
    if (status != SVMS_OK) {
        be_failing(self, SVMS_NO_TIME, &why);
        (void)recorder_fail(err, status, why.os_error, "%s", why.message);
    }
    return status;
}

void camera_store_look(const camera_store *self, camera_store_state *out)
{
    *out = self->state;
    out->bytes = self->ended_bytes;
    for (const store_container *one = self->containers; one; one = one->next) {
        out->bytes += one->bytes;
    }
}

static void tell_stop(camera_store *self)
{
    char words[64];
    if (!self->has_begun) {
        return;
    }
    (void)snprintf(words, sizeof words, "%llu samples, %llu left out",
                   (unsigned long long)self->state.samples,
                   (unsigned long long)self->state.left_out);
    store_audit(self, "recording.stop", &self->newest, words, NULL);
    recorder_event(self->options.parts, SERVICE_INFO, self->options.camera->id, "recording.stop",
                   NULL, words);
}

void camera_store_close(camera_store **store)
{
    camera_store *self = store ? *store : NULL;
    svms_error why = SVMS_ERROR_INIT;
    if (!self) {
        return;
    }
    if (end_recording(self, &why) != SVMS_OK) {
        store_tell_failure(self, self->folder, why.os_error == ENOSPC, &why);
    }
    tell_stop(self);
    free_tracks(self);
    free(self->folder);
    free(self->head_path);
    if (self->claim >= 0) {
        (void)close(self->claim);
    }
    free(self);
    *store = NULL;
}
