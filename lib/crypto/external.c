/* SPDX-License-Identifier: Apache-2.0 */
#include "external.h"

#include <string.h>

#include "failure.h"
#include "options.h"
#include "platform.h"

/* A request that is over is kept until so many others are over too, so that a second completion by
 * mistake meets a request that is no longer waiting, instead of memory that is something else. */
#define IDLE_MOST 32

struct svms_sign_request {
    svms_key_request *whole;
};

struct svms_unwrap_request {
    svms_key_request *whole;
};

typedef union question {
    svms_sign_message sign;
    svms_unwrap_message unwrap;
} question;

struct svms_key_request {
    svms_external *external;
    svms_sign_request for_signer;
    svms_unwrap_request for_unwrapper;
    question asked;
    uint8_t *block; /* what is asked points into it; then the place of the result */
    size_t block_size;
    uint8_t *result;
    size_t result_least;
    size_t result_most;
    svms_status misfit; /* outcome when the result is of another size */
    /* What follows is read and written with the lock held. */
    bool waiting; /* he has to complete it */
    bool wanted;  /* the library has to drop it */
    svms_status outcome;
    size_t result_size;
    svms_key_request *next_idle;
};

struct svms_external {
    svms_ctx *ctx;
    void *user;
    svms_status (*sign)(void *user, svms_sign_request *request, const svms_sign_message *message);
    svms_status (*unwrap)(void *user, svms_unwrap_request *request,
                          const svms_unwrap_message *message);
    void (*wait)(void *user);
    void (*release)(void *user);
    svms_platform_latch latch;
    /* What follows is read and written with the lock held. */
    size_t holders;
    size_t idle_count;
    svms_key_request *oldest_idle;
    svms_key_request *newest_idle;
};

/* Makes the one who is asked out of callbacks that were checked. */
static svms_status make(svms_external **out, const svms_external *seed, svms_error *err)
{
    svms_external *external = svms_alloc(seed->ctx, sizeof *external);
    if (!external) {
        return svms_fail_memory(err);
    }
    *external = *seed;
    external->holders = 1;
    int result = svms_platform_latch_init(&external->latch);
    if (result != 0) {
        svms_release(seed->ctx, external);
        return svms_fail_io(err, result, "cannot make a lock");
    }
    *out = external;
    return SVMS_OK;
}

svms_status svms_external_from_signer(svms_external **out, svms_ctx *ctx, const svms_signer *signer,
                                      svms_error *err)
{
    svms_signer known = SVMS_SIGNER_INIT;
    svms_status status = svms_options_read(&known, sizeof known, signer, "svms_signer", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!known.begin) {
        return svms_fail(err, SVMS_E_USAGE, "a signer needs begin");
    }
    svms_external seed = { .ctx = ctx,
                           .user = known.user,
                           .sign = known.begin,
                           .wait = known.wait,
                           .release = known.release };
    return make(out, &seed, err);
}

svms_status svms_external_from_unwrapper(svms_external **out, svms_ctx *ctx,
                                         const svms_unwrapper *unwrapper, svms_error *err)
{
    svms_unwrapper known = SVMS_UNWRAPPER_INIT;
    svms_status status = svms_options_read(&known, sizeof known, unwrapper, "svms_unwrapper", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!known.begin) {
        return svms_fail(err, SVMS_E_USAGE, "an unwrapper needs begin");
    }
    svms_external seed = { .ctx = ctx,
                           .user = known.user,
                           .unwrap = known.begin,
                           .wait = known.wait,
                           .release = known.release };
    return make(out, &seed, err);
}

bool svms_external_signs(const svms_external *external)
{
    return external->sign != NULL;
}

svms_external *svms_external_hold(svms_external *external)
{
    svms_platform_lock(&external->latch);
    external->holders++;
    svms_platform_unlock(&external->latch);
    return external;
}

static void destroy(svms_external *external)
{
    while (external->oldest_idle) {
        svms_key_request *request = external->oldest_idle;
        external->oldest_idle = request->next_idle;
        svms_release(external->ctx, request);
    }
    svms_platform_latch_destroy(&external->latch);
    if (external->release) {
        external->release(external->user);
    }
    svms_release(external->ctx, external);
}

/* Takes the lock away, and one holder with it. */
static void unlock_and_drop(svms_external *external)
{
    external->holders--;
    bool last = external->holders == 0;
    svms_platform_unlock(&external->latch);
    if (last) {
        destroy(external);
    }
}

