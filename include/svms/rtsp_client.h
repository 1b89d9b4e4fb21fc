/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * RTSP client without sockets: bytes of the server are handed in, bytes for it taken out.
 *
 * Rules: docs/spec/rtsp.md (R-..., RC-...).
 */
#ifndef SVMS_RTSP_CLIENT_H
#define SVMS_RTSP_CLIENT_H

#include <svms/context.h>
#include <svms/rtsp.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes go through TLS to a server that was authenticated. Credentials and key management are
 * sent only then. */
#define SVMS_RTSP_CLIENT_SECURE 0x01u
/** Answer Digest challenges with MD5, where nothing better is offered. */
#define SVMS_RTSP_CLIENT_ALLOW_MD5 0x02u
/** Send credentials without TLS: Digest, or a bearer token that anybody on the way can then use. */
#define SVMS_RTSP_CLIENT_ALLOW_CLEAR 0x04u
/** Say `Require: onvif-replay` in SETUP and PLAY. */
#define SVMS_RTSP_CLIENT_REPLAY 0x08u
/** Say `Require: www.onvif.org/ver20/backchannel` in DESCRIBE, SETUP and PLAY. */
#define SVMS_RTSP_CLIENT_BACKCHANNEL 0x10u
/** Send no keepalives: RTCP does it, or the caller. */
#define SVMS_RTSP_CLIENT_NO_KEEPALIVE 0x20u

/** A 401 offers: Basic, which is never answered. */
#define SVMS_RTSP_OFFERS_BASIC 0x01u
/** A 401 offers: Digest with MD5. */
#define SVMS_RTSP_OFFERS_DIGEST_MD5 0x02u
/** A 401 offers: Digest with SHA-256. */
#define SVMS_RTSP_OFFERS_DIGEST_SHA256 0x04u
/** A 401 offers: Digest with SHA-512-256. */
#define SVMS_RTSP_OFFERS_DIGEST_SHA512_256 0x08u
/** A 401 offers: Bearer. */
#define SVMS_RTSP_OFFERS_BEARER 0x10u
/** A 401 offers: something else. */
#define SVMS_RTSP_OFFERS_OTHER 0x20u

/** What a client tells. */
typedef enum svms_rtsp_client_event_kind {
    SVMS_RTSP_CLIENT_RESPONSE = 1, /**< A request was answered, or one of our keepalives refused. */
    SVMS_RTSP_CLIENT_FRAME = 2,    /**< An interleaved frame. */
    SVMS_RTSP_CLIENT_REQUEST = 3   /**< A request of the server, which was answered already. */
} svms_rtsp_client_event_kind;

/** Something that a client tells. All pointers are borrowed for the call; texts are NUL-terminated,
 * without control characters, and NULL where nothing was said. Since 0.1. */
