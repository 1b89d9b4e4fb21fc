/* SPDX-License-Identifier: Apache-2.0 */
/* svms audit forward: what a log has, to a syslog receiver, at least once. The log is the spool:
 * all that is kept is up to which record the receiver was served. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>
#include <svms/svms.h>

#include "audit_command.h"
#include "audit_find.h"
#include "audit_place.h"
#include "file.h"
#include "interrupt.h"
#include "json_output.h"
#include "message.h"
#include "options.h"
#include "syslog_link.h"

#define COMMAND "audit forward"
#define DEFAULT_PORT "6514"
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_SECOND UINT64_C(1000000000)
#define RESEND_SECONDS_MAX (86400.0 * 30)
#define FIRST_DELAY_NS NS_PER_SECOND
#define LONGEST_DELAY_NS (60 * NS_PER_SECOND)
/* How often the log is looked at, and the position is kept. */
#define LOOK_NS (500 * NS_PER_MS)
#define KEEP_NS NS_PER_SECOND
/* Whoever finds so many new ones may find more at once. */
#define MANY_RECORDS 100000u
/* What one record becomes, with one of our own in front. */
#define ROOM_NEEDED ((size_t)2 * SVMS_AUDIT_LINE_SIZE)

typedef struct forward_request {
    const char *path;
    const char *to;
    const char *host;
    const char *ca;
    const char *crl;
    const char *cert;
    const char *key;
    const char *position;
    audit_trust_options trust;
    bool unverified;
    uint64_t resend_ns;
    uint32_t enterprise;
    bool once;
    bool json;
} forward_request;

typedef struct forwarding {
    const forward_request *request;
    audit_open_log log;
    svms_audit_forward *forward;
    syslog_link_options to;
    syslog_link *link;
    char server[AUDIT_SERVER_SIZE];
    char words[SYSLOG_WORDS_SIZE]; /* that were said last */
    uint64_t size;                 /* of the log, as it was last looked at */
    uint64_t looked_ns;
    uint64_t kept; /* served, as the position says */
    uint64_t kept_ns;
    uint64_t sent;
    uint64_t missed;
    uint64_t delay_ns; /* until the next try */
    uint64_t alive_ns; /* when the connection was last seen to stand */
    bool is_kept;      /* the last position could be written */
    char record[SVMS_AUDIT_RECORD_MAX + 1];
} forwarding;

static exit_status look(forwarding *self)
{
    svms_audit_head head = SVMS_AUDIT_HEAD_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_audit_reader_refresh(self->log.reader, &err);
    if (status == SVMS_OK) {
        status = svms_audit_reader_head(self->log.reader, &head, &err);
    }
    self->looked_ns = check_clock();
    if (status != SVMS_OK) {
        return complain_error(&err, "cannot go on reading the log %s", self->request->path);
    }
    self->size = head.size;
    return EXIT_GOOD;
}

/* Readers take up a long journal bit by bit. */
static exit_status look_up_to(forwarding *self, uint64_t index)
{
    uint64_t before = 0;
    exit_status status = look(self);
    while (status == EXIT_GOOD && self->size > before &&
           (self->size < index || self->size - before >= MANY_RECORDS)) {
        before = self->size;
        status = look(self);
    }
    if (status == EXIT_GOOD && self->size < index) {
        complain("the log %s has %" PRIu64 " records, and its receiver was sent %" PRIu64
                 ": records are missing, or the position %s is of an older log",
                 self->request->path, self->size, index, self->request->position);
        status = EXIT_EVIDENCE;
    }
    return status;
}

static exit_status begin_forward(forwarding *self, const file_text *position)
{
    const forward_request *request = self->request;
    svms_audit_forward_options options = SVMS_AUDIT_FORWARD_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    char key[SVMS_AUDIT_KEY_SIZE];
    options.resend_ns = request->resend_ns;
    options.enterprise = request->enterprise;
    options.receiver = request->to;
    options.server = self->server;
    options.log_key = key;
    if (svms_audit_reader_key(self->log.reader, key, &err) != SVMS_OK) {
        return complain_error(&err, "cannot read the log %s", request->path);
    }
    if (svms_audit_forward_new(&self->forward, self->log.ctx, &options, position->bytes,
                               position->size, &err) == SVMS_OK) {
        return EXIT_GOOD;
    }
    return complain_error(&err, "cannot go on from the position %s", request->position);
}

