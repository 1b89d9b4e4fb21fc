/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "enroll_settings.h"
#include "keys.h"
#include "message.h"

#define CURRENT "current"
#define GENERATION "identity-"
#define NEW_LINK "new-link"
#define PENDING_NAME "pending-key.pem"
#define KEY_CAPACITY 8192
#define KEY_LIMIT ((size_t)KEY_CAPACITY)
#define LINK_SIZE 128

/* What may stand in a generation, as links lead to it. */
static const char *const names[] = { "cert.pem", "key.pem", "ca.pem", ENROLL_SETTINGS_NAME };
#define NAME_COUNT (sizeof names / sizeof names[0])

exit_status enroll_folder_open(enroll_folder *out, const char *path, bool make)
{
    memset(out, 0, sizeof *out);
    out->path = path;
    out->handle = -1;
    if (make && mkdir(path, S_IRWXU) != 0 && errno != EEXIST) {
        return complain_system(errno, "cannot make the folder %s", path);
    }
    out->handle = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (out->handle < 0) {
        return complain_system(errno, "cannot use the folder %s", path);
    }
    if (flock(out->handle, LOCK_EX | LOCK_NB) != 0) {
        int os_error = errno;
        enroll_folder_close(out);
        if (os_error == EWOULDBLOCK) {
            complain("another 'svms enroll' is at work in %s", path);
            return EXIT_ENVIRONMENT;
        }
        return complain_system(os_error, "cannot lock the folder %s", path);
    }
    out->certificate = path_join(path, names[0]);
    out->key = path_join(path, names[1]);
    out->anchors = path_join(path, names[2]);
    out->settings = path_join(path, names[3]);
    out->pending = path_join(path, PENDING_NAME);
    if (!out->certificate || !out->key || !out->anchors || !out->settings || !out->pending) {
        enroll_folder_close(out);
        return EXIT_ENVIRONMENT;
    }
    return EXIT_GOOD;
}

void enroll_folder_close(enroll_folder *folder)
{
    free(folder->certificate);
    free(folder->key);
    free(folder->anchors);
    free(folder->settings);
    free(folder->pending);
    if (folder->handle >= 0) {
        close(folder->handle);
    }
    memset(folder, 0, sizeof *folder);
    folder->handle = -1;
}

/* Links that lead nowhere yet are what a first enrolment leaves that was interrupted. */
bool enroll_folder_is_enrolled(const enroll_folder *folder)
{
    struct stat info;
    return stat(folder->certificate, &info) == 0;
}

static bool is_same_file_content(const char *path, const file_text *text)
{
    file_text other = { NULL, 0 };
    bool same = file_exists(path) && file_read(&other, path, KEY_LIMIT, false) == EXIT_GOOD &&
                other.size == text->size &&
                CRYPTO_memcmp(other.bytes, text->bytes, text->size) == 0;
    file_text_free(&other);
    return same;
}

static exit_status make_pending_key(const enroll_folder *folder, svms_ctx *ctx)
{
    char text[KEY_CAPACITY];
    size_t size = sizeof text;
    svms_private_key *key = NULL;
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = EXIT_GOOD;
    svms_status made = svms_private_key_generate(&key, ctx, &err);
    if (made == SVMS_OK) {
        made = svms_private_key_to_pem(key, text, &size, &err);
    }
    if (made == SVMS_OK) {
        const new_file file = { folder->pending, S_IRUSR | S_IWUSR, text, size };
        status = file_write(&file, 1, true);
    } else {
        status = complain_error(&err, "cannot make a key");
    }
    svms_private_key_free(&key);
    OPENSSL_cleanse(text, sizeof text);
    return status;
}

