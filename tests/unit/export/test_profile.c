/* SPDX-License-Identifier: Apache-2.0 */
/* Export profiles (export-profile.md). Usage: test_export_profile CASES EXAMPLES, the first a file,
 * the second a folder. */
#include "profile_json.h"

#include <stdio.h>

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#define KEY_ID "00112233445566778899aabbccddeeff"

static const char *cases_path;
static const char *examples_path;

static void expect_case(fixture *fix, const json_t *one)
{
    char *text = json_dumps(json_object_get(one, "profile"), JSON_COMPACT | JSON_ENCODE_ANY);
    const char *words = json_string_value(json_object_get(one, "words"));
    svms_profile *profile = NULL;
    svms_error err;
    assert_non_null(text);
    svms_status status = parse_text(fix, &profile, text, &err);
    if (words == NULL) {
        if (status != SVMS_OK) {
            fail_msg("%s: %s", text, err.message);
        }
        const char *name =
            json_string_value(json_object_get(json_object_get(one, "profile"), "name"));
        assert_string_equal(svms_profile_name(profile), name);
    } else if ((status != SVMS_E_MALFORMED && status != SVMS_E_UNSUPPORTED) ||
               (status == SVMS_E_UNSUPPORTED) != (strstr(words, "this version") != NULL) ||
               strcmp(err.message, words) != 0) {
        fail_msg("%s: %s, '%s'", text, svms_status_name(status), err.message);
    }
    svms_profile_free(&profile);
    assert_null(profile);
    free(text);
}

static void what_is_no_profile_is_refused_in_words(void **state)
{
    json_t *cases = json_load_file(cases_path, 0, NULL);
    size_t index = 0;
    json_t *one = NULL;
    assert_non_null(cases);
    assert_true(json_array_size(cases) > 60);
    json_array_foreach(cases, index, one)
    {
        expect_case(*state, one);
    }
    json_decref(cases);
}

/* What JSON libraries would not tell apart any more. */
static void text_that_is_not_strict_json_is_refused(void **state)
{
    fixture *fix = *state;
    static const struct {
        const char *json;
        const char *words;
    } cases[] = {
        { "", "the profile: line 1: it ends too early" },
        { "{", "the profile: line 1: it ends too early" },
        { HEAD TAIL "x", "the profile: line 1: something follows its end" },
        { HEAD "\"sealed\":{\"value\":true,\"locked\":true,\"locked\":false}" TAIL,
          "the profile: line 1: a name occurs twice in an object" },
        { HEAD "\"password_length\":{\"value\":NaN,\"locked\":true}" TAIL,
          "the profile: line 1: it is not JSON" },
        { HEAD "\"password_length\":{\"value\":1e400,\"locked\":true}" TAIL,
          "the profile: line 1: a number is too large" },
        { HEAD "\"password_length\":{\"value\":8.0,\"locked\":true}" TAIL,
          "the profile: options.password_length.value is not a whole number" },
        { HEAD "\"sealed\":{\"value\":true,\"locked\":true},}"
               "}",
          "the profile: line 1: it is not JSON" },
        { HEAD "/* */" TAIL, "the profile: line 1: it is not JSON" },
        { "{\"description\":\"\xFF\"}", "the profile: line 1: it is not UTF-8" },
        { "{\"description\":\"\\u0000\"}", "the profile: line 1: a text holds U+0000" },
        { "{\"description\":[[[[[[[[]]]]]]]]}", "the profile: it is 9 levels deep, more than 8" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        svms_profile *profile = NULL;
        svms_error err;
        svms_status status = parse_text(fix, &profile, cases[i].json, &err);
        if (status != SVMS_E_MALFORMED || strcmp(err.message, cases[i].words) != 0) {
            fail_msg("%s: %s, '%s'", cases[i].json, svms_status_name(status), err.message);
        }
        assert_null(profile);
    }
}

static void a_profile_has_at_most_64_kilobytes(void **state)
{
    fixture *fix = *state;
    static const char whole[] = HEAD TAIL;
    char *text = malloc(SVMS_PROFILE_MAX_SIZE + 1);
    svms_profile *profile = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_non_null(text);
    memset(text, ' ', SVMS_PROFILE_MAX_SIZE + 1);
    memcpy(text, whole, sizeof(whole) - 1);
    assert_int_equal(svms_profile_parse(&profile, fix->ctx, text, SVMS_PROFILE_MAX_SIZE + 1, &err),
                     SVMS_E_MALFORMED);
    assert_int_equal(svms_profile_parse(&profile, fix->ctx, text, SVMS_PROFILE_MAX_SIZE, &err),
                     SVMS_OK);
    svms_profile_free(&profile);
    free(text);
}

static void arguments_that_are_missing_are_refused(void **state)
{
    fixture *fix = *state;
    svms_profile *profile = NULL;
    svms_profile_request request = SVMS_PROFILE_REQUEST_INIT;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_profile_parse(NULL, fix->ctx, "{}", 2, &err), SVMS_E_USAGE);
    assert_int_equal(svms_profile_parse(&profile, NULL, "{}", 2, &err), SVMS_E_USAGE);
    assert_int_equal(svms_profile_parse(&profile, fix->ctx, NULL, 2, &err), SVMS_E_USAGE);
    assert_int_equal(svms_profile_apply(NULL, &request, &err), SVMS_E_USAGE);
    profile = profile_of(fix, "sealed", "true", true);
    assert_int_equal(svms_profile_apply(profile, NULL, &err), SVMS_E_USAGE);
    assert_string_equal(svms_profile_name(NULL), "");
    assert_string_equal(svms_profile_option_name((svms_profile_option)20), "unknown");
    assert_string_equal(svms_profile_format_name((svms_profile_format)5), "unknown");
    svms_profile_free(&profile);
    svms_profile_free(&profile);
    svms_profile_free(NULL);
}

