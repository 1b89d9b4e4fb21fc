/* SPDX-License-Identifier: Apache-2.0 */
/* TLS over memory: one end alone that hears whatever the input says, or a genuine handshake on
 * whose way bytes are changed. Nothing in it is random (fuzz_random.h), so that a finding can be
 * repeated.
 *
 * Byte 0 is options (below), byte 1 modulo 5 who takes part. One end alone: pieces of {actions,
 * u16 size, bytes}. Two ends: u8 number of edits, edits of {sender and kind, u16 position, value},
 * and then the sizes in which bytes are carried, over and over; none: as they come. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/tls.h>

#include "fuzz_random.h"
#include "fuzz_tls_foreign.h"
#include "fuzz_tls_identity.h"

#define EDITS_MOST 16
#define ROUNDS_MOST 20000
#define LINK_SIZE 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum option {
    OPTION_TLS12 = 1,
    OPTION_TICKETS = 2,
    OPTION_ALPN = 4,
    OPTION_OPTIONAL = 8,
    OPTION_INSPECTED = 16,
    OPTION_STAPLE = 32,
    OPTION_NEED_STAPLE = 64,
    OPTION_NOT_ASKED = 128
};

enum action {
    ACTION_READ = 1,
    ACTION_WRITE = 2,
    ACTION_CLOSE = 4,
    ACTION_DRAIN = 8,
    ACTION_FEED_END = 16
};

enum company { SERVER_ALONE, CLIENT_ALONE, BOTH_OURS, FOREIGN_CLIENT, FOREIGN_SERVER, COMPANIES };

enum edit_kind { EDIT_XOR, EDIT_SET, EDIT_DELETE, EDIT_INSERT, EDIT_CUT, EDIT_KINDS };

typedef struct edit {
    enum edit_kind kind;
    bool by_server;
    size_t position;
    uint8_t value;
} edit;

/* Bytes on their way from one end to the other. */
typedef struct link {
    bool by_server;
    bool changed;
    bool cut;
    bool end_told;
    size_t position; /* in what was sent, edits not counted */
    size_t size;
    uint8_t bytes[LINK_SIZE];
} link;

/* One end: ours, or a foreign one where tls is NULL. */
typedef struct end {
    svms_tls *tls;
    fuzz_foreign foreign;
    bool server;
    bool up;
    bool over; /* failed, or all was said */
    bool closed;
    svms_status status;
    size_t sent;
    size_t got;
} end;

/* What never changes between inputs. */
typedef struct setting {
    OSSL_LIB_CTX *library;
    svms_ctx *ctx;
    svms_chain *chains[2]; /* client, server */
    svms_private_key *keys[2];
    svms_trust *trust;
} setting;

static setting fixed;

/* What each end says to the other. */
static const uint8_t words[2][24] = { "the client says hello..", "the server says hello.." };

static void demand(bool holds)
{
    if (!holds) {
        abort();
    }
}

static int64_t fixed_time(void *user)
{
    (void)user;
    return INT64_C(1798761600000000000); /* 2027-01-01 */
}

static void prepare(void)
{
    static const char *const chains[] = { fuzz_client, fuzz_server };
    static const char *const keys[] = { fuzz_client_key, fuzz_server_key };
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    fixed.library = fuzz_random_library();
    options.ossl_context = fixed.library;
    options.utc_now = fixed_time;
    demand(svms_ctx_new(&fixed.ctx, &options, NULL) == SVMS_OK);
    for (int i = 0; i < 2; i++) {
        demand(svms_chain_from_pem(&fixed.chains[i], fixed.ctx, chains[i], strlen(chains[i]),
                                   NULL) == SVMS_OK);
        demand(svms_private_key_from_pem(&fixed.keys[i], fixed.ctx, keys[i], strlen(keys[i]),
                                         NULL) == SVMS_OK);
    }
    demand(svms_trust_from_pem(&fixed.trust, fixed.ctx, fuzz_root, sizeof fuzz_root - 1, NULL) ==
           SVMS_OK);
}

