/* SPDX-License-Identifier: Apache-2.0 */
#include "container_erase.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "recorder_failure.h"

/* Places in a container: container.md, sections 5, 6 and 9. */
#define FIXED_SIZE 72u
#define HEADER_MAX 262144u
#define FIELD_SIZE 8u
#define KEYS_TAG 6u
#define KEYS_SIZE 36u
#define ROLE_AT 30u
#define RECORD_HEADER_SIZE 16u
#define SIGNATURE_TYPE 4u
#define SIGNATURE_RECORD_MAX 16384u
#define SLOT_MIN 512u
#define SLOT_MAX 65536u
#define PIECE_SIZE ((size_t)1024 * 1024)

static const uint8_t magic[8] = { 0x8a, 0x53, 0x56, 0x4d, 0x0d, 0x0a, 0x1a, 0x0a };
static const uint8_t slot_magic[4] = { 'S', 'V', 'M', 'A' };

typedef struct stretch {
    uint64_t from;
    uint64_t to;
} stretch;

static uint32_t number(const uint8_t *bytes, size_t width)
{
    uint32_t value = 0;
    for (size_t i = 0; i < width; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

/* *got: fewer than size at the end only. */
static svms_status read_bytes(const svms_store *store, uint64_t at, uint8_t *out, size_t size,
                              size_t *got, svms_error *err)
{
    int os_error = 0;
    svms_status status = store->read_at(store->user, at, out, size, got, &os_error);
    return status == SVMS_OK ? SVMS_OK
                             : recorder_fail(err, status, os_error, "a container cannot be read");
}

/* Size of a slot, as tag 6 says; 0: there is no such tag, or the fields break a rule. */
static uint32_t find_slot_size(const uint8_t *header, uint32_t size)
{
    uint32_t at = FIXED_SIZE;
    while (size - at >= FIELD_SIZE) {
        uint32_t tag = number(header + at, 2);
        uint32_t length = number(header + at + 4, 4);
        at += FIELD_SIZE;
        if (length > size - at) {
            return 0;
        }
        if (tag == KEYS_TAG) {
            uint32_t slot = length == KEYS_SIZE ? number(header + at + KEYS_SIZE - 4, 4) : 0;
            return slot >= SLOT_MIN && slot <= SLOT_MAX ? slot : 0;
        }
        at += length;
    }
    return 0;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

/* Where the signature of the header ends. */
static svms_status skip_signature(const svms_store *store, const uint8_t *header, uint64_t *at,
                                  bool *found, svms_error *err)
{
    uint8_t record[RECORD_HEADER_SIZE];
    size_t got = 0;
    *found = header[ROLE_AT] == 0;
    if (*found) {
        return SVMS_OK;
    }
    svms_status status = read_bytes(store, *at, record, sizeof record, &got, err);
    if (status == SVMS_OK && got == sizeof record && record[0] == SIGNATURE_TYPE &&
        number(record + 4, 4) <= SIGNATURE_RECORD_MAX) {
        *at += RECORD_HEADER_SIZE + number(record + 4, 4);
        *found = true;
    }
    return status;
}

/* *out: the two slots; from == to where they are not found. */
static svms_status find_in(const svms_store *store, const uint8_t *header, uint32_t size,
                           stretch *out, svms_error *err)
{
    uint8_t begin[sizeof slot_magic];
    size_t got = 0;
    bool found = false;
    uint64_t at = size;
    uint32_t slot = find_slot_size(header, size);
    svms_status status = slot > 0 ? skip_signature(store, header, &at, &found, err) : SVMS_OK;
    if (status == SVMS_OK && found) {
        status = read_bytes(store, at, begin, sizeof begin, &got, err);
        bool is_slot = got == sizeof begin && (memcmp(begin, slot_magic, sizeof begin) == 0 ||
                                               is_zero(begin, sizeof begin));
        *out = (stretch){ at, is_slot ? at + 2 * (uint64_t)slot : at };
    }
    return status;
}

static svms_status find_slots(const svms_store *store, stretch *out, svms_error *err)
{
    uint8_t fixed[FIXED_SIZE];
    size_t got = 0;
    *out = (stretch){ 0, 0 };
    svms_status status = read_bytes(store, 0, fixed, sizeof fixed, &got, err);
    uint32_t size = number(fixed + 20, 4);
    if (status != SVMS_OK || got != sizeof fixed || memcmp(fixed, magic, sizeof magic) != 0 ||
        size < FIXED_SIZE || size > HEADER_MAX) {
        return status;
    }
    uint8_t *header = malloc(size);
    if (!header) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory for a header");
    }
    status = read_bytes(store, 0, header, size, &got, err);
    if (status == SVMS_OK && got == size) {
        status = find_in(store, header, size, out, err);
    }
    free(header);
    return status;
}

static svms_status overwrite(const svms_store *store, stretch where, svms_error *err)
{
    int os_error = 0;
    uint8_t *zeros = calloc(1, PIECE_SIZE);
    if (!zeros) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory for overwriting");
    }
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && where.from < where.to) {
        uint64_t left = where.to - where.from;
        size_t size = left < PIECE_SIZE ? (size_t)left : PIECE_SIZE;
        status = store->write_at(store->user, where.from, zeros, size, &os_error);
        where.from += size;
    }
    if (status == SVMS_OK) {
        status = store->sync(store->user, &os_error);
    }
    free(zeros);
    return status == SVMS_OK
               ? SVMS_OK
               : recorder_fail(err, status, os_error, "a container cannot be overwritten");
}

svms_status container_erase(svms_ctx *ctx, const char *path, svms_error *err)
{
    svms_store store = SVMS_STORE_INIT;
    stretch slots = { 0, 0 };
    uint64_t size = 0;
    int os_error = 0;
    svms_status status = svms_store_open_file(&store, ctx, path, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = store.get_size(store.user, &size, &os_error);
    if (status != SVMS_OK) {
        (void)recorder_fail(err, status, os_error, "a container has no size");
    }
    if (status == SVMS_OK) {
        status = find_slots(&store, &slots, err);
    }
    if (status == SVMS_OK) {
        bool found = slots.from < slots.to && slots.to <= size;
        status = overwrite(&store, found ? slots : (stretch){ 0, size }, err);
    }
    svms_store_close(&store);
    return status;
}
