/* SPDX-License-Identifier: Apache-2.0 */
/* Writes export files of every kind into a folder, with the CA that stands for them, for the second
 * implementation to verify: write_onvif FOLDER. */
#include <stdio.h>

#include "chain_internal.h"
#include "onvif_case.h"

static const char *folder;

static void write_file(const char *name, const uint8_t *data, size_t size)
{
    char path[1024];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void write_all(void **state)
{
    static const char *const names[] = { "rsa2048", "rsa3072", "p256", "p384" };
    const onvif_case *given = *state;
    size_t size = 0;
    const uint8_t *wire = svms_chain_wire(given->fix->ca, &size);
    write_file("ca.der", wire + 4, size - 4);
    for (unsigned kind = 0; kind < 4; kind++) {
        for (unsigned shape = MP4_PLAIN; shape <= MP4_OPEN; shape++) {
            memory_file in = make_mp4((mp4_layout)shape);
            memory_file once = { 0 };
            memory_file twice = { 0 };
            char name[64];
            assert_int_equal(seal(given, (signer_kind)kind, &in, &once, NULL), SVMS_OK);
            assert_int_equal(countersign(given, SIGNER_CUSTODIAN, &once, &twice, NULL), SVMS_OK);
            (void)snprintf(name, sizeof(name), "%s-%u-1.mp4", names[kind], shape);
            write_file(name, once.data, once.size);
            (void)snprintf(name, sizeof(name), "%s-%u-2.mp4", names[kind], shape);
            write_file(name, twice.data, twice.size);
            memory_file_clear(&in);
            memory_file_clear(&once);
            memory_file_clear(&twice);
        }
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(write_all) };
    if (argc != 2) {
        return 2;
    }
    folder = argv[1];
    return cmocka_run_group_tests(tests, onvif_setup, onvif_teardown);
}
