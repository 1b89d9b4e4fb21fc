/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of fragments that do not lie in 'mdat', and indexes that lead behind the end, are signed
 * for nobody (O-VER-10, O-VER-11). */
#include "onvif_case.h"

#define MEDIA_SIZE 40u
#define SECOND_MEDIA 96 /* where the second 'mdat' has its bytes */
#define TREX_SIZE 7u

/* tfhd */
#define BASE 0x1u
#define DESCRIPTION 0x2u
#define USUAL_DURATION 0x8u
#define USUAL_SIZE 0x10u
#define USUAL_FLAGS 0x20u
#define EMPTY 0x10000u
#define MOOF_IS_BASE 0x20000u
/* trun */
#define OFFSET 0x1u
#define FIRST_FLAGS 0x4u
#define DURATION 0x100u
#define SIZE 0x200u
#define SAMPLE_FLAGS 0x400u
#define COMPOSITION 0x800u

#define NO_MOVIE_DEFAULTS 1u
#define TWO_MOVIE_DEFAULTS 2u
#define MANY_MOVIE_DEFAULTS 64u

typedef struct run_layout {
    uint32_t flags;
    uint32_t count;
    int64_t offset; /* from the base */
    uint32_t sizes[3];
} run_layout;

typedef struct track_layout {
    uint32_t flags;
    uint32_t size; /* of every sample, unless it is said elsewhere */
    int64_t base;  /* from the beginning of 'moof' */
    run_layout runs[3];
} track_layout;

typedef struct fragment_layout {
    track_layout tracks[2];
    unsigned defaults;
} fragment_layout;

static void put_u32(memory_file *to, uint32_t value)
{
    size_t at = to->size;
    insert_bytes(to, at, NULL, 4);
    store_u32(to, at, value);
}

static void put_inner(memory_file *to, const char *type, memory_file *inner)
{
    put_box(to, type, inner->data, inner->size);
    memory_file_clear(inner);
}

static void put_header(memory_file *traf, const track_layout *given, uint64_t moof)
{
    memory_file box = { 0 };
    put_u32(&box, given->flags);
    put_u32(&box, 1);
    if ((given->flags & BASE) != 0) {
        uint64_t base = moof + (uint64_t)given->base;
        put_u32(&box, (uint32_t)(base >> 32));
        put_u32(&box, (uint32_t)base);
    }
    for (uint32_t flag = DESCRIPTION; flag <= USUAL_FLAGS; flag <<= 1) {
        if ((given->flags & flag) != 0) {
            put_u32(&box, flag == USUAL_SIZE ? given->size : 1);
        }
    }
    put_inner(traf, "tfhd", &box);
}

static void put_run(memory_file *traf, const run_layout *given)
{
    memory_file box = { 0 };
    put_u32(&box, given->flags);
    put_u32(&box, given->count);
    if ((given->flags & OFFSET) != 0) {
        put_u32(&box, (uint32_t)given->offset);
    }
    if ((given->flags & FIRST_FLAGS) != 0) {
        put_u32(&box, 1);
    }
    for (uint32_t i = 0; (given->flags & 0xF00u) != 0 && i < given->count && i < 3; i++) {
        for (uint32_t flag = DURATION; flag <= COMPOSITION; flag <<= 1) {
            if ((given->flags & flag) != 0) {
                put_u32(&box, flag == SIZE ? given->sizes[i] : 0x10000000u);
            }
        }
    }
    put_inner(traf, "trun", &box);
}

static void put_moof(memory_file *file, const fragment_layout *given)
{
    uint64_t at = file->size;
    memory_file moof = { 0 };
    put_box(&moof, "mfhd", "\0\0\0\0\0\0\0\1", 8);
    for (size_t i = 0; i < 2; i++) {
        const track_layout *track = &given->tracks[i];
        memory_file traf = { 0 };
        put_header(&traf, track, at);
        for (size_t j = 0; j < 3 && track->runs[j].count != 0; j++) {
            put_run(&traf, &track->runs[j]);
        }
        put_inner(&moof, "traf", &traf);
    }
    put_inner(file, "moof", &moof);
}

