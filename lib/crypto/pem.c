/* SPDX-License-Identifier: Apache-2.0 */
#include "pem.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "failure.h"

svms_status svms_pem_open(BIO **out, const char *pem, size_t size, svms_error *err)
{
    if (size > SVMS_PEM_TEXT_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "PEM text is longer than %d bytes", SVMS_PEM_TEXT_MAX);
    }
    BIO *text = BIO_new_mem_buf(pem, (int)size);
    if (!text) {
        return svms_fail_crypto(err, "cannot read PEM text");
    }
    *out = text;
    return SVMS_OK;
}

svms_status svms_pem_next(BIO *text, svms_pem_block *block, svms_error *err)
{
    svms_pem_block found = { NULL, NULL, NULL, 0 };
    if (PEM_read_bio(text, &found.label, &found.headers, &found.der, &found.size) == 1) {
        *block = found;
        return SVMS_OK;
    }
    if (svms_crypto_starved()) {
        return svms_fail_crypto(err, "cannot read PEM text");
    }
    unsigned long code = ERR_peek_last_error();
    const char *reason = ERR_reason_error_string(code);
    bool at_end = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (at_end) {
        return SVMS_END;
    }
    return svms_fail(err, SVMS_E_MALFORMED, "damaged PEM text: %s", reason ? reason : "unreadable");
}

void svms_pem_block_clear(svms_pem_block *block)
{
    OPENSSL_free(block->label);
    OPENSSL_free(block->headers);
    if (block->der) {
        OPENSSL_clear_free(block->der, (size_t)block->size);
    }
    memset(block, 0, sizeof *block);
}

svms_status svms_pem_hand_out(BIO *text, const char *what, char *out, size_t *size, svms_error *err)
{
    const char *pem = NULL;
    size_t length = (size_t)BIO_get_mem_data(text, &pem);
    ERR_clear_error();
    if (*size <= length) {
        *size = length + 1;
        return svms_fail(err, SVMS_E_LIMIT, "%s needs %zu bytes", what, *size);
    }
    memcpy(out, pem, length);
    out[length] = '\0';
    *size = length;
    return SVMS_OK;
}

bool svms_pem_is(const svms_pem_block *block, const char *label)
{
    return strcmp(block->label, label) == 0;
}

bool svms_pem_is_private(const svms_pem_block *block)
{
    static const char ending[] = "PRIVATE KEY";
    size_t length = strlen(block->label);
    return length >= sizeof ending - 1 &&
           strcmp(block->label + length - (sizeof ending - 1), ending) == 0;
}

bool svms_pem_is_encrypted(const svms_pem_block *block)
{
    return svms_pem_is(block, PEM_STRING_PKCS8) || strstr(block->headers, "ENCRYPTED") != NULL;
}
