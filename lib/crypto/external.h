/* SPDX-License-Identifier: Apache-2.0 */
/* The one who keeps a key behind callbacks, and what was asked of him. He is shared by the key, by
 * engines, and by every request that is not over; the last of them releases him. Any thread. */
#ifndef SVMS_EXTERNAL_H
#define SVMS_EXTERNAL_H

#include <svms/external_key.h>

#include "context_internal.h"

typedef struct svms_external svms_external;
/* The library's side of a request, whatever is requested. */
typedef struct svms_key_request svms_key_request;

/* Both with one reference; the structs are read with svms_options_read. */
SVMS_MUST_CHECK svms_status svms_external_from_signer(svms_external **out, svms_ctx *ctx,
                                                      const svms_signer *signer, svms_error *err);
SVMS_MUST_CHECK svms_status svms_external_from_unwrapper(svms_external **out, svms_ctx *ctx,
                                                         const svms_unwrapper *unwrapper,
                                                         svms_error *err);
svms_external *svms_external_hold(svms_external *external);
void svms_external_drop(svms_external **external);
/* Undoes the making when nothing was asked yet: release is not called. */
void svms_external_discard(svms_external **external);
/* Otherwise he decrypts. */
bool svms_external_signs(const svms_external *external);

/* Copies the message and its digest, and asks for a signature of at most capacity bytes. message's
 * struct_size need not be set. */
SVMS_MUST_CHECK svms_status svms_key_request_signature(svms_key_request **out,
                                                       svms_external *external,
                                                       const svms_sign_message *message,
                                                       size_t capacity, svms_error *err);
bool svms_key_request_is_done(svms_key_request *request);
/* Returns when it is done. */
void svms_key_request_wait(svms_key_request *request);
/* Only when it is done: the outcome, and on success the result, borrowed until the drop. */
SVMS_MUST_CHECK svms_status svms_key_request_result(svms_key_request *request,
                                                    const uint8_t **result, size_t *size,
                                                    svms_error *err);
/* What was asked to be signed, as long as the request is there. */
const svms_sign_message *svms_key_request_message(const svms_key_request *request);
/* The library wants it no more; wipes what it holds, now or when it is completed. */
void svms_key_request_drop(svms_key_request **request);

/* Asks and waits. output receives message->output_size bytes; message's struct_size need not be
 * set. */
SVMS_MUST_CHECK svms_status svms_external_unwrap(svms_external *external,
                                                 const svms_unwrap_message *message,
                                                 uint8_t *output, svms_error *err);

#endif
