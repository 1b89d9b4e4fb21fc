/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/recording.h>

#include <string.h>

#include "failure.h"
#include "options.h"
#include "recording_internal.h"
#include "stream.h"

#define DEFAULT_ROTATE_NS UINT64_C(3600000000000)
#define SHORTEST_ROTATE_NS UINT64_C(1000000000)
#define DEFAULT_ROTATE_BYTES (UINT64_C(4) << 30)
#define SMALLEST_ROTATE_BYTES (UINT64_C(64) << 10)
#define DEFAULT_FORWARD_NS UINT64_C(5000000000)
#define DEFAULT_BACKWARD_NS UINT64_C(1000000000)

static svms_status watched_write(void *user, const svms_iovec *runs, size_t count, int *os_error)
{
    svms_recorded *part = user;
    svms_status status = part->sink.write(part->sink.user, runs, count, os_error);
    for (size_t i = 0; i < count && status == SVMS_OK; i++) {
        part->written += runs[i].size;
    }
    return status;
}

static svms_status watched_sync(void *user, int *os_error)
{
    svms_recorded *part = user;
    svms_status status = SVMS_OK;
    if (part->sink.sync != NULL) {
        status = part->sink.sync(part->sink.user, os_error);
    }
    part->synced = part->synced || status == SVMS_OK;
    return status;
}

/* Tells the caller what is durable now. */
static void keep_head(svms_recording *recording, svms_recorded *part, const svms_head *head)
{
    const svms_recording_options *options = &recording->options;
    bool known = recording->has_kept && recording->kept.segment == head->segment &&
                 memcmp(recording->kept.container_id, head->container_id, 16) == 0;
    bool due = part->synced && options->keep_head != NULL && !known;
    part->synced = false;
    if (!due || head->segment == SVMS_NO_SEGMENT) {
        return;
    }
    svms_status status = options->keep_head(options->user, head);
    if (status == SVMS_OK) {
        recording->kept = *head;
        recording->has_kept = true;
        return;
    }
    recording->stats.heads_not_kept++;
    recording->stopped = recording->stopped || status == SVMS_E_POLICY;
    svms_log(recording->ctx, SVMS_LOG_ERROR,
             "the head of segment %llu could not be kept off the medium: %s",
             (unsigned long long)head->segment, svms_status_name(status));
}

static svms_status say_stopped(const svms_recording *recording, svms_error *err)
{
    return recording->stopped
               ? svms_fail(err, SVMS_E_POLICY,
                           "a head could not be kept off the medium, and nothing may be recorded "
                           "without that")
               : SVMS_OK;
}

static svms_status keep_current(svms_recording *recording, svms_error *err)
{
    svms_head head = SVMS_HEAD_INIT;
    svms_status status = svms_writer_get_head(recording->current->writer, &head);
    if (status != SVMS_OK) {
        return svms_fail(err, status, "the head of the container is not known");
    }
    keep_head(recording, recording->current, &head);
    return say_stopped(recording, err);
}

static void add_stats(svms_recording_stats *sum, const svms_recorded *part,
                      const svms_writer_stats *more)
{
    sum->segments += more->segments;
    sum->samples += more->samples;
    sum->media_bytes += more->media_bytes;
    sum->written_bytes += part->written;
    sum->last_utc_ns = more->last_utc_ns > sum->last_utc_ns ? more->last_utc_ns : sum->last_utc_ns;
}

/* A container is over: counts it, tells the caller, and lets it go. */
static void finish(svms_recording *recording, svms_recorded *part, svms_recording_state state)
{
    svms_writer_abort(&part->writer);
    if (state != SVMS_RECORDING_NOT_BEGUN) {
        add_stats(&recording->stats, part, &part->stats);
        recording->stats.failures += state == SVMS_RECORDING_LEFT_OPEN;
    }
    part->is.state = state;
    part->is.samples = part->stats.samples;
    if (part->has_sink) {
        recording->options.close_sink(recording->options.user, &part->is, &part->sink);
    }
    svms_release(recording->ctx, part);
}

