/* SPDX-License-Identifier: Apache-2.0 */
/* Films that show their samples and nothing else, and every other kind, which is refused. */
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

static svms_status read_at(void *user, uint64_t offset, void *out, size_t size, size_t *got,
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

static svms_status get_size(void *user, uint64_t *size, int *os_error)
{
    const bytes *from = user;
    *os_error = 0;
    *size = from->size;
    return SVMS_OK;
}

static svms_source source_of(bytes *from)
{
    svms_source source = SVMS_SOURCE_INIT;
    source.user = from;
    source.read_at = read_at;
    source.get_size = get_size;
    return source;
}

static void set_u32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

static uint32_t get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void put(bytes *to, const void *data, size_t size)
{
    assert_true(to->size + size <= ROOM);
    memcpy(to->data + to->size, data, size);
    to->size += size;
}

static void put_u32(bytes *to, uint32_t value)
{
    uint8_t four[4];
    set_u32(four, value);
    put(to, four, 4);
}

static void put_zeros(bytes *to, size_t size)
{
    static const uint8_t zeros[128];
    put(to, zeros, size);
}

static void begin(bytes *to, const char *type)
{
    to->open[to->depth++] = to->size;
    put_u32(to, 0);
    put(to, type, 4);
}

static void end(bytes *to)
{
    size_t from = to->open[--to->depth];
    set_u32(to->data + from, (uint32_t)(to->size - from));
}

/* A box of numbers. */
static void put_box(bytes *to, const char *type, const uint32_t *numbers, size_t count)
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

static void put_matrix(bytes *to)
{
    static const uint32_t plain[9] = { 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000 };
    for (size_t i = 0; i < 9; i++) {
        put_u32(to, plain[i]);
    }
}

static void put_head(bytes *to, uint32_t id, bool sound)
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

static void put_picture_entry(bytes *to)
{
    begin(to, "stsd");
    put_u32(to, 0);
    put_u32(to, 1);
    begin(to, "avc1");
    put_zeros(to, 6);
    put(to, "\0\1", 2);
    put_zeros(to, 16);
    put_u32(to, 320 << 16 | 240);
    put_zeros(to, 50);
    begin(to, "avcC");
    put(to, "config", 6);
    end(to);
    BOX(to, "pasp", 1, 1);
    end(to);
    end(to);
}

static void put_sound_entry(bytes *to)
{
    static const uint8_t esds[] = {
        0, 0,  0,    0,                                     /* version and flags */
        3, 22, 0,    2,    0,                               /* ES_Descriptor */
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
static void put_tables(bytes *to, bool sound)
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

static void put_track(bytes *to, uint32_t id, bool sound)
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

static void make_film(bytes *to)
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
static size_t find(const bytes *in, const char *type, unsigned n)
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
static size_t fields_of(const uint8_t *type)
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
static void grow_around(bytes *in, size_t place, size_t by)
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

static void insert(bytes *in, size_t place, const void *data, size_t size)
{
    assert_true(in->size + size <= ROOM);
    grow_around(in, place, size);
    memmove(in->data + place + size, in->data + place, in->size - place);
    memcpy(in->data + place, data, size);
    in->size += size;
}

static svms_status walk(bytes *from, svms_error *err, size_t *samples)
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

static void samples_come_in_the_order_of_the_file(void **state)
{
    static const struct {
        uint32_t track;
        svms_film_sample sample;
    } expected[] = {
        { 1, { 0, MEDIA, 10, 0, 100, 100 } },       { 1, { 1, MEDIA + 10, 20, 100, 50, 100 } },
        { 2, { 0, MEDIA + 30, 8, 0, 0, 1024 } },    { 1, { 2, MEDIA + 38, 30, 200, 50, 150 } },
        { 2, { 1, MEDIA + 68, 8, 1024, 0, 1024 } }, { 2, { 2, MEDIA + 76, 8, 2048, 0, 1024 } },
        { 2, { 3, MEDIA + 84, 8, 3072, 0, 1024 } },
    };
    bytes from;
    svms_film film;
    svms_film_track *track = NULL;
    svms_film_sample sample;
    (void)state;
    make_film(&from);
    svms_source source = source_of(&from);
    assert_int_equal(svms_film_open(&film, &source, NULL), SVMS_OK);
    for (unsigned round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
            const svms_film_sample *wanted = &expected[i].sample;
            assert_int_equal(svms_film_next(&film, &track, &sample, NULL), SVMS_OK);
            assert_int_equal(track->id, expected[i].track);
            assert_int_equal(sample.number, wanted->number);
            assert_int_equal(sample.offset, wanted->offset);
            assert_int_equal(sample.size, wanted->size);
            assert_int_equal(sample.dts, wanted->dts);
            assert_int_equal(sample.composition, wanted->composition);
            assert_int_equal(sample.duration, wanted->duration);
        }
        assert_int_equal(svms_film_next(&film, &track, &sample, NULL), SVMS_END);
        svms_film_rewind(&film);
    }
}

static void tracks_are_described(void **state)
{
    bytes from;
    svms_film film;
    (void)state;
    make_film(&from);
    svms_source source = source_of(&from);
    assert_int_equal(svms_film_open(&film, &source, NULL), SVMS_OK);
    assert_int_equal(film.track_count, 2);
    assert_int_equal(film.timescale, 1000);
    const svms_film_entry *pictures = &film.tracks[0].entry;
    const svms_film_entry *sound = &film.tracks[1].entry;
    assert_int_equal(pictures->type, SVMS_ISO_TYPE('a', 'v', 'c', '1'));
    assert_int_equal(pictures->config_type, SVMS_ISO_TYPE('a', 'v', 'c', 'C'));
    assert_int_equal(pictures->config_size, 6);
    assert_memory_equal(from.data + pictures->config_offset, "config", 6);
    assert_int_equal(sound->object, 0x40);
    assert_int_equal(sound->channels, 2);
    assert_int_equal(sound->sample_rate, 16000);
    assert_int_equal(sound->config_size, 2);
    assert_memory_equal(from.data + sound->config_offset, "\x14\x08", 2);
    assert_int_equal(film.tracks[0].media_time, 100);
    assert_int_equal(film.tracks[0].edit_duration, 350);
    assert_int_equal(film.tracks[0].delay, 0);
}

/* A number in a box is another one. */
static void numbers_that_do_not_fit_are_refused(void **state)
{
    static const struct {
        const char *type;
        unsigned n;
        size_t place; /* behind the box's header */
        uint32_t value;
        const char *words;
    } cases[] = {
        { "mvhd", 0, 12, 0, "mvhd" },            /* timescale */
        { "mvhd", 0, 20, 0x20000, "speed" },     /* twice as fast */
        { "mvhd", 0, 36, 0xFFFF0000, "turned" }, /* mirrored */
        { "mvhd", 0, 24, 0, "softer" },
        { "tkhd", 0, 40, 0xFFFF0000, "turned" },
        { "tkhd", 0, 0, 2, "not played" },
        { "tkhd", 0, 12, 0, "number" },
        { "tkhd", 1, 12, 1, "number of another" },
        { "tkhd", 1, 36, 0, "louder" },
        { "tkhd", 0, 76, 1 << 16, "another size" },
        { "tkhd", 0, 80, 480 << 16, "another size" },
        { "tkhd", 0, 80, 0, "another size" },
        { "avc1", 0, 24, 320 << 16 | 480, "another size" },
        { "avc1", 0, 24, 0, "another size" },
        { "mdhd", 0, 12, 0, "mdhd" },
        { "hdlr", 0, 8, 0x74657874, "neither" },
        { "elst", 0, 4, 0, "edits" },
        { "elst", 0, 4, UINT32_MAX, "edits" },
        { "elst", 0, 8, 0, "speed" },
        { "elst", 0, 12, UINT32_MAX, "nothing" },
        { "elst", 0, 12, UINT32_MAX - 1, "speed" },
        { "elst", 0, 16, 0, "speed" },
        { "elst", 0, 16, 0x8000, "speed" },
        { "dref", 0, 16, 0, "elsewhere" },
        { "dref", 0, 4, 2, "elsewhere" },
        { "stsd", 0, 4, 2, "descriptions" },
        { "stsd", 0, 4, 0, "descriptions" },
        { "avc1", 0, 4, 2, "elsewhere" },
        { "avcC", 0, UINT32_MAX, 0x61766343, "" },
        { "pasp", 0, 4, 2, "stretched" },
        { "pasp", 0, UINT32_MAX, 0x636C6170, "not known" }, /* clap: cut */
        { "pasp", 0, UINT32_MAX, 0x6972726F, "not known" }, /* irot */
        { "esds", 0, 4, 0x05160002, "descriptors" },
        { "stts", 0, 4, UINT32_MAX, "count" },
        { "stts", 0, 8, 1, "fewer" },
        { "stts", 0, 8, 3, "more" },
        { "stts", 0, 8, 0, "no samples" },
        { "stts", 0, 8, UINT32_MAX, "more" },
        { "ctts", 0, 8, 0, "no samples" },
        { "ctts", 0, 16, 1, "fewer" },
        { "ctts", 0, 16, 3, "more" },
        { "ctts", 0, 0, 0x02000000, "version" },
        { "stsc", 0, 4, 3, "count" },
        { "stsc", 0, 8, 2, "in order" },
        { "stsc", 0, 8, 0, "in order" },
        { "stsc", 0, 12, 0, "empty" },
        { "stsc", 0, 12, 1, "mdat" },
        { "stsc", 0, 12, UINT32_MAX, "stsc" },
        { "stsc", 0, 16, 2, "second sample description" },
        { "stsc", 0, 20, 1, "in order" },
        { "stsc", 0, 20, 3, "more" },
        { "stsc", 0, 24, 2, "more" },
        { "stsz", 0, 8, UINT32_MAX, "count" },
        { "stsz", 0, 8, 2, "count" },
        { "stsz", 0, 4, 1, "count" },
        { "stsz", 0, 12, 11, "mdat" },         /* overlaps the next one */
        { "stsz", 0, 12, 9, "mdat" },          /* leaves a byte */
        { "stsz", 0, 12, 0, "mdat" },          /* leaves ten */
        { "stsz", 0, 12, UINT32_MAX, "mdat" }, /* goes on behind it */
        { "stsz", 1, 4, 7, "mdat" },
        { "stsz", 1, 4, UINT32_MAX, "mdat" },
        { "stsz", 1, 8, UINT32_MAX, "fewer" },
        { "stsz", 1, 8, 5, "fewer" },
        { "stco", 0, 8, 0, "mdat" },
        { "stco", 0, 8, MEDIA + 38, "mdat" },
        { "stco", 0, 12, MEDIA, "mdat" }, /* a sample that is shown twice */
        { "stco", 0, 12, UINT32_MAX, "mdat" },
        { "stco", 0, 4, UINT32_MAX, "count" },
        { "co64", 0, 8, UINT32_MAX, "mdat" },
        { "moov", 0, UINT32_MAX, 0x6D6F6F66, "moof" }, /* fragments */
        { "ftyp", 0, UINT32_MAX, 0x66726565, "ftyp" },
        { "stss", 0, UINT32_MAX, 0x73757573, "no plain film" },
        { "vmhd", 0, UINT32_MAX, 0x676D6864, "no plain film" },
        { "edts", 0, UINT32_MAX, 0x74726566, "no plain film" },
        { "free", 0, UINT32_MAX, 0x75756964, "no plain film" },
        { "free", 0, UINT32_MAX, 0x6D657461, "no plain film" },
        { "free", 0, UINT32_MAX, 0x66747970, "second" },
        { "ctts", 0, UINT32_MAX, 0x73747473, "second" },
        { "mdhd", 0, UINT32_MAX, 0x7878DD78, "no plain film" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bytes from;
        svms_error err;
        size_t samples = 0;
        make_film(&from);
        size_t at = find(&from, cases[i].type, cases[i].n);
        at = cases[i].place == UINT32_MAX ? at + 4 : at + 8 + cases[i].place;
        set_u32(from.data + at, cases[i].value);
        svms_status status = walk(&from, &err, &samples);
        bool same = cases[i].words[0] == '\0'; /* nothing was changed */
        if (status != (same ? SVMS_END : SVMS_E_MALFORMED) ||
            (!same && strstr(err.message, cases[i].words) == NULL)) {
            fail_msg("case %zu, '%s': %d %s", i, cases[i].type, (int)status, err.message);
        }
    }
}

/* A box more, somewhere. */
static void boxes_that_do_not_belong_there_are_refused(void **state)
{
    static const char *const holders[] = { "moov", "trak", "mdia", "minf", "dinf", "stbl", "edts" };
    static const char *const unknown[] = { "uuid", "meta", "mvex", "tref", "stsh", "saiz", "subs" };
    (void)state;
    for (size_t i = 0; i < sizeof(holders) / sizeof(holders[0]); i++) {
        for (size_t j = 0; j < sizeof(unknown) / sizeof(unknown[0]); j++) {
            bytes from;
            svms_error err;
            size_t samples = 0;
            uint8_t box[8] = { 0, 0, 0, 8 };
            memcpy(box + 4, unknown[j], 4);
            make_film(&from);
            insert(&from, find(&from, holders[i], 0) + 8, box, sizeof(box));
            assert_int_equal(walk(&from, &err, &samples), SVMS_E_MALFORMED);
            assert_non_null(strstr(err.message, "no plain film"));
        }
    }
}

/* 'udta' with one box in it, in front of another box. */
static void insert_texts(bytes *film, const char *before, unsigned n, const void *content,
                         size_t size)
{
    bytes texts = { { 0 }, 0, { 0 }, 0, false };
    begin(&texts, "udta");
    put(&texts, content, size);
    end(&texts);
    insert(film, find(film, before, n), texts.data, texts.size);
}

/* {"udta" {"meta" {"hdlr", "ilst" {item {"data"}}}}} as taggers write it. */
static void make_list(bytes *to, const char *item, uint32_t kind)
{
    memset(to, 0, sizeof(*to));
    begin(to, "meta");
    put_u32(to, 0);
    begin(to, "hdlr");
    put_zeros(to, 25);
    end(to);
    begin(to, "ilst");
    begin(to, item);
    BOX(to, "mean", 0, 0);
    begin(to, "data");
    put_u32(to, kind);
    put_u32(to, 0);
    put(to, "words", 5);
    end(to);
    end(to);
    end(to);
    end(to);
}

static void texts_are_let_pass(void **state)
{
    static const char *const types[] = { "name", "cprt", "loci", "free", "\xA9xyz", "\xA9too" };
    static const char *const places[] = { "trak", "mdia" };
    (void)state;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        for (size_t j = 0; j < 2; j++) {
            bytes film;
            svms_error err;
            size_t samples = 0;
            uint8_t text[12] = { 0, 0, 0, 12, 0, 0, 0, 0, 't', 'e', 'x', 't' };
            memcpy(text + 4, types[i], 4);
            make_film(&film);
            insert_texts(&film, places[j], 0, text, sizeof(text));
            assert_int_equal(walk(&film, &err, &samples), SVMS_END);
        }
    }
    bytes film;
    bytes list;
    svms_error err;
    size_t samples = 0;
    make_film(&film);
    make_list(&list, "\xA9nam", 1);
    insert_texts(&film, "trak", 0, list.data, list.size);
    assert_int_equal(walk(&film, &err, &samples), SVMS_END);
}

/* Players look into 'udta' for tracks, covers and items, too. */
static void other_things_than_texts_are_refused(void **state)
{
    static const char *const types[] = { "trak", "moov", "iloc", "ID32", "chpl", "thmb" };
    static const struct {
        const char *item;
        uint32_t kind;
        const char *words;
    } items[] = { { "covr", 13, "picture" },
                  { "covr", 1, "picture" },
                  { "xxxx", 13, "words" },
                  { "xxxx", 14, "words" },
                  { "xxxx", 0, "else than words" } };
    (void)state;
    bytes film;
    svms_error err;
    size_t samples = 0;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        uint8_t box[8] = { 0, 0, 0, 8 };
        memcpy(box + 4, types[i], 4);
        make_film(&film);
        insert_texts(&film, i % 2 == 0 ? "trak" : "mdia", 0, box, sizeof(box));
        assert_int_equal(walk(&film, &err, &samples), SVMS_E_MALFORMED);
        assert_non_null(strstr(err.message, "not known to hold words"));
    }
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        bytes list;
        make_film(&film);
        make_list(&list, items[i].item, items[i].kind);
        insert_texts(&film, "trak", 0, list.data, list.size);
        assert_int_equal(walk(&film, &err, &samples), SVMS_E_MALFORMED);
        assert_non_null(strstr(err.message, items[i].words));
    }
    make_film(&film);
    insert_texts(&film, "trak", 0, "\0\0\0\15meta\0\0\0\0", 12);
    assert_int_equal(walk(&film, &err, &samples), SVMS_E_MALFORMED);
    make_film(&film);
    insert_texts(&film, "trak", 0, "text", 4);
    assert_int_equal(walk(&film, &err, &samples), SVMS_E_MALFORMED);
}

