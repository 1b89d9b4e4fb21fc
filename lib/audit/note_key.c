/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <openssl/evp.h>

#include "base64.h"
#include "failure.h"
#include "key_internal.h"
#include "note.h"
#include "utf8.h"

/* A-CHK-2: what is hashed into an id. */
static svms_status hash_id(svms_note_key *key, svms_ctx *ctx, svms_error *err)
{
    uint8_t digest[SVMS_DIGEST_SIZE];
    uint8_t middle[2] = { '\n', (uint8_t)key->kind };
    const svms_iovec runs[] = {
        { key->name, strlen(key->name) },
        { middle, sizeof middle },
        { key->key, sizeof key->key },
    };
    svms_status status = svms_sha256(ctx, runs, 3, digest, err);
    if (status == SVMS_OK) {
        key->id = (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 |
                  digest[3];
    }
    return status;
}

/* Printable ASCII without spaces: no other sign of Unicode can look like a space, or like another
 * name. */
static bool is_name(const char *name, size_t size)
{
    if (size == 0 || size > SVMS_NOTE_NAME_MAX) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (name[i] <= ' ' || name[i] > '~' || name[i] == '+') {
            return false;
        }
    }
    return true;
}

svms_status svms_note_key_make(svms_note_key *out, svms_ctx *ctx, const char *name,
                               svms_note_kind kind, const uint8_t key[SVMS_NOTE_KEY_SIZE],
                               svms_error *err)
{
    size_t size = strlen(name);
    if (!is_name(name, size)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "the name of a key has 1 to %u signs of ASCII, no space, no plus",
                         SVMS_NOTE_NAME_MAX);
    }
    *out = (svms_note_key){ .kind = kind };
    memcpy(out->name, name, size);
    memcpy(out->key, key, sizeof out->key);
    return hash_id(out, ctx, err);
}

svms_status svms_note_key_generate(svms_private_key **out, svms_ctx *ctx, svms_error *err)
{
    EVP_PKEY *pkey =
        EVP_PKEY_Q_keygen(svms_ossl_context(ctx), svms_ossl_properties(ctx), "ED25519");
    if (!pkey) {
        return svms_fail_crypto(err, "generating a key");
    }
    svms_status status = svms_private_key_from_evp(out, ctx, pkey, err);
    EVP_PKEY_free(pkey);
    return status;
}

svms_status svms_note_key_of(svms_note_key *out, svms_ctx *ctx, const char *name,
                             svms_note_kind kind, const svms_private_key *key, svms_error *err)
{
    uint8_t raw[SVMS_NOTE_KEY_SIZE];
    size_t size = sizeof raw;
    EVP_PKEY *pkey = svms_private_key_public_evp(key);
    if (!EVP_PKEY_is_a(pkey, "ED25519")) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "logs are signed with Ed25519 keys only");
    }
    if (EVP_PKEY_get_raw_public_key(pkey, raw, &size) != 1 || size != sizeof raw) {
        return svms_fail_crypto(err, "reading a public key");
    }
    return svms_note_key_make(out, ctx, name, kind, raw, err);
}

static bool read_id(const char *text, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < 8; i++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit = text[i] != '\0' ? strchr(digits, text[i]) : NULL;
        if (!digit) {
            return false;
        }
        *out = *out << 4 | (uint32_t)(digit - digits);
    }
    return true;
}

/* "+" in the base64 part is one of its digits: the name ends at the first, the id at the second. */
svms_status svms_note_key_parse(svms_note_key *out, svms_ctx *ctx, const char *text, size_t size,
                                svms_error *err)
{
    uint8_t blob[1 + SVMS_NOTE_KEY_SIZE];
    char name[SVMS_NOTE_NAME_MAX + 1] = "";
    uint32_t id;
    const char *plus = memchr(text, '+', size);
    size_t name_size = plus ? (size_t)(plus - text) : size;
    /* 33 bytes are 44 characters, which need no padding. */
    bool good = is_name(text, name_size) && size == name_size + 1 + 8 + 1 + 44 &&
                read_id(plus + 1, &id) && plus[9] == '+' && svms_base64_decode(plus + 10, 44, blob);
    if (!good) {
        return svms_fail(err, SVMS_E_MALFORMED,
                         "a verifier key is NAME+8 hexadecimal digits+44 characters of base64");
    }
    if (blob[0] != SVMS_NOTE_LOG && blob[0] != SVMS_NOTE_COSIGNATURE) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "a verifier key of kind 0x%02x", blob[0]);
    }
    memcpy(name, text, name_size);
    svms_status status = svms_note_key_make(out, ctx, name, (svms_note_kind)blob[0], blob + 1, err);
    if (status == SVMS_OK && out->id != id) {
        return svms_fail(err, SVMS_E_MALFORMED,
                         "the verifier key of \"%s\" is not what its id says", name);
    }
    return status;
}

void svms_put_note_key(svms_builder *out, const svms_note_key *key)
{
    uint8_t blob[1 + SVMS_NOTE_KEY_SIZE];
    char id[sizeof "+01234567+"];
    blob[0] = (uint8_t)key->kind;
    memcpy(blob + 1, key->key, sizeof key->key);
    snprintf(id, sizeof id, "+%08x+", (unsigned)key->id);
    svms_put_bytes(out, key->name, strlen(key->name));
    svms_put_bytes(out, id, sizeof id - 1);
    svms_put_base64(out, blob, sizeof blob);
}
