/* SPDX-License-Identifier: Apache-2.0 */
/* Who can decrypt a recording, for people and for programs. */
#ifndef SVMS_CLI_RECIPIENT_LIST_H
#define SVMS_CLI_RECIPIENT_LIST_H

#include <jansson.h>
#include <svms/svms.h>

#include "exit_status.h"

typedef struct recipient_text {
    char text[80];
} recipient_text;

/* "X25519 0123...", "password" */
recipient_text recipient_words(const svms_recipient *recipient);

/* Reads the list; complains itself. keys may be NULL. */
exit_status recipient_list_read(svms_recipient_list *out, svms_ctx *ctx, const svms_source *source,
                                const svms_keyring *keys, const char *path);

void recipient_list_print(const char *path, const svms_recipient_list *list);
json_t *recipient_list_to_json(const char *path, const svms_recipient_list *list);
/* An array of {kind, key_id, size}; without the one that except names, where that is not NULL. */
json_t *recipients_to_json(const svms_recipient_list *list, const uint8_t except[16]);

#endif
