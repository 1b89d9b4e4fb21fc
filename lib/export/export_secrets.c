/* SPDX-License-Identifier: Apache-2.0 */
/* By what the receiver of a package opens samples: the secrets of tracks in segments. */
#include <stdio.h>
#include <string.h>

#include "disclosure.h"
#include "export_pieces.h"
#include "failure.h"

/* Nobody gets more than what he needs: what was decoded, or is not there, needs no secret. */
static bool wants_secret(const svms_source_job *job, uint32_t track, uint64_t segment)
{
    const svms_export_source *options = &job->options;
    if ((options->removed_tracks & (UINT32_C(1) << track)) != 0 ||
        !svms_track_is_sealed(&job->front.header.tracks[track])) {
        return false;
    }
    if (job->package->options.kind != SVMS_EXPORT_PROOF ||
        options->presented == SVMS_PRESENTED_ALL) {
        return true;
    }
    return options->presented == SVMS_PRESENTED_ONE && track == options->presented_track &&
           segment == options->presented_segment;
}

static bool needs_keys(const svms_source_job *job)
{
    for (uint32_t i = 0; i < job->front.header.track_count; i++) {
        if (wants_secret(job, i, job->options.presented_segment)) {
            return true;
        }
    }
    return false;
}

static bool has_disclosure(const svms_source_job *job)
{
    const svms_keyring *ring = job->options.keys;
    for (size_t i = 0; ring != NULL && i < ring->disclosure_count; i++) {
        if (svms_disclosure_fits(ring->disclosures[i], &job->front.header)) {
            return true;
        }
    }
    return false;
}

svms_status svms_export_unlock(svms_source_job *job, svms_error *err)
{
    svms_error found = SVMS_ERROR_INIT;
    svms_status status = SVMS_E_WRONG_KEY;
    if (!job->front.header.has_keys) {
        return SVMS_OK;
    }
    if (job->options.keys != NULL) {
        status = svms_front_unlock(&job->front, job->options.keys, &found);
    } else {
        (void)svms_fail(&found, status,
                        "the container is encrypted, and nothing was given that "
                        "opens it");
    }
    if (status == SVMS_E_WRONG_KEY && (!needs_keys(job) || has_disclosure(job))) {
        return SVMS_OK;
    }
    return status == SVMS_OK ? SVMS_OK : svms_fail_as(err, status, &found);
}

static svms_status find_secret(const svms_source_job *job, const svms_manifest *manifest,
                               uint8_t track, uint8_t out[SVMS_SECRET_SIZE], svms_error *err)
{
    const svms_keyring *ring = job->options.keys;
    if (job->front.unlocked) {
        return svms_track_secret(job->package->ctx, job->front.segment_root, manifest->segment,
                                 track, manifest->salt, out, err);
    }
    for (size_t i = 0; ring != NULL && i < ring->disclosure_count; i++) {
        if (svms_disclosure_fits(ring->disclosures[i], &job->front.header) &&
            svms_disclosure_find(ring->disclosures[i], manifest->segment, track, out)) {
            return SVMS_OK;
        }
    }
    return svms_fail(err, SVMS_E_WRONG_KEY, "nothing that was given opens track %u of segment %llu",
                     track, (unsigned long long)manifest->segment);
}

/* Appends one secret, if it is the one that was signed (C-KEY-5). */
static svms_status take_secret(svms_source_job *job, const svms_manifest *manifest,
                               const svms_track_entry *entry, svms_builder *out, bool *fits,
                               svms_error *err)
{
    uint8_t secret[SVMS_SECRET_SIZE];
    svms_track_keys keys;
    svms_status status = find_secret(job, manifest, entry->track, secret, err);
    if (status == SVMS_OK) {
        status = svms_track_keys_derive(job->package->ctx, secret, &keys, err);
    }
    if (status == SVMS_OK &&
        !svms_equal_secret(keys.commitment, entry->commitment, SVMS_DIGEST_SIZE)) {
        *fits = false;
    } else if (status == SVMS_OK) {
        svms_put_u8(out, entry->track);
        svms_put_bytes(out, secret, sizeof(secret));
        status = svms_builder_check(out, "the secrets of a segment", err);
    }
    svms_wipe(secret, sizeof(secret));
    svms_wipe(&keys, sizeof(keys));
    return status;
}

static void note_mismatch(svms_source_job *job, const svms_piece *piece,
                          const svms_manifest *manifest)
{
    svms_finding finding = SVMS_FINDING_INIT;
    finding.verdict = SVMS_VERDICT_UNDECRYPTABLE;
    finding.segment = manifest->segment;
    finding.utc_ns = manifest->first_utc_ns;
    finding.offset = piece->offset;
    (void)snprintf(finding.reason, sizeof(finding.reason),
                   "the key that was given is not the one that was signed (C-KEY-5)");
    if (job->mismatch.verdict == SVMS_VERDICT_AUTHENTIC) {
        job->mismatch = finding;
    }
    svms_export_declare(job, &finding);
}

svms_status svms_export_secrets(svms_source_job *job, const svms_piece *piece,
                                const svms_manifest *manifest, uint8_t out[SVMS_MAX_PART_A],
                                size_t *size, bool *fits, svms_error *err)
{
    svms_builder secrets = svms_builder_new(job->package->ctx, SVMS_MAX_PART_A);
    svms_status status = SVMS_OK;
    /* The secret of another segment could be asked for with a manifest that nobody signed. */
    uint32_t entries = manifest == NULL || piece->unattested ? 0 : manifest->entry_count;
    *size = 0;
    *fits = true;
    for (uint32_t i = 0; i < entries && status == SVMS_OK; i++) {
        const svms_track_entry *entry = &manifest->entries[i];
        if (entry->track < job->front.header.track_count &&
            wants_secret(job, entry->track, manifest->segment)) {
            status = take_secret(job, manifest, entry, &secrets, fits, err);
        }
    }
    if (status == SVMS_OK && secrets.size != 0) {
        memcpy(out, secrets.data, secrets.size);
        *size = secrets.size;
    }
    svms_builder_clear(&secrets);
    if (status == SVMS_OK && !*fits) {
        note_mismatch(job, piece, manifest);
        if (job->options.include_unverified == 0) {
            status =
                svms_fail_at(err, SVMS_E_UNDECRYPTABLE, piece->offset, "%s", job->mismatch.reason);
        }
    }
    return status;
}
