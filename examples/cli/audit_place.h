/* SPDX-License-Identifier: Apache-2.0 */
/* Where records go: into a log that this process holds, or to the process that holds it. Every
 * function complains itself. */
#ifndef SVMS_CLI_AUDIT_PLACE_H
#define SVMS_CLI_AUDIT_PLACE_H

#include <stdint.h>

#include <svms/svms.h>

#include "exit_status.h"

/* Most bytes of a name of this machine, with the NUL. */
#define AUDIT_SERVER_SIZE 256

typedef struct audit_place audit_place;

typedef struct audit_place_options {
    const char *path;   /* of the folder of a log, or of the socket of its holder */
    const char *server; /* on which server records tell to be made; NULL: this machine */
    uint32_t epoch_s;   /* how long a key signs; 0: the library's default */
} audit_place_options;

/* Takes the log, or connects; so that a log that cannot be written is found before anything else
 * is done. */
exit_status audit_place_open(audit_place **out, svms_ctx *ctx, const audit_place_options *options);

/* Durable when this returns. first receives the number of the first one, UINT64_MAX where it is not
 * known; NULL is accepted. */
exit_status audit_place_append(audit_place *place, const svms_iovec *records, size_t count,
                               uint64_t *first);

/* What is due once a second; nothing where somebody else holds the log. A failure is told once. */
exit_status audit_place_tend(audit_place *place);

/* The log that this process holds; NULL where somebody else does. */
svms_audit_log *audit_place_log(audit_place *place);

/* Opens a log, does something to it that only its holder may (verb: "prunes it"), and closes it. */
exit_status audit_place_act(const audit_place_options *options, const char *verb,
                            exit_status (*act)(const void *request, svms_audit_log *log),
                            const void *request);

/* NULL and a pointer to NULL are accepted; cleared. */
exit_status audit_place_close(audit_place **place);

/* The name of this machine. */
void audit_place_server(char out[AUDIT_SERVER_SIZE]);

/* Opens the folder of a log, to be read. */
exit_status audit_place_folder(svms_folder *out, svms_ctx *ctx, const char *path);

#endif
