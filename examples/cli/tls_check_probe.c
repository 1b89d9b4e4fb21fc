/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_check_probe.h"

#include <string.h>
#include <unistd.h>

#include <openssl/rand.h>

#define HELLO_MAX 1024
#define RANDOM_SIZE 32
/* A flight with a long chain; what is longer stays unknown. */
#define ANSWER_MAX ((size_t)64 * 1024)
#define RECORD_HEAD 5
#define RECORD_MAX (16384 + 2048)
#define MESSAGE_HEAD 4
#define LENGTH_SIZE 3

/* RFC 5246: types of records and of handshake messages. */
#define RECORD_ALERT 21
#define RECORD_HANDSHAKE 22
#define SERVER_HELLO 2
#define CERTIFICATE 11
#define CERTIFICATE_REQUEST 13
#define SERVER_HELLO_DONE 14

/* From the best to the worst, so that whoever speaks the version at all finds one. */
static const uint16_t suites[] = { 0xC02B, 0xC02C, 0xC02F, 0xC030, 0xCCA8, 0xCCA9, 0xCCAA,
                                   0x009E, 0x009F, 0x00A2, 0x00A3, 0x0040, 0x006A, 0x0032,
                                   0x0038, 0xC023, 0xC024, 0xC027, 0xC028, 0xC009, 0xC00A,
                                   0xC013, 0xC014, 0x0067, 0x006B, 0x0033, 0x0039, 0x009C,
                                   0x009D, 0x003C, 0x003D, 0x002F, 0x0035, 0xC008, 0xC012,
                                   0x0016, 0x000A, 0xC007, 0xC011, 0x0005, 0x0004, 0x00FF };

/* Extensions but that of the name: groups, point formats, signatures (also old ones, and those of
 * keys that the library does not take), extended master secret. */
static const uint8_t extensions[] = { 0x00, 0x0A, 0x00, 0x0A, 0x00, 0x08, 0x00, 0x1D, 0x00,
                                      0x17, 0x00, 0x18, 0x00, 0x19,       /**/
                                      0x00, 0x0B, 0x00, 0x02, 0x01, 0x00, /**/
                                      0x00, 0x0D, 0x00, 0x20, 0x00, 0x1E, 0x04, 0x03, 0x05,
                                      0x03, 0x06, 0x03, 0x08, 0x04, 0x08, 0x05, 0x08, 0x06,
                                      0x08, 0x07, 0x08, 0x08, 0x04, 0x01, 0x05, 0x01, 0x06,
                                      0x01, 0x04, 0x02, 0x02, 0x03, 0x02, 0x01, 0x02, 0x02, /**/
                                      0x00, 0x17, 0x00, 0x00 };

typedef struct hello {
    uint8_t bytes[HELLO_MAX];
    size_t size;
} hello;

static void put(hello *out, const void *data, size_t size)
{
    if (size <= sizeof out->bytes - out->size) {
        memcpy(out->bytes + out->size, data, size);
        out->size += size;
    }
}

static void put_u16(hello *out, size_t value)
{
    const uint8_t bytes[] = { (uint8_t)(value >> 8), (uint8_t)value };
    put(out, bytes, sizeof bytes);
}

static void patch_u16(hello *out, size_t place, size_t value)
{
    out->bytes[place] = (uint8_t)(value >> 8);
    out->bytes[place + 1] = (uint8_t)value;
}

/* RFC 6066 section 3: names, not addresses. */
static void put_name(hello *out, const char *host)
{
    size_t size = strlen(host);
    bool address = strchr(host, ':') != NULL || strspn(host, "0123456789.") == size;
    if (address || size > 253) {
        return;
    }
    put_u16(out, 0);
    put_u16(out, size + 5);
    put_u16(out, size + 3);
    put(out, "", 1);
    put_u16(out, size);
    put(out, host, size);
}

static bool make_hello(hello *out, const char *host, unsigned version)
{
    static const uint8_t head[] = { RECORD_HANDSHAKE, 3, 1, 0, 0, 1, 0, 0, 0 };
    uint8_t random[RANDOM_SIZE];
    out->size = 0;
    if (RAND_bytes(random, sizeof random) != 1) {
        return false;
    }
    put(out, head, sizeof head);
    put_u16(out, version);
    put(out, random, sizeof random);
    put(out, "", 1); /* no session */
    put_u16(out, sizeof suites);
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        put_u16(out, suites[i]);
    }
    put(out, "\x01", 2); /* one way not to compress */
    size_t place = out->size;
    put_u16(out, 0);
    put_name(out, host);
    put(out, extensions, sizeof extensions);
    patch_u16(out, place, out->size - place - 2);
    patch_u16(out, 3, out->size - RECORD_HEAD);
    patch_u16(out, 7, out->size - RECORD_HEAD - MESSAGE_HEAD);
    return true;
}

