/* SPDX-License-Identifier: Apache-2.0 */
/* What a recorder gives to clients: who may what, RTSPS, HTTPS. Nothing of it where the settings
 * name no policy. */
#ifndef RECORDER_SERVE_H
#define RECORDER_SERVE_H

#include <stdbool.h>

#include <svms/svms.h>

#include "camera_fleet.h"
#include "keeper.h"
#include "recorder_identity.h"
#include "recorder_parts.h"

typedef struct recorder_serve recorder_serve;

svms_status recorder_serve_new(recorder_serve **out, recorder_parts *parts, svms_error *err);
/* Binds what may be a low port: before rights are given away. */
svms_status recorder_serve_bind(recorder_serve *self, svms_error *err);
/* Policy, keys and certificates, whatever is wrong with them; parts get their gate. */
svms_status recorder_serve_load(recorder_serve *self, const recorder_identity *identity,
                                svms_error *err);
/* trust: of recorders whose containers are exported; borrowed. */
svms_status recorder_serve_start(recorder_serve *self, camera_fleet *fleet, keeper *keeps,
                                 const svms_trust *trust, svms_error *err);
/* Each second: policy and revocations may have changed. */
void recorder_serve_tend(recorder_serve *self);
/* Another identity; clients' authorities and revocations are read again. A failure changes nothing.
 */
svms_status recorder_serve_reload(recorder_serve *self, const recorder_identity *identity,
                                  svms_error *err);
/* "rtsps://127.0.0.1:8554/", or NULL. */
const char *recorder_serve_rtsps(const recorder_serve *self);
/* "https://127.0.0.1:8443/", or NULL. */
const char *recorder_serve_https(const recorder_serve *self);
/* Who watches is told; nobody asks the fleet or the keeper for anything any more. */
void recorder_serve_stop(recorder_serve *self);
/* NULL and pointer to NULL are accepted. */
void recorder_serve_free(recorder_serve **self);

#endif
