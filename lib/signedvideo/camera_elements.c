/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_elements.h"

#include "failure.h"

#define FILETIME_SIZE 8

typedef struct element_walk {
    svms_camera_document *document;
    svms_cursor cursor;
    unsigned seen; /* mark_of() each */
    size_t count;
    size_t list_size;
} element_walk;

/* A byte that is 0 or 1. */
static bool read_flag(svms_cursor *value, bool *out)
{
    uint8_t byte = svms_read_u8(value);
    *out = byte == 1;
    return byte <= 1;
}

static bool read_general(svms_camera_document *document, svms_cursor *value)
{
    document->general_version = svms_read_u8(value);
    svms_read_copy(value, document->specification, sizeof document->specification);
    bool is_flag = read_flag(value, &document->is_partial);
    svms_read_copy(value, document->start_bytes, FILETIME_SIZE);
    if (document->general_version > 1) {
        svms_read_copy(value, document->end_bytes, FILETIME_SIZE);
    }
    svms_read_copy(value, document->counter_bytes, sizeof document->counter_bytes);
    document->count = svms_read_u16(value);
    size_t left = svms_cursor_left(value);
    document->hash_size = left / 2;
    document->list_hash = svms_read_bytes(value, document->hash_size);
    document->predecessor = svms_read_bytes(value, document->hash_size);
    document->has_general = is_flag && !value->failed && left % 2 == 0 && left > 0 &&
                            document->hash_size <= SVMS_CAMERA_HASH_MAX;
    return document->has_general;
}

static bool read_list(element_walk *walk, svms_cursor *value)
{
    walk->list_size = svms_cursor_left(value);
    walk->document->list = svms_read_bytes(value, walk->list_size);
    walk->document->has_list = true;
    return true;
}

static bool read_signature(svms_camera_document *document, svms_cursor *value)
{
    document->signature_size = svms_read_u16(value);
    document->signature = svms_read_bytes(value, document->signature_size);
    document->has_signature = document->signature != NULL && document->signature_size > 0;
    return document->has_signature;
}

static void read_text(svms_camera_text *out, svms_cursor *value)
{
    out->size = svms_read_u8(value);
    out->data = svms_read_bytes(value, out->size);
}

static bool read_vendor(svms_camera_document *document, svms_cursor *value)
{
    read_text(&document->firmware, value);
    read_text(&document->serial, value);
    read_text(&document->manufacturer, value);
    document->has_vendor = svms_cursor_at_end(value);
    return document->has_vendor;
}

static bool read_certificates(svms_camera_document *document, svms_cursor *value)
{
    bool is_users = false;
    bool is_flag = read_flag(value, &is_users);
    svms_camera_text *pem = is_users ? &document->user_pem : &document->maker_pem;
    pem->size = svms_cursor_left(value);
    pem->data = svms_read_bytes(value, pem->size);
    return is_flag && !value->failed;
}

/* The content of a known tag; false when it does not fit its length. */
static bool read_content(element_walk *walk, unsigned tag, svms_cursor *value)
{
    switch (tag) {
    case SVMS_CAMERA_GENERAL:
        return read_general(walk->document, value);
    case SVMS_CAMERA_ARBITRARY:
        walk->document->is_arbitrary = true;
        return true;
    default:
        break;
    }
    (void)svms_read_u8(value); /* the version */
    switch (tag) {
    case SVMS_CAMERA_LIST:
        return read_list(walk, value);
    case SVMS_CAMERA_SIGNATURE:
        return read_signature(walk->document, value);
    case SVMS_CAMERA_CRYPTOGRAPHY:
        return svms_camera_cryptography_read(walk->document, value);
    case SVMS_CAMERA_VENDOR:
        return read_vendor(walk->document, value);
    default:
        return read_certificates(walk->document, value);
    }
}

/* The bit in seen that stands for it; certificates of maker and user have one each. */
static unsigned mark_of(unsigned tag, svms_cursor value)
{
    (void)svms_skip(&value, 1);
    bool is_users = tag == SVMS_CAMERA_CERTIFICATES && svms_read_u8(&value) == 1;
    return 1u << (is_users ? SVMS_CAMERA_ARBITRARY + 1 : tag);
}

