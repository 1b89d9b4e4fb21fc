/* SPDX-License-Identifier: Apache-2.0 */
/* A recorder's disk with real containers, as they are while a camera is being recorded: they are
 * begun, grow, are renamed at their end, and the index is told. */
#ifndef TEST_FILM_STAGE_H
#define TEST_FILM_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <playback.h>

/* Ten pictures in a second, the first of each second stands alone; two sounds beside them. */
#define FILM_SECOND INT64_C(1000000000)
#define FILM_PICTURE (FILM_SECOND / 10)
#define FILM_GROUP 10
#define FILM_CAMERA "door"
#define FILM_OTHER "yard"

#define FILM_PARTS_MAX 32

typedef struct film_part {
    char file[96]; /* below the storage */
    svms_head head;
    int64_t first_utc_ns;
    int64_t last_utc_ns;
    bool is_edge;
    bool is_closed;
    bool is_renamed;
} film_part;

typedef struct film {
    char folder[64];
    char storage_path[80];
    char key_path[80];
    svms_ctx *ctx;
    service *service;
    recorder_index *index;
    storage_settings storage;
    recorded_camera cameras[2];
    recorder_settings settings;
    recorder_parts parts;
    char authority_pem[8192];
    svms_chain *authority;
    svms_private_key *authority_key;
    svms_private_key *signer_key;
    svms_chain *signer;
    svms_private_key *viewer_key;
    svms_public_key *recipient;
    playback_keys *keys;
    /* What is being recorded. */
    svms_track tracks[2];
    svms_writer_options writer;
    svms_recording *recording;
    const char *camera;
    bool is_edge;
    bool without_sound;
    unsigned group;       /* pictures in one; 0: FILM_GROUP */
    bool is_late;         /* the index is not told that a container was renamed */
    int64_t start_utc_ns; /* of picture 0 */
    film_part written[FILM_PARTS_MAX];
    size_t count;
    size_t first; /* of this recording */
} film;

/* Allocations of contexts with this as user: counted, and one fails. */
typedef struct film_memory {
    unsigned count;
    unsigned fails_at; /* from 1; 0: none */
} film_memory;

/* A context of which allocations fail. */
svms_ctx *film_failing_ctx(film_memory *memory);

/* As CMocka's set-up and tear-down. */
int film_set_up(void **state);
int film_tear_down(void **state);

/* Begins a recording; containers rotate after so many seconds. */
void film_begin(film *f, const char *camera, int64_t start_utc_ns, unsigned rotate_s);
/* Pictures [from, to), and their sounds. */
void film_take(film *f, unsigned from, unsigned to);
/* Ends the segment, and tells the index. */
void film_flush(film *f);
void film_end(film *f);
/* One recording, begun and ended. */
void film_make(film *f, const char *camera, int64_t start_utc_ns, unsigned seconds,
               unsigned rotate_s);
/* Tells the index of all containers. */
void film_tell(film *f);
/* Changes a byte in the middle of a container. */
void film_damage(const film *f, size_t part, double where);
void film_remove(const film *f, size_t part);

int64_t film_utc(const film *f, unsigned picture);
/* Number of the picture or sound, out of its bytes. */
unsigned film_number(const void *data, size_t size);

#endif
