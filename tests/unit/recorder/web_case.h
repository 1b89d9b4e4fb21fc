/* SPDX-License-Identifier: Apache-2.0 */
/* A recorder's HTTPS server with everything behind it that is real but its cameras: disk, index,
 * keeper, ledger, gate, audit log; and a client over TLS. */
#ifndef TEST_WEB_CASE_H
#define TEST_WEB_CASE_H

#include "film_stage.h"

#include <pthread.h>
#include <stdatomic.h>

#include <auditor.h>
#include <jansson.h>
#include <recorder_web.h>

#include "workshop.h"

#define WEB_TOKEN_SIZE 16384
/* 2026-01-01T00:01:00Z */
#define WEB_LONG_AGO (INT64_C(1767225660) * FILM_SECOND)

/* Cameras of which nothing else is known here. */
struct camera_fleet {
    live_hub *door;
    live_hub *yard;
    atomic_uint flushes;
};

typedef struct web_case {
    film *film;
    char policy[96];
    char keys[96];
    char revocations[96];
    char log[96];
    char ledger_path[96];
    svms_folder folder;
    svms_private_key *token_key;
    gate_issuer issuer;
    gate_options gate_options;
    gate *gate;
    auditor *auditor;
    identity_card *root;
    identity_card *server_card;
    identity_card *client_cards[2];
    svms_tls_context *server;
    svms_tls_context *clients[2];
    camera_fleet fleet;
    storage_keys storage_keys;
    svms_trust *trust; /* in recorders and exporters */
    ledger *ledger;
    keeper *keeper;
    svms_private_key *exporter_key;
    svms_chain *exporter;
    recorder_web *web;
    /* Live pictures of the door. */
    pthread_t camera;
    atomic_bool camera_stops;
    bool camera_runs;
} web_case;

int web_case_set_up(void **state);
int web_case_tear_down(void **state);
void web_case_start(web_case *c);
/* Server, cameras and audit log. */
void web_case_stop(web_case *c);

/* Rules beside that anna may `actions` of the door (of `devices`): members of the only rule. */
void web_case_write_policy(const web_case *c, int revision, const char *actions,
                           const char *devices, const char *more);
/* Another policy is in force, and all that runs is judged again. */
void web_case_change_policy(web_case *c, int revision, const char *actions, const char *devices,
                            const char *more);
void web_case_open_gate(web_case *c);
/* A picture of 1,200 bytes each 20 ms, each tenth stands alone. */
void web_case_film_the_door(web_case *c);

typedef struct web_ticket {
    const char *subject; /* NULL: anna */
    const char *audience;
    int64_t now_utc_ns; /* when it was given; 0: now */
    uint32_t life_s;
    const identity_card *bound_to;
    bool is_forged;
} web_ticket;

void web_case_issue(const web_case *c, const web_ticket *wanted, char text[WEB_TOKEN_SIZE]);

/* An answer, with NUL behind head and body; release with web_reply_free(). */
typedef struct web_reply {
    int status;
    char *head;
    char *body;
    size_t size;
    bool is_whole;
    json_t *json; /* of the body, or NULL */
} web_reply;

void web_reply_free(web_reply *reply);

typedef struct web_client {
    int socket;
    svms_tls *tls;
    char *raw; /* that came and was not read */
    size_t raw_size;
    size_t raw_room;
    char *plain; /* of the body, without chunks */
    size_t plain_size;
    size_t plain_room;
    size_t taken; /* of it, by web_next_part() */
    bool is_chunked;
    bool is_whole;
    bool is_over;
} web_client;

/* As the client of one certificate, 0 or 1. */
web_client *web_connect(web_case *c, int certificate);
/* token NULL: none; body NULL: none. more: further fields, or "". */
void web_send(web_client *client, const char *method, const char *target, const char *token,
              const char *body, const char *more);
/* The head; status, or 0: it ended before. */
int web_read_head(web_client *client, char *head, size_t room);
void web_leave(web_client **client);
/* The whole answer. */
web_reply web_read(web_client *client);

/* One request as anna, on a connection of its own. */
web_reply web_ask(web_case *c, const char *method, const char *target, const char *body);
web_reply web_ask_as(web_case *c, const web_ticket *ticket, int certificate, const char *method,
                     const char *target, const char *body);

/* A part of a stream. */
typedef struct web_piece {
    json_t *json; /* or NULL: a sample */
    unsigned track;
    int64_t utc_ns;
    bool is_sync;
    bool is_after_gap;
    const char *data; /* until the next one is asked for */
    size_t size;
} web_piece;

/* As anna. The status of the head. */
int web_begin_stream(web_case *c, web_client **out, const char *target);
/* false: nothing more came; client->is_whole says whether it ended properly. A piece's JSON is
 * released with json_decref(). */
bool web_next_part(web_client *client, web_piece *out);

/* Records of this event that hold these words. Server and log are closed first; a log.gap is a
 * failure. */
unsigned web_case_records(web_case *c, const char *event, const char *words);

#endif
