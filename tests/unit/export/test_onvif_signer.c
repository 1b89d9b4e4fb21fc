/* SPDX-License-Identifier: Apache-2.0 */
/* Who may sign export files, who is believed, and what is refused. */
#include <stdio.h>

#include <svms/external_key.h>

#include "key_internal.h"
#include "onvif_case.h"

static svms_onvif_signature last_signature(const onvif_case *given, memory_file *file,
                                           const svms_onvif_verify_options *options,
                                           svms_status *status, char reason[244])
{
    svms_onvif_report *report = NULL;
    svms_source source = memory_source(file);
    *status = svms_onvif_verify(&report, given->fix->ctx, &source, options, NULL);
    assert_non_null(report);
    svms_onvif_signature found = signature_of(report, summary_of(report).signature_count - 1);
    (void)snprintf(reason, 244, "%s", found.identity_reason);
    svms_onvif_report_free(&report);
    return found;
}

static void only_exporters_seal(void **state)
{
    static const signer_kind wrong[] = { SIGNER_CUSTODIAN, SIGNER_RECORDER };
    const onvif_case *given = *state;
    for (size_t i = 0; i < 2; i++) {
        memory_file in = make_mp4(MP4_PLAIN);
        memory_file out = { 0 };
        assert_int_equal(seal(given, wrong[i], &in, &out, NULL), SVMS_E_UNTRUSTED);
        assert_int_equal(out.size, 0);
        memory_file_clear(&in);
    }
}

static void recorders_do_not_countersign(void **state)
{
    const onvif_case *given = *state;
    memory_file in = sealed_file(given, MP4_PLAIN, 1);
    memory_file out = { 0 };
    assert_int_equal(countersign(given, SIGNER_RECORDER, &in, &out, NULL), SVMS_E_UNTRUSTED);
    assert_int_equal(out.size, 0);
    memory_file_clear(&in);
}

static void a_stranger_is_not_trusted(void **state)
{
    const onvif_case *given = *state;
    memory_file in = make_mp4(MP4_PLAIN);
    memory_file out = { 0 };
    svms_onvif_report *report = NULL;
    assert_int_equal(seal(given, SIGNER_STRANGER, &in, &out, NULL), SVMS_OK);
    for (unsigned any_role = 0; any_role < 2; any_role++) {
        assert_int_equal(verify_export(given, &out, any_role, &report, NULL), SVMS_E_UNTRUSTED);
        svms_onvif_signature found = signature_of(report, 0);
        assert_int_equal(found.integrity, SVMS_INTEGRITY_INTACT);
        assert_int_equal(found.identity, SVMS_IDENTITY_UNKNOWN_ISSUER);
        assert_string_equal(found.signer, "CN=stranger");
        assert_int_equal(summary_of(report).verdict, SVMS_VERDICT_UNTRUSTED);
        svms_onvif_report_free(&report);
    }
    /* A stranger's signature over a trusted one leaves bytes that nobody trusted vouches for. */
    memory_file_clear(&in);
    memory_file_clear(&out);
    in = sealed_file(given, MP4_PLAIN, 1);
    assert_int_equal(countersign(given, SIGNER_STRANGER, &in, &out, NULL), SVMS_OK);
    assert_int_equal(status_of(given, &out), SVMS_E_UNTRUSTED);
    memory_file_clear(&in);
    memory_file_clear(&out);
}

static void without_anchors_nobody_is_trusted(void **state)
{
    const onvif_case *given = *state;
    memory_file file = sealed_file(given, MP4_PLAIN, 1);
    svms_status status;
    char reason[244];
    svms_onvif_signature found = last_signature(given, &file, NULL, &status, reason);
    assert_int_equal(status, SVMS_E_UNTRUSTED);
    assert_int_equal(found.identity, SVMS_IDENTITY_NO_ANCHOR);
    memory_file_clear(&file);
}

