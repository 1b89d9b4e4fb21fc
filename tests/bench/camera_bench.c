/* SPDX-License-Identifier: Apache-2.0 */
/* What looking for tampering costs beside making a picture of 1,920 x 1,080 pixels:
 * CPU time on one core, means over a scene. Prints; never judges. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lens_scene.h"
#include "tamper.h"

#define PICTURES 300u
#define RATE 15u

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void check(svms_status status, const char *what, const svms_error *err)
{
    if (status != SVMS_OK) {
        fprintf(stderr, "%s failed: %s\n", what, err->message);
        exit(1);
    }
}

int main(void)
{
    lens_scene_options scene = { .width = 1920, .height = 1080, .rate_num = RATE, .rate_den = 1 };
    tamper_options watched = { .has_sound = false };
    svms_error err = SVMS_ERROR_INIT;
    lens *source = NULL;
    tamper *detector = NULL;
    double making = 0;
    double looking = 0;
    scene.is_hurried = true;
    check(lens_open_scene(&source, &scene, &err), "the scene", &err);
    check(tamper_open(&detector, &watched, &err), "the detector", &err);
    for (unsigned i = 0; i < PICTURES; i++) {
        lens_shot shot;
        double begun = cpu_seconds();
        check(lens_next(source, &shot, &err), "the next picture", &err);
        double made = cpu_seconds();
        check(tamper_see(detector, &shot.picture, shot.utc_ns, shot.monotonic_ns, &err), "looking",
              &err);
        making += made - begun;
        looking += cpu_seconds() - made;
    }
    /* By default it looks five times a second. */
    printf("%u pictures of 1920 x 1080: made in %.2f ms each; looking for tampering %.2f ms for "
           "each one that is looked at, %.1f ms a second\n",
           PICTURES, making / PICTURES * 1e3, looking / (PICTURES * 5.0 / RATE) * 1e3,
           looking / PICTURES * RATE * 1e3);
    tamper_close(&detector);
    lens_close(&source);
    return 0;
}
