/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The server's side of RTSP 1.0 without sockets: bytes and times are handed in, bytes are handed
 * out, the application decides what is shown to whom.
 *
 * One ::svms_rtsp_server is shared by many connections; a ::svms_rtsp_connection is one stream of
 * bytes with one client, and the sessions made over it. Nothing is answered without authentication
 * but OPTIONS, and media keys pass over secure connections alone. Specification: rtsp.md, RS-… and
 * RA-….
 */
#ifndef SVMS_RTSP_SERVER_H
#define SVMS_RTSP_SERVER_H

#include <svms/context.h>
#include <svms/rtsp.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Opaque: what connections have in common. It does not change; any thread may use it. */
typedef struct svms_rtsp_server svms_rtsp_server;
/** Opaque connection; belongs to one thread at a time. */
typedef struct svms_rtsp_connection svms_rtsp_connection;

/** Clients may prove a password by digest (RFC 7616). */
#define SVMS_RTSP_SERVER_DIGEST 0x01u
/** Clients may show a bearer token (RFC 6750), over secure connections. */
#define SVMS_RTSP_SERVER_BEARER 0x02u
/** Nobody needs to authenticate. Excludes the two above. */
#define SVMS_RTSP_SERVER_OPEN 0x04u
/** Digest may be MD5, and without qop, as FFmpeg's and GStreamer's clients have it. */
#define SVMS_RTSP_SERVER_ALLOW_MD5 0x08u
/** Connections without TLS are accepted. */
#define SVMS_RTSP_SERVER_ALLOW_CLEAR 0x10u
/** The application replays recordings: `Require: onvif-replay` is understood. */
#define SVMS_RTSP_SERVER_REPLAY 0x20u

/** Bytes of a name that authentication found out, with NUL. */
#define SVMS_RTSP_IDENTITY_SIZE 256
/** Bytes of a password at most. */
#define SVMS_RTSP_PASSWORD_MAX 256

/** Algorithms of digest authentication. */
typedef enum svms_rtsp_digest {
    SVMS_RTSP_DIGEST_MD5 = 1,        /**< MD5 (RFC 2617), for old clients alone. */
    SVMS_RTSP_DIGEST_SHA_256 = 2,    /**< SHA-256 (RFC 7616). */
    SVMS_RTSP_DIGEST_SHA_512_256 = 3 /**< SHA-512/256 (RFC 7616). */
} svms_rtsp_digest;

/** How a client authenticated. */
typedef enum svms_rtsp_scheme {
    SVMS_RTSP_SCHEME_NONE = 0,   /**< It did not, and need not. */
    SVMS_RTSP_SCHEME_DIGEST = 1, /**< By password. */
    SVMS_RTSP_SCHEME_BEARER = 2, /**< By token. */
    SVMS_RTSP_SCHEME_TLS = 3     /**< By its certificate; the caller said so. */
} svms_rtsp_scheme;

/** What ::svms_rtsp_handlers.secret gives for a user. */
typedef enum svms_rtsp_secret_kind {
    SVMS_RTSP_SECRET_NONE = 0,     /**< There is no such user. */
    SVMS_RTSP_SECRET_PASSWORD = 1, /**< The password in UTF-8. */
    SVMS_RTSP_SECRET_HA1 = 2       /**< The hash of user, realm and password (RFC 7616 section
                                        3.4.2), as bytes: 16 for MD5, 32 for the others. */
} svms_rtsp_secret_kind;

/** A user's secret; the library wipes it after use. */
typedef struct svms_rtsp_secret {
    uint32_t kind;                         /**< ::svms_rtsp_secret_kind. */
    uint32_t size;                         /**< Bytes of it. */
    uint8_t bytes[SVMS_RTSP_PASSWORD_MAX]; /**< The password or the hash. */
} svms_rtsp_secret;

/** The RTP state of a track at the start of PLAY, for RTP-Info. */
typedef struct svms_rtsp_track_start {
    uint32_t track;    /**< Number of the track in its session. */
    uint32_t sequence; /**< Number of its first packet. */
    uint32_t rtp_time; /**< RTP time that belongs to the begin of the range. */
    uint32_t reserved; /**< 0. */
} svms_rtsp_track_start;

