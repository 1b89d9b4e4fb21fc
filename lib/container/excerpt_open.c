/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets that are carried with an excerpt: whether they are the ones that were signed, and whether
 * samples open with them (E-FRM-3, E-VER-7). */
#include "excerpt_internal.h"
#include "failure.h"
#include "reader_internal.h"

/* T of one track, if it is carried. *fits: it is the one that was signed (C-KEY-5). */
static svms_status compare_secret(svms_verification *verification, const svms_track_entry *entry,
                                  bool *found, bool *fits, svms_error *err)
{
    const svms_excerpt_walk *walk = verification->carried;
    uint8_t secret[SVMS_SECRET_SIZE] = { 0 };
    svms_track_keys keys;
    svms_error why = SVMS_ERROR_INIT;
    *found = false;
    *fits = false;
    svms_status status =
        walk->given->secret(walk->given->user, walk->n, entry->track, found, secret, &why);
    if (status == SVMS_OK && *found) {
        status = svms_track_keys_derive(verification->ctx, secret, &keys, &why);
        *fits = status == SVMS_OK &&
                svms_equal_secret(keys.commitment, entry->commitment, SVMS_DIGEST_SIZE);
        svms_wipe(&keys, sizeof(keys));
    }
    svms_wipe(secret, sizeof(secret));
    return status == SVMS_OK ? SVMS_OK : svms_fail_as(err, status, &why);
}

static svms_status take_track(svms_verification *verification, const svms_segment *segment,
                              const svms_track_entry *entry, svms_error *err)
{
    svms_excerpt_walk *walk = verification->carried;
    const svms_manifest *manifest = &segment->manifest;
    bool removed = svms_track_is_removed(&verification->scanner, entry->track);
    bool found = false;
    bool fits = false;
    svms_status status = compare_secret(verification, entry, &found, &fits, err);
    if (status != SVMS_OK) {
        return status;
    }
    walk->secrets += found && fits;
    walk->without += !found && !removed;
    if (found && removed) {
        svms_verification_find(verification, SVMS_VERDICT_NOT_AUTHENTIC, manifest->segment,
                               manifest->first_utc_ns, segment->manifest_offset,
                               "a secret of a track that was removed is carried (E-SRC-3)");
    } else if (found && !fits) {
        walk->unfit = true;
        svms_verification_find(verification, SVMS_VERDICT_UNDECRYPTABLE, manifest->segment,
                               manifest->first_utc_ns, segment->manifest_offset,
                               "a secret is not the one that was signed (C-KEY-5)");
    }
    return SVMS_OK;
}

svms_status svms_verify_carried_secrets(svms_verification *verification,
                                        const svms_segment *segment, svms_error *err)
{
    const svms_header *header = &verification->front.header;
    svms_status status = SVMS_OK;
    if (verification->carried->given->secret == NULL) {
        return SVMS_OK;
    }
    for (uint32_t i = 0; i < header->track_count && status == SVMS_OK; i++) {
        const svms_track_entry *entry = svms_manifest_entry(&segment->manifest, (uint8_t)i);
        if (entry != NULL && svms_track_is_sealed(&header->tracks[i])) {
            status = take_track(verification, segment, entry, err);
        }
    }
    return status;
}

/* Every sample that is carried; what does not verify was reported already. */
static svms_status open_all(svms_verification *verification, svms_reader *reader, svms_error *err)
{
    svms_sample sample = SVMS_SAMPLE_INIT;
    for (;;) {
        svms_error found = SVMS_ERROR_INIT;
        svms_status status = svms_reader_next(reader, &sample, &found);
        if (status == SVMS_END || status == SVMS_AGAIN) {
            return SVMS_OK;
        }
        if (svms_is_grave(status)) {
            return svms_fail_as(err, status, &found);
        }
        if (status == SVMS_E_UNDECRYPTABLE) {
            verification->report.access = SVMS_ACCESS_FAILED;
            svms_verification_find(verification, SVMS_VERDICT_UNDECRYPTABLE, found.segment,
                                   SVMS_NO_TIME, found.offset, found.message);
            return SVMS_OK;
        }
        if (!svms_verification_tick(verification, reader->at)) {
            return svms_fail(err, SVMS_E_CANCELLED, "cancelled");
        }
    }
}

svms_status svms_verify_carried_samples(svms_verification *verification, svms_error *err)
{
    const svms_excerpt_walk *walk = verification->carried;
    svms_report *report = &verification->report;
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_reader *reader = NULL;
    svms_error found = SVMS_ERROR_INIT;
    report->access = SVMS_ACCESS_CLEAR;
    for (uint32_t i = 0; i < verification->front.header.track_count; i++) {
        if (svms_track_is_sealed(&verification->front.header.tracks[i])) {
            report->access = SVMS_ACCESS_NOT_TRIED;
        }
    }
    if (walk->unfit) {
        report->access = SVMS_ACCESS_FAILED;
    }
    if (!walk->open_samples || walk->unfit || walk->secrets == 0) {
        return SVMS_OK;
    }
    options.allow_unverified = 1;
    svms_status status =
        svms_reader_open_excerpt(&reader, verification->ctx, walk->given, &options, &found);
    if (status != SVMS_OK) {
        return svms_fail_as(err, status, &found);
    }
    report->access =
        walk->without == 0 && walk->hidden == 0 ? SVMS_ACCESS_OPENED : SVMS_ACCESS_DISCLOSED;
    verification->progress_base = verification->front.window.size;
    verification->progress_offset = 0;
    status = open_all(verification, reader, err);
    svms_reader_close(&reader);
    return status;
}
