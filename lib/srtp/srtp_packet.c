/* SPDX-License-Identifier: Apache-2.0 */
#include "srtp_packet.h"

#include <string.h>

#include "cursor.h"
#include "failure.h"
#include "srtp_suite.h"

enum {
    /* What libsrtp authenticates with AEAD at most, where it runs on NSS. */
    HEADER_MAX = 2048,
    RTCP_HEADER_SIZE = 8,
    /* P-HDR-2: these second bytes are RTCP on a port of both. */
    FIRST_RTCP_ON_RTP = 200,
    LAST_RTCP_ON_RTP = 204,
    FIRST_RTCP_TYPE = 192,
    LAST_RTCP_TYPE = 223
};

static svms_status check_size(size_t size, svms_error *err)
{
    if (size > SVMS_SRTP_PACKET_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "a packet has more than %u bytes",
                         SVMS_SRTP_PACKET_MAX);
    }
    return SVMS_OK;
}

svms_status svms_srtp_read_rtp(svms_srtp_header *out, const uint8_t *packet, size_t size,
                               svms_error *err)
{
    svms_status status = check_size(size, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(packet, size, 0);
    uint8_t first = svms_read_u8(&cursor);
    uint8_t second = svms_read_u8(&cursor);
    out->sequence = svms_read_u16(&cursor);
    (void)svms_skip(&cursor, 4);
    out->ssrc = svms_read_u32(&cursor);
    (void)svms_skip(&cursor, (size_t)(first & 0x0F) * 4);
    if ((first & 0x10) != 0) {
        (void)svms_skip(&cursor, 2);
        size_t words = svms_read_u16(&cursor);
        (void)svms_skip(&cursor, words * 4);
    }
    if (size > 0 && first >> 6 != 2) {
        return svms_fail_at(err, SVMS_E_MALFORMED, 0, "not RTP version 2");
    }
    if (size > 1 && second >= FIRST_RTCP_ON_RTP && second <= LAST_RTCP_ON_RTP) {
        return svms_fail_at(err, SVMS_E_MALFORMED, 1, "RTCP where RTP must be");
    }
    if (cursor.failed) {
        return svms_fail_at(err, SVMS_E_TRUNCATED, cursor.position,
                            "an RTP packet ends within its header");
    }
    if (cursor.position > HEADER_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "an RTP header has more than %d bytes", HEADER_MAX);
    }
    out->size = cursor.position;
    return SVMS_OK;
}

svms_status svms_srtp_read_rtcp(svms_srtp_header *out, const uint8_t *packet, size_t size,
                                svms_error *err)
{
    svms_status status = check_size(size, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(packet, size, 0);
    uint8_t first = svms_read_u8(&cursor);
    uint8_t type = svms_read_u8(&cursor);
    (void)svms_skip(&cursor, 2);
    out->ssrc = svms_read_u32(&cursor);
    out->sequence = 0;
    out->size = RTCP_HEADER_SIZE;
    if (cursor.failed) {
        return svms_fail_at(err, SVMS_E_TRUNCATED, cursor.position,
                            "an RTCP packet ends within its header");
    }
    if (first >> 6 != 2 || type < FIRST_RTCP_TYPE || type > LAST_RTCP_TYPE) {
        return svms_fail_at(err, SVMS_E_MALFORMED, first >> 6 != 2 ? 0 : 1,
                            "not RTCP of version 2");
    }
    return SVMS_OK;
}

size_t svms_srtp_overhead(const svms_srtp_key *key, bool rtcp)
{
    return svms_srtp_tag_size((svms_srtp_suite)key->suite) + key->mki_size +
           (rtcp ? SVMS_SRTCP_INDEX_SIZE : 0u);
}

/* Bytes behind the MKI. */
static size_t behind_mki(const svms_srtp_key *key)
{
    svms_srtp_suite suite = (svms_srtp_suite)key->suite;
    return svms_srtp_is_aead(suite) ? 0 : svms_srtp_tag_size(suite);
}

void svms_srtp_insert_mki(const svms_srtp_key *key, uint8_t *packet, size_t *size)
{
    if (key->mki_size == 0) {
        return;
    }
    size_t behind = behind_mki(key);
    uint8_t *place = packet + *size - behind;
    memmove(place + key->mki_size, place, behind);
    memcpy(place, key->mki, key->mki_size);
    *size += key->mki_size;
}

bool svms_srtp_has_mki(const svms_srtp_key *key, const uint8_t *packet, size_t size)
{
    if (key->mki_size == 0) {
        return true;
    }
    size_t tail = behind_mki(key) + key->mki_size;
    return size >= tail && memcmp(packet + size - tail, key->mki, key->mki_size) == 0;
}

void svms_srtp_remove_mki(const svms_srtp_key *key, uint8_t *packet, size_t *size)
{
    if (key->mki_size == 0) {
        return;
    }
    size_t behind = behind_mki(key);
    uint8_t *place = packet + *size - behind - key->mki_size;
    memmove(place, place + key->mki_size, behind);
    *size -= key->mki_size;
}

uint32_t svms_srtcp_index(const svms_srtp_key *key, const uint8_t *packet, size_t size)
{
    size_t place = size - behind_mki(key) - SVMS_SRTCP_INDEX_SIZE;
    svms_cursor cursor = svms_cursor_over(packet + place, SVMS_SRTCP_INDEX_SIZE, place);
    return svms_read_u32(&cursor);
}
