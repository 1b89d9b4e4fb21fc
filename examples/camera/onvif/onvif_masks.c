/* SPDX-License-Identifier: Apache-2.0 */
/* Media2 service: privacy masks. Points are ONVIF's, from -1 to 1 with y upwards. */
#include <stdio.h>
#include <string.h>

#include "onvif_call.h"

#define COLOURS "http://www.onvif.org/ver10/colorspace/YCbCr"
#define STRENGTH 16u

static const struct {
    const char *name;
    svms_mask_kind kind;
} kinds[] = {
    { "Color", SVMS_MASK_SOLID },
    { "Pixelated", SVMS_MASK_PIXELATE },
    { "Blurred", SVMS_MASK_BLUR },
};

#define KINDS (sizeof kinds / sizeof *kinds)

static const char *kind_name(svms_mask_kind kind)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (kinds[i].kind == kind) {
            return kinds[i].name;
        }
    }
    return "Color";
}

static void put_point(xml_writer *out, const svms_mask_point *point)
{
    char text[32];
    xml_open(out, "tt:Point");
    (void)snprintf(text, sizeof text, "%.6f", 2 * point->x - 1);
    xml_put_attribute(out, "x", text);
    (void)snprintf(text, sizeof text, "%.6f", 1 - 2 * point->y);
    xml_put_attribute(out, "y", text);
    xml_shut(out);
}

static void put_colour_part(xml_writer *out, const char *name, uint8_t value)
{
    char text[8];
    (void)snprintf(text, sizeof text, "%u", value);
    xml_put_attribute(out, name, text);
}

static void put_mask(xml_writer *out, const camera_mask *mask)
{
    xml_open(out, "tr2:Masks");
    xml_put_attribute(out, "token", mask->token);
    xml_leaf(out, "tr2:ConfigurationToken", ONVIF_SOURCE_CONFIGURATION);
    xml_open(out, "tr2:Polygon");
    for (uint32_t i = 0; i < mask->point_count; i++) {
        put_point(out, &mask->points[i]);
    }
    xml_shut(out);
    xml_leaf(out, "tr2:Type", kind_name(mask->kind));
    if (mask->kind == SVMS_MASK_SOLID) {
        xml_open(out, "tr2:Color");
        put_colour_part(out, "X", mask->luma);
        put_colour_part(out, "Y", mask->chroma_u);
        put_colour_part(out, "Z", mask->chroma_v);
        xml_put_attribute(out, "Colorspace", COLOURS);
        xml_shut(out);
    }
    xml_leaf_flag(out, "tr2:Enabled", mask->is_on);
    xml_shut(out);
}

static bool is_source(onvif_call *call, const char *token, bool may_be_absent)
{
    return onvif_is_token(call, token, ONVIF_SOURCE_CONFIGURATION, "ter:NoConfig", may_be_absent);
}

static void get_masks(onvif_call *call)
{
    camera_settings current;
    const char *token = onvif_member_text(call, "Token");
    if (!is_source(call, onvif_member_text(call, "ConfigurationToken"), true)) {
        return;
    }
    camera_state_read(call->parts->state, &current);
    if (token[0] && !camera_settings_mask(&current, token)) {
        soap_fail(&call->fault, "ter:InvalidArgVal", "ter:NoConfig", "there is no mask '%.32s'",
                  token);
        return;
    }
    for (uint32_t i = 0; i < current.mask_count; i++) {
        if (!token[0] || strcmp(token, current.masks[i].token) == 0) {
            put_mask(&call->out, &current.masks[i]);
        }
    }
}

static void get_mask_options(onvif_call *call)
{
    char number[8];
    xml_writer *out = &call->out;
    if (!is_source(call, onvif_member_text(call, "ConfigurationToken"), false)) {
        return;
    }
    xml_open(out, "tr2:Options");
    xml_put_attribute(out, "RectangleOnly", "false");
    xml_put_attribute(out, "SingleColorOnly", "false");
    (void)snprintf(number, sizeof number, "%u", CAMERA_MASKS);
    xml_leaf(out, "tr2:MaxMasks", number);
    (void)snprintf(number, sizeof number, "%u", CAMERA_MASK_POINTS);
    xml_leaf(out, "tr2:MaxPoints", number);
    for (size_t i = 0; i < KINDS; i++) {
        xml_leaf(out, "tr2:Types", kinds[i].name);
    }
    xml_shut(out);
}

