/* SPDX-License-Identifier: Apache-2.0 */
/* The only door to the operating system; platform_posix.c implements it. */
#ifndef SVMS_PLATFORM_H
#define SVMS_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int64_t svms_platform_utc_now(void);
uint64_t svms_platform_monotonic_now(void);

/* All return 0 or an errno value. */
/* Regular files and block devices only; of anything else *refused says what it is ("is a FIFO"),
 * and nothing was opened. *refused is NULL otherwise. Never blocks. */
int svms_platform_open_read(const char *path, int *handle, const char **refused);
/* O_EXCL, mode 0600, exclusive lock. */
int svms_platform_create(const char *path, int *handle);
/* An existing regular file for reading and writing, with an exclusive lock; EWOULDBLOCK where
 * somebody else holds it. *refused as above. */
int svms_platform_open_update(const char *path, int *handle, const char **refused);
/* An existing regular file, no symbolic link, without a lock; for reading only where it may not be
 * written. */
int svms_platform_open_shared(const char *path, int *handle, const char **refused);
int svms_platform_write_at(int handle, uint64_t offset, const void *data, size_t size);
/* Forgets everything from size on. */
int svms_platform_cut(int handle, uint64_t size);
int svms_platform_read_at(int handle, uint64_t offset, void *out, size_t size, size_t *got);
int svms_platform_size(int handle, uint64_t *size);
/* Appends all bytes of all runs; partial writes are continued. */
struct svms_iovec;
int svms_platform_append(int handle, const struct svms_iovec *runs, size_t count);
int svms_platform_sync(int handle);
/* Begins to write out a part of a file, where the system can do that without waiting for it. Whole
 * pages only: one that is changed while it is written has to be written again. */
void svms_platform_hasten(int handle, uint64_t offset, size_t size);
/* Opens the folder that holds path, so that a later sync does not depend on the current one. */
int svms_platform_open_folder(const char *path, int *handle);
/* Path of a folder without symbolic links and dots. ENOTDIR where it is none, ENAMETOOLONG where it
 * does not fit. */
int svms_platform_real_folder(const char *path, char *out, size_t size);
/* Makes the names in a folder durable. */
int svms_platform_sync_folder(int handle);
void svms_platform_close(int handle);

/* Lets other threads go first. */
void svms_platform_yield(void);

/* Sockets that are connected. As much as they take or have now; EAGAIN where that is nothing, and a
 * blocking socket waits. *got 0: the peer has ended its stream. No signal is raised. */
int svms_platform_send(int socket, const void *data, size_t size, size_t *sent);
int svms_platform_receive(int socket, void *out, size_t size, size_t *got);

/* A lock, and a condition that threads sleep on while they do not hold it. In place: 0, or an errno
 * value, from init; destroy when nobody holds it or sleeps. */
typedef struct svms_platform_latch {
    union {
        uint64_t number;
        void *pointer;
        uint8_t bytes[128];
    } place;
} svms_platform_latch;
int svms_platform_latch_init(svms_platform_latch *latch);
void svms_platform_latch_destroy(svms_platform_latch *latch);
void svms_platform_lock(svms_platform_latch *latch);
void svms_platform_unlock(svms_platform_latch *latch);
/* Both with the lock held. Sleeping may end without having been woken. */
void svms_platform_sleep(svms_platform_latch *latch);
void svms_platform_wake_all(svms_platform_latch *latch);

#endif
