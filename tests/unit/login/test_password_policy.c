/* SPDX-License-Identifier: Apache-2.0 */
/* New passwords are judged, and everything is found at once (login.md, L-PWD-7 to L-PWD-9). */
#include "cmocka_all.h"

#include <string.h>

#include <openssl/err.h>

#include "../base/failing_allocator.h"
#include "../container/failing_provider.h"

#include <svms/password.h>

#define FINE "vJ7#lantern Quartz"

static svms_ctx *ctx;

typedef struct judged {
    const char *password;
    uint32_t findings;
} judged;

/* Twelve characters at least, three kinds, no name "anna.k". */
static const judged table[] = {
    { FINE, 0 },
    { "Tr0mbone-fig", 0 },
    { "Tr0mbone-fi", SVMS_PASSWORD_SHORT },
    { "", SVMS_PASSWORD_SHORT | SVMS_PASSWORD_KINDS },
    /* Twelve characters in 15 bytes, eleven in 14. */
    { "Gr\xC3\xBC\xC3\x9F"
      "e-1 Ofen",
      0 },
    { "Gr\xC3\xBC\xC3\x9F"
      "e-1 Ofe",
      SVMS_PASSWORD_SHORT },
    { "\xE6\xA9\x9F\xE5\xAF\x86 aB quite long", 0 },
    { "lower case words", SVMS_PASSWORD_KINDS },
    { "lowercasewordsonly", SVMS_PASSWORD_KINDS },
    { "UPPER lower plain", 0 },
    { "Good pass\x01word 3", SVMS_PASSWORD_NOT_TEXT },
    { "Good pass\x7Fword 3", SVMS_PASSWORD_NOT_TEXT },
    { "Good pass\xC2\x85word 3", SVMS_PASSWORD_NOT_TEXT },
    { "Good pass\xFFword 3", SVMS_PASSWORD_NOT_TEXT },
    { "Good pass\xC3", SVMS_PASSWORD_NOT_TEXT | SVMS_PASSWORD_SHORT },
    { "Good \xED\xA0\x80 pass 123xyzW", SVMS_PASSWORD_NOT_TEXT },
    { "my ANNA.K pass 9", SVMS_PASSWORD_NAMES_USER },
    { "anna.k", SVMS_PASSWORD_SHORT | SVMS_PASSWORD_NAMES_USER | SVMS_PASSWORD_KINDS },
    { "anna-k Xylo 2 fox", 0 },
    { "aaaaaaaaaaaa", SVMS_PASSWORD_REPEATS | SVMS_PASSWORD_KINDS },
    { "aB3aB3aB3aB3", SVMS_PASSWORD_REPEATS },
    { "aB3$xaB3$xaB3$", SVMS_PASSWORD_REPEATS },
    { "Qw7!zrQw7!zr", SVMS_PASSWORD_REPEATS },
    { "Qw7!zrQw7!zq", 0 },
    { "ABCdef123456", SVMS_PASSWORD_REPEATS },
    { "987654321zA!", SVMS_PASSWORD_REPEATS },
    { "A1!A1!A1!A2!A1!1A", SVMS_PASSWORD_REPEATS }, /* four different ones */
};

static uint32_t judge(const svms_password_policy *policy, const char *name, const char *password)
{
    uint32_t findings = UINT32_MAX;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_password_judge(ctx, policy, name, password, strlen(password), NULL, 0, &findings,
                            &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return findings;
}

static void each_password_has_its_findings(void **state)
{
    (void)state;
    svms_password_policy policy = SVMS_PASSWORD_POLICY_INIT;
    policy.least_kinds = 3;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint32_t found = judge(&policy, "anna.k", table[i].password);
        if (found != table[i].findings) {
            fail_msg("%s: %u instead of %u", table[i].password, found, table[i].findings);
        }
    }
}

static void a_short_secret_may_be_judged_by_a_mild_policy(void **state)
{
    (void)state;
    svms_password_policy policy = SVMS_PASSWORD_POLICY_INIT;
    policy.least_characters = 4;
    assert_int_equal(judge(&policy, NULL, "7291"), 0);
    assert_int_equal(judge(&policy, NULL, "1111"), SVMS_PASSWORD_REPEATS);
    assert_int_equal(judge(&policy, NULL, "1212"), SVMS_PASSWORD_REPEATS);
    assert_int_equal(judge(&policy, NULL, "1234"), SVMS_PASSWORD_REPEATS);
    assert_int_equal(judge(&policy, NULL, "x"), SVMS_PASSWORD_SHORT);
}

static void what_stands_before_the_at_sign_is_a_name_as_well(void **state)
{
    (void)state;
    assert_int_equal(judge(NULL, "anna@site.example", FINE " ANNA"), SVMS_PASSWORD_NAMES_USER);
    assert_int_equal(judge(NULL, "anna@site.example", FINE " Anna@Site.Example"),
                     SVMS_PASSWORD_NAMES_USER);
    assert_int_equal(judge(NULL, "anna@site.example", FINE " example"), 0);
    /* Two letters occur by chance. */
    assert_int_equal(judge(NULL, "vj@site.example", FINE), 0);
    assert_int_equal(judge(NULL, "vj", FINE), 0);
    assert_int_equal(judge(NULL, "", FINE), 0);
}

