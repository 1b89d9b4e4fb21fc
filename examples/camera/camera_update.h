/* SPDX-License-Identifier: Apache-2.0 */
/* Signed updates into two slots, which are folders: slots/record says which one runs, slots/0 and
 * slots/1 hold the parts as files. Nothing is written that is not verified. One thread at a time.
 */
#ifndef CAMERA_UPDATE_H
#define CAMERA_UPDATE_H

#include <svms/svms.h>

#define CAMERA_UPDATE_BOOTS 3u /* that an update has to show that it is well */

typedef struct camera_update camera_update;

typedef struct camera_update_options {
    svms_ctx *ctx;
    const char *folder; /* slots; made where it is missing */
    const char *trust;  /* file: CA certificates (PEM) of who signs updates */
    const char *product;
    const char *hardware;
} camera_update_options;

svms_status camera_update_open(camera_update **out, const camera_update_options *options,
                               svms_error *err);
/* The next bytes of the file. Every failure is final; the slot that runs was not touched. */
svms_status camera_update_feed(camera_update *update, const void *data, size_t size,
                               svms_error *err);
/* The file has ended. SVMS_OK: it is whole and durable, and is tried at the next start. */
svms_status camera_update_end(camera_update *update, svms_error *err);
/* Version that it brings; "" as long as the signature has not been verified. */
const char *camera_update_version(const camera_update *update);
/* NULL and pointer to NULL are accepted. */
void camera_update_close(camera_update **update);

#endif
