/* SPDX-License-Identifier: Apache-2.0 */
#include "http_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void http_answer_words(http_answer *out, http_status status, const char *words)
{
    size_t size = strlen(words);
    out->status = status;
    out->type = "text/plain; charset=utf-8";
    out->base64 = false;
    out->body = malloc(size + 2);
    out->body_size = 0;
    if (out->body) {
        (void)snprintf(out->body, size + 2, "%s\n", words);
        out->body_size = size + 1;
    }
}
