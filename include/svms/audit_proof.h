/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Proofs about audit logs: of one record, of growth, and the verification of a whole log.
 *
 * Specification: audit.md, section 7.
 */
#ifndef SVMS_AUDIT_PROOF_H
#define SVMS_AUDIT_PROOF_H

#include <svms/audit_log.h>
#include <svms/audit_read.h>
#include <svms/audit_trust.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most bytes of a proof, with a NUL. Most proofs have a few KiB. */
#define SVMS_AUDIT_PROOF_MAX 16777217

/**
 * Prove a record: its bytes, its place, and what leads from there to a signed checkpoint. Where the
 * newest cosigned checkpoint has the record, the proof leads to that one.
 *
 * @param reader        the log
 * @param index         which record
 * @param[out] out      receives the proof, text with a NUL; NULL with a *size of 0 asks for the
 *                      size
 * @param[in,out] size  capacity of out; receives the length without NUL
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK               proven
 * @retval SVMS_E_USAGE          an argument is NULL, or no published checkpoint has such a record
 * @retval SVMS_E_STATE          the record was pruned
 * @retval SVMS_E_LIMIT          out is too small; *size is the capacity that it needs
 * @retval SVMS_E_IO             the folder failed
 * @retval SVMS_E_NOT_AUTHENTIC  the log's files are not those of its checkpoint
 * @retval SVMS_E_MALFORMED      a file of the log is none
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_CRYPTO         the provider failed
 *
 * Thread safety: the reader belongs to one thread at a time. Specification: A-PRF-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_prove(svms_audit_reader *reader, uint64_t index,
                                                      char *out, size_t *size, svms_error *err);

/** What a proof shows. Start from ::SVMS_AUDIT_PROVEN_INIT. Since 0.1. */
typedef struct svms_audit_proven {
    uint32_t struct_size;    /**< sizeof(svms_audit_proven). */
    uint32_t witnessed;      /**< How many of the witnesses cosigned the checkpoint. */
    uint64_t index;          /**< Number of the record. */
    uint64_t size;           /**< Records in the log when the checkpoint was signed. */
    uint64_t epoch;          /**< Number of the key that signed it. */
    int64_t attested_utc_ns; /**< By then the record was there, as witnesses attest (A-WIT-3);
                                  ::SVMS_NO_TIME: no witnesses were asked for. */
    const uint8_t *record;   /**< The record. */
    size_t record_size;      /**< Its bytes. */
    uint8_t root[32];        /**< Root of the log at that size. */
    svms_ctx *ctx;           /**< Whose memory the record is; the library's. */
} svms_audit_proven;

/** Initialiser of ::svms_audit_proven. */
#define SVMS_AUDIT_PROVEN_INIT                                                                     \
    {                                                                                              \
        (uint32_t)sizeof(svms_audit_proven), 0, 0, 0, 0, INT64_MIN, NULL, 0, { 0 }, NULL           \
    }

/**
 * Verify a proof of a record, with nothing but itself and the log's first key.
 *
 * @param[out] out  what it shows; release with svms_audit_proven_clear(); cleared on failure
 * @param ctx       context; must outlive out
 * @param trust     whom to believe
 * @param text      the proof
 * @param size      its bytes
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK               the record is in the log, and as many witnesses as asked for say so
 * @retval SVMS_E_USAGE          an argument is NULL; the trust is none that can be met
 * @retval SVMS_E_MALFORMED      it is no proof
 * @retval SVMS_E_TRUNCATED      it ends too early
 * @retval SVMS_E_LIMIT          it is larger than proofs are
 * @retval SVMS_E_UNSUPPORTED    it is of a later version
 * @retval SVMS_E_NOT_AUTHENTIC  it does not show that; a signature does not verify, or is not of
 *                               the log's key of that time
 * @retval SVMS_E_UNTRUSTED      it does, but too few witnesses have cosigned
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_CRYPTO         the provider failed
 *
 * Thread safety: any thread. Specification: A-PRF-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_proof_verify(svms_audit_proven *out, svms_ctx *ctx,
                                                             const svms_audit_trust *trust,
                                                             const void *text, size_t size,
                                                             svms_error *err);

/** By whom svms_audit_attest() judges. Borrowed for each call. Start from
 * ::SVMS_AUDIT_ATTESTER_INIT. Since 0.1. */
