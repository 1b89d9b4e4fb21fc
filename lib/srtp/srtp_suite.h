/* SPDX-License-Identifier: Apache-2.0 */
/* Suites, and keys before they are used (SR-KEY-1, SR-KEY-2). */
#ifndef SVMS_SRTP_SUITE_H
#define SVMS_SRTP_SUITE_H

#include <stdbool.h>

#include <svms/srtp.h>

/* NULL or of another version, no such suite, or an MKI that is too long: SVMS_E_USAGE. *out has
 * zeros behind key, salt and MKI; the caller wipes it, also after a failure. */
SVMS_MUST_CHECK svms_status svms_srtp_key_read(svms_srtp_key *out, const svms_srtp_key *key,
                                               svms_error *err);
/* Bytes of the tag. */
size_t svms_srtp_tag_size(svms_srtp_suite suite);
/* The tag is part of the ciphertext. */
bool svms_srtp_is_aead(svms_srtp_suite suite);

#endif
