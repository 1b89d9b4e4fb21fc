/* SPDX-License-Identifier: Apache-2.0 */
/* A recorder with one storage and one camera in a folder of its own, with keys made for it, an
 * index and an audit log, whose files fail when they are told to. */
#ifndef SVMS_TEST_STORE_CASE_H
#define SVMS_TEST_STORE_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <camera_store.h>

#define SECOND INT64_C(1000000000)
#define T0 (INT64_C(1767225600) * SECOND) /* 2026-01-01T00:00:00Z */
#define CAMERA "gate-1"
#define STORAGE "main"

typedef struct store_case {
    char place[64];
    char path[96];    /* of the storage */
    char folder[128]; /* of the camera in it */
    char head[128];
    char heads[96];
    char index[96];
    char log[96];
    char certificate[96];
    char key[96];
    char recipient[96];
    svms_ctx *ctx;
    svms_private_key *ca_key;
    svms_chain *ca;
    svms_trust *trust;
    svms_private_key *reader_key; /* of the recipient */
    service *service;
    svms_folder audit;
    storage_settings storage;
    recorded_camera camera;
    recorder_settings settings;
    recorder_parts parts;
    storage_keys keys;
    camera_store *store;
    unsigned troubles;
    uint64_t allocations;         /* of the library, for the thread of the test */
    uint64_t allocation_fails_at; /* from 1; 0: none */
    int64_t clock_shift_ns;       /* of the library's clock */
    svms_error err;
} store_case;

int store_case_set_up(void **state);
int store_case_tear_down(void **state);
/* A certificate by the case's CA, in a file. */
void store_case_certify(store_case *c, const svms_private_key *key, svms_role role,
                        const char *path);
void store_case_write(const char *path, const void *bytes, size_t size, unsigned mode);

svms_track store_case_track(uint32_t width);
void store_case_open(store_case *c);
/* One track of pictures, ten in a second, each tenth a sync sample. */
void store_case_begin(store_case *c, uint32_t width);
/* Pictures first to first + count - 1, the time of which is shift_ns later. */
void store_case_put(store_case *c, int first, int count, int64_t shift_ns);
void store_case_put_one(store_case *c, int number, int64_t shift_ns);
camera_store_state store_case_look(const store_case *c);
/* What a process that is killed leaves: all as it is now, in place of what closing makes of it. */
void store_case_kill(store_case *c);

/* Calls svms_verify_recording() on the folder, with the head off it. */
svms_status store_case_verify(store_case *c, svms_sequence_report *report, unsigned *issues,
                              svms_sequence_issue_kind kind);
/* All of it is authentic, and so many containers. */
void store_case_expect_whole(store_case *c, unsigned containers);
/* All samples that somebody with the recipient's key can read. */
unsigned store_case_samples(store_case *c);
unsigned store_case_files(const store_case *c, const char *suffix);
/* Name of the nth file (in their order) with that suffix, as a path. */
void store_case_file(const store_case *c, const char *suffix, unsigned nth, char out[256]);
unsigned store_case_events(store_case *c, const char *kind);
/* How many records of this event are in the audit log, all of them with these words; closes it. */
unsigned store_case_audited(store_case *c, const char *event, const char *words);
/* The index in words, line by line, for comparison. */
char *store_case_index_text(store_case *c, bool with_gaps);

/* While not 0, the sinks of containers fail with it; and what the disk has left. */
extern int failing_write;
extern int failing_create;
extern uint64_t free_room;

#endif