/* Ends a container. Its last segment is signed first, so that what it says of itself is known. */
static svms_status end_part(svms_recording *recording, svms_recorded *part, svms_end_reason reason,
                            svms_error *err)
{
    svms_head head = SVMS_HEAD_INIT;
    svms_status status = svms_writer_flush(part->writer, err);
    if (status == SVMS_OK) {
        status = svms_writer_get_head(part->writer, &head);
    }
    part->stats = part->writer->stats;
    if (status == SVMS_OK) {
        status = svms_writer_end(&part->writer, reason, err);
    }
    if (status == SVMS_OK) {
        keep_head(recording, part, &head);
    }
    finish(recording, part, status == SVMS_OK ? SVMS_RECORDING_ENDED : SVMS_RECORDING_LEFT_OPEN);
    return status;
}

/* After this the next sample begins a new container. */
static void go_between(svms_recording *recording)
{
    recording->current = NULL;
    recording->stepped = false;
    if (recording->gap == SVMS_GAP_NONE) {
        recording->gap = SVMS_GAP_RESTART;
    }
}

/* Gives up a container whose writer failed; what it holds on the medium was not looked at. */
static void give_up(svms_recording *recording)
{
    svms_recorded *part = recording->current;
    recording->previous = (svms_head)SVMS_HEAD_INIT;
    if (svms_writer_get_head(part->writer, &recording->previous) == SVMS_OK) {
        recording->link_state = SVMS_LINK_UNCHECKED;
    }
    part->stats = part->writer->stats;
    finish(recording, part, SVMS_RECORDING_LEFT_OPEN);
    go_between(recording);
}

static void describe(const svms_recording *recording, const uint8_t id[16], int64_t utc_ns,
                     svms_recording_container *is)
{
    *is = (svms_recording_container)SVMS_RECORDING_CONTAINER_INIT;
    memcpy(is->recording_id, recording->writer.recording_id, 16);
    memcpy(is->container_id, id, 16);
    is->recording_sequence = recording->next_sequence;
    is->start_utc_ns = utc_ns;
    is->link_state = recording->link_state;
}

static svms_status open_writer(svms_recording *recording, svms_recorded *part, svms_error *err)
{
    svms_writer_options options = recording->writer;
    svms_sink watched = SVMS_SINK_INIT;
    bool linked = recording->link_state != SVMS_LINK_NONE;
    watched.user = part;
    watched.write = watched_write;
    watched.sync = watched_sync;
    options.recording_sequence = recording->next_sequence;
    options.previous = linked ? &recording->previous : NULL;
    options.link_state = recording->link_state;
    svms_status status = svms_writer_open_as(&part->writer, recording->ctx, &watched, &options,
                                             part->is.container_id, err);
    if (status == SVMS_OK && recording->gap != SVMS_GAP_NONE) {
        status = svms_writer_gap(part->writer, recording->gap, err);
    }
    return status;
}

static svms_status open_part(svms_recording *recording, svms_recorded *part, int64_t utc_ns,
                             svms_error *err)
{
    svms_error ignored = SVMS_ERROR_INIT;
    const svms_recording_options *options = &recording->options;
    uint8_t id[16];
    part->first_utc_ns = SVMS_NO_TIME;
    part->sink = (svms_sink)SVMS_SINK_INIT;
    svms_status status = svms_random(recording->ctx, id, sizeof(id), err);
    if (status != SVMS_OK) {
        return status;
    }
    describe(recording, id, utc_ns, &part->is);
    status =
        options->open_sink(options->user, &part->is, &part->sink, err != NULL ? err : &ignored);
    if (status != SVMS_OK) {
        return status;
    }
    part->has_sink = true;
    if (!svms_sink_usable(&part->sink)) {
        return svms_fail(err, SVMS_E_USAGE, "open_sink gave a sink without write callback");
    }
    return open_writer(recording, part, err);
}

