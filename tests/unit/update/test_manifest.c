/* SPDX-License-Identifier: Apache-2.0 */
/* Fronts, manifests and versions that break a rule, all well signed; and what may not be made. */
#include "../base/cmocka_all.h"

#include <string.h>

#include "update_case.h"
#include "update_version.h"

static update_case *c;
static uint8_t manifest[8192];
static size_t manifest_size;

static int set_up(void **state)
{
    (void)state;
    c = case_open(NULL);
    assert_int_equal(case_make(c), SVMS_OK);
    svms_iovec good = case_manifest(c);
    assert_true(good.size + 256 <= sizeof manifest);
    memcpy(manifest, good.data, good.size);
    manifest_size = good.size;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    case_close(c);
    return 0;
}

/* Where a text of the manifest begins. */
static size_t place_of(const char *text)
{
    size_t size = strlen(text);
    for (size_t at = 0; at + size <= manifest_size; at++) {
        if (memcmp(manifest + at, text, size) == 0) {
            return at;
        }
    }
    fail_msg("the manifest has no %s", text);
    return 0;
}

static void a_manifest_signed_again_is_taken(void **state)
{
    (void)state;
    case_sign(c, manifest, manifest_size);
    assert_int_equal(case_read(c, 4096), SVMS_OK);
}

static void a_manifest_that_breaks_a_rule_is_refused(void **state)
{
    (void)state;
    size_t version = place_of("2.10.0+rc.1");
    size_t product = place_of("Kamera");
    size_t board = place_of("board-8");
    size_t note = place_of("Repairs");
    size_t rootfs = place_of("rootfs");
    size_t boot = place_of("boot.cfg");
    size_t size = rootfs + 6;
    const struct {
        size_t at;
        uint8_t value;
        svms_status status;
        const char *words;
    } cases[] = {
        { 1, 2, SVMS_E_UNSUPPORTED, "version 2" },
        { 3, 1, SVMS_E_MALFORMED, "beginning" },
        { version, 'x', SVMS_E_MALFORMED, "version" },
        { version - 1, 0, SVMS_E_MALFORMED, "version" },
        { version - 1, 255, SVMS_E_MALFORMED, "version" },
        { version + 11, 2, SVMS_E_MALFORMED, "minimum" },
        { product, 0x07, SVMS_E_MALFORMED, "product" },
        { product - 1, 0, SVMS_E_MALFORMED, "product" },
        { product + 8, 0xFF, SVMS_E_MALFORMED, "product" },
        { board + 6, '7', SVMS_E_MALFORMED, "twice" },
        { board - 1, 200, SVMS_E_MALFORMED, "hardware" },
        { board - 10, 0, SVMS_E_MALFORMED, "number of hardware" },
        { board - 10, 33, SVMS_E_MALFORMED, "number of hardware" },
        { note, 0x1B, SVMS_E_MALFORMED, "note" },
        { note - 2, 0xFF, SVMS_E_MALFORMED, "note" },
        { rootfs - 2, 0, SVMS_E_MALFORMED, "number of parts" },
        { rootfs - 2, 17, SVMS_E_MALFORMED, "number of parts" },
        { rootfs - 2, 1, SVMS_E_MALFORMED, "behind which" },
        { rootfs - 2, 3, SVMS_E_MALFORMED, "name of a part" },
        { rootfs, '.', SVMS_E_MALFORMED, "name of a part" },
        { rootfs + 1, '/', SVMS_E_MALFORMED, "name of a part" },
        { size, 1, SVMS_E_MALFORMED, "size of a part" },
        { size + 3, 1, SVMS_E_MALFORMED, "list of chunks" },
        { size + 11, 1, SVMS_E_MALFORMED, "size of a part or of its chunks" },
        { size + 10, 0x08, SVMS_E_MALFORMED, "size of a part or of its chunks" },
        { size + 10, 0x20, SVMS_E_MALFORMED, "name of a part" },
        { boot - 1, 7, SVMS_E_MALFORMED, NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t before = manifest[cases[i].at];
        manifest[cases[i].at] = cases[i].value;
        case_sign(c, manifest, manifest_size);
        assert_int_equal(case_read(c, 4096), cases[i].status);
        assert_int_equal(c->device.accepted, 0);
        if (cases[i].words && !strstr(c->err.message, cases[i].words)) {
            fail_msg("case %zu says: %s", i, c->err.message);
        }
        assert_true(c->err.offset >= SVMS_UPDATE_FRONT_SIZE);
        manifest[cases[i].at] = before;
    }
}

static void a_manifest_of_any_other_length_is_refused(void **state)
{
    (void)state;
    for (size_t size = 1; size < manifest_size; size += 5) {
        case_sign(c, manifest, size);
        assert_int_not_equal(case_read(c, 4096), SVMS_OK);
        assert_int_equal(c->device.accepted, 0);
    }
    manifest[manifest_size] = 0;
    case_sign(c, manifest, manifest_size + 1);
    assert_int_equal(case_read(c, 4096), SVMS_E_MALFORMED);
}

static void a_manifest_that_contradicts_itself_is_refused(void **state)
{
    (void)state;
    /* The digest of the whole of the first part, behind its name, size and size of chunks. */
    manifest[place_of("rootfs") + 6 + 12] ^= 1;
    case_sign(c, manifest, manifest_size);
    assert_int_equal(case_read(c, 4096), SVMS_E_NOT_AUTHENTIC);
    assert_non_null(strstr(c->err.message, "the whole of the part rootfs"));
}

static void a_front_that_cannot_be_is_refused_before_anything_is_kept(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t value;
        svms_status status;
    } cases[] = {
        { 0, 'x', SVMS_E_MALFORMED }, { 7, 0, SVMS_E_MALFORMED }, { 9, 2, SVMS_E_UNSUPPORTED },
        { 8, 1, SVMS_E_UNSUPPORTED }, { 12, 1, SVMS_E_LIMIT },    { 16, 1, SVMS_E_LIMIT },
        { 20, 1, SVMS_E_LIMIT },      { 13, 2, SVMS_E_LIMIT },    { 17, 0x41, SVMS_E_LIMIT },
        { 22, 0x21, SVMS_E_LIMIT },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t before = c->file.data[cases[i].at];
        c->file.data[cases[i].at] = cases[i].value;
        assert_int_equal(case_read(c, 24), cases[i].status);
        c->file.data[cases[i].at] = before;
    }
    for (size_t at = 12; at < 24; at += 4) {
        uint8_t before[4];
        memcpy(before, c->file.data + at, 4);
        memset(c->file.data + at, 0, 4);
        assert_int_equal(case_read(c, 24), SVMS_E_MALFORMED);
        memcpy(c->file.data + at, before, 4);
    }
}

