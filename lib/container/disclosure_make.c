/* SPDX-License-Identifier: Apache-2.0 */
/* Making a disclosure: a reader that verifies every segment of the range, and opens no sample. */
#include <string.h>

#include "disclosure.h"
#include "disclosure_reader.h"
#include "failure.h"
#include "options.h"
#include "stream.h"

#define PROGRESS_STEP UINT64_C(1048576)

typedef struct svms_disclosing {
    svms_ctx *ctx;
    svms_disclosure_options options;
    svms_reader *reader;
    svms_builder bytes;
    uint32_t wanted; /* tracks */
    uint32_t taken;  /* tracks of which something was found */
    uint32_t entries;
    uint64_t current; /* segment that was looked at last, or SVMS_NO_SEGMENT */
    int64_t reached;  /* latest UTC of any segment so far, or SVMS_NO_TIME */
    int64_t first_utc_ns;
    int64_t last_utc_ns;
    bool pending; /* a segment does not verify; whether it concerns the range, the next one tells */
    svms_error trouble;
    bool done;
    uint64_t progress_offset;
} svms_disclosing;

static svms_status accept(svms_disclosure **out, svms_ctx *ctx, const svms_source *source,
                          const svms_disclosure_options *options, svms_disclosure_options *given,
                          svms_error *err)
{
    if (out == NULL || ctx == NULL || source == NULL || options == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "out, ctx, source and options must not be NULL");
    }
    svms_status status =
        svms_options_read(given, sizeof(*given), options, "svms_disclosure_options", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (given->keys == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "what opens the container must be given");
    }
    if (given->from_utc_ns != SVMS_NO_TIME && given->to_utc_ns != SVMS_NO_TIME &&
        given->to_utc_ns <= given->from_utc_ns) {
        return svms_fail(err, SVMS_E_USAGE, "the range ends before it begins");
    }
    return SVMS_OK;
}

static svms_status choose_tracks(svms_disclosing *self, svms_error *err)
{
    const svms_header *header = &self->reader->front.header;
    uint32_t sealed = 0;
    for (uint32_t i = 0; i < header->track_count; i++) {
        sealed |= svms_track_is_sealed(&header->tracks[i]) ? UINT32_C(1) << i : 0;
    }
    for (uint32_t i = 0; i < SVMS_MAX_TRACKS; i++) {
        uint32_t bit = UINT32_C(1) << i;
        if ((self->options.track_mask & bit) != 0 && i >= header->track_count) {
            return svms_fail(err, SVMS_E_USAGE, "there is no track %u", i);
        }
        if ((self->options.track_mask & bit) != 0 && (sealed & bit) == 0) {
            return svms_fail(err, SVMS_E_USAGE, "track %u is stored in the clear: it has no secret",
                             i);
        }
    }
    if (sealed == 0) {
        return svms_fail(err, SVMS_E_USAGE, "no track is encrypted: there is nothing to disclose");
    }
    self->wanted = self->options.track_mask != 0 ? self->options.track_mask : sealed;
    return SVMS_OK;
}

static svms_status open_container(svms_disclosing *self, const svms_source *source, svms_error *err)
{
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    options.keys = self->options.keys;
    options.trust = self->options.trust;
    options.time_policy = self->options.time_policy;
    svms_status status = svms_reader_open(&self->reader, self->ctx, source, &options, err);
    if (status != SVMS_OK) {
        return status;
    }
    self->reader->hollow = true;
    if (self->reader->front.verifier == NULL) {
        return svms_fail(err, SVMS_E_UNTRUSTED,
                         "the recording is not signed, so no secret of it could be checked");
    }
    return choose_tracks(self, err);
}