/* The next container; unless it could be begun, nothing changes but the count of failures. */
static svms_status begin(svms_recording *recording, int64_t utc_ns, svms_error *err)
{
    svms_recorded *part = svms_alloc(recording->ctx, sizeof(*part));
    svms_status status =
        part != NULL ? open_part(recording, part, utc_ns, err) : svms_fail_memory(err);
    if (status != SVMS_OK) {
        recording->stats.failures++;
        if (part != NULL) {
            finish(recording, part, SVMS_RECORDING_NOT_BEGUN);
        }
        return status;
    }
    recording->stats.containers++;
    recording->stats.recording_sequence = recording->next_sequence;
    recording->next_sequence++;
    recording->current = part;
    recording->stepped = false;
    return SVMS_OK;
}

/* The next container begins while the one before is still there, and only then that one ends. */
static svms_status rotate(svms_recording *recording, svms_end_reason reason, int64_t utc_ns,
                          svms_error *err)
{
    svms_recorded *old = recording->current;
    svms_status status = svms_writer_flush(old->writer, err);
    if (status == SVMS_OK) {
        recording->previous = (svms_head)SVMS_HEAD_INIT;
        status = svms_writer_get_head(old->writer, &recording->previous);
    }
    if (status != SVMS_OK) {
        give_up(recording);
        return status;
    }
    keep_head(recording, old, &recording->previous);
    recording->link_state = SVMS_LINK_VERIFIED;
    status = begin(recording, utc_ns, err);
    if (status != SVMS_OK) {
        if (end_part(recording, old, SVMS_END_ERROR, NULL) != SVMS_OK) {
            recording->link_state = SVMS_LINK_UNCHECKED;
        }
        go_between(recording);
        return status;
    }
    svms_error lost = SVMS_ERROR_INIT;
    if (end_part(recording, old, reason, &lost) != SVMS_OK) {
        svms_log(recording->ctx, SVMS_LOG_ERROR,
                 "the container before could not be ended (%s); recording goes on in the next",
                 lost.message);
    }
    return SVMS_OK;
}

/* Whether the clock was set between this picture and the one before it. */
static void watch_clock(svms_recording *recording, const svms_sample *sample, int64_t utc_ns)
{
    const svms_track *track = &recording->tracks[recording->reference];
    if (sample->track != recording->reference) {
        return;
    }
    if (recording->has_last && sample->utc_ns != SVMS_NO_TIME) {
        int64_t expected =
            svms_utc_of(track, recording->last_pts, recording->last_utc_ns, sample->pts);
        bool ahead = utc_ns >= expected;
        uint64_t step =
            ahead ? (uint64_t)utc_ns - (uint64_t)expected : (uint64_t)expected - (uint64_t)utc_ns;
        uint64_t most =
            ahead ? recording->options.forward_step_ns : recording->options.backward_step_ns;
        recording->stepped = recording->stepped || step > most;
    }
    recording->has_last = true;
    recording->last_pts = sample->pts;
    recording->last_utc_ns = utc_ns;
}

static bool rotation_is_due(const svms_recording *recording, const svms_sample *sample,
                            int64_t utc_ns)
{
    const svms_recorded *part = recording->current;
    const svms_recording_options *options = &recording->options;
    if (part->first_utc_ns == SVMS_NO_TIME) {
        return false;
    }
    uint64_t age =
        utc_ns > part->first_utc_ns ? (uint64_t)utc_ns - (uint64_t)part->first_utc_ns : 0;
    uint64_t bytes = part->written;
    if (age / 2 >= options->rotate_ns || bytes / 2 >= options->rotate_bytes) {
        return true;
    }
    bool good = sample->track == recording->reference && (sample->flags & SVMS_SAMPLE_SYNC) != 0;
    return good &&
           (recording->stepped || age >= options->rotate_ns || bytes >= options->rotate_bytes);
}

