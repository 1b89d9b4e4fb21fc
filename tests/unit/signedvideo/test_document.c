/* SPDX-License-Identifier: Apache-2.0 */
/* SEIs of media signing are read as they were written, and what is hashed is exact (CS-DOC). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../identity/fixture.h"
#include "camera_document.h"
#include "nal_internal.h"
#include "sei_maker.h"

#define ESCAPED 0x40u
#define CERTIFICATE 0x80u

typedef struct document_case {
    fixture_allocator allocator;
    svms_ctx *ctx;
    EVP_PKEY *key;
    bytes elements;
} document_case;

static int set_up(void **state)
{
    static document_case fresh;
    memset(&fresh, 0, sizeof fresh);
    fresh.ctx = fixture_context(&fresh.allocator);
    fresh.key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    assert_non_null(fresh.key);
    *state = &fresh;
    return 0;
}

static int tear_down(void **state)
{
    document_case *c = *state;
    bytes_free(&c->elements);
    EVP_PKEY_free(c->key);
    svms_ctx_free(&c->ctx);
    assert_int_equal(c->allocator.live, 0);
    return 0;
}

static uint32_t codec_of(const sei_plan *plan)
{
    return plan->is_h265 ? SVMS_CODEC_H265 : SVMS_CODEC_H264;
}

static svms_camera_nal nal_over(uint32_t codec, const uint8_t *data, size_t size)
{
    svms_nal nal = SVMS_NAL_INIT;
    assert_true(svms_nal_over(&nal, codec, data, size));
    return svms_camera_nal_of(codec, &nal);
}

static svms_status read_sei(document_case *c, const sei_plan *plan, const bytes *sei,
                            svms_camera_document *out, svms_error *err)
{
    svms_camera_nal nal = nal_over(codec_of(plan), sei->data, sei->size);
    assert_int_equal(nal.kind, SVMS_CAMERA_NAL_SEI);
    return svms_camera_document_read(out, c->ctx, codec_of(plan), &nal, err);
}

static sei_plan plan_with(document_case *c, unsigned reserved)
{
    sei_plan plan = {
        .reserved = reserved, .elements = &c->elements, .key = c->key, .digest = "SHA256"
    };
    return plan;
}

static void put_usual(bytes *out, unsigned fill)
{
    general_plan general = general_usual();
    general.fill = fill;
    put_general(out, &general);
    put_list(out, general.count, general.hash_size, fill);
    put_cryptography(out, 1, NULL, 0);
}

/* Nothing in it needs emulation prevention. */
static void put_clean(bytes *out)
{
    general_plan general = general_usual();
    general.partial = 1;
    general.counter = 0x05060708;
    put_general(out, &general);
    put_list(out, general.count, general.hash_size, 0xA5);
}

static void check_text(const svms_camera_text *text, const char *expected)
{
    assert_non_null(text->data);
    assert_int_equal(text->size, strlen(expected));
    assert_memory_equal(text->data, expected, text->size);
}

static void check_all(const svms_camera_document *document)
{
    uint8_t fill[32];
    assert_true(document->has_general);
    assert_int_equal(document->general_version, 2);
    assert_int_equal(document->specification[0], 26);
    assert_int_equal(document->specification[1], 6);
    assert_int_equal(document->count, 3);
    assert_int_equal(document->hash_size, 32);
    memset(fill, 0xA5, sizeof fill);
    assert_memory_equal(document->list_hash, fill, sizeof fill);
    memset(fill, 0xA6, sizeof fill);
    assert_memory_equal(document->predecessor, fill, sizeof fill);
    assert_true(document->has_list);
    assert_int_equal(document->list_count, 3);
    assert_int_equal(document->list[3 * 32 - 1], 0xA5);
    assert_true(document->has_cryptography);
    assert_int_equal(document->algorithms.hash, SVMS_CAMERA_SHA256);
    assert_int_equal(document->algorithms.scheme, SVMS_CAMERA_SCHEME_BY_KEY);
    assert_true(document->has_vendor);
    check_text(&document->firmware, "1.2.3");
    check_text(&document->serial, "");
    check_text(&document->manufacturer, "Maker");
    check_text(&document->maker_pem, "maker's certificates");
    check_text(&document->user_pem, "user's certificates");
    assert_true(document->has_signature);
    assert_in_range(document->signature_size, 8, 72);
    assert_int_equal(document->signature[0], 0x30);
    assert_false(document->is_arbitrary);
    assert_true(svms_camera_document_fits(document, SVMS_CAMERA_SHA256));
    assert_false(svms_camera_document_fits(document, SVMS_CAMERA_SHA384));
    assert_false(svms_camera_document_fits(document, SVMS_CAMERA_HASHES));
}

