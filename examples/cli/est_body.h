/* SPDX-License-Identifier: Apache-2.0 */
/* What enrolment carries in bodies and in the Authorization field: base64 (RFC 4648), and the name
 * and code of HTTP Basic (RFC 7617). No I/O. Specification: identity.md, I-ENR-6, I-ENR-18. */
#ifndef SVMS_CLI_EST_BODY_H
#define SVMS_CLI_EST_BODY_H

#include <stdbool.h>
#include <stddef.h>

/* Most bytes of a body. */
#define EST_BODY_MAX 65536
/* Most bytes of a name in HTTP Basic, without NUL. */
#define EST_NAME_MAX 256

/* Bytes that base64 of size bytes takes, in lines of 64 with their newlines, with NUL. */
size_t est_base64_room(size_t size);
/* Writes it; out has that room. Returns the length without NUL. */
size_t est_base64_encode(const void *data, size_t size, char *out);

/* Reads it; white space may stand anywhere. out has room for size / 4 * 3 + 3 bytes. */
bool est_base64_decode(const char *text, size_t size, unsigned char *out, size_t *used);

/* Who asks, and with what. Wipe it after use. */
typedef struct est_login {
    char name[EST_NAME_MAX + 1];
    char password[EST_NAME_MAX + 1];
} est_login;

/* The value of an Authorization field. A name may hold colons; a code holds none, so that the last
 * one parts them. */
bool est_login_parse(est_login *out, const char *value, size_t size);

#endif
