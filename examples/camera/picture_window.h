/* SPDX-License-Identifier: Apache-2.0 */
/* A window of a picture, made to another size. */
#ifndef CAMERA_PICTURE_WINDOW_H
#define CAMERA_PICTURE_WINDOW_H

#include "camera_ptz.h"

typedef struct picture_window picture_window;

/* NULL: no memory. */
picture_window *picture_window_new(void);
/* *out is the window where it has that size already, else a picture of it that lasts until the next
 * call. Layout stays. SVMS_E_NO_MEMORY, SVMS_E_UNSUPPORTED. */
svms_status picture_window_take(picture_window *self, const svms_picture *from,
                                const camera_window *window, uint32_t width, uint32_t height,
                                svms_picture *out, svms_error *err);
/* NULL and pointer to NULL are accepted. */
void picture_window_free(picture_window **self);

#endif
