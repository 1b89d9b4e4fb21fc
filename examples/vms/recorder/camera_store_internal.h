/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a camera's store share. */
#ifndef CAMERA_STORE_INTERNAL_H
#define CAMERA_STORE_INTERNAL_H

#include "camera_store.h"
#include "store_end.h"

/* A container that is being written; while one follows another there are two. */
typedef struct store_container {
    struct store_container *next;
    char *path; /* its name when it is complete */
    char *part;
    svms_sink file;
    uint64_t bytes;
    uint8_t id[16];
    svms_head head; /* newest one that is durable */
    int64_t first_utc_ns;
} store_container;

struct camera_store {
    camera_store_options options;
    char *folder;
    char *head_path;
    int claim; /* holds the lock on the folder */
    uint8_t device_id[16];
    svms_head remembered; /* newest head off the storage, */
    bool has_remembered;  /* if there is one */
    store_end end;        /* how the recording is found, */
    bool must_look;       /* unless that may have changed */
    bool has_told_link;   /* whether it was as remembered */

    svms_track tracks[SVMS_MAX_TRACKS];
    uint8_t *configs[SVMS_MAX_TRACKS];
    uint32_t track_count;
    uint32_t reference; /* track whose sync samples begin what can be decoded */
    svms_writer_options writer;
    svms_recording *recording; /* NULL: none of these tracks was stored yet */
    store_container *containers;
    svms_head newest;       /* of the container that was begun last */
    int64_t opening_utc_ns; /* of the sample for which a container is begun */
    svms_gap_reason gap;    /* before the next sample, or SVMS_GAP_NONE */
    int64_t until_utc_ns;   /* where the last sample that was stored ends */

    uint64_t in_segment;     /* samples since the last segment ended */
    bool has_reference;      /* one of them is of that track */
    int64_t segment_utc_ns;  /* when the present segment begins, */
    int64_t previous_utc_ns; /* and the one before it */

    camera_store_state state;
    uint64_t ended_bytes;   /* of containers that are over */
    uint64_t failing_since; /* samples left out before it failed */
    int64_t tried_utc_ns;   /* when storing was tried last while it fails, */
    int64_t patience_ns;    /* and how long until the next time */
    bool was_full;          /* that is why it fails */
    bool heads_fail;
    bool has_begun; /* recording.start was told */
    int64_t index_due_ns;
    int64_t head_due_ns;
};

/* How the recording is found in its folder now. */
svms_status store_find_recording(camera_store *self, svms_error *err);

/* Opens what svms_recording_open() needs for the next container, and closes it. */
svms_status store_open_sink(void *user, const svms_recording_container *container, svms_sink *sink,
                            svms_error *err);
void store_close_sink(void *user, const svms_recording_container *container, svms_sink *sink);
svms_status store_keep_head(void *user, const svms_head *head);

/* Told to the audit log; without an auditor nothing happens. why may be NULL, reason is for a
 * failure. */
void store_audit(camera_store *self, const char *event, const svms_head *head, const char *why,
                 const char *reason);
/* recording.head of a container that is over; path NULL: it has no end. */
void store_audit_end(camera_store *self, const svms_head *head, const char *path);
/* The disk is full, or fails: event and audit log. */
void store_tell_failure(camera_store *self, const char *path, bool is_full, const svms_error *why);
void store_tell_over(camera_store *self, uint64_t left_out);
/* What was found in the folder: what was interrupted, or does not belong there. */
void store_tell_found(camera_store *self);
/* Whether it was what had been remembered off the storage. */
void store_tell_link(camera_store *self, svms_link_state link);
/* For store_find_end(). */
void store_tell_doubt(void *user, const char *name, const svms_error *why);
/* Between what was stored before and a sample that was stored now. */
void store_tell_gap(camera_store *self, int64_t from_utc_ns, int64_t to_utc_ns,
                    svms_gap_reason reason);

/* CLOCK_MONOTONIC. */
int64_t store_clock(void);

#endif
