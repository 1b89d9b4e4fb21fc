/* SPDX-License-Identifier: Apache-2.0 */
/* The first signature of an export file (O-SEAL). */
#include <string.h>

#include "failure.h"
#include "onvif_build.h"
#include "onvif_edit.h"
#include "options.h"

#define MFRA SVMS_ISO_TYPE('m', 'f', 'r', 'a')
#define HANDLER_NAME "ONVIF Export File"

typedef struct seal_job {
    svms_onvif_file file;
    svms_onvif_seal_options options;
    svms_onvif_track tracks[SVMS_ONVIF_MAX_TRACKS]; /* by number in the movie */
    uint32_t ids[SVMS_ONVIF_MAX_TRACKS];
    uint32_t track_count;
    uint64_t export_seconds;
    svms_onvif_signing signing;
    svms_builder meta;
    svms_onvif_edits edits;
} seal_job;

static svms_status check_texts(const svms_onvif_seal_options *options, svms_error *err)
{
    const struct {
        const char *text;
        const char *what;
    } texts[] = { { options->unit_name, "the name of the unit" },
                  { options->unit_url, "the address of the unit" },
                  { options->unit_mac, "the physical address of the unit" },
                  { options->export_operator, "the name of the operator" } };
    svms_status status = SVMS_OK;
    for (size_t i = 0; status == SVMS_OK && i < sizeof texts / sizeof texts[0]; i++) {
        status = svms_onvif_check_text(texts[i].text, SVMS_ONVIF_MAX_TEXT, texts[i].what, err);
    }
    return status;
}

static svms_status check_track(const svms_onvif_track *track, svms_error *err)
{
    const char *const texts[] = { track->name, track->url, track->mac, track->line };
    svms_status status = SVMS_OK;
    for (size_t i = 0; status == SVMS_OK && i < sizeof texts / sizeof texts[0]; i++) {
        status =
            svms_onvif_check_text(texts[i], SVMS_ONVIF_MAX_TEXT, "what is said of a track", err);
    }
    return status;
}

