/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of WWW-Authenticate and Authorization (RFC 7235 section 2.1): schemes, and fields of
 * name and value. */
#ifndef SVMS_RTSP_AUTH_FIELDS_H
#define SVMS_RTSP_AUTH_FIELDS_H

#include "builder.h"
#include "text_piece.h"

/* What comes next in such a text. */
typedef enum svms_auth_next {
    SVMS_AUTH_END,
    SVMS_AUTH_SCHEME, /* a name that begins a challenge */
    SVMS_AUTH_FIELD,  /* name=value */
    SVMS_AUTH_BROKEN
} svms_auth_next;

typedef struct svms_auth_field {
    svms_text_piece name;
    svms_text_piece value; /* without quotes, escapes as they stand */
    bool quoted;
} svms_auth_field;

/* Takes the next scheme (its name in field->name) or field; lists are separated by commas. */
svms_auth_next svms_auth_next_field(svms_text_piece *rest, svms_auth_field *field);
/* Copies the value with its escapes undone, and NUL. False when it does not fit in capacity bytes,
 * or has control characters. */
bool svms_auth_field_copy(const svms_auth_field *field, char *out, size_t capacity);
/* Value of RFC 8187, "UTF-8''%c3%a4": decoded. False for other character sets. */
bool svms_auth_field_decode(const svms_auth_field *field, char *out, size_t capacity);

/* Appends name="value", with escapes. */
void svms_auth_put_quoted(svms_builder *out, const char *name, svms_text_piece value);
/* Appends name*=UTF-8''value. */
void svms_auth_put_encoded(svms_builder *out, const char *name, svms_text_piece value);

#endif
