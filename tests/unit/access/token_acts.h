/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that is done with keys and tokens, each in one act that can be repeated while memory
 * or the provider fails. */
#ifndef SVMS_TEST_TOKEN_ACTS_H
#define SVMS_TEST_TOKEN_ACTS_H

#include "token_world.h"

#define ACT_ALGORITHMS 5

typedef struct token_act {
    const char *name;
    svms_status (*run)(svms_ctx *ctx, size_t algorithm, svms_error *err);
    svms_status finally; /* when nothing fails */
    bool for_each;       /* algorithm; else for the first alone */
} token_act;

extern const token_act token_acts[];
extern const size_t token_act_count;

/* Makes keys and tokens, in a context of its own. */
void token_acts_prepare(void);
/* The options of a context whose clock stands at WORLD_NOW_S - 3600. */
svms_ctx_options token_acts_options(void);

#endif
