/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Warning before certificates expire: an inventory of those in use, and a callback in time.
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

/** A certificate of the inventory. Start from ::SVMS_EXPIRY_ENTRY_INIT. Since 0.1. */
typedef struct svms_expiry_entry {
    uint32_t struct_size;    /**< sizeof(svms_expiry_entry). */
    svms_expiry_stage stage; /**< As of the last svms_expiry_check(). */
    uint32_t position;       /**< In its chain: 0 is the leaf. */
    uint32_t reserved;       /**< 0. */
    int64_t left_ns;         /**< What is left of its life; negative when it has expired. */
    char label[SVMS_EXPIRY_LABEL_SIZE]; /**< What it is used for. */
    svms_certificate_info certificate;  /**< What it says. */
} svms_expiry_entry;

/** Initialiser of ::svms_expiry_entry. */
#define SVMS_EXPIRY_ENTRY_INIT                                                                     \
    {                                                                                              \
        (uint32_t)sizeof(svms_expiry_entry), SVMS_EXPIRY_FINE, 0, 0, 0, { 0 },                     \
            SVMS_CERTIFICATE_INFO_INIT                                                             \
    }

/** Hears that a certificate came nearer to its end; each stage is told once. */
typedef void (*svms_expiry_callback)(void *user, const svms_expiry_entry *entry);

/** Make an empty inventory. @p callback may be NULL. */
SVMS_API SVMS_MUST_CHECK svms_status svms_expiry_new(svms_expiry **out, svms_ctx *ctx,
                                                     svms_expiry_callback callback, void *user,
                                                     svms_error *err);

/** Release an inventory. NULL and pointer to NULL are accepted; cleared. */
SVMS_API void svms_expiry_free(svms_expiry **expiry);

/**
 * Take all certificates of a chain into the inventory, in place of what had this label before. A
 * certificate that is there already keeps what was told of it.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_expiry_watch(svms_expiry *expiry, const char *label,
                                                       const svms_chain *chain, svms_error *err);

/** Take what has a label out of the inventory. */
SVMS_API SVMS_MUST_CHECK svms_status svms_expiry_forget(svms_expiry *expiry, const char *label,
                                                        svms_error *err);

/**
 * See how near the ends are, and call back for each certificate that has reached a new stage.
 *
 * @param expiry             the inventory
 * @param now_utc_ns         present time
 * @param[out] next_utc_ns   when the next stage is reached, or ::SVMS_NO_TIME; may be NULL
 * @param[out] err           why it failed, or NULL
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_expiry_check(svms_expiry *expiry, int64_t now_utc_ns,
                                                       int64_t *next_utc_ns, svms_error *err);

/** Number of certificates in the inventory. */
SVMS_API size_t svms_expiry_count(const svms_expiry *expiry);

/** One certificate of the inventory, the one that ends first being number 0. */
SVMS_API SVMS_MUST_CHECK svms_status svms_expiry_get(const svms_expiry *expiry, size_t index,
                                                     svms_expiry_entry *out, svms_error *err);

/** Write what was told already, so that a restart does not tell it again. Text and NUL. */
SVMS_API SVMS_MUST_CHECK svms_status svms_expiry_save(const svms_expiry *expiry, char *out,
                                                      size_t *size, svms_error *err);

/** Read what svms_expiry_save() wrote; what is not in the inventory (yet) is kept for later. */
SVMS_API SVMS_MUST_CHECK svms_status svms_expiry_restore(svms_expiry *expiry, const char *text,
                                                         size_t size, svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
