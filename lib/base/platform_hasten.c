/* SPDX-License-Identifier: Apache-2.0 */
/* Linux alone can be asked to begin writing a part of a file out. */
#define _GNU_SOURCE
#include "platform.h"

#include <fcntl.h>

#define PAGE UINT64_C(4096)

void svms_platform_hasten(int handle, uint64_t offset, size_t size)
{
    uint64_t from = (offset + PAGE - 1) / PAGE * PAGE;
    uint64_t end = (offset + size) / PAGE * PAGE;
    if (from >= end) {
        return;
    }
#ifdef SYNC_FILE_RANGE_WRITE
    /* Where it cannot be begun now, the sync does it. */
    (void)sync_file_range(handle, (off_t)from, (off_t)(end - from), SYNC_FILE_RANGE_WRITE);
#else
    (void)handle;
#endif
}
