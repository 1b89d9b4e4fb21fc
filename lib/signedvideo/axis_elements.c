/* SPDX-License-Identifier: Apache-2.0 */
#include "axis_elements.h"

#include <string.h>

#include <svms/time.h>

#include "failure.h"

enum {
    GENERAL = 1,
    PUBLIC_KEY = 2,
    PRODUCT = 3,
    LIST = 4,
    SIGNATURE = 5,
    ARBITRARY = 6,
    CRYPTOGRAPHY = 7,
    VENDOR = 129,
    /* Flags of tag 1. */
    HAS_TIME = 0x01,
    IS_PARTIAL = 0x02,
    /* What is signed, in the first version of tag 5. */
    SIGNS_DOCUMENT = 1,
    /* Versions of tag 1. */
    WITH_FLAGS = 2,
    WITH_HASHES = 3
};

#define SOFTWARE_SIZE 3
/* Microseconds from 1970 to 2262, where our own times end. */
#define US_TO_2262 INT64_C(9214646400000000)
#define NS_PER_US 1000

typedef struct element_walk {
    svms_camera_document *document;
    svms_cursor cursor;
    uint8_t reserved;
    unsigned seen; /* mark_of() each */
    unsigned general_version;
    bool signs_hashes;
} element_walk;

static void read_time(svms_camera_document *document, svms_cursor *value)
{
    int64_t us = svms_read_i64(value);
    if (us >= 0 && us < US_TO_2262) {
        document->axis_utc_ns = us * NS_PER_US;
    }
}

static bool read_hashes(svms_camera_document *document, svms_cursor *value)
{
    size_t left = svms_cursor_left(value);
    document->hash_size = left / 2;
    document->predecessor = svms_read_bytes(value, document->hash_size);
    document->list_hash = svms_read_bytes(value, document->hash_size);
    return left % 2 == 0 && left > 0 && document->hash_size <= SVMS_CAMERA_HASH_MAX;
}

/* A version that is not known has a length that is not known. */
static bool read_general(element_walk *walk, svms_cursor *value)
{
    svms_camera_document *document = walk->document;
    if (walk->general_version > WITH_HASHES) {
        return true;
    }
    document->axis_counter = svms_read_u32(value);
    document->count = svms_read_u16(value);
    (void)svms_skip(value, SOFTWARE_SIZE);
    uint8_t flags = walk->general_version >= WITH_FLAGS ? svms_read_u8(value) : 0;
    document->is_partial = (flags & IS_PARTIAL) != 0;
    if ((flags & HAS_TIME) != 0) {
        read_time(document, value);
    }
    if (walk->general_version == WITH_HASHES && !read_hashes(document, value)) {
        return false;
    }
    document->has_general = svms_cursor_at_end(value) && (flags & ~(HAS_TIME | IS_PARTIAL)) == 0;
    return document->has_general;
}

static bool read_key(svms_camera_document *document, uint8_t version, svms_cursor *value)
{
    if (version == 1) {
        (void)svms_read_u8(value); /* an algorithm, which the key tells as well */
    }
    svms_camera_text *pem = &document->public_pem;
    pem->size = svms_cursor_left(value);
    pem->data = svms_read_bytes(value, pem->size);
    return pem->data != NULL && pem->size > 0;
}

/* Its NUL is no part of a text. */
static void read_text(svms_camera_text *out, svms_cursor *value)
{
    size_t size = svms_read_u8(value);
    out->data = svms_read_bytes(value, size);
    const uint8_t *end = out->data ? memchr(out->data, 0, size) : NULL;
    out->size = end ? (size_t)(end - out->data) : size;
}

static bool read_product(svms_camera_document *document, svms_cursor *value)
{
    svms_camera_text unused;
    read_text(&unused, value); /* hardware */
    read_text(&document->firmware, value);
    read_text(&document->serial, value);
    read_text(&document->manufacturer, value);
    read_text(&unused, value); /* address */
    document->has_vendor = svms_cursor_at_end(value);
    return document->has_vendor;
}

