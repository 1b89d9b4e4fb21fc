/* SPDX-License-Identifier: Apache-2.0 */
#include "ca_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "ca_certificate.h"
#include "ca_key.h"
#include "head_text.h"
#include "message.h"

#define MAX_SETTINGS_SIZE 65536
#define MAX_CHAIN_SIZE ((size_t)256 * 1024)
#define LOCK_ATTEMPTS 600
#define LOCK_PAUSE_NS 50000000

/* A path below the folder that is read whole. */
static exit_status read_inside(const ca_folder *folder, const char *name, size_t limit, bool secret,
                               file_text *out)
{
    char *path = path_join(folder->path, name);
    exit_status status = path ? file_read(out, path, limit, secret) : EXIT_ENVIRONMENT;
    free(path);
    return status;
}

static exit_status out_of_memory(void)
{
    complain("out of memory");
    return EXIT_ENVIRONMENT;
}

static exit_status damaged_settings(const ca_folder *folder)
{
    complain("%s/%s is damaged, or of a later version", folder->path, CA_SETTINGS_NAME);
    return EXIT_MALFORMED;
}

/* Text, or null. */
static exit_status copy_member(const ca_folder *folder, const json_t *object, const char *name,
                               char **out)
{
    const json_t *value = json_object_get(object, name);
    if (json_is_null(value)) {
        return EXIT_GOOD;
    }
    if (!json_is_string(value)) {
        return damaged_settings(folder);
    }
    *out = strdup(json_string_value(value));
    return *out ? EXIT_GOOD : out_of_memory();
}

static exit_status take_settings(ca_folder *folder, const json_t *object)
{
    if (json_integer_value(json_object_get(object, "version")) != CA_SETTINGS_VERSION) {
        return damaged_settings(folder);
    }
    exit_status status = copy_member(folder, object, "key_uri", &folder->key_uri);
    return status == EXIT_GOOD ? copy_member(folder, object, "crl_uri", &folder->crl_uri) : status;
}

static exit_status load_settings(ca_folder *folder)
{
    file_text text = { NULL, 0 };
    exit_status status = read_inside(folder, CA_SETTINGS_NAME, MAX_SETTINGS_SIZE, true, &text);
    if (status != EXIT_GOOD) {
        return status;
    }
    json_error_t error;
    json_t *object = json_loadb(text.bytes, text.size, JSON_REJECT_DUPLICATES, &error);
    if (object) {
        status = take_settings(folder, object);
    } else {
        status = json_error_code(&error) == json_error_out_of_memory ? out_of_memory()
                                                                     : damaged_settings(folder);
    }
    json_decref(object);
    file_text_free(&text);
    return status;
}

static exit_status load_certificate(ca_folder *folder)
{
    svms_error err = SVMS_ERROR_INIT;
    exit_status status =
        read_inside(folder, CA_CERTIFICATE_NAME, MAX_CHAIN_SIZE, false, &folder->pem);
    if (status != EXIT_GOOD) {
        return status;
    }
    if (svms_chain_from_pem(&folder->chain, folder->ctx, folder->pem.bytes, folder->pem.size,
                            &err) != SVMS_OK) {
        return complain_error(&err, "cannot use %s/%s", folder->path, CA_CERTIFICATE_NAME);
    }
    return ca_describe_certificate(folder->chain, &folder->info);
}