exit_status enroll_folder_pending_key(const enroll_folder *folder, svms_ctx *ctx,
                                      svms_private_key **out, file_text *pem)
{
    exit_status status = EXIT_GOOD;
    bool usable = file_exists(folder->pending) &&
                  file_read(pem, folder->pending, KEY_LIMIT, true) == EXIT_GOOD;
    /* One that is in use already was left behind after everything was done. */
    if (usable && is_same_file_content(folder->key, pem)) {
        file_text_free(pem);
        usable = false;
    }
    if (!usable) {
        status = make_pending_key(folder, ctx);
        if (status == EXIT_GOOD) {
            status = file_read(pem, folder->pending, KEY_LIMIT, true);
        }
    }
    return status == EXIT_GOOD ? load_private_key(out, ctx, folder->pending) : status;
}

static exit_status make_durable(int handle, const char *path)
{
    return fsync(handle) == 0 || errno == EINVAL
               ? EXIT_GOOD
               : complain_system(errno, "cannot make the folder %s durable", path);
}

/* A link gets its name in one step, whatever had the name before. */
static exit_status put_link(const enroll_folder *folder, const char *target, const char *name)
{
    (void)unlinkat(folder->handle, NEW_LINK, 0);
    if (symlinkat(target, folder->handle, NEW_LINK) != 0 ||
        renameat(folder->handle, NEW_LINK, folder->handle, name) != 0) {
        return complain_system(errno, "cannot make the link %s/%s", folder->path, name);
    }
    return EXIT_GOOD;
}

static char *make_generation(const enroll_folder *folder)
{
    char *path = path_join(folder->path, GENERATION "XXXXXX");
    if (path && !mkdtemp(path)) {
        (void)complain_system(errno, "cannot make a folder in %s", folder->path);
        free(path);
        path = NULL;
    }
    return path;
}

static const char *last_part(const char *path)
{
    return strrchr(path, '/') + 1;
}

static exit_status put_file(const char *folder, const char *name, const char *text, size_t size,
                            bool secret)
{
    char *path = path_join(folder, name);
    if (!path) {
        return EXIT_ENVIRONMENT;
    }
    const mode_t mode = secret ? S_IRUSR | S_IWUSR : S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;
    const new_file file = { path, mode, text, size };
    exit_status status = file_write(&file, 1, false);
    free(path);
    return status;
}

/* What links led to, or what stood here as files before there were links, by their contents. */
static exit_status copy_files(const enroll_folder *folder, const char *generation)
{
    exit_status status = EXIT_GOOD;
    for (size_t i = 0; i < NAME_COUNT && status == EXIT_GOOD; i++) {
        file_text text = { NULL, 0 };
        char *from = path_join(folder->path, names[i]);
        struct stat info;
        if (!from) {
            return EXIT_ENVIRONMENT;
        }
        if (stat(from, &info) == 0) {
            status = file_read(&text, from, ENROLL_FILE_MAX, false);
            if (status == EXIT_GOOD) {
                status = put_file(generation, names[i], text.bytes, text.size,
                                  strcmp(names[i], "key.pem") == 0);
            }
        }
        file_text_free(&text);
        free(from);
    }
    return status;
}

static bool is_link(const enroll_folder *folder, const char *name)
{
    struct stat info;
    return fstatat(folder->handle, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode);
}

/* Files that were put here by hand go into a generation of their own first: then the links can take
 * their places one by one, and what is read stays the same. */
static exit_status adopt_files(const enroll_folder *folder)
{
    struct stat info;
    if (is_link(folder, CURRENT) || stat(folder->certificate, &info) != 0) {
        return EXIT_GOOD;
    }
    char *generation = make_generation(folder);
    exit_status status = generation ? copy_files(folder, generation) : EXIT_ENVIRONMENT;
    if (status == EXIT_GOOD) {
        status = put_link(folder, last_part(generation), CURRENT);
    }
    free(generation);
    return status;
}

static exit_status put_links(const enroll_folder *folder, bool has_key)
{
    exit_status status = adopt_files(folder);
    for (size_t i = 0; i < NAME_COUNT && status == EXIT_GOOD; i++) {
        char target[LINK_SIZE];
        (void)snprintf(target, sizeof target, CURRENT "/%s", names[i]);
        bool wanted = has_key || strcmp(names[i], "key.pem") != 0;
        if (wanted && !is_link(folder, names[i])) {
            status = put_link(folder, target, names[i]);
        }
    }
    return status == EXIT_GOOD ? make_durable(folder->handle, folder->path) : status;
}

