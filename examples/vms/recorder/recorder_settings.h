/* SPDX-License-Identifier: Apache-2.0 */
/* The settings file of svms-recorder. */
#ifndef RECORDER_SETTINGS_H
#define RECORDER_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <svms/media.h>
#include <svms/mikey.h>
#include <svms/status.h>

#include "gate.h"
#include "settings.h"

#define RECORDER_CAMERAS_MAX 1024u
#define RECORDER_STORAGES_MAX 64u
#define RECORDER_RECIPIENTS_MAX 15u
/* Of the id of a camera and the name of a storage, which are names of folders, too: letters,
 * digits, '-', '_' and '.', not at the beginning. */
#define RECORDER_NAME_MAX 64u

/* Texts belong to the settings, paths are whole. */
typedef struct storage_settings {
    const char *name;
    const char *path;
    svms_protection mode;
    const char *recipients[RECORDER_RECIPIENTS_MAX]; /* certificates (PEM) of who may open it */
    size_t recipient_count;
    const char *certificate; /* of who signs, with its chain */
    const char *key;
    uint32_t rotate_minutes;
    uint32_t keep_days;     /* 0: age alone is no reason to prune */
    uint64_t keep_bytes;    /* 0: all that the disk holds */
    uint64_t reserve_bytes; /* that stay free; below it is an alarm, and the oldest goes */
} storage_settings;

typedef struct recorded_camera {
    const char *id;
    const char *name;
    const char *url;                 /* rtsps:// */
    const char *trust;               /* CA certificates (PEM) of its device, or NULL */
    const char *crl;                 /* revocations by these, or NULL */
    uint8_t pin[32];                 /* SHA-256 of its certificate, */
    bool is_pinned;                  /* if that is given */
    const char *user;                /* for Digest, or NULL */
    const char *password_file;       /* with user only */
    const storage_settings *storage; /* where it is recorded */
    bool is_signed;                  /* what it does not sign is an alarm */
    const char *signers;             /* CA certificates (PEM) of its maker, for what it signs; NULL:
                                        that is not validated */
    const char *edge_url;            /* where its own recording is, or NULL */
} recorded_camera;

/* Whose tokens are believed. */
typedef struct token_settings {
    gate_issuer issuers[GATE_ISSUERS_MAX];
    size_t issuer_count;
    const char *audience;     /* who this server is in tokens */
    const char *revocations;  /* file, or NULL */
    uint32_t longest_life_s;  /* 0: the library's default */
    bool demand_binding;      /* only tokens that are bound to the client's certificate; as usual */
    const char *client_trust; /* CA certificates (PEM) of clients; NULL: they show none */
    const char *client_crl;   /* revocations by these, or NULL */
} token_settings;

/* Which viewing the audit log hears of (A-EVT-1). */
typedef struct viewing_rule {
    bool live;
    bool playback;
    uint32_t least_seconds; /* sequence length */
    uint64_t least_records; /* records seen */
} viewing_rule;

typedef struct recorder_settings {
    settings *file;
    const char *identity;     /* folder, as svms enroll makes it */
    const char *trust;        /* CA certificates (PEM) of recorders that signed what is on the
                                 storages, or NULL: those of the identity */
    const char *index;        /* file */
    const char *heads;        /* folder: newest heads, off the storages */
    const char *ledger;       /* file: evidence locks */
    const char *playback_key; /* opens what was recorded, or NULL: this recorder records only */
    const char *export_certificate; /* who signs exports, with chain, or NULL: there are none */
    const char *export_key;
    const char *audit; /* folder or socket, or NULL */
    viewing_rule viewing;
    const char *policy;           /* file, or NULL: nobody gets anything */
    token_settings tokens;        /* with a policy */
    const char *camera_address;   /* from which cameras are called, or NULL: the system chooses */
    const char *camera_interface; /* through which, and through no other; NULL: any */
    const char *listen_interface; /* through which clients come, and through no other; NULL: any */
    const char *https;            /* ADDRESS:PORT, or NULL */
    const char *rtsps;            /* ADDRESS:PORT, or NULL */
    svms_mikey_form mikey;        /* how players are told keys */
    const char *user;             /* to run as, or NULL */
    bool allow_root;
    bool log_json;
    storage_settings *storages;
    size_t storage_count;
    recorded_camera *cameras;
    size_t camera_count;
} recorder_settings;

/* err names file and member. Nothing but the settings file is looked at. */
svms_status recorder_settings_read(recorder_settings *out, const char *path, svms_error *err);
void recorder_settings_close(recorder_settings *self);
/* NULL: there is none. */
const recorded_camera *recorder_settings_camera(const recorder_settings *self, const char *id);

#endif
