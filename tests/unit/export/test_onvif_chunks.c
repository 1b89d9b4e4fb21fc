/* SPDX-License-Identifier: Apache-2.0 */
/* Samples that do not lie in 'mdat' are signed for nobody (O-VER-10). */
#include "onvif_case.h"

#define MEDIA_SIZE 40u
#define MANY 0x10000000u

/* Offsets of chunks count from the first byte of media. */
typedef struct chunk_layout {
    uint32_t runs[6]; /* of 'stsc': first chunk, samples, description; 0 ends them */
    uint32_t fixed;   /* size of every sample, or 0 */
    uint32_t samples;
    uint32_t sizes[4];
    uint32_t chunks;
    int64_t offsets[4];
    unsigned bits; /* of sizes in 'stz2'; 0: 'stsz' */
    bool wide;     /* 'co64' */
} chunk_layout;

static void put_u32(memory_file *to, uint32_t value)
{
    size_t at = to->size;
    insert_bytes(to, at, NULL, 4);
    store_u32(to, at, value);
}

/* Puts all that is in inner into a box, and empties it. */
static void wrap(memory_file *inner, const char *type)
{
    memory_file outer = { 0 };
    put_box(&outer, type, inner->data, inner->size);
    memory_file_clear(inner);
    *inner = outer;
}

static void append(memory_file *to, memory_file *from)
{
    insert_bytes(to, to->size, from->data, from->size);
    memory_file_clear(from);
}

static memory_file make_runs(const chunk_layout *given)
{
    memory_file box = { 0 };
    uint32_t count = given->runs[0] == 0 ? 0 : given->runs[3] == 0 ? 1 : 2;
    put_u32(&box, 0);
    put_u32(&box, count);
    for (uint32_t i = 0; i < 3 * count; i++) {
        put_u32(&box, given->runs[i]);
    }
    wrap(&box, "stsc");
    return box;
}

static memory_file make_sizes(const chunk_layout *given)
{
    memory_file box = { 0 };
    put_u32(&box, 0);
    put_u32(&box, given->bits != 0 ? given->bits : given->fixed);
    put_u32(&box, given->samples);
    for (uint32_t i = 0; given->fixed == 0 && i < given->samples; i++) {
        const uint8_t bytes[4] = { 0, 0, (uint8_t)(given->sizes[i] >> 8),
                                   (uint8_t)given->sizes[i] };
        size_t size = given->bits == 0 ? 4 : (given->bits + 7) / 8;
        insert_bytes(&box, box.size, bytes + 4 - size, size);
    }
    wrap(&box, given->bits != 0 ? "stz2" : "stsz");
    return box;
}

static memory_file make_offsets(const chunk_layout *given, size_t media)
{
    memory_file box = { 0 };
    put_u32(&box, 0);
    put_u32(&box, given->chunks);
    for (uint32_t i = 0; i < given->chunks; i++) {
        uint64_t offset = (uint64_t)((int64_t)media + given->offsets[i]);
        if (given->wide) {
            put_u32(&box, (uint32_t)(offset >> 32));
        }
        put_u32(&box, (uint32_t)offset);
    }
    wrap(&box, given->wide ? "co64" : "stco");
    return box;
}

static memory_file make_movie(const chunk_layout *given, size_t media)
{
    memory_file table = make_runs(given);
    memory_file box = make_sizes(given);
    append(&table, &box);
    box = make_offsets(given, media);
    append(&table, &box);
    wrap(&table, "stbl");
    memory_file data = { 0 };
    insert_bytes(&data, 0, "\0\0\0\0\0\0\0\1\0\0\0\x0curl \0\0\0\1", 20);
    wrap(&data, "dref");
    wrap(&data, "dinf");
    append(&data, &table);
    wrap(&data, "minf");
    wrap(&data, "mdia");
    uint8_t header[84] = { 0 };
    header[15] = 1;
    memory_file track = { 0 };
    put_box(&track, "tkhd", header, sizeof(header));
    append(&track, &data);
    wrap(&track, "trak");
    memory_file movie = { 0 };
    put_box(&movie, "mvhd", NULL, 20);
    append(&movie, &track);
    wrap(&movie, "moov");
    return movie;
}

/* ftyp, moov, mdat of 40 bytes, free of 8 + 40, mdat of 40. */
static memory_file make_file(const chunk_layout *given)
{
    memory_file file = { 0 };
    memory_file movie = make_movie(given, 0);
    size_t media = 20 + movie.size + 8;
    memory_file_clear(&movie);
    put_box(&file, "ftyp", "isom\0\0\0\0isom", 12);
    movie = make_movie(given, media);
    append(&file, &movie);
    put_box(&file, "mdat", NULL, MEDIA_SIZE);
    put_box(&file, "free", NULL, MEDIA_SIZE);
    put_box(&file, "mdat", NULL, MEDIA_SIZE);
    assert_int_equal(find_box(&file, "mdat", 0) + 8, media);
    return file;
}

