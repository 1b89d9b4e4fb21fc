/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Verification of a whole audit log.
 *
 * Specification: audit.md, A-PRF-4.
 */
#ifndef SVMS_AUDIT_CHECK_H
#define SVMS_AUDIT_CHECK_H

#include <svms/audit_trust.h>
#include <svms/folder.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Record number that means "no particular record". */
#define SVMS_NO_RECORD UINT64_MAX

/** What is wrong with a log. */
typedef enum svms_audit_flaw {
    SVMS_AUDIT_FLAW_NONE = 0,        /**< Nothing. */
    SVMS_AUDIT_FLAW_KEY = 1,         /**< The file "log" is not what the verifier was told. */
    SVMS_AUDIT_FLAW_EPOCHS = 2,      /**< A handover of keys does not hold. */
    SVMS_AUDIT_FLAW_CHECKPOINT = 3,  /**< A checkpoint is none, or not of the log's key. */
    SVMS_AUDIT_FLAW_ROOT = 4,        /**< The records are not those that were signed. */
    SVMS_AUDIT_FLAW_RECORD = 5,      /**< A record is not what was signed. */
    SVMS_AUDIT_FLAW_TILE = 6,        /**< A tile is not what was signed; it is derived, and the
                                          records are judged without it. */
    SVMS_AUDIT_FLAW_MISSING = 7,     /**< Something that must be there is not. */
    SVMS_AUDIT_FLAW_JOURNAL = 8,     /**< The journal is not what was signed. */
    SVMS_AUDIT_FLAW_PRUNED = 9,      /**< Records are gone that nobody announced to prune, or that
                                          were to stay. */
    SVMS_AUDIT_FLAW_OLDER = 10,      /**< Others have seen more records than there are: the log was
                                          cut back, or is an older copy. */
    SVMS_AUDIT_FLAW_FORK = 11,       /**< Others have seen other records. */
    SVMS_AUDIT_FLAW_WITNESSES = 12,  /**< Too few witnesses have cosigned. */
    SVMS_AUDIT_FLAW_QUARANTINE = 13, /**< What recovery put aside was changed. */
    SVMS_AUDIT_FLAW_UNREADABLE = 14, /**< A file cannot be read: nobody can say what is in it. */
    SVMS_AUDIT_FLAW_TORN = 15, /**< The journal ends within a group, behind all that is known to be
                                    acknowledged: so a crash leaves it. No fault. */
    SVMS_AUDIT_FLAW_OLD_KEY = 16, /**< The private key of an earlier epoch is still there. No fault
                                       of the records. */
    SVMS_AUDIT_FLAW_INDEX = 17,   /**< The index does not fit the records: queries can miss some. */
    SVMS_AUDIT_FLAW_ASIDE = 18 /**< What recovery put aside is not there any more. No fault of the
                                    records: it never was one. */
} svms_audit_flaw;

/**
 * Name of a flaw, for programs, such as "record".
 *
 * @param flaw  any value
 * @return a static string; "unknown" for values that are not listed
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_audit_flaw_name(svms_audit_flaw flaw);

/** One thing that is wrong. */
typedef struct svms_audit_flaw_found {
    uint32_t struct_size; /**< sizeof(svms_audit_flaw_found). */
    svms_audit_flaw flaw; /**< What. */
    svms_status status;   /**< How bad it is: ::SVMS_E_NOT_AUTHENTIC, ::SVMS_E_IO (cannot be read),
                               ::SVMS_E_UNTRUSTED (witnesses), ::SVMS_OK (worth telling). */
    int os_error;         /**< Why it cannot be read, or 0. */
    uint64_t record;      /**< First record that it is about, or ::SVMS_NO_RECORD. */
    uint64_t count;       /**< How many, at least. */
    char words[244];      /**< In words. */
} svms_audit_flaw_found;

/** How a log is verified. Start from ::SVMS_AUDIT_CHECK_OPTIONS_INIT. Since 0.1. */
typedef struct svms_audit_check_options {
    uint32_t struct_size;    /**< sizeof(svms_audit_check_options). */
    uint32_t stops_at_first; /**< 1: ends with the first thing that makes the log not authentic. */
    const void *kept;        /**< A checkpoint that somebody kept (a signed note), or NULL. It is
                                  taken for true. */
    size_t kept_size;        /**< Its bytes. */
    void *user;              /**< Passed to the callbacks. */
    /** Progress in records, now and then; a result other than 0 cancels. Optional. */
    int (*progress)(void *user, uint64_t done, uint64_t total);
    /** Each flaw as it is found. Optional. */
    void (*found)(void *user, const svms_audit_flaw_found *flaw);
} svms_audit_check_options;

