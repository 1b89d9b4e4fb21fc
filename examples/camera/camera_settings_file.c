/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_settings.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "settings.h"

/* Coordinates are whole millionths: a file is read as what was in force, to the last bit. */
#define MILLION 1000000

static const char *const kinds[] = { "solid", "pixelate", "blur", NULL };

static json_int_t millionths(double value)
{
    return (json_int_t)llround(value * MILLION);
}

/* A text that is empty is not there. */
static const char *given(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static json_t *write_place(const camera_place *place)
{
    return json_pack("{s:I,s:I,s:I}", "pan", millionths(place->pan), "tilt",
                     millionths(place->tilt), "zoom", millionths(place->zoom));
}

static json_t *write_mask(const camera_mask *mask)
{
    json_t *points = json_array();
    for (uint32_t i = 0; i < mask->point_count; i++) {
        json_array_append_new(points, json_pack("{s:I,s:I}", "x", millionths(mask->points[i].x),
                                                "y", millionths(mask->points[i].y)));
    }
    return json_pack("{s:s,s:b,s:s,s:i,s:i,s:i,s:i,s:o}", "token", mask->token, "on", mask->is_on,
                     "kind", kinds[mask->kind - SVMS_MASK_SOLID], "strength", (int)mask->strength,
                     "luma", (int)mask->luma, "chroma_u", (int)mask->chroma_u, "chroma_v",
                     (int)mask->chroma_v, "points", points);
}

static json_t *write_lists(const camera_settings *from, json_t *root)
{
    json_t *masks = json_array();
    json_t *presets = json_array();
    for (uint32_t i = 0; i < from->mask_count; i++) {
        json_array_append_new(masks, write_mask(&from->masks[i]));
    }
    for (uint32_t i = 0; i < from->preset_count; i++) {
        const camera_preset *preset = &from->presets[i];
        json_array_append_new(presets,
                              json_pack("{s:s,s:s*,s:o}", "token", preset->token, "label",
                                        given(preset->name), "place", write_place(&preset->place)));
    }
    bool is_whole = json_array_size(masks) == from->mask_count &&
                    json_array_size(presets) == from->preset_count;
    json_object_set_new(root, "masks", masks);
    json_object_set_new(root, "presets", presets);
    if (from->has_home) {
        is_whole = json_object_set_new(root, "home", write_place(&from->home)) == 0 && is_whole;
    }
    if (!is_whole) {
        json_decref(root);
        return NULL;
    }
    return root;
}

char *camera_settings_write(const camera_settings *from)
{
    const camera_encoding *encoding = &from->encoding;
    const camera_lockout_rule *rule = &from->lockout;
    json_t *root = json_pack(
        "{s:i,s:I,s:s,s:s*,s:b,s:{s:i,s:i,s:i,s:i,s:i},s:{s:i,s:i,s:i}}", "version", 1, "revision",
        (json_int_t)from->revision, "name", from->name, "location", given(from->location),
        "discoverable", from->is_discoverable, "encoding", "width", (int)encoding->width, "height",
        (int)encoding->height, "rate", (int)encoding->rate, "gop", (int)encoding->gop, "bit_rate",
        (int)encoding->bit_rate, "lockout", "failures", (int)rule->failures, "within_s",
        (int)rule->within_s, "closed_s", (int)rule->closed_s);
    root = root ? write_lists(from, root) : NULL;
    if (!root) {
        return NULL;
    }
    char *text = json_dumps(root, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    json_decref(root);
    return text;
}

static void read_name(char *out, size_t room, settings_node *node, const char *name)
{
    const char *text = settings_text_or(node, name, "");
    if (!camera_settings_is_name(text, room, 0)) {
        settings_refuse(node, name, "it is too long, or no text");
        return;
    }
    (void)snprintf(out, room, "%s", text);
}

static double read_part(settings_node *node, const char *name, int64_t least, int64_t most)
{
    return (double)settings_number(node, name, least, most) / MILLION;
}

static void read_place(camera_place *out, settings_node *node)
{
    out->pan = read_part(node, "pan", -MILLION, MILLION);
    out->tilt = read_part(node, "tilt", -MILLION, MILLION);
    out->zoom = read_part(node, "zoom", 0, MILLION);
}

static void read_mask(camera_mask *out, settings_node *node)
{
    size_t count = 0;
    settings_node *points = settings_list(node, "points", &count);
    read_name(out->token, sizeof out->token, node, "token");
    out->is_on = settings_flag_or(node, "on", true);
    out->kind = (svms_mask_kind)(settings_choice_or(node, "kind", kinds, 0) + SVMS_MASK_SOLID);
    out->strength = (uint32_t)settings_number(node, "strength", 0, 1024);
    out->luma = (uint8_t)settings_number(node, "luma", 0, 255);
    out->chroma_u = (uint8_t)settings_number(node, "chroma_u", 0, 255);
    out->chroma_v = (uint8_t)settings_number(node, "chroma_v", 0, 255);
    if (count > CAMERA_MASK_POINTS) {
        settings_refuse(node, "points", "there are too many");
        return;
    }
    out->point_count = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        settings_node *point = settings_object_at(points, i);
        out->points[i].x = read_part(point, "x", 0, MILLION);
        out->points[i].y = read_part(point, "y", 0, MILLION);
    }
}

static void read_lists(camera_settings *out, settings_node *root)
{
    size_t count = 0;
    settings_node *list = settings_list(root, "masks", &count);
    if (count > CAMERA_MASKS) {
        settings_refuse(root, "masks", "there are too many");
        return;
    }
    out->mask_count = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        read_mask(&out->masks[i], settings_object_at(list, i));
    }
    list = settings_list(root, "presets", &count);
    if (count > CAMERA_PRESETS) {
        settings_refuse(root, "presets", "there are too many");
        return;
    }
    out->preset_count = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        settings_node *node = settings_object_at(list, i);
        read_name(out->presets[i].token, sizeof out->presets[i].token, node, "token");
        read_name(out->presets[i].name, sizeof out->presets[i].name, node, "label");
        read_place(&out->presets[i].place, settings_object(node, "place"));
    }
}

