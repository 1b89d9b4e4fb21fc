/* SPDX-License-Identifier: Apache-2.0 */
/* Hashed passwords have one spelling, and everything else is refused with its reason (L-PWD-2,
 * L-PWD-3). */
#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "password_phc.h"

#define SALT "c29tZXNhbHQ"            /* "somesalt" */
#define HASH "MDEyMzQ1Njc4OWFiY2RlZg" /* 16 bytes */
#define COST "$argon2id$v=19$m=256,t=2,p=1$"
#define TAIL SALT "$" HASH
#define SALT64                                                                                     \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

typedef struct spelling {
    const char *text;
    svms_status status;
    const char *words; /* after "a hashed password " */
} spelling;

static const spelling bad[] = {
    { "", SVMS_E_MALFORMED, "does not begin with '$'" },
    { "password", SVMS_E_MALFORMED, "does not begin with '$'" },
    { " " COST TAIL, SVMS_E_MALFORMED, "does not begin with '$'" },
    { "$", SVMS_E_MALFORMED, "names no scheme" },
    { "$$", SVMS_E_MALFORMED, "names no scheme" },
    { "$argon2id", SVMS_E_MALFORMED, "names no scheme" },
    { "$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa$", SVMS_E_MALFORMED, "names no scheme" },
    { "$argon2i$v=19$m=256,t=2,p=1$" TAIL, SVMS_E_UNSUPPORTED,
      "is of a scheme that is not known here" },
    { "$argon2d$v=19$m=256,t=2,p=1$" TAIL, SVMS_E_UNSUPPORTED,
      "is of a scheme that is not known here" },
    { "$Argon2id$v=19$m=256,t=2,p=1$" TAIL, SVMS_E_MALFORMED, "names no scheme" },
    { "$argon2id $v=19$m=256,t=2,p=1$" TAIL, SVMS_E_MALFORMED, "names no scheme" },
    { "$pbkdf2-sha256$29000$" TAIL, SVMS_E_UNSUPPORTED, "is of a scheme that is not known here" },
    { "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW", SVMS_E_UNSUPPORTED,
      "is of a scheme that is not known here" },
    { "$6$salt$hash", SVMS_E_UNSUPPORTED, "is of a scheme that is not known here" },
    { "$argon2id$", SVMS_E_MALFORMED, "names no version of Argon2" },
    { "$argon2id$m=256,t=2,p=1$" TAIL, SVMS_E_MALFORMED, "names no version of Argon2" },
    { "$argon2id$v=$m=256,t=2,p=1$" TAIL, SVMS_E_MALFORMED, "has no number where one is due" },
    { "$argon2id$v=019$m=256,t=2,p=1$" TAIL, SVMS_E_MALFORMED,
      "has a number with a zero in front" },
    { "$argon2id$v=16$m=256,t=2,p=1$" TAIL, SVMS_E_UNSUPPORTED,
      "is of another version of Argon2 than 1.3" },
    { "$argon2id$v=20$m=256,t=2,p=1$" TAIL, SVMS_E_UNSUPPORTED,
      "is of another version of Argon2 than 1.3" },
    { "$argon2id$v=19m=256,t=2,p=1$" TAIL, SVMS_E_MALFORMED, "has no '$m=' where it is due" },
    { "$argon2id$v=19$t=2,m=256,p=1$" TAIL, SVMS_E_MALFORMED, "has no '$m=' where it is due" },
    { "$argon2id$v=19$M=256,t=2,p=1$" TAIL, SVMS_E_MALFORMED, "has no '$m=' where it is due" },
    { "$argon2id$v=19$m=,t=2,p=1$" TAIL, SVMS_E_MALFORMED, "has no number where one is due" },
    { "$argon2id$v=19$m=-1,t=2,p=1$" TAIL, SVMS_E_MALFORMED, "has no number where one is due" },
    { "$argon2id$v=19$m=+256,t=2,p=1$" TAIL, SVMS_E_MALFORMED, "has no number where one is due" },
    { "$argon2id$v=19$m= 256,t=2,p=1$" TAIL, SVMS_E_MALFORMED, "has no number where one is due" },
    { "$argon2id$v=19$m=0256,t=2,p=1$" TAIL, SVMS_E_MALFORMED,
      "has a number with a zero in front" },
    { "$argon2id$v=19$m=0x100,t=2,p=1$" TAIL, SVMS_E_LIMIT, "has m=0: 1 to 1048576 are possible" },
    { "$argon2id$v=19$m=256.0,t=2,p=1$" TAIL, SVMS_E_MALFORMED, "has no ',t=' where it is due" },
    { "$argon2id$v=19$m=256 ,t=2,p=1$" TAIL, SVMS_E_MALFORMED, "has no ',t=' where it is due" },
    { "$argon2id$v=19$m=256,p=1,t=2$" TAIL, SVMS_E_MALFORMED, "has no ',t=' where it is due" },
    { "$argon2id$v=19$m=256,m=256,t=2,p=1$" TAIL, SVMS_E_MALFORMED,
      "has no ',t=' where it is due" },
    { "$argon2id$v=19$m=256,t=2$" TAIL, SVMS_E_MALFORMED, "has no ',p=' where it is due" },
    { "$argon2id$v=19$m=256,t=2,p=1,data=AA$" TAIL, SVMS_E_MALFORMED,
      "has no '$' before its salt" },
    { "$argon2id$v=19$m=256,t=2,p=1", SVMS_E_MALFORMED, "has no '$' before its salt" },
    { "$argon2id$v=19$m=1048577,t=2,p=1$" TAIL, SVMS_E_LIMIT,
      "has m=1048577: 1 to 1048576 are possible" },
    { "$argon2id$v=19$m=4294967296,t=2,p=1$" TAIL, SVMS_E_LIMIT,
      "has m=4294967295: 1 to 1048576 are possible" },
    { "$argon2id$v=19$m=99999999999,t=2,p=1$" TAIL, SVMS_E_MALFORMED,
      "has a number with too many digits" },
    { "$argon2id$v=19$m=256,t=0,p=1$" TAIL, SVMS_E_LIMIT, "has t=0: 1 to 64 are possible" },
    { "$argon2id$v=19$m=256,t=65,p=1$" TAIL, SVMS_E_LIMIT, "has t=65: 1 to 64 are possible" },
    { "$argon2id$v=19$m=256,t=2,p=0$" TAIL, SVMS_E_LIMIT, "has p=0: 1 to 16 are possible" },
    { "$argon2id$v=19$m=256,t=2,p=17$" TAIL, SVMS_E_LIMIT, "has p=17: 1 to 16 are possible" },
    { "$argon2id$v=19$m=15,t=2,p=2$" TAIL, SVMS_E_LIMIT, "has less than 8 KiB a lane" },
    { COST, SVMS_E_LIMIT, "has a salt of 0 bytes" },
    { COST "$" HASH, SVMS_E_LIMIT, "has a salt of 0 bytes" },
    { COST "c29tZXNhbA$" HASH, SVMS_E_LIMIT, "has a salt of 7 bytes" },
    { COST SALT64 "AA$" HASH, SVMS_E_LIMIT, "has a salt of 66 bytes" },
    { COST SALT "=$" HASH, SVMS_E_MALFORMED, "has a salt that is no base64 without padding" },
    { COST "c29tZXNhbHR$" HASH, SVMS_E_MALFORMED,
      "has a salt that is no base64 without padding" }, /* a bit left over */
    { COST "c29tZXNh HQ$" HASH, SVMS_E_MALFORMED, "has a salt that is no base64 without padding" },
    { COST "c29t-XNhbHQ$" HASH, SVMS_E_MALFORMED, "has a salt that is no base64 without padding" },
    { COST "c29tZXNhbHQxx$" HASH, SVMS_E_MALFORMED,
      "has a salt that is no base64 without padding" }, /* a length that no text has */
    { COST SALT, SVMS_E_MALFORMED, "has no '$' before its hash" },
    { COST SALT "$", SVMS_E_LIMIT, "has a hash of 0 bytes" },
    { COST SALT "$MDEyMzQ1Njc4OWFiY2Rl", SVMS_E_LIMIT, "has a hash of 15 bytes" },
    { COST SALT "$" SALT64 "AA", SVMS_E_LIMIT, "has a hash of 66 bytes" },
    { COST SALT "$MDEyMzQ1Njc4OWFiY2RlZh", SVMS_E_MALFORMED,
      "has a hash that is no base64 without padding" },
    { COST TAIL "\n", SVMS_E_MALFORMED, "has a hash that is no base64 without padding" },
    { COST TAIL "==", SVMS_E_MALFORMED, "has a hash that is no base64 without padding" },
    { COST TAIL "$", SVMS_E_MALFORMED, "goes on behind its hash" },
    { COST TAIL "$" HASH, SVMS_E_MALFORMED, "goes on behind its hash" },
    { "$scrypt$" TAIL, SVMS_E_MALFORMED, "has no 'ln=' where it is due" },
    { "$scrypt$N=65536,r=8,p=1$" TAIL, SVMS_E_MALFORMED, "has no 'ln=' where it is due" },
    { "$scrypt$v=1$ln=4,r=8,p=1$" TAIL, SVMS_E_MALFORMED, "has no 'ln=' where it is due" },
    { "$scrypt$ln=4,p=1,r=8$" TAIL, SVMS_E_MALFORMED, "has no ',r=' where it is due" },
    { "$scrypt$ln=0,r=8,p=1$" TAIL, SVMS_E_LIMIT, "has ln=0: 1 to 23 are possible" },
    { "$scrypt$ln=24,r=1,p=1$" TAIL, SVMS_E_LIMIT, "has ln=24: 1 to 23 are possible" },
    { "$scrypt$ln=4,r=0,p=1$" TAIL, SVMS_E_LIMIT, "has r=0: 1 to 32 are possible" },
    { "$scrypt$ln=4,r=33,p=1$" TAIL, SVMS_E_LIMIT, "has r=33: 1 to 32 are possible" },
    { "$scrypt$ln=4,r=8,p=17$" TAIL, SVMS_E_LIMIT, "has p=17: 1 to 16 are possible" },
    { "$scrypt$ln=23,r=1,p=1$" TAIL, SVMS_E_LIMIT, "has more blocks than its r allows" },
    { "$scrypt$ln=16,r=1,p=1$" TAIL, SVMS_E_LIMIT, "has more blocks than its r allows" },
    { "$scrypt$ln=21,r=8,p=1$" TAIL, SVMS_E_LIMIT, "takes more than 1 GiB" },
    { "$scrypt$ln=20,r=9,p=1$" TAIL, SVMS_E_LIMIT, "takes more than 1 GiB" },
};

