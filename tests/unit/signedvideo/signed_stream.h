/* SPDX-License-Identifier: Apache-2.0 */
/* What came out of a signer, read and verified from docs/spec/signedvideo.md with OpenSSL alone:
 * nothing of lib/signedvideo is used. Whatever breaks the format fails the test. */
#ifndef SVMS_TEST_SIGNED_STREAM_H
#define SVMS_TEST_SIGNED_STREAM_H

#include <openssl/evp.h>

#include <svms/media.h>

#define SIGNED_SEIS_MAX 512

/* One SEI of media signing, as it stands in the stream. */
typedef struct signed_sei {
    uint8_t *nal; /* with emulation prevention */
    size_t nal_size;
    uint8_t *plain; /* without */
    size_t plain_size;
    size_t signature_at; /* in plain, where the signature element begins; 0: none */
    size_t frame;        /* number of the access unit */
    size_t units_before; /* covered NAL units before it */
    uint8_t flags;
    size_t tag_count[256];
    size_t last_size[256]; /* of the value of the last element with that tag */
    bool is_partial;
    uint64_t start;
    uint64_t end;
    uint32_t counter;
    uint16_t count;
    const uint8_t *list_hash; /* into plain, as what follows */
    const uint8_t *predecessor;
    const uint8_t *list; /* NULL: none */
    size_t list_size;
    const uint8_t *signature;
    size_t signature_size;
    const char *hash; /* name for OpenSSL */
    size_t scheme_oid_size;
    uint16_t rsa_bits;
    const uint8_t *pem[2]; /* maker's and user's; NULL: none */
    size_t pem_size[2];
    const uint8_t *vendor; /* tag 5; NULL: none */
    bool is_repeated;      /* the same bytes stood right before it */
} signed_sei;

typedef struct signed_unit {
    uint8_t hash[64]; /* as it stands in lists */
    size_t frame;
    bool is_anchor;
    bool is_sei;
} signed_unit;

typedef struct signed_stream {
    uint32_t codec;
    svms_nal_framing framing;
    const char *hash; /* of lists */
    size_t hash_size;
    signed_unit *units;
    size_t unit_count;
    size_t unit_capacity;
    signed_sei seis[SIGNED_SEIS_MAX];
    size_t sei_count;
    size_t frame_count;
    bool has_anchor;
    uint8_t anchor[64];
} signed_stream;

/* hash: "SHA256" or "SHA384". */
signed_stream *signed_stream_open(uint32_t codec, svms_nal_framing framing, const char *hash);
void signed_stream_close(signed_stream **stream);
/* One access unit as it came out. */
void signed_stream_take(signed_stream *stream, const uint8_t *data, size_t size);

typedef struct signed_summary {
    size_t gops;       /* SEIs that cover something, copies not counted */
    size_t signatures; /* of them with one */
    size_t covered;    /* units that they cover */
    size_t gaps;       /* counters that are not there */
    size_t first_unit; /* that is covered */
    size_t tail;       /* units behind the last that is covered */
} signed_summary;

/* Every signature fits the certificates that the stream brings, every list the units, counters
 * grow, predecessors link, times fit one another, the order is right. Only where a counter is
 * missing a SEI may begin further on. */
signed_summary signed_stream_check(const signed_stream *stream);
/* Certificates in one of a SEI's chains. */
size_t signed_sei_certificates(const signed_sei *sei, int user);
/* Number n of the SEIs that are no copies and cover something. */
const signed_sei *signed_stream_gop(const signed_stream *stream, size_t n);
/* One character for each NAL unit of an access unit: I anchor, P other slice, c certificate SEI, S
 * SEI with signature, U without, a arbitrary data, . anything else. */
void signed_stream_text(uint32_t codec, svms_nal_framing framing, const uint8_t *data, size_t size,
                        char *out, size_t room);

#endif
