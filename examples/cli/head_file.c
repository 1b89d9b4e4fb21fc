/* SPDX-License-Identifier: Apache-2.0 */
#include "head_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "json_output.h"
#include "message.h"

#define LARGEST_HEAD_FILE 4096

static bool parse_hex(const json_t *value, uint8_t *out, size_t size)
{
    const char *text = json_string_value(value);
    if (!text || strlen(text) != 2 * size || strspn(text, "0123456789abcdef") != 2 * size) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        char digits[3] = { text[2 * i], text[2 * i + 1], '\0' };
        out[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return true;
}

static bool parse_number(const json_t *value, uint64_t *out)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        return false;
    }
    *out = (uint64_t)json_integer_value(value);
    return true;
}

static bool parse_head(const json_t *object, svms_head *out)
{
    const json_t *segment = json_object_get(object, "segment");
    const json_t *last = json_object_get(object, "last_utc");
    out->segment = SVMS_NO_SEGMENT;
    out->last_utc_ns = SVMS_NO_TIME;
    return parse_hex(json_object_get(object, "recording_id"), out->recording_id, 16) &&
           parse_hex(json_object_get(object, "container_id"), out->container_id, 16) &&
           parse_hex(json_object_get(object, "manifest_hash"), out->manifest_hash, 32) &&
           parse_number(json_object_get(object, "sequence"), &out->recording_sequence) &&
           (json_is_null(segment) || parse_number(segment, &out->segment)) &&
           (json_is_null(last) ||
            (json_is_string(last) &&
             svms_time_parse(&out->last_utc_ns, json_string_value(last), NULL) == SVMS_OK));
}

exit_status head_file_load(svms_head *out, bool *found, const char *path)
{
    svms_head head = SVMS_HEAD_INIT;
    file_text text = { NULL, 0 };
    struct stat info;
    *found = lstat(path, &info) == 0;
    if (!*found) {
        /* Only what is not there was never remembered. */
        return errno == ENOENT ? EXIT_GOOD : complain_system(errno, "cannot look for %s", path);
    }
    exit_status status = file_read(&text, path, LARGEST_HEAD_FILE, false);
    if (status != EXIT_GOOD) {
        return status;
    }
    json_t *object = json_loadb(text.bytes, text.size, JSON_REJECT_DUPLICATES, NULL);
    if (object && parse_head(object, &head)) {
        *out = head;
    } else {
        complain("%s is not the head of a recording", path);
        status = EXIT_MALFORMED;
    }
    json_decref(object);
    file_text_free(&text);
    return status;
}

exit_status head_file_store(const char *path, const svms_head *head)
{
    json_t *object = json_pack(
        "{s:o, s:I, s:o, s:o, s:o, s:o}", "recording_id", json_hex(head->recording_id, 16),
        "sequence", (json_int_t)head->recording_sequence, "container_id",
        json_hex(head->container_id, 16), "segment", json_place(head->segment), "manifest_hash",
        json_hex(head->manifest_hash, 32), "last_utc", json_time(head->last_utc_ns));
    char *text = object ? json_dumps(object, JSON_INDENT(2)) : NULL;
    json_decref(object);
    if (!text) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    new_file file = { path, 0600, text, strlen(text) };
    exit_status status = file_write(&file, 1, true);
    free(text);
    return status;
}
