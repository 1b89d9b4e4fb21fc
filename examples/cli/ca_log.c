/* SPDX-License-Identifier: Apache-2.0 */
#include "ca_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <svms/time.h>

#include "head_text.h"
#include "json_output.h"
#include "message.h"

#define NEW_HEAD_NAME CA_LOG_HEAD_NAME ".new"
#define LARGEST_HEAD 1024
#define NS_PER_SECOND INT64_C(1000000000)
#define MODE_PRIVATE (S_IRUSR | S_IWUSR)

/* How far the journal was complete when somebody last acted upon it. What lies beyond may be cut
 * short by a crash; what lies before must be there. */
typedef struct log_head {
    uint64_t lines;
    uint8_t sha256[CA_LOG_HASH_SIZE];
} log_head;

/* What is read at once: many lines. */
#define BUFFER_SIZE ((size_t)4 * CA_LOG_LINE_MAX)

typedef struct line_reader {
    ca_log *log;
    log_head head;
    char *buffer; /* BUFFER_SIZE bytes, and NUL */
    size_t begin; /* in it, of what is not taken yet: the journal from log->end on */
    size_t filled;
    char *line; /* in it: the line that is looked at, and NUL */
    size_t size;
    bool complete; /* it ends with a newline */
    off_t file_size;
} line_reader;

static exit_status damaged(const ca_log *log, uint64_t line, const char *what)
{
    complain("%s/%s: line %" PRIu64 " %s; nothing is done with a journal that does not hold",
             log->path, CA_LOG_NAME, line, what);
    return EXIT_MALFORMED;
}

static exit_status hash_line(uint8_t out[CA_LOG_HASH_SIZE], const char *line, size_t size)
{
    if (EVP_Q_digest(NULL, "SHA256", NULL, line, size, out, NULL) == 1) {
        return EXIT_GOOD;
    }
    complain("cannot hash: the provider failed");
    return EXIT_ENVIRONMENT;
}

static int write_at(int handle, const char *text, size_t size, off_t offset)
{
    size_t done = 0;
    while (done < size) {
        ssize_t count = pwrite(handle, text + done, size - done, offset + (off_t)done);
        if (count < 0 && errno != EINTR) {
            return errno;
        }
        if (count == 0) {
            return EIO;
        }
        done += count > 0 ? (size_t)count : 0;
    }
    return 0;
}

/* Bytes that were read, or -1. */
static ssize_t read_at(int handle, char *out, size_t size, off_t offset)
{
    size_t done = 0;
    while (done < size) {
        ssize_t count = pread(handle, out + done, size - done, offset + (off_t)done);
        if (count == 0) {
            break;
        }
        if (count < 0 && errno != EINTR) {
            return -1;
        }
        done += count > 0 ? (size_t)count : 0;
    }
    return (ssize_t)done;
}

/* A whole file of the folder, durably, under a name that nobody reads yet. */
static int write_file(const ca_log *log, const char *name, int flags, const char *text, size_t size)
{
    int handle = openat(log->folder, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags,
                        MODE_PRIVATE);
    if (handle < 0) {
        return errno;
    }
    int os_error = write_at(handle, text, size, 0);
    if (os_error == 0 && fsync(handle) != 0) {
        os_error = errno;
    }
    close(handle);
    return os_error;
}

static int write_new_head(const ca_log *log, uint64_t lines, const uint8_t sha256[CA_LOG_HASH_SIZE])
{
    char text[LARGEST_HEAD];
    int size = snprintf(text, sizeof text, "{\"lines\":%" PRIu64 ",\"sha256\":\"%s\"}\n", lines,
                        head_text_of(sha256, CA_LOG_HASH_SIZE).text);
    return write_file(log, NEW_HEAD_NAME, O_TRUNC, text, (size_t)size);
}

/* A head that a power failure sets back to the one before is behind the journal, which does no
 * harm: so it does not matter whether the new name can be made durable. */
static int publish_head(const ca_log *log)
{
    if (renameat(log->folder, NEW_HEAD_NAME, log->folder, CA_LOG_HEAD_NAME) != 0) {
        return errno;
    }
    (void)fsync(log->folder);
    return 0;
}

