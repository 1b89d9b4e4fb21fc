/* SPDX-License-Identifier: Apache-2.0 */
/* How long to wait before a camera is called again. */
#ifndef CAMERA_PATIENCE_H
#define CAMERA_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

/* Begins cleared. */
typedef struct camera_patience {
    uint32_t failures; /* one behind the other */
} camera_patience;

/* held_ns: how long media came, 0: none did. is_refused: it, or we, will not change our minds soon.
 * chance: any number, so that a hundred cameras behind one switch are not called at once. */
uint64_t camera_patience_next(camera_patience *self, uint64_t held_ns, bool is_refused,
                              uint32_t chance);

#endif
