/* SPDX-License-Identifier: Apache-2.0 */
/* Writes what an authority hands out into a folder, for authority_accepted.py.
 * Usage: write_authority FOLDER KIND, where KIND is a kind of workshop_key(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <svms/time.h>

#include "ca_workshop.h"
#include "certificate.h"
#include "fixture.h"

#define DAY INT64_C(86400000000000)

static const char *folder;
static svms_ctx *ctx;

static void save(const char *name, const void *data, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void save_text(const char *name, const workshop_text *text)
{
    save(name, text->data, text->size);
}

static svms_revoked revocation_of(const svms_chain *chain, int64_t now)
{
    svms_revoked revoked = SVMS_REVOKED_INIT;
    const ASN1_INTEGER *serial = X509_get0_serialNumber(sk_X509_value(chain->certificates, 0));
    revoked.serial_size = (uint32_t)ASN1_STRING_length(serial);
    memcpy(revoked.serial, ASN1_STRING_get0_data(serial), revoked.serial_size);
    revoked.revoked_utc_ns = now - DAY;
    revoked.invalid_utc_ns = now - 3 * DAY;
    revoked.reason = SVMS_REASON_KEY_COMPROMISE;
    return revoked;
}

static void write_lists(const workshop_ca *by, const svms_chain *good, const svms_chain *bad)
{
    int64_t now = svms_utc_now(ctx);
    svms_revoked revoked = revocation_of(bad, now);
    workshop_text out = { .size = sizeof out.data };
    assert_int_equal(
        svms_ca_list(by->ca, 7, now, now + DAY, &revoked, 1, out.data, &out.size, NULL), SVMS_OK);
    save_text("list.pem", &out);
    out.size = sizeof out.data;
    assert_int_equal(svms_ca_ocsp(by->ca, good, NULL, now, now + DAY, out.data, &out.size, NULL),
                     SVMS_OK);
    save_text("good.ocsp", &out);
    out.size = sizeof out.data;
    assert_int_equal(svms_ca_ocsp(by->ca, bad, &revoked, now, now + DAY, out.data, &out.size, NULL),
                     SVMS_OK);
    save_text("revoked.ocsp", &out);
    out.size = sizeof out.data;
    assert_int_equal(svms_chain_to_pkcs7(good, out.data, &out.size, NULL), SVMS_OK);
    save_text("certificates.p7", &out);
}

static void write_leaf(const workshop_ca *by, svms_role role, const svms_request *request)
{
    static const char *const names[] = { "host.site.example", "10.1.2.3", "fd00::7" };
    svms_issue_options options = workshop_issue_options(role);
    workshop_text text;
    char name[64];
    bool has_names = role == SVMS_ROLE_CAMERA || role == SVMS_ROLE_RECORDER ||
                     role == SVMS_ROLE_SERVER || role == SVMS_ROLE_CLIENT_DEVICE;
    options.common_name = svms_role_name(role);
    options.names = names;
    options.name_count = has_names ? 3 : 0;
    options.crl_uri = "http://ca.site.example/list.crl";
    workshop_issue_pem(by, &options, request, &text);
    snprintf(name, sizeof name, "%s.pem", svms_role_name(role));
    save_text(name, &text);
}

static void write_all(const char *kind)
{
    static const char *const permitted[] = { "site.example", "10.0.0.0/8", "fd00::/8" };
    static const char *const names[] = { "host.site.example", "10.1.2.3" };
    workshop_ca root;
    workshop_ca issuing;
    workshop_text text = { .size = sizeof text.data };
    svms_ca_options below = workshop_ca_options("Issuing", 0);
    svms_request_options wishes = SVMS_REQUEST_OPTIONS_INIT;
    svms_issue_options options = workshop_issue_options(SVMS_ROLE_CAMERA);
    svms_request *request = NULL;
    svms_private_key *key = workshop_key(ctx, kind);
    below.permitted = permitted;
    below.permitted_count = 3;
    workshop_open(&root, ctx, kind, NULL, NULL);
    workshop_open(&issuing, ctx, kind, &below, &root);
    save_text("root.pem", &root.certificate);
    save_text("issuing.pem", &issuing.certificate);
    wishes.role = SVMS_ROLE_CAMERA;
    wishes.common_name = "T\xC3\xBCr";
    wishes.names = names;
    wishes.name_count = 2;
    assert_int_equal(svms_request_create(ctx, &wishes, key, text.data, &text.size, NULL), SVMS_OK);
    save_text("request.pem", &text);
    assert_int_equal(svms_request_parse(&request, ctx, text.data, text.size, NULL), SVMS_OK);
    for (svms_role role = SVMS_ROLE_CAMERA; role <= SVMS_ROLE_UPDATE; role++) {
        if (svms_role_oid(role)) {
            write_leaf(&issuing, role, request);
        }
    }
    svms_chain *good = workshop_issue(ctx, &issuing, &options, request);
    svms_chain *bad = workshop_issue(ctx, &issuing, &options, request);
    size_t size = sizeof text.data;
    assert_int_equal(svms_chain_to_pem(good, text.data, &size, NULL), SVMS_OK);
    save("good.pem", text.data, size);
    size = sizeof text.data;
    assert_int_equal(svms_chain_to_pem(bad, text.data, &size, NULL), SVMS_OK);
    save("revoked.pem", text.data, size);
    write_lists(&issuing, good, bad);
    svms_chain_free(&bad);
    svms_chain_free(&good);
    svms_request_free(&request);
    workshop_close(&issuing);
    workshop_close(&root);
    svms_private_key_free(&key);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        return 2;
    }
    folder = argv[1];
    ctx = fixture_context(NULL);
    write_all(argv[2]);
    svms_ctx_free(&ctx);
    return 0;
}
