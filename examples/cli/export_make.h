/* SPDX-License-Identifier: Apache-2.0 */
/* svms export create, once its command line is understood. */
#ifndef SVMS_CLI_EXPORT_MAKE_H
#define SVMS_CLI_EXPORT_MAKE_H

#include <stdbool.h>

#include <svms/svms.h>

#include "attest_options.h"
#include "audit_trail.h"
#include "exit_status.h"
#include "export_attachments.h"
#include "options.h"
#include "recipient_set.h"
#include "source_keys.h"

#define EXPORT_CREATE "export create"

typedef struct export_request {
    operand_list sources;
    const char *output;
    typed_inputs typed;
    int64_t from_utc_ns;
    int64_t to_utc_ns;
    text_list devices;
    text_list without_tracks;
    source_key_options source_keys;
    recipient_options people;
    attachment_options attachments;
    const char *signer;
    const char *signer_key;
    const char *trust_path;
    const char *crl_path;
    const char *anchors_path;
    audit_trust_options witnesses;
    const char *tsa;
    const char *case_number;
    const char *operator_name;
    const char *reason;
    const char *comment;
    const char *note;
    const char *audit_reference;
    const char *profile_path;
    const char *audit;
    bool claimed_time;
    bool no_reexport;
    bool include_unverified;
    bool unsealed;
    bool no_check;
    bool force;
    bool json;
    bool quiet;
} export_request;

/* Everything that says how a package is made, loaded. */
typedef struct export_means {
    svms_private_key *key;
    svms_chain *chain;
    svms_trust *trust;
    svms_trust *stamp_trust;
    attest_means witnesses;
    source_keys keys;
    recipient_set people;
    attachment_list *attachments;
    audit_trail *trail; /* NULL: nothing is told */
    char *profile;      /* name of the profile that was applied, or NULL */
    char *output;       /* where the profile has it, or NULL */
} export_means;

exit_status export_make(const export_request *request, svms_ctx *ctx, const export_means *means);

#endif
