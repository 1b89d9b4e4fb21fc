/* SPDX-License-Identifier: Apache-2.0 */
/* What strangers send to an enrolment server: base64, name and code. The first byte chooses. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "est_body.h"
#include "est_code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* There is one way to write what was read, but for white space. */
static void check_base64(const char *text, size_t size)
{
    size_t used = 0;
    size_t again_size = 0;
    unsigned char *out = malloc(size / 4 * 3 + 3);
    unsigned char *again = NULL;
    char *written = NULL;
    if (out && est_base64_decode(text, size, out, &used)) {
        written = malloc(est_base64_room(used));
        size_t length = written ? est_base64_encode(out, used, written) : 0;
        again = malloc(length / 4 * 3 + 3);
        if (written && again &&
            (length >= est_base64_room(used) ||
             !est_base64_decode(written, length, again, &again_size) || again_size != used ||
             memcmp(again, out, used) != 0)) {
            abort();
        }
    }
    free(again);
    free(written);
    free(out);
}

static void check_code(const char *text, size_t size)
{
    est_code code;
    est_code again;
    char written[EST_CODE_TEXT_SIZE];
    if (est_code_parse(&code, text, size) == EST_CODE_GOOD) {
        est_code_format(&code, written);
        if (est_code_parse(&again, written, strlen(written)) != EST_CODE_GOOD ||
            memcmp(&code, &again, sizeof code) != 0) {
            abort();
        }
    }
}

static void check_login(const char *text, size_t size)
{
    est_login login;
    if (est_login_parse(&login, text, size) &&
        (strlen(login.name) > EST_NAME_MAX || strchr(login.password, ':'))) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const checks[])(const char *, size_t) = { check_login, check_base64, check_code };
    if (size > 0) {
        /* Memory of its own, so that a read beyond it is found. */
        char *text = malloc(size);
        if (text) {
            memcpy(text, data + 1, size - 1);
            checks[data[0] % 3](text, size - 1);
        }
        free(text);
    }
    return 0;
}
