/* SPDX-License-Identifier: Apache-2.0 */
#include "gate_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REVOCATIONS_FILE_MAX ((size_t)64 << 20)
#define FILES_MAX (GATE_ISSUERS_MAX + 2)

/* What tells a file from another one that has its name. */
typedef struct file_state {
    dev_t device;
    ino_t number;
    off_t size;
    struct timespec changed;
} file_state;

typedef struct watched {
    const char *path; /* of the options */
    file_state state; /* zeros: it is not there */
} watched;

struct gate_rules {
    svms_token_verifier *verifier;
    svms_revocations *revocations;
    svms_policy *policy;
    watched files[FILES_MAX];
    size_t file_count;
};

typedef struct content {
    char *bytes;
    size_t size;
} content;

static svms_status fail(svms_error *err, svms_status status, int os_error, const char *path,
                        const char *words)
{
    if (err) {
        *err = (svms_error)SVMS_ERROR_INIT;
        err->status = status;
        err->os_error = os_error;
        snprintf(err->message, sizeof err->message, "%.120s: %s", path, words);
    }
    return status;
}

/* Says which file an error is about. */
static void name_file(svms_error *err, svms_status status, const char *path)
{
    if (status != SVMS_OK && err) {
        char words[sizeof err->message];
        memcpy(words, err->message, sizeof words);
        snprintf(err->message, sizeof err->message, "%.90s: %.140s", path, words);
    }
}

static file_state state_of(const struct stat *info)
{
    return (file_state){ info->st_dev, info->st_ino, info->st_size, info->st_mtim };
}

static bool is_same(const file_state *one, const file_state *other)
{
    return one->device == other->device && one->number == other->number &&
           one->size == other->size && one->changed.tv_sec == other->changed.tv_sec &&
           one->changed.tv_nsec == other->changed.tv_nsec;
}

static svms_status read_bytes(content *out, int handle, const struct stat *info, const char *path,
                              svms_error *err)
{
    size_t size = (size_t)info->st_size;
    ssize_t got = 1;
    out->bytes = malloc(size + 1);
    if (!out->bytes) {
        return fail(err, SVMS_E_NO_MEMORY, 0, path, "out of memory");
    }
    while (got > 0 && out->size < size) {
        got = read(handle, out->bytes + out->size, size - out->size);
        out->size += got > 0 ? (size_t)got : 0;
    }
    return got < 0 ? fail(err, SVMS_E_IO, errno, path, strerror(errno)) : SVMS_OK;
}

/* Reads it, and remembers which file that was. */
static svms_status read_file(content *out, gate_rules *self, const char *path, size_t limit,
                             svms_error *err)
{
    struct stat info;
    watched *file = &self->files[self->file_count++];
    file->path = path;
    int handle = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (handle < 0) {
        return fail(err, SVMS_E_IO, errno, path, strerror(errno));
    }
    svms_status status = SVMS_OK;
    if (fstat(handle, &info) != 0 || !S_ISREG(info.st_mode)) {
        status = fail(err, SVMS_E_IO, 0, path, "it is no file");
    } else if ((size_t)info.st_size > limit) {
        status = fail(err, SVMS_E_LIMIT, 0, path, "it is too large");
    } else if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        status = fail(err, SVMS_E_POLICY, 0, path, "others than its owner may write it");
    } else {
        file->state = state_of(&info);
        status = read_bytes(out, handle, &info, path, err);
    }
    (void)close(handle);
    return status;
}

static svms_status read_policy(gate_rules *self, const gate_options *options,
                               uint64_t least_revision, svms_error *err)
{
    content text = { NULL, 0 };
    svms_policy_options how = SVMS_POLICY_OPTIONS_INIT;
    how.least_revision = least_revision;
    svms_status status = read_file(&text, self, options->policy, SVMS_POLICY_MAX, err);
    if (status == SVMS_OK) {
        status = svms_policy_read(&self->policy, options->ctx, text.bytes, text.size, &how, err);
        name_file(err, status, options->policy);
    }
    free(text.bytes);
    return status;
}

static svms_status read_revocations(gate_rules *self, const gate_options *options, svms_error *err)
{
    content text = { NULL, 0 };
    svms_error why = SVMS_ERROR_INIT;
    const char *path = options->revocations;
    if (!path) {
        return SVMS_OK;
    }
    svms_status status = read_file(&text, self, path, REVOCATIONS_FILE_MAX, &why);
    if (status == SVMS_OK) {
        status = svms_revocations_merge(self->revocations, text.bytes, text.size, &why);
        name_file(&why, status, path);
    } else if (why.os_error == ENOENT) {
        status = SVMS_OK;
    }
    free(text.bytes);
    if (status != SVMS_OK && err) {
        *err = why;
    }
    return status;
}

