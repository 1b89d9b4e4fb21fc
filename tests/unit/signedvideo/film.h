/* SPDX-License-Identifier: Apache-2.0 */
/* Signed streams of made-up NAL units, written from docs/spec/signedvideo.md with OpenSSL alone,
 * cut and forged at will, and what a validator says of them in one line. Include after
 * cmocka_all.h. */
#ifndef SVMS_TEST_FILM_H
#define SVMS_TEST_FILM_H

#include <svms/signedvideo.h>

#include "../identity/authority.h"
#include "../identity/fixture.h"
#include "sei_maker.h"

#define FILM_PEM_ROOM 16384
#define FILM_LIST_MAX 70000
#define FILM_TEXT_ROOM 8192
#define FILM_START INT64_C(1782864000000000000) /* 2026-07-01 */
#define FILM_FRAME_NS INT64_C(40000000)

typedef struct film_unit {
    char kind;      /* the letter of the script */
    unsigned frame; /* units of one frame follow one another */
    int64_t utc_ns;
    bytes nal;
    bool is_behind_gap; /* before its frame, the validator is told of a gap */
} film_unit;

typedef struct film {
    film_unit *units;
    size_t count;
    size_t capacity;
} film;

/* A list that is closed, and waits for its SEI. */
typedef struct film_list {
    bytes hashes;
    bool is_partial;
    int64_t from_ns;
    int64_t to_ns;
} film_list;

typedef struct film_camera {
    party root;
    party leaf;
    char pem[FILM_PEM_ROOM];
    const char *digest; /* "SHA256" */
    bool is_h265;
    bool without_lists;
    bool with_certificates; /* in each signed SEI */
    bool is_big_endian;
    int list_excess;    /* hashes that lists have more (or fewer) than they say */
    const char *vendor; /* serial number in what has certificates, or NULL */
    unsigned serial;    /* of the next NAL unit, and of the camera's pictures */
    int64_t now_ns;
    uint32_t counter;
    bytes predecessor;
    bytes anchor;
    film_list open;
    film_list closed[64];
    size_t closed_count;
    unsigned frame;
} film_camera;

/* serial: streams of cameras with other ones have other pictures. root NULL: one of its own. */
void film_camera_open(film_camera *camera, const char *key_type, const party *root,
                      unsigned serial);
void film_camera_close(film_camera *camera);
/* A session begins anew: counter and predecessor. */
void film_camera_restart(film_camera *camera);

/* Appends access units, separated by blanks, one letter for each NAL unit: I first slice of an IDR
 * picture, i another slice of it, P and p those of other pictures, s a parameter set, D a SEI with
 * arbitrary data, C certificate SEI, S and U a SEI with and without signature for the oldest list
 * that waits for one (where none does, for the one that is open, which it closes), = the SEI before
 * once more. A slash ends a part. */
void film_shoot(film *out, film_camera *camera, const char *script);
void film_free(film *gone);
/* Appends units [from, to) of another one; their frames are new. */
void film_append(film *out, const film *other, size_t from, size_t to);
film film_copy(const film *other);

/* Number of the unit of which this is the n-th (from 0) of that kind. */
size_t film_find(const film *of, char kind, size_t n);
void film_remove(film *of, size_t from, size_t to);
/* A copy of the unit, as a frame of its own, before unit at. */
void film_repeat(film *of, size_t unit, size_t at);
/* A unit that was never signed, as a frame of its own. */
void film_insert(film *of, size_t at, const void *nal, size_t size);
/* Unit from stands at to then, as a frame of its own. */
void film_move(film *of, size_t from, size_t to);
/* Something is known to be missing before the unit, which leads its frame. */
void film_gap(film *of, size_t unit);
/* Another unit in its place; its header stays. Of a SEI something that is signed. */
void film_change(film *of, size_t unit);

/* What trusts the camera's maker. */
svms_trust *film_trust(svms_ctx *ctx, const film_camera *camera);
svms_camera_validator_options film_options(const film_camera *camera, const svms_trust *trust);
/* All reports of a film: "authentic 0+4; changed:link 4+3 changed@5; unsigned:tail 7+2". Of each
 * the verdict, reasons, "-n" for missing GOPs, first frame and count, "?" where who signed is not
 * trusted, remarks as verdict@frame, and "xn" where several NAL units are concerned. */
void film_tell(char out[FILM_TEXT_ROOM], svms_ctx *ctx, const film *of,
               const svms_camera_validator_options *options);
/* The same as far as it comes: the first status that is not SVMS_OK, and its error. */
svms_status film_try(char out[FILM_TEXT_ROOM], svms_ctx *ctx, const film *of,
                     const svms_camera_validator_options *options, svms_error *err);
/* The same, and the text must be as expected. */
void film_expect(svms_ctx *ctx, const film *of, const svms_camera_validator_options *options,
                 const char *expected);
/* One access unit with 4-byte lengths, units [from, ...) of one frame; returns the next unit. */
size_t film_unit_bytes(const film *of, size_t from, bytes *out);

#endif
