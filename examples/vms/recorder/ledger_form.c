/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger_form.h"

#include <string.h>

#include <openssl/evp.h>

#include "recorder_failure.h"

#define FRONT_FIXED 16u
#define CHECK_SIZE 4u
#define CHECKED_SIZE (LEDGER_HEAD_SIZE - CHECK_SIZE)
/* Behind each statement, which is the last of an entry: no whole one ends in a zero (L-TRN-2). */
#define STATEMENT_END 0x0a

static const uint8_t front_fixed[FRONT_FIXED] = { 'S', 'V', 'M', 'S', 'L', 'D', 'G', 0x0a,
                                                  0,   1,   0,   0,   0,   0,   0,   0 };
static const uint8_t entry_magic[4] = { 'S', 'V', 'L', 'E' };

/* All that is read or written goes through here. */
typedef struct cursor {
    uint8_t *out;
    const uint8_t *in;
    size_t left;
    bool failed;
} cursor;

static const uint8_t *take(cursor *self, size_t size)
{
    if (self->failed || size > self->left) {
        self->failed = true;
        return NULL;
    }
    const uint8_t *taken = self->in;
    self->in += size;
    self->left -= size;
    return taken;
}

static uint64_t take_number(cursor *self, size_t width)
{
    const uint8_t *bytes = take(self, width);
    uint64_t number = 0;
    for (size_t i = 0; bytes && i < width; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}

static void put(cursor *self, const void *bytes, size_t size)
{
    if (self->failed || size > self->left) {
        self->failed = true;
        return;
    }
    if (size > 0) {
        memcpy(self->out, bytes, size);
    }
    self->out += size;
    self->left -= size;
}

static void put_number(cursor *self, uint64_t number, size_t width)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < width; i++) {
        bytes[i] = (uint8_t)(number >> (8 * (width - 1 - i)));
    }
    put(self, bytes, width);
}

bool ledger_hash(uint8_t out[LEDGER_HASH_SIZE], const void *bytes, size_t size)
{
    unsigned written = 0;
    return EVP_Digest(bytes, size, out, &written, EVP_sha256(), NULL) == 1 &&
           written == LEDGER_HASH_SIZE;
}

void ledger_write_front(uint8_t out[LEDGER_FRONT_SIZE], const uint8_t id[16])
{
    memcpy(out, front_fixed, FRONT_FIXED);
    memcpy(out + FRONT_FIXED, id, 16);
}

svms_status ledger_check_front(const uint8_t front[LEDGER_FRONT_SIZE], svms_error *err)
{
    if (memcmp(front, front_fixed, 8) != 0) {
        return recorder_fail(err, SVMS_E_MALFORMED, 0, "it is no ledger");
    }
    return memcmp(front, front_fixed, FRONT_FIXED) == 0
               ? SVMS_OK
               : recorder_fail(err, SVMS_E_UNSUPPORTED, 0, "a ledger of another version");
}

bool ledger_is_front_begun(const uint8_t *bytes, size_t size)
{
    return memcmp(bytes, front_fixed, size < FRONT_FIXED ? size : FRONT_FIXED) == 0;
}

bool ledger_is_entry_begun(const uint8_t *bytes, size_t size)
{
    return memcmp(bytes, entry_magic, size < sizeof entry_magic ? size : sizeof entry_magic) == 0;
}

bool ledger_write_head(uint8_t out[LEDGER_HEAD_SIZE], const ledger_head *head)
{
    uint8_t hash[LEDGER_HASH_SIZE];
    cursor to = { out, NULL, LEDGER_HEAD_SIZE, false };
    put(&to, entry_magic, sizeof entry_magic);
    put_number(&to, head->statement_size, 4);
    put_number(&to, head->chain_size, 4);
    put_number(&to, head->signature_size, 2);
    put_number(&to, head->algorithm, 2);
    if (!ledger_hash(hash, out, CHECKED_SIZE)) {
        return false;
    }
    put(&to, hash, CHECK_SIZE);
    return !to.failed;
}

bool ledger_read_head(ledger_head *out, const uint8_t bytes[LEDGER_HEAD_SIZE])
{
    uint8_t hash[LEDGER_HASH_SIZE];
    cursor from = { NULL, bytes, LEDGER_HEAD_SIZE, false };
    const uint8_t *magic = take(&from, sizeof entry_magic);
    ledger_head head = { 0 };
    head.statement_size = (uint32_t)take_number(&from, 4);
    head.chain_size = (uint32_t)take_number(&from, 4);
    head.signature_size = (uint16_t)take_number(&from, 2);
    head.algorithm = (uint16_t)take_number(&from, 2);
    const uint8_t *check = take(&from, CHECK_SIZE);
    if (!magic || !check || memcmp(magic, entry_magic, sizeof entry_magic) != 0 ||
        !ledger_hash(hash, bytes, CHECKED_SIZE) || memcmp(check, hash, CHECK_SIZE) != 0) {
        return false;
    }
    *out = head;
    return head.statement_size > 0 && head.statement_size <= LEDGER_STATEMENT_MAX &&
           head.chain_size <= LEDGER_CHAIN_MAX && head.signature_size > 0 &&
           head.signature_size <= LEDGER_SIGNATURE_MAX;
}

size_t ledger_entry_size(const ledger_head *head)
{
    return (size_t)LEDGER_HEAD_SIZE + head->chain_size + head->signature_size +
           head->statement_size;
}

