/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_users_internal.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "camera_failure.h"
#include "camera_file.h"

#define FILE_MAX 16384u
#define PURPOSE "svms camera users"
#define PASSWORD_LEAST 12u

user_entry *users_find(user_list *list, const char *name)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (strcmp(list->users[i].name, name) == 0) {
            return &list->users[i];
        }
    }
    return NULL;
}

static bool name_is_good(const char *name)
{
    size_t size = strnlen(name, CAMERA_USER_NAME_SIZE);
    for (size_t i = 0; i < size; i++) {
        if (name[i] <= ' ' || name[i] > '~' || strchr("\":\\", name[i])) {
            return false;
        }
    }
    return size > 0 && size < CAMERA_USER_NAME_SIZE;
}

/* Count, then for each: level, length and bytes of the name, length and bytes of the password. */
static size_t put_list(uint8_t *out, const user_list *list)
{
    size_t at = 0;
    out[at++] = (uint8_t)list->count;
    for (uint32_t i = 0; i < list->count; i++) {
        const user_entry *user = &list->users[i];
        size_t length = strlen(user->name);
        out[at++] = (uint8_t)user->level;
        out[at++] = (uint8_t)length;
        memcpy(out + at, user->name, length);
        at += length;
        out[at++] = (uint8_t)user->size;
        memcpy(out + at, user->password, user->size);
        at += user->size;
    }
    return at;
}

/* A piece behind its length; false: it ends beyond the whole, or does not fit. */
static bool get_piece(char *out, size_t room, size_t *got, const uint8_t *data, size_t size,
                      size_t *at)
{
    if (*at >= size) {
        return false;
    }
    size_t length = data[(*at)++];
    if (length >= room || length > size - *at) {
        return false;
    }
    memcpy(out, data + *at, length);
    out[length] = '\0';
    *at += length;
    *got = length;
    return true;
}

static bool get_list(user_list *out, const uint8_t *data, size_t size)
{
    size_t at = 1;
    if (size < 1 || data[0] > CAMERA_USERS_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < data[0]; i++) {
        user_entry *user = &out->users[i];
        size_t length = 0;
        if (at >= size || data[at] < CAMERA_USER || data[at] > CAMERA_ADMINISTRATOR) {
            return false;
        }
        user->level = (camera_level)data[at++];
        if (!get_piece(user->name, sizeof user->name, &length, data, size, &at) ||
            !name_is_good(user->name) || users_find(out, user->name) ||
            !get_piece(user->password, sizeof user->password, &user->size, data, size, &at)) {
            return false;
        }
        out->count = i + 1;
    }
    return at == size;
}

static svms_status store(const camera_users *self, const user_list *list, svms_error *err)
{
    uint8_t plain[1 + CAMERA_USERS_MAX * (3 + CAMERA_USER_NAME_SIZE + CAMERA_PASSWORD_MAX)];
    uint8_t *sealed = NULL;
    size_t sealed_size = 0;
    size_t size = put_list(plain, list);
    svms_status status = camera_secret_seal(&sealed, &sealed_size, self->key, plain, size, err);
    OPENSSL_cleanse(plain, sizeof plain);
    if (status == SVMS_OK) {
        status = camera_file_write(self->path, sealed, sealed_size, err);
    }
    free(sealed);
    return status;
}

static svms_status load(camera_users *self, svms_error *err)
{
    uint8_t *sealed = NULL;
    uint8_t *plain = NULL;
    size_t size = 0;
    size_t plain_size = 0;
    svms_status status = camera_file_read(&sealed, &size, self->path, FILE_MAX, true, err);
    if (status != SVMS_OK || !sealed) {
        return status;
    }
    status = camera_secret_open(&plain, &plain_size, self->key, sealed, size, err);
    if (status == SVMS_OK && !get_list(&self->list, plain, plain_size)) {
        status = camera_fail(err, SVMS_E_MALFORMED, 0, "%s holds no users", self->path);
    }
    camera_file_free(plain, plain_size);
    free(sealed);
    return status;
}

