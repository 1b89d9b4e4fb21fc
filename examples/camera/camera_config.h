/* SPDX-License-Identifier: Apache-2.0 */
/* The settings file of svms-camera: what is decided where it is installed. What can be set while it
 * runs is in camera_state.h. */
#ifndef CAMERA_CONFIG_H
#define CAMERA_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include <svms/media.h>
#include <svms/mikey.h>
#include <svms/status.h>

#include "settings.h"

typedef enum camera_source { CAMERA_SCENE, CAMERA_FILE, CAMERA_DEVICE } camera_source;

/* Texts belong to the file, paths are whole. */
typedef struct camera_config {
    settings *file;
    const char *state;    /* folder of all that the camera writes */
    const char *identity; /* folder; by default "identity" in state */
    const char *crl;      /* or NULL */
    const char *audit;    /* folder or socket, or NULL */
    const char *user;     /* to run as, or NULL */
    bool allow_root;
    bool log_json;
    const char *rtsps; /* ADDRESS:PORT, or NULL */
    const char *https; /* ADDRESS:PORT, or NULL */
    uint32_t max_clients;
    bool allow_md5;
    svms_mikey_form mikey;
    uint32_t password_least;
    const char *preset; /* of x264 */
    camera_source source;
    const char *source_path; /* file or device */
    uint32_t width;
    uint32_t height;
    uint32_t rate;
    uint32_t sample_rate;
    uint32_t seed;
    uint32_t light;
    uint32_t noise;
    bool has_edge;         /* the camera keeps what it sends, itself */
    const char *edge_path; /* folder, or NULL: "edge" in state */
    uint64_t edge_keep_bytes;
    uint32_t edge_rotate_minutes;
    svms_protection edge_mode;
    const char *update_trust; /* CA certificates (PEM) of who signs updates, or NULL */
    const char *update_product;
    const char *update_hardware;
} camera_config;

/* err names file and member. */
svms_status camera_config_read(camera_config *out, const char *path, svms_error *err);
void camera_config_close(camera_config *config);

#endif
