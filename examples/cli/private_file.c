/* SPDX-License-Identifier: Apache-2.0 */
#include "private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "file.h"
#include "message.h"

exit_status private_file_make(private_file *out, const char *final, const char *name)
{
    private_file file = { final, path_with_suffix(final, ".XXXXXX"), NULL, NULL };
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

static exit_status make_durable(const private_file *file)
{
    int handle = open(file->path, O_RDONLY | O_CLOEXEC);
    int os_error = handle < 0 || fsync(handle) != 0 ? errno : 0;
    if (handle >= 0) {
        close(handle);
    }
    return os_error == 0 ? EXIT_GOOD
                         : complain_system(os_error, "cannot make %s durable", file->final);
}

/* What has the final name gets another one besides; where there are no links, instead. */
static exit_status keep_older(private_file *file)
{
    if (!file_exists(file->final)) {
        return EXIT_GOOD;
    }
    exit_status status = file_check_output(file->final, true);
    if (status != EXIT_GOOD) {
        return status;
    }
    file->older = path_join(file->folder, "older");
    if (!file->older) {
        return EXIT_ENVIRONMENT;
    }
    if (link(file->final, file->older) == 0 || rename(file->final, file->older) == 0) {
        return EXIT_GOOD;
    }
    status = complain_system(errno, "cannot keep the older %s", file->final);
    free(file->older);
    file->older = NULL;
    return status;
}

/* The name goes back to what had it, or to nobody. */
static void take_back(private_file *file, bool named)
{
    if (file->older) {
        if (rename(file->older, file->final) != 0) {
            complain_system(errno, "%s is the new one and belongs to nothing: the older one is %s",
                            file->final, file->older);
            free(file->older);
            file->older = NULL;
        }
    } else if (named && unlink(file->final) != 0) {
        complain_system(errno, "%s belongs to nothing and cannot be removed", file->final);
    }
}

exit_status private_file_publish_both(private_file *first, private_file *second, bool replace)
{
    bool first_is_named = false;
    exit_status status = make_durable(first);
    if (status == EXIT_GOOD) {
        status = make_durable(second);
    }
    if (status == EXIT_GOOD && replace) {
        status = keep_older(first);
    }
    if (status == EXIT_GOOD) {
        status = file_publish(first->path, first->final, replace);
        first_is_named = !file_exists(first->path);
    }
    if (status == EXIT_GOOD) {
        status = file_publish(second->path, second->final, replace);
    }
    /* A second name that alone could not be made durable is there all the same. */
    if (status != EXIT_GOOD && file_exists(second->path)) {
        take_back(first, first_is_named);
    }
    private_file_discard(second);
    private_file_discard(first);
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
    if (file->older) {
        unlink(file->older);
    }
    if (rmdir(file->folder) != 0) {
        complain_system(errno, "cannot remove %s", file->folder);
    }
    free(file->older);
    free(file->path);
    free(file->folder);
    file->older = NULL;
    file->path = NULL;
    file->folder = NULL;
}