static void put_movie(memory_file *file, const fragment_layout *given)
{
    uint8_t header[84] = { 0 };
    memory_file track = { 0 };
    memory_file movie = { 0 };
    memory_file more = { 0 };
    header[15] = 1;
    put_box(&track, "tkhd", header, sizeof(header));
    put_box(&movie, "mvhd", NULL, 20);
    put_inner(&movie, "trak", &track);
    unsigned count = given->defaults == 0 ? 1 : given->defaults;
    for (unsigned i = 0; given->defaults != NO_MOVIE_DEFAULTS && i < count; i++) {
        uint8_t usual[24] = { [7] = 1, [19] = TREX_SIZE };
        usual[7] = given->defaults == MANY_MOVIE_DEFAULTS ? (uint8_t)(i + 1) : 1;
        put_box(&more, "trex", usual, sizeof(usual));
    }
    put_inner(&movie, "mvex", &more);
    put_inner(file, "moov", &movie);
}

/* ftyp, moov, moof, mdat of 40 bytes, free of 8 + 40, mdat of 40. */
static memory_file make_file(const fragment_layout *given)
{
    memory_file file = { 0 };
    put_box(&file, "ftyp", "isom\0\0\0\0isom", 12);
    put_movie(&file, given);
    put_moof(&file, given);
    put_box(&file, "mdat", NULL, MEDIA_SIZE);
    put_box(&file, "free", NULL, MEDIA_SIZE);
    put_box(&file, "mdat", NULL, MEDIA_SIZE);
    return file;
}

/* Bases and offsets that are given from the first byte of media become what they are in boxes. */
static fragment_layout placed(const fragment_layout *given)
{
    fragment_layout made = *given;
    memory_file file = make_file(given);
    int64_t media = (int64_t)(find_box(&file, "mdat", 0) + 8 - find_box(&file, "moof", 0));
    memory_file_clear(&file);
    for (size_t i = 0; i < 2; i++) {
        track_layout *track = &made.tracks[i];
        bool follows = (track->flags & (BASE | MOOF_IS_BASE)) == 0 && i > 0;
        for (size_t j = 0; j < 3; j++) {
            track->runs[j].offset += (track->flags & BASE) != 0 || follows ? 0 : media;
        }
        track->base += media;
    }
    return made;
}

static svms_status seal_it(const onvif_case *given, memory_file *in, memory_file *out,
                           svms_error *err)
{
    svms_onvif_seal_options options = seal_options(given, SIGNER_P256);
    svms_source source = memory_source(in);
    svms_sink sink = memory_sink(out);
    options.track_count = 0;
    options.start_count = 0;
    *err = (svms_error)SVMS_ERROR_INIT;
    return svms_onvif_seal(given->fix->ctx, &source, &sink, &options, err);
}

#define ONE(...)                                                                                   \
    {                                                                                              \
        { { __VA_ARGS__ } }, 0                                                                     \
    }

static void fragments_in_mdat_are_sealed(void **state)
{
    static const fragment_layout cases[] = {
        ONE(MOOF_IS_BASE, 0, 0, { { OFFSET | SIZE, 2, 0, { 20, 20 } } }),
        ONE(0, 0, 0, { { OFFSET | SIZE, 2, 30, { 5, 5 } } }),
        ONE(BASE, 0, 0, { { OFFSET | SIZE, 1, SECOND_MEDIA, { 40 } } }),
        ONE(BASE, 0, 10, { { SIZE, 3, 0, { 10, 10, 10 } } }),
        ONE(BASE, 0, 10, { { OFFSET | SIZE, 1, -10, { 40 } } }),
        ONE(BASE | MOOF_IS_BASE, 0, SECOND_MEDIA, { { SIZE, 1, 0, { 40 } } }),
        ONE(MOOF_IS_BASE, 0, 0, { { OFFSET, 5, 5, { 0 } } }), /* of 7 bytes, as trex says */
        ONE(USUAL_SIZE, 8, 0, { { OFFSET | FIRST_FLAGS, 5, 0, { 0 } } }),
        ONE(BASE | DESCRIPTION | USUAL_DURATION | USUAL_SIZE | USUAL_FLAGS, 8, 0,
            { { OFFSET, 5, 0, { 0 } } }),
        ONE(USUAL_SIZE, 8, 0,
            { { OFFSET | FIRST_FLAGS | DURATION | SIZE | SAMPLE_FLAGS | COMPOSITION,
                2,
                0,
                { 19, 21 } } }),
        ONE(0, 0, 0, { { OFFSET | SIZE, 1, 0, { 10 } }, { SIZE, 2, 0, { 10, 20 } } }),
        ONE(0, 0, 0, { { OFFSET | SIZE, 1, SECOND_MEDIA, { 10 } }, { OFFSET, 1, 0, { 0 } } }),
        ONE(USUAL_SIZE, 0, 0, { { OFFSET, UINT32_MAX, 0x7000, { 0 } } }), /* of no bytes */
        ONE(EMPTY, 0, 0, { { 0 } }),
        /* The second track's samples follow those of the first. */
        { { { 0, 0, 0, { { OFFSET | SIZE, 1, 0, { 10 } } } },
            { 0, 0, 0, { { OFFSET | SIZE, 1, 0, { 30 } } } } },
          NO_MOVIE_DEFAULTS },
        { { { 0, 0, 0, { { OFFSET | SIZE, 1, SECOND_MEDIA, { 10 } } } },
            { MOOF_IS_BASE, 0, 0, { { OFFSET, 2, 0, { 0 } } } } },
          MANY_MOVIE_DEFAULTS },
    };
    const onvif_case *given = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fragment_layout made = placed(&cases[i]);
        memory_file in = make_file(&made);
        memory_file out = { 0 };
        svms_error err;
        if (seal_it(given, &in, &out, &err) != SVMS_OK) {
            fail_msg("case %zu: %s", i, err.message);
        }
        assert_int_equal(status_of(given, &out), SVMS_OK);
        memory_file_clear(&in);
        memory_file_clear(&out);
    }
}

