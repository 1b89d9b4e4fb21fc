/* SPDX-License-Identifier: Apache-2.0 */
/* Records as lines of standard input: what has arrived is appended at once, so that nobody waits
 * for others, and many share one write. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit_append.h"
#include "interrupt.h"
#include "json_output.h"
#include "message.h"

/* A record of most bytes, each of them escaped as \u and four digits, and its newline. */
#define LINE_MAX_SIZE ((size_t)6 * SVMS_AUDIT_RECORD_MAX + 1)
#define BUFFER_SIZE (4 * LINE_MAX_SIZE)
#define TEND_MS 1000

typedef struct line_reader {
    char *buffer;
    size_t size;
    uint64_t line;
    bool at_end;
} line_reader;

void audit_batch_clear(audit_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        svms_audit_record_free(&batch->records[i]);
    }
    batch->count = 0;
    batch->size = 0;
}

void audit_batch_add(audit_batch *batch, svms_audit_record *record, svms_iovec bytes)
{
    batch->records[batch->count] = record;
    batch->bytes[batch->count] = bytes;
    batch->count++;
    batch->size += bytes.size;
}

/* Each record begins with its version and its id. */
static json_t *id_of(const svms_iovec *record)
{
    static const char front[] = "{\"v\":1,\"id\":\"";
    return json_stringn((const char *)record->data + sizeof front - 1, 32);
}

static exit_status say(const audit_batch *batch, uint64_t first)
{
    exit_status status = EXIT_GOOD;
    for (size_t i = 0; i < batch->count && status == EXIT_GOOD; i++) {
        uint64_t number = first == UINT64_MAX ? UINT64_MAX : first + i;
        if (batch->json) {
            status = json_print_line(json_pack("{s:o, s:o}", "index", json_place(number), "id",
                                               id_of(&batch->bytes[i])));
        } else if (number == UINT64_MAX) {
            print_line(stdout, "appended");
        } else {
            print_line(stdout, "%" PRIu64, number);
        }
    }
    /* Whoever waits for the answer has it now. */
    if (fflush(stdout) != 0) {
        return complain_system(errno, "cannot write to standard output");
    }
    return status;
}

exit_status audit_batch_append(audit_batch *batch)
{
    uint64_t first = UINT64_MAX;
    if (batch->count == 0) {
        return EXIT_GOOD;
    }
    exit_status status = audit_place_append(batch->place, batch->bytes, batch->count, &first);
    if (status == EXIT_GOOD) {
        status = say(batch, first);
    }
    audit_batch_clear(batch);
    return status;
}

/* What is no JSON is named by its place alone: it may hold secrets. */
static exit_status take_line(audit_batch *batch, const char *text, size_t size, uint64_t number)
{
    char what[48];
    json_error_t error;
    svms_audit_record *record = NULL;
    svms_iovec bytes;
    snprintf(what, sizeof what, "line %" PRIu64, number);
    batch->teller.what = what;
    json_t *object = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (!object && json_error_code(&error) == json_error_out_of_memory) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    if (!object) {
        return audit_record_wrong(&batch->teller, "it is no JSON from column %d on", error.column);
    }
    exit_status status = audit_record_build(&record, &bytes, batch->ctx, object, &batch->teller);
    json_decref(object);
    if (status != EXIT_GOOD) {
        return status;
    }
    audit_batch_add(batch, record, bytes);
    bool is_full = batch->count == AUDIT_BATCH || batch->size > AUDIT_BATCH_BYTES;
    return is_full ? audit_batch_append(batch) : EXIT_GOOD;
}

static exit_status say_too_long(uint64_t line)
{
    complain("line %" PRIu64 " is longer than any record", line);
    return EXIT_MALFORMED;
}

/* All whole lines that are there; the last one may end with the input. */
static exit_status take_lines(audit_batch *batch, line_reader *reader)
{
    exit_status status = EXIT_GOOD;
    size_t done = 0;
    while (status == EXIT_GOOD && done < reader->size) {
        const char *line = reader->buffer + done;
        const char *end = memchr(line, '\n', reader->size - done);
        if (!end && !reader->at_end) {
            break;
        }
        size_t size = end ? (size_t)(end - line) : reader->size - done;
        reader->line++;
        done += size + (end ? 1 : 0);
        if (size >= LINE_MAX_SIZE) {
            status = say_too_long(reader->line);
        } else if (strspn(line, " \t\r") < size) {
            status = take_line(batch, line, size, reader->line);
        }
    }
    memmove(reader->buffer, reader->buffer + done, reader->size - done);
    reader->size -= done;
    reader->buffer[reader->size] = '\0';
    /* What stands before a wrong line is right. */
    exit_status appended = audit_batch_append(batch);
    return status == EXIT_GOOD ? appended : status;
}

static exit_status wait_for_input(const audit_batch *batch)
{
    struct pollfd input = { STDIN_FILENO, POLLIN, 0 };
    while (!interrupt_came()) {
        int ready = poll(&input, 1, TEND_MS);
        if (ready > 0) {
            return EXIT_GOOD;
        }
        if (ready < 0 && errno != EINTR) {
            return complain_system(errno, "cannot read standard input");
        }
        /* What could not be published is told, and done later; nothing is lost by it. */
        if (ready == 0) {
            (void)audit_place_tend(batch->place);
        }
    }
    return EXIT_GOOD;
}

static exit_status read_more(const audit_batch *batch, line_reader *reader)
{
    size_t room = BUFFER_SIZE - reader->size;
    if (reader->size >= LINE_MAX_SIZE) {
        return say_too_long(reader->line + 1);
    }
    exit_status status = wait_for_input(batch);
    if (status != EXIT_GOOD || interrupt_came()) {
        /* A line that has no end yet is none. */
        reader->size = 0;
        reader->at_end = true;
        return status;
    }
    ssize_t got = read(STDIN_FILENO, reader->buffer + reader->size, room);
    if (got < 0) {
        return errno == EINTR ? EXIT_GOOD : complain_system(errno, "cannot read standard input");
    }
    reader->at_end = got == 0;
    reader->size += (size_t)got;
    reader->buffer[reader->size] = '\0';
    return EXIT_GOOD;
}

exit_status audit_append_lines(audit_batch *batch)
{
    line_reader reader = { malloc(BUFFER_SIZE + 1), 0, 0, false };
    exit_status status = EXIT_GOOD;
    if (!reader.buffer) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    reader.buffer[0] = '\0';
    interrupt_watch();
    while (status == EXIT_GOOD && !reader.at_end) {
        status = read_more(batch, &reader);
        if (status == EXIT_GOOD) {
            status = take_lines(batch, &reader);
        }
    }
    free(reader.buffer);
    return status;
}
