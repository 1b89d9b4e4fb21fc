/* SPDX-License-Identifier: Apache-2.0 */
/* A file of certificates, requests or revocation lists, in PEM or DER. */
#include <string.h>

#include "file.h"
#include "tls_check.h"

#define FILE_MAX ((size_t)16 * 1024 * 1024)

static bool is_pem(const file_text *text)
{
    static const char begin[] = "-----BEGIN ";
    const char *place = text->bytes;
    size_t left = text->size;
    while (left >= sizeof begin - 1) {
        if (memcmp(place, begin, sizeof begin - 1) == 0) {
            return true;
        }
        const char *next = memchr(place + 1, '-', left - 1);
        if (!next) {
            return false;
        }
        left -= (size_t)(next - place);
        place = next;
    }
    return false;
}

void check_file(check_report *report, const check_means *means)
{
    file_text text = { NULL, 0 };
    if (file_read(&text, report->target, FILE_MAX, false) != EXIT_GOOD) {
        check_find(report, CHECK_UNREACHABLE, "unreadable", "the file cannot be read");
        return;
    }
    const uint8_t *der = (const uint8_t *)text.bytes;
    bool good = is_pem(&text) ? check_add_pem(report, means, text.bytes, text.size)
                              : check_add_certificate(report, means, der, text.size) ||
                                    check_add_list(report, means, der, text.size) ||
                                    check_add_request(report, means, der, text.size);
    if (!good) {
        check_find(report, CHECK_MALFORMED, "malformed",
                   "the file is damaged, or holds something else than certificates, requests and "
                   "lists");
    } else if (report->item_count == 0) {
        check_find(report, CHECK_MALFORMED, "empty",
                   "the file holds no certificate, request or list");
    }
    check_paths(report, means);
    file_text_free(&text);
}