/* What came, and the handshake messages in it. */
typedef struct answer {
    const probe_question *question;
    int socket;
    uint8_t messages[ANSWER_MAX];
    size_t size;
    probe_result found;
    bool over;
} answer;

static bool receive_all(const answer *of, uint8_t *out, size_t size)
{
    size_t got = 0;
    while (got < size) {
        long more = socket_receive(of->socket, out + got, size - got, of->question->deadline);
        if (more <= 0) {
            return false;
        }
        got += (size_t)more;
    }
    return true;
}

/* Adds the messages of one record; ends with anything but messages. */
static void take_record(answer *of)
{
    uint8_t head[RECORD_HEAD];
    of->over = true;
    if (!receive_all(of, head, sizeof head) || head[1] != 3) {
        return;
    }
    size_t size = (size_t)head[3] << 8 | head[4];
    if (head[0] == RECORD_ALERT && of->found.speaks == ANSWER_UNKNOWN) {
        of->found.speaks = ANSWER_NO;
    }
    if (head[0] != RECORD_HANDSHAKE || size == 0 || size > RECORD_MAX ||
        size > sizeof of->messages - of->size || !receive_all(of, of->messages + of->size, size)) {
        return;
    }
    of->size += size;
    of->over = false;
}

static size_t length_of(const uint8_t bytes[3])
{
    return (size_t)bytes[0] << 16 | (size_t)bytes[1] << 8 | (size_t)bytes[2];
}

/* A list of certificates, each with its length in front; what does not fit ends it. */
static void take_certificates(const answer *of, const uint8_t *body, size_t size)
{
    size_t place = LENGTH_SIZE;
    while (of->question->shows && size >= LENGTH_SIZE && size - LENGTH_SIZE >= place) {
        size_t length = length_of(body + place);
        place += LENGTH_SIZE;
        if (length > size - place) {
            return;
        }
        of->question->shows(of->question->user, body + place, length);
        place += length;
    }
}

static void take_message(answer *of, unsigned type, const uint8_t *body, size_t size)
{
    if (type == SERVER_HELLO && size >= 2) {
        unsigned version = (unsigned)body[0] << 8 | body[1];
        of->found.speaks = version == of->question->version ? ANSWER_YES : ANSWER_NO;
        of->over = of->found.speaks == ANSWER_NO;
    } else if (type == CERTIFICATE && of->found.speaks == ANSWER_YES) {
        take_certificates(of, body, size);
    } else if (type == CERTIFICATE_REQUEST && of->found.speaks == ANSWER_YES) {
        of->found.asks_certificate = ANSWER_YES;
        of->over = true;
    } else if (type == SERVER_HELLO_DONE && of->found.speaks == ANSWER_YES) {
        of->found.asks_certificate = ANSWER_NO;
        of->over = true;
    } else if (of->found.speaks != ANSWER_YES) {
        of->over = true;
    }
}

static void take_answer(answer *of)
{
    size_t place = 0;
    while (!of->over) {
        const uint8_t *head = of->messages + place;
        size_t left = of->size - place;
        size_t size = left < MESSAGE_HEAD ? 0 : length_of(head + 1);
        if (left < MESSAGE_HEAD || size > left - MESSAGE_HEAD) {
            take_record(of);
        } else {
            take_message(of, head[0], head + MESSAGE_HEAD, size);
            place += MESSAGE_HEAD + size;
        }
    }
}

probe_result probe_version(const probe_question *question)
{
    hello first;
    answer of;
    memset(&of, 0, sizeof of);
    of.question = question;
    of.socket = address_connect(question->address, question->deadline);
    if (of.socket < 0) {
        return of.found;
    }
    if (make_hello(&first, question->host, question->version) &&
        socket_send(of.socket, first.bytes, first.size, question->deadline)) {
        take_answer(&of);
    }
    close(of.socket);
    return of.found;
}
