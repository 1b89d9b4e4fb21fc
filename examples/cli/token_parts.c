/* SPDX-License-Identifier: Apache-2.0 */
#include "token_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/time.h>

#include "message.h"
#include "token_input.h"

/* Enough for every token that a verifier takes; more would only fill a screen. */
#define MAX_DEPTH 16
#define NS_PER_SECOND INT64_C(1000000000)

static int sextet_of(char character)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *place = character != '\0' ? strchr(alphabet, character) : NULL;
    return place ? (int)(place - alphabet) : -1;
}

/* Without padding and without bits that are left over, as J-KEY-2 has it. */
static bool decode(file_text *out, const char *text, size_t size)
{
    unsigned bits = 0;
    unsigned held = 0;
    file_text decoded = { malloc(size + 1), 0 };
    bool good = decoded.bytes && size % 4 != 1;
    for (size_t i = 0; i < size && good; i++) {
        int sextet = sextet_of(text[i]);
        good = sextet >= 0;
        bits = (bits << 6 | (unsigned)sextet) & 0xffff;
        held += 6;
        if (good && held >= 8) {
            held -= 8;
            decoded.bytes[decoded.size++] = (char)(bits >> held);
        }
    }
    if (!good || (bits & ((1u << held) - 1)) != 0) {
        file_text_free(&decoded);
        return false;
    }
    decoded.bytes[decoded.size] = '\0';
    *out = decoded;
    return true;
}

/* Brackets inside texts count as well: this only bounds what is printed. */
static size_t depth_of(const file_text *text)
{
    size_t depth = 0;
    size_t deepest = 0;
    for (size_t i = 0; i < text->size; i++) {
        char c = text->bytes[i];
        depth += c == '{' || c == '[';
        depth -= (c == '}' || c == ']') && depth > 0;
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest;
}

static void read_part(token_part *out, const char *text, size_t size)
{
    json_error_t where;
    if (!decode(&out->bytes, text, size)) {
        snprintf(out->problem, sizeof out->problem, "is not base64url");
        return;
    }
    if (depth_of(&out->bytes) > MAX_DEPTH) {
        snprintf(out->problem, sizeof out->problem, "is nested more than %d levels deep",
                 MAX_DEPTH);
        return;
    }
    out->json = json_loadb(out->bytes.bytes, out->bytes.size, JSON_REJECT_DUPLICATES, &where);
    if (!out->json) {
        /* No more of the parser's words than that: they repeat what is in the token. */
        snprintf(out->problem, sizeof out->problem, "is no JSON, or names a member twice (byte %d)",
                 where.position);
    } else if (!json_is_object(out->json)) {
        snprintf(out->problem, sizeof out->problem, "is JSON, and no object");
        json_decref(out->json);
        out->json = NULL;
    }
}

exit_status token_parts_read(token_parts *out, const file_text *token)
{
    memset(out, 0, sizeof *out);
    const char *first = memchr(token->bytes, '.', token->size);
    size_t behind = first ? token->size - (size_t)(first + 1 - token->bytes) : 0;
    const char *second = first ? memchr(first + 1, '.', behind) : NULL;
    size_t left = second ? token->size - (size_t)(second + 1 - token->bytes) : 0;
    if (token->size >= TOKEN_CAPACITY) {
        complain("the token has %zu bytes; more than %zu are none", token->size,
                 TOKEN_CAPACITY - 1);
        return EXIT_MALFORMED;
    }
    if (!second || memchr(second + 1, '.', left)) {
        complain("the token does not have three parts");
        return EXIT_MALFORMED;
    }
    read_part(&out->header, token->bytes, (size_t)(first - token->bytes));
    read_part(&out->claims, first + 1, (size_t)(second - first - 1));
    file_text signature = { NULL, 0 };
    out->signature_is_text = decode(&signature, second + 1, left);
    out->signature_size = signature.size;
    file_text_free(&signature);
    return EXIT_GOOD;
}

void token_parts_free(token_parts *parts)
{
    token_part *const both[] = { &parts->header, &parts->claims };
    for (size_t i = 0; i < 2; i++) {
        file_text_free(&both[i]->bytes);
        json_decref(both[i]->json);
        both[i]->json = NULL;
    }
}

int64_t token_parts_time(const token_parts *parts, const char *name)
{
    const json_t *value = json_object_get(parts->claims.json, name);
    double seconds = json_is_number(value) ? json_number_value(value) : -1.0;
    if (!(seconds >= 0.0 && seconds < (double)(INT64_MAX / NS_PER_SECOND))) {
        return SVMS_NO_TIME;
    }
    return (int64_t)seconds * NS_PER_SECOND;
}

const char *token_parts_text(const token_parts *parts, const char *name)
{
    return json_string_value(json_object_get(parts->claims.json, name));
}