static void a_request_that_makes_no_sense_is_refused(void **state)
{
    fixture *fix = *state;
    svms_profile *profile = profile_of(fix, "sealed", "true", true);
    svms_profile_request requests[7];
    for (size_t i = 0; i < 7; i++) {
        requests[i] = (svms_profile_request)SVMS_PROFILE_REQUEST_INIT;
    }
    requests[0].struct_size = 0;
    requests[1].format = (svms_profile_format)5;
    requests[2].given = BIT(SVMS_PROFILE_COMMENT);
    requests[3].recipient_count = 1;
    requests[4].password_size = 1;
    requests[5].given = BIT(SVMS_PROFILE_DESTINATIONS);
    requests[6].from_utc_ns = 2;
    requests[6].to_utc_ns = 1;
    for (size_t i = 0; i < 7; i++) {
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_profile_apply(profile, &requests[i], &err), SVMS_E_USAGE);
        assert_true(err.message[0] != '\0');
    }
    svms_profile_free(&profile);
}

/* One request against one rule, unlocked and locked. */
typedef struct judgement {
    const char *option;
    const char *value;
    svms_profile_request request;
    const char *words; /* where it is locked; NULL: it fits */
} judgement;

static svms_profile_option option_named(const char *name)
{
    for (unsigned i = 0; i < 20; i++) {
        if (strcmp(svms_profile_option_name((svms_profile_option)i), name) == 0) {
            return (svms_profile_option)i;
        }
    }
    fail_msg("%s", name);
    return SVMS_PROFILE_FORMATS;
}

static svms_profile_request initialised(const svms_profile_request *given)
{
    svms_profile_request request = *given;
    request.struct_size = (uint32_t)sizeof(request);
    return request;
}

static void expect_unlocked(fixture *fix, const judgement *one)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_profile_request request = initialised(&one->request);
    svms_profile *profile = profile_of(fix, one->option, one->value, false);
    svms_status status = svms_profile_apply(profile, &request, &err);
    uint32_t unmet = one->words != NULL ? BIT(option_named(one->option)) : 0;
    if (status != SVMS_OK || request.unmet != unmet) {
        fail_msg("%s %s: %s, unmet %x", one->option, one->value, err.message, request.unmet);
    }
    svms_profile_free(&profile);
}

