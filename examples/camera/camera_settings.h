/* SPDX-License-Identifier: Apache-2.0 */
/* What settings of a camera may be, and how they lie in their file. */
#ifndef CAMERA_SETTINGS_H
#define CAMERA_SETTINGS_H

#include "camera_state.h"

/* What holds before anybody has set anything. */
void camera_settings_default(camera_settings *out, const camera_state_options *lens);
/* Takes coordinates to what a file can hold, and judges the rest: SVMS_E_POLICY, with words. */
svms_status camera_settings_check(camera_settings *settings, const camera_state_options *lens,
                                  svms_error *err);
/* JSON; free() it. NULL: no memory. */
char *camera_settings_write(const camera_settings *settings);
/* Over the defaults; SVMS_E_MALFORMED names the member. */
svms_status camera_settings_read(camera_settings *out, const char *path, svms_error *err);

/* UTF-8 without control characters, at least `least` bytes, that ends within its room. */
bool camera_settings_is_name(const char *text, size_t room, size_t least);
bool camera_settings_is_token(const char *text);

#endif
