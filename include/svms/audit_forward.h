/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Taking audit records out of a log: as syslog lines, as CSV, as JSON lines; and what a forwarder
 * has to remember so that a receiver misses none.
 *
 * Nothing here opens a file or a connection. Specification: audit.md, section 10.
 */
#ifndef SVMS_AUDIT_FORWARD_H
#define SVMS_AUDIT_FORWARD_H

#include <svms/audit.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes that hold any line, its frame, line end and NUL included. */
#define SVMS_AUDIT_LINE_SIZE 65536
/** Bytes that hold any position, its NUL included. */
#define SVMS_AUDIT_POSITION_SIZE 1024
/** Number of the enterprise in the name of the structured data, unless somebody gives his own; the
 * one that RFC 5612 keeps for documents. */
#define SVMS_AUDIT_ENTERPRISE 32473

/** Number of a record that stands in no log. */
#define SVMS_AUDIT_UNNUMBERED UINT64_MAX

/** Forms in which records leave a log. */
typedef enum svms_audit_form {
    SVMS_AUDIT_JSON_LINES = 1,   /**< Each record as it is, on a line. */
    SVMS_AUDIT_CSV = 2,          /**< A table (RFC 4180), the members as columns. */
    SVMS_AUDIT_SYSLOG = 3,       /**< RFC 5424, a line each. */
    SVMS_AUDIT_SYSLOG_FRAMED = 4 /**< RFC 5424, each behind its length, as RFC 5425 sends it. */
} svms_audit_form;

/** How records are written. Start from ::SVMS_AUDIT_FORM_OPTIONS_INIT. Since 0.1. */
typedef struct svms_audit_form_options {
    uint32_t struct_size; /**< sizeof(svms_audit_form_options). */
    svms_audit_form form; /**< In which form. */
    uint32_t with_index;  /**< 1: JSON lines: {"index": N, "record": …} in place of the record. */
    uint32_t enterprise;  /**< Syslog: private enterprise number (RFC 5424 section 7.2.2). */
} svms_audit_form_options;

/** Initialiser of ::svms_audit_form_options: JSON lines. */
#define SVMS_AUDIT_FORM_OPTIONS_INIT                                                               \
    {                                                                                              \
        (uint32_t)sizeof(svms_audit_form_options), SVMS_AUDIT_JSON_LINES, 0, SVMS_AUDIT_ENTERPRISE \
    }

/**
 * What stands above the first record: the names of the columns of CSV, nothing in other forms.
 *
 * @param ctx       context
 * @param options   the form, or NULL for JSON lines
 * @param[out] out  receives the text and its NUL; may be NULL with a size of 0
 * @param[in,out] size  bytes in @p out; receives the length without NUL, or, with ::SVMS_E_LIMIT,
 *                  how many are needed
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           written
 * @retval SVMS_E_USAGE      an argument is NULL, or there is no such form
 * @retval SVMS_E_LIMIT      @p out is too small
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread. Specification: A-FWD-3. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_form_heading(svms_ctx *ctx,
                                                             const svms_audit_form_options *options,
                                                             char *out, size_t *size,
                                                             svms_error *err);

/**
 * Write one record, with its line end or its frame. Whatever its bytes are, the result is one line
 * (CSV: one row) of UTF-8.
 *
 * @param ctx          context
 * @param options      the form, or NULL for JSON lines
 * @param index        number of the record in its log; ::SVMS_AUDIT_UNNUMBERED: it stands in none
 * @param record       the record's bytes
 * @param record_size  how many, 1 to ::SVMS_AUDIT_RECORD_MAX
 * @param[out] out     receives the line and its NUL; may be NULL with a size of 0
 * @param[in,out] size bytes in @p out (::SVMS_AUDIT_LINE_SIZE always are enough); receives the
 *                     length without NUL, or, with ::SVMS_E_LIMIT, how many are needed
 * @param[out] err     why it failed, or NULL
 *
 * @retval SVMS_OK           written
 * @retval SVMS_E_USAGE      an argument is NULL or out of range, or there is no such form
 * @retval SVMS_E_LIMIT      @p out is too small
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread. Specification: A-FWD-1, A-FWD-3, A-FWD-5. Clauses: RFC 5424 section 6,
 * RFC 5425 section 4.3, RFC 4180 section 2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_form_record(svms_ctx *ctx,
                                                            const svms_audit_form_options *options,
                                                            uint64_t index, const void *record,
                                                            size_t record_size, char *out,
                                                            size_t *size, svms_error *err);

/** Opaque state of a forwarder: which record goes out next, and up to which a receiver surely has
 * them. Belongs to one thread at a time. */
typedef struct svms_audit_forward svms_audit_forward;

/** Of what to what. Start from ::SVMS_AUDIT_FORWARD_OPTIONS_INIT. Since 0.1. */
typedef struct svms_audit_forward_options {
    uint32_t struct_size; /**< sizeof(svms_audit_forward_options). */
    uint32_t enterprise;  /**< As in ::svms_audit_form_options. */
    uint64_t resend_ns;   /**< What was sent so shortly before a connection broke is sent again; 1 s
                               to 30 days. */
    const char *log_key;  /**< Of which log: the text that svms_audit_log_create() gave. */
    const char *receiver; /**< To whom: 1 to 300 printable ASCII characters without space. */
    const char *server;   /**< Name of the server, for the forwarder's own records. */
} svms_audit_forward_options;

