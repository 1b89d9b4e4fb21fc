/* SPDX-License-Identifier: Apache-2.0 */
#include "view.h"

#include <string.h>

#include "builder.h"
#include "failure.h"
#include "json_read.h"
#include "options.h"
#include "record_front.h"

#define DEPTH_MAX 16u
/* Of a list, with the entry that says how many there are more. */
#define LIST_MAX 256u
#define VERSION_MOST ((uint64_t)INT64_MAX)
/* Of the member, as it is put in front of its value. */
#define DETAILS_NAME_SIZE (sizeof "\"details\":" - 1)

typedef struct view_memory {
    svms_ctx *ctx;
    svms_json_document document;
    const char *for_list[LIST_MAX];
    const char *device_list[LIST_MAX];
    svms_builder details;
} view_memory;

/* NULL where it is absent. */
static const char *optional(const svms_json_node *node, const char *member)
{
    return svms_json_is_there(node, member) ? svms_json_text(node, member) : NULL;
}

static size_t read_list(const svms_json_node *node, const char *member, const char **out)
{
    size_t count = svms_json_is_there(node, member) ? svms_json_count(node, member, LIST_MAX) : 0;
    for (size_t i = 0; i < count; i++) {
        out[i] = svms_json_item_text(node, member, i);
    }
    return svms_json_failed(node) ? 0 : count;
}

static void read_source(svms_audit_view *out, const svms_json_node *root)
{
    svms_json_node source = svms_json_object(root, "source");
    out->server = svms_json_text(&source, "server");
    out->component = optional(&source, "component");
    out->process = optional(&source, "process");
}

static void read_actor(svms_audit_view *out, const svms_json_node *root, view_memory *memory)
{
    svms_json_node actor = svms_json_object(root, "actor");
    out->actor_kind_name = svms_json_text(&actor, "kind");
    out->actor_kind = SVMS_AUDIT_ACTOR_UNKNOWN;
    if (out->actor_kind_name) {
        (void)svms_audit_actor_kind_of(out->actor_kind_name, &out->actor_kind);
    }
    out->actor_id = optional(&actor, "id");
    out->actor_name = optional(&actor, "name");
    out->address = optional(&actor, "address");
    out->client = optional(&actor, "client");
    out->session = optional(&actor, "session");
    out->token = optional(&actor, "token");
    out->in_place_of_count = read_list(&actor, "for", memory->for_list);
    out->in_place_of = out->in_place_of_count > 0 ? memory->for_list : NULL;
}

static void read_subject(svms_audit_view *out, const svms_json_node *root, view_memory *memory)
{
    out->device = optional(root, "device");
    out->device_count = read_list(root, "devices", memory->device_list);
    out->devices = out->device_count > 0 ? memory->device_list : NULL;
    out->object = optional(root, "object");
    out->from_utc_ns =
        svms_json_is_there(root, "from") ? svms_json_time(root, "from") : SVMS_NO_TIME;
    out->to_utc_ns = svms_json_is_there(root, "to") ? svms_json_time(root, "to") : SVMS_NO_TIME;
    out->reason = optional(root, "reason");
    out->code = optional(root, "code");
}

static svms_status read_members(svms_audit_view *out, view_memory *memory, svms_error *err)
{
    svms_json_node root = svms_json_root(&memory->document);
    uint64_t version = svms_json_number(&root, "v", VERSION_MOST);
    if (!svms_json_failed(&root) && version != 1) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "a record of version %llu",
                         (unsigned long long)version);
    }
    out->id = svms_json_text(&root, "id");
    out->time = svms_json_text(&root, "time");
    out->at_utc_ns = svms_json_time(&root, "time");
    out->event = svms_json_text(&root, "event");
    out->outcome_name = svms_json_text(&root, "outcome");
    out->outcome = SVMS_AUDIT_UNKNOWN;
    if (out->outcome_name) {
        (void)svms_audit_outcome_of(out->outcome_name, strlen(out->outcome_name), &out->outcome);
    }
    read_source(out, &root);
    read_actor(out, &root, memory);
    read_subject(out, &root, memory);
    return memory->document.status;
}

static svms_status read_details(svms_audit_view *out, view_memory *memory, svms_error *err)
{
    svms_builder *details = &memory->details;
    svms_json_put_member(details, &memory->document, "details");
    if (details->size <= DETAILS_NAME_SIZE && details->status == SVMS_OK) {
        return SVMS_OK;
    }
    svms_put_u8(details, 0);
    svms_status status = svms_builder_check(details, "the details", err);
    if (status == SVMS_OK) {
        out->details = (const char *)details->data + DETAILS_NAME_SIZE;
        out->details_size = details->size - DETAILS_NAME_SIZE - 1;
    }
    return status;
}

static void release(void *memory)
{
    view_memory *gone = memory;
    if (gone) {
        svms_json_unload(&gone->document);
        svms_builder_clear(&gone->details);
        svms_release(gone->ctx, gone);
    }
}

static svms_status fill(svms_audit_view *out, view_memory *memory, const void *record, size_t size,
                        bool with_details, svms_error *err)
{
    static const svms_json_limits limits = { SVMS_AUDIT_RECORD_MAX, DEPTH_MAX };
    svms_status status =
        svms_json_load_plain(&memory->document, memory->ctx, "record", &limits, record, size, err);
    if (status == SVMS_OK) {
        status = read_members(out, memory, err);
    }
    if (status == SVMS_OK && with_details) {
        status = read_details(out, memory, err);
    }
    memory->document.err = NULL;
    out->memory = memory;
    return status;
}

static svms_status read_view(svms_audit_view *out, svms_ctx *ctx, const void *record, size_t size,
                             bool with_details, svms_error *err)
{
    const svms_audit_view nothing = SVMS_AUDIT_VIEW_INIT;
    view_memory *memory = svms_alloc(ctx, sizeof *memory);
    if (!memory) {
        return svms_fail_memory(err);
    }
    memory->ctx = ctx;
    /* What is escaped may take more room than it did. */
    memory->details = svms_builder_new(ctx, 8 * (size_t)SVMS_AUDIT_RECORD_MAX);
    *out = nothing;
    svms_status status = fill(out, memory, record, size, with_details, err);
    if (status != SVMS_OK) {
        *out = nothing;
        release(memory);
    }
    return status;
}

svms_status svms_view_read(svms_audit_view *out, svms_ctx *ctx, const void *record, size_t size,
                           svms_error *err)
{
    return read_view(out, ctx, record, size, false, err);
}

const svms_json_value *svms_view_root(const svms_audit_view *view)
{
    const view_memory *memory = view->memory;
    return memory ? memory->document.root : NULL;
}

svms_status svms_audit_view_read(svms_audit_view *out, svms_ctx *ctx, const void *record,
                                 size_t size, svms_error *err)
{
    svms_audit_view known = SVMS_AUDIT_VIEW_INIT;
    if (!out || !ctx || !record) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    if (out->struct_size < sizeof known) {
        return svms_fail(err, SVMS_E_USAGE, "the view: struct_size is not set");
    }
    release(out->memory);
    svms_status status = read_view(&known, ctx, record, size, true, err);
    svms_status written = svms_result_write(out, &known, sizeof known, "the view", err);
    if (written != SVMS_OK) {
        release(known.memory);
        return written;
    }
    return status;
}

void svms_audit_view_clear(svms_audit_view *view)
{
    const svms_audit_view nothing = SVMS_AUDIT_VIEW_INIT;
    if (view) {
        release(view->memory);
        *view = nothing;
    }
}
