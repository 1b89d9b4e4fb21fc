/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMS_WEB_DIGEST_INTERNAL_H
#define VMS_WEB_DIGEST_INTERNAL_H

#include "web_digest.h"

#define WEB_DIGEST_KEY_SIZE 32
/* Nonces in use, whose counts are remembered. */
#define WEB_DIGEST_NONCES 512

/* A nonce that somebody authenticated with. */
typedef struct web_digest_nonce {
    char text[WEB_DIGEST_NONCE_SIZE];
    uint64_t made_ms;
    uint64_t used_ms;
    uint32_t highest; /* count; 0: the place is free */
    uint64_t before;  /* bit n: highest - 1 - n was used */
} web_digest_nonce;

struct web_digest {
    char realm[WEB_DIGEST_REALM_MAX + 1];
    uint8_t key[WEB_DIGEST_KEY_SIZE];
    uint64_t nonce_ms;
    bool allow_md5;
    uint64_t forgotten_ms; /* of nonces made until then, which are not here, counts are unknown */
    bool has_forgotten;
    web_digest_nonce nonces[WEB_DIGEST_NONCES];
};

/* Bytes of a digest. */
size_t web_digest_size(web_digest_algorithm algorithm);

#endif
