/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/audit.h>

#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "json_put.h"
#include "options.h"
#include "record_text.h"

/* A member of details is one bit, so that each comes once. */
#define MEMBERS_MAX 32u
#define LIST_MAX 256u
/* The largest whole number that every reader of JSON keeps. */
#define NUMBER_MAX ((UINT64_C(1) << 53) - 1)

struct svms_audit_record {
    svms_ctx *ctx;
    const svms_audit_event_kind *kind; /* NULL: not of the catalogue; all members go */
    svms_builder bytes;
    svms_builder details;
    uint32_t present; /* bits of the kind's members */
    bool is_ended;
    bool has_result; /* of an action that was done: all that the event must have is known */
    char event[64];
};

static const char *const outcomes[] = { "unknown", "success", "failure", "denied", "error" };
static const char *const actor_kinds[] = { "unknown", "user", "service", "device", "system" };

/* Small letters, digits, hyphens and dots, at least one dot (audit.md, section 2). */
static bool is_event_name(const char *name)
{
    size_t size = strlen(name);
    bool has_dot = false;
    if (size >= sizeof((svms_audit_record *)0)->event) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        bool dot = name[i] == '.';
        bool good = (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') ||
                    name[i] == '-' || name[i] == '_';
        if (!good && !(dot && i > 0 && i + 1 < size && name[i - 1] != '.')) {
            return false;
        }
        has_dot = has_dot || dot;
    }
    return has_dot;
}

static bool is_time(int64_t utc_ns)
{
    char text[SVMS_TIME_TEXT_SIZE];
    int64_t same = 0;
    svms_time_format(utc_ns, text);
    return svms_time_parse(&same, text, NULL) == SVMS_OK;
}

static svms_status check_event(const svms_audit_event *event, svms_error *err)
{
    bool needs_reason = event->outcome == SVMS_AUDIT_FAILURE ||
                        event->outcome == SVMS_AUDIT_DENIED || event->outcome == SVMS_AUDIT_ERROR;
    bool has_from = event->from_utc_ns != SVMS_NO_TIME;
    bool has_to = event->to_utc_ns != SVMS_NO_TIME;
    if (!event->event || !is_event_name(event->event)) {
        return svms_fail(err, SVMS_E_USAGE, "a record needs the name of an event");
    }
    if (!event->server || event->server[0] == '\0') {
        return svms_fail(err, SVMS_E_USAGE, "a record says on which server something happened");
    }
    if ((unsigned)event->outcome > SVMS_AUDIT_ERROR ||
        (unsigned)event->actor_kind > SVMS_AUDIT_ACTOR_SYSTEM || event->reserved != 0) {
        return svms_fail(err, SVMS_E_USAGE, "the outcome or the kind of actor is none");
    }
    if (needs_reason && (!event->reason || event->reason[0] == '\0')) {
        return svms_fail(err, SVMS_E_USAGE, "what did not succeed has a reason");
    }
    if ((has_from && !is_time(event->from_utc_ns)) || (has_to && !is_time(event->to_utc_ns)) ||
        (event->at_utc_ns != SVMS_NO_TIME && !is_time(event->at_utc_ns))) {
        return svms_fail(err, SVMS_E_USAGE, "a time of the record is none");
    }
    if ((event->in_place_of_count > 0 && !event->in_place_of) ||
        (event->device_count > 0 && !event->devices)) {
        return svms_fail(err, SVMS_E_USAGE, "a list of the record is NULL");
    }
    return SVMS_OK;
}

static void put_source(svms_builder *out, const svms_audit_event *event)
{
    svms_json_open(out, "source", '{');
    svms_record_put_text(out, "server", event->server, SVMS_RECORD_TEXT_MAX);
    svms_record_put_text(out, "component", event->component, SVMS_RECORD_TEXT_MAX);
    svms_record_put_text(out, "process", event->process, SVMS_RECORD_TEXT_MAX);
    svms_json_close(out, '}');
}

static void put_texts(svms_builder *out, const char *name, const char *const *texts, size_t count,
                      size_t most)
{
    size_t told = count > LIST_MAX ? LIST_MAX - 1 : count;
    svms_json_open(out, name, '[');
    for (size_t i = 0; i < told; i++) {
        svms_record_put_text(out, NULL, texts[i] ? texts[i] : "", most);
    }
    if (told < count) {
        char more[48];
        snprintf(more, sizeof more, "(%zu more)", count - told);
        svms_json_put_text(out, NULL, more);
    }
    svms_json_close(out, ']');
}

