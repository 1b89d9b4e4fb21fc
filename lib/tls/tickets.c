/* SPDX-License-Identifier: Apache-2.0 */
#include "tickets.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include "failure.h"
#include "platform.h"
#include "tls_internal.h"

#define PERIOD_NS UINT64_C(3600000000000)
#define NAME_SIZE 16
#define IV_SIZE 16
#define KEY_SIZE 32

typedef struct ticket_key {
    bool usable;
    uint64_t made_ns;
    uint8_t name[NAME_SIZE];
    uint8_t cipher[KEY_SIZE];
    uint8_t mac[KEY_SIZE];
} ticket_key;

struct svms_tls_tickets {
    svms_ctx *ctx;
    EVP_CIPHER *cipher;
    svms_platform_latch latch; /* guards what follows */
    ticket_key current;
    ticket_key previous;
};

svms_status svms_tls_tickets_new(svms_tls_tickets **out, svms_ctx *ctx, svms_error *err)
{
    svms_tls_tickets *tickets = svms_alloc(ctx, sizeof *tickets);
    if (!tickets) {
        return svms_fail_memory(err);
    }
    tickets->ctx = ctx;
    tickets->cipher =
        EVP_CIPHER_fetch(svms_ossl_context(ctx), "AES-256-CBC", svms_ossl_properties(ctx));
    svms_status status = SVMS_OK;
    if (!tickets->cipher) {
        status = svms_fail_crypto(err, "the provider lacks AES-256-CBC, which tickets need");
    } else if (svms_platform_latch_init(&tickets->latch) != 0) {
        status = svms_fail(err, SVMS_E_NO_MEMORY, "cannot make a lock");
    }
    if (status != SVMS_OK) {
        EVP_CIPHER_free(tickets->cipher);
        svms_release(ctx, tickets);
        return status;
    }
    *out = tickets;
    return SVMS_OK;
}

void svms_tls_tickets_free(svms_tls_tickets *tickets)
{
    if (!tickets) {
        return;
    }
    EVP_CIPHER_free(tickets->cipher);
    svms_platform_latch_destroy(&tickets->latch);
    svms_release_secret(tickets->ctx, tickets, sizeof *tickets);
}

static void make_key(svms_ctx *ctx, ticket_key *key)
{
    svms_error ignored = SVMS_ERROR_INIT;
    key->usable = svms_random(ctx, key->name, sizeof key->name, &ignored) == SVMS_OK &&
                  svms_random(ctx, key->cipher, sizeof key->cipher, &ignored) == SVMS_OK &&
                  svms_random(ctx, key->mac, sizeof key->mac, &ignored) == SVMS_OK;
}

/* Keys as they must be now. A key writes for a period, reads for another one, and goes. With the
 * latch held. */
static void rotate(svms_tls_tickets *tickets)
{
    uint64_t now = svms_monotonic_now(tickets->ctx);
    if (!tickets->current.usable || now - tickets->current.made_ns >= PERIOD_NS) {
        if (tickets->current.usable) {
            tickets->previous = tickets->current;
        }
        svms_wipe(&tickets->current, sizeof tickets->current);
        make_key(tickets->ctx, &tickets->current);
        tickets->current.made_ns = now;
    }
    if (now - tickets->previous.made_ns >= 2 * PERIOD_NS) {
        svms_wipe(&tickets->previous, sizeof tickets->previous);
    }
}

/* A copy of the key that writes, or of the one with that name. */
static ticket_key find_key(svms_tls_tickets *tickets, const unsigned char *name, bool *is_current)
{
    ticket_key found;
    memset(&found, 0, sizeof found);
    svms_platform_lock(&tickets->latch);
    rotate(tickets);
    *is_current =
        tickets->current.usable && (!name || memcmp(name, tickets->current.name, NAME_SIZE) == 0);
    if (*is_current) {
        found = tickets->current;
    } else if (name && tickets->previous.usable &&
               memcmp(name, tickets->previous.name, NAME_SIZE) == 0) {
        found = tickets->previous;
    }
    svms_platform_unlock(&tickets->latch);
    return found;
}

static bool use_key(const ticket_key *key, const svms_tls_tickets *tickets, const unsigned char *iv,
                    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int writes)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)(uintptr_t)key->mac,
                                          sizeof key->mac),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_CipherInit_ex2(cipher, tickets->cipher, key->cipher, iv, writes, NULL) == 1 &&
           EVP_MAC_CTX_set_params(mac, params) == 1;
}

int svms_tls_ticket_key(SSL *ssl, unsigned char name[16], unsigned char *iv, EVP_CIPHER_CTX *cipher,
                        EVP_MAC_CTX *mac, int writes)
{
    svms_tls *tls = SSL_get_app_data(ssl);
    svms_tls_tickets *tickets = tls->state->tickets;
    svms_error ignored = SVMS_ERROR_INIT;
    bool is_current = false;
    ticket_key key = find_key(tickets, writes ? NULL : name, &is_current);
    int result = -1;
    if (!key.usable) {
        /* A ticket under a key that is gone; or no key could be made, and no ticket is sent. */
        return 0;
    }
    if (writes) {
        memcpy(name, key.name, NAME_SIZE);
        if (svms_random(tickets->ctx, iv, IV_SIZE, &ignored) == SVMS_OK &&
            use_key(&key, tickets, iv, cipher, mac, 1)) {
            result = 1;
        }
    } else if (use_key(&key, tickets, iv, cipher, mac, 0)) {
        result = is_current ? 1 : 2;
    }
    svms_wipe(&key, sizeof key);
    return result;
}
