/* SPDX-License-Identifier: Apache-2.0 */
#include "package_camera.h"

#include <inttypes.h>
#include <stdlib.h>

#include "message.h"

static exit_status read_source(camera_story *story, const package_findings *found, uint32_t number)
{
    svms_reader *reader = NULL;
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status =
        svms_export_extract(&reader, found->file->evidence, number, &options, &err);
    if (status == SVMS_E_WRONG_KEY) {
        story->is_locked = true;
        return EXIT_GOOD;
    }
    svms_status_kind class = svms_status_class(status);
    /* A container of a later version has its verdict; what it says of cameras is not known here. */
    if (class == SVMS_CLASS_EVIDENCE || class == SVMS_CLASS_MALFORMED ||
        status == SVMS_E_UNSUPPORTED) {
        story->is_damaged = true;
        return EXIT_GOOD;
    }
    if (status != SVMS_OK) {
        return complain_error(&err, "cannot read source %" PRIu32 " of %s", number,
                              found->file->path);
    }
    exit_status read = camera_story_add(story, reader);
    svms_reader_close(&reader);
    return read == EXIT_GOOD ? camera_story_end(story) : read;
}

exit_status package_camera_read(package_findings *found, svms_ctx *ctx, const camera_trust *trust)
{
    exit_status status = EXIT_GOOD;
    if (found->file->info.kind == SVMS_EXPORT_PROOF) {
        return EXIT_GOOD;
    }
    for (size_t i = 0; status == EXIT_GOOD && i < found->source_count; i++) {
        camera_story *story = calloc(1, sizeof *story);
        if (!story) {
            complain("out of memory");
            return EXIT_ENVIRONMENT;
        }
        camera_story_begin(story, ctx, trust, found->claimed_time);
        found->sources[i].camera = story;
        status = read_source(story, found, found->sources[i].period.number);
    }
    return status;
}

exit_status package_camera_status(const package_findings *found)
{
    exit_status status = EXIT_GOOD;
    for (size_t i = 0; status == EXIT_GOOD && i < found->source_count; i++) {
        const camera_story *story = found->sources[i].camera;
        status = story ? camera_story_status(story) : EXIT_GOOD;
    }
    return status;
}
