/* SPDX-License-Identifier: Apache-2.0 */
#include "http.h"

#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "message.h"

#define CONNECT_SECONDS 15L
#define TOTAL_SECONDS 60L
#define STATUS_GOOD 200u

static size_t take(char *bytes, size_t size, size_t count, void *user)
{
    http_exchange *self = user;
    size_t more = size * count;
    if (more > self->answer_limit - self->answer_size) {
        return 0;
    }
    unsigned char *grown = realloc(self->answer, self->answer_size + more + 1);
    if (!grown) {
        return 0;
    }
    memcpy(grown + self->answer_size, bytes, more);
    self->answer = grown;
    self->answer_size += more;
    return more;
}

static CURLcode believe(CURL *curl, const http_exchange *exchange)
{
    return exchange->ca_file ? curl_easy_setopt(curl, CURLOPT_CAINFO, exchange->ca_file) : CURLE_OK;
}

static CURLcode prepare(CURL *curl, http_exchange *exchange, struct curl_slist *headers,
                        char *words)
{
    const struct {
        CURLoption option;
        long value;
    } numbers[] = {
        { CURLOPT_POST, 1 },
        { CURLOPT_POSTFIELDSIZE, (long)exchange->body_size },
        { CURLOPT_FOLLOWLOCATION, 0 },
        { CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS },
        { CURLOPT_TIMEOUT, TOTAL_SECONDS },
        { CURLOPT_NOSIGNAL, 1 },
    };
    CURLcode code = believe(curl, exchange);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && code == CURLE_OK; i++) {
        code = curl_easy_setopt(curl, numbers[i].option, numbers[i].value);
    }
    if (code == CURLE_OK) {
        code = curl_easy_setopt(curl, CURLOPT_URL, exchange->url);
    }
    if (code == CURLE_OK) {
        code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    }
    if (code == CURLE_OK) {
        code = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, exchange->body);
    }
    if (code == CURLE_OK) {
        code = curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    }
    if (code == CURLE_OK) {
        code = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    }
    if (code == CURLE_OK) {
        code = curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange);
    }
    if (code == CURLE_OK) {
        code = curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
    }
    return code;
}

/* What came, without what belongs to libcurl. */
static CURLcode take_head(CURL *curl, http_exchange *exchange)
{
    long status = 0;
    const char *type = NULL;
    CURLcode code = curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK) {
        code = curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    }
    exchange->status = (unsigned)status;
    snprintf(exchange->type, sizeof exchange->type, "%s", type ? type : "");
    return code;
}

static exit_status perform(CURL *curl, http_exchange *exchange, struct curl_slist *headers)
{
    char words[CURL_ERROR_SIZE] = "";
    CURLcode code = prepare(curl, exchange, headers, words);
    if (code == CURLE_OK) {
        code = curl_easy_perform(curl);
    }
    if (code == CURLE_OK) {
        code = take_head(curl, exchange);
    }
    if (code != CURLE_OK) {
        complain("cannot ask %s: %s", exchange->url,
                 words[0] != '\0' ? words : curl_easy_strerror(code));
        return EXIT_ENVIRONMENT;
    }
    return EXIT_GOOD;
}

static void forget(http_exchange *exchange)
{
    free(exchange->answer);
    exchange->answer = NULL;
    exchange->answer_size = 0;
}

exit_status http_ask(http_exchange *exchange)
{
    char type[128];
    exit_status status = EXIT_ENVIRONMENT;
    snprintf(type, sizeof type, "Content-Type: %s", exchange->content_type);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        complain("cannot ask %s: libcurl does not start", exchange->url);
        return status;
    }
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, type);
    if (curl && headers) {
        status = perform(curl, exchange, headers);
    } else {
        complain("out of memory");
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    if (status != EXIT_GOOD) {
        forget(exchange);
    }
    return status;
}

exit_status http_post(http_exchange *exchange)
{
    exit_status status = http_ask(exchange);
    if (status != EXIT_GOOD) {
        return status;
    }
    if (exchange->status != STATUS_GOOD) {
        complain("%s answers with status %u", exchange->url, exchange->status);
        status = EXIT_ENVIRONMENT;
    } else if (exchange->answer_size == 0) {
        complain("%s answers with nothing", exchange->url);
        status = EXIT_ENVIRONMENT;
    }
    if (status != EXIT_GOOD) {
        forget(exchange);
    }
    return status;
}
