/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of a package, entries of directories, and the header in front of them (evidence.md,
 * sections 2 to 4). */
#include "../container/fixture.h"

#include "frame.h"
#include "package_header.h"

/* A frame that is allowed, of each kind, and what to change so that it is not. */
static const svms_frame good[] = {
    { SVMS_FRAME_SOURCE, SVMS_FRAME_UNVERIFIED, 0, 900, 0, 4095, 0 },
    { SVMS_FRAME_SEGMENT, SVMS_FRAME_REMOVED, 33 + 16, 400, 5000, 7, 4096 },
    { SVMS_FRAME_SEGMENT, SVMS_FRAME_SEALED | SVMS_FRAME_UNVERIFIED, 0, 400, 65552 + 17, 0, 1 },
    { SVMS_FRAME_MANIFEST, 0, 0, 1048576, 0, UINT64_C(0xFFFFFFFE), 77 },
    { SVMS_FRAME_RECORD, 0, 0, 16, 0, UINT64_MAX, 77 },
    { SVMS_FRAME_END, 0, 0, 500, 0, UINT64_MAX, 77 },
    { SVMS_FRAME_FRAGMENT, SVMS_FRAME_SEALED, 0, 0, 17, 3, 77 },
    { SVMS_FRAME_ATTACHMENT, SVMS_FRAME_SEALED, 0, 0, 65552, 4095, 0 },
    { SVMS_FRAME_ATTACHMENT, 0, 0, 0, 0, 0, 0 },
    { SVMS_FRAME_CASE, SVMS_FRAME_SEALED, 0, 0, 100, 0, 0 },
    { SVMS_FRAME_DIRECTORY, 0, 0, 40 + 256 * 80, 0, 256, 0 },
};

static svms_status parse(const svms_frame *frame, unsigned kind, bool sealed, svms_frame *out)
{
    uint8_t bytes[SVMS_FRAME_HEADER_SIZE];
    svms_frame_encode(frame, bytes);
    return svms_frame_parse(out, kind, sealed, bytes, 1000, NULL);
}

static void what_is_encoded_is_read_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        svms_frame found = { 0 };
        assert_int_equal(parse(&good[i], SVMS_EXPORT_PACKAGE, true, &found), SVMS_OK);
        assert_int_equal(found.kind, good[i].kind);
        assert_int_equal(found.flags, good[i].flags);
        assert_int_equal(found.a_size, good[i].a_size);
        assert_int_equal(found.c_size, good[i].c_size);
        assert_true(found.b_size == good[i].b_size && found.number == good[i].number);
        assert_true(found.origin == good[i].origin);
        assert_true(svms_frame_size(&found) ==
                    40 + good[i].a_size + good[i].b_size + good[i].c_size);
    }
}

static void bytes_stand_where_the_specification_says(void **state)
{
    (void)state;
    static const uint8_t expected[SVMS_FRAME_HEADER_SIZE] = {
        2, 5, 0, 0, 0,    0,    0,    49,   0,    0,    1,    0x90, 0,    0,    0,    0, 0, 0, 0, 0,
        0, 1, 0, 2, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x21, 0x22, 0x23, 0, 0, 0, 0, 9
    };
    svms_frame frame = {
        2, 5, 49, 400, 65538, UINT64_C(0x1112131415161718), UINT64_C(0x2122230000000009)
    };
    uint8_t bytes[SVMS_FRAME_HEADER_SIZE];
    svms_frame_encode(&frame, bytes);
    assert_memory_equal(bytes, expected, sizeof(expected));
}

#define PACKAGE SVMS_EXPORT_PACKAGE
#define PROOF SVMS_EXPORT_PROOF

typedef struct bad_frame {
    svms_frame frame;
    unsigned kind;
    bool sealed;
    svms_status status;
} bad_frame;

