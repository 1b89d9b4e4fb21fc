/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs of audit records behind a container (svms timestamp --audit-proof): whom to believe that
 * they attest a time. */
#ifndef SVMS_CLI_ATTEST_OPTIONS_H
#define SVMS_CLI_ATTEST_OPTIONS_H

#include <stddef.h>

#include "audit_trust_options.h"
#include "options.h"

/* Their part of a table of options; witnesses_ is the member of the request that they fill, an
 * audit_trust_options. */
#define ATTEST_OPTIONS(request, witnesses_)                                                        \
    { "log-key",                                                                                   \
      "KEY",                                                                                       \
      "key of an audit log whose witnesses attest times",                                          \
      OPTION_TEXT,                                                                                 \
      offsetof(request, witnesses_.key),                                                           \
      NULL,                                                                                        \
      0,                                                                                           \
      0 },                                                                                         \
        { "witness-key",                                                                           \
          "KEY",                                                                                   \
          "with --log-key: a witness that its administrator controls; repeatable",                 \
          OPTION_LIST,                                                                             \
          offsetof(request, witnesses_.witnesses),                                                 \
          NULL,                                                                                    \
          0,                                                                                       \
          0 },                                                                                     \
        { "outside-witness-key",                                                                   \
          "KEY",                                                                                   \
          "with --log-key: a witness that he does not control; repeatable",                        \
          OPTION_LIST,                                                                             \
          offsetof(request, witnesses_.outside),                                                   \
          NULL,                                                                                    \
          0,                                                                                       \
          0 },                                                                                     \
    {                                                                                              \
        "quorum", "K", "with --log-key: how many of them must have signed, one from outside",      \
            OPTION_COUNT, offsetof(request, witnesses_.quorum), NULL, 1, SVMS_AUDIT_WITNESSES_MAX  \
    }

typedef struct attest_means {
    audit_trust trust;
    svms_audit_attester by;
    svms_attester attester;
    bool is_given;
} attest_means;

/* Nothing is loaded where no log key was named; then nothing else may be named, and a log key needs
 * witnesses. Complains itself. out must stay where it is. */
exit_status attest_load(attest_means *out, svms_ctx *ctx, const audit_trust_options *options,
                        const char *command);
/* NULL where nobody was named. */
const svms_attester *attest_attester(const attest_means *means);

#endif
