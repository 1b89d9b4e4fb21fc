/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_settings.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "camera_failure.h"

/* Coordinates in files are whole numbers of these. */
#define FINEST 1e6

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xC0u) == 0x80u;
}

/* Bytes of the character that begins here; 0: none that may be. */
static size_t character(const unsigned char *at, size_t left)
{
    if (at[0] < 0x80) {
        return at[0] >= 0x20 && at[0] != 0x7F ? 1 : 0;
    }
    if (at[0] >= 0xC2 && at[0] <= 0xDF && left >= 2 && is_continuation(at[1])) {
        return at[0] == 0xC2 && at[1] < 0xA0 ? 0 : 2;
    }
    if (at[0] >= 0xE0 && at[0] <= 0xEF && left >= 3 && is_continuation(at[1]) &&
        is_continuation(at[2])) {
        bool is_overlong = at[0] == 0xE0 && at[1] < 0xA0;
        bool is_surrogate = at[0] == 0xED && at[1] >= 0xA0;
        return is_overlong || is_surrogate ? 0 : 3;
    }
    if (at[0] >= 0xF0 && at[0] <= 0xF4 && left >= 4 && is_continuation(at[1]) &&
        is_continuation(at[2]) && is_continuation(at[3])) {
        bool is_overlong = at[0] == 0xF0 && at[1] < 0x90;
        bool is_beyond = at[0] == 0xF4 && at[1] >= 0x90;
        return is_overlong || is_beyond ? 0 : 4;
    }
    return 0;
}

bool camera_settings_is_name(const char *text, size_t room, size_t least)
{
    size_t size = strnlen(text, room);
    if (size == room || size < least) {
        return false;
    }
    for (size_t at = 0; at < size;) {
        size_t step = character((const unsigned char *)text + at, size - at);
        if (step == 0) {
            return false;
        }
        at += step;
    }
    return true;
}

bool camera_settings_is_token(const char *text)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t size = strnlen(text, CAMERA_TOKEN_SIZE);
    return size > 0 && size < CAMERA_TOKEN_SIZE && strspn(text, allowed) == size;
}

void camera_settings_default(camera_settings *out, const camera_state_options *lens)
{
    memset(out, 0, sizeof *out);
    out->revision = 1;
    strcpy(out->name, "svms-camera");
    out->encoding.width = lens->width;
    out->encoding.height = lens->height;
    out->encoding.rate = lens->rate;
    out->encoding.gop = lens->rate * 2 < 3600 ? lens->rate * 2 : 3600;
    /* About a tenth of a bit for each pixel. */
    uint64_t bits = (uint64_t)lens->width * lens->height * lens->rate / 10;
    out->encoding.bit_rate = bits < 64000 ? 64000 : bits > 20000000 ? 20000000 : (uint32_t)bits;
    out->lockout.failures = 5;
    out->lockout.within_s = 30;
    out->lockout.closed_s = 300;
}

/* false: no number, or too far off. */
static bool settle(double *value, double least, double most)
{
    if (!isfinite(*value) || *value < least || *value > most) {
        return false;
    }
    *value = round(*value * FINEST) / FINEST;
    return true;
}

static bool place_is_good(camera_place *place)
{
    return settle(&place->pan, -1, 1) && settle(&place->tilt, -1, 1) && settle(&place->zoom, 0, 1);
}

static svms_status check_mask(camera_mask *mask, svms_error *err)
{
    if (!camera_settings_is_token(mask->token)) {
        return camera_fail(err, SVMS_E_POLICY, 0, "the token of a mask is none");
    }
    if (mask->kind < SVMS_MASK_SOLID || mask->kind > SVMS_MASK_BLUR || mask->strength > 1024) {
        return camera_fail(err, SVMS_E_POLICY, 0, "mask %s has no kind or strength that there is",
                           mask->token);
    }
    if (mask->point_count < 3 || mask->point_count > CAMERA_MASK_POINTS) {
        return camera_fail(err, SVMS_E_POLICY, 0, "mask %s has not 3 to %u points", mask->token,
                           CAMERA_MASK_POINTS);
    }
    for (uint32_t i = 0; i < mask->point_count; i++) {
        if (!settle(&mask->points[i].x, 0, 1) || !settle(&mask->points[i].y, 0, 1)) {
            return camera_fail(err, SVMS_E_POLICY, 0, "mask %s has points outside of the picture",
                               mask->token);
        }
    }
    return SVMS_OK;
}

static svms_status check_masks(camera_settings *settings, svms_error *err)
{
    if (settings->mask_count > CAMERA_MASKS) {
        return camera_fail(err, SVMS_E_POLICY, 0, "there are more than %u masks", CAMERA_MASKS);
    }
    for (uint32_t i = 0; i < settings->mask_count; i++) {
        svms_status status = check_mask(&settings->masks[i], err);
        if (status != SVMS_OK) {
            return status;
        }
        if (camera_settings_mask(settings, settings->masks[i].token) != &settings->masks[i]) {
            return camera_fail(err, SVMS_E_POLICY, 0, "there are two masks %s",
                               settings->masks[i].token);
        }
    }
    return SVMS_OK;
}