static void what_is_there_twice_is_refused(void **state)
{
    static const char *const types[] = { "ftyp", "moov", "mvhd", "tkhd", "mdia", "mdhd", "hdlr",
                                         "minf", "dinf", "dref", "stbl", "stsd", "stts", "ctts",
                                         "stsc", "stsz", "stco", "elst", "edts", "avc1", "avcC" };
    (void)state;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        bytes from;
        svms_error err;
        size_t samples = 0;
        uint8_t box[ROOM];
        make_film(&from);
        size_t at = find(&from, types[i], 0);
        size_t size = get_u32(from.data + at);
        memcpy(box, from.data + at, size);
        insert(&from, at, box, size);
        if (walk(&from, &err, &samples) != SVMS_E_MALFORMED) {
            fail_msg("two boxes '%s'", types[i]);
        }
    }
}

static void bytes_that_are_no_samples_are_refused(void **state)
{
    static const uint8_t more[] = { 0, 0, 0, 9, 'm', 'd', 'a', 't', 'x' };
    static const uint8_t empty[] = { 0, 0, 0, 8, 'm', 'd', 'a', 't' };
    bytes from;
    svms_error err;
    size_t samples = 0;
    (void)state;
    make_film(&from);
    put(&from, empty, sizeof(empty));
    assert_int_equal(walk(&from, &err, &samples), SVMS_END);
    assert_int_equal(samples, 7);
    make_film(&from);
    put(&from, more, sizeof(more));
    assert_int_equal(walk(&from, &err, &samples), SVMS_E_MALFORMED);
}

