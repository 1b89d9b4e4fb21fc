/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in a token, which nobody has verified. */
#ifndef SVMS_CLI_TOKEN_PARTS_H
#define SVMS_CLI_TOKEN_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "exit_status.h"
#include "file.h"

typedef struct token_part {
    file_text bytes;   /* .bytes NULL: it is not base64url */
    json_t *json;      /* an object, or NULL: it is none, or says something twice */
    char problem[160]; /* why not; empty where all is well */
} token_part;

typedef struct token_parts {
    token_part header;
    token_part claims;
    size_t signature_size; /* bytes, as long as it is base64url */
    bool signature_is_text;
} token_parts;

/* Complains where a text does not have three parts, or has more bytes than a token may have. */
exit_status token_parts_read(token_parts *out, const file_text *token);
void token_parts_free(token_parts *parts);

/* A time of the claims, or SVMS_NO_TIME where there is none that can be written. */
int64_t token_parts_time(const token_parts *parts, const char *name);
/* A text of the claims, or NULL. */
const char *token_parts_text(const token_parts *parts, const char *name);

#endif