static const bad_frame bad[] = {
    /* kinds */
    { { 0, 0, 0, 10, 0, 0, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { 11, 0, 0, 10, 0, 0, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_LEAVES, 0, 0, 10, 10, 0, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_SEGMENT, 0, 0, 10, 10, 0, 0 }, PROOF, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_FRAGMENT, 0, 0, 0, 10, 0, 0 }, PROOF, false, SVMS_E_MALFORMED },
    /* flags */
    { { SVMS_FRAME_SOURCE, 1, 0, 10, 0, 0, 0 }, PACKAGE, true, SVMS_E_MALFORMED },
    { { SVMS_FRAME_SOURCE, 2, 0, 10, 0, 0, 0 }, PACKAGE, true, SVMS_E_MALFORMED },
    { { SVMS_FRAME_SEGMENT, 8, 0, 10, 10, 0, 0 }, PACKAGE, true, SVMS_E_MALFORMED },
    { { SVMS_FRAME_MANIFEST, 4, 0, 10, 0, 0, 0 }, PACKAGE, true, SVMS_E_MALFORMED },
    { { SVMS_FRAME_FRAGMENT, 3, 0, 0, 17, 0, 0 }, PACKAGE, true, SVMS_E_MALFORMED },
    { { SVMS_FRAME_ATTACHMENT, 4, 0, 0, 0, 0, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_CASE, 4, 0, 0, 9, 0, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_DIRECTORY, 1, 0, 120, 0, 1, 0 }, PACKAGE, true, SVMS_E_MALFORMED },
    { { SVMS_FRAME_LEAVES, 4, 0, 10, 10, 0, 0 }, PROOF, false, SVMS_E_MALFORMED },
    /* sealing (E-FRM-4, E-FRM-5) */
    { { SVMS_FRAME_SEGMENT, 1, 0, 10, 17, 0, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_SEGMENT, 1, 0, 10, 16, 0, 0 }, PACKAGE, true, SVMS_E_MALFORMED },
    { { SVMS_FRAME_SEGMENT, 1, 0, 10, 65552 + 16, 0, 0 }, PACKAGE, true, SVMS_E_MALFORMED },
    { { SVMS_FRAME_CASE, 0, 0, 0, 100, 0, 0 }, PACKAGE, true, SVMS_E_MALFORMED },
    { { SVMS_FRAME_FRAGMENT, 4, 0, 0, 100, 0, 0 }, PACKAGE, true, SVMS_E_MALFORMED },
    { { SVMS_FRAME_ATTACHMENT, 0, 0, 0, 100, 0, 0 }, PACKAGE, true, SVMS_E_MALFORMED },
    { { SVMS_FRAME_ATTACHMENT, 1, 0, 0, 0, 0, 0 }, PACKAGE, true, SVMS_E_MALFORMED },
    /* parts */
    { { SVMS_FRAME_SOURCE, 0, 33, 10, 0, 0, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_SOURCE, 0, 0, 10, 1, 0, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_SOURCE, 0, 0, 0, 0, 0, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_SEGMENT, 0, 0, 0, 10, 0, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_SEGMENT, 0, 0, 10, 0, 0, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_FRAGMENT, 0, 0, 10, 10, 0, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_FRAGMENT, 0, 0, 0, 0, 0, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_CASE, 0, 0, 0, 0, 0, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_MANIFEST, 0, 33, 10, 0, 0, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_RECORD, 0, 0, 0, 0, 0, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_END, 0, 0, 10, 10, UINT64_MAX, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_SEGMENT, 0, 32, 10, 10, 0, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_SEGMENT, 0, 33, 10, 10, 0, 0 }, PACKAGE, true, SVMS_E_MALFORMED },
    { { SVMS_FRAME_SEGMENT, 0, 16, 10, 10, 0, 0 }, PACKAGE, true, SVMS_E_MALFORMED },
    { { SVMS_FRAME_SEGMENT, 0, 33 * 33, 10, 10, 0, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    /* numbers and origins */
    { { SVMS_FRAME_SOURCE, 0, 0, 10, 0, 4096, 0 }, PACKAGE, false, SVMS_E_LIMIT },
    { { SVMS_FRAME_ATTACHMENT, 0, 0, 0, 1, 4096, 0 }, PACKAGE, false, SVMS_E_LIMIT },
    { { SVMS_FRAME_SEGMENT, 0, 0, 10, 10, UINT64_MAX, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_MANIFEST, 0, 0, 9, 0, 0xFFFFFFFF, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_RECORD, 0, 0, 9, 0, 0xFFFFFFFF, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_END, 0, 0, 9, 0, 0, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_CASE, 0, 0, 0, 9, 1, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_DIRECTORY, 0, 0, 40, 0, 0, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_DIRECTORY, 0, 0, 120, 0, 2, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_DIRECTORY, 0, 0, 40 + 257 * 80, 0, 257, 0 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_SOURCE, 0, 0, 10, 0, 0, 1 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_CASE, 0, 0, 0, 10, 0, 1 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_ATTACHMENT, 0, 0, 0, 10, 0, 1 }, PACKAGE, false, SVMS_E_MALFORMED },
    { { SVMS_FRAME_DIRECTORY, 0, 0, 120, 0, 1, 1 }, PACKAGE, false, SVMS_E_MALFORMED },
    /* limits (E-OVR-5) */
    { { SVMS_FRAME_SEGMENT, 0, 2049, 10, 10, 0, 0 }, PACKAGE, false, SVMS_E_LIMIT },
    { { SVMS_FRAME_MANIFEST, 0, 0, 1048577, 0, 0, 0 }, PACKAGE, false, SVMS_E_LIMIT },
    { { SVMS_FRAME_SEGMENT, 0, 0, 10, (UINT64_C(1) << 48) + 1, 0, 0 },
      PACKAGE,
      false,
      SVMS_E_LIMIT },
    { { SVMS_FRAME_CASE, 0, 0, 0, 4194305, 0, 0 }, PACKAGE, false, SVMS_E_LIMIT },
    { { SVMS_FRAME_CASE, 1, 0, 0, 4194305 + 65 * 16, 0, 0 }, PACKAGE, true, SVMS_E_LIMIT },
};

static void what_the_table_does_not_allow_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        svms_frame found = { 0 };
        svms_status status = parse(&bad[i].frame, bad[i].kind, bad[i].sealed, &found);
        if (status != bad[i].status) {
            fail_msg("case %zu gives %s", i, svms_status_name(status));
        }
        assert_int_equal(found.kind, 0);
    }
}

