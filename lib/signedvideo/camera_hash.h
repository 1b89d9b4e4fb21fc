/* SPDX-License-Identifier: Apache-2.0 */
/* The hashes of camera-signed video (CS-NAL-4). A hasher fetches each algorithm once, and belongs
 * to one thread at a time. */
#ifndef SVMS_CAMERA_HASH_H
#define SVMS_CAMERA_HASH_H

#include "context_internal.h"

typedef enum svms_camera_hash {
    SVMS_CAMERA_SHA256,
    SVMS_CAMERA_SHA384,
    SVMS_CAMERA_SHA512,
    SVMS_CAMERA_HASHES /* how many; also: unknown */
} svms_camera_hash;

#define SVMS_CAMERA_HASH_MAX 64

typedef struct svms_camera_hasher svms_camera_hasher;

/* 0 for one that is not known. */
size_t svms_camera_hash_size(svms_camera_hash hash);
/* Name for OpenSSL; NULL for one that is not known. */
const char *svms_camera_hash_name(svms_camera_hash hash);
/* DER of the OID, tag and length included; borrowed; NULL for one that is not known. */
const uint8_t *svms_camera_hash_oid(svms_camera_hash hash, size_t *size);
/* SVMS_CAMERA_HASHES when it is none of them. */
svms_camera_hash svms_camera_hash_of_oid(const uint8_t *oid, size_t size);

SVMS_MUST_CHECK svms_status svms_camera_hasher_new(svms_camera_hasher **out, svms_ctx *ctx,
                                                   svms_error *err);
void svms_camera_hasher_free(svms_camera_hasher **hasher);
/* False only when the provider fails, or the hash is not known; the reason is left to
 * svms_fail_crypto(). out has svms_camera_hash_size(hash) bytes. */
bool svms_camera_hash_once(svms_camera_hasher *hasher, svms_camera_hash hash, const void *data,
                           size_t size, uint8_t *out);
/* That of a list of hashes; salted: behind a byte 0x01 (CS-AX-5). */
bool svms_camera_hash_list(svms_camera_hasher *hasher, svms_camera_hash hash, bool is_salted,
                           const uint8_t *list, size_t size, uint8_t *out);
/* H(anchor || one), both of the hash's size (CS-NAL-3); out may be one of them. */
bool svms_camera_hash_link(svms_camera_hasher *hasher, svms_camera_hash hash, const uint8_t *anchor,
                           const uint8_t *one, uint8_t *out);
/* A hash in pieces: start, then any number of updates, then finish. One at a time; the calls above
 * may come in between. */
bool svms_camera_hash_start(svms_camera_hasher *hasher, svms_camera_hash hash);
bool svms_camera_hash_update(svms_camera_hasher *hasher, const void *data, size_t size);
bool svms_camera_hash_finish(svms_camera_hasher *hasher, uint8_t *out);

#endif
