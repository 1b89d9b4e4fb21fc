/* SPDX-License-Identifier: Apache-2.0 */
/* A folder in memory that can fail at its n-th call, and can crash: what was not made durable is
 * gone then, but for as much of the end of a file as the test says. */
#ifndef SVMS_TEST_MEMORY_FOLDER_H
#define SVMS_TEST_MEMORY_FOLDER_H

#include <stdbool.h>

#include <svms/folder.h>

#define MEMORY_FILES 512u

typedef struct memory_file {
    char name[SVMS_FOLDER_NAME_SIZE];
    uint8_t *data;
    size_t size;
    uint8_t *durable;
    size_t durable_size;
    bool is_there;
    bool was_durable;
    struct memory_folder *folder;
} memory_file;

typedef struct memory_folder {
    memory_file file[MEMORY_FILES];
    bool is_locked;
    unsigned calls;
    unsigned fail_at; /* 0: never; otherwise this call, and those behind it, fail */
    bool heals;       /* only that one call fails */
    bool is_lazy; /* what was removed comes back in a crash, unless svms_folder::sync was called */
} memory_folder;

svms_folder memory_folder_open(memory_folder *folder);
/* keep: bytes of what was appended to a file and not synced that stay all the same. */
void memory_folder_crash(memory_folder *folder, size_t keep);
void memory_folder_copy(memory_folder *to, const memory_folder *from);
void memory_folder_free(memory_folder *folder);
memory_file *memory_folder_find(memory_folder *folder, const char *name);

#endif
