/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/media.h>

#include "cursor.h"
#include "failure.h"
#include "options.h"

enum { NOT_BEGUN = 0, AT_START = 1, INSIDE = 2, ENDED = 3 };
enum { TEM = 0x01, RST0 = 0xD0, RST7 = 0xD7, SOI = 0xD8, EOI = 0xD9, SOS = 0xDA };

svms_status svms_jpeg_begin(svms_jpeg_iterator *it, const uint8_t *data, size_t size)
{
    if (!it || it->struct_size < sizeof *it || !data) {
        return SVMS_E_USAGE;
    }
    svms_jpeg_iterator ready = SVMS_JPEG_ITERATOR_INIT;
    ready.state = AT_START;
    ready.data = data;
    ready.size = size;
    return svms_result_write(it, &ready, sizeof ready, "svms_jpeg_iterator", NULL);
}

/* B.1.1.2: any number of fill bytes, then the marker. */
static svms_status read_marker(svms_cursor *cursor, svms_jpeg_segment *seg, svms_error *err)
{
    size_t start = cursor->position;
    uint8_t byte = svms_read_u8(cursor);
    if (!cursor->failed && byte != 0xFF) {
        return svms_fail_at(err, SVMS_E_MALFORMED, start, "no marker where one must stand");
    }
    while (byte == 0xFF && !cursor->failed) {
        seg->offset = cursor->position - 1;
        byte = svms_read_u8(cursor);
    }
    if (cursor->failed) {
        return svms_fail_at(err, SVMS_E_TRUNCATED, cursor->position, "the picture ends before EOI");
    }
    seg->marker = byte;
    return SVMS_OK;
}

/* Which markers may stand here, beside those that begin with a length. */
static svms_status check_marker(uint32_t state, const svms_jpeg_segment *seg, svms_error *err)
{
    uint32_t marker = seg->marker;
    if (state == AT_START && (marker != SOI || seg->offset != 0)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, 0, "a JPEG picture begins with SOI");
    }
    bool misplaced =
        marker == 0 || (marker >= RST0 && marker <= RST7) || (marker == SOI && state != AT_START);
    if (misplaced) {
        return svms_fail_at(err, SVMS_E_MALFORMED, seg->offset,
                            "a marker stands where it must not");
    }
    return SVMS_OK;
}

static svms_status read_payload(svms_cursor *cursor, svms_jpeg_segment *seg, svms_error *err)
{
    if (seg->marker == SOI || seg->marker == EOI || seg->marker == TEM) {
        return SVMS_OK;
    }
    size_t start = cursor->position;
    size_t length = svms_read_u16(cursor);
    if (!cursor->failed && length < 2) {
        return svms_fail_at(err, SVMS_E_MALFORMED, start,
                            "a segment is shorter than its length field");
    }
    seg->size = cursor->failed ? 0 : length - 2;
    seg->data = svms_read_bytes(cursor, seg->size);
    if (!seg->data) {
        return svms_fail_at(err, SVMS_E_TRUNCATED, start, "a segment reaches beyond the end");
    }
    return SVMS_OK;
}

/* B.1.1.5: up to a marker that is no restart marker, or the fill bytes before it. */
static svms_status find_scan_end(svms_cursor *cursor, svms_jpeg_segment *seg, svms_error *err)
{
    seg->scan_offset = cursor->position;
    const uint8_t *data = cursor->data;
    for (size_t i = cursor->position; i + 1 < cursor->size; i++) {
        if (data[i] != 0xFF || data[i + 1] == 0xFF) {
            continue;
        }
        if (data[i + 1] == 0 || (data[i + 1] >= RST0 && data[i + 1] <= RST7)) {
            continue;
        }
        size_t end = i;
        while (end > cursor->position && data[end - 1] == 0xFF) {
            end--;
        }
        seg->scan_size = end - cursor->position;
        cursor->position = end;
        return SVMS_OK;
    }
    return svms_fail_at(err, SVMS_E_TRUNCATED, cursor->size, "the picture ends before EOI");
}

svms_status svms_jpeg_next(svms_jpeg_iterator *it, svms_jpeg_segment *seg, svms_error *err)
{
    if (!it || !seg || it->struct_size < sizeof *it || it->state == NOT_BEGUN) {
        return svms_fail(err, SVMS_E_USAGE, "svms_jpeg_next needs a begun iterator and a place");
    }
    if (it->state == ENDED) {
        return SVMS_END;
    }
    svms_cursor cursor = svms_cursor_over(it->data, it->size, 0);
    (void)svms_skip(&cursor, it->position);
    svms_jpeg_segment known = SVMS_JPEG_SEGMENT_INIT;
    svms_status status = read_marker(&cursor, &known, err);
    if (status == SVMS_OK) {
        status = check_marker(it->state, &known, err);
    }
    if (status == SVMS_OK) {
        status = read_payload(&cursor, &known, err);
    }
    if (status == SVMS_OK && known.marker == SOS) {
        status = find_scan_end(&cursor, &known, err);
    }
    if (status == SVMS_OK) {
        status = svms_result_write(seg, &known, sizeof known, "svms_jpeg_segment", err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    it->position = cursor.position;
    it->state = known.marker == EOI ? ENDED : INSIDE;
    return SVMS_OK;
}
