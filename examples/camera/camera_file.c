/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "camera_failure.h"

#define ERASE_PIECE 4096

static svms_status read_open(int handle, uint8_t **out, size_t *size, const char *path, size_t max,
                             bool is_secret, svms_error *err)
{
    struct stat is;
    if (fstat(handle, &is) != 0) {
        return camera_fail(err, SVMS_E_IO, errno, "cannot read %s", path);
    }
    if (!S_ISREG(is.st_mode) || is.st_size < 0 || (uint64_t)is.st_size > max) {
        return camera_fail(err, SVMS_E_MALFORMED, 0, "%s is no file of at most %zu bytes", path,
                           max);
    }
    if (is_secret && (is.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return camera_fail(err, SVMS_E_POLICY, 0, "%s may be used by others than its owner", path);
    }
    size_t wanted = (size_t)is.st_size;
    uint8_t *bytes = malloc(wanted + 1);
    if (!bytes) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for %s", path);
    }
    size_t got = 0;
    while (got < wanted) {
        ssize_t more = read(handle, bytes + got, wanted - got);
        if (more < 0 && errno == EINTR) {
            continue;
        }
        if (more <= 0) {
            int failure = more < 0 ? errno : 0;
            camera_file_free(bytes, got);
            return camera_fail(err, SVMS_E_IO, failure, "cannot read %s", path);
        }
        got += (size_t)more;
    }
    bytes[got] = 0;
    *out = bytes;
    *size = got;
    return SVMS_OK;
}

svms_status camera_file_read(uint8_t **out, size_t *size, const char *path, size_t max,
                             bool is_secret, svms_error *err)
{
    *out = NULL;
    *size = 0;
    int handle = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (handle < 0) {
        return errno == ENOENT ? SVMS_OK
                               : camera_fail(err, SVMS_E_IO, errno, "cannot open %s", path);
    }
    svms_status status = read_open(handle, out, size, path, max, is_secret, err);
    close(handle);
    return status;
}

static bool write_all(int handle, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t done = write(handle, data, size);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return false;
        }
        data += done;
        size -= (size_t)done;
    }
    return true;
}

/* That a name is in its folder is durable only when the folder is. */
static bool sync_folder(const char *path)
{
    char *copy = strdup(path);
    int handle = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bool good = handle >= 0 && fsync(handle) == 0;
    int failure = errno;
    if (handle >= 0) {
        close(handle);
    }
    free(copy);
    errno = failure;
    return good;
}

svms_status camera_file_write(const char *path, const void *data, size_t size, svms_error *err)
{
    size_t length = strlen(path) + sizeof ".new";
    char *next = malloc(length);
    if (!next) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for %s", path);
    }
    snprintf(next, length, "%s.new", path);
    (void)unlink(next); /* of an attempt that did not come to its end */
    int handle = open(next, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = handle >= 0 && write_all(handle, data, size) && fsync(handle) == 0;
    int failure = errno;
    if (handle >= 0 && close(handle) != 0 && good) {
        good = false;
        failure = errno;
    }
    if (good && (rename(next, path) != 0 || !sync_folder(path))) {
        good = false;
        failure = errno;
    }
    if (!good && handle >= 0) {
        (void)unlink(next);
    }
    free(next);
    return good ? SVMS_OK : camera_fail(err, SVMS_E_IO, failure, "cannot write %s", path);
}

static bool overwrite(int handle, uint64_t size)
{
    uint8_t piece[ERASE_PIECE];
    for (uint64_t done = 0; done < size; done += sizeof piece) {
        /* Not zeros: a file system may store those as a hole, and leave the old bytes. */
        if (RAND_bytes(piece, (int)sizeof piece) != 1) {
            memset(piece, 0xA5, sizeof piece);
        }
        uint64_t left = size - done;
        if (!write_all(handle, piece, left < sizeof piece ? (size_t)left : sizeof piece)) {
            return false;
        }
    }
    return fsync(handle) == 0;
}

svms_status camera_file_erase(const char *path, bool *was_there, svms_error *err)
{
    struct stat is;
    *was_there = false;
    if (lstat(path, &is) != 0) {
        return errno == ENOENT ? SVMS_OK
                               : camera_fail(err, SVMS_E_IO, errno, "cannot erase %s", path);
    }
    *was_there = true;
    bool good = true;
    if (S_ISREG(is.st_mode)) {
        int handle = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
        good = handle >= 0 && overwrite(handle, (uint64_t)is.st_size);
        int failure = errno;
        if (handle >= 0) {
            close(handle);
        }
        errno = failure;
    }
    int failure = errno;
    /* Gone in any case, also where it could not be overwritten. */
    if (unlink(path) != 0 || !sync_folder(path)) {
        good = false;
        failure = errno;
    }
    return good ? SVMS_OK : camera_fail(err, SVMS_E_IO, failure, "cannot erase %s", path);
}

char *camera_file_path(const char *folder, const char *name)
{
    size_t length = strlen(folder) + strlen(name) + 2;
    char *path = malloc(length);
    if (path) {
        snprintf(path, length, "%s/%s", folder, name);
    }
    return path;
}

void camera_file_free(uint8_t *data, size_t size)
{
    if (data) {
        OPENSSL_cleanse(data, size);
        free(data);
    }
}
