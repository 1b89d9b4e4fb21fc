/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What may be done: a server's policy, and one question at a time.
 *
 * Specification: policy.md.
 */
#ifndef SVMS_POLICY_H
#define SVMS_POLICY_H

#include <svms/token.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most bytes of a policy. */
#define SVMS_POLICY_MAX 8388608

/** Opaque policy of a server; immutable, shared freely between threads. */
typedef struct svms_policy svms_policy;

/**
 * Gives a file of the time zone database (TZif).
 *
 * @param user      what the options said
 * @param name      IANA name of the zone, already checked for its form
 * @param[out] out  receives the file
 * @param[in,out] size  capacity of @p out; receives the size of the file
 * @param[out] err  why it failed
 * @return ::SVMS_OK, or why there is no such zone; ::SVMS_E_IO with an err->os_error other than
 *         ENOENT: it could not be found out
 */
typedef svms_status (*svms_zone_fetch)(void *user, const char *name, void *out, size_t *size,
                                       svms_error *err);

/** How a policy is read. Start from ::SVMS_POLICY_OPTIONS_INIT. Since 0.1. */
typedef struct svms_policy_options {
    uint32_t struct_size;    /**< sizeof(svms_policy_options). */
    uint32_t reserved;       /**< 0. */
    uint64_t least_revision; /**< Smaller revisions are refused. */
    svms_zone_fetch zones;   /**< Time zones; NULL: the files below /usr/share/zoneinfo. */
    void *user;              /**< Passed to it; borrowed for the call. */
} svms_policy_options;

/** Initialiser of ::svms_policy_options. */
#define SVMS_POLICY_OPTIONS_INIT                                                                   \
    {                                                                                              \
        (uint32_t)sizeof(svms_policy_options), 0, 0, NULL, NULL                                    \
    }

/**
 * Read a policy.
 *
 * @param[out] out  the policy; release with svms_policy_free()
 * @param ctx       context; must outlive the policy
 * @param json      the text, not NUL-terminated
 * @param size      its bytes, at most ::SVMS_POLICY_MAX
 * @param options   how, or NULL
 * @param[out] err  why it failed; err->message holds the path of what is wrong
 *
 * @retval SVMS_OK             read
 * @retval SVMS_E_USAGE        an argument is NULL
 * @retval SVMS_E_MALFORMED    it breaks a rule, or names a time zone that is not there
 * @retval SVMS_E_POLICY       its revision is too small
 * @retval SVMS_E_UNSUPPORTED  another version
 * @retval SVMS_E_IO           a time zone could not be read; err->os_error says how
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 *
 * Thread safety: any thread. Specification: R-POL-1, R-POL-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_policy_read(svms_policy **out, svms_ctx *ctx,
                                                      const char *json, size_t size,
                                                      const svms_policy_options *options,
                                                      svms_error *err);

/**
 * Revision of a policy.
 *
 * @param policy  a policy
 * @return its number
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API uint64_t svms_policy_revision(const svms_policy *policy);

/**
 * Release a policy.
 *
 * @param policy  address of the policy; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use it any more. Since 0.1.
 */
SVMS_API void svms_policy_free(svms_policy **policy);

/** Kinds of clients. */
typedef enum svms_client_kind {
    SVMS_CLIENT_UNKNOWN = 0, /**< Nobody knows. */
    SVMS_CLIENT_BROWSER = 1, /**< A web page. */
    SVMS_CLIENT_DESKTOP = 2, /**< A program at a workplace. */
    SVMS_CLIENT_MOBILE = 3,  /**< A program on a phone. */
    SVMS_CLIENT_SERVICE = 4, /**< A server or an integration. */
    SVMS_CLIENT_DEVICE = 5   /**< A device without a person. */
} svms_client_kind;

