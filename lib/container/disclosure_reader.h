/* SPDX-License-Identifier: Apache-2.0 */
/* How a reader comes by the secrets of tracks: by the content key, or by disclosures. */
#ifndef SVMS_DISCLOSURE_READER_H
#define SVMS_DISCLOSURE_READER_H

#include "disclosure.h"
#include "reader_internal.h"

/* Opens the access block with the ring; where nothing of it does, holds the ring's disclosures of
 * this container instead. SVMS_OK at once when there is no content key. */
SVMS_MUST_CHECK svms_status svms_reader_unlock(svms_reader *reader, const svms_keyring *ring,
                                               svms_error *err);
/* True when only disclosures open anything. */
bool svms_reader_is_disclosed(const svms_reader *reader);
/* T of a track in the current segment. SVMS_E_WRONG_KEY when it was not disclosed. */
SVMS_MUST_CHECK svms_status svms_reader_secret(const svms_reader *reader, uint8_t track,
                                               uint8_t out[SVMS_SECRET_SIZE], svms_error *err);
/* When the reader is closed. */
void svms_reader_forget_disclosures(svms_reader *reader);

#endif
