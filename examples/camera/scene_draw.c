/* SPDX-License-Identifier: Apache-2.0 */
#include "scene_draw.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define WALKERS 5u
#define MILLISECOND 1000000u
#define MEADOW_COARSE 16u
#define MEADOW_FINE 3u

typedef struct colour {
    uint8_t luma;
    uint8_t u;
    uint8_t v;
} colour;

typedef struct box {
    uint32_t x;
    uint32_t y;
    uint32_t width;
    uint32_t height;
} box;

uint32_t scene_hash(uint32_t seed, uint32_t x, uint32_t y)
{
    uint32_t mixed = seed + x * 0x9e3779b1u + y * 0x85ebca77u;
    mixed = (mixed ^ (mixed >> 15)) * 0x2c1b3c6du;
    mixed = (mixed ^ (mixed >> 12)) * 0x297a2d39u;
    return mixed ^ (mixed >> 15);
}

static uint32_t smaller(uint32_t one, uint32_t other)
{
    return one < other ? one : other;
}

/* What lies outside of the picture is left out. */
static void fill(const svms_picture *picture, const box *area, const colour *paint)
{
    uint32_t right = smaller(area->x + area->width, picture->width);
    uint32_t bottom = smaller(area->y + area->height, picture->height);
    if (area->x >= right) {
        return;
    }
    for (uint32_t y = area->y; y < bottom; y++) {
        memset(picture->planes[0] + y * picture->strides[0] + area->x, paint->luma,
               right - area->x);
    }
    uint32_t left = area->x / 2;
    uint32_t width = (right + 1) / 2 - left;
    for (uint32_t y = area->y / 2; y < (bottom + 1) / 2; y++) {
        memset(picture->planes[1] + y * picture->strides[1] + left, paint->u, width);
        memset(picture->planes[2] + y * picture->strides[2] + left, paint->v, width);
    }
}

/* Numbers at the corners of cells, and straight lines between them. */
static uint32_t smooth_noise(uint32_t seed, uint32_t x, uint32_t y, uint32_t cell)
{
    uint32_t column = x / cell;
    uint32_t row = y / cell;
    uint32_t right = x % cell;
    uint32_t down = y % cell;
    uint32_t above = (scene_hash(seed, column, row) & 255) * (cell - right) +
                     (scene_hash(seed, column + 1, row) & 255) * right;
    uint32_t below = (scene_hash(seed, column, row + 1) & 255) * (cell - right) +
                     (scene_hash(seed, column + 1, row + 1) & 255) * right;
    return (above * (cell - down) + below * down) / (cell * cell);
}

static void draw_ground(const svms_picture *picture, uint32_t seed)
{
    static const colour sky = { 190, 136, 120 };
    static const colour grass = { 90, 112, 118 };
    const box all = { 0, 0, picture->width, picture->height };
    const uint32_t horizon = picture->height * 2 / 5;
    const box below = { 0, horizon, picture->width, picture->height };
    fill(picture, &all, &sky);
    fill(picture, &below, &grass);
    for (uint32_t y = 0; y < picture->height; y++) {
        uint8_t *row = picture->planes[0] + y * picture->strides[0];
        for (uint32_t x = 0; x < picture->width; x++) {
            if (y < horizon) {
                row[x] = (uint8_t)(205 - y * 40 / horizon);
            } else {
                uint32_t coarse = smooth_noise(seed, x, y, picture->width / MEADOW_COARSE + 1);
                uint32_t fine = smooth_noise(seed + 1, x, y, MEADOW_FINE);
                row[x] = (uint8_t)(50 + coarse / 4 + fine / 8);
            }
        }
    }
}

static void draw_house(const svms_picture *picture, const box *house, uint32_t seed)
{
    const colour wall = { (uint8_t)(90 + (seed & 63)), (uint8_t)(112 + (seed >> 8 & 15)),
                          (uint8_t)(128 + (seed >> 16 & 31)) };
    static const colour glass = { 40, 134, 124 };
    static const colour frame = { 215, 128, 128 };
    fill(picture, house, &wall);
    uint32_t step = house->width / 5 + 1;
    uint32_t rows = house->height / 3 + 1;
    for (uint32_t y = rows / 3; y + rows / 2 < house->height; y += rows) {
        for (uint32_t x = step / 3; x + step / 2 < house->width; x += step) {
            const box outer = { house->x + x, house->y + y, step / 2 + 1, rows / 2 + 1 };
            const box inner = { outer.x + 1 + step / 16, outer.y + 1 + rows / 16, step * 3 / 8,
                                rows * 3 / 8 };
            fill(picture, &outer, &frame);
            fill(picture, &inner, &glass);
        }
    }
}

