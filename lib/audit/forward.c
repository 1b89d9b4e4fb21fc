/* SPDX-License-Identifier: Apache-2.0 */
/* What a forwarder remembers. Syslog acknowledges nothing: a record counts as served when its
 * connection stood for some time after it was sent. So that this takes bounded memory, not every
 * record's time is kept, but some, each of which says that all below a number were sent by then. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "forms.h"
#include "options.h"
#include "position.h"

#define MARKS 64u
#define NS_PER_SECOND UINT64_C(1000000000)
#define RESEND_MIN NS_PER_SECOND
#define RESEND_MAX (NS_PER_SECOND * 86400 * 30)
#define SERVER_MAX 255u
/* A record, and in front of it one of our own. */
#define OUT_MAX ((size_t)2 * SVMS_AUDIT_LINE_SIZE)

/* All records below next were sent at that time or before. */
typedef struct mark {
    uint64_t at_ns;
    uint64_t next;
} mark;

struct svms_audit_forward {
    svms_ctx *ctx;
    svms_audit_form_options form;
    svms_position position;
    char server[SERVER_MAX + 1];
    uint64_t resend_ns;
    uint64_t next;   /* is wanted */
    uint64_t told;   /* below it all were given out, or told as pruned */
    uint64_t pruned; /* those that are not told yet */
    mark latest;
    mark marks[MARKS]; /* the oldest first; a new one each resend_ns / MARKS at most */
    size_t mark_count;
    svms_builder out;
};

static svms_status check_options(const svms_audit_forward_options *options, svms_error *err)
{
    if (!options->log_key ||
        !svms_position_is_name(options->log_key, strlen(options->log_key), SVMS_POSITION_KEY_MAX)) {
        return svms_fail(err, SVMS_E_USAGE, "a forwarder needs the key of the log");
    }
    if (!options->receiver || !svms_position_is_name(options->receiver, strlen(options->receiver),
                                                     SVMS_POSITION_RECEIVER_MAX)) {
        return svms_fail(err, SVMS_E_USAGE, "a forwarder needs the name of its receiver");
    }
    if (!options->server || options->server[0] == '\0' || strlen(options->server) > SERVER_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "a forwarder needs the name of its server");
    }
    if (options->resend_ns < RESEND_MIN || options->resend_ns > RESEND_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "what is sent again is of 1 second to 30 days");
    }
    return SVMS_OK;
}

