/* SPDX-License-Identifier: Apache-2.0 */
/* What a profile says (export-profile.md). */
#ifndef SVMS_PROFILE_RULES_H
#define SVMS_PROFILE_RULES_H

#include <stdbool.h>

#include <svms/profile.h>

#include "context_internal.h"

#define SVMS_PROFILE_OPTION_COUNT 20u
#define SVMS_PROFILE_FORMAT_COUNT 5u
#define SVMS_PROFILE_MAX_DEPTH 8u
/* Characters of its name, of at most four bytes. */
#define SVMS_PROFILE_MAX_NAME 64u
/* Entries of its lists. */
#define SVMS_PROFILE_MAX_ENTRIES 64u
#define SVMS_PROFILE_MAX_FOLDER 1024u
#define SVMS_PROFILE_MAX_PASSWORD 1024u
#define SVMS_PROFILE_CHARACTER_CLASSES 4u

/* Words that options take; SVMS_RULE_FREE is "optional" and "allowed". */
enum { SVMS_RULE_FREE = 0, SVMS_RULE_REQUIRED = 1, SVMS_RULE_FORBIDDEN = 2 };

typedef struct svms_profile_rule {
    bool present;
    bool locked;
    uint64_t value; /* a word, a number, or 0 and 1 */
} svms_profile_rule;

struct svms_profile {
    svms_ctx *ctx;
    char name[4 * SVMS_PROFILE_MAX_NAME + 1];
    svms_profile_rule rules[SVMS_PROFILE_OPTION_COUNT];
    uint32_t formats; /* bits */
    svms_profile_format first_format;
    uint32_t algorithms; /* bits of C-ALG-2 */
    char *destinations[SVMS_PROFILE_MAX_ENTRIES];
    size_t destination_count;
    uint8_t recipients[SVMS_PROFILE_MAX_ENTRIES][16];
    size_t recipient_count;
};

/* Names of the signature algorithms by their numbers (C-ALG-2); NULL behind the last and for 0. */
const char *svms_profile_algorithm_name(unsigned algorithm);
/* Holds the request against an option: true when the profile has a rule for it. */
const svms_profile_rule *svms_profile_rule_of(const svms_profile *profile,
                                              svms_profile_option option);
/* The request breaks a rule: SVMS_E_POLICY when it is locked, otherwise it is noted as unmet. */
SVMS_MUST_CHECK svms_status svms_profile_breach(const svms_profile *profile,
                                                svms_profile_request *request,
                                                svms_profile_option option, svms_error *err,
                                                const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Steps of svms_profile_apply(). */
SVMS_MUST_CHECK svms_status svms_profile_apply_destination(const svms_profile *profile,
                                                           svms_profile_request *request,
                                                           svms_error *err);
SVMS_MUST_CHECK svms_status svms_profile_apply_password(const svms_profile *profile,
                                                        svms_profile_request *request,
                                                        svms_error *err);

#endif