typedef struct svms_rtsp_client_event {
    uint32_t struct_size;             /**< sizeof(svms_rtsp_client_event). */
    svms_rtsp_client_event_kind kind; /**< What it is; decides which members mean something. */
    uint64_t request;                 /**< Response: number that the request was given; 0: a
                                         keepalive. */
    svms_rtsp_method method;          /**< Response, request: the method. */
    uint32_t status;                  /**< Response: status code, 200 to 599. Request: what it was
                                         answered. */
    uint32_t cseq;                    /**< Response, request: CSeq; of PLAY its low byte stands in
                                         ::svms_rtp_replay. */
    uint32_t methods;              /**< Response: Public or Allow: bits 1 << ::svms_rtsp_method. */
    uint32_t offers;               /**< Response 401: SVMS_RTSP_OFFERS_... */
    uint32_t reserved;             /**< 0. */
    const char *phrase;            /**< Response: reason phrase of the server. */
    const char *url;               /**< Request: its URL. */
    const char *content_type;      /**< Response, request: type of the body. */
    const char *content_base;      /**< Response to DESCRIBE: URL that controls are relative to. */
    const char *location;          /**< Response: Location; nothing follows it by itself. */
    const char *unsupported;       /**< Response 551: Unsupported. */
    const char *session;           /**< Response: id of the session, without its parameters. */
    uint32_t session_timeout_s;    /**< Response: timeout of the session; 0: not said. */
    uint32_t has_transport;        /**< Response to SETUP: 1: transport is there. */
    svms_rtsp_transport transport; /**< Response to SETUP. */
    const uint8_t *mikey;          /**< Response to SETUP: MIKEY of KeyMgmt; NULL: none, or it
                                      came without TLS and was ignored. */
    size_t mikey_size;             /**< Bytes of it. */
    svms_rtsp_play play;           /**< Response to PLAY: Range, Scale, Speed, Rate-Control. */
    const svms_rtsp_rtp_info *rtp_info; /**< Response to PLAY: RTP-Info. */
    size_t rtp_info_count;              /**< Entries of it. */
    const uint8_t *body;                /**< Response, request: body; NULL: none. */
    size_t body_size;                   /**< Bytes of it. */
    uint32_t channel;                   /**< Frame: 0 to 255. */
    const uint8_t *data;                /**< Frame: a packet. */
    size_t data_size;                   /**< Bytes of it, 0 to ::SVMS_RTSP_FRAME_MAX. */
} svms_rtsp_client_event;

/** How a client works. Start from ::SVMS_RTSP_CLIENT_OPTIONS_INIT. Since 0.1. */
typedef struct svms_rtsp_client_options {
    uint32_t struct_size;   /**< sizeof(svms_rtsp_client_options). */
    uint32_t flags;         /**< SVMS_RTSP_CLIENT_... */
    const char *url;        /**< rtsp://host[:port]/... or rtsps://...; no user name or password
                               in it. */
    const char *user_agent; /**< NULL: "libsvms". */
    const char *user_name;  /**< For Digest; NULL: no user. */
    const char *bearer;     /**< Token for `Authorization: Bearer`; NULL: none. Not together with
                               user_name. */
    uint64_t request_timeout_ns; /**< How long a request may go unanswered; 0: 10 s. */
    uint64_t keepalive_ns;       /**< Longest time between requests once a session is there; 0: half
                                    of the session's timeout. */
    uint32_t max_body;           /**< Bytes of a body at most; 0: ::SVMS_RTSP_BODY_MAX. */
    uint32_t max_unsent;         /**< Bytes at most that wait for svms_rtsp_client_drain(), up to 64
                                    MiB; 0: 1 MiB. */
    void *user;                  /**< Passed to the callbacks. */
    /** Writes the password of options.user_name, without NUL, to @p out; *size is the room there
     * (1,024), and how many bytes were written. Called for each request that answers a Digest
     * challenge; the client wipes what it was given. What it returns other than ::SVMS_OK is
     * returned by the function that needed it. */
    svms_status (*password)(void *user, const char *realm, uint8_t *out, size_t *size);
    /** Receives everything, in order. It may make requests and send frames, but must not feed, tick
     * or free the client. What it returns other than ::SVMS_OK ends the client and is returned by
     * the function that caused it. */
    svms_status (*event)(void *user, const svms_rtsp_client_event *event);
} svms_rtsp_client_options;

/** Initialiser of ::svms_rtsp_client_options. */
#define SVMS_RTSP_CLIENT_OPTIONS_INIT                                                              \
    {                                                                                              \
        (uint32_t)sizeof(svms_rtsp_client_options), 0, NULL, NULL, NULL, NULL, 0, 0, 0, 0, NULL,   \
            NULL, NULL                                                                             \
    }

/** Opaque client: one connection to one server, with at most one session. */
typedef struct svms_rtsp_client svms_rtsp_client;

