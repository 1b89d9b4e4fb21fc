/* SPDX-License-Identifier: Apache-2.0 */
/* What recordings tell of the camera: what the recorder wrote down of its signatures, and what can
 * be found out of them again. Every function complains itself. */
#ifndef SVMS_CLI_CAMERA_STORY_H
#define SVMS_CLI_CAMERA_STORY_H

#include <stdbool.h>

#include <jansson.h>
#include <svms/svms.h>

#include "camera_lane.h"
#include "camera_watch.h"
#include "exit_status.h"

/* Bounds that the story has something to say about. */
typedef struct camera_count {
    uint64_t reports;
    uint64_t authentic; /* by a signer who is trusted */
    svms_camera_verdict worst;
    uint32_t reasons;
    bool untrusted;                    /* one was authentic, by nobody who is trusted */
    int64_t first_failed_utc_ns;       /* or SVMS_NO_TIME */
    camera_span ends[SVMS_MAX_TRACKS]; /* of each track */
    svms_identity_verdict identity;
    char subject[SVMS_CAMERA_TEXT_SIZE];
    svms_camera_format format; /* the first one */
    bool has_formats;          /* there is another one */
} camera_count;

/* Of one track of pictures. */
typedef struct camera_pictures {
    uint64_t count;
    uint64_t judged;      /* of those that a recorder says something of */
    int64_t begin_utc_ns; /* of the first, or SVMS_NO_TIME */
} camera_pictures;

typedef struct camera_story {
    svms_ctx *ctx;
    const camera_trust *trust; /* NULL: signatures are not looked at again */
    bool claimed_time;
    bool is_asked;      /* there is trust */
    bool has_records;   /* a recorder wrote them */
    bool is_locked;     /* something of it could not be opened */
    bool is_damaged;    /* or does not verify, which whoever verifies it is told besides */
    uint64_t malformed; /* records that are none */
    camera_pictures video[SVMS_MAX_TRACKS];
    camera_count recorder;
    camera_count again;
    bool has_video;    /* something was looked at again */
    camera_lane lives; /* what came as it was captured */
    camera_lane edges; /* what was fetched later: it fills gaps of the other one */
    camera_lane *lane; /* of the newest container, or NULL */
} camera_story;

/* trust may be NULL, and must outlive the story. */
void camera_story_begin(camera_story *story, svms_ctx *ctx, const camera_trust *trust,
                        bool claimed_time);
/* The next container of a recording, read from where the reader stands. */
exit_status camera_story_add(camera_story *story, svms_reader *reader);
/* The same, opened with keys, which may be NULL. */
exit_status camera_story_add_source(camera_story *story, const svms_source *source,
                                    const svms_keyring *keys);
exit_status camera_story_end(camera_story *story);
/* Whether there is anything to tell. */
bool camera_story_is_told(const camera_story *story);
/* EXIT_EVIDENCE where signatures were looked at again, and not all is what a trusted camera signed.
 * That none covers the ends, where it was cut, is no failure. */
exit_status camera_story_status(const camera_story *story);
void camera_story_print(const camera_story *story);
/* null where there is nothing to tell. */
json_t *camera_story_to_json(const camera_story *story);
void camera_story_free(camera_story *story);

#endif
