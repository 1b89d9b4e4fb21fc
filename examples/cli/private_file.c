/* SPDX-License-Identifier: Apache-2.0 */
#include "private_file.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "file.h"
#include "message.h"

exit_status private_file_make(private_file *out, const char *final, const char *name)
{
    private_file file = { final, path_with_suffix(final, ".XXXXXX"), NULL };
    if (!file.folder) {
        return EXIT_ENVIRONMENT;
    }
    if (!mkdtemp(file.folder)) {
        exit_status status = complain_system(errno, "cannot create %s", final);
        free(file.folder);
        return status;
    }
    file.path = path_join(file.folder, name);
    *out = file;
    if (!file.path) {
        private_file_discard(out);
        return EXIT_ENVIRONMENT;
    }
    return EXIT_GOOD;
}

exit_status private_file_publish(private_file *file, bool replace)
{
    exit_status status = file_publish(file->path, file->final, replace);
    private_file_discard(file);
    return status;
}

void private_file_discard(private_file *file)
{
    if (!file->folder) {
        return;
    }
    if (file->path) {
        unlink(file->path);
    }
    if (rmdir(file->folder) != 0) {
        complain_system(errno, "cannot remove %s", file->folder);
    }
    free(file->path);
    free(file->folder);
    file->path = NULL;
    file->folder = NULL;
}
