/* SPDX-License-Identifier: Apache-2.0 */
#include "json_parse.h"

#include <string.h>

#include "context_internal.h"
#include "cursor.h"
#include "failure.h"
#include "real.h"
#include "utf8.h"

/* Above this, the members of an object are sorted: nothing takes time by the square of their
 * number. */
#define FEW_MEMBERS 8u
#define NOWHERE UINT32_MAX

/* What the text costs, before it is read: nesting, and at most one value for each comma and each
 * bracket that opens. */
typedef struct outline {
    unsigned depth;
    unsigned deepest;
    unsigned values;
} outline;

/* All values lie in one array. Those whose array or object is still open are a stack at its
 * beginning, an open one right below its children; when it closes, they move to the end of the
 * array, below those that are there already. So each is moved once, children lie together, and
 * there is room for all. */
typedef struct parser {
    svms_cursor text;
    const uint8_t *json;
    char *texts; /* each where it stands in the document: none gets longer by being read */
    svms_json_value *values;
    uint32_t top;    /* of the stack */
    uint32_t bottom; /* of what moved */
    uint32_t open; /* innermost array or object; its size is the next one outside until it closes */
    const char *name; /* of the member whose value comes next */
    uint32_t name_size;
    const char *reason; /* why it failed, or NULL */
    size_t reason_at;
} parser;

static const char too_early[] = "it ends too early";
static const char not_json[] = "it is not JSON";
static const char not_utf8[] = "it is not UTF-8";
static const char too_large[] = "a number is too large";

static const uint8_t *all_of(svms_cursor text, size_t *size)
{
    *size = svms_cursor_left(&text);
    return svms_read_bytes(&text, *size);
}

/* Bytes in front that a text holds as they are: printable ASCII, or one other character. 0 where a
 * quote, a backslash or an error comes next. */
static size_t literal_run(const svms_cursor *text)
{
    size_t size = 0;
    unsigned long character = 0;
    const uint8_t *bytes = all_of(*text, &size);
    size_t run = 0;
    while (run < size && bytes[run] != '"' && bytes[run] != '\\' && bytes[run] >= 0x20 &&
           bytes[run] < 0x80) {
        run++;
    }
    return run == 0 && size > 0 && bytes[0] >= 0x80 ? svms_utf8_peek(text, &character) : run;
}

/* Where the text behind an opening quote ends; size, where it does not. */
static size_t skip_text(const uint8_t *json, size_t size, size_t at)
{
    while (at < size && json[at] != '"') {
        at += json[at] == '\\' ? 2u : 1u;
    }
    return at;
}