void svms_external_drop(svms_external **external)
{
    if (!*external) {
        return;
    }
    svms_external *given = *external;
    *external = NULL;
    svms_platform_lock(&given->latch);
    unlock_and_drop(given);
}

void svms_external_discard(svms_external **external)
{
    (*external)->release = NULL;
    svms_external_drop(external);
}

/* With the lock held, which it takes away: puts a request that neither side needs to the idle
 * ones. */
static void unlock_and_leave(svms_key_request *request)
{
    svms_external *external = request->external;
    if (request->waiting || request->wanted) {
        svms_platform_unlock(&external->latch);
        return;
    }
    svms_release_secret(external->ctx, request->block, request->block_size);
    request->block = NULL;
    request->next_idle = NULL;
    if (external->newest_idle) {
        external->newest_idle->next_idle = request;
    } else {
        external->oldest_idle = request;
    }
    external->newest_idle = request;
    external->idle_count++;
    unlock_and_drop(external);
}

/* An idle request if there are enough of them, or a new one, with a block of its own; it holds
 * external. NULL without memory. */
static svms_key_request *take_request(svms_external *external, size_t block_size)
{
    uint8_t *block = svms_alloc(external->ctx, block_size);
    if (!block) {
        return NULL;
    }
    svms_key_request *request = NULL;
    svms_platform_lock(&external->latch);
    if (external->idle_count > IDLE_MOST) {
        request = external->oldest_idle;
        external->oldest_idle = request->next_idle;
        external->idle_count--;
    }
    external->holders++;
    svms_platform_unlock(&external->latch);
    if (!request) {
        request = svms_alloc(external->ctx, sizeof *request);
        if (!request) {
            svms_release(external->ctx, block);
            svms_external_drop(&external);
            return NULL;
        }
        request->external = external;
        request->for_signer.whole = request;
        request->for_unwrapper.whole = request;
    }
    request->block = block;
    request->block_size = block_size;
    return request;
}

/* Copies size bytes behind what is in the block already. */
static const void *put(svms_key_request *request, size_t *used, const void *data, size_t size)
{
    uint8_t *place = request->block + *used;
    if (size > 0) {
        memcpy(place, data, size);
    }
    *used += size;
    return place;
}

/* Calls begin. A request that is refused is dropped; one that is not may be done already. */
static svms_status ask(svms_key_request *request, svms_error *err)
{
    svms_external *external = request->external;
    svms_platform_lock(&external->latch);
    request->waiting = true;
    request->wanted = true;
    svms_platform_unlock(&external->latch);
    svms_status status =
        external->sign
            ? external->sign(external->user, &request->for_signer, &request->asked.sign)
            : external->unwrap(external->user, &request->for_unwrapper, &request->asked.unwrap);
    if (status == SVMS_OK) {
        return SVMS_OK;
    }
    svms_platform_lock(&external->latch);
    request->waiting = false;
    request->wanted = false;
    unlock_and_leave(request);
    status = status < 0 ? status : SVMS_E_CRYPTO;
    return svms_fail(err, status, "who holds the key refused the request: %s",
                     svms_status_name(status));
}

svms_status svms_key_request_signature(svms_key_request **out, svms_external *external,
                                       const svms_sign_message *message, size_t capacity,
                                       svms_error *err)
{
    size_t used = 0;
    svms_key_request *request =
        take_request(external, message->size + message->digest_size + capacity);
    if (!request) {
        return svms_fail_memory(err);
    }
    request->asked.sign = *message;
    request->asked.sign.struct_size = (uint32_t)sizeof *message;
    request->asked.sign.data = put(request, &used, message->data, message->size);
    const void *digest = put(request, &used, message->digest, message->digest_size);
    request->asked.sign.digest = message->digest_size > 0 ? digest : NULL;
    request->result = request->block + used;
    request->result_least = 1;
    request->result_most = capacity;
    request->misfit = SVMS_E_CRYPTO;
    svms_status status = ask(request, err);
    if (status == SVMS_OK) {
        *out = request;
    }
    return status;
}

