/* SPDX-License-Identifier: Apache-2.0 */
/* Says what comes from a camera, live or from what it kept itself.
 *
 *   replay_pull URL TRUST live SECONDS | all | FROM TO  [-c CERTIFICATE KEY] [-u USER PASSWORD]
 *
 * TRUST, CERTIFICATE and KEY are files (PEM), FROM and TO nanoseconds of UTC. For each sample comes
 * a line: track, UTC in nanoseconds, s for one that stands alone, r for one with the replay
 * extension, SHA-256 of its bytes. At the end a line says how it ended. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include <svms/svms.h>

#include "stream_clock.h"
#include "stream_pull.h"

#define TEXT_MAX 65536

typedef struct arguments {
    const char *url;
    const char *trust;
    bool is_live;
    uint64_t until; /* live */
    stream_pull_replay replay;
    const char *certificate;
    const char *key;
    const char *user;
    const char *password;
} arguments;

static void need(bool holds, const char *words)
{
    if (!holds) {
        fprintf(stderr, "replay_pull: %s\n", words);
        exit(3);
    }
}

static size_t read_text(char out[TEXT_MAX], const char *path)
{
    FILE *file = fopen(path, "rb");
    need(file != NULL, path);
    size_t size = fread(out, 1, TEXT_MAX, file);
    (void)fclose(file);
    need(size > 0 && size < TEXT_MAX, path);
    return size;
}

static void load_tls(svms_tls_context **out, svms_ctx *ctx, const arguments *asked)
{
    static char text[TEXT_MAX];
    svms_error err = SVMS_ERROR_INIT;
    svms_tls_options options = SVMS_TLS_OPTIONS_INIT;
    svms_trust_options anchors = SVMS_TRUST_OPTIONS_INIT;
    svms_trust *trust = NULL;
    svms_chain *chain = NULL;
    svms_private_key *key = NULL;
    anchors.anchors_size = read_text(text, asked->trust);
    anchors.anchors = text;
    need(svms_trust_new(&trust, ctx, &anchors, &err) == SVMS_OK, err.message);
    if (asked->certificate) {
        size_t size = read_text(text, asked->certificate);
        need(svms_chain_from_pem(&chain, ctx, text, size, &err) == SVMS_OK, err.message);
        size = read_text(text, asked->key);
        need(svms_private_key_from_pem(&key, ctx, text, size, &err) == SVMS_OK, err.message);
    }
    options.side = SVMS_TLS_CLIENT;
    options.min_version = SVMS_TLS_1_3;
    options.peer = SVMS_TLS_PEER_REQUIRED;
    options.credentials.trust = trust;
    options.credentials.chain = chain;
    options.credentials.key = key;
    need(svms_tls_context_new(out, ctx, &options, &err) == SVMS_OK, err.message);
    svms_private_key_free(&key);
    svms_chain_free(&chain);
    svms_trust_free(&trust);
}

static svms_status tell_tracks(void *user, const stream_pull_track *tracks, size_t count)
{
    (void)user;
    for (size_t i = 0; i < count; i++) {
        printf("# track %zu: codec %d, %s\n", i, (int)tracks[i].track.codec,
               tracks[i].protection == STREAM_IN_SRTP ? "SRTP" : "no SRTP");
    }
    return SVMS_OK;
}

static svms_status tell_sample(void *user, size_t track, const svms_rtp_event *event,
                               uint64_t now_ns)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    (void)user;
    (void)now_ns;
    if (event->kind != SVMS_RTP_SAMPLE) {
        return SVMS_OK;
    }
    need(EVP_Digest(event->data, event->size, digest, &size, EVP_sha256(), NULL) == 1, "SHA-256");
    printf("%zu %" PRId64 " %c%c ", track, event->utc_ns,
           (event->flags & SVMS_SAMPLE_SYNC) != 0 ? 's' : '-', event->has_replay ? 'r' : '-');
    for (unsigned i = 0; i < size; i++) {
        printf("%02x", digest[i]);
    }
    printf("\n");
    return SVMS_OK;
}

static bool is_over(void *user)
{
    const arguments *asked = user;
    return asked->is_live && stream_clock() >= asked->until;
}

static int64_t utc_of(const char *text)
{
    char *end = NULL;
    long long utc = strtoll(text, &end, 10);
    need(*text != '\0' && *end == '\0', "a moment is no number");
    return utc;
}

static int take_what(arguments *out, int count, char **words)
{
    need(count >= 4, "URL TRUST WHAT");
    out->url = words[1];
    out->trust = words[2];
    out->is_live = strcmp(words[3], "live") == 0;
    if (out->is_live) {
        need(count >= 5, "how long?");
        out->until = stream_clock() + (uint64_t)utc_of(words[4]) * STREAM_SECOND;
        return 5;
    }
    if (strcmp(words[3], "all") == 0) {
        out->replay.from_utc_ns = out->replay.to_utc_ns = SVMS_NO_TIME;
        return 4;
    }
    need(count >= 5, "until when?");
    out->replay.from_utc_ns = utc_of(words[3]);
    out->replay.to_utc_ns = utc_of(words[4]);
    return 5;
}

static void take(arguments *out, int count, char **words)
{
    memset(out, 0, sizeof *out);
    for (int at = take_what(out, count, words); at < count; at += 3) {
        need(at + 2 < count, "two words are needed");
        bool is_user = strcmp(words[at], "-u") == 0;
        need(is_user || strcmp(words[at], "-c") == 0, words[at]);
        *(is_user ? &out->user : &out->certificate) = words[at + 1];
        *(is_user ? &out->password : &out->key) = words[at + 2];
    }
}

int main(int count, char **words)
{
    static const stream_pull_events events = { NULL, NULL, tell_tracks, tell_sample, NULL };
    svms_error err = SVMS_ERROR_INIT;
    arguments asked;
    stream_pull_options options;
    svms_ctx *ctx = NULL;
    svms_tls_context *tls = NULL;
    stream_pull *pull = NULL;
    take(&asked, count, words);
    need(svms_ctx_new(&ctx, NULL, &err) == SVMS_OK, err.message);
    load_tls(&tls, ctx, &asked);
    memset(&options, 0, sizeof options);
    options.url = asked.url;
    options.tls = tls;
    options.replay = asked.is_live ? NULL : &asked.replay;
    options.user_name = asked.user;
    options.password = asked.password;
    options.events = &events;
    options.user = &asked;
    need(stream_pull_open(&pull, ctx, &options, &err) == SVMS_OK, err.message);
    stream_pull_end end = stream_pull_run(pull, is_over, &asked);
    printf("# %s: %s\n", stream_pull_end_name(end), stream_pull_why(pull)->message);
    stream_pull_free(&pull);
    svms_tls_context_free(&tls);
    svms_ctx_free(&ctx);
    return end == STREAM_PULL_COMPLETE || end == STREAM_PULL_STOPPED ? 0 : 1;
}