static void reserved_bytes_must_be_zero(void **state)
{
    (void)state;
    static const size_t places[] = { 2, 3, 12, 13, 14, 15 };
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        uint8_t bytes[SVMS_FRAME_HEADER_SIZE];
        svms_frame found;
        svms_error err = SVMS_ERROR_INIT;
        svms_frame_encode(&good[0], bytes);
        bytes[places[i]] = 1;
        assert_int_equal(svms_frame_parse(&found, PACKAGE, true, bytes, 1000, &err),
                         SVMS_E_MALFORMED);
        assert_true(err.offset == 1002);
    }
}

static void only_bodies_that_roots_cover_are_left_out_of_the_digest(void **state)
{
    (void)state;
    for (uint8_t kind = SVMS_FRAME_SOURCE; kind <= SVMS_FRAME_LEAVES; kind++) {
        for (uint8_t flags = 0; flags < 8; flags++) {
            svms_frame frame = { kind, flags, 0, 0, 0, 0, 0 };
            bool omits = kind == SVMS_FRAME_SEGMENT && (flags == 0 || flags == 2);
            assert_int_equal(svms_frame_digest_omits_body(&frame), omits);
        }
    }
}

static void an_entry_is_read_as_it_was_put(void **state)
{
    fixture *fix = *state;
    svms_frame_entry entry = { 1, 2, 3, -4, INT64_MIN, 2, 4, { 0 } };
    svms_frame_entry found = { 0 };
    memset(entry.digest, 0xA5, sizeof(entry.digest));
    svms_builder out = svms_builder_new(fix->ctx, 4096);
    svms_frame_entry_put(&out, &entry);
    assert_int_equal(out.size, SVMS_DIRECTORY_ENTRY_SIZE);
    for (size_t size = 0; size <= out.size; size++) {
        svms_cursor cursor = svms_cursor_over(out.data, size, 0);
        svms_frame_entry_read(&cursor, &found);
        assert_int_equal(cursor.failed, size < out.size);
    }
    assert_true(found.offset == 1 && found.number == 2 && found.origin == 3);
    assert_true(found.first_utc_ns == -4 && found.last_utc_ns == INT64_MIN);
    assert_true(found.kind == 2 && found.flags == 4);
    assert_memory_equal(found.digest, entry.digest, sizeof(entry.digest));
    for (size_t at = 42; at < 48; at++) {
        svms_cursor cursor = svms_cursor_over(out.data, out.size, 0);
        out.data[at] = 1;
        svms_frame_entry_read(&cursor, &found);
        assert_true(cursor.failed);
        out.data[at] = 0;
    }
    svms_builder_clear(&out);
}

static void sizes_of_sealed_bodies_go_both_ways(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {
        1, 15, 16, 17, 65535, 65536, 65537, 131072, 131073, 999999, 4294967296, UINT64_C(1) << 47
    };
    uint64_t opened = 0;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint64_t chunks = (sizes[i] + 65535) / 65536;
        assert_true(svms_sealed_body_size(sizes[i]) == sizes[i] + 16 * chunks);
        assert_true(svms_opened_body_size(sizes[i] + 16 * chunks, &opened));
        assert_true(opened == sizes[i]);
    }
    assert_true(svms_sealed_body_size(0) == 0);
    static const uint64_t impossible[] = { 0, 1, 16, 65552 + 1, 65552 + 16, 2 * 65552 + 5 };
    for (size_t i = 0; i < sizeof(impossible) / sizeof(impossible[0]); i++) {
        assert_false(svms_opened_body_size(impossible[i], &opened));
    }
}

