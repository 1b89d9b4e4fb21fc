/* SPDX-License-Identifier: Apache-2.0 */
/* Reading rules and rights from JSON. */
#ifndef SVMS_RULE_READ_H
#define SVMS_RULE_READ_H

#include "rule.h"

/* What names in a rule may stand for, and where its lists are kept. */
typedef struct svms_rule_reader {
    svms_ctx *ctx;
    bool is_right; /* of a token: what is not known is a condition, not a mistake (R-RUL-1) */
    /* Not in rights, whose zones are those of the policy that they meet: the zone that a window
     * names, NULL: the usual one. What is none is refused by it. */
    const svms_zone *(*zone)(void *user, const svms_json_node *node, const char *name);
    /* A window by name; false when there is none. NULL in tokens. */
    bool (*window)(void *user, const char *name, svms_window *out);
    void *user;
    svms_status status; /* SVMS_E_NO_MEMORY; what is wrong with the text goes into its document */
} svms_rule_reader;

/* Clears *out where it fails. */
void svms_rule_read(svms_rule_reader *reader, const svms_json_node *node, svms_rule *out);
void svms_window_read(svms_rule_reader *reader, const svms_json_node *node, svms_window *out);
void svms_rule_clear(svms_ctx *ctx, svms_rule *rule);
/* Nothing in it is unknown here. */
bool svms_rule_is_clear(const svms_rule *rule);
/* Refuses entry n of a list, with its place. */
void svms_entry_refuse(const svms_json_node *node, const char *member, size_t n, const char *what);
/* Words of a list, or NULL for what is none of them. */
const char *svms_client_word(unsigned kind);
const char *svms_form_word(unsigned form);
const char *svms_obligation_word(unsigned bit);
/* 1 to 64 of a-z 0-9 _ . -; R-POL-2. */
bool svms_name_is_fit(const char *name);

#endif