/** ::svms_rtsp_server_request.flags: the client asked for `onvif-replay`. */
#define SVMS_RTSP_REQUEST_REPLAY 0x01u
/** ::svms_rtsp_server_request.flags: the session plays already. */
#define SVMS_RTSP_REQUEST_PLAYING 0x02u
/** ::svms_rtsp_server_request.flags: the key management message of a track or session is asked for
 * (GET_PARAMETER `mikey`). */
#define SVMS_RTSP_REQUEST_GET_MIKEY 0x04u

/**
 * A request that the application has to answer. What it points to is valid until the answer was
 * given. Since 0.1.
 */
typedef struct svms_rtsp_server_request {
    uint32_t struct_size;    /**< sizeof(svms_rtsp_server_request). */
    svms_rtsp_method method; /**< DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER. */
    uint32_t flags;          /**< SVMS_RTSP_REQUEST_REPLAY ... */
    uint32_t cseq;           /**< Its CSeq; the replay extension wants the low byte. */
    uint32_t session;        /**< Session in this connection, from 1; 0: DESCRIBE. With SETUP
                                  the one that will be, or grow. */
    uint32_t track;          /**< Track in the session, from 0; ::SVMS_RTSP_ALL_TRACKS. */
    svms_rtsp_scheme scheme; /**< How the client authenticated. */
    uint32_t reserved;       /**< 0. */
    const char *identity;    /**< Who asks; "" for everybody. */
    const char *path;        /**< Presentation, decoded: "/live"; for SETUP without the last
                                  segment of the URL. */
    const char *control;     /**< SETUP: last segment of the URL, the track's name; else NULL. */
    const char *query;       /**< What follows '?', as sent; "" if nothing. */
    const char *base;        /**< DESCRIBE: Content-Base of the answer. */
    const svms_rtsp_transport *transports; /**< SETUP: what can be chosen from, best first. */
    size_t transport_count;                /**< SETUP: at least 1. */
    const svms_rtsp_play *play;            /**< PLAY: from where and how; else NULL. */
    const uint8_t *mikey; /**< SETUP, SET_PARAMETER: the client's key management message. */
    size_t mikey_size;    /**< 0: none. */
    const char *body;     /**< GET_PARAMETER, SET_PARAMETER of anything but `mikey`:
                               text/parameters. */
    size_t body_size;     /**< Its size. */
} svms_rtsp_server_request;

/** ::svms_rtsp_server_request.track and events: all tracks of the session. */
#define SVMS_RTSP_ALL_TRACKS UINT32_MAX

/** The answer to a request. Start from ::SVMS_RTSP_SERVER_ANSWER_INIT. What it points to is copied.
 * Since 0.1. */
typedef struct svms_rtsp_server_answer {
    uint32_t struct_size;  /**< sizeof(svms_rtsp_server_answer). */
    uint32_t status;       /**< 200, or 300 to 599. */
    const char *body;      /**< DESCRIBE: the SDP; GET_PARAMETER: text/parameters. */
    size_t body_size;      /**< Its size. */
    uint32_t transport;    /**< SETUP: index of the transport that is taken. */
    uint32_t server_rtp;   /**< SETUP over UDP: our port for RTP. */
    uint32_t server_rtcp;  /**< SETUP over UDP: our port for RTCP. */
    uint32_t has_ssrc;     /**< SETUP: 1: tell @p ssrc; needed where the transport is secure. */
    uint32_t ssrc;         /**< SETUP: the SSRC of what we send. */
    int32_t scale_milli;   /**< PLAY: what is played, times 1000; 0: not told. */
    const uint8_t *mikey;  /**< SETUP, GET_PARAMETER: our key management message, or NULL. */
    size_t mikey_size;     /**< Its size. */
    svms_rtsp_range range; /**< PLAY: what is played. */
    const svms_rtsp_track_start *tracks; /**< PLAY: RTP-Info, or NULL. */
    size_t track_count;                  /**< How many. */
} svms_rtsp_server_answer;

