/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets between processes of one machine, by path. svms_platform_send(), svms_platform_receive()
 * and svms_platform_close() take them. */
#ifndef SVMS_PLATFORM_LOCAL_H
#define SVMS_PLATFORM_LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All return 0 or an errno value. */
/* A listening socket, mode 0600, which never blocks; its path must not be there. */
int svms_platform_local_listen(const char *path, int backlog, int *handle);
/* Removes a socket; EEXIST where the path is something else, 0 where there is none. */
int svms_platform_local_remove(const char *path);
/* A folder of this process's user that nobody else may enter: EPERM where it is another one's,
 * EACCES where others may. */
int svms_platform_own_folder(const char *path);
/* A connected socket, which never blocks. EAGAIN: nobody waits. */
int svms_platform_local_accept(int listening, int *handle);
/* A connected socket, on which no call takes longer than this. */
int svms_platform_local_connect(const char *path, uint32_t timeout_ms, int *handle);
/* The other side is this process's user, or root. */
int svms_platform_local_peer(int handle, bool *is_known);

/* Something to be woken with while waiting. */
int svms_platform_bell(int handles[2]);
void svms_platform_ring(const int handles[2]);

typedef struct svms_platform_wait {
    int handle;
    bool for_reading;
    bool for_writing;
    bool is_ready; /* for what was asked, or broken */
} svms_platform_wait;
/* Until one is ready, or so long. Never more than SVMS_PLATFORM_WAITS_MAX. */
#define SVMS_PLATFORM_WAITS_MAX 1026u
int svms_platform_wait_for(svms_platform_wait *waits, size_t count, uint64_t most_ns);

#endif