static void open_ours(end *one, unsigned options, bool server)
{
    static const char *const protocols[] = { "a/1", "b/1" };
    svms_tls_options wanted = SVMS_TLS_OPTIONS_INIT;
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    svms_tls_context *context = NULL;
    wanted.side = server ? SVMS_TLS_SERVER : SVMS_TLS_CLIENT;
    wanted.min_version = (options & OPTION_TLS12) != 0 ? SVMS_TLS_1_2 : SVMS_TLS_1_3;
    wanted.alpn = (options & OPTION_ALPN) != 0 ? protocols : NULL;
    wanted.alpn_count = (options & OPTION_ALPN) != 0 ? 2 : 0;
    wanted.credentials.chain = fixed.chains[server];
    wanted.credentials.key = fixed.keys[server];
    wanted.credentials.trust = fixed.trust;
    if (server) {
        wanted.tickets =
            (options & OPTION_TICKETS) != 0 ? SVMS_TLS_TICKETS_ROTATED : SVMS_TLS_TICKETS_OFF;
        wanted.peer = (options & OPTION_NOT_ASKED) != 0  ? SVMS_TLS_PEER_NOT_ASKED
                      : (options & OPTION_OPTIONAL) != 0 ? SVMS_TLS_PEER_OPTIONAL
                                                         : SVMS_TLS_PEER_REQUIRED;
        wanted.credentials.ocsp = (options & OPTION_STAPLE) != 0 ? fuzz_staple : NULL;
        wanted.credentials.ocsp_size = (options & OPTION_STAPLE) != 0 ? sizeof fuzz_staple : 0;
    } else {
        wanted.peer =
            (options & OPTION_INSPECTED) != 0 ? SVMS_TLS_PEER_INSPECTED : SVMS_TLS_PEER_REQUIRED;
        wanted.require_staple = (options & OPTION_NEED_STAPLE) != 0;
        target.host = "recorder.test";
    }
    one->server = server;
    demand(svms_tls_context_new(&context, fixed.ctx, &wanted, NULL) == SVMS_OK);
    demand(svms_tls_open(&one->tls, context, server ? NULL : &target, NULL) == SVMS_OK);
    svms_tls_context_free(&context);
}

static void open_foreign(end *one, bool server)
{
    one->server = server;
    fuzz_foreign_open(&one->foreign, fixed.library, server);
}

static void close_end(end *one)
{
    if (one->foreign.ssl) {
        fuzz_foreign_close(&one->foreign);
    }
    svms_tls_free(&one->tls);
}

/* A peer's bytes can make a connection fail; they are no fault of the provider, the caller or the
 * library, and the reason is words that a terminal can show. */
static void check_failure(svms_status status, const svms_error *err)
{
    bool possible = status == SVMS_E_UNTRUSTED || status == SVMS_E_POLICY ||
                    status == SVMS_E_MALFORMED || status == SVMS_E_TRUNCATED ||
                    status == SVMS_E_LIMIT;
    if (!possible) {
        fprintf(stderr, "status %s: %s\n", svms_status_name(status), err->message);
    }
    demand(possible);
    size_t length = strnlen(err->message, sizeof err->message);
    demand(length > 0 && length < sizeof err->message);
    for (size_t i = 0; i < length; i++) {
        demand((unsigned char)err->message[i] >= 0x20 && err->message[i] != 0x7F);
    }
}

static bool went_wrong(end *one, svms_status status, const svms_error *err)
{
    if (status == SVMS_OK || status == SVMS_AGAIN || status == SVMS_END) {
        return false;
    }
    check_failure(status, err);
    one->status = status;
    one->over = true;
    return true;
}

