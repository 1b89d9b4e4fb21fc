/* SPDX-License-Identifier: Apache-2.0 */
#include "memory_folder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool fails(memory_folder *folder, int *os_error)
{
    folder->calls++;
    bool now = folder->fail_at != 0 && (folder->heals ? folder->calls == folder->fail_at
                                                      : folder->calls >= folder->fail_at);
    *os_error = now ? ENOSPC : 0;
    return now;
}

static uint8_t *copy_of(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    if (!copy) {
        abort();
    }
    if (size > 0) {
        memcpy(copy, data, size);
    }
    return copy;
}

memory_file *memory_folder_find(memory_folder *folder, const char *name)
{
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        if (folder->file[i].is_there && strcmp(folder->file[i].name, name) == 0) {
            return &folder->file[i];
        }
    }
    return NULL;
}

static memory_file *make(memory_folder *folder, const char *name)
{
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        memory_file *file = &folder->file[i];
        if (!file->is_there && file->was_durable && strcmp(file->name, name) == 0) {
            file->is_there = true;
            return file;
        }
    }
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        memory_file *file = &folder->file[i];
        if (!file->is_there && !file->was_durable) {
            memset(file, 0, sizeof *file);
            strncpy(file->name, name, sizeof file->name - 1);
            file->is_there = true;
            file->folder = folder;
            return file;
        }
    }
    abort();
}

static void make_durable(memory_file *file)
{
    free(file->durable);
    file->durable = copy_of(file->data, file->size);
    file->durable_size = file->size;
    file->was_durable = true;
}

static void set_data(memory_file *file, const void *data, size_t size)
{
    uint8_t *copy = copy_of(data, size);
    free(file->data);
    file->data = copy;
    file->size = size;
}

static svms_status store_read_at(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                                 int *os_error)
{
    const memory_file *file = user;
    if (fails(file->folder, os_error)) {
        return SVMS_E_IO;
    }
    size_t left = offset < file->size ? file->size - (size_t)offset : 0;
    *got = size < left ? size : left;
    if (*got > 0) {
        memcpy(out, file->data + offset, *got);
    }
    return SVMS_OK;
}

static svms_status store_get_size(void *user, uint64_t *size, int *os_error)
{
    const memory_file *file = user;
    if (fails(file->folder, os_error)) {
        return SVMS_E_IO;
    }
    *size = file->size;
    return SVMS_OK;
}

/* A write that fails has written half. */
static svms_status store_write_at(void *user, uint64_t offset, const void *data, size_t size,
                                  int *os_error)
{
    memory_file *file = user;
    bool failing = fails(file->folder, os_error);
    size_t written = failing ? size / 2 : size;
    size_t end = (size_t)offset + written > file->size ? (size_t)offset + written : file->size;
    uint8_t *grown = realloc(file->data, end + 1);
    if (!grown || offset > file->size) {
        abort();
    }
    file->data = grown;
    memcpy(file->data + offset, data, written);
    file->size = end;
    return failing ? SVMS_E_IO : SVMS_OK;
}

static svms_status store_sync(void *user, int *os_error)
{
    memory_file *file = user;
    if (fails(file->folder, os_error)) {
        return SVMS_E_IO;
    }
    make_durable(file);
    return SVMS_OK;
}

static svms_status store_cut(void *user, uint64_t size, int *os_error)
{
    memory_file *file = user;
    if (fails(file->folder, os_error)) {
        return SVMS_E_IO;
    }
    file->size = (size_t)size;
    return SVMS_OK;
}

static void fill_store(svms_store *out, memory_file *file)
{
    svms_store made = SVMS_STORE_INIT;
    made.user = file;
    made.read_at = store_read_at;
    made.get_size = store_get_size;
    made.write_at = store_write_at;
    made.sync = store_sync;
    made.cut = store_cut;
    *out = made;
}

static svms_status folder_open(void *user, const char *name, svms_store *out, int *os_error)
{
    memory_folder *folder = user;
    memory_file *file = memory_folder_find(folder, name);
    if (fails(folder, os_error)) {
        return SVMS_E_IO;
    }
    if (!file) {
        *os_error = ENOENT;
        return SVMS_E_IO;
    }
    fill_store(out, file);
    return SVMS_OK;
}

