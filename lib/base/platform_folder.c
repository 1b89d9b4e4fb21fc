/* SPDX-License-Identifier: Apache-2.0 */
/* For syncfs(). */
#define _GNU_SOURCE
#include "platform_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int svms_platform_is_folder(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        return errno;
    }
    return S_ISDIR(info.st_mode) ? 0 : ENOTDIR;
}

int svms_platform_make_folder(const char *path)
{
    if (mkdir(path, S_IRWXU) == 0) {
        return 0;
    }
    return errno == EEXIST ? svms_platform_is_folder(path) : errno;
}

int svms_platform_rename(const char *from, const char *to)
{
    return rename(from, to) == 0 ? 0 : errno;
}

int svms_platform_remove(const char *path)
{
    if (unlink(path) == 0) {
        return 0;
    }
    return (errno == EISDIR || errno == EPERM) && rmdir(path) == 0 ? 0 : errno;
}

int svms_platform_sync_all(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    int result = syncfs(fd) == 0 ? 0 : errno;
    close(fd);
    return result;
}

int svms_platform_take(const char *path, int *handle)
{
    int fd;
    int taken;
    do {
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) {
        return errno;
    }
    do {
        taken = flock(fd, LOCK_EX | LOCK_NB);
    } while (taken != 0 && errno == EINTR);
    if (taken != 0) {
        int result = errno;
        close(fd);
        return result;
    }
    *handle = fd;
    return 0;
}

int svms_platform_list(const char *path, svms_platform_each each, void *user, svms_status *status)
{
    DIR *folder = opendir(path);
    int result = 0;
    *status = SVMS_OK;
    if (!folder) {
        return errno;
    }
    while (*status == SVMS_OK) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (!entry) {
            result = errno;
            break;
        }
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            *status = each(user, entry->d_name);
        }
    }
    closedir(folder);
    return result;
}
