/* SPDX-License-Identifier: Apache-2.0 */
/* In place of password_argon2id.c, where the library is built with -Dargon2=disabled. */
#include "password_argon2id.h"

#include "failure.h"

bool svms_argon2id_is_there(void)
{
    return false;
}

svms_status svms_argon2id(svms_ctx *ctx, const svms_phc *phc, const void *password, size_t size,
                          uint8_t *out, svms_error *err)
{
    (void)ctx;
    (void)phc;
    (void)password;
    (void)size;
    (void)out;
    return svms_fail(err, SVMS_E_UNSUPPORTED, "this library was built without libargon2");
}
