/* SPDX-License-Identifier: Apache-2.0 */
/* The boxes of an export file on its highest level, and the tracks of its movie. */
#include <stdarg.h>
#include <stdio.h>

#include "cursor.h"
#include "failure.h"
#include "onvif_file.h"

#define FTYP SVMS_ISO_TYPE('f', 't', 'y', 'p')
#define MOOV SVMS_ISO_TYPE('m', 'o', 'o', 'v')
#define MFRA SVMS_ISO_TYPE('m', 'f', 'r', 'a')
#define MOOF SVMS_ISO_TYPE('m', 'o', 'o', 'f')
#define SIDX SVMS_ISO_TYPE('s', 'i', 'd', 'x')
#define META SVMS_ISO_TYPE('m', 'e', 't', 'a')
#define TRAK SVMS_ISO_TYPE('t', 'r', 'a', 'k')
#define TKHD SVMS_ISO_TYPE('t', 'k', 'h', 'd')

/* Boxes between two looks at whether the caller still wants it. */
#define BOXES_PER_PROGRESS 4096

void svms_onvif_warn(svms_onvif_warnings *warnings, const char *format, ...)
{
    va_list args;
    if (warnings->count == SVMS_ONVIF_MAX_WARNINGS) {
        return;
    }
    va_start(args, format);
    vsnprintf(warnings->text[warnings->count], sizeof warnings->text[0], format, args);
    va_end(args);
    warnings->count++;
}

static svms_status take_meta(svms_onvif_file *file, const svms_iso_walk *top,
                             const svms_iso_box *box, svms_error *err)
{
    if (box->to_end) {
        return svms_fail_at(err, SVMS_E_MALFORMED, box->offset, "the box 'meta' has no size");
    }
    if (file->meta_count == SVMS_ONVIF_MAX_METAS) {
        return svms_fail_at(err, SVMS_E_LIMIT, box->offset, "more than %d boxes 'meta'",
                            SVMS_ONVIF_MAX_METAS);
    }
    if (file->meta_count == 1) {
        svms_onvif_warn(&file->warnings, "there is more than one file-level box 'meta'");
    }
    svms_status status = svms_onvif_outline_meta(file, top, box, err);
    if (status == SVMS_OK && !file->metas[file->meta_count - 1].is_signed) {
        file->fixed_end = box->offset + box->size;
    }
    return status;
}

static svms_status take_box(svms_onvif_file *file, const svms_iso_walk *top,
                            const svms_iso_box *box, svms_error *err)
{
    if (box->offset == 0) {
        file->first = *box;
        if (box->type != FTYP) {
            return svms_fail_at(err, SVMS_E_MALFORMED, 0,
                                "not an MP4 file: it begins with no "
                                "box 'ftyp'");
        }
    }
    file->last = *box;
    switch (box->type) {
    case MOOV:
        if (file->moov.type != 0) {
            return svms_fail_at(err, SVMS_E_MALFORMED, box->offset, "more than one box 'moov'");
        }
        file->moov = *box;
        file->fixed_end = box->offset + box->size;
        return SVMS_OK;
    case META:
        return take_meta(file, top, box, err);
    case MFRA:
        file->has_index = true;
        return SVMS_OK;
    default:
        file->has_fragments = file->has_fragments || box->type == MOOF;
        file->has_index = file->has_index || box->type == SIDX;
        file->fixed_end = box->offset + box->size;
        return SVMS_OK;
    }
}

svms_status svms_onvif_outline(svms_onvif_file *file, svms_error *err)
{
    svms_iso_box box = { 0 };
    svms_status status = svms_source_size(file->source, &file->size, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (file->size == 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, 0, "not an MP4 file: it is empty");
    }
    svms_iso_walk walk = svms_iso_begin(file->source, file->size);
    while ((status = svms_iso_next(&walk, &box, err)) == SVMS_OK) {
        status = take_box(file, &walk, &box, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (walk.count % BOXES_PER_PROGRESS == 0 && file->progress &&
            file->progress(file->user, 0, file->size) != 0) {
            return svms_fail(err, SVMS_E_CANCELLED, "cancelled");
        }
    }
    if (status != SVMS_END) {
        return status;
    }
    if (file->moov.type == 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, SVMS_NO_OFFSET,
                            "not an MP4 file: it has no box 'moov'");
    }
    status = svms_onvif_look_at_later(file, err);
    return status == SVMS_OK ? svms_onvif_find_references(file, err) : status;
}

