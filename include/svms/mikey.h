/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * MIKEY messages: how media keys of SRTP travel inside RTSP over TLS.
 *
 * RFC 3830 with neither encryption nor authentication of its own, as ONVIF has it: a message is as
 * secret as the key in it, and belongs into TLS alone. Nothing here sends anything. Rules:
 * docs/spec/srtp.md (MK-...).
 */
#ifndef SVMS_MIKEY_H
#define SVMS_MIKEY_H

#include <svms/srtp.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most sources (crypto sessions) in a message. */
#define SVMS_MIKEY_SOURCES_MAX 8u
/** Most bytes of a message. */
#define SVMS_MIKEY_SIZE_MAX 4096u
/** Bytes that hold the base64 text of any message with its NUL. */
#define SVMS_MIKEY_TEXT_SIZE 5465u
/** Most bytes of RAND. */
#define SVMS_MIKEY_RAND_MAX 64u

/** How a message carries key, salt and MKI. */
typedef enum svms_mikey_form {
    SVMS_MIKEY_ONVIF = 1, /**< ONVIF: TEK and salt apart for AES-GCM, joined for AES-CM; an MKI. */
    SVMS_MIKEY_JOINED = 2 /**< GStreamer: key and salt joined in the TEK; no MKI. */
} svms_mikey_form;

/** What the time stamp of a message counts. */
typedef enum svms_mikey_time {
    SVMS_MIKEY_TIME_NONE = 0,    /**< No time stamp. */
    SVMS_MIKEY_TIME_NTP_UTC = 1, /**< 64-bit NTP time, UTC. */
    SVMS_MIKEY_TIME_NTP = 2,     /**< 64-bit NTP time, local. */
    SVMS_MIKEY_TIME_COUNTER = 3  /**< 32-bit counter. */
} svms_mikey_time;

/** A source that the key is for. Since 0.1. */
typedef struct svms_mikey_source {
    uint32_t ssrc;   /**< SSRC; 0 where the sender of the message does not know it yet. */
    uint32_t roc;    /**< Its roll-over counter. */
    uint32_t policy; /**< Number of its security policy, 0 to 255. */
} svms_mikey_source;

/**
 * A message. Start from ::SVMS_MIKEY_INIT. It holds secrets: end with svms_mikey_wipe().
 * Since 0.1.
 */
typedef struct svms_mikey {
    uint32_t struct_size;  /**< sizeof(svms_mikey). */
    svms_mikey_form form;  /**< How the key stands in it. */
    uint32_t csb_id;       /**< Crypto session bundle: the same for an answer or a re-key. */
    uint32_t source_count; /**< Sources. */
    svms_mikey_source sources[SVMS_MIKEY_SOURCES_MAX]; /**< The first source_count of them. */
    svms_mikey_time time_kind;                         /**< What time counts. */
    uint32_t has_policy; /**< 1: the message says the suite; a re-key may leave that out. */
    uint64_t time;       /**< Time stamp, as time_kind says. */
    uint32_t rand_size;  /**< Bytes of RAND: 0 (a re-key may leave it out) or 16 to 64. */
    uint8_t rand[SVMS_MIKEY_RAND_MAX]; /**< RAND. */
    svms_srtp_key key;                 /**< Suite, key, salt and MKI. */
} svms_mikey;

/** Initialiser of ::svms_mikey. */
#define SVMS_MIKEY_INIT                                                                            \
    {                                                                                              \
        (uint32_t)sizeof(svms_mikey), SVMS_MIKEY_ONVIF, 0, 0, { { 0, 0, 0 } },                     \
            SVMS_MIKEY_TIME_NONE, 0, 0, 0, { 0 }, SVMS_SRTP_KEY_INIT                               \
    }

