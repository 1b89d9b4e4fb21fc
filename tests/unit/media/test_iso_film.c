/* SPDX-License-Identifier: Apache-2.0 */
/* Films that show their samples and nothing else, and every other kind, which is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "film_maker.h"

static void samples_come_in_the_order_of_the_file(void **state)
{
    static const struct {
        uint32_t track;
        svms_film_sample sample;
    } expected[] = {
        { 1, { 0, MEDIA, 10, 0, 100, 100, true } },
        { 1, { 1, MEDIA + 10, 20, 100, 50, 100, false } },
        { 2, { 0, MEDIA + 30, 8, 0, 0, 1024, true } },
        { 1, { 2, MEDIA + 38, 30, 200, 50, 150, false } },
        { 2, { 1, MEDIA + 68, 8, 1024, 0, 1024, true } },
        { 2, { 2, MEDIA + 76, 8, 2048, 0, 1024, true } },
        { 2, { 3, MEDIA + 84, 8, 3072, 0, 1024, true } },
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
            assert_int_equal(sample.sync, wanted->sync);
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
        { "pasp", 0, UINT32_MAX, 0x636C6170, "not known" },      /* clap: cut */
        { "pasp", 0, UINT32_MAX, 0x6972726F, "not known" },      /* irot */
        { "pasp", 0, UINT32_MAX, 0x62747274, "another length" }, /* btrt with room in it */
        { "avc1", 0, 74, 0x0008FFFF, "colours" },
        { "avc1", 0, 74, 0x00180000, "colours" },
        { "mp4a", 0, 16, 0x00020018, "bits" },
        { "ftyp", 0, 0, 0x6A703220, "brand" }, /* "jp2 " */
        { "ftyp", 0, 0, 0x68656963, "brand" },
        { "esds", 0, 4, 0x05160002, "descriptors" },
        { "esds", 0, 4, 0x03150002, "descriptors" },
        { "esds", 0, 27, 0x08050102, "descriptors" }, /* a second configuration */
        { "esds", 0, 26, 0x14080602, "descriptors" },
        { "stts", 0, 4, UINT32_MAX, "count" },
        { "stts", 0, 8, 1, "fewer" },
        { "stts", 0, 8, 3, "more" },
        { "stts", 0, 8, 0, "no samples" },
        { "stts", 0, 8, UINT32_MAX, "more" },
        { "ctts", 0, 8, 0, "no samples" },
        { "ctts", 0, 16, 1, "fewer" },
        { "ctts", 0, 16, 3, "more" },
        { "ctts", 0, 0, 0x02000000, "version" },
        { "ctts", 0, 20, 0x80000000, "negative" },
        { "ctts", 0, 12, UINT32_MAX, "negative" },
        { "stss", 0, 4, 0, "count" },
        { "stss", 0, 4, 2, "count" },
        { "stss", 0, 4, UINT32_MAX, "count" },
        { "stss", 0, 0, 0x01000000, "version" },
        { "stss", 0, 8, 0, "ascend" },
        { "stss", 0, 8, 3, "" },
        { "stss", 0, 8, 4, "more" },
        { "stss", 0, 8, UINT32_MAX, "more" },
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

static void remove_box(bytes *from, size_t at)
{
    size_t size = get_u32(from->data + at);
    grow_around(from, at, (size_t)0 - size);
    memmove(from->data + at, from->data + at + size, from->size - at - size);
    from->size -= size;
}

