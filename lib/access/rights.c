/* SPDX-License-Identifier: Apache-2.0 */
/* Rights that a token is to hold: they are read as a verifier reads them, so that no token is
 * issued that nobody takes. */
#include <string.h>

#include "failure.h"
#include "json_put.h"
#include "token_internal.h"

#define RIGHTS_DEPTH 8

bool svms_right_is_ours(const svms_json_node *right)
{
    const char *type = svms_json_text(right, "type");
    return type && strcmp(type, "svms") == 0;
}

/* As a member of an object: nothing but one array, so that no further claim comes along with it. */
static svms_status load(svms_json_document *out, svms_ctx *ctx, const char *json, size_t size,
                        svms_error *err)
{
    static const svms_json_limits limits = { SVMS_JWS_MAX, RIGHTS_DEPTH };
    svms_builder text = svms_builder_new(ctx, SVMS_JWS_MAX);
    svms_json_open(&text, NULL, '{');
    svms_json_put_raw(&text, "rights", json, size);
    svms_json_close(&text, '}');
    svms_status status = svms_builder_check(&text, "the rights", err);
    if (status == SVMS_OK) {
        status = svms_json_load_plain(out, ctx, "the rights", &limits, text.data, text.size, err);
    }
    svms_builder_clear(&text);
    return status;
}

/* What an issuer hands out, it understands itself: a condition that is unknown here is a mistake of
 * its operator. */
static void read_one(svms_rule_reader *reader, const svms_json_node *node, svms_rule *out)
{
    svms_rule_read(reader, node, out);
    if (!svms_right_is_ours(node)) {
        svms_json_refuse(node, "type", "is not svms");
    } else if (!svms_rule_is_clear(out)) {
        svms_json_refuse(node, "conditions", "include one that is not known");
    }
}

svms_status svms_rights_read(svms_rights *out, svms_ctx *ctx, const char *json, size_t size,
                             svms_error *err)
{
    static const char *const members[] = { "rights", NULL };
    svms_rights rights = { .ctx = ctx };
    svms_status status = load(&rights.document, ctx, json, size, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_json_node root = svms_json_root(&rights.document);
    svms_rule_reader reader = { ctx, true, NULL, NULL, NULL, SVMS_OK };
    svms_json_only(&root, members);
    size_t count = svms_json_count(&root, "rights", SVMS_RIGHTS_MAX);
    count = svms_json_failed(&root) ? 0 : count;
    rights.rules = count > 0 ? svms_alloc_array(ctx, count, sizeof *rights.rules) : NULL;
    if (count > 0 && !rights.rules) {
        reader.status = SVMS_E_NO_MEMORY;
    }
    while (rights.rules && rights.count < count && !svms_json_failed(&root) &&
           reader.status == SVMS_OK) {
        svms_json_node node = svms_json_item(&root, "rights", rights.count);
        read_one(&reader, &node, &rights.rules[rights.count++]);
    }
    status = reader.status == SVMS_OK ? rights.document.status : svms_fail_memory(err);
    /* It was the caller's, and the rights may outlive it. */
    rights.document.err = NULL;
    if (status == SVMS_OK) {
        *out = rights;
    } else {
        svms_rights_clear(&rights);
    }
    return status;
}

void svms_rights_clear(svms_rights *rights)
{
    for (size_t i = 0; i < rights->count; i++) {
        svms_rule_clear(rights->ctx, &rights->rules[i]);
    }
    svms_release(rights->ctx, rights->rules);
    if (rights->document.root) {
        svms_json_unload(&rights->document);
    }
    memset(rights, 0, sizeof *rights);
}

svms_status svms_rights_check(svms_ctx *ctx, const char *json, size_t size, svms_error *err)
{
    svms_rights rights;
    svms_status status = svms_rights_read(&rights, ctx, json, size, err);
    if (status == SVMS_OK) {
        svms_rights_clear(&rights);
    }
    return status;
}
