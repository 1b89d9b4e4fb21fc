/* SPDX-License-Identifier: Apache-2.0 */
#include "platform.h"
#include "platform_thread.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <svms/io.h>

#define RUNS_PER_CALL 256
/* What the kernel takes in one call is bounded; ours stays below everywhere. */
#define BYTES_PER_CALL ((size_t)1 << 30)
#define SECOND_NS UINT64_C(1000000000)

_Static_assert(sizeof(off_t) == 8, "files must be addressed with 64 bits");
_Static_assert(sizeof(time_t) == 8, "clocks must not end in 2038");

int64_t svms_platform_utc_now(void)
{
    struct timespec now = { 0, 0 };
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

uint64_t svms_platform_monotonic_now(void)
{
    struct timespec now = { 0, 0 };
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int open_retrying(const char *path, int flags, int *handle)
{
    int fd;
    do {
        fd = open(path, flags | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) {
        return errno;
    }
    *handle = fd;
    return 0;
}

static int refuse_kind(const struct stat *info, const char **refused)
{
    if (S_ISREG(info->st_mode) || S_ISBLK(info->st_mode)) {
        return 0;
    }
    if (S_ISDIR(info->st_mode)) {
        *refused = "is a directory";
        return EISDIR;
    }
    if (S_ISFIFO(info->st_mode)) {
        *refused = "is a FIFO";
        return ESPIPE;
    }
    if (S_ISSOCK(info->st_mode)) {
        *refused = "is a socket";
        return ENXIO;
    }
    *refused = S_ISCHR(info->st_mode) ? "is a character device" : "is not a regular file";
    return ENODEV;
}

int svms_platform_open_read(const char *path, int *handle, const char **refused)
{
    *refused = NULL;
    /* Looked at before it is opened, because opening a device or FIFO has effects; looked at
     * again afterwards, because the name may have changed hands between the two. */
    struct stat info;
    if (stat(path, &info) != 0) {
        return errno;
    }
    int result = refuse_kind(&info, refused);
    if (result != 0) {
        return result;
    }
    int fd = -1;
    result = open_retrying(path, O_RDONLY | O_NONBLOCK, &fd);
    if (result != 0) {
        return result;
    }
    result = fstat(fd, &info) == 0 ? refuse_kind(&info, refused) : errno;
    if (result != 0) {
        close(fd);
        return result;
    }
    *handle = fd;
    return 0;
}

int svms_platform_create(const char *path, int *handle)
{
    int fd = -1;
    int result = open_retrying(path, O_WRONLY | O_CREAT | O_EXCL, &fd);
    if (result != 0) {
        return result;
    }
    int locked;
    do {
        locked = flock(fd, LOCK_EX | LOCK_NB);
    } while (locked != 0 && errno == EINTR);
    if (locked != 0) {
        result = errno;
        close(fd);
        unlink(path);
        return result;
    }
    *handle = fd;
    return 0;
}

static int require_regular(const struct stat *info, const char **refused)
{
    if (S_ISREG(info->st_mode)) {
        return 0;
    }
    *refused = "is no regular file";
    return EINVAL;
}

/* Opens what look(path) says is a regular file, before and after, for the same reasons as in
 * svms_platform_open_read(). */
static int open_regular(const char *path, int (*look)(const char *, struct stat *), int flags,
                        int *handle, const char **refused)
{
    struct stat info;
    int fd = -1;
    *refused = NULL;
    int result = look(path, &info) == 0 ? require_regular(&info, refused) : errno;
    if (result == 0) {
        result = open_retrying(path, flags | O_NONBLOCK, &fd);
    }
    if (result != 0) {
        return result;
    }
    result = fstat(fd, &info) == 0 ? require_regular(&info, refused) : errno;
    if (result != 0) {
        close(fd);
        return result;
    }
    *handle = fd;
    return 0;
}

int svms_platform_open_update(const char *path, int *handle, const char **refused)
{
    int fd = -1;
    int result = open_regular(path, stat, O_RDWR, &fd, refused);
    if (result != 0) {
        return result;
    }
    int locked;
    do {
        locked = flock(fd, LOCK_EX | LOCK_NB);
    } while (locked != 0 && errno == EINTR);
    if (locked != 0) {
        result = errno;
        *refused = result == EWOULDBLOCK ? "is being written by somebody else" : NULL;
        close(fd);
        return result;
    }
    *handle = fd;
    return 0;
}

int svms_platform_open_shared(const char *path, int *handle, const char **refused)
{
    int result = open_regular(path, lstat, O_RDWR | O_NOFOLLOW, handle, refused);
    if (result == EACCES || result == EPERM || result == EROFS) {
        result = open_regular(path, lstat, O_RDONLY | O_NOFOLLOW, handle, refused);
    }
    return result;
}

int svms_platform_write_at(int handle, uint64_t offset, const void *data, size_t size)
{
    const uint8_t *place = data;
    while (size > 0) {
        ssize_t done = pwrite(handle, place, size, (off_t)offset);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return done < 0 ? errno : EIO;
        }
        place += done;
        offset += (uint64_t)done;
        size -= (size_t)done;
    }
    return 0;
}

int svms_platform_cut(int handle, uint64_t size)
{
    if (size > INT64_MAX) {
        return EFBIG;
    }
    while (ftruncate(handle, (off_t)size) != 0) {
        if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

int svms_platform_read_at(int handle, uint64_t offset, void *out, size_t size, size_t *got)
{
    uint8_t *place = out;
    size_t done = 0;
    /* Beyond the largest offset there is no file, which is no failure of reading one. */
    uint64_t within = offset < INT64_MAX ? (uint64_t)INT64_MAX - offset : 0;
    if (size > within) {
        size = (size_t)within;
    }
    while (done < size) {
        size_t ask = size - done < BYTES_PER_CALL ? size - done : BYTES_PER_CALL;
        ssize_t count = pread(handle, place + done, ask, (off_t)(offset + done));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return errno;
        }
        if (count == 0) {
            break;
        }
        done += (size_t)count;
    }
    *got = done;
    return 0;
}

int svms_platform_size(int handle, uint64_t *size)
{
    struct stat info;
    if (fstat(handle, &info) != 0) {
        return errno;
    }
    off_t end = info.st_size;
    /* A device has no st_size; the position this moves is used by nobody. */
    if (S_ISBLK(info.st_mode)) {
        end = lseek(handle, 0, SEEK_END);
    }
    if (end < 0) {
        return errno;
    }
    *size = (uint64_t)end;
    return 0;
}

/* Takes runs from *next (whose first skip bytes are written already) into a batch. */
static int gather(struct iovec *batch, size_t most, const svms_iovec *runs, size_t count,
                  size_t skip)
{
    size_t used = 0;
    size_t bytes = 0;
    for (size_t i = 0; i < count && used < most && bytes < BYTES_PER_CALL; i++) {
        size_t length = runs[i].size - skip;
        if (length > BYTES_PER_CALL - bytes) {
            length = BYTES_PER_CALL - bytes;
        }
        if (length > 0) {
            batch[used].iov_base = (void *)((uintptr_t)runs[i].data + skip);
            batch[used].iov_len = length;
            used++;
        }
        bytes += length;
        skip = 0;
    }
    return (int)used;
}

int svms_platform_append(int handle, const struct svms_iovec *runs, size_t count)
{
    struct iovec batch[RUNS_PER_CALL];
    long limit = sysconf(_SC_IOV_MAX);
    size_t most = limit > 0 && limit < RUNS_PER_CALL ? (size_t)limit : RUNS_PER_CALL;
    size_t skip = 0;
    while (count > 0) {
        int used = gather(batch, most, runs, count, skip);
        ssize_t written = used > 0 ? writev(handle, batch, used) : 0;
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return errno;
        }
        if (written == 0 && used > 0) {
            return EIO;
        }
        skip += (size_t)written;
        while (count > 0 && skip >= runs->size) {
            skip -= runs->size;
            runs++;
            count--;
        }
    }
    return 0;
}

int svms_platform_sync(int handle)
{
    int result;
    do {
        result = fdatasync(handle);
    } while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : errno;
}

int svms_platform_open_folder(const char *path, int *handle)
{
    const char *slash = strrchr(path, '/');
    if (!slash) {
        return open_retrying(".", O_RDONLY | O_DIRECTORY, handle);
    }
    size_t length = slash == path ? 1 : (size_t)(slash - path);
    char folder[PATH_MAX];
    if (length >= sizeof folder) {
        return ENAMETOOLONG;
    }
    memcpy(folder, path, length);
    folder[length] = '\0';
    return open_retrying(folder, O_RDONLY | O_DIRECTORY, handle);
}

int svms_platform_sync_folder(int handle)
{
    int result;
    do {
        result = fsync(handle);
    } while (result != 0 && errno == EINTR);
    /* Some file systems cannot sync a folder, and say so with EINVAL. */
    return result == 0 || errno == EINVAL ? 0 : errno;
}

void svms_platform_close(int handle)
{
    /* Not repeated after EINTR: the descriptor is gone by then. */
    close(handle);
}

/* Some systems have two numbers for this. */
static int socket_error(int number)
{
    return number == EWOULDBLOCK ? EAGAIN : number;
}

int svms_platform_send(int socket, const void *data, size_t size, size_t *sent)
{
    ssize_t done;
    do {
        done = send(socket, data, size, MSG_NOSIGNAL);
    } while (done < 0 && errno == EINTR);
    *sent = done > 0 ? (size_t)done : 0;
    return done < 0 ? socket_error(errno) : 0;
}

int svms_platform_receive(int socket, void *out, size_t size, size_t *got)
{
    ssize_t done;
    do {
        done = recv(socket, out, size, 0);
    } while (done < 0 && errno == EINTR);
    *got = done > 0 ? (size_t)done : 0;
    return done < 0 ? socket_error(errno) : 0;
}

typedef struct posix_latch {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
} posix_latch;

_Static_assert(sizeof(posix_latch) <= sizeof(svms_platform_latch), "a latch must fit its place");
_Static_assert(_Alignof(posix_latch) <= _Alignof(svms_platform_latch),
               "a latch must fit its place");

static posix_latch *posix(svms_platform_latch *latch)
{
    return (posix_latch *)(void *)latch->place.bytes;
}

void svms_platform_yield(void)
{
    (void)sched_yield();
}

/* Sleeping for a while must not depend on what somebody sets the wall clock to. */
static int init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    int result = pthread_condattr_init(&attributes);
    if (result != 0) {
        return result;
    }
    result = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (result == 0) {
        result = pthread_cond_init(condition, &attributes);
    }
    pthread_condattr_destroy(&attributes);
    return result;
}

int svms_platform_latch_init(svms_platform_latch *latch)
{
    int result = pthread_mutex_init(&posix(latch)->mutex, NULL);
    if (result != 0) {
        return result;
    }
    result = init_condition(&posix(latch)->changed);
    if (result != 0) {
        pthread_mutex_destroy(&posix(latch)->mutex);
    }
    return result;
}

void svms_platform_latch_destroy(svms_platform_latch *latch)
{
    pthread_cond_destroy(&posix(latch)->changed);
    pthread_mutex_destroy(&posix(latch)->mutex);
}

void svms_platform_lock(svms_platform_latch *latch)
{
    pthread_mutex_lock(&posix(latch)->mutex);
}

void svms_platform_unlock(svms_platform_latch *latch)
{
    pthread_mutex_unlock(&posix(latch)->mutex);
}

void svms_platform_sleep(svms_platform_latch *latch)
{
    pthread_cond_wait(&posix(latch)->changed, &posix(latch)->mutex);
}

void svms_platform_sleep_for(svms_platform_latch *latch, uint64_t ns)
{
    uint64_t until = svms_platform_monotonic_now() + ns;
    struct timespec moment = { (time_t)(until / SECOND_NS), (long)(until % SECOND_NS) };
    pthread_cond_timedwait(&posix(latch)->changed, &posix(latch)->mutex, &moment);
}

void svms_platform_wake_all(svms_platform_latch *latch)
{
    pthread_cond_broadcast(&posix(latch)->changed);
}
