/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CAMERA_USERS_INTERNAL_H
#define CAMERA_USERS_INTERNAL_H

#include <pthread.h>

#include "camera_lockout.h"
#include "camera_secret.h"
#include "camera_users.h"

#define NONCES 8192u

typedef struct user_entry {
    char name[CAMERA_USER_NAME_SIZE];
    camera_level level;
    size_t size; /* of the password */
    char password[CAMERA_PASSWORD_MAX + 1];
} user_entry;

typedef struct user_list {
    uint32_t count;
    user_entry users[CAMERA_USERS_MAX];
} user_list;

/* A nonce that was used, until a token with it would be too old. */
typedef struct used_nonce {
    uint8_t hash[16];
    int64_t until_utc_ns;
} used_nonce;

struct camera_users {
    pthread_mutex_t lock;
    pthread_mutex_t changing; /* taken first */
    svms_ctx *ctx;
    camera_state *state;
    camera_events *events;
    char *path;
    uint32_t password_least;
    uint8_t key[CAMERA_SECRET_SIZE];
    user_list list;
    camera_lockout *lockout;
    used_nonce *nonces;
};

/* NULL: nobody has this name. The lock is held. */
user_entry *users_find(user_list *list, const char *name);

#endif
