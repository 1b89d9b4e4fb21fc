/* SPDX-License-Identifier: Apache-2.0 */
/* Signed records of containers that were removed: what they explain, and what they do not (C-PRU).
 */
#include "folder_case.h"

static void a_signed_record_explains_every_container_that_was_removed(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 4);
    for (uint32_t at = 0; at < 4; at++) {
        folder less = folder_copy(&all);
        less.remembered = &all.heads[3];
        less.remembered_count = 1;
        folder_prune(&less, at);
        svms_sequence_report report = folder_expect(&less, SVMS_OK, SVMS_SEQUENCE_PRUNED, 1);
        assert_int_equal(report.pruned, 1);
        assert_int_equal(report.missing, 0);
        assert_int_equal(report.containers, 3);
        assert_int_equal(less.issues, 1);
        assert_int_equal(report.worst.from_utc_ns, T0 + at * 10 * SECOND);
        folder_clear(&less);
    }
    /* A record whose container is still there changes nothing. */
    record_removal(fix, &all.files[1], fix->recorder_key, fix->recorder, SVMS_PRUNE_SPACE,
                   &all.files[all.count]);
    all.count++;
    svms_sequence_report report = folder_expect(&all, SVMS_OK, SVMS_SEQUENCE_PRUNED, 0);
    assert_int_equal(report.containers, 4);
    folder_clear(&all);
}

static void a_record_does_not_hide_what_was_removed_before(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 3);
    file_cut(&all.files[1], 2);
    folder_prune(&all, 1);
    svms_sequence_report report =
        folder_expect(&all, SVMS_E_NOT_AUTHENTIC, SVMS_SEQUENCE_ROLLED_BACK, 1);
    assert_int_equal(report.worst.item, 1);
    folder_clear(&all);
    all = shoot_recording(fix, 7, 3);
    folder other = shoot_recording(fix, 7, 3);
    memory_file_clear(&all.files[1]);
    all.files[1] = memory_copy(&other.files[1]);
    folder_prune(&all, 1);
    (void)folder_expect(&all, SVMS_E_NOT_AUTHENTIC, SVMS_SEQUENCE_REPLACED, 1);
    folder_clear(&other);
    folder_clear(&all);
}

static svms_status read_record(fixture *fix, memory_file *file, const svms_trust *trust,
                               svms_pruned *out, svms_error *err)
{
    svms_source source = memory_source(file);
    *out = (svms_pruned)SVMS_PRUNED_INIT;
    *err = (svms_error)SVMS_ERROR_INIT;
    return svms_pruned_read(fix->ctx, &source, trust, SVMS_TIME_ATTESTED, out, err);
}

static void a_record_says_what_was_removed_and_by_whom(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 2);
    memory_file record = { 0 };
    svms_pruned found;
    svms_error err;
    fix->now = T0 + DAY;
    record_removal(fix, &all.files[1], fix->recorder_key, fix->recorder, SVMS_PRUNE_ORDER, &record);
    assert_int_equal(read_record(fix, &record, fix->trust, &found, &err), SVMS_OK);
    assert_int_equal(found.reason, SVMS_PRUNE_ORDER);
    assert_string_equal(svms_prune_reason_name(found.reason), "order");
    assert_memory_equal(found.container_id, all.heads[1].container_id, 16);
    assert_memory_equal(found.recording_id, all.heads[1].recording_id, 16);
    assert_memory_equal(found.last_manifest, all.heads[1].manifest_hash, 32);
    assert_int_equal(found.recording_sequence, 1);
    assert_int_equal(found.segments, 3);
    assert_int_equal(found.bytes, all.files[1].size);
    assert_int_equal(found.first_utc_ns, T0 + 10 * SECOND);
    assert_int_equal(found.last_utc_ns, all.heads[1].last_utc_ns);
    assert_int_equal(found.removed_utc_ns / DAY, (T0 + DAY) / DAY);
    assert_int_equal(found.identity, SVMS_IDENTITY_TRUSTED);
    assert_string_equal(found.signer, "CN=test signer");
    assert_int_equal(read_record(fix, &record, NULL, &found, &err), SVMS_E_UNTRUSTED);
    assert_int_equal(found.identity, SVMS_IDENTITY_NO_ANCHOR);
    assert_int_equal(found.segments, 3);
    memory_file_clear(&record);
    folder_clear(&all);
}

