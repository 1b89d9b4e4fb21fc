/* SPDX-License-Identifier: Apache-2.0 */
#include "token_input.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "keys.h"
#include "message.h"
#include "options.h"

/* More than a token may have, so that the library says what is wrong with a longer one. */
#define MAX_TOKEN_FILE ((size_t)65536)
#define MAX_RIGHTS_FILE ((size_t)65536)

static const char token_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

/* Rather a token than the name of a file that is missing: it begins as every token does whose
 * header is an object, or has its three parts. */
static bool looks_like_token(const char *operand)
{
    size_t dots = 0;
    for (const char *place = operand; *place; place++) {
        dots += *place == '.';
    }
    return strncmp(operand, "eyJ", strlen("eyJ")) == 0 ||
           (dots == 2 && operand[strspn(operand, token_alphabet)] == '\0');
}

static exit_status copy_operand(file_text *out, const char *operand)
{
    size_t size = strlen(operand);
    out->bytes = malloc(size + 1);
    if (!out->bytes) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    memcpy(out->bytes, operand, size + 1);
    out->size = size;
    return EXIT_GOOD;
}

static void take_off_line_end(file_text *text)
{
    if (text->size > 0 && text->bytes[text->size - 1] == '\n') {
        text->size--;
    }
    if (text->size > 0 && text->bytes[text->size - 1] == '\r') {
        text->size--;
    }
    text->bytes[text->size] = '\0';
}

exit_status token_read(file_text *out, const char *operand)
{
    exit_status status;
    if (strcmp(operand, "-") == 0) {
        status = file_read_handle(out, STDIN_FILENO, "standard input", MAX_TOKEN_FILE, false);
    } else if (!file_exists(operand) && looks_like_token(operand)) {
        return copy_operand(out, operand);
    } else {
        status = file_read(out, operand, MAX_TOKEN_FILE, true);
    }
    if (status == EXIT_GOOD) {
        take_off_line_end(out);
    }
    return status;
}

exit_status token_read_rights(file_text *out, const char *path)
{
    file_text text = { NULL, 0 };
    json_error_t where;
    exit_status status = file_read(&text, path, MAX_RIGHTS_FILE, false);
    if (status != EXIT_GOOD) {
        return status;
    }
    json_t *rights = json_loadb(text.bytes, text.size, JSON_REJECT_DUPLICATES, &where);
    if (!rights || !json_is_array(rights)) {
        complain("cannot use the rights %s: %s", path,
                 rights ? "they are no list" : "they are no JSON");
        if (!rights) {
            complain("line %d, column %d: %s", where.line, where.column, where.text);
        }
        status = EXIT_MALFORMED;
    } else {
        out->bytes = json_dumps(rights, JSON_COMPACT);
        out->size = out->bytes ? strlen(out->bytes) : 0;
    }
    if (status == EXIT_GOOD && !out->bytes) {
        complain("out of memory");
        status = EXIT_ENVIRONMENT;
    }
    json_decref(rights);
    file_text_free(&text);
    return status;
}

exit_status token_read_certificate(uint8_t out[TOKEN_DIGEST_SIZE], svms_ctx *ctx, const char *path)
{
    svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_chain *chain = NULL;
    exit_status status = load_chain(&chain, ctx, path);
    if (status == EXIT_GOOD && svms_chain_certificate(chain, 0, &info, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot use the certificate %s", path);
    }
    if (status == EXIT_GOOD) {
        memcpy(out, info.sha256, TOKEN_DIGEST_SIZE);
    }
    svms_chain_free(&chain);
    return status;
}

exit_status token_check_text(const char *command, const char *option, const char *text)
{
    json_t *value = text ? json_string(text) : NULL;
    bool good = !text || (value && text[0] != '\0');
    json_decref(value);
    return good ? EXIT_GOOD : usage_error(command, "--%s is empty, or not UTF-8", option);
}

exit_status token_read_span(uint32_t *out, const char *command, const char *option,
                            const char *text)
{
    static const struct {
        const char *name;
        uint32_t seconds;
    } units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };
    size_t digits = strspn(text, "0123456789");
    /* Nine digits are more than enough, and no overflow. */
    uint64_t number = digits > 0 && digits < 10 ? strtoull(text, NULL, 10) : 0;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        uint64_t seconds = number * units[i].seconds;
        if (strcmp(text + digits, units[i].name) == 0 && seconds > 0 && seconds <= TOKEN_LIFE_MAX) {
            *out = (uint32_t)seconds;
            return EXIT_GOOD;
        }
    }
    return usage_error(command,
                       "--%s is a time such as 90s, 15m, 8h or 2d, and at most 366d, not '%s'",
                       option, text);
}
