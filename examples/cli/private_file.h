/* SPDX-License-Identifier: Apache-2.0 */
/* A file that is made in a folder of its own, for the owner alone, beside the place where it gets
 * its name when it is complete. Every function complains itself. */
#ifndef SVMS_CLI_PRIVATE_FILE_H
#define SVMS_CLI_PRIVATE_FILE_H

#include <stdbool.h>

#include "exit_status.h"

typedef struct private_file {
    const char *final; /* where it will be; borrowed */
    char *folder;
    char *path;  /* where it is now */
    char *older; /* while two are published: the file that had the name, or NULL */
} private_file;

/* name is what the file is called meanwhile. */
exit_status private_file_make(private_file *out, const char *final, const char *name);
/* Gives the complete file its name; without replace an older file is never touched. */
exit_status private_file_publish(private_file *file, bool replace);
/* Two that belong together, both or none of them: what had their names stays until both are
 * durable, and comes back when the second cannot be named. first gets its name first. */
exit_status private_file_publish_both(private_file *first, private_file *second, bool replace);
/* Removes what is left; harmless where nothing is. */
void private_file_discard(private_file *file);

#endif
