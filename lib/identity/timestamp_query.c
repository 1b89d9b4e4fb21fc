/* SPDX-License-Identifier: Apache-2.0 */
/* Asking for a time stamp, and taking it from the answer (RFC 3161, 2.4). */
#include "timestamp.h"

#include <string.h>

#include "failure.h"

#define DIGEST_OFFSET 24
#define NONCE_OFFSET 59
#define NONCE_SIZE 8
#define STATUS_WORDS_MAX 120
/* PKIStatus: granted, granted with modifications (RFC 3161, 2.4.2). */
#define STATUS_GRANTED_MOST 1

svms_status svms_timestamp_query(svms_ctx *ctx, const uint8_t digest[32],
                                 uint8_t out[SVMS_TIMESTAMP_QUERY_SIZE], svms_error *err)
{
    /* TimeStampReq: version 1, imprint of SHA-256, nonce, certReq TRUE. */
    static const uint8_t request[SVMS_TIMESTAMP_QUERY_SIZE] = { 0x30,
                                                                0x44,
                                                                0x02,
                                                                0x01,
                                                                0x01,
                                                                0x30,
                                                                0x31,
                                                                0x30,
                                                                0x0D,
                                                                0x06,
                                                                0x09,
                                                                0x60,
                                                                0x86,
                                                                0x48,
                                                                0x01,
                                                                0x65,
                                                                0x03,
                                                                0x04,
                                                                0x02,
                                                                0x01,
                                                                0x05,
                                                                0x00,
                                                                0x04,
                                                                0x20,
                                                                [NONCE_OFFSET - 3] = 0x02,
                                                                0x09,
                                                                [SVMS_TIMESTAMP_QUERY_SIZE - 3] =
                                                                    0x01,
                                                                0x01,
                                                                0xFF };
    uint8_t nonce[NONCE_SIZE];
    if (!ctx || !digest || !out) {
        return svms_fail(err, SVMS_E_USAGE, "a query needs a context, a digest and room");
    }
    svms_status status = svms_random(ctx, nonce, sizeof nonce, err);
    if (status != SVMS_OK) {
        return status;
    }
    /* Always as long: a leading zero byte keeps it positive, a set bit behind it the shortest. */
    nonce[0] |= 0x80;
    memcpy(out, request, sizeof request);
    memcpy(out + DIGEST_OFFSET, digest, SVMS_DIGEST_SIZE);
    memcpy(out + NONCE_OFFSET, nonce, sizeof nonce);
    return SVMS_OK;
}

typedef struct stamp_query {
    uint8_t imprint[SVMS_DIGEST_SIZE];
    svms_der nonce;
} stamp_query;

static bool read_query(stamp_query *out, const void *query, size_t size)
{
    svms_cursor cursor = svms_cursor_over(query, size, 0);
    svms_der request;
    svms_der element;
    return size == SVMS_TIMESTAMP_QUERY_SIZE &&
           svms_der_take(&cursor, SVMS_DER_SEQUENCE, &request) &&
           svms_der_take(&request.content, SVMS_DER_INTEGER, &element) &&
           svms_token_imprint(&request.content, out->imprint) &&
           svms_der_take(&request.content, SVMS_DER_INTEGER, &out->nonce);
}

/* Why the authority refused, by PKIFailureInfo. */
static const char *failure_words(const svms_der *bits)
{
    static const struct {
        unsigned bit;
        const char *words;
    } known[] = {
        { 0, "it does not know the algorithm" },
        { 2, "it does not allow the query" },
        { 5, "it cannot read the query" },
        { 14, "its source of time is not available" },
        { 15, "it does not know the policy" },
        { 16, "it does not know an extension" },
        { 17, "it does not have what was asked for" },
        { 25, "its system failed" },
    };
    svms_cursor cursor = bits->content;
    uint32_t set = 0;
    if (bits->tag == 0) {
        return "it does not say why";
    }
    (void)svms_read_u8(&cursor); /* number of unused bits */
    for (unsigned i = 0; i < 4; i++) {
        set = set << 8 | (svms_cursor_left(&cursor) > 0 ? svms_read_u8(&cursor) : 0);
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (set & (UINT32_C(0x80000000) >> known[i].bit)) {
            return known[i].words;
        }
    }
    return "for a reason that is not known here";
}

