/* SPDX-License-Identifier: Apache-2.0 */
/* A film of pictures and sound, byte by byte, for tests that change it. */
#ifndef SVMS_FILM_MAKER_H
#define SVMS_FILM_MAKER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "iso_film.h"

#define ROOM 8192
#define MEDIA 44 /* where the samples begin */
#define DEEPEST 8

typedef struct bytes {
    uint8_t data[ROOM];
    size_t size;
    size_t open[DEEPEST];
    size_t depth;
    bool fails;
} bytes;

static inline svms_status read_at(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                                  int *os_error)
{
    const bytes *from = user;
    size_t left = offset < from->size ? from->size - (size_t)offset : 0;
    *os_error = 5;
    *got = size < left ? size : left;
    if (from->fails) {
        return SVMS_E_IO;
    }
    memcpy(out, from->data + (offset < from->size ? offset : 0), *got);
    return SVMS_OK;
}

static inline svms_status get_size(void *user, uint64_t *size, int *os_error)
{
    const bytes *from = user;
    *os_error = 0;
    *size = from->size;
    return SVMS_OK;
}

static inline svms_source source_of(bytes *from)
{
    svms_source source = SVMS_SOURCE_INIT;
    source.user = from;
    source.read_at = read_at;
    source.get_size = get_size;
    return source;
}

static inline void set_u32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

static inline uint32_t get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline void put(bytes *to, const void *data, size_t size)
{
    assert_true(to->size + size <= ROOM);
    memcpy(to->data + to->size, data, size);
    to->size += size;
}

static inline void put_u32(bytes *to, uint32_t value)
{
    uint8_t four[4];
    set_u32(four, value);
    put(to, four, 4);
}

static inline void put_zeros(bytes *to, size_t size)
{
    static const uint8_t zeros[128];
    put(to, zeros, size);
}

static inline void begin(bytes *to, const char *type)
{
    to->open[to->depth++] = to->size;
    put_u32(to, 0);
    put(to, type, 4);
}

static inline void end(bytes *to)
{
    size_t from = to->open[--to->depth];
    set_u32(to->data + from, (uint32_t)(to->size - from));
}

/* A box of numbers. */
static inline void put_box(bytes *to, const char *type, const uint32_t *numbers, size_t count)
{
    begin(to, type);
    for (size_t i = 0; i < count; i++) {
        put_u32(to, numbers[i]);
    }
    end(to);
}

#define BOX(to, type, ...)                                                                         \
    do {                                                                                           \
        static const uint32_t numbers[] = { __VA_ARGS__ };                                         \
        put_box(to, type, numbers, sizeof(numbers) / sizeof(numbers[0]));                          \
    } while (0)

static inline void put_matrix(bytes *to)
{
    static const uint32_t plain[9] = { 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000 };
    for (size_t i = 0; i < 9; i++) {
        put_u32(to, plain[i]);
    }
}

static inline void put_head(bytes *to, uint32_t id, bool sound)
{
    begin(to, "tkhd");
    put_u32(to, 3);
    put_zeros(to, 8);
    put_u32(to, id);
    put_zeros(to, 20);
    put_u32(to, sound ? 0x01000000 : 0);
    put_matrix(to);
    put_u32(to, sound ? 0 : 320 << 16);
    put_u32(to, sound ? 0 : 240 << 16);
    end(to);
}

static inline void put_picture_entry(bytes *to)
{
    begin(to, "stsd");
    put_u32(to, 0);
    put_u32(to, 1);
    begin(to, "avc1");
    put_zeros(to, 6);
    put(to, "\0\1", 2);
    put_zeros(to, 16);
    put_u32(to, 320 << 16 | 240);
    put_zeros(to, 46);
    put_u32(to, 0x18FFFF); /* 24 bits, and no table of colours */
    begin(to, "avcC");
    put(to, "config", 6);
    end(to);
    BOX(to, "pasp", 1, 1);
    end(to);
    end(to);
}

static inline void put_sound_entry(bytes *to)
{
    static const uint8_t esds[] = {
        0, 0,  0,    0,                                     /* version and flags */
        3, 25, 0,    2,    0,                               /* ES_Descriptor */
        4, 17, 0x40, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* DecoderConfigDescriptor */
        5, 2,  0x14, 8,                                     /* DecoderSpecificInfo */
        6, 1,  2,                                           /* SLConfigDescriptor */
    };
    begin(to, "stsd");
    put_u32(to, 0);
    put_u32(to, 1);
    begin(to, "mp4a");
    put_zeros(to, 6);
    put(to, "\0\1", 2);
    put_zeros(to, 8);
    put(to, "\0\2\0\20", 4);
    put_zeros(to, 4);
    put_u32(to, UINT32_C(16000) << 16);
    begin(to, "esds");
    put(to, esds, sizeof(esds));
    end(to);
    end(to);
    end(to);
}