static void what_is_too_long_is_not_looked_at_further_than_possible(void **state)
{
    (void)state;
    static char text[SVMS_PASSWORD_MAX + 2];
    svms_password_policy policy = SVMS_PASSWORD_POLICY_INIT;
    uint32_t findings = 0;
    memset(text, 'a', SVMS_PASSWORD_MAX + 1);
    assert_int_equal(judge(NULL, NULL, text), SVMS_PASSWORD_LONG);
    policy.most_bytes = 16;
    assert_int_equal(judge(&policy, NULL, FINE), SVMS_PASSWORD_LONG);
    assert_int_equal(svms_password_judge(ctx, &policy, NULL, "a\0b", 3, NULL, 0, &findings, NULL),
                     SVMS_OK);
    assert_int_equal(findings, SVMS_PASSWORD_SHORT | SVMS_PASSWORD_NOT_TEXT);
}

static void earlier_passwords_count_as_far_as_the_policy_looks_back(void **state)
{
    (void)state;
    static const char *const passwords[] = { "newest of 3 Foxes", "middle of 3 Foxes",
                                             "oldest of 3 Foxes" };
    svms_password_cost cost = SVMS_PASSWORD_COST_INIT;
    char hashes[3][SVMS_PASSWORD_HASH_SIZE];
    const char *history[3];
    cost.memory_kib = 64;
    cost.passes = 1;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(
            svms_password_hash(ctx, &cost, passwords[i], strlen(passwords[i]), hashes[i], NULL),
            SVMS_OK);
        history[i] = hashes[i];
    }
    for (uint32_t back = 0; back <= 3; back++) {
        svms_password_policy policy = SVMS_PASSWORD_POLICY_INIT;
        policy.history = back;
        for (size_t i = 0; i < 3; i++) {
            uint32_t findings = UINT32_MAX;
            assert_int_equal(svms_password_judge(ctx, &policy, NULL, passwords[i],
                                                 strlen(passwords[i]), history, 3, &findings, NULL),
                             SVMS_OK);
            assert_int_equal(findings, i < back ? SVMS_PASSWORD_USED_BEFORE : 0);
        }
    }
    uint32_t findings = 7;
    history[1] = "$scrypt$";
    assert_int_equal(
        svms_password_judge(ctx, NULL, NULL, FINE, sizeof FINE - 1, history, 3, &findings, NULL),
        SVMS_E_MALFORMED);
    assert_int_equal(findings, 7);
}

typedef struct list {
    uint8_t sha1[20];
    size_t asked;
    svms_status answer;
} list;

static svms_status ask_list(void *user, const uint8_t sha1[20], const void *password, size_t size,
                            uint32_t *is_breached, svms_error *err)
{
    list *of = user;
    (void)err;
    of->asked++;
    assert_int_equal(size, 12);
    assert_memory_equal(password, "Passw0rd 123", 12);
    *is_breached = memcmp(of->sha1, sha1, sizeof of->sha1) == 0;
    return of->answer;
}

/* SHA-1 by sha1sum(1). */
static void a_list_of_known_passwords_is_asked_by_hash(void **state)
{
    (void)state;
    list of = { { 0xb7, 0x5a, 0xb5, 0xb9, 0x8d, 0xa9, 0x8f, 0x83, 0x63, 0x7c,
                  0x53, 0x01, 0xe1, 0x4d, 0x57, 0x8b, 0xba, 0xbc, 0x49, 0x56 },
                0,
                SVMS_OK };
    svms_password_policy policy = SVMS_PASSWORD_POLICY_INIT;
    uint32_t findings = 7;
    policy.breached = ask_list;
    policy.user = &of;
    assert_int_equal(judge(&policy, NULL, "Passw0rd 123"), SVMS_PASSWORD_BREACHED);
    of.sha1[19] ^= 1;
    assert_int_equal(judge(&policy, NULL, "Passw0rd 123"), 0);
    assert_int_equal(of.asked, 2);
    /* A list that cannot be asked does not say no. */
    of.answer = SVMS_E_IO;
    assert_int_equal(
        svms_password_judge(ctx, &policy, NULL, "Passw0rd 123", 12, NULL, 0, &findings, NULL),
        SVMS_E_IO);
    of.answer = SVMS_AGAIN;
    assert_int_equal(
        svms_password_judge(ctx, &policy, NULL, "Passw0rd 123", 12, NULL, 0, &findings, NULL),
        SVMS_E_IO);
    assert_int_equal(findings, 7);
}

