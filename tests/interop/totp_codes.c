/* SPDX-License-Identifier: Apache-2.0 */
/* Codes for test_oathtool.py: reads lines "HASH DIGITS PERIOD SECONDS SECRET" (hash 1 to 3, the
 * secret in hexadecimal) and writes the code of each, and the secret in base32. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <svms/second_factor.h>

static size_t read_hex(const char *text, uint8_t *out, size_t room)
{
    size_t size = 0;
    unsigned byte = 0;
    for (; size < room && sscanf(text + 2 * size, "%2x", &byte) == 1; size++)
        out[size] = (uint8_t)byte;
    return size;
}

static bool answer(svms_ctx *ctx, const char *line)
{
    svms_totp totp = SVMS_TOTP_INIT;
    svms_error err = SVMS_ERROR_INIT;
    uint8_t secret[SVMS_TOTP_SECRET_MAX];
    char hexadecimal[2 * SVMS_TOTP_SECRET_MAX + 1];
    char code[SVMS_TOTP_CODE_SIZE];
    char base32[2 * SVMS_TOTP_SECRET_MAX];
    size_t size = sizeof base32;
    unsigned hash = 0;
    long long at_s = 0;
    if (sscanf(line, "%u %u %u %lld %128s", &hash, &totp.digits, &totp.period_s, &at_s,
               hexadecimal) != 5)
        return false;
    totp.hash = (svms_totp_hash)hash;
    totp.secret = secret;
    totp.secret_size = read_hex(hexadecimal, secret, sizeof secret);
    if (svms_totp_code(ctx, &totp, at_s * INT64_C(1000000000), code, &err) != SVMS_OK ||
        svms_totp_secret_text(ctx, &totp, base32, &size, &err) != SVMS_OK) {
        fprintf(stderr, "%s\n", err.message);
        return false;
    }
    printf("%s %s\n", code, base32);
    return true;
}

int main(void)
{
    char line[512];
    svms_ctx *ctx = NULL;
    bool done = svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK;
    while (done && fgets(line, sizeof line, stdin))
        done = answer(ctx, line);
    svms_ctx_free(&ctx);
    return done ? 0 : 1;
}
