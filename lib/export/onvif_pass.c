/* SPDX-License-Identifier: Apache-2.0 */
/* One pass over a source, for digests or for a new file. */
#include <openssl/err.h>
#include <openssl/evp.h>

#include "failure.h"
#include "onvif_edit.h"

#define BLOCK_SIZE ((size_t)256 * 1024)

typedef svms_status (*take_block)(void *user, uint64_t offset, const uint8_t *data, size_t size,
                                  svms_error *err);

static svms_status read_through(const svms_onvif_file *file, take_block take, void *user,
                                svms_error *err)
{
    uint8_t *block = svms_alloc(file->ctx, BLOCK_SIZE);
    if (!block) {
        return svms_fail_memory(err);
    }
    svms_status status = SVMS_OK;
    for (uint64_t offset = 0; status == SVMS_OK && offset < file->size;) {
        uint64_t left = file->size - offset;
        size_t size = left < BLOCK_SIZE ? (size_t)left : BLOCK_SIZE;
        status = svms_source_read(file->source, offset, block, size, err);
        if (status == SVMS_OK) {
            status = take(user, offset, block, size, err);
        }
        offset += size;
        if (status == SVMS_OK && file->progress &&
            file->progress(file->user, offset, file->size) != 0) {
            status = svms_fail(err, SVMS_E_CANCELLED, "cancelled");
        }
    }
    svms_release_secret(file->ctx, block, BLOCK_SIZE);
    return status;
}

typedef struct digest_job {
    svms_ctx *ctx;
    svms_onvif_lane *lanes;
    uint32_t count;
    uint64_t fork; /* what comes before is the same for all */
    bool forked;
    EVP_MD *algorithms[SVMS_ONVIF_DIGESTS];
    EVP_MD_CTX *shared[SVMS_ONVIF_DIGESTS];
} digest_job;

/* An svms_onvif_take. */
static svms_status hash(void *user, const void *data, size_t size, svms_error *err)
{
    svms_onvif_lane *lane = user;
    return EVP_DigestUpdate(lane->state, data, size) == 1
               ? SVMS_OK
               : svms_fail_crypto(err, "cannot hash the file");
}

static svms_status fork_lanes(digest_job *job, svms_error *err)
{
    for (uint32_t i = 0; i < job->count; i++) {
        svms_onvif_lane *lane = &job->lanes[i];
        if (EVP_MD_CTX_copy_ex(lane->state, job->shared[lane->digest]) != 1) {
            return svms_fail_crypto(err, "cannot hash the file");
        }
    }
    job->forked = true;
    return SVMS_OK;
}

/* A take_block. */
static svms_status hash_block(void *user, uint64_t offset, const uint8_t *data, size_t size,
                              svms_error *err)
{
    digest_job *job = user;
    size_t common = 0;
    if (!job->forked) {
        common = job->fork - offset < size ? (size_t)(job->fork - offset) : size;
        for (unsigned i = 0; i < SVMS_ONVIF_DIGESTS; i++) {
            if (job->shared[i] && EVP_DigestUpdate(job->shared[i], data, common) != 1) {
                return svms_fail_crypto(err, "cannot hash the file");
            }
        }
        if (common == size) {
            return SVMS_OK;
        }
        svms_status status = fork_lanes(job, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    svms_status status = SVMS_OK;
    for (uint32_t i = 0; status == SVMS_OK && i < job->count; i++) {
        svms_onvif_lane *lane = &job->lanes[i];
        status = svms_onvif_feed(&lane->editor, offset + common, data + common, size - common, hash,
                                 lane, err);
    }
    return status;
}

static svms_status prepare(digest_job *job, svms_error *err)
{
    static const char failed[] = "cannot prepare to hash the file";
    for (uint32_t i = 0; i < job->count; i++) {
        svms_onvif_lane *lane = &job->lanes[i];
        unsigned kind = lane->digest;
        if (!job->shared[kind]) {
            job->algorithms[kind] =
                EVP_MD_fetch(svms_ossl_context(job->ctx), svms_onvif_digest_name(lane->digest),
                             svms_ossl_properties(job->ctx));
            job->shared[kind] = EVP_MD_CTX_new();
            if (!job->algorithms[kind] || !job->shared[kind] ||
                EVP_DigestInit_ex2(job->shared[kind], job->algorithms[kind], NULL) != 1) {
                return svms_fail_crypto(err, failed);
            }
        }
        lane->state = EVP_MD_CTX_new();
        lane->editor = (svms_onvif_editor){ lane->edits, 0, 0 };
        if (!lane->state) {
            return svms_fail_crypto(err, failed);
        }
        uint64_t first = lane->edits->count > 0 ? lane->edits->list[0].at : UINT64_MAX;
        job->fork = first < job->fork ? first : job->fork;
    }
    return SVMS_OK;
}

static svms_status conclude(digest_job *job, uint64_t size, svms_error *err)
{
    svms_status status = job->forked ? SVMS_OK : fork_lanes(job, err);
    for (uint32_t i = 0; status == SVMS_OK && i < job->count; i++) {
        svms_onvif_lane *lane = &job->lanes[i];
        status = svms_onvif_feed_end(&lane->editor, size, hash, lane, err);
        if (status == SVMS_OK && EVP_DigestFinal_ex(lane->state, lane->out, NULL) != 1) {
            status = svms_fail_crypto(err, "cannot hash the file");
        }
    }
    return status;
}

svms_status svms_onvif_digest_lanes(const svms_onvif_file *file, svms_onvif_lane *lanes,
                                    uint32_t count, svms_error *err)
{
    digest_job job = { .ctx = file->ctx, .lanes = lanes, .count = count, .fork = UINT64_MAX };
    svms_status status = prepare(&job, err);
    if (status == SVMS_OK) {
        status = read_through(file, hash_block, &job, err);
    }
    if (status == SVMS_OK) {
        status = conclude(&job, file->size, err);
    }
    for (uint32_t i = 0; i < count; i++) {
        EVP_MD_CTX_free(lanes[i].state);
        lanes[i].state = NULL;
    }
    for (unsigned i = 0; i < SVMS_ONVIF_DIGESTS; i++) {
        EVP_MD_CTX_free(job.shared[i]);
        EVP_MD_free(job.algorithms[i]);
    }
    ERR_clear_error();
    return status;
}

typedef struct write_job {
    svms_onvif_editor editor;
    const svms_sink *sink;
} write_job;

/* An svms_onvif_take. */
static svms_status write_run(void *user, const void *data, size_t size, svms_error *err)
{
    const svms_iovec run = { data, size };
    return svms_sink_write(user, &run, 1, err);
}

/* A take_block. */
static svms_status write_block(void *user, uint64_t offset, const uint8_t *data, size_t size,
                               svms_error *err)
{
    write_job *job = user;
    return svms_onvif_feed(&job->editor, offset, data, size, write_run,
                           (void *)(uintptr_t)job->sink, err);
}

svms_status svms_onvif_write_edited(const svms_onvif_file *file, const svms_onvif_edits *edits,
                                    const svms_sink *sink, svms_error *err)
{
    write_job job = { { edits, 0, 0 }, sink };
    svms_status status = read_through(file, write_block, &job, err);
    if (status == SVMS_OK) {
        status =
            svms_onvif_feed_end(&job.editor, file->size, write_run, (void *)(uintptr_t)sink, err);
    }
    return status == SVMS_OK ? svms_sink_sync(sink, err) : status;
}
