/* SPDX-License-Identifier: Apache-2.0 */
#include "sei_write.h"

#include <string.h>

#include "camera_nal.h"

enum {
    TAG_GENERAL = 1,
    TAG_LIST = 2,
    TAG_SIGNATURE = 3,
    TAG_CRYPTOGRAPHY = 4,
    TAG_VENDOR = 5,
    TAG_CERTIFICATES = 6,
    USER_DATA_UNREGISTERED = 5,
    STOP_BIT = 0x80,
    PREVENTION = 3,
    ELEMENT_HEAD = 3,  /* tag and length */
    SIGNATURE_HEAD = 3 /* version and size */
};

#define NS_PER_STEP 100
/* 1601-01-01 to 1970-01-01 in steps of 100 ns. */
#define STEPS_TO_1970 INT64_C(116444736000000000)
/* Two chains and a list, each as long as an element may be, and the small elements. */
#define ELEMENTS_MAX ((size_t)4 * 65536)

/* RFC 8017, id-RSASSA-PSS. */
static const uint8_t rsassa_pss[] = { 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86,
                                      0xF7, 0x0D, 0x01, 0x01, 0x0A };

static void put_head(svms_builder *out, uint8_t tag, size_t size)
{
    svms_put_u8(out, tag);
    svms_put_u16(out, (uint16_t)size);
}

static void put_little_endian(svms_builder *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        svms_put_u8(out, (uint8_t)(value >> (8 * i)));
    }
}

static uint64_t steps_since_1601(int64_t utc_ns)
{
    return (uint64_t)(utc_ns / NS_PER_STEP + STEPS_TO_1970);
}

static void put_general(svms_builder *out, const svms_sei_general *general, size_t hash_size)
{
    /* Tag version 2, and MS 26.06. */
    static const uint8_t versions[] = { 2, 26, 6, 0 };
    put_head(out, TAG_GENERAL, sizeof versions + 1 + 8 + 8 + 4 + 2 + 2 * hash_size);
    svms_put_bytes(out, versions, sizeof versions);
    svms_put_u8(out, general->is_partial ? 1 : 0);
    put_little_endian(out, steps_since_1601(general->start_utc_ns), 8);
    put_little_endian(out, steps_since_1601(general->end_utc_ns), 8);
    put_little_endian(out, general->counter, 4);
    svms_put_u16(out, general->count);
    svms_put_bytes(out, general->list_hash, hash_size);
    svms_put_bytes(out, general->predecessor, hash_size);
}

static void put_cryptography(svms_builder *out, svms_camera_hash hash, uint16_t rsa_bits)
{
    size_t oid_size = 0;
    const uint8_t *oid = svms_camera_hash_oid(hash, &oid_size);
    size_t scheme_size = rsa_bits > 0 ? sizeof rsassa_pss : 0;
    put_head(out, TAG_CRYPTOGRAPHY, 1 + 1 + oid_size + 1 + scheme_size + 2);
    svms_put_u8(out, 1);
    svms_put_u8(out, (uint8_t)oid_size);
    svms_put_bytes(out, oid, oid_size);
    svms_put_u8(out, (uint8_t)scheme_size);
    svms_put_bytes(out, rsassa_pss, scheme_size);
    svms_put_u16(out, rsa_bits);
}

static void put_elements(svms_builder *out, const svms_sei_content *content)
{
    if (content->general) {
        put_general(out, content->general, svms_camera_hash_size(content->hash));
    }
    put_cryptography(out, content->hash, content->rsa_bits);
    svms_put_bytes(out, content->more, content->more_size);
    if (content->list_size > 0) {
        put_head(out, TAG_LIST, 1 + content->list_size);
        svms_put_u8(out, 1);
        svms_put_bytes(out, content->list, content->list_size);
    }
}

/* NAL unit header, payload type and payload size. */
static void put_front(svms_builder *out, uint32_t codec, size_t payload_size)
{
    static const uint8_t h264[] = { 0x06 };
    static const uint8_t h265[] = { 0x4E, 0x01 }; /* prefix SEI, layer 0, temporal id 0 */
    bool is_h265 = codec == SVMS_CODEC_H265;
    svms_put_bytes(out, is_h265 ? h265 : h264, is_h265 ? sizeof h265 : sizeof h264);
    svms_put_u8(out, USER_DATA_UNREGISTERED);
    for (; payload_size >= UINT8_MAX; payload_size -= UINT8_MAX) {
        svms_put_u8(out, UINT8_MAX);
    }
    svms_put_u8(out, (uint8_t)payload_size);
}

void svms_put_sei_document(svms_builder *out, const svms_sei_content *content)
{
    svms_builder elements = svms_builder_new(out->ctx, ELEMENTS_MAX);
    put_elements(&elements, content);
    if (elements.status == SVMS_OK) {
        size_t signature = svms_sei_end_size(content->room) - 1;
        put_front(out, content->codec, SVMS_CAMERA_UUID_SIZE + 1 + elements.size + signature);
        svms_put_bytes(out, svms_camera_uuid(), SVMS_CAMERA_UUID_SIZE);
        svms_put_u8(out, content->flags);
        svms_put_bytes(out, elements.data, elements.size);
    } else {
        out->status = elements.status;
    }
    svms_builder_clear(&elements);
}

size_t svms_sei_end_size(size_t room)
{
    return room > 0 ? ELEMENT_HEAD + SIGNATURE_HEAD + room + 1 : 1;
}

void svms_put_sei_end(svms_builder *out, const uint8_t *signature, size_t size, size_t room)
{
    if (room > 0) {
        put_head(out, TAG_SIGNATURE, SIGNATURE_HEAD + room);
        svms_put_u8(out, 1);
        svms_put_u16(out, (uint16_t)size);
        svms_put_bytes(out, signature, size);
        svms_put_zeros(out, room - size);
    }
    svms_put_u8(out, STOP_BIT);
}

static size_t length_of(const char *text)
{
    return text ? strlen(text) : 0;
}

void svms_put_sei_vendor(svms_builder *out, const char *firmware, const char *serial,
                         const char *manufacturer)
{
    const char *texts[] = { firmware, serial, manufacturer };
    put_head(out, TAG_VENDOR,
             1 + 3 + length_of(firmware) + length_of(serial) + length_of(manufacturer));
    svms_put_u8(out, 1);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        svms_put_u8(out, (uint8_t)length_of(texts[i]));
        svms_put_bytes(out, texts[i], length_of(texts[i]));
    }
}

void svms_put_sei_certificates(svms_builder *out, bool is_user, const uint8_t *pem, size_t size)
{
    put_head(out, TAG_CERTIFICATES, 2 + size);
    svms_put_u8(out, 1);
    svms_put_u8(out, is_user ? 1 : 0);
    svms_put_bytes(out, pem, size);
}

void svms_put_escaped(svms_builder *out, const uint8_t *data, size_t size)
{
    unsigned zeros = 0;
    size_t written = 0;
    for (size_t i = 0; i < size; i++) {
        if (zeros >= 2 && data[i] <= PREVENTION) {
            svms_put_bytes(out, data + written, i - written);
            svms_put_u8(out, PREVENTION);
            written = i;
            zeros = 0;
        }
        zeros = data[i] == 0 ? zeros + 1 : 0;
    }
    if (size > written) {
        svms_put_bytes(out, data + written, size - written);
    }
}
