/* SPDX-License-Identifier: Apache-2.0 */
/* Names of actions and patterns of them (policy.md, section 3). */
#ifndef SVMS_ACTION_H
#define SVMS_ACTION_H

#include "rule.h"

/* Actions of the table, and each of them with "approve." in front. */
#define SVMS_ACTIONS 86

/* An action that may be asked for. */
typedef struct svms_action {
    const char *name; /* as it was asked for */
    size_t size;
    size_t number;       /* below SVMS_ACTIONS; SVMS_ACTIONS: it is an integrator's own */
    bool may_be_of_one;  /* of a device */
    bool may_be_of_none; /* of the server */
    bool is_recorded;    /* it is about recorded time */
    bool is_taken_out;   /* formats and destinations concern it (R-RUL-6) */
    bool is_approval;
} svms_action;

/* "live.view", "live.*", "*"; false for what is none. */
bool svms_pattern_parse(svms_pattern *out, const char *text);
/* R-ACT-1: of the table, below approve., or below x. */
bool svms_action_find(svms_action *out, const char *name);
bool svms_action_is_known(const char *name);
/* Name of the action with a number below SVMS_ACTIONS. */
void svms_action_spell(size_t number, char out[SVMS_ACTION_MAX + 1]);
/* It covers no action that may be asked of the server. */
bool svms_pattern_is_on_devices(const svms_pattern *pattern);

#endif
