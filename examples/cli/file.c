/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "message.h"
#include "recording.h"

static void warn_if_readable_by_others(int handle, const char *path)
{
    struct stat info;
    if (fstat(handle, &info) == 0 && S_ISREG(info.st_mode) &&
        (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        complain("warning: %s is a secret, but others may read it (chmod 600 ends that)", path);
    }
}

exit_status file_read_handle(file_text *out, int handle, const char *path, size_t limit,
                             bool secret)
{
    exit_status status = EXIT_ENVIRONMENT;
    file_text text = { malloc(limit + 2), 0 };
    if (!text.bytes) {
        complain_system(ENOMEM, "cannot read %s", path);
        goto done;
    }
    ssize_t got;
    do {
        got = read(handle, text.bytes + text.size, limit + 1 - text.size);
        text.size += got > 0 ? (size_t)got : 0;
    } while ((got > 0 && text.size <= limit) || (got < 0 && errno == EINTR));
    if (got < 0) {
        complain_system(errno, "cannot read %s", path);
        goto done;
    }
    if (text.size > limit) {
        complain("%s is larger than the %zu bytes that such a file may have", path, limit);
        status = EXIT_MALFORMED;
        goto done;
    }
    if (secret) {
        warn_if_readable_by_others(handle, path);
    }
    text.bytes[text.size] = '\0';
    *out = text;
    text.bytes = NULL;
    status = EXIT_GOOD;

done:
    file_text_free(&text);
    return status;
}

exit_status file_read(file_text *out, const char *path, size_t limit, bool secret)
{
    int handle = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (handle < 0) {
        return complain_system(errno, "cannot open %s", path);
    }
    exit_status status = file_read_handle(out, handle, path, limit, secret);
    close(handle);
    return status;
}

void file_text_free(file_text *text)
{
    if (!text->bytes) {
        return;
    }
    OPENSSL_cleanse(text->bytes, text->size);
    free(text->bytes);
    text->bytes = NULL;
    text->size = 0;
}

static char *concatenate(const char *first, const char *second, const char *third)
{
    size_t size = strlen(first) + strlen(second) + strlen(third) + 1;
    char *whole = malloc(size);
    if (!whole) {
        complain("out of memory");
        return NULL;
    }
    snprintf(whole, size, "%s%s%s", first, second, third);
    return whole;
}

char *path_join(const char *folder, const char *name)
{
    return concatenate(folder, "/", name);
}

char *path_with_suffix(const char *path, const char *suffix)
{
    return concatenate(path, suffix, "");
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash) {
        return concatenate(".", "", "");
    }
    char *folder = concatenate(path, "", "");
    if (folder) {
        folder[slash == path ? 1 : slash - path] = '\0';
    }
    return folder;
}

static exit_status write_all(int handle, const char *path, const char *text, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t count = write(handle, text + done, size - done);
        if (count < 0 && errno != EINTR) {
            return complain_system(errno, "cannot write %s", path);
        }
        done += count > 0 ? (size_t)count : 0;
    }
    if (fsync(handle) != 0) {
        return complain_system(errno, "cannot make %s durable", path);
    }
    return EXIT_GOOD;
}

exit_status file_create_beside(const char *path, int *handle, char **name)
{
    char *unused = path_with_suffix(path, ".XXXXXX");
    if (!unused) {
        return EXIT_ENVIRONMENT;
    }
    int made = mkstemp(unused);
    if (made < 0) {
        int os_error = errno;
        free(unused);
        return complain_system(os_error, "cannot create %s", path);
    }
    *handle = made;
    *name = unused;
    return EXIT_GOOD;
}

/* Everything but the final name. */
static exit_status stage(const new_file *file, char **temporary)
{
    int handle = -1;
    exit_status status = file_create_beside(file->path, &handle, temporary);
    if (status != EXIT_GOOD) {
        return status;
    }
    status = write_all(handle, file->path, file->text, file->size);
    if (status == EXIT_GOOD && fchmod(handle, file->mode) != 0) {
        status = complain_system(errno, "cannot set the mode of %s", file->path);
    }
    close(handle);
    return status;
}

exit_status file_write(const new_file *files, size_t count, bool replace)
{
    char *temporary[MAX_NEW_FILES] = { NULL };
    size_t published = 0;
    exit_status status = EXIT_GOOD;
    for (size_t i = 0; i < count && status == EXIT_GOOD; i++) {
        status = stage(&files[i], &temporary[i]);
    }
    for (size_t i = 0; i < count && status == EXIT_GOOD; i++) {
        status = file_publish(temporary[i], files[i].path, replace);
        published += status == EXIT_GOOD;
    }
    for (size_t i = 0; i < count; i++) {
        if (i >= published && temporary[i]) {
            unlink(temporary[i]);
        }
        if (i < published && status != EXIT_GOOD && !replace) {
            unlink(files[i].path);
        }
        free(temporary[i]);
    }
    return status;
}