/* The clock may have been set since the last container began: what time stamp 0 stands for follows.
 */
static void rebase(svms_recording *recording, const svms_sample *sample)
{
    if (sample->utc_ns != SVMS_NO_TIME) {
        recording->writer.start_utc_ns =
            svms_utc_of(&recording->tracks[sample->track], sample->pts, sample->utc_ns, 0);
    }
}

static svms_status check_state(const svms_recording *recording, svms_error *err)
{
    if (recording == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "recording must not be NULL");
    }
    if (recording->stopped) {
        return svms_fail(err, SVMS_E_STATE, "keep_head has ended the recording");
    }
    return SVMS_OK;
}

/* Into the current container, or into a new one where the format does not let it follow. */
static svms_status put(svms_recording *recording, const svms_sample *sample, int64_t utc_ns,
                       svms_error *err)
{
    svms_status status = svms_writer_append(recording->current->writer, sample, err);
    if (status == SVMS_E_STATE && !recording->current->writer->failed) {
        rebase(recording, sample);
        status = rotate(recording, SVMS_END_CLOCK_STEP, utc_ns, err);
        if (status != SVMS_OK) {
            return status;
        }
        status = svms_writer_append(recording->current->writer, sample, err);
    }
    /* A callback may fail with any status; what the writer says of itself counts. */
    if (status != SVMS_OK && (status != SVMS_E_USAGE || recording->current->writer->failed)) {
        give_up(recording);
    }
    return status;
}

static svms_status accept_sample(const svms_recording *recording, const svms_sample *sample,
                                 svms_sample *given, svms_error *err)
{
    svms_status status = check_state(recording, err);
    if (status == SVMS_OK && sample == NULL) {
        status = svms_fail(err, SVMS_E_USAGE, "sample must not be NULL");
    }
    if (status == SVMS_OK) {
        status = svms_options_read(given, sizeof(*given), sample, "svms_sample", err);
    }
    return status == SVMS_OK ? svms_sample_check(given, recording->track_count, err) : status;
}

