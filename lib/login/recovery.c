/* SPDX-License-Identifier: Apache-2.0 */
/* Codes on paper, for the day on which the authenticator is lost. */
#include <string.h>

#include <svms/second_factor.h>

#include "context_internal.h"
#include "cursor.h"
#include "digest.h"
#include "failure.h"
#include "options.h"

/* 5 random bits to a character: no remainder, so no bias. */
#define CHARACTERS 24u
#define RANDOM_SIZE 15u
#define CHARACTER_BITS 5u
#define GROUP 4u
#define TYPED_MAX 64

/* Without I, L, O, which are read as digits, and U. */
static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static svms_status hash_code(svms_ctx *ctx, const uint8_t salt[SVMS_RECOVERY_SALT_SIZE],
                             const char plain[CHARACTERS], uint8_t out[SVMS_RECOVERY_HASH_SIZE],
                             svms_error *err)
{
    static const char label[] = "svms-recovery-1";
    const svms_iovec runs[] = { { label, sizeof label },
                                { salt, SVMS_RECOVERY_SALT_SIZE },
                                { plain, CHARACTERS } };
    return svms_sha256(ctx, runs, sizeof runs / sizeof runs[0], out, err);
}

static void spell(const uint8_t random[RANDOM_SIZE], char plain[CHARACTERS])
{
    unsigned bits = 0;
    unsigned held = 0;
    size_t written = 0;
    for (size_t i = 0; i < RANDOM_SIZE; i++) {
        bits = (bits << 8 | random[i]) & 0xFFFu;
        for (held += 8; held >= CHARACTER_BITS; written++) {
            held -= CHARACTER_BITS;
            plain[written] = alphabet[bits >> held & 0x1Fu];
        }
    }
}

static void group(const char plain[CHARACTERS], char out[SVMS_RECOVERY_CODE_SIZE])
{
    size_t written = 0;
    for (size_t i = 0; i < CHARACTERS; i++) {
        if (i > 0 && i % GROUP == 0) {
            out[written++] = '-';
        }
        out[written++] = plain[i];
    }
    out[written] = '\0';
}

static svms_status make_one(svms_ctx *ctx, svms_recovery_set *set, size_t n,
                            char out[SVMS_RECOVERY_CODE_SIZE], svms_error *err)
{
    uint8_t random[RANDOM_SIZE];
    char plain[CHARACTERS];
    svms_status status = svms_random(ctx, random, sizeof random, err);
    if (status == SVMS_OK) {
        spell(random, plain);
        group(plain, out);
        status = hash_code(ctx, set->salt, plain, set->hashes[n], err);
    }
    svms_wipe(random, sizeof random);
    svms_wipe(plain, sizeof plain);
    return status;
}

svms_status svms_recovery_make(svms_ctx *ctx, uint32_t count, char codes[][SVMS_RECOVERY_CODE_SIZE],
                               svms_recovery_set *set, svms_error *err)
{
    char made[SVMS_RECOVERY_MAX][SVMS_RECOVERY_CODE_SIZE];
    svms_recovery_set fresh = SVMS_RECOVERY_SET_INIT;
    if (!ctx || !codes || !set || count == 0 || count > SVMS_RECOVERY_MAX) {
        return svms_fail(err, SVMS_E_USAGE,
                         "recovery codes need a context, a place, and a count of 1 to %d",
                         SVMS_RECOVERY_MAX);
    }
    fresh.count = count;
    svms_status status = svms_random(ctx, fresh.salt, sizeof fresh.salt, err);
    for (uint32_t i = 0; i < count && status == SVMS_OK; i++) {
        status = make_one(ctx, &fresh, i, made[i], err);
    }
    if (status == SVMS_OK) {
        status = svms_result_write(set, &fresh, sizeof fresh, "the recovery codes", err);
    }
    if (status == SVMS_OK) {
        memcpy(codes, made, count * sizeof made[0]);
    }
    svms_wipe(made, sizeof made);
    return status;
}

/* The character that was meant, or 0. */
static char meant(uint8_t typed)
{
    char c = (char)typed;
    if (c >= 'a' && c <= 'z') {
        c = (char)(c - 'a' + 'A');
    }
    if (c == 'O') {
        return '0';
    }
    if (c == 'I' || c == 'L') {
        return '1';
    }
    return c != '\0' && strchr(alphabet, c) ? c : '\0';
}

