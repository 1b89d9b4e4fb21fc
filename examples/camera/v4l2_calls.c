/* SPDX-License-Identifier: Apache-2.0 */
#include "v4l2_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static int system_open(void *user, const char *path)
{
    (void)user;
    return open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

static int system_control(void *user, int device, unsigned long request, void *argument)
{
    (void)user;
    int result = 0;
    do {
        result = ioctl(device, request, argument);
    } while (result < 0 && errno == EINTR);
    return result;
}

static void *system_map(void *user, int device, size_t size, int64_t offset)
{
    (void)user;
    void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, device, (off_t)offset);
    return bytes == MAP_FAILED ? NULL : bytes;
}

static int system_unmap(void *user, void *bytes, size_t size)
{
    (void)user;
    return munmap(bytes, size);
}

static int system_close(void *user, int device)
{
    (void)user;
    return close(device);
}

const v4l2_calls v4l2_system_calls = { NULL,       system_open,  system_control,
                                       system_map, system_unmap, system_close };
