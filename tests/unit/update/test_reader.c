/* SPDX-License-Identifier: Apache-2.0 */
/* What a device takes and what it refuses, and that it gets no byte that was not verified. */
#include "../base/cmocka_all.h"

#include <string.h>

#include "update_case.h"

static update_case *c;

static int set_up(void **state)
{
    (void)state;
    c = case_open(NULL);
    assert_int_equal(case_make(c), SVMS_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    case_close(c);
    return 0;
}

static void assert_given_all(void)
{
    assert_int_equal(c->device.given[0], sizeof c->first);
    assert_int_equal(c->device.given[1], sizeof c->second);
    assert_memory_equal(c->device.bytes[0], c->first, sizeof c->first);
    assert_memory_equal(c->device.bytes[1], c->second, sizeof c->second);
}

static void what_is_made_is_taken_in_pieces_of_any_size(void **state)
{
    (void)state;
    static const size_t pieces[] = { 1, 2, 3, 7, 24, 1000, 4095, 4096, 4097, 65536, CASE_FILE_MAX };
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        assert_int_equal(case_read(c, pieces[i]), SVMS_OK);
        assert_int_equal(c->device.accepted, 1);
        assert_given_all();
    }
}

static void what_the_manifest_says_is_told(void **state)
{
    (void)state;
    svms_update_reader *reader = NULL;
    svms_update_info info = SVMS_UPDATE_INFO_INIT;
    svms_update_part part = SVMS_UPDATE_PART_INIT;
    assert_int_equal(svms_update_reader_new(&reader, c->ctx, &c->device_options, NULL), SVMS_OK);
    assert_int_equal(svms_update_reader_info(reader, &info, NULL), SVMS_E_STATE);
    assert_int_equal(svms_update_reader_part(reader, 0, &part, NULL), SVMS_E_STATE);
    assert_null(svms_update_reader_hardware(reader, 0));
    assert_int_equal(svms_update_reader_feed(reader, c->file.data, c->file.size, NULL), SVMS_OK);
    assert_int_equal(svms_update_reader_info(reader, &info, NULL), SVMS_OK);
    assert_string_equal(info.product, "Kamera Süd");
    assert_string_equal(info.version, "2.10.0+rc.1");
    assert_string_equal(info.minimum, "1.9");
    assert_string_equal(info.note, "Repairs what was broken.\nReboots once.");
    assert_string_equal(svms_chain_subject(info.signer), svms_chain_subject(c->chain));
    assert_int_equal(info.counter, 7);
    assert_int_equal(info.signed_utc_ns, c->now);
    assert_int_equal(info.size, c->file.size);
    assert_int_equal(info.trusted, 1);
    assert_int_equal(info.part_count, 2);
    assert_int_equal(info.hardware_count, 2);
    assert_string_equal(svms_update_reader_hardware(reader, 1), "board-8");
    assert_null(svms_update_reader_hardware(reader, 2));
    assert_int_equal(svms_update_reader_part(reader, 0, &part, NULL), SVMS_OK);
    assert_string_equal(part.name, "rootfs");
    assert_int_equal(part.size, sizeof c->first);
    assert_int_equal(part.chunk_size, 4096);
    assert_int_equal(svms_update_reader_part(reader, 2, &part, NULL), SVMS_E_USAGE);
    svms_update_reader_free(&reader);
    assert_null(reader);
}

/* Bytes before the parts: no byte is given. Bytes of a part: none of its chunk or behind. */
static void a_flipped_bit_anywhere_is_refused(void **state)
{
    (void)state;
    size_t parts = c->file.size - sizeof c->first - sizeof c->second;
    for (size_t at = 0; at < c->file.size; at += at < parts ? 1 : 613) {
        c->file.data[at] ^= (uint8_t)(1u << (at % 8));
        svms_status status = case_read(c, CASE_FILE_MAX);
        assert_int_not_equal(status, SVMS_OK);
        if (at < parts) {
            assert_int_equal(c->device.given[0], 0);
        } else {
            assert_int_equal(status, SVMS_E_NOT_AUTHENTIC);
            assert_int_equal(c->refusal, SVMS_UPDATE_CHANGED);
            assert_true(c->device.given[0] <= (at - parts) / 4096 * 4096);
        }
        c->file.data[at] ^= (uint8_t)(1u << (at % 8));
    }
    assert_int_equal(case_read(c, CASE_FILE_MAX), SVMS_OK);
}

static void a_file_that_ends_early_is_incomplete(void **state)
{
    (void)state;
    size_t whole = c->file.size;
    for (c->file.size = 0; c->file.size < whole; c->file.size += 97) {
        assert_int_equal(case_read(c, CASE_FILE_MAX), SVMS_E_TRUNCATED);
    }
    c->file.size = whole - 1;
    assert_int_equal(case_read(c, CASE_FILE_MAX), SVMS_E_TRUNCATED);
}

static void a_byte_behind_the_end_is_refused(void **state)
{
    (void)state;
    c->file.size++;
    assert_int_equal(case_read(c, CASE_FILE_MAX), SVMS_E_MALFORMED);
    assert_int_equal(c->err.offset, c->file.size - 1);
}

