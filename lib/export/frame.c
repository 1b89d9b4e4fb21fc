/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"

#include <string.h>

#include <svms/export.h>

#include "failure.h"
#include "format.h"

/* Which numbers a frame of some kind may have. */
typedef enum number_rule {
    NUMBER_SOURCE,
    NUMBER_ATTACHMENT,
    NUMBER_SEGMENT,
    NUMBER_SEGMENT_OR_NONE,
    NUMBER_NONE,
    NUMBER_ZERO,
    NUMBER_ENTRIES
} number_rule;

#define IN_PACKAGE 1u
#define IN_PROOF 2u

/* One row of the table in section 3. */
typedef struct kind_rule {
    uint8_t kinds_of_file;
    uint8_t flags; /* that may stand */
    bool has_secrets;
    bool has_body;
    bool has_closing;
    bool may_be_empty; /* its body */
    bool has_origin;
    number_rule number;
} kind_rule;

#define IN_BOTH (IN_PACKAGE | IN_PROOF)

static const kind_rule rules[] = {
    [SVMS_FRAME_SOURCE] = { IN_BOTH, SVMS_FRAME_UNVERIFIED, false, false, true, false, false,
                            NUMBER_SOURCE },
    [SVMS_FRAME_SEGMENT] = { IN_PACKAGE,
                             SVMS_FRAME_SEALED | SVMS_FRAME_REMOVED | SVMS_FRAME_UNVERIFIED, true,
                             true, true, false, true, NUMBER_SEGMENT },
    [SVMS_FRAME_MANIFEST] = { IN_BOTH, 0, false, false, true, false, true, NUMBER_SEGMENT },
    [SVMS_FRAME_RECORD] = { IN_BOTH, 0, false, false, true, false, true, NUMBER_SEGMENT_OR_NONE },
    [SVMS_FRAME_END] = { IN_BOTH, 0, false, false, true, false, true, NUMBER_NONE },
    [SVMS_FRAME_FRAGMENT] = { IN_PACKAGE, SVMS_FRAME_SEALED | SVMS_FRAME_UNVERIFIED, false, true,
                              false, false, true, NUMBER_SEGMENT_OR_NONE },
    [SVMS_FRAME_ATTACHMENT] = { IN_BOTH, SVMS_FRAME_SEALED, false, true, false, true, false,
                                NUMBER_ATTACHMENT },
    [SVMS_FRAME_CASE] = { IN_BOTH, SVMS_FRAME_SEALED, false, true, false, false, false,
                          NUMBER_ZERO },
    [SVMS_FRAME_DIRECTORY] = { IN_BOTH, 0, false, false, true, false, false, NUMBER_ENTRIES },
    [SVMS_FRAME_LEAVES] = { IN_PROOF, SVMS_FRAME_REMOVED, true, true, true, false, true,
                            NUMBER_SEGMENT },
};

uint64_t svms_frame_size(const svms_frame *frame)
{
    return SVMS_FRAME_HEADER_SIZE + frame->a_size + frame->b_size + frame->c_size;
}

void svms_frame_encode(const svms_frame *frame, uint8_t out[SVMS_FRAME_HEADER_SIZE])
{
    memset(out, 0, SVMS_FRAME_HEADER_SIZE);
    out[0] = frame->kind;
    out[1] = frame->flags;
    svms_store_u32(out + 4, frame->a_size);
    svms_store_u32(out + 8, frame->c_size);
    svms_store_u64(out + 16, frame->b_size);
    svms_store_u64(out + 24, frame->number);
    svms_store_u64(out + 32, frame->origin);
}

static svms_status refuse(svms_error *err, uint64_t offset, const char *what)
{
    return svms_fail_at(err, SVMS_E_MALFORMED, offset, "%s (E-FRM-1)", what);
}

static bool number_fits(const svms_frame *frame, number_rule rule)
{
    switch (rule) {
    case NUMBER_SOURCE:
    case NUMBER_ATTACHMENT:
        return true; /* a matter of limits */
    case NUMBER_SEGMENT:
        return frame->number < SVMS_MAX_SEGMENTS;
    case NUMBER_SEGMENT_OR_NONE:
        return frame->number < SVMS_MAX_SEGMENTS || frame->number == SVMS_NO_SEGMENT;
    case NUMBER_NONE:
        return frame->number == SVMS_NO_SEGMENT;
    case NUMBER_ZERO:
        return frame->number == 0;
    case NUMBER_ENTRIES:
        return frame->number >= 1 && frame->number <= SVMS_DIRECTORY_FANOUT &&
               frame->c_size ==
                   SVMS_DIRECTORY_FIXED_SIZE + frame->number * SVMS_DIRECTORY_ENTRY_SIZE;
    default:
        return false;
    }
}

