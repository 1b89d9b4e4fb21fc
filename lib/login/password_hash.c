/* SPDX-License-Identifier: Apache-2.0 */
/* Hashing and comparing (login.md, L-PWD-1 to L-PWD-6). */
#include <string.h>

#include "failure.h"
#include "options.h"
#include "password_argon2id.h"
#include "password_phc.h"
#include "wrap.h"

#define SALT_SIZE 16
#define HASH_SIZE 32
#define SCRYPT_BLOCK_FACTOR 8
#define SCRYPT_MEMORY_LEAST 16 /* KiB */
#define SCRYPT_PASSES_MAX SVMS_PHC_LANES_MAX

static bool is_between(uint32_t number, uint32_t least, uint32_t most)
{
    return number >= least && number <= most;
}

static svms_status read_cost_of_argon2id(svms_phc *out, const svms_password_cost *cost,
                                         svms_error *err)
{
    if (!is_between(cost->lanes, 1, SVMS_PHC_LANES_MAX) ||
        !is_between(cost->passes, 1, SVMS_PHC_PASSES_MAX) ||
        !is_between(cost->memory_kib, SVMS_PHC_LANE_MEMORY * cost->lanes, SVMS_PHC_MEMORY_MAX)) {
        return svms_fail(err, SVMS_E_LIMIT, "a cost of Argon2id is out of its bounds");
    }
    out->memory_kib = cost->memory_kib;
    out->passes = cost->passes;
    out->lanes = cost->lanes;
    return SVMS_OK;
}

static svms_status read_cost_of_scrypt(svms_phc *out, const svms_password_cost *cost,
                                       svms_error *err)
{
    if (!is_between(cost->passes, 1, SCRYPT_PASSES_MAX) ||
        !is_between(cost->memory_kib, SCRYPT_MEMORY_LEAST, SVMS_PHC_MEMORY_MAX)) {
        return svms_fail(err, SVMS_E_LIMIT, "a cost of scrypt is out of its bounds");
    }
    /* With r = 8 a block has 1 KiB. */
    while (cost->memory_kib >> out->log2_n > 1) {
        out->log2_n++;
    }
    out->block_factor = SCRYPT_BLOCK_FACTOR;
    out->passes = cost->passes;
    return SVMS_OK;
}

/* What a hash of that cost is made by, without salt; NULL: the default. */
static svms_status read_cost(svms_phc *out, const svms_password_cost *cost, svms_error *err)
{
    svms_password_cost known = SVMS_PASSWORD_COST_INIT;
    memset(out, 0, sizeof *out);
    svms_status status =
        svms_options_read(&known, sizeof known, cost, "the cost of a password", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (known.scheme == SVMS_PASSWORD_BEST) {
        known.scheme = svms_argon2id_is_there() ? SVMS_PASSWORD_ARGON2ID : SVMS_PASSWORD_SCRYPT;
    }
    out->scheme = known.scheme;
    out->salt_size = SALT_SIZE;
    out->hash_size = HASH_SIZE;
    switch (known.scheme) {
    case SVMS_PASSWORD_ARGON2ID:
        return read_cost_of_argon2id(out, &known, err);
    case SVMS_PASSWORD_SCRYPT:
        return read_cost_of_scrypt(out, &known, err);
    default:
        return svms_fail(err, SVMS_E_USAGE, "the cost of a password names no scheme");
    }
}

/* phc->hash_size bytes. */
static svms_status compute(svms_ctx *ctx, const svms_phc *phc, const void *password, size_t size,
                           uint8_t *out, svms_error *err)
{
    if (phc->scheme == SVMS_PASSWORD_ARGON2ID) {
        return svms_argon2id(ctx, phc, password, size, out, err);
    }
    svms_scrypt_cost cost = { phc->log2_n, phc->block_factor, phc->passes };
    return svms_scrypt_at(ctx, &cost, password, size, phc->salt, phc->salt_size, out,
                          phc->hash_size, err);
}

/* NUL-terminated; the bounds of the costs let any PHC string fit. */
static svms_status write_text(svms_ctx *ctx, const svms_phc *phc, char out[SVMS_PASSWORD_HASH_SIZE],
                              svms_error *err)
{
    svms_builder text = svms_builder_new(ctx, SVMS_PASSWORD_HASH_SIZE);
    svms_put_phc(&text, phc);
    svms_put_u8(&text, '\0');
    svms_status status = svms_builder_check(&text, "a hashed password", err);
    if (status == SVMS_OK) {
        memcpy(out, text.data, text.size);
    }
    svms_builder_clear(&text);
    return status;
}

svms_status svms_password_hash(svms_ctx *ctx, const svms_password_cost *cost, const void *password,
                               size_t size, char out[SVMS_PASSWORD_HASH_SIZE], svms_error *err)
{
    svms_phc phc;
    if (!ctx || !password || !out) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    if (size == 0 || size > SVMS_PASSWORD_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "a password has 1 to %d bytes", SVMS_PASSWORD_MAX);
    }
    svms_status status = read_cost(&phc, cost, err);
    if (status == SVMS_OK) {
        status = svms_random(ctx, phc.salt, phc.salt_size, err);
    }
    if (status == SVMS_OK) {
        status = compute(ctx, &phc, password, size, phc.hash, err);
    }
    if (status == SVMS_OK) {
        status = write_text(ctx, &phc, out, err);
    }
    svms_wipe(&phc, sizeof phc);
    return status;
}

static bool is_weaker(const svms_phc *found, const svms_phc *asked)
{
    if (found->scheme != asked->scheme || found->salt_size < asked->salt_size ||
        found->hash_size < asked->hash_size || found->passes < asked->passes) {
        return true;
    }
    return found->scheme == SVMS_PASSWORD_ARGON2ID
               ? found->memory_kib < asked->memory_kib || found->lanes < asked->lanes
               : found->log2_n < asked->log2_n || found->block_factor < asked->block_factor;
}

static svms_status compare(svms_ctx *ctx, const svms_phc *phc, const void *password, size_t size,
                           bool *is_equal, svms_error *err)
{
    uint8_t hash[SVMS_PHC_BYTES_MAX];
    svms_status status = compute(ctx, phc, password, size, hash, err);
    if (status == SVMS_OK) {
        *is_equal = svms_equal_secret(hash, phc->hash, phc->hash_size);
    }
    svms_wipe(hash, sizeof hash);
    return status;
}

svms_status svms_password_verify(svms_ctx *ctx, const char *hash, const svms_password_cost *cost,
                                 const void *password, size_t size, svms_password_result *out,
                                 svms_error *err)
{
    svms_password_result result = SVMS_PASSWORD_RESULT_INIT;
    svms_phc asked;
    svms_phc found;
    bool is_equal = false;
    if (!ctx || !password || !out) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = read_cost(&asked, cost, err);
    found = asked;
    if (status == SVMS_OK && hash) {
        status = svms_phc_read(&found, hash, strnlen(hash, SVMS_PASSWORD_HASH_SIZE), err);
    }
    bool can_be_right = hash && size > 0 && size <= SVMS_PASSWORD_MAX;
    if (status == SVMS_OK) {
        status = compare(ctx, &found, password, size > SVMS_PASSWORD_MAX ? SVMS_PASSWORD_MAX : size,
                         &is_equal, err);
    }
    if (status == SVMS_OK) {
        result.is_right = is_equal && can_be_right;
        result.needs_rehash = hash && is_weaker(&found, &asked);
        status = svms_result_write(out, &result, sizeof result, "the result", err);
    }
    svms_wipe(&found, sizeof found);
    return status;
}
