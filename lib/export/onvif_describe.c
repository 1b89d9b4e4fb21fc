/* SPDX-License-Identifier: Apache-2.0 */
/* What a file says about itself: who exported it, from where, when its tracks begin. */
#include <string.h>

#include "cursor.h"
#include "failure.h"
#include "onvif_report.h"
#include "utf8.h"

#define START_SIZE 12

/* Bytes that are no UTF-8 become question marks. */
static void make_text(uint8_t *bytes, size_t size)
{
    svms_cursor cursor = svms_cursor_over(bytes, size, 0);
    while (!svms_cursor_at_end(&cursor)) {
        unsigned long character = 0;
        size_t width = svms_utf8_peek(&cursor, &character);
        if (width == 0) {
            bytes[cursor.position] = '?';
            width = 1;
        }
        svms_skip(&cursor, width);
    }
}

/* A text with its NUL, in place; failed when the NUL is missing. */
static const char *read_text(svms_cursor *cursor, uint8_t *bytes)
{
    size_t start = cursor->position;
    while (svms_read_u8(cursor) != 0) {
        continue;
    }
    if (cursor->failed) {
        return "";
    }
    make_text(bytes + start, cursor->position - start - 1);
    return (const char *)bytes + start;
}

static void read_description(svms_onvif_report *report, size_t size)
{
    uint8_t *bytes = report->description;
    svms_onvif_summary summary = report->summary;
    svms_cursor cursor = svms_cursor_over(bytes, size, 0);
    svms_skip(&cursor, 4);
    summary.unit_name = read_text(&cursor, bytes);
    summary.unit_url = read_text(&cursor, bytes);
    summary.unit_mac = read_text(&cursor, bytes);
    summary.export_utc_ns = svms_onvif_from_1904(svms_read_u64(&cursor));
    summary.export_operator = read_text(&cursor, bytes);
    uint32_t count = svms_read_u32(&cursor);
    if (count > SVMS_ONVIF_MAX_TRACKS) {
        svms_onvif_warn(&report->warnings, "the box 'suep' describes %u tracks; only %d are read",
                        (unsigned)count, SVMS_ONVIF_MAX_TRACKS);
    }
    for (uint32_t i = 0; i < count && i < SVMS_ONVIF_MAX_TRACKS; i++) {
        svms_onvif_track track = SVMS_ONVIF_TRACK_INIT;
        track.track_id = svms_read_u16(&cursor);
        track.name = read_text(&cursor, bytes);
        track.url = read_text(&cursor, bytes);
        track.mac = read_text(&cursor, bytes);
        track.line = read_text(&cursor, bytes);
        report->tracks[i] = track;
    }
    if (cursor.failed) {
        svms_onvif_warn(&report->warnings, "the box 'suep' cannot be read");
        return;
    }
    if (count <= SVMS_ONVIF_MAX_TRACKS && !svms_cursor_at_end(&cursor)) {
        svms_onvif_warn(&report->warnings, "the box 'suep' goes on behind its last track");
    }
    if (summary.export_utc_ns == INT64_MIN) {
        svms_onvif_warn(&report->warnings, "the box 'suep' says an impossible time");
    }
    summary.track_count = count < SVMS_ONVIF_MAX_TRACKS ? count : SVMS_ONVIF_MAX_TRACKS;
    summary.has_export = 1;
    report->summary = summary;
}

static svms_status describe_export(svms_onvif_report *report, const svms_onvif_file *file,
                                   svms_error *err)
{
    size_t size = 0;
    if (file->suep.type == 0) {
        svms_onvif_warn(&report->warnings,
                        "nothing says who exported the file (box 'suep' is missing)");
        return SVMS_OK;
    }
    svms_status status = svms_onvif_load(file, &file->suep, SVMS_ONVIF_MAX_DESCRIPTION,
                                         &report->description, &size, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (size == 0 || report->description[0] != 1) {
        svms_onvif_warn(&report->warnings,
                        "the box 'suep' is not of version 1, which alone can be read");
        return SVMS_OK;
    }
    read_description(report, size);
    return SVMS_OK;
}

static void read_starts(svms_onvif_report *report, svms_cursor *cursor, uint32_t count,
                        svms_onvif_start *starts, uint32_t *taken)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t track = svms_read_u32(cursor);
        int64_t utc_ns = svms_onvif_from_1601(svms_read_u64(cursor));
        if (utc_ns == INT64_MIN) {
            svms_onvif_warn(&report->warnings, "a start of track %u is an impossible time",
                            (unsigned)track);
            continue;
        }
        starts[used++] = (svms_onvif_start){ track, 0, utc_ns };
    }
    *taken = used;
}

static svms_status describe_starts(svms_onvif_report *report, const svms_onvif_file *file,
                                   const svms_iso_box *box, svms_onvif_start **out,
                                   uint32_t *out_count, svms_error *err)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (box->type == 0) {
        return SVMS_OK;
    }
    svms_status status = svms_onvif_load(file, box, SVMS_ONVIF_MAX_STARTS_SIZE, &bytes, &size, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(bytes, size, box->offset);
    uint32_t count = svms_read_u32(&cursor);
    if (cursor.failed || svms_cursor_left(&cursor) / START_SIZE < count) {
        svms_onvif_warn(&report->warnings, "a box 'cstb' is too short");
        svms_release(file->ctx, bytes);
        return SVMS_OK;
    }
    if (count > 0) {
        *out = svms_alloc_array(file->ctx, count, sizeof **out);
        if (*out) {
            read_starts(report, &cursor, count, *out, out_count);
        } else {
            status = svms_fail_memory(err);
        }
    }
    svms_release(file->ctx, bytes);
    return status;
}

static svms_status describe_note(svms_onvif_report *report, const svms_onvif_file *file,
                                 uint32_t number, svms_error *err)
{
    const svms_iso_box *auib = &file->sinfs[number].auib;
    svms_onvif_entry *entry = &report->entries[number];
    size_t size = 0;
    if (auib->type == 0) {
        return SVMS_OK;
    }
    svms_status status =
        svms_onvif_load(file, auib, SVMS_ONVIF_MAX_CERTIFICATE, &entry->note, &size, err);
    if (status != SVMS_OK) {
        return status;
    }
    size_t length = strnlen((const char *)entry->note, size);
    make_text(entry->note, length);
    if (length + 1 != size) {
        svms_onvif_warn(&report->warnings, "signature %u: the text does not end with one NUL",
                        (unsigned)number + 1);
    }
    entry->open.note = (const char *)entry->note;
    return SVMS_OK;
}

svms_status svms_onvif_describe(svms_onvif_report *report, const svms_onvif_file *file,
                                svms_error *err)
{
    report->warnings = file->warnings;
    svms_status status = describe_export(report, file, err);
    if (status == SVMS_OK) {
        status = describe_starts(report, file, &file->cstb, &report->starts,
                                 &report->summary.start_count, err);
        report->summary.starts = report->starts;
    }
    for (uint32_t i = 0; status == SVMS_OK && i < file->sinf_count; i++) {
        svms_onvif_entry *entry = &report->entries[i];
        status = describe_note(report, file, i, err);
        if (status == SVMS_OK) {
            status = describe_starts(report, file, &file->sinfs[i].cstb, &entry->starts,
                                     &entry->open.start_count, err);
            entry->open.starts = entry->starts;
        }
    }
    return status;
}