/* Refused by who seals, and by who verifies what somebody else sealed. */
static void expect_refused(const onvif_case *given, memory_file *wrong, const char *words,
                           size_t number)
{
    static const fragment_layout none = ONE(0, 0, 0, { { 0 } });
    memory_file good = make_file(&none);
    memory_file out = { 0 };
    memory_file again = { 0 };
    svms_error err;
    svms_onvif_report *report = NULL;
    if (seal_it(given, wrong, &out, &err) != SVMS_E_UNSUPPORTED ||
        strncmp(err.message, "a fragment: ", 12) != 0 || strstr(err.message, words) == NULL) {
        fail_msg("case %zu: %s", number, err.message);
    }
    assert_int_equal(out.size, 0);
    assert_int_equal(seal_it(given, &good, &out, &err), SVMS_OK);
    size_t meta = find_box(&out, "meta", 0);
    insert_bytes(wrong, wrong->size, out.data + meta, out.size - meta);
    assert_int_equal(verify_export(given, wrong, false, &report, NULL), SVMS_E_NOT_AUTHENTIC);
    if (strstr(signature_of(report, 0).integrity_reason, words) == NULL) {
        fail_msg("case %zu: %s", number, signature_of(report, 0).integrity_reason);
    }
    assert_int_equal(countersign(given, SIGNER_CUSTODIAN, wrong, &again, &err),
                     SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(again.size, 0);
    svms_onvif_report_free(&report);
    memory_file_clear(&good);
    memory_file_clear(&out);
}

/* Behind the end of the file, a later signer would put what he likes. */
static void fragments_elsewhere_are_signed_by_nobody(void **state)
{
    static const char outside[] = "do not lie in a box 'mdat', so that they may change";
    static const char taken[] = "can be taken to lie behind the end";
    static const struct {
        fragment_layout file;
        const char *words;
    } cases[] = {
        { ONE(MOOF_IS_BASE, 0, 0, { { OFFSET | SIZE, 1, 0x7000, { 1 } } }), outside },
        { ONE(0, 0, 0, { { OFFSET | SIZE, 1, MEDIA_SIZE + 8, { 1 } } }), outside }, /* 'free' */
        { ONE(0, 0, 0, { { OFFSET | SIZE, 1, -1, { 1 } } }), outside },
        { ONE(0, 0, 0, { { SIZE, 1, 0, { 1 } } }), outside }, /* the header of 'moof' */
        { ONE(BASE, 0, 0x700000000000, { { SIZE, 1, 0, { 1 } } }), outside },
        { ONE(BASE, 0, 0x7000, { { OFFSET | SIZE, 1, -0x7001, { 1 } } }), outside },
        { ONE(0, 0, 0, { { OFFSET | SIZE, 2, 0, { 20, 21 } } }), outside },
        { ONE(0, 0, 0, { { OFFSET, 6, 0, { 0 } } }), outside }, /* of 7 bytes */
        { ONE(USUAL_SIZE, 8, 0, { { OFFSET, 6, 0, { 0 } } }), outside },
        { ONE(USUAL_SIZE, UINT32_MAX, 0, { { OFFSET, UINT32_MAX, 0, { 0 } } }), outside },
        { ONE(0, 0, 0, { { OFFSET | SIZE, 1, 0, { 10 } }, { SIZE, 2, 0, { 10, 21 } } }), outside },
        { { { { 0, 0, 0, { { OFFSET | SIZE, 1, 0, { 10 } } } },
              { 0, 0, 0, { { OFFSET | SIZE, 1, 0, { 31 } } } } },
            0 },
          outside },
        { { { { 0, 0, 0, { { OFFSET | SIZE, 1, 0, { 10 } } } },
              { 0, 0, 0, { { OFFSET | SIZE, 1, 0x7000, { 1 } } } } },
            0 },
          outside },
        { ONE(BASE, 0, INT64_MIN, { { OFFSET | SIZE, 1, INT32_MIN, { 1 } } }), outside },
        { ONE(BASE, 0, -0x1000, { { OFFSET | SIZE, 1, 0, { 1 } } }), outside },
        { ONE(BASE, 0, -0x1000, { { OFFSET | SIZE, 1, INT32_MAX, { 1 } } }),
          "where no file has bytes" },
        { ONE(0, 0, 0, { { OFFSET | SIZE, 1, INT32_MIN, { 1 } } }), "where no file has bytes" },
        /* Begun at the base again, the second run lies behind the end. */
        { ONE(BASE, 0, 0x7000, { { OFFSET | SIZE, 1, -0x7000, { 10 } }, { SIZE, 1, 0, { 1 } } }),
          taken },
        { { { { 0, 0, 0, { { OFFSET | SIZE, 1, SECOND_MEDIA, { 5 } } } },
              { 0, 0, 0, { { OFFSET | SIZE, 1, -0x1000, { 1 } } } } },
            0 },
          "where no file has bytes" },
    };
    const onvif_case *given = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fragment_layout made = placed(&cases[i].file);
        memory_file wrong = make_file(&made);
        expect_refused(given, &wrong, cases[i].words, i);
        memory_file_clear(&wrong);
    }
}