static bool read_list(element_walk *walk, svms_cursor *value)
{
    svms_camera_document *document = walk->document;
    document->list_size = svms_cursor_left(value);
    document->list = svms_read_bytes(value, document->list_size);
    document->has_list = document->list_size > 0;
    return document->has_list;
}

static bool read_signature(element_walk *walk, uint8_t version, svms_cursor *value)
{
    svms_camera_document *document = walk->document;
    (void)svms_read_u8(value); /* status */
    if (version == 1) {
        uint8_t kind = svms_read_u8(value);
        walk->signs_hashes = kind != SIGNS_DOCUMENT;
        if (kind > SIGNS_DOCUMENT) {
            return false;
        }
    }
    document->signature_size = svms_read_u16(value);
    document->signature = svms_read_bytes(value, document->signature_size);
    document->has_signature = document->signature != NULL && document->signature_size > 0;
    return document->has_signature;
}

static bool read_cryptography(svms_camera_document *document, svms_cursor *value)
{
    size_t size = svms_read_u8(value);
    const uint8_t *oid = svms_read_bytes(value, size);
    if (!oid || !svms_cursor_at_end(value)) {
        return false;
    }
    document->has_cryptography = true;
    document->algorithms.hash = svms_camera_hash_of_oid(oid, size);
    return true;
}

static bool read_vendor(svms_camera_document *document, svms_cursor *value)
{
    document->attestation.size = svms_read_u8(value);
    document->attestation.data = svms_read_bytes(value, document->attestation.size);
    document->maker_pem.size = svms_cursor_left(value);
    document->maker_pem.data = svms_read_bytes(value, document->maker_pem.size);
    return !value->failed && document->maker_pem.size > 0;
}

/* The content of a tag; false when it does not fit its length. */
static bool read_content(element_walk *walk, unsigned tag, svms_cursor *value)
{
    uint8_t version = svms_read_u8(value);
    if (version == 0 || (tag == VENDOR && version != 1)) {
        return false;
    }
    switch (tag) {
    case GENERAL:
        walk->general_version = version;
        return read_general(walk, value);
    case PUBLIC_KEY:
        return read_key(walk->document, version, value);
    case PRODUCT:
        return read_product(walk->document, value);
    case LIST:
        return read_list(walk, value);
    case SIGNATURE:
        return read_signature(walk, version, value);
    case CRYPTOGRAPHY:
        return read_cryptography(walk->document, value);
    case VENDOR:
        return read_vendor(walk->document, value);
    default:
        return true;
    }
}

/* The bit in seen that stands for it; 0 for a tag that is none. */
static unsigned mark_of(unsigned tag)
{
    if (tag == VENDOR) {
        return 1;
    }
    return tag >= GENERAL && tag <= CRYPTOGRAPHY ? 1u << tag : 0;
}

static svms_status read_element(element_walk *walk, svms_error *err)
{
    uint64_t offset = svms_cursor_offset(&walk->cursor);
    unsigned tag = svms_read_u8(&walk->cursor);
    unsigned mark = mark_of(tag);
    if (mark == 0 && !walk->cursor.failed) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset, "a SEI of Axis has no element %u", tag);
    }
    bool is_short = tag == GENERAL || tag == CRYPTOGRAPHY;
    size_t size = is_short ? svms_read_u8(&walk->cursor) : svms_read_u16(&walk->cursor);
    svms_cursor value = svms_read_sub(&walk->cursor, size);
    if (walk->cursor.failed) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                            "element %u of a SEI reaches beyond its end", tag);
    }
    if (walk->document->has_signature) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                            "element %u of a SEI stands behind the signature", tag);
    }
    if ((walk->seen & mark) != 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset, "element %u of a SEI comes twice", tag);
    }
    walk->seen |= mark;
    if (!read_content(walk, tag, &value)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                            "element %u of a SEI does not hold what it should", tag);
    }
    return SVMS_OK;
}

