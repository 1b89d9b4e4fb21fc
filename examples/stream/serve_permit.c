/* SPDX-License-Identifier: Apache-2.0 */
/* Who may watch what, and until when. */
#include <stdio.h>
#include <string.h>

#include "serve_internal.h"

/* So long before a permission ends it is asked whether another has taken its place. */
#define ASK_NS (10 * (int64_t)STREAM_SECOND)

static uint32_t code_of(const serve_client *client, stream_serve_refusal refusal)
{
    uint32_t flags = client->serve->options.server_flags;
    switch (refusal) {
    case STREAM_SERVE_FORBIDDEN:
        return SERVE_FORBIDDEN;
    case STREAM_SERVE_STRANGER:
        /* Where nobody can authenticate there is nothing to try. */
        return (flags & SVMS_RTSP_SERVER_OPEN) != 0 ? SERVE_FORBIDDEN : SERVE_UNAUTHORIZED;
    default:
        return SERVE_NOT_FOUND;
    }
}

static stream_serve_question question_of(const serve_client *client,
                                         const stream_presentation *presentation,
                                         const serve_watch *watch)
{
    stream_serve_question question = { .kind =
                                           presentation ? presentation->kind : STREAM_SERVE_NOTHING,
                                       .address = client->address,
                                       .from_utc_ns = SVMS_NO_TIME,
                                       .to_utc_ns = SVMS_NO_TIME };
    question.certificate = client->link.tls ? svms_tls_peer_chain(client->link.tls) : NULL;
    /* Of a replay that is not open yet it is not known. */
    question.has_sound = watch          ? serve_has_sound(watch->tracks)
                         : presentation ? presentation->kind == STREAM_SERVE_REPLAY ||
                                              serve_has_sound(&presentation->tracks)
                                        : false;
    if (watch) {
        question.identity = watch->identity;
        question.scheme = watch->scheme;
        question.path = watch->presentation->path;
        question.query = watch->query;
        question.play = watch->has_play ? &watch->play : NULL;
        question.from_utc_ns = watch->from_utc_ns;
        question.to_utc_ns = watch->to_utc_ns;
        question.watch = watch->told.number;
        question.cursor = watch->replay ? serve_replay_cursor(watch) : NULL;
    }
    return question;
}

static void ask(serve_client *client, stream_serve_question *question,
                stream_serve_verdict *verdict)
{
    const stream_serve_options *options = &client->serve->options;
    *verdict = (stream_serve_verdict){ .valid_until_utc_ns = INT64_MAX };
    if (!options->permit) {
        verdict->is_allowed = true;
        return;
    }
    if (question->scheme == SVMS_RTSP_SCHEME_BEARER) {
        question->token = client->token;
        question->token_size = client->token_size;
    }
    options->permit(options->user, question, verdict);
    verdict->words[sizeof verdict->words - 1] = '\0';
    if (verdict->is_allowed && verdict->valid_until_utc_ns <= serve_utc_now()) {
        verdict->is_allowed = false;
    }
}

uint32_t serve_permit(serve_client *client, const stream_presentation *presentation,
                      serve_watch *watch, stream_serve_wish wish,
                      const svms_rtsp_server_request *request, stream_serve_verdict *verdict)
{
    stream_serve_question question = question_of(client, presentation, watch);
    question.wish = wish;
    question.path = request->path;
    question.query = watch ? watch->query : request->query;
    question.identity = request->identity;
    question.scheme = request->scheme;
    ask(client, &question, verdict);
    if (verdict->is_allowed) {
        return presentation ? SERVE_GOOD : SERVE_NOT_FOUND;
    }
    serve_note(client, STREAM_SERVE_REFUSED, request->identity,
               verdict->words[0] != '\0' ? verdict->words : "may not watch this");
    return code_of(client, verdict->refusal);
}

void serve_permit_take(serve_watch *watch, const stream_serve_verdict *verdict)
{
    watch->without_sound = verdict->without_sound;
    watch->until_utc_ns = verdict->valid_until_utc_ns;
    watch->asked_for_utc_ns = INT64_MAX;
}

static void refuse(serve_client *client, const char *words)
{
    serve_note(client, STREAM_SERVE_REFUSED, client->watch->identity, words);
    serve_watch_stop(client, words);
}

/* False: it may not, and has ended. */
static bool continues(serve_client *client)
{
    serve_watch *watch = client->watch;
    stream_serve_verdict verdict;
    stream_serve_question question = question_of(client, watch->presentation, watch);
    question.wish = STREAM_SERVE_CONTINUES;
    int64_t until = watch->until_utc_ns;
    client->must_be_judged = false;
    ask(client, &question, &verdict);
    if (!verdict.is_allowed) {
        refuse(client, verdict.words[0] != '\0' ? verdict.words : "may watch no longer");
        return false;
    }
    serve_permit_take(watch, &verdict);
    /* Asking again before that time would give the same answer. */
    watch->asked_for_utc_ns =
        verdict.valid_until_utc_ns <= until ? verdict.valid_until_utc_ns : INT64_MAX;
    return true;
}

/* Only who is being sent to is asked for before his time. */
static bool is_asked_early(const serve_watch *watch)
{
    return watch->is_playing && watch->until_utc_ns != INT64_MAX &&
           watch->asked_for_utc_ns != watch->until_utc_ns;
}

/* Reports of a client keep its session alive, but only a token its right to watch. */
void serve_permit_tend(serve_client *client)
{
    serve_watch *watch = serve_watched(client);
    int64_t now = serve_utc_now();
    if (!watch) {
        return;
    }
    bool is_near = is_asked_early(watch) && now >= watch->until_utc_ns - ASK_NS;
    if ((client->must_be_judged || is_near) && !continues(client)) {
        return;
    }
    if (now >= client->may_until_utc) {
        client->may_until_utc = INT64_MAX;
        refuse(client, "its token has ended");
    } else if (now >= watch->until_utc_ns) {
        refuse(client, "the time for which it was allowed has ended");
    }
}

uint64_t serve_permit_wait(const serve_client *client)
{
    const serve_watch *watch = serve_watched(client);
    if (!watch) {
        return STREAM_NEVER;
    }
    if (client->must_be_judged) {
        return 0;
    }
    int64_t when = watch->until_utc_ns - (is_asked_early(watch) ? ASK_NS : 0);
    when = client->may_until_utc < when ? client->may_until_utc : when;
    if (when == INT64_MAX) {
        return STREAM_NEVER;
    }
    int64_t now = serve_utc_now();
    return stream_clock() + (uint64_t)(when > now ? when - now : 0);
}
