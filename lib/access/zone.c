/* SPDX-License-Identifier: Apache-2.0 */
#include "zone.h"

#include <string.h>

#include "cursor.h"
#include "failure.h"
#include "zone_rule.h"

#define TYPES_MAX 256
#define CHANGES_MAX 4096
#define HEADER_RESERVED 15
#define TYPE_SIZE 6
/* RFC 8536, 3.2: offsets of the world lie in here. */
#define OFFSET_LEAST (-89999)
#define OFFSET_MOST 93599

struct svms_zone {
    svms_ctx *ctx;
    char name[SVMS_ZONE_NAME_MAX + 1];
    size_t count;
    int64_t *changes; /* ascending */
    uint8_t *types;   /* of what begins with each */
    size_t type_count;
    int32_t offsets[TYPES_MAX];
    bool has_rule;
    svms_zone_rule rule;
};

typedef struct header {
    uint8_t version;
    uint32_t utc_flags;
    uint32_t standard_flags;
    uint32_t leaps;
    uint32_t changes;
    uint32_t types;
    uint32_t characters;
} header;

static bool is_fit(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '+' || c == '-';
}

bool svms_zone_name_is_fit(const char *name)
{
    size_t size = strnlen(name, SVMS_ZONE_NAME_MAX + 1);
    bool begins = true;
    if (size == 0 || size > SVMS_ZONE_NAME_MAX) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        char c = name[i];
        bool may_begin = c != '+' && c != '-' && c != '/';
        if ((c != '/' && !is_fit(c)) || (begins && !may_begin)) {
            return false;
        }
        begins = c == '/';
    }
    return !begins;
}

static header read_header(svms_cursor *file)
{
    header found = { 0 };
    const uint8_t *magic = svms_read_bytes(file, 4);
    if (!magic || memcmp(magic, "TZif", 4) != 0) {
        file->failed = true;
    }
    found.version = svms_read_u8(file);
    (void)svms_skip(file, HEADER_RESERVED);
    found.utc_flags = svms_read_u32(file);
    found.standard_flags = svms_read_u32(file);
    found.leaps = svms_read_u32(file);
    found.changes = svms_read_u32(file);
    found.types = svms_read_u32(file);
    found.characters = svms_read_u32(file);
    if (found.types == 0 || found.types > TYPES_MAX || found.changes > CHANGES_MAX) {
        file->failed = true;
    }
    return found;
}

/* The block with times of 32 bits, which readers of the other one pass over. */
static void skip_block(svms_cursor *file, const header *of)
{
    uint64_t size = (uint64_t)of->changes * 5 + (uint64_t)of->types * TYPE_SIZE + of->characters +
                    (uint64_t)of->leaps * 8 + of->standard_flags + of->utc_flags;
    (void)(size <= svms_cursor_left(file) ? svms_skip(file, (size_t)size) : (file->failed = true));
}

static void read_changes(svms_zone *zone, svms_cursor *file, const header *of)
{
    for (uint32_t i = 0; i < of->changes; i++) {
        zone->changes[i] = svms_read_i64(file);
        if (i > 0 && zone->changes[i] <= zone->changes[i - 1]) {
            file->failed = true;
        }
    }
    for (uint32_t i = 0; i < of->changes; i++) {
        zone->types[i] = svms_read_u8(file);
        if (zone->types[i] >= of->types) {
            file->failed = true;
        }
    }
    zone->count = of->changes;
}

static void read_types(svms_zone *zone, svms_cursor *file, const header *of)
{
    for (uint32_t i = 0; i < of->types; i++) {
        zone->offsets[i] = svms_read_i32(file);
        (void)svms_skip(file, TYPE_SIZE - 4);
        if (zone->offsets[i] < OFFSET_LEAST || zone->offsets[i] > OFFSET_MOST) {
            file->failed = true;
        }
    }
    zone->type_count = of->types;
}

