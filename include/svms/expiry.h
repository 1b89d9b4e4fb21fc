/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Warning before certificates expire: an inventory of those in use, and a callback in time.
 *
 * The inventory knows certificates by their fingerprints: a CA certificate below which ten thousand
 * devices stand is one entry, and is told of once. It has no clock and no thread of its own:
 * svms_expiry_check() is handed the time, and says when it wants to be called next.
 *
 * Specification: identity.md section "Expiry".
 */
#ifndef SVMS_EXPIRY_H
#define SVMS_EXPIRY_H

#include <svms/identity.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most bytes of a label, with the NUL. */
#define SVMS_EXPIRY_LABEL_SIZE 128
/** Most certificates, and most labels, of an inventory. */
#define SVMS_EXPIRY_MAX 65536
/** Most bytes of what svms_expiry_save() writes, without the NUL. */
#define SVMS_EXPIRY_TEXT_MAX ((size_t)8 * 1024 * 1024)

/** Opaque inventory; belongs to one thread at a time. */
typedef struct svms_expiry svms_expiry;

/** How near the end of a certificate is. */
typedef enum svms_expiry_stage {
    SVMS_EXPIRY_FINE = 0,         /**< More than 30 days are left. */
    SVMS_EXPIRY_30_DAYS = 1,      /**< At most 30 days are left. */
    SVMS_EXPIRY_14_DAYS = 2,      /**< At most 14 days are left. */
    SVMS_EXPIRY_7_DAYS = 3,       /**< At most 7 days are left. */
    SVMS_EXPIRY_1_DAY = 4,        /**< At most a day is left. */
    SVMS_EXPIRY_EXPIRED = 5,      /**< It has expired. */
    SVMS_EXPIRY_NOT_YET_VALID = 6 /**< It is not valid yet. */
} svms_expiry_stage;

/**
 * Name of a stage ("30 days", "expired"...), for people and logs.
 *
 * @param stage  a stage
 * @return a static string; "unknown" for values that are not listed
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_expiry_stage_name(svms_expiry_stage stage);

/**
 * How near its end a certificate is at a moment. A day has 24 hours; what is not valid yet is
 * ::SVMS_EXPIRY_NOT_YET_VALID, however short its period is.
 *
 * @param not_before_utc_ns  first valid moment
 * @param not_after_utc_ns   last valid moment; INT64_MAX, which stands for all dates that 64-bit
 *                           nanoseconds cannot hold, never comes
 * @param now_utc_ns         the moment
 * @return the stage
 *
 * Thread safety: any thread. Specification: I-EXP-1. Since 0.1.
 */
SVMS_API svms_expiry_stage svms_expiry_stage_at(int64_t not_before_utc_ns, int64_t not_after_utc_ns,
                                                int64_t now_utc_ns);

/** A certificate of the inventory. Start from ::SVMS_EXPIRY_ENTRY_INIT. Since 0.1. */
typedef struct svms_expiry_entry {
    uint32_t struct_size;    /**< sizeof(svms_expiry_entry). */
    svms_expiry_stage stage; /**< As of the last svms_expiry_check(). */
    uint32_t position;       /**< In the chain that @c label names: 0 is the leaf. */
    uint32_t uses;           /**< In how many chains of the inventory it stands. */
    int64_t left_ns;         /**< What is left of its life; negative when it has expired. INT64_MAX
                                  when its end never comes. */
    char label[SVMS_EXPIRY_LABEL_SIZE]; /**< What it is used for: of several labels the one that has
                                             used it longest. */
    svms_certificate_info certificate;  /**< What it says. */
} svms_expiry_entry;

/** Initialiser of ::svms_expiry_entry. */
#define SVMS_EXPIRY_ENTRY_INIT                                                                     \
    {                                                                                              \
        (uint32_t)sizeof(svms_expiry_entry), SVMS_EXPIRY_FINE, 0, 0, 0, { 0 },                     \
            SVMS_CERTIFICATE_INFO_INIT                                                             \
    }

/**
 * Hears that a certificate came nearer to its end.
 *
 * It must not use the inventory, but for svms_expiry_count(): everything else is ::SVMS_E_STATE
 * while it runs. An inventory that it releases nevertheless is gone when svms_expiry_check()
 * returns.
 *
 * @param user   as given to svms_expiry_new()
 * @param entry  the certificate and its stage; borrowed for the call
 * @return ::SVMS_OK: heard, this stage is not told again. Anything else: it could not be written
 *         down, say; the next svms_expiry_check() tells it again
 */
typedef svms_status (*svms_expiry_callback)(void *user, const svms_expiry_entry *entry);

/**
 * Make an empty inventory. Until its first svms_expiry_check() it takes the context's time for the
 * present one.
 *
 * @param[out] out  the inventory; release with svms_expiry_free()
 * @param ctx       context; must outlive the inventory
 * @param callback  hears of stages, or NULL: then nobody does, and nothing counts as told
 * @param user      passed to @p callback; borrowed
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           made
 * @retval SVMS_E_USAGE      @p out or @p ctx is NULL
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread. Specification: I-EXP-1 to I-EXP-11. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_expiry_new(svms_expiry **out, svms_ctx *ctx,
                                                     svms_expiry_callback callback, void *user,
                                                     svms_error *err);

/**
 * Release an inventory.
 *
 * @param expiry  address of the inventory; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use the inventory any more. Since 0.1.
 */
SVMS_API void svms_expiry_free(svms_expiry **expiry);