/* Pictures of 10, 20, 30 bytes in two chunks; sounds of 8 bytes each in two chunks. */
static inline void put_tables(bytes *to, bool sound)
{
    begin(to, "stbl");
    if (sound) {
        put_sound_entry(to);
        BOX(to, "stts", 0, 1, 4, 1024);
        BOX(to, "stsc", 0, 2, 1, 1, 1, 2, 3, 1);
        BOX(to, "stsz", 0, 8, 4);
        BOX(to, "co64", 0, 2, 0, MEDIA + 30, 0, MEDIA + 68);
    } else {
        put_picture_entry(to);
        BOX(to, "stts", 0, 2, 2, 100, 1, 150);
        BOX(to, "ctts", 0, 2, 1, 100, 2, 50);
        BOX(to, "stss", 0, 1, 1);
        BOX(to, "stsc", 0, 2, 1, 2, 1, 2, 1, 1);
        BOX(to, "stsz", 0, 0, 3, 10, 20, 30);
        BOX(to, "stco", 0, 2, MEDIA, MEDIA + 38);
    }
    end(to);
}

static inline void put_track(bytes *to, uint32_t id, bool sound)
{
    begin(to, "trak");
    put_head(to, id, sound);
    begin(to, "edts");
    BOX(to, "elst", 0, 1, 350, 100, 0x10000);
    end(to);
    begin(to, "mdia");
    BOX(to, "mdhd", 0, 0, 0, 1000, 350, 0);
    begin(to, "hdlr");
    put_zeros(to, 8);
    put(to, sound ? "soun" : "vide", 4);
    put_zeros(to, 13);
    end(to);
    begin(to, "minf");
    BOX(to, sound ? "smhd" : "vmhd", 0, 0);
    begin(to, "dinf");
    BOX(to, "dref", 0, 1, 12, 0x75726C20, 1);
    end(to);
    put_tables(to, sound);
    end(to);
    end(to);
    end(to);
}

static inline void make_film(bytes *to)
{
    memset(to, 0, sizeof(*to));
    begin(to, "ftyp");
    put(to, "isom\0\0\2\0isom", 12);
    end(to);
    begin(to, "free");
    put_zeros(to, 8);
    end(to);
    begin(to, "mdat");
    assert_int_equal(to->size, MEDIA);
    put_zeros(to, 60);
    put_zeros(to, 32);
    end(to);
    begin(to, "moov");
    begin(to, "mvhd");
    put_zeros(to, 12);
    put_u32(to, 1000);
    put_u32(to, 350);
    put_u32(to, 0x10000);
    put_u32(to, 0x01000000);
    put_zeros(to, 8);
    put_matrix(to);
    put_zeros(to, 28);
    end(to);
    put_track(to, 1, false);
    put_track(to, 2, true);
    end(to);
    assert_int_equal(to->depth, 0);
}

/* Where the n-th box of a type begins; names are unique enough in these films. */
static inline size_t find(const bytes *in, const char *type, unsigned n)
{
    for (size_t at = 4; at + 4 <= in->size; at++) {
        if (memcmp(in->data + at, type, 4) == 0 && n-- == 0) {
            return at - 4;
        }
    }
    fail_msg("no box '%s'", type);
    return 0;
}

/* Boxes that hold others: how many bytes stand before these. */
static inline size_t fields_of(const uint8_t *type)
{
    static const struct {
        const char *type;
        size_t fields;
    } holders[] = { { "moov", 8 },  { "trak", 8 },  { "mdia", 8 }, { "minf", 8 },
                    { "dinf", 8 },  { "stbl", 8 },  { "edts", 8 }, { "stsd", 16 },
                    { "avc1", 86 }, { "mp4a", 36 }, { "dref", 16 } };
    for (size_t i = 0; i < sizeof(holders) / sizeof(holders[0]); i++) {
        if (memcmp(type, holders[i].type, 4) == 0) {
            return holders[i].fields;
        }
    }
    return 0;
}

/* Every box around a place becomes longer. */
static inline void grow_around(bytes *in, size_t place, size_t by)
{
    size_t at = 0;
    size_t stop = in->size;
    while (at + 8 <= stop) {
        size_t size = get_u32(in->data + at);
        size_t fields = fields_of(in->data + at + 4);
        if (place >= at + size) {
            at += size;
            continue;
        }
        if (fields == 0 || place < at + fields) {
            return;
        }
        set_u32(in->data + at, (uint32_t)(size + by));
        stop = at + size;
        at += fields;
    }
}

static inline void insert(bytes *in, size_t place, const void *data, size_t size)
{
    assert_true(in->size + size <= ROOM);
    grow_around(in, place, size);
    memmove(in->data + place + size, in->data + place, in->size - place);
    memcpy(in->data + place, data, size);
    in->size += size;
}

static inline svms_status walk(bytes *from, svms_error *err, size_t *samples)
{
    svms_film *film = malloc(sizeof(*film));
    svms_source source = source_of(from);
    svms_film_track *track = NULL;
    svms_film_sample sample;
    assert_non_null(film);
    *err = (svms_error)SVMS_ERROR_INIT;
    *samples = 0;
    svms_status status = svms_film_open(film, &source, err);
    while (status == SVMS_OK && (status = svms_film_next(film, &track, &sample, err)) == SVMS_OK) {
        ++*samples;
    }
    free(film);
    return status;
}

#endif