/** Initialiser of ::svms_audit_check_options. */
#define SVMS_AUDIT_CHECK_OPTIONS_INIT                                                              \
    {                                                                                              \
        (uint32_t)sizeof(svms_audit_check_options), 0, NULL, 0, NULL, NULL, NULL                   \
    }

/** What verifying a log showed. Start from ::SVMS_AUDIT_REPORT_INIT. Since 0.1. */
typedef struct svms_audit_report {
    uint32_t struct_size;        /**< sizeof(svms_audit_report). */
    uint32_t is_key_given;       /**< 0: nobody told the log's key; it was believed what it says of
                                      itself. */
    uint64_t size;               /**< Records in the log, the journal's included. */
    uint64_t published;          /**< Those that the newest checkpoint in tiles has. */
    uint64_t epochs;             /**< Handovers of keys that hold. */
    uint64_t checked;            /**< Records that were there, hashed, and right. */
    uint64_t pruned;             /**< Records that are gone as announced. */
    uint64_t flaws;              /**< How many were found, those worth telling only not counted. */
    uint64_t unreadable;         /**< How many files cannot be read. */
    uint64_t stamps;             /**< Time stamps that are there; they are not verified here. */
    uint64_t first_wrong;        /**< First record that is wrong, or that nothing shows to be right;
                                      ::SVMS_NO_RECORD: none. */
    int64_t last_right_utc_ns;   /**< What the last right record before it tells as its time, or
                                      ::SVMS_NO_TIME. */
    uint64_t witnessed_size;     /**< Records that the newest cosigned checkpoint has; 0: there is
                                      none. */
    int64_t attested_utc_ns;     /**< Since when these are attested (A-WIT-3), or ::SVMS_NO_TIME. */
    uint32_t witnessed;          /**< How many witnesses cosigned it. */
    uint32_t reserved;           /**< 0. */
    uint8_t root[32];            /**< Root of the tree at size. */
    svms_audit_flaw_found first; /**< The first thing that makes it not authentic; where there is
                                      none, the first that could not be read. */
} svms_audit_report;

/** Initialiser of ::svms_audit_report. */
#define SVMS_AUDIT_REPORT_INIT                                                                     \
    {                                                                                              \
        (uint32_t)sizeof(svms_audit_report), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, { 0 },   \
        {                                                                                          \
            0, SVMS_AUDIT_FLAW_NONE, SVMS_OK, 0, 0, 0,                                             \
            {                                                                                      \
                0                                                                                  \
            }                                                                                      \
        }                                                                                          \
    }

/**
 * Verify a whole log: every record, tile, handover of keys, checkpoint; the journal; what was
 * pruned. It may be appended to meanwhile. Memory is bounded at any length. Of a log of
 * 8,192 records and more a thread of the library's own reads ahead: it calls the folder and the
 * context's allocator, and has ended when this returns. The callbacks of the options are called by
 * the caller's thread.
 *
 * @param ctx         context
 * @param folder      the log
 * @param trust       whom to believe; NULL: the key that the folder itself names, which shows only
 *                    that the log is at one with itself
 * @param options     how, or NULL
 * @param[out] out    what was found; filled with the first four results below
 * @param[out] err    why it failed, or NULL
 *
 * @retval SVMS_OK               all is there, and as it was signed
 * @retval SVMS_E_NOT_AUTHENTIC  something was changed, or is missing
 * @retval SVMS_E_IO             something could not be read, and all the rest is right
 * @retval SVMS_E_UNTRUSTED      all is right, and too few witnesses have cosigned
 * @retval SVMS_E_USAGE          an argument is NULL; the trust is none that can be met; the kept
 *                               checkpoint is none; no report
 * @retval SVMS_E_UNSUPPORTED    it is of a later version; no report
 * @retval SVMS_E_CANCELLED      the progress callback asked for it; no report
 * @retval SVMS_E_NO_MEMORY      the allocator failed; no report
 * @retval SVMS_E_CRYPTO         the provider failed; no report
 *
 * Thread safety: any thread. Specification: A-PRF-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_check(svms_ctx *ctx, const svms_folder *folder,
                                                      const svms_audit_trust *trust,
                                                      const svms_audit_check_options *options,
                                                      svms_audit_report *out, svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
