/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * UTC times: int64_t nanoseconds since 1970-01-01T00:00:00Z, and their RFC 3339 text.
 */
#ifndef SVMS_TIME_H
#define SVMS_TIME_H

#include <svms/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Value that means "time not known". */
#define SVMS_NO_TIME INT64_MIN

/** Bytes that hold any formatted time with its NUL. */
#define SVMS_TIME_TEXT_SIZE 40

/**
 * Parse an RFC 3339 date-time ("2026-11-21T10:00:00.5Z", "...+02:00"; 'T' and 'Z' in either case).
 *
 * Digits after the ninth fractional one are refused; second 60 is read as the following second.
 *
 * @param[out] out  nanoseconds since the epoch
 * @param text      NUL-terminated text, nothing before or after the time
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           parsed
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_MALFORMED  not such a time, or outside years 1678 to 2261; err->offset names the
 * character
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_time_parse(int64_t *out, const char *text,
                                                     svms_error *err);

/**
 * Format a time as RFC 3339 UTC: milliseconds when the time is a whole number of them,
 * else nanoseconds ("2026-11-21T10:00:00.500Z").
 *
 * @param utc_ns    nanoseconds since the epoch; ::SVMS_NO_TIME gives "unknown"
 * @param[out] out  receives the text and its NUL
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API void svms_time_format(int64_t utc_ns, char out[SVMS_TIME_TEXT_SIZE]);

#ifdef __cplusplus
}
#endif

#endif
