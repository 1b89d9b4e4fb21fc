/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#define PLACE_SIZE 192

struct settings_node {
    settings *file;
    json_t *json; /* an object or a list */
    bool *asked;  /* of an object: which members, in the order of its iterator */
    settings_node *next;
    char place[PLACE_SIZE]; /* "cameras[2]" */
};

/* Texts that were made here. */
typedef struct kept_text {
    struct kept_text *next;
    char text[];
} kept_text;

struct settings {
    char *path;
    json_t *json;
    settings_node *nodes;
    kept_text *texts;
    char wrong[320]; /* the first thing; empty: nothing */
};

static svms_status tell(svms_error *err, svms_status status, int os_error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static svms_status tell(svms_error *err, svms_status status, int os_error, const char *format, ...)
{
    if (err) {
        va_list args;
        *err = (svms_error)SVMS_ERROR_INIT;
        err->status = status;
        err->os_error = os_error;
        va_start(args, format);
        vsnprintf(err->message, sizeof err->message, format, args);
        va_end(args);
    }
    return status;
}

static void refuse(settings *file, const char *place, const char *name, const char *why)
{
    if (file->wrong[0] == '\0') {
        const char *dot = place[0] != '\0' && name[0] != '\0' ? "." : "";
        snprintf(file->wrong, sizeof file->wrong, "%s%s%s %s", place, dot, name, why);
    }
}

/* The same object is the same node, so that it is known what was asked of it. */
static settings_node *node_of(settings *file, json_t *json, const char *place)
{
    for (settings_node *known = file->nodes; known; known = known->next) {
        if (known->json == json) {
            return known;
        }
    }
    size_t count = json_is_object(json) ? json_object_size(json) : 0;
    settings_node *node = calloc(1, sizeof *node);
    bool *asked = calloc(count + 1, sizeof *asked);
    if (!node || !asked) {
        free(node);
        free(asked);
        refuse(file, place, "", "cannot be read: out of memory");
        return NULL;
    }
    node->file = file;
    node->json = json;
    node->asked = asked;
    node->next = file->nodes;
    snprintf(node->place, sizeof node->place, "%s", place);
    file->nodes = node;
    return node;
}

static svms_status read_all(char **out, size_t *size, const char *path, svms_error *err)
{
    struct stat info;
    int handle = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (handle < 0 || fstat(handle, &info) != 0) {
        svms_status status =
            tell(err, SVMS_E_IO, errno, "%.100s cannot be opened: %s", path, strerror(errno));
        if (handle >= 0) {
            (void)close(handle);
        }
        return status;
    }
    bool is_good = S_ISREG(info.st_mode) && info.st_size <= SETTINGS_SIZE_MAX;
    if (!is_good || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        (void)close(handle);
        return tell(err, is_good ? SVMS_E_POLICY : SVMS_E_MALFORMED, 0,
                    is_good ? "others than its owner may write %.100s"
                            : "%.100s is no file of at most 1 MiB",
                    path);
    }
    size_t capacity = (size_t)info.st_size + 1;
    char *text = malloc(capacity);
    size_t used = 0;
    ssize_t got = 1;
    while (text && got > 0 && used < capacity) {
        got = read(handle, text + used, capacity - used);
        used += got > 0 ? (size_t)got : 0;
    }
    int os_error = errno;
    (void)close(handle);
    if (!text || got < 0) {
        free(text);
        return tell(err, text ? SVMS_E_IO : SVMS_E_NO_MEMORY, text ? os_error : 0,
                    "%.100s cannot be read", path);
    }
    *out = text;
    *size = used;
    return SVMS_OK;
}

svms_status settings_open(settings **out, const char *path, svms_error *err)
{
    char *text = NULL;
    size_t size = 0;
    json_error_t why;
    svms_status status = read_all(&text, &size, path, err);
    if (status != SVMS_OK) {
        return status;
    }
    settings *self = calloc(1, sizeof *self);
    char *copy = strdup(path);
    json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
    free(text);
    if (!self || !copy || !json_is_object(json)) {
        status = !self || !copy ? tell(err, SVMS_E_NO_MEMORY, 0, "out of memory")
                 : json ? tell(err, SVMS_E_MALFORMED, 0, "%.100s holds no JSON object", path)
                        : tell(err, SVMS_E_MALFORMED, 0, "%.100s is no JSON: line %d: %.80s", path,
                               why.line, why.text);
        json_decref(json);
        free(copy);
        free(self);
        return status;
    }
    self->path = copy;
    self->json = json;
    *out = self;
    return SVMS_OK;
}

settings_node *settings_root(settings *file)
{
    return node_of(file, file->json, "");
}

static void find_unasked(settings *file)
{
    for (const settings_node *node = file->nodes; node; node = node->next) {
        const char *name = NULL;
        json_t *value = NULL;
        size_t place = 0;
        if (!json_is_object(node->json)) {
            continue;
        }
        json_object_foreach(node->json, name, value)
        {
            if (!node->asked[place++]) {
                char shown[64];
                snprintf(shown, sizeof shown, "%s", name);
                refuse(file, node->place, shown, "is no setting that is known here");
            }
        }
    }
}

svms_status settings_finish(settings *file, svms_error *err)
{
    if (file->wrong[0] == '\0') {
        find_unasked(file);
    }
    return file->wrong[0] == '\0'
               ? SVMS_OK
               : tell(err, SVMS_E_MALFORMED, 0, "%.60s: %s", file->path, file->wrong);
}

void settings_close(settings **file)
{
    if (!file || !*file) {
        return;
    }
    settings_node *node = (*file)->nodes;
    while (node) {
        settings_node *next = node->next;
        free(node->asked);
        free(node);
        node = next;
    }
    kept_text *text = (*file)->texts;
    while (text) {
        kept_text *next = text->next;
        free(text);
        text = next;
    }
    json_decref((*file)->json);
    free((*file)->path);
    free(*file);
    *file = NULL;
}

/* A member of an object, which has been asked for then. NULL: it is not there, or null. */
static json_t *find(settings_node *node, const char *name)
{
    const char *known = NULL;
    json_t *value = NULL;
    size_t place = 0;
    if (!node || !json_is_object(node->json)) {
        return NULL;
    }
    json_object_foreach(node->json, known, value)
    {
        if (strcmp(known, name) == 0) {
            node->asked[place] = true;
            return json_is_null(value) ? NULL : value;
        }
        place++;
    }
    return NULL;
}

void settings_refuse(settings_node *node, const char *name, const char *why)
{
    if (node) {
        refuse(node->file, node->place, name, why);
    }
}

/* A NUL inside would end it early. */
static const char *as_text(json_t *value)
{
    const char *text = json_string_value(value);
    return text && text[0] != '\0' && strlen(text) == json_string_length(value) ? text : NULL;
}

const char *settings_text_or(settings_node *node, const char *name, const char *otherwise)
{
    json_t *value = find(node, name);
    if (!value) {
        return otherwise;
    }
    const char *text = as_text(value);
    if (!text) {
        settings_refuse(node, name, "must be a text, and not an empty one");
    }
    return text ? text : otherwise;
}

static bool is_there(settings_node *node, const char *name)
{
    if (find(node, name)) {
        return true;
    }
    settings_refuse(node, name, "is missing");
    return false;
}

const char *settings_text(settings_node *node, const char *name)
{
    return is_there(node, name) ? settings_text_or(node, name, "") : "";
}

/* Of a path: itself if it is whole, else beside the settings file. NULL: out of memory. */
static const char *whole_path(settings *file, const char *text)
{
    if (text[0] == '/') {
        return text;
    }
    const char *slash = strrchr(file->path, '/');
    size_t folder = slash ? (size_t)(slash + 1 - file->path) : 0;
    kept_text *kept = malloc(sizeof *kept + folder + strlen(text) + 1);
    if (!kept) {
        return NULL;
    }
    memcpy(kept->text, file->path, folder);
    memcpy(kept->text + folder, text, strlen(text) + 1);
    kept->next = file->texts;
    file->texts = kept;
    return kept->text;
}

const char *settings_path_or(settings_node *node, const char *name, const char *otherwise)
{
    const char *text = settings_text_or(node, name, otherwise);
    if (!text) {
        return NULL;
    }
    const char *path = whole_path(node->file, text);
    if (!path) {
        settings_refuse(node, name, "cannot be read: out of memory");
    }
    return path ? path : otherwise;
}

const char *settings_path(settings_node *node, const char *name)
{
    return is_there(node, name) ? settings_path_or(node, name, "") : "";
}

int64_t settings_number_or(settings_node *node, const char *name, int64_t least, int64_t most,
                           int64_t otherwise)
{
    json_t *value = find(node, name);
    if (!value) {
        return otherwise;
    }
    json_int_t number = json_integer_value(value);
    if (json_is_integer(value) && number >= least && number <= most) {
        return number;
    }
    char why[96];
    snprintf(why, sizeof why, "must be a whole number from %" PRId64 " to %" PRId64, least, most);
    settings_refuse(node, name, why);
    return otherwise;
}

int64_t settings_number(settings_node *node, const char *name, int64_t least, int64_t most)
{
    return is_there(node, name) ? settings_number_or(node, name, least, most, least) : least;
}

bool settings_flag_or(settings_node *node, const char *name, bool otherwise)
{
    json_t *value = find(node, name);
    if (value && !json_is_boolean(value)) {
        settings_refuse(node, name, "must be true or false");
    }
    return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

size_t settings_choice_or(settings_node *node, const char *name, const char *const *words,
                          size_t otherwise)
{
    char why[160] = "must be one of";
    const char *text = settings_text_or(node, name, NULL);
    if (!text) {
        return otherwise;
    }
    for (size_t i = 0; words[i]; i++) {
        if (strcmp(words[i], text) == 0) {
            return i;
        }
        size_t used = strlen(why);
        snprintf(why + used, sizeof why - used, " %s", words[i]);
    }
    settings_refuse(node, name, why);
    return otherwise;
}

settings_node *settings_object(settings_node *node, const char *name)
{
    char place[PLACE_SIZE];
    json_t *value = find(node, name);
    if (!json_is_object(value)) {
        if (value) {
            settings_refuse(node, name, "must be an object");
        }
        return NULL;
    }
    snprintf(place, sizeof place, "%.120s%s%.60s", node->place, node->place[0] ? "." : "", name);
    return node_of(node->file, value, place);
}

settings_node *settings_list(settings_node *node, const char *name, size_t *count)
{
    char place[PLACE_SIZE];
    json_t *value = find(node, name);
    *count = json_array_size(value);
    if (!json_is_array(value) || *count == 0) {
        if (value && !json_is_array(value)) {
            settings_refuse(node, name, "must be a list");
        }
        return NULL;
    }
    snprintf(place, sizeof place, "%.120s%s%.60s", node->place, node->place[0] ? "." : "", name);
    settings_node *list = node_of(node->file, value, place);
    *count = list ? *count : 0;
    return list;
}

settings_node *settings_object_at(settings_node *list, size_t index)
{
    char place[PLACE_SIZE];
    json_t *value = list ? json_array_get(list->json, index) : NULL;
    if (!value) {
        return NULL;
    }
    snprintf(place, sizeof place, "%.160s[%zu]", list->place, index);
    if (!json_is_object(value)) {
        refuse(list->file, place, "", "must be an object");
        return NULL;
    }
    return node_of(list->file, value, place);
}

const char *settings_text_at(settings_node *list, size_t index)
{
    char place[PLACE_SIZE];
    json_t *value = list ? json_array_get(list->json, index) : NULL;
    const char *text = as_text(value);
    if (!text && list) {
        snprintf(place, sizeof place, "%.160s[%zu]", list->place, index);
        refuse(list->file, place, "", "must be a text, and not an empty one");
    }
    return text ? text : "";
}

const char *settings_path_at(settings_node *list, size_t index)
{
    const char *text = settings_text_at(list, index);
    const char *path = text[0] != '\0' ? whole_path(list->file, text) : text;
    if (!path) {
        refuse(list->file, list->place, "", "cannot be read: out of memory");
    }
    return path ? path : "";
}
