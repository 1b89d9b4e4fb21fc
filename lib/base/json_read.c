/* SPDX-License-Identifier: Apache-2.0 */
#include "json_read.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include <svms/time.h>

#include "context_internal.h"
#include "cursor.h"
#include "failure.h"
#include "json_put.h"

/* Bytes of a name that nobody knows, as a message shows it. */
#define LONGEST_SHOWN 36u

/* What the text would cost, before jansson sees it: nesting, and at most one value for each comma
 * and each bracket that opens. */
typedef struct outline {
    unsigned depth;
    unsigned deepest;
    unsigned values;
    size_t longest; /* bytes of the longest text, as it stands there */
    size_t end;     /* behind the bracket that closes it; 0: there is none */
} outline;

/* The document between two texts of zeros: jansson collects each text in a buffer of its own that
 * it releases as it is, so the first makes this buffer large enough for all, and the last
 * overwrites it. */
typedef struct wrapped_run {
    size_t zeros; /* characters '0', in front of */
    svms_cursor bytes;
} wrapped_run;

#define WRAPPED_RUNS 5u
#define PADDING 0x30 /* the digit */
/* Also fills what jansson reads into. */
#define LEAST_ZEROS 4096u

typedef struct wrapped {
    wrapped_run runs[WRAPPED_RUNS];
    size_t next;
} wrapped;

static void skip_string(svms_cursor *text)
{
    while (!svms_cursor_at_end(text)) {
        uint8_t c = svms_read_u8(text);
        if (c == '"') {
            return;
        }
        if (c == '\\' && !svms_cursor_at_end(text)) {
            (void)svms_read_u8(text);
        }
    }
}

static outline outline_of(const void *json, size_t size)
{
    svms_cursor text = svms_cursor_over(json, size, 0);
    outline found = { 0, 0, 1, 0, 0 };
    while (!svms_cursor_at_end(&text)) {
        size_t left = svms_cursor_left(&text);
        switch (svms_read_u8(&text)) {
        case '"':
            skip_string(&text);
            left -= svms_cursor_left(&text);
            found.longest = left > found.longest ? left : found.longest;
            break;
        case '{':
        case '[':
            found.depth++;
            found.deepest = found.depth > found.deepest ? found.depth : found.deepest;
            found.values++;
            break;
        case '}':
        case ']':
            found.depth -= found.depth > 0 ? 1u : 0u;
            found.end = found.depth == 0 && found.end == 0 ? text.position : found.end;
            break;
        case ',':
            found.values++;
            break;
        default:
            break;
        }
    }
    return found;
}

static const char *reason_of(enum json_error_code code)
{
    switch (code) {
    case json_error_premature_end_of_input:
        return "it ends too early";
    case json_error_end_of_input_expected:
        return "something follows its end";
    case json_error_invalid_utf8:
        return "it is not UTF-8";
    case json_error_duplicate_key:
        return "a name occurs twice in an object";
    case json_error_numeric_overflow:
        return "a number is too large";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a text holds U+0000";
    default:
        return "it is not JSON";
    }
}

static svms_status refuse_text(const svms_json_document *document, const json_error_t *reason,
                               size_t before, size_t size, const outline *found, svms_error *err)
{
    enum json_error_code code = json_error_code(reason);
    size_t at = reason->position > 0 ? (size_t)reason->position : 0;
    at = at > before ? at - before : 0;
    if (code == json_error_out_of_memory) {
        return svms_fail_memory(err);
    }
    if (code == json_error_invalid_syntax && at > size) {
        code = json_error_premature_end_of_input;
    } else if (code == json_error_invalid_syntax && found->end != 0 && at > found->end) {
        code = json_error_end_of_input_expected;
    }
    return svms_fail_at(err, SVMS_E_MALFORMED, at < size ? at : size, "%s: line %d: %s",
                        document->name, reason->line, reason_of(code));
}

