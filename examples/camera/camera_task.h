/* SPDX-License-Identifier: Apache-2.0 */
/* What svms-camera does instead of running. Each says what it did, or why not, and answers whether
 * it succeeded. */
#ifndef CAMERA_TASK_H
#define CAMERA_TASK_H

#include "camera_config.h"
#include "service.h"

#include <svms/svms.h>

/* Changes nothing, opens no port. */
bool camera_task_check(svms_ctx *ctx, service *life, const camera_config *config);
bool camera_task_ports(const camera_config *config);
bool camera_task_add(svms_ctx *ctx, service *life, const camera_config *config, const char *name,
                     const char *password_file);
bool camera_task_update(svms_ctx *ctx, service *life, const camera_config *config,
                        const char *path);
bool camera_task_reset(svms_ctx *ctx, service *life, const camera_config *config);

#endif
