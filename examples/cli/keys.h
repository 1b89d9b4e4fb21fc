/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, certificates and trust from files; every function complains itself. */
#ifndef SVMS_CLI_KEYS_H
#define SVMS_CLI_KEYS_H

#include <stdbool.h>

#include <svms/svms.h>

#include "exit_status.h"

exit_status load_private_key(svms_private_key **out, svms_ctx *ctx, const char *path);
exit_status load_public_key(svms_public_key **out, svms_ctx *ctx, const char *path);
exit_status load_kek(svms_kek **out, svms_ctx *ctx, const char *path);
exit_status load_chain(svms_chain **out, svms_ctx *ctx, const char *path);
exit_status load_trust(svms_trust **out, svms_ctx *ctx, const char *path);
/* crl_path NULL: no revocation lists. */
exit_status load_trust_and_crls(svms_trust **out, svms_ctx *ctx, const char *path,
                                const char *crl_path);
exit_status load_disclosure(svms_disclosure **out, svms_ctx *ctx, const char *path);

/* A context whose warnings go to standard error. */
exit_status make_context(svms_ctx **out);

/* What the reading commands can be given to open a recording. */
typedef struct key_options {
    const char *password_file;
    bool password_prompt;
    const char *identity;
    const char *disclosure;
    const char *kek;
    const char *question; /* asked for a password on the terminal; NULL: of the recording */
} key_options;

typedef struct key_set {
    svms_keyring *ring; /* NULL: nothing was given */
    svms_private_key *key;
    svms_disclosure *disclosure;
    svms_kek *kek;
} key_set;

#define KEY_SET_INIT                                                                               \
    {                                                                                              \
        NULL, NULL, NULL, NULL                                                                     \
    }

exit_status key_set_load(key_set *out, svms_ctx *ctx, const key_options *options);
/* The same for what needs a key: without any, a password is asked for where there is a terminal. */
exit_status key_set_require(key_set *out, svms_ctx *ctx, const key_options *options,
                            const char *command);
/* Asks for a password and adds it; question as in key_options. */
exit_status key_set_ask(key_set *set, svms_ctx *ctx, const char *question);
void key_set_free(key_set *set);

#endif
