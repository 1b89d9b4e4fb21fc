/* SPDX-License-Identifier: Apache-2.0 */
/* The n-th allocation, write, sync and read fail, for every n, on every public path of containers:
 * a clean error, nothing leaked (the fixture counts blocks), nothing half claimed. */
#include <stdio.h>

#include "fixture.h"

static recipe faulty_container(void)
{
    recipe how = RECIPE_INIT;
    how.segments = 2;
    how.frames = 2;
    return how;
}

/* Records; the first failure is returned, and the writer is closed or aborted in turn. */
static svms_status try_record(fixture *fix, const recipe *how, memory_file *file, bool close,
                              svms_error *err)
{
    svms_track tracks[2];
    svms_writer *writer = NULL;
    svms_sink sink = memory_sink(file);
    svms_writer_options options = writer_options(fix, how, tracks);
    svms_status status = svms_writer_open(&writer, fix->ctx, &sink, &options, err);
    if (status != SVMS_OK) {
        assert_null(writer);
        return status;
    }
    for (uint32_t i = 0; i < how->segments && status == SVMS_OK; i++) {
        status = append_segment(writer, how, i, err);
    }
    if (status != SVMS_OK) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        assert_int_equal(svms_writer_append(writer, &sample, NULL), SVMS_E_STATE);
        assert_int_equal(svms_writer_flush(writer, NULL), SVMS_E_STATE);
        if (close) {
            assert_int_equal(svms_writer_close(&writer, NULL), SVMS_E_STATE);
        }
        svms_writer_abort(&writer);
        return status;
    }
    return svms_writer_close(&writer, err);
}

/* What a failed recording leaves must be the beginning of a container, or nothing. */
static void expect_nothing_false(fixture *fix, memory_file *file)
{
    svms_report report;
    if (file->size == 0) {
        return;
    }
    svms_status status = verify_file(fix, file, fix->trust, &report);
    assert_int_not_equal(status, SVMS_OK);
    if (status == SVMS_E_TRUNCATED || status == SVMS_E_MALFORMED) {
        return; /* not even the header was written */
    }
    if (status != SVMS_E_INCOMPLETE) {
        fail_msg("%s: %s", svms_status_name(status), report.first_failure.reason);
    }
    assert_int_equal(report.segments_failed, 0);
}

static void every_failing_allocation_while_recording_is_clean(void **state)
{
    fixture *fix = *state;
    recipe how = faulty_container();
    static const svms_protection protections[] = { SVMS_PROTECT_STRONG, SVMS_PROTECT_LIGHT };
    for (size_t i = 0; i < 2; i++) {
        how.protection = protections[i];
        for (uint64_t n = 1;; n++) {
            memory_file file = { 0 };
            svms_error err = SVMS_ERROR_INIT;
            int64_t before = fix->live_blocks;
            fix->allocations = 0;
            fix->allocation_fails_at = n;
            svms_status status = try_record(fix, &how, &file, n % 2 == 0, &err);
            bool reached = fix->allocations >= n;
            fix->allocation_fails_at = 0;
            assert_int_equal(fix->live_blocks, before);
            if (!reached) {
                assert_int_equal(status, SVMS_OK);
                memory_file_clear(&file);
                break;
            }
            assert_int_equal(status, SVMS_E_NO_MEMORY);
            assert_int_equal(err.status, SVMS_E_NO_MEMORY);
            expect_nothing_false(fix, &file);
            memory_file_clear(&file);
        }
    }
}

