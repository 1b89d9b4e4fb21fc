/* SPDX-License-Identifier: Apache-2.0 */
/* A recorder that fetches from the server of serve_stage.h, both on one thread. */
#ifndef TEST_PULL_STAGE_H
#define TEST_PULL_STAGE_H

#include "serve_stage.h"

#include <stream_pull.h>

/* More than any of this takes. */
#define FETCH_ROUNDS 200000

typedef struct fetch {
    stream_pull *pull;
    stream_pull_end end;
    size_t tracks;
    size_t count[2];
    int64_t utc[2][STAGE_PICTURES];
    unsigned gaps;
    char url[96];
} fetch;

/* url, clear and events are filled here. */
void fetch_begin(fetch *f, stage *s, const char *path, const stream_pull_options *wanted);
/* Lets both work once; false: it has ended. */
bool fetch_step(fetch *f, stage *s);
void fetch_all(fetch *f, stage *s);
void fetch_expect(const fetch *f, stream_pull_end end);

#endif