static void a_record_of_a_container_without_segment_names_its_header(void **state)
{
    fixture *fix = *state;
    folder all = folder_new(fix);
    piece empty = { .recording = 7, .leave_open = true };
    folder_add(&all, &empty);
    piece next = {
        .recording = 7, .sequence = 1, .segments = 2, .begin = 10, .previous = &all.heads[0]
    };
    folder_add(&all, &next);
    (void)folder_expect(&all, SVMS_OK, SVMS_SEQUENCE_INTERRUPTED, 1);
    folder_prune(&all, 0);
    (void)folder_expect(&all, SVMS_OK, SVMS_SEQUENCE_PRUNED, 1);
    folder_clear(&all);
}

static void every_change_to_a_record_is_noticed(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 2);
    memory_file record = { 0 };
    record_removal(fix, &all.files[0], fix->recorder_key, fix->recorder, SVMS_PRUNE_SPACE, &record);
    for (size_t at = 0; at < record.size; at++) {
        for (unsigned bit = 0; bit < 8; bit += 3) {
            svms_pruned found;
            svms_error err;
            record.data[at] ^= (uint8_t)(1u << bit);
            svms_status status = read_record(fix, &record, fix->trust, &found, &err);
            record.data[at] ^= (uint8_t)(1u << bit);
            if (status == SVMS_OK || err.message[0] == '\0') {
                fail_msg("bit %u of byte %zu may be changed", bit, at);
            }
        }
    }
    size_t whole = record.size;
    for (record.size = 0; record.size < whole; record.size++) {
        svms_pruned found;
        svms_error err;
        svms_status status = read_record(fix, &record, fix->trust, &found, &err);
        assert_true(status == SVMS_E_TRUNCATED || status == SVMS_E_MALFORMED);
    }
    memory_sink(&record).write(&record, &(svms_iovec){ "x", 1 }, 1, &(int){ 0 });
    svms_pruned found;
    svms_error err;
    assert_int_equal(read_record(fix, &record, fix->trust, &found, &err), SVMS_E_MALFORMED);
    assert_non_null(strstr(err.message, "C-PRU-1"));
    memory_file_clear(&record);
    folder_clear(&all);
}

static void a_record_by_somebody_else_explains_nothing(void **state)
{
    fixture *fix = *state;
    folder all = shoot_recording(fix, 7, 3);
    svms_private_key *key = NULL;
    assert_int_equal(svms_private_key_generate(&key, fix->ctx, NULL), SVMS_OK);
    svms_chain *exporter = issue_chain(fix, key, SVMS_ROLE_EXPORTER, T0, T0 + DAY);
    svms_prune_options options = SVMS_PRUNE_OPTIONS_INIT;
    memory_file record = { 0 };
    svms_source source = memory_source(&all.files[1]);
    svms_sink sink = memory_sink(&record);
    options.signer = key;
    options.chain = exporter;
    assert_int_equal(svms_pruned_write(fix->ctx, &source, &options, &sink, NULL), SVMS_E_UNTRUSTED);
    assert_int_equal(record.size, 0);
    svms_chain *expired = issue_chain(fix, key, SVMS_ROLE_RECORDER, T0, T0 + DAY);
    fix->now = T0 + DAY / 2;
    record_removal(fix, &all.files[1], key, expired, SVMS_PRUNE_SPACE, &record);
    memory_file_clear(&all.files[1]);
    all.files[1] = record;
    fix->now = T0 + 2 * DAY;
    svms_sequence_report report = folder_expect(&all, SVMS_E_UNTRUSTED, SVMS_SEQUENCE_UNPROVEN, 1);
    assert_int_equal(all.kinds[SVMS_SEQUENCE_MISSING], 1);
    assert_int_equal(report.pruned, 0);
    all.files[1].data[100] ^= 1;
    (void)folder_expect(&all, SVMS_E_NOT_AUTHENTIC, SVMS_SEQUENCE_DAMAGED, 1);
    assert_int_equal(all.kinds[SVMS_SEQUENCE_MISSING], 1);
    svms_chain_free(&expired);
    svms_chain_free(&exporter);
    svms_private_key_free(&key);
    folder_clear(&all);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_signed_record_explains_every_container_that_was_removed),
        CASE(a_record_does_not_hide_what_was_removed_before),
        CASE(a_record_says_what_was_removed_and_by_whom),
        CASE(a_record_of_a_container_without_segment_names_its_header),
        CASE(every_change_to_a_record_is_noticed),
        CASE(a_record_by_somebody_else_explains_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
