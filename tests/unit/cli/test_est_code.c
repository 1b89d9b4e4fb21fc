/* SPDX-License-Identifier: Apache-2.0 */
/* The text of one-time codes: what is written is read, and no usual mistake passes. */
#include "cmocka_all.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "est_code.h"

#define SYMBOLS 55

/* Made by tests/unit/cli/code_vectors.py, which was written from the specification. */
static const struct {
    const char *secret;
    const char *fingerprint;
    const char *text;
} vectors[] = {
#include "code_vectors.h"
};

static void from_hex(const char *hex, uint8_t *out, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned byte = 0;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        out[i] = (uint8_t)byte;
    }
}

static est_code code_of(size_t index)
{
    est_code code;
    from_hex(vectors[index].secret, code.secret, sizeof code.secret);
    from_hex(vectors[index].fingerprint, code.fingerprint, sizeof code.fingerprint);
    return code;
}

static est_code_result parse(const char *text, est_code *out)
{
    return est_code_parse(out, text, strlen(text));
}

static void codes_are_written_as_another_implementation_writes_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        char text[EST_CODE_TEXT_SIZE];
        est_code code = code_of(i);
        est_code_format(&code, text);
        assert_string_equal(text, vectors[i].text);
    }
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        est_code wanted = code_of(i);
        est_code code;
        assert_int_equal(parse(vectors[i].text, &code), EST_CODE_GOOD);
        assert_memory_equal(&code, &wanted, sizeof code);
    }
}

static void case_dashes_spaces_and_letters_that_look_alike_do_not_matter(void **state)
{
    (void)state;
    const char *text = vectors[0].text;
    est_code wanted = code_of(0);
    for (int kind = 0; kind < 4; kind++) {
        char typed[EST_CODE_TYPED_MAX] = "";
        est_code code;
        size_t used = 0;
        for (const char *place = text; *place; place++) {
            char symbol = *place;
            if (kind == 0) {
                symbol = (char)tolower((unsigned char)symbol);
            } else if (kind == 1 && symbol == '-') {
                continue;
            } else if (kind == 2 && symbol == '-') {
                typed[used++] = '\r';
                symbol = '\n';
            } else if (kind == 3) {
                symbol = symbol == '0' ? 'o' : symbol == '1' ? 'l' : symbol;
            }
            typed[used++] = symbol;
        }
        assert_int_equal(est_code_parse(&code, typed, used), EST_CODE_GOOD);
        assert_memory_equal(&code, &wanted, sizeof code);
    }
}

static void no_wrong_symbol_passes(void **state)
{
    static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    char typed[EST_CODE_TEXT_SIZE];
    size_t tried = 0;
    (void)state;
    memcpy(typed, vectors[1].text, sizeof typed);
    for (size_t i = 0; typed[i]; i++) {
        char right = typed[i];
        for (const char *wrong = symbols; *wrong && right != '-'; wrong++) {
            est_code code;
            typed[i] = *wrong;
            assert_int_equal(parse(typed, &code),
                             *wrong == right ? EST_CODE_GOOD : EST_CODE_BAD_CHECK);
            tried += *wrong != right;
        }
        typed[i] = right;
    }
    assert_int_equal(tried, SYMBOLS * 31);
}

static void no_two_neighbours_that_were_swapped_pass(void **state)
{
    char dense[SYMBOLS + 1] = "";
    size_t used = 0;
    (void)state;
    for (const char *place = vectors[1].text; *place; place++) {
        if (*place != '-') {
            dense[used++] = *place;
        }
    }
    for (size_t i = 0; i + 1 < SYMBOLS; i++) {
        est_code code;
        char first = dense[i];
        dense[i] = dense[i + 1];
        dense[i + 1] = first;
        assert_int_equal(parse(dense, &code),
                         dense[i] == first ? EST_CODE_GOOD : EST_CODE_BAD_CHECK);
        dense[i + 1] = dense[i];
        dense[i] = first;
    }
}

static void what_is_no_code_is_told_apart(void **state)
{
    static const struct {
        const char *text;
        est_code_result result;
    } cases[] = {
        { "", EST_CODE_BAD_LENGTH },       { "-----", EST_CODE_BAD_LENGTH },
        { "7K3QW", EST_CODE_BAD_LENGTH },  { "7K3QU", EST_CODE_BAD_SYMBOL },
        { "7K3QW_", EST_CODE_BAD_SYMBOL }, { "7K3Q\xc3\xb6", EST_CODE_BAD_SYMBOL },
    };
    char longer[EST_CODE_TEXT_SIZE + 1];
    char endless[EST_CODE_TYPED_MAX + 2];
    est_code code;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(parse(cases[i].text, &code), cases[i].result);
    }
    (void)snprintf(longer, sizeof longer, "%s0", vectors[0].text);
    assert_int_equal(parse(longer, &code), EST_CODE_BAD_LENGTH);
    memset(endless, '-', sizeof endless);
    assert_int_equal(est_code_parse(&code, endless, EST_CODE_TYPED_MAX + 1), EST_CODE_BAD_LENGTH);
    assert_int_equal(est_code_parse(&code, "7\0", 2), EST_CODE_BAD_SYMBOL);
}

static void a_code_names_one_authority(void **state)
{
    uint8_t sha256[32] = { 0 };
    est_code code = code_of(1);
    (void)state;
    memcpy(sha256, code.fingerprint, sizeof code.fingerprint);
    assert_true(est_code_names(&code, sha256));
    for (size_t i = 0; i < EST_CODE_FINGERPRINT_SIZE; i++) {
        sha256[i] ^= 1;
        assert_false(est_code_names(&code, sha256));
        sha256[i] ^= 1;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_written_as_another_implementation_writes_them),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(case_dashes_spaces_and_letters_that_look_alike_do_not_matter),
        cmocka_unit_test(no_wrong_symbol_passes),
        cmocka_unit_test(no_two_neighbours_that_were_swapped_pass),
        cmocka_unit_test(what_is_no_code_is_told_apart),
        cmocka_unit_test(a_code_names_one_authority),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
