/* SPDX-License-Identifier: Apache-2.0 */
#include "ca_journal_entry.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "head_text.h"
#include "message.h"

#define AUTHORITY_NAME "authority"
#define HIGHEST_ROLE 31

const char *ca_role_name(svms_role role)
{
    return role == SVMS_ROLE_NONE ? AUTHORITY_NAME : svms_role_name(role);
}

static bool take_role(svms_role *out, const char *name)
{
    for (int i = 1; i <= HIGHEST_ROLE; i++) {
        if (svms_role_oid((svms_role)i) && strcmp(svms_role_name((svms_role)i), name) == 0) {
            *out = (svms_role)i;
            return true;
        }
    }
    *out = SVMS_ROLE_NONE;
    return strcmp(name, AUTHORITY_NAME) == 0;
}

static bool take_time(int64_t *out, const char *text)
{
    return svms_time_parse(out, text, NULL) == SVMS_OK;
}

/* Text that is no longer than its place. */
static bool take_text(char *out, size_t size, const char *text)
{
    size_t length = strlen(text);
    if (length >= size) {
        return false;
    }
    memcpy(out, text, length + 1);
    return true;
}

/* The same, or null, which leaves the place empty. */
static bool take_optional(char *out, size_t size, const json_t *value)
{
    return json_is_null(value) ||
           (json_is_string(value) && take_text(out, size, json_string_value(value)));
}

static bool take_serial(char out[CA_SERIAL_TEXT], const char *text)
{
    uint8_t bytes[SVMS_SERIAL_MAX];
    size_t size = strlen(text) / 2;
    return size > 0 && take_text(out, CA_SERIAL_TEXT, text) && head_text_parse(bytes, size, text) &&
           strspn(text, "0123456789abcdef") == strlen(text);
}

/* A line, while it is taken in. */
typedef struct entry_reader {
    ca_journal *journal;
    json_t *line;
    const ca_log_place *place;
} entry_reader;

static exit_status out_of_memory(void)
{
    complain("out of memory");
    return EXIT_ENVIRONMENT;
}

static exit_status not_understood(const entry_reader *reader)
{
    complain("%s/%s: line %" PRIu64 " says what this version does not understand",
             reader->journal->log.path, CA_LOG_NAME, reader->place->line);
    return EXIT_MALFORMED;
}

/* What a line says about a name (serial number, id) cannot be, after what stands before it. */
static exit_status contradicted(const entry_reader *reader, const char *name, const char *what)
{
    complain("%s/%s: line %" PRIu64 " contradicts those before it: %s %s",
             reader->journal->log.path, CA_LOG_NAME, reader->place->line, name, what);
    return EXIT_MALFORMED;
}

/* json_unpack_ex() needs memory, too: its want of it says nothing about the line. */
static exit_status not_unpacked(const entry_reader *reader, const json_error_t *error)
{
    return json_error_code(error) == json_error_out_of_memory ? out_of_memory()
                                                              : not_understood(reader);
}

void ca_kept_free(ca_kept *kept)
{
    json_decref(kept->texts);
    free(kept->hosts);
}

/* Name and hosts stay in the JSON values that were read. */
static exit_status keep_texts(const entry_reader *reader, ca_kept *kept, json_t *name, json_t *list)
{
    size_t count = json_array_size(list);
    if (!json_is_string(name) || !json_is_array(list) || count > SVMS_NAMES_MAX) {
        return not_understood(reader);
    }
    for (size_t i = 0; i < count; i++) {
        if (!json_is_string(json_array_get(list, i))) {
            return not_understood(reader);
        }
    }
    json_t *texts = json_pack("[O, O]", name, list);
    const char **hosts = calloc(count + 1, sizeof *hosts);
    if (!texts || !hosts) {
        json_decref(texts);
        free(hosts);
        return out_of_memory();
    }
    for (size_t i = 0; i < count; i++) {
        hosts[i] = json_string_value(json_array_get(list, i));
    }
    *kept = (ca_kept){ texts, hosts };
    return EXIT_GOOD;
}

static exit_status take_created(const entry_reader *reader)
{
    ca_journal *journal = reader->journal;
    const char *authority = json_string_value(json_object_get(reader->line, "authority"));
    bool good = reader->place->line == 1 && authority &&
                strlen(authority) == sizeof journal->authority - 1 &&
                take_text(journal->authority, sizeof journal->authority, authority);
    return good ? EXIT_GOOD : not_understood(reader);
}

/* What is found may be changed by who takes in a line. */
static ca_issued *find_issued(const entry_reader *reader, const char *serial)
{
    const ca_issued *found = ca_journal_find_serial(reader->journal, serial);
    return found ? &reader->journal->issued[found - reader->journal->issued] : NULL;
}

