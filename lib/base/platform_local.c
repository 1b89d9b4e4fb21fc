/* SPDX-License-Identifier: Apache-2.0 */
/* For SO_PEERCRED and accept4(). */
#define _GNU_SOURCE /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#include "platform_local.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "platform.h"

#define NS_PER_MS UINT64_C(1000000)

static int make_address(const char *path, struct sockaddr_un *out)
{
    size_t size = strlen(path);
    memset(out, 0, sizeof *out);
    out->sun_family = AF_UNIX;
    if (size == 0) {
        return ENOENT;
    }
    if (size >= sizeof out->sun_path) {
        return ENAMETOOLONG;
    }
    memcpy(out->sun_path, path, size);
    return 0;
}

static int open_socket(int flags, int *handle)
{
    *handle = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    return *handle >= 0 ? 0 : errno;
}

int svms_platform_local_listen(const char *path, int backlog, int *handle)
{
    struct sockaddr_un address;
    int fd = -1;
    int result = make_address(path, &address);
    if (result == 0) {
        result = open_socket(SOCK_NONBLOCK, &fd);
    }
    if (result != 0) {
        return result;
    }
    /* Until the mode is set the folder keeps others out. */
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        result = errno;
        close(fd);
        return result;
    }
    if (chmod(path, S_IRUSR | S_IWUSR) != 0 || listen(fd, backlog) != 0) {
        result = errno;
        close(fd);
        unlink(path);
        return result;
    }
    *handle = fd;
    return 0;
}

int svms_platform_local_remove(const char *path)
{
    struct stat info;
    if (lstat(path, &info) != 0) {
        return errno == ENOENT ? 0 : errno;
    }
    if (!S_ISSOCK(info.st_mode)) {
        return EEXIST;
    }
    return unlink(path) == 0 || errno == ENOENT ? 0 : errno;
}

int svms_platform_own_folder(const char *path)
{
    struct stat info;
    int handle = -1;
    int result = svms_platform_open_folder(path, &handle);
    if (result != 0) {
        return result;
    }
    result = fstat(handle, &info) == 0 ? 0 : errno;
    close(handle);
    if (result == 0 && info.st_uid != geteuid()) {
        return EPERM;
    }
    return result == 0 && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0 ? EACCES : result;
}

int svms_platform_local_accept(int listening, int *handle)
{
    int fd;
    do {
        fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        /* One that has gone again is no reason to stop. */
    } while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
    if (fd < 0) {
        return errno == EWOULDBLOCK ? EAGAIN : errno;
    }
    *handle = fd;
    return 0;
}

static int limit_calls(int fd, uint32_t timeout_ms)
{
    struct timeval most = { (time_t)(timeout_ms / 1000u),
                            (suseconds_t)(timeout_ms % 1000u * 1000u) };
    bool done = setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most) == 0 &&
                setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most) == 0;
    return done ? 0 : errno;
}

int svms_platform_local_connect(const char *path, uint32_t timeout_ms, int *handle)
{
    struct sockaddr_un address;
    int fd = -1;
    int result = make_address(path, &address);
    if (result == 0) {
        result = open_socket(0, &fd);
    }
    if (result != 0) {
        return result;
    }
    result = limit_calls(fd, timeout_ms);
    while (result == 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        result = errno == EINTR ? 0 : errno;
    }
    if (result != 0) {
        close(fd);
        return result;
    }
    *handle = fd;
    return 0;
}

int svms_platform_local_peer(int handle, bool *is_known)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(handle, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        return errno;
    }
    *is_known = peer.uid == geteuid() || peer.uid == 0;
    return 0;
}

int svms_platform_bell(int handles[2])
{
    return pipe2(handles, O_CLOEXEC | O_NONBLOCK) == 0 ? 0 : errno;
}

void svms_platform_ring(const int handles[2])
{
    ssize_t done;
    do {
        /* Where it is full it rings already. */
        done = write(handles[1], "", 1);
    } while (done < 0 && errno == EINTR);
}

static int milliseconds(uint64_t ns)
{
    uint64_t whole = ns / NS_PER_MS + (ns % NS_PER_MS != 0);
    return whole < INT_MAX ? (int)whole : INT_MAX;
}

int svms_platform_wait_for(svms_platform_wait *waits, size_t count, uint64_t most_ns)
{
    struct pollfd polled[SVMS_PLATFORM_WAITS_MAX];
    if (count > SVMS_PLATFORM_WAITS_MAX) {
        return EINVAL;
    }
    for (size_t i = 0; i < count; i++) {
        polled[i].fd = waits[i].handle;
        polled[i].events =
            (short)((waits[i].for_reading ? POLLIN : 0) | (waits[i].for_writing ? POLLOUT : 0));
        polled[i].revents = 0;
        waits[i].is_ready = false;
    }
    int ready = poll(polled, (nfds_t)count, milliseconds(most_ns));
    if (ready < 0) {
        return errno == EINTR ? 0 : errno;
    }
    for (size_t i = 0; i < count; i++) {
        waits[i].is_ready = polled[i].revents != 0;
    }
    return 0;
}