static void versions_are_compared_by_number(void **state)
{
    (void)state;
    static const struct {
        const char *one, *other;
        int order;
    } cases[] = {
        { "1", "1.0.0.0", 0 },    { "1.2", "1.10", -1 },    { "1.2+b", "1.2+a", 0 },
        { "2", "1.9.9.9", 1 },    { "4294967295", "1", 1 }, { "0", "0.0.0.1", -1 },
        { "1.0+9", "1.0.1", -1 }, { "10.0", "9.9", 1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(svms_version_compare(cases[i].one, cases[i].other), cases[i].order);
        assert_int_equal(svms_version_compare(cases[i].other, cases[i].one), -cases[i].order);
    }
}

static void what_is_no_version_is_told(void **state)
{
    (void)state;
    static const char *const good[] = { "0", "1.2.3.4", "1+a", "1.0+Build-7.x", "4294967295" };
    static const char *const bad[] = {
        "",
        "01",
        "1.",
        ".1",
        "1..2",
        "1.2.3.4.5",
        "1.2.3.4.",
        "v1",
        "1-a",
        "1+",
        "1+a b",
        "1 ",
        "1.00",
        "4294967296",
        "99999999999999999999",
        "1.2+ä",
        "+a",
        "1.+a",
        "1+a+b",
        "1.2.3.4567890123456789012345678901234567890123456789012345678901",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(svms_version_is_one(good[i], strlen(good[i])));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (svms_version_is_one(bad[i], strlen(bad[i]))) {
            fail_msg("'%s' is a version", bad[i]);
        }
    }
}

static void what_breaks_a_rule_is_not_made(void **state)
{
    (void)state;
    static const char *const twice[] = { "a", "a" };
    static const char *many[SVMS_UPDATE_HARDWARE_MAX + 1];
    svms_update_content same[2] = { c->contents[0], c->contents[0] };
    svms_update_content nameless = c->contents[0];
    svms_update_content sourceless = c->contents[0];
    svms_source nothing = SVMS_SOURCE_INIT;
    svms_update_content empty = c->contents[0];
    static svms_update_content crowd[SVMS_UPDATE_PARTS_MAX + 1];
    svms_update_options good = c->options;
    assert_int_equal(svms_source_from_memory(&nothing, c->ctx, NULL, 0, NULL), SVMS_OK);
    nameless.name = "Root";
    sourceless.source = NULL;
    empty.source = &nothing;
    svms_update_options bad[18];
    for (size_t i = 0; i < 18; i++) {
        bad[i] = good;
    }
    bad[0].product = NULL;
    bad[1].product = "a\tb";
    bad[2].version = "one";
    bad[3].minimum = "1.";
    bad[4].note = "\x1b[31m";
    bad[5].hardware = NULL;
    bad[6].hardware = twice;
    bad[7].parts = same;
    bad[8].parts = &nameless;
    bad[9].parts = &sourceless;
    bad[10].parts = &empty;
    bad[8].part_count = bad[9].part_count = bad[10].part_count = 1;
    bad[11].part_count = 0;
    bad[12].chunk_size = 4097;
    bad[13].chunk_size = 1u << 21;
    bad[14].chain = NULL;
    bad[15].key = NULL;
    bad[16].parts = crowd;
    bad[16].part_count = SVMS_UPDATE_PARTS_MAX + 1;
    bad[17].hardware = many;
    bad[17].hardware_count = SVMS_UPDATE_HARDWARE_MAX + 1;
    for (size_t i = 0; i < 18; i++) {
        c->options = bad[i];
        assert_int_equal(case_make(c), i < 16 ? SVMS_E_USAGE : SVMS_E_LIMIT);
        assert_int_equal(c->file.size, 0);
    }
    c->options = good;
    svms_source_close(&nothing);
}

/* Reads differ: the second time another byte. */
static unsigned reads;

static svms_status read_changing(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                                 int *os_error)
{
    (void)user;
    (void)offset;
    (void)os_error;
    memset(out, reads++ < 3 ? 1 : 2, size);
    *got = size;
    return SVMS_OK;
}

static svms_status size_changing(void *user, uint64_t *size, int *os_error)
{
    (void)user;
    (void)os_error;
    *size = 10000;
    return SVMS_OK;
}

static void a_source_that_changes_meanwhile_is_noticed(void **state)
{
    (void)state;
    svms_source source = SVMS_SOURCE_INIT;
    source.read_at = read_changing;
    source.get_size = size_changing;
    c->contents[0].source = &source;
    reads = 0;
    c->options.part_count = 1;
    assert_int_equal(case_make(c), SVMS_E_STATE);
    assert_non_null(strstr(c->err.message, "changed while it was read"));
}

static void a_sink_that_fails_is_told(void **state)
{
    (void)state;
    for (c->file.writes_left = 0; c->file.writes_left < 5;) {
        long left = c->file.writes_left;
        assert_int_equal(case_make(c), SVMS_E_IO);
        c->file.writes_left = left + 1;
    }
    assert_int_equal(case_make(c), SVMS_OK);
}

static void another_key_than_the_certificates_is_refused(void **state)
{
    (void)state;
    svms_private_key *other = workshop_key(c->ctx, "P-256");
    c->options.key = other;
    assert_int_equal(case_make(c), SVMS_E_USAGE);
    svms_private_key_free(&other);
}

static void keys_of_every_kind_sign_updates(void **state)
{
    (void)state;
    static const char *const kinds[] = { "P-384", "ED25519", "RSA", "P-256/callbacks" };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        svms_private_key *key = workshop_key(c->ctx, kinds[i]);
        svms_chain *chain = case_chain(c, SVMS_ROLE_UPDATE, key);
        c->options.key = key;
        c->options.chain = chain;
        assert_int_equal(case_make(c), SVMS_OK);
        assert_int_equal(case_read(c, 777), SVMS_OK);
        svms_chain_free(&chain);
        svms_private_key_free(&key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_manifest_signed_again_is_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_manifest_that_breaks_a_rule_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_manifest_of_any_other_length_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_manifest_that_contradicts_itself_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_front_that_cannot_be_is_refused_before_anything_is_kept,
                                        set_up, tear_down),
        cmocka_unit_test(versions_are_compared_by_number),
        cmocka_unit_test(what_is_no_version_is_told),
        cmocka_unit_test_setup_teardown(what_breaks_a_rule_is_not_made, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_source_that_changes_meanwhile_is_noticed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_sink_that_fails_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_key_than_the_certificates_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(keys_of_every_kind_sign_updates, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
