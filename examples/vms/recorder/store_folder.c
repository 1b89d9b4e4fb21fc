/* SPDX-License-Identifier: Apache-2.0 */
#include "store_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "recorder_failure.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define MOST_OF_ONE_NAME 1000

static svms_status fail_system(svms_error *err, const char *what, const char *path)
{
    int os_error = errno;
    return recorder_fail(err, SVMS_E_IO, os_error, "cannot %s %.120s: %s", what, path,
                         strerror(os_error));
}

static svms_status fail_memory(svms_error *err)
{
    return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
}

char *store_path(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path) {
        (void)snprintf(path, size, "%s/%s", folder, name);
    }
    return path;
}

bool store_ends_with(const char *name, const char *suffix)
{
    size_t size = strlen(name);
    size_t end = strlen(suffix);
    return size > end && strcmp(name + size - end, suffix) == 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static svms_status add_name(store_list *list, const char *name, svms_error *err)
{
    char **grown = realloc(list->names, (list->count + 1) * sizeof *grown);
    if (!grown) {
        return fail_memory(err);
    }
    list->names = grown;
    grown[list->count] = strdup(name);
    if (!grown[list->count]) {
        return fail_memory(err);
    }
    list->count++;
    return SVMS_OK;
}

/* Whether this is the second name of a file that has its first already, which is taken away then.
 */
static bool was_second_name(int folder, const char *part)
{
    struct stat first;
    struct stat second;
    char name[NAME_MAX + 1];
    size_t size = strlen(part) - strlen(STORE_PART_SUFFIX);
    memcpy(name, part, size);
    name[size] = '\0';
    return fstatat(folder, name, &first, AT_SYMLINK_NOFOLLOW) == 0 &&
           fstatat(folder, part, &second, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(first.st_mode) &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino &&
           unlinkat(folder, part, 0) == 0;
}

static svms_status read_names(store_list *list, DIR *folder, const char *path, svms_error *err)
{
    svms_status status = SVMS_OK;
    const struct dirent *entry = NULL;
    errno = 0;
    while (status == SVMS_OK && (entry = readdir(folder)) != NULL) {
        const char *name = entry->d_name;
        bool is_part = store_ends_with(name, STORE_SUFFIX STORE_PART_SUFFIX);
        if ((is_part && !was_second_name(dirfd(folder), name)) ||
            store_ends_with(name, STORE_SUFFIX)) {
            status = add_name(list, name, err);
        }
        errno = 0;
    }
    return status == SVMS_OK && errno != 0 ? fail_system(err, "read the folder", path) : status;
}

svms_status store_list_containers(store_list *out, const char *folder, svms_error *err)
{
    store_list list = { NULL, 0 };
    DIR *listing = opendir(folder);
    if (!listing) {
        return fail_system(err, "open the folder", folder);
    }
    svms_status status = read_names(&list, listing, folder, err);
    (void)closedir(listing);
    if (status != SVMS_OK) {
        store_list_free(&list);
        return status;
    }
    if (list.count > 0) {
        qsort(list.names, list.count, sizeof *list.names, by_name);
    }
    *out = list;
    return SVMS_OK;
}

void store_list_free(store_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->names[i]);
    }
    free(list->names);
    *list = (store_list){ NULL, 0 };
}

