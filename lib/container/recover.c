/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/recover.h>

#include <string.h>

#include "description.h"
#include "failure.h"
#include "options.h"
#include "recover_internal.h"
#include "segment.h"
#include "stream.h"
#include "verify_internal.h"

#define PROGRESS_STEP UINT64_C(1048576)
#define COPY_STEP 65536u

typedef struct svms_recovery {
    svms_ctx *ctx;
    svms_recovery_options options;
    svms_sink sink;
    svms_source source;
    svms_source bounded; /* the source up to the end of its last whole record */
    svms_front front;
    svms_outline outline;
    svms_report found;
    svms_recovery_report report;
    uint64_t held_end;  /* end of the last segment that holds */
    uint64_t next;      /* number of the segment that should follow it */
    uint64_t stretched; /* bytes in damaged stretches so far */
    uint64_t progress_base;
    uint64_t progress_next;
    uint64_t progress_total;
} svms_recovery;

static int show_progress(void *user, uint64_t done, uint64_t total)
{
    svms_recovery *self = user;
    uint64_t at = self->progress_base + done;
    (void)total;
    if (self->options.progress == NULL || at < self->progress_next) {
        return 0;
    }
    self->progress_next = at + PROGRESS_STEP;
    at = at < self->progress_total ? at : self->progress_total;
    return self->options.progress(self->options.user, at, self->progress_total);
}

static bool tick(void *user, uint64_t offset)
{
    return show_progress(user, offset, 0) == 0;
}

static svms_status read_bounded(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                                int *os_error)
{
    const svms_recovery *self = user;
    uint64_t left = offset < self->outline.whole ? self->outline.whole - offset : 0;
    return self->source.read_at(self->source.user, offset, out, size < left ? size : (size_t)left,
                                got, os_error);
}

static svms_status size_of_bounded(void *user, uint64_t *size, int *os_error)
{
    const svms_recovery *self = user;
    (void)os_error;
    *size = self->outline.whole;
    return SVMS_OK;
}

static const uint8_t *view_bounded(void *user, uint64_t offset, size_t size)
{
    const svms_recovery *self = user;
    return self->source.view(self->source.user, offset, size);
}

static void bound_source(svms_recovery *self)
{
    self->bounded = (svms_source)SVMS_SOURCE_INIT;
    self->bounded.user = self;
    self->bounded.read_at = read_bounded;
    self->bounded.get_size = size_of_bounded;
    self->bounded.view = self->source.view != NULL ? view_bounded : NULL;
}

static void add_stretch(svms_recovery *self, uint64_t offset, uint64_t size, uint64_t segments)
{
    svms_recovery_report *report = &self->report;
    if (report->stretch_count < SVMS_REPORT_STRETCHES) {
        report->stretches[report->stretch_count] =
            (svms_damaged_stretch){ offset, size, self->next, segments };
    }
    report->stretch_count++;
    report->segments_lost += segments;
    self->stretched += size;
}

/* A segment that holds; what lies between it and the one before is damaged. */
static void take_held(void *user, const svms_held_segment *segment)
{
    svms_recovery *self = user;
    uint64_t lost = segment->number > self->next ? segment->number - self->next : 0;
    if (segment->offset > self->held_end || lost != 0) {
        add_stretch(self, self->held_end, segment->offset - self->held_end, lost);
    }
    self->held_end = segment->end;
    self->next = segment->number + 1;
}