static svms_status take_position(svms_audit_forward *forward, const void *text, size_t size,
                                 svms_error *err)
{
    svms_position kept;
    svms_status status = svms_position_parse(&kept, text, size, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (strcmp(kept.log_key, forward->position.log_key) != 0) {
        return svms_fail(err, SVMS_E_STATE, "the position is of another log");
    }
    if (strcmp(kept.receiver, forward->position.receiver) != 0) {
        return svms_fail(err, SVMS_E_STATE, "the position is of another receiver, %s",
                         kept.receiver);
    }
    forward->position.served = kept.served;
    forward->next = kept.served;
    forward->told = kept.served;
    return SVMS_OK;
}

svms_status svms_audit_forward_new(svms_audit_forward **out, svms_ctx *ctx,
                                   const svms_audit_forward_options *options, const void *position,
                                   size_t position_size, svms_error *err)
{
    svms_audit_forward_options known = SVMS_AUDIT_FORWARD_OPTIONS_INIT;
    if (!out || !ctx || !options) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_options_read(&known, sizeof known, options, "the options", err);
    if (status == SVMS_OK) {
        status = check_options(&known, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_audit_forward *forward = svms_alloc(ctx, sizeof *forward);
    if (!forward) {
        return svms_fail_memory(err);
    }
    forward->ctx = ctx;
    forward->form = (svms_audit_form_options)SVMS_AUDIT_FORM_OPTIONS_INIT;
    forward->form.form = SVMS_AUDIT_SYSLOG_FRAMED;
    forward->form.enterprise = known.enterprise;
    forward->resend_ns = known.resend_ns;
    forward->out = svms_builder_new(ctx, OUT_MAX);
    memcpy(forward->position.log_key, known.log_key, strlen(known.log_key) + 1);
    memcpy(forward->position.receiver, known.receiver, strlen(known.receiver) + 1);
    memcpy(forward->server, known.server, strlen(known.server) + 1);
    status = position ? take_position(forward, position, position_size, err) : SVMS_OK;
    if (status != SVMS_OK) {
        svms_audit_forward_free(&forward);
        return status;
    }
    *out = forward;
    return SVMS_OK;
}

void svms_audit_forward_free(svms_audit_forward **forward)
{
    if (!forward || !*forward) {
        return;
    }
    svms_builder_clear(&(*forward)->out);
    svms_release((*forward)->ctx, *forward);
    *forward = NULL;
}

uint64_t svms_audit_forward_next(const svms_audit_forward *forward)
{
    return forward ? forward->next : 0;
}

static svms_status build_missed(const svms_audit_forward *forward, svms_audit_record **out,
                                svms_error *err)
{
    svms_audit_event event = SVMS_AUDIT_EVENT_INIT;
    svms_audit_record *record = NULL;
    char reason[128];
    (void)snprintf(reason, sizeof reason,
                   "records %" PRIu64 " to %" PRIu64 " were pruned before they could be sent",
                   forward->next - forward->pruned, forward->next - 1);
    event.event = "log.forward";
    event.outcome = SVMS_AUDIT_ERROR;
    event.server = forward->server;
    event.actor_kind = SVMS_AUDIT_ACTOR_SYSTEM;
    event.reason = reason;
    svms_status status = svms_audit_record_new(&record, forward->ctx, &event, err);
    if (status == SVMS_OK) {
        status = svms_audit_record_text(record, "receiver", forward->position.receiver, err);
    }
    if (status == SVMS_OK) {
        status = svms_audit_record_number(record, "missed", forward->pruned, err);
    }
    if (status == SVMS_OK) {
        *out = record;
    } else {
        svms_audit_record_free(&record);
    }
    return status;
}

/* It stands in no log: whoever has no right to append to one may forward it. */
static svms_status put_missed(svms_audit_forward *forward, svms_error *err)
{
    svms_audit_record *record = NULL;
    const uint8_t *bytes = NULL;
    size_t size = 0;
    svms_status status = build_missed(forward, &record, err);
    if (status == SVMS_OK) {
        status = svms_audit_record_end(record, &bytes, &size, err);
    }
    if (status == SVMS_OK) {
        status =
            svms_put_form(&forward->out, &forward->form, SVMS_AUDIT_UNNUMBERED, bytes, size, err);
    }
    svms_audit_record_free(&record);
    return status;
}

svms_status svms_audit_forward_record(svms_audit_forward *forward, const void *record,
                                      size_t record_size, const uint8_t **out, size_t *size,
                                      svms_error *err)
{
    svms_status status = SVMS_OK;
    if (!forward || !record || !out || !size || record_size == 0 ||
        record_size > SVMS_AUDIT_RECORD_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL, or the record has a wrong size");
    }
    svms_builder_reset(&forward->out);
    if (forward->pruned > 0) {
        status = put_missed(forward, err);
    }
    if (status == SVMS_OK) {
        status =
            svms_put_form(&forward->out, &forward->form, forward->next, record, record_size, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    forward->pruned = 0;
    forward->next++;
    forward->told = forward->next;
    *out = forward->out.data;
    *size = forward->out.size;
    return SVMS_OK;
}

void svms_audit_forward_pruned(svms_audit_forward *forward)
{
    if (forward) {
        forward->pruned++;
        forward->next++;
    }
}

/* Takes over what was sent long enough ago. */
static void settle(svms_audit_forward *forward, uint64_t now_ns)
{
    size_t old = 0;
    while (old < forward->mark_count && now_ns >= forward->marks[old].at_ns &&
           now_ns - forward->marks[old].at_ns >= forward->resend_ns) {
        forward->position.served = forward->marks[old].next;
        old++;
    }
    forward->mark_count -= old;
    memmove(forward->marks, forward->marks + old, forward->mark_count * sizeof(mark));
}

/* Once the one before has the age of a step. Where there is no room, which cannot be while the
 * clock goes on, what is newer waits. */
static void keep_latest(svms_audit_forward *forward)
{
    uint64_t step = forward->resend_ns / MARKS;
    const mark *before = forward->mark_count > 0 ? &forward->marks[forward->mark_count - 1] : NULL;
    bool is_new = !before || (forward->latest.next > before->next &&
                              forward->latest.at_ns >= before->at_ns + step);
    if (is_new && forward->latest.next > forward->position.served && forward->mark_count < MARKS) {
        forward->marks[forward->mark_count] = forward->latest;
        forward->mark_count++;
    }
}

void svms_audit_forward_sent(svms_audit_forward *forward, uint64_t now_ns)
{
    if (!forward) {
        return;
    }
    settle(forward, now_ns);
    if (forward->told > forward->latest.next) {
        forward->latest = (mark){ now_ns, forward->told };
    }
    keep_latest(forward);
}

void svms_audit_forward_broken(svms_audit_forward *forward, uint64_t now_ns)
{
    if (!forward) {
        return;
    }
    settle(forward, now_ns);
    forward->mark_count = 0;
    forward->latest = (mark){ 0, 0 };
    forward->next = forward->position.served;
    forward->told = forward->next;
    forward->pruned = 0;
}

uint64_t svms_audit_forward_served(svms_audit_forward *forward, uint64_t now_ns)
{
    if (!forward) {
        return 0;
    }
    settle(forward, now_ns);
    keep_latest(forward);
    settle(forward, now_ns);
    return forward->position.served;
}

svms_status svms_audit_forward_position(const svms_audit_forward *forward, char *out, size_t *size,
                                        svms_error *err)
{
    if (!forward || !size || (!out && *size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_builder text = svms_builder_new(forward->ctx, SVMS_AUDIT_POSITION_SIZE);
    svms_put_position(&text, &forward->position);
    svms_status status = svms_builder_hand_out(&text, "the position", out, size, err);
    svms_builder_clear(&text);
    return status;
}
