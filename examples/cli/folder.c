/* SPDX-License-Identifier: Apache-2.0 */
#include "folder.h"

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

#include "file.h"
#include "message.h"
#include "recording.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define MOST_OF_ONE_NAME 1000

bool folder_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static bool ends_with(const char *name, const char *suffix)
{
    size_t size = strlen(name);
    size_t end = strlen(suffix);
    return size > end && strcmp(name + size - end, suffix) == 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool add_path(folder_list *list, char *path)
{
    char **grown = path ? realloc(list->paths, (list->count + 1) * sizeof *grown) : NULL;
    if (!grown) {
        free(path);
        return false;
    }
    list->paths = grown;
    list->paths[list->count++] = path;
    return true;
}

static bool is_wanted(const char *name, bool records)
{
    return ends_with(name, CONTAINER_SUFFIX) || ends_with(name, CONTAINER_SUFFIX PART_SUFFIX) ||
           (records && ends_with(name, PRUNED_SUFFIX));
}

static exit_status list_files(folder_list *out, const char *path, bool records)
{
    folder_list list = { NULL, 0 };
    DIR *folder = opendir(path);
    if (!folder) {
        return complain_system(errno, "cannot open the folder %s", path);
    }
    exit_status status = EXIT_GOOD;
    const struct dirent *entry;
    errno = 0;
    while (status == EXIT_GOOD && (entry = readdir(folder)) != NULL) {
        if (is_wanted(entry->d_name, records) && !add_path(&list, path_join(path, entry->d_name))) {
            complain("out of memory");
            status = EXIT_ENVIRONMENT;
        }
        errno = 0;
    }
    if (status == EXIT_GOOD && errno != 0) {
        status = complain_system(errno, "cannot read the folder %s", path);
    }
    closedir(folder);
    if (status != EXIT_GOOD) {
        folder_list_free(&list);
        return status;
    }
    if (list.count > 0) {
        qsort(list.paths, list.count, sizeof *list.paths, by_name);
    }
    *out = list;
    return EXIT_GOOD;
}

exit_status folder_list_containers(folder_list *out, const char *path)
{
    return list_files(out, path, false);
}

exit_status folder_list_recording(folder_list *out, const char *path)
{
    return list_files(out, path, true);
}

static exit_status drop_second_name(const char *part)
{
    struct stat first;
    struct stat second;
    char *path = path_with_suffix(part, "");
    if (!path) {
        return EXIT_ENVIRONMENT;
    }
    path[strlen(path) - strlen(PART_SUFFIX)] = '\0';
    bool is_second = lstat(path, &first) == 0 && lstat(part, &second) == 0 &&
                     S_ISREG(first.st_mode) && first.st_dev == second.st_dev &&
                     first.st_ino == second.st_ino;
    free(path);
    return is_second ? file_remove(part) : EXIT_GOOD;
}

exit_status folder_drop_second_names(const folder_list *list)
{
    exit_status status = EXIT_GOOD;
    for (size_t i = 0; i < list->count && status == EXIT_GOOD; i++) {
        if (ends_with(list->paths[i], PART_SUFFIX)) {
            status = drop_second_name(list->paths[i]);
        }
    }
    return status;
}

void folder_list_free(folder_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->paths[i]);
    }
    free(list->paths);
    list->paths = NULL;
    list->count = 0;
}

svms_status folder_open(svms_source *out, svms_ctx *ctx, const char *path, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = svms_source_open_file(out, ctx, path, &why);
    size_t length = strlen(path);
    if (status == SVMS_E_IO && why.os_error == ENOENT && ends_with(path, PART_SUFFIX)) {
        char *complete = strndup(path, length - strlen(PART_SUFFIX));
        svms_status renamed =
            complete ? svms_source_open_file(out, ctx, complete, NULL) : SVMS_E_NO_MEMORY;
        free(complete);
        status = renamed == SVMS_OK ? SVMS_OK : status;
    }
    if (status != SVMS_OK && err) {
        *err = why;
    }
    return status;
}

exit_status folder_claim(int *handle, const char *path)
{
    bool made = mkdir(path, S_IRWXU) == 0;
    if (!made && errno != EEXIST) {
        return complain_system(errno, "cannot make the folder %s", path);
    }
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return complain_system(errno, "cannot open the folder %s", path);
    }
    if (flock(folder, LOCK_EX | LOCK_NB) != 0) {
        int os_error = errno;
        close(folder);
        if (os_error == EWOULDBLOCK) {
            complain("%s is being written by another recorder", path);
            return EXIT_ENVIRONMENT;
        }
        return complain_system(os_error, "cannot lock the folder %s", path);
    }
    int parent = made ? openat(folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (parent >= 0) {
        (void)fsync(parent);
        close(parent);
    }
    *handle = folder;
    return EXIT_GOOD;
}

char *folder_name(const char *folder, uint64_t sequence, int64_t utc_ns)
{
    struct tm utc;
    time_t seconds = (time_t)(utc_ns / NS_PER_SECOND - (utc_ns % NS_PER_SECOND < 0 ? 1 : 0));
    if (!gmtime_r(&seconds, &utc)) {
        complain("%" PRId64 " is no time", utc_ns);
        return NULL;
    }
    for (int i = 1; i < MOST_OF_ONE_NAME; i++) {
        char name[96];
        char more[16] = "";
        if (i > 1) {
            snprintf(more, sizeof more, "-%d", i);
        }
        snprintf(name, sizeof name, "%06" PRIu64 "-%04d%02d%02dT%02d%02d%02dZ%s" CONTAINER_SUFFIX,
                 sequence, utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
                 utc.tm_sec, more);
        char *path = path_join(folder, name);
        char *part = path ? path_with_suffix(path, PART_SUFFIX) : NULL;
        bool unused = part && !file_exists(path) && !file_exists(part);
        bool failed = !part;
        free(part);
        if (unused) {
            return path;
        }
        free(path);
        if (failed) {
            return NULL;
        }
    }
    complain("%s has too many files of container %" PRIu64, folder, sequence);
    return NULL;
}