static void every_failing_write_while_recording_is_clean(void **state)
{
    fixture *fix = *state;
    recipe how = faulty_container();
    for (uint64_t n = 1;; n++) {
        memory_file file = { 0 };
        svms_error err = SVMS_ERROR_INIT;
        int64_t before = fix->live_blocks;
        file.write_fails_at = n;
        svms_status status = try_record(fix, &how, &file, n % 2 == 0, &err);
        assert_int_equal(fix->live_blocks, before);
        if (file.writes < n) {
            assert_int_equal(status, SVMS_OK);
            memory_file_clear(&file);
            return;
        }
        assert_int_equal(status, SVMS_E_IO);
        assert_int_not_equal(err.os_error, 0);
        /* The very last sync: everything is there, but the caller was told that it may not last. */
        file.write_fails_at = 0;
        svms_report report;
        if (verify_file(fix, &file, fix->trust, &report) != SVMS_OK) {
            expect_nothing_false(fix, &file);
        }
        memory_file_clear(&file);
    }
}

static void a_full_disk_at_every_byte_leaves_complete_segments_intact(void **state)
{
    fixture *fix = *state;
    recipe how = faulty_container();
    memory_file whole = { 0 };
    record_container(fix, &how, &whole);
    layout at = lay_out_file(&whole);
    for (size_t room = 1; room < whole.size; room += 3) {
        memory_file file = { 0 };
        svms_error err = SVMS_ERROR_INIT;
        svms_report report;
        file.room = room;
        assert_int_equal(try_record(fix, &how, &file, false, &err), SVMS_E_IO);
        svms_status status = verify_file(fix, &file, fix->trust, &report);
        if (room < at.first_record) {
            assert_int_equal(svms_status_class(status), SVMS_CLASS_MALFORMED);
        } else {
            assert_int_equal(status, SVMS_E_INCOMPLETE);
            assert_int_equal(report.segments_verified,
                             (room >= at.segments[1]) + (room >= at.segments[2]));
            assert_int_equal(report.segments_failed, 0);
        }
        memory_file_clear(&file);
    }
    memory_file_clear(&whole);
}

static svms_status try_read(fixture *fix, memory_file *file, const recipe *how, bool seek,
                            svms_error *err)
{
    svms_keyring *ring = NULL;
    svms_reader *reader = NULL;
    svms_sample sample = SVMS_SAMPLE_INIT;
    svms_container_info info = SVMS_CONTAINER_INFO_INIT;
    svms_source source = memory_source(file);
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_status status = svms_keyring_new(&ring, fix->ctx, err);
    if (status == SVMS_OK) {
        status = svms_keyring_add_password(ring, how->password, strlen(how->password), err);
    }
    if (status == SVMS_OK) {
        options.keys = ring;
        options.trust = fix->trust;
        options.recheck = 1;
        status = svms_reader_open(&reader, fix->ctx, &source, &options, err);
    }
    if (status == SVMS_OK) {
        status = svms_reader_get_info(reader, &info, err);
    }
    if (status == SVMS_OK && seek) {
        status = svms_reader_seek(reader, T0 + SECOND + 5, err);
    }
    while (status == SVMS_OK) {
        status = svms_reader_next(reader, &sample, err);
    }
    svms_reader_close(&reader);
    svms_keyring_free(&ring);
    return status;
}

static svms_status try_verify(fixture *fix, memory_file *file, const recipe *how, bool range,
                              svms_error *err)
{
    svms_keyring *ring = NULL;
    svms_report report = SVMS_REPORT_INIT;
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    svms_source source = memory_source(file);
    svms_status status = svms_keyring_new(&ring, fix->ctx, err);
    if (status == SVMS_OK) {
        status = svms_keyring_add_password(ring, how->password, strlen(how->password), err);
    }
    if (status == SVMS_OK) {
        options.trust = fix->trust;
        options.keys = ring;
        options.from_utc_ns = range ? T0 + SECOND + 5 : SVMS_NO_TIME;
        options.to_utc_ns = range ? T0 + SECOND + 15 : SVMS_NO_TIME;
        status = svms_verify_container(fix->ctx, &source, &options, &report, err);
        if (status == SVMS_OK) {
            assert_int_equal(report.verdict, SVMS_VERDICT_AUTHENTIC);
        }
    }
    svms_keyring_free(&ring);
    return status == SVMS_OK ? SVMS_END : status;
}

