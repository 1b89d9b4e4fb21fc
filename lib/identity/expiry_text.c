/* SPDX-License-Identifier: Apache-2.0 */
/* What was told, as text (I-EXP-9 to I-EXP-11). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "builder.h"
#include "cursor.h"
#include "digest.h"
#include "expiry_internal.h"
#include "failure.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define SECONDS_MAX (INT64_MAX / NS_PER_SECOND)
#define HEX_SIZE ((size_t)2 * SVMS_DIGEST_SIZE)
#define LINE_SIZE 96

static const char heading[] = "svms-expiry ";
static const char version[] = "1\n";
static const char ending[] = "sha256 ";
static const char digits[] = "0123456789abcdef";

static void put_text(svms_builder *text, const char *bytes)
{
    svms_put_bytes(text, bytes, strlen(bytes));
}

static void put_hex(svms_builder *text, const uint8_t sha256[SVMS_DIGEST_SIZE])
{
    for (size_t i = 0; i < SVMS_DIGEST_SIZE; i++) {
        svms_put_u8(text, (uint8_t)digits[sha256[i] >> 4]);
        svms_put_u8(text, (uint8_t)digits[sha256[i] & 15]);
    }
}

/* Rounded down: the last nanosecond of a second belongs to it. */
static int64_t seconds_of(int64_t utc_ns)
{
    int64_t seconds = utc_ns / NS_PER_SECOND;
    bool down = utc_ns % NS_PER_SECOND < 0 && seconds > -SECONDS_MAX;
    return down ? seconds - 1 : seconds;
}

static int64_t last_moment_of(int64_t seconds)
{
    return seconds == SECONDS_MAX ? INT64_MAX : seconds * NS_PER_SECOND + (NS_PER_SECOND - 1);
}

static void put_certificate(svms_builder *text, const expiry_certificate *certificate)
{
    unsigned stage = SVMS_EXPIRY_EXPIRED;
    while (stage > SVMS_EXPIRY_FINE && (certificate->told & 1u << stage) == 0) {
        stage--;
    }
    unsigned early = (certificate->told & 1u << SVMS_EXPIRY_NOT_YET_VALID) != 0 ? 1 : 0;
    if (stage == SVMS_EXPIRY_FINE && early == 0) {
        return;
    }
    char rest[LINE_SIZE];
    snprintf(rest, sizeof rest, " %u %u %" PRId64 "\n", stage, early,
             seconds_of(certificate->not_after_utc_ns));
    put_hex(text, certificate->sha256);
    put_text(text, rest);
}

static svms_status write_text(svms_builder *text, const svms_expiry *expiry, svms_error *err)
{
    put_text(text, heading);
    put_text(text, version);
    const expiry_certificate *certificate = svms_expiry_by_fingerprint(expiry, 0);
    for (size_t i = 1; certificate; i++) {
        put_certificate(text, certificate);
        certificate = svms_expiry_by_fingerprint(expiry, i);
    }
    svms_status status = svms_builder_check(text, "an inventory", err);
    if (status != SVMS_OK) {
        return status;
    }
    uint8_t digest[SVMS_DIGEST_SIZE];
    svms_iovec all = { text->data, text->size };
    status = svms_sha256(expiry->ctx, &all, 1, digest, err);
    if (status != SVMS_OK) {
        return status;
    }
    put_text(text, ending);
    put_hex(text, digest);
    svms_put_bytes(text, "\n", 2); /* and NUL */
    return svms_builder_check(text, "an inventory", err);
}

svms_status svms_expiry_save(const svms_expiry *expiry, char *out, size_t *size, svms_error *err)
{
    svms_status status = svms_expiry_usable(expiry, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!size || (!out && *size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "no place for the text of an inventory was given");
    }
    svms_builder text = svms_builder_new(expiry->ctx, SVMS_EXPIRY_TEXT_MAX + 1);
    status = write_text(&text, expiry, err);
    if (status == SVMS_OK && (!out || text.size > *size)) {
        *size = text.size;
        status = svms_fail(err, SVMS_E_LIMIT, "the text of an inventory needs %zu bytes", *size);
    } else if (status == SVMS_OK) {
        memcpy(out, text.data, text.size);
        *size = text.size - 1;
    }
    svms_builder_clear(&text);
    return status;
}

