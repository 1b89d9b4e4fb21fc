/* SPDX-License-Identifier: Apache-2.0 */
/* What an authority refuses to certify, whoever asks: it looks itself whether a code is open, and
 * whether a certificate may be renewed. */
#include "cmocka_all.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ca_certify.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_DAY (86400 * NS_PER_SECOND)
#define NAME "Gate"
#define OPEN_CODE "00000001"
#define LATE_CODE "00000002"
#define VOID_CODE "00000003"

static char folder_path[] = "/tmp/svms-certify-XXXXXX";
static const char *const hosts[] = { "gate.example" };

static char *pem_room(size_t *size)
{
    *size = 16384;
    char *pem = calloc(1, *size);
    assert_non_null(pem);
    return pem;
}

static void open_authority(ca_folder *folder, int64_t now)
{
    svms_ca_options options = SVMS_CA_OPTIONS_INIT;
    size_t size = 0;
    char *pem = pem_room(&size);
    options.common_name = "Test CA";
    options.not_before_utc_ns = now - NS_PER_DAY;
    options.not_after_utc_ns = now + 1000 * NS_PER_DAY;
    assert_int_equal(svms_ctx_new(&folder->ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_private_key_generate(&folder->key, folder->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_ca_create(folder->ctx, &options, folder->key, NULL, pem, &size, NULL),
                     SVMS_OK);
    assert_int_equal(svms_chain_from_pem(&folder->chain, folder->ctx, pem, size, NULL), SVMS_OK);
    assert_int_equal(
        svms_ca_open(&folder->authority, folder->ctx, folder->chain, folder->key, NULL), SVMS_OK);
    assert_int_equal(ca_describe_certificate(folder->chain, &folder->info), EXIT_GOOD);
    folder->pem = (file_text){ pem, size };
}

static void add_code(ca_folder *folder, const char *id, int64_t until)
{
    ca_code code = {
        .role = SVMS_ROLE_CAMERA, .name = NAME, .hosts = { hosts, 0 }, .until_utc_ns = until
    };
    memcpy(code.id, id, CA_CODE_ID_TEXT);
    assert_int_equal(ca_journal_add_code(&folder->journal, &code), EXIT_GOOD);
}

static int begin(void **state)
{
    static ca_folder folder;
    int64_t now = (int64_t)time(NULL) * NS_PER_SECOND;
    memset(&folder, 0, sizeof folder);
    assert_non_null(mkdtemp(folder_path));
    folder.path = folder_path;
    folder.handle = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(folder.handle >= 0);
    open_authority(&folder, now);
    assert_int_equal(ca_journal_create(folder_path, folder.handle, &folder.info), EXIT_GOOD);
    assert_int_equal(ca_journal_open(&folder.journal, folder_path, folder.handle, true), EXIT_GOOD);
    assert_int_equal(ca_journal_read(&folder.journal), EXIT_GOOD);
    add_code(&folder, OPEN_CODE, now + NS_PER_DAY);
    add_code(&folder, LATE_CODE, now - NS_PER_DAY);
    add_code(&folder, VOID_CODE, now + NS_PER_DAY);
    assert_int_equal(ca_journal_add_code_void(&folder.journal, VOID_CODE), EXIT_GOOD);
    *state = &folder;
    return 0;
}

static int end(void **state)
{
    ca_folder *folder = *state;
    ca_journal_close(&folder->journal);
    svms_ca_free(&folder->authority);
    svms_chain_free(&folder->chain);
    svms_private_key_free(&folder->key);
    svms_ctx_free(&folder->ctx);
    free(folder->pem.bytes);
    unlinkat(folder->handle, CA_LOG_NAME, 0);
    unlinkat(folder->handle, CA_LOG_HEAD_NAME, 0);
    close(folder->handle);
    return rmdir(folder_path);
}

/* With a new key, so that nothing but the order can be wrong. */
static exit_status certify(ca_folder *folder, const ca_order *order, char serial[CA_SERIAL_TEXT])
{
    svms_request_options options = SVMS_REQUEST_OPTIONS_INIT;
    svms_private_key *key = NULL;
    svms_request *request = NULL;
    ca_certified certified = { 0 };
    size_t size = 0;
    char *pem = pem_room(&size);
    size_t issued = folder->journal.issued_count;
    options.common_name = NAME;
    assert_int_equal(svms_private_key_generate(&key, folder->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_request_create(folder->ctx, &options, key, pem, &size, NULL), SVMS_OK);
    assert_int_equal(svms_request_parse(&request, folder->ctx, pem, size, NULL), SVMS_OK);
    exit_status status = ca_certify(folder, order, request, &certified, NULL);
    assert_int_equal(folder->journal.issued_count, issued + (status == EXIT_GOOD));
    memcpy(serial, certified.serial, CA_SERIAL_TEXT);
    ca_certified_free(&certified);
    svms_request_free(&request);
    svms_private_key_free(&key);
    free(pem);
    return status;
}

static void a_code_is_spent_once_for_what_it_was_made_for(void **state)
{
    static const ca_order refused[] = {
        { .role = SVMS_ROLE_CAMERA, .name = NAME, .code = "0000000f" },
        { .role = SVMS_ROLE_CAMERA, .name = NAME, .code = LATE_CODE },
        { .role = SVMS_ROLE_CAMERA, .name = NAME, .code = VOID_CODE },
        { .role = SVMS_ROLE_RECORDER, .name = NAME, .code = OPEN_CODE },
        { .role = SVMS_ROLE_CAMERA, .name = "Barn", .code = OPEN_CODE },
        { .role = SVMS_ROLE_CAMERA,
          .name = NAME,
          .hosts = hosts,
          .host_count = 1,
          .code = OPEN_CODE },
    };
    const ca_order order = { .role = SVMS_ROLE_CAMERA, .name = NAME, .code = OPEN_CODE };
    char serial[CA_SERIAL_TEXT];
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_int_equal(certify(*state, &refused[i], serial), EXIT_POLICY);
    }
    assert_int_equal(certify(*state, &order, serial), EXIT_GOOD);
    assert_int_equal(certify(*state, &order, serial), EXIT_POLICY);
}

static void what_is_renewed_stays_what_it_is(void **state)
{
    ca_folder *folder = *state;
    ca_order order = { .role = SVMS_ROLE_SERVER, .name = NAME, .hosts = hosts, .host_count = 1 };
    char serial[CA_SERIAL_TEXT];
    char renewed[CA_SERIAL_TEXT];
    assert_int_equal(certify(folder, &order, serial), EXIT_GOOD);
    order.renews = serial;
    assert_int_equal(certify(folder, &order, renewed), EXIT_GOOD);
    static const char *const others[] = { "barn.example" };
    order.hosts = others;
    assert_int_equal(certify(folder, &order, renewed), EXIT_POLICY);
    order.hosts = hosts;
    /* The one before the newest. */
    folder->journal.issued[folder->journal.issued_count - 2].not_after_utc_ns = 0;
    assert_int_equal(certify(folder, &order, renewed), EXIT_POLICY);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_code_is_spent_once_for_what_it_was_made_for),
        cmocka_unit_test(what_is_renewed_stays_what_it_is),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
