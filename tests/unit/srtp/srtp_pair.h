/* SPDX-License-Identifier: Apache-2.0 */
/* Two ends of protected media, and packets that travel between them. Include after cmocka_all.h. */
#ifndef SVMS_TEST_SRTP_PAIR_H
#define SVMS_TEST_SRTP_PAIR_H

#include <string.h>

#include <svms/svms.h>

#include "srtp_internal.h"

#define PAIR_SOURCE 0x01020304u
#define PAIR_ROOM 256u

typedef struct pair {
    svms_ctx *ctx;
    svms_srtp *a; /* sends */
    svms_srtp *b; /* receives */
} pair;

typedef struct packet {
    uint8_t data[PAIR_ROOM];
    size_t size;
} packet;

/* A key that depends on the number alone, with an MKI of one byte, that number, where wanted. */
svms_srtp_key pair_key(svms_srtp_suite suite, uint8_t number, bool mki);
/* Without keys; suite 3 is allowed. */
void pair_open(pair *p);
/* PAIR_SOURCE under one key at both ends. */
void pair_open_with(pair *p, const svms_srtp_key *key);
void pair_close(pair *p);

packet pair_rtp(uint32_t ssrc, uint16_t sequence);
packet pair_rtcp(uint32_t ssrc);
/* Protected by a, which must work. */
packet pair_sealed(pair *p, uint32_t ssrc, uint16_t sequence);
packet pair_sealed_rtcp(pair *p, uint32_t ssrc);
/* Unprotects a copy at b; what comes out of a good one is compared with what went in. */
svms_status pair_give(svms_srtp *to, const packet *sealed);
svms_status pair_give_rtcp(svms_srtp *to, const packet *sealed);
svms_srtp_counts pair_counts(const svms_srtp *s);

#endif