/* Computed with Python's hmac and cryptography. */
static void keys_and_chunks_are_those_of_another_implementation(void **state)
{
    fixture *fix = *state;
    static const uint8_t secrets_key[] = { 0x08, 0xE9, 0x4D, 0x20, 0xD0, 0xF5, 0x7B, 0xC3,
                                           0x69, 0x96, 0xA2, 0x96, 0x5F, 0x37, 0xFA, 0x71,
                                           0x4D, 0x6B, 0x91, 0x2A, 0x56, 0x2C, 0x30, 0xC8,
                                           0xCF, 0xF6, 0x0C, 0xDE, 0x24, 0xCF, 0x32, 0x79 };
    static const uint8_t body_key[] = { 0xAB, 0x7E, 0xBF, 0x7B, 0x1D, 0x81, 0x22, 0x8A,
                                        0xB8, 0x12, 0x40, 0x51, 0x5C, 0x68, 0x73, 0xB2,
                                        0xB6, 0x41, 0xEE, 0xA9, 0x9F, 0x86, 0x90, 0x18,
                                        0x92, 0x1B, 0xFD, 0x27, 0x4F, 0xED, 0x00, 0x57 };
    static const uint8_t sealed[] = { 0x2F, 0x35, 0xA9, 0xFF, 0x57, 0xA0, 0x9F, 0xFC,
                                      0x24, 0x82, 0xA2, 0x40, 0x2F, 0xDB, 0x9D, 0x9B,
                                      0x82, 0xCA, 0xA5, 0x30, 0x98, 0x65, 0xBA };
    uint8_t p[32];
    uint8_t header[40];
    uint8_t key[32];
    uint8_t out[64];
    svms_aead *aead = NULL;
    for (uint8_t i = 0; i < 40; i++) {
        header[i] = i;
        p[i % 32] = (uint8_t)(i % 32);
    }
    uint64_t number = UINT64_C(0x0102030405060708);
    assert_int_equal(svms_frame_secrets_key(fix->ctx, p, number, key, NULL), SVMS_OK);
    assert_memory_equal(key, secrets_key, sizeof(key));
    assert_int_equal(svms_frame_body_key(fix->ctx, p, number, key, NULL), SVMS_OK);
    assert_memory_equal(key, body_key, sizeof(key));
    assert_int_equal(svms_aead_new(&aead, fix->ctx, NULL), SVMS_OK);
    assert_true(svms_aead_set_key(aead, key, true));
    assert_true(svms_frame_seal_chunk(aead, header, 3, (const uint8_t *)"a chunk", 7, out));
    assert_memory_equal(out, sealed, sizeof(sealed));
    assert_true(svms_aead_set_key(aead, key, false));
    uint8_t opened[8];
    assert_true(svms_frame_open_chunk(aead, header, 3, out, 7, opened));
    assert_memory_equal(opened, "a chunk", 7);
    assert_false(svms_frame_open_chunk(aead, header, 2, out, 7, opened));
    header[39] ^= 1;
    assert_false(svms_frame_open_chunk(aead, header, 3, out, 7, opened));
    header[39] ^= 1;
    for (size_t at = 0; at < sizeof(sealed); at++) {
        out[at] ^= 0x80;
        assert_false(svms_frame_open_chunk(aead, header, 3, out, 7, opened));
        out[at] ^= 0x80;
    }
    svms_aead_free(&aead);
}

/* Header ---------------------------------------------------------------------------------------
 */

static svms_package_header header_of(bool sealed)
{
    svms_package_header header = { 0 };
    header.kind = SVMS_EXPORT_PACKAGE;
    header.sealed = sealed;
    header.slot_size = sealed ? 1024 : 0;
    header.created_utc_ns = -5;
    memset(header.package_id, 0x11, sizeof(header.package_id));
    memset(header.key_check, sealed ? 0x22 : 0, sizeof(header.key_check));
    strcpy(header.software, "svms test 1.0");
    return header;
}

