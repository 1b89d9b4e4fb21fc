/* SPDX-License-Identifier: Apache-2.0 */
/* A camera for the tests of the signer: certificates, a clock, an encoder that writes what it is
 * told, and a reader of what comes out. Include after cmocka_all.h. */
#ifndef SVMS_TEST_CAMERA_DESK_H
#define SVMS_TEST_CAMERA_DESK_H

#include <svms/camera_signer.h>

#include "../identity/ca_workshop.h"
#include "../identity/fixture.h"
#include "signed_stream.h"

#define DESK_START INT64_C(1782864000000000000) /* 2026-07-01 */
#define DESK_FRAME INT64_C(40000000)
#define DESK_UNIT_MAX ((size_t)1 << 20)

typedef struct desk {
    fixture_allocator allocator;
    svms_ctx *ctx;
    int64_t wall_clock; /* of the context */
    workshop_ca root;
    workshop_ca issuing;
    svms_private_key *key;
    svms_chain *chain;
    svms_private_key *user_key; /* NULL until desk_add_user() */
    svms_chain *user_chain;
    svms_camera_signer_options options;
    svms_camera_signer *signer;
    signed_stream *seen;
    const char *hash;
    int64_t now;     /* of the next access unit */
    unsigned serial; /* of the next NAL unit */
    svms_error err;
    uint8_t *in; /* DESK_UNIT_MAX bytes: the access unit as it went in */
    size_t in_size;
    const uint8_t *out; /* as it came out; NULL: it was not taken */
    size_t out_size;
    char text[256]; /* signed_stream_text() of it; "" when it was not taken */
} desk;

/* Keys of the kind, and a chain of camera, issuing authority and root. ossl may be NULL. */
void desk_open(desk *d, const char *kind, OSSL_LIB_CTX *ossl);
/* For a context that is there already. */
void desk_certify(desk *d, const char *kind);
void desk_add_user(desk *d, const char *kind);
/* With the options as they are. */
svms_status desk_try_start(desk *d);
void desk_start(desk *d);
/* Ends the signer and what was read, so that it can start again. */
void desk_stop(desk *d);
void desk_close(desk *d);

/* Writes an access unit, one NAL unit for each character: I first slice of an IDR picture, i
 * another of its slices, P and p the same of other pictures, a data to be signed, o another SEI, S
 * a SEI of another signer, D delimiter, s and t parameter sets, N prefix NAL unit. */
void desk_write(desk *d, const char *units);
/* Writes it and signs it; the time grows by a frame. */
svms_status desk_try(desk *d, const char *units);
/* The same; it must succeed, and what came out must read as expected, unless that is NULL. */
void desk_feed(desk *d, const char *units, const char *expected);
svms_status desk_try_end(desk *d);
void desk_end(desk *d, const char *expected);
/* Everything that came out is checked; no NAL unit of the encoder was lost or changed. */
signed_summary desk_check(const desk *d);

#endif
