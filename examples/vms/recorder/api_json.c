/* SPDX-License-Identifier: Apache-2.0 */
/* JSON that is sent, and JSON that came. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"

static void answer(web_exchange *exchange, http_status status, json_t *body, const web_pair *fields)
{
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    if (text) {
        web_answer(exchange, status, "application/json", text, strlen(text), fields);
    } else {
        web_answer_words(exchange, HTTP_INTERNAL, "out of memory");
    }
    free(text);
}

void api_answer(web_exchange *exchange, http_status status, json_t *body)
{
    answer(exchange, status, body, NULL);
}

void api_refuse(web_exchange *exchange, http_status status, const char *words)
{
    static const web_pair later[] = { { "Retry-After", "10" }, { NULL, NULL } };
    answer(exchange, status, json_pack("{s:o}", "error", api_text(words)),
           status == HTTP_UNAVAILABLE ? later : NULL);
}

void api_fail(recorder_web *web, web_exchange *exchange, const svms_error *err, const char *what)
{
    service_log_error(web->options.parts->service, SERVICE_ERROR, err, "HTTPS: %s", what);
    api_refuse(exchange, HTTP_INTERNAL, what);
}

json_t *api_text(const char *text)
{
    json_t *value = json_string(text);
    if (value) {
        return value;
    }
    size_t size = strlen(text);
    char *plain = malloc(size + 1);
    if (!plain) {
        return NULL;
    }
    for (size_t i = 0; i <= size; i++) {
        plain[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
    }
    value = json_string(plain);
    free(plain);
    return value;
}

json_t *api_time(int64_t utc_ns)
{
    char text[SVMS_TIME_TEXT_SIZE];
    if (utc_ns == SVMS_NO_TIME) {
        return json_null();
    }
    svms_time_format(utc_ns, text);
    return json_string(text);
}

json_t *api_hex(const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    char text[129];
    for (size_t i = 0; i < size && i < 64; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    return json_stringn(text, 2 * (size < 64 ? size : 64));
}

bool api_append(json_t *list, json_t *entry)
{
    return json_array_append_new(list, entry) == 0;
}

static const api_member *find(const char *name, const api_member *members)
{
    while (members->name && strcmp(members->name, name) != 0) {
        members++;
    }
    return members->name ? members : NULL;
}

/* NULL: it may stand there. */
static const char *why_not(const api_member *member, const json_t *value)
{
    if (!member) {
        return "is known to nobody";
    }
    bool is_type =
        member->type == JSON_TRUE ? json_is_boolean(value) : json_typeof(value) == member->type;
    if (!is_type) {
        return "is of another type";
    }
    return json_is_string(value) && json_string_length(value) > member->most ? "is too long" : NULL;
}

static bool is_good(const api_caller *caller, json_t *body, const api_member *members)
{
    const char *name = NULL;
    json_t *value = NULL;
    char words[160];
    json_object_foreach(body, name, value)
    {
        const char *why = why_not(find(name, members), value);
        if (why) {
            (void)snprintf(words, sizeof words, "the member '%.60s' %s", name, why);
            api_refuse(caller->exchange, HTTP_BAD_REQUEST, words);
            return false;
        }
    }
    return true;
}

json_t *api_body(const api_caller *caller, const api_member *members)
{
    json_error_t where;
    const web_request *request = caller->request;
    const http_slice *type = http_find(request->head, "content-type");
    if (!type || !http_type_is(*type, "application/json")) {
        api_refuse(caller->exchange, HTTP_WRONG_TYPE, "the body must be application/json");
        return NULL;
    }
    json_t *body = json_loadb(request->body ? request->body : "", request->body_size,
                              JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(body)) {
        json_decref(body);
        api_refuse(caller->exchange, HTTP_BAD_REQUEST, "the body is no JSON object");
        return NULL;
    }
    if (!is_good(caller, body, members)) {
        json_decref(body);
        return NULL;
    }
    return body;
}
