/* SPDX-License-Identifier: Apache-2.0 */
#include "export_attachments.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "message.h"

#define MAX_ATTACHMENTS (2 * MAX_LIST_ITEMS)

typedef struct origin_spec {
    uint32_t source;
    uint32_t track; /* UINT32_MAX: all */
} origin_spec;

typedef struct attachment {
    const char *path;
    size_t place; /* among the arguments */
    bool derived;
    const char *description;
    const char *method;
    const char *tool;
    origin_spec origins[MAX_LIST_ITEMS]; /* none: everything that is carried */
    size_t origin_count;
} attachment;

struct attachment_list {
    attachment items[MAX_ATTACHMENTS];
    size_t count;
};

static int by_place(const void *a, const void *b)
{
    const attachment *one = a;
    const attachment *other = b;
    if (one->place == other->place) {
        return 0;
    }
    return one->place < other->place ? -1 : 1;
}

static void take_files(attachment_list *list, const text_list *paths, bool derived)
{
    for (size_t i = 0; i < paths->count; i++) {
        attachment *item = &list->items[list->count++];
        item->path = paths->items[i];
        item->place = paths->places[i];
        item->derived = derived;
    }
}

/* The file that was typed last before this place, or NULL. */
static attachment *file_before(attachment_list *list, size_t place)
{
    attachment *found = NULL;
    for (size_t i = 0; i < list->count && list->items[i].place < place; i++) {
        found = &list->items[i];
    }
    return found;
}

static exit_status take_texts(attachment_list *list, const text_list *texts, const char *option,
                              size_t field, const char *command)
{
    bool any = strcmp(option, "description") == 0;
    for (size_t i = 0; i < texts->count; i++) {
        attachment *item = file_before(list, texts->places[i]);
        if (!item || (!any && !item->derived)) {
            return usage_error(command, "--%s belongs behind the --%s that it is about", option,
                               any ? "attach or --derived" : "derived");
        }
        const char **text = (const char **)(void *)((char *)item + field);
        if (*text) {
            return usage_error(command, "--%s is given twice for %s", option, item->path);
        }
        *text = texts->items[i];
    }
    return EXIT_GOOD;
}

static bool parse_origin(origin_spec *out, const char *text)
{
    char *end = NULL;
    unsigned long source = strtoul(text, &end, 10);
    out->track = UINT32_MAX;
    if (text[0] < '0' || text[0] > '9' || source >= SVMS_EXPORT_MAX_SOURCES) {
        return false;
    }
    out->source = (uint32_t)source;
    if (*end == '\0') {
        return true;
    }
    const char *number = end + 1;
    if (*end != ':' || number[0] < '0' || number[0] > '9') {
        return false;
    }
    unsigned long track = strtoul(number, &end, 10);
    out->track = (uint32_t)track;
    return *end == '\0' && track < SVMS_MAX_TRACKS;
}

static exit_status take_origins(attachment_list *list, const text_list *typed, const char *command)
{
    for (size_t i = 0; i < typed->count; i++) {
        attachment *item = file_before(list, typed->places[i]);
        if (!item || !item->derived) {
            return usage_error(command,
                               "--derived-from belongs behind the --derived that it is about");
        }
        if (!parse_origin(&item->origins[item->origin_count++], typed->items[i])) {
            return usage_error(command,
                               "--derived-from is the number of a source, or SOURCE:TRACK, not "
                               "'%s'",
                               typed->items[i]);
        }
    }
    return EXIT_GOOD;
}

static exit_status check_files(const attachment_list *list, const char *command)
{
    for (size_t i = 0; i < list->count; i++) {
        const attachment *item = &list->items[i];
        struct stat info;
        if (item->derived && !item->method) {
            return usage_error(command, "--method is missing: how was %s made?", item->path);
        }
        if (stat(item->path, &info) != 0) {
            return complain_system(errno, "cannot attach %s", item->path);
        }
        if (!S_ISREG(info.st_mode)) {
            complain("cannot attach %s: it is no regular file", item->path);
            return EXIT_ENVIRONMENT;
        }
    }
    return EXIT_GOOD;
}