svms_status camera_users_open(camera_users **out, const camera_users_options *options,
                              svms_error *err)
{
    camera_users *self = calloc(1, sizeof *self);
    if (!self) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for users");
    }
    pthread_mutex_init(&self->lock, NULL);
    pthread_mutex_init(&self->changing, NULL);
    self->ctx = options->ctx;
    self->state = options->state;
    self->events = options->events;
    self->password_least = options->password_least ? options->password_least : PASSWORD_LEAST;
    self->path = strdup(options->path);
    self->lockout = camera_lockout_new();
    self->nonces = calloc(NONCES, sizeof *self->nonces);
    svms_status status = SVMS_OK;
    if (!self->path || !self->lockout || !self->nonces) {
        status = camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for users");
    }
    if (status == SVMS_OK) {
        status = camera_secret_key(self->key, options->secret, PURPOSE, err);
    }
    if (status == SVMS_OK) {
        status = load(self, err);
    }
    if (status != SVMS_OK) {
        camera_users_close(&self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

static uint32_t administrators(const user_list *list)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        count += list->users[i].level == CAMERA_ADMINISTRATOR;
    }
    return count;
}

bool camera_users_is_ready(camera_users *users)
{
    pthread_mutex_lock(&users->lock);
    bool is_ready = administrators(&users->list) > 0;
    pthread_mutex_unlock(&users->lock);
    return is_ready;
}

uint32_t camera_users_list(camera_users *users, camera_user out[CAMERA_USERS_MAX])
{
    pthread_mutex_lock(&users->lock);
    uint32_t count = users->list.count;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(out[i].name, users->list.users[i].name, sizeof out[i].name);
        out[i].level = users->list.users[i].level;
    }
    pthread_mutex_unlock(&users->lock);
    return count;
}

camera_level camera_users_level(camera_users *users, const char *name)
{
    pthread_mutex_lock(&users->lock);
    const user_entry *found = users_find(&users->list, name);
    camera_level level = found ? found->level : CAMERA_ANONYMOUS;
    pthread_mutex_unlock(&users->lock);
    return level;
}

