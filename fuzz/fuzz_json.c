/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of JSON itself: what is read is written, and read again as the same. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "builder.h"
#include "json_parse.h"
#include "json_put.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROOM ((size_t)1 << 20)

static const svms_json_limits limits = { ROOM, 32 };

static void need(bool done)
{
    if (!done) {
        abort();
    }
}

/* No deeper than the limits. */
static void check_value(const svms_json_value *value)
{
    bool has_children = value->kind == SVMS_JSON_ARRAY || value->kind == SVMS_JSON_OBJECT;
    need(!value->name || strlen(value->name) == value->name_size);
    need((value->kind != SVMS_JSON_TEXT && value->kind != SVMS_JSON_REAL) ||
         strlen(value->of.text) == value->size);
    for (uint32_t i = 0; has_children && i < value->size; i++) {
        const svms_json_value *child = &value->of.children[i];
        need((child->name != NULL) == (value->kind == SVMS_JSON_OBJECT));
        need(!child->name || svms_json_value_named(value, child->name) == child);
        check_value(child);
    }
}

/* By all that looks a member up. */
static void ask(const svms_json_document *document, const char *member)
{
    svms_json_document asked = *document;
    svms_json_node root = svms_json_root(&asked);
    if (svms_json_is_array(&root, member) && svms_json_count(&root, member, 3) > 0) {
        (void)svms_json_item(&root, member, 0);
        (void)svms_json_inner_count(&root, member, 0, 2);
    }
    asked.status = SVMS_OK;
    double real = svms_json_real(&root, member);
    need(isfinite(real));
    asked.status = SVMS_OK;
    (void)svms_json_time_or_null(&root, member);
    asked.status = SVMS_OK;
    (void)svms_json_object(&root, member);
}

static void put_all(svms_builder *out, svms_json_document *document)
{
    svms_json_node root = svms_json_root(document);
    const char *name = NULL;
    svms_json_open(out, NULL, '{');
    for (size_t i = 0; (name = svms_json_member(&root, i)) != NULL; i++) {
        svms_json_put_member(out, document, name);
    }
    svms_json_close(out, '}');
    need(svms_builder_check(out, "it", NULL) == SVMS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_ctx *ctx;
    svms_json_document first;
    svms_json_document second;
    svms_error err = SVMS_ERROR_INIT;
    if (!ctx) {
        need(svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK);
    }
    svms_status status = svms_json_load(&first, ctx, "it", &limits, data, size, &err);
    if (status != SVMS_OK) {
        need(status == SVMS_E_MALFORMED && err.message[0] != '\0' &&
             (err.offset <= size || err.offset == SVMS_NO_OFFSET));
        return 0;
    }
    first.err = NULL;
    check_value(first.root);
    for (uint32_t i = 0; i < first.root->size; i++) {
        ask(&first, first.root->of.children[i].name);
    }
    /* A control character takes six bytes where its escape may have had two. */
    svms_builder one = svms_builder_new(ctx, 8 * ROOM);
    svms_builder other = svms_builder_new(ctx, 8 * ROOM);
    put_all(&one, &first);
    need(one.size > limits.size ||
         svms_json_load_plain(&second, ctx, "it", &limits, one.data, one.size, NULL) == SVMS_OK);
    if (one.size <= limits.size) {
        put_all(&other, &second);
        need(one.size == other.size && memcmp(one.data, other.data, one.size) == 0);
        svms_json_unload(&second);
    }
    svms_builder_clear(&one);
    svms_builder_clear(&other);
    svms_json_unload(&first);
    return 0;
}
