/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of 1,200 bytes through our sessions and through libsrtp alone, in turn; then 1,000
 * sessions in one process. CPU time, median of rounds. Prints; never judges. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <srtp2/srtp.h>

#include <svms/svms.h>

#define ROUNDS 15
#define PACKETS 4000u
#define PAYLOAD 1200u
#define STRIDE 1280u
#define SESSIONS 1000
#define SOURCE 0x01020304u

typedef struct ends {
    svms_ctx *ctx;
    svms_srtp *us[2];
    srtp_t bare[2];
    uint32_t number;
    uint8_t *packets;
    size_t sizes[PACKETS];
} ends;

static void die(const char *what)
{
    fprintf(stderr, "%s failed\n", what);
    exit(1);
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static long resident_kib(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long whole = 0;
    long resident = 0;
    if (!file || fscanf(file, "%ld %ld", &whole, &resident) != 2) {
        die("reading /proc/self/statm");
    }
    fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return values[count / 2];
}

static svms_srtp_key make_key(svms_srtp_suite suite)
{
    svms_srtp_key key = SVMS_SRTP_KEY_INIT;
    key.suite = (uint32_t)suite;
    memset(key.key, 7, svms_srtp_key_size(suite));
    memset(key.salt, 8, svms_srtp_salt_size(suite));
    return key;
}

static void open_bare(srtp_t *out, const svms_srtp_key *key, srtp_ssrc_type_t type)
{
    uint8_t master[SVMS_SRTP_KEY_MAX + SVMS_SRTP_SALT_MAX];
    svms_srtp_suite suite = (svms_srtp_suite)key->suite;
    memcpy(master, key->key, svms_srtp_key_size(suite));
    memcpy(master + svms_srtp_key_size(suite), key->salt, svms_srtp_salt_size(suite));
    srtp_policy_t policy;
    memset(&policy, 0, sizeof policy);
    policy.ssrc.type = type;
    policy.ssrc.value = SOURCE;
    policy.key = master;
    policy.window_size = 1024;
    srtp_profile_t profile = suite == SVMS_SRTP_AEAD_AES_256_GCM   ? srtp_profile_aead_aes_256_gcm
                             : suite == SVMS_SRTP_AEAD_AES_128_GCM ? srtp_profile_aead_aes_128_gcm
                                                                   : srtp_profile_aes128_cm_sha1_80;
    if (srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, profile) != srtp_err_status_ok ||
        srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, profile) != srtp_err_status_ok ||
        srtp_create(out, &policy) != srtp_err_status_ok) {
        die("libsrtp");
    }
}

static void open_ends(ends *e, svms_srtp_suite suite)
{
    svms_srtp_key key = make_key(suite);
    svms_srtp_options options = SVMS_SRTP_OPTIONS_INIT;
    options.flags = SVMS_SRTP_ALLOW_SHA1;
    e->number = 0;
    if (svms_srtp_new(&e->us[0], e->ctx, &options, NULL) != SVMS_OK ||
        svms_srtp_new(&e->us[1], e->ctx, &options, NULL) != SVMS_OK ||
        svms_srtp_send(e->us[0], SOURCE, &key, NULL) != SVMS_OK ||
        svms_srtp_receive(e->us[1], SVMS_SRTP_ANY_SOURCE, 0, 0, &key, NULL) != SVMS_OK) {
        die("a session");
    }
    open_bare(&e->bare[0], &key, ssrc_specific);
    open_bare(&e->bare[1], &key, ssrc_any_inbound);
}

static void close_ends(ends *e)
{
    for (int i = 0; i < 2; i++) {
        svms_srtp_free(&e->us[i]);
        (void)srtp_dealloc(e->bare[i]);
    }
}

/* The places of the packets are `shift` bytes behind a word. */
static void fill(ends *e, size_t shift)
{
    for (uint32_t i = 0; i < PACKETS; i++) {
        uint8_t *at = e->packets + (size_t)i * STRIDE + shift;
        uint32_t number = e->number + i;
        uint8_t header[12] = {
            0x80, 0x60, (uint8_t)(number >> 8), (uint8_t)number, 0, 0, 0, 0, 1, 2, 3, 4,
        };
        memset(at, 0x42, PAYLOAD);
        memcpy(at, header, sizeof header);
        e->sizes[i] = PAYLOAD;
    }
}

static double send_ours(ends *e, size_t shift)
{
    double begin = cpu_seconds();
    for (size_t i = 0; i < PACKETS; i++) {
        if (svms_srtp_protect(e->us[0], e->packets + i * STRIDE + shift, &e->sizes[i],
                              STRIDE - shift, NULL) != SVMS_OK) {
            die("protecting");
        }
    }
    return cpu_seconds() - begin;
}

