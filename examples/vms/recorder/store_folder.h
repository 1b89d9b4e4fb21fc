/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of one camera in a storage: claimed by one recorder, containers in it by name, and
 * what the end of the recording in it looks like. Names only help people; what counts stands in
 * headers.
 */
#ifndef STORE_FOLDER_H
#define STORE_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include <svms/svms.h>

#include "recorder_index.h"

#define STORE_SUFFIX ".svms"
#define STORE_PART_SUFFIX ".part"

/* FOLDER/NAME; NULL: no memory. Released by free(). */
char *store_path(const char *folder, const char *name);
bool store_ends_with(const char *name, const char *suffix);

typedef struct store_list {
    char **names; /* in their order */
    size_t count;
} store_list;

/* What ends with .svms or .svms.part. What a recorder left with both names, because it was killed
 * while it gave the second, loses the one of what is not complete. */
svms_status store_list_containers(store_list *out, const char *folder, svms_error *err);
void store_list_free(store_list *list);

/* Makes the folder (0700) where it is missing, durably, and locks it until the handle is closed.
 * SVMS_E_STATE: another process has it. */
svms_status store_claim(int *handle, const char *folder, svms_error *err);

/* FOLDER/NUMBER-TIME.svms, with a further number where that is taken; released by free(). */
svms_status store_new_path(char **out, const char *folder, uint64_t sequence, int64_t utc_ns,
                           svms_error *err);
/* The name of a complete file, without ever replacing one, durably. *is_named also when only the
 * last of these failed. */
svms_status store_publish(const char *part, const char *path, bool *is_named, svms_error *err);

/* Whether somebody writes this container now. */
bool store_is_written(const char *path);

/* What a container says of itself, without texts. */
svms_status store_read_info(svms_container_info *info, svms_ctx *ctx, const svms_source *source,
                            svms_error *err);
/* What an index says of a container: head, moments, bytes, is_edge, and is_closed, also where
 * nobody writes it any more. Texts of out are not touched. */
svms_status store_look(indexed_container *out, svms_ctx *ctx, const char *path, svms_error *err);

#endif
