/* SPDX-License-Identifier: Apache-2.0 */
#include "totp.h"

#include <string.h>

#include <svms/time.h>

#include "builder.h"
#include "code_digits.h"
#include "digest.h"
#include "failure.h"
#include "options.h"

#define PERIOD_LEAST 15
#define PERIOD_MOST 300
/* Steps before and after the present one of which a code is taken (L-OTP-4). */
#define STEPS_ASIDE 1

static const char *digest_name(svms_totp_hash hash)
{
    switch (hash) {
    case SVMS_TOTP_SHA1:
        return "SHA1";
    case SVMS_TOTP_SHA256:
        return "SHA2-256";
    case SVMS_TOTP_SHA512:
        return "SHA2-512";
    }
    return NULL;
}

static bool is_secret_size(size_t size)
{
    return size >= SVMS_TOTP_SECRET_MIN && size <= SVMS_TOTP_SECRET_MAX;
}

svms_status svms_totp_read(svms_totp *out, const svms_totp *given, svms_error *err)
{
    if (!given) {
        return svms_fail(err, SVMS_E_USAGE, "no authenticator was given");
    }
    svms_totp totp = SVMS_TOTP_INIT;
    svms_status status = svms_options_read(&totp, sizeof totp, given, "the authenticator", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!digest_name(totp.hash)) {
        return svms_fail(err, SVMS_E_USAGE, "the authenticator has an unknown hash");
    }
    if (totp.digits < SVMS_DIGITS_LEAST || totp.digits > SVMS_DIGITS_MOST) {
        return svms_fail(err, SVMS_E_USAGE, "a code must have %u to %u digits", SVMS_DIGITS_LEAST,
                         SVMS_DIGITS_MOST);
    }
    if (totp.period_s < PERIOD_LEAST || totp.period_s > PERIOD_MOST) {
        return svms_fail(err, SVMS_E_USAGE, "a code must be shown for %d to %d seconds",
                         PERIOD_LEAST, PERIOD_MOST);
    }
    if (!totp.secret || !is_secret_size(totp.secret_size)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "the secret of an authenticator must have %d to %d bytes",
                         SVMS_TOTP_SECRET_MIN, SVMS_TOTP_SECRET_MAX);
    }
    *out = totp;
    return SVMS_OK;
}

svms_status svms_totp_secret(svms_ctx *ctx, uint8_t *out, size_t size, svms_error *err)
{
    if (!ctx || !out || !is_secret_size(size)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a secret needs a context and a place for %d to %d bytes",
                         SVMS_TOTP_SECRET_MIN, SVMS_TOTP_SECRET_MAX);
    }
    return svms_random(ctx, out, size, err);
}

static svms_status step_at(svms_ctx *ctx, const svms_totp *totp, int64_t utc_ns, int64_t *step,
                           svms_error *err)
{
    int64_t at_ns = utc_ns == SVMS_NO_TIME ? svms_utc_now(ctx) : utc_ns;
    if (at_ns < 0) {
        return svms_fail(err, SVMS_E_USAGE, "codes of authenticators begin in 1970");
    }
    *step = svms_floor_seconds(at_ns) / totp->period_s;
    return SVMS_OK;
}

/* RFC 4226, 5.3. */
static uint32_t truncate_code(const uint8_t *mac, size_t size)
{
    const uint8_t *at = mac + (mac[size - 1] & 0x0Fu);
    return (uint32_t)(at[0] & 0x7Fu) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

svms_status svms_totp_code_of_step(svms_ctx *ctx, const svms_totp *totp, int64_t step,
                                   char out[SVMS_TOTP_CODE_SIZE], svms_error *err)
{
    uint8_t counter[8];
    uint8_t mac[SVMS_HMAC_MAX];
    size_t size = 0;
    svms_store_u64(counter, (uint64_t)step);
    svms_status status = svms_hmac(ctx, digest_name(totp->hash), totp->secret, totp->secret_size,
                                   counter, sizeof counter, mac, &size, err);
    if (status == SVMS_OK) {
        svms_digits_write(out, truncate_code(mac, size) % svms_digits_count(totp->digits),
                          totp->digits);
    }
    svms_wipe(mac, sizeof mac);
    return status;
}

svms_status svms_totp_code(svms_ctx *ctx, const svms_totp *totp, int64_t at_utc_ns,
                           char out[SVMS_TOTP_CODE_SIZE], svms_error *err)
{
    svms_totp known = SVMS_TOTP_INIT;
    int64_t step = 0;
    if (!ctx || !out) {
        return svms_fail(err, SVMS_E_USAGE, "a code needs a context and a place to go");
    }
    svms_status status = svms_totp_read(&known, totp, err);
    if (status == SVMS_OK) {
        status = step_at(ctx, &known, at_utc_ns, &step, err);
    }
    return status == SVMS_OK ? svms_totp_code_of_step(ctx, &known, step, out, err) : status;
}

/* The latest of the steps around `step` that has this code, or SVMS_TOTP_NO_STEP. Always looks at
 * all of them. The latest, so that digits that two of them share are used up for both. */
static svms_status find_step(svms_ctx *ctx, const svms_totp *totp, int64_t step, const char *typed,
                             int64_t *found, svms_error *err)
{
    char code[SVMS_TOTP_CODE_SIZE];
    char digits[SVMS_TOTP_CODE_SIZE];
    svms_status status = SVMS_OK;
    /* What is not digits is compared as zeros, which no code has. */
    (void)svms_digits_read(digits, typed, totp->digits);
    *found = SVMS_TOTP_NO_STEP;
    for (int64_t at = step - STEPS_ASIDE; at <= step + STEPS_ASIDE && status == SVMS_OK; at++) {
        if (at < 0) {
            continue;
        }
        status = svms_totp_code_of_step(ctx, totp, at, code, err);
        if (status == SVMS_OK && svms_equal_secret(code, digits, sizeof code)) {
            *found = at;
        }
    }
    svms_wipe(code, sizeof code);
    svms_wipe(digits, sizeof digits);
    return status;
}

svms_status svms_totp_check(svms_ctx *ctx, const svms_totp *totp, const char *code,
                            int64_t now_utc_ns, int64_t *last_step, svms_code_verdict *verdict,
                            svms_error *err)
{
    svms_totp known = SVMS_TOTP_INIT;
    int64_t step = 0;
    int64_t found = SVMS_TOTP_NO_STEP;
    if (verdict) {
        *verdict = SVMS_CODE_WRONG;
    }
    if (!ctx || !code || !last_step || !verdict || *last_step < SVMS_TOTP_NO_STEP) {
        return svms_fail(err, SVMS_E_USAGE,
                         "to check a code takes a context, the code, the last step and a verdict");
    }
    svms_status status = svms_totp_read(&known, totp, err);
    if (status == SVMS_OK) {
        status = step_at(ctx, &known, now_utc_ns, &step, err);
    }
    if (status == SVMS_OK) {
        status = find_step(ctx, &known, step, code, &found, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (found == SVMS_TOTP_NO_STEP) {
        return svms_fail(err, SVMS_E_POLICY, "the code is wrong");
    }
    if (found <= *last_step) {
        *verdict = SVMS_CODE_USED;
        return svms_fail(err, SVMS_E_POLICY, "the code, or a later one, was used before");
    }
    *last_step = found;
    *verdict = SVMS_CODE_GOOD;
    return SVMS_OK;
}
