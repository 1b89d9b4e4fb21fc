/* SPDX-License-Identifier: Apache-2.0 */
#include "login_stage.h"

#include <svms/second_factor.h>

#define CODES 10

static const uint8_t spent[SVMS_RECOVERY_HASH_SIZE];

typedef struct paper {
    char codes[CODES][SVMS_RECOVERY_CODE_SIZE];
    svms_recovery_set set;
} paper;

static paper print_codes(login_stage *stage)
{
    paper made = { .set = SVMS_RECOVERY_SET_INIT };
    assert_int_equal(svms_recovery_make(stage->ctx, CODES, made.codes, &made.set, NULL), SVMS_OK);
    return made;
}

/* Nothing in the set changes unless the code is right. */
static svms_code_verdict try_code(login_stage *stage, const char *code, svms_recovery_set *set)
{
    svms_recovery_set before = *set;
    svms_code_verdict verdict = (svms_code_verdict)99;
    svms_status status = svms_recovery_check(stage->ctx, code, set, &verdict, NULL);
    assert_int_equal(status, verdict == SVMS_CODE_GOOD ? SVMS_OK : SVMS_E_POLICY);
    if (status != SVMS_OK)
        assert_memory_equal(set, &before, sizeof before);
    return verdict;
}

/* The salt, and what spells the alphabet; the hashes were computed with Python's hashlib. */
static void codes_and_hashes_are_those_of_the_specification(void **state)
{
    static const uint8_t random[] = {
        0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B,
        0x0C, 0x0D, 0x0E, 0x0F, 0x00, 0x44, 0x32, 0x14, 0xC7, 0x42, 0x54, 0xB6,
        0x35, 0xCF, 0x84, 0x65, 0x3A, 0x56, 0xD7, 0xC6, 0x75, 0xBE, 0x77, 0xDF,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    };
    static const uint8_t hashes[2][SVMS_RECOVERY_HASH_SIZE] = {
        { 0x22, 0xAD, 0x9E, 0x25, 0xC3, 0x8D, 0xE5, 0x4D, 0xC9, 0xE5, 0x43,
          0xBE, 0x51, 0xEA, 0x09, 0xD5, 0xE3, 0x3E, 0x83, 0xE3, 0x97, 0xB5,
          0x05, 0x76, 0x26, 0xCC, 0x04, 0xC6, 0x29, 0x50, 0x55, 0xC1 },
        { 0x1B, 0x48, 0xB5, 0xED, 0xB9, 0x84, 0x06, 0x69, 0xC6, 0x97, 0x18,
          0x83, 0x07, 0x3A, 0x9D, 0x4E, 0x2E, 0x21, 0x6D, 0x94, 0x44, 0xA6,
          0xB8, 0xDA, 0xCB, 0xBC, 0x40, 0x94, 0x17, 0xF5, 0x24, 0xD4 },
    };
    login_stage *stage = *state;
    char codes[2][SVMS_RECOVERY_CODE_SIZE];
    svms_recovery_set set = SVMS_RECOVERY_SET_INIT;
    stage->random = random;
    stage->random_size = sizeof random;
    assert_int_equal(svms_recovery_make(stage->ctx, 2, codes, &set, NULL), SVMS_OK);
    assert_int_equal(stage->drawn, sizeof random);
    assert_string_equal(codes[0], "0123-4567-89AB-CDEF-GHJK-MNPQ");
    assert_string_equal(codes[1], "RSTV-WXYZ-0000-0000-0000-0000");
    assert_int_equal(set.count, 2);
    assert_memory_equal(set.salt, random, sizeof set.salt);
    assert_memory_equal(set.hashes, hashes, sizeof hashes);
    assert_memory_equal(set.hashes[2], spent, sizeof spent);
}

static void every_code_is_right_once(void **state)
{
    login_stage *stage = *state;
    paper made = print_codes(stage);
    for (uint32_t i = 0; i < CODES; i++) {
        /* Not in the order in which they stand. */
        uint32_t at = (i * 7 + 3) % CODES;
        assert_int_equal(svms_recovery_left(&made.set), CODES - i);
        assert_int_equal(try_code(stage, made.codes[at], &made.set), SVMS_CODE_GOOD);
        assert_memory_equal(made.set.hashes[at], spent, sizeof spent);
        assert_int_equal(try_code(stage, made.codes[at], &made.set),
                         i + 1 < CODES ? SVMS_CODE_WRONG : SVMS_CODE_MISSING);
    }
    assert_int_equal(svms_recovery_left(&made.set), 0);
}

