/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate requests: as they come, and what stands behind the signature, which no fuzzer gets
 * past. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <svms/ca.h>

#include "context_internal.h"
#include "request_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever was read keeps the rules for what is made. */
static void check(const svms_request *request)
{
    svms_request_info info = SVMS_REQUEST_INFO_INIT;
    if (svms_request_describe(request, &info, NULL) != SVMS_OK ||
        info.name_count > SVMS_NAMES_MAX || svms_request_name(request, info.name_count) != NULL) {
        abort();
    }
    if (info.common_name[0] != '\0' && svms_check_common_name(info.common_name, NULL) != SVMS_OK) {
        abort();
    }
    for (size_t i = 0; i < info.name_count; i++) {
        svms_host host;
        if (svms_read_subject_host(&host, svms_request_name(request, i), NULL) != SVMS_OK) {
            abort();
        }
    }
}

/* The input as the SEQUENCE of a subject, then as attributes. */
static void read_content(svms_ctx *ctx, const uint8_t *data, size_t size)
{
    svms_cursor cursor = svms_cursor_over(data, size, 0);
    svms_der whole;
    svms_request *request = svms_alloc(ctx, sizeof *request);
    if (!request) {
        return;
    }
    request->ctx = ctx;
    request->info = (svms_request_info)SVMS_REQUEST_INFO_INIT;
    if (size <= SVMS_REQUEST_MAX && svms_der_is_well_formed(data, size) &&
        svms_der_next(&cursor, &whole)) {
        bool is_read = svms_request_read_subject(request, &whole, NULL) == SVMS_OK;
        is_read = svms_request_read_attributes(request, &whole, NULL) == SVMS_OK || is_read;
        if (is_read) {
            check(request);
        }
    }
    svms_request_free(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    svms_ctx *ctx = NULL;
    svms_request *request = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK) {
        return 0;
    }
    if (svms_request_parse(&request, ctx, size > 0 ? (const void *)data : "", size, &err) ==
        SVMS_OK) {
        check(request);
    }
    svms_request_free(&request);
    if (size > 0) {
        read_content(ctx, data, size);
    }
    svms_ctx_free(&ctx);
    return 0;
}
