/* SPDX-License-Identifier: Apache-2.0 */
/* SEIs that break the format, each with the status and the words that tell it (CS-DOC-3, CS-DOC-5).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../identity/fixture.h"
#include "camera_document.h"
#include "nal_internal.h"
#include "sei_maker.h"

static svms_ctx *ctx;

/* Appends the elements of a case. */
typedef void breakage(bytes *elements);

static void put_usual(bytes *out)
{
    general_plan general = general_usual();
    put_general(out, &general);
}

static void nothing(bytes *elements)
{
    (void)elements;
}

static void half_a_head(bytes *elements)
{
    put_usual(elements);
    put_be(elements, 0x0500, 2);
}

static void too_long(bytes *elements)
{
    put_usual(elements);
    put_byte(elements, 9);
    put_be(elements, 1, 2);
}

static void general_twice(bytes *elements)
{
    put_usual(elements);
    put_usual(elements);
}

static void vendor_twice(bytes *elements)
{
    put_usual(elements);
    put_vendor(elements, "a", "b", "c");
    put_vendor(elements, "a", "b", "c");
}

static void makers_certificates_twice(bytes *elements)
{
    put_usual(elements);
    put_certificates(elements, 0, "text");
    put_certificates(elements, 1, "text");
    put_certificates(elements, 0, "text");
}

static void users_certificates_twice(bytes *elements)
{
    put_usual(elements);
    put_certificates(elements, 1, "text");
    put_certificates(elements, 1, "text");
}

static void list_behind_signature(bytes *elements)
{
    put_usual(elements);
    put_signature(elements, "signature", 9, 20);
    put_list(elements, 3, 32, 1);
}

static void unknown_behind_signature(bytes *elements)
{
    bytes content = { NULL, 0 };
    put_usual(elements);
    put_signature(elements, "signature", 9, 20);
    put_element(elements, 99, &content);
}

static void signature_twice(bytes *elements)
{
    put_usual(elements);
    put_signature(elements, "signature", 9, 20);
    put_signature(elements, "signature", 9, 20);
}

static void put_version(bytes *elements, unsigned tag, unsigned version)
{
    bytes content = { NULL, 0 };
    if (tag != 1) {
        put_usual(elements);
    }
    put_byte(&content, version);
    put_fill(&content, 0, 20);
    put_element(elements, tag, &content);
    bytes_free(&content);
}

static void general_of_version_3(bytes *elements)
{
    put_version(elements, 1, 3);
}

static void general_of_version_0(bytes *elements)
{
    put_version(elements, 1, 0);
}

static void list_of_version_2(bytes *elements)
{
    put_version(elements, 2, 2);
}

static void signature_of_version_0(bytes *elements)
{
    put_version(elements, 3, 0);
}

static void cryptography_of_version_2(bytes *elements)
{
    put_version(elements, 4, 2);
}

static void vendor_of_version_2(bytes *elements)
{
    put_version(elements, 5, 2);
}

static void certificates_of_version_2(bytes *elements)
{
    put_version(elements, 6, 2);
}

static void put_general_of(bytes *elements, size_t hash_size, bool odd, unsigned partial)
{
    general_plan general = general_usual();
    general.hash_size = hash_size;
    general.partial = partial;
    size_t at = elements->size;
    put_general(elements, &general);
    if (odd) {
        put_byte(elements, 0);
        elements->data[at + 2]++;
    }
}

static void general_without_hashes(bytes *elements)
{
    put_general_of(elements, 0, false, 0);
}

static void general_with_odd_hashes(bytes *elements)
{
    put_general_of(elements, 32, true, 0);
}

static void general_with_long_hashes(bytes *elements)
{
    put_general_of(elements, 65, false, 0);
}

static void general_with_a_strange_flag(bytes *elements)
{
    put_general_of(elements, 32, false, 2);
}

static void put_cut(bytes *elements, unsigned tag, size_t size)
{
    bytes content = { NULL, 0 };
    if (tag != 1) {
        put_usual(elements);
    }
    put_fill(&content, 1, size);
    put_element(elements, tag, &content);
    bytes_free(&content);
}

static void general_cut(bytes *elements)
{
    put_cut(elements, 1, 18);
}

