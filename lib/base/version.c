/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/version.h>

const char *svms_version(void)
{
    return SVMS_VERSION_TEXT;
}