static ca_code *find_code(const entry_reader *reader, const char *id)
{
    const ca_code *found = ca_journal_find_code(reader->journal, id);
    return found ? &reader->journal->codes[found - reader->journal->codes] : NULL;
}

/* Everything in a line about a certificate but name and hosts. */
static exit_status parse_issued(const entry_reader *reader, ca_issued *entry, json_t **name,
                                json_t **hosts)
{
    const char *serial, *sha256, *key, *role, *from, *to, *at, *pem;
    json_t *code = NULL;
    json_t *renews = NULL;
    json_error_t error;
    if (json_unpack_ex(reader->line, &error, 0,
                       "{s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:s, s:s, s:s, s:o, s:o}", "serial",
                       &serial, "sha256", &sha256, "key_sha256", &key, "role", &role, "name", name,
                       "hosts", hosts, "not_before", &from, "not_after", &to, "at", &at,
                       "certificate", &pem, "code", &code, "renews", &renews) != 0) {
        return not_unpacked(reader, &error);
    }
    memset(entry, 0, sizeof *entry);
    entry->invalid_utc_ns = SVMS_NO_TIME;
    entry->place = *reader->place;
    bool good = take_serial(entry->serial, serial) &&
                head_text_parse(entry->sha256, sizeof entry->sha256, sha256) &&
                head_text_parse(entry->key_sha256, sizeof entry->key_sha256, key) &&
                take_role(&entry->role, role) && take_time(&entry->not_before_utc_ns, from) &&
                take_time(&entry->not_after_utc_ns, to) && take_time(&entry->issued_utc_ns, at) &&
                take_optional(entry->code, sizeof entry->code, code) &&
                take_optional(entry->renews, sizeof entry->renews, renews);
    return good ? EXIT_GOOD : not_understood(reader);
}

/* One serial number is one certificate, and one code pays for one. */
static exit_status check_issued(const entry_reader *reader, const ca_issued *entry,
                                const ca_code *code)
{
    if (find_issued(reader, entry->serial)) {
        return contradicted(reader, entry->serial, "was issued before");
    }
    if (!entry->code[0]) {
        return EXIT_GOOD;
    }
    if (!code) {
        return contradicted(reader, entry->code, "is no code");
    }
    if (code->state != CA_CODE_OPEN) {
        return contradicted(reader, entry->code,
                            code->state == CA_CODE_USED ? "was used before" : "is void");
    }
    if (code->role != entry->role || strcmp(code->name, entry->name) != 0) {
        return contradicted(reader, entry->code, "is for another name or role");
    }
    return EXIT_GOOD;
}

