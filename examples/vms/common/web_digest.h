/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP Digest (RFC 7616) from the server's side: qop=auth with SHA-256, and with MD5 only where
 * that is allowed. A nonce says when it was made and is authenticated, so that strangers fill no
 * memory; each of its counts is taken once. Belongs to one thread; no I/O, no clock. */
#ifndef VMS_WEB_DIGEST_H
#define VMS_WEB_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <svms/status.h>

#include "http_message.h"
#include "web_login.h"

/* Of a challenge, with its NUL. */
#define WEB_DIGEST_CHALLENGE_SIZE 384
#define WEB_DIGEST_REALM_MAX 64
#define WEB_DIGEST_SECRET_SIZE 32
/* Hexadecimal, with its NUL. */
#define WEB_DIGEST_NONCE_SIZE 65

typedef enum web_digest_algorithm { WEB_DIGEST_SHA_256, WEB_DIGEST_MD5 } web_digest_algorithm;

typedef struct web_digest web_digest;

typedef struct web_digest_options {
    const char *realm;   /* printable ASCII without quote and backslash; copied */
    uint32_t nonce_secs; /* how long one may be used; 0: 300 */
    bool allow_md5;      /* for clients that know nothing else */
} web_digest_options;

/* What a client claims; texts are within its own buffers. */
typedef struct web_digest_claim {
    web_digest_algorithm algorithm;
    char name[WEB_NAME_MAX + 1];
    char nonce[WEB_DIGEST_NONCE_SIZE];
    char cnonce[129];
    char uri[HTTP_TARGET_MAX + 1];
    uint32_t count;
    uint8_t response[WEB_DIGEST_SECRET_SIZE];
} web_digest_claim;

typedef enum web_digest_verdict {
    WEB_DIGEST_GOOD,
    WEB_DIGEST_WRONG, /* the password is, or the method or target are others */
    WEB_DIGEST_STALE, /* nothing is known against it, but its nonce is too old: challenge with stale
                       */
    WEB_DIGEST_FAILED /* no memory, or the provider failed */
} web_digest_verdict;

svms_status web_digest_open(web_digest **out, const web_digest_options *options, svms_error *err);
/* NULL and pointer to NULL are accepted. */
void web_digest_close(web_digest **digest);

/* A value for WWW-Authenticate. Where MD5 is allowed, it is given in a field of its own, behind
 * that of SHA-256: many clients read only the first challenge of a field. false: no random bytes,
 * or MD5 is not allowed. */
bool web_digest_challenge(web_digest *digest, web_digest_algorithm algorithm, bool is_stale,
                          uint64_t now_ms, char out[WEB_DIGEST_CHALLENGE_SIZE]);

/* field is that of Authorization; NULL: there is none. false: it is no claim that can be checked;
 * challenge again. */
bool web_digest_parse(web_digest_claim *out, const web_digest *digest, const char *field);

/* H(name:realm:password), which is as good as the password within the realm; out has
 * WEB_DIGEST_SECRET_SIZE bytes, of which MD5 uses 16. false: the provider failed. */
bool web_digest_secret(web_digest_algorithm algorithm, const char *name, const char *realm,
                       const char *password, uint8_t *out);

/* secret is that of the claim's name; for names that do not exist give random bytes, so that it
 * takes as long. Compares in constant time. */
web_digest_verdict web_digest_check(web_digest *digest, const web_digest_claim *claim,
                                    const char *method, const char *target, const uint8_t *secret,
                                    uint64_t now_ms);

#endif