static bool read_typed(const char *typed, char plain[CHARACTERS])
{
    svms_cursor text = svms_cursor_over(typed, strnlen(typed, TYPED_MAX + 1), 0);
    size_t count = 0;
    bool fits = text.size <= TYPED_MAX;
    memset(plain, 0, CHARACTERS);
    while (fits && !svms_cursor_at_end(&text)) {
        uint8_t c = svms_read_u8(&text);
        if (c == ' ' || c == '-') {
            continue;
        }
        fits = count < CHARACTERS && meant(c) != '\0';
        if (fits) {
            plain[count++] = meant(c);
        }
    }
    return fits && count == CHARACTERS;
}

static bool is_spent(const uint8_t hash[SVMS_RECOVERY_HASH_SIZE])
{
    static const uint8_t zeros[SVMS_RECOVERY_HASH_SIZE];
    return svms_equal_secret(hash, zeros, sizeof zeros);
}

/* Looks at all of them. SVMS_RECOVERY_MAX: none. */
static size_t find_hash(const svms_recovery_set *set, const uint8_t hash[SVMS_RECOVERY_HASH_SIZE])
{
    size_t found = SVMS_RECOVERY_MAX;
    for (size_t i = 0; i < set->count; i++) {
        if (svms_equal_secret(set->hashes[i], hash, SVMS_RECOVERY_HASH_SIZE)) {
            found = i;
        }
    }
    return found;
}

static svms_status read_set(svms_recovery_set *out, const svms_recovery_set *set, svms_error *err)
{
    svms_status status = svms_options_read(out, sizeof *out, set, "the recovery codes", err);
    if (status == SVMS_OK && out->count > SVMS_RECOVERY_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "there are at most %d recovery codes",
                         SVMS_RECOVERY_MAX);
    }
    return status;
}

uint32_t svms_recovery_left(const svms_recovery_set *set)
{
    svms_recovery_set known = SVMS_RECOVERY_SET_INIT;
    uint32_t left = 0;
    if (!set || read_set(&known, set, NULL) != SVMS_OK) {
        return 0;
    }
    for (size_t i = 0; i < known.count; i++) {
        left += is_spent(known.hashes[i]) ? 0 : 1;
    }
    return left;
}

/* *found is SVMS_RECOVERY_MAX where no code is meant. */
static svms_status look_up(svms_ctx *ctx, const svms_recovery_set *set, const char *code,
                           size_t *found, svms_error *err)
{
    char plain[CHARACTERS];
    uint8_t hash[SVMS_RECOVERY_HASH_SIZE];
    /* What cannot be a code is hashed like one, and no code has the hash of what it leaves. */
    bool is_code = read_typed(code, plain);
    svms_status status = hash_code(ctx, set->salt, plain, hash, err);
    if (status == SVMS_OK) {
        size_t place = find_hash(set, hash);
        *found = is_code ? place : SVMS_RECOVERY_MAX;
    }
    svms_wipe(plain, sizeof plain);
    svms_wipe(hash, sizeof hash);
    return status;
}

svms_status svms_recovery_check(svms_ctx *ctx, const char *code, svms_recovery_set *set,
                                svms_code_verdict *verdict, svms_error *err)
{
    svms_recovery_set known = SVMS_RECOVERY_SET_INIT;
    size_t found = SVMS_RECOVERY_MAX;
    if (verdict) {
        *verdict = SVMS_CODE_WRONG;
    }
    if (!ctx || !code || !set || !verdict) {
        return svms_fail(err, SVMS_E_USAGE,
                         "to check a recovery code takes a context, the code, the set, a verdict");
    }
    svms_status status = read_set(&known, set, err);
    if (status == SVMS_OK) {
        status = look_up(ctx, &known, code, &found, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (found == SVMS_RECOVERY_MAX) {
        if (svms_recovery_left(&known) > 0) {
            return svms_fail(err, SVMS_E_POLICY, "the recovery code is wrong");
        }
        *verdict = SVMS_CODE_MISSING;
        return svms_fail(err, SVMS_E_POLICY, "there is no recovery code left");
    }
    memset(known.hashes[found], 0, sizeof known.hashes[found]);
    status = svms_result_write(set, &known, sizeof known, "the recovery codes", err);
    if (status == SVMS_OK) {
        *verdict = SVMS_CODE_GOOD;
    }
    return status;
}