static void codes_differ_and_sets_do(void **state)
{
    login_stage *stage = *state;
    paper one = print_codes(stage);
    paper other = print_codes(stage);
    for (size_t i = 0; i < CODES; i++) {
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(one.codes[i], one.codes[k]);
        assert_int_equal(try_code(stage, one.codes[i], &other.set), SVMS_CODE_WRONG);
    }
    assert_memory_not_equal(one.set.salt, other.set.salt, sizeof one.set.salt);
}

static void reading_forgives_what_people_do(void **state)
{
    static const uint8_t random[] = {
        0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
        0, /* 0011 ABCD ... */
        0x00, 0x02, 0x15, 0x2D, 0x8D, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    };
    static const struct {
        const char *typed;
        svms_code_verdict verdict;
    } cases[] = {
        { "0011-ABCD-0000-0000-0000-0000", SVMS_CODE_GOOD },
        { "0011ABCD0000000000000000", SVMS_CODE_GOOD },
        { "0011abcd0000000000000000", SVMS_CODE_GOOD },
        { " 0011 aBcD 0000 0000 0000 0000 ", SVMS_CODE_GOOD },
        { "OoIi-ABCD-oooo-OOOO-0000-0000", SVMS_CODE_GOOD },
        { "00lL-ABCD-0000-0000-0000-0000", SVMS_CODE_GOOD },
        { "--0-0-1-1-A-B-C-D-0-0-0-0-0-0-0-0-0-0-0-0-0-0-0-0--", SVMS_CODE_GOOD },
        { "0011-ABCD-0000-0000-0000-000", SVMS_CODE_WRONG },
        { "0011-ABCD-0000-0000-0000-00000", SVMS_CODE_WRONG },
        { "0011-ABCE-0000-0000-0000-0000", SVMS_CODE_WRONG },
        { "0011-ABCU-0000-0000-0000-0000", SVMS_CODE_WRONG },
        { "0011_ABCD_0000_0000_0000_0000", SVMS_CODE_WRONG },
        { "0011-ABCD-0000-0000-0000-0000\n", SVMS_CODE_WRONG },
        { "", SVMS_CODE_WRONG },
        { "                                        0011ABCD0000000000000000", SVMS_CODE_GOOD },
        { "                                         0011ABCD0000000000000000", SVMS_CODE_WRONG },
        { "\xD0\x90"
          "011-ABCD-0000-0000-0000-0000",
          SVMS_CODE_WRONG },
    };
    login_stage *stage = *state;
    char code[1][SVMS_RECOVERY_CODE_SIZE];
    svms_recovery_set set = SVMS_RECOVERY_SET_INIT;
    stage->random = random;
    stage->random_size = sizeof random;
    assert_int_equal(svms_recovery_make(stage->ctx, 1, code, &set, NULL), SVMS_OK);
    assert_string_equal(code[0], cases[0].typed);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        svms_recovery_set fresh = set;
        if (try_code(stage, cases[i].typed, &fresh) != cases[i].verdict)
            fail_msg("\"%s\"", cases[i].typed);
    }
}

static void no_text_has_the_hash_of_a_used_code(void **state)
{
    login_stage *stage = *state;
    svms_recovery_set set = SVMS_RECOVERY_SET_INIT;
    set.count = SVMS_RECOVERY_MAX;
    assert_int_equal(svms_recovery_left(&set), 0);
    assert_int_equal(try_code(stage, "", &set), SVMS_CODE_MISSING);
    assert_int_equal(try_code(stage, "0000-0000-0000-0000-0000-0000", &set), SVMS_CODE_MISSING);
    set.count = 0;
    assert_int_equal(try_code(stage, "0000-0000-0000-0000-0000-0000", &set), SVMS_CODE_MISSING);
}