/** Initialiser of ::svms_rtsp_server_answer: 200. */
#define SVMS_RTSP_SERVER_ANSWER_INIT                                                               \
    {                                                                                              \
        (uint32_t)sizeof(svms_rtsp_server_answer), 200, NULL, 0, 0, 0, 0, 0, 0, 0, NULL, 0,        \
            SVMS_RTSP_RANGE_INIT, NULL, 0                                                          \
    }

/** What else happens on a connection. */
typedef enum svms_rtsp_server_event_kind {
    SVMS_RTSP_SERVER_REFUSED = 1,       /**< Somebody failed to authenticate: audit it, and slow
                                             down or ban whom it repeats from. */
    SVMS_RTSP_SERVER_AUTHENTICATED = 2, /**< The first success of this identity. */
    SVMS_RTSP_SERVER_SET_UP = 3,        /**< The answer to a SETUP stands: the track is there. */
    SVMS_RTSP_SERVER_ENDED = 4          /**< A track or all of a session ended; it must not be sent
                                             to any more. */
} svms_rtsp_server_event_kind;

/** Why something ended. */
typedef enum svms_rtsp_server_reason {
    SVMS_RTSP_ENDED_TEARDOWN = 1, /**< The client said so. */
    SVMS_RTSP_ENDED_TIMEOUT = 2,  /**< The client was silent for too long. */
    SVMS_RTSP_ENDED_CLOSED = 3,   /**< The connection ended. */
    SVMS_RTSP_ENDED_REPLACED = 4, /**< The track was set up anew. */
    SVMS_RTSP_ENDED_BY_US = 5     /**< svms_rtsp_connection_end_session() was called. */
} svms_rtsp_server_reason;

/** An event. Since 0.1. */
typedef struct svms_rtsp_server_event {
    uint32_t struct_size;             /**< sizeof(svms_rtsp_server_event). */
    svms_rtsp_server_event_kind kind; /**< What happened. */
    uint32_t session;                 /**< SET_UP, ENDED. */
    uint32_t track;                   /**< SET_UP, ENDED: the track, or ::SVMS_RTSP_ALL_TRACKS. */
    uint32_t reason;                  /**< ENDED: ::svms_rtsp_server_reason. */
    svms_rtsp_scheme scheme;          /**< REFUSED, AUTHENTICATED. */
    const char *identity;             /**< REFUSED: who it was said to be, foreign text cut to 255
                                           bytes; AUTHENTICATED. */
    const char *words;                /**< REFUSED: why, one English sentence part. */
    const svms_rtsp_transport *transport; /**< SET_UP: what was agreed, with channels and ports. */
} svms_rtsp_server_event;

/**
 * What the application decides. All are called from within svms_rtsp_connection_feed(),
 * svms_rtsp_connection_tick(), svms_rtsp_connection_answer() or svms_rtsp_connection_free(), and
 * must not call into the same connection. Since 0.1.
 */
typedef struct svms_rtsp_handlers {
    uint32_t struct_size; /**< sizeof(svms_rtsp_handlers). */
    uint32_t reserved;    /**< 0. */
    /** Give the secret of a user for this realm; @p out is zeros before. It should take as long
     * for names that do not exist. Anything but ::SVMS_OK fails the request with 500. Needed for
     * ::SVMS_RTSP_SERVER_DIGEST. */
    svms_status (*secret)(void *user, const char *name, svms_rtsp_digest algorithm,
                          svms_rtsp_secret *out);
    /** Judge a token of @p size bytes, NUL-terminated. ::SVMS_OK: @p identity receives whose it
     * is, and the token is good now; failures of memory or provider fail the request with 500;
     * other failures refuse it, with the message of @p err in the event. Needed for
     * ::SVMS_RTSP_SERVER_BEARER. */
    svms_status (*token)(void *user, const char *token, size_t size,
                         char identity[SVMS_RTSP_IDENTITY_SIZE], svms_error *err);
    /** Answer a request: ::SVMS_OK and @p answer; or ::SVMS_AGAIN, and
     * svms_rtsp_connection_answer() follows. Anything else answers 500. A track of SETUP is there
     * with ::SVMS_RTSP_SERVER_SET_UP alone: if that does not follow, what was reserved for it is
     * to be released. Whether @p request's
     * identity may see that path is for this one to decide. Needed. */
    svms_status (*request)(void *user, const svms_rtsp_server_request *request,
                           svms_rtsp_server_answer *answer);
    /** An interleaved packet of the client (RTCP, if @p is_rtcp is 1). NULL: they are dropped. */
    void (*frame)(void *user, uint32_t session, uint32_t track, uint32_t is_rtcp,
                  const uint8_t *data, size_t size);
    /** Something happened. Needed. */
    void (*event)(void *user, const svms_rtsp_server_event *event);
} svms_rtsp_handlers;