/* T of one track, and only if it is the one that was signed (C-KEY-5). */
static svms_status take_secret(svms_disclosing *self, uint8_t track, svms_error *err)
{
    const svms_manifest *manifest = &self->reader->segment.manifest;
    const svms_track_entry *entry = svms_manifest_entry(manifest, track);
    uint8_t secret[SVMS_SECRET_SIZE];
    svms_track_keys keys;
    if (entry == NULL) {
        return SVMS_OK;
    }
    svms_status status = svms_reader_secret(self->reader, track, secret, err);
    if (status == SVMS_OK) {
        status = svms_track_keys_derive(self->ctx, secret, &keys, err);
    }
    if (status == SVMS_OK &&
        !svms_equal_secret(keys.commitment, entry->commitment, SVMS_DIGEST_SIZE)) {
        status = svms_fail_at(err, SVMS_E_UNDECRYPTABLE, self->reader->segment.manifest_offset,
                              "track %u was encrypted with another key than was signed (C-KEY-5)",
                              track);
    }
    if (status == SVMS_OK && self->entries == SVMS_MAX_DISCLOSED) {
        status = svms_fail(err, SVMS_E_LIMIT,
                           "the range has more than the %u secrets that a disclosure can hold",
                           SVMS_MAX_DISCLOSED);
    }
    if (status == SVMS_OK) {
        svms_disclosure_put(&self->bytes, manifest->segment, track, secret);
        status = svms_builder_check(&self->bytes, "a disclosure", err);
        self->entries++;
        self->taken |= UINT32_C(1) << track;
    }
    svms_wipe(secret, sizeof(secret));
    svms_wipe(&keys, sizeof(keys));
    return status;
}

static svms_status take_tracks(svms_disclosing *self, svms_error *err)
{
    const svms_manifest *manifest = &self->reader->segment.manifest;
    uint32_t before = self->entries;
    for (uint32_t i = 0; i < self->reader->front.header.track_count; i++) {
        if ((self->wanted & (UINT32_C(1) << i)) == 0) {
            continue;
        }
        svms_status status = take_secret(self, (uint8_t)i, err);
        if (status != SVMS_OK) {
            svms_fail_in_segment(err, manifest->segment);
            return status;
        }
    }
    if (self->entries == before) {
        return SVMS_OK;
    }
    if (self->first_utc_ns == SVMS_NO_TIME || manifest->first_utc_ns < self->first_utc_ns) {
        self->first_utc_ns = manifest->first_utc_ns;
    }
    if (self->last_utc_ns == SVMS_NO_TIME || manifest->last_utc_ns > self->last_utc_ns) {
        self->last_utc_ns = manifest->last_utc_ns;
    }
    return SVMS_OK;
}

static svms_status refuse(const svms_disclosing *self, svms_error *err)
{
    if (err != NULL) {
        *err = self->trouble;
    }
    return self->trouble.status;
}

/* The reader stands in a segment that verifies. */
static svms_status take_segment(svms_disclosing *self, svms_error *err)
{
    const svms_manifest *manifest = &self->reader->segment.manifest;
    int64_t from = self->options.from_utc_ns;
    int64_t to = self->options.to_utc_ns;
    self->current = manifest->segment;
    /* What did not verify lies between the segment before and this one. */
    if (self->pending && (from == SVMS_NO_TIME || manifest->first_utc_ns > from)) {
        return refuse(self, err);
    }
    self->pending = false;
    if (to != SVMS_NO_TIME && manifest->first_utc_ns >= to) {
        self->done = true;
        return SVMS_OK;
    }
    if (self->reached == SVMS_NO_TIME || manifest->last_utc_ns > self->reached) {
        self->reached = manifest->last_utc_ns;
    }
    if (from != SVMS_NO_TIME && manifest->last_utc_ns <= from) {
        return SVMS_OK;
    }
    return take_tracks(self, err);
}

/* Something does not verify. Behind the end of the range that is nothing to this disclosure. */
static void note_trouble(svms_disclosing *self, svms_status status, const svms_error *found)
{
    if (self->options.to_utc_ns != SVMS_NO_TIME && self->reached != SVMS_NO_TIME &&
        self->reached >= self->options.to_utc_ns) {
        self->done = true;
        return;
    }
    if (!self->pending) {
        self->pending = true;
        (void)svms_fail_at(&self->trouble, status, found->offset,
                           "what does not verify is not disclosed: %.180s", found->message);
        self->trouble.segment = found->segment;
    }
}