/**
 * Take all certificates of a chain into the inventory, in place of what had this label before.
 * Nothing is told here. A certificate that is there already, or was, keeps what was told of it.
 *
 * @param expiry    the inventory; unchanged when this fails
 * @param label     what the chain is used for, such as "hall-7 recorder" or "https"; UTF-8 of 1 to
 *                  127 bytes, no control characters; copied
 * @param chain     the chain; copied as far as needed
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           taken in
 * @retval SVMS_E_USAGE      an argument is NULL, or the label is none
 * @retval SVMS_E_STATE      a callback of this inventory is running
 * @retval SVMS_E_MALFORMED  the dates of a certificate cannot be read
 * @retval SVMS_E_LIMIT      more than ::SVMS_EXPIRY_MAX labels or certificates
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: the inventory belongs to one thread at a time. Specification: I-EXP-2, I-EXP-3,
 * I-EXP-7. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_expiry_watch(svms_expiry *expiry, const char *label,
                                                       const svms_chain *chain, svms_error *err);

/**
 * Take what has a label out of the inventory. What was told of its certificates is remembered, so
 * that they are not told anew when they come back, until they are 30 days past their ends.
 *
 * @param expiry    the inventory
 * @param label     the label
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       taken out
 * @retval SVMS_END      nothing has this label
 * @retval SVMS_E_USAGE  an argument is NULL
 * @retval SVMS_E_STATE  a callback of this inventory is running
 *
 * Thread safety: the inventory belongs to one thread at a time. Specification: I-EXP-7. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_expiry_forget(svms_expiry *expiry, const char *label,
                                                        svms_error *err);

/**
 * See how near the ends are, and call back for each certificate that has reached a stage of which
 * nothing was told yet, those that end first being told first. Of several stages that passed
 * meanwhile only the nearest one is told. A clock that goes back retells nothing.
 *
 * @param expiry            the inventory
 * @param now_utc_ns        present time
 * @param[out] next_utc_ns  when a certificate enters another stage: call again then, or earlier, or
 *                          when the clock was set; ::SVMS_NO_TIME: none ever will. Also written
 *                          when the callback failed. May be NULL
 * @param[out] err          why it failed, or NULL
 *
 * @retval SVMS_OK       everything that is new was told
 * @retval SVMS_E_USAGE  @p expiry is NULL, or the time is ::SVMS_NO_TIME
 * @retval SVMS_E_STATE  a callback of this inventory is running
 * @return else, the first failure that the callback gave; it was called for all the others, too
 *
 * Thread safety: the inventory belongs to one thread at a time. Specification: I-EXP-1, I-EXP-4 to
 * I-EXP-6. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_expiry_check(svms_expiry *expiry, int64_t now_utc_ns,
                                                       int64_t *next_utc_ns, svms_error *err);

/**
 * Number of certificates in the inventory, each counted once.
 *
 * @param expiry  the inventory, or NULL
 * @return their number; 0 for NULL
 *
 * Thread safety: the inventory belongs to one thread at a time. Since 0.1.
 */
SVMS_API size_t svms_expiry_count(const svms_expiry *expiry);

/**
 * One certificate of the inventory, the one that ends first being number 0.
 *
 * @param expiry    the inventory
 * @param index     its number, below svms_expiry_count()
 * @param[out] out  the certificate
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       here it is
 * @retval SVMS_END      there are not so many
 * @retval SVMS_E_USAGE  an argument is NULL, or of an unknown longer version
 * @retval SVMS_E_STATE  a callback of this inventory is running
 *
 * Thread safety: the inventory belongs to one thread at a time. Specification: I-EXP-8. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_expiry_get(const svms_expiry *expiry, size_t index,
                                                     svms_expiry_entry *out, svms_error *err);

/**
 * Write what was told already, so that a restart does not tell it again. Fingerprints, stages and
 * ends only: no labels and no names.
 *
 * @param expiry        the inventory
 * @param[out] out      receives the text and NUL; may be NULL when @p size holds 0
 * @param[in,out] size  capacity of @p out; receives the length without NUL, or, with
 *                      ::SVMS_E_LIMIT, the capacity needed
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           written
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_STATE      a callback of this inventory is running
 * @retval SVMS_E_LIMIT      @p out is too small
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: the inventory belongs to one thread at a time. Specification: I-EXP-9. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_expiry_save(const svms_expiry *expiry, char *out,
                                                      size_t *size, svms_error *err);

/**
 * Read what svms_expiry_save() wrote. What the inventory knows to be told stays told. What is not
 * in the inventory (yet) is kept for later: restore, then watch, then check.
 *
 * @param expiry    the inventory; unchanged when this fails
 * @param text      the text, not NUL-terminated
 * @param size      its bytes, at most ::SVMS_EXPIRY_TEXT_MAX
 * @param[out] err  why it failed, with the byte, or NULL
 *
 * @retval SVMS_OK            read
 * @retval SVMS_E_USAGE       an argument is NULL
 * @retval SVMS_E_STATE       a callback of this inventory is running
 * @retval SVMS_E_MALFORMED   not such a text, or a damaged one
 * @retval SVMS_E_TRUNCATED   its end is missing
 * @retval SVMS_E_UNSUPPORTED a text of another version
 * @retval SVMS_E_LIMIT       too many bytes, or more than ::SVMS_EXPIRY_MAX certificates
 * @retval SVMS_E_NO_MEMORY   the allocator failed
 * @retval SVMS_E_CRYPTO      the provider failed
 *
 * Thread safety: the inventory belongs to one thread at a time. Specification: I-EXP-9 to I-EXP-11.
 * Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_expiry_restore(svms_expiry *expiry, const char *text,
                                                         size_t size, svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