static void every_element_is_read(void **state)
{
    document_case *c = *state;
    put_usual(&c->elements, 0xA5);
    put_vendor(&c->elements, "1.2.3", "", "Maker");
    put_certificates(&c->elements, 1, "user's certificates");
    put_certificates(&c->elements, 0, "maker's certificates");
    for (int i = 0; i < 4; i++) {
        svms_camera_document document;
        sei_plan plan = plan_with(c, i & 2 ? CERTIFICATE : 0);
        plan.is_h265 = i & 1;
        bytes sei = sei_make(&plan);
        assert_int_equal(read_sei(c, &plan, &sei, &document, NULL), SVMS_OK);
        check_all(&document);
        assert_int_equal(document.is_certificate, (i & 2) != 0);
        svms_camera_document_clear(&document);
        svms_camera_document_clear(&document);
        bytes_free(&sei);
    }
}

/* Hashes of zeros need emulation prevention everywhere. */
static void what_is_hashed_is_what_was_signed(void **state)
{
    static const unsigned fills[] = { 0xA5, 0x00, 0x01, 0x02, 0x03 };
    document_case *c = *state;
    for (size_t i = 0; i < 8 * sizeof fills / sizeof fills[0]; i++) {
        svms_camera_document document;
        bytes_free(&c->elements);
        put_usual(&c->elements, fills[i / 8]);
        sei_plan plan = plan_with(c, i & 1 ? ESCAPED : 0);
        plan.is_h265 = (i & 2) != 0;
        plan.prevention = i & 4 ? PREVENTION_MISSING : PREVENTION_DUE;
        bytes expected = sei_document(&plan);
        bytes sei = sei_make(&plan);
        assert_int_equal(read_sei(c, &plan, &sei, &document, NULL), SVMS_OK);
        assert_int_equal(document.hashed_size, expected.size);
        assert_memory_equal(document.hashed, expected.data, expected.size);
        assert_int_equal(document.list_count, 3);
        assert_int_equal(document.list[0], fills[i / 8]);
        svms_camera_document_clear(&document);
        bytes_free(&sei);
        bytes_free(&expected);
    }
}

/* The document ends in zeros and the signature's tag is 3, so that a byte must come between. */
static void prevention_before_the_signature_is_not_hashed(void **state)
{
    document_case *c = *state;
    svms_camera_document document;
    general_plan general = general_usual();
    bytes zeros = { NULL, 0 };
    put_fill(&zeros, 0, 4);
    put_general(&c->elements, &general);
    put_element(&c->elements, 0x77, &zeros);
    sei_plan plan = plan_with(c, ESCAPED);
    bytes expected = sei_document(&plan);
    bytes sei = sei_make(&plan);
    assert_int_equal(expected.data[expected.size - 1], 0);
    assert_int_equal(sei.data[expected.size], 3);     /* the prevention byte */
    assert_int_equal(sei.data[expected.size + 1], 3); /* the tag */
    assert_int_equal(read_sei(c, &plan, &sei, &document, NULL), SVMS_OK);
    assert_int_equal(document.hashed_size, expected.size);
    assert_memory_equal(document.hashed, expected.data, expected.size);
    svms_camera_document_clear(&document);
    bytes_free(&sei);
    bytes_free(&expected);
    bytes_free(&zeros);
}

/* Zeros behind the stop bit are none of its own (CS-NAL-2). */
static void zeros_behind_a_sei_change_nothing(void **state)
{
    document_case *c = *state;
    svms_camera_document document;
    put_usual(&c->elements, 0);
    sei_plan plan = plan_with(c, 0);
    bytes sei = sei_make(&plan);
    put_fill(&sei, 0, 3);
    assert_int_equal(read_sei(c, &plan, &sei, &document, NULL), SVMS_OK);
    svms_camera_document_clear(&document);
    bytes_free(&sei);
}

static void payload_sizes_around_multiples_of_255_are_read(void **state)
{
    /* UUID, reserved byte, tag and length stand before the content of tag 7. */
    static const size_t head = 20;
    document_case *c = *state;
    for (size_t payload = 240; payload < 1030; payload++) {
        svms_camera_document document;
        bytes content = { NULL, 0 };
        bytes_free(&c->elements);
        put_fill(&content, payload & 1 ? 0 : 0xEE, payload - head);
        put_element(&c->elements, 7, &content);
        sei_plan plan = plan_with(c, 0);
        plan.key = NULL;
        bytes sei = sei_make(&plan);
        if (read_sei(c, &plan, &sei, &document, NULL) != SVMS_OK) {
            fail_msg("a payload of %zu bytes", payload);
        }
        assert_true(document.is_arbitrary);
        assert_false(document.has_signature);
        svms_camera_document_clear(&document);
        bytes_free(&sei);
        bytes_free(&content);
    }
}

