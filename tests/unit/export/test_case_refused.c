/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that are no cases, or nearly (evidence.md, section 6). */
#include "case_documents.h"

#include <stdio.h>

#include "package_format.h"

/* A document with its first occurrence of find replaced. */
static char *changed(const char *json, const char *find, const char *replacement)
{
    const char *at = strstr(json, find);
    assert_non_null(at);
    size_t before = (size_t)(at - json);
    size_t size = strlen(json) + strlen(replacement) + 1;
    char *text = malloc(size);
    assert_non_null(text);
    (void)snprintf(text, size, "%.*s%s%s", (int)before, json, replacement, at + strlen(find));
    return text;
}

typedef struct change {
    const char *find;
    const char *replacement;
    const char *words; /* of the error; NULL: it is still right */
} change;

static void expect_change(fixture *fix, const char *json, const change *one)
{
    svms_case *document = NULL;
    svms_error err;
    char *text = changed(json, one->find, one->replacement);
    svms_status status = parse_case(fix, &document, text, &err);
    if (one->words == NULL) {
        if (status != SVMS_OK) {
            fail_msg("%s: %s", one->replacement, err.message);
        }
        svms_case_free(&document);
    } else if (status != SVMS_E_MALFORMED || strcmp(err.message, one->words) != 0) {
        fail_msg("%s: %s, '%s'", one->replacement, svms_status_name(status), err.message);
    }
    free(text);
}

/* A device of which nothing is there. */
#define LONELY                                                                                     \
    "{\"device_id\":\"000102030405060708090a0b0c0d0e0f\","                                         \
    "\"recording_id\":\"000102030405060708090a0b0c0d0e0f\",\"name\":null,\"place\":null,"          \
    "\"remark\":null,\"sources\":[]}"

