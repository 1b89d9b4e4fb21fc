/* SPDX-License-Identifier: Apache-2.0 */
/* A proof that is made beside a clear file. Every function complains itself. */
#ifndef SVMS_CLI_PROOF_MAKER_H
#define SVMS_CLI_PROOF_MAKER_H

#include <stdbool.h>

#include <svms/svms.h>

#include "exit_status.h"
#include "export_inputs.h"
#include "link_stamp.h"
#include "private_file.h"
#include "progress.h"

/* Who signs, whom to believe, and what the case says. */
typedef struct proof_options {
    const char *signer;
    const char *signer_key;
    const char *trust_path;
    const char *crl_path;
    const char *anchors_path; /* of time stamp authorities */
    const char *tsa;
    const char *case_number;
    const char *operator_name;
    const char *reason;
    const char *comment;
    const char *note;
    const char *audit_reference;
    bool claimed_time;
} proof_options;

typedef struct proof_maker {
    svms_ctx *ctx;
    const proof_options *options;
    const char *profile; /* name of the profile that was applied, or NULL; borrowed */
    svms_private_key *key;
    svms_chain *chain;
    svms_trust *trust;
    svms_trust *stamp_trust;
    link_stamp stamp;
    private_file file;
    svms_sink sink;
    svms_export *package;
    svms_export_result result;
    progress bar;
    bool doubtful; /* a source is not all that was asked for, which was said */
    bool open;     /* of a source all is asked for, without beginning or end */
} proof_maker;

/* Keys, certificates and trust; profiles want to know them before anything is made. */
exit_status proof_maker_load(proof_maker *out, svms_ctx *ctx, const proof_options *options);
/* path: of the proof, borrowed. */
exit_status proof_maker_begin(proof_maker *maker, const char *path);
/* what: keys, period, removed tracks, presented sample; all else is filled in. */
exit_status proof_maker_add(proof_maker *maker, const export_input *input,
                            const svms_export_source *what, svms_export_period *period);
/* The clear file is complete, at path: signs. Then both are compared, as a receiver will. */
exit_status proof_maker_finish(proof_maker *maker, const char *path,
                               const svms_export_presentation *presentation);
/* The clear file and its proof, both or none of them. */
exit_status proof_maker_publish(proof_maker *maker, private_file *media, bool replace);
/* In every case. */
void proof_maker_discard(proof_maker *maker);

/* Last part of a path. */
const char *proof_file_name(const char *path);

#endif