static svms_status set_password(const camera_users *self, user_entry *user, const char *password,
                                uint32_t *findings, svms_error *err)
{
    svms_password_policy policy = SVMS_PASSWORD_POLICY_INIT;
    size_t size = strlen(password);
    policy.least_characters = self->password_least;
    policy.most_bytes = CAMERA_PASSWORD_MAX;
    policy.history = 0; /* the one of now is compared here, as it is */
    *findings = 0;
    svms_status status =
        svms_password_judge(self->ctx, &policy, user->name, password, size, NULL, 0, findings, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (size == user->size && CRYPTO_memcmp(password, user->password, size) == 0) {
        *findings |= SVMS_PASSWORD_USED_BEFORE;
    }
    for (uint32_t bit = 1; bit <= SVMS_PASSWORD_OLD_WRONG; bit <<= 1) {
        if (*findings & bit) {
            return camera_fail(err, SVMS_E_POLICY, 0, "the password %s",
                               svms_password_finding_words((svms_password_finding)bit));
        }
    }
    OPENSSL_cleanse(user->password, sizeof user->password);
    memcpy(user->password, password, size + 1);
    user->size = size;
    return SVMS_OK;
}

/* The copy that is being changed. */
static user_list *begin_change(camera_users *self, svms_error *err)
{
    user_list *copy = malloc(sizeof *copy);
    if (!copy) {
        (void)camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for a change");
        return NULL;
    }
    pthread_mutex_lock(&self->changing);
    pthread_mutex_lock(&self->lock);
    *copy = self->list;
    pthread_mutex_unlock(&self->lock);
    return copy;
}

static svms_status end_change(camera_users *self, user_list *copy, const char *name,
                              const char *what, svms_status status, svms_error *err)
{
    if (status == SVMS_OK && administrators(copy) == 0) {
        status = camera_fail(err, SVMS_E_POLICY, 0, "there would be no administrator");
    }
    if (status == SVMS_OK) {
        status = store(self, copy, err);
    }
    if (status == SVMS_OK) {
        pthread_mutex_lock(&self->lock);
        self->list = *copy;
        pthread_mutex_unlock(&self->lock);
    }
    pthread_mutex_unlock(&self->changing);
    OPENSSL_cleanse(copy, sizeof *copy);
    free(copy);
    if (status == SVMS_OK && self->events) {
        camera_events_tell(self->events, CAMERA_USERS_CHANGED, true, SVMS_NO_TIME, name, "%s",
                           what);
    }
    return status;
}

static svms_status check_level(camera_level level, svms_error *err)
{
    return level >= CAMERA_USER && level <= CAMERA_ADMINISTRATOR
               ? SVMS_OK
               : camera_fail(err, SVMS_E_POLICY, 0, "a user has no such level");
}

svms_status camera_users_add(camera_users *users, const char *name, camera_level level,
                             const char *password, uint32_t *findings, svms_error *err)
{
    *findings = 0;
    if (!name_is_good(name)) {
        return camera_fail(err, SVMS_E_POLICY, 0, "the name has other signs than names have");
    }
    svms_status status = check_level(level, err);
    user_list *copy = status == SVMS_OK ? begin_change(users, err) : NULL;
    if (!copy) {
        return status == SVMS_OK ? SVMS_E_NO_MEMORY : status;
    }
    if (users_find(copy, name)) {
        status = camera_fail(err, SVMS_E_EXISTS, 0, "there is a user of this name");
    } else if (copy->count == CAMERA_USERS_MAX) {
        status = camera_fail(err, SVMS_E_LIMIT, 0, "there are %u users", CAMERA_USERS_MAX);
    } else {
        user_entry *user = &copy->users[copy->count++];
        memset(user, 0, sizeof *user);
        memcpy(user->name, name, strlen(name) + 1);
        user->level = level;
        status = set_password(users, user, password, findings, err);
    }
    return end_change(users, copy, name, "created", status, err);
}

svms_status camera_users_edit(camera_users *users, const char *name, camera_level level,
                              const char *password, uint32_t *findings, svms_error *err)
{
    *findings = 0;
    svms_status status = level == CAMERA_ANONYMOUS ? SVMS_OK : check_level(level, err);
    user_list *copy = status == SVMS_OK ? begin_change(users, err) : NULL;
    if (!copy) {
        return status == SVMS_OK ? SVMS_E_NO_MEMORY : status;
    }
    user_entry *user = users_find(copy, name);
    if (!user) {
        status = camera_fail(err, SVMS_E_STATE, 0, "there is no user of this name");
    } else if (password) {
        status = set_password(users, user, password, findings, err);
    }
    if (status == SVMS_OK && level != CAMERA_ANONYMOUS) {
        user->level = level;
    }
    return end_change(users, copy, name, "changed", status, err);
}

svms_status camera_users_remove(camera_users *users, const char *name, svms_error *err)
{
    user_list *copy = begin_change(users, err);
    if (!copy) {
        return SVMS_E_NO_MEMORY;
    }
    svms_status status = SVMS_OK;
    user_entry *user = users_find(copy, name);
    if (user) {
        *user = copy->users[--copy->count];
        OPENSSL_cleanse(&copy->users[copy->count], sizeof copy->users[0]);
    } else {
        status = camera_fail(err, SVMS_E_STATE, 0, "there is no user of this name");
    }
    return end_change(users, copy, name, "removed", status, err);
}

void camera_users_close(camera_users **users)
{
    if (!users || !*users) {
        return;
    }
    camera_users *self = *users;
    pthread_mutex_destroy(&self->lock);
    pthread_mutex_destroy(&self->changing);
    camera_lockout_free(&self->lockout);
    free(self->nonces);
    free(self->path);
    OPENSSL_cleanse(self, sizeof *self);
    free(self);
    *users = NULL;
}
