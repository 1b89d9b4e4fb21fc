/* SPDX-License-Identifier: Apache-2.0 */
/* What a server is told by its settings file: one JSON object, read as a whole before anything
 * begins. Each member is asked for by its name; what nobody asked for is refused by its name, so
 * that a misspelt setting is never a default. Secrets are files that settings name, never settings.
 *
 * The first thing that is wrong is remembered with its place ("cameras[2].url"); the functions go
 * on with something harmless, and settings_finish() tells it. Belongs to one thread. */
#ifndef VMS_SETTINGS_H
#define VMS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <svms/status.h>

typedef struct settings settings;
/* An object of the file, or a list; borrowed from the settings. */
typedef struct settings_node settings_node;

/* Most bytes of a file. */
#define SETTINGS_SIZE_MAX 1048576

/* SVMS_E_IO: it cannot be read; SVMS_E_MALFORMED: no JSON object, or a name twice in one. Also
 * refused: a file that others than its owner may write. */
svms_status settings_open(settings **out, const char *path, svms_error *err);
settings_node *settings_root(settings *file);
/* What was wrong first, or what nobody asked for: SVMS_E_MALFORMED. */
svms_status settings_finish(settings *file, svms_error *err);
/* NULL and pointer to NULL are accepted. All texts and nodes end with it. */
void settings_close(settings **file);

/* node NULL is an object without members: what is needed in it is missing. Texts are not empty. */
const char *settings_text(settings_node *node, const char *name);
const char *settings_text_or(settings_node *node, const char *name, const char *otherwise);
/* A path; relative ones, otherwise too, are beside the settings file. */
const char *settings_path(settings_node *node, const char *name);
const char *settings_path_or(settings_node *node, const char *name, const char *otherwise);
/* A whole number, least <= it <= most. */
int64_t settings_number(settings_node *node, const char *name, int64_t least, int64_t most);
int64_t settings_number_or(settings_node *node, const char *name, int64_t least, int64_t most,
                           int64_t otherwise);
bool settings_flag_or(settings_node *node, const char *name, bool otherwise);
/* Which of these words; they end with NULL. */
size_t settings_choice_or(settings_node *node, const char *name, const char *const *words,
                          size_t otherwise);
/* An object; NULL: it is not there. */
settings_node *settings_object(settings_node *node, const char *name);
/* A list; NULL: it is not there, or empty. */
settings_node *settings_list(settings_node *node, const char *name, size_t *count);
/* Of a list of objects, or of one of texts. */
settings_node *settings_object_at(settings_node *list, size_t index);
const char *settings_text_at(settings_node *list, size_t index);
const char *settings_path_at(settings_node *list, size_t index);
/* Something the reader of a value found wrong with it. */
void settings_refuse(settings_node *node, const char *name, const char *why);

#endif