static void expect_locked(fixture *fix, const judgement *one)
{
    char words[256];
    svms_error err = SVMS_ERROR_INIT;
    svms_profile_request request = initialised(&one->request);
    svms_profile_request before = request;
    svms_profile *profile = profile_of(fix, one->option, one->value, true);
    svms_status status = svms_profile_apply(profile, &request, &err);
    if (one->words == NULL) {
        if (status != SVMS_OK || request.unmet != 0) {
            fail_msg("%s %s: %s", one->option, one->value, err.message);
        }
    } else {
        (void)snprintf(words, sizeof(words), "%s ('%s' is locked by profile test)", one->words,
                       one->option);
        if (status != SVMS_E_POLICY || strcmp(err.message, words) != 0) {
            fail_msg("%s %s: %s, '%s'", one->option, one->value, svms_status_name(status),
                     err.message);
        }
        assert_memory_equal(&request, &before, sizeof(request));
    }
    svms_profile_free(&profile);
}

static void expect_judgements(fixture *fix, const judgement *all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        expect_unlocked(fix, &all[i]);
        expect_locked(fix, &all[i]);
    }
}

#define NO_PERIOD .from_utc_ns = SVMS_NO_TIME, .to_utc_ns = SVMS_NO_TIME
#define PLAIN .sealed = 1, .reexport = 1, NO_PERIOD

static void settings_give_way_unless_they_are_locked(void **state)
{
    const uint32_t format = BIT(SVMS_PROFILE_FORMATS);
    const judgement all[] = {
        { "formats", "[\"svmx\",\"png\"]", { PLAIN, .given = format }, NULL },
        { "formats",
          "[\"svmx\",\"png\"]",
          { PLAIN, .given = format, .format = SVMS_FORMAT_PNG },
          NULL },
        { "formats",
          "[\"svmx\",\"png\"]",
          { PLAIN, .given = format, .format = SVMS_FORMAT_MP4 },
          "mp4 was asked for, only svmx, png is allowed" },
        { "formats",
          "[\"png\",\"jpeg\",\"onvif\",\"mp4\"]",
          { PLAIN, .given = format },
          "svmx was asked for, only mp4, onvif, jpeg, png is allowed" },
        { "sealed", "true", { PLAIN, .given = BIT(SVMS_PROFILE_SEALED) }, NULL },
        { "sealed",
          "false",
          { PLAIN, .given = BIT(SVMS_PROFILE_SEALED) },
          "a sealed package was asked for" },
        { "sealed",
          "true",
          { NO_PERIOD, .given = BIT(SVMS_PROFILE_SEALED) },
          "an unsealed package was asked for" },
        { "sealed",
          "true",
          { PLAIN, .given = format, .format = SVMS_FORMAT_MP4 },
          "mp4 cannot be sealed" },
        { "sealed", "false", { PLAIN, .given = format, .format = SVMS_FORMAT_MP4 }, NULL },
        { "reexport",
          "\"forbidden\"",
          { PLAIN, .given = BIT(SVMS_PROFILE_REEXPORT) },
          "re-export shall be allowed" },
        { "reexport",
          "\"allowed\"",
          { NO_PERIOD, .given = BIT(SVMS_PROFILE_REEXPORT) },
          "re-export shall be forbidden" },
        { "reexport", "\"allowed\"", { PLAIN, .given = BIT(SVMS_PROFILE_REEXPORT) }, NULL },
        { "reexport",
          "\"forbidden\"",
          { PLAIN, .given = format, .format = SVMS_FORMAT_ONVIF },
          "onvif cannot forbid re-export" },
        { "reexport",
          "\"allowed\"",
          { PLAIN, .given = format, .format = SVMS_FORMAT_ONVIF },
          NULL },
    };
    expect_judgements(*state, all, COUNT(all));
}

