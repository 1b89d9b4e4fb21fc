/* SPDX-License-Identifier: Apache-2.0 */
#include "json_read.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <svms/time.h>

#include "context_internal.h"
#include "failure.h"
#include "json_parse.h"
#include "json_put.h"
#include "real.h"

/* Bytes of a name that nobody knows, as a message shows it. */
#define LONGEST_SHOWN 36u

static svms_status load(svms_json_document *out, const svms_json_document *named,
                        const svms_json_limits *limits, const void *json, size_t size)
{
    svms_json_document document = *named;
    svms_status status = svms_json_parse(&document, limits, json, size);
    if (status == SVMS_OK) {
        *out = document;
    }
    return status;
}

svms_status svms_json_load(svms_json_document *out, svms_ctx *ctx, const char *name,
                           const svms_json_limits *limits, const void *json, size_t size,
                           svms_error *err)
{
    svms_json_document named = { .ctx = ctx, .name = name, .err = err };
    return load(out, &named, limits, json, size);
}

svms_status svms_json_load_plain(svms_json_document *out, svms_ctx *ctx, const char *name,
                                 const svms_json_limits *limits, const void *json, size_t size,
                                 svms_error *err)
{
    svms_json_document named = { .ctx = ctx, .name = name, .err = err, .is_plain = true };
    return load(out, &named, limits, json, size);
}

void svms_json_unload(svms_json_document *document)
{
    svms_json_clear(document);
}

svms_json_node svms_json_root(svms_json_document *document)
{
    svms_json_node node = { document, document->root, { 0 } };
    return node;
}

void svms_json_refuse(const svms_json_node *node, const char *member, const char *what)
{
    svms_json_document *document = node->document;
    if (document->status == SVMS_OK) {
        document->status = svms_fail(document->err, SVMS_E_MALFORMED, "%s: %s%s %s", document->name,
                                     node->place, member, what);
    }
}

bool svms_json_failed(const svms_json_node *node)
{
    return node->document->status != SVMS_OK;
}

static bool is_kind(const svms_json_value *value, svms_json_kind kind)
{
    return value != NULL && value->kind == kind;
}

static bool is_null(const svms_json_value *value)
{
    return is_kind(value, SVMS_JSON_NULL);
}

static const svms_json_value *entry_of(const svms_json_value *array, size_t n)
{
    return is_kind(array, SVMS_JSON_ARRAY) && n < array->size ? &array->of.children[n] : NULL;
}

static const svms_json_value *member_of(const svms_json_value *object, size_t n)
{
    return is_kind(object, SVMS_JSON_OBJECT) && n < object->size ? &object->of.children[n] : NULL;
}

static const char *words_of(const svms_json_value *value)
{
    return is_kind(value, SVMS_JSON_TEXT) ? value->of.text : NULL;
}

/* A member, or NULL after a failure. */
static const svms_json_value *find(const svms_json_node *node, const char *member)
{
    if (svms_json_failed(node)) {
        return NULL;
    }
    const svms_json_value *found = svms_json_value_named(node->json, member);
    if (found == NULL) {
        svms_json_refuse(node, member, "is missing");
    }
    return found;
}

static const char *text_of(const svms_json_node *node, const char *member,
                           const svms_json_value *value)
{
    if (value != NULL && !is_kind(value, SVMS_JSON_TEXT)) {
        svms_json_refuse(node, member, "is not a text");
        return NULL;
    }
    return words_of(value);
}

const char *svms_json_text(const svms_json_node *node, const char *member)
{
    return text_of(node, member, find(node, member));
}

const char *svms_json_text_or_null(const svms_json_node *node, const char *member)
{
    const svms_json_value *value = find(node, member);
    return is_null(value) ? NULL : text_of(node, member, value);
}

static uint64_t number_of(const svms_json_node *node, const char *member,
                          const svms_json_value *value, uint64_t most)
{
    if (value == NULL) {
        return 0;
    }
    if (!is_kind(value, SVMS_JSON_INTEGER)) {
        svms_json_refuse(node, member, "is not a whole number");
        return 0;
    }
    int64_t number = value->of.integer;
    if (number < 0 || (uint64_t)number > most) {
        svms_json_refuse(node, member, "is out of range");
        return 0;
    }
    return (uint64_t)number;
}

uint64_t svms_json_number(const svms_json_node *node, const char *member, uint64_t most)
{
    return number_of(node, member, find(node, member), most);
}

uint64_t svms_json_number_or(const svms_json_node *node, const char *member, uint64_t most,
                             uint64_t value)
{
    const svms_json_value *found = find(node, member);
    return is_null(found) ? value : number_of(node, member, found, most);
}