static void policies_out_of_bounds_are_refused(void **state)
{
    (void)state;
    svms_password_policy policies[6];
    for (size_t i = 0; i < 6; i++) {
        policies[i] = (svms_password_policy)SVMS_PASSWORD_POLICY_INIT;
    }
    policies[0].most_bytes = 0;
    policies[1].most_bytes = SVMS_PASSWORD_MAX + 1;
    policies[2].most_bytes = 11;
    policies[3].least_kinds = 5;
    policies[4].history = SVMS_PASSWORD_HISTORY_MAX + 1;
    policies[5].least_characters = UINT32_MAX;
    for (size_t i = 0; i < 6; i++) {
        uint32_t findings = 7;
        assert_int_equal(
            svms_password_judge(ctx, &policies[i], NULL, FINE, 4, NULL, 0, &findings, NULL),
            SVMS_E_LIMIT);
        assert_int_equal(findings, 7);
    }
    assert_int_equal(svms_password_judge(ctx, NULL, NULL, FINE, 4, NULL, 0, NULL, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_password_judge(ctx, NULL, NULL, FINE, 4, NULL, 1, &(uint32_t){ 0 }, NULL),
                     SVMS_E_USAGE);
}

static void each_finding_has_words_of_its_own(void **state)
{
    (void)state;
    for (uint32_t a = SVMS_PASSWORD_SHORT; a <= SVMS_PASSWORD_OLD_WRONG; a <<= 1) {
        const char *words = svms_password_finding_words((svms_password_finding)a);
        assert_true(strlen(words) > 5);
        for (uint32_t b = SVMS_PASSWORD_SHORT; b <= SVMS_PASSWORD_OLD_WRONG; b <<= 1) {
            assert_int_equal(
                strcmp(words, svms_password_finding_words((svms_password_finding)b)) == 0, a == b);
        }
    }
    assert_string_equal(svms_password_finding_words((svms_password_finding)0),
                        "is refused for a reason that has no words");
}

static svms_status say_no(void *user, const uint8_t sha1[20], const void *password, size_t size,
                          uint32_t *is_breached, svms_error *err)
{
    (void)user;
    (void)sha1;
    (void)password;
    (void)size;
    (void)is_breached;
    (void)err;
    return SVMS_OK;
}

static svms_status judge_all(svms_ctx *any, svms_error *err)
{
    static const char *const history[] = { "$scrypt$ln=4,r=2,p=3$LAXAmDOm9P4$"
                                           "D5WXV34qEZdof55T7+Da9SYeLIOEP/3MK4nnIp4UtYI" };
    svms_password_policy policy = SVMS_PASSWORD_POLICY_INIT;
    uint32_t findings = 7;
    policy.breached = say_no;
    svms_status status =
        svms_password_judge(any, &policy, "anna", "correct horse", 13, history, 1, &findings, err);
    assert_int_equal(findings, status == SVMS_OK ? SVMS_PASSWORD_USED_BEFORE : 7);
    return status;
}

static void each_failing_allocation_is_called_that(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(judge_all);
}

static void a_failing_provider_is_never_a_good_password(void **state)
{
    (void)state;
    static const failing_manner manners[] = { FAILS_SILENTLY, FAILS_WITH_REASON, FAILS_NEGATIVELY };
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    svms_ctx *frail = NULL;
    size_t failures = 0;
    options.ossl_context = failing_provider_load();
    assert_int_equal(svms_ctx_new(&frail, &options, NULL), SVMS_OK);
    for (size_t k = 0; k < 6; k++) {
        failing_plan plan = { 1, manners[k % 3], k >= 3 };
        const char *victim = "";
        for (; victim; plan.at++) {
            failing_provider_arm(&plan);
            svms_status status = judge_all(frail, NULL);
            victim = failing_provider_victim();
            failing_provider_disarm();
            failures += victim != NULL;
            /* Where a state cannot be made, OpenSSL says that memory ran out. */
            assert_true(status == SVMS_OK || status == SVMS_E_CRYPTO || status == SVMS_E_NO_MEMORY);
            ERR_clear_error();
        }
    }
    assert_true(failures > 10);
    svms_ctx_free(&frail);
    failing_provider_unload();
}

static int open_context(void **state)
{
    (void)state;
    return svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK ? 0 : -1;
}

static int close_context(void **state)
{
    (void)state;
    svms_ctx_free(&ctx);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_password_has_its_findings),
        cmocka_unit_test(a_short_secret_may_be_judged_by_a_mild_policy),
        cmocka_unit_test(what_stands_before_the_at_sign_is_a_name_as_well),
        cmocka_unit_test(what_is_too_long_is_not_looked_at_further_than_possible),
        cmocka_unit_test(earlier_passwords_count_as_far_as_the_policy_looks_back),
        cmocka_unit_test(a_list_of_known_passwords_is_asked_by_hash),
        cmocka_unit_test(policies_out_of_bounds_are_refused),
        cmocka_unit_test(each_finding_has_words_of_its_own),
        cmocka_unit_test(each_failing_allocation_is_called_that),
        cmocka_unit_test(a_failing_provider_is_never_a_good_password),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