/* Tables that are not in every film: what they hold, and what is said of them. */
static void hints_fit_the_samples(void **state)
{
    static const struct {
        const char *type;
        uint32_t numbers[6];
        uint32_t size;
        const char *words; /* NULL: they fit */
    } cases[] = {
        { "stss", { 0, 0 }, 8, "begin with" },
        { "stss", { 0, 2, 1, 3 }, 16, NULL },
        { "stss", { 0, 2, 3, 1 }, 16, "more" },
        { "stss", { 0, 2, 1, 1 }, 16, "ascend" },
        { "sdtp", { 0, 0 }, 7, NULL },
        { "sdtp", { 0, 0 }, 8, "each sample" },
        { "sdtp", { 0 }, 4, "each sample" },
        { "sgpd", { 0, 0x726F6C6C }, 8, "short" },
        { "sgpd", { 0, 0x72617020, 0 }, 12, "unknown groups" },
        { "sgpd", { 0, 0x726F6C6C, 1, 0xFFFF0000 }, 14, NULL },
        { "sgpd", { 0, 0x726F6C6C, 1, 0xFFFF0000 }, 16, "count" },
        { "sgpd", { 1 << 24, 0x726F6C6C, 2, 1, 0xFFFF0000 }, 18, NULL },
        { "sgpd", { 1 << 24, 0x726F6C6C, 2, UINT32_MAX, 0 }, 18, "count" },
        { "sgpd", { 1 << 24, 0x726F6C6C, 0, 1, 0xFFFF0000 }, 18, "count" },
        { "sgpd", { 1 << 24, 0x726F6C6C, 2 }, 12, "count" },
        { "sgpd", { 2 << 24, 0x70726F6C, 0, 1, 0xFFFF0000 }, 18, NULL },
        { "sgpd", { 3 << 24, 0x70726F6C, 0, 1, 0xFFFF0000 }, 18, "count" },
        { "sbgp", { 0, 0x726F6C6C, 1, 3, 1 }, 20, NULL },
        { "sbgp", { 0, 0x726F6C6C, 2, 3, 1 }, 20, "count" },
        { "sbgp", { 1 << 24, 0x726F6C6C, 0, 1, 3, 1 }, 24, NULL },
        { "sbgp", { 2 << 24, 0x726F6C6C, 0, 1, 3, 1 }, 24, "count" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bytes from;
        svms_error err;
        size_t samples = 0;
        uint8_t box[8 + sizeof(cases[0].numbers)];
        make_film(&from);
        size_t at = find(&from, "stss", 0);
        set_u32(box, 8 + cases[i].size);
        memcpy(box + 4, cases[i].type, 4);
        for (size_t j = 0; j < sizeof(cases[0].numbers) / 4; j++) {
            set_u32(box + 8 + 4 * j, cases[i].numbers[j]);
        }
        if (memcmp(cases[i].type, "stss", 4) == 0) {
            remove_box(&from, at);
        }
        insert(&from, at, box, 8 + cases[i].size);
        svms_status status = walk(&from, &err, &samples);
        if (status != (cases[i].words == NULL ? SVMS_END : SVMS_E_MALFORMED) ||
            (cases[i].words != NULL && strstr(err.message, cases[i].words) == NULL)) {
            fail_msg("case %zu, '%s': %d %s", i, cases[i].type, (int)status, err.message);
        }
    }
}

/* Of the tracks of one group players choose one. */
static void pictures_and_sound_are_of_different_groups(void **state)
{
    static const struct {
        uint32_t pictures;
        uint32_t sound;
        svms_status status;
    } cases[] = {
        { 0, 1, SVMS_END }, { 1, 0, SVMS_END }, { 2, 1, SVMS_END }, { 1, 1, SVMS_E_MALFORMED }
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bytes from;
        svms_error err;
        size_t samples = 0;
        make_film(&from);
        set_u32(from.data + find(&from, "tkhd", 0) + 8 + 32, cases[i].pictures);
        set_u32(from.data + find(&from, "tkhd", 1) + 8 + 32, cases[i].sound);
        assert_int_equal(walk(&from, &err, &samples), cases[i].status);
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
        cmocka_unit_test(hints_fit_the_samples),
        cmocka_unit_test(pictures_and_sound_are_of_different_groups),
        cmocka_unit_test(boxes_that_do_not_belong_there_are_refused),
        cmocka_unit_test(what_is_there_twice_is_refused),
        cmocka_unit_test(bytes_that_are_no_samples_are_refused),
        cmocka_unit_test(a_delay_in_front_is_no_edit),
        cmocka_unit_test(a_film_that_was_cut_off_is_refused),
        cmocka_unit_test(flips_are_survived),
        cmocka_unit_test(a_read_that_fails_is_no_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
