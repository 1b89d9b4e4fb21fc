/* SPDX-License-Identifier: Apache-2.0 */
/* A camera, a film of it and who validates it, for the tests of validators. Include after
 * cmocka_all.h. */
#ifndef SVMS_TEST_FILM_LAB_H
#define SVMS_TEST_FILM_LAB_H

#include "film.h"

typedef struct lab {
    fixture_allocator allocator;
    svms_ctx *ctx;
    film_camera camera;
    svms_trust *trust;
    film film;
    svms_camera_validator_options options;
} lab;

/* CMocka fixtures; *state is a lab. Nothing may be left when it is torn down. */
int lab_open(void **state);
int lab_close(void **state);
/* A new film, as if nothing had been shot before. */
void lab_shoot(lab *l, const char *script);
void lab_expect(lab *l, const char *expected);

#endif
