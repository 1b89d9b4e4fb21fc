/* SPDX-License-Identifier: Apache-2.0 */
/* How a recording goes on: what was found on the medium against what was kept off it. */
#include <string.h>

#include "failure.h"
#include "options.h"
#include "reader_internal.h"
#include "recording_internal.h"

static bool same_id(const uint8_t a[16], const uint8_t b[16])
{
    return memcmp(a, b, 16) == 0;
}

/* Segments of a container, so that none comes before the first. */
static uint64_t segments_of(const svms_head *head)
{
    return head->segment == SVMS_NO_SEGMENT ? 0 : head->segment + 1;
}

/* What the first link says; C-SEQ-1. */
static svms_link_state compare(const svms_head *found, const svms_head *remembered,
                               svms_link_state newer)
{
    if (!same_id(found->recording_id, remembered->recording_id)) {
        return SVMS_LINK_MISMATCH;
    }
    if (found->recording_sequence < remembered->recording_sequence) {
        return SVMS_LINK_MISSING;
    }
    if (same_id(found->container_id, remembered->container_id)) {
        if (segments_of(found) < segments_of(remembered)) {
            return SVMS_LINK_MISMATCH;
        }
        if (found->segment == remembered->segment) {
            return memcmp(found->manifest_hash, remembered->manifest_hash, SVMS_DIGEST_SIZE) == 0
                       ? SVMS_LINK_VERIFIED
                       : SVMS_LINK_MISMATCH;
        }
    } else if (found->recording_sequence == remembered->recording_sequence) {
        return SVMS_LINK_MISMATCH;
    }
    return newer == SVMS_LINK_NONE ? SVMS_LINK_UNCHECKED : newer;
}

static svms_status choose_recording(svms_recording *recording, const svms_head *known,
                                    svms_error *err)
{
    static const uint8_t none[16] = { 0 };
    uint8_t *id = recording->writer.recording_id;
    if (known == NULL) {
        return same_id(id, none) ? svms_random(recording->ctx, id, 16, err) : SVMS_OK;
    }
    if (!same_id(id, none) && !same_id(id, known->recording_id)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "the recording that is continued has another recording id");
    }
    memcpy(id, known->recording_id, 16);
    return SVMS_OK;
}

static uint64_t number_after(const svms_head *found, const svms_head *remembered)
{
    uint64_t last = 0;
    if (remembered != NULL) {
        last = remembered->recording_sequence;
    }
    if (found != NULL && found->recording_sequence > last &&
        (remembered == NULL || same_id(found->recording_id, remembered->recording_id))) {
        last = found->recording_sequence;
    }
    return last + 1;
}

svms_status svms_recording_link(svms_recording *recording, const svms_head *found,
                                const svms_head *remembered, svms_error *err)
{
    const svms_head *known = remembered != NULL ? remembered : found;
    svms_link_state state = SVMS_LINK_NONE;
    if (found == NULL && remembered != NULL) {
        state = SVMS_LINK_MISSING;
    } else if (found != NULL && remembered == NULL) {
        state = SVMS_LINK_UNCHECKED;
    } else if (found != NULL) {
        state = compare(found, remembered, recording->options.remembered_state);
    }
    svms_status status = choose_recording(recording, known, err);
    if (status != SVMS_OK) {
        return status;
    }
    recording->link_state = state;
    recording->stats.link_state = state;
    recording->next_sequence =
        known == NULL ? recording->options.first_sequence : number_after(found, remembered);
    if (known == NULL) {
        return SVMS_OK;
    }
    if (recording->next_sequence == 0) {
        return svms_fail(err, SVMS_E_USAGE, "the recording has no number left");
    }
    bool good = state == SVMS_LINK_VERIFIED || state == SVMS_LINK_UNCHECKED;
    recording->previous = good ? *found : *remembered;
    if (!good) {
        svms_log(recording->ctx, SVMS_LOG_ERROR,
                 "the end of the recording is %s what was remembered off the medium (container "
                 "%llu); the new container's header says so",
                 state == SVMS_LINK_MISSING ? "not there, against" : "not",
                 (unsigned long long)remembered->recording_sequence);
    }
    return SVMS_OK;
}

/* Reads on until the segment. *state stays MISMATCH unless it is there as remembered. */
static svms_status look_for(svms_reader *reader, const svms_head *remembered,
                            svms_link_state *state, svms_error *err)
{
    for (;;) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        svms_status status = svms_reader_next(reader, &sample, err);
        if (status == SVMS_END || status == SVMS_AGAIN) {
            return SVMS_OK;
        }
        if (svms_is_grave(status)) {
            return status;
        }
        if (status != SVMS_OK || sample.segment < remembered->segment) {
            continue;
        }
        const svms_segment *segment = &reader->segment;
        if (sample.segment == remembered->segment && segment->believed &&
            segment->problem.status == SVMS_OK &&
            memcmp(segment->hash, remembered->manifest_hash, SVMS_DIGEST_SIZE) == 0) {
            *state = SVMS_LINK_VERIFIED;
        }
        return SVMS_OK;
    }
}

static svms_status look(svms_reader *reader, const svms_head *remembered, svms_link_state *state,
                        svms_error *err)
{
    int64_t last = remembered->last_utc_ns;
    *state = SVMS_LINK_MISMATCH;
    if (remembered->segment == SVMS_NO_SEGMENT) {
        if (memcmp(reader->front.header.hash, remembered->manifest_hash, SVMS_DIGEST_SIZE) == 0) {
            *state = SVMS_LINK_VERIFIED;
        }
        return SVMS_OK;
    }
    if (last != SVMS_NO_TIME) {
        svms_status status = svms_reader_seek(reader, last - 1, err);
        if (status == SVMS_OK) {
            status = look_for(reader, remembered, state, err);
        }
        if (svms_is_grave(status)) {
            return status;
        }
        if (*state == SVMS_LINK_VERIFIED) {
            return SVMS_OK;
        }
    }
    /* The last segment is not always the one that holds the latest moment. */
    svms_status status = svms_reader_seek(reader, SVMS_NO_TIME, err);
    return status == SVMS_OK ? look_for(reader, remembered, state, err) : status;
}

svms_status svms_container_holds(svms_ctx *ctx, const svms_source *source,
                                 const svms_head *remembered, svms_link_state *state,
                                 svms_error *err)
{
    svms_head head = SVMS_HEAD_INIT;
    svms_reader *reader = NULL;
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_link_state found = SVMS_LINK_MISSING;
    if (remembered == NULL || state == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "remembered and state must not be NULL");
    }
    svms_status status = svms_options_read(&head, sizeof(head), remembered, "svms_head", err);
    if (status != SVMS_OK) {
        return status;
    }
    /* What was signed by nobody, or not yet, is compared as well. */
    options.allow_unverified = 1;
    status = svms_reader_open(&reader, ctx, source, &options, err);
    if (status != SVMS_OK) {
        return status;
    }
    reader->hollow = true;
    if (same_id(reader->front.header.container_id, head.container_id)) {
        status = look(reader, &head, &found, err);
    }
    svms_reader_close(&reader);
    if (status == SVMS_OK) {
        *state = found;
    }
    return status;
}
