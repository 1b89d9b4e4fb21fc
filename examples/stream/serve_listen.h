/* SPDX-License-Identifier: Apache-2.0 */
/* The socket that clients connect to. */
#ifndef STREAM_SERVE_LISTEN_H
#define STREAM_SERVE_LISTEN_H

#include <stdbool.h>

/* "[2001:db8::1]:65535" and NUL. */
#define SERVE_LISTEN_TEXT 64

/* At "ADDRESS:PORT" or "[ADDRESS]:PORT", numbers only; port 0: the system chooses. interface: only
 * what arrives there is taken, also where somebody calls this address through another one; NULL:
 * any. address receives where it is. -1 with errno; EINVAL where the text is no address. */
int serve_listen(const char *text, const char *interface, char address[SERVE_LISTEN_TEXT]);

#endif
