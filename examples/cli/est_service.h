/* SPDX-License-Identifier: Apache-2.0 */
/* What an enrolment server answers, after EST (RFC 7030): certificates of the authority, enrolment
 * with a one-time code, renewal with the certificate that there is, revocation lists. Knows nothing
 * of sockets. Specification: identity.md, I-ENR-5 to I-ENR-15. */
#ifndef SVMS_CLI_EST_SERVICE_H
#define SVMS_CLI_EST_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <svms/svms.h>

#include "ca_folder.h"
#include "peer_tries.h"
#include "exit_status.h"
#include "file.h"
#include "http_service.h"

typedef struct est_service {
    ca_folder *folder; /* writable, its key open; borrowed */
    svms_ctx *ctx;     /* borrowed */
    bool json;         /* how it is logged */
    char *anchors;     /* body of the answer to cacerts */
    file_text list;    /* the newest revocation list, PEM */
    peer_tries codes;
    peer_tries addresses;
} est_service;

/* Complains itself. */
exit_status est_service_open(est_service *out, ca_folder *folder, bool json);
void est_service_close(est_service *service);

/* Takes up what others did in the folder: *changed says whether there is another list now. */
exit_status est_service_refresh(est_service *service, bool *changed);

/* Logs what happens to a connection; user is the est_service. */
void est_service_log(void *user, const char *what, const char *address, const char *words);

/* Answers, and logs what it did; user is the est_service. */
void est_service_answer(void *user, const http_question *question, http_answer *out);

#endif