typedef struct svms_audit_attester {
    uint32_t struct_size;          /**< sizeof(svms_audit_attester). */
    uint32_t reserved;             /**< 0. */
    svms_ctx *ctx;                 /**< Context. */
    const svms_audit_trust *trust; /**< Whom to believe; with a quorum: only witnesses attest. */
} svms_audit_attester;

/** Initialiser of ::svms_audit_attester: nobody. */
#define SVMS_AUDIT_ATTESTER_INIT                                                                   \
    {                                                                                              \
        (uint32_t)sizeof(svms_audit_attester), 0, NULL, NULL                                       \
    }

/**
 * When did a container exist, by the proof of an audit record about it? For
 * svms_attester::attest, of which it has the form.
 *
 * @param user                  an ::svms_audit_attester
 * @param proof                 the proof
 * @param size                  its bytes
 * @param digest                SHA-256 that the record must name as `end`
 * @param[out] attested_utc_ns  when witnesses attest that the record was there
 * @param[out] by               origin of the log, and how many witnesses, in words
 * @param[out] err              why it attests nothing, or NULL
 *
 * @retval SVMS_OK               it existed then
 * @retval SVMS_E_USAGE          an argument is NULL, or no witnesses are asked for
 * @retval SVMS_E_NOT_AUTHENTIC  the record is about something else, or no `recording.head`;
 *                               otherwise as in svms_audit_proof_verify()
 *
 * Otherwise as in svms_audit_proof_verify().
 *
 * Thread safety: any thread. Specification: C-TRL-5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_attest(void *user, const void *proof, size_t size,
                                                       const uint8_t digest[32],
                                                       int64_t *attested_utc_ns, char by[256],
                                                       svms_error *err);

/**
 * Release what a proof showed.
 *
 * @param proven  what was filled; NULL and an already cleared one are accepted
 *
 * Thread safety: no other thread may use it any more. Since 0.1.
 */
SVMS_API void svms_audit_proven_clear(svms_audit_proven *proven);

/**
 * Prove that a log only grew since it had some size.
 *
 * @param reader        the log
 * @param from          how many records it had, at most as many as its newest checkpoint has
 * @param[out] out      receives the proof, text with a NUL; NULL with a *size of 0 asks for the
 *                      size
 * @param[in,out] size  capacity of out; receives the length without NUL
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK  proven; otherwise as in svms_audit_prove()
 *
 * Thread safety: the reader belongs to one thread at a time. Specification: A-PRF-5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_prove_growth(svms_audit_reader *reader,
                                                             uint64_t from, char *out, size_t *size,
                                                             svms_error *err);

/**
 * Verify that a log only grew since somebody kept a checkpoint of it.
 *
 * @param[out] out   size, root and epoch of the larger log; its member published is the size of the
 *                   smaller one
 * @param ctx        context
 * @param trust      whom to believe
 * @param kept       the checkpoint that was kept: a signed note
 * @param kept_size  its bytes
 * @param text       the proof
 * @param size       its bytes
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK               the log only grew
 * @retval SVMS_E_NOT_AUTHENTIC  the proof does not show that; where both checkpoints are signed by
 *                               the log they prove, together, that it was forked or rewritten
 * @retval SVMS_E_USAGE          an argument is NULL; the trust is none that can be met; the proof
 *                               leads from another size than that of the kept checkpoint
 * @retval SVMS_E_UNTRUSTED      too few witnesses have cosigned the larger one
 *
 * Otherwise as in svms_audit_proof_verify().
 *
 * Thread safety: any thread. Specification: A-PRF-3, A-PRF-5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_growth_verify(svms_audit_head *out, svms_ctx *ctx,
                                                              const svms_audit_trust *trust,
                                                              const void *kept, size_t kept_size,
                                                              const void *text, size_t size,
                                                              svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
