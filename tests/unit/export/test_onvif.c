/* SPDX-License-Identifier: Apache-2.0 */
/* Export files: what is written, what is read back, who is believed. */
#include "onvif_case.h"

static void each_kind_of_key_seals_what_verifies(void **state)
{
    static const struct {
        signer_kind kind;
        const char *algorithm;
        size_t size;
    } cases[] = { { SIGNER_RSA2048, "RSASSA-PSS, SHA-256, salt 20", 256 },
                  { SIGNER_RSA3072, "RSASSA-PSS, SHA-256, salt 20", 384 },
                  { SIGNER_P256, "ECDSA, SHA-256", 71 },
                  { SIGNER_P384, "ECDSA, SHA-384", 103 } };
    const onvif_case *given = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memory_file in = make_mp4(MP4_PLAIN);
        memory_file out = { 0 };
        svms_onvif_report *report = NULL;
        assert_int_equal(seal(given, cases[i].kind, &in, &out, NULL), SVMS_OK);
        assert_int_equal(out.syncs, 1);
        assert_memory_equal(out.data, in.data, in.size);
        size_t sibo = find_box(&out, "sibo", in.size);
        assert_int_equal(load_u32(&out, sibo), cases[i].size + 8);
        bool is_default = cases[i].size > 200;
        assert_int_equal(find_box(&out, "sigC", 0) == SIZE_MAX, is_default);
        assert_int_equal(verify_export(given, &out, false, &report, NULL), SVMS_OK);
        svms_onvif_signature signature = signature_of(report, 0);
        assert_string_equal(signature.algorithm, cases[i].algorithm);
        assert_int_equal(signature.integrity, SVMS_INTEGRITY_INTACT);
        assert_int_equal(signature.role, SVMS_ROLE_EXPORTER);
        assert_int_equal(signature.offset, find_box(&out, "sinf", 0));
        svms_onvif_report_free(&report);
        memory_file_clear(&in);
        memory_file_clear(&out);
    }
}

