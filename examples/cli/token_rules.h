/* SPDX-License-Identifier: Apache-2.0 */
/* Whom to believe, and what to demand of a token; from the command line. */
#ifndef SVMS_CLI_TOKEN_RULES_H
#define SVMS_CLI_TOKEN_RULES_H

#include <stdbool.h>

#include <svms/svms.h>

#include "exit_status.h"
#include "file.h"
#include "options.h"
#include "token_input.h"

typedef struct token_rules_options {
    text_list key_sets; /* --jwks */
    text_list issuers;  /* each belongs to one key set */
    text_list gateways; /* issuers of exchanged tokens */
    const char *audience;
    const char *certificate;
    const char *longest_life;
    const char *revocations;
    int64_t at_utc_ns;
    uint32_t skew_s;
    int profile; /* svms_token_profile */
    bool demand_binding;
    bool nbf_may_be_absent;
} token_rules_options;

#define TOKEN_RULES_OPTIONS_INIT                                                                   \
    {                                                                                              \
        .at_utc_ns = SVMS_NO_TIME, .skew_s = 60, .profile = SVMS_TOKEN_ACCESS                      \
    }

/* What the options are called in complaints: verify and exchange name them differently. */
typedef struct token_rules_names {
    const char *command;
    const char *audience;
    const char *issuer;
    const char *gateway;
    const char *longest_life;
} token_rules_names;

typedef struct token_judge {
    svms_token_verifier *verifier;
    svms_revocations *revocations;
    bool has_certificate;
    uint8_t certificate_sha256[TOKEN_DIGEST_SIZE];
    int64_t at_utc_ns;
} token_judge;

/* What --profile takes. */
extern const option_choice token_profiles[];

/* What can be known to be wrong before anything is read. */
exit_status token_rules_check(const token_rules_options *options, const token_rules_names *names);
/* Complains; release with token_judge_free() in any case. */
exit_status token_judge_make(token_judge *out, svms_ctx *ctx, const token_rules_options *options,
                             const token_rules_names *names);
/* EXIT_GOOD: *token holds. Else *verdict and err say why not; or, with verdict SVMS_TOKEN_GOOD, it
 * could not be found out, which is complained about. */
exit_status token_judge_ask(svms_token **token, const token_judge *judge, const file_text *text,
                            svms_token_verdict *verdict, svms_error *err);
void token_judge_free(token_judge *judge);
/* Adds what a file says to a list, or complains and leaves it as it was. */
exit_status token_revocations_merge(svms_revocations *list, const char *path);

#endif
