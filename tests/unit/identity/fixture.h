/* SPDX-License-Identifier: Apache-2.0 */
/* What the identity tests share: certificates from fixtures/, and an allocator that fails. */
#ifndef SVMS_TEST_FIXTURE_H
#define SVMS_TEST_FIXTURE_H

#include <svms/identity.h>

typedef struct fixture_text {
    char *data; /* NUL-terminated */
    size_t size;
} fixture_text;

/* fixtures/<name>.pem; a missing file fails the test. */
fixture_text fixture_read(const char *name);
void fixture_free(fixture_text *text);

svms_chain *fixture_chain(svms_ctx *ctx, const char *name);
svms_trust *fixture_trust(svms_ctx *ctx, const char *name);
int64_t fixture_time(const char *text);
/* SVMS_TIME_ATTESTED, nothing attested. */
svms_identity_question fixture_question(svms_role role, int64_t from, int64_t to, int64_t now);

/* The allocation number `failing` (from 1) of the context fails; 0 lets all succeed. */
typedef struct fixture_allocator {
    size_t failing;
    size_t count; /* asked for since this was last set to 0 */
    size_t live;
} fixture_allocator;

svms_ctx *fixture_context(fixture_allocator *allocator);
/* Makes a context's options use it. */
void fixture_allocator_into(svms_ctx_options *options, fixture_allocator *allocator);

#endif
