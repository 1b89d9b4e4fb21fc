/* SPDX-License-Identifier: Apache-2.0 */
/* What shares a port with DTLS-SRTP. */
#include <stdbool.h>

#include <svms/dtls.h>

/* Second bytes of RTCP where its packets share a port with RTP (RFC 5761 section 4). */
#define RTCP_FIRST 192
#define RTCP_LAST 223

typedef struct first_bytes {
    uint8_t from;
    uint8_t to;
    svms_dtls_packet_kind kind;
} first_bytes;

svms_dtls_packet_kind svms_dtls_packet_kind_of(const void *datagram, size_t size)
{
    static const first_bytes known[] = {
        { 0, 3, SVMS_DTLS_PACKET_STUN },    { 16, 19, SVMS_DTLS_PACKET_ZRTP },
        { 20, 63, SVMS_DTLS_PACKET_DTLS },  { 64, 79, SVMS_DTLS_PACKET_TURN },
        { 128, 191, SVMS_DTLS_PACKET_RTP },
    };
    const uint8_t *bytes = datagram;
    if (!bytes || size == 0) {
        return SVMS_DTLS_PACKET_UNKNOWN;
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (bytes[0] >= known[i].from && bytes[0] <= known[i].to) {
            bool is_control = known[i].kind == SVMS_DTLS_PACKET_RTP && size > 1 &&
                              bytes[1] >= RTCP_FIRST && bytes[1] <= RTCP_LAST;
            return is_control ? SVMS_DTLS_PACKET_RTCP : known[i].kind;
        }
    }
    return SVMS_DTLS_PACKET_UNKNOWN;
}
