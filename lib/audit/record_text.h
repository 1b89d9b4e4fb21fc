/* SPDX-License-Identifier: Apache-2.0 */
/* Texts on their way into a record: bounded, and without what is secret (A-REC-2, A-REC-3). */
#ifndef SVMS_RECORD_TEXT_H
#define SVMS_RECORD_TEXT_H

#include "builder.h"

#define SVMS_RECORD_TEXT_MAX 1024u
#define SVMS_RECORD_DETAIL_MAX 4096u

/* NULL: nothing is put. What is longer is cut at a character. */
void svms_record_put_text(svms_builder *out, const char *name, const char *text, size_t most);
/* Small letters, digits and underscores. */
bool svms_record_is_member_name(const char *name);
/* What kind of secret a setting is; NULL: none. */
const char *svms_record_secret_kind(const char *setting, bool is_secret);

#endif
