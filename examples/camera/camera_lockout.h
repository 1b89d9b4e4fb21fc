/* SPDX-License-Identifier: Apache-2.0 */
/* Too many failures close a login for a while: counted for the address that they come from, and,
 * at four times as many, for the name that is tried, wherever they come from. Bounded; not
 * thread-safe by itself. Times are of the monotonic clock. */
#ifndef CAMERA_LOCKOUT_H
#define CAMERA_LOCKOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "camera_state.h"

typedef struct camera_lockout camera_lockout;

/* NULL: no memory. */
camera_lockout *camera_lockout_new(void);
bool camera_lockout_is_closed(camera_lockout *lockout, const char *name, const char *address,
                              uint64_t now);
/* Whether this failure closed something. */
bool camera_lockout_failed(camera_lockout *lockout, const camera_lockout_rule *rule,
                           const char *name, const char *address, uint64_t now);
/* NULL and pointer to NULL are accepted. */
void camera_lockout_free(camera_lockout **lockout);

#endif
