/* SPDX-License-Identifier: Apache-2.0 */
/* Records as rows of a table: RFC 4180, and nothing that a spreadsheet would compute (A-FWD-3). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "forms.h"
#include "json_put.h"

static const char heading[] =
    "index,id,time,event,outcome,server,component,process,actor_kind,actor_id,actor_name,"
    "actor_address,actor_client,actor_session,actor_token,actor_for,device,devices,object,from,to,"
    "reason,code,details,base64";
/* Columns between the first and the last. */
#define MEMBERS 23u

/* What spreadsheets take for the beginning of a formula, also in its full-width form; and the
 * apostrophe, so that one in front always is ours. */
static bool needs_guard(const char *text)
{
    static const char *const beginnings[] = {
        "=",
        "+",
        "-",
        "@",
        "'",
        "\t",
        "\r",
        "\n",
        "\xef\xbc\x9d",
        "\xef\xbc\x8b",
        "\xef\xbc\x8d",
        "\xef\xbc\xa0",
    };
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        if (strncmp(text, beginnings[i], strlen(beginnings[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* With the comma in front of it. NULL: an empty cell. */
static void put_cell(svms_builder *out, const char *text)
{
    svms_put_u8(out, ',');
    if (!text) {
        return;
    }
    svms_put_u8(out, '"');
    if (needs_guard(text)) {
        svms_put_u8(out, '\'');
    }
    for (const char *quote = strchr(text, '"'); quote; quote = strchr(text, '"')) {
        svms_put_bytes(out, text, (size_t)(quote - text) + 1);
        svms_put_u8(out, '"');
        text = quote + 1;
    }
    svms_put_bytes(out, text, strlen(text));
    svms_put_u8(out, '"');
}

static void put_list_cell(svms_builder *out, const char *const *texts, size_t count)
{
    svms_builder json = svms_builder_new(out->ctx, SVMS_AUDIT_LINE_SIZE);
    if (count == 0) {
        put_cell(out, NULL);
        return;
    }
    svms_json_open(&json, NULL, '[');
    for (size_t i = 0; i < count; i++) {
        svms_json_put_text(&json, NULL, texts[i]);
    }
    svms_json_close(&json, ']');
    svms_put_u8(&json, 0);
    if (json.status == SVMS_OK) {
        put_cell(out, (const char *)json.data);
    } else if (out->status == SVMS_OK) {
        out->status = json.status;
    }
    svms_builder_clear(&json);
}

static void put_time_cell(svms_builder *out, int64_t utc_ns)
{
    char text[SVMS_TIME_TEXT_SIZE];
    svms_time_format(utc_ns, text);
    put_cell(out, utc_ns == SVMS_NO_TIME ? NULL : text);
}

static void put_members(svms_builder *out, const svms_audit_view *view)
{
    const char *const front[] = {
        view->id,        view->time,    view->event,           view->outcome_name, view->server,
        view->component, view->process, view->actor_kind_name, view->actor_id,     view->actor_name,
        view->address,   view->client,  view->session,         view->token,
    };
    for (size_t i = 0; i < sizeof front / sizeof front[0]; i++) {
        put_cell(out, front[i]);
    }
    put_list_cell(out, view->in_place_of, view->in_place_of_count);
    put_cell(out, view->device);
    put_list_cell(out, view->devices, view->device_count);
    put_cell(out, view->object);
    put_time_cell(out, view->from_utc_ns);
    put_time_cell(out, view->to_utc_ns);
    put_cell(out, view->reason);
    put_cell(out, view->code);
    put_cell(out, view->details);
}

void svms_put_csv_heading(svms_builder *out)
{
    svms_put_bytes(out, heading, sizeof heading - 1);
}

void svms_put_csv(svms_builder *out, const svms_form_record *record)
{
    char number[24];
    (void)snprintf(number, sizeof number, "%" PRIu64, record->index);
    svms_put_bytes(out, number, record->index == SVMS_AUDIT_UNNUMBERED ? 0 : strlen(number));
    if (record->view) {
        put_members(out, record->view);
        svms_put_u8(out, ',');
        return;
    }
    for (unsigned i = 0; i < MEMBERS + 1; i++) {
        svms_put_u8(out, ',');
    }
    svms_put_base64_padded(out, record->bytes, record->size);
}
