/* SPDX-License-Identifier: Apache-2.0 */
/* Handing out one sample of a segment that has been scanned. */
#include <string.h>

#include "disclosure_reader.h"
#include "failure.h"

#define STEP_SIZE 16384u

void svms_reader_reset_tracks(svms_reader *reader)
{
    for (uint32_t i = 0; i < reader->front.header.track_count; i++) {
        reader->tracks[i].state = SVMS_TRACK_NEW;
        reader->tracks[i].leaves = 0;
        svms_wipe(&reader->tracks[i].keys, sizeof(reader->tracks[i].keys));
    }
    reader->ordinal = 0;
}

/* C-KEY-4, C-KEY-5, C-DIS-2: derives, and compares the commitment when a signed manifest states
 * it; a disclosed secret is not used without that. */
static svms_status derive_keys(svms_reader *reader, uint8_t number, svms_error *err)
{
    svms_reader_track *track = &reader->tracks[number];
    const svms_segment *segment = &reader->segment;
    const svms_track_entry *entry =
        segment->believed ? svms_manifest_entry(&segment->manifest, number) : NULL;
    uint8_t secret[SVMS_SECRET_SIZE];
    svms_status status = SVMS_OK;
    /* Of an excerpt, a commitment that is believed is enough (E-FRM-3). */
    bool checked = entry != NULL && (reader->attested || reader->carried);
    if (svms_reader_is_disclosed(reader) && !checked) {
        track->state = SVMS_TRACK_HIDDEN;
        return SVMS_OK;
    }
    if (track->aead == NULL) {
        status = svms_aead_new(&track->aead, reader->ctx, err);
    }
    if (status == SVMS_OK) {
        status = svms_reader_secret(reader, number, secret, err);
        track->state = status == SVMS_E_WRONG_KEY ? SVMS_TRACK_HIDDEN : SVMS_TRACK_NEW;
    }
    if (status == SVMS_OK) {
        status = svms_track_keys_derive(reader->ctx, secret, &track->keys, err);
    }
    svms_wipe(secret, sizeof(secret));
    if (status != SVMS_OK) {
        return status;
    }
    if (entry != NULL &&
        !svms_equal_secret(entry->commitment, track->keys.commitment, SVMS_DIGEST_SIZE)) {
        track->state = SVMS_TRACK_UNFIT;
        return SVMS_OK;
    }
    if (!svms_aead_set_key(track->aead, track->keys.key, false)) {
        return svms_fail_crypto(err, "setting a key");
    }
    svms_wipe(track->keys.key, sizeof(track->keys.key));
    track->state = SVMS_TRACK_READY;
    return SVMS_OK;
}

static svms_status refuse_hidden(const svms_reader *reader, uint8_t number, svms_error *err)
{
    unsigned long long segment = reader->segment.start.segment;
    if (!reader->attested) {
        return svms_fail_at(err, SVMS_E_WRONG_KEY, reader->at,
                            "segment %llu is not attested, so nothing that was disclosed of it can "
                            "be checked (C-DIS-2)",
                            segment);
    }
    return svms_fail_at(err, SVMS_E_WRONG_KEY, reader->at,
                        "track %u of segment %llu was not disclosed", number, segment);
}

static svms_status refuse_unfit(const svms_reader *reader, uint8_t number, svms_error *err)
{
    if (svms_reader_is_disclosed(reader)) {
        return svms_fail_at(err, SVMS_E_UNDECRYPTABLE, reader->at,
                            "the secret disclosed for track %u of segment %llu is wrong (C-DIS-2)",
                            number, (unsigned long long)reader->segment.start.segment);
    }
    return svms_fail_at(err, SVMS_E_UNDECRYPTABLE, reader->at,
                        "track %u was encrypted with another key than was signed (C-KEY-5)",
                        number);
}

static svms_status prepare_keys(svms_reader *reader, uint8_t number, svms_error *err)
{
    if (!svms_track_is_sealed(&reader->front.header.tracks[number])) {
        return SVMS_OK;
    }
    if (!reader->front.unlocked && !svms_reader_is_disclosed(reader)) {
        return svms_fail_at(err, SVMS_E_WRONG_KEY, reader->at,
                            "track %u is encrypted and no key was given", number);
    }
    if (reader->tracks[number].state == SVMS_TRACK_NEW) {
        svms_status status = derive_keys(reader, number, err);
        if (status != SVMS_OK && status != SVMS_E_WRONG_KEY) {
            return status;
        }
    }
    switch (reader->tracks[number].state) {
    case SVMS_TRACK_HIDDEN:
        return refuse_hidden(reader, number, err);
    case SVMS_TRACK_UNFIT:
        return refuse_unfit(reader, number, err);
    default:
        return SVMS_OK;
    }
}

