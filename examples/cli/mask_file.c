/* SPDX-License-Identifier: Apache-2.0 */
#include "mask_file.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "file.h"
#include "message.h"

#define FILE_MAX ((size_t)65536)

typedef struct mask_list {
    svms_mask masks[SVMS_MASKS_MAX];
    svms_mask_point points[SVMS_MASKS_MAX][SVMS_MASK_POINTS_MAX];
    size_t count;
} mask_list;

static exit_status malformed(const char *path, size_t number, const char *what)
{
    complain("%s: mask %zu: %s (V-FILE-1)", path, number, what);
    return EXIT_MALFORMED;
}

static bool has_only(const json_t *object, const char *const *names, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        found += json_object_get(object, names[i]) != NULL;
    }
    return found == json_object_size(object);
}

static double clamped(double value, double least, double most)
{
    return value < least ? least : (value > most ? most : value);
}

/* ITU-R BT.709, limited range. */
static bool read_colour(svms_mask *mask, const json_t *value)
{
    const char *text = json_string_value(value);
    char *end = NULL;
    if (!text || strlen(text) != 7 || text[0] != '#' ||
        strspn(text + 1, "0123456789abcdefABCDEF") != 6) {
        return false;
    }
    unsigned long colour = strtoul(text + 1, &end, 16);
    double red = (double)(colour >> 16) / 255;
    double green = (double)(colour >> 8 & 0xFF) / 255;
    double blue = (double)(colour & 0xFF) / 255;
    double luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    mask->luma = (uint8_t)clamped(16 + 219 * luma + 0.5, 16, 235);
    mask->chroma_u = (uint8_t)clamped(128 + 224 * (blue - luma) / 1.8556 + 0.5, 16, 240);
    mask->chroma_v = (uint8_t)clamped(128 + 224 * (red - luma) / 1.5748 + 0.5, 16, 240);
    return true;
}

static bool read_strength(svms_mask *mask, const json_t *value)
{
    json_int_t strength = json_integer_value(value);
    mask->strength = strength > 0 && strength < 1000 ? (uint32_t)strength : 0;
    return json_is_integer(value);
}

static bool read_kind(svms_mask *mask, const json_t *object)
{
    static const struct {
        const char *name;
        const char *member;
        svms_mask_kind kind;
    } kinds[] = { { "solid", "colour", SVMS_MASK_SOLID },
                  { "pixelate", "block", SVMS_MASK_PIXELATE },
                  { "blur", "radius", SVMS_MASK_BLUR } };
    const char *name = json_string_value(json_object_get(object, "kind"));
    for (size_t i = 0; name && i < sizeof kinds / sizeof *kinds; i++) {
        const char *const members[] = { "kind", "points", kinds[i].member };
        const json_t *value = json_object_get(object, kinds[i].member);
        if (strcmp(name, kinds[i].name) != 0) {
            continue;
        }
        mask->kind = kinds[i].kind;
        if (!has_only(object, members, 3)) {
            return false;
        }
        return mask->kind == SVMS_MASK_SOLID ? !value || read_colour(mask, value)
                                             : read_strength(mask, value);
    }
    return false;
}

static bool read_points(mask_list *list, const json_t *points)
{
    svms_mask *mask = &list->masks[list->count];
    svms_mask_point *out = list->points[list->count];
    size_t count = json_array_size(points);
    if (!json_is_array(points) || count < 3 || count > SVMS_MASK_POINTS_MAX) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *pair = json_array_get(points, i);
        const json_t *x = json_array_get(pair, 0);
        const json_t *y = json_array_get(pair, 1);
        if (json_array_size(pair) != 2 || !json_is_number(x) || !json_is_number(y)) {
            return false;
        }
        out[i].x = json_number_value(x);
        out[i].y = json_number_value(y);
    }
    mask->points = out;
    mask->point_count = count;
    return true;
}

static exit_status read_list(mask_list *list, const json_t *root, const char *path)
{
    static const char *const member = "masks";
    const json_t *masks = json_object_get(root, member);
    const json_t *item = NULL;
    size_t i = 0;
    if (!has_only(root, &member, 1) || json_array_size(masks) == 0) {
        complain("%s: a mask file is an object with a list of masks (V-FILE-1)", path);
        return EXIT_MALFORMED;
    }
    json_array_foreach(masks, i, item)
    {
        svms_mask *mask = &list->masks[list->count];
        if (list->count == SVMS_MASKS_MAX) {
            return malformed(path, i, "there are too many");
        }
        *mask = (svms_mask)SVMS_MASK_INIT;
        if (!read_kind(mask, item)) {
            return malformed(path, i, "its kind, or a member, is none that a mask has");
        }
        if (!read_points(list, json_object_get(item, "points"))) {
            return malformed(path, i, "its points are no list of 3 to 256 pairs of numbers");
        }
        list->count++;
    }
    return EXIT_GOOD;
}

static exit_status read_text(mask_list *list, const file_text *text, const char *path)
{
    json_error_t error;
    json_t *root = json_loadb(text->bytes, text->size, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        complain("%s: line %d: %s", path, error.line, error.text);
        return EXIT_MALFORMED;
    }
    exit_status status = read_list(list, root, path);
    json_decref(root);
    return status;
}

exit_status mask_file_load(svms_privacy **out, svms_ctx *ctx, const char *path)
{
    file_text text = { NULL, 0 };
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = file_read(&text, path, FILE_MAX, false);
    mask_list *list = status == EXIT_GOOD ? calloc(1, sizeof *list) : NULL;
    if (status == EXIT_GOOD && !list) {
        complain("out of memory");
        status = EXIT_ENVIRONMENT;
    }
    if (status == EXIT_GOOD) {
        status = read_text(list, &text, path);
    }
    if (status == EXIT_GOOD &&
        svms_privacy_new(out, ctx, list->masks, list->count, &err) != SVMS_OK) {
        complain_error(&err, "%s", path);
        status = err.status == SVMS_E_NO_MEMORY ? EXIT_ENVIRONMENT : EXIT_MALFORMED;
    }
    free(list);
    file_text_free(&text);
    return status;
}
