/* SPDX-License-Identifier: Apache-2.0 */
#include "password_argon2id.h"

#include <argon2.h>

#include "failure.h"

/* libargon2's callbacks for memory are told nothing but the size, so the context waits for them
 * here: in this thread, for the length of one call (ADR 0030). */
static _Thread_local svms_ctx *lender;

static int lend(uint8_t **memory, size_t size)
{
    *memory = svms_alloc(lender, size);
    return *memory ? ARGON2_OK : ARGON2_MEMORY_ALLOCATION_ERROR;
}

static void take_back(uint8_t *memory, size_t size)
{
    svms_release_secret(lender, memory, size);
}

bool svms_argon2id_is_there(void)
{
    return true;
}

svms_status svms_argon2id(svms_ctx *ctx, const svms_phc *phc, const void *password, size_t size,
                          uint8_t *out, svms_error *err)
{
    argon2_context job = {
        .out = out,
        .outlen = (uint32_t)phc->hash_size,
        .pwd = (uint8_t *)(uintptr_t)password,
        .pwdlen = (uint32_t)size,
        .salt = (uint8_t *)(uintptr_t)phc->salt,
        .saltlen = (uint32_t)phc->salt_size,
        .t_cost = phc->passes,
        .m_cost = phc->memory_kib,
        .lanes = phc->lanes,
        .threads = 1,
        .version = ARGON2_VERSION_13,
        .allocate_cbk = lend,
        .free_cbk = take_back,
        .flags = ARGON2_DEFAULT_FLAGS,
    };
    /* An allocator that hashes passwords itself finds its own context again. */
    svms_ctx *before = lender;
    lender = ctx;
    int result = argon2id_ctx(&job);
    lender = before;
    if (result == ARGON2_OK) {
        return SVMS_OK;
    }
    svms_wipe(out, phc->hash_size);
    if (result == ARGON2_MEMORY_ALLOCATION_ERROR) {
        return svms_fail_memory(err);
    }
    return svms_fail(err, SVMS_E_CRYPTO, "cannot compute Argon2id: %s",
                     argon2_error_message(result));
}
