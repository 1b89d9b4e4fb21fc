/* SPDX-License-Identifier: Apache-2.0 */
/* Writing JSON (RFC 8259): compact, in the order of the calls, into a builder, whose
 * memory is the context's, bounded and wiped. */
#ifndef SVMS_JSON_PUT_H
#define SVMS_JSON_PUT_H

#include "builder.h"

/* Everything below puts a comma first where one is due. name NULL: an entry of an array. */
void svms_json_open(svms_builder *out, const char *name, char bracket);
void svms_json_close(svms_builder *out, char bracket);
/* Of the member whose value is put next, with name NULL; this name may be any text. */
void svms_json_put_name(svms_builder *out, const char *name);
/* JSON that is ready. */
void svms_json_put_raw(svms_builder *out, const char *name, const void *json, size_t size);
/* NULL gives null. What is not UTF-8 becomes U+FFFD. */
void svms_json_put_text(svms_builder *out, const char *name, const char *text);
void svms_json_put_number(svms_builder *out, const char *name, uint64_t number);
void svms_json_put_flag(svms_builder *out, const char *name, bool flag);
void svms_json_put_null(svms_builder *out, const char *name);
/* SVMS_NO_TIME, and what svms_time_parse() would not read, gives null. */
void svms_json_put_time(svms_builder *out, const char *name, int64_t utc_ns);
void svms_json_put_hex(svms_builder *out, const char *name, const uint8_t *bytes, size_t size);

#endif