static svms_status report_progress(svms_disclosing *self, svms_error *err)
{
    const svms_disclosure_options *options = &self->options;
    uint64_t at = self->reader->at;
    if (options->progress == NULL || at < self->progress_offset) {
        return SVMS_OK;
    }
    self->progress_offset = at + PROGRESS_STEP;
    if (options->progress(options->user, at, self->reader->front.window.size) == 0) {
        return SVMS_OK;
    }
    return svms_fail(err, SVMS_E_CANCELLED, "cancelled");
}

static svms_status collect(svms_disclosing *self, svms_error *err)
{
    svms_sample sample = SVMS_SAMPLE_INIT;
    while (!self->done) {
        svms_error found = SVMS_ERROR_INIT;
        svms_status status = svms_reader_next(self->reader, &sample, &found);
        if (status == SVMS_END || status == SVMS_AGAIN) {
            return SVMS_OK;
        }
        if (svms_is_grave(status)) {
            return svms_fail_as(err, status, &found);
        }
        if (status != SVMS_OK) {
            note_trouble(self, status, &found);
        } else if (sample.segment != self->current) {
            status = take_segment(self, err);
            if (status == SVMS_OK) {
                status = report_progress(self, err);
            }
            if (status != SVMS_OK) {
                return status;
            }
        }
    }
    return SVMS_OK;
}

static svms_status judge(const svms_disclosing *self, svms_error *err)
{
    uint32_t missing = self->options.track_mask & ~self->taken;
    if (self->pending) {
        return refuse(self, err);
    }
    if (self->entries == 0 && missing == 0) {
        return svms_fail(err, SVMS_E_INCOMPLETE,
                         "the range holds no complete segment with an encrypted track");
    }
    for (uint32_t i = 0; i < SVMS_MAX_TRACKS; i++) {
        if ((missing & (UINT32_C(1) << i)) != 0) {
            return svms_fail(err, SVMS_E_INCOMPLETE, "the range holds no sample of track %u", i);
        }
    }
    return SVMS_OK;
}

static svms_status make(svms_disclosing *self, const svms_source *source, svms_disclosure **out,
                        svms_error *err)
{
    svms_status status = open_container(self, source, err);
    if (status == SVMS_OK) {
        status = svms_reader_seek(self->reader, self->options.from_utc_ns, err);
    }
    if (status != SVMS_OK && status != SVMS_END) {
        return status;
    }
    self->done = status == SVMS_END;
    svms_disclosure_begin(&self->bytes, &self->reader->front.header);
    status = collect(self, err);
    if (status == SVMS_OK) {
        status = judge(self, err);
    }
    if (status == SVMS_OK) {
        status = svms_disclosure_end(&self->bytes, self->ctx, self->entries, err);
    }
    if (status == SVMS_OK) {
        status = svms_disclosure_parse(out, self->ctx, self->bytes.data, self->bytes.size, err);
    }
    if (status == SVMS_OK) {
        (*out)->info.first_utc_ns = self->first_utc_ns;
        (*out)->info.last_utc_ns = self->last_utc_ns;
    }
    return status;
}

svms_status svms_disclosure_make(svms_disclosure **out, svms_ctx *ctx, const svms_source *source,
                                 const svms_disclosure_options *options, svms_error *err)
{
    svms_disclosure_options given = SVMS_DISCLOSURE_OPTIONS_INIT;
    svms_status status = accept(out, ctx, source, options, &given, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_disclosing self = { 0 };
    self.ctx = ctx;
    self.options = given;
    self.bytes = svms_builder_new(ctx, SVMS_DISCLOSURE_LARGEST);
    self.current = SVMS_NO_SEGMENT;
    self.reached = SVMS_NO_TIME;
    self.first_utc_ns = SVMS_NO_TIME;
    self.last_utc_ns = SVMS_NO_TIME;
    self.trouble = (svms_error)SVMS_ERROR_INIT;
    status = make(&self, source, out, err);
    svms_reader_close(&self.reader);
    svms_builder_clear(&self.bytes);
    return status;
}