static double receive_ours(ends *e, size_t shift)
{
    double begin = cpu_seconds();
    for (size_t i = 0; i < PACKETS; i++) {
        if (svms_srtp_unprotect(e->us[1], e->packets + i * STRIDE + shift, &e->sizes[i], NULL) !=
            SVMS_OK) {
            die("unprotecting");
        }
    }
    return cpu_seconds() - begin;
}

static double run_bare(ends *e, int side)
{
    double begin = cpu_seconds();
    for (size_t i = 0; i < PACKETS; i++) {
        int size = (int)e->sizes[i];
        uint8_t *at = e->packets + i * STRIDE;
        srtp_err_status_t code =
            side == 0 ? srtp_protect(e->bare[0], at, &size) : srtp_unprotect(e->bare[1], at, &size);
        if (code != srtp_err_status_ok) {
            die("libsrtp");
        }
        e->sizes[i] = (size_t)size;
    }
    return cpu_seconds() - begin;
}

static void print_row(const char *what, double *ours, double *bare)
{
    double a = median(ours, ROUNDS) / PACKETS;
    double b = median(bare, ROUNDS) / PACKETS;
    printf("  %-22s %7.0f ns  libsrtp alone %7.0f ns  ratio %.3f\n", what, a * 1e9, b * 1e9, b / a);
}

static void compare_suite(ends *e, svms_srtp_suite suite)
{
    double ours[2][ROUNDS];
    double bare[2][ROUNDS];
    double odd[2][ROUNDS];
    open_ends(e, suite);
    for (int round = 0; round < ROUNDS; round++) {
        fill(e, 0);
        ours[0][round] = send_ours(e, 0);
        ours[1][round] = receive_ours(e, 0);
        fill(e, 0);
        bare[0][round] = run_bare(e, 0);
        bare[1][round] = run_bare(e, 1);
        e->number += PACKETS;
        fill(e, 1);
        odd[0][round] = send_ours(e, 1);
        odd[1][round] = receive_ours(e, 1);
        fill(e, 0);
        (void)run_bare(e, 0);
        (void)run_bare(e, 1);
        e->number += PACKETS;
    }
    printf("%s, %u bytes\n", svms_srtp_suite_name(suite), PAYLOAD);
    print_row("send", ours[0], bare[0]);
    print_row("receive", ours[1], bare[1]);
    print_row("send, not on a word", odd[0], bare[0]);
    print_row("receive, not on a word", odd[1], bare[1]);
    close_ends(e);
}

static void many_sessions(ends *e)
{
    static svms_srtp *sessions[SESSIONS];
    svms_srtp_key key = make_key(SVMS_SRTP_AEAD_AES_256_GCM);
    long before = resident_kib();
    double begin = cpu_seconds();
    for (size_t i = 0; i < SESSIONS; i++) {
        if (svms_srtp_new(&sessions[i], e->ctx, NULL, NULL) != SVMS_OK ||
            svms_srtp_send(sessions[i], SOURCE, &key, NULL) != SVMS_OK ||
            svms_srtp_receive(sessions[i], SVMS_SRTP_ANY_SOURCE, 0, 0, &key, NULL) != SVMS_OK) {
            die("many sessions");
        }
    }
    double made = cpu_seconds() - begin;
    begin = cpu_seconds();
    e->number = 0;
    fill(e, 0);
    for (size_t i = 0; i < SESSIONS; i++) {
        if (svms_srtp_protect(sessions[i], e->packets + i * STRIDE, &e->sizes[i], STRIDE, NULL) !=
            SVMS_OK) {
            die("a packet of many sessions");
        }
    }
    double sent = cpu_seconds() - begin;
    printf("%d sessions that send and receive: %.1f KiB each, %.1f ms to make all, %.0f ns for a "
           "packet of each in turn\n",
           SESSIONS, (double)(resident_kib() - before) / SESSIONS, made * 1e3,
           sent / SESSIONS * 1e9);
    for (size_t i = 0; i < SESSIONS; i++) {
        svms_srtp_free(&sessions[i]);
    }
}

int main(void)
{
    ends e;
    memset(&e, 0, sizeof e);
    e.packets = malloc((size_t)PACKETS * STRIDE);
    if (!e.packets || svms_ctx_new(&e.ctx, NULL, NULL) != SVMS_OK) {
        die("starting");
    }
    memset(e.packets, 0, (size_t)PACKETS * STRIDE);
    compare_suite(&e, SVMS_SRTP_AEAD_AES_256_GCM);
    compare_suite(&e, SVMS_SRTP_AEAD_AES_128_GCM);
    compare_suite(&e, SVMS_SRTP_AES_CM_128_HMAC_SHA1_80);
    many_sessions(&e);
    svms_ctx_free(&e.ctx);
    free(e.packets);
    return 0;
}