static outline outline_of(svms_cursor text)
{
    size_t size = 0;
    const uint8_t *json = all_of(text, &size);
    outline found = { 0, 0, 1 };
    for (size_t at = 0; at < size; at++) {
        switch (json[at]) {
        case '"':
            at = skip_text(json, size, at + 1);
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

static size_t position(const parser *p)
{
    return (size_t)svms_cursor_offset(&p->text);
}

static void refuse_at(parser *p, size_t at, const char *reason)
{
    if (!p->reason) {
        p->reason = reason;
        p->reason_at = at;
    }
}

/* The byte that was read last, or the end. */
static void refuse_byte(parser *p)
{
    unsigned long character = 0;
    size_t size = 0;
    if (p->text.failed) {
        refuse_at(p, position(p), too_early);
        return;
    }
    size_t at = position(p) - 1;
    (void)all_of(p->text, &size);
    svms_cursor from = svms_cursor_over(p->json + at, size + 1, 0);
    refuse_at(p, at, svms_utf8_peek(&from, &character) == 0 ? not_utf8 : not_json);
}

static uint8_t peek(const parser *p)
{
    svms_cursor ahead = p->text;
    return svms_read_u8(&ahead);
}

/* The first byte behind white space; 0 at the end, and the cursor has failed. */
static uint8_t next_mark(parser *p)
{
    uint8_t c = 0;
    do {
        c = svms_read_u8(&p->text);
    } while (c == ' ' || c == '\n' || c == '\r' || c == '\t');
    return c;
}

static svms_json_value *push(parser *p, svms_json_kind kind)
{
    if (p->top == p->bottom) {
        refuse_byte(p);
        return NULL;
    }
    svms_json_value *value = &p->values[p->top++];
    value->name = p->name;
    value->name_size = p->name_size;
    value->kind = kind;
    p->name = NULL;
    p->name_size = 0;
    return value;
}

static unsigned read_hex4(parser *p)
{
    unsigned unit = 0;
    for (int i = 0; i < 4; i++) {
        uint8_t c = svms_read_u8(&p->text);
        uint8_t lower = c | 0x20u;
        if (c >= '0' && c <= '9') {
            unit = unit << 4 | (unsigned)(c - '0');
        } else if (lower >= 'a' && lower <= 'f') {
            unit = unit << 4 | (unsigned)(lower - 'a' + 10);
        } else {
            refuse_byte(p);
            return 0;
        }
    }
    return unit;
}

/* Behind "\u": one character, of two escapes where it needs them. */
static unsigned read_unicode(parser *p)
{
    size_t at = position(p);
    unsigned unit = read_hex4(p);
    if (!p->reason && unit == 0) {
        refuse_at(p, at, "a text holds U+0000");
    }
    if (unit < 0xD800 || unit > 0xDFFF) {
        return unit;
    }
    if (unit > 0xDBFF) {
        refuse_at(p, at, not_json);
        return 0;
    }
    if (svms_read_u8(&p->text) != '\\' || svms_read_u8(&p->text) != 'u') {
        refuse_byte(p);
        return 0;
    }
    unsigned low = read_hex4(p);
    if (low < 0xDC00 || low > 0xDFFF) {
        refuse_at(p, at, not_json);
    }
    return 0x10000 + ((unit & 0x3FFu) << 10) + (low & 0x3FFu);
}

static char *put_utf8(char *to, unsigned character)
{
    if (character < 0x80) {
        *to++ = (char)character;
        return to;
    }
    int more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
    static const uint8_t first[] = { 0, 0xC0, 0xE0, 0xF0 };
    *to++ = (char)(first[more] | character >> (6 * more));
    while (more-- > 0) {
        *to++ = (char)(0x80u | (character >> (6 * more) & 0x3Fu));
    }
    return to;
}

static char *read_escape(parser *p, char *to)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";
    uint8_t c = svms_read_u8(&p->text);
    if (c == 'u') {
        return put_utf8(to, read_unicode(p));
    }
    const char *letter = c != 0 ? strchr(letters, c) : NULL;
    if (!letter) {
        refuse_byte(p);
        return to;
    }
    *to++ = meant[letter - letters];
    return to;
}

/* Behind its opening quote. */
static const char *read_text(parser *p, uint32_t *size)
{
    char *text = p->texts + position(p);
    char *to = text;
    bool is_open = true;
    while (is_open && !p->reason) {
        size_t run = literal_run(&p->text);
        svms_read_copy(&p->text, to, run);
        to += run;
        uint8_t c = run == 0 ? svms_read_u8(&p->text) : 0;
        is_open = c != '"';
        if (c == '\\') {
            to = read_escape(p, to);
        } else if (run == 0 && is_open) {
            refuse_byte(p);
        }
    }
    *to = '\0';
    *size = (uint32_t)(to - text);
    return text;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* At least one. */
static void skip_digits(parser *p)
{
    if (!is_digit(svms_read_u8(&p->text))) {
        refuse_byte(p);
        return;
    }
    while (is_digit(peek(p))) {
        (void)svms_skip(&p->text, 1);
    }
}

/* What follows the whole part. */
static void skip_fraction(parser *p)
{
    if (peek(p) == '.') {
        (void)svms_skip(&p->text, 1);
        skip_digits(p);
    }
    if (!p->reason && (peek(p) | 0x20u) == 'e') {
        (void)svms_skip(&p->text, 1);
        if (peek(p) == '+' || peek(p) == '-') {
            (void)svms_skip(&p->text, 1);
        }
        skip_digits(p);
    }
}

static void put_integer(parser *p, size_t start, bool is_negative, uint64_t digits)
{
    const uint64_t most = (uint64_t)INT64_MAX + (is_negative ? 1u : 0u);
    if (digits > most) {
        refuse_at(p, start, too_large);
        return;
    }
    svms_json_value *value = push(p, SVMS_JSON_INTEGER);
    if (value) {
        value->of.integer = !is_negative     ? (int64_t)digits
                            : digits == most ? INT64_MIN
                                             : -(int64_t)digits;
    }
}

static void put_real(parser *p, size_t start)
{
    size_t size = position(p) - start;
    memcpy(p->texts + start, p->json + start, size);
    p->texts[start + size] = '\0';
    if (!svms_real_fits(p->texts + start, size)) {
        refuse_at(p, start, too_large);
        return;
    }
    svms_json_value *value = push(p, SVMS_JSON_REAL);
    if (value) {
        value->of.text = p->texts + start;
        value->size = (uint32_t)size;
    }
}

static void read_number(parser *p, uint8_t c)
{
    size_t start = position(p) - 1;
    bool is_negative = c == '-';
    c = is_negative ? svms_read_u8(&p->text) : c;
    if (!is_digit(c)) {
        refuse_byte(p);
        return;
    }
    uint64_t digits = (uint64_t)(c - '0');
    while (c != '0' && is_digit(peek(p))) {
        uint8_t digit = (uint8_t)(svms_read_u8(&p->text) - '0');
        /* Too large stays too large: it is far above what 64 bits hold with their sign. */
        digits = digits > UINT64_MAX / 10 - 1 ? UINT64_MAX - 9 : digits * 10 + digit;
    }
    size_t whole = position(p);
    skip_fraction(p);
    if (p->reason) {
        return;
    }
    if (position(p) == whole) {
        put_integer(p, start, is_negative, digits);
    } else {
        put_real(p, start);
    }
}

static void read_word(parser *p, const char *rest, svms_json_kind kind)
{
    for (; *rest != '\0'; rest++) {
        if (svms_read_u8(&p->text) != (uint8_t)*rest) {
            refuse_byte(p);
            return;
        }
    }
    (void)push(p, kind);
}

static void read_scalar(parser *p, uint8_t c)
{
    svms_json_value *value = NULL;
    switch (c) {
    case '"':
        value = push(p, SVMS_JSON_TEXT);
        if (value) {
            value->of.text = read_text(p, &value->size);
        }
        break;
    case 't':
        read_word(p, "rue", SVMS_JSON_TRUE);
        break;
    case 'f':
        read_word(p, "alse", SVMS_JSON_FALSE);
        break;
    case 'n':
        read_word(p, "ull", SVMS_JSON_NULL);
        break;
    default:
        read_number(p, c);
        break;
    }
}

static int compare_names(const svms_json_value *member, const char *name, size_t size)
{
    if (member->name_size != size) {
        return member->name_size < size ? -1 : 1;
    }
    return memcmp(member->name, name, size);
}

static int compare_members(const svms_json_value *a, const svms_json_value *b)
{
    return compare_names(a, b->name, b->name_size);
}

/* One step of a heap sort, whose time no input makes worse: the root of a heap sinks. */
static void sink(svms_json_value *members, uint32_t at, uint32_t count)
{
    uint32_t sinking = members[at].sorted;
    for (uint32_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && compare_members(&members[members[child].sorted],
                                                 &members[members[child + 1].sorted]) < 0) {
            child++;
        }
        if (compare_members(&members[sinking], &members[members[child].sorted]) >= 0) {
            break;
        }
        members[at].sorted = members[child].sorted;
        at = child;
    }
    members[at].sorted = sinking;
}

static void sort_members(svms_json_value *members, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        members[i].sorted = i;
    }
    for (uint32_t i = count / 2; i > 0; i--) {
        sink(members, i - 1, count);
    }
    for (uint32_t i = count; i > 1; i--) {
        uint32_t greatest = members[0].sorted;
        members[0].sorted = members[i - 1].sorted;
        members[i - 1].sorted = greatest;
        sink(members, 0, i - 1);
    }
}

static void refuse_twins(parser *p, const svms_json_value *one, const svms_json_value *other)
{
    if (compare_members(one, other) == 0) {
        const char *second = one->name > other->name ? one->name : other->name;
        refuse_at(p, (size_t)(second - p->texts), "a name occurs twice in an object");
    }
}

static void check_names(parser *p, svms_json_value *members, uint32_t count)
{
    if (count > FEW_MEMBERS) {
        sort_members(members, count);
        for (uint32_t i = 1; i < count; i++) {
            refuse_twins(p, &members[members[i - 1].sorted], &members[members[i].sorted]);
        }
        return;
    }
    for (uint32_t i = 1; i < count; i++) {
        for (uint32_t k = 0; k < i; k++) {
            refuse_twins(p, &members[k], &members[i]);
        }
    }
}

static bool is_object_open(const parser *p)
{
    return p->open != NOWHERE && p->values[p->open].kind == SVMS_JSON_OBJECT;
}

static void open_one(parser *p, uint8_t bracket)
{
    svms_json_value *value = push(p, bracket == '{' ? SVMS_JSON_OBJECT : SVMS_JSON_ARRAY);
    if (value) {
        value->size = p->open;
        p->open = p->top - 1;
    }
}

static void close_one(parser *p)
{
    svms_json_value *closing = &p->values[p->open];
    uint32_t count = p->top - p->open - 1;
    p->bottom -= count;
    svms_json_value *children = &p->values[p->bottom];
    memmove(children, closing + 1, count * sizeof *children);
    if (closing->kind == SVMS_JSON_OBJECT) {
        check_names(p, children, count);
    }
    p->top = p->open + 1;
    p->open = closing->size;
    closing->size = count;
    closing->of.children = children;
}

/* The first byte of the next value of what is open, where c is the first byte that may belong to
 * it: in an object, its name comes before it. */
static uint8_t read_name(parser *p, uint8_t c)
{
    if (!is_object_open(p)) {
        return c;
    }
    if (c != '"') {
        refuse_byte(p);
        return c;
    }
    p->name = read_text(p, &p->name_size);
    if (!p->reason && next_mark(p) != ':') {
        refuse_byte(p);
    }
    return p->reason ? c : next_mark(p);
}

/* Behind a value: closes what ends there. False where nothing is open any more; else a comma was
 * read. */
static bool read_behind(parser *p)
{
    while (p->open != NOWHERE && !p->reason) {
        uint8_t c = next_mark(p);
        if (c == ',') {
            return true;
        }
        if (c != (is_object_open(p) ? '}' : ']')) {
            refuse_byte(p);
            break;
        }
        close_one(p);
    }
    return false;
}

static void read_value(parser *p)
{
    uint8_t c = next_mark(p);
    bool is_more = true;
    while (is_more && !p->reason) {
        if (c != '{' && c != '[') {
            read_scalar(p, c);
        } else {
            open_one(p, c);
            uint8_t next = p->reason ? 0 : next_mark(p);
            if (next != (c == '{' ? '}' : ']')) {
                c = p->reason ? 0 : read_name(p, next);
                continue;
            }
            close_one(p);
        }
        is_more = !p->reason && read_behind(p);
        c = is_more ? read_name(p, next_mark(p)) : 0;
    }
}

static svms_status refuse(const svms_json_document *document, const parser *p)
{
    int line = 1;
    svms_cursor before = svms_cursor_over(p->json, p->reason_at, 0);
    while (!svms_cursor_at_end(&before)) {
        line += svms_read_u8(&before) == '\n' ? 1 : 0;
    }
    return svms_fail_at(document->err, SVMS_E_MALFORMED, p->reason_at, "%s: line %d: %s",
                        document->name, line, p->reason);
}

static svms_status check_limits(const svms_json_document *document, const svms_json_limits *limits,
                                const outline *found)
{
    if (found->deepest > limits->depth) {
        return svms_fail(document->err, SVMS_E_MALFORMED, "%s: it is %u levels deep, more than %u",
                         document->name, found->deepest, limits->depth);
    }
    if (found->values > SVMS_JSON_MAX_VALUES) {
        return svms_fail(document->err, SVMS_E_MALFORMED, "%s: it has more than %u values",
                         document->name, SVMS_JSON_MAX_VALUES);
    }
    return SVMS_OK;
}

/* Into memory that is there. */
static svms_status read_document(svms_json_document *document, const svms_cursor *text,
                                 const outline *found)
{
    size_t size = 0;
    svms_json_value *values = document->memory;
    parser p = { .text = *text,
                 .json = all_of(*text, &size),
                 .texts = (char *)(values + found->values),
                 .values = values,
                 .bottom = found->values,
                 .open = NOWHERE };
    read_value(&p);
    if (!p.reason) {
        (void)next_mark(&p);
        if (!p.text.failed) {
            refuse_at(&p, position(&p) - 1, "something follows its end");
        }
    }
    if (p.reason) {
        return refuse(document, &p);
    }
    if (values->kind != SVMS_JSON_OBJECT) {
        return svms_fail_at(document->err, SVMS_E_MALFORMED, 0, "%s: it is no object",
                            document->name);
    }
    document->root = values;
    return SVMS_OK;
}

svms_status svms_json_parse(svms_json_document *document, const svms_json_limits *limits,
                            const void *json, size_t size)
{
    if (size > limits->size) {
        return svms_fail(document->err, SVMS_E_MALFORMED, "%s: it has %zu bytes, more than %zu",
                         document->name, size, limits->size);
    }
    svms_cursor text = svms_cursor_over(json, size, 0);
    outline found = outline_of(text);
    svms_status status = check_limits(document, limits, &found);
    if (status != SVMS_OK) {
        return status;
    }
    /* A number at the very end has nothing behind it that its NUL could take the place of. */
    document->memory_size = found.values * sizeof(svms_json_value) + size + 1;
    document->memory = svms_alloc(document->ctx, document->memory_size);
    if (!document->memory) {
        return svms_fail_memory(document->err);
    }
    status = read_document(document, &text, &found);
    if (status != SVMS_OK) {
        svms_json_clear(document);
    }
    return status;
}

void svms_json_clear(svms_json_document *document)
{
    if (document->is_plain) {
        svms_release(document->ctx, document->memory);
    } else {
        svms_release_secret(document->ctx, document->memory, document->memory_size);
    }
    document->memory = NULL;
    document->root = NULL;
}

static const svms_json_value *search(const svms_json_value *object, const char *name, size_t size)
{
    const svms_json_value *members = object->of.children;
    uint32_t from = 0;
    uint32_t to = object->size;
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        const svms_json_value *member = &members[members[middle].sorted];
        int side = compare_names(member, name, size);
        if (side == 0) {
            return member;
        }
        if (side < 0) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return NULL;
}

const svms_json_value *svms_json_value_named(const svms_json_value *object, const char *name)
{
    if (!object || object->kind != SVMS_JSON_OBJECT) {
        return NULL;
    }
    size_t size = strlen(name);
    if (object->size > FEW_MEMBERS) {
        return search(object, name, size);
    }
    for (uint32_t i = 0; i < object->size; i++) {
        if (compare_names(&object->of.children[i], name, size) == 0) {
            return &object->of.children[i];
        }
    }
    return NULL;
}
