/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "description.h"
#include "export_pieces.h"
#include "failure.h"
#include "options.h"
#include "stream.h"

/* A recording that is live grows while it is exported: what comes later is not part of it. */

static svms_status read_at(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                           int *os_error)
{
    const svms_source *given = &((const svms_source_job *)user)->given;
    return given->read_at(given->user, offset, out, size, got, os_error);
}

static svms_status get_size(void *user, uint64_t *size, int *os_error)
{
    svms_source_job *job = user;
    if (!job->sized) {
        svms_status status = job->given.get_size(job->given.user, &job->size, os_error);
        if (status != SVMS_OK) {
            return status;
        }
        job->sized = true;
    }
    *size = job->size;
    return SVMS_OK;
}

static const uint8_t *view(void *user, uint64_t offset, size_t size)
{
    const svms_source *given = &((const svms_source_job *)user)->given;
    return given->view(given->user, offset, size);
}

static void take_source(svms_source_job *job)
{
    job->source = (svms_source)SVMS_SOURCE_INIT;
    job->source.user = job;
    job->source.read_at = read_at;
    job->source.get_size = get_size;
    job->source.view = job->given.view != NULL ? view : NULL;
}

static svms_status accept(svms_source_job *job, const svms_source *source,
                          const svms_export_source *options, const svms_report *report,
                          svms_error *err)
{
    svms_export_source *given = &job->options;
    bool proves = job->package->options.kind == SVMS_EXPORT_PROOF;
    svms_status status =
        svms_options_read(given, sizeof(*given), options, "svms_export_source", err);
    if (status == SVMS_OK) {
        status = svms_options_read(&job->given, sizeof(job->given), source, "svms_source", err);
    }
    if (status == SVMS_OK) {
        status = svms_options_read(&job->report, sizeof(job->report), report, "svms_report", err);
    }
    if (status == SVMS_OK && !svms_source_usable(&job->given)) {
        status = svms_fail(err, SVMS_E_USAGE, "the source lacks a callback");
    }
    if (status != SVMS_OK) {
        return status;
    }
    take_source(job);
    if (given->from_utc_ns != SVMS_NO_TIME && given->to_utc_ns != SVMS_NO_TIME &&
        given->to_utc_ns <= given->from_utc_ns) {
        return svms_fail(err, SVMS_E_USAGE, "the period ends before it begins");
    }
    if (given->include_unverified > 1 || given->presented < SVMS_PRESENTED_ALL ||
        given->presented > SVMS_PRESENTED_ONE) {
        return svms_fail(err, SVMS_E_USAGE, "an option of the source is out of range");
    }
    if (proves && given->include_unverified != 0) {
        return svms_fail(err, SVMS_E_USAGE, "a proof holds nothing that does not verify");
    }
    if (job->package->sources_over) {
        return svms_fail(err, SVMS_E_STATE, "sources come before attachments and presentation");
    }
    if (job->package->source_count == SVMS_EXPORT_MAX_SOURCES) {
        return svms_fail(err, SVMS_E_LIMIT, "a package has at most %u sources (E-OVR-5)",
                         SVMS_EXPORT_MAX_SOURCES);
    }
    return SVMS_OK;
}

static svms_status accept_tracks(const svms_source_job *job, svms_error *err)
{
    const svms_export_source *options = &job->options;
    uint32_t count = job->front.header.track_count;
    uint32_t all = count == SVMS_MAX_TRACKS ? UINT32_MAX : (UINT32_C(1) << count) - 1;
    if ((options->removed_tracks & ~all) != 0) {
        return svms_fail(err, SVMS_E_USAGE, "a track is to be removed that does not exist");
    }
    if (options->removed_tracks == all) {
        return svms_fail(err, SVMS_E_USAGE, "every track is to be removed");
    }
    if (job->package->options.kind == SVMS_EXPORT_PROOF &&
        options->presented == SVMS_PRESENTED_ONE &&
        (options->presented_track >= count ||
         (options->removed_tracks & (UINT32_C(1) << options->presented_track)) != 0)) {
        return svms_fail(err, SVMS_E_USAGE, "the track of the one sample is not there");
    }
    return SVMS_OK;
}

static void describe(svms_source_job *job)
{
    const svms_header *header = &job->front.header;
    svms_export_period *period = &job->is.period;
    *period = (svms_export_period)SVMS_EXPORT_PERIOD_INIT;
    period->number = job->package->source_count;
    memcpy(period->device_id, header->device_id, sizeof(period->device_id));
    memcpy(period->recording_id, header->recording_id, sizeof(period->recording_id));
    memcpy(period->container_id, header->container_id, sizeof(period->container_id));
    period->recording_sequence = header->recording_sequence;
    period->from_utc_ns = job->options.from_utc_ns;
    period->to_utc_ns = job->options.to_utc_ns;
    period->track_count = header->track_count;
    period->removed_tracks = job->options.removed_tracks;
    job->all_strong = true;
    for (uint32_t i = 0; i < header->track_count; i++) {
        job->all_strong = job->all_strong && header->tracks[i].protection == SVMS_PROTECT_STRONG;
    }
}

