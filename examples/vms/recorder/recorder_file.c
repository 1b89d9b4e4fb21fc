/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "recorder_failure.h"

static svms_status take_bytes(recorder_text *out, int handle, size_t size, const char *path,
                              svms_error *err)
{
    recorder_text text = { malloc(size + 1), 0 };
    if (!text.bytes) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory for %.150s", path);
    }
    while (text.size < size) {
        ssize_t got = read(handle, text.bytes + text.size, size - text.size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            int os_error = got < 0 ? errno : 0;
            recorder_file_wipe(&text);
            return recorder_fail(err, SVMS_E_IO, os_error, "cannot read %.150s: %s", path,
                                 os_error ? strerror(os_error) : "it became shorter");
        }
        text.size += (size_t)got;
    }
    text.bytes[size] = '\0';
    *out = text;
    return SVMS_OK;
}

static svms_status read_open(recorder_text *out, int handle, const char *path, size_t most,
                             bool is_secret, svms_error *err)
{
    struct stat is;
    if (fstat(handle, &is) != 0) {
        return recorder_fail(err, SVMS_E_IO, errno, "cannot look at %.150s: %s", path,
                             strerror(errno));
    }
    if (!S_ISREG(is.st_mode) || is.st_size < 0) {
        return recorder_fail(err, SVMS_E_MALFORMED, 0, "%.150s is no file", path);
    }
    if ((uint64_t)is.st_size > most) {
        return recorder_fail(err, SVMS_E_LIMIT, 0, "%.150s is too large", path);
    }
    if (is_secret && (is.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return recorder_fail(err, SVMS_E_POLICY, 0,
                             "%.150s is a secret, and others than its owner may use it "
                             "(chmod 600 ends that)",
                             path);
    }
    return take_bytes(out, handle, (size_t)is.st_size, path, err);
}

svms_status recorder_file_read(recorder_text *out, const char *path, size_t most, bool is_secret,
                               svms_error *err)
{
    *out = (recorder_text){ NULL, 0 };
    int handle = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (handle < 0) {
        return recorder_fail(err, SVMS_E_IO, errno, "cannot open %.150s: %s", path,
                             strerror(errno));
    }
    svms_status status = read_open(out, handle, path, most, is_secret, err);
    (void)close(handle);
    return status;
}

void recorder_file_wipe(recorder_text *text)
{
    if (text->bytes) {
        OPENSSL_cleanse(text->bytes, text->size);
        free(text->bytes);
    }
    *text = (recorder_text){ NULL, 0 };
}
