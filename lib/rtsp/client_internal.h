/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a client share (docs/spec/rtsp.md, RC). */
#ifndef SVMS_RTSP_CLIENT_INTERNAL_H
#define SVMS_RTSP_CLIENT_INTERNAL_H

#include <svms/rtsp_client.h>

#include "auth_challenge.h"
#include "header_values.h"
#include "message.h"

enum { SVMS_RTSP_QUEUE_MAX = 16, SVMS_RTSP_SESSION_SIZE = 129 };

/* A request from when it is made until it is answered. */
typedef struct svms_rtsp_request {
    uint64_t number;
    svms_rtsp_method method;
    char url[SVMS_RTSP_URL_SIZE];
    svms_builder tail; /* headers of its own, the empty line, the body */
    svms_rtsp_transport wanted;
    bool is_sent;
    bool is_timed; /* sent_ns is set */
    uint32_t cseq;
    uint64_t sent_ns;
    bool had_credentials;  /* as it was sent last */
    uint32_t reauthorised; /* how often it was sent again because of a 401 */
} svms_rtsp_request;

/* Keepalives that are not answered yet: CSeqs first to last, but for those of requests. Answers
 * come in order, so that one answer covers all before it. */
typedef struct svms_rtsp_keepalives {
    bool is_waiting;
    uint32_t first;
    uint32_t last;
    uint64_t since_ns;
    bool by_options; /* the server does not like GET_PARAMETER */
    bool had_credentials;
    bool reauthorised; /* since the last one that was accepted */
    bool is_due;       /* at once */
} svms_rtsp_keepalives;

struct svms_rtsp_client {
    svms_ctx *ctx;
    svms_rtsp_client_options options; /* its texts are those below */
    char *user_agent;
    char *user_name;
    char *bearer;
    char url[SVMS_RTSP_URL_SIZE];
    char base[SVMS_RTSP_URL_SIZE];
    char played[SVMS_RTSP_URL_SIZE]; /* URL of the session as PLAY had it; empty: base */
    svms_rtsp_reader *reader;
    svms_builder out;
    size_t drained; /* bytes of out that are gone */
    uint64_t next_number;
    uint32_t next_cseq;
    svms_rtsp_request *queue[SVMS_RTSP_QUEUE_MAX]; /* the first may be in flight */
    size_t queued;
    uint32_t methods;                     /* Public; 0: not known */
    bool has_setup;                       /* SETUP was asked */
    char session[SVMS_RTSP_SESSION_SIZE]; /* empty: none */
    uint32_t session_timeout_s;
    svms_rtsp_keepalives keepalives;
    svms_auth_challenge challenge;
    bool has_challenge;
    bool is_proven; /* an answer to this challenge was accepted */
    uint32_t nonce_count;
    uint64_t now_ns;
    uint64_t last_sent_ns;
    bool is_untimed; /* a request was sent at a time that the next tick() or feed() tells */
    bool is_within;  /* a message or frame has begun */
    uint64_t within_since_ns;
    bool is_reading;
    bool is_busy; /* in a callback */
    svms_error failure;
};

static inline bool svms_rtsp_client_has(const svms_rtsp_client *client, uint32_t flag)
{
    return (client->options.flags & flag) != 0;
}

/* client.c */
void svms_rtsp_request_free(svms_ctx *ctx, svms_rtsp_request **request);
/* Ends the client. */
svms_status svms_rtsp_client_end(svms_rtsp_client *client, svms_status status,
                                 const svms_error *cause, svms_error *err);
/* The failure that ended it, if any. */
SVMS_MUST_CHECK svms_status svms_rtsp_client_check(const svms_rtsp_client *client, svms_error *err);
SVMS_MUST_CHECK svms_status svms_rtsp_client_tell(svms_rtsp_client *client,
                                                  const svms_rtsp_client_event *event,
                                                  svms_error *err);

/* client_send.c. A failure leaves what waits for drain() as it was. */
SVMS_MUST_CHECK svms_status svms_rtsp_client_send_next(svms_rtsp_client *client, svms_error *err);
SVMS_MUST_CHECK svms_status svms_rtsp_client_send_keepalive(svms_rtsp_client *client,
                                                            svms_error *err);
/* Everything appended to out since it had that size, or nothing. */
SVMS_MUST_CHECK svms_status svms_rtsp_client_commit(svms_rtsp_client *client, size_t before,
                                                    svms_error *err);

/* client_login.c. Takes up the challenges of a 401. *again: the request should be sent again. */
SVMS_MUST_CHECK svms_status svms_rtsp_client_challenged(svms_rtsp_client *client,
                                                        const svms_rtsp_message *message,
                                                        bool had_credentials, bool *again,
                                                        svms_error *err);
/* SVMS_RTSP_OFFERS_... of a 401. */
uint32_t svms_rtsp_client_offers(const svms_rtsp_message *message);
/* The Authorization header, where there is one to send. */
SVMS_MUST_CHECK svms_status svms_rtsp_client_put_credentials(svms_rtsp_client *client,
                                                             svms_rtsp_method method,
                                                             const char *url, svms_error *err);

/* client_response.c, client_request.c */
SVMS_MUST_CHECK svms_status svms_rtsp_client_response(svms_rtsp_client *client,
                                                      const svms_rtsp_message *message,
                                                      svms_error *err);
SVMS_MUST_CHECK svms_status svms_rtsp_client_request(svms_rtsp_client *client,
                                                     const svms_rtsp_message *message,
                                                     svms_error *err);

/* client_event.c. What a response says, told with the memory that it takes. */
SVMS_MUST_CHECK svms_status svms_rtsp_client_tell_response(svms_rtsp_client *client,
                                                           const svms_rtsp_message *message,
                                                           const svms_rtsp_request *request,
                                                           const svms_rtsp_transport *transport,
                                                           svms_error *err);

#endif
