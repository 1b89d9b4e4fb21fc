/* SPDX-License-Identifier: Apache-2.0 */
#include "password_phc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "cursor.h"
#include "failure.h"

#define NUMBER_DIGITS_MAX 10
#define ARGON2_VERSION 19u
#define SCHEME_NAME_MAX 32
/* 128 bytes for each of N blocks and each r: as much as Argon2id may take. */
#define SCRYPT_LOG2_N_MOST 23u
#define SCRYPT_BLOCKS_MAX (UINT64_C(1) << 23)

typedef struct phc_reader {
    svms_cursor cursor;
    svms_error *err;
    svms_status status; /* the first failure stays */
} phc_reader;

static void refuse(phc_reader *reader, svms_status status, const char *words)
{
    if (reader->status == SVMS_OK) {
        reader->status = svms_fail_at(reader->err, status, svms_cursor_offset(&reader->cursor),
                                      "a hashed password %s", words);
    }
}

static int peek(const phc_reader *reader)
{
    svms_cursor ahead = reader->cursor;
    uint8_t next = svms_read_u8(&ahead);
    return ahead.failed ? -1 : next;
}

static void expect(phc_reader *reader, const char *text, const char *words)
{
    size_t size = strlen(text);
    svms_cursor ahead = reader->cursor;
    const uint8_t *found = svms_read_bytes(&ahead, size);
    if (reader->status != SVMS_OK) {
        return;
    }
    if (!found || memcmp(found, text, size) != 0) {
        refuse(reader, SVMS_E_MALFORMED, words);
        return;
    }
    reader->cursor = ahead;
}