static void a_document_that_breaks_a_rule_is_refused_in_words(void **state)
{
    static const change cases[] = {
        { "svms-case", "svms-cage", "the case: format is not \"svms-case\"" },
        { "\"version\":1", "\"version\":2", "the case: version is not 1" },
        { "\"version\":1", "\"version\":1.0", "the case: version is not a whole number" },
        { "\"version\":1", "\"version\":\"1\"", "the case: version is not a whole number" },
        { "\"version\":1", "\"version\":-1", "the case: version is out of range" },
        { "\"version\":1,", "", "the case: version is missing" },
        { "\"version\":1", "\"version\":NaN", "the case: line 1: it is not JSON" },
        { "\"version\":1", "\"version\":1e999", "the case: line 1: a number is too large" },
        { "\"version\":1", "\"version\":9223372036854775808",
          "the case: line 1: a number is too large" },
        { "\"version\":1", "\"version\":01", "the case: line 1: it is not JSON" },
        { "\"version\":1", "\"version\":1,\"version\":1",
          "the case: line 1: a name occurs twice in an object" },
        { "\"version\":1", "\"version\":1,", "the case: line 1: it is not JSON" },
        { "\"comment\":null", "\"comment\":7", "the case: comment is not a text" },
        { "\"comment\":null", "\"comment\":\"\xC3\"", "the case: line 1: it is not UTF-8" },
        { "\"comment\":null", "\"comment\":\"\xED\xA0\x80\"", "the case: line 1: it is not UTF-8" },
        { "\"comment\":null", "\"comment\":\"\\ud800\"", "the case: line 1: it is not JSON" },
        { "\"comment\":null", "\"comment\":\"a\\u0000b\"",
          "the case: line 1: a text holds U+0000" },
        { "\"comment\":null", "\"comment\":null,\"more\":\"\\u0000\"",
          "the case: line 1: a text holds U+0000" },
        { "\"comment\":null", "\"comment\":\"a\nb\"", "the case: line 1: it is not JSON" },
        { "\"comment\":null,", "", "the case: comment is missing" },
        { "\"created\":\"2026-01-01T00:00:00.000Z\"", "\"created\":null",
          "the case: created is not a text" },
        { "\"created\":\"2026-01-01T00:00:00.000Z\"", "\"created\":\"2026-01-01T00:00:00+00:00\"",
          "the case: created is not a time in UTC" },
        { "\"created\":\"2026-01-01T00:00:00.000Z\"", "\"created\":\"2026-02-30T00:00:00Z\"",
          "the case: created is not a time in UTC" },
        { "\"created\":\"2026-01-01T00:00:00.000Z\"", "\"created\":\"2026-01-01t00:00:00Z\"",
          "the case: created is not a time in UTC" },
        { "\"created\":\"2026-01-01T00:00:00.000Z\"", "\"created\":\"2026-01-01 00:00:00Z\"",
          "the case: created is not a time in UTC" },
        { "\"created\":\"2026-01-01T00:00:00.000Z\"", "\"created\":\"2026-01-01T00:00:00z\"",
          "the case: created is not a time in UTC" },
        { "\"created\":\"2026-01-01T00:00:00.000Z\"", "\"created\":\"2026-01-01T00:00:60Z\"",
          "the case: created is not a time in UTC" },
        { "\"created\":\"2026-01-01T00:00:00.000Z\"",
          "\"created\":\"2026-01-01T00:00:00.1234567890Z\"",
          "the case: created is not a time in UTC" },
        { "\"created\":\"2026-01-01T00:00:00.000Z\"", "\"created\":\"2026-01-01T00:00:00.Z\"",
          "the case: created is not a time in UTC" },
        { "\"created\":\"2026-01-01T00:00:00.000Z\"", "\"created\":\"2262-01-01T00:00:00Z\"",
          "the case: created is not a time in UTC" },
        { "\"created\":\"2026-01-01T00:00:00.000Z\"", "\"created\":\"1677-12-31T23:59:59Z\"",
          "the case: created is not a time in UTC" },
        { "\"created\":\"2026-01-01T00:00:00.000Z\"", "\"created\":\"2026-01-01T00:00Z\"",
          "the case: created is not a time in UTC" },
        { "\"created\":\"2026-01-01T00:00:00.000Z\"", "\"created\":\"\"",
          "the case: created is not a time in UTC" },
        { "\"reexport\":false", "\"reexport\":0", "the case: reexport is neither true nor false" },
        { "[\"svmx\"]", "\"svmx\"", "the case: formats is no array" },
        { "[\"svmx\"]", "[1]", "the case: formats holds something that is not a text" },
        { "\"devices\":[", "\"devices\":[7,",
          "the case: devices holds something that is no object" },
        { "\"device_id\":\"0001", "\"device_id\":\"01",
          "the case: devices[0].device_id is not 32 lower-case hexadecimal digits" },
        { "0a0b0c0d0e0f", "0A0b0c0d0e0f",
          "the case: devices[0].device_id is not 32 lower-case hexadecimal digits" },
        { "0a0b0c0d0e0f", "0g0b0c0d0e0f",
          "the case: devices[0].device_id is not 32 lower-case hexadecimal digits" },
        { "\"devices\":[", "\"devices\":[" LONELY ",",
          "the case: devices[0].sources names none (E-CAS-1)" },
        { "\"blurred.mp4\"", "\"gpj.\342\200\256exe\"",
          "the case: attachments[0].name is not allowed (E-CAS-4)" },
        { "\"blurred.mp4\"", "\"\\u061c\"",
          "the case: attachments[0].name is not allowed (E-CAS-4)" },
        { "\"blurred.mp4\"", "\"a\\u200f\"",
          "the case: attachments[0].name is not allowed (E-CAS-4)" },
        { "\"blurred.mp4\"", "\"a\\u2066b\"",
          "the case: attachments[0].name is not allowed (E-CAS-4)" },
        { "\"blurred.mp4\"", "\"\\u2069\"",
          "the case: attachments[0].name is not allowed (E-CAS-4)" },
        { "\"sources\":[0,2]", "\"sources\":[0]", "the case: devices leaves a source out" },
        { "\"sources\":[0,2]", "\"sources\":[0,1]",
          "the case: devices[1].sources names a source a second time" },
        { "\"sources\":[0,2]", "\"sources\":[0,3]",
          "the case: devices[0].sources names a source that is not there" },
        { "\"sources\":[0,2]", "\"sources\":[0,-2]",
          "the case: devices[0].sources is out of range" },
        { "\"sources\":[0,2]", "\"sources\":[0,null]",
          "the case: devices[0].sources is not a whole number" },
        { "\"number\":0,\"container_id\"", "\"number\":1,\"container_id\"",
          "the case: sources[0].number is not that of its place" },
        { "\"sequence\":7", "\"sequence\":-7", "the case: sources[0].sequence is out of range" },
        { "\"first_segment\":3", "\"first_segment\":6",
          "the case: sources[0].last_segment does not fit first_segment" },
        { "\"first_segment\":3", "\"first_segment\":null",
          "the case: sources[0].last_segment does not fit first_segment" },
        { "\"first_segment\":null", "\"first_segment\":0",
          "the case: sources[1].last_segment does not fit first_segment" },
        { "\"from\":\"2026-01-01T00:00:00.000Z\"", "\"from\":0",
          "the case: sources[0].from is not a text" },
        { "\"tracks\":[{\"number\":0", "\"tracks\":[{\"number\":1",
          "the case: sources[0].tracks[0].number is not that of its place" },
        { "\"included\":true", "\"included\":null",
          "the case: sources[0].tracks[0].included is neither true nor false" },
        { "\"verification\":{", "\"verification\":null,\"x\":{",
          "the case: sources[0].verification is no object" },
        { "\"verdict\":\"not_authentic\"", "\"verdict\":4",
          "the case: sources[0].verification.verdict is not a text" },
        { "\"unverified\":[{", "\"unverified\":[1,{",
          "the case: sources[0].verification.unverified holds something that is no object" },
        { "\"unverified_count\":2", "\"unverified_count\":null",
          "the case: sources[0].verification.unverified_count is not a whole number" },
        { ",\"unverified_count\":2", "",
          "the case: sources[0].verification.unverified_count is missing" },
        { "\"offset\":4096", "\"offset\":\"4096\"",
          "the case: sources[0].verification.unverified[0].offset is not a whole number" },
        { "\"attachments\":[", "\"attachments\":[[],",
          "the case: attachments holds something that is no object" },
        { "blurred.mp4", "../blurred.mp4",
          "the case: attachments[0].name is not allowed (E-CAS-4)" },
        { "blurred.mp4", "a\\\\b", "the case: attachments[0].name is not allowed (E-CAS-4)" },
        { "blurred.mp4", "a\\u0001b", "the case: attachments[0].name is not allowed (E-CAS-4)" },
        { "blurred.mp4", "a\\u0085b", "the case: attachments[0].name is not allowed (E-CAS-4)" },
        { "blurred.mp4", "..", "the case: attachments[0].name is not allowed (E-CAS-4)" },
        { "blurred.mp4", ".", "the case: attachments[0].name is not allowed (E-CAS-4)" },
        { "blurred.mp4", "", "the case: attachments[0].name is not allowed (E-CAS-4)" },
        { "\"number\":0,\"name\"", "\"number\":1,\"name\"",
          "the case: attachments[0].number is not that of its place" },
        { "\"from\":[{\"source\":0", "\"from\":[{\"source\":null",
          "the case: attachments[0].derivation.from[0].source is not a whole number" },
        { "\"size\":123", "\"size\":1e2", "the case: attachments[0].size is not a whole number" },
        { "\"derivation\":{", "\"derivation\":[],\"x\":{",
          "the case: attachments[0].derivation is no object" },
        { "\"method\":\"faces blurred\"", "\"method\":null",
          "the case: attachments[0].derivation.method is not a text" },
        { "\"from\":[{\"source\":0", "\"from\":[{\"source\":3",
          "the case: attachments[0].derivation.from[0].source is not there" },
        { "\"source\":0,\"track\":0", "\"source\":0,\"track\":2",
          "the case: attachments[0].derivation.from[0].track is not there" },
        { "\"track\":0,\"first_segment\":3,\"last_segment\":5",
          "\"track\":0,\"first_segment\":3,\"last_segment\":2",
          "the case: attachments[0].derivation.from[0].last_segment does not fit first_segment" },
        { "\"first_manifest\":\"11", "\"first_manifest\":\"1",
          "the case: attachments[0].derivation.from[0].first_manifest is not 64 lower-case "
          "hexadecimal digits" },
        { "\"presentation\":null", "\"presentation\":false",
          "the case: presentation is no object" },
        { "\"presentation\":null}", "\"presentation\":null",
          "the case: line 1: it ends too early" },
        { "\"presentation\":null}", "\"presentation\":null}{",
          "the case: line 1: something follows its end" },
        { "{\"format\"", "\xEF\xBB\xBF{\"format\"", "the case: line 1: it is not JSON" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        expect_change(*state, package_json, &cases[i]);
    }
    static const change proofs[] = {
        { "still.png", "a/b", "the case: presentation.name is not allowed (E-CAS-4)" },
        { "\"presentation_track\":1", "\"presentation_track\":4294967296",
          "the case: presentation.tracks[0].presentation_track is out of range" },
        { "{\"track\":0,\"pres", "{\"track\":32,\"pres",
          "the case: presentation.tracks[0].track is out of range" },
        { "\"time\":\"2026", "\"time\":\"x026",
          "the case: presentation.derivation.from[0].time is not a time in UTC" },
    };
    for (size_t i = 0; i < sizeof(proofs) / sizeof(proofs[0]); i++) {
        expect_change(*state, proof_json, &proofs[i]);
    }
}

static void what_is_not_listed_is_ignored(void **state)
{
    static const change cases[] = {
        { "\"version\":1", "\"version\":1,\"more\":{\"a\":[1.5,-3,null]}", NULL },
        { "\"sequence\":7", "\"sequence\":7,\"weight\":-1e-3", NULL },
        { "\"unverified_count\":2", "\"unverified_count\":0,\"other\":\"\"", NULL },
        { "\"signer\":\"CN=recorder\"", "\"signer\":null", NULL },
        { "\"media_type\":\"video/mp4\"", "\"media_type\":null", NULL },
        { "00:00:00.000Z", "23:59:59.123456789Z", NULL },
        { ",\"time\":null}]}", "}]}", NULL },
        { "{\"format\":\"svms-case\",\"version\":1",
          " {\n\"version\" : 1,\t\"format\":\"svms-case\"", NULL },
        { "\"comment\":null", "\"comment\":\"\\ud83d\\ude00 \xF0\x9F\x98\x80 \x7F\"", NULL },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        expect_change(*state, package_json, &cases[i]);
    }
}

static void what_is_no_document_is_refused(void **state)
{
    fixture *fix = *state;
    static const char *const texts[] = { "", "[]", "null", "7", "\"x\"", "{}", "{", "}", "[[[[" };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        svms_case *document = NULL;
        svms_error err;
        assert_int_equal(parse_case(fix, &document, texts[i], &err), SVMS_E_MALFORMED);
        assert_null(document);
        assert_true(err.message[0] != '\0');
    }
}

