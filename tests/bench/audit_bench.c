/* SPDX-License-Identifier: Apache-2.0 */
/* How fast an audit log takes records, beside a bare write and fdatasync of the same bytes into a
 * file beside it; both take turns. What the disk takes for that is most of it, and is printed.
 * Before that, the least that any log does besides writing: every record and every node above it
 * hashed, by two threads, while the disk writes. Then single records, and eight threads. Prints;
 * never judges.
 *
 *   audit_bench [FOLDER [GROUPS]]    FOLDER: on the disk to measure; the present one if not said */
#define _GNU_SOURCE
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <svms/audit_log.h>

#define GROUP 1000u
#define RECORD 700u
#define SINGLES 1000u
#define THREADS 8u
#define EACH 400u

typedef struct bench {
    svms_ctx *ctx;
    svms_folder folder;
    svms_audit_log *log;
    int bare;
    uint64_t bare_size;
    atomic_bool is_over;
    pthread_t tender;
    char bytes[GROUP][RECORD];
    svms_iovec run[GROUP];
} bench;

static void need(bool done, const char *what)
{
    if (!done) {
        fprintf(stderr, "%s failed\n", what);
        exit(1);
    }
}

static void check(svms_status status, const char *what, const svms_error *err)
{
    if (status != SVMS_OK) {
        fprintf(stderr, "%s failed: %s\n", what, err->message);
        exit(1);
    }
}

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Once a second, as applications do. */
static void *tend(void *user)
{
    bench *b = user;
    while (!atomic_load(&b->is_over)) {
        const struct timespec a_second = { 1, 0 };
        svms_error err = SVMS_ERROR_INIT;
        nanosleep(&a_second, NULL);
        check(svms_audit_log_tend(b->log, &err), "tending", &err);
    }
    return NULL;
}

/* One of the size that records have, with what an index of them looks at. */
static void write_record(char *out, unsigned number)
{
    static const char end[] = "\"}}";
    int front = snprintf(out, RECORD,
                         "{\"v\":1,\"id\":\"%032x\",\"time\":\"2026-11-22T10:%02u:%02u.000Z\","
                         "\"event\":\"playback.search\",\"outcome\":\"success\","
                         "\"source\":{\"server\":\"bench\"},\"actor\":{\"kind\":\"user\","
                         "\"id\":\"alice\"},\"device\":\"camera-%u\",\"details\":{\"query\":\"",
                         number, number / 60 % 60, number % 60, number);
    need(front > 0 && (size_t)front + sizeof end < RECORD, "making a record");
    for (unsigned i = (unsigned)front; i < RECORD; i++) {
        out[i] = (char)('a' + (number * 31 + i * 7) % 26);
    }
    memcpy(out + RECORD - (sizeof end - 1), end, sizeof end - 1);
}

static void begin(bench *b, const char *place)
{
    char path[4096];
    char key[SVMS_AUDIT_KEY_SIZE];
    svms_error err = SVMS_ERROR_INIT;
    svms_audit_log_options options = SVMS_AUDIT_LOG_OPTIONS_INIT;
    options.server = "bench";
    need(chdir(place) == 0, "entering the folder");
    snprintf(path, sizeof path, "audit_bench_XXXXXX");
    need(mkdtemp(path) != NULL && chdir(path) == 0, "making a folder");
    check(svms_ctx_new(&b->ctx, NULL, &err), "making a context", &err);
    check(svms_folder_open(&b->folder, b->ctx, "log", 1, &err), "making a folder", &err);
    check(svms_audit_log_create(b->ctx, &b->folder, "bench.example/audit", key, &err),
          "making a log", &err);
    check(svms_audit_log_open(&b->log, b->ctx, &b->folder, &options, &err), "opening it", &err);
    b->bare = open("bare", O_WRONLY | O_CREAT | O_EXCL, 0600);
    need(b->bare >= 0, "making a file");
    need(pthread_create(&b->tender, NULL, tend, b) == 0, "starting a thread");
    for (unsigned i = 0; i < GROUP; i++) {
        write_record(b->bytes[i], i);
        b->run[i] = (svms_iovec){ b->bytes[i], RECORD };
    }
}