static exit_status open_handles(ca_folder *folder, bool writable)
{
    folder->handle = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->handle < 0) {
        return complain_system(errno, "cannot open the folder %s", folder->path);
    }
    folder->lock = openat(folder->handle, CA_LOCK_NAME,
                          (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (folder->lock < 0 && errno == ENOENT) {
        complain("%s holds no authority ('svms ca init' makes one)", folder->path);
        return EXIT_ENVIRONMENT;
    }
    if (folder->lock < 0) {
        return complain_system(errno, "cannot open %s/%s", folder->path, CA_LOCK_NAME);
    }
    return EXIT_GOOD;
}

exit_status ca_folder_open(ca_folder *out, svms_ctx *ctx, const char *path, bool writable)
{
    memset(out, 0, sizeof *out);
    out->ctx = ctx;
    out->handle = -1;
    out->lock = -1;
    out->journal.log = (ca_log)CA_LOG_INIT;
    out->path = path_with_suffix(path, "");
    exit_status status = out->path ? open_handles(out, writable) : EXIT_ENVIRONMENT;
    if (status == EXIT_GOOD) {
        status = load_settings(out);
    }
    if (status == EXIT_GOOD) {
        status = load_certificate(out);
    }
    if (status == EXIT_GOOD) {
        status = ca_journal_open(&out->journal, out->path, out->handle, writable);
    }
    if (status != EXIT_GOOD) {
        ca_folder_close(out);
    }
    return status;
}

void ca_folder_close(ca_folder *folder)
{
    ca_folder_leave(folder);
    svms_ca_free(&folder->authority);
    svms_private_key_free(&folder->key);
    svms_chain_free(&folder->chain);
    file_text_free(&folder->pem);
    ca_journal_close(&folder->journal);
    free(folder->key_uri);
    free(folder->crl_uri);
    if (folder->lock >= 0) {
        close(folder->lock);
    }
    if (folder->handle >= 0) {
        close(folder->handle);
    }
    free(folder->path);
    folder->key_uri = NULL;
    folder->crl_uri = NULL;
    folder->lock = -1;
    folder->handle = -1;
    folder->path = NULL;
}

exit_status ca_folder_unlock_key(ca_folder *folder, const char *passphrase_file)
{
    svms_error err = SVMS_ERROR_INIT;
    char *path = path_join(folder->path, CA_KEY_NAME);
    exit_status status = EXIT_ENVIRONMENT;
    if (path) {
        const ca_key_place place = { path, folder->key_uri, passphrase_file,
                                     "Passphrase of the authority: " };
        status = ca_key_load(&folder->key, folder->ctx, &place);
    }
    free(path);
    if (status == EXIT_GOOD && svms_ca_open(&folder->authority, folder->ctx, folder->chain,
                                            folder->key, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot use the authority in %s", folder->path);
    }
    return status;
}

static exit_status take_lock(ca_folder *folder)
{
    static const struct timespec pause = { 0, LOCK_PAUSE_NS };
    int kind = folder->journal.log.writable ? LOCK_EX : LOCK_SH;
    for (unsigned attempt = 0; attempt < LOCK_ATTEMPTS; attempt++) {
        if (flock(folder->lock, kind | LOCK_NB) == 0) {
            folder->locked = true;
            return EXIT_GOOD;
        }
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return complain_system(errno, "cannot lock %s/%s", folder->path, CA_LOCK_NAME);
        }
        (void)nanosleep(&pause, NULL);
    }
    complain("%s has been in use by another process for half a minute", folder->path);
    return EXIT_ENVIRONMENT;
}

exit_status ca_folder_enter(ca_folder *folder)
{
    exit_status status = take_lock(folder);
    if (status == EXIT_GOOD) {
        status = ca_journal_read(&folder->journal);
    }
    if (status == EXIT_GOOD && strcmp(folder->journal.authority,
                                      head_text_of(folder->info.sha256, CA_HASH_SIZE).text) != 0) {
        complain("%s/%s is not the journal of the authority in %s", folder->path, CA_LOG_NAME,
                 CA_CERTIFICATE_NAME);
        status = EXIT_MALFORMED;
    }
    if (status != EXIT_GOOD) {
        ca_folder_leave(folder);
    }
    return status;
}

void ca_folder_leave(ca_folder *folder)
{
    if (folder->locked) {
        (void)flock(folder->lock, LOCK_UN);
        folder->locked = false;
    }
}