static exit_status fill(const char *generation, const enroll_identity *identity)
{
    char *settings = enroll_settings_text(identity->settings);
    exit_status status = settings ? EXIT_GOOD : EXIT_ENVIRONMENT;
    if (status == EXIT_GOOD) {
        status = put_file(generation, ENROLL_SETTINGS_NAME, settings, strlen(settings), false);
    }
    free(settings);
    if (status == EXIT_GOOD && identity->key_pem) {
        status =
            put_file(generation, "key.pem", identity->key_pem, strlen(identity->key_pem), true);
    }
    if (status == EXIT_GOOD) {
        status = put_file(generation, "ca.pem", identity->anchors_pem,
                          strlen(identity->anchors_pem), false);
    }
    if (status == EXIT_GOOD) {
        status = put_file(generation, "cert.pem", identity->certificate_pem,
                          strlen(identity->certificate_pem), false);
    }
    return status;
}

typedef void (*entry_visit)(const enroll_folder *folder, int handle, const char *name,
                            const char *const keep[2]);

/* What cannot be listed stays. */
static void for_each_entry(const enroll_folder *folder, const char *name, entry_visit visit,
                           const char *const keep[2])
{
    int handle = openat(folder->handle, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *listing = handle >= 0 ? fdopendir(handle) : NULL;
    const struct dirent *entry = listing ? readdir(listing) : NULL;
    while (entry) {
        visit(folder, handle, entry->d_name, keep);
        entry = readdir(listing);
    }
    if (listing) {
        closedir(listing);
    } else if (handle >= 0) {
        close(handle);
    }
}

static void remove_file(const enroll_folder *folder, int handle, const char *name,
                        const char *const keep[2])
{
    (void)folder;
    (void)keep;
    if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
        (void)unlinkat(handle, name, 0);
    }
}

/* With what an interrupted writer left in it. */
static void remove_generation(const enroll_folder *folder, const char *name)
{
    for_each_entry(folder, name, remove_file, NULL);
    (void)unlinkat(folder->handle, name, AT_REMOVEDIR);
}

static void remove_if_older(const enroll_folder *folder, int handle, const char *name,
                            const char *const keep[2])
{
    if (strncmp(name, GENERATION, strlen(GENERATION)) == 0 && strcmp(name, keep[0]) != 0 &&
        strcmp(name, keep[1]) != 0) {
        remove_generation(folder, name);
    } else if (strncmp(name, PENDING_NAME, strlen(PENDING_NAME)) == 0) {
        (void)unlinkat(handle, name, 0);
    }
}

/* The key that waited, also where it was being written only, and what is of no use any more. The
 * generation before the newest stays for those who are just opening its files. */
static void tidy_up(const enroll_folder *folder, const char *newest, const char *before)
{
    const char *const keep[2] = { newest, before };
    for_each_entry(folder, ".", remove_if_older, keep);
}

exit_status enroll_folder_store(const enroll_folder *folder, const enroll_identity *identity)
{
    char before[LINK_SIZE] = "";
    char *generation = make_generation(folder);
    exit_status status = generation ? fill(generation, identity) : EXIT_ENVIRONMENT;
    if (status == EXIT_GOOD) {
        status = put_links(folder, identity->key_pem != NULL);
    }
    if (status == EXIT_GOOD) {
        ssize_t size = readlinkat(folder->handle, CURRENT, before, sizeof before - 1);
        before[size > 0 ? size : 0] = '\0';
        /* Until here nothing has changed for anybody, from here on everything has. */
        status = put_link(folder, last_part(generation), CURRENT);
    }
    if (status == EXIT_GOOD) {
        status = make_durable(folder->handle, folder->path);
        tidy_up(folder, last_part(generation), before);
    } else if (generation) {
        remove_generation(folder, last_part(generation));
    }
    free(generation);
    return status;
}