static exit_status load_position(forwarding *self)
{
    file_text text = { NULL, 0 };
    const char *path = self->request->position;
    exit_status status = EXIT_GOOD;
    if (file_exists(path)) {
        status = file_read(&text, path, SVMS_AUDIT_POSITION_SIZE, false);
    } else {
        status = file_check_new(path);
    }
    if (status == EXIT_GOOD) {
        status = begin_forward(self, &text);
    }
    file_text_free(&text);
    self->kept = svms_audit_forward_next(self->forward);
    return status == EXIT_GOOD ? look_up_to(self, self->kept) : status;
}

/* Where it cannot be written, the receiver only gets repeats later; so that is no end. */
static void keep_position(forwarding *self)
{
    char text[SVMS_AUDIT_POSITION_SIZE];
    size_t size = sizeof text;
    uint64_t now = check_clock();
    uint64_t served = svms_audit_forward_served(self->forward, self->alive_ns);
    uint64_t pause = self->is_kept ? KEEP_NS : LONGEST_DELAY_NS;
    if (served == self->kept || (now - self->kept_ns < pause && self->link)) {
        return;
    }
    self->kept_ns = now;
    if (svms_audit_forward_position(self->forward, text, &size, NULL) != SVMS_OK) {
        return;
    }
    const new_file file = { self->request->position, 0600, text, size };
    self->is_kept = file_write(&file, 1, true) == EXIT_GOOD;
    if (self->is_kept) {
        self->kept = served;
    }
}

/* One record into the link, or past it. */
static exit_status take_next(forwarding *self)
{
    svms_error err = SVMS_ERROR_INIT;
    const uint8_t *bytes = NULL;
    size_t size = sizeof self->record;
    uint64_t index = svms_audit_forward_next(self->forward);
    svms_status status =
        svms_audit_reader_record(self->log.reader, index, self->record, &size, &err);
    if (status == SVMS_E_STATE) {
        svms_audit_forward_pruned(self->forward);
        self->missed++;
        return EXIT_GOOD;
    }
    if (status == SVMS_OK) {
        status = svms_audit_forward_record(self->forward, self->record, size, &bytes, &size, &err);
    }
    if (status != SVMS_OK) {
        return complain_error(&err, "cannot forward record %" PRIu64 " of the log %s", index,
                              self->request->path);
    }
    syslog_link_put(self->link, bytes, size);
    self->sent++;
    return EXIT_GOOD;
}

static exit_status fill(forwarding *self)
{
    exit_status status = EXIT_GOOD;
    if (svms_audit_forward_next(self->forward) >= self->size &&
        check_clock() - self->looked_ns >= LOOK_NS && !self->request->once) {
        status = look(self);
    }
    while (status == EXIT_GOOD && svms_audit_forward_next(self->forward) < self->size &&
           syslog_link_room(self->link) >= ROOM_NEEDED && !interrupt_came()) {
        status = take_next(self);
    }
    return status;
}

static bool is_done(forwarding *self)
{
    return interrupt_came() ||
           (self->request->once &&
            svms_audit_forward_served(self->forward, self->alive_ns) >= self->size);
}

/* The reason once, however often it is met. */
static void say_why(forwarding *self, const char *what, const char *words)
{
    if (words[0] != '\0' && strcmp(words, self->words) != 0 && !interrupt_came()) {
        complain("%s %s: %s", what, self->request->to, words);
        (void)snprintf(self->words, sizeof self->words, "%s", words);
    }
}

/* As long as the connection stands. *stood: it did so long enough to be called one. */
static exit_status serve(forwarding *self, bool *stood)
{
    char words[SYSLOG_WORDS_SIZE] = "";
    exit_status status = EXIT_GOOD;
    bool stands = true;
    uint64_t began_ns = check_clock();
    while (status == EXIT_GOOD && stands && !is_done(self)) {
        /* Batch by batch, so that it is known of each when it was sent. */
        status = syslog_link_is_empty(self->link) ? fill(self) : EXIT_GOOD;
        uint64_t now = check_clock();
        stands = syslog_link_move(self->link, words);
        /* Whoever was stopped for an hour learns only now that it ended long ago. */
        self->alive_ns = stands ? now : self->alive_ns;
        bool is_empty = stands && syslog_link_is_empty(self->link);
        if (is_empty) {
            svms_audit_forward_sent(self->forward, check_clock());
        }
        keep_position(self);
        bool more = is_empty && svms_audit_forward_next(self->forward) < self->size;
        if (status == EXIT_GOOD && stands && !more) {
            syslog_link_wait(self->link, LOOK_NS);
        }
    }
    *stood = check_clock() - began_ns >= LONGEST_DELAY_NS / 2;
    syslog_link_close(&self->link);
    svms_audit_forward_broken(self->forward, self->alive_ns);
    keep_position(self);
    if (status == EXIT_GOOD && !stands) {
        say_why(self, "the connection ended to", words);
        status = self->request->once ? EXIT_ENVIRONMENT : EXIT_GOOD;
    }
    return status;
}