bool svms_json_flag(const svms_json_node *node, const char *member)
{
    const svms_json_value *value = find(node, member);
    if (value != NULL && value->kind != SVMS_JSON_TRUE && value->kind != SVMS_JSON_FALSE) {
        svms_json_refuse(node, member, "is neither true nor false");
    }
    return is_kind(value, SVMS_JSON_TRUE);
}

/* One spelling: what svms_time_parse() allows besides, RFC 3339 for people does. */
static bool is_strict_time(const char *text)
{
    size_t length = strlen(text);
    return length >= sizeof("2026-01-01T00:00:00Z") - 1 && text[10] == 'T' && text[17] < '6' &&
           text[length - 1] == 'Z';
}

static int64_t time_of(const svms_json_node *node, const char *member, const svms_json_value *value)
{
    int64_t utc_ns = SVMS_NO_TIME;
    const char *text = text_of(node, member, value);
    if (text == NULL) {
        return SVMS_NO_TIME;
    }
    if (!is_strict_time(text) || svms_time_parse(&utc_ns, text, NULL) != SVMS_OK) {
        svms_json_refuse(node, member, "is not a time in UTC");
        return SVMS_NO_TIME;
    }
    return utc_ns;
}

int64_t svms_json_time(const svms_json_node *node, const char *member)
{
    return time_of(node, member, find(node, member));
}

