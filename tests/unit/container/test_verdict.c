/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong key, wrong signer, wrong time: each its own verdict and its own words. */
#include "fixture.h"

typedef struct question {
    const svms_trust *trust;
    const svms_keyring *keys;
    svms_time_policy policy;
    int64_t from;
    int64_t to;
} question;

static svms_status ask(fixture *fix, memory_file *file, const question *asked, svms_report *report)
{
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    svms_source source = memory_source(file);
    options.trust = asked->trust;
    options.keys = asked->keys;
    options.time_policy = asked->policy;
    options.from_utc_ns = asked->from;
    options.to_utc_ns = asked->to;
    *report = (svms_report)SVMS_REPORT_INIT;
    return svms_verify_container(fix->ctx, &source, &options, report, NULL);
}

#define QUESTION(trust)                                                                            \
    {                                                                                              \
        trust, NULL, SVMS_TIME_ATTESTED, SVMS_NO_TIME, SVMS_NO_TIME                                \
    }

static void no_anchor_and_unknown_ca_are_untrusted(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    memory_file file = { 0 };
    svms_report report;
    question asked = QUESTION(NULL);
    record_container(fix, &how, &file);
    assert_int_equal(ask(fix, &file, &asked, &report), SVMS_E_UNTRUSTED);
    assert_int_equal(report.identity, SVMS_IDENTITY_NO_ANCHOR);
    assert_int_equal(report.integrity, SVMS_INTEGRITY_INTACT);
    svms_trust *stranger = trust_of_new_ca(fix);
    asked.trust = stranger;
    assert_int_equal(ask(fix, &file, &asked, &report), SVMS_E_UNTRUSTED);
    assert_int_equal(report.identity, SVMS_IDENTITY_UNKNOWN_ISSUER);
    assert_int_equal(report.verdict, SVMS_VERDICT_UNTRUSTED);
    assert_string_equal(report.signer, "CN=test signer");
    assert_true(report.identity_reason[0] != '\0');
    assert_int_equal(report.segments_verified, 3);
    svms_trust_free(&stranger);
    memory_file_clear(&file);
}

/* Records with a signer of its own validity while the clock stands at `when`. */
static void record_as(fixture *fix, svms_role role, int64_t from, int64_t to, int64_t when,
                      memory_file *file)
{
    recipe how = RECIPE_INIT;
    svms_private_key *key = NULL;
    assert_int_equal(svms_private_key_generate(&key, fix->ctx, NULL), SVMS_OK);
    svms_chain *chain = issue_chain(fix, key, role, from, to);
    how.key = key;
    how.chain = chain;
    fix->now = when;
    record_container(fix, &how, file);
    svms_chain_free(&chain);
    svms_private_key_free(&key);
}

static void an_expired_certificate_needs_attested_time_or_leave(void **state)
{
    fixture *fix = *state;
    memory_file file = { 0 };
    svms_report report;
    question asked = QUESTION(fix->trust);
    record_as(fix, SVMS_ROLE_RECORDER, T0, T0 + DAY, T0 + DAY / 2, &file);
    assert_int_equal(ask(fix, &file, &asked, &report), SVMS_OK);
    fix->now = T0 + 30 * DAY;
    assert_int_equal(ask(fix, &file, &asked, &report), SVMS_E_UNTRUSTED);
    assert_int_equal(report.identity, SVMS_IDENTITY_EXPIRED_NOW);
    asked.policy = SVMS_TIME_CLAIMED;
    assert_int_equal(ask(fix, &file, &asked, &report), SVMS_OK);
    assert_int_equal(report.identity, SVMS_IDENTITY_TRUSTED);
    memory_file_clear(&file);
}

static void a_writer_refuses_a_certificate_that_is_not_valid_now(void **state)
{
    fixture *fix = *state;
    static const int64_t offsets[] = { -2 * DAY, 400 * DAY };
    for (size_t i = 0; i < 2; i++) {
        recipe how = RECIPE_INIT;
        svms_track tracks[2];
        memory_file file = { 0 };
        svms_writer *writer = NULL;
        svms_error err = SVMS_ERROR_INIT;
        svms_sink sink = memory_sink(&file);
        svms_writer_options options = writer_options(fix, &how, tracks);
        fix->now = T0 + offsets[i];
        assert_int_equal(svms_writer_open(&writer, fix->ctx, &sink, &options, &err),
                         SVMS_E_UNTRUSTED);
        assert_non_null(strstr(err.message, i == 0 ? "not yet valid" : "expired"));
        assert_null(writer);
        assert_int_equal(file.size, 0);
    }
}