static void an_unsigned_file_is_not_authentic(void **state)
{
    const onvif_case *given = *state;
    memory_file file = make_mp4(MP4_FRAGMENTED);
    svms_onvif_report *report = NULL;
    assert_int_equal(verify_export(given, &file, true, &report, NULL), SVMS_E_UNTRUSTED);
    assert_int_equal(summary_of(report).identity, SVMS_IDENTITY_UNSIGNED);
    assert_string_equal(summary_of(report).reason, "nobody signed the file");
    svms_onvif_report_free(&report);
    memory_file_clear(&file);
}

static void expiry_is_judged_by_the_time_that_is_claimed(void **state)
{
    onvif_case *given = *state;
    memory_file in = make_mp4(MP4_PLAIN);
    memory_file sealed = { 0 };
    memory_file signed_again = { 0 };
    svms_onvif_verify_options options = SVMS_ONVIF_VERIFY_OPTIONS_INIT;
    svms_status status;
    char reason[244];
    int64_t before = given->fix->now;
    options.trust = given->fix->trust;
    assert_int_equal(seal(given, SIGNER_BRIEF, &in, &sealed, NULL), SVMS_OK);
    memory_file_clear(&in);
    in = sealed_file(given, MP4_PLAIN, 1);
    assert_int_equal(countersign(given, SIGNER_BRIEF, &in, &signed_again, NULL), SVMS_OK);
    given->fix->now = T0 + 30 * DAY;
    svms_onvif_signature found = last_signature(given, &sealed, &options, &status, reason);
    assert_int_equal(found.identity, SVMS_IDENTITY_EXPIRED_NOW);
    found = last_signature(given, &signed_again, &options, &status, reason);
    assert_int_equal(found.identity, SVMS_IDENTITY_EXPIRED_NOW);
    assert_non_null(strstr(reason, "nothing says when it was used"));
    options.time_policy = SVMS_TIME_CLAIMED;
    found = last_signature(given, &sealed, &options, &status, reason);
    assert_int_equal(status, SVMS_OK);
    found = last_signature(given, &signed_again, &options, &status, reason);
    assert_int_equal(status, SVMS_OK);
    /* Nobody signs with it any more. */
    memory_file out = { 0 };
    assert_int_equal(countersign(given, SIGNER_BRIEF, &in, &out, NULL), SVMS_E_UNTRUSTED);
    given->fix->now = before;
    memory_file_clear(&in);
    memory_file_clear(&sealed);
    memory_file_clear(&signed_again);
}

static void an_export_from_the_future_is_not_believed(void **state)
{
    onvif_case *given = *state;
    memory_file file = sealed_file(given, MP4_PLAIN, 1);
    svms_onvif_report *report = NULL;
    int64_t before = given->fix->now;
    given->fix->now = T0 - DAY / 2;
    assert_int_equal(verify_export(given, &file, false, &report, NULL), SVMS_E_UNTRUSTED);
    assert_int_equal(signature_of(report, 0).identity, SVMS_IDENTITY_FUTURE);
    given->fix->now = before;
    svms_onvif_report_free(&report);
    memory_file_clear(&file);
}

static svms_status never_asked(void *user, svms_sign_request *request,
                               const svms_sign_message *message)
{
    (void)user;
    (void)request;
    (void)message;
    fail();
    return SVMS_E_INTERNAL;
}

static void a_key_that_the_format_does_not_know_is_refused(void **state)
{
    const onvif_case *given = *state;
    svms_signer signer = SVMS_SIGNER_INIT;
    svms_private_key *key = NULL;
    svms_public_key *half = NULL;
    svms_error err = SVMS_ERROR_INIT;
    signer.begin = never_asked;
    assert_int_equal(svms_public_key_from_evp(&half, given->fix->ctx,
                                              svms_private_key_evp(given->keys[SIGNER_RSA2048]),
                                              NULL),
                     SVMS_OK);
    assert_int_equal(svms_private_key_from_signer(&key, given->fix->ctx, half, &signer, NULL),
                     SVMS_OK);
    memory_file in = make_mp4(MP4_PLAIN);
    memory_file out = { 0 };
    svms_source source = memory_source(&in);
    svms_sink sink = memory_sink(&out);
    svms_onvif_seal_options options = seal_options(given, SIGNER_RSA2048);
    options.key = key;
    assert_int_equal(svms_onvif_seal(given->fix->ctx, &source, &sink, &options, &err),
                     SVMS_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "salt of 20"));
    assert_int_equal(out.size, 0);
    svms_private_key_free(&key);
    svms_public_key_free(&half);
    memory_file_clear(&in);
}