/* What is being read, and what came out of it so far. */
typedef struct reading {
    svms_expiry *expiry;
    svms_cursor cursor;
    const uint8_t *text;
    expiry_certificate *first; /* each before its next */
    expiry_certificate *last;
    size_t count;
    svms_error *err;
} reading;

static svms_status damaged(const reading *of, const char *what)
{
    uint64_t offset = svms_cursor_offset(&of->cursor);
    if (svms_cursor_at_end(&of->cursor)) {
        return svms_fail_at(of->err, SVMS_E_TRUNCATED, offset,
                            "the text of an inventory ends where %s is expected", what);
    }
    return svms_fail_at(of->err, SVMS_E_MALFORMED, offset, "the text of an inventory lacks %s",
                        what);
}

/* The next byte; 0, which no text holds, at the end. Nothing is consumed. */
static uint8_t peek(const svms_cursor *cursor)
{
    svms_cursor ahead = *cursor;
    return svms_read_u8(&ahead);
}

/* Consumes these bytes as far as they come: where they do not, the cursor stands at the place. */
static bool take_text(svms_cursor *cursor, const char *bytes)
{
    for (size_t i = 0; bytes[i] != '\0'; i++) {
        if (peek(cursor) != (uint8_t)bytes[i] || !svms_skip(cursor, 1)) {
            return false;
        }
    }
    return true;
}

static bool take_hex(svms_cursor *cursor, uint8_t out[SVMS_DIGEST_SIZE])
{
    memset(out, 0, SVMS_DIGEST_SIZE);
    for (size_t i = 0; i < HEX_SIZE; i++) {
        uint8_t character = peek(cursor);
        const char *digit = character != 0 ? strchr(digits, character) : NULL;
        if (!digit || !svms_skip(cursor, 1)) {
            return false;
        }
        out[i / 2] = (uint8_t)(out[i / 2] << 4 | (uint8_t)(digit - digits));
    }
    return true;
}

static bool take_digit(svms_cursor *cursor, unsigned maximum, unsigned *out)
{
    uint8_t character = peek(cursor);
    if (character < '0' || character > '0' + maximum) {
        return false;
    }
    *out = character - (unsigned)'0';
    return svms_skip(cursor, 1);
}

/* Decimal, in its shortest form, at most SECONDS_MAX either way. */
static bool take_seconds(svms_cursor *cursor, int64_t *out)
{
    bool negative = take_text(cursor, "-");
    unsigned digit = 0;
    int64_t value = 0;
    if (!take_digit(cursor, 9, &digit)) {
        return false;
    }
    bool zero = digit == 0;
    value = digit;
    while (!zero && value <= SECONDS_MAX && take_digit(cursor, 9, &digit)) {
        value = 10 * value + digit;
    }
    *out = negative ? -value : value;
    return value <= SECONDS_MAX && !(zero && negative);
}

static unsigned told_up_to(unsigned stage, unsigned early)
{
    return ((2u << stage) - 2) | early << SVMS_EXPIRY_NOT_YET_VALID;
}

/* What follows the fingerprint. */
static svms_status read_rest(reading *of, expiry_certificate *certificate)
{
    unsigned stage = 0;
    unsigned early = 0;
    int64_t seconds = 0;
    svms_cursor *cursor = &of->cursor;
    if (!take_text(cursor, " ") || !take_digit(cursor, SVMS_EXPIRY_EXPIRED, &stage)) {
        return damaged(of, "the stage of a certificate");
    }
    if (!take_text(cursor, " ") || (stage == 0 && peek(cursor) == '0') ||
        !take_digit(cursor, 1, &early)) {
        return damaged(of, "whether a certificate was told early");
    }
    if (!take_text(cursor, " ") || !take_seconds(cursor, &seconds)) {
        return damaged(of, "the end of a certificate");
    }
    if (!take_text(cursor, "\n")) {
        return damaged(of, "the end of a line");
    }
    certificate->told = told_up_to(stage, early);
    certificate->not_after_utc_ns = last_moment_of(seconds);
    return SVMS_OK;
}

