/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody who has not logged in, as if he had: the library decides over verified tokens only, so a
 * token is made for the one question, signed with a key that nobody keeps. */
#ifndef SVMS_CLI_POLICY_AS_IF_H
#define SVMS_CLI_POLICY_AS_IF_H

#include <svms/svms.h>

#include "options.h"

/* How long it lives: as long as a token can. */
#define AS_IF_LIFE_S 31622400u

typedef struct as_if {
    const char *subject;
    text_list roles;         /* that the token names */
    text_list methods;       /* `amr` */
    const char *rights_path; /* JSON array of rights; NULL: the policy alone decides (R-RUL-3) */
} as_if;

/* Complains itself. */
exit_status as_if_token(svms_token **out, svms_ctx *ctx, const as_if *who, int64_t now_utc_ns);

#endif
