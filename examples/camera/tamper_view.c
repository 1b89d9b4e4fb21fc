/* SPDX-License-Identifier: Apache-2.0 */
#include "tamper_view.h"

#include <stdlib.h>
#include <string.h>

/* Wider pictures are made smaller by a whole number. */
#define WIDTH_MAX 480u
/* Luma is kept in sixteenths of a step: the mean of sixteen pixels has lost nothing. */
#define PARTS 16
/* Means of blocks have that many more. */
#define MEAN_PARTS 256
/* Laplace's operator, 4 in the middle and -1 around it. */
#define WEIGHT 4

struct tamper_eye {
    uint32_t source_width;
    uint32_t source_height;
    uint32_t factor; /* pixels of the source in one of ours, each way */
    uint32_t width;
    uint32_t height;
    bool has_before;
    int16_t *now; /* width x height */
    int16_t *before;
    int16_t *change;
    uint32_t *columns; /* sums of a source column over factor rows */
};

/* What one block adds up to. */
typedef struct block_sums {
    uint64_t luma;    /* mean */
    uint64_t detail;  /* squares of Laplace's operator */
    uint64_t flicker; /* the same of the change since the picture before */
    uint32_t pixels;
} block_sums;

tamper_eye *tamper_eye_new(uint32_t width, uint32_t height)
{
    tamper_eye *eye = calloc(1, sizeof *eye);
    if (!eye) {
        return NULL;
    }
    eye->source_width = width;
    eye->source_height = height;
    eye->factor = (width + WIDTH_MAX - 1) / WIDTH_MAX;
    while (eye->factor > 1 && height / eye->factor < VIEW_HEIGHT_MIN) {
        eye->factor--;
    }
    eye->width = width / eye->factor;
    eye->height = height / eye->factor;
    size_t pixels = (size_t)eye->width * eye->height;
    eye->now = calloc(pixels, sizeof *eye->now);
    eye->before = calloc(pixels, sizeof *eye->before);
    eye->change = calloc(pixels, sizeof *eye->change);
    eye->columns = calloc(width, sizeof *eye->columns);
    if (!eye->now || !eye->before || !eye->change || !eye->columns) {
        tamper_eye_free(&eye);
    }
    return eye;
}

void tamper_eye_free(tamper_eye **eye)
{
    tamper_eye *own = *eye;
    if (own) {
        free(own->now);
        free(own->before);
        free(own->change);
        free(own->columns);
        free(own);
        *eye = NULL;
    }
}

bool tamper_eye_fits(const tamper_eye *eye, const svms_picture *picture)
{
    return eye && eye->source_width == picture->width && eye->source_height == picture->height;
}

static void shrink_row(tamper_eye *eye, const svms_picture *picture, uint32_t y)
{
    uint32_t factor = eye->factor;
    uint32_t used = eye->width * factor;
    uint32_t *columns = eye->columns;
    memset(columns, 0, used * sizeof *columns);
    for (uint32_t i = 0; i < factor; i++) {
        const uint8_t *row = picture->planes[0] + (size_t)(y * factor + i) * picture->strides[0];
        for (uint32_t x = 0; x < used; x++) {
            columns[x] += row[x];
        }
    }
    int16_t *to = eye->now + (size_t)y * eye->width;
    for (uint32_t x = 0; x < eye->width; x++) {
        uint32_t sum = 0;
        for (uint32_t i = 0; i < factor; i++) {
            sum += columns[x * factor + i];
        }
        to[x] = (int16_t)(sum * PARTS / (factor * factor));
    }
}

static uint32_t count_changes(tamper_eye *eye)
{
    size_t pixels = (size_t)eye->width * eye->height;
    uint32_t changed = 0;
    for (size_t i = 0; i < pixels; i++) {
        eye->change[i] = (int16_t)(eye->now[i] - eye->before[i]);
        changed += eye->change[i] != 0;
    }
    return changed;
}

static uint64_t laplace_squares(const int16_t *row, uint32_t stride, uint32_t left, uint32_t right)
{
    uint64_t sum = 0;
    const int16_t *above = row - stride;
    const int16_t *below = row + stride;
    for (uint32_t x = left; x < right; x++) {
        int32_t value = WEIGHT * row[x] - row[x - 1] - row[x + 1] - above[x] - below[x];
        sum += (uint32_t)(value * value);
    }
    return sum;
}