static void a_delay_in_front_is_no_edit(void **state)
{
    static const uint8_t edit[12] = { 0, 0, 0, 40, 0xFF, 0xFF, 0xFF, 0xFF, 0, 1, 0, 0 };
    bytes from;
    svms_film film;
    svms_error err;
    size_t samples = 0;
    (void)state;
    make_film(&from);
    size_t at = find(&from, "elst", 0);
    insert(&from, at + 16, edit, sizeof(edit));
    set_u32(from.data + at, 28 + 12);
    set_u32(from.data + at + 12, 2);
    svms_source source = source_of(&from);
    assert_int_equal(svms_film_open(&film, &source, NULL), SVMS_OK);
    assert_int_equal(film.tracks[0].delay, 40);
    assert_int_equal(film.tracks[0].media_time, 100);
    set_u32(from.data + at + 20, 0);
    assert_int_equal(walk(&from, &err, &samples), SVMS_E_MALFORMED);
    assert_non_null(strstr(err.message, "edits"));
}

static void a_film_that_was_cut_off_is_refused(void **state)
{
    bytes from;
    svms_error err;
    size_t samples = 0;
    (void)state;
    make_film(&from);
    for (size_t size = from.size; size-- > 0;) {
        from.size = size;
        assert_int_not_equal(walk(&from, &err, &samples), SVMS_END);
    }
}

