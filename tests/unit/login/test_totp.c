/* SPDX-License-Identifier: Apache-2.0 */
#include "login_stage.h"

#include <svms/time.h>

#include "totp.h"

#define NS INT64_C(1000000000)
#define ROOM 4096

static const char seed[] = "1234567890123456789012345678901234567890123456789012345678901234";

static svms_totp authenticator(svms_totp_hash hash, uint32_t digits)
{
    svms_totp totp = SVMS_TOTP_INIT;
    totp.hash = hash;
    totp.digits = digits;
    totp.secret = (const uint8_t *)seed;
    totp.secret_size = hash == SVMS_TOTP_SHA1 ? 20 : hash == SVMS_TOTP_SHA256 ? 32 : 64;
    return totp;
}

static void codes_are_those_of_rfc_6238(void **state)
{
    static const struct {
        int64_t at_s;
        const char *codes[3]; /* SHA-1, SHA-256, SHA-512 */
    } vectors[] = {
        { 59, { "94287082", "46119246", "90693936" } },
        { 1111111109, { "07081804", "68084774", "25091201" } },
        { 1111111111, { "14050471", "67062674", "99943326" } },
        { 1234567890, { "89005924", "91819424", "93441116" } },
        { 2000000000, { "69279037", "90698825", "38618901" } },
        { INT64_C(20000000000), { "65353130", "77737706", "47863826" } },
    };
    login_stage *stage = *state;
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        for (int hash = 0; hash < 3; hash++) {
            svms_totp totp = authenticator((svms_totp_hash)(SVMS_TOTP_SHA1 + hash), 8);
            char code[SVMS_TOTP_CODE_SIZE];
            assert_int_equal(
                svms_totp_code_of_step(stage->ctx, &totp, vectors[i].at_s / 30, code, NULL),
                SVMS_OK);
            assert_string_equal(code, vectors[i].codes[hash]);
            /* The last one lies beyond what nanoseconds in 64 bits can say. */
            if (vectors[i].at_s <= INT64_MAX / NS) {
                memset(code, 'x', sizeof code);
                assert_int_equal(
                    svms_totp_code(stage->ctx, &totp, vectors[i].at_s * NS, code, NULL), SVMS_OK);
                assert_string_equal(code, vectors[i].codes[hash]);
            }
        }
    }
}

static void codes_are_those_of_rfc_4226(void **state)
{
    static const char *const codes[] = { "755224", "287082", "359152", "969429", "338314",
                                         "254676", "287922", "162583", "399871", "520489" };
    login_stage *stage = *state;
    svms_totp totp = authenticator(SVMS_TOTP_SHA1, 6);
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        char code[SVMS_TOTP_CODE_SIZE];
        assert_int_equal(svms_totp_code(stage->ctx, &totp, (int64_t)i * 30 * NS, code, NULL),
                         SVMS_OK);
        assert_string_equal(code, codes[i]);
    }
}

/* Checks at a second, in the scale in which the codes of RFC 4226 are those of periods 0 to 9. */
static svms_code_verdict check_at(login_stage *stage, const char *code, int64_t at_s,
                                  int64_t *last_step)
{
    svms_totp totp = authenticator(SVMS_TOTP_SHA1, 6);
    svms_code_verdict verdict = (svms_code_verdict)99;
    int64_t before = *last_step;
    svms_status status =
        svms_totp_check(stage->ctx, &totp, code, at_s * NS, last_step, &verdict, NULL);
    assert_int_equal(status, verdict == SVMS_CODE_GOOD ? SVMS_OK : SVMS_E_POLICY);
    if (status != SVMS_OK)
        assert_int_equal(*last_step, before);
    return verdict;
}

static void a_code_is_right_in_its_period_and_one_aside(void **state)
{
    static const struct {
        int64_t at_s;
        svms_code_verdict verdict;
    } cases[] = {
        { 89, SVMS_CODE_WRONG }, { 90, SVMS_CODE_GOOD },   { 119, SVMS_CODE_GOOD },
        { 120, SVMS_CODE_GOOD }, { 149, SVMS_CODE_GOOD },  { 150, SVMS_CODE_GOOD },
        { 179, SVMS_CODE_GOOD }, { 180, SVMS_CODE_WRONG },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t last = SVMS_TOTP_NO_STEP;
        assert_int_equal(check_at(*state, "338314", cases[i].at_s, &last), cases[i].verdict);
        assert_int_equal(last, cases[i].verdict == SVMS_CODE_GOOD ? 4 : SVMS_TOTP_NO_STEP);
    }
}