static void add_block(const tamper_eye *eye, uint32_t column, uint32_t row, block_sums *out)
{
    uint32_t left = column * eye->width / VIEW_COLUMNS;
    uint32_t right = (column + 1) * eye->width / VIEW_COLUMNS;
    uint32_t bottom = (row + 1) * eye->height / VIEW_ROWS;
    memset(out, 0, sizeof *out);
    for (uint32_t y = row * eye->height / VIEW_ROWS; y < bottom; y++) {
        const int16_t *now = eye->now + (size_t)y * eye->width;
        for (uint32_t x = left; x < right; x++) {
            out->luma += (uint32_t)now[x];
        }
        if (y > 0 && y + 1 < eye->height) {
            uint32_t first = left > 0 ? left : 1;
            uint32_t end = right < eye->width ? right : eye->width - 1;
            const int16_t *change = eye->change + (size_t)y * eye->width;
            out->detail += laplace_squares(now, eye->width, first, end);
            out->flicker += laplace_squares(change, eye->width, first, end);
            out->pixels += end - first;
        }
    }
    uint64_t pixels = (uint64_t)(right - left) * (bottom - row * eye->height / VIEW_ROWS);
    out->luma = pixels ? out->luma * MEAN_PARTS / pixels : 0;
}

static int compare(const void *one, const void *other)
{
    float a = *(const float *)one;
    float b = *(const float *)other;
    return (a > b) - (a < b);
}

static float ranked(const float *values, size_t rank)
{
    float sorted[VIEW_BLOCKS];
    memcpy(sorted, values, sizeof sorted);
    qsort(sorted, VIEW_BLOCKS, sizeof sorted[0], compare);
    return sorted[rank];
}

/* Noise is what flickers where nothing moves, which is half of the picture at least: two pictures
 * differ by that of both. And it is in what looks smooth, as a quarter of the picture does. Either
 * estimate can only be too high, by movement or by texture. */
static void remove_noise(tamper_view *out, const float *flicker, bool has_before)
{
    float smooth = ranked(out->detail, VIEW_BLOCKS / 4);
    float calm = ranked(flicker, VIEW_BLOCKS / 2) / 2;
    out->noise = has_before && calm < smooth ? calm : smooth;
    for (size_t i = 0; i < VIEW_BLOCKS; i++) {
        out->detail[i] -= out->noise;
    }
}

static void put_edges(tamper_view *out, const float *means)
{
    for (size_t i = 0; i < VIEW_BLOCKS; i++) {
        bool has_right = i % VIEW_COLUMNS + 1 < VIEW_COLUMNS;
        bool has_lower = i + VIEW_COLUMNS < VIEW_BLOCKS;
        out->edges[2 * i] = has_right ? means[i + 1] - means[i] : 0;
        out->edges[2 * i + 1] = has_lower ? means[i + VIEW_COLUMNS] - means[i] : 0;
    }
}

void tamper_eye_look(tamper_eye *eye, const svms_picture *picture, tamper_view *out)
{
    float means[VIEW_BLOCKS];
    float flicker[VIEW_BLOCKS];
    int16_t *swap = eye->before;
    eye->before = eye->now;
    eye->now = swap;
    for (uint32_t y = 0; y < eye->height; y++) {
        shrink_row(eye, picture, y);
    }
    float pixels = (float)eye->width * (float)eye->height;
    out->changed = (float)count_changes(eye) / pixels;
    for (size_t i = 0; i < VIEW_BLOCKS; i++) {
        block_sums sums;
        add_block(eye, (uint32_t)i % VIEW_COLUMNS, (uint32_t)i / VIEW_COLUMNS, &sums);
        float squares = (float)sums.pixels * (float)(PARTS * PARTS);
        means[i] = (float)sums.luma / (float)(MEAN_PARTS * PARTS);
        out->detail[i] = (float)sums.detail / squares;
        flicker[i] = (float)sums.flicker / squares;
    }
    put_edges(out, means);
    remove_noise(out, flicker, eye->has_before);
    if (!eye->has_before) {
        out->changed = 1;
        eye->has_before = true;
    }
}