static void sizes_that_nobody_can_tell_are_refused(void **state)
{
    static const fragment_layout cases[] = {
        { { { 0, 0, 0, { { OFFSET, 1, 0, { 0 } } } } }, NO_MOVIE_DEFAULTS },
        { { { 0, 0, 0, { { OFFSET | SIZE, 1, 0, { 1 } } } } }, TWO_MOVIE_DEFAULTS },
    };
    static const char *const words[] = { "nothing says how long samples of track 1 are",
                                         "a box 'trex' that does not fit" };
    const onvif_case *given = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fragment_layout made = placed(&cases[i]);
        memory_file wrong = make_file(&made);
        expect_refused(given, &wrong, words[i], i);
        memory_file_clear(&wrong);
    }
}

static void boxes_that_do_not_fit_are_refused(void **state)
{
    static const fragment_layout good = ONE(0, 0, 0, { { OFFSET | SIZE, 2, 0, { 20, 20 } } });
    static const struct {
        const char *type;
        size_t place; /* from the beginning of the box */
        uint32_t value;
        const char *words;
    } cases[] = {
        { "trun", 12, UINT32_MAX, "'trun' that does not fit" },
        { "trun", 12, 3, "'trun' that does not fit" },
        { "trun", 8, OFFSET | SIZE | COMPOSITION, "'trun' that does not fit" },
        { "trun", 4, 0x74666864, "'tfhd' that does not fit" }, /* a second header */
        { "tfhd", 4, 0x66726565, "'trun' that does not fit" }, /* no header */
        { "tfhd", 12, 0, "'tfhd' that does not fit" },         /* of no track */
        { "tfhd", 8, BASE, "'tfhd' that does not fit" },
        { "trex", 4, 0x66726565, NULL }, /* which nobody needs */
        { "mfhd", 0, 0, "has no possible size" },
        { "tfhd", 0, 0x1000, "beyond the end of the box it lies in" },
        { "traf", 0, 0x1000, "beyond the end of the box it lies in" },
        { "mvex", 8, 0x1000, "beyond the end of the box it lies in" },
        { "trex", 0, 9, "'trex' that does not fit" },
    };
    const onvif_case *given = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fragment_layout made = placed(&good);
        memory_file file = make_file(&made);
        memory_file out = { 0 };
        svms_error err;
        store_u32(&file, find_box(&file, cases[i].type, 0) + cases[i].place, cases[i].value);
        if (cases[i].words != NULL) {
            expect_refused(given, &file, cases[i].words, i);
        } else {
            assert_int_equal(seal_it(given, &file, &out, &err), SVMS_OK);
        }
        memory_file_clear(&file);
        memory_file_clear(&out);
    }
}

