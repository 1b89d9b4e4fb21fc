/* SPDX-License-Identifier: Apache-2.0 */
/* The id under which recordings of svms name a device. */
#ifndef SVMS_CLI_DEVICE_ID_H
#define SVMS_CLI_DEVICE_ID_H

#include <stdint.h>

#include "exit_status.h"

/* The same name gives the same id, which tells nobody the name. Complains. */
exit_status device_id_of_name(uint8_t id[16], const char *name);

#endif