static void what_was_left_open_is_filled_in(void **state)
{
    fixture *fix = *state;
    static const char json[] = HEAD "\"formats\":{\"value\":[\"jpeg\",\"svmx\"],\"locked\":true},"
                                    "\"sealed\":{\"value\":false,\"locked\":true},"
                                    "\"reexport\":{\"value\":\"forbidden\",\"locked\":false}" TAIL;
    svms_profile *profile = NULL;
    svms_error err;
    svms_profile_request request = SVMS_PROFILE_REQUEST_INIT;
    assert_int_equal(parse_text(fix, &profile, json, &err), SVMS_OK);
    assert_int_equal(svms_profile_apply(profile, &request, &err), SVMS_OK);
    assert_int_equal(request.format, SVMS_FORMAT_JPEG);
    assert_int_equal(request.sealed, 0);
    assert_int_equal(request.reexport, 1);
    assert_int_equal(request.unmet, BIT(SVMS_PROFILE_REEXPORT));
    assert_string_equal(request.folder, "");
    request = (svms_profile_request)SVMS_PROFILE_REQUEST_INIT;
    request.given = BIT(SVMS_PROFILE_FORMATS);
    assert_int_equal(svms_profile_apply(profile, &request, &err), SVMS_OK);
    assert_int_equal(request.format, SVMS_FORMAT_SVMX);
    assert_int_equal(request.sealed, 0);
    assert_int_equal(request.reexport, 0);
    assert_int_equal(request.unmet, 0);
    svms_profile_free(&profile);
    /* Without a rule nothing changes. */
    assert_int_equal(parse_text(fix, &profile, HEAD TAIL, &err), SVMS_OK);
    request = (svms_profile_request)SVMS_PROFILE_REQUEST_INIT;
    request.format = SVMS_FORMAT_SVMX;
    request.sealed = 0;
    request.reexport = 0;
    assert_int_equal(svms_profile_apply(profile, &request, &err), SVMS_OK);
    assert_int_equal(request.sealed, 0);
    assert_int_equal(request.reexport, 0);
    svms_profile_free(&profile);
}

static void demands_must_be_met_where_they_are_locked(void **state)
{
    const judgement all[] = {
        { "time_stamp", "\"required\"", { PLAIN }, "no time stamp was asked for" },
        { "time_stamp", "\"required\"", { PLAIN, .time_stamp = 1 }, NULL },
        { "time_stamp", "\"optional\"", { PLAIN }, NULL },
        { "case", "\"required\"", { PLAIN }, "the case is missing" },
        { "case", "\"required\"", { PLAIN, .case_number = " \t\r\n" }, "the case is missing" },
        { "case", "\"required\"", { PLAIN, .case_number = "\f\v\x1b" }, "the case is missing" },
        { "reason", "\"required\"", { PLAIN, .reason = "\xC2\xA0" }, "the reason is missing" },
        { "comment",
          "\"required\"",
          { PLAIN,
            .comment = "\xE2\x80\x8B\xE2\x80\x8D\xE2\x81\xA0\xEF\xBB\xBF\xE1\xA0\x8E\xC2\xAD" },
          "the comment is missing" },
        { "comment",
          "\"required\"",
          { PLAIN, .comment = "\xE3\x80\x80\xE2\x80\xAE\xF3\xA0\x80\xA0 \xC2\x85" },
          "the comment is missing" },
        { "comment", "\"required\"", { PLAIN, .comment = "\xE2\x80\x8B\xC3\xA4" }, NULL },
        { "comment", "\"required\"", { PLAIN, .comment = "\xFF" }, NULL },
        { "case", "\"required\"", { PLAIN, .case_number = "7" }, NULL },
        { "case", "\"optional\"", { PLAIN }, NULL },
        { "operator", "\"required\"", { PLAIN, .operator_name = "" }, "the operator is missing" },
        { "operator", "\"required\"", { PLAIN, .operator_name = "J" }, NULL },
        { "reason", "\"required\"", { PLAIN, .comment = "x" }, "the reason is missing" },
        { "reason", "\"required\"", { PLAIN, .reason = "x" }, NULL },
        { "comment", "\"required\"", { PLAIN, .reason = "x" }, "the comment is missing" },
        { "comment", "\"required\"", { PLAIN, .comment = "x" }, NULL },
        { "proof", "\"required\"", { PLAIN }, NULL },
        { "proof",
          "\"required\"",
          { PLAIN, .format = SVMS_FORMAT_MP4 },
          "mp4 was asked for without a proof" },
        { "proof", "\"required\"", { PLAIN, .format = SVMS_FORMAT_MP4, .proof = 1 }, NULL },
        { "include_unverified", "\"forbidden\"", { PLAIN }, NULL },
        { "include_unverified",
          "\"forbidden\"",
          { PLAIN, .include_unverified = 1 },
          "what does not verify shall be included" },
        { "include_unverified", "\"allowed\"", { PLAIN, .include_unverified = 1 }, NULL },
        { "track_removal",
          "\"forbidden\"",
          { PLAIN, .removed_tracks = 1 },
          "tracks shall be left out" },
        { "track_removal", "\"forbidden\"", { PLAIN }, NULL },
        { "attachments",
          "\"forbidden\"",
          { PLAIN, .attachments = 3 },
          "attachments shall be added" },
        { "attachments", "\"allowed\"", { PLAIN, .attachments = 3 }, NULL },
    };
    expect_judgements(*state, all, COUNT(all));
}

