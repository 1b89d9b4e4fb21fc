/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Who can decrypt a container: looking at its recipients, and changing them.
 *
 * Media and signatures are not touched. Removing a recipient keeps him from opening the container
 * from now on; what he has copied before, and a content key that he has unwrapped before, stay his.
 */
#ifndef SVMS_RECIPIENTS_H
#define SVMS_RECIPIENTS_H

#include <svms/container.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How a recipient opens a container; values are those of C-ACC-6. */
typedef enum svms_recipient_kind {
    SVMS_RECIPIENT_PASSWORD = 1, /**< By password. */
    SVMS_RECIPIENT_X25519 = 2,   /**< By an X25519 key. */
    SVMS_RECIPIENT_P256 = 3,     /**< By a P-256 key. */
    SVMS_RECIPIENT_RSA = 4,      /**< By an RSA key. */
    SVMS_RECIPIENT_KEK = 5,      /**< By a key-encryption key. */
    SVMS_RECIPIENT_XWING = 6     /**< By an X-Wing key, which this version cannot use. */
} svms_recipient_kind;

/** Most recipients of a container. */
#define SVMS_MAX_RECIPIENTS 64

/** One recipient. */
typedef struct svms_recipient {
    uint32_t
        kind; /**< An ::svms_recipient_kind, or another number that this version does not know. */
    uint32_t size;      /**< Bytes of its stanza. */
    uint8_t key_id[16]; /**< First bytes of the hash of the public key, or id of the key-encryption
                           key; zeros for a password. */
} svms_recipient;

/** The recipients of a container. Start from ::SVMS_RECIPIENT_LIST_INIT. Since 0.1. */
typedef struct svms_recipient_list {
    uint32_t struct_size;    /**< sizeof(svms_recipient_list). */
    uint32_t count;          /**< Entries of recipients. */
    uint64_t revision;       /**< Of the access block; 0: it has no valid slot. */
    uint64_t other_revision; /**< Of the other slot, which an older copy of the software or a thief
                                may still use; 0: empty or damaged. */
    uint32_t
        other_differs; /**< 1: the other slot still names recipients that this list does not. */
    uint32_t damaged;  /**< Damaged slots, 0 to 2. */
    uint32_t authenticated; /**< 1: a key that was given shows that somebody with the content key
                               wrote the list. */
    uint32_t slot_size;     /**< Bytes of a slot. */
    uint32_t slot_used;     /**< Bytes of it that are in use. */
    uint32_t officer_lost; /**< 1: a key officer signed the other, older slot, and nobody signed the
                              list that counts. */
    uint32_t reserved;     /**< 0. */
    svms_identity_verdict officer_identity; /**< ::SVMS_IDENTITY_UNSIGNED without officer;
                                               ::SVMS_IDENTITY_NO_ANCHOR when he was not checked. */
    char officer[256]; /**< Subject of the key officer who signed the list, or empty. */
    svms_recipient recipients[SVMS_MAX_RECIPIENTS]; /**< In the order of the file. */
} svms_recipient_list;

