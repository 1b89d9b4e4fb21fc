/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "web_digest_internal.h"
#include "web_text.h"

#define MS_PER_SECOND 1000
/* A nonce: when it was made, random bytes, and a code over both. */
#define TIME_SIZE 8
#define RANDOM_SIZE 8
#define CODE_SIZE 16
#define NONCE_BYTES (TIME_SIZE + RANDOM_SIZE + CODE_SIZE)
#define HEX_SIZE (2 * WEB_DIGEST_SECRET_SIZE + 1)
#define WINDOW 64

static svms_status fail(svms_error *err, svms_status status, const char *words)
{
    *err = (svms_error)SVMS_ERROR_INIT;
    err->status = status;
    (void)snprintf(err->message, sizeof err->message, "%s", words);
    return status;
}

static bool is_realm(const char *realm)
{
    for (const char *at = realm; *at; at++) {
        if (*at < ' ' || *at > '~' || *at == '"' || *at == '\\') {
            return false;
        }
    }
    return realm[0] != '\0' && strlen(realm) <= WEB_DIGEST_REALM_MAX;
}

svms_status web_digest_open(web_digest **out, const web_digest_options *options, svms_error *err)
{
    if (!options->realm || !is_realm(options->realm)) {
        return fail(err, SVMS_E_USAGE, "this realm cannot be named in a challenge");
    }
    web_digest *self = calloc(1, sizeof *self);
    if (!self) {
        return fail(err, SVMS_E_NO_MEMORY, "out of memory");
    }
    (void)snprintf(self->realm, sizeof self->realm, "%s", options->realm);
    self->allow_md5 = options->allow_md5;
    self->nonce_ms = (uint64_t)(options->nonce_secs ? options->nonce_secs : 300) * MS_PER_SECOND;
    if (RAND_priv_bytes(self->key, sizeof self->key) != 1) {
        free(self);
        return fail(err, SVMS_E_CRYPTO, "there are no random bytes");
    }
    *out = self;
    return SVMS_OK;
}

void web_digest_close(web_digest **digest)
{
    if (*digest) {
        OPENSSL_cleanse(*digest, sizeof **digest);
        free(*digest);
        *digest = NULL;
    }
}

size_t web_digest_size(web_digest_algorithm algorithm)
{
    return algorithm == WEB_DIGEST_SHA_256 ? 32 : 16;
}

static void write_hex(const uint8_t *bytes, size_t size, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * size] = '\0';
}

/* Digest of these texts with a colon between each two; they end with NULL. */
static bool digest_of(web_digest_algorithm algorithm, uint8_t *out, ...)
{
    const EVP_MD *md = algorithm == WEB_DIGEST_SHA_256 ? EVP_sha256() : EVP_md5();
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    va_list texts;
    bool good = context && EVP_DigestInit_ex(context, md, NULL);
    bool first = true;
    va_start(texts, out);
    for (const char *text = va_arg(texts, const char *); good && text;
         text = va_arg(texts, const char *)) {
        good = (first || EVP_DigestUpdate(context, ":", 1)) &&
               EVP_DigestUpdate(context, text, strlen(text));
        first = false;
    }
    va_end(texts);
    good = good && EVP_DigestFinal_ex(context, out, NULL);
    EVP_MD_CTX_free(context);
    return good;
}

bool web_digest_secret(web_digest_algorithm algorithm, const char *name, const char *realm,
                       const char *password, uint8_t *out)
{
    return digest_of(algorithm, out, name, realm, password, (const char *)NULL);
}