void svms_export_declare(svms_source_job *job, const svms_finding *finding)
{
    if (job->surveys) {
        return;
    }
    if (job->options.finding != NULL) {
        job->options.finding(job->options.user, finding);
    }
    if (job->options.include_unverified != 0 && job->finding_status == SVMS_OK &&
        finding->verdict >= SVMS_VERDICT_UNDECRYPTABLE) {
        job->finding_status =
            svms_case_add_finding(job->package->document, finding, &job->finding_error);
    }
}

static void on_finding(void *user, const svms_finding *finding)
{
    svms_export_declare(user, finding);
}

/* Twice through the container counts as twice its size. */
static int on_progress(void *user, uint64_t done, uint64_t total)
{
    const svms_source_job *job = user;
    uint64_t before = job->second ? total : 0;
    bool twice = job->surveys || job->second;
    return job->options.progress == NULL
               ? 0
               : job->options.progress(job->options.user, before + done, twice ? 2 * total : total);
}

static svms_status run(svms_source_job *job, svms_error *err)
{
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    svms_collector collector = { .piece = svms_export_take_piece,
                                 .user = job,
                                 .include_unverified = job->options.include_unverified != 0,
                                 .failed = &job->failed };
    if (job->front.raw != NULL) {
        collector.header_hash = job->front.header.hash;
    }
    options.time_policy = job->options.time_policy;
    options.trust = job->options.trust;
    options.stamp_trust = job->options.stamp_trust;
    options.attester = job->options.attester;
    options.from_utc_ns = job->options.from_utc_ns;
    options.to_utc_ns = job->options.to_utc_ns;
    options.user = job;
    options.progress = on_progress;
    options.finding = on_finding;
    job->report = (svms_report)SVMS_REPORT_INIT;
    job->pieces = 0;
    job->unverified = false;
    job->failed = false;
    return svms_excerpt_collect(job->package->ctx, &job->source, &options, &collector, &job->report,
                                err);
}

/* A failure that says what the container is worth, and not that it could not be found out. */
static bool is_verdict(const svms_source_job *job, svms_status status)
{
    return !job->failed &&
           (status == SVMS_OK || status == SVMS_E_NOT_AUTHENTIC || status == SVMS_E_UNTRUSTED ||
            status == SVMS_E_UNDECRYPTABLE || status == SVMS_E_INCOMPLETE);
}

/* Keys that do not fit are part of what was found. */
static void merge_mismatch(svms_source_job *job)
{
    svms_report *report = &job->report;
    if (job->mismatch.verdict == SVMS_VERDICT_AUTHENTIC) {
        return;
    }
    if (report->verdict < SVMS_VERDICT_UNDECRYPTABLE) {
        report->verdict = SVMS_VERDICT_UNDECRYPTABLE;
    }
    report->access = SVMS_ACCESS_FAILED;
    report->finding_count++;
    if (report->has_failure == 0) {
        report->has_failure = 1;
        report->first_failure = job->mismatch;
    }
}

/* Whether what was carried may stay. */
static svms_status judge(svms_source_job *job, svms_status status, const svms_error *found,
                         svms_error *err)
{
    bool included = job->options.include_unverified != 0;
    if (!is_verdict(job, status)) {
        return svms_fail_as(err, status, found);
    }
    if (job->report.verdict > SVMS_VERDICT_INCOMPLETE && !included) {
        return svms_fail_as(err, status, found);
    }
    if (job->pieces == 0) {
        return status == SVMS_OK || status == SVMS_E_INCOMPLETE
                   ? svms_fail(err, SVMS_E_INCOMPLETE, "nothing attested lies within the period")
                   : svms_fail_as(err, status, found);
    }
    if (job->unverified != job->declares) {
        return svms_export_changed(SVMS_NO_OFFSET, err);
    }
    if (job->package->options.kind == SVMS_EXPORT_PROOF &&
        job->options.presented == SVMS_PRESENTED_ONE && !job->presented) {
        return svms_fail(err, SVMS_E_USAGE, "the segment of the one sample is not in the period");
    }
    return SVMS_OK;
}

/* What does not verify is declared in the first frame of the source: so it must be known before. */
static svms_status survey(svms_source_job *job, svms_error *err)
{
    svms_error found = SVMS_ERROR_INIT;
    if (job->options.include_unverified == 0) {
        return SVMS_OK;
    }
    job->surveys = true;
    svms_status status = run(job, &found);
    job->surveys = false;
    job->second = true;
    job->declares = job->unverified;
    return is_verdict(job, status) ? SVMS_OK : svms_fail_as(err, status, &found);
}

