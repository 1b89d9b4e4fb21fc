/* SPDX-License-Identifier: Apache-2.0 */
/* svms token inspect: what a token says, whoever wrote it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/time.h>

#include "json_output.h"
#include "message.h"
#include "options.h"
#include "token_command.h"
#include "token_input.h"
#include "token_parts.h"

typedef struct inspect_request {
    const char *token;
    bool json;
} inspect_request;

static const struct {
    const char *claim;
    const char *label;
} times[] = {
    { "auth_time", "Logged in" },
    { "iat", "Issued" },
    { "nbf", "Valid from" },
    { "exp", "Valid until" },
};

/* Of bytes that nobody vouches for, only printing ASCII as it is. NULL: out of memory. */
static char *escape(const file_text *text)
{
    static const char digits[] = "0123456789abcdef";
    char *out = malloc(4 * text->size + 1);
    size_t used = 0;
    for (size_t i = 0; out && i < text->size; i++) {
        unsigned char byte = (unsigned char)text->bytes[i];
        if (byte >= 0x20 && byte < 0x7f && byte != '\\') {
            out[used++] = (char)byte;
            continue;
        }
        out[used++] = '\\';
        out[used++] = 'x';
        out[used++] = digits[byte >> 4];
        out[used++] = digits[byte & 15];
    }
    if (out) {
        out[used] = '\0';
    }
    return out;
}

static exit_status print_part(const char *label, const token_part *part)
{
    exit_status status = EXIT_GOOD;
    if (part->json) {
        printf("%s\n", label);
        return json_print(json_incref(part->json));
    }
    print_line(stdout, "%-13s %s", label, part->problem);
    char *escaped = part->bytes.bytes ? escape(&part->bytes) : NULL;
    if (escaped) {
        printf("%s\n", escaped);
    } else if (part->bytes.bytes) {
        complain("out of memory");
        status = EXIT_ENVIRONMENT;
    }
    free(escaped);
    return status;
}

static exit_status print_text(const token_parts *parts)
{
    print_line(stdout, "Verdict       NOT VERIFIED: anybody can have written this");
    exit_status status = print_part("Header", &parts->header);
    if (status == EXIT_GOOD) {
        status = print_part("Claims", &parts->claims);
    }
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        int64_t when = token_parts_time(parts, times[i].claim);
        char text[SVMS_TIME_TEXT_SIZE];
        if (when != SVMS_NO_TIME) {
            svms_time_format(when, text);
            print_line(stdout, "%-13s %s, as it says", times[i].label, text);
        }
    }
    if (parts->signature_is_text) {
        print_line(stdout, "Signature     %zu bytes, not looked at", parts->signature_size);
    } else {
        print_line(stdout, "Signature     is not base64url");
    }
    return status;
}

static json_t *part_to_json(const token_part *part)
{
    char *escaped = part->bytes.bytes && !part->json ? escape(&part->bytes) : NULL;
    json_t *object =
        json_pack("{s:O?, s:o, s:o}", "json", part->json, "escaped", json_text(escaped), "problem",
                  json_text(part->problem[0] != '\0' ? part->problem : NULL));
    free(escaped);
    return object;
}

static exit_status print_json(const token_parts *parts)
{
    json_t *signature_size =
        parts->signature_is_text ? json_integer((json_int_t)parts->signature_size) : json_null();
    return json_print(json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "verified", 0, "header",
                                part_to_json(&parts->header), "claims",
                                part_to_json(&parts->claims), "signature_bytes", signature_size,
                                "authenticated", json_time(token_parts_time(parts, "auth_time")),
                                "issued", json_time(token_parts_time(parts, "iat")), "not_before",
                                json_time(token_parts_time(parts, "nbf")), "expires",
                                json_time(token_parts_time(parts, "exp"))));
}

static exit_status run(const inspect_request *request)
{
    token_parts parts;
    file_text token = { NULL, 0 };
    memset(&parts, 0, sizeof parts);
    exit_status status = token_read(&token, request->token);
    if (status == EXIT_GOOD) {
        status = token_parts_read(&parts, &token);
    }
    if (status == EXIT_GOOD) {
        complain("warning: nothing of this token has been verified: 'svms token verify' judges");
        status = request->json ? print_json(&parts) : print_text(&parts);
    }
    if (status == EXIT_GOOD &&
        (!parts.header.json || !parts.claims.json || !parts.signature_is_text)) {
        status = EXIT_MALFORMED;
    }
    token_parts_free(&parts);
    file_text_free(&token);
    return status;
}

static const option_spec options[] = {
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(inspect_request, json), NULL, 0,
      0 },
};

static const command_line line = {
    "token inspect",
    "TOKEN|FILE|- [--json]",
    "Shows what a token says. NOTHING OF IT IS VERIFIED: anybody can write a token.",
    options,
    sizeof options / sizeof options[0],
    "TOKEN, FILE or -",
    offsetof(inspect_request, token)
};

exit_status command_token_inspect(int count, char **arguments)
{
    inspect_request request;
    memset(&request, 0, sizeof request);
    parse_result parsed = options_parse(&line, &request, count, arguments);
    return parsed == PARSE_READY ? run(&request) : parse_exit(parsed);
}
