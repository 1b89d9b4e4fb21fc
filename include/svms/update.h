/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Signed updates of devices: making them, verifying them in a stream, and the choice between two
 * slots. Rules: docs/spec/update.md (U-...).
 */
#ifndef SVMS_UPDATE_H
#define SVMS_UPDATE_H

#include <svms/identity.h>
#include <svms/io.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most bytes of a version with its NUL. */
#define SVMS_UPDATE_VERSION_SIZE 64
/** Most bytes of the name of a product, a hardware or a part with its NUL. */
#define SVMS_UPDATE_NAME_SIZE 65
/** Most bytes of a note. */
#define SVMS_UPDATE_NOTE_MAX 4096u
/** Most names of hardware. */
#define SVMS_UPDATE_HARDWARE_MAX 32u
/** Most parts. */
#define SVMS_UPDATE_PARTS_MAX 16u

/** A part of a new update. Since 0.1. */
typedef struct svms_update_content {
    uint32_t struct_size;      /**< sizeof(svms_update_content). */
    uint32_t reserved;         /**< 0. */
    const char *name;          /**< Name (U-MAN-1). */
    const svms_source *source; /**< Its bytes; read twice. */
} svms_update_content;

/** What an update shall say. Start from ::SVMS_UPDATE_OPTIONS_INIT. Since 0.1. */
typedef struct svms_update_options {
    uint32_t struct_size;             /**< sizeof(svms_update_options). */
    uint32_t chunk_size;              /**< Bytes of a chunk (U-MAN-3); 0: 64 KiB. */
    const char *product;              /**< Product that it is for. */
    const char *const *hardware;      /**< Hardware that it is for. */
    size_t hardware_count;            /**< How many, 1 to ::SVMS_UPDATE_HARDWARE_MAX. */
    const char *version;              /**< Version that it brings (U-MAN-2). */
    const char *minimum;              /**< Version that must be installed at least, or NULL. */
    uint64_t counter;                 /**< Security counter. */
    const char *note;                 /**< For people, UTF-8, or NULL. */
    const svms_update_content *parts; /**< Parts, in their order. */
    size_t part_count;                /**< How many, 1 to ::SVMS_UPDATE_PARTS_MAX. */
    const svms_chain *chain;          /**< Who signs, in the role *update*. */
    const svms_private_key *key;      /**< The key of the chain's leaf. */
} svms_update_options;

/** Initialiser of ::svms_update_options. */
#define SVMS_UPDATE_OPTIONS_INIT                                                                   \
    {                                                                                              \
        (uint32_t)sizeof(svms_update_options), 0, NULL, NULL, 0, NULL, NULL, 0, NULL, NULL, 0,     \
            NULL, NULL                                                                             \
    }

/**
 * Make an update, signed now.
 *
 * @param ctx       context
 * @param sink      receives the file; what a failure leaves there is no update
 * @param options   what it shall say
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           made; the sink was synced
 * @retval SVMS_E_USAGE      an argument is NULL or breaks a rule of section 2, or key and chain do
 *                           not belong together
 * @retval SVMS_E_LIMIT      more parts, names or bytes than the format has
 * @retval SVMS_E_UNTRUSTED  the certificate does not allow the role *update*, or is not valid now
 * @retval SVMS_E_STATE      a source gave other bytes when it was read again
 * @retval SVMS_E_IO         a source or the sink failed
 * @retval SVMS_E_TRUNCATED  a source ended early
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider or the holder of the key failed
 *
 * Thread safety: any thread. Rules: U-FIL, U-MAN. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_update_make(svms_ctx *ctx, const svms_sink *sink,
                                                      const svms_update_options *options,
                                                      svms_error *err);

/** What a manifest says. Start from ::SVMS_UPDATE_INFO_INIT. Since 0.1. */
typedef struct svms_update_info {
    uint32_t struct_size;                   /**< sizeof(svms_update_info). */
    uint32_t part_count;                    /**< Number of parts. */
    uint32_t hardware_count;                /**< Number of names of hardware. */
    uint32_t trusted;                       /**< 1: the signer is trusted in the role *update*. */
    uint64_t counter;                       /**< Security counter. */
    int64_t signed_utc_ns;                  /**< When it was signed, as the signer claims. */
    uint64_t size;                          /**< Bytes of the whole file. */
    char product[SVMS_UPDATE_NAME_SIZE];    /**< Product. */
    char version[SVMS_UPDATE_VERSION_SIZE]; /**< Version. */
    char minimum[SVMS_UPDATE_VERSION_SIZE]; /**< Version that must be installed, or empty. */
    uint8_t manifest_sha256[32];            /**< SHA-256 of the manifest: names the update. */
    const char *note;              /**< For people; printable as it is; belongs to the reader. */
    const svms_chain *signer;      /**< Who signed; belongs to the reader. */
    svms_identity_result identity; /**< What was found out about the signer. */
} svms_update_info;