static svms_status check_presets(camera_settings *settings, svms_error *err)
{
    if (settings->preset_count > CAMERA_PRESETS) {
        return camera_fail(err, SVMS_E_POLICY, 0, "there are more than %u presets", CAMERA_PRESETS);
    }
    for (uint32_t i = 0; i < settings->preset_count; i++) {
        camera_preset *preset = &settings->presets[i];
        if (!camera_settings_is_token(preset->token) ||
            !camera_settings_is_name(preset->name, sizeof preset->name, 0) ||
            !place_is_good(&preset->place) ||
            camera_settings_preset(settings, preset->token) != preset) {
            return camera_fail(err, SVMS_E_POLICY, 0, "preset %u is none, or is there twice",
                               i + 1);
        }
    }
    return SVMS_OK;
}

static svms_status check_encoding(const camera_encoding *encoding, const camera_state_options *lens,
                                  svms_error *err)
{
    if (encoding->width < 64 || encoding->width > lens->width || encoding->width % 2 != 0 ||
        encoding->height < 64 || encoding->height > lens->height || encoding->height % 2 != 0) {
        return camera_fail(err, SVMS_E_POLICY, 0, "the camera has no pictures of %u x %u",
                           encoding->width, encoding->height);
    }
    if (encoding->rate < 1 || encoding->rate > lens->rate) {
        return camera_fail(err, SVMS_E_POLICY, 0, "the rate is not 1 to %u pictures in a second",
                           lens->rate);
    }
    if (encoding->gop < 1 || encoding->gop > 3600) {
        return camera_fail(err, SVMS_E_POLICY, 0, "a GOP has not 1 to 3600 pictures");
    }
    if (encoding->bit_rate < 32000 || encoding->bit_rate > 100000000) {
        return camera_fail(err, SVMS_E_POLICY, 0, "the bit rate is not 32,000 to 100,000,000");
    }
    return SVMS_OK;
}

static svms_status check_rest(camera_settings *settings, svms_error *err)
{
    if (!camera_settings_is_name(settings->name, sizeof settings->name, 1) ||
        !camera_settings_is_name(settings->location, sizeof settings->location, 0)) {
        return camera_fail(err, SVMS_E_POLICY, 0, "name or location is too long, or no text");
    }
    const camera_lockout_rule *rule = &settings->lockout;
    if (rule->failures < 2 || rule->failures > 100 || rule->within_s < 1 || rule->within_s > 3600 ||
        rule->closed_s < 1 || rule->closed_s > 86400) {
        return camera_fail(err, SVMS_E_POLICY, 0, "the rule of lockout is out of its bounds");
    }
    if (settings->has_home && !place_is_good(&settings->home)) {
        return camera_fail(err, SVMS_E_POLICY, 0, "home is no place");
    }
    return SVMS_OK;
}

svms_status camera_settings_check(camera_settings *settings, const camera_state_options *lens,
                                  svms_error *err)
{
    svms_status status = check_encoding(&settings->encoding, lens, err);
    if (status == SVMS_OK) {
        status = check_masks(settings, err);
    }
    if (status == SVMS_OK) {
        status = check_presets(settings, err);
    }
    return status == SVMS_OK ? check_rest(settings, err) : status;
}

camera_mask *camera_settings_mask(camera_settings *settings, const char *token)
{
    for (uint32_t i = 0; i < settings->mask_count; i++) {
        if (strcmp(settings->masks[i].token, token) == 0) {
            return &settings->masks[i];
        }
    }
    return NULL;
}

camera_preset *camera_settings_preset(camera_settings *settings, const char *token)
{
    for (uint32_t i = 0; i < settings->preset_count; i++) {
        if (strcmp(settings->presets[i].token, token) == 0) {
            return &settings->presets[i];
        }
    }
    return NULL;
}

static bool is_in_use(const camera_settings *settings, const char *token)
{
    for (uint32_t i = 0; i < settings->mask_count; i++) {
        if (strcmp(settings->masks[i].token, token) == 0) {
            return true;
        }
    }
    for (uint32_t i = 0; i < settings->preset_count; i++) {
        if (strcmp(settings->presets[i].token, token) == 0) {
            return true;
        }
    }
    return false;
}

void camera_settings_token(const camera_settings *settings, const char *kind,
                           char out[CAMERA_TOKEN_SIZE])
{
    char token[CAMERA_TOKEN_SIZE];
    uint32_t number = 0;
    do {
        snprintf(token, sizeof token, "%.16s-%u", kind, ++number);
    } while (is_in_use(settings, token));
    /* Only now, as out may be in the settings. */
    memcpy(out, token, sizeof token);
}