/* Who has got through is whom we trust, whatever happened to the bytes on the way. */
static void check_peer(const end *one, unsigned options)
{
    svms_tls_peer peer = SVMS_TLS_PEER_INIT;
    demand(svms_tls_peer_info(one->tls, &peer, NULL) == SVMS_OK);
    bool judged = (options & (one->server ? OPTION_NOT_ASKED : OPTION_INSPECTED)) == 0;
    bool shown = svms_tls_peer_chain(one->tls) != NULL;
    bool must_show = !one->server || (options & OPTION_OPTIONAL) == 0;
    demand(!judged || shown || !must_show);
    demand(!judged || !shown || peer.verdict == SVMS_IDENTITY_TRUSTED);
    demand(!judged || one->server || peer.name_matches == 1);
    demand(peer.verdict == SVMS_IDENTITY_TRUSTED || peer.roles == 0);
    demand((options & OPTION_TLS12) != 0 || peer.version == SVMS_TLS_1_3);
}

/* What is read is the beginning of what the other end wrote. */
static void take_words(end *one, const uint8_t *bytes, size_t size)
{
    const uint8_t *expected = words[one->server ? 0 : 1];
    demand(size <= sizeof words[0] - one->got);
    demand(memcmp(bytes, expected + one->got, size) == 0);
    one->got += size;
}

static void speak(end *one, svms_error *err)
{
    const uint8_t *own = words[one->server];
    while (one->sent < sizeof words[0]) {
        size_t taken = 0;
        svms_status status =
            svms_tls_write(one->tls, own + one->sent, sizeof words[0] - one->sent, &taken, err);
        if (status != SVMS_OK) {
            (void)went_wrong(one, status, err);
            return;
        }
        demand(taken > 0 && taken <= sizeof words[0] - one->sent);
        one->sent += taken;
    }
}

static void listen_to(end *one, svms_error *err)
{
    uint8_t bytes[100];
    size_t size = 0;
    svms_status status = SVMS_OK;
    while ((status = svms_tls_read(one->tls, bytes, sizeof bytes, &size, err)) == SVMS_OK) {
        demand(size > 0 && size <= sizeof bytes);
        take_words(one, bytes, size);
    }
    if (status == SVMS_END) {
        one->over = true;
        one->status = SVMS_END;
    } else {
        (void)went_wrong(one, status, err);
    }
}

static void go_on_ours(end *one, unsigned options)
{
    svms_error err = SVMS_ERROR_INIT;
    if (one->over) {
        return;
    }
    if (!one->up) {
        svms_status status = svms_tls_handshake(one->tls, &err);
        if (went_wrong(one, status, &err) || status == SVMS_AGAIN) {
            return;
        }
        one->up = true;
        check_peer(one, options);
    }
    if (!one->closed) {
        speak(one, &err);
    }
    if (!one->over) {
        listen_to(one, &err);
    }
    if (one->got == sizeof words[0] && one->sent == sizeof words[0] && !one->closed &&
        (!one->over || one->status == SVMS_END)) {
        svms_status status = svms_tls_close(one->tls, &err);
        one->closed = status == SVMS_OK;
        (void)went_wrong(one, status, &err);
    }
}

static void go_on_foreign(end *one)
{
    SSL *ssl = one->foreign.ssl;
    uint8_t bytes[100];
    size_t size = 0;
    one->up = one->up || SSL_do_handshake(ssl) == 1;
    if (!one->up || one->over) {
        return;
    }
    if (one->sent == 0 && SSL_write_ex(ssl, words[one->server], sizeof words[0], &size)) {
        one->sent = size;
    }
    while (SSL_read_ex(ssl, bytes, sizeof bytes, &size)) {
        take_words(one, bytes, size);
    }
    if (one->got == sizeof words[0]) {
        (void)SSL_shutdown(ssl);
        one->over = true;
        one->status = SVMS_END;
    }
}

static void append(link *way, uint8_t byte)
{
    if (!way->cut && way->size < sizeof way->bytes) {
        way->bytes[way->size++] = byte;
    }
}

