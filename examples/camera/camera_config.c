/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_config.h"

#include <string.h>

static const char *const sources[] = { "scene", "file", "device", NULL };
static const char *const forms[] = { "onvif", "joined", NULL };
static const char *const logs[] = { "text", "json", NULL };
static const char *const presets[] = { "ultrafast", "superfast", "veryfast", "faster",
                                       "fast",      "medium",    NULL };

static const char *const modes[] = { "strong", "light", NULL };

/* Of what the camera keeps itself. */
#define EDGE_LEAST (INT64_C(1) << 20)
#define EDGE_USUAL (INT64_C(1) << 30)

static void read_listen(camera_config *out, settings_node *node)
{
    out->rtsps = settings_text_or(node, "rtsps", NULL);
    out->https = settings_text_or(node, "https", NULL);
    out->max_clients = (uint32_t)settings_number_or(node, "max_clients", 1, 1024, 32);
}

static void read_players(camera_config *out, settings_node *node)
{
    out->allow_md5 = settings_flag_or(node, "md5", false);
    out->mikey =
        settings_choice_or(node, "mikey", forms, 0) == 0 ? SVMS_MIKEY_ONVIF : SVMS_MIKEY_JOINED;
}

static void read_source(camera_config *out, settings_node *node)
{
    out->source = (camera_source)settings_choice_or(node, "kind", sources, CAMERA_SCENE);
    bool is_scene = out->source == CAMERA_SCENE;
    out->source_path = out->source == CAMERA_FILE ? settings_path(node, "path")
                       : out->source == CAMERA_DEVICE
                           ? settings_path_or(node, "path", "/dev/video0")
                           : NULL;
    /* Those of a file are its own unless they are given. */
    int64_t none = out->source == CAMERA_FILE ? 0 : 1;
    out->width = (uint32_t)settings_number_or(node, "width", 128, 4096, none * 1280);
    out->height = (uint32_t)settings_number_or(node, "height", 72, 4096, none * 720);
    if (out->width % 2 != 0 || out->height % 2 != 0) {
        settings_refuse(node, "width", "width and height must be even");
    }
    out->rate =
        out->source == CAMERA_FILE ? 0 : (uint32_t)settings_number_or(node, "rate", 1, 120, 25);
    if (out->source != CAMERA_DEVICE) {
        out->sample_rate = (uint32_t)settings_number_or(node, "sample_rate", 0, 96000, 0);
        if (out->sample_rate != 0 && out->sample_rate < 8000) {
            settings_refuse(node, "sample_rate", "it is 0 (no sound) or 8000 to 96000");
        }
    }
    if (is_scene) {
        out->seed = (uint32_t)settings_number_or(node, "seed", 0, UINT32_MAX, 1);
        out->light = (uint32_t)settings_number_or(node, "light", 1, 200, 100);
        out->noise = (uint32_t)settings_number_or(node, "noise", 0, 32, 2);
    }
}

static void read_update(camera_config *out, settings_node *node)
{
    if (node) {
        out->update_trust = settings_path(node, "trust");
        out->update_product = settings_text_or(node, "product", "svms-camera");
        out->update_hardware = settings_text_or(node, "hardware", "reference");
    }
}

static void read_edge(camera_config *out, settings_node *node)
{
    out->has_edge = node != NULL;
    if (node) {
        out->edge_path = settings_path_or(node, "path", NULL);
        out->edge_keep_bytes =
            (uint64_t)settings_number_or(node, "keep_bytes", EDGE_LEAST, INT64_MAX, EDGE_USUAL);
        out->edge_rotate_minutes = (uint32_t)settings_number_or(node, "rotate_minutes", 1, 1440, 5);
        out->edge_mode = settings_choice_or(node, "mode", modes, 0) == 1 ? SVMS_PROTECT_LIGHT
                                                                         : SVMS_PROTECT_STRONG;
    }
}

static void read_root(camera_config *out, settings_node *root)
{
    out->state = settings_path(root, "state");
    out->identity = settings_path_or(root, "identity", NULL);
    out->crl = settings_path_or(root, "crl", NULL);
    out->audit = settings_path_or(root, "audit", NULL);
    out->user = settings_text_or(root, "user", NULL);
    out->allow_root = settings_flag_or(root, "allow_root", false);
    out->log_json = settings_choice_or(root, "log", logs, 0) == 1;
    out->password_least = (uint32_t)settings_number_or(root, "password_least", 8, 64, 12);
    out->preset = presets[settings_choice_or(root, "preset", presets, 2)];
    read_listen(out, settings_object(root, "listen"));
    read_players(out, settings_object(root, "players"));
    read_source(out, settings_object(root, "source"));
    read_edge(out, settings_object(root, "edge"));
    read_update(out, settings_object(root, "update"));
}

svms_status camera_config_read(camera_config *out, const char *path, svms_error *err)
{
    memset(out, 0, sizeof *out);
    svms_status status = settings_open(&out->file, path, err);
    if (status == SVMS_OK) {
        read_root(out, settings_root(out->file));
        status = settings_finish(out->file, err);
    }
    if (status != SVMS_OK) {
        camera_config_close(out);
    }
    return status;
}

void camera_config_close(camera_config *config)
{
    settings_close(&config->file);
    memset(config, 0, sizeof *config);
}