static void what_was_said_is_read_back(void **state)
{
    const onvif_case *given = *state;
    memory_file file = sealed_file(given, MP4_PLAIN, 1);
    svms_onvif_report *report = NULL;
    svms_onvif_track track = SVMS_ONVIF_TRACK_INIT;
    assert_int_equal(verify_export(given, &file, false, &report, NULL), SVMS_OK);
    svms_onvif_summary summary = summary_of(report);
    assert_int_equal(summary.warning_count, 0);
    assert_int_equal(summary.signature_count, 1);
    assert_int_equal(summary.has_export, 1);
    assert_int_equal(summary.identity, SVMS_IDENTITY_TRUSTED);
    assert_int_equal(summary.integrity, SVMS_INTEGRITY_INTACT);
    assert_string_equal(summary.unit_name, "recorder 1");
    assert_string_equal(summary.unit_url, "https://192.0.2.1/");
    assert_string_equal(summary.unit_mac, "00-00-5E-00-53-01");
    assert_string_equal(summary.export_operator, "A. Operator");
    assert_string_equal(summary.reason, "");
    assert_true(summary.export_utc_ns == T0 - 5 * SECOND);
    assert_int_equal(summary.track_count, 2);
    assert_int_equal(svms_onvif_report_track(report, 0, &track, NULL), SVMS_OK);
    assert_int_equal(track.track_id, 1);
    assert_string_equal(track.name, "front d\xc3\xb6or");
    assert_string_equal(track.url, "rtsp://192.0.2.7/1");
    assert_string_equal(track.mac, "00:00:5E:00:53:07");
    assert_string_equal(track.line, "3");
    assert_int_equal(svms_onvif_report_track(report, 1, &track, NULL), SVMS_OK);
    assert_string_equal(track.name, "microphone");
    assert_string_equal(track.line, "");
    svms_onvif_signature signature = signature_of(report, 0);
    assert_string_equal(signature.note, "case 7");
    assert_int_equal(signature.start_count, 2);
    assert_int_equal(signature.starts[0].track_id, 1);
    assert_true(signature.starts[0].utc_ns == T0 - 3600 * SECOND);
    assert_true(signature.starts[1].utc_ns == T0 - 3600 * SECOND + 100);
    assert_int_equal(svms_onvif_report_track(report, 2, &track, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_onvif_report_signature(report, 1, &signature, NULL), SVMS_E_USAGE);
    assert_null(svms_onvif_report_warning(report, 0));
    svms_onvif_report_free(&report);
    svms_onvif_report_free(&report);
    memory_file_clear(&file);
}

/* 2026-01-01 less five seconds and less an hour, on the two scales. */
static void times_have_the_epochs_of_the_standard(void **state)
{
    static const uint8_t exported[8] = { 0, 0, 0, 0, 0xE5, 0x7B, 0x69, 0x7B };
    const onvif_case *given = *state;
    memory_file file = sealed_file(given, MP4_PLAIN, 1);
    size_t suep = find_box(&file, "suep", 0);
    size_t time = suep + 12 + sizeof("recorder 1") + sizeof("https://192.0.2.1/") +
                  sizeof("00-00-5E-00-53-01");
    assert_memory_equal(file.data + time, exported, 8);
    size_t cstb = find_box(&file, "cstb", 0);
    uint64_t ticks = (uint64_t)load_u32(&file, cstb + 16) << 32 | load_u32(&file, cstb + 20);
    assert_true(ticks == (UINT64_C(1767225600) - 3600 + UINT64_C(11644473600)) * 10000000);
    memory_file_clear(&file);
}

static void each_layout_is_sealed_without_moving_a_byte(void **state)
{
    static const mp4_layout layouts[] = { MP4_PLAIN, MP4_LONG, MP4_FRAGMENTED, MP4_OPEN };
    const onvif_case *given = *state;
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
        memory_file in = make_mp4(layouts[i]);
        memory_file out = { 0 };
        size_t mdat = find_box(&in, "mdat", 0);
        size_t end = layouts[i] == MP4_FRAGMENTED ? find_box(&in, "mfra", 0) : in.size;
        assert_int_equal(seal(given, SIGNER_P256, &in, &out, NULL), SVMS_OK);
        assert_int_equal(status_of(given, &out), SVMS_OK);
        if (layouts[i] == MP4_OPEN) {
            assert_int_equal(load_u32(&out, mdat), in.size - mdat);
            store_u32(&out, mdat, 0);
        }
        assert_memory_equal(out.data, in.data, end);
        assert_memory_equal(out.data + end + 4, "meta", 4);
        /* What was last stays last. */
        assert_memory_equal(out.data + out.size - (in.size - end), in.data + end, in.size - end);
        memory_file_clear(&in);
        memory_file_clear(&out);
    }
}

static void earlier_signatures_hold_under_later_ones(void **state)
{
    static const mp4_layout layouts[] = { MP4_PLAIN, MP4_LONG, MP4_FRAGMENTED };
    const onvif_case *given = *state;
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
        for (unsigned count = 1; count <= 3; count++) {
            memory_file file = sealed_file(given, layouts[i], count);
            svms_onvif_report *report = NULL;
            assert_int_equal(verify_export(given, &file, false, &report, NULL), SVMS_OK);
            assert_int_equal(summary_of(report).signature_count, count);
            for (unsigned number = 0; number < count; number++) {
                svms_onvif_signature signature = signature_of(report, number);
                assert_int_equal(signature.integrity, SVMS_INTEGRITY_INTACT);
                assert_int_equal(signature.role,
                                 number == 0 ? SVMS_ROLE_EXPORTER : SVMS_ROLE_CUSTODIAN);
                assert_string_equal(signature.note, number == 0 ? "case 7" : "received");
            }
            svms_onvif_report_free(&report);
            memory_file_clear(&file);
        }
    }
}

static void signatures_of_many_kinds_are_checked_in_one_pass(void **state)
{
    static const signer_kind kinds[] = { SIGNER_P384, SIGNER_RSA2048, SIGNER_P256, SIGNER_RSA3072 };
    const onvif_case *given = *state;
    memory_file in = make_mp4(MP4_FRAGMENTED);
    memory_file out = { 0 };
    assert_int_equal(seal(given, SIGNER_RSA2048, &in, &out, NULL), SVMS_OK);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        memory_file_clear(&in);
        in = out;
        memset(&out, 0, sizeof(out));
        assert_int_equal(countersign(given, kinds[i], &in, &out, NULL), SVMS_OK);
    }
    assert_int_equal(status_of(given, &out), SVMS_OK);
    memory_file_clear(&in);
    memory_file_clear(&out);
}

