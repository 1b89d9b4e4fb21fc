/* SPDX-License-Identifier: Apache-2.0 */
/* What a camera says of itself to whoever looks for one: the URIs of ONVIF Core, section 7.3.2.2.
 */
#ifndef ONVIF_SCOPES_H
#define ONVIF_SCOPES_H

#include <stdbool.h>

#include "camera_state.h"

/* Called with each; item lives as long as the call. */
typedef void onvif_scope_visitor(void *user, bool is_fixed, const char *item);

void onvif_scopes(const camera_settings *current, onvif_scope_visitor *visit, void *user);

#endif
