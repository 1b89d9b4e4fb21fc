/* SPDX-License-Identifier: Apache-2.0 */
#include "jwk.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "base64.h"
#include "failure.h"
#include "known_answer.h"

#define JWK_DEPTH 8
#define RSA_MAX 1024 /* bytes of 8,192 bits */
#define RSA_LEAST 256
#define RSA_EXPONENT_MAX 4
#define RSA_EXPONENT_LEAST 65537u
#define COORDINATE_MAX 48
#define POINT_MAX (1 + 2 * COORDINATE_MAX)
#define ED25519_SIZE 32
#define RSA_PRIVATE_NUMBERS 6
#define KEY_OPERATIONS_MAX 16

/* Members that hold bytes, and how many there may be. */
typedef struct octets {
    uint8_t bytes[RSA_MAX];
    size_t size;
} octets;

static const char *const private_members[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k" };

/* False when the member is refused. */
static bool read_octets(octets *out, const svms_json_node *node, const char *member, size_t least,
                        size_t most)
{
    const char *text = svms_json_text(node, member);
    size_t characters = text ? strlen(text) : 0;
    size_t size = text ? svms_base64url_decoded_size(characters) : SIZE_MAX;
    if (!text) {
        return false;
    }
    if (size == SIZE_MAX || size < least || size > most) {
        svms_json_refuse(node, member, "has a length that this kind of key does not have");
        return false;
    }
    if (!svms_base64url_decode(text, characters, out->bytes)) {
        svms_json_refuse(node, member, "is not base64url");
        return false;
    }
    out->size = size;
    return true;
}

/* An unsigned number without zero bytes in front. */
static bool read_number(octets *out, const svms_json_node *node, const char *member, size_t least,
                        size_t most)
{
    if (!read_octets(out, node, member, least, most)) {
        return false;
    }
    if (out->bytes[0] == 0) {
        svms_json_refuse(node, member, "begins with a zero byte");
        return false;
    }
    return true;
}

static EVP_PKEY *from_params(svms_ctx *ctx, const char *type, OSSL_PARAM_BLD *builder,
                             int selection)
{
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *maker =
        EVP_PKEY_CTX_new_from_name(svms_ossl_context(ctx), type, svms_ossl_properties(ctx));
    if (!params || !maker || EVP_PKEY_fromdata_init(maker) != 1 ||
        EVP_PKEY_fromdata(maker, &pkey, selection, params) != 1) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    EVP_PKEY_CTX_free(maker);
    OSSL_PARAM_free(params);
    return pkey;
}

/* point: 04, x, y. d NULL: a public key. */
static EVP_PKEY *make_ec(svms_ctx *ctx, const char *curve, const uint8_t *point, size_t width,
                         const octets *d)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *secret = d ? BN_secure_new() : NULL;
    EVP_PKEY *pkey = NULL;
    bool ready =
        builder &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * width) ==
            1;
    if (ready && d) {
        ready = secret && BN_bin2bn(d->bytes, (int)d->size, secret) &&
                OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, secret) == 1;
    }
    if (ready) {
        pkey = from_params(ctx, "EC", builder, d ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY);
    }
    BN_clear_free(secret);
    OSSL_PARAM_BLD_free(builder);
    return pkey;
}

static EVP_PKEY *read_ec(svms_ctx *ctx, const svms_json_node *node, bool is_private,
                         svms_key_kind *kind)
{
    const char *curve = svms_json_text(node, "crv");
    octets x = { { 0 }, 0 };
    octets y = { { 0 }, 0 };
    octets d = { { 0 }, 0 };
    uint8_t point[POINT_MAX] = { 4 };
    if (!curve) {
        return NULL;
    }
    *kind = strcmp(curve, "P-256") == 0 ? SVMS_KEY_P256 : SVMS_KEY_P384;
    size_t width = *kind == SVMS_KEY_P256 ? 32 : COORDINATE_MAX;
    if (!read_octets(&x, node, "x", width, width) || !read_octets(&y, node, "y", width, width) ||
        (is_private && !read_octets(&d, node, "d", width, width))) {
        return NULL;
    }
    memcpy(point + 1, x.bytes, width);
    memcpy(point + 1 + width, y.bytes, width);
    EVP_PKEY *pkey = make_ec(ctx, curve, point, width, is_private ? &d : NULL);
    svms_wipe(&d, sizeof d);
    return pkey;
}