/** Initialiser of ::svms_update_info. */
#define SVMS_UPDATE_INFO_INIT                                                                      \
    {                                                                                              \
        (uint32_t)sizeof(svms_update_info), 0, 0, 0, 0, INT64_MIN, 0, { 0 }, { 0 }, { 0 }, { 0 },  \
            NULL, NULL, SVMS_IDENTITY_RESULT_INIT                                                  \
    }

/** What a manifest says of a part. Start from ::SVMS_UPDATE_PART_INIT. Since 0.1. */
typedef struct svms_update_part {
    uint32_t struct_size;             /**< sizeof(svms_update_part). */
    uint32_t chunk_size;              /**< Bytes of a chunk. */
    uint64_t size;                    /**< Bytes. */
    char name[SVMS_UPDATE_NAME_SIZE]; /**< Name. */
    uint8_t sha256[32];               /**< SHA-256 of all of it. */
} svms_update_part;

/** Initialiser of ::svms_update_part. */
#define SVMS_UPDATE_PART_INIT                                                                      \
    {                                                                                              \
        (uint32_t)sizeof(svms_update_part), 0, 0, { 0 },                                           \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/** Why an update was not accepted. */
typedef enum svms_update_refusal {
    SVMS_UPDATE_NOT_REFUSED = 0, /**< It was accepted, or not judged yet. */
    SVMS_UPDATE_SIGNATURE = 1,   /**< The signature does not fit. */
    SVMS_UPDATE_SIGNER = 2,      /**< The signer is not trusted; svms_update_info.identity. */
    SVMS_UPDATE_PRODUCT = 3,     /**< It is for another product. */
    SVMS_UPDATE_HARDWARE = 4,    /**< It is for other hardware. */
    SVMS_UPDATE_ROLL_BACK = 5,   /**< Its security counter is below the floor. */
    SVMS_UPDATE_OLDER = 6,       /**< It is older than what is installed. */
    SVMS_UPDATE_TOO_EARLY = 7,   /**< Another version must be installed first. */
    SVMS_UPDATE_CHANGED = 8      /**< Bytes of a part are not those of the manifest. */
} svms_update_refusal;

/** Versions below the installed one are accepted (never security counters below the floor). */
#define SVMS_UPDATE_ALLOW_OLDER 0x01u
/** Nothing is installed: neither device nor trust is asked for, and no byte of a part is handed
 * out (U-ACC-7); parts are verified all the same. */
#define SVMS_UPDATE_INSPECT 0x02u

/** Which device reads an update, and where it goes. Start from ::SVMS_UPDATE_READER_OPTIONS_INIT.
 * Since 0.1. */
typedef struct svms_update_reader_options {
    uint32_t struct_size;    /**< sizeof(svms_update_reader_options). */
    uint32_t flags;          /**< ::SVMS_UPDATE_ALLOW_OLDER, ::SVMS_UPDATE_INSPECT. */
    const svms_trust *trust; /**< Whom to trust; must outlive the reader. NULL only to inspect. */
    const char *product;     /**< The device's product. */
    const char *hardware;    /**< Its hardware. */
    const char *version;     /**< Version that is installed, or NULL: none. */
    uint64_t floor;          /**< Least security counter that it takes. */
    void *user;              /**< Passed to the callbacks. */
    /** Optional: all checks but those of parts have passed; anything but ::SVMS_OK refuses it. The
     * slot is marked as being written here. */
    svms_status (*accepted)(void *user, const svms_update_info *info);
    /** Verified bytes of a part, in their order. Anything but ::SVMS_OK ends it. */
    svms_status (*data)(void *user, uint32_t part, uint64_t offset, const void *data, size_t size);
} svms_update_reader_options;

/** Initialiser of ::svms_update_reader_options. */
#define SVMS_UPDATE_READER_OPTIONS_INIT                                                            \
    {                                                                                              \
        (uint32_t)sizeof(svms_update_reader_options), 0, NULL, NULL, NULL, NULL, 0, NULL, NULL,    \
            NULL                                                                                   \
    }

/** Opaque reader of one update. */
typedef struct svms_update_reader svms_update_reader;

/**
 * Make a reader.
 *
 * @param[out] out  the reader; release with svms_update_reader_free()
 * @param ctx       context; must outlive the reader
 * @param options   which device, and where parts go; texts are copied
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           made
 * @retval SVMS_E_USAGE      an argument is NULL, product, hardware or version break a rule of
 *                           section 2, trust is missing, or there is no callback for data
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: any thread; the reader belongs to one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status
svms_update_reader_new(svms_update_reader **out, svms_ctx *ctx,
                       const svms_update_reader_options *options, svms_error *err);

/**
 * Hand in the next bytes of the file, however many.
 *
 * @param reader    the reader
 * @param data      the bytes
 * @param size      how many
 * @param[out] err  why it failed, or NULL; err->offset names the byte of the file
 *
 * @retval SVMS_OK               taken
 * @retval SVMS_E_USAGE          an argument is NULL
 * @retval SVMS_E_MALFORMED      no update, a manifest that breaks a rule, or bytes behind the end
 * @retval SVMS_E_UNSUPPORTED    an update of another version of the format
 * @retval SVMS_E_LIMIT          a size above its bound
 * @retval SVMS_E_NOT_AUTHENTIC  the signature, or bytes of a part, do not fit
 * @retval SVMS_E_UNTRUSTED      the signer is not trusted
 * @retval SVMS_E_POLICY         it is not for this device, or a roll-back;
 *                               svms_update_reader_refusal()
 * @retval SVMS_E_STATE          it failed or ended before
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_CRYPTO         the provider failed
 * @return otherwise what a callback returned
 *
 * Every failure is final. Thread safety: the reader belongs to one thread at a time. Rules:
 * U-FIL-3, U-ACC, U-PRT-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_update_reader_feed(svms_update_reader *reader,
                                                             const void *data, size_t size,
                                                             svms_error *err);

/**
 * The file has ended: is the update whole?
 *
 * @param reader    the reader
 * @param[out] err  why not, or NULL
 *
 * @retval SVMS_OK           it is, and may be used
 * @retval SVMS_E_USAGE      @p reader is NULL
 * @retval SVMS_E_TRUNCATED  bytes are missing
 * @retval SVMS_E_STATE      it failed before
 *
 * Thread safety: the reader belongs to one thread at a time. Rule: U-PRT-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_update_reader_end(svms_update_reader *reader,
                                                            svms_error *err);

/**
 * Why it was refused.
 *
 * @param reader  the reader
 * @return the reason; ::SVMS_UPDATE_NOT_REFUSED also where it failed for another reason, and for
 * NULL
 *
 * Thread safety: the reader belongs to one thread at a time. Since 0.1.
 */
SVMS_API svms_update_refusal svms_update_reader_refusal(const svms_update_reader *reader);

/**
 * What the manifest says. It is there once signature and manifest were good, also when the update
 * was refused afterwards.
 *
 * @param reader     the reader
 * @param[out] info  filled; initialised with ::SVMS_UPDATE_INFO_INIT
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK       filled
 * @retval SVMS_E_USAGE  an argument is NULL
 * @retval SVMS_E_STATE  nothing is known yet
 *
 * Thread safety: the reader belongs to one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_update_reader_info(const svms_update_reader *reader,
                                                             svms_update_info *info,
                                                             svms_error *err);

/**
 * A name of hardware that the update is for.
 *
 * @param reader  the reader
 * @param index   below svms_update_info.hardware_count
 * @return the name, which belongs to the reader; NULL when there is none
 *
 * Thread safety: the reader belongs to one thread at a time. Since 0.1.
 */
SVMS_API const char *svms_update_reader_hardware(const svms_update_reader *reader, size_t index);

/**
 * What the manifest says of a part.
 *
 * @param reader     the reader
 * @param index      below svms_update_info.part_count
 * @param[out] part  filled; initialised with ::SVMS_UPDATE_PART_INIT
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK       filled
 * @retval SVMS_E_USAGE  an argument is NULL, or there is no such part
 * @retval SVMS_E_STATE  nothing is known yet
 *
 * Thread safety: the reader belongs to one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_update_reader_part(const svms_update_reader *reader,
                                                             size_t index, svms_update_part *part,
                                                             svms_error *err);

/**
 * Release a reader.
 *
 * @param reader  address of the reader; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: nobody may use the reader any more. Since 0.1.
 */
SVMS_API void svms_update_reader_free(svms_update_reader **reader);

/** What is in a slot. */
typedef enum svms_slot_state {
    SVMS_SLOT_EMPTY = 0,   /**< Nothing yet. */
    SVMS_SLOT_WRITING = 1, /**< Being written, or that was interrupted. */
    SVMS_SLOT_READY = 2,   /**< Whole; on trial. */
    SVMS_SLOT_GOOD = 3,    /**< Ran and said so. */
    SVMS_SLOT_BAD = 4      /**< Was on trial and failed. */
} svms_slot_state;

/** What is known of a slot. Start from ::SVMS_SLOT_INFO_INIT. Since 0.1. */
typedef struct svms_slot_info {
    uint32_t struct_size;                   /**< sizeof(svms_slot_info). */
    svms_slot_state state;                  /**< What is in it. */
    uint64_t counter;                       /**< Security counter of what is in it. */
    uint8_t manifest_sha256[32];            /**< Its manifest; zeros: not known. */
    char version[SVMS_UPDATE_VERSION_SIZE]; /**< Its version, or empty. */
} svms_slot_info;

/** Initialiser of ::svms_slot_info. */
#define SVMS_SLOT_INFO_INIT                                                                        \
    {                                                                                              \
        (uint32_t)sizeof(svms_slot_info), SVMS_SLOT_EMPTY, 0, { 0 },                               \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/** No slot. */
#define SVMS_NO_SLOT UINT32_MAX

/** Which slot runs. Start from ::SVMS_SLOTS_INFO_INIT. Since 0.1. */
typedef struct svms_slots_info {
    uint32_t struct_size; /**< sizeof(svms_slots_info). */
    uint32_t active;      /**< Slot that runs when none is on trial. */
    uint32_t trial;       /**< Slot on trial, or ::SVMS_NO_SLOT. */
    uint32_t boots_left;  /**< Boots that it has left. */
    uint64_t number;      /**< Number of the record; grows by one with each change. */
    uint64_t floor;       /**< Least security counter that may be installed. */
} svms_slots_info;

/** Initialiser of ::svms_slots_info. */
#define SVMS_SLOTS_INFO_INIT                                                                       \
    {                                                                                              \
        (uint32_t)sizeof(svms_slots_info), 0, SVMS_NO_SLOT, 0, 0, 0                                \
    }

/** Opaque choice between two slots. */
typedef struct svms_slots svms_slots;

/**
 * Write the first record: slot 0 is active and good, slot 1 empty. For the factory.
 *
 * @param ctx       context
 * @param store     at least 4,608 bytes, or growing; what it holds is lost
 * @param version   version in slot 0
 * @param counter   its security counter, which becomes the floor
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           written, durable
 * @retval SVMS_E_USAGE      an argument is NULL, or the version breaks U-MAN-2
 * @retval SVMS_E_EXISTS     a whole record is there already; it was not touched
 * @retval SVMS_E_IO         the store failed
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: any thread. Rule: U-SLT-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_slots_create(svms_ctx *ctx, const svms_store *store,
                                                       const char *version, uint64_t counter,
                                                       svms_error *err);

/**
 * Read the state of the slots.
 *
 * @param[out] out  the slots; release with svms_slots_free()
 * @param ctx       context; must outlive the slots
 * @param store     where they are; must outlive the slots
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           read
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_MALFORMED  neither record is whole (U-SLT-1)
 * @retval SVMS_E_IO         the store failed
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: any thread; the slots belong to one thread at a time, and a store to one
 * ::svms_slots. Rule: U-SLT-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_slots_open(svms_slots **out, svms_ctx *ctx,
                                                     const svms_store *store, svms_error *err);

/**
 * Which slot runs, which is on trial.
 *
 * @param slots      the slots
 * @param[out] info  filled; initialised with ::SVMS_SLOTS_INFO_INIT
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK       filled
 * @retval SVMS_E_USAGE  an argument is NULL
 *
 * Thread safety: the slots belong to one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_slots_describe(const svms_slots *slots,
                                                         svms_slots_info *info, svms_error *err);

/**
 * What is known of a slot.
 *
 * @param slots      the slots
 * @param index      0 or 1
 * @param[out] slot  filled; initialised with ::SVMS_SLOT_INFO_INIT
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK       filled
 * @retval SVMS_E_USAGE  an argument is NULL, or there is no such slot
 *
 * Thread safety: the slots belong to one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_slots_slot(const svms_slots *slots, uint32_t index,
                                                     svms_slot_info *slot, svms_error *err);

/**
 * An update was accepted: take the slot that is not active. It is marked before this returns.
 *
 * @param slots      the slots
 * @param info       the update
 * @param[out] slot  number of the slot to write
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK           marked, durable
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_POLICY     the update's security counter is below the floor (U-ACC-3)
 * @retval SVMS_E_IO         the store failed: the state is the old one or the new one; open the
 *                           slots again
 * @retval SVMS_E_STATE      the store failed before
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: the slots belong to one thread at a time. Rule: U-SLT-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_slots_begin(svms_slots *slots,
                                                      const svms_update_info *info, uint32_t *slot,
                                                      svms_error *err);

/**
 * The update that was begun is whole and durable: try it.
 *
 * @param slots     the slots
 * @param boots     how many boots it has, 1 to 15
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK        on trial, durable
 * @retval SVMS_E_USAGE   @p slots is NULL, or @p boots is out of range
 * @retval SVMS_E_STATE   none was begun, or the store failed before
 * @retval SVMS_E_IO      the store failed: the state is the old one or the new one
 * @retval SVMS_E_CRYPTO  the provider failed
 *
 * Thread safety: the slots belong to one thread at a time. Rule: U-SLT-3. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_slots_ready(svms_slots *slots, uint32_t boots,
                                                      svms_error *err);

/**
 * Which slot to start now; for the boot loader.
 *
 * @param slots      the slots
 * @param[out] slot  its number; on a failure the active one, which can always be started
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK        start @p slot
 * @retval SVMS_E_USAGE   an argument is NULL
 * @retval SVMS_E_STATE   the store failed before
 * @retval SVMS_E_IO      the store failed: no boot of a trial could be taken away
 * @retval SVMS_E_CRYPTO  the provider failed
 *
 * Thread safety: the slots belong to one thread at a time. Rule: U-SLT-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_slots_boot(svms_slots *slots, uint32_t *slot,
                                                     svms_error *err);

/**
 * The slot that runs is well. On trial it becomes the active one, for good.
 *
 * @param slots     the slots
 * @param running   number of the slot that says so
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK        it is active and good, durable
 * @retval SVMS_E_USAGE   @p slots is NULL, or there is no such slot
 * @retval SVMS_E_STATE   another slot is on trial or active, or the store failed before
 * @retval SVMS_E_IO      the store failed: the state is the old one or the new one
 * @retval SVMS_E_CRYPTO  the provider failed
 *
 * Thread safety: the slots belong to one thread at a time. Rule: U-SLT-5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_slots_confirm(svms_slots *slots, uint32_t running,
                                                        svms_error *err);

/**
 * The slot on trial gives up.
 *
 * @param slots     the slots
 * @param running   number of the slot that says so
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK        it is bad, durable; the active one is started next
 * @retval SVMS_E_USAGE   @p slots is NULL, or there is no such slot
 * @retval SVMS_E_STATE   it is not on trial, or the store failed before
 * @retval SVMS_E_IO      the store failed: the state is the old one or the new one
 * @retval SVMS_E_CRYPTO  the provider failed
 *
 * Thread safety: the slots belong to one thread at a time. Rule: U-SLT-6. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_slots_give_up(svms_slots *slots, uint32_t running,
                                                        svms_error *err);

/**
 * Release the slots; the store stays open.
 *
 * @param slots  address of the slots; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: nobody may use the slots any more. Since 0.1.
 */
SVMS_API void svms_slots_free(svms_slots **slots);

#ifdef __cplusplus
}
#endif

#endif
