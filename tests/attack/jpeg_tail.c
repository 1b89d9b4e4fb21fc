/* SPDX-License-Identifier: Apache-2.0 */
/* Starts Huffman decoding somewhere in the clear part of a JPEG scan. Huffman codes find their own
 * synchronisation; what stays unknown is one brightness offset, and the place is counted from the
 * end. The attacker knows the camera, so he has its quantisation tables. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attack.h"
#include "jpeg_tables.h"

enum { BLOCKS_PER_MCU = 6, LUMA_BLOCKS = 4, MAX_STARTS = 512, COEFFICIENTS = 64 };

typedef struct {
    /* By code length: the first code, how many codes, and where their values begin. */
    uint16_t first[17], count[17], place[17];
    uint8_t values[256];
    bool known;
} huffman;

typedef struct {
    uint16_t quantiser[4][COEFFICIENTS];
    huffman tables[2][4]; /* DC, AC */
    size_t scan;
    size_t scan_size;
    bool usable;
} picture;

typedef struct {
    const uint8_t *data; /* one bit per byte */
    size_t size;
    size_t position;
} bit_run;

static const uint8_t zigzag[COEFFICIENTS] = { 0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18,
                                              11, 4,  5,  12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
                                              13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43,
                                              36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45,
                                              38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63 };

/* Returns how many bytes the table takes, 0 when it is none. */
static size_t read_huffman(huffman *table, const uint8_t *data, size_t size)
{
    uint16_t code = 0, values = 0;
    for (unsigned length = 1; length <= 16; length++) {
        if (size < 16) {
            return 0;
        }
        table->first[length] = code;
        table->count[length] = data[length - 1];
        table->place[length] = values;
        values = (uint16_t)(values + data[length - 1]);
        code = (uint16_t)((code + data[length - 1]) << 1);
    }
    if (values > 256 || values > size - 16) {
        return 0;
    }
    memcpy(table->values, data + 16, values);
    table->known = true;
    return 16u + values;
}

static void read_tables(picture *p, const svms_jpeg_segment *segment, bool quantisers)
{
    size_t at = 0;
    while (at < segment->size) {
        uint8_t id = segment->data[at++];
        size_t taken;
        if (quantisers) {
            for (unsigned i = 0; i < COEFFICIENTS && at + i < segment->size; i++) {
                p->quantiser[id & 3][zigzag[i]] = segment->data[at + i];
            }
            taken = COEFFICIENTS;
        } else {
            taken = read_huffman(&p->tables[id >> 4 & 1][id & 3], segment->data + at,
                                 segment->size - at);
        }
        if (taken == 0) {
            return;
        }
        at += taken;
    }
}

static void read_picture(picture *p, const attack_sample *sample, bool standard_tables)
{
    svms_jpeg_iterator it = SVMS_JPEG_ITERATOR_INIT;
    svms_jpeg_segment segment = SVMS_JPEG_SEGMENT_INIT;
    memset(p, 0, sizeof *p);
    if (svms_jpeg_begin(&it, sample->data, sample->size) != SVMS_OK) {
        return;
    }
    while (svms_jpeg_next(&it, &segment, NULL) == SVMS_OK) {
        if (segment.marker == 0xDB) {
            read_tables(p, &segment, true);
        }
        if (segment.marker == 0xC4 && !standard_tables) {
            read_tables(p, &segment, false);
        }
        if (segment.marker == 0xDA && p->scan == 0) {
            p->scan = segment.scan_offset;
            p->scan_size = segment.scan_size;
        }
    }
    for (unsigned i = 0; i < 2 && standard_tables; i++) {
        (void)read_huffman(&p->tables[0][i], attack_jpeg_dc[i], sizeof attack_jpeg_dc[i]);
        (void)read_huffman(&p->tables[1][i], attack_jpeg_ac[i], sizeof attack_jpeg_ac[i]);
    }
    p->usable = p->scan > 0 && p->tables[0][0].known && p->tables[1][0].known;
}

/* The clear end of the scan as bits; false when there is none. Restart markers would only help, so
 * scans with them are not treated. */
