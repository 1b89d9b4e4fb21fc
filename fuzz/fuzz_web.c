/* SPDX-License-Identifier: Apache-2.0 */
/* What strangers send to a web server before anybody knows who they are: heads, bodies in chunks,
 * targets, logins. The first byte chooses. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http_chunks.h"
#include "http_message.h"
#include "web_digest.h"
#include "web_login.h"
#include "web_target.h"
#include "web_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void insist(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_slice(http_slice slice, const char *text, size_t size)
{
    insist(slice.size == 0 || (slice.bytes >= text && slice.bytes + slice.size <= text + size));
}

/* Whatever the head points to lies in the text. */
static void check_head(const http_head *head, const char *text, size_t size)
{
    check_slice(head->method, text, size);
    check_slice(head->target, text, size);
    insist(head->field_count <= HTTP_FIELDS_MAX);
    for (size_t i = 0; i < head->field_count; i++) {
        check_slice(head->fields[i].name, text, size);
        check_slice(head->fields[i].value, text, size);
    }
}

static void check_heads(const char *text, size_t size)
{
    http_head head;
    size_t head_size = http_head_size(text, size);
    insist(head_size <= size);
    if (http_parse_request(&head, text, head_size > 0 ? head_size : size) == HTTP_OK) {
        check_head(&head, text, size);
        insist(head_size > 0 && head.target.size > 0);
        /* There is one way to say how long a body is. */
        insist(!(head.is_chunked && head.has_length));
    }
    if (http_parse_response(&head, text, head_size > 0 ? head_size : size)) {
        check_head(&head, text, size);
    }
}

/* What comes out, with the pieces handed in as they may arrive; the place where it ended. */
static http_chunks_place join(const char *text, size_t size, size_t step, char *out,
                              size_t *out_size)
{
    http_chunks chunks = { HTTP_CHUNKS_SIZE, 0 };
    size_t at = 0;
    size_t there = 0;
    *out_size = 0;
    while (there < size) {
        there = size - there < step ? size : there + step;
        http_slice data;
        size_t used = 0;
        while ((used = http_chunks_take(&chunks, text + at, there - at, &data)) > 0) {
            insist(used <= there - at && data.size <= used);
            memcpy(out + *out_size, data.bytes, data.size);
            *out_size += data.size;
            at += used;
        }
    }
    return chunks.place;
}

/* It makes no difference in which pieces a body arrives. */
static void check_chunks(const char *text, size_t size)
{
    size_t sizes[2] = { 0, 0 };
    char *first = malloc(size + 1);
    char *second = malloc(size + 1);
    if (first && second) {
        http_chunks_place place = join(text, size, size, first, &sizes[0]);
        insist(join(text, size, 1, second, &sizes[1]) == place);
        insist(sizes[0] == sizes[1] && memcmp(first, second, sizes[0]) == 0);
    }
    free(first);
    free(second);
}

static void check_target(const char *text, size_t size)
{
    static web_target target;
    static web_match match;
    if (web_target_parse(&target, (http_slice){ text, size }) != HTTP_OK) {
        return;
    }
    insist(target.path[0] == '/' && !strstr(target.path, "/../") && !strstr(target.path, "//"));
    insist(web_is_text(target.path, strlen(target.path)));
    for (size_t i = 0; i < target.query_count; i++) {
        insist(web_is_text(target.query[i].name, strlen(target.query[i].name)));
        insist(web_is_text(target.query[i].value, strlen(target.query[i].value)));
    }
    if (web_match_path(&match, "/{one}/a/{rest...}", target.path)) {
        insist(match.count == 2 && !strchr(match.parts[0].value, '/'));
    }
}

static void check_login(const char *text, size_t size)
{
    web_basic basic;
    web_digest *digest = NULL;
    web_digest_claim claim;
    svms_error err = SVMS_ERROR_INIT;
    const web_digest_options options = { .realm = "r", .allow_md5 = true };
    char *field = malloc(size + 1);
    if (field && web_digest_open(&digest, &options, &err) == SVMS_OK) {
        uint8_t secret[WEB_DIGEST_SECRET_SIZE] = { 0 };
        size_t token_size = 0;
        memcpy(field, text, size);
        field[size] = '\0';
        if (web_basic_parse(&basic, field)) {
            insist(basic.name[0] != '\0' && basic.password[0] != '\0' && !strchr(basic.name, ':'));
        }
        const char *token = web_bearer_of(field, &token_size);
        insist(!token || strlen(token) == token_size);
        if (web_digest_parse(&claim, digest, field)) {
            insist(web_digest_check(digest, &claim, "GET", "/", secret, 0) != WEB_DIGEST_GOOD);
        }
    }
    web_digest_close(&digest);
    free(field);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const checks[])(const char *, size_t) = { check_heads, check_chunks, check_target,
                                                            check_login };
    if (size > 0) {
        /* Memory of its own, so that a read beyond it is found. */
        char *text = malloc(size);
        if (text) {
            memcpy(text, data + 1, size - 1);
            checks[data[0] % 4](text, size - 1);
        }
        free(text);
    }
    return 0;
}
