/* SPDX-License-Identifier: Apache-2.0 */
/* How fast a whole log is verified, beside bare SHA-256: each leaf and each inner node of the same
 * tree hashed by OpenSSL with one context, and nothing else. Time by the clock, and CPU time of all
 * threads; median of rounds in which both take turns. Prints; never judges.
 *
 *   audit_check_bench [FOLDER [RECORDS]]    FOLDER: where the log is made; /tmp if not said */
#define _XOPEN_SOURCE 700
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include <svms/audit_check.h>
#include <svms/audit_log.h>

#define ROUNDS 7
#define GROUP 1000u
#define RECORD 400u
#define HASH 32u

typedef struct bench {
    svms_ctx *ctx;
    svms_folder folder;
    char key[SVMS_AUDIT_KEY_SIZE];
    unsigned records;
    EVP_MD *sha256;
    EVP_MD_CTX *hasher;
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

/* By two clocks. */
typedef struct moment {
    double wall;
    double cpu;
} moment;

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static moment now(void)
{
    return (moment){ seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID) };
}

static moment since(moment begun)
{
    moment end = now();
    return (moment){ end.wall - begun.wall, end.cpu - begun.cpu };
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof values[0], compare);
    return values[ROUNDS / 2];
}

/* As logs have them: of an event that is known, one a second. */
static void write_record(char *out, unsigned number)
{
    static const char end[] = "\"}}";
    int front = snprintf(out, RECORD,
                         "{\"v\":1,\"id\":\"%032x\",\"time\":\"2026-11-%02uT%02u:%02u:%02u.000Z\","
                         "\"event\":\"playback.search\",\"outcome\":\"success\","
                         "\"source\":{\"server\":\"bench\"},\"actor\":{\"kind\":\"user\","
                         "\"id\":\"alice\"},\"details\":{\"query\":\"",
                         number, 1 + number / 86400 % 30, number / 3600 % 24, number / 60 % 60,
                         number % 60);
    need(front > 0 && (size_t)front + sizeof end < RECORD, "making a record");
    memset(out + front, 'x', RECORD - (size_t)front);
    memcpy(out + RECORD - (sizeof end - 1), end, sizeof end - 1);
}

static void fill(bench *b)
{
    static char bytes[GROUP][RECORD];
    static svms_iovec run[GROUP];
    svms_audit_log_options options = SVMS_AUDIT_LOG_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_audit_log *log = NULL;
    options.server = "bench";
    check(svms_audit_log_create(b->ctx, &b->folder, "bench", b->key, &err), "making a log", &err);
    check(svms_audit_log_open(&log, b->ctx, &b->folder, &options, &err), "opening it", &err);
    for (unsigned done = 0; done < b->records; done += GROUP) {
        uint64_t first;
        for (unsigned i = 0; i < GROUP; i++) {
            write_record(bytes[i], done + i);
            run[i] = (svms_iovec){ bytes[i], RECORD };
        }
        check(svms_audit_log_append(log, run, GROUP, &first, &err), "appending", &err);
        check(svms_audit_log_tend(log, &err), "tending", &err);
    }
    check(svms_audit_log_close(&log, &err), "closing", &err);
}

static moment verify(bench *b)
{
    svms_audit_trust trust = SVMS_AUDIT_TRUST_INIT;
    svms_audit_report report = SVMS_AUDIT_REPORT_INIT;
    svms_error err = SVMS_ERROR_INIT;
    trust.log_key = b->key;
    moment begun = now();
    check(svms_audit_check(b->ctx, &b->folder, &trust, NULL, &report, &err), "verifying", &err);
    moment took = since(begun);
    need(report.checked >= b->records, "finding all records");
    return took;
}

/* A message as it is hashed: a byte in front, and a record or two hashes. */
static moment bare(bench *b)
{
    static uint8_t message[1 + RECORD];
    uint8_t digest[HASH];
    moment begun = now();
    for (unsigned i = 0; i < 2 * b->records; i++) {
        size_t size = i < b->records ? 1 + RECORD : 1 + 2 * HASH;
        unsigned length = 0;
        memcpy(message + 1, &i, sizeof i);
        need(EVP_DigestInit_ex2(b->hasher, b->sha256, NULL) == 1 &&
                 EVP_DigestUpdate(b->hasher, message, size) == 1 &&
                 EVP_DigestFinal_ex(b->hasher, digest, &length) == 1,
             "hashing");
    }
    return since(begun);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

static void print(const char *what, double *verified, double *hashed)
{
    double took = median(verified);
    double limit = median(hashed);
    printf("  %-12s verified in %.3f s, bare SHA-256 %.3f s: %.2f of the limit\n", what, took,
           limit, limit / took);
}

int main(int argc, char **argv)
{
    bench b = { .records = argc > 2 ? (unsigned)atoi(argv[2]) : 500000u };
    double verified[2][ROUNDS];
    double hashed[2][ROUNDS];
    char path[4096];
    svms_error err = SVMS_ERROR_INIT;
    snprintf(path, sizeof path, "%s/audit-check-XXXXXX", argc > 1 ? argv[1] : "/tmp");
    need(mkdtemp(path) != NULL, "making a folder");
    check(svms_ctx_new(&b.ctx, NULL, &err), "making a context", &err);
    check(svms_folder_open(&b.folder, b.ctx, path, 0, &err), "opening the folder", &err);
    b.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    b.hasher = EVP_MD_CTX_new();
    need(b.sha256 && b.hasher, "fetching SHA-256");
    fill(&b);
    for (unsigned i = 0; i < ROUNDS; i++) {
        moment took = verify(&b);
        moment limit = bare(&b);
        verified[0][i] = took.wall;
        verified[1][i] = took.cpu;
        hashed[0][i] = limit.wall;
        hashed[1][i] = limit.cpu;
    }
    printf("%u records of %u bytes\n", b.records, RECORD);
    print("by the clock", verified[0], hashed[0]);
    print("CPU time", verified[1], hashed[1]);
    EVP_MD_CTX_free(b.hasher);
    EVP_MD_free(b.sha256);
    svms_folder_close(&b.folder);
    svms_ctx_free(&b.ctx);
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}
