/* SPDX-License-Identifier: Apache-2.0 */
#include "gated_folder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void enter(gated_folder *folder)
{
    pthread_mutex_lock(&folder->mutex);
}

static svms_status leave(gated_folder *folder, svms_status status)
{
    pthread_mutex_unlock(&folder->mutex);
    return status;
}

static svms_status store_read_at(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                                 int *os_error)
{
    gated_store *store = user;
    enter(store->folder);
    return leave(store->folder,
                 store->inner.read_at(store->inner.user, offset, out, size, got, os_error));
}

static svms_status store_get_size(void *user, uint64_t *size, int *os_error)
{
    gated_store *store = user;
    enter(store->folder);
    return leave(store->folder, store->inner.get_size(store->inner.user, size, os_error));
}

static svms_status store_write_at(void *user, uint64_t offset, const void *data, size_t size,
                                  int *os_error)
{
    gated_store *store = user;
    enter(store->folder);
    if (store->is_journal && store->folder->is_full) {
        *os_error = ENOSPC;
        return leave(store->folder, SVMS_E_IO);
    }
    return leave(store->folder,
                 store->inner.write_at(store->inner.user, offset, data, size, os_error));
}

static svms_status store_sync(void *user, int *os_error)
{
    gated_store *store = user;
    gated_folder *folder = store->folder;
    enter(folder);
    while (store->is_journal && folder->is_shut) {
        folder->is_held = true;
        pthread_cond_broadcast(&folder->changed);
        pthread_cond_wait(&folder->changed, &folder->mutex);
    }
    return leave(folder, store->inner.sync(store->inner.user, os_error));
}

static svms_status store_cut(void *user, uint64_t size, int *os_error)
{
    gated_store *store = user;
    enter(store->folder);
    return leave(store->folder, store->inner.cut(store->inner.user, size, os_error));
}

static void store_close(void *user)
{
    gated_store *store = user;
    enter(store->folder);
    svms_store_close(&store->inner);
    store->is_open = false;
    (void)leave(store->folder, SVMS_OK);
}

/* With the mutex held. */
static void wrap(gated_folder *folder, const char *name, svms_store *out)
{
    for (unsigned i = 0; i < GATED_STORES; i++) {
        gated_store *store = &folder->store[i];
        if (!store->is_open) {
            svms_store made = SVMS_STORE_INIT;
            *store = (gated_store){ folder, *out, strncmp(name, "journal/", 8) == 0, true };
            made.user = store;
            made.read_at = store_read_at;
            made.get_size = store_get_size;
            made.write_at = store_write_at;
            made.sync = store_sync;
            made.cut = store_cut;
            made.close = store_close;
            *out = made;
            return;
        }
    }
    abort();
}

static svms_status folder_open(void *user, const char *name, svms_store *out, int *os_error)
{
    gated_folder *folder = user;
    enter(folder);
    svms_status status = folder->inner.open(folder->inner.user, name, out, os_error);
    if (status == SVMS_OK) {
        wrap(folder, name, out);
    }
    return leave(folder, status);
}

static svms_status folder_create(void *user, const char *name, svms_store *out, int *os_error)
{
    gated_folder *folder = user;
    enter(folder);
    svms_status status = folder->inner.create(folder->inner.user, name, out, os_error);
    if (status == SVMS_OK) {
        wrap(folder, name, out);
    }
    return leave(folder, status);
}

static svms_status folder_put(void *user, const char *name, const void *data, size_t size,
                              uint32_t durable, int *os_error)
{
    gated_folder *folder = user;
    enter(folder);
    return leave(folder,
                 folder->inner.put(folder->inner.user, name, data, size, durable, os_error));
}

static svms_status folder_sync(void *user, int *os_error)
{
    gated_folder *folder = user;
    enter(folder);
    return leave(folder, folder->inner.sync(folder->inner.user, os_error));
}

static svms_status folder_remove(void *user, const char *name, int *os_error)
{
    gated_folder *folder = user;
    enter(folder);
    return leave(folder, folder->inner.remove(folder->inner.user, name, os_error));
}

typedef struct names {
    char name[MEMORY_FILES][SVMS_FOLDER_NAME_SIZE];
    unsigned count;
} names;

static svms_status note_name(void *user, const char *name)
{
    names *found = user;
    strncpy(found->name[found->count++], name, SVMS_FOLDER_NAME_SIZE - 1);
    return SVMS_OK;
}

/* Told without the mutex: who is told may call the folder. */
static svms_status folder_list(void *user, const char *name, svms_folder_each each, void *each_user,
                               int *os_error)
{
    gated_folder *folder = user;
    names *found = calloc(1, sizeof *found);
    if (!found) {
        abort();
    }
    enter(folder);
    svms_status status =
        leave(folder, folder->inner.list(folder->inner.user, name, note_name, found, os_error));
    for (unsigned i = 0; i < found->count && status == SVMS_OK; i++) {
        status = each(each_user, found->name[i]);
    }
    free(found);
    return status;
}

static svms_status folder_lock(void *user, int *os_error)
{
    gated_folder *folder = user;
    enter(folder);
    return leave(folder, folder->inner.lock(folder->inner.user, os_error));
}

void gated_folder_init(gated_folder *folder)
{
    memset(folder, 0, sizeof *folder);
    pthread_mutex_init(&folder->mutex, NULL);
    pthread_cond_init(&folder->changed, NULL);
    folder->inner = memory_folder_open(&folder->memory);
    folder->view = folder->inner;
    folder->view.user = folder;
    folder->view.open = folder_open;
    folder->view.create = folder_create;
    folder->view.put = folder_put;
    folder->view.sync = folder_sync;
    folder->view.remove = folder_remove;
    folder->view.list = folder_list;
    folder->view.lock = folder_lock;
}

void gated_folder_clear(gated_folder *folder)
{
    memory_folder_free(&folder->memory);
    pthread_cond_destroy(&folder->changed);
    pthread_mutex_destroy(&folder->mutex);
}

void gated_folder_shut(gated_folder *folder)
{
    enter(folder);
    folder->is_shut = true;
    folder->is_held = false;
    (void)leave(folder, SVMS_OK);
}

void gated_folder_await(gated_folder *folder)
{
    enter(folder);
    while (!folder->is_held) {
        pthread_cond_wait(&folder->changed, &folder->mutex);
    }
    (void)leave(folder, SVMS_OK);
}

void gated_folder_open(gated_folder *folder)
{
    enter(folder);
    folder->is_shut = false;
    pthread_cond_broadcast(&folder->changed);
    (void)leave(folder, SVMS_OK);
}

void gated_folder_fill(gated_folder *folder, bool is_full)
{
    enter(folder);
    folder->is_full = is_full;
    (void)leave(folder, SVMS_OK);
}
