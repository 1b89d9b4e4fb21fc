/* SPDX-License-Identifier: Apache-2.0 */
#include "keyset.h"

#include <string.h>

#include "failure.h"

#define JWKS_DEPTH 8

struct svms_keyset {
    svms_ctx *ctx;
    size_t count;
    svms_jwk keys[SVMS_KEYSET_KEYS];
};

static bool are_one_to_tokens(const svms_jwk *one, const svms_jwk *other)
{
    return strcmp(one->kid, other->kid) == 0 &&
           (one->kid[0] != '\0' || one->algorithm == other->algorithm);
}

/* J-KEY-4 */
static void refuse_twins(const svms_keyset *keyset, const svms_json_node *node)
{
    const svms_jwk *last = &keyset->keys[keyset->count - 1];
    for (size_t i = 0; i + 1 < keyset->count; i++) {
        if (are_one_to_tokens(&keyset->keys[i], last)) {
            svms_json_refuse(node, "kid", "does not tell this key from another one");
            return;
        }
    }
}

static svms_status read_keys(svms_keyset *keyset, const svms_json_node *root, svms_error *err)
{
    size_t count = svms_json_count(root, "keys", SVMS_KEYSET_KEYS);
    for (size_t i = 0; i < count; i++) {
        svms_json_node node = svms_json_item(root, "keys", i);
        if (svms_json_failed(&node)) {
            return node.document->status;
        }
        svms_status status = svms_jwk_read(&keyset->keys[keyset->count], keyset->ctx, &node, err);
        if (status == SVMS_END) {
            continue;
        }
        if (status == SVMS_OK) {
            status = svms_jwk_prepare(&keyset->keys[keyset->count++], keyset->ctx, err);
        }
        if (status != SVMS_OK) {
            return status;
        }
        refuse_twins(keyset, &node);
    }
    return root->document->status;
}

svms_status svms_keyset_from_jwks(svms_keyset **out, svms_ctx *ctx, const char *json, size_t size,
                                  svms_error *err)
{
    static const svms_json_limits limits = { SVMS_KEYSET_MAX, JWKS_DEPTH };
    if (!out || !ctx || !json) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_json_document document;
    svms_status status = svms_json_load(&document, ctx, "the key set", &limits, json, size, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_keyset *keyset = svms_alloc(ctx, sizeof *keyset);
    if (keyset) {
        svms_json_node root = svms_json_root(&document);
        keyset->ctx = ctx;
        status = read_keys(keyset, &root, err);
    } else {
        status = svms_fail_memory(err);
    }
    svms_json_unload(&document);
    if (status == SVMS_OK) {
        *out = keyset;
    } else {
        svms_keyset_free(&keyset);
    }
    return status;
}

size_t svms_keyset_count(const svms_keyset *keyset)
{
    return keyset ? keyset->count : 0;
}

const svms_jwk *svms_keyset_find(const svms_keyset *keyset, const char *kid,
                                 svms_token_algorithm algorithm)
{
    const svms_jwk *found = NULL;
    for (size_t i = 0; i < keyset->count; i++) {
        const svms_jwk *jwk = &keyset->keys[i];
        bool fits = kid ? strcmp(jwk->kid, kid) == 0 : jwk->algorithm == algorithm;
        if (fits && found) {
            return NULL;
        }
        found = fits ? jwk : found;
    }
    return found;
}

void svms_keyset_free(svms_keyset **keyset)
{
    if (!keyset || !*keyset) {
        return;
    }
    for (size_t i = 0; i < (*keyset)->count; i++) {
        svms_jwk_clear(&(*keyset)->keys[i]);
    }
    svms_release((*keyset)->ctx, *keyset);
    *keyset = NULL;
}