static svms_status folder_create(void *user, const char *name, svms_store *out, int *os_error)
{
    memory_folder *folder = user;
    if (fails(folder, os_error)) {
        return SVMS_E_IO;
    }
    if (memory_folder_find(folder, name)) {
        *os_error = EEXIST;
        return SVMS_E_IO;
    }
    memory_file *file = make(folder, name);
    set_data(file, NULL, 0);
    make_durable(file);
    fill_store(out, file);
    return SVMS_OK;
}

static svms_status folder_put(void *user, const char *name, const void *data, size_t size,
                              uint32_t durable, int *os_error)
{
    memory_folder *folder = user;
    memory_file *file = memory_folder_find(folder, name);
    if (fails(folder, os_error)) {
        return SVMS_E_IO;
    }
    file = file ? file : make(folder, name);
    set_data(file, data, size);
    if (durable) {
        make_durable(file);
    }
    return SVMS_OK;
}

static void forget(memory_file *file)
{
    free(file->data);
    free(file->durable);
    memset(file, 0, sizeof *file);
}

static svms_status folder_sync(void *user, int *os_error)
{
    memory_folder *folder = user;
    if (fails(folder, os_error)) {
        return SVMS_E_IO;
    }
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        if (folder->file[i].is_there) {
            make_durable(&folder->file[i]);
        } else {
            forget(&folder->file[i]);
        }
    }
    return SVMS_OK;
}

static svms_status folder_remove(void *user, const char *name, int *os_error)
{
    memory_folder *folder = user;
    memory_file *file = memory_folder_find(folder, name);
    if (fails(folder, os_error)) {
        return SVMS_E_IO;
    }
    if (!file) {
        *os_error = ENOENT;
        return SVMS_E_IO;
    }
    if (folder->is_lazy && file->was_durable) {
        free(file->data);
        file->data = NULL;
        file->size = 0;
        file->is_there = false;
    } else {
        forget(file);
    }
    return SVMS_OK;
}

static svms_status folder_list(void *user, const char *name, svms_folder_each each, void *each_user,
                               int *os_error)
{
    memory_folder *folder = user;
    size_t front = strlen(name);
    svms_status status = SVMS_OK;
    if (fails(folder, os_error)) {
        return SVMS_E_IO;
    }
    for (unsigned i = 0; i < MEMORY_FILES && status == SVMS_OK; i++) {
        const memory_file *file = &folder->file[i];
        if (!file->is_there) {
            continue;
        }
        const char *rest = file->name + (front > 0 ? front + 1 : 0);
        bool below = front == 0 || (strlen(file->name) > front && file->name[front] == '/' &&
                                    memcmp(file->name, name, front) == 0);
        if (below && !strchr(rest, '/')) {
            status = each(each_user, rest);
        }
    }
    return status;
}

static svms_status folder_lock(void *user, int *os_error)
{
    memory_folder *folder = user;
    if (fails(folder, os_error)) {
        return SVMS_E_IO;
    }
    *os_error = folder->is_locked ? EWOULDBLOCK : 0;
    return folder->is_locked ? SVMS_E_IO : SVMS_OK;
}

svms_folder memory_folder_open(memory_folder *folder)
{
    svms_folder made = SVMS_FOLDER_INIT;
    made.user = folder;
    made.open = folder_open;
    made.create = folder_create;
    made.put = folder_put;
    made.sync = folder_sync;
    made.remove = folder_remove;
    made.list = folder_list;
    made.lock = folder_lock;
    return made;
}

void memory_folder_crash(memory_folder *folder, size_t keep)
{
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        memory_file *file = &folder->file[i];
        if (!file->was_durable) {
            forget(file);
            continue;
        }
        bool grew = file->is_there && file->size > file->durable_size &&
                    memcmp(file->data, file->durable, file->durable_size) == 0;
        size_t extra = grew ? file->size - file->durable_size : 0;
        if (grew) {
            file->size = file->durable_size + (keep < extra ? keep : extra);
        } else {
            set_data(file, file->durable, file->durable_size);
            file->is_there = true;
        }
        make_durable(file);
    }
    folder->is_locked = false;
    folder->fail_at = 0;
}

void memory_folder_copy(memory_folder *to, const memory_folder *from)
{
    memset(to, 0, sizeof *to);
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        if (from->file[i].is_there) {
            memory_file *file = &to->file[i];
            *file = from->file[i];
            file->folder = to;
            file->data = copy_of(from->file[i].data, from->file[i].size);
            file->durable = copy_of(file->data, file->size);
            file->durable_size = file->size;
            file->was_durable = true;
        }
    }
}

void memory_folder_free(memory_folder *folder)
{
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        forget(&folder->file[i]);
    }
}
