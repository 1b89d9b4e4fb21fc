/* SPDX-License-Identifier: Apache-2.0 */
#include "locate.h"

#include <string.h>

/* Of one segment (C-LIM-1). */
#define RECORDS_MAX (SVMS_MAX_SEGMENT_SAMPLES + SVMS_MAX_SEGMENT_AUXILIARY)

svms_status svms_glimpse_at(svms_scanner *scanner, uint64_t offset, svms_glimpse *glimpse,
                            svms_error *err)
{
    svms_window *window = &scanner->front->window;
    const svms_header *header = &scanner->front->header;
    uint64_t at = offset;
    memset(glimpse, 0, sizeof(*glimpse));
    for (uint32_t records = 0; records <= RECORDS_MAX; records++) {
        const uint8_t *bytes = NULL;
        size_t got = 0;
        svms_record record;
        svms_status status =
            svms_window_peek(window, at, SVMS_SAMPLE_HEADER_MAX, &bytes, &got, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (svms_record_parse(&record, bytes, got, at, NULL) != SVMS_OK ||
            (record.type == SVMS_RECORD_START) != (at == offset) ||
            record.type >= SVMS_RECORD_END) {
            return SVMS_OK;
        }
        uint64_t size = (uint64_t)record.header_size + record.body_size;
        if (size > window->size - at) {
            return SVMS_OK;
        }
        if (record.type == SVMS_RECORD_MANIFEST) {
            svms_manifest manifest = { 0 };
            if (record.body_size > SVMS_MANIFEST_LARGEST) {
                return SVMS_OK;
            }
            status =
                svms_window_get(window, at + record.header_size, record.body_size, &bytes, err);
            if (status != SVMS_OK) {
                return status;
            }
            glimpse->complete = svms_manifest_parse(&manifest, header, bytes, record.body_size, at,
                                                    NULL) == SVMS_OK;
            glimpse->end = at + size;
            glimpse->number = manifest.segment;
            glimpse->first_utc_ns = manifest.first_utc_ns;
            glimpse->last_utc_ns = manifest.last_utc_ns;
            glimpse->begins_with_sync = (manifest.flags & SVMS_MANIFEST_BEGINS_WITH_SYNC) != 0;
            return SVMS_OK;
        }
        at += size;
    }
    return SVMS_OK;
}

svms_status svms_skip_signature(svms_scanner *scanner, uint64_t *at, svms_error *err)
{
    const uint8_t *bytes = NULL;
    size_t got = 0;
    svms_record record;
    svms_status status =
        svms_window_peek(&scanner->front->window, *at, SVMS_SAMPLE_HEADER_MAX, &bytes, &got, err);
    if (status == SVMS_OK && svms_record_parse(&record, bytes, got, *at, NULL) == SVMS_OK &&
        record.type == SVMS_RECORD_SIGNATURE) {
        *at += (uint64_t)record.header_size + record.body_size;
    }
    return status;
}

/* Hops from a segment that is known to begin at or before the time. */
static svms_status walk_from(svms_scanner *scanner, svms_place from, int64_t utc_ns, bool sync,
                             svms_place *out, svms_error *err)
{
    svms_place chosen = from;
    uint64_t at = chosen.offset;
    uint64_t next = 0;
    int64_t last = SVMS_NO_TIME;
    bool is_behind_all = false;
    for (;;) {
        svms_glimpse glimpse;
        bool found = true;
        svms_status status = svms_glimpse_at(scanner, at, &glimpse, err);
        if (status == SVMS_OK && !glimpse.complete) {
            uint64_t number = 0;
            status = svms_segment_search(scanner, at + 1, &found, &at, &number, err);
        }
        if (status != SVMS_OK) {
            return status;
        }
        is_behind_all = !found;
        if (!found || (glimpse.complete && glimpse.first_utc_ns > utc_ns)) {
            break;
        }
        if (!glimpse.complete) {
            continue;
        }
        if (!sync || glimpse.begins_with_sync) {
            chosen.offset = at;
            chosen.segment = glimpse.number;
        }
        next = glimpse.number + 1;
        last = glimpse.last_utc_ns;
        at = glimpse.end;
        status = svms_skip_signature(scanner, &at, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    /* Between two segments lies time, too. */
    if (is_behind_all && last != SVMS_NO_TIME && utc_ns >= last) {
        chosen = (svms_place){ at, next, true };
    }
    *out = chosen;
    return SVMS_OK;
}

svms_status svms_walk_to(svms_scanner *scanner, int64_t utc_ns, bool sync, svms_place *out,
                         svms_error *err)
{
    svms_place first = { scanner->front->first_record, 0, false };
    return walk_from(scanner, first, utc_ns, sync, out, err);
}

/* The last segment of the checkpoints that begins at or before the time and, with sync, with a sync
 * sample. */
static svms_status last_checked(svms_scanner *scanner, uint64_t checkpoint, int64_t utc_ns,
                                bool sync, bool *usable, svms_place *out, svms_error *err)
{
    svms_index_entry entry = { 0 };
    int64_t before = utc_ns;
    svms_status status =
        svms_front_look_up_open(scanner->front, checkpoint, &before, usable, &entry, err);
    while (status == SVMS_OK && *usable) {
        svms_glimpse glimpse;
        status = svms_glimpse_at(scanner, entry.offset, &glimpse, err);
        if (status != SVMS_OK) {
            return status;
        }
        *usable = glimpse.complete && glimpse.number == entry.segment;
        if (!*usable || !sync || glimpse.begins_with_sync || entry.segment == 0 ||
            entry.first_utc_ns == INT64_MIN) {
            break;
        }
        before = entry.first_utc_ns - 1;
        status = svms_front_look_up_open(scanner->front, checkpoint, &before, usable, &entry, err);
    }
    *out = (svms_place){ entry.offset, entry.segment, false };
    return status;
}

svms_status svms_locate_open(svms_scanner *scanner, int64_t utc_ns, bool sync, bool *usable,
                             svms_place *out, svms_error *err)
{
    svms_segment_start start;
    svms_place from = { 0 };
    uint64_t offset = 0;
    svms_status status = svms_front_find_last_start(scanner->front, usable, &start, &offset, err);
    if (status != SVMS_OK || !*usable || start.checkpoint == 0) {
        *usable = false;
        return status;
    }
    status = last_checked(scanner, start.checkpoint, utc_ns, sync, usable, &from, err);
    if (status == SVMS_OK && *usable) {
        status = walk_from(scanner, from, utc_ns, sync, out, err);
    }
    return status;
}

svms_status svms_locate(svms_scanner *scanner, const svms_end *end, int64_t utc_ns, bool sync,
                        bool *usable, svms_place *out, svms_error *err)
{
    svms_index_entry entry = { 0 };
    svms_status status = svms_front_look_up(scanner->front, end, 0, &utc_ns, usable, &entry, err);
    while (status == SVMS_OK && *usable) {
        svms_glimpse glimpse;
        status = svms_glimpse_at(scanner, entry.offset, &glimpse, err);
        if (status != SVMS_OK) {
            return status;
        }
        *usable = glimpse.complete && glimpse.number == entry.segment;
        if (!sync || glimpse.begins_with_sync || entry.segment == 0) {
            break;
        }
        if (*usable) {
            status = svms_front_look_up(scanner->front, end, entry.segment - 1, NULL, usable,
                                        &entry, err);
        }
    }
    *out = (svms_place){ entry.offset, entry.segment, false };
    return status;
}
