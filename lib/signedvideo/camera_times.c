/* SPDX-License-Identifier: Apache-2.0 */
/* Times and counter, in the order of bytes that makes sense (CS-DOC-1). */
#include <svms/time.h>

#include "camera_document.h"
#include "cursor.h"

/* 100 ns from 1601 to 1970, and from 1970 to 2262, where our own times end. */
#define UNITS_BEFORE_1970 UINT64_C(116444736000000000)
#define UNITS_TO_2262 UINT64_C(92146464000000000)
#define UNITS_PER_DAY UINT64_C(864000000000)
#define NS_PER_UNIT 100

static uint64_t number_of(const uint8_t *bytes, size_t size, svms_camera_order order)
{
    svms_cursor cursor = svms_cursor_over(bytes, size, 0);
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++) {
        uint64_t byte = svms_read_u8(&cursor);
        number = order == SVMS_CAMERA_BIG_ENDIAN ? number << 8 | byte : number | byte << 8 * i;
    }
    return number;
}

static int64_t time_of(const uint8_t bytes[8], svms_camera_order order)
{
    uint64_t units = number_of(bytes, 8, order);
    if (units < UNITS_BEFORE_1970 || units - UNITS_BEFORE_1970 >= UNITS_TO_2262) {
        return SVMS_NO_TIME;
    }
    return (int64_t)(units - UNITS_BEFORE_1970) * NS_PER_UNIT;
}

static svms_camera_times times_in(const svms_camera_document *document, svms_camera_order order)
{
    svms_camera_times times = { .order = order,
                                .from_utc_ns = time_of(document->start_bytes, order),
                                .to_utc_ns = SVMS_NO_TIME };
    if (document->general_version > 1) {
        times.to_utc_ns = time_of(document->end_bytes, order);
    }
    times.counter =
        (uint32_t)number_of(document->counter_bytes, sizeof document->counter_bytes, order);
    return times;
}

static bool makes_sense(const svms_camera_document *document, const svms_camera_times *times)
{
    if (times->from_utc_ns == SVMS_NO_TIME || document->general_version == 1) {
        return times->from_utc_ns != SVMS_NO_TIME;
    }
    return times->to_utc_ns != SVMS_NO_TIME && times->to_utc_ns >= times->from_utc_ns &&
           (uint64_t)(times->to_utc_ns - times->from_utc_ns) <= UNITS_PER_DAY * NS_PER_UNIT;
}

svms_camera_times svms_camera_document_times(const svms_camera_document *document,
                                             svms_camera_order before)
{
    svms_camera_order other =
        before == SVMS_CAMERA_LITTLE_ENDIAN ? SVMS_CAMERA_BIG_ENDIAN : SVMS_CAMERA_LITTLE_ENDIAN;
    svms_camera_times as_before = times_in(document, before);
    svms_camera_times turned = times_in(document, other);
    bool is_turned = !makes_sense(document, &as_before) && makes_sense(document, &turned);
    return is_turned ? turned : as_before;
}