/** Initialiser of ::svms_recipient_list. */
#define SVMS_RECIPIENT_LIST_INIT                                                                   \
    {                                                                                              \
        (uint32_t)sizeof(svms_recipient_list), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                       \
            SVMS_IDENTITY_UNSIGNED, { 0 },                                                         \
        {                                                                                          \
            {                                                                                      \
                0, 0,                                                                              \
                {                                                                                  \
                    0                                                                              \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
    }

/**
 * List the recipients of a container.
 *
 * @param ctx        context
 * @param source     bytes of the container; borrowed
 * @param keys       keys that open it, to learn whether the list is authentic, or NULL
 * @param[out] list  initialised with ::SVMS_RECIPIENT_LIST_INIT
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK               filled; also when both slots are damaged
 * @retval SVMS_E_USAGE          an argument is NULL, or the container is not encrypted
 * @retval SVMS_E_WRONG_KEY      keys were given and none opens the container
 * @retval SVMS_E_UNDECRYPTABLE  a key opens it, but the list was altered by somebody without the
 *                               content key
 * @return otherwise as svms_reader_open()
 *
 * Thread safety: any thread. Specification: C-ACC-1 to C-ACC-7. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_recipients_list(svms_ctx *ctx, const svms_source *source,
                                                          const svms_keyring *keys,
                                                          svms_recipient_list *list,
                                                          svms_error *err);

/**
 * Id under which containers name the owner of a key. Not secret. That of a key-encryption key tells
 * svms_kek_id().
 *
 * @param key       the key
 * @param[out] out  receives 16 bytes
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           written
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_NO_MEMORY  memory ran out
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: any thread. Specification: C-ACC-7. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_recipient_id(const svms_public_key *key, uint8_t out[16],
                                                       svms_error *err);

/** What to change. Start from ::SVMS_RECIPIENTS_CHANGE_INIT; all pointers are borrowed. Since 0.1.
 */
typedef struct svms_recipients_change {
    uint32_t struct_size;              /**< sizeof(svms_recipients_change). */
    uint32_t replace;                  /**< 1: all present recipients go. */
    const svms_keyring *keys;          /**< What opens the container now. */
    const svms_public_key *const *add; /**< Keys that shall open it. */
    size_t add_count;                  /**< Their number. */
    const svms_kek *const *add_keks;   /**< Key-encryption keys that shall open it. */
    size_t add_kek_count;              /**< Their number. */
    const char *password; /**< A password that shall open it, instead of a present one, or NULL. */
    size_t password_size; /**< Its bytes, 1 to 1,024. */
    uint32_t password_log2_n;            /**< scrypt cost, 10 to 18; 0 is 17. */
    uint32_t remove_password;            /**< 1: the password goes. */
    const uint8_t (*remove)[16];         /**< Key ids of recipients that go. */
    size_t remove_count;                 /**< Their number. */
    const svms_private_key *officer_key; /**< Key of the officer who signs the change, or NULL. */
    const svms_chain
        *officer_chain; /**< His certificate, which allows the role of a key officer. */
} svms_recipients_change;

/** Initialiser of ::svms_recipients_change: nothing. */
#define SVMS_RECIPIENTS_CHANGE_INIT                                                                \
    {                                                                                              \
        (uint32_t)sizeof(svms_recipients_change), 0, NULL, NULL, 0, NULL, 0, NULL, 0, 0, 0, NULL,  \
            0, NULL, NULL                                                                          \
    }

/**
 * Change the recipients of a container. With an officer and no change he signs the present list.
 *
 * The new list is written over the slot that does not count, made durable and read back; so at any
 * moment one slot is valid. When somebody was removed, it is then written over the other slot as
 * well. On flash memory and journaling file systems overwriting is no erasure.
 *
 * When the store failed in between, the other slot still names who was removed
 * (svms_recipient_list.other_differs), or is damaged and may hold remains of it. The same change
 * again finishes it: a recipient that only the other slot names can be removed as well, and with a
 * damaged slot anybody can.
 *
 * @param ctx       context
 * @param store     the container; borrowed
 * @param change    what to change
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK               changed and durable
 * @retval SVMS_E_USAGE          an argument is NULL or out of range; nothing to change; a recipient
 *                               to remove is not there, one to add is there already; nobody would
 * be left; the container is not encrypted
 * @retval SVMS_E_UNSUPPORTED    a key of a kind that cannot receive or sign
 * @retval SVMS_E_LIMIT          the list does not fit the slot; the message says by how much
 * @retval SVMS_E_WRONG_KEY      the keys do not open the container
 * @retval SVMS_E_UNDECRYPTABLE  the present list was altered by somebody without the content key
 * @retval SVMS_E_UNTRUSTED      the officer's certificate does not allow the role, or is not valid
 *                               now
 * @retval SVMS_E_IO             the store failed; the container opens as before or as asked
 * @return otherwise as svms_reader_open()
 *
 * Thread safety: any thread; one change at a time for each container. Specification: C-ACC-2,
 * C-ACC-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_recipients_change_list(
    svms_ctx *ctx, const svms_store *store, const svms_recipients_change *change, svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
