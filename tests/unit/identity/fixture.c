/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <svms/time.h>

fixture_text fixture_read(const char *name)
{
    const char *folder = getenv("SVMS_IDENTITY_FIXTURES");
    char path[1024];
    if (!folder) {
        fail_msg("SVMS_IDENTITY_FIXTURES does not name the folder of the fixtures");
    }
    snprintf(path, sizeof path, "%s/%s.pem", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        fail_msg("cannot open %s", path);
    }
    fixture_text text = { calloc(1, 65536), 0 };
    assert_non_null(text.data);
    text.size = fread(text.data, 1, 65535, file);
    fclose(file);
    return text;
}

void fixture_free(fixture_text *text)
{
    free(text->data);
    *text = (fixture_text){ 0 };
}

svms_chain *fixture_chain(svms_ctx *ctx, const char *name)
{
    fixture_text text = fixture_read(name);
    svms_error err = SVMS_ERROR_INIT;
    svms_chain *chain = NULL;
    if (svms_chain_from_pem(&chain, ctx, text.data, text.size, &err) != SVMS_OK) {
        fail_msg("%s: %s", name, err.message);
    }
    fixture_free(&text);
    return chain;
}

svms_trust *fixture_trust(svms_ctx *ctx, const char *name)
{
    fixture_text text = fixture_read(name);
    svms_error err = SVMS_ERROR_INIT;
    svms_trust *trust = NULL;
    if (svms_trust_from_pem(&trust, ctx, text.data, text.size, &err) != SVMS_OK) {
        fail_msg("%s: %s", name, err.message);
    }
    fixture_free(&text);
    return trust;
}

int64_t fixture_time(const char *text)
{
    int64_t time = 0;
    assert_int_equal(svms_time_parse(&time, text, NULL), SVMS_OK);
    return time;
}

svms_identity_question fixture_question(svms_role role, int64_t from, int64_t to, int64_t now)
{
    svms_identity_question question = SVMS_IDENTITY_QUESTION_INIT;
    question.role = role;
    question.from_utc_ns = from;
    question.to_utc_ns = to;
    question.now_utc_ns = now;
    return question;
}

static void *allocate(void *user, size_t size)
{
    fixture_allocator *allocator = user;
    allocator->count++;
    if (allocator->count == allocator->failing) {
        return NULL;
    }
    allocator->live++;
    return malloc(size);
}

static void release(void *user, void *pointer)
{
    fixture_allocator *allocator = user;
    if (pointer) {
        allocator->live--;
    }
    free(pointer);
}

void fixture_allocator_into(svms_ctx_options *options, fixture_allocator *allocator)
{
    options->user = allocator;
    options->allocate = allocate;
    options->release = release;
}

svms_ctx *fixture_context(fixture_allocator *allocator)
{
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    fixture_allocator_into(&options, allocator);
    svms_ctx *ctx = NULL;
    assert_int_equal(svms_ctx_new(&ctx, allocator ? &options : NULL, NULL), SVMS_OK);
    return ctx;
}