/* Its texts may be of something that was sealed, and jansson leaves them in freed memory. */
static void wipe_text(const json_t *value)
{
    void *text = (void *)(uintptr_t)json_string_value(value);
    svms_wipe(text, json_string_length(value));
}

/* No deeper than what was allowed to be loaded. */
static void wipe_texts(json_t *value)
{
    const char *name = NULL;
    json_t *member = NULL;
    if (json_is_string(value)) {
        wipe_text(value);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        wipe_texts(json_array_get(value, i));
    }
    json_object_foreach(value, name, member)
    {
        wipe_texts(member);
    }
}

static wrapped_run run_of(size_t zeros, const void *bytes, size_t size)
{
    wrapped_run run = { zeros, svms_cursor_over(bytes, size, 0) };
    return run;
}

/* Some of what comes next, as jansson asks for it. */
static size_t next_bytes(void *buffer, size_t room, void *data)
{
    wrapped *text = data;
    for (; text->next < WRAPPED_RUNS; text->next++) {
        wrapped_run *run = &text->runs[text->next];
        size_t zeros = run->zeros < room ? run->zeros : room;
        size_t left = svms_cursor_left(&run->bytes);
        if (zeros > 0) {
            memset(buffer, PADDING, zeros);
            run->zeros -= zeros;
            return zeros;
        }
        if (left > 0) {
            left = left < room ? left : room;
            svms_read_copy(&run->bytes, buffer, left);
            return left;
        }
    }
    return 0;
}

static svms_status take_root(svms_json_document *out, json_t *root, svms_error *err)
{
    if (!json_is_object(root)) {
        wipe_texts(root);
        json_decref(root);
        return svms_fail_at(err, SVMS_E_MALFORMED, 0, "%s: it is no object", out->name);
    }
    out->root = root;
    return SVMS_OK;
}

static svms_status load_plain(svms_json_document *out, const outline *found, const void *json,
                              size_t size, svms_error *err)
{
    json_error_t reason;
    memset(&reason, 0, sizeof(reason));
    json_t *root = json_loadb(json, size, JSON_REJECT_DUPLICATES, &reason);
    return root != NULL ? take_root(out, root, err)
                        : refuse_text(out, &reason, 0, size, found, err);
}

static svms_status load(svms_json_document *out, const outline *found, const void *json,
                        size_t size, svms_error *err)
{
    static const char begin[] = "[\"";
    static const char before[] = "\",";
    static const char behind[] = ",\"";
    static const char end[] = "\"]";
    json_error_t reason;
    memset(&reason, 0, sizeof(reason));
    size_t pad = found->longest + LEAST_ZEROS;
    wrapped text = { { run_of(0, begin, 2), run_of(pad, before, 2), run_of(0, json, size),
                       run_of(0, behind, 2), run_of(pad, end, 2) },
                     0 };
    json_t *all = json_load_callback(next_bytes, &text, JSON_REJECT_DUPLICATES, &reason);
    if (all == NULL) {
        svms_status status = refuse_text(out, &reason, pad + 4, size, found, err);
        svms_wipe(&reason, sizeof(reason));
        return status;
    }
    if (json_array_size(all) != 3) {
        wipe_texts(all);
        json_decref(all);
        return svms_fail_at(err, SVMS_E_MALFORMED, size, "%s: something follows its end",
                            out->name);
    }
    json_t *root = json_incref(json_array_get(all, 1));
    json_decref(all);
    return take_root(out, root, err);
}

static svms_status load_bounded(svms_json_document *out, const svms_json_document *named,
                                const svms_json_limits *limits, const void *json, size_t size)
{
    svms_json_document document = *named;
    const char *name = document.name;
    svms_error *err = document.err;
    if (size > limits->size) {
        return svms_fail(err, SVMS_E_MALFORMED, "%s: it has %zu bytes, more than %zu", name, size,
                         limits->size);
    }
    outline found = outline_of(json, size);
    if (found.deepest > limits->depth) {
        return svms_fail(err, SVMS_E_MALFORMED, "%s: it is %u levels deep, more than %u", name,
                         found.deepest, limits->depth);
    }
    if (found.values > SVMS_JSON_MAX_VALUES) {
        return svms_fail(err, SVMS_E_MALFORMED, "%s: it has more than %u values", name,
                         SVMS_JSON_MAX_VALUES);
    }
    svms_status status = document.is_plain ? load_plain(&document, &found, json, size, err)
                                           : load(&document, &found, json, size, err);
    if (status == SVMS_OK) {
        *out = document;
    }
    return status;
}

