/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures that may come later. */
#include "sign.h"

#include <string.h>

#include <openssl/err.h>

#include "ecdsa_raw.h"
#include "failure.h"
#include "sign_internal.h"

struct svms_sign_ticket {
    svms_sign_engine *engine;
    svms_key_request *request; /* until its result was taken */
    svms_error failure;        /* its status is the outcome */
    uint8_t signature[];       /* engine->size bytes, when the outcome is SVMS_OK */
};

/* Most bytes that a signature may have as it comes from outside. */
static size_t capacity_of(const svms_sign_engine *engine)
{
    return engine->scheme->width > 0 ? SVMS_ECDSA_DER_MAX : engine->size;
}

static svms_status ask(svms_sign_ticket *ticket, const void *data, size_t size, svms_error *err)
{
    svms_sign_engine *engine = ticket->engine;
    static const uint8_t empty[1];
    uint8_t digest[EVP_MAX_MD_SIZE];
    size_t digest_size = 0;
    if (!svms_sign_hash(engine, size > 0 ? data : empty, size, digest, &digest_size)) {
        return svms_fail_crypto(err, "cannot hash what is to be signed");
    }
    svms_sign_message message = { .scheme = (svms_sign_scheme)engine->scheme->algorithm,
                                  .data = data,
                                  .size = size,
                                  .digest = digest,
                                  .digest_size = digest_size };
    return svms_key_request_signature(&ticket->request, engine->external, &message,
                                      capacity_of(engine), err);
}

svms_status svms_sign_start(svms_sign_engine *engine, const void *data, size_t data_size,
                            svms_sign_ticket **out, svms_error *err)
{
    svms_sign_ticket *ticket = svms_alloc(engine->ctx, sizeof *ticket + engine->size);
    if (!ticket) {
        return svms_fail_memory(err);
    }
    ticket->engine = engine;
    ticket->failure = (svms_error)SVMS_ERROR_INIT;
    size_t size = engine->size;
    svms_status status =
        engine->external ? ask(ticket, data, data_size, err)
                         : svms_sign_here(engine, data, data_size, ticket->signature, &size, err);
    if (status != SVMS_OK) {
        svms_sign_ticket_free(&ticket);
        return status;
    }
    *out = ticket;
    return SVMS_OK;
}

static svms_status check(svms_sign_ticket *ticket)
{
    const svms_sign_message *message = svms_key_request_message(ticket->request);
    return svms_sign_verify(ticket->engine, message->data, message->size, ticket->signature,
                            &ticket->failure);
}

/* Some modules give r || s and some DER. A DER text may be as long as r || s, once in 2^45
 * signatures: so what is no valid r || s is tried as DER. */
static svms_status take_ecdsa(svms_sign_ticket *ticket, const uint8_t *result, size_t size)
{
    size_t width = ticket->engine->scheme->width;
    if (size == 2 * width) {
        memcpy(ticket->signature, result, size);
        if (svms_ecdsa_lower(ticket->signature, width)) {
            svms_status status = check(ticket);
            if (status != SVMS_E_CRYPTO) {
                return status;
            }
        }
    }
    if (svms_ecdsa_to_raw(result, size, width, ticket->signature)) {
        return check(ticket);
    }
    return svms_fail(&ticket->failure, SVMS_E_CRYPTO,
                     "who holds the key gave what is no ECDSA signature of the key's curve, or one "
                     "that its public half refuses");
}

static svms_status take_plain(svms_sign_ticket *ticket, const uint8_t *result, size_t size)
{
    if (size != ticket->engine->size) {
        return svms_fail(&ticket->failure, SVMS_E_CRYPTO,
                         "who holds the key gave a signature of %zu bytes, where %zu are due", size,
                         ticket->engine->size);
    }
    memcpy(ticket->signature, result, size);
    return check(ticket);
}

/* Takes what came; from then on the outcome stands. */
static void settle(svms_sign_ticket *ticket)
{
    const uint8_t *result = NULL;
    size_t size = 0;
    svms_status status = svms_key_request_result(ticket->request, &result, &size, &ticket->failure);
    if (status == SVMS_OK) {
        status = ticket->engine->scheme->width > 0 ? take_ecdsa(ticket, result, size)
                                                   : take_plain(ticket, result, size);
    }
    ticket->failure.status = status;
    svms_key_request_drop(&ticket->request);
}

static svms_status hand_out(svms_sign_ticket *ticket, uint8_t *signature, size_t *size,
                            svms_error *err)
{
    if (ticket->request) {
        settle(ticket);
    }
    if (ticket->failure.status != SVMS_OK) {
        return svms_fail(err, ticket->failure.status, "%s", ticket->failure.message);
    }
    if (*size < ticket->engine->size) {
        return svms_fail(err, SVMS_E_LIMIT, "a signature needs %zu bytes", ticket->engine->size);
    }
    memcpy(signature, ticket->signature, ticket->engine->size);
    *size = ticket->engine->size;
    return SVMS_OK;
}

svms_status svms_sign_poll(svms_sign_ticket *ticket, bool *done, uint8_t *signature, size_t *size,
                           svms_error *err)
{
    if (ticket->request && !svms_key_request_is_done(ticket->request)) {
        *done = false;
        return SVMS_OK;
    }
    svms_status status = hand_out(ticket, signature, size, err);
    if (status == SVMS_OK) {
        *done = true;
    }
    return status;
}

svms_status svms_sign_wait(svms_sign_ticket *ticket, uint8_t *signature, size_t *size,
                           svms_error *err)
{
    if (ticket->request) {
        svms_key_request_wait(ticket->request);
    }
    return hand_out(ticket, signature, size, err);
}

void svms_sign_ticket_free(svms_sign_ticket **ticket)
{
    if (!ticket || !*ticket) {
        return;
    }
    svms_sign_ticket *given = *ticket;
    *ticket = NULL;
    svms_key_request_drop(&given->request);
    svms_release(given->engine->ctx, given);
}
