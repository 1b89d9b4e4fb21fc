/* SPDX-License-Identifier: Apache-2.0 */
/* JSON values for what svms reports. Like Jansson's own makers these return NULL when out of
 * memory, and the caller's json_pack() passes that on. */
#ifndef SVMS_CLI_JSON_OUTPUT_H
#define SVMS_CLI_JSON_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "exit_status.h"

/* Text, or null for NULL; bytes that are not UTF-8 become question marks. */
json_t *json_text(const char *text);
/* RFC 3339 UTC, or null when it is not known. */
json_t *json_time(int64_t utc_ns);
/* Lower-case hexadecimal. */
json_t *json_hex(const uint8_t *bytes, size_t size);
/* A number, or null for UINT64_MAX, which stands for "none". */
json_t *json_place(uint64_t number);

/* Prints one object and a newline to standard output and releases it; NULL is out of memory. */
exit_status json_print(json_t *object);
/* The same on one line. */
exit_status json_print_line(json_t *object);

#endif