svms_status svms_json_load(svms_json_document *out, const char *name,
                           const svms_json_limits *limits, const void *json, size_t size,
                           svms_error *err)
{
    svms_json_document named = { name, NULL, SVMS_OK, err, false };
    return load_bounded(out, &named, limits, json, size);
}

svms_status svms_json_load_plain(svms_json_document *out, const char *name,
                                 const svms_json_limits *limits, const void *json, size_t size,
                                 svms_error *err)
{
    svms_json_document named = { name, NULL, SVMS_OK, err, true };
    return load_bounded(out, &named, limits, json, size);
}

void svms_json_unload(svms_json_document *document)
{
    if (!document->is_plain) {
        wipe_texts(document->root);
    }
    json_decref(document->root);
    document->root = NULL;
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

/* A member, or NULL after a failure. */
static json_t *find(const svms_json_node *node, const char *member)
{
    if (svms_json_failed(node)) {
        return NULL;
    }
    json_t *found = json_object_get(node->json, member);
    if (found == NULL) {
        svms_json_refuse(node, member, "is missing");
    }
    return found;
}

static const char *text_of(const svms_json_node *node, const char *member, const json_t *value)
{
    if (value != NULL && !json_is_string(value)) {
        svms_json_refuse(node, member, "is not a text");
        return NULL;
    }
    return json_string_value(value);
}

const char *svms_json_text(const svms_json_node *node, const char *member)
{
    return text_of(node, member, find(node, member));
}

const char *svms_json_text_or_null(const svms_json_node *node, const char *member)
{
    const json_t *value = find(node, member);
    return json_is_null(value) ? NULL : text_of(node, member, value);
}

static uint64_t number_of(const svms_json_node *node, const char *member, const json_t *value,
                          uint64_t most)
{
    if (value == NULL) {
        return 0;
    }
    if (!json_is_integer(value)) {
        svms_json_refuse(node, member, "is not a whole number");
        return 0;
    }
    json_int_t number = json_integer_value(value);
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
    const json_t *found = find(node, member);
    return json_is_null(found) ? value : number_of(node, member, found, most);
}

bool svms_json_flag(const svms_json_node *node, const char *member)
{
    const json_t *value = find(node, member);
    if (value != NULL && !json_is_boolean(value)) {
        svms_json_refuse(node, member, "is neither true nor false");
    }
    return json_is_true(value);
}

/* One spelling: what svms_time_parse() allows besides, RFC 3339 for people does. */
static bool is_strict_time(const char *text)
{
    size_t length = strlen(text);
    return length >= sizeof("2026-01-01T00:00:00Z") - 1 && text[10] == 'T' && text[17] < '6' &&
           text[length - 1] == 'Z';
}

static int64_t time_of(const svms_json_node *node, const char *member, const json_t *value)
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
    const json_t *value = find(node, member);
    return json_is_null(value) ? SVMS_NO_TIME : time_of(node, member, value);
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void svms_json_put_member(svms_builder *out, const svms_json_document *document, const char *member)
{
    const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY;
    const json_t *value = json_object_get(document->root, member);
    if (value == NULL) {
        return;
    }
    size_t size = json_dumpb(value, NULL, 0, flags);
    char *text = size > 0 ? svms_alloc(out->ctx, size) : NULL;
    if (text != NULL && json_dumpb(value, text, size, flags) == size) {
        svms_json_put_raw(out, member, text, size);
    } else if (out->status == SVMS_OK) {
        out->status = SVMS_E_NO_MEMORY;
    }
    svms_release_secret(out->ctx, text, size);
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

/* An object within an object; index SIZE_MAX: the member itself. */
static svms_json_node enter(const svms_json_node *node, const char *member, size_t index,
                            json_t *value)
{
    svms_json_node inner = { node->document, NULL, { 0 } };
    char subscript[24] = "";
    if (index != SIZE_MAX) {
        (void)snprintf(subscript, sizeof(subscript), "[%zu]", index);
    }
    /* Cut, where it is too long, it still says where to look. */
    (void)snprintf(inner.place, sizeof(inner.place), "%.80s%.24s%.20s.", node->place, member,
                   subscript);
    if (value != NULL && !json_is_object(value)) {
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
    return !svms_json_failed(node) && json_object_get(node->json, member) != NULL;
}

bool svms_json_is_array(const svms_json_node *node, const char *member)
{
    return !svms_json_failed(node) && json_is_array(json_object_get(node->json, member));
}

double svms_json_real(const svms_json_node *node, const char *member)
{
    const json_t *value = find(node, member);
    if (value != NULL && !json_is_number(value)) {
        svms_json_refuse(node, member, "is not a number");
    }
    return json_number_value(value);
}

bool svms_json_is_null(const svms_json_node *node, const char *member)
{
    return json_is_null(find(node, member));
}

size_t svms_json_count(const svms_json_node *node, const char *member, size_t most)
{
    const json_t *value = find(node, member);
    if (value == NULL) {
        return 0;
    }
    if (!json_is_array(value)) {
        svms_json_refuse(node, member, "is no array");
        return 0;
    }
    if (json_array_size(value) > most) {
        svms_json_refuse(node, member, "has too many entries");
        return 0;
    }
    return json_array_size(value);
}

svms_json_node svms_json_item(const svms_json_node *node, const char *member, size_t n)
{
    return enter(node, member, n, json_array_get(find(node, member), n));
}

const char *svms_json_item_text(const svms_json_node *node, const char *member, size_t n)
{
    const json_t *value = json_array_get(find(node, member), n);
    if (value != NULL && !json_is_string(value)) {
        svms_json_refuse(node, member, "holds something that is not a text");
    }
    return json_string_value(value);
}

uint64_t svms_json_item_number(const svms_json_node *node, const char *member, size_t n,
                               uint64_t most)
{
    return number_of(node, member, json_array_get(find(node, member), n), most);
}

bool svms_json_item_is_text(const svms_json_node *node, const char *member, size_t n)
{
    return json_is_string(json_array_get(find(node, member), n));
}

size_t svms_json_inner_count(const svms_json_node *node, const char *member, size_t n, size_t most)
{
    const json_t *value = json_array_get(find(node, member), n);
    if (value != NULL && (!json_is_array(value) || json_array_size(value) > most)) {
        svms_json_refuse(node, member, "holds something that is no list, or too long a one");
        return 0;
    }
    return json_array_size(value);
}

const char *svms_json_inner_text(const svms_json_node *node, const char *member, size_t n, size_t k)
{
    const json_t *value = json_array_get(json_array_get(find(node, member), n), k);
    if (value != NULL && !json_is_string(value)) {
        svms_json_refuse(node, member, "holds something that is not a text");
    }
    return json_string_value(value);
}

const char *svms_json_member(const svms_json_node *node, size_t n)
{
    void *at = svms_json_failed(node) ? NULL : json_object_iter(node->json);
    while (at != NULL && n > 0) {
        at = json_object_iter_next(node->json, at);
        n--;
    }
    return at != NULL ? json_object_iter_key(at) : NULL;
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
    for (void *at = json_object_iter(node->json); at != NULL;
         at = json_object_iter_next(node->json, at)) {
        if (!is_listed(json_object_iter_key(at), members)) {
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
    for (void *at = json_object_iter(node->json); at != NULL;
         at = json_object_iter_next(node->json, at)) {
        const char *name = json_object_iter_key(at);
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