/**
 * Fill a message for a key: a random bundle number and RAND, the time of the context's clock, the
 * suite; no source yet.
 *
 * @param[out] out  the message, initialised with ::SVMS_MIKEY_INIT
 * @param ctx       context: its clock and random bytes
 * @param form      how the other end wants the key
 * @param key       suite, key, salt; for ::SVMS_MIKEY_ONVIF with an MKI, for ::SVMS_MIKEY_JOINED
 *                  without one
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK        filled
 * @retval SVMS_E_USAGE   an argument is NULL or out of range, or the MKI does not fit the form
 * @retval SVMS_E_CRYPTO  no random bytes
 *
 * Thread safety: any thread. Rules: MK-GEN-2, MK-WR-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_mikey_make(svms_mikey *out, svms_ctx *ctx,
                                                     svms_mikey_form form, const svms_srtp_key *key,
                                                     svms_error *err);

/**
 * Write a message.
 *
 * @param message       the message
 * @param[out] data     buffer; afterwards as secret as the key
 * @param[in,out] size  bytes of it; receives the size, or what is needed
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK       written
 * @retval SVMS_E_USAGE  an argument is NULL, or a member is out of range
 * @retval SVMS_E_LIMIT  the buffer is too small; @p size says what is needed
 *
 * Thread safety: any thread. Rules: MK-WR-1 to MK-WR-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_mikey_write(const svms_mikey *message, uint8_t *data,
                                                      size_t *size, svms_error *err);

/**
 * Write a message as the base64 text of a=key-mgmt:mikey and of the KeyMgmt header.
 *
 * @param message       the message
 * @param ctx           context
 * @param[out] text     buffer for the text and NUL, ::SVMS_MIKEY_TEXT_SIZE is always enough;
 *                      afterwards as secret as the key
 * @param[in,out] size  bytes of it; receives the length without NUL, or what is needed
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           written
 * @retval SVMS_E_USAGE      as svms_mikey_write()
 * @retval SVMS_E_LIMIT      the buffer is too small; @p size says what is needed
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread. Rules: MK-WR-1 to MK-WR-5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_mikey_write_text(const svms_mikey *message, svms_ctx *ctx,
                                                           char *text, size_t *size,
                                                           svms_error *err);

/**
 * Read a message. What fails leaves nothing of a key behind in @p out.
 *
 * @param[out] out  the message, initialised with ::SVMS_MIKEY_INIT
 * @param data      the message
 * @param size      bytes of it
 * @param before    for a re-key: the message before, whose suite holds where this one does not say
 *                  one; NULL if there is none
 * @param[out] err  why it failed, or NULL; err->offset names the byte
 *
 * @retval SVMS_OK             read
 * @retval SVMS_E_USAGE        an argument is NULL, or @p before has no suite
 * @retval SVMS_E_MALFORMED    it breaks RFC 3830, or says no suite and there is none before, or the
 *                             key does not fit the suite
 * @retval SVMS_E_TRUNCATED    it ends within a payload
 * @retval SVMS_E_LIMIT        longer than ::SVMS_MIKEY_SIZE_MAX, more sources, payloads or keys, or
 *                             a longer MKI than are read
 * @retval SVMS_E_UNSUPPORTED  another version, kind of message, protection of the key, kind of key,
 *                             or suite than are implemented
 * @retval SVMS_E_POLICY       its policy leaves SRTP or SRTCP unencrypted or unauthenticated
 *
 * Thread safety: any thread. Rules: MK-RD-1 to MK-RD-9. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_mikey_read(svms_mikey *out, const uint8_t *data,
                                                     size_t size, const svms_mikey *before,
                                                     svms_error *err);

/**
 * Read a message from its base64 text. What fails leaves nothing of a key behind in @p out.
 *
 * @param[out] out  the message, initialised with ::SVMS_MIKEY_INIT
 * @param text      base64 with its padding, nothing before or behind; no NUL is needed
 * @param size      characters of it
 * @param before    as for svms_mikey_read()
 * @param[out] err  why it failed, or NULL; err->offset names the byte of the message
 *
 * @retval SVMS_OK             read
 * @retval SVMS_E_USAGE        as svms_mikey_read()
 * @retval SVMS_E_MALFORMED    as svms_mikey_read(), or it is no base64
 * @retval SVMS_E_TRUNCATED    as svms_mikey_read()
 * @retval SVMS_E_LIMIT        as svms_mikey_read()
 * @retval SVMS_E_UNSUPPORTED  as svms_mikey_read()
 * @retval SVMS_E_POLICY       as svms_mikey_read()
 *
 * Thread safety: any thread. Rules: MK-RD-1 to MK-RD-9, MK-WR-5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_mikey_read_text(svms_mikey *out, const char *text,
                                                          size_t size, const svms_mikey *before,
                                                          svms_error *err);

/**
 * Overwrite a message and everything secret in it with zeros; struct_size stays.
 *
 * @param message  the message; NULL is accepted
 *
 * Thread safety: nobody may use the message meanwhile. Since 0.1.
 */
SVMS_API void svms_mikey_wipe(svms_mikey *message);

#ifdef __cplusplus
}
#endif

#endif