static void a_sei_without_signature_has_no_signature(void **state)
{
    document_case *c = *state;
    svms_camera_document document;
    put_clean(&c->elements);
    sei_plan plan = plan_with(c, 0);
    plan.key = NULL;
    bytes sei = sei_make(&plan);
    assert_int_equal(read_sei(c, &plan, &sei, &document, NULL), SVMS_OK);
    assert_false(document.has_signature);
    assert_int_equal(document.hashed_size, sei.size - 1);
    svms_camera_document_clear(&document);
    bytes_free(&sei);
}

static void unknown_elements_are_skipped_and_hashed(void **state)
{
    document_case *c = *state;
    svms_camera_document document;
    bytes content = { NULL, 0 };
    put_fill(&content, 0x33, 40);
    put_element(&c->elements, 0, &content);
    put_element(&c->elements, 8, &content);
    put_usual(&c->elements, 0xA5);
    put_element(&c->elements, 8, &content);
    put_element(&c->elements, 255, &content);
    sei_plan plan = plan_with(c, 0);
    bytes expected = sei_document(&plan);
    bytes sei = sei_make(&plan);
    assert_int_equal(read_sei(c, &plan, &sei, &document, NULL), SVMS_OK);
    assert_int_equal(document.list_count, 3);
    assert_int_equal(document.hashed_size, expected.size);
    assert_memory_equal(document.hashed, expected.data, expected.size);
    svms_camera_document_clear(&document);
    bytes_free(&sei);
    bytes_free(&expected);
    bytes_free(&content);
}

static void lists_of_every_hash_are_read(void **state)
{
    static const size_t sizes[] = { 32, 48, 64 };
    document_case *c = *state;
    for (size_t i = 0; i < 3; i++) {
        svms_camera_document document;
        general_plan general = general_usual();
        general.hash_size = sizes[i];
        general.version = 1 + i % 2;
        general.count = i == 0 ? 0 : 900;
        bytes_free(&c->elements);
        /* In any order. */
        put_list(&c->elements, general.count, sizes[i], 0);
        put_cryptography(&c->elements, (unsigned)i + 1, NULL, 0);
        put_general(&c->elements, &general);
        sei_plan plan = plan_with(c, 0);
        bytes sei = sei_make(&plan);
        assert_int_equal(read_sei(c, &plan, &sei, &document, NULL), SVMS_OK);
        assert_int_equal(document.hash_size, sizes[i]);
        assert_int_equal(document.list_count, general.count);
        assert_int_equal(document.algorithms.hash, SVMS_CAMERA_SHA256 + i);
        svms_camera_document_clear(&document);
        bytes_free(&sei);
    }
}

typedef struct oid_case {
    const char *what;
    uint8_t oid[11];
    size_t size;
    svms_camera_scheme scheme;
    svms_camera_hash hash;
} oid_case;

/* The OIDs of RFC 5758, 5480 and 8017. */
static const oid_case oids[] = {
    { "none", { 0 }, 0, SVMS_CAMERA_SCHEME_BY_KEY, SVMS_CAMERA_HASHES },
    { "ecdsa-with-SHA256",
      { 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02 },
      10,
      SVMS_CAMERA_SCHEME_ECDSA,
      SVMS_CAMERA_SHA256 },
    { "ecdsa-with-SHA512",
      { 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x04 },
      10,
      SVMS_CAMERA_SCHEME_ECDSA,
      SVMS_CAMERA_SHA512 },
    { "ecdsa-with-SHA1",
      { 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x01 },
      9,
      SVMS_CAMERA_SCHEMES,
      SVMS_CAMERA_HASHES },
    { "id-ecPublicKey",
      { 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01 },
      9,
      SVMS_CAMERA_SCHEME_ECDSA,
      SVMS_CAMERA_HASHES },
    { "rsaEncryption",
      { 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01 },
      11,
      SVMS_CAMERA_SCHEME_RSA,
      SVMS_CAMERA_HASHES },
    { "id-RSASSA-PSS",
      { 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0A },
      11,
      SVMS_CAMERA_SCHEME_PSS,
      SVMS_CAMERA_HASHES },
    { "sha384WithRSAEncryption",
      { 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0C },
      11,
      SVMS_CAMERA_SCHEME_PKCS1,
      SVMS_CAMERA_SHA384 },
    { "sha1WithRSAEncryption",
      { 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x05 },
      11,
      SVMS_CAMERA_SCHEMES,
      SVMS_CAMERA_HASHES },
    { "Ed25519", { 0x06, 0x03, 0x2B, 0x65, 0x70 }, 5, SVMS_CAMERA_SCHEMES, SVMS_CAMERA_HASHES },
    { "the start of one", { 0x06, 0x03 }, 2, SVMS_CAMERA_SCHEMES, SVMS_CAMERA_HASHES },
};

