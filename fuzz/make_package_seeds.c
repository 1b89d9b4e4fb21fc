/* SPDX-License-Identifier: Apache-2.0 */
/* Writes small packages as seeds for fuzz_package: make_package_seeds FOLDER */
#include <stdio.h>

#include "../tests/unit/export/evidence_case.h"

static const char *folder;

static void save(const memory_file *file, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(file->data, 1, file->size, out), file->size);
    assert_int_equal(fclose(out), 0);
}

static void add_note(export_case *self, svms_export *package)
{
    uint8_t text[] = "a note";
    memory_file file = { 0 };
    svms_export_attachment attachment = SVMS_EXPORT_ATTACHMENT_INIT;
    svms_export_origin origin = { 0, 0, 0, 0, INT64_MIN };
    attachment.name = "note.txt";
    attachment.media_type = "text/plain";
    attachment.method = "written";
    attachment.origins = &origin;
    attachment.origin_count = 1;
    file.data = text;
    file.size = 6;
    svms_source source = memory_source(&file);
    assert_int_equal(svms_export_add_attachment(package, &source, &attachment, &self->err),
                     SVMS_OK);
}

static void write_seeds(void **state)
{
    export_case *self = *state;
    person custodian;
    person_make(self, &custodian, SVMS_ROLE_CUSTODIAN);
    for (int n = 0; n < 12; n++) {
        char name[32];
        recipe how = RECIPE_INIT;
        bool sealed = n % 2 != 0;
        how.protection = (svms_protection)(n / 2 % 3);
        how.tracks = n < 6 ? 1 : 2;
        how.segments = n < 6 ? 1 : 4;
        how.frames = 1;
        how.sample_size = 30;
        how.leave_open = n >= 10;
        memory_file_clear(&self->container);
        record_container(self->fix, &how, &self->container);
        svms_export_options options = sealed ? sealed_options(self) : clear_options(self);
        svms_export_source source = whole_source(self);
        source.removed_tracks = n >= 6 ? 2 : 0;
        if (n >= 8) {
            source.from_utc_ns = T0 + SECOND;
            source.to_utc_ns = T0 + 3 * SECOND;
        }
        svms_export *package = begin_export(self, &options);
        add_source_well(self, package, &self->container, &source);
        if (n == 3) {
            add_source_well(self, package, &self->container, &source);
        }
        if (n % 3 == 0 && n < 6) {
            add_note(self, package);
        }
        finish_well(self, &package);
        if (n < 2) {
            assert_int_equal(countersign(self, &custodian.signer, NULL), SVMS_OK);
        }
        (void)snprintf(name, sizeof(name), "seed-%03d", n);
        save(&self->out, name);
    }
    person_clear(&custodian);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(
        write_seeds, export_case_setup, export_case_teardown) };
    if (argc != 2) {
        return 2;
    }
    folder = argv[1];
    return cmocka_run_group_tests_name("package seeds", tests, NULL, NULL);
}
