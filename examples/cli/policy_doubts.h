/* SPDX-License-Identifier: Apache-2.0 */
/* What is valid in a policy and yet not what somebody can have meant. Each doubt is a fact that
 * stands in the policy alone; a policy without doubts can still be a bad one. */
#ifndef SVMS_CLI_POLICY_DOUBTS_H
#define SVMS_CLI_POLICY_DOUBTS_H

#include <jansson.h>

/* Grows while a policy is looked at; entries have severity, code, path, rule and message. */
typedef struct policy_doubts {
    const json_t *policy;
    json_t *list;
    size_t warnings; /* how many are surely mistakes; the others are notes */
    int out_of_memory;
} policy_doubts;

/* Fills out for a policy that the library has found good. 0, or -1 when out of memory; then list is
 * NULL. */
int policy_doubts_find(policy_doubts *out, const json_t *policy);
void policy_doubts_free(policy_doubts *doubts);

/* Adds one that is surely a mistake; rule NULL: it is not about a rule. */
void policy_doubts_warn(policy_doubts *doubts, const char *code, const char *rule, const char *path,
                        const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Adds one that may be meant. */
void policy_doubts_note(policy_doubts *doubts, const char *code, const char *rule, const char *path,
                        const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Those about rules. */
void policy_doubts_about_rules(policy_doubts *doubts);

#endif
