/* SPDX-License-Identifier: Apache-2.0 */
/* What an Authorization field says: name and password (RFC 7617), or a token (RFC 6750). No I/O.
 * Passwords are compared by the caller, in constant time; what is kept of them is wiped by
 * web_basic_wipe(). */
#ifndef VMS_WEB_LOGIN_H
#define VMS_WEB_LOGIN_H

#include <stdbool.h>
#include <stddef.h>

#define WEB_NAME_MAX 64
#define WEB_PASSWORD_MAX 256

/* UTF-8 without control characters; neither is empty. */
typedef struct web_basic {
    char name[WEB_NAME_MAX + 1];
    char password[WEB_PASSWORD_MAX + 1];
} web_basic;

/* field is that of Authorization; NULL: there is none. false: it is no name with a password, and
 * nothing is in *out. */
bool web_basic_parse(web_basic *out, const char *field);
void web_basic_wipe(web_basic *basic);

/* The token within the field, or NULL: it has none. */
const char *web_bearer_of(const char *field, size_t *size);

#endif
