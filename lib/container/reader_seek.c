/* SPDX-License-Identifier: Apache-2.0 */
/* Going to a time, and answering questions about the container. */
#include <string.h>

#include "disclosure_reader.h"
#include "failure.h"
#include "locate.h"
#include "options.h"
#include "reader_internal.h"

svms_status svms_reader_walk_to(svms_reader *reader, int64_t utc_ns, svms_error *err)
{
    svms_place place;
    svms_status status = svms_walk_to(&reader->scanner, utc_ns, true, &place, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_reader_place(reader, place.offset, place.segment);
    return place.beyond ? SVMS_END : SVMS_OK;
}

svms_status svms_reader_seek(svms_reader *reader, int64_t utc_ns, svms_error *err)
{
    svms_end end = { 0 };
    svms_place place = { 0 };
    bool closed = false;
    bool usable = false;
    if (reader == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "reader must not be NULL");
    }
    if (reader->carried) {
        return svms_reader_seek_piece(reader, utc_ns, err);
    }
    if (utc_ns == SVMS_NO_TIME) {
        svms_reader_place(reader, reader->front.first_record, 0);
        return SVMS_OK;
    }
    svms_status status = svms_front_find_end(&reader->front, &closed, &end, err);
    if (status == SVMS_OK && closed && utc_ns < end.last_utc_ns) {
        status = svms_locate(&reader->scanner, &end, utc_ns, true, &usable, &place, err);
    } else if (status == SVMS_OK && !closed) {
        status = svms_locate_open(&reader->scanner, utc_ns, true, &usable, &place, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (!usable) {
        return svms_reader_walk_to(reader, utc_ns, err);
    }
    svms_reader_place(reader, place.offset, place.segment);
    reader->sought_utc_ns = utc_ns;
    return place.beyond ? SVMS_END : SVMS_OK;
}

/* First UTC of segment 0, as its manifest claims. */
static svms_status first_time(svms_reader *reader, int64_t *out, svms_error *err)
{
    svms_glimpse glimpse;
    svms_status status =
        svms_glimpse_at(&reader->scanner, reader->front.first_record, &glimpse, err);
    *out = status == SVMS_OK && glimpse.complete ? glimpse.first_utc_ns : SVMS_NO_TIME;
    return status;
}

static void fill_info(const svms_reader *reader, svms_container_info *info)
{
    const svms_header *header = &reader->front.header;
    memcpy(info->container_id, header->container_id, 16);
    memcpy(info->recording_id, header->recording_id, 16);
    memcpy(info->device_id, header->device_id, 16);
    memcpy(info->previous_container_id, header->previous.container_id, 16);
    info->track_count = header->track_count;
    info->recording_sequence = header->recording_sequence;
    info->created_utc_ns = header->created_utc_ns;
    info->start_utc_ns = header->start_utc_ns;
    info->origin = (svms_origin)header->origin;
    info->capture_clock = (svms_capture_clock)header->capture_clock;
    info->role = (svms_role)header->signer.role;
    info->encrypted = header->has_keys;
    info->unlocked = reader->front.unlocked;
    info->disclosed = svms_reader_is_disclosed(reader);
    info->password_stanzas = reader->front.access.password_stanzas;
    info->key_stanzas = reader->front.access.key_stanzas;
    info->access_damaged = reader->front.access.damaged;
    info->linked = header->linked;
    info->file_size = reader->front.window.size;
    info->signer_subject =
        reader->front.chain != NULL ? svms_chain_subject(reader->front.chain) : NULL;
    info->device_name = reader->device_name;
    info->software = reader->software;
}

svms_status svms_reader_get_info(svms_reader *reader, svms_container_info *info, svms_error *err)
{
    svms_container_info found = SVMS_CONTAINER_INFO_INIT;
    svms_end end;
    bool closed = false;
    if (reader == NULL || info == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "reader and info must not be NULL");
    }
    svms_status status = svms_front_find_end(&reader->front, &closed, &end, err);
    if (status == SVMS_OK) {
        status = first_time(reader, &found.first_utc_ns, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    fill_info(reader, &found);
    found.last_utc_ns = SVMS_NO_TIME;
    if (closed) {
        found.closed = 1;
        found.segment_count = end.segments;
        found.last_utc_ns = end.last_utc_ns;
    }
    return svms_result_write(info, &found, sizeof(found), "svms_container_info", err);
}

svms_status svms_reader_get_track(const svms_reader *reader, uint32_t number, svms_track *track,
                                  svms_error *err)
{
    if (reader == NULL || track == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "reader and track must not be NULL");
    }
    if (number >= reader->front.header.track_count) {
        return svms_fail(err, SVMS_E_USAGE, "there is no track %u", number);
    }
    return svms_result_write(track, &reader->front.header.tracks[number], sizeof(*track),
                             "svms_track", err);
}
