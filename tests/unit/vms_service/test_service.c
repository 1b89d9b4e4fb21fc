/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a server: signals, what systemd hears, log lines, and rights that do not come back.
 * Each case runs in a child, since what is given away there is gone. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <service.h>

/* What a child says in place of 0 where something is not so; the number is the line. */
#define NEEDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                                \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

typedef int child_body(void);

/* Runs it in a child; what it wrote to standard error is in out. Returns the wait status. */
static int run_child(child_body *body, char *out, size_t size)
{
    int pipe_ends[2];
    size_t used = 0;
    int status = 0;
    assert_int_equal(pipe(pipe_ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)dup2(pipe_ends[1], STDERR_FILENO);
        (void)close(pipe_ends[0]);
        (void)close(pipe_ends[1]);
        _exit(body());
    }
    (void)close(pipe_ends[1]);
    ssize_t got = 1;
    while (got > 0 && used + 1 < size) {
        got = read(pipe_ends[0], out + used, size - 1 - used);
        used += got > 0 ? (size_t)got : 0;
    }
    out[used] = '\0';
    (void)close(pipe_ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void must_pass(child_body *body, char *out, size_t size)
{
    int status = run_child(body, out, size);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fail_msg("wait status %d: %s", status, out);
    }
}

static bool begin(service **out, bool json)
{
    const service_options options = { "svms-test", json };
    return service_begin(out, &options, NULL) == SVMS_OK;
}

static int take_signals(void)
{
    service *self = NULL;
    NEEDS(begin(&self, false));
    NEEDS(service_next(self) == SERVICE_NOTHING);
    NEEDS(kill(getpid(), SIGHUP) == 0);
    NEEDS(service_next(self) == SERVICE_RELOAD);
    NEEDS(kill(getpid(), SIGPIPE) == 0);
    NEEDS(kill(getpid(), SIGTERM) == 0);
    NEEDS(service_next(self) == SERVICE_STOP);
    NEEDS(service_next(self) == SERVICE_NOTHING);
    NEEDS(prctl(PR_GET_DUMPABLE) == 0);
    service_end(&self);
    NEEDS(!self);
    return 0;
}

static void signals_are_wishes(void **state)
{
    char out[1024];
    (void)state;
    must_pass(take_signals, out, sizeof out);
    assert_string_equal(out, "");
}

static int stop_twice(void)
{
    service *self = NULL;
    NEEDS(begin(&self, false));
    NEEDS(kill(getpid(), SIGINT) == 0);
    NEEDS(service_next(self) == SERVICE_STOP);
    NEEDS(kill(getpid(), SIGINT) == 0);
    return 0;
}

static void a_second_signal_kills(void **state)
{
    char out[1024];
    (void)state;
    int status = run_child(stop_twice, out, sizeof out);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGINT);
}

static int say_lines(void)
{
    service *self = NULL;
    svms_error err = SVMS_ERROR_INIT;
    NEEDS(unsetenv("JOURNAL_STREAM") == 0);
    NEEDS(begin(&self, false));
    service_log(self, SERVICE_INFO, "camera %s is back",
                "a\nsvms-test: forged \x1b[31m \xe2\x80\xae");
    err.status = SVMS_E_IO;
    snprintf(err.message, sizeof err.message, "no\rroom");
    service_log_error(self, SERVICE_ERROR, &err, "cannot write %d", 7);
    service_end(&self);
    NEEDS(setenv("JOURNAL_STREAM", "1:2", 1) == 0);
    NEEDS(begin(&self, false));
    service_log(self, SERVICE_WARNING, "under journald");
    service_end(&self);
    return 0;
}

static void a_line_is_one_line_and_harmless(void **state)
{
    char out[1024];
    (void)state;
    must_pass(say_lines, out, sizeof out);
    assert_string_equal(out, "svms-test: camera a?svms-test: forged ?[31m ??? is back\n"
                             "svms-test: cannot write 7: no?room\n"
                             "<4>svms-test: under journald\n");
}

