/* SPDX-License-Identifier: Apache-2.0 */
#include "tamper_place.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How long the past counts: light and parked cars change within minutes, the lens does not. */
#define EDGES_SECONDS 30.0F
#define TEXTURE_SECONDS 300.0F
/* A region is hidden where neither its shapes nor their contrast are left. */
#define LIKENESS_HIDDEN 0.35F
#define CONTRAST_HIDDEN 0.4F
/* And detail is judged only where the region's shapes are those of the place. */
#define LIKENESS_JUDGED 0.5F
/* Detail can be judged where it was, and should be, that strong against noise: in so many blocks.
 */
#define TEXTURE_OF_NOISE 0.5F
#define TEXTURE_MIN 1.0F
#define BLOCKS_MIN 24u
#define TINY 1e-6F

/* Sums over edges of a view and of the place. */
typedef struct edge_sums {
    float view;  /* of absolute values */
    float place; /* of absolute values */
    float roots; /* of products of signed square roots: strong edges shall not outvote all others */
    float product; /* of view and place */
    float square;  /* of the place */
} edge_sums;

void tamper_place_forget(tamper_place *place)
{
    memset(place, 0, sizeof *place);
}

static void add_edge(edge_sums *sums, float view, float place)
{
    float root = sqrtf(fabsf(view * place));
    sums->view += fabsf(view);
    sums->place += fabsf(place);
    sums->roots += view * place < 0 ? -root : root;
    sums->product += view * place;
    sums->square += place * place;
}

static float likeness_of(const edge_sums *sums)
{
    float both = sqrtf(sums->view * sums->place);
    return both > TINY ? sums->roots / both : 0;
}

static size_t region_of(size_t block)
{
    size_t column = block % VIEW_COLUMNS * PLACE_REGION_COLUMNS / VIEW_COLUMNS;
    size_t row = block / VIEW_COLUMNS * PLACE_REGION_ROWS / VIEW_ROWS;
    return row * PLACE_REGION_COLUMNS + column;
}

static void sum_regions(const tamper_place *place, const tamper_view *view,
                        edge_sums regions[PLACE_REGIONS])
{
    memset(regions, 0, PLACE_REGIONS * sizeof *regions);
    for (size_t i = 0; i < VIEW_EDGES; i++) {
        add_edge(&regions[region_of(i / 2)], view->edges[i], place->edges[i]);
    }
}

/* How strong the place's edges are in the view, squared; 0: they are not there. A lamp lights one
 * region and not the next, so each has its own. */
static float energy_of(const edge_sums *sums)
{
    if (likeness_of(sums) < LIKENESS_JUDGED || sums->product <= 0 || sums->square <= TINY) {
        return 0;
    }
    return sums->product * sums->product / sums->square;
}

static void blend(float *old, float now, float part)
{
    *old += (now - *old) * part;
}

void tamper_place_learn(tamper_place *place, const tamper_view *view, float seconds)
{
    edge_sums regions[PLACE_REGIONS];
    place->learnt += seconds;
    float edges = seconds / fminf(place->learnt, EDGES_SECONDS);
    float texture = seconds / fminf(place->learnt, TEXTURE_SECONDS);
    for (size_t i = 0; i < VIEW_EDGES; i++) {
        blend(&place->edges[i], view->edges[i], fminf(edges, 1));
    }
    sum_regions(place, view, regions);
    for (size_t i = 0; i < PLACE_REGIONS; i++) {
        float energy = energy_of(&regions[i]);
        if (energy > TINY) {
            blend(&place->grain[i], view->noise / energy, fminf(texture, 1));
        }
    }
    for (size_t i = 0; i < VIEW_BLOCKS; i++) {
        float energy = energy_of(&regions[region_of(i)]);
        if (energy > TINY) {
            blend(&place->texture[i], view->detail[i] / energy, fminf(texture, 1));
        }
    }
}

/* Fills in which regions are hidden, and the sums of all others. */
static float find_hidden(const edge_sums regions[PLACE_REGIONS], bool hidden[PLACE_REGIONS],
                         edge_sums *seen)
{
    float all = 0;
    float lost = 0;
    memset(seen, 0, sizeof *seen);
    for (size_t i = 0; i < PLACE_REGIONS; i++) {
        const edge_sums *each = &regions[i];
        hidden[i] =
            likeness_of(each) < LIKENESS_HIDDEN && each->view < CONTRAST_HIDDEN * each->place;
        all += each->place;
        if (hidden[i]) {
            lost += each->place;
        } else {
            seen->view += each->view;
            seen->place += each->place;
            seen->roots += each->roots;
        }
    }
    return all > TINY ? lost / all : 0;
}

static int compare(const void *one, const void *other)
{
    float a = *(const float *)one;
    float b = *(const float *)other;
    return (a > b) - (a < b);
}

/* The median of blocks, so that a few things that come and go do not matter. */
static float sharpness_of(const tamper_place *place, const tamper_view *view,
                          const bool hidden[PLACE_REGIONS], const edge_sums regions[PLACE_REGIONS])
{
    float ratios[VIEW_BLOCKS];
    size_t count = 0;
    for (size_t i = 0; i < VIEW_BLOCKS; i++) {
        size_t region = region_of(i);
        float expected = hidden[region] ? 0 : place->texture[i] * energy_of(&regions[region]);
        if (expected > TEXTURE_MIN && expected > TEXTURE_OF_NOISE * view->noise &&
            place->texture[i] > TEXTURE_OF_NOISE * place->grain[region]) {
            ratios[count++] = view->detail[i] / expected;
        }
    }
    if (count < BLOCKS_MIN) {
        return -1;
    }
    qsort(ratios, count, sizeof ratios[0], compare);
    return ratios[count / 2];
}

void tamper_place_match(const tamper_place *place, const tamper_view *view, tamper_match *out)
{
    bool hidden[PLACE_REGIONS];
    edge_sums regions[PLACE_REGIONS];
    edge_sums seen;
    float sum = 0;
    for (size_t i = 0; i < VIEW_EDGES; i++) {
        sum += fabsf(view->edges[i]);
    }
    sum_regions(place, view, regions);
    out->contrast = sum / (float)VIEW_EDGES;
    out->hidden = find_hidden(regions, hidden, &seen);
    out->likeness = likeness_of(&seen);
    out->sharpness = sharpness_of(place, view, hidden, regions);
}
