/* SPDX-License-Identifier: Apache-2.0 */
#include "ca_certificate.h"

#include <string.h>
#include <strings.h>

#include "message.h"

#define NS_PER_SECOND INT64_C(1000000000)

exit_status ca_describe_certificate(const svms_chain *chain, svms_certificate_info *info)
{
    svms_error err = SVMS_ERROR_INIT;
    *info = (svms_certificate_info)SVMS_CERTIFICATE_INFO_INIT;
    if (svms_chain_certificate(chain, 0, info, &err) != SVMS_OK) {
        return complain_error(&err, "cannot use the certificate");
    }
    info->not_after_utc_ns -= info->not_after_utc_ns % NS_PER_SECOND;
    return EXIT_GOOD;
}

exit_status ca_read_certificate(svms_ctx *ctx, const char *pem, svms_certificate_info *info,
                                char serial[CA_SERIAL_TEXT])
{
    svms_chain *chain = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_chain_from_pem(&chain, ctx, pem, strlen(pem), &err) != SVMS_OK) {
        return complain_error(&err, "cannot use the certificate");
    }
    exit_status status = ca_describe_certificate(chain, info);
    svms_chain_free(&chain);
    if (status == EXIT_GOOD && !ca_serial_parse(serial, info->serial)) {
        complain("a certificate has a serial number that none may have");
        status = EXIT_MALFORMED;
    }
    return status;
}

bool ca_serial_parse(char out[CA_SERIAL_TEXT], const char *text)
{
    char digits[CA_SERIAL_TEXT + 1];
    size_t used = 0;
    for (text += strncasecmp(text, "0x", 2) == 0 ? 2 : 0; *text; text++) {
        const char *digit = strchr("0123456789abcdefABCDEF", *text);
        if (*text == ':' || (used == 0 && *text == '0')) {
            continue;
        }
        if (!digit || used == CA_SERIAL_TEXT - 1) {
            return false;
        }
        digits[used++] = (char)(*text >= 'A' && *text <= 'F' ? *text - 'A' + 'a' : *text);
    }
    digits[used] = '\0';
    size_t odd = used % 2;
    out[0] = '0';
    memcpy(out + odd, digits, used + 1);
    return used > 0;
}
