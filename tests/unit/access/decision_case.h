/* SPDX-License-Identifier: Apache-2.0 */
/* Policies, tokens and questions that are written in JSON (decisions.json says how). */
#ifndef TEST_DECISION_CASE_H
#define TEST_DECISION_CASE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <jansson.h>

#include <svms/policy.h>

#define CASE_RANGES 4096

/* An allocator that counts, and fails once where it is told to. */
typedef struct counting_allocator {
    size_t failing; /* 0: none */
    size_t count;   /* asked for since this was last set to 0 */
    size_t live;
} counting_allocator;

typedef struct decision_world {
    counting_allocator allocator;
    svms_ctx *ctx;
    svms_private_key *key;
    svms_replay *replay;
    svms_token_verifier *verifiers[SVMS_TOKEN_APPROVING + 1];
} decision_world;

int world_open(void **state);
int world_close(void **state);

int64_t case_time(const char *text);
/* Fails the test with the library's words. */
svms_policy *case_policy(decision_world *w, const json_t *policy);
/* NULL where it is null. Good for an hour from the time of verifying, unless it says otherwise. */
svms_token *case_token(decision_world *w, const json_t *token, int64_t now_ns);
/* Borrows its texts. */
svms_access_question case_question(const json_t *ask);
/* Members of two objects, the second over the first. */
json_t *case_join(const json_t *below, const json_t *above);

#endif