static EVP_PKEY *read_okp(svms_ctx *ctx, const svms_json_node *node, bool is_private,
                          svms_key_kind *kind)
{
    octets x = { { 0 }, 0 };
    octets d = { { 0 }, 0 };
    EVP_PKEY *pkey = NULL;
    *kind = SVMS_KEY_ED25519;
    if (!read_octets(&x, node, "x", ED25519_SIZE, ED25519_SIZE) ||
        (is_private && !read_octets(&d, node, "d", ED25519_SIZE, ED25519_SIZE))) {
        return NULL;
    }
    if (is_private) {
        uint8_t public_half[ED25519_SIZE] = { 0 };
        size_t size = sizeof public_half;
        pkey = EVP_PKEY_new_raw_private_key_ex(svms_ossl_context(ctx), "ED25519",
                                               svms_ossl_properties(ctx), d.bytes, d.size);
        if (pkey && (EVP_PKEY_get_raw_public_key(pkey, public_half, &size) != 1 ||
                     memcmp(public_half, x.bytes, ED25519_SIZE) != 0)) {
            EVP_PKEY_free(pkey);
            pkey = NULL;
        }
    } else {
        pkey = EVP_PKEY_new_raw_public_key_ex(svms_ossl_context(ctx), "ED25519",
                                              svms_ossl_properties(ctx), x.bytes, x.size);
    }
    svms_wipe(&d, sizeof d);
    return pkey;
}

/* Reads a number and pushes it; the numbers are kept until the parameters have been made. */
static bool push_number(OSSL_PARAM_BLD *builder, BIGNUM **kept, const svms_json_node *node,
                        const char *member, const char *name)
{
    octets number = { { 0 }, 0 };
    bool done = read_number(&number, node, member, 1, RSA_MAX);
    if (done) {
        /* A number that is not marked as secret leaves a copy in parameters that nobody wipes. */
        *kept = BN_secure_new();
        done = *kept && BN_bin2bn(number.bytes, (int)number.size, *kept) &&
               OSSL_PARAM_BLD_push_BN(builder, name, *kept) == 1;
    }
    svms_wipe(&number, sizeof number);
    return done;
}

static bool exponent_is_fit(const octets *e)
{
    uint32_t value = 0;
    for (size_t i = 0; i < e->size; i++) {
        value = value << 8 | e->bytes[i];
    }
    return value >= RSA_EXPONENT_LEAST && value % 2 == 1;
}