static bool clear_bits(const picture *p, const attack_sample *sample, bit_run *out, uint8_t *store)
{
    size_t start = p->scan + p->scan_size;
    while (start > p->scan && !sample->hidden[start - 1]) {
        start--;
    }
    out->data = store;
    out->size = 0;
    out->position = 0;
    for (size_t i = start; i < p->scan + p->scan_size; i++) {
        if (i > 0 && sample->data[i - 1] == 0xFF && sample->data[i] == 0) {
            continue;
        }
        for (unsigned bit = 0; bit < 8; bit++) {
            store[out->size++] = sample->data[i] >> (7 - bit) & 1;
        }
    }
    return out->size > 0;
}

/* -1 when no code fits. */
static int read_code(bit_run *bits, const huffman *table)
{
    unsigned code = 0;
    for (unsigned length = 1; length <= 16 && bits->position < bits->size; length++) {
        code = code << 1 | bits->data[bits->position++];
        if (code >= table->first[length] && code - table->first[length] < table->count[length]) {
            return table->values[table->place[length] + code - table->first[length]];
        }
    }
    return -1;
}

static int read_value(bit_run *bits, unsigned size)
{
    int value = 0;
    for (unsigned i = 0; i < size && bits->position < bits->size; i++) {
        value = value << 1 | bits->data[bits->position++];
    }
    return size > 0 && value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
}

/* One block into natural order; *dc is the running prediction. */
static bool read_block(bit_run *bits, const picture *p, unsigned component, int *dc,
                       int16_t out[COEFFICIENTS])
{
    memset(out, 0, COEFFICIENTS * sizeof *out);
    int size = read_code(bits, &p->tables[0][component > 0]);
    if (size < 0 || size > 11) {
        return false;
    }
    *dc += read_value(bits, (unsigned)size);
    out[0] = (int16_t)*dc;
    for (unsigned k = 1; k < COEFFICIENTS; k++) {
        int code = read_code(bits, &p->tables[1][component > 0]);
        if (code < 0) {
            return false;
        }
        unsigned run = (unsigned)code >> 4, width = (unsigned)code & 15;
        if (width == 0 && run != 15) {
            return true;
        }
        k += run;
        if (k >= COEFFICIENTS || width > 10) {
            return false;
        }
        if (width > 0) {
            out[zigzag[k]] = (int16_t)read_value(bits, width);
        }
    }
    return true;
}

static bool at_clean_end(const bit_run *bits)
{
    if (bits->size - bits->position >= 8) {
        return false;
    }
    for (size_t i = bits->position; i < bits->size; i++) {
        if (bits->data[i] != 1) {
            return false;
        }
    }
    return true;
}

/* Decodes from one guess to the end. Returns how many blocks, 0 when the guess was wrong. */
static size_t decode_from(bit_run bits, const picture *p, size_t start, unsigned phase,
                          int16_t (*blocks)[COEFFICIENTS], size_t most)
{
    int dc[3] = { 0, 0, 0 };
    size_t count = 0;
    bits.position = start;
    while (!at_clean_end(&bits) || (phase + count) % BLOCKS_PER_MCU != 0) {
        unsigned place = (unsigned)((phase + count) % BLOCKS_PER_MCU);
        unsigned component = place < LUMA_BLOCKS ? 0 : place - LUMA_BLOCKS + 1;
        if (count >= most || !read_block(&bits, p, component, &dc[component], blocks[count])) {
            return 0;
        }
        count++;
    }
    return count;
}

