/* SPDX-License-Identifier: Apache-2.0 */
/* A file as an answer: no more of it is read than waits to be sent. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "web_internal.h"

#define PIECE_SIZE ((size_t)64 * 1024)
#define FIELDS_MAX 16

/* Reads one piece; 0: it is shorter than it was, or cannot be read. */
static size_t read_piece(const web_exchange *self, char *piece, size_t size)
{
    ssize_t got = 0;
    do {
        got = pread(self->file, piece, size, (off_t)self->file_at);
    } while (got < 0 && errno == EINTR);
    return got > 0 ? (size_t)got : 0;
}

void web_file_go_on(web_exchange *self)
{
    char piece[PIECE_SIZE];
    size_t most = self->connection->server->limits.queue_bytes;
    size_t step = most < sizeof piece ? most : sizeof piece;
    while (self->file_left > 0) {
        size_t size = self->file_left < step ? (size_t)self->file_left : step;
        if (web_stream_queued(self) > 0 && web_stream_queued(self) + size > most) {
            self->is_full = true;
            return;
        }
        size = read_piece(self, piece, size);
        if (size == 0 || !web_stream_write(self, piece, size)) {
            web_stream_abort(self);
            return;
        }
        self->file_at += size;
        self->file_left -= size;
    }
    web_stream_end(self);
}

/* Fields of the answer with those of the range; false: there are too many. */
static bool join_fields(web_pair out[FIELDS_MAX], const web_pair *fields, const web_range *range,
                        char text[WEB_RANGE_TEXT])
{
    size_t count = 0;
    out[count++] = (web_pair){ "Accept-Ranges", "bytes" };
    if (range->kind != WEB_RANGE_WHOLE) {
        web_range_text(range, text);
        out[count++] = (web_pair){ "Content-Range", text };
    }
    for (const web_pair *field = fields; field && field->name; field++) {
        if (count == FIELDS_MAX - 1) {
            return false;
        }
        out[count++] = *field;
    }
    out[count] = (web_pair){ NULL, NULL };
    return true;
}

void web_answer_file(web_exchange *exchange, int file, const char *type, const web_pair *fields)
{
    struct stat about;
    web_pair all[FIELDS_MAX];
    char text[WEB_RANGE_TEXT];
    if (exchange->is_answered || exchange->file >= 0 || fstat(file, &about) != 0 ||
        !S_ISREG(about.st_mode)) {
        close(file);
        web_answer_words(exchange, HTTP_INTERNAL, "it cannot be read");
        return;
    }
    exchange->file = file;
    web_range range = web_range_of(&exchange->request, (uint64_t)about.st_size);
    if (!join_fields(all, fields, &range, text)) {
        web_answer_words(exchange, HTTP_INTERNAL, "it cannot be answered");
        return;
    }
    if (range.kind == WEB_RANGE_OUTSIDE) {
        static const char words[] = "it has not so many bytes\n";
        web_answer(exchange, HTTP_RANGE_OUTSIDE, "text/plain; charset=utf-8", words,
                   sizeof words - 1, all);
        return;
    }
    exchange->file_at = range.from;
    exchange->file_left = range.size;
    web_stream_begin(exchange, range.kind == WEB_RANGE_PART ? HTTP_PARTIAL : HTTP_OK, type,
                     range.size, all);
    if (!exchange->is_bodiless) {
        web_file_go_on(exchange);
    }
}