static svms_status reserve(svms_reader *reader, size_t size, svms_error *err)
{
    if (size <= reader->data_capacity) {
        return SVMS_OK;
    }
    size_t capacity = size < 65536 ? 65536 : size;
    if (reader->data != NULL) {
        svms_release_secret(reader->ctx, reader->data, reader->data_capacity);
        reader->data_capacity = 0;
    }
    reader->data = svms_alloc(reader->ctx, capacity);
    if (reader->data == NULL) {
        return svms_fail_memory(err);
    }
    reader->data_capacity = capacity;
    return SVMS_OK;
}

typedef struct svms_taking {
    svms_sample_layout layout;
    svms_sample_cipher cipher;
    bool hashing;
    size_t done; /* bytes of the sample that are in reader->data */
} svms_taking;

/* The next size stored bytes, which begin at offset, become bytes of the sample. */
static svms_status take_bytes(svms_reader *reader, svms_taking *taking, uint64_t offset,
                              size_t size, bool sealed, svms_error *err)
{
    while (size > 0) {
        const uint8_t *bytes = NULL;
        size_t piece = 0;
        svms_status status =
            svms_window_piece(&reader->front.window, offset, size, &bytes, &piece, err);
        if (status != SVMS_OK) {
            return status;
        }
        for (size_t at = 0; at < piece;) {
            size_t step = piece - at < STEP_SIZE ? piece - at : STEP_SIZE;
            uint8_t *out = reader->data + taking->done;
            if (taking->hashing && !svms_hasher_update(reader->front.hasher, bytes + at, step)) {
                return svms_fail_crypto(err, "hashing a sample");
            }
            if (!sealed) {
                memcpy(out, bytes + at, step);
            } else if (!svms_sample_cipher_run(&taking->cipher, bytes + at, step, out)) {
                return taking->cipher.wrong_tag ? svms_fail_at(err, SVMS_E_UNDECRYPTABLE,
                                                               reader->at, "a sample does not open")
                                                : svms_fail_crypto(err, "decrypting a sample");
            }
            at += step;
            taking->done += step;
        }
        offset += piece;
        size -= piece;
    }
    return SVMS_OK;
}

static size_t list_ranges(svms_reader *reader, const svms_taking *taking)
{
    size_t count = taking->layout.range_count;
    svms_cursor cursor = svms_cursor_over(reader->table, taking->layout.table_size, 0);
    if (taking->layout.table_size == 0) {
        reader->ranges[0].offset = 0;
        reader->ranges[0].size = taking->layout.protected_size;
        return taking->layout.protected_size == 0 ? 0 : 1;
    }
    (void)svms_read_u16(&cursor);
    for (size_t i = 0; i < count; i++) {
        reader->ranges[i].offset = svms_read_u32(&cursor);
        reader->ranges[i].size = svms_read_u32(&cursor);
    }
    return count;
}

static svms_status take_body(svms_reader *reader, svms_taking *taking, uint64_t body,
                             svms_error *err)
{
    size_t count = list_ranges(reader, taking);
    for (size_t i = 0; i < count; i++) {
        const svms_range *range = &reader->ranges[i];
        svms_status status = take_bytes(reader, taking, body + taking->done,
                                        range->offset - taking->done, false, err);
        if (status == SVMS_OK) {
            status = take_bytes(reader, taking, body + range->offset, range->size, true, err);
        }
        if (status != SVMS_OK) {
            return status;
        }
    }
    return take_bytes(reader, taking, body + taking->done,
                      taking->layout.sample_size - taking->done, false, err);
}

/* Whether the bytes just handed over are those that the signature covers. */
static svms_status finish_hash(svms_reader *reader, const svms_taking *taking, svms_error *err)
{
    uint8_t leaf[SVMS_DIGEST_SIZE];
    if (!taking->hashing || reader->leaves == NULL) {
        return SVMS_OK;
    }
    if ((taking->layout.chunks != 0 &&
         !svms_hasher_update(reader->front.hasher, reader->tags,
                             (size_t)taking->layout.chunks * SVMS_AEAD_TAG_SIZE)) ||
        !svms_hasher_finish(reader->front.hasher, leaf)) {
        return svms_fail_crypto(err, "hashing a sample");
    }
    const uint8_t *verified = reader->leaves[reader->ordinal];
    if (memcmp(leaf, verified, sizeof(leaf)) != 0) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, reader->at,
                            "the sample changed after it had been verified");
    }
    return SVMS_OK;
}

