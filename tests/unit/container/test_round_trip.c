/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

/* Reads everything and compares it with what append_segment() wrote. */
static void expect_samples(fixture *fix, memory_file *file, const recipe *how, bool recheck)
{
    svms_reader *reader = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_source source = memory_source(file);
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_keyring *ring = how->password != NULL ? password_ring(fix, how->password) : NULL;
    uint8_t *expected = malloc(how->sample_size + 40);
    options.keys = ring;
    options.recheck = recheck;
    options.allow_unverified = how->is_unsigned;
    options.trust = how->is_unsigned ? NULL : fix->trust;
    if (svms_reader_open(&reader, fix->ctx, &source, &options, &err) != SVMS_OK) {
        fail_msg("open: %s", err.message);
    }
    for (uint32_t segment = 0; segment < how->segments; segment++) {
        for (uint32_t i = 0; i < how->frames + (how->tracks == 2 ? 2 : 0); i++) {
            svms_sample sample = SVMS_SAMPLE_INIT;
            bool audio = i >= how->frames;
            uint32_t number = audio ? segment * 2 + i - how->frames : segment * how->frames + i;
            size_t size = audio ? 40 : how->sample_size;
            if (svms_reader_next(reader, &sample, &err) != SVMS_OK) {
                fail_msg("segment %u sample %u: %s", segment, i, err.message);
            }
            sample_bytes(how, audio, number, expected, size);
            assert_int_equal(sample.track, audio);
            assert_int_equal(sample.size, size);
            assert_memory_equal(sample.data, expected, size);
            assert_int_equal(sample.segment, segment);
            assert_int_equal(sample.utc_ns, T0 + sample.pts * (SECOND / 1000));
            assert_int_equal(sample.flags & ~SVMS_SAMPLE_UNATTESTED,
                             audio || i == 0 ? SVMS_SAMPLE_SYNC : 0);
            assert_int_equal((sample.flags & SVMS_SAMPLE_UNATTESTED) != 0, how->is_unsigned);
            if (!audio) {
                assert_int_equal(sample.pts - sample.dts, i == 1 ? 7 : 0);
                assert_int_equal(sample.duration, 1000 / how->frames + (i == 2));
            }
        }
    }
    svms_sample sample = SVMS_SAMPLE_INIT;
    assert_int_equal(svms_reader_next(reader, &sample, &err), SVMS_END);
    assert_int_equal(svms_reader_next(reader, &sample, &err), SVMS_END);
    svms_reader_close(&reader);
    svms_keyring_free(&ring);
    free(expected);
}

static void round_trip(fixture *fix, const recipe *how)
{
    memory_file file = { 0 };
    svms_report report;
    record_container(fix, how, &file);
    expect_samples(fix, &file, how, false);
    expect_samples(fix, &file, how, true);
    svms_status status = verify_file(fix, &file, fix->trust, &report);
    if (how->is_unsigned) {
        assert_int_equal(status, SVMS_E_UNTRUSTED);
        assert_int_equal(report.identity, SVMS_IDENTITY_UNSIGNED);
        assert_int_equal(report.integrity, SVMS_INTEGRITY_INTACT);
    } else {
        if (status != SVMS_OK) {
            fail_msg("verify: %s", report.first_failure.reason);
        }
        assert_int_equal(report.verdict, SVMS_VERDICT_AUTHENTIC);
        assert_int_equal(report.bytes_verified, file.size);
    }
    assert_int_equal(report.segments_verified, how->segments);
    assert_int_equal(report.closed, 1);
    memory_file_clear(&file);
}

static void every_protection_gives_back_what_was_put_in(void **state)
{
    static const svms_protection protections[] = { SVMS_PROTECT_STRONG, SVMS_PROTECT_LIGHT,
                                                   SVMS_PROTECT_NONE };
    for (size_t i = 0; i < 3; i++) {
        for (int is_unsigned = 0; is_unsigned < 2; is_unsigned++) {
            recipe how = RECIPE_INIT;
            how.protection = protections[i];
            how.is_unsigned = is_unsigned;
            round_trip(*state, &how);
        }
    }
}

