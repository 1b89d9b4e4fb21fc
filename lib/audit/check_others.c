/* SPDX-License-Identifier: Apache-2.0 */
/* What lies beside the log: what recovery put aside, time stamps, keys. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "failure.h"
#include "log_aside.h"

#define CHUNK 65536u

typedef struct lister {
    svms_check *at;
    svms_error *err;
} lister;

static svms_status look_into(svms_check *at, const char *folder, svms_folder_each each,
                             svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    lister by = { at, &why };
    int os_error = 0;
    svms_status status = at->folder->list(at->folder->user, folder, each, &by, &os_error);
    if (status == SVMS_E_IO) {
        return svms_check_tell(at, SVMS_AUDIT_FLAW_UNREADABLE, SVMS_NO_RECORD, 0,
                               "the log cannot look into \"%s\"", folder);
    }
    return status == SVMS_OK || status == SVMS_END ? status : svms_fail_as(err, status, &why);
}

/* SVMS_E_IO: it cannot be read. */
static svms_status hash_store(svms_check *at, const svms_store *store,
                              uint8_t out[SVMS_DIGEST_SIZE], svms_error *err)
{
    uint64_t offset = 0;
    size_t got = 0;
    int os_error = 0;
    bool good = svms_hasher_start(at->hasher);
    svms_status status = SVMS_OK;
    svms_builder_reset(&at->bundle);
    svms_put_zeros(&at->bundle, CHUNK);
    if (at->bundle.status != SVMS_OK) {
        return svms_builder_check(&at->bundle, "a part of a file", err);
    }
    do {
        status = store->read_at(store->user, offset, at->bundle.data, CHUNK, &got, &os_error);
        offset += got;
        good = good && status == SVMS_OK && svms_hasher_update(at->hasher, at->bundle.data, got);
    } while (good && got > 0);
    if (status != SVMS_OK) {
        return status;
    }
    return good && svms_hasher_finish(at->hasher, out)
               ? SVMS_OK
               : svms_fail_crypto(err, "hashing what was put aside");
}

static svms_status check_aside(void *user, const char *name)
{
    const lister *by = user;
    svms_check *at = by->at;
    svms_store store = SVMS_STORE_INIT;
    uint8_t digest[SVMS_DIGEST_SIZE] = { 0 };
    char path[SVMS_FOLDER_NAME_SIZE];
    char digits[9];
    int os_error = 0;
    uint64_t before = 0;
    const char *told = NULL;
    if (!svms_log_aside_parse(name, &before, &told)) {
        return SVMS_OK;
    }
    snprintf(path, sizeof path, SVMS_LOG_ASIDE_FOLDER "/%s", name);
    svms_status status = at->folder->open(at->folder->user, path, &store, &os_error);
    if (status == SVMS_OK) {
        status = hash_store(at, &store, digest, by->err);
        svms_store_close(&store);
    }
    if (svms_check_is_fatal(status)) {
        return status;
    }
    if (status != SVMS_OK) {
        return svms_check_tell(at, SVMS_AUDIT_FLAW_UNREADABLE, SVMS_NO_RECORD, 0,
                               "the log cannot read \"%s\"", path);
    }
    snprintf(digits, sizeof digits, "%02x%02x%02x%02x", digest[0], digest[1], digest[2], digest[3]);
    return strcmp(digits, told) == 0
               ? SVMS_OK
               : svms_check_tell(at, SVMS_AUDIT_FLAW_QUARANTINE, SVMS_NO_RECORD, 0,
                                 "\"%s\" is not what recovery put aside", path);
}

static svms_status count_stamp(void *user, const char *name)
{
    const lister *by = user;
    by->at->report.stamps += strspn(name, "0123456789") == strlen(name);
    return SVMS_OK;
}

static bool is_key(const char *name, unsigned long long *epoch)
{
    static const char front[] = "epoch-";
    char *end = NULL;
    if (strncmp(name, front, sizeof front - 1) != 0) {
        return false;
    }
    name += sizeof front - 1;
    *epoch = strtoull(name, &end, 10);
    return end != name && strcmp(end, ".pem") == 0;
}

/* Whoever finds an old key can rewrite its epoch. */
static svms_status check_key(void *user, const char *name)
{
    const lister *by = user;
    svms_check *at = by->at;
    size_t present = at->epochs.count - 1;
    unsigned long long epoch = 0;
    if (!is_key(name, &epoch) || epoch >= present) {
        return SVMS_OK;
    }
    return svms_check_tell(at, SVMS_AUDIT_FLAW_OLD_KEY, SVMS_NO_RECORD, 0,
                           "the private key of epoch %llu is still there, and the present one is "
                           "epoch %zu",
                           epoch, present);
}

svms_status svms_check_others(svms_check *at, svms_error *err)
{
    svms_status status = look_into(at, SVMS_LOG_ASIDE_FOLDER, check_aside, err);
    if (status == SVMS_OK) {
        status = look_into(at, "stamp", count_stamp, err);
    }
    return status == SVMS_OK ? look_into(at, "keys", check_key, err) : status;
}
