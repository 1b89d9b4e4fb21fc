/* SPDX-License-Identifier: Apache-2.0 */
/* Our end of MIKEY and SDP for the tests of MIKEY and SDP in Python: one command in a line of
 * stdin, one answer in a line of stdout. "-" is nothing. read HEX: FORM SUITE CSB TIMEKIND TIME
 * RAND POLICY KEY SALT MKI SOURCES, or "error STATUS WORDS". write, with the same words: the
 * message in hexadecimal. text BASE64: as read. sdp FILE: a line for each medium, then "end".
 * describe TYPE RTPMAP FMTP HEX FILE: writes a description of one secure medium with that MIKEY
 * message. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

enum { LINE_MAX_BYTES = 65536, WORDS_MAX = 16 };

static size_t from_hex(uint8_t *out, size_t capacity, const char *hex)
{
    size_t size = 0;
    if (strcmp(hex, "-") == 0) {
        return 0;
    }
    for (; hex[0] && hex[1] && size < capacity; hex += 2) {
        char pair[3] = { hex[0], hex[1], 0 };
        out[size++] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return size;
}

static void show_hex(const uint8_t *data, size_t size)
{
    fputs(size == 0 ? " -" : " ", stdout);
    for (size_t i = 0; i < size; i++) {
        printf("%02x", data[i]);
    }
}

static void show_error(svms_status status, const svms_error *err)
{
    printf("error %s %s\n", svms_status_name(status), err->message);
}

static void show_message(const svms_mikey *m)
{
    svms_srtp_suite suite = (svms_srtp_suite)m->key.suite;
    printf("%s %s %u %d %" PRIu64, m->form == SVMS_MIKEY_ONVIF ? "ONVIF" : "JOINED",
           svms_srtp_suite_name(suite), (unsigned)m->csb_id, (int)m->time_kind, m->time);
    show_hex(m->rand, m->rand_size);
    printf(" %u", (unsigned)m->has_policy);
    show_hex(m->key.key, svms_srtp_key_size(suite));
    show_hex(m->key.salt, svms_srtp_salt_size(suite));
    show_hex(m->key.mki, m->key.mki_size);
    fputs(m->source_count == 0 ? " -" : " ", stdout);
    for (uint32_t i = 0; i < m->source_count; i++) {
        printf("%s%u:%u:%u", i > 0 ? "," : "", (unsigned)m->sources[i].policy,
               (unsigned)m->sources[i].ssrc, (unsigned)m->sources[i].roc);
    }
    printf("\n");
}

static void read_message(char **words)
{
    static uint8_t data[LINE_MAX_BYTES];
    svms_error err = SVMS_ERROR_INIT;
    svms_mikey message = SVMS_MIKEY_INIT;
    svms_status status =
        strcmp(words[0], "text") == 0
            ? svms_mikey_read_text(&message, words[1], strlen(words[1]), NULL, &err)
            : svms_mikey_read(&message, data, from_hex(data, sizeof data, words[1]), NULL, &err);
    if (status == SVMS_OK) {
        show_message(&message);
    } else {
        show_error(status, &err);
    }
    svms_mikey_wipe(&message);
}

static uint32_t suite_named(const char *name)
{
    for (uint32_t suite = 1; suite <= 3; suite++) {
        if (strcmp(svms_srtp_suite_name((svms_srtp_suite)suite), name) == 0) {
            return suite;
        }
    }
    return 0;
}

static void take_sources(svms_mikey *message, char *list)
{
    for (char *rest = list; strcmp(list, "-") != 0 && *rest; rest += strspn(rest, ",")) {
        svms_mikey_source *source = &message->sources[message->source_count++];
        source->policy = (uint32_t)strtoul(rest, &rest, 10);
        source->ssrc = (uint32_t)strtoul(rest + 1, &rest, 10);
        source->roc = (uint32_t)strtoul(rest + 1, &rest, 10);
    }
}

static void write_message(char **words)
{
    uint8_t data[SVMS_MIKEY_SIZE_MAX];
    size_t size = sizeof data;
    svms_error err = SVMS_ERROR_INIT;
    svms_mikey m = SVMS_MIKEY_INIT;
    m.form = strcmp(words[1], "ONVIF") == 0 ? SVMS_MIKEY_ONVIF : SVMS_MIKEY_JOINED;
    m.key.suite = suite_named(words[2]);
    m.csb_id = (uint32_t)strtoul(words[3], NULL, 10);
    m.time_kind = (svms_mikey_time)atoi(words[4]);
    m.time = strtoull(words[5], NULL, 10);
    m.rand_size = (uint32_t)from_hex(m.rand, sizeof m.rand, words[6]);
    m.has_policy = (uint32_t)atoi(words[7]);
    (void)from_hex(m.key.key, sizeof m.key.key, words[8]);
    (void)from_hex(m.key.salt, sizeof m.key.salt, words[9]);
    m.key.mki_size = (uint32_t)from_hex(m.key.mki, sizeof m.key.mki, words[10]);
    take_sources(&m, words[11]);
    svms_status status = svms_mikey_write(&m, data, &size, &err);
    if (status != SVMS_OK) {
        show_error(status, &err);
        return;
    }
    show_hex(data, size);
    printf("\n");
}

static size_t load(char *out, size_t capacity, const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t size = file ? fread(out, 1, capacity, file) : 0;
    if (file) {
        fclose(file);
    }
    return size;
}

static const char *or_dash(const char *text)
{
    return text && *text ? text : "-";
}

static void read_description(svms_ctx *ctx, char **words)
{
    static char text[LINE_MAX_BYTES];
    svms_error err = SVMS_ERROR_INIT;
    svms_sdp *sdp = NULL;
    svms_status status = svms_sdp_read(&sdp, ctx, text, load(text, sizeof text, words[1]), &err);
    if (status != SVMS_OK) {
        show_error(status, &err);
        return;
    }
    for (size_t i = 0; i < svms_sdp_media_count(sdp); i++) {
        svms_sdp_media m = SVMS_SDP_MEDIA_INIT;
        svms_rtp_format *format = NULL;
        status = svms_sdp_media_at(sdp, i, &m, &err);
        status = status == SVMS_OK ? svms_sdp_format(&format, sdp, i, &err) : status;
        printf("%s|%s|%u|%u|%s|%s|%d|%s", m.kind, m.protocol, (unsigned)m.secure,
               (unsigned)m.payload_type, or_dash(m.rtpmap), or_dash(m.control), (int)m.direction,
               svms_status_name(status));
        show_hex(m.key_mgmt, m.key_mgmt_size);
        printf("\n");
        svms_rtp_format_free(&format);
    }
    printf("end\n");
    svms_sdp_free(&sdp);
}

static void write_description(svms_ctx *ctx, char **words)
{
    static char text[LINE_MAX_BYTES];
    uint8_t key_mgmt[SVMS_MIKEY_SIZE_MAX];
    size_t size = sizeof text;
    svms_error err = SVMS_ERROR_INIT;
    svms_rtp_format *format = NULL;
    svms_sdp_track track = SVMS_SDP_TRACK_INIT;
    svms_sdp_session session = SVMS_SDP_SESSION_INIT;
    svms_status status = svms_rtp_format_read(&format, ctx, (uint32_t)atoi(words[1]), words[2],
                                              strcmp(words[3], "-") == 0 ? NULL : words[3], &err);
    track.format = format;
    track.secure = 1;
    track.control = "track0";
    track.key_mgmt_size = from_hex(key_mgmt, sizeof key_mgmt, words[4]);
    track.key_mgmt = track.key_mgmt_size > 0 ? key_mgmt : NULL;
    session.tracks = &track;
    session.track_count = 1;
    session.control = "*";
    status = status == SVMS_OK ? svms_sdp_write(&session, ctx, text, &size, &err) : status;
    FILE *file = status == SVMS_OK ? fopen(words[5], "wb") : NULL;
    if (file) {
        fwrite(text, 1, size, file);
        fclose(file);
        printf("done\n");
    } else {
        show_error(status, &err);
    }
    svms_rtp_format_free(&format);
}

static void run(svms_ctx *ctx, char **words, size_t count)
{
    if (count == 2 && (strcmp(words[0], "read") == 0 || strcmp(words[0], "text") == 0)) {
        read_message(words);
    } else if (count == 12 && strcmp(words[0], "write") == 0) {
        write_message(words);
    } else if (count == 2 && strcmp(words[0], "sdp") == 0) {
        read_description(ctx, words);
    } else if (count == 6 && strcmp(words[0], "describe") == 0) {
        write_description(ctx, words);
    } else {
        printf("error usage no such command\n");
    }
    fflush(stdout);
}

int main(void)
{
    static char line[LINE_MAX_BYTES];
    svms_ctx *ctx = NULL;
    if (svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK) {
        return 1;
    }
    while (fgets(line, sizeof line, stdin)) {
        char *words[WORDS_MAX] = { NULL };
        size_t count = 0;
        line[strcspn(line, "\n")] = '\0';
        for (char *rest = line; *rest && count < WORDS_MAX;) {
            words[count++] = rest;
            rest += strcspn(rest, " ");
            if (*rest) {
                *rest++ = '\0';
            }
        }
        run(ctx, words, count);
    }
    svms_ctx_free(&ctx);
    return 0;
}
