/* SPDX-License-Identifier: Apache-2.0 */
/* A policy as decisions need it: everything that a name stands for has become bits, one for each
 * rule (R-DEC-8). */
#ifndef SVMS_POLICY_INTERNAL_H
#define SVMS_POLICY_INTERNAL_H

#include <svms/policy.h>

#include "rule_read.h"
#include "token_internal.h"

#define SVMS_POLICY_RULES 4096
#define SVMS_POLICY_WORDS (SVMS_POLICY_RULES / 64)
#define SVMS_POLICY_GROUPS 1024
#define SVMS_POLICY_ROLES 256
#define SVMS_POLICY_WINDOWS 256
#define SVMS_POLICY_ZONES 32
#define SVMS_POLICY_NAMES 65536 /* devices; subjects and claims of all roles */
#define SVMS_ROLE_WORDS (SVMS_POLICY_ROLES / 64)

/* A name, and what it belongs to. */
typedef struct svms_named {
    const char *name;
    uint32_t number;
} svms_named;

typedef struct svms_name_table {
    svms_named *entries; /* in order of their names, then numbers */
    size_t count;
} svms_name_table;

typedef struct svms_named_window {
    const char *name;
    svms_window window;
} svms_named_window;

struct svms_policy {
    svms_ctx *ctx;
    svms_json_document document; /* all texts are its own */
    uint64_t revision;
    const svms_zone *zone; /* of windows that name none */
    size_t zone_count;
    svms_zone *zones[SVMS_POLICY_ZONES + 1]; /* the first is UTC */
    size_t window_count;
    svms_named_window *windows;

    svms_name_table devices; /* number: their own place */
    svms_name_table groups;
    size_t group_words;
    uint64_t *groups_of; /* for each device, the groups that it is in, also by other groups */

    size_t role_count;
    svms_name_table roles;    /* number: their place in the policy */
    svms_name_table subjects; /* number: role */
    svms_name_table claims;

    size_t rule_count;
    size_t words; /* of one row of rules */
    svms_rule *rules;
    const char **ids;
    uint64_t *denying;      /* one row */
    uint64_t *action_rules; /* a row for each action of the table */
    uint64_t *role_rules;   /* a row for each role */
    uint64_t *everyone;     /* rules without roles */
    uint64_t *device_rules; /* a row for each device */
    uint64_t *any_device;   /* rules on all devices, which hold for those that nobody names, too */
};

/* First entry with a name; *count receives how many have it. NULL when there is none. */
const svms_named *svms_name_find(const svms_name_table *table, const char *name, size_t *count);
void svms_name_sort(svms_name_table *table);

/* Place of the lowest bit of a word that is not 0. */
static inline unsigned svms_bit_lowest(uint64_t word)
{
    return (unsigned)__builtin_ctzll(word);
}

static inline void svms_bit_set(uint64_t *row, size_t bit)
{
    row[bit / 64] |= UINT64_C(1) << (bit % 64);
}

static inline bool svms_bit_is_set(const uint64_t *row, size_t bit)
{
    return (row[bit / 64] >> (bit % 64) & 1u) != 0;
}

/* The steps of svms_policy_read(); what is wrong goes into the document, or *status. */
typedef struct svms_policy_job {
    svms_policy *policy;
    svms_json_node root;
    const svms_policy_options *options;
    svms_status status;
    svms_error *err;
} svms_policy_job;

void svms_policy_read_times(svms_policy_job *job);
void svms_policy_read_groups(svms_policy_job *job);
void svms_policy_read_roles(svms_policy_job *job);
void svms_policy_read_rules(svms_policy_job *job);
/* Rows of bits, once everything is read. */
void svms_policy_compile(svms_policy_job *job);
/* Memory that the job notes when it is lacking. */
void *svms_policy_room(svms_policy_job *job, size_t count, size_t size);
bool svms_policy_failed(const svms_policy_job *job);
/* Members of an object; refused when there are more. */
size_t svms_policy_members(const svms_json_node *node, size_t most);
/* An svms_rule_reader's zone, of which the user is the job: what a window names is read when it is
 * needed. */
const svms_zone *svms_policy_zone_needed(void *user, const svms_json_node *node, const char *name);
/* Refuses a member of an object for its name. */
void svms_name_refuse(const svms_json_node *node, const char *name, const char *what);
/* A zone that has been read, or NULL. */
const svms_zone *svms_policy_zone(const svms_policy *policy, const char *name);

#endif