static void a_period_is_bounded(void **state)
{
    const judgement all[] = {
        { "maximum_period", "60", { .from_utc_ns = T0, .to_utc_ns = T0 + 60 * SECOND }, NULL },
        { "maximum_period", "60", { .from_utc_ns = T0, .to_utc_ns = T0 }, NULL },
        { "maximum_period",
          "60",
          { .from_utc_ns = T0, .to_utc_ns = T0 + 60 * SECOND + 1 },
          "a period of 61 s was asked for, at most 60 s are allowed" },
        { "maximum_period",
          "60",
          { .from_utc_ns = INT64_MIN + 1, .to_utc_ns = INT64_MAX },
          "a period of 18446744074 s was asked for, at most 60 s are allowed" },
        { "maximum_period",
          "60",
          { .from_utc_ns = SVMS_NO_TIME, .to_utc_ns = T0 },
          "a period without both ends was asked for, at most 60 s are allowed" },
        { "maximum_period",
          "60",
          { .from_utc_ns = T0, .to_utc_ns = SVMS_NO_TIME },
          "a period without both ends was asked for, at most 60 s are allowed" },
    };
    expect_judgements(*state, all, COUNT(all));
}

#define PASSWORD(text) .password = (text), .password_size = sizeof(text) - 1

static void passwords_are_as_strong_as_the_profile_says(void **state)
{
    static const char related[] = "the password repeats what the request says";
    static const char shorter[] = "the password is shorter than 8 characters";
    static const char poor[] =
        "the password has fewer than 3 of lower case, upper case, digits, other characters";
    const judgement all[] = {
        { "password", "\"allowed\"", { PLAIN }, NULL },
        { "password", "\"allowed\"", { PLAIN, PASSWORD("x") }, NULL },
        { "password", "\"required\"", { PLAIN }, "nothing is sealed with a password" },
        { "password",
          "\"required\"",
          { PLAIN, .password = "x" },
          "nothing is sealed with a password" },
        { "password", "\"required\"", { PLAIN, PASSWORD("x") }, NULL },
        { "password",
          "\"required\"",
          { PLAIN, PASSWORD("x"), .format = SVMS_FORMAT_MP4 },
          "nothing is sealed with a password" },
        { "password", "\"forbidden\"", { PLAIN, PASSWORD("x") }, "a password was given" },
        { "password", "\"forbidden\"", { PLAIN }, NULL },
        { "password_length", "8", { PLAIN }, NULL },
        { "password_length", "8", { PLAIN, PASSWORD("12345678") }, NULL },
        { "password_length", "8", { PLAIN, PASSWORD("1234567") }, shorter },
        { "password_length",
          "8",
          { PLAIN, PASSWORD("\303\244\303\244\303\244\303\244") },
          shorter },
        { "password_length", "8", { PLAIN, PASSWORD("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF") }, NULL },
        { "password_classes", "3", { PLAIN, PASSWORD("abcDEF1") }, NULL },
        { "password_classes", "3", { PLAIN, PASSWORD("abcDEF") }, poor },
        { "password_classes", "3", { PLAIN, PASSWORD("abc-\303\244") }, poor },
        { "password_classes", "3", { PLAIN, PASSWORD("a1 ") }, NULL },
        { "password_unrelated",
          "\"required\"",
          { PLAIN, PASSWORD("2026/17"), .case_number = "2026/17" },
          related },
        { "password_unrelated",
          "\"required\"",
          { PLAIN, PASSWORD("xMILLERx"), .operator_name = "miller" },
          related },
        { "password_unrelated",
          "\"required\"",
          { PLAIN, PASSWORD("theft"), .reason = "Theft in Hall 7" },
          related },
        { "password_unrelated",
          "\"required\"",
          { PLAIN, PASSWORD("password"), .comment = "the Password is known" },
          related },
        { "password_unrelated", "\"required\"", { PLAIN, PASSWORD("a test of it") }, related },
        { "password_unrelated",
          "\"required\"",
          { PLAIN, PASSWORD("staple battery"), .reason = "bat", .comment = "" },
          NULL },
        { "password_unrelated",
          "\"optional\"",
          { PLAIN, PASSWORD("2026/17"), .case_number = "2026/17" },
          NULL },
        { "password_unrelated", "\"required\"", { PLAIN, .case_number = "2026/17" }, NULL },
    };
    expect_judgements(*state, all, COUNT(all));
}