static bool is_known_version(unsigned tag, svms_cursor value)
{
    uint8_t version = svms_read_u8(&value);
    return tag == SVMS_CAMERA_ARBITRARY || version == 1 ||
           (tag == SVMS_CAMERA_GENERAL && version == 2);
}

static svms_status read_known(element_walk *walk, unsigned tag, svms_cursor *value, uint64_t offset,
                              svms_error *err)
{
    unsigned mark = mark_of(tag, *value);
    if ((walk->seen & mark) != 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset, "element %u of a SEI comes twice", tag);
    }
    walk->seen |= mark;
    if (!is_known_version(tag, *value)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                            "element %u of a SEI has another version", tag);
    }
    if (!read_content(walk, tag, value)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                            "element %u of a SEI does not hold what it should", tag);
    }
    return SVMS_OK;
}

static svms_status read_element(element_walk *walk, svms_error *err)
{
    uint64_t offset = svms_cursor_offset(&walk->cursor);
    unsigned tag = svms_read_u8(&walk->cursor);
    svms_cursor value = svms_read_sub(&walk->cursor, svms_read_u16(&walk->cursor));
    if (walk->cursor.failed) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                            "element %u of a SEI reaches beyond its end", tag);
    }
    if (walk->document->has_signature) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                            "element %u of a SEI stands behind the signature", tag);
    }
    walk->count++;
    if (tag < SVMS_CAMERA_GENERAL || tag > SVMS_CAMERA_ARBITRARY) {
        return SVMS_OK;
    }
    return read_known(walk, tag, &value, offset, err);
}

static svms_status check_list(element_walk *walk, svms_error *err)
{
    svms_camera_document *document = walk->document;
    if (document->has_list && walk->list_size != document->hash_size * document->count) {
        return svms_fail(err, SVMS_E_MALFORMED,
                         "the list of a SEI is not as long as its number of hashes says");
    }
    document->list_count = document->has_list ? document->count : 0;
    if (document->algorithms.hash < SVMS_CAMERA_HASHES &&
        !svms_camera_document_fits(document, document->algorithms.hash)) {
        return svms_fail(err, SVMS_E_MALFORMED,
                         "the hashes of a SEI are of another size than those of its algorithm");
    }
    return SVMS_OK;
}

/* What must be there, and what may not be there together. */
static svms_status check_whole(element_walk *walk, svms_error *err)
{
    const svms_camera_document *document = walk->document;
    if (document->is_arbitrary) {
        bool is_alone = walk->count == 1 && !document->is_certificate;
        return is_alone ? SVMS_OK
                        : svms_fail(err, SVMS_E_MALFORMED,
                                    "a SEI with arbitrary data holds something else too");
    }
    if (document->is_certificate && (!document->has_signature || !document->has_cryptography ||
                                     document->maker_pem.data == NULL)) {
        return svms_fail(err, SVMS_E_MALFORMED,
                         "a certificate SEI lacks algorithms, certificates or signature");
    }
    if (!document->is_certificate && !document->has_general) {
        return svms_fail(err, SVMS_E_MALFORMED, "a SEI does not say what it covers");
    }
    return check_list(walk, err);
}

svms_status svms_camera_elements_read(svms_camera_document *document, svms_cursor elements,
                                      size_t *signature_at, svms_error *err)
{
    element_walk walk = { .document = document, .cursor = elements };
    document->algorithms.hash = SVMS_CAMERA_HASHES;
    document->algorithms.scheme_hash = SVMS_CAMERA_HASHES;
    *signature_at = elements.size;
    while (!svms_cursor_at_end(&walk.cursor)) {
        size_t at = walk.cursor.position;
        svms_status status = read_element(&walk, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (document->has_signature && *signature_at == elements.size) {
            *signature_at = at;
        }
    }
    return check_whole(&walk, err);
}
