/* SPDX-License-Identifier: Apache-2.0 */
/* What a password looks like: its characters, their kinds, their repetition (login.md, L-PWD-8). */
#ifndef SVMS_PASSWORD_FORM_H
#define SVMS_PASSWORD_FORM_H

#include <svms/password.h>

#include "context_internal.h"

typedef struct svms_password_form {
    size_t characters; /* bytes, where it is no text */
    unsigned kinds;    /* of a-z, A-Z, 0-9, all others */
    bool is_text;
    bool repeats;
} svms_password_form;

/* size at most SVMS_PASSWORD_MAX. SVMS_E_NO_MEMORY alone. */
SVMS_MUST_CHECK svms_status svms_password_look(svms_password_form *out, svms_ctx *ctx,
                                               const void *password, size_t size, svms_error *err);
/* Does the name, or its part before an @, stand in it? A-Z and a-z are one; names of less than
 * three bytes never do. */
bool svms_password_holds_name(const char *name, const void *password, size_t size);

#endif
