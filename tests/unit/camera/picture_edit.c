/* SPDX-License-Identifier: Apache-2.0 */
#include "picture_edit.h"

#include <string.h>

#define BLACK 16
#define SIDE_MAX 2048u

static uint32_t mix(uint32_t x)
{
    x = (x ^ (x >> 15)) * 0x2c1b3c6du;
    x = (x ^ (x >> 12)) * 0x297a2d39u;
    return x ^ (x >> 15);
}

/* The sum of four bytes comes close to a bell curve, with a deviation of 148. */
static int32_t grain(uint32_t number, uint32_t noise)
{
    uint32_t bits = mix(number * 0x9e3779b1u);
    int32_t sum = (int32_t)((bits & 255) + (bits >> 8 & 255) + (bits >> 16 & 255) + (bits >> 24));
    return (sum - 510) * (int32_t)noise / 148;
}

static uint8_t bounded(int32_t value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static uint8_t *row_of(const svms_picture *picture, uint32_t y)
{
    return picture->planes[0] + (size_t)y * picture->strides[0];
}

void edit_light(const svms_picture *picture, uint32_t percent, uint32_t noise, uint32_t number)
{
    for (uint32_t y = 0; y < picture->height; y++) {
        uint8_t *row = row_of(picture, y);
        for (uint32_t x = 0; x < picture->width; x++) {
            int32_t luma = BLACK + (row[x] - BLACK) * (int32_t)percent / 100;
            uint32_t pixel = y * picture->width + x;
            row[x] = bounded(luma + (noise ? grain(pixel + number * 7919u * 7919u, noise) : 0));
        }
    }
}

void edit_lamp(const svms_picture *picture, uint32_t percent)
{
    int32_t reach = (int32_t)picture->width / 4;
    for (uint32_t y = 0; y < picture->height; y++) {
        uint8_t *row = row_of(picture, y);
        for (uint32_t x = 0; x < picture->width; x++) {
            int32_t right = (int32_t)x - (int32_t)picture->width / 3;
            int32_t down = (int32_t)y - (int32_t)picture->height / 3;
            int64_t distance = (int64_t)right * right + (int64_t)down * down;
            int64_t light = 100 + (int64_t)percent * reach * reach / (reach * reach + 2 * distance);
            int64_t luma = BLACK + (row[x] - BLACK) * light / 100;
            row[x] = (uint8_t)(luma > 235 ? 235 : luma);
        }
    }
}

void edit_cover(const svms_picture *picture, uint32_t percent, uint32_t number)
{
    for (uint32_t y = 0; y < picture->height; y++) {
        uint8_t *row = row_of(picture, y);
        for (uint32_t x = 0; x < picture->width * percent / 100; x++) {
            int32_t luma = (int32_t)(30 + 12 * y / picture->height + 16 * x / picture->width);
            row[x] = bounded(luma + grain(y * picture->width + x + number * 104729u, 2));
        }
    }
}

void edit_turn(const svms_picture *picture, uint32_t percent)
{
    static uint8_t kept[SIDE_MAX][SIDE_MAX / 2];
    uint32_t step = picture->width * percent / 100;
    if (picture->height > SIDE_MAX || step > SIDE_MAX / 2) {
        return;
    }
    for (uint32_t y = 0; y < picture->height; y++) {
        memcpy(kept[y], row_of(picture, y), step);
    }
    for (uint32_t y = 0; y < picture->height; y++) {
        uint8_t *row = row_of(picture, y);
        memmove(row, row + step, picture->width - step);
        memcpy(row + picture->width - step, kept[picture->height - 1 - y], step);
    }
}

/* One row or column, by a sum that moves along. */
static void blur_line(uint8_t *line, size_t step, uint32_t size, uint32_t radius)
{
    uint8_t before[SIDE_MAX];
    uint32_t sum = 0;
    uint32_t count = 0;
    if (size > SIDE_MAX) {
        return;
    }
    for (uint32_t i = 0; i < size; i++) {
        before[i] = line[i * step];
    }
    for (uint32_t i = 0; i < radius && i < size; i++) {
        sum += before[i];
        count++;
    }
    for (uint32_t i = 0; i < size; i++) {
        if (i + radius < size) {
            sum += before[i + radius];
            count++;
        }
        if (i > radius) {
            sum -= before[i - radius - 1];
            count--;
        }
        line[i * step] = (uint8_t)(sum / count);
    }
}

void edit_blur(const svms_picture *picture, uint32_t radius)
{
    for (uint32_t y = 0; y < picture->height; y++) {
        blur_line(row_of(picture, y), 1, picture->width, radius);
    }
    for (uint32_t x = 0; x < picture->width; x++) {
        blur_line(picture->planes[0] + x, picture->strides[0], picture->height, radius);
    }
}

void edit_vehicle(const svms_picture *picture, uint32_t percent, uint32_t number)
{
    for (uint32_t y = picture->height / 4; y < picture->height; y++) {
        uint8_t *row = row_of(picture, y);
        for (uint32_t x = 0; x < picture->width * percent / 100; x++) {
            uint32_t board = mix((y / 16) * 512 + (x + number * 3) / 24);
            row[x] = (uint8_t)(40 + board % 120);
        }
    }
}