static void draw_block(const picture *p, const int16_t block[COEFFICIENTS], double *out,
                       size_t stride)
{
    static const double pi = 3.14159265358979323846;
    double rows[COEFFICIENTS];
    for (unsigned v = 0; v < 8; v++) {
        for (unsigned x = 0; x < 8; x++) {
            double sum = 0;
            for (unsigned u = 0; u < 8; u++) {
                if (block[v * 8 + u] != 0) {
                    sum += (u ? 1.0 : sqrt(0.5)) * block[v * 8 + u] * p->quantiser[0][v * 8 + u] *
                           cos((2 * x + 1) * u * pi / 16);
                }
            }
            rows[v * 8 + x] = sum;
        }
    }
    for (unsigned x = 0; x < 8; x++) {
        for (unsigned y = 0; y < 8; y++) {
            double sum = 0;
            for (unsigned v = 0; v < 8; v++) {
                sum += (v ? 1.0 : sqrt(0.5)) * rows[v * 8 + x] * cos((2 * y + 1) * v * pi / 16);
            }
            out[y * stride + x] = sum / 4;
        }
    }
}

/* Places the blocks so that the last one is the picture's last, and centres the brightness. */
static void draw(const attack_clip *clip, const picture *p, int16_t (*blocks)[COEFFICIENTS],
                 size_t count, uint8_t *luma)
{
    size_t across = (size_t)(clip->width + 15) / 16, down = (size_t)(clip->height + 15) / 16;
    size_t stride = across * 16, total = across * down * BLOCKS_PER_MCU;
    double *canvas = attack_alloc(stride * down * 16 * sizeof *canvas);
    bool *drawn = attack_alloc(across * down * sizeof *drawn);
    double sum = 0, samples = 0;
    for (size_t i = 0; i < count && count <= total; i++) {
        size_t index = total - count + i, mcu = index / BLOCKS_PER_MCU;
        size_t place = index % BLOCKS_PER_MCU;
        if (place >= LUMA_BLOCKS) {
            continue;
        }
        double *at = canvas + (mcu / across * 16 + place / 2 * 8) * stride + mcu % across * 16 +
                     place % 2 * 8;
        draw_block(p, blocks[i], at, stride);
        sum += blocks[i][0] * p->quantiser[0][0] / 8.0;
        samples += 1;
        drawn[mcu] = true;
    }
    double offset = samples > 0 ? 128 - sum / samples : 0;
    for (size_t y = 0; y < (size_t)clip->height; y++) {
        for (size_t x = 0; x < (size_t)clip->width; x++) {
            bool shown = drawn[y / 16 * across + x / 16];
            double value = shown ? canvas[y * stride + x] + offset : 128;
            luma[y * (size_t)clip->width + x] = (uint8_t)fmin(255, fmax(0, value + 0.5));
        }
    }
    free(drawn);
    free(canvas);
}

static bool attack_picture(const attack_clip *clip, const attack_sample *sample,
                           bool standard_tables, uint8_t *luma)
{
    picture p;
    read_picture(&p, sample, standard_tables);
    if (!p.usable) {
        return false;
    }
    size_t most =
        (size_t)(clip->width + 15) / 16 * (size_t)((clip->height + 15) / 16) * BLOCKS_PER_MCU;
    bit_run bits;
    uint8_t *store = attack_alloc(sample->size * 8);
    int16_t(*blocks)[COEFFICIENTS] = attack_alloc(most * sizeof *blocks);
    size_t count = 0;
    if (clear_bits(&p, sample, &bits, store)) {
        for (size_t start = 0; start < MAX_STARTS && start < bits.size && count == 0; start++) {
            for (unsigned phase = 0; phase < BLOCKS_PER_MCU && count == 0; phase++) {
                count = decode_from(bits, &p, start, phase, blocks, most);
            }
        }
    }
    if (count > 0) {
        draw(clip, &p, blocks, count, luma);
    }
    free(blocks);
    free(store);
    return count > 0;
}

bool attack_jpeg_tail(const attack_clip *clip, bool standard_tables, attack_score *score)
{
    if (clip->codec != SVMS_CODEC_MJPEG) {
        return false;
    }
    uint8_t *luma = attack_alloc((size_t)clip->width * (size_t)clip->height);
    for (size_t i = 0; i < clip->count; i++) {
        if (attack_picture(clip, &clip->samples[i], standard_tables, luma)) {
            attack_score_frame(score, clip, i, luma, (size_t)clip->width);
        } else {
            attack_score_gray(score, clip, i);
        }
    }
    free(luma);
    return true;
}