/* How many bytes a character of UTF-8 takes, if it may stand in a text; else 0. */
static size_t character(const uint8_t *at, size_t left)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t size = 1;
    if (at[0] < 0x80) {
        return at[0] >= 0x20 && at[0] != 0x7f ? 1 : 0;
    }
    if (at[0] >= 0xc2 && at[0] <= 0xf4) {
        size = at[0] < 0xe0 ? 2u : at[0] < 0xf0 ? 3u : 4u;
    }
    if (size < 2 || size > left) {
        return 0;
    }
    uint32_t code = at[0] & (0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (at[i] & 0x3fu);
    }
    bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
    return code >= least[size] && code <= 0x10ffff && code >= 0xa0 && !is_surrogate ? size : 0;
}

static bool is_text(const uint8_t *bytes, size_t size)
{
    size_t at = 0;
    while (at < size) {
        size_t step = character(bytes + at, size - at);
        if (step == 0) {
            return false;
        }
        at += step;
    }
    return true;
}

static bool is_id(const char *text)
{
    for (size_t i = 0; i < LEDGER_ID_SIZE; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !text[i] || !strchr("0123456789abcdef", text[i])) {
            return false;
        }
    }
    return text[LEDGER_ID_SIZE] == '\0';
}

static bool is_camera(const char *text)
{
    size_t size = strlen(text);
    return size >= 1 && size <= LEDGER_CAMERA_MAX && text[0] != '.' &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") ==
               size;
}

/* What holds for an entry, whoever made it (L-STM-3 to L-STM-6). */
static bool is_allowed(const ledger_entry *entry)
{
    size_t who = strlen(entry->who);
    size_t why = strlen(entry->why);
    bool has_range = entry->camera != NULL;
    return is_id(entry->id) && who >= 1 && who <= LEDGER_WHO_MAX && why <= LEDGER_WHY_MAX &&
           is_text((const uint8_t *)entry->who, who) && is_text((const uint8_t *)entry->why, why) &&
           has_range == (entry->kind != LEDGER_UNLOCK) &&
           (has_range ? is_camera(entry->camera) && entry->from_utc_ns < entry->to_utc_ns
                      : entry->from_utc_ns == 0 && entry->to_utc_ns == 0);
}

static void put_text(cursor *to, const char *text)
{
    size_t size = text ? strlen(text) : 0;
    put_number(to, size, 2);
    put(to, text, size);
}

svms_status ledger_write_statement(uint8_t out[LEDGER_STATEMENT_MAX], size_t *size,
                                   const uint8_t before[LEDGER_HASH_SIZE], uint64_t number,
                                   const ledger_entry *entry, svms_error *err)
{
    static const uint8_t end = STATEMENT_END;
    if (!entry->id || !entry->who || !entry->why || !is_allowed(entry)) {
        return recorder_fail(err, SVMS_E_USAGE, 0,
                             "id, camera, range, name or reason may not stand in the ledger");
    }
    cursor to = { out, NULL, LEDGER_STATEMENT_MAX, false };
    put(&to, before, LEDGER_HASH_SIZE);
    put_number(&to, number, 8);
    put_number(&to, (uint64_t)entry->utc_ns, 8);
    put_number(&to, (uint64_t)entry->kind + 1, 2);
    put_number(&to, 0, 2);
    put_number(&to, (uint64_t)entry->from_utc_ns, 8);
    put_number(&to, (uint64_t)entry->to_utc_ns, 8);
    put_text(&to, entry->id);
    put_text(&to, entry->camera);
    put_text(&to, entry->who);
    put_text(&to, entry->why);
    put(&to, &end, 1);
    *size = LEDGER_STATEMENT_MAX - to.left;
    return to.failed ? recorder_fail(err, SVMS_E_LIMIT, 0, "an entry of the ledger is too long")
                     : SVMS_OK;
}

static bool take_text(cursor *from, char *out, size_t most)
{
    size_t size = (size_t)take_number(from, 2);
    const uint8_t *bytes = size <= most ? take(from, size) : NULL;
    if (!bytes || !is_text(bytes, size)) {
        return false;
    }
    memcpy(out, bytes, size);
    out[size] = '\0';
    return true;
}

bool ledger_read_statement(ledger_statement *out, const uint8_t *bytes, size_t size)
{
    cursor from = { NULL, bytes, size, false };
    ledger_entry *entry = &out->entry;
    const uint8_t *before = take(&from, LEDGER_HASH_SIZE);
    memset(out, 0, sizeof *out);
    if (before) {
        memcpy(out->before, before, LEDGER_HASH_SIZE);
    }
    out->number = take_number(&from, 8);
    entry->utc_ns = (int64_t)take_number(&from, 8);
    uint64_t kind = take_number(&from, 2);
    uint64_t zero = take_number(&from, 2);
    entry->from_utc_ns = (int64_t)take_number(&from, 8);
    entry->to_utc_ns = (int64_t)take_number(&from, 8);
    if (!take_text(&from, out->id, LEDGER_ID_SIZE) ||
        !take_text(&from, out->camera, LEDGER_CAMERA_MAX) ||
        !take_text(&from, out->who, LEDGER_WHO_MAX) ||
        !take_text(&from, out->why, LEDGER_WHY_MAX)) {
        return false;
    }
    uint64_t end = take_number(&from, 1);
    if (from.failed || from.left > 0 || end != STATEMENT_END || zero != 0 || kind < 1 || kind > 3) {
        return false;
    }
    entry->kind = (ledger_kind)(kind - 1);
    entry->id = out->id;
    entry->camera = out->camera[0] ? out->camera : NULL;
    entry->who = out->who;
    entry->why = out->why;
    return is_allowed(entry);
}