static bool push_private(OSSL_PARAM_BLD *builder, BIGNUM *kept[RSA_PRIVATE_NUMBERS],
                         const svms_json_node *node)
{
    static const struct {
        const char *member;
        const char *name;
    } numbers[RSA_PRIVATE_NUMBERS] = {
        { "d", OSSL_PKEY_PARAM_RSA_D },          { "p", OSSL_PKEY_PARAM_RSA_FACTOR1 },
        { "q", OSSL_PKEY_PARAM_RSA_FACTOR2 },    { "dp", OSSL_PKEY_PARAM_RSA_EXPONENT1 },
        { "dq", OSSL_PKEY_PARAM_RSA_EXPONENT2 }, { "qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1 },
    };
    bool done = true;
    if (svms_json_is_there(node, "oth")) {
        svms_json_refuse(node, "oth", "is not supported: the key has more than two primes");
        return false;
    }
    for (size_t i = 0; done && i < RSA_PRIVATE_NUMBERS; i++) {
        done = push_number(builder, &kept[i], node, numbers[i].member, numbers[i].name);
    }
    return done;
}

static EVP_PKEY *read_rsa(svms_ctx *ctx, const svms_json_node *node, bool is_private,
                          svms_key_kind *kind)
{
    octets n = { { 0 }, 0 };
    octets e = { { 0 }, 0 };
    BIGNUM *kept[RSA_PRIVATE_NUMBERS] = { NULL };
    EVP_PKEY *pkey = NULL;
    *kind = SVMS_KEY_RSA;
    if (!read_number(&n, node, "n", RSA_LEAST, RSA_MAX) ||
        !read_number(&e, node, "e", 1, RSA_EXPONENT_MAX)) {
        return NULL;
    }
    if ((n.bytes[0] & 0x80u) == 0 && n.size == RSA_LEAST) {
        svms_json_refuse(node, "n", "has fewer than 2,048 bits");
        return NULL;
    }
    if (!exponent_is_fit(&e)) {
        svms_json_refuse(node, "e", "is even or below 65,537");
        return NULL;
    }
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *modulus = BN_bin2bn(n.bytes, (int)n.size, NULL);
    BIGNUM *exponent = BN_bin2bn(e.bytes, (int)e.size, NULL);
    if (builder && modulus && exponent &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1 &&
        (!is_private || push_private(builder, kept, node))) {
        pkey =
            from_params(ctx, "RSA", builder, is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY);
    }
    for (size_t i = 0; i < RSA_PRIVATE_NUMBERS; i++) {
        BN_clear_free(kept[i]);
    }
    BN_free(exponent);
    BN_free(modulus);
    OSSL_PARAM_BLD_free(builder);
    return pkey;
}

/* How a kind of key is read; NULL for one that is none here (J-KEY-3). */
typedef EVP_PKEY *(*read_kind)(svms_ctx *ctx, const svms_json_node *node, bool is_private,
                               svms_key_kind *kind);

static bool has_curve(const svms_json_node *node, const char *const *curves)
{
    const char *curve = svms_json_text(node, "crv");
    while (curve && *curves && strcmp(curve, *curves) != 0) {
        curves++;
    }
    return curve && *curves;
}

static read_kind reader_for(const svms_json_node *node)
{
    static const char *const nist[] = { "P-256", "P-384", NULL };
    static const char *const edwards[] = { "Ed25519", NULL };
    const char *type = svms_json_text(node, "kty");
    if (!type) {
        return NULL;
    }
    if (strcmp(type, "EC") == 0) {
        return has_curve(node, nist) ? read_ec : NULL;
    }
    if (strcmp(type, "OKP") == 0) {
        return has_curve(node, edwards) ? read_okp : NULL;
    }
    return strcmp(type, "RSA") == 0 ? read_rsa : NULL;
}

/* J-KEY-3: a key says itself that it is for something else. */
static bool is_for_other_use(const svms_json_node *node, const char *operation)
{
    bool other = false;
    if (svms_json_is_there(node, "use")) {
        const char *use = svms_json_text(node, "use");
        other = use && strcmp(use, "sig") != 0;
    }
    if (svms_json_is_there(node, "key_ops")) {
        size_t count = svms_json_count(node, "key_ops", KEY_OPERATIONS_MAX);
        bool allowed = false;
        for (size_t i = 0; i < count; i++) {
            const char *entry = svms_json_item_text(node, "key_ops", i);
            allowed = allowed || (entry && strcmp(entry, operation) == 0);
        }
        other = other || !allowed;
    }
    if (svms_json_is_there(node, "alg")) {
        const char *named = svms_json_text(node, "alg");
        other = other || (named && svms_token_algorithm_named(named) == SVMS_TOKEN_NO_ALGORITHM);
    }
    return other;
}

static void read_algorithm(svms_jwk *out, const svms_json_node *node, svms_key_kind kind)
{
    out->algorithm = svms_token_algorithm_of(kind);
    if (!svms_json_is_there(node, "alg")) {
        return;
    }
    const char *named = svms_json_text(node, "alg");
    if (named && kind == SVMS_KEY_RSA && strcmp(named, "PS256") == 0) {
        out->algorithm = SVMS_TOKEN_PS256;
    } else if (named && strcmp(named, svms_token_algorithm_name(out->algorithm)) != 0) {
        svms_json_refuse(node, "alg", "does not belong to this kind of key");
    }
}

static void read_kid(svms_jwk *out, const svms_json_node *node)
{
    if (!svms_json_is_there(node, "kid")) {
        return;
    }
    const char *kid = svms_json_text(node, "kid");
    size_t size = kid ? strlen(kid) : 0;
    if (kid && (size == 0 || size > SVMS_KID_MAX)) {
        svms_json_refuse(node, "kid", "is empty or too long");
    } else if (kid) {
        memcpy(out->kid, kid, size + 1);
    }
}

static void refuse_private_members(const svms_json_node *node)
{
    for (size_t i = 0; i < sizeof private_members / sizeof private_members[0]; i++) {
        if (svms_json_is_there(node, private_members[i])) {
            svms_json_refuse(node, private_members[i],
                             "is there: a private key has been published");
            return;
        }
    }
}

/* A provider that fails once does not fail twice in a row; one that does is found by blame(). */
static EVP_PKEY *read_twice(read_kind read, svms_ctx *ctx, const svms_json_node *node,
                            bool is_private, svms_key_kind *kind)
{
    ERR_clear_error();
    EVP_PKEY *pkey = read(ctx, node, is_private, kind);
    return pkey || svms_json_failed(node) || svms_crypto_starved()
               ? pkey
               : read(ctx, node, is_private, kind);
}

/* Whether the key itself is to blame for not having been taken (ADR 0016). */
static svms_status blame(const svms_json_node *node, svms_ctx *ctx, svms_key_kind kind,
                         svms_error *err)
{
    if (svms_json_failed(node)) {
        ERR_clear_error();
        return node->document->status;
    }
    if (svms_crypto_starved() || !svms_known_key_is_taken(ctx, kind)) {
        return svms_fail_crypto(err, "cannot take a key from JSON");
    }
    ERR_clear_error();
    svms_json_refuse(node, "kty", "names a kind of key that its numbers do not make");
    return node->document->status;
}

static svms_status take_public(svms_jwk *out, svms_ctx *ctx, const svms_json_node *node,
                               read_kind read, svms_error *err)
{
    svms_key_kind kind = SVMS_KEY_P256;
    EVP_PKEY *pkey = read_twice(read, ctx, node, false, &kind);
    if (!pkey) {
        return blame(node, ctx, kind, err);
    }
    svms_status status = svms_public_key_from_evp(&out->key, ctx, pkey, err);
    EVP_PKEY_free(pkey);
    if (status == SVMS_OK) {
        read_algorithm(out, node, kind);
        read_kid(out, node);
    }
    return status;
}

svms_status svms_jwk_read(svms_jwk *out, svms_ctx *ctx, const svms_json_node *node, svms_error *err)
{
    memset(out, 0, sizeof *out);
    refuse_private_members(node);
    read_kind read = reader_for(node);
    if (svms_json_failed(node)) {
        return node->document->status;
    }
    if (!read || is_for_other_use(node, "verify")) {
        return svms_json_failed(node) ? node->document->status : SVMS_END;
    }
    svms_status status =
        svms_json_failed(node) ? node->document->status : take_public(out, ctx, node, read, err);
    if (status == SVMS_OK && svms_json_failed(node)) {
        status = node->document->status;
    }
    if (status != SVMS_OK) {
        svms_jwk_clear(out);
    }
    return status;
}

svms_status svms_jwk_read_private(svms_private_key **out, svms_ctx *ctx, const svms_json_node *node,
                                  svms_error *err)
{
    read_kind read = reader_for(node);
    if (svms_json_failed(node)) {
        return node->document->status;
    }
    bool is_other = read && is_for_other_use(node, "sign");
    if (!read || (is_other && !svms_json_failed(node))) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "%s: keys of this kind, or for this use, sign no tokens here",
                         node->document->name);
    }
    svms_key_kind kind = SVMS_KEY_P256;
    EVP_PKEY *pkey = svms_json_failed(node) ? NULL : read_twice(read, ctx, node, true, &kind);
    if (!pkey) {
        return blame(node, ctx, kind, err);
    }
    svms_status status = svms_key_check_pair(ctx, pkey, kind, err);
    if (status == SVMS_OK) {
        status = svms_private_key_from_evp(out, ctx, pkey, err);
    }
    EVP_PKEY_free(pkey);
    return status;
}