#define SECOND_MEDIA 96 /* where the second 'mdat' has its bytes */

static void chunks_in_mdat_are_sealed(void **state)
{
    static const chunk_layout cases[] = {
        { { 1, 2, 1 }, 0, 4, { 10, 10, 10, 10 }, 2, { 0, 20 }, 0, false },
        { { 1, 2, 1 }, 0, 4, { 10, 10, 10, 10 }, 2, { 0, 20 }, 0, true },
        { { 1, 2, 1 }, 0, 4, { 10, 10, 10, 10 }, 2, { 20, 0 }, 16, false },
        { { 1, 2, 1 }, 0, 4, { 10, 10, 10, 10 }, 2, { SECOND_MEDIA, 0 }, 8, false },
        { { 1, 3, 1, 2, 1, 1 }, 10, 4, { 0 }, 2, { SECOND_MEDIA + 10, 30 }, 0, false },
        { { 1, 4, 1 }, 20, 2, { 0 }, 1, { 0 }, 0, false },           /* two of the four are there */
        { { 1, 2, 1 }, 0, 2, { 10, 10 }, 2, { 0, MANY }, 0, false }, /* none is in the second */
        { { 1, 1, 1 }, 0, 2, { 40, 0 }, 2, { 0, -20 }, 0, false },   /* of no bytes */
        { { 0 }, 0, 0, { 0 }, 0, { 0 }, 0, false },
        { { 1, 1, 1 }, 0, 4, { 1, 1, 1, 1 }, 0, { 0 }, 0, true },
    };
    const onvif_case *given = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memory_file in = make_file(&cases[i]);
        memory_file out = { 0 };
        svms_error err = SVMS_ERROR_INIT;
        svms_onvif_seal_options options = seal_options(given, SIGNER_P256);
        svms_source source = memory_source(&in);
        svms_sink sink = memory_sink(&out);
        options.track_count = 0;
        options.start_count = 0;
        if (svms_onvif_seal(given->fix->ctx, &source, &sink, &options, &err) != SVMS_OK) {
            fail_msg("case %zu: %s", i, err.message);
        }
        assert_int_equal(status_of(given, &out), SVMS_OK);
        memory_file_clear(&in);
        memory_file_clear(&out);
    }
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

/* Behind the end of the file, a later signer would put what he likes. */
static void samples_elsewhere_are_signed_by_nobody(void **state)
{
    static const chunk_layout cases[] = {
        { { 1, 1, 1 }, 10, 1, { 0 }, 1, { 0x7000 }, 0, false },
        { { 1, 1, 1 }, 10, 1, { 0 }, 1, { 0x7000000000 }, 0, true },
        { { 1, 1, 1 }, 10, 1, { 0 }, 1, { -64 }, 0, false },            /* in 'moov' */
        { { 1, 1, 1 }, 10, 1, { 0 }, 1, { -1 }, 0, false },             /* in the header */
        { { 1, 1, 1 }, 10, 1, { 0 }, 1, { MEDIA_SIZE + 8 }, 0, false }, /* in 'free' */
        { { 1, 1, 1 }, 10, 1, { 0 }, 1, { MEDIA_SIZE - 9 }, 0, false }, /* the last byte */
        { { 1, 2, 1 }, 0, 2, { 10, 31 }, 1, { 0 }, 0, false },          /* the last sample */
        { { 1, 2, 1 }, 0, 2, { 10, 31 }, 1, { 0 }, 8, false },
        { { 1, 4, 1 }, 0, 4, { 1, 1, 1, 0x8000 }, 1, { 0 }, 16, false },
        { { 1, 4, 1 }, UINT32_MAX, 4, { 0 }, 1, { 0 }, 0, false },
        { { 1, UINT32_MAX, 1 }, UINT32_MAX, UINT32_MAX, { 0 }, 1, { 0 }, 0, true },
        { { 1, 1, 1 }, 10, 3, { 0 }, 3, { 0, 10, SECOND_MEDIA - 8 }, 0, false },
        { { 1, 1, 1 }, 10, 2, { 0 }, 2, { SECOND_MEDIA, SECOND_MEDIA - 30 }, 0, false },
        { { 1, 1, 1, 3, 9, 1 }, 10, 9, { 0 }, 3, { 0, 10, 20 }, 0, false },
    };
    const onvif_case *given = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        chunk_layout right = cases[i];
        svms_error err;
        memory_file out = { 0 };
        memory_file wrong = make_file(&cases[i]);
        if (seal_it(given, &wrong, &out, &err) != SVMS_E_UNSUPPORTED ||
            strstr(err.message, "do not lie in a box 'mdat'") == NULL) {
            fail_msg("case %zu: %s", i, err.message);
        }
        assert_int_equal(out.size, 0);
        right.fixed = 0;
        right.samples = 0;
        memory_file good = make_file(&right);
        assert_int_equal(seal_it(given, &good, &out, &err), SVMS_OK);
        svms_onvif_report *report = NULL;
        size_t meta = find_box(&out, "meta", 0);
        insert_bytes(&wrong, wrong.size, out.data + meta, out.size - meta);
        assert_int_equal(verify_export(given, &wrong, false, &report, NULL), SVMS_E_NOT_AUTHENTIC);
        assert_non_null(
            strstr(signature_of(report, 0).integrity_reason, "so that they may change"));
        svms_onvif_report_free(&report);
        memory_file_clear(&wrong);
        memory_file_clear(&good);
        memory_file_clear(&out);
    }
}

