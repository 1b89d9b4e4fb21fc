/* SPDX-License-Identifier: Apache-2.0 */
/* All cameras of a recorder, each on a thread of its own: pulls (RTSPS, SRTP inside or beside it),
 * validates what the camera signed, records, gives on to who watches. One that is lost is an event
 * within seconds, is looked for again and again, and what it recorded itself meanwhile is fetched.
 */
#ifndef CAMERA_FLEET_H
#define CAMERA_FLEET_H

#include <stdbool.h>
#include <stdint.h>

#include <svms/svms.h>

#include "camera_store.h"
#include "live_hub.h"
#include "recorder_parts.h"

typedef struct camera_fleet camera_fleet;

typedef enum camera_condition {
    CAMERA_WAITS,   /* nothing came yet */
    CAMERA_RECORDS, /* media come and are stored */
    CAMERA_LOST,    /* it is looked for */
    CAMERA_REFUSED  /* certificate, login or offer are not good enough; tried again, slowly */
} camera_condition;

const char *camera_condition_name(camera_condition condition);

typedef struct camera_status {
    camera_condition condition;
    int64_t since_utc_ns;
    char words[160]; /* why it is lost or refused; or empty */
    uint64_t packets;
    uint64_t lost; /* packets */
    uint64_t connections;
    uint64_t verdicts; /* groups of pictures that were validated */
    uint64_t bad;      /* of these, not what a trusted camera signed */
    camera_store_state store;
    live_stats live;
} camera_status;

typedef struct camera_fleet_options {
    const recorder_parts *parts;
    const storage_keys *keys; /* of each storage, in the order of the settings */
    const svms_chain *chain;  /* the recorder's identity, with which cameras are called; for the
                                 call */
    const svms_private_key *key;
    void (*trouble)(void *user, const storage_settings *storage, const svms_error *err);
    void *user;
} camera_fleet_options;

/* What of the settings can be judged without their files. */
svms_status camera_fleet_check(const recorder_settings *is, svms_error *err);
/* Every camera of the settings begins. err names the file that cannot be used. */
svms_status camera_fleet_start(camera_fleet **out, const camera_fleet_options *options,
                               svms_error *err);
/* What one camera sends now, for viewers; NULL: there is no such camera. */
live_hub *camera_fleet_hub(camera_fleet *self, const char *camera);
/* false: there is no such camera. */
bool camera_fleet_look(camera_fleet *self, const char *camera, camera_status *out);
/* Ends the present segment of a camera, so that all that was recorded until now can be read. */
void camera_fleet_flush(camera_fleet *self, const char *camera);
/* Another identity; the files that say who cameras are, and which were revoked, are read again.
 * Those that cannot be used are told, and what was in force stays; then it is the first failure
 * that is returned. */
svms_status camera_fleet_reload(camera_fleet *self, const svms_chain *chain,
                                const svms_private_key *key, svms_error *err);
/* All recordings are ended properly. After all viewers have left the hubs. NULL and pointer to NULL
 * are accepted. */
void camera_fleet_stop(camera_fleet **self);

#endif
