/* SPDX-License-Identifier: Apache-2.0 */
#include "token_output.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/crypto.h>
#include <svms/time.h>

#include "file.h"
#include "message.h"
#include "token_input.h"
#include "token_parts.h"

#define PRIVATE_MODE (S_IRUSR | S_IWUSR)

exit_status token_put(const char *token, size_t size, const char *path, bool replace)
{
    char line[TOKEN_CAPACITY + 1];
    char until[SVMS_TIME_TEXT_SIZE];
    token_parts parts;
    const file_text text = { line, size };
    if (!path) {
        puts(token);
        return EXIT_GOOD;
    }
    memcpy(line, token, size);
    line[size] = '\n';
    line[size + 1] = '\0';
    const new_file file = { path, PRIVATE_MODE, line, size + 1 };
    exit_status status = file_write(&file, 1, replace);
    if (status == EXIT_GOOD) {
        status = token_parts_read(&parts, &text);
    }
    if (status == EXIT_GOOD) {
        const char *id = token_parts_text(&parts, "jti");
        svms_time_format(token_parts_time(&parts, "exp"), until);
        print_line(stdout, "Token         %s (%zu bytes; keep it secret)", path, size);
        print_line(stdout, "Id            %s", id ? id : "none");
        print_line(stdout, "Valid until   %s", until);
        token_parts_free(&parts);
    }
    OPENSSL_cleanse(line, sizeof line);
    return status;
}