/* Runs that go back and forth between many boxes end, though not with a verdict. */
static void runs_in_no_order_do_not_take_for_ever(void **state)
{
    enum { BOXES = 4200, FRAGMENTS = 2200 };
    const onvif_case *given = *state;
    fragment_layout shape = ONE(BASE, 0, 0, { { OFFSET | SIZE, 1, 0, { 1 } } });
    fragment_layout made = placed(&shape);
    memory_file file = make_file(&made);
    memory_file out = { 0 };
    svms_error err;
    size_t first = find_box(&file, "mdat", 0) + 8;
    size_t end = file.size;
    insert_bytes(&file, end, NULL, (size_t)BOXES * 9);
    for (size_t i = 0; i < BOXES; i++) {
        store_u32(&file, end + 9 * i, 9);
        memcpy(file.data + end + 9 * i + 4, "mdat", 4);
    }
    size_t last = file.size - 1;
    for (size_t i = 0; i < FRAGMENTS; i++) {
        shape.tracks[0].runs[0].offset = (int64_t)(last - first);
        shape.tracks[0].base = (int64_t)first - (int64_t)file.size;
        shape.tracks[1] = (track_layout){
            BASE, 0, (int64_t)first - (int64_t)file.size, { { OFFSET | SIZE, 1, 0, { 1 } } }
        };
        put_moof(&file, &shape);
    }
    assert_int_equal(seal_it(given, &file, &out, &err), SVMS_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "takes too long"));
    memory_file_clear(&file);
    memory_file_clear(&out);
}

/* Players go where an index leads, into whatever box. */
static void indexes_that_lead_to_what_comes_later_are_refused(void **state)
{
    static const struct {
        const char *type;
        size_t place; /* from the beginning of the box */
        uint32_t value;
        const char *words;
    } cases[] = {
        { "sidx", 4, 0x73696478, NULL },
        { "sidx", 32, 0x80000000u, NULL }, /* of no bytes */
        { "sidx", 24, 0x1000, "'sidx' leads behind the end" },
        { "sidx", 32, 0x1000, "'sidx' leads behind the end" },
        { "sidx", 28, 2, "'sidx' that does not fit" },
        { "tfra", 28, 0x1000, "'tfra' leads behind the end" },
        { "tfra", 20, 2, "'tfra' that does not fit" },
        { "tfra", 16, 0x30, "'tfra' that does not fit" },
        { "mfra", 8, 9, "an index: " },
    };
    static const uint8_t subsegments[36] = { [7] = 1, [23] = 1, [27] = 1 };
    static const uint8_t random_access[] = "\0\0\0\x23tfra\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1"
                                           "\0\0\0\0\0\0\0\x20\1\1\1";
    const onvif_case *given = *state;
    fragment_layout none = ONE(0, 0, 0, { { 0 } });
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memory_file file = make_file(&none);
        memory_file out = { 0 };
        svms_error err;
        put_box(&file, "sidx", subsegments, sizeof(subsegments));
        put_box(&file, "free", NULL, 40);
        put_box(&file, "mfra", random_access, sizeof(random_access) - 1);
        store_u32(&file, find_box(&file, cases[i].type, 0) + cases[i].place, cases[i].value);
        svms_status status = seal_it(given, &file, &out, &err);
        const char *words = cases[i].words;
        if (words == NULL ? status != SVMS_OK
                          : status != SVMS_E_UNSUPPORTED || strstr(err.message, words) == NULL) {
            fail_msg("case %zu: %d %s", i, (int)status, err.message);
        }
        memory_file_clear(&file);
        memory_file_clear(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fragments_in_mdat_are_sealed),
        cmocka_unit_test(fragments_elsewhere_are_signed_by_nobody),
        cmocka_unit_test(sizes_that_nobody_can_tell_are_refused),
        cmocka_unit_test(boxes_that_do_not_fit_are_refused),
        cmocka_unit_test(runs_in_no_order_do_not_take_for_ever),
        cmocka_unit_test(indexes_that_lead_to_what_comes_later_are_refused),
    };
    return cmocka_run_group_tests(tests, onvif_setup, onvif_teardown);
}
