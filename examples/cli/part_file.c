/* SPDX-License-Identifier: Apache-2.0 */
#include "part_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "file.h"
#include "message.h"
#include "recording.h"

#define RANDOM_LETTERS 6

static char *new_name(const char *path)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint8_t random[RANDOM_LETTERS];
    char drawn[RANDOM_LETTERS + 1] = "";
    char suffix[sizeof drawn + sizeof PART_SUFFIX + 1];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        complain_system(errno, "cannot find a name beside %s", path);
        return NULL;
    }
    for (size_t i = 0; i < sizeof random; i++) {
        drawn[i] = letters[random[i] % 32];
    }
    snprintf(suffix, sizeof suffix, ".%s%s", drawn, PART_SUFFIX);
    return path_with_suffix(path, suffix);
}

exit_status part_file_create(part_file *out, svms_ctx *ctx, const char *path)
{
    svms_error err = SVMS_ERROR_INIT;
    char *name = new_name(path);
    if (!name) {
        return EXIT_ENVIRONMENT;
    }
    if (svms_sink_create_file(&out->sink, ctx, name, &err) != SVMS_OK) {
        free(name);
        return complain_error(&err, "cannot write %s", path);
    }
    out->path = path;
    out->temporary = name;
    return EXIT_GOOD;
}

void part_file_close(part_file *file)
{
    svms_sink_close(&file->sink);
}

exit_status part_file_publish(part_file *file, bool replace)
{
    part_file_close(file);
    exit_status status = file_publish(file->temporary, file->path, replace);
    if (status == EXIT_GOOD) {
        free(file->temporary);
        file->temporary = NULL;
    }
    return status;
}

void part_file_discard(part_file *file)
{
    part_file_close(file);
    if (file->temporary) {
        unlink(file->temporary);
        free(file->temporary);
        file->temporary = NULL;
    }
}
