/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the folder that a launcher prepared. Include after cmocka_all.h. */
#ifndef SVMS_TEST_PEM_FILE_H
#define SVMS_TEST_PEM_FILE_H

#include <stdio.h>
#include <string.h>

#include <svms/key.h>

#define FILE_MOST 8192

static inline size_t read_file(const char *folder, const char *name, char out[FILE_MOST])
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(out, 1, FILE_MOST, file);
    assert_true(size > 0 && size < FILE_MOST);
    assert_int_equal(fclose(file), 0);
    return size;
}

static inline void write_file(const char *folder, const char *name, const void *bytes, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static inline svms_public_key *read_public_key(svms_ctx *ctx, const char *folder, const char *name)
{
    char pem[FILE_MOST];
    size_t size = read_file(folder, name, pem);
    svms_public_key *key = NULL;
    assert_int_equal(svms_public_key_from_pem(&key, ctx, pem, size, NULL), SVMS_OK);
    return key;
}

#endif
