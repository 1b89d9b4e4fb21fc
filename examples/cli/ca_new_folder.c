/* SPDX-License-Identifier: Apache-2.0 */
#include "ca_new_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca_folder.h"
#include "ca_journal.h"
#include "json_output.h"
#include "message.h"

#define PRIVATE_MODE (S_IRUSR | S_IWUSR)
#define PUBLIC_MODE (S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH)

static bool is_empty(DIR *listing)
{
    const struct dirent *entry = readdir(listing);
    while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)) {
        entry = readdir(listing);
    }
    return entry == NULL;
}

exit_status ca_new_folder_check(const char *path)
{
    if (path[0] == '\0') {
        complain("the folder has no name");
        return EXIT_USAGE;
    }
    DIR *listing = opendir(path);
    if (!listing) {
        return errno == ENOENT ? EXIT_GOOD : complain_system(errno, "cannot use %s", path);
    }
    bool empty = is_empty(listing);
    closedir(listing);
    if (!empty) {
        complain("%s is there and not empty; nothing is ever replaced", path);
        return EXIT_ENVIRONMENT;
    }
    return EXIT_GOOD;
}

exit_status ca_new_folder_begin(ca_new_folder *out, const char *path)
{
    ca_new_folder folder = CA_NEW_FOLDER_INIT;
    folder.final = path_with_suffix(path, "");
    for (size_t size = folder.final ? strlen(folder.final) : 0;
         size > 1 && folder.final[size - 1] == '/'; size--) {
        folder.final[size - 1] = '\0';
    }
    folder.path = folder.final ? path_with_suffix(folder.final, ".XXXXXX") : NULL;
    if (!folder.path) {
        free(folder.final);
        return EXIT_ENVIRONMENT;
    }
    if (!mkdtemp(folder.path)) {
        exit_status status = complain_system(errno, "cannot make the folder %s", path);
        free(folder.path);
        free(folder.final);
        return status;
    }
    *out = folder;
    out->handle = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return out->handle >= 0 ? EXIT_GOOD
                            : complain_system(errno, "cannot open the folder %s", folder.path);
}

static exit_status put(const ca_new_folder *folder, const char *name, mode_t mode, const char *text,
                       size_t size)
{
    char *path = path_join(folder->path, name);
    exit_status status = EXIT_ENVIRONMENT;
    if (path) {
        const new_file file = { path, mode, text, size };
        status = file_write(&file, 1, false);
    }
    free(path);
    return status;
}

exit_status ca_new_folder_put_key(ca_new_folder *folder, const ca_new_content *content)
{
    return content->key->bytes
               ? put(folder, CA_KEY_NAME, PRIVATE_MODE, content->key->bytes, content->key->size)
               : EXIT_GOOD;
}

static exit_status put_certificates(const ca_new_folder *folder, const ca_new_content *content)
{
    const file_text *above = content->above;
    size_t size = content->certificate->size;
    size_t more = above->bytes ? above->size : 0;
    char *text = malloc(size + more + 1);
    if (!text) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    memcpy(text, content->certificate->bytes, size);
    if (more > 0) {
        memcpy(text + size, above->bytes, more);
    }
    exit_status status = put(folder, CA_CERTIFICATE_NAME, PUBLIC_MODE, text, size + more);
    free(text);
    return status;
}

static exit_status put_settings(const ca_new_folder *folder, const ca_new_content *content)
{
    json_t *object = json_pack("{s:i, s:o, s:o}", "version", CA_SETTINGS_VERSION, "key_uri",
                               json_text(content->key_uri), "crl_uri", json_text(content->crl_uri));
    char *text = object ? json_dumps(object, JSON_INDENT(2)) : NULL;
    exit_status status = EXIT_ENVIRONMENT;
    if (text) {
        /* A URI may hold a PIN. */
        status = put(folder, CA_SETTINGS_NAME, PRIVATE_MODE, text, strlen(text));
    } else {
        complain("out of memory");
    }
    json_decref(object);
    free(text);
    return status;
}

static exit_status take_name(ca_new_folder *folder)
{
    /* An empty folder may have the name; anything else stops this. */
    if (rename(folder->path, folder->final) != 0) {
        return complain_system(errno, "cannot name the finished folder %s", folder->final);
    }
    free(folder->path);
    folder->path = NULL;
    char *above = path_join(folder->final, "..");
    int handle = above ? open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    /* What was certified is in the journal above it; a name that a power failure takes away again
     * leaves an authority that nobody has used. */
    if (handle >= 0) {
        (void)fsync(handle);
        close(handle);
    }
    free(above);
    return EXIT_GOOD;
}

exit_status ca_new_folder_complete(ca_new_folder *folder, const ca_new_content *content)
{
    exit_status status = put_certificates(folder, content);
    if (status == EXIT_GOOD) {
        status = put_settings(folder, content);
    }
    if (status == EXIT_GOOD) {
        status = put(folder, CA_LOCK_NAME, PRIVATE_MODE, "", 0);
    }
    if (status == EXIT_GOOD) {
        status = ca_journal_create(folder->path, folder->handle, content->info);
    }
    return status == EXIT_GOOD ? take_name(folder) : status;
}

static void remove_all(const ca_new_folder *folder)
{
    DIR *listing = opendir(folder->path);
    const struct dirent *entry = listing ? readdir(listing) : NULL;
    while (entry) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            (void)unlinkat(dirfd(listing), entry->d_name, 0);
        }
        entry = readdir(listing);
    }
    if (listing) {
        closedir(listing);
    }
    if (rmdir(folder->path) != 0) {
        complain_system(errno, "cannot remove %s", folder->path);
    }
}

void ca_new_folder_discard(ca_new_folder *folder)
{
    if (folder->path) {
        remove_all(folder);
    }
    if (folder->handle >= 0) {
        close(folder->handle);
    }
    free(folder->path);
    free(folder->final);
    *folder = (ca_new_folder)CA_NEW_FOLDER_INIT;
}
