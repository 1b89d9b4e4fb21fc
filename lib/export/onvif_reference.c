/* SPDX-License-Identifier: Apache-2.0 */
/* Where the media of a movie lie: data references (ISO/IEC 14496-12, 8.7.2) may name other files.
 */
#include <stdio.h>

#include "cursor.h"
#include "failure.h"
#include "onvif_file.h"

#define TRAK SVMS_ISO_TYPE('t', 'r', 'a', 'k')
#define MDIA SVMS_ISO_TYPE('m', 'd', 'i', 'a')
#define MINF SVMS_ISO_TYPE('m', 'i', 'n', 'f')
#define DINF SVMS_ISO_TYPE('d', 'i', 'n', 'f')
#define DREF SVMS_ISO_TYPE('d', 'r', 'e', 'f')
#define IMDT SVMS_ISO_TYPE('i', 'm', 'd', 't')
#define SNIM SVMS_ISO_TYPE('s', 'n', 'i', 'm')
#define STBL SVMS_ISO_TYPE('s', 't', 'b', 'l')

/* From moov down to the entries. */
static const uint32_t references[] = { TRAK, MDIA, MINF, DINF, DREF };
static const uint32_t tables[] = { TRAK, MDIA, MINF };
#define MAX_LEVELS (sizeof references / sizeof references[0])

#define DREF_FIELDS 8
#define SELF_CONTAINED 1u
#define MAX_BOXES 65536

typedef svms_status (*visitor)(svms_onvif_file *file, const svms_iso_walk *walk,
                               const svms_iso_box *box, svms_error *err);

static svms_status look_at_entry(svms_onvif_file *file, const svms_iso_walk *walk,
                                 const svms_iso_box *entry, svms_error *err)
{
    (void)walk;
    uint8_t bytes[4];
    if (svms_iso_payload_size(entry) < sizeof bytes) {
        return svms_fail_at(err, SVMS_E_MALFORMED, entry->offset, "a data reference is too short");
    }
    svms_status status =
        svms_source_read(file->source, svms_iso_payload_offset(entry), bytes, sizeof bytes, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(bytes, sizeof bytes, entry->offset);
    bool here = (svms_read_u32(&cursor) & SELF_CONTAINED) != 0 || entry->type == IMDT ||
                entry->type == SNIM;
    file->lies_elsewhere = file->lies_elsewhere || !here;
    return SVMS_OK;
}

/* A table that cannot be followed makes no signature hold, as it would be if it were followed to
 * somewhere else. */
static svms_status note_astray(svms_onvif_file *file, const char *whose, svms_status found,
                               const svms_error *cause, svms_error *err)
{
    bool unfit = found == SVMS_E_NOT_AUTHENTIC || found == SVMS_E_MALFORMED ||
                 found == SVMS_E_UNSUPPORTED || found == SVMS_E_LIMIT;
    if (!unfit) {
        return found == SVMS_OK ? SVMS_OK : svms_fail_as(err, found, cause);
    }
    (void)snprintf(file->astray, sizeof file->astray, "%s: %.140s", whose, cause->message);
    return SVMS_OK;
}

static svms_status look_at_table(svms_onvif_file *file, const svms_iso_walk *walk,
                                 const svms_iso_box *box, svms_error *err)
{
    svms_error cause = SVMS_ERROR_INIT;
    if (box->type != STBL || file->astray[0] != '\0') {
        return SVMS_OK;
    }
    svms_status found = svms_onvif_check_chunks(file, walk, box, &cause);
    return note_astray(file, "a track", found, &cause, err);
}

static svms_status look_at_fragments(svms_onvif_file *file, svms_error *err)
{
    svms_error cause = SVMS_ERROR_INIT;
    if (!file->has_fragments || file->astray[0] != '\0') {
        return SVMS_OK;
    }
    svms_status found = svms_onvif_check_fragments(file, &cause);
    return note_astray(file, "a fragment", found, &cause, err);
}

static svms_status look_at_indexes(svms_onvif_file *file, svms_error *err)
{
    svms_error cause = SVMS_ERROR_INIT;
    if (!file->has_index || file->astray[0] != '\0') {
        return SVMS_OK;
    }
    svms_status found = svms_onvif_check_indexes(file, &cause);
    return note_astray(file, "an index", found, &cause, err);
}

/* Every box that lies in moov at the end of a path. */
static svms_status visit_all(svms_onvif_file *file, const uint32_t *path, size_t levels,
                             visitor visit, svms_error *err)
{
    svms_iso_walk top = svms_iso_begin(file->source, file->size);
    svms_iso_walk walks[MAX_LEVELS + 1];
    svms_iso_box box;
    size_t level = 0;
    uint32_t seen = 0;
    svms_status status = svms_iso_enter(&walks[0], &top, &file->moov, 0, err);
    while (status == SVMS_OK) {
        status = svms_iso_next(&walks[level], &box, err);
        if (status == SVMS_END && level > 0) {
            level--;
            status = SVMS_OK;
            continue;
        }
        if (status != SVMS_OK) {
            break;
        }
        if (++seen > MAX_BOXES) {
            return svms_fail_at(err, SVMS_E_LIMIT, box.offset, "more than %d boxes in 'moov'",
                                MAX_BOXES);
        }
        if (level == levels) {
            status = visit(file, &walks[level], &box, err);
        } else if (box.type == path[level]) {
            uint32_t own = path[level] == DREF ? DREF_FIELDS : 0;
            status = svms_iso_enter(&walks[level + 1], &walks[level], &box, own, err);
            level++;
        }
    }
    return status == SVMS_END ? SVMS_OK : status;
}

svms_status svms_onvif_find_references(svms_onvif_file *file, svms_error *err)
{
    svms_status status =
        visit_all(file, references, sizeof references / sizeof references[0], look_at_entry, err);
    if (status == SVMS_OK) {
        status = visit_all(file, tables, sizeof tables / sizeof tables[0], look_at_table, err);
    }
    if (status == SVMS_OK) {
        status = look_at_fragments(file, err);
    }
    return status == SVMS_OK ? look_at_indexes(file, err) : status;
}
