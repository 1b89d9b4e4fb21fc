/* SPDX-License-Identifier: Apache-2.0 */
#include "ca_journal.h"

#include <stdlib.h>
#include <string.h>

#include "ca_journal_entry.h"
#include "head_text.h"
#include "json_output.h"
#include "message.h"

#define FIRST_ROOM 64

static const struct {
    svms_revocation_reason reason;
    const char *name;
} reasons[] = {
    { SVMS_REASON_UNSPECIFIED, "unspecified" },
    { SVMS_REASON_KEY_COMPROMISE, "key-compromise" },
    { SVMS_REASON_CA_COMPROMISE, "ca-compromise" },
    { SVMS_REASON_AFFILIATION_CHANGED, "affiliation-changed" },
    { SVMS_REASON_SUPERSEDED, "superseded" },
    { SVMS_REASON_CESSATION, "cessation" },
};

#define REASON_COUNT (sizeof reasons / sizeof reasons[0])

const char *ca_reason_name(svms_revocation_reason reason)
{
    for (size_t i = 0; i < REASON_COUNT; i++) {
        if (reasons[i].reason == reason) {
            return reasons[i].name;
        }
    }
    return "unknown";
}

bool ca_reason_parse(svms_revocation_reason *out, const char *name)
{
    for (size_t i = 0; i < REASON_COUNT; i++) {
        if (strcmp(reasons[i].name, name) == 0) {
            *out = reasons[i].reason;
            return true;
        }
    }
    return false;
}

static void *grow(void *items, size_t count, size_t *room, size_t item_size)
{
    if (count < *room) {
        return items;
    }
    size_t more = *room == 0 ? FIRST_ROOM : 2 * *room;
    void *moved = realloc(items, more * item_size);
    if (moved) {
        *room = more;
    }
    return moved;
}

static exit_status out_of_memory(void)
{
    complain("out of memory");
    return EXIT_ENVIRONMENT;
}

exit_status ca_journal_keep_issued(ca_journal *journal, const ca_issued *entry)
{
    ca_issued *moved =
        grow(journal->issued, journal->issued_count, &journal->issued_room, sizeof *moved);
    if (!moved) {
        return out_of_memory();
    }
    journal->issued = moved;
    if (!ca_index_reserve(&journal->serials)) {
        return out_of_memory();
    }
    moved[journal->issued_count] = *entry;
    ca_index_add(&journal->serials, entry->serial, journal->issued_count++);
    return EXIT_GOOD;
}

exit_status ca_journal_keep_code(ca_journal *journal, const ca_code *code)
{
    ca_code *moved = grow(journal->codes, journal->code_count, &journal->code_room, sizeof *moved);
    if (!moved) {
        return out_of_memory();
    }
    journal->codes = moved;
    if (!ca_index_reserve(&journal->ids)) {
        return out_of_memory();
    }
    moved[journal->code_count] = *code;
    ca_index_add(&journal->ids, code->id, journal->code_count++);
    return EXIT_GOOD;
}

exit_status ca_journal_create(const char *path, int folder, const svms_certificate_info *authority)
{
    ca_log log = CA_LOG_INIT;
    exit_status status = ca_log_create(&log, path, folder);
    if (status == EXIT_GOOD) {
        status = ca_log_append(&log,
                               json_pack("{s:s, s:o, s:o}", "what", "created", "authority",
                                         json_hex(authority->sha256, CA_HASH_SIZE), "subject",
                                         json_text(authority->subject)),
                               NULL);
    }
    ca_log_close(&log);
    return status;
}

exit_status ca_journal_open(ca_journal *out, const char *path, int folder, bool writable)
{
    memset(out, 0, sizeof *out);
    out->log = (ca_log)CA_LOG_INIT;
    return ca_log_open(&out->log, path, folder, writable);
}

void ca_journal_close(ca_journal *journal)
{
    for (size_t i = 0; i < journal->issued_count; i++) {
        ca_kept_free(&journal->issued[i].kept);
    }
    for (size_t i = 0; i < journal->code_count; i++) {
        ca_kept_free(&journal->codes[i].kept);
    }
    free(journal->issued);
    free(journal->codes);
    free(journal->serials.slots);
    free(journal->ids.slots);
    ca_log_close(&journal->log);
    memset(journal, 0, sizeof *journal);
    journal->log = (ca_log)CA_LOG_INIT;
}

exit_status ca_journal_read(ca_journal *journal)
{
    return ca_log_read(&journal->log, ca_journal_take, journal);
}

/* What is added is taken in as if it had been read, so that both mean the same. Where that fails,
 * out of memory say, it is for the next reading to take in. */
static exit_status add(ca_journal *journal, json_t *entry)
{
    const ca_log before = journal->log;
    ca_log_place place;
    json_t *line = NULL;
    exit_status status = ca_log_append(&journal->log, entry, &place);
    if (status == EXIT_GOOD) {
        status = ca_log_load(&journal->log, &place, &line);
    }
    if (status == EXIT_GOOD) {
        status = ca_journal_take(journal, line, &place);
    }
    if (status != EXIT_GOOD) {
        journal->log = before;
    }
    json_decref(line);
    return status;
}