/* Nothing is read or believed that is not there. */
static void flips_are_survived(void **state)
{
    bytes good;
    svms_error err;
    size_t samples = 0;
    (void)state;
    make_film(&good);
    for (size_t i = 0; i < good.size * 8; i++) {
        bytes from = good;
        from.data[i / 8] ^= (uint8_t)(1u << i % 8);
        svms_status status = walk(&from, &err, &samples);
        assert_int_not_equal(status, SVMS_OK);
        assert_true(status != SVMS_END || samples == 7);
    }
}

static void a_read_that_fails_is_no_refusal(void **state)
{
    bytes from;
    svms_error err;
    size_t samples = 0;
    (void)state;
    make_film(&from);
    from.fails = true;
    assert_int_equal(walk(&from, &err, &samples), SVMS_E_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_come_in_the_order_of_the_file),
        cmocka_unit_test(tracks_are_described),
        cmocka_unit_test(numbers_that_do_not_fit_are_refused),
        cmocka_unit_test(boxes_that_do_not_belong_there_are_refused),
        cmocka_unit_test(texts_are_let_pass),
        cmocka_unit_test(other_things_than_texts_are_refused),
        cmocka_unit_test(what_is_there_twice_is_refused),
        cmocka_unit_test(bytes_that_are_no_samples_are_refused),
        cmocka_unit_test(a_delay_in_front_is_no_edit),
        cmocka_unit_test(a_film_that_was_cut_off_is_refused),
        cmocka_unit_test(flips_are_survived),
        cmocka_unit_test(a_read_that_fails_is_no_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
