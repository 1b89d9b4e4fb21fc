/* SPDX-License-Identifier: Apache-2.0 */
/* What the journal of an authority says: what was issued and revoked, which lists and one-time
 * codes there were. Every function complains itself. Entries are only ever added. */
#ifndef SVMS_CLI_CA_JOURNAL_H
#define SVMS_CLI_CA_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <svms/svms.h>

#include "ca_certificate.h"
#include "ca_index.h"
#include "ca_log.h"
#include "exit_status.h"

#define CA_HASH_SIZE 32
#define CA_CODE_ID_TEXT 9

/* DNS names and IP addresses. */
typedef struct ca_hosts {
    const char *const *items;
    size_t count;
} ca_hosts;

/* What the texts of an entry that was read lie in; nothing in an entry that is to be added. */
typedef struct ca_kept {
    json_t *texts;
    const char **hosts;
} ca_kept;

typedef struct ca_issued {
    char serial[CA_SERIAL_TEXT]; /* lower-case hexadecimal */
    uint8_t sha256[CA_HASH_SIZE];
    uint8_t key_sha256[CA_HASH_SIZE]; /* of its SubjectPublicKeyInfo */
    svms_role role;                   /* SVMS_ROLE_NONE: an authority */
    const char *name;                 /* its common name */
    ca_hosts hosts;
    int64_t issued_utc_ns;
    int64_t not_before_utc_ns;
    int64_t not_after_utc_ns;
    char code[CA_CODE_ID_TEXT];  /* one-time code that was used up by it, or empty */
    char renews[CA_SERIAL_TEXT]; /* certificate that it takes the place of, or empty */
    bool revoked;
    svms_revocation_reason reason;
    int64_t revoked_utc_ns;
    int64_t invalid_utc_ns; /* or SVMS_NO_TIME */
    ca_log_place place;     /* of the line that holds the certificate */
    ca_kept kept;
} ca_issued;

typedef enum ca_code_state {
    CA_CODE_OPEN,
    CA_CODE_USED,
    CA_CODE_VOID /* taken back by the operator */
} ca_code_state;

/* A one-time code; of the code itself only the hash is known. */
typedef struct ca_code {
    char id[CA_CODE_ID_TEXT];
    uint8_t sha256[CA_HASH_SIZE];
    svms_role role;
    const char *name;
    ca_hosts hosts;
    uint32_t days; /* that the certificate shall be valid; 0: what the role has */
    int64_t made_utc_ns;
    int64_t until_utc_ns;
    ca_code_state state;
    ca_kept kept;
} ca_code;

typedef struct ca_journal {
    ca_log log;
    char authority[2 * CA_HASH_SIZE + 1]; /* SHA-256 of the certificate whose journal it is */
    ca_issued *issued;
    size_t issued_count;
    size_t issued_room;
    ca_index serials; /* of issued */
    ca_code *codes;
    size_t code_count;
    size_t code_room;
    ca_index ids;          /* of codes */
    uint64_t revoked_line; /* newest line that revokes somebody; 0: none yet */
    uint64_t list_line;    /* of the newest revocation list; 0: none yet */
    uint64_t list_number;
    uint8_t list_sha256[CA_HASH_SIZE]; /* of its text */
    int64_t list_utc_ns;
    int64_t list_next_utc_ns;
} ca_journal;

/* A new journal; certificate is that of the authority. */
exit_status ca_journal_create(const char *path, int folder, const svms_certificate_info *authority);
/* Opens; reads nothing yet. */
exit_status ca_journal_open(ca_journal *out, const char *path, int folder, bool writable);
void ca_journal_close(ca_journal *journal);

/* What was added since the last time. Who reads or adds holds the folder's lock. */
exit_status ca_journal_read(ca_journal *journal);

/* Adds, durably, what the caller has made sure of: that a serial number or id is new, that a code
 * is open, that a revocation may follow. The strings of entry are copied; place is set by it. When
 * it fails, the line may stand in the journal all the same; the next reading tells. */
exit_status ca_journal_add_issued(ca_journal *journal, const ca_issued *entry, const char *pem);
exit_status ca_journal_add_revoked(ca_journal *journal, const ca_issued *entry,
                                   svms_revocation_reason reason, int64_t revoked_utc_ns,
                                   int64_t invalid_utc_ns);
exit_status ca_journal_add_list(ca_journal *journal, uint64_t number, int64_t this_utc_ns,
                                int64_t next_utc_ns, const uint8_t sha256[CA_HASH_SIZE]);
exit_status ca_journal_add_code(ca_journal *journal, const ca_code *code);
exit_status ca_journal_add_code_void(ca_journal *journal, const char *id);

/* NULL: there is none. What they give lives until something is added or read. */
const ca_issued *ca_journal_find_serial(const ca_journal *journal, const char *serial);
const ca_code *ca_journal_find_code(const ca_journal *journal, const char *id);
const ca_issued *ca_journal_find_sha256(const ca_journal *journal,
                                        const uint8_t sha256[CA_HASH_SIZE]);

/* Whether these words may be said about a certificate: what is revoked only gets worse. Neither
 * time becomes later, and a key that may be known to others stays so. */
bool ca_may_revoke(const ca_issued *entry, svms_revocation_reason reason, int64_t revoked_utc_ns,
                   int64_t invalid_utc_ns);

/* PEM text of an issued certificate, without those above it; released by free(). */
exit_status ca_journal_certificate(const ca_journal *journal, const ca_issued *entry, char **pem);

/* Those that were revoked, as a list takes them; released by free(). */
exit_status ca_journal_revoked(const ca_journal *journal, svms_revoked **out, size_t *count);

/* "recorder" and so on; "authority" for none. */
const char *ca_role_name(svms_role role);

/* "superseded" and so on, and back. */
const char *ca_reason_name(svms_revocation_reason reason);
bool ca_reason_parse(svms_revocation_reason *out, const char *name);

#endif