static void empty_general(bytes *elements)
{
    put_cut(elements, 1, 0);
}

static void empty_list(bytes *elements)
{
    put_cut(elements, 2, 0);
}

static void signature_cut(bytes *elements)
{
    put_cut(elements, 3, 2);
}

static void signature_longer_than_its_element(bytes *elements)
{
    put_cut(elements, 3, 30); /* 257 bytes */
}

static void empty_signature(bytes *elements)
{
    put_usual(elements);
    put_signature(elements, NULL, 0, 20);
}

static void cryptography_cut(bytes *elements)
{
    put_cut(elements, 4, 5);
}

static void cryptography_with_more(bytes *elements)
{
    put_usual(elements);
    put_cryptography(elements, 1, NULL, 0);
    put_byte(elements, 0);
    elements->data[elements->size - 18]++; /* the low byte of its length */
}

static void vendor_cut(bytes *elements)
{
    put_cut(elements, 5, 6);
}

static void vendor_with_more(bytes *elements)
{
    put_cut(elements, 5, 8);
}

static void certificates_cut(bytes *elements)
{
    put_cut(elements, 6, 1);
}

static void certificates_of_nobody(bytes *elements)
{
    put_usual(elements);
    put_certificates(elements, 2, "text");
}

static void list_of_two(bytes *elements)
{
    put_usual(elements);
    put_list(elements, 2, 32, 1);
}

static void list_of_three_and_a_half(bytes *elements)
{
    put_usual(elements);
    put_list(elements, 7, 16, 1);
}

static void list_without_general(bytes *elements)
{
    put_list(elements, 3, 32, 1);
}

static void hashes_of_another_size(bytes *elements)
{
    put_usual(elements);
    put_cryptography(elements, 2, NULL, 0); /* SHA-384 */
}

static void put_arbitrary(bytes *elements)
{
    bytes content = { NULL, 0 };
    put_fill(&content, 0x22, 10);
    put_element(elements, 7, &content);
    bytes_free(&content);
}

static void arbitrary_and_general(bytes *elements)
{
    put_arbitrary(elements);
    put_usual(elements);
}

static void arbitrary_and_signature(bytes *elements)
{
    put_arbitrary(elements);
    put_signature(elements, "signature", 9, 20);
}

static void arbitrary_and_unknown(bytes *elements)
{
    bytes content = { NULL, 0 };
    put_element(elements, 99, &content);
    put_arbitrary(elements);
}

static void certificate_without_signature(bytes *elements)
{
    put_cryptography(elements, 1, NULL, 0);
    put_certificates(elements, 0, "text");
}

static void certificate_without_algorithms(bytes *elements)
{
    put_certificates(elements, 0, "text");
    put_signature(elements, "signature", 9, 20);
}

static void certificate_of_the_user_alone(bytes *elements)
{
    put_cryptography(elements, 1, NULL, 0);
    put_certificates(elements, 1, "text");
    put_signature(elements, "signature", 9, 20);
}

