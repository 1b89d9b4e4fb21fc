/* SPDX-License-Identifier: Apache-2.0 */
/* A query and a record: one byte, a pattern and a text, each up to a line end, then the record.
 * What the front of it says, the view says; what is found, the index does not rule out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query.h"
#include "record_front.h"
#include "view.h"

#define LINE_MAX_SIZE 256u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
    if (!good) {
        abort();
    }
}

/* The next line, without NULs. */
static void take_line(svms_cursor *input, char out[LINE_MAX_SIZE])
{
    size_t size = 0;
    while (!svms_cursor_at_end(input)) {
        uint8_t next = svms_read_u8(input);
        if (next == '\n') {
            break;
        }
        if (next != 0 && size + 1 < LINE_MAX_SIZE) {
            out[size++] = (char)next;
        }
    }
    out[size] = '\0';
}

static void compare_front(const svms_audit_view *view, const uint8_t *record, size_t size)
{
    svms_record_front front = { 0 };
    if (svms_record_front_read(&front, record, size)) {
        check(front.at_utc_ns == view->at_utc_ns && front.outcome == view->outcome);
        check(front.event_size == strlen(view->event) &&
              memcmp(front.event, view->event, front.event_size) == 0);
    }
}

static svms_bundle_index_entry index_of(svms_ctx *ctx, const uint8_t *record, size_t size)
{
    svms_bundle_index_entry entry = svms_bundle_index_entry_begin();
    svms_bundle_index_entry again;
    svms_record_front front = { 0 };
    bool has_front = svms_record_front_read(&front, record, size);
    uint8_t bytes[SVMS_BUNDLE_INDEX_ENTRY_SIZE];
    check(svms_bundle_index_entry_add(&entry, ctx, has_front ? &front : NULL, record, size, NULL) ==
          SVMS_OK);
    svms_bundle_index_entry_store(&entry, bytes);
    svms_bundle_index_entry_parse(&again, bytes);
    check(memcmp(&entry, &again, sizeof entry) == 0);
    return entry;
}

static void ask(svms_ctx *ctx, const svms_audit_query *asked, const svms_audit_view *view,
                const uint8_t *record, size_t size)
{
    svms_query query;
    bool is_found = false;
    svms_status status = svms_query_read(&query, ctx, asked, NULL);
    if (status == SVMS_OK) {
        svms_bundle_index_entry entry = index_of(ctx, record, size);
        check(svms_query_match(&query, record, size, &is_found, NULL) == SVMS_OK);
        check(!is_found || !svms_query_rules_out(&query, &entry));
        check(!is_found || view->memory || !query.has_conditions);
    }
    check(status == SVMS_OK || status == SVMS_E_USAGE);
    svms_query_clear(&query);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_ctx *ctx;
    svms_audit_query asked = SVMS_AUDIT_QUERY_INIT;
    svms_audit_view view = SVMS_AUDIT_VIEW_INIT;
    svms_error err = SVMS_ERROR_INIT;
    char event[LINE_MAX_SIZE];
    char text[LINE_MAX_SIZE];
    const char *const events[] = { event };
    const char *const names[] = { text };
    svms_cursor input = svms_cursor_over(size > 0 ? data : (const uint8_t *)"", size, 0);
    uint8_t kinds = svms_read_u8(&input);
    input.failed = false;
    if (!ctx) {
        check(svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK);
    }
    take_line(&input, event);
    take_line(&input, text);
    size_t left = svms_cursor_left(&input);
    const uint8_t *record = svms_read_bytes(&input, left);
    svms_status status = svms_audit_view_read(&view, ctx, record, left, &err);
    check(status == SVMS_OK || status == SVMS_E_MALFORMED || status == SVMS_E_UNSUPPORTED);
    check(status == SVMS_OK || err.message[0] != '\0');
    if (status == SVMS_OK) {
        compare_front(&view, record, left);
    }
    asked.events = events;
    asked.event_count = kinds & 1;
    asked.actors = asked.devices = names;
    asked.actor_count = kinds >> 1 & 1;
    asked.device_count = kinds >> 2 & 1;
    asked.text = kinds & 8 ? text : NULL;
    asked.outcomes = kinds & 16 ? 2 : 0;
    asked.from_utc_ns = kinds & 32 ? 0 : SVMS_NO_TIME;
    asked.to_utc_ns = kinds & 64 ? INT64_C(1795003200) * 1000000000 : SVMS_NO_TIME;
    ask(ctx, &asked, &view, record, left);
    svms_audit_view_clear(&view);
    return 0;
}