static void hashes_beyond_the_count_are_none(void **state)
{
    login_stage *stage = *state;
    paper made = print_codes(stage);
    made.set.count = CODES - 1;
    assert_int_equal(svms_recovery_left(&made.set), CODES - 1);
    assert_int_equal(try_code(stage, made.codes[CODES - 1], &made.set), SVMS_CODE_WRONG);
}

static void wrong_use_is_refused(void **state)
{
    login_stage *stage = *state;
    paper made = print_codes(stage);
    char codes[SVMS_RECOVERY_MAX + 1][SVMS_RECOVERY_CODE_SIZE] = { "x" };
    svms_code_verdict verdict = SVMS_CODE_GOOD;
    svms_recovery_set bad = made.set;
    svms_ctx *ctx = stage->ctx;
    assert_int_equal(svms_recovery_make(NULL, 1, codes, &made.set, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recovery_make(ctx, 1, NULL, &made.set, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recovery_make(ctx, 1, codes, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recovery_make(ctx, 0, codes, &made.set, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recovery_make(ctx, SVMS_RECOVERY_MAX + 1, codes, &made.set, NULL),
                     SVMS_E_USAGE);
    bad.struct_size = 0;
    assert_int_equal(svms_recovery_make(ctx, 1, codes, &bad, NULL), SVMS_E_USAGE);
    assert_string_equal(codes[0], "x");
    assert_int_equal(svms_recovery_check(ctx, made.codes[0], &bad, &verdict, NULL), SVMS_E_USAGE);
    assert_int_equal(verdict, SVMS_CODE_WRONG);
    bad = made.set;
    bad.count = SVMS_RECOVERY_MAX + 1;
    assert_int_equal(svms_recovery_check(ctx, made.codes[0], &bad, &verdict, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recovery_left(&bad), 0);
    assert_int_equal(svms_recovery_left(NULL), 0);
    assert_int_equal(svms_recovery_check(NULL, made.codes[0], &made.set, &verdict, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_recovery_check(ctx, NULL, &made.set, &verdict, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recovery_check(ctx, made.codes[0], NULL, &verdict, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recovery_check(ctx, made.codes[0], &made.set, NULL, NULL), SVMS_E_USAGE);
}

static void a_random_source_that_fails_makes_no_codes(void **state)
{
    login_stage *stage = *state;
    paper made = print_codes(stage);
    svms_recovery_set before = made.set;
    char codes[CODES][SVMS_RECOVERY_CODE_SIZE] = { "x" };
    stage->random_fails = true;
    assert_int_equal(svms_recovery_make(stage->ctx, CODES, codes, &made.set, NULL), SVMS_E_CRYPTO);
    assert_string_equal(codes[0], "x");
    assert_memory_equal(&made.set, &before, sizeof before);
}

static svms_status make_and_use(svms_ctx *ctx, svms_error *err)
{
    char codes[2][SVMS_RECOVERY_CODE_SIZE];
    svms_recovery_set set = SVMS_RECOVERY_SET_INIT;
    svms_code_verdict verdict = SVMS_CODE_WRONG;
    svms_status status = svms_recovery_make(ctx, 2, codes, &set, err);
    if (status != SVMS_OK) {
        assert_int_equal(set.count, 0);
        return status;
    }
    status = svms_recovery_check(ctx, codes[1], &set, &verdict, err);
    assert_int_equal(verdict == SVMS_CODE_GOOD, status == SVMS_OK);
    assert_int_equal(svms_recovery_left(&set), status == SVMS_OK ? 1 : 2);
    return status;
}

static void recovery_survives_failing_memory(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(make_and_use);
}

int main(void)
{
#define STAGED(test) cmocka_unit_test_setup_teardown(test, stage_set_up, stage_tear_down)
    const struct CMUnitTest tests[] = {
        STAGED(codes_and_hashes_are_those_of_the_specification),
        STAGED(every_code_is_right_once),
        STAGED(codes_differ_and_sets_do),
        STAGED(reading_forgives_what_people_do),
        STAGED(no_text_has_the_hash_of_a_used_code),
        STAGED(hashes_beyond_the_count_are_none),
        STAGED(wrong_use_is_refused),
        STAGED(a_random_source_that_fails_makes_no_codes),
        cmocka_unit_test(recovery_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
