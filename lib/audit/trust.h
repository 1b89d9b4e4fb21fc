/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a verifier believes, taken apart; and who of them has cosigned a checkpoint (A-WIT-3). */
#ifndef SVMS_TRUST_H
#define SVMS_TRUST_H

#include <svms/audit_trust.h>
#include <svms/folder.h>

#include "note.h"

typedef struct svms_trusted_witness {
    svms_note_key key;
    bool is_outside;
} svms_trusted_witness;

typedef struct svms_trusted {
    svms_ctx *ctx;
    svms_note_key log_key;
    svms_trusted_witness *witness;
    size_t count;
    uint32_t quorum;
} svms_trusted;

/* SVMS_E_USAGE: nobody could ever meet what is asked for, or a key is none. After any outcome
 * svms_trusted_clear() may be called. */
SVMS_MUST_CHECK svms_status svms_trusted_read(svms_trusted *out, svms_ctx *ctx,
                                              const svms_audit_trust *given, svms_error *err);
/* Who is told nothing believes what the file "log" of the folder says, and no witnesses. */
SVMS_MUST_CHECK svms_status svms_trusted_from_folder(svms_trusted *out, svms_ctx *ctx,
                                                     const svms_folder *folder, svms_error *err);
void svms_trusted_clear(svms_trusted *trusted);

typedef struct svms_witnessed {
    uint32_t count;    /* witnesses that cosigned */
    bool is_met;       /* as many as were asked for, one of them outside; true where none were */
    int64_t at_utc_ns; /* since when it was so; SVMS_NO_TIME: no witnesses were asked for, or too
                          few cosigned */
} svms_witnessed;

/* SVMS_OK whether it is met or not; SVMS_E_NOT_AUTHENTIC: a cosignature of a witness that is known
 * does not verify. */
SVMS_MUST_CHECK svms_status svms_trusted_count(const svms_trusted *trusted, const svms_note *note,
                                               svms_witnessed *out, svms_error *err);

#endif
