/* SPDX-License-Identifier: Apache-2.0 */
#include "link_stamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "http.h"

#define ANSWER_LIMIT ((size_t)2 * 1024 * 1024)
#define NS_PER_SECOND INT64_C(1000000000)

static svms_status fail(svms_error *err, svms_status status, const char *words)
{
    const svms_error none = SVMS_ERROR_INIT;
    *err = none;
    err->status = status;
    snprintf(err->message, sizeof err->message, "%s", words);
    return status;
}

static svms_status check(const link_stamp *self, const uint8_t imprint[32], const uint8_t *token,
                         size_t size, svms_error *err)
{
    svms_timestamp_question question = SVMS_TIMESTAMP_QUESTION_INIT;
    svms_timestamp_info info = SVMS_TIMESTAMP_INFO_INIT;
    question.now_utc_ns = (int64_t)time(NULL) * NS_PER_SECOND;
    svms_status status =
        svms_timestamp_check(self->anchors, token, size, imprint, &question, &info, err);
    return status == SVMS_E_UNTRUSTED && !self->anchors ? SVMS_OK : status;
}

static svms_status ask(const link_stamp *self, const uint8_t imprint[32], uint8_t *token,
                       size_t *size, svms_error *err)
{
    uint8_t query[SVMS_TIMESTAMP_QUERY_SIZE];
    http_exchange exchange = { 0 };
    svms_status status = svms_timestamp_query(self->ctx, imprint, query, err);
    if (status != SVMS_OK) {
        return status;
    }
    exchange.url = self->url;
    exchange.content_type = "application/timestamp-query";
    exchange.body = query;
    exchange.body_size = sizeof query;
    exchange.answer_limit = ANSWER_LIMIT;
    if (http_post(&exchange) != EXIT_GOOD) {
        return fail(err, SVMS_E_IO, "the time stamp authority did not answer");
    }
    status = svms_timestamp_accept(query, sizeof query, exchange.answer, exchange.answer_size,
                                   token, size, err);
    free(exchange.answer);
    return status == SVMS_OK ? check(self, imprint, token, *size, err) : status;
}

svms_status link_stamp_ask(void *user, const uint8_t imprint[32], uint8_t *token, size_t *size,
                           svms_error *err)
{
    link_stamp *self = user;
    svms_status status = ask(self, imprint, token, size, err);
    self->refused = status != SVMS_OK;
    return status;
}
