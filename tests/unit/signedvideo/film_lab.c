/* SPDX-License-Identifier: Apache-2.0 */
#include "../base/cmocka_all.h"

#include "film_lab.h"

#include <string.h>

int lab_open(void **state)
{
    static lab fresh;
    memset(&fresh, 0, sizeof fresh);
    fresh.ctx = fixture_context(&fresh.allocator);
    film_camera_open(&fresh.camera, "EC", NULL, 1000);
    fresh.trust = film_trust(fresh.ctx, &fresh.camera);
    fresh.options = film_options(&fresh.camera, fresh.trust);
    *state = &fresh;
    return 0;
}

int lab_close(void **state)
{
    lab *l = *state;
    film_free(&l->film);
    film_camera_close(&l->camera);
    svms_trust_free(&l->trust);
    svms_ctx_free(&l->ctx);
    assert_int_equal(l->allocator.live, 0);
    return 0;
}

void lab_shoot(lab *l, const char *script)
{
    film_free(&l->film);
    film_camera_restart(&l->camera);
    l->camera.now_ns = FILM_START;
    l->camera.frame = 0;
    l->camera.serial = 1000;
    film_shoot(&l->film, &l->camera, script);
}

void lab_expect(lab *l, const char *expected)
{
    film_expect(l->ctx, &l->film, &l->options, expected);
}