/** Initialiser of ::svms_rtsp_handlers. */
#define SVMS_RTSP_HANDLERS_INIT                                                                    \
    {                                                                                              \
        (uint32_t)sizeof(svms_rtsp_handlers), 0, NULL, NULL, NULL, NULL, NULL                      \
    }

/** What a server is. Start from ::SVMS_RTSP_SERVER_OPTIONS_INIT; 0 chooses what is usual. Since
 * 0.1. */
typedef struct svms_rtsp_server_options {
    uint32_t struct_size;     /**< sizeof(svms_rtsp_server_options). */
    uint32_t flags;           /**< SVMS_RTSP_SERVER_DIGEST ... SVMS_RTSP_SERVER_REPLAY; one of
                                   DIGEST, BEARER and OPEN at least. */
    const char *realm;        /**< 1 to 128 characters, printable ASCII without quote and
                                   backslash; NULL: "svms". Copied. */
    const char *name;         /**< For the header Server, as realm; NULL: none. Copied. */
    uint32_t session_seconds; /**< A session ends when its client is silent for so long: 10 to
                                   3,600; 0: 60. */
    uint32_t nonce_seconds;   /**< How long a nonce can be used: 10 to 3,600; 0: 300. */
    uint32_t request_seconds; /**< A request must be complete so long after its first byte, and
                                   the first authenticated one so long after the connection: 1 to
                                   120; 0: 10. */
    uint32_t max_sessions;    /**< In one connection: up to 64; 0: 4. */
    uint32_t max_tracks;      /**< In one session: up to 32; 0: 16. */
    uint32_t max_backlog;   /**< Bytes that are kept while an answer is waited for: 4,096 to 1 MiB;
                               0: 65,536. */
    uint32_t max_body;      /**< Bytes of a request's body: up to 65,536; 0: 16,384. */
    uint32_t max_queue;     /**< Bytes of interleaved packets that wait to be taken: 65,536 to
                                 64 MiB; 0: 8 MiB. */
    uint32_t max_strangers; /**< Requests without valid authentication in a second, and failed
                                 ones in all, before the connection is ended: up to 100; 0: 10. */
    uint32_t reserved;      /**< 0. */
    svms_rtsp_handlers handlers; /**< What the application decides. */
} svms_rtsp_server_options;

/** Initialiser of ::svms_rtsp_server_options: nobody can authenticate yet. */
#define SVMS_RTSP_SERVER_OPTIONS_INIT                                                              \
    {                                                                                              \
        (uint32_t)sizeof(svms_rtsp_server_options), 0, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,   \
            SVMS_RTSP_HANDLERS_INIT                                                                \
    }

/**
 * Make a server.
 *
 * @param[out] out  the server; release with svms_rtsp_server_free()
 * @param ctx       context; must outlive the server and its connections
 * @param options   what it is
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             made
 * @retval SVMS_E_USAGE        an argument is NULL, an option is out of range, a handler is missing
 * @retval SVMS_E_UNSUPPORTED  ::SVMS_RTSP_SERVER_ALLOW_MD5 where the provider has no MD5
 * @retval SVMS_E_CRYPTO       the provider failed or lacks a digest, or there are no random bytes
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 *
 * Thread safety: any thread. Rules: RS-1, RA-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtsp_server_new(svms_rtsp_server **out, svms_ctx *ctx,
                                                          const svms_rtsp_server_options *options,
                                                          svms_error *err);

/**
 * Release a server.
 *
 * @param server  address of the server; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: its connections must be gone. Since 0.1.
 */
