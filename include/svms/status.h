/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Status codes, error details and the attributes every public function uses.
 *
 * A function that can fail returns an ::svms_status and fills a caller-owned
 * ::svms_error. There is no "last error" state anywhere in the library.
 */
#ifndef SVMS_STATUS_H
#define SVMS_STATUS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
/** Marks a symbol that the shared library exports. */
#define SVMS_API __attribute__((visibility("default")))
/** Marks a result that must not be ignored. */
#define SVMS_MUST_CHECK __attribute__((warn_unused_result))
#else
#define SVMS_API
#define SVMS_MUST_CHECK
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** Offset value that means "no particular byte". */
#define SVMS_NO_OFFSET UINT64_MAX
/** Segment number that means "no particular segment". */
#define SVMS_NO_SEGMENT UINT64_MAX

/**
 * Outcome of a call. Values below zero are failures; the hundreds name the class
 * (see svms_status_class()). Values from zero upwards are not failures. Since 0.1.
 */
typedef enum svms_status {
    SVMS_OK = 0,    /**< Done. */
    SVMS_END = 1,   /**< Nothing more will come: the end was reached. */
    SVMS_AGAIN = 2, /**< Nothing more yet: a live recording may still grow. */

    SVMS_E_USAGE = -100,       /**< An argument is wrong. */
    SVMS_E_STATE = -101,       /**< The call does not fit what was done before. */
    SVMS_E_UNSUPPORTED = -102, /**< Known, but not supported by this build or version. */

    SVMS_E_NO_MEMORY = -200, /**< The allocator returned NULL. */
    SVMS_E_IO = -201,        /**< A source or sink failed; svms_error.os_error says how. */
    SVMS_E_CRYPTO = -202,    /**< The cryptographic provider failed. */
    SVMS_E_CANCELLED = -203, /**< A callback asked to stop. */
    SVMS_E_EXISTS = -204,    /**< The output exists already and was not touched. */

    SVMS_E_MALFORMED = -300, /**< The bytes break the format. */
    SVMS_E_TRUNCATED = -301, /**< The bytes end too early. */
    SVMS_E_LIMIT = -302,     /**< A length, count or cost exceeds its bound. */

    SVMS_E_NOT_AUTHENTIC = -400, /**< Bytes differ from what was signed. */
    SVMS_E_UNDECRYPTABLE = -401, /**< Signed, but a sample does not open. */
    SVMS_E_UNTRUSTED = -402,     /**< Signed by someone who is not trusted for this. */
    SVMS_E_INCOMPLETE = -403,    /**< What was asked about is not wholly covered. */
    SVMS_E_WRONG_KEY = -404,     /**< The password or key opens no recipient stanza. */

    SVMS_E_POLICY = -500, /**< Refused by a policy. */

    SVMS_E_INTERNAL = -900 /**< A defect in the library; please report it. */
} svms_status;

/** Class of a status, for callers that only sort failures. Since 0.1. */
typedef enum svms_status_kind {
    SVMS_CLASS_SUCCESS = 0,     /**< Not a failure. */
    SVMS_CLASS_USAGE = 1,       /**< The caller's mistake. */
    SVMS_CLASS_ENVIRONMENT = 2, /**< Memory, I/O, provider. */
    SVMS_CLASS_MALFORMED = 3,   /**< Bad bytes. */
    SVMS_CLASS_EVIDENCE = 4,    /**< The evidence does not hold, or cannot be opened. */
    SVMS_CLASS_POLICY = 5,      /**< Refused on purpose. */
    SVMS_CLASS_INTERNAL = 9     /**< A defect in the library. */
} svms_status_kind;

/**
 * Where and why a call failed. Caller-owned; initialise with ::SVMS_ERROR_INIT.
 * Written only on failure. Never holds secrets. Since 0.1.
 */
typedef struct svms_error {
    uint32_t struct_size; /**< sizeof(svms_error), for extension. */
    svms_status status;   /**< The status that was returned. */
    uint64_t offset;      /**< Byte offset in the input, or ::SVMS_NO_OFFSET. */
    uint64_t segment;     /**< Segment number, or ::SVMS_NO_SEGMENT. */
    int os_error;         /**< errno value behind ::SVMS_E_IO, or 0. */
    char message[244];    /**< One English sentence part, NUL-terminated. */
} svms_error;

/** Initialiser of ::svms_error. */
#define SVMS_ERROR_INIT                                                                            \
    {                                                                                              \
        (uint32_t)sizeof(svms_error), SVMS_OK, SVMS_NO_OFFSET, SVMS_NO_SEGMENT, 0,                 \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/**
 * Class of a status.
 *
 * @param status  any status
 * @return its class; unknown negative values are ::SVMS_CLASS_INTERNAL
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API svms_status_kind svms_status_class(svms_status status);

/**
 * Stable lower-case name of a status, such as "malformed".
 *
 * @param status  any status
 * @return a static string; "unknown" for values that are not listed
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_status_name(svms_status status);

#ifdef __cplusplus
}
#endif

#endif