/* Made by python3-argon2, python3-passlib and argon2(1), and the least and the most there is. */
static const char *const good[] = {
    "$argon2id$v=19$m=64,t=2,p=1$48ih9fm6Vq6aXS9lwn9G/g$0UIfOkkDWR8ptaCu6Z0YXQ",
    "$argon2id$v=19$m=512,t=1,p=4$iYTYEeu+6hVSKbt8VwHBfibRLzmzG5hPwK73ckNpfp4$"
    "h/vi8z0n+sIh985V+XrGlorr2GV+HSw9KLr9lxQryL9zhv+czLg2hC1m2E7TGb4MUejYlcv+SS9Lmzf9YUQMQw",
    "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHR2YWx1ZQ$JjJNUqbJDwbTQ2MTB5CtDjN5I1XlHwDo",
    "$scrypt$ln=10,r=8,p=1$p9SaE8IYgzBmDKHUem8NYQ$V7NmPz4tYcdQ2fV05rNYxqODUVe5on2KccIiZN2ONIM",
    "$argon2id$v=19$m=8,t=1,p=1$" TAIL,
    "$argon2id$v=19$m=1048576,t=64,p=16$" SALT64 "$" SALT64,
    "$scrypt$ln=1,r=1,p=1$" TAIL,
    "$scrypt$ln=15,r=1,p=16$" TAIL,
    "$scrypt$ln=20,r=8,p=16$" TAIL,
};