static svms_status check_limits(const svms_frame *frame, const kind_rule *rule, uint64_t offset,
                                svms_error *err)
{
    uint64_t largest_case = svms_sealed_body_size(SVMS_MAX_CASE_SIZE);
    if (frame->a_size > SVMS_MAX_PART_A || frame->c_size > SVMS_MAX_PART_C ||
        frame->b_size > SVMS_MAX_PART_B ||
        (frame->kind == SVMS_FRAME_LEAVES && frame->b_size > SVMS_MAX_LEAVES) ||
        (frame->kind == SVMS_FRAME_CASE && frame->b_size > largest_case)) {
        return svms_fail_at(err, SVMS_E_LIMIT, offset, "a part of a frame is too long (E-OVR-5)");
    }
    if ((rule->number == NUMBER_SOURCE && frame->number >= SVMS_EXPORT_MAX_SOURCES) ||
        (rule->number == NUMBER_ATTACHMENT && frame->number >= SVMS_EXPORT_MAX_SOURCES)) {
        return svms_fail_at(err, SVMS_E_LIMIT, offset + 24,
                            "there are too many sources or attachments (E-OVR-5)");
    }
    return SVMS_OK;
}

/* Content of A is one entry for each track of a container at most. */
static bool secrets_fit(const svms_frame *frame, bool sealed)
{
    uint32_t around = sealed ? SVMS_AEAD_TAG_SIZE : 0;
    if (frame->a_size == 0) {
        return true;
    }
    return frame->a_size > around && (frame->a_size - around) % SVMS_FRAME_SECRET_SIZE == 0 &&
           (frame->a_size - around) / SVMS_FRAME_SECRET_SIZE <= SVMS_MAX_TRACKS;
}

static svms_status check_sealing(const svms_frame *frame, bool sealed, uint64_t offset,
                                 svms_error *err)
{
    uint64_t opened = 0;
    bool flag = (frame->flags & SVMS_FRAME_SEALED) != 0;
    bool due = sealed && frame->b_size != 0 &&
               (frame->kind == SVMS_FRAME_FRAGMENT || frame->kind == SVMS_FRAME_ATTACHMENT ||
                frame->kind == SVMS_FRAME_CASE);
    if ((flag && !sealed) || (due && !flag)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset + 1,
                            "a frame is sealed where it must not be, or the other way round "
                            "(E-FRM-5)");
    }
    if (flag && !svms_opened_body_size(frame->b_size, &opened)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset + 16,
                            "no body has this size when it is sealed (E-FRM-4)");
    }
    if (frame->kind == SVMS_FRAME_CASE && (flag ? opened : frame->b_size) > SVMS_MAX_CASE_SIZE) {
        return svms_fail_at(err, SVMS_E_LIMIT, offset + 16, "the case is too long (E-OVR-5)");
    }
    return SVMS_OK;
}

static svms_status check_frame(const svms_frame *frame, unsigned export_kind, bool sealed,
                               uint64_t offset, svms_error *err)
{
    unsigned file = export_kind == SVMS_EXPORT_PROOF ? IN_PROOF : IN_PACKAGE;
    if (frame->kind < SVMS_FRAME_SOURCE || frame->kind > SVMS_FRAME_LEAVES ||
        (rules[frame->kind].kinds_of_file & file) == 0) {
        return refuse(err, offset, "no frame of this kind may stand here");
    }
    const kind_rule *rule = &rules[frame->kind];
    svms_status status = check_limits(frame, rule, offset, err);
    if (status != SVMS_OK) {
        return status;
    }
    if ((frame->flags & ~rule->flags) != 0) {
        return refuse(err, offset + 1, "a frame has flags that it must not have");
    }
    if ((!rule->has_secrets && frame->a_size != 0) || (!rule->has_body && frame->b_size != 0) ||
        rule->has_closing != (frame->c_size != 0)) {
        return refuse(err, offset + 4, "a frame has a part too many, or lacks one");
    }
    if (rule->has_body && frame->b_size == 0 && !rule->may_be_empty) {
        return refuse(err, offset + 16, "a frame lacks its body");
    }
    if (!secrets_fit(frame, sealed)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset + 4,
                            "secrets of tracks have another length (E-FRM-3)");
    }
    if (!number_fits(frame, rule->number)) {
        return refuse(err, offset + 24, "a frame has a wrong number");
    }
    if (!rule->has_origin && frame->origin != 0) {
        return refuse(err, offset + 32, "a frame that comes from no container names a place there");
    }
    return check_sealing(frame, sealed, offset, err);
}

svms_status svms_frame_parse(svms_frame *out, unsigned export_kind, bool sealed,
                             const uint8_t bytes[SVMS_FRAME_HEADER_SIZE], uint64_t offset,
                             svms_error *err)
{
    svms_frame frame = { 0 };
    svms_cursor cursor = svms_cursor_over(bytes, SVMS_FRAME_HEADER_SIZE, offset);
    frame.kind = svms_read_u8(&cursor);
    frame.flags = svms_read_u8(&cursor);
    uint16_t zero = svms_read_u16(&cursor);
    frame.a_size = svms_read_u32(&cursor);
    frame.c_size = svms_read_u32(&cursor);
    uint32_t zeros = svms_read_u32(&cursor);
    frame.b_size = svms_read_u64(&cursor);
    frame.number = svms_read_u64(&cursor);
    frame.origin = svms_read_u64(&cursor);
    if (zero != 0 || zeros != 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset + 2,
                            "reserved bytes of a frame are not zero (E-OVR-4)");
    }
    svms_status status = check_frame(&frame, export_kind, sealed, offset, err);
    if (status == SVMS_OK) {
        *out = frame;
    }
    return status;
}

