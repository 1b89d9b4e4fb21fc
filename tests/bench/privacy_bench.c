/* SPDX-License-Identifier: Apache-2.0 */
/* What masks over a quarter of a picture of 1,920 x 1,080 pixels cost: CPU time for each picture on
 * one core, median and worst of rounds, beside copying the picture. Prints; never judges. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <svms/svms.h>

#define WIDTH 1920u
#define HEIGHT 1080u
#define ROUNDS 301

static uint8_t picture_bytes[WIDTH * HEIGHT * 3 / 2];
static uint8_t other_bytes[WIDTH * HEIGHT * 3 / 2];

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int compare(const void *a, const void *b)
{
    double one = *(const double *)a;
    double other = *(const double *)b;
    return (one > other) - (one < other);
}

static void print(const char *what, double *times)
{
    qsort(times, ROUNDS, sizeof *times, compare);
    printf("%-40s %7.3f ms  (worst %.3f)\n", what, times[ROUNDS / 2] * 1e3,
           times[ROUNDS - 1] * 1e3);
}

static svms_picture picture_of(svms_picture_layout layout)
{
    svms_picture picture = SVMS_PICTURE_INIT;
    picture.layout = layout;
    picture.width = WIDTH;
    picture.height = HEIGHT;
    picture.planes[0] = picture_bytes;
    picture.planes[1] = picture_bytes + WIDTH * HEIGHT;
    picture.planes[2] = picture_bytes + WIDTH * HEIGHT * 5 / 4;
    picture.strides[0] = WIDTH;
    picture.strides[1] = layout == SVMS_PICTURE_NV12 ? WIDTH : WIDTH / 2;
    picture.strides[2] = WIDTH / 2;
    return picture;
}

static void measure(svms_ctx *ctx, const char *what, const svms_mask *mask,
                    svms_picture_layout layout)
{
    static double times[ROUNDS];
    svms_picture picture = picture_of(layout);
    svms_privacy *privacy = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_privacy_new(&privacy, ctx, mask, 1, &err);
    for (size_t i = 0; status == SVMS_OK && i < ROUNDS; i++) {
        memcpy(picture_bytes, other_bytes, sizeof picture_bytes);
        double began = cpu_seconds();
        status = svms_privacy_apply(privacy, &picture, &err);
        times[i] = cpu_seconds() - began;
    }
    if (status != SVMS_OK) {
        fprintf(stderr, "%s: %s\n", what, err.message);
        exit(1);
    }
    svms_privacy_free(&privacy);
    print(what, times);
}

int main(void)
{
    /* Half of the width and of the height, with slanted sides: a little more than a quarter. */
    static const svms_mask_point points[] = {
        { 0.25, 0.2 }, { 0.75, 0.25 }, { 0.8, 0.75 }, { 0.25, 0.75 }
    };
    static double times[ROUNDS];
    svms_ctx *ctx = NULL;
    svms_mask mask = SVMS_MASK_INIT;
    if (svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK) {
        return 1;
    }
    for (size_t i = 0; i < sizeof other_bytes; i++) {
        other_bytes[i] = (uint8_t)(i * 2654435761u >> 13);
    }
    for (size_t i = 0; i < ROUNDS; i++) {
        double began = cpu_seconds();
        memcpy(picture_bytes, other_bytes, sizeof picture_bytes);
        times[i] = cpu_seconds() - began;
    }
    print("copying the picture", times);
    mask.points = points;
    mask.point_count = 4;
    measure(ctx, "solid, I420", &mask, SVMS_PICTURE_I420);
    measure(ctx, "solid, NV12", &mask, SVMS_PICTURE_NV12);
    mask.kind = SVMS_MASK_BLUR;
    mask.strength = 16;
    measure(ctx, "blur with a radius of 16, I420", &mask, SVMS_PICTURE_I420);
    measure(ctx, "blur with a radius of 16, NV12", &mask, SVMS_PICTURE_NV12);
    mask.kind = SVMS_MASK_PIXELATE;
    measure(ctx, "blocks of 16, I420", &mask, SVMS_PICTURE_I420);
    svms_ctx_free(&ctx);
    return 0;
}