SVMS_API void svms_rtsp_server_free(svms_rtsp_server **server);

/** ::svms_rtsp_connection_options.flags: the bytes go through TLS. */
#define SVMS_RTSP_CONNECTION_SECURE 0x01u

/** A connection. Start from ::SVMS_RTSP_CONNECTION_OPTIONS_INIT. Since 0.1. */
typedef struct svms_rtsp_connection_options {
    uint32_t struct_size; /**< sizeof(svms_rtsp_connection_options). */
    uint32_t flags;       /**< ::SVMS_RTSP_CONNECTION_SECURE or 0. */
    const char *peer; /**< The client's IP address as text: "192.0.2.7", "2001:db8::7". Copied.*/
    const char *identity; /**< Whom the client's certificate named, if TLS has authenticated it and
                               that is enough; NULL: it has to authenticate here. Only with
                               ::SVMS_RTSP_CONNECTION_SECURE. At most 255 bytes. Copied. */
    void *user;           /**< Passed to the handlers. */
} svms_rtsp_connection_options;

/** Initialiser of ::svms_rtsp_connection_options. */
#define SVMS_RTSP_CONNECTION_OPTIONS_INIT                                                          \
    {                                                                                              \
        (uint32_t)sizeof(svms_rtsp_connection_options), 0, NULL, NULL, NULL                        \
    }

/**
 * Begin a connection that was accepted.
 *
 * @param[out] out  the connection; release with svms_rtsp_connection_free()
 * @param server    what it belongs to; must outlive it
 * @param options   who is there
 * @param now_ns    monotonic time; all calls of a connection use the same clock
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           begun
 * @retval SVMS_E_USAGE      an argument is NULL or out of range, the address is none
 * @retval SVMS_E_POLICY     it is not secure, and the server wants it to be, or has only tokens
 * @retval SVMS_E_CRYPTO     no random bytes
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread; the connection belongs to one thread at a time. Rule: RS-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtsp_connection_new(
    svms_rtsp_connection **out, svms_rtsp_server *server,
    const svms_rtsp_connection_options *options, uint64_t now_ns, svms_error *err);

/**
 * Hand in what the client sent.
 *
 * After a failure the connection has ended: every later call gives the same status and words, what
 * is queued (an answer that says why) can still be taken, and its sessions are over.
 *
 * @param connection  the connection
 * @param data        bytes; may be NULL with @p size 0
 * @param size        how many
 * @param now_ns      monotonic time
 * @param[out] err    why it failed, or NULL
 *
 * @retval SVMS_OK           taken; there may be something to send
 * @retval SVMS_END          the client is done (it asked to close); send what is queued, and close
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_STATE      called from a handler
 * @retval SVMS_E_MALFORMED  not RTSP
 * @retval SVMS_E_LIMIT      too long, too many, or too much that nobody fetches
 * @retval SVMS_E_POLICY     too many attempts to authenticate
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: the connection belongs to one thread at a time. Rules: RS-3 to RS-27. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtsp_connection_feed(svms_rtsp_connection *connection,
                                                               const void *data, size_t size,
                                                               uint64_t now_ns, svms_error *err);

/**
 * Answer the request whose handler returned ::SVMS_AGAIN. The next one is looked at then.
 *
 * @param connection  the connection
 * @param answer      the answer
 * @param now_ns      monotonic time
 * @param[out] err    why it failed, or NULL
 *
 * @retval SVMS_E_USAGE  an argument is NULL, or the answer makes no sense (500 was answered)
 * @retval SVMS_E_STATE  nothing waits for an answer, or called from a handler
 * @return otherwise as svms_rtsp_connection_feed()
 *
 * Thread safety: the connection belongs to one thread at a time. Rule: RS-9. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status
svms_rtsp_connection_answer(svms_rtsp_connection *connection, const svms_rtsp_server_answer *answer,
                            uint64_t now_ns, svms_error *err);

/**
 * Queue an RTP or RTCP packet for a track that was set up interleaved.
 *
 * @param connection  the connection
 * @param session     the session
 * @param track       the track
 * @param is_rtcp     1: on the channel for RTCP
 * @param data        the packet, 1 to 65,535 bytes
 * @param size        its size
 * @param[out] err    why it failed, or NULL
 *
 * @retval SVMS_OK           queued
 * @retval SVMS_AGAIN        it does not fit into the queue now; nothing was queued
 * @retval SVMS_E_USAGE      an argument is NULL or out of range
 * @retval SVMS_E_STATE      there is no such track, it is not interleaved, the session does not
 *                           play, the connection has ended, or called from a handler
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: the connection belongs to one thread at a time. Rule: RS-23. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtsp_connection_send(svms_rtsp_connection *connection,
                                                               uint32_t session, uint32_t track,
                                                               uint32_t is_rtcp, const void *data,
                                                               size_t size, svms_error *err);

/**
 * Look at what is to be sent to the client. svms_rtsp_connection_sent() removes it.
 *
 * @param connection  the connection
 * @param[out] data   the next bytes; valid until the next call; NULL if there are none
 * @return how many
 *
 * Thread safety: the connection belongs to one thread at a time. Since 0.1.
 */
