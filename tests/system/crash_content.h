/* SPDX-License-Identifier: Apache-2.0 */
/* What crash_recorder writes, so that crash_checker (and test_crash.py) can tell what was written
 * from track and number alone. */
#ifndef SVMS_TEST_CRASH_CONTENT_H
#define SVMS_TEST_CRASH_CONTENT_H

#include <stddef.h>
#include <stdint.h>

#define CONTENT_MAX 32768
#define CONTENT_BLOCK 64
#define FRAMES_IN_SEGMENT 10
#define TICKS_IN_FRAME 10 /* milliseconds */

static inline uint64_t content_mix(uint32_t track, uint32_t number)
{
    uint64_t value = ((uint64_t)track << 32 | number) + 1;
    value *= UINT64_C(0x9E3779B97F4A7C15);
    return value ^ (value >> 29);
}

/* The first sample of each segment is large, as pictures are. */
static inline size_t content_size(uint32_t track, uint32_t number)
{
    uint64_t mixed = content_mix(track, number);
    return number % FRAMES_IN_SEGMENT == 0 ? 4096 + mixed % 28672 : 64 + mixed % 1984;
}

/* Eight numbers of eight bytes, little-endian, repeated. */
static inline size_t content_fill(uint32_t track, uint32_t number, uint8_t out[CONTENT_MAX])
{
    uint64_t mixed = content_mix(track, number);
    size_t size = content_size(track, number);
    for (size_t i = 0; i < CONTENT_BLOCK; i++) {
        out[i] = (uint8_t)((mixed * (2 * (i / 8) + 1)) >> (8 * (i % 8)));
    }
    for (size_t i = CONTENT_BLOCK; i < size; i++) {
        out[i] = out[i - CONTENT_BLOCK];
    }
    return size;
}

#endif
