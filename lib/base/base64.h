/* SPDX-License-Identifier: Apache-2.0 */
/* base64url (RFC 7515, J-KEY-2) and base64 as hashed passwords have it (L-PWD-2), each in its one
 * strict spelling: no padding, no white space, no bits left over. */
#ifndef SVMS_BASE64_H
#define SVMS_BASE64_H

#include "builder.h"

/* Bytes that so many characters stand for; SIZE_MAX for a length that no text has. */
size_t svms_base64url_decoded_size(size_t characters);
/* Characters for so many bytes. */
size_t svms_base64url_encoded_size(size_t size);
/* Writes svms_base64url_decoded_size() bytes. False, with out wiped, for any other spelling. The
 * time it takes depends on the number of characters alone. */
bool svms_base64url_decode(const char *text, size_t characters, uint8_t *out);
/* The same for what is no secret: faster, and out holds anything where it gives false. */
bool svms_base64url_decode_public(const char *text, size_t characters, uint8_t *out);
/* The same with + and /. */
bool svms_base64_decode(const char *text, size_t characters, uint8_t *out);
/* The same with the padding of RFC 4648. *size is the room in out on entry, and how many bytes
 * there are on success. */
bool svms_base64_padded_decode(const char *text, size_t characters, uint8_t *out, size_t *size);
/* Bytes that so many characters stand for, padding included; SIZE_MAX for what no text is. */
size_t svms_base64_padded_size(const char *text, size_t characters);
/* Appends characters, without NUL. */
void svms_put_base64url(svms_builder *out, const void *data, size_t size);
/* The same with + and /. */
void svms_put_base64(svms_builder *out, const void *data, size_t size);
/* The same with the padding of RFC 4648. */
void svms_put_base64_padded(svms_builder *out, const void *data, size_t size);

#endif