/* Whether the container is one of the recorder's own, so that the next one can follow it. */
static bool is_own(const svms_container_info *info)
{
    return info->role != SVMS_ROLE_CAMERA || info->origin != SVMS_ORIGIN_EDGE;
}

/* Whether it surely is none: a folder or a device, say. */
static bool is_no_file(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && !S_ISREG(info.st_mode);
}

/* What is no container is named, and passed over. What cannot be read may be the newest one, whose
 * number must not be given a second time. */
static exit_status describe(bool *found, svms_ctx *ctx, const char *path, svms_container_info *info)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_reader *reader = NULL;
    svms_error err = SVMS_ERROR_INIT;
    *found = false;
    if (is_no_file(path)) {
        complain("passed over: %s is no regular file", path);
        return EXIT_GOOD;
    }
    svms_status status = svms_source_open_file(&source, ctx, path, &err);
    if (status == SVMS_OK) {
        status = svms_reader_open(&reader, ctx, &source, NULL, &err);
    }
    if (status == SVMS_OK) {
        status = svms_reader_get_info(reader, info, &err);
    }
    svms_reader_close(&reader);
    svms_source_close(&source);
    info->signer_subject = NULL;
    info->device_name = NULL;
    info->software = NULL;
    *found = status == SVMS_OK;
    if (*found) {
        return EXIT_GOOD;
    }
    if (exit_status_of(status) == EXIT_ENVIRONMENT) {
        return complain_error(&err, "cannot look into %s", path);
    }
    complain_error(&err, "passed over: %s", path);
    return EXIT_GOOD;
}

static exit_status look_up(svms_ctx *ctx, const char *path, const svms_head *remembered,
                           svms_link_state *state)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_source_open_file(&source, ctx, path, &err);
    if (status == SVMS_OK) {
        status = svms_container_holds(ctx, &source, remembered, state, &err);
    }
    svms_source_close(&source);
    return status == SVMS_OK ? EXIT_GOOD : complain_error(&err, "cannot look into %s", path);
}

/* Takes a container into account. */
static exit_status consider(folder_end *end, const svms_container_info *info, const char *path,
                            const svms_head *remembered)
{
    const uint8_t *wanted = info->recording_id;
    if (remembered) {
        wanted = remembered->recording_id;
    } else if (end->found) {
        wanted = end->newest.recording_id;
    }
    bool foreign = memcmp(wanted, info->recording_id, 16) != 0;
    if (foreign && !remembered && is_own(info)) {
        complain("%s belongs to another recording than those before; --head says which one goes on",
                 path);
        return EXIT_MALFORMED;
    }
    if (foreign || !is_own(info)) {
        return EXIT_GOOD;
    }
    end->containers++;
    if (end->found && info->recording_sequence < end->newest.recording_sequence) {
        return EXIT_GOOD;
    }
    char *copy = path_with_suffix(path, "");
    if (!copy) {
        return EXIT_ENVIRONMENT;
    }
    free(end->newest_path);
    end->newest_path = copy;
    end->found = true;
    end->newest.recording_sequence = info->recording_sequence;
    memcpy(end->newest.recording_id, info->recording_id, 16);
    memcpy(end->newest.container_id, info->container_id, 16);
    return EXIT_GOOD;
}

/* The head of the newest container. One whose end is damaged is not what is remembered, whatever it
 * holds besides. */
static exit_status read_newest(folder_end *end, svms_ctx *ctx, bool remembered)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_head head = SVMS_HEAD_INIT;
    svms_status status = svms_source_open_file(&source, ctx, end->newest_path, &err);
    if (status == SVMS_OK) {
        status = svms_container_head(ctx, &source, &head, &err);
    }
    svms_source_close(&source);
    if (status == SVMS_OK) {
        end->newest = head;
        return EXIT_GOOD;
    }
    exit_status failed = complain_error(&err, "%s is damaged", end->newest_path);
    end->holds = SVMS_LINK_MISMATCH;
    return remembered && failed != EXIT_ENVIRONMENT ? EXIT_GOOD : failed;
}

exit_status folder_find_end(folder_end *out, svms_ctx *ctx, const char *path,
                            const svms_head *remembered)
{
    folder_end end = { SVMS_HEAD_INIT, false, SVMS_LINK_NONE, 0, NULL };
    folder_list list = { NULL, 0 };
    exit_status status = folder_list_containers(&list, path);
    end.holds = remembered ? SVMS_LINK_MISSING : SVMS_LINK_NONE;
    for (size_t i = 0; i < list.count && status == EXIT_GOOD; i++) {
        svms_container_info info = SVMS_CONTAINER_INFO_INIT;
        bool found = false;
        status = describe(&found, ctx, list.paths[i], &info);
        if (!found) {
            continue;
        }
        status = consider(&end, &info, list.paths[i], remembered);
        if (status == EXIT_GOOD && remembered &&
            memcmp(info.container_id, remembered->container_id, 16) == 0) {
            status = look_up(ctx, list.paths[i], remembered, &end.holds);
        }
    }
    if (status == EXIT_GOOD && end.found) {
        status = read_newest(&end, ctx, remembered != NULL);
    }
    folder_list_free(&list);
    if (status != EXIT_GOOD) {
        folder_end_free(&end);
        return status;
    }
    *out = end;
    return EXIT_GOOD;
}

void folder_end_free(folder_end *end)
{
    free(end->newest_path);
    end->newest_path = NULL;
}