static void put_actor(svms_builder *out, const svms_audit_event *event)
{
    svms_json_open(out, "actor", '{');
    svms_json_put_text(out, "kind", actor_kinds[event->actor_kind]);
    svms_record_put_text(out, "id", event->actor_id, SVMS_RECORD_TEXT_MAX);
    svms_record_put_text(out, "name", event->actor_name, SVMS_RECORD_TEXT_MAX);
    svms_record_put_text(out, "address", event->address, SVMS_RECORD_TEXT_MAX);
    svms_record_put_text(out, "client", event->client, SVMS_RECORD_TEXT_MAX);
    svms_record_put_text(out, "session", event->session, SVMS_RECORD_TEXT_MAX);
    svms_record_put_text(out, "token", event->token, SVMS_RECORD_TEXT_MAX);
    if (event->in_place_of_count > 0) {
        put_texts(out, "for", event->in_place_of, event->in_place_of_count, SVMS_RECORD_TEXT_MAX);
    }
    svms_json_close(out, '}');
}

static void put_subject(svms_builder *out, const svms_audit_event *event)
{
    svms_record_put_text(out, "device", event->device, SVMS_RECORD_TEXT_MAX);
    if (event->device_count > 0) {
        put_texts(out, "devices", event->devices, event->device_count, SVMS_RECORD_TEXT_MAX);
    }
    svms_record_put_text(out, "object", event->object, SVMS_RECORD_TEXT_MAX);
    if (event->from_utc_ns != SVMS_NO_TIME) {
        svms_json_put_time(out, "from", event->from_utc_ns);
    }
    if (event->to_utc_ns != SVMS_NO_TIME) {
        svms_json_put_time(out, "to", event->to_utc_ns);
    }
    svms_record_put_text(out, "reason", event->reason, SVMS_RECORD_TEXT_MAX);
    svms_record_put_text(out, "code", event->code, SVMS_RECORD_TEXT_MAX);
}

static svms_status put_front(svms_audit_record *record, const svms_audit_event *event,
                             svms_error *err)
{
    svms_builder *out = &record->bytes;
    uint8_t id[16];
    svms_status status = svms_random(record->ctx, id, sizeof id, err);
    if (status != SVMS_OK) {
        return status;
    }
    int64_t at_utc_ns =
        event->at_utc_ns != SVMS_NO_TIME ? event->at_utc_ns : svms_utc_now(record->ctx);
    svms_json_open(out, NULL, '{');
    svms_json_put_number(out, "v", 1);
    svms_json_put_hex(out, "id", id, sizeof id);
    svms_json_put_time(out, "time", at_utc_ns);
    svms_json_put_text(out, "event", event->event);
    svms_json_put_text(out, "outcome", outcomes[event->outcome]);
    put_source(out, event);
    put_actor(out, event);
    put_subject(out, event);
    return SVMS_OK;
}

