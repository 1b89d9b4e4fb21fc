/* SPDX-License-Identifier: Apache-2.0 */
/* Appends to an audit log until it is killed, and notes what was acknowledged.
 *
 *   audit_hammer create FOLDER
 *   audit_hammer hammer FOLDER NOTES ROUND   eight threads; a line "index thread number" in NOTES
 *                                            for each record that was acknowledged (of a
 *                                            large group for two)
 *   audit_hammer reopen FOLDER               opens and closes it
 *   audit_hammer fill FOLDER NOTES           one thread, until the disk is full; says how many
 *                                            records were refused; goes on when a line comes in
 *
 * A record is {"hammer":"ROUND THREAD NUMBER","pad":"aaa"}. Exit status 3 and words on stderr: the
 * log does not open. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <svms/audit_log.h>

#define ORIGIN "vms.example/hammer"
#define THREADS 8u
#define BATCH_MOST 20u
/* Records of a group that is hashed while it is written; one of the threads has such, rarely. */
#define LARGE 900u
#define LARGE_EVERY 20u
#define RECORD_ROOM 512u
#define REFUSALS 5u

typedef struct hammer {
    svms_ctx *ctx;
    svms_folder folder;
    svms_audit_log *log;
    int notes;
    const char *round;
} hammer;

typedef struct hand {
    hammer *of;
    unsigned number;
} hand;

static void need(svms_status status, const svms_error *err)
{
    if (status != SVMS_OK) {
        fprintf(stderr, "%s (errno %d)\n", err->message, err->os_error);
        exit(3);
    }
}

static void open_folder(hammer *h, const char *path, bool create)
{
    svms_error err = SVMS_ERROR_INIT;
    need(svms_ctx_new(&h->ctx, NULL, &err), &err);
    need(svms_folder_open(&h->folder, h->ctx, path, create ? 1 : 0, &err), &err);
}

static void open_log(hammer *h, const char *path)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_audit_log_options options = SVMS_AUDIT_LOG_OPTIONS_INIT;
    options.server = "hammer";
    open_folder(h, path, false);
    need(svms_audit_log_open(&h->log, h->ctx, &h->folder, &options, &err), &err);
}

static void close_log(hammer *h)
{
    svms_error err = SVMS_ERROR_INIT;
    need(svms_audit_log_close(&h->log, &err), &err);
    svms_folder_close(&h->folder);
    svms_ctx_free(&h->ctx);
}

static void open_notes(hammer *h, const char *path)
{
    h->notes = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (h->notes < 0) {
        perror(path);
        exit(2);
    }
}

/* One write of a few lines: whole, or not there. */
static void note(const hammer *h, uint64_t first, unsigned thread, unsigned number, unsigned count)
{
    char lines[BATCH_MOST * 48];
    size_t size = 0;
    /* Of a large group the first and the last. */
    unsigned step = count > BATCH_MOST ? count - 1 : 1;
    for (unsigned i = 0; i < count; i += step) {
        size += (size_t)snprintf(lines + size, sizeof lines - size, "%llu %u %u\n",
                                 (unsigned long long)(first + i), thread, number + i);
    }
    if (write(h->notes, lines, size) != (ssize_t)size) {
        perror("notes");
        exit(2);
    }
}

static size_t make_record(const hammer *h, unsigned thread, unsigned number, char out[RECORD_ROOM])
{
    char pad[301];
    unsigned size = (thread * 131 + number * 17) % 300;
    memset(pad, 'a' + (int)(number % 26), size);
    pad[size] = '\0';
    return (size_t)snprintf(out, RECORD_ROOM, "{\"hammer\":\"%s %u %u\",\"pad\":\"%s\"}", h->round,
                            thread, number, pad);
}

