/* SPDX-License-Identifier: Apache-2.0 */
/* Export profiles, held against a request: JSON, and behind a zero byte a password, and behind
 * another one the texts of the request. */
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PARTS 4u

static void check(int good)
{
    if (!good) {
        abort();
    }
}

/* Whatever is asked for, a profile answers with a request that fits, or with words. */
static void apply(const svms_profile *profile, svms_profile_request request)
{
    svms_error err = SVMS_ERROR_INIT;
    uint32_t given = request.given;
    svms_status status = svms_profile_apply(profile, &request, &err);
    if (status == SVMS_E_POLICY) {
        check(strstr(err.message, "is locked by profile ") != NULL);
        return;
    }
    if (status == SVMS_E_IO) {
        check(err.os_error != 0); /* a destination that is not there */
        return;
    }
    check(status == SVMS_OK);
    check(request.format == SVMS_FORMAT_SVMX || (request.sealed == 0 && request.reexport == 1));
    /* What came out is given, and fits without change. */
    svms_profile_request again = request;
    again.given = given | 1u << SVMS_PROFILE_FORMATS | 1u << SVMS_PROFILE_SEALED |
                  1u << SVMS_PROFILE_REEXPORT;
    check(svms_profile_apply(profile, &again, &err) == SVMS_OK);
    check(again.format == request.format && again.sealed == request.sealed &&
          again.reexport == request.reexport && strcmp(again.folder, request.folder) == 0);
}

static void apply_all(const svms_profile *profile, const char *const *parts)
{
    static const uint8_t recipients[1][16] = { { 0 } };
    svms_profile_request request = SVMS_PROFILE_REQUEST_INIT;
    apply(profile, request);
    request.password = parts[1];
    request.password_size = strlen(parts[1]);
    request.case_number = parts[2];
    request.comment = parts[3];
    request.recipients = recipients;
    request.recipient_count = 1;
    request.from_utc_ns = 0;
    request.to_utc_ns = INT64_C(1) << 40;
    request.time_stamp = 1;
    apply(profile, request);
    request.given = 1u << SVMS_PROFILE_FORMATS | 1u << SVMS_PROFILE_DESTINATIONS |
                    1u << SVMS_PROFILE_SEALED | 1u << SVMS_PROFILE_REEXPORT;
    request.destination = "/";
    for (unsigned format = 0; format < 5; format++) {
        request.format = (svms_profile_format)format;
        request.sealed = format & 1u;
        apply(profile, request);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_ctx *ctx;
    const char *parts[PARTS];
    svms_profile *profile = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (ctx == NULL && svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK) {
        abort();
    }
    char *copy = malloc(size + 1);
    check(copy != NULL);
    memcpy(copy, data, size);
    copy[size] = '\0';
    size_t at = 0;
    for (size_t i = 0; i < PARTS; i++) {
        parts[i] = copy + at;
        at += strlen(copy + at);
        at += at < size ? 1 : 0;
    }
    svms_status status = svms_profile_parse(&profile, ctx, copy, strlen(copy), &err);
    if (status == SVMS_OK) {
        check(svms_profile_name(profile)[0] != '\0');
        apply_all(profile, parts);
    } else {
        check((status == SVMS_E_MALFORMED || status == SVMS_E_UNSUPPORTED) && profile == NULL &&
              err.message[0] != '\0');
    }
    svms_profile_free(&profile);
    free(copy);
    return 0;
}