static void the_first_period_of_1970_has_one_neighbour(void **state)
{
    int64_t last = SVMS_TOTP_NO_STEP;
    assert_int_equal(check_at(*state, "359152", 0, &last), SVMS_CODE_WRONG);
    assert_int_equal(check_at(*state, "755224", 0, &last), SVMS_CODE_GOOD);
    assert_int_equal(last, 0);
    assert_int_equal(check_at(*state, "287082", 0, &last), SVMS_CODE_GOOD);
    assert_int_equal(last, 1);
}

static void no_code_is_taken_twice_and_none_before_the_last(void **state)
{
    int64_t last = SVMS_TOTP_NO_STEP;
    assert_int_equal(check_at(*state, "338314", 130, &last), SVMS_CODE_GOOD);
    assert_int_equal(check_at(*state, "338314", 131, &last), SVMS_CODE_USED);
    assert_int_equal(check_at(*state, "969429", 131, &last), SVMS_CODE_USED);
    assert_int_equal(check_at(*state, "254676", 131, &last), SVMS_CODE_GOOD);
    assert_int_equal(last, 5);
    assert_int_equal(check_at(*state, "338314", 150, &last), SVMS_CODE_USED);
    /* The clock was ahead, and has been set back. */
    last = 1000;
    assert_int_equal(check_at(*state, "338314", 130, &last), SVMS_CODE_USED);
}

/* Found by searching with Python's hmac. */
static void a_code_that_two_periods_share_is_used_up_for_both(void **state)
{
    int64_t last = SVMS_TOTP_NO_STEP;
    assert_int_equal(check_at(*state, "911617", INT64_C(910737) * 30, &last), SVMS_CODE_GOOD);
    assert_int_equal(last, 910738);
    assert_int_equal(check_at(*state, "911617", INT64_C(910738) * 30, &last), SVMS_CODE_USED);
    last = SVMS_TOTP_NO_STEP;
    assert_int_equal(check_at(*state, "468457", INT64_C(153568) * 30, &last), SVMS_CODE_GOOD);
    assert_int_equal(last, 153569);
}

static void what_is_typed_is_digits_and_spaces(void **state)
{
    static const struct {
        const char *typed;
        svms_code_verdict verdict;
    } cases[] = {
        { "338314", SVMS_CODE_GOOD },
        { "338 314", SVMS_CODE_GOOD },
        { "  3 3 8 3 1 4 ", SVMS_CODE_GOOD },
        { "338314                          ", SVMS_CODE_GOOD },
        { "338314                           ", SVMS_CODE_WRONG },
        { "", SVMS_CODE_WRONG },
        { "      ", SVMS_CODE_WRONG },
        { "33831", SVMS_CODE_WRONG },
        { "3383144", SVMS_CODE_WRONG },
        { "0338314", SVMS_CODE_WRONG },
        { "33831a", SVMS_CODE_WRONG },
        { "+38314", SVMS_CODE_WRONG },
        { "338-314", SVMS_CODE_WRONG },
        { "338\t314", SVMS_CODE_WRONG },
        { "338314\n", SVMS_CODE_WRONG },
        { "\xEF\xBC\x93\x33\x38\x33\x31\x34", SVMS_CODE_WRONG }, /* a fullwidth 3 */
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t last = SVMS_TOTP_NO_STEP;
        if (check_at(*state, cases[i].typed, 130, &last) != cases[i].verdict)
            fail_msg("\"%s\"", cases[i].typed);
    }
}

static void without_a_time_the_clock_of_the_context_counts(void **state)
{
    login_stage *stage = *state;
    svms_totp totp = authenticator(SVMS_TOTP_SHA1, 8);
    char code[SVMS_TOTP_CODE_SIZE];
    int64_t last = SVMS_TOTP_NO_STEP;
    svms_code_verdict verdict = SVMS_CODE_WRONG;
    stage->utc_ns = 1111111111 * NS;
    assert_int_equal(svms_totp_code(stage->ctx, &totp, SVMS_NO_TIME, code, NULL), SVMS_OK);
    assert_string_equal(code, "14050471");
    assert_int_equal(svms_totp_check(stage->ctx, &totp, code, SVMS_NO_TIME, &last, &verdict, NULL),
                     SVMS_OK);
    assert_int_equal(last, 1111111111 / 30);
}

