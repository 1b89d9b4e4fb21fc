/* SPDX-License-Identifier: Apache-2.0 */
#include "password.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <termios.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "file.h"
#include "message.h"

#define TERMINAL "/dev/tty"
#define MAX_PASSWORD_FILE 65536

void password_wipe(password *secret)
{
    OPENSSL_cleanse(secret, sizeof *secret);
}

static exit_status take_line(password *out, const char *line, size_t size, const char *origin)
{
    size_t length = 0;
    while (length < size && line[length] != '\n') {
        length++;
    }
    if (length > 0 && line[length - 1] == '\r') {
        length--;
    }
    if (length == 0 || length > MAX_PASSWORD_SIZE) {
        complain("the password %s has %s; it needs 1 to %d bytes", origin,
                 length == 0 ? "no characters" : "too many bytes", MAX_PASSWORD_SIZE);
        return EXIT_USAGE;
    }
    memcpy(out->text, line, length);
    out->text[length] = '\0';
    out->size = length;
    return EXIT_GOOD;
}

exit_status password_from_file(password *out, const char *path)
{
    file_text text = { NULL, 0 };
    exit_status status = file_read(&text, path, MAX_PASSWORD_FILE, true);
    if (status != EXIT_GOOD) {
        return status;
    }
    status = take_line(out, text.bytes, text.size, "in that file");
    file_text_free(&text);
    return status;
}

/* The echo must come back whatever ends the question, so signals only interrupt it; the one
 * that came is raised again when the terminal is as it was. */
static volatile sig_atomic_t signal_while_asking;

static void note_signal(int number)
{
    signal_while_asking = number;
}

static const int deadly_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
#define SIGNAL_COUNT (sizeof deadly_signals / sizeof deadly_signals[0])

typedef struct signal_state {
    struct sigaction actions[SIGNAL_COUNT];
    sigset_t mask;
} signal_state;

/* From now on signals are noted, and only while we wait for a byte. */
static void catch_signals(signal_state *old)
{
    struct sigaction action;
    sigset_t blocked;
    memset(&action, 0, sizeof action);
    action.sa_handler = note_signal;
    sigemptyset(&action.sa_mask);
    sigemptyset(&blocked);
    signal_while_asking = 0;
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        sigaddset(&blocked, deadly_signals[i]);
    }
    sigprocmask(SIG_BLOCK, &blocked, &old->mask);
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        sigaction(deadly_signals[i], &action, &old->actions[i]);
    }
}

static void restore_signals(const signal_state *old)
{
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        sigaction(deadly_signals[i], &old->actions[i], NULL);
    }
    sigprocmask(SIG_SETMASK, &old->mask, NULL);
    if (signal_while_asking != 0) {
        raise(signal_while_asking);
    }
}

static void say_on(int terminal, const char *text)
{
    size_t size = strlen(text);
    while (size > 0) {
        ssize_t count = write(terminal, text, size);
        if (count <= 0) {
            return;
        }
        text += count;
        size -= (size_t)count;
    }
}

/* Bytes of the line that was typed; a longer one is reported as one byte too long. */
static ssize_t read_typed_line(int terminal, const sigset_t *mask, char *line, size_t capacity)
{
    size_t used = 0;
    for (;;) {
        char byte = 0;
        fd_set readable;
        FD_ZERO(&readable);
        FD_SET(terminal, &readable);
        if (pselect(terminal + 1, &readable, NULL, NULL, NULL, mask) < 0) {
            return -1;
        }
        ssize_t count = read(terminal, &byte, 1);
        if (count < 0) {
            return -1;
        }
        if (count == 0 || byte == '\n') {
            return (ssize_t)used;
        }
        if (used < capacity) {
            line[used++] = byte;
        }
    }
}

static exit_status ask(int terminal, const char *question, password *out)
{
    struct termios before;
    if (tcgetattr(terminal, &before) != 0) {
        return complain_system(errno, "cannot ask on " TERMINAL);
    }
    signal_state old;
    char line[MAX_PASSWORD_SIZE + 1];
    catch_signals(&old);
    struct termios silent = before;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    ssize_t size = -1;
    if (tcsetattr(terminal, TCSAFLUSH, &silent) == 0) {
        say_on(terminal, question);
        size = read_typed_line(terminal, &old.mask, line, sizeof line);
        say_on(terminal, "\n");
    }
    int os_error = errno;
    tcsetattr(terminal, TCSAFLUSH, &before);
    exit_status status = EXIT_GOOD;
    if (size >= 0 && signal_while_asking == 0) {
        status = take_line(out, line, (size_t)size, "that was typed");
    } else {
        status = complain_system(os_error, "no password was typed");
    }
    OPENSSL_cleanse(line, sizeof line);
    restore_signals(&old);
    return status;
}

bool password_terminal_exists(void)
{
    int terminal = open(TERMINAL, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0) {
        return false;
    }
    close(terminal);
    return true;
}

exit_status password_from_terminal(password *out, const char *question, bool twice)
{
    int terminal = open(TERMINAL, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0) {
        complain("there is no terminal to ask for a password on; use --password-file");
        return EXIT_ENVIRONMENT;
    }
    password again = { { 0 }, 0 };
    exit_status status = ask(terminal, question, out);
    if (status == EXIT_GOOD && twice) {
        status = ask(terminal, "The same again: ", &again);
        if (status == EXIT_GOOD &&
            (again.size != out->size || CRYPTO_memcmp(again.text, out->text, out->size) != 0)) {
            complain("the two passwords differ");
            status = EXIT_USAGE;
        }
    }
    password_wipe(&again);
    close(terminal);
    return status;
}
