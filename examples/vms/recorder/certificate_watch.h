/* SPDX-License-Identifier: Apache-2.0 */
/* Tells, by event and audit log, that certificates come to their end. Belongs to one thread. */
#ifndef CERTIFICATE_WATCH_H
#define CERTIFICATE_WATCH_H

#include <svms/svms.h>

#include "recorder_parts.h"

typedef struct certificate_watch certificate_watch;

/* camera: whose certificates they are, or NULL: the recorder's; borrowed, as parts are. */
svms_status certificate_watch_new(certificate_watch **out, const recorder_parts *parts,
                                  const char *camera, svms_error *err);
/* In place of what had this label before. What fails is a line in the log. */
void certificate_watch_take(certificate_watch *self, const char *label, const svms_chain *chain);
/* Looks where it is time to; costs nothing otherwise. */
void certificate_watch_look(certificate_watch *self);
/* NULL and pointer to NULL are accepted. */
void certificate_watch_free(certificate_watch **self);

#endif
