/* SPDX-License-Identifier: Apache-2.0 */
/* What of a camera can be set while it runs. Any thread. It is on the disk (0600) before a change
 * counts, and readers get copies: each is whole, and has the number of the change that made it. */
#ifndef CAMERA_STATE_H
#define CAMERA_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include <svms/svms.h>

#define CAMERA_TOKEN_SIZE 33 /* letters, digits, '-' and '_'; with NUL */
#define CAMERA_NAME_SIZE 65  /* UTF-8 without control characters; with NUL */
#define CAMERA_MASKS 16u
#define CAMERA_MASK_POINTS 32u
#define CAMERA_PRESETS 32u
#define CAMERA_ZOOM_MAX 4.0

typedef struct camera_mask {
    char token[CAMERA_TOKEN_SIZE];
    bool is_on;
    svms_mask_kind kind;
    uint32_t strength; /* as in svms_mask */
    uint8_t luma;
    uint8_t chroma_u;
    uint8_t chroma_v;
    uint32_t point_count;
    /* Of the lens's whole picture: a mask stays on what it hides, wherever the window is. */
    svms_mask_point points[CAMERA_MASK_POINTS];
} camera_mask;

/* Where the window of digital PTZ is. */
typedef struct camera_place {
    double pan;  /* -1: left edge of what the lens sees, 1: right edge */
    double tilt; /* -1: lower edge, 1: upper edge */
    double zoom; /* 0: all of it, 1: CAMERA_ZOOM_MAX times larger */
} camera_place;

typedef struct camera_preset {
    char token[CAMERA_TOKEN_SIZE];
    char name[CAMERA_NAME_SIZE];
    camera_place place;
} camera_preset;

typedef struct camera_encoding {
    uint32_t width; /* one of camera_sizes() */
    uint32_t height;
    uint32_t rate; /* pictures in a second, at most what the lens gives */
    uint32_t gop;  /* pictures from one IDR to the next */
    uint32_t bit_rate;
} camera_encoding;

typedef struct camera_lockout_rule {
    uint32_t failures; /* 2 to 100; so many ... */
    uint32_t within_s; /* 1 to 3,600; ... in that time ... */
    uint32_t closed_s; /* 1 to 86,400; ... close the login for that long */
} camera_lockout_rule;

typedef struct camera_settings {
    uint64_t revision; /* grows with each change; from 1 */
    char name[CAMERA_NAME_SIZE];
    char location[CAMERA_NAME_SIZE];
    bool is_discoverable; /* off unless somebody switched it on */
    camera_encoding encoding;
    camera_lockout_rule lockout;
    camera_mask masks[CAMERA_MASKS];
    uint32_t mask_count;
    camera_preset presets[CAMERA_PRESETS];
    uint32_t preset_count;
    bool has_home;
    camera_place home;
} camera_settings;

typedef struct camera_state camera_state;

typedef struct camera_state_options {
    svms_ctx *ctx;    /* borrowed */
    const char *path; /* of the file; made where it is missing */
    uint32_t width;   /* of the lens: no encoding is larger */
    uint32_t height;
    uint32_t rate;
} camera_state_options;

/* SVMS_E_MALFORMED: what the file says is no state of a camera: nothing is guessed. */
svms_status camera_state_open(camera_state **out, const camera_state_options *options,
                              svms_error *err);
void camera_state_read(camera_state *state, camera_settings *out);
/* Cheap: for a look between two pictures. */
uint64_t camera_state_revision(camera_state *state);

/* Changes a copy. Anything but SVMS_OK leaves all as it was, and is what camera_state_change()
 * returns. It must not call anything of the state. */
typedef svms_status (*camera_state_edit)(void *user, camera_settings *settings, svms_error *err);
/* One change at a time; durable when it returns. SVMS_E_POLICY: the edit made something of it that
 * must not be (err says what); SVMS_E_IO: it cannot be written, and nothing has changed. */
svms_status camera_state_change(camera_state *state, camera_state_edit edit, void *user,
                                svms_error *err);

/* The sizes that the encoder can be set to, largest first; at most CAMERA_SIZES. */
#define CAMERA_SIZES 4u
typedef struct camera_size {
    uint32_t width;
    uint32_t height;
} camera_size;
uint32_t camera_sizes(const camera_state *state, camera_size out[CAMERA_SIZES]);
uint32_t camera_rate_max(const camera_state *state);

/* NULL: there is none. */
camera_mask *camera_settings_mask(camera_settings *settings, const char *token);
camera_preset *camera_settings_preset(camera_settings *settings, const char *token);
/* A token that is not in use: "mask-3", "preset-7". */
void camera_settings_token(const camera_settings *settings, const char *kind,
                           char out[CAMERA_TOKEN_SIZE]);

/* NULL and pointer to NULL are accepted. */
void camera_state_close(camera_state **state);

#endif
