/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The context: allocator, clocks, randomness, log sink and OpenSSL library context.
 */
#ifndef SVMS_CONTEXT_H
#define SVMS_CONTEXT_H

#include <svms/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ossl_lib_ctx_st;

/** Opaque context; shared freely between threads once created. */
typedef struct svms_ctx svms_ctx;

/** Severity of a log line. */
typedef enum svms_log_level {
    SVMS_LOG_ERROR = 0,   /**< Something failed. */
    SVMS_LOG_WARNING = 1, /**< Something needs attention. */
    SVMS_LOG_INFO = 2     /**< Something happened. */
} svms_log_level;

/**
 * Everything a context is made from. Start from ::SVMS_CTX_OPTIONS_INIT; a NULL
 * callback selects the default. All callbacks must be safe to call from every
 * thread that uses the context. Since 0.1.
 */
typedef struct svms_ctx_options {
    uint32_t struct_size; /**< sizeof(svms_ctx_options). */
    void *user;           /**< Passed to every callback; borrowed. */
    /** Allocate @p size > 0 bytes, or return NULL. Default: malloc. */
    void *(*allocate)(void *user, size_t size);
    /** Release what allocate returned; the library wiped it if it was secret. Default: free. */
    void (*release)(void *user, void *pointer);
    /** UTC in nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted. Default:
     * CLOCK_REALTIME. */
    int64_t (*utc_now)(void *user);
    /** Monotonic nanoseconds. Default: CLOCK_MONOTONIC. */
    uint64_t (*monotonic_now)(void *user);
    /** Fill @p size bytes with randomness; 0 on success. Default: OpenSSL's private DRBG. */
    int (*random_bytes)(void *user, uint8_t *out, size_t size);
    /** Receive one log line without newline and without secrets. Default: none. */
    void (*log)(void *user, svms_log_level level, const char *line);
    /** OpenSSL library context, borrowed; NULL is OpenSSL's default context. */
    struct ossl_lib_ctx_st *ossl_context;
    /** OpenSSL property query (for example "fips=yes"), copied; NULL is none. Everything is fetched
     * with it. The random generator belongs to the library context and is chosen there. */
    const char *ossl_properties;
} svms_ctx_options;

/** Initialiser of ::svms_ctx_options: all defaults. */
#define SVMS_CTX_OPTIONS_INIT                                                                      \
    {                                                                                              \
        (uint32_t)sizeof(svms_ctx_options), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL   \
    }

/**
 * Create a context.
 *
 * @param[out] out  the context; release with svms_ctx_free()
 * @param options   what to use instead of the defaults, or NULL
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           created
 * @retval SVMS_E_USAGE      @p out is NULL, the options are of an unknown longer version, or
 *                           only one of allocate and release is given
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider lacks an algorithm the library needs
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_ctx_new(svms_ctx **out, const svms_ctx_options *options,
                                                  svms_error *err);

/**
 * Release a context. Everything made from it must be gone already.
 *
 * @param ctx  address of the context; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use the context any more. Since 0.1.
 */
SVMS_API void svms_ctx_free(svms_ctx **ctx);

#ifdef __cplusplus
}
#endif

#endif
