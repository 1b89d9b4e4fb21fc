/* SPDX-License-Identifier: Apache-2.0 */
/* The lens that the settings name. */
#ifndef CAMERA_LENSES_H
#define CAMERA_LENSES_H

#include "camera_config.h"
#include "lens.h"

/* user: the camera_config. */
svms_status camera_lenses_open(void *user, lens **out, svms_error *err);

#endif