static const struct {
    breakage *put;
    unsigned reserved;
    const char *words;
} cases[] = {
    { nothing, 0, "does not say what it covers" },
    { nothing, 0x01, "reserved bits of a SEI are set: 0x01" },
    { put_usual, 0x20, "reserved bits of a SEI are set: 0x20" },
    { put_usual, 0xC1, "reserved bits of a SEI are set: 0xc1" },
    { half_a_head, 0, "element 5 of a SEI reaches beyond its end" },
    { too_long, 0, "element 9 of a SEI reaches beyond its end" },
    { general_twice, 0, "element 1 of a SEI comes twice" },
    { vendor_twice, 0, "element 5 of a SEI comes twice" },
    { makers_certificates_twice, 0, "element 6 of a SEI comes twice" },
    { users_certificates_twice, 0, "element 6 of a SEI comes twice" },
    { list_behind_signature, 0, "element 2 of a SEI stands behind the signature" },
    { unknown_behind_signature, 0, "element 99 of a SEI stands behind the signature" },
    { signature_twice, 0, "element 3 of a SEI stands behind the signature" },
    { general_of_version_3, 0, "element 1 of a SEI has another version" },
    { general_of_version_0, 0, "element 1 of a SEI has another version" },
    { list_of_version_2, 0, "element 2 of a SEI has another version" },
    { signature_of_version_0, 0, "element 3 of a SEI has another version" },
    { cryptography_of_version_2, 0, "element 4 of a SEI has another version" },
    { vendor_of_version_2, 0, "element 5 of a SEI has another version" },
    { certificates_of_version_2, 0, "element 6 of a SEI has another version" },
    { general_without_hashes, 0, "element 1 of a SEI does not hold what it should" },
    { general_with_odd_hashes, 0, "element 1 of a SEI does not hold what it should" },
    { general_with_long_hashes, 0, "element 1 of a SEI does not hold what it should" },
    { general_with_a_strange_flag, 0, "element 1 of a SEI does not hold what it should" },
    { general_cut, 0, "element 1 of a SEI does not hold what it should" },
    { empty_general, 0, "element 1 of a SEI has another version" },
    { empty_list, 0, "element 2 of a SEI has another version" },
    { signature_cut, 0, "element 3 of a SEI does not hold what it should" },
    { signature_longer_than_its_element, 0, "element 3 of a SEI does not hold what it should" },
    { empty_signature, 0, "element 3 of a SEI does not hold what it should" },
    { cryptography_cut, 0, "element 4 of a SEI does not hold what it should" },
    { cryptography_with_more, 0, "element 4 of a SEI does not hold what it should" },
    { vendor_cut, 0, "element 5 of a SEI does not hold what it should" },
    { vendor_with_more, 0, "element 5 of a SEI does not hold what it should" },
    { certificates_cut, 0, "element 6 of a SEI does not hold what it should" },
    { certificates_of_nobody, 0, "element 6 of a SEI does not hold what it should" },
    { list_of_two, 0, "the list of a SEI is not as long as its number of hashes says" },
    { list_of_three_and_a_half, 0,
      "the list of a SEI is not as long as its number of hashes says" },
    { list_without_general, 0, "does not say what it covers" },
    { list_without_general, 0x80, "lacks algorithms, certificates or signature" },
    { hashes_of_another_size, 0, "hashes of a SEI are of another size" },
    { arbitrary_and_general, 0, "a SEI with arbitrary data holds something else too" },
    { arbitrary_and_signature, 0, "a SEI with arbitrary data holds something else too" },
    { arbitrary_and_unknown, 0, "a SEI with arbitrary data holds something else too" },
    { put_arbitrary, 0x80, "a SEI with arbitrary data holds something else too" },
    { certificate_without_signature, 0x80, "lacks algorithms, certificates or signature" },
    { certificate_without_algorithms, 0x80, "lacks algorithms, certificates or signature" },
    { certificate_of_the_user_alone, 0x80, "lacks algorithms, certificates or signature" },
};

static svms_status read_bytes(const uint8_t *data, size_t size, svms_camera_document *document,
                              svms_error *err)
{
    svms_camera_nal nal = { .kind = SVMS_CAMERA_NAL_SEI, .data = data, .size = size };
    return svms_camera_document_read(document, ctx, SVMS_CODEC_H264, &nal, err);
}

static void each_breakage_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bytes elements = { NULL, 0 };
        svms_camera_document document;
        svms_error err = SVMS_ERROR_INIT;
        cases[i].put(&elements);
        sei_plan plan = { .reserved = cases[i].reserved, .elements = &elements };
        bytes sei = sei_make(&plan);
        svms_status status = read_bytes(sei.data, sei.size, &document, &err);
        if (status != SVMS_E_MALFORMED || !strstr(err.message, cases[i].words)) {
            fail_msg("case %zu (%s): %s, \"%s\"", i, cases[i].words, svms_status_name(status),
                     status == SVMS_OK ? "" : err.message);
        }
        assert_false(document.has_general || document.has_signature);
        bytes_free(&sei);
        bytes_free(&elements);
    }
}

