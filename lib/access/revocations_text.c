/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of revocations as servers exchange them:
 * {"format":"svms-revocations","version":1,"entries":[...]}. */
#include <string.h>

#include "failure.h"
#include "json_put.h"
#include "revocations.h"

#define FORMAT "svms-revocations"
#define TEXT_MAX ((size_t)64 * 1024 * 1024)
#define TEXT_DEPTH 3
#define TIME_MAX ((UINT64_C(1) << 53) - 1)

static const char *const kinds[] = { NULL, "token", "subject", "epoch" };

static uint64_t number_of(int64_t seconds)
{
    if (seconds < 0) {
        return 0;
    }
    return (uint64_t)seconds > TIME_MAX ? TIME_MAX : (uint64_t)seconds;
}

static void put_entry(svms_builder *out, const svms_revoked_token *entry)
{
    svms_json_open(out, NULL, '{');
    svms_json_put_text(out, "kind", kinds[entry->kind]);
    svms_json_put_text(out, "issuer", entry->issuer);
    if (entry->value) {
        svms_json_put_text(out, "value", entry->value);
    }
    svms_json_put_number(out, "before", number_of(entry->before_s));
    svms_json_put_number(out, "until", number_of(entry->until_s));
    svms_json_close(out, '}');
}

svms_status svms_revocations_write(svms_revocations *list, char *out, size_t *size, svms_error *err)
{
    unsigned ticket = 0;
    if (!list || !size || (!out && *size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_builder text = svms_builder_new(list->ctx, TEXT_MAX);
    const svms_revoked_set *set = svms_shared_enter(&list->set, &ticket);
    svms_json_open(&text, NULL, '{');
    svms_json_put_text(&text, "format", FORMAT);
    svms_json_put_number(&text, "version", 1);
    svms_json_open(&text, "entries", '[');
    for (size_t i = 0; i < set->count; i++) {
        put_entry(&text, &set->entries[i]);
    }
    svms_shared_leave(&list->set, ticket);
    svms_json_close(&text, ']');
    svms_json_close(&text, '}');
    svms_status status = svms_builder_hand_out(&text, "the list of revocations", out, size, err);
    svms_builder_clear(&text);
    return status;
}

static svms_revoke_kind read_kind(const svms_json_node *node)
{
    const char *text = svms_json_text(node, "kind");
    for (svms_revoke_kind kind = SVMS_REVOKE_TOKEN; text && kind <= SVMS_REVOKE_EPOCH; kind++) {
        if (strcmp(text, kinds[kind]) == 0) {
            return kind;
        }
    }
    svms_json_refuse(node, "kind", "is nothing that can be revoked");
    return SVMS_REVOKE_TOKEN;
}

/* Borrowed from the document: it is copied when it is joined. */
static char *read_text(const svms_json_node *node, const char *member, size_t most)
{
    const char *text = svms_json_text(node, member);
    if (text && (text[0] == '\0' || strlen(text) > most)) {
        svms_json_refuse(node, member, "is empty or too long");
    }
    return (char *)(uintptr_t)text;
}

static void read_entry(svms_revoked_token *out, const svms_json_node *node)
{
    static const char *const members[] = { "kind", "issuer", "value", "before", "until", NULL };
    svms_json_only(node, members);
    out->kind = read_kind(node);
    out->issuer = read_text(node, "issuer", SVMS_ISSUER_MAX);
    if (out->kind != SVMS_REVOKE_EPOCH) {
        out->value = read_text(node, "value", SVMS_CLAIM_MAX);
    } else if (svms_json_is_there(node, "value")) {
        svms_json_refuse(node, "value", "is there: an epoch has none");
    }
    out->before_s = (int64_t)svms_json_number(node, "before", TIME_MAX);
    out->until_s = (int64_t)svms_json_number(node, "until", TIME_MAX);
}

static svms_status merge(svms_revocations *list, svms_json_document *document, svms_error *err)
{
    static const char *const members[] = { "format", "version", "entries", NULL };
    svms_json_node root = svms_json_root(document);
    svms_json_only(&root, members);
    const char *format = svms_json_text(&root, "format");
    if (format && strcmp(format, FORMAT) != 0) {
        svms_json_refuse(&root, "format", "is not " FORMAT);
    }
    if (svms_json_number(&root, "version", TIME_MAX) != 1) {
        svms_json_refuse(&root, "version", "is not 1");
    }
    size_t count = svms_json_count(&root, "entries", SVMS_REVOCATIONS_MAX);
    svms_revoked_token *entries =
        count > 0 ? svms_alloc_array(list->ctx, count, sizeof *entries) : NULL;
    if (count > 0 && !entries) {
        return svms_fail_memory(err);
    }
    for (size_t i = 0; i < count && !svms_json_failed(&root); i++) {
        svms_json_node node = svms_json_item(&root, "entries", i);
        read_entry(&entries[i], &node);
    }
    svms_status status = document->status;
    if (status == SVMS_OK) {
        status = svms_revocations_join(list, entries, count, err);
    }
    svms_release(list->ctx, entries);
    return status;
}

svms_status svms_revocations_merge(svms_revocations *list, const char *json, size_t size,
                                   svms_error *err)
{
    static const svms_json_limits limits = { TEXT_MAX, TEXT_DEPTH };
    svms_json_document document;
    if (!list || !json) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_json_load_plain(&document, list->ctx, "the list of revocations",
                                              &limits, json, size, err);
    if (status == SVMS_OK) {
        status = merge(list, &document, err);
        svms_json_unload(&document);
    }
    return status;
}
