/* SPDX-License-Identifier: Apache-2.0 */
/* What enrols an authenticator. */
#include "totp.h"

#include <string.h>

#include "builder.h"
#include "failure.h"
#include "utf8.h"

/* Each byte of both labels as %XX, the issuer twice, the secret in base32, and the rest. */
#define URI_MAX (3 * 3 * SVMS_TOTP_LABEL_MAX + 256)
#define GROUP_BITS 5u

typedef struct range {
    unsigned long first;
    unsigned long last;
} range;

/* Characters that steer how text is shown instead of being shown, and the colon, which parts issuer
 * and name (L-OTP-8). */
static bool is_refused(unsigned long character)
{
    static const range refused[] = {
        { 0x00, 0x1F },     { ':', ':' },       { 0x7F, 0x9F },     { 0x061C, 0x061C },
        { 0x200E, 0x200F }, { 0x2028, 0x202E }, { 0x2066, 0x2069 },
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (character >= refused[i].first && character <= refused[i].last) {
            return true;
        }
    }
    return false;
}

static svms_status check_label(const char *label, const char *what, svms_error *err)
{
    size_t size = strnlen(label, SVMS_TOTP_LABEL_MAX + 1);
    if (size == 0 || size > SVMS_TOTP_LABEL_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "%s must have 1 to %d bytes", what,
                         SVMS_TOTP_LABEL_MAX);
    }
    svms_cursor text = svms_cursor_over(label, size, 0);
    while (!svms_cursor_at_end(&text)) {
        unsigned long character = 0;
        size_t length = svms_utf8_peek(&text, &character);
        if (length == 0) {
            return svms_fail_at(err, SVMS_E_USAGE, svms_cursor_offset(&text), "%s is not UTF-8",
                                what);
        }
        if (is_refused(character)) {
            return svms_fail_at(err, SVMS_E_USAGE, svms_cursor_offset(&text),
                                "%s holds U+%04lX, which an authenticator must not show", what,
                                character);
        }
        (void)svms_skip(&text, length);
    }
    return SVMS_OK;
}

static void put_text(svms_builder *out, const char *text)
{
    svms_put_bytes(out, text, strlen(text));
}

/* What is not "unreserved" in RFC 3986 is encoded. */
static void put_encoded(svms_builder *out, const char *text)
{
    static const char hexadecimal[] = "0123456789ABCDEF";
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (is_letter || (c >= '0' && c <= '9') || strchr("-._~", c)) {
            svms_put_u8(out, c);
        } else {
            svms_put_u8(out, '%');
            svms_put_u8(out, (uint8_t)hexadecimal[c >> 4]);
            svms_put_u8(out, (uint8_t)hexadecimal[c & 0x0F]);
        }
    }
}

/* RFC 4648, 6, without padding. */
static void put_base32(svms_builder *out, const uint8_t *bytes, size_t size)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    unsigned bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < size; i++) {
        bits = (bits << 8 | bytes[i]) & 0xFFFu;
        held += 8;
        while (held >= GROUP_BITS) {
            held -= GROUP_BITS;
            svms_put_u8(out, (uint8_t)alphabet[bits >> held & 0x1Fu]);
        }
    }
    if (held > 0) {
        svms_put_u8(out, (uint8_t)alphabet[bits << (GROUP_BITS - held) & 0x1Fu]);
    }
}

static void put_number(svms_builder *out, uint32_t number)
{
    if (number >= 10) {
        put_number(out, number / 10);
    }
    svms_put_u8(out, (uint8_t)('0' + number % 10));
}

static const char *algorithm_name(svms_totp_hash hash)
{
    return hash == SVMS_TOTP_SHA1 ? "SHA1" : hash == SVMS_TOTP_SHA256 ? "SHA256" : "SHA512";
}

svms_status svms_totp_secret_text(svms_ctx *ctx, const svms_totp *totp, char *out, size_t *size,
                                  svms_error *err)
{
    svms_totp known = SVMS_TOTP_INIT;
    if (!ctx || !out || !size) {
        return svms_fail(err, SVMS_E_USAGE, "a secret as text needs a context and a buffer");
    }
    svms_status status = svms_totp_read(&known, totp, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_builder text = svms_builder_new(ctx, URI_MAX);
    put_base32(&text, known.secret, known.secret_size);
    status = svms_builder_hand_out(&text, "the secret", out, size, err);
    svms_builder_clear(&text);
    return status;
}

static void put_uri(svms_builder *out, const svms_totp *totp, const char *issuer, const char *name)
{
    put_text(out, "otpauth://totp/");
    put_encoded(out, issuer);
    put_text(out, ":");
    put_encoded(out, name);
    put_text(out, "?secret=");
    put_base32(out, totp->secret, totp->secret_size);
    put_text(out, "&issuer=");
    put_encoded(out, issuer);
    put_text(out, "&algorithm=");
    put_text(out, algorithm_name(totp->hash));
    put_text(out, "&digits=");
    put_number(out, totp->digits);
    put_text(out, "&period=");
    put_number(out, totp->period_s);
}

svms_status svms_totp_uri(svms_ctx *ctx, const svms_totp *totp, const char *issuer,
                          const char *name, char *out, size_t *size, svms_error *err)
{
    svms_totp known = SVMS_TOTP_INIT;
    if (!ctx || !issuer || !name || !out || !size) {
        return svms_fail(err, SVMS_E_USAGE,
                         "an enrolment needs a context, an issuer, a name and a buffer");
    }
    svms_status status = svms_totp_read(&known, totp, err);
    if (status == SVMS_OK) {
        status = check_label(issuer, "the issuer", err);
    }
    if (status == SVMS_OK) {
        status = check_label(name, "the name", err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_builder text = svms_builder_new(ctx, URI_MAX);
    put_uri(&text, &known, issuer, name);
    status = svms_builder_hand_out(&text, "the URI", out, size, err);
    svms_builder_clear(&text);
    return status;
}
