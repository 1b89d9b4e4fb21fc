/* SPDX-License-Identifier: Apache-2.0 */
/* A folder that holds the containers of a recording: NUMBER-TIME.svms, and NUMBER-TIME.svms.part
 * where one has no end yet. Names only help people; what counts stands in the headers. Every
 * function complains itself. */
#ifndef SVMS_CLI_FOLDER_H
#define SVMS_CLI_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include <svms/svms.h>

#include "exit_status.h"

#define CONTAINER_SUFFIX ".svms"
/* What a signed record of a container that was removed is called. */
#define PRUNED_SUFFIX ".pruned"

typedef struct folder_list {
    char **paths; /* in the order of their names */
    size_t count;
} folder_list;

bool folder_exists(const char *path);

/* All files whose name ends with .svms or .svms.part. */
exit_status folder_list_containers(folder_list *out, const char *path);
/* A recorder that is killed while it names a container leaves it with both names; the one of what
 * is not complete goes. */
exit_status folder_drop_second_names(const folder_list *list);
/* The same, and all signed records of containers that were removed. */
exit_status folder_list_recording(folder_list *out, const char *path);
void folder_list_free(folder_list *list);
/* Opens one of them. What was completed meanwhile has another name now. */
svms_status folder_open(svms_source *out, svms_ctx *ctx, const char *path, svms_error *err);

/* Makes the folder where it is missing, durably, and locks it against other recorders until the
 * handle is closed. */
exit_status folder_claim(int *handle, const char *path);

/* "NUMBER-TIME.svms" in the folder, with a further number where that name is taken; released by
 * free(). NULL after a complaint. */
char *folder_name(const char *folder, uint64_t sequence, int64_t utc_ns);

/* What the end of a recording looks like. */
typedef struct folder_end {
    svms_head newest;
    bool found;            /* there is a newest container */
    svms_link_state holds; /* what became of the remembered segment, where one was given */
    size_t containers;     /* of this recording */
    char *newest_path;     /* released by folder_end_free() */
} folder_end;

/* Looks for the newest container of the remembered recording, or, with NULL, of the only one. */
exit_status folder_find_end(folder_end *out, svms_ctx *ctx, const char *path,
                            const svms_head *remembered);
void folder_end_free(folder_end *end);

#endif
