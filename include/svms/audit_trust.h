/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Whom somebody who reads or verifies an audit log believes: the log's first key, and witnesses.
 *
 * Specification: audit.md, A-EPO-1 and A-WIT-3.
 */
#ifndef SVMS_AUDIT_TRUST_H
#define SVMS_AUDIT_TRUST_H

#include <svms/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most witnesses. */
#define SVMS_AUDIT_WITNESSES_MAX 32

/** A witness. Start from ::SVMS_AUDIT_WITNESS_INIT. Since 0.1. */
typedef struct svms_audit_witness {
    uint32_t struct_size; /**< sizeof(svms_audit_witness); the same in all entries of a list. */
    uint32_t is_outside;  /**< 1: outside the control of who administers the log. */
    const char *key;      /**< Its verifier key, in text: NAME+ID+BASE64, of kind 0x04. */
} svms_audit_witness;

/** Initialiser of ::svms_audit_witness. */
#define SVMS_AUDIT_WITNESS_INIT                                                                    \
    {                                                                                              \
        (uint32_t)sizeof(svms_audit_witness), 0, NULL                                              \
    }

/** Whom to believe. Borrowed for the call. Start from ::SVMS_AUDIT_TRUST_INIT. Since 0.1. */
typedef struct svms_audit_trust {
    uint32_t struct_size; /**< sizeof(svms_audit_trust). */
    uint32_t quorum;      /**< How many witnesses must have cosigned; 0: they are not asked for. */
    const char *log_key;  /**< The text that svms_audit_log_create() gave. */
    const svms_audit_witness *witnesses; /**< The witnesses; each key once. With a quorum one at
                                              least is outside. */
    size_t witness_count;                /**< How many, at most ::SVMS_AUDIT_WITNESSES_MAX. */
} svms_audit_trust;

/** Initialiser of ::svms_audit_trust. */
#define SVMS_AUDIT_TRUST_INIT                                                                      \
    {                                                                                              \
        (uint32_t)sizeof(svms_audit_trust), 0, NULL, NULL, 0                                       \
    }

#ifdef __cplusplus
}
#endif

#endif