static svms_status carry(svms_source_job *job, svms_error *err)
{
    svms_error found = SVMS_ERROR_INIT;
    svms_status status = survey(job, err);
    if (status == SVMS_OK) {
        status = svms_export_put_source(job, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    job->mismatch = (svms_finding)SVMS_FINDING_INIT;
    status = run(job, &found);
    merge_mismatch(job);
    status = judge(job, status, &found, err);
    if (status == SVMS_OK && job->finding_status != SVMS_OK) {
        status = svms_fail_as(err, job->finding_status, &job->finding_error);
    }
    return status;
}

static svms_status keep(svms_export *package, const svms_exported_source *source, svms_error *err)
{
    if (package->source_count == package->source_room) {
        uint32_t room = package->source_room == 0 ? 16 : 2 * package->source_room;
        void *grown = svms_grow(package->ctx, package->sources,
                                package->source_room * sizeof(*source), room * sizeof(*source));
        if (grown == NULL) {
            return svms_fail_memory(err);
        }
        package->sources = grown;
        package->source_room = room;
    }
    package->sources[package->source_count++] = *source;
    return SVMS_OK;
}

/* What the case says of the source. */
static svms_status declare_source(svms_source_job *job, svms_error *err)
{
    svms_ctx *ctx = job->package->ctx;
    const svms_front *front = &job->front;
    svms_description description = { 0 };
    svms_status status = SVMS_OK;
    if (!front->header.has_keys || front->unlocked) {
        status = svms_description_read(&description, ctx, &front->header,
                                       front->unlocked ? front->content_key : NULL, err);
    }
    if (status == SVMS_OK) {
        svms_case_device device = { description.name, description.place, description.remark };
        job->is.period.verdict = job->report.verdict;
        job->is.period.unverified = job->declares ? 1 : 0;
        status = svms_case_add_source(job->package->document, &job->is.period, &front->header,
                                      &device, &job->report, svms_utc_now(ctx), err);
    }
    svms_description_clear(&description, ctx);
    return status;
}

/* A container that cannot be opened has a report all the same. */
static svms_status open_front(svms_source_job *job, svms_error *err)
{
    svms_status status = svms_front_open(&job->front, job->package->ctx, &job->source, err);
    svms_status_kind kind = svms_status_class(status);
    if (kind == SVMS_CLASS_EVIDENCE || kind == SVMS_CLASS_MALFORMED) {
        job->surveys = true;
        svms_status again = run(job, NULL);
        job->surveys = false;
        kind = svms_status_class(again);
        return kind == SVMS_CLASS_ENVIRONMENT ? svms_fail(err, again, "%s", "cannot read it again")
                                              : status;
    }
    return status;
}

static svms_status add(svms_source_job *job, svms_error *err)
{
    svms_status status = open_front(job, err);
    if (status == SVMS_OK) {
        status = accept_tracks(job, err);
    }
    if (status == SVMS_OK) {
        describe(job);
        status = svms_export_unlock(job, err);
    }
    if (status == SVMS_OK) {
        status = carry(job, err);
    }
    if (status == SVMS_OK) {
        status = declare_source(job, err);
    }
    return status == SVMS_OK ? keep(job->package, &job->is, err) : status;
}

static svms_status add_source(svms_export *package, const svms_source *source,
                              const svms_export_source *options, svms_report *report,
                              svms_error *err)
{
    svms_source_job *job = svms_alloc(package->ctx, sizeof(*job));
    if (job == NULL) {
        return svms_fail_memory(err);
    }
    job->package = package;
    job->options = (svms_export_source)SVMS_EXPORT_SOURCE_INIT;
    svms_status status = accept(job, source, options, report, err);
    if (status == SVMS_OK) {
        job->report = (svms_report)SVMS_REPORT_INIT;
        job->mismatch = (svms_finding)SVMS_FINDING_INIT;
        status = add(job, err);
        svms_front_clear(&job->front);
    }
    svms_status_kind kind = svms_status_class(status);
    if (report != NULL && (kind == SVMS_CLASS_SUCCESS || kind == SVMS_CLASS_EVIDENCE ||
                           kind == SVMS_CLASS_MALFORMED)) {
        svms_status written =
            svms_result_write(report, &job->report, sizeof(job->report), "svms_report", NULL);
        status = status == SVMS_OK ? written : status;
    }
    svms_release_secret(package->ctx, job, sizeof(*job));
    return status;
}

svms_status svms_export_add_source(svms_export *package, const svms_source *source,
                                   const svms_export_source *options, svms_report *report,
                                   svms_error *err)
{
    if (package == NULL || source == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "package and source must not be NULL");
    }
    svms_status status = svms_export_usable(package, err);
    return status == SVMS_OK
               ? svms_export_settle(package, add_source(package, source, options, report, err))
               : status;
}
