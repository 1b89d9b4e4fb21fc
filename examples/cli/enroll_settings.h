/* SPDX-License-Identifier: Apache-2.0 */
/* The file that says what a device is enrolled as, and where. */
#ifndef SVMS_CLI_ENROLL_SETTINGS_H
#define SVMS_CLI_ENROLL_SETTINGS_H

#include "enroll_folder.h"

#define ENROLL_SETTINGS_NAME "enrolment.json"
#define ENROLL_FILE_MAX ((size_t)256 * 1024)

/* Released by free(); NULL: out of memory, which was said. */
char *enroll_settings_text(const enroll_settings *settings);

#endif