static bytes usual_sei(unsigned fill)
{
    bytes elements = { NULL, 0 };
    general_plan general = general_usual();
    general.fill = fill;
    put_general(&elements, &general);
    put_list(&elements, general.count, general.hash_size, fill);
    put_cryptography(&elements, 1, NULL, 0);
    put_vendor(&elements, "1.0", "2", "3");
    put_certificates(&elements, 0, "certificates");
    put_signature(&elements, "signature", 9, 20);
    sei_plan plan = { .elements = &elements };
    bytes sei = sei_make(&plan);
    bytes_free(&elements);
    return sei;
}

static void a_size_that_does_not_fit_is_told(void **state)
{
    static const int changes[] = { -1, 1 };
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        svms_camera_document document;
        svms_error err = SVMS_ERROR_INIT;
        bytes sei = usual_sei(i < 2 ? 0 : 0xA5);
        size_t at = 2; /* the payload size: 0xFF, then its rest */
        while (sei.data[at] == 0xFF) {
            at++;
        }
        sei.data[at] = (uint8_t)(sei.data[at] + changes[i % 2]);
        assert_int_equal(read_bytes(sei.data, sei.size, &document, &err), SVMS_E_MALFORMED);
        assert_non_null(strstr(err.message, "as many bytes as its payload size says"));
        bytes_free(&sei);
    }
}

static void a_sei_without_stop_bit_is_malformed(void **state)
{
    (void)state;
    svms_camera_document document;
    bytes sei = usual_sei(0xA5);
    sei.data[sei.size - 1] = 0xC0;
    assert_int_equal(read_bytes(sei.data, sei.size, &document, NULL), SVMS_E_MALFORMED);
    bytes_free(&sei);
}

/* A second message behind the first is none of MS. */
static void a_second_message_is_malformed(void **state)
{
    (void)state;
    svms_camera_document document;
    bytes sei = usual_sei(0xA5);
    sei.size--;
    put_be(&sei, 0x06018080, 4);
    assert_int_equal(read_bytes(sei.data, sei.size, &document, NULL), SVMS_E_MALFORMED);
    bytes_free(&sei);
}

/* Exactly sized copies, so that a checker of memory sees a byte too far. */
static void a_sei_cut_anywhere_is_malformed(void **state)
{
    static const unsigned fills[] = { 0xA5, 0x00 };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        bytes sei = usual_sei(fills[i]);
        for (size_t size = 0; size < sei.size; size++) {
            svms_camera_document document;
            uint8_t *cut = malloc(size > 0 ? size : 1);
            assert_non_null(cut);
            memcpy(cut, sei.data, size);
            if (read_bytes(cut, size, &document, NULL) != SVMS_E_MALFORMED) {
                fail_msg("cut to %zu of %zu bytes", size, sei.size);
            }
            free(cut);
        }
        bytes_free(&sei);
    }
}

/* Whatever is flipped: read, or told; and nothing but what is there is pointed to. */
static void flipped_bits_are_read_or_told(void **state)
{
    (void)state;
    bytes sei = usual_sei(0x00);
    size_t read = 0;
    for (size_t bit = 8; bit < 8 * sei.size; bit++) {
        svms_camera_document document;
        sei.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        svms_status status = read_bytes(sei.data, sei.size, &document, NULL);
        assert_true(status == SVMS_OK || status == SVMS_E_MALFORMED);
        if (status == SVMS_OK) {
            assert_true(document.hashed_size <= sei.size);
            assert_true(document.signature_size <= sei.size);
            svms_camera_document_clear(&document);
            read++;
        }
        sei.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(read > 0 && read < 8 * sei.size);
    bytes_free(&sei);
}

static int open_context(void **state)
{
    (void)state;
    ctx = fixture_context(NULL);
    return 0;
}

static int close_context(void **state)
{
    (void)state;
    svms_ctx_free(&ctx);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_breakage_is_told),
        cmocka_unit_test(a_size_that_does_not_fit_is_told),
        cmocka_unit_test(a_sei_without_stop_bit_is_malformed),
        cmocka_unit_test(a_second_message_is_malformed),
        cmocka_unit_test(a_sei_cut_anywhere_is_malformed),
        cmocka_unit_test(flipped_bits_are_read_or_told),
    };
    return cmocka_run_group_tests_name("signedvideo_malformed", tests, open_context, close_context);
}