static void times_before_1970_are_refused(void **state)
{
    login_stage *stage = *state;
    svms_totp totp = authenticator(SVMS_TOTP_SHA1, 6);
    char code[SVMS_TOTP_CODE_SIZE] = "x";
    int64_t last = SVMS_TOTP_NO_STEP;
    svms_code_verdict verdict = SVMS_CODE_GOOD;
    assert_int_equal(svms_totp_code(stage->ctx, &totp, -1, code, NULL), SVMS_E_USAGE);
    assert_string_equal(code, "x");
    stage->utc_ns = -5 * NS;
    assert_int_equal(svms_totp_code(stage->ctx, &totp, SVMS_NO_TIME, code, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_totp_check(stage->ctx, &totp, "755224", -1, &last, &verdict, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(verdict, SVMS_CODE_WRONG);
    assert_int_equal(last, SVMS_TOTP_NO_STEP);
}

static void authenticators_out_of_range_are_refused(void **state)
{
    login_stage *stage = *state;
    svms_totp cases[12];
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        cases[i] = authenticator(SVMS_TOTP_SHA1, 6);
    cases[0].digits = 5;
    cases[1].digits = 9;
    cases[2].period_s = 14;
    cases[3].period_s = 301;
    cases[4].secret_size = 15;
    cases[5].secret_size = 65;
    cases[6].secret = NULL;
    cases[7].hash = (svms_totp_hash)0;
    cases[8].hash = (svms_totp_hash)4;
    cases[9].struct_size = 0;
    cases[10].struct_size = 1u << 20;
    cases[11].digits = 0;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char out[ROOM] = "x";
        size_t size = sizeof out;
        int64_t last = SVMS_TOTP_NO_STEP;
        svms_code_verdict verdict = SVMS_CODE_GOOD;
        assert_int_equal(svms_totp_code(stage->ctx, &cases[i], 0, out, NULL), SVMS_E_USAGE);
        assert_int_equal(svms_totp_check(stage->ctx, &cases[i], "755224", 0, &last, &verdict, NULL),
                         SVMS_E_USAGE);
        assert_int_equal(verdict, SVMS_CODE_WRONG);
        assert_int_equal(svms_totp_secret_text(stage->ctx, &cases[i], out, &size, NULL),
                         SVMS_E_USAGE);
        assert_int_equal(svms_totp_uri(stage->ctx, &cases[i], "A", "b", out, &size, NULL),
                         SVMS_E_USAGE);
        assert_string_equal(out, "x");
    }
}

static void missing_arguments_are_refused(void **state)
{
    login_stage *stage = *state;
    svms_totp totp = authenticator(SVMS_TOTP_SHA1, 6);
    char out[ROOM];
    size_t size = sizeof out;
    int64_t last = SVMS_TOTP_NO_STEP;
    int64_t impossible = -2;
    uint8_t secret[SVMS_TOTP_SECRET_MAX + 1];
    svms_code_verdict verdict = SVMS_CODE_GOOD;
    svms_ctx *ctx = stage->ctx;
    assert_int_equal(svms_totp_secret(NULL, secret, 20, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_totp_secret(ctx, NULL, 20, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_totp_secret(ctx, secret, 15, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_totp_secret(ctx, secret, 65, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_totp_code(NULL, &totp, 0, out, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_totp_code(ctx, NULL, 0, out, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_totp_code(ctx, &totp, 0, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_totp_check(NULL, &totp, "755224", 0, &last, &verdict, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_totp_check(ctx, NULL, "755224", 0, &last, &verdict, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_totp_check(ctx, &totp, NULL, 0, &last, &verdict, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_totp_check(ctx, &totp, "755224", 0, NULL, &verdict, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_totp_check(ctx, &totp, "755224", 0, &last, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_totp_check(ctx, &totp, "755224", 0, &impossible, &verdict, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(verdict, SVMS_CODE_WRONG);
    assert_int_equal(svms_totp_secret_text(NULL, &totp, out, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_totp_secret_text(ctx, NULL, out, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_totp_secret_text(ctx, &totp, NULL, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_totp_secret_text(ctx, &totp, out, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_totp_uri(NULL, &totp, "A", "b", out, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_totp_uri(ctx, &totp, NULL, "b", out, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_totp_uri(ctx, &totp, "A", NULL, out, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_totp_uri(ctx, &totp, "A", "b", NULL, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_totp_uri(ctx, &totp, "A", "b", out, NULL, NULL), SVMS_E_USAGE);
}

static void a_secret_is_random_or_zeros(void **state)
{
    login_stage *stage = *state;
    static const uint8_t zeros[SVMS_TOTP_SECRET_MAX];
    uint8_t one[SVMS_TOTP_SECRET_MAX] = { 0 };
    uint8_t other[SVMS_TOTP_SECRET_MAX] = { 0 };
    assert_int_equal(svms_totp_secret(stage->ctx, one, sizeof one, NULL), SVMS_OK);
    assert_int_equal(svms_totp_secret(stage->ctx, other, sizeof other, NULL), SVMS_OK);
    assert_memory_not_equal(one, other, sizeof one);
    stage->random_fails = true;
    assert_int_equal(svms_totp_secret(stage->ctx, one, sizeof one, NULL), SVMS_E_CRYPTO);
    assert_memory_equal(one, zeros, sizeof one);
}

/* Computed with Python's base64.b32encode. */
static void a_secret_is_written_in_base32(void **state)
{
    static const char *const texts[] = {
        "AAAQEAYEAUDAOCAJBIFQYDIOB4",       "AAAQEAYEAUDAOCAJBIFQYDIOB4IA",
        "AAAQEAYEAUDAOCAJBIFQYDIOB4IBC",    "AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQ",
        "AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQT", "AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQTCQ",
    };
    login_stage *stage = *state;
    uint8_t secret[SVMS_TOTP_SECRET_MAX];
    for (size_t i = 0; i < sizeof secret; i++)
        secret[i] = (uint8_t)i;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        svms_totp totp = SVMS_TOTP_INIT;
        char out[SVMS_TOTP_SECRET_MAX * 2] = "x";
        size_t size = strlen(texts[i]);
        totp.secret = secret;
        totp.secret_size = SVMS_TOTP_SECRET_MIN + i;
        assert_int_equal(svms_totp_secret_text(stage->ctx, &totp, out, &size, NULL), SVMS_E_LIMIT);
        assert_int_equal(size, strlen(texts[i]) + 1);
        assert_string_equal(out, "x");
        assert_int_equal(svms_totp_secret_text(stage->ctx, &totp, out, &size, NULL), SVMS_OK);
        assert_int_equal(size, strlen(texts[i]));
        assert_string_equal(out, texts[i]);
    }
}

static void an_enrolment_is_percent_encoded(void **state)
{
    static const struct {
        svms_totp_hash hash;
        uint32_t digits;
        const char *issuer;
        const char *name;
        const char *uri;
    } cases[] = {
        { SVMS_TOTP_SHA1, 6, "Example", "anna",
          "otpauth://totp/Example:anna?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example"
          "&algorithm=SHA1&digits=6&period=30" },
        { SVMS_TOTP_SHA256, 8, "Big & Sons", "anna@example.org",
          "otpauth://totp/Big%20%26%20Sons:anna%40example.org?secret="
          "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA&issuer=Big%20%26%20Sons"
          "&algorithm=SHA256&digits=8&period=30" },
        { SVMS_TOTP_SHA512, 7, "100%", "a?b#c/d\\e\"'&secret=A",
          "otpauth://totp/100%25:a%3Fb%23c%2Fd%5Ce%22%27%26secret%3DA?secret="
          "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
          "GEZDGNBVGY3TQOJQGEZDGNA&issuer=100%25&algorithm=SHA512&digits=7&period=30" },
        { SVMS_TOTP_SHA1, 6, "\xC3\x89tat", "-._~ \xF0\x9F\x93\xB7",
          "otpauth://totp/%C3%89tat:-._~%20%F0%9F%93%B7?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
          "&issuer=%C3%89tat&algorithm=SHA1&digits=6&period=30" },
    };
    login_stage *stage = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        svms_totp totp = authenticator(cases[i].hash, cases[i].digits);
        char out[ROOM] = "x";
        size_t size = strlen(cases[i].uri);
        assert_int_equal(
            svms_totp_uri(stage->ctx, &totp, cases[i].issuer, cases[i].name, out, &size, NULL),
            SVMS_E_LIMIT);
        assert_int_equal(size, strlen(cases[i].uri) + 1);
        assert_int_equal(
            svms_totp_uri(stage->ctx, &totp, cases[i].issuer, cases[i].name, out, &size, NULL),
            SVMS_OK);
        assert_string_equal(out, cases[i].uri);
        assert_int_equal(size, strlen(cases[i].uri));
    }
}

static void names_that_deceive_are_refused(void **state)
{
    static const char *const names[] = {
        "",
        "a:b",
        "a\nb",
        "a\x7F",
        "a\x1B[2J",
        "\xC2\x85", /* U+0085 */
        "\xE2\x80\xAE"
        "a", /* U+202E turns what follows */
        "\xE2\x81\xA6"
        "a",            /* U+2066 */
        "\xD8\x9C",     /* U+061C */
        "\xE2\x80\x8F", /* U+200F */
        "\xE2\x80\xA8", /* U+2028 */
        "\xFF",
        "\xC3",
        "a\xC0\xAF",        /* a longer spelling than needed */
        "\xED\xA0\x80",     /* half of a pair */
        "\xF4\x90\x80\x80", /* beyond Unicode */
    };
    login_stage *stage = *state;
    svms_totp totp = authenticator(SVMS_TOTP_SHA1, 6);
    char out[ROOM] = "x";
    char longest[SVMS_TOTP_LABEL_MAX + 2] = { 0 };
    size_t size = sizeof out;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        svms_error err = SVMS_ERROR_INIT;
        if (svms_totp_uri(stage->ctx, &totp, "A", names[i], out, &size, &err) != SVMS_E_USAGE ||
            svms_totp_uri(stage->ctx, &totp, names[i], "b", out, &size, &err) != SVMS_E_USAGE)
            fail_msg("name %zu", i);
        assert_string_equal(out, "x");
    }
    memset(longest, 0xC3, sizeof longest - 1);
    for (size_t i = 1; i < sizeof longest - 1; i += 2)
        longest[i] = (char)0xA9;
    assert_int_equal(svms_totp_uri(stage->ctx, &totp, longest, "b", out, &size, NULL),
                     SVMS_E_USAGE);
    longest[SVMS_TOTP_LABEL_MAX] = '\0';
    assert_int_equal(svms_totp_uri(stage->ctx, &totp, longest, longest, out, &size, NULL), SVMS_OK);
    assert_int_equal(size, strlen(out));
}

static svms_status write_texts(svms_ctx *ctx, svms_error *err)
{
    svms_totp totp = authenticator(SVMS_TOTP_SHA512, 8);
    char out[ROOM];
    size_t size = sizeof out;
    svms_status status = svms_totp_uri(ctx, &totp, "Example", "anna", out, &size, err);
    size = sizeof out;
    return status == SVMS_OK ? svms_totp_secret_text(ctx, &totp, out, &size, err) : status;
}

static void enrolment_survives_failing_memory(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(write_texts);
}

static void verdicts_have_names(void **state)
{
    (void)state;
    assert_string_equal(svms_code_verdict_name(SVMS_CODE_WRONG), "wrong");
    assert_string_equal(svms_code_verdict_name(SVMS_CODE_GOOD), "good");
    assert_string_equal(svms_code_verdict_name(SVMS_CODE_USED), "used");
    assert_string_equal(svms_code_verdict_name(SVMS_CODE_MISSING), "missing");
    assert_string_equal(svms_code_verdict_name((svms_code_verdict)9), "none of these");
}

int main(void)
{
#define STAGED(test) cmocka_unit_test_setup_teardown(test, stage_set_up, stage_tear_down)
    const struct CMUnitTest tests[] = {
        STAGED(codes_are_those_of_rfc_6238),
        STAGED(codes_are_those_of_rfc_4226),
        STAGED(a_code_is_right_in_its_period_and_one_aside),
        STAGED(the_first_period_of_1970_has_one_neighbour),
        STAGED(no_code_is_taken_twice_and_none_before_the_last),
        STAGED(a_code_that_two_periods_share_is_used_up_for_both),
        STAGED(what_is_typed_is_digits_and_spaces),
        STAGED(without_a_time_the_clock_of_the_context_counts),
        STAGED(times_before_1970_are_refused),
        STAGED(authenticators_out_of_range_are_refused),
        STAGED(missing_arguments_are_refused),
        STAGED(a_secret_is_random_or_zeros),
        STAGED(a_secret_is_written_in_base32),
        STAGED(an_enrolment_is_percent_encoded),
        STAGED(names_that_deceive_are_refused),
        cmocka_unit_test(enrolment_survives_failing_memory),
        cmocka_unit_test(verdicts_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
