/* SPDX-License-Identifier: Apache-2.0 */
/* Names go into reports and onto terminals; whoever issues certificates must not be able to forge
 * the text around them. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "certificate.h"
#include "fixture.h"

static X509_NAME *name_with(int type, const void *value, int size)
{
    X509_NAME *name = X509_NAME_new();
    assert_non_null(name);
    assert_int_equal(X509_NAME_add_entry_by_NID(name, NID_commonName, type, value, size, -1, 0), 1);
    return name;
}

static void names_cannot_deceive(void **state)
{
    (void)state;
    static const struct {
        int type;
        const char *value;
        int size;
        const char *text;
    } cases[] = {
        { V_ASN1_UTF8STRING, "gate", -1, "CN=gate" },
        { V_ASN1_PRINTABLESTRING, "gate 1", -1, "CN=gate 1" },
        { V_ASN1_UTF8STRING, "a, O=b", -1, "CN=a\\, O=b" },
        { V_ASN1_UTF8STRING, "a\nCN=b", -1, "CN=a\\0ACN=b" },
        { V_ASN1_UTF8STRING, "a\x1b[2J", -1, "CN=a\\1B[2J" },
        { V_ASN1_UTF8STRING, "a\0b", 3, "CN=a\\00b" },
        { V_ASN1_UTF8STRING, "T\xC3\xBCr", -1, "CN=T\xC3\xBCr" },
        { V_ASN1_UTF8STRING,
          "a\xE2\x80\xAE"
          "b",
          -1, "CN=a\\E2\\80\\AEb" }, /* right to left */
        { V_ASN1_UTF8STRING,
          "a\xE2\x80\x8B"
          "b",
          -1, "CN=a\\E2\\80\\8Bb" }, /* zero width */
        { V_ASN1_UTF8STRING,
          "a\xE2\x81\xA6"
          "b",
          -1, "CN=a\\E2\\81\\A6b" }, /* isolate */
        { V_ASN1_UTF8STRING,
          "a\xEF\xBB\xBF"
          "b",
          -1, "CN=a\\EF\\BB\\BFb" }, /* byte order mark */
        { V_ASN1_UTF8STRING,
          "a\xC2\x9B"
          "b",
          -1, "CN=a\\C2\\9Bb" }, /* C1 control */
        { V_ASN1_UTF8STRING,
          "a\xFF"
          "b",
          -1, "CN=a\\FFb" }, /* not UTF-8 */
        { V_ASN1_UTF8STRING,
          "a\xC0\xAF"
          "b",
          -1, "CN=a\\C0\\AFb" },                                              /* overlong */
        { V_ASN1_UTF8STRING, "a\xC3", -1, "CN=a\\C3" },                       /* cut off */
        { V_ASN1_UTF8STRING, "\xF0\x9F\x93\xB9", -1, "CN=\xF0\x9F\x93\xB9" }, /* four bytes */
        { V_ASN1_UTF8STRING, "\xF4\x90\x80\x80", -1, "CN=\\F4\\90\\80\\80" }, /* beyond Unicode */
        { V_ASN1_BMPSTRING, "\0T\0\xFC", 4, "CN=T\xC3\xBC" },
        { V_ASN1_T61STRING, "T\xFC", 2, "CN=T\xC3\xBC" },
        { V_ASN1_UTF8STRING, "", 0, "CN=" },
    };
    svms_ctx *ctx = fixture_context(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        X509_NAME *name = name_with(cases[i].type, cases[i].value, cases[i].size);
        svms_builder text = svms_builder_new(ctx, 4096);
        assert_int_equal(svms_name_text(&text, name, NULL), SVMS_OK);
        assert_string_equal((const char *)text.data, cases[i].text);
        assert_int_equal(text.size, strlen(cases[i].text) + 1);
        svms_builder_clear(&text);
        X509_NAME_free(name);
    }
    svms_ctx_free(&ctx);
}

static void an_empty_name_is_called_so(void **state)
{
    (void)state;
    svms_ctx *ctx = fixture_context(NULL);
    X509_NAME *name = X509_NAME_new();
    char words[SVMS_NAME_WORDS_SIZE];
    assert_int_equal(svms_name_words(words, ctx, name, NULL), SVMS_OK);
    assert_string_equal(words, "(empty name)");
    X509_NAME_free(name);
    svms_ctx_free(&ctx);
}

