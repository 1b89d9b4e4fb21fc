/* SPDX-License-Identifier: Apache-2.0 */
/* Filling svms_error. Every function here returns the status it was given, so that a
 * failing function can end with "return svms_fail(...)". err may always be NULL. */
#ifndef SVMS_FAILURE_H
#define SVMS_FAILURE_H

#include <stdbool.h>

#include <svms/status.h>

svms_status svms_fail(svms_error *err, svms_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
svms_status svms_fail_at(svms_error *err, svms_status status, uint64_t offset, const char *format,
                         ...) __attribute__((format(printf, 4, 5)));
svms_status svms_fail_io(svms_error *err, int os_error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
svms_status svms_fail_io_at(svms_error *err, int os_error, uint64_t offset, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* "cannot <verb> <path>: <reason>", where NULL stands for the text of os_error; a long path is
 * shortened at its front, so that the reason always fits. */
svms_status svms_fail_path(svms_error *err, svms_status status, int os_error, const char *verb,
                           const char *path, const char *reason);
/* Passes on a failure that was caught in an svms_error of its own, with all that is known of it. */
svms_status svms_fail_as(svms_error *err, svms_status status, const svms_error *cause);
/* "out of memory" */
svms_status svms_fail_memory(svms_error *err);
/* "<what>: <reason>", as in "cannot sign: ..."; takes the reason from OpenSSL's error queue and
 * clears the queue. SVMS_E_CRYPTO, or SVMS_E_NO_MEMORY when that is the reason. */
svms_status svms_fail_crypto(svms_error *err, const char *what);
/* True when OpenSSL's error queue says that memory ran out: then what looks like bad input may
 * be none, and svms_fail_crypto is the right answer. */
bool svms_crypto_starved(void);
/* Adds the segment to an error that was already filled, unless it names one already. */
void svms_fail_in_segment(svms_error *err, uint64_t segment);

#endif