static void recipients_that_are_required_must_be_there(void **state)
{
    static const uint8_t ids[2][16] = {
        { 0xFF },
        { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE,
          0xFF },
    };
    static const char missing[] = "recipient " KEY_ID " is missing";
    const judgement all[] = {
        { "recipients", "[\"" KEY_ID "\"]", { PLAIN }, missing },
        { "recipients",
          "[\"" KEY_ID "\"]",
          { PLAIN, .recipients = ids, .recipient_count = 1 },
          missing },
        { "recipients",
          "[\"" KEY_ID "\"]",
          { PLAIN, .recipients = ids, .recipient_count = 2 },
          NULL },
        { "recipients",
          "[\"" KEY_ID "\"]",
          { NO_PERIOD, .recipients = ids, .recipient_count = 2 },
          missing },
        { "recipients",
          "[\"ff000000000000000000000000000000\",\"" KEY_ID "\"]",
          { PLAIN, .recipients = ids, .recipient_count = 1 },
          missing },
    };
    expect_judgements(*state, all, COUNT(all));
}

static svms_private_key *key_of(fixture *fix, EVP_PKEY *pkey)
{
    char *text = NULL;
    svms_private_key *key = NULL;
    BIO *memory = BIO_new(BIO_s_mem());
    assert_non_null(pkey);
    assert_int_equal(PEM_write_bio_PrivateKey(memory, pkey, NULL, NULL, 0, NULL, NULL), 1);
    long size = BIO_get_mem_data(memory, &text);
    assert_int_equal(svms_private_key_from_pem(&key, fix->ctx, text, (size_t)size, NULL), SVMS_OK);
    BIO_free(memory);
    EVP_PKEY_free(pkey);
    return key;
}

static void each_kind_of_key_has_its_algorithm(void **state)
{
    fixture *fix = *state;
    const struct {
        EVP_PKEY *pkey;
        const char *value;
        const char *words;
    } cases[] = {
        { EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384"), "[\"ecdsa-p384\"]", NULL },
        { EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), "[\"ed25519\"]", NULL },
        { EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048), "[\"rsa-pss\"]", NULL },
        { EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384"), "[\"ecdsa-p256\"]",
          "the signer's algorithm ecdsa-p384 is not among the allowed ones" },
        { EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), "[\"ed25519\"]", "no signature was asked for" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        svms_private_key *key = key_of(fix, cases[i].pkey);
        const judgement one = {
            "signature_algorithms", cases[i].value, { PLAIN, .signer = key }, cases[i].words
        };
        expect_judgements(fix, &one, 1);
        svms_private_key_free(&key);
    }
}

static void signatures_are_made_as_the_profile_says(void **state)
{
    fixture *fix = *state;
    const judgement all[] = {
        { "signature_algorithms",
          "[\"ecdsa-p256\"]",
          { PLAIN, .signer = fix->recorder_key },
          NULL },
        { "signature_algorithms",
          "[\"ed25519\",\"rsa-pss\",\"ecdsa-p384\"]",
          { PLAIN, .signer = fix->recorder_key },
          "the signer's algorithm ecdsa-p256 is not among the allowed ones" },
        { "signature_algorithms", "[\"ecdsa-p256\"]", { PLAIN }, "no signature was asked for" },
    };
    expect_judgements(fix, all, COUNT(all));
}

/* The example's text, which its maker may spell as he likes. */
static svms_profile *example(fixture *fix, const char *name)
{
    char path[512];
    char text[4096];
    svms_profile *profile = NULL;
    svms_error err = SVMS_ERROR_INIT;
    (void)snprintf(path, sizeof(path), "%s/%s.json", examples_path, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof(text), file);
    (void)fclose(file);
    if (svms_profile_parse(&profile, fix->ctx, text, size, &err) != SVMS_OK) {
        fail_msg("%s: %s", path, err.message);
    }
    assert_string_equal(svms_profile_name(profile), name);
    return profile;
}