bool svms_frame_digest_omits_body(const svms_frame *frame)
{
    return frame->kind == SVMS_FRAME_SEGMENT &&
           (frame->flags & (SVMS_FRAME_SEALED | SVMS_FRAME_UNVERIFIED)) == 0;
}

void svms_frame_entry_put(svms_builder *out, const svms_frame_entry *entry)
{
    svms_put_u64(out, entry->offset);
    svms_put_u64(out, entry->number);
    svms_put_u64(out, entry->origin);
    svms_put_i64(out, entry->first_utc_ns);
    svms_put_i64(out, entry->last_utc_ns);
    svms_put_u8(out, entry->kind);
    svms_put_u8(out, entry->flags);
    svms_put_zeros(out, 2 + 4);
    svms_put_bytes(out, entry->digest, SVMS_DIGEST_SIZE);
}

void svms_frame_entry_read(svms_cursor *cursor, svms_frame_entry *out)
{
    out->offset = svms_read_u64(cursor);
    out->number = svms_read_u64(cursor);
    out->origin = svms_read_u64(cursor);
    out->first_utc_ns = svms_read_i64(cursor);
    out->last_utc_ns = svms_read_i64(cursor);
    out->kind = svms_read_u8(cursor);
    out->flags = svms_read_u8(cursor);
    (void)svms_read_zeros(cursor, 2 + 4);
    svms_read_copy(cursor, out->digest, SVMS_DIGEST_SIZE);
}

uint64_t svms_sealed_body_size(uint64_t size)
{
    uint64_t chunks = size / SVMS_FRAME_CHUNK + (size % SVMS_FRAME_CHUNK != 0);
    return size + chunks * SVMS_AEAD_TAG_SIZE;
}

bool svms_opened_body_size(uint64_t stored, uint64_t *size)
{
    const uint64_t whole = SVMS_FRAME_CHUNK + SVMS_AEAD_TAG_SIZE;
    uint64_t rest = stored % whole;
    uint64_t chunks = stored / whole + (rest != 0);
    if (stored == 0 || (rest != 0 && rest <= SVMS_AEAD_TAG_SIZE)) {
        return false;
    }
    *size = stored - chunks * SVMS_AEAD_TAG_SIZE;
    return true;
}

static svms_status frame_key(svms_ctx *ctx, const uint8_t *p, const char *label, uint64_t i,
                             uint8_t *out, svms_error *err)
{
    uint8_t info[32];
    size_t size = strlen(label);
    memcpy(info, label, size);
    svms_store_u64(info + size, i);
    return svms_hkdf_expand(ctx, p, info, size + 8, out, SVMS_AEAD_KEY_SIZE, err);
}

svms_status svms_frame_secrets_key(svms_ctx *ctx, const uint8_t p[SVMS_DIGEST_SIZE], uint64_t i,
                                   uint8_t out[SVMS_AEAD_KEY_SIZE], svms_error *err)
{
    return frame_key(ctx, p, "svmx1 secrets", i, out, err);
}

svms_status svms_frame_body_key(svms_ctx *ctx, const uint8_t p[SVMS_DIGEST_SIZE], uint64_t i,
                                uint8_t out[SVMS_AEAD_KEY_SIZE], svms_error *err)
{
    return frame_key(ctx, p, "svmx1 body", i, out, err);
}

void svms_frame_chunk_nonce(uint64_t j, uint8_t out[SVMS_AEAD_NONCE_SIZE])
{
    svms_store_u32(out, 0);
    svms_store_u64(out + 4, j);
}

static bool begin_chunk(svms_aead *aead, const uint8_t *header, uint64_t j)
{
    uint8_t nonce[SVMS_AEAD_NONCE_SIZE];
    svms_frame_chunk_nonce(j, nonce);
    return svms_aead_begin(aead, nonce) && svms_aead_aad(aead, header, SVMS_FRAME_HEADER_SIZE);
}

bool svms_frame_seal_chunk(svms_aead *aead, const uint8_t header[SVMS_FRAME_HEADER_SIZE],
                           uint64_t j, const uint8_t *in, size_t size, uint8_t *out)
{
    return begin_chunk(aead, header, j) && svms_aead_update(aead, in, size, out) &&
           svms_aead_seal_end(aead, out + size);
}

bool svms_frame_open_chunk(svms_aead *aead, const uint8_t header[SVMS_FRAME_HEADER_SIZE],
                           uint64_t j, const uint8_t *in, size_t size, uint8_t *out)
{
    return begin_chunk(aead, header, j) && svms_aead_update(aead, in, size, out) &&
           svms_aead_open_end(aead, in + size);
}