static svms_status read_certificate(reading *of)
{
    uint8_t sha256[SVMS_DIGEST_SIZE];
    svms_cursor before = of->cursor;
    if (!take_hex(&of->cursor, sha256)) {
        return damaged(of, "a fingerprint or the digest");
    }
    if (of->last && memcmp(of->last->sha256, sha256, sizeof sha256) >= 0) {
        of->cursor = before;
        return damaged(of, "the order of fingerprints");
    }
    if (of->count == SVMS_EXPIRY_MAX) {
        return svms_fail_at(of->err, SVMS_E_LIMIT, svms_cursor_offset(&before),
                            "the text of an inventory names more than %d certificates",
                            SVMS_EXPIRY_MAX);
    }
    expiry_certificate *certificate = svms_expiry_certificate_new(of->expiry, sha256);
    if (!certificate) {
        return svms_fail_memory(of->err);
    }
    if (of->last) {
        of->last->next = certificate;
    } else {
        of->first = certificate;
    }
    of->last = certificate;
    of->count++;
    return read_rest(of, certificate);
}

static svms_status read_ending(reading *of, size_t covered)
{
    uint8_t said[SVMS_DIGEST_SIZE];
    uint8_t computed[SVMS_DIGEST_SIZE];
    svms_iovec all = { of->text, covered };
    if (!take_text(&of->cursor, ending) || !take_hex(&of->cursor, said) ||
        !take_text(&of->cursor, "\n")) {
        return damaged(of, "its digest");
    }
    if (!svms_cursor_at_end(&of->cursor)) {
        return damaged(of, "an end behind its digest");
    }
    svms_status status = svms_sha256(of->expiry->ctx, &all, 1, computed, of->err);
    if (status == SVMS_OK && memcmp(said, computed, sizeof said) != 0) {
        return svms_fail_at(of->err, SVMS_E_MALFORMED, covered,
                            "the text of an inventory is damaged: its digest is another one");
    }
    return status;
}

static svms_status read_all(reading *of)
{
    svms_status status = SVMS_OK;
    if (!take_text(&of->cursor, heading)) {
        return damaged(of, "its heading");
    }
    if (!take_text(&of->cursor, version)) {
        status = svms_cursor_at_end(&of->cursor) ? SVMS_E_TRUNCATED : SVMS_E_UNSUPPORTED;
        return svms_fail_at(of->err, status, svms_cursor_offset(&of->cursor),
                            "the text of an inventory is not of version 1");
    }
    while (status == SVMS_OK && peek(&of->cursor) != (uint8_t)ending[0]) {
        status = read_certificate(of);
    }
    return status == SVMS_OK ? read_ending(of, of->cursor.position) : status;
}

/* Nothing can fail any more. */
static void join_all(reading *of)
{
    while (of->first) {
        expiry_certificate *certificate = of->first;
        of->first = certificate->next;
        certificate->next = NULL;
        svms_expiry_remember(of->expiry, certificate);
    }
    svms_expiry_make_room(of->expiry);
}

static void release_all(reading *of)
{
    while (of->first) {
        expiry_certificate *certificate = of->first;
        of->first = certificate->next;
        svms_expiry_release(of->expiry, certificate);
    }
}

svms_status svms_expiry_restore(svms_expiry *expiry, const char *text, size_t size, svms_error *err)
{
    svms_status status = svms_expiry_usable(expiry, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!text) {
        return svms_fail(err, SVMS_E_USAGE, "no text of an inventory was given");
    }
    if (size > SVMS_EXPIRY_TEXT_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "the text of an inventory has more than %zu bytes",
                         SVMS_EXPIRY_TEXT_MAX);
    }
    reading of = { expiry, svms_cursor_over(text, size, 0), (const uint8_t *)text, NULL, NULL, 0,
                   err };
    status = read_all(&of);
    if (status == SVMS_OK) {
        join_all(&of);
    } else {
        release_all(&of);
    }
    return status;
}