/* CS-AX-2, CS-AX-7. What is golden has no list, and is the same in both. */
static svms_status find_format(element_walk *walk, svms_error *err)
{
    svms_camera_document *document = walk->document;
    unsigned bits = walk->reserved & (SVMS_AXIS_LINKED | SVMS_AXIS_SALTED);
    bool is_2 = bits == (SVMS_AXIS_LINKED | SVMS_AXIS_SALTED);
    bool is_known = is_2 ? walk->general_version == WITH_HASHES
                         : bits == 0 && walk->general_version < WITH_HASHES;
    document->format = is_2 ? SVMS_CAMERA_FORMAT_AXIS_2 : SVMS_CAMERA_FORMAT_AXIS_1;
    if (document->is_certificate ? !is_2 && bits != 0 : !is_known) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "a SEI of Axis has a version that is not known: 0x%02x, %u",
                         walk->reserved, walk->general_version);
    }
    if (walk->signs_hashes || (!is_2 && !document->is_certificate && !document->has_list)) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "a SEI of Axis signs hashes without a list, which is not validated");
    }
    return SVMS_OK;
}

svms_status svms_axis_list_settle(svms_camera_document *document, svms_camera_hash hash,
                                  svms_error *err)
{
    size_t size = svms_camera_hash_size(hash);
    if (document->hash_size != 0 && document->hash_size != size) {
        return svms_fail(err, SVMS_E_MALFORMED,
                         "the hashes of a SEI are of another size than those of its algorithm");
    }
    document->hash_size = size;
    if (!document->has_list) {
        return SVMS_OK;
    }
    size_t count = document->list_size / size;
    if (document->list_size % size != 0 || count > UINT16_MAX) {
        return svms_fail(err, SVMS_E_MALFORMED, "the list of a SEI is no number of hashes");
    }
    if (document->format == SVMS_CAMERA_FORMAT_AXIS_1) {
        count--;
        document->successor = document->list + count * size;
    }
    document->count = (uint16_t)count;
    document->list_count = count;
    return SVMS_OK;
}

/* What must be there, and what may not be there together. */
static svms_status check_whole(element_walk *walk, svms_error *err)
{
    const svms_camera_document *document = walk->document;
    bool has_key = document->public_pem.data || document->maker_pem.data;
    if (!document->has_signature) {
        return svms_fail(err, SVMS_E_MALFORMED, "a SEI of Axis has no signature");
    }
    if (document->attestation.size > 0 && !document->public_pem.data) {
        return svms_fail(err, SVMS_E_MALFORMED, "a SEI attests a key that it does not bring");
    }
    if (document->is_certificate ? !has_key || walk->general_version > 0 || document->has_list
                                 : walk->general_version == 0) {
        return svms_fail(err, SVMS_E_MALFORMED,
                         document->is_certificate ? "a golden SEI is more, or less, than a key"
                                                  : "a SEI does not say what it covers");
    }
    return find_format(walk, err);
}

svms_status svms_axis_elements_read(svms_camera_document *document, uint8_t reserved,
                                    svms_cursor elements, size_t *signature_at, svms_error *err)
{
    element_walk walk = { .document = document, .cursor = elements, .reserved = reserved };
    document->is_certificate = (reserved & SVMS_AXIS_GOLDEN) != 0;
    document->algorithms.hash = SVMS_CAMERA_SHA256;
    document->algorithms.scheme = SVMS_CAMERA_SCHEME_AXIS;
    document->algorithms.scheme_hash = SVMS_CAMERA_HASHES;
    document->axis_utc_ns = SVMS_NO_TIME;
    *signature_at = 0;
    while (!svms_cursor_at_end(&walk.cursor)) {
        *signature_at = walk.cursor.position;
        svms_status status = read_element(&walk, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    svms_status status = check_whole(&walk, err);
    bool is_known = document->has_cryptography && document->algorithms.hash < SVMS_CAMERA_HASHES;
    return status == SVMS_OK && is_known && !document->is_certificate
               ? svms_axis_list_settle(document, document->algorithms.hash, err)
               : status;
}