static void tables_that_nobody_can_follow_are_refused(void **state)
{
    static const chunk_layout good = { { 1, 2, 1 }, 0, 4, { 5, 5, 5, 5 }, 2, { 0, 20 }, 0, false };
    static const struct {
        const char *type;
        size_t place; /* behind the header of the box; 0: its type */
        uint32_t value;
        const char *words;
    } cases[] = {
        { "stsc", 4, UINT32_MAX, "does not fit" }, { "stsc", 8, 2, "does not fit" },
        { "stsc", 8, 0, "does not fit" },          { "stsz", 8, UINT32_MAX, "does not fit" },
        { "stco", 4, UINT32_MAX, "does not fit" }, { "stsz", 0, 0x66726565, NULL },
        { "stsc", 0, 0x66726565, "does not fit" }, { "stsc", 0, 0x7374636F, "does not fit" },
        { "stsz", 0, 0x73747A32, "not known" },    { "stbl", 0, 0, NULL },
    };
    const onvif_case *given = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memory_file file = make_file(&good);
        memory_file out = { 0 };
        svms_error err;
        size_t at = find_box(&file, cases[i].type, 0);
        store_u32(&file, cases[i].place == 0 ? at + 4 : at + 8 + cases[i].place, cases[i].value);
        svms_status status = seal_it(given, &file, &out, &err);
        const char *words = cases[i].words;
        if (words == NULL ? status != SVMS_OK
                          : status != SVMS_E_UNSUPPORTED || strstr(err.message, words) == NULL) {
            fail_msg("case %zu, '%s': %d %s", i, cases[i].type, (int)status, err.message);
        }
        memory_file_clear(&file);
        memory_file_clear(&out);
    }
}

/* Chunks that go back and forth between many boxes end, though not with a verdict. */
static void chunks_in_no_order_do_not_take_for_ever(void **state)
{
    enum { BOXES = 4200, CHUNKS = 4200 };
    const onvif_case *given = *state;
    chunk_layout shape = { { 1, 1, 1 }, 1, CHUNKS, { 0 }, 0, { 0 }, 0, false };
    memory_file file = make_file(&shape);
    memory_file out = { 0 };
    svms_error err;
    size_t table = find_box(&file, "stco", 0);
    static const char *const around[] = { "moov", "trak", "mdia", "minf", "stbl", "stco" };
    insert_bytes(&file, table + 16, NULL, (size_t)CHUNKS * 4);
    for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
        size_t at = find_box(&file, around[i], 0);
        store_u32(&file, at, load_u32(&file, at) + CHUNKS * 4);
    }
    store_u32(&file, table + 12, CHUNKS);
    uint32_t first = (uint32_t)find_box(&file, "mdat", 0) + 8;
    size_t end = file.size;
    insert_bytes(&file, end, NULL, (size_t)BOXES * 9);
    for (size_t i = 0; i < BOXES; i++) {
        store_u32(&file, end + 9 * i, 9);
        memcpy(file.data + end + 9 * i + 4, "mdat", 4);
    }
    for (uint32_t i = 0; i < CHUNKS; i++) {
        uint32_t last = (uint32_t)(end + 9 * (BOXES - 1 - i % 8) + 8);
        store_u32(&file, table + 16 + (size_t)4 * i, i % 2 == 0 ? first : last);
    }
    assert_int_equal(seal_it(given, &file, &out, &err), SVMS_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "takes too long"));
    memory_file_clear(&file);
    memory_file_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_in_mdat_are_sealed),
        cmocka_unit_test(samples_elsewhere_are_signed_by_nobody),
        cmocka_unit_test(tables_that_nobody_can_follow_are_refused),
        cmocka_unit_test(chunks_in_no_order_do_not_take_for_ever),
    };
    return cmocka_run_group_tests(tests, onvif_setup, onvif_teardown);
}
