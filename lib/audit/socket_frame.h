/* SPDX-License-Identifier: Apache-2.0 */
/* What goes over the local socket of a log (audit.md, section 11), as bytes. */
#ifndef SVMS_SOCKET_FRAME_H
#define SVMS_SOCKET_FRAME_H

#include <svms/audit_log.h>

#include "builder.h"
#include "cursor.h"

#define SVMS_SOCKET_GREETING_SIZE 16u
/* Of a frame, in front. */
#define SVMS_SOCKET_LENGTH_SIZE 4u
/* What follows the length. */
#define SVMS_SOCKET_FRAME_MAX 1048576u
#define SVMS_SOCKET_ANSWER_MAX 272u
#define SVMS_SOCKET_WORDS_SIZE 256u

typedef enum svms_socket_state {
    SVMS_SOCKET_SERVES = 0,
    SVMS_SOCKET_IS_BUSY = 1,
    SVMS_SOCKET_NOT_YOU = 2
} svms_socket_state;

void svms_put_socket_greeting(svms_builder *out, svms_socket_state state);
/* SVMS_E_UNSUPPORTED: another version. */
SVMS_MUST_CHECK svms_status svms_socket_greeting_parse(svms_socket_state *out, const void *bytes,
                                                       size_t size, svms_error *err);

/* What the length in front of a frame says. SVMS_E_LIMIT: more than most; SVMS_E_MALFORMED: no
 * frame is so short. */
SVMS_MUST_CHECK svms_status svms_socket_length_parse(size_t *out, const void *bytes, size_t most,
                                                     svms_error *err);

/* Frames are written with their length, and parsed without it. */
void svms_put_socket_append(svms_builder *out, const svms_iovec *records, size_t count);
/* records: room for SVMS_AUDIT_APPEND_MAX; they point into bytes. */
SVMS_MUST_CHECK svms_status svms_socket_append_parse(svms_iovec *records, size_t *count,
                                                     const void *bytes, size_t size,
                                                     svms_error *err);

typedef struct svms_socket_answer {
    svms_status status; /* SVMS_OK: appended */
    int os_error;
    uint64_t first;
    char words[SVMS_SOCKET_WORDS_SIZE];
} svms_socket_answer;

void svms_put_socket_answer(svms_builder *out, const svms_socket_answer *answer);
SVMS_MUST_CHECK svms_status svms_socket_answer_parse(svms_socket_answer *out, const void *bytes,
                                                     size_t size, svms_error *err);

#endif
