/* SPDX-License-Identifier: Apache-2.0 */
/* Every later signature of an export file (O-SIGN). */
#include "failure.h"
#include "onvif_build.h"
#include "onvif_check.h"
#include "options.h"

typedef struct sign_job {
    svms_onvif_file file;
    svms_onvif_countersign_options options;
    svms_onvif_signing signing;
    svms_onvif_checked checked[SVMS_ONVIF_MAX_SIGNATURES];
    svms_builder sinf;
    svms_onvif_edits edits;
} sign_job;

static svms_status accept(sign_job *job, const svms_onvif_countersign_options *options,
                          svms_error *err)
{
    svms_status status = svms_options_read(&job->options, sizeof job->options, options,
                                           "svms_onvif_countersign_options", err);
    if (status != SVMS_OK) {
        return status;
    }
    job->signing = (svms_onvif_signing){ .ctx = job->file.ctx,
                                         .chain = job->options.chain,
                                         .key = job->options.key,
                                         .note = job->options.note,
                                         .starts = job->options.starts,
                                         .start_count = job->options.start_count };
    job->file.progress = job->options.progress;
    job->file.user = job->options.user;
    return svms_onvif_prepare_signing(&job->signing, SVMS_ROLE_CUSTODIAN, SVMS_ROLE_EXPORTER, err);
}

/* The file must be one to which a signature can be added without moving its boxes (O-HASH-5). */
static svms_status check_place(const svms_onvif_file *file, svms_error *err)
{
    if (file->sinf_count == 0) {
        return svms_fail(err, SVMS_E_STATE, "nobody has sealed the file yet");
    }
    if (file->sinf_count == SVMS_ONVIF_MAX_SIGNATURES) {
        return svms_fail(err, SVMS_E_LIMIT, "the file has %d signatures; there is no room for more",
                         SVMS_ONVIF_MAX_SIGNATURES);
    }
    const svms_iso_box *meta = &file->metas[file->sinfs[file->sinf_count - 1].meta].box;
    if (file->fixed_end > meta->offset) {
        return svms_fail_at(err, SVMS_E_UNSUPPORTED, meta->offset,
                            "other boxes than 'mfra' lie behind the signatures, and another one "
                            "would move them");
    }
    return SVMS_OK;
}

static svms_status check_tracks(const sign_job *job, svms_error *err)
{
    uint32_t ids[SVMS_ONVIF_MAX_TRACKS];
    uint32_t count = SVMS_ONVIF_MAX_TRACKS;
    if (job->signing.start_count == 0) {
        return SVMS_OK;
    }
    svms_status status = svms_onvif_list_tracks(&job->file, ids, &count, err);
    return status == SVMS_OK ? svms_onvif_check_starts(&job->signing, ids, count, err) : status;
}

static svms_status place_sinf(sign_job *job, svms_error *err)
{
    const svms_onvif_file *file = &job->file;
    const svms_onvif_meta *meta = &file->metas[file->sinfs[file->sinf_count - 1].meta];
    svms_builder *sinf = &job->sinf;
    svms_onvif_put_sinf(sinf, &job->signing);
    svms_status status = svms_builder_check(sinf, "what is added to the file", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!svms_onvif_add_size(&job->edits, &meta->box, meta->box.size + sinf->size) ||
        !svms_onvif_add_size(&job->edits, &meta->ipro, meta->ipro.size + sinf->size)) {
        return svms_fail_at(err, SVMS_E_LIMIT, meta->box.offset,
                            "the box with the signatures cannot become larger");
    }
    svms_onvif_add_edit(&job->edits, meta->ipro.offset + meta->ipro.size, 0, sinf->data,
                        sinf->size);
    return SVMS_OK;
}

static svms_status check_earlier(const sign_job *job, svms_error *err)
{
    for (uint32_t i = 0; i < job->file.sinf_count; i++) {
        if (!job->checked[i].holds) {
            return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, job->file.sinfs[i].box.offset,
                                "signature %u does not hold: %s", (unsigned)i + 1,
                                job->checked[i].reason);
        }
    }
    return SVMS_OK;
}

static svms_status sign_and_write(sign_job *job, const svms_onvif_lane *lane, const svms_sink *sink,
                                  svms_error *err)
{
    const svms_onvif_file *file = &job->file;
    const svms_onvif_meta *meta = &file->metas[file->sinfs[file->sinf_count - 1].meta];
    svms_builder *sinf = &job->sinf;
    svms_status status =
        svms_onvif_sign(file->ctx, job->signing.key, &job->signing.algorithm, lane->out,
                        sinf->data + job->signing.signature_at, job->signing.signature_size, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!svms_onvif_may_append(meta, sinf->data, sinf->size)) {
        return svms_fail_at(err, SVMS_E_UNSUPPORTED, meta->box.offset,
                            "the box 'meta' does not begin with the handler of the format, and "
                            "what is added has the letters 'hdlr', which players look for");
    }
    return svms_onvif_write_edited(file, &job->edits, sink, err);
}

static svms_status countersign(sign_job *job, const svms_sink *sink, svms_error *err)
{
    svms_status status = svms_onvif_outline(&job->file, err);
    if (status == SVMS_OK) {
        status = check_place(&job->file, err);
    }
    if (status == SVMS_OK) {
        status = check_tracks(job, err);
    }
    if (status == SVMS_OK) {
        status = place_sinf(job, err);
    }
    svms_onvif_lane lane = { .edits = &job->edits, .digest = job->signing.algorithm.digest };
    if (status == SVMS_OK) {
        status = svms_onvif_check_all(&job->file, NULL, job->checked, &lane, err);
    }
    if (status == SVMS_OK) {
        status = check_earlier(job, err);
    }
    return status == SVMS_OK ? sign_and_write(job, &lane, sink, err) : status;
}

svms_status svms_onvif_countersign(svms_ctx *ctx, const svms_source *source, const svms_sink *sink,
                                   const svms_onvif_countersign_options *options, svms_error *err)
{
    if (!ctx || !options || !svms_source_usable(source) || !svms_sink_usable(sink)) {
        return svms_fail(err, SVMS_E_USAGE, "signing needs a source, a sink and options");
    }
    sign_job *job = svms_alloc(ctx, sizeof *job);
    if (!job) {
        return svms_fail_memory(err);
    }
    job->file.ctx = ctx;
    job->file.source = source;
    job->sinf = svms_builder_new(ctx, SVMS_ONVIF_MAX_META);
    svms_status status = accept(job, options, err);
    if (status == SVMS_OK) {
        status = countersign(job, sink, err);
    }
    svms_onvif_checked_clear(job->checked, job->file.sinf_count);
    svms_builder_clear(&job->sinf);
    svms_release(ctx, job);
    return status;
}