/* One byte of a sender, as the edits leave it. */
static void carry_byte(link *way, uint8_t byte, const edit *edits, size_t count)
{
    bool keep = true;
    for (size_t i = 0; i < count; i++) {
        if (edits[i].by_server != way->by_server || edits[i].position != way->position) {
            continue;
        }
        uint8_t before = byte;
        switch (edits[i].kind) {
        case EDIT_XOR:
            byte ^= edits[i].value;
            break;
        case EDIT_SET:
            byte = edits[i].value;
            break;
        case EDIT_DELETE:
            keep = false;
            break;
        case EDIT_INSERT:
            append(way, edits[i].value);
            break;
        default:
            way->cut = true;
            break;
        }
        way->changed = way->changed || edits[i].kind > EDIT_SET || byte != before;
    }
    way->position++;
    if (keep) {
        append(way, byte);
    }
}

static void take_off(end *sender, link *way, const edit *edits, size_t count)
{
    uint8_t bytes[1000];
    size_t size = 0;
    for (;;) {
        if (sender->tls) {
            demand(svms_tls_drain(sender->tls, bytes, sizeof bytes, &size, NULL) == SVMS_OK);
            demand(size <= sizeof bytes);
        } else {
            int got = BIO_read(sender->foreign.out, bytes, sizeof bytes);
            size = got > 0 ? (size_t)got : 0;
        }
        if (size == 0) {
            return;
        }
        for (size_t i = 0; i < size; i++) {
            carry_byte(way, bytes[i], edits, count);
        }
    }
}

/* Gives at most so many bytes to the receiver; false when nothing moved. */
static bool hand_in(end *receiver, link *way, size_t most)
{
    size_t size = way->size < most ? way->size : most;
    size_t taken = 0;
    if (size == 0 && way->cut && !way->end_told && receiver->tls) {
        way->end_told = true;
        return svms_tls_feed_end(receiver->tls, NULL) == SVMS_OK;
    }
    if (size == 0) {
        return false;
    }
    if (!receiver->tls) {
        taken = BIO_write(receiver->foreign.in, way->bytes, (int)size) == (int)size ? size : 0;
    } else if (svms_tls_feed(receiver->tls, way->bytes, size, &taken, NULL) != SVMS_OK) {
        /* Whom it has failed takes no more. */
        demand(receiver->over);
        taken = size;
    }
    demand(taken <= size);
    way->size -= taken;
    memmove(way->bytes, way->bytes + taken, way->size);
    return taken > 0;
}

/* Without a change on the way, all must come to a good end where both want the same. */
static bool should_work(enum company company, unsigned options)
{
    bool stapled = company != FOREIGN_SERVER && (options & OPTION_STAPLE) != 0;
    bool judged = company != FOREIGN_CLIENT && (options & OPTION_INSPECTED) == 0;
    if (judged && (options & OPTION_NEED_STAPLE) != 0 && !stapled) {
        return false;
    }
    return company == BOTH_OURS || ((options & OPTION_TLS12) != 0 && (options & OPTION_ALPN) == 0);
}

static void check_outcome(const end ends[2], const link ways[2], enum company company,
                          unsigned options)
{
    bool changed = ways[0].changed || ways[1].changed;
    bool expected = should_work(company, options);
    for (int i = 0; i < 2; i++) {
        demand(ends[i].status != SVMS_OK || !ends[i].over);
        if (!changed && expected) {
            demand(ends[i].up && ends[i].over && ends[i].status == SVMS_END);
            demand(ends[i].got == sizeof words[0] && ends[i].sent == sizeof words[0]);
        } else if (!changed && ends[i].tls) {
            demand(ends[i].over);
        }
    }
}

static size_t read_edits(edit edits[EDITS_MOST], const uint8_t **data, size_t *size)
{
    size_t count = 0;
    size_t wanted = *size > 0 ? (*data)[0] % (EDITS_MOST + 1) : 0;
    *data += *size > 0;
    *size -= *size > 0;
    while (count < wanted && *size >= 4) {
        const uint8_t *bytes = *data;
        edits[count++] = (edit){ .kind = (enum edit_kind)((bytes[0] & 0x7F) % EDIT_KINDS),
                                 .by_server = (bytes[0] & 0x80) != 0,
                                 .position = (size_t)(bytes[1] | bytes[2] << 8),
                                 .value = bytes[3] };
        *data += 4;
        *size -= 4;
    }
    return count;
}

