/* SPDX-License-Identifier: Apache-2.0 */
/* What svms-recorder does. Each says by itself what went wrong; false: it did. */
#ifndef RECORDER_TASK_H
#define RECORDER_TASK_H

#include <stdbool.h>

#include <svms/svms.h>

#include "recorder_settings.h"
#include "service.h"

/* Records, keeps, serves, until a signal ends it. */
bool recorder_task_run(svms_ctx *ctx, service *life, const recorder_settings *is);
/* Reads all that the settings name, and changes nothing. */
bool recorder_task_check(svms_ctx *ctx, service *life, const recorder_settings *is);
/* Makes the index anew from storages and ledger. */
bool recorder_task_rebuild(svms_ctx *ctx, service *life, const recorder_settings *is);

#endif
