/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper_reserve.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME ".keeper-reserve"

static bool name_of(const char *storage, char out[4352])
{
    int used = snprintf(out, 4352, "%s/" NAME, storage);
    return used > 0 && used < 4352;
}

void keeper_reserve_take(const char *storage)
{
    char path[4352];
    if (!name_of(storage, path)) {
        return;
    }
    int handle =
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (handle < 0) {
        return;
    }
    bool taken = posix_fallocate(handle, 0, KEEPER_RESERVE_SIZE) == 0;
    (void)close(handle);
    if (!taken) {
        (void)unlink(path);
    }
}

bool keeper_reserve_give(const char *storage)
{
    char path[4352];
    return name_of(storage, path) && unlink(path) == 0;
}
