/* SPDX-License-Identifier: Apache-2.0 */
/* Who may what on a server: tokens are judged, questions decided, and what is refused is on the
 * record. Key sets, policy and revocations are files, read again when they change; what cannot be
 * used does not replace what is in force. Any thread. */
#ifndef VMS_GATE_H
#define VMS_GATE_H

#include <svms/svms.h>

#include "auditor.h"
#include "service.h"

typedef struct gate gate;

#define GATE_ISSUERS_MAX SVMS_TOKEN_ISSUERS
#define GATE_NAME_SIZE 257
#define GATE_RANGES_MAX 64

/* Somebody whose tokens are believed. */
typedef struct gate_issuer {
    const char *name;  /* `iss` */
    const char *keys;  /* file: JWKS */
    bool is_exchanger; /* a gateway, that asks in other people's place */
} gate_issuer;

typedef struct gate_options {
    svms_ctx *ctx; /* borrowed, as all of these */
    service *service;
    auditor *auditor;     /* NULL: nobody is told */
    const char *audience; /* who this server is: `aud` */
    const gate_issuer *issuers;
    size_t issuer_count;
    const char *policy;      /* file */
    const char *revocations; /* file, which may be absent as long as nothing was revoked; or NULL */
    uint32_t longest_life_s; /* of tokens; 0: the library's default */
    bool demand_binding;     /* only tokens that are bound to the client's certificate */
    uint32_t obligations;    /* what this server can keep; others make its answer no */
} gate_options;

/* All files must be good at first. */
svms_status gate_open(gate **out, const gate_options *options, svms_error *err);
/* Looks whether files changed; about once a second, by one thread. true: others are in force now,
 * so that what was allowed before is to be asked again. */
bool gate_tend(gate *self);
/* NULL and pointer to NULL are accepted; nobody may have a pass any more. */
void gate_close(gate **self);

/* Who asks, as he showed himself. */
typedef struct gate_asker {
    const char *token; /* bytes, need not end with NUL */
    size_t token_size;
    const svms_chain *certificate; /* that the client showed in TLS and is trusted, or NULL */
    const char *address;           /* without port */
    const char *client;            /* what it says it is, or NULL */
    svms_client_kind kind;
} gate_asker;

/* Somebody whose token held when he came. One thread at a time. */
typedef struct gate_pass gate_pass;

/* SVMS_OK and a pass; or why not, with the verdict for the record: the client is told no more than
 * that it is not let in. Refusals are on the record (token.refuse). */
svms_status gate_admit(gate_pass **out, gate *self, const gate_asker *asker,
                       svms_token_verdict *verdict, svms_error *err);
const char *gate_pass_subject(const gate_pass *pass);
/* When its token ends. */
int64_t gate_pass_expires(const gate_pass *pass);
/* Puts the actor into an event; the texts belong to the pass. */
void gate_pass_name(const gate_pass *pass, svms_audit_event *event);
/* NULL and pointer to NULL are accepted. */
void gate_pass_free(gate_pass **pass);

typedef struct gate_answer {
    bool is_allowed; /* in the ranges, where a range was asked about */
    svms_access_reason reason;
    uint32_t obligations;       /* all of them are among those that the server can keep */
    int64_t valid_until_utc_ns; /* ask again by then */
    svms_time_range ranges[GATE_RANGES_MAX];
    size_t range_count;
    char rule[GATE_NAME_SIZE]; /* of the policy, for the record; or empty */
    const char *words;         /* what may be told to who asked */
} gate_answer;

/* May this one do this now? address and client kind of the question are those of the pass. A token
 * that was revoked since, or keys that are gone, are a no (SVMS_ACCESS_NO_TOKEN). Anything but
 * SVMS_OK: it could not be decided, which is a no as well. */
svms_status gate_ask(gate *self, gate_pass *pass, const svms_access_question *question,
                     gate_answer *out, svms_error *err);
/* Records a no as the event that was refused (audit.md, A-EVT-2). */
void gate_tell_no(gate *self, const gate_pass *pass, const char *event,
                  const svms_access_question *question, const gate_answer *answer);

#endif
