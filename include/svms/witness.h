/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Witnesses: who confirms that a log only grew, and the log's holder, who asks them.
 *
 * A witness keeps, of each log that it was told, the size and root that it has seen last, and
 * cosigns what is proven to have grown out of these (C2SP tlog-witness). Neither side does any
 * input or output but on its folder: who carries questions and answers is the caller's business.
 *
 * Specification: audit.md, section 6.
 */
#ifndef SVMS_WITNESS_H
#define SVMS_WITNESS_H

#include <svms/audit_log.h>
#include <svms/key.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most bytes of a request. */
#define SVMS_WITNESS_REQUEST_MAX 65536
/** Bytes that hold the text of any answer of ours, with its NUL. */
#define SVMS_WITNESS_TEXT_SIZE 512
/** Bytes that hold the name of a log, with its NUL. */
#define SVMS_WITNESS_ORIGIN_SIZE 129
/** Pieces of evidence of each kind (forks; growth that was not proven) kept for each log. */
#define SVMS_WITNESS_EVIDENCE_MAX 16

/** Opaque witness; shared freely between threads. */
typedef struct svms_witness svms_witness;

/** How a witness is opened. Start from ::SVMS_WITNESS_OPTIONS_INIT. Since 0.1. */
typedef struct svms_witness_options {
    uint32_t struct_size; /**< sizeof(svms_witness_options). */
    uint32_t reserved;    /**< 0. */
    const char *name;     /**< Its name, 1 to 128 signs of printable ASCII without space and plus;
                               NULL: the one that the folder has. It stays once it was given. */
    const svms_private_key *key; /**< Its Ed25519 key, which must outlive the witness; NULL: one
                                      that is made, and kept in the folder. */
} svms_witness_options;

/** Initialiser of ::svms_witness_options. */
#define SVMS_WITNESS_OPTIONS_INIT                                                                  \
    {                                                                                              \
        (uint32_t)sizeof(svms_witness_options), 0, NULL, NULL                                      \
    }

/**
 * Open a witness, or make one in an empty folder. No other process may have it open.
 *
 * A folder that was put back to an older state lets the witness cosign a fork: restore it from no
 * backup; make a new witness instead.
 *
 * @param[out] out  the witness; close with svms_witness_close()
 * @param ctx       context; must outlive the witness
 * @param folder    where it keeps what it has seen; must outlive the witness
 * @param options   how
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             open
 * @retval SVMS_E_USAGE        an argument is NULL, or the name is none
 * @retval SVMS_E_STATE        somebody else has it open; or it has another name or key; or it is
 *                             new and no name was given
 * @retval SVMS_E_IO           the folder failed; err->os_error says how
 * @retval SVMS_E_MALFORMED    a file of it is none; err->message names it
 * @retval SVMS_E_UNSUPPORTED  the key is no Ed25519 key
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread. Specification: A-WIT-1, A-WIT-8. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_witness_open(svms_witness **out, svms_ctx *ctx,
                                                       const svms_folder *folder,
                                                       const svms_witness_options *options,
                                                       svms_error *err);

/**
 * The key that verifiers are given, in text with its NUL.
 *
 * @param witness   the witness; NULL gives an empty text
 * @param[out] key  receives it
 *
 * Thread safety: any thread. Specification: A-CHK-2. Since 0.1.
 */
SVMS_API void svms_witness_key(const svms_witness *witness, char key[SVMS_AUDIT_KEY_SIZE]);

/**
 * Tell a witness of a log that it shall watch, each time that it was opened. What it has seen of
 * the log before is taken up.
 *
 * @param witness   the witness
 * @param log_key   the log's first key, as svms_audit_log_create() gave it; or that of another log
 *                  of C2SP whose key has its origin as name
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           told
 * @retval SVMS_E_USAGE      an argument is NULL, or the key is not that of a log
 * @retval SVMS_E_STATE      the witness knows a log of this name by another key, or was told of
 *                           1,024 logs
 * @retval SVMS_E_IO         the folder failed; err->os_error says how
 * @retval SVMS_E_MALFORMED  what it has kept of the log is damaged
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: any thread. Specification: A-WIT-1, A-WIT-8. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_witness_add_log(svms_witness *witness,
                                                          const char *log_key, svms_error *err);

/** What a witness answers. Start from ::SVMS_WITNESS_ANSWER_INIT. Since 0.1. */
typedef struct svms_witness_answer {
    uint32_t struct_size;              /**< sizeof(svms_witness_answer). */
    uint32_t status;                   /**< Of HTTP: 200, 400, 403, 404, 409, 422. */
    uint32_t is_new_evidence;          /**< 1: the request was kept as evidence against the log. */
    uint32_t text_size;                /**< Bytes of text. */
    uint64_t size;                     /**< How many records the witness has seen of the log now. */
    const char *type;                  /**< Media type of the text; static. */
    char text[SVMS_WITNESS_TEXT_SIZE]; /**< The body, and a NUL. */
    char origin[SVMS_WITNESS_ORIGIN_SIZE]; /**< The log, where it is one that the witness knows. */
} svms_witness_answer;

