/* SPDX-License-Identifier: Apache-2.0 */
#include "login_stage.h"

#include <svms/second_factor.h>
#include <svms/time.h>

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
            /* The last one lies beyond what nanoseconds in 64 bits can say. */
            if (vectors[i].at_s > INT64_MAX / NS)
                continue;
            svms_totp totp = authenticator((svms_totp_hash)(SVMS_TOTP_SHA1 + hash), 8);
            char code[SVMS_TOTP_CODE_SIZE];
            assert_int_equal(svms_totp_code(stage->ctx, &totp, vectors[i].at_s * NS, code, NULL),
                             SVMS_OK);
            assert_string_equal(code, vectors[i].codes[hash]);
        }
    }
}

/* The last time of RFC 6238, appendix B: 20,000,000,000 s are 0x27BC86AA periods of 30 s, which
 * periods of 15 s reach in half the time. */
static void the_last_code_of_rfc_6238_comes_with_a_shorter_period(void **state)
{
    static const char *const codes[] = { "65353130", "77737706", "47863826" };
    login_stage *stage = *state;
    for (int hash = 0; hash < 3; hash++) {
        svms_totp totp = authenticator((svms_totp_hash)(SVMS_TOTP_SHA1 + hash), 8);
        int64_t step = INT64_C(0x27BC86AA);
        char code[SVMS_TOTP_CODE_SIZE];
        totp.period_s = 15;
        assert_int_equal(step, INT64_C(20000000000) / 30);
        /* 10^10 s do not fit either. */
        assert_true(step * 15 > INT64_MAX / NS);
        assert_int_equal(svms_totp_code(stage->ctx, &totp, INT64_MAX, code, NULL), SVMS_OK);
        assert_string_not_equal(code, codes[hash]);
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