static void the_examples_do_what_they_say(void **state)
{
    fixture *fix = *state;
    static const uint8_t police_key[1][16] = { { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                                 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF } };
    svms_profile *police = example(fix, "police");
    svms_profile *internal = example(fix, "internal");
    svms_error err = SVMS_ERROR_INIT;
    svms_profile_request request = SVMS_PROFILE_REQUEST_INIT;
    request.given = BIT(SVMS_PROFILE_FORMATS);
    request.recipients = police_key;
    request.recipient_count = 1;
    request.signer = fix->recorder_key;
    request.case_number = "2026/17";
    request.operator_name = "J. Miller";
    assert_int_equal(svms_profile_apply(police, &request, &err), SVMS_E_POLICY);
    assert_string_equal(err.message,
                        "the reason is missing ('reason' is locked by profile police)");
    request.reason = "theft";
    assert_int_equal(svms_profile_apply(police, &request, &err), SVMS_OK);
    assert_int_equal(request.reexport, 0);
    assert_int_equal(request.unmet,
                     BIT(SVMS_PROFILE_TIME_STAMP) | BIT(SVMS_PROFILE_MAXIMUM_PERIOD));
    request.format = SVMS_FORMAT_MP4;
    assert_int_equal(svms_profile_apply(police, &request, &err), SVMS_E_POLICY);
    assert_int_equal(svms_profile_apply(internal, &request, &err), SVMS_E_POLICY);
    assert_string_equal(err.message, "a period without both ends was asked for, at most 3600 s are "
                                     "allowed ('maximum_period' is locked by profile internal)");
    svms_profile_free(&police);
    svms_profile_free(&internal);
}

static svms_status try_everything(fixture *fix, svms_error *err)
{
    static const char json[] =
        HEAD "\"destinations\":{\"value\":[\"/\",\"/tmp\"],\"locked\":true},"
             "\"password_unrelated\":{\"value\":\"required\",\"locked\":true}" TAIL;
    svms_profile *profile = NULL;
    svms_profile_request request = SVMS_PROFILE_REQUEST_INIT;
    request.password = "staple battery";
    request.password_size = 14;
    request.case_number = "2026/17";
    svms_status status = parse_text(fix, &profile, json, err);
    if (status == SVMS_OK) {
        status = svms_profile_apply(profile, &request, err);
    }
    svms_profile_free(&profile);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    fixture *fix = *state;
    svms_status status = SVMS_E_NO_MEMORY;
    uint64_t n = 0;
    while (status == SVMS_E_NO_MEMORY) {
        svms_error err = SVMS_ERROR_INIT;
        int64_t before = fix->live_blocks;
        n++;
        fix->allocations = 0;
        fix->allocation_fails_at = n;
        status = try_everything(fix, &err);
        fix->allocation_fails_at = 0;
        assert_int_equal(fix->live_blocks, before);
    }
    assert_int_equal(status, SVMS_OK);
    assert_true(n > 5);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_profile_is_refused_in_words),
        cmocka_unit_test(text_that_is_not_strict_json_is_refused),
        cmocka_unit_test(a_profile_has_at_most_64_kilobytes),
        cmocka_unit_test(arguments_that_are_missing_are_refused),
        cmocka_unit_test(a_request_that_makes_no_sense_is_refused),
        cmocka_unit_test(settings_give_way_unless_they_are_locked),
        cmocka_unit_test(what_was_left_open_is_filled_in),
        cmocka_unit_test(demands_must_be_met_where_they_are_locked),
        cmocka_unit_test(a_period_is_bounded),
        cmocka_unit_test(passwords_are_as_strong_as_the_profile_says),
        cmocka_unit_test(recipients_that_are_required_must_be_there),
        cmocka_unit_test(signatures_are_made_as_the_profile_says),
        cmocka_unit_test(each_kind_of_key_has_its_algorithm),
        cmocka_unit_test(the_examples_do_what_they_say),
        cmocka_unit_test(every_allocation_may_fail),
    };
    if (argc != 3) {
        fprintf(stderr, "usage: test_export_profile CASES EXAMPLES\n");
        return 2;
    }
    cases_path = argv[1];
    examples_path = argv[2];
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
