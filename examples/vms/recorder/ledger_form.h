/* SPDX-License-Identifier: Apache-2.0 */
/* How entries of the ledger stand in its file (docs/spec/ledger.md, sections 1 and 2). */
#ifndef LEDGER_FORM_H
#define LEDGER_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <svms/status.h>

#define LEDGER_FRONT_SIZE 32u /* of the file */
#define LEDGER_HEAD_SIZE 20u  /* of an entry */
#define LEDGER_HASH_SIZE 32u
#define LEDGER_SIGNATURE_MAX 1024u
#define LEDGER_CHAIN_MAX 98304u
#define LEDGER_STATEMENT_MAX 2048u
#define LEDGER_ENTRY_MAX                                                                           \
    (LEDGER_HEAD_SIZE + LEDGER_STATEMENT_MAX + LEDGER_CHAIN_MAX + LEDGER_SIGNATURE_MAX)
#define LEDGER_ID_SIZE 36u
#define LEDGER_CAMERA_MAX 64u
#define LEDGER_WHO_MAX 512u
#define LEDGER_WHY_MAX 1024u

typedef enum ledger_kind { LEDGER_LOCK, LEDGER_UNLOCK, LEDGER_ERASE } ledger_kind;

typedef struct ledger_entry {
    ledger_kind kind;
    const char *id;     /* of the lock; of an erasure, one of its own */
    const char *camera; /* lock, erase; an unlocking has none: NULL */
    int64_t from_utc_ns;
    int64_t to_utc_ns;
    const char *who;
    const char *why;
    int64_t utc_ns; /* when; of one that is appended, 0: now */
} ledger_entry;

/* What stands in front of each entry, and is not believed before the signature is checked. */
typedef struct ledger_head {
    uint32_t statement_size;
    uint32_t chain_size; /* 0: signed by whoever signed the entry before */
    uint16_t signature_size;
    uint16_t algorithm;
} ledger_head;

typedef struct ledger_statement {
    uint8_t before[LEDGER_HASH_SIZE]; /* hash of the entry before, or of the front */
    uint64_t number;
    ledger_entry entry; /* its texts are those below */
    char id[LEDGER_ID_SIZE + 1];
    char camera[LEDGER_CAMERA_MAX + 1];
    char who[LEDGER_WHO_MAX + 1];
    char why[LEDGER_WHY_MAX + 1];
} ledger_statement;

void ledger_write_front(uint8_t out[LEDGER_FRONT_SIZE], const uint8_t id[16]);
/* SVMS_E_MALFORMED: no ledger; SVMS_E_UNSUPPORTED: of another version. */
svms_status ledger_check_front(const uint8_t front[LEDGER_FRONT_SIZE], svms_error *err);
/* Whether these first bytes of a file are those of any ledger. */
bool ledger_is_front_begun(const uint8_t *bytes, size_t size);

/* Whether an entry may begin so. */
bool ledger_is_entry_begun(const uint8_t *bytes, size_t size);

/* false: the digest failed. */
bool ledger_write_head(uint8_t out[LEDGER_HEAD_SIZE], const ledger_head *head);
/* false: it is none, or breaks a bound. */
bool ledger_read_head(ledger_head *out, const uint8_t bytes[LEDGER_HEAD_SIZE]);
size_t ledger_entry_size(const ledger_head *head);

/* SVMS_E_USAGE: a text or a range is none that may stand in an entry. */
svms_status ledger_write_statement(uint8_t out[LEDGER_STATEMENT_MAX], size_t *size,
                                   const uint8_t before[LEDGER_HASH_SIZE], uint64_t number,
                                   const ledger_entry *entry, svms_error *err);
/* false: it breaks a rule. The statement must not be moved: its entry points into it. */
bool ledger_read_statement(ledger_statement *out, const uint8_t *bytes, size_t size);

/* false: the digest failed. */
bool ledger_hash(uint8_t out[LEDGER_HASH_SIZE], const void *bytes, size_t size);

#endif