void svms_jwk_clear(svms_jwk *jwk)
{
    EVP_MD_CTX_free(jwk->prepared);
    svms_public_key_free(&jwk->key);
    memset(jwk, 0, sizeof *jwk);
}

static svms_status load(svms_json_document *document, svms_ctx *ctx, const char *json, size_t size,
                        svms_error *err)
{
    static const svms_json_limits limits = { SVMS_KEYSET_MAX, JWK_DEPTH };
    return svms_json_load(document, ctx, "the key", &limits, json, size, err);
}

svms_status svms_public_key_from_jwk(svms_public_key **out, svms_ctx *ctx, const char *json,
                                     size_t size, svms_error *err)
{
    if (!out || !ctx || !json) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_json_document document;
    svms_status status = load(&document, ctx, json, size, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_json_node node = svms_json_root(&document);
    svms_jwk jwk;
    status = svms_jwk_read(&jwk, ctx, &node, err);
    svms_json_unload(&document);
    if (status == SVMS_END) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "a key of this kind, or for this use, signs no tokens here");
    }
    if (status == SVMS_OK) {
        *out = jwk.key;
    }
    return status;
}

svms_status svms_private_key_from_jwk(svms_private_key **out, svms_ctx *ctx, const char *json,
                                      size_t size, svms_error *err)
{
    if (!out || !ctx || !json) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_json_document document;
    svms_status status = load(&document, ctx, json, size, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_json_node node = svms_json_root(&document);
    status = svms_jwk_read_private(out, ctx, &node, err);
    svms_json_unload(&document);
    return status;
}
