/* SPDX-License-Identifier: Apache-2.0 */
/* Where the media of a movie lie: data references (ISO/IEC 14496-12, 8.7.2) may name other files.
 */
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

/* From moov down to the entries. */
static const uint32_t path[] = { TRAK, MDIA, MINF, DINF, DREF };
#define LEVELS (sizeof path / sizeof path[0])

#define DREF_FIELDS 8
#define SELF_CONTAINED 1u
#define MAX_BOXES 65536

static svms_status look_at_entry(svms_onvif_file *file, const svms_iso_box *entry, svms_error *err)
{
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

svms_status svms_onvif_find_references(svms_onvif_file *file, svms_error *err)
{
    svms_iso_walk top = svms_iso_begin(file->source, file->size);
    svms_iso_walk walks[LEVELS + 1];
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
        if (level == LEVELS) {
            status = look_at_entry(file, &box, err);
        } else if (box.type == path[level]) {
            uint32_t own = path[level] == DREF ? DREF_FIELDS : 0;
            status = svms_iso_enter(&walks[level + 1], &walks[level], &box, own, err);
            level++;
        }
    }
    return status == SVMS_END ? SVMS_OK : status;
}
