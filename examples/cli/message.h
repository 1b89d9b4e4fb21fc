/* SPDX-License-Identifier: Apache-2.0 */
/* Everything svms says goes through here: what comes from files (names, subjects) is made
 * harmless for a terminal first, and of addresses (rtsp://user:secret@host) no secrets are shown.
 */
#ifndef SVMS_CLI_MESSAGE_H
#define SVMS_CLI_MESSAGE_H

#include <stdio.h>

#include <svms/svms.h>

#include "exit_status.h"

/* One line to a stream. */
void print_line(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "svms: ..." to standard error. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "svms: <what>: <message of the error, with its place>"; returns the exit status for it,
 * which is that of a failure also where the error says none. */
exit_status complain_error(const svms_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "svms: <what>: <text of os_error>"; returns EXIT_ENVIRONMENT. */
exit_status complain_system(int os_error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Of UTF-8 text, replaces control characters and what makes text look like another one: marks of
 * direction, line separators, what has no width. */
void text_disarm(char *text, char replacement);

exit_status exit_status_of(svms_status status);

#endif