static exit_status load_head(log_head *out, const ca_log *log)
{
    char text[LARGEST_HEAD];
    int handle = openat(log->folder, CA_LOG_HEAD_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (handle < 0) {
        return complain_system(errno, "cannot open %s/%s", log->path, CA_LOG_HEAD_NAME);
    }
    ssize_t size = read_at(handle, text, sizeof text, 0);
    int os_error = errno;
    close(handle);
    if (size < 0) {
        return complain_system(os_error, "cannot read %s/%s", log->path, CA_LOG_HEAD_NAME);
    }
    const char *sha256 = NULL;
    json_int_t lines = -1;
    json_error_t error;
    json_t *object = json_loadb(text, (size_t)size, JSON_REJECT_DUPLICATES, &error);
    int unpacked = object ? json_unpack_ex(object, &error, 0, "{s:I, s:s !}", "lines", &lines,
                                           "sha256", &sha256)
                          : -1;
    if (unpacked != 0 && json_error_code(&error) == json_error_out_of_memory) {
        json_decref(object);
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    bool good =
        unpacked == 0 && lines >= 0 && head_text_parse(out->sha256, sizeof out->sha256, sha256);
    out->lines = good ? (uint64_t)lines : 0;
    json_decref(object);
    if (!good) {
        complain("%s/%s is damaged", log->path, CA_LOG_HEAD_NAME);
        return EXIT_MALFORMED;
    }
    return EXIT_GOOD;
}

exit_status ca_log_create(ca_log *out, const char *path, int folder)
{
    ca_log log = CA_LOG_INIT;
    log.path = path;
    log.folder = folder;
    log.writable = true;
    log.handle = openat(folder, CA_LOG_NAME, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, MODE_PRIVATE);
    if (log.handle < 0) {
        return complain_system(errno, "cannot create %s/%s", path, CA_LOG_NAME);
    }
    int os_error = write_new_head(&log, 0, log.last);
    if (os_error == 0) {
        os_error = publish_head(&log);
    }
    if (os_error != 0) {
        ca_log_close(&log);
        return complain_system(os_error, "cannot create %s/%s", path, CA_LOG_NAME);
    }
    *out = log;
    return EXIT_GOOD;
}

exit_status ca_log_open(ca_log *out, const char *path, int folder, bool writable)
{
    ca_log log = CA_LOG_INIT;
    log.path = path;
    log.folder = folder;
    log.writable = writable;
    log.handle = openat(folder, CA_LOG_NAME,
                        (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (log.handle < 0) {
        return complain_system(errno, "cannot open %s/%s", path, CA_LOG_NAME);
    }
    *out = log;
    return EXIT_GOOD;
}

void ca_log_close(ca_log *log)
{
    if (log->handle >= 0) {
        close(log->handle);
        log->handle = -1;
    }
}

/* Moves what is not taken yet to the front, and reads on behind it. */
static exit_status refill(line_reader *reader)
{
    const ca_log *log = reader->log;
    size_t kept = reader->filled - reader->begin;
    memmove(reader->buffer, reader->buffer + reader->begin, kept);
    ssize_t got =
        read_at(log->handle, reader->buffer + kept, BUFFER_SIZE - kept, log->end + (off_t)kept);
    if (got < 0) {
        return complain_system(errno, "cannot read %s/%s", log->path, CA_LOG_NAME);
    }
    reader->begin = 0;
    reader->filled = kept + (size_t)got;
    return EXIT_GOOD;
}

/* Where the next line ends, or NULL; *size is how far that was looked for. */
static const char *find_newline(const line_reader *reader, size_t *size)
{
    *size = reader->filled - reader->begin;
    if (*size > CA_LOG_LINE_MAX) {
        *size = CA_LOG_LINE_MAX;
    }
    return memchr(reader->buffer + reader->begin, '\n', *size);
}

/* The next line, or what there is of it; size 0 and incomplete at the end of the file. */
static exit_status next_line(line_reader *reader)
{
    size_t size = 0;
    const char *newline = find_newline(reader, &size);
    if (!newline && size < CA_LOG_LINE_MAX) {
        exit_status status = refill(reader);
        if (status != EXIT_GOOD) {
            return status;
        }
        newline = find_newline(reader, &size);
    }
    reader->line = reader->buffer + reader->begin;
    reader->complete = newline != NULL;
    reader->size = newline ? (size_t)(newline - reader->line) : size;
    reader->line[reader->size] = '\0';
    return EXIT_GOOD;
}

/* The object that a line is, if it says itself which line it is and what stands before it; NULL
 * where it is not. */
static exit_status parse_line(const line_reader *reader, json_t **out)
{
    const ca_log *log = reader->log;
    uint8_t previous[CA_LOG_HASH_SIZE];
    const char *text = NULL;
    json_int_t number = 0;
    json_error_t error;
    json_t *entry = json_loadb(reader->line, reader->size, JSON_REJECT_DUPLICATES, &error);
    int unpacked =
        entry ? json_unpack_ex(entry, &error, 0, "{s:I, s:s}", "line", &number, "previous", &text)
              : -1;
    if (unpacked != 0 && json_error_code(&error) == json_error_out_of_memory) {
        json_decref(entry);
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    if (unpacked == 0 && (uint64_t)number == log->lines + 1 &&
        head_text_parse(previous, sizeof previous, text) &&
        memcmp(previous, log->last, sizeof previous) == 0) {
        *out = entry;
        return EXIT_GOOD;
    }
    json_decref(entry);
    return EXIT_GOOD;
}

static exit_status check_against_head(const line_reader *reader)
{
    const ca_log *log = reader->log;
    if (log->lines == reader->head.lines &&
        memcmp(log->last, reader->head.sha256, sizeof log->last) != 0) {
        return damaged(log, log->lines, "is not the one that was written");
    }
    return EXIT_GOOD;
}

static exit_status take_line(line_reader *reader, json_t *entry, ca_log_visit visit, void *user)
{
    ca_log *log = reader->log;
    const ca_log_place place = { log->lines + 1, log->end, reader->size };
    uint8_t hash[CA_LOG_HASH_SIZE];
    exit_status status = hash_line(hash, reader->line, reader->size);
    if (status == EXIT_GOOD) {
        status = visit(user, entry, &place);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    memcpy(log->last, hash, sizeof log->last);
    log->lines++;
    log->end += (off_t)reader->size + 1;
    reader->begin += reader->size + 1;
    return check_against_head(reader);
}

/* A name that no earlier remains have. */
static int write_remains(const ca_log *log, const char *bytes, size_t size, char name[64])
{
    int os_error = EEXIST;
    for (unsigned attempt = 0; os_error == EEXIST && attempt < 1000; attempt++) {
        snprintf(name, 64, CA_LOG_NAME ".torn-%" PRIu64 "-%u", log->lines + 1, attempt);
        os_error = write_file(log, name, O_EXCL, bytes, size);
    }
    return os_error;
}

/* Nobody acted upon what lies beyond the head; it is kept all the same, for who wants to know. */
static exit_status set_aside(line_reader *reader)
{
    ca_log *log = reader->log;
    char name[64];
    uint8_t hash[CA_LOG_HASH_SIZE];
    size_t size = (size_t)(reader->file_size - log->end);
    if (!log->writable) {
        complain("warning: %s/%s ends with an unfinished line, which is passed over", log->path,
                 CA_LOG_NAME);
        return EXIT_GOOD;
    }
    int os_error = write_remains(log, reader->line, size, name);
    if (os_error == 0 && (ftruncate(log->handle, log->end) != 0 || fsync(log->handle) != 0)) {
        os_error = errno;
    }
    if (os_error != 0) {
        return complain_system(os_error, "cannot set the unfinished last line of %s/%s aside",
                               log->path, CA_LOG_NAME);
    }
    complain("warning: %s/%s ended with an unfinished line of %zu bytes, under which nothing was "
             "handed out; they are in %s now",
             log->path, CA_LOG_NAME, size, name);
    exit_status status = hash_line(hash, reader->line, size);
    return status == EXIT_GOOD ? ca_log_append(log,
                                               json_pack("{s:s, s:I, s:o, s:s}", "what", "torn",
                                                         "bytes", (json_int_t)size, "sha256",
                                                         json_hex(hash, sizeof hash), "file", name),
                                               NULL)
                               : status;
}

/* At what is no line, or at the end. */
static exit_status end_of_lines(line_reader *reader)
{
    ca_log *log = reader->log;
    off_t rest = reader->file_size - log->end;
    if (log->lines < reader->head.lines) {
        return damaged(log, log->lines + 1,
                       rest == 0 ? "is missing: the journal was shortened" : "is damaged");
    }
    if (rest == 0) {
        return EXIT_GOOD;
    }
    /* A writer adds one line at a time: what stands behind a damaged one was not written by it. */
    if (rest != (off_t)reader->size + (reader->complete ? 1 : 0)) {
        return damaged(log, log->lines + 1, "is damaged");
    }
    if (reader->complete) {
        reader->line[reader->size] = '\n';
    }
    return set_aside(reader);
}

static exit_status read_lines(line_reader *reader, ca_log_visit visit, void *user)
{
    exit_status status = check_against_head(reader);
    while (status == EXIT_GOOD) {
        json_t *entry = NULL;
        status = next_line(reader);
        if (status == EXIT_GOOD && reader->complete) {
            status = parse_line(reader, &entry);
        }
        if (!entry) {
            return status == EXIT_GOOD ? end_of_lines(reader) : status;
        }
        status = take_line(reader, entry, visit, user);
        json_decref(entry);
    }
    return status;
}

exit_status ca_log_read(ca_log *log, ca_log_visit visit, void *user)
{
    line_reader reader = { .log = log };
    struct stat info;
    exit_status status = load_head(&reader.head, log);
    if (status != EXIT_GOOD) {
        return status;
    }
    if (fstat(log->handle, &info) != 0) {
        return complain_system(errno, "cannot read %s/%s", log->path, CA_LOG_NAME);
    }
    if (info.st_size < log->end) {
        return damaged(log, log->lines, "is gone since it was read");
    }
    reader.file_size = info.st_size;
    reader.buffer = malloc(BUFFER_SIZE + 1);
    if (!reader.buffer) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    status = read_lines(&reader, visit, user);
    free(reader.buffer);
    return status;
}

/* The text of a line, with newline; released by free(). */
static char *line_of(const ca_log *log, json_t *entry, size_t *size)
{
    struct timespec now;
    char at[SVMS_TIME_TEXT_SIZE];
    clock_gettime(CLOCK_REALTIME, &now);
    svms_time_format((int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec, at);
    json_t *whole = json_pack("{s:I, s:s, s:s}", "line", (json_int_t)log->lines + 1, "previous",
                              head_text_of(log->last, sizeof log->last).text, "at", at);
    char *text = NULL;
    if (whole && json_object_update(whole, entry) == 0) {
        text = json_dumps(whole, JSON_COMPACT | JSON_ENSURE_ASCII);
    }
    json_decref(whole);
    char *line = text ? malloc(strlen(text) + 2) : NULL;
    if (line) {
        *size = strlen(text) + 1;
        snprintf(line, *size + 1, "%s\n", text);
    }
    free(text);
    return line;
}

/* The head is written first, and named last: a full disk shows before anything has changed. */
static int write_durably(const ca_log *log, const char *line, size_t size,
                         const uint8_t hash[CA_LOG_HASH_SIZE])
{
    int os_error = write_new_head(log, log->lines + 1, hash);
    if (os_error != 0) {
        return os_error;
    }
    os_error = write_at(log->handle, line, size, log->end);
    if (os_error == 0 && fsync(log->handle) != 0) {
        os_error = errno;
    }
    if (os_error == 0) {
        os_error = publish_head(log);
    }
    return os_error;
}

static exit_status append_line(ca_log *log, const char *line, size_t size, ca_log_place *place)
{
    uint8_t hash[CA_LOG_HASH_SIZE];
    struct stat info;
    if (size > CA_LOG_LINE_MAX) {
        complain("a line of %s/%s would have more than %d bytes", log->path, CA_LOG_NAME,
                 CA_LOG_LINE_MAX);
        return EXIT_ENVIRONMENT;
    }
    if (fstat(log->handle, &info) != 0 || info.st_size != log->end) {
        complain("%s/%s is being changed by somebody else", log->path, CA_LOG_NAME);
        return EXIT_ENVIRONMENT;
    }
    exit_status status = hash_line(hash, line, size - 1);
    if (status != EXIT_GOOD) {
        return status;
    }
    int os_error = write_durably(log, line, size, hash);
    if (os_error != 0) {
        /* Nobody acted upon it. Should it stay, or come back, it is a line about nothing. */
        bool undone = ftruncate(log->handle, log->end) == 0 && fsync(log->handle) == 0;
        return complain_system(os_error, "cannot write %s/%s%s", log->path, CA_LOG_NAME,
                               undone ? "" : " (nor take back what was written)");
    }
    if (place) {
        *place = (ca_log_place){ log->lines + 1, log->end, size - 1 };
    }
    memcpy(log->last, hash, sizeof log->last);
    log->lines++;
    log->end += (off_t)size;
    return EXIT_GOOD;
}

exit_status ca_log_append(ca_log *log, json_t *entry, ca_log_place *place)
{
    size_t size = 0;
    char *line = entry ? line_of(log, entry, &size) : NULL;
    json_decref(entry);
    if (!line) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    exit_status status = append_line(log, line, size, place);
    free(line);
    return status;
}

exit_status ca_log_load(const ca_log *log, const ca_log_place *place, json_t **out)
{
    char *line = malloc(place->size + 1);
    if (!line) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    json_error_t error;
    ssize_t got = read_at(log->handle, line, place->size, place->offset);
    bool whole = got == (ssize_t)place->size;
    *out = whole ? json_loadb(line, place->size, JSON_REJECT_DUPLICATES, &error) : NULL;
    free(line);
    if (whole && !*out && json_error_code(&error) == json_error_out_of_memory) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    return *out ? EXIT_GOOD : damaged(log, place->line, "changed since it was read");
}
