/* SPDX-License-Identifier: Apache-2.0 */
/* One rule of a policy, or one right of a token (policy.md, section 2): what it is about, and its
 * conditions. */
#ifndef SVMS_RULE_H
#define SVMS_RULE_H

#include "json_read.h"
#include "pattern.h"
#include "time_window.h"

#define SVMS_RULE_ACTIONS 64
#define SVMS_RULE_WINDOWS 32
#define SVMS_RULE_WORDS 64 /* tokens may know more of them than we do */
#define SVMS_RULE_NETWORKS 64
#define SVMS_RULE_DEVICES 65536
#define SVMS_RULE_METHODS 8
#define SVMS_RULE_LISTS 8
#define SVMS_RULE_DESTINATIONS 32
#define SVMS_ACTION_MAX SVMS_PATTERN_MAX
#define SVMS_NAME_MAX 64
#define SVMS_ANY_AGE UINT32_MAX

typedef struct svms_network {
    uint8_t address[16]; /* IPv4: ::ffff:a.b.c.d */
    uint8_t bits;        /* 0 to 128 */
} svms_network;

typedef struct svms_method_list {
    size_t count;
    const char *methods[SVMS_RULE_METHODS];
} svms_method_list;

/* Which conditions there are, in the order of policy.md, section 2. */
enum {
    SVMS_COND_DEVICES = 1u << 0, /* never noted in a rule: each has it */
    SVMS_COND_WHEN = 1u << 1,
    SVMS_COND_RECORDED = 1u << 2,
    SVMS_COND_AGE = 1u << 3,
    SVMS_COND_CLIENTS = 1u << 4,
    SVMS_COND_NETWORKS = 1u << 5,
    SVMS_COND_METHODS = 1u << 6,
    SVMS_COND_FORMATS = 1u << 7,
    SVMS_COND_DESTINATIONS = 1u << 8,
    SVMS_COND_SECOND = 1u << 9,
    SVMS_COND_UNKNOWN = 1u << 10, /* one that nobody here knows (R-RUL-1) */
    SVMS_COND_TIMED = SVMS_COND_RECORDED | SVMS_COND_AGE
};

/* The texts belong to the document that the rule was read from. */
typedef struct svms_rule {
    const char *id; /* rights: NULL */
    bool denies;
    unsigned conditions;
    unsigned unclear; /* conditions of which a list holds an entry that nobody here knows */
    size_t action_count;
    svms_pattern *actions;
    bool all_devices;
    size_t device_count;
    const char **devices; /* ids, and group:NAME */
    size_t when_count;
    svms_window *when;
    size_t recorded_count;
    svms_window *recorded;
    uint32_t max_age_s;
    uint32_t clients; /* bits 1 << svms_client_kind */
    size_t network_count;
    svms_network *networks;
    size_t list_count;
    svms_method_list *lists;
    uint32_t formats; /* bits 1 << svms_export_form */
    size_t destination_count;
    const char **destinations;
    size_t second_count;
    svms_pattern *second;
    uint32_t obligations;
} svms_rule;

#endif