/* Grows, and is not the same for all who lost the same receiver. */
static void pause_before_next_try(forwarding *self)
{
    uint32_t random = 0;
    if (RAND_bytes((unsigned char *)&random, sizeof random) != 1) {
        random = UINT32_MAX / 2;
    }
    uint64_t delay = self->delay_ns / 2 + self->delay_ns / 2 * random / UINT32_MAX;
    uint64_t end = check_clock() + delay;
    for (uint64_t now = check_clock(); now < end && !interrupt_came(); now = check_clock()) {
        (void)poll(NULL, 0, (int)((end - now) / NS_PER_MS) + 1);
    }
    self->delay_ns *= 2;
    if (self->delay_ns > LONGEST_DELAY_NS) {
        self->delay_ns = LONGEST_DELAY_NS;
    }
}

static exit_status forward(forwarding *self)
{
    exit_status status = EXIT_GOOD;
    bool was_connected = false;
    self->delay_ns = FIRST_DELAY_NS;
    while (status == EXIT_GOOD && !is_done(self)) {
        char words[SYSLOG_WORDS_SIZE];
        bool stood = false;
        exit_status opened = syslog_link_open(&self->link, self->log.ctx, &self->to, words);
        if (opened == EXIT_GOOD) {
            was_connected = true;
            status = serve(self, &stood);
            self->delay_ns = stood ? FIRST_DELAY_NS : self->delay_ns;
        } else {
            say_why(self, "cannot reach", words);
            /* Files that were wrong from the beginning are a slip of the hand. */
            bool is_slip = words[0] == '\0' && !was_connected;
            status = self->request->once || is_slip ? opened : EXIT_GOOD;
        }
        if (status == EXIT_GOOD && !is_done(self)) {
            pause_before_next_try(self);
        }
    }
    return interrupt_came() ? EXIT_GOOD : status;
}

static exit_status say(const forwarding *self)
{
    const forward_request *request = self->request;
    if (request->json) {
        return json_print(json_pack("{s:o, s:o, s:I, s:I, s:I}", "log", json_text(request->path),
                                    "receiver", json_text(request->to), "sent",
                                    (json_int_t)self->sent, "missed", (json_int_t)self->missed,
                                    "served", (json_int_t)self->kept));
    }
    print_line(stdout, "Forwarded     %" PRIu64 " records to %s, repeats included", self->sent,
               request->to);
    if (self->missed > 0) {
        print_line(stdout, "Missed        %" PRIu64 " that were pruned before", self->missed);
    }
    print_line(stdout, "Served        up to record %" PRIu64 " (%s)", self->kept,
               request->position);
    return EXIT_GOOD;
}

static exit_status run(forwarding *self)
{
    audit_place_server(self->server);
    interrupt_watch();
    exit_status status =
        audit_find_open(&self->log, self->request->path, &self->request->trust, COMMAND);
    if (status == EXIT_GOOD) {
        status = load_position(self);
    }
    if (status == EXIT_GOOD) {
        status = forward(self);
        exit_status said = say(self);
        status = status == EXIT_GOOD ? said : status;
    }
    svms_audit_forward_free(&self->forward);
    audit_find_close(&self->log);
    return status;
}

