/* SPDX-License-Identifier: Apache-2.0 */
/* What the layers above may ask of a context. */
#ifndef SVMS_CONTEXT_INTERNAL_H
#define SVMS_CONTEXT_INTERNAL_H

#include <stdarg.h>
#include <stdbool.h>

#include <svms/context.h>

/* Memory comes zeroed. size 0 and overflow give NULL. */
void *svms_alloc(svms_ctx *ctx, size_t size);
void *svms_alloc_array(svms_ctx *ctx, size_t count, size_t size);
/* Grows to new_size, copies old_size bytes, wipes and releases the old block; NULL leaves it as it
 * was. */
void *svms_grow(svms_ctx *ctx, void *old, size_t old_size, size_t new_size);
void svms_release(svms_ctx *ctx, void *pointer);
/* Wipes size bytes, then releases. */
void svms_release_secret(svms_ctx *ctx, void *pointer, size_t size);
/* A NUL-terminated copy, or NULL when out of memory. */
char *svms_copy_text(svms_ctx *ctx, const char *text);

void svms_wipe(void *pointer, size_t size);
/* Constant time; true when equal. */
bool svms_equal_secret(const void *a, const void *b, size_t size);

int64_t svms_utc_now(svms_ctx *ctx);
/* Whole seconds at or before a moment. */
static inline int64_t svms_floor_seconds(int64_t ns)
{
    return ns / INT64_C(1000000000) - (ns % INT64_C(1000000000) < 0);
}
uint64_t svms_monotonic_now(svms_ctx *ctx);
SVMS_MUST_CHECK svms_status svms_random(svms_ctx *ctx, void *out, size_t size, svms_error *err);
void svms_log(svms_ctx *ctx, svms_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct ossl_lib_ctx_st *svms_ossl_context(svms_ctx *ctx);
const char *svms_ossl_properties(svms_ctx *ctx);

#endif