static void every_other_spelling_is_refused_with_its_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        svms_phc phc;
        svms_error err = SVMS_ERROR_INIT;
        char words[128];
        svms_status status = svms_phc_read(&phc, bad[i].text, strlen(bad[i].text), &err);
        snprintf(words, sizeof words, "a hashed password %s", bad[i].words);
        if (status != bad[i].status || strcmp(err.message, words) != 0) {
            fail_msg("%s: %s: %s", bad[i].text, svms_status_name(status), err.message);
        }
        assert_int_equal(err.status, status);
        assert_true(err.offset <= strlen(bad[i].text) || err.offset == SVMS_NO_OFFSET);
    }
}

static void what_is_read_is_written_as_it_was(void **state)
{
    svms_ctx *ctx = *state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        svms_phc phc;
        svms_error err = SVMS_ERROR_INIT;
        if (svms_phc_read(&phc, good[i], strlen(good[i]), &err) != SVMS_OK) {
            fail_msg("%s: %s", good[i], err.message);
        }
        svms_builder text = svms_builder_new(ctx, SVMS_PASSWORD_HASH_SIZE - 1);
        svms_put_phc(&text, &phc);
        assert_int_equal(text.status, SVMS_OK);
        assert_int_equal(text.size, strlen(good[i]));
        assert_memory_equal(text.data, good[i], text.size);
        svms_builder_clear(&text);
    }
}

