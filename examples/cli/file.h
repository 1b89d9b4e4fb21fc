/* SPDX-License-Identifier: Apache-2.0 */
/* Small files in memory, and files that get their final name only when they are complete.
 * Every function complains itself. */
#ifndef SVMS_CLI_FILE_H
#define SVMS_CLI_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "exit_status.h"

/* The content of a small file. */
typedef struct file_text {
    char *bytes; /* size bytes and a NUL */
    size_t size;
} file_text;

/* Reads a file of at most limit bytes. A secret that others can read is warned about. */
exit_status file_read(file_text *out, const char *path, size_t limit, bool secret);
/* The same from an open file, from where it stands; path is for complaints. */
exit_status file_read_handle(file_text *out, int handle, const char *path, size_t limit,
                             bool secret);

/* Wipes and releases. */
void file_text_free(file_text *text);

/* "<folder>/<name>", or NULL after a complaint; released by free(). */
char *path_join(const char *folder, const char *name);
/* "<path><suffix>", or NULL after a complaint; released by free(). */
char *path_with_suffix(const char *path, const char *suffix);

typedef struct new_file {
    const char *path;
    mode_t mode;
    const char *text;
    size_t size;
} new_file;

#define MAX_NEW_FILES 2

/* Writes up to MAX_NEW_FILES new files, each complete or not at all, and none of them unless all
 * could be written; replace allows older files of those names to go. */
exit_status file_write(const new_file *files, size_t count, bool replace);

/* A new file beside path with an unused name and mode 0600. *name is released by free(). */
exit_status file_create_beside(const char *path, int *handle, char **name);

/* Gives a complete file its final name. Without replace, a file that has the name already is
 * never touched. Afterwards the name is durable; where that alone fails, the file has it. */
exit_status file_publish(const char *temporary, const char *path, bool replace);

/* Refuses a path where nothing may be written: something is there and replace is false, or
 * what is there is not a regular file, or the folder is missing. */
exit_status file_check_output(const char *path, bool replace);

/* The same for what is never replaced. */
exit_status file_check_new(const char *path);

/* Refuses, with EXIT_USAGE, to write over what is read: both are one file, whatever it is called,
 * or input is a folder and output one of the containers in it. An output that is not there yet, and
 * an input that is none (an address, say), are let pass. */
exit_status file_check_not_input(const char *output, const char *input);

/* Whether two outputs would come to be one file: the same name in the same folder, or what is there
 * already. */
bool file_is_same_place(const char *one, const char *other);

/* Takes the name of a file away, durably. */
exit_status file_remove(const char *path);

bool file_exists(const char *path);

#endif
