/* SPDX-License-Identifier: Apache-2.0 */
#include "ca_under.h"

#include <stdlib.h>
#include <string.h>

#include "ca_certify.h"
#include "message.h"

/* The hash of a key as requests tell it. */
static exit_status hash_key(svms_ctx *ctx, const svms_private_key *key,
                            const svms_ca_options *options, uint8_t out[CA_HASH_SIZE])
{
    svms_request_options asked = SVMS_REQUEST_OPTIONS_INIT;
    svms_request_info info = SVMS_REQUEST_INFO_INIT;
    svms_request *request = NULL;
    svms_error err = SVMS_ERROR_INIT;
    size_t size = SVMS_REQUEST_MAX;
    char *pem = malloc(size);
    if (!pem) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    asked.common_name = options->common_name;
    svms_status made = svms_request_create(ctx, &asked, key, pem, &size, &err);
    if (made == SVMS_OK) {
        made = svms_request_parse(&request, ctx, pem, size, &err);
    }
    if (made == SVMS_OK) {
        made = svms_request_describe(request, &info, &err);
    }
    memcpy(out, info.key_sha256, CA_HASH_SIZE);
    svms_request_free(&request);
    free(pem);
    return made == SVMS_OK ? EXIT_GOOD : complain_error(&err, "cannot use the new key");
}

exit_status ca_under_journal(ca_folder *parent, const svms_private_key *key,
                             const svms_ca_options *options, const file_text *certificate)
{
    svms_certificate_info info;
    ca_issued entry;
    memset(&entry, 0, sizeof entry);
    exit_status status = hash_key(parent->ctx, key, options, entry.key_sha256);
    if (status == EXIT_GOOD) {
        status = ca_read_certificate(parent->ctx, certificate->bytes, &info, entry.serial);
    }
    if (status == EXIT_GOOD) {
        status = ca_folder_enter(parent);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    memcpy(entry.sha256, info.sha256, sizeof entry.sha256);
    entry.role = SVMS_ROLE_NONE;
    entry.name = options->common_name;
    entry.not_before_utc_ns = info.not_before_utc_ns;
    entry.not_after_utc_ns = info.not_after_utc_ns;
    status = ca_check_key(&parent->journal, SVMS_ROLE_NONE, entry.name, entry.key_sha256, NULL);
    if (status == EXIT_GOOD && ca_journal_find_serial(&parent->journal, entry.serial)) {
        complain("the random serial number %s is taken; nothing was made", entry.serial);
        status = EXIT_ENVIRONMENT;
    }
    if (status == EXIT_GOOD) {
        status = ca_journal_add_issued(&parent->journal, &entry, certificate->bytes);
    }
    ca_folder_leave(parent);
    return status;
}
