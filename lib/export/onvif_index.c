/* SPDX-License-Identifier: Apache-2.0 */
/* Where indexes of fragments lead (ISO/IEC 14496-12, 8.8.10 and 8.16.3). A player goes there and
 * shows what it finds, whatever box that is in; so it must not be what comes later (O-VER-11).
 */
#include "cursor.h"
#include "failure.h"
#include "iso_table.h"
#include "onvif_file.h"

#define SIDX SVMS_ISO_TYPE('s', 'i', 'd', 'x')
#define MFRA SVMS_ISO_TYPE('m', 'f', 'r', 'a')
#define TFRA SVMS_ISO_TYPE('t', 'f', 'r', 'a')

#define MAX_FIELDS 32
#define REFERENCE_SIZE 12
#define REFERENCED 0x7FFFFFFFu

static svms_status misfit(const svms_iso_box *box, svms_error *err)
{
    return svms_fail_at(err, SVMS_E_MALFORMED, box->offset, "a box '%s' that does not fit",
                        svms_iso_name_of(box->type).text);
}

static svms_status leads_away(const svms_iso_box *box, svms_error *err)
{
    return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, box->offset,
                        "a box '%s' leads behind the end, where samples may change",
                        svms_iso_name_of(box->type).text);
}

/* A cursor over the first bytes of a box. */
static svms_status load_fields(const svms_onvif_file *file, const svms_iso_box *box,
                               uint8_t bytes[MAX_FIELDS], svms_cursor *fields, svms_error *err)
{
    uint64_t payload = svms_iso_payload_size(box);
    size_t size = payload < MAX_FIELDS ? (size_t)payload : MAX_FIELDS;
    *fields = svms_cursor_over(bytes, size, box->offset);
    return svms_source_read(file->source, svms_iso_payload_offset(box), bytes, size, err);
}

static svms_status open_entries(const svms_iso_box *box, const svms_cursor *fields, uint32_t head,
                                svms_iso_table *entries, svms_error *err)
{
    if (fields->failed ||
        (svms_iso_payload_size(box) - head) / entries->entry_size < entries->count) {
        return misfit(box, err);
    }
    entries->offset = svms_iso_payload_offset(box) + head;
    return SVMS_OK;
}

/* Subsegments follow one another from a place behind the box. */
static svms_status check_sidx(const svms_onvif_file *file, const svms_iso_box *sidx,
                              svms_error *err)
{
    uint8_t bytes[MAX_FIELDS];
    svms_cursor fields;
    svms_cursor entry;
    svms_iso_table entries = { .entry_size = REFERENCE_SIZE };
    svms_status status = load_fields(file, sidx, bytes, &fields, err);
    if (status != SVMS_OK) {
        return status;
    }
    bool wide = svms_read_u8(&fields) != 0;
    (void)svms_skip(&fields, wide ? 19 : 15);
    uint64_t first = wide ? svms_read_u64(&fields) : svms_read_u32(&fields);
    (void)svms_skip(&fields, 2);
    entries.count = svms_read_u16(&fields);
    status = open_entries(sidx, &fields, wide ? 32 : 24, &entries, err);
    uint64_t total = 0;
    while (status == SVMS_OK &&
           (status = svms_iso_table_next(&entries, file->source, &entry, err)) == SVMS_OK) {
        total += svms_read_u32(&entry) & REFERENCED;
    }
    if (status != SVMS_END) {
        return status;
    }
    uint64_t left = file->fixed_end - (sidx->offset + sidx->size);
    bool inside = entries.count == 0 || (first <= left && total <= left - first);
    return inside ? SVMS_OK : leads_away(sidx, err);
}

static svms_status check_tfra(const svms_onvif_file *file, const svms_iso_box *tfra,
                              svms_error *err)
{
    uint8_t bytes[MAX_FIELDS];
    svms_cursor fields;
    svms_cursor entry;
    svms_iso_table entries = { .entry_size = 0 };
    svms_status status = load_fields(file, tfra, bytes, &fields, err);
    if (status != SVMS_OK) {
        return status;
    }
    bool wide = svms_read_u8(&fields) == 1;
    (void)svms_skip(&fields, 7);
    uint32_t sizes = svms_read_u32(&fields);
    entries.count = svms_read_u32(&fields);
    entries.entry_size = (wide ? 16 : 8) + 3 + (sizes >> 4 & 3) + (sizes >> 2 & 3) + (sizes & 3);
    status = open_entries(tfra, &fields, 16, &entries, err);
    while (status == SVMS_OK &&
           (status = svms_iso_table_next(&entries, file->source, &entry, err)) == SVMS_OK) {
        (void)svms_skip(&entry, wide ? 8 : 4);
        uint64_t moof = wide ? svms_read_u64(&entry) : svms_read_u32(&entry);
        status = moof < file->fixed_end ? SVMS_OK : leads_away(tfra, err);
    }
    return status == SVMS_END ? SVMS_OK : status;
}

svms_status svms_onvif_check_indexes(const svms_onvif_file *file, svms_error *err)
{
    svms_iso_walk top = svms_iso_begin(file->source, file->size);
    svms_iso_walk inner;
    svms_iso_box box;
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && (status = svms_iso_next(&top, &box, err)) == SVMS_OK) {
        if (box.type == SIDX) {
            status = check_sidx(file, &box, err);
        }
        if (box.type != MFRA) {
            continue;
        }
        status = svms_iso_enter(&inner, &top, &box, 0, err);
        while (status == SVMS_OK && (status = svms_iso_next(&inner, &box, err)) == SVMS_OK) {
            status = box.type == TFRA ? check_tfra(file, &box, err) : SVMS_OK;
        }
        status = status == SVMS_END ? SVMS_OK : status;
    }
    return status == SVMS_END ? SVMS_OK : status;
}