svms_status svms_recording_append(svms_recording *recording, const svms_sample *sample,
                                  svms_error *err)
{
    svms_sample given = SVMS_SAMPLE_INIT;
    svms_status status = accept_sample(recording, sample, &given, err);
    if (status != SVMS_OK) {
        return status;
    }
    int64_t utc_ns = given.utc_ns;
    if (utc_ns == SVMS_NO_TIME) {
        utc_ns = svms_utc_of(&recording->tracks[given.track], 0, recording->writer.start_utc_ns,
                             given.pts);
    }
    watch_clock(recording, &given, utc_ns);
    if (recording->current == NULL) {
        rebase(recording, &given);
        status = begin(recording, utc_ns, err);
    } else if (rotation_is_due(recording, &given, utc_ns)) {
        rebase(recording, &given);
        status = rotate(recording, recording->stepped ? SVMS_END_CLOCK_STEP : SVMS_END_ROTATION,
                        utc_ns, err);
    }
    if (status == SVMS_OK) {
        status = put(recording, &given, utc_ns, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    recording->gap = SVMS_GAP_NONE;
    if (recording->current->first_utc_ns == SVMS_NO_TIME) {
        recording->current->first_utc_ns = utc_ns;
    }
    return keep_current(recording, err);
}

svms_status svms_recording_flush(svms_recording *recording, svms_error *err)
{
    svms_status status = check_state(recording, err);
    if (status != SVMS_OK || recording->current == NULL) {
        return status;
    }
    status = svms_writer_flush(recording->current->writer, err);
    if (status != SVMS_OK) {
        give_up(recording);
        return status;
    }
    return keep_current(recording, err);
}

svms_status svms_recording_gap(svms_recording *recording, svms_gap_reason reason, svms_error *err)
{
    svms_status status = check_state(recording, err);
    if (status == SVMS_OK && (reason < SVMS_GAP_UNSPECIFIED || reason > SVMS_GAP_OVERLOAD)) {
        status = svms_fail(err, SVMS_E_USAGE, "unknown reason of a gap");
    }
    if (status == SVMS_OK) {
        recording->gap = reason;
        recording->has_last = false;
    }
    if (status != SVMS_OK || recording->current == NULL) {
        return status;
    }
    status = svms_writer_gap(recording->current->writer, reason, err);
    if (status != SVMS_OK) {
        give_up(recording);
        return status;
    }
    return keep_current(recording, err);
}

svms_status svms_recording_add_timestamp(svms_recording *recording, const svms_head *head,
                                         const void *token, size_t size, svms_error *err)
{
    svms_head given = SVMS_HEAD_INIT;
    svms_status status = check_state(recording, err);
    if (status == SVMS_OK && head == NULL) {
        status = svms_fail(err, SVMS_E_USAGE, "head must not be NULL");
    }
    if (status == SVMS_OK) {
        status = svms_options_read(&given, sizeof(given), head, "svms_head", err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_recorded *part = recording->current;
    if (part == NULL || memcmp(part->is.container_id, given.container_id, 16) != 0) {
        return svms_fail(err, SVMS_E_STATE, "the container that was attested is over");
    }
    status = svms_writer_add_timestamp(part->writer, given.segment, given.manifest_hash, token,
                                       size, err);
    if (status != SVMS_OK && part->writer->failed) {
        give_up(recording);
    }
    return status;
}

svms_status svms_recording_get_head(const svms_recording *recording, svms_head *head)
{
    if (recording == NULL || head == NULL) {
        return SVMS_E_USAGE;
    }
    return recording->current != NULL
               ? svms_writer_get_head(recording->current->writer, head)
               : svms_result_write(head, &recording->previous, sizeof(*head), "svms_head", NULL);
}

svms_status svms_recording_get_stats(const svms_recording *recording, svms_recording_stats *stats)
{
    if (recording == NULL || stats == NULL) {
        return SVMS_E_USAGE;
    }
    svms_recording_stats sum = recording->stats;
    sum.between_containers = recording->current == NULL;
    if (recording->current != NULL) {
        add_stats(&sum, recording->current, &recording->current->writer->stats);
    }
    return svms_result_write(stats, &sum, sizeof(sum), "svms_recording_stats", NULL);
}

svms_status svms_recording_close(svms_recording **recording, svms_error *err)
{
    if (recording == NULL || *recording == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "recording must not be NULL");
    }
    svms_status status = SVMS_OK;
    svms_recorded *part = (*recording)->current;
    (*recording)->current = NULL;
    if (part != NULL) {
        status = end_part(*recording, part, SVMS_END_CLOSED, err);
    }
    if (status == SVMS_OK) {
        status = say_stopped(*recording, err);
    }
    svms_recording_abort(recording);
    return status;
}

void svms_recording_abort(svms_recording **recording)
{
    if (recording == NULL || *recording == NULL) {
        return;
    }
    svms_recording *gone = *recording;
    if (gone->current != NULL) {
        gone->current->stats = gone->current->writer->stats;
        finish(gone, gone->current, SVMS_RECORDING_LEFT_OPEN);
    }
    svms_release(gone->ctx, gone);
    *recording = NULL;
}

/* What the first container's header says of tracks, and from when time stamps count, holds for all.
 */
static void take_over(svms_recording *recording)
{
    const svms_header *header = &recording->current->writer->header;
    memcpy(recording->tracks, header->tracks, sizeof(recording->tracks));
    recording->track_count = header->track_count;
    recording->reference = recording->current->writer->reference;
    recording->writer.start_utc_ns = header->start_utc_ns;
}

static svms_status accept(svms_recording *recording, const svms_recording_options *options,
                          svms_error *err)
{
    svms_recording_options *given = &recording->options;
    *given = (svms_recording_options)SVMS_RECORDING_OPTIONS_INIT;
    recording->writer = (svms_writer_options)SVMS_WRITER_OPTIONS_INIT;
    svms_status status =
        svms_options_read(given, sizeof(*given), options, "svms_recording_options", err);
    if (status == SVMS_OK &&
        (given->writer == NULL || given->open_sink == NULL || given->close_sink == NULL)) {
        status = svms_fail(err, SVMS_E_USAGE, "writer, open_sink and close_sink must be given");
    }
    if (status == SVMS_OK) {
        status = svms_options_read(&recording->writer, sizeof(recording->writer), given->writer,
                                   "svms_writer_options", err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if ((given->rotate_ns != 0 && given->rotate_ns < SHORTEST_ROTATE_NS) ||
        (given->rotate_bytes != 0 && given->rotate_bytes < SMALLEST_ROTATE_BYTES)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a container lasts a second at least, and has room for 64 KiB");
    }
    if (given->remembered_state < SVMS_LINK_NONE || given->remembered_state > SVMS_LINK_UNCHECKED) {
        return svms_fail(err, SVMS_E_USAGE, "remembered_state is unknown");
    }
    given->rotate_ns = given->rotate_ns == 0 ? DEFAULT_ROTATE_NS : given->rotate_ns;
    given->rotate_bytes = given->rotate_bytes == 0 ? DEFAULT_ROTATE_BYTES : given->rotate_bytes;
    given->forward_step_ns =
        given->forward_step_ns == 0 ? DEFAULT_FORWARD_NS : given->forward_step_ns;
    given->backward_step_ns =
        given->backward_step_ns == 0 ? DEFAULT_BACKWARD_NS : given->backward_step_ns;
    recording->writer.previous = NULL;
    recording->writer.link_state = SVMS_LINK_NONE;
    return SVMS_OK;
}

static svms_status link_heads(svms_recording *recording, svms_error *err)
{
    const svms_recording_options *options = &recording->options;
    svms_head found = SVMS_HEAD_INIT;
    svms_head remembered = SVMS_HEAD_INIT;
    svms_status status = svms_options_read(&found, sizeof(found), options->found, "found", err);
    if (status == SVMS_OK) {
        status = svms_options_read(&remembered, sizeof(remembered), options->remembered,
                                   "remembered", err);
    }
    if (status == SVMS_OK) {
        status = svms_recording_link(recording, options->found != NULL ? &found : NULL,
                                     options->remembered != NULL ? &remembered : NULL, err);
    }
    recording->options.found = NULL;
    recording->options.remembered = NULL;
    return status;
}

svms_status svms_recording_open(svms_recording **out, svms_ctx *ctx,
                                const svms_recording_options *options, svms_error *err)
{
    if (out == NULL || ctx == NULL || options == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "out, ctx and options must not be NULL");
    }
    svms_recording *recording = svms_alloc(ctx, sizeof(*recording));
    if (recording == NULL) {
        return svms_fail_memory(err);
    }
    recording->ctx = ctx;
    recording->stats = (svms_recording_stats)SVMS_RECORDING_STATS_INIT;
    svms_status status = accept(recording, options, err);
    if (status == SVMS_OK) {
        status = link_heads(recording, err);
    }
    if (status == SVMS_OK) {
        int64_t start = recording->writer.start_utc_ns;
        recording->gap = recording->link_state == SVMS_LINK_NONE ? SVMS_GAP_NONE : SVMS_GAP_RESTART;
        status = begin(recording, start == SVMS_NO_TIME ? svms_utc_now(ctx) : start, err);
    }
    if (status != SVMS_OK) {
        svms_recording_abort(&recording);
        return status;
    }
    take_over(recording);
    *out = recording;
    return SVMS_OK;
}
