/* SPDX-License-Identifier: Apache-2.0 */
/* Names and dates of certificates in words for people. */
#include "certificate.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "failure.h"

/* Far more than a certificate of the largest size can hold. */
#define NAME_TEXT_MAX ((size_t)SVMS_CHAIN_MAX_SIZE * 4)

/* RFC 4514, but with a blank after the comma and with UTF-8 as it is. */
#define NAME_FLAGS                                                                                 \
    ((XN_FLAG_RFC2253 & ~(XN_FLAG_SEP_MASK | ASN1_STRFLGS_ESC_MSB)) | XN_FLAG_SEP_CPLUS_SPC)

/* Controls, and marks that reorder or hide the text around them. */
bool svms_is_deceptive(unsigned long character)
{
    return character < 0x20 || character == 0x7F || (character >= 0x80 && character < 0xA0) ||
           character == 0xAD || character == 0x061C ||
           (character >= 0x200B && character <= 0x200F) ||
           (character >= 0x2028 && character <= 0x202E) ||
           (character >= 0x2060 && character <= 0x206F) || character == 0xFEFF;
}

static void put_escaped(svms_builder *text, svms_cursor *cursor, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char escape[4];
        snprintf(escape, sizeof escape, "\\%02X", svms_read_u8(cursor));
        svms_put_bytes(text, escape, 3);
    }
}

void svms_name_put(svms_builder *text, const void *data, size_t size)
{
    svms_cursor cursor = svms_cursor_over(data, size, 0);
    while (!svms_cursor_at_end(&cursor)) {
        unsigned long character = 0;
        size_t length = svms_utf8_peek(&cursor, &character);
        if (length == 0) {
            put_escaped(text, &cursor, 1);
        } else if (svms_is_deceptive(character)) {
            put_escaped(text, &cursor, length);
        } else {
            svms_put_bytes(text, svms_read_bytes(&cursor, length), length);
        }
    }
}

svms_status svms_name_text(svms_builder *text, const X509_NAME *name, svms_error *err)
{
    ERR_clear_error();
    BIO *bio = BIO_new(BIO_s_mem());
    if (!bio) {
        return svms_fail_crypto(err, "cannot make a buffer");
    }
    int printed = X509_NAME_print_ex(bio, name, 0, NAME_FLAGS);
    char *data = NULL;
    long size = BIO_get_mem_data(bio, &data);
    bool lacked_memory = svms_provider_lacked_memory();
    if (printed < 0) {
        svms_put_bytes(text, "(unreadable name)", 17);
    } else if (size <= 0) {
        svms_put_bytes(text, "(empty name)", 12);
    } else {
        svms_name_put(text, data, (size_t)size);
    }
    svms_put_u8(text, 0);
    BIO_free(bio);
    if (lacked_memory) {
        return svms_fail_memory(err);
    }
    return svms_builder_check(text, "a name in a certificate", err);
}

void svms_name_fit(char *out, size_t room, const svms_builder *text)
{
    if (text->size <= room) {
        memcpy(out, text->data, text->size);
        return;
    }
    size_t size = room - 4;
    /* Never between the bytes of one UTF-8 character. */
    while (size > 0 && (text->data[size] & 0xC0) == 0x80) {
        size--;
    }
    memcpy(out, text->data, size);
    memcpy(out + size, "...", 4);
}

svms_status svms_name_cut(char *out, size_t room, svms_ctx *ctx, const X509_NAME *name,
                          svms_error *err)
{
    svms_builder text = svms_builder_new(ctx, NAME_TEXT_MAX);
    svms_status status = svms_name_text(&text, name, err);
    if (status == SVMS_OK) {
        svms_name_fit(out, room, &text);
    }
    svms_builder_clear(&text);
    return status;
}

svms_status svms_name_words(char out[SVMS_NAME_WORDS_SIZE], svms_ctx *ctx, const X509_NAME *name,
                            svms_error *err)
{
    return svms_name_cut(out, SVMS_NAME_WORDS_SIZE, ctx, name, err);
}

bool svms_date_seconds(const ASN1_TIME *date, int64_t *seconds)
{
    static const struct tm epoch = { .tm_year = 70, .tm_mday = 1 };
    struct tm parts;
    int days;
    int rest;
    if (ASN1_TIME_to_tm(date, &parts) != 1 ||
        OPENSSL_gmtime_diff(&days, &rest, &epoch, &parts) != 1) {
        return false;
    }
    *seconds = (int64_t)days * 86400 + rest;
    return true;
}

void svms_date_words(char out[SVMS_DATE_WORDS_SIZE], const ASN1_TIME *date)
{
    struct tm parts;
    if (ASN1_TIME_to_tm(date, &parts) != 1 ||
        strftime(out, SVMS_DATE_WORDS_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        snprintf(out, SVMS_DATE_WORDS_SIZE, "an unreadable date");
    }
}