static svms_status read_keys(gate_rules *self, const gate_options *options,
                             const gate_issuer *issuer, svms_error *err)
{
    content text = { NULL, 0 };
    svms_keyset *keys = NULL;
    svms_status status = read_file(&text, self, issuer->keys, SVMS_KEYSET_MAX, err);
    if (status == SVMS_OK) {
        status = svms_keyset_from_jwks(&keys, options->ctx, text.bytes, text.size, err);
        name_file(err, status, issuer->keys);
    }
    if (status == SVMS_OK) {
        status = svms_token_verifier_add(self->verifier, issuer->name, &keys,
                                         issuer->is_exchanger ? 1 : 0, err);
    }
    svms_keyset_free(&keys);
    free(text.bytes);
    return status;
}

static svms_status read_issuers(gate_rules *self, const gate_options *options, svms_error *err)
{
    svms_token_rules rules = SVMS_TOKEN_RULES_INIT;
    rules.audience = options->audience;
    rules.demand_binding = options->demand_binding ? 1 : 0;
    rules.revocations = self->revocations;
    if (options->longest_life_s > 0) {
        rules.longest_life_s = options->longest_life_s;
    }
    svms_status status = svms_token_verifier_new(&self->verifier, options->ctx, &rules, err);
    for (size_t i = 0; i < options->issuer_count && status == SVMS_OK; i++) {
        status = read_keys(self, options, &options->issuers[i], err);
    }
    return status;
}

/* All but the list of revocations, which is there. */
static svms_status read_all(gate_rules *self, const gate_options *options, uint64_t least_revision,
                            svms_error *err)
{
    svms_status status = read_policy(self, options, least_revision, err);
    if (status == SVMS_OK) {
        status = read_revocations(self, options, err);
    }
    return status == SVMS_OK ? read_issuers(self, options, err) : status;
}

svms_status gate_rules_read(gate_rules **out, const gate_options *options, svms_error *err)
{
    if (options->issuer_count > GATE_ISSUERS_MAX) {
        return fail(err, SVMS_E_LIMIT, 0, options->audience, "so many issuers are not possible");
    }
    gate_rules *self = calloc(1, sizeof *self);
    if (!self) {
        return fail(err, SVMS_E_NO_MEMORY, 0, options->policy, "out of memory");
    }
    svms_status status = svms_revocations_new(&self->revocations, options->ctx, err);
    if (status == SVMS_OK) {
        status = read_all(self, options, 0, err);
    }
    if (status != SVMS_OK) {
        gate_rules_free(&self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

svms_status gate_rules_read_again(gate_rules **out, gate_rules *old, const gate_options *options,
                                  svms_error *err)
{
    gate_rules *self = calloc(1, sizeof *self);
    if (!self) {
        return fail(err, SVMS_E_NO_MEMORY, 0, options->policy, "out of memory");
    }
    /* Verifiers of both use it: it only ever grows. */
    self->revocations = old->revocations;
    svms_status status = read_all(self, options, svms_policy_revision(old->policy), err);
    if (status != SVMS_OK) {
        /* What is wrong with these files was said, and is not said again each second. */
        for (size_t i = 0; i < self->file_count; i++) {
            old->files[i].state = self->files[i].state;
        }
        self->revocations = NULL;
        gate_rules_free(&self);
        return status;
    }
    old->revocations = NULL;
    *out = self;
    return SVMS_OK;
}

bool gate_rules_changed(gate_rules *self)
{
    for (size_t i = 0; i < self->file_count; i++) {
        struct stat info;
        file_state now = { 0 };
        if (stat(self->files[i].path, &info) == 0) {
            now = state_of(&info);
        }
        if (!is_same(&now, &self->files[i].state)) {
            return true;
        }
    }
    return false;
}

svms_token_verifier *gate_rules_verifier(const gate_rules *self)
{
    return self->verifier;
}

const svms_policy *gate_rules_policy(const gate_rules *self)
{
    return self->policy;
}

uint64_t gate_rules_revision(const gate_rules *self)
{
    return svms_policy_revision(self->policy);
}

void gate_rules_free(gate_rules **self)
{
    if (self && *self) {
        svms_token_verifier_free(&(*self)->verifier);
        svms_revocations_free(&(*self)->revocations);
        svms_policy_free(&(*self)->policy);
        free(*self);
        *self = NULL;
    }
}
