/* SPDX-License-Identifier: Apache-2.0 */
#include "disclosure_reader.h"

#include "access_block.h"
#include "failure.h"
#include "locate.h"

static void hold_fitting(svms_reader *reader, const svms_keyring *ring)
{
    for (size_t i = 0; i < ring->disclosure_count; i++) {
        if (svms_disclosure_fits(ring->disclosures[i], &reader->front.header)) {
            reader->disclosed[reader->disclosed_count++] =
                svms_disclosure_hold(ring->disclosures[i]);
        }
    }
}

svms_status svms_reader_unlock(svms_reader *reader, const svms_keyring *ring, svms_error *err)
{
    svms_error found = SVMS_ERROR_INIT;
    svms_status status = svms_front_unlock(&reader->front, ring, &found);
    if (status == SVMS_E_WRONG_KEY && ring->disclosure_count != 0) {
        hold_fitting(reader, ring);
        if (reader->disclosed_count != 0) {
            return SVMS_OK;
        }
        return svms_fail_at(err, status, found.offset,
                            "nothing that was given opens it: what was disclosed belongs to "
                            "another container (C-DIS-2)");
    }
    if (status != SVMS_OK && err != NULL) {
        *err = found;
    }
    return status;
}

bool svms_reader_is_disclosed(const svms_reader *reader)
{
    return reader->disclosed_count != 0 || reader->excerpt.secret != NULL;
}

void svms_reader_forget_disclosures(svms_reader *reader)
{
    for (size_t i = 0; i < reader->disclosed_count; i++) {
        svms_disclosure_free(&reader->disclosed[i]);
    }
    reader->disclosed_count = 0;
}

svms_status svms_reader_secret(const svms_reader *reader, uint8_t track,
                               uint8_t out[SVMS_SECRET_SIZE], svms_error *err)
{
    const svms_segment_start *start = &reader->segment.start;
    if (reader->front.unlocked) {
        return svms_track_secret(reader->ctx, reader->front.segment_root, start->segment, track,
                                 start->salt, out, err);
    }
    if (reader->excerpt.secret != NULL) {
        bool found = false;
        svms_status status =
            reader->excerpt.secret(reader->excerpt.user, reader->piece, track, &found, out, err);
        if (status != SVMS_OK || found) {
            return status;
        }
    }
    for (size_t i = 0; i < reader->disclosed_count; i++) {
        if (svms_disclosure_find(reader->disclosed[i], start->segment, track, out)) {
            return SVMS_OK;
        }
    }
    return svms_fail_at(err, SVMS_E_WRONG_KEY, reader->segment.offset,
                        "track %u of segment %llu was not disclosed", track,
                        (unsigned long long)start->segment);
}

/* By hopping from segment to segment. */
static svms_status walk_to_number(svms_reader *reader, uint64_t wanted, svms_error *err)
{
    uint64_t at = reader->front.first_record;
    for (;;) {
        svms_glimpse glimpse;
        uint64_t number = 0;
        bool found = false;
        svms_status status = svms_glimpse_at(&reader->scanner, at, &glimpse, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (glimpse.complete && glimpse.number >= wanted) {
            svms_reader_place(reader, at, glimpse.number);
            return SVMS_OK;
        }
        status = svms_segment_search(&reader->scanner, glimpse.complete ? glimpse.end : at + 1,
                                     &found, &at, &number, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (!found) {
            svms_reader_place(reader, reader->front.window.size, SVMS_ANY_SEGMENT);
            reader->ended = true;
            return SVMS_END;
        }
    }
}

svms_status svms_reader_seek_disclosed(svms_reader *reader, svms_error *err)
{
    uint64_t wanted = SVMS_NO_SEGMENT;
    svms_end end = { 0 };
    svms_index_entry entry = { 0 };
    svms_glimpse glimpse = { 0 };
    bool closed = false;
    bool found = false;
    if (reader == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "reader must not be NULL");
    }
    if (reader->disclosed_count == 0) {
        return svms_fail(err, SVMS_E_STATE, "the reader was not opened by a disclosure");
    }
    for (size_t i = 0; i < reader->disclosed_count; i++) {
        uint64_t first = reader->disclosed[i]->info.first_segment;
        wanted = first < wanted ? first : wanted;
    }
    svms_status status = svms_front_find_end(&reader->front, &closed, &end, err);
    if (status == SVMS_OK && closed) {
        status = svms_front_look_up(&reader->front, &end, wanted, NULL, &found, &entry, err);
    }
    if (status == SVMS_OK && found) {
        status = svms_glimpse_at(&reader->scanner, entry.offset, &glimpse, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (glimpse.complete && glimpse.number == wanted) {
        svms_reader_place(reader, entry.offset, wanted);
        return SVMS_OK;
    }
    return walk_to_number(reader, wanted, err);
}
