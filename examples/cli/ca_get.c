/* SPDX-License-Identifier: Apache-2.0 */
/* svms ca get: a certificate that was issued before, handed out again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

#include "ca_command.h"
#include "ca_folder.h"
#include "ca_key.h"
#include "ca_public_file.h"
#include "message.h"
#include "options.h"

#define COMMAND "ca get"

typedef struct get_request {
    operand_list operands;
    const char *output;
} get_request;

static exit_status write_chain(const ca_folder *folder, const char *leaf, const char *path)
{
    size_t size = strlen(leaf);
    char *whole = malloc(size + folder->pem.size);
    if (!whole) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    memcpy(whole, leaf, size);
    memcpy(whole + size, folder->pem.bytes, folder->pem.size);
    exit_status status = ca_write_public(path, whole, size + folder->pem.size, false);
    free(whole);
    return status;
}

static exit_status hand_out(const ca_folder *folder, const get_request *request)
{
    char serial[CA_SERIAL_TEXT];
    char *leaf = NULL;
    const ca_issued *entry = ca_serial_parse(serial, request->operands.items[1])
                                 ? ca_journal_find_serial(&folder->journal, serial)
                                 : NULL;
    if (!entry) {
        complain("%s issued no certificate %s", folder->path, request->operands.items[1]);
        return EXIT_USAGE;
    }
    exit_status status = ca_journal_certificate(&folder->journal, entry, &leaf);
    if (status == EXIT_GOOD) {
        status = write_chain(folder, leaf, request->output);
    }
    if (status == EXIT_GOOD) {
        print_line(stdout, "Certificate   %s", request->output);
        print_line(stdout, "Issued to     %s, %s%s", entry->name, ca_role_name(entry->role),
                   entry->revoked ? ", and REVOKED" : "");
    }
    free(leaf);
    return status;
}

static exit_status get(const get_request *request)
{
    svms_ctx *ctx = NULL;
    ca_folder folder;
    exit_status status = file_check_new(request->output);
    if (status == EXIT_GOOD) {
        status = ca_make_context(&ctx);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    status = ca_folder_open(&folder, ctx, request->operands.items[0], false);
    if (status == EXIT_GOOD) {
        status = ca_folder_enter(&folder);
        if (status == EXIT_GOOD) {
            status = hand_out(&folder, request);
        }
        ca_folder_close(&folder);
    }
    svms_ctx_free(&ctx);
    return status;
}

static const option_spec options[] = {
    { "out", "FILE", "the certificate, then its authorities; never replaces", OPTION_TEXT,
      offsetof(get_request, output), NULL, 0, 0 },
};

static const command_line line = {
    COMMAND,
    "DIR SERIAL --out FILE",
    "Hands out a certificate again that was issued before. Needs no passphrase.",
    options,
    sizeof options / sizeof options[0],
    "DIR",
    offsetof(get_request, operands)
};

exit_status command_ca_get(int count, char **arguments)
{
    get_request request;
    memset(&request, 0, sizeof request);
    parse_result parsed = options_parse_many(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (request.operands.count != 2) {
        return usage_error(COMMAND, "DIR and SERIAL are expected");
    }
    if (!request.output) {
        return usage_error(COMMAND, "--out is missing");
    }
    return get(&request);
}