/**
 * Make a client. Nothing is sent by itself.
 *
 * @param[out] out  the client; release with svms_rtsp_client_free()
 * @param ctx       context; must outlive the client
 * @param options   how it works; texts are copied; URL and event callback must be given
 * @param now_ns    time, by any clock that never goes back
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           made
 * @retval SVMS_E_USAGE      an argument is NULL or out of range; a URL that is none, or with a
 * user; rtsps without ::SVMS_RTSP_CLIENT_SECURE; a user without password callback, or together with
 * a token
 * @retval SVMS_E_POLICY     a token, but neither ::SVMS_RTSP_CLIENT_SECURE nor
 *                           ::SVMS_RTSP_CLIENT_ALLOW_CLEAR
 * @retval SVMS_E_LIMIT      a text is too long
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: the client belongs to one thread at a time. Rules: RC-URL-1, RC-AUT-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtsp_client_new(svms_rtsp_client **out, svms_ctx *ctx,
                                                          const svms_rtsp_client_options *options,
                                                          uint64_t now_ns, svms_error *err);

/**
 * Hand in bytes of the server. What follows from them is told before this returns.
 *
 * @param client    the client
 * @param data      bytes
 * @param size      how many; all are taken
 * @param now_ns    when they came, by the clock of svms_rtsp_client_new()
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             taken
 * @retval SVMS_E_USAGE        an argument is NULL
 * @retval SVMS_E_STATE        called from a callback, or after svms_rtsp_client_feed_end()
 * @retval SVMS_E_MALFORMED    no RTSP, or an answer to nothing that was asked
 * @retval SVMS_E_UNSUPPORTED  a server of another version
 * @retval SVMS_E_LIMIT        a line, a header, their number, or a body exceeds its bound
 * @retval SVMS_E_POLICY       the server wants credentials in a way that is not allowed
 * @retval SVMS_E_CRYPTO       the provider failed
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @return otherwise what a callback returned
 *
 * A failure ends the client: from then on every call returns it. Thread safety: the client belongs
 * to one thread at a time. Rules: R-MSG, R-FRM, RC-RSP. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtsp_client_feed(svms_rtsp_client *client,
                                                           const void *data, size_t size,
                                                           uint64_t now_ns, svms_error *err);

/**
 * Say that the server's bytes have ended.
 *
 * @param client    the client
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           the end was between messages, and nothing was asked
 * @retval SVMS_E_USAGE      @p client is NULL
 * @retval SVMS_E_STATE      called from a callback
 * @retval SVMS_E_TRUNCATED  it was within a message, or a request is not answered
 * @return otherwise the failure that ended the client before
 *
 * Thread safety: the client belongs to one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtsp_client_feed_end(svms_rtsp_client *client,
                                                               svms_error *err);

/**
 * Take bytes for the server.
 *
 * @param client     the client
 * @param[out] out   receives bytes
 * @param capacity   how many at most
 * @param[out] size  how many came; 0: there are none
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK       taken
 * @retval SVMS_E_USAGE  an argument is NULL
 *
 * Thread safety: the client belongs to one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtsp_client_drain(svms_rtsp_client *client, void *out,
                                                            size_t capacity, size_t *size,
                                                            svms_error *err);

/**
 * Bytes that wait for svms_rtsp_client_drain().
 *
 * @param client  the client
 * @return how many; 0 for NULL
 *
 * Thread safety: the client belongs to one thread at a time. Since 0.1.
 */
SVMS_API size_t svms_rtsp_client_pending(const svms_rtsp_client *client);

/**
 * Let time pass: a request that was not answered ends the client, a keepalive is sent. Call it when
 * svms_rtsp_client_wait() says so.
 *
 * @param client    the client
 * @param now_ns    by the clock of svms_rtsp_client_new()
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           done
 * @retval SVMS_E_USAGE      @p client is NULL
 * @retval SVMS_E_STATE      called from a callback
 * @retval SVMS_E_IO         the server did not answer in time; ends the client
 * @retval SVMS_E_CRYPTO     the provider failed; ends the client
 * @retval SVMS_E_LIMIT      too much waits to be sent; ends the client
 * @retval SVMS_E_NO_MEMORY  the allocator failed; ends the client
 * @return otherwise the failure that ended the client before, or what a callback returned
 *
 * Thread safety: the client belongs to one thread at a time. Rules: RC-TIM. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtsp_client_tick(svms_rtsp_client *client,
                                                           uint64_t now_ns, svms_error *err);

/**
 * When svms_rtsp_client_tick() has something to do.
 *
 * @param client  the client
 * @return a time of the clock of svms_rtsp_client_new(); UINT64_MAX: never, or @p client is NULL
 *
 * Thread safety: the client belongs to one thread at a time. Since 0.1.
 */