static void *strike(void *user)
{
    const hand *at = user;
    static _Thread_local char bytes[LARGE][RECORD_ROOM];
    svms_iovec run[LARGE];
    unsigned appends = at->number;
    for (unsigned number = 0;;) {
        unsigned count = 1 + (number * 7 + at->number) % (at->number < 4 ? 1 : BATCH_MOST);
        if (at->number == THREADS - 1 && ++appends % LARGE_EVERY == 0) {
            count = LARGE;
        }
        svms_error err = SVMS_ERROR_INIT;
        uint64_t first;
        for (unsigned i = 0; i < count; i++) {
            run[i] =
                (svms_iovec){ bytes[i], make_record(at->of, at->number, number + i, bytes[i]) };
        }
        need(svms_audit_log_append(at->of->log, run, count, &first, &err), &err);
        note(at->of, first, at->number, number, count);
        number += count;
    }
    return NULL;
}

/* Until somebody kills the process. */
static int run_hammer(char **words)
{
    hammer h = { .folder = SVMS_FOLDER_INIT, .round = words[4] };
    hand hands[THREADS];
    pthread_t thread;
    open_notes(&h, words[3]);
    open_log(&h, words[2]);
    for (unsigned i = 0; i < THREADS; i++) {
        hands[i] = (hand){ &h, i };
        if (pthread_create(&thread, NULL, strike, &hands[i]) != 0) {
            return 2;
        }
    }
    for (;;) {
        svms_error err = SVMS_ERROR_INIT;
        const struct timespec while_ = { 0, 20000000 };
        (void)nanosleep(&while_, NULL);
        need(svms_audit_log_tend(h.log, &err), &err);
    }
}

static unsigned append_until_full(hammer *h, unsigned number, uint64_t *refused, int *os_error)
{
    char bytes[RECORD_ROOM];
    for (*refused = 0; *refused < REFUSALS; number++) {
        svms_error err = SVMS_ERROR_INIT;
        svms_iovec run = { bytes, make_record(h, 0, number, bytes) };
        uint64_t first;
        svms_status status = svms_audit_log_append(h->log, &run, 1, &first, &err);
        if (status == SVMS_OK) {
            note(h, first, 0, number, 1);
        } else if (status == SVMS_E_IO) {
            (*refused)++;
            *os_error = err.os_error;
        } else {
            need(status, &err);
            break;
        }
    }
    return number;
}

/* A disk that is full, or a file that must not grow, which is the same to the log. */
static int run_fill(char **words)
{
    hammer h = { .folder = SVMS_FOLDER_INIT, .round = "fill" };
    char line[64];
    char bytes[RECORD_ROOM];
    uint64_t refused = 0;
    uint64_t first = 0;
    int os_error = 0;
    svms_error err = SVMS_ERROR_INIT;
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    open_notes(&h, words[3]);
    open_log(&h, words[2]);
    unsigned number = append_until_full(&h, 0, &refused, &os_error);
    printf("%llu %d\n", (unsigned long long)refused, os_error);
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin)) {
        return 0;
    }
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_FSIZE, &limit);
    }
    svms_iovec run = { bytes, make_record(&h, 0, number, bytes) };
    need(svms_audit_log_append(h.log, &run, 1, &first, &err), &err);
    note(&h, first, 0, number, 1);
    close_log(&h);
    return 0;
}

static int run_create(char **words)
{
    hammer h = { .folder = SVMS_FOLDER_INIT };
    char key[SVMS_AUDIT_KEY_SIZE];
    svms_error err = SVMS_ERROR_INIT;
    open_folder(&h, words[2], true);
    need(svms_audit_log_create(h.ctx, &h.folder, ORIGIN, key, &err), &err);
    puts(key);
    svms_folder_close(&h.folder);
    svms_ctx_free(&h.ctx);
    return 0;
}

static int run_reopen(char **words)
{
    hammer h = { .folder = SVMS_FOLDER_INIT };
    open_log(&h, words[2]);
    close_log(&h);
    return 0;
}

int main(int count, char **words)
{
    static const struct {
        const char *name;
        int count;
        int (*run)(char **);
    } modes[] = {
        { "create", 3, run_create },
        { "hammer", 5, run_hammer },
        { "reopen", 3, run_reopen },
        { "fill", 4, run_fill },
    };
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (count == modes[i].count && strcmp(words[1], modes[i].name) == 0) {
            return modes[i].run(words);
        }
    }
    fprintf(stderr, "usage: see the top of audit_hammer.c\n");
    return 2;
}