static bool read_part(onvif_call *call, const xml_node *node, const char *name, double least,
                      double most, double *out)
{
    const char *text = xml_attribute(node, name);
    if (!onvif_read_real(call, text ? text : "", out)) {
        return false;
    }
    if (!(*out >= least && *out <= most)) {
        soap_fail(&call->fault, "ter:InvalidArgVal", "ter:InvalidPolygon",
                  "%s is not between %g and %g", name, least, most);
        return false;
    }
    return true;
}

static bool read_polygon(onvif_call *call, const xml_node *polygon, camera_mask *out)
{
    out->point_count = 0;
    for (const xml_node *point = xml_child(polygon, NS_SCHEMA, "Point"); point;
         point = xml_again(point)) {
        double x = 0;
        double y = 0;
        if (out->point_count == CAMERA_MASK_POINTS) {
            soap_fail(&call->fault, "ter:InvalidArgVal", "ter:InvalidPolygon",
                      "a mask has %u points at most", CAMERA_MASK_POINTS);
            return false;
        }
        if (!read_part(call, point, "x", -1, 1, &x) || !read_part(call, point, "y", -1, 1, &y)) {
            return false;
        }
        out->points[out->point_count++] = (svms_mask_point){ (x + 1) / 2, (1 - y) / 2 };
    }
    if (out->point_count < 3) {
        soap_fail(&call->fault, "ter:InvalidArgVal", "ter:InvalidPolygon",
                  "a mask has three points at least");
    }
    return out->point_count >= 3;
}

static bool read_kind(onvif_call *call, const xml_node *mask, camera_mask *out)
{
    const char *name = xml_text(xml_child(mask, NS_MEDIA, "Type"));
    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(name, kinds[i].name) == 0) {
            out->kind = kinds[i].kind;
            out->strength = out->kind == SVMS_MASK_SOLID ? 0 : STRENGTH;
            return true;
        }
    }
    soap_fail(&call->fault, "ter:InvalidArgVal", "ter:ConfigModify", "'%.40s' is no type of mask",
              name);
    return false;
}

static bool read_colour(onvif_call *call, const xml_node *colour, camera_mask *out)
{
    double parts[3] = { 0, 0, 0 };
    const char *space = xml_attribute(colour, "Colorspace");
    if (space && strcmp(space, COLOURS) != 0) {
        soap_fail(&call->fault, "ter:InvalidArgVal", "ter:ConfigModify",
                  "colours are given as YCbCr here");
        return false;
    }
    if (!read_part(call, colour, "X", 0, 255, &parts[0]) ||
        !read_part(call, colour, "Y", 0, 255, &parts[1]) ||
        !read_part(call, colour, "Z", 0, 255, &parts[2])) {
        return false;
    }
    out->luma = (uint8_t)parts[0];
    out->chroma_u = (uint8_t)parts[1];
    out->chroma_v = (uint8_t)parts[2];
    return true;
}

/* All of a mask but its token. */
static bool read_mask(onvif_call *call, const xml_node *mask, camera_mask *out)
{
    const xml_node *colour = xml_child(mask, NS_MEDIA, "Color");
    memset(out, 0, sizeof *out);
    out->luma = 16;
    out->chroma_u = 128;
    out->chroma_v = 128;
    return is_source(call, xml_text(xml_child(mask, NS_MEDIA, "ConfigurationToken")), false) &&
           read_polygon(call, xml_child(mask, NS_MEDIA, "Polygon"), out) &&
           read_kind(call, mask, out) && (!colour || read_colour(call, colour, out)) &&
           onvif_read_flag(call, xml_text(xml_child(mask, NS_MEDIA, "Enabled")), &out->is_on);
}

