/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a gate: what they say, and whether they changed. */
#ifndef VMS_GATE_FILES_H
#define VMS_GATE_FILES_H

#include "gate.h"

typedef struct gate_rules gate_rules;

/* All or nothing; err names the file. */
svms_status gate_rules_read(gate_rules **out, const gate_options *options, svms_error *err);
/* In place of older ones: a policy must not be older, and what was revoked stays so. */
svms_status gate_rules_read_again(gate_rules **out, gate_rules *old, const gate_options *options,
                                  svms_error *err);
/* Whether a file is another one than the one that was read, or than the one that was tried since.
 */
bool gate_rules_changed(gate_rules *self);
svms_token_verifier *gate_rules_verifier(const gate_rules *self);
const svms_policy *gate_rules_policy(const gate_rules *self);
uint64_t gate_rules_revision(const gate_rules *self);
/* NULL and pointer to NULL are accepted. */
void gate_rules_free(gate_rules **self);

#endif
