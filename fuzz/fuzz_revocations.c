/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of revocations of other servers: merging is commutative and idempotent, and what is written
 * is merged again as the same list. The input is two lists with a NUL between them. */
#include <stdlib.h>
#include <string.h>

#include "revocations.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROOM ((size_t)256 * 1024)

typedef struct text {
    char *data;
    size_t size;
} text;

static svms_ctx *ctx;

static void need(bool done)
{
    if (!done) {
        abort();
    }
}

static svms_revocations *list_of(const text *first, const text *second)
{
    svms_revocations *list = NULL;
    need(svms_revocations_new(&list, ctx, NULL) == SVMS_OK);
    const text *const texts[] = { first, second };
    for (size_t i = 0; i < 2; i++) {
        svms_error err = SVMS_ERROR_INIT;
        size_t before = svms_revocations_count(list);
        svms_status status = svms_revocations_merge(list, texts[i]->data, texts[i]->size, &err);
        need(status == SVMS_OK || (status == SVMS_E_MALFORMED && err.message[0] != '\0' &&
                                   svms_revocations_count(list) == before));
    }
    return list;
}

static text written(svms_revocations *list)
{
    text out = { malloc(ROOM), ROOM };
    need(out.data && svms_revocations_write(list, out.data, &out.size, NULL) == SVMS_OK);
    return out;
}

static void need_equal(const text *one, const text *other)
{
    need(one->size == other->size && memcmp(one->data, other->data, one->size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!ctx) {
        need(svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK);
    }
    if (size > 65536) {
        return 0;
    }
    const uint8_t *end = size > 0 ? memchr(data, 0, size) : NULL;
    size_t first_size = end ? (size_t)(end - data) : size;
    const text first = { (char *)(uintptr_t)data, first_size };
    const text second = { (char *)(uintptr_t)data + (end ? first_size + 1 : size),
                          end ? size - first_size - 1 : 0 };
    svms_revocations *one = list_of(&first, &second);
    svms_revocations *other = list_of(&second, &first);
    text one_text = written(one);
    text other_text = written(other);
    need_equal(&one_text, &other_text);
    /* Its own list once more changes nothing, and makes the same list elsewhere. */
    svms_revocations *third = list_of(&one_text, &one_text);
    text third_text = written(third);
    need_equal(&one_text, &third_text);
    need(svms_revocations_count(third) == svms_revocations_count(one));
    free(one_text.data);
    free(other_text.data);
    free(third_text.data);
    svms_revocations_free(&one);
    svms_revocations_free(&other);
    svms_revocations_free(&third);
    return 0;
}