static void read_root(camera_settings *out, settings_node *root)
{
    (void)settings_number(root, "version", 1, 1);
    out->revision = (uint64_t)settings_number(root, "revision", 1, INT64_C(1) << 52);
    read_name(out->name, sizeof out->name, root, "name");
    read_name(out->location, sizeof out->location, root, "location");
    out->is_discoverable = settings_flag_or(root, "discoverable", false);
    settings_node *node = settings_object(root, "encoding");
    out->encoding.width = (uint32_t)settings_number(node, "width", 64, SVMS_PICTURE_SIZE_MAX);
    out->encoding.height = (uint32_t)settings_number(node, "height", 64, SVMS_PICTURE_SIZE_MAX);
    out->encoding.rate = (uint32_t)settings_number(node, "rate", 1, 240);
    out->encoding.gop = (uint32_t)settings_number(node, "gop", 1, 3600);
    out->encoding.bit_rate = (uint32_t)settings_number(node, "bit_rate", 32000, 100000000);
    node = settings_object(root, "lockout");
    out->lockout.failures = (uint32_t)settings_number(node, "failures", 2, 100);
    out->lockout.within_s = (uint32_t)settings_number(node, "within_s", 1, 3600);
    out->lockout.closed_s = (uint32_t)settings_number(node, "closed_s", 1, 86400);
    read_lists(out, root);
    node = settings_object(root, "home");
    out->has_home = node != NULL;
    if (node) {
        read_place(&out->home, node);
    }
}

svms_status camera_settings_read(camera_settings *out, const char *path, svms_error *err)
{
    settings *file = NULL;
    svms_status status = settings_open(&file, path, err);
    if (status == SVMS_OK) {
        read_root(out, settings_root(file));
        status = settings_finish(file, err);
    }
    settings_close(&file);
    return status;
}