static bool make_code(const web_digest *self, const uint8_t *bytes, uint8_t out[CODE_SIZE])
{
    uint8_t whole[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    bool good = HMAC(EVP_sha256(), self->key, sizeof self->key, bytes, TIME_SIZE + RANDOM_SIZE,
                     whole, &size) != NULL;
    memcpy(out, whole, CODE_SIZE);
    return good && size >= CODE_SIZE;
}

static bool make_nonce(const web_digest *self, uint64_t now_ms, char out[WEB_DIGEST_NONCE_SIZE])
{
    uint8_t bytes[NONCE_BYTES] = { 0 };
    for (size_t i = 0; i < TIME_SIZE; i++) {
        bytes[i] = (uint8_t)(now_ms >> (8 * (TIME_SIZE - 1 - i)));
    }
    if (RAND_bytes(bytes + TIME_SIZE, RANDOM_SIZE) != 1 ||
        !make_code(self, bytes, bytes + TIME_SIZE + RANDOM_SIZE)) {
        return false;
    }
    write_hex(bytes, sizeof bytes, out);
    return true;
}

bool web_digest_challenge(web_digest *digest, web_digest_algorithm algorithm, bool is_stale,
                          uint64_t now_ms, char out[WEB_DIGEST_CHALLENGE_SIZE])
{
    char nonce[WEB_DIGEST_NONCE_SIZE];
    if ((algorithm == WEB_DIGEST_MD5 && !digest->allow_md5) || !make_nonce(digest, now_ms, nonce)) {
        return false;
    }
    (void)snprintf(out, WEB_DIGEST_CHALLENGE_SIZE,
                   "Digest realm=\"%s\", qop=\"auth\", algorithm=%s, nonce=\"%s\", charset=UTF-8%s",
                   digest->realm, algorithm == WEB_DIGEST_MD5 ? "MD5" : "SHA-256", nonce,
                   is_stale ? ", stale=true" : "");
    return true;
}

/* false: it is none of ours. */
static bool read_nonce(const web_digest *self, const char *text, uint64_t *made_ms, bool *broken)
{
    uint8_t bytes[NONCE_BYTES];
    uint8_t code[CODE_SIZE];
    char again[WEB_DIGEST_NONCE_SIZE];
    if (strlen(text) != 2 * sizeof bytes) {
        return false;
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        int high = web_hex_digit(text[2 * i]);
        int low = web_hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    write_hex(bytes, sizeof bytes, again);
    *broken = !make_code(self, bytes, code);
    *made_ms = 0;
    for (size_t i = 0; i < TIME_SIZE; i++) {
        *made_ms = *made_ms << 8 | bytes[i];
    }
    return !*broken && strcmp(again, text) == 0 &&
           CRYPTO_memcmp(code, bytes + TIME_SIZE + RANDOM_SIZE, CODE_SIZE) == 0;
}

static bool response_fits(const web_digest_claim *claim, const char *method, const uint8_t *secret,
                          bool *broken)
{
    uint8_t second[WEB_DIGEST_SECRET_SIZE];
    uint8_t wanted[WEB_DIGEST_SECRET_SIZE];
    char secret_text[HEX_SIZE];
    char second_text[HEX_SIZE];
    char count[9];
    size_t size = web_digest_size(claim->algorithm);
    (void)snprintf(count, sizeof count, "%08" PRIx32, claim->count);
    write_hex(secret, size, secret_text);
    *broken = !digest_of(claim->algorithm, second, method, claim->uri, (const char *)NULL);
    if (!*broken) {
        write_hex(second, size, second_text);
        *broken = !digest_of(claim->algorithm, wanted, secret_text, claim->nonce, count,
                             claim->cnonce, "auth", second_text, (const char *)NULL);
    }
    bool fits = !*broken && CRYPTO_memcmp(wanted, claim->response, size) == 0;
    OPENSSL_cleanse(secret_text, sizeof secret_text);
    return fits;
}

/* Where the counts of a nonce are, or would be; what was used longest ago gives way. */
static web_digest_nonce *place_of(web_digest *self, const char *nonce)
{
    web_digest_nonce *place = &self->nonces[0];
    for (size_t i = 0; i < WEB_DIGEST_NONCES; i++) {
        web_digest_nonce *one = &self->nonces[i];
        if (one->highest > 0 && strcmp(one->text, nonce) == 0) {
            return one;
        }
        if (place->highest > 0 && (one->highest == 0 || one->used_ms < place->used_ms)) {
            place = one;
        }
    }
    return place;
}

/* false: this count was used, or is too far behind to know. */
static bool take_count(web_digest_nonce *nonce, uint32_t count)
{
    if (count > nonce->highest) {
        uint32_t ahead = count - nonce->highest;
        uint64_t moved = ahead < WINDOW ? nonce->before << ahead : 0;
        nonce->before = moved | (ahead <= WINDOW ? UINT64_C(1) << (ahead - 1) : 0);
        nonce->highest = count;
        return true;
    }
    uint32_t behind = nonce->highest - count;
    uint64_t bit = behind > 0 && behind <= WINDOW ? UINT64_C(1) << (behind - 1) : 0;
    bool is_new = bit != 0 && (nonce->before & bit) == 0;
    nonce->before |= bit;
    return is_new;
}

/* Called for what is right but for its count. */
static web_digest_verdict use_nonce(web_digest *self, const web_digest_claim *claim,
                                    uint64_t made_ms, uint64_t now_ms)
{
    web_digest_nonce *place = place_of(self, claim->nonce);
    bool is_known = place->highest > 0 && strcmp(place->text, claim->nonce) == 0;
    if (!is_known) {
        if (self->has_forgotten && made_ms <= self->forgotten_ms) {
            return WEB_DIGEST_STALE;
        }
        if (place->highest > 0) {
            bool later = !self->has_forgotten || place->made_ms > self->forgotten_ms;
            self->forgotten_ms = later ? place->made_ms : self->forgotten_ms;
            self->has_forgotten = true;
        }
        memset(place, 0, sizeof *place);
        memcpy(place->text, claim->nonce, sizeof place->text);
        place->made_ms = made_ms;
        place->highest = claim->count;
        /* Counts before the first one that was seen were sent by nobody who got an answer. */
        place->before = 0;
    } else if (!take_count(place, claim->count)) {
        return WEB_DIGEST_STALE;
    }
    place->used_ms = now_ms;
    return WEB_DIGEST_GOOD;
}

web_digest_verdict web_digest_check(web_digest *digest, const web_digest_claim *claim,
                                    const char *method, const char *target, const uint8_t *secret,
                                    uint64_t now_ms)
{
    bool broken = false;
    uint64_t made_ms = 0;
    bool is_ours = read_nonce(digest, claim->nonce, &made_ms, &broken);
    if (broken) {
        return WEB_DIGEST_FAILED;
    }
    bool fits = response_fits(claim, method, secret, &broken);
    if (broken) {
        return WEB_DIGEST_FAILED;
    }
    if (!fits || strcmp(claim->uri, target) != 0) {
        return WEB_DIGEST_WRONG;
    }
    if (!is_ours || made_ms > now_ms || now_ms - made_ms > digest->nonce_ms) {
        return WEB_DIGEST_STALE;
    }
    return use_nonce(digest, claim, made_ms, now_ms);
}