static void run_two(enum company company, unsigned options, const uint8_t *data, size_t size)
{
    /* Too large for a stack; wiped for each input. */
    static link ways[2];
    end ends[2] = { { 0 }, { 0 } };
    edit edits[EDITS_MOST];
    size_t count = read_edits(edits, &data, &size);
    size_t pace = 0;
    bool moved = true;
    for (int i = 0; i < 2; i++) {
        bool server = i == 1;
        bool foreign = company == (server ? FOREIGN_SERVER : FOREIGN_CLIENT);
        ways[i] = (link){ .by_server = server };
        if (foreign) {
            open_foreign(&ends[i], server);
        } else {
            open_ours(&ends[i], options, server);
        }
    }
    for (int round = 0; moved && round < ROUNDS_MOST; round++) {
        moved = false;
        for (int i = 0; i < 2; i++) {
            if (ends[i].tls) {
                go_on_ours(&ends[i], options);
            } else {
                go_on_foreign(&ends[i]);
            }
            take_off(&ends[i], &ways[i], edits, count);
            size_t most = size > 0 ? 1U + data[pace++ % size] : LINK_SIZE;
            moved = hand_in(&ends[1 - i], &ways[i], most) || moved;
        }
    }
    demand(!moved);
    check_outcome(ends, ways, company, options);
    close_end(&ends[1]);
    close_end(&ends[0]);
}

/* Any call in any order; none may do more than fail. */
static void act(svms_tls *tls, unsigned actions)
{
    svms_error err = SVMS_ERROR_INIT;
    uint8_t bytes[600];
    size_t size = 0;
    if ((actions & ACTION_FEED_END) != 0) {
        (void)!svms_tls_feed_end(tls, &err);
    }
    if ((actions & ACTION_READ) != 0) {
        demand(svms_tls_read(tls, bytes, sizeof bytes, &size, &err) != SVMS_OK);
    }
    if ((actions & ACTION_WRITE) != 0) {
        demand(svms_tls_write(tls, bytes, 1, &size, &err) != SVMS_OK);
    }
    if ((actions & ACTION_CLOSE) != 0) {
        (void)!svms_tls_close(tls, &err);
    }
    if ((actions & ACTION_DRAIN) != 0) {
        demand(svms_tls_drain(tls, bytes, sizeof bytes, &size, &err) == SVMS_OK);
        demand(size <= sizeof bytes);
    }
    demand(svms_tls_pending(tls) == 0);
}

/* Nobody gets through without the other end's part of the work. */
static void run_alone(bool server, unsigned options, const uint8_t *data, size_t size)
{
    end one = { 0 };
    svms_error err = SVMS_ERROR_INIT;
    bool closed = false;
    open_ours(&one, options, server);
    while (size >= 3) {
        unsigned actions = data[0];
        size_t piece = (size_t)(data[1] | data[2] << 8);
        size_t taken = 0;
        data += 3;
        size -= 3;
        piece = piece < size ? piece : size;
        (void)!svms_tls_feed(one.tls, data, piece, &taken, &err);
        demand(taken <= piece);
        data += piece;
        size -= piece;
        act(one.tls, actions);
        closed = closed || (actions & ACTION_CLOSE) != 0;
        svms_status status = svms_tls_handshake(one.tls, &err);
        demand(status != SVMS_OK && status != SVMS_END);
        if (status != SVMS_AGAIN && !closed) {
            check_failure(status, &err);
        }
    }
    close_end(&one);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!fixed.ctx) {
        prepare();
    }
    if (size < 2) {
        return 0;
    }
    fuzz_random_restart();
    enum company company = (enum company)(data[1] % COMPANIES);
    if (company == SERVER_ALONE || company == CLIENT_ALONE) {
        run_alone(company == SERVER_ALONE, data[0], data + 2, size - 2);
    } else {
        run_two(company, data[0], data + 2, size - 2);
    }
    return 0;
}
