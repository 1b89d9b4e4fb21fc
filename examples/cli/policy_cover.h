/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a deny of a policy leaves anything of an allow (R-DEC-2: a deny overrides, wherever it
 * stands). */
#ifndef SVMS_CLI_POLICY_COVER_H
#define SVMS_CLI_POLICY_COVER_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#define COVER_DENIES_MAX 64

/* A deny, with what it is about as objects in which names are found. */
typedef struct cover_deny {
    const json_t *rule;
    json_t *roles;   /* NULL: everybody */
    json_t *devices; /* also those, and the groups, of the groups that it names */
} cover_deny;

/* Denies that apply whatever the circumstances, the first of them. */
typedef struct cover_denies {
    size_t count;
    cover_deny denies[COVER_DENIES_MAX];
} cover_denies;

/* The rule has no condition but subject, action and device. */
bool rule_is_unconditional(const json_t *rule);
bool rule_denies(const json_t *rule);

/* False when out of memory. */
bool cover_denies_find(cover_denies *out, const json_t *policy);
void cover_denies_free(cover_denies *denies);
/* One that denies whatever the rule allows, or NULL: then it may still be that several do. */
const json_t *cover_of(const cover_denies *denies, const json_t *rule);

#endif