/* Range table, tags, layout: everything around the stored bytes. */
static svms_status lay_out(svms_reader *reader, const svms_record *record, svms_taking *taking,
                           svms_error *err)
{
    const svms_track *track = &reader->front.header.tracks[record->track];
    uint64_t body = reader->at + record->header_size;
    size_t wanted = 0;
    if (record->flags & SVMS_FLAG_RANGES) {
        wanted =
            record->body_size < sizeof(reader->table) ? record->body_size : sizeof(reader->table);
    }
    svms_status status = svms_window_copy(&reader->front.window, body, wanted, reader->table, err);
    if (status == SVMS_OK) {
        status = svms_sample_layout_of(&taking->layout, track, record, reader->table, wanted,
                                       reader->at, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (taking->layout.sample_size > reader->max_sample_size) {
        return svms_fail_at(err, SVMS_E_LIMIT, reader->at,
                            "a sample of %u bytes exceeds the reader's bound of %u",
                            taking->layout.sample_size, reader->max_sample_size);
    }
    return svms_window_copy(&reader->front.window,
                            body + taking->layout.table_size + taking->layout.sample_size,
                            (size_t)taking->layout.chunks * SVMS_AEAD_TAG_SIZE, reader->tags, err);
}

static svms_status open_sample(svms_reader *reader, const svms_record *record, svms_error *err,
                               svms_taking *taking)
{
    uint8_t header[SVMS_SAMPLE_HEADER_MAX];
    svms_reader_track *track = &reader->tracks[record->track];
    bool kept = svms_window_keeps(&reader->front.window, reader->at,
                                  (uint64_t)record->header_size + record->body_size);
    svms_status status =
        svms_window_copy(&reader->front.window, reader->at, record->header_size, header, err);
    if (status == SVMS_OK) {
        status = lay_out(reader, record, taking, err);
    }
    if (status == SVMS_OK) {
        status = reserve(reader, taking->layout.sample_size, err);
    }
    if (status == SVMS_OK) {
        status = prepare_keys(reader, record->track, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    taking->hashing = !kept && reader->leaves != NULL &&
                      reader->ordinal < reader->segment.samples &&
                      (reader->recheck || reader->front.header.tracks[record->track].protection !=
                                              SVMS_PROTECT_STRONG);
    if (taking->hashing &&
        (!svms_merkle_leaf_start(reader->front.hasher) ||
         !svms_hasher_update(reader->front.hasher, header, record->header_size) ||
         !svms_hasher_update(reader->front.hasher, reader->table, taking->layout.table_size))) {
        return svms_fail_crypto(err, "hashing a sample");
    }
    taking->cipher.aead = track->aead;
    taking->cipher.sealing = false;
    taking->cipher.nonce_base = track->keys.nonce_base;
    taking->cipher.tags = reader->tags;
    svms_sample_cipher_begin(&taking->cipher, track->leaves, header, record->header_size,
                             reader->table, taking->layout.table_size,
                             taking->layout.protected_size);
    status = take_body(reader, taking, reader->at + record->header_size + taking->layout.table_size,
                       err);
    return status == SVMS_OK ? finish_hash(reader, taking, err) : status;
}

/* A tag did not fit, or the provider failed just then, and returned the same. */
static svms_status confirm_wrong_tag(svms_reader *reader, const svms_record *record,
                                     svms_error *err)
{
    svms_taking again = { 0 };
    svms_error found = SVMS_ERROR_INIT;
    svms_status status = open_sample(reader, record, &found, &again);
    svms_wipe(reader->data, again.done);
    if (status == SVMS_E_UNDECRYPTABLE && svms_aead_is_sound(reader->ctx)) {
        return status;
    }
    if (status == SVMS_OK || status == SVMS_E_UNDECRYPTABLE) {
        return svms_fail_crypto(err, "decrypting a sample");
    }
    return svms_fail_as(err, status, &found);
}

svms_status svms_reader_take(svms_reader *reader, const svms_record *record, svms_sample *out,
                             svms_error *err)
{
    svms_taking taking = { 0 };
    const svms_track *track = &reader->front.header.tracks[record->track];
    const svms_track_entry *entry =
        reader->segment.believed ? svms_manifest_entry(&reader->segment.manifest, record->track)
                                 : NULL;
    svms_status status = reader->hollow ? SVMS_OK : open_sample(reader, record, err, &taking);
    if (status == SVMS_E_UNDECRYPTABLE && taking.cipher.wrong_tag) {
        status = confirm_wrong_tag(reader, record, err);
    }
    if (status != SVMS_OK) {
        if (reader->data != NULL) {
            svms_wipe(reader->data, taking.done);
        }
        return status;
    }
    out->track = record->track;
    out->flags =
        (record->flags & SVMS_FLAGS_STORED) | (reader->attested ? 0 : SVMS_SAMPLE_UNATTESTED);
    out->duration =
        (record->flags & SVMS_FLAG_DURATION) ? record->duration : track->default_duration;
    out->dts = record->dts;
    out->pts = (int64_t)((uint64_t)record->dts + (uint64_t)(int64_t)record->composition);
    out->utc_ns = entry != NULL
                      ? svms_utc_of(track, entry->first_pts, entry->first_utc_ns, out->pts)
                      : svms_utc_of(track, 0, reader->front.header.start_utc_ns, out->pts);
    out->data = reader->hollow ? NULL : reader->data;
    out->size = taking.layout.sample_size;
    out->segment = reader->segment.start.segment;
    return SVMS_OK;
}