svms_status svms_onvif_load(const svms_onvif_file *file, const svms_iso_box *box, uint32_t limit,
                            uint8_t **out, size_t *size, svms_error *err)
{
    uint64_t payload = svms_iso_payload_size(box);
    if (payload > limit) {
        return svms_fail_at(err, SVMS_E_LIMIT, box->offset, "a box '%s' of more than %u bytes",
                            svms_iso_name_of(box->type).text, (unsigned)limit);
    }
    uint8_t *bytes = svms_alloc(file->ctx, (size_t)payload + 1);
    if (!bytes) {
        return svms_fail_memory(err);
    }
    svms_status status =
        svms_source_read(file->source, svms_iso_payload_offset(box), bytes, (size_t)payload, err);
    if (status != SVMS_OK) {
        svms_release(file->ctx, bytes);
        return status;
    }
    bytes[payload] = 0;
    *out = bytes;
    *size = (size_t)payload;
    return SVMS_OK;
}

/* track_ID of a track header (ISO/IEC 14496-12, 8.3.2). */
static svms_status read_track_id(const svms_onvif_file *file, const svms_iso_box *tkhd,
                                 uint32_t *id, svms_error *err)
{
    uint8_t bytes[24];
    uint64_t size = svms_iso_payload_size(tkhd);
    size_t count = size < sizeof bytes ? (size_t)size : sizeof bytes;
    svms_status status =
        svms_source_read(file->source, svms_iso_payload_offset(tkhd), bytes, count, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(bytes, count, tkhd->offset);
    bool is_long = svms_read_u8(&cursor) == 1;
    svms_skip(&cursor, 3 + (is_long ? 16 : 8));
    *id = svms_read_u32(&cursor);
    if (cursor.failed || *id == 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, tkhd->offset, "a track has no number");
    }
    return SVMS_OK;
}

static svms_status find_track_id(const svms_onvif_file *file, const svms_iso_walk *movie,
                                 const svms_iso_box *trak, uint32_t *id, svms_error *err)
{
    svms_iso_walk walk;
    svms_iso_box box;
    svms_status status = svms_iso_enter(&walk, movie, trak, 0, err);
    if (status != SVMS_OK) {
        return status;
    }
    while ((status = svms_iso_next(&walk, &box, err)) == SVMS_OK) {
        if (box.type == TKHD) {
            return read_track_id(file, &box, id, err);
        }
    }
    return status == SVMS_END
               ? svms_fail_at(err, SVMS_E_MALFORMED, trak->offset, "a track has no header")
               : status;
}

svms_status svms_onvif_list_tracks(const svms_onvif_file *file, uint32_t *ids, uint32_t *count,
                                   svms_error *err)
{
    svms_iso_walk top = svms_iso_begin(file->source, file->size);
    svms_iso_walk walk;
    svms_iso_box box;
    uint32_t found = 0;
    svms_status status = svms_iso_enter(&walk, &top, &file->moov, 0, err);
    if (status != SVMS_OK) {
        return status;
    }
    while ((status = svms_iso_next(&walk, &box, err)) == SVMS_OK) {
        if (box.type != TRAK) {
            continue;
        }
        if (found == *count) {
            return svms_fail_at(err, SVMS_E_LIMIT, box.offset, "more than %u tracks",
                                (unsigned)*count);
        }
        status = find_track_id(file, &walk, &box, &ids[found++], err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    if (status != SVMS_END) {
        return status;
    }
    *count = found;
    return SVMS_OK;
}