static void draw_path(const svms_picture *picture)
{
    static const colour stone = { 165, 126, 130 };
    static const colour kerb = { 70, 128, 128 };
    uint32_t top = picture->height * 11 / 20;
    for (uint32_t y = top; y < picture->height; y++) {
        uint32_t middle = picture->width / 3 + (y - top) / 2;
        uint32_t half = picture->width / 40 + (y - top) / 5;
        const box edge = { middle > half + 2 ? middle - half - 2 : 0, y, half * 2 + 4, 1 };
        const box inner = { edge.x + 2, y, half * 2, 1 };
        fill(picture, &edge, &kerb);
        fill(picture, &inner, &stone);
    }
}

void scene_draw_still(const svms_picture *picture, uint32_t seed)
{
    draw_ground(picture, seed);
    uint32_t horizon = picture->height * 2 / 5;
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t number = scene_hash(seed, i, 77);
        uint32_t height = picture->height / 6 + number % (picture->height / 8 + 1);
        const box house = { picture->width * i / 4 + number % 16, horizon + 4 - height,
                            picture->width / 5, height };
        draw_house(picture, &house, number);
    }
    draw_path(picture);
    for (uint32_t i = 0; i < 8; i++) {
        static const colour post = { 30, 128, 128 };
        uint32_t number = scene_hash(seed, i, 99);
        const box each = { picture->width * i / 8 + number % 24,
                           horizon + number % (picture->height / 3), picture->width / 160 + 2,
                           picture->height / 8 };
        fill(picture, &each, &post);
    }
}

/* From the left to the right and back again, each at a pace of its own. */
void scene_draw_walkers(const svms_picture *picture, uint32_t seed, uint64_t elapsed_ns)
{
    static const colour skin = { 150, 112, 150 };
    uint64_t milliseconds = elapsed_ns / MILLISECOND;
    for (uint32_t i = 0; i < WALKERS; i++) {
        uint32_t number = scene_hash(seed, i, 55);
        uint32_t size = picture->height / 10 + picture->height * i / 40;
        uint64_t range = picture->width - size / 2;
        uint64_t pace = picture->width / 16 + number % (picture->width / 16 + 1);
        uint64_t gone = (pace * milliseconds / 1000 + (number >> 8)) % (2 * range);
        uint32_t x = (uint32_t)(gone < range ? gone : 2 * range - gone);
        uint32_t sway = (uint32_t)(milliseconds / 160 + i) % 2;
        const colour coat = { (uint8_t)(30 + (number >> 4 & 127)),
                              (uint8_t)(96 + (number >> 12 & 63)),
                              (uint8_t)(96 + (number >> 20 & 63)) };
        uint32_t y = picture->height / 2 + picture->height * i / 14 + sway;
        const box head = { x + size / 8, y, size / 4, size / 4 };
        const box body = { x, y + size / 4, size / 2, size * 3 / 4 };
        fill(picture, &head, &skin);
        fill(picture, &body, &coat);
    }
}

/* Five columns and seven rows; the highest of five bits is at the left. */
static const struct {
    char letter;
    uint8_t rows[7];
} letters[] = {
    { '0', { 0x0e, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0e } },
    { '1', { 0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e } },
    { '2', { 0x0e, 0x11, 0x01, 0x06, 0x08, 0x10, 0x1f } },
    { '3', { 0x1f, 0x02, 0x04, 0x02, 0x01, 0x11, 0x0e } },
    { '4', { 0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02 } },
    { '5', { 0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e } },
    { '6', { 0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e } },
    { '7', { 0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08 } },
    { '8', { 0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e } },
    { '9', { 0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c } },
    { '-', { 0x00, 0x00, 0x00, 0x0e, 0x00, 0x00, 0x00 } },
    { ':', { 0x00, 0x04, 0x00, 0x00, 0x00, 0x04, 0x00 } },
    { '.', { 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04 } },
};

static void draw_letter(const svms_picture *picture, char letter, uint32_t left, uint32_t scale)
{
    static const colour white = { 235, 128, 128 };
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
        for (uint32_t bit = 0; letters[i].letter == letter && bit < 35; bit++) {
            const box dot = { left + bit % 5 * scale, (bit / 5 + 1) * scale, scale, scale };
            if (letters[i].rows[bit / 5] >> (4 - bit % 5) & 1) {
                fill(picture, &dot, &white);
            }
        }
    }
}

void scene_draw_clock(const svms_picture *picture, int64_t utc_ns)
{
    static const colour black = { 16, 128, 128 };
    char text[64];
    struct tm parts;
    time_t seconds = (time_t)(utc_ns / 1000000000);
    if (utc_ns < 0 || !gmtime_r(&seconds, &parts)) {
        return;
    }
    int size = snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d.%03d",
                        parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                        parts.tm_min, parts.tm_sec, (int)(utc_ns / 1000000 % 1000));
    uint32_t scale = picture->width / 320 + 1;
    const box ground = { 0, 0, ((uint32_t)size * 6 + 1) * scale, 9 * scale };
    fill(picture, &ground, &black);
    for (int i = 0; i < size; i++) {
        draw_letter(picture, text[i], ((uint32_t)i * 6 + 1) * scale, scale);
    }
}