static svms_status request_unwrap(svms_key_request **out, svms_external *external,
                                  const svms_unwrap_message *message, svms_error *err)
{
    size_t used = 0;
    svms_key_request *request = take_request(external, message->input_size + message->output_size);
    if (!request) {
        return svms_fail_memory(err);
    }
    request->asked.unwrap = *message;
    request->asked.unwrap.struct_size = (uint32_t)sizeof *message;
    request->asked.unwrap.input = put(request, &used, message->input, message->input_size);
    request->result = request->block + used;
    request->result_least = message->output_size;
    request->result_most = message->output_size;
    /* The plaintext of RSA has any size; another one means that somebody else was meant. */
    request->misfit = message->operation == SVMS_UNWRAP_RSA_OAEP ? SVMS_E_WRONG_KEY : SVMS_E_CRYPTO;
    svms_status status = ask(request, err);
    if (status == SVMS_OK) {
        *out = request;
    }
    return status;
}

bool svms_key_request_is_done(svms_key_request *request)
{
    svms_platform_lock(&request->external->latch);
    bool done = !request->waiting;
    svms_platform_unlock(&request->external->latch);
    return done;
}

void svms_key_request_wait(svms_key_request *request)
{
    svms_external *external = request->external;
    svms_platform_lock(&external->latch);
    while (request->waiting) {
        if (external->wait) {
            svms_platform_unlock(&external->latch);
            external->wait(external->user);
            svms_platform_lock(&external->latch);
        } else {
            svms_platform_sleep(&external->latch);
        }
    }
    svms_platform_unlock(&external->latch);
}

svms_status svms_key_request_result(svms_key_request *request, const uint8_t **result, size_t *size,
                                    svms_error *err)
{
    if (request->outcome != SVMS_OK) {
        return svms_fail(err, request->outcome, "who holds the key reports a failure: %s",
                         svms_status_name(request->outcome));
    }
    *result = request->result;
    *size = request->result_size;
    return SVMS_OK;
}

const svms_sign_message *svms_key_request_message(const svms_key_request *request)
{
    return &request->asked.sign;
}

void svms_key_request_drop(svms_key_request **request)
{
    if (!*request) {
        return;
    }
    svms_key_request *given = *request;
    *request = NULL;
    svms_platform_lock(&given->external->latch);
    given->wanted = false;
    unlock_and_leave(given);
}

svms_status svms_external_unwrap(svms_external *external, const svms_unwrap_message *message,
                                 uint8_t *output, svms_error *err)
{
    svms_key_request *request = NULL;
    svms_status status = request_unwrap(&request, external, message, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_key_request_wait(request);
    const uint8_t *result = NULL;
    size_t size = 0;
    status = svms_key_request_result(request, &result, &size, err);
    if (status == SVMS_OK && result) {
        memcpy(output, result, size);
    }
    svms_key_request_drop(&request);
    return status;
}

/* What the caller of complete() is told, and with it the outcome of the request. */
static svms_status judge(const svms_key_request *request, svms_status *outcome, const void *result,
                         size_t size)
{
    if (*outcome != SVMS_OK) {
        *outcome = *outcome < 0 ? *outcome : SVMS_E_CRYPTO;
        return SVMS_OK;
    }
    if (!result) {
        *outcome = SVMS_E_CRYPTO;
        return SVMS_E_USAGE;
    }
    if (size < request->result_least || size > request->result_most) {
        *outcome = request->misfit;
        return SVMS_E_LIMIT;
    }
    return SVMS_OK;
}

static svms_status complete(svms_key_request *request, svms_status outcome, const void *result,
                            size_t size)
{
    svms_external *external = request->external;
    svms_platform_lock(&external->latch);
    if (!request->waiting) {
        svms_platform_unlock(&external->latch);
        return SVMS_E_STATE;
    }
    svms_status answer = judge(request, &outcome, result, size);
    request->outcome = outcome;
    request->result_size = 0;
    if (outcome == SVMS_OK) {
        memcpy(request->result, result, size);
        request->result_size = size;
    }
    request->waiting = false;
    svms_platform_wake_all(&external->latch);
    unlock_and_leave(request);
    return answer;
}

svms_status svms_sign_request_complete(svms_sign_request *request, svms_status status,
                                       const void *signature, size_t size)
{
    return request ? complete(request->whole, status, signature, size) : SVMS_E_USAGE;
}

svms_status svms_unwrap_request_complete(svms_unwrap_request *request, svms_status status,
                                         const void *output, size_t size)
{
    return request ? complete(request->whole, status, output, size) : SVMS_E_USAGE;
}
