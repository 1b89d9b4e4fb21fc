/* SPDX-License-Identifier: Apache-2.0 */
/* JPEG marker iteration. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <svms/media.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* Segments follow one another without overlap; *end is where the last one ended. */
static void check_segment(const svms_jpeg_segment *seg, const uint8_t *data, size_t size,
                          size_t *end)
{
    require(seg->offset >= *end && seg->offset + 2 <= size);
    require(data[seg->offset] == 0xFF && data[seg->offset + 1] == seg->marker);
    *end = seg->offset + 2;
    if (seg->data) {
        require(seg->data == data + seg->offset + 4);
        require(seg->size <= size - seg->offset - 4);
        *end = seg->offset + 4 + seg->size;
    }
    if (seg->marker == 0xDA) {
        require(seg->scan_offset == *end && seg->scan_size <= size - *end);
        *end += seg->scan_size;
    } else {
        require(seg->scan_offset == 0 && seg->scan_size == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    svms_jpeg_iterator it = SVMS_JPEG_ITERATOR_INIT;
    svms_jpeg_segment seg = SVMS_JPEG_SEGMENT_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_jpeg_begin(&it, data, size) != SVMS_OK) {
        return 0;
    }
    size_t end = 0, count = 0;
    svms_status status;
    while ((status = svms_jpeg_next(&it, &seg, &err)) == SVMS_OK) {
        check_segment(&seg, data, size, &end);
        require((count == 0) == (seg.marker == 0xD8));
        require(++count <= size);
    }
    if (status == SVMS_END) {
        require(seg.marker == 0xD9);
    } else {
        require(err.status == status && err.offset <= size);
    }
    return 0;
}