/** Initialiser of ::svms_audit_forward_options: 60 s. */
#define SVMS_AUDIT_FORWARD_OPTIONS_INIT                                                            \
    {                                                                                              \
        (uint32_t)sizeof(svms_audit_forward_options), SVMS_AUDIT_ENTERPRISE,                       \
            UINT64_C(60000000000), NULL, NULL, NULL                                                \
    }

/**
 * Begin where a position says, or with the first record.
 *
 * @param[out] out       the state; release with svms_audit_forward_free()
 * @param ctx            context; must outlive it
 * @param options        of what to what; what it points to need not outlive the call
 * @param position       what svms_audit_forward_position() gave and was kept, or NULL: there is
 * none yet
 * @param position_size  its size
 * @param[out] err       why it failed, or NULL
 *
 * @retval SVMS_OK           ready
 * @retval SVMS_E_USAGE      an argument is NULL or out of range
 * @retval SVMS_E_MALFORMED  the position is none
 * @retval SVMS_E_STATE      it is of another log, or of another receiver
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread. Specification: A-FWD-2, A-FWD-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_forward_new(
    svms_audit_forward **out, svms_ctx *ctx, const svms_audit_forward_options *options,
    const void *position, size_t position_size, svms_error *err);

/**
 * Release a state.
 *
 * @param forward  address of the state; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use it any more. Since 0.1.
 */
SVMS_API void svms_audit_forward_free(svms_audit_forward **forward);

/**
 * Which record is wanted next.
 *
 * @param forward  the state, or NULL
 * @return its number; 0 for NULL
 *
 * Thread safety: the state belongs to one thread. Since 0.1.
 */
SVMS_API uint64_t svms_audit_forward_next(const svms_audit_forward *forward);

/**
 * Hand in the record that is wanted, and get what the receiver is to be sent for it: a framed
 * syslog line, in front of it a record `log.forward` where records were pruned before it.
 *
 * @param forward      the state
 * @param record       the record's bytes
 * @param record_size  how many, 1 to ::SVMS_AUDIT_RECORD_MAX
 * @param[out] out     what is to be sent; lives until the next call with this state
 * @param[out] size    how many bytes
 * @param[out] err     why it failed, or NULL
 *
 * @retval SVMS_OK           to be sent whole; the next record is wanted
 * @retval SVMS_E_USAGE      an argument is NULL or out of range
 * @retval SVMS_E_NO_MEMORY  the allocator failed; nothing has changed
 * @retval SVMS_E_CRYPTO     there is no randomness; nothing has changed
 *
 * Thread safety: the state belongs to one thread. Specification: A-FWD-1, A-FWD-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_forward_record(svms_audit_forward *forward,
                                                               const void *record,
                                                               size_t record_size,
                                                               const uint8_t **out, size_t *size,
                                                               svms_error *err);

/**
 * Say that the record that is wanted was pruned. It is counted, and told in front of the next one.
 *
 * @param forward  the state; NULL is accepted
 *
 * Thread safety: the state belongs to one thread. Specification: A-FWD-2. Since 0.1.
 */
SVMS_API void svms_audit_forward_pruned(svms_audit_forward *forward);

/**
 * Say that all that svms_audit_forward_record() gave so far was sent.
 *
 * @param forward  the state; NULL is accepted
 * @param now_ns   a clock that is never set, in nanoseconds
 *
 * Thread safety: the state belongs to one thread. Specification: A-FWD-2. Since 0.1.
 */
SVMS_API void svms_audit_forward_sent(svms_audit_forward *forward, uint64_t now_ns);

/**
 * Say that the connection ended, in whichever way. The next record that is wanted is the first of
 * those that were not sent, or so shortly before that the receiver may have lost them.
 *
 * @param forward  the state; NULL is accepted
 * @param now_ns   when it was last seen to stand, by the same clock
 *
 * Thread safety: the state belongs to one thread. Specification: A-FWD-2. Since 0.1.
 */
SVMS_API void svms_audit_forward_broken(svms_audit_forward *forward, uint64_t now_ns);

/**
 * Up to which record the receiver was served: whoever begins anew begins there.
 *
 * @param forward  the state, or NULL
 * @param now_ns   when the connection was last seen to stand, by the same clock
 * @return number of the first record that counts as not served; 0 for NULL
 *
 * Thread safety: the state belongs to one thread. Specification: A-FWD-2. Since 0.1.
 */
SVMS_API uint64_t svms_audit_forward_served(svms_audit_forward *forward, uint64_t now_ns);

/**
 * The position as a text, to be kept durably while the connection stands.
 *
 * @param forward   the state
 * @param[out] out  receives the text and its NUL; may be NULL with a size of 0
 * @param[in,out] size  bytes in @p out (::SVMS_AUDIT_POSITION_SIZE are enough); receives the length
 *                  without NUL, or, with ::SVMS_E_LIMIT, how many are needed
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           written: what svms_audit_forward_served() last gave
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_LIMIT      @p out is too small
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: the state belongs to one thread. Specification: A-FWD-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_forward_position(const svms_audit_forward *forward,
                                                                 char *out, size_t *size,
                                                                 svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