static void signing_after_expiry_and_before_validity_is_untrusted(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    static const int64_t jumps[] = { 400 * DAY, -2 * DAY };
    static const svms_identity_verdict verdicts[] = { SVMS_IDENTITY_EXPIRED_THEN,
                                                      SVMS_IDENTITY_NOT_YET_VALID };
    for (size_t i = 0; i < 2; i++) {
        memory_file file = { 0 };
        svms_track tracks[2];
        svms_writer *writer = NULL;
        svms_report report;
        question asked = QUESTION(fix->trust);
        svms_sink sink = memory_sink(&file);
        fix->now = T0;
        svms_writer_options options = writer_options(fix, &how, tracks);
        assert_int_equal(svms_writer_open(&writer, fix->ctx, &sink, &options, NULL), SVMS_OK);
        fix->now = T0 + jumps[i];
        assert_int_equal(append_segment(writer, &how, 0, NULL), SVMS_OK);
        assert_int_equal(svms_writer_close(&writer, NULL), SVMS_OK);
        for (int policy = SVMS_TIME_ATTESTED; policy <= SVMS_TIME_CLAIMED; policy++) {
            asked.policy = (svms_time_policy)policy;
            fix->now = T0 + DAY;
            assert_int_equal(ask(fix, &file, &asked, &report), SVMS_E_UNTRUSTED);
            assert_int_equal(report.identity, verdicts[i]);
        }
        memory_file_clear(&file);
    }
}

static void a_writer_refuses_the_wrong_role_and_a_foreign_key(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    svms_track tracks[2];
    memory_file file = { 0 };
    svms_writer *writer = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_sink sink = memory_sink(&file);
    svms_chain *exporter =
        issue_chain(fix, fix->recorder_key, SVMS_ROLE_EXPORTER, T0 - DAY, T0 + DAY);
    svms_writer_options options = writer_options(fix, &how, tracks);
    options.signer_chain = exporter;
    assert_int_equal(svms_writer_open(&writer, fix->ctx, &sink, &options, &err), SVMS_E_UNTRUSTED);
    assert_non_null(strstr(err.message, "role"));
    options.signer_chain = fix->recorder;
    options.role = SVMS_ROLE_CAMERA;
    assert_int_equal(svms_writer_open(&writer, fix->ctx, &sink, &options, &err), SVMS_E_UNTRUSTED);
    options.role = SVMS_ROLE_RECORDER;
    options.signer_key = fix->ca_key;
    assert_int_equal(svms_writer_open(&writer, fix->ctx, &sink, &options, &err), SVMS_E_USAGE);
    assert_non_null(strstr(err.message, "does not belong"));
    assert_int_equal(file.size, 0);
    svms_chain_free(&exporter);
}