static void end(bench *b)
{
    svms_error err = SVMS_ERROR_INIT;
    atomic_store(&b->is_over, true);
    pthread_join(b->tender, NULL);
    check(svms_audit_log_close(&b->log, &err), "closing", &err);
    svms_folder_close(&b->folder);
    svms_ctx_free(&b->ctx);
    close(b->bare);
    char command[] = "rm -r \"$PWD\"";
    need(system(command) == 0, "removing the folder");
}

/* How long a bare write and sync took; *sync: of that, the sync. */
static double write_bare(bench *b, size_t records, double *sync)
{
    size_t size = records * RECORD;
    double from = seconds(CLOCK_MONOTONIC);
    need(pwrite(b->bare, b->bytes, size, (off_t)b->bare_size) == (ssize_t)size, "writing");
    double written = seconds(CLOCK_MONOTONIC);
    need(fdatasync(b->bare) == 0, "syncing");
    double done = seconds(CLOCK_MONOTONIC);
    b->bare_size += size;
    *sync = done - written;
    return done - from;
}

static double append(bench *b, size_t records)
{
    uint64_t first;
    svms_error err = SVMS_ERROR_INIT;
    double from = seconds(CLOCK_MONOTONIC);
    check(svms_audit_log_append(b->log, b->run, records, &first, &err), "appending", &err);
    return seconds(CLOCK_MONOTONIC) - from;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static double quantile(double *values, size_t count, double part)
{
    qsort(values, count, sizeof *values, compare);
    return values[(size_t)(part * (double)(count - 1))];
}

/* What a figure was at its middle, and at its worst but one in a hundred, in ms. */
static void print_two(const char *name, double *values, size_t count)
{
    double middle = quantile(values, count, 0.5);
    printf("  %-34s p50 %8.3f ms  p99 %8.3f ms\n", name, middle * 1e3,
           quantile(values, count, 0.99) * 1e3);
}

static void compare_with_bare(bench *b, size_t rounds, size_t records)
{
    double *bare = calloc(rounds, sizeof *bare);
    double *sync = calloc(rounds, sizeof *sync);
    double *log = calloc(rounds, sizeof *log);
    double total_bare = 0;
    double total_log = 0;
    double cpu = 0;
    need(bare && sync && log, "memory");
    for (size_t i = 0; i < rounds; i++) {
        bare[i] = write_bare(b, records, &sync[i]);
        double from = seconds(CLOCK_THREAD_CPUTIME_ID);
        log[i] = append(b, records);
        cpu += seconds(CLOCK_THREAD_CPUTIME_ID) - from;
        total_bare += bare[i];
        total_log += log[i];
    }
    printf("%zu appends of %zu records of %u bytes, beside bare writes of the same bytes\n", rounds,
           records, RECORD);
    print_two("write and fdatasync", bare, rounds);
    print_two("of that fdatasync", sync, rounds);
    print_two("append", log, rounds);
    printf("  speed of bare %.3f at p50, %.3f of all, %.3f at p99; %.1f us of CPU per append\n",
           quantile(bare, rounds, 0.5) / quantile(log, rounds, 0.5), total_bare / total_log,
           quantile(bare, rounds, 0.99) / quantile(log, rounds, 0.99), cpu / (double)rounds * 1e6);
    free(bare);
    free(sync);
    free(log);
}

/* Records that one of the two threads hashes at once. */
#define PART 125u

typedef struct least {
    bench *b;
    const EVP_MD *sha256;
    atomic_uint next;
} least;

static void hash_one(const least *at, EVP_MD_CTX *hasher, uint8_t kind, const void *data,
                     size_t size, uint8_t *out)
{
    need(EVP_DigestInit_ex2(hasher, at->sha256, NULL) == 1 &&
             EVP_DigestUpdate(hasher, &kind, 1) == 1 && EVP_DigestUpdate(hasher, data, size) == 1 &&
             EVP_DigestFinal_ex(hasher, out, NULL) == 1,
         "hashing");
}

/* Leaves and nodes of the parts that nobody has begun. */
static void *hash_parts(void *user)
{
    least *at = user;
    EVP_MD_CTX *hasher = EVP_MD_CTX_new();
    unsigned part;
    need(hasher != NULL, "memory");
    while ((part = atomic_fetch_add(&at->next, 1)) < GROUP / PART) {
        uint8_t hash[PART + 1][32] = { { 0 } };
        for (unsigned i = 0; i < PART; i++) {
            hash_one(at, hasher, 0, at->b->bytes[part * PART + i], RECORD, hash[i]);
        }
        for (unsigned left = PART; left > 1; left = (left + 1) / 2) {
            for (unsigned i = 0; i < left / 2; i++) {
                uint8_t both[64];
                memcpy(both, hash[2 * i], sizeof both);
                hash_one(at, hasher, 1, both, sizeof both, hash[i]);
            }
            if (left % 2 == 1) {
                memcpy(hash[left / 2], hash[left - 1], sizeof hash[0]);
            }
        }
    }
    EVP_MD_CTX_free(hasher);
    return NULL;
}

static double write_hashed(least *at, int file, uint64_t offset)
{
    char note[300] = { 0 };
    size_t size = sizeof at->b->bytes;
    pthread_t helper;
    double from = seconds(CLOCK_MONOTONIC);
    atomic_store(&at->next, 0);
    need(pthread_create(&helper, NULL, hash_parts, at) == 0, "starting a thread");
    need(pwrite(file, at->b->bytes, size, (off_t)offset) == (ssize_t)size, "writing");
    (void)sync_file_range(file, (off_t)offset, (off_t)size, SYNC_FILE_RANGE_WRITE);
    (void)hash_parts(at);
    pthread_join(helper, NULL);
    need(pwrite(file, note, sizeof note, (off_t)(offset + size)) == (ssize_t)sizeof note,
         "writing");
    need(fdatasync(file) == 0, "syncing");
    return seconds(CLOCK_MONOTONIC) - from;
}

/* Nothing is copied, signed, kept or published. */
static void compare_least_with_bare(bench *b, size_t rounds)
{
    EVP_MD *sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    least at = { .b = b, .sha256 = sha256 };
    double *bare = calloc(rounds, sizeof *bare);
    double *hashed = calloc(rounds, sizeof *hashed);
    int file = open("hashed", O_WRONLY | O_CREAT | O_EXCL, 0600);
    double ignored;
    need(sha256 && bare && hashed && file >= 0, "preparing");
    for (size_t i = 0; i < rounds; i++) {
        bare[i] = write_bare(b, GROUP, &ignored);
        hashed[i] = write_hashed(&at, file, i * (sizeof b->bytes + 300));
    }
    printf("%zu bare writes of %u records, hashed meanwhile by two threads with all nodes above\n",
           rounds, GROUP);
    print_two("write and fdatasync", bare, rounds);
    print_two("hashed besides", hashed, rounds);
    printf("  speed of bare %.3f at p50\n",
           quantile(bare, rounds, 0.5) / quantile(hashed, rounds, 0.5));
    close(file);
    /* What is measured next begins with a disk that has nothing to do. */
    sync();
    free(bare);
    free(hashed);
    EVP_MD_free(sha256);
}

/* Single records are not to help with what the groups left to be published. */
static void settle(bench *b)
{
    svms_error err = SVMS_ERROR_INIT;
    check(svms_audit_log_tend(b->log, &err), "tending", &err);
    sync();
}

static void *append_each(void *user)
{
    for (unsigned i = 0; i < EACH; i++) {
        (void)append(user, 1);
    }
    return NULL;
}

static void append_from_threads(bench *b)
{
    pthread_t thread[THREADS];
    double from = seconds(CLOCK_MONOTONIC);
    for (unsigned i = 0; i < THREADS; i++) {
        need(pthread_create(&thread[i], NULL, append_each, b) == 0, "starting a thread");
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
    }
    double took = seconds(CLOCK_MONOTONIC) - from;
    printf("%u threads, each %u single records: %.0f records/s, all durable\n", THREADS, EACH,
           THREADS * EACH / took);
}

int main(int count, char **words)
{
    static bench b = { .folder = SVMS_FOLDER_INIT };
    size_t groups = count > 2 ? (size_t)strtoul(words[2], NULL, 10) : 200;
    begin(&b, count > 1 ? words[1] : ".");
    compare_least_with_bare(&b, groups > 0 ? groups : 1);
    compare_with_bare(&b, groups > 0 ? groups : 1, GROUP);
    settle(&b);
    compare_with_bare(&b, SINGLES, 1);
    append_from_threads(&b);
    end(&b);
    return 0;
}