/** Formats of exports. */
typedef enum svms_export_form {
    SVMS_FORM_UNKNOWN = 0, /**< None is meant. */
    SVMS_FORM_SVMX = 1,    /**< An evidence package. */
    SVMS_FORM_MP4 = 2,     /**< A clear film. */
    SVMS_FORM_ONVIF = 3,   /**< An ONVIF export file. */
    SVMS_FORM_JPEG = 4,    /**< A picture. */
    SVMS_FORM_PNG = 5      /**< A picture. */
} svms_export_form;

/** A stretch of time, without its end. */
typedef struct svms_time_range {
    int64_t from_utc_ns; /**< First moment. */
    int64_t to_utc_ns;   /**< First moment behind it. */
} svms_time_range;

/** What somebody wants to do. Start from ::SVMS_ACCESS_QUESTION_INIT. Since 0.1. */
typedef struct svms_access_question {
    uint32_t struct_size;          /**< sizeof(svms_access_question). */
    svms_client_kind client;       /**< By what. */
    svms_export_form format;       /**< In which format, for exports. */
    uint32_t is_approved;          /**< 1: a second person has approved just this (J-APP-3). */
    const char *action;            /**< What, as policy.md spells it. */
    const char *device;            /**< On which device; NULL for actions on the server. */
    const char *address;           /**< From which IP address, without %zone, or NULL. */
    const char *destination;       /**< Where to, for exports, or NULL. */
    int64_t now_utc_ns;            /**< When; ::SVMS_NO_TIME: the context's clock. */
    int64_t approved_until_utc_ns; /**< Until when the approval holds; with is_approved only. */
    svms_time_range range;         /**< Which recorded time; both ::SVMS_NO_TIME: not said. */
} svms_access_question;

/** Initialiser of ::svms_access_question. */
#define SVMS_ACCESS_QUESTION_INIT                                                                  \
    {                                                                                              \
        (uint32_t)sizeof(svms_access_question), SVMS_CLIENT_UNKNOWN, SVMS_FORM_UNKNOWN, 0, NULL,   \
            NULL, NULL, NULL, INT64_MIN, INT64_MIN,                                                \
        {                                                                                          \
            INT64_MIN, INT64_MIN                                                                   \
        }                                                                                          \
    }

/** Why something is allowed, or not. */
typedef enum svms_access_reason {
    SVMS_ACCESS_ALLOWED = 0,         /**< Both sides allow it. */
    SVMS_ACCESS_NO_TOKEN = 1,        /**< Nobody has shown who asks. */
    SVMS_ACCESS_NO_RULE = 2,         /**< No rule of the policy allows it. */
    SVMS_ACCESS_DENIED = 3,          /**< A rule of the policy denies it. */
    SVMS_ACCESS_NO_RIGHT = 4,        /**< No right of the token allows it. */
    SVMS_ACCESS_RIGHT_DENIED = 5,    /**< A right of the token denies it. */
    SVMS_ACCESS_APPROVAL_NEEDED = 6, /**< All that is missing is a second person. */
    SVMS_ACCESS_EXPIRED = 7          /**< The token has expired meanwhile. */
} svms_access_reason;

/** Obligations that come with a permission: bits. */
typedef enum svms_obligation {
    SVMS_OBLIGED_WATERMARK = 1,  /**< Pictures carry the name of who sees them. */
    SVMS_OBLIGED_MASK = 2,       /**< Privacy masks stay on. */
    SVMS_OBLIGED_AUDIT_EACH = 4, /**< Each use is recorded, not the session alone. */
    SVMS_OBLIGED_NO_REEXPORT = 8 /**< What is exported forbids re-export. */
} svms_obligation;