static int say_json(void)
{
    service *self = NULL;
    char longer[4096];
    NEEDS(begin(&self, true));
    service_log(self, SERVICE_NOTICE, "a \"quoted\" \\ thing");
    memset(longer, '"', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    service_log(self, SERVICE_NOTICE, "%s", longer);
    service_end(&self);
    return 0;
}

static void json_lines_are_closed_objects(void **state)
{
    char out[8192];
    (void)state;
    must_pass(say_json, out, sizeof out);
    assert_non_null(strstr(out, "\"level\":\"notice\",\"program\":\"svms-test\","
                                "\"message\":\"a \\\"quoted\\\" \\\\ thing\"}\n"));
    const char *second = strchr(out, '\n') + 1;
    size_t size = strlen(second);
    assert_true(size > 1000 && size <= 2048);
    assert_string_equal(second + size - 3, "\"}\n");
}

static int notify(void)
{
    service *self = NULL;
    char state[256];
    char path[] = "/tmp/svms-test-notify-XXXXXX";
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int handle = socket(AF_UNIX, SOCK_DGRAM, 0);
    NEEDS(handle >= 0 && mkdtemp(path));
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", path);
    NEEDS(bind(handle, (const struct sockaddr *)&address, sizeof address) == 0);
    NEEDS(setenv("NOTIFY_SOCKET", address.sun_path, 1) == 0);
    NEEDS(begin(&self, false));
    service_ready(self, "2 cameras");
    ssize_t size = recv(handle, state, sizeof state - 1, MSG_DONTWAIT);
    NEEDS(size > 0);
    state[size] = '\0';
    NEEDS(strcmp(state, "READY=1\nSTATUS=2 cameras") == 0);
    service_stopping(self);
    size = recv(handle, state, sizeof state - 1, MSG_DONTWAIT);
    NEEDS(size == (ssize_t)strlen("STOPPING=1") && memcmp(state, "STOPPING=1", (size_t)size) == 0);
    (void)close(handle);
    NEEDS(unlink(address.sun_path) == 0 && rmdir(path) == 0);
    service_ready(self, "nobody listens any more");
    service_end(&self);
    return 0;
}

static void systemd_hears_of_it(void **state)
{
    char out[1024];
    (void)state;
    must_pass(notify, out, sizeof out);
}

static int drop_to_nobody(void)
{
    service *self = NULL;
    svms_error err = SVMS_ERROR_INIT;
    NEEDS(begin(&self, false));
    NEEDS(service_drop(self, "no-such-user-here", false, &err) == SVMS_E_USAGE);
    NEEDS(service_drop(self, "root", false, &err) == SVMS_E_POLICY);
    NEEDS(service_drop(self, NULL, false, &err) == SVMS_E_POLICY);
    NEEDS(service_drop(self, "nobody", false, &err) == SVMS_OK);
    NEEDS(geteuid() != 0 && getuid() != 0 && getegid() != 0);
    NEEDS(setuid(0) != 0 && seteuid(0) != 0);
    NEEDS(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
    NEEDS(prctl(PR_GET_DUMPABLE) == 0);
    service_end(&self);
    return 0;
}

static int keep_what_it_is(void)
{
    service *self = NULL;
    uid_t before = geteuid();
    NEEDS(begin(&self, false));
    NEEDS(service_drop(self, NULL, true, NULL) == SVMS_OK);
    NEEDS(geteuid() == before);
    NEEDS(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
    service_end(&self);
    return 0;
}

static void root_is_given_up_for_ever(void **state)
{
    char out[1024];
    (void)state;
    must_pass(keep_what_it_is, out, sizeof out);
    if (geteuid() != 0) {
        print_message("SKIPPED: giving up root takes being root\n");
        skip();
    }
    must_pass(drop_to_nobody, out, sizeof out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_are_wishes),
        cmocka_unit_test(a_second_signal_kills),
        cmocka_unit_test(a_line_is_one_line_and_harmless),
        cmocka_unit_test(json_lines_are_closed_objects),
        cmocka_unit_test(systemd_hears_of_it),
        cmocka_unit_test(root_is_given_up_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