static void samples_of_every_size_come_back(void **state)
{
    static const size_t sizes[] = {
        0,     1,      15,     16,      17,      4096,    65535,
        65536, 131072, 131073, 1048575, 1048576, 1048577, 3 * 1048576 + 5
    };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (int protection = SVMS_PROTECT_STRONG; protection <= SVMS_PROTECT_NONE; protection++) {
            recipe how = RECIPE_INIT;
            how.sample_size = sizes[i];
            how.segments = 2;
            how.protection = (svms_protection)protection;
            round_trip(*state, &how);
        }
    }
}

static void containers_without_keys_have_no_access_block(void **state)
{
    recipe how = RECIPE_INIT;
    how.protection = SVMS_PROTECT_NONE;
    how.password = NULL;
    round_trip(*state, &how);
}

static void a_container_without_segments_is_authentic(void **state)
{
    recipe how = RECIPE_INIT;
    how.segments = 0;
    round_trip(*state, &how);
}

static void info_names_device_signer_and_state(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    memory_file file = { 0 };
    svms_reader *reader = NULL;
    svms_container_info info = SVMS_CONTAINER_INFO_INIT;
    svms_track track = SVMS_TRACK_INIT;
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    record_container(fix, &how, &file);
    svms_source source = memory_source(&file);
    assert_int_equal(svms_reader_open(&reader, fix->ctx, &source, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_reader_get_info(reader, &info, NULL), SVMS_OK);
    assert_null(info.device_name);
    assert_int_equal(info.encrypted, 1);
    assert_int_equal(info.unlocked, 0);
    assert_int_equal(info.password_stanzas, 1);
    assert_int_equal(info.closed, 1);
    assert_int_equal(info.segment_count, 3);
    assert_int_equal(info.first_utc_ns, T0);
    assert_int_equal(info.last_utc_ns, T0 + 3 * SECOND);
    assert_string_equal(info.signer_subject, "CN=test signer");
    assert_string_equal(info.software, "libsvms " SVMS_VERSION_TEXT);
    assert_int_equal(svms_reader_get_track(reader, 0, &track, NULL), SVMS_OK);
    assert_int_equal(track.config_size, 13);
    assert_memory_equal(track.config, "configuration", 13);
    assert_int_equal(svms_reader_get_track(reader, 2, &track, NULL), SVMS_E_USAGE);
    svms_reader_close(&reader);

    svms_keyring *ring = password_ring(fix, how.password);
    options.keys = ring;
    assert_int_equal(svms_reader_open(&reader, fix->ctx, &source, &options, NULL), SVMS_OK);
    assert_int_equal(svms_reader_get_info(reader, &info, NULL), SVMS_OK);
    assert_string_equal(info.device_name, "front door");
    assert_int_equal(info.unlocked, 1);
    svms_reader_close(&reader);
    svms_keyring_free(&ring);
    memory_file_clear(&file);
}

/* The plaintext must not stand in the file, nor the device name. */
static void nothing_readable_is_left_in_a_strong_container(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    memory_file file = { 0 };
    uint8_t sample[100];
    how.tracks = 1;
    record_container(fix, &how, &file);
    sample_bytes(&how, 0, 0, sample, sizeof(sample));
    for (size_t at = 0; at + 10 < file.size; at++) {
        assert_memory_not_equal(file.data + at, "front door", 10);
        for (size_t part = 0; part + 8 < sizeof(sample) && at + 8 < file.size; part += 8) {
            assert_memory_not_equal(file.data + at, sample + part, 8);
        }
    }
    memory_file_clear(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_protection_gives_back_what_was_put_in, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(samples_of_every_size_come_back, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(containers_without_keys_have_no_access_block, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_container_without_segments_is_authentic, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(info_names_device_signer_and_state, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(nothing_readable_is_left_in_a_strong_container,
                                        fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
