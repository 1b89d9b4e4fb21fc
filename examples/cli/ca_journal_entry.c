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

void ca_kept_free(ca_kept *kept)
{
    json_decref(kept->texts);
    free(kept->hosts);
}

/* Name and hosts stay in the JSON values that were read. */
static bool keep_texts(ca_kept *kept, json_t *name, json_t *list, const char **name_out,
                       ca_hosts *hosts_out)
{
    size_t count = json_array_size(list);
    if (!json_is_string(name) || !json_is_array(list) || count > SVMS_NAMES_MAX) {
        return false;
    }
    kept->texts = json_pack("[O, O]", name, list);
    kept->hosts = calloc(count + 1, sizeof *kept->hosts);
    if (!kept->texts || !kept->hosts) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        kept->hosts[i] = json_string_value(json_array_get(list, i));
        if (!kept->hosts[i]) {
            return false;
        }
    }
    *name_out = json_string_value(name);
    *hosts_out = (ca_hosts){ kept->hosts, count };
    return true;
}

static ca_code *find_code(ca_journal *journal, const char *id)
{
    for (size_t i = 0; i < journal->code_count; i++) {
        if (strcmp(journal->codes[i].id, id) == 0) {
            return &journal->codes[i];
        }
    }
    return NULL;
}

static bool take_created(ca_journal *journal, json_t *entry)
{
    const char *authority = json_string_value(json_object_get(entry, "authority"));
    return authority && strlen(authority) == sizeof journal->authority - 1 &&
           take_text(journal->authority, sizeof journal->authority, authority);
}

/* A code that somebody used: that line makes it used, whatever became of the answer. */
static bool spend_code(ca_journal *journal, const char *id)
{
    ca_code *code = id[0] ? find_code(journal, id) : NULL;
    if (code) {
        code->state = CA_CODE_USED;
    }
    return code || !id[0];
}

static bool take_issued(ca_journal *journal, json_t *line, const ca_log_place *place)
{
    const char *serial, *sha256, *key, *role, *from, *to, *at, *pem;
    json_t *name = NULL;
    json_t *code = NULL;
    json_t *renews = NULL;
    json_t *hosts = NULL;
    ca_issued *entry = ca_journal_new_issued(journal);
    if (!entry ||
        json_unpack(line, "{s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:s, s:s, s:s, s:o, s:o}", "serial",
                    &serial, "sha256", &sha256, "key_sha256", &key, "role", &role, "name", &name,
                    "hosts", &hosts, "not_before", &from, "not_after", &to, "at", &at,
                    "certificate", &pem, "code", &code, "renews", &renews) != 0) {
        return false;
    }
    entry->place = *place;
    return keep_texts(&entry->kept, name, hosts, &entry->name, &entry->hosts) &&
           take_serial(entry->serial, serial) &&
           head_text_parse(entry->sha256, sizeof entry->sha256, sha256) &&
           head_text_parse(entry->key_sha256, sizeof entry->key_sha256, key) &&
           take_role(&entry->role, role) && take_time(&entry->not_before_utc_ns, from) &&
           take_time(&entry->not_after_utc_ns, to) && take_time(&entry->issued_utc_ns, at) &&
           take_optional(entry->code, sizeof entry->code, code) &&
           take_optional(entry->renews, sizeof entry->renews, renews) &&
           spend_code(journal, entry->code);
}

static ca_issued *find_issued(ca_journal *journal, const char *serial)
{
    for (size_t i = 0; i < journal->issued_count; i++) {
        if (strcmp(journal->issued[i].serial, serial) == 0) {
            return &journal->issued[i];
        }
    }
    return NULL;
}

static bool take_revoked(ca_journal *journal, json_t *line, const ca_log_place *place)
{
    const char *serial, *reason, *revoked;
    json_t *invalid = NULL;
    if (json_unpack(line, "{s:s, s:s, s:s, s:o}", "serial", &serial, "reason", &reason, "revoked",
                    &revoked, "invalid", &invalid) != 0) {
        return false;
    }
    ca_issued *entry = find_issued(journal, serial);
    if (!entry) {
        return false;
    }
    journal->revoked_line = place->line;
    entry->revoked = true;
    entry->invalid_utc_ns = SVMS_NO_TIME;
    return ca_reason_parse(&entry->reason, reason) && take_time(&entry->revoked_utc_ns, revoked) &&
           (json_is_null(invalid) ||
            (json_is_string(invalid) &&
             take_time(&entry->invalid_utc_ns, json_string_value(invalid))));
}

static bool take_list(ca_journal *journal, json_t *line, const ca_log_place *place)
{
    json_int_t number = 0;
    const char *from, *to, *sha256;
    if (json_unpack(line, "{s:I, s:s, s:s, s:s}", "number", &number, "this", &from, "next", &to,
                    "sha256", &sha256) != 0 ||
        number <= 0 || (uint64_t)number <= journal->list_number) {
        return false;
    }
    journal->list_line = place->line;
    journal->list_number = (uint64_t)number;
    return head_text_parse(journal->list_sha256, CA_HASH_SIZE, sha256) &&
           take_time(&journal->list_utc_ns, from) && take_time(&journal->list_next_utc_ns, to);
}

static bool take_code(ca_journal *journal, json_t *line)
{
    const char *id, *sha256, *role, *at, *until;
    json_t *name = NULL;
    json_t *hosts = NULL;
    json_int_t days = 0;
    ca_code *code = ca_journal_new_code(journal);
    if (!code || json_unpack(line, "{s:s, s:s, s:s, s:o, s:o, s:I, s:s, s:s}", "id", &id, "sha256",
                             &sha256, "role", &role, "name", &name, "hosts", &hosts, "days", &days,
                             "at", &at, "until", &until) != 0) {
        return false;
    }
    code->days = (uint32_t)days;
    return keep_texts(&code->kept, name, hosts, &code->name, &code->hosts) && days >= 0 &&
           days <= UINT32_MAX && id[0] && take_text(code->id, sizeof code->id, id) &&
           head_text_parse(code->sha256, sizeof code->sha256, sha256) &&
           take_role(&code->role, role) && take_time(&code->made_utc_ns, at) &&
           take_time(&code->until_utc_ns, until);
}

static bool take_code_void(ca_journal *journal, json_t *line)
{
    const char *id = json_string_value(json_object_get(line, "id"));
    ca_code *code = id ? find_code(journal, id) : NULL;
    if (code) {
        code->state = CA_CODE_VOID;
    }
    return code != NULL;
}

exit_status ca_journal_take(void *user, json_t *entry, const ca_log_place *place)
{
    ca_journal *journal = user;
    const char *what = json_string_value(json_object_get(entry, "what"));
    bool good = false;
    if (!what) {
        good = false;
    } else if (strcmp(what, "created") == 0) {
        good = place->line == 1 && take_created(journal, entry);
    } else if (strcmp(what, "issued") == 0) {
        good = take_issued(journal, entry, place);
    } else if (strcmp(what, "revoked") == 0) {
        good = take_revoked(journal, entry, place);
    } else if (strcmp(what, "list") == 0) {
        good = take_list(journal, entry, place);
    } else if (strcmp(what, "code") == 0) {
        good = take_code(journal, entry);
    } else if (strcmp(what, "code-voided") == 0) {
        good = take_code_void(journal, entry);
    } else {
        good = strcmp(what, "torn") == 0;
    }
    if (!good) {
        complain("%s/%s: line %" PRIu64 " says what this version does not understand",
                 journal->log.path, CA_LOG_NAME, place->line);
        return EXIT_MALFORMED;
    }
    return EXIT_GOOD;
}
