/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to an enrolment server (RFC 7030), each over a connection of its own: bounded in size
 * and time, no redirection followed. Every function complains itself. Specification: identity.md,
 * I-ENR-4, I-ENR-20, I-ENR-21. */
#ifndef SVMS_CLI_EST_CLIENT_H
#define SVMS_CLI_EST_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include <svms/tls.h>

#include "exit_status.h"

#define EST_HOST_SIZE 256
#define EST_URL_SIZE 300

typedef struct est_url {
    char host[EST_HOST_SIZE]; /* without brackets */
    char port[6];
    char text[EST_URL_SIZE]; /* "https://HOST:PORT", for complaints and for keeping */
} est_url;

/* "https://HOST", "https://HOST:PORT", either with a slash behind; nothing else. */
exit_status est_url_parse(est_url *out, const char *text);

typedef struct est_call {
    const char *path;    /* "/.well-known/est/cacerts" */
    const char *request; /* DER of a certificate request in base64; NULL: nothing is posted */
    const char *name;    /* with the code: who asks; NULL: nobody says */
    const char *code;
    int status;   /* of the answer */
    char *answer; /* its body and a NUL; released by free() */
    size_t answer_size;
} est_call;

/* EXIT_GOOD: there is an answer with status 200. Otherwise the words of the refusal were passed on:
 * EXIT_POLICY where the server will not, EXIT_EVIDENCE where it is not who it should be. */
exit_status est_ask(const est_url *url, svms_tls_context *context, est_call *call);

/* The same for an answer that holds certificates; key as in svms_chain_from_pkcs7(). */
exit_status est_ask_chain(const est_url *url, svms_tls_context *context, est_call *call,
                          svms_ctx *ctx, const svms_private_key *key, svms_chain **out);

#endif