static void wrong_password_and_wrong_key_are_undecryptable(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    memory_file file = { 0 };
    svms_report report;
    question asked = QUESTION(fix->trust);
    svms_private_key *stranger = NULL;
    svms_keyring *ring = password_ring(fix, "pass worc");
    record_container(fix, &how, &file);
    asked.keys = ring;
    assert_int_equal(ask(fix, &file, &asked, &report), SVMS_E_UNDECRYPTABLE);
    assert_int_equal(report.access, SVMS_ACCESS_WRONG_KEY);
    assert_string_equal(report.first_failure.reason, "the password is wrong");
    svms_keyring_free(&ring);
    assert_int_equal(svms_private_key_generate(&stranger, fix->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_keyring_new(&ring, fix->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_keyring_add_key(ring, stranger, NULL), SVMS_OK);
    asked.keys = ring;
    assert_int_equal(ask(fix, &file, &asked, &report), SVMS_E_UNDECRYPTABLE);
    assert_string_equal(report.first_failure.reason,
                        "the key is not one of the container's recipients");
    svms_keyring_free(&ring);
    ring = password_ring(fix, how.password);
    asked.keys = ring;
    assert_int_equal(ask(fix, &file, &asked, &report), SVMS_OK);
    assert_int_equal(report.access, SVMS_ACCESS_OPENED);
    svms_keyring_free(&ring);
    svms_private_key_free(&stranger);
    memory_file_clear(&file);
}

static const char x25519_private[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VuBCIEIHcHbQpzGKV9PBbBclGyZkXfTC+H68CZKrF3+6UduSwq\n"
    "-----END PRIVATE KEY-----\n";
/* RFC 7748, section 6.1, Alice's keys. */
static const char x25519_public[] = "-----BEGIN PUBLIC KEY-----\n"
                                    "MCowBQYDK2VuAyEAhSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=\n"
                                    "-----END PUBLIC KEY-----\n";

static void public_key_recipients_open_with_their_key_alone(void **state)
{
    fixture *fix = *state;
    memory_file file = { 0 };
    svms_report report;
    svms_public_key *recipient = NULL;
    svms_private_key *key = NULL;
    recipe how = RECIPE_INIT;
    question asked = QUESTION(fix->trust);
    assert_int_equal(svms_public_key_from_pem(&recipient, fix->ctx, x25519_public,
                                              sizeof(x25519_public) - 1, NULL),
                     SVMS_OK);
    assert_int_equal(
        svms_private_key_from_pem(&key, fix->ctx, x25519_private, sizeof(x25519_private) - 1, NULL),
        SVMS_OK);
    how.recipient = recipient;
    how.password = NULL;
    record_container(fix, &how, &file);
    svms_keyring *ring = NULL;
    assert_int_equal(svms_keyring_new(&ring, fix->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_keyring_add_key(ring, key, NULL), SVMS_OK);
    asked.keys = ring;
    assert_int_equal(ask(fix, &file, &asked, &report), SVMS_OK);
    assert_int_equal(report.access, SVMS_ACCESS_OPENED);
    svms_keyring_free(&ring);
    ring = password_ring(fix, "x");
    asked.keys = ring;
    assert_int_equal(ask(fix, &file, &asked, &report), SVMS_E_UNDECRYPTABLE);
    assert_non_null(strstr(report.first_failure.reason, "no password"));
    svms_keyring_free(&ring);
    svms_private_key_free(&key);
    svms_public_key_free(&recipient);
    memory_file_clear(&file);
}

static void encryption_without_recipient_and_silence_about_signing_are_refused(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    svms_track tracks[2];
    memory_file file = { 0 };
    svms_writer *writer = NULL;
    svms_sink sink = memory_sink(&file);
    svms_writer_options options = writer_options(fix, &how, tracks);
    options.password = NULL;
    assert_int_equal(svms_writer_open(&writer, fix->ctx, &sink, &options, NULL), SVMS_E_POLICY);
    options = writer_options(fix, &how, tracks);
    options.signer_key = NULL;
    options.signer_chain = NULL;
    assert_int_equal(svms_writer_open(&writer, fix->ctx, &sink, &options, NULL), SVMS_E_POLICY);
    assert_int_equal(file.writes, 0);
}

static void a_damaged_slot_makes_the_container_incomplete_not_false(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    memory_file file = { 0 };
    svms_report report;
    question asked = QUESTION(fix->trust);
    record_container(fix, &how, &file);
    layout at = lay_out_file(&file);
    file.data[at.first_record - 1] = 1;
    assert_int_equal(ask(fix, &file, &asked, &report), SVMS_E_INCOMPLETE);
    assert_int_equal(report.access_damaged, 1);
    assert_int_equal(report.segments_verified, 3);
    svms_keyring *ring = password_ring(fix, how.password);
    asked.keys = ring;
    assert_int_equal(ask(fix, &file, &asked, &report), SVMS_E_INCOMPLETE);
    assert_int_equal(report.access, SVMS_ACCESS_OPENED);
    svms_keyring_free(&ring);
    memory_file_clear(&file);
}

typedef struct range_case {
    int64_t from_ms;
    int64_t to_ms;
    svms_status status;
    uint64_t segments;
} range_case;

static void check_ranges(fixture *fix, memory_file *file, const range_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        svms_report report;
        question asked = QUESTION(fix->trust);
        asked.from =
            cases[i].from_ms == INT64_MIN ? SVMS_NO_TIME : T0 + cases[i].from_ms * (SECOND / 1000);
        asked.to =
            cases[i].to_ms == INT64_MIN ? SVMS_NO_TIME : T0 + cases[i].to_ms * (SECOND / 1000);
        svms_status status = ask(fix, file, &asked, &report);
        if (status != cases[i].status || report.segments_verified != cases[i].segments) {
            fail_msg("range %zu: %s, %llu segments: %s", i, svms_status_name(status),
                     (unsigned long long)report.segments_verified, report.first_failure.reason);
        }
    }
}

static void ranges_are_judged_on_their_own(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    memory_file file = { 0 };
    how.segments = 6;
    record_container(fix, &how, &file);
    static const range_case whole[] = {
        { 1200, 1300, SVMS_OK, 1 },
        { 1000, 3000, SVMS_OK, 2 },
        { INT64_MIN, 1500, SVMS_OK, 2 },
        { 4500, INT64_MIN, SVMS_OK, 2 },
        { -500, 500, SVMS_OK, 1 },
        { 5500, 9000, SVMS_OK, 1 },
        { 7000, 9000, SVMS_E_INCOMPLETE, 0 },
        { -900, -100, SVMS_E_INCOMPLETE, 0 },
    };
    check_ranges(fix, &file, whole, sizeof(whole) / sizeof(whole[0]));
    layout at = lay_out_file(&file);
    file.data[at.segments[2] + 150] ^= 1;
    static const range_case broken[] = {
        { 1200, 1300, SVMS_OK, 1 },
        { 2100, 2200, SVMS_E_NOT_AUTHENTIC, 0 },
        { 3100, 3200, SVMS_OK, 1 },
        { 1500, 2100, SVMS_E_NOT_AUTHENTIC, 1 },
    };
    check_ranges(fix, &file, broken, sizeof(broken) / sizeof(broken[0]));
    memory_file_clear(&file);
    how.leave_open = true;
    record_container(fix, &how, &file);
    static const range_case open_ended[] = {
        { 1200, 1300, SVMS_OK, 1 },
        { 4200, 5500, SVMS_OK, 2 },
        { 5500, 6500, SVMS_E_INCOMPLETE, 1 },
        { INT64_MIN, INT64_MIN, SVMS_E_INCOMPLETE, 6 },
    };
    check_ranges(fix, &file, open_ended, sizeof(open_ended) / sizeof(open_ended[0]));
    memory_file_clear(&file);
}

static int cancel_at_once(void *user, uint64_t done, uint64_t total)
{
    (void)user;
    (void)done;
    (void)total;
    return 1;
}

static int count_progress(void *user, uint64_t done, uint64_t total)
{
    uint64_t *last = user;
    assert_true(done >= *last && done <= total);
    *last = done;
    return 0;
}

static void progress_rises_to_the_end_and_can_cancel(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    memory_file file = { 0 };
    uint64_t last = 0;
    svms_report report = SVMS_REPORT_INIT;
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    how.sample_size = 700000;
    record_container(fix, &how, &file);
    svms_source source = memory_source(&file);
    options.trust = fix->trust;
    options.progress = cancel_at_once;
    assert_int_equal(svms_verify_container(fix->ctx, &source, &options, &report, NULL),
                     SVMS_E_CANCELLED);
    options.progress = count_progress;
    options.user = &last;
    assert_int_equal(svms_verify_container(fix->ctx, &source, &options, &report, NULL), SVMS_OK);
    assert_int_equal(last, file.size);
    /* With a key everything is read a second time, to be opened. */
    svms_keyring *ring = password_ring(fix, how.password);
    last = 0;
    options.keys = ring;
    assert_int_equal(svms_verify_container(fix->ctx, &source, &options, &report, NULL), SVMS_OK);
    assert_int_equal(last, 2 * file.size);
    svms_keyring_free(&ring);
    memory_file_clear(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_anchor_and_unknown_ca_are_untrusted, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(an_expired_certificate_needs_attested_time_or_leave,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_writer_refuses_a_certificate_that_is_not_valid_now,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(signing_after_expiry_and_before_validity_is_untrusted,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_writer_refuses_the_wrong_role_and_a_foreign_key,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(wrong_password_and_wrong_key_are_undecryptable,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(public_key_recipients_open_with_their_key_alone,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            encryption_without_recipient_and_silence_about_signing_are_refused, fixture_setup,
            fixture_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_slot_makes_the_container_incomplete_not_false,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(ranges_are_judged_on_their_own, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(progress_rises_to_the_end_and_can_cancel, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