svms_status store_claim(int *handle, const char *folder, svms_error *err)
{
    bool made = mkdir(folder, S_IRWXU) == 0;
    if (!made && errno != EEXIST) {
        return fail_system(err, "make the folder", folder);
    }
    int claimed = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (claimed < 0) {
        return fail_system(err, "open the folder", folder);
    }
    if (flock(claimed, LOCK_EX | LOCK_NB) != 0) {
        bool is_taken = errno == EWOULDBLOCK;
        svms_status status =
            is_taken ? recorder_fail(err, SVMS_E_STATE, 0,
                                     "%.150s is being written by another recorder", folder)
                     : fail_system(err, "lock the folder", folder);
        (void)close(claimed);
        return status;
    }
    int parent = made ? openat(claimed, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (parent >= 0) {
        (void)fsync(parent);
        (void)close(parent);
    }
    *handle = claimed;
    return SVMS_OK;
}

static bool is_taken(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}

/* NULL: no memory, or, with *taken, this name is somebody's. */
static char *try_name(const char *folder, const char *name, bool *taken)
{
    char part[128];
    (void)snprintf(part, sizeof part, "%s" STORE_PART_SUFFIX, name);
    char *path = store_path(folder, name);
    char *second = store_path(folder, part);
    *taken = path && second && (is_taken(path) || is_taken(second));
    if (!second || *taken) {
        free(path);
        path = NULL;
    }
    free(second);
    return path;
}

svms_status store_new_path(char **out, const char *folder, uint64_t sequence, int64_t utc_ns,
                           svms_error *err)
{
    struct tm utc;
    time_t seconds = (time_t)(utc_ns / NS_PER_SECOND - (utc_ns % NS_PER_SECOND < 0 ? 1 : 0));
    if (!gmtime_r(&seconds, &utc)) {
        return recorder_fail(err, SVMS_E_USAGE, 0, "%" PRId64 " is no time", utc_ns);
    }
    bool taken = true;
    for (int i = 1; taken && i < MOST_OF_ONE_NAME; i++) {
        char name[112];
        char more[16] = "";
        if (i > 1) {
            (void)snprintf(more, sizeof more, "-%d", i);
        }
        (void)snprintf(name, sizeof name, "%06" PRIu64 "-%04d%02d%02dT%02d%02d%02dZ%s" STORE_SUFFIX,
                       sequence, utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
                       utc.tm_min, utc.tm_sec, more);
        *out = try_name(folder, name, &taken);
        if (*out) {
            return SVMS_OK;
        }
    }
    return taken
               ? recorder_fail(err, SVMS_E_EXISTS, 0,
                               "%.120s has too many files of container %" PRIu64, folder, sequence)
               : fail_memory(err);
}

/* link() fails where the name is taken, and nothing comes between. File systems without links get
 * the nearest thing. */
static bool rename_unless_taken(const char *part, const char *path)
{
    if (link(part, path) == 0) {
        (void)unlink(part); /* where that fails, the next one who looks does it */
        return true;
    }
    if (errno == EEXIST || is_taken(path)) {
        errno = EEXIST;
        return false;
    }
    return rename(part, path) == 0;
}

static bool sync_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    int handle = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    /* A file system that cannot do this has its names durable in some other way, or never. */
    bool good = handle >= 0 && (fsync(handle) == 0 || errno == EINVAL || errno == ENOTSUP);
    int os_error = errno;
    if (handle >= 0) {
        (void)close(handle);
    }
    free(folder);
    errno = os_error;
    return good;
}

svms_status store_publish(const char *part, const char *path, bool *is_named, svms_error *err)
{
    *is_named = rename_unless_taken(part, path);
    if (!*is_named) {
        return fail_system(err, "give its name to", path);
    }
    return sync_folder_of(path) ? SVMS_OK : fail_system(err, "make durable the name of", path);
}

bool store_is_written(const char *path)
{
    int handle = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
    if (handle < 0) {
        return false;
    }
    bool locked = flock(handle, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    (void)close(handle);
    return locked;
}

svms_status store_read_info(svms_container_info *info, svms_ctx *ctx, const svms_source *source,
                            svms_error *err)
{
    svms_reader *reader = NULL;
    svms_status status = svms_reader_open(&reader, ctx, source, NULL, err);
    if (status == SVMS_OK) {
        status = svms_reader_get_info(reader, info, err);
    }
    svms_reader_close(&reader);
    info->signer_subject = NULL; /* these lived as long as the reader */
    info->device_name = NULL;
    info->software = NULL;
    return status;
}

svms_status store_look(indexed_container *out, svms_ctx *ctx, const char *path, svms_error *err)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_container_info info = SVMS_CONTAINER_INFO_INIT;
    svms_head head = SVMS_HEAD_INIT;
    /* Before it is read: who writes it now may have ended it meanwhile. */
    bool is_written = store_is_written(path);
    svms_status status = svms_source_open_file(&source, ctx, path, err);
    if (status == SVMS_OK) {
        status = store_read_info(&info, ctx, &source, err);
    }
    if (status == SVMS_OK) {
        status = svms_container_head(ctx, &source, &head, err);
    }
    svms_source_close(&source);
    if (status != SVMS_OK) {
        return status;
    }
    out->head = head;
    out->first_utc_ns = info.first_utc_ns;
    out->last_utc_ns = head.last_utc_ns;
    out->bytes = info.file_size;
    out->is_closed = info.closed != 0 || !is_written;
    out->is_edge = info.origin == SVMS_ORIGIN_EDGE;
    return SVMS_OK;
}
