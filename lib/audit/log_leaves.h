/* SPDX-License-Identifier: Apache-2.0 */
/* What is hashed of a group: leaves of its records and nodes above them, by two threads where there
 * is enough to do. */
#ifndef SVMS_LOG_LEAVES_H
#define SVMS_LOG_LEAVES_H

#include <stdatomic.h>

#include "journal.h"
#include "platform_thread.h"

/* Records that one thread takes up at once are a complete subtree of the log's tree, but for those
 * at both ends of the run. */
#define SVMS_LOG_PART_LEVEL 6u
#define SVMS_LOG_PART_RECORDS (1u << SVMS_LOG_PART_LEVEL)
/* Records for which a second thread is worth while. */
#define SVMS_LOG_LARGE_BYTES 131072u
#define SVMS_LOG_PARTS_MAX (SVMS_JOURNAL_GROUP_RECORDS / SVMS_LOG_PART_RECORDS + 2u)

/* The records of a group, as they stand in it. */
typedef struct svms_log_run {
    const uint8_t *records;
    size_t size;
    uint32_t count;  /* to SVMS_JOURNAL_GROUP_RECORDS */
    uint8_t *leaves; /* room for as many */
} svms_log_run;

typedef struct svms_log_part {
    const uint8_t *records;
    size_t size;
    uint8_t *leaves;
    uint32_t count;
    uint32_t crc;
    uint8_t root[SVMS_DIGEST_SIZE]; /* where it is a complete subtree */
} svms_log_part;

/* A run that is being hashed; it stays where it is meanwhile. */
typedef struct svms_log_hashing {
    svms_log_part part[SVMS_LOG_PARTS_MAX];
    unsigned count;
    atomic_uint next; /* that nobody has taken up */
    svms_hasher *help;
    svms_platform_thread thread;
    bool is_helped;
    svms_status status; /* the thread's */
    svms_error error;
} svms_log_hashing;

/* first: of the records, in the log. has_help: a thread begins with them; where none can be
 * started, who ends it does all. What was begun is ended or given up. */
SVMS_MUST_CHECK svms_status svms_log_hashing_begin(svms_log_hashing *out, svms_ctx *ctx,
                                                   const svms_log_run *run, uint64_t first,
                                                   bool has_help, svms_error *err);
/* Does what is left: then the leaves are there, the tree has grown by them, and crc is the CRC-32
 * of all bytes. A failure leaves the tree as anything. */
SVMS_MUST_CHECK svms_status svms_log_hashing_end(svms_log_hashing *at, svms_hasher *hasher,
                                                 svms_tree *tree, uint32_t *crc, svms_error *err);
void svms_log_hashing_give_up(svms_log_hashing *at);

#endif