static void a_header_is_read_as_it_was_encoded(void **state)
{
    fixture *fix = *state;
    for (int sealed = 0; sealed < 2; sealed++) {
        uint8_t bytes[SVMS_PACKAGE_HEADER_SIZE];
        svms_package_header header = header_of(sealed != 0);
        svms_package_header found;
        svms_header as_container;
        assert_int_equal(svms_package_header_encode(fix->ctx, &header, bytes, NULL), SVMS_OK);
        assert_int_equal(svms_package_header_parse(&found, fix->ctx, bytes, NULL), SVMS_OK);
        assert_int_equal(found.kind, header.kind);
        assert_int_equal(found.sealed, header.sealed);
        assert_int_equal(found.slot_size, header.slot_size);
        assert_true(found.created_utc_ns == -5);
        assert_string_equal(found.software, "svms test 1.0");
        assert_memory_equal(found.package_id, header.package_id, 16);
        assert_memory_equal(found.h, header.h, 32);
        assert_true(svms_package_front_size(&found) == 120u + found.slot_size);
        svms_package_as_container(&found, &as_container);
        assert_memory_equal(as_container.hash, found.h, 32);
        assert_memory_equal(as_container.container_id, found.package_id, 16);
        assert_int_equal(as_container.slot_size, found.slot_size);
        assert_int_equal(as_container.has_keys, sealed);
        header.software[4] = 0;
        memset(header.software, 'x', 32);
        assert_int_equal(svms_package_header_encode(fix->ctx, &header, bytes, NULL), SVMS_OK);
        assert_int_equal(svms_package_header_parse(&found, fix->ctx, bytes, NULL), SVMS_OK);
        assert_int_equal(strlen(found.software), 32);
    }
}

typedef struct header_change {
    size_t at;
    uint8_t value;
    bool sealed; /* of the header that is changed */
    svms_status status;
} header_change;

static void a_header_out_of_range_is_refused(void **state)
{
    fixture *fix = *state;
    static const header_change changes[] = {
        { 0, 0, true, SVMS_E_MALFORMED },
        { 7, 0, true, SVMS_E_MALFORMED },
        { 8, 2, true, SVMS_E_UNSUPPORTED },
        { 8, 0, true, SVMS_E_UNSUPPORTED },
        { 9, 77, true, SVMS_OK },
        { 10, 1, true, SVMS_E_MALFORMED },
        { 12, 1, true, SVMS_OK },
        { 16, 1, true, SVMS_E_UNSUPPORTED },
        { 19, 128, true, SVMS_E_UNSUPPORTED },
        { 23, 121, true, SVMS_E_MALFORMED },
        { 24, 0, true, SVMS_E_MALFORMED },
        { 24, 3, true, SVMS_E_MALFORMED },
        { 24, 2, true, SVMS_E_MALFORMED },
        { 24, 2, false, SVMS_OK },
        { 25, 2, true, SVMS_E_MALFORMED },
        { 25, 0, true, SVMS_E_MALFORMED },
        { 25, 1, false, SVMS_E_MALFORMED },
        { 26, 1, true, SVMS_E_MALFORMED },
        { 28, 1, true, SVMS_E_MALFORMED },
        { 30, 1, true, SVMS_E_MALFORMED },
        { 30, 5, true, SVMS_E_MALFORMED },
        { 31, 1, true, SVMS_E_MALFORMED },
        { 30, 2, false, SVMS_E_MALFORMED },
        { 48, 1, false, SVMS_E_MALFORMED },
        { 88, 0x1F, true, SVMS_E_MALFORMED },
        { 88, 0x7F, true, SVMS_E_MALFORMED },
        { 119, 'x', true, SVMS_E_MALFORMED },
    };
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        uint8_t bytes[SVMS_PACKAGE_HEADER_SIZE];
        svms_package_header header = header_of(changes[i].sealed);
        svms_package_header found;
        assert_int_equal(svms_package_header_encode(fix->ctx, &header, bytes, NULL), SVMS_OK);
        bytes[changes[i].at] = changes[i].value;
        svms_status status = svms_package_header_parse(&found, fix->ctx, bytes, NULL);
        if (status != changes[i].status) {
            fail_msg("change %zu gives %s", i, svms_status_name(status));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_encoded_is_read_again),
        cmocka_unit_test(bytes_stand_where_the_specification_says),
        cmocka_unit_test(what_the_table_does_not_allow_is_refused),
        cmocka_unit_test(reserved_bytes_must_be_zero),
        cmocka_unit_test(only_bodies_that_roots_cover_are_left_out_of_the_digest),
        cmocka_unit_test_setup_teardown(an_entry_is_read_as_it_was_put, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test(sizes_of_sealed_bodies_go_both_ways),
        cmocka_unit_test_setup_teardown(keys_and_chunks_are_those_of_another_implementation,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_header_is_read_as_it_was_encoded, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_header_out_of_range_is_refused, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