static svms_status no(svms_error *err, svms_status status, const char *words)
{
    if (err) {
        *err = (svms_error)SVMS_ERROR_INIT;
        err->status = status;
        (void)snprintf(err->message, sizeof err->message, "%s", words);
    }
    return status;
}

static svms_status add_mask(void *user, camera_settings *current, svms_error *err)
{
    camera_mask *mask = user;
    if (current->mask_count == CAMERA_MASKS) {
        return no(err, SVMS_E_POLICY, "there are as many masks as there can be");
    }
    camera_settings_token(current, "mask", mask->token);
    current->masks[current->mask_count++] = *mask;
    return SVMS_OK;
}

static svms_status replace_mask(void *user, camera_settings *current, svms_error *err)
{
    const camera_mask *mask = user;
    camera_mask *place = camera_settings_mask(current, mask->token);
    if (!place) {
        return no(err, SVMS_E_POLICY, "there is no such mask");
    }
    *place = *mask;
    return SVMS_OK;
}

static svms_status remove_mask(void *user, camera_settings *current, svms_error *err)
{
    camera_mask *place = camera_settings_mask(current, user);
    if (!place) {
        return no(err, SVMS_E_POLICY, "there is no such mask");
    }
    size_t behind = (size_t)(current->masks + current->mask_count - (place + 1));
    memmove(place, place + 1, behind * sizeof *place);
    current->mask_count--;
    return SVMS_OK;
}

static bool change(onvif_call *call, camera_state_edit edit, void *user)
{
    svms_error err = SVMS_ERROR_INIT;
    if (camera_state_change(call->parts->state, edit, user, &err) != SVMS_OK) {
        onvif_fail_status(call, &err);
        return false;
    }
    onvif_changed(call, "mask");
    return true;
}

static void create_mask(onvif_call *call)
{
    camera_mask mask;
    if (read_mask(call, onvif_member(call, "Mask"), &mask) && change(call, add_mask, &mask)) {
        xml_leaf(&call->out, "tr2:Token", mask.token);
    }
}

static void set_mask(onvif_call *call)
{
    camera_mask mask;
    const xml_node *asked = onvif_member(call, "Mask");
    const char *token = xml_attribute(asked, "token");
    if (!token || strlen(token) >= sizeof mask.token) {
        soap_fail(&call->fault, "ter:InvalidArgVal", "ter:NoConfig", "no mask is named");
        return;
    }
    if (read_mask(call, asked, &mask)) {
        (void)snprintf(mask.token, sizeof mask.token, "%s", token);
        (void)change(call, replace_mask, &mask);
    }
}

static void delete_mask(onvif_call *call)
{
    char token[CAMERA_TOKEN_SIZE];
    const char *asked = onvif_member_text(call, "Token");
    if (asked[0] == '\0' || strlen(asked) >= sizeof token) {
        soap_fail(&call->fault, "ter:InvalidArgVal", "ter:NoConfig", "no mask is named");
        return;
    }
    (void)snprintf(token, sizeof token, "%s", asked);
    (void)change(call, remove_mask, token);
}

const onvif_operation onvif_mask_operations[] = {
    { NS_MEDIA, "GetMasks", "tr2:GetMasksResponse", ONVIF_READ_MEDIA, get_masks },
    { NS_MEDIA, "GetMaskOptions", "tr2:GetMaskOptionsResponse", ONVIF_READ_MEDIA,
      get_mask_options },
    /* By default operators may configure media; what is private is not theirs to show. */
    { NS_MEDIA, "CreateMask", "tr2:CreateMaskResponse", ONVIF_WRITE_SYSTEM, create_mask },
    { NS_MEDIA, "SetMask", "tr2:SetMaskResponse", ONVIF_WRITE_SYSTEM, set_mask },
    { NS_MEDIA, "DeleteMask", "tr2:DeleteMaskResponse", ONVIF_WRITE_SYSTEM, delete_mask },
    { NULL, NULL, NULL, ONVIF_PRE_AUTH, NULL },
};
