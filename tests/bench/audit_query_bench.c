/* SPDX-License-Identifier: Apache-2.0 */
/* How soon a long audit log answers: the first result of a query for one day, the whole of it, the
 * newest records, single ones, and the memory that this took. A process of its own makes the log, a
 * year long, in a folder that is removed afterwards. Prints; never judges.
 *
 *   audit_query_bench [millions of records [folder to make it in]] */
#define _XOPEN_SOURCE 700
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <svms/svms.h>

#define AT_ONCE 4000u
#define GROUPS_BETWEEN 8u
#define RECORD_ROOM 512u
#define SECOND_NS INT64_C(1000000000)
#define BEGIN_NS (INT64_C(1767225600) * SECOND_NS)
#define DAY_NS (INT64_C(86400) * SECOND_NS)
#define DAYS 365

static void check(svms_status status, const char *what, const svms_error *err)
{
    if (status != SVMS_OK) {
        fprintf(stderr, "%s: %s\n", what, err->message);
        exit(EXIT_FAILURE);
    }
}

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* As the builder makes them, many times as fast. */
static size_t put_record(char *out, uint64_t number, uint64_t total)
{
    static const char *const events[] = { "login.success", "live.start", "live.stop",
                                          "playback.start", "ptz.move" };
    char time_text[SVMS_TIME_TEXT_SIZE];
    int64_t step = DAYS * DAY_NS / (int64_t)total;
    svms_time_format((BEGIN_NS + (int64_t)number * step) / 1000000 * 1000000, time_text);
    return (size_t)snprintf(
        out, RECORD_ROOM,
        "{\"v\":1,\"id\":\"%016" PRIx64 "%016" PRIx64 "\",\"time\":\"%s\",\"event\":\"%s\","
        "\"outcome\":\"success\",\"source\":{\"server\":\"vms-1\",\"component\":\"web\"},"
        "\"actor\":{\"kind\":\"user\",\"id\":\"user-%" PRIu64 "\",\"address\":\"192.0.2.%" PRIu64
        "\",\"client\":\"browser\"},\"device\":\"%032" PRIx64 "\"}",
        number * UINT64_C(0x9e3779b97f4a7c15), number, time_text, events[number % 5], number % 997,
        number % 251, number % 10007);
}

static void build(svms_ctx *ctx, const char *path, uint64_t total)
{
    static char text[AT_ONCE][RECORD_ROOM];
    static svms_iovec run[AT_ONCE];
    svms_audit_log_options options = SVMS_AUDIT_LOG_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_folder folder = SVMS_FOLDER_INIT;
    svms_audit_log *log = NULL;
    char key[SVMS_AUDIT_KEY_SIZE];
    options.server = "vms-1";
    check(svms_folder_open(&folder, ctx, path, 0, &err), "the folder", &err);
    check(svms_audit_log_create(ctx, &folder, "bench/audit", key, &err), "making the log", &err);
    check(svms_audit_log_open(&log, ctx, &folder, &options, &err), "opening the log", &err);
    for (uint64_t done = 0; done < total; done += AT_ONCE) {
        uint64_t first = 0;
        for (unsigned i = 0; i < AT_ONCE; i++) {
            run[i] = (svms_iovec){ text[i], put_record(text[i], done + i, total) };
        }
        check(svms_audit_log_append(log, run, AT_ONCE, &first, &err), "appending", &err);
        if (done / AT_ONCE % GROUPS_BETWEEN == 0) {
            check(svms_audit_log_tend(log, &err), "tending the log", &err);
        }
    }
    check(svms_audit_log_close(&log, &err), "closing the log", &err);
    svms_folder_close(&folder);
}

static void build_apart(svms_ctx *ctx, const char *path, uint64_t total)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        build(ctx, path, total);
        _exit(EXIT_SUCCESS);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        fprintf(stderr, "the log could not be made\n");
        exit(EXIT_FAILURE);
    }
}

typedef struct timing {
    double begun_ms;
    double first_ms;
    uint64_t count;
} timing;

static svms_status note(void *user, const svms_audit_found *found)
{
    timing *at = user;
    (void)found;
    if (at->count++ == 0) {
        at->first_ms = now_ms() - at->begun_ms;
    }
    return SVMS_OK;
}