/* Puts what the caller knows beside the tracks that the file has. */
static svms_status take_track(seal_job *job, const svms_onvif_track *given, svms_error *err)
{
    svms_onvif_track track = SVMS_ONVIF_TRACK_INIT;
    svms_status status = svms_options_read(&track, sizeof track, given, "svms_onvif_track", err);
    if (status == SVMS_OK) {
        status = check_track(&track, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    for (uint32_t i = 0; i < job->track_count; i++) {
        if (job->ids[i] != track.track_id) {
            continue;
        }
        if (job->tracks[i].track_id != 0) {
            return svms_fail(err, SVMS_E_USAGE, "track %u is described twice",
                             (unsigned)track.track_id);
        }
        job->tracks[i] = track;
        return SVMS_OK;
    }
    return svms_fail(err, SVMS_E_USAGE, "the file has no track %u", (unsigned)track.track_id);
}

static svms_status take_tracks(seal_job *job, svms_error *err)
{
    const svms_onvif_seal_options *options = &job->options;
    const uint8_t *at = (const uint8_t *)options->tracks;
    if (options->track_count > SVMS_ONVIF_MAX_TRACKS || (options->track_count > 0 && !at)) {
        return svms_fail(err, SVMS_E_USAGE, "at most %d tracks can be described",
                         SVMS_ONVIF_MAX_TRACKS);
    }
    uint32_t stride = at ? options->tracks[0].struct_size : 0;
    svms_status status = SVMS_OK;
    for (uint32_t i = 0; status == SVMS_OK && i < options->track_count; i++) {
        status =
            take_track(job, (const svms_onvif_track *)(const void *)(at + (size_t)i * stride), err);
    }
    for (uint32_t i = 0; status == SVMS_OK && i < job->track_count; i++) {
        if (job->ids[i] > UINT16_MAX) {
            status = svms_fail(err, SVMS_E_LIMIT,
                               "the file has a track %u; the format describes tracks up to 65535",
                               (unsigned)job->ids[i]);
        }
    }
    return status;
}

static svms_status accept(seal_job *job, const svms_onvif_seal_options *options, svms_error *err)
{
    svms_status status = svms_options_read(&job->options, sizeof job->options, options,
                                           "svms_onvif_seal_options", err);
    if (status == SVMS_OK) {
        status = check_texts(&job->options, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (job->options.export_utc_ns == SVMS_NO_TIME ||
        !svms_onvif_to_1904(job->options.export_utc_ns, &job->export_seconds)) {
        return svms_fail(err, SVMS_E_USAGE, "the time of the export is missing or before 1904");
    }
    job->signing = (svms_onvif_signing){ .ctx = job->file.ctx,
                                         .chain = job->options.chain,
                                         .key = job->options.key,
                                         .note = job->options.note,
                                         .starts = job->options.starts,
                                         .start_count = job->options.start_count };
    job->file.progress = job->options.progress;
    job->file.user = job->options.user;
    return svms_onvif_prepare_signing(&job->signing, SVMS_ROLE_EXPORTER, SVMS_ROLE_NONE, err);
}

static void put_handler(svms_builder *meta)
{
    size_t hdlr = svms_onvif_begin_box(meta, SVMS_ISO_TYPE('h', 'd', 'l', 'r'));
    svms_put_u32(meta, 0);
    svms_put_u32(meta, 0);
    /* The meta holds resources only (ISO/IEC 14496-12, 8.4.3). */
    svms_put_u32(meta, SVMS_ISO_TYPE('n', 'u', 'l', 'l'));
    svms_put_zeros(meta, 12);
    svms_onvif_put_text(meta, HANDLER_NAME);
    svms_onvif_end_box(meta, hdlr);
}

static void put_description(seal_job *job)
{
    svms_builder *meta = &job->meta;
    const svms_onvif_seal_options *options = &job->options;
    size_t suep = svms_onvif_begin_box(meta, SVMS_ISO_TYPE('s', 'u', 'e', 'p'));
    svms_put_u32(meta, UINT32_C(1) << 24);
    svms_onvif_put_text(meta, options->unit_name);
    svms_onvif_put_text(meta, options->unit_url);
    svms_onvif_put_text(meta, options->unit_mac);
    svms_put_u64(meta, job->export_seconds);
    svms_onvif_put_text(meta, options->export_operator);
    svms_put_u32(meta, job->track_count);
    for (uint32_t i = 0; i < job->track_count; i++) {
        svms_put_u16(meta, (uint16_t)job->ids[i]);
        svms_onvif_put_text(meta, job->tracks[i].name);
        svms_onvif_put_text(meta, job->tracks[i].url);
        svms_onvif_put_text(meta, job->tracks[i].mac);
        svms_onvif_put_text(meta, job->tracks[i].line);
    }
    svms_onvif_end_box(meta, suep);
}

static svms_status build_meta(seal_job *job, svms_error *err)
{
    svms_builder *meta = &job->meta;
    size_t box = svms_onvif_begin_box(meta, SVMS_ISO_TYPE('m', 'e', 't', 'a'));
    svms_put_u32(meta, 0);
    put_handler(meta);
    put_description(job);
    size_t ipro = svms_onvif_begin_box(meta, SVMS_ISO_TYPE('i', 'p', 'r', 'o'));
    svms_put_u32(meta, 0);
    svms_put_u16(meta, 1);
    svms_onvif_put_sinf(meta, &job->signing);
    svms_onvif_end_box(meta, ipro);
    svms_onvif_end_box(meta, box);
    return svms_builder_check(meta, "what is added to the file", err);
}

/* The movie fragment random access box stays the last one. */
static svms_status place_meta(seal_job *job, svms_error *err)
{
    const svms_iso_box *last = &job->file.last;
    uint64_t at = last->type == MFRA ? last->offset : job->file.size;
    if (last->to_end && last->type == MFRA) {
        return svms_fail_at(err, SVMS_E_MALFORMED, last->offset, "the box 'mfra' has no size");
    }
    if (last->to_end && !svms_onvif_add_size(&job->edits, last, last->size)) {
        return svms_fail_at(err, SVMS_E_UNSUPPORTED, last->offset,
                            "the last box says no size, and is too long for its header to say it");
    }
    svms_onvif_add_edit(&job->edits, at, 0, job->meta.data, job->meta.size);
    return SVMS_OK;
}

static svms_status seal(seal_job *job, const svms_sink *sink, svms_error *err)
{
    svms_status status = svms_onvif_outline(&job->file, err);
    if (status == SVMS_OK && job->file.meta_count > 0) {
        return svms_fail_at(err, SVMS_E_STATE, job->file.metas[0].box.offset,
                            "the file has a file-level box 'meta' already");
    }
    if (status == SVMS_OK && job->file.lies_elsewhere) {
        return svms_fail_at(err, SVMS_E_UNSUPPORTED, job->file.moov.offset,
                            "the media of a track lie in another file, which would not be signed");
    }
    if (status == SVMS_OK && job->file.astray[0] != '\0') {
        return svms_fail_at(err, SVMS_E_UNSUPPORTED, job->file.moov.offset, "%s", job->file.astray);
    }
    job->track_count = SVMS_ONVIF_MAX_TRACKS;
    if (status == SVMS_OK) {
        status = svms_onvif_list_tracks(&job->file, job->ids, &job->track_count, err);
    }
    if (status == SVMS_OK) {
        status = take_tracks(job, err);
    }
    if (status == SVMS_OK) {
        status = svms_onvif_check_starts(&job->signing, job->ids, job->track_count, err);
    }
    if (status == SVMS_OK) {
        status = build_meta(job, err);
    }
    if (status == SVMS_OK) {
        status = place_meta(job, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_onvif_lane lane = { .edits = &job->edits, .digest = job->signing.algorithm.digest };
    status = svms_onvif_digest_lanes(&job->file, &lane, 1, err);
    if (status == SVMS_OK) {
        status = svms_onvif_sign(job->file.ctx, job->signing.key, &job->signing.algorithm, lane.out,
                                 job->meta.data + job->signing.signature_at,
                                 job->signing.signature_size, err);
    }
    return status == SVMS_OK ? svms_onvif_write_edited(&job->file, &job->edits, sink, err) : status;
}

svms_status svms_onvif_seal(svms_ctx *ctx, const svms_source *source, const svms_sink *sink,
                            const svms_onvif_seal_options *options, svms_error *err)
{
    if (!ctx || !options || !svms_source_usable(source) || !svms_sink_usable(sink)) {
        return svms_fail(err, SVMS_E_USAGE, "sealing needs a source, a sink and options");
    }
    seal_job *job = svms_alloc(ctx, sizeof *job);
    if (!job) {
        return svms_fail_memory(err);
    }
    job->file.ctx = ctx;
    job->file.source = source;
    job->meta = svms_builder_new(ctx, SVMS_ONVIF_MAX_META);
    svms_status status = accept(job, options, err);
    if (status == SVMS_OK) {
        status = seal(job, sink, err);
    }
    svms_builder_clear(&job->meta);
    svms_release(ctx, job);
    return status;
}
