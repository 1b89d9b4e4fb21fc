/* SPDX-License-Identifier: Apache-2.0 */
/* What recovery takes out of the journal (A-JRN-3), and the records about it. */
#ifndef SVMS_LOG_ASIDE_H
#define SVMS_LOG_ASIDE_H

#include "log_internal.h"

/* "quarantine/0123456789abcdef-01234567": number of records before it, and of its digest. */
#define SVMS_LOG_ASIDE_FOLDER "quarantine"
#define SVMS_LOG_ASIDE_NAME_SIZE 48u
#define SVMS_LOG_ASIDE_DIGITS 8u

void svms_log_aside_name(uint64_t before, const uint8_t sha256[SVMS_DIGEST_SIZE],
                         char out[SVMS_LOG_ASIDE_NAME_SIZE]);
/* Of such a name its last part; digits: within it. False: it is none. */
bool svms_log_aside_parse(const char *name, uint64_t *before, const char **digits);

/* As many as one opening tells; more than one are there where it was interrupted. */
#define SVMS_LOG_ASIDE_MOST 16u
typedef struct svms_log_aside {
    svms_audit_record *record[SVMS_LOG_ASIDE_MOST];
    size_t count;
} svms_log_aside;

/* Records about what was put aside where the log ends now. Whatever the status, who asked frees
 * what is in out. */
SVMS_MUST_CHECK svms_status svms_log_find_aside(svms_audit_log *log, svms_log_aside *out,
                                                svms_error *err);
void svms_log_aside_clear(svms_log_aside *aside);

#endif
