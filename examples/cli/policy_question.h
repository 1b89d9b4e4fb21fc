/* SPDX-License-Identifier: Apache-2.0 */
/* One question about a policy, as svms policy decide and svms policy explain take it. */
#ifndef SVMS_CLI_POLICY_QUESTION_H
#define SVMS_CLI_POLICY_QUESTION_H

#include <svms/svms.h>

#include "options.h"
#include "policy_as_if.h"
#include "policy_file.h"
#include "token_rules.h"

typedef struct question_request {
    const char *command; /* "policy decide" */
    const char *path;
    const char *action;
    const char *device;
    const char *token_path; /* "-": standard input; NULL: as_if */
    token_rules_options verification;
    as_if who;
    int client;
    int format;
    const char *address;
    const char *destination;
    int64_t at_utc_ns;
    int64_t from_utc_ns;
    int64_t to_utc_ns;
    bool approved;
    bool json;
} question_request;

/* What is needed to ask. */
typedef struct asked_question {
    const question_request *request;
    svms_ctx *ctx;
    policy_file policy;
    svms_token *token;
    svms_access_question question; /* now_utc_ns is a time */
} asked_question;

/* Reads a command line; PARSE_WRONG after a complaint. */
parse_result question_parse(question_request *out, const char *command, const char *summary,
                            int count, char **arguments);

/* Reads the policy and the token; complains itself. The policy's zone is that of
 * policy_time_words() from then on. Release also after a failure. */
exit_status question_open(asked_question *out, const question_request *request);
void question_close(asked_question *asked);

/* The moment a decision holds until, or SVMS_NO_TIME where only the login of an "as if" ends it. */
int64_t question_limit(const asked_question *asked, int64_t valid_until_utc_ns);

/* Who asked, about what, and when, for people. */
void question_print(const asked_question *asked);
/* The same for programs: an object, or NULL when out of memory. */
json_t *question_json(const asked_question *asked);

#endif