/* depth brackets of an array within the member, which is one level deep itself. */
static char *nested(unsigned depth, char open, const char *inner)
{
    char text[512] = "\"comment\":null,\"more\":";
    size_t at = strlen(text);
    memset(text + at, open, depth);
    at += depth;
    at += (size_t)snprintf(text + at, sizeof(text) - at, "%s", inner);
    memset(text + at, ']', depth);
    text[at + depth] = '\0';
    return changed(package_json, "\"comment\":null", text);
}

static void nesting_is_bounded_before_anything_is_parsed(void **state)
{
    fixture *fix = *state;
    svms_case *document = NULL;
    svms_error err;
    char *text = nested(31, '[', "\"[[[\\\"[[[\"");
    assert_int_equal(parse_case(fix, &document, text, &err), SVMS_OK);
    svms_case_free(&document);
    free(text);
    text = nested(32, '[', "");
    assert_int_equal(parse_case(fix, &document, text, &err), SVMS_E_MALFORMED);
    assert_string_equal(err.message, "the case: it is 33 levels deep, more than 32");
    free(text);
}

static void size_and_number_of_values_are_bounded(void **state)
{
    fixture *fix = *state;
    svms_case *document = NULL;
    svms_error err;
    size_t size = SVMS_MAX_CASE_SIZE + 1;
    char *text = malloc(size + 1);
    assert_non_null(text);
    memset(text, ' ', size);
    text[size] = '\0';
    memcpy(text, package_json, strlen(package_json));
    assert_int_equal(parse_case(fix, &document, text, &err), SVMS_E_MALFORMED);
    assert_string_equal(err.message, "the case: it has 4194305 bytes, more than 4194304");
    text[size - 1] = '\0';
    assert_int_equal(parse_case(fix, &document, text, &err), SVMS_OK);
    svms_case_free(&document);
    memset(text, ',', size - 1);
    assert_int_equal(parse_case(fix, &document, text, &err), SVMS_E_MALFORMED);
    assert_string_equal(err.message, "the case: it has more than 524288 values");
    free(text);
}

