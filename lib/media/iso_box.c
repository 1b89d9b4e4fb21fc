/* SPDX-License-Identifier: Apache-2.0 */
#include "iso_box.h"

#include "cursor.h"
#include "failure.h"

#define SHORT_HEADER 8
#define LONG_HEADER 16

svms_iso_walk svms_iso_begin(const svms_source *source, uint64_t size)
{
    return (svms_iso_walk){ source, 0, size, 0, 0 };
}

uint64_t svms_iso_payload_offset(const svms_iso_box *box)
{
    return box->offset + box->header_size;
}

uint64_t svms_iso_payload_size(const svms_iso_box *box)
{
    return box->size - box->header_size;
}

svms_iso_name svms_iso_name_of(uint32_t type)
{
    svms_iso_name name = { { 0 } };
    for (unsigned i = 0; i < 4; i++) {
        char c = (char)(type >> (24 - 8 * i) & 0x7F);
        bool printable = c >= ' ' && c != 0x7F && (type >> (24 - 8 * i) & 0x80) == 0;
        name.text[i] = printable ? c : '?';
    }
    return name;
}

svms_status svms_iso_enter(svms_iso_walk *inner, const svms_iso_walk *walk, const svms_iso_box *box,
                           uint32_t own, svms_error *err)
{
    if (walk->depth + 1 >= SVMS_ISO_MAX_DEPTH) {
        return svms_fail_at(err, SVMS_E_LIMIT, box->offset, "boxes lie too deep in one another");
    }
    if (svms_iso_payload_size(box) < own) {
        return svms_fail_at(err, SVMS_E_MALFORMED, box->offset, "a box '%s' is too short",
                            svms_iso_name_of(box->type).text);
    }
    *inner = (svms_iso_walk){ walk->source, svms_iso_payload_offset(box) + own,
                              box->offset + box->size, walk->depth + 1, 0 };
    return SVMS_OK;
}

/* The size that the header says; 0 where it is no possible one. */
static uint64_t size_of(svms_iso_box *box, svms_cursor *header, uint64_t left, bool is_top)
{
    uint64_t size = svms_read_u32(header);
    box->type = svms_read_u32(header);
    box->header_size = SHORT_HEADER;
    box->to_end = size == 0;
    if (size == 1) {
        size = svms_read_u64(header);
        box->header_size = LONG_HEADER;
    } else if (size == 0) {
        size = is_top ? left : 0;
    }
    return header->failed || size < box->header_size ? 0 : size;
}

svms_status svms_iso_next(svms_iso_walk *walk, svms_iso_box *box, svms_error *err)
{
    bool is_top = walk->depth == 0;
    uint64_t left = walk->end - walk->next;
    uint8_t bytes[LONG_HEADER];
    if (left == 0) {
        return SVMS_END;
    }
    if (walk->count == (is_top ? SVMS_ISO_MAX_FILE_BOXES : SVMS_ISO_MAX_CHILDREN)) {
        return svms_fail_at(err, SVMS_E_LIMIT, walk->next, "too many boxes in one place");
    }
    if (left < SHORT_HEADER) {
        return svms_fail_at(err, SVMS_E_MALFORMED, walk->next, "%u bytes belong to no box",
                            (unsigned)left);
    }
    size_t size = left < LONG_HEADER ? (size_t)left : LONG_HEADER;
    svms_status status = svms_source_read(walk->source, walk->next, bytes, size, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor header = svms_cursor_over(bytes, size, walk->next);
    svms_iso_box found = { .offset = walk->next };
    found.size = size_of(&found, &header, left, is_top);
    if (found.size == 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, walk->next, "a box '%s' has no possible size",
                            svms_iso_name_of(found.type).text);
    }
    if (found.size > left) {
        return svms_fail_at(err, is_top ? SVMS_E_TRUNCATED : SVMS_E_MALFORMED, walk->next,
                            "a box '%s' reaches beyond the end of %s",
                            svms_iso_name_of(found.type).text,
                            is_top ? "the file" : "the box it lies in");
    }
    walk->next += found.size;
    walk->count++;
    *box = found;
    return SVMS_OK;
}
