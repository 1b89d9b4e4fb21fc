/* SPDX-License-Identifier: Apache-2.0 */
#include "token_signer.h"

#include <stdio.h>
#include <string.h>

#include "ca_key.h"
#include "file.h"
#include "jwks_input.h"
#include "message.h"

#define MAX_KEY_FILE ((size_t)65536)

const option_choice token_algorithms[] = {
    { "ES256", SVMS_TOKEN_ES256 }, { "ES384", SVMS_TOKEN_ES384 }, { "EdDSA", SVMS_TOKEN_EDDSA },
    { "RS256", SVMS_TOKEN_RS256 }, { "PS256", SVMS_TOKEN_PS256 }, { NULL, 0 },
};

/* A key that says how it signs, and what it is called, is taken at its word. */
static exit_status take_jwk(token_signer *out, svms_ctx *ctx, const char *command,
                            const token_signer_options *options, const file_text *text)
{
    svms_error err = SVMS_ERROR_INIT;
    jwk_label label;
    if (svms_private_key_from_jwk(&out->key, ctx, text->bytes, text->size, &err) != SVMS_OK) {
        return complain_error(&err, "cannot use the private key %s", options->key);
    }
    jwk_label_read(&label, text->bytes, text->size);
    if (options->algorithm != SVMS_TOKEN_NO_ALGORITHM &&
        label.algorithm != SVMS_TOKEN_NO_ALGORITHM &&
        label.algorithm != (svms_token_algorithm)options->algorithm) {
        return usage_error(command, "--alg is not that of the key, which signs by %s",
                           svms_token_algorithm_name(label.algorithm));
    }
    if (label.algorithm != SVMS_TOKEN_NO_ALGORITHM) {
        out->algorithm = label.algorithm;
    }
    if (!options->kid) {
        memcpy(out->kid, label.kid, sizeof out->kid);
    }
    return EXIT_GOOD;
}

exit_status token_signer_load(token_signer *out, svms_ctx *ctx, const char *command,
                              const token_signer_options *options)
{
    bool is_uri = ca_key_is_uri(options->key);
    const ca_key_place place = { options->key, is_uri ? options->key : NULL,
                                 options->passphrase_file, "Passphrase of the key: " };
    file_text text = { NULL, 0 };
    memset(out, 0, sizeof *out);
    out->algorithm = (svms_token_algorithm)options->algorithm;
    if (options->kid && (options->kid[0] == '\0' || strlen(options->kid) > TOKEN_KID_MAX)) {
        return usage_error(command, "--kid has 1 to %d bytes", TOKEN_KID_MAX);
    }
    snprintf(out->kid, sizeof out->kid, "%s", options->kid ? options->kid : "");
    if (is_uri) {
        return ca_key_load(&out->key, ctx, &place);
    }
    exit_status status = file_read(&text, options->key, MAX_KEY_FILE, true);
    if (status == EXIT_GOOD) {
        status = jwks_is_json(&text) ? take_jwk(out, ctx, command, options, &text)
                                     : ca_key_open(&out->key, ctx, &text, &place);
    }
    file_text_free(&text);
    return status;
}

const char *token_signer_kid(const token_signer *signer)
{
    return signer->kid[0] != '\0' ? signer->kid : NULL;
}

void token_signer_free(token_signer *signer)
{
    svms_private_key_free(&signer->key);
}