int64_t svms_json_time_or_null(const svms_json_node *node, const char *member)
{
    const svms_json_value *value = find(node, member);
    return is_null(value) ? SVMS_NO_TIME : time_of(node, member, value);
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* No deeper than what was allowed to be loaded. */
static void put_value(svms_builder *out, const svms_json_value *value)
{
    char digits[24];
    switch (value->kind) {
    case SVMS_JSON_NULL:
        svms_json_put_null(out, NULL);
        break;
    case SVMS_JSON_FALSE:
    case SVMS_JSON_TRUE:
        svms_json_put_flag(out, NULL, value->kind == SVMS_JSON_TRUE);
        break;
    case SVMS_JSON_INTEGER:
        (void)snprintf(digits, sizeof(digits), "%" PRId64, value->of.integer);
        svms_json_put_raw(out, NULL, digits, strlen(digits));
        break;
    case SVMS_JSON_REAL:
        svms_json_put_raw(out, NULL, value->of.text, value->size);
        break;
    case SVMS_JSON_TEXT:
        svms_json_put_text(out, NULL, value->of.text);
        break;
    default:
        svms_json_open(out, NULL, value->kind == SVMS_JSON_ARRAY ? '[' : '{');
        for (uint32_t i = 0; i < value->size; i++) {
            const svms_json_value *child = &value->of.children[i];
            if (child->name != NULL) {
                svms_json_put_name(out, child->name);
            }
            put_value(out, child);
        }
        svms_json_close(out, value->kind == SVMS_JSON_ARRAY ? ']' : '}');
        break;
    }
}

void svms_json_put_member(svms_builder *out, const svms_json_document *document, const char *member)
{
    const svms_json_value *value = svms_json_value_named(document->root, member);
    if (value != NULL) {
        svms_json_put_name(out, member);
        put_value(out, value);
    }
}

bool svms_hex_read(const char *text, uint8_t *out, size_t size)
{
    if (strlen(text) != 2 * size) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        int high = digit_of(text[2 * i]);
        int low = digit_of(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

void svms_json_hex(const svms_json_node *node, const char *member, uint8_t *out, size_t size)
{
    char what[64];
    const char *text = svms_json_text(node, member);
    if (text != NULL && !svms_hex_read(text, out, size)) {
        (void)snprintf(what, sizeof(what), "is not %zu lower-case hexadecimal digits", 2 * size);
        svms_json_refuse(node, member, what);
    }
}

/* Cut, where it is too long, the place still says where to look. */
static void put_place(svms_json_node *inner, const char *words, size_t most)
{
    size_t used = strlen(inner->place);
    size_t room = sizeof(inner->place) - 1 - used;
    size_t size = strnlen(words, most < room ? most : room);
    memcpy(inner->place + used, words, size);
    inner->place[used + size] = '\0';
}

/* An object within an object; index SIZE_MAX: the member itself. */
static svms_json_node enter(const svms_json_node *node, const char *member, size_t index,
                            const svms_json_value *value)
{
    svms_json_node inner = { .document = node->document };
    char subscript[24] = "";
    put_place(&inner, node->place, 80);
    put_place(&inner, member, 24);
    if (index != SIZE_MAX) {
        (void)snprintf(subscript, sizeof(subscript), "[%zu]", index);
        put_place(&inner, subscript, 20);
    }
    put_place(&inner, ".", 1);
    if (value != NULL && value->kind != SVMS_JSON_OBJECT) {
        svms_json_refuse(node, member,
                         index == SIZE_MAX ? "is no object" : "holds something that is no object");
        return inner;
    }
    inner.json = value;
    return inner;
}

svms_json_node svms_json_object(const svms_json_node *node, const char *member)
{
    return enter(node, member, SIZE_MAX, find(node, member));
}

bool svms_json_is_there(const svms_json_node *node, const char *member)
{
    return !svms_json_failed(node) && svms_json_value_named(node->json, member) != NULL;
}

bool svms_json_is_array(const svms_json_node *node, const char *member)
{
    return !svms_json_failed(node) &&
           is_kind(svms_json_value_named(node->json, member), SVMS_JSON_ARRAY);
}

double svms_json_real(const svms_json_node *node, const char *member)
{
    const svms_json_value *value = find(node, member);
    if (is_kind(value, SVMS_JSON_INTEGER)) {
        return (double)value->of.integer;
    }
    if (is_kind(value, SVMS_JSON_REAL)) {
        return svms_real_read(value->of.text, value->size);
    }
    if (value != NULL) {
        svms_json_refuse(node, member, "is not a number");
    }
    return 0.0;
}

bool svms_json_is_null(const svms_json_node *node, const char *member)
{
    return is_null(find(node, member));
}

size_t svms_json_count(const svms_json_node *node, const char *member, size_t most)
{
    const svms_json_value *value = find(node, member);
    if (value == NULL) {
        return 0;
    }
    if (!is_kind(value, SVMS_JSON_ARRAY)) {
        svms_json_refuse(node, member, "is no array");
        return 0;
    }
    if (value->size > most) {
        svms_json_refuse(node, member, "has too many entries");
        return 0;
    }
    return value->size;
}

svms_json_node svms_json_item(const svms_json_node *node, const char *member, size_t n)
{
    return enter(node, member, n, entry_of(find(node, member), n));
}

const char *svms_json_item_text(const svms_json_node *node, const char *member, size_t n)
{
    const svms_json_value *value = entry_of(find(node, member), n);
    if (value != NULL && !is_kind(value, SVMS_JSON_TEXT)) {
        svms_json_refuse(node, member, "holds something that is not a text");
    }
    return words_of(value);
}

uint64_t svms_json_item_number(const svms_json_node *node, const char *member, size_t n,
                               uint64_t most)
{
    return number_of(node, member, entry_of(find(node, member), n), most);
}

bool svms_json_item_is_text(const svms_json_node *node, const char *member, size_t n)
{
    return is_kind(entry_of(find(node, member), n), SVMS_JSON_TEXT);
}

size_t svms_json_inner_count(const svms_json_node *node, const char *member, size_t n, size_t most)
{
    const svms_json_value *value = entry_of(find(node, member), n);
    if (value != NULL && (!is_kind(value, SVMS_JSON_ARRAY) || value->size > most)) {
        svms_json_refuse(node, member, "holds something that is no list, or too long a one");
        return 0;
    }
    return value != NULL ? value->size : 0;
}

const char *svms_json_inner_text(const svms_json_node *node, const char *member, size_t n, size_t k)
{
    const svms_json_value *value = entry_of(entry_of(find(node, member), n), k);
    if (value != NULL && !is_kind(value, SVMS_JSON_TEXT)) {
        svms_json_refuse(node, member, "holds something that is not a text");
    }
    return words_of(value);
}

const char *svms_json_member(const svms_json_node *node, size_t n)
{
    const svms_json_value *member = svms_json_failed(node) ? NULL : member_of(node->json, n);
    return member != NULL ? member->name : NULL;
}

static bool is_listed(const char *name, const char *const *members)
{
    for (; *members != NULL; members++) {
        if (strcmp(name, *members) == 0) {
            return true;
        }
    }
    return false;
}

bool svms_json_has_only(const svms_json_node *node, const char *const *members)
{
    if (svms_json_failed(node)) {
        return false;
    }
    const svms_json_value *member = NULL;
    for (size_t i = 0; (member = member_of(node->json, i)) != NULL; i++) {
        if (!is_listed(member->name, members)) {
            return false;
        }
    }
    return true;
}

void svms_json_only(const svms_json_node *node, const char *const *members)
{
    char quoted[40];
    if (svms_json_failed(node)) {
        return;
    }
    const svms_json_value *member = NULL;
    for (size_t i = 0; (member = member_of(node->json, i)) != NULL; i++) {
        const char *name = member->name;
        if (!is_listed(name, members)) {
            int shown = (int)strnlen(name, LONGEST_SHOWN);
            while (shown > 0 && ((unsigned char)name[shown] & 0xC0u) == 0x80u) {
                shown--;
            }
            (void)snprintf(quoted, sizeof(quoted), "'%.*s'", shown, name);
            svms_json_refuse(node, quoted, "is not known here");
            return;
        }
    }
}
