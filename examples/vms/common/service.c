/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LINE_SIZE 2048
#define PASSWD_SIZE 4096

struct service {
    char *name;
    bool json;
    bool is_under_journald; /* lines begin with their level */
    int signals;
    bool is_stopping; /* one signal has come */
    sigset_t blocked;
};

static svms_status tell(svms_error *err, svms_status status, int os_error, const char *words)
{
    if (err) {
        *err = (svms_error)SVMS_ERROR_INIT;
        err->status = status;
        err->os_error = os_error;
        snprintf(err->message, sizeof err->message, "%s%s%s", words, os_error ? ": " : "",
                 os_error ? strerror(os_error) : "");
    }
    return status;
}

static void allow_files(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

static svms_status take_signals(service *self, svms_error *err)
{
    const struct sigaction ignored = { .sa_handler = SIG_IGN };
    sigemptyset(&self->blocked);
    sigaddset(&self->blocked, SIGINT);
    sigaddset(&self->blocked, SIGTERM);
    sigaddset(&self->blocked, SIGHUP);
    if (sigaction(SIGPIPE, &ignored, NULL) != 0 ||
        pthread_sigmask(SIG_BLOCK, &self->blocked, NULL) != 0) {
        return tell(err, SVMS_E_IO, errno, "signals cannot be taken");
    }
    self->signals = signalfd(-1, &self->blocked, SFD_CLOEXEC | SFD_NONBLOCK);
    return self->signals >= 0 ? SVMS_OK : tell(err, SVMS_E_IO, errno, "signals cannot be taken");
}

svms_status service_begin(service **out, const service_options *options, svms_error *err)
{
    service *self = calloc(1, sizeof *self);
    char *name = strdup(options->name);
    if (!self || !name) {
        free(self);
        free(name);
        return tell(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    self->name = name;
    self->json = options->json;
    self->is_under_journald = getenv("JOURNAL_STREAM") != NULL;
    self->signals = -1;
    svms_status status = take_signals(self, err);
    if (status == SVMS_OK && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        status = tell(err, SVMS_E_IO, errno, "memory cannot be kept out of dumps");
    }
    allow_files();
    if (status != SVMS_OK) {
        service_end(&self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

int service_handle(const service *self)
{
    return self->signals;
}

service_wish service_next(service *self)
{
    struct signalfd_siginfo info;
    if (read(self->signals, &info, sizeof info) != (ssize_t)sizeof info) {
        return SERVICE_NOTHING;
    }
    if (info.ssi_signo == SIGHUP) {
        return SERVICE_RELOAD;
    }
    if (!self->is_stopping) {
        self->is_stopping = true;
        /* Whoever asks twice does not want to wait. */
        sigdelset(&self->blocked, SIGHUP);
        (void)pthread_sigmask(SIG_UNBLOCK, &self->blocked, NULL);
    }
    return SERVICE_STOP;
}

static svms_status become(const char *user, svms_error *err)
{
    char room[PASSWD_SIZE];
    struct passwd entry;
    struct passwd *found = NULL;
    if (getpwnam_r(user, &entry, room, sizeof room, &found) != 0 || !found) {
        return tell(err, SVMS_E_USAGE, 0, "there is no such user to run as");
    }
    if (found->pw_uid == 0) {
        return tell(err, SVMS_E_POLICY, 0, "the user to run as is root");
    }
    if (setgroups(0, NULL) != 0 || setresgid(found->pw_gid, found->pw_gid, found->pw_gid) != 0 ||
        setresuid(found->pw_uid, found->pw_uid, found->pw_uid) != 0) {
        return tell(err, SVMS_E_IO, errno, "root cannot be given up");
    }
    if (setresuid(0, 0, 0) == 0) {
        return tell(err, SVMS_E_IO, 0, "root was given up, and is back");
    }
    return SVMS_OK;
}

svms_status service_drop(service *self, const char *user, bool allow_root, svms_error *err)
{
    (void)self;
    svms_status status = SVMS_OK;
    if (user && geteuid() == 0) {
        status = become(user, err);
    } else if (geteuid() == 0 && !allow_root) {
        status = tell(err, SVMS_E_POLICY, 0, "nobody but root was named to run as");
    }
    if (status == SVMS_OK && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        status = tell(err, SVMS_E_IO, errno, "new privileges cannot be ruled out");
    }
    /* Changing the user makes a process dumpable or not as the system likes. */
    if (status == SVMS_OK && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        status = tell(err, SVMS_E_IO, errno, "memory cannot be kept out of dumps");
    }
    return status;
}

/* sd_notify(3) in as little as it takes. */
static void notify(const char *state)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *path = getenv("NOTIFY_SOCKET");
    size_t size = path ? strlen(path) : 0;
    if (size < 2 || size >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@')) {
        return;
    }
    memcpy(address.sun_path, path, size);
    if (path[0] == '@') {
        address.sun_path[0] = '\0';
    }
    int handle = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (handle >= 0) {
        (void)sendto(handle, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
                     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size));
        (void)close(handle);
    }
}

void service_ready(service *self, const char *words)
{
    char state[256];
    (void)self;
    snprintf(state, sizeof state, "READY=1\nSTATUS=%.200s", words);
    notify(state);
}

void service_stopping(service *self)
{
    (void)self;
    notify("STOPPING=1");
}

/* Only printable ASCII is sure not to pretend to be something else. */
static void make_harmless(char *text)
{
    for (unsigned char *byte = (unsigned char *)text; *byte; byte++) {
        if (*byte < 0x20 || *byte >= 0x7f) {
            *byte = '?';
        }
    }
}

static size_t put(char *line, size_t used, const char *text)
{
    int size = snprintf(line + used, LINE_SIZE - used, "%s", text);
    return size < 0 || (size_t)size >= LINE_SIZE - used ? LINE_SIZE - 1 : used + (size_t)size;
}

static size_t put_json(char *line, size_t used, const char *text)
{
    for (; *text && used + 8 < LINE_SIZE; text++) {
        if (*text == '"' || *text == '\\') {
            line[used++] = '\\';
        }
        line[used++] = *text;
    }
    line[used] = '\0';
    return used;
}

static void write_line(const service *self, service_level level, const char *words)
{
    static const char *const names[] = { "", "", "", "error", "warning", "notice", "info" };
    char line[LINE_SIZE] = "";
    size_t used = 0;
    if (self->json) {
        struct timespec now = { 0, 0 };
        struct tm parts;
        char time[40];
        (void)clock_gettime(CLOCK_REALTIME, &now);
        (void)gmtime_r(&now.tv_sec, &parts);
        (void)strftime(time, sizeof time, "{\"time\":\"%Y-%m-%dT%H:%M:%SZ\"", &parts);
        used = put(line, used, time);
        used = put(line, used, ",\"level\":\"");
        used = put(line, used, names[level]);
        used = put(line, used, "\",\"program\":\"");
        used = put(line, used, self->name);
        used = put(line, used, "\",\"message\":\"");
        used = put_json(line, used, words);
        used = put(line, used, "\"}");
    } else {
        char begin[8] = "";
        if (self->is_under_journald) {
            snprintf(begin, sizeof begin, "<%d>", (int)level);
        }
        used = put(line, used, begin);
        used = put(line, used, self->name);
        used = put(line, used, ": ");
        used = put(line, used, words);
    }
    used = used < LINE_SIZE - 1 ? used : LINE_SIZE - 2;
    line[used++] = '\n';
    /* In one piece, so that the lines of threads do not mix; a log that is gone is no reason to
     * stop. */
    ssize_t written = write(STDERR_FILENO, line, used);
    (void)written;
}

void service_log(service *self, service_level level, const char *format, ...)
{
    char words[LINE_SIZE / 2];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    make_harmless(words);
    write_line(self, level, words);
}

void service_log_error(service *self, service_level level, const svms_error *err,
                       const char *format, ...)
{
    char words[LINE_SIZE / 2];
    va_list args;
    va_start(args, format);
    int used = vsnprintf(words, sizeof words, format, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof words) {
        snprintf(words + used, sizeof words - (size_t)used, ": %s",
                 err->message[0] ? err->message : svms_status_name(err->status));
    }
    make_harmless(words);
    write_line(self, level, words);
}

void service_end(service **self)
{
    if (!self || !*self) {
        return;
    }
    if ((*self)->signals >= 0) {
        (void)close((*self)->signals);
    }
    free((*self)->name);
    free(*self);
    *self = NULL;
}
