/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * One signature for the manifests of many writers.
 *
 * A TPM signs some ten times a second; a recorder with a thousand cameras ends a thousand segments
 * in that time. Writers that share a batch hand their manifests to it and go on; when the batch is
 * signed, each stores the one signature with a proof that its manifest is in it.
 */
#ifndef SVMS_BATCH_H
#define SVMS_BATCH_H

#include <svms/identity.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Opaque: signs the manifests of many writers with one signature. Shared by their threads. */
typedef struct svms_batch svms_batch;

/**
 * Make a batch.
 *
 * Writers that name it in svms_writer_options.batch must sign with the same key, certificate and
 * role. Their manifests are signed whenever svms_batch_sign() is called, about once a second, and
 * by a writer that cannot wait any longer.
 *
 * @param[out] out      the batch; release with svms_batch_free()
 * @param ctx           context; must outlive the batch
 * @param signer_key    key of the chain's leaf; must outlive the batch
 * @param signer_chain  who signs; must outlive the batch
 * @param role          ::SVMS_ROLE_RECORDER or ::SVMS_ROLE_CAMERA
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK             made
 * @retval SVMS_E_USAGE        an argument is NULL, or the role is another
 * @retval SVMS_E_UNSUPPORTED  a key that cannot sign
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread. Specification: C-SIG-3. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_batch_new(svms_batch **out, svms_ctx *ctx,
                                                    const svms_private_key *signer_key,
                                                    const svms_chain *signer_chain, svms_role role,
                                                    svms_error *err);

/**
 * Sign everything that has been submitted since the last time.
 *
 * Waits for the signature. When it fails, the writers whose manifests were in it fail as well.
 *
 * @param batch       the batch
 * @param[out] count  manifests that this signature covers, or NULL
 * @param[out] err    why it failed, or NULL
 *
 * @retval SVMS_OK           signed; also when nothing was submitted
 * @retval SVMS_E_USAGE      @p batch is NULL
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider or the signer failed
 * @return otherwise what a signer behind callbacks answered
 *
 * Thread safety: any thread, at any time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_batch_sign(svms_batch *batch, uint64_t *count,
                                                     svms_error *err);

/**
 * Release a batch. The writers that use it must be gone.
 *
 * @param batch  address of the batch; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use the batch any more. Since 0.1.
 */
SVMS_API void svms_batch_free(svms_batch **batch);

#ifdef __cplusplus
}
#endif

#endif