/* A code that somebody used: that line makes it used, whatever became of the answer. */
static exit_status take_issued(const entry_reader *reader)
{
    json_t *name = NULL;
    json_t *hosts = NULL;
    ca_issued entry;
    exit_status status = parse_issued(reader, &entry, &name, &hosts);
    if (status == EXIT_GOOD) {
        status = keep_texts(reader, &entry.kept, name, hosts);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    entry.name = json_string_value(name);
    entry.hosts = (ca_hosts){ entry.kept.hosts, json_array_size(hosts) };
    ca_code *code = find_code(reader, entry.code);
    status = check_issued(reader, &entry, code);
    if (status == EXIT_GOOD) {
        status = ca_journal_keep_issued(reader->journal, &entry);
    }
    if (status != EXIT_GOOD) {
        ca_kept_free(&entry.kept);
    } else if (code) {
        code->state = CA_CODE_USED;
    }
    return status;
}

static exit_status take_revoked(const entry_reader *reader)
{
    const char *serial, *reason_name, *revoked_text;
    json_t *invalid_text = NULL;
    svms_revocation_reason reason;
    int64_t revoked = 0;
    int64_t invalid = SVMS_NO_TIME;
    json_error_t error;
    if (json_unpack_ex(reader->line, &error, 0, "{s:s, s:s, s:s, s:o}", "serial", &serial, "reason",
                       &reason_name, "revoked", &revoked_text, "invalid", &invalid_text) != 0) {
        return not_unpacked(reader, &error);
    }
    bool good =
        ca_reason_parse(&reason, reason_name) && take_time(&revoked, revoked_text) &&
        (json_is_null(invalid_text) ||
         (json_is_string(invalid_text) && take_time(&invalid, json_string_value(invalid_text))));
    ca_issued *entry = find_issued(reader, serial);
    if (!good) {
        return not_understood(reader);
    }
    if (!entry) {
        return contradicted(reader, serial, "was not issued");
    }
    if (!ca_may_revoke(entry, reason, revoked, invalid)) {
        return contradicted(reader, serial, "was revoked for worse, or from an earlier time on");
    }
    reader->journal->revoked_line = reader->place->line;
    entry->revoked = true;
    entry->reason = reason;
    entry->revoked_utc_ns = revoked;
    entry->invalid_utc_ns = invalid;
    return EXIT_GOOD;
}

static exit_status take_list(const entry_reader *reader)
{
    ca_journal *journal = reader->journal;
    json_int_t number = 0;
    const char *from_text, *to_text, *sha256_text;
    uint8_t sha256[CA_HASH_SIZE];
    int64_t from = 0;
    int64_t to = 0;
    json_error_t error;
    if (json_unpack_ex(reader->line, &error, 0, "{s:I, s:s, s:s, s:s}", "number", &number, "this",
                       &from_text, "next", &to_text, "sha256", &sha256_text) != 0) {
        return not_unpacked(reader, &error);
    }
    if (number <= 0 || (uint64_t)number <= journal->list_number ||
        !head_text_parse(sha256, sizeof sha256, sha256_text) || !take_time(&from, from_text) ||
        !take_time(&to, to_text)) {
        return not_understood(reader);
    }
    journal->list_line = reader->place->line;
    journal->list_number = (uint64_t)number;
    journal->list_utc_ns = from;
    journal->list_next_utc_ns = to;
    memcpy(journal->list_sha256, sha256, sizeof sha256);
    return EXIT_GOOD;
}

/* Everything in a line about a code but name and hosts. */
static exit_status parse_code(const entry_reader *reader, ca_code *code, json_t **name,
                              json_t **hosts)
{
    const char *id, *sha256, *role, *at, *until;
    json_int_t days = 0;
    json_error_t error;
    if (json_unpack_ex(reader->line, &error, 0, "{s:s, s:s, s:s, s:o, s:o, s:I, s:s, s:s}", "id",
                       &id, "sha256", &sha256, "role", &role, "name", name, "hosts", hosts, "days",
                       &days, "at", &at, "until", &until) != 0) {
        return not_unpacked(reader, &error);
    }
    memset(code, 0, sizeof *code);
    code->days = (uint32_t)days;
    bool good = days >= 0 && days <= UINT32_MAX && id[0] &&
                take_text(code->id, sizeof code->id, id) &&
                head_text_parse(code->sha256, sizeof code->sha256, sha256) &&
                take_role(&code->role, role) && take_time(&code->made_utc_ns, at) &&
                take_time(&code->until_utc_ns, until);
    return good ? EXIT_GOOD : not_understood(reader);
}

static exit_status take_code(const entry_reader *reader)
{
    json_t *name = NULL;
    json_t *hosts = NULL;
    ca_code code;
    exit_status status = parse_code(reader, &code, &name, &hosts);
    if (status == EXIT_GOOD && find_code(reader, code.id)) {
        status = contradicted(reader, code.id, "was made before");
    }
    if (status == EXIT_GOOD) {
        status = keep_texts(reader, &code.kept, name, hosts);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    code.name = json_string_value(name);
    code.hosts = (ca_hosts){ code.kept.hosts, json_array_size(hosts) };
    status = ca_journal_keep_code(reader->journal, &code);
    if (status != EXIT_GOOD) {
        ca_kept_free(&code.kept);
    }
    return status;
}

static exit_status take_code_void(const entry_reader *reader)
{
    const char *id = json_string_value(json_object_get(reader->line, "id"));
    ca_code *code = id ? find_code(reader, id) : NULL;
    if (!id) {
        return not_understood(reader);
    }
    if (!code || code->state != CA_CODE_OPEN) {
        return contradicted(reader, id, "is no open code");
    }
    code->state = CA_CODE_VOID;
    return EXIT_GOOD;
}

/* Of what an interrupted writer left, which says nothing. */
static exit_status take_torn(const entry_reader *reader)
{
    (void)reader;
    return EXIT_GOOD;
}

static const struct {
    const char *what;
    exit_status (*take)(const entry_reader *reader);
} kinds[] = {
    { "created", take_created }, { "issued", take_issued }, { "revoked", take_revoked },
    { "list", take_list },       { "code", take_code },     { "code-voided", take_code_void },
    { "torn", take_torn },
};

exit_status ca_journal_take(void *user, json_t *entry, const ca_log_place *place)
{
    const entry_reader reader = { user, entry, place };
    const char *what = json_string_value(json_object_get(entry, "what"));
    for (size_t i = 0; what && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].what, what) == 0) {
            return kinds[i].take(&reader);
        }
    }
    return not_understood(&reader);
}