static svms_status verify(svms_recovery *self, svms_error *err)
{
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    svms_error found = SVMS_ERROR_INIT;
    options.user = self;
    options.progress = show_progress;
    self->progress_base = self->front.window.size;
    self->found = (svms_report)SVMS_REPORT_INIT;
    self->held_end = self->front.first_record;
    bound_source(self);
    svms_status status = svms_verify_with(self->ctx, &self->bounded, &options, take_held, self,
                                          &self->found, &found);
    if (svms_is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    return SVMS_OK;
}

/* Behind the last segment that holds: segments that began before `tail` are lost, whole records
 * from there on are unattested. */
static svms_status count_behind(svms_recovery *self, uint64_t tail, uint64_t *lost, svms_error *err)
{
    svms_recovery_report *report = &self->report;
    svms_walker walker = svms_walker_at(&self->front, self->held_end);
    svms_walked walked = SVMS_WALKED_RECORD;
    while (walked != SVMS_WALKED_NOTHING && walker.at < self->outline.whole) {
        uint64_t at = walker.at;
        svms_status status = svms_walker_step(&walker, &walked, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (at >= tail && walked == SVMS_WALKED_RECORD) {
            report->records_unattested++;
            report->samples_unattested += walker.passed.type == SVMS_RECORD_SAMPLE;
            report->bytes_unattested += walker.at - at;
        }
        bool known = walker.segment != SVMS_NO_SEGMENT && walker.segment >= self->next;
        if (at < tail && known) {
            *lost = walker.segment - self->next + 1;
        }
    }
    return SVMS_OK;
}

/* Segments that an end record which was signed says there were; 0 when there is none. */
static svms_status ask_end(svms_recovery *self, uint64_t *segments, svms_error *err)
{
    svms_end end = { 0 };
    svms_front bounded;
    uint8_t body[SVMS_END_BODY_SIZE];
    size_t signature_size = 0;
    bool closed = false;
    *segments = 0;
    svms_status status = svms_front_open(&bounded, self->ctx, &self->bounded, err);
    if (status == SVMS_OK) {
        status = svms_front_find_end(&bounded, &closed, &end, err);
    }
    if (status == SVMS_OK && closed) {
        svms_error found = SVMS_ERROR_INIT;
        uint64_t at = end.offset + SVMS_RECORD_HEADER_SIZE;
        status = svms_window_copy(&bounded.window, at, sizeof(body), body, &found);
        if (status == SVMS_OK) {
            status = svms_front_check_signature(&bounded, at + sizeof(body), SVMS_SIGNED_END, body,
                                                sizeof(body), &signature_size, NULL, &found);
        }
        *segments = status == SVMS_OK ? end.segments : 0;
        status = svms_is_grave(status) ? svms_fail_as(err, status, &found) : SVMS_OK;
    }
    svms_front_clear(&bounded);
    return status;
}

/* There is an end that holds. */
static svms_status judge_closed(svms_recovery *self, svms_error *err)
{
    uint64_t segments = 0;
    svms_status status = ask_end(self, &segments, err);
    uint64_t damaged = self->outline.whole - self->found.bytes_verified - self->stretched;
    uint64_t lost = segments > self->next ? segments - self->next : 0;
    if (status == SVMS_OK && (damaged != 0 || lost != 0)) {
        add_stretch(self, self->held_end, damaged, lost);
    }
    return status;
}

/* There is an end that does not hold: what stands between it and the last segment that holds may
 * be lost segments, or damaged index. */
static svms_status judge_damaged_end(svms_recovery *self, svms_error *err)
{
    uint64_t segments = 0;
    uint64_t lost = 0;
    self->report.end_damaged = 1;
    svms_status status = ask_end(self, &segments, err);
    if (status == SVMS_OK) {
        status = count_behind(self, UINT64_MAX, &lost, err);
    }
    if (segments > self->next && segments - self->next > lost) {
        lost = segments - self->next;
    }
    if (status == SVMS_OK && lost != 0) {
        add_stretch(self, self->held_end, self->outline.end_offset - self->held_end, lost);
    }
    return status;
}

/* There is no end, or one that does not hold. */
static svms_status judge_open(svms_recovery *self, svms_error *err)
{
    const svms_outline *outline = &self->outline;
    uint64_t tail = outline->whole - self->found.bytes_unattested;
    uint64_t lost = 0;
    if (self->found.bytes_unattested == 0 && outline->end_offset != 0) {
        return judge_damaged_end(self, err);
    }
    if (self->found.bytes_unattested == 0 && outline->unfinished >= self->held_end) {
        tail = outline->unfinished;
    }
    svms_status status = count_behind(self, tail, &lost, err);
    if (status == SVMS_OK && tail > self->held_end) {
        add_stretch(self, self->held_end, tail - self->held_end, lost);
    }
    return status;
}

static svms_status judge(svms_recovery *self, svms_error *err)
{
    svms_recovery_report *report = &self->report;
    const svms_outline *outline = &self->outline;
    report->role = self->found.role;
    report->closed = self->found.closed;
    report->access_damaged = self->front.access.damaged;
    report->segments_attested = self->found.segments_verified;
    report->segments_failed = self->found.segments_failed;
    report->samples_attested = self->found.samples_verified;
    report->first_utc_ns = self->found.first_utc_ns;
    report->last_utc_ns = self->found.last_utc_ns;
    report->bytes_attested = self->found.bytes_verified;
    report->bytes_torn = outline->torn;
    report->bytes_trailer = outline->trailer;
    report->bytes_zero = outline->zero;
    report->bytes_other = outline->other;
    report->copy_loses = outline->torn + outline->trailer + outline->other != 0;
    report->file_size = self->front.window.size;
    report->copy_size = outline->whole;
    svms_status status = report->closed ? judge_closed(self, err) : judge_open(self, err);
    report->bytes_damaged = outline->whole - report->bytes_attested - report->bytes_unattested;
    return status;
}

static svms_status copy(svms_recovery *self, svms_error *err)
{
    uint64_t at = 0;
    self->progress_base += self->outline.whole;
    while (at < self->outline.whole) {
        uint8_t bytes[COPY_STEP];
        uint64_t left = self->outline.whole - at;
        size_t step = left < sizeof(bytes) ? (size_t)left : sizeof(bytes);
        svms_iovec run = { bytes, step };
        svms_status status = svms_source_read(&self->source, at, bytes, step, err);
        if (status == SVMS_OK) {
            status = svms_sink_write(&self->sink, &run, 1, err);
        }
        if (status == SVMS_OK && !tick(self, at + step)) {
            status = svms_fail(err, SVMS_E_CANCELLED, "cancelled");
        }
        if (status != SVMS_OK) {
            return status;
        }
        at += step;
    }
    return svms_sink_sync(&self->sink, err);
}

static svms_status take_stock(svms_recovery *self, svms_error *err)
{
    svms_status status = svms_front_open(&self->front, self->ctx, &self->source, err);
    if (status == SVMS_OK) {
        status = svms_description_check(&self->front.header, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    uint64_t passes = self->options.sink != NULL ? 3 : 2;
    self->progress_total = passes * self->front.window.size;
    svms_walker walker = svms_walker_at(&self->front, self->front.first_record);
    walker.tick = tick;
    walker.user = self;
    status = svms_outline_find(&walker, &self->outline, err);
    if (status == SVMS_OK) {
        status = verify(self, err);
    }
    return status == SVMS_OK ? judge(self, err) : status;
}

/* The last call of a progress callback says that everything has been done. */
static svms_status finish_progress(svms_recovery *self, svms_error *err)
{
    self->progress_next = 0;
    self->progress_base = self->progress_total;
    return tick(self, 0) ? SVMS_OK : svms_fail(err, SVMS_E_CANCELLED, "cancelled");
}

static svms_status accept(svms_recovery *self, const svms_source *source,
                          const svms_recovery_options *options, svms_error *err)
{
    svms_status status = svms_options_read(&self->options, sizeof(self->options), options,
                                           "svms_recovery_options", err);
    if (status == SVMS_OK) {
        status = svms_options_read(&self->source, sizeof(self->source), source, "svms_source", err);
    }
    if (status == SVMS_OK && self->options.sink != NULL) {
        status = svms_options_read(&self->sink, sizeof(self->sink), self->options.sink, "svms_sink",
                                   err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (!svms_source_usable(&self->source) ||
        (self->options.sink != NULL && !svms_sink_usable(&self->sink))) {
        return svms_fail(err, SVMS_E_USAGE, "source or sink lacks a callback");
    }
    return SVMS_OK;
}

svms_status svms_recover(svms_ctx *ctx, const svms_source *source,
                         const svms_recovery_options *options, svms_recovery_report *report,
                         svms_error *err)
{
    if (ctx == NULL || source == NULL || report == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "ctx, source and report must not be NULL");
    }
    svms_recovery *self = svms_alloc(ctx, sizeof(*self));
    if (self == NULL) {
        return svms_fail_memory(err);
    }
    self->ctx = ctx;
    self->front.ctx = ctx;
    self->options = (svms_recovery_options)SVMS_RECOVERY_OPTIONS_INIT;
    self->source = (svms_source)SVMS_SOURCE_INIT;
    self->sink = (svms_sink)SVMS_SINK_INIT;
    self->report = (svms_recovery_report)SVMS_RECOVERY_REPORT_INIT;
    svms_status status = accept(self, source, options, err);
    if (status == SVMS_OK) {
        status = take_stock(self, err);
    }
    if (status == SVMS_OK) {
        status = svms_result_write(report, &self->report, sizeof(self->report),
                                   "svms_recovery_report", err);
    }
    if (status == SVMS_OK && self->options.sink != NULL) {
        status = copy(self, err);
    }
    if (status == SVMS_OK) {
        status = finish_progress(self, err);
    }
    svms_front_clear(&self->front);
    svms_release_secret(ctx, self, sizeof(*self));
    return status;
}
