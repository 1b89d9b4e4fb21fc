/* SPDX-License-Identifier: Apache-2.0 */
/* I-REQ-16: writing certificates for enrolment. */
#include <string.h>

#include <svms/ca.h>

#include "certificate.h"
#include "der_put.h"
#include "failure.h"
#include "pkcs7.h"

/* What stands around the certificates, at most. */
#define ENVELOPE_MAX 80

typedef struct run {
    const uint8_t *der;
    size_t size;
} run;

/* The order of a set in DER (X.690, 11.6). */
static bool comes_before(const run *a, const run *b)
{
    size_t common = a->size < b->size ? a->size : b->size;
    int order = memcmp(a->der, b->der, common);
    return order < 0 || (order == 0 && a->size < b->size);
}

static size_t collect(run runs[SVMS_CHAIN_MAX_CERTIFICATES], const svms_chain *chain)
{
    size_t wire_size = 0;
    const uint8_t *wire = svms_chain_wire(chain, &wire_size);
    svms_cursor cursor = svms_cursor_over(wire, wire_size, 0);
    size_t count = 0;
    while (!svms_cursor_at_end(&cursor) && count < SVMS_CHAIN_MAX_CERTIFICATES) {
        run next;
        next.size = svms_read_u32(&cursor);
        next.der = svms_read_bytes(&cursor, next.size);
        size_t at = count++;
        for (; at > 0 && comes_before(&next, &runs[at - 1]); at--) {
            runs[at] = runs[at - 1];
        }
        runs[at] = next;
    }
    return count;
}

static void put_message(svms_builder *out, const run *runs, size_t count)
{
    static const uint8_t signed_data[] = SVMS_PKCS7_SIGNED_DATA;
    static const uint8_t data[] = SVMS_PKCS7_DATA;
    size_t info = svms_der_open(out, SVMS_DER_SEQUENCE);
    svms_der_put(out, SVMS_DER_OID, signed_data, sizeof signed_data);
    size_t tagged = svms_der_open(out, SVMS_DER_CONSTRUCTED(0));
    size_t whole = svms_der_open(out, SVMS_DER_SEQUENCE);
    svms_der_put_number(out, SVMS_PKCS7_VERSION);
    svms_der_put(out, SVMS_DER_SET, NULL, 0);
    size_t content = svms_der_open(out, SVMS_DER_SEQUENCE);
    svms_der_put(out, SVMS_DER_OID, data, sizeof data);
    svms_der_close(out, content);
    size_t certificates = svms_der_open(out, SVMS_DER_CONSTRUCTED(0));
    for (size_t i = 0; i < count; i++) {
        svms_put_bytes(out, runs[i].der, runs[i].size);
    }
    svms_der_close(out, certificates);
    svms_der_put(out, SVMS_DER_SET, NULL, 0);
    svms_der_close(out, whole);
    svms_der_close(out, tagged);
    svms_der_close(out, info);
}

svms_status svms_chain_to_pkcs7(const svms_chain *chain, void *out, size_t *size, svms_error *err)
{
    if (!chain || !size || (!out && *size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    run runs[SVMS_CHAIN_MAX_CERTIFICATES];
    size_t count = collect(runs, chain);
    svms_builder message = svms_builder_new(chain->ctx, SVMS_CHAIN_MAX_SIZE + ENVELOPE_MAX);
    put_message(&message, runs, count);
    svms_status status = svms_builder_check(&message, "a PKCS #7 message", err);
    if (status == SVMS_OK && (!out || *size < message.size)) {
        *size = message.size;
        status = svms_fail(err, SVMS_E_LIMIT, "the PKCS #7 message needs a buffer of %zu bytes",
                           message.size);
    } else if (status == SVMS_OK) {
        memcpy(out, message.data, message.size);
        *size = message.size;
    }
    svms_builder_clear(&message);
    return status;
}
