/* SPDX-License-Identifier: Apache-2.0 */
/* What there is before anything is recorded or served: storages that are ours alone, identity,
 * keys, audit log, ledger, index. */
#ifndef RECORDER_BASE_H
#define RECORDER_BASE_H

#include <svms/svms.h>

#include "ledger.h"
#include "recorder_identity.h"
#include "recorder_parts.h"
#include "storage_keys.h"

typedef struct recorder_base {
    recorder_parts parts; /* without a gate */
    recorder_identity identity;
    storage_keys *keys; /* of each storage, in the order of the settings */
    size_t key_count;
    svms_trust *trust; /* who vouches for recorders whose containers are on the storages */
    int *claims;       /* of each storage; -1: none */
    ledger *ledger;
} recorder_base;

/* parts has context, service and settings. */
svms_status recorder_base_open(recorder_base *self, svms_error *err);
/* Identity and keys alone. */
svms_status recorder_base_load(recorder_base *self, svms_error *err);
void recorder_base_close(recorder_base *self);

#endif
