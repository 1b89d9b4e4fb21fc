/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords come from a file or from the terminal, never from an argument. */
#ifndef SVMS_CLI_PASSWORD_H
#define SVMS_CLI_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

#include "exit_status.h"

#define MAX_PASSWORD_SIZE 1024

typedef struct password {
    char text[MAX_PASSWORD_SIZE + 1];
    size_t size; /* 0: none */
} password;

/* The first line of a file. */
exit_status password_from_file(password *out, const char *path);

/* Asked for on the terminal, without echo; twice, if it is a new one. */
exit_status password_from_terminal(password *out, const char *question, bool twice);

bool password_terminal_exists(void);

void password_wipe(password *secret);

#endif