SVMS_API uint64_t svms_rtsp_client_wait(const svms_rtsp_client *client);

/**
 * Say whether the caller reads from the server at present. While it does not (replay without rate
 * control), answers cannot come: nothing times out, and keepalives are sent without waiting for the
 * answers of those before.
 *
 * @param client   the client; NULL does nothing
 * @param reading  0: does not read; otherwise it reads, as at the beginning
 * @param now_ns   by the clock of svms_rtsp_client_new(); time-outs begin anew
 *
 * Thread safety: the client belongs to one thread at a time. Rule: RC-TIM-3. Since 0.1.
 */
SVMS_API void svms_rtsp_client_set_reading(svms_rtsp_client *client, uint32_t reading,
                                           uint64_t now_ns);

/**
 * Whether everything that was asked has been answered.
 *
 * @param client  the client
 * @return 1: nothing waits, nothing is in flight, except keepalives; 0 otherwise, and for NULL
 *
 * Thread safety: the client belongs to one thread at a time. Since 0.1.
 */
SVMS_API uint32_t svms_rtsp_client_idle(const svms_rtsp_client *client);

/**
 * URL that a control attribute of SDP means.
 *
 * @param client        the client
 * @param control       attribute as written: a URL, a part of one, "*"; NULL or empty: the base
 * @param[out] out      buffer for the URL and NUL; ::SVMS_RTSP_URL_SIZE is always enough
 * @param[in,out] size  bytes of it; receives the length without NUL, or what is needed
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           resolved
 * @retval SVMS_E_USAGE      @p client, @p out or @p size is NULL
 * @retval SVMS_E_MALFORMED  no URL, or one with a user or control characters
 * @retval SVMS_E_LIMIT      the URL is too long, or the buffer too small; @p size says what is
 * needed
 *
 * Thread safety: the client belongs to one thread at a time. Rule: RC-URL-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtsp_client_resolve(const svms_rtsp_client *client,
                                                              const char *control, char *out,
                                                              size_t *size, svms_error *err);

/**
 * Ask OPTIONS.
 *
 * @param client        the client
 * @param[out] request  number of the request, told with its response, or NULL
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           sent, or waits for its turn
 * @retval SVMS_E_USAGE      @p client is NULL
 * @retval SVMS_E_LIMIT      16 requests wait, or too much waits to be sent; nothing happened
 * @retval SVMS_E_NO_MEMORY  the allocator failed; nothing happened
 * @return otherwise the failure that ended the client before
 *
 * Requests are sent one at a time, each after the response to the one before. Thread safety: the
 * client belongs to one thread at a time. Rule: RC-REQ-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtsp_client_ask_options(svms_rtsp_client *client,
                                                                  uint64_t *request,
                                                                  svms_error *err);

/**
 * Ask for the description. The response sets the base that controls are relative to.
 *
 * @param client        the client
 * @param[out] request  number of the request, told with its response, or NULL
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           sent, or waits for its turn
 * @retval SVMS_E_USAGE      @p client is NULL
 * @retval SVMS_E_LIMIT      16 requests wait, or too much waits to be sent; nothing happened
 * @retval SVMS_E_NO_MEMORY  the allocator failed; nothing happened
 * @return otherwise the failure that ended the client before
 *
 * Thread safety: the client belongs to one thread at a time. Rules: RC-REQ-1, RC-URL-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtsp_client_describe(svms_rtsp_client *client,
                                                               uint64_t *request, svms_error *err);

/**
 * Set up a track. The first response sets the session.
 *
 * @param client        the client
 * @param control       control of the track, see svms_rtsp_client_resolve()
 * @param transport     carrier, secure, feedback, record, and the client's ports or channels
 * @param mikey         MIKEY message with the keys that the client gives, or NULL
 * @param mikey_size    bytes of it, 4,096 at most
 * @param[out] request  number of the request, told with its response, or NULL
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           sent, or waits for its turn
 * @retval SVMS_E_USAGE      @p client or @p transport is NULL or out of range, multicast, or UDP
 *                           ports that are not said
 * @retval SVMS_E_POLICY     secure media or MIKEY without ::SVMS_RTSP_CLIENT_SECURE
 * @retval SVMS_E_MALFORMED  @p control is no URL
 * @retval SVMS_E_LIMIT      a URL or message is too long, 16 requests wait, or too much waits to be
 *                           sent; nothing happened
 * @retval SVMS_E_NO_MEMORY  the allocator failed; nothing happened
 * @return otherwise the failure that ended the client before
 *
 * Thread safety: the client belongs to one thread at a time. Rules: RC-REQ, RC-KEY. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtsp_client_setup(svms_rtsp_client *client,
                                                            const char *control,
                                                            const svms_rtsp_transport *transport,
                                                            const uint8_t *mikey, size_t mikey_size,
                                                            uint64_t *request, svms_error *err);

/**
 * Play.
 *
 * @param client        the client
 * @param control       control of the whole session, or of a track; NULL: the base
 * @param play          what to play, or NULL: as the server likes
 * @param[out] request  number of the request, told with its response, or NULL
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           sent, or waits for its turn
 * @retval SVMS_E_USAGE      @p client is NULL, or @p play is out of range
 * @retval SVMS_E_STATE      nothing was set up, or asked to be
 * @retval SVMS_E_MALFORMED  @p control is no URL
 * @retval SVMS_E_LIMIT      a URL is too long, 16 requests wait, or too much waits to be sent;
 *                           nothing happened
 * @retval SVMS_E_NO_MEMORY  the allocator failed; nothing happened
 * @return otherwise the failure that ended the client before
 *
 * Thread safety: the client belongs to one thread at a time. Rules: RC-REQ. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtsp_client_play(svms_rtsp_client *client,
                                                           const char *control,
                                                           const svms_rtsp_play *play,
                                                           uint64_t *request, svms_error *err);

/**
 * Pause.
 *
 * @param client        the client
 * @param control       control of the whole session, or of a track; NULL: the base
 * @param[out] request  number of the request, told with its response, or NULL
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           sent, or waits for its turn
 * @retval SVMS_E_USAGE      @p client is NULL
 * @retval SVMS_E_STATE      nothing was set up, or asked to be
 * @retval SVMS_E_MALFORMED  @p control is no URL
 * @retval SVMS_E_LIMIT      a URL is too long, 16 requests wait, or too much waits to be sent;
 *                           nothing happened
 * @retval SVMS_E_NO_MEMORY  the allocator failed; nothing happened
 * @return otherwise the failure that ended the client before
 *
 * Thread safety: the client belongs to one thread at a time. Rules: RC-REQ. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtsp_client_pause(svms_rtsp_client *client,
                                                            const char *control, uint64_t *request,
                                                            svms_error *err);

/**
 * End the session. Once it is answered, no keepalive is sent any more, and tracks may be set up
 * anew.
 *
 * @param client        the client
 * @param control       control of the whole session; NULL: the base
 * @param[out] request  number of the request, told with its response, or NULL
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           sent, or waits for its turn
 * @retval SVMS_E_USAGE      @p client is NULL
 * @retval SVMS_E_STATE      nothing was set up, or asked to be
 * @retval SVMS_E_MALFORMED  @p control is no URL
 * @retval SVMS_E_LIMIT      a URL is too long, 16 requests wait, or too much waits to be sent;
 *                           nothing happened
 * @retval SVMS_E_NO_MEMORY  the allocator failed; nothing happened
 * @return otherwise the failure that ended the client before
 *
 * Thread safety: the client belongs to one thread at a time. Rules: RC-REQ. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtsp_client_teardown(svms_rtsp_client *client,
                                                               const char *control,
                                                               uint64_t *request, svms_error *err);

/**
 * Ask for parameters (text/parameters).
 *
 * @param client        the client
 * @param control       control of the whole session, or of a track; NULL: the base
 * @param names         names, one a line; NULL or empty: a sign of life
 * @param[out] request  number of the request, told with its response, or NULL
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           sent, or waits for its turn
 * @retval SVMS_E_USAGE      @p client is NULL
 * @retval SVMS_E_POLICY     mikey is asked for, and bytes do not go through TLS
 * @retval SVMS_E_MALFORMED  @p control is no URL
 * @retval SVMS_E_LIMIT      a text is too long, 16 requests wait, or too much waits to be sent;
 *                           nothing happened
 * @retval SVMS_E_NO_MEMORY  the allocator failed; nothing happened
 * @return otherwise the failure that ended the client before
 *
 * Thread safety: the client belongs to one thread at a time. Rules: RC-REQ, RC-KEY. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtsp_client_get_parameter(svms_rtsp_client *client,
                                                                    const char *control,
                                                                    const char *names,
                                                                    uint64_t *request,
                                                                    svms_error *err);

/**
 * Set parameters: new keys (`mikey: ...`, ONVIF Streaming, "Client Re-Keying") and others.
 *
 * @param client        the client
 * @param control       control of the whole session, or of a track; NULL: the base
 * @param content_type  type of the body; NULL: text/parameters
 * @param body          the body; the client's copy is wiped once it is answered
 * @param body_size     bytes of it, ::SVMS_RTSP_BODY_MAX at most
 * @param[out] request  number of the request, told with its response, or NULL
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           sent, or waits for its turn
 * @retval SVMS_E_USAGE      @p client or @p body is NULL, or the type has control characters
 * @retval SVMS_E_POLICY     the body names mikey, and bytes do not go through TLS
 * @retval SVMS_E_MALFORMED  @p control is no URL
 * @retval SVMS_E_LIMIT      a text is too long, 16 requests wait, or too much waits to be sent;
 *                           nothing happened
 * @retval SVMS_E_NO_MEMORY  the allocator failed; nothing happened
 * @return otherwise the failure that ended the client before
 *
 * Thread safety: the client belongs to one thread at a time. Rules: RC-REQ, RC-KEY. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtsp_client_set_parameter(
    svms_rtsp_client *client, const char *control, const char *content_type, const uint8_t *body,
    size_t body_size, uint64_t *request, svms_error *err);

/**
 * Send an interleaved frame: receiver reports, or media to the server.
 *
 * @param client    the client
 * @param channel   0 to 255
 * @param data      a packet
 * @param size      bytes of it, up to ::SVMS_RTSP_FRAME_MAX
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           waits for svms_rtsp_client_drain()
 * @retval SVMS_E_USAGE      an argument is NULL or out of range
 * @retval SVMS_E_LIMIT      too much waits to be sent; nothing happened
 * @retval SVMS_E_NO_MEMORY  the allocator failed; nothing happened
 * @return otherwise the failure that ended the client before
 *
 * Thread safety: the client belongs to one thread at a time. Rule: R-FRM-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtsp_client_send_frame(svms_rtsp_client *client,
                                                                 uint32_t channel,
                                                                 const uint8_t *data, size_t size,
                                                                 svms_error *err);

/**
 * Release a client; what it knows of credentials is wiped.
 *
 * @param client  address of the client; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use the client any more. Since 0.1.
 */
SVMS_API void svms_rtsp_client_free(svms_rtsp_client **client);

#ifdef __cplusplus
}
#endif

#endif