static void parts_in_another_order_are_refused(void **state)
{
    (void)state;
    size_t parts = c->file.size - sizeof c->first - sizeof c->second;
    memcpy(c->file.data + parts, c->second, sizeof c->second);
    memcpy(c->file.data + parts + sizeof c->second, c->first, sizeof c->first);
    assert_int_equal(case_read(c, 100), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(c->device.given[0], 0);
}

static void a_chunk_in_another_ones_place_is_refused(void **state)
{
    (void)state;
    uint8_t *parts = c->file.data + c->file.size - sizeof c->first - sizeof c->second;
    memcpy(parts, parts + 4096, 4096);
    assert_int_equal(case_read(c, CASE_FILE_MAX), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(c->device.given[0], 0);
}

static void each_refusal_has_its_reason(void **state)
{
    (void)state;
    static const struct {
        const char *product, *hardware, *version;
        uint64_t floor;
        uint32_t flags;
        svms_update_refusal refusal;
        const char *words;
    } cases[] = {
        { "Kamera Nord", "board-8", "2.9.9", 7, 0, SVMS_UPDATE_PRODUCT, "this is 'Kamera Nord'" },
        { "Kamera Süd", "board-9", "2.9.9", 7, 0, SVMS_UPDATE_HARDWARE, "this is 'board-9'" },
        { "Kamera Süd", "board", "2.9.9", 7, 0, SVMS_UPDATE_HARDWARE, "other hardware" },
        { "Kamera Süd", "board-7", "2.9.9", 8, 0, SVMS_UPDATE_ROLL_BACK, "none below 8" },
        { "Kamera Süd", "board-7", "2.9.9", 8, SVMS_UPDATE_ALLOW_OLDER, SVMS_UPDATE_ROLL_BACK,
          "roll-back" },
        { "Kamera Süd", "board-7", "2.10.1", 7, 0, SVMS_UPDATE_OLDER, "2.10.1 is installed" },
        { "Kamera Süd", "board-7", "1.8.9", 7, 0, SVMS_UPDATE_TOO_EARLY, "needs version 1.9" },
        { "Kamera Süd", "board-7", "2.10.1", 7, SVMS_UPDATE_ALLOW_OLDER, SVMS_UPDATE_NOT_REFUSED,
          NULL },
        { "Kamera Süd", "board-7", "2.10", 7, 0, SVMS_UPDATE_NOT_REFUSED, NULL },
        { "Kamera Süd", "board-7", "1.9.0+x", 0, 0, SVMS_UPDATE_NOT_REFUSED, NULL },
        { "Kamera Süd", "board-7", NULL, 7, 0, SVMS_UPDATE_NOT_REFUSED, NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        c->device_options.product = cases[i].product;
        c->device_options.hardware = cases[i].hardware;
        c->device_options.version = cases[i].version;
        c->device_options.floor = cases[i].floor;
        c->device_options.flags = cases[i].flags;
        svms_status status = case_read(c, 500);
        assert_int_equal(c->refusal, cases[i].refusal);
        assert_int_equal(status, cases[i].words ? SVMS_E_POLICY : SVMS_OK);
        assert_int_equal(c->device.accepted, !cases[i].words);
        assert_int_equal(c->device.given[0], cases[i].words ? 0 : sizeof c->first);
        if (cases[i].words) {
            assert_non_null(strstr(c->err.message, cases[i].words));
        }
    }
}

static void who_may_not_sign_updates_is_not_trusted(void **state)
{
    (void)state;
    svms_chain *own = c->chain;
    svms_chain *recorder = case_chain(c, SVMS_ROLE_RECORDER, c->key);
    svms_iovec good = case_manifest(c);
    uint8_t manifest[4096];
    assert_true(good.size <= sizeof manifest);
    memcpy(manifest, good.data, good.size);
    c->chain = recorder;
    case_sign(c, manifest, good.size);
    assert_int_equal(case_read(c, 500), SVMS_E_UNTRUSTED);
    assert_int_equal(c->refusal, SVMS_UPDATE_SIGNER);
    assert_int_equal(c->device.given[0], 0);
    c->options.chain = recorder;
    assert_int_equal(case_make(c), SVMS_E_UNTRUSTED);
    c->chain = own;
    svms_chain_free(&recorder);
}

static void who_has_expired_since_is_not_trusted(void **state)
{
    (void)state;
    c->now = fixture_time("2028-06-01T00:00:00Z");
    assert_int_equal(case_read(c, 500), SVMS_E_UNTRUSTED);
    assert_int_equal(c->refusal, SVMS_UPDATE_SIGNER);
    assert_non_null(strstr(c->err.message, "expired"));
    assert_int_equal(case_make(c), SVMS_E_UNTRUSTED);
}

static void a_device_whose_clock_is_behind_refuses(void **state)
{
    (void)state;
    c->now = fixture_time("2026-06-01T00:00:00Z");
    assert_int_equal(case_read(c, 500), SVMS_E_UNTRUSTED);
    assert_int_equal(c->refusal, SVMS_UPDATE_SIGNER);
}

static void an_unknown_authority_is_not_trusted(void **state)
{
    (void)state;
    workshop_ca other;
    svms_trust *trust = NULL;
    workshop_open(&other, c->ctx, "P-256", NULL, NULL);
    assert_int_equal(svms_trust_from_pem(&trust, c->ctx, other.pem.data, other.pem.size, NULL),
                     SVMS_OK);
    c->device_options.trust = trust;
    assert_int_equal(case_read(c, 500), SVMS_E_UNTRUSTED);
    assert_int_equal(c->device.accepted, 0);
    svms_trust_free(&trust);
    workshop_close(&other);
}

static void another_ones_signature_does_not_fit(void **state)
{
    (void)state;
    svms_private_key *own = c->key;
    svms_iovec good = case_manifest(c);
    uint8_t manifest[4096];
    memcpy(manifest, good.data, good.size);
    c->key = workshop_key(c->ctx, "P-256");
    case_sign(c, manifest, good.size);
    assert_int_equal(case_read(c, 500), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(c->refusal, SVMS_UPDATE_SIGNATURE);
    svms_private_key_free(&c->key);
    c->key = own;
}

static void whoever_inspects_is_told_all_and_given_nothing(void **state)
{
    (void)state;
    svms_update_reader *reader = NULL;
    svms_update_info info = SVMS_UPDATE_INFO_INIT;
    svms_update_reader_options options = SVMS_UPDATE_READER_OPTIONS_INIT;
    options.flags = SVMS_UPDATE_INSPECT;
    for (int trusted = 0; trusted < 2; trusted++) {
        options.trust = trusted ? c->trust : NULL;
        assert_int_equal(svms_update_reader_new(&reader, c->ctx, &options, NULL), SVMS_OK);
        assert_int_equal(svms_update_reader_feed(reader, c->file.data, c->file.size, NULL),
                         SVMS_OK);
        assert_int_equal(svms_update_reader_end(reader, NULL), SVMS_OK);
        assert_int_equal(svms_update_reader_info(reader, &info, NULL), SVMS_OK);
        assert_int_equal(info.trusted, trusted);
        assert_int_equal(info.identity.verdict,
                         trusted ? SVMS_IDENTITY_TRUSTED : SVMS_IDENTITY_NO_ANCHOR);
        svms_update_reader_free(&reader);
    }
    c->file.data[c->file.size - 1] ^= 1;
    assert_int_equal(svms_update_reader_new(&reader, c->ctx, &options, NULL), SVMS_OK);
    assert_int_equal(svms_update_reader_feed(reader, c->file.data, c->file.size, NULL),
                     SVMS_E_NOT_AUTHENTIC);
    svms_update_reader_free(&reader);
}

static void a_device_can_say_no(void **state)
{
    (void)state;
    c->device.answer_accepted = SVMS_E_CANCELLED;
    assert_int_equal(case_read(c, 500), SVMS_E_CANCELLED);
    assert_int_equal(c->device.given[0], 0);
    c->device.answer_accepted = SVMS_OK;
    c->device.answer_data = SVMS_E_IO;
    assert_int_equal(case_read(c, 500), SVMS_E_IO);
    assert_int_equal(c->device.given[0], 4096);
}

static void a_device_says_what_it_is(void **state)
{
    (void)state;
    svms_update_reader *reader = NULL;
    svms_update_reader_options good = c->device_options;
    svms_update_reader_options bad[8] = { good, good, good, good, good, good, good, good };
    bad[0].trust = NULL;
    bad[1].data = NULL;
    bad[2].product = NULL;
    bad[3].product = "";
    bad[4].hardware = "a\nb";
    bad[5].version = "1..2";
    bad[6].flags = 4;
    bad[7].hardware = "01234567890123456789012345678901234567890123456789012345678901234";
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(svms_update_reader_new(&reader, c->ctx, &bad[i], NULL), SVMS_E_USAGE);
        assert_null(reader);
    }
    assert_int_equal(svms_update_reader_new(NULL, c->ctx, &good, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_update_reader_new(&reader, NULL, &good, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_update_reader_new(&reader, c->ctx, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_update_reader_feed(NULL, "", 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_update_reader_end(NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_update_reader_refusal(NULL), SVMS_UPDATE_NOT_REFUSED);
    svms_update_reader_free(NULL);
    svms_update_reader_free(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_made_is_taken_in_pieces_of_any_size, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_the_manifest_says_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_flipped_bit_anywhere_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_ends_early_is_incomplete, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_byte_behind_the_end_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parts_in_another_order_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_chunk_in_another_ones_place_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(each_refusal_has_its_reason, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_may_not_sign_updates_is_not_trusted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_has_expired_since_is_not_trusted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_device_whose_clock_is_behind_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_unknown_authority_is_not_trusted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_ones_signature_does_not_fit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(whoever_inspects_is_told_all_and_given_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_device_can_say_no, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_device_says_what_it_is, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