/** An answer. Start from ::SVMS_DECISION_INIT. Since 0.1. */
typedef struct svms_decision {
    uint32_t struct_size;       /**< sizeof(svms_decision). */
    uint32_t is_allowed;        /**< 1: allowed, in the ranges where there are any. */
    svms_access_reason reason;  /**< Why. */
    uint32_t obligations;       /**< Bits of ::svms_obligation. A server that cannot keep one must
                                     not do what was asked. */
    int64_t valid_until_utc_ns; /**< Ask again by then; ::SVMS_NO_TIME without a good token. */
    int64_t instant_utc_ns;     /**< The moment that reason and rules are about: of a range, the
                                     first that is allowed, or else the first that comes nearest. */
    const char *rule;           /**< The rule of the policy that decided, or came nearest; NULL:
                                     none. Lives as long as the policy. For the record. */
    const char *condition;      /**< The condition of that rule that failed, as rules spell it; NULL
                                     where it applies. Static. For the record. */
    const char *right_condition; /**< The same of the right. */
    uint32_t right;              /**< Number of the right of the token that decided, or came
                                      nearest; UINT32_MAX: none. */
    uint32_t reserved;           /**< 0. */
    svms_time_range *ranges;     /**< In: room for ranges, or NULL; the caller's. */
    size_t range_capacity;       /**< In: how many fit, at most 4,096. */
    size_t range_count;          /**< How many there are; 0 where no range was asked about. */
} svms_decision;

/** Initialiser of ::svms_decision: no room for ranges. */
#define SVMS_DECISION_INIT                                                                         \
    {                                                                                              \
        (uint32_t)sizeof(svms_decision), 0, SVMS_ACCESS_NO_RULE, 0, INT64_MIN, INT64_MIN, NULL,    \
            NULL, NULL, UINT32_MAX, 0, NULL, 0, 0                                                  \
    }

/**
 * Words for a reason that may be told to the user who asks.
 *
 * @param reason  a reason
 * @return a static string; "unknown" for values that are not listed
 *
 * Thread safety: any thread. Specification: R-DEC-7. Since 0.1.
 */
SVMS_API const char *svms_access_reason_words(svms_access_reason reason);

/**
 * Name of a reason, for records ("no-rule").
 *
 * @param reason  a reason
 * @return a static string; "unknown" for values that are not listed
 *
 * Thread safety: any thread. Specification: R-DEC-10. Since 0.1.
 */
SVMS_API const char *svms_access_reason_name(svms_access_reason reason);

/**
 * Decide whether something may be done. Allocates nothing.
 *
 * @param policy         the server's policy
 * @param token          who asks, verified; NULL: nobody has shown
 * @param question       what
 * @param[in,out] out    the answer
 * @param[out] err       why it failed, or NULL
 *
 * @retval SVMS_OK        decided; out->is_allowed says how
 * @retval SVMS_E_USAGE   an argument is NULL, the action is not known, a device is missing or there
 *                        in vain, the address or the range is none, there is no room for ranges or
 *                        for more than 4,096, or the end of an approval is not said
 * @retval SVMS_E_LIMIT   the range falls into more pieces than there is room for: ask about a
 *                        shorter one
 *
 * Thread safety: any thread. Specification: policy.md, section 5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_access_decide(const svms_policy *policy,
                                                        const svms_token *token,
                                                        const svms_access_question *question,
                                                        svms_decision *out, svms_error *err);

/**
 * Explain a decision: the whole evaluation, as JSON: the answer, and of each side each rule that
 * concerns action and subject, each of its conditions, and whether it is true, false or unknown.
 * For administrators and records: it names rules, roles and devices. It decides with room for 4,096
 * ranges, and says what svms_access_decide() says.
 *
 * @param policy        as in svms_access_decide()
 * @param token         as in svms_access_decide()
 * @param question      as in svms_access_decide()
 * @param[out] out      receives JSON text and NUL
 * @param[in,out] size  capacity of @p out; receives the length without NUL, or, with
 *                      ::SVMS_E_LIMIT, the capacity needed
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK             explained
 * @retval SVMS_E_USAGE        as in svms_access_decide()
 * @retval SVMS_E_LIMIT        @p out is too small, or as in svms_access_decide()
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 *
 * Thread safety: any thread. Specification: R-DEC-7, policy.md, section 6. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_access_explain(const svms_policy *policy,
                                                         const svms_token *token,
                                                         const svms_access_question *question,
                                                         char *out, size_t *size, svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