/** Initialiser of ::svms_witness_answer. */
#define SVMS_WITNESS_ANSWER_INIT                                                                   \
    {                                                                                              \
        (uint32_t)sizeof(svms_witness_answer), 0, 0, 0, 0, NULL, "", ""                            \
    }

/**
 * Answer a request. What it confirms is durable in the folder when this returns.
 *
 * @param witness   the witness
 * @param path      what was asked: the last part of the request's path, "add-checkpoint" or
 *                  "add-epoch"
 * @param body      the request's body; NULL when empty
 * @param size      its bytes
 * @param[out] out  receives the answer
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           there is an answer, whatever it is
 * @retval SVMS_E_USAGE      an argument is NULL, or struct_size is too large
 * @retval SVMS_E_IO         what it would confirm could not be kept; err->os_error says how
 * @retval SVMS_E_NO_MEMORY  the allocator failed; nothing is confirmed
 * @retval SVMS_E_CRYPTO     the provider failed; nothing is confirmed
 *
 * Thread safety: any thread; one request is worked at after another. Specification: A-WIT-1,
 * A-WIT-2, A-WIT-6, A-WIT-7. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_witness_handle(svms_witness *witness, const char *path,
                                                         const void *body, size_t size,
                                                         svms_witness_answer *out, svms_error *err);

/**
 * Close a witness.
 *
 * @param witness  address of the witness; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use the witness any more. Since 0.1.
 */
SVMS_API void svms_witness_close(svms_witness **witness);

/** Opaque: the newest checkpoint of a log, on its way to witnesses; of one thread at a time. */
typedef struct svms_cosigning svms_cosigning;

/**
 * Take the newest checkpoint of a log, to have it cosigned. The log may be open for appending
 * meanwhile, here or in another process.
 *
 * @param[out] out  the checkpoint; release with svms_cosigning_free()
 * @param ctx       context; must outlive it
 * @param folder    that of the log; must outlive it
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK               taken
 * @retval SVMS_E_USAGE          an argument is NULL
 * @retval SVMS_E_IO             the folder failed, or there is no log, or it has no checkpoint yet
 * @retval SVMS_E_NOT_AUTHENTIC  the checkpoint is not the log's
 * @retval SVMS_E_MALFORMED      a file of the log is none; err->message names it
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_CRYPTO         the provider failed
 *
 * Thread safety: any thread. Specification: A-WIT-9. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_cosigning_new(svms_cosigning **out, svms_ctx *ctx,
                                                        const svms_folder *folder, svms_error *err);

/**
 * Turn to the next witness.
 *
 * @param cosigning    the checkpoint
 * @param witness_key  the witness's key, in text
 * @param[out] err     why it failed, or NULL
 *
 * @retval SVMS_OK           go on with svms_cosigning_ask()
 * @retval SVMS_E_USAGE      an argument is NULL, or the key is not that of a witness
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Specification: A-WIT-9. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_cosigning_begin(svms_cosigning *cosigning,
                                                          const char *witness_key, svms_error *err);

/** What to ask a witness. Start from ::SVMS_COSIGNING_QUESTION_INIT. Since 0.1. */
typedef struct svms_cosigning_question {
    uint32_t struct_size; /**< sizeof(svms_cosigning_question). */
    uint32_t reserved;    /**< 0. */
    const char *path;     /**< To be put behind the witness's prefix and a slash; static. */
    const char *body;     /**< For POST; belongs to the checkpoint, until its next call. */
    size_t size;          /**< Bytes of the body. */
} svms_cosigning_question;

/** Initialiser of ::svms_cosigning_question. */
#define SVMS_COSIGNING_QUESTION_INIT                                                               \
    {                                                                                              \
        (uint32_t)sizeof(svms_cosigning_question), 0, NULL, NULL, 0                                \
    }