static void algorithms_are_known_by_their_oids(void **state)
{
    document_case *c = *state;
    for (size_t i = 0; i < sizeof oids / sizeof oids[0]; i++) {
        svms_camera_document document;
        general_plan general = general_usual();
        bytes_free(&c->elements);
        put_general(&c->elements, &general);
        put_cryptography(&c->elements, 1, oids[i].oid, oids[i].size);
        sei_plan plan = plan_with(c, 0);
        bytes sei = sei_make(&plan);
        assert_int_equal(read_sei(c, &plan, &sei, &document, NULL), SVMS_OK);
        if (document.algorithms.scheme != oids[i].scheme ||
            document.algorithms.scheme_hash != oids[i].hash) {
            fail_msg("%s is taken for %d", oids[i].what, document.algorithms.scheme);
        }
        svms_camera_document_clear(&document);
        bytes_free(&sei);
    }
}

/* SHA-1 and SHA3-256: of which nobody here knows how long hashes are. */
static void an_unknown_hash_is_told_as_unknown(void **state)
{
    static const struct {
        unsigned number;
        size_t size;
    } unknown[] = { { 8, 32 }, { 6, 28 }, { 4, 20 } };
    document_case *c = *state;
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        svms_camera_document document;
        general_plan general = general_usual();
        general.hash_size = unknown[i].size;
        bytes_free(&c->elements);
        put_general(&c->elements, &general);
        put_cryptography(&c->elements, unknown[i].number, NULL, 0);
        sei_plan plan = plan_with(c, 0);
        bytes sei = sei_make(&plan);
        assert_int_equal(read_sei(c, &plan, &sei, &document, NULL), SVMS_OK);
        assert_int_equal(document.algorithms.hash, SVMS_CAMERA_HASHES);
        svms_camera_document_clear(&document);
        bytes_free(&sei);
    }
}

static void a_sei_above_the_bound_is_refused(void **state)
{
    document_case *c = *state;
    static uint8_t data[SVMS_CAMERA_SEI_MAX + 1];
    svms_camera_document document;
    svms_error err = SVMS_ERROR_INIT;
    svms_camera_nal nal = { .kind = SVMS_CAMERA_NAL_SEI, .data = data, .size = sizeof data };
    memset(data, 0x06, sizeof data);
    assert_int_equal(svms_camera_document_read(&document, c->ctx, SVMS_CODEC_H264, &nal, &err),
                     SVMS_E_LIMIT);
    assert_non_null(strstr(err.message, "1048576"));
    nal.size--;
    assert_int_equal(svms_camera_document_read(&document, c->ctx, SVMS_CODEC_H264, &nal, &err),
                     SVMS_E_MALFORMED);
    assert_null(document.bytes);
}

static void without_memory_nothing_is_read(void **state)
{
    document_case *c = *state;
    svms_camera_document document;
    put_usual(&c->elements, 0);
    sei_plan plan = plan_with(c, 0);
    bytes sei = sei_make(&plan);
    size_t live = c->allocator.live;
    c->allocator.count = 0;
    c->allocator.failing = 1;
    assert_int_equal(read_sei(c, &plan, &sei, &document, NULL), SVMS_E_NO_MEMORY);
    assert_int_equal(c->allocator.live, live);
    c->allocator.failing = 0;
    assert_int_equal(read_sei(c, &plan, &sei, &document, NULL), SVMS_OK);
    svms_camera_document_clear(&document);
    bytes_free(&sei);
}

static void memory_is_asked_for_only_where_bytes_must_be_taken_out(void **state)
{
    document_case *c = *state;
    svms_camera_document document;
    put_clean(&c->elements);
    sei_plan plan = plan_with(c, 0);
    bytes sei = sei_make(&plan);
    c->allocator.count = 0;
    assert_int_equal(read_sei(c, &plan, &sei, &document, NULL), SVMS_OK);
    assert_int_equal(c->allocator.count, 0);
    assert_ptr_equal(document.hashed, sei.data);
    svms_camera_document_clear(&document);
    bytes_free(&sei);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_element_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_hashed_is_what_was_signed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(prevention_before_the_signature_is_not_hashed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(zeros_behind_a_sei_change_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(payload_sizes_around_multiples_of_255_are_read, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_sei_without_signature_has_no_signature, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(unknown_elements_are_skipped_and_hashed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lists_of_every_hash_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(algorithms_are_known_by_their_oids, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_unknown_hash_is_told_as_unknown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_sei_above_the_bound_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_memory_nothing_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_is_asked_for_only_where_bytes_must_be_taken_out,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests_name("signedvideo_document", tests, NULL, NULL);
}