exit_status attachment_list_make(attachment_list **out, const attachment_options *options,
                                 const char *command)
{
    attachment_list *list = calloc(1, sizeof *list);
    if (!list) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    take_files(list, &options->attached, false);
    take_files(list, &options->derived, true);
    qsort(list->items, list->count, sizeof list->items[0], by_place);
    exit_status status = take_texts(list, &options->descriptions, "description",
                                    offsetof(attachment, description), command);
    if (status == EXIT_GOOD) {
        status =
            take_texts(list, &options->methods, "method", offsetof(attachment, method), command);
    }
    if (status == EXIT_GOOD) {
        status = take_texts(list, &options->tools, "tool", offsetof(attachment, tool), command);
    }
    if (status == EXIT_GOOD) {
        status = take_origins(list, &options->origins, command);
    }
    if (status == EXIT_GOOD) {
        status = check_files(list, command);
    }
    if (status != EXIT_GOOD) {
        attachment_list_free(&list);
        return status;
    }
    *out = list;
    return EXIT_GOOD;
}

size_t attachment_list_count(const attachment_list *list)
{
    return list->count;
}

static const char *media_type_of(const char *path)
{
    static const struct {
        const char *suffix;
        const char *type;
    } types[] = {
        { ".mp4", "video/mp4" },         { ".mkv", "video/x-matroska" },
        { ".webm", "video/webm" },       { ".jpg", "image/jpeg" },
        { ".jpeg", "image/jpeg" },       { ".png", "image/png" },
        { ".pdf", "application/pdf" },   { ".txt", "text/plain" },
        { ".json", "application/json" }, { ".wav", "audio/wav" },
        { ".xml", "application/xml" },   { ".csv", "text/csv" },
    };
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof types[0]; i++) {
        if (strcasecmp(dot, types[i].suffix) == 0) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}

static exit_status fill_origin(svms_export_origin *out, const svms_export *package,
                               const origin_spec *from)
{
    svms_export_period period = SVMS_EXPORT_PERIOD_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_export_get_period(package, from->source, &period, &err) != SVMS_OK) {
        return complain_error(&err, "nothing can be derived from source %" PRIu32, from->source);
    }
    out->source = from->source;
    out->track = from->track;
    out->first_segment = period.first_segment;
    out->last_segment = period.last_segment;
    out->utc_ns = SVMS_NO_TIME;
    return EXIT_GOOD;
}

/* What was named, or all that is carried. */
static exit_status find_origins(svms_export_origin **out, uint32_t *count, const attachment *item,
                                const svms_export *package, uint32_t sources)
{
    uint32_t wanted = item->origin_count > 0 ? (uint32_t)item->origin_count : sources;
    svms_export_origin *origins = calloc((size_t)wanted + 1, sizeof *origins);
    exit_status status = EXIT_GOOD;
    if (!origins) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    for (uint32_t i = 0; i < wanted && status == EXIT_GOOD; i++) {
        const origin_spec whole = { i, UINT32_MAX };
        status =
            fill_origin(&origins[i], package, item->origin_count > 0 ? &item->origins[i] : &whole);
    }
    if (status != EXIT_GOOD) {
        free(origins);
        return status;
    }
    *out = origins;
    *count = wanted;
    return EXIT_GOOD;
}

static exit_status add_file(const attachment *item, svms_export *package, svms_ctx *ctx,
                            const svms_export_attachment *options)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_source_open_file(&source, ctx, item->path, &err);
    if (status == SVMS_OK) {
        status = svms_export_add_attachment(package, &source, options, &err);
        svms_source_close(&source);
    }
    return status == SVMS_OK ? EXIT_GOOD : complain_error(&err, "cannot attach %s", item->path);
}

static exit_status add(const attachment *item, svms_export *package, svms_ctx *ctx,
                       uint32_t sources)
{
    svms_export_attachment options = SVMS_EXPORT_ATTACHMENT_INIT;
    svms_export_origin *origins = NULL;
    const char *slash = strrchr(item->path, '/');
    exit_status status = EXIT_GOOD;
    options.name = slash ? slash + 1 : item->path;
    options.media_type = media_type_of(item->path);
    options.description = item->description;
    if (item->derived) {
        options.method = item->method;
        options.tool = item->tool;
        status = find_origins(&origins, &options.origin_count, item, package, sources);
        options.origins = origins;
    }
    if (status == EXIT_GOOD) {
        status = add_file(item, package, ctx, &options);
    }
    free(origins);
    return status;
}

exit_status attachment_list_add(const attachment_list *list, svms_export *package, svms_ctx *ctx,
                                uint32_t sources)
{
    exit_status status = EXIT_GOOD;
    for (size_t i = 0; i < list->count && status == EXIT_GOOD; i++) {
        status = add(&list->items[i], package, ctx, sources);
    }
    return status;
}

void attachment_list_free(attachment_list **list)
{
    free(*list);
    *list = NULL;
}