SVMS_API size_t svms_rtsp_connection_output(const svms_rtsp_connection *connection,
                                            const void **data);

/**
 * Some of the output was sent.
 *
 * @param connection  the connection
 * @param size        how many bytes; more than there are means all
 *
 * Thread safety: the connection belongs to one thread at a time. Since 0.1.
 */
SVMS_API void svms_rtsp_connection_sent(svms_rtsp_connection *connection, size_t size);

/**
 * A client showed over UDP that it is there (RTCP that is authentic): its session goes on.
 *
 * @param connection  the connection
 * @param session     the session; others than there are change nothing
 * @param now_ns      monotonic time
 *
 * Thread safety: the connection belongs to one thread at a time. Rule: RS-20. Since 0.1.
 */
SVMS_API void svms_rtsp_connection_alive(svms_rtsp_connection *connection, uint32_t session,
                                         uint64_t now_ns);

/**
 * End a session: its token has expired, its source is gone. The client hears of it with its next
 * request (454).
 *
 * @param connection  the connection
 * @param session     the session; others than there are change nothing
 * @param[out] err    why it failed, or NULL
 *
 * @retval SVMS_OK       ended, and told as ::SVMS_RTSP_SERVER_ENDED
 * @retval SVMS_E_USAGE  @p connection is NULL
 * @retval SVMS_E_STATE  called from a handler
 *
 * Thread safety: the connection belongs to one thread at a time. Rule: RS-20. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtsp_connection_end_session(
    svms_rtsp_connection *connection, uint32_t session, svms_error *err);

/**
 * When svms_rtsp_connection_tick() has something to do.
 *
 * @param connection  the connection
 * @return monotonic time; UINT64_MAX: not by itself
 *
 * Thread safety: the connection belongs to one thread at a time. Since 0.1.
 */
SVMS_API uint64_t svms_rtsp_connection_wait(const svms_rtsp_connection *connection);

/**
 * Let time pass: sessions whose client is silent end, and connections that keep others waiting.
 *
 * @param connection  the connection
 * @param now_ns      monotonic time
 * @param[out] err    why it ended, or NULL
 *
 * @return as svms_rtsp_connection_feed()
 *
 * Thread safety: the connection belongs to one thread at a time. Rules: RS-20 to RS-22. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtsp_connection_tick(svms_rtsp_connection *connection,
                                                               uint64_t now_ns, svms_error *err);

/**
 * Release a connection; its sessions end, which is told.
 *
 * @param connection  address of the connection; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: nobody may use the connection any more. Since 0.1.
 */
SVMS_API void svms_rtsp_connection_free(svms_rtsp_connection **connection);

#ifdef __cplusplus
}
#endif

#endif
