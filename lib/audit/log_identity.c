/* SPDX-License-Identifier: Apache-2.0 */
/* The file "log": what was said when a log was made. */
#include <string.h>

#include "failure.h"
#include "log_internal.h"

#define TITLE "svms audit log\n"
#define TITLE_SIZE (sizeof TITLE - 1)
#define FILE_MAX 1024u

svms_status svms_log_put_identity(svms_ctx *ctx, const svms_folder *folder,
                                  const svms_note_key *key, char out[SVMS_AUDIT_KEY_SIZE],
                                  svms_error *err)
{
    svms_builder text = svms_builder_new(ctx, FILE_MAX);
    svms_put_bytes(&text, TITLE, TITLE_SIZE);
    svms_put_bytes(&text, key->name, strlen(key->name));
    svms_put_u8(&text, '\n');
    size_t key_at = text.size;
    svms_put_note_key(&text, key);
    size_t key_size = text.size - key_at;
    svms_put_u8(&text, '\n');
    svms_status status = svms_builder_check(&text, "a log", err);
    if (status == SVMS_OK) {
        status = svms_log_put_file(folder, "log", text.data, text.size, true, err);
    }
    if (status == SVMS_OK) {
        memcpy(out, text.data + key_at, key_size);
        out[key_size] = '\0';
    }
    svms_builder_clear(&text);
    return status;
}

svms_status svms_log_parse_identity(svms_ctx *ctx, const void *bytes, size_t size,
                                    svms_note_key *out, svms_error *err)
{
    const char *text = bytes;
    bool is_titled = size > TITLE_SIZE && memcmp(text, TITLE, TITLE_SIZE) == 0;
    const char *origin = is_titled ? text + TITLE_SIZE : NULL;
    const char *end = is_titled ? memchr(origin, '\n', size - TITLE_SIZE) : NULL;
    size_t name_size = end ? (size_t)(end - origin) : 0;
    const char *key = end ? end + 1 : NULL;
    size_t left = end ? size - (size_t)(key - text) : 0;
    if (left < 2 || key[left - 1] != '\n') {
        return svms_fail(err, SVMS_E_MALFORMED, "the file \"log\" of the log is none");
    }
    svms_status status = svms_note_key_parse(out, ctx, key, left - 1, err);
    if (status == SVMS_OK &&
        (strlen(out->name) != name_size || memcmp(out->name, origin, name_size) != 0)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the file \"log\" has a key of another name");
    }
    return status;
}

svms_status svms_log_read_identity(svms_ctx *ctx, const svms_folder *folder, svms_note_key *out,
                                   svms_error *err)
{
    svms_builder bytes = svms_builder_new(ctx, FILE_MAX);
    svms_status status = svms_log_read_file(folder, "log", &bytes, err);
    if (status == SVMS_OK) {
        status = svms_log_parse_identity(ctx, bytes.data, bytes.size, out, err);
    }
    svms_builder_clear(&bytes);
    return status;
}
