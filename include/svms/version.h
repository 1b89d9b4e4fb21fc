/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Version of the library.
 */
#ifndef SVMS_VERSION_H
#define SVMS_VERSION_H

#include <svms/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Major version of these headers. */
#define SVMS_VERSION_MAJOR 0
/** Minor version of these headers. */
#define SVMS_VERSION_MINOR 1
/** Patch version of these headers. */
#define SVMS_VERSION_PATCH 0
/** Version of these headers as text. */
#define SVMS_VERSION_TEXT "0.1.0"

/**
 * Version of the library that runs, as text.
 *
 * @return a static string such as "0.1.0"
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_version(void);

#ifdef __cplusplus
}
#endif

#endif
