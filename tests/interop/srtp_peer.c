/* SPDX-License-Identifier: Apache-2.0 */
/* Our end of SRTP for the tests in Python, without sockets.
 * srtp_peer protect|unprotect SUITE KEY SALT MKI SSRC: packets come by stdin and go to stdout, one
 * for one: D (RTP) or C (RTCP), 16 bits of size, bytes. What is refused goes out as E with the
 * words why. Keys are hexadecimal, an MKI of none is "-". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

enum { PACKET_MAX = 65535 };

static void die(const char *what, const svms_error *err)
{
    fprintf(stderr, "%s: %s\n", what, err ? err->message : "");
    exit(1);
}

static uint32_t from_hex(uint8_t *out, size_t capacity, const char *hex)
{
    uint32_t size = 0;
    for (; strcmp(hex, "-") != 0 && hex[0] && hex[1] && size < capacity; hex += 2) {
        char pair[3] = { hex[0], hex[1], 0 };
        out[size++] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return size;
}

static void read_key(svms_srtp_key *key, char **argv)
{
    for (uint32_t suite = 1; suite <= 3; suite++) {
        if (strcmp(svms_srtp_suite_name((svms_srtp_suite)suite), argv[2]) == 0) {
            key->suite = suite;
        }
    }
    size_t key_size = svms_srtp_key_size((svms_srtp_suite)key->suite);
    size_t salt_size = svms_srtp_salt_size((svms_srtp_suite)key->suite);
    if (key_size == 0 || from_hex(key->key, sizeof key->key, argv[3]) != key_size ||
        from_hex(key->salt, sizeof key->salt, argv[4]) != salt_size) {
        die("no such suite, or a key that does not fit it", NULL);
    }
    key->mki_size = from_hex(key->mki, sizeof key->mki, argv[5]);
}

static void write_packet(int kind, const void *data, size_t size)
{
    putchar(kind);
    putchar((int)(size >> 8));
    putchar((int)(size & 0xFF));
    fwrite(data, 1, size, stdout);
    fflush(stdout);
}

typedef svms_status (*protect_function)(svms_srtp *srtp, uint8_t *packet, size_t *size,
                                        size_t capacity, svms_error *err);
typedef svms_status (*unprotect_function)(svms_srtp *srtp, uint8_t *packet, size_t *size,
                                          svms_error *err);

/* False at the end of the input. */
static int pass_on(svms_srtp *srtp, int sends)
{
    static uint8_t packet[PACKET_MAX + SVMS_SRTP_OVERHEAD_MAX];
    static const protect_function protect[] = { svms_srtp_protect, svms_srtp_protect_rtcp };
    static const unprotect_function unprotect[] = { svms_srtp_unprotect, svms_srtp_unprotect_rtcp };
    svms_error err = SVMS_ERROR_INIT;
    int kind = getchar();
    if (kind == EOF) {
        return 0;
    }
    size_t size = (size_t)getchar() << 8;
    size |= (size_t)getchar() & 0xFF;
    if (size > PACKET_MAX || fread(packet, 1, size, stdin) != size) {
        die("the input ends early", NULL);
    }
    int rtcp = kind == 'C';
    svms_status status = sends ? protect[rtcp](srtp, packet, &size, sizeof packet, &err)
                               : unprotect[rtcp](srtp, packet, &size, &err);
    if (status == SVMS_OK) {
        write_packet(kind, packet, size);
    } else {
        write_packet('E', err.message, strlen(err.message));
    }
    return 1;
}

int main(int argc, char **argv)
{
    svms_ctx *ctx = NULL;
    svms_srtp *srtp = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_srtp_key key = SVMS_SRTP_KEY_INIT;
    svms_srtp_options options = SVMS_SRTP_OPTIONS_INIT;
    options.flags = SVMS_SRTP_ALLOW_SHA1;
    if (argc != 7) {
        die("protect|unprotect SUITE KEY SALT MKI SSRC", NULL);
    }
    int sends = strcmp(argv[1], "protect") == 0;
    read_key(&key, argv);
    if (svms_ctx_new(&ctx, NULL, &err) != SVMS_OK ||
        svms_srtp_new(&srtp, ctx, &options, &err) != SVMS_OK) {
        die("session", &err);
    }
    uint32_t ssrc = (uint32_t)strtoul(argv[6], NULL, 0);
    svms_status status = sends ? svms_srtp_send(srtp, ssrc, &key, &err)
                               : svms_srtp_receive(srtp, SVMS_SRTP_ANY_SOURCE, 0, 0, &key, &err);
    if (status != SVMS_OK) {
        die("key", &err);
    }
    svms_srtp_key_wipe(&key);
    while (pass_on(srtp, sends)) {
    }
    svms_srtp_free(&srtp);
    svms_ctx_free(&ctx);
    return 0;
}