/* The first of the authority's own words, as far as it is plain text. */
static void status_words(char out[STATUS_WORDS_MAX], const svms_der *texts)
{
    svms_cursor cursor = texts->content;
    svms_der text;
    size_t used = 0;
    if (texts->tag != 0 && svms_der_take_optional(&cursor, SVMS_DER_UTF8, &text)) {
        while (used < STATUS_WORDS_MAX - 1 && svms_cursor_left(&text.content) > 0) {
            uint8_t byte = svms_read_u8(&text.content);
            out[used++] = byte >= 0x20 && byte < 0x7F ? (char)byte : '?';
        }
    }
    out[used] = '\0';
}

static svms_status check_status(svms_cursor *reply, svms_error *err)
{
    svms_der info;
    svms_der element;
    svms_der texts;
    svms_der bits;
    uint64_t status = 0;
    char words[STATUS_WORDS_MAX];
    if (!svms_der_take(reply, SVMS_DER_SEQUENCE, &info) ||
        !svms_der_take(&info.content, SVMS_DER_INTEGER, &element) ||
        !svms_der_unsigned(&element, &status)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the reply to a time stamp query cannot be read");
    }
    if (status <= STATUS_GRANTED_MOST) {
        return SVMS_OK;
    }
    (void)svms_der_take_optional(&info.content, SVMS_DER_SEQUENCE, &texts);
    (void)svms_der_take_optional(&info.content, SVMS_DER_BITS, &bits);
    status_words(words, &texts);
    return svms_fail(err, SVMS_E_POLICY, "the authority refused to stamp (status %u): %s%s%s",
                     (unsigned)(status & 0xFF), failure_words(&bits), words[0] != '\0' ? ": " : "",
                     words);
}

/* query NULL: it was asked elsewhere. */
static svms_status compare(const stamp_query *query, const svms_der *token, svms_error *err)
{
    svms_token found;
    svms_status status = svms_token_read(&found, token->whole, token->whole_size, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (query && memcmp(found.imprint, query->imprint, SVMS_DIGEST_SIZE) != 0) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "the authority stamped something else");
    }
    if (query && (found.nonce.tag == 0 || found.nonce.whole_size != query->nonce.whole_size ||
                  memcmp(found.nonce.whole, query->nonce.whole, query->nonce.whole_size) != 0)) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "the reply answers another query (nonce)");
    }
    if (found.certificates == 0) {
        return svms_fail(err, SVMS_E_MALFORMED, "the authority did not send its certificate");
    }
    return SVMS_OK;
}

svms_status svms_timestamp_accept(const void *query, size_t query_size, const void *reply,
                                  size_t reply_size, void *out, size_t *size, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(reply, reply_size, 0);
    stamp_query asked;
    svms_der response;
    svms_der token;
    if (!reply || !size || (!out && *size != 0)) {
        return svms_fail(err, SVMS_E_USAGE, "reply, room and its size must not be NULL");
    }
    if (query && !read_query(&asked, query, query_size)) {
        return svms_fail(err, SVMS_E_USAGE, "the query is not one of svms_timestamp_query()");
    }
    if (!svms_der_take(&cursor, SVMS_DER_SEQUENCE, &response) || !svms_cursor_at_end(&cursor)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the reply to a time stamp query cannot be read");
    }
    svms_status status = check_status(&response.content, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!svms_der_take(&response.content, SVMS_DER_SEQUENCE, &token) ||
        !svms_cursor_at_end(&response.content)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the reply holds no time stamp");
    }
    status = compare(query ? &asked : NULL, &token, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!out || *size < token.whole_size) {
        *size = token.whole_size;
        return svms_fail(err, SVMS_E_LIMIT, "the time stamp needs %zu bytes", token.whole_size);
    }
    memcpy(out, token.whole, token.whole_size);
    *size = token.whole_size;
    return SVMS_OK;
}
