/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes and compares passwords for test_password_tools.py: the password comes on standard input.
 * Usage: password_peer hash argon2id|scrypt KIB PASSES LANES   prints the PHC string
 *        password_peer verify HASH                             prints "right", "wrong" or the
 * status */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

static char password[SVMS_PASSWORD_MAX + 1];
static size_t size;

static int tell(svms_status status, const svms_error *err, const char *answer)
{
    if (status != SVMS_OK) {
        fprintf(stderr, "%s\n", err->message);
    }
    puts(status == SVMS_OK ? answer : svms_status_name(status));
    return status == SVMS_E_UNSUPPORTED ? 77 : 0;
}

static int hash(svms_ctx *ctx, char **arguments)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_password_cost cost = SVMS_PASSWORD_COST_INIT;
    char text[SVMS_PASSWORD_HASH_SIZE] = "";
    cost.scheme =
        strcmp(arguments[0], "scrypt") == 0 ? SVMS_PASSWORD_SCRYPT : SVMS_PASSWORD_ARGON2ID;
    cost.memory_kib = (uint32_t)strtoul(arguments[1], NULL, 10);
    cost.passes = (uint32_t)strtoul(arguments[2], NULL, 10);
    cost.lanes = (uint32_t)strtoul(arguments[3], NULL, 10);
    svms_status status = svms_password_hash(ctx, &cost, password, size, text, &err);
    return tell(status, &err, text);
}

static int verify(svms_ctx *ctx, const char *text)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_password_result result = SVMS_PASSWORD_RESULT_INIT;
    svms_status status = svms_password_verify(ctx, text, NULL, password, size, &result, &err);
    return tell(status, &err, result.is_right ? "right" : "wrong");
}

int main(int count, char **arguments)
{
    svms_ctx *ctx = NULL;
    int result = 2;
    size = fread(password, 1, sizeof password, stdin);
    if (svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK) {
        return 3;
    }
    if (count == 6 && strcmp(arguments[1], "hash") == 0) {
        result = hash(ctx, arguments + 2);
    } else if (count == 3 && strcmp(arguments[1], "verify") == 0) {
        result = verify(ctx, arguments[2]);
    }
    svms_ctx_free(&ctx);
    return result;
}