/* R-WIN-3: leap seconds are not counted; a file that counts them is of the "right" kind. */
static void read_rest(svms_zone *zone, svms_cursor *file, const header *of)
{
    uint64_t size = (uint64_t)of->characters + of->standard_flags + of->utc_flags;
    if (of->leaps != 0 || size > svms_cursor_left(file)) {
        file->failed = true;
        return;
    }
    (void)svms_skip(file, (size_t)size);
    if (svms_read_u8(file) != '\n') {
        file->failed = true;
    }
    size_t left = svms_cursor_left(file);
    const uint8_t *text = svms_read_bytes(file, left);
    if (file->failed || left == 0 || text[left - 1] != '\n') {
        file->failed = true;
        return;
    }
    zone->has_rule = left > 1;
    if (zone->has_rule && !svms_zone_rule_parse(&zone->rule, text, left - 1)) {
        file->failed = true;
    }
}

static svms_status read_zone(svms_zone *zone, svms_cursor *file, svms_error *err)
{
    header of = read_header(file);
    if (!file->failed && of.version >= '2') {
        skip_block(file, &of);
        of = read_header(file);
    } else {
        file->failed = true;
    }
    if (!file->failed && of.changes > 0) {
        zone->changes = svms_alloc_array(zone->ctx, of.changes, sizeof *zone->changes);
        zone->types = svms_alloc(zone->ctx, of.changes);
        if (!zone->changes || !zone->types) {
            return svms_fail_memory(err);
        }
    }
    if (!file->failed) {
        read_changes(zone, file, &of);
        read_types(zone, file, &of);
        read_rest(zone, file, &of);
    }
    if (file->failed) {
        return svms_fail_at(err, SVMS_E_MALFORMED, svms_cursor_offset(file),
                            "the time zone %s is no TZif file of version 2 or later", zone->name);
    }
    return SVMS_OK;
}

svms_status svms_zone_parse(svms_zone **out, svms_ctx *ctx, const char *name, const void *data,
                            size_t size, svms_error *err)
{
    svms_cursor file = svms_cursor_over(data, size, 0);
    svms_zone *zone = svms_alloc(ctx, sizeof *zone);
    if (!zone) {
        return svms_fail_memory(err);
    }
    zone->ctx = ctx;
    memcpy(zone->name, name, strnlen(name, SVMS_ZONE_NAME_MAX));
    svms_status status =
        size > SVMS_ZONE_FILE_MAX
            ? svms_fail(err, SVMS_E_MALFORMED, "the time zone %s is too large", zone->name)
            : read_zone(zone, &file, err);
    if (status == SVMS_OK) {
        *out = zone;
    } else {
        svms_zone_free(&zone);
    }
    return status;
}

svms_status svms_zone_make_utc(svms_zone **out, svms_ctx *ctx, svms_error *err)
{
    static const char name[] = "UTC";
    svms_zone *zone = svms_alloc(ctx, sizeof *zone);
    if (!zone) {
        return svms_fail_memory(err);
    }
    zone->ctx = ctx;
    zone->type_count = 1;
    memcpy(zone->name, name, sizeof name);
    *out = zone;
    return SVMS_OK;
}

void svms_zone_free(svms_zone **zone)
{
    if (!zone || !*zone) {
        return;
    }
    svms_release((*zone)->ctx, (*zone)->changes);
    svms_release((*zone)->ctx, (*zone)->types);
    svms_release((*zone)->ctx, *zone);
    *zone = NULL;
}

const char *svms_zone_name(const svms_zone *zone)
{
    return zone->name;
}

/* Number of changes at or before a second. */
static size_t changes_until(const svms_zone *zone, int64_t utc_s)
{
    size_t least = 0;
    size_t most = zone->count;
    while (least < most) {
        size_t middle = least + (most - least) / 2;
        if (zone->changes[middle] <= utc_s) {
            least = middle + 1;
        } else {
            most = middle;
        }
    }
    return least;
}

int32_t svms_zone_offset(const svms_zone *zone, int64_t utc_s)
{
    size_t past = changes_until(zone, utc_s);
    if (past == zone->count && zone->has_rule) {
        return svms_zone_rule_offset(&zone->rule, utc_s);
    }
    return past > 0 ? zone->offsets[zone->types[past - 1]] : zone->offsets[0];
}

int64_t svms_zone_next_change(const svms_zone *zone, int64_t utc_s)
{
    size_t past = changes_until(zone, utc_s);
    if (past < zone->count) {
        return zone->changes[past];
    }
    return zone->has_rule ? svms_zone_rule_next_change(&zone->rule, utc_s) : SVMS_NEVER;
}