static const option_spec options[] = {
    { "to", "HOST[:PORT]", "the receiver: syslog over TLS (RFC 5425); default port 6514",
      OPTION_TEXT, offsetof(forward_request, to), NULL, 0, 0 },
    { "ca", "FILE", "CA certificates, one of which the receiver's must lead to", OPTION_TEXT,
      offsetof(forward_request, ca), NULL, 0, 0 },
    { "crl", "FILE", "revocation lists for it", OPTION_TEXT, offsetof(forward_request, crl), NULL,
      0, 0 },
    { "host", "NAME", "name in the receiver's certificate, where it is another one", OPTION_TEXT,
      offsetof(forward_request, host), NULL, 0, 0 },
    { "cert", "FILE", "own certificate, with which the receiver knows us", OPTION_TEXT,
      offsetof(forward_request, cert), NULL, 0, 0 },
    { "key", "FILE", "its private key", OPTION_TEXT, offsetof(forward_request, key), NULL, 0, 0 },
    { "position", "FILE", "remembers what the receiver was sent; made where it is missing",
      OPTION_TEXT, offsetof(forward_request, position), NULL, 0, 0 },
    { "resend", "SECONDS", "what was sent so shortly before a break is sent again; default 60",
      OPTION_SECONDS, offsetof(forward_request, resend_ns), NULL, 1, RESEND_SECONDS_MAX },
    { "once", NULL, "end when the receiver surely has what is in the log now", OPTION_FLAG,
      offsetof(forward_request, once), NULL, 0, 0 },
    { "log-key", "KEY", "the log's key, or a file with it: records are verified", OPTION_TEXT,
      offsetof(forward_request, trust.key), NULL, 0, 0 },
    { "unverified", NULL, "believe the key that the log itself names", OPTION_FLAG,
      offsetof(forward_request, unverified), NULL, 0, 0 },
    { "enterprise", "N", "private enterprise number of the structured data; default 32473",
      OPTION_COUNT, offsetof(forward_request, enterprise), NULL, 1, UINT32_MAX },
    { "json", NULL, "print one JSON object at the end", OPTION_FLAG,
      offsetof(forward_request, json), NULL, 0, 0 },
};

static const command_line line = {
    COMMAND,
    "LOG --to HOST[:PORT] --ca FILE --position FILE --log-key KEY [options]",
    "Sends the records of a log to a syslog receiver, in order, and goes on with those that are\n"
    "appended, until it is ended. Each is sent at least once; repeats have the same id.",
    options,
    sizeof options / sizeof options[0],
    "LOG",
    offsetof(forward_request, path)
};

/* The port of RFC 5425 where there is none. */
static bool parse_receiver(check_endpoint *out, const char *text)
{
    const char *bracket = strchr(text, ']');
    bool has_port = strchr(bracket ? bracket : text, ':') != NULL;
    if (!endpoint_parse(out, text)) {
        return false;
    }
    if (!has_port) {
        (void)snprintf(out->port, sizeof out->port, "%s", DEFAULT_PORT);
    }
    return true;
}

static exit_status check_request(const forward_request *request)
{
    if (!request->to || !request->ca || !request->position) {
        return usage_error(COMMAND, "--to, --ca and --position are needed");
    }
    if (!request->cert != !request->key) {
        return usage_error(COMMAND, "--cert and --key belong together");
    }
    if (request->trust.key && request->unverified) {
        return usage_error(COMMAND, "--log-key and --unverified contradict each other");
    }
    if (!request->trust.key && !request->unverified) {
        complain("refused: nothing could be verified; give --log-key, the key that svms audit "
                 "create printed, or --unverified to believe the log itself");
        return EXIT_POLICY;
    }
    return EXIT_GOOD;
}

exit_status command_audit_forward(int count, char **arguments)
{
    forward_request request;
    memset(&request, 0, sizeof request);
    request.resend_ns = 60 * NS_PER_SECOND;
    request.enterprise = SVMS_AUDIT_ENTERPRISE;
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    exit_status status = check_request(&request);
    if (status != EXIT_GOOD) {
        return status;
    }
    forwarding *self = calloc(1, sizeof *self);
    if (!self) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    self->request = &request;
    self->is_kept = true;
    if (parse_receiver(&self->to.endpoint, request.to)) {
        self->to.host = request.host ? request.host : self->to.endpoint.host;
        self->to.ca_path = request.ca;
        self->to.crl_path = request.crl;
        self->to.cert_path = request.cert;
        self->to.key_path = request.key;
        self->to.patience_ns = request.resend_ns / 2;
        status = run(self);
    } else {
        status = usage_error(COMMAND, "--to '%s' is no HOST[:PORT]", request.to);
    }
    free(self);
    return status;
}