typedef svms_status attempt(fixture *fix, memory_file *file, const recipe *how, bool variant,
                            svms_error *err);

static void fail_every_allocation(fixture *fix, memory_file *file, const recipe *how, attempt *run,
                                  bool variant)
{
    for (uint64_t n = 1;; n++) {
        svms_error err = SVMS_ERROR_INIT;
        int64_t before = fix->live_blocks;
        fix->allocations = 0;
        fix->allocation_fails_at = n;
        svms_status status = run(fix, file, how, variant, &err);
        bool reached = fix->allocations >= n;
        fix->allocation_fails_at = 0;
        assert_int_equal(fix->live_blocks, before);
        if (!reached) {
            assert_int_equal(status, SVMS_END);
            return;
        }
        if (status != SVMS_E_NO_MEMORY) {
            fail_msg("allocation %llu: %s, %s", (unsigned long long)n, svms_status_name(status),
                     err.message);
        }
    }
}

static void fail_every_read(fixture *fix, memory_file *file, const recipe *how, attempt *run,
                            bool variant)
{
    for (uint64_t n = 1;; n++) {
        svms_error err = SVMS_ERROR_INIT;
        int64_t before = fix->live_blocks;
        file->reads = 0;
        file->read_fails_at = n;
        svms_status status = run(fix, file, how, variant, &err);
        file->read_fails_at = 0;
        assert_int_equal(fix->live_blocks, before);
        if (file->reads < n) {
            assert_int_equal(status, SVMS_END);
            return;
        }
        if (status != SVMS_E_IO) {
            fail_msg("read %llu: %s, %s", (unsigned long long)n, svms_status_name(status),
                     err.message);
        }
    }
}

static void every_failure_while_reading_or_verifying_is_clean(void **state)
{
    fixture *fix = *state;
    recipe how = faulty_container();
    static const svms_protection protections[] = { SVMS_PROTECT_STRONG, SVMS_PROTECT_LIGHT };
    for (size_t i = 0; i < 2; i++) {
        memory_file file = { 0 };
        how.protection = protections[i];
        record_container(fix, &how, &file);
        for (int variant = 0; variant < 2; variant++) {
            fail_every_allocation(fix, &file, &how, try_read, variant);
            fail_every_allocation(fix, &file, &how, try_verify, variant);
            fail_every_read(fix, &file, &how, try_read, variant);
            fail_every_read(fix, &file, &how, try_verify, variant);
        }
        memory_file_clear(&file);
    }
}

static int bad_random(void *user, uint8_t *out, size_t size)
{
    uint64_t *left = user;
    memset(out, 7, size);
    return (*left)-- == 1 ? -1 : 0;
}

static void failing_randomness_stops_the_recording(void **state)
{
    fixture *fix = *state;
    recipe how = faulty_container();
    for (uint64_t n = 1; n < 20; n++) {
        uint64_t left = n;
        svms_ctx *real = fix->ctx;
        svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
        memory_file file = { 0 };
        svms_error err = SVMS_ERROR_INIT;
        options.user = &left;
        options.random_bytes = bad_random;
        assert_int_equal(svms_ctx_new(&fix->ctx, &options, NULL), SVMS_OK);
        fix->now = T0;
        recipe now = how;
        now.is_unsigned = true;
        svms_status status = try_record(fix, &now, &file, false, &err);
        if (status != SVMS_OK) {
            assert_int_equal(status, SVMS_E_CRYPTO);
        }
        svms_ctx_free(&fix->ctx);
        fix->ctx = real;
        memory_file_clear(&file);
        if (status == SVMS_OK) {
            assert_true(n > 3);
            return;
        }
    }
    fail_msg("never succeeded");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_failing_allocation_while_recording_is_clean,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(every_failing_write_while_recording_is_clean, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_at_every_byte_leaves_complete_segments_intact,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(every_failure_while_reading_or_verifying_is_clean,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(failing_randomness_stops_the_recording, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
