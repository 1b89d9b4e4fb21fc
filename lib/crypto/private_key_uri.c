/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys from wherever a provider keeps them (OSSL_STORE). */
#include <svms/key.h>

#include <string.h>

#include <openssl/err.h>
#include <openssl/store.h>
#include <openssl/ui.h>

#include "failure.h"
#include "known_answer.h"
#include "private_key.h"

/* A folder, or a token, may hold many things. */
#define OBJECTS_MOST 1024
#define SCHEME_ROOM 32

typedef struct search {
    svms_ctx *ctx;
    const char *uri;
    char scheme[SCHEME_ROOM];
    bool in_file; /* no other scheme was named */
    bool asked;   /* somebody wanted a password */
} search;

static int refuse_to_ask(UI *ui, UI_STRING *question)
{
    (void)question;
    bool *asked = UI_get0_user_data(ui);
    *asked = true;
    return 0;
}

/* A dialogue that always fails. NULL without memory. */
static UI_METHOD *nobody_to_ask(void)
{
    UI_METHOD *method = UI_create_method("nobody is there to be asked");
    if (method && UI_method_set_reader(method, refuse_to_ask) == 0) {
        return method;
    }
    UI_destroy_method(method);
    return NULL;
}

/* Only the scheme may be shown; the rest of a URI may hold secrets. */
static void find_scheme(search *of)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789+-.";
    size_t length = strspn(of->uri, allowed);
    if (length < sizeof of->scheme && of->uri[length] == ':') {
        memcpy(of->scheme, of->uri, length);
    }
    of->in_file = of->scheme[0] == '\0' || strcmp(of->scheme, "file") == 0;
}

/* Empties OpenSSL's error queue; what can be opened may also be tried as a file, so errors of the
 * system say something only where a file was meant. */
static svms_status explain_opening(const search *of, svms_error *err)
{
    if (svms_crypto_starved()) {
        return svms_fail_crypto(err, "cannot look for the private key");
    }
    int system_error = 0;
    bool unserved = false;
    unsigned long code = ERR_get_error();
    for (; code != 0; code = ERR_get_error()) {
        if (ERR_SYSTEM_ERROR(code)) {
            system_error = ERR_GET_REASON(code);
        }
        unserved = unserved || ERR_GET_REASON(code) == ERR_R_UNSUPPORTED;
    }
    if (of->in_file && system_error != 0) {
        return svms_fail_io(err, system_error, "cannot open the private key");
    }
    if (unserved) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "no loaded provider serves URIs of scheme '%s'",
                         of->in_file ? "file" : of->scheme);
    }
    return svms_fail(err, SVMS_E_MALFORMED, "the URI of the private key cannot be used");
}

static svms_status explain_absence(const search *of, svms_error *err)
{
    if (svms_crypto_starved()) {
        return svms_fail_crypto(err, "cannot look for the private key");
    }
    if (of->asked) {
        ERR_clear_error();
        return svms_fail(err, SVMS_E_MALFORMED, "the private key needs a password");
    }
    if (!of->in_file && ERR_peek_error() != 0) {
        return svms_fail_crypto(err, "the provider does not load the private key");
    }
    ERR_clear_error();
    return svms_fail(err, SVMS_E_MALFORMED, "no private key is there");
}

/* The first private key, borrowed from *holder; NULL when there is none. */
static EVP_PKEY *find_key(OSSL_STORE_CTX *store, OSSL_STORE_INFO **holder)
{
    /* Only a hint, which not every provider takes. */
    OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY);
    ERR_clear_error();
    for (int i = 0; i < OBJECTS_MOST && !OSSL_STORE_eof(store); i++) {
        OSSL_STORE_INFO *found = OSSL_STORE_load(store);
        if (found && OSSL_STORE_INFO_get_type(found) == OSSL_STORE_INFO_PKEY) {
            *holder = found;
            return OSSL_STORE_INFO_get0_PKEY(found);
        }
        OSSL_STORE_INFO_free(found);
    }
    return NULL;
}

static svms_status load(svms_private_key **out, search *of, UI_METHOD *dialogue, svms_error *err)
{
    OSSL_STORE_CTX *store =
        OSSL_STORE_open_ex(of->uri, svms_ossl_context(of->ctx), svms_ossl_properties(of->ctx),
                           dialogue, &of->asked, NULL, NULL, NULL);
    if (!store) {
        return explain_opening(of, err);
    }
    OSSL_STORE_INFO *holder = NULL;
    EVP_PKEY *pkey = find_key(store, &holder);
    svms_status status =
        pkey ? svms_private_key_from_provider(out, of->ctx, pkey, err) : explain_absence(of, err);
    OSSL_STORE_INFO_free(holder);
    OSSL_STORE_close(store);
    return status;
}

/* Whether the URI, or what is there, is to blame for a failure. Only files are read again: a token
 * may count attempts, and a provider of its own reports its own failures. */
static bool is_to_blame(search *of, UI_METHOD *dialogue, svms_status refusal)
{
    if (of->in_file) {
        svms_private_key *key = NULL;
        svms_status again = load(&key, of, dialogue, NULL);
        svms_private_key_free(&key);
        if (again != refusal) {
            return false;
        }
    }
    return svms_known_key_is_taken(of->ctx, SVMS_KEY_P256);
}

svms_status svms_private_key_from_uri(svms_private_key **out, svms_ctx *ctx, const char *uri,
                                      svms_error *err)
{
    if (!out || !ctx || !uri) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    search of = { .ctx = ctx, .uri = uri };
    find_scheme(&of);
    ERR_clear_error();
    UI_METHOD *dialogue = nobody_to_ask();
    if (!dialogue) {
        return svms_fail_crypto(err, "cannot look for the private key");
    }
    svms_status status = load(out, &of, dialogue, err);
    if ((status == SVMS_E_MALFORMED || status == SVMS_E_UNSUPPORTED) && !of.asked &&
        !is_to_blame(&of, dialogue, status)) {
        status = svms_fail_crypto(err, "cannot look for the private key");
    }
    UI_destroy_method(dialogue);
    ERR_clear_error();
    return status;
}