/* As a hash in an account can: its text has a length, and no NUL ends it. */
static void a_nul_ends_no_name(void **state)
{
    (void)state;
    static const char text[] = "$argon2id\0\0$v=19$m=256,t=2,p=1$" TAIL;
    svms_phc phc;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_phc_read(&phc, text, sizeof text - 1, &err), SVMS_E_MALFORMED);
    assert_string_equal(err.message, "a hashed password names no scheme");
}

/* Another character anywhere gives another hash, or none; never the same one. */
static void no_two_spellings_are_one_hash(void **state)
{
    svms_ctx *ctx = *state;
    static const char text[] =
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHR2YWx1ZQ$JjJNUqbJDwbTQ2MTB5CtDjN5I1XlHwDo";
    size_t refused = 0;
    for (size_t i = 0; i < sizeof text - 1; i++) {
        for (unsigned c = 0; c < 256; c++) {
            char changed[sizeof text];
            svms_phc phc;
            memcpy(changed, text, sizeof text);
            changed[i] = (char)c;
            if (svms_phc_read(&phc, changed, sizeof text - 1, NULL) != SVMS_OK) {
                refused++;
                continue;
            }
            svms_builder again = svms_builder_new(ctx, SVMS_PASSWORD_HASH_SIZE - 1);
            svms_put_phc(&again, &phc);
            assert_int_equal(again.size, sizeof text - 1);
            assert_memory_equal(again.data, changed, sizeof text - 1);
            svms_builder_clear(&again);
        }
    }
    assert_true(refused > (sizeof text - 1) * 128);
}

static int open_context(void **state)
{
    return svms_ctx_new((svms_ctx **)state, NULL, NULL) == SVMS_OK ? 0 : -1;
}

static int close_context(void **state)
{
    svms_ctx_free((svms_ctx **)state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_other_spelling_is_refused_with_its_reason),
        cmocka_unit_test(what_is_read_is_written_as_it_was),
        cmocka_unit_test(a_nul_ends_no_name),
        cmocka_unit_test(no_two_spellings_are_one_hash),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