static void corrected_starts_are_kept_with_their_signature(void **state)
{
    const onvif_case *given = *state;
    memory_file in = sealed_file(given, MP4_PLAIN, 1);
    memory_file out = { 0 };
    svms_onvif_start start = { 2, 0, T0 - 10 * SECOND };
    svms_onvif_countersign_options options = sign_options(given, SIGNER_CUSTODIAN);
    svms_source source = memory_source(&in);
    svms_sink sink = memory_sink(&out);
    svms_onvif_report *report = NULL;
    options.starts = &start;
    options.start_count = 1;
    options.note = NULL;
    assert_int_equal(svms_onvif_countersign(given->fix->ctx, &source, &sink, &options, NULL),
                     SVMS_OK);
    assert_int_equal(verify_export(given, &out, false, &report, NULL), SVMS_OK);
    svms_onvif_signature signature = signature_of(report, 1);
    assert_int_equal(signature.start_count, 1);
    assert_int_equal(signature.starts[0].track_id, 2);
    assert_true(signature.starts[0].utc_ns == T0 - 10 * SECOND);
    assert_string_equal(signature.note, "");
    svms_onvif_report_free(&report);
    start.track_id = 3;
    out.size = 0;
    assert_int_equal(svms_onvif_countersign(given->fix->ctx, &source, &sink, &options, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(out.size, 0);
    memory_file_clear(&in);
    memory_file_clear(&out);
}

static int count_progress(void *user, uint64_t done, uint64_t total)
{
    unsigned *left = user;
    assert_true(done <= total);
    return (*left)-- == 0;
}

static void every_call_can_be_cancelled(void **state)
{
    const onvif_case *given = *state;
    memory_file in = make_mp4(MP4_PLAIN);
    memory_file sealed = sealed_file(given, MP4_PLAIN, 1);
    memory_file out = { 0 };
    svms_source raw = memory_source(&in);
    svms_source source = memory_source(&sealed);
    svms_sink sink = memory_sink(&out);
    for (unsigned allowed = 0; allowed < 2; allowed++) {
        unsigned left = allowed;
        svms_onvif_seal_options how = seal_options(given, SIGNER_P256);
        how.progress = count_progress;
        how.user = &left;
        assert_int_equal(svms_onvif_seal(given->fix->ctx, &raw, &sink, &how, NULL),
                         SVMS_E_CANCELLED);
        left = allowed;
        svms_onvif_countersign_options more = sign_options(given, SIGNER_CUSTODIAN);
        more.progress = count_progress;
        more.user = &left;
        assert_int_equal(svms_onvif_countersign(given->fix->ctx, &source, &sink, &more, NULL),
                         SVMS_E_CANCELLED);
    }
    unsigned none = 0;
    svms_onvif_report *report = NULL;
    svms_onvif_verify_options ask = SVMS_ONVIF_VERIFY_OPTIONS_INIT;
    ask.progress = count_progress;
    ask.user = &none;
    assert_int_equal(svms_onvif_verify(&report, given->fix->ctx, &source, &ask, NULL),
                     SVMS_E_CANCELLED);
    assert_null(report);
    memory_file_clear(&in);
    memory_file_clear(&sealed);
    memory_file_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_key_seals_what_verifies),
        cmocka_unit_test(what_was_said_is_read_back),
        cmocka_unit_test(times_have_the_epochs_of_the_standard),
        cmocka_unit_test(each_layout_is_sealed_without_moving_a_byte),
        cmocka_unit_test(earlier_signatures_hold_under_later_ones),
        cmocka_unit_test(signatures_of_many_kinds_are_checked_in_one_pass),
        cmocka_unit_test(corrected_starts_are_kept_with_their_signature),
        cmocka_unit_test(every_call_can_be_cancelled),
    };
    return cmocka_run_group_tests(tests, onvif_setup, onvif_teardown);
}
