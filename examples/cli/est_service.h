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
#include "est_tries.h"
#include "exit_status.h"
#include "file.h"
#include "http_message.h"

typedef struct est_service {
    ca_folder *folder; /* writable, its key open; borrowed */
    svms_ctx *ctx;     /* borrowed */
    bool json;         /* how it is logged */
    char *anchors;     /* body of the answer to cacerts */
    file_text list;    /* the newest revocation list, PEM */
    est_tries codes;
    est_tries addresses;
} est_service;

typedef struct est_question {
    const http_head *head;
    const char *body;
    size_t body_size;
    const svms_chain *peer;     /* chain of a client that showed one and is trusted, or NULL */
    const char *address;        /* for the log */
    const uint8_t *address_key; /* EST_TRIES_KEY_SIZE bytes: whom to slow down */
    uint64_t now_ms;            /* monotonic */
} est_question;

typedef struct est_answer {
    http_status status;
    const char *type;
    bool base64;       /* says so in Content-Transfer-Encoding */
    bool challenge;    /* asks for name and code */
    const char *allow; /* methods, where another one was used */
    char *body;        /* released by free() */
    size_t body_size;
    uint32_t delay_ms; /* to wait before it is sent */
} est_answer;

/* Complains itself. */
exit_status est_service_open(est_service *out, ca_folder *folder, bool json);
void est_service_close(est_service *service);

/* Takes up what others did in the folder: *changed says whether there is another list now. */
exit_status est_service_refresh(est_service *service, bool *changed);

/* Answers, and logs what it did. */
void est_service_answer(est_service *service, const est_question *question, est_answer *out);

/* An answer that is words alone. */
void est_answer_words(est_answer *out, http_status status, const char *words);

#endif