/**
 * What to ask the witness next.
 *
 * @param cosigning  the checkpoint
 * @param[out] out   receives the question
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK               ask this
 * @retval SVMS_END              nothing any more: the witness has cosigned
 * @retval SVMS_E_USAGE          an argument is NULL, or struct_size is too large
 * @retval SVMS_E_STATE          no witness was turned to, or the last answer was a refusal
 * @retval SVMS_E_IO             the log's files cannot be read
 * @retval SVMS_E_TRUNCATED      a file of the log is too short
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_CRYPTO         the provider failed
 *
 * Specification: A-WIT-9. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_cosigning_ask(svms_cosigning *cosigning,
                                                        svms_cosigning_question *out,
                                                        svms_error *err);

/** What a witness answered. Start from ::SVMS_COSIGNING_ANSWER_INIT. Since 0.1. */
typedef struct svms_cosigning_answer {
    uint32_t struct_size; /**< sizeof(svms_cosigning_answer). */
    uint32_t status;      /**< Of HTTP. */
    const char *type;     /**< The value of Content-Type, or NULL. */
    const void *body;     /**< What came behind the head; NULL when empty. */
    size_t size;          /**< Its bytes. */
} svms_cosigning_answer;

/** Initialiser of ::svms_cosigning_answer. */
#define SVMS_COSIGNING_ANSWER_INIT                                                                 \
    {                                                                                              \
        (uint32_t)sizeof(svms_cosigning_answer), 0, NULL, NULL, 0                                  \
    }

/**
 * Take the witness's answer. A cosignature is verified before it is kept; others in the answer are
 * passed over.
 *
 * @param cosigning  the checkpoint
 * @param answer     what it answered
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK               go on with svms_cosigning_ask()
 * @retval SVMS_E_USAGE          an argument is NULL, or struct_size is too large
 * @retval SVMS_E_STATE          nothing was asked; or the witness does not know the log, or its key
 * @retval SVMS_E_NOT_AUTHENTIC  the witness has seen a larger tree than the log has now, or another
 *                               one: the log was cut, is an older copy, or was forked. Or the
 *                               cosignature does not verify
 * @retval SVMS_E_MALFORMED      the answer is none
 * @retval SVMS_E_IO             the witness has failed; err->os_error is 0
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_CRYPTO         the provider failed
 *
 * Specification: A-WIT-9. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_cosigning_take(svms_cosigning *cosigning,
                                                         const svms_cosigning_answer *answer,
                                                         svms_error *err);

/**
 * The checkpoint, with the cosignatures that there are so far.
 *
 * @param cosigning  the checkpoint; NULL gives NULL
 * @param[out] size  receives its bytes; NULL is accepted
 * @return a signed note, and a NUL; belongs to the checkpoint, until its next call
 *
 * Since 0.1.
 */
SVMS_API const char *svms_cosigning_note(const svms_cosigning *cosigning, size_t *size);

/**
 * Keep the cosignatures in the log's folder, as its newest cosigned checkpoint. Those that are
 * there already of the same checkpoint stay. A smaller one stays, too, where it has more
 * cosignatures and this one has fewer than were asked for.
 *
 * @param cosigning  the checkpoint
 * @param quorum     how many cosignatures are asked for
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK               kept; or there is none, or a newer one is there already
 * @retval SVMS_E_USAGE          no checkpoint was given
 * @retval SVMS_E_INCOMPLETE     there are too few, and what was there stays
 * @retval SVMS_E_NOT_AUTHENTIC  what is there is another tree of the same size
 * @retval SVMS_E_MALFORMED      what is there is no checkpoint
 * @retval SVMS_E_LIMIT          together they are too large, or too many
 * @retval SVMS_E_IO             the folder failed; err->os_error says how
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 *
 * Thread safety: one thread and process at a time keeps cosignatures of a log. Specification:
 * A-WIT-9. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_cosigning_keep(svms_cosigning *cosigning, uint32_t quorum,
                                                         svms_error *err);

/**
 * Release a checkpoint.
 *
 * @param cosigning  address of it; NULL and pointer to NULL are accepted; cleared
 *
 * Since 0.1.
 */
SVMS_API void svms_cosigning_free(svms_cosigning **cosigning);

#ifdef __cplusplus
}
#endif

#endif