/* A decimal number in its one spelling. */
static uint32_t read_number(phc_reader *reader)
{
    uint64_t number = 0;
    int digits = 0;
    if (reader->status != SVMS_OK) {
        return 0;
    }
    bool starts_with_zero = peek(reader) == '0';
    while (peek(reader) >= '0' && peek(reader) <= '9') {
        if (digits == NUMBER_DIGITS_MAX) {
            refuse(reader, SVMS_E_MALFORMED, "has a number with too many digits");
            return 0;
        }
        number = number * 10 + (uint64_t)(svms_read_u8(&reader->cursor) - '0');
        digits++;
    }
    if (digits == 0) {
        refuse(reader, SVMS_E_MALFORMED, "has no number where one is due");
    } else if (starts_with_zero && digits > 1) {
        refuse(reader, SVMS_E_MALFORMED, "has a number with a zero in front");
    }
    return number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

/* Up to the next dollar sign or the end. */
static size_t read_bytes(phc_reader *reader, size_t least, uint8_t out[SVMS_PHC_BYTES_MAX],
                         const char *what)
{
    char words[64];
    size_t characters = 0;
    if (reader->status != SVMS_OK) {
        return 0;
    }
    svms_cursor ahead = reader->cursor;
    while (svms_cursor_left(&ahead) > 0 && svms_read_u8(&ahead) != '$') {
        characters++;
    }
    size_t size = svms_base64url_decoded_size(characters);
    if (size != SIZE_MAX && (size < least || size > SVMS_PHC_BYTES_MAX)) {
        snprintf(words, sizeof words, "has a %s of %zu bytes", what, size);
        refuse(reader, SVMS_E_LIMIT, words);
        return 0;
    }
    const char *text = (const char *)(reader->cursor.data + reader->cursor.position);
    if (size == SIZE_MAX || !svms_base64_decode(text, characters, out)) {
        snprintf(words, sizeof words, "has a %s that is no base64 without padding", what);
        refuse(reader, SVMS_E_MALFORMED, words);
        return 0;
    }
    (void)svms_skip(&reader->cursor, characters);
    return size;
}

static uint32_t read_cost(phc_reader *reader, const char *name, uint32_t most)
{
    char words[64];
    snprintf(words, sizeof words, "has no '%s' where it is due", name);
    expect(reader, name, words);
    svms_cursor place = reader->cursor;
    uint32_t number = read_number(reader);
    if (reader->status == SVMS_OK && (number == 0 || number > most)) {
        reader->cursor = place;
        snprintf(words, sizeof words, "has %s%" PRIu32 ": 1 to %" PRIu32 " are possible",
                 name[0] == 'l' ? name : name + 1, number, most);
        refuse(reader, SVMS_E_LIMIT, words);
    }
    return number;
}

static void read_argon2id(phc_reader *reader, svms_phc *out)
{
    out->scheme = SVMS_PASSWORD_ARGON2ID;
    expect(reader, "v=", "names no version of Argon2");
    if (read_number(reader) != ARGON2_VERSION) {
        refuse(reader, SVMS_E_UNSUPPORTED, "is of another version of Argon2 than 1.3");
    }
    out->memory_kib = read_cost(reader, "$m=", SVMS_PHC_MEMORY_MAX);
    out->passes = read_cost(reader, ",t=", SVMS_PHC_PASSES_MAX);
    out->lanes = read_cost(reader, ",p=", SVMS_PHC_LANES_MAX);
}

static void read_scrypt(phc_reader *reader, svms_phc *out)
{
    out->scheme = SVMS_PASSWORD_SCRYPT;
    out->log2_n = read_cost(reader, "ln=", SCRYPT_LOG2_N_MOST);
    out->block_factor = read_cost(reader, ",r=", SVMS_PHC_BLOCK_MAX);
    out->passes = read_cost(reader, ",p=", SVMS_PHC_LANES_MAX);
}

static bool is_of_name(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static void read_scheme(phc_reader *reader, svms_phc *out)
{
    char name[SCHEME_NAME_MAX + 1] = { 0 };
    size_t length = 0;
    expect(reader, "$", "does not begin with '$'");
    svms_cursor ahead = reader->cursor;
    uint8_t next = svms_read_u8(&ahead);
    while (is_of_name(next) && length < SCHEME_NAME_MAX) {
        name[length++] = (char)next;
        next = svms_read_u8(&ahead);
    }
    if (next != '$' || length == 0) {
        refuse(reader, SVMS_E_MALFORMED, "names no scheme");
        return;
    }
    if (strcmp(name, "argon2id") == 0) {
        reader->cursor = ahead;
        read_argon2id(reader, out);
    } else if (strcmp(name, "scrypt") == 0) {
        reader->cursor = ahead;
        read_scrypt(reader, out);
    } else {
        refuse(reader, SVMS_E_UNSUPPORTED, "is of a scheme that is not known here");
    }
}

svms_status svms_phc_check(const svms_phc *phc, svms_error *err)
{
    if (phc->scheme == SVMS_PASSWORD_ARGON2ID) {
        return phc->memory_kib < SVMS_PHC_LANE_MEMORY * phc->lanes
                   ? svms_fail(err, SVMS_E_LIMIT, "a hashed password has less than %u KiB a lane",
                               SVMS_PHC_LANE_MEMORY)
                   : SVMS_OK;
    }
    /* RFC 7914, section 2: N is less than 2^(128 r / 8). */
    if (phc->log2_n >= 16 * phc->block_factor) {
        return svms_fail(err, SVMS_E_LIMIT, "a hashed password has more blocks than its r allows");
    }
    return ((uint64_t)phc->block_factor << phc->log2_n) > SCRYPT_BLOCKS_MAX
               ? svms_fail(err, SVMS_E_LIMIT, "a hashed password takes more than 1 GiB")
               : SVMS_OK;
}

svms_status svms_phc_read(svms_phc *out, const char *text, size_t size, svms_error *err)
{
    phc_reader reader = { svms_cursor_over(text, size, 0), err, SVMS_OK };
    svms_phc phc = { 0 };
    read_scheme(&reader, &phc);
    expect(&reader, "$", "has no '$' before its salt");
    phc.salt_size = read_bytes(&reader, SVMS_PHC_SALT_LEAST, phc.salt, "salt");
    expect(&reader, "$", "has no '$' before its hash");
    phc.hash_size = read_bytes(&reader, SVMS_PHC_HASH_LEAST, phc.hash, "hash");
    if (reader.status == SVMS_OK && !svms_cursor_at_end(&reader.cursor)) {
        refuse(&reader, SVMS_E_MALFORMED, "goes on behind its hash");
    }
    if (reader.status == SVMS_OK) {
        reader.status = svms_phc_check(&phc, err);
    }
    if (reader.status == SVMS_OK) {
        *out = phc;
    }
    svms_wipe(&phc, sizeof phc);
    return reader.status;
}

static void put_numbers(svms_builder *out, const svms_phc *phc)
{
    char text[64];
    int length =
        phc->scheme == SVMS_PASSWORD_ARGON2ID
            ? snprintf(text, sizeof text, "$argon2id$v=%u$m=%u,t=%u,p=%u$", ARGON2_VERSION,
                       (unsigned)phc->memory_kib, (unsigned)phc->passes, (unsigned)phc->lanes)
            : snprintf(text, sizeof text, "$scrypt$ln=%u,r=%u,p=%u$", (unsigned)phc->log2_n,
                       (unsigned)phc->block_factor, (unsigned)phc->passes);
    svms_put_bytes(out, text, (size_t)length);
}

void svms_put_phc(svms_builder *out, const svms_phc *phc)
{
    put_numbers(out, phc);
    svms_put_base64(out, phc->salt, phc->salt_size);
    svms_put_u8(out, '$');
    svms_put_base64(out, phc->hash, phc->hash_size);
}
