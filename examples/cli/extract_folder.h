/* SPDX-License-Identifier: Apache-2.0 */
/* The containers of a folder, read as one recording for svms extract. Every function but the ones
 * that return an svms_status complains itself. */
#ifndef SVMS_CLI_EXTRACT_FOLDER_H
#define SVMS_CLI_EXTRACT_FOLDER_H

#include <stdbool.h>

#include <svms/svms.h>

#include "exit_status.h"

typedef struct extract_folder extract_folder;

/* Lists the folder. */
exit_status extract_folder_open(extract_folder **out, svms_ctx *ctx, const char *path);
/* File name of the first container that is there, which says what the tracks are. */
const char *extract_folder_first(const extract_folder *folder);
/* Begins to read; options and what they point to must outlive the folder. tracks are those of the
 * first container: what follows must have the same. info gets the times of the whole recording. */
exit_status extract_folder_begin(extract_folder *folder, const svms_reader_options *options,
                                 const svms_track *tracks, svms_container_info *info);

svms_status extract_folder_seek(extract_folder *folder, int64_t utc_ns, svms_error *err);
/* Time stamps go on from container to container. */
svms_status extract_folder_next(extract_folder *folder, svms_sample *sample, svms_error *err);
/* Whether containers were missing on the way, which was said. */
bool extract_folder_is_incomplete(const extract_folder *folder);
/* Whether one of the recorder's later containers begins before a moment that the current one has
 * reached, and which. */
bool extract_folder_comes_again(const extract_folder *folder, int64_t utc_ns, const char **path);
/* File name of the container that the last sample, or failure, comes from. */
const char *extract_folder_path(const extract_folder *folder);
void extract_folder_free(extract_folder **folder);

#endif
