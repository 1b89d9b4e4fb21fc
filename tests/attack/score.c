/* SPDX-License-Identifier: Apache-2.0 */
/* How much of the true picture an attacked picture shows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attack.h"

enum { WINDOW = 8, STEP = 4, GRAY = 128 };

/* A block counts when it has something to show, and what is shown resembles it: correlation and
 * contrast, whatever the brightness. */
static const double least_deviation = 6.0;
static const double least_correlation = 0.9;

typedef struct {
    double mean_a, mean_b, var_a, var_b, covariance;
} moments;

static moments measure(const uint8_t *a, size_t stride_a, const uint8_t *b, size_t stride_b,
                       int side)
{
    uint32_t sum_a = 0, sum_b = 0, square_a = 0, square_b = 0, product = 0;
    for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++) {
            uint32_t p = a[(size_t)y * stride_a + (size_t)x];
            uint32_t q = b[(size_t)y * stride_b + (size_t)x];
            sum_a += p;
            sum_b += q;
            square_a += p * p;
            square_b += q * q;
            product += p * q;
        }
    }
    double n = (double)(side * side);
    moments m;
    m.mean_a = sum_a / n;
    m.mean_b = sum_b / n;
    m.var_a = square_a / n - m.mean_a * m.mean_a;
    m.var_b = square_b / n - m.mean_b * m.mean_b;
    m.covariance = product / n - m.mean_a * m.mean_b;
    return m;
}

static double ssim_of(const uint8_t *a, size_t stride_a, const uint8_t *b, size_t stride_b,
                      int width, int height)
{
    const double c1 = 0.01 * 255 * 0.01 * 255;
    const double c2 = 0.03 * 255 * 0.03 * 255;
    double sum = 0;
    size_t windows = 0;
    for (int y = 0; y + WINDOW <= height; y += STEP) {
        for (int x = 0; x + WINDOW <= width; x += STEP) {
            moments m = measure(a + (size_t)y * stride_a + x, stride_a,
                                b + (size_t)y * stride_b + x, stride_b, WINDOW);
            sum += (2 * m.mean_a * m.mean_b + c1) * (2 * m.covariance + c2) /
                   ((m.mean_a * m.mean_a + m.mean_b * m.mean_b + c1) * (m.var_a + m.var_b + c2));
            windows++;
        }
    }
    return windows > 0 ? sum / (double)windows : 0;
}

/* 0: nothing to see there; 1: not recovered; 2: recovered */
static int judge_block(const uint8_t *truth, size_t truth_stride, const uint8_t *luma,
                       size_t stride)
{
    moments m = measure(truth, truth_stride, luma, stride, MACROBLOCK);
    if (m.var_a < least_deviation * least_deviation) {
        return 0;
    }
    if (m.var_b < m.var_a / 4 || m.var_b > m.var_a * 4) {
        return 1;
    }
    return m.covariance >= least_correlation * sqrt(m.var_a * m.var_b) ? 2 : 1;
}

static void score_slices(attack_score *score, const attack_clip *clip, const attack_sample *sample,
                         const uint8_t *luma, size_t stride)
{
    uint32_t columns = (uint32_t)clip->width / MACROBLOCK;
    uint32_t across = (uint32_t)(clip->width + MACROBLOCK - 1) / MACROBLOCK;
    uint32_t rows = (uint32_t)clip->height / MACROBLOCK;
    for (size_t i = 0; i < sample->slice_count; i++) {
        size_t textured = 0, recovered = 0;
        for (uint32_t mb = sample->slices[i].first; mb < sample->slices[i].last; mb++) {
            uint32_t x = mb % across, y = mb / across;
            if (x >= columns || y >= rows) {
                continue;
            }
            size_t row = (size_t)y * MACROBLOCK, column = (size_t)x * MACROBLOCK;
            int verdict = judge_block(sample->luma + row * (size_t)clip->width + column,
                                      (size_t)clip->width, luma + row * stride + column, stride);
            textured += verdict > 0;
            recovered += verdict > 1;
        }
        score->textured_blocks += textured;
        score->blocks += recovered;
        score->all_slices++;
        score->slices += textured > 0 && recovered * 2 >= textured;
    }
}

double attack_gray_ssim(const attack_clip *clip, const uint8_t *truth)
{
    size_t size = (size_t)clip->width * (size_t)clip->height;
    uint8_t *gray = attack_alloc(size);
    memset(gray, GRAY, size);
    double ssim =
        ssim_of(truth, (size_t)clip->width, gray, (size_t)clip->width, clip->width, clip->height);
    free(gray);
    return ssim;
}

void attack_score_frame(attack_score *score, const attack_clip *clip, size_t sample,
                        const uint8_t *luma, size_t stride)
{
    const attack_sample *true_sample = &clip->samples[sample];
    if (!true_sample->luma) {
        return;
    }
    score->frames++;
    score->baseline += true_sample->gray_ssim;
    score->ssim +=
        ssim_of(true_sample->luma, (size_t)clip->width, luma, stride, clip->width, clip->height);
    score_slices(score, clip, true_sample, luma, stride);
}

void attack_score_gray(attack_score *score, const attack_clip *clip, size_t sample)
{
    const attack_sample *true_sample = &clip->samples[sample];
    if (!true_sample->luma) {
        return;
    }
    score->frames++;
    score->baseline += true_sample->gray_ssim;
    score->ssim += true_sample->gray_ssim;
    uint8_t *flat_row = attack_alloc((size_t)clip->width);
    score_slices(score, clip, true_sample, flat_row, 0);
    free(flat_row);
}