static exit_status make_names_durable(const char *path)
{
    char *folder = folder_of(path);
    if (!folder) {
        return EXIT_ENVIRONMENT;
    }
    int os_error = 0;
    int handle = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (handle < 0 || fsync(handle) != 0) {
        os_error = errno;
    }
    if (handle >= 0) {
        close(handle);
    }
    free(folder);
    /* A file system that cannot do this has its names durable in some other way, or never; a folder
     * may be written to and not be read. */
    if (os_error == 0 || os_error == EINVAL || os_error == ENOTSUP || os_error == EACCES) {
        return EXIT_GOOD;
    }
    return complain_system(os_error, "cannot make the name of %s durable", path);
}

/* Renames without replacing: link() fails where the name is taken, and nothing comes between.
 * File systems without links get the nearest thing. */
static int rename_unless_taken(const char *temporary, const char *path)
{
    if (link(temporary, path) == 0) {
        return unlink(temporary) == 0 ? 0 : errno;
    }
    if (errno == EEXIST) {
        return EEXIST;
    }
    if (file_exists(path)) {
        return EEXIST;
    }
    return rename(temporary, path) == 0 ? 0 : errno;
}

exit_status file_publish(const char *temporary, const char *path, bool replace)
{
    int os_error = 0;
    if (replace) {
        os_error = rename(temporary, path) == 0 ? 0 : errno;
    } else {
        os_error = rename_unless_taken(temporary, path);
    }
    if (os_error != 0) {
        return complain_system(os_error, "cannot name the finished file %s", path);
    }
    return make_names_durable(path);
}

exit_status file_remove(const char *path)
{
    if (unlink(path) != 0) {
        return complain_system(errno, "cannot remove %s", path);
    }
    return make_names_durable(path);
}

bool file_exists(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}

exit_status file_check_output(const char *path, bool replace)
{
    struct stat info;
    if (lstat(path, &info) == 0) {
        if (!S_ISREG(info.st_mode)) {
            complain("%s exists and is not a regular file", path);
            return EXIT_ENVIRONMENT;
        }
        if (!replace) {
            complain("%s exists; --force replaces it", path);
            return EXIT_ENVIRONMENT;
        }
        return EXIT_GOOD;
    }
    if (errno != ENOENT) {
        return complain_system(errno, "cannot write %s", path);
    }
    char *folder = folder_of(path);
    if (!folder) {
        return EXIT_ENVIRONMENT;
    }
    exit_status status = EXIT_GOOD;
    if (stat(folder, &info) != 0) {
        status = complain_system(errno, "cannot write into the folder %s", folder);
    }
    free(folder);
    return status;
}

exit_status file_check_new(const char *path)
{
    if (file_exists(path)) {
        complain("%s exists; it is never replaced", path);
        return EXIT_ENVIRONMENT;
    }
    return file_check_output(path, false);
}

static bool is_one_file(const struct stat *one, const struct stat *other)
{
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

/* Everything of a recording: containers, open ones, records of those that were removed. */
static bool is_part_of_recording(const char *name)
{
    return strstr(name, ".svms") != NULL;
}

static bool folder_holds(const char *folder, const struct stat *wanted)
{
    bool found = false;
    DIR *listing = opendir(folder);
    if (!listing) {
        return false;
    }
    const struct dirent *entry = readdir(listing);
    while (entry && !found) {
        struct stat info;
        found = is_part_of_recording(entry->d_name) &&
                fstatat(dirfd(listing), entry->d_name, &info, 0) == 0 && is_one_file(&info, wanted);
        entry = readdir(listing);
    }
    closedir(listing);
    return found;
}

static bool is_read_as(const struct stat *output, const char *input)
{
    struct stat info;
    bool is_stdin = strcmp(input, "-") == 0;
    if ((is_stdin ? fstat(STDIN_FILENO, &info) : stat(input, &info)) != 0) {
        return false;
    }
    return is_one_file(output, &info) || (S_ISDIR(info.st_mode) && folder_holds(input, output));
}

exit_status file_check_not_input(const char *output, const char *input)
{
    struct stat info;
    if (stat(output, &info) != 0) {
        return EXIT_GOOD;
    }
    /* Of a recording that has no end yet, the name that it will have may be typed. */
    char *part = path_with_suffix(input, PART_SUFFIX);
    if (!part) {
        return EXIT_ENVIRONMENT;
    }
    bool same = is_read_as(&info, input) || is_read_as(&info, part);
    free(part);
    if (same) {
        complain("%s would be written over what is read from %s", output, input);
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool file_is_same_place(const char *one, const char *other)
{
    struct stat info[2];
    if (stat(one, &info[0]) == 0 && stat(other, &info[1]) == 0 && is_one_file(&info[0], &info[1])) {
        return true;
    }
    if (strcmp(name_of(one), name_of(other)) != 0) {
        return false;
    }
    char *folder = folder_of(one);
    char *other_folder = folder_of(other);
    bool same = !folder || !other_folder ||
                (stat(folder, &info[0]) == 0 && stat(other_folder, &info[1]) == 0 &&
                 is_one_file(&info[0], &info[1]));
    free(folder);
    free(other_folder);
    return same;
}