static svms_status try_options(const onvif_case *given, const svms_onvif_seal_options *options)
{
    memory_file in = make_mp4(MP4_PLAIN);
    memory_file out = { 0 };
    svms_source source = memory_source(&in);
    svms_sink sink = memory_sink(&out);
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_onvif_seal(given->fix->ctx, &source, &sink, options, &err);
    assert_true(status == SVMS_OK || out.size == 0);
    assert_true(status == SVMS_OK || err.message[0] != '\0');
    memory_file_clear(&in);
    memory_file_clear(&out);
    return status;
}

static void wrong_options_are_refused(void **state)
{
    static char long_text[20000];
    const onvif_case *given = *state;
    memset(long_text, 'x', sizeof(long_text) - 1);
    svms_onvif_start start = { 1, 0, INT64_MIN };
    svms_onvif_track twice[2] = { SVMS_ONVIF_TRACK_INIT, SVMS_ONVIF_TRACK_INIT };
    twice[0].track_id = twice[1].track_id = 1;
    for (unsigned n = 0; n < 12; n++) {
        svms_onvif_seal_options options = seal_options(given, SIGNER_P256);
        assert_int_equal(try_options(given, &options), SVMS_OK);
        switch (n) {
        case 0:
            options.key = NULL;
            break;
        case 1:
            options.key = given->keys[SIGNER_P384];
            break;
        case 2:
            options.chain = NULL;
            break;
        case 3:
            options.note = long_text;
            break;
        case 4:
            options.unit_name = long_text;
            break;
        case 5:
            options.export_operator = "\xff";
            break;
        case 6:
            options.export_utc_ns = INT64_MIN;
            break;
        case 7:
            options.starts = &start;
            options.start_count = 1;
            break;
        case 8:
            options.tracks = twice;
            break;
        case 9:
            options.track_count = 65;
            break;
        case 10:
            options.starts = NULL;
            break;
        default:
            twice[0].track_id = 7;
            options.tracks = twice;
            break;
        }
        assert_int_equal(try_options(given, &options), SVMS_E_USAGE);
    }
}

static void what_is_no_mp4_is_refused(void **state)
{
    const onvif_case *given = *state;
    memory_file in = make_mp4(MP4_PLAIN);
    memory_file out = { 0 };
    assert_int_equal(countersign(given, SIGNER_CUSTODIAN, &in, &out, NULL), SVMS_E_STATE);
    in.size -= 1;
    assert_int_equal(seal(given, SIGNER_P256, &in, &out, NULL), SVMS_E_TRUNCATED);
    in.size = 20;
    assert_int_equal(seal(given, SIGNER_P256, &in, &out, NULL), SVMS_E_MALFORMED);
    in.data[5] = 'x';
    assert_int_equal(seal(given, SIGNER_P256, &in, &out, NULL), SVMS_E_MALFORMED);
    memory_file_clear(&in);
    in = sealed_file(given, MP4_PLAIN, 1);
    assert_int_equal(seal(given, SIGNER_P256, &in, &out, NULL), SVMS_E_STATE);
    assert_int_equal(out.size, 0);
    memory_file_clear(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_exporters_seal),
        cmocka_unit_test(recorders_do_not_countersign),
        cmocka_unit_test(a_stranger_is_not_trusted),
        cmocka_unit_test(without_anchors_nobody_is_trusted),
        cmocka_unit_test(an_unsigned_file_is_not_authentic),
        cmocka_unit_test(expiry_is_judged_by_the_time_that_is_claimed),
        cmocka_unit_test(an_export_from_the_future_is_not_believed),
        cmocka_unit_test(a_key_that_the_format_does_not_know_is_refused),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(what_is_no_mp4_is_refused),
    };
    return cmocka_run_group_tests(tests, onvif_setup, onvif_teardown);
}