svms_status svms_audit_record_new(svms_audit_record **out, svms_ctx *ctx,
                                  const svms_audit_event *event, svms_error *err)
{
    svms_audit_event known = SVMS_AUDIT_EVENT_INIT;
    if (!out || !ctx || !event) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_options_read(&known, sizeof known, event, "the event", err);
    if (status == SVMS_OK) {
        status = check_event(&known, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_audit_record *record = svms_alloc(ctx, sizeof *record);
    if (!record) {
        return svms_fail_memory(err);
    }
    record->ctx = ctx;
    record->kind = svms_audit_event_kind_of(known.event);
    record->has_result = known.outcome != SVMS_AUDIT_DENIED && known.outcome != SVMS_AUDIT_ERROR;
    memcpy(record->event, known.event, strlen(known.event) + 1);
    /* One byte more, so that what is too large is found when the record ends. */
    record->bytes = svms_builder_new(ctx, SVMS_AUDIT_RECORD_MAX + 1);
    record->details = svms_builder_new(ctx, SVMS_AUDIT_RECORD_MAX + 1);
    status = put_front(record, &known, err);
    if (status != SVMS_OK) {
        svms_audit_record_free(&record);
        return status;
    }
    *out = record;
    return SVMS_OK;
}

/* The event of record may have that member, and has it not yet. */
static svms_status claim(svms_audit_record *record, const char *name, svms_audit_kind kind,
                         svms_error *err)
{
    if (!record || !name) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    if (record->is_ended) {
        return svms_fail(err, SVMS_E_USAGE, "the record has ended");
    }
    if (!record->kind && !svms_record_is_member_name(name)) {
        return svms_fail(err, SVMS_E_USAGE, "details have no member of such a name");
    }
    if (!record->kind) {
        return svms_record_secret_kind(name, false)
                   ? svms_fail(err, SVMS_E_USAGE, "\"%s\" names a secret, which no record takes",
                               name)
                   : SVMS_OK;
    }
    for (unsigned i = 0; record->kind->members[i].name; i++) {
        if (strcmp(record->kind->members[i].name, name) != 0) {
            continue;
        }
        if (record->kind->members[i].kind != kind) {
            return svms_fail(err, SVMS_E_USAGE, "\"%s\" of %s is of another kind", name,
                             record->event);
        }
        if (record->present >> i & 1) {
            return svms_fail(err, SVMS_E_USAGE, "%s has \"%s\" already", record->event, name);
        }
        record->present |= UINT32_C(1) << i;
        return SVMS_OK;
    }
    return svms_fail(err, SVMS_E_USAGE, "%s has no \"%s\"", record->event, name);
}

svms_status svms_audit_record_text(svms_audit_record *record, const char *name, const char *text,
                                   svms_error *err)
{
    if (record && name && !text) {
        return SVMS_OK;
    }
    svms_status status = claim(record, name, SVMS_AUDIT_TEXT, err);
    if (status == SVMS_OK) {
        svms_record_put_text(&record->details, name, text, SVMS_RECORD_DETAIL_MAX);
    }
    return status;
}

svms_status svms_audit_record_number(svms_audit_record *record, const char *name, uint64_t number,
                                     svms_error *err)
{
    if (number > NUMBER_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "a number of a record is at most 2^53 - 1");
    }
    svms_status status = claim(record, name, SVMS_AUDIT_NUMBER, err);
    if (status == SVMS_OK) {
        svms_json_put_number(&record->details, name, number);
    }
    return status;
}

svms_status svms_audit_record_flag(svms_audit_record *record, const char *name, uint32_t flag,
                                   svms_error *err)
{
    svms_status status = claim(record, name, SVMS_AUDIT_FLAG, err);
    if (status == SVMS_OK) {
        svms_json_put_flag(&record->details, name, flag != 0);
    }
    return status;
}

svms_status svms_audit_record_time(svms_audit_record *record, const char *name, int64_t utc_ns,
                                   svms_error *err)
{
    if (record && name && utc_ns == SVMS_NO_TIME) {
        return SVMS_OK;
    }
    if (!is_time(utc_ns)) {
        return svms_fail(err, SVMS_E_USAGE, "a time of the record is none");
    }
    svms_status status = claim(record, name, SVMS_AUDIT_TIME, err);
    if (status == SVMS_OK) {
        svms_json_put_time(&record->details, name, utc_ns);
    }
    return status;
}

svms_status svms_audit_record_digest(svms_audit_record *record, const char *name,
                                     const uint8_t *digest, size_t size, svms_error *err)
{
    if (!digest || size < 16 || size > 64) {
        return svms_fail(err, SVMS_E_USAGE, "a digest has 16 to 64 bytes");
    }
    svms_status status = claim(record, name, SVMS_AUDIT_DIGEST, err);
    if (status == SVMS_OK) {
        svms_json_put_hex(&record->details, name, digest, size);
    }
    return status;
}

svms_status svms_audit_record_list(svms_audit_record *record, const char *name,
                                   const char *const *texts, size_t count, svms_error *err)
{
    if (!texts && count > 0) {
        return svms_fail(err, SVMS_E_USAGE, "a list of the record is NULL");
    }
    svms_status status = claim(record, name, SVMS_AUDIT_LIST, err);
    if (status == SVMS_OK) {
        put_texts(&record->details, name, texts, count, SVMS_RECORD_TEXT_MAX);
    }
    return status;
}

static void put_range(svms_builder *out, const svms_audit_range *range)
{
    svms_json_open(out, NULL, '{');
    svms_json_put_time(out, "from", range->from_utc_ns);
    svms_json_put_time(out, "to", range->to_utc_ns);
    svms_json_close(out, '}');
}

svms_status svms_audit_record_ranges(svms_audit_record *record, const char *name,
                                     const svms_audit_range *ranges, size_t count, svms_error *err)
{
    size_t told = count > LIST_MAX ? LIST_MAX - 1 : count;
    if (!ranges && count > 0) {
        return svms_fail(err, SVMS_E_USAGE, "a list of the record is NULL");
    }
    for (size_t i = 0; i < told; i++) {
        if (!is_time(ranges[i].from_utc_ns) || !is_time(ranges[i].to_utc_ns)) {
            return svms_fail(err, SVMS_E_USAGE, "range %zu of the record has a time that is none",
                             i + 1);
        }
    }
    svms_status status = claim(record, name, SVMS_AUDIT_RANGES, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_json_open(&record->details, name, '[');
    for (size_t i = 0; i < told; i++) {
        put_range(&record->details, &ranges[i]);
    }
    if (told < count) {
        svms_json_open(&record->details, NULL, '{');
        svms_json_put_number(&record->details, "more", count - told);
        svms_json_close(&record->details, '}');
    }
    svms_json_close(&record->details, ']');
    return SVMS_OK;
}

static void put_value(svms_builder *out, const char *name, const char *value, const char *secret,
                      bool differs)
{
    if (!value) {
        svms_json_put_null(out, name);
    } else if (secret) {
        svms_json_open(out, name, '{');
        svms_json_put_text(out, "secret", secret);
        svms_json_put_flag(out, "changed", differs);
        svms_json_close(out, '}');
    } else {
        svms_record_put_text(out, name, value, SVMS_RECORD_DETAIL_MAX);
    }
}

svms_status svms_audit_record_change(svms_audit_record *record, const svms_audit_change *change,
                                     svms_error *err)
{
    svms_audit_change known = SVMS_AUDIT_CHANGE_INIT;
    if (!record || !change) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_options_read(&known, sizeof known, change, "the change", err);
    if (status == SVMS_OK && !known.setting) {
        status = svms_fail(err, SVMS_E_USAGE, "a change needs the name of the setting");
    }
    if (status == SVMS_OK) {
        status = claim(record, "setting", SVMS_AUDIT_TEXT, err);
    }
    if (status == SVMS_OK) {
        status = claim(record, "before", SVMS_AUDIT_VALUE, err);
    }
    if (status == SVMS_OK) {
        status = claim(record, "after", SVMS_AUDIT_VALUE, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    const char *secret = svms_record_secret_kind(known.setting, known.is_secret != 0);
    bool differs = !known.before || !known.after || strcmp(known.before, known.after) != 0;
    svms_record_put_text(&record->details, "setting", known.setting, SVMS_RECORD_DETAIL_MAX);
    put_value(&record->details, "before", known.before, secret, differs);
    put_value(&record->details, "after", known.after, secret, differs);
    return SVMS_OK;
}

static svms_status check_members(const svms_audit_record *record, svms_error *err)
{
    bool is_bound = record->kind && record->has_result;
    for (unsigned i = 0; is_bound && record->kind->members[i].name; i++) {
        if (record->kind->members[i].is_required && !(record->present >> i & 1)) {
            return svms_fail(err, SVMS_E_USAGE, "%s needs \"%s\"", record->event,
                             record->kind->members[i].name);
        }
    }
    return SVMS_OK;
}

static void put_end(svms_audit_record *record)
{
    if (record->details.size > 0) {
        svms_json_open(&record->bytes, "details", '{');
        svms_put_bytes(&record->bytes, record->details.data, record->details.size);
        svms_json_close(&record->bytes, '}');
    }
    svms_json_close(&record->bytes, '}');
}

svms_status svms_audit_record_end(svms_audit_record *record, const uint8_t **out, size_t *size,
                                  svms_error *err)
{
    if (!record || !out || !size) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = check_members(record, err);
    if (status == SVMS_OK) {
        status = svms_builder_check(&record->details, "a record", err);
    }
    if (status == SVMS_OK && !record->is_ended) {
        put_end(record);
        record->is_ended = true;
    }
    if (status == SVMS_OK) {
        status = svms_builder_check(&record->bytes, "a record", err);
    }
    if (status == SVMS_OK && record->bytes.size > SVMS_AUDIT_RECORD_MAX) {
        status =
            svms_fail(err, SVMS_E_LIMIT, "a record has at most %u bytes", SVMS_AUDIT_RECORD_MAX);
    }
    if (status == SVMS_OK) {
        *out = record->bytes.data;
        *size = record->bytes.size;
    }
    return status;
}

void svms_audit_record_free(svms_audit_record **record)
{
    if (!record || !*record) {
        return;
    }
    svms_builder_clear(&(*record)->bytes);
    svms_builder_clear(&(*record)->details);
    svms_release((*record)->ctx, *record);
    *record = NULL;
}