static json_t *json_hosts(const ca_hosts *hosts)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < hosts->count; i++) {
        if (json_array_append_new(list, json_string(hosts->items[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

static json_t *text_or_null(const char *text)
{
    return text[0] ? json_string(text) : json_null();
}

exit_status ca_journal_add_issued(ca_journal *journal, const ca_issued *entry, const char *pem)
{
    return add(journal,
               json_pack("{s:s, s:s, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s}", "what",
                         "issued", "serial", entry->serial, "sha256",
                         json_hex(entry->sha256, CA_HASH_SIZE), "key_sha256",
                         json_hex(entry->key_sha256, CA_HASH_SIZE), "role",
                         ca_role_name(entry->role), "name", entry->name, "hosts",
                         json_hosts(&entry->hosts), "not_before",
                         json_time(entry->not_before_utc_ns), "not_after",
                         json_time(entry->not_after_utc_ns), "code", text_or_null(entry->code),
                         "renews", text_or_null(entry->renews), "certificate", pem));
}

exit_status ca_journal_add_revoked(ca_journal *journal, const ca_issued *entry,
                                   svms_revocation_reason reason, int64_t revoked_utc_ns,
                                   int64_t invalid_utc_ns)
{
    return add(journal, json_pack("{s:s, s:s, s:s, s:o, s:o}", "what", "revoked", "serial",
                                  entry->serial, "reason", ca_reason_name(reason), "revoked",
                                  json_time(revoked_utc_ns), "invalid", json_time(invalid_utc_ns)));
}

exit_status ca_journal_add_list(ca_journal *journal, uint64_t number, int64_t this_utc_ns,
                                int64_t next_utc_ns, const uint8_t sha256[CA_HASH_SIZE])
{
    return add(journal,
               json_pack("{s:s, s:I, s:o, s:o, s:o}", "what", "list", "number", (json_int_t)number,
                         "this", json_time(this_utc_ns), "next", json_time(next_utc_ns), "sha256",
                         json_hex(sha256, CA_HASH_SIZE)));
}

exit_status ca_journal_add_code(ca_journal *journal, const ca_code *code)
{
    return add(journal, json_pack("{s:s, s:s, s:o, s:s, s:s, s:o, s:I, s:o}", "what", "code", "id",
                                  code->id, "sha256", json_hex(code->sha256, CA_HASH_SIZE), "role",
                                  ca_role_name(code->role), "name", code->name, "hosts",
                                  json_hosts(&code->hosts), "days", (json_int_t)code->days, "until",
                                  json_time(code->until_utc_ns)));
}

exit_status ca_journal_add_code_void(ca_journal *journal, const char *id)
{
    return add(journal, json_pack("{s:s, s:s}", "what", "code-voided", "id", id));
}

static const char *serial_of(const void *items, size_t position)
{
    return ((const ca_issued *)items)[position].serial;
}

static const char *id_of(const void *items, size_t position)
{
    return ((const ca_code *)items)[position].id;
}

const ca_issued *ca_journal_find_serial(const ca_journal *journal, const char *serial)
{
    size_t found = ca_index_find(&journal->serials, serial, serial_of, journal->issued);
    return found == CA_INDEX_NONE ? NULL : &journal->issued[found];
}

const ca_code *ca_journal_find_code(const ca_journal *journal, const char *id)
{
    size_t found = ca_index_find(&journal->ids, id, id_of, journal->codes);
    return found == CA_INDEX_NONE ? NULL : &journal->codes[found];
}

const ca_issued *ca_journal_find_sha256(const ca_journal *journal,
                                        const uint8_t sha256[CA_HASH_SIZE])
{
    for (size_t i = 0; i < journal->issued_count; i++) {
        if (memcmp(journal->issued[i].sha256, sha256, CA_HASH_SIZE) == 0) {
            return &journal->issued[i];
        }
    }
    return NULL;
}

bool ca_may_revoke(const ca_issued *entry, svms_revocation_reason reason, int64_t revoked_utc_ns,
                   int64_t invalid_utc_ns)
{
    if (!entry->revoked) {
        return true;
    }
    bool weaker =
        entry->reason == SVMS_REASON_KEY_COMPROMISE && reason != SVMS_REASON_KEY_COMPROMISE;
    bool believed_longer =
        entry->invalid_utc_ns != SVMS_NO_TIME &&
        (invalid_utc_ns == SVMS_NO_TIME || invalid_utc_ns > entry->invalid_utc_ns);
    return !weaker && !believed_longer && revoked_utc_ns <= entry->revoked_utc_ns;
}

exit_status ca_journal_certificate(const ca_journal *journal, const ca_issued *entry, char **pem)
{
    json_t *line = NULL;
    exit_status status = ca_log_load(&journal->log, &entry->place, &line);
    if (status != EXIT_GOOD) {
        return status;
    }
    const char *text = json_string_value(json_object_get(line, "certificate"));
    *pem = text ? strdup(text) : NULL;
    json_decref(line);
    if (!*pem) {
        return out_of_memory();
    }
    return EXIT_GOOD;
}

exit_status ca_journal_revoked(const ca_journal *journal, svms_revoked **out, size_t *count)
{
    svms_revoked *list = malloc((journal->issued_count + 1) * sizeof *list);
    size_t used = 0;
    if (!list) {
        return out_of_memory();
    }
    for (size_t i = 0; i < journal->issued_count; i++) {
        const ca_issued *entry = &journal->issued[i];
        if (entry->revoked) {
            svms_revoked *revoked = &list[used++];
            *revoked = (svms_revoked)SVMS_REVOKED_INIT;
            revoked->reason = entry->reason;
            revoked->revoked_utc_ns = entry->revoked_utc_ns;
            revoked->invalid_utc_ns = entry->invalid_utc_ns;
            revoked->serial_size = (uint32_t)(strlen(entry->serial) / 2);
            (void)head_text_parse(revoked->serial, revoked->serial_size, entry->serial);
        }
    }
    *out = list;
    *count = used;
    return EXIT_GOOD;
}
