/* SPDX-License-Identifier: Apache-2.0 */
#include "store_head.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "recorder_failure.h"

#define LARGEST_HEAD 4096

typedef struct hex_text {
    char text[2 * 32 + 1];
} hex_text;

static hex_text hex_of(const uint8_t *bytes, size_t size)
{
    hex_text out = { "" };
    for (size_t i = 0; i < size; i++) {
        (void)snprintf(out.text + 2 * i, 3, "%02x", bytes[i]);
    }
    return out;
}

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
    return parse_hex(json_object_get(object, "recording_id"), out->recording_id, 16) &&
           parse_hex(json_object_get(object, "container_id"), out->container_id, 16) &&
           parse_hex(json_object_get(object, "manifest_hash"), out->manifest_hash, 32) &&
           parse_number(json_object_get(object, "sequence"), &out->recording_sequence) &&
           (json_is_null(segment) || parse_number(segment, &out->segment)) &&
           (json_is_null(last) ||
            (json_is_string(last) &&
             svms_time_parse(&out->last_utc_ns, json_string_value(last), NULL) == SVMS_OK));
}

static ssize_t read_all(int handle, char *out, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = read(handle, out + done, size - done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return -1;
        }
        if (got == 0) {
            break;
        }
        done += (size_t)got;
    }
    return (ssize_t)done;
}

svms_status store_head_read(svms_head *out, bool *is_found, const char *path, svms_error *err)
{
    char text[LARGEST_HEAD + 1];
    svms_head head = SVMS_HEAD_INIT;
    *is_found = false;
    int handle = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (handle < 0 && errno == ENOENT) {
        return SVMS_OK; /* only what is not there was never remembered */
    }
    ssize_t size = handle >= 0 ? read_all(handle, text, sizeof text) : -1;
    int os_error = errno;
    if (handle >= 0) {
        (void)close(handle);
    }
    if (size < 0) {
        return recorder_fail(err, SVMS_E_IO, os_error, "cannot read %.150s: %s", path,
                             strerror(os_error));
    }
    json_t *object =
        size <= LARGEST_HEAD ? json_loadb(text, (size_t)size, JSON_REJECT_DUPLICATES, NULL) : NULL;
    *is_found = object && parse_head(object, &head);
    json_decref(object);
    if (!*is_found) {
        return recorder_fail(err, SVMS_E_MALFORMED, 0, "%.150s is not the head of a recording",
                             path);
    }
    *out = head;
    return SVMS_OK;
}

static char *text_of(const svms_head *head)
{
    char last[SVMS_TIME_TEXT_SIZE] = "";
    bool has_last = head->last_utc_ns != SVMS_NO_TIME;
    if (has_last) {
        svms_time_format(head->last_utc_ns, last);
    }
    json_t *object = json_pack(
        "{s:s, s:I, s:s, s:o, s:s, s:o}", "recording_id", hex_of(head->recording_id, 16).text,
        "sequence", (json_int_t)head->recording_sequence, "container_id",
        hex_of(head->container_id, 16).text, "segment",
        head->segment == SVMS_NO_SEGMENT ? json_null() : json_integer((json_int_t)head->segment),
        "manifest_hash", hex_of(head->manifest_hash, 32).text, "last_utc",
        has_last ? json_string(last) : json_null());
    char *text = object ? json_dumps(object, JSON_INDENT(2)) : NULL;
    json_decref(object);
    return text;
}

static bool write_all(int handle, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t done = write(handle, text, size);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return false;
        }
        text += done;
        size -= (size_t)done;
    }
    return true;
}

/* That a name stands for another file now is durable only when its folder is. */
static bool sync_folder_of(const char *path)
{
    char *copy = strdup(path);
    int handle = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bool good = handle >= 0 && fsync(handle) == 0;
    int os_error = errno;
    if (handle >= 0) {
        (void)close(handle);
    }
    free(copy);
    errno = os_error;
    return good;
}

static bool write_file(const char *next, const char *text)
{
    (void)unlink(next); /* of an attempt that did not come to its end */
    int handle = open(next, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = handle >= 0 && write_all(handle, text, strlen(text)) && fsync(handle) == 0;
    int os_error = errno;
    if (handle >= 0 && close(handle) != 0 && good) {
        good = false;
        os_error = errno;
    }
    errno = os_error;
    return good;
}

svms_status store_head_write(const char *path, const svms_head *head, svms_error *err)
{
    size_t size = strlen(path) + sizeof ".new";
    char *next = malloc(size);
    char *text = text_of(head);
    if (!next || !text) {
        free(next);
        free(text);
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    (void)snprintf(next, size, "%s.new", path);
    bool good = write_file(next, text) && rename(next, path) == 0 && sync_folder_of(path);
    int os_error = errno;
    if (!good) {
        (void)unlink(next);
    }
    free(next);
    free(text);
    return good ? SVMS_OK
                : recorder_fail(err, SVMS_E_IO, os_error, "cannot write %.150s: %s", path,
                                strerror(os_error));
}
