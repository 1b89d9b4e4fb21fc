/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Time stamps behind a closed container.
 *
 * A trailer attests that the whole container, and every trailer before it, existed at a time. So a
 * container can be stamped again before the certificate of an authority expires.
 */
#ifndef SVMS_TRAILER_H
#define SVMS_TRAILER_H

#include <svms/container.h>
#include <svms/timestamp.h>
#include <svms/verify.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * What a time stamp for a whole container must stamp: ask for it with svms_timestamp_query().
 *
 * The signature of the end record and the trailers before are checked, the segments are not: verify
 * the container before it is stamped.
 *
 * @param ctx          context
 * @param source       bytes of the container; borrowed
 * @param[out] digest  SHA-256 from the end record on, over all trailers that are there
 * @param[out] err     why it failed, or NULL
 *
 * @retval SVMS_OK               found
 * @retval SVMS_E_USAGE          an argument is NULL
 * @retval SVMS_E_INCOMPLETE     the container is open
 * @retval SVMS_E_NOT_AUTHENTIC  the end record or a trailer is wrong
 * @retval SVMS_E_LIMIT          it has 65,536 trailers
 * @return otherwise as svms_reader_open()
 *
 * Thread safety: any thread. Specification: C-TRL-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_trailer_digest(svms_ctx *ctx, const svms_source *source,
                                                         uint8_t digest[32], svms_error *err);

/**
 * Append a time stamp to a closed container.
 *
 * Nothing that is there is changed; only what an interrupted call left behind the last whole
 * trailer is cut off first. When it is interrupted, the container is as before, with unattested
 * bytes behind it.
 *
 * @param ctx       context
 * @param store     the container; borrowed
 * @param token     DER of the TimeStampToken for what svms_trailer_digest() gave; its imprint is
 *                  compared, its signature is not checked
 * @param size      its bytes, at most ::SVMS_TIMESTAMP_TOKEN_MAX
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK               appended and durable
 * @retval SVMS_E_USAGE          an argument is NULL or out of range
 * @retval SVMS_E_MALFORMED      the token is none
 * @retval SVMS_E_UNSUPPORTED    it uses an algorithm or extension that is not known here
 * @retval SVMS_E_NOT_AUTHENTIC  it stamps something else; or as svms_trailer_digest()
 * @retval SVMS_E_STATE          something must be cut off, and the store cannot
 * @retval SVMS_E_IO             the store failed
 * @return otherwise as svms_trailer_digest()
 *
 * Thread safety: any thread; one change at a time for each container. Specification: C-TRL. Since
 * 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_trailer_append(svms_ctx *ctx, const svms_store *store,
                                                         const void *token, size_t size,
                                                         svms_error *err);

/** Most bytes of a proof behind a container. */
#define SVMS_TRAILER_PROOF_MAX 16777216u

/**
 * Append a proof of an audit record to a closed container: the record `recording.head` that names
 * what svms_trailer_digest() gave (C-TRL-5).
 *
 * As svms_trailer_append(); but that the proof attests something is shown first, by an attester.
 *
 * @param ctx       context
 * @param store     the container; borrowed
 * @param proof     the proof, as svms_audit_prove() gives it, without a NUL
 * @param size      its bytes, at most ::SVMS_TRAILER_PROOF_MAX
 * @param attester  who judges it, by the keys of the log and its witnesses
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       appended and durable
 * @retval SVMS_E_USAGE  an argument is NULL or out of range
 * @return what the attester found, or as svms_trailer_append()
 *
 * Thread safety: any thread; one change at a time for each container. Specification: C-TRL. Since
 * 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_trailer_append_proof(svms_ctx *ctx,
                                                               const svms_store *store,
                                                               const void *proof, size_t size,
                                                               const svms_attester *attester,
                                                               svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
