/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of covered pixels (docs/spec/privacy.md, section 3). */
#ifndef SVMS_PRIVACY_COVERED_H
#define SVMS_PRIVACY_COVERED_H

#include <svms/privacy.h>

#define SVMS_COVERED_VERSION 1
#define SVMS_COVERED_HEAD_SIZE 14
/* Runs and samples of the largest picture. */
#define SVMS_COVERED_MAX ((size_t)1 << 29)

static inline size_t svms_covered_runs_max(uint32_t height)
{
    return ((size_t)height + 1023) / 1024 * 65536;
}

#endif