/* Empty entries in front of the first one. */
static void lists_are_bounded(void **state)
{
    fixture *fix = *state;
    static const struct {
        const char *find;
        const char *member;
        unsigned count;
        const char *words;
    } cases[] = {
        { "\"sources\":[{", "\"sources\":[", 4097, "the case: sources has too many entries" },
        { "\"attachments\":[{", "\"attachments\":[", 4097,
          "the case: attachments has too many entries" },
        { "\"tracks\":[{", "\"tracks\":[", 33, "the case: sources[0].tracks has too many entries" },
        { "\"from\":[{", "\"from\":[", 4097,
          "the case: attachments[0].derivation.from has too many entries" },
    };
    char *text = malloc(65536);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t at = (size_t)snprintf(text, 65536, "%s", cases[i].member);
        for (unsigned n = 0; n + 1 < cases[i].count; n++) {
            at += (size_t)snprintf(text + at, 65536 - at, "{},");
        }
        (void)snprintf(text + at, 65536 - at, "{");
        change one = { cases[i].find, text, cases[i].words };
        char *enlarged = changed(package_json, one.find, one.replacement);
        svms_case *document = NULL;
        svms_error err;
        if (parse_case(fix, &document, enlarged, &err) != SVMS_E_MALFORMED ||
            strcmp(err.message, one.words) != 0) {
            fail_msg("%s: %s", cases[i].member, err.message);
        }
        free(enlarged);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_that_breaks_a_rule_is_refused_in_words),
        cmocka_unit_test(what_is_not_listed_is_ignored),
        cmocka_unit_test(what_is_no_document_is_refused),
        cmocka_unit_test(nesting_is_bounded_before_anything_is_parsed),
        cmocka_unit_test(size_and_number_of_values_are_bounded),
        cmocka_unit_test(lists_are_bounded),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