static void ask(svms_audit_reader *reader, const svms_audit_query *query, const char *what)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_audit_tally tally = SVMS_AUDIT_TALLY_INIT;
    timing at = { .begun_ms = now_ms() };
    check(svms_audit_reader_find(reader, query, note, &at, &err), what, &err);
    double whole_ms = now_ms() - at.begun_ms;
    check(svms_audit_reader_tally(reader, &tally, &err), what, &err);
    printf("%-42s first %9.2f ms, all %10.2f ms: %" PRIu64 " found, %" PRIu64 " read\n", what,
           at.first_ms, whole_ms, at.count, tally.read);
}

static void ask_all(svms_audit_reader *reader)
{
    static const char *const event = "log.*";
    static const char *const actor = "user-7";
    svms_audit_query query = SVMS_AUDIT_QUERY_INIT;
    query.from_utc_ns = BEGIN_NS + 200 * DAY_NS;
    query.to_utc_ns = query.from_utc_ns + DAY_NS;
    ask(reader, &query, "one day");
    query.actors = &actor;
    query.actor_count = 1;
    ask(reader, &query, "one day, one person");
    query = (svms_audit_query)SVMS_AUDIT_QUERY_INIT;
    query.flags = SVMS_AUDIT_NEWEST_FIRST;
    query.limit = 20;
    ask(reader, &query, "the newest 20");
    query = (svms_audit_query)SVMS_AUDIT_QUERY_INIT;
    query.events = &event;
    query.event_count = 1;
    ask(reader, &query, "events of the log itself");
    query = (svms_audit_query)SVMS_AUDIT_QUERY_INIT;
    query.actors = &actor;
    query.actor_count = 1;
    ask(reader, &query, "one person, everything is read");
}

static void read_some(svms_audit_reader *reader, uint64_t size)
{
    static char record[SVMS_AUDIT_RECORD_MAX + 1];
    svms_error err = SVMS_ERROR_INIT;
    const unsigned rounds = 200;
    double begun = now_ms();
    for (unsigned i = 0; i < rounds; i++) {
        size_t room = sizeof record;
        uint64_t index = i * UINT64_C(0x9e3779b97f4a7c15) % size;
        check(svms_audit_reader_record(reader, index, record, &room, &err), "a record", &err);
    }
    printf("%-42s %.3f ms each\n", "single records", (now_ms() - begun) / rounds);
}

static void measure(svms_ctx *ctx, const char *path)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_folder folder = SVMS_FOLDER_INIT;
    svms_audit_reader *reader = NULL;
    svms_audit_head head = SVMS_AUDIT_HEAD_INIT;
    struct rusage usage;
    check(svms_folder_open(&folder, ctx, path, 0, &err), "the folder", &err);
    double begun = now_ms();
    check(svms_audit_reader_open(&reader, ctx, &folder, NULL, &err), "reading the log", &err);
    printf("%-42s %.2f ms\n", "opening it", now_ms() - begun);
    check(svms_audit_reader_head(reader, &head, &err), "the head", &err);
    printf("%-42s %" PRIu64 "\n", "records", head.size);
    ask_all(reader);
    read_some(reader, head.size);
    svms_audit_reader_close(&reader);
    svms_folder_close(&folder);
    getrusage(RUSAGE_SELF, &usage);
    printf("%-42s %ld KiB\n", "most memory of the reading process", usage.ru_maxrss);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

int main(int argc, char **argv)
{
    uint64_t millions = argc > 1 ? strtoull(argv[1], NULL, 10) : 10;
    char path[1024];
    svms_ctx *ctx = NULL;
    svms_error err = SVMS_ERROR_INIT;
    snprintf(path, sizeof path, "%s/svms-audit-query-XXXXXX", argc > 2 ? argv[2] : "/tmp");
    if (millions == 0 || !mkdtemp(path)) {
        fprintf(stderr, "usage: audit_query_bench [millions of records [folder]]\n");
        return EXIT_FAILURE;
    }
    check(svms_ctx_new(&ctx, NULL, &err), "a context", &err);
    double begun = now_ms();
    build_apart(ctx, path, millions * 1000000);
    printf("%-42s %.1f s\n", "making the log", (now_ms() - begun) / 1e3);
    measure(ctx, path);
    svms_ctx_free(&ctx);
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return EXIT_SUCCESS;
}