static void a_name_that_cannot_be_converted_is_called_so(void **state)
{
    (void)state;
    svms_ctx *ctx = fixture_context(NULL);
    X509_NAME *name = name_with(V_ASN1_BMPSTRING, "\0T", 2);
    ASN1_STRING *value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, 0));
    assert_int_equal(ASN1_STRING_set(value, "\0T\0", 3), 1); /* half a character */
    char words[SVMS_NAME_WORDS_SIZE];
    assert_int_equal(svms_name_words(words, ctx, name, NULL), SVMS_OK);
    assert_string_equal(words, "(unreadable name)");
    X509_NAME_free(name);
    svms_ctx_free(&ctx);
}

static void long_names_are_cut_between_characters(void **state)
{
    (void)state;
    svms_ctx *ctx = fixture_context(NULL);
    for (size_t lead = 0; lead < 4; lead++) {
        char value[128] = "aaaa";
        for (size_t i = lead; i + 3 < sizeof value; i += 3) {
            memcpy(value + i, "\xE2\x82\xAC", 4);
        }
        X509_NAME *name = name_with(V_ASN1_UTF8STRING, value, -1);
        char words[SVMS_NAME_WORDS_SIZE];
        assert_int_equal(svms_name_words(words, ctx, name, NULL), SVMS_OK);
        size_t size = strlen(words);
        assert_in_range(size, SVMS_NAME_WORDS_SIZE - 4, SVMS_NAME_WORDS_SIZE - 1);
        assert_string_equal(words + size - 3, "...");
        assert_int_equal((size - 6 - lead) % 3, 0);
        X509_NAME_free(name);
    }
    svms_ctx_free(&ctx);
}

static void a_name_that_just_fits_is_whole(void **state)
{
    (void)state;
    svms_ctx *ctx = fixture_context(NULL);
    char value[SVMS_NAME_WORDS_SIZE] = { 0 };
    char words[SVMS_NAME_WORDS_SIZE];
    memset(value, 'x', SVMS_NAME_WORDS_SIZE - 4);
    X509_NAME *name = name_with(V_ASN1_UTF8STRING, value, -1);
    assert_int_equal(svms_name_words(words, ctx, name, NULL), SVMS_OK);
    assert_int_equal(strlen(words), SVMS_NAME_WORDS_SIZE - 1);
    assert_string_equal(words + 3, value);
    X509_NAME_free(name);
    svms_ctx_free(&ctx);
}

static void dates_become_seconds_and_words(void **state)
{
    (void)state;
    static const struct {
        int type;
        const char *text;
        int64_t seconds;
        const char *words;
    } cases[] = {
        { V_ASN1_UTCTIME, "700101000000Z", 0, "1970-01-01T00:00:00Z" },
        { V_ASN1_UTCTIME, "491231235959Z", 2524607999, "2049-12-31T23:59:59Z" },
        { V_ASN1_UTCTIME, "500101000000Z", -631152000, "1950-01-01T00:00:00Z" },
        { V_ASN1_GENERALIZEDTIME, "20500101000000Z", 2524608000, "2050-01-01T00:00:00Z" },
        { V_ASN1_GENERALIZEDTIME, "99991231235959Z", 253402300799, "9999-12-31T23:59:59Z" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ASN1_TIME *date = ASN1_STRING_type_new(cases[i].type);
        assert_non_null(date);
        assert_int_equal(ASN1_STRING_set(date, cases[i].text, -1), 1);
        int64_t seconds = -1;
        char words[SVMS_DATE_WORDS_SIZE];
        assert_true(svms_date_seconds(date, &seconds));
        assert_int_equal(seconds, cases[i].seconds);
        svms_date_words(words, date);
        assert_string_equal(words, cases[i].words);
        ASN1_STRING_free(date);
    }
}

static void an_unreadable_date_is_called_so(void **state)
{
    (void)state;
    ASN1_TIME *date = ASN1_STRING_type_new(V_ASN1_UTCTIME);
    assert_non_null(date);
    assert_int_equal(ASN1_STRING_set(date, "yesterday", -1), 1);
    int64_t seconds;
    char words[SVMS_DATE_WORDS_SIZE];
    assert_false(svms_date_seconds(date, &seconds));
    svms_date_words(words, date);
    assert_string_equal(words, "an unreadable date");
    ASN1_STRING_free(date);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_cannot_deceive),
        cmocka_unit_test(an_empty_name_is_called_so),
        cmocka_unit_test(a_name_that_cannot_be_converted_is_called_so),
        cmocka_unit_test(long_names_are_cut_between_characters),
        cmocka_unit_test(a_name_that_just_fits_is_whole),
        cmocka_unit_test(dates_become_seconds_and_words),
        cmocka_unit_test(an_unreadable_date_is_called_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
